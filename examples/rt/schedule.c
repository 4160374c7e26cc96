/* SPDX-License-Identifier: MIT */
/*
 * Run queues: which one a runnable task goes to, and who is told.
 *
 * No wake is lost between a worker that goes to sleep and a task that is queued: the worker
 * marks itself idle, then looks into all queues once more; who queues does so first, and
 * looks for idle workers then. The order of both is that of the fences here and in park.c.
 */
#include "core.h"

void schedule_inject(struct rt *rt, struct rt_task *task)
{
	size_t queued;

	pthread_mutex_lock(&rt->inject_lock);
	task->next = NULL;
	if (rt->inject_last)
		rt->inject_last->next = task;
	else
		rt->inject_first = task;
	rt->inject_last = task;
	queued = atomic_fetch_add(&rt->injected, 1) + 1;
	vigil_executor_queued(rt->executor, queued);
	pthread_mutex_unlock(&rt->inject_lock);
}

struct rt_task *schedule_take(struct rt *rt)
{
	struct rt_task *task;
	size_t queued;

	if (!atomic_load_explicit(&rt->injected, memory_order_relaxed))
		return NULL;
	pthread_mutex_lock(&rt->inject_lock);
	task = rt->inject_first;
	if (task) {
		rt->inject_first = task->next;
		if (!task->next)
			rt->inject_last = NULL;
		queued = atomic_fetch_sub(&rt->injected, 1) - 1;
		vigil_executor_queued(rt->executor, queued);
	}
	pthread_mutex_unlock(&rt->inject_lock);
	return task;
}

/* Queues behind the others. Returns whether somebody else could take it too. */
static bool queue_last(struct rt *rt, struct worker *worker, struct rt_task *task)
{
	if (!ring_push(&worker->ring, task))
		schedule_inject(rt, task);
	return ring_count(&worker->ring) > 1 || atomic_load(&worker->lifo);
}

void schedule_task(struct rt *rt, struct rt_task *task, bool is_yield)
{
	struct worker *worker = worker_here();
	struct rt_task *before;

	/* One whose thread blocks in place would not come to it. */
	if (!worker || worker->rt != rt || (worker->task && worker->task->is_in_place)) {
		schedule_inject(rt, task);
		schedule_notify(rt);
		return;
	}
	if (is_yield) {
		if (queue_last(rt, worker, task))
			schedule_notify(rt);
		return;
	}
	/* Partner: go_deep in park.c. */
	before = atomic_exchange(&worker->lifo, task);
	if (atomic_load(&rt->deep))
		park_wake_deep(rt);
	if (before) {
		queue_last(rt, worker, before);
		schedule_notify(rt);
	}
}

void schedule_notify(struct rt *rt)
{
	uint64_t idle;

	/* Partner: the fence in worker_park. */
	atomic_thread_fence(memory_order_seq_cst);
	idle = atomic_load(&rt->idle);
	if (!idle || atomic_load(&rt->searching))
		return;
	while (idle) {
		unsigned index = (unsigned)__builtin_ctzll(idle);

		if (!atomic_compare_exchange_weak(&rt->idle, &idle, idle & ~(1ull << index)))
			continue;
		/* It searches from here on, so that the next one wakes nobody else. */
		atomic_fetch_add(&rt->searching, 1);
		worker_unpark(rt->all[index]);
		return;
	}
}

void schedule_notify_all(struct rt *rt)
{
	for (unsigned i = 0; i < WORKERS; i++)
		if (rt->all[i])
			worker_unpark(rt->all[i]);
}

bool worker_has_work(struct rt *rt)
{
	if (atomic_load(&rt->injected))
		return true;
	for (unsigned i = 0; i < WORKERS; i++)
		if (rt->all[i] && ring_count(&rt->all[i]->ring))
			return true;
	return false;
}
