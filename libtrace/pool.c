/* SPDX-License-Identifier: MIT */
/*
 * Taking and giving back records.
 *
 * A finished record first stands in a ring, where readers still see it: ring.c. Then
 * it is freed and kept for reuse: some by the lane that freed it, whose caches know
 * them still and which needs no locked instruction to have them; the others on a
 * stack of the table. So memory follows what is alive.
 *
 * In a replay the trace says which record each object had. Events of several
 * threads may arrive in a slightly other order than that in which they happened,
 * and some are lost; so there a record is taken in whatever life it is.
 *
 * The law: any thread at any time, no lock, every loop bounded.
 */
#include "libtrace/board.h"

#include <string.h>

#define TRIES 64
#define ID_BLOCK 64

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

void pool_give(struct board *board, struct lane *lane, uint32_t table, uint32_t index)
{
	struct spares *spares = lane ? &lane->spares[table] : NULL;

	if (likely(spares && spares->count < board->pools[table].spares))
		spares->records[spares->count++] = index + 1;
	else
		stack_push(board, table, index);
}

uint32_t pool_spares(uint32_t capacity, uint32_t lanes)
{
	uint32_t spares = capacity / SPARES_SHARE / lanes;

	return spares < LANE_SPARES ? spares : LANE_SPARES;
}

void pool_spares_give(struct lane *lane)
{
	for (uint32_t table = 0; table < VIGIL_TABLES; table++) {
		struct spares *spares = &lane->spares[table];

		while (spares->count)
			stack_push(lane->board, table, spares->records[--spares->count] - 1);
	}
}

uint64_t pool_serial(struct board *board, struct lane *lane, uint32_t table, uint64_t want)
{
	struct pool *pool = &board->pools[table];
	struct id_block *ids;

	if (unlikely(want)) {
		if (pool->serial < want)
			pool->serial = want;
		return want;
	}
	/* What comes and goes at every request nobody counts by ids. */
	if (!lane || !pool->own)
		return fetch_add(&pool->serial, 1) + 1;
	ids = &lane->ids[table];
	if (ids->last == ids->end) {
		ids->last = fetch_add(&pool->serial, ID_BLOCK);
		ids->end = ids->last + ID_BLOCK;
	}
	return ++ids->last;
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

static void attrs_give(struct board *board, struct lane *lane, uint32_t first)
{
	for (int i = 0; first && i < ATTRS_PER_OBJECT; i++) {
		struct vigil_attr_record *attr = RECORD_AT(board, attr, first - 1);
		uint32_t index = first - 1;

		first = load(&attr->sibling);
		write_begin(&attr->seq);
		store(&attr->life, VIGIL_LIFE_FREE);
		write_end(&attr->seq);
		pool_give(board, lane, VIGIL_TABLE_attr, index);
	}
}

void pool_reclaim(struct board *board, struct lane *lane, uint32_t table, uint32_t index)
{
#define FREE(name)                                                                                 \
	{                                                                                          \
		struct vigil_##name##_record *record = RECORD_AT(board, name, index);              \
                                                                                                   \
		write_begin(&record->seq);                                                         \
		attrs = load_acquire(&record->attrs);                                              \
		store(&record->attrs, 0);                                                          \
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
		pool_give(board, lane, VIGIL_TABLE_hist, hist - 1);
	if (attrs)
		attrs_give(board, lane, attrs);
}

#define OF_LINES(name)                                                                             \
	_Static_assert(sizeof(struct vigil_##name##_record) % 64 == 0, "of whole cache lines")
OF_LINES(executor);
OF_LINES(worker);
OF_LINES(task);
OF_LINES(resource);
OF_LINES(op);
OF_LINES(span);
OF_LINES(attr);

/*
 * Zeroes a record behind its seq and gen, a word at a time: a late call with a
 * stale handle may read it just now. By cache lines, of which all records consist.
 */
static void record_clear(uint8_t *record, uint32_t size)
{
	uint64_t *word = (uint64_t *)(void *)record, *end = word + size / 8;

	for (uint32_t i = 1; i < 8; i++)
		store(&word[i], 0);
	for (word += 8; word < end; word += 8) {
		store(&word[0], 0);
		store(&word[1], 0);
		store(&word[2], 0);
		store(&word[3], 0);
		store(&word[4], 0);
		store(&word[5], 0);
		store(&word[6], 0);
		store(&word[7], 0);
	}
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

/* All records that references name begin alike: seq, gen, life. */
static uint32_t life_of(const struct board *board, uint32_t table, uint32_t index)
{
	const uint32_t *words = record_at(board, table, index);

	return load(&words[2]);
}

/* The record a replay asks for. Its neighbours below may stay unused for now. */
static uint32_t wanted_take(struct board *board, struct lane *lane, uint32_t table, uint64_t want)
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
		pool_reclaim(board, lane, table, index);
	return index + 1;
}

/* Any record: index plus one, or 0. */
static uint32_t any_take(struct board *board, struct lane *lane, uint32_t table)
{
	struct spares *spares = lane ? &lane->spares[table] : NULL;
	uint32_t at;

	if (unlikely(board->is_replay) && board->pools[table].ring_size)
		return 0;
	if (likely(spares && spares->count))
		return spares->records[--spares->count];
	at = stack_pop(board, table);
	if (!at)
		at = fresh_take(board, table);
	return at ? at : ring_steal(board, lane, table);
}

uint64_t pool_take(struct board *board, struct lane *lane, uint32_t table, uint64_t want)
{
	struct pool *pool = &board->pools[table];
	uint32_t at = want ? wanted_take(board, lane, table, want) : any_take(board, lane, table);
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
