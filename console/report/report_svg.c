/* SPDX-License-Identifier: MIT */
/* Pictures with time from left to right: what workers did, how many tasks waited, lived. */
#include <inttypes.h>
#include <stdlib.h>

#include "console/format.h"
#include "console/names.h"
#include "console/report/report_html.h"

#define DURATION(ns) format_duration((char[FORMAT_SIZE]){ 0 }, FORMAT_SIZE, (ns), 0)
#define LANE_HEIGHT 22
#define LANE_STEP 27
#define LANES_MOST 40
#define AXIS_HEIGHT 24
#define STEPS 8 /* of how busy */

/* ---- Where a time is ---- */

static double x_of(const struct report_process *rp, uint64_t ns)
{
	uint64_t length = rp->end_ns - rp->begin_ns;
	uint64_t at = ns < rp->begin_ns ? 0 : ns > rp->end_ns ? length : ns - rp->begin_ns;

	return PICTURE_LEFT + (length ? (double)at / (double)length * PICTURE_ROOM : 0);
}

static uint64_t bin_ns(const struct report_process *rp, size_t bin)
{
	return rp->bins.origin_ns + bin * rp->bins.width_ns;
}

/* A bin's length; the last one is seldom whole. */
static uint64_t bin_length(const struct report_process *rp, size_t bin)
{
	uint64_t begin = bin_ns(rp, bin), end = begin + rp->bins.width_ns;

	if (end > rp->end_ns)
		end = rp->end_ns;
	return end > begin ? end - begin : 0;
}

#define TICKS_MOST 13

/* 1, 2 or 5 times a power of ten, of which a length has 12 at most. */
static uint64_t step_of(uint64_t length)
{
	uint64_t step = 1;

	for (;;) {
		if (length / step <= 12)
			return step;
		if (length / (2 * step) <= 12)
			return 2 * step;
		if (length / (5 * step) <= 12)
			return 5 * step;
		step *= 10;
	}
}

/* Ticks count from the start of the trace, also in a window. */
static void axis(FILE *file, const struct report_process *rp, int height)
{
	uint64_t step = step_of(rp->end_ns - rp->begin_ns);
	uint64_t since = report_since(rp, rp->begin_ns);
	uint64_t at = (since + step - 1) / step * step;

	for (int i = 0; i < TICKS_MOST && at <= report_since(rp, rp->end_ns); i++, at += step) {
		double x = x_of(rp, rp->begin_ns + (at - since));

		fprintf(file, "<line class=\"tick\" x1=\"%.1f\" x2=\"%.1f\" y1=\"0\" y2=\"%d\"/>",
			x, x, height + 4);
		html_label(file, x > PICTURE_WIDTH - 20 ? "dim end" : "dim mid", x, height + 17, 0,
			   at ? DURATION(at) : "0");
	}
	fputc('\n', file);
}

/* ---- Workers ---- */

static int step_at(const struct report_process *rp, const struct series *series, size_t bin)
{
	uint64_t length = bin_length(rp, bin);
	double share = length ? (double)series->values[bin] / (double)length : 0;

	if (!series->values[bin])
		return 0;
	return share < 1 ? 1 + (int)(share * STEPS) : STEPS;
}

/* Bins that are equally busy are one rectangle. */
static void lane_busy(FILE *file, const struct report_process *rp, const struct series *series,
		      int y)
{
	size_t count = bins_count(&rp->bins, rp->end_ns), from = 0;

	while (from < count) {
		int step = step_at(rp, series, from);
		size_t to = from + 1;
		double x = x_of(rp, bin_ns(rp, from));

		while (to < count && step_at(rp, series, to) == step)
			to++;
		if (step)
			fprintf(file,
				"<rect class=\"b%d\" x=\"%.2f\" y=\"%d\" width=\"%.2f\" "
				"height=\"%d\"/>",
				step, x, y, x_of(rp, bin_ns(rp, to)) - x, LANE_HEIGHT);
		from = to;
	}
	fputc('\n', file);
}

