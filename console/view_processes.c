/* SPDX-License-Identifier: MIT */
/*
 * Processes: the boards there are, living and dead, to choose one from.
 *
 * The law of the file: it is the one view that needs no model, since there may be
 * none yet.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "console/format.h"
#include "console/names.h"
#include "console/parts.h"
#include "console/view.h"

enum process_column {
	PROCESS_PID,
	PROCESS_NAME,
	PROCESS_STATUS,
	PROCESS_AGE,
	PROCESS_BYTES,
	PROCESS_COMMAND,
	PROCESS_COLUMNS
};

struct processes {
	struct view view;
	struct vigil_found *found;
	int count;
	uint64_t now_unix_ns;
};

/* FNV-1a of the path: a board's id, whatever the order they are found in. */
static uint64_t id_of(const struct vigil_found *found)
{
	uint64_t hash = UINT64_C(0xcbf29ce484222325);
	const char *at;

	for (at = found->path; *at; at++)
		hash = (hash ^ (unsigned char)*at) * UINT64_C(0x100000001b3);
	return hash ? hash : 1;
}

static const struct vigil_found *find(const struct processes *it, uint64_t id)
{
	int i;

	for (i = 0; i < it->count; i++)
		if (id_of(&it->found[i]) == id)
			return &it->found[i];
	return NULL;
}

static void processes_gather(struct view *view)
{
	struct processes *it = (struct processes *)view;
	struct vigil_found *found;
	int count = vigil_find(NULL, &found);
	struct timespec ts;

	if (count < 0)
		return;
	clock_gettime(CLOCK_REALTIME, &ts);
	it->now_unix_ns = (uint64_t)ts.tv_sec * UINT64_C(1000000000) + (uint64_t)ts.tv_nsec;
	free(it->found);
	it->found = found;
	it->count = count;
}

static void processes_close(struct view *view)
{
	free(((struct processes *)view)->found);
}

static size_t rows_count(void *ctx)
{
	return (size_t)((struct processes *)ctx)->count;
}

static uint64_t rows_id(void *ctx, size_t index)
{
	return id_of(&((struct processes *)ctx)->found[index]);
}

static bool is_alive(const struct vigil_found *found)
{
	return found->status == VIGIL_STATUS_ALIVE || found->status == VIGIL_STATUS_STOPPED;
}

static enum role rows_role(void *ctx, uint64_t id)
{
	const struct vigil_found *found = find(ctx, id);

	return found && is_alive(found) ? ROLE_TEXT : ROLE_DONE;
}

static uint64_t number(const struct table_row *row)
{
	const struct processes *it = row->ctx;
	const struct vigil_found *found = find(it, row->id);

	if (!found)
		return 0;
	switch (row->column->data) {
	case PROCESS_PID:
		return found->pid;
	case PROCESS_STATUS: /* those that live, then the newest */
		return (is_alive(found) ? UINT64_C(1) << 63 : 0) | found->created_unix_ns >> 1;
	case PROCESS_AGE:
		return less_of(it->now_unix_ns, found->created_unix_ns);
	default:
		return found->bytes;
	}
}

static void age_put(char *buf, size_t size, uint64_t ns, enum role *ret_role)
{
	char text[FORMAT_SIZE];

	snprintf(buf, size, "%s ago", format_duration(text, sizeof(text), ns, FORMAT_FIXED));
	*ret_role = format_duration_role(ns);
}

static void format_cell(const struct table_row *row, char *buf, size_t size, enum role *ret_role)
{
	const struct vigil_found *found = find(row->ctx, row->id);

	if (!found)
		return;
	switch (row->column->data) {
	case PROCESS_PID:
		snprintf(buf, size, "%" PRIu32, found->pid);
		break;
	case PROCESS_NAME:
		snprintf(buf, size, "%s", found->is_readable ? found->name : "-");
		*ret_role = is_alive(found) ? ROLE_NAME : ROLE_DONE;
		break;
	case PROCESS_STATUS:
		snprintf(buf, size, "%s", word_status(found->status));
		*ret_role = found->status == VIGIL_STATUS_ALIVE   ? ROLE_GOOD :
			    found->status == VIGIL_STATUS_STOPPED ? ROLE_WARN :
								    ROLE_DONE;
		break;
	case PROCESS_AGE:
		if (found->is_readable)
			age_put(buf, size, number(row), ret_role);
		break;
	case PROCESS_BYTES:
		format_bytes(buf, size, found->bytes);
		break;
	default:
		snprintf(buf, size, "%s",
			 found->is_readable ? found->command : found->problem.text);
		if (!found->is_readable)
			*ret_role = ROLE_WARN;
		break;
	}
}

/* clang-format off */
static const struct column columns[PROCESS_COLUMNS] = {
	[PROCESS_PID] = { .title = "PID", .min_width = 7, .max_width = 8, .align = ALIGN_RIGHT,
			  .sort = SORT_NUMBER, .data = PROCESS_PID, .format = format_cell,
			  .number = number },
	[PROCESS_NAME] = { .title = "NAME", .min_width = 10, .max_width = 24, .sort = SORT_TEXT,
			   .data = PROCESS_NAME, .format = format_cell },
	[PROCESS_STATUS] = { .title = "STATUS", .min_width = 9, .max_width = 9,
			     .sort = SORT_NUMBER, .is_descending_first = true,
			     .data = PROCESS_STATUS, .format = format_cell, .number = number },
	[PROCESS_AGE] = { .title = "STARTED", .min_width = 11, .max_width = 11, .priority = 1,
			  .align = ALIGN_RIGHT, .sort = SORT_NUMBER, .data = PROCESS_AGE,
			  .format = format_cell, .number = number },
	[PROCESS_BYTES] = { .title = "SIZE", .min_width = 8, .max_width = 8, .priority = 2,
			    .align = ALIGN_RIGHT, .sort = SORT_NUMBER,
			    .is_descending_first = true, .data = PROCESS_BYTES,
			    .format = format_cell, .number = number },
	[PROCESS_COMMAND] = { .title = "COMMAND", .min_width = 10, .grow = 1, .sort = SORT_TEXT,
			      .data = PROCESS_COMMAND, .format = format_cell },
};
/* clang-format on */

static const void *processes_record(struct view *view, uint64_t id)
{
	return find((struct processes *)view, id);
}

static void processes_empty(struct view *view, char *buf, size_t size)
{
	(void)view;
	snprintf(buf, size,
		 "No board is there: no instrumented program runs here, or it keeps its board "
		 "elsewhere (VIGIL_DIR). This list looks again by itself.");
}

static const struct view_ops *processes_enter(struct view *view, uint64_t id, uint64_t *ret_object)
{
	const struct vigil_found *found = find((struct processes *)view, id);

	*ret_object = 0;
	if (found)
		snprintf(view->shared->open_path, sizeof(view->shared->open_path), "%s",
			 found->path);
	return NULL;
}

const struct view_ops view_processes = {
	.name = "processes",
	.request = REQ_VIEW_PROCESSES,
	.where = IN_PROCESSES,
	.size = sizeof(struct processes),
	.columns = columns,
	.column_count = PROCESS_COLUMNS,
	.sort_column = PROCESS_STATUS,
	.rows = { .count = rows_count, .id = rows_id, .row_role = rows_role },
	.properties = &board_properties,
	.record = processes_record,
	.empty = processes_empty,
	.close = processes_close,
	.gather = processes_gather,
	.enter = processes_enter,
};
