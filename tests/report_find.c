/* SPDX-License-Identifier: MIT */
/*
 * What a report calls worst, and puts first: blocked loops before pools, whose job it is to
 * block; waits that somebody is to blame for before those for what is outside.
 */
#include "tests/support/printed.h"

TestSuite(report_find, .init = set_up, .fini = tear_down);

static struct report_finding found[REPORT_FINDINGS];
static size_t count;

static void find_all(void)
{
	report_finish();
	cr_assert_geq(made->process_count, 1u);
	count = report_findings(made->processes[0], found);
}

static const char *finding(const char *head)
{
	for (size_t i = 0; i < count; i++)
		if (!strncmp(found[i].text, head, strlen(head)))
			return found[i].text;
	return "";
}

/* A job sleeps for 20 s in the pool; a loop is blocked for 50 ms of it. */
static void pool_sleeps(void)
{
	report_begin((struct report_options){ 0 });
	server_parts();
	spawn(0, 0, CONN, 0);
	spawn(1, 1, JOB, 0);
	begins(1, 1);
	begins(0, 0);
	passes(MS(50));
	stops(0, 0);
	passes(MS(20000));
	stops(1, 1);
}

Test(report_find, a_pool_that_sleeps_is_not_worse_than_a_loop_that_is_blocked)
{
	pool_sleeps();
	find_all();

	cr_assert_gt(count, 0u);
	cr_expect(strstr(found[0].text, "http-0"), "%s", found[0].text);
	cr_expect(strstr(finding("Worst blocked worker: "), "http-0 of executor http"), "%s",
		  finding("Worst"));
	cr_expect(strstr(finding("Longest poll: "), "50 ms by task 1 conn"), "%s",
		  finding("Longest"));
	cr_expect_str_eq(finding("Pool with a queue"), "");
	for (size_t i = 0; i < count; i++)
		cr_expect_null(strstr(found[i].text, "files"), "%s", found[i].text);
	cr_expect_eq(made->processes[0]->blocked.count, 1u);
}

Test(report_find, a_pool_that_tasks_waited_for_is_named_last)
{
	report_begin((struct report_options){ 0 });
	server_parts();
	spawn(0, 0, CONN, 0);
	begins(0, 0);
	passes(MS(50));
	stops(0, 0);
	spawn(1, 1, JOB, 0);
	begins(1, 1);
	spawn(2, 1, JOB, 0);
	spawn(3, 1, JOB, 0);
	passes(MS(3000));
	stops(1, 1);
	find_all();

	cr_assert_gt(count, 1u);
	cr_expect(!strncmp(found[count - 1].text,
			   "Pool with a queue: executor files, a blocking pool with 1 thread: "
			   "runnable tasks waited 6 s together, at most 2 at once",
			   80),
		  "%s", found[count - 1].text);
	cr_expect(strstr(finding("Worst blocked worker: "), "http-0"), "%s", finding("Worst"));
}

Test(report_find, whom_a_blocked_loop_delays_it_does_not_learn)
{
	const char *text;

	report_begin((struct report_options){ 0 });
	server_parts();
	spawn(0, 0, CONN, 0);
	spawn(1, 0, CONN, VIGIL_SPAWN_IDLE);
	begins(0, 0);
	passes(MS(2700));
	wakes(0, 1, LOOP, WORKER(0));
	passes(US(3));
	stops(0, 0);
	find_all();

	cr_expect(strstr(finding("Worst blocked worker: "), "who waited meanwhile is not known"),
		  "%s", finding("Worst"));
	cr_expect(strstr(finding("Longest poll: "), "who waited meanwhile is not known"), "%s",
		  finding("Longest"));
	cr_expect_null(strstr(finding("Longest poll: "), "together"));
	text = strstr(as_text(made), "Blocked executors");
	cr_assert_not_null(text, "%s", printed);
	cr_expect_not_null(strstr(text, "not known  2.7 s"), "%s", text);
	cr_expect_not_null(strstr(as_json(made), "\"is_delay_known\":false"));
}

/* Tasks of the other loop of an executor are polled late, and not for the blocked one. */
Test(report_find, a_blocked_loop_is_not_charged_with_what_another_loop_is_late_with)
{
	const struct report_poll *poll;

	report_begin((struct report_options){ 0 });
	server_parts();
	worker(2, 0, "http-1");
	for (uint32_t i = 0; i < 3; i++)
		spawn(i, 0, CONN, VIGIL_SPAWN_IDLE);
	begins(0, 0);
	for (int i = 0; i < 50; i++) {
		wakes(2, 1, LOOP, WORKER(2));
		passes(MS(1));
		begins(2, 1);
		passes(MS(1));
		stops(2, 1);
	}
	wakes(2, 2, LOOP, WORKER(2));
	passes(US(4));
	stops(0, 0);
	find_all();

	cr_assert_eq(made->processes[0]->blocked.count, 1u);
	poll = top_at(&made->processes[0]->blocked, 0);
	cr_expect_eq(poll->delayed_ns, US(4));
	cr_expect_eq(poll->delayed, 1u);
	cr_expect(strstr(finding("Worst blocked worker: "), "who waited meanwhile is not known"),
		  "%s", finding("Worst"));
}

