/* SPDX-License-Identifier: MIT */
/*
 * Members: the processes of a trace or of a relay's session, on one host or many, to
 * choose the one that is shown. As a tree they stand below their hosts.
 *
 * The law of the file: it asks the source, which knows them all, whatever the model
 * shows.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "console/format.h"
#include "console/meter.h"
#include "console/parts.h"
#include "console/player.h"
#include "console/source.h"
#include "console/view.h"

#define MEMBERS_MOST 4096
#define HOST_ID (UINT64_C(1) << 63) /* of a host's row: with the index plus one of its first */

enum member_column {
	MEMBER_HERE,
	MEMBER_NAME,
	MEMBER_HOST,
	MEMBER_PID,
	MEMBER_STATE,
	MEMBER_TASKS,
	MEMBER_METER,
	MEMBER_EVENTS,
	MEMBER_LOST,
	MEMBER_FIRST,
	MEMBER_COLUMNS
};

struct members {
	struct view view;
	struct source_process *list;
	uint32_t count;
};

static const struct source_process *find(void *ctx, uint64_t id)
{
	const struct members *it = ctx;
	uint64_t index = (id & ~HOST_ID) - 1;

	return id && index < it->count ? &it->list[index] : NULL;
}

static bool is_host(uint64_t id)
{
	return id & HOST_ID;
}

/* The row of a process's host: named by the first process on it. */
static uint64_t host_of(const struct members *it, uint32_t index)
{
	for (uint32_t i = 0; i < index; i++)
		if (!strcmp(it->list[i].host, it->list[index].host))
			return HOST_ID | (i + 1);
	return HOST_ID | (index + 1);
}

static void members_gather(struct view *view)
{
	struct members *it = (struct members *)view;
	struct source *source = view->shared->model->source;
	uint32_t count = source_process_count(source);
	struct source_process *list;

	count = count < MEMBERS_MOST ? count : MEMBERS_MOST;
	list = realloc(it->list, (count ? count : 1) * sizeof(*list));
	if (!list)
		return;
	it->list = list;
	it->count = 0;
	while (it->count < count && source_process(source, it->count, &list[it->count]))
		it->count++;
}

static void members_close(struct view *view)
{
	free(((struct members *)view)->list);
}

/* ---- Rows: the processes, then a host for each; of those that are named twice one shows. ---- */

static size_t rows_count(void *ctx)
{
	return 2 * (size_t)((struct members *)ctx)->count;
}

static uint64_t rows_id(void *ctx, size_t index)
{
	const struct members *it = ctx;

	return index < it->count ? index + 1 : HOST_ID | (index - it->count + 1);
}

static uint64_t rows_parent(void *ctx, uint64_t id)
{
	const struct members *it = ctx;

	return is_host(id) || !find(ctx, id) ? TABLE_NO_ROW : host_of(it, (uint32_t)id - 1);
}

static bool rows_shown(void *ctx, uint64_t id)
{
	const struct members *it = ctx;
	const struct source_process *process = find(ctx, id);

	if (!process)
		return false;
	if (!is_host(id))
		return process->events || process->first_unix_ns;
	return table_is_tree(it->view.table) && host_of(it, process->index) == id;
}

static enum role rows_role(void *ctx, uint64_t id)
{
	const struct source_process *process = find(ctx, id);

	return process && (is_host(id) || (process->has_begun && !process->is_over)) ? ROLE_TEXT :
										       ROLE_DONE;
}

/* ---- Cells ---- */

static bool is_shown_one(const struct table_row *row)
{
	const struct members *it = row->ctx;

	return row->id == (uint64_t)source_chosen(it->view.shared->model->source) + 1;
}

static const char *state_words(const struct source_process *process)
{
	return process->is_away    ? "lost" :
	       !process->has_begun ? "to come" :
	       process->is_over    ? "ended" :
				     "runs";
}

/* Since the trace began, or since it was first heard of. */
static uint64_t first_ns(const struct table_row *row, const struct source_process *process)
{
	const struct members *it = row->ctx;
	const struct player *player = source_player(it->view.shared->model->source);
	uint64_t begin = player ? cursor_begin(player->cursor) : it->list[0].first_unix_ns;

	return less_of(process->first_unix_ns, begin);
}

