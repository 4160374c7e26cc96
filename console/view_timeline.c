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

#include "console/player.h"
#include "console/source.h"
#include "console/timeline_view.h"

#define WORDS_LINES 5 /* below the rows: about what is under the cursor */
#define LOW 14        /* below this height there are fewer of them */
#define FIRST_SPAN_NS UINT64_C(1000000000)
#define LEAST_SPAN_NS 1000
#define MOST_LINES 6 /* of a row */

static struct timeline *timeline_of(struct view *view)
{
	return (struct timeline *)(void *)view;
}

/* ---- What there is to see ---- */

const struct history *timeline_history(const struct timeline *it)
{
	const struct model *model = it->view.shared->model;

	return it->own ? it->own : source_history(model->source);
}

bool timeline_is_of_trace(const struct timeline *it)
{
	return source_process_count(it->view.shared->model->source) > 0;
}

static uint64_t window_end(const struct timeline *it)
{
	uint64_t now = it->view.shared->model->now;

	return it->end_ns && it->end_ns < now ? it->end_ns : now + 1;
}

struct timeline_window timeline_window_of(const struct timeline *it)
{
	uint64_t end = window_end(it);

	return (struct timeline_window){ end > it->span_ns ? end - it->span_ns : 0, end,
					 it->columns > 0 ? it->columns : 1 };
}

uint64_t timeline_cursor(const struct timeline *it)
{
	uint64_t now = it->view.shared->model->now;

	return it->cursor_ns && it->cursor_ns < now ? it->cursor_ns : now;
}

