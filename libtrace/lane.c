/* SPDX-License-Identifier: MIT */
/*
 * Lanes come and go with threads.
 *
 * The law: a lane's statistics (cells, edges) are sums and stay when its worker
 * record is given to another thread.
 */
#include "libtrace/lane.h"

#include "libtrace/apply.h"
#include "libtrace/hot.h"

#define EDGE_PROBES 8

/* Rings belong to the worker record's index, whoever has it. */
static void rings_open(struct lane *lane)
{
	struct board *board = lane->board;
	uint32_t events = (lane->index + 1) * RING_EVENTS;
	uint32_t messages = (lane->index + 1) * RING_MESSAGES;

	lane->ring = NULL;
	lane->messages = NULL;
	if (board_claim(board, VIGIL_TABLE_event, events)) {
		lane->ring = RECORD_AT(board, event, events - RING_EVENTS);
		lane->ring_mask = RING_EVENTS - 1;
		board_use(board, VIGIL_TABLE_event, events);
	}
	if (board_claim(board, VIGIL_TABLE_message, messages)) {
		lane->messages = RECORD_AT(board, message, messages - RING_MESSAGES);
		board_use(board, VIGIL_TABLE_message, messages);
	}
}

/* Everything of a lane that follows from its record's reference. */
static struct lane *lane_bind(struct board *board, uint64_t ref)
{
	struct lane *lane = &board->lanes[vigil_ref_index(ref)];

	lane->board = board;
	lane->record = RECORD_AT(board, worker, vigil_ref_index(ref));
	lane->ref = ref;
	lane->index = vigil_ref_index(ref);
	lane->depth = 0;
	lane->dropped_frames = 0;
	lane->dropped_tasks = 0;
	lane->cells = board->cells + (size_t)lane->index * board->tables[VIGIL_TABLE_site].capacity;
	rings_open(lane);
	return lane;
}

/* The record has another thread now: a replay missed that the one before it ended. */
static void lane_cut(struct board *board, uint64_t now, uint64_t want)
{
	uint32_t index = vigil_ref_index(want);

	if (!ref_is_in(board, VIGIL_TABLE_worker, want) ||
	    load(&RECORD_AT(board, worker, index)->life) != VIGIL_LIFE_LIVE)
		return;
	board->replaced++;
	lane_close(&board->lanes[index], now);
}

struct lane *lane_open(struct board *board, uint64_t now, uint32_t tid, struct wanted want)
{
	struct vigil_worker_record *record;
	struct lane *lane;
	uint64_t ref;

	if (unlikely(want.ref))
		lane_cut(board, now, want.ref);
	ref = pool_take(board, NULL, VIGIL_TABLE_worker, want.ref);
	if (!ref) {
		COUNT(board, lost_workers);
		return NULL;
	}
	lane = lane_bind(board, ref);
	record = lane->record;
	store(&record->tid, tid);
	store(&record->id, pool_serial(board, NULL, VIGIL_TABLE_worker, want.id));
	store(&record->created_ns, now);
	store(&record->last_ns, now);
	store(&record->ring_size, lane->ring ? RING_EVENTS : 0);
	store(&record->message_size, lane->messages ? RING_MESSAGES : 0);
	store(&record->life, VIGIL_LIFE_LIVE);
	write_end(&record->seq);
	return lane;
}

void lane_close(struct lane *lane, uint64_t now)
{
	struct vigil_worker_record *record = lane->record;

	lane->dropped_frames = 0;
	while (lane->depth)
		board_poll_end(lane->board, lane, now, lane->frames[lane->depth - 1].task);
	lane_lock_forget(lane);
	write_begin(&record->seq);
	store(&record->ended_ns, now);
	store(&record->park_begin_ns, 0);
	store(&record->wait_kind, VIGIL_WAIT_NONE);
	store(&record->life, VIGIL_LIFE_ENDED);
	write_end(&record->seq);
	ring_close(lane);
	pool_spares_give(lane);
	ring_retire(lane->board, NULL, VIGIL_TABLE_worker, lane->index);
}

struct vigil_cell_record *lane_cell_make(struct lane *lane, uint32_t site)
{
	struct vigil_cell_record *cell;
	uint32_t index;

