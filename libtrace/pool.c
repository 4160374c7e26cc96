/* SPDX-License-Identifier: MIT */
/*
 * Taking and giving back records.
 *
 * A finished record first stands in its table's ring, where readers still see
 * it; when the ring comes round it is freed and stacked for reuse. So memory
 * follows what is alive, and the last finished ones stay visible.
 *
 * In a replay the trace says which record each object had. Events of several
 * threads may arrive in a slightly other order than that in which they happened,
 * and some are lost; so there a record is taken in whatever life it is.
 *
 * The law: any thread at any time, no lock, every loop bounded. A record stands in
 * the ring exactly while it is ended, and there once.
 */
#include "libtrace/board.h"

#include <string.h>

#define TRIES 64
#define RETIRE_TRIES 8

static uint32_t *next_of(const struct board *board, uint32_t table, uint32_t index)
{
	uint8_t *record = record_at(board, table, index);

	return (uint32_t *)(void *)(record + board->pools[table].next_offset);
}

static void stack_push(struct board *board, uint32_t table, uint32_t index)
{
	struct pool *pool = &board->pools[table];
	uint64_t old = load(&pool->free);
	uint64_t top;

	do {
		store(next_of(board, table, index), (uint32_t)old);
		top = ((old >> 32) + 1) << 32 | (index + 1);
	} while (!compare_swap(&pool->free, &old, top));
}

/*
 * Returns an index plus one, 0 when the stack is empty or too busy. Reading the
 * next word of a record another thread pops at this moment is harmless: the
 * memory stays mapped and the tag makes the swap fail.
 */
static uint32_t stack_pop(struct board *board, uint32_t table)
{
	struct pool *pool = &board->pools[table];
	uint64_t old = load_acquire(&pool->free);

	for (int i = 0; i < TRIES && (uint32_t)old; i++) {
		uint32_t next = load(next_of(board, table, (uint32_t)old - 1));
		uint64_t top = ((old >> 32) + 1) << 32 | next;

		if (compare_swap(&pool->free, &old, top))
			return (uint32_t)old;
	}
	return 0;
}

uint64_t pool_serial(struct board *board, uint32_t table, uint64_t want)
{
	if (unlikely(want)) {
		if (board->pools[table].serial < want)
			board->pools[table].serial = want;
		return want;
	}
	return fetch_add(&board->pools[table].serial, 1) + 1;
}

void board_use(struct board *board, uint32_t table, uint32_t count)
{
	raise_shared(&board->pools[table].used, count);
	raise_shared(&board->tables[table].used, count);
}

/* Takes a record that was never used. Returns its index plus one, or 0. */
static uint32_t fresh_take(struct board *board, uint32_t table)
{
	struct vigil_table_header *header = &board->tables[table];
	uint32_t used = load(&header->used);

	while (used < header->capacity) {
		if (!board_claim(board, table, used + 1))
			return 0;
		if (compare_swap(&header->used, &used, used + 1)) {
			raise_shared(&board->pools[table].used, used + 1);
			return used + 1;
		}
	}
	return 0;
}

uint32_t fixed_take(struct board *board, uint32_t table)
{
	return fresh_take(board, table);
}

static void attrs_give(struct board *board, uint32_t first)
{
	for (int i = 0; first && i < ATTRS_PER_OBJECT; i++) {
		struct vigil_attr_record *attr = RECORD_AT(board, attr, first - 1);
		uint32_t index = first - 1;

		first = load(&attr->sibling);
		write_begin(&attr->seq);
		store(&attr->life, VIGIL_LIFE_FREE);
		write_end(&attr->seq);
		stack_push(board, VIGIL_TABLE_attr, index);
	}
}

