/* SPDX-License-Identifier: MIT */
/* The example runtime's shutdown: asked, drained, cancelled, reported. */
#include "tests/support/rt.h"

#include <signal.h>

TestSuite(rt_shutdown, .init = rt_begin, .fini = rt_end_empty);

static struct rt_shutdown *shutdown_of;
static struct rt_shutdown_report report;
static struct rt_mutex *mutex;

/* Ends arg ms after it was asked. */
static int polite(void *arg)
{
	int error = rt_token_cancelled(rt_shutdown_token(shutdown_of));

	return error ? error : rt_sleep((uint64_t)(uintptr_t)arg * RT_MS);
}

static int stubborn(void *arg)
{
	rt_shield_begin();
	rt_sleep((uint64_t)(uintptr_t)arg * RT_MS);
	rt_shield_end();
	return 0;
}

static int at_once(void *arg RT_UNUSED)
{
	return 0;
}

static void spawn(rt_fn fn, uintptr_t ms, const char *name)
{
	cr_assert_eq(rt_shutdown_spawn(shutdown_of, fn, (void *)ms, name), 0);
}

static int wait_for_it(uint64_t drain_ms, uint64_t grace_ms)
{
	return rt_shutdown_wait(shutdown_of, NULL, drain_ms * RT_MS, grace_ms * RT_MS, &report);
}

static int all_drain(void *arg RT_UNUSED)
{
	shutdown_of = rt_shutdown_new("http");
	spawn(at_once, 0, "gone before");
	rt_yield();
	spawn(polite, 5, "conn");
	spawn(polite, 20, "conn");
	rt_shutdown_begin(shutdown_of);
	cr_assert_eq(wait_for_it(100, 100), 0);
	cr_assert_eq(rt_now(), 20 * RT_MS);
	rt_shutdown_free(shutdown_of);
	return 0;
}

Test(rt_shutdown, ends_when_all_have_drained)
{
	cr_assert_eq(rt_paused(all_drain, NULL), 0);

	cr_assert_eq(report.drained, 2);
	cr_assert_eq(report.cancelled, 0);
	cr_assert_eq(report.left, 0);
	cr_assert_str_eq(report.names, "");
}

static int begin_later(void *arg RT_UNUSED)
{
	rt_sleep(3 * RT_MS);
	rt_shutdown_begin(shutdown_of);
	return 0;
}

static int some_do_not(void *arg RT_UNUSED)
{
	shutdown_of = rt_shutdown_new("http");
	spawn(polite, 5, "quick");
	spawn(polite, 500, "slow");
	spawn(stubborn, 1000, "stubborn");
	rt_spawn(NULL, begin_later, NULL, "begin");
	cr_assert_eq(wait_for_it(100, 50), 0);
	cr_assert_eq(rt_now(), 153 * RT_MS);
	rt_shutdown_free(shutdown_of);
	return 0;
}

Test(rt_shutdown, cancels_at_the_deadline_and_names_what_ran_on)
{
	cr_assert_eq(rt_paused(some_do_not, NULL), 0);

	cr_assert_eq(report.drained, 1);
	cr_assert_eq(report.cancelled, 1);
	cr_assert_eq(report.left, 1);
	cr_assert(strstr(report.names, "task 3 \"slow\" waits in Sleep at rt_shutdown.c:"), "%s",
		  report.names);
	cr_assert(strstr(report.names, "task 4 \"stubborn\" waits in Sleep at "), "%s",
		  report.names);
	cr_assert_null(strstr(report.names, "quick"));
}

static int lock_it(void *arg RT_UNUSED)
{
	int error = rt_mutex_lock(mutex);

	if (!error)
		rt_mutex_unlock(mutex);
	return error;
}

static int behind_a_lock(void *arg RT_UNUSED)
{
	mutex = rt_mutex_new("db");
	rt_mutex_lock(mutex);
	shutdown_of = rt_shutdown_new("http");
	spawn(lock_it, 0, "GET /slow");
	rt_shutdown_begin(shutdown_of);
	cr_assert_eq(wait_for_it(10, 10), 0);
	rt_mutex_unlock(mutex);
	rt_mutex_free(mutex);
	rt_shutdown_free(shutdown_of);
	return 0;
}

