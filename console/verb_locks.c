/* SPDX-License-Identifier: MIT */
/* vigil locks: who holds which lock since when, and who waits. */
#include <errno.h>

#include "console/listing.h"
#include "console/names.h"
#include "console/parts.h"

static int rows(struct model *model, struct rows *ret_rows)
{
	uint32_t count = vigil_reader_count(model->reader, VIGIL_TABLE_resource);

	for (uint32_t i = 0; i < count; i++) {
		const struct vigil_resource_record *lock = VIGIL_AT(model->reader, resource, i);

		if (lock_is_live(lock) && rows_add(ret_rows, model, lock))
			return -ENOMEM;
	}
	return 0;
}

static void owners_json(struct json *json, const struct model *model,
			const struct vigil_resource_record *lock)
{
	json_array_begin(json, "owners");
	for (int i = 0; i < VIGIL_OWNERS; i++) {
		uint64_t since = lock->held_since_ns[i];

		if (!lock->owner[i])
			continue;
		json_object_begin(json, NULL);
		json_object_ref(json, model, "by", lock->owner[i]);
		json_u64(json, "held_ns", model->now > since ? model->now - since : 0);
		json_site(json, model, "site", lock->held_site[i]);
		json_object_end(json);
	}
	json_array_end(json);
}

/* Who waits stands in the tasks and threads that do. ref 0: nobody does. */
static void waiters_json(struct json *json, const struct model *model, uint64_t ref)
{
	uint32_t tasks = vigil_reader_count(model->reader, VIGIL_TABLE_task);
	uint32_t workers = vigil_reader_count(model->reader, VIGIL_TABLE_worker);

	json_array_begin(json, "waiting");
	for (uint32_t i = 0; ref && i < tasks; i++) {
		const struct vigil_task_record *task = VIGIL_AT(model->reader, task, i);

		if (task->life == VIGIL_LIFE_LIVE && task->wait_kind && task->wait_object == ref)
			json_object_ref(json, model, NULL,
					vigil_reader_ref(model->reader, VIGIL_TABLE_task, i));
	}
	for (uint32_t i = 0; ref && i < workers; i++) {
		const struct vigil_worker_record *worker = VIGIL_AT(model->reader, worker, i);

		if (worker->life == VIGIL_LIFE_LIVE && worker->wait_kind &&
		    worker->wait_object == ref)
			json_object_ref(json, model, NULL,
					worker->task ? worker->task :
						       vigil_reader_ref(model->reader,
									VIGIL_TABLE_worker, i));
	}
	json_array_end(json);
}

static void json_row(struct json *json, const struct model *model, const void *row)
{
	const struct vigil_resource_record *lock = row;
	struct vigil_hist hist;
	char name[NAME_TEXT];

	name_resource(model, lock, name, sizeof(name));
	json_u64(json, "id", lock->id);
	json_text(json, "name", name);
	json_text(json, "kind", word_resource_kind(lock->kind));
	json_text(json, "type", lock->type[0] ? lock->type : NULL);
	json_site(json, model, "site", lock->site);
	json_bool(json, "blocks_threads", lock->flags & VIGIL_RESOURCE_THREAD);
	json_text(json, "mode", word_mode(lock->mode));
	json_u64(json, "holders", lock->holders);
	json_u64(json, "waiters", lock->waiters);
	owners_json(json, model, lock);
	waiters_json(json, model, lock->waiters ? model_ref(model, VIGIL_TABLE_resource, lock) : 0);
	json_u64(json, "acquired", lock->acquired);
	json_u64(json, "contended", lock->contended);
	json_real(json, "contention", lock_contention(lock));
	json_object_ref(json, model, "last_owner", lock->last_owner);
	json_site(json, model, "hold_max_site", lock->hold_max_site);
	vigil_reader_lock_hist(model->reader, lock, VIGIL_HIST_BUSY, &hist);
	json_hist(json, "hold_ns", &hist);
	vigil_reader_lock_hist(model->reader, lock, VIGIL_HIST_DELAY, &hist);
	json_hist(json, "wait_ns", &hist);
}

static const struct listing listing = {
	.key = "locks",
	.nothing = "No lock is on the board: none was made by vigil_resource_new, or all are gone.",
	.properties = &lock_properties,
	.sort = "waiters:desc",
	.then = "held:desc",
	.rows = rows,
	.json = json_row,
};

int verb_locks(const struct verb_options *options)
{
	return listing_run(&listing, options);
}
