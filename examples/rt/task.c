/* SPDX-License-Identifier: MIT */
/*
 * A task's life: birth, runnable, waiting, cut, end.
 *
 * What it does is one word, enum task_state, which wakers and its worker change by
 * compare-and-swap: a wake that finds it running leaves a mark, and the worker queues it
 * again. So no wake is lost, and no task is polled twice at a time. A task is born as if
 * queued: a cut that comes before its spawner has started it leaves its mark alone.
 */
#include "core.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- Birth and memory ---- */

static void list_add(struct rt *rt, struct rt_task *task)
{
	unsigned list = task->id % TASK_LISTS;

	pthread_mutex_lock(&rt->lists[list].lock);
	task->all_next = rt->lists[list].first;
	task->all_link = &rt->lists[list].first;
	if (task->all_next)
		task->all_next->all_link = &task->all_next;
	rt->lists[list].first = task;
	pthread_mutex_unlock(&rt->lists[list].lock);
}

static void list_remove(struct rt_task *task)
{
	unsigned list = task->id % TASK_LISTS;

	pthread_mutex_lock(&task->rt->lists[list].lock);
	*task->all_link = task->all_next;
	if (task->all_next)
		task->all_next->all_link = task->all_link;
	pthread_mutex_unlock(&task->rt->lists[list].lock);
}

void tasks_each(struct rt *rt, void (*fn)(struct rt_task *task, void *arg), void *arg)
{
	for (unsigned list = 0; list < TASK_LISTS; list++) {
		pthread_mutex_lock(&rt->lists[list].lock);
		for (struct rt_task *task = rt->lists[list].first; task; task = task->all_next)
			fn(task, arg);
		pthread_mutex_unlock(&rt->lists[list].lock);
	}
}

struct rt_task *task_new(struct rt *rt, struct vigil_site *site, rt_fn fn, void *arg,
			 const struct rt_spawn_options *options, unsigned vigil_flags)
{
	struct rt_task *task = calloc(1, sizeof(*task));
	size_t stack_size = options->stack_size ? options->stack_size : rt->options.stack_size;
	enum vigil_task_kind kind = options->kind ? options->kind : VIGIL_TASK_ASYNC;

	if (!task)
		return NULL;
	task->rt = rt;
	task->fn = fn;
	task->arg = arg;
	task->refs = 2;
	task->state = TASK_QUEUED;
	task->stack.size = stack_size;
	task->is_blocking = kind == VIGIL_TASK_BLOCKING;
	task->id = atomic_fetch_add(&rt->next_id, 1) + 1;
	snprintf(task->name, sizeof(task->name), "%s", options->name ? options->name : "");
	pthread_mutex_init(&task->lock, NULL);
	task->vigil = vigil_task_spawn_at(
		site, task->is_blocking ? rt->pool.executor : rt->executor, kind, options->name,
		vigil_flags | (options->is_root ? VIGIL_SPAWN_ROOT : 0));
	atomic_fetch_add(&rt->live, 1);
	atomic_fetch_add_explicit(&rt->stats.spawned, 1, memory_order_relaxed);
	list_add(rt, task);
	return task;
}

void task_release(struct rt_task *task)
{
	if (atomic_fetch_sub_explicit(&task->refs, 1, memory_order_acq_rel) != 1)
		return;
	rt_error_free(task->error);
	pthread_mutex_destroy(&task->lock);
	free(task);
}

struct rt_task *task_make(struct vigil_site *site, struct rt_handle *ret_handle, rt_fn fn,
			  void *arg, const struct rt_spawn_options *options, int *ret_error)
{
	struct rt *rt = rt_here();
	struct rt_task *task = NULL;

	if (ret_handle)
		ret_handle->task = NULL;
	*ret_error = 0;
	if (!rt)
		*ret_error =
			misuse(-EPERM, "rt_spawn outside the runtime: call it in what rt_run runs");
	else if (atomic_load(&rt->is_ending))
		*ret_error = -ECANCELED;
	else if (options->kind == VIGIL_TASK_BLOCKING)
		*ret_error = misuse(-EINVAL, "what may block is no task of rt_spawn: use "
					     "rt_spawn_blocking");
	else if (!(task = task_new(rt, site, fn, arg, options, ret_handle ? VIGIL_SPAWN_JOIN : 0)))
		*ret_error = -ENOMEM;
	if (!task)
		return NULL;
	if (ret_handle) {
		ret_handle->task = task;
	} else {
		task->is_detached = true;
		task->refs = 1;
	}
	return task;
}

