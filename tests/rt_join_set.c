/* SPDX-License-Identifier: MIT */
/* The example runtime's join sets: results as they come, and sets freed before their tasks end. */
#include <stdlib.h>

#include "tests/support/rt.h"

TestSuite(rt_join_set, .init = rt_begin, .fini = rt_end_empty);

static struct rt_join_set *set;
static _Atomic unsigned ended;

static int sleep_ms(void *arg)
{
	int error = rt_sleep((uint64_t)(uintptr_t)arg * RT_MS);

	rt_set_value(arg);
	ended++;
	return error;
}

#define MS(n) ((void *)(uintptr_t)(n))

static int as_they_come(void *arg RT_UNUSED)
{
	static const unsigned ms[] = { 3, 1, 2 };
	struct rt_result result;

	set = rt_join_set_new("jobs");
	cr_assert_eq(rt_join_set_next(set, &result), -EPIPE);
	for (int i = 0; i < 3; i++)
		rt_join_set_spawn(set, sleep_ms, MS(ms[i]), "job");
	cr_assert_eq(rt_join_set_try_next(set, &result), -EAGAIN);
	for (uintptr_t i = 1; i <= 3; i++) {
		cr_assert_eq(rt_join_set_count(set), 4 - i);
		cr_assert_eq(rt_join_set_next(set, &result), 0);
		cr_assert_eq(result.value, MS(i));
		cr_assert_eq(result.outcome, VIGIL_OUTCOME_COMPLETED);
	}
	cr_assert_eq(rt_join_set_next(set, &result), -EPIPE);
	cr_assert_eq(rt_join_set_try_next(set, &result), -EPIPE);
	rt_join_set_free(set);
	return 0;
}

Test(rt_join_set, gives_results_in_the_order_tasks_end)
{
	cr_assert_eq(rt_paused(as_they_come, NULL), 0);

	cr_assert_eq(rt_last_stats.unseen_errors, 0);
}

/* ---- All of them ---- */

static int fail_after_ms(void *arg)
{
	int error = sleep_ms(arg);

	return error ? error : rt_fail("job", -EDOM, "after %d ms", (int)(uintptr_t)arg);
}

static int finished(void *arg RT_UNUSED)
{
	uint64_t begin = rt_now();
	struct rt_error *error;

	ended = 0;
	set = rt_join_set_new("well");
	rt_join_set_spawn(set, sleep_ms, MS(2), "job");
	rt_join_set_spawn(set, sleep_ms, MS(5), "job");
	cr_assert_eq(rt_join_set_finish(set, 0), 0);
	cr_assert_eq(rt_now() - begin, 5 * RT_MS);

	set = rt_join_set_new("one fails");
	rt_join_set_spawn(set, sleep_ms, MS(9), "long");
	rt_join_set_spawn(set, fail_after_ms, MS(1), "fails");
	cr_assert_eq(rt_join_set_finish(set, 0), -EDOM);
	cr_assert_eq(rt_now() - begin, 6 * RT_MS);
	error = rt_error_take();
	cr_assert_str_eq(error->message, "after 1 ms");
	rt_error_free(error);

	set = rt_join_set_new("its spawner could not go on");
	rt_join_set_spawn(set, sleep_ms, MS(9), "job");
	cr_assert_eq(rt_join_set_finish(set, -ENFILE), -ENFILE);
	cr_assert_eq(rt_now() - begin, 6 * RT_MS);
	cr_assert_eq(rt_join_set_finish(NULL, 0), -ENOMEM);
	return 0;
}

Test(rt_join_set, ends_whole_well_or_with_the_first_failure)
{
	cr_assert_eq(rt_paused(finished, NULL), 0);

	cr_assert_eq(ended, 4, "a task was not awaited");
}

static int finishes(void *arg RT_UNUSED)
{
	struct rt_join_set *own = rt_join_set_new("own");

	rt_join_set_spawn(own, sleep_ms, MS(3), "job");
	rt_join_set_spawn(own, sleep_ms, MS(4), "job");
	return rt_join_set_finish(own, 0);
}

