/* SPDX-License-Identifier: MIT */
/*
 * Two locks, taken in two orders: one transfer has the lock of "alice" and wants that of
 * "bob", the other has bob's and wants alice's. Neither will ever go on.
 * Fixed: both take the locks in the order of the accounts' numbers.
 *
 * Look at: vigil why: a deadlock, who waits for whom, and the line where each took what it
 * has; l, the locks; t, the tasks: a lock held by the one, while it holds the other's.
 */
#include "../example.h"

struct account {
	unsigned number;
	int cents;
	struct rt_mutex *lock;
};

struct demo {
	struct account alice, bob;
	struct rt_notify *step;
	unsigned wanting, done;
};

/* Asks whether it may be done, with the first lock held: others run meanwhile. */
static int check_limit(void)
{
	return rt_yield();
}

static int transfer(struct demo *demo, struct account *from, struct account *to, int cents)
{
	bool is_swapped = example.is_fixed && to->number < from->number;
	struct account *first = is_swapped ? to : from, *second = is_swapped ? from : to;
	int code = rt_mutex_lock(first->lock);

	if (code < 0)
		return code;
	code = check_limit();
	demo->wanting++;
	rt_notify_one(demo->step);
	if (!code)
		code = rt_mutex_lock(second->lock);
	if (!code) {
		from->cents -= cents;
		to->cents += cents;
		demo->done++;
		rt_mutex_unlock(second->lock);
	}
	rt_mutex_unlock(first->lock);
	return code;
}

static int to_bob(void *arg)
{
	struct demo *demo = arg;

	return transfer(demo, &demo->alice, &demo->bob, 100);
}

static int to_alice(void *arg)
{
	struct demo *demo = arg;

	return transfer(demo, &demo->bob, &demo->alice, 30);
}

static int run(struct demo *demo, struct rt_join_set *tasks)
{
	int code = rt_join_set_spawn(tasks, to_bob, demo, "alice to bob");

	if (!code)
		code = rt_join_set_spawn(tasks, to_alice, demo, "bob to alice");
	while (!code && demo->wanting < 2)
		code = rt_notified(demo->step);
	if (!code && !example.is_fixed)
		code = example_hold("2 transfers have one lock each and want the other's");
	else
		example_join(tasks);
	printf("%u of 2 transfers were made: alice has %d, bob %d\n", demo->done, demo->alice.cents,
	       demo->bob.cents);
	return code;
}

static int deadlock_two_locks(void *arg)
{
	struct demo demo = { .alice = { 1, 1000, rt_mutex_new("alice") },
			     .bob = { 2, 1000, rt_mutex_new("bob") },
			     .step = rt_notify_new("step") };
	struct rt_join_set *tasks = rt_join_set_new("transfers");
	int code = -ENOMEM;

	(void)arg;
	if (demo.alice.lock && demo.bob.lock && demo.step && tasks)
		code = run(&demo, tasks);
	example_end(tasks);
	rt_notify_free(demo.step);
	rt_mutex_free(demo.alice.lock);
	rt_mutex_free(demo.bob.lock);
	return code;
}

EXAMPLE_BUG(&(struct rt_options){ .workers = 1 }, deadlock_two_locks)
