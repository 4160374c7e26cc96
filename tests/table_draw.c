/* SPDX-License-Identifier: MIT */
/* How a list meets its box: columns, widths, what is formatted. Pictures: canvas.c. */
#include "tests/support/rows.h"

Test(table_draw, only_visible_rows_are_formatted)
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

Test(table_draw, columns_out_of_sight_are_not_formatted)
{
	set_up_five();

	table_draw(table, &canvas, 0, 0, 19, 6);

	cr_expect_eq(world.format_calls, 5 * 3);
	tear_down();
}

Test(table_draw, the_least_wanted_column_hides_first)
{
	set_up_five();

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

Test(table_draw, a_column_grows_at_once_and_shrinks_only_in_another_box)
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

Test(table_draw, a_limit_is_for_want_of_room)
{
	struct row rows[5];

	memcpy(rows, five, sizeof(rows));
	rows[0].text = "twenty-six letters and all";
	set_up(rows, 5);
	canvas_fini(&canvas);
	canvas_init(&canvas, 120, 6, false);
	draw();
	cr_expect_eq(table->slots[TEXT].width, 26);

	table_draw(table, &canvas, 0, 0, 104, 6);
	cr_expect_eq(table->slots[TEXT].width, 22);
	table_draw(table, &canvas, 0, 0, 100, 6);
	cr_expect_eq(table->slots[TEXT].width, 20);
	tear_down();
}

Test(table_draw, a_box_of_any_size_is_drawn_inside)
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
