/* SPDX-License-Identifier: MIT */
/* The example runtime's notify: one wake for one task, none lost, none doubled. */
#include "tests/support/rt.h"

TestSuite(rt_notify, .init = rt_begin, .fini = rt_end_empty);

static struct rt_notify *notify;
static char order[64];
static unsigned woken;

static int await_one(void *arg)
{
	int error = rt_notified(notify);

	if (!error)
		strcat(order, arg);
	return error;
}

static int one_by_one(void *arg RT_UNUSED)
{
	struct rt_handle jobs[3];

	notify = rt_notify_new("work");
	rt_spawn(&jobs[0], await_one, "a", "a");
	rt_yield();
	rt_spawn(&jobs[1], await_one, "b", "b");
	rt_yield();
	rt_spawn(&jobs[2], await_one, "c", "c");
	rt_yield();
	for (int i = 0; i < 3; i++) {
		rt_notify_one(notify);
		rt_join(&jobs[i], NULL);
		cr_assert_eq(strlen(order), i + 1);
	}
	rt_notify_free(notify);
	return 0;
}

Test(rt_notify, wakes_one_at_a_time_in_the_order_they_came)
{
	cr_assert_eq(rt_paused(one_by_one, NULL), 0);

	cr_assert_str_eq(order, "abc");
}

static int kept_once(void *arg RT_UNUSED)
{
	notify = rt_notify_new("work");
	rt_notify_one(notify);
	rt_notify_one(notify);
	cr_assert_eq(rt_board_attr(rt_board_resource("work")->attrs, "kept"), 1);
	cr_assert_eq(rt_notified(notify), 0);
	cr_assert_eq(rt_board_attr(rt_board_resource("work")->attrs, "kept"), 0);
	cr_assert_eq(rt_try(rt_notified_op(notify)), -EAGAIN);
	rt_notify_free(notify);
	return 0;
}

Test(rt_notify, keeps_one_for_who_comes_later_and_not_two)
{
	cr_assert_eq(rt_paused(kept_once, NULL), 0);
}

static int all_at_once(void *arg RT_UNUSED)
{
	struct rt_handle jobs[3];

	notify = rt_notify_new("work");
	rt_notify_all(notify);
	cr_assert_eq(rt_try(rt_notified_op(notify)), -EAGAIN, "it was kept");
	for (int i = 0; i < 3; i++)
		rt_spawn(&jobs[i], await_one, "x", "waiter");
	rt_yield();
	cr_assert_eq(rt_board_task("waiter")->wait_kind, VIGIL_WAIT_NOTIFIED);
	cr_assert_eq(RT_LIVE_OF(op), 3);
	rt_notify_all(notify);
	for (int i = 0; i < 3; i++)
		cr_assert_eq(rt_join(&jobs[i], NULL), 0);
	cr_assert_str_eq(order, "xxx");
	rt_notify_free(notify);
	return 0;
}

Test(rt_notify, wakes_all_who_wait_and_keeps_nothing)
{
	cr_assert_eq(rt_paused(all_at_once, NULL), 0);
}

/* ---- Not taken ---- */

static struct rt_notify *other;

/* Both are ready, and the other is looked at first. */
static int other_wins(void *arg RT_UNUSED)
{
	struct rt_op ops[2] = { rt_notified_op(other), rt_notified_op(notify) };

	cr_assert_eq(rt_select(ops, 2, RT_BIASED), 0);
	return 0;
}

static int lost_after_the_grant(void (*wake)(struct vigil_site *, struct rt_notify *),
				const char *expected)
{
	struct rt_handle loser, next;

	other = rt_notify_new("other");
	notify = rt_notify_new("work");
	rt_spawn(&loser, other_wins, NULL, "loser");
	rt_yield();
	rt_notify_one(other);
	wake(VIGIL_HERE(), notify);
	rt_spawn(&next, await_one, "n", "next");
	rt_join(&loser, NULL);
	rt_yield();
	cr_assert_str_eq(order, expected);
	rt_cancel(&next);
	rt_join(&next, NULL);
	cr_assert_eq(rt_try(rt_notified_op(notify)), -EAGAIN);
	rt_notify_free(notify);
	rt_notify_free(other);
	return 0;
}

static int one_is_passed_on(void *arg RT_UNUSED)
{
	return lost_after_the_grant(rt_notify_one_at, "n");
}

static int all_is_not_passed_on(void *arg RT_UNUSED)
{
	return lost_after_the_grant(rt_notify_all_at, "");
}

Test(rt_notify, goes_to_the_next_when_its_task_chose_something_else)
{
	cr_assert_eq(rt_paused(one_is_passed_on, NULL), 0);
}

