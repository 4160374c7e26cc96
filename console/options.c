/* SPDX-License-Identifier: MIT */
/*
 * What stands behind an option becomes a member of struct verb_options, or a sentence.
 * Which verbs take which options is said in main.c.
 */
#include "console/options.h"

#include <stdlib.h>
#include <string.h>

#include "console/filter.h"

#define MS_NS UINT64_C(1000000)
#define DAY_NS (86400 * 1000 * MS_NS)
#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* 0.01 s to a day: refreshing without a rest helps nobody. */
static int interval_take(const char *option, const char *words, uint64_t *ret_ns)
{
	uint64_t ns;

	if (!duration_read(words, &ns) || ns < 10 * MS_NS || ns > DAY_NS)
		return refuse("%s needs a time from 10ms to 1d, such as 2s, not \"%s\"", option,
			      words);
	*ret_ns = ns;
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
	options->has_over = duration_read(words, &options->over_ns);
	return options->has_over ?
		       EXIT_DONE :
		       refuse("--over needs a time such as 500ms or 2s, not \"%s\"", words);
}

/* A time that is not 0. */
static int duration_take(const char *option, const char *words, uint64_t *ret_ns)
{
	if (duration_read(words, ret_ns) && *ret_ns)
		return EXIT_DONE;
	return refuse("%s needs a time such as 500ms or 30s, not \"%s\"", option, words);
}

static int size_take(const char *option, const char *words, uint64_t *ret_bytes)
{
	if (filter_number(words, PROPERTY_BYTES, ret_bytes) && *ret_bytes)
		return EXIT_DONE;
	return refuse("%s needs a size such as 64M or 1G, not \"%s\"", option, words);
}

/* The one trigger there is. */
static int trigger_take(const char *words, uint64_t *ret_blocked_ns)
{
	static const char name[] = "blocked=";

	if (strncmp(words, name, sizeof(name) - 1) != 0)
		return refuse("--on knows the trigger blocked=TIME, such as blocked=200ms, not "
			      "\"%s\"",
			      words);
	return duration_take("--on blocked=", words + sizeof(name) - 1, ret_blocked_ns);
}

static int moment_take(const char *option, const char *words, struct moment *ret_moment)
{
	struct vigil_problem problem;

	if (!moment_read(words, ret_moment, &problem))
		return EXIT_DONE;
	return refuse("%s: %s", option, problem.text);
}

/* Where it is depends on the trace: the source reads the words again. */
static int at_take(const char *words, const char **ret_at)
{
	struct moment moment;

	*ret_at = words;
	return moment_take("--at", words, &moment);
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
		return value ? interval_take("--watch", value, &options->interval_ns) : EXIT_DONE;
	case 'i':
		return interval_take("--interval", value, &options->interval_ns);
	case 'O':
		return over_take(value, options);
	case 'F':
		return duration_take("--for", value, &options->for_ns);
	case 'L':
		options->live = value ? value : "net://127.0.0.1";
		return EXIT_DONE;
	case 'B':
		return trigger_take(value, &options->blocked_ns);
	case 'R':
		return size_take("--rotate", value, &options->rotate_bytes);
	case 'b':
		return size_take("--buffers", value, &options->buffer_bytes);
	case 'c':
		return color_take(value, &options->color);
	case OPTION_HTML:
		options->html = value ? value : "";
		return EXIT_DONE;
	case OPTION_PROCESS:
		return process_take(value, &options->process);
	case OPTION_FROM:
		return moment_take("--from", value, &options->window.from);
	case 'T':
		return at_take(value, &options->at);
	case OPTION_TOP:
		return top_take(value, &options->top);
	case OPTION_UNTIL:
		return moment_take("--until", value, &options->window.until);
	default: /* Done above, or --dead. */
		return EXIT_DONE;
	}
}
