/* SPDX-License-Identifier: MIT */
/*
 * A trace: the child that reads it, the processes it is about, and where it has
 * gaps. Its law is in trace.h.
 */
#include "console/trace/trace_private.h"

#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "console/trace/beside.h"
#include "console/trace/statedump.h"

#define GAPS_MAX 65536 /* more are added to the last one */

/* ---- Opening ---- */

static int options_copy(struct trace *trace, const struct trace_options *options)
{
	trace->options = *options;
	trace->paths = calloc(options->path_count, sizeof(*trace->paths));
	trace->options.paths = (const char *const *)trace->paths;
	for (size_t i = 0; trace->paths && i < options->path_count; i++)
		if (!(trace->paths[i] = strdup(options->paths[i])))
			return -ENOMEM;
	snprintf(trace->what, sizeof(trace->what), "%s%s", options->paths[0],
		 options->path_count > 1 ? " and others" : "");
	return trace->paths ? 0 : -ENOMEM;
}

int trace_open(const struct trace_options *options, struct trace **ret_trace,
	       struct vigil_problem *ret_problem)
{
	struct trace *trace = calloc(1, sizeof(*trace));
	int r = trace ? options_copy(trace, options) : -ENOMEM;

	if (!r)
		r = beside_load(trace);
	if (!r)
		r = child_start(trace, 0);
	if (!r) {
		*ret_trace = trace;
		return 0;
	}
	snprintf(ret_problem->text, sizeof(ret_problem->text),
		 "cannot start a process to read %s: %s", options->paths[0], strerror(-r));
	trace_close(trace);
	return r;
}

void trace_empty(struct trace *trace)
{
	child_end(trace, SIGKILL);
	statedump_empty(trace);
	trace_bury(trace);
	for (uint32_t i = 0; i < trace->count; i++)
		process_free(trace->processes[i]);
	trace->count = trace->life_count = 0;
	trace->gap_count = 0;
	trace->now = trace->last_unix_ns = trace->equal = trace->skip = trace->foreign = 0;
	trace->is_over = false;
	trace->problem.text[0] = '\0';
}

void trace_close(struct trace *trace)
{
	if (!trace)
		return;
	trace_empty(trace);
	for (size_t i = 0; trace->paths && i < trace->options.path_count; i++)
		free(trace->paths[i]);
	free(trace->paths);
	free(trace->processes);
	free(trace->lives);
	free(trace->gaps);
	free(trace->gone);
	free(trace);
}

/* ---- How it ends ---- */

static enum trace_result end_as(struct trace *trace, enum trace_result result)
{
	trace->is_over = true;
	trace->over = result;
	return result;
}

enum trace_result trace_fail(struct trace *trace, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(trace->problem.text, sizeof(trace->problem.text), format, args);
	va_end(args);
	return end_as(trace, TRACE_DAMAGED);
}

static enum trace_result child_lost(struct trace *trace)
{
	/* Its status is settled if it ended; if it lives on without a word, it is ended. */
	int status = child_end(trace, SIGKILL);

	if (WIFSIGNALED(status) && WTERMSIG(status) == SIGVTALRM)
		return trace_fail(trace,
				  "babeltrace2 does not come to an end over %s: it is damaged; all "
				  "before that stands",
				  trace->what);
	if (WIFSIGNALED(status))
		return trace_fail(
			trace,
			"babeltrace2 crashed (signal %d, %s) while it read %s: all before "
			"that stands; `babeltrace2 %s` shows whether it does so alone",
			WTERMSIG(status), strsignal(WTERMSIG(status)), trace->what, trace->what);
	return trace_fail(trace, "the process that read %s ended without a word", trace->what);
}

/* ---- Processes ---- */

/* Makes room for one more pointer or number. Returns false without memory. */
static bool grow(void *list, size_t count, size_t size)
{
	void *more = realloc(*(void **)list, (count + 1) * size);

	if (more)
		*(void **)list = more;
	return more != NULL;
}

bool process_put(struct trace *trace, struct process *process)
{
	if (!process || trace->count >= FEED_NO_PROCESS ||
	    !grow(&trace->processes, trace->count, sizeof(struct process *))) {
		process_free(process);
		return false;
	}
	trace->processes[trace->count++] = process;
	return true;
}

/* One from beside the trace gets its trace's uuid with the first event. */
static bool process_is(struct process *process, const struct trace_event *record)
{
	bool has_uuid = process->uuid[0] || process->uuid[1];

	if ((process->has_vpid ? process->known.pid : 0) != (uint32_t)record->number)
		return false;
	if (has_uuid)
		return process->uuid[0] == record->object && process->uuid[1] == record->other;
	if (process->known.host[0] && strcmp(process->known.host, record->text) != 0)
		return false;
	process->uuid[0] = record->object;
	process->uuid[1] = record->other;
	return true;
}

