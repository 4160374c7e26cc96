/* SPDX-License-Identifier: MIT */
/*
 * A snapshot of a flight recorder: a trace folder of its own, DIR/snapshot-N, with
 * the recording's file and boards like any other.
 */
#ifndef CONSOLE_TRACE_SNAPSHOT_H
#define CONSOLE_TRACE_SNAPSHOT_H

#include <limits.h>

#include "console/trace/recording.h"

/*
 * Writes what the session of a recording has in memory to folder/snapshot-N, N the
 * next free one. 0 or -errno with a sentence, and then there is no such folder.
 */
int snapshot_write(const char *folder, const struct recording *recording, const char *why,
		   char ret_folder[PATH_MAX], struct vigil_problem *ret_problem);

/* The last one in a folder; 0: none. */
unsigned snapshot_last(const char *folder);

#endif
