/* SPDX-License-Identifier: MIT */
/*
 * Reports as text, JSON and a page: texts whole against golden files, pages for what
 * they must never have. UPDATE_SCREENS=1 accepts what is printed now.
 */
#include <ctype.h>

#include "console/trace/recording.h"
#include "tests/support/printed.h"

TestSuite(report_print, .init = set_up, .fini = tear_down);

/* ---- Text ---- */

Test(report_print, a_server_is_reported_like_this)
{
	report_begin((struct report_options){ 0 });
	server_runs();

	expect_golden("tests/screens/report-server.txt", as_text(report_finish()));
}

Test(report_print, the_path_of_a_task_is_reported_like_this)
{
	report_begin((struct report_options){ .task = 1, .top = 2 });
	server_runs();

	expect_golden("tests/screens/report-path.txt", as_text(report_finish()));
}

Test(report_print, what_was_lost_is_said_at_the_top)
{
	const char *text, *lost, *tasks;

	report_begin((struct report_options){ 0 });
	server_runs();
	report_finish();
	made->gaps = 2;
	made->lost_events = 1234;
	made->unknown_gaps = 1;

	text = as_text(made);
	lost = strstr(text,
		      "LOST: 1234 events in 2 gaps, and as many as nobody knows in 1 of them.");
	tasks = strstr(text, "tasks spawned");
	cr_assert(lost && tasks, "%s", text);
	cr_expect(lost < tasks);
	cr_expect_null(strstr(text, "Nothing was lost"));
}

Test(report_print, that_nobody_knows_how_many_were_lost_is_not_said_as_none)
{
	report_begin((struct report_options){ 0 });
	server_runs();
	report_finish();
	made->gaps = made->unknown_gaps = made->lost_packets = 1;

	cr_expect(strstr(as_text(made), "LOST: an unknown number of events (1 packet) in 1 gap."),
		  "%s", printed);
}

Test(report_print, a_damaged_trace_does_not_claim_that_nothing_was_lost)
{
	report_begin((struct report_options){ 0 });
	server_runs();
	report_finish();
	strcpy(made->problem, "the index is cut short");

	cr_expect_not_null(strstr(as_text(made), "DAMAGED: the index is cut short"));
	cr_expect_null(strstr(printed, "Nothing was lost"));
	cr_expect_not_null(strstr(as_page(made), "DAMAGED: the index is cut short"));
	cr_expect_null(strstr(printed, "Nothing was lost"));
}

Test(report_print, a_trace_of_nothing_is_reported)
{
	report_begin((struct report_options){ 0 });
	report_finish();

	cr_expect_not_null(strstr(as_text(made), "Nothing stands out"));
	cr_expect(json_is_valid(as_json(made)));
	cr_expect_not_null(strstr(as_page(made), "</html>"));
}

Test(report_print, a_poll_that_still_runs_is_marked_among_blocked_executors)
{
	const char *blocked;

	report_begin((struct report_options){ 0 });
	server_parts();
	spawn(0, 0, CONN, 0);
	begins(0, 0);
	passes(MS(20));
	wants(0, 0, GET);
	passes(MS(50));

	blocked = strstr(as_text(report_finish()), "Blocked executors");
	cr_assert_not_null(blocked, "%s", printed);
	cr_expect_not_null(strstr(blocked, "http-0 (still runs)"), "%s", blocked);
	cr_expect_not_null(strstr(printed, "50 ms lock at cache.c:159"), "%s", printed);
}

/* ---- How it ended ---- */

static void killed_server(enum recording_state state, const char *ended, uint64_t to_ns)
{
	struct recording recording = { .state = state, .mode = RECORDING_FILES, .pid = 4711 };

	snprintf(recording.ended, sizeof(recording.ended), "%s", ended);
	report_begin((struct report_options){ .task = 1, .to_ns = to_ns });
	server_parts();
	spawn(0, 0, CONN, 0);
	begins(0, 0);
	passes(MS(4800));
	report_recorded(report_finish(), &recording);
}