	if (site > lane->board->tables[VIGIL_TABLE_site].capacity)
		return NULL;
	index = fixed_take(lane->board, VIGIL_TABLE_cell);
	if (!index) {
		COUNT(lane->board, lost_cells);
		return NULL;
	}
	cell = RECORD_AT(lane->board, cell, index - 1);
	store(&cell->worker, lane->index + 1);
	/* The site last: a cell without one is not there yet for readers. */
	store_release(&cell->site, site);
	lane->cells[site - 1] = index;
	return cell;
}

static inline uint32_t edge_place(uint32_t from, uint32_t to)
{
	return (from * 31u + to) % LANE_EDGES;
}

struct vigil_edge_record *lane_edge(struct lane *lane, uint32_t from, uint32_t to)
{
	uint32_t at = edge_place(from, to);
	struct vigil_edge_record *edge;
	uint32_t index;
	int probe;

	for (probe = 0; probe < EDGE_PROBES; probe++, at = (at + 1) % LANE_EDGES) {
		index = lane->edges[at];
		if (!index)
			break;
		edge = RECORD_AT(lane->board, edge, index - 1);
		if (likely(load(&edge->from) == from && load(&edge->to) == to))
			return edge;
	}
	/* Past the last probe nobody would find it again. */
	index = probe < EDGE_PROBES ? fixed_take(lane->board, VIGIL_TABLE_edge) : 0;
	if (!index) {
		COUNT(lane->board, lost_edges);
		return NULL;
	}
	edge = RECORD_AT(lane->board, edge, index - 1);
	store(&edge->worker, lane->index + 1);
	store(&edge->from, from);
	store_release(&edge->to, to);
	lane->edges[at] = index;
	return edge;
}

void lane_adopt(struct board *board, uint32_t index)
{
	struct vigil_worker_record *record = RECORD_AT(board, worker, index);
	struct lane *lane =
		lane_bind(board, vigil_ref_make(VIGIL_TABLE_worker, index, record->gen));

	if (!record->ring_size)
		lane->ring = NULL;
	else if (record->ring_size != RING_EVENTS)
		record->ring_head = 0;
	if (!record->message_size)
		lane->messages = NULL;
	else if (record->message_size != RING_MESSAGES)
		record->message_head = 0;
	record->ring_size = lane->ring ? RING_EVENTS : 0;
	record->message_size = lane->messages ? RING_MESSAGES : 0;
}

void lane_cell_adopt(struct board *board, uint32_t index)
{
	const struct vigil_cell_record *cell = RECORD_AT(board, cell, index);
	uint32_t sites = board->tables[VIGIL_TABLE_site].capacity;
	uint32_t *slot;

	if (!cell->site || cell->site > sites || !cell->worker ||
	    cell->worker > board->tables[VIGIL_TABLE_worker].used)
		return;
	slot = &board->lanes[cell->worker - 1].cells[cell->site - 1];
	if (!*slot)
		*slot = index + 1;
}

void lane_edge_adopt(struct board *board, uint32_t index)
{
	const struct vigil_edge_record *edge = RECORD_AT(board, edge, index);
	uint32_t at = edge_place(edge->from, edge->to);
	struct lane *lane;

	if (!edge->to || !edge->worker || edge->worker > board->tables[VIGIL_TABLE_worker].used)
		return;
	lane = &board->lanes[edge->worker - 1];
	for (int probe = 0; probe < EDGE_PROBES; probe++, at = (at + 1) % LANE_EDGES) {
		if (lane->edges[at])
			continue;
		lane->edges[at] = index + 1;
		return;
	}
}

void lane_message(struct lane *lane, uint64_t now, uint32_t site, uint32_t level, uint64_t span,
		  const char *text)
{
	struct vigil_message_record *message;
	uint64_t head;

	if (!lane->messages) {
		COUNT(lane->board, lost_messages);
		return;
	}
	head = load(&lane->record->message_head);
	message = &lane->messages[head % RING_MESSAGES];
	store_fence();
	store(&message->time_ns, now);
	store(&message->level, level);
	store(&message->site, site);
	store(&message->task, lane_task(lane));
	store(&message->span, span);
	text_put(message->words, sizeof(message->words), text);
	/* Partner: the acquire load of message_head in reader_sums.c. */
	store_release(&lane->record->message_head, head + 1);
}
