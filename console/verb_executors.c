/* SPDX-License-Identifier: MIT */
/* vigil executors: executors and what their workers do. */
#include <errno.h>
#include <inttypes.h>

#include "console/attr.h"
#include "console/json_attrs.h"
#include "console/listing.h"
#include "console/names.h"

static int rows(struct model *model, struct rows *ret_rows)
{
	uint32_t count = vigil_reader_count(model->reader, VIGIL_TABLE_worker);

	for (uint32_t i = 0; i < count; i++) {
		const struct vigil_worker_record *worker = VIGIL_AT(model->reader, worker, i);

		if (worker->life == VIGIL_LIFE_LIVE && rows_add(ret_rows, model, worker))
			return -ENOMEM;
	}
	return 0;
}

static uint32_t workers_of(const struct model *model, uint64_t ref)
{
	uint32_t count = vigil_reader_count(model->reader, VIGIL_TABLE_worker), workers = 0;

	for (uint32_t i = 0; i < count; i++) {
		const struct vigil_worker_record *worker = VIGIL_AT(model->reader, worker, i);

		workers += worker->life == VIGIL_LIFE_LIVE && worker->executor == ref;
	}
	return workers;
}

static void tasks_of(const struct model *model, uint64_t ref, uint64_t ret_states[4])
{
	uint32_t count = vigil_reader_count(model->reader, VIGIL_TABLE_task);

	for (uint32_t i = 0; i < count; i++) {
		const struct vigil_task_record *task = VIGIL_AT(model->reader, task, i);
		struct vigil_task_times times;

		if (task->life != VIGIL_LIFE_LIVE || task->executor != ref)
			continue;
		vigil_task_times(task, model->now, &times);
		ret_states[times.state]++;
	}
}

/* "; errors unseen 3": those that the program gave it. */
static void attrs_text(const struct model *model, uint64_t ref, uint32_t first, char *buf,
		       size_t size)
{
	struct vigil_attr_record attrs[ATTR_MOST];
	size_t count = vigil_reader_attrs(model->reader, ref, first, attrs, ATTR_MOST);
	char words[NAME_TEXT];

	buf[0] = '\0';
	if (!count)
		return;
	attrs_words(attrs, count, model->now, words, sizeof(words));
	snprintf(buf, size, "; %s", words);
}

static void executor_print(const struct text *text, const struct model *model,
			   const struct vigil_executor_record *executor, uint64_t ref)
{
	uint64_t states[4] = { 0 };
	uint32_t workers = workers_of(model, ref);
	char name[NAME_TEXT], place[NAME_TEXT], attrs[NAME_TEXT + 2];

	tasks_of(model, ref, states);
	attrs_text(model, ref, executor->attrs, attrs, sizeof(attrs));
	name_executor(model, executor, name, sizeof(name));
	name_place(model, executor->site, place, sizeof(place));
	text_line(text,
		  "%s: %s, %" PRIu32 " worker%s, tasks: %" PRIu64 " running, %" PRIu64
		  " scheduled, %" PRIu64 " idle; queue %" PRIu64 ", at most %" PRIu64
		  "; made at %s%s",
		  name, word_executor_kind(executor->kind), workers, workers == 1 ? "" : "s",
		  states[VIGIL_STATE_RUNNING], states[VIGIL_STATE_SCHEDULED],
		  states[VIGIL_STATE_IDLE], executor->queued, executor->queued_max, place, attrs);
}

static void text_more(const struct text *text, const struct model *model)
{
	uint32_t count = vigil_reader_count(model->reader, VIGIL_TABLE_executor);
	bool has_any = false;

	for (uint32_t i = 0; i < count; i++) {
		const struct vigil_executor_record *executor = VIGIL_AT(model->reader, executor, i);

		if (executor->life != VIGIL_LIFE_LIVE)
			continue;
		executor_print(text, model, executor,
			       vigil_reader_ref(model->reader, VIGIL_TABLE_executor, i));
		has_any = true;
	}
	if (has_any)
		fputc('\n', text->file);
}

