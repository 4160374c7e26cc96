/* SPDX-License-Identifier: MIT */
/*
 * The flame graph of waits: as wide as the time that was waited, from the tasks down
 * to what for, on what, and where whoever ended it stood.
 */
#include <inttypes.h>
#include <stdlib.h>

#include "console/format.h"
#include "console/names.h"
#include "console/report/report_html.h"

#define ROW_HEIGHT 24
#define WORDS 200
#define SMALLEST 0.7 /* px; what is narrower cannot be seen */

enum flame_level { LEVEL_SITE, LEVEL_KIND, LEVEL_OBJECT, LEVEL_ENDER, LEVELS };

/* Waits that are alike down to a level. */
struct flame {
	const struct report_process *process;
	const struct report_wait **waits;
	size_t count;
	uint64_t all_ns;
	double left, width; /* px of all */
	int rows;
};

static uint64_t key_of(const struct report_wait *wait, enum flame_level level)
{
	switch (level) {
	case LEVEL_SITE:
		return wait->site;
	case LEVEL_KIND:
		return (uint64_t)wait->kind * 4 + wait->is_blocked + 2 * wait->is_overdue;
	case LEVEL_OBJECT:
		return (uint64_t)wait->object << 32 | wait->number;
	default:
		return wait->ender;
	}
}

static bool is_alike(const struct report_wait *a, const struct report_wait *b,
		     enum flame_level deepest)
{
	for (int level = 0; level <= (int)deepest; level++)
		if (key_of(a, (enum flame_level)level) != key_of(b, (enum flame_level)level))
			return false;
	return true;
}

/* What a level of a wait is called; "" when there is nothing to say. */
static void words_of(const struct flame *flame, const struct report_wait *wait,
		     enum flame_level level, char *buf, size_t size)
{
	const struct report_process *rp = flame->process;

	buf[0] = '\0';
	if (level == LEVEL_SITE && wait->site)
		report_place_long(rp, wait->site, buf, size);
	else if (level == LEVEL_SITE)
		snprintf(buf, size, "no task");
	else if (level == LEVEL_KIND)
		report_wait_words(wait, buf, size);
	else if (level == LEVEL_OBJECT)
		report_object_words(rp, wait->object, wait->number, buf, size);
	else if (wait->ender)
		report_place_long(rp, wait->ender, buf, size);
}

static const char *class_of(const struct report_wait *wait, enum flame_level level)
{
	if (level == LEVEL_SITE)
		return "f-site";
	switch (wait->kind) {
	case VIGIL_WAIT_LOCK:
	case VIGIL_WAIT_LOCK_SHARED:
	case VIGIL_WAIT_PERMIT:
		return "f-lock";
	case VIGIL_WAIT_READABLE:
	case VIGIL_WAIT_WRITABLE:
	case VIGIL_WAIT_ACCEPT:
	case VIGIL_WAIT_CONNECT:
	case VIGIL_WAIT_RESOLVE:
		return "f-io";
	case VIGIL_WAIT_TIMER:
		return "f-time";
	case VIGIL_WAIT_TASK:
	case VIGIL_WAIT_JOB:
	case VIGIL_WAIT_CHILD:
		return "f-task";
	case VIGIL_WAIT_SEND:
	case VIGIL_WAIT_RECEIVE:
	case VIGIL_WAIT_NOTIFIED:
		return "f-chan";
	default:
		return "f-none";
	}
}

static void box(FILE *file, const struct flame *flame, const struct report_wait *wait,
		enum flame_level level, double x, double width, int row,
		const struct report_sum *sum)
{
	char words[WORDS], time[FORMAT_SIZE], longest[FORMAT_SIZE], share[FORMAT_SIZE];
	int y = row * ROW_HEIGHT;

	words_of(flame, wait, level, words, sizeof(words));
	fputs("<g><title>", file);
	html_format(file, "%s: %s, %s of all waiting, %" PRIu64 " times, longest %s", words,
		    format_duration(time, sizeof(time), sum->ns, 0),
		    format_percent(share, sizeof(share), (double)sum->ns / (double)flame->all_ns),
		    sum->count, format_duration(longest, sizeof(longest), sum->max_ns, 0));
	fprintf(file,
		"</title><rect class=\"%s\" x=\"%.2f\" y=\"%d\" width=\"%.2f\" height=\"%d\" "
		"rx=\"2\"/>",
		class_of(wait, level), x, y, width, ROW_HEIGHT);
	if (width > 30)
		html_label(file, "on", x + 5, y + 16, width - 10, words);
	fputs("</g>\n", file);
}

