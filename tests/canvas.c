/* SPDX-License-Identifier: MIT */
/*
 * Cells, hostile text, text and SVG output; and whole screens of what is
 * drawn on a canvas, compared with the files in tests/screens.
 */
#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "console/canvas.h"
#include "console/format.h"
#include "console/keys.h"
#include "console/meter.h"
#include "console/table.h"
#include "tests/support/golden.h"

static struct canvas canvas;

static void set_up(int width, int height, bool is_ascii)
{
	canvas_init(&canvas, width, height, is_ascii);
}

static void expect_text(const char *wanted)
{
	char *text = canvas_to_text(&canvas);

	cr_expect_str_eq(text, wanted);
	free(text);
	canvas_fini(&canvas);
}

/* What a text looks like on a canvas of ten columns. */
static void expect_put(const char *text, const char *wanted)
{
	set_up(10, 1, false);
	canvas_put_text(&canvas, 0, 0, -1, ROLE_TEXT, text);
	expect_text(wanted);
}

Test(canvas, text_is_put_where_it_was_asked_for)
{
	int used;

	set_up(10, 3, false);

	used = canvas_put_text(&canvas, 2, 1, -1, ROLE_TEXT, "abc");

	cr_expect_eq(used, 3);
	expect_text("\n  abc\n");
}

Test(canvas, escape_sequences_never_reach_a_cell)
{
	expect_put("\033[31mred", "\ufffd[31mred\n");
	expect_put("a\nb\tc", "a\ufffdb\ufffdc\n");
	expect_put("\302\233"
		   "31m",
		   "\ufffd31m\n");
	expect_put("\177x", "\ufffdx\n");
}

Test(canvas, invalid_utf8_becomes_marks)
{
	expect_put("a\377b", "a\ufffdb\n");
	expect_put("\300\257", "\ufffd\ufffd\n");
	expect_put("\355\240\200", "\ufffd\ufffd\ufffd\n");
	expect_put("\360\237\230", "\ufffd\ufffd\ufffd\n");
	expect_put("\364\220\200\200", "\ufffd\ufffd\ufffd\ufffd\n");
}

Test(canvas, direction_overrides_become_marks)
{
	expect_put("a\u202eb\u2066c", "a\ufffdb\ufffdc\n");
}

Test(canvas, no_byte_sequence_leaves_an_unsafe_cell)
{
	char text[5] = "";
	uint32_t seed = 1;
	int round;
	int i;

	set_up(8, 1, false);
	for (round = 0; round < 200000; round++) {
		for (i = 0; i < 4; i++) {
			seed = seed * 1664525u + 1013904223u;
			text[i] = (char)(seed >> 24);
		}

		canvas_put_text(&canvas, 0, 0, -1, ROLE_TEXT, text);

		for (i = 0; i < 8; i++) {
			uint32_t code = canvas_cell(&canvas, i, 0)->code;

			cr_assert(code == CELL_RIGHT_HALF || code_width(code) > 0, "U+%04X", code);
		}
	}
	canvas_fini(&canvas);
}

Test(canvas, utf8_goes_in_and_out_unchanged)
{
	static const uint32_t codes[] = {
		1, 0x7f, 0x80, 0x7ff, 0x800, 0xd7ff, 0xe000, 0xffff, 0x10000, 0x10ffff,
	};
	size_t i;

	for (i = 0; i < sizeof(codes) / sizeof(codes[0]); i++) {
		char buf[5] = "";
		const char *at = buf;
		int size = utf8_put(buf, codes[i]);

		cr_expect_eq(utf8_next(&at), codes[i]);
		cr_expect_eq(at, buf + size);
	}
}

Test(canvas, text_that_does_not_fit_is_cut)
{
	set_up(5, 1, false);

	canvas_put_text(&canvas, 2, 0, -1, ROLE_TEXT, "abcdef");

	expect_text("  abc\n");
}

Test(canvas, clipped_text_ends_with_an_ellipsis)
{
	set_up(10, 3, false);

	cr_expect_eq(canvas_put_clipped(&canvas, 0, 0, 5, ROLE_TEXT, "abcdef"), 5);
	cr_expect_eq(canvas_put_clipped(&canvas, 0, 1, 6, ROLE_TEXT, "abcdef"), 6);
	cr_expect_eq(canvas_put_clipped(&canvas, 0, 2, 4, ROLE_TEXT, "\u65e5\u672c\u8a9e"), 3);

	expect_text("abcd\u2026\nabcdef\n\u65e5\u2026\n");
}