/* Frees a finished record and what belongs to it. */
static void record_free(struct board *board, uint32_t table, uint32_t index)
{
#define FREE(name)                                                                                 \
	{                                                                                          \
		struct vigil_##name##_record *record = RECORD_AT(board, name, index);              \
                                                                                                   \
		write_begin(&record->seq);                                                         \
		attrs = swap(&record->attrs, 0);                                                   \
		store(&record->life, VIGIL_LIFE_FREE);                                             \
		write_end(&record->seq);                                                           \
	}
	uint32_t attrs = 0, hist = 0;

	switch (table) {
	case VIGIL_TABLE_task:
		hist = swap(&RECORD_AT(board, task, index)->hist, 0);
		FREE(task);
		break;
	case VIGIL_TABLE_resource:
		hist = swap(&RECORD_AT(board, resource, index)->hist, 0);
		FREE(resource);
		break;
	case VIGIL_TABLE_executor:
		FREE(executor);
		break;
	case VIGIL_TABLE_op:
		FREE(op);
		break;
	case VIGIL_TABLE_span:
		FREE(span);
		break;
	default: /* workers have neither */
		store(&RECORD_AT(board, worker, index)->life, VIGIL_LIFE_FREE);
		break;
	}
#undef FREE
	if (hist)
		stack_push(board, VIGIL_TABLE_hist, hist - 1);
	if (attrs)
		attrs_give(board, attrs);
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

/* A full table gives up its oldest finished record. Index plus one, or 0. */
static uint32_t ring_steal(struct board *board, uint32_t table)
{
	struct pool *pool = &board->pools[table];
	uint64_t seen = load(&pool->stolen);

	for (int i = 0; i < TRIES && pool->ring_size; i++) {
		uint64_t retired = load(&pool->retired);
		uint64_t at = seen;
		uint32_t old;

		if (retired > pool->ring_size && at < retired - pool->ring_size)
			at = retired - pool->ring_size;
		if (at >= retired)
			break;
		if (!compare_swap(&pool->stolen, &seen, at + 1))
			continue;
		seen = at + 1;
		old = swap(&pool->ring[at % pool->ring_size], 0);
		if (old && is_polled(board, table, old - 1)) {
			pool_retire(board, table, old - 1);
		} else if (old) {
			record_free(board, table, old - 1);
			return old;
		}
	}
	return 0;
}

/*
 * Zeroes a record behind its seq and gen, a word at a time: a late call with a
 * stale handle may read it just now.
 */
static void record_clear(uint8_t *record, uint32_t size)
{
	uint64_t *words = (uint64_t *)(void *)record;

	for (uint32_t i = 1; i < size / 8; i++)
		store(&words[i], 0);
}

static uint32_t gen_after(struct pool *pool, uint32_t gen)
{
	gen = gen ? gen + 1 : pool->gen_first;
	if (!gen)
		gen = 1;
	/* A forked child starts above every generation its parent gave out. */
	raise_shared(&pool->gen_high, gen);
	return gen;
}

/* Takes an ended record out of the ring, wherever in it that stands. */
static void ring_remove(struct board *board, uint32_t table, uint32_t index)
{
	struct pool *pool = &board->pools[table];
	uint64_t end = load(&pool->retired);
	uint64_t at = end > pool->ring_size ? end - pool->ring_size : 0;

	for (; at < end; at++) {
		uint32_t *slot = &pool->ring[at % pool->ring_size];
		uint32_t old = load(slot);

		if (!old || (old != index + 1 && !is_polled(board, table, old - 1)))
			continue;
		store(slot, 0);
		if (old == index + 1)
			return;
		/* Where a full table gave up its oldest one, this stood before it. */
		pool_retire(board, table, old - 1);
	}
}

/* All records that references name begin alike: seq, gen, life. */
static uint32_t life_of(const struct board *board, uint32_t table, uint32_t index)
{
	const uint32_t *words = record_at(board, table, index);

	return load(&words[2]);
}

/* The record a replay asks for. Its neighbours below may stay unused for now. */
static uint32_t wanted_take(struct board *board, uint32_t table, uint64_t want)
{
	struct vigil_table_header *header = &board->tables[table];
	uint32_t index = vigil_ref_index(want);
	uint32_t life;

	if (vigil_ref_table(want) != table || index >= header->capacity ||
	    !board_claim(board, table, index + 1))
		return 0;
	board_use(board, table, index + 1);
	life = life_of(board, table, index);
	if (life == VIGIL_LIFE_ENDED)
		ring_remove(board, table, index);
	else if (life != VIGIL_LIFE_FREE)
		board->replaced++;
	if (life != VIGIL_LIFE_FREE)
		record_free(board, table, index);
	return index + 1;
}

/* Any record: index plus one, or 0. */
static uint32_t any_take(struct board *board, uint32_t table)
{
	uint32_t at;

	if (unlikely(board->is_replay) && board->pools[table].ring_size)
		return 0;
	at = stack_pop(board, table);
	if (!at)
		at = fresh_take(board, table);
	return at ? at : ring_steal(board, table);
}

uint64_t pool_take(struct board *board, uint32_t table, uint64_t want)
{
	struct pool *pool = &board->pools[table];
	uint32_t at = want ? wanted_take(board, table, want) : any_take(board, table);
	uint32_t *seq, *gen;
	uint8_t *record;

	if (unlikely(!at))
		return 0;
	record = record_at(board, table, at - 1);
	if (table == VIGIL_TABLE_hist) {
		/* The first word is `next`, which another stack_pop may read just now. */
		store((uint64_t *)(void *)record, 0);
		memset(record + 8, 0, table_kinds[table].record_size - 8);
		return at;
	}
	seq = (uint32_t *)(void *)record;
	gen = seq + 1;
	write_begin(seq);
	/* The generation first: from here on old handles are stale. */
	store_release(gen, want ? vigil_ref_gen(want) : gen_after(pool, load(gen)));
	store_fence();
	record_clear(record, table_kinds[table].record_size);
	return vigil_ref_make(table, at - 1, load(gen));
}

void pool_retire(struct board *board, uint32_t table, uint32_t index)
{
	struct pool *pool = &board->pools[table];
	uint32_t old = index + 1;

	/* What a worker still polls stands in line again: its poll will write to it. */
	for (int i = 0; i < RETIRE_TRIES && old; i++) {
		uint64_t at = fetch_add(&pool->retired, 1);

		old = swap(&pool->ring[at % pool->ring_size], old);
		if (old && !is_polled(board, table, old - 1))
			break;
	}
	if (old) {
		record_free(board, table, old - 1);
		stack_push(board, table, old - 1);
	}
}

void pool_give(struct board *board, uint32_t table, uint32_t index)
{
	stack_push(board, table, index);
}