static void executor_json(struct json *json, const struct model *model,
			  const struct vigil_executor_record *executor, uint64_t ref)
{
	uint64_t states[4] = { 0 };
	char name[NAME_TEXT];

	tasks_of(model, ref, states);
	name_executor(model, executor, name, sizeof(name));
	json_object_begin(json, NULL);
	json_u64(json, "id", executor->id);
	json_text(json, "name", name);
	json_text(json, "kind", word_executor_kind(executor->kind));
	json_site(json, model, "site", executor->site);
	json_u64(json, "workers", workers_of(model, ref));
	json_u64(json, "running", states[VIGIL_STATE_RUNNING]);
	json_u64(json, "scheduled", states[VIGIL_STATE_SCHEDULED]);
	json_u64(json, "idle", states[VIGIL_STATE_IDLE]);
	json_u64(json, "queued", executor->queued);
	json_u64(json, "queued_max", executor->queued_max);
	json_attrs(json, model, ref, executor->attrs);
	json_object_end(json);
}

static void json_more(struct json *json, const struct model *model)
{
	uint32_t count = vigil_reader_count(model->reader, VIGIL_TABLE_executor);

	json_array_begin(json, "executors");
	for (uint32_t i = 0; i < count; i++) {
		const struct vigil_executor_record *executor = VIGIL_AT(model->reader, executor, i);

		if (executor->life == VIGIL_LIFE_LIVE)
			executor_json(json, model, executor,
				      vigil_reader_ref(model->reader, VIGIL_TABLE_executor, i));
	}
	json_array_end(json);
}

static void json_row(struct json *json, const struct model *model, const void *row)
{
	const struct vigil_worker_record *worker = row;
	struct worker_times times;
	char name[NAME_TEXT], reason[NAME_TEXT];

	model_worker_times(model, worker, &times);
	name_worker(model, worker, name, sizeof(name));
	name_worker_reason(model, worker, reason, sizeof(reason));
	json_u64(json, "id", worker->id);
	json_text(json, "name", name);
	json_u64(json, "tid", worker->tid);
	json_object_ref(json, model, "executor", worker->executor);
	json_text(json, "state", word_worker_state(times.state));
	json_u64(json, "state_ns", times.state_ns);
	json_u64(json, "silent_ns",
		 model->now > worker->last_ns ? model->now - worker->last_ns : 0);
	json_object_ref(json, model, "task", worker->task);
	json_u64(json, "depth", worker->depth);
	json_u64(json, "age_ns", times.age_ns);
	json_u64(json, "busy_ns", times.busy_ns);
	json_real(json, "busy_share", times.busy_share);
	json_u64(json, "parked_ns", times.parked_ns);
	json_u64(json, "polls", worker->polls);
	json_u64(json, "poll_max_ns", worker->busy_max_ns);
	json_object_ref(json, model, "poll_max_task", worker->busy_max_task);
	json_u64(json, "parks", worker->parks);
	json_u64(json, "wakes", worker->wakes);
	json_u64(json, "spawns", worker->spawns);
	json_u64(json, "steals", worker->steals);
	json_u64(json, "queued", worker->queued);
	json_object_ref(json, model, "waits_for", worker->wait_kind ? worker->wait_object : 0);
	json_site(json, model, "wait_site", worker->wait_kind ? worker->wait_site : 0);
	json_text(json, "reason", reason[0] ? reason : NULL);
}

static const struct listing listing = {
	.key = "workers",
	.nothing = "No thread has polled, woken or spawned anything yet.",
	.properties = &worker_properties,
	.sort = "executor:asc",
	.then = "id:asc",
	.rows = rows,
	.text_more = text_more,
	.json_more = json_more,
	.json = json_row,
};

int verb_executors(const struct verb_options *options)
{
	return listing_run(&listing, options);
}