Test(canvas, drawing_outside_does_nothing)
{
	set_up(3, 2, false);

	canvas_put_text(&canvas, -2, 0, -1, ROLE_TEXT, "abc");
	canvas_put_text(&canvas, 0, 7, -1, ROLE_TEXT, "abc");
	canvas_put_text(&canvas, 9, 1, -1, ROLE_TEXT, "abc");
	canvas_fill(&canvas, -5, -5, 3, 3, ROLE_BAR);
	canvas_highlight(&canvas, -5, 0, 3, ROLE_SELECTED);
	canvas_box(&canvas, -1, -1, 90, 90, "title");

	expect_text("c\n");
}

Test(canvas, half_of_a_wide_character_becomes_a_space)
{
	set_up(6, 2, false);
	canvas_put_text(&canvas, 0, 0, -1, ROLE_TEXT, "\u65e5\u672c");
	canvas_put_text(&canvas, 0, 1, -1, ROLE_TEXT, "\u65e5\u672c");

	canvas_put_text(&canvas, 1, 0, -1, ROLE_TEXT, "x");
	canvas_put_text(&canvas, 2, 1, -1, ROLE_TEXT, "x");

	expect_text(" x\u672c\n\u65e5x\n");
}

Test(canvas, a_wide_character_is_not_cut_in_half_at_the_edge)
{
	set_up(3, 1, false);

	cr_expect_eq(canvas_put_text(&canvas, 0, 0, -1, ROLE_TEXT, "\u65e5\u672c"), 2);

	expect_text("\u65e5\n");
}

Test(canvas, an_ascii_canvas_holds_ascii_only)
{
	set_up(20, 1, true);

	canvas_put_text(&canvas, 0, 0, -1, ROLE_TEXT,
			"12 \u00b5s \u25cf \u2588 \u00e9 \u65e5\u2026");

	expect_text("12 us S # ? ??~\n");
}

Test(canvas, every_glyph_takes_one_column_in_both_forms)
{
	int i;

	for (i = 0; i < GLYPH_COUNT; i++) {
		cr_expect_eq(text_width(glyph_text(i, false)), 1, "%d", i);
		cr_expect_eq(strlen(glyph_text(i, true)), 1, "%d", i);
	}
}

Test(canvas, a_highlight_keeps_the_colour_of_the_text)
{
	struct style style;

	set_up(4, 1, false);
	canvas_put_text(&canvas, 0, 0, -1, ROLE_MS, "4 ms");

	canvas_highlight(&canvas, 0, 0, 4, ROLE_SELECTED);
	style = cell_style(canvas_cell(&canvas, 0, 0), COLORS_256);

	cr_expect_eq(style.fg, role_style(ROLE_MS, COLORS_256).fg);
	cr_expect_eq(style.bg, role_style(ROLE_SELECTED, COLORS_256).bg);
	canvas_fini(&canvas);
}

Test(canvas, no_role_needs_a_colour_the_terminal_does_not_have)
{
	int i;

	for (i = 0; i < ROLE_COUNT; i++) {
		cr_expect_eq(role_style(i, COLORS_NONE).fg, -1);
		cr_expect_eq(role_style(i, COLORS_NONE).bg, -1);
		cr_expect_lt(role_style(i, COLORS_16).fg, 16);
		cr_expect_lt(role_style(i, COLORS_16).bg, 16);
	}
}

Test(canvas, a_resized_canvas_is_empty)
{
	set_up(4, 1, false);
	canvas_put_text(&canvas, 0, 0, -1, ROLE_TEXT, "abcd");

	cr_expect_eq(canvas_resize(&canvas, 0, -3), 0);

	cr_expect_eq(canvas.width, 1);
	cr_expect_eq(canvas.height, 1);
	expect_text("");
}

static char *to_svg(const char *title)
{
	char *text = NULL;
	size_t size;
	FILE *file = open_memstream(&text, &size);

	cr_expect_eq(canvas_write_svg(&canvas, file, title), 0);
	fclose(file);
	canvas_fini(&canvas);
	return text;
}

Test(canvas, an_svg_escapes_what_is_markup)
{
	char *svg;

	set_up(12, 1, false);
	canvas_put_text(&canvas, 0, 0, -1, ROLE_TEXT, "a<b>&c");

	svg = to_svg("</text><script>");

	cr_expect_not_null(strstr(svg, "a&lt;b&gt;&amp;c"));
	cr_expect_null(strstr(svg, "<script"));
	free(svg);
}

