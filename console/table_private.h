/* SPDX-License-Identifier: MIT */
/*
 * The inside of a table, for table*.c only (and tests/table*.c).
 *
 * The law of the file: table.c owns the rows and the cursor, table_key.c the
 * keys and texts, table_order.c what is sorted, table_tree.c the branches,
 * table_search.c the tags, table_draw.c the box, slots and cells. The others
 * read these and change them by the calls below.
 */
#ifndef CONSOLE_TABLE_PRIVATE_H
#define CONSOLE_TABLE_PRIVATE_H

#include "console/table.h"

/* Compared by key, then, if it is a text's, by the whole text, then by id. */
struct table_entry {
	uint64_t key; /* rising in the order shown */
	uint64_t id;
};

/* Where a row stands in the tree, for its lines. */
struct table_branch {
	uint32_t passes; /* bit n: a line passes at depth n */
	uint16_t depth;
	bool is_last; /* of its parent's children */
};

#define TABLE_ALL_BITS UINT64_MAX
#define TABLE_RECENT 1024

/* The texts of keys, each with its NUL. Not used: all zero. */
struct table_texts {
	char *bytes;
	size_t size;
	size_t capacity;
	uint32_t recent[TABLE_RECENT]; /* places, by hash; 0: the empty text */
};

struct table_cell {
	enum role role;
	char text[TABLE_TEXT];
};

/* How one column was drawn last. */
struct table_slot {
	bool is_visible;
	int x;
	int width;
	int held;   /* the most it needed so far: against jitter */
	int wanted; /* the same without its limit */
};

struct table {
	struct table_source source;
	const struct column *columns;
	int column_count;

	struct table_entry *entries;
	struct table_branch *branches; /* of entries, in tree mode */
	size_t capacity;
	size_t count;
	size_t total;
	size_t sorted_first; /* entries in their final place ... */
	size_t sorted_last;  /* ... up to, and without, this one */
	uint64_t random;

	uint64_t key_bits;      /* of a key that say its order */
	bool are_keys_inverted; /* they are of a descending order */
	struct table_texts texts;

	int sort_column; /* -1: the source's order */
	bool is_descending;
	bool is_stale;
	bool is_tree;
	bool has_branches; /* entries are a tree at present */
	bool is_following;
	bool must_show_cursor; /* after the refresh that is due */
	char filter[TABLE_NEEDLE];

	uint64_t cursor_id;
	size_t cursor;
	size_t top;

	uint64_t *tags; /* rising */
	size_t tag_count;
	size_t tag_capacity;

	int x, y, width, height; /* drawn last */
	struct table_slot slots[TABLE_COLUMNS];
	struct table_cell *cells;
	size_t cell_capacity;
};

/* table.c */

/* Rows that fit below the head, at least 1. */
size_t table_rows_in_sight(const struct table *table);

/* Puts the cursor on the row at an index; what is visible stays. */
void table_set_cursor(struct table *table, size_t index);

/* Moves the visible part as little as shows the cursor. */
void table_show_cursor(struct table *table);

/* Puts the cursor on the row at an index and shows it. */
void table_move_to(struct table *table, size_t index);

/* The entry of a row, or NULL. Valid until the next order or refresh. */
const struct table_entry *table_find(const struct table *table, uint64_t id);

/* table_key.c */

/* Before the first key of a refresh: forgets the texts of the last one. */
void table_begin_keys(struct table *table);

/* The key of the row the source has at an index. */
uint64_t table_key(struct table *table, size_t index, uint64_t id);

/* For entries whose keys agree in key_bits and are of texts. */
bool table_is_text_before(const struct table *table, const struct table_entry *a,
			  const struct table_entry *b);

static inline bool table_is_before(const struct table *table, const struct table_entry *a,
				   const struct table_entry *b)
{
	if ((a->key ^ b->key) & table->key_bits)
		return a->key < b->key;
	if (table->key_bits != TABLE_ALL_BITS)
		return table_is_text_before(table, a, b);
	return a->id < b->id;
}

/* table_order.c */

/* Puts the entries first up to last, and some more, in their places. */
void table_order(struct table *table, size_t first, size_t last);
void table_order_all(struct table *table);

/* The place a row has, or will have once the window there is sorted. */
size_t table_place_of(const struct table *table, const struct table_entry *entry);

/* table_tree.c */

struct table_tree;

/*
 * Room to make a tree of up to count rows; NULL without memory. build sorts
 * all entries and puts children under their parents.
 */
struct table_tree *table_tree_new(size_t count);
void table_tree_build(struct table_tree *tree, struct table *table);
void table_tree_free(struct table_tree *tree);

/* table_search.c */

bool table_matches(const struct table *table, uint64_t id, const char *needle);

#endif
