/* SPDX-License-Identifier: MIT */
/* The example runtime's barrier: all or none go, one leads, and a cancel is no arrival. */
#include "tests/support/rt.h"

TestSuite(rt_barrier, .init = rt_begin, .fini = rt_end_empty);

static struct rt_barrier *barrier;
static unsigned passed, leaders;

static int pass(void *arg RT_UNUSED)
{
	int result = rt_barrier_wait(barrier);

	if (result < 0)
		return result;
	passed++;
	leaders += (unsigned)result;
	return 0;
}

static uint64_t arrived(void)
{
	return rt_board_attr(rt_board_resource("start")->attrs, "arrived");
}

static int twice_three(void *arg RT_UNUSED)
{
	static const char *const early[] = { "", "early", "early again" };
	struct rt_handle jobs[3];

	barrier = rt_barrier_new("start", 3);
	cr_assert_eq(rt_board_attr(rt_board_resource("start")->attrs, "count"), 3);
	for (unsigned round = 1; round <= 2; round++) {
		for (int i = 0; i < 2; i++)
			rt_spawn(&jobs[i], pass, NULL, early[round]);
		rt_sleep(RT_MS);
		cr_assert_eq(passed, 3 * (round - 1), "it let two go");
		cr_assert_eq(arrived(), 2);
		cr_assert_eq(rt_board_task(early[round])->wait_kind, VIGIL_WAIT_NOTIFIED);
		rt_spawn(&jobs[2], pass, NULL, "last");
		for (int i = 0; i < 3; i++)
			rt_join(&jobs[i], NULL);
		cr_assert_eq(passed, 3 * round);
		cr_assert_eq(leaders, round);
		cr_assert_eq(arrived(), 0);
	}
	rt_barrier_free(barrier);
	return 0;
}

Test(rt_barrier, lets_all_go_when_the_last_has_come_again_and_again)
{
	cr_assert_eq(rt_paused(twice_three, NULL), 0);
}

static int of_one(void *arg RT_UNUSED)
{
	for (size_t count = 0; count <= 1; count++) {
		barrier = rt_barrier_new("start", count);
		cr_assert_eq(rt_barrier_wait(barrier), 1);
		cr_assert_eq(rt_barrier_wait(barrier), 1);
		rt_barrier_free(barrier);
	}
	return 0;
}

Test(rt_barrier, of_one_or_none_holds_nobody_up)
{
	cr_assert_eq(rt_paused(of_one, NULL), 0);
}

static int only_tries(void *arg RT_UNUSED)
{
	struct rt_handle job;

	barrier = rt_barrier_new("start", 2);
	cr_assert_eq(rt_try(rt_barrier_wait_op(barrier)), -EAGAIN);
	cr_assert_eq(arrived(), 0);
	rt_spawn(&job, pass, NULL, "early");
	rt_yield();
	cr_assert_eq(rt_try(rt_barrier_wait_op(barrier)), 1);
	rt_join(&job, NULL);
	rt_barrier_free(barrier);
	return 0;
}

Test(rt_barrier, counts_a_try_only_when_it_is_the_last)
{
	cr_assert_eq(rt_paused(only_tries, NULL), 0);
}

/* ---- Cancellation ---- */

static int timed_out(void *arg RT_UNUSED)
{
	struct rt_handle job;

	barrier = rt_barrier_new("start", 2);
	cr_assert_eq(rt_timeout(RT_MS, rt_barrier_wait_op(barrier)), -ETIMEDOUT);
	cr_assert_eq(arrived(), 0);
	rt_spawn(&job, pass, NULL, "early");
	rt_sleep(RT_MS);
	cr_assert_eq(passed, 0, "who timed out was counted");
	cr_assert_eq(rt_barrier_wait(barrier), 1);
	rt_join(&job, NULL);
	rt_barrier_free(barrier);
	return 0;
}

Test(rt_barrier, forgets_who_timed_out)
{
	cr_assert_eq(rt_paused(timed_out, NULL), 0);
}

static struct rt_notify *other;

/* Both are ready, and the other is looked at first. */
static int other_wins(void *arg RT_UNUSED)
{
	struct rt_op ops[2] = { rt_notified_op(other), rt_barrier_wait_op(barrier) };

	cr_assert_eq(rt_select(ops, 2, RT_BIASED), 0);
	return 0;
}

