/* SPDX-License-Identifier: MIT */
/* Slips of the fingers between what was typed and what may have been meant. */
#ifndef CONSOLE_SLIPS_H
#define CONSOLE_SLIPS_H

#include <stddef.h>

/*
 * How many letters are wrong, missing, too many, or two the other way round.
 * SIZE_MAX of words longer than 15: nobody means one of them by the other.
 */
size_t slips(const char *a, const char *b);

#endif
