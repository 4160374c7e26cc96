/* SPDX-License-Identifier: MIT */
/* Boards made of events, as readers see them. */
#include "console/source_events.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void events_fini(struct events *events)
{
	for (uint32_t i = 0; i < events->count; i++)
		history_free(events->histories[i]);
	free(events->histories);
	if (events->has_blank)
		board_fini(&events->blank);
}

/* ---- Histories ---- */

static struct history *history_of(struct events *events, uint32_t process)
{
	struct history **list = events->histories;

	if (process >= events->count) {
		list = realloc(list, (process + 1) * sizeof(struct history *));
		if (!list)
			return NULL;
		memset(list + events->count, 0,
		       (process + 1 - events->count) * sizeof(struct history *));
		events->histories = list;
		events->count = process + 1;
	}
	if (!list[process])
		list[process] = history_new();
	return list[process];
}

void events_pass(struct events *events, uint32_t process, const struct trace_event *event,
		 const struct slice *slices, size_t count)
{
	bool is_wake = event_is_wake(event);
	struct history *history;

	if (!count && !is_wake)
		return;
	history = history_of(events, process);
	if (history)
		history_pass(history, event, slices, count);
}

void events_clear(struct events *events, bool is_cut)
{
	for (uint32_t i = 0; i < events->count; i++)
		if (events->histories[i])
			history_clear(events->histories[i], is_cut);
}

void events_clear_one(struct events *events, uint32_t process)
{
	if (process < events->count && events->histories[process])
		history_clear(events->histories[process], true);
}

const struct history *events_history(const struct events *events, uint32_t process)
{
	return process < events->count ? events->histories[process] : NULL;
}

/* ---- Readers ---- */

/* A board on which nothing has happened. */
static int blank_make(struct events *events)
{
	struct board_shape shape;
	int r;

	if (events->has_blank)
		return 0;
	board_shape_default(&shape);
	r = board_init(&events->blank, -1, &shape);
	if (r)
		return r;
	text_put(events->blank.process->name, sizeof(events->blank.process->name), "not begun yet");
	events->blank.process->pid = 1; /* a board without a pid is none */
	events->blank.process->life = VIGIL_LIFE_LIVE;
	events->blank.process->created_ns = 1;
	board_publish(&events->blank);
	events->has_blank = true;
	return 0;
}

int events_reader_open(struct events *events, const struct trace_process *process,
		       struct vigil_reader **ret_reader, struct vigil_problem *ret_problem)
{
	int r = process ? 0 : blank_make(events);

	if (r) {
		snprintf(ret_problem->text, sizeof(ret_problem->text), "out of memory");
		return r;
	}
	return vigil_reader_open_memory(process ? process->base : events->blank.base,
					process ? process->size : events->blank.size, ret_reader,
					ret_problem);
}

uint64_t events_board(const struct trace_process *process, uint32_t index, uint64_t epoch)
{
	return process ? (epoch + 1) << 32 | index : 0;
}

void events_reader_fix(struct vigil_reader *reader, const struct trace_process *process,
		       uint64_t unix_ns)
{
	/* The trace has read one event more than has happened. */
	bool is_last = process && unix_ns >= process->last_unix_ns;
	bool is_over =
		process && (process->board->process->ended_ns || (process->is_over && is_last));
	bool is_dead = is_last && process->is_killed;

	vigil_reader_fix_now(reader, !process ? 1 :
				     is_over  ? process->last_ns :
						trace_process_ns(process, unix_ns));
	vigil_reader_fix_status(reader, is_dead ? VIGIL_STATUS_DEAD :
					is_over ? VIGIL_STATUS_FINISHED :
						  VIGIL_STATUS_RECORDED);
}

uint64_t events_unix_of(const struct trace_process *process, uint64_t ns)
{
	return process ? process->last_unix_ns + (ns - process->last_ns) : 0;
}

void events_describe(const struct trace_process *process, struct source_process *ret_process)
{
	const struct board *board = process ? process->board : NULL;

	ret_process->has_begun = board != NULL;
	ret_process->is_over = board && board->process->ended_ns;
	for (uint32_t i = 0; board && i < board->tables[VIGIL_TABLE_task].used; i++) {
		const struct vigil_task_record *task = RECORD_AT(board, task, i);

		if (task->life != VIGIL_LIFE_LIVE)
			continue;
		ret_process->live_tasks++;
		ret_process->running += task->depth > 0;
		ret_process->scheduled += !task->depth && task->wakes != task->wakes_seen;
	}
}
