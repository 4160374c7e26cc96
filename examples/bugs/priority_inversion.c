/* SPDX-License-Identifier: MIT */
/*
 * Priority inversion: a payment waits for the lock of the cache. "janitor" holds it, which does
 * a little and lets others run, as one who is in no hurry should: and there are twenty greedy
 * ones to run each time. So the payment waits for all of them.
 * Fixed: the janitor has no lock when it lets others run.
 *
 * Look at: vigil why: the payment waits for the lock, its holder could run, and others do; t,
 * the tasks: "janitor" is runnable and holds lock "cache", with it twenty "report" are runnable.
 */
#include "../example.h"

#define REPORTS 20
#define ROUNDS 100000 /* of what a report does in one go */

struct demo {
	struct rt_mutex *cache;
	struct rt_notify *step;
	unsigned entries; /* the janitor has looked at */
	bool is_paying, is_paid, is_over;
	unsigned polls; /* of reports, while the payment waited */
};

static int report(void *arg)
{
	struct demo *demo = arg;
	volatile uint64_t sum = 1;
	int code = 0;

	while (!demo->is_over && !code) {
		for (int i = 0; i < ROUNDS; i++)
			sum += sum << 13 ^ sum >> 7;
		demo->polls += demo->is_paying && !demo->is_paid;
		code = rt_yield();
	}
	return code;
}

static int clean_entry(struct demo *demo)
{
	demo->entries++;
	rt_notify_one(demo->step);
	return rt_yield();
}

static int clean_with_lock(struct demo *demo)
{
	int code = rt_mutex_lock(demo->cache);

	if (code < 0)
		return code;
	while (!demo->is_over && !code)
		code = clean_entry(demo);
	rt_mutex_unlock(demo->cache);
	return code;
}

/* Takes an entry out of the cache, and looks at it without the lock. */
static int clean_without(struct demo *demo)
{
	int code = 0;

	while (!demo->is_over && !code) {
		code = rt_mutex_lock(demo->cache);
		if (code < 0)
			return code;
		rt_mutex_unlock(demo->cache);
		code = clean_entry(demo);
	}
	return code;
}

static int janitor(void *arg)
{
	return example.is_fixed ? clean_without(arg) : clean_with_lock(arg);
}

static int payment(void *arg)
{
	struct demo *demo = arg;
	int code;

	demo->is_paying = true;
	rt_notify_one(demo->step);
	code = rt_mutex_lock(demo->cache);
	if (code < 0)
		return code;
	demo->is_paid = true;
	rt_notify_one(demo->step);
	return rt_mutex_unlock(demo->cache);
}

static int run(struct demo *demo, struct rt_join_set *tasks)
{
	int code = rt_join_set_spawn(tasks, janitor, demo, "janitor");

	for (int i = 0; i < REPORTS && !code; i++)
		code = rt_join_set_spawn(tasks, report, demo, "report");
	while (!code && !demo->entries)
		code = rt_notified(demo->step);
	if (!code)
		code = rt_join_set_spawn(tasks, payment, demo, "payment");
	while (!code && !(example.is_fixed ? demo->is_paid : demo->is_paying))
		code = rt_notified(demo->step);
	if (!code && !example.is_fixed)
		code = example_hold("the payment waits for the janitor, it for 20 reports");
	demo->is_over = true;
	example_join(tasks);
	printf("%u polls of reports went by while the payment waited\n", demo->polls);
	return code;
}

static int priority_inversion(void *arg)
{
	struct demo demo = { .cache = rt_mutex_new("cache"), .step = rt_notify_new("step") };
	struct rt_join_set *tasks = rt_join_set_new("tasks");
	int code = -ENOMEM;

	(void)arg;
	if (demo.cache && demo.step && tasks)
		code = run(&demo, tasks);
	example_end(tasks);
	rt_notify_free(demo.step);
	rt_mutex_free(demo.cache);
	return code;
}

EXAMPLE_BUG(&(struct rt_options){ .workers = 1 }, priority_inversion)
