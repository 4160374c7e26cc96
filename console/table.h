/* SPDX-License-Identifier: MIT */
/*
 * A table is a list of rows of which a screenful is visible. What it shows
 * comes from a source (which rows are there) and columns (what to write of
 * each); the table itself holds row ids and sort keys, never row contents.
 *
 * The law of the file: cost follows what is visible. Formatting is called
 * for visible rows only. A refresh of n rows is one pass of n key calls and
 * an expected O(n + w log w) selection for a window of w rows; moving in the
 * list asks for no key again. The key of a text is the text: different ones
 * are kept, in small letters, while the table is sorted by them. Only the
 * tree, a filter and a search look at every row besides, because they were
 * asked to.
 *
 * The cursor stays on its row, not on its line. When the row is gone the
 * cursor goes to the next row of the old order that is still there, then to
 * the previous one. Following keeps the cursor's row in sight; without it the
 * visible part stays where it is, and a mark tells where the cursor went.
 *
 * Ids are stable, unique and not 0. Callbacks may be asked for a row that has
 * gone since the last refresh and must cope (an empty text will do).
 */
#ifndef CONSOLE_TABLE_H
#define CONSOLE_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "console/canvas.h"

#define TABLE_NO_ROW ((uint64_t)0)
#define TABLE_COLUMNS 24 /* at most, the rest is ignored */
#define TABLE_TEXT 256   /* bytes of a cell's text with its NUL */
#define TABLE_NEEDLE 256 /* bytes of a filter or search text */

struct column;

/* One cell, as callbacks see it. */
struct table_row {
	void *ctx; /* of the source */
	uint64_t id;
	const struct column *column; /* NULL in calls about a whole row */
};

enum column_align { ALIGN_LEFT, ALIGN_RIGHT };
enum column_sort { SORT_NONE, SORT_NUMBER, SORT_REAL, SORT_TEXT };

/* Columns are data: an array of these, const, with designated fields. */
struct column {
	const char *title;
	const char *help; /* a phrase; may be NULL */
	int min_width;
	int max_width; /* 0: no limit */
	int grow;      /* share of the width left over; 0: none */
	int priority;  /* 0 stays; the highest hides first */
	enum column_align align;
	enum column_sort sort;
	bool is_descending_first; /* sorted first time, biggest first */
	bool is_tree;             /* indented in tree mode; one column */
	bool is_place;            /* "file:line": what is too long loses letters of the file */
	int data;                 /* for callbacks shared by columns */

	/* Writes the cell's text; *ret_role is ROLE_TEXT unless set. */
	void (*format)(const struct table_row *row, char *buf, size_t size, enum role *ret_role);

	/*
	 * The one that fits sort. NaN counts as the smallest. text writes
	 * like format; if it is NULL, format is used.
	 */
	uint64_t (*number)(const struct table_row *row);
	double (*real)(const struct table_row *row);
	void (*text)(const struct table_row *row, char *buf, size_t size);

	/*
	 * Optional: draws the cell itself (a bar). format is then asked only
	 * by search and filter, and the width follows the rule alone.
	 */
	void (*draw)(const struct table_row *row, struct canvas *canvas, int x, int y, int width);
};

/*
 * The columns most lists are made of, at their place in the array. A list writes
 * its words by format_words, its numbers by format_number, and sorts by number;
 * least and most are widths.
 */
#define COLUMN_WORDS(column, name, least, most, rank, words, ...)                                  \
	[column] = { .title = name,                                                                \
		     .help = words,                                                                \
		     .min_width = least,                                                           \
		     .max_width = most,                                                            \
		     .priority = rank,                                                             \
		     .sort = SORT_TEXT,                                                            \
		     .data = column,                                                               \
		     .format = format_words,                                                       \
		     __VA_ARGS__ }
#define COLUMN_NUMBER(column, name, least, most, rank, words)                                      \
	[column] = { .title = name,                                                                \
		     .help = words,                                                                \
		     .min_width = least,                                                           \
		     .max_width = most,                                                            \
		     .priority = rank,                                                             \
		     .align = ALIGN_RIGHT,                                                         \
		     .sort = SORT_NUMBER,                                                          \
		     .is_descending_first = true,                                                  \
		     .data = column,                                                               \
		     .format = format_number,                                                      \
		     .number = number }

/* Where rows come from. Only count and id are required. */
struct table_source {
	void *ctx;
	size_t (*count)(void *ctx);
	uint64_t (*id)(void *ctx, size_t index);

