/* SPDX-License-Identifier: MIT */
/*
 * All: the tasks of every process of a source in one list, worst first, with host and
 * process in columns. As a tree each process has a row, with its tasks below.
 *
 * The law of the file: boards of the processes are read only while it is looked at.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "console/task_rows.h"

#define PARENTS_MOST 64 /* above each other that are looked at */

struct all_tasks {
	struct tasks tasks;
	struct models models;
	uint64_t refreshes; /* up to which rows are up to date */
	size_t task_count;  /* rows that are tasks */
	uint32_t at;        /* the process whose row was asked for last, */
	size_t at_first;    /* and the index of its first */
};

static struct all_tasks *all_of(struct view *view)
{
	return (struct all_tasks *)(void *)view;
}

/* ---- Going with the time ---- */

static bool make_room(struct tasks *tasks, uint32_t count)
{
	struct task_rows *processes;

	if (count <= tasks->process_count)
		return true;
	processes = realloc(tasks->processes, count * sizeof(*processes));
	if (!processes)
		return false;
	memset(processes + tasks->process_count, 0,
	       (count - tasks->process_count) * sizeof(*processes));
	tasks->processes = processes;
	tasks->process_count = count;
	return true;
}

static void all_refresh(struct view *view)
{
	struct all_tasks *it = all_of(view);
	struct tasks *tasks = &it->tasks;

	if (it->refreshes == view->shared->refreshes)
		return;
	it->refreshes = view->shared->refreshes;
	models_refresh(&it->models, view->shared->model->source);
	make_room(tasks, it->models.count);
	it->task_count = it->at_first = it->at = 0;
	for (uint32_t i = 0; i < tasks->process_count; i++) {
		const struct models_one *one = &it->models.list[i];
		struct task_rows *rows = &tasks->processes[i];
		bool is_other = one->is_other || rows->model != one->model;

		rows->gone = models_is_there(one) ? NULL : one->is_away ? "lost" : "ended";
		/* Without memory its tasks are not there, and are all read again. */
		if (!task_rows_refresh(tasks, i, one->model, is_other)) {
			rows->model = NULL;
			rows->count = 0;
		}
		it->task_count += rows->count;
	}
}

static int all_open(struct view *view)
{
	struct all_tasks *it = all_of(view);

	it->tasks.is_of_all = true;
	it->tasks.column = TASK_WHY;
	it->refreshes = UINT64_MAX;
	return 0;
}

static void all_close(struct view *view)
{
	task_rows_fini(&all_of(view)->tasks);
	models_fini(&all_of(view)->models);
}

/* ---- Rows: tasks, process by process, then, in a tree, the processes ---- */

static size_t rows_count(void *ctx)
{
	const struct all_tasks *it = ctx;

	return it->task_count + (table_is_tree(it->tasks.view.table) ? it->tasks.process_count : 0);
}

static uint64_t rows_id(void *ctx, size_t index)
{
	struct all_tasks *it = ctx;

	if (index >= it->task_count)
		return task_rows_process_id((uint32_t)(index - it->task_count));
	if (index < it->at_first)
		it->at_first = it->at = 0;
	while (index - it->at_first >= it->tasks.processes[it->at].count)
		it->at_first += it->tasks.processes[it->at++].count;
	return task_rows_id(&it->tasks, it->at, (uint32_t)(index - it->at_first));
}

static bool rows_shown(void *ctx, uint64_t id)
{
	const struct all_tasks *it = ctx;

	return !task_rows_is_process(&it->tasks, id) || task_rows_model(&it->tasks, id);
}

/* The row of a task of the same process, by its reference, if it is in the table. */
static uint64_t row_of(const struct tasks *tasks, uint32_t process, uint64_t ref)
{
	const struct task_rows *rows = &tasks->processes[process];
	uint32_t index = vigil_ref_index(ref);
	uint64_t id;

	if (index >= rows->count || rows->list[index].ref != ref)
		return TABLE_NO_ROW;
	id = task_rows_id(tasks, process, index);
	return id && filter_matches(tasks->view.filter, rows->model, task_rows_task(tasks, id)) ?
		       id :
		       TABLE_NO_ROW;
}

