/* SPDX-License-Identifier: MIT */
/*
 * A profile of pprof, made of sums of stacks.
 *
 * The key of a sum is a text of lines: "process\tthread\n" (of waits: the executor), the
 * labels of its sample; then for each frame, the innermost first, "function\tfile\tline\n". All of it is valid
 * UTF-8 and has no other controls (text_clean).
 */
#ifndef CONSOLE_EXPORT_PROTO_PPROF_H
#define CONSOLE_EXPORT_PROTO_PPROF_H

#include <stdio.h>

#include "console/export/sums.h"

struct profile_times {
	struct sums run, wait; /* sorted */
	uint64_t begin_unix_ns, duration_ns;
	const char *comment; /* NULL: none */
};

/* Returns 0 or -1 without memory. What could not be written the file knows. */
int profile_write(FILE *file, const struct profile_times *times);

#endif