/* One that is known from a keyframe, in its last life; else trace->count. */
static uint32_t process_known(const struct trace *trace, const struct trace_event *record)
{
	uint32_t i = 0;

	while (i < trace->count &&
	       (trace->processes[i]->is_past || !process_is(trace->processes[i], record)))
		i++;
	return i;
}

/* The feed numbers processes from 0, without a gap. */
static bool process_add(struct trace *trace, const struct trace_event *record)
{
	uint32_t known = process_known(trace, record);

	if (record->process != trace->life_count ||
	    !grow(&trace->lives, trace->life_count, sizeof(*trace->lives)) ||
	    (known == trace->count && !process_put(trace, process_new(trace->count, record))))
		return false;
	trace->lives[trace->life_count++] = known;
	return true;
}

/* The process of an event, in its present life; NULL for nonsense and without memory. */
static struct process *process_of(struct trace *trace, const struct trace_event *event)
{
	struct process *process;

	if (event->process >= trace->life_count)
		return NULL;
	process = trace->processes[trace->lives[event->process]];
	if (event->kind != TRACE_process_room || !process->board.base)
		return process;
	/* It announces a board and has one: exec, or vigil_init after vigil_fini. */
	process->known.is_over = process->is_past = true;
	if (!process_put(trace, process_again(trace->count, process)))
		return NULL;
	trace->lives[event->process] = trace->count - 1;
	return trace->processes[trace->count - 1];
}

/* In a trace that does not tell processes apart, one began while another went on. */
static bool is_mixed(const struct trace *trace, const struct process *process,
		     const struct trace_event *event)
{
	if (process->has_vpid || event->kind != TRACE_process_begin)
		return false;
	for (uint32_t i = 0; i < trace->count; i++) {
		const struct process *other = trace->processes[i];

		if (other != process && !other->has_vpid && !other->has_finished &&
		    other->uuid[0] == process->uuid[0] && other->uuid[1] == process->uuid[1] &&
		    other->known.pid && other->known.pid != (uint32_t)event->number)
			return true;
	}
	return false;
}

/* ---- Records of the feed ---- */

static enum trace_result gap_take(struct trace *trace, const struct trace_event *record)
{
	struct trace_gap gap = {
		.begin_unix_ns = record->other,
		.end_unix_ns = record->unix_ns,
		.events = record->value,
		.packets = record->object,
		.process = TRACE_ANY_PROCESS,
	};

	if (record->process < trace->life_count)
		gap.process = trace->lives[record->process];
	if (trace->gap_count < GAPS_MAX && grow(&trace->gaps, trace->gap_count, sizeof(gap))) {
		trace->gaps[trace->gap_count++] = gap;
	} else if (trace->gap_count) {
		trace->gaps[trace->gap_count - 1].end_unix_ns = gap.end_unix_ns;
		trace->gaps[trace->gap_count - 1].events += gap.events;
		trace->gaps[trace->gap_count - 1].packets += gap.packets;
	}
	if (record->flags)
		return TRACE_AGAIN; /* its boards know it from a keyframe */
	statedump_gap(trace, gap.process);
	for (uint32_t i = 0; i < trace->count; i++)
		if (gap.process == TRACE_ANY_PROCESS || gap.process == i)
			process_gap(trace->processes[i], &gap);
	return TRACE_GAP;
}

/* TRACE_AGAIN: nothing for the caller, go on. */
static enum trace_result event_take(struct trace *trace, const struct trace_event *record,
				    const struct trace_event **ret_event)
{
	struct process *process;
	int r;

	if (trace->skip && record->unix_ns == trace->skip_unix_ns) {
		trace->skip--;
		return TRACE_AGAIN;
	}
	if (record->unix_ns > trace->now)
		trace->now = record->unix_ns;
	trace->equal = record->unix_ns == trace->last_unix_ns ? trace->equal + 1 : 1;
	trace->last_unix_ns = record->unix_ns;
	if (record->kind == TRACE_board_part) {
		statedump_take(trace, record);
		return TRACE_AGAIN;
	}
	process = process_of(trace, record);
	if (!process)
		return trace_fail(trace, "out of memory for the processes of %s", trace->what);
	trace->event = *record;
	trace->event.process = (uint16_t)process->known.index;
	if (record->kind == TRACE_process_room) {
		process_room(process, record);
		return TRACE_AGAIN;
	}
	/* What one processor's buffer kept longer than another's makes no sense alone. */
	if (record->ns < process->whole_ns)
		return TRACE_AGAIN;
	statedump_pass(trace, process, record);
	if (beside_has(process, record))
		return TRACE_AGAIN;
	r = process_board(process, record);
	if (r)
		return trace_fail(trace, "no board can be made for process %u of %s: %s",
				  process->known.pid, trace->what, strerror(-r));
	if (is_mixed(trace, process, record))
		return trace_fail(trace,
				  "%s has events of several processes and does not say whose each "
				  "is: record with `lttng add-context -u -t vpid`, or with `vigil "
				  "record`; all before that stands",
				  trace->what);
	process_note(process, record);
	statedump_note(trace, process, record);
	*ret_event = &trace->event;
	return TRACE_EVENT;
}