Test(canvas, every_text_of_an_svg_has_its_width)
{
	char *svg;
	const char *at;
	int count = 0;

	set_up(20, 1, false);
	canvas_put_text(&canvas, 0, 0, -1, ROLE_TEXT, "one  two \u65e5");

	svg = to_svg("t");

	for (at = strstr(svg, "<g "); (at = strstr(at, "<text ")); at++) {
		const char *end = strchr(at, '>');
		const char *length = strstr(at, "textLength=");

		cr_expect(length && length < end);
		count++;
	}
	cr_expect_eq(count, 3);
	free(svg);
}

/* Whole screens. */

static void expect_screen(const char *name)
{
	char path[256];
	char *text = canvas_to_text(&canvas);

	canvas_fini(&canvas);
	snprintf(path, sizeof(path), "tests/screens/%s.txt", name);
	expect_golden(path, text);
	free(text);
}

/* Two humps, as a fast path and a slow one make. */
static void draw_humps(int width, int height, bool is_ascii)
{
	static struct histogram_bucket buckets[128];
	struct histogram histogram = { .buckets = buckets,
				       .count = 0,
				       .max_ns = UINT64_C(190000000) };
	uint64_t low = 256;

	while (low < UINT64_C(200000000) && histogram.count < 128) {
		double log = log10((double)low);
		double count = 50000 * exp(-pow((log - 4.1) / 0.35, 2)) +
			       3000 * exp(-pow((log - 6.6) / 0.2, 2));

		buckets[histogram.count++] = (struct histogram_bucket){
			low,
			low + low / 8,
			(uint64_t)count,
		};
		low += low / 8;
	}
	buckets[histogram.count - 1].count = 2;
	set_up(width, height, is_ascii);
	histogram_draw(&histogram, &canvas, 0, 0, width, height);
}

Test(screens, a_histogram_of_40x6)
{
	draw_humps(40, 6, false);

	expect_screen("histogram-40x6");
}

Test(screens, a_histogram_of_80x12)
{
	draw_humps(80, 12, false);

	expect_screen("histogram-80x12");
}

Test(screens, a_histogram_of_120x20_in_ascii)
{
	draw_humps(120, 20, true);

	expect_screen("histogram-120x20-ascii");
}

Test(screens, meters)
{
	static const struct bar_part parts[] = {
		{ 12, ROLE_RUNNING },
		{ 30, ROLE_SCHEDULED },
		{ 200, ROLE_IDLE },
	};
	struct spark spark = { .count = 0 };
	int i;

	for (i = 0; i < 60; i++)
		spark_push(&spark, 50 + 45 * sin(i / 6.0));
	set_up(60, 7, false);

	meter_draw_bar(&canvas, 0, 0, 40, 0.62, NULL);
	meter_draw_bar(&canvas, 0, 1, 40, 0.031, NULL);
	meter_draw_stack(&canvas, 0, 2, 40, parts, 3, 300, "242/300");
	spark_draw(&spark, &canvas, 0, 3, 60, 1, ROLE_BAR, 100);
	spark_draw(&spark, &canvas, 0, 4, 60, 3, ROLE_BAR, 100);

	expect_screen("meters");
}

Test(screens, the_help_of_a_list)
{
	set_up(80, 50, false);

	keys_draw_help(&canvas, 0, 0, 80, 49, IN_TASKS, 0);
	keys_draw_foot(&canvas, 49, IN_TASKS);

	expect_screen("help-80x50");
}

Test(screens, the_help_in_two_columns)
{
	set_up(132, 24, true);

	keys_draw_help(&canvas, 0, 0, 132, 23, IN_TASKS, 0);
	keys_draw_foot(&canvas, 23, IN_TASKS);

	expect_screen("help-132x24-ascii");
}

/* Fourteen tasks in a small family. */

static size_t count_tasks(void *ctx)
{
	(void)ctx;
	return 14;
}

static uint64_t task_id(void *ctx, size_t index)
{
	(void)ctx;
	return index + 1;
}

static uint64_t task_parent(void *ctx, uint64_t id)
{
	(void)ctx;
	return id <= 2 ? 0 : id / 2;
}

static uint64_t task_busy(const struct table_row *row)
{
	return row->id * row->id * row->id * UINT64_C(734567) % 9999999967;
}

