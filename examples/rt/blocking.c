/* SPDX-License-Identifier: MIT */
/* Work that blocks its thread: on the pool, or in place with a stand-in for the worker. */
#include "core.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>

int job_spawn(struct vigil_site *site, struct rt_handle *ret_handle, rt_fn fn, void *arg,
	      const char *name, void (*ended)(struct rt_task *job, void *arg))
{
	struct rt_spawn_options options = { .name = name, .kind = VIGIL_TASK_BLOCKING };
	struct rt *rt = rt_here();
	struct rt_task *task;
	int error;

	if (ret_handle)
		ret_handle->task = NULL;
	if (!rt)
		return misuse(-EPERM, "rt_spawn_blocking outside the runtime has no pool");
	if (atomic_load(&rt->is_ending))
		return -ECANCELED;
	task = task_new(rt, site, fn, arg, &options, ret_handle ? VIGIL_SPAWN_JOIN : 0);
	if (!task)
		return -ENOMEM;
	if (!ret_handle) {
		task->is_detached = true;
		task->refs = 1;
	}
	task->ended = ended;
	task->ended_arg = arg;
	error = pool_submit(rt, task);
	if (error) {
		/* The caller is told: nobody else need be. */
		task->is_detached = false;
		task->refs = 1;
		task->ended = NULL;
		vigil_join_drop(task->vigil);
		task_finish(task, error);
		return error;
	}
	if (ret_handle)
		ret_handle->task = task;
	return 0;
}

int rt_spawn_blocking_at(struct vigil_site *site, struct rt_handle *ret_handle, rt_fn fn, void *arg,
			 const char *name)
{
	return job_spawn(site, ret_handle, fn, arg, name, NULL);
}

int job_join(struct vigil_site *site, const char *source, enum vigil_wait_kind waits,
	     struct rt_handle *job, struct rt_result *ret_result)
{
	struct rt_op join = rt_join_op_at(site, job, ret_result);
	struct rt_op_type type = *join.type;

	type.source = source;
	type.waits = waits;
	join.type = &type;
	return rt_await(&join);
}

int job_call(struct vigil_site *site, const char *source, enum vigil_wait_kind waits, rt_fn fn,
	     void *arg, const char *name)
{
	struct rt_task *task = task_here();
	struct rt_result result = { 0 };
	struct rt_handle job;
	int code;

	if (!task || task->is_in_place)
		return fn(arg); /* the thread may block */
	if (task_is_cut(task))
		return -ECANCELED;
	code = job_spawn(site, &job, fn, arg, name, NULL);
	if (code)
		return code;
	task->holds++;
	code = job_join(site, source, waits, &job, &result);
	task->holds--;
	if (code)
		return code;
	if (result.error)
		return rt_fail_with(result.error);
	return result.code;
}

int rt_call_blocking_at(struct vigil_site *site, rt_fn fn, void *arg, const char *name)
{
	return job_call(site, "call_blocking", VIGIL_WAIT_JOB, fn, arg, name);
}

/* ---- In place ---- */

static bool standin_is_over(struct worker *worker)
{
	struct rt *rt = worker->rt;
	bool is_over;

	pthread_mutex_lock(&rt->standin_lock);
	is_over = rt->standins > rt->standins_wanted;
	if (is_over)
		rt->standins--;
	pthread_mutex_unlock(&rt->standin_lock);
	return is_over;
}

/* A worker that does not come back soon leaves its tasks to the others. */
static void hand_over(struct worker *worker)
{
	struct rt_task *task = atomic_exchange(&worker->lifo, NULL);

	if (task)
		schedule_inject(worker->rt, task);
	while ((task = ring_take(&worker->ring)))
		schedule_inject(worker->rt, task);
}

static void *standin_thread(void *arg)
{
	struct worker *worker = arg;

	worker_enter(worker, "stand-in");
	worker_run(worker, standin_is_over);
	hand_over(worker);
	schedule_notify(worker->rt);
	worker_leave(worker);
	atomic_store(&worker->is_here, false);
	return NULL;
}

/* Under standin_lock. A slot whose thread has gone, or a new one; NULL: there is none. */
static struct worker *standin_slot(struct rt *rt)
{
	for (unsigned i = rt->workers; i < WORKERS; i++) {
		struct worker *worker = atomic_load(&rt->all[i]);

		if (!worker) {
			worker = worker_new(rt, i);
			atomic_store(&rt->all[i], worker);
			return worker;
		}
		if (!atomic_load(&worker->is_here)) {
			if (worker->thread)
				pthread_join(worker->thread, NULL);
			worker->thread = 0;
			return worker;
		}
	}
	return NULL;
}

static void standin_begin(struct rt *rt)
{
	struct worker *worker;

	pthread_mutex_lock(&rt->standin_lock);
	if (++rt->standins_wanted > rt->standins) {
		worker = standin_slot(rt);
		if (worker && !worker_start(worker, standin_thread))
			rt->standins++;
	}
	pthread_mutex_unlock(&rt->standin_lock);
}

static void standin_end(struct rt *rt)
{
	pthread_mutex_lock(&rt->standin_lock);
	rt->standins_wanted--;
	pthread_mutex_unlock(&rt->standin_lock);
	/* One that sleeps must see that it is over. */
	for (unsigned i = rt->workers; i < WORKERS; i++) {
		struct worker *worker = atomic_load(&rt->all[i]);

		if (worker)
			worker_unpark(worker);
	}
}

int rt_block_in_place_at(struct vigil_site *site, rt_fn fn, void *arg)
{
	struct rt_task *task = task_here();
	int code;

	if (!task || task->is_in_place)
		return fn(arg);
	if (task->rt->workers == 1)
		return misuse(-EPERM, "rt_block_in_place needs a second worker to go on with the "
				      "other tasks: use rt_call_blocking");
	hand_over(worker_here());
	standin_begin(task->rt);
	schedule_notify(task->rt);
	vigil_worker_wait_at(site, VIGIL_WAIT_OTHER, 0);
	task->is_in_place = true;
	code = fn(arg);
	task->is_in_place = false;
	vigil_worker_resume();
	standin_end(task->rt);
	return code;
}
