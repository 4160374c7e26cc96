/* SPDX-License-Identifier: MIT */
/* The order of a list: sorting, what it asks of the rows, and every part of it. */
#include <strings.h>

#include "tests/support/rows.h"

Test(table_order, rows_are_in_the_order_of_the_source_until_sorted)
{
	set_up_five();

	table_refresh(table);

	expect_order("12345");
	tear_down();
}

Test(table_order, rows_sort_by_numbers_reals_and_texts_both_ways)
{
	set_up_five();

	table_sort_by(table, NUMBER, false);
	table_refresh(table);
	expect_order("24153");
	table_sort_by(table, NUMBER, true);
	table_refresh(table);
	expect_order("35142");
	table_sort_by(table, REAL, false);
	table_refresh(table);
	expect_order("23514");
	table_sort_by(table, TEXT, false);
	table_refresh(table);
	expect_order("24513");
	table_sort_invert(table);
	table_refresh(table);
	expect_order("31542");
	tear_down();
}

Test(table_order, equal_rows_are_in_the_order_of_their_ids_either_way)
{
	struct row equal[] = {
		{ .id = 3, .number = 1 },
		{ .id = 1, .number = 1 },
		{ .id = 2, .number = 1 },
	};

	set_up(equal, 3);

	table_sort_by(table, NUMBER, false);
	table_refresh(table);
	expect_order("123");
	table_sort_by(table, NUMBER, true);
	table_refresh(table);
	expect_order("123");
	tear_down();
}

Test(table_order, texts_that_begin_alike_are_compared_whole)
{
	struct row alike[] = {
		{ .id = 1, .text = "http-conn 9" },
		{ .id = 2, .text = "http-conn 1" },
		{ .id = 3, .text = "HTTP-conn 5" },
		{ .id = 4, .text = "http-con" },
	};

	set_up(alike, 4);

	table_sort_by(table, TEXT, false);
	table_refresh(table);
	expect_order("4231");
	table_sort_by(table, TEXT, true);
	table_refresh(table);
	expect_order("1324");
	tear_down();
}

Test(table_order, a_key_is_asked_for_once_per_refresh_and_never_by_moving)
{
	struct row *rows = many(3000);

	set_up(rows, 3000);
	table_sort_by(table, NUMBER, true);
	draw();
	cr_expect_eq(world.key_calls, 3000);

	table_end(table);
	draw();
	table_page(table, -1);
	table_home(table);
	draw();

	cr_expect_eq(world.key_calls, 3000);
	tear_down();
	free(rows);
}

Test(table_order, a_text_is_asked_for_once_per_refresh_and_never_by_moving)
{
	struct row *rows = many(3000);

	set_up(rows, 3000);
	table_sort_by(table, TEXT, true);

	table_refresh(table);
	table_row_at(table, 2999);
	table_home(table);
	table_row_at(table, 1500);

	cr_expect_eq(world.format_calls, 3000);
	tear_down();
	free(rows);
}

Test(table_order, an_order_by_texts_holds_although_they_change)
{
	struct row *rows = many(1000);
	size_t i;

	set_up(rows, 1000);
	table_sort_by(table, TEXT, false);
	table_refresh(table);

	for (i = 0; i < 1000; i++)
		rows[i].text = i % 3 ? "a" : "z";

	for (i = 0; i < 1000; i++)
		cr_assert_eq(table_row_at(table, i), i + 1);
	tear_down();
	free(rows);
}

static int compare_texts(const void *a, const void *b)
{
	const struct row *one = a;
	const struct row *other = b;
	int order = strcasecmp(one->text, other->text);

	if (order == 0)
		return one->id < other->id ? -1 : 1;
	return order;
}

/* Some alike in 4 bytes or in all, some in capitals, some empty. */
Test(table_order, every_window_of_texts_shows_the_rows_a_full_sort_would)
{
	enum { ROWS = 1501 };
	static char texts[ROWS][32];
	static struct row sorted[ROWS];
	struct row *rows = many(ROWS);
	size_t i;

	for (i = 0; i < ROWS; i++) {
		static const char *const begins[] = { "", "htt", "HTTP", "http-conn ",
						      "\xc3\xa4 " };
		size_t kind = rows[i].number % 5;

		snprintf(texts[i], sizeof(texts[i]), "%s%d", begins[kind],
			 kind == 1 ? 7 : (int)rows[i].number / 5);
		rows[i].text = kind > 0 ? texts[i] : "";
	}
	memcpy(sorted, rows, sizeof(sorted));
	qsort(sorted, ROWS, sizeof(sorted[0]), compare_texts);
	set_up(rows, ROWS);
	table_sort_by(table, TEXT, false);

	for (i = 0; i < ROWS; i++) {
		size_t index = i * 1009 % ROWS;

		cr_assert_eq(table_row_at(table, index), sorted[index].id, "%zu", index);
	}
	table_go_to(table, sorted[700].id);
	cr_expect_eq(table_cursor_index(table), 700);
	table_sort_invert(table);
	for (i = 1; i < ROWS; i++) {
		const struct row *above = row_of(table_row_at(table, i - 1));
		const struct row *below = row_of(table_row_at(table, i));
		int order = strcasecmp(above->text, below->text);

		cr_assert(order > 0 || (order == 0 && above->id < below->id), "%zu", i);
	}
	tear_down();
	free(rows);
}

/* Windows here and there must agree with one sort of everything. */
Test(table_order, every_window_shows_the_rows_a_full_sort_would)
{
	enum { ROWS = 2003 };
	struct row *rows = many(ROWS);
	uint64_t seed = 42;
	int round;

	set_up(rows, ROWS);
	table_sort_by(table, NUMBER, false);
	for (round = 0; round < 400; round++) {
		size_t index;

		seed = seed * 6364136223846793005u + 1442695040888963407u;
		index = (size_t)(seed >> 33) % ROWS;
		if (round % 50 == 49)
			table_refresh(table);

		cr_assert_eq(row_of(table_row_at(table, index))->number, index);
	}
	tear_down();
	free(rows);
}

Test(table_order, stepping_through_columns_skips_what_cannot_be_sorted_by)
{
	set_up_five();
	table_sort_by(table, REAL, false);

	table_sort_step(table, 1);
	cr_expect_eq(table_sort_column(table), TEXT);
	table_sort_step(table, -1);

	cr_expect_eq(table_sort_column(table), REAL);
	tear_down();
}
