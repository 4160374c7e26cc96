/* SPDX-License-Identifier: MIT */
/*
 * Tasks: one row each, worst first.
 *
 * The law of the file: a refresh looks at the tasks that changed, and ordering
 * looks at 32 bytes a task. What a column sorts by is kept beside the records as
 * a number that does not age: a time that grows is kept as the moment it began.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "console/format.h"
#include "console/names.h"
#include "console/parts.h"
#include "console/view.h"

/* A task that has run, or waited though it could run, for so long is shown first. */
#define STUCK_NS UINT64_C(100000000)

/*
 * What WHY sorts by, from the top bits down: the rank of who has been so for over
 * STUCK_NS and then for how long; alive or not, and then the serial number, so
 * that who is as it should be has a place of its own and keeps it.
 */
enum rank { RANK_NONE, RANK_WAITING, RANK_SCHEDULED, RANK_RUNNING };

#define RANK_SHIFT 60
#define RANK_MASK (UINT64_C(7) << RANK_SHIFT)
#define GROWN_MOST ((UINT64_C(1) << RANK_SHIFT) - 1)
#define ALIVE (UINT64_C(1) << 59)
#define ID_MOST (ALIVE - 1)

enum task_column {
	TASK_SIGN,
	TASK_ID,
	TASK_NAME,
	TASK_STATE,
	TASK_FOR,
	TASK_AGE,
	TASK_BUSY,
	TASK_SCHEDULED,
	TASK_IDLE,
	TASK_LONGEST,
	TASK_POLLS,
	TASK_WAKES,
	TASK_SELF,
	TASK_KIND,
	TASK_PARENT,
	TASK_SITE,
	TASK_WHY,
	TASK_COLUMNS
};

struct task_row {
	uint64_t ref;   /* 0: not shown */
	uint64_t value; /* of the column sorted by */
	uint64_t begin; /* since when it grows; 0: it does not */
	uint64_t ended; /* when; 0: it lives */
};

struct tasks {
	struct view view;
	struct task_row *rows; /* by record index */
	uint32_t count;
	uint32_t capacity;
	int column;         /* whose values these are */
	uint64_t refreshes; /* up to which rows are up to date */
};

static struct tasks *tasks_of(const struct table_row *row)
{
	return row->ctx;
}

static const struct vigil_task_record *task_of(const struct table_row *row)
{
	return VIGIL_FIND(row_model(row)->reader, task, row->id);
}

/* ---- What rows are sorted by ---- */

/* Since when a task would run if it could; 0: it waits as it should. */
static uint64_t stuck_since(const struct vigil_task_record *task,
			    const struct vigil_task_times *times, uint64_t now)
{
	if (times->state == VIGIL_STATE_RUNNING || times->state == VIGIL_STATE_SCHEDULED)
		return less_of(now, times->state_ns);
	if (times->state == VIGIL_STATE_DONE)
		return 0;
	switch (task->wait_kind) {
	case VIGIL_WAIT_LOCK:
	case VIGIL_WAIT_LOCK_SHARED:
	case VIGIL_WAIT_PERMIT:
	case VIGIL_WAIT_SEND:
	case VIGIL_WAIT_JOB:
		return task->wait_since_ns;
	default:
		return task->wait_until_ns;
	}
}

static uint64_t why_value(const struct vigil_task_record *task, enum vigil_state state)
{
	enum rank rank = state == VIGIL_STATE_RUNNING   ? RANK_RUNNING :
			 state == VIGIL_STATE_SCHEDULED ? RANK_SCHEDULED :
							  RANK_WAITING;

	return (uint64_t)rank << RANK_SHIFT | (state != VIGIL_STATE_DONE ? ALIVE : 0) |
	       (task->id < ID_MOST ? ID_MOST - task->id : 0);
}

/* The rank counts once it has lasted. */
static uint64_t why_number(const struct task_row *row, uint64_t grown)
{
	if (grown <= STUCK_NS)
		return row->value & ~RANK_MASK;
	return (row->value & RANK_MASK) | (grown < GROWN_MOST ? grown : GROWN_MOST);
}

/* A value that grows with time is kept as the moment it was 0. */
static void set_growing(struct task_row *row, uint64_t value, bool is_growing, uint64_t now)
{
	row->value = is_growing ? 0 : value;
	row->begin = is_growing ? less_of(now, value) : 0;
}

