/* SPDX-License-Identifier: MIT */
/* vigil wakers: who wakes whom, how often, and how long until the poll. */
#include <errno.h>

#include "console/listing.h"
#include "console/names.h"

static int rows(struct model *model, struct rows *ret_rows)
{
	if (model_want_edges(model))
		return -ENOMEM;
	for (size_t i = 0; i < model->edge_count; i++)
		if (model->edges[i].from && rows_add(ret_rows, model, &model->edges[i]))
			return -ENOMEM;
	return 0;
}

static void json_row(struct json *json, const struct model *model, const void *row)
{
	const struct vigil_edge_record *edge = row;

	json_site(json, model, "from", edge->from);
	json_site(json, model, "to", edge->to);
	json_u64(json, "count", edge->count);
	json_u64(json, "mean_ns", edge->count ? edge->delay_ns / edge->count : 0);
	json_u64(json, "max_ns", edge->delay_max_ns);
	json_u64(json, "last_ns", model->now > edge->last_ns ? model->now - edge->last_ns : 0);
	json_object_ref(json, model, "last_waker", edge->last_waker);
	json_object_ref(json, model, "last_task", edge->last_task);
}

/* Every live task's own counts: a waker that was cloned and never dropped leaks. */
static void task_json(struct json *json, const struct model *model,
		      const struct vigil_task_record *task)
{
	char name[NAME_TEXT];

	name_task(model, task, name, sizeof(name));
	json_object_begin(json, NULL);
	json_u64(json, "id", task->id);
	json_text(json, "name", name);
	json_u64(json, "wakes", task->wakes);
	json_u64(json, "self_wakes", task->self_wakes);
	json_u64(json, "waker_clones", task->waker_clones);
	json_u64(json, "waker_drops", task->waker_drops);
	json_object_ref(json, model, "last_waker", task->waker);
	json_site(json, model, "last_site", task->wake_site);
	json_object_end(json);
}

static void json_more(struct json *json, const struct model *model)
{
	uint32_t count = vigil_reader_count(model->reader, VIGIL_TABLE_task);

	json_array_begin(json, "tasks");
	for (uint32_t i = 0; i < count; i++) {
		const struct vigil_task_record *task = VIGIL_AT(model->reader, task, i);

		if (task->life == VIGIL_LIFE_LIVE)
			task_json(json, model, task);
	}
	json_array_end(json);
}

static const struct listing listing = {
	.key = "edges",
	.nothing = "No wake has led to a poll yet.",
	.properties = &edge_properties,
	.sort = "count:desc",
	.then = "from:asc",
	.rows = rows,
	.json_more = json_more,
	.json = json_row,
};

int verb_wakers(const struct verb_options *options)
{
	return listing_run(&listing, options);
}
