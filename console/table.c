/* SPDX-License-Identifier: MIT */
/*
 * The rows of a table: which there are, where the cursor stands, and which
 * part is visible. table_key.c says what rows are ordered by, table_order.c
 * orders them, table_tree.c puts them under their parents, table_search.c
 * looks for texts and keeps tags, table_draw.c draws.
 *
 * The law of the file: a refresh reads every row once; everything after it
 * works on ids and keys. The cursor is an id; its index is worked out again
 * whenever the order changes. Loops end at an index whatever callbacks say.
 */
#include "console/table.h"

#include <stdlib.h>
#include <string.h>

#include "console/table_private.h"

#define NEIGHBOURS 8 /* on each side of a row that may vanish */

struct table *table_new(const struct table_source *source, const struct column *columns, int count)
{
	struct table *table = calloc(1, sizeof(*table));

	if (!table)
		return NULL;
	table->source = *source;
	table->columns = columns;
	table->column_count = count < TABLE_COLUMNS ? count : TABLE_COLUMNS;
	table->sort_column = -1;
	table->is_stale = true;
	table->key_bits = TABLE_ALL_BITS;
	table->random = UINT64_C(0x853c49e6748fea9b);
	return table;
}

void table_free(struct table *table)
{
	if (!table)
		return;
	free(table->entries);
	free(table->branches);
	free(table->texts.bytes);
	free(table->tags);
	free(table->cells);
	free(table);
}

/* Which rows there are. */

static bool is_wanted(const struct table *table, uint64_t id)
{
	const struct table_source *source = &table->source;

	if (id == TABLE_NO_ROW)
		return false;
	if (source->is_shown && !source->is_shown(source->ctx, id))
		return false;
	return !table->filter[0] || table_matches(table, id, table->filter);
}

static int reserve(struct table *table, size_t count)
{
	struct table_entry *entries;
	struct table_branch *branches;

	if (count > table->capacity) {
		/* Both or none: capacity is that of the smaller one. */
		size_t room = count + count / 4 + 64;

		entries = realloc(table->entries, room * sizeof(*entries));
		if (!entries)
			return -1;
		table->entries = entries;
		free(table->branches);
		table->branches = NULL;
		table->has_branches = false;
		table->capacity = room;
	}
	if (table->is_tree && !table->branches) {
		branches = malloc(table->capacity * sizeof(*branches));
		if (!branches)
			return -1;
		table->branches = branches;
	}
	return 0;
}

/* The rows around the cursor in the old order, nearest to it first. */
static size_t neighbours(const struct table *table, uint64_t *ids)
{
	size_t from = table->cursor;
	size_t count = 0;
	size_t i;

	if (from < table->sorted_first || from >= table->sorted_last)
		return 0;
	for (i = 1; i <= NEIGHBOURS && from + i < table->sorted_last; i++)
		ids[count++] = table->entries[from + i].id;
	for (i = 1; i <= NEIGHBOURS && from >= table->sorted_first + i; i++)
		ids[count++] = table->entries[from - i].id;
	return count;
}

/* The entry of the first of ids that is still there, or NULL. */
static const struct table_entry *first_left(const struct table *table, const uint64_t *ids,
					    size_t count)
{
	const struct table_entry *found = NULL;
	size_t i;
	size_t j;

	for (i = 0; i < table->count && count > 0; i++) {
		for (j = 0; j < count; j++) {
			if (table->entries[i].id == ids[j]) {
				found = &table->entries[i];
				/* Only a nearer one is of interest now. */
				count = j;
			}
		}
	}
	return found;
}

const struct table_entry *table_find(const struct table *table, uint64_t id)
{
	return id == TABLE_NO_ROW ? NULL : first_left(table, &id, 1);
}

static void read_rows(struct table *table, size_t total)
{
	size_t count = 0;
	size_t i;

	table_begin_keys(table);
	for (i = 0; i < total; i++) {
		uint64_t id = table->source.id(table->source.ctx, i);

		if (!is_wanted(table, id))
			continue;
		table->entries[count++] = (struct table_entry){
			.key = table_key(table, i, id),
			.id = id,
		};
	}
	table->total = total;
	table->count = count;
	table->has_branches = false;
	table->sorted_first = 0;
	table->sorted_last = 0;
}

void table_set_cursor(struct table *table, size_t index)
{
	if (table->count == 0) {
		table->cursor = 0;
		table->cursor_id = TABLE_NO_ROW;
		return;
	}
	table->cursor = index < table->count ? index : table->count - 1;
	table_order(table, table->cursor, table->cursor + 1);
	table->cursor_id = table->entries[table->cursor].id;
}

/* Finds the cursor's row, or the nearest of its neighbours, again. */
static void place_cursor(struct table *table, const uint64_t *ids, size_t count)
{
	const struct table_entry *entry = table_find(table, table->cursor_id);

	if (!entry)
		entry = first_left(table, ids, count);
	table_set_cursor(table, entry ? table_place_of(table, entry) : table->cursor);
}

