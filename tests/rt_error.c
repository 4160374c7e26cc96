/* SPDX-License-Identifier: MIT */
/* The example runtime's errors: chains, whose they are, and those that nobody saw. */
#include <stdlib.h>

#include "tests/support/rt.h"

TestSuite(rt_error, .init = rt_begin, .fini = rt_end_empty);

/* ---- Chains ---- */

Test(rt_error, prints_from_the_outermost_to_the_innermost)
{
	struct rt_error *error = rt_error_new("context", -EIO, "load %s", "users");
	char words[64], few[8];

	error->cause = rt_error_new("io", -EIO, "read");

	cr_assert_eq(rt_error_print(error, words, sizeof(words)), 16);
	cr_assert_str_eq(words, "load users: read");
	cr_assert_eq(rt_error_print(error, few, sizeof(few)), 16);
	cr_assert_str_eq(few, "load us");
	cr_assert_eq(rt_error_print(error, NULL, 0), 16);
	cr_assert_eq(rt_error_print(NULL, few, sizeof(few)), 0);
	cr_assert_str_eq(few, "");
	rt_error_free(error);
	rt_error_free(NULL);
}

Test(rt_error, is_found_by_its_type)
{
	struct rt_error *error = rt_error_new("context", -EIO, "load");
	const char type[] = "io";

	error->cause = rt_error_new("io", -EIO, "read");

	cr_assert_eq(rt_error_of_type(error, type), error->cause);
	cr_assert_eq(rt_error_of_type(error, "context"), error);
	cr_assert_eq(rt_error_of_type(error, "db"), NULL);
	cr_assert_eq(rt_error_of_type(NULL, "db"), NULL);
	rt_error_free(error);
}

/* ---- Of a task ---- */

static int read_block(void)
{
	return rt_fail("io", -EIO, "block %d", 7);
}

static int load_users(void *arg RT_UNUSED)
{
	return rt_context(rt_context(read_block(), "read users"), "load");
}

static int join_loader(void *arg RT_UNUSED)
{
	struct rt_handle job;
	struct rt_result result;

	rt_spawn(&job, load_users, NULL, "loader");
	rt_join(&job, &result);
	cr_assert_eq(result.code, -EIO);
	/* What a joined task failed of is this task's error now. */
	return rt_context(rt_fail_with(result.error), "start");
}

Test(rt_error, gathers_what_was_being_done)
{
	struct rt_error *error = NULL;
	char words[128];

	cr_assert_eq(
		rt_go((struct rt_options){ .workers = 1, .ret_error = &error }, join_loader, NULL),
		-EIO);

	rt_error_print(error, words, sizeof(words));
	cr_assert_str_eq(words, "start: load: read users: block 7");
	cr_assert_str_eq(rt_error_of_type(error, "io")->message, "block 7");
	rt_error_free(error);
	cr_assert_eq(rt_board_task("loader")->outcome, VIGIL_OUTCOME_FAILED);
	cr_assert_eq(rt_board_task("loader")->code, -EIO);
	cr_assert_str_eq(rt_board_words(rt_board_task("loader")->attrs, "error"),
			 "load: read users: block 7");
}

static int pass_through(void *arg RT_UNUSED)
{
	cr_assert_eq(rt_context(0, "never said"), 0);
	cr_assert_eq(rt_context(5, "never said"), 5);
	cr_assert_eq(rt_error_take(), NULL);
	cr_assert_eq(rt_fail_with(NULL), 0);
	rt_context(-ENOENT, "open");
	return -ENOENT;
}

static int bare_code(void *arg RT_UNUSED)
{
	struct rt_handle job;
	struct rt_result result;
	char words[64];

	rt_spawn(&job, pass_through, NULL, "bare");
	rt_join(&job, &result);
	rt_error_print(result.error, words, sizeof(words));
	cr_assert_str_eq(words, "open: No such file or directory");
	rt_result_free(&result);
	return 0;
}

Test(rt_error, of_a_bare_code_has_the_words_of_errno)
{
	cr_assert_eq(rt_paused(bare_code, NULL), 0);
}

static int handle_and_complete(void *arg RT_UNUSED)
{
	read_block();
	return 0;
}

static int handle_and_fail_otherwise(void *arg RT_UNUSED)
{
	read_block();
	return -EPIPE;
}

static int handle_and_wrap_another(void *arg RT_UNUSED)
{
	read_block();
	return rt_context(-EPIPE, "send");
}

static int handled(void *arg RT_UNUSED)
{
	const rt_fn fns[] = { handle_and_complete, handle_and_fail_otherwise,
			      handle_and_wrap_another };

	for (int i = 0; i < 3; i++) {
		struct rt_handle job;
		struct rt_result result;

		rt_spawn(&job, fns[i], NULL, "handler");
		rt_join(&job, &result);
		cr_assert_eq(result.code, i ? -EPIPE : 0);
		if (i == 2)
			cr_assert_str_eq(result.error->message, "send");
		else
			cr_assert_eq(result.error, NULL);
		cr_assert_eq(rt_error_of_type(result.error, "io"), NULL, "it was handled");
		rt_result_free(&result);
	}
	return 0;
}

Test(rt_error, that_was_handled_is_not_the_cause_of_another)
{
	cr_assert_eq(rt_paused(handled, NULL), 0);
}

/* ---- Unseen ---- */

static int spawn_failing(void *arg RT_UNUSED)
{
	struct rt_handle looked_at, joined, dropped;
	struct rt_result result;

	rt_spawn(NULL, load_users, NULL, "detached");
	rt_spawn(&looked_at, load_users, NULL, "looked at");
	rt_spawn(&joined, load_users, NULL, "joined without a look");
	rt_spawn(&dropped, load_users, NULL, "dropped");
	rt_drop(&dropped);
	rt_join(&looked_at, &result);
	rt_result_free(&result);
	rt_join(&joined, NULL);
	rt_yield();
	return 0;
}

Test(rt_error, that_nobody_saw_is_counted)
{
	cr_assert_eq(rt_paused(spawn_failing, NULL), 0);

	cr_assert_eq(rt_last_stats.failed, 4);
	cr_assert_eq(rt_last_stats.unseen_errors, 3);
}

static int look_at_unseen(void *arg RT_UNUSED)
{
	const struct vigil_executor_record *executor;

	for (int i = 0; i < 100; i++)
		rt_spawn(NULL, load_users, NULL, "detached");
	while (rt_stats().live > 1)
		rt_sleep(RT_MS);
	rt_look();
	executor = VIGIL_AT(rt_reader, executor, vigil_ref_index(task_here()->rt->executor));
	cr_assert_eq(rt_stats().unseen_errors, 100);
	cr_assert_eq(rt_board_attr(executor->attrs, "errors unseen"), 100);
	return 0;
}

Test(rt_error, that_nobody_saw_stands_on_the_board)
{
	for (int i = 0; i < 10; i++)
		cr_assert_eq(rt_threads(4, look_at_unseen, NULL), 0);
}

/* ---- Outside ---- */

Test(rt_error, outside_a_task_only_codes_are_left)
{
	cr_assert_eq(rt_fail("io", -EIO, "nowhere"), -EIO);
	cr_assert_eq(rt_fail_with(rt_error_new("io", -EIO, "freed")), -EIO);
	cr_assert_eq(rt_context(-EIO, "nowhere"), -EIO);
	cr_assert_eq(rt_error_take(), NULL);
}
