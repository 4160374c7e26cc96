/* SPDX-License-Identifier: MIT */
/* The list widget: order, cursor, cost. Whole pictures are in canvas.c. */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "console/table.h"
#include "console/table_private.h"

/* Rows are what a test says; what is asked of them is counted. */
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
	size_t match_calls;
} world;

static struct table *table;
static struct canvas canvas;

static const struct row *row_of(uint64_t id)
{
	size_t i;

	for (i = 0; i < world.count; i++)
		if (world.rows[i].id == id)
			return &world.rows[i];
	return NULL;
}

static size_t count_rows(void *ctx)
{
	(void)ctx;
	return world.count;
}

static uint64_t id_of(void *ctx, size_t index)
{
	(void)ctx;
	return world.rows[index].id;
}

static uint64_t parent_of(void *ctx, uint64_t id)
{
	(void)ctx;
	return row_of(id)->parent;
}

static void format(const struct table_row *row, char *buf, size_t size, enum role *ret_role)
{
	const struct row *it = row_of(row->id);

	(void)ret_role;
	world.format_calls++;
	snprintf(buf, size, "%s", it && it->text ? it->text : "");
}

static uint64_t number(const struct table_row *row)
{
	world.key_calls++;
	return row_of(row->id)->number;
}

static double real(const struct table_row *row)
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

static void set_up(struct row *rows, size_t count)
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

static void tear_down(void)
{
	table_free(table);
	canvas_fini(&canvas);
}

static void draw(void)
{
	table_draw(table, &canvas, 0, 0, canvas.width, canvas.height);
}

/* The order of the rows as a string of their ids' last digits. */
static void expect_order(const char *wanted)
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

Test(table, rows_are_in_the_order_of_the_source_until_sorted)
{
	set_up(five, 5);

	table_refresh(table);

	expect_order("12345");
	tear_down();
}

