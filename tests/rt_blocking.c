/* SPDX-License-Identifier: MIT */
/* The example runtime's blocking work: jobs of the pool, in place, threads that await. */
#include <sched.h>

#include "tests/support/rt.h"

TestSuite(rt_blocking, .init = rt_begin, .fini = rt_end_empty);

static _Atomic unsigned counter;
static _Atomic bool is_let_go;

static int count(void *arg RT_UNUSED)
{
	counter++;
	return 7;
}

static int wait_to_be_let_go(void *arg RT_UNUSED)
{
	counter++;
	while (!is_let_go)
		sched_yield();
	return 0;
}

static int let_go(void *arg RT_UNUSED)
{
	is_let_go = true;
	return 0;
}

/* ---- Jobs ---- */

static int is_no_task(void *arg RT_UNUSED)
{
	cr_assert_eq(task_here(), NULL);
	cr_assert_str_eq(rt_task_name(), "job");
	cr_assert_neq(rt_task_id(), 0);
	cr_assert_eq(rt_yield(), -EPERM);
	cr_assert_eq(rt_sleep(RT_MS), -EPERM);
	rt_set_value(&counter);
	return rt_fail("io", -EIO, "the disk is gone");
}

static int spawn_job(void *arg RT_UNUSED)
{
	struct rt_handle job;
	struct rt_result result;

	cr_assert_eq(rt_spawn_blocking(&job, is_no_task, NULL, "job"), 0);
	rt_join(&job, &result);
	cr_assert_eq(result.code, -EIO);
	cr_assert_eq(result.value, &counter);
	cr_assert_str_eq(result.error->message, "the disk is gone");
	rt_result_free(&result);
	cr_assert_eq(rt_board_task("job")->kind, VIGIL_TASK_BLOCKING);
	cr_assert_eq(rt_board_task("job")->polls, 1);
	return 0;
}

Test(rt_blocking, a_job_has_a_result_and_awaits_nothing)
{
	cr_assert_eq(rt_threads(1, spawn_job, NULL), 0);

	cr_assert_eq(rt_misuses, 2);
}

static int call_job(void *arg RT_UNUSED)
{
	struct rt_error *error;

	cr_assert_eq(rt_call_blocking(count, NULL, "call"), 7);
	cr_assert_eq(rt_call_blocking(is_no_task, NULL, "job"), -EIO);
	error = rt_error_take();
	cr_assert_str_eq(error->message, "the disk is gone");
	rt_error_free(error);
	return 0;
}

Test(rt_blocking, a_call_returns_the_jobs_code_and_error)
{
	cr_assert_eq(rt_threads(1, call_job, NULL), 0);

	cr_assert_eq(rt_call_blocking(count, NULL, "outside: just called"), 7);
}

/* ---- Cancel ---- */

static int cancel_queued(void *arg RT_UNUSED)
{
	struct rt_handle running, queued;
	struct rt_result result;

	rt_spawn_blocking(&running, wait_to_be_let_go, NULL, "running");
	rt_spawn_blocking(&queued, count, NULL, "queued");
	while (!counter)
		rt_yield();
	rt_cancel(&running);
	rt_cancel(&queued);
	cr_assert(rt_is_done(&queued));
	cr_assert_not(rt_is_done(&running));
	rt_join(&queued, &result);
	cr_assert_eq(result.outcome, VIGIL_OUTCOME_CANCELLED);
	is_let_go = true;
	rt_join(&running, &result);
	cr_assert_eq(result.code, 0);
	return 0;
}

Test(rt_blocking, a_job_is_cancelled_in_the_queue_and_then_no_more)
{
	const struct rt_options options = { .workers = 1, .blocking_threads = 1 };

	cr_assert_eq(rt_go(options, cancel_queued, NULL), 0);

	cr_assert_eq(counter, 1);
	cr_assert_eq(rt_board_task("queued")->polls, 0);
}

static int call_and_sleep(void *arg)
{
	char here[16] = "";

	/* The job has a pointer into this stack: a cancel must not end the wait. */
	cr_assert_eq(rt_call_blocking(wait_to_be_let_go, here, "job"), 0);
	*(bool *)arg = is_let_go;
	return rt_sleep(RT_S);
}

static int cancel_caller(void *arg)
{
	struct rt_handle job;
	struct rt_result result;
	bool was_let_go = false;

	rt_spawn(&job, call_and_sleep, &was_let_go, "caller");
	while (!counter)
		rt_yield();
	if (arg)
		rt_abort(&job);
	else
		rt_cancel(&job);
	for (int i = 0; i < 5; i++)
		rt_yield();
	cr_assert_not(rt_is_done(&job));
	cr_assert_neq(rt_board_task("caller")->wait_kind, VIGIL_WAIT_NONE);
	is_let_go = true;
	rt_join(&job, &result);
	cr_assert(was_let_go);
	cr_assert_eq(result.code, -ECANCELED);
	return 0;
}

