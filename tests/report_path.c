/* SPDX-License-Identifier: MIT */
/* The critical path of a task whose polls were blocked: it did not run meanwhile. */
#include "tests/support/printed.h"

TestSuite(report_path, .init = set_up, .fini = tear_down);

static const struct report_path *path(void)
{
	cr_assert_eq(made->process_count, 1u);
	return &made->processes[0]->path;
}

/* A job has the cache; a poll wants it after 1 ms, and gets it 2.7 s later. */
static void poll_is_blocked(void)
{
	report_begin((struct report_options){ .task = 1 });
	server_parts();
	spawn(0, 0, CONN, 0);
	spawn(1, 1, JOB, 0);
	begins(1, 1);
	locks(1, 0, PAGE, TASK(1));
	begins(0, 0);
	passes(MS(1));
	wants(0, 0, GET);
	passes(MS(2700));
}

Test(report_path, a_poll_that_was_blocked_is_split)
{
	poll_is_blocked();
	unlocks(1, 0, TASK(1));
	stops(1, 1);
	locks(0, 0, GET, TASK(0));
	passes(MS(3));
	stops(0, 0);
	report_finish();

	cr_assert_eq(path()->count, 4u);
	cr_expect_eq(path()->steps[0].kind, SLICE_RUN);
	cr_expect_eq(path()->steps[1].kind, SLICE_BLOCKED);
	cr_expect_eq(path()->steps[1].end_ns - path()->steps[1].begin_ns, MS(2700));
	cr_expect_eq(path()->steps[2].depth, 1, "what the holder did meanwhile");
	cr_expect_eq(path()->steps[3].kind, SLICE_RUN);
	cr_expect_eq(path()->run.ns, MS(4));
	cr_expect_eq(path()->run.count, 1u, "a poll counts once");
	cr_expect_eq(path()->blocked.ns, MS(2700));
	as_text(made);
	cr_expect_not_null(strstr(printed,
				  "2.7 s  blocked at cache.c:159 on lock \"cache\", held by "
				  "2 job_run, taken at page.c:83\n"),
			   "%s", printed);
	cr_expect_null(strstr(printed, "2.7 s  runs on http-0"), "%s", printed);
	as_json(made);
	cr_expect(json_is_valid(printed), "%s", printed);
	cr_expect_not_null(strstr(printed, "\"state\":\"blocked\""), "%s", printed);
}

Test(report_path, a_poll_that_is_still_blocked_is_split_too)
{
	poll_is_blocked();
	report_finish();

	as_text(made);
	cr_expect_not_null(strstr(printed, "held by 2 job_run, taken at page.c:83 (to the end of "
					   "the trace)\n"),
			   "%s", printed);
	cr_expect_not_null(strstr(printed, "  1 ms  runs on http-0\n"), "%s", printed);
	cr_expect_eq(path()->run.ns, MS(1));
	cr_expect_eq(path()->blocked.ns, MS(2700));
}

/* The holder is told before the one that is asked for: its poll is open, too. */
Test(report_path, a_holder_that_still_runs_is_told_once)
{
	size_t deeper = 0;

	report_begin((struct report_options){ .task = 2 });
	server_parts();
	spawn(0, 1, JOB, 0);
	spawn(1, 0, CONN, 0);
	begins(1, 0);
	locks(1, 0, PAGE, TASK(0));
	begins(0, 1);
	wants(0, 0, GET);
	passes(MS(300));
	report_finish();

	for (size_t i = 0; i < path()->count; i++)
		deeper += path()->steps[i].depth == 1;
	cr_expect_eq(deeper, 1u, "%s", as_text(made));
}

Test(report_path, what_is_no_lock_is_told_with_its_place)
{
	report_begin((struct report_options){ .task = 1 });
	server_parts();
	spawn(0, 0, CONN, 0);
	begins(0, 0);
	told(WORKER(0), TRACE_worker_wait, .state = VIGIL_WAIT_RESOLVE, .site = GET, .other = 0);
	passes(MS(20));
	told(WORKER(0), TRACE_worker_resume, .object = 0);
	passes(MS(1));
	stops(0, 0);
	report_finish();

	cr_expect_not_null(strstr(as_text(made), "20 ms  blocked at cache.c:159: name lookup\n"),
			   "%s", printed);
	cr_expect_eq(path()->blocked.ns, MS(20));
}

Test(report_path, what_is_short_beside_its_poll_is_not_split_off)
{
	report_begin((struct report_options){ .task = 1 });
	server_parts();
	spawn(0, 0, CONN, 0);
	spawn(1, 1, JOB, 0);
	begins(1, 1);
	locks(1, 0, PAGE, TASK(1));
	begins(0, 0);
	wants(0, 0, GET);
	passes(MS(1));
	unlocks(1, 0, TASK(1));
	locks(0, 0, GET, TASK(0));
	passes(MS(99));
	stops(0, 0);
	report_finish();

	cr_assert_eq(path()->count, 1u);
	cr_expect_eq(path()->run.ns, MS(100));
	cr_expect_eq(path()->blocked.ns, 0u);
}

/* The waker of a task was blocked itself: that stands a level deeper. */
Test(report_path, who_was_waited_for_and_blocked_is_split_as_well)
{
	bool is_found = false;

	report_begin((struct report_options){ .task = 1 });
	server_parts();
	for (uint32_t i = 0; i < 2; i++)
		spawn(i, 0, CONN, 0);
	spawn(2, 1, JOB, 0);
	begins(0, 0);
	waits(0, 0, VIGIL_WAIT_TASK, TASK(1));
	stops(0, 0);
	begins(1, 2);
	locks(1, 0, PAGE, TASK(2));
	begins(0, 1);
	wants(0, 0, GET);
	passes(MS(30));
	unlocks(1, 0, TASK(2));
	locks(0, 0, GET, TASK(1));
	wakes(0, 0, LOOP, TASK(1));
	stops(0, 1);
	begins(0, 0);
	passes(MS(1));
	stops(0, 0);
	report_finish();

	for (size_t i = 0; i < path()->count; i++)
		is_found |= path()->steps[i].depth == 1 && path()->steps[i].kind == SLICE_BLOCKED &&
			    path()->steps[i].who.id == 2 && path()->steps[i].waker.id == 3;
	cr_expect(is_found, "%s", as_text(made));
}
