/* SPDX-License-Identifier: MIT */
/*
 * The last finished records of a table, which readers still see.
 *
 * Operations and spans come and go at every request: the first lanes have a ring of
 * their own for each, so that threads do not wait for each other, and a record comes
 * back to the one that wrote it last. Several such rings are equal parts of what
 * stays visible. Whatever else ends stands in the ring of all.
 *
 * The law: any thread at any time, no lock, every loop bounded. A record that has
 * ended stands in one ring, once. Into its own ring a lane alone puts; who needs a
 * record takes out of any.
 */
#include "libtrace/board.h"

#define TRIES 64
#define RETIRE_TRIES 8
#define FORESEEN 3
#define SHED 2 /* a part that got smaller is as small as that in the end */

static uint32_t *slot_of(const struct pool *pool, const struct ring *ring, uint64_t at)
{
	return &ring->slots[at % pool->ring_size];
}

/* NULL: the lane has none. */
static struct ring *own_ring(const struct pool *pool, const struct lane *lane)
{
	return pool->own && lane && lane->index < OWN_RINGS ? &pool->own[lane->index] : NULL;
}

static void record_free(struct board *board, struct lane *lane, uint32_t table, uint32_t index)
{
	pool_reclaim(board, lane, table, index);
	pool_give(board, lane, table, index);
}

/* ---- The ring of all ---- */

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

static void all_put(struct board *board, struct lane *lane, uint32_t table, uint32_t index)
{
	struct pool *pool = &board->pools[table];
	uint32_t old = index + 1;

	/* What a worker still polls stands in line again: its poll will write to it. */
	for (int i = 0; i < RETIRE_TRIES && old; i++) {
		uint64_t at = fetch_add(&pool->all.retired, 1);

		old = swap(slot_of(pool, &pool->all, at), old);
		if (old && !is_polled(board, table, old - 1))
			break;
	}
	if (old)
		record_free(board, lane, table, old - 1);
}

static uint32_t all_take(struct board *board, struct lane *lane, uint32_t table)
{
	struct pool *pool = &board->pools[table];
	uint64_t seen = load(&pool->all.first);

	for (int i = 0; i < TRIES; i++) {
		uint64_t retired = load(&pool->all.retired);
		uint64_t at = seen;
		uint32_t old;

		if (retired > pool->ring_size && at < retired - pool->ring_size)
			at = retired - pool->ring_size;
		if (at >= retired)
			break;
		if (!compare_swap(&pool->all.first, &seen, at + 1))
			continue;
		seen = at + 1;
		old = swap(slot_of(pool, &pool->all, at), 0);
		if (old && is_polled(board, table, old - 1))
			all_put(board, lane, table, old - 1);
		else if (old)
			return old;
	}
	return 0;
}

/* ---- A lane's own ring ---- */

/* The first attribute of a record: index plus one, 0 for none. Of tables with rings by lane. */
static uint32_t attrs_first(const struct board *board, uint32_t table, uint32_t index)
{
	switch (table) {
	case VIGIL_TABLE_span:
		return load(&RECORD_AT(board, span, index)->attrs);
	case VIGIL_TABLE_op:
		return load(&RECORD_AT(board, op, index)->attrs);
	default:
		return 0;
	}
}

/*
 * Fetches what the next ends will push out: it was written long ago, and caches are to have
 * it by then. Of the record after next but one itself, of the one before it the first
 * attribute, of the very next the second. Another thread may take the record meanwhile;
 * then what is fetched is of no use.
 */
static void foresee(const struct board *board, uint32_t table, const struct ring *ring,
		    uint64_t first)
{
	const struct pool *pool = &board->pools[table];

	for (uint32_t depth = 0; depth < FORESEEN; depth++) {
		uint32_t entry = load(slot_of(pool, ring, first + FORESEEN - 1 - depth));
		uint32_t of = table;

		for (uint32_t i = 0; entry && i < depth; i++) {
			entry = i ? load(&RECORD_AT(board, attr, entry - 1)->sibling) :
				    attrs_first(board, table, entry - 1);
			of = VIGIL_TABLE_attr;
		}
		for (uint32_t i = 0; entry && i < table_kinds[of].record_size; i += 64)
			__builtin_prefetch((uint8_t *)record_at(board, of, entry - 1) + i, 1);
	}
}