void task_start(struct rt_task *task)
{
	/* The runtime's end may have looked for tasks before this one was among them. */
	if (atomic_load(&task->rt->is_ending))
		atomic_store(&task->cut, TASK_ABORTED);
	schedule_task(task->rt, task, false);
}

int rt_spawn_at(struct vigil_site *site, struct rt_handle *ret_handle, rt_fn fn, void *arg,
		const struct rt_spawn_options *options)
{
	int error;
	struct rt_task *task = task_make(site, ret_handle, fn, arg, options, &error);

	if (task)
		task_start(task);
	return error;
}

/* ---- Runnable ---- */

void task_schedule(struct rt_task *task)
{
	uint32_t state = atomic_load(&task->state);

	if (task->is_thread) {
		thread_schedule(task);
		return;
	}
	for (;;) {
		switch (state) {
		case TASK_IDLE:
			if (!atomic_compare_exchange_weak(&task->state, &state, TASK_QUEUED))
				break;
			schedule_task(task->rt, task, false);
			return;
		case TASK_RUNNING:
			if (!atomic_compare_exchange_weak(&task->state, &state, TASK_NOTIFIED))
				break;
			return;
		default:
			return;
		}
	}
}

static void task_stop(struct rt_task *task, enum task_stop stop)
{
	task->stop = stop;
	context_switch(&task->context, &worker_here()->context);
}

void task_wait(struct rt_task *task)
{
	task_stop(task, STOP_WAIT);
}

void task_yield(struct rt_task *task, struct vigil_site *site, bool is_forced)
{
	struct rt *rt = task->rt;

	atomic_fetch_add_explicit(is_forced ? &rt->stats.forced_yields : &rt->stats.yields, 1,
				  memory_order_relaxed);
	vigil_task_yield(task->vigil, is_forced);
	vigil_wake_at(site, task->vigil);
	task_stop(task, STOP_YIELD);
}

int rt_yield_at(struct vigil_site *site)
{
	struct rt_task *task = task_here();

	if (!task)
		return misuse(-EPERM, "rt_yield outside a task");
	if (task->is_in_place)
		return refused_in_place("rt_yield");
	task_yield(task, site, false);
	return task_is_cut(task) ? -ECANCELED : 0;
}

/* ---- Cut ---- */

bool task_is_cut(const struct rt_task *task)
{
	/* Sequentially consistent: who cut it may have found it queued, and left it at that. */
	uint32_t cut = atomic_load(&task->cut);

	if (task->holds)
		return false;
	return cut == TASK_ABORTED || (cut == TASK_CANCELLED && !task->shields);
}

void task_cut(struct rt_task *task, enum task_cut cut, struct vigil_site *site)
{
	uint32_t before = atomic_load(&task->cut);
	bool is_over;

	do {
		if (before >= (uint32_t)cut)
			return;
	} while (!atomic_compare_exchange_weak(&task->cut, &before, cut));
	/* With the lock, so that its record is not ended meanwhile (task_finish). */
	pthread_mutex_lock(&task->lock);
	is_over = atomic_load(&task->state) == TASK_DONE;
	if (!is_over) {
		vigil_attr_bool(task->vigil, cut == TASK_ABORTED ? "aborted" : "cancelled", true);
		if (!task->is_blocking)
			vigil_wake_at(site, task->vigil);
	}
	pthread_mutex_unlock(&task->lock);
	/* A handle may outlive the runtime. */
	if (is_over)
		return;
	if (!task->is_blocking)
		task_schedule(task);
	else if (pool_withdraw(task->rt, task))
		task_finish(task, -ECANCELED);
}

void rt_shield_begin(void)
{
	struct rt_task *task = task_here();

	if (task)
		task->shields++;
}

void rt_shield_end(void)
{
	struct rt_task *task = task_here();

	if (task && task->shields)
		task->shields--;
}

