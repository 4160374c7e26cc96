/* SPDX-License-Identifier: MIT */
/*
 * Starvation: eight greedy tasks never wait, for the quota they ask for is always free. Only
 * when their budget is used up, after 128 pieces of work, they are made to let others run; and
 * others are seven of the same kind, and one modest request that does a little each turn.
 * Fixed: the greedy ones yield after each piece, so a turn is 128 times shorter.
 *
 * Look at: t, the tasks: all the time of "request" is in the column SCHED, next to none in
 * BUSY; w, the wakers: milliseconds from its wake to its poll; Enter on an "indexer": its yields,
 * all forced by its budget.
 */
#include "../example.h"

#define INDEXERS 8
#define ROUNDS 2000 /* of a piece of work */
#define TURNS 20

struct demo {
	struct rt_semaphore *quota;
	struct rt_notify *step;
	unsigned pieces, between; /* two turns of the request */
	unsigned turns;
	bool is_over;
};

static int indexer(void *arg)
{
	struct demo *demo = arg;
	volatile uint64_t sum = 1;
	int code = 0;

	while (!demo->is_over && !code) {
		code = rt_semaphore_acquire(demo->quota, 1);
		if (code < 0)
			break;
		for (int i = 0; i < ROUNDS; i++)
			sum += sum << 13 ^ sum >> 7;
		demo->pieces++;
		rt_semaphore_release(demo->quota, 1);
		if (example.is_fixed)
			code = rt_yield();
	}
	return code;
}

static int request(void *arg)
{
	struct demo *demo = arg;
	int code = 0;

	while (!demo->is_over && !code) {
		unsigned before = demo->pieces;

		code = rt_yield();
		if (demo->pieces - before > demo->between)
			demo->between = demo->pieces - before;
		if (++demo->turns == TURNS)
			rt_notify_one(demo->step);
	}
	return code;
}

static int run(struct demo *demo, struct rt_join_set *tasks)
{
	int code = 0;

	for (int i = 0; i < INDEXERS && !code; i++)
		code = rt_join_set_spawn(tasks, indexer, demo, "indexer");
	if (!code)
		code = rt_join_set_spawn(tasks, request, demo, "request");
	if (!code)
		code = rt_notified(demo->step);
	if (!code && !example.is_fixed)
		code = example_hold(
			"8 indexers do 128 pieces of work each, then a request a little");
	demo->is_over = true;
	example_join(tasks);
	printf("%u pieces of work, at most, between two turns of the request\n", demo->between);
	return code;
}

static int starvation(void *arg)
{
	struct demo demo = { .quota = rt_semaphore_new("quota", INDEXERS),
			     .step = rt_notify_new("step") };
	struct rt_join_set *tasks = rt_join_set_new("tasks");
	int code = -ENOMEM;

	(void)arg;
	if (demo.quota && demo.step && tasks)
		code = run(&demo, tasks);
	example_end(tasks);
	rt_semaphore_free(demo.quota);
	rt_notify_free(demo.step);
	return code;
}

EXAMPLE_BUG(&(struct rt_options){ .workers = 1 }, starvation)