Test(rt_notify, of_all_does_not_go_to_those_who_came_later)
{
	cr_assert_eq(rt_paused(all_is_not_passed_on, NULL), 0);
}

static int kept_after_a_cancel(void *arg RT_UNUSED)
{
	struct rt_handle job;

	notify = rt_notify_new("work");
	rt_spawn(&job, await_one, "x", "cancelled");
	rt_yield();
	rt_cancel(&job);
	rt_notify_one(notify);
	rt_join(&job, NULL);
	/* It ran with both: then it took it. */
	cr_assert_eq(rt_try(rt_notified_op(notify)), order[0] ? -EAGAIN : 0);
	cr_assert_eq(rt_timeout(RT_MS, rt_notified_op(notify)), -ETIMEDOUT);
	rt_notify_free(notify);
	return 0;
}

Test(rt_notify, is_taken_or_kept_when_a_cancel_comes_at_the_same_time)
{
	cr_assert_eq(rt_paused(kept_after_a_cancel, NULL), 0);
}

/* ---- Cancelled at every await ---- */

static int await_two(void *arg RT_UNUSED)
{
	for (int i = 0; i < 2; i++) {
		int error = rt_notified(notify);

		if (error)
			return error;
		woken++;
	}
	return 0;
}

static int await_two_cut(void *arg)
{
	return rt_cut(await_two, arg);
}

static int three_for_two(void *arg RT_UNUSED)
{
	struct rt_handle jobs[2];

	woken = 0;
	notify = rt_notify_new("work");
	rt_spawn(&jobs[0], await_two_cut, NULL, "cut");
	rt_spawn(&jobs[1], await_two, NULL, "other");
	rt_yield();
	for (int i = 0; i < 4; i++) {
		rt_notify_one(notify);
		rt_sleep(RT_MS);
	}
	cr_assert_geq(woken, 2);
	for (int i = 0; i < 2; i++)
		rt_join(&jobs[i], NULL);
	rt_notify_free(notify);
	return 0;
}

Test(rt_notify, survives_a_cancel_at_every_await)
{
	cr_assert_eq(rt_cut_everywhere(three_for_two, NULL), 2);
}

/* ---- Threads ---- */

static int notify_from_here(void *arg RT_UNUSED)
{
	rt_notify_one(notify);
	return 0;
}

static int blocking_wait(void *arg RT_UNUSED)
{
	return rt_do_blocking(rt_notified_op(notify));
}

static int thread_waits(void *arg RT_UNUSED)
{
	struct rt_handle job;
	struct rt_result result;

	notify = rt_notify_new("work");
	rt_spawn_blocking(&job, blocking_wait, NULL, "job");
	rt_yield();
	rt_call_blocking(notify_from_here, NULL, "notifier");
	rt_join(&job, &result);
	cr_assert_eq(result.code, 0);
	rt_notify_free(notify);
	return 0;
}

Test(rt_notify, is_for_threads_too)
{
	cr_assert_eq(rt_threads(2, thread_waits, NULL), 0);
}

/* ---- Stress ---- */

#define TASKS 40
#define ROUNDS 100

static _Atomic unsigned items, taken, turns;

/* The law of a queue on a notify: an item is put before the wake; who finds none waits. */
static int consume(void *arg RT_UNUSED)
{
	for (;;) {
		unsigned have = items;

		if (taken == TASKS * ROUNDS) {
			rt_notify_one(notify);
			return 0;
		}
		while (have && !atomic_compare_exchange_weak(&items, &have, have - 1))
			;
		if (have) {
			taken++;
			/* One wake is kept at most: there may be more items. */
			rt_notify_one(notify);
		} else if (++turns % 3) {
			rt_notified(notify);
		} else {
			rt_timeout(10 * RT_US, rt_notified_op(notify));
		}
	}
}

static int produce(void *arg RT_UNUSED)
{
	for (int i = 0; i < ROUNDS; i++) {
		items++;
		rt_notify_one(notify);
		if (i % 5 == 0)
			rt_yield();
	}
	return 0;
}

static int produce_and_consume(void *arg RT_UNUSED)
{
	struct rt_handle jobs[2 * TASKS];

	notify = rt_notify_new("items");
	for (int i = 0; i < 2 * TASKS; i++)
		rt_spawn(&jobs[i], i % 2 ? produce : consume, NULL,
			 i % 2 ? "producer" : "consumer");
	for (int i = 0; i < 2 * TASKS; i++)
		rt_join(&jobs[i], NULL);
	rt_notify_free(notify);
	return 0;
}

Test(rt_notify, loses_no_wake_on_four_workers)
{
	cr_assert_eq(rt_threads(4, produce_and_consume, NULL), 0);

	cr_assert_eq(taken, TASKS * ROUNDS);
}
