/* SPDX-License-Identifier: MIT */
/*
 * Spans: named parts of the work. A task has a stack of those it has entered,
 * a thread another for what it does outside any task; each is a chain from the
 * innermost through `outer`.
 */
#include "libtrace/apply.h"

#define SPANS_SKIPPED 64

/* Where the thread's innermost span stands: in its task, or in its worker. */
static uint64_t *innermost(struct board *board, struct lane *lane)
{
	struct vigil_task_record *t = RECORD_OF(board, task, lane_task(lane));

	if (t)
		return &t->span;
	return lane ? &lane->record->span : NULL;
}

/* The thread polls the task, so it alone writes what seq guards. */
static void innermost_put(struct board *board, struct lane *lane, uint64_t span)
{
	struct vigil_task_record *t = RECORD_OF(board, task, lane_task(lane));

	if (t) {
		write_begin(&t->seq);
		store(&t->span, span);
		write_end(&t->seq);
	} else if (lane) {
		store(&lane->record->span, span);
	}
}

uint64_t board_span_current(struct board *board, struct lane *lane)
{
	uint64_t *span = innermost(board, lane);

	return span ? load(span) : 0;
}

uint64_t board_span_new(struct board *board, struct lane *lane, uint64_t now, struct wanted want,
			uint32_t site, uint64_t parent, uint32_t level, const char *name)
{
	uint64_t ref = pool_take(board, lane, VIGIL_TABLE_span, want.ref);
	struct vigil_span_record *span;
	struct vigil_cell_record *cell;

	if (!ref) {
		COUNT(board, lost_spans);
		return 0;
	}
	span = RECORD_AT(board, span, vigil_ref_index(ref));
	store(&span->level, level);
	store(&span->site, site);
	store(&span->id, pool_serial(board, lane, VIGIL_TABLE_span, want.id));
	store(&span->parent, parent);
	store(&span->task, lane_task(lane));
	store(&span->created_ns, now);
	text_put(span->name, sizeof(span->name), name);
	store(&span->life, VIGIL_LIFE_LIVE);
	write_end(&span->seq);
	cell = lane_cell(lane, site);
	if (cell)
		add(&cell->spawned, 1);
	return ref;
}

static struct vigil_span_record *span_of(struct board *board, uint64_t ref)
{
	struct vigil_span_record *span = RECORD_OF(board, span, ref);

	if (!span)
		ref_misused(board, ref);
	else if (load(&span->life) != VIGIL_LIFE_LIVE)
		COUNT(board, misused_ended);
	else
		return span;
	return NULL;
}

void board_span_enter(struct board *board, struct lane *lane, uint64_t now, uint64_t ref)
{
	struct vigil_span_record *span = span_of(board, ref);
	uint64_t *inner = innermost(board, lane);

	if (!span)
		return;
	write_begin(&span->seq);
	add(&span->entries, 1);
	add(&span->depth, 1);
	if (load(&span->depth) == 1) {
		store(&span->enter_ns, now);
		store(&span->worker, lane ? lane->ref : 0);
		store(&span->outer, inner ? load(inner) : 0);
	}
	write_end(&span->seq);
	innermost_put(board, lane, ref);
	if (lane)
		lane_event(lane, now, VIGIL_EVENT_SPAN_ENTER, load(&span->site), lane_task(lane),
			   ref);
}

/* One entry less. Returns the length of the entry when it was the last. */
static uint64_t entry_end(struct lane *lane, struct vigil_span_record *span, uint64_t now)
{
	uint64_t since = load(&span->enter_ns);
	uint64_t busy = now > since ? now - since : 0;
	struct vigil_cell_record *cell;

	write_begin(&span->seq);
	store(&span->depth, load(&span->depth) - 1);
	if (load(&span->depth)) {
		write_end(&span->seq);
		return 0;
	}
	add(&span->busy_ns, busy);
	write_end(&span->seq);
	cell = lane_cell(lane, load(&span->site));
	if (cell)
		cell_busy(cell, busy, vigil_bucket(busy));
	return busy;
}

/* The nearest of a chain of spans that was not left, or freed, out of order. */
static uint64_t still_entered(struct board *board, uint64_t ref)
{
	for (int i = 0; ref && i < SPANS_SKIPPED; i++) {
		const struct vigil_span_record *span = RECORD_OF(board, span, ref);

		if (!span)
			return 0;
		if (load(&span->life) == VIGIL_LIFE_LIVE && load(&span->depth))
			return ref;
		ref = load(&span->outer);
	}
	return 0;
}

void board_span_leave(struct board *board, struct lane *lane, uint64_t now, uint64_t ref)
{
	struct vigil_span_record *span = span_of(board, ref);
	uint64_t *inner = innermost(board, lane);
	uint64_t busy;

	if (!span)
		return;
	if (!load(&span->depth)) {
		COUNT(board, misused_balance);
		return;
	}
	busy = entry_end(lane, span, now);
	if (inner && load(inner) == ref && !load(&span->depth))
		innermost_put(board, lane, still_entered(board, load(&span->outer)));
	if (lane)
		lane_event(lane, now, VIGIL_EVENT_SPAN_LEAVE, load(&span->site), lane_task(lane),
			   busy);
}

void board_span_free(struct board *board, struct lane *lane, uint64_t now, uint64_t ref)
{
	struct vigil_span_record *span = span_of(board, ref);
	struct vigil_cell_record *cell;
	uint32_t live = VIGIL_LIFE_LIVE;

	if (!span)
		return;
	if (load(&span->depth)) {
		store(&span->depth, 1);
		board_span_leave(board, lane, now, ref);
	}
	/* Before life, so that who sees the end sees when. */
	if (load(&span->life) == VIGIL_LIFE_LIVE)
		store(&span->ended_ns, now);
	if (!compare_swap(&span->life, &live, VIGIL_LIFE_ENDED)) {
		COUNT(board, misused_ended);
		return;
	}
	cell = lane_cell(lane, load(&span->site));
	if (cell) {
		add(&cell->completed, 1);
		add(&cell->life_ns, elapsed(now, load(&span->created_ns)));
	}
	ring_retire(board, lane, VIGIL_TABLE_span, vigil_ref_index(ref));
}
