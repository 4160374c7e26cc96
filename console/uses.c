/* SPDX-License-Identifier: MIT */
/*
 * Uses: counted by going once through tasks, workers and operations. Their law is in
 * uses.h.
 */
#include "console/uses.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "console/attr.h"
#include "console/model_private.h"

static const enum vigil_table tables[USES] = {
	[USE_TASK] = VIGIL_TABLE_task,
	[USE_WORKER] = VIGIL_TABLE_worker,
	[USE_OP] = VIGIL_TABLE_op,
};

void uses_fini(struct uses *uses)
{
	for (int kind = 0; kind < USES; kind++)
		free(uses->next[kind]);
	free(uses->list);
	memset(uses, 0, sizeof(*uses));
}

static int uses_grow(struct uses *uses, const struct vigil_reader *reader)
{
	uint32_t count = vigil_reader_count(reader, VIGIL_TABLE_resource);
	struct use *list = realloc(uses->list, ((size_t)count + 1) * sizeof(*list));

	if (!list)
		return -ENOMEM;
	uses->list = list;
	uses->count = count;
	for (int kind = 0; kind < USES; kind++) {
		uint32_t room = vigil_reader_count(reader, tables[kind]);
		uint32_t *next = realloc(uses->next[kind], ((size_t)room + 1) * sizeof(*next));

		if (!next)
			return -ENOMEM;
		uses->next[kind] = next;
		uses->next_count[kind] = room;
	}
	return 0;
}

static struct use *use_find(const struct uses *uses, uint64_t resource)
{
	uint32_t index = vigil_ref_index(resource);

	if (vigil_ref_table(resource) != VIGIL_TABLE_resource || index >= uses->count ||
	    uses->list[index].ref != resource)
		return NULL;
	return &uses->list[index];
}

/* An operation stands for what it uses. */
static uint64_t resource_of(const struct model *model, uint64_t object)
{
	const struct vigil_op_record *op = VIGIL_FIND(model->reader, op, object);

	return op ? op->resource : object;
}

static void use_add(struct uses *uses, enum use_kind kind, uint32_t index, uint64_t resource)
{
	struct use *use = use_find(uses, resource);

	if (!use)
		return;
	uses->next[kind][index] = use->first[kind];
	use->first[kind] = index + 1;
	use->count[kind]++;
}

static void resources_begin(struct uses *uses, const struct model *model)
{
	for (uint32_t i = 0; i < uses->count; i++)
		uses->list[i] = (struct use){
			.ref = vigil_reader_ref(model->reader, VIGIL_TABLE_resource, i),
		};
}

/* From the end: each goes in front of what was there. */
static void tasks_add(struct uses *uses, const struct model *model)
{
	for (uint32_t i = uses->next_count[USE_TASK]; i-- > 0;) {
		const struct vigil_task_record *task = VIGIL_AT(model->reader, task, i);

		if (task->life == VIGIL_LIFE_LIVE && task->wait_kind && task->wait_object)
			use_add(uses, USE_TASK, i, resource_of(model, task->wait_object));
	}
}

static void workers_add(struct uses *uses, const struct model *model)
{
	for (uint32_t i = uses->next_count[USE_WORKER]; i-- > 0;) {
		const struct vigil_worker_record *worker = VIGIL_AT(model->reader, worker, i);

		if (worker->life == VIGIL_LIFE_LIVE && worker->wait_kind && worker->wait_object)
			use_add(uses, USE_WORKER, i, resource_of(model, worker->wait_object));
	}
}

static void ops_add(struct uses *uses, const struct model *model)
{
	for (uint32_t i = uses->next_count[USE_OP]; i-- > 0;) {
		const struct vigil_op_record *op = VIGIL_AT(model->reader, op, i);

		if (op->life == VIGIL_LIFE_LIVE)
			use_add(uses, USE_OP, i, op->resource);
	}
}

int model_want_uses(struct model *model)
{
	struct uses *uses = &inside_of(model)->uses;

	if (uses_grow(uses, model->reader)) {
		uses_fini(uses);
		return -ENOMEM;
	}
	resources_begin(uses, model);
	tasks_add(uses, model);
	workers_add(uses, model);
	ops_add(uses, model);
	return 0;
}

/* ---- Asking ---- */

static const struct uses *uses_of(const struct model *model)
{
	return &((const struct inside *)(const void *)model)->uses;
}

static const struct use *use_of(const struct model *model,
				const struct vigil_resource_record *resource)
{
	return use_find(uses_of(model), model_ref(model, VIGIL_TABLE_resource, resource));
}

uint32_t resource_waiting(const struct model *model, const struct vigil_resource_record *resource)
{
	const struct use *use = use_of(model, resource);
	uint32_t count = use ? use->count[USE_TASK] + use->count[USE_WORKER] : 0;

	return count > resource->waiters ? count : resource->waiters;
}

uint32_t resource_ops(const struct model *model, const struct vigil_resource_record *resource)
{
	const struct use *use = use_of(model, resource);

	return use ? use->count[USE_OP] : 0;
}

static uint64_t ref_of(const struct model *model, enum use_kind kind, uint32_t index_plus_one)
{
	return index_plus_one ? vigil_reader_ref(model->reader, tables[kind], index_plus_one - 1) :
				0;
}

/* What comes behind previous in the chain of a kind; with 0 the first. */
static uint64_t chain_next(const struct model *model, enum use_kind kind, uint64_t resource,
			   uint64_t previous)
{
	const struct uses *uses = uses_of(model);
	const struct use *use = use_find(uses, resource);
	uint32_t index = vigil_ref_index(previous);

	if (!use)
		return 0;
	if (!previous)
		return ref_of(model, kind, use->first[kind]);
	return index < uses->next_count[kind] ? ref_of(model, kind, uses->next[kind][index]) : 0;
}

uint64_t uses_waiter(const struct model *model, uint64_t resource, uint64_t previous)
{
	uint64_t next;

	if (vigil_ref_table(previous) == VIGIL_TABLE_worker && previous)
		return chain_next(model, USE_WORKER, resource, previous);
	next = chain_next(model, USE_TASK, resource, previous);
	return next ? next : chain_next(model, USE_WORKER, resource, 0);
}

uint64_t uses_op(const struct model *model, uint64_t resource, uint64_t previous)
{
	return chain_next(model, USE_OP, resource, previous);
}

const struct vigil_resource_record *waited_resource(const struct model *model,
						    const struct vigil_task_record *task)
{
	struct vigil_task_times times;

	vigil_task_times(task, model->now, &times);
	if (times.state != VIGIL_STATE_IDLE || !task->wait_kind)
		return NULL;
	return VIGIL_FIND(model->reader, resource, resource_of(model, task->wait_object));
}

void resource_words(const struct model *model, const struct vigil_resource_record *resource,
		    char *buf, size_t size)
{
	struct vigil_attr_record attrs[ATTR_MOST];
	uint64_t ref = model_ref(model, VIGIL_TABLE_resource, resource);
	size_t count = vigil_reader_attrs(model->reader, ref, resource->attrs, attrs, ATTR_MOST);

	attrs_words(attrs, count, model->now, buf, size);
}