Test(table, rows_sort_by_numbers_reals_and_texts_both_ways)
{
	set_up(five, 5);

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

Test(table, equal_rows_are_in_the_order_of_their_ids_either_way)
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

Test(table, texts_that_begin_alike_are_compared_whole)
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

Test(table, the_cursor_stays_on_its_row_when_the_order_changes)
{
	struct row rows[5];

	memcpy(rows, five, sizeof(rows));
	set_up(rows, 5);
	table_sort_by(table, NUMBER, true);
	table_go_to(table, 4);

	rows[3].number = 99;
	table_refresh(table);

	cr_expect_eq(table_cursor(table), 4);
	cr_expect_eq(table_cursor_index(table), 0);
	tear_down();
}

Test(table, the_cursor_goes_to_the_next_row_when_its_row_is_gone)
{
	struct row rows[5];

	memcpy(rows, five, sizeof(rows));
	set_up(rows, 5);
	table_go_to(table, 3);

	/* Row 1 goes too, and row 2 to the end: the index says nothing. */
	rows[0] = five[3];
	rows[1] = five[4];
	rows[2] = five[1];
	world.count = 3;
	table_refresh(table);

	cr_expect_eq(table_cursor(table), 4);
	tear_down();
}

Test(table, the_cursor_goes_to_the_previous_row_when_no_next_one_is_left)
{
	set_up(five, 5);
	table_end(table);

	world.count = 3;
	table_refresh(table);

	cr_expect_eq(table_cursor(table), 3);
	tear_down();
}

Test(table, an_empty_table_has_no_cursor_and_survives_every_move)
{
	set_up(five, 0);

	draw();
	table_move(table, 3);
	table_page(table, -1);
	table_end(table);
	table_scroll(table, 9);
	table_search(table, "x", 1);

	cr_expect_eq(table_cursor(table), TABLE_NO_ROW);
	cr_expect_eq(table_click(table, 1, 2), CLICK_NOTHING);
	tear_down();
}

Test(table, a_cursor_in_an_emptied_table_comes_back_with_the_rows)
{
	set_up(five, 5);
	table_go_to(table, 3);
	world.count = 0;
	table_refresh(table);

	world.count = 5;
	table_refresh(table);

	cr_expect_neq(table_cursor(table), TABLE_NO_ROW);
	tear_down();
}

/* Many rows, in an order that is not theirs. */
static struct row *many(size_t count)
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

Test(table, only_visible_rows_are_formatted)
{
	struct row *rows = many(1000);

	set_up(rows, 1000);
	table_sort_by(table, NUMBER, true);
	world.format_calls = 0;

	draw();

	cr_expect_eq(world.format_calls, 5 * 4);
	tear_down();
	free(rows);
}

Test(table, columns_out_of_sight_are_not_formatted)
{
	set_up(five, 5);

	table_draw(table, &canvas, 0, 0, 19, 6);

	cr_expect_eq(world.format_calls, 5 * 3);
	tear_down();
}

Test(table, a_key_is_asked_for_once_per_refresh_and_never_by_moving)
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

Test(table, a_text_is_asked_for_once_per_refresh_and_never_by_moving)
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

Test(table, an_order_by_texts_holds_although_they_change)
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
Test(table, every_window_of_texts_shows_the_rows_a_full_sort_would)
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
Test(table, every_window_shows_the_rows_a_full_sort_would)
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

Test(table, the_visible_part_stays_when_the_cursor_sinks)
{
	struct row *rows = many(100);
	uint64_t id;

	set_up(rows, 100);
	table_sort_by(table, NUMBER, true);
	draw();
	id = table_cursor(table);

	rows[id - 1].number = 0;
	table_refresh(table);
	draw();

	cr_expect_eq(table_cursor(table), id);
	cr_expect_eq(table->top, 0);
	cr_expect_eq(canvas_cell(&canvas, 0, 5)->code, glyph_code(GLYPH_MORE_DOWN, false));
	tear_down();
	free(rows);
}

Test(table, following_keeps_the_cursor_in_sight)
{
	struct row *rows = many(100);
	uint64_t id;

	set_up(rows, 100);
	table_sort_by(table, NUMBER, true);
	draw();
	id = table_cursor(table);
	table_set_follow(table, true);

	rows[id - 1].number = 0;
	table_refresh(table);

	cr_expect_geq(table_cursor_index(table), table->top);
	cr_expect_lt(table_cursor_index(table), table->top + table_rows_in_sight(table));
	tear_down();
	free(rows);
}

Test(table, a_smaller_terminal_does_not_lose_the_cursor)
{
	struct row *rows = many(100);

	set_up(rows, 100);
	draw();
	table_move(table, 4);

	table_draw(table, &canvas, 0, 0, 60, 3);

	cr_expect_eq(table->top, 3);
	tear_down();
	free(rows);
}

Test(table, moving_a_cursor_out_of_sight_brings_it_back_to_the_edge)
{
	struct row *rows = many(100);

	set_up(rows, 100);
	draw();
	table_set_cursor(table, 50);

	table_move(table, 1);

	cr_expect_eq(table_cursor_index(table), 4);
	tear_down();
	free(rows);
}

Test(table, pages_and_scrolling_stop_at_the_ends)
{
	struct row *rows = many(12);

	set_up(rows, 12);
	draw();

	table_page(table, 1);
	cr_expect_eq(table_cursor_index(table), 5);
	table_page(table, 9);
	cr_expect_eq(table_cursor_index(table), 11);
	cr_expect_eq(table->top, 7);
	table_page(table, -9);
	cr_expect_eq(table_cursor_index(table), 0);
	table_scroll(table, 3);
	cr_expect_eq(table_cursor_index(table), 3);
	table_scroll(table, 99);
	cr_expect_eq(table->top, 7);
	tear_down();
	free(rows);
}

Test(table, a_filter_hides_the_rows_that_do_not_match)
{
	set_up(five, 5);
	table_go_to(table, 1);

	table_set_filter(table, "CH");
	table_refresh(table);
	expect_order("35");
	cr_expect_eq(table_total(table), 5);
	table_set_filter(table, NULL);
	table_refresh(table);

	cr_expect_eq(table_count(table), 5);
	tear_down();
}

Test(table, a_shorter_filter_leaves_nothing_of_the_longer_one)
{
	set_up(five, 5);
	table_set_filter(table, "charlie");

	table_set_filter(table, "ec");

	cr_expect_str_eq(table_filter(table), "ec");
	tear_down();
}

Test(table, a_search_goes_on_around_the_end_in_the_order_shown)
{
	set_up(five, 5);
	table_sort_by(table, NUMBER, false); /* 2 4 1 5 3 */
	table_refresh(table);

	cr_expect(table_search(table, "ch", 1));
	cr_expect_eq(table_cursor(table), 5);
	cr_expect(table_search(table, "ch", 1));
	cr_expect_eq(table_cursor(table), 3);
	cr_expect(table_search(table, "ch", 1));
	cr_expect_eq(table_cursor(table), 5);
	cr_expect(table_search(table, "a", -1));
	cr_expect_eq(table_cursor(table), 1);
	cr_expect_not(table_search(table, "zulu", 1));
	cr_expect_eq(table_cursor(table), 1);
	tear_down();
}

Test(table, a_search_prefers_what_lies_ahead_to_what_lies_behind)
{
	set_up(five, 5);
	table_sort_by(table, NUMBER, false); /* 2 4 1 5 3 */

	table_go_to(table, 1);
	cr_expect(table_search(table, "o", 1));
	cr_expect_eq(table_cursor(table), 3);
	table_go_to(table, 1);
	cr_expect(table_search(table, "o", -1));

	cr_expect_eq(table_cursor(table), 4);
	tear_down();
}

Test(table, a_search_backwards_goes_around_the_start)
{
	set_up(five, 5);
	table_refresh(table);

	cr_expect(table_search(table, "a", -1));
	cr_expect_eq(table_cursor(table), 5);
	cr_expect(table_search(table, "a", -1));
	cr_expect_eq(table_cursor(table), 4);
	tear_down();
}

Test(table, a_search_while_typing_stays_on_a_row_that_matches)
{
	set_up(five, 5);
	table_go_to(table, 4);

	cr_expect(table_search(table, "a", 0));

	cr_expect_eq(table_cursor(table), 4);
	tear_down();
}

/* 1 has 2 and 4, 4 has 5; 3 hangs on a row that is not there. */
static struct row family[] = {
	{ .id = 1, .number = 1, .text = "one" },
	{ .id = 2, .number = 2, .text = "two", .parent = 1 },
	{ .id = 3, .number = 9, .text = "three", .parent = 77 },
	{ .id = 4, .number = 4, .text = "four", .parent = 1 },
	{ .id = 5, .number = 5, .text = "five", .parent = 4 },
};

Test(table, a_tree_puts_children_under_parents_in_sorted_order)
{
	set_up(family, 5);
	table_sort_by(table, NUMBER, true);

	table_set_tree(table, true);
	table_refresh(table);
	expect_order("31452");
	table_set_tree(table, false);
	table_refresh(table);

	expect_order("35421");
	tear_down();
}

Test(table, parents_in_a_circle_lose_no_row)
{
	struct row circle[] = {
		{ .id = 1, .parent = 3 }, { .id = 2, .parent = 1 }, { .id = 3, .parent = 2 },
		{ .id = 4, .parent = 4 }, { .id = 5, .parent = 3 },
	};

	set_up(circle, 5);

	table_set_tree(table, true);
	table_refresh(table);

	cr_expect_eq(table_count(table), 5);
	expect_order("41235");
	tear_down();
}

Test(table, a_search_in_a_tree_follows_the_tree)
{
	set_up(family, 5);
	table_set_tree(table, true); /* 1 2 4 5 3 */
	table_go_to(table, 2);

	cr_expect(table_search(table, "f", 1));
	cr_expect_eq(table_cursor(table), 4);
	cr_expect(table_search(table, "one", 1));

	cr_expect_eq(table_cursor(table), 1);
	tear_down();
}

Test(table, tags_belong_to_ids_and_survive_an_absence)
{
	set_up(five, 5);
	table_refresh(table);
	table_toggle_tag(table, 5);
	table_toggle_tag(table, 2);
	table_toggle_tag(table, 3);
	table_toggle_tag(table, 3);

	world.count = 1;
	table_refresh(table);
	world.count = 5;
	table_refresh(table);

	cr_expect(table_is_tagged(table, 2));
	cr_expect(table_is_tagged(table, 5));
	cr_expect_not(table_is_tagged(table, 3));
	cr_expect_eq(table_tag_count(table), 2);
	tear_down();
}

Test(table, a_click_selects_a_row)
{
	set_up(five, 5);
	draw();

	cr_expect_eq(table_click(table, 7, 3), CLICK_ROW);

	cr_expect_eq(table_cursor(table), 3);
	tear_down();
}

/* What keys.h tells the console to make a double click of. */
Test(table, a_click_on_the_row_under_the_cursor_leaves_it_there)
{
	uint64_t before;

	set_up(five, 5);
	draw();
	table_click(table, 7, 3);
	before = table_cursor(table);

	cr_expect_eq(table_click(table, 7, 3), CLICK_ROW);

	cr_expect_eq(table_cursor(table), before);
	tear_down();
}

Test(table, a_click_on_a_head_sorts_and_a_second_one_inverts)
{
	set_up(five, 5);
	draw();

	cr_expect_eq(table_click(table, table->slots[NUMBER].x, 0), CLICK_HEADER);
	cr_expect_eq(table_sort_column(table), NUMBER);
	cr_expect(table_sort_is_descending(table));
	table_click(table, table->slots[NUMBER].x, 0);
	cr_expect_not(table_sort_is_descending(table));

	cr_expect_eq(table_click(table, table->slots[MUTE].x, 0), CLICK_NOTHING);
	tear_down();
}

Test(table, stepping_through_columns_skips_what_cannot_be_sorted_by)
{
	set_up(five, 5);
	table_sort_by(table, REAL, false);

	table_sort_step(table, 1);
	cr_expect_eq(table_sort_column(table), TEXT);
	table_sort_step(table, -1);

	cr_expect_eq(table_sort_column(table), REAL);
	tear_down();
}

Test(table, the_least_wanted_column_hides_first)
{
	set_up(five, 5);

	table_draw(table, &canvas, 0, 0, 26, 6);
	cr_expect(table->slots[REAL].is_visible);
	table_draw(table, &canvas, 0, 0, 25, 6);
	cr_expect_not(table->slots[REAL].is_visible);
	cr_expect(table->slots[MUTE].is_visible);
	table_draw(table, &canvas, 0, 0, 5, 6);

	cr_expect_not(table->slots[MUTE].is_visible);
	cr_expect(table->slots[NUMBER].is_visible);
	tear_down();
}

Test(table, a_column_grows_at_once_and_shrinks_only_in_another_box)
{
	struct row rows[5];
	int i;

	memcpy(rows, five, sizeof(rows));
	set_up(rows, 5);
	draw();
	cr_expect_eq(table->slots[TEXT].width, 7);

	rows[0].text = "delta delta";
	draw();
	cr_expect_eq(table->slots[TEXT].width, 11);
	rows[0].text = "delta";
	draw();
	cr_expect_eq(table->slots[TEXT].width, 11);
	for (i = 0; i < 300; i++)
		draw();
	cr_expect_eq(table->slots[TEXT].width, 11);

	table_forget_widths(table);
	draw();
	cr_expect_eq(table->slots[TEXT].width, 7);
	tear_down();
}

Test(table, a_box_of_any_size_is_drawn_inside)
{
	struct row *rows = many(50);
	int width;
	int height;
	int i;

	set_up(rows, 50);
	table_set_tree(table, true);
	for (width = -1; width < 40; width++)
		for (height = -1; height < 5; height++) {
			for (i = 0; i < 60 * 6; i++)
				canvas.cells[i].code = '.';

			table_draw(table, &canvas, 1, 1, width, height);

			for (i = 0; i < 60 * 6; i++) {
				int x = i % 60 - 1;
				int y = i / 60 - 1;

				if (x < 0 || y < 0 || x >= width || y >= height)
					cr_assert_eq(canvas.cells[i].code, '.', "%dx%d", width,
						     height);
			}
		}
	tear_down();
	free(rows);
}
