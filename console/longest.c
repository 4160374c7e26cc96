/* SPDX-License-Identifier: MIT */
/* What took longest, and may not have ended. Its law is in longest.h. */
#include "console/longest.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "console/format.h"
#include "console/model_private.h"

static struct longest longer(uint64_t ended_ns, uint64_t lasting_ns)
{
	if (lasting_ns > ended_ns)
		return (struct longest){ lasting_ns, true };
	return (struct longest){ ended_ns, false };
}

/* Since when; 0: it does not. */
static uint64_t lasting(uint64_t since_ns, uint64_t now)
{
	return since_ns ? less_of(now, since_ns) : 0;
}

struct longest longest_hold(const struct model *model, const struct vigil_resource_record *lock)
{
	int owner = lock_oldest_owner(lock);

	return longer(lock->hold_max_ns,
		      owner < 0 ? 0 : lasting(lock->held_since_ns[owner], model->now));
}

struct longest longest_poll(const struct model *model, const struct vigil_worker_record *worker)
{
	bool is_live = worker->life == VIGIL_LIFE_LIVE;

	return longer(worker->busy_max_ns,
		      is_live ? lasting(worker->poll_begin_ns, model->now) : 0);
}

struct longest longest_poll_of(const struct vigil_task_record *task, uint64_t now)
{
	bool is_running = task->life == VIGIL_LIFE_LIVE && task->depth;

	return longer(task->busy_max_ns, is_running ? lasting(task->poll_begin_ns, now) : 0);
}

/* ---- Waits ---- */

static void since_put(struct inside *inside, uint32_t kind, uint64_t lock, uint64_t since_ns)
{
	uint32_t index = vigil_ref_index(lock);
	uint64_t *since = index < inside->waiting_count ? &inside->waiting[index] : NULL;

	if (kind && since && vigil_ref_table(lock) == VIGIL_TABLE_resource &&
	    (!*since || since_ns < *since))
		*since = since_ns;
}

/* Since when somebody has waited for each lock. False without memory. */
static bool waiting_find(struct inside *inside)
{
	const struct vigil_reader *reader = inside->model.reader;
	uint32_t count = vigil_reader_count(reader, VIGIL_TABLE_resource);
	uint64_t *waiting;

	if (inside->has_waiting)
		return true;
	waiting = realloc(inside->waiting, (count + 1) * sizeof(*waiting));
	if (!waiting)
		return false;
	memset(waiting, 0, (count + 1) * sizeof(*waiting));
	inside->waiting = waiting;
	inside->waiting_count = count;
	inside->has_waiting = true;
	for (uint32_t i = 0; i < vigil_reader_count(reader, VIGIL_TABLE_task); i++) {
		const struct vigil_task_record *task = VIGIL_AT(reader, task, i);

		if (task->life == VIGIL_LIFE_LIVE)
			since_put(inside, task->wait_kind, task->wait_object, task->wait_since_ns);
	}
	for (uint32_t i = 0; i < vigil_reader_count(reader, VIGIL_TABLE_worker); i++) {
		const struct vigil_worker_record *worker = VIGIL_AT(reader, worker, i);

		if (worker->life == VIGIL_LIFE_LIVE)
			since_put(inside, worker->wait_kind, worker->wait_object,
				  worker->wait_since_ns);
	}
	return true;
}

struct longest longest_wait(const struct model *model, const struct vigil_resource_record *lock)
{
	struct inside *inside = inside_of((struct model *)(uintptr_t)model);
	uint32_t index;

	if (!lock->waiters || !waiting_find(inside))
		return longer(lock->wait_max_ns, 0);
	index = model_index(model, VIGIL_TABLE_resource, lock);
	return longer(lock->wait_max_ns, index < inside->waiting_count ?
						 lasting(inside->waiting[index], model->now) :
						 0);
}

/* ---- Words ---- */

char *longest_words(struct longest longest, char *buf, size_t size)
{
	char time[FORMAT_SIZE];

	if (!longest.ns)
		snprintf(buf, size, "-");
	else
		snprintf(buf, size, "%s%s", format_duration(time, sizeof(time), longest.ns, 0),
			 longest.lasts ? "+" : "");
	return buf;
}
