/* SPDX-License-Identifier: MIT */
/*
 * A cursor that goes back to a keyframe, which it took when it came by, and forwards
 * from there. Its law is in cursor.h.
 *
 * A place is known by how many events have happened. What is looked for backwards is
 * looked for forwards, from the last keyframe on, then from the one before that; the
 * last one before the old place is it, and a second run goes there.
 */
#include "console/trace/cursor_private.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "console/trace/pack.h"

#define EVENTS_BETWEEN 128    /* two looks at the clock */
#define PRELUDE_EVENTS 262144 /* are read again in a fraction of a second */

static uint64_t clock_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * UINT64_C(1000000000) + (uint64_t)ts.tv_nsec;
}

/* ---- One event after the other ---- */

/* Reads the next event, and stands before it. */
static void event_read(struct cursor *cursor)
{
	enum trace_result r;

	do
		r = trace_next(cursor->trace, &cursor->pending);
	while (r == TRACE_GAP);
	if (r != TRACE_EVENT)
		cursor->pending = NULL;
	if (r == TRACE_DAMAGED)
		snprintf(cursor->problem.text, sizeof(cursor->problem.text), "%s",
			 trace_problem(cursor->trace));
	if (!cursor->is_indexed) {
		cursor_mark_gaps(cursor);
		if (!cursor->pending)
			cursor_note_processes(cursor);
	}
	if (r == TRACE_END && trace_now(cursor->trace) > cursor->end)
		cursor->end = trace_now(cursor->trace);
	if (!cursor->pending) {
		if (!cursor->is_indexed)
			cursor_finish_index(cursor);
		return;
	}
	if (cursor->pending->unix_ns > cursor->end)
		cursor->end = cursor->pending->unix_ns;
	if (!cursor->begin)
		cursor->begin = cursor->pending->unix_ns;
	cursor->slice_count = slices_of(cursor->trace, cursor->pending, cursor->slices);
}

/* It happens. */
static void event_pass(struct cursor *cursor)
{
	const struct cursor_options *options = &cursor->options;
	const struct trace_event *event = cursor->pending;

	if (!cursor->is_indexed) {
		cursor_mark_polls(cursor);
		cursor_note_process(cursor, trace_process(cursor->trace, event->process));
	}
	if (options->pass)
		options->pass(options->arg, cursor->trace, event, cursor->slices,
			      cursor->slice_count);
	trace_apply(cursor->trace, event);
	cursor->passed++;
	if (event->unix_ns > cursor->passed_ns)
		cursor->passed_ns = event->unix_ns;
	if (event->unix_ns > cursor->now)
		cursor->now = event->unix_ns;
	cursor_take_frame(cursor);
	event_read(cursor);
}

/* ---- Going back ---- */

/* Opens the trace, at a frame, index plus one, or at its start. */
static int start(struct cursor *cursor, size_t at, struct vigil_problem *ret_problem)
{
	const struct keyframe *frame = at ? &cursor->frames[at - 1] : NULL;
	int r = trace_open(&cursor->options.trace, &cursor->trace, ret_problem);
	size_t size = 0;
	void *keep;

	if (r)
		return r;
	/* A frame that does not fit leaves the trace at its start. */
	keep = frame ? unpack(frame->keep, frame->size, &size) : NULL;
	if (!keep || trace_go(cursor->trace, keep, size))
		frame = NULL;
	free(keep);
	cursor->passed = frame ? frame->passed : 0;
	cursor->now = cursor->passed_ns = frame ? frame->unix_ns : 0;
	event_read(cursor);
	return 0;
}

static void rewind_to(struct cursor *cursor, size_t frame)
{
	struct trace *old = cursor->trace;

	cursor->pending = NULL;
	/* Without a process to read it: it stays where it is, and says why. */
	if (start(cursor, frame, &cursor->problem)) {
		cursor->trace = old;
		return;
	}
	if (cursor->seen)
		trace_close(old);
	else
		cursor->seen = old;
	if (cursor->options.rewind)
		cursor->options.rewind(cursor->options.arg, cursor->passed > 0);
}

/*
 * What led up to a moment is of interest too: a frame more than is needed, unless that
 * is so long that one would wait for it.
 */
static void rewind_before(struct cursor *cursor, size_t frame)
{
	uint64_t earlier = frame > 1 ? cursor->frames[frame - 2].passed : 0;

	if (frame && cursor->frames[frame - 1].passed - earlier <= PRELUDE_EVENTS)
		frame--;
	rewind_to(cursor, frame);
}

static void paths_free(struct trace_options *options)
{
	for (size_t i = 0; options->paths && i < options->path_count; i++)
		free((char *)(uintptr_t)options->paths[i]);
	free((void *)(uintptr_t)options->paths);
}

