/* SPDX-License-Identifier: MIT */
/*
 * Reports as text, JSON and a page: texts whole against golden files, pages for what
 * they must never have. UPDATE_SCREENS=1 accepts what is printed now.
 */
#include <ctype.h>
#include <locale.h>

#include "console/json.h"
#include "console/text.h"
#include "tests/support/golden.h"
#include "tests/support/json_check.h"
#include "tests/support/report.h"

static char *printed;
static size_t printed_size;

static void set_up(void)
{
	cr_assert(setlocale(LC_ALL, "C.UTF-8"));
}

static void tear_down(void)
{
	free(printed);
	report_done();
}

TestSuite(report_print, .init = set_up, .fini = tear_down);

/* ---- Printing into memory ---- */

static struct text text_in(FILE *file)
{
	struct text text;

	text_begin(&text, file, false);
	return text;
}

static FILE *printing(void)
{
	FILE *file;

	free(printed);
	printed = NULL;
	file = open_memstream(&printed, &printed_size);
	cr_assert_not_null(file);
	return file;
}

static const char *as_text(const struct report *report)
{
	FILE *file = printing();
	struct text text = text_in(file);

	report_text(report, &text);
	fclose(file);
	return printed;
}

static const char *as_json(const struct report *report)
{
	FILE *file = printing();
	struct json json;

	json_begin(&json, file, false);
	report_json(report, &json);
	json_end(&json);
	fclose(file);
	return printed;
}

static const char *as_page(const struct report *report)
{
	FILE *file = printing();

	report_html(report, file);
	fclose(file);
	return printed;
}

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

/* ---- Comparing ---- */

static struct report *report_taken(void)
{
	struct report *report = report_finish();

	made = NULL;
	report_done();
	return report;
}

static struct report *server_polled(uint64_t ns, int polls)
{
	report_begin((struct report_options){ 0 });
	server_parts();
	spawn(0, 0, CONN, 0);
	for (int i = 0; i < polls; i++)
		request(0, US(5), ns);
	if (ns > US(50)) {
		spawn(1, 0, JOB, 0);
		begins(0, 1);
		locks(0, 0, PAGE, TASK(1));
		passes(MS(1));
		unlocks(0, 0, TASK(1));
		stops(0, 1);
	}
	return report_taken();
}

/* Polls of which one of all is as long as one that was blocked. */
static struct report *server_with_one(uint64_t late_ns, uint64_t ns, uint64_t one_ns)
{
	report_begin((struct report_options){ 0 });
	server_parts();
	spawn(0, 0, CONN, 0);
	for (int i = 0; i < 1000; i++)
		request(0, late_ns, i == 500 ? one_ns : ns);
	return report_taken();
}

static struct report *slower_server(uint64_t ns)
{
	return server_polled(ns, 40);
}

static void compare(const struct report *a, const struct report *b)
{
	FILE *file = printing();
	struct text text = text_in(file);

	report_compare_text(a, b, &text);
	fclose(file);
}

Test(report_print, two_traces_are_compared_like_this)
{
	struct report *a = slower_server(US(20)), *b = slower_server(US(90));

	compare(a, b);

	expect_golden("tests/screens/report-compare.txt", printed);
	report_free(a);
	report_free(b);
}

Test(report_print, what_is_gone_and_what_is_faster_is_said_too)
{
	struct report *a = slower_server(US(90)), *b = slower_server(US(20));

	compare(a, b);

	cr_expect_not_null(strstr(printed, "Gone in B: site job.c:9 job_run."), "%s", printed);
	cr_expect_not_null(strstr(printed, "times faster per poll at conn.c:120"), "%s", printed);
	report_free(a);
	report_free(b);
}

Test(report_print, two_equal_traces_differ_in_nothing)
{
	struct report *a = slower_server(US(20)), *b = slower_server(US(20));

	compare(a, b);

	cr_expect_not_null(strstr(printed, "none is new or gone"), "%s", printed);
	report_free(a);
	report_free(b);
}

