/* SPDX-License-Identifier: MIT */
/* What ps and prune share. */
#ifndef CONSOLE_BOARDS_H
#define CONSOLE_BOARDS_H

#include <stdbool.h>
#include <stddef.h>

/* Where boards are looked for, as people read it: the directory, or the usual place. */
void boards_where(const char *dir, char *buf, size_t size);

/* "VIGIL_DIR=/nowhere does not exist": returns false when it does. */
bool boards_missing(const char *dir, char *buf, size_t size);

#endif
