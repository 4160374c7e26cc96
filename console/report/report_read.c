/* SPDX-License-Identifier: MIT */
/* A whole trace, read once from its start to its end, with progress. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "console/format.h"
#include "console/report/report_private.h"
#include "console/trace/recording.h"

#define PROGRESS_EVENTS (1u << 20)

/* How far it is read, where the trace says how long it is. */
static void progress_tell(const struct report *report, const struct trace *trace,
			  const struct trace_event *event, bool is_shown)
{
	const struct trace_extent *extent = trace_extent(trace);
	char events[FORMAT_SIZE], share[FORMAT_SIZE] = "";

	if (!is_shown || report->events % PROGRESS_EVENTS)
		return;
	if (extent->end_unix_ns > extent->begin_unix_ns && event->unix_ns > extent->begin_unix_ns)
		format_percent(share, sizeof(share),
			       (double)(event->unix_ns - extent->begin_unix_ns) /
				       (double)(extent->end_unix_ns - extent->begin_unix_ns));
	format_count(events, sizeof(events), report->events);
	fprintf(stderr, "\r%s events read%s%s \033[K", events, share[0] ? ", " : "", share);
}

static void gaps_count(struct report *report, const struct trace *trace)
{
	size_t count;
	const struct trace_gap *gaps = trace_gaps(trace, &count);

	for (size_t i = 0; i < count; i++) {
		struct report_process *rp =
			gaps[i].process < report->room ? report->processes[gaps[i].process] : NULL;

		report->gaps++;
		report->lost_events += gaps[i].events;
		report->lost_packets += gaps[i].packets;
		report->unknown_gaps += !gaps[i].events;
		if (rp)
			rp->gaps++;
	}
}

/* What is wanted, before the first event. */
static int window_take(struct report *report, const struct trace *trace, uint64_t first_unix_ns,
		       struct vigil_problem *ret_problem)
{
	struct report_options *options = &report->options;
	struct window_ns window;
	int r = window_find(&options->window, report->what, first_unix_ns,
			    trace_extent(trace)->end_unix_ns, &window, ret_problem);

	if (r)
		return r;
	options->from_ns = window.from_ns;
	options->to_ns = window.until_ns;
	return 0;
}

/* Where a trace ends may be known only now: whether there was anything from --from on. */
static int window_check(const struct report *report, const struct trace *trace,
			struct vigil_problem *ret_problem)
{
	struct window_ns ignored;

	if (!report->events)
		return 0;
	return window_find(&report->options.window, report->what, report->first_unix_ns,
			   trace_now(trace), &ignored, ret_problem);
}

/* Processes without an event, as of a program that hangs. */
static int silent_take(struct report *report, struct trace *trace,
		       struct vigil_problem *ret_problem)
{
	uint64_t first_unix_ns = trace_first(trace);

	if (!report->events && first_unix_ns) {
		report->first_unix_ns = first_unix_ns;
		if (window_take(report, trace, first_unix_ns, ret_problem))
			return -EINVAL;
	}
	for (uint32_t i = 0; i < trace_process_count(trace); i++)
		report_silent(report, trace_process(trace, i));
	return 0;
}

/* Whether it tells of its program's end, not of who ended the recording. */
static bool tells_of_program(const struct recording *recording)
{
	return recording->state == RECORDING_COMPLETE && recording->pid &&
	       (strstr(recording->ended, " was killed") ||
		strstr(recording->ended, " ended with status ") ||
		strstr(recording->ended, " has ended"));
}

/* The last of its pid: after exec a process begins anew. */
static struct report_process *program_of(const struct report *report,
					 const struct recording *recording)
{
	struct report_process *last = NULL;

	for (uint32_t i = 0; i < report->process_count; i++) {
		struct report_process *rp = report->processes[i];

		if (rp->pid == recording->pid && (!last || rp->index > last->index))
			last = rp;
	}
	return last;
}

