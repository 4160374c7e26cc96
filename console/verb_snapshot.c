/* SPDX-License-Identifier: MIT */
/* `vigil snapshot`: writes out a flight recorder that another process runs. */
#include <errno.h>
#include <stdio.h>

#include "console/trace/recording.h"
#include "console/trace/session.h"
#include "console/trace/snapshot.h"
#include "console/verb.h"

int verb_snapshot(const struct verb_options *options)
{
	struct vigil_problem problem = { "" };
	struct recording recording;
	char folder[PATH_MAX];

	if (!options->target)
		return refuse("snapshot needs the folder of a flight recorder");
	if (recording_read(options->target, &recording, &problem))
		return refuse("%s", problem.text);
	if (snapshot_write(options->target, &recording, "it was asked for", folder, &problem))
		return refuse("%s", problem.text);
	printf("%s\n", folder);
	recording_fini(&recording);
	return EXIT_DONE;
}
