/* SPDX-License-Identifier: MIT */
/*
 * Rows a text is looked for in, and rows that are tagged.
 *
 * The law of the file: nothing is sorted for a search. A row is asked whether
 * it matches only if it would be met before the best found so far, and texts
 * are not kept. Tags are ids; a row that has gone keeps its tag.
 */
#include "console/table.h"

#include <stdlib.h>
#include <string.h>

#include "console/table_private.h"

/* Does any column's text contain it? Columns out of sight count too. */
static bool has_text(const struct table *table, uint64_t id, const char *needle)
{
	int i;

	for (i = 0; i < table->column_count; i++) {
		const struct column *column = &table->columns[i];
		struct table_row row = { table->source.ctx, id, column };
		enum role role = ROLE_TEXT;
		char text[TABLE_TEXT] = "";

		column->format(&row, text, sizeof(text), &role);
		text[sizeof(text) - 1] = '\0';
		if (strcasestr(text, needle))
			return true;
	}
	return false;
}

bool table_matches(const struct table *table, uint64_t id, const char *needle)
{
	if (table->source.matches)
		return table->source.matches(table->source.ctx, id, needle);
	return has_text(table, id, needle);
}

/* Of two rows, the one met first when going from the cursor by step. */
static bool is_met_first(const struct table *table, const struct table_entry *a,
			 const struct table_entry *b, const struct table_entry *cursor, int step)
{
	bool is_a_behind = table_is_before(table, a, cursor);
	bool is_b_behind = table_is_before(table, b, cursor);

	if (is_a_behind != is_b_behind)
		return step < 0 ? is_a_behind : is_b_behind;
	return table_is_before(table, a, b) == (step >= 0);
}

/*
 * Without sorting anything: of the rows that match, the one met first. A row
 * is asked whether it matches only when it would be met before the best.
 */
static const struct table_entry *search_list(const struct table *table, const char *needle,
					     int step)
{
	const struct table_entry *cursor = table_find(table, table->cursor_id);
	const struct table_entry *best = NULL;
	size_t i;

	for (i = 0; i < table->count && cursor; i++) {
		const struct table_entry *entry = &table->entries[i];

		if (entry == cursor || (best && !is_met_first(table, entry, best, cursor, step)))
			continue;
		if (table_matches(table, entry->id, needle))
			best = entry;
	}
	return best;
}

static const struct table_entry *search_tree(const struct table *table, const char *needle,
					     int step)
{
	size_t count = table->count;
	size_t at = table->cursor;
	size_t i;

	for (i = 1; i < count; i++) {
		at = (at + (step < 0 ? count - 1 : 1)) % count;
		if (table_matches(table, table->entries[at].id, needle))
			return &table->entries[at];
	}
	return NULL;
}

bool table_search(struct table *table, const char *needle, int step)
{
	const struct table_entry *found;

	table_settle(table);
	if (table->count == 0 || !needle || !needle[0])
		return false;
	if (step == 0 && table_matches(table, table->cursor_id, needle)) {
		table_show_cursor(table);
		return true;
	}
	found = table->has_branches ? search_tree(table, needle, step) :
				      search_list(table, needle, step);
	if (found) {
		table_move_to(table, table_place_of(table, found));
		return true;
	}
	/* Around the end and back: the row it started from counts too. */
	if (!table_matches(table, table->cursor_id, needle))
		return false;
	table_show_cursor(table);
	return true;
}

/* Tags. */

/* The place of an id among the tags, or where it belongs. */
static size_t tag_place(const struct table *table, uint64_t id)
{
	size_t low = 0;
	size_t high = table->tag_count;

	while (low < high) {
		size_t middle = (low + high) / 2;

		if (table->tags[middle] < id)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

bool table_is_tagged(const struct table *table, uint64_t id)
{
	size_t place = tag_place(table, id);

	return place < table->tag_count && table->tags[place] == id;
}

void table_toggle_tag(struct table *table, uint64_t id)
{
	size_t place = tag_place(table, id);
	uint64_t *at;

	if (id == TABLE_NO_ROW)
		return;
	if (table_is_tagged(table, id)) {
		at = table->tags + place;
		table->tag_count--;
		memmove(at, at + 1, (table->tag_count - place) * sizeof(*at));
		return;
	}
	if (table->tag_count == table->tag_capacity) {
		size_t room = table->tag_capacity * 2 + 16;
		uint64_t *tags = realloc(table->tags, room * sizeof(*tags));

		if (!tags)
			return;
		table->tags = tags;
		table->tag_capacity = room;
	}
	at = table->tags + place;
	memmove(at + 1, at, (table->tag_count - place) * sizeof(*at));
	*at = id;
	table->tag_count++;
}

size_t table_tag_count(const struct table *table)
{
	return table->tag_count;
}

void table_clear_tags(struct table *table)
{
	table->tag_count = 0;
}
