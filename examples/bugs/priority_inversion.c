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

static struct {
	struct rt_mutex *cache;
	unsigned polls; /* of reports, while the payment waits */
	bool is_paying, is_paid;
} demo;

static int report(void *arg)
{
	volatile uint64_t sum = 1;
	int code = 0;

	(void)arg;
	while (!code && !demo.is_paid) {
		for (int i = 0; i < ROUNDS; i++)
			sum += sum << 13 ^ sum >> 7;
		demo.polls += demo.is_paying;
		code = rt_yield();
	}
	return code;
}

/* Takes what it looks at out of the cache, and lets others run after each. */
static int janitor(void *arg)
{
	int code = rt_mutex_lock(demo.cache);

	(void)arg;
	if (code < 0)
		return code;
	scene_step();
	if (example.is_fixed)
		rt_mutex_unlock(demo.cache);
	while (!code && !demo.is_paid)
		code = rt_yield();
	if (!example.is_fixed)
		rt_mutex_unlock(demo.cache);
	return code;
}

static int payment(void *arg)
{
	int code;

	(void)arg;
	demo.is_paying = true;
	scene_step();
	code = rt_mutex_lock(demo.cache);
	if (code < 0)
		return code;
	demo.is_paying = false;
	demo.is_paid = true;
	return rt_mutex_unlock(demo.cache);
}

static int priority_inversion(void)
{
	int code = -ENOMEM;

	memset(&demo, 0, sizeof(demo));
	demo.cache = rt_mutex_new("cache");
	if (demo.cache)
		code = scene_spawn(1, janitor, NULL, "janitor");
	if (!code)
		code = scene_spawn(REPORTS, report, NULL, "report");
	if (!code)
		code = scene_await(1);
	if (!code)
		code = scene_spawn(1, payment, NULL, "payment");
	if (!code)
		code = scene_stand(1, "the payment waits for the janitor, it for 20 reports");
	printf("%u polls of reports went by while the payment waited\n", demo.polls);
	scene_end();
	rt_mutex_free(demo.cache);
	return code;
}

EXAMPLE_BUG(&(struct rt_options){ .workers = 1 }, priority_inversion)
