/* SPDX-License-Identifier: MIT */
/* Slices into columns. Its law is in timeline.h. */
#include "console/timeline.h"

#include <string.h>

int timeline_column(const struct timeline_window *window, uint64_t ns)
{
	double width = (double)(window->end_ns - window->begin_ns) / window->columns;

	if (ns < window->begin_ns)
		return -1;
	if (ns >= window->end_ns)
		return window->columns;
	return (int)((double)(ns - window->begin_ns) / width);
}

uint64_t timeline_ns(const struct timeline_window *window, int column)
{
	double width = (double)(window->end_ns - window->begin_ns) / window->columns;

	return window->begin_ns + (uint64_t)(width * (double)column);
}

static uint64_t length_of(const struct history_slice *slice)
{
	return slice->end_ns - slice->begin_ns;
}

static void cell_add(struct timeline_cell *cell, const struct history_slice *slice, double share,
		     bool is_open)
{
	switch (slice->kind) {
	case HISTORY_POLL:
		cell->busy += share;
		cell->polls++;
		break;
	case HISTORY_WAIT:
		cell->waiting += share;
		break;
	default:
		cell->parked += share;
		break;
	}
	if (slice->kind == HISTORY_WAIT && length_of(slice) >= length_of(&cell->wait)) {
		cell->wait = *slice;
		cell->is_wait_open = is_open;
	}
	/* A poll says more than the park beside it, however short it is. */
	if (!cell->slice.end_ns ||
	    (cell->slice.kind == HISTORY_PARK && slice->kind != HISTORY_PARK) ||
	    ((slice->kind == HISTORY_PARK) == (cell->slice.kind == HISTORY_PARK) &&
	     length_of(slice) > length_of(&cell->slice))) {
		cell->slice = *slice;
		cell->is_open = is_open;
	}
}

bool timeline_cell_waits(const struct timeline_cell *cell)
{
	return cell->waiting > cell->busy / 2 && cell->waiting > 0.05;
}

static void slice_add(const struct timeline_window *window, const struct history_slice *slice,
		      bool is_open, struct timeline_cell *cells)
{
	double width = (double)(window->end_ns - window->begin_ns) / window->columns;
	uint64_t begin = slice->begin_ns > window->begin_ns ? slice->begin_ns : window->begin_ns;
	uint64_t end = slice->end_ns < window->end_ns ? slice->end_ns : window->end_ns;
	int first, last;

	if (begin >= window->end_ns || end < begin || slice->end_ns < window->begin_ns)
		return;
	first = timeline_column(window, begin);
	last = end > begin ? timeline_column(window, end - 1) : first;
	for (int i = first; i <= last && i < window->columns; i++) {
		double from = (double)(begin - window->begin_ns) - i * width;
		double to = (double)(end - window->begin_ns) - i * width;

		from = from < 0 ? 0 : from;
		to = to > width ? width : to;
		cell_add(&cells[i], slice, to > from ? (to - from) / width : 0, is_open);
	}
}

/* What the thread does now has no end yet. */
static void open_add(const struct model *model, uint32_t index,
		     const struct timeline_window *window, struct timeline_cell *cells)
{
	const struct vigil_worker_record *worker = VIGIL_AT(model->reader, worker, index);
	const struct vigil_task_record *task;
	struct history_slice slice = { .end_ns = model->now };

	if (!worker || worker->life != VIGIL_LIFE_LIVE)
		return;
	if (worker->park_begin_ns && worker->park_begin_ns <= model->now) {
		slice.kind = HISTORY_PARK;
		slice.begin_ns = worker->park_begin_ns;
		slice_add(window, &slice, true, cells);
	}
	if (worker->poll_begin_ns && worker->poll_begin_ns <= model->now) {
		task = VIGIL_FIND(model->reader, task, worker->task);
		slice.kind = HISTORY_POLL;
		slice.begin_ns = worker->poll_begin_ns;
		slice.task = worker->task;
		slice.site = task ? task->site : 0;
		slice_add(window, &slice, true, cells);
	}
	if (worker->wait_kind && worker->wait_since_ns <= model->now) {
		slice.kind = HISTORY_WAIT;
		slice.begin_ns = worker->wait_since_ns;
		slice.task = worker->task;
		slice.object = worker->wait_object;
		slice.site = worker->wait_site;
		slice.wait_kind = (uint16_t)worker->wait_kind;
		slice_add(window, &slice, true, cells);
	}
}

static void known_mark(const struct history *history, const struct model *model,
		       const struct timeline_window *window, struct timeline_cell *cells)
{
	uint64_t since = history ? history_since(history) : 0;

	if (since < model->process->created_ns)
		since = model->process->created_ns;
	for (int i = 0; i < window->columns; i++)
		cells[i].is_known =
			timeline_ns(window, i + 1) > since && timeline_ns(window, i) <= model->now;
}

void timeline_cells(const struct history *history, const struct model *model, uint32_t worker,
		    const struct timeline_window *window, struct timeline_cell *ret_cells)
{
	size_t count = history ? history_count(history, worker) : 0;
	size_t at = count ? history_after(history, worker, window->begin_ns) : 0;

	memset(ret_cells, 0, (size_t)window->columns * sizeof(*ret_cells));
	for (; at < count; at++)
		slice_add(window, history_at(history, worker, at), false, ret_cells);
	open_add(model, worker, window, ret_cells);
	known_mark(history, model, window, ret_cells);
}

bool timeline_step(const struct history *history, uint32_t worker, uint64_t ns, bool is_back,
		   uint64_t *ret_ns)
{
	size_t count = history ? history_count(history, worker) : 0;
	bool is_found = false;

	for (size_t i = 0; i < count; i++) {
		uint64_t begin = history_at(history, worker, i)->begin_ns;

		if (is_back ? begin >= ns || (is_found && begin <= *ret_ns) :
			      begin <= ns || (is_found && begin >= *ret_ns))
			continue;
		*ret_ns = begin;
		is_found = true;
	}
	return is_found;
}

uint64_t timeline_nice(uint64_t least)
{
	static const uint64_t ladder[] = { 1, 2, 5 };

	for (uint64_t decade = 1; decade < UINT64_MAX / 50; decade *= 10)
		for (int i = 0; i < 3; i++)
			if (decade * ladder[i] >= least)
				return decade * ladder[i];
	return least;
}
