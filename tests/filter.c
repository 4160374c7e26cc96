/* SPDX-License-Identifier: MIT */
/* The filter language, on tasks of a board of this process. */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "tests/support/own_board.h"

#include "console/filter.h"

#define MS UINT64_C(1000000)

static vigil_executor loop;
static vigil_task conn, worker, tick;

/* conn: idle, 12 ms busy. worker: runnable. tick: idle on a timer, callback. */
static void tasks_make(void)
{
	own_board_begin();
	loop = vigil_executor_new(VIGIL_EXECUTOR_EVENT_LOOP, "http");
	vigil_worker_begin(loop, "http-0");
	conn = vigil_task_spawn(loop, VIGIL_TASK_ASYNC, "http-conn", 0);
	worker = vigil_task_spawn(loop, VIGIL_TASK_ASYNC, "a=b worker", 0);
	tick = vigil_task_spawn(loop, VIGIL_TASK_CALLBACK, "tick", 0);
	vigil_attr_text(conn, "peer", "127.0.0.1:5123");
	vigil_attr_u64(conn, "requests", 40, NULL);
	vigil_attr_text(worker, "peer", "10.0.0.7:5123");
	vigil_poll_begin(conn);
	own_board_pass(12 * MS);
	vigil_task_wait_fd(conn, VIGIL_WAIT_READABLE, 7);
	vigil_poll_end(conn);
	vigil_poll_begin(tick);
	vigil_task_wait(tick, VIGIL_WAIT_TIMER, 0);
	vigil_poll_end(tick);
	own_board_look();
}

TestSuite(filter, .init = tasks_make, .fini = own_board_end);

/* The names of the tasks that match, "?" for a filter that is refused. */
static const char *matches(const char *words)
{
	static char names[256];
	struct vigil_problem problem;
	struct filter *filter;
	size_t at = 0;

	names[0] = '\0';
	if (filter_parse(words, &task_properties, own_model, &filter, &problem))
		return "?";
	for (uint32_t i = 0; i < vigil_reader_count(own_model->reader, VIGIL_TABLE_task); i++) {
		const struct vigil_task_record *task = VIGIL_AT(own_model->reader, task, i);

		if (task->life == VIGIL_LIFE_FREE || !filter_matches(filter, own_model, task))
			continue;
		at += (size_t)snprintf(names + at, sizeof(names) - at, "%s%s", at ? "," : "",
				       task->name);
	}
	filter_free(filter);
	return names;
}

/* The sentence about a filter that is wrong. */
static const char *complaint(const char *words)
{
	static struct vigil_problem problem;
	struct filter *filter;

	if (filter_parse(words, &task_properties, own_model, &filter, &problem) != -EINVAL)
		return "";
	return problem.text;
}

Test(filter, nothing_matches_everything)
{
	cr_expect_str_eq(matches(""), "http-conn,a=b worker,tick");
	cr_expect_str_eq(matches("  "), "http-conn,a=b worker,tick");
}

Test(filter, a_word_is_found_in_a_name_whatever_its_case)
{
	cr_expect_str_eq(matches("CONN"), "http-conn");
}

Test(filter, a_word_is_found_in_a_reason_a_place_and_a_kind)
{
	cr_expect_str_eq(matches("readable"), "http-conn");
	cr_expect_str_eq(matches("filter.c"), "http-conn,a=b worker,tick");
	cr_expect_str_eq(matches("callback"), "tick");
}

Test(filter, two_words_must_both_be_found)
{
	cr_expect_str_eq(matches("http readable"), "http-conn");
	cr_expect_str_eq(matches("http timer"), "");
}

Test(filter, a_quoted_word_may_hold_spaces_and_signs)
{
	cr_expect_str_eq(matches("\"a=b w\""), "a=b worker");
	cr_expect_str_eq(matches("name=\"a=b worker\""), "a=b worker");
}

Test(filter, a_key_compares_a_state)
{
	cr_expect_str_eq(matches("state=idle"), "http-conn,tick");
	cr_expect_str_eq(matches("state!=idle"), "a=b worker");
	cr_expect_str_eq(matches("STATE=Idle kind=callback"), "tick");
}

Test(filter, a_regular_expression_is_searched)
{
	cr_expect_str_eq(matches("name~^(http|tick)"), "http-conn,tick");
}

Test(filter, times_compare_with_their_units)
{
	cr_expect_str_eq(matches("busy>10ms"), "http-conn");
	cr_expect_str_eq(matches("busy>=12ms"), "http-conn");
	cr_expect_str_eq(matches("busy>12ms"), "");
	cr_expect_str_eq(matches("busy<0.012s"), "a=b worker,tick");
	cr_expect_str_eq(matches("busy>0"), "http-conn");
}

Test(filter, counts_compare_without_a_unit)
{
	cr_expect_str_eq(matches("polls=1"), "http-conn,tick");
	cr_expect_str_eq(matches("polls<1"), "a=b worker");
	cr_expect_str_eq(matches("polls>1k"), "");
}

Test(filter, what_is_not_known_matches_no_comparison)
{
	cr_expect_str_eq(matches("poll_p99<1h"), "http-conn,tick");
	cr_expect_str_eq(matches("parent=1"), "");
}