static void set_value(struct task_row *row, const struct vigil_task_record *task, int column,
		      uint64_t now)
{
	struct vigil_task_times times;

	vigil_task_times(task, now, &times);
	row->begin = 0;
	row->ended = times.state == VIGIL_STATE_DONE ? less_of(now, times.state_ns) : 0;
	switch (column) {
	case TASK_WHY:
		row->value = why_value(task, times.state);
		row->begin = stuck_since(task, &times, now);
		break;
	case TASK_STATE:
		row->value = times.state;
		break;
	case TASK_FOR:
		set_growing(row, times.state_ns, true, now);
		break;
	case TASK_AGE:
		set_growing(row, times.age_ns, times.state != VIGIL_STATE_DONE, now);
		break;
	case TASK_BUSY:
		set_growing(row, times.busy_ns, times.state == VIGIL_STATE_RUNNING, now);
		break;
	case TASK_SCHEDULED:
		set_growing(row, times.scheduled_ns, times.state == VIGIL_STATE_SCHEDULED, now);
		break;
	case TASK_IDLE:
		set_growing(row, times.idle_ns, times.state == VIGIL_STATE_IDLE, now);
		break;
	case TASK_LONGEST:
		row->value = task->busy_max_ns;
		break;
	case TASK_POLLS:
		row->value = task->polls;
		break;
	case TASK_WAKES:
		row->value = task->wakes;
		break;
	case TASK_SELF:
		row->value = (uint64_t)(share_of(task->self_wakes, task->wakes) * 1e6);
		break;
	default:
		row->value = task->id;
		break;
	}
}

static void update_row(struct tasks *tasks, uint32_t index)
{
	const struct model *model = tasks->view.shared->model;
	const struct vigil_task_record *task = VIGIL_AT(model->reader, task, index);
	struct task_row *row = &tasks->rows[index];

	row->ref = 0;
	if (task->life != VIGIL_LIFE_LIVE && task->life != VIGIL_LIFE_ENDED)
		return;
	row->ref = vigil_ref_make(VIGIL_TABLE_task, index, task->gen);
	set_value(row, task, tasks->column, model->now);
}

static void update_all(struct tasks *tasks)
{
	uint32_t i;

	for (i = 0; i < tasks->count; i++)
		update_row(tasks, i);
}

/* Returns false without memory. */
static bool make_room(struct tasks *tasks, uint32_t count)
{
	uint32_t capacity = count + count / 4 + 64;
	struct task_row *rows;

	if (count > tasks->capacity) {
		rows = realloc(tasks->rows, capacity * sizeof(*rows));
		if (!rows)
			return false;
		tasks->rows = rows;
		tasks->capacity = capacity;
	}
	tasks->count = count;
	return true;
}

static void tasks_refresh(struct view *view)
{
	struct tasks *tasks = (struct tasks *)view;
	const struct shared *shared = view->shared;
	uint32_t count = vigil_reader_count(shared->model->reader, VIGIL_TABLE_task);
	bool has_missed_some = tasks->refreshes + 1 != shared->refreshes;
	const uint32_t *changed;
	uint32_t i;

	if (tasks->refreshes == shared->refreshes || !make_room(tasks, count))
		return;
	tasks->refreshes = shared->refreshes;
	if (has_missed_some) {
		update_all(tasks);
		return;
	}
	changed = vigil_reader_changed(shared->model->reader, VIGIL_TABLE_task, &count);
	for (i = 0; i < count; i++)
		update_row(tasks, changed[i]);
}

static uint64_t number(const struct table_row *row)
{
	struct tasks *tasks = tasks_of(row);
	uint64_t now = tasks->view.shared->model->now;
	uint32_t index = vigil_ref_index(row->id);
	const struct task_row *it = &tasks->rows[index];
	uint64_t grown;

	if (tasks->column != row->column->data) {
		tasks->column = row->column->data;
		update_all(tasks);
	}
	if (index >= tasks->count)
		return 0;
	grown = it->begin ? less_of(now, it->begin) : 0;
	if (tasks->column == TASK_WHY)
		return why_number(it, grown);
	return it->value + grown;
}

/* ---- Rows ---- */

static size_t rows_count(void *ctx)
{
	return ((struct tasks *)ctx)->count;
}

