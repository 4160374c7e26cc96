/* SPDX-License-Identifier: MIT */
/*
 * Workers: where the next task comes from, and how it is polled.
 *
 * A worker looks into its LIFO slot (whom its task woke last: their memory is warm; three
 * times in a row at most), its ring, the queue that all share, the rings of others, and
 * every 61st time first into the shared queue and the reactor, so that neither starves.
 * Others take from a LIFO slot only when its worker has not come back for a while (park.c).
 */
#include "core.h"

#include <errno.h>
#include <stdlib.h>

#include "io.h"

#define LOOK_OUTSIDE 61
#define LIFO_USES 3
#define BUDGET 128

struct worker *worker_new(struct rt *rt, unsigned index)
{
	struct worker *worker = aligned_alloc(64, (sizeof(*worker) + 63) / 64 * 64);

	if (!worker)
		return NULL;
	*worker = (struct worker){ .rt = rt, .index = index, .random = index * 2654435769u + 1 };
	pthread_mutex_init(&worker->park_lock, NULL);
	pthread_cond_init(&worker->park_condition, NULL);
	return worker;
}

void worker_free(struct worker *worker)
{
	if (!worker)
		return;
	pthread_mutex_destroy(&worker->park_lock);
	pthread_cond_destroy(&worker->park_condition);
	free(worker);
}

/* xorshift: to steal from another one each time. */
uint32_t worker_random(struct worker *worker)
{
	worker->random ^= worker->random << 13;
	worker->random ^= worker->random >> 17;
	worker->random ^= worker->random << 5;
	return worker->random;
}

/* ---- Polling ---- */

static void task_entry(void *arg)
{
	struct rt_task *task = arg;

	task->code = task->fn(task->arg);
	task->stop = STOP_END;
	context_leave(&task->context, &worker_here()->context);
}

/* Gives the task its stack. Returns 0, or the code it ends with instead of being run. */
static int task_prepare(struct rt_task *task)
{
	int error;

	if (atomic_load(&task->cut) != TASK_GOES_ON)
		return -ECANCELED;
	error = stack_take(task->stack.size, &task->stack);
	if (error) {
		task->stack.low = NULL;
		task->error = rt_error_new("runtime", error, "no memory for its stack");
		return error;
	}
	context_make(&task->context, task->stack.low, task->stack.size, task_entry, task);
	return 0;
}

/* Runs it until it stops. Its spans are entered as long. */
static void task_run(struct worker *worker, struct rt_task *task)
{
	worker->task = task;
	task->budget = BUDGET;
	for (unsigned i = 0; i < task->spans.depth; i++)
		vigil_span_enter(task->spans.spans[i]);
	context_switch(&worker->context, &task->context);
	if (!stack_is_intact(task->stack))
		stack_overflowed(task->stack);
	if (task->stop == STOP_END)
		spans_close(&task->spans);
	for (unsigned i = task->spans.depth; i > 0; i--)
		vigil_span_leave(task->spans.spans[i - 1]);
	worker->task = NULL;
}

static void worker_poll(struct worker *worker, struct rt_task *task)
{
	vigil_task vigil = task->vigil; /* the task may be gone at the end */
	uint32_t running = TASK_RUNNING;
	int error = 0;

	atomic_store(&task->state, TASK_RUNNING);
	if (!task->stack.low)
		error = task_prepare(task);
	if (error) {
		task_finish(task, error);
		return;
	}
	vigil_poll_begin(vigil);
	task_run(worker, task);
	if (task->stop == STOP_END) {
		task_finish(task, task->code);
		vigil_poll_end(vigil);
		return;
	}
	vigil_poll_end(vigil);
	if (task->stop == STOP_WAIT &&
	    atomic_compare_exchange_strong(&task->state, &running, TASK_IDLE))
		return;
	atomic_store(&task->state, TASK_QUEUED);
	schedule_task(worker->rt, task, true);
}

/* ---- Finding ---- */

static struct rt_task *steal_from(struct worker *worker, struct worker *victim)
{
	uint32_t half = (ring_count(&victim->ring) + 1) / 2;
	struct rt_task *first = ring_take(&victim->ring);
	uint64_t stolen = first ? 1 : 0;

