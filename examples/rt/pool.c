/* SPDX-License-Identifier: MIT */
/*
 * The blocking pool: threads that run jobs to their end, made when there is a job and no
 * idle thread. On the board an executor of its own: how deep its queue is, and of each job
 * how long it stood there.
 */
#include "core.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>

int pool_open(struct rt *rt, struct vigil_site *site)
{
	struct pool *pool = &rt->pool;
	pthread_condattr_t monotonic;

	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_mutex_init(&pool->lock, NULL);
	pthread_cond_init(&pool->has_work, NULL);
	pthread_cond_init(&pool->is_idle, &monotonic);
	pthread_condattr_destroy(&monotonic);
	pool->end = &pool->first;
	pool->limit = rt->options.blocking_threads;
	pool->executor = vigil_executor_new_at(site, VIGIL_EXECUTOR_BLOCKING_POOL, "blocking");
	return 0;
}

static struct rt_task *job_take(struct pool *pool)
{
	struct rt_task *job = pool->first;

	if (!job)
		return NULL;
	pool->first = job->next;
	if (!pool->first)
		pool->end = &pool->first;
	pool->queued--;
	vigil_executor_queued(pool->executor, pool->queued);
	return job;
}

static void job_run(struct rt *rt, struct rt_task *job)
{
	vigil_task vigil = job->vigil; /* the job may be gone at the end */
	int code;

	/* Cut between the queue and here: it does not run. */
	if (atomic_load(&job->cut)) {
		task_finish(job, -ECANCELED);
		return;
	}
	here_set(rt, NULL, job);
	vigil_poll_begin(vigil);
	code = job->fn(job->arg);
	spans_close(&job->spans);
	task_finish(job, code);
	vigil_poll_end(vigil);
	here_set(rt, NULL, NULL);
}

static void *pool_thread(void *arg)
{
	struct rt *rt = arg;
	struct pool *pool = &rt->pool;
	char name[32];

	here_set(rt, NULL, NULL);
	pthread_mutex_lock(&pool->lock);
	snprintf(name, sizeof(name), "blocking-%u", pool->started++);
	vigil_worker_begin(pool->executor, name);
	for (;;) {
		struct rt_task *job = job_take(pool);

		if (job) {
			pool->running++;
			pthread_mutex_unlock(&pool->lock);
			job_run(rt, job);
			pthread_mutex_lock(&pool->lock);
			pool->running--;
			continue;
		}
		if (pool->is_ending)
			break;
		pool->idle++;
		pthread_cond_signal(&pool->is_idle);
		/* Paused time may go on now, and its worker sleeps. */
		if (rt->options.is_paused)
			reactor_interrupt(rt);
		vigil_worker_park();
		pthread_cond_wait(&pool->has_work, &pool->lock);
		vigil_worker_unpark();
		pool->idle--;
	}
	pool->threads--;
	vigil_worker_end();
	here_set(NULL, NULL, NULL);
	pthread_cond_signal(&pool->is_idle);
	pthread_mutex_unlock(&pool->lock);
	return NULL;
}

/* Under the lock. */
static int thread_start(struct rt *rt)
{
	pthread_attr_t detached;
	pthread_t thread;
	sigset_t all, before;
	int error;

	pthread_attr_init(&detached);
	pthread_attr_setdetachstate(&detached, PTHREAD_CREATE_DETACHED);
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	error = pthread_create(&thread, &detached, pool_thread, rt);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	pthread_attr_destroy(&detached);
	if (!error)
		rt->pool.threads++;
	return -error;
}

int pool_submit(struct rt *rt, struct rt_task *job)
{
	struct pool *pool = &rt->pool;
	int error = 0;

	pthread_mutex_lock(&pool->lock);
	/* Partner: main_ended, which says so before it drops what is queued. */
	if (atomic_load(&rt->is_ending)) {
		pthread_mutex_unlock(&pool->lock);
		return -ECANCELED;
	}
	/* Somebody idle may have been promised an earlier job already. */
	if (pool->queued >= pool->idle && pool->threads < pool->limit)
		error = thread_start(rt);
	if (error && pool->threads)
		error = 0;
	if (!error) {
		job->next = NULL;
		*pool->end = job;
		pool->end = &job->next;
		pool->queued++;
		vigil_executor_queued(pool->executor, pool->queued);
		pthread_cond_signal(&pool->has_work);
	}
	pthread_mutex_unlock(&pool->lock);
	return error;
}

bool pool_withdraw(struct rt *rt, struct rt_task *job)
{
	struct pool *pool = &rt->pool;
	struct rt_task **link;
	bool was_there = false;

	pthread_mutex_lock(&pool->lock);
	for (link = &pool->first; *link && *link != job; link = &(*link)->next)
		;
	if (*link) {
		*link = job->next;
		if (!*link)
			pool->end = link;
		pool->queued--;
		vigil_executor_queued(pool->executor, pool->queued);
		was_there = true;
	}
	pthread_mutex_unlock(&pool->lock);
	return was_there;
}

bool pool_is_idle(struct rt *rt)
{
	bool is_idle;

	pthread_mutex_lock(&rt->pool.lock);
	is_idle = !rt->pool.queued && rt->pool.idle == rt->pool.threads;
	pthread_mutex_unlock(&rt->pool.lock);
	return is_idle;
}

void pool_drop_queue(struct rt *rt)
{
	struct pool *pool = &rt->pool;
	struct rt_task *job;

	for (;;) {
		pthread_mutex_lock(&pool->lock);
		job = job_take(pool);
		pthread_mutex_unlock(&pool->lock);
		if (!job)
			return;
		atomic_store(&job->cut, TASK_ABORTED);
		task_finish(job, -ECANCELED);
	}
}

unsigned pool_close(struct rt *rt, uint64_t deadline_ns)
{
	struct pool *pool = &rt->pool;
	struct timespec ts = { .tv_sec = (time_t)(deadline_ns / RT_S),
			       .tv_nsec = (long)(deadline_ns % RT_S) };
	unsigned running;

	pool_drop_queue(rt);
	pthread_mutex_lock(&pool->lock);
	pool->is_ending = true;
	pthread_cond_broadcast(&pool->has_work);
	while (pool->threads && !pthread_cond_timedwait(&pool->is_idle, &pool->lock, &ts))
		;
	/* Those that run no job only need to be scheduled to go. */
	while (pool->threads > pool->running)
		pthread_cond_wait(&pool->is_idle, &pool->lock);
	running = pool->running;
	pthread_mutex_unlock(&pool->lock);
	return running;
}

void pool_free(struct rt *rt)
{
	struct pool *pool = &rt->pool;

	vigil_executor_free(pool->executor);
	pthread_mutex_destroy(&pool->lock);
	pthread_cond_destroy(&pool->has_work);
	pthread_cond_destroy(&pool->is_idle);
}