static int paths_copy(struct trace_options *options)
{
	const char **paths = calloc(options->path_count, sizeof(*paths));
	bool has_all = paths != NULL;

	for (size_t i = 0; paths && i < options->path_count; i++) {
		paths[i] = strdup(options->paths[i]);
		has_all &= paths[i] != NULL;
	}
	options->paths = paths;
	return has_all ? 0 : -ENOMEM;
}

/*
 * Nothing happened: what there is stands on the boards beside the trace, which began when
 * they were copied. A program that hangs looks like that. Returns false without one.
 */
static bool has_silent(struct cursor *cursor)
{
	for (uint32_t i = 0; i < trace_process_count(cursor->trace); i++) {
		const struct trace_process *process = trace_process(cursor->trace, i);

		if (process->board && (!cursor->begin || process->first_unix_ns < cursor->begin))
			cursor->begin = process->first_unix_ns;
		if (process->board && process->last_unix_ns > cursor->end)
			cursor->end = process->last_unix_ns;
	}
	cursor->now = cursor->begin;
	return cursor->begin != 0;
}

int cursor_open(const struct cursor_options *options, struct cursor **ret_cursor,
		struct vigil_problem *ret_problem)
{
	struct cursor *cursor = calloc(1, sizeof(*cursor));
	int r = cursor ? 0 : -ENOMEM;

	if (!r) {
		cursor->options = *options;
		cursor->options.trace.has_readers = true;
		cursor->phase = PHASE_REST;
		cursor->frame_events = options->frame_events;
		cursor->stop.event.kind = TRACE_KINDS;
		cursor->told_at = UINT64_MAX;
		r = paths_copy(&cursor->options.trace);
	}
	if (!r)
		cursor_load_index(cursor);
	if (r)
		snprintf(ret_problem->text, sizeof(ret_problem->text), "out of memory");
	else
		r = start(cursor, 0, ret_problem);
	if (!r && !cursor->pending && cursor->problem.text[0]) {
		*ret_problem = cursor->problem;
		r = -EIO;
	} else if (!r && !cursor->pending && !has_silent(cursor)) {
		snprintf(ret_problem->text, sizeof(ret_problem->text),
			 "%s has no event of Vigil's: was `vigil:*` enabled when it was recorded, "
			 "and did an instrumented program run?",
			 options->trace.paths[0]);
		r = -ENODATA;
	}
	if (r) {
		cursor_close(cursor);
		return r;
	}
	if (cursor->pending)
		event_pass(cursor);
	*ret_cursor = cursor;
	return 0;
}

void cursor_close(struct cursor *cursor)
{
	if (!cursor)
		return;
	trace_close(cursor->trace);
	trace_close(cursor->seen);
	paths_free(&cursor->options.trace);
	cursor_free_index(cursor);
	free(cursor);
}

/* ---- Standing ---- */

/* What was found: the pending event. */
static void stop_note(struct cursor *cursor)
{
	struct cursor_stop *stop = &cursor->stop;

	*stop = (struct cursor_stop){ .event = *cursor->pending };
	/* Its texts stand only until the next one is read. */
	stop->event.name = stop->event.text = stop->event.extra = "";
	for (size_t i = 0; i < cursor->slice_count; i++)
		if (cursor->slices[i].kind == SLICE_RUN)
			stop->poll_ns = cursor->slices[i].end_ns - cursor->slices[i].begin_ns;
}

/* Comes to stand before the pending event, where the poll that was found last is told of. */
static void stand_before(struct cursor *cursor)
{
	if (cursor->pending->unix_ns > cursor->now)
		cursor->now = cursor->pending->unix_ns;
	cursor->told_at = cursor->passed;
	cursor->told_end = cursor->poll.end;
}

/* Comes to stand at what was found: the pending event. */
static void stop_at(struct cursor *cursor, enum match match)
{
	stop_note(cursor);
	if (match == MATCH_AFTER)
		event_pass(cursor);
	else
		stand_before(cursor);
}

/* ---- Going ---- */

static enum cursor_result rest(struct cursor *cursor, enum cursor_result result)
{
	cursor->phase = PHASE_REST;
	cursor->has_goal = false;
	trace_bury(cursor->trace);
	if (cursor->seen) {
		/* No number comes again: the trace in its place counts from 0. */
		cursor->epoch += trace_epoch(cursor->seen) + 1;
		trace_close(cursor->seen);
		cursor->seen = NULL;
	}
	return result;
}

static void go_upto(struct cursor *cursor, uint64_t place, enum match match)
{
	cursor->phase = PHASE_UPTO;
	cursor->until = place;
	cursor->until_match = match;
	if (cursor->passed > place)
		rewind_before(cursor, cursor_frame_before_place(cursor, place));
}

/* Nothing was found: back to where it stood. */
static void go_home(struct cursor *cursor)
{
	cursor->is_none = true;
	go_upto(cursor, cursor->from_passed, MATCH_NONE);
}