static uint64_t rows_id(void *ctx, size_t index)
{
	const struct tasks *tasks = ctx;
	const struct task_row *row = &tasks->rows[index];
	const struct shared *shared = tasks->view.shared;

	if (!row->ended || shared->ended == ENDED_ALL)
		return row->ref;
	if (shared->ended == ENDED_NONE)
		return TABLE_NO_ROW;
	return less_of(shared->model->now, row->ended) <= ENDED_RECENT_NS ? row->ref : TABLE_NO_ROW;
}

static const void *tasks_record(struct view *view, uint64_t id)
{
	return VIGIL_FIND(view->shared->model->reader, task, id);
}

static uint64_t rows_parent(void *ctx, uint64_t id)
{
	const struct vigil_task_record *task = tasks_record(ctx, id);

	return task ? task->parent : 0;
}

static enum role rows_role(void *ctx, uint64_t id)
{
	const struct vigil_task_record *task = tasks_record(ctx, id);

	return task && task->life == VIGIL_LIFE_LIVE ? ROLE_TEXT : ROLE_DONE;
}

/* ---- Cells ---- */

static enum role why_role(const struct vigil_task_record *task,
			  const struct vigil_task_times *times, uint64_t now)
{
	uint64_t since = stuck_since(task, times, now);

	if (times->state == VIGIL_STATE_DONE)
		return task->outcome == VIGIL_OUTCOME_FAILED ? ROLE_ERROR : ROLE_DONE;
	if (!since || less_of(now, since) <= STUCK_NS)
		return ROLE_TEXT;
	return less_of(now, since) > 10 * STUCK_NS ? ROLE_ERROR : ROLE_WARN;
}

static void format_words(const struct table_row *row, char *buf, size_t size, enum role *ret_role)
{
	const struct model *model = row_model(row);
	const struct vigil_task_record *task = task_of(row);
	struct vigil_task_times times;

	if (!task)
		return;
	vigil_task_times(task, model->now, &times);
	switch (row->column->data) {
	case TASK_SIGN:
		snprintf(buf, size, "%s", task_sign(task, times.state, ret_role));
		break;
	case TASK_NAME:
		name_task(model, task, buf, size);
		*ret_role = times.state == VIGIL_STATE_DONE ? ROLE_DONE : ROLE_NAME;
		break;
	case TASK_STATE:
		snprintf(buf, size, "%s", word_state(times.state));
		*ret_role = state_role(times.state);
		break;
	case TASK_KIND:
		snprintf(buf, size, "%s", word_task_kind(task->kind));
		break;
	case TASK_PARENT:
		name_object(model, task->parent, buf, size);
		break;
	case TASK_SITE:
		name_place(model, task->site, buf, size);
		*ret_role = times.state == VIGIL_STATE_DONE ? ROLE_DONE : ROLE_PLACE;
		break;
	default:
		name_reason(model, task, buf, size);
		*ret_role = why_role(task, &times, model->now);
		break;
	}
}

static uint64_t time_of(const struct vigil_task_record *task, int column, uint64_t now)
{
	struct vigil_task_times times;

	vigil_task_times(task, now, &times);
	switch (column) {
	case TASK_FOR:
		return times.state_ns;
	case TASK_AGE:
		return times.age_ns;
	case TASK_BUSY:
		return times.busy_ns;
	case TASK_SCHEDULED:
		return times.scheduled_ns;
	case TASK_IDLE:
		return times.idle_ns;
	default:
		return task->busy_max_ns;
	}
}

static void format_number(const struct table_row *row, char *buf, size_t size, enum role *ret_role)
{
	const struct vigil_task_record *task = task_of(row);
	int column = row->column->data;

	if (!task)
		return;
	switch (column) {
	case TASK_ID:
		snprintf(buf, size, "%" PRIu64, task->id);
		break;
	case TASK_POLLS:
		cell_count(buf, size, task->polls, ret_role);
		break;
	case TASK_WAKES:
		cell_count(buf, size, task->wakes, ret_role);
		break;
	case TASK_SELF:
		format_percent(buf, size, share_of(task->self_wakes, task->wakes));
		*ret_role = task->self_wakes * 2 > task->wakes ? ROLE_WARN : ROLE_DIM;
		break;
	default:
		cell_duration(buf, size, time_of(task, column, row_model(row)->now), ret_role);
		break;
	}
	if (task->life == VIGIL_LIFE_ENDED)
		*ret_role = ROLE_DONE;
}

