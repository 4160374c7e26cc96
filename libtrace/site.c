/* SPDX-License-Identifier: MIT */
/*
 * Sites: places in the source, registered once a board.
 *
 * The law: registering happens once for a place; it may walk the table of
 * sites, never more.
 */
#include "libtrace/live.h"

#include <string.h>

#include "libtrace/clock.h"
#include "libtrace/tracepoints.h"

#define INDEX ((1u << SITE_TURN_SHIFT) - 1)
#define FOUND_SITES 1024

static const char *tail_of(const char *path, size_t size)
{
	size_t length = strlen(path);

	return length < size ? path : path + (length - size + 1);
}

/*
 * The same place may have several structures: an inline function, a template.
 * The line is written last, so a record with one is whole.
 */
static uint32_t same_place(struct board *board, const struct vigil_site *site, const char *file)
{
	uint32_t used = load_acquire(&board->tables[VIGIL_TABLE_site].used);

	for (uint32_t i = 0; i < used && site->line; i++) {
		const struct vigil_site_record *record = RECORD_AT(board, site, i);

		if (load_acquire(&record->line) == site->line && !strcmp(record->file, file) &&
		    (!site->function || !strcmp(record->function, site->function)))
			return i + 1;
	}
	return 0;
}

static uint32_t site_write(struct board *board, const struct vigil_site *site,
			   enum vigil_site_kind kind, const char *file)
{
	uint32_t index = fixed_take(board, VIGIL_TABLE_site);
	struct vigil_site_record *record;

	if (!index) {
		COUNT(board, lost_sites);
		return 0;
	}
	record = RECORD_AT(board, site, index - 1);
	write_begin(&record->seq);
	store(&record->kind, kind);
	text_put(record->file, sizeof(record->file), file);
	text_put(record->function, sizeof(record->function), site->function);
	text_put(record->name, sizeof(record->name), site->name);
	store_release(&record->line, site->line);
	write_end(&record->seq);
	TRACE(site, clock_now(), 0, index, kind, file, site->line, site->function, site->name);
	return index;
}

uint32_t site_slow(struct board *board, struct vigil_site *site, enum vigil_site_kind kind)
{
	uint32_t turn = load(&live_turn) << SITE_TURN_SHIFT;
	/* While it is being registered it is of turn 0, which site_of never believes. */
	uint32_t busy = load(&live_turn);
	uint32_t id = load_acquire(&site->id);
	char file[sizeof(((struct vigil_site_record *)0)->file)];
	uint32_t index;

	if (id >> SITE_TURN_SHIFT == turn >> SITE_TURN_SHIFT)
		return id & INDEX;
	if (id != busy && compare_swap(&site->id, &id, busy)) {
		text_put(file, sizeof(file), site->file ? tail_of(site->file, sizeof(file)) : "");
		index = same_place(board, site, file);
		if (!index)
			index = site_write(board, site, kind, file);
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