/* Looks from a frame on, for the last match up to a place. */
static void scan_begin(struct cursor *cursor, size_t frame, uint64_t end)
{
	cursor->phase = PHASE_SCAN;
	cursor->scan_frame = frame;
	cursor->scan_end = end;
	rewind_to(cursor, frame);
}

/* Goes once more through the long poll that was found: where did it wait longest? */
static void block_begin(struct cursor *cursor)
{
	cursor->phase = PHASE_BLOCK;
	cursor->poll.block_ns = cursor->poll.release_at = 0;
	rewind_to(cursor, cursor_frame_before_time(cursor, cursor->poll.begin_unix_ns));
}

/* Back, or so far ahead that a frame is nearer. */
static bool must_rewind(const struct cursor *cursor, uint64_t unix_ns)
{
	size_t frame = cursor_frame_before_time(cursor, unix_ns);

	return unix_ns < cursor->passed_ns ||
	       (frame && cursor->frames[frame - 1].passed > cursor->passed + PRELUDE_EVENTS);
}

/* Chooses the first phase of a goal. */
static void goal_begin(struct cursor *cursor)
{
	struct cursor_goal *goal = &cursor->goal;

	cursor->from_now = cursor->now;
	cursor->from_passed = cursor->passed;
	cursor->is_none = false;
	cursor->from_search = cursor_search_begin(cursor);
	cursor->block_unix_ns = 0;
	cursor->found_match = MATCH_NONE;
	cursor->stop.event.kind = TRACE_KINDS;
	cursor->phase = PHASE_RUN;
	if (goal->to == CURSOR_TO_GAP) {
		if (!cursor_gap_find(cursor, &goal->unix_ns)) {
			go_home(cursor);
			return;
		}
		goal->to = CURSOR_TO_TIME;
	}
	if (goal->to == CURSOR_TO_TIME && goal->unix_ns < cursor->begin)
		goal->unix_ns = cursor->begin;
	if (goal->to == CURSOR_TO_TIME && must_rewind(cursor, goal->unix_ns))
		rewind_before(cursor, cursor_frame_before_time(cursor, goal->unix_ns));
	if (goal->to == CURSOR_TO_END && cursor->frame_count &&
	    cursor->frames[cursor->frame_count - 1].passed > cursor->passed)
		rewind_before(cursor, cursor->frame_count);
	if (cursor_is_search(goal) && goal->is_back)
		scan_begin(cursor, cursor_frame_before_place(cursor, cursor->from_search),
			   cursor->from_search);
}

static enum cursor_result run(struct cursor *cursor)
{
	const struct cursor_goal *goal = &cursor->goal;
	enum match match;

	if (goal->to == CURSOR_TO_TIME) {
		if (cursor->pending && cursor->pending->unix_ns <= goal->unix_ns) {
			event_pass(cursor);
			return CURSOR_AGAIN;
		}
		cursor->now = goal->unix_ns < cursor->end ? goal->unix_ns : cursor->end;
		return rest(cursor, CURSOR_THERE);
	}
	if (!cursor->pending) {
		if (goal->to == CURSOR_TO_END) {
			cursor->now = cursor->end;
			return rest(cursor, CURSOR_THERE);
		}
		go_home(cursor);
		return CURSOR_AGAIN;
	}
	match = cursor_is_search(goal) ? cursor_match(cursor) : MATCH_NONE;
	if (match == MATCH_BEFORE && cursor->passed < cursor->from_search)
		match = MATCH_NONE;
	if (goal->to == CURSOR_TO_LONG_POLL)
		cursor_blocks_note(cursor);
	if (match == MATCH_NONE) {
		event_pass(cursor);
		return CURSOR_AGAIN;
	}
	if (match == MATCH_BEFORE && cursor_poll_note(cursor)) {
		block_begin(cursor);
		return CURSOR_AGAIN;
	}
	stop_at(cursor, match);
	return rest(cursor, CURSOR_THERE);
}

/* The part that a frame begins is gone through: what is found, or the part before it. */
static void scan_finish(struct cursor *cursor)
{
	size_t frame = cursor->scan_frame;

	if (cursor->found_match == MATCH_BEFORE)
		block_begin(cursor);
	else if (cursor->found_match != MATCH_NONE)
		go_upto(cursor, cursor->found, cursor->found_match);
	else if (frame)
		scan_begin(cursor, frame - 1, cursor->frames[frame - 1].passed);
	else
		go_home(cursor);
}

static enum cursor_result scan(struct cursor *cursor)
{
	enum match match;
	uint64_t place;

