/* SPDX-License-Identifier: MIT */
/* The example runtime's time: sleeps in order, never early, put in and taken out by all. */
#include <sched.h>

#include "tests/support/rt.h"

TestSuite(rt_sleep, .init = rt_begin, .fini = rt_end_empty);

static char order[16];

static int sleep_and_sign(void *arg)
{
	const char *sign = arg;
	int code = rt_sleep((uint64_t)(*sign - 'a') * 10 * RT_MS);

	strcat(order, sign);
	return code;
}

static int sleepers(void *arg RT_UNUSED)
{
	static char signs[][2] = { "c", "a", "d", "b" };
	struct rt_handle jobs[4];
	uint64_t begin = rt_now();

	for (int i = 0; i < 4; i++)
		rt_spawn(&jobs[i], sleep_and_sign, signs[i], signs[i]);
	for (int i = 0; i < 4; i++)
		rt_join(&jobs[i], NULL);
	cr_assert_geq(rt_now() - begin, 30 * RT_MS);
	cr_assert_leq(rt_now() - begin, 31 * RT_MS);
	return 0;
}

Test(rt_sleep, ends_in_the_order_of_deadlines)
{
	cr_assert_eq(rt_paused(sleepers, NULL), 0);

	cr_assert_str_eq(order, "abcd");
}

static int odd_sleeps(void *arg RT_UNUSED)
{
	uint64_t begin = rt_now();

	cr_assert_eq(rt_sleep(0), 0);
	cr_assert_eq(rt_sleep_until(0), 0);
	cr_assert_eq(rt_sleep_until(begin), 0);
	cr_assert_eq(rt_now(), begin);
	cr_assert_eq(rt_sleep(1), 0);
	cr_assert_gt(rt_now(), begin);
	cr_assert_eq(rt_try(rt_sleep_op(RT_S)), -EAGAIN);
	cr_assert_eq(rt_timeout(RT_MS, rt_sleep_op(UINT64_MAX)), -ETIMEDOUT);
	cr_assert_eq(rt_timeout(UINT64_MAX, rt_sleep_op(RT_MS)), 0);
	cr_assert_eq(rt_sleep(400ull * 24 * 3600 * RT_S), 0);
	return 0;
}

Test(rt_sleep, may_be_of_no_length_past_or_very_long)
{
	cr_assert_eq(rt_paused(odd_sleeps, NULL), 0);
}

static int a_sleeper(void *arg RT_UNUSED)
{
	return rt_sleep(RT_S);
}

static int look_at_sleeper(void *arg RT_UNUSED)
{
	const struct vigil_task_record *sleeper;
	struct rt_handle job;

	rt_spawn(&job, a_sleeper, NULL, "sleeper");
	rt_yield();
	sleeper = rt_board_task("sleeper");
	cr_assert_eq(sleeper->wait_kind, VIGIL_WAIT_TIMER);
	cr_assert_eq(sleeper->wait_until_ns, rt_now() + RT_S);
	cr_assert_eq(RT_LIVE_OF(op), 1);
	cr_assert_eq(RT_LIVE_OF(resource), 0);
	return rt_join(&job, NULL);
}

Test(rt_sleep, shows_until_when)
{
	cr_assert_eq(rt_paused(look_at_sleeper, NULL), 0);
}

static int sleep_cut(void *arg)
{
	return rt_cut(a_sleeper, arg);
}

static int sleeper_cut(void *arg RT_UNUSED)
{
	struct rt_handle job;

	rt_spawn(&job, sleep_cut, NULL, "cut");
	rt_join(&job, NULL);
	cr_assert_eq(task_here()->rt->timers.wheel.timers, 0);
	return 0;
}

Test(rt_sleep, survives_a_cancel)
{
	cr_assert_eq(rt_cut_everywhere(sleeper_cut, NULL), 1);
}

/* ---- Paused time ---- */

/* Ends when the worker has gone to sleep, after it found the pool busy. */
static int end_late(void *arg RT_UNUSED)
{
	while (!atomic_load(&rt_here()->idle))
		sched_yield();
	return 0;
}

static int sleep_beside_a_job(void *arg RT_UNUSED)
{
	uint64_t begin = rt_now();

	for (int i = 0; i < 3; i++) {
		cr_assert_eq(rt_spawn_blocking(NULL, end_late, NULL, "job"), 0);
		cr_assert_eq(rt_sleep(RT_MS), 0);
		cr_assert_eq(rt_call_blocking(end_late, NULL, "job"), 0);
		cr_assert_eq(rt_sleep(RT_MS), 0);
	}
	cr_assert_eq(rt_now() - begin, 6 * RT_MS);
	return 0;
}

Test(rt_sleep, in_paused_time_waits_for_jobs_of_the_pool_and_then_goes_on)
{
	cr_assert_eq(rt_paused(sleep_beside_a_job, NULL), 0);
}

static int yield_often(void *arg RT_UNUSED)
{
	for (int i = 0; i < 500; i++)
		rt_yield();
	return rt_now() == *(uint64_t *)arg ? 0 : -ETIME;
}

static int time_stands_still(void *arg RT_UNUSED)
{
	struct rt_handle busy, sleeper;
	struct rt_result result;
	uint64_t begin = rt_now();

	rt_spawn(&sleeper, a_sleeper, NULL, "sleeper");
	rt_spawn(&busy, yield_often, &begin, "busy");
	rt_join(&busy, &result);
	cr_assert_eq(result.code, 0);
	rt_join(&sleeper, NULL);
	cr_assert_geq(rt_now(), begin + RT_S);
	return 0;
}

Test(rt_sleep, in_paused_time_waits_while_a_task_can_run)
{
	cr_assert_eq(rt_paused(time_stands_still, NULL), 0);
}

/* ---- Real time ---- */

#define TASKS 100
#define ROUNDS 30

/* Some fire, some are taken out by whoever comes first: another worker as a rule. */
static int sleep_and_race(void *arg)
{
	uintptr_t seed = (uintptr_t)arg;

	for (unsigned i = 0; i < ROUNDS; i++) {
		uint64_t ns = (seed * 31 + i * 17) % 1500 * RT_US;
		uint64_t begin = rt_now();
		struct rt_op ops[] = { rt_sleep_op(ns), rt_sleep_op(ns + RT_MS),
				       rt_sleep_op(RT_MS) };
		int first = rt_select(ops, 3, RT_FAIR);

		cr_assert_geq(first, 0);
		cr_assert_geq(rt_now() - begin, ns < RT_MS ? ns : RT_MS, "it was early");
		if (i % 5 == 0)
			cr_assert_eq(rt_sleep(ns / 10), 0);
	}
	return 0;
}

static int sleep_all(void *arg RT_UNUSED)
{
	struct rt_handle jobs[TASKS];

	for (uintptr_t i = 0; i < TASKS; i++)
		rt_spawn(&jobs[i], sleep_and_race, (void *)i, "sleeper");
	for (int i = 0; i < TASKS; i++)
		rt_join(&jobs[i], NULL);
	cr_assert_eq(task_here()->rt->timers.wheel.timers, 0);
	return 0;
}

Test(rt_sleep, is_never_early_and_never_lost_on_four_workers)
{
	cr_assert_eq(rt_threads(4, sleep_all, NULL), 0);
}
