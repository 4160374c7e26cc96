/* SPDX-License-Identifier: MIT */
/* The example runtime's operations: awaited once, the first of several, what losers leave. */
#include "tests/support/rt.h"

TestSuite(rt_select, .init = rt_begin, .fini = rt_end_empty);

#define MANY 64

static struct rt_mutex *mutex;

/* ---- Which one ---- */

static int biased(void *arg RT_UNUSED)
{
	for (int i = 0; i < 50; i++) {
		struct rt_op ops[] = { rt_sleep_op(RT_S), rt_sleep_op(0), rt_sleep_op(0) };

		cr_assert_eq(rt_select(ops, 3, RT_BIASED), 1);
		cr_assert_eq(ops[0].result, -ECANCELED);
		cr_assert_eq(ops[1].result, 0);
	}
	return 0;
}

Test(rt_select, takes_the_first_that_is_ready_in_the_order_given)
{
	cr_assert_eq(rt_paused(biased, NULL), 0);
}

static int fair(void *arg)
{
	unsigned *won = arg;

	for (int i = 0; i < 300; i++) {
		struct rt_op ops[] = { rt_sleep_op(0), rt_sleep_op(0), rt_sleep_op(0) };

		won[rt_select(ops, 3, RT_FAIR)]++;
	}
	return 0;
}

Test(rt_select, is_fair_when_asked_to_be)
{
	unsigned won[3] = { 0 };

	cr_assert_eq(rt_paused(fair, won), 0);

	for (int i = 0; i < 3; i++)
		cr_assert_gt(won[i], 50, "%u of 300", won[i]);
}

static int the_earliest_of_many(void *arg RT_UNUSED)
{
	struct rt_op ops[MANY];
	uint64_t begin = rt_now();

	for (int winner = 0; winner < MANY; winner++) {
		for (int i = 0; i < MANY; i++)
			ops[i] = rt_sleep_op((i == winner ? 5 : 50) * RT_MS);
		cr_assert_eq(rt_select(ops, MANY, RT_FAIR), winner);
	}
	cr_assert_leq(rt_now() - begin, MANY * 6 * RT_MS);
	cr_assert_eq(task_here()->rt->timers.wheel.timers, 0, "losers are left in the wheel");
	return 0;
}

Test(rt_select, waits_for_the_first_of_64)
{
	cr_assert_eq(rt_paused(the_earliest_of_many, NULL), 0);
}

/* ---- On the board ---- */

static int select_lock_or_time(void *arg RT_UNUSED)
{
	struct rt_op ops[] = { rt_sleep_op(RT_S), rt_mutex_lock_op(mutex) };

	return rt_select(ops, 2, RT_BIASED);
}

static int look_at_a_select(void *arg RT_UNUSED)
{
	const struct vigil_op_record *op;
	struct rt_handle job;
	struct rt_result result;

	mutex = rt_mutex_new("db");
	rt_mutex_lock(mutex);
	rt_spawn(&job, select_lock_or_time, NULL, "selecting");
	rt_yield();
	cr_assert_eq(rt_board_task("selecting")->wait_kind, VIGIL_WAIT_LOCK);
	cr_assert_eq(RT_LIVE_OF(op), 2);
	cr_assert_eq(rt_board_resource("db")->waiters, 1);
	rt_join(&job, &result);
	cr_assert_eq(result.code, 0);
	rt_look();
	cr_assert_eq(RT_LIVE_OF(op), 0);
	for (uint32_t i = 0; (op = VIGIL_AT(rt_reader, op, i)); i++)
		cr_assert_eq(op->is_ready, strcmp(op->source, "Mutex::lock") != 0, "%s",
			     op->source);
	cr_assert_eq(rt_board_resource("db")->waiters, 0);
	rt_mutex_unlock(mutex);
	rt_mutex_free(mutex);
	return 0;
}

Test(rt_select, shows_an_operation_each_and_the_wait_that_is_no_timer)
{
	cr_assert_eq(rt_paused(look_at_a_select, NULL), 0);
}

static int sleep_two(void *arg RT_UNUSED)
{
	struct rt_op ops[] = { rt_sleep_op(RT_S), rt_sleep_op(2 * RT_S) };

	return rt_select(ops, 2, RT_FAIR);
}

static int look_at_sleeps(void *arg RT_UNUSED)
{
	struct rt_handle job;
	uint64_t now = rt_now();

	rt_spawn(&job, sleep_two, NULL, "selecting");
	rt_yield();
	cr_assert_eq(rt_board_task("selecting")->wait_kind, VIGIL_WAIT_TIMER);
	cr_assert_eq(rt_board_task("selecting")->wait_until_ns, now + RT_S);
	return rt_join(&job, NULL);
}