Test(rt_blocking, a_caller_that_is_cancelled_waits_for_its_job)
{
	cr_assert_eq(rt_threads(1, cancel_caller, NULL), 0);
}

Test(rt_blocking, a_caller_that_is_aborted_waits_for_its_job)
{
	cr_assert_eq(rt_threads(1, cancel_caller, &counter), 0);
}

static int leave_a_job(void *job)
{
	cr_assert_eq(rt_spawn_blocking(job, count, NULL, "job"), 0);
	while (!rt_is_done(job))
		rt_yield();
	return 0;
}

/* Its handle is all that is left of the runtime. */
Test(rt_blocking, a_job_can_be_cancelled_and_dropped_after_the_runtime)
{
	struct rt_handle job;

	cr_assert_eq(rt_threads(1, leave_a_job, &job), 0);

	rt_cancel(&job);
	cr_assert(rt_is_done(&job));
	rt_drop(&job);
}

/* ---- In place ---- */

static int in_place_alone(void *arg RT_UNUSED)
{
	return rt_block_in_place(count, NULL);
}

Test(rt_blocking, in_place_needs_a_second_worker)
{
	cr_assert_eq(rt_threads(1, in_place_alone, NULL), -EPERM);

	cr_assert_eq(counter, 0);
}

static int use_the_runtime(void *arg RT_UNUSED)
{
	struct rt_handle job;

	cr_assert_eq(rt_sleep(RT_MS), -EDEADLK);
	cr_assert_eq(rt_yield(), -EDEADLK);
	cr_assert_eq(rt_spawn(&job, let_go, NULL, "spawned in place"), 0);
	cr_assert_eq(rt_do_blocking(rt_join_op(&job, NULL)), 0);
	cr_assert(is_let_go);
	cr_assert_eq(rt_do_blocking(rt_sleep_op(RT_MS)), 0);
	return rt_block_in_place(count, NULL);
}

static int in_place(void *arg RT_UNUSED)
{
	cr_assert_eq(rt_do_blocking(rt_sleep_op(RT_MS)), -EDEADLK);
	cr_assert_eq(rt_do_blocking((struct rt_op){ 0 }), -EDEADLK);
	cr_assert_eq(rt_block_in_place(use_the_runtime, NULL), 7);
	return rt_sleep(RT_MS);
}

Test(rt_blocking, in_place_spawns_and_blocks_but_awaits_not)
{
	cr_assert_eq(rt_threads(2, in_place, NULL), 0);

	cr_assert_eq(rt_misuses, 4);
}

static int wait_in_place(void *arg RT_UNUSED)
{
	return rt_block_in_place(wait_to_be_let_go, NULL);
}

static int call_in_place(void *arg RT_UNUSED)
{
	return rt_call_blocking(count, NULL, "call");
}

static int call_from_place(void *arg RT_UNUSED)
{
	return rt_block_in_place(call_in_place, NULL);
}

/* A job would be left alone with what it uses of the caller's stack. */
Test(rt_blocking, a_call_in_place_is_made_by_that_thread)
{
	cr_assert_eq(rt_threads(2, call_from_place, NULL), 7);

	cr_assert_eq(counter, 1);
	cr_assert_eq(rt_last_stats.spawned, 1);
}

/* More block than there are workers: stand-ins run the one that lets them go. */
static int all_in_place(void *arg RT_UNUSED)
{
	struct rt_handle jobs[8];

	for (int i = 0; i < 8; i++)
		rt_spawn(&jobs[i], wait_in_place, NULL, "in place");
	while (counter < 8)
		rt_yield();
	is_let_go = true;
	for (int i = 0; i < 8; i++)
		rt_join(&jobs[i], NULL);
	return 0;
}

Test(rt_blocking, stand_ins_work_while_all_workers_block)
{
	cr_assert_eq(rt_threads(2, all_in_place, NULL), 0);
}

#define TIMES 250

static int in_place_often(void *arg RT_UNUSED)
{
	for (int i = 0; i < TIMES; i++) {
		cr_assert_eq(rt_block_in_place(count, NULL), 7);
		/* The worker goes to sleep while its stand-in, that drives, leaves. */
		if (i % 3 == 0)
			rt_sleep(i % 9 ? 1 : RT_MS / 2);
		else
			rt_yield();
	}
	return 0;
}

