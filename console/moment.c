/* SPDX-License-Identifier: MIT */
/* Times as people type them. Its law is in moment.h. */
#include "console/moment.h"

#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "console/filter.h"
#include "console/format.h"

#define SECOND_NS UINT64_C(1000000000)
#define SECONDS_MOST 1e9 /* more than thirty years */

/* Lengths are shown to three digits: so much less than what is shown one may be. */
#define ROUNDED_PART 200

#define DURATION(ns) format_duration((char[FORMAT_SIZE]){ 0 }, FORMAT_SIZE, (ns), 0)

/* "2", "2.5", ".5": with one point at most. */
static bool is_plain(const char *words)
{
	size_t digits = strspn(words, "0123456789");
	size_t more = words[digits] == '.' ? strspn(words + digits + 1, "0123456789") : 0;

	return digits + more > 0 && !words[digits + (words[digits] == '.') + more];
}

bool duration_read(const char *words, uint64_t *ret_ns)
{
	double seconds;

	if (filter_number(words, PROPERTY_TIME, ret_ns))
		return true;
	if (!is_plain(words))
		return false;
	seconds = strtod(words, NULL);
	if (seconds > SECONDS_MOST)
		return false;
	*ret_ns = (uint64_t)(seconds * 1e9 + 0.5);
	return true;
}

/* ---- Reading ---- */

static bool share_read(const char *words, double *ret_share)
{
	char *end;

	*ret_share = strtod(words, &end);
	return isdigit((unsigned char)*words) && !strcmp(end, "%") && *ret_share >= 0 &&
	       *ret_share <= 100;
}

/* A time of day, since midnight. */
static bool clock_read(const char *words, uint64_t *ret_ns)
{
	unsigned hour, minute;
	double second;
	int used = 0;

	if (sscanf(words, "%2u:%2u:%lf%n", &hour, &minute, &second, &used) != 3 || words[used] ||
	    hour > 23 || minute > 59 || !(second >= 0 && second < 61))
		return false;
	*ret_ns = (hour * 3600 + minute * 60) * SECOND_NS + (uint64_t)(second * 1e9);
	return true;
}

int moment_read(const char *words, struct moment *ret_moment, struct vigil_problem *ret_problem)
{
	struct moment made = { .kind = MOMENT_AFTER_BEGIN };

	if (!strcmp(words, "end") || (*words == '-' && duration_read(words + 1, &made.ns)))
		made.kind = MOMENT_BEFORE_END;
	else if (share_read(words, &made.share))
		made.kind = MOMENT_SHARE;
	else if (clock_read(words, &made.ns))
		made.kind = MOMENT_CLOCK;
	else if (strcmp(words, "begin") != 0 && !duration_read(words + (*words == '+'), &made.ns)) {
		snprintf(ret_problem->text, sizeof(ret_problem->text),
			 "\"%.40s\" is no moment of a trace: give 2.5s from its begin, -1s before "
			 "its end, 50%%, a time of day such as 12:03:04.5, begin or end",
			 words);
		return -EINVAL;
	}
	*ret_moment = made;
	return 0;
}

/* ---- Finding ---- */

/* On the day the trace began, or a later one. */
static uint64_t clock_on_day(uint64_t ns, uint64_t begin_unix_ns, int day)
{
	time_t begin = (time_t)(begin_unix_ns / SECOND_NS);
	struct tm tm;

	localtime_r(&begin, &tm);
	tm.tm_mday += day;
	tm.tm_hour = (int)(ns / SECOND_NS / 3600);
	tm.tm_min = (int)(ns / SECOND_NS / 60 % 60);
	tm.tm_sec = (int)(ns / SECOND_NS % 60);
	tm.tm_isdst = -1; /* whatever it was at the begin */
	return (uint64_t)mktime(&tm) * SECOND_NS + ns % SECOND_NS;
}

/* The first that is in the trace, or if none is the nearest to its begin. */
static uint64_t clock_unix(uint64_t ns, uint64_t begin_unix_ns, uint64_t end_unix_ns)
{
	uint64_t today = clock_on_day(ns, begin_unix_ns, 0);
	uint64_t tomorrow = clock_on_day(ns, begin_unix_ns, 1);

	if (today >= begin_unix_ns)
		return today;
	if (tomorrow <= end_unix_ns)
		return tomorrow;
	return begin_unix_ns - today > tomorrow - begin_unix_ns ? tomorrow : today;
}

