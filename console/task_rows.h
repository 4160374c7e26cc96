/* SPDX-License-Identifier: MIT */
/*
 * Rows of lists of tasks: of the process that is shown, or of all of a source.
 *
 * The law of the file: a refresh looks at the tasks that changed, and ordering
 * looks at 32 bytes a task. What a column sorts by is kept beside the records as
 * a number that does not age: a time that grows is kept as the moment it began.
 */
#ifndef CONSOLE_TASK_ROWS_H
#define CONSOLE_TASK_ROWS_H

#include "console/models.h"
#include "console/view.h"

/* A task that has run, or waited though it could run, for so long is shown first. */
#define STUCK_NS UINT64_C(100000000)

enum task_column {
	TASK_HOST,
	TASK_PID,
	TASK_PROCESS,
	TASK_SIGN, /* the first of a list of one process */
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

/* The tasks of a process. */
struct task_rows {
	struct model *model;   /* NULL: it has not begun */
	const char *gone;      /* "ended", "lost": its tasks are as they were; NULL: as they are */
	struct task_row *list; /* by record index */
	uint32_t count;
	uint32_t capacity;
};

/* A list of tasks. The id of a row is the task's reference, or tells the process too. */
struct tasks {
	struct view view;
	struct task_rows *processes; /* as numbered in the source; or the one shown */
	uint32_t process_count;
	bool is_of_all;
	int column; /* whose values these are */
};

extern const struct column task_columns[TASK_COLUMNS];

/* Takes in what changed, or all. False: without memory it stays as it was. */
bool task_rows_refresh(struct tasks *tasks, uint32_t process, struct model *model, bool is_all);
void task_rows_fini(struct tasks *tasks);

/* The row of a task in the list's table; TABLE_NO_ROW: it is not shown. */
uint64_t task_rows_id(const struct tasks *tasks, uint32_t process, uint32_t index);

/* A row of the list that is a process, below which its tasks stand. */
uint64_t task_rows_process_id(uint32_t process);
bool task_rows_is_process(const struct tasks *tasks, uint64_t id);

/* What a row is of: its process's number, and its task; 0: it is a process, or gone. */
uint32_t task_rows_process(const struct tasks *tasks, uint64_t id);
uint64_t task_rows_ref(const struct tasks *tasks, uint64_t id);
struct model *task_rows_model(const struct tasks *tasks, uint64_t id);
const struct vigil_task_record *task_rows_task(const struct tasks *tasks, uint64_t id);

/* Why a row is as it was, not as it is: its process has "ended", is "lost"; NULL: it is. */
const char *task_rows_gone(const struct tasks *tasks, uint64_t id);

/* What rows are sorted by; of a process it is the most of any of its tasks. */
uint64_t task_rows_number(const struct table_row *row);

/* Since when a task would run if it could; 0: it waits as it should. */
uint64_t task_stuck_since(const struct vigil_task_record *task,
			  const struct vigil_task_times *times, uint64_t now);

/* Dim is what has ended. */
enum role task_rows_role(void *ctx, uint64_t id);

#endif
