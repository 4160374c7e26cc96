/* SPDX-License-Identifier: MIT */
/* Who could poll a task that is ready to run: the step of an executor. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "console/waits_walk.h"

/* An executor's workers, as one who wants to be polled sees them. */
struct crew {
	uint32_t count, asleep;
	const struct vigil_worker_record *own;    /* who polled the waiter last */
	const struct vigil_worker_record *oldest; /* busy longest */
	uint64_t oldest_ns;
	uint64_t asleep_ns;
	const struct vigil_worker_record *sleeper;
	char busy[LINK_TEXT / 2]; /* "http-0 has polled 17 conn for 3 s, ..." */
	size_t at;
};

static uint64_t busy_since(const struct walk *walk, const struct vigil_worker_record *worker)
{
	if (worker->poll_begin_ns)
		return ns_since(walk, worker->poll_begin_ns);
	return ns_since(walk, worker->wait_kind ? worker->wait_since_ns : worker->last_ns);
}

static void busy_put(struct walk *walk, struct crew *crew, const struct vigil_worker_record *worker)
{
	uint64_t for_ns = busy_since(walk, worker);
	char what[NAME_TEXT];
	char name[NAME_TEXT];

	if (!crew->oldest || for_ns > crew->oldest_ns) {
		crew->oldest = worker;
		crew->oldest_ns = for_ns;
	}
	if (crew->at >= sizeof(crew->busy))
		return;
	if (worker->task)
		snprintf(what, sizeof(what), "has polled %.80s", NAME(worker->task));
	else if (worker->wait_kind)
		snprintf(what, sizeof(what), "has waited for %.80s", NAME(worker->wait_object));
	else
		snprintf(what, sizeof(what), "has run outside any task");
	name_worker(walk->model, worker, name, sizeof(name));
	crew->at +=
		(size_t)snprintf(crew->busy + crew->at, sizeof(crew->busy) - crew->at,
				 "%s%.60s %s %s", crew->at ? ", " : "", name, what, FOR(for_ns));
}

static void crew_look(struct walk *walk, uint64_t executor, struct crew *crew)
{
	const struct vigil_reader *reader = walk->model->reader;
	uint32_t count = vigil_reader_count(reader, VIGIL_TABLE_worker);
	const struct vigil_worker_record *own = VIGIL_FIND(reader, worker, walk->worker);

	for (uint32_t i = 0; i < count; i++) {
		const struct vigil_worker_record *worker = VIGIL_AT(reader, worker, i);

		if (worker->life != VIGIL_LIFE_LIVE || worker->executor != executor)
			continue;
		crew->count++;
		if (worker->park_begin_ns && !worker->task) {
			uint64_t for_ns = ns_since(walk, worker->park_begin_ns);

			crew->asleep++;
			if (!crew->sleeper || for_ns > crew->asleep_ns) {
				crew->sleeper = worker;
				crew->asleep_ns = for_ns;
			}
			continue;
		}
		if (worker == own)
			crew->own = worker;
		busy_put(walk, crew, worker);
	}
}

static void follow(struct walk *walk, uint64_t executor, const struct vigil_worker_record *worker)
{
	if (walk->seen_count > 1)
		snprintf(walk->hops[walk->seen_count - 2], HOP_TEXT,
			 "a free worker of %.100s, busy with %.100s", NAME(executor),
			 worker->task ? NAME(worker->task) : THREAD(worker));
	walk->next = model_ref(walk->model, VIGIL_TABLE_worker, worker);
}

/* Runnable since so short a time that its worker may be on its way. */
static bool is_fresh(const struct walk *walk, const struct vigil_task_record *task)
{
	struct vigil_task_times times;

	vigil_task_times(task, walk->model->now, &times);
	return times.state == VIGIL_STATE_SCHEDULED && times.state_ns <= WAITS_LATE_NS;
}

static void all_asleep(struct walk *walk, const struct vigil_executor_record *executor,
		       uint64_t ref, const struct crew *crew)
{
	uint32_t site = executor->site;
	const struct vigil_task_record *task = VIGIL_FIND(walk->model->reader, task, walk->waiter);

	if (task && task->wakes && task->wakes != task->wakes_seen)
		site = task->wake_site;
	if (task && is_fresh(walk, task)) {
		link_add(walk, LINK_FACT, ref, 0, 0,
			 "%s has not taken it up yet: that is as long as it takes", NAME(ref));
		conclude_by_design(walk, walk->waiter, "%s is about to be polled",
				   NAME(walk->waiter));
		return;
	}
	link_add(walk, LINK_CAUSE, ref, site, crew->asleep_ns,
		 "%" PRIu32 " of %" PRIu32
		 " workers of %s asleep, %s %s: nobody told it that there "
		 "is something to do",
		 crew->asleep, crew->count, NAME(ref), THREAD(crew->sleeper), FOR(crew->asleep_ns));
	conclude(walk, ref, site,
		 "%s did nothing about it though %s is asleep: a wake was lost after %s", NAME(ref),
		 THREAD(crew->sleeper), PLACE(site));
}

/* ---- Others who are ready to run ---- */

/* Of the executor's: how many, and where most of them were spawned. */
struct crowd {
	uint64_t count, most;
	uint32_t site;
};

