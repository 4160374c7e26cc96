/* SPDX-License-Identifier: MIT */
/* Tables as cells of text: how they are filled and read. What is in them: report_grids_*.c */
#include "console/report/report_grid.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "console/format.h"

#define CELL_SIZE 512

void grid_begin(struct grid *grid, const char *title, const char *help,
		const struct grid_column *columns, size_t count)
{
	grid->title = title;
	grid->help = help;
	grid->columns = columns;
	grid->column_count = count;
}

static void cell_put(struct grid *grid, const char *words)
{
	char *copy = strdup(words);

	if (copy && grid->count == grid->room) {
		size_t room = grid->room ? 2 * grid->room : 64;
		char **cells = realloc(grid->cells, room * sizeof(*cells));

		if (cells) {
			grid->cells = cells;
			grid->room = room;
		}
	}
	if (!copy || grid->count == grid->room) {
		grid->has_no_memory = true;
		free(copy);
		return;
	}
	grid->cells[grid->count++] = copy;
}

void grid_text(struct grid *grid, const char *format, ...)
{
	char words[CELL_SIZE];
	va_list args;

	va_start(args, format);
	vsnprintf(words, sizeof(words), format, args);
	va_end(args);
	cell_put(grid, words);
}

void grid_time(struct grid *grid, uint64_t ns)
{
	char words[FORMAT_SIZE];

	cell_put(grid, ns ? format_duration(words, sizeof(words), ns, 0) : "");
}

void grid_count(struct grid *grid, uint64_t count)
{
	char words[FORMAT_SIZE];

	cell_put(grid, count ? format_count(words, sizeof(words), count) : "");
}

void grid_share(struct grid *grid, uint64_t part, uint64_t whole)
{
	char words[FORMAT_SIZE];
	double share = whole ? (double)part / (double)whole : 0;

	cell_put(grid, format_percent(words, sizeof(words), share > 1 ? 1 : share));
}

void grid_percentile(struct grid *grid, const struct vigil_hist *hist, double share)
{
	grid_time(grid, hist ? vigil_hist_percentile(hist, share) : 0);
}

size_t grid_rows(const struct grid *grid)
{
	return grid->column_count ? grid->count / grid->column_count : 0;
}

const char *grid_cell(const struct grid *grid, size_t row, size_t column)
{
	return grid->cells[row * grid->column_count + column];
}

bool grid_is_empty(const struct grid *grid, size_t column)
{
	for (size_t row = 0; row < grid_rows(grid); row++)
		if (grid_cell(grid, row, column)[0])
			return false;
	return true;
}

bool grid_make(const struct report_process *process, enum grid_kind kind, struct grid *ret_grid)
{
	*ret_grid = (struct grid){ .kind = kind };
	switch (kind) {
	case GRID_POLLS:
		grid_polls(process, ret_grid);
		break;
	case GRID_BLOCKED:
		grid_blocked(process, ret_grid);
		break;
	case GRID_EXECUTORS:
		grid_executors(process, ret_grid);
		break;
	case GRID_WORKERS:
		grid_workers(process, ret_grid);
		break;
	case GRID_SITES:
	case GRID_SITES_RUNNABLE:
	case GRID_SITES_WAIT:
		grid_sites(process, ret_grid, (enum report_order)(kind - GRID_SITES));
		break;
	case GRID_TASKS:
	case GRID_TASKS_RUNNABLE:
	case GRID_TASKS_WAIT:
		grid_tasks(process, ret_grid, (enum report_order)(kind - GRID_TASKS));
		break;
	case GRID_LOCKS:
		grid_locks(process, ret_grid);
		break;
	case GRID_WAITS:
	case GRID_WAITS_OTHER:
		grid_waits(process, ret_grid, kind == GRID_WAITS);
		break;
	case GRID_SPANS:
		grid_spans(process, ret_grid);
		break;
	case GRID_OPS:
		grid_ops(process, ret_grid);
		break;
	case GRID_PATH_WHO:
		grid_path_who(process, ret_grid);
		break;
	default:
		grid_path(process, ret_grid);
		break;
	}
	return grid_rows(ret_grid) > 0;
}

void grid_free(struct grid *grid)
{
	for (size_t i = 0; i < grid->count; i++)
		free(grid->cells[i]);
	free(grid->cells);
	*grid = (struct grid){ 0 };
}
