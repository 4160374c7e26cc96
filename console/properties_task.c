/* SPDX-License-Identifier: MIT */
/* Properties of tasks. */
#include "console/names.h"
#include "console/property.h"

#include <stdio.h>
#include <string.h>

#define TASK const struct vigil_task_record *task = row

static struct vigil_task_times times_of(const struct model *model, const void *row)
{
	struct vigil_task_times times;

	vigil_task_times(row, model->now, &times);
	return times;
}

static uint64_t id(const struct model *model, const void *row)
{
	TASK;

	(void)model;
	return task->id;
}

static uint64_t state(const struct model *model, const void *row)
{
	return times_of(model, row).state;
}

static void state_text(const struct model *model, const void *row, char *buf, size_t size)
{
	snprintf(buf, size, "%s", word_state(times_of(model, row).state));
}

static void name_text(const struct model *model, const void *row, char *buf, size_t size)
{
	name_task(model, row, buf, size);
}

static void kind_text(const struct model *model, const void *row, char *buf, size_t size)
{
	TASK;

	(void)model;
	snprintf(buf, size, "%s", word_task_kind(task->kind));
}

static uint64_t age(const struct model *model, const void *row)
{
	return times_of(model, row).age_ns;
}

static uint64_t busy(const struct model *model, const void *row)
{
	return times_of(model, row).busy_ns;
}

static uint64_t scheduled(const struct model *model, const void *row)
{
	return times_of(model, row).scheduled_ns;
}

static uint64_t idle(const struct model *model, const void *row)
{
	return times_of(model, row).idle_ns;
}

static uint64_t since(const struct model *model, const void *row)
{
	return times_of(model, row).state_ns;
}

#define COUNTER(field)                                                                             \
	static uint64_t field(const struct model *model, const void *row)                          \
	{                                                                                          \
		TASK;                                                                              \
                                                                                                   \
		(void)model;                                                                       \
		return task->field;                                                                \
	}
COUNTER(polls)
COUNTER(wakes)
COUNTER(self_wakes)
COUNTER(busy_max_ns)
COUNTER(scheduled_max_ns)

static uint64_t percentile(const struct model *model, const void *row, enum vigil_hist_side side)
{
	struct vigil_hist hist;

	if (!vigil_reader_task_hist(model->reader, row, side, &hist) || !hist.total)
		return PROPERTY_UNKNOWN;
	return vigil_hist_percentile(&hist, 0.99);
}

static uint64_t poll_p99(const struct model *model, const void *row)
{
	return percentile(model, row, VIGIL_HIST_BUSY);
}

static uint64_t delay_p99(const struct model *model, const void *row)
{
	return percentile(model, row, VIGIL_HIST_DELAY);
}

static uint64_t wakers(const struct model *model, const void *row)
{
	TASK;

	(void)model;
	return task->waker_clones > task->waker_drops ? task->waker_clones - task->waker_drops : 0;
}

static uint64_t parent(const struct model *model, const void *row)
{
	TASK;
	const struct vigil_task_record *other = VIGIL_FIND(model->reader, task, task->parent);

	return other ? other->id : PROPERTY_UNKNOWN;
}

static void executor_text(const struct model *model, const void *row, char *buf, size_t size)
{
	TASK;
	const struct vigil_executor_record *executor =
		VIGIL_FIND(model->reader, executor, task->executor);

	snprintf(buf, size, "-");
	if (executor)
		name_executor(model, executor, buf, size);
}

static void worker_text(const struct model *model, const void *row, char *buf, size_t size)
{
	TASK;
	const struct vigil_worker_record *worker = VIGIL_FIND(model->reader, worker, task->worker);

	snprintf(buf, size, "-");
	if (worker)
		name_worker(model, worker, buf, size);
}

static void waiting_text(const struct model *model, const void *row, char *buf, size_t size)
{
	TASK;

	(void)model;
	snprintf(buf, size, "%s", word_wait(task->wait_kind));
}

static void outcome_text(const struct model *model, const void *row, char *buf, size_t size)
{
	TASK;

	(void)model;
	snprintf(buf, size, "%s", word_outcome(task->outcome));
}

static void join_text(const struct model *model, const void *row, char *buf, size_t size)
{
	TASK;

	(void)model;
	snprintf(buf, size, "%s", word_join(task->join));
}

static void site_text(const struct model *model, const void *row, char *buf, size_t size)
{
	TASK;

	name_place(model, task->site, buf, size);
}

static void function_text(const struct model *model, const void *row, char *buf, size_t size)
{
	TASK;
	const struct vigil_site_record *site = vigil_reader_site(model->reader, task->site);

	snprintf(buf, size, "%s", site ? site->function : "");
}

static void reason_text(const struct model *model, const void *row, char *buf, size_t size)
{
	name_reason(model, row, buf, size);
}

static const struct property list[] = {
	P_COUNT("id", "ID", id),
	P_RANKED("state", "STATE", state, state_text),
	P_PLAIN("name", "NAME", name_text),
	P_TIME("age", "AGE", age),
	P_TIME("busy", "BUSY", busy),
	P_TIME("scheduled", "SCHED", scheduled),
	P_TIME("idle", "IDLE", idle),
	P_COUNT("polls", "POLLS", polls),
	P_TIME("poll_p99", "P99", poll_p99),
	P_COUNT("wakes", "WAKES", wakes),
	P_PLAIN("site", "SITE", site_text),
	P_PLAIN("reason", "WHY", reason_text),
	P_PLAIN("kind", NULL, kind_text),
	P_TIME("since", NULL, since),
	P_COUNT("self_wakes", NULL, self_wakes),
	P_COUNT("wakers", NULL, wakers),
	P_TIME("poll_max", NULL, busy_max_ns),
	P_TIME("scheduled_p99", NULL, delay_p99),
	P_TIME("scheduled_max", NULL, scheduled_max_ns),
	P_COUNT("parent", NULL, parent),
	P_WORDS("executor", NULL, executor_text),
	P_WORDS("worker", NULL, worker_text),
	P_WORDS("waiting", NULL, waiting_text),
	P_WORDS("outcome", NULL, outcome_text),
	P_WORDS("join", NULL, join_text),
	P_WORDS("function", NULL, function_text),
};

static uint64_t attrs_of(const struct model *model, const void *row, uint32_t *ret_first)
{
	const struct vigil_task_record *it = row;

	*ret_first = it->attrs;
	return model_ref(model, VIGIL_TABLE_task, it);
}

static const void *row_at(const struct model *model, uint32_t index, uint32_t *ret_count)
{
	const struct vigil_task_record *it = VIGIL_AT(model->reader, task, index);

	*ret_count = vigil_reader_count(model->reader, VIGIL_TABLE_task);
	return it && it->life != VIGIL_LIFE_FREE ? it : NULL;
}

const struct properties task_properties = {
	.list = list,
	.count = sizeof(list) / sizeof(list[0]),
	.attrs = attrs_of,
	.at = row_at,
};