Test(filter, an_unknown_key_is_told_with_those_there_are)
{
	cr_expect_not_null(strstr(complaint("colour=red"), "there is no \"colour\" here"));
	cr_expect_not_null(strstr(complaint("colour=red"), "busy"));
}

Test(filter, a_key_that_is_no_property_is_an_attribute)
{
	cr_expect_str_eq(matches("peer~127"), "http-conn");
	cr_expect_str_eq(matches("peer=10.0.0.7:5123"), "a=b worker");
	cr_expect_str_eq(matches("Peer!=10.0.0.7:5123"), "http-conn");
	cr_expect_str_eq(matches("requests>=40"), "http-conn");
	cr_expect_str_eq(matches("requests>40"), "");
	cr_expect_str_eq(matches("peer>1"), "");
}

Test(filter, an_attribute_compared_with_a_word_is_told)
{
	cr_expect_not_null(strstr(complaint("requests>many"), "compared with a number"));
}

Test(filter, a_plain_word_is_found_in_an_attribute)
{
	cr_expect_str_eq(matches("127.0.0"), "http-conn");
	cr_expect_str_eq(matches(":5123"), "http-conn,a=b worker");
}

Test(filter, any_attribute_may_come_to_be_later)
{
	struct vigil_problem problem;
	struct filter *filter = NULL;

	cr_expect_eq(filter_parse("colour=red", &task_properties, NULL, &filter, &problem), 0);
	filter_free(filter);
}

Test(filter, a_head_as_it_is_printed_is_a_key)
{
	cr_expect_str_eq(matches("BUSY>10ms"), "http-conn");
	cr_expect_str_eq(matches("SCHED>10ms"), "a=b worker,tick");
	cr_expect_str_eq(matches("why~readable"), "http-conn");
}

Test(filter, a_head_of_several_columns_is_told_with_their_keys)
{
	struct vigil_problem problem;
	struct filter *filter;

	cr_expect_eq(filter_parse("p99>1ms", &site_properties, own_model, &filter, &problem),
		     -EINVAL);
	cr_expect_str_eq(problem.text, "filter: several columns are headed p99; say one of "
				       "poll_p99, scheduled_p99");
}

/* Else what is printed would sort and filter by another column. */
Test(filter, no_head_is_the_key_of_another_column)
{
	static const struct properties *const all[] = { &task_properties,   &lock_properties,
							&worker_properties, &edge_properties,
							&site_properties,   &board_properties };

	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		for (size_t j = 0; j < all[i]->count; j++) {
			const struct property *it = &all[i]->list[j];
			const struct property *found =
				it->title ? property_find(all[i], it->title) : NULL;

			cr_expect(!found || found == it, "%s is %s, not %s", it->title, found->name,
				  it->name);
		}
}

Test(filter, a_word_that_a_property_never_is_is_told_with_those_it_can_be)
{
	cr_expect_str_eq(complaint("state=runing"),
			 "filter: state is never \"runing\": it is one of running, scheduled, "
			 "idle, done");
	cr_expect_not_null(strstr(complaint("outcome!=fine"), "none, completed, failed"));
	cr_expect_not_null(strstr(complaint("waiting=lok"), "lock, shared lock"));
	cr_expect_str_eq(matches("state~sched"), "a=b worker");
}

Test(filter, a_time_without_a_unit_is_told)
{
	cr_expect_not_null(strstr(complaint("busy>10"), "busy is a time"));
}

Test(filter, a_word_for_a_number_is_told)
{
	cr_expect_not_null(strstr(complaint("polls>many"), "polls is a number"));
}

Test(filter, a_broken_expression_is_told)
{
	cr_expect_not_null(strstr(complaint("name~("), "no regular expression"));
	cr_expect_not_null(strstr(complaint("name="), "ends before its value"));
	cr_expect_not_null(strstr(complaint("\"http"), "not closed"));
	cr_expect_not_null(strstr(complaint("name>3"), "is no number"));
}

Test(filter, more_terms_than_it_holds_are_told)
{
	cr_expect_str_eq(
		complaint("a a a a a a a a a a a a a a a a a a a a a a a a a a a a a a a a a"),
		"filter: more than 32 terms");
}

Test(filter, numbers_have_the_units_of_their_type)
{
	uint64_t number;

	cr_expect(filter_number("1.5s", PROPERTY_TIME, &number) && number == 1500 * MS);
	cr_expect(filter_number("2k", PROPERTY_COUNT, &number) && number == 2000);
	cr_expect(filter_number("2K", PROPERTY_BYTES, &number) && number == 2048);
	cr_expect(filter_number("18446744073709551614", PROPERTY_COUNT, &number) &&
		  number == UINT64_MAX - 1);
	cr_expect_not(filter_number("10", PROPERTY_TIME, &number));
	cr_expect_not(filter_number("10ms", PROPERTY_COUNT, &number));
	cr_expect_not(filter_number("-1", PROPERTY_COUNT, &number));
	cr_expect_not(filter_number("", PROPERTY_COUNT, &number));
	cr_expect_not(filter_number("nan", PROPERTY_COUNT, &number));
}
