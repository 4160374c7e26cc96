/* SPDX-License-Identifier: MIT */
/*
 * Priority inversion: a payment waits for the lock of the cache. "janitor" holds it, which does
 * a little and lets others run, as one who is in no hurry should: and there are twenty greedy
 * ones to run each time. So the payment waits for all of them.
 * Fixed: the janitor has no lock when it lets others run.
 *
 * Look at: vigil why: the payment waits for the lock, its holder could run, and others do; t,
 * the tasks: "janitor" is runnable and holds lock "cache", with it the twenty "report".
 */
#include "../example.h"

#define REPORTS 20
#define ROUNDS 100000 /* of what a report does in one go */

static struct rt_mutex *cache;
static unsigned polls; /* of reports, since the payment came */
static bool is_paid;

static int report(void *arg)
{
	volatile uint64_t sum = 1;
	int code = 0;

	(void)arg;
	while (!code && !is_paid) {
		for (int i = 0; i < ROUNDS; i++)
			sum += sum << 13 ^ sum >> 7;
		polls++;
		code = rt_yield();
	}
	return code;
}

/* Takes what it looks at out of the cache, and lets others run after each. */
static int janitor(void *arg)
{
	int code = rt_mutex_lock(cache);

	(void)arg;
	if (code < 0)
		return code;
	scene_step();
	if (example.is_fixed)
		rt_mutex_unlock(cache);
	while (!code && !is_paid)
		code = rt_yield();
	if (!example.is_fixed)
		rt_mutex_unlock(cache);
	return code;
}

static int payment(void *arg)
{
	(void)arg;
	polls = 0;
	scene_step();
	is_paid = rt_mutex_lock(cache) == 0;
	return is_paid ? rt_mutex_unlock(cache) : -ECANCELED;
}

static int priority_inversion(void)
{
	int code;

	is_paid = false;
	cache = rt_mutex_new("cache");
	code = cache ? scene_spawn(1, janitor, NULL, "janitor") : -ENOMEM;
	code = code ? code : scene_spawn(REPORTS, report, NULL, "report");
	code = code ? code : scene_await(1);
	code = code ? code : scene_spawn(1, payment, NULL, "payment");
	code = code ? code : scene_stand(1, "the payment waits for the janitor, it for 20 reports");
	printf("%u polls of reports went by while the payment waited\n", polls);
	scene_end();
	rt_mutex_free(cache);
	return code;
}

EXAMPLE_BUG(&(struct rt_options){ .workers = 1 }, priority_inversion)