/* Threads that poll, and others that did something lately. */
static bool is_row(const struct timeline *it, uint32_t index)
{
	const struct vigil_worker_record *worker =
		VIGIL_AT(it->view.shared->model->reader, worker, index);
	const struct history *history = timeline_history(it);

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

static void row_choose(struct timeline *it, uint32_t row)
{
	it->row = row;
	it->chosen = row < it->row_count ? it->rows[row] + 1 : 0;
}

/* The thread that was chosen, wherever it is now. */
static void row_find(struct timeline *it)
{
	for (uint32_t i = 0; i < it->row_count; i++) {
		if (it->rows[i] + 1 != it->chosen)
			continue;
		it->row = i;
		return;
	}
	if (it->row >= it->row_count)
		it->row = it->row_count ? it->row_count - 1 : 0;
}

/*
 * The trace was sent elsewhere, not played: the moment stands at the right edge and under
 * the cursor, as wide a window before it as there was.
 */
static void jump_follow(struct timeline *it)
{
	const struct model *model = it->view.shared->model;
	const struct player *player = source_player(model->source);
	bool is_jump = player && it->seen_ns && model->now != it->seen_ns &&
		       (!player->is_playing || model->now < it->seen_ns);

	if (is_jump && !it->is_moving)
		it->end_ns = it->cursor_ns = 0;
	if (is_jump)
		it->is_moving = false;
	it->seen_ns = model->now;
}

static void timeline_refresh(struct view *view)
{
	struct timeline *it = timeline_of(view);
	const struct model *model = view->shared->model;
	uint32_t count = vigil_reader_count(model->reader, VIGIL_TABLE_worker);

	if (!timeline_is_of_trace(it) && !it->own)
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
	row_find(it);
	jump_follow(it);
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
struct timeline_cell timeline_selected_cell(const struct timeline *it)
{
	const struct timeline_window window = timeline_window_of(it);
	struct timeline_cell cells[COLUMNS_MOST];
	int column = timeline_column(&window, timeline_cursor(it));

	if (!it->row_count || column < 0 || column >= window.columns)
		return (struct timeline_cell){ .is_known = false };
	timeline_cells(timeline_history(it), it->view.shared->model, it->rows[it->row], &window,
		       cells);
	return cells[column];
}

/* ---- Times ---- */

uint64_t timeline_origin(const struct timeline *it)
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

char *timeline_time(const struct timeline *it, uint64_t ns, uint64_t step_ns, char *buf,
		    size_t size)
{
	snprintf(buf, size, "%.*f s", decimals_of(step_ns),
		 (double)less_of(ns, timeline_origin(it)) / 1e9);
	return buf;
}

/* ---- Drawing ---- */

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
	window = timeline_window_of(it);
	if (!it->row_count) {
		canvas_put_clipped(canvas, x + 2, y + 2, width - 4, ROLE_DIM,
				   "No thread has polled, parked or woken anything yet.");
		return;
	}
	timeline_draw_ruler(it, &window, canvas, it->x, y);
	timeline_draw_rows(it, &window, canvas, it->x, it->y);
	timeline_draw_words(it, canvas, x + 1, y + height - words);
}

/* ---- Moving ---- */

/* The present is where a trace is; to look further it has to go there. */
static void go_to(struct timeline *it, uint64_t ns)
{
	struct shared *shared = it->view.shared;

	shared->seek_unix_ns = source_unix_of(shared->model->source, ns);
	it->is_moving = true;
}

/* Moves the window so that its right edge is at end_ns. */
static void window_move(struct timeline *it, uint64_t end_ns)
{
	uint64_t now = it->view.shared->model->now;
	uint64_t begin = it->view.shared->model->process->created_ns;
	uint64_t since = timeline_history(it) ? history_since(timeline_history(it)) : 0;

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
	struct timeline_window window = timeline_window_of(it);

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
	uint64_t ns = timeline_cursor(it);

	step = (step ? step : 1) * (uint64_t)(columns < 0 ? -columns : columns);
	cursor_move(it, columns < 0 ? less_of(ns, step) : ns + step);
}

/* About the cursor, which stays where it is on the screen as nearly as can be. */
static void zoom(struct timeline *it, bool is_in)
{
	const struct model *model = it->view.shared->model;
	uint64_t most =
		timeline_nice(less_of(model->now, model->process->created_ns) + LEAST_SPAN_NS);
	uint64_t cursor = timeline_cursor(it), right = window_end(it) - cursor;
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
	const struct timeline_cell cell = timeline_selected_cell(it);
	uint64_t from = cell.slice.end_ns ? cell.slice.begin_ns : timeline_cursor(it), ns;

	if (timeline_history(it) &&
	    timeline_step(timeline_history(it), it->rows[it->row], from, is_back, &ns))
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
		row_choose(it, it->row - (it->row > 0));
		return true;
	case REQ_MOVE_DOWN:
	case REQ_SCROLL_DOWN:
		row_choose(it, it->row + (it->row + 1 < it->row_count));
		return true;
	case REQ_PAGE_UP:
		row_choose(it, it->row > page ? it->row - page : 0);
		return true;
	case REQ_PAGE_DOWN:
		row_choose(it, it->row + page < it->row_count ? it->row + page :
			       it->row_count                  ? it->row_count - 1 :
								0);
		return true;
	case REQ_MOVE_HOME:
		cursor_move(it, timeline_origin(it));
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

static uint64_t timeline_selected(const struct view *view, uint32_t *ret_process)
{
	const struct timeline_cell cell =
		timeline_selected_cell((const struct timeline *)(const void *)view);

	(void)ret_process;
	return cell.slice.task;
}

static const struct view_ops *timeline_enter(struct view *view, uint64_t id, uint64_t *ret_object)
{
	uint32_t process = 0;

	(void)id;
	*ret_object = timeline_selected(view, &process);
	return *ret_object ? &view_task : NULL;
}

static bool timeline_click(struct view *view, int x, int y)
{
	struct timeline *it = timeline_of(view);
	const struct timeline_window window = timeline_window_of(it);
	uint32_t row = it->top + (uint32_t)((y - it->y) / (it->lines > 0 ? it->lines : 1));

	if (y < it->y || y >= it->y + it->height * it->lines || row >= it->row_count || x < it->x ||
	    x >= it->x + it->columns)
		return false;
	row_choose(it, row);
	cursor_move(it, timeline_ns(&window, x - it->x));
	return true;
}

static void timeline_title(struct view *view, char *buf, size_t size)
{
	const struct timeline *it = timeline_of(view);
	bool is_replay = source_player(view->shared->model->source) != NULL;

	snprintf(buf, size, "%" PRIu32 " thread%s%s", it->row_count, it->row_count == 1 ? "" : "s",
		 it->end_ns || it->cursor_ns ? "" :
		 is_replay                   ? "  at this moment" :
					       "  at the present");
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
