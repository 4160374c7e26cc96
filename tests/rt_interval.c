/* SPDX-License-Identifier: MIT */
/* The example runtime's intervals: when ticks come, and what becomes of missed ones. */
#include "tests/support/rt.h"

TestSuite(rt_interval, .init = rt_begin, .fini = rt_end_empty);

static struct rt_interval *interval;

/* ms of the tick. */
static uint64_t tick(void)
{
	uint64_t due = 0;

	cr_assert_eq(rt_interval_tick(interval, &due), 0);
	return due / RT_MS;
}

static uint64_t now(void)
{
	return rt_now() / RT_MS;
}

static int in_time(void *arg RT_UNUSED)
{
	interval = rt_interval_new("poll", 10 * RT_MS, RT_BURST);
	for (uint64_t i = 0; i < 4; i++) {
		cr_assert_eq(tick(), 10 * i);
		cr_assert_eq(now(), 10 * i);
		rt_sleep(3 * RT_MS);
	}
	cr_assert_eq(rt_interval_tick(interval, NULL), 0);
	cr_assert_eq(rt_board_attr(rt_board_resource("poll")->attrs, "missed"), 0);
	rt_interval_free(interval);
	return 0;
}

Test(rt_interval, ticks_at_once_and_then_every_period)
{
	cr_assert_eq(rt_paused(in_time, NULL), 0);
}

/* After the tick at 0 we come back at 35: those at 10, 20 and 30 are missed. */
static void be_late(enum rt_missed missed)
{
	interval = rt_interval_new("poll", 10 * RT_MS, missed);
	cr_assert_eq(tick(), 0);
	rt_sleep(35 * RT_MS);
	cr_assert_eq(tick(), 10);
	cr_assert_eq(now(), 35);
}

static void expect_missed(uint64_t missed)
{
	cr_assert_eq(rt_board_attr(rt_board_resource("poll")->attrs, "missed"), missed);
	rt_interval_free(interval);
}

static int burst(void *arg RT_UNUSED)
{
	be_late(RT_BURST);
	cr_assert_eq(tick(), 20);
	cr_assert_eq(tick(), 30);
	cr_assert_eq(now(), 35);
	cr_assert_eq(tick(), 40);
	cr_assert_eq(now(), 40);
	cr_assert_eq(tick(), 50);
	expect_missed(2);
	return 0;
}

Test(rt_interval, that_bursts_catches_up_at_once)
{
	cr_assert_eq(rt_paused(burst, NULL), 0);
}

static int delay(void *arg RT_UNUSED)
{
	be_late(RT_DELAY);
	cr_assert_eq(tick(), 45);
	cr_assert_eq(now(), 45);
	cr_assert_eq(tick(), 55);
	expect_missed(2);
	return 0;
}

Test(rt_interval, that_delays_begins_anew_when_the_late_tick_was_taken)
{
	cr_assert_eq(rt_paused(delay, NULL), 0);
}

static int skip(void *arg RT_UNUSED)
{
	be_late(RT_SKIP);
	cr_assert_eq(tick(), 40);
	cr_assert_eq(now(), 40);
	cr_assert_eq(tick(), 50);
	expect_missed(2);
	return 0;
}

Test(rt_interval, that_skips_goes_on_at_the_next_multiple)
{
	cr_assert_eq(rt_paused(skip, NULL), 0);
}

static int on_a_multiple(void *arg RT_UNUSED)
{
	interval = rt_interval_new("poll", 10 * RT_MS, RT_SKIP);
	cr_assert_eq(tick(), 0);
	rt_sleep(30 * RT_MS);
	cr_assert_eq(tick(), 10);
	/* The one at 30 is of this moment: the next is a whole period later. */
	cr_assert_eq(tick(), 40);
	expect_missed(2);
	return 0;
}

Test(rt_interval, that_skips_does_not_tick_twice_at_one_moment)
{
	cr_assert_eq(rt_paused(on_a_multiple, NULL), 0);
}

