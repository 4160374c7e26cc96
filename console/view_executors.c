/* SPDX-License-Identifier: MIT */
/*
 * Executors, and below each its workers: how busy they are and were, what they
 * poll or wait for, and since when. Threads that are nobody's worker but spawn,
 * wake or lock stand at the end.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "console/format.h"
#include "console/longest.h"
#include "console/meter.h"
#include "console/names.h"
#include "console/parts.h"
#include "console/view.h"

/* A worker that polls or waits for so long blocks everything else on it. */
#define BLOCKED_NS UINT64_C(100000000)

enum executor_column {
	EXEC_NAME,
	EXEC_STATE,
	EXEC_FOR,
	EXEC_BUSY,
	EXEC_HISTORY,
	EXEC_POLLS,
	EXEC_LONGEST,
	EXEC_PARKED,
	EXEC_WAKES,
	EXEC_STEALS,
	EXEC_QUEUED,
	EXEC_TID,
	EXEC_MADE,
	EXEC_WHY,
	EXEC_COLUMNS
};

struct executors {
	struct view view;
	uint64_t *refs;
	size_t count;
	size_t capacity;
};

static const struct vigil_worker_record *worker_of(const struct table_row *row)
{
	return VIGIL_FIND(row_model(row)->reader, worker, row->id);
}

static const struct vigil_executor_record *executor_of(const struct table_row *row)
{
	return VIGIL_FIND(row_model(row)->reader, executor, row->id);
}

/* ---- Rows ---- */

static void add_rows(struct executors *it, enum vigil_table table)
{
	const struct vigil_reader *reader = it->view.shared->model->reader;
	uint32_t count = vigil_reader_count(reader, table);
	uint32_t i;

	for (i = 0; i < count && it->count < it->capacity; i++) {
		uint64_t ref = vigil_reader_ref(reader, table, i);

		/* The life of both kinds of record stands at the same place. */
		if (table == VIGIL_TABLE_worker ?
			    VIGIL_AT(reader, worker, i)->life == VIGIL_LIFE_LIVE :
			    VIGIL_AT(reader, executor, i)->life == VIGIL_LIFE_LIVE)
			it->refs[it->count++] = ref;
	}
}

static void executors_gather(struct view *view)
{
	struct executors *it = (struct executors *)view;
	const struct vigil_reader *reader = view->shared->model->reader;
	size_t room = (size_t)vigil_reader_count(reader, VIGIL_TABLE_executor) +
		      vigil_reader_count(reader, VIGIL_TABLE_worker);
	uint64_t *refs;

	if (room > it->capacity) {
		refs = realloc(it->refs, room * sizeof(*refs));
		if (!refs)
			return;
		it->refs = refs;
		it->capacity = room;
	}
	it->count = 0;
	add_rows(it, VIGIL_TABLE_executor);
	add_rows(it, VIGIL_TABLE_worker);
}

static void executors_close(struct view *view)
{
	free(((struct executors *)view)->refs);
}

static size_t rows_count(void *ctx)
{
	return ((struct executors *)ctx)->count;
}

static uint64_t rows_id(void *ctx, size_t index)
{
	return ((struct executors *)ctx)->refs[index];
}

static uint64_t rows_parent(void *ctx, uint64_t id)
{
	const struct vigil_reader *reader = ((struct view *)ctx)->shared->model->reader;
	const struct vigil_worker_record *worker = VIGIL_FIND(reader, worker, id);

	return worker ? worker->executor : 0;
}

/* ---- Sums over an executor's workers ---- */

struct load {
	uint32_t workers;
	uint32_t busy_workers; /* in a poll now */
	double busy;           /* sum of shares, */
	bool has_no_share;     /* unless one is not known */
	uint64_t polls, parked_ns, wakes, steals;
	struct longest longest; /* poll */
	uint64_t queued;
};

static void load_add(struct load *load, const struct model *model,
		     const struct vigil_worker_record *worker)
{
	struct longest longest = longest_poll(model, worker);
	struct worker_times times;

	model_worker_times(model, worker, &times);
	load->workers++;
	load->busy_workers += worker->poll_begin_ns > 0;
	load->busy += times.busy_share;
	load->has_no_share |= !times.has_share;
	load->polls += worker->polls;
	load->parked_ns += times.parked_ns;
	load->wakes += worker->wakes;
	load->steals += worker->steals;
	load->queued += worker->queued;
	if (longest.ns > load->longest.ns)
		load->longest = longest;
}