static void place_top(struct table *table)
{
	size_t rows = table_rows_in_sight(table);

	if (table->count <= rows)
		table->top = 0;
	else if (table->top > table->count - rows)
		table->top = table->count - rows;
	if (table->is_following || table->must_show_cursor)
		table_show_cursor(table);
	table->must_show_cursor = false;
}

int table_refresh(struct table *table)
{
	size_t total = table->source.count(table->source.ctx);
	uint64_t ids[2 * NEIGHBOURS];
	size_t near = neighbours(table, ids);
	struct table_tree *tree = NULL;

	if (reserve(table, total) < 0)
		return -1;
	if (table->is_tree) {
		tree = table_tree_new(total);
		if (!tree)
			return -1;
	}
	read_rows(table, total);
	if (table->is_tree) {
		table_tree_build(tree, table);
		table_tree_free(tree);
	}
	if (table->sort_column < 0 && !table->is_descending)
		table->sorted_last = table->count;
	place_cursor(table, ids, near);
	place_top(table);
	table->is_stale = false;
	return 0;
}

void table_settle(struct table *table)
{
	if (table->is_stale)
		table_refresh(table);
}

size_t table_count(const struct table *table)
{
	return table->count;
}

size_t table_total(const struct table *table)
{
	return table->total;
}

void table_set_tree(struct table *table, bool is_tree)
{
	table->is_tree = is_tree && table->source.parent;
	table_forget_widths(table);
	table->is_stale = true;
	table->must_show_cursor = true;
}

bool table_is_tree(const struct table *table)
{
	return table->is_tree;
}

void table_set_filter(struct table *table, const char *needle)
{
	strncpy(table->filter, needle ? needle : "", TABLE_NEEDLE - 1);
	table->is_stale = true;
	table->must_show_cursor = true;
}

const char *table_filter(const struct table *table)
{
	return table->filter;
}

/* The cursor, and what is visible. */

size_t table_rows_in_sight(const struct table *table)
{
	return table->height > 2 ? (size_t)table->height - 1 : 1;
}

void table_show_cursor(struct table *table)
{
	size_t rows = table_rows_in_sight(table);

	if (table->cursor < table->top)
		table->top = table->cursor;
	else if (table->cursor >= table->top + rows)
		table->top = table->cursor - rows + 1;
}

uint64_t table_cursor(struct table *table)
{
	table_settle(table);
	return table->cursor_id;
}

size_t table_cursor_index(struct table *table)
{
	table_settle(table);
	return table->cursor;
}

void table_move_to(struct table *table, size_t index)
{
	table_set_cursor(table, index);
	table_show_cursor(table);
}

uint64_t table_row_at(struct table *table, size_t index)
{
	table_settle(table);
	if (index >= table->count)
		return TABLE_NO_ROW;
	table_order(table, index, index + 1);
	return table->entries[index].id;
}

bool table_go_to(struct table *table, uint64_t id)
{
	const struct table_entry *entry;

	table_settle(table);
	entry = table_find(table, id);
	if (!entry)
		return false;
	table_move_to(table, table_place_of(table, entry));
	return true;
}

void table_set_follow(struct table *table, bool is_following)
{
	table->is_following = is_following;
	if (is_following)
		table_show_cursor(table);
}

bool table_is_following(const struct table *table)
{
	return table->is_following;
}

/* index + rows, held inside of the table. */
static size_t shifted(const struct table *table, size_t index, long rows)
{
	size_t last = table->count > 0 ? table->count - 1 : 0;

	if (rows < 0)
		return index > (size_t)-rows ? index - (size_t)-rows : 0;
	return last - index > (size_t)rows ? index + (size_t)rows : last;
}

void table_move(struct table *table, long rows)
{
	size_t bottom;

	table_settle(table);
	bottom = shifted(table, table->top, (long)table_rows_in_sight(table) - 1);
	if (table->cursor < table->top)
		table_move_to(table, table->top);
	else if (table->cursor > bottom)
		table_move_to(table, bottom);
	else
		table_move_to(table, shifted(table, table->cursor, rows));
}

void table_page(struct table *table, int pages)
{
	long rows = pages * (long)table_rows_in_sight(table);

	table_settle(table);
	table->top = shifted(table, table->top, rows);
	place_top(table);
	table_move_to(table, shifted(table, table->cursor, rows));
}

void table_home(struct table *table)
{
	table_settle(table);
	table_move_to(table, 0);
}

void table_end(struct table *table)
{
	table_settle(table);
	table_move_to(table, table->count);
}

void table_scroll(struct table *table, long rows)
{
	size_t bottom;

	table_settle(table);
	table->top = shifted(table, table->top, rows);
	if (table->count > 0 && table->top + table_rows_in_sight(table) > table->count)
		table->top = table->count > table_rows_in_sight(table) ?
				     table->count - table_rows_in_sight(table) :
				     0;
	bottom = shifted(table, table->top, (long)table_rows_in_sight(table) - 1);
	if (table->cursor < table->top)
		table_set_cursor(table, table->top);
	else if (table->cursor > bottom)
		table_set_cursor(table, bottom);
}
