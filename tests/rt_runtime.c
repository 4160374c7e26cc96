/* SPDX-License-Identifier: MIT */
/*
 * The example runtime from its start to its end: what is left is aborted, what will not end
 * is abandoned, several live one after the other and side by side.
 */
#include <sched.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include "tests/support/rt.h"

TestSuite(rt_runtime, .init = rt_begin, .fini = rt_end_empty);

static _Atomic unsigned began, ended;
static _Atomic bool is_let_go;
static int codes[8];

static int nothing(void *arg RT_UNUSED)
{
	return 0;
}

static int sleep_long(void *arg RT_UNUSED)
{
	int code = rt_sleep(3600 * RT_S);

	ended++;
	return code;
}

/* ---- Result ---- */

static int fail(void *arg RT_UNUSED)
{
	return rt_fail("db", -EIO, "no table");
}

Test(rt_runtime, returns_the_main_tasks_code_and_error)
{
	struct rt_error *error = NULL;

	cr_assert_eq(rt_go((struct rt_options){ .workers = 1, .ret_error = &error }, fail, NULL),
		     -EIO);

	cr_assert_str_eq(error->message, "no table");
	rt_error_free(error);
	cr_assert_eq(rt_last_stats.failed, 1);
	cr_assert_eq(rt_last_stats.unseen_errors, 0);
}

static int run_inside(void *arg RT_UNUSED)
{
	return rt_run(NULL, nothing, NULL);
}

Test(rt_runtime, is_refused_inside_another)
{
	cr_assert_eq(rt_paused(run_inside, NULL), -EPERM);

	cr_assert_str_eq(rt_misused, "rt_run inside a runtime: spawn a task instead");
}

static int run_inside_a_job(void *arg RT_UNUSED)
{
	return rt_call_blocking(run_inside, NULL, "job");
}

Test(rt_runtime, is_refused_inside_a_job_of_another)
{
	cr_assert_eq(rt_paused(run_inside_a_job, NULL), -EPERM);
}

/* ---- What is left ---- */

static int clean_up(void *arg RT_UNUSED)
{
	cr_assert_eq(rt_sleep(3600 * RT_S), -ECANCELED);
	rt_shield_begin();
	cr_assert_eq(rt_sleep(RT_MS), -ECANCELED, "an abort cuts shields, too");
	rt_shield_end();
	codes[0] = rt_spawn(NULL, nothing, NULL, "late");
	codes[1] = rt_spawn_blocking(NULL, nothing, NULL, "late");
	codes[2] = rt_call_blocking(nothing, NULL, "late");
	ended++;
	return -ECANCELED;
}

static int leave_three(void *arg RT_UNUSED)
{
	rt_spawn(NULL, sleep_long, NULL, "left");
	rt_spawn(NULL, clean_up, NULL, "left");
	rt_yield();
	rt_spawn(NULL, sleep_long, NULL, "unborn");
	return 0;
}

Test(rt_runtime, aborts_what_is_left_and_takes_no_more)
{
	cr_assert_eq(rt_paused(leave_three, NULL), 0);

	cr_assert_eq(ended, 2);
	cr_assert_eq(rt_last_stats.left, 3);
	cr_assert_eq(rt_last_stats.aborted, 3);
	cr_assert_eq(rt_last_stats.completed, 1);
	for (int i = 0; i < 3; i++)
		cr_assert_eq(codes[i], -ECANCELED);
	cr_assert_eq(rt_board_task("unborn")->polls, 0);
	cr_assert_eq(rt_board_task("unborn")->outcome, VIGIL_OUTCOME_ABORTED);
}

static int wait_to_be_let_go(void *arg RT_UNUSED)
{
	began++;
	while (!is_let_go)
		sched_yield();
	ended++;
	return 0;
}

static int let_go_at_the_end(void *arg RT_UNUSED)
{
	int code;

	began++;
	code = rt_sleep(3600 * RT_S);

	is_let_go = true;
	return code;
}

static int leave_jobs(void *arg RT_UNUSED)
{
	for (int i = 0; i < 5; i++)
		rt_spawn_blocking(NULL, wait_to_be_let_go, NULL, i ? "queued" : "running");
	rt_spawn(NULL, let_go_at_the_end, NULL, "left");
	while (began < 2)
		rt_yield();
	return 0;
}

Test(rt_runtime, drops_jobs_that_wait_and_lets_those_end_that_run)
{
	const struct rt_options options = { .workers = 1,
					    .blocking_threads = 1,
					    .shutdown_ns = 60 * RT_S };

	cr_assert_eq(rt_go(options, leave_jobs, NULL), 0);

	cr_assert_eq(ended, 1);
	cr_assert_eq(rt_last_stats.left, 6);
	cr_assert_eq(rt_last_stats.aborted, 5);
	cr_assert_eq(rt_last_stats.completed, 2);
}

