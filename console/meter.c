/* SPDX-License-Identifier: MIT */
/*
 * Bars, sparklines and histograms. The law of the file stands in meter.h.
 *
 * Heights and lengths are counted in eighths of a cell, which is what block
 * characters can show. Whatever is above zero gets one eighth at least: the
 * one slow poll in a million is the one people look for.
 */
#include "console/meter.h"

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "console/format.h"

#define WARM 0.60
#define HOT 0.85

/* Bars. */

static double clamp_fraction(double fraction)
{
	if (!(fraction > 0.0))
		return 0.0;
	return fraction < 1.0 ? fraction : 1.0;
}

static void draw_brackets(struct canvas *canvas, int x, int y, int width)
{
	canvas_fill(canvas, x, y, width, 1, ROLE_TEXT);
	canvas_put_text(canvas, x, y, 1, ROLE_STRONG, "[");
	canvas_put_text(canvas, x + width - 1, y, 1, ROLE_STRONG, "]");
}

/* Cells x up to x + eighths / 8, the last one in part. */
static void draw_filled(struct canvas *canvas, int x, int y, int eighths, enum role role)
{
	for (; eighths >= 8; eighths -= 8)
		canvas_put_glyph(canvas, x++, y, role, GLYPH_LEFT_8);
	if (eighths > 0)
		canvas_put_glyph(canvas, x, y, role, (enum glyph)(GLYPH_LEFT_1 + eighths - 1));
}

/* Text at the right end of a bar, if it leaves a cell of the bar. */
static void draw_bar_text(struct canvas *canvas, int x, int y, int width, const char *text)
{
	int used = text_width(text);

	if (used > 0 && used < width)
		canvas_put_text(canvas, x + width - used, y, used, ROLE_TEXT, text);
}

void meter_draw_bar(struct canvas *canvas, int x, int y, int width, double fraction,
		    const char *text)
{
	char percent[FORMAT_SIZE];
	enum role role = ROLE_BAR;
	int inner = width - 2;
	int eighths;

	if (inner < 1)
		return;
	fraction = clamp_fraction(fraction);
	if (fraction >= WARM)
		role = fraction < HOT ? ROLE_BAR_WARM : ROLE_BAR_HOT;
	eighths = (int)(fraction * inner * 8.0 + 0.5);
	if (eighths == 0 && fraction > 0.0)
		eighths = 1;
	/* An ASCII cell is there or not; a hair of it must not look full. */
	if (canvas->is_ascii && eighths > 8)
		eighths = (eighths + 4) / 8 * 8;
	draw_brackets(canvas, x, y, width);
	draw_filled(canvas, x + 1, y, eighths, role);
	draw_bar_text(canvas, x + 1, y, inner,
		      text ? text : format_percent(percent, sizeof(percent), fraction));
}

/* Without colours, shades tell the pieces apart; with them, they look calmer. */
static enum glyph piece_glyph(enum role role)
{
	switch (role) {
	case ROLE_SCHEDULED:
		return GLYPH_SHADE_DENSE;
	case ROLE_IDLE:
	case ROLE_DONE:
		return GLYPH_SHADE_LIGHT;
	default:
		return GLYPH_LEFT_8;
	}
}

void meter_draw_stack(struct canvas *canvas, int x, int y, int width, const struct bar_part *parts,
		      int count, double total, const char *text)
{
	int inner = width - 2;
	double sum = 0.0;
	int at = 0;
	int i;

	if (inner < 1)
		return;
	draw_brackets(canvas, x, y, width);
	for (i = 0; i < count && total > 0.0; i++) {
		int end;

		if (!(parts[i].value > 0.0))
			continue;
		sum += parts[i].value;
		end = (int)(clamp_fraction(sum / total) * inner + 0.5);
		if (end == at && at < inner)
			end = at + 1;
		for (; at < end; at++)
			canvas_put_glyph(canvas, x + 1 + at, y, parts[i].role,
					 piece_glyph(parts[i].role));
	}
	draw_bar_text(canvas, x + 1, y, inner, text ? text : "");
}

/* Columns, which sparklines and histograms are made of. */

/* share of height lines, upwards from the line bottom. */
static void draw_column(struct canvas *canvas, int x, int bottom, int height, double share,
			enum role role)
{
	int eighths = (int)(clamp_fraction(share) * height * 8.0 + 0.5);

	if (eighths == 0 && share > 0.0)
		eighths = 1;
	for (; eighths > 0; eighths -= 8, bottom--) {
		int part = eighths < 8 ? eighths : 8;

		canvas_put_glyph(canvas, x, bottom, role, (enum glyph)(GLYPH_BAR_1 + part - 1));
	}
}

