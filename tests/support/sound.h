/* SPDX-License-Identifier: MIT */
/*
 * What holds of a private board whatever it was loaded from and whichever events it
 * was told: each record is in one place.
 *
 *  1  A record that ends stands in its table's ring exactly while it is ended, once.
 *  2  A histogram, and an attribute, is one owner's or free, and free once.
 *  3  A lane's frames, cells and edges lie inside their tables.
 */
#ifndef TESTS_SUPPORT_SOUND_H
#define TESTS_SUPPORT_SOUND_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "libtrace/lane.h"

struct sound {
	const struct board *board;
	uint8_t *hists, *attrs; /* how often each is had */
	const char *why;        /* what does not hold, NULL nothing */
};

static inline void sound_must(struct sound *sound, bool holds, const char *why)
{
	if (!holds && !sound->why)
		sound->why = why;
}

/* Life, histogram and first attribute of a record. */
static inline uint32_t sound_record(const struct board *board, uint32_t table, uint32_t i,
				    uint32_t *ret_hist, uint32_t *ret_attrs)
{
	*ret_hist = *ret_attrs = 0;
	switch (table) {
#define RECORD(name, its_hist, its_attrs)                                                          \
	case VIGIL_TABLE_##name: {                                                                 \
		const struct vigil_##name##_record *r = RECORD_AT(board, name, i);                 \
                                                                                                   \
		*ret_hist = its_hist;                                                              \
		*ret_attrs = its_attrs;                                                            \
		return r->life;                                                                    \
	}
		RECORD(executor, 0, r->attrs)
		RECORD(worker, 0, 0)
		RECORD(task, r->hist, r->attrs)
		RECORD(resource, r->hist, r->attrs)
		RECORD(op, 0, r->attrs)
		RECORD(span, 0, r->attrs)
#undef RECORD
	default:
		return VIGIL_LIFE_FREE;
	}
}

static inline void sound_slots(struct sound *sound, const struct pool *pool,
			       const struct ring *ring, uint8_t *standing)
{
	for (uint32_t at = 0; at < pool->ring_size; at++) {
		uint32_t entry = ring->slots[at];

		if (entry > pool->used)
			sound_must(sound, false, "a ring leads outside its table");
		else if (entry)
			standing[entry - 1]++;
	}
}

static inline void sound_ring(struct sound *sound, uint32_t table)
{
	const struct pool *pool = &sound->board->pools[table];
	uint8_t *standing = calloc(pool->used + 1u, 1);
	uint32_t hist, attrs;

	sound_slots(sound, pool, &pool->all, standing);
	for (uint32_t i = 0; pool->own && i < OWN_RINGS; i++)
		sound_slots(sound, pool, &pool->own[i], standing);
	for (uint32_t i = 0; i < pool->used; i++) {
		uint32_t life = sound_record(sound->board, table, i, &hist, &attrs);

		sound_must(sound, standing[i] == (life == VIGIL_LIFE_ENDED),
			   "a record's end and its place in the ring do not agree");
	}
	free(standing);
}

static inline void sound_belongings(struct sound *sound, uint32_t table)
{
	const struct board *board = sound->board;
	uint32_t hist, attr;

	for (uint32_t i = 0; i < board->pools[table].used; i++) {
		if (sound_record(board, table, i, &hist, &attr) == VIGIL_LIFE_FREE)
			continue;
		if (hist > board->pools[VIGIL_TABLE_hist].used)
			sound_must(sound, false, "a histogram is outside its table");
		else if (hist)
			sound->hists[hist - 1]++;
		for (int k = 0; attr; k++) {
			if (attr > board->pools[VIGIL_TABLE_attr].used || k > ATTRS_PER_OBJECT) {
				sound_must(sound, false, "a list of attributes has no end");
				break;
			}
			sound->attrs[attr - 1]++;
			attr = RECORD_AT(board, attr, attr - 1)->sibling;
		}
	}
}

static inline void sound_stack(struct sound *sound, uint32_t table, uint32_t at, uint8_t *had)
{
	const struct board *board = sound->board;
	uint32_t used = board->pools[table].used;

	for (uint32_t n = 0; at && n <= used; n++) {
		if (at > used) {
			sound_must(sound, false, "a free stack leads outside its table");
			return;
		}
		had[at - 1]++;
		at = table == VIGIL_TABLE_hist ? RECORD_AT(board, hist, at - 1)->busy[0] :
						 RECORD_AT(board, attr, at - 1)->next;
	}
}

static inline void sound_free(struct sound *sound, uint32_t table, uint8_t *had)
{
	const struct pool *pool = &sound->board->pools[table];

	sound_stack(sound, table, (uint32_t)pool->free, had);
	for (uint32_t i = 0; i < sound->board->pools[VIGIL_TABLE_worker].used; i++) {
		const struct spares *spares = &sound->board->lanes[i].spares[table];

		for (uint32_t k = 0; k < spares->count; k++)
			had[spares->records[k] - 1]++;
	}
	for (uint32_t i = 0; i < pool->used; i++)
		sound_must(sound, had[i] == 1,
			   table == VIGIL_TABLE_hist ? "a histogram is not had once" :
						       "an attribute is not had once");
}

static inline void sound_lanes(struct sound *sound)
{
	const struct board *board = sound->board;
	uint32_t sites = board->tables[VIGIL_TABLE_site].capacity;

	for (uint32_t i = 0; i < board->pools[VIGIL_TABLE_worker].used; i++) {
		const struct lane *lane = &board->lanes[i];

		if (!lane->board)
			continue;
		sound_must(sound, lane->depth <= LANE_FRAMES, "a lane is too deep");
		for (uint32_t k = 0; k < LANE_EDGES; k++)
			sound_must(sound, lane->edges[k] <= board->pools[VIGIL_TABLE_edge].used,
				   "an edge is outside its table");
		for (uint32_t k = 0; k < sites; k++)
			sound_must(sound, lane->cells[k] <= board->pools[VIGIL_TABLE_cell].used,
				   "a cell is outside its table");
	}
}

/* Returns what does not hold, NULL when all does. */
static inline const char *unsound(const struct board *board)
{
	struct sound sound = { .board = board,
			       .hists = calloc(board->pools[VIGIL_TABLE_hist].used + 1u, 1),
			       .attrs = calloc(board->pools[VIGIL_TABLE_attr].used + 1u, 1) };

	for (uint32_t table = 0; table < VIGIL_TABLES; table++) {
		if (!board->pools[table].ring_size)
			continue;
		sound_ring(&sound, table);
		sound_belongings(&sound, table);
	}
	sound_free(&sound, VIGIL_TABLE_hist, sound.hists);
	sound_free(&sound, VIGIL_TABLE_attr, sound.attrs);
	sound_lanes(&sound);
	free(sound.hists);
	free(sound.attrs);
	return sound.why;
}

#endif