/* ---- Of the running task ---- */

uint64_t rt_task_id(void)
{
	struct rt_task *task = job_here();

	return task ? task->id : 0;
}

const char *rt_task_name(void)
{
	struct rt_task *task = job_here();

	return task ? task->name : NULL;
}

bool rt_is_cancelled(void)
{
	struct rt_task *task = job_here();

	return task && atomic_load(&task->cut) != TASK_GOES_ON;
}

void rt_set_value(void *value)
{
	struct rt_task *task = job_here();

	if (task)
		task->value = value;
}

/* ---- End ---- */

static enum vigil_outcome outcome_of(const struct rt_task *task, int code)
{
	uint32_t cut = atomic_load(&task->cut);

	if (code >= 0)
		return VIGIL_OUTCOME_COMPLETED;
	/* rt_spawn may have told it of the runtime's end before the abort came to it. */
	if (cut == TASK_ABORTED || (code == -ECANCELED && atomic_load(&task->rt->is_ending)))
		return VIGIL_OUTCOME_ABORTED;
	if (cut == TASK_CANCELLED && code == -ECANCELED)
		return VIGIL_OUTCOME_CANCELLED;
	return VIGIL_OUTCOME_FAILED;
}

/* What it failed with, in words. */
static void print_failure(const struct rt_task *task, char *buf, size_t size)
{
	if (task->error)
		rt_error_print(task->error, buf, size);
	else
		snprintf(buf, size, "%s", strerror(-task->code));
}

static void tell_end(struct rt_task *task)
{
	char message[256];

	atomic_fetch_add_explicit(&task->rt->stats.ended[task->outcome], 1, memory_order_relaxed);
	if (task->outcome != VIGIL_OUTCOME_FAILED) {
		vigil_task_end(task->vigil, task->outcome);
		return;
	}
	print_failure(task, message, sizeof(message));
	vigil_task_fail(task->vigil, task->code, message);
}

void task_unseen(struct rt_task *task)
{
	char message[320], words[224];
	uint64_t unseen;

	if (task->outcome != VIGIL_OUTCOME_FAILED)
		return;
	print_failure(task, words, sizeof(words));
	snprintf(message, sizeof(message), "task %llu \"%s\" failed and nobody looked: %s",
		 (unsigned long long)task->id, task->name, words);
	vigil_event(VIGIL_LEVEL_ERROR, message);
	/* A handle may be dropped after the runtime's end. */
	if (task->rt != rt_here())
		return;
	atomic_fetch_add(&task->rt->stats.unseen_errors, 1);
	/* Whoever writes last wrote what it is. */
	do {
		unseen = atomic_load(&task->rt->stats.unseen_errors);
		vigil_attr_u64(task->rt->executor, UNSEEN_ERRORS, unseen, NULL);
	} while (unseen != atomic_load(&task->rt->stats.unseen_errors));
}

void task_finish(struct rt_task *task, int code)
{
	struct rt *rt = task->rt;
	bool is_unseen;

	/* One of another call, that was handled, is not why it failed. */
	if (task->error && (code >= 0 || task->error->code != code)) {
		rt_error_free(task->error);
		task->error = NULL;
	}
	pthread_mutex_lock(&task->lock);
	atomic_store(&task->state, TASK_DONE);
	task->code = code;
	task->outcome = outcome_of(task, code);
	tell_end(task);
	pthread_mutex_unlock(&task->lock);
	list_remove(task);
	if (task->stack.low) {
		context_free(&task->context);
		stack_give(task->stack);
		task->stack.low = NULL;
	}

	pthread_mutex_lock(&task->lock);
	task->is_done = true;
	is_unseen = task->is_detached;
	if (task->joiner) {
		task->joiner->is_granted = true;
		op_wake(task->joiner, NULL);
		task->joiner = NULL;
	}
	pthread_mutex_unlock(&task->lock);
	if (is_unseen)
		task_unseen(task);
	if (task->ended)
		task->ended(task, task->ended_arg);
	task_release(task);
	if (atomic_fetch_sub(&rt->live, 1) == 1)
		schedule_notify_all(rt);
}
