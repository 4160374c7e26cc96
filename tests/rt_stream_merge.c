/* SPDX-License-Identifier: MIT */
/* The example runtime's streams merged, and used up: by one task, or several at once. */
#include "tests/support/rt_stream.h"

TestSuite(rt_stream_merge, .init = rt_begin, .fini = rt_end_empty);

/* ---- Merge ---- */

static int merge_two(void *arg RT_UNUSED)
{
	struct plan a = { .count = 3, .ns = 10 * RT_MS };
	struct plan b = { .from = 7, .count = 2, .ns = 11 * RT_MS, .code = -EIO };
	struct rt_stream *of[] = { numbers(&a), numbers(&b) };
	struct rt_stream *merged = rt_stream_merge("both", of, 2);

	cr_assert_eq(draw(merged), -EIO);
	rt_error_free(rt_error_take());
	note("error ", 0);
	cr_assert_eq(draw(merged), -EPIPE);
	rt_stream_free(merged);
	merged = rt_stream_merge("none", of, 0);
	cr_assert_eq(draw(merged), -EPIPE);
	rt_stream_free(merged);
	return 0;
}

Test(rt_stream_merge, merges_as_items_come_and_goes_on_after_an_error)
{
	cr_assert_eq(rt_paused(merge_two, NULL), 0);

	cr_assert_str_eq(log_of, "0 7 1 8 error 2 ");
}

static int free_merged(void *arg RT_UNUSED)
{
	struct plan plans[3] = { { .count = 9 }, { .count = 9, .ns = RT_MS }, { 0 } };
	struct rt_stream *of[3], *merged;
	void *item;

	for (int i = 0; i < 3; i++)
		of[i] = rt_stream_new("early", make_and_clean_up, &plans[i], drop);
	merged = rt_stream_merge("all", of, 3);
	cr_assert_eq(rt_stream_next(merged, &item), 0);
	item_free(item);
	rt_sleep(2 * RT_MS);
	rt_stream_free(merged);
	for (int i = 0; i < 3; i++)
		cr_assert_eq(plans[i].count, -1, "freed before its maker has ended");
	return 0;
}

Test(rt_stream_merge, frees_what_it_was_merged_from)
{
	cr_assert_eq(rt_paused(free_merged, NULL), 0);

	cr_assert_eq(alive, 0);
}

/* ---- For each ---- */

static _Atomic int at_once, peak, used;
static int fails_at = -1;

static int use_item(void *arg RT_UNUSED, void *item)
{
	int number = item_free(item), now = ++at_once, error = 0;

	if (now > peak)
		peak = now;
	used++;
	if (number != fails_at)
		error = rt_sleep(5 * RT_MS);
	at_once--;
	return number == fails_at ? rt_fail("use", -EDOM, "item %d", number) : error;
}

static int each_of_ten(void *arg RT_UNUSED)
{
	struct plan plan = { .count = 10 };
	uint64_t begin = rt_now();

	cr_assert_eq(rt_stream_for_each(numbers(&plan), use_item, NULL), 0);
	cr_assert_eq(rt_now() - begin, 50 * RT_MS);
	cr_assert_eq(peak, 1);
	begin = rt_now();
	cr_assert_eq(rt_stream_for_each_bounded(numbers(&plan), 4, use_item, NULL, "use"), 0);
	cr_assert_eq(rt_now() - begin, 15 * RT_MS);
	cr_assert_eq(peak, 4);
	cr_assert_eq(rt_stream_for_each_bounded(rt_stream_take(numbers(&plan), 3), SIZE_MAX,
						use_item, NULL, "use"),
		     0);
	cr_assert_eq(rt_stream_for_each_bounded(numbers(&plan), 0, use_item, NULL, "use"), -EINVAL);
	return 0;
}

Test(rt_stream_merge, is_used_up_one_by_one_or_several_at_once)
{
	cr_assert_eq(rt_paused(each_of_ten, NULL), 0);

	cr_assert_eq(used, 23);
	cr_assert_eq(alive, 0);
}

