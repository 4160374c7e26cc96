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

struct demo {
	struct rt_notify *not_empty, *step;
	unsigned queued, waiting, taken, wakes;
};

static int worker(void *arg)
{
	struct demo *demo = arg;
	int code = 0;

	while (!code) {
		for (; demo->queued; demo->queued--)
			demo->taken++;
		if (++demo->waiting == WORKERS)
			rt_notify_one(demo->step);
		code = rt_notified(demo->not_empty);
		demo->waiting--;
		demo->wakes += !code;
	}
	return code;
}

static void put(struct demo *demo)
{
	demo->queued++;
	if (example.is_fixed)
		rt_notify_one(demo->not_empty);
	else
		rt_notify_all(demo->not_empty);
}

static int producer(void *arg)
{
	struct demo *demo = arg;
	uint64_t until = 0;
	int code = 0;

	for (uint64_t items = 1; !code && (items <= ITEMS || rt_now() < until); items++) {
		while (!code && demo->waiting < WORKERS)
			code = rt_notified(demo->step);
		if (code < 0)
			return code;
		put(demo);
		vigil_attr_u64(vigil_task_current(), "items", items, NULL);
		code = rt_sleep(PAUSE);
		if (items == 1 && !example.is_fixed)
			until = example_say("100 workers are woken for each item, 99 for nothing");
	}
	return code;
}

static int run(struct demo *demo, struct rt_join_set *workers)
{
	struct rt_handle job;
	int code = 0;

	for (int i = 0; i < WORKERS && !code; i++)
		code = rt_join_set_spawn(workers, worker, demo, "worker");
	if (!code)
		code = rt_spawn(&job, producer, demo, "producer");
	if (code < 0)
		return code;
	code = rt_join(&job, NULL);
	printf("%u wakes for %u items\n", demo->wakes, demo->taken);
	return code;
}

static int thundering_herd(void *arg)
{
	struct demo demo = { .not_empty = rt_notify_new("not empty"),
			     .step = rt_notify_new("all wait") };
	struct rt_join_set *workers = rt_join_set_new("workers");
	int code = -ENOMEM;

	(void)arg;
	if (demo.not_empty && demo.step && workers)
		code = run(&demo, workers);
	example_end(workers);
	rt_notify_free(demo.not_empty);
	rt_notify_free(demo.step);
	return code;
}

EXAMPLE_BUG(&(struct rt_options){ .workers = 1 }, thundering_herd)