static uint64_t number(const struct table_row *row)
{
	const struct source_process *process = find(row->ctx, row->id);

	if (!process)
		return 0;
	switch (row->column->data) {
	case MEMBER_PID:
		return process->pid;
	case MEMBER_TASKS:
		return process->live_tasks;
	case MEMBER_EVENTS:
		return process->events;
	case MEMBER_LOST:
		return process->lost_events;
	default:
		return first_ns(row, process);
	}
}

static void format_host(const struct table_row *row, const struct source_process *process,
			char *buf, size_t size, enum role *ret_role)
{
	if (row->column->data != MEMBER_NAME)
		return;
	snprintf(buf, size, "%s", process->host[0] ? process->host : "host not recorded");
	*ret_role = ROLE_TITLE;
}

static void format_words(const struct table_row *row, char *buf, size_t size, enum role *ret_role)
{
	const struct source_process *process = find(row->ctx, row->id);

	if (!process)
		return;
	if (is_host(row->id)) {
		format_host(row, process, buf, size, ret_role);
		return;
	}
	switch (row->column->data) {
	case MEMBER_HERE:
		snprintf(buf, size, "%s",
			 is_shown_one(row) ? glyph_text(GLYPH_RUNNING, false) : "");
		*ret_role = ROLE_RUNNING;
		break;
	case MEMBER_HOST:
		snprintf(buf, size, "%s", process->host[0] ? process->host : "-");
		break;
	case MEMBER_NAME:
		snprintf(buf, size, "%s", process->name[0] ? process->name : "-");
		*ret_role = process->has_begun ? ROLE_NAME : ROLE_DONE;
		break;
	default:
		snprintf(buf, size, "%s", state_words(process));
		*ret_role = process->has_begun && !process->is_over ? ROLE_GOOD : ROLE_DONE;
		break;
	}
}

static void format_number(const struct table_row *row, char *buf, size_t size, enum role *ret_role)
{
	const struct source_process *process = find(row->ctx, row->id);
	char time[FORMAT_SIZE];

	if (!process || is_host(row->id))
		return;
	switch (row->column->data) {
	case MEMBER_PID:
		snprintf(buf, size, "%" PRIu32, process->pid);
		break;
	case MEMBER_FIRST:
		snprintf(buf, size, "+%s",
			 format_duration(time, sizeof(time), first_ns(row, process), 0));
		break;
	case MEMBER_LOST:
		cell_count(buf, size, process->lost_events, ret_role);
		if (process->lost_events)
			*ret_role = ROLE_ERROR;
		break;
	default:
		cell_count(buf, size, number(row), ret_role);
		break;
	}
}

/* Tasks by state: as in the header, for each process. */
static void draw_meter(const struct table_row *row, struct canvas *canvas, int x, int y, int width)
{
	const struct source_process *process = find(row->ctx, row->id);
	struct bar_part parts[3];

	if (!process || is_host(row->id) || !process->has_begun)
		return;
	parts[0] = (struct bar_part){ (double)process->running, ROLE_RUNNING };
	parts[1] = (struct bar_part){ (double)process->scheduled, ROLE_SCHEDULED };
	parts[2] = (struct bar_part){ (double)less_of(process->live_tasks,
						      process->running + process->scheduled),
				      ROLE_IDLE };
	meter_draw_stack(canvas, x, y, width, parts, 3, (double)process->live_tasks, NULL);
}

static void format_meter(const struct table_row *row, char *buf, size_t size, enum role *ret_role)
{
	(void)row;
	(void)ret_role;
	snprintf(buf, size, "%s", "");
}

