/* SPDX-License-Identifier: MIT */
/* Properties of workers. */
#include <stdio.h>

#include "console/format.h"
#include "console/longest.h"
#include "console/names.h"
#include "console/property.h"

#define WORKER const struct vigil_worker_record *worker = row

static struct worker_times times_of(const struct model *model, const void *row)
{
	struct worker_times times;

	model_worker_times(model, row, &times);
	return times;
}

static void name_text(const struct model *model, const void *row, char *buf, size_t size)
{
	name_worker(model, row, buf, size);
}

static void executor_text(const struct model *model, const void *row, char *buf, size_t size)
{
	WORKER;
	const struct vigil_executor_record *executor =
		VIGIL_FIND(model->reader, executor, worker->executor);

	snprintf(buf, size, "-");
	if (executor)
		name_executor(model, executor, buf, size);
}

/* Threads of no executor come last. */
static uint64_t executor(const struct model *model, const void *row)
{
	WORKER;
	const struct vigil_executor_record *of =
		VIGIL_FIND(model->reader, executor, worker->executor);

	return of ? of->id : PROPERTY_UNKNOWN;
}

static uint64_t state(const struct model *model, const void *row)
{
	return times_of(model, row).state;
}

static void state_text(const struct model *model, const void *row, char *buf, size_t size)
{
	snprintf(buf, size, "%s", word_worker_state(times_of(model, row).state));
}

static const char *state_word(uint32_t value)
{
	return word_worker_state((enum worker_state)value);
}

/* A thread that runs outside polls says nothing: since when is when it last did. */
static uint64_t since(const struct model *model, const void *row)
{
	WORKER;
	struct worker_times times = times_of(model, row);

	if (times.state != WORKER_OUTSIDE)
		return times.state_ns;
	return model->now > worker->last_ns ? model->now - worker->last_ns : 0;
}

static uint64_t busy(const struct model *model, const void *row)
{
	return times_of(model, row).busy_ns;
}

/* In parts of a thousand, for sorting and filters. */
static uint64_t share(const struct model *model, const void *row)
{
	return (uint64_t)(times_of(model, row).busy_share * 1000);
}

static void share_text(const struct model *model, const void *row, char *buf, size_t size)
{
	struct worker_times times = times_of(model, row);

	if (times.has_share)
		format_percent(buf, size, times.busy_share);
	else
		snprintf(buf, size, "-");
}

static uint64_t parked(const struct model *model, const void *row)
{
	return times_of(model, row).parked_ns;
}

static void task_text(const struct model *model, const void *row, char *buf, size_t size)
{
	WORKER;

	name_object(model, worker->task, buf, size);
	if (!worker->task)
		snprintf(buf, size, "-");
}

static void reason_text(const struct model *model, const void *row, char *buf, size_t size)
{
	name_worker_reason(model, row, buf, size);
}

P_NUMBER_OF(id, WORKER, worker->id)
P_NUMBER_OF(tid, WORKER, worker->tid)
P_NUMBER_OF(polls, WORKER, worker->polls)
P_NUMBER_OF(wakes, WORKER, worker->wakes)
P_NUMBER_OF(spawns, WORKER, worker->spawns)
P_NUMBER_OF(parks, WORKER, worker->parks)
P_NUMBER_OF(steals, WORKER, worker->steals)
P_NUMBER_OF(queued, WORKER, worker->queued)
P_NUMBER_OF(busy_max, WORKER, longest_poll(model, worker).ns)
P_TEXT_OF(busy_max_text, WORKER, longest_words(longest_poll(model, worker), buf, size))

static const struct property list[] = {
	P_RANKED_PLAIN("executor", "EXECUTOR", executor, executor_text),
	P_PLAIN("name", "WORKER", name_text),
	P_COUNT("tid", "TID", tid),
	P_ONE_OF("state", "STATE", state, state_text, state_word),
	P_TIME("since", "SINCE", since),
	P_SHARE("share", "BUSY%", share, share_text),
	P_TIME("busy", "BUSY", busy),
	P_COUNT("polls", "POLLS", polls),
	P_TIME_SAID("poll_max", "MAX", busy_max, busy_max_text),
	P_TIME("parked", "PARKED", parked),
	P_COUNT("wakes", "WAKES", wakes),
	P_COUNT("queued", "QUEUE", queued),
	P_PLAIN("task", "TASK", task_text),
	P_PLAIN("reason", "WHY", reason_text),
	P_COUNT("id", NULL, id),
	P_COUNT("spawns", NULL, spawns),
	P_COUNT("parks", NULL, parks),
	P_COUNT("steals", NULL, steals),
};

/* WHY and its like stay, and what tells a row from others. */
static const char *const spare[] = { "tid",    "parked",   "wakes", "busy",  "polls",
				     "queued", "poll_max", "share", "since", NULL };

const struct properties worker_properties = {
	.list = list,
	.count = sizeof(list) / sizeof(list[0]),
	.spare = spare,
};
