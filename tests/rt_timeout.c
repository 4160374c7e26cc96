/* SPDX-License-Identifier: MIT */
/* The example runtime's time limits: what is cut, what is kept, who waits for whom. */
#include "tests/support/rt.h"

TestSuite(rt_timeout, .init = rt_begin, .fini = rt_end_empty);

static unsigned begun, cleaned, done;

/* Returns arg's number after 10 ms. */
static int work(void *arg)
{
	int error;

	begun++;
	error = rt_sleep(10 * RT_MS);
	if (error) {
		cleaned++;
		return error;
	}
	done++;
	return *(int *)arg;
}

static int in_time_and_late(void *arg RT_UNUSED)
{
	int answer = 42;

	cr_assert_eq(rt_timeout_call(20 * RT_MS, work, &answer, "quick"), 42);
	cr_assert_eq(rt_timeout_call(5 * RT_MS, work, &answer, "slow"), -ETIMEDOUT);
	cr_assert_eq(rt_now(), 15 * RT_MS);
	cr_assert_eq(cleaned, 1);
	return 0;
}

Test(rt_timeout, gives_the_result_or_cancels_the_function)
{
	cr_assert_eq(rt_paused(in_time_and_late, NULL), 0);

	cr_assert_eq(rt_last_stats.cancelled, 1);
}

static int fails(void *arg RT_UNUSED)
{
	return rt_fail("db", -EIO, "no such row");
}

static int fails_late(void *arg RT_UNUSED)
{
	rt_sleep(RT_S);
	return rt_fail("db", -EIO, "rolled back");
}

static int with_errors(void *arg RT_UNUSED)
{
	struct rt_error *error;
	char words[128];

	cr_assert_eq(rt_timeout_call(RT_MS, fails, NULL, "query"), -EIO);
	error = rt_error_take();
	cr_assert(rt_error_of_type(error, "db"));
	rt_error_free(error);

	cr_assert_eq(rt_timeout_call(RT_MS, fails_late, NULL, "query"), -ETIMEDOUT);
	error = rt_error_take();
	rt_error_print(error, words, sizeof(words));
	cr_assert_str_eq(words, "\"query\" took longer than 1 ms: rolled back");
	rt_error_free(error);
	return 0;
}

Test(rt_timeout, passes_on_the_error_of_the_function)
{
	cr_assert_eq(rt_paused(with_errors, NULL), 0);

	cr_assert_eq(rt_last_stats.unseen_errors, 0);
}

static int succeeds_all_the_same(void *arg RT_UNUSED)
{
	rt_sleep(RT_S);
	return 7;
}

static int late_but_done(void *arg RT_UNUSED)
{
	return rt_timeout_call(RT_MS, succeeds_all_the_same, NULL, "commit");
}

Test(rt_timeout, does_not_lose_what_was_done_in_spite_of_the_cancel)
{
	cr_assert_eq(rt_paused(late_but_done, NULL), 7);
}

static int shielded(void *arg)
{
	rt_shield_begin();
	rt_sleep(50 * RT_MS);
	rt_shield_end();
	*(unsigned *)arg += 1;
	return rt_sleep(RT_S);
}

static int uses_the_stack(void *arg RT_UNUSED)
{
	unsigned on_stack = 0;

	cr_assert_eq(rt_timeout_call(RT_MS, shielded, &on_stack, "shielded"), -ETIMEDOUT);
	cr_assert_eq(on_stack, 1);
	cr_assert_eq(rt_now(), 50 * RT_MS);
	return 0;
}

Test(rt_timeout, waits_for_the_end_of_what_it_cancelled)
{
	cr_assert_eq(rt_paused(uses_the_stack, NULL), 0);
}

/* ---- On the board ---- */

static int limited(void *arg)
{
	return rt_timeout_call(5 * RT_MS, work, arg, "work");
}

static int watched(void *arg RT_UNUSED)
{
	const struct vigil_task_record *t;
	struct rt_handle job;
	vigil_task inner;
	int answer = 1;

	rt_spawn(&job, limited, &answer, "limited");
	rt_yield();
	rt_yield();
	inner = rt_board_task("work")->parent;
	t = rt_board_task("limited");
	cr_assert_eq(t->wait_kind, VIGIL_WAIT_TASK);
	cr_assert_eq(t->wait_until_ns, 5 * RT_MS);
	cr_assert_eq(inner, job.task->vigil);
	rt_join(&job, NULL);
	return 0;
}

