/* SPDX-License-Identifier: MIT */
/* A live stream as a source, of whatever it is read from: tests bring their own events. */
#ifndef CONSOLE_SOURCE_LIVE_H
#define CONSOLE_SOURCE_LIVE_H

#include "console/source.h"
#include "console/trace/trace.h"

/* how may be NULL: babeltrace2. Returns 0 or -errno with a sentence. */
int source_live_new(const char *url, const struct trace_options *how,
		    const struct source_options *options, struct source **ret_source,
		    struct vigil_problem *ret_problem);

#endif