/* The sum of those that are like one of them, down to a level; whether it comes first. */
static struct report_sum sum_of(const struct flame *flame, size_t of, enum flame_level level,
				bool *ret_is_first)
{
	struct report_sum sum = { 0 };

	*ret_is_first = true;
	for (size_t i = 0; i < flame->count; i++) {
		const struct report_wait *wait = flame->waits[i];

		if (!is_alike(wait, flame->waits[of], level))
			continue;
		*ret_is_first &= i >= of;
		sum.count += wait->sum.count;
		sum.ns += wait->sum.ns;
		if (wait->sum.max_ns > sum.max_ns)
			sum.max_ns = wait->sum.max_ns;
	}
	return sum;
}

/*
 * The children of a box, left to right as their longest leaf comes. A level that has
 * nothing to say takes no row.
 */
static void children(FILE *file, struct flame *flame, size_t of, enum flame_level level, double x,
		     int row)
{
	for (size_t i = 0; level < LEVELS && i < flame->count; i++) {
		const struct report_wait *wait = flame->waits[i];
		struct report_sum sum;
		char words[WORDS];
		bool is_first;
		double width;
		int next = row;

		if (level && !is_alike(wait, flame->waits[of], (enum flame_level)(level - 1)))
			continue;
		sum = sum_of(flame, i, level, &is_first);
		if (!is_first)
			continue;
		width = (double)sum.ns / (double)flame->all_ns * flame->width;
		words_of(flame, wait, level, words, sizeof(words));
		if (width >= SMALLEST && words[0]) {
			if (file)
				box(file, flame, wait, level, x, width, row, &sum);
			next++;
			if (next > flame->rows)
				flame->rows = next;
		}
		if (width >= SMALLEST)
			children(file, flame, i, (enum flame_level)(level + 1), x, next);
		x += width;
	}
}

static void legend(FILE *file)
{
	static const struct {
		const char *class_name, *words;
	} list[] = { { "f-site", "tasks spawned at" }, { "f-lock", "locks and permits" },
		     { "f-io", "input and output" },   { "f-time", "timers" },
		     { "f-task", "other tasks" },      { "f-chan", "channels, notifications" },
		     { "f-none", "not said, other" } };

	fputs("<div class=\"legend\">", file);
	for (size_t i = 0; i < sizeof(list) / sizeof(list[0]); i++)
		fprintf(file, "<span><i style=\"background:var(--%s)\"></i>%s</span>",
			list[i].class_name, list[i].words);
	fputs("</div>", file);
}

/* Each with a scale of its own: hours for a connection do not hide a second for a lock. */
static void picture(FILE *file, struct flame *flame, const char *title, const char *help)
{
	char time[FORMAT_SIZE];

	flame->all_ns = 0;
	flame->rows = 0;
	for (size_t i = 0; i < flame->count; i++)
		flame->all_ns += flame->waits[i]->sum.ns;
	if (!flame->all_ns)
		return;
	children(NULL, flame, 0, LEVEL_SITE, 0, 0);
	fprintf(file, "<section><h3>%s</h3><p>", title);
	html_format(file,
		    "%s, all tasks together, %s: whose, for what, and at its foot where whoever "
		    "ended it stood, or where the lock had been taken.",
		    format_duration(time, sizeof(time), flame->all_ns, 0), help);
	fputs("</p>\n", file);
	html_svg_begin(file, "flame", flame->rows * ROW_HEIGHT, title);
	children(file, flame, 0, LEVEL_SITE, 0, 0);
	fputs("</svg>", file);
	legend(file);
	fputs("</section>\n", file);
}

void html_flame(FILE *file, const struct report_process *rp)
{
	size_t count, harmful = 0;
	const struct report_wait **waits = report_waits(rp, &count);
	struct flame flame = { .process = rp, .waits = waits, .width = PICTURE_WIDTH };

	while (harmful < count && report_holds_up(waits[harmful]))
		harmful++;
	flame.count = harmful;
	picture(file, &flame, "What held tasks up",
		"for locks, permits, full queues and others' ends, for what was overdue, or inside "
		"a poll");
	flame.waits = waits + harmful;
	flame.count = count - harmful;
	picture(file, &flame, "What else was waited for",
		"for what comes from outside or is not due");
	free(waits);
}