static int in_place_thousandfold(void *arg RT_UNUSED)
{
	struct rt_handle jobs[4];

	for (int i = 0; i < 4; i++)
		rt_spawn(&jobs[i], in_place_often, NULL, "in place");
	for (int i = 0; i < 4; i++)
		rt_join(&jobs[i], NULL);
	return 0;
}

Test(rt_blocking, stand_ins_come_and_go_a_thousand_times)
{
	cr_assert_eq(rt_threads(2, in_place_thousandfold, NULL), 0);

	cr_assert_eq(counter, 4 * TIMES);
}

/* ---- Stress ---- */

#define TASKS 40
#define ROUNDS 30

static int call_or_spawn(void *arg)
{
	uintptr_t seed = (uintptr_t)arg;

	for (unsigned i = 0; i < ROUNDS; i++) {
		struct rt_handle job;

		if ((seed + i) % 3 == 0) {
			cr_assert_eq(rt_call_blocking(count, NULL, "call"), 7);
			continue;
		}
		cr_assert_eq(rt_spawn_blocking(&job, count, NULL, "job"), 0);
		if ((seed + i) % 4 == 0)
			rt_cancel(&job);
		if ((seed + i) % 5 == 0)
			rt_drop(&job);
		else
			cr_assert_eq(rt_join(&job, NULL), 0);
	}
	return 0;
}

static int call_all(void *arg RT_UNUSED)
{
	struct rt_handle jobs[TASKS];

	for (uintptr_t i = 0; i < TASKS; i++)
		rt_spawn(&jobs[i], call_or_spawn, (void *)i, "caller");
	for (int i = 0; i < TASKS; i++)
		rt_join(&jobs[i], NULL);
	return 0;
}

Test(rt_blocking, loses_no_job_between_cancels_drops_and_joins)
{
	const struct rt_options options = { .workers = 4, .blocking_threads = 3 };

	cr_assert_eq(rt_go(options, call_all, NULL), 0);

	cr_assert_eq(rt_last_stats.failed, 0);
	/* Dropped ones may still be queued when the main task ends. */
	cr_assert_eq(rt_last_stats.completed + rt_last_stats.cancelled + rt_last_stats.aborted,
		     1 + TASKS + TASKS * ROUNDS);
}

/* Threads whose waiter stands on their stack, woken by whoever unlocks. */
static int join_on_a_thread(void *arg)
{
	for (int i = 0; i < 40; i++) {
		struct rt_handle job;

		cr_assert_eq(rt_spawn(&job, count, NULL, "joined"), 0);
		cr_assert_eq(rt_do_blocking(rt_join_op(&job, NULL)), 0);
		if (i % 8 == 0)
			cr_assert_eq(rt_do_blocking(rt_sleep_op(100 * RT_US)), 0);
	}
	return arg ? 1 : 0;
}

static int threads_await(void *arg RT_UNUSED)
{
	struct rt_handle jobs[6];

	for (int i = 0; i < 6; i++)
		rt_spawn_blocking(&jobs[i], join_on_a_thread, NULL, "awaits");
	for (int i = 0; i < 6; i++)
		rt_join(&jobs[i], NULL);
	return 0;
}

Test(rt_blocking, wakes_threads_that_await)
{
	cr_assert_eq(rt_threads(4, threads_await, NULL), 0);
}

/* ---- Cancellation ---- */

/* What a job does to its caller's stack it does before the caller goes on. */
static int set_flag(void *arg)
{
	*(bool *)arg = true;
	return 0;
}

static int call_and_join(void *arg RT_UNUSED)
{
	struct rt_handle job = { 0 };
	bool was_called = false, was_run = false;
	int error = rt_call_blocking(set_flag, &was_called, "call");

	cr_assert(error || was_called);
	if (error)
		return error;
	error = rt_spawn_blocking(&job, set_flag, &was_run, "job");
	if (error)
		return error;
	/* Cut while it joins, it must join yet: the flag is here. */
	error = rt_join(&job, NULL);
	rt_shield_begin();
	while (job.task && rt_join(&job, NULL) == -ECANCELED)
		;
	rt_shield_end();
	cr_assert(was_run);
	return error;
}

static int call_cut(void *arg)
{
	return rt_cut(call_and_join, arg);
}

static int caller_cut(void *arg RT_UNUSED)
{
	struct rt_handle job;

	rt_spawn(&job, call_cut, NULL, "cut");
	rt_join(&job, NULL);
	return 0;
}

Test(rt_blocking, leaves_no_job_when_its_caller_is_cancelled_at_any_await)
{
	cr_assert_geq(rt_cut_everywhere(caller_cut, NULL), 2);
}
