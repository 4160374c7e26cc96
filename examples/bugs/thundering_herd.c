/* SPDX-License-Identifier: MIT */
/*
 * A thundering herd: a hundred workers wait for items, and each item wakes them all. One gets
 * it, ninety-nine were polled for nothing, and stand in line again.
 * Fixed: one item, one wake (rt_notify_one).
 *
 * Look at: w, the wakers: the line that puts an item wakes a hundred times as often as there
 * are items; vigil task N of "producer": how many those are; t, the tasks: polls of microseconds.
 */
#include "../example.h"

#define WORKERS 100
#define ITEMS 50 /* at least */
#define PAUSE (10 * RT_MS)

static struct {
	struct rt_notify *not_empty;
	unsigned queued, wakes;
} demo;

static int worker(void *arg)
{
	int code = 0;

	(void)arg;
	while (!code) {
		scene_step();
		code = rt_notified(demo.not_empty);
		demo.wakes += !code;
		if (demo.queued)
			demo.queued--; /* takes the item */
	}
	return code;
}

static int producer(void *arg)
{
	uint64_t until = 0, items = 0;
	int code = scene_await(WORKERS); /* all wait */

	(void)arg;
	while (!code && (items < ITEMS || rt_now() < until)) {
		demo.queued++;
		if (example.is_fixed)
			rt_notify_one(demo.not_empty);
		else
			rt_notify_all(demo.not_empty);
		vigil_attr_u64(vigil_task_current(), "items", ++items, NULL);
		code = scene_await(example.is_fixed ? 1 : WORKERS); /* and again */
		if (!code)
			code = rt_sleep(PAUSE);
		if (items == 1 && !example.is_fixed)
			until = example_say("100 workers are woken for each item, 99 for nothing");
	}
	printf("%u wakes for %llu items\n", demo.wakes, (unsigned long long)items);
	return code;
}

static int thundering_herd(void)
{
	struct rt_handle job;
	int code = -ENOMEM;

	demo.queued = demo.wakes = 0;
	demo.not_empty = rt_notify_new("not empty");
	if (demo.not_empty)
		code = scene_spawn(WORKERS, worker, NULL, "worker");
	if (!code)
		code = rt_spawn(&job, producer, NULL, "producer");
	if (!code)
		code = rt_join(&job, NULL);
	scene_end();
	rt_notify_free(demo.not_empty);
	return code;
}

EXAMPLE_BUG(&(struct rt_options){ .workers = 1 }, thundering_herd)