static int each_fails(void *arg RT_UNUSED)
{
	struct plan plan = { .count = 10, .ns = RT_MS }, failing = { .count = 2, .code = -EIO };
	struct rt_error *error;

	fails_at = 3;
	cr_assert_eq(rt_stream_for_each(numbers(&plan), use_item, NULL), -EDOM);
	cr_assert_eq(used, 4);
	cr_assert_eq(rt_stream_for_each_bounded(numbers(&plan), 4, use_item, NULL, "use"), -EDOM);
	cr_assert_eq(at_once, 0, "a task runs on");
	error = rt_error_take();
	cr_assert_str_eq(error->message, "item 3");
	rt_error_free(error);
	fails_at = -1;
	cr_assert_eq(rt_stream_for_each(numbers(&failing), use_item, NULL), -EIO);
	cr_assert_eq(rt_stream_for_each_bounded(numbers(&failing), 4, use_item, NULL, "use"), -EIO);
	error = rt_error_take();
	cr_assert_str_eq(error->message, "after 2");
	rt_error_free(error);
	cr_assert_eq(at_once, 0, "a task runs on");
	return 0;
}

Test(rt_stream_merge, is_used_until_the_first_error)
{
	cr_assert_eq(rt_paused(each_fails, NULL), 0);

	cr_assert_eq(alive, 0);
}

/* A slow stream does not hide that a task has failed. */
static int fails_while_nothing_comes(void *arg RT_UNUSED)
{
	struct plan plan = { .count = 2, .ns = RT_S };
	uint64_t begin = rt_now();

	fails_at = 0;
	cr_assert_eq(rt_stream_for_each_bounded(numbers(&plan), 4, use_item, NULL, "use"), -EDOM);
	cr_assert_eq(rt_now() - begin, RT_S);
	rt_error_free(rt_error_take());
	return 0;
}

Test(rt_stream_merge, ends_at_an_error_though_it_waits_for_items)
{
	cr_assert_eq(rt_paused(fails_while_nothing_comes, NULL), 0);
}

/* ---- Cancellation ---- */

static int use_everything(void *arg)
{
	struct plan plan = { .count = 4, .ns = RT_MS }, more = { .from = 4, .count = 2 };
	struct rt_stream *of[] = { numbers(&plan), rt_stream_throttle(numbers(&more), RT_MS) };
	struct rt_stream *stream = rt_stream_filter(
		rt_stream_map(rt_stream_merge("both", of, 2), tenfold, NULL, drop), is_even, NULL);
	int code;

	if (arg)
		return rt_stream_for_each_bounded(stream, 2, use_item, NULL, "use");
	stream = rt_stream_chunks(stream, 2);
	code = rt_stream_for_each(stream, use_chunk, NULL);
	return code;
}

static int use_cut(void *arg)
{
	return rt_cut(use_everything, arg);
}

static int user_cut(void *arg)
{
	struct rt_handle job;

	log_of[0] = '\0';
	rt_spawn(&job, use_cut, arg, "cut");
	rt_join(&job, NULL);
	cr_assert_eq(at_once, 0);
	cr_assert_eq(alive, 0);
	return 0;
}

Test(rt_stream_merge, loses_nothing_when_its_user_is_cancelled_at_any_await)
{
	cr_assert_gt(rt_cut_everywhere(user_cut, NULL), 8);
	cr_assert_gt(rt_cut_everywhere(user_cut, ""), 8);
}

/* Cleans up after a cancel, for a while. */
static int use_and_clean_up(void *arg RT_UNUSED, void *item)
{
	int error;

	item_free(item);
	at_once++;
	error = rt_sleep(5 * RT_MS);
	rt_shield_begin();
	rt_sleep(RT_MS);
	rt_shield_end();
	at_once--;
	return error;
}

static int roll_back(void *item)
{
	item_free(item);
	return 0;
}

static void drop_by_a_job(void *item)
{
	if (rt_call_blocking(roll_back, item, "roll back"))
		item_free(item); /* cancelled, and nothing awaits us */
}

static int use_with_jobs(void *arg RT_UNUSED)
{
	struct plan plan = { .count = 6 };

	return rt_stream_for_each_bounded(rt_stream_new("numbers", make, &plan, drop_by_a_job), 4,
					  use_and_clean_up, NULL, "use");
}