Test(report_print, one_poll_that_was_blocked_does_not_make_all_others_faster)
{
	struct report *a = server_with_one(US(5), US(5), MS(2700));
	struct report *b = server_with_one(US(5), US(9), US(9));

	compare(a, b);

	cr_expect_not_null(strstr(printed, "B is 1.8 times slower per poll at conn.c:120: p50 "
					   "9 µs, not 5.1 µs; p99 9 µs, not 5.1 µs."),
			   "%s", printed);
	cr_expect_not_null(
		strstr(printed, "The longest poll at conn.c:120: 9 µs in B, 2.7 s in A."), "%s",
		printed);
	cr_expect_null(strstr(printed, "faster"), "%s", printed);
	report_free(a);
	report_free(b);
}

Test(report_print, percentiles_that_disagree_are_both_told)
{
	struct report *a = server_polled(US(20), 400), *b;

	report_begin((struct report_options){ 0 });
	server_parts();
	spawn(0, 0, CONN, 0);
	for (int i = 0; i < 400; i++)
		request(0, US(5), i % 20 ? US(10) : US(60));
	b = report_taken();
	compare(a, b);

	cr_expect_not_null(
		strstr(printed, "faster per poll at conn.c:120 by its p50, but 3.0 times slower by "
				"its p99: p50 10"),
		"%s", printed);
	report_free(a);
	report_free(b);
}

Test(report_print, a_later_start_has_a_sentence_beside_that_of_polls)
{
	struct report *a = server_with_one(US(5), US(20), US(20));
	struct report *b = server_with_one(US(50), US(40), US(40));

	compare(a, b);

	cr_expect_not_null(strstr(printed, "times slower to start a poll at conn.c:120: p50 49.7"),
			   "%s", printed);
	cr_expect_not_null(strstr(printed, "2.0 times slower per poll at conn.c:120"), "%s",
			   printed);
	report_free(a);
	report_free(b);
}

static bool has_word(const char *text, const char *before, const char *word)
{
	const char *line = strstr(text, before);

	while (line && line > text && line[-1] != '\n')
		line--;
	return line && memmem(line, strcspn(line, "\n"), word, strlen(word));
}

Test(report_print, of_few_polls_no_ratio_is_made)
{
	struct report *a = server_polled(US(20), 19), *b = slower_server(US(90));

	compare(a, b);

	cr_expect_null(strstr(printed, "times slower"), "%s", printed);
	cr_expect(has_word(printed, "conn.c:120 conn_open", " few "), "%s", printed);
	cr_expect_not_null(strstr(printed, "few: fewer than 20 in A or in B,"), "%s", printed);
	compare(a, a);
	cr_expect_not_null(strstr(printed, "No site and no lock of which both have enough"), "%s",
			   printed);
	report_free(a);
	report_free(b);
	a = server_polled(US(20), 20);
	b = slower_server(US(90));
	compare(a, b);

	cr_expect_not_null(strstr(printed, "4.5 times slower per poll"), "%s", printed);
	cr_expect_not_null(strstr(printed, ", of a p99 than 100, too few"), "%s", printed);
	cr_expect_null(strstr(printed, "; p99 "), "%s", printed);
	report_free(a);
	report_free(b);
}

Test(report_print, a_comparison_is_valid_json)
{
	struct report *a = slower_server(US(20)), *b = slower_server(US(90));
	FILE *file = printing();
	struct json json;

	json_begin(&json, file, false);
	report_compare_json(a, b, &json);
	json_end(&json);
	fclose(file);

	cr_expect(json_is_valid(printed), "%s", printed);
	cr_expect_not_null(strstr(printed, "\"p50_ratio\":4.4"), "%s", printed);
	cr_expect_not_null(strstr(printed, "\"is_few\":false"), "%s", printed);
	report_free(a);
	report_free(b);
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
