/* SPDX-License-Identifier: MIT */
/* Properties of tasks. */
#include "console/longest.h"
#include "console/models.h"
#include "console/names.h"
#include "console/property.h"

#include <stdio.h>
#include <string.h>

#define TASK const struct vigil_task_record *task = row
#define TIMES const struct vigil_task_times times = times_of(model, row)

static struct vigil_task_times times_of(const struct model *model, const void *row)
{
	struct vigil_task_times times;

	vigil_task_times(row, model->now, &times);
	return times;
}

static uint64_t percentile(const struct model *model, const struct vigil_task_record *task,
			   enum vigil_hist_side side)
{
	struct vigil_hist hist;

	if (!vigil_reader_task_hist(model->reader, task, side, &hist) || !hist.total)
		return PROPERTY_UNKNOWN;
	return vigil_hist_percentile(&hist, 0.99);
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

static void function_text(const struct model *model, const void *row, char *buf, size_t size)
{
	TASK;
	const struct vigil_site_record *site = vigil_reader_site(model->reader, task->site);

	snprintf(buf, size, "%s", site ? site->function : "");
}

static const char *state_word(uint32_t value)
{
	return word_state((enum vigil_state)value);
}

P_NUMBER_OF(id, TASK, task->id)
P_NUMBER_OF(state, TIMES, times.state)
P_WORDS_OF(state_text, TIMES, word_state(times.state))
P_NUMBER_OF(since, TIMES, times.state_ns)
P_TEXT_OF(name_text, TASK, name_task(model, task, buf, size))
P_WORDS_OF(kind_text, TASK, word_task_kind(task->kind))
P_NUMBER_OF(age, TIMES, times.age_ns)
P_NUMBER_OF(busy, TIMES, times.busy_ns)
P_NUMBER_OF(scheduled, TIMES, times.scheduled_ns)
P_NUMBER_OF(idle, TIMES, times.idle_ns)
P_NUMBER_OF(polls, TASK, task->polls)
P_NUMBER_OF(poll_p99, TASK, percentile(model, task, VIGIL_HIST_BUSY))
P_NUMBER_OF(busy_max_ns, TASK, longest_poll_of(task, model->now).ns)
P_NUMBER_OF(delay_p99, TASK, percentile(model, task, VIGIL_HIST_DELAY))
P_NUMBER_OF(scheduled_max_ns, TASK, task->scheduled_max_ns)
P_NUMBER_OF(wakes, TASK, task->wakes)
P_NUMBER_OF(self_wakes, TASK, task->self_wakes)
P_NUMBER_OF(wakers, TASK, less_of(task->waker_clones, task->waker_drops))
P_WORDS_OF(waiting_text, TASK, word_wait(task->wait_kind))
P_WORDS_OF(outcome_text, TASK, word_outcome(task->outcome))
P_WORDS_OF(join_text, TASK, word_join(task->join))
P_TEXT_OF(site_text, TASK, name_place(model, task->site, buf, size))
P_TEXT_OF(reason_text, TASK, name_reason(model, task, buf, size))

/* Of which process: who the model's is. */
static struct source_member member_of(const struct model *model)
{
	struct source_member member;

	model_member(model, &member);
	return member;
}

#define MEMBER const struct source_member member = member_of(model)

P_TEXT_OF(host_text, MEMBER, (void)row; snprintf(buf, size, "%s", member.host))
P_NUMBER_OF(pid, MEMBER; (void)row, member.pid)
P_TEXT_OF(process_text, MEMBER, (void)row; snprintf(buf, size, "%s", member.name))

#define MEMBER_PROPERTIES 3 /* the first ones */

static const struct property list[] = {
	P_PLAIN("host", "HOST", host_text),
	P_COUNT("pid", "PID", pid),
	P_PLAIN("process", "PROCESS", process_text),
	P_COUNT("id", "ID", id),
	P_ONE_OF("state", "STATE", state, state_text, state_word),
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
	P_ONE_OF_PLAIN("kind", NULL, kind_text, word_task_kind),
	P_TIME("since", NULL, since),
	P_COUNT("self_wakes", NULL, self_wakes),
	P_COUNT("wakers", NULL, wakers),
	P_TIME("poll_max", NULL, busy_max_ns),
	P_TIME("scheduled_p99", NULL, delay_p99),
	P_TIME("scheduled_max", NULL, scheduled_max_ns),
	P_COUNT("parent", NULL, parent),
	P_WORDS("executor", NULL, executor_text),
	P_WORDS("worker", NULL, worker_text),
	P_ONE_OF("waiting", NULL, NULL, waiting_text, word_wait),
	P_ONE_OF("outcome", NULL, NULL, outcome_text, word_outcome),
	P_ONE_OF("join", NULL, NULL, join_text, word_join),
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

/* WHY and its like stay, and what tells a row from others. */
static const char *const spare[] = { "age",   "idle", "poll_p99", "wakes", "scheduled",
				     "polls", "busy", "site",     NULL };

const struct properties member_task_properties = {
	.list = list,
	.count = sizeof(list) / sizeof(list[0]),
	.spare = spare,
	.attrs = attrs_of,
	.at = row_at,
};

const struct properties task_properties = {
	.list = list + MEMBER_PROPERTIES,
	.count = sizeof(list) / sizeof(list[0]) - MEMBER_PROPERTIES,
	.spare = spare,
	.attrs = attrs_of,
	.at = row_at,
};
