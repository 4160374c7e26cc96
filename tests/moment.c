/* SPDX-License-Identifier: MIT */
/* Times as people type them: what is one, and where in a trace it is. */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "console/moment.h"

#define MS UINT64_C(1000000)
#define SECOND (1000 * MS)
#define BEGIN (UINT64_C(1700000000) * SECOND) /* 22:13:20 */
#define LENGTH (8 * SECOND)
#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static struct vigil_problem problem;

static void set_up(void)
{
	setenv("TZ", "UTC", 1);
	tzset();
}

TestSuite(moment, .init = set_up);

static struct moment moment(const char *words)
{
	struct moment made = { 0 };

	cr_assert_eq(moment_read(words, &made, &problem), 0, "%s", problem.text);
	return made;
}

Test(moment, a_duration_is_a_number_with_a_unit_or_of_seconds)
{
	static const struct {
		const char *words;
		uint64_t ns;
	} good[] = {
		{ "500ms", 500 * MS },  { "1.5s", 1500 * MS },
		{ "2m", 120 * SECOND }, { "10us", MS / 100 },
		{ "2", 2 * SECOND },    { "0.25", 250 * MS },
		{ ".5", 500 * MS },     { "0", 0 },
	};
	static const char *const bad[] = {
		"",   "s",    "-1", "+1",  "1.2.3", ".",    "1x",
		"1 ", "0x10", "1e", "nan", "inf",   "soon", "99999999999"
	};
	uint64_t ns;

	for (size_t i = 0; i < COUNT(good); i++) {
		cr_expect(duration_read(good[i].words, &ns), "%s", good[i].words);
		cr_expect_eq(ns, good[i].ns, "%s", good[i].words);
	}
	for (size_t i = 0; i < COUNT(bad); i++)
		cr_expect_not(duration_read(bad[i], &ns), "%s", bad[i]);
}

Test(moment, counts_from_the_begin_from_the_end_or_by_the_clock)
{
	static const struct {
		const char *words;
		uint64_t after_ns;
	} good[] = {
		{ "2.5", 2500 * MS },  { "2.5s", 2500 * MS },
		{ "+2.5", 2500 * MS }, { "+300ms", 300 * MS },
		{ "-1", 7 * SECOND },  { "-250ms", 7750 * MS },
		{ "-1h", 0 },          { "50%", 4 * SECOND },
		{ "12.5%", SECOND },   { "22:13:21.5", 1500 * MS },
		{ "begin", 0 },        { "end", LENGTH },
	};

	for (size_t i = 0; i < COUNT(good); i++) {
		struct moment made = moment(good[i].words);

		cr_expect_eq(moment_unix(&made, BEGIN, BEGIN + LENGTH) - BEGIN, good[i].after_ns,
			     "%s", good[i].words);
	}
}

Test(moment, a_time_of_day_before_the_begin_may_be_of_the_next_day)
{
	struct moment near = moment("22:13:10"), next = moment("01:00:00");

	cr_expect_eq(moment_unix(&near, BEGIN, BEGIN + LENGTH), BEGIN - 10 * SECOND);
	cr_expect_eq(moment_unix(&next, BEGIN, BEGIN + LENGTH), BEGIN + UINT64_C(10000) * SECOND);
	/* In a trace that is still there a day later. */
	cr_expect_eq(moment_unix(&near, BEGIN, BEGIN + 86400 * SECOND),
		     BEGIN + UINT64_C(86390) * SECOND);
}

Test(moment, a_time_of_day_is_of_the_clock_that_people_see)
{
	/* 2026-03-29 01:30 in Berlin; at two the clocks there went to three. */
	const uint64_t begin = UINT64_C(1774744200) * SECOND;
	struct moment later = moment("03:30:00");

	setenv("TZ", "CET-1CEST,M3.5.0,M10.5.0/3", 1);
	tzset();

	cr_expect_eq(moment_unix(&later, begin, begin + 7200 * SECOND), begin + 3600 * SECOND);
}

Test(moment, what_is_none_is_answered_with_all_that_are)
{
	static const char *const bad[] = { "",         "x",         "+",    "-",    "101%",
					   "-5%",      "25:00:00",  "nan%", "+-1s", "--1s",
					   "12:61:00", "12:00:00x", "12:00" };
	struct moment made;

	for (size_t i = 0; i < COUNT(bad); i++)
		cr_expect_eq(moment_read(bad[i], &made, &problem), -22, "%s", bad[i]);
	cr_expect_not_null(strstr(problem.text, "\"12:00\" is no moment of a trace: give 2.5s"));
	cr_expect_not_null(strstr(problem.text, "-1s before its end, 50%, a time of day"));
}

