/* SPDX-License-Identifier: MIT */
/* What a report calls worst, and in which order: loops, and pools, whose job it is to block. */
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
