/* SPDX-License-Identifier: MIT */
/* Bins of time. Their law is in report_bins.h. */
#include "console/report/report_bins.h"

#include <stdlib.h>

#define WIDTH_FIRST (UINT64_C(1) << 14) /* 16 us: the first 10 ms are not made coarser */
#define WIDTH_LAST (UINT64_C(1) << 53)  /* a time beyond is nonsense, and in the last bin */

void bins_init(struct bins *bins, uint64_t origin_ns)
{
	*bins = (struct bins){ .origin_ns = origin_ns, .width_ns = WIDTH_FIRST };
}

void bins_fini(struct bins *bins)
{
	while (bins->all) {
		struct series *next = bins->all->next;

		free(bins->all);
		bins->all = next;
	}
}

struct series *bins_series(struct bins *bins, bool is_peak)
{
	struct series *series = calloc(1, sizeof(*series));

	if (!series)
		return NULL;
	series->is_peak = is_peak;
	series->next = bins->all;
	bins->all = series;
	return series;
}

static uint64_t larger(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

static void series_fold(struct series *series)
{
	for (size_t i = 0; i < BINS; i++) {
		uint64_t a = i < BINS / 2 ? series->values[2 * i] : 0;
		uint64_t b = i < BINS / 2 ? series->values[2 * i + 1] : 0;

		series->values[i] = series->is_peak ? larger(a, b) : a + b;
	}
}

/* ns since the origin, for which there is a bin. */
static uint64_t place(struct bins *bins, uint64_t ns)
{
	uint64_t at = ns > bins->origin_ns ? ns - bins->origin_ns : 0;

	while (at >= bins->width_ns * BINS && bins->width_ns < WIDTH_LAST) {
		for (struct series *series = bins->all; series; series = series->next)
			series_fold(series);
		bins->width_ns *= 2;
	}
	return at < bins->width_ns * BINS ? at : bins->width_ns * BINS - 1;
}

void bins_add(struct bins *bins, struct series *series, uint64_t begin_ns, uint64_t end_ns,
	      uint64_t weight)
{
	uint64_t end = place(bins, end_ns);
	uint64_t begin = place(bins, begin_ns);

	while (series && begin < end) {
		uint64_t limit = (begin / bins->width_ns + 1) * bins->width_ns;
		uint64_t until = limit < end ? limit : end;

		series->values[begin / bins->width_ns] += (until - begin) * weight;
		begin = until;
	}
}

void bins_raise(struct bins *bins, struct series *series, uint64_t begin_ns, uint64_t end_ns,
		uint64_t value)
{
	uint64_t end = place(bins, end_ns) / bins->width_ns;
	uint64_t begin = place(bins, begin_ns) / bins->width_ns;

	for (; series && begin <= end; begin++)
		series->values[begin] = larger(series->values[begin], value);
}

size_t bins_count(const struct bins *bins, uint64_t end_ns)
{
	uint64_t length = end_ns > bins->origin_ns ? end_ns - bins->origin_ns : 0;
	uint64_t count = length / bins->width_ns + (length % bins->width_ns != 0);

	return count > BINS ? BINS : count ? (size_t)count : 1;
}

void level_settle(struct level *level, struct bins *bins, uint64_t ns)
{
	if (ns <= level->since_ns)
		return;
	level->max = larger(level->max, level->now);
	if (level->now) {
		level->area += level->now * (ns - level->since_ns);
		bins_add(bins, level->areas, level->since_ns, ns, level->now);
		bins_raise(bins, level->peaks, level->since_ns, ns - 1, level->now);
	}
	level->since_ns = ns;
}

void level_change(struct level *level, struct bins *bins, uint64_t ns, int by)
{
	level_settle(level, bins, ns);
	if (by > 0)
		level->now++;
	else if (level->now)
		level->now--;
}
