/* SPDX-License-Identifier: MIT */
/* What a list of tasks says of each: its columns. */
#include <inttypes.h>
#include <stdio.h>

#include "console/format.h"
#include "console/longest.h"
#include "console/names.h"
#include "console/parts.h"
#include "console/task_rows.h"

/* ---- Of a list of all processes ---- */

static void format_member(const struct table_row *row, char *buf, size_t size, enum role *ret_role)
{
	const struct model *model = task_rows_model(row->ctx, row->id);
	struct source_member member;

	if (!model)
		return;
	model_member(model, &member);
	if (task_rows_is_process(row->ctx, row->id))
		*ret_role = ROLE_TITLE;
	if (row->column->data == TASK_PID)
		snprintf(buf, size, "%" PRIu32, member.pid);
	else
		snprintf(buf, size, "%s",
			 row->column->data == TASK_PROCESS ? member.name :
			 member.host[0]                    ? member.host :
							     "-");
}

static uint64_t pid_number(const struct table_row *row)
{
	const struct model *model = task_rows_model(row->ctx, row->id);
	struct source_member member = { .pid = 0 };

	if (model)
		model_member(model, &member);
	return member.pid;
}

/* "17 tasks: 1 running, 16 idle". */
static void tasks_words(const struct model_totals *totals, char *buf, size_t size)
{
	const struct {
		uint64_t count;
		enum vigil_state state;
	} parts[] = {
		{ totals->running, VIGIL_STATE_RUNNING },
		{ totals->scheduled, VIGIL_STATE_SCHEDULED },
		{ totals->idle, VIGIL_STATE_IDLE },
	};
	const char *lead = ": ";
	size_t at = (size_t)snprintf(buf, size, "%" PRIu64 " task%s", totals->live,
				     totals->live == 1 ? "" : "s");

	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]) && at < size; i++) {
		if (!parts[i].count)
			continue;
		at += (size_t)snprintf(buf + at, size - at, "%s%" PRIu64 " %s", lead,
				       parts[i].count, word_state(parts[i].state));
		lead = ", ";
	}
}

/* The row above a process's tasks says who it is, and how they are. */
static void format_process(const struct table_row *row, char *buf, size_t size, enum role *ret_role)
{
	const struct model *model = task_rows_model(row->ctx, row->id);
	const char *gone = task_rows_gone(row->ctx, row->id);
	struct source_member member;
	int lead;

	*ret_role = ROLE_TITLE;
	if (row->column->data == TASK_NAME) {
		model_member(model, &member);
		snprintf(buf, size, "%s", member.name);
	} else if (row->column->data == TASK_WHY) {
		lead = gone ? snprintf(buf, size, "%s: ", gone) : 0;
		tasks_words(&model->totals, buf + lead, size - (size_t)lead);
	}
}

/* ---- Of any ---- */

static enum role why_role(const struct vigil_task_record *task,
			  const struct vigil_task_times *times, uint64_t now)
{
	uint64_t since = task_stuck_since(task, times, now);

	if (times->state == VIGIL_STATE_DONE)
		return task->outcome == VIGIL_OUTCOME_FAILED ? ROLE_ERROR : ROLE_DONE;
	if (!since || less_of(now, since) <= STUCK_NS)
		return ROLE_TEXT;
	return less_of(now, since) > 10 * STUCK_NS ? ROLE_ERROR : ROLE_WARN;
}

/* "lost: lock "db" held 2.3 s by 17 http-conn". */
static void format_why(const struct table_row *row, char *buf, size_t size)
{
	const struct model *model = task_rows_model(row->ctx, row->id);
	const struct vigil_task_record *task = task_rows_task(row->ctx, row->id);
	const char *gone = task_rows_gone(row->ctx, row->id);
	int lead = gone ? snprintf(buf, size, "%s: ", gone) : 0;

	name_reason(model, task, buf + lead, size - (size_t)lead);
}

static void format_words(const struct table_row *row, char *buf, size_t size, enum role *ret_role)
{
	const struct model *model = task_rows_model(row->ctx, row->id);
	const struct vigil_task_record *task = task_rows_task(row->ctx, row->id);
	struct vigil_task_times times;

	if (model && task_rows_is_process(row->ctx, row->id))
		format_process(row, buf, size, ret_role);
	if (!model || !task)
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
		format_why(row, buf, size);
		*ret_role = why_role(task, &times, model->now);
		break;
	}
	if (task_rows_gone(row->ctx, row->id))
		*ret_role = ROLE_DONE;
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
		return longest_poll_of(task, now).ns;
	}
}

static void format_number(const struct table_row *row, char *buf, size_t size, enum role *ret_role)
{
	const struct vigil_task_record *task = task_rows_task(row->ctx, row->id);
	const struct model *model = task_rows_model(row->ctx, row->id);
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
		cell_duration(buf, size, time_of(task, column, model->now), ret_role);
		if (column == TASK_LONGEST && longest_poll_of(task, model->now).lasts)
			cell_lasts(buf, size);
		break;
	}
	if (task->life == VIGIL_LIFE_ENDED || task_rows_gone(row->ctx, row->id))
		*ret_role = ROLE_DONE;
}

static uint64_t number(const struct table_row *row)
{
	return task_rows_number(row);
}

/* clang-format off */
const struct column task_columns[TASK_COLUMNS] = {
	[TASK_HOST] = { .title = "HOST", .help = "where its process runs", .min_width = 4,
			.max_width = 20, .priority = 1, .sort = SORT_TEXT, .data = TASK_HOST,
			.format = format_member },
	[TASK_PID] = { .title = "PID", .help = "of its process", .min_width = 5, .max_width = 8,
		       .priority = 1, .align = ALIGN_RIGHT, .sort = SORT_NUMBER, .data = TASK_PID,
		       .format = format_member, .number = pid_number },
	[TASK_PROCESS] = { .title = "PROCESS", .help = "its name", .min_width = 7, .max_width = 16,
			   .sort = SORT_TEXT, .data = TASK_PROCESS, .format = format_member },
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
	COLUMN_NUMBER(TASK_LONGEST, "LONGEST", 7, 8, 9, "longest poll"),
	COLUMN_NUMBER(TASK_POLLS, "POLLS", 5, 6, 4, "polls ended"),
	COLUMN_NUMBER(TASK_WAKES, "WAKES", 5, 6, 10, "times woken"),
	COLUMN_NUMBER(TASK_SELF, "SELF", 5, 6, 11, "wakes by itself"),
	COLUMN_WORDS(TASK_KIND, "KIND", 8, 8, 12, NULL),
	COLUMN_WORDS(TASK_PARENT, "PARENT", 10, 20, 13, NULL),
	COLUMN_WORDS(TASK_SITE, "SITE", 12, 22, 3, "where it was spawned", .is_place = true),
	[TASK_WHY] = { .title = "WHY", .help = "why it is so; sorted: who has been running, then scheduled, then "
			       "waiting for what others have, for over 100 ms, each the longest "
			       "first; then the others by ID",
		       .min_width = 37, .grow = 1, .sort = SORT_NUMBER,
		       .is_descending_first = true, .data = TASK_WHY, .format = format_words,
		       .number = number },
};
/* clang-format on */