/* Nothing more happened until the recording ended: that is how a hang looks. */
static void processes_settle(struct trace *trace)
{
	uint64_t end_unix_ns = trace->extent.end_unix_ns;

	if (end_unix_ns > trace->now)
		trace->now = end_unix_ns;
	for (uint32_t i = 0; i < trace->count; i++) {
		struct trace_process *known = &trace->processes[i]->known;

		known->is_killed = trace->killed && known->pid == trace->killed && !known->is_over;
		if (known->is_over || !known->last_unix_ns || end_unix_ns <= known->last_unix_ns)
			continue;
		known->last_ns += end_unix_ns - known->last_unix_ns;
		known->last_unix_ns = end_unix_ns;
	}
}

static enum trace_result record_take(struct trace *trace, const struct trace_event *record,
				     const struct trace_event **ret_event)
{
	switch (record->kind) {
	case FEED_PROCESS:
		return process_add(trace, record) ?
			       TRACE_AGAIN :
			       trace_fail(trace, "out of memory for the processes of %s",
					  trace->what);
	case FEED_GAP:
		return gap_take(trace, record);
	case FEED_TIME:
		if (record->unix_ns > trace->now)
			trace->now = record->unix_ns;
		return TRACE_AGAIN;
	case FEED_EXTENT:
		trace->extent = (struct trace_extent){ record->other, record->unix_ns,
						       record->value, record->object };
		return TRACE_AGAIN;
	case FEED_PROBLEM:
		return trace_fail(trace, "%s", record->text);
	case FEED_END:
		trace->foreign = record->value;
		statedump_finish(trace);
		processes_settle(trace);
		return end_as(trace, TRACE_END);
	default:
		return event_take(trace, record, ret_event);
	}
}

enum trace_result trace_next(struct trace *trace, const struct trace_event **ret_event)
{
	const struct trace_event *record;
	enum trace_result r = TRACE_AGAIN;

	if (trace->is_over)
		return trace->over;
	while (r == TRACE_AGAIN) {
		switch (feed_next(trace->feed, trace->options.is_live ? 0 : -1, &record)) {
		case FEED_RECORD:
			r = record_take(trace, record, ret_event);
			break;
		case FEED_NOTHING:
			return TRACE_AGAIN;
		case FEED_CLOSED:
			return child_lost(trace);
		default:
			child_end(trace, SIGKILL);
			return trace_fail(trace,
					  "the process that read %s lost its mind: all before "
					  "that stands",
					  trace->what);
		}
	}
	return r;
}

void trace_apply(struct trace *trace, const struct trace_event *event)
{
	struct process *process = trace->processes[event->process];

	event_apply(&process->board, &process->adoption, event);
}

/* ---- What there is ---- */

const char *trace_problem(const struct trace *trace)
{
	return trace->problem.text;
}

uint32_t trace_process_count(const struct trace *trace)
{
	return trace->count;
}

const struct trace_process *trace_process(const struct trace *trace, uint32_t index)
{
	return index < trace->count ? &trace->processes[index]->known : NULL;
}

uint64_t trace_epoch(const struct trace *trace)
{
	return trace->epoch;
}

void trace_bury(struct trace *trace)
{
	while (trace->gone_count)
		process_free(trace->gone[--trace->gone_count]);
}

const struct trace_gap *trace_gaps(const struct trace *trace, size_t *ret_count)
{
	*ret_count = trace->gap_count;
	return trace->gaps;
}

uint64_t trace_first(const struct trace *trace)
{
	uint64_t first = UINT64_MAX;

	for (uint32_t i = 0; i < trace->count; i++) {
		const struct trace_process *process = &trace->processes[i]->known;

		if (process->board && process->first_unix_ns < first)
			first = process->first_unix_ns;
	}
	return first == UINT64_MAX ? 0 : first;
}

uint64_t trace_now(const struct trace *trace)
{
	return trace->now;
}

const struct trace_extent *trace_extent(const struct trace *trace)
{
	return &trace->extent;
}

uint64_t trace_process_ns(const struct trace_process *process, uint64_t unix_ns)
{
	uint64_t at = process->last_ns + (unix_ns - process->last_unix_ns);

	/* Before its clock began. */
	return process->last_ns > process->last_unix_ns - unix_ns ||
			       unix_ns >= process->last_unix_ns ?
		       at :
		       0;
}

uint64_t trace_foreign(const struct trace *trace)
{
	return trace->foreign;
}

int trace_fd(const struct trace *trace)
{
	return trace->feed ? feed_fd(trace->feed) : -1;
}