Test(report_print, how_the_program_ended_stands_in_the_first_lines)
{
	killed_server(RECORDING_COMPLETE, "server was killed by SIGKILL", 0);

	as_text(made);
	cr_expect_not_null(
		strstr(printed, "./server -p 80 (server was killed by SIGKILL at +4.8 s)\n"), "%s",
		printed);
	cr_expect_not_null(strstr(printed, "http-0 (when it was killed)"), "%s", printed);
	cr_expect_not_null(strstr(printed, "runs on http-0 (until it was killed)"), "%s", printed);
	cr_expect_not_null(strstr(printed, "  lived\n"), "%s", printed);
	cr_expect_null(strstr(printed, "still runs)"), "%s", printed);
	cr_expect_null(strstr(printed, "not in the trace"), "%s", printed);
	cr_expect_not_null(strstr(as_page(made), "<p class=\"lost\">server was killed by SIGKILL "
						 "at +4.8 s.</p>"));
	as_json(made);
	cr_expect_not_null(strstr(printed, "\"how_ended\":\"server was killed by SIGKILL\""));
	cr_expect_not_null(strstr(printed, "\"is_killed\":true"));
}

Test(report_print, a_program_that_left_was_not_killed)
{
	killed_server(RECORDING_COMPLETE, "server ended with status 3", 0);

	as_text(made);
	cr_expect_not_null(strstr(printed, "(server ended with status 3 at +4.8 s)"), "%s",
			   printed);
	cr_expect_not_null(strstr(printed, "http-0 (when it ended)"), "%s", printed);
	cr_expect_not_null(strstr(as_json(made), "\"is_killed\":false"));
}

Test(report_print, in_a_part_of_the_trace_a_program_still_runs)
{
	killed_server(RECORDING_COMPLETE, "server was killed by SIGKILL", MS(100));

	cr_expect_not_null(strstr(as_text(made), "http-0 (still runs)"), "%s", printed);
	cr_expect_null(strstr(printed, "SIGKILL"), "%s", printed);
}

Test(report_print, that_the_recorder_was_killed_is_not_said_of_the_program)
{
	killed_server(RECORDING_CUT, "the recorder was killed", 0);

	cr_expect_not_null(strstr(as_text(made), "CUT SHORT: the recording ended before it should: "
						 "the recorder was killed\n"),
			   "%s", printed);
	cr_expect_not_null(strstr(printed, "(still runs)"), "%s", printed);
	cr_expect_not_null(strstr(as_page(made), "CUT SHORT"));
	cr_expect_not_null(strstr(as_json(made), "\"cut_short\":\"the recorder"), "%s", printed);
}

/* ---- JSON ---- */

Test(report_print, json_has_the_members_that_are_promised)
{
	static const char *const members[] = {
		"trace",
		"lost",
		"processes",
		"findings",
		"slowest_polls",
		"blocked_executors",
		"executors",
		"workers",
		"sites",
		"tasks_by_busy",
		"tasks_by_scheduled",
		"tasks_by_waiting",
		"locks",
		"waits",
		"spans",
		"operations",
		"critical_path",
		"bins",
		"delayed_ns",
		"p99_ns",
	};
	char quoted[64];

	report_begin((struct report_options){ .task = 1 });
	server_runs();

	cr_assert(json_is_valid(as_json(report_finish())), "%s", printed);
	for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++) {
		snprintf(quoted, sizeof(quoted), "\"%s\":", members[i]);
		cr_expect(strstr(printed, quoted), "%s is missing", members[i]);
	}
}

/* ---- The page ---- */

#define EVIL "<script>alert(1)</script>\"'&\033[31m\xff\xe2\x80\xae"

/* Names of everything that has one are not what anybody would call it. */
static void evil_runs(void)
{
	site(CONN, VIGIL_SITE_SPAWN, EVIL, 1, EVIL, EVIL);
	site(LOOP, VIGIL_SITE_WAKE, EVIL, 2, EVIL, "");
	site(REQUEST, VIGIL_SITE_SPAN, EVIL, 3, EVIL, EVIL);
	executor(0, EVIL);
	worker(0, 0, EVIL);
	told(WORKER(0), TRACE_resource_new, .object = RESOURCE(0), .id = 1, .site = LOOP,
	     .state = VIGIL_RESOURCE_OTHER, .name = EVIL, .text = EVIL);
	spawn(0, 0, CONN, 0);
	told(WORKER(0), TRACE_task_rename, .object = TASK(0), .name = EVIL);
	spawn(1, 0, CONN, 0);
	begins(0, 0);
	told(WORKER(0), TRACE_span_new, .object = SPAN(0), .id = 1, .site = REQUEST, .name = EVIL);
	told(WORKER(0), TRACE_span_enter, .object = SPAN(0));
	locks(0, 0, LOOP, TASK(0));
	passes(MS(20));
	waits(0, 0, VIGIL_WAIT_RECEIVE, RESOURCE(0));
	stops(0, 0);
	passes(MS(20));
	wakes(0, 0, LOOP, TASK(1));
	begins(0, 0);
	stops(0, 0);
}

