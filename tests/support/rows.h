/* SPDX-License-Identifier: MIT */
/*
 * A table of rows a test makes up, on a canvas of 60 by 6 cells. What is asked of
 * the rows is counted.
 */
#ifndef TESTS_SUPPORT_ROWS_H
#define TESTS_SUPPORT_ROWS_H

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "console/table.h"
#include "console/table_private.h"

struct row {
	uint64_t id;
	uint64_t number;
	uint64_t parent;
	double real;
	const char *text;
};

static struct {
	struct row *rows;
	size_t count;
	size_t format_calls;
	size_t key_calls;
} world;

static struct table *table;
static struct canvas canvas;

static inline const struct row *row_of(uint64_t id)
{
	size_t i;

	for (i = 0; i < world.count; i++)
		if (world.rows[i].id == id)
			return &world.rows[i];
	return NULL;
}

static inline size_t count_rows(void *ctx)
{
	(void)ctx;
	return world.count;
}

static inline uint64_t id_of(void *ctx, size_t index)
{
	(void)ctx;
	return world.rows[index].id;
}

static inline uint64_t parent_of(void *ctx, uint64_t id)
{
	(void)ctx;
	return row_of(id)->parent;
}

static inline void format(const struct table_row *row, char *buf, size_t size, enum role *ret_role)
{
	const struct row *it = row_of(row->id);

	(void)ret_role;
	world.format_calls++;
	snprintf(buf, size, "%s", it && it->text ? it->text : "");
}

static inline uint64_t number(const struct table_row *row)
{
	world.key_calls++;
	return row_of(row->id)->number;
}

static inline double real(const struct table_row *row)
{
	return row_of(row->id)->real;
}

static const struct column columns[] = {
	{ .title = "TEXT",
	  .min_width = 4,
	  .max_width = 20,
	  .sort = SORT_TEXT,
	  .is_tree = true,
	  .format = format },
	{ .title = "NUMBER",
	  .min_width = 6,
	  .sort = SORT_NUMBER,
	  .is_descending_first = true,
	  .format = format,
	  .number = number },
	{ .title = "REAL",
	  .min_width = 6,
	  .priority = 2,
	  .sort = SORT_REAL,
	  .format = format,
	  .real = real },
	{ .title = "MUTE", .min_width = 6, .priority = 1, .format = format },
};

enum { TEXT, NUMBER, REAL, MUTE };

static inline void set_up(struct row *rows, size_t count)
{
	static const struct table_source source = {
		.count = count_rows,
		.id = id_of,
		.parent = parent_of,
	};

	world.rows = rows;
	world.count = count;
	table = table_new(&source, columns, 4);
	canvas_init(&canvas, 60, 6, false);
}

static inline void tear_down(void)
{
	table_free(table);
	canvas_fini(&canvas);
}

static inline void draw(void)
{
	table_draw(table, &canvas, 0, 0, canvas.width, canvas.height);
}

/* The order of the rows as a string of their ids' last digits. */
static inline void expect_order(const char *wanted)
{
	char order[32] = "";
	size_t i;

	for (i = 0; i < table_count(table) && i < 31; i++)
		order[i] = (char)('0' + table_row_at(table, i) % 10);
	cr_expect_str_eq(order, wanted);
}

static struct row five[] = {
	{ .id = 1, .number = 30, .real = 0.5, .text = "delta" },
	{ .id = 2, .number = 10, .real = -2.5, .text = "alpha" },
	{ .id = 3, .number = 50, .real = -0.5, .text = "Echo" },
	{ .id = 4, .number = 20, .real = 7.0, .text = "bravo" },
	{ .id = 5, .number = 40, .real = 0.0, .text = "charlie" },
};

static inline void set_up_five(void)
{
	set_up(five, 5);
}

/* Many rows, in an order that is not theirs. */
static inline struct row *many(size_t count)
{
	struct row *rows = calloc(count, sizeof(*rows));
	size_t i;

	for (i = 0; i < count; i++) {
		rows[i].id = i + 1;
		rows[i].number = (i * 7919 + 13) % count;
		rows[i].text = "row";
	}
	return rows;
}

#endif