/* clang-format off */
static const struct column columns[TASK_COLUMNS] = {
	[TASK_SIGN] = { .title = "", .min_width = 1, .max_width = 1, .data = TASK_SIGN,
			.format = format_words },
	[TASK_ID] = { .title = "ID", .help = "serial number", .min_width = 7, .max_width = 9,
		      .align = ALIGN_RIGHT, .sort = SORT_NUMBER, .data = TASK_ID,
		      .format = format_number, .number = number },
	COLUMN_WORDS(TASK_NAME, "NAME", 9, 28, 0, NULL, .is_tree = true),
	[TASK_STATE] = { .title = "STATE", .min_width = 9, .max_width = 9, .priority = 6,
			 .sort = SORT_NUMBER, .data = TASK_STATE, .format = format_words,
			 .number = number },
	COLUMN_NUMBER(TASK_FOR, "FOR", 7, 7, 1, "how long in its state"),
	COLUMN_NUMBER(TASK_AGE, "AGE", 7, 7, 7, "since it was spawned"),
	COLUMN_NUMBER(TASK_BUSY, "BUSY", 7, 7, 2, "time in polls"),
	COLUMN_NUMBER(TASK_SCHEDULED, "SCHED", 7, 7, 5, "time runnable, waiting for a worker"),
	COLUMN_NUMBER(TASK_IDLE, "IDLE", 7, 7, 8, "time waiting for something"),
	COLUMN_NUMBER(TASK_LONGEST, "LONGEST", 7, 7, 9, "longest poll"),
	COLUMN_NUMBER(TASK_POLLS, "POLLS", 5, 6, 4, "polls ended"),
	COLUMN_NUMBER(TASK_WAKES, "WAKES", 5, 6, 10, "times woken"),
	COLUMN_NUMBER(TASK_SELF, "SELF", 5, 6, 11, "wakes by itself"),
	COLUMN_WORDS(TASK_KIND, "KIND", 8, 8, 12, NULL),
	COLUMN_WORDS(TASK_PARENT, "PARENT", 10, 20, 13, NULL),
	COLUMN_WORDS(TASK_SITE, "SITE", 12, 22, 3, "where it was spawned"),
	[TASK_WHY] = { .title = "WHY", .help = "why it is so; sorted: who has been running, then scheduled, then "
			       "waiting for what others have, for over 100 ms, each the longest "
			       "first; then the others by ID",
		       .min_width = 37, .grow = 1, .sort = SORT_NUMBER,
		       .is_descending_first = true, .data = TASK_WHY, .format = format_words,
		       .number = number },
};
/* clang-format on */

/* ---- The view ---- */

static int tasks_open(struct view *view)
{
	struct tasks *tasks = (struct tasks *)view;

	tasks->column = TASK_WHY;
	tasks->refreshes = UINT64_MAX - 1;
	return 0;
}

static void tasks_close(struct view *view)
{
	free(((struct tasks *)view)->rows);
}

static void tasks_empty(struct view *view, char *buf, size_t size)
{
	const struct model *model = view->shared->model;

	if (view->shared->ended != ENDED_ALL && model->totals.done > 0)
		snprintf(buf, size,
			 "No live tasks. %" PRIu64 " have ended and are hidden: D shows them.",
			 model->totals.done);
	else if (model->totals.lost > 0)
		snprintf(buf, size,
			 "No tasks were recorded; the red line above says what was lost.");
	else
		snprintf(buf, size,
			 "No tasks yet: the program has not called vigil_task_spawn so far. Its "
			 "workers are under e, its locks under l.");
}

const struct view_ops view_tasks = {
	.name = "tasks",
	.request = REQ_VIEW_TASKS,
	.where = IN_TASKS,
	.size = sizeof(struct tasks),
	.columns = columns,
	.column_count = TASK_COLUMNS,
	.sort_column = TASK_WHY,
	.rows = { .count = rows_count,
		  .id = rows_id,
		  .parent = rows_parent,
		  .row_role = rows_role },
	.properties = &task_properties,
	.record = tasks_record,
	.empty = tasks_empty,
	.open = tasks_open,
	.close = tasks_close,
	.refresh = tasks_refresh,
	.details = &view_task,
};
