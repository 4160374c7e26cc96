/* SPDX-License-Identifier: MIT */
/*
 * What a flight recorder waits for: a worker that has been blocked too long, in a
 * poll that does not return or waiting for a lock. It is read off the boards, so
 * that waiting costs the programs nothing.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "console/format.h"
#include "console/recorder.h"

/* Since when a worker is blocked; 0: it is not. */
static uint64_t blocked_since(const struct vigil_worker_record *worker)
{
	if (worker->life != VIGIL_LIFE_LIVE)
		return 0;
	if (worker->wait_kind != VIGIL_WAIT_NONE)
		return worker->wait_since_ns;
	return worker->depth ? worker->poll_begin_ns : 0;
}

/* " in a poll of task 17 http-conn": empty outside any poll. */
static void task_words(struct vigil_reader *reader, const struct vigil_worker_record *worker,
		       char *buf, size_t size)
{
	const struct vigil_task_record *task = VIGIL_FIND(reader, task, worker->task);

	buf[0] = '\0';
	if (worker->depth && task)
		snprintf(buf, size, " in a poll of task %" PRIu64 "%s%.*s", task->id,
			 task->name[0] ? " " : "", (int)sizeof(task->name), task->name);
}

/* Room to remember a block of each worker. */
static bool since_grow(struct target *target, uint32_t workers)
{
	uint64_t *since;

	if (workers <= target->workers)
		return true;
	since = realloc(target->since, workers * sizeof(*since));
	if (!since)
		return false;
	memset(since + target->workers, 0, (workers - target->workers) * sizeof(*since));
	target->since = since;
	target->workers = workers;
	return true;
}

static bool target_look(struct target *target, uint64_t limit_ns, char *why, size_t size)
{
	uint32_t count = vigil_reader_count(target->reader, VIGIL_TABLE_worker);
	uint64_t now = vigil_reader_now(target->reader);
	char age[FORMAT_SIZE], task[96];
	bool is_found = false;

	if (!since_grow(target, count))
		return false;
	for (uint32_t i = 0; i < count; i++) {
		const struct vigil_worker_record *worker = VIGIL_AT(target->reader, worker, i);
		uint64_t since = blocked_since(worker);

		/* All that are blocked now are in the one snapshot. */
		if (!since || now < since + limit_ns || target->since[i] == since)
			continue;
		target->since[i] = since;
		if (is_found)
			continue;
		task_words(target->reader, worker, task, sizeof(task));
		snprintf(why, size, "the worker %s of %s is blocked for %s%s",
			 worker->name[0] ? worker->name : "without a name",
			 VIGIL_AT(target->reader, process, 0)->name,
			 format_duration(age, sizeof(age), now - since, 0), task);
		is_found = true;
	}
	return is_found;
}

bool trigger_look(struct recorder *recorder, char *why, size_t size)
{
	bool is_found = false;

	for (size_t i = 0; i < recorder->target_count && !is_found; i++) {
		struct target *target = &recorder->targets[i];

		if (vigil_reader_refresh(target->reader) ||
		    vigil_reader_status(target->reader) != VIGIL_STATUS_ALIVE)
			continue;
		is_found = target_look(target, recorder->options->blocked_ns, why, size);
	}
	return is_found;
}
