/* SPDX-License-Identifier: MIT */
/* Histograms of times: both scales logarithmic, so that one slow poll among millions shows. */
#include <inttypes.h>
#include <math.h>

#include "console/format.h"
#include "console/report/report_html.h"

#define HIST_WIDTH 560
#define HIST_HEIGHT 210
#define HIST_TOP 48
#define HIST_BOTTOM (HIST_HEIGHT - 24)
#define HIST_LEFT 40
#define HIST_RIGHT (HIST_WIDTH - 6)
#define DECADES_MOST 19 /* 10^19 ns still fits 64 bits */
#define PER_BAR 8       /* buckets: four bars an octave */

struct scale {
	double low, high; /* log10 of ns */
	double most;      /* log10 of a count plus one */
};

static double x_of(const struct scale *scale, double ns)
{
	double at = (log10(ns < 1 ? 1 : ns) - scale->low) / (scale->high - scale->low);

	return HIST_LEFT + (HIST_RIGHT - HIST_LEFT) * (at < 0 ? 0 : at > 1 ? 1 : at);
}

static double y_of(const struct scale *scale, uint64_t count)
{
	return HIST_BOTTOM - (HIST_BOTTOM - HIST_TOP) * log10((double)count + 1) / scale->most;
}

static uint64_t bar_count(const struct vigil_hist *hist, uint32_t bar)
{
	uint64_t count = 0;

	for (uint32_t i = 0; i < PER_BAR; i++)
		count += hist->counts[bar * PER_BAR + i];
	return count;
}

/* Whole decades, from the first bar that has something to the last. */
static void scale_find(const struct vigil_hist *hist, struct scale *scale)
{
	uint32_t first = VIGIL_SITE_BUCKETS, last = 0;
	uint64_t most = 1;

	for (uint32_t bar = 0; bar < VIGIL_SITE_BUCKETS / PER_BAR; bar++) {
		uint64_t count = bar_count(hist, bar);

		if (!count)
			continue;
		first = first == VIGIL_SITE_BUCKETS ? bar : first;
		last = bar;
		most = count > most ? count : most;
	}
	if (first == VIGIL_SITE_BUCKETS)
		first = 0;
	scale->low = floor(log10(fmax(1, (double)vigil_bucket_low(first * PER_BAR))));
	scale->high = ceil(
		log10(fmax((double)vigil_bucket_low((last + 1) * PER_BAR), (double)hist->max_ns)));
	if (scale->high > DECADES_MOST)
		scale->high = DECADES_MOST;
	if (scale->high <= scale->low)
		scale->high = scale->low + 1;
	scale->most = log10((double)most + 1);
}

static void bars(FILE *file, const struct vigil_hist *hist, const struct scale *scale)
{
	char low[FORMAT_SIZE], high[FORMAT_SIZE];

	for (uint32_t bar = 0; bar < VIGIL_SITE_BUCKETS / PER_BAR; bar++) {
		uint64_t count = bar_count(hist, bar);
		uint64_t from = vigil_bucket_low(bar * PER_BAR);
		uint64_t to = vigil_bucket_low((bar + 1) * PER_BAR);
		double x = x_of(scale, (double)from), y = y_of(scale, count);
		double width = x_of(scale, (double)to) - x;

		if (!count)
			continue;
		fputs("<g><title>", file);
		html_format(file, "%" PRIu64 " of %s to %s", count,
			    format_duration(low, sizeof(low), from, 0),
			    format_duration(high, sizeof(high), to, 0));
		fprintf(file,
			"</title><rect class=\"bar\" x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" "
			"height=\"%.1f\"/></g>\n",
			x, y, width > 1.5 ? width - 0.5 : width, HIST_BOTTOM - y);
	}
}

