/* SPDX-License-Identifier: MIT */
/*
 * Everything that is stuck, once per cause.
 *
 * The law: looking costs one pass over the tasks. Those that wait for the same
 * thing are one group before any chain is walked, so a million tasks behind one
 * lock are one walk.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "console/waits_walk.h"

/* A task, or a thread of no task, that waits too long. */
struct candidate {
	uint64_t ref;
	uint64_t on[2]; /* what its walk goes to first: equal ones are one group */
	uint64_t stuck_ns;
	bool is_owned; /* what it waits for is in somebody's hands */
	bool is_await; /* of a task's end; others that wait so long never do so by design */
};

struct candidates {
	struct candidate *list;
	size_t count;
	size_t room;
};

/* A chain with what its comparison needs. */
struct found {
	struct chain chain;
	struct verdict verdict;
};

static int candidate_add(struct candidates *candidates, const struct candidate *candidate)
{
	if (candidates->count == candidates->room) {
		size_t room = candidates->room ? candidates->room * 2 : 64;
		struct candidate *list = realloc(candidates->list, room * sizeof(*list));

		if (!list)
			return -ENOMEM;
		candidates->list = list;
		candidates->room = room;
	}
	candidates->list[candidates->count++] = *candidate;
	return 0;
}

/* ---- Who waits too long ---- */

static uint64_t since(const struct model *model, uint64_t begin)
{
	return begin && model->now > begin ? model->now - begin : 0;
}

/* Jobs of a blocking pool may run as long as they like. */
static bool may_block(const struct model *model, const struct vigil_task_record *task)
{
	const struct vigil_executor_record *executor =
		VIGIL_FIND(model->reader, executor, task->executor);

	return task->kind == VIGIL_TASK_BLOCKING ||
	       (executor && executor->kind == VIGIL_EXECUTOR_BLOCKING_POOL);
}

static bool running_is_stuck(const struct model *model, const struct vigil_task_record *task,
			     struct candidate *ret)
{
	const struct vigil_worker_record *worker = VIGIL_FIND(model->reader, worker, task->worker);

	if (worker && worker->wait_kind && worker->wait_object && worker->task == ret->ref) {
		ret->is_owned = true;
		ret->on[0] = worker->wait_object;
		ret->stuck_ns = since(model, worker->wait_since_ns);
		return true;
	}
	ret->on[0] = ret->ref;
	return !may_block(model, task);
}

/* Overdue, and the worker that would notice is away: that one's doing. */
static bool is_overdue_behind(const struct model *model, const struct absent *absent,
			      const struct vigil_task_record *task, struct candidate *ret)
{
	const struct vigil_worker_record *worker;

	if (!absent->waiting || !is_for_loop(task) || !since(model, task->wait_until_ns))
		return false;
	worker = away_worker(model, task, absent->limit_ns);
	if (!worker)
		return false;
	ret->on[0] = model_ref(model, VIGIL_TABLE_worker, worker);
	ret->stuck_ns = since(model, task->wait_until_ns);
	return true;
}

static bool idle_is_stuck(const struct model *model, const struct absent *absent,
			  const struct vigil_task_record *task, struct candidate *ret)
{
	if (is_overdue_behind(model, absent, task, ret))
		return true;
	ret->stuck_ns = since(model, task->wait_since_ns);
	ret->on[0] = task->wait_object ? task->wait_object : ret->ref;
	switch (task->wait_kind) {
	case VIGIL_WAIT_LOCK:
	case VIGIL_WAIT_LOCK_SHARED:
	case VIGIL_WAIT_PERMIT:
		ret->is_owned = true;
		return true;
	case VIGIL_WAIT_TASK:
	case VIGIL_WAIT_JOB:
		ret->is_owned = true;
		ret->is_await = true;
		return true;
	case VIGIL_WAIT_TIMER:
		ret->stuck_ns = since(model, task->wait_until_ns);
		ret->on[0] = task->executor;
		ret->on[1] = 1;
		return ret->stuck_ns > WAITS_LATE_NS;
	default:
		return false;
	}
}