/* Sparklines. */

void spark_push(struct spark *spark, double value)
{
	spark->values[spark->next] = value > 0.0 ? (float)value : 0.0f;
	spark->next = (spark->next + 1) % SPARK_SIZE;
	if (spark->count < SPARK_SIZE)
		spark->count++;
}

double spark_value(const struct spark *spark, int back)
{
	if (back < 0 || back >= spark->count)
		return 0.0;
	return (double)spark->values[(spark->next - 1 - back + SPARK_SIZE) % SPARK_SIZE];
}

void spark_draw(const struct spark *spark, struct canvas *canvas, int x, int y, int width,
		int height, enum role role, double top)
{
	int i;

	if (width < 1 || height < 1)
		return;
	canvas_fill(canvas, x, y, width, height, ROLE_TEXT);
	if (!(top > 0.0)) {
		top = 0.0;
		for (i = 0; i < width && i < spark->count; i++)
			top = fmax(top, spark_value(spark, i));
	}
	for (i = 0; i < width && i < spark->count && top > 0.0; i++)
		draw_column(canvas, x + width - 1 - i, y + height - 1, height,
			    spark_value(spark, i) / top, role);
}

/* Histograms: numbers. */

uint64_t histogram_total(const struct histogram *histogram)
{
	uint64_t total = 0;
	size_t i;

	for (i = 0; i < histogram->count; i++)
		if (__builtin_add_overflow(total, histogram->buckets[i].count, &total))
			return UINT64_MAX;
	return total;
}

/* A point inside of a bucket; by logarithms, as buckets are laid out. */
static double inside(const struct histogram_bucket *bucket, double share)
{
	double low = (double)bucket->low_ns;
	double high = (double)bucket->high_ns;

	if (high <= low)
		return low;
	if (low < 1.0)
		return low + (high - low) * share;
	return low * pow(high / low, share);
}

static uint64_t longest(const struct histogram *histogram)
{
	size_t i = histogram->count;

	if (histogram->max_ns > 0)
		return histogram->max_ns;
	while (i-- > 0)
		if (histogram->buckets[i].count > 0)
			return histogram->buckets[i].high_ns;
	return 0;
}

uint64_t histogram_percentile(const struct histogram *histogram, double share)
{
	double wanted = clamp_fraction(share) * (double)histogram_total(histogram);
	double max = (double)longest(histogram);
	double sum = 0.0;
	size_t i;

	for (i = 0; i < histogram->count; i++) {
		const struct histogram_bucket *bucket = &histogram->buckets[i];
		double count = (double)bucket->count;
		double value;

		if (bucket->count == 0)
			continue;
		if (sum + count >= wanted) {
			value = inside(bucket, (wanted - sum) / count);
			value = value < max ? value : max;
			return value < 1.8e19 ? (uint64_t)value : UINT64_MAX;
		}
		sum += count;
	}
	return longest(histogram);
}

/* Histograms: the picture. */

#define PLOT_COLUMNS 512

/* Where a plot is, and which part of the logarithmic axis it shows. */
struct plot {
	struct canvas *canvas;
	int x;
	int y;
	int width;
	int height;  /* of the bars */
	double low;  /* log10 of ns at the left edge */
	double high; /* and at the right edge */
	double columns[PLOT_COLUMNS];
};

#define MARKS 4

struct mark {
	const char *name;
	uint64_t ns;
	int column;
};

static double log_ns(uint64_t ns)
{
	return ns > 0 ? log10((double)ns) : 0.0;
}

/* The next 1, 2 or 5 times a power of ten below (or above) a logarithm. */
static double round_log(double value, bool is_up)
{
	static const double steps[] = { 0.0, 0.30103, 0.69897, 1.0 };
	double decade = floor(value);
	double rest = value - decade;
	int i;

	if (is_up) {
		for (i = 0; i < 3 && steps[i] < rest - 1e-4; i++)
			;
	} else {
		for (i = 3; i > 0 && steps[i] > rest + 1e-4; i--)
			;
	}
	return decade + steps[i];
}

/* At least a decade, so that one bucket does not fill the picture. */
static void choose_range(struct plot *plot, const struct histogram *histogram)
{
	size_t first = 0;

	while (first < histogram->count && histogram->buckets[first].count == 0)
		first++;
	plot->low = round_log(log_ns(histogram->buckets[first].low_ns), false);
	plot->high = round_log(log_ns(longest(histogram)), true);
	while (plot->high - plot->low < 1.0) {
		plot->high = round_log(plot->high + 0.01, true);
		if (plot->low > 0.0 && plot->high - plot->low < 1.0)
			plot->low = round_log(plot->low - 0.01, false);
	}
}