static void axes(FILE *file, const struct scale *scale)
{
	char words[FORMAT_SIZE];

	for (int decade = (int)scale->low; decade <= (int)scale->high; decade++) {
		double ns = pow(10, decade), x = x_of(scale, ns);

		fprintf(file, "<line class=\"tick\" x1=\"%.1f\" x2=\"%.1f\" y1=\"%d\" y2=\"%d\"/>",
			x, x, HIST_TOP, HIST_BOTTOM + 4);
		html_label(file, decade >= (int)scale->high ? "dim end" : "dim mid", x,
			   HIST_BOTTOM + 18, 0,
			   format_duration(words, sizeof(words), (uint64_t)(ns + 0.5), 0));
	}
	for (int decade = 0; decade <= (int)scale->most; decade++) {
		double y = y_of(scale, (uint64_t)(pow(10, decade) + 0.5));

		html_label(file, "dim end", HIST_LEFT - 6, y + 4, 0,
			   format_count(words, sizeof(words), (uint64_t)(pow(10, decade) + 0.5)));
		fprintf(file,
			"<line class=\"tick\" x1=\"%d\" x2=\"%d\" y1=\"%.1f\" y2=\"%.1f\"/>\n",
			HIST_LEFT, HIST_RIGHT, y, y);
	}
}

#define NAME_WIDTH 78
#define NAME_LINES 3

/* The first line of names on which one fits from x on. */
static int line_find(double until[NAME_LINES], double x)
{
	int line = 0;

	while (line < NAME_LINES - 1 && until[line] > x)
		line++;
	until[line] = x + NAME_WIDTH;
	return line;
}

/* Lines at percentiles; names one below the other where they would touch. */
static void percentiles(FILE *file, const struct vigil_hist *hist, const struct scale *scale)
{
	static const struct {
		const char *name;
		double share;
	} list[] = { { "p50", 0.5 }, { "p90", 0.9 }, { "p99", 0.99 }, { "max", 1 } };
	char words[64], time[FORMAT_SIZE];
	double until[NAME_LINES] = { 0 };

	for (size_t i = 0; i < sizeof(list) / sizeof(list[0]); i++) {
		uint64_t ns = list[i].share < 1 ? vigil_hist_percentile(hist, list[i].share) :
						  hist->max_ns;
		double x = x_of(scale, (double)ns);
		bool is_last = x > HIST_RIGHT - NAME_WIDTH;
		int y = 11 + 14 * line_find(until, is_last ? x - NAME_WIDTH : x);

		snprintf(words, sizeof(words), "%s %s", list[i].name,
			 format_duration(time, sizeof(time), ns, 0));
		fprintf(file, "<line class=\"pct\" x1=\"%.1f\" x2=\"%.1f\" y1=\"%d\" y2=\"%d\"/>",
			x, x, y - 9, HIST_BOTTOM);
		html_label(file, is_last ? "end" : "start", is_last ? x - 4 : x + 4, y, 0, words);
	}
}

static void panel(FILE *file, const struct vigil_hist *hist, const char *title, const char *help)
{
	struct scale scale;

	fprintf(file, "<section><h3>%s</h3><p>%s</p>\n", title, help);
	fprintf(file,
		"<svg class=\"hist\" viewBox=\"0 0 %d %d\" xmlns=\"http://www.w3.org/2000/svg\" "
		"role=\"img\" aria-label=\"%s\">\n",
		HIST_WIDTH, HIST_HEIGHT, title);
	scale_find(hist, &scale);
	axes(file, &scale);
	bars(file, hist, &scale);
	percentiles(file, hist, &scale);
	fputs("</svg></section>\n", file);
}

void html_hists(FILE *file, const struct report_process *rp)
{
	if (!rp->run_hist.total && !rp->runnable_hist.total)
		return;
	fputs("<div class=\"two\">\n", file);
	panel(file, &rp->run_hist, "Poll time", "How long polls ran. Both scales are logarithmic.");
	panel(file, &rp->runnable_hist, "Scheduling delay",
	      "How long tasks stood runnable before they were polled.");
	fputs("</div>\n", file);
}