/* clang-format off */
static const struct column columns[MEMBER_COLUMNS] = {
	[MEMBER_HERE] = { .title = "", .min_width = 1, .max_width = 1, .data = MEMBER_HERE,
			  .format = format_words },
	COLUMN_WORDS(MEMBER_NAME, "NAME", 12, 32, 0, "of the process", .grow = 1, .is_tree = true),
	COLUMN_WORDS(MEMBER_HOST, "HOST", 8, 24, 0, "where it runs"),
	[MEMBER_PID] = { .title = "PID", .help = "as it is there", .min_width = 7,
			 .max_width = 8, .align = ALIGN_RIGHT, .sort = SORT_NUMBER,
			 .data = MEMBER_PID, .format = format_number, .number = number },
	COLUMN_WORDS(MEMBER_STATE, "STATE", 7, 7, 2, "at this moment"),
	COLUMN_NUMBER(MEMBER_TASKS, "TASKS", 6, 6, 1, "alive at this moment"),
	[MEMBER_METER] = { .title = "BY STATE", .help = "running, scheduled, idle",
			   .min_width = 14, .max_width = 30, .grow = 1, .priority = 4,
			   .data = MEMBER_METER, .format = format_meter, .draw = draw_meter },
	COLUMN_NUMBER(MEMBER_EVENTS, "EVENTS", 7, 7, 3, "in the trace"),
	COLUMN_NUMBER(MEMBER_LOST, "LOST", 6, 6, 1, "events that were lost"),
	COLUMN_NUMBER(MEMBER_FIRST, "BEGAN", 9, 9, 5, "its first event"),
};
/* clang-format on */

/* ---- What filters look at ---- */

#define MEMBER const struct source_process *process = row

P_WORDS_OF(host_text, MEMBER, process->host)
P_NUMBER_OF(pid_of, MEMBER, process->pid)
P_WORDS_OF(name_text, MEMBER, process->name)
P_WORDS_OF(state_text, MEMBER, state_words(process))
P_NUMBER_OF(tasks_of, MEMBER, process->live_tasks)
P_NUMBER_OF(events_of, MEMBER, process->events)
P_NUMBER_OF(lost_of, MEMBER, process->lost_events)

static const struct property list[] = {
	P_PLAIN("host", "HOST", host_text),  P_COUNT("pid", "PID", pid_of),
	P_PLAIN("name", "NAME", name_text),  P_PLAIN("state", "STATE", state_text),
	P_COUNT("tasks", "TASKS", tasks_of), P_COUNT("events", "EVENTS", events_of),
	P_COUNT("lost", "LOST", lost_of),
};

static const struct properties member_properties = {
	.list = list,
	.count = sizeof(list) / sizeof(list[0]),
};

static const void *members_record(struct view *view, uint64_t id)
{
	return is_host(id) ? NULL : find(view, id);
}

/* A host stays with any of its processes. */
static bool members_keeps(struct view *view, uint64_t id)
{
	const struct members *it = (struct members *)view;

	for (uint32_t i = 0; is_host(id) && i < it->count; i++)
		if (host_of(it, i) == id &&
		    filter_matches(view->filter, view->shared->model, &it->list[i]))
			return true;
	return false;
}

static void members_empty(struct view *view, char *buf, size_t size)
{
	(void)view;
	snprintf(buf, size, "No event of an instrumented process has come yet.");
}

static const struct view_ops *members_enter(struct view *view, uint64_t id, uint64_t *ret_object)
{
	const struct source_process *process = find(view, id);

	*ret_object = 0;
	if (process && !is_host(id))
		view->shared->choose = process->index + 1;
	return NULL;
}

const struct view_ops view_members = {
	.name = "processes",
	.request = REQ_VIEW_PROCESSES,
	.where = IN_PROCESSES,
	.size = sizeof(struct members),
	.is_of_all = true,
	.columns = columns,
	.column_count = MEMBER_COLUMNS,
	.sort_column = MEMBER_HOST,
	.rows = { .count = rows_count,
		  .id = rows_id,
		  .parent = rows_parent,
		  .is_shown = rows_shown,
		  .row_role = rows_role },
	.properties = &member_properties,
	.record = members_record,
	.keeps = members_keeps,
	.empty = members_empty,
	.close = members_close,
	.gather = members_gather,
	.enter = members_enter,
};