static void format_id(const struct table_row *row, char *buf, size_t size, enum role *ret_role)
{
	*ret_role = ROLE_NUMBER;
	format_count(buf, size, row->id);
}

static void format_name(const struct table_row *row, char *buf, size_t size, enum role *ret_role)
{
	static const char *const task_names[] = {
		"accept",
		"http-conn",
		"\u65e5\u672c-db",
		"evil\033[2J",
	};

	*ret_role = ROLE_NAME;
	snprintf(buf, size, "%s", task_names[row->id % 4]);
}

static void format_busy(const struct table_row *row, char *buf, size_t size, enum role *ret_role)
{
	*ret_role = format_duration_role(task_busy(row));
	format_duration(buf, size, task_busy(row), FORMAT_FIXED);
}

static void format_place(const struct table_row *row, char *buf, size_t size, enum role *ret_role)
{
	*ret_role = ROLE_PLACE;
	snprintf(buf, size, "src/conn.c:%d", 100 + (int)row->id % 7);
}

static void format_why(const struct table_row *row, char *buf, size_t size, enum role *ret_role)
{
	*ret_role = ROLE_WARN;
	if (row->id % 3)
		snprintf(buf, size, "timer 40 ms");
	else
		snprintf(buf, size, "lock \"db\" held 2.3 s by 17 http-conn");
}

static void draw_load(const struct table_row *row, struct canvas *on, int x, int y, int width)
{
	meter_draw_bar(on, x, y, width, (double)(row->id * 37 % 100) / 100.0, "");
}

static const struct column columns[] = {
	{ .title = "ID", .min_width = 3, .align = ALIGN_RIGHT, .format = format_id },
	{ .title = "NAME",
	  .min_width = 8,
	  .max_width = 30,
	  .is_tree = true,
	  .sort = SORT_TEXT,
	  .format = format_name },
	{ .title = "BUSY",
	  .min_width = 7,
	  .align = ALIGN_RIGHT,
	  .sort = SORT_NUMBER,
	  .is_descending_first = true,
	  .format = format_busy,
	  .number = task_busy },
	{ .title = "LOAD",
	  .min_width = 12,
	  .max_width = 12,
	  .priority = 2,
	  .format = format_id,
	  .draw = draw_load },
	{ .title = "PLACE",
	  .min_width = 14,
	  .max_width = 24,
	  .priority = 1,
	  .format = format_place },
	{ .title = "WHY", .min_width = 16, .grow = 1, .format = format_why },
};

static struct table *new_tasks(void)
{
	static const struct table_source source = {
		.count = count_tasks,
		.id = task_id,
		.parent = task_parent,
	};

	return table_new(&source, columns, 6);
}

Test(screens, a_table_sorted_by_busy_time)
{
	struct table *table = new_tasks();

	set_up(90, 12, false);
	table_sort_by(table, 2, true);
	table_draw(table, &canvas, 0, 0, 90, 12);

	table_move(table, 2);
	table_toggle_tag(table, table_cursor(table));
	table_move(table, 1);
	table_draw(table, &canvas, 0, 0, 90, 12);

	expect_screen("table-90x12");
	table_free(table);
}

Test(screens, a_table_of_60x15_hides_what_matters_least)
{
	struct table *table = new_tasks();

	set_up(60, 15, false);
	table_sort_by(table, 1, false);

	table_draw(table, &canvas, 0, 0, 60, 15);

	expect_screen("table-60x15");
	table_free(table);
}

Test(screens, a_table_as_a_tree_in_ascii)
{
	struct table *table = new_tasks();

	set_up(80, 15, true);
	table_sort_by(table, 2, true);
	table_set_tree(table, true);

	table_draw(table, &canvas, 0, 0, 80, 15);

	expect_screen("table-tree-ascii");
	table_free(table);
}

/* The cursor and a running task once looked alike. */
Test(canvas, ascii_signs_of_a_row_differ)
{
	static const enum glyph row_signs[] = {
		GLYPH_CURSOR, GLYPH_TAG,  GLYPH_RUNNING, GLYPH_SCHEDULED,
		GLYPH_IDLE,   GLYPH_DONE, GLYPH_FAILED,
	};
	size_t count = sizeof(row_signs) / sizeof(row_signs[0]);
	size_t i;
	size_t j;

	for (i = 0; i < count; i++)
		for (j = 0; j < i; j++)
			cr_expect_neq(glyph_code(row_signs[i], true),
				      glyph_code(row_signs[j], true));
}
