/* SPDX-License-Identifier: MIT */
/* Bars, sparklines, histograms. Whole pictures are in canvas.c. */
#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "console/meter.h"

static struct canvas canvas;

static void set_up(int width, int height, bool is_ascii)
{
	canvas_init(&canvas, width, height, is_ascii);
}

/* Compares the canvas and ends with it. */
static void expect_screen(const char *wanted)
{
	char *text = canvas_to_text(&canvas);

	cr_expect_str_eq(text, wanted);
	free(text);
	canvas_fini(&canvas);
}

Test(meter, a_bar_is_as_long_as_its_fraction)
{
	set_up(22, 1, true);

	meter_draw_bar(&canvas, 0, 0, 22, 0.5, NULL);

	expect_screen("[||||||||||       50%]\n");
}

Test(meter, a_bar_shows_eighths_with_blocks)
{
	set_up(12, 1, false);

	meter_draw_bar(&canvas, 0, 0, 12, 0.2625, "");

	expect_screen("[\u2588\u2588\u258b       ]\n");
}

Test(meter, a_fraction_out_of_range_is_clamped)
{
	set_up(8, 4, true);

	meter_draw_bar(&canvas, 0, 0, 8, 7.0, "");
	meter_draw_bar(&canvas, 0, 1, 8, -1.0, "");
	meter_draw_bar(&canvas, 0, 2, 8, NAN, "");

	expect_screen("[||||||]\n[      ]\n[      ]\n");
}

Test(meter, a_bar_of_almost_nothing_is_not_empty)
{
	set_up(12, 1, false);

	meter_draw_bar(&canvas, 0, 0, 12, 0.0001, "");

	expect_screen("[\u258f         ]\n");
}

Test(meter, a_busy_bar_is_hot)
{
	set_up(12, 2, true);

	meter_draw_bar(&canvas, 0, 0, 12, 0.9, "");
	meter_draw_bar(&canvas, 0, 1, 12, 0.1, "");

	cr_expect_eq(canvas_cell(&canvas, 1, 0)->role, ROLE_BAR_HOT);
	cr_expect_eq(canvas_cell(&canvas, 1, 1)->role, ROLE_BAR);
	canvas_fini(&canvas);
}

Test(meter, a_stack_shows_every_part_that_is_not_zero)
{
	static const struct bar_part parts[] = {
		{ 1, ROLE_RUNNING },
		{ 0, ROLE_WARN },
		{ 99, ROLE_IDLE },
	};

	set_up(12, 1, true);

	meter_draw_stack(&canvas, 0, 0, 12, parts, 3, 100, NULL);

	cr_expect_eq(canvas_cell(&canvas, 1, 0)->role, ROLE_RUNNING);
	cr_expect_eq(canvas_cell(&canvas, 2, 0)->role, ROLE_IDLE);
	cr_expect_eq(canvas_cell(&canvas, 10, 0)->role, ROLE_IDLE);
	expect_screen("[|.........]\n");
}

Test(meter, a_sparkline_has_the_newest_value_at_the_right)
{
	struct spark spark = { .count = 0 };
	int i;

	set_up(4, 1, false);
	for (i = 1; i <= 8; i++)
		spark_push(&spark, i);

	spark_draw(&spark, &canvas, 0, 0, 4, 1, ROLE_BAR, 0);

	expect_screen("\u2585\u2586\u2587\u2588\n");
}

Test(meter, a_sparkline_forgets_the_oldest_value)
{
	struct spark spark = { .count = 0 };
	int i;

	for (i = 0; i < SPARK_SIZE + 3; i++)
		spark_push(&spark, i);

	cr_expect_eq(spark_value(&spark, 0), SPARK_SIZE + 2);
	cr_expect_eq(spark_value(&spark, SPARK_SIZE - 1), 3);
	cr_expect_eq(spark_value(&spark, SPARK_SIZE), 0);
}

Test(meter, a_small_value_shows_beside_a_big_one)
{
	struct spark spark = { .count = 0 };

	set_up(3, 1, false);
	spark_push(&spark, 1);
	spark_push(&spark, 0);
	spark_push(&spark, 1e6);

	spark_draw(&spark, &canvas, 0, 0, 3, 1, ROLE_BAR, 0);

	expect_screen("\u2581 \u2588\n");
}

static const struct histogram_bucket two[] = {
	{ 1000, 2000, 90 },
	{ 2000, 4000, 0 },
	{ 1000000, 2000000, 10 },
};

Test(meter, a_percentile_lies_in_its_bucket)
{
	struct histogram histogram = { .buckets = two, .count = 3, .max_ns = 1500000 };

	uint64_t p50 = histogram_percentile(&histogram, 0.5);
	uint64_t p99 = histogram_percentile(&histogram, 0.99);

	cr_expect(p50 > 1000 && p50 < 2000);
	cr_expect(p99 > 1000000 && p99 <= 1500000);
	cr_expect_eq(histogram_percentile(&histogram, 1.0), 1500000);
}

/* The list and the page of a lock once said two things of one lock. */
Test(meter, percentiles_given_are_those_shown)
{
	struct histogram histogram = {
		.buckets = two,
		.count = 3,
		.max_ns = 1500000,
		.has_percentiles = true,
		.percentiles_ns = { 1234, 1500000, 1500000 },
	};
	char *text;

	set_up(60, 6, false);

	histogram_draw(&histogram, &canvas, 0, 0, 60, 6);

	text = canvas_to_text(&canvas);
	cr_expect_not_null(strstr(text, "p50 1.2 "), "%s", text);
	cr_expect_not_null(strstr(text, "p99 1.5 ms"), "%s", text);
	free(text);
	canvas_fini(&canvas);
}

Test(meter, an_empty_histogram_has_no_percentiles_and_says_so)
{
	struct histogram histogram = { .buckets = NULL, .count = 0, .max_ns = 0 };

	set_up(40, 3, false);

	histogram_draw(&histogram, &canvas, 0, 0, 40, 3);

	cr_expect_eq(histogram_percentile(&histogram, 0.5), 0);
	expect_screen("\nnothing measured yet\n");
}

Test(meter, counts_that_overflow_do_not_wrap)
{
	struct histogram_bucket huge[] = {
		{ 1, 2, UINT64_MAX },
		{ 2, 4, UINT64_MAX },
	};
	struct histogram histogram = { .buckets = huge, .count = 2, .max_ns = 0 };

	cr_assert_eq(histogram_total(&histogram), UINT64_MAX);
}

/* No cell beside the box may change, whatever the box and the buckets. */
Test(meter, a_histogram_stays_in_its_box)
{
	struct histogram_bucket odd[] = {
		{ 0, 1, 1 },
		{ 5, 5, 7 },
		{ 9, 3, 2 },
		{ UINT64_MAX / 2, UINT64_MAX, UINT64_MAX },
	};
	struct histogram histogram = { .buckets = odd, .count = 4, .max_ns = UINT64_MAX };
	int width;
	int height;
	int i;

	set_up(64, 24, false);
	for (width = 0; width < 60; width += 7)
		for (height = 0; height < 20; height++) {
			for (i = 0; i < 64 * 24; i++)
				canvas.cells[i].code = 'x';

			histogram_draw(&histogram, &canvas, 2, 2, width, height);

			for (i = 0; i < 64 * 24; i++) {
				int x = i % 64 - 2;
				int y = i / 64 - 2;

				if (x < 0 || y < 0 || x >= width || y >= height)
					cr_assert_eq(canvas.cells[i].code, 'x', "%dx%d", width,
						     height);
			}
		}
	canvas_fini(&canvas);
}