static bool can_run(const struct walk *walk, const struct vigil_task_record *task)
{
	struct vigil_task_times times;

	if (task->life != VIGIL_LIFE_LIVE)
		return false;
	vigil_task_times(task, walk->model->now, &times);
	return times.state == VIGIL_STATE_SCHEDULED || times.state == VIGIL_STATE_RUNNING;
}

/* Without memory there is none. */
static void crowd_look(const struct walk *walk, uint64_t executor, struct crowd *crowd)
{
	const struct vigil_reader *reader = walk->model->reader;
	uint32_t sites = vigil_reader_count(reader, VIGIL_TABLE_site);
	uint32_t tasks = vigil_reader_count(reader, VIGIL_TABLE_task);
	uint64_t *by_site = calloc((size_t)sites + 1, sizeof(*by_site));

	for (uint32_t i = 0; by_site && i < tasks; i++) {
		const struct vigil_task_record *task = VIGIL_AT(reader, task, i);

		if (task->executor != executor || task->site > sites || !can_run(walk, task) ||
		    vigil_reader_ref(reader, VIGIL_TABLE_task, i) == walk->waiter)
			continue;
		crowd->count++;
		if (++by_site[task->site] <= crowd->most)
			continue;
		crowd->most = by_site[task->site];
		crowd->site = task->site;
	}
	free(by_site);
}

/* No worker has been in its poll for half as long as it could run: they took others since. */
static bool others_came_first(const struct walk *walk, const struct crew *crew)
{
	const struct vigil_task_record *task = VIGIL_FIND(walk->model->reader, task, walk->waiter);
	struct vigil_task_times times;

	if (!task)
		return false;
	vigil_task_times(task, walk->model->now, &times);
	return times.state == VIGIL_STATE_SCHEDULED && times.state_ns / 2 > crew->oldest_ns;
}

static void step_crowd(struct walk *walk, uint64_t ref, const struct crowd *crowd)
{
	const char *more = crowd->count == 1 ? "" : "s";
	char most[24] = "all";

	if (crowd->most < crowd->count)
		snprintf(most, sizeof(most), "%" PRIu64, crowd->most);
	link_add(walk, LINK_CAUSE, ref, crowd->site, 0,
		 "%s polls others first: %" PRIu64
		 " more task%s of it could run, %s of them spawned at %s",
		 NAME(ref), crowd->count, more, most, PLACE(crowd->site));
	conclude(walk, ref, crowd->site,
		 "%s takes turns with %" PRIu64
		 " other task%s that could run, %s of them spawned at %s",
		 NAME(walk->waiter), crowd->count, more, most, PLACE(crowd->site));
}

/* All workers poll. */
static void all_busy(struct walk *walk, uint64_t ref, const struct crew *crew)
{
	struct crowd crowd = { 0 };

	if (others_came_first(walk, crew))
		crowd_look(walk, ref, &crowd);
	if (crowd.count) {
		step_crowd(walk, ref, &crowd);
		return;
	}
	link_add(walk, LINK_FACT, ref, 0, crew->oldest_ns, "%s of %s %s busy: %s",
		 crew->count == 1 ? "the only worker" : "all workers", NAME(ref),
		 crew->count == 1 ? "is" : "are", crew->busy);
	follow(walk, ref, crew->own && crew->own->task ? crew->own : crew->oldest);
}

/* ---- The step ---- */

void step_executor(struct walk *walk, const struct vigil_executor_record *executor, uint64_t ref)
{
	struct crew crew = { 0 };

	crew_look(walk, ref, &crew);
	/* Of one that was born before a trace its workers may only not have been seen. */
	if (!crew.count && !executor->site) {
		link_add(walk, LINK_UNKNOWN, ref, 0, 0, "%s: who its workers are is not known",
			 NAME(ref));
		return;
	}
	if (!crew.count) {
		link_add(walk, LINK_CAUSE, ref, executor->site, 0,
			 "%s, made at %s, has no worker: no thread polls its tasks", NAME(ref),
			 PLACE(executor->site));
		conclude(walk, ref, executor->site,
			 "%s, made at %s, has no worker to poll its tasks", NAME(ref),
			 PLACE(executor->site));
	} else if (!crew.asleep) {
		all_busy(walk, ref, &crew);
	} else if (crew.own) {
		link_add(walk, LINK_GUESS, ref, 0, busy_since(walk, crew.own),
			 "%s polled it last and is busy, so it likely stands in that one's queue: "
			 "%s",
			 THREAD(crew.own), crew.busy);
		walk->is_guess = true;
		follow(walk, ref, crew.own);
	} else if (crew.oldest && crew.oldest_ns > crew.asleep_ns) {
		link_add(walk, LINK_GUESS, ref, 0, crew.oldest_ns,
			 "%" PRIu32 " of %" PRIu32
			 " workers of %s sleep, so it likely stands in the "
			 "queue of a busy one: %s",
			 crew.asleep, crew.count, NAME(ref), crew.busy);
		walk->is_guess = true;
		follow(walk, ref, crew.oldest);
	} else {
		all_asleep(walk, executor, ref, &crew);
	}
}
