/* SPDX-License-Identifier: MIT */
/* A trace as a source, of whatever it is read from: tests bring their own events. */
#ifndef CONSOLE_SOURCE_TRACE_H
#define CONSOLE_SOURCE_TRACE_H

#include "console/source.h"
#include "console/trace/cursor.h"

/* pass, rewind and arg of how are its own. Returns 0 or -errno with a sentence. */
int source_trace_new(const struct cursor_options *how, const struct source_options *options,
		     struct source **ret_source, struct vigil_problem *ret_problem);

#endif
