/* SPDX-License-Identifier: MIT */
/*
 * What a cursor looks for in a trace, and where in a long poll there is most to see.
 *
 * The law of the file: it looks at the event that is about to happen, and moves nothing.
 */
#include "console/trace/cursor_private.h"

#include "libtrace/board.h"

static uint64_t length_of(const struct slice *slice)
{
	return slice->end_ns - slice->begin_ns;
}

static bool is_of(const struct cursor_goal *goal, uint32_t process)
{
	return goal->process == TRACE_ANY_PROCESS || goal->process == process;
}

enum match cursor_match(const struct cursor *cursor)
{
	const struct cursor_goal *goal = &cursor->goal;
	const struct trace_event *event = cursor->pending;

	switch (goal->to) {
	case CURSOR_TO_EVENT:
		return MATCH_AFTER;
	case CURSOR_TO_POLL:
		return event->kind == TRACE_poll_begin ? MATCH_AFTER : MATCH_NONE;
	case CURSOR_TO_TASK_POLL:
		return event->kind == TRACE_poll_begin && event->process == goal->process &&
				       event->object == goal->task ?
			       MATCH_AFTER :
			       MATCH_NONE;
	case CURSOR_TO_LONG_POLL:
		if (!is_of(goal, event->process))
			return MATCH_NONE;
		for (size_t i = 0; i < cursor->slice_count; i++)
			if (cursor->slices[i].kind == SLICE_RUN &&
			    length_of(&cursor->slices[i]) > goal->over_ns)
				return MATCH_BEFORE;
		return MATCH_NONE;
	default:
		return MATCH_NONE;
	}
}

bool cursor_gap_find(const struct cursor *cursor, uint64_t *ret_unix_ns)
{
	bool is_found = false;

	for (size_t i = 0; i < cursor->mark_count; i++) {
		const struct cursor_mark *mark = &cursor->marks[i];

		if (mark->kind != CURSOR_MARK_GAP ||
		    (mark->process != TRACE_ANY_PROCESS && !is_of(&cursor->goal, mark->process)))
			continue;
		if (cursor->goal.is_back ? mark->end_unix_ns >= cursor->now :
					   mark->end_unix_ns <= cursor->now)
			continue;
		if (is_found && !cursor->goal.is_back)
			continue;
		*ret_unix_ns = mark->end_unix_ns;
		is_found = true;
	}
	return is_found;
}

bool cursor_is_search(const struct cursor_goal *goal)
{
	return goal->to >= CURSOR_TO_EVENT && goal->to <= CURSOR_TO_LONG_POLL;
}

uint64_t cursor_search_begin(const struct cursor *cursor)
{
	if (cursor->goal.to != CURSOR_TO_LONG_POLL || cursor->passed != cursor->told_at)
		return cursor->passed;
	return cursor->told_end + !cursor->goal.is_back;
}

/* ---- Long polls ---- */

bool cursor_poll_note(struct cursor *cursor)
{
	struct cursor_poll *poll = &cursor->poll;
	const struct trace_event *event = cursor->pending;

	for (size_t i = 0; i < cursor->slice_count; i++) {
		const struct slice *slice = &cursor->slices[i];

		if (slice->kind != SLICE_RUN)
			continue;
		*poll = (struct cursor_poll){
			.end = cursor->passed,
			.process = event->process,
			.worker = slice->worker,
			.begin_ns = slice->begin_ns,
			.begin_unix_ns = event->unix_ns - length_of(slice),
		};
	}
	return poll->begin_unix_ns < cursor->from_now ||
	       poll->begin_unix_ns <= cursor->block_unix_ns;
}

void cursor_blocks_note(struct cursor *cursor)
{
	for (size_t i = 0; i < cursor->slice_count; i++)
		if (cursor->slices[i].kind == SLICE_BLOCKED)
			cursor->block_unix_ns = cursor->pending->unix_ns;
}

/* Whether the poll's thread waits for this lock, by the board before the event. */
static bool waits_for(const struct cursor *cursor, uint64_t lock)
{
	const struct trace_process *process = trace_process(cursor->trace, cursor->poll.process);
	const struct vigil_worker_record *worker =
		RECORD_OF(process->board, worker, cursor->poll.worker);

	return worker && worker->wait_object == lock && wait_is_for_lock(worker->wait_kind);
}

void cursor_block_note(struct cursor *cursor)
{
	struct cursor_poll *poll = &cursor->poll;

	if (cursor->pending->process != poll->process)
		return;
	for (size_t i = 0; i < cursor->slice_count; i++) {
		const struct slice *slice = &cursor->slices[i];

		/* Its owner gives the lock back before the one who waits has it. */
		if (slice->kind == SLICE_HOLD && waits_for(cursor, slice->object))
			poll->release_at = cursor->passed;
		if (slice->kind != SLICE_BLOCKED || slice->worker != poll->worker)
			continue;
		if (slice->begin_ns >= poll->begin_ns && length_of(slice) > poll->block_ns) {
			poll->block_ns = length_of(slice);
			poll->block_at = poll->release_at ? poll->release_at : cursor->passed;
		}
		poll->release_at = 0;
	}
}