/* ---- Windows ---- */

static struct window window(const char *from, const char *until)
{
	struct window made = { { 0 }, { 0 } };

	if (from)
		made.from = moment(from);
	if (until)
		made.until = moment(until);
	return made;
}

static int find(const char *from, const char *until, uint64_t end, struct window_ns *ret_window)
{
	struct window made = window(from, until);

	problem.text[0] = '\0';
	return window_find(&made, "t", BEGIN, end, ret_window, &problem);
}

Test(moment, a_window_is_found_in_a_trace)
{
	struct window_ns found;

	cr_assert_eq(find("25%", "-1s", BEGIN + LENGTH, &found), 0, "%s", problem.text);
	cr_expect_eq(found.from_ns, 2 * SECOND);
	cr_expect_eq(found.until_ns, 7 * SECOND);
	cr_assert_eq(find(NULL, NULL, 0, &found), 0);
	cr_expect_eq(found.from_ns, 0);
	cr_expect_eq(found.until_ns, UINT64_MAX);
	cr_assert_eq(find("1s", "end", 0, &found), 0, "the end is where it ends without");
	cr_expect_eq(found.until_ns, UINT64_MAX);
	cr_assert_eq(find(NULL, "1h", BEGIN + LENGTH, &found), 0, "it ends before that");
}

Test(moment, a_window_with_nothing_in_it_is_refused)
{
	struct window_ns found;

	cr_expect_neq(find("9s", NULL, BEGIN + LENGTH, &found), 0);
	cr_expect_str_eq(problem.text, "--from is not before the end of t, which is 8 s long: "
				       "give an earlier moment");
	cr_expect_neq(find("end", NULL, BEGIN + LENGTH, &found), 0);
	cr_expect_neq(find(NULL, "0", BEGIN + LENGTH, &found), 0);
	cr_expect_not_null(strstr(problem.text, "--until is not after the begin of t"));
	cr_expect_neq(find(NULL, "22:13:10", BEGIN + LENGTH, &found), 0);
	cr_expect_neq(find("50%", "4s", BEGIN + LENGTH, &found), 0);
	cr_expect_not_null(strstr(problem.text, "--until is not later than --from in t"));
	cr_expect_neq(find("50%", NULL, 0, &found), 0);
	cr_expect_not_null(strstr(problem.text, "does not say where it ends"));
}

Test(moment, a_moment_outside_of_a_trace_is_refused)
{
	struct moment after = { .kind = MOMENT_AFTER_BEGIN, .ns = 99 * SECOND };
	struct moment shown = { .kind = MOMENT_AFTER_BEGIN, .ns = LENGTH + LENGTH / 250 };
	struct moment before = { .kind = MOMENT_CLOCK, .ns = 0 };
	uint64_t ns;

	moment_read("22:13:10", &before, &problem);

	cr_expect_neq(moment_find(&after, "99s", "t", BEGIN, BEGIN + LENGTH, &ns, &problem), 0);
	cr_expect_str_eq(problem.text, "99s is after the end of t, which is 8 s long: give an "
				       "earlier moment");
	cr_expect_neq(moment_find(&before, "--at", "t", BEGIN, BEGIN + LENGTH, &ns, &problem), 0);
	cr_expect_not_null(strstr(problem.text, "--at is before the begin of t"));
	cr_expect_eq(moment_find(&shown, "--at", "t", BEGIN, BEGIN + LENGTH, &ns, &problem), 0);
}

Test(moment, a_window_may_be_empty_whatever_the_trace)
{
	struct window crossed[] = { window("3", "2s"), window("-1s", "-2s"), window("60%", "50%"),
				    window("1s", "1s") };
	struct window open[] = { window("2s", "3"),
				 window("-2s", "-1s"),
				 window("1h", "-1s"),
				 window("50%", NULL),
				 window(NULL, "2s"),
				 window(NULL, NULL),
				 window("23:00:00", "01:00:00") };

	for (size_t i = 0; i < COUNT(crossed); i++)
		cr_expect(window_is_empty(&crossed[i]), "%zu", i);
	for (size_t i = 0; i < COUNT(open); i++)
		cr_expect_not(window_is_empty(&open[i]), "%zu", i);
}