static int call_queued(void *arg RT_UNUSED)
{
	return rt_call_blocking(wait_to_be_let_go, NULL, "called");
}

static int leave_callers(void *arg RT_UNUSED)
{
	for (int i = 0; i < 3; i++)
		rt_spawn(NULL, call_queued, NULL, "caller");
	rt_spawn(NULL, let_go_at_the_end, NULL, "left");
	while (began < 2)
		rt_yield();
	return 0;
}

Test(rt_runtime, ends_tasks_that_wait_for_jobs_when_these_ended_or_were_dropped)
{
	const struct rt_options options = { .workers = 1,
					    .blocking_threads = 1,
					    .shutdown_ns = 60 * RT_S };

	cr_assert_eq(rt_go(options, leave_callers, NULL), 0);

	cr_assert_eq(ended, 1);
	cr_assert_eq(rt_last_stats.left, 7);
}

static int run_until_told(void *arg RT_UNUSED)
{
	began++;
	while (!rt_is_cancelled())
		sched_yield();
	ended++;
	return -ECANCELED;
}

static int leave_a_job_that_looks(void *arg RT_UNUSED)
{
	rt_spawn_blocking(NULL, run_until_told, NULL, "looks");
	while (!began)
		rt_yield();
	return 0;
}

Test(rt_runtime, tells_a_job_that_runs_of_its_end, .timeout = 30)
{
	const struct rt_options options = { .workers = 1, .shutdown_ns = 10 * RT_S };

	cr_assert_eq(rt_go(options, leave_a_job_that_looks, NULL), 0);

	cr_assert_eq(ended, 1);
	cr_assert_eq(rt_last_stats.left, 1);
	cr_assert_eq(rt_last_stats.aborted, 1);
}

static int clean_up_slowly(void *arg RT_UNUSED)
{
	began++;
	rt_sleep(3600 * RT_S);
	rt_shield_begin();
	for (int i = 0; i < 100; i++)
		sched_yield();
	rt_shield_end();
	ended++;
	return 0;
}

static int leave_two(void *arg RT_UNUSED)
{
	rt_spawn(NULL, clean_up_slowly, NULL, "left");
	rt_spawn(NULL, clean_up_slowly, NULL, "left");
	while (began < 2)
		rt_yield();
	return 0;
}

Test(rt_runtime, gives_what_is_left_all_the_time_there_is)
{
	const struct rt_options options = { .workers = 1, .shutdown_ns = UINT64_MAX };

	cr_assert_eq(rt_go(options, leave_two, NULL), 0);

	cr_assert_eq(ended, 2);
}

/* ---- What will not end: in a child, for it stays ---- */

static void in_child(void (*run)(void))
{
	pid_t child = fork();
	int status;

	if (!child) {
		alarm(30);
		run();
		_exit(0);
	}
	cr_assert_eq(waitpid(child, &status, 0), child);
	cr_assert(WIFEXITED(status) && !WEXITSTATUS(status), "status %#x", (unsigned)status);
}

#define CHECK(truth)                                                                               \
	do {                                                                                       \
		if (!(truth)) {                                                                    \
			fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #truth);                \
			_exit(1);                                                                  \
		}                                                                                  \
	} while (0)

static int ignore_all(void *arg RT_UNUSED)
{
	began++;
	for (;;)
		rt_yield();
	return 0;
}

static int spin(void *arg RT_UNUSED)
{
	began++;
	for (;;)
		sched_yield();
	return 0;
}

static int leave_stubborn(void *arg RT_UNUSED)
{
	rt_spawn(NULL, ignore_all, NULL, "stubborn");
	rt_spawn_blocking(NULL, spin, NULL, "spinning job");
	while (began < 2)
		rt_yield();
	return 0;
}

static void abandon(void)
{
	const struct rt_options options = { .workers = 1, .shutdown_ns = 20 * RT_MS };

	CHECK(!rt_go(options, leave_stubborn, NULL));
	CHECK(rt_last_stats.left == 2);
	CHECK(rt_last_stats.abandoned == 2);
	CHECK(rt_last_stats.live == 2);
	/* The next one is as good as the first. */
	CHECK(!rt_paused(leave_three, NULL));
	CHECK(rt_last_stats.aborted == 3);
}

Test(rt_runtime, abandons_what_will_not_end_in_time)
{
	in_child(abandon);
}

