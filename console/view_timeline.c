/* SPDX-License-Identifier: MIT */
/*
 * The timeline: a row for each thread, time from left to right. Who ran when and for
 * how long, who was parked or blocked, and who woke whom.
 *
 * The law of the file: it never waits and never reads a trace; a moment that is not
 * remembered it asks the app to go to.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "console/format.h"
#include "console/names.h"
#include "console/player.h"
#include "console/source.h"
#include "console/timeline.h"
#include "console/view.h"

#define LABEL_WIDTH 12
#define WORDS_LINES 5 /* below the rows: about what is under the cursor */
#define LOW 14        /* below this height there are fewer of them */
#define COLUMNS_MOST 512
#define ROWS_MOST 256
#define FIRST_SPAN_NS UINT64_C(1000000000)
#define LEAST_SPAN_NS 1000
#define RULER_COLUMNS 14 /* between two times, at least */
#define WOKEN_NAMED 4
#define LEAST_NAME 5 /* columns */
#define MOST_LINES 4

struct timeline {
	struct view view;
	struct history *own; /* when the source keeps none: of the board's last events */
	uint64_t span_ns;
	uint64_t end_ns;    /* at the right edge; 0: the present */
	uint64_t cursor_ns; /* 0: the present */
	uint32_t row;       /* of rows */
	uint32_t top;
	int height; /* rows that fitted last, */
	int lines;  /* of so many lines each */
	uint32_t rows[ROWS_MOST];
	uint32_t row_count;
	int columns; /* of the window drawn last */
	int x, y;    /* its left edge, its first row */
};

static struct timeline *timeline_of(struct view *view)
{
	return (struct timeline *)(void *)view;
}

/* ---- What there is to see ---- */

static const struct history *history_of(const struct timeline *it)
{
	const struct model *model = it->view.shared->model;

	return it->own ? it->own : source_history(model->source);
}

static bool is_of_trace(const struct timeline *it)
{
	return source_process_count(it->view.shared->model->source) > 0;
}

static uint64_t window_end(const struct timeline *it)
{
	uint64_t now = it->view.shared->model->now;

	return it->end_ns && it->end_ns < now ? it->end_ns : now + 1;
}

static struct timeline_window window_of(const struct timeline *it)
{
	uint64_t end = window_end(it);

	return (struct timeline_window){ end > it->span_ns ? end - it->span_ns : 0, end,
					 it->columns > 0 ? it->columns : 1 };
}

static uint64_t cursor_of(const struct timeline *it)
{
	uint64_t now = it->view.shared->model->now;

	return it->cursor_ns && it->cursor_ns < now ? it->cursor_ns : now;
}

/* Threads that poll, and others that did something lately. */
static bool is_row(const struct timeline *it, uint32_t index)
{
	const struct vigil_worker_record *worker =
		VIGIL_AT(it->view.shared->model->reader, worker, index);
	const struct history *history = history_of(it);

	if (worker->life == VIGIL_LIFE_FREE)
		return false;
	return (worker->executor && worker->life == VIGIL_LIFE_LIVE) ||
	       (history && (history_count(history, index) || history_wake_count(history, index)));
}

static int place_of(const struct model *model, const struct vigil_worker_record *worker)
{
	const struct vigil_executor_record *executor =
		VIGIL_FIND(model->reader, executor, worker->executor);

	if (!executor)
		return 2;
	return executor->kind == VIGIL_EXECUTOR_BLOCKING_POOL;
}

/* Workers first, then threads of pools, then the others; each by name. */
static int by_place(const void *a, const void *b, void *arg)
{
	const struct model *model = arg;
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
	const struct vigil_worker_record *first = VIGIL_AT(model->reader, worker, x);
	const struct vigil_worker_record *second = VIGIL_AT(model->reader, worker, y);
	int order = place_of(model, first) - place_of(model, second);

	order = order ? order : strverscmp(first->name, second->name);
	return order ? order : (x > y) - (x < y);
}