Test(rt_select, among_sleeps_shows_the_earliest_deadline)
{
	cr_assert_eq(rt_paused(look_at_sleeps, NULL), 0);
}

/* ---- Once ---- */

static int await_used(void *arg RT_UNUSED)
{
	struct rt_op ops[] = { rt_sleep_op(0), rt_sleep_op(0) };
	struct rt_op done = rt_sleep_op(0), unmade = { 0 };

	mutex = rt_mutex_new("db");
	cr_assert_eq(rt_await(&done), 0);
	cr_assert_eq(rt_await(&done), -EINVAL);
	cr_assert_str_eq(rt_misused,
			 "an operation is awaited once: make it anew, by its rt_..._op");
	done = rt_sleep_op(RT_MS);
	cr_assert_eq(rt_await(&done), 0);
	cr_assert_eq(rt_await(&done), -EINVAL);
	cr_assert_eq(rt_await(&unmade), -EINVAL);
	cr_assert_str_eq(rt_misused, "an operation that was never made: it is zeroed");
	cr_assert_eq(rt_select(ops, 2, RT_BIASED), 0);
	cr_assert_eq(rt_await(&ops[1]), 0, "it was never looked at");
	cr_assert_eq(rt_await(&ops[0]), -EINVAL);
	ops[0] = rt_sleep_op(RT_S);
	ops[1] = rt_sleep_op(RT_MS);
	cr_assert_eq(rt_select(ops, 2, RT_FAIR), 1);
	cr_assert_eq(rt_await(&ops[0]), -EINVAL, "it lost");
	cr_assert_eq(rt_select(ops, 0, RT_FAIR), -EINVAL);
	rt_mutex_free(mutex);
	return 0;
}

Test(rt_select, refuses_operations_that_were_awaited_or_never_made)
{
	cr_assert_eq(rt_paused(await_used, NULL), 0);
}

/* ---- Cancellation ---- */

static int select_twice(void *arg RT_UNUSED)
{
	for (int i = 0; i < 2; i++) {
		struct rt_op ops[] = { rt_mutex_lock_op(mutex), rt_sleep_op(10 * RT_MS),
				       rt_sleep_op(20 * RT_MS) };
		int first = rt_select(ops, 3, RT_FAIR);

		if (first < 0)
			return first;
		if (first == 0)
			rt_mutex_unlock(mutex);
	}
	return 0;
}

static int select_twice_cut(void *arg)
{
	return rt_cut(select_twice, arg);
}

static int selects_cut(void *arg RT_UNUSED)
{
	struct rt_handle job;

	mutex = rt_mutex_new("db");
	rt_mutex_lock(mutex);
	rt_spawn(&job, select_twice_cut, NULL, "cut");
	rt_sleep(15 * RT_MS);
	rt_mutex_unlock(mutex);
	rt_join(&job, NULL);
	cr_assert_eq(rt_mutex_try_lock(mutex), 0);
	rt_mutex_unlock(mutex);
	rt_mutex_free(mutex);
	return 0;
}

Test(rt_select, survives_a_cancel_at_every_await)
{
	cr_assert_eq(rt_cut_everywhere(selects_cut, NULL), 2);
}

/* ---- Stress ---- */

#define TASKS 40
#define ROUNDS 100

static int contend(void *arg)
{
	uintptr_t seed = (uintptr_t)arg;

	for (unsigned i = 0; i < ROUNDS; i++) {
		struct rt_op ops[] = { rt_sleep_op((seed * 7 + i) % 3 * RT_MS / 2),
				       rt_mutex_lock_op(mutex), rt_sleep_op(RT_MS) };
		int first = rt_select(ops, 3, RT_FAIR);

		if (first == 1) {
			if (i % 4 == 0)
				rt_yield();
			cr_assert_eq(rt_mutex_unlock(mutex), 0);
		}
	}
	return 0;
}

static int contend_all(void *arg RT_UNUSED)
{
	struct rt_handle jobs[TASKS];

	mutex = rt_mutex_new("db");
	for (uintptr_t i = 0; i < TASKS; i++)
		rt_spawn(&jobs[i], contend, (void *)i, "contender");
	for (int i = 0; i < TASKS; i++)
		rt_join(&jobs[i], NULL);
	cr_assert_eq(rt_mutex_try_lock(mutex), 0, "it was lost");
	rt_mutex_unlock(mutex);
	cr_assert_eq(task_here()->rt->timers.wheel.timers, 0);
	rt_mutex_free(mutex);
	return 0;
}

Test(rt_select, loses_nothing_between_locks_and_timers_on_four_workers)
{
	cr_assert_eq(rt_threads(4, contend_all, NULL), 0);
}