static double position(const struct plot *plot, double log)
{
	return (log - plot->low) / (plot->high - plot->low) * plot->width;
}

static int column_of(const struct plot *plot, double log)
{
	double at = position(plot, log);

	if (at < 0.0)
		return 0;
	return at < plot->width ? (int)at : plot->width - 1;
}

/* Spreads a bucket over the columns it covers, by their share of it. */
static void add_bucket(struct plot *plot, const struct histogram_bucket *bucket)
{
	double left = position(plot, log_ns(bucket->low_ns));
	double right = position(plot, log_ns(bucket->high_ns));
	int first = column_of(plot, log_ns(bucket->low_ns));
	int last = column_of(plot, log_ns(bucket->high_ns));
	int i;

	if (right - left < 1e-6 || first == last) {
		plot->columns[first] += (double)bucket->count;
		return;
	}
	for (i = first; i <= last; i++) {
		double from = fmax(left, i);
		double to = fmin(right, i + 1);

		if (to > from)
			plot->columns[i] += (double)bucket->count * (to - from) / (right - left);
	}
}

static void fill_columns(struct plot *plot, const struct histogram *histogram)
{
	size_t i;

	memset(plot->columns, 0, sizeof(plot->columns));
	for (i = 0; i < histogram->count; i++)
		if (histogram->buckets[i].count > 0)
			add_bucket(plot, &histogram->buckets[i]);
}

static void find_marks(struct mark *marks, const struct plot *plot,
		       const struct histogram *histogram)
{
	static const double shares[MARKS - 1] = { 0.50, 0.90, 0.99 };
	static const char *const mark_names[MARKS] = {
		"p50",
		"p90",
		"p99",
		"max",
	};
	int i;

	for (i = 0; i < MARKS; i++) {
		marks[i].name = mark_names[i];
		if (i == MARKS - 1)
			marks[i].ns = longest(histogram);
		else if (histogram->has_percentiles)
			marks[i].ns = histogram->percentiles_ns[i];
		else
			marks[i].ns = histogram_percentile(histogram, shares[i]);
		marks[i].column = column_of(plot, log_ns(marks[i].ns));
	}
}

static void draw_bars(const struct plot *plot, const struct mark *marks)
{
	double top = 0.0;
	int i;

	for (i = 0; i < plot->width; i++)
		top = fmax(top, plot->columns[i]);
	for (i = 0; i < plot->width && top > 0.0; i++) {
		enum role role = ROLE_BAR;

		if (i > marks[1].column)
			role = i > marks[2].column ? ROLE_BAR_HOT : ROLE_BAR_WARM;
		draw_column(plot->canvas, plot->x + i, plot->y + plot->height - 1, plot->height,
			    plot->columns[i] / top, role);
	}
}

/* Names above the plot, with a guide down to the axis where it is free. */
static void draw_guides(const struct plot *plot, const struct mark *marks)
{
	int free_from = 0;
	int i;

	for (i = 0; i < MARKS; i++) {
		int column = marks[i].column;
		int at = column - 1;
		int y;

		for (y = plot->y; y < plot->y + plot->height; y++) {
			const struct cell *cell = canvas_cell(plot->canvas, plot->x + column, y);

			if (cell && cell->code == ' ')
				canvas_put_glyph(plot->canvas, plot->x + column, y, ROLE_AXIS,
						 GLYPH_VLINE_THIN);
		}
		at = at < 0 ? 0 : at;
		at = at > plot->width - 3 ? plot->width - 3 : at;
		if (at < free_from)
			continue;
		canvas_put_text(plot->canvas, plot->x + at, plot->y - 1, 3, ROLE_DIM,
				marks[i].name);
		free_from = at + 4;
	}
}

static void axis_label(char *buf, size_t size, int decade, int factor)
{
	static const char *const units[] = { "ns", "\u00b5s", "ms", "s" };
	int unit = decade / 3 < 3 ? decade / 3 : 3;
	double number = factor * pow(10.0, decade - 3 * unit);

	snprintf(buf, size, "%.0f%s", number, units[unit]);
}

