/* SPDX-License-Identifier: MIT */
/* Where tasks wait. The law stands in wait_sites.h. */
#include "console/wait_sites.h"

#include <stdlib.h>

static bool is_for_wait(const struct vigil_op_record *op, const struct vigil_task_record *task)
{
	return task->wait_object && op->resource == task->wait_object;
}

static bool may_wait(const struct vigil_op_record *op, const struct vigil_task_record *task)
{
	return op->life == VIGIL_LIFE_LIVE && !op->is_ready && (is_for_wait(op, task) || op->polls);
}

/* One for what the task waits for is, then the one begun last. */
static bool is_better(const struct vigil_op_record *op, const struct vigil_op_record *than,
		      const struct vigil_task_record *task)
{
	if (is_for_wait(op, task) != is_for_wait(than, task))
		return is_for_wait(op, task);
	return op->created_ns > than->created_ns ||
	       (op->created_ns == than->created_ns && op->id > than->id);
}

void wait_sites_find(const struct model *model, struct wait_sites *ret_sites)
{
	uint32_t all = vigil_reader_count(model->reader, VIGIL_TABLE_op);

	ret_sites->count = vigil_reader_count(model->reader, VIGIL_TABLE_task);
	ret_sites->ops = all ? calloc(ret_sites->count, sizeof(*ret_sites->ops)) : NULL;
	for (uint32_t i = 0; ret_sites->ops && i < all; i++) {
		const struct vigil_op_record *op = VIGIL_AT(model->reader, op, i);
		const struct vigil_task_record *task = VIGIL_FIND(model->reader, task, op->task);
		uint32_t at = vigil_ref_index(op->task);

		if (!task || at >= ret_sites->count || !may_wait(op, task))
			continue;
		if (!ret_sites->ops[at] ||
		    is_better(op, VIGIL_AT(model->reader, op, ret_sites->ops[at] - 1), task))
			ret_sites->ops[at] = i + 1;
	}
}

void wait_sites_fini(struct wait_sites *wait_sites)
{
	free(wait_sites->ops);
	wait_sites->ops = NULL;
}

uint32_t wait_sites_of(const struct wait_sites *wait_sites, const struct model *model,
		       const struct vigil_task_record *task)
{
	uint32_t at = model_index(model, VIGIL_TABLE_task, task);
	struct vigil_task_times times;

	if (!wait_sites->ops || at >= wait_sites->count || !wait_sites->ops[at])
		return 0;
	vigil_task_times(task, model->now, &times);
	if (times.state != VIGIL_STATE_IDLE)
		return 0;
	return VIGIL_AT(model->reader, op, wait_sites->ops[at] - 1)->site;
}

uint32_t wait_site_of_task(const struct model *model, const struct vigil_task_record *task)
{
	struct wait_sites wait_sites;
	uint32_t site;

	wait_sites_find(model, &wait_sites);
	site = wait_sites_of(&wait_sites, model, task);
	wait_sites_fini(&wait_sites);
	return site;
}