static int a_little_late(void *arg RT_UNUSED)
{
	interval = rt_interval_new("poll", 10 * RT_MS, RT_DELAY);
	cr_assert_eq(tick(), 0);
	rt_sleep(15 * RT_MS);
	cr_assert_eq(tick(), 10);
	cr_assert_eq(tick(), 20);
	rt_sleep(16 * RT_MS);
	cr_assert_eq(tick(), 30);
	cr_assert_eq(now(), 36);
	cr_assert_eq(tick(), 46);
	expect_missed(0);
	return 0;
}

Test(rt_interval, overlooks_a_delay_of_five_milliseconds)
{
	cr_assert_eq(rt_paused(a_little_late, NULL), 0);
}

static int reset(void *arg RT_UNUSED)
{
	interval = rt_interval_new("poll", 10 * RT_MS, RT_BURST);
	cr_assert_eq(tick(), 0);
	rt_sleep(7 * RT_MS);
	rt_interval_reset(interval);
	cr_assert_eq(tick(), 17);
	cr_assert_eq(now(), 17);
	expect_missed(0);
	return 0;
}

Test(rt_interval, ticks_a_period_after_a_reset)
{
	cr_assert_eq(rt_paused(reset, NULL), 0);
}

static int tick_once(void *arg)
{
	return rt_interval_tick(interval, arg);
}

static int reset_while_awaited(void *arg RT_UNUSED)
{
	struct rt_handle job;
	uint64_t due = 0;

	interval = rt_interval_new("poll", 10 * RT_MS, RT_BURST);
	tick();
	rt_spawn(&job, tick_once, &due, "waiter");
	rt_sleep(7 * RT_MS);
	rt_interval_reset(interval);
	rt_join(&job, NULL);
	cr_assert_eq(due, 17 * RT_MS);
	cr_assert_eq(now(), 17);
	rt_interval_free(interval);
	return 0;
}

Test(rt_interval, that_is_reset_puts_off_who_waits)
{
	cr_assert_eq(rt_paused(reset_while_awaited, NULL), 0);
}

/* ---- On the board ---- */

static int watched(void *arg RT_UNUSED)
{
	const struct vigil_resource_record *r;
	const struct vigil_task_record *t;
	struct rt_handle job;

	interval = rt_interval_new("poll", 10 * RT_MS, RT_SKIP);
	tick();
	rt_spawn(&job, tick_once, NULL, "waiter");
	rt_yield();
	r = rt_board_resource("poll");
	t = rt_board_task("waiter");
	cr_assert_eq(r->kind, VIGIL_RESOURCE_INTERVAL);
	cr_assert_eq(rt_board_attr(r->attrs, "period"), 10 * RT_MS);
	cr_assert_str_eq(rt_board_words(r->attrs, "behaviour"), "skip");
	cr_assert_eq(t->wait_kind, VIGIL_WAIT_TIMER);
	cr_assert_eq(t->wait_until_ns, 10 * RT_MS);
	cr_assert_eq(RT_LIVE_OF(op), 1);
	rt_join(&job, NULL);
	rt_interval_free(interval);
	return 0;
}

Test(rt_interval, shows_its_period_and_until_when_it_is_awaited)
{
	cr_assert_eq(rt_paused(watched, NULL), 0);
}

/* ---- Try, misuse, cancellation ---- */

static int try_and_misuse(void *arg RT_UNUSED)
{
	cr_assert_null(rt_interval_new("busy", 0, RT_BURST));
	cr_assert_str_eq(rt_misused, "interval \"busy\" of 0 ns would tick for ever at once");
	interval = rt_interval_new("poll", 10 * RT_MS, RT_BURST);
	cr_assert_eq(rt_try(rt_interval_tick_op(interval, NULL)), 0);
	cr_assert_eq(rt_try(rt_interval_tick_op(interval, NULL)), -EAGAIN);
	cr_assert_eq(rt_timeout(5 * RT_MS, rt_interval_tick_op(interval, NULL)), -ETIMEDOUT);
	cr_assert_eq(tick(), 10);
	rt_interval_free(interval);
	return 0;
}

