/* SPDX-License-Identifier: MIT */
/* A report as one page. The law is in report_html.h. */
#include <inttypes.h>
#include <stdarg.h>
#include <string.h>

#include <vigil/vigil.h>

#include "console/canvas.h"
#include "console/format.h"
#include "console/report/report_grid.h"
#include "console/report/report_html.h"
#include "console/report/report_style.h"
#include "console/xml.h"

#define DURATION(ns) format_duration((char[FORMAT_SIZE]){ 0 }, FORMAT_SIZE, (ns), 0)
#define COUNT(n) format_count((char[FORMAT_SIZE]){ 0 }, FORMAT_SIZE, (n))

/* ---- Text ---- */

void html_text(FILE *file, const char *text)
{
	uint32_t code;

	while ((code = utf8_next(&text)))
		xml_code(file, code);
}

void html_format(FILE *file, const char *format, ...)
{
	char words[1024];
	va_list args;

	va_start(args, format);
	vsnprintf(words, sizeof(words), format, args);
	va_end(args);
	html_text(file, words);
}

#define GLYPH_WIDTH 6.3 /* of most, at the size of labels */

/* At most width wide, as far as can be known of a font that is not. */
static void put_cut(FILE *file, const char *text, double width)
{
	const char *rest = text;
	double used = 0, all = 0;
	uint32_t code;

	while ((code = utf8_next(&rest)))
		all += GLYPH_WIDTH * (code_width(code) > 1 ? 2 : 1);
	while ((code = utf8_next(&text))) {
		used += GLYPH_WIDTH * (code_width(code) > 1 ? 2 : 1);
		if (width > 0 && all > width && used > width - GLYPH_WIDTH) {
			xml_code(file, 0x2026);
			return;
		}
		xml_code(file, code);
	}
}

void html_label(FILE *file, const char *class_name, double x, double y, double width,
		const char *text)
{
	fprintf(file, "<text class=\"%s\" x=\"%.1f\" y=\"%.1f\">", class_name, x, y);
	put_cut(file, text, width);
	fputs("</text>", file);
}

void html_svg_begin(FILE *file, const char *class_name, int height, const char *label)
{
	fprintf(file,
		"<svg class=\"%s\" viewBox=\"0 0 %d %d\" xmlns=\"http://www.w3.org/2000/svg\" "
		"role=\"img\" aria-label=\"",
		class_name, PICTURE_WIDTH, height);
	html_text(file, label);
	fputs("\">\n", file);
}

/* ---- Summary ---- */

static void card(FILE *file, const char *class_name, const char *title, const char *value,
		 const char *more)
{
	fprintf(file, "<div class=\"card %s\"><b>", class_name);
	html_text(file, value);
	fputs("</b><span>", file);
	html_text(file, title);
	fputs("</span><small>", file);
	html_text(file, more);
	fputs("</small></div>\n", file);
}

static void cards(FILE *file, const struct report_process *rp)
{
	char more[128];

	fputs("<div class=\"cards\">\n", file);
	snprintf(more, sizeof(more), "%" PRIu64 " events", rp->events);
	card(file, "", "time seen", DURATION(rp->end_ns - rp->begin_ns),
	     rp->is_board ? "since its start" : more);
	snprintf(more, sizeof(more), "%s ended, %s left", COUNT(rp->kinds[TRACE_task_end]),
		 COUNT(rp->live_end));
	card(file, "", "tasks spawned", COUNT(rp->kinds[TRACE_task_spawn]), more);
	snprintf(more, sizeof(more), "%s in them", DURATION(rp->run.ns));
	card(file, "", "polls", COUNT(rp->run.count), more);
	snprintf(more, sizeof(more), "p99 %s, p50 %s",
		 DURATION(vigil_hist_percentile(&rp->run_hist, 0.99)),
		 DURATION(vigil_hist_percentile(&rp->run_hist, 0.5)));
	card(file, rp->run.max_ns >= REPORT_LONG_NS ? "bad" : "", "longest poll",
	     DURATION(rp->run.max_ns), more);
	snprintf(more, sizeof(more), "p99 %s, p50 %s",
		 DURATION(vigil_hist_percentile(&rp->runnable_hist, 0.99)),
		 DURATION(vigil_hist_percentile(&rp->runnable_hist, 0.5)));
	card(file, rp->runnable.max_ns >= REPORT_LONG_NS ? "bad" : "", "longest wait to run",
	     DURATION(rp->runnable.max_ns), more);
	snprintf(more, sizeof(more), "in %" PRIu64 " gap%s", rp->gaps, rp->gaps == 1 ? "" : "s");
	card(file, rp->gaps || rp->lost_events ? "bad" : "good",
	     rp->is_board ? "not recorded" : "events lost",
	     rp->gaps || rp->lost_events ? COUNT(rp->lost_events) : "none",
	     rp->gaps     ? more :
	     rp->is_board ? "" :
			    "no gap in the trace");
	fputs("</div>\n", file);
}