static int finishes_cut(void *arg RT_UNUSED)
{
	int code = rt_cut(finishes, NULL);

	cr_assert(!code || (rt_was_cut && code == -ECANCELED));
	cr_assert_eq(rt_stats().live, 1, "a task runs on");
	return 0;
}

static int use_the_stack(void *arg)
{
	int error = rt_sleep(RT_MS);

	*(bool *)arg = true;
	return error;
}

static int finishes_in_place(void *arg RT_UNUSED)
{
	struct rt_join_set *own = rt_join_set_new("own");
	bool is_used = false;
	int code;

	rt_join_set_spawn(own, use_the_stack, &is_used, "job");
	code = rt_join_set_finish(own, 0);
	cr_assert(is_used);
	return code;
}

static int go_in_place(void *arg RT_UNUSED)
{
	return rt_block_in_place(finishes_in_place, NULL);
}

Test(rt_join_set, ends_whole_in_place_too)
{
	cr_assert_eq(rt_threads(2, go_in_place, NULL), 0);
}

Test(rt_join_set, ends_whole_also_when_who_ends_it_is_cancelled)
{
	cr_assert_geq(rt_cut_everywhere(finishes_cut, NULL), 2);
}

/* ---- On the board ---- */

static int take_one(void *arg)
{
	struct rt_result result;
	int error = rt_join_set_next(set, arg ? NULL : &result);

	if (!error && !arg)
		rt_result_free(&result);
	return error;
}

static int seen_from_inside(void *arg RT_UNUSED)
{
	const struct vigil_task_record *waiter;
	struct rt_handle job;

	set = rt_join_set_new("crawl");
	rt_join_set_spawn(set, sleep_ms, MS(9), "slow");
	rt_join_set_spawn(set, sleep_ms, MS(1), "quick");
	rt_sleep(2 * RT_MS);
	cr_assert_eq(rt_board_resource("crawl")->kind, VIGIL_RESOURCE_JOIN_SET);
	cr_assert_eq(rt_board_attr(rt_board_resource("crawl")->attrs, "running"), 1);
	cr_assert_eq(rt_board_attr(rt_board_resource("crawl")->attrs, "done"), 1);
	cr_assert_eq(rt_board_task("slow")->parent, task_here()->vigil);

	take_one(NULL);
	rt_spawn(&job, take_one, NULL, "waiter");
	rt_yield();
	waiter = rt_board_task("waiter");
	cr_assert_eq(waiter->wait_kind, VIGIL_WAIT_TASK);
	cr_assert_str_eq(VIGIL_FIND(rt_reader, task, waiter->wait_object)->name, "slow");
	rt_join(&job, NULL);
	cr_assert_eq(rt_board_attr(rt_board_resource("crawl")->attrs, "running"), 0);
	cr_assert_eq(rt_board_attr(rt_board_resource("crawl")->attrs, "done"), 0);
	rt_join_set_free(set);
	return 0;
}

Test(rt_join_set, shows_its_counts_and_the_task_that_is_waited_for)
{
	cr_assert_eq(rt_paused(seen_from_inside, NULL), 0);
}

static int two_waiters(void *arg RT_UNUSED)
{
	struct rt_handle jobs[2];

	set = rt_join_set_new("crawl");
	rt_join_set_spawn(set, sleep_ms, MS(1), "first");
	rt_join_set_spawn(set, sleep_ms, MS(3), "second");
	rt_spawn(&jobs[0], take_one, NULL, "a");
	rt_yield();
	rt_spawn(&jobs[1], take_one, NULL, "b");
	rt_sleep(2 * RT_MS);
	cr_assert(rt_is_done(&jobs[0]));
	rt_look();
	cr_assert_str_eq(VIGIL_FIND(rt_reader, task, rt_board_task("b")->wait_object)->name,
			 "second");
	for (int i = 0; i < 2; i++)
		rt_join(&jobs[i], NULL);
	rt_join_set_free(set);
	return 0;
}