Test(rt_interval, keeps_the_tick_that_an_operation_did_not_wait_for)
{
	cr_assert_eq(rt_paused(try_and_misuse, NULL), 0);
}

static int three_ticks(void *arg RT_UNUSED)
{
	for (int i = 0; i < 3; i++) {
		int error = rt_interval_tick(interval, NULL);

		if (error)
			return error;
	}
	return 0;
}

static int three_ticks_cut(void *arg)
{
	return rt_cut(three_ticks, arg);
}

static int with_a_rival(void *arg RT_UNUSED)
{
	struct rt_handle jobs[2];

	interval = rt_interval_new("poll", 10 * RT_MS, RT_BURST);
	rt_spawn(&jobs[0], three_ticks, NULL, "rival");
	rt_spawn(&jobs[1], three_ticks_cut, NULL, "cut");
	for (int i = 0; i < 2; i++)
		rt_join(&jobs[i], NULL);
	cr_assert_leq(now(), 50);
	rt_interval_free(interval);
	return 0;
}

Test(rt_interval, survives_a_cancel_at_every_await)
{
	cr_assert_eq(rt_cut_everywhere(with_a_rival, NULL), 3);
}

/* It fires and is cancelled before it ran: the tick is the next one's. */
static int fired_and_cancelled(void *arg RT_UNUSED)
{
	struct rt_handle job;
	uint64_t due = UINT64_MAX;

	interval = rt_interval_new("poll", 10 * RT_MS, RT_BURST);
	tick();
	rt_spawn(&job, tick_once, &due, "waiter");
	rt_sleep_until(10 * RT_MS);
	rt_cancel(&job);
	rt_join(&job, NULL);
	cr_assert(due == UINT64_MAX || due == 10 * RT_MS);
	cr_assert_eq(tick(), due == UINT64_MAX ? 10 : 20);
	rt_interval_free(interval);
	return 0;
}

Test(rt_interval, loses_no_tick_to_a_cancel)
{
	cr_assert_eq(rt_paused(fired_and_cancelled, NULL), 0);
}

static int tick_on_a_thread(void *arg RT_UNUSED)
{
	return rt_do_blocking(rt_interval_tick_op(interval, NULL));
}

static int blocking(void *arg RT_UNUSED)
{
	struct rt_result result;
	struct rt_handle job;

	interval = rt_interval_new("poll", 2 * RT_MS, RT_BURST);
	tick();
	rt_spawn_blocking(&job, tick_on_a_thread, NULL, "thread");
	rt_join(&job, &result);
	cr_assert_eq(result.code, 0);
	rt_interval_free(interval);
	return 0;
}

Test(rt_interval, can_be_awaited_by_a_thread)
{
	cr_assert_eq(rt_threads(2, blocking, NULL), 0);
}

/* ---- Stress ---- */

#define TASKS 30
#define TICKS 20

static _Atomic unsigned ticks;

static int tick_or_give_up(void *arg RT_UNUSED)
{
	for (int i = 0; i < TICKS; i++) {
		uint64_t due = 0;
		int code = i % 4 ? rt_interval_tick(interval, &due) :
				   rt_timeout(RT_MS, rt_interval_tick_op(interval, &due));

		if (code == 0)
			ticks++;
		else
			cr_assert_eq(code, -ETIMEDOUT);
		cr_assert_leq(due, rt_now());
		if (i % 5 == 0)
			rt_interval_reset(interval);
	}
	return 0;
}

static int tick_all(void *arg RT_UNUSED)
{
	struct rt_handle jobs[TASKS];

	interval = rt_interval_new("shared", 100 * RT_US, RT_BURST);
	for (int i = 0; i < TASKS; i++)
		rt_spawn(&jobs[i], tick_or_give_up, NULL, "ticker");
	for (int i = 0; i < TASKS; i++)
		rt_join(&jobs[i], NULL);
	rt_interval_free(interval);
	return 0;
}

Test(rt_interval, is_shared_and_reset_on_four_workers)
{
	cr_assert_eq(rt_threads(4, tick_all, NULL), 0);

	cr_assert_geq(ticks, TASKS * TICKS * 3 / 4);
}