/* The nearest above it that is in the table; none leaves its process. */
static uint64_t rows_parent(void *ctx, uint64_t id)
{
	const struct tasks *tasks = ctx;
	const struct vigil_task_record *task = task_rows_task(tasks, id);
	uint32_t process = task_rows_process(tasks, id);
	const struct model *model = task_rows_model(tasks, id);

	if (task_rows_is_process(tasks, id))
		return TABLE_NO_ROW;
	for (int i = 0; i < PARENTS_MOST && task && task->parent; i++) {
		uint64_t parent = row_of(tasks, process, task->parent);

		if (parent)
			return parent;
		task = VIGIL_FIND(model->reader, task, task->parent);
	}
	return task_rows_process_id(process);
}

static const void *all_record(struct view *view, uint64_t id)
{
	return task_rows_task((struct tasks *)view, id);
}

/* A process stays with any of its tasks. */
static bool all_keeps(struct view *view, uint64_t id)
{
	const struct tasks *tasks = (struct tasks *)view;
	uint32_t process = task_rows_process(tasks, id);

	for (uint32_t i = 0; task_rows_is_process(tasks, id) && i < tasks->processes[process].count;
	     i++)
		if (row_of(tasks, process, tasks->processes[process].list[i].ref))
			return true;
	return false;
}

/* ---- The view ---- */

static struct model *all_model(struct view *view, uint64_t id)
{
	return task_rows_model((struct tasks *)view, id);
}

static const struct models *all_models(struct view *view)
{
	return &all_of(view)->models;
}

static uint64_t all_selected(const struct view *view, uint32_t *ret_process)
{
	const struct tasks *tasks = (const struct tasks *)(const void *)view;
	uint64_t id = table_cursor(view->table);

	*ret_process = task_rows_process(tasks, id);
	return task_rows_ref(tasks, id);
}

static void all_select(struct view *view, uint32_t process, uint64_t task)
{
	const struct tasks *tasks = (struct tasks *)view;
	uint64_t id = process < tasks->process_count ? row_of(tasks, process, task) : TABLE_NO_ROW;

	if (id != TABLE_NO_ROW && table_go_to(view->table, id))
		view->is_touched = true;
}

static const struct view_ops *all_enter(struct view *view, uint64_t id, uint64_t *ret_object)
{
	const struct tasks *tasks = (struct tasks *)view;

	*ret_object = task_rows_ref(tasks, id);
	if (*ret_object || task_rows_is_process(tasks, id))
		view->shared->choose = task_rows_process(tasks, id) + 1;
	return *ret_object ? &view_task : NULL;
}

static void all_empty(struct view *view, char *buf, size_t size)
{
	const struct models *models = &all_of(view)->models;

	if (!models->begun)
		snprintf(buf, size, "No process has begun yet.");
	else if (view->shared->ended != ENDED_ALL && models->sum.totals.done > 0)
		snprintf(buf, size,
			 "No live tasks. %" PRIu64 " have ended and are hidden: D shows them.",
			 models->sum.totals.done);
	else
		snprintf(buf, size, "No tasks yet, of any process: p lists these.");
}

const struct view_ops view_all = {
	.name = "all",
	.request = REQ_VIEW_ALL,
	.where = IN_TASKS,
	.size = sizeof(struct all_tasks),
	.is_of_all = true,
	.columns = task_columns,
	.column_count = TASK_COLUMNS,
	.sort_column = TASK_WHY,
	.rows = { .count = rows_count,
		  .id = rows_id,
		  .parent = rows_parent,
		  .is_shown = rows_shown,
		  .row_role = task_rows_role },
	.properties = &member_task_properties,
	.record = all_record,
	.keeps = all_keeps,
	.model = all_model,
	.models = all_models,
	.empty = all_empty,
	.open = all_open,
	.close = all_close,
	.refresh = all_refresh,
	.selected = all_selected,
	.select = all_select,
	.enter = all_enter,
};