/* Each has a worker of its own. That of the thread which called rt_run must come back. */
static int occupy(void *arg RT_UNUSED)
{
	began++;
	while (began < 3)
		sched_yield();
	if (worker_here()->index)
		return rt_block_in_place(spin, NULL);
	is_let_go = true;
	return 0;
}

static int occupy_all(void *arg RT_UNUSED)
{
	for (int i = 0; i < 3; i++)
		rt_spawn(NULL, occupy, NULL, "occupant");
	while (!is_let_go)
		rt_sleep(RT_MS);
	return 0;
}

static void abandon_in_place(void)
{
	const struct rt_options options = { .workers = 3, .shutdown_ns = 20 * RT_MS };

	CHECK(!rt_go(options, occupy_all, NULL));
	CHECK(rt_last_stats.abandoned == 2);
}

Test(rt_runtime, leaves_a_worker_behind_whose_poll_does_not_end)
{
	in_child(abandon_in_place);
}

/* ---- Few threads ---- */

static int four_yielders(void *arg RT_UNUSED)
{
	struct rt_handle jobs[4];

	for (int i = 0; i < 4; i++)
		rt_spawn(&jobs[i], nothing, NULL, "yielder");
	for (int i = 0; i < 4; i++)
		rt_join(&jobs[i], NULL);
	codes[0] = rt_block_in_place(nothing, NULL);
	codes[1] = rt_spawn_blocking(NULL, nothing, NULL, "job");
	return 0;
}

static void run_without_threads(void)
{
	const struct rlimit none = { .rlim_cur = 0, .rlim_max = 0 };

	CHECK(!setgid(65534) && !setuid(65534));
	CHECK(!setrlimit(RLIMIT_NPROC, &none));
	CHECK(!rt_threads(4, four_yielders, NULL));
	CHECK(codes[0] == 0);
	CHECK(codes[1] == -EAGAIN);
	CHECK(rt_last_stats.completed == 5);
	CHECK(rt_last_stats.failed == 1);
	CHECK(rt_last_stats.unseen_errors == 0);
}

Test(rt_runtime, does_with_the_thread_it_has)
{
	if (geteuid())
		cr_skip_test("only root can become one who may make no thread");
	in_child(run_without_threads);
}

/* ---- Several ---- */

static int spawn_some(void *arg)
{
	struct rt_handle jobs[8];

	for (int i = 0; i < 8; i++)
		rt_spawn(&jobs[i], i == 7 ? sleep_long : nothing, NULL, "some");
	for (int i = 0; i < 7; i++)
		rt_join(&jobs[i], NULL);
	rt_drop(&jobs[7]);
	return arg ? rt_call_blocking(nothing, NULL, "job") : 0;
}

Test(rt_runtime, may_follow_another)
{
	for (uintptr_t i = 0; i < 60; i++) {
		cr_assert_eq(rt_threads(1 + i % 4, spawn_some, (void *)(i % 3)), 0);
		cr_assert_eq(rt_last_stats.live, 0);
		cr_assert_eq(rt_last_stats.aborted, 1);
	}
}

static void *run_many(void *arg)
{
	struct rt_options options = { .workers = 2, .misused = rt_misuse_seen };

	for (uintptr_t i = 0; i < 60; i++)
		cr_assert_eq(rt_run(&options, spawn_some, (void *)(i % 3)), 0);
	return arg;
}

Test(rt_runtime, may_live_beside_another)
{
	pthread_t threads[3];

	for (int i = 0; i < 3; i++)
		pthread_create(&threads[i], NULL, run_many, NULL);
	for (int i = 0; i < 3; i++)
		pthread_join(threads[i], NULL);

	cr_assert_eq(rt_misuses, 0);
}

/* ---- Stress: an end while all spawn ---- */

static int breed(void *arg)
{
	int code = 0;

	while (!code) {
		code = rt_spawn(NULL, nothing, NULL, "child");
		if (!code)
			code = arg ? rt_spawn(NULL, breed, NULL, "breeder") : rt_yield();
		if (!code)
			code = rt_yield();
	}
	return code;
}

static int breed_and_leave(void *arg RT_UNUSED)
{
	for (int i = 0; i < 8; i++)
		rt_spawn(NULL, breed, (void *)(uintptr_t)(i == 0), "breeder");
	for (int i = 0; i < 10; i++)
		rt_yield();
	return 0;
}

Test(rt_runtime, ends_while_all_of_its_tasks_spawn_more)
{
	for (int i = 0; i < 20; i++) {
		cr_assert_eq(rt_threads(4, breed_and_leave, NULL), 0);
		cr_assert_eq(rt_last_stats.abandoned, 0);
		cr_assert_eq(rt_last_stats.unseen_errors, 0);
	}
}
