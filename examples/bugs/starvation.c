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

static struct {
	struct rt_semaphore *quota;
	unsigned pieces, between; /* two turns of the request */
	bool is_over;
} demo;

static int indexer(void *arg)
{
	volatile uint64_t sum = 1;
	int code = 0;

	(void)arg;
	while (!code && !demo.is_over) {
		code = rt_semaphore_acquire(demo.quota, 1);
		if (code < 0)
			break;
		for (int i = 0; i < ROUNDS; i++)
			sum += sum << 13 ^ sum >> 7;
		demo.pieces++;
		rt_semaphore_release(demo.quota, 1);
		if (example.is_fixed)
			code = rt_yield();
	}
	return code;
}

static int request(void *arg)
{
	int code = 0;

	(void)arg;
	for (int turns = 0; !code && !(example.is_fixed && turns == TURNS); turns++) {
		unsigned before = demo.pieces;

		scene_step();
		code = rt_yield();
		if (demo.pieces - before > demo.between)
			demo.between = demo.pieces - before;
	}
	demo.is_over = true;
	return code;
}

static int starvation(void)
{
	int code = -ENOMEM;

	memset(&demo, 0, sizeof(demo));
	demo.quota = rt_semaphore_new("quota", INDEXERS);
	if (demo.quota)
		code = scene_spawn(INDEXERS, indexer, NULL, "indexer");
	if (!code)
		code = scene_spawn(1, request, NULL, "request");
	if (!code)
		code = scene_stand(TURNS, "8 indexers do 128 pieces of work each, then a request "
					  "a little");
	printf("%u pieces of work, at most, between two turns of the request\n", demo.between);
	scene_end();
	rt_semaphore_free(demo.quota);
	return code;
}

EXAMPLE_BUG(&(struct rt_options){ .workers = 1 }, starvation)