static void timeline_refresh(struct view *view)
{
	struct timeline *it = timeline_of(view);
	const struct model *model = view->shared->model;
	uint32_t count = vigil_reader_count(model->reader, VIGIL_TABLE_worker);

	if (!is_of_trace(it) && !it->own)
		it->own = history_new();
	if (it->own)
		history_read(it->own, model);
	it->row_count = 0;
	for (uint32_t i = 0; i < count && it->row_count < ROWS_MOST; i++)
		if (is_row(it, i))
			it->rows[it->row_count++] = i;
	if (it->row_count)
		qsort_r(it->rows, it->row_count, sizeof(it->rows[0]), by_place,
			(void *)(uintptr_t)model);
	if (it->row >= it->row_count)
		it->row = it->row_count ? it->row_count - 1 : 0;
}

static int timeline_open(struct view *view)
{
	timeline_of(view)->span_ns = FIRST_SPAN_NS;
	return 0;
}

static void timeline_close(struct view *view)
{
	history_free(timeline_of(view)->own);
}

/* The cell under the cursor. */
static struct timeline_cell cell_selected(const struct timeline *it)
{
	const struct timeline_window window = window_of(it);
	struct timeline_cell cells[COLUMNS_MOST];
	int column = timeline_column(&window, cursor_of(it));

	if (!it->row_count || column < 0 || column >= window.columns)
		return (struct timeline_cell){ .is_known = false };
	timeline_cells(history_of(it), it->view.shared->model, it->rows[it->row], &window, cells);
	return cells[column];
}

/* ---- The ruler ---- */

/* Times are told from where the trace begins, as its bar tells them, or the process. */
static uint64_t origin_of(const struct timeline *it)
{
	const struct model *model = it->view.shared->model;
	const struct player *player = source_player(model->source);

	if (!player)
		return model->process->created_ns;
	return less_of(model->now, cursor_now(player->cursor) - cursor_begin(player->cursor));
}

static int decimals_of(uint64_t step_ns)
{
	int decimals = 9;

	while (decimals > 0 && step_ns % 10 == 0) {
		step_ns /= 10;
		decimals--;
	}
	return decimals;
}

static char *time_words(const struct timeline *it, uint64_t ns, int decimals, char *buf,
			size_t size)
{
	snprintf(buf, size, "%.*f s", decimals, (double)less_of(ns, origin_of(it)) / 1e9);
	return buf;
}

static void draw_ruler(const struct timeline *it, const struct timeline_window *window,
		       struct canvas *canvas, int x, int y)
{
	uint64_t step = timeline_nice((window->end_ns - window->begin_ns) * RULER_COLUMNS /
				      (uint64_t)window->columns);
	uint64_t origin = origin_of(it);
	uint64_t at = less_of(window->begin_ns, origin) / step * step + origin;
	char words[FORMAT_SIZE + 16], time[FORMAT_SIZE];

	snprintf(words, sizeof(words), "%s wide",
		 format_duration(time, sizeof(time), window->end_ns - window->begin_ns, 0));
	canvas_put_clipped(canvas, x - LABEL_WIDTH, y, LABEL_WIDTH - 1, ROLE_DIM, words);
	canvas_hline(canvas, x, y, window->columns, ROLE_AXIS);
	for (; at < window->end_ns; at += step) {
		int column = timeline_column(window, at);

		time_words(it, at, decimals_of(step), words, sizeof(words));
		if (column < 0 || column + text_width(words) + 1 >= window->columns)
			continue;
		canvas_put_glyph(canvas, x + column, y, ROLE_AXIS, GLYPH_TICK);
		canvas_put_text(canvas, x + column + 1, y, -1, ROLE_DIM, words);
	}
}

/* ---- The rows ---- */