	if (cursor->passed >= cursor->scan_end || !cursor->pending) {
		scan_finish(cursor);
		return CURSOR_AGAIN;
	}
	match = cursor_match(cursor);
	place = cursor->passed + (match == MATCH_AFTER);
	/* The first event has always happened. */
	if (match != MATCH_NONE && place < cursor->from_search && place) {
		if (match == MATCH_BEFORE)
			cursor_poll_note(cursor);
		cursor->found = cursor->passed;
		cursor->found_match = match;
	}
	event_pass(cursor);
	return CURSOR_AGAIN;
}

static enum cursor_result upto(struct cursor *cursor)
{
	if (cursor->passed < cursor->until && cursor->pending) {
		event_pass(cursor);
		return CURSOR_AGAIN;
	}
	if (cursor->until_match == MATCH_AFTER && cursor->pending)
		stop_at(cursor, MATCH_AFTER);
	else if (cursor->until_match == MATCH_BEFORE && cursor->pending)
		stand_before(cursor);
	if (cursor->is_none)
		cursor->now = cursor->from_now;
	return rest(cursor, cursor->is_none ? CURSOR_NONE : CURSOR_THERE);
}

static enum cursor_result block(struct cursor *cursor)
{
	struct cursor_poll *poll = &cursor->poll;
	uint64_t place = poll->end;

	if (!cursor->pending) {
		go_home(cursor);
		return CURSOR_AGAIN;
	}
	if (cursor->passed < poll->end) {
		cursor_block_note(cursor);
		event_pass(cursor);
		return CURSOR_AGAIN;
	}
	stop_note(cursor);
	if (poll->block_ns) {
		place = poll->block_at;
		cursor->stop.block_ns = poll->block_ns;
	}
	go_upto(cursor, place, MATCH_BEFORE);
	return CURSOR_AGAIN;
}

/* One event, or one decision. */
static enum cursor_result advance(struct cursor *cursor)
{
	switch (cursor->phase) {
	case PHASE_RUN:
		return run(cursor);
	case PHASE_SCAN:
		return scan(cursor);
	case PHASE_BLOCK:
		return block(cursor);
	case PHASE_UPTO:
		return upto(cursor);
	case PHASE_INDEX:
		if (!cursor->is_indexed) {
			event_pass(cursor);
			return CURSOR_AGAIN;
		}
		break;
	default:
		break;
	}
	if (!cursor->has_goal)
		return rest(cursor, CURSOR_THERE);
	goal_begin(cursor);
	return CURSOR_AGAIN;
}

void cursor_go(struct cursor *cursor, const struct cursor_goal *goal)
{
	cursor->goal = *goal;
	cursor->has_goal = true;
	/* What is under way is given up; where that has come to is where this begins. */
	cursor->phase = PHASE_REST;
}

enum cursor_result cursor_work(struct cursor *cursor, uint64_t budget_ns)
{
	uint64_t begin = clock_ns();
	enum cursor_result r = CURSOR_AGAIN;

	if (cursor->options.must_index && !cursor->is_indexed)
		cursor->phase = PHASE_INDEX;
	else if (!cursor->has_goal)
		return CURSOR_THERE;
	for (unsigned i = 1; r == CURSOR_AGAIN; i++) {
		r = advance(cursor);
		if (i % EVENTS_BETWEEN == 0 && clock_ns() - begin >= budget_ns)
			break;
	}
	return r;
}

double cursor_progress(const struct cursor *cursor)
{
	uint64_t from = cursor->begin, to = cursor->from_now;

	if (cursor->phase == PHASE_INDEX || !cursor->has_goal)
		return -1;
	if (cursor->goal.to == CURSOR_TO_TIME)
		to = cursor->goal.unix_ns;
	if (to > cursor->end)
		to = cursor->end;
	return to > from && cursor->now >= from && cursor->now <= to ?
		       (double)(cursor->now - from) / (double)(to - from) :
		       -1;
}

/* ---- Where it is, what there is ---- */

uint64_t cursor_now(const struct cursor *cursor)
{
	return cursor->now;
}

uint64_t cursor_begin(const struct cursor *cursor)
{
	return cursor->begin;
}

uint64_t cursor_end(const struct cursor *cursor)
{
	return cursor->end;
}

bool cursor_is_indexed(const struct cursor *cursor)
{
	return cursor->is_indexed;
}

uint64_t cursor_passed(const struct cursor *cursor)
{
	return cursor->passed;
}

uint64_t cursor_epoch(const struct cursor *cursor)
{
	return cursor->epoch + trace_epoch(cursor->trace);
}

const struct cursor_stop *cursor_stop(const struct cursor *cursor)
{
	return &cursor->stop;
}

const char *cursor_problem(const struct cursor *cursor)
{
	return cursor->problem.text;
}

const struct trace_process *cursor_process_now(const struct cursor *cursor, uint32_t index)
{
	const struct trace_process *process =
		trace_process(cursor->seen ? cursor->seen : cursor->trace, index);

	return process && process->board ? process : NULL;
}