Test(rt_shutdown, says_what_a_task_waited_for)
{
	cr_assert_eq(rt_paused(behind_a_lock, NULL), 0);

	cr_assert(strstr(report.names, "task 2 \"GET /slow\" waits in Mutex::lock at "), "%s",
		  report.names);
	cr_assert_eq(report.cancelled, 1);
}

static int more_than_fit(void *arg RT_UNUSED)
{
	shutdown_of = rt_shutdown_new("http");
	for (int i = 0; i < 30; i++)
		spawn(polite, 500, "connection");
	rt_shutdown_begin(shutdown_of);
	cr_assert_eq(wait_for_it(10, 10), 0);
	rt_shutdown_free(shutdown_of);
	return 0;
}

Test(rt_shutdown, counts_those_whose_names_do_not_fit)
{
	unsigned lines = 0, more = 0;

	cr_assert_eq(rt_paused(more_than_fit, NULL), 0);

	for (char *c = report.names; *c; c++)
		lines += *c == '\n';
	cr_assert_eq(sscanf(strstr(report.names, "and "), "and %u more\n", &more), 1);
	cr_assert_eq(lines - 1 + more, 30);
	cr_assert_geq(lines, 5);
	cr_assert_eq(report.cancelled, 30);
}

/* ---- Late, twice, cancelled ---- */

static int late_and_twice(void *arg RT_UNUSED)
{
	shutdown_of = rt_shutdown_new("http");
	rt_shutdown_begin(shutdown_of);
	rt_shutdown_begin(shutdown_of);
	spawn(polite, 5, "while it drains");
	cr_assert_eq(wait_for_it(100, 0), 0);
	cr_assert_eq(report.drained, 1);
	cr_assert_eq(wait_for_it(100, 0), 0);
	spawn(polite, 500, "after its end");
	cr_assert_eq(wait_for_it(100, 0), 0);
	cr_assert_eq(report.drained, 1);
	cr_assert_eq(report.cancelled, 1);
	cr_assert_eq(rt_now(), 5 * RT_MS);
	rt_shutdown_free(shutdown_of);
	return 0;
}

Test(rt_shutdown, takes_tasks_while_it_drains_and_none_later)
{
	cr_assert_eq(rt_paused(late_and_twice, NULL), 0);
}

static int left_alone(void *arg RT_UNUSED)
{
	shutdown_of = rt_shutdown_new("http");
	spawn(stubborn, 1000, "stubborn");
	spawn(polite, 10, "polite");
	rt_shutdown_free(shutdown_of);
	rt_yield();
	return 0;
}

Test(rt_shutdown, is_held_by_its_tasks)
{
	cr_assert_eq(rt_paused(left_alone, NULL), 0);
}

static int await_it(void *arg RT_UNUSED)
{
	return wait_for_it(20, 20);
}

static int await_it_cut(void *arg)
{
	return rt_cut(await_it, arg);
}

static int cut_wait(void *arg RT_UNUSED)
{
	struct rt_result result;
	struct rt_handle job;

	shutdown_of = rt_shutdown_new("http");
	spawn(polite, 500, "conn");
	spawn(stubborn, 30, "stubborn");
	rt_spawn(&job, await_it_cut, NULL, "wait");
	rt_sleep(RT_MS);
	rt_shutdown_begin(shutdown_of);
	rt_join(&job, &result);
	cr_assert(result.code == 0 || result.code == -ECANCELED);
	cr_assert_eq(wait_for_it(20, 20), 0);
	cr_assert_eq(report.drained + report.cancelled, 2);
	rt_shutdown_free(shutdown_of);
	return 0;
}

Test(rt_shutdown, survives_a_cancel_at_every_await)
{
	cr_assert_eq(rt_cut_everywhere(cut_wait, NULL), 3);
}

/* ---- On the board ---- */

