/* SPDX-License-Identifier: MIT */
/* vigil resources: what there is to wait for, how it stands, and who uses it. */
#include <errno.h>

#include "console/json_attrs.h"
#include "console/listing.h"
#include "console/names.h"
#include "console/uses.h"

static int rows(struct model *model, struct rows *ret_rows)
{
	uint32_t count = vigil_reader_count(model->reader, VIGIL_TABLE_resource);

	if (model_want_uses(model))
		return -ENOMEM;
	for (uint32_t i = 0; i < count; i++) {
		const struct vigil_resource_record *resource = VIGIL_AT(model->reader, resource, i);

		if (resource->life == VIGIL_LIFE_LIVE && rows_add(ret_rows, model, resource))
			return -ENOMEM;
	}
	return 0;
}

/* A thread waits for the task it polls. */
static void waiting_json(struct json *json, const struct model *model, uint64_t ref)
{
	const struct vigil_worker_record *worker;

	json_array_begin(json, "waiting");
	for (uint64_t it = 0; (it = uses_waiter(model, ref, it));) {
		worker = VIGIL_FIND(model->reader, worker, it);
		json_object_ref(json, model, NULL, worker && worker->task ? worker->task : it);
	}
	json_array_end(json);
}

static void op_json(struct json *json, const struct model *model, const struct vigil_op_record *op)
{
	json_object_begin(json, NULL);
	json_u64(json, "id", op->id);
	json_text(json, "source", op->source[0] ? op->source : NULL);
	json_object_ref(json, model, "task", op->task);
	json_site(json, model, "site", op->site);
	json_u64(json, "age_ns", less_of(model->now, op->created_ns));
	json_u64(json, "polls", op->polls);
	json_u64(json, "busy_ns", op->busy_ns);
	json_bool(json, "is_ready", op->is_ready);
	json_object_end(json);
}

static void ops_json(struct json *json, const struct model *model, uint64_t ref)
{
	const struct vigil_op_record *op;

	json_array_begin(json, "operations");
	for (uint64_t it = 0; (it = uses_op(model, ref, it));) {
		op = VIGIL_FIND(model->reader, op, it);
		if (op)
			op_json(json, model, op);
	}
	json_array_end(json);
}

static void json_row(struct json *json, const struct model *model, const void *row)
{
	const struct vigil_resource_record *resource = row;
	uint64_t ref = model_ref(model, VIGIL_TABLE_resource, resource);
	char name[NAME_TEXT];

	name_resource(model, resource, name, sizeof(name));
	json_u64(json, "id", resource->id);
	json_text(json, "kind", word_resource_kind(resource->kind));
	json_text(json, "type", resource->type[0] ? resource->type : NULL);
	json_text(json, "name", name);
	json_object_ref(json, model, "parent", resource->parent);
	json_site(json, model, "site", resource->site);
	json_bool(json, "is_internal", resource->flags & VIGIL_RESOURCE_INTERNAL);
	json_bool(json, "blocks_threads", resource->flags & VIGIL_RESOURCE_THREAD);
	json_u64(json, "age_ns", less_of(model->now, resource->created_ns));
	json_attrs(json, model, ref, resource->attrs);
	json_u64(json, "waiters", resource_waiting(model, resource));
	waiting_json(json, model, ref);
	json_u64(json, "operations_begun", resource->ops);
	ops_json(json, model, ref);
}

static const struct listing listing = {
	.key = "resources",
	.nothing = "No resource is on the board: none was made by vigil_resource_new, or all are "
		   "gone.",
	.properties = &resource_properties,
	.sort = "waiting:desc",
	.then = "id:asc",
	.rows = rows,
	.json = json_row,
};

int verb_resources(const struct verb_options *options)
{
	return listing_run(&listing, options);
}
