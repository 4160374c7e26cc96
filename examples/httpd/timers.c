/* SPDX-License-Identifier: MIT */
/*
 * The timer heap.
 *
 * Law: heap[1..n_armed] is ordered by due_ns, and heap[t->slot] == t for every
 * armed timer t, so any timer is removed without a search.
 */
#include "timers.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <time.h>

uint64_t clock_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

int timers_reserve(struct timers *timers)
{
	/* Slot 0 is never used: one more than is reserved. */
	if (timers->n_reserved + 1 >= timers->capacity) {
		size_t capacity = timers->capacity ? timers->capacity * 2 : 64;
		struct timer **heap = realloc(timers->heap, capacity * sizeof(*heap));

		if (!heap)
			return -ENOMEM;
		timers->heap = heap;
		timers->capacity = capacity;
	}
	timers->n_reserved++;
	return 0;
}

void timers_unreserve(struct timers *timers)
{
	assert(timers->n_reserved > timers->n_armed);
	timers->n_reserved--;
}

void timers_fini(struct timers *timers)
{
	assert(timers->n_armed == 0);
	free(timers->heap);
}

static void heap_put(struct timers *timers, size_t slot, struct timer *timer)
{
	timers->heap[slot] = timer;
	timer->slot = slot;
}

/* Finds the place of `timer`, starting from a hole at `slot`. */
static void heap_settle(struct timers *timers, size_t slot, struct timer *timer)
{
	struct timer **heap = timers->heap;

	for (; slot > 1 && heap[slot / 2]->due_ns > timer->due_ns; slot /= 2)
		heap_put(timers, slot, heap[slot / 2]);
	for (;;) {
		size_t child = slot * 2;

		if (child < timers->n_armed && heap[child + 1]->due_ns < heap[child]->due_ns)
			child++;
		if (child > timers->n_armed || heap[child]->due_ns >= timer->due_ns)
			break;
		heap_put(timers, slot, heap[child]);
		slot = child;
	}
	heap_put(timers, slot, timer);
}

void timers_arm(struct timers *timers, struct timer *timer, uint64_t due_ns)
{
	timer->due_ns = due_ns;
	if (!timer->slot) {
		assert(timers->n_armed < timers->n_reserved);
		timer->slot = ++timers->n_armed;
	}
	heap_settle(timers, timer->slot, timer);
}

void timers_disarm(struct timers *timers, struct timer *timer)
{
	struct timer *last;

	if (!timer->slot)
		return;
	last = timers->heap[timers->n_armed--];
	if (last != timer)
		heap_settle(timers, timer->slot, last);
	timer->slot = 0;
}

struct timer *timers_first(const struct timers *timers)
{
	return timers->n_armed ? timers->heap[1] : NULL;
}
