/* SPDX-License-Identifier: MIT */
/* A relay's live session. */
#include <errno.h>
#include <stdio.h>

#include "console/source.h"

int source_live_open(const char *target, const struct source_options *options,
		     struct source **ret_source, struct vigil_problem *ret_problem)
{
	(void)options;
	(void)ret_source;
	snprintf(ret_problem->text, sizeof(ret_problem->text), "%s: not yet", target);
	return -ENOSYS;
}
