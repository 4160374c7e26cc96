/* SPDX-License-Identifier: MIT */
/* Two reports side by side, as people read them. */
#include "tests/support/printed.h"

TestSuite(report_compare, .init = set_up, .fini = tear_down);

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

Test(report_compare, two_traces_are_compared_like_this)
{
	struct report *a = slower_server(US(20)), *b = slower_server(US(90));

	compare(a, b);

	expect_golden("tests/screens/report-compare.txt", printed);
	report_free(a);
	report_free(b);
}

Test(report_compare, what_is_gone_and_what_is_faster_is_said_too)
{
	struct report *a = slower_server(US(90)), *b = slower_server(US(20));

	compare(a, b);

	cr_expect_not_null(strstr(printed, "Gone in B: site job.c:9 job_run."), "%s", printed);
	cr_expect_not_null(strstr(printed, "times faster per poll at conn.c:120"), "%s", printed);
	report_free(a);
	report_free(b);
}

Test(report_compare, two_equal_traces_differ_in_nothing)
{
	struct report *a = slower_server(US(20)), *b = slower_server(US(20));

	compare(a, b);

	cr_expect_not_null(strstr(printed, "none is new or gone"), "%s", printed);
	report_free(a);
	report_free(b);
}

Test(report_compare, one_poll_that_was_blocked_does_not_make_all_others_faster)
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

Test(report_compare, percentiles_that_disagree_are_both_told)
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

Test(report_compare, a_later_start_has_a_sentence_beside_that_of_polls)
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

Test(report_compare, of_few_polls_no_ratio_is_made)
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

Test(report_compare, a_comparison_is_valid_json)
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
