/* SPDX-License-Identifier: MIT */
/* Tasks of the process that is shown: one row each, worst first. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "console/task_rows.h"

struct own_tasks {
	struct tasks tasks;
	uint64_t refreshes; /* up to which rows are up to date */
};

static void tasks_refresh(struct view *view)
{
	struct own_tasks *it = (struct own_tasks *)view;
	const struct shared *shared = view->shared;
	bool has_missed_some = it->refreshes + 1 != shared->refreshes;

	if (it->refreshes != shared->refreshes &&
	    task_rows_refresh(&it->tasks, 0, shared->model, has_missed_some))
		it->refreshes = shared->refreshes;
}

/* ---- Rows ---- */

static size_t rows_count(void *ctx)
{
	return ((struct tasks *)ctx)->processes[0].count;
}

static uint64_t rows_id(void *ctx, size_t index)
{
	return task_rows_id(ctx, 0, (uint32_t)index);
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

/* ---- The view ---- */

static int tasks_open(struct view *view)
{
	struct own_tasks *it = (struct own_tasks *)view;

	it->tasks.column = TASK_WHY;
	it->refreshes = UINT64_MAX - 1;
	it->tasks.processes = calloc(1, sizeof(*it->tasks.processes));
	it->tasks.process_count = it->tasks.processes != NULL;
	return it->tasks.processes ? 0 : -1;
}

static void tasks_close(struct view *view)
{
	task_rows_fini((struct tasks *)view);
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

/* Without the columns that tell processes apart. */
const struct view_ops view_tasks = {
	.name = "tasks",
	.request = REQ_VIEW_TASKS,
	.where = IN_TASKS,
	.size = sizeof(struct own_tasks),
	.columns = task_columns + TASK_SIGN,
	.column_count = TASK_COLUMNS - TASK_SIGN,
	.sort_column = TASK_WHY - TASK_SIGN,
	.rows = { .count = rows_count,
		  .id = rows_id,
		  .parent = rows_parent,
		  .row_role = task_rows_role },
	.properties = &task_properties,
	.record = tasks_record,
	.empty = tasks_empty,
	.open = tasks_open,
	.close = tasks_close,
	.refresh = tasks_refresh,
	.details = &view_task,
};