static bool task_is_stuck(const struct model *model, const struct absent *absent,
			  const struct vigil_task_record *task, struct candidate *ret)
{
	struct vigil_task_times times;

	vigil_task_times(task, model->now, &times);
	ret->stuck_ns = times.state_ns;
	switch (times.state) {
	case VIGIL_STATE_RUNNING:
		return running_is_stuck(model, task, ret);
	case VIGIL_STATE_SCHEDULED:
		ret->on[0] = task->executor ? task->executor : ret->ref;
		ret->on[1] = task->polls ? task->worker : 0;
		return true;
	case VIGIL_STATE_IDLE:
		return idle_is_stuck(model, absent, task, ret);
	default:
		return false;
	}
}

/*
 * Of a process that died stuck, the last thing recorded is often the very wait
 * it died in: then no length is too short.
 */
static bool is_long(const struct model *model, const struct absent *absent,
		    const struct candidate *candidate)
{
	return candidate->stuck_ns > absent->limit_ns ||
	       (model->status == VIGIL_STATUS_DEAD && candidate->is_owned);
}

static int candidates_find(const struct model *model, const struct absent *absent,
			   struct candidates *ret_candidates)
{
	uint32_t tasks = vigil_reader_count(model->reader, VIGIL_TABLE_task);
	uint32_t workers = vigil_reader_count(model->reader, VIGIL_TABLE_worker);
	int r = 0;

	for (uint32_t i = 0; i < tasks && !r; i++) {
		const struct vigil_task_record *task = VIGIL_AT(model->reader, task, i);
		struct candidate candidate = { 0 };

		if (task->life != VIGIL_LIFE_LIVE)
			continue;
		candidate.ref = vigil_reader_ref(model->reader, VIGIL_TABLE_task, i);
		if (task_is_stuck(model, absent, task, &candidate) &&
		    is_long(model, absent, &candidate))
			r = candidate_add(ret_candidates, &candidate);
	}
	/* Threads that wait for a lock outside any task. */
	for (uint32_t i = 0; i < workers && !r; i++) {
		const struct vigil_worker_record *worker = VIGIL_AT(model->reader, worker, i);
		struct candidate candidate = { 0 };

		if (worker->life != VIGIL_LIFE_LIVE || !worker->wait_kind || !worker->wait_object ||
		    worker->task)
			continue;
		candidate.is_owned = true;
		candidate.ref = vigil_reader_ref(model->reader, VIGIL_TABLE_worker, i);
		candidate.on[0] = worker->wait_object;
		candidate.stuck_ns = since(model, worker->wait_since_ns);
		if (is_long(model, absent, &candidate))
			r = candidate_add(ret_candidates, &candidate);
	}
	return r;
}

int waits_quiet(const struct model *model, uint64_t limit_ns, struct quiet *ret_quiet)
{
	uint32_t tasks = vigil_reader_count(model->reader, VIGIL_TABLE_task);
	struct absent absent;

	memset(ret_quiet, 0, sizeof(*ret_quiet));
	if (absent_find(model, limit_ns, &absent))
		return -ENOMEM;
	for (uint32_t i = 0; i < tasks; i++) {
		const struct vigil_task_record *task = VIGIL_AT(model->reader, task, i);
		struct candidate candidate = { 0 };
		bool is_stuck;

		if (task->life != VIGIL_LIFE_LIVE)
			continue;
		candidate.ref = vigil_reader_ref(model->reader, VIGIL_TABLE_task, i);
		is_stuck = task_is_stuck(model, &absent, task, &candidate);
		if (candidate.stuck_ns <= limit_ns)
			continue;
		ret_quiet->awaits += is_stuck && candidate.is_await;
		ret_quiet->jobs += !is_stuck && task->depth && may_block(model, task);
	}
	free(absent.waiting);
	return 0;
}

/* ---- Grouping ---- */

/* By what they wait for, the longest wait of each group first. */
static int by_group(const void *a, const void *b)
{
	const struct candidate *x = a, *y = b;

	for (int i = 0; i < 2; i++)
		if (x->on[i] != y->on[i])
			return x->on[i] < y->on[i] ? -1 : 1;
	if (x->stuck_ns != y->stuck_ns)
		return x->stuck_ns > y->stuck_ns ? -1 : 1;
	return (x->ref > y->ref) - (x->ref < y->ref);
}

static bool is_same_group(const struct candidate *a, const struct candidate *b)
{
	return a->on[0] == b->on[0] && a->on[1] == b->on[1];
}

