/* SPDX-License-Identifier: MIT */
/*
 * Time cut into bins, for pictures: as many as a picture has room for, and twice as
 * wide each time the trace outgrows them. So they need no more memory for a day than
 * for a second.
 */
#ifndef CONSOLE_REPORT_BINS_H
#define CONSOLE_REPORT_BINS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define BINS 600

/* One number in each bin: a sum, or the largest seen. */
struct series {
	struct series *next;
	bool is_peak;
	uint64_t values[BINS];
};

struct bins {
	uint64_t origin_ns; /* times before it count as it */
	uint64_t width_ns;
	struct series *all; /* grow wider together */
};

void bins_init(struct bins *bins, uint64_t origin_ns);
void bins_fini(struct bins *bins);

/* Belongs to the bins. NULL without memory. */
struct series *bins_series(struct bins *bins, bool is_peak);

/* Adds weight for each ns of [begin, end), in the bins that those lie in. series may be NULL. */
void bins_add(struct bins *bins, struct series *series, uint64_t begin_ns, uint64_t end_ns,
	      uint64_t weight);

/* The value stood all of [begin, end). */
void bins_raise(struct bins *bins, struct series *series, uint64_t begin_ns, uint64_t end_ns,
		uint64_t value);

/* Bins up to the one that end lies in. */
size_t bins_count(const struct bins *bins, uint64_t end_ns);

/* A number that is watched over time, such as how many tasks are runnable. */
struct level {
	uint64_t now;
	uint64_t since_ns;
	uint64_t max;  /* that lasted for any time */
	uint64_t area; /* number times ns */
	struct series *areas, *peaks;
};

/* Up to ns it was what it is. Times that go back are no time. */
void level_settle(struct level *level, struct bins *bins, uint64_t ns);

/* From ns on it is one more or less. */
void level_change(struct level *level, struct bins *bins, uint64_t ns, int by);

#endif
