/* SPDX-License-Identifier: MIT */
/* What a site's record says. Used where a site is registered, and by replays. */
#include "libtrace/apply.h"

bool board_site_put(struct board *board, uint32_t site, uint32_t kind, const char *file,
		    uint32_t line, const char *function, const char *name)
{
	struct vigil_site_record *record;

	if (!site || !board_claim(board, VIGIL_TABLE_site, site)) {
		COUNT(board, lost_sites);
		return false;
	}
	board_use(board, VIGIL_TABLE_site, site);
	record = RECORD_AT(board, site, site - 1);
	write_begin(&record->seq);
	store(&record->kind, kind);
	text_put(record->file, sizeof(record->file), file);
	text_put(record->function, sizeof(record->function), function);
	text_put(record->name, sizeof(record->name), name);
	/* Last: a record with a line is whole. Partner: place_find in site.c. */
	store_release(&record->line, line);
	write_end(&record->seq);
	return true;
}
