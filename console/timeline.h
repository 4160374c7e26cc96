/* SPDX-License-Identifier: MIT */
/*
 * A timeline's picture of one thread: a window of time cut into columns, and what the
 * thread did in each.
 *
 * The law of the file: it knows a history and a model, and nothing of how either is
 * drawn. Any window is legal; what is outside of what is known is told as such.
 */
#ifndef CONSOLE_TIMELINE_H
#define CONSOLE_TIMELINE_H

#include "console/history.h"

struct timeline_window {
	uint64_t begin_ns, end_ns; /* begin < end */
	int columns;
};

/* What a thread did in one column. The shares are of the column's time. */
struct timeline_cell {
	double busy, parked, waiting;
	uint32_t polls;             /* that ran in it */
	struct history_slice slice; /* the longest of all in it; end_ns 0: none */
	bool is_open;               /* that slice has not ended */
	struct history_slice wait;  /* the longest wait in it, be it in a poll; end_ns 0: none */
	bool is_wait_open;
	bool is_known; /* false: before what is remembered, or yet to come */
};

/* Whether it shows the thread waiting, whatever else it did there. */
bool timeline_cell_waits(const struct timeline_cell *cell);

/* Fills in window->columns cells for the thread of a worker's index. */
void timeline_cells(const struct history *history, const struct model *model, uint32_t worker,
		    const struct timeline_window *window, struct timeline_cell *ret_cells);

/* The column of a time; -1 before the window, window->columns after it. */
int timeline_column(const struct timeline_window *window, uint64_t ns);

/* The time at which a column begins. */
uint64_t timeline_ns(const struct timeline_window *window, int column);

/* The next slice of a thread that begins after ns, or the last that begins before it. */
bool timeline_step(const struct history *history, uint32_t worker, uint64_t ns, bool is_back,
		   uint64_t *ret_ns);

/* 1, 2 or 5 times a power of ten, at least so large. */
uint64_t timeline_nice(uint64_t least);

#endif