Test(rt_timeout, shows_what_is_awaited_and_until_when)
{
	cr_assert_eq(rt_paused(watched, NULL), 0);
}

/* ---- Cancellation ---- */

static int two_calls(void *arg)
{
	int code = rt_timeout_call(20 * RT_MS, work, arg, "inner");

	if (code < 0)
		return code;
	return rt_timeout_call(5 * RT_MS, work, arg, "inner");
}

static int two_calls_cut(void *arg)
{
	return rt_cut(two_calls, arg);
}

static int cut_calls(void *arg RT_UNUSED)
{
	struct rt_handle job;
	struct rt_result result;
	int answer = 1;

	begun = cleaned = done = 0;
	rt_spawn(&job, two_calls_cut, &answer, "outer");
	rt_join(&job, &result);
	cr_assert_eq(begun, cleaned + done, "one was left");
	cr_assert_eq(rt_stats().live, 1);
	rt_result_free(&result);
	return 0;
}

Test(rt_timeout, survives_a_cancel_at_every_await)
{
	cr_assert_geq(rt_cut_everywhere(cut_calls, NULL), 3);
}

static int aborted_outer(void *arg RT_UNUSED)
{
	struct rt_result result;
	struct rt_handle job;
	unsigned on_stack = 0;

	rt_spawn(&job, two_calls, &(int){ 1 }, "outer");
	rt_yield();
	rt_yield();
	rt_abort(&job);
	rt_join(&job, &result);
	cr_assert_eq(result.outcome, VIGIL_OUTCOME_ABORTED);
	cr_assert_eq(cleaned, 1);
	cr_assert_eq(rt_stats().aborted, 2);
	cr_assert_eq(rt_timeout_call(0, shielded, &on_stack, "again"), -ETIMEDOUT);
	rt_result_free(&result);
	return 0;
}

Test(rt_timeout, passes_an_abort_on)
{
	cr_assert_eq(rt_paused(aborted_outer, NULL), 0);
}

static int call_in_place(void *arg RT_UNUSED)
{
	return rt_timeout_call(RT_MS, fails, NULL, "in place");
}

static int block_in_place(void *arg RT_UNUSED)
{
	return rt_block_in_place(call_in_place, NULL);
}

Test(rt_timeout, is_refused_where_nobody_can_await)
{
	cr_assert_eq(rt_timeout_call(RT_MS, fails, NULL, "nowhere"), -EPERM);
	cr_assert_eq(rt_threads(2, block_in_place, NULL), -EDEADLK);
}

/* ---- Stress ---- */

#define TASKS 40
#define ROUNDS 20

static _Atomic unsigned in_time, late;

static int nap(void *arg)
{
	return rt_sleep((uint64_t)(uintptr_t)arg);
}

static int many_calls(void *arg)
{
	for (uintptr_t i = 0; i < ROUNDS; i++) {
		/* About as long as the limit: ends and cancels meet. */
		uint64_t ns = (uintptr_t)arg % 3 * RT_MS;
		int code = rt_timeout_call(RT_MS, nap, (void *)(uintptr_t)ns, "nap");

		cr_assert(code == 0 || code == -ETIMEDOUT, "%d", code);
		if (code)
			late++;
		else
			in_time++;
	}
	return 0;
}

static int all_calls(void *arg RT_UNUSED)
{
	struct rt_handle jobs[TASKS];

	for (uintptr_t i = 0; i < TASKS; i++)
		rt_spawn(&jobs[i], many_calls, (void *)i, "caller");
	for (int i = 0; i < TASKS; i++)
		rt_join(&jobs[i], NULL);
	cr_assert_eq(rt_stats().live, 1);
	return 0;
}

Test(rt_timeout, cuts_on_four_workers_what_ends_at_the_same_time)
{
	cr_assert_eq(rt_threads(4, all_calls, NULL), 0);

	cr_assert_eq(in_time + late, TASKS * ROUNDS);
}