/* The first words of a finding, up to its colon, are its kind. */
static void finding(FILE *file, const char *text)
{
	const char *colon = strchr(text, ':');

	fputs("<li>", file);
	if (colon) {
		fputs("<b>", file);
		html_format(file, "%.*s", (int)(colon - text), text);
		fputs("</b> ", file);
		text = colon + 2;
	}
	html_text(file, text);
	fputs("</li>\n", file);
}

static void findings(FILE *file, const struct report_process *rp)
{
	struct report_finding list[REPORT_FINDINGS];
	size_t count = report_findings(rp, list);

	fputs("<ol class=\"findings\">\n", file);
	for (size_t i = 0; i < count; i++)
		finding(file, list[i].text);
	if (!count)
		fputs("<li>Nothing stands out: no task ran.</li>\n", file);
	fputs("</ol>\n", file);
}

/* ---- Tables ---- */

static void grid_head(FILE *file, const struct grid *grid)
{
	fputs("<thead><tr>", file);
	for (size_t i = 0; i < grid->column_count; i++) {
		if (grid_is_empty(grid, i))
			continue;
		fprintf(file, "<th%s", grid->columns[i].is_right ? " class=\"r\"" : "");
		if (grid->columns[i].help[0]) {
			fputs(" title=\"", file);
			html_text(file, grid->columns[i].help);
			fputs("\"", file);
		}
		fputs(">", file);
		html_text(file, grid->columns[i].title);
		fputs("</th>", file);
	}
	fputs("</tr></thead>\n", file);
}

static void grid_body(FILE *file, const struct grid *grid)
{
	fputs("<tbody>\n", file);
	for (size_t row = 0; row < grid_rows(grid); row++) {
		fputs("<tr>", file);
		for (size_t i = 0; i < grid->column_count; i++) {
			if (grid_is_empty(grid, i))
				continue;
			fprintf(file, "<td%s>", grid->columns[i].is_right ? " class=\"r\"" : "");
			html_text(file, grid_cell(grid, row, i));
			fputs("</td>", file);
		}
		fputs("</tr>\n", file);
	}
	fputs("</tbody>", file);
}

static void grid_print(FILE *file, const struct grid *grid)
{
	fprintf(file, "<section class=\"%s\"><h3>", grid->kind == GRID_PATH ? "path" : "table");
	html_text(file, grid->title);
	fputs("</h3>", file);
	if (grid->help[0]) {
		fputs("<p>", file);
		html_text(file, grid->help);
		fputs("</p>", file);
	}
	fputs("<div class=\"wide\"><table>\n", file);
	grid_head(file, grid);
	grid_body(file, grid);
	fputs("</table></div>", file);
	if (grid->more)
		fprintf(file, "<p class=\"more\">and %zu more</p>", grid->more);
	fputs("</section>\n", file);
}

static void grids(FILE *file, const struct report_process *rp, int from, int to)
{
	struct grid grid;

	for (int kind = from; kind < to; kind++) {
		if (grid_make(rp, (enum grid_kind)kind, &grid))
			grid_print(file, &grid);
		grid_free(&grid);
	}
}

/* ---- Sections ---- */