/* A tick, and its label if there is room for it. Returns its right end. */
static int draw_tick(const struct plot *plot, int decade, int factor, int free_from,
		     bool has_labels)
{
	double log = decade + log10(factor);
	int y = plot->y + plot->height;
	char label[FORMAT_SIZE];
	int column;
	int width;
	int at;

	if (log < plot->low - 1e-3 || log > plot->high + 1e-3)
		return free_from;
	column = column_of(plot, log + 1e-6);
	canvas_put_glyph(plot->canvas, plot->x + column, y, ROLE_AXIS, GLYPH_TICK);
	axis_label(label, sizeof(label), decade, factor);
	width = text_width(label);
	at = column - width / 2;
	at = at < 0 ? 0 : at;
	at = at + width > plot->width ? plot->width - width : at;
	if (!has_labels || at < free_from)
		return free_from;
	canvas_put_text(plot->canvas, plot->x + at, y + 1, width, ROLE_DIM, label);
	return at + width + 1;
}

static void draw_axis(const struct plot *plot, const struct mark *marks, bool has_labels)
{
	int y = plot->y + plot->height;
	/* Between two decades only, 2 and 5 make the scale readable. */
	bool is_fine = plot->high - plot->low < 2.5 && plot->width >= 30;
	int free_from = 0;
	int decade;
	int i;

	canvas_hline(plot->canvas, plot->x, y, plot->width, ROLE_AXIS);
	for (decade = (int)floor(plot->low); decade <= plot->high; decade++) {
		static const int factors[] = { 1, 2, 5 };

		for (i = 0; i < (is_fine ? 3 : 1); i++)
			free_from = draw_tick(plot, decade, factors[i], free_from, has_labels);
	}
	for (i = 0; i < MARKS; i++)
		canvas_put_glyph(plot->canvas, plot->x + marks[i].column, y, ROLE_STRONG,
				 GLYPH_MARK);
}

/* Columns of "p50 12.3 us" and of the gap behind it. */
static int mark_width(const struct mark *mark)
{
	char buf[FORMAT_SIZE];

	return text_width(mark->name) + 3 +
	       text_width(format_duration(buf, sizeof(buf), mark->ns, 0));
}

/* The values, least wanted left out first: the count, then p90. */
static void draw_legend(const struct plot *plot, const struct mark *marks, uint64_t total, int y)
{
	char buf[FORMAT_SIZE];
	int right = plot->x + plot->width;
	int needed = -2;
	int x = plot->x;
	int i;

	for (i = 0; i < MARKS; i++)
		needed += mark_width(&marks[i]);
	for (i = 0; i < MARKS; i++) {
		if (i == 1 && needed > plot->width)
			continue;
		if (x + mark_width(&marks[i]) - 2 > right)
			continue;
		x += canvas_put_text(plot->canvas, x, y, -1, ROLE_DIM, marks[i].name) + 1;
		x += canvas_put_text(plot->canvas, x, y, -1, format_duration_role(marks[i].ns),
				     format_duration(buf, sizeof(buf), marks[i].ns, 0)) +
		     2;
	}
	format_count(buf, sizeof(buf), total);
	if (x + 2 + text_width(buf) <= right) {
		x += canvas_put_text(plot->canvas, x, y, -1, ROLE_DIM, "n ");
		canvas_put_text(plot->canvas, x, y, -1, ROLE_NUMBER, buf);
	}
}

void histogram_draw(const struct histogram *histogram, struct canvas *canvas, int x, int y,
		    int width, int height)
{
	uint64_t total = histogram_total(histogram);
	int lines_below = height < 3 ? 0 : height < 4 ? 1 : height < 5 ? 2 : 3;
	int lines_above = height < 8 ? 0 : 1;
	struct plot plot = {
		.canvas = canvas,
		.x = x,
		.y = y + lines_above,
		.width = width < PLOT_COLUMNS ? width : PLOT_COLUMNS,
		.height = height - lines_above - lines_below,
	};
	struct mark marks[MARKS];

	if (width < 1 || height < 1)
		return;
	canvas_fill(canvas, x, y, width, height, ROLE_TEXT);
	if (total == 0) {
		canvas_put_clipped(canvas, x, y + height / 2, width, ROLE_DIM,
				   "nothing measured yet");
		return;
	}
	choose_range(&plot, histogram);
	fill_columns(&plot, histogram);
	find_marks(marks, &plot, histogram);
	draw_bars(&plot, marks);
	if (lines_above > 0 && width >= 12)
		draw_guides(&plot, marks);
	if (lines_below >= 2)
		draw_axis(&plot, marks, lines_below >= 3);
	if (lines_below >= 1)
		draw_legend(&plot, marks, total, y + height - 1);
}
