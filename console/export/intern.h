/* SPDX-License-Identifier: MIT */
/*
 * Interning: a text gets a number when it is first met, and is told once. The table has
 * a bound: when it is full, all is forgotten and told anew.
 */
#ifndef CONSOLE_EXPORT_INTERN_H
#define CONSOLE_EXPORT_INTERN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define INTERN_MAX 4096 /* texts */

struct interned;

struct intern {
	struct interned *slots[2 * INTERN_MAX]; /* by hash */
	size_t used;
	uint64_t last; /* number given */
};

/*
 * The number of a text of a kind. *ret_is_new: it must be told. Returns 0 without memory
 * or without room.
 */
uint64_t intern(struct intern *intern, unsigned kind, const char *text, bool *ret_is_new);

/* Whether there may be no room for so many more. */
static inline bool intern_is_full(const struct intern *intern, size_t more)
{
	return intern->used + more > INTERN_MAX;
}

/* Forgets all. */
void intern_clear(struct intern *intern);

#endif
