/* SPDX-License-Identifier: MIT */
/* A task as JSON. vigil.1 has the schema. */
#include "console/json_task.h"

#include "console/events.h"
#include "console/json_attrs.h"
#include "console/messages.h"
#include "console/names.h"
#include "console/spans.h"
#include "console/uses.h"
#include "console/verb.h"
#include "console/wait_sites.h"
#include "console/waits.h"

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

/* ---- What is asked of one task alone ---- */

static void waited_json(struct json *json, const struct model *model,
			const struct vigil_task_record *task)
{
	const struct vigil_resource_record *resource = waited_resource(model, task);
	char name[NAME_TEXT];

	if (!resource) {
		json_null(json, "waits_for");
		return;
	}
	name_resource(model, resource, name, sizeof(name));
	json_object_begin(json, "waits_for");
	json_u64(json, "id", resource->id);
	json_text(json, "kind", word_resource_kind(resource->kind));
	json_text(json, "name", name);
	json_attrs(json, model, model_ref(model, VIGIL_TABLE_resource, resource), resource->attrs);
	json_object_end(json);
}

static void spans_json(struct json *json, const struct model *model, uint64_t ref)
{
	struct open_span spans[SPANS_MOST];
	size_t count = spans_of_task(model, ref, spans);

	json_array_begin(json, "spans");
	for (size_t i = 0; i < count; i++) {
		const struct vigil_span_record *span = spans[i].record;

		json_object_begin(json, NULL);
		json_text(json, "name",
			  span_called(span, vigil_reader_site(model->reader, span->site)));
		json_text(json, "level", word_level(span->level));
		json_site(json, model, "site", span->site);
		json_u64(json, "open_ns", span_open_ns(model, &spans[i]));
		json_bool(json, "entered", span->depth > 0);
		json_attrs(json, model, spans[i].ref, span->attrs);
		json_object_end(json);
	}
	json_array_end(json);
}

static void messages_json(struct json *json, const struct model *model, uint64_t ref)
{
	struct vigil_message_record messages[MESSAGES_SHOWN];
	size_t count = messages_of_task(model, ref, messages);

	json_array_begin(json, "messages");
	for (size_t i = 0; i < count; i++) {
		json_object_begin(json, NULL);
		json_u64(json, "time_ns", messages[i].time_ns);
		json_text(json, "level", word_level(messages[i].level));
		json_site(json, model, "site", messages[i].site);
		json_object_ref(json, model, "span", messages[i].span);
		json_text(json, "text", messages[i].words);
		json_object_end(json);
	}
	json_array_end(json);
}

static void buckets_json(struct json *json, const struct model *model, const char *key,
			 const struct vigil_task_record *task, enum vigil_hist_side side)
{
	struct vigil_hist hist;
	uint64_t low, high;

	vigil_reader_task_hist(model->reader, task, side, &hist);
	json_array_begin(json, key);
	for (uint32_t i = 0; i < hist.buckets; i++) {
		if (!hist.counts[i])
			continue;
		vigil_hist_bounds(&hist, i, &low, &high);
		json_object_begin(json, NULL);
		json_u64(json, "from_ns", low);
		json_u64(json, "to_ns", high);
		json_u64(json, "count", hist.counts[i]);
		json_object_end(json);
	}
	json_array_end(json);
}

static void chain_json(struct json *json, const struct model *model,
		       const struct vigil_task_record *task)
{
	struct chain chain;

	waits_chain(model, task, &chain);
	json_array_begin(json, "why");
	for (size_t i = 0; i < chain.count; i++)
		json_text(json, NULL, chain.links[i].text);
	json_array_end(json);
	json_text(json, "summary", chain.summary);
}

static void events_json(struct json *json, const struct model *model, uint64_t ref)
{
	struct ring_event events[TASK_EVENTS];
	size_t count = events_of_task(model, ref, events, TASK_EVENTS);
	char words[NAME_TEXT];

	json_array_begin(json, "events");
	for (size_t i = 0; i < count; i++) {
		event_words(model, &events[i], words, sizeof(words));
		json_object_begin(json, NULL);
		json_u64(json, "time_ns", events[i].event.time_ns);
		json_text(json, "kind", word_event(events[i].event.kind));
		json_object_ref(
			json, model, "worker",
			vigil_reader_ref(model->reader, VIGIL_TABLE_worker, events[i].worker));
		json_site(json, model, "site", events[i].event.site);
		json_text(json, "text", words);
		json_object_end(json);
	}
	json_array_end(json);
}

void json_task_details(struct json *json, const struct model *model,
		       const struct vigil_task_record *task)
{
	uint64_t ref = model_ref(model, VIGIL_TABLE_task, task);

	json_site(json, model, "waits_at", wait_site_of_task(model, task));
	json_attrs(json, model, ref, task->attrs);
	waited_json(json, model, task);
	spans_json(json, model, ref);
	messages_json(json, model, ref);
	buckets_json(json, model, "poll_ns_buckets", task, VIGIL_HIST_BUSY);
	buckets_json(json, model, "scheduled_ns_buckets", task, VIGIL_HIST_DELAY);
	chain_json(json, model, task);
	events_json(json, model, ref);
}
