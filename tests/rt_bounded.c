/* SPDX-License-Identifier: MIT */
/* The example runtime's bounded work: how many at once, in which order, who gets what is left. */
#include <stdlib.h>

#include "tests/support/rt.h"

TestSuite(rt_bounded, .init = rt_begin, .fini = rt_end_empty);

static unsigned given, items;
static char order[64];
static _Atomic unsigned at_once, peak, taken, dropped;
static _Atomic int fails_at = -1;

struct item {
	unsigned number;
	char memory[8]; /* so that a leak, or a use after free, is seen */
};

static bool next_item(void *arg RT_UNUSED, void **ret_item)
{
	struct item *item;

	if (given == items)
		return false;
	item = calloc(1, sizeof(*item));
	item->number = given++;
	*ret_item = item;
	return true;
}

/* Item 0 is the slowest; no two end at once: 125, 64, 27, 8, 1 ms. */
static int work(void *item)
{
	unsigned number = ((struct item *)item)->number, left = items - number;
	unsigned now = ++at_once;
	int error;

	if (now > peak)
		peak = now;
	error = rt_sleep(left * left * left * RT_MS);
	at_once--;
	rt_set_value(item);
	return (int)number == fails_at ? rt_fail("io", -EIO, "item %u", number) : error;
}

static int take(void *arg RT_UNUSED, void *item, const struct rt_result *result)
{
	size_t length = strlen(order);
	int code = result->code;

	if (length + 1 < sizeof(order))
		order[length] = (char)('0' + ((struct item *)item)->number % 10);
	taken++;
	free(item);
	return code;
}

static void drop(void *arg RT_UNUSED, void *item, const struct rt_result *result)
{
	if (result->value)
		cr_assert_eq(result->value, item);
	dropped++;
	free(item);
}

static struct rt_bounded bounded = {
	.next = next_item, .work = work, .take = take, .drop = drop, .limit = 2, .name = "fetch"
};

static int run(void *arg RT_UNUSED)
{
	return rt_bounded_run(&bounded);
}

static int run_in_place(void *arg RT_UNUSED)
{
	return rt_block_in_place(run, NULL);
}

Test(rt_bounded, is_refused_in_place_and_begins_nothing)
{
	items = 5;
	cr_assert_eq(rt_threads(2, run_in_place, NULL), -EDEADLK);

	cr_assert_eq(given, 0);
	cr_assert_eq(rt_misuses, 1);
}

Test(rt_bounded, takes_results_as_they_complete)
{
	items = 5;
	cr_assert_eq(rt_paused(run, NULL), 0);

	cr_assert_str_eq(order, "12340");
	cr_assert_eq(peak, 2);
	cr_assert_eq(dropped, 0);
}

Test(rt_bounded, takes_results_in_the_order_of_the_items)
{
	items = 9;
	bounded.is_ordered = true;
	bounded.limit = 4;
	cr_assert_eq(rt_paused(run, NULL), 0);

	cr_assert_str_eq(order, "012345678");
	cr_assert_eq(peak, 4);
}

static int look_then_run(void *arg)
{
	struct rt_handle job;

	rt_spawn(&job, run, arg, "runner");
	/* Item 0 is slow, the others wait behind it: no more of them than the limit. */
	rt_sleep(600 * RT_MS);
	cr_assert_eq(given, 3);
	cr_assert_eq(taken, 0);
	cr_assert_eq(rt_board_attr(rt_board_resource("fetch")->attrs, "running"), 1);
	cr_assert_eq(rt_board_task("runner")->wait_kind, VIGIL_WAIT_TASK);
	rt_join(&job, NULL);
	return 0;
}

Test(rt_bounded, keeps_no_more_than_the_limit_behind_a_slow_one)
{
	items = 9;
	bounded.is_ordered = true;
	bounded.limit = 3;
	cr_assert_eq(rt_paused(look_then_run, NULL), 0);

	cr_assert_str_eq(order, "012345678");
}

Test(rt_bounded, runs_nothing_when_there_is_nothing)
{
	cr_assert_eq(rt_paused(run, NULL), 0);

	cr_assert_eq(taken, 0);
}

Test(rt_bounded, refuses_a_limit_of_none)
{
	items = 3;
	bounded.limit = 0;
	cr_assert_eq(rt_paused(run, NULL), -EINVAL);

	cr_assert_str_eq(rt_misused, "rt_bounded_run of \"fetch\" with a limit of 0 would run "
				     "nothing: SIZE_MAX is no limit");
}

/* ---- Failure ---- */

static int run_and_see_error(void *arg)
{
	uint64_t begin = rt_now();
	struct rt_error *error;
	int code = run(arg);

	cr_assert_eq(code, -EIO);
	cr_assert_eq(rt_now() - begin, 216 * RT_MS, "the others were not cut short");
	cr_assert_eq(at_once, 0, "a task runs on");
	error = rt_error_take();
	cr_assert_not_null(error);
	cr_assert_str_eq(error->message, "item 4");
	rt_error_free(error);
	return 0;
}