/* A strip at the foot of the lane where its thread waited for most of a bin. */
static void lane_waiting(FILE *file, const struct report_process *rp, const struct series *series,
			 int y)
{
	size_t count = bins_count(&rp->bins, rp->end_ns), from = 0;

	while (from < count) {
		bool is_waiting = step_at(rp, series, from) > STEPS / 2;
		size_t to = from + 1;
		double x = x_of(rp, bin_ns(rp, from));

		while (to < count && (step_at(rp, series, to) > STEPS / 2) == is_waiting)
			to++;
		if (is_waiting)
			fprintf(file,
				"<rect class=\"wait\" x=\"%.2f\" y=\"%d\" width=\"%.2f\" "
				"height=\"5\"/>",
				x, y + LANE_HEIGHT - 5, x_of(rp, bin_ns(rp, to)) - x);
		from = to;
	}
}

static void lane_marks(FILE *file, const struct report_process *rp, uint32_t row, int y)
{
	char who[160], at[FORMAT_SIZE];

	for (size_t i = 0; i < rp->polls.count; i++) {
		const struct report_poll *poll = top_at(&rp->polls, i);
		double x = x_of(rp, poll->begin_ns);
		double width = x_of(rp, poll->begin_ns + poll->run_ns) - x;

		if (poll->worker != row || poll->run_ns < REPORT_LONG_NS)
			continue;
		fprintf(file, "<g><title>");
		html_format(file, "%s: task %s of %s, at %s%s%s", DURATION(poll->run_ns),
			    report_who_words(&poll->who, who, sizeof(who)),
			    report_place(rp, poll->who.site),
			    report_at_words(rp, poll->begin_ns, at, sizeof(at)),
			    poll->delayed_ns ? "; runnable tasks waited " : "",
			    poll->delayed_ns ? DURATION(poll->delayed_ns) : "");
		fprintf(file,
			"</title><rect class=\"mark\" x=\"%.2f\" y=\"%d\" width=\"%.2f\" "
			"height=\"%d\"/><path class=\"flag\" d=\"M%.2f %dh8l-4 5z\"/></g>\n",
			x, y, width < 1.5 ? 1.5 : width, LANE_HEIGHT, x + width / 2 - 4, y - 4);
	}
}

static void lane(FILE *file, const struct report_process *rp, uint32_t row, int y)
{
	const struct report_worker *worker = &rp->workers[row];
	uint64_t length = rp->end_ns - rp->begin_ns;
	char share[FORMAT_SIZE];

	fputs("<g><title>", file);
	html_format(file, "%s of executor %s: %s in %" PRIu64 " polls, %s of the time",
		    worker->name, report_executor_name(rp, worker->executor),
		    DURATION(worker->run.ns), worker->run.count,
		    format_percent(share, sizeof(share),
				   length ? (double)worker->run.ns / (double)length : 0));
	fprintf(file, "</title><rect class=\"lane\" x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\"/>",
		PICTURE_LEFT, y, PICTURE_ROOM, LANE_HEIGHT);
	if (worker->busy)
		lane_busy(file, rp, worker->busy, y);
	fputs("</g>\n", file);
	if (worker->waiting)
		lane_waiting(file, rp, worker->waiting, y);
	lane_marks(file, rp, row, y);
	html_label(file, "end", PICTURE_LEFT - 8, y + 15, PICTURE_LEFT - 12, worker->name);
	fputc('\n', file);
}

static void timeline_legend(FILE *file)
{
	fputs("<div class=\"legend\"><span>busy ", file);
	for (int i = 1; i <= STEPS; i++)
		fprintf(file, "<i style=\"background:var(--b%d);margin:0\"></i>", i);
	fputs(" all of the time</span><span><i style=\"background:var(--warn);height:5px\"></i>"
	      "its thread waited</span><span><i style=\"border:1.5px solid var(--bad)\"></i>"
	      "a poll longer than 10 ms</span></div>\n",
	      file);
}

