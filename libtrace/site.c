/* SPDX-License-Identifier: MIT */
/*
 * Sites: places in the source, registered once a board.
 *
 * The law: registering happens once for a place; it may walk the table of
 * sites, never more.
 */
#include "libtrace/live.h"

#include <string.h>

#include "libtrace/apply.h"
#include "libtrace/clock.h"
#include "libtrace/tracepoints.h"

#define INDEX ((1u << SITE_TURN_SHIFT) - 1)
#define FOUND_SITES 1024

/* A place as its record has it: each text cut to its field. */
struct place {
	uint32_t line;
	char file[sizeof(((struct vigil_site_record *)0)->file)];
	char function[sizeof(((struct vigil_site_record *)0)->function)];
	char name[sizeof(((struct vigil_site_record *)0)->name)];
};

static const char *tail_of(const char *path, size_t size)
{
	size_t length = strlen(path);

	return length < size ? path : path + (length - size + 1);
}

static void place_of(const struct vigil_site *site, struct place *ret_place)
{
	ret_place->line = site->line;
	text_put(ret_place->file, sizeof(ret_place->file),
		 site->file ? tail_of(site->file, sizeof(ret_place->file)) : "");
	text_put(ret_place->function, sizeof(ret_place->function), site->function);
	text_put(ret_place->name, sizeof(ret_place->name), site->name);
}

/*
 * The same place may have several structures: an inline function, a template.
 * The line is written last, so a record with one is whole.
 */
static uint32_t place_find(struct board *board, const struct place *place)
{
	uint32_t used = load_acquire(&board->tables[VIGIL_TABLE_site].used);

	for (uint32_t i = 0; i < used && place->line; i++) {
		const struct vigil_site_record *record = RECORD_AT(board, site, i);

		if (load_acquire(&record->line) == place->line &&
		    !strcmp(record->file, place->file) &&
		    !strcmp(record->function, place->function) &&
		    !strcmp(record->name, place->name))
			return i + 1;
	}
	return 0;
}

static uint32_t place_write(struct board *board, const struct place *place,
			    enum vigil_site_kind kind)
{
	uint32_t index = fixed_take(board, VIGIL_TABLE_site);

	board_site_put(board, index, kind, place->file, place->line, place->function, place->name);
	TRACE(site, clock_now(), 0, index, kind, place->file, place->line, place->function,
	      place->name);
	return index;
}

uint32_t site_slow(struct board *board, struct vigil_site *site, enum vigil_site_kind kind)
{
	uint32_t turn = board->turn << SITE_TURN_SHIFT;
	/* While it is being registered it is of turn 0, which site_of never believes. */
	uint32_t busy = board->turn;
	uint32_t id = load_acquire(&site->id);
	struct place place;
	uint32_t index;

	if (id >> SITE_TURN_SHIFT == turn >> SITE_TURN_SHIFT)
		return id & INDEX;
	if (id != busy && compare_swap(&site->id, &id, busy)) {
		place_of(site, &place);
		index = place_find(board, &place);
		if (!index)
			index = place_write(board, &place, kind);
		store_release(&site->id, turn | index);
		return index;
	}
	/* Another thread registers it: that takes microseconds. */
	for (int i = 0; i < 10000 && id == busy; i++)
		id = load_acquire(&site->id);
	return id >> SITE_TURN_SHIFT == turn >> SITE_TURN_SHIFT ? id & INDEX : 0;
}

struct vigil_site *(vigil_site_find)(const char *file, uint32_t line, const char *function,
				     const char *name)
{
	static struct vigil_site found[FOUND_SITES];
	static const char *files[FOUND_SITES]; /* stored last: the slot is whole */
	uint32_t at = line * 2654435761u;

	if (!file)
		return NULL;
	for (const char *c = file; *c; c++)
		at = at * 31 + (unsigned char)*c;
	for (uint32_t probe = 0; probe < FOUND_SITES; probe++) {
		struct vigil_site *site = &found[(at + probe) % FOUND_SITES];
		const char **slot = &files[(at + probe) % FOUND_SITES];
		const char *there = load_acquire(slot);
		static const char claimed[] = "";

		if (!there && compare_swap(slot, &there, claimed)) {
			*site = (struct vigil_site){ file, function, name, line, 0 };
			store_release(slot, file);
			return site;
		}
		for (int i = 0; i < 10000 && there == claimed; i++)
			there = load_acquire(slot);
		if (there != claimed && site->line == line && !strcmp(there, file))
			return site;
	}
	return NULL;
}
