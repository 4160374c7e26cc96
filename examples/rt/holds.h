/* SPDX-License-Identifier: MIT */
/*
 * Who holds: what was taken of a lock or a semaphore and not given back, oldest first.
 *
 * The law: its lock is held in every call. Room is made before anybody stands in line, so
 * that handing over cannot fail.
 */
#ifndef RT_HOLDS_H
#define RT_HOLDS_H

#include <stdlib.h>
#include <string.h>

#include "core.h"

struct hold {
	uint64_t task_id; /* never that of another task, as a pointer may be; 0: a thread */
	vigil_task owner;
	size_t permits;
};

struct holds {
	struct hold *all;
	size_t count, room;
};

/* Returns false: no memory. */
static inline bool holds_reserve(struct holds *holds, size_t more)
{
	size_t room = 2 * (holds->count + more);
	struct hold *all;

	if (holds->room >= holds->count + more)
		return true;
	all = realloc(holds->all, room * sizeof(*all));
	if (!all)
		return false;
	holds->all = all;
	holds->room = room;
	return true;
}

static inline void holds_add(struct holds *holds, struct hold hold)
{
	holds->all[holds->count++] = hold;
}

/* Returns the last of this task, or NULL. */
static inline struct hold *holds_find(const struct holds *holds, uint64_t task_id)
{
	for (size_t i = holds->count; i > 0; i--)
		if (holds->all[i - 1].task_id == task_id)
			return &holds->all[i - 1];
	return NULL;
}

static inline void holds_remove(struct holds *holds, struct hold *hold)
{
	size_t behind = (size_t)(&holds->all[holds->count] - hold) - 1;

	memmove(hold, hold + 1, behind * sizeof(*hold));
	holds->count--;
}

#endif
