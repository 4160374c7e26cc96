/* SPDX-License-Identifier: MIT */
/* A report as text: first what is wrong, then what was lost, then the tables. */
#include <inttypes.h>
#include <string.h>

#include "console/format.h"
#include "console/report/report_grid.h"
#include "console/text.h"

#define DURATION(ns) format_duration((char[FORMAT_SIZE]){ 0 }, FORMAT_SIZE, (ns), 0)

/* ---- What was lost ---- */

static void gaps_words(const struct report *report, char *buf, size_t size)
{
	char events[64] = "an unknown number of events", packets[64] = "", unknown[96] = "";
	const char *s = report->gaps == 1 ? "" : "s";

	if (report->lost_events)
		snprintf(events, sizeof(events), "%" PRIu64 " event%s", report->lost_events,
			 report->lost_events == 1 ? "" : "s");
	if (report->lost_packets)
		snprintf(packets, sizeof(packets), " (%" PRIu64 " packet%s)", report->lost_packets,
			 report->lost_packets == 1 ? "" : "s");
	if (report->lost_events && report->unknown_gaps)
		snprintf(unknown, sizeof(unknown),
			 ", and as many as nobody knows in %" PRIu64 " of them",
			 report->unknown_gaps);
	snprintf(buf, size,
		 "LOST: %s%s in %" PRIu64
		 " gap%s%s. Times around a gap are guesses; larger buffers "
		 "lose less.",
		 events, packets, report->gaps, s, unknown);
}

const char *report_lost_words(const struct report *report, char *buf, size_t size)
{
	if (report->is_board)
		snprintf(buf, size,
			 "A board has sums alone: single polls and waits, times, queues, blocked "
			 "executors and critical paths need a trace (`vigil record`).");
	else if (report->gaps)
		gaps_words(report, buf, size);
	else if (report->problem[0])
		snprintf(buf, size, "What lies behind the damage is not known.");
	else
		snprintf(buf, size, "Nothing was lost: the trace has no gap.");
	return buf;
}

const char *report_born_words(const struct report_process *rp, char *buf, size_t size)
{
	buf[0] = '\0';
	if (rp->is_board && rp->lost_events)
		snprintf(buf, size, "NOT RECORDED: %" PRIu64 " things; `vigil tasks` says which.",
			 rp->lost_events);
	if (rp->adopted)
		snprintf(buf, size,
			 "%" PRIu64 " objects were born %s: their names and their time before are "
			 "not known.",
			 rp->adopted,
			 rp->lost_events ? "before the trace or where events were lost" :
					   "before the trace");
	return buf;
}

/* ---- Summary ---- */

static void tasks_line(const struct report_process *rp, const struct text *text)
{
	text_line(text,
		  "%" PRIu64 " task%s spawned, %" PRIu64 " ended, %" PRIu64
		  " alive at the end (at most %" PRIu64 " at once)",
		  rp->kinds[TRACE_task_spawn], rp->kinds[TRACE_task_spawn] == 1 ? "" : "s",
		  rp->kinds[TRACE_task_end], rp->live_end, rp->live.max);
	text_line(text,
		  "%" PRIu64 " poll%s: %s in all, p50 %s, p99 %s, longest %s; runnable before: p50 "
		  "%s, p99 %s, longest %s",
		  rp->run.count, rp->run.count == 1 ? "" : "s", DURATION(rp->run.ns),
		  DURATION(vigil_hist_percentile(&rp->run_hist, 0.5)),
		  DURATION(vigil_hist_percentile(&rp->run_hist, 0.99)), DURATION(rp->run.max_ns),
		  DURATION(vigil_hist_percentile(&rp->runnable_hist, 0.5)),
		  DURATION(vigil_hist_percentile(&rp->runnable_hist, 0.99)),
		  DURATION(rp->runnable.max_ns));
}

#define AT_ONCE_NS 100000000 /* a process that ran no longer was there from its start */

static void start_words(const struct report_process *rp, char *buf, size_t size)
{
	if (rp->before_ns > AT_ONCE_NS)
		snprintf(buf, size, ", after it had run for %s", DURATION(rp->before_ns));
	else
		snprintf(buf, size, "%s", rp->is_whole ? ", from its start" : "");
}

static void process_heading(const struct report_process *rp, const struct text *text)
{
	char words[320], start[80], end[320] = "";

	start_words(rp, start, sizeof(start));
	if (rp->ended[0])
		snprintf(end, sizeof(end), " (%s)", report_ended_words(rp, words, sizeof(words)));
	else if (!rp->is_over && !rp->is_board)
		snprintf(end, sizeof(end), " (its end is not in the trace)");
	text_line(text, "%s, pid %" PRIu32 "%s%s: %s%s", rp->name[0] ? rp->name : "a process",
		  rp->pid, rp->host[0] ? " on " : "", rp->host,
		  rp->command[0] ? rp->command : "its command line is not known", end);
	if (rp->is_board)
		text_line(text, "%s since its start", DURATION(rp->end_ns - rp->begin_ns));
	else
		text_line(text, "%s of it, %" PRIu64 " events%s",
			  DURATION(rp->end_ns - rp->begin_ns), rp->events, start);
	tasks_line(rp, text);
	report_born_words(rp, words, sizeof(words));
	if (words[0])
		text_line(text, "%s", words);
}

