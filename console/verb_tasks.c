/* SPDX-License-Identifier: MIT */
/* vigil tasks: the live ones first, then those that ended just now, or all. */
#include "console/json_task.h"
#include "console/listing.h"
#include "console/view.h"

#include <errno.h>

static int rows(struct model *model, struct rows *ret_rows)
{
	uint32_t count = vigil_reader_count(model->reader, VIGIL_TABLE_task);

	for (uint32_t i = 0; i < count; i++) {
		const struct vigil_task_record *task = VIGIL_AT(model->reader, task, i);

		if (task->life != VIGIL_LIFE_LIVE && task->life != VIGIL_LIFE_ENDED)
			continue;
		if (rows_add(ret_rows, model, task))
			return -ENOMEM;
	}
	return 0;
}

/* As in the console: what ended a moment ago may be what one looks for. */
static bool is_past(const struct model *model, const void *row)
{
	struct vigil_task_times times;

	vigil_task_times(row, model->now, &times);
	return times.state == VIGIL_STATE_DONE && times.state_ns > ENDED_RECENT_NS;
}

static void json_row(struct json *json, const struct model *model, const void *row)
{
	json_task(json, model, row);
}

static const struct listing listing = {
	.key = "tasks",
	.nothing = "No task was spawned yet.",
	.properties = &task_properties,
	.member_properties = &member_task_properties,
	.sort = "state:asc",
	.then = "busy:desc",
	.rows = rows,
	.is_past = is_past,
	.past = "ended task",
	.json = json_row,
};

int verb_tasks(const struct verb_options *options)
{
	return listing_run(&listing, options);
}
