/* SPDX-License-Identifier: MIT */
/*
 * What stands behind an option becomes a member of struct verb_options, or a sentence.
 * Which verbs take which options is said in main.c.
 */
#include "console/options.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "console/filter.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* 0.01 to a day: refreshing without a rest helps nobody. */
static int seconds_take(const char *option, const char *words, uint64_t *ret_ns)
{
	char *end;
	double seconds = strtod(words, &end);

	if (end == words || *end || !(seconds >= 0.01 && seconds <= 86400))
		return refuse("%s needs a number of seconds from 0.01 to 86400, not \"%s\"", option,
			      words);
	*ret_ns = (uint64_t)(seconds * 1e9);
	return EXIT_DONE;
}

static int color_take(const char *words, enum color_choice *ret_color)
{
	static const struct {
		const char *words;
		enum color_choice color;
	} choices[] = {
		{ "auto", COLOR_AUTO },  { "always", COLOR_AUTO }, { "never", COLOR_NEVER },
		{ "16", COLOR_ONLY_16 }, { "256", COLOR_ALL_256 },
	};

	for (size_t i = 0; i < COUNT(choices); i++) {
		if (strcmp(choices[i].words, words) != 0)
			continue;
		*ret_color = choices[i].color;
		return EXIT_DONE;
	}
	return refuse("--color is auto, never, 16 or 256, not \"%s\"", words);
}

static int limit_take(const char *words, uint64_t *ret_limit)
{
	if (filter_number(words, PROPERTY_COUNT, ret_limit) && *ret_limit)
		return EXIT_DONE;
	return refuse("--limit needs a number of rows from 1, not \"%s\"", words);
}

static int over_take(const char *words, struct verb_options *options)
{
	options->has_over = filter_number(words, PROPERTY_TIME, &options->over_ns);
	return options->has_over ?
		       EXIT_DONE :
		       refuse("--over needs a time such as 500ms or 2s, not \"%s\"", words);
}

/* A time or a size that an option needs, above 0. */
static int number_take(const char *option, const char *words, enum property_type type,
		       uint64_t *ret_number)
{
	if (filter_number(words, type, ret_number) && *ret_number)
		return EXIT_DONE;
	return refuse("%s needs a %s, not \"%s\"", option,
		      type == PROPERTY_TIME ? "time such as 500ms or 30s" :
					      "size such as 64M or 1G",
		      words);
}

/* The one trigger there is. */
static int trigger_take(const char *words, uint64_t *ret_blocked_ns)
{
	static const char name[] = "blocked=";

	if (strncmp(words, name, sizeof(name) - 1) != 0)
		return refuse("--on knows the trigger blocked=TIME, such as blocked=200ms, not "
			      "\"%s\"",
			      words);
	return number_take("--on blocked=", words + sizeof(name) - 1, PROPERTY_TIME,
			   ret_blocked_ns);
}

/* Seconds, or a time with its unit. */
static int moment_take(const char *option, const char *words, uint64_t *ret_ns)
{
	char *end;
	double seconds = strtod(words, &end);

	if (end != words && !*end && seconds >= 0 && seconds < 1e9) {
		*ret_ns = (uint64_t)(seconds * 1e9 + 0.5);
		return EXIT_DONE;
	}
	if (filter_number(words, PROPERTY_TIME, ret_ns))
		return EXIT_DONE;
	return refuse("%s needs a number of seconds such as 2.5, or a time such as 300ms, not "
		      "\"%s\"",
		      option, words);
}

static int process_take(const char *words, uint32_t *ret_pid)
{
	uint64_t pid;

	if (!filter_number(words, PROPERTY_COUNT, &pid) || !pid || pid > INT32_MAX)
		return refuse("--process needs the pid of a process of the trace, not \"%s\"",
			      words);
	*ret_pid = (uint32_t)pid;
	return EXIT_DONE;
}

#define TOP_MOST 1000

static int top_take(const char *words, uint64_t *ret_top)
{
	if (filter_number(words, PROPERTY_COUNT, ret_top) && *ret_top && *ret_top <= TOP_MOST)
		return EXIT_DONE;
	return refuse("--top needs a number of rows from 1 to %d, not \"%s\"", TOP_MOST, words);
}

/* What an option switches on; NULL when it is no switch. */
static bool *switch_of(int option, struct verb_options *options)
{
	switch (option) {
	case 'j':
		return &options->is_json;
	case 'A':
		return &options->is_all;
	case 'N':
		return &options->is_snapshot;
	case 'n':
		return &options->is_dry_run;
	case 'p':
		return &options->is_paused;
	case 'm':
		return &options->has_no_mouse;
	case 'a':
		return &options->is_ascii;
	default:
		return NULL;
	}
}

/* Where an option's words are kept as they are; NULL when they are read here. */
static const char **words_of(int option, struct verb_options *options)
{
	switch (option) {
	case 'f':
		return &options->filter;
	case 's':
		return &options->sort;
	case 'o':
		return &options->output;
	case 't':
		return &options->task;
	case 'd':
		return &options->dir;
	case 'v':
		return &options->view;
	case 'S':
		return &options->svg;
	case 'T':
		return &options->at;
	case 'x':
		return &options->speed;
	case OPTION_FORM:
		return &options->form;
	case OPTION_WHAT:
		return &options->what;
	case OPTION_COLLECTOR:
		return &options->collector;
	default:
		return NULL;
	}
}

int option_take(int option, const char *value, struct verb_options *options)
{
	bool *is_on = switch_of(option, options);
	const char **words = words_of(option, options);

	if (is_on)
		*is_on = true;
	if (words)
		*words = value;
	switch (option) {
	case 'l':
		return limit_take(value, &options->limit);
	case 'w':
		options->is_repeated = true;
		options->interval_ns = UINT64_C(2000000000);
		return value ? seconds_take("--watch", value, &options->interval_ns) : EXIT_DONE;
	case 'i':
		return seconds_take("--interval", value, &options->interval_ns);
	case 'O':
		return over_take(value, options);
	case 'F':
		return number_take("--for", value, PROPERTY_TIME, &options->for_ns);
	case 'L':
		options->live = value ? value : "net://127.0.0.1";
		return EXIT_DONE;
	case 'B':
		return trigger_take(value, &options->blocked_ns);
	case 'R':
		return number_take("--rotate", value, PROPERTY_BYTES, &options->rotate_bytes);
	case 'b':
		return number_take("--buffers", value, PROPERTY_BYTES, &options->buffer_bytes);
	case 'c':
		return color_take(value, &options->color);
	case OPTION_HTML:
		options->html = value ? value : "";
		return EXIT_DONE;
	case OPTION_PROCESS:
		return process_take(value, &options->process);
	case OPTION_FROM:
		return moment_take("--from", value, &options->from_ns);
	case OPTION_TOP:
		return top_take(value, &options->top);
	case OPTION_UNTIL:
		return moment_take("--until", value, &options->to_ns);
	default: /* Done above, or --dead. */
		return EXIT_DONE;
	}
}