static int watched(void *arg RT_UNUSED)
{
	const struct vigil_resource_record *r = NULL, *any;
	struct rt_handle job;

	shutdown_of = rt_shutdown_new("http");
	spawn(polite, 10, "conn");
	rt_spawn(&job, await_it, NULL, "wait");
	rt_yield();
	cr_assert_eq(rt_board_task("wait")->wait_kind, VIGIL_WAIT_SIGNAL);
	cr_assert_eq(rt_board_task("conn")->wait_kind, VIGIL_WAIT_CANCEL);
	rt_shutdown_begin(shutdown_of);
	rt_yield();
	cr_assert_eq(rt_board_task("wait")->wait_kind, VIGIL_WAIT_TASK);
	cr_assert_eq(rt_board_task("wait")->wait_until_ns, 20 * RT_MS);
	for (uint32_t i = 0; (any = VIGIL_AT(rt_reader, resource, i)); i++)
		if (any->life == VIGIL_LIFE_LIVE && !strcmp(any->type, "rt_shutdown"))
			r = any;
	cr_assert_eq(rt_board_attr(r->attrs, "live"), 1);
	cr_assert_str_eq(rt_board_words(r->attrs, "phase"), "drains");
	rt_join(&job, NULL);
	rt_shutdown_free(shutdown_of);
	return 0;
}

Test(rt_shutdown, shows_what_it_waits_for)
{
	cr_assert_eq(rt_paused(watched, NULL), 0);
}

/* ---- Signals ---- */

static int raise_later(void *arg)
{
	rt_sleep(RT_MS);
	raise((int)(intptr_t)arg);
	return 0;
}

static int by_signal(void *arg RT_UNUSED)
{
	static const int signals[] = { SIGTERM, SIGINT, 0 };

	shutdown_of = rt_shutdown_new("http");
	spawn(polite, 1, "conn");
	rt_spawn(NULL, raise_later, (void *)SIGINT, "killer");
	cr_assert_eq(rt_shutdown_wait(shutdown_of, signals, 10 * RT_S, 0, &report), SIGINT);
	cr_assert_eq(report.drained, 1);
	rt_shutdown_free(shutdown_of);
	return 0;
}

Test(rt_shutdown, begins_with_a_signal)
{
	cr_assert_eq(rt_threads(2, by_signal, NULL), 0);
}

static int second_signal(void *arg RT_UNUSED)
{
	static const int signals[] = { SIGTERM, 0 };

	shutdown_of = rt_shutdown_new("http");
	spawn(polite, 3600 * 1000, "conn");
	rt_shutdown_begin(shutdown_of);
	rt_spawn(NULL, raise_later, (void *)SIGTERM, "killer");
	cr_assert_eq(rt_shutdown_wait(shutdown_of, signals, 3600 * RT_S, RT_S, &report), 0);
	cr_assert_eq(report.cancelled, 1);
	rt_shutdown_free(shutdown_of);
	return 0;
}

Test(rt_shutdown, drains_no_longer_when_a_signal_comes_meanwhile)
{
	cr_assert_eq(rt_threads(2, second_signal, NULL), 0);
}

static int bad_signal(void *arg RT_UNUSED)
{
	static const int signals[] = { SIGTERM, SIGKILL, 0 };

	shutdown_of = rt_shutdown_new("http");
	cr_assert_eq(rt_shutdown_wait(shutdown_of, signals, RT_S, RT_S, &report), -EINVAL);
	rt_shutdown_free(shutdown_of);
	return 0;
}

Test(rt_shutdown, refuses_a_signal_that_cannot_be_waited_for)
{
	cr_assert_eq(rt_paused(bad_signal, NULL), 0);
}

/* ---- Stress ---- */

#define ROUNDS 15
#define TASKS 20

static int one_of_many(void *arg)
{
	uintptr_t n = (uintptr_t)arg;

	if (n % 4 == 0)
		return stubborn((void *)1);
	if (n % 4 == 1)
		return rt_sleep(RT_S);
	return n % 4 == 2 ? polite((void *)0) : rt_yield();
}

static int many(void *arg RT_UNUSED)
{
	for (int round = 0; round < ROUNDS; round++) {
		shutdown_of = rt_shutdown_new("stress");
		for (uintptr_t i = 0; i < TASKS; i++)
			spawn(one_of_many, i, "task");
		for (int i = 0; i < round; i++)
			rt_yield();
		rt_shutdown_begin(shutdown_of);
		cr_assert_eq(wait_for_it(1, 10000), 0);
		cr_assert_eq(report.left, 0);
		cr_assert_geq(report.cancelled, TASKS / 4);
		cr_assert_leq(report.drained + report.cancelled, TASKS);
		rt_shutdown_free(shutdown_of);
	}
	return 0;
}

Test(rt_shutdown, reports_all_on_four_workers)
{
	cr_assert_eq(rt_threads(4, many, NULL), 0);
}
