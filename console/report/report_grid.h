/* SPDX-License-Identifier: MIT */
/*
 * The tables of a report, as cells of text: said once, for the printers that show
 * tables. Cells are as hostile as the names in them.
 */
#ifndef CONSOLE_REPORT_GRID_H
#define CONSOLE_REPORT_GRID_H

#include "console/report/report.h"

enum grid_kind {
	GRID_POLLS,
	GRID_BLOCKED,
	GRID_EXECUTORS,
	GRID_WORKERS,
	GRID_SITES,
	GRID_SITES_RUNNABLE,
	GRID_SITES_WAIT,
	GRID_TASKS,
	GRID_TASKS_RUNNABLE,
	GRID_TASKS_WAIT,
	GRID_LOCKS,
	GRID_WAITS,
	GRID_WAITS_OTHER,
	GRID_SPANS,
	GRID_OPS,
	GRID_PATH_WHO,
	GRID_PATH,
	GRID_KINDS
};

struct grid_column {
	const char *title;
	bool is_right;
	const char *help; /* what it says, in a few words */
};

struct grid {
	enum grid_kind kind;
	const char *title;
	const char *help;
	const struct grid_column *columns;
	size_t column_count;
	char **cells;
	size_t count, room; /* of cells */
	size_t more;        /* rows that are not shown */
	bool has_no_memory;
};

/* Fills it. Returns false when there is nothing to show. To be freed in either case. */
bool grid_make(const struct report_process *process, enum grid_kind kind, struct grid *ret_grid);
void grid_free(struct grid *grid);

size_t grid_rows(const struct grid *grid);
const char *grid_cell(const struct grid *grid, size_t row, size_t column);

/* Whether no row has anything there: printers leave it out. */
bool grid_is_empty(const struct grid *grid, size_t column);

/* ---- report_grid.c, for those who fill ---- */

void grid_begin(struct grid *grid, const char *title, const char *help,
		const struct grid_column *columns, size_t count);
#define GRID_BEGIN(grid, title, help, columns)                                                     \
	grid_begin((grid), (title), (help), (columns), sizeof(columns) / sizeof((columns)[0]))

void grid_text(struct grid *grid, const char *format, ...) __attribute__((format(printf, 2, 3)));
void grid_time(struct grid *grid, uint64_t ns);     /* "" for 0 */
void grid_count(struct grid *grid, uint64_t count); /* "" for 0 */
void grid_share(struct grid *grid, uint64_t part, uint64_t whole);
void grid_percentile(struct grid *grid, const struct vigil_hist *hist, double share);

/* ---- report_grids_*.c ---- */

void grid_polls(const struct report_process *process, struct grid *grid);
void grid_blocked(const struct report_process *process, struct grid *grid);
void grid_executors(const struct report_process *process, struct grid *grid);
void grid_workers(const struct report_process *process, struct grid *grid);
void grid_sites(const struct report_process *process, struct grid *grid, enum report_order order);
void grid_tasks(const struct report_process *process, struct grid *grid, enum report_order order);
void grid_locks(const struct report_process *process, struct grid *grid);
void grid_waits(const struct report_process *process, struct grid *grid, bool holds_up);
void grid_spans(const struct report_process *process, struct grid *grid);
void grid_ops(const struct report_process *process, struct grid *grid);
void grid_path(const struct report_process *process, struct grid *grid);
void grid_path_who(const struct report_process *process, struct grid *grid);

#endif
