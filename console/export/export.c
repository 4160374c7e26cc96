/* SPDX-License-Identifier: MIT */
/* The loop over a trace that every form is written in. */
#include "console/export/export.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "console/export/writer.h"
#include "libtrace/board.h"

#define NEAR_NS UINT64_C(1000000) /* clocks that differ by less were read at one moment */

const struct export_format *const export_formats[] = {
	&export_perfetto, &export_chrome, &export_folded, &export_pprof,
	&export_otlp,     &export_csv,    &export_dot,    NULL,
};

/* ---- What goes wrong ---- */

int export_fail(struct export *export, const char *format, ...)
{
	va_list args;

	if (export->problem.text[0])
		return -1;
	va_start(args, format);
	vsnprintf(export->problem.text, sizeof(export->problem.text), format, args);
	va_end(args);
	return -1;
}

int export_out_of_memory(struct export *export)
{
	return export_fail(export, "out of memory for what the %s form remembers of %s",
			   export->format->name, export->options->path);
}

/* ---- Processes ---- */

static bool processes_grow(struct export *export, uint32_t count)
{
	struct export_process *more;

	if (count <= export->process_count)
		return true;
	more = realloc(export->processes, count * sizeof(*more));
	if (!more)
		return false;
	memset(more + export->process_count, 0, (count - export->process_count) * sizeof(*more));
	export->processes = more;
	export->process_count = count;
	return true;
}

static void process_meet(struct export *export, uint32_t index, uint64_t offset)
{
	struct export_process *process = &export->processes[index];
	uint32_t pid = export->options->pid;

	process->is_met = true;
	process->unix_offset_ns = offset;
	process->is_left_out = pid && trace_process(export->trace, index)->pid != pid;
}

/*
 * The offset must not change between events, or slices would overlap. What the process
 * said of both clocks at one moment is exact; an event's two times are apart by what it
 * took to be written. The former may also be of another day: the wall clock may have
 * been set since.
 */
static void offset_take(struct export_process *process, const struct trace_event *event)
{
	uint64_t offset = event->value - event->ns;

	if (event->kind == TRACE_process_begin &&
	    process->unix_offset_ns - offset + NEAR_NS < 2 * NEAR_NS)
		process->unix_offset_ns = offset;
}

/* Returns NULL without memory. */
static struct export_process *process_of(struct export *export, const struct trace_event *event)
{
	struct export_process *process;

	if (!processes_grow(export, trace_process_count(export->trace)))
		return NULL;
	process = &export->processes[event->process];
	if (!process->is_met)
		process_meet(export, event->process, event->unix_ns - event->ns);
	offset_take(process, event);
	return process;
}

/* Those whose boards are known without an event: they may never do anything. */
static int processes_begin(struct export *export)
{
	if (!processes_grow(export, trace_process_count(export->trace)))
		return export_out_of_memory(export);
	for (uint32_t i = 0; i < export->process_count; i++) {
		const struct trace_process *process = trace_process(export->trace, i);

		if (process->board && process->last_unix_ns && !export->processes[i].is_met)
			process_meet(export, i, process->last_unix_ns - process->last_ns);
	}
	return 0;
}

const char *export_process_name(const struct trace_process *process)
{
	return process->name[0] ? process->name : "process";
}

bool export_has_process(const struct export *export, uint32_t index)
{
	return index < export->process_count && export->processes[index].is_met &&
	       !export->processes[index].is_left_out;
}

static bool has_some_process(const struct export *export)
{
	for (uint32_t i = 0; i < export->process_count; i++)
		if (export_has_process(export, i))
			return true;
	return false;
}

/* What the file had before stays. Returns export. */
static struct export *nothing_to_write(struct export *export)
{
	if (export->writer)
		export->writer->is_void = true;
	return export;
}

/* ---- Slices, cut to what is wanted ---- */

static void slice_put(struct export *export, const struct slice *slice, bool is_open)
{
	bool is_cut = export->format->cuts_at_begin || export->window.from_ns;
	uint64_t from = is_cut ? export_from_ns(export, slice->process) : 0;
	struct slice cut = *slice;

	if (slice->end_ns < from || !export->format->slice)
		return;
	if (slice->begin_ns < from)
		cut.begin_ns = from;
	export->cut_ns = cut.begin_ns - slice->begin_ns;
	export->format->slice(export, &cut, is_open);
	export->slices++;
}

struct opened {
	struct export *export;
};

static void opened_put(void *arg, const struct slice *slice)
{
	const struct opened *opened = arg;

	if (!export_has_failed(opened->export))
		slice_put(opened->export, slice, true);
}

/* As if every process ended where the trace does, or what is wanted of it. */
static void open_slices_put(struct export *export)
{
	struct opened opened = { export };

	for (uint32_t i = 0; i < export->process_count; i++)
		if (export_has_process(export, i))
			slices_open(trace_process(export->trace, i), export_end_ns(export, i),
				    opened_put, &opened);
}