static void load_of(const struct table_row *row, struct load *ret_load)
{
	const struct model *model = row_model(row);
	const struct vigil_executor_record *executor = executor_of(row);
	const struct vigil_worker_record *worker = worker_of(row);
	uint32_t count = vigil_reader_count(model->reader, VIGIL_TABLE_worker);
	uint32_t i;

	memset(ret_load, 0, sizeof(*ret_load));
	if (worker)
		load_add(ret_load, model, worker);
	for (i = 0; executor && i < count; i++) {
		worker = VIGIL_AT(model->reader, worker, i);
		if (worker->executor == row->id && worker->life == VIGIL_LIFE_LIVE)
			load_add(ret_load, model, worker);
	}
	if (executor)
		ret_load->queued += executor->queued;
}

/* ---- Cells ---- */

/* What it does is not known; only since when it has said nothing. */
static void format_silence(const struct model *model, const struct vigil_worker_record *worker,
			   char *buf, size_t size)
{
	char time[FORMAT_SIZE];

	format_duration(time, sizeof(time), less_of(model->now, worker->last_ns), 0);
	snprintf(buf, size, "%s, said nothing for %s",
		 worker->executor ? "between polls" : "of no executor", time);
}

/* What keeps an executor from polling more; nothing when it could. */
static void format_executor_why(const struct load *load, char *buf, size_t size)
{
	if (!load->workers)
		snprintf(buf, size, "no worker polls its tasks");
	else if (load->busy_workers == load->workers)
		snprintf(buf, size,
			 load->workers == 1 ? "its worker is in a poll" :
					      "all its workers are in polls");
}

static void format_why(const struct model *model, const struct vigil_worker_record *worker,
		       char *buf, size_t size, enum role *ret_role)
{
	const struct vigil_task_record *task = VIGIL_FIND(model->reader, task, worker->task);
	char name[NAME_TEXT];
	char place[NAME_TEXT];
	struct worker_times times;

	model_worker_times(model, worker, &times);
	if (times.state != WORKER_PARKED && times.state_ns > BLOCKED_NS)
		*ret_role = times.state_ns > 10 * BLOCKED_NS ? ROLE_ERROR : ROLE_WARN;
	if (times.state == WORKER_WAITING) {
		name_worker_reason(model, worker, buf, size);
		return;
	}
	if (times.state == WORKER_POLLING) {
		name_object(model, worker->task, name, sizeof(name));
		name_place_long(model, task ? task->site : 0, place, sizeof(place));
		snprintf(buf, size, "%s%s, spawned at %s",
			 times.state_ns > BLOCKED_NS ? "blocked by " : "polls ", name, place);
		return;
	}
	*ret_role = ROLE_DIM;
	if (times.state == WORKER_PARKED)
		snprintf(buf, size, "sleeps until something is ready");
	else
		format_silence(model, worker, buf, size);
}

static void format_executor(const struct table_row *row, char *buf, size_t size,
			    enum role *ret_role)
{
	const struct vigil_executor_record *executor = executor_of(row);
	struct load load;

	switch (row->column->data) {
	case EXEC_NAME:
		name_executor(row_model(row), executor, buf, size);
		*ret_role = ROLE_TITLE;
		break;
	case EXEC_STATE:
		load_of(row, &load);
		snprintf(buf, size, "%u/%u busy", load.busy_workers, load.workers);
		*ret_role =
			load.workers && load.busy_workers == load.workers ? ROLE_WARN : ROLE_DIM;
		break;
	case EXEC_WHY:
		load_of(row, &load);
		format_executor_why(&load, buf, size);
		*ret_role = load.workers ? ROLE_DIM : ROLE_WARN;
		break;
	case EXEC_MADE:
		name_place_long(row_model(row), executor->site, buf, size);
		snprintf(buf + strlen(buf), size - strlen(buf), "  %s",
			 word_executor_kind(executor->kind));
		*ret_role = ROLE_PLACE;
		break;
	default:
		break;
	}
}