static uint64_t length_ns(const struct history_slice *slice)
{
	return slice->end_ns - slice->begin_ns;
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
	bool is_waiting = cell->waiting > cell->busy / 2 && cell->waiting > 0.05;
	enum role role = format_duration_role(length_ns(&cell->slice));

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
	int bar = it->lines > 2 ? 2 : 1;
	struct timeline_cell cells[COLUMNS_MOST];
	char name[NAME_TEXT];

	name_worker(model, VIGIL_AT(model->reader, worker, it->rows[row]), name, sizeof(name));
	canvas_put_clipped(canvas, x - LABEL_WIDTH, y + bar - 1, LABEL_WIDTH - 1,
			   row == it->row ? ROLE_STRONG : ROLE_NAME, name);
	timeline_cells(history_of(it), model, it->rows[row], window, cells);
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

	if (poll->kind != HISTORY_POLL || !history_woken_by(history_of(it), poll, &wake))
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

static void draw_rows(struct timeline *it, const struct timeline_window *window,
		      struct canvas *canvas, int x, int y)
{
	const struct timeline_cell cell = cell_selected(it);
	int column = timeline_column(window, cursor_of(it));

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
			 y + (int)(it->row - it->top) * it->lines + (it->lines > 2), LABEL_WIDTH,
			 ROLE_SELECTED);
	if (cell.slice.end_ns)
		draw_wake(it, &cell.slice, window, canvas, x, y);
}

/* ---- In words ---- */

static void line_put(struct canvas *canvas, int x, int *y, enum role role, const char *words)
{
	/* The last line is the foot's. */
	if (*y >= canvas->height - 1)
		return;
	canvas_put_clipped(canvas, x, (*y)++, canvas->width - x - 1, role, words);
}

static void woken_words(const struct timeline *it, const struct history_slice *poll, char *buf,
			size_t size)
{
	const struct history *history = history_of(it);
	const struct model *model = it->view.shared->model;
	uint32_t worker = it->rows[it->row];
	size_t count = history ? history_wake_count(history, worker) : 0;
	size_t at = count && poll->begin_ns ?
			    history_wake_after(history, worker, poll->begin_ns - 1) :
			    count;
	size_t used = 0;
	uint32_t woken = 0;
	char name[NAME_TEXT];

	buf[0] = '\0';
	for (; at < count; at++) {
		const struct history_wake *wake = history_wake_at(history, worker, at);

		if (wake->ns > poll->end_ns)
			break;
		if (wake->waker != poll->task || ++woken > WOKEN_NAMED || used >= size)
			continue;
		name_object(model, wake->task, name, sizeof(name));
		used += (size_t)snprintf(buf + used, size - used, "%s%.60s", used ? ", " : "woke ",
					 name);
	}
	if (woken > WOKEN_NAMED && used < size)
		snprintf(buf + used, size - used, " and %" PRIu32 " more times",
			 woken - WOKEN_NAMED);
}

static void waker_words(const struct timeline *it, const struct history_slice *poll, char *buf,
			size_t size)
{
	const struct model *model = it->view.shared->model;
	const struct vigil_worker_record *worker;
	char who[NAME_TEXT] = "", on[NAME_TEXT] = "?", place[NAME_TEXT], time[FORMAT_SIZE];
	struct history_wake wake;
	bool is_task;

	if (!history_of(it) || !history_woken_by(history_of(it), poll, &wake)) {
		snprintf(buf, size, "who woke it is not remembered");
		return;
	}
	is_task = vigil_ref_table(wake.waker) == VIGIL_TABLE_task;
	worker = VIGIL_AT(model->reader, worker, wake.worker);
	if (worker)
		name_worker(model, worker, on, sizeof(on));
	name_object(model, wake.waker, who, sizeof(who));
	name_place(model, wake.site, place, sizeof(place));
	snprintf(buf, size, "woken %s before %s%.80s%s%.40s at %.80s",
		 format_duration(time, sizeof(time), less_of(poll->begin_ns, wake.ns), 0),
		 is_task ? "by " : "from ", is_task ? who : "", is_task ? " on " : "", on, place);
}

