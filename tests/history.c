/* SPDX-License-Identifier: MIT */
/* What threads did lately: from events as they pass, and from a board's rings. */
#include <criterion/criterion.h>

#include "console/history.h"
#include "tests/support/live.h"

#define WORKER(index) vigil_ref_make(VIGIL_TABLE_worker, index, 1)
#define TASK(index) vigil_ref_make(VIGIL_TABLE_task, index, 1)

static struct history *history;

static void history_set_up(void)
{
	history = history_new();
}

static void history_tear_down(void)
{
	history_free(history);
}

TestSuite(history, .init = history_set_up, .fini = history_tear_down);

static void poll_passes(uint32_t worker, uint64_t task, uint64_t begin, uint64_t end)
{
	struct trace_event event = { .kind = TRACE_poll_end, .worker = WORKER(worker) };
	struct slice slice = { .kind = SLICE_RUN,
			       .begin_ns = begin,
			       .end_ns = end,
			       .task = task,
			       .worker = WORKER(worker) };

	history_pass(history, &event, &slice, 1);
}

static void wake_passes(uint32_t worker, uint64_t task, uint64_t ns, uint64_t waker)
{
	struct trace_event event = { .kind = TRACE_wake,
				     .ns = ns,
				     .worker = WORKER(worker),
				     .object = task,
				     .other = waker };

	history_pass(history, &event, NULL, 0);
}

Test(history, polls_stand_in_the_row_of_their_thread)
{
	poll_passes(2, TASK(7), 10, 30);

	cr_assert_eq(history_count(history, 2), 1);
	cr_expect_eq(history_count(history, 0), 0);
	cr_expect_eq(history_at(history, 2, 0)->task, TASK(7));
	cr_expect_eq(history_at(history, 2, 0)->begin_ns, 10);
}

Test(history, a_time_finds_the_first_slice_that_reaches_beyond_it)
{
	poll_passes(0, TASK(1), 10, 20);
	poll_passes(0, TASK(1), 30, 40);

	cr_expect_eq(history_after(history, 0, 5), 0);
	cr_expect_eq(history_after(history, 0, 20), 1);
	cr_expect_eq(history_after(history, 0, 40), 2);
}

Test(history, the_first_wake_since_the_last_poll_is_what_woke_a_task)
{
	struct history_wake wake;

	poll_passes(0, TASK(1), 100, 200);
	wake_passes(1, TASK(1), 50, TASK(8));
	wake_passes(2, TASK(1), 250, TASK(9));
	wake_passes(1, TASK(1), 260, TASK(8));
	poll_passes(0, TASK(1), 300, 310);

	cr_assert(history_woken_by(history, history_at(history, 0, 1), &wake));
	cr_expect_eq(wake.waker, TASK(9));
	cr_expect_eq(wake.worker, 2);
	cr_assert(history_woken_by(history, history_at(history, 0, 0), &wake));
	cr_expect_eq(wake.ns, 50);
}

Test(history, what_nobody_woke_has_no_wake)
{
	struct history_wake wake;

	wake_passes(1, TASK(2), 50, 0);
	poll_passes(0, TASK(1), 100, 200);

	cr_expect_not(history_woken_by(history, history_at(history, 0, 0), &wake));
}

Test(history, memory_is_bounded_and_what_is_forgotten_is_known)
{
	for (uint64_t i = 0; i < HISTORY_MOST + 3; i++)
		poll_passes(0, TASK(1), 10 * i, 10 * i + 5);

	cr_expect_eq(history_count(history, 0), HISTORY_MOST);
	cr_expect_eq(history_at(history, 0, 0)->begin_ns, 30);
	cr_expect_eq(history_since(history), 25);
}

Test(history, a_record_that_serves_another_thread_begins_anew)
{
	struct trace_event event = { .kind = TRACE_poll_end };
	struct slice slice = { .kind = SLICE_RUN,
			       .begin_ns = 50,
			       .end_ns = 60,
			       .worker = vigil_ref_make(VIGIL_TABLE_worker, 0, 2) };

	poll_passes(0, TASK(1), 10, 20);
	history_pass(history, &event, &slice, 1);

	cr_assert_eq(history_count(history, 0), 1);
	cr_expect_eq(history_at(history, 0, 0)->begin_ns, 50);
}

Test(history, a_step_back_begins_anew)
{
	poll_passes(0, TASK(1), 10, 20);
	history_clear(history, false);
	cr_expect_eq(history_count(history, 0), 0);
	cr_expect_eq(history_since(history), 0);
	history_clear(history, true);
	wake_passes(0, TASK(1), 70, 0);

	cr_expect_eq(history_since(history), 70, "what was before the way back is not known");
}

Test(history, threads_that_no_board_can_have_are_left_out)
{
	poll_passes(1u << 20, TASK(1), 10, 20);

	cr_expect_eq(history_rows(history), 0);
}

Test(history, a_live_board_tells_each_event_once, .init = NULL, .fini = NULL)
{
	struct history *live = history_new();
	struct model *model;
	vigil_task task;

	live_start();
	task = SPAWN("t", 0);
	poll_once(task, 100);
	model = model_new(live_reader);
	history_read(live, model);
	history_read(live, model);
	time_passes(50);
	poll_once(task, 200);
	model_refresh(model);
	history_read(live, model);

	cr_assert_eq(history_count(live, 0), 2);
	cr_expect_eq(history_at(live, 0, 1)->end_ns - history_at(live, 0, 1)->begin_ns, 200);
	cr_expect_eq(history_at(live, 0, 1)->task, task);
	live_reader = NULL;
	model_free(model);
	history_free(live);
	vigil_fini();
}