/* Places [first, retired) are taken, or have been: a place past them is free. */
static void own_put(struct board *board, struct lane *lane, uint32_t table, struct ring *ring,
		    uint32_t index)
{
	struct pool *pool = &board->pools[table];
	uint64_t end = load(&ring->retired), first = load(&ring->first);
	uint32_t part, shed = 0;

	if (unlikely(!end))
		fetch_add(&pool->sharing, 1);
	part = pool->ring_size / load(&pool->sharing);
	if (!part)
		part = 1;
	for (; end - first >= part && shed < SHED; first++) {
		uint32_t old = swap(slot_of(pool, ring, first), 0);

		if (old)
			record_free(board, lane, table, old - 1);
		shed += old != 0;
	}
	store(&ring->first, first);
	store(slot_of(pool, ring, end), index + 1);
	/* Partner: own_take. */
	store_release(&ring->retired, end + 1);
	if (end + 1 - first >= part)
		foresee(board, table, ring, first);
}

/* Any thread's. */
static uint32_t own_take(const struct pool *pool, struct ring *ring)
{
	uint64_t end = load_acquire(&ring->retired), at = load(&ring->first);

	if (end > pool->ring_size && at < end - pool->ring_size)
		at = end - pool->ring_size;
	for (; at < end; at++) {
		uint32_t *slot = slot_of(pool, ring, at);
		uint32_t old = load(slot);

		if (old && compare_swap(slot, &old, 0))
			return old;
	}
	return 0;
}

/* ---- Of either kind ---- */

void ring_retire(struct board *board, struct lane *lane, uint32_t table, uint32_t index)
{
	struct ring *ring = own_ring(&board->pools[table], lane);

	if (ring)
		own_put(board, lane, table, ring, index);
	else
		all_put(board, lane, table, index);
}

uint32_t ring_steal(struct board *board, struct lane *lane, uint32_t table)
{
	struct pool *pool = &board->pools[table];
	struct ring *own = own_ring(pool, lane);
	uint32_t old = own ? own_take(pool, own) : 0;

	if (!old && pool->ring_size)
		old = all_take(board, lane, table);
	for (uint32_t i = 0; !old && pool->own && i < OWN_RINGS; i++)
		old = own_take(pool, &pool->own[i]);
	if (old)
		pool_reclaim(board, lane, table, old - 1);
	return old;
}

/* A thread that is gone leaves no part to itself. */
void ring_close(struct lane *lane)
{
	for (uint32_t table = 0; table < VIGIL_TABLES; table++) {
		struct pool *pool = &lane->board->pools[table];
		struct ring *ring = own_ring(pool, lane);

		if (!ring || !load(&ring->retired))
			continue;
		for (uint64_t at = load(&ring->first); at < load(&ring->retired); at++) {
			uint32_t old = swap(slot_of(pool, ring, at), 0);

			if (old)
				all_put(lane->board, lane, table, old - 1);
		}
		store(&ring->retired, 0);
		store(&ring->first, 0);
		fetch_sub(&pool->sharing, 1);
	}
}

static bool own_remove(const struct pool *pool, struct ring *ring, uint32_t index)
{
	for (uint64_t at = ring->first; at < ring->retired; at++) {
		if (*slot_of(pool, ring, at) != index + 1)
			continue;
		*slot_of(pool, ring, at) = 0;
		return true;
	}
	return false;
}

void ring_remove(struct board *board, uint32_t table, uint32_t index)
{
	struct pool *pool = &board->pools[table];
	uint64_t end = pool->all.retired;
	uint64_t at = end > pool->ring_size ? end - pool->ring_size : 0;

	for (uint32_t i = 0; pool->own && i < OWN_RINGS; i++)
		if (own_remove(pool, &pool->own[i], index))
			return;
	for (; at < end; at++) {
		uint32_t *slot = slot_of(pool, &pool->all, at);
		uint32_t old = *slot;

		if (!old || (old != index + 1 && !is_polled(board, table, old - 1)))
			continue;
		*slot = 0;
		if (old == index + 1)
			return;
		/* Where a full table gave up its oldest one, this stood before it. */
		all_put(board, NULL, table, old - 1);
	}
}