static void poll_words(const struct timeline *it, const struct timeline_cell *cell,
		       struct canvas *canvas, int x, int y)
{
	const struct model *model = it->view.shared->model;
	const struct history_slice *poll = &cell->slice;
	char name[NAME_TEXT], place[NAME_TEXT], words[2 * NAME_TEXT + 64], time[FORMAT_SIZE];

	name_object(model, poll->task, name, sizeof(name));
	name_place_long(model, poll->site, place, sizeof(place));
	if (cell->polls > 1)
		snprintf(words, sizeof(words),
			 "%.80s  %.120s   the longest of %" PRIu32 " polls here: z zooms in", name,
			 place, cell->polls);
	else
		snprintf(words, sizeof(words), "%.80s  %.120s", name, place);
	line_put(canvas, x, &y, ROLE_STRONG, words);
	snprintf(words, sizeof(words), "%s %s", cell->is_open ? "running for" : "ran for",
		 format_duration(time, sizeof(time), length_ns(poll), 0));
	line_put(canvas, x, &y, format_duration_role(length_ns(poll)), words);
	waker_words(it, poll, words, sizeof(words));
	line_put(canvas, x, &y, ROLE_TEXT, words);
	woken_words(it, poll, words, sizeof(words));
	line_put(canvas, x, &y, ROLE_TEXT, words);
}

static void other_words(const struct timeline *it, const struct timeline_cell *cell, char *buf,
			size_t size)
{
	const struct model *model = it->view.shared->model;
	const struct history_slice *slice = &cell->slice;
	char time[FORMAT_SIZE], object[NAME_TEXT], place[NAME_TEXT];

	format_duration(time, sizeof(time), length_ns(slice), 0);
	if (!cell->is_known && !slice->end_ns)
		snprintf(buf, size, "not remembered: %s",
			 is_of_trace(it) ? "move there, and it is read again" :
					   "the board keeps the last events of a thread");
	else if (!slice->end_ns)
		snprintf(buf, size, "outside any poll, and not parked: what it did is not known");
	else if (slice->kind == HISTORY_PARK)
		snprintf(buf, size, "%s %s", cell->is_open ? "parked for" : "was parked for", time);
	else {
		name_object(model, slice->object, object, sizeof(object));
		name_place(model, slice->site, place, sizeof(place));
		snprintf(buf, size, "%s %s: %s %.80s at %.80s",
			 cell->is_open ? "waits for" : "waited for", time,
			 word_wait(slice->wait_kind), object, place);
	}
}

static void draw_words(const struct timeline *it, struct canvas *canvas, int x, int y)
{
	const struct timeline_cell cell = cell_selected(it);
	char words[2 * NAME_TEXT], time[FORMAT_SIZE + 16];
	const struct timeline_window window = window_of(it);
	uint64_t step = timeline_nice((window.end_ns - window.begin_ns) / (uint64_t)window.columns);

	canvas_hline(canvas, 0, y, canvas->width, ROLE_AXIS);
	snprintf(words, sizeof(words), " %s ",
		 time_words(it, cursor_of(it), decimals_of(step), time, sizeof(time)));
	canvas_put_text(canvas, x, y++, -1, ROLE_TITLE, words);
	if (cell.slice.end_ns && cell.slice.kind == HISTORY_POLL) {
		poll_words(it, &cell, canvas, x, y);
		return;
	}
	other_words(it, &cell, words, sizeof(words));
	line_put(canvas, x, &y, cell.slice.kind == HISTORY_WAIT ? ROLE_WARN : ROLE_DIM, words);
}

/* Few threads get tall rows. */
static void rows_fit(struct timeline *it, int height)
{
	height = height < 1 ? 1 : height;
	it->lines = it->row_count ? height / (int)it->row_count : 1;
	it->lines = it->lines < 1 ? 1 : it->lines > MOST_LINES ? MOST_LINES : it->lines;
	it->height = height / it->lines;
}

