/* SPDX-License-Identifier: MIT */
/*
 * Meters: numbers as pictures. A busy bar, a sparkline of what was, and a
 * histogram of durations on a logarithmic axis.
 *
 * The law of the file: no allocation and no clock. A meter draws what it is
 * given, in any size it is given, and never outside of it.
 */
#ifndef CONSOLE_METER_H
#define CONSOLE_METER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "console/canvas.h"

/*
 * "[||||||   62%]": width columns in all, brackets included. fraction is 0 to
 * 1 and is clamped; not a number counts as 0. text stands at the right end
 * inside; NULL shows the percentage. The bar is ROLE_BAR, warm from 60 %,
 * hot from 85 %.
 */
void meter_draw_bar(struct canvas *canvas, int x, int y, int width, double fraction,
		    const char *text);

/* One piece of a stacked bar: tasks by state. */
struct bar_part {
	double value; /* in the unit of total */
	enum role role;
};

/* The same with several pieces from left to right; NULL text shows none. */
void meter_draw_stack(struct canvas *canvas, int x, int y, int width, const struct bar_part *parts,
		      int count, double total, const char *text);

#define SPARK_SIZE 240

/* The last values of something, oldest forgotten first; all zero is empty. */
struct spark {
	float values[SPARK_SIZE];
	int next;
	int count;
};

void spark_push(struct spark *spark, double value);

/* The value pushed back times ago, 0 the last; 0.0 when there is none. */
double spark_value(const struct spark *spark, int back);

/*
 * Draws the last values, the newest at the right end, height lines tall.
 * top is the value of a full column; 0 takes the biggest one drawn. A value
 * above 0 always shows.
 */
void spark_draw(const struct spark *spark, struct canvas *canvas, int x, int y, int width,
		int height, enum role role, double top);

/* Values from low_ns up to, and without, high_ns. */
struct histogram_bucket {
	uint64_t low_ns;
	uint64_t high_ns;
	uint64_t count;
};

/* Buckets in rising order, gaps allowed, empty buckets allowed. */
struct histogram {
	const struct histogram_bucket *buckets;
	size_t count;
	uint64_t max_ns; /* the longest seen; 0: take the last bucket's end */

	/* p50, p90, p99 as other places say them; without: histogram_percentile's. */
	bool has_percentiles;
	uint64_t percentiles_ns[3];
};

uint64_t histogram_total(const struct histogram *histogram);

/*
 * The duration that a share (0 to 1) of the values does not exceed, between
 * a bucket's bounds by its logarithm, never above max_ns. 0 when empty.
 */
uint64_t histogram_percentile(const struct histogram *histogram, double share);

/*
 * Draws a histogram in a box: bars, an axis with decades and their labels,
 * p50, p90, p99 and max on the axis, and their values with the count in the
 * last line. Reads well from 40x6 on; smaller boxes lose the labels first.
 */
void histogram_draw(const struct histogram *histogram, struct canvas *canvas, int x, int y,
		    int width, int height);

#endif