	/* The parent's id or TABLE_NO_ROW; without it there is no tree. */
	uint64_t (*parent)(void *ctx, uint64_t id);

	/* Rows it refuses are not in the table ("hide what has ended"). */
	bool (*is_shown)(void *ctx, uint64_t id);

	/*
	 * Does the row match a search or filter text? Without it the texts
	 * of the columns are searched, letter case ignored.
	 */
	bool (*matches)(void *ctx, uint64_t id, const char *needle);

	/* A role for all cells that stay ROLE_TEXT; may be NULL. */
	enum role (*row_role)(void *ctx, uint64_t id);
};

struct table; /* its fields are in table_private.h */

/*
 * Source is copied, columns are kept and must outlive the table. Sorted by
 * nothing, in the source's order, until asked. Returns NULL without memory.
 */
struct table *table_new(const struct table_source *source, const struct column *columns, int count);
void table_free(struct table *table);

/*
 * Reads the rows again and orders them. Between two refreshes a draw shows
 * the same rows in the same order with what their cells say now. Without
 * memory it keeps the old rows and returns -1. A table that was never
 * refreshed, or was sorted or filtered since, refreshes when first drawn.
 */
int table_refresh(struct table *table);

/* Refreshes only if that is due, as the next draw would: for counts shown above it. */
void table_settle(struct table *table);

/* Rows in the table, and rows before is_shown and the filter. */
size_t table_count(const struct table *table);
size_t table_total(const struct table *table);

/*
 * Sorting takes effect with the next draw, move or refresh; unless it is
 * following, the table then shows its first rows. Equal rows are in the
 * order of their ids, either way round. A column that cannot be sorted by,
 * or -1, gives the source's order. step goes to the next column in sight.
 */
void table_sort_by(struct table *table, int column, bool is_descending);
void table_sort_invert(struct table *table);
void table_sort_step(struct table *table, int step); /* -1 left, 1 right */
int table_sort_column(const struct table *table);    /* -1: none */
bool table_sort_is_descending(const struct table *table);

/* The row under the cursor, TABLE_NO_ROW in an empty table. */
uint64_t table_cursor(struct table *table);
size_t table_cursor_index(struct table *table);

/* Puts the cursor on a row and shows it. Returns false if it is not there. */
bool table_go_to(struct table *table, uint64_t id);

/* The id of the row at an index of the present order. */
uint64_t table_row_at(struct table *table, size_t index);

/*
 * Moves the cursor by rows, by pages, to an end. A cursor out of sight first
 * comes back at the near edge. scroll moves what is visible and drags the
 * cursor along.
 */
void table_move(struct table *table, long rows);
void table_page(struct table *table, int pages);
void table_home(struct table *table);
void table_end(struct table *table);
void table_scroll(struct table *table, long rows);

void table_set_follow(struct table *table, bool is_following);
bool table_is_following(const struct table *table);

/* Tree mode; stays off when the source knows no parents. */
void table_set_tree(struct table *table, bool is_tree);
bool table_is_tree(const struct table *table);

/* Only rows that match stay; NULL or "" shows all. */
void table_set_filter(struct table *table, const char *needle);
const char *table_filter(const struct table *table);

/*
 * Puts the cursor on the next matching row, around the end if need be,
 * backwards when step is negative. With step 0 the row under the cursor
 * counts too (search as you type). Returns false when no row matches.
 */
bool table_search(struct table *table, const char *needle, int step);

/* Tags belong to ids and outlive a row's absence. */
void table_toggle_tag(struct table *table, uint64_t id);
bool table_is_tagged(const struct table *table, uint64_t id);
size_t table_tag_count(const struct table *table);
void table_clear_tags(struct table *table);

/*
 * Draws the head in the first line and rows below it, inside the box only.
 * The box is remembered for clicks and pages.
 */
void table_draw(struct table *table, struct canvas *canvas, int x, int y, int width, int height);

/* Columns keep the widest they were; this lets them shrink: the list is opened anew. */
void table_forget_widths(struct table *table);

enum table_click { CLICK_NOTHING, CLICK_ROW, CLICK_HEADER };

/*
 * A click at canvas coordinates: on a row it moves the cursor there, on a
 * head it sorts by that column, or inverts if it was sorted by it.
 */
enum table_click table_click(struct table *table, int x, int y);

#endif