static void timeline_draw(struct view *view, struct canvas *canvas, int x, int y, int width,
			  int height)
{
	struct timeline *it = timeline_of(view);
	int words = height < LOW ? WORDS_LINES - 2 : WORDS_LINES;
	struct timeline_window window;

	it->columns = width - LABEL_WIDTH - 2;
	it->columns = it->columns < 1 ? 1 : it->columns > COLUMNS_MOST ? COLUMNS_MOST : it->columns;
	rows_fit(it, height - 1 - words);
	it->x = x + LABEL_WIDTH + 1;
	it->y = y + 1;
	window = window_of(it);
	if (!it->row_count) {
		canvas_put_clipped(canvas, x + 2, y + 2, width - 4, ROLE_DIM,
				   "No thread has polled, parked or woken anything yet.");
		return;
	}
	draw_ruler(it, &window, canvas, it->x, y);
	draw_rows(it, &window, canvas, it->x, it->y);
	draw_words(it, canvas, x + 1, y + height - words);
}

/* ---- Moving ---- */

/* The present is where a trace is; to look further it has to go there. */
static void go_to(struct timeline *it, uint64_t ns)
{
	struct shared *shared = it->view.shared;

	shared->seek_unix_ns = source_unix_of(shared->model->source, ns);
}

/* Moves the window so that its right edge is at end_ns. */
static void window_move(struct timeline *it, uint64_t end_ns)
{
	uint64_t now = it->view.shared->model->now;
	uint64_t begin = it->view.shared->model->process->created_ns;
	uint64_t since = history_of(it) ? history_since(history_of(it)) : 0;

	if (end_ns >= now) {
		it->end_ns = 0;
		return;
	}
	it->end_ns = end_ns > begin + it->span_ns / 2 ? end_ns : begin + it->span_ns / 2;
	/* What fell out of memory is read again on the way to there. */
	if (since && it->end_ns < since + it->span_ns / 2 &&
	    source_player(it->view.shared->model->source)) {
		go_to(it, it->end_ns);
		it->end_ns = 0;
	}
}

static void cursor_move(struct timeline *it, uint64_t ns)
{
	uint64_t now = it->view.shared->model->now;
	struct timeline_window window = window_of(it);

	it->cursor_ns = ns >= now ? 0 : ns;
	if (ns > now && source_player(it->view.shared->model->source)) {
		go_to(it, ns);
		it->end_ns = 0;
		return;
	}
	if (ns < window.begin_ns)
		window_move(it, ns + it->span_ns / 2);
	else if (ns >= window.end_ns)
		window_move(it, ns + it->span_ns / 2 < now ? ns + it->span_ns / 2 : now);
}

static void cursor_step(struct timeline *it, int columns)
{
	uint64_t step = it->span_ns / (uint64_t)(it->columns > 0 ? it->columns : 1);
	uint64_t ns = cursor_of(it);

	step = (step ? step : 1) * (uint64_t)(columns < 0 ? -columns : columns);
	cursor_move(it, columns < 0 ? less_of(ns, step) : ns + step);
}

/* About the cursor, which stays where it is on the screen as nearly as can be. */
static void zoom(struct timeline *it, bool is_in)
{
	const struct model *model = it->view.shared->model;
	uint64_t most =
		timeline_nice(less_of(model->now, model->process->created_ns) + LEAST_SPAN_NS);
	uint64_t cursor = cursor_of(it), right = window_end(it) - cursor;
	uint64_t span = is_in ? timeline_nice(it->span_ns / 5 + 1) :
				timeline_nice(it->span_ns + it->span_ns / 10 + 1);

	if (is_in && span >= it->span_ns)
		span = timeline_nice(it->span_ns / 10 + 1);
	span = span < LEAST_SPAN_NS ? LEAST_SPAN_NS : span > most ? most : span;
	right = (uint64_t)((double)right * ((double)span / (double)it->span_ns));
	it->span_ns = span;
	if (it->end_ns || it->cursor_ns)
		window_move(it, cursor + right);
}