Test(rt_join_set, never_shows_a_task_that_has_ended_as_waited_for)
{
	cr_assert_eq(rt_paused(two_waiters, NULL), 0);
}

static int last_one_goes(void *arg RT_UNUSED)
{
	struct rt_handle jobs[2];
	struct rt_result results[2];

	set = rt_join_set_new("crawl");
	rt_join_set_spawn(set, sleep_ms, MS(1), "only");
	for (int i = 0; i < 2; i++)
		rt_spawn(&jobs[i], take_one, NULL, "taker");
	for (int i = 0; i < 2; i++)
		rt_join(&jobs[i], &results[i]);
	cr_assert_eq(results[0].code + results[1].code, -EPIPE);
	rt_join_set_free(set);
	return 0;
}

Test(rt_join_set, tells_who_waits_that_the_last_result_was_taken)
{
	cr_assert_eq(rt_paused(last_one_goes, NULL), 0);
}

/* ---- Errors ---- */

static int fail_soon(void *arg RT_UNUSED)
{
	return rt_fail("io", -EIO, "disk on fire");
}

static int errors_seen_and_unseen(void *arg RT_UNUSED)
{
	struct rt_result result;

	set = rt_join_set_new("disks");
	rt_join_set_spawn(set, fail_soon, NULL, "disk");
	cr_assert_eq(rt_join_set_next(set, &result), 0);
	cr_assert_eq(result.code, -EIO);
	cr_assert_str_eq(result.error->message, "disk on fire");
	rt_result_free(&result);
	cr_assert_eq(rt_stats().unseen_errors, 0);

	rt_join_set_spawn(set, fail_soon, NULL, "disk");
	cr_assert_eq(rt_join_set_next(set, NULL), 0);
	cr_assert_eq(rt_stats().unseen_errors, 1);
	rt_join_set_spawn(set, fail_soon, NULL, "disk");
	rt_yield();
	rt_join_set_free(set);
	cr_assert_eq(rt_stats().unseen_errors, 2);
	return 0;
}

Test(rt_join_set, counts_errors_that_nobody_took)
{
	cr_assert_eq(rt_paused(errors_seen_and_unseen, NULL), 0);
}

/* ---- Cancel, abort, free ---- */

static int hold_out(void *arg RT_UNUSED)
{
	int error;

	rt_shield_begin();
	error = rt_sleep(RT_MS);
	rt_shield_end();
	return error;
}

static void take_outcomes(enum vigil_outcome first, enum vigil_outcome second)
{
	struct rt_result result;

	cr_assert_eq(rt_join_set_next(set, &result), 0);
	cr_assert_eq(result.outcome, first);
	cr_assert_eq(rt_join_set_next(set, &result), 0);
	cr_assert_eq(result.outcome, second);
}

static int cut_all(void *arg RT_UNUSED)
{
	uint64_t begin = rt_now();

	set = rt_join_set_new("jobs");
	rt_join_set_spawn(set, sleep_ms, MS(50), "polite");
	rt_join_set_spawn(set, hold_out, NULL, "shielded");
	rt_yield();
	rt_join_set_cancel_all(set);
	take_outcomes(VIGIL_OUTCOME_CANCELLED, VIGIL_OUTCOME_COMPLETED);
	cr_assert_eq(rt_now() - begin, RT_MS);

	rt_join_set_spawn(set, sleep_ms, MS(50), "polite");
	rt_join_set_spawn(set, hold_out, NULL, "shielded");
	rt_yield();
	rt_join_set_abort_all(set);
	take_outcomes(VIGIL_OUTCOME_ABORTED, VIGIL_OUTCOME_ABORTED);
	cr_assert_eq(rt_now() - begin, RT_MS);
	rt_join_set_free(set);
	return 0;
}