	for (uint32_t i = 1; first && i < half; i++) {
		struct rt_task *task = ring_take(&victim->ring);

		if (!task)
			break;
		stolen++;
		if (!ring_push(&worker->ring, task)) {
			schedule_inject(worker->rt, task);
			break;
		}
	}
	if (stolen) {
		vigil_worker_stole(stolen);
		atomic_fetch_add_explicit(&worker->rt->stats.steals, stolen, memory_order_relaxed);
	}
	return first;
}

static struct rt_task *steal(struct worker *worker)
{
	struct rt *rt = worker->rt;
	unsigned from = worker_random(worker) % WORKERS;

	for (unsigned i = 0; i < WORKERS; i++) {
		struct worker *victim = rt->all[(from + i) % WORKERS];
		struct rt_task *task;

		if (!victim || victim == worker)
			continue;
		task = steal_from(worker, victim);
		if (task)
			return task;
	}
	return NULL;
}

static struct rt_task *lifo_take(struct worker *worker)
{
	struct rt_task *task = NULL;

	if (atomic_load_explicit(&worker->lifo, memory_order_relaxed))
		task = atomic_exchange(&worker->lifo, NULL);
	if (!task)
		return NULL;
	if (worker->lifo_uses++ < LIFO_USES)
		return task;
	/* Behind the others, unless there are none. */
	worker->lifo_uses = 0;
	if (!ring_count(&worker->ring) || !ring_push(&worker->ring, task))
		return task;
	return NULL;
}

static struct rt_task *look_outside(struct worker *worker)
{
	struct rt *rt = worker->rt;

	io_bytes_tell_if_due();
	if (pthread_mutex_trylock(&rt->reactor.driver) == 0) {
		reactor_wait(rt, 0, NULL);
		pthread_mutex_unlock(&rt->reactor.driver);
	}
	return schedule_take(rt);
}

static struct rt_task *worker_find(struct worker *worker)
{
	struct rt_task *task = NULL;

	if (atomic_fetch_add_explicit(&worker->ticks, 1, memory_order_relaxed) % LOOK_OUTSIDE == 0)
		task = look_outside(worker);
	if (!task)
		task = lifo_take(worker);
	if (!task) {
		task = ring_take(&worker->ring);
		worker->lifo_uses = 0;
	}
	if (!task)
		task = schedule_take(worker->rt);
	return task ? task : steal(worker);
}

/* ---- The loop ---- */

static bool is_ended(struct rt *rt)
{
	return atomic_load(&rt->is_ending) &&
	       (!atomic_load(&rt->live) || clock_ns() > rt->end_by_ns);
}

/* It has found. Was it the last one who looked, there may be more. */
static void stop_searching(struct worker *worker)
{
	struct rt *rt = worker->rt;

	worker->is_searching = false;
	if (atomic_fetch_sub(&rt->searching, 1) != 1)
		return;
	/* Partner: the fence in schedule_notify, which trusts in who searches. */
	atomic_thread_fence(memory_order_seq_cst);
	if (worker_has_work(rt))
		schedule_notify(rt);
}

/* How many stand behind the task that it polls next: told when that has changed. */
static void worker_tell_queued(struct worker *worker)
{
	uint32_t queued = ring_count(&worker->ring) + (atomic_load(&worker->lifo) != NULL);

	if (queued == worker->queued_told)
		return;
	worker->queued_told = queued;
	vigil_worker_queued(queued);
}

void worker_run(struct worker *worker, bool (*is_over)(struct worker *worker))
{
	struct rt *rt = worker->rt;

	while (!is_ended(rt) && !(is_over && is_over(worker))) {
		struct rt_task *task = worker_find(worker);

		if (!task) {
			worker_park(worker);
			continue;
		}
		if (worker->is_searching)
			stop_searching(worker);
		worker_tell_queued(worker);
		worker_poll(worker, task);
	}
	if (worker->is_searching) {
		worker->is_searching = false;
		atomic_fetch_sub(&rt->searching, 1);
	}
}