static int use_with_jobs_cut(void *arg)
{
	return rt_cut(use_with_jobs, arg);
}

static int user_with_jobs_cut(void *arg RT_UNUSED)
{
	struct rt_handle job;

	rt_spawn(&job, use_with_jobs_cut, NULL, "cut");
	rt_join(&job, NULL);
	cr_assert_eq(at_once, 0, "a task runs on");
	cr_assert_eq(alive, 0);
	return 0;
}

Test(rt_stream_merge, awaits_its_tasks_though_drop_awaits_a_job)
{
	cr_assert_gt(rt_cut_everywhere(user_with_jobs_cut, NULL), 3);
}

static int each_in_place(void *stream)
{
	return rt_stream_for_each_bounded(stream, 2, use_item, NULL, "use");
}

static int go_in_place(void *arg RT_UNUSED)
{
	struct plan plan = { .count = 9 };
	struct rt_stream *stream = rt_stream_new("early", make_and_clean_up, &plan, drop);
	void *item;

	cr_assert_eq(rt_stream_next(stream, &item), 0);
	item_free(item);
	cr_assert_eq(rt_block_in_place(each_in_place, stream), -EDEADLK);
	cr_assert_eq(plan.count, -1, "freed before its maker has ended");
	return 0;
}

Test(rt_stream_merge, is_not_used_in_place_and_its_maker_awaited)
{
	cr_assert_eq(rt_threads(2, go_in_place, NULL), 0);

	cr_assert_eq(used, 0);
	cr_assert_eq(alive, 0);
}

/* ---- Stress ---- */

#define MERGED 8
#define EACH 150

static _Atomic int sum;

static int add_up(void *arg RT_UNUSED, void *item)
{
	int number = item_free(item);

	sum += number;
	if (number % 3 == 0)
		rt_yield();
	return 0;
}

static int merge_many(void *arg RT_UNUSED)
{
	struct plan plans[MERGED];
	struct rt_stream *of[MERGED];

	for (int i = 0; i < MERGED; i++) {
		plans[i] = (struct plan){ .from = i, .count = EACH };
		of[i] = numbers(&plans[i]);
	}
	cr_assert_eq(rt_stream_for_each_bounded(rt_stream_merge("many", of, MERGED), 8, add_up,
						NULL, "use"),
		     0);
	return 0;
}

Test(rt_stream_merge, gives_each_item_once_on_four_workers)
{
	cr_assert_eq(rt_threads(4, merge_many, NULL), 0);

	cr_assert_eq(sum, MERGED * (EACH * (EACH - 1) / 2) + EACH * MERGED * (MERGED - 1) / 2);
	cr_assert_eq(alive, 0);
}

/* Freed, cancelled and timed out at any moment. */
static int use_some(void *arg)
{
	int n = (int)(uintptr_t)arg;
	struct plan plans[2] = { { .count = 20 }, { .count = 20, .ns = n % 5 * 10 * RT_US } };
	struct rt_stream *of[2] = { numbers(&plans[0]), numbers(&plans[1]) };
	struct rt_stream *stream = rt_stream_merge("some", of, 2);
	void *item;

	for (int i = 0; i < n % 30; i++)
		if (rt_stream_next(stream, &item) == 0)
			item_free(item);
	rt_stream_free(stream);
	return 0;
}

static int use_and_cut(void *arg RT_UNUSED)
{
	struct rt_handle jobs[40];

	for (uintptr_t i = 0; i < 40; i++)
		rt_spawn(&jobs[i], use_some, (void *)i, "user");
	for (int i = 0; i < 40; i++) {
		if (i % 3 == 1)
			rt_cancel(&jobs[i]);
		if (i % 3 == 2)
			rt_abort(&jobs[i]);
		rt_yield();
	}
	for (int i = 0; i < 40; i++)
		rt_join(&jobs[i], NULL);
	return 0;
}

Test(rt_stream_merge, loses_nothing_freed_at_any_moment_on_four_workers)
{
	for (int round = 0; round < 3; round++)
		cr_assert_eq(rt_threads(4, use_and_cut, NULL), 0);

	cr_assert_eq(alive, 0);
}