void html_timeline(FILE *file, const struct report_process *rp)
{
	size_t count;
	const struct report_worker **list = report_workers(rp, &count);
	size_t shown = count < LANES_MOST ? count : LANES_MOST;
	int y = 8, height = (int)shown * LANE_STEP + y;

	if (!rp->run.count) {
		free(list);
		return;
	}
	fputs("<section><h3>Workers over time</h3><p>How busy each was in polls; blocked loops "
	      "first.</p>\n",
	      file);
	html_svg_begin(file, "timeline", height + AXIS_HEIGHT,
		       "How busy each worker was over time");
	axis(file, rp, height);
	for (size_t i = 0; i < shown; i++, y += LANE_STEP)
		lane(file, rp, (uint32_t)(list[i] - rp->workers), y);
	free(list);
	fputs("</svg>\n", file);
	timeline_legend(file);
	if (count > shown)
		fprintf(file, "<p class=\"more\">and %zu more</p>", count - shown);
	fputs("</section>\n", file);
}

/* ---- Queues and tasks alive ---- */

#define CHART_HEIGHT 62
#define CHART_STEP 84

static double mean_at(const struct report_process *rp, const struct level *level, size_t bin)
{
	uint64_t length = bin_length(rp, bin);

	return length ? (double)level->areas->values[bin] / (double)length : 0;
}

static double peak_at(const struct report_process *rp, const struct level *level, size_t bin)
{
	double mean = mean_at(rp, level, bin);
	double peak = (double)level->peaks->values[bin];

	return peak > mean ? peak : mean;
}

/* An outline of one value per bin, as steps. */
static void outline(FILE *file, const struct report_process *rp, const struct level *level,
		    double (*value)(const struct report_process *, const struct level *, size_t),
		    double most, int bottom, const char *class_name)
{
	size_t count = bins_count(&rp->bins, rp->end_ns);
	double scale = most > 0 ? CHART_HEIGHT / most : 0;

	fprintf(file, "<path class=\"%s\" d=\"M%d %d", class_name, PICTURE_LEFT, bottom);
	for (size_t i = 0; i < count; i++)
		fprintf(file, "V%.1fH%.1f", bottom - value(rp, level, i) * scale,
			x_of(rp, bin_ns(rp, i + 1)));
	fprintf(file, "V%dz\"/>\n", bottom);
}

static void chart(FILE *file, const struct report_process *rp, const struct level *level,
		  const char *name, int top)
{
	int bottom = top + CHART_HEIGHT;
	char words[64];
	uint64_t length = rp->end_ns - rp->begin_ns;

	fprintf(file, "<g><title>");
	html_format(file, "%s: at most %" PRIu64 ", %.2f on average", name, level->max,
		    length ? (double)level->area / (double)length : 0);
	fprintf(file, "</title><rect class=\"lane\" x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\"/>",
		PICTURE_LEFT, top, PICTURE_ROOM, CHART_HEIGHT);
	outline(file, rp, level, peak_at, (double)level->max, bottom, "b2");
	outline(file, rp, level, mean_at, (double)level->max, bottom, "b6");
	fputs("</g>", file);
	html_label(file, "end", PICTURE_LEFT - 8, top + 14, PICTURE_LEFT - 12, name);
	snprintf(words, sizeof(words), "max %" PRIu64, level->max);
	html_label(file, "dim end", PICTURE_LEFT - 8, top + 30, 0, words);
	fputc('\n', file);
}

#define CHARTS_MOST 12

void html_queues(FILE *file, const struct report_process *rp)
{
	int count = 0, at = 0, height;

	for (uint32_t i = 0; i < rp->executor_count && count < CHARTS_MOST; i++)
		count += rp->executors[i].runnable.max > 0;
	if (!rp->live.max)
		return;
	height = (count + 1) * CHART_STEP;
	fputs("<section><h3>Queues over time</h3><p>Runnable tasks of each executor: on average, "
	      "and at most. Last: tasks alive.</p>\n",
	      file);
	html_svg_begin(file, "queues", height + AXIS_HEIGHT, "Runnable tasks over time");
	axis(file, rp, height);
	for (uint32_t i = 0; i < rp->executor_count && at < count; i++)
		if (rp->executors[i].runnable.max)
			chart(file, rp, &rp->executors[i].runnable, rp->executors[i].name,
			      at++ * CHART_STEP + 8);
	chart(file, rp, &rp->live, "tasks alive", at * CHART_STEP + 8);
	fputs("</svg>\n<div class=\"legend\"><span><i style=\"background:var(--b6)\"></i>average"
	      "</span><span><i style=\"background:var(--b2)\"></i>at most</span></div></section>\n",
	      file);
}