uint64_t moment_unix(const struct moment *moment, uint64_t begin_unix_ns, uint64_t end_unix_ns)
{
	uint64_t length = end_unix_ns > begin_unix_ns ? end_unix_ns - begin_unix_ns : 0;

	switch (moment->kind) {
	case MOMENT_BEFORE_END:
		return length > moment->ns ? end_unix_ns - moment->ns : begin_unix_ns;
	case MOMENT_SHARE:
		return begin_unix_ns + (uint64_t)((double)length * moment->share / 100);
	case MOMENT_CLOCK:
		return clock_unix(moment->ns, begin_unix_ns, end_unix_ns);
	default:
		return moment->ns < UINT64_MAX - begin_unix_ns ? begin_unix_ns + moment->ns :
								 UINT64_MAX;
	}
}

static int cannot(struct vigil_problem *ret_problem, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

static int cannot(struct vigil_problem *ret_problem, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(ret_problem->text, sizeof(ret_problem->text), format, args);
	va_end(args);
	return -EINVAL;
}

int moment_find(const struct moment *moment, const char *asked, const char *what,
		uint64_t begin_unix_ns, uint64_t end_unix_ns, uint64_t *ret_unix_ns,
		struct vigil_problem *ret_problem)
{
	uint64_t found = moment_unix(moment, begin_unix_ns, end_unix_ns);
	uint64_t length = end_unix_ns - begin_unix_ns;

	if (found < begin_unix_ns)
		return cannot(ret_problem,
			      "%.80s is before the begin of %.200s, which is %s long: give a later "
			      "moment",
			      asked, what, DURATION(length));
	if (found > end_unix_ns && found - end_unix_ns > length / ROUNDED_PART)
		return cannot(ret_problem,
			      "%.80s is after the end of %.200s, which is %s long: give an earlier "
			      "moment",
			      asked, what, DURATION(length));
	*ret_unix_ns = found;
	return 0;
}

/* ---- Windows ---- */

bool window_is_empty(const struct window *window)
{
	const struct moment *from = &window->from, *until = &window->until;

	if (from->kind != until->kind)
		return false;
	switch (from->kind) {
	case MOMENT_AFTER_BEGIN:
		return from->ns >= until->ns;
	case MOMENT_BEFORE_END:
		return from->ns <= until->ns;
	case MOMENT_SHARE:
		return from->share >= until->share;
	default: /* After midnight it is another day. */
		return false;
	}
}

static bool needs_end(const struct moment *moment)
{
	return moment->kind == MOMENT_BEFORE_END || moment->kind == MOMENT_SHARE;
}

/* The end as the end of what is wanted is as if nothing were said. */
static bool is_said(const struct moment *until)
{
	return until->kind && (until->kind != MOMENT_BEFORE_END || until->ns);
}

int window_find(const struct window *window, const char *what, uint64_t begin_unix_ns,
		uint64_t end_unix_ns, struct window_ns *ret_window,
		struct vigil_problem *ret_problem)
{
	uint64_t from = begin_unix_ns, until = UINT64_MAX;

	if (!end_unix_ns &&
	    (needs_end(&window->from) || (is_said(&window->until) && needs_end(&window->until))))
		return cannot(ret_problem,
			      "%.200s does not say where it ends before all of it is read: give "
			      "--from and --until from its begin, such as 2.5s",
			      what);
	if (window->from.kind)
		from = moment_unix(&window->from, begin_unix_ns, end_unix_ns);
	if (is_said(&window->until))
		until = moment_unix(&window->until, begin_unix_ns, end_unix_ns);
	if (until <= begin_unix_ns)
		return cannot(ret_problem,
			      "--until is not after the begin of %.200s, so nothing is before it: "
			      "give a later moment",
			      what);
	if (from >= until)
		return cannot(ret_problem,
			      "--until is not later than --from in %.200s, so nothing is between "
			      "them: give a later one, or an earlier --from",
			      what);
	if (window->from.kind && end_unix_ns && from >= end_unix_ns)
		return cannot(ret_problem,
			      "--from is not before the end of %.200s, which is %s long: give an "
			      "earlier moment",
			      what, DURATION(end_unix_ns - begin_unix_ns));
	ret_window->from_ns = from > begin_unix_ns ? from - begin_unix_ns : 0;
	ret_window->until_ns = until == UINT64_MAX ? UINT64_MAX : until - begin_unix_ns;
	return 0;
}
