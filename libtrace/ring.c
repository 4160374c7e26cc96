/* SPDX-License-Identifier: MIT */
/*
 * The last finished records of a table, which readers still see.
 *
 * Each lane has a share of a table, a ring of its own, so that threads do not wait for
 * each other, and a record comes back to the one that wrote it last. Where several
 * shares are in use, each is an equal part of what stays visible.
 *
 * The law: any thread at any time, no lock, every loop bounded. A record stands in
 * a ring exactly while it is ended, and there once.
 */
#include "libtrace/board.h"

#define RETIRE_TRIES 8

#define SHARE_OF_ALL (SHARES - 1)

/* The first lanes have a share of their own each, that no other thread puts into. */
static uint32_t share_of(const struct lane *lane)
{
	return lane && lane->index < SHARE_OF_ALL ? lane->index : SHARE_OF_ALL;
}

/* The next place of a share's ring. */
static uint64_t place_take(struct pool *pool, uint32_t share)
{
	uint64_t *retired = &pool->shares[share].retired;
	uint64_t at;

	if (share == SHARE_OF_ALL)
		return fetch_add(retired, 1);
	at = load(retired);
	store(retired, at + 1);
	return at;
}

/* Puts an entry into a place. Returns what stood there. Who steals only takes out. */
static uint32_t place_fill(uint32_t *slot, uint32_t share, uint32_t entry)
{
	if (share == SHARE_OF_ALL || load(slot))
		return swap(slot, entry);
	store_release(slot, entry);
	return 0;
}

static uint32_t *slot_of(struct pool *pool, uint32_t share, uint64_t at)
{
	return &pool->shares[share].ring[at % pool->ring_size];
}

/* A task that was ended by one thread may still be polled by another. */
static bool is_polled(const struct board *board, uint32_t table, uint32_t index)
{
	const struct vigil_task_record *t;

	if (table != VIGIL_TABLE_task)
		return false;
	/* Partner: the end of the write in poll_count, which takes depth back first. */
	t = RECORD_AT(board, task, index);
	return load_acquire(&t->depth) || load_acquire(&t->seq) & 1;
}

void ring_share(struct pool *pool)
{
	uint32_t sharing;

	fetch_add(&pool->sharing, 1);
	do {
		sharing = load(&pool->sharing);
		store(&pool->part, sharing < pool->ring_size ? pool->ring_size / sharing : 1);
	} while (load(&pool->sharing) != sharing);
}

static void record_free(struct board *board, struct lane *lane, uint32_t table, uint32_t index)
{
	pool_reclaim(board, lane, table, index);
	pool_give(board, lane, table, index);
}

/* Where each share is a part, the ring is longer than it: what is older goes. */
static void ring_trim(struct board *board, struct lane *lane, uint32_t share, uint32_t table,
		      uint64_t at)
{
	struct pool *pool = &board->pools[table];
	uint32_t part = load(&pool->part);
	uint32_t *slot, old;

	if (part == pool->ring_size || at < part)
		return;
	slot = slot_of(pool, share, at - part);
	old = load(slot);
	if (old && !is_polled(board, table, old - 1) && compare_swap(slot, &old, 0))
		record_free(board, lane, table, old - 1);
}

/* What the next ones to end push out was written long ago: caches are to have it by then. */
static void ring_foresee(struct board *board, uint32_t share, uint32_t table, uint64_t at)
{
	struct pool *pool = &board->pools[table];
	uint32_t next = load(slot_of(pool, share, at - load(&pool->part)));
	const uint8_t *record;

	if (!next)
		return;
	record = record_at(board, table, next - 1);
	for (uint32_t i = 0; i < table_kinds[table].record_size; i += 64)
		__builtin_prefetch(record + i, 1);
}

static void ring_put(struct board *board, struct lane *lane, uint32_t share, uint32_t table,
		     uint32_t index)
{
	struct pool *pool = &board->pools[table];
	uint32_t old = index + 1;
	uint64_t at = 0;

	/* What a worker still polls stands in line again: its poll will write to it. */
	for (int i = 0; i < RETIRE_TRIES && old; i++) {
		at = place_take(pool, share);
		if (unlikely(!at))
			ring_share(pool);
		old = place_fill(slot_of(pool, share, at), share, old);
		ring_trim(board, lane, share, table, at);
		if (old && !is_polled(board, table, old - 1))
			break;
	}
	if (old)
		record_free(board, lane, table, old - 1);
	ring_foresee(board, share, table, at + 1);
}

void ring_retire(struct board *board, struct lane *lane, uint32_t table, uint32_t index)
{
	ring_put(board, lane, share_of(lane), table, index);
}

/* Takes the oldest record out of a ring that nobody polls. Index plus one, or 0. */
static uint32_t ring_shift(struct board *board, uint32_t share, uint32_t table)
{
	struct pool *pool = &board->pools[table];
	uint64_t end = load(&pool->shares[share].retired);
	uint64_t at = load(&pool->shares[share].bare);
	bool is_bare = true;

	if (end > pool->ring_size && at < end - pool->ring_size)
		at = end - pool->ring_size;
	for (; at < end; at++) {
		uint32_t *slot = slot_of(pool, share, at);
		uint32_t old = load(slot);
		bool is_kept = old && is_polled(board, table, old - 1);

		is_bare = is_bare && !is_kept;
		if (is_bare)
			store(&pool->shares[share].bare, at + 1);
		if (old && !is_kept && compare_swap(slot, &old, 0))
			return old;
	}
	return 0;
}

uint32_t ring_steal(struct board *board, struct lane *lane, uint32_t table)
{
	uint32_t own = share_of(lane);

	for (uint32_t i = 0; i < SHARES && board->pools[table].ring_size; i++) {
		uint32_t old = ring_shift(board, (own + i) % SHARES, table);

		if (old) {
			pool_reclaim(board, lane, table, old - 1);
			return old;
		}
	}
	return 0;
}

void ring_remove(struct board *board, uint32_t table, uint32_t index)
{
	struct pool *pool = &board->pools[table];

	for (uint32_t share = 0; share < SHARES; share++) {
		uint64_t end = load(&pool->shares[share].retired);
		uint64_t at = end > pool->ring_size ? end - pool->ring_size : 0;

		for (; at < end; at++) {
			if (load(slot_of(pool, share, at)) == index + 1) {
				store(slot_of(pool, share, at), 0);
				return;
			}
		}
	}
}