static void path_section(FILE *file, const struct report_process *rp)
{
	const struct report_path *path = &rp->path;
	char who[120], at[FORMAT_SIZE];

	if (!path->is_wanted)
		return;
	fputs("<h2>Critical path of task ", file);
	if (!path->is_found) {
		fprintf(file, "%" PRIu64 "</h2>\n<p>It is not in the trace of this process.</p>\n",
			rp->options->task);
		return;
	}
	html_text(file, report_who_words(&path->task.who, who, sizeof(who)));
	fputs("</h2>\n<p>", file);
	html_format(file, "Spawned at %s, from %s on.", report_place(rp, path->task.who.site),
		    report_at_words(rp, path->task.born_ns, at, sizeof(at)));
	if (path->short_ns)
		html_format(file, " Steps shorter than %s are counted only.",
			    DURATION(path->short_ns));
	fputs("</p>\n", file);
	grids(file, rp, GRID_PATH_WHO, GRID_PATH + 1);
}

static void process_section(FILE *file, const struct report_process *rp)
{
	char words[320];

	fputs("<article>\n<h2>", file);
	html_format(file, "%s, pid %" PRIu32 "%s%s", rp->name[0] ? rp->name : "a process", rp->pid,
		    rp->host[0] ? " on " : "", rp->host);
	fputs("</h2>\n<p class=\"command\"><code>", file);
	html_text(file, rp->command[0] ? rp->command : "its command line is not known");
	fputs("</code></p>\n", file);
	report_ended_words(rp, words, sizeof(words));
	if (words[0]) {
		fprintf(file, "<p%s>", rp->is_killed ? " class=\"lost\"" : "");
		html_format(file, "%s.", words);
		fputs("</p>\n", file);
	}
	report_born_words(rp, words, sizeof(words));
	if (words[0]) {
		fputs("<p class=\"lost\">", file);
		html_text(file, words);
		fputs("</p>\n", file);
	}
	cards(file, rp);
	findings(file, rp);
	if (!rp->is_board) {
		html_timeline(file, rp);
		html_queues(file, rp);
	}
	html_hists(file, rp);
	html_flame(file, rp);
	path_section(file, rp);
	grids(file, rp, 0, GRID_PATH_WHO);
	fputs("</article>\n", file);
}

static void head(FILE *file, const struct report *report)
{
	fputs("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\"/>\n"
	      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"/>\n<title>",
	      file);
	html_format(file, "vigil report: %s", report->what);
	fputs("</title>\n<style>\n" REPORT_STYLE "</style>\n</head>\n<body>\n<header><h1>", file);
	html_text(file, report->what);
	fputs("</h1>\n<p>", file);
	if (!report->is_board)
		html_format(file, "%s, %" PRIu64 " events of %" PRIu32 " process%s.",
			    DURATION(report_duration(report)), report->events,
			    report->process_count, report->process_count == 1 ? "" : "es");
	fputs("</p></header>\n", file);
}

static void told(FILE *file, const struct report *report)
{
	char words[300];

	if (report->snapshot[0]) {
		fputs("<p class=\"whole\">", file);
		html_format(file, "A snapshot, written because %s.", report->snapshot);
		fputs("</p>\n", file);
	}
	if (report->cut[0]) {
		fputs("<p class=\"lost\">", file);
		html_format(file, "CUT SHORT: the recording ended before it should: %s",
			    report->cut);
		fputs("</p>\n", file);
	}
	if (report->problem[0]) {
		fputs("<p class=\"lost\">DAMAGED: ", file);
		html_text(file, report->problem);
		fputs("</p>\n", file);
	}
	report_lost_words(report, words, sizeof(words));
	fprintf(file, "<p class=\"%s\">", report->gaps ? "lost" : "whole");
	html_text(file, words);
	fputs("</p>\n", file);
}

void report_html(const struct report *report, FILE *file)
{
	head(file, report);
	told(file, report);
	for (uint32_t i = 0; i < report->process_count; i++)
		process_section(file, report->processes[i]);
	fputs("<footer>Made by vigil " VIGIL_VERSION
	      ". Times at the left of a table count from the start of the trace; hover over heads "
	      "and pictures for more.</footer>\n</body>\n</html>\n",
	      file);
}
