/* SPDX-License-Identifier: MIT */
/*
 * Who would notice: an idle task waits for a descriptor or a timer, and the one
 * thread that asks the kernel for it is elsewhere.
 *
 * The law: only where the thread is known. A loop's tasks belong to the worker
 * that polled them last; a pool of threads has one only when it is one thread.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "console/waits_walk.h"

static uint64_t since(const struct model *model, uint64_t begin)
{
	return begin && model->now > begin ? model->now - begin : 0;
}

uint64_t away_ns(const struct model *model, const struct vigil_worker_record *worker)
{
	if (worker->life != VIGIL_LIFE_LIVE)
		return 0;
	/* A thread that parks inside a poll, as block_on does, looks at its events. */
	if (worker->poll_begin_ns && (worker->wait_kind || !worker->park_begin_ns))
		return since(model, worker->poll_begin_ns);
	return worker->wait_kind ? since(model, worker->wait_since_ns) : 0;
}

static bool is_only_worker(const struct model *model, const struct vigil_worker_record *worker)
{
	uint32_t count = vigil_reader_count(model->reader, VIGIL_TABLE_worker);

	for (uint32_t i = 0; i < count; i++) {
		const struct vigil_worker_record *other = VIGIL_AT(model->reader, worker, i);

		if (other != worker && other->life == VIGIL_LIFE_LIVE &&
		    other->executor == worker->executor)
			return false;
	}
	return true;
}

bool is_for_loop(const struct vigil_task_record *task)
{
	switch (task->wait_kind) {
	case VIGIL_WAIT_TIMER:
	case VIGIL_WAIT_READABLE:
	case VIGIL_WAIT_WRITABLE:
	case VIGIL_WAIT_ACCEPT:
	case VIGIL_WAIT_CONNECT:
		return true;
	default:
		return false;
	}
}

const struct vigil_worker_record *away_worker(const struct model *model,
					      const struct vigil_task_record *task,
					      uint64_t limit_ns)
{
	const struct vigil_worker_record *worker = VIGIL_FIND(model->reader, worker, task->worker);
	const struct vigil_executor_record *executor =
		VIGIL_FIND(model->reader, executor, task->executor);
	uint64_t late_ns = since(model, task->wait_until_ns);
	uint64_t overdue_ns = late_ns > WAITS_LATE_NS ? late_ns : 0;
	uint64_t for_ns;

	if (!worker || !executor || worker->executor != task->executor || !is_for_loop(task))
		return NULL;
	if (task->wait_kind == VIGIL_WAIT_TIMER && task->wait_until_ns && !overdue_ns)
		return NULL;
	for_ns = away_ns(model, worker);
	if (!for_ns || (for_ns <= limit_ns && (!overdue_ns || for_ns < overdue_ns)))
		return NULL;
	switch (executor->kind) {
	case VIGIL_EXECUTOR_EVENT_LOOP:
	case VIGIL_EXECUTOR_CURRENT_THREAD:
		return worker;
	case VIGIL_EXECUTOR_MULTI_THREAD:
		return is_only_worker(model, worker) ? worker : NULL;
	default:
		return NULL;
	}
}

/* Whether anybody is away at all: then only is it worth asking of each task. */
static bool is_anybody_away(const struct model *model)
{
	uint32_t count = vigil_reader_count(model->reader, VIGIL_TABLE_worker);

	for (uint32_t i = 0; i < count; i++)
		if (away_ns(model, VIGIL_AT(model->reader, worker, i)))
			return true;
	return false;
}

static void absent_count(const struct model *model, uint64_t limit_ns, uint64_t *counts)
{
	uint32_t tasks = vigil_reader_count(model->reader, VIGIL_TABLE_task);

	for (uint32_t i = 0; i < tasks; i++) {
		const struct vigil_task_record *task = VIGIL_AT(model->reader, task, i);
		const struct vigil_worker_record *worker;
		struct vigil_task_times times;

		if (task->life != VIGIL_LIFE_LIVE || !is_for_loop(task) ||
		    since(model, task->wait_until_ns))
			continue;
		vigil_task_times(task, model->now, &times);
		if (times.state != VIGIL_STATE_IDLE)
			continue;
		worker = away_worker(model, task, limit_ns);
		if (worker)
			counts[model_index(model, VIGIL_TABLE_worker, worker)]++;
	}
}

int absent_find(const struct model *model, uint64_t limit_ns, struct absent *ret_absent)
{
	uint32_t count = vigil_reader_count(model->reader, VIGIL_TABLE_worker);

	*ret_absent = (struct absent){ .limit_ns = limit_ns };
	if (!is_anybody_away(model))
		return 0;
	ret_absent->waiting = calloc(count, sizeof(*ret_absent->waiting));
	if (!ret_absent->waiting)
		return -1;
	absent_count(model, limit_ns, ret_absent->waiting);
	return 0;
}

const char *words_waiting(struct words *words, struct walk *walk,
			  const struct vigil_worker_record *worker)
{
	const struct vigil_task_record *first =
		VIGIL_FIND(walk->model->reader, task, walk->chain->task);
	char name[NAME_TEXT / 4];
	uint64_t count;

	words->text[0] = '\0';
	if (!walk->absent->waiting || walk->has_told_waiting)
		return words->text;
	count = walk->absent->waiting[model_index(walk->model, VIGIL_TABLE_worker, worker)];
	if (count && walk->is_first_absent && first &&
	    VIGIL_FIND(walk->model->reader, worker, first->worker) == worker)
		count--;
	if (!count)
		return words->text;
	walk->has_told_waiting = true;
	name_worker(walk->model, worker, name, sizeof(name));
	snprintf(words->text, sizeof(words->text),
		 "; %" PRIu64 " other task%s of %s wait%s for this worker to return", count,
		 count == 1 ? "" : "s", name, count == 1 ? "s" : "");
	return words->text;
}

bool step_absent(struct walk *walk, const struct vigil_task_record *task, uint64_t ref)
{
	const struct vigil_worker_record *worker =
		away_worker(walk->model, task, walk->absent->limit_ns);
	uint64_t overdue_ns = ns_since(walk, task->wait_until_ns);
	char name[NAME_TEXT / 4], what[64] = "a descriptor";

	if (!worker)
		return false;
	if (walk->chain->task == ref)
		walk->is_first_absent = !overdue_ns;
	name_worker(walk->model, worker, name, sizeof(name));
	if (task->wait_fd >= 0)
		snprintf(what, sizeof(what), "fd %" PRId32, task->wait_fd);
	if (task->wait_kind == VIGIL_WAIT_TIMER)
		snprintf(what, sizeof(what), "its timer");
	link_add(walk, LINK_FACT, ref, site_to_show(walk, task), away_ns(walk->model, worker),
		 "%s waits for %s%s%s%s%s%s%s, and %s, which would notice, has not returned to its "
		 "loop %s%s",
		 NAME(ref), what, task->wait_kind == VIGIL_WAIT_TIMER ? "" : " (",
		 task->wait_kind == VIGIL_WAIT_TIMER ? "" : word_wait(task->wait_kind),
		 task->wait_kind == VIGIL_WAIT_TIMER ? "" : ")",
		 overdue_ns ? ", which was due " : "", overdue_ns ? AGO(overdue_ns) : "",
		 WAITS_AT(task), name, FOR(away_ns(walk->model, worker)), WAITING(worker));
	hop_set(walk, "%.60s, which polls %.100s", name,
		worker->task ? NAME(worker->task) : "nothing");
	walk->next = model_ref(walk->model, VIGIL_TABLE_worker, worker);
	return true;
}
