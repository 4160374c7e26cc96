/* SPDX-License-Identifier: MIT */
/* Where an export goes: a buffered file that remembers why it could not be written. */
#ifndef CONSOLE_EXPORT_WRITER_H
#define CONSOLE_EXPORT_WRITER_H

#include <stdbool.h>
#include <stdio.h>

struct writer {
	FILE *file;
	int fd;
	int error;         /* errno of the first write that failed */
	bool is_replacing; /* what the file had goes when the first byte is written */
	bool is_void;      /* nothing more is written: there was nothing to export */
};

/*
 * Writes to a descriptor, which is the writer's from then on; into a file from its
 * start. Returns 0 or -errno.
 */
int writer_open(struct writer *writer, int fd, bool is_replacing);

/* Returns 0, or -errno of whatever failed since it was opened. */
int writer_close(struct writer *writer);

#endif
