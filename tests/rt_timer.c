/* SPDX-License-Identifier: MIT */
/* The example runtime's timers that are put off while somebody waits. */
#include "tests/support/rt.h"

TestSuite(rt_timer, .init = rt_begin, .fini = rt_end_empty);

static struct rt_timer *timer;

static uint64_t now(void)
{
	return rt_now() / RT_MS;
}

/* Returns when it fired, in ms. */
static int wait_for_it(void *arg RT_UNUSED)
{
	int error = rt_timer_wait(timer);

	return error ? error : (int)now();
}

static int result_of(struct rt_handle *job)
{
	struct rt_result result;

	cr_assert_eq(rt_join(job, &result), 0);
	rt_result_free(&result);
	return result.code;
}

static int put_off(void *arg RT_UNUSED)
{
	struct rt_handle job;

	timer = rt_timer_new("idle", 10 * RT_MS);
	rt_spawn(&job, wait_for_it, NULL, "waiter");
	for (int i = 0; i < 5; i++) {
		rt_sleep(7 * RT_MS);
		rt_timer_reset(timer, 10 * RT_MS);
	}
	cr_assert_eq(result_of(&job), 45);
	rt_timer_free(timer);
	return 0;
}

Test(rt_timer, fires_when_it_was_not_put_off_in_time)
{
	cr_assert_eq(rt_paused(put_off, NULL), 0);
}

static int pulled_forward(void *arg RT_UNUSED)
{
	struct rt_handle jobs[2];

	timer = rt_timer_new("idle", RT_S);
	for (int i = 0; i < 2; i++)
		rt_spawn(&jobs[i], wait_for_it, NULL, "waiter");
	rt_sleep(RT_MS);
	rt_timer_reset(timer, 5 * RT_MS);
	cr_assert_eq(result_of(&jobs[0]), 6);
	cr_assert_eq(result_of(&jobs[1]), 6);
	rt_timer_free(timer);
	return 0;
}

Test(rt_timer, can_be_pulled_forward)
{
	cr_assert_eq(rt_paused(pulled_forward, NULL), 0);
}

static int fired_and_used_again(void *arg RT_UNUSED)
{
	timer = rt_timer_new("idle", 2 * RT_MS);
	cr_assert_eq(rt_try(rt_timer_wait_op(timer)), -EAGAIN);
	cr_assert_eq(rt_timer_wait(timer), 0);
	cr_assert_eq(rt_timer_wait(timer), 0);
	cr_assert_eq(now(), 2);
	rt_timer_reset(timer, 3 * RT_MS);
	cr_assert_eq(rt_timeout(RT_MS, rt_timer_wait_op(timer)), -ETIMEDOUT);
	cr_assert_eq(rt_timer_wait(timer), 0);
	cr_assert_eq(now(), 5);
	rt_timer_free(timer);
	return 0;
}

Test(rt_timer, that_has_fired_stays_so_until_it_is_reset)
{
	cr_assert_eq(rt_paused(fired_and_used_again, NULL), 0);
}

static int freed_under_waiters(void *arg RT_UNUSED)
{
	struct rt_handle jobs[2];

	timer = rt_timer_new("idle", 10 * RT_MS);
	rt_spawn(&jobs[0], wait_for_it, NULL, "waiter");
	rt_spawn(&jobs[1], wait_for_it, NULL, "waiter");
	rt_sleep(RT_MS);
	rt_timer_free(timer);
	cr_assert_eq(result_of(&jobs[0]), -EPIPE);
	cr_assert_eq(result_of(&jobs[1]), -EPIPE);
	cr_assert_eq(now(), 1);
	return 0;
}

Test(rt_timer, can_be_freed_under_those_who_wait)
{
	cr_assert_eq(rt_paused(freed_under_waiters, NULL), 0);
}

static int freed_and_cancelled(void *arg RT_UNUSED)
{
	struct rt_handle job;

	timer = rt_timer_new("idle", 10 * RT_MS);
	rt_spawn(&job, wait_for_it, NULL, "waiter");
	rt_sleep(RT_MS);
	rt_cancel(&job);
	rt_timer_free(timer);
	cr_assert_lt(result_of(&job), 0);
	return 0;
}

Test(rt_timer, can_be_freed_under_one_that_was_just_cancelled)
{
	cr_assert_eq(rt_paused(freed_and_cancelled, NULL), 0);
}

/* ---- On the board ---- */

static int watched(void *arg RT_UNUSED)
{
	const struct vigil_resource_record *r;
	const struct vigil_task_record *t;
	struct rt_handle job;

	timer = rt_timer_new("idle", 10 * RT_MS);
	rt_spawn(&job, wait_for_it, NULL, "waiter");
	rt_yield();
	t = rt_board_task("waiter");
	cr_assert_eq(t->wait_kind, VIGIL_WAIT_TIMER);
	cr_assert_eq(t->wait_until_ns, 10 * RT_MS);
	cr_assert_eq(RT_LIVE_OF(op), 1);
	rt_timer_reset(timer, 5 * RT_MS);
	rt_yield();
	cr_assert_eq(rt_board_task("waiter")->wait_until_ns, 5 * RT_MS);
	rt_join(&job, NULL);

	rt_timer_reset(timer, 20 * RT_MS);
	r = rt_board_resource("idle");
	cr_assert_eq(r->kind, VIGIL_RESOURCE_TIMER);
	cr_assert_eq(rt_board_attr(r->attrs, "deadline"), 25 * RT_MS);
	cr_assert_eq(rt_board_attr(r->attrs, "resets"), 2);
	rt_timer_free(timer);
	return 0;
}