static void findings_print(const struct report_process *rp, const struct text *text)
{
	struct report_finding findings[REPORT_FINDINGS];
	size_t count = report_findings(rp, findings);

	if (!count)
		text_line(text, "Nothing stands out: no task ran.");
	for (size_t i = 0; i < count; i++) {
		fprintf(text->file, "%zu. ", i + 1);
		text_wrapped(text, 0, findings[i].text);
	}
}

/* ---- Tables ---- */

#define COLUMNS 16

static struct text_table *grid_table(const struct grid *grid, const char **titles, bool *is_right)
{
	struct text_table *table;
	size_t shown[COLUMNS], count = 0;
	int r = 0;

	for (size_t i = 0; i < grid->column_count && count < COLUMNS; i++) {
		if (grid_is_empty(grid, i))
			continue;
		titles[count] = grid->columns[i].title;
		is_right[count] = grid->columns[i].is_right;
		shown[count++] = i;
	}
	table = text_table_new(count, titles, is_right);
	for (size_t row = 0; table && row < grid_rows(grid) && !r; row++)
		for (size_t i = 0; i < count && !r; i++)
			r = text_table_put(table, grid_cell(grid, row, shown[i]));
	return table;
}

static void grid_print(const struct grid *grid, const struct text *text)
{
	const char *titles[COLUMNS];
	bool is_right[COLUMNS];
	struct text_table *table = grid_table(grid, titles, is_right);

	fputc('\n', text->file);
	if (text->is_terminal)
		fputs("\033[1m", text->file);
	text_line(text, "%s%s%s", grid->title, grid->help[0] ? ". " : "", grid->help);
	if (text->is_terminal)
		fputs("\033[m", text->file);
	if (table)
		text_table_print(table, text);
	if (grid->more)
		text_line(text, "and %zu more", grid->more);
	text_table_free(table);
}

static void path_heading(const struct report_process *rp, const struct text *text)
{
	const struct report_path *path = &rp->path;
	char who[120], at[FORMAT_SIZE];

	if (!path->is_wanted)
		return;
	fputc('\n', text->file);
	if (!path->is_found) {
		text_line(text, "Task %" PRIu64 " is not in the trace of this process.",
			  rp->options->task);
		return;
	}
	text_line(text, "Task %s, spawned at %s, from %s on",
		  report_who_words(&path->task.who, who, sizeof(who)),
		  report_place(rp, path->task.who.site),
		  report_at_words(rp, path->task.born_ns, at, sizeof(at)));
	if (path->short_ns)
		text_line(text, "Steps shorter than %s are counted only.",
			  DURATION(path->short_ns));
	if (path->is_cut)
		text_line(text, "What others did long before they woke it is not kept.");
}

static void process_print(const struct report_process *rp, const struct text *text)
{
	struct grid grid;

	for (int kind = 0; kind < GRID_KINDS; kind++) {
		if (kind == GRID_PATH_WHO)
			path_heading(rp, text);
		if (grid_make(rp, (enum grid_kind)kind, &grid))
			grid_print(&grid, text);
		grid_free(&grid);
	}
}

static void window_words(const struct report *report, char *buf, size_t size)
{
	const struct report_options *options = &report->options;

	buf[0] = '\0';
	if (options->from_ns || options->to_ns != UINT64_MAX)
		snprintf(buf, size, ", of it from %s to %s", DURATION(options->from_ns),
			 options->to_ns == UINT64_MAX ? "the end" : DURATION(options->to_ns));
}

void report_text(const struct report *report, const struct text *text)
{
	char words[300];

	window_words(report, words, sizeof(words));
	if (!report->is_board)
		text_line(text, "%s: %s, %" PRIu64 " events of %" PRIu32 " process%s%s",
			  report->what, DURATION(report_duration(report)), report->events,
			  report->process_count, report->process_count == 1 ? "" : "es", words);
	if (report->snapshot[0])
		text_line(text, "A snapshot, written because %s.", report->snapshot);
	if (report->cut[0])
		text_line(text, "CUT SHORT: the recording ended before it should: %s", report->cut);
	if (report->problem[0])
		text_line(text, "DAMAGED: %s", report->problem);
	text_wrapped(text, 0, report_lost_words(report, words, sizeof(words)));
	for (uint32_t i = 0; i < report->process_count; i++) {
		fputc('\n', text->file);
		process_heading(report->processes[i], text);
		findings_print(report->processes[i], text);
		process_print(report->processes[i], text);
	}
}
