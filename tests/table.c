/* SPDX-License-Identifier: MIT */
/* A list's cursor, its visible part, its tags, and what a click does. */
#include "tests/support/rows.h"

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
	set_up_five();
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
	set_up_five();
	table_go_to(table, 3);
	world.count = 0;
	table_refresh(table);

	world.count = 5;
	table_refresh(table);

	cr_expect_neq(table_cursor(table), TABLE_NO_ROW);
	tear_down();
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

Test(table, tags_belong_to_ids_and_survive_an_absence)
{
	set_up_five();
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
	set_up_five();
	draw();

	cr_expect_eq(table_click(table, 7, 3), CLICK_ROW);

	cr_expect_eq(table_cursor(table), 3);
	tear_down();
}

/* What keys.h tells the console to make a double click of. */
Test(table, a_click_on_the_row_under_the_cursor_leaves_it_there)
{
	uint64_t before;

	set_up_five();
	draw();
	table_click(table, 7, 3);
	before = table_cursor(table);

	cr_expect_eq(table_click(table, 7, 3), CLICK_ROW);

	cr_expect_eq(table_cursor(table), before);
	tear_down();
}

Test(table, a_click_on_a_head_sorts_and_a_second_one_inverts)
{
	set_up_five();
	draw();

	cr_expect_eq(table_click(table, table->slots[NUMBER].x, 0), CLICK_HEADER);
	cr_expect_eq(table_sort_column(table), NUMBER);
	cr_expect(table_sort_is_descending(table));
	table_click(table, table->slots[NUMBER].x, 0);
	cr_expect_not(table_sort_is_descending(table));

	cr_expect_eq(table_click(table, table->slots[MUTE].x, 0), CLICK_NOTHING);
	tear_down();
}