static void format_worker(const struct table_row *row, char *buf, size_t size, enum role *ret_role)
{
	const struct vigil_worker_record *worker = worker_of(row);
	struct worker_times times;

	model_worker_times(row_model(row), worker, &times);
	switch (row->column->data) {
	case EXEC_NAME:
		name_worker(row_model(row), worker, buf, size);
		*ret_role = ROLE_NAME;
		break;
	case EXEC_STATE:
		snprintf(buf, size, "%s", word_worker_state(times.state));
		*ret_role = times.state == WORKER_POLLING ? ROLE_RUNNING :
			    times.state == WORKER_WAITING ? ROLE_WARN :
							    ROLE_IDLE;
		break;
	case EXEC_FOR:
		cell_duration(buf, size, times.state_ns, ret_role);
		/* A long sleep is no trouble. */
		if (times.state == WORKER_PARKED)
			*ret_role = ROLE_DIM;
		break;
	case EXEC_TID:
		snprintf(buf, size, "%" PRIu32, worker->tid);
		*ret_role = ROLE_DIM;
		break;
	case EXEC_WHY:
		format_why(row_model(row), worker, buf, size, ret_role);
		break;
	default:
		break;
	}
}

static void format_words(const struct table_row *row, char *buf, size_t size, enum role *ret_role)
{
	if (executor_of(row))
		format_executor(row, buf, size, ret_role);
	else if (worker_of(row))
		format_worker(row, buf, size, ret_role);
}

static uint64_t number(const struct table_row *row)
{
	const struct vigil_worker_record *worker = worker_of(row);
	struct worker_times times = { 0 };
	struct load load;

	load_of(row, &load);
	if (worker)
		model_worker_times(row_model(row), worker, &times);
	switch (row->column->data) {
	case EXEC_FOR:
	case EXEC_WHY:
		return times.state_ns;
	case EXEC_BUSY:
	case EXEC_HISTORY:
		return load.workers ? (uint64_t)(load.busy / load.workers * 1e6) : 0;
	case EXEC_POLLS:
		return load.polls;
	case EXEC_LONGEST:
		return load.longest.ns;
	case EXEC_PARKED:
		return load.parked_ns;
	case EXEC_WAKES:
		return load.wakes;
	case EXEC_STEALS:
		return load.steals;
	case EXEC_QUEUED:
		return load.queued;
	default:
		return worker ? worker->tid : 0;
	}
}

static struct longest longest_of(const struct table_row *row)
{
	const struct vigil_worker_record *worker = worker_of(row);
	struct load load;

	if (worker)
		return longest_poll(row_model(row), worker);
	load_of(row, &load);
	return load.longest;
}

static void format_number(const struct table_row *row, char *buf, size_t size, enum role *ret_role)
{
	uint64_t value = number(row);

	switch (row->column->data) {
	case EXEC_BUSY:
	case EXEC_HISTORY:
		format_percent(buf, size, (double)value / 1e6);
		break;
	case EXEC_LONGEST:
	case EXEC_PARKED:
		cell_duration(buf, size, value, ret_role);
		if (row->column->data == EXEC_LONGEST && longest_of(row).lasts)
			cell_lasts(buf, size);
		break;
	default:
		cell_count(buf, size, value, ret_role);
		break;
	}
}

static void draw_busy(const struct table_row *row, struct canvas *canvas, int x, int y, int width)
{
	const struct vigil_worker_record *worker = worker_of(row);
	struct worker_times times;
	struct load load;

	if (worker) {
		model_worker_times(row_model(row), worker, &times);
		part_busy(canvas, x, y, width, worker, &times);
		return;
	}
	load_of(row, &load);
	meter_draw_bar(canvas, x, y, width, load.workers ? load.busy / load.workers : 0.0,
		       load.has_no_share ? "-" : NULL);
}

/* Of an executor the mean of its workers. */
static void draw_history(const struct table_row *row, struct canvas *canvas, int x, int y,
			 int width)
{
	const struct model *model = row_model(row);
	bool is_executor = executor_of(row);
	struct spark spark = { .count = 0 };
	int moment;

	for (moment = 0; moment < MODEL_HISTORY; moment++) {
		double sum = 0.0;
		uint32_t workers = 0;
		uint32_t i;

		for (i = 0; i < model->history_count; i++) {
			const struct worker_history *history = &model->histories[i];
			const struct vigil_worker_record *worker =
				VIGIL_FIND(model->reader, worker, history->ref);

			if (!worker || (is_executor ? worker->executor : history->ref) != row->id)
				continue;
			sum += (double)history->busy[moment];
			workers++;
		}
		spark_push(&spark, workers ? sum / workers : 0.0);
	}
	spark_draw(&spark, canvas, x, y, width, 1, ROLE_BAR, 1.0);
}

