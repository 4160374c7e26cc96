/* SPDX-License-Identifier: MIT */
/* The timeline's ruler and its rows: bars, names, and the arrow of a wake. */
#include "console/format.h"
#include "console/names.h"
#include "console/timeline_view.h"

#include <stdio.h>

#define RULER_COLUMNS 14 /* between two times, at least */
#define LEAST_NAME 5     /* columns */

/* ---- The ruler ---- */

void timeline_draw_ruler(const struct timeline *it, const struct timeline_window *window,
			 struct canvas *canvas, int x, int y)
{
	uint64_t step = timeline_nice((window->end_ns - window->begin_ns) * RULER_COLUMNS /
				      (uint64_t)window->columns);
	uint64_t origin = timeline_origin(it);
	uint64_t at = less_of(window->begin_ns, origin) / step * step + origin;
	char words[FORMAT_SIZE + 16], time[FORMAT_SIZE];

	snprintf(words, sizeof(words), "%s wide",
		 format_duration(time, sizeof(time), window->end_ns - window->begin_ns, 0));
	canvas_put_clipped(canvas, x - LABEL_WIDTH, y, LABEL_WIDTH - 1, ROLE_DIM, words);
	canvas_hline(canvas, x, y, window->columns, ROLE_AXIS);
	for (; at < window->end_ns; at += step) {
		int column = timeline_column(window, at);

		timeline_time(it, at, step, words, sizeof(words));
		if (column < 0 || column + text_width(words) + 1 >= window->columns)
			continue;
		canvas_put_glyph(canvas, x + column, y, ROLE_AXIS, GLYPH_TICK);
		canvas_put_text(canvas, x + column + 1, y, -1, ROLE_DIM, words);
	}
}

/* ---- The rows ---- */

/* Of a row's lines; below it stand names, and below those nothing if there is room. */
static int bar_lines(const struct timeline *it)
{
	return it->lines > 2 ? it->lines / 2 + it->lines % 2 : 1;
}

/* As much of the bar as stands in one of its lines, from the bottom. */
static int eighths_of(const struct timeline_cell *cell, int lines, int line)
{
	int all = (int)(cell->busy * 8 * lines + 0.999), here;

	all = all < 1 ? 1 : all;
	here = all - line * 8;
	return here < 0 ? 0 : here > 8 ? 8 : here;
}

static void draw_ground(const struct timeline_cell *cell, struct canvas *canvas, int x, int y)
{
	canvas_put_glyph(canvas, x, y, ROLE_AXIS,
			 !cell->is_known    ? GLYPH_SHADE_LIGHT :
			 cell->parked > 0.5 ? GLYPH_HLINE :
					      GLYPH_BULLET);
}

/* Whether another poll follows in the next column with no time between. */
static bool is_seam(const struct timeline_cell *cell, const struct timeline_cell *next)
{
	return cell->busy > 0.9 && next->busy > 0.9 && next->polls == 1 &&
	       next->slice.begin_ns != cell->slice.begin_ns;
}

static void draw_cell(const struct timeline_cell *cell, const struct timeline_cell *next,
		      struct canvas *canvas, int x, int y, int lines)
{
	bool is_waiting = timeline_cell_waits(cell);
	enum role role = format_duration_role(slice_length(&cell->slice));

	for (int line = 0; line < lines; line++) {
		int eighths = eighths_of(cell, lines, line), at = y + lines - 1 - line;

		if (is_waiting)
			canvas_put_glyph(canvas, x, at, ROLE_WARN, GLYPH_SHADE_DENSE);
		else if (cell->polls && eighths == 8 && next && is_seam(cell, next))
			canvas_put_glyph(canvas, x, at, role, GLYPH_LEFT_7);
		else if (cell->polls && eighths)
			canvas_put_glyph(canvas, x, at, role,
					 (enum glyph)(GLYPH_BAR_1 + eighths - 1));
		else if (!line)
			draw_ground(cell, canvas, x, at);
	}
}

/* The names of those polls that are wide enough, below them. */
static void draw_names(const struct model *model, const struct timeline_cell *cells, int count,
		       struct canvas *canvas, int x, int y)
{
	char name[NAME_TEXT];

