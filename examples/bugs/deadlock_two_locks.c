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

static struct account {
	unsigned number;
	int cents;
	struct rt_mutex *lock;
} alice = { .number = 1 }, bob = { .number = 2 };

/* Asks whether it may be done, with the first lock held: others run meanwhile. */
static int check_limit(void)
{
	return rt_yield();
}

static int transfer(struct account *from, struct account *to, int cents)
{
	bool is_swapped = example.is_fixed && to->number < from->number;
	struct account *first = is_swapped ? to : from, *second = is_swapped ? from : to;
	int code = rt_mutex_lock(first->lock);

	if (code < 0)
		return code;
	code = check_limit();
	scene_step();
	if (!code)
		code = rt_mutex_lock(second->lock);
	if (!code) {
		from->cents -= cents;
		to->cents += cents;
		rt_mutex_unlock(second->lock);
	}
	rt_mutex_unlock(first->lock);
	return code;
}

static int to_bob(void *arg)
{
	(void)arg;
	return transfer(&alice, &bob, 100);
}

static int to_alice(void *arg)
{
	(void)arg;
	return transfer(&bob, &alice, 30);
}

static int deadlock_two_locks(void)
{
	int code = -ENOMEM;

	alice.cents = bob.cents = 1000;
	alice.lock = rt_mutex_new("alice");
	bob.lock = rt_mutex_new("bob");
	if (alice.lock && bob.lock)
		code = scene_spawn(1, to_bob, NULL, "alice to bob");
	if (!code)
		code = scene_spawn(1, to_alice, NULL, "bob to alice");
	if (!code)
		code = scene_stand(2, "2 transfers have one lock each and want the other's");
	printf("of 1000 each, alice has %d now, bob %d\n", alice.cents, bob.cents);
	scene_end();
	rt_mutex_free(bob.lock);
	rt_mutex_free(alice.lock);
	return code;
}

EXAMPLE_BUG(&(struct rt_options){ .workers = 1 }, deadlock_two_locks)