/* Puts groups together. Returns how many there are. */
static size_t groups_sort(struct candidates *candidates)
{
	size_t count = 0;

	if (!candidates->count)
		return 0;
	qsort(candidates->list, candidates->count, sizeof(*candidates->list), by_group);
	for (size_t i = 0; i < candidates->count; i++)
		count += !i || !is_same_group(&candidates->list[i - 1], &candidates->list[i]);
	return count;
}

/* Walks one chain a group. Returns how many chains there are. */
static size_t groups_walk(const struct model *model, const struct absent *absent,
			  const struct candidates *candidates, struct found *found)
{
	struct wait_sites wait_sites = { 0 };
	struct walk walk;
	size_t count = 0;

	if (candidates->count)
		wait_sites_find(model, &wait_sites);
	for (size_t i = 0, end; i < candidates->count; i = end) {
		for (end = i + 1; end < candidates->count; end++)
			if (!is_same_group(&candidates->list[i], &candidates->list[end]))
				break;
		walk_run(&walk, model, absent, &wait_sites, candidates->list[i].ref,
			 &found[count].chain);
		if (walk.verdict.is_by_design && candidates->list[i].is_await)
			continue;
		found[count].chain.stuck_ns = candidates->list[i].stuck_ns;
		for (size_t k = i + 1; k < end; k++)
			found[count].chain.delayed +=
				candidates->list[k].ref != walk.verdict.culprit;
		found[count++].verdict = walk.verdict;
	}
	wait_sites_fini(&wait_sites);
	return count;
}

/* Same causes together; of those the longest story first, then the longest wait. */
static int by_cause(const void *a, const void *b)
{
	const struct found *x = a, *y = b;

	if (x->verdict.object != y->verdict.object)
		return x->verdict.object < y->verdict.object ? -1 : 1;
	if (x->verdict.is_cycle != y->verdict.is_cycle)
		return x->verdict.is_cycle ? -1 : 1;
	if (x->chain.count != y->chain.count)
		return x->chain.count > y->chain.count ? -1 : 1;
	if (x->chain.stuck_ns != y->chain.stuck_ns)
		return x->chain.stuck_ns > y->chain.stuck_ns ? -1 : 1;
	return (x->chain.task > y->chain.task) - (x->chain.task < y->chain.task);
}

/* Whether it is itself what the others wait for: it is not among those that it delays. */
static bool is_culprit(const struct found *found)
{
	return found->chain.task == found->verdict.culprit;
}

static size_t causes_merge(struct found *found, size_t count)
{
	size_t kept = 0;

	qsort(found, count, sizeof(*found), by_cause);
	for (size_t i = 0; i < count; i++) {
		if (kept && found[kept - 1].verdict.object == found[i].verdict.object)
			found[kept - 1].chain.delayed +=
				found[i].chain.delayed + !is_culprit(&found[i]);
		else if (kept != i)
			found[kept++] = found[i];
		else
			kept++;
	}
	return kept;
}

static int worst_first(const void *a, const void *b)
{
	const struct found *x = a, *y = b;

	if (x->verdict.is_cycle != y->verdict.is_cycle)
		return x->verdict.is_cycle ? -1 : 1;
	if (x->chain.delayed != y->chain.delayed)
		return x->chain.delayed > y->chain.delayed ? -1 : 1;
	if (x->chain.stuck_ns != y->chain.stuck_ns)
		return x->chain.stuck_ns > y->chain.stuck_ns ? -1 : 1;
	return (x->chain.task > y->chain.task) - (x->chain.task < y->chain.task);
}

int waits_stuck(const struct model *model, uint64_t limit_ns, struct chain **ret_chains)
{
	struct candidates candidates = { 0 };
	struct chain *chains = NULL;
	struct found *found = NULL;
	struct absent absent;
	size_t groups, count = 0;

	if (absent_find(model, limit_ns, &absent) || candidates_find(model, &absent, &candidates))
		goto out;
	groups = groups_sort(&candidates);
	found = calloc(groups ? groups : 1, sizeof(*found));
	if (!found)
		goto out;
	count = causes_merge(found, groups_walk(model, &absent, &candidates, found));
	qsort(found, count, sizeof(*found), worst_first);
	chains = calloc(count ? count : 1, sizeof(*chains));
	for (size_t i = 0; chains && i < count; i++)
		chains[i] = found[i].chain;
out:
	free(absent.waiting);
	free(candidates.list);
	free(found);
	if (!chains)
		return -ENOMEM;
	*ret_chains = chains;
	return (int)count;
}
