/* SPDX-License-Identifier: MIT */
/* Running time in pieces. */
#include "console/export/busy.h"

static bool changes_it(uint16_t kind)
{
	return kind == TRACE_poll_begin || kind == TRACE_poll_end || kind == TRACE_task_end ||
	       kind == TRACE_span_enter || kind == TRACE_span_leave || kind == TRACE_span_free ||
	       kind == TRACE_thread_end;
}

static bool ends_poll(const struct trace_event *event, const struct lane *lane)
{
	return (event->kind == TRACE_poll_end || event->kind == TRACE_task_end) &&
	       lane_task(lane) == event->object;
}

/* A poll that began before what is wanted counts from there on. */
static uint64_t first_ns(const struct export *export, uint32_t process, const struct lane *lane)
{
	uint64_t from = export_from_ns(export, process);
	uint64_t begin = lane->frames[lane->depth - 1].begin_ns;

	return begin < from ? from : begin;
}

static void piece_put(struct export *export, uint32_t process, const struct lane *lane,
		      uint64_t now, bool is_last, busy_tell tell)
{
	struct busy_note *note = export_note(export, process, lane->ref);
	uint64_t since;

	if (!note)
		return;
	since = note->since_ns;
	note->since_ns = now;
	if (!lane->depth)
		return;
	if (!since)
		since = first_ns(export, process, lane);
	tell(export, process, lane, elapsed(now, since), is_last);
}

void busy_event(struct export *export, const struct trace_event *event, busy_tell tell)
{
	struct lane *lane;

	if (!changes_it(event->kind))
		return;
	lane = lane_of(trace_process(export->trace, event->process)->board, event->worker);
	if (lane)
		piece_put(export, event->process, lane, event->ns, ends_poll(event, lane), tell);
}

static void process_end(struct export *export, uint32_t index, busy_tell tell)
{
	const struct board *board = export_board(export, index);

	for (uint32_t i = 0; i < board->tables[VIGIL_TABLE_worker].used; i++)
		if (RECORD_AT(board, worker, i)->life == VIGIL_LIFE_LIVE)
			piece_put(export, index, &board->lanes[i], export_end_ns(export, index),
				  false, tell);
}

void busy_end(struct export *export, busy_tell tell)
{
	for (uint32_t i = 0; i < export->process_count; i++)
		if (export_has_process(export, i))
			process_end(export, i, tell);
}