	for (int i = 0, end; i < count; i = end) {
		const struct history_slice *slice = &cells[i].slice;

		for (end = i + 1; end < count && cells[end].slice.task == slice->task &&
				  cells[end].slice.begin_ns == slice->begin_ns;)
			end++;
		if (!slice->task || slice->kind == HISTORY_PARK || end - i < LEAST_NAME)
			continue;
		name_object(model, slice->task, name, sizeof(name));
		canvas_put_clipped(canvas, x + i, y, end - i - 1, ROLE_DIM, name);
	}
}

static void draw_row(const struct timeline *it, uint32_t row, const struct timeline_window *window,
		     struct canvas *canvas, int x, int y)
{
	const struct model *model = it->view.shared->model;
	int bar = bar_lines(it);
	struct timeline_cell cells[COLUMNS_MOST];
	char name[NAME_TEXT];

	name_worker(model, VIGIL_AT(model->reader, worker, it->rows[row]), name, sizeof(name));
	canvas_put_clipped(canvas, x - LABEL_WIDTH, y + bar - 1, LABEL_WIDTH - 1,
			   row == it->row ? ROLE_STRONG : ROLE_NAME, name);
	timeline_cells(timeline_history(it), model, it->rows[row], window, cells);
	for (int i = 0; i < window->columns; i++)
		draw_cell(&cells[i], i + 1 < window->columns ? &cells[i + 1] : NULL, canvas, x + i,
			  y, bar);
	if (it->lines > 1)
		draw_names(model, cells, window->columns, canvas, x, y + bar);
}

/* The row of a thread; -1 when it is out of sight. */
static int row_of(const struct timeline *it, uint32_t worker)
{
	for (uint32_t i = it->top; i < it->row_count && i < it->top + (uint32_t)it->height; i++)
		if (it->rows[i] == worker)
			return (int)(i - it->top);
	return -1;
}

/* From who woke it, when and where, to the poll that came of it. */
static void draw_wake(const struct timeline *it, const struct history_slice *poll,
		      const struct timeline_window *window, struct canvas *canvas, int x, int y)
{
	int here = row_of(it, it->rows[it->row]);
	struct history_wake wake;
	int there, from, to;

	if (poll->kind != HISTORY_POLL || !history_woken_by(timeline_history(it), poll, &wake))
		return;
	there = row_of(it, wake.worker);
	from = timeline_column(window, wake.ns);
	to = timeline_column(window, poll->begin_ns);
	if (there < 0 || here < 0 || there == here || from < 0 || from >= window->columns)
		return;
	there = y + there * it->lines;
	here = y + here * it->lines;
	for (int at = there < here ? there : here; at <= (there < here ? here : there); at++)
		canvas_put_glyph(canvas, x + from, at, ROLE_TITLE, GLYPH_VLINE);
	canvas_put_glyph(canvas, x + from, there, ROLE_TITLE, GLYPH_TAG);
	for (int column = from + 1; column < to; column++)
		canvas_put_glyph(canvas, x + column, here, ROLE_TITLE, GLYPH_HLINE);
	if (to > from && to <= window->columns)
		canvas_put_glyph(canvas, x + to - (to > from + 1), here, ROLE_TITLE, GLYPH_ARROW);
}

void timeline_draw_rows(struct timeline *it, const struct timeline_window *window,
			struct canvas *canvas, int x, int y)
{
	const struct timeline_cell cell = timeline_selected_cell(it);
	int column = timeline_column(window, timeline_cursor(it));

	if (it->row < it->top)
		it->top = it->row;
	if (it->row >= it->top + (uint32_t)it->height)
		it->top = it->row - (uint32_t)it->height + 1;
	for (int i = 0; i < it->height && it->top + (uint32_t)i < it->row_count; i++) {
		draw_row(it, it->top + (uint32_t)i, window, canvas, x, y + i * it->lines);
		for (int line = 0; line < it->lines; line++)
			if (column >= 0 && column < window->columns)
				canvas_highlight(canvas, x + column, y + i * it->lines + line, 1,
						 ROLE_SELECTED);
	}
	canvas_highlight(canvas, x - LABEL_WIDTH - 1,
			 y + (int)(it->row - it->top) * it->lines + bar_lines(it) - 1, LABEL_WIDTH,
			 ROLE_SELECTED);
	if (cell.slice.end_ns)
		draw_wake(it, &cell.slice, window, canvas, x, y);
}