/* clang-format off */
static const struct column columns[EXEC_COLUMNS] = {
	[EXEC_NAME] = { .title = "NAME", .min_width = 12, .max_width = 28, .is_tree = true,
			.sort = SORT_TEXT, .data = EXEC_NAME, .format = format_words },
	[EXEC_STATE] = { .title = "STATE", .min_width = 8, .max_width = 12, .priority = 3,
			 .sort = SORT_TEXT, .data = EXEC_STATE, .format = format_words },
	[EXEC_FOR] = { .title = "FOR", .help = "how long in its state", .min_width = 7,
		       .max_width = 7, .priority = 1, .align = ALIGN_RIGHT, .sort = SORT_NUMBER,
		       .is_descending_first = true, .data = EXEC_FOR, .format = format_words,
		       .number = number },
	[EXEC_BUSY] = { .title = "BUSY", .help = "share of its time in polls, blocked or not", .min_width = 12,
			.max_width = 16, .priority = 2, .sort = SORT_NUMBER, .is_descending_first = true,
			.data = EXEC_BUSY, .format = format_number, .number = number,
			.draw = draw_busy },
	[EXEC_HISTORY] = { .title = "HISTORY", .min_width = 12, .max_width = 40, .priority = 4,
			   .grow = 1, .data = EXEC_HISTORY, .format = format_number,
			   .draw = draw_history },
	COLUMN_NUMBER(EXEC_POLLS, "POLLS", 5, 6, 5, "polls ended"),
	COLUMN_NUMBER(EXEC_LONGEST, "LONGEST", 7, 8, 6, "longest poll"),
	COLUMN_NUMBER(EXEC_PARKED, "PARKED", 7, 8, 8, "time asleep"),
	COLUMN_NUMBER(EXEC_WAKES, "WAKES", 5, 6, 9, "wakes done on it"),
	COLUMN_NUMBER(EXEC_STEALS, "STEALS", 6, 7, 11, "tasks taken from other workers"),
	COLUMN_NUMBER(EXEC_QUEUED, "QUEUED", 6, 7, 7, "tasks in its run queue, as its runtime says"),
	[EXEC_TID] = { .title = "TID", .min_width = 7, .max_width = 8, .priority = 10,
		       .align = ALIGN_RIGHT, .sort = SORT_NUMBER, .data = EXEC_TID,
		       .format = format_words, .number = number },
	COLUMN_WORDS(EXEC_MADE, "MADE AT", 12, 36, 12, "where an executor was made, and its kind"),
	[EXEC_WHY] = { .title = "WHY", .help = "what it does; sorted: longest first",
		       .min_width = 34, .grow = 2, .sort = SORT_NUMBER,
		       .is_descending_first = true, .data = EXEC_WHY, .format = format_words,
		       .number = number },
};
/* clang-format on */

/* ---- Filters: of workers, as those of the verb; an executor stays for one of its ---- */

static const void *executors_record(struct view *view, uint64_t id)
{
	return VIGIL_FIND(view->shared->model->reader, worker, id);
}

static bool executors_keeps(struct view *view, uint64_t id)
{
	const struct model *model = view->shared->model;
	uint32_t count = vigil_reader_count(model->reader, VIGIL_TABLE_worker);
	uint32_t i;

	for (i = 0; i < count; i++) {
		const struct vigil_worker_record *worker = VIGIL_AT(model->reader, worker, i);

		if (worker->executor == id && worker->life == VIGIL_LIFE_LIVE &&
		    filter_matches(view->filter, model, worker))
			return true;
	}
	return false;
}

static void executors_empty(struct view *view, char *buf, size_t size)
{
	(void)view;
	snprintf(buf, size,
		 "No executors or workers yet: the program makes them with vigil_executor_new and "
		 "vigil_worker_begin.");
}

static const struct view_ops *executors_enter(struct view *view, uint64_t id, uint64_t *ret_object)
{
	(void)view;
	*ret_object = id;
	return vigil_ref_table(id) == VIGIL_TABLE_worker ? &view_worker : &view_executor;
}

const struct view_ops view_executors = {
	.name = "executors",
	.request = REQ_VIEW_EXECUTORS,
	.where = IN_EXECUTORS,
	.size = sizeof(struct executors),
	.columns = columns,
	.column_count = EXEC_COLUMNS,
	.sort_column = -1,
	.is_tree = true,
	.rows = { .count = rows_count, .id = rows_id, .parent = rows_parent },
	.properties = &worker_properties,
	.record = executors_record,
	.keeps = executors_keeps,
	.empty = executors_empty,
	.close = executors_close,
	.gather = executors_gather,
	.enter = executors_enter,
};