/* The name of a tag at its "<"; whether it opens, closes or stands alone. */
static size_t tag_read(const char *at, char name[16], int *ret_depth)
{
	size_t length = strcspn(at, ">"), used = 0;
	const char *from = at + (at[1] == '/' ? 2 : 1);

	while (used < 15 && isalnum((unsigned char)from[used])) {
		name[used] = from[used];
		used++;
	}
	name[used] = '\0';
	*ret_depth = at[1] == '/' ? -1 : at[length - 1] == '/' || at[1] == '!' ? 0 : 1;
	return length;
}

static void expect_balanced(const char *page)
{
	static char names[64][16];
	int depth = 0;

	while ((page = strchr(page, '<'))) {
		char name[16];
		int by;
		size_t length = tag_read(page, name, &by);

		cr_assert_eq(page[length], '>', "a tag that does not end: %.60s", page);
		if (by > 0)
			strcpy(names[depth++ % 64], name);
		if (by < 0)
			cr_assert(depth && !strcmp(names[--depth % 64], name),
				  "%s is closed by: %.60s", names[depth % 64], page);
		page += length;
	}
	cr_expect_eq(depth, 0, "%s is not closed", names[(depth - 1) % 64]);
}

/* Nothing is fetched: no address but that of SVG's name space, nothing that loads. */
static void expect_self_contained(const char *page)
{
	static const char *const loads[] = { "src=",    "href=", "url(",    "@import",
					     "<script", "<link", "<iframe", "<object" };
	const char *at = page;

	for (size_t i = 0; i < sizeof(loads) / sizeof(loads[0]); i++)
		cr_expect_null(strstr(page, loads[i]), "%s in the page", loads[i]);
	while ((at = strstr(at, "://"))) {
		cr_expect(!strncmp(at, "://www.w3.org/2000/svg\"", 23), "%.60s", at);
		at += 3;
	}
}

Test(report_print, a_page_is_whole_and_needs_nothing_else)
{
	report_begin((struct report_options){ .task = 1 });
	server_runs();
	as_page(report_finish());

	cr_expect(!strncmp(printed, "<!DOCTYPE html>", 15));
	expect_balanced(printed);
	expect_self_contained(printed);
	cr_expect_not_null(strstr(printed, "prefers-color-scheme:dark"));
	cr_expect_not_null(strstr(printed, "class=\"timeline\""));
	cr_expect_not_null(strstr(printed, "class=\"queues\""));
	cr_expect_not_null(strstr(printed, "class=\"hist\""));
	cr_expect_not_null(strstr(printed, "class=\"flame\""));
	cr_expect_not_null(strstr(printed, "Critical path of task 1 conn"));
}

Test(report_print, hostile_names_are_shown_and_do_nothing)
{
	report_begin((struct report_options){ .task = 1 });
	evil_runs();
	as_page(report_finish());

	expect_balanced(printed);
	expect_self_contained(printed);
	cr_expect_not_null(strstr(printed, "&lt;script&gt;"));
	cr_expect_null(strchr(printed, '\033'));
	cr_expect_null(strchr(printed, '\xff'));
	cr_expect_null(strstr(printed, "\xe2\x80\xae"), "text is turned around");
	cr_expect(json_is_valid(as_json(made)), "%s", printed);
	cr_expect_null(strchr(as_text(made), '\033'));
}

Test(report_print, a_page_does_not_grow_with_the_trace)
{
	size_t small;

	report_begin((struct report_options){ 0 });
	server_runs();
	as_page(report_finish());
	small = printed_size;
	report_done();
	report_begin((struct report_options){ 0 });
	server_runs();
	for (uint32_t i = 0; i < 20000; i++)
		request(i % 2, US(9), US(40 + i % 60));
	as_page(report_finish());

	cr_expect_lt(printed_size, small + 60000);
}
