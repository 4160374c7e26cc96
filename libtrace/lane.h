/* SPDX-License-Identifier: MIT */
/*
 * Lanes: each thread's worker record with its private half, its share of the
 * sites' statistics, its wake edges and its rings.
 */
#ifndef LIBTRACE_LANE_H
#define LIBTRACE_LANE_H

#include "libtrace/board.h"
#include "libtrace/hist.h"

/* ---- lane.c ---- */

/*
 * Takes a worker record for a thread. want is a replay's. Returns NULL when
 * there is none (counted).
 */
struct lane *lane_open(struct board *board, uint64_t now, uint32_t tid, struct wanted want);

/* The lane of a worker by its reference (a replay); NULL when there is no such thread now. */
static inline struct lane *lane_of(struct board *board, uint64_t worker)
{
	const struct vigil_worker_record *record = RECORD_OF(board, worker, worker);

	if (!record || load(&record->life) != VIGIL_LIFE_LIVE)
		return NULL;
	return &board->lanes[vigil_ref_index(worker)];
}

/* The thread is gone; its polls, if any, count up to now. */
void lane_close(struct lane *lane, uint64_t now);

/*
 * Takes what stands in a board that was loaded into its lanes: a worker record, then
 * cells and edges in order. Records are foreign data; a ring of another size than
 * ours begins anew.
 */
void lane_adopt(struct board *board, uint32_t index);
void lane_cell_adopt(struct board *board, uint32_t index);
void lane_edge_adopt(struct board *board, uint32_t index);

/* First use of a site by a lane. Returns NULL when there is no cell (counted). */
struct vigil_cell_record *lane_cell_make(struct lane *lane, uint32_t site);

/* Finds or makes the edge between two sites; NULL when there is none (counted). */
struct vigil_edge_record *lane_edge(struct lane *lane, uint32_t from, uint32_t to);

/* Writes a message into the lane's ring. */
void lane_message(struct lane *lane, uint64_t now, uint32_t site, uint32_t level, uint64_t span,
		  const char *text);

/* The lane's share of a site, NULL when there is none. site may be 0: none. */
static inline struct vigil_cell_record *lane_cell(struct lane *lane, uint32_t site)
{
	uint32_t cell;

	if (!lane || !site)
		return NULL;
	cell = lane->cells[site - 1];
	if (unlikely(!cell))
		return lane_cell_make(lane, site);
	return RECORD_AT(lane->board, cell, cell - 1);
}

/* Clocks of two threads may differ by a little: a time that would be negative is 0. */
static inline uint64_t elapsed(uint64_t now, uint64_t since)
{
	return now > since ? now - since : 0;
}

/* The task this lane polls, else 0. */
static inline uint64_t lane_task(const struct lane *lane)
{
	return lane && lane->depth ? lane->frames[lane->depth - 1].task : 0;
}

/* Who acts on this lane: the task it polls, else the thread itself. */
static inline uint64_t lane_actor(const struct lane *lane)
{
	if (!lane)
		return 0;
	return lane->depth ? lane->frames[lane->depth - 1].task : lane->ref;
}

/* Appends to the lane's ring of events. */
static inline void lane_event(struct lane *lane, uint64_t now, enum vigil_event_kind kind,
			      uint32_t site, uint64_t task, uint64_t value)
{
	struct vigil_event_record *event;
	uint64_t head;

	if (unlikely(!lane || !lane->ring))
		return;
	head = load(&lane->record->ring_head);
	event = &lane->ring[head & lane->ring_mask];
	/* Only now that the one before is announced. Partner: copy_fence in reader_sums.c. */
	store_fence();
	store(&event->time_ns, now);
	store(&event->kind, (uint16_t)kind);
	store(&event->site, site);
	store(&event->task, task);
	store(&event->value, value);
	/* Partner: the acquire load of ring_head in reader_sums.c. */
	store_release(&lane->record->ring_head, head + 1);
}

/* Counts a busy time or a delay in a cell. */
static inline void cell_busy(struct vigil_cell_record *cell, uint64_t ns, uint32_t bucket)
{
	add(&cell->busy_count, 1);
	add(&cell->busy_ns, ns);
	raise_to(&cell->busy_max_ns, ns);
	hist_count(cell->busy, VIGIL_SITE_BUCKETS, bucket);
}

static inline void cell_delay(struct vigil_cell_record *cell, uint64_t ns, uint32_t bucket)
{
	add(&cell->delay_count, 1);
	add(&cell->delay_ns, ns);
	raise_to(&cell->delay_max_ns, ns);
	hist_count(cell->delay, VIGIL_SITE_BUCKETS, bucket);
}

#endif