void report_recorded(struct report *report, const struct recording *recording)
{
	struct report_process *rp = program_of(report, recording);

	/* A snapshot says what made somebody write it. */
	if (recording->mode == RECORDING_SNAPSHOT) {
		snprintf(report->snapshot, sizeof(report->snapshot), "%s", recording->ended);
		return;
	}
	if (recording->state == RECORDING_CUT)
		snprintf(report->cut, sizeof(report->cut), "%s", recording->ended);
	/* In a part of the trace it may have run on. */
	if (!rp || !tells_of_program(recording) || report->options.to_ns != UINT64_MAX)
		return;
	snprintf(rp->ended, sizeof(rp->ended), "%.255s", recording->ended);
	rp->is_killed = strstr(rp->ended, " was killed by ") != NULL;
}

static void recording_note(struct report *report, const char *path)
{
	struct vigil_problem ignored;
	struct recording recording;

	if (recording_read(path, &recording, &ignored))
		return;
	report_recorded(report, &recording);
	recording_fini(&recording);
}

#define NAMED 8 /* a sentence holds no more */

/* Of a process that was asked for and is not there: which ones are. */
static int process_check(const struct report *report, const struct trace *trace,
			 struct vigil_problem *ret_problem)
{
	char names[300] = "";
	uint32_t count = 0;
	size_t at = 0;

	if (!report->options.pid || report->problem[0])
		return 0;
	for (uint32_t i = 0; i < trace_process_count(trace); i++) {
		const struct trace_process *process = trace_process(trace, i);

		if (process->board && process->pid == report->options.pid)
			return 0;
		if (!process->board || ++count > NAMED || at >= sizeof(names))
			continue;
		at += (size_t)snprintf(names + at, sizeof(names) - at, "%s%" PRIu32 " %.20s",
				       at ? ", " : "", process->pid, process->name);
	}
	if (count > NAMED && at < sizeof(names))
		snprintf(names + at, sizeof(names) - at, " and %" PRIu32 " more", count - NAMED);
	if (!count)
		return 0;
	snprintf(ret_problem->text, sizeof(ret_problem->text),
		 "there is no process %" PRIu32 " in %.200s: there are %s", report->options.pid,
		 report->what, names);
	return -ENOENT;
}

static int events_read(struct report *report, struct trace *trace,
		       struct vigil_problem *ret_problem)
{
	bool is_shown = !report->options.is_quiet && isatty(STDERR_FILENO);
	const struct trace_event *event;
	enum trace_result r;

	while ((r = trace_next(trace, &event)) == TRACE_EVENT || r == TRACE_GAP) {
		const struct trace_process *process;

		if (r == TRACE_GAP)
			continue;
		process = trace_process(trace, event->process);
		if (!report->events && window_take(report, trace, event->unix_ns, ret_problem))
			return -EINVAL;
		if (report->events && report_is_over(report, event))
			break;
		report_before(report, process, event);
		trace_apply(trace, event);
		report_after(report, process, event);
		if (report->has_no_memory)
			return -ENOMEM;
		progress_tell(report, trace, event, is_shown);
	}
	if (is_shown && report->events >= PROGRESS_EVENTS)
		fputs("\r\033[K", stderr);
	if (r == TRACE_DAMAGED)
		snprintf(report->problem, sizeof(report->problem), "%s", trace_problem(trace));
	return r == TRACE_END ? window_check(report, trace, ret_problem) : 0;
}

int report_read(const char *path, const struct report_options *options, struct report **ret_report,
		struct vigil_problem *ret_problem)
{
	const struct trace_options trace_options = { .paths = &path, .path_count = 1 };
	struct report *report = report_new(path, options);
	struct trace *trace = NULL;
	int r = report ? trace_open(&trace_options, &trace, ret_problem) : -ENOMEM;

	if (!r)
		r = events_read(report, trace, ret_problem);
	if (!r)
		r = silent_take(report, trace, ret_problem);
	if (!r)
		r = process_check(report, trace, ret_problem);
	for (uint32_t i = 0; !r && i < trace_process_count(trace); i++)
		report_close(report, trace_process(trace, i));
	if (!r) {
		gaps_count(report, trace);
		report->foreign = trace_foreign(trace);
		report_end(report);
		r = report->has_no_memory ? -ENOMEM : 0;
	}
	trace_close(trace);
	if (!r) {
		recording_note(report, path);
		*ret_report = report;
		return 0;
	}
	report_free(report);
	if (r == -ENOMEM)
		snprintf(ret_problem->text, sizeof(ret_problem->text),
			 "out of memory for the report of %s", path);
	return r;
}