/* ---- Events ---- */

static void event_put(struct export *export, const struct trace_event *event)
{
	const struct export_format *format = export->format;
	struct export_process *process = &export->processes[event->process];
	const struct board *board = export_board(export, event->process);
	struct slice slices[SLICES_MAX];
	size_t count = 0;

	if (event->unix_ns < export->from_unix_ns) {
		trace_apply(export->trace, event);
		return;
	}
	if (format->slice)
		count = slices_of(export->trace, event, slices);
	for (size_t i = 0; i < count; i++)
		slice_put(export, &slices[i], false);
	if (format->event)
		format->event(export, event);
	if (process->boards != trace_process(export->trace, event->process)->boards)
		process->tally = (struct tally){ .is_begun = false };
	process->boards = trace_process(export->trace, event->process)->boards;
	tally_before(&process->tally, board, event);
	trace_apply(export->trace, event);
	tally_after(&process->tally, board);
	if (format->after)
		format->after(export, event);
}

static bool is_gap_wanted(const struct export *export, const struct trace_gap *gap)
{
	return gap->process == TRACE_ANY_PROCESS || export_has_process(export, gap->process);
}

/* All of it is read: the last gap may have grown since it was told. */
static void gaps_sum(struct export *export)
{
	size_t count;
	const struct trace_gap *gaps = trace_gaps(export->trace, &count);

	for (size_t i = 0; i < count; i++) {
		if (!is_gap_wanted(export, &gaps[i]))
			continue;
		export->lost_events += gaps[i].events;
		export->lost_packets += gaps[i].packets;
	}
}

static void gap_put(struct export *export)
{
	size_t count;
	const struct trace_gap *gaps = trace_gaps(export->trace, &count);
	const struct trace_gap *gap;

	/* More than a trace remembers are added to its last one. */
	if (count == export->gaps)
		return;
	export->gaps = count;
	gap = &gaps[count - 1];
	if (!is_gap_wanted(export, gap))
		return;
	if (export->format->gap)
		export->format->gap(export, gap);
}

/*
 * A recording may have begun before its first event, from which moments count, as in a
 * report and a replay. Returns -1 when nothing can be in what is wanted.
 */
static int begin_take(struct export *export, uint64_t first_unix_ns)
{
	const struct trace_extent *extent = trace_extent(export->trace);
	struct vigil_problem problem;

	export->begin_unix_ns = first_unix_ns;
	if (extent->begin_unix_ns && extent->begin_unix_ns < first_unix_ns)
		export->begin_unix_ns = extent->begin_unix_ns;
	if (window_find(&export->options->window, export->options->path, first_unix_ns,
			extent->end_unix_ns, &export->window, &problem))
		return export_fail(nothing_to_write(export), "%s", problem.text);
	export->from_unix_ns = first_unix_ns + export->window.from_ns;
	export->until_unix_ns = UINT64_MAX;
	if (export->window.until_ns < UINT64_MAX - first_unix_ns)
		export->until_unix_ns = first_unix_ns + export->window.until_ns;
	return 0;
}

/* Returns false where what is wanted ends. */
static bool event_take(struct export *export, const struct trace_event *event)
{
	struct export_process *process = process_of(export, event);

	if (!process) {
		export_out_of_memory(export);
		return false;
	}
	if (!export->begin_unix_ns && begin_take(export, event->unix_ns))
		return false;
	if (event->unix_ns >= export->until_unix_ns) {
		export->end_unix_ns = export->until_unix_ns;
		return false;
	}
	if (!process->is_left_out)
		event_put(export, event);
	return true;
}

static bool is_broken(struct export *export)
{
	if (export->writer && export->writer->error)
		export_fail(export, "cannot write %s: %s; what it has is not all",
			    export->options->output, strerror(export->writer->error));
	return export_has_failed(export);
}

/* Returns how reading ended; TRACE_EVENT: what is wanted did. */
static enum trace_result events_read(struct export *export)
{
	const struct trace_event *event;
	enum trace_result r;

	while ((r = trace_next(export->trace, &event)) == TRACE_EVENT || r == TRACE_GAP) {
		if (r == TRACE_GAP)
			gap_put(export);
		else if (!event_take(export, event))
			break;
		if (is_broken(export))
			break;
	}
	return r;
}

/*
 * Where the trace ends: its recording may have gone on after the last event, which is
 * what a program that hangs looks like. Without events all that is known is of boards.
 */
static uint64_t end_of(struct export *export, bool is_whole)
{
	uint64_t end = trace_now(export->trace);
	uint64_t recorded = trace_extent(export->trace)->end_unix_ns;

	if (is_whole && recorded > end)
		end = recorded;
	for (uint32_t i = 0; i < export->process_count; i++)
		if (trace_process(export->trace, i)->last_unix_ns > end)
			end = trace_process(export->trace, i)->last_unix_ns;
	if (!export->begin_unix_ns && trace_first(export->trace))
		begin_take(export, trace_first(export->trace));
	return end;
}

