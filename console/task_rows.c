/* SPDX-License-Identifier: MIT */
/* Rows of lists of tasks. The law is in task_rows.h. */
#include "console/task_rows.h"

#include <stdlib.h>
#include <string.h>

/*
 * What WHY sorts by, from the top bits down: whether its process is there; the rank of who
 * has been so for over STUCK_NS and then for how long; alive or not, and then process and
 * serial number, so that who is as it should be has a place of its own and keeps it.
 */
enum rank { RANK_NONE, RANK_WAITING, RANK_SCHEDULED, RANK_RUNNING };

#define THERE (UINT64_C(1) << 63)
#define RANK_SHIFT 60
#define RANK_MASK (UINT64_C(7) << RANK_SHIFT)
#define GROWN_MOST ((UINT64_C(1) << RANK_SHIFT) - 1)
#define ALIVE (UINT64_C(1) << 59)
#define PLACE_MOST (ALIVE - 1)
#define ID_BITS 47 /* the process's number stands above them */
#define ID_MOST ((UINT64_C(1) << ID_BITS) - 1)

/*
 * The id of a row among those of all processes, from the top bits down: the process's
 * number plus one, the low bits of the record's generation, its index.
 */
#define PROCESS_SHIFT 52
#define GEN_MASK ((UINT32_C(1) << (PROCESS_SHIFT - VIGIL_REF_INDEX_BITS)) - 1)
#define NO_TASK ((UINT64_C(1) << PROCESS_SHIFT) - 1) /* below the number of a process */

/* ---- Ids ---- */

static uint64_t id_of(const struct tasks *tasks, uint32_t process, uint64_t ref)
{
	if (!tasks->is_of_all || !ref)
		return ref;
	return (uint64_t)(process + 1) << PROCESS_SHIFT |
	       (uint64_t)(vigil_ref_gen(ref) & GEN_MASK) << VIGIL_REF_INDEX_BITS |
	       vigil_ref_index(ref);
}

uint64_t task_rows_process_id(uint32_t process)
{
	return (uint64_t)(process + 1) << PROCESS_SHIFT | NO_TASK;
}

bool task_rows_is_process(const struct tasks *tasks, uint64_t id)
{
	return tasks->is_of_all && (id & NO_TASK) == NO_TASK;
}

uint32_t task_rows_process(const struct tasks *tasks, uint64_t id)
{
	return tasks->is_of_all && id ? (uint32_t)(id >> PROCESS_SHIFT) - 1 : 0;
}

static struct task_rows *rows_of(const struct tasks *tasks, uint64_t id)
{
	uint32_t process = task_rows_process(tasks, id);

	return process < tasks->process_count ? &tasks->processes[process] : NULL;
}

struct model *task_rows_model(const struct tasks *tasks, uint64_t id)
{
	const struct task_rows *rows = rows_of(tasks, id);

	return rows ? rows->model : NULL;
}

uint64_t task_rows_ref(const struct tasks *tasks, uint64_t id)
{
	const struct task_rows *rows = rows_of(tasks, id);
	uint64_t ref;

	if (!tasks->is_of_all || !rows || vigil_ref_index(id) >= rows->count)
		return tasks->is_of_all ? 0 : id;
	ref = rows->list[vigil_ref_index(id)].ref;
	return id_of(tasks, task_rows_process(tasks, id), ref) == id ? ref : 0;
}

const struct vigil_task_record *task_rows_task(const struct tasks *tasks, uint64_t id)
{
	const struct model *model = task_rows_model(tasks, id);

	return model ? VIGIL_FIND(model->reader, task, task_rows_ref(tasks, id)) : NULL;
}

uint64_t task_rows_id(const struct tasks *tasks, uint32_t process, uint32_t index)
{
	const struct task_rows *rows = &tasks->processes[process];
	const struct task_row *row = &rows->list[index];
	enum ended_shown ended = tasks->view.shared->ended;

	if (row->ended && ended != ENDED_ALL &&
	    (ended == ENDED_NONE || less_of(rows->model->now, row->ended) > ENDED_RECENT_NS))
		return TABLE_NO_ROW;
	return id_of(tasks, process, row->ref);
}

/* ---- What rows are sorted by ---- */