Test(rt_bounded, ends_at_the_first_error_that_take_returns)
{
	items = 10;
	fails_at = 4;
	bounded.limit = 8;
	cr_assert_eq(rt_paused(run_and_see_error, NULL), 0);

	cr_assert_str_eq(order, "789654");
	cr_assert_eq(given, 10);
	cr_assert_eq(dropped, given - taken);
	cr_assert_eq(rt_last_stats.left, 0);
}

Test(rt_bounded, drops_results_that_wait_behind_the_one_that_failed)
{
	items = 6;
	fails_at = 0;
	bounded.is_ordered = true;
	bounded.limit = 6;
	cr_assert_eq(rt_paused(run, NULL), -EIO);

	cr_assert_str_eq(order, "0");
	cr_assert_eq(dropped, 5);
}

/* ---- Cancellation ---- */

static int run_cut(void *arg)
{
	return rt_cut(run, arg);
}

static int cut_runner(void *arg RT_UNUSED)
{
	struct rt_handle job;

	given = 0;
	taken = 0;
	dropped = 0;
	rt_spawn(&job, run_cut, NULL, "cut");
	rt_join(&job, NULL);
	cr_assert_eq(at_once, 0, "a task runs on");
	cr_assert_eq(taken + dropped, given);
	return 0;
}

Test(rt_bounded, awaits_what_runs_at_a_cancel_at_any_await)
{
	items = 5;
	cr_assert_eq(rt_cut_everywhere(cut_runner, NULL), 6);
	bounded.is_ordered = true;
	cr_assert_eq(rt_cut_everywhere(cut_runner, NULL), 6);
}

static int hold_out(void *item)
{
	at_once++;
	rt_shield_begin();
	rt_sleep(RT_S);
	rt_shield_end();
	((struct item *)item)->number++;
	at_once--;
	return 0;
}

static int abort_runner(void *arg RT_UNUSED)
{
	uint64_t begin = rt_now();
	struct rt_result result;
	struct rt_handle job;

	bounded.work = hold_out;
	rt_spawn(&job, run, NULL, "aborted");
	rt_sleep(RT_MS);
	cr_assert_eq(at_once, 2);
	rt_abort(&job);
	rt_join(&job, &result);
	cr_assert_eq(result.outcome, VIGIL_OUTCOME_ABORTED);
	cr_assert_eq(at_once, 0, "a task runs on");
	cr_assert_eq(rt_now() - begin, RT_MS, "a shield held out");
	return 0;
}

Test(rt_bounded, aborts_and_awaits_what_runs_when_it_is_aborted)
{
	items = 5;
	cr_assert_eq(rt_paused(abort_runner, NULL), 0);

	cr_assert_eq(dropped, given);
}

static int leave_it_running(void *arg RT_UNUSED)
{
	rt_spawn(NULL, run, NULL, "left");
	return rt_yield();
}

Test(rt_bounded, ends_with_the_runtime)
{
	items = 5;
	cr_assert_eq(rt_paused(leave_it_running, NULL), 0);

	cr_assert_eq(taken + dropped, given);
}

/* ---- Stress ---- */

static int work_a_little(void *item)
{
	unsigned number = ((struct item *)item)->number;
	unsigned now = ++at_once;

	cr_assert_leq(now, 16);
	for (unsigned i = 0; i < number % 5; i++)
		rt_yield();
	if (number % 11 == 0)
		rt_sleep(number % 3 * 20 * RT_US);
	at_once--;
	return 0;
}

static int take_in_order(void *arg, void *item, const struct rt_result *result RT_UNUSED)
{
	unsigned *last = arg;

	if (bounded.is_ordered)
		cr_assert_eq(((struct item *)item)->number, *last);
	*last += 1;
	taken++;
	free(item);
	return *last == 1000 ? -ENODATA : 0;
}

static int run_both_ways(void *arg RT_UNUSED)
{
	unsigned last = 0;

	bounded.arg = &last;
	cr_assert_eq(rt_bounded_run(&bounded), -ENODATA);
	last = given = 0;
	bounded.is_ordered = true;
	cr_assert_eq(rt_bounded_run(&bounded), -ENODATA);
	return 0;
}

Test(rt_bounded, never_runs_more_than_the_limit_on_four_workers)
{
	items = 1200;
	bounded.work = work_a_little;
	bounded.take = take_in_order;
	bounded.limit = 16;
	cr_assert_eq(rt_threads(4, run_both_ways, NULL), 0);

	cr_assert_eq(taken, 2000);
	cr_assert_leq(dropped, 32);
}