Test(rt_join_set, cancels_or_aborts_all_and_gives_their_results)
{
	cr_assert_eq(rt_paused(cut_all, NULL), 0);
}

static int freed_early(void *arg RT_UNUSED)
{
	set = rt_join_set_new("jobs");
	rt_join_set_spawn(set, sleep_ms, MS(50), "runs");
	rt_yield();
	rt_join_set_spawn(set, sleep_ms, MS(50), "has not run");
	rt_join_set_free(set);
	cr_assert_eq(ended, 0);
	rt_yield();
	rt_yield();
	cr_assert_eq(rt_stats().aborted, 2);
	cr_assert_eq(ended, 1);
	return 0;
}

Test(rt_join_set, aborts_what_is_left_when_it_is_freed)
{
	cr_assert_eq(rt_paused(freed_early, NULL), 0);
}

/* ---- Cancellation of who waits ---- */

static int take_two_cut(void *arg)
{
	int error = rt_cut(take_one, arg);

	return error ? error : rt_cut(take_one, arg);
}

static int with_rival(void *arg RT_UNUSED)
{
	struct rt_handle jobs[2];
	size_t taken = 0;

	set = rt_join_set_new("jobs");
	for (uintptr_t i = 0; i < 4; i++)
		rt_join_set_spawn(set, sleep_ms, MS(i), "job");
	rt_spawn(&jobs[0], take_two_cut, NULL, "cut");
	rt_spawn(&jobs[1], take_one, NULL, "rival");
	for (int i = 0; i < 2; i++)
		rt_join(&jobs[i], NULL);
	while (rt_join_set_next(set, NULL) == 0)
		taken++;
	cr_assert_eq(ended, 4, "%zu taken at the end", taken);
	cr_assert_eq(taken, rt_was_cut ? 4 - rt_cut_at : 1);
	rt_join_set_free(set);
	ended = 0;
	return 0;
}

Test(rt_join_set, loses_no_result_to_a_cancel_at_any_await)
{
	cr_assert_eq(rt_cut_everywhere(with_rival, NULL), 1);
}

static int granted_and_cancelled(void *arg RT_UNUSED)
{
	struct rt_op op;
	struct rt_handle job;
	struct rt_result result = { 0 };

	/* Taken back at the moment that nobody but cancel sees: granted, and not polled since. */
	set = rt_join_set_new("jobs");
	rt_join_set_spawn(set, sleep_ms, MS(1), "job");
	op = rt_join_set_next_op(set, &result);
	cr_assert(!op.type->poll(&op));
	rt_spawn(&job, take_one, NULL, "next");
	rt_sleep(2 * RT_MS);
	cr_assert(op.is_granted);
	cr_assert(!rt_is_done(&job));
	op.type->cancel(&op);
	rt_join(&job, &result);
	cr_assert_eq(result.code, 0);

	rt_join_set_spawn(set, sleep_ms, MS(1), "job");
	op = rt_join_set_next_op(set, &result);
	cr_assert(!op.type->poll(&op));
	rt_sleep(2 * RT_MS);
	op.type->cancel(&op);
	cr_assert_eq(rt_join_set_try_next(set, &result), 0);
	rt_join_set_free(set);
	return 0;
}

Test(rt_join_set, passes_a_result_on_that_was_granted_to_a_cancelled_one)
{
	cr_assert_eq(rt_paused(granted_and_cancelled, NULL), 0);
}

static int loser_of_a_select(void *arg RT_UNUSED)
{
	struct rt_result result;

	set = rt_join_set_new("jobs");
	rt_join_set_spawn(set, sleep_ms, MS(2), "job");
	cr_assert_eq(rt_timeout(RT_MS, rt_join_set_next_op(set, &result)), -ETIMEDOUT);
	cr_assert_eq(rt_join_set_count(set), 1);
	cr_assert_eq(rt_timeout(2 * RT_MS, rt_join_set_next_op(set, &result)), 0);
	rt_join_set_free(set);
	return 0;
}

