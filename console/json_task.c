/* SPDX-License-Identifier: MIT */
/* A task as JSON. vigil.1 has the schema. */
#include "console/json_task.h"

#include "console/names.h"
#include "console/verb.h"

static void json_waiting(struct json *json, const struct model *model,
			 const struct vigil_task_record *task, const struct vigil_task_times *times)
{
	char reason[NAME_TEXT];
	uint64_t since = task->wait_since_ns;

	if (times->state != VIGIL_STATE_IDLE || !task->wait_kind) {
		json_null(json, "waiting");
		return;
	}
	name_reason(model, task, reason, sizeof(reason));
	json_object_begin(json, "waiting");
	json_text(json, "kind", word_wait(task->wait_kind));
	json_object_ref(json, model, "object", task->wait_object);
	if (task->wait_fd >= 0)
		json_i64(json, "fd", task->wait_fd);
	else
		json_null(json, "fd");
	json_u64(json, "since_ns", model->now > since ? model->now - since : 0);
	if (task->wait_until_ns)
		json_i64(json, "to_go_ns", (int64_t)(task->wait_until_ns - model->now));
	else
		json_null(json, "to_go_ns");
	json_text(json, "reason", reason);
	json_object_end(json);
}

static void json_waker(struct json *json, const struct model *model,
		       const struct vigil_task_record *task)
{
	if (!task->waker) {
		json_null(json, "last_waker");
		return;
	}
	json_object_begin(json, "last_waker");
	json_object_ref(json, model, "by", task->waker);
	json_site(json, model, "site", task->wake_site);
	json_object_end(json);
}

static void json_times(struct json *json, const struct model *model,
		       const struct vigil_task_record *task)
{
	struct vigil_hist hist;

	vigil_reader_task_hist(model->reader, task, VIGIL_HIST_BUSY, &hist);
	json_hist(json, "poll_ns", &hist);
	vigil_reader_task_hist(model->reader, task, VIGIL_HIST_DELAY, &hist);
	json_hist(json, "scheduled_ns_hist", &hist);
}

static void json_id_of(struct json *json, const struct model *model, const char *key, uint64_t ref)
{
	const struct vigil_task_record *task = VIGIL_FIND(model->reader, task, ref);

	if (task)
		json_u64(json, key, task->id);
	else
		json_null(json, key);
}

void json_task(struct json *json, const struct model *model, const struct vigil_task_record *task)
{
	struct vigil_task_times times;
	char name[NAME_TEXT], reason[NAME_TEXT];

	vigil_task_times(task, model->now, &times);
	name_task(model, task, name, sizeof(name));
	name_reason(model, task, reason, sizeof(reason));
	json_u64(json, "id", task->id);
	json_text(json, "name", name);
	json_text(json, "state", word_state(times.state));
	json_text(json, "kind", word_task_kind(task->kind));
	json_site(json, model, "site", task->site);
	json_id_of(json, model, "parent", task->parent);
	json_object_ref(json, model, "executor", task->executor);
	json_object_ref(json, model, "worker", task->worker);
	json_u64(json, "age_ns", times.age_ns);
	json_u64(json, "busy_ns", times.busy_ns);
	json_u64(json, "scheduled_ns", times.scheduled_ns);
	json_u64(json, "idle_ns", times.idle_ns);
	json_u64(json, "state_ns", times.state_ns);
	json_u64(json, "polls", task->polls);
	json_u64(json, "wakes", task->wakes);
	json_u64(json, "self_wakes", task->self_wakes);
	json_u64(json, "waker_clones", task->waker_clones);
	json_u64(json, "waker_drops", task->waker_drops);
	json_waker(json, model, task);
	json_u64(json, "yields", task->yields);
	json_u64(json, "forced_yields", task->forced_yields);
	json_text(json, "reason", reason);
	json_waiting(json, model, task, &times);
	if (times.state == VIGIL_STATE_DONE)
		json_text(json, "outcome", word_outcome(task->outcome));
	else
		json_null(json, "outcome");
	json_i64(json, "code", task->code);
	json_text(json, "join", word_join(task->join));
	json_id_of(json, model, "joiner", task->joiner);
	json_times(json, model, task);
	json_bool(json, "torn",
		  vigil_reader_is_torn(model->reader, VIGIL_TABLE_task,
				       model_index(model, VIGIL_TABLE_task, task)));
}