Test(rt_timer, shows_its_deadline_also_when_nobody_waits)
{
	cr_assert_eq(rt_paused(watched, NULL), 0);
}

/* ---- Cancellation ---- */

static int wait_twice(void *arg RT_UNUSED)
{
	int error = rt_timer_wait(timer);

	if (error)
		return error;
	rt_timer_reset(timer, 10 * RT_MS);
	return rt_timer_wait(timer);
}

static int wait_twice_cut(void *arg)
{
	return rt_cut(wait_twice, arg);
}

static int cut_with_a_rival(void *arg RT_UNUSED)
{
	struct rt_handle jobs[2];

	timer = rt_timer_new("idle", 10 * RT_MS);
	rt_spawn(&jobs[0], wait_twice, NULL, "rival");
	rt_spawn(&jobs[1], wait_twice_cut, NULL, "cut");
	for (int i = 0; i < 2; i++)
		rt_join(&jobs[i], NULL);
	rt_timer_free(timer);
	return 0;
}

Test(rt_timer, survives_a_cancel_at_every_await)
{
	cr_assert_eq(rt_cut_everywhere(cut_with_a_rival, NULL), 2);
}

/* ---- Stress ---- */

#define WAITERS 20
#define ROUNDS 20

static _Atomic unsigned closed, fired, late;

static int wait_in_rounds(void *arg RT_UNUSED)
{
	for (unsigned i = 0; i < ROUNDS; i++) {
		int code = i % 3 ? rt_timer_wait(timer) :
				   rt_timeout(50 * RT_US, rt_timer_wait_op(timer));

		cr_assert(code == 0 || code == -ETIMEDOUT, "%d", code);
		if (code)
			late++;
		else
			fired++;
		rt_timer_reset(timer, i % 7 * 100 * RT_US);
		rt_yield();
	}
	return 0;
}

static int reset_and_wait(void *arg RT_UNUSED)
{
	struct rt_handle jobs[WAITERS];

	timer = rt_timer_new("shared", 100 * RT_US);
	for (int i = 0; i < WAITERS; i++)
		rt_spawn(&jobs[i], wait_in_rounds, NULL, "waiter");
	for (int i = 0; i < WAITERS; i++)
		rt_join(&jobs[i], NULL);
	rt_timer_free(timer);
	return 0;
}

Test(rt_timer, wakes_all_while_it_is_reset_on_four_workers)
{
	cr_assert_eq(rt_threads(4, reset_and_wait, NULL), 0);

	cr_assert_eq(fired + late, WAITERS * ROUNDS);
}

static int wait_once(void *arg RT_UNUSED)
{
	int code = rt_timer_wait(timer);

	cr_assert(code == 0 || code == -EPIPE, "%d", code);
	if (code)
		closed++;
	else
		fired++;
	return 0;
}

/* It is freed about when it fires. */
static int free_and_fire(void *arg RT_UNUSED)
{
	for (int round = 0; round < ROUNDS; round++) {
		struct rt_handle jobs[3];

		timer = rt_timer_new("short", RT_S);
		for (int i = 0; i < 3; i++)
			rt_spawn(&jobs[i], wait_once, NULL, "waiter");
		for (int i = 0; i < 3; i++)
			while (atomic_load(&jobs[i].task->state) != TASK_IDLE)
				rt_yield();
		rt_timer_reset(timer, 100 * RT_US);
		for (int i = 0; i < round * 10; i++)
			rt_yield();
		rt_timer_free(timer);
		for (int i = 0; i < 3; i++)
			rt_join(&jobs[i], NULL);
	}
	return 0;
}

Test(rt_timer, is_freed_on_four_workers_when_it_fires)
{
	cr_assert_eq(rt_threads(4, free_and_fire, NULL), 0);

	cr_assert_eq(fired + closed, 3 * ROUNDS);
}

static int sleep_for_ever(void *arg RT_UNUSED)
{
	return rt_sleep(UINT64_MAX);
}

static int for_ever(void *arg RT_UNUSED)
{
	struct rt_handle job;

	rt_spawn(&job, sleep_for_ever, NULL, "for ever");
	rt_yield();
	cr_assert_eq(rt_board_task("for ever")->wait_kind, VIGIL_WAIT_TIMER);
	cr_assert_eq(rt_board_task("for ever")->wait_until_ns, 0);
	rt_cancel(&job);
	rt_join(&job, NULL);
	return 0;
}

Test(rt_timer, shows_no_deadline_of_a_sleep_without_end)
{
	cr_assert_eq(rt_paused(for_ever, NULL), 0);
}
