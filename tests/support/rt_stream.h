/* SPDX-License-Identifier: MIT */
/* Streams of numbers, for the tests of the example runtime's streams. */
#ifndef TESTS_SUPPORT_RT_STREAM_H
#define TESTS_SUPPORT_RT_STREAM_H

#include <stdlib.h>

#include "tests/support/rt.h"

/* Items are numbers in memory of their own, so that a leak or a second owner is seen. */
static _Atomic int alive, dropped;
static char log_of[256];

static inline int *item_new(int number)
{
	int *item = malloc(sizeof(*item));

	*item = number;
	alive++;
	return item;
}

static inline int item_free(void *item)
{
	int number = *(int *)item;

	free(item);
	alive--;
	return number;
}

static inline void drop(void *item)
{
	dropped++;
	item_free(item);
}

static inline void note(const char *format, int number)
{
	size_t length = strlen(log_of);

	snprintf(log_of + length, sizeof(log_of) - length, format, number);
}

/* What a generator is told: how many, how far apart, how it ends. */
struct plan {
	int from, count;
	uint64_t ns;
	int code;
};

static inline int make(struct rt_stream *stream, void *arg)
{
	const struct plan *plan = arg;

	for (int i = 0; i < plan->count; i++) {
		int *item;
		int error = plan->ns ? rt_sleep(plan->ns) : 0;

		if (error)
			return error;
		item = item_new(plan->from + i);
		error = rt_stream_put(stream, item);
		if (error) {
			item_free(item);
			return error;
		}
	}
	return plan->code ? rt_fail("made", plan->code, "after %d", plan->count) : 0;
}

static inline struct rt_stream *numbers(struct plan *plan)
{
	return rt_stream_new("numbers", make, plan, drop);
}

/* Draws all there is into the log. Returns the code of its end. */
static inline int draw(struct rt_stream *stream)
{
	void *item;
	int code;

	while (!(code = rt_stream_next(stream, &item)))
		note("%d ", item_free(item));
	return code;
}

static inline int make_and_clean_up(struct rt_stream *stream, void *arg)
{
	struct plan *plan = arg;
	int code = make(stream, arg);

	rt_shield_begin();
	rt_sleep(RT_MS);
	rt_shield_end();
	plan->count = -1; /* on the stack of who frees the stream */
	return code;
}

static inline int draw_job(void *stream)
{
	return draw(stream);
}

static inline void *tenfold(void *arg RT_UNUSED, void *item)
{
	int number = item_free(item);

	return item_new(number * 10);
}

static inline bool is_even(void *arg RT_UNUSED, void *item)
{
	return *(int *)item % 20 == 0;
}

static inline int use_chunk(void *arg RT_UNUSED, void *item)
{
	struct rt_chunk *chunk = item;

	note("%d:", (int)chunk->count);
	for (size_t i = 0; i < chunk->count; i++)
		note("%d ", item_free(chunk->items[i]));
	free(chunk);
	return 0;
}

#endif