Test(rt_join_set, gives_nothing_to_an_operation_that_timed_out)
{
	cr_assert_eq(rt_paused(loser_of_a_select, NULL), 0);
}

static int spawn_refused(void *arg RT_UNUSED)
{
	set = rt_join_set_new("outside");
	return 0;
}

Test(rt_join_set, refuses_to_spawn_outside_the_runtime)
{
	cr_assert_eq(rt_paused(spawn_refused, NULL), 0);

	cr_assert_eq(rt_join_set_spawn(set, sleep_ms, NULL, "job"), -EPERM);
	cr_assert_eq(rt_join_set_count(set), 0);
	rt_join_set_free(set);
}

/* ---- Stress ---- */

#define SETS 40
#define MEMBERS 8

static _Atomic unsigned born, taken;

static int work_a_little(void *arg)
{
	uintptr_t n = (uintptr_t)arg;

	for (uintptr_t i = 0; i < n % 4; i++)
		if (rt_yield())
			break;
	if (n % 5 == 0)
		rt_sleep(n % 3 * 20 * RT_US);
	return n % 7 ? 0 : rt_fail("io", -EIO, "job %u", (unsigned)n);
}

/* Freed at any moment of its members' lives, their last among them. */
static int own_a_set(void *arg)
{
	struct rt_join_set *own = rt_join_set_new("own");
	uintptr_t n = (uintptr_t)arg;
	struct rt_result result;

	for (uintptr_t i = 0; i < MEMBERS; i++)
		if (rt_join_set_spawn(own, work_a_little, MS(n + i), "member") == 0)
			born++;
	for (uintptr_t i = 0; i < n % (MEMBERS + 2); i++) {
		int code = n % 3 ? rt_join_set_next(own, &result) :
				   rt_timeout(10 * RT_US, rt_join_set_next_op(own, &result));

		if (code)
			continue;
		rt_result_free(&result);
		taken++;
	}
	if (n % 4 == 0)
		rt_join_set_cancel_all(own);
	rt_join_set_free(own);
	return 0;
}

static int own_many(void *arg RT_UNUSED)
{
	struct rt_handle jobs[SETS];

	for (int round = 0; round < 4; round++) {
		for (uintptr_t i = 0; i < SETS; i++)
			rt_spawn(&jobs[i], own_a_set, MS(i + (uintptr_t)round), "owner");
		for (int i = 0; i < SETS; i++)
			rt_join(&jobs[i], NULL);
	}
	return 0;
}

Test(rt_join_set, is_freed_while_its_tasks_end_on_four_workers)
{
	cr_assert_eq(rt_threads(4, own_many, NULL), 0);

	cr_assert_eq(born, 4 * SETS * MEMBERS);
	cr_assert_gt(taken, SETS);
}

static int taker(void *arg RT_UNUSED)
{
	struct rt_result result;
	int code;

	for (;;) {
		code = rt_timeout(20 * RT_US, rt_join_set_next_op(set, &result));
		if (code == -EPIPE)
			return 0;
		if (code)
			continue;
		rt_result_free(&result);
		taken++;
	}
}

static int shared_set(void *arg RT_UNUSED)
{
	struct rt_handle takers[4];

	set = rt_join_set_new("shared");
	for (uintptr_t i = 0; i < 200; i++)
		rt_join_set_spawn(set, work_a_little, MS(i), "member");
	for (int i = 0; i < 4; i++)
		rt_spawn(&takers[i], taker, NULL, "taker");
	for (int i = 0; i < 4; i++)
		rt_join(&takers[i], NULL);
	cr_assert_eq(rt_join_set_count(set), 0);
	rt_join_set_free(set);
	return 0;
}

Test(rt_join_set, gives_each_result_once_to_several_takers)
{
	cr_assert_eq(rt_threads(4, shared_set, NULL), 0);

	cr_assert_eq(taken, 200);
}
