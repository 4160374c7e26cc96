/* SPDX-License-Identifier: MIT */
/*
 * Taking turns on one worker. Tasks are not interrupted: one that computes must yield, and one
 * whose awaits are all ready at once is made to, by a budget, 128 of them a turn.
 *
 * In the console Enter on "greedy" shows its yields, all forced, and on "polite", none of them;
 * "bystander", which wants to run every millisecond, is SCHED a while, for it stands behind both.
 */
#include <errno.h>

#include "../example.h"

#define BLOCKS 20
#define AWAITS 1280 /* a block */
#define YIELD_EVERY 500
#define NUMBERS 10000 /* a block */

struct world {
	struct rt_semaphore *permit;
	unsigned primes, polite_yields;
	unsigned turns; /* the bystander's */
	bool is_over;
};

/* Between blocks there is time to look. */
static int pause_between(void)
{
	return rt_sleep(50 * RT_MS);
}

/* Never has to wait for the permit, so it would never let go of the worker. */
static int greedy(void *arg)
{
	const struct world *world = arg;
	int code = 0;

	for (unsigned block = 0; block < BLOCKS && !code; block++) {
		for (unsigned i = 0; i < AWAITS && !code; i++) {
			code = rt_semaphore_acquire(world->permit, 1);
			if (!code)
				rt_semaphore_release(world->permit, 1);
		}
		if (!code)
			code = pause_between();
	}
	return code;
}

static bool is_prime(unsigned n)
{
	for (unsigned i = 2; i * i <= n; i++)
		if (n % i == 0)
			return false;
	return n > 1;
}

/* Awaits nothing as long as it computes, so it yields by itself. */
static int polite(void *arg)
{
	struct world *world = arg;
	int code = 0;

	for (unsigned n = 0; n < BLOCKS * NUMBERS && !code; n++) {
		world->primes += is_prime(n);
		if (n % YIELD_EVERY == YIELD_EVERY - 1) {
			world->polite_yields++;
			code = rt_yield();
		}
		if (!code && n % NUMBERS == NUMBERS - 1)
			code = pause_between();
	}
	return code;
}

/* Counts how often it comes to its turn. */
static int bystander(void *arg)
{
	struct world *world = arg;
	int code = 0;

	while (!world->is_over && !code) {
		world->turns++;
		code = rt_sleep(RT_MS);
	}
	return code;
}

static int compute(void *arg)
{
	struct world *world = arg;
	struct rt_join_set *workers = rt_join_set_new("workers");
	int code = workers ? rt_join_set_spawn(workers, greedy, world, "greedy") : -ENOMEM;

	if (!code)
		code = rt_join_set_spawn(workers, polite, world, "polite");
	code = rt_join_set_finish(workers, code);
	world->is_over = true;
	return code;
}

static int take_turns(void *arg)
{
	struct world world = { .permit = rt_semaphore_new("permit", 1) };
	struct rt_join_set *tasks = rt_join_set_new("tasks");
	uint64_t forced = rt_stats().forced_yields;
	int code = world.permit && tasks ? 0 : -ENOMEM;

	(void)arg;
	if (!code)
		code = rt_join_set_spawn(tasks, bystander, &world, "bystander");
	if (!code)
		code = rt_join_set_spawn(tasks, compute, &world, "compute");
	code = rt_join_set_finish(tasks, code);
	rt_semaphore_free(world.permit);
	if (code)
		return code;
	printf("greedy: %d awaits were ready at once; its budget made it yield %llu times\n",
	       BLOCKS * AWAITS, (unsigned long long)(rt_stats().forced_yields - forced));
	printf("polite: %u primes below %d, yielded by itself %u times\n", world.primes,
	       BLOCKS * NUMBERS, world.polite_yields);
	printf("bystander: %s\n", world.turns > BLOCKS ? "had its turns" : "starved");
	return 0;
}

static const struct rt_options one_worker = { .name = "turns", .workers = 1 };

EXAMPLE_PATTERN(&one_worker, take_turns)