uint64_t task_stuck_since(const struct vigil_task_record *task,
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

static uint64_t why_value(const struct vigil_task_record *task, uint32_t process,
			  enum vigil_state state)
{
	enum rank rank = state == VIGIL_STATE_RUNNING   ? RANK_RUNNING :
			 state == VIGIL_STATE_SCHEDULED ? RANK_SCHEDULED :
							  RANK_WAITING;
	uint64_t place = (uint64_t)process << ID_BITS | (task->id < ID_MOST ? task->id : ID_MOST);

	return (uint64_t)rank << RANK_SHIFT | (state != VIGIL_STATE_DONE ? ALIVE : 0) |
	       (PLACE_MOST - place);
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

static void set_value(struct task_row *row, const struct vigil_task_record *task, uint32_t process,
		      int column, uint64_t now)
{
	struct vigil_task_times times;

	vigil_task_times(task, now, &times);
	row->begin = 0;
	row->ended = times.state == VIGIL_STATE_DONE ? less_of(now, times.state_ns) : 0;
	switch (column) {
	case TASK_WHY:
		row->value = why_value(task, process, times.state);
		row->begin = task_stuck_since(task, &times, now);
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
		row->begin =
			task->depth && times.state != VIGIL_STATE_DONE ? task->poll_begin_ns : 0;
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

/* ---- Going with the time ---- */

static void update_row(struct tasks *tasks, uint32_t process, uint32_t index)
{
	struct task_rows *rows = &tasks->processes[process];
	const struct vigil_task_record *task = VIGIL_AT(rows->model->reader, task, index);
	struct task_row *row = &rows->list[index];

	row->ref = 0;
	if (task->life != VIGIL_LIFE_LIVE && task->life != VIGIL_LIFE_ENDED)
		return;
	row->ref = vigil_ref_make(VIGIL_TABLE_task, index, task->gen);
	set_value(row, task, process, tasks->column, rows->model->now);
}

static void update_all(struct tasks *tasks, uint32_t process)
{
	uint32_t i;

	for (i = 0; i < tasks->processes[process].count; i++)
		update_row(tasks, process, i);
}

/* Returns false without memory. */
static bool make_room(struct task_rows *rows, uint32_t count)
{
	uint32_t capacity = count + count / 4 + 64;
	struct task_row *list;

	if (count > rows->capacity) {
		list = realloc(rows->list, capacity * sizeof(*list));
		if (!list)
			return false;
		rows->list = list;
		rows->capacity = capacity;
	}
	rows->count = count;
	return true;
}

bool task_rows_refresh(struct tasks *tasks, uint32_t process, struct model *model, bool is_all)
{
	struct task_rows *rows = &tasks->processes[process];
	uint32_t count = model ? vigil_reader_count(model->reader, VIGIL_TABLE_task) : 0;
	const uint32_t *changed;
	uint32_t i;

	rows->model = model;
	if (!make_room(rows, count))
		return false;
	if (is_all || !model) {
		update_all(tasks, process);
		return true;
	}
	changed = vigil_reader_changed(model->reader, VIGIL_TABLE_task, &count);
	for (i = 0; i < count; i++)
		update_row(tasks, process, changed[i]);
	return true;
}

void task_rows_fini(struct tasks *tasks)
{
	uint32_t i;

	for (i = 0; i < tasks->process_count; i++)
		free(tasks->processes[i].list);
	free(tasks->processes);
}

static uint64_t row_number(const struct tasks *tasks, const struct task_rows *rows, uint32_t index)
{
	const struct task_row *it = &rows->list[index];
	uint64_t grown = it->begin ? less_of(rows->model->now, it->begin) : 0;

	if (tasks->column == TASK_WHY)
		return why_number(it, grown) | (rows->gone ? 0 : THERE);
	if (tasks->column == TASK_LONGEST)
		return grown > it->value ? grown : it->value;
	return it->value + grown;
}

static uint64_t most_of(const struct tasks *tasks, uint32_t process)
{
	const struct task_rows *rows = &tasks->processes[process];
	uint64_t most = 0, number;

	for (uint32_t i = 0; i < rows->count; i++) {
		if (task_rows_id(tasks, process, i) == TABLE_NO_ROW)
			continue;
		number = row_number(tasks, rows, i);
		most = number > most ? number : most;
	}
	return most;
}

uint64_t task_rows_number(const struct table_row *row)
{
	struct tasks *tasks = row->ctx;
	const struct task_rows *rows = rows_of(tasks, row->id);
	uint32_t i;

	if (tasks->column != row->column->data) {
		tasks->column = row->column->data;
		for (i = 0; i < tasks->process_count; i++)
			update_all(tasks, i);
	}
	if (!rows || !rows->model)
		return 0;
	if (task_rows_is_process(tasks, row->id))
		return most_of(tasks, task_rows_process(tasks, row->id));
	return vigil_ref_index(row->id) < rows->count ?
		       row_number(tasks, rows, vigil_ref_index(row->id)) :
		       0;
}

const char *task_rows_gone(const struct tasks *tasks, uint64_t id)
{
	const struct task_rows *rows = rows_of(tasks, id);

	return rows ? rows->gone : NULL;
}

enum role task_rows_role(void *ctx, uint64_t id)
{
	const struct tasks *tasks = ctx;
	const struct task_rows *rows = rows_of(tasks, id);
	const struct vigil_task_record *task = task_rows_task(tasks, id);

	if (rows && rows->gone)
		return ROLE_DONE;
	return task && task->life == VIGIL_LIFE_LIVE ? ROLE_TEXT : ROLE_DONE;
}