static int let_go_and_lost(void *arg RT_UNUSED)
{
	struct rt_handle job;

	other = rt_notify_new("other");
	barrier = rt_barrier_new("start", 2);
	rt_spawn(&job, other_wins, NULL, "loser");
	rt_yield();
	rt_notify_one(other);
	cr_assert_eq(rt_barrier_wait(barrier), 1);
	rt_join(&job, NULL);
	cr_assert_eq(arrived(), 0);
	cr_assert_eq(rt_timeout(RT_MS, rt_barrier_wait_op(barrier)), -ETIMEDOUT);
	rt_barrier_free(barrier);
	rt_notify_free(other);
	return 0;
}

Test(rt_barrier, is_whole_again_after_one_who_was_let_go_chose_something_else)
{
	cr_assert_eq(rt_paused(let_go_and_lost, NULL), 0);
}

static int pass_twice(void *arg)
{
	int error = pass(arg);

	return error ? error : pass(arg);
}

static int pass_twice_cut(void *arg)
{
	return rt_cut(pass_twice, arg);
}

static int with_a_cut_one(void *arg RT_UNUSED)
{
	struct rt_handle jobs[3];

	barrier = rt_barrier_new("start", 2);
	rt_spawn(&jobs[0], pass_twice_cut, NULL, "cut");
	rt_spawn(&jobs[1], pass_twice, NULL, "other");
	rt_sleep(RT_MS);
	rt_cancel(&jobs[1]);
	for (int i = 0; i < 2; i++)
		rt_join(&jobs[i], NULL);
	cr_assert_eq(arrived(), 0);
	rt_barrier_free(barrier);
	return 0;
}

Test(rt_barrier, survives_a_cancel_at_every_await)
{
	cr_assert_eq(rt_cut_everywhere(with_a_cut_one, NULL), 2);
}

/* ---- Stress ---- */

#define TASKS 32
#define ROUNDS 60

static _Atomic unsigned in_round[ROUNDS], led[ROUNDS];

static int in_step(void *arg)
{
	unsigned self = (unsigned)(uintptr_t)arg;

	for (unsigned round = 0; round < ROUNDS; round++) {
		int result;

		in_round[round]++;
		if ((self + round) % 5 == 0)
			rt_yield();
		result = rt_barrier_wait(barrier);
		cr_assert_geq(result, 0);
		led[round] += (unsigned)result;
		cr_assert_eq(in_round[round], TASKS, "one went before all had come");
	}
	return 0;
}

static int spawn_and_join(rt_fn fn, size_t count)
{
	struct rt_handle jobs[TASKS];

	barrier = rt_barrier_new("start", count);
	for (uintptr_t i = 0; i < TASKS; i++)
		rt_spawn(&jobs[i], fn, (void *)i, "stepper");
	for (int i = 0; i < TASKS; i++)
		rt_join(&jobs[i], NULL);
	cr_assert_eq(arrived(), 0);
	rt_barrier_free(barrier);
	return 0;
}

static int all_in_step(void *arg RT_UNUSED)
{
	return spawn_and_join(in_step, TASKS);
}

Test(rt_barrier, keeps_tasks_in_step_on_four_workers)
{
	cr_assert_eq(rt_threads(4, all_in_step, NULL), 0);

	for (int round = 0; round < ROUNDS; round++)
		cr_assert_eq(led[round], 1, "round %d had %u leaders", round, led[round]);
}

static _Atomic unsigned went, chiefs;

/* Who is let go may be late to hear of it: it has taken part. */
static int impatient(void *arg RT_UNUSED)
{
	for (int i = 0; i < ROUNDS; i++) {
		int result = rt_timeout(20 * RT_US, rt_barrier_wait_op(barrier));

		cr_assert(result >= 0 || result == -ETIMEDOUT);
		went += result >= 0;
		chiefs += result == 1;
	}
	return 0;
}

static int all_impatient(void *arg RT_UNUSED)
{
	return spawn_and_join(impatient, 4);
}

Test(rt_barrier, counts_right_when_tasks_give_up_on_four_workers)
{
	cr_assert_eq(rt_threads(4, all_impatient, NULL), 0);

	cr_assert_gt(chiefs, 0);
	cr_assert_leq(went, 4 * chiefs);
}