/* ---- Tables ---- */

static const char *table(const char *title)
{
	const char *at = strstr(printed, title);

	cr_assert_not_null(at, "%s", printed);
	return at;
}

/* Connections wait for their clients for long; one for a lock, not so long. */
static void server_waits(size_t top)
{
	report_begin((struct report_options){ .top = top });
	server_parts();
	for (uint32_t i = 0; i < 4; i++)
		spawn(i, 0, CONN, VIGIL_SPAWN_IDLE);
	spawn(4, 1, JOB, 0);
	begins(1, 4);
	locks(1, 0, PAGE, TASK(4));
	begins(0, 3);
	waits(0, 3, VIGIL_WAIT_LOCK, RESOURCE(0));
	stops(0, 3);
	for (uint32_t i = 0; i < 3; i++) {
		begins(0, i);
		waits(0, i, VIGIL_WAIT_READABLE, 0);
		stops(0, i);
	}
	passes(MS(100));
	wakes(1, 3, PAGE, TASK(4));
	begins(0, 3);
	waits(0, 3, VIGIL_WAIT_READABLE, 0);
	stops(0, 3);
	passes(MS(60000));
	report_finish();
}

Test(report_find, a_wait_for_a_lock_comes_before_longer_ones_for_clients)
{
	server_waits(1);

	as_text(made);
	cr_expect_not_null(strstr(table("Waits that held tasks up"), "lock  lock \"cache\""), "%s",
			   printed);
	cr_expect_not_null(strstr(table("Other waits"), "readable"), "%s", printed);
	cr_expect_null(strstr(table("Other waits"), "cache"), "%s", printed);
	cr_expect_not_null(strstr(table("Tasks, by time held up"), "\n4 conn "), "%s", printed);
	as_json(made);
	cr_expect(strstr(printed, "\"holds_up\":true") < strstr(printed, "\"holds_up\":false"));
}

Test(report_find, the_page_shows_what_held_up_with_a_scale_of_its_own)
{
	const char *held, *other, *lock;

	server_waits(0);
	as_page(made);

	held = table("<h3>What held tasks up</h3>");
	other = table("<h3>What else was waited for</h3>");
	lock = strstr(held, "lock &quot;cache&quot;: 100 ms, 100% of all waiting");
	cr_assert_not_null(lock, "%.3000s", held);
	cr_expect(lock < other);
}

Test(report_find, of_an_overdue_timer_what_came_after_its_deadline_holds_up)
{
	size_t rows;
	const struct report_wait **list;

	report_begin((struct report_options){ 0 });
	server_parts();
	spawn(0, 0, CONN, 0);
	begins(0, 0);
	told(WORKER(0), TRACE_task_wait, .object = TASK(0), .state = VIGIL_WAIT_TIMER, .number = -1,
	     .value = CLOCK_STARTS + passed + MS(100));
	stops(0, 0);
	passes(MS(150));
	wakes(0, 0, LOOP, WORKER(0));
	begins(0, 0);
	report_finish();

	list = report_waits(made->processes[0], &rows);
	cr_assert_eq(rows, 2u);
	cr_expect(list[0]->is_overdue && report_holds_up(list[0]));
	cr_expect_eq(list[0]->sum.ns, MS(50));
	cr_expect(!list[1]->is_overdue && !report_holds_up(list[1]));
	cr_expect_eq(list[1]->sum.ns, MS(100));
	free(list);
	as_text(made);
	cr_expect_not_null(strstr(table("Waits that held tasks up"), "timer, overdue"), "%s",
			   printed);
}

Test(report_find, a_blocked_loop_is_the_first_of_the_workers)
{
	report_begin((struct report_options){ .top = 1 });
	server_parts();
	worker(2, 0, "http-1");
	spawn(0, 0, CONN, 0);
	spawn(1, 1, JOB, 0);
	begins(1, 1);
	begins(2, 0);
	passes(MS(40));
	stops(2, 0);
	passes(MS(40));
	stops(1, 1);
	report_finish();

	as_text(made);
	cr_expect_not_null(strstr(table("Workers. "), "\nhttp-1 "), "%s", printed);
	cr_expect_not_null(strstr(table("Workers. "), "and 2 more"), "%s", printed);
	as_page(made);
	cr_expect_not_null(strstr(table("Workers over time"), ">http-1</text>"));
	cr_expect_not_null(strstr(table("Workers over time"), ">http-0</text>"),
			   "one that never polled is left out");
	cr_expect_not_null(strstr(table("Workers over time"), ">files-0</text>"));
}