/* Where a trace ends may be known only now: whether there was anything from --from on. */
static void window_check(struct export *export)
{
	struct vigil_problem problem;
	struct window_ns ignored;

	if (trace_process_count(export->trace) &&
	    window_find(&export->options->window, export->options->path,
			export->from_unix_ns - export->window.from_ns, export->end_unix_ns,
			&ignored, &problem))
		export_fail(nothing_to_write(export), "%s", problem.text);
}

/* Which processes there are, for who asked for another. */
static int process_missing(struct export *export)
{
	char pids[128] = "";
	size_t at = 0;

	for (uint32_t i = 0; i < trace_process_count(export->trace) && at + 16 < sizeof(pids); i++)
		at += (size_t)snprintf(pids + at, sizeof(pids) - at, "%s%" PRIu32, i ? ", " : "",
				       trace_process(export->trace, i)->pid);
	return export_fail(nothing_to_write(export),
			   "there is no process %" PRIu32 " in %s: there are %s",
			   export->options->pid, export->options->path,
			   pids[0] ? pids : "none that Vigil knows");
}

static int nothing_there(struct export *export, enum trace_result how)
{
	if (how == TRACE_DAMAGED)
		return export_fail(nothing_to_write(export), "%s", trace_problem(export->trace));
	if (export->options->pid)
		return process_missing(export);
	return export_fail(nothing_to_write(export),
			   "%s has no events of Vigil: record a program with `vigil record`, or "
			   "with the LTTng events vigil:*",
			   export->options->path);
}

int export_run(struct export *export)
{
	const struct export_format *format = export->format;
	enum trace_result r;

	export->state = calloc(1, format->size ? format->size : 1);
	if (!export->state)
		return export_out_of_memory(export);
	if (processes_begin(export) || (format->begin && format->begin(export)))
		return -1;
	r = events_read(export);
	/* Boards may have been told in it. */
	processes_begin(export);
	gaps_sum(export);
	if (!export->end_unix_ns)
		export->end_unix_ns = end_of(export, r == TRACE_END);
	if (r == TRACE_END && !export_has_failed(export))
		window_check(export);
	if (!has_some_process(export))
		nothing_there(export, r);
	if (!export_has_failed(export)) {
		open_slices_put(export);
		format->end(export);
	}
	if (r == TRACE_DAMAGED)
		export_fail(export, "%s", trace_problem(export->trace));
	if (export->file)
		fflush(export->file);
	is_broken(export);
	return export_has_failed(export) ? -1 : 0;
}

void export_fini(struct export *export)
{
	if (export->format->free && export->state)
		export->format->free(export);
	for (uint32_t i = 0; i < export->process_count; i++)
		for (uint32_t table = 0; table < VIGIL_TABLES; table++)
			notes_free(&export->processes[i].notes[table]);
	free(export->processes);
	free(export->state);
	export->processes = NULL;
	export->state = NULL;
}

/* ---- What forms ask ---- */

uint64_t export_from_ns(const struct export *export, uint32_t index)
{
	uint64_t from = export->from_unix_ns - export->processes[index].unix_offset_ns;

	/* A clock may have begun later than the trace. */
	return from > INT64_MAX ? 0 : from;
}

uint64_t export_end_ns(const struct export *export, uint32_t index)
{
	const struct trace_process *process = trace_process(export->trace, index);
	bool is_later = !process->is_over && export->end_unix_ns > process->last_unix_ns;

	return is_later ? trace_process_ns(process, export->end_unix_ns) : process->last_ns;
}

void *export_note(struct export *export, uint32_t process, uint64_t ref)
{
	struct notes *notes = &export->processes[process].notes[vigil_ref_table(ref)];
	void *note;

	notes->size = export->format->note_size;
	notes->empty = export->format->note_empty;
	note = note_of(notes, ref);
	if (!note)
		export_out_of_memory(export);
	return note;
}

void export_gap_words(const struct trace_gap *gap, char *buf, size_t size)
{
	if (gap->events && gap->packets)
		snprintf(buf, size, "%" PRIu64 " events and %" PRIu64 " packets lost", gap->events,
			 gap->packets);
	else if (gap->packets)
		snprintf(buf, size, "%" PRIu64 " packet%s lost", gap->packets,
			 gap->packets > 1 ? "s" : "");
	else
		snprintf(buf, size, "%" PRIu64 " event%s lost", gap->events,
			 gap->events == 1 ? "" : "s");
}

static uint64_t mix(uint64_t x)
{
	x ^= x >> 32;
	x *= UINT64_C(0xd6e8feb86659fd93);
	x ^= x >> 32;
	x *= UINT64_C(0xd6e8feb86659fd93);
	return x ^ x >> 32;
}

uint64_t export_hash(uint32_t process, uint64_t a, uint64_t b)
{
	uint64_t hash = mix(mix(mix(process + UINT64_C(0x9e3779b97f4a7c15)) + a) + b);

	return hash ? hash : 1;
}
