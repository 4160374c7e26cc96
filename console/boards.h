/* SPDX-License-Identifier: MIT */
/* What is said of boards where none is open: by ps and prune, and of targets. */
#ifndef CONSOLE_BOARDS_H
#define CONSOLE_BOARDS_H

#include <stdbool.h>
#include <stddef.h>

#include <vigil/reader.h>

/* Where boards are looked for, as people read it: the directory, or the usual place. */
void boards_where(const char *dir, char *buf, size_t size);

/* "VIGIL_DIR=/nowhere does not exist": returns false when it does. */
bool boards_missing(const char *dir, char *buf, size_t size);

/*
 * A target was refused with -ENOTUNIQ: writes a sentence with the processes that
 * could be meant and the command that takes the first. name and task may be NULL.
 */
void candidates_tell(const char *name, const char *verb, const char *task,
		     struct vigil_problem *problem);

#endif