static void slice_step(struct timeline *it, bool is_back)
{
	const struct timeline_cell cell = cell_selected(it);
	uint64_t from = cell.slice.end_ns ? cell.slice.begin_ns : cursor_of(it), ns;

	if (history_of(it) && timeline_step(history_of(it), it->rows[it->row], from, is_back, &ns))
		cursor_move(it, ns);
	else if (!is_back)
		cursor_move(it, it->view.shared->model->now);
}

static bool timeline_obey(struct view *view, enum request request)
{
	struct timeline *it = timeline_of(view);
	uint32_t page = it->height > 1 ? (uint32_t)it->height - 1 : 1;

	switch (request) {
	case REQ_MOVE_UP:
	case REQ_SCROLL_UP:
		it->row -= it->row > 0;
		return true;
	case REQ_MOVE_DOWN:
	case REQ_SCROLL_DOWN:
		it->row += it->row + 1 < it->row_count;
		return true;
	case REQ_PAGE_UP:
		it->row = it->row > page ? it->row - page : 0;
		return true;
	case REQ_PAGE_DOWN:
		it->row = it->row + page < it->row_count ? it->row + page :
			  it->row_count                  ? it->row_count - 1 :
							   0;
		return true;
	case REQ_MOVE_HOME:
		cursor_move(it, origin_of(it));
		return true;
	case REQ_MOVE_END:
		it->end_ns = it->cursor_ns = 0;
		return true;
	case REQ_TIME_LEFT:
	case REQ_TIME_RIGHT:
		cursor_step(it, request == REQ_TIME_LEFT ? -1 : 1);
		return true;
	case REQ_PAN_LEFT:
	case REQ_PAN_RIGHT:
		cursor_step(it, (request == REQ_PAN_LEFT ? -1 : 1) * (it->columns / 2 + 1));
		return true;
	case REQ_SLICE_LEFT:
	case REQ_SLICE_RIGHT:
		slice_step(it, request == REQ_SLICE_LEFT);
		return true;
	case REQ_ZOOM_IN:
	case REQ_ZOOM_OUT:
		zoom(it, request == REQ_ZOOM_IN);
		return true;
	default:
		return false;
	}
}

static uint64_t timeline_selected(const struct view *view)
{
	const struct timeline_cell cell =
		cell_selected((const struct timeline *)(const void *)view);

	return cell.slice.task;
}

static const struct view_ops *timeline_enter(struct view *view, uint64_t id, uint64_t *ret_object)
{
	(void)id;
	*ret_object = timeline_selected(view);
	return *ret_object ? &view_task : NULL;
}

static bool timeline_click(struct view *view, int x, int y)
{
	struct timeline *it = timeline_of(view);
	const struct timeline_window window = window_of(it);
	uint32_t row = it->top + (uint32_t)((y - it->y) / (it->lines > 0 ? it->lines : 1));

	if (y < it->y || y >= it->y + it->height * it->lines || row >= it->row_count || x < it->x ||
	    x >= it->x + it->columns)
		return false;
	it->row = row;
	cursor_move(it, timeline_ns(&window, x - it->x));
	return true;
}

static void timeline_title(struct view *view, char *buf, size_t size)
{
	const struct timeline *it = timeline_of(view);

	snprintf(buf, size, "%" PRIu32 " threads%s", it->row_count,
		 it->end_ns || it->cursor_ns ? "" : "  at the present");
}

const struct view_ops view_timeline = {
	.name = "timeline",
	.request = REQ_VIEW_TIMELINE,
	.where = IN_TIMELINE,
	.size = sizeof(struct timeline),
	.open = timeline_open,
	.close = timeline_close,
	.refresh = timeline_refresh,
	.draw = timeline_draw,
	.obey = timeline_obey,
	.click = timeline_click,
	.enter = timeline_enter,
	.selected = timeline_selected,
	.title = timeline_title,
};
