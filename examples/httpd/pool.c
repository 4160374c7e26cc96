/* SPDX-License-Identifier: MIT */
/*
 * The blocking pool.
 *
 * Law: first come, first served; a job that was taken is always posted back to
 * its loop, done or cancelled, exactly once.
 */
#include "pool.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "timers.h"

/* Beyond this a queue only makes everybody's answer late. */
#define QUEUED_MAX 1024

static struct job *pool_take(struct pool *pool)
{
	struct job *job;

	pthread_mutex_lock(&pool->mutex);
	while (!pool->first && !pool->is_ending) {
		vigil_worker_park();
		pthread_cond_wait(&pool->has_job, &pool->mutex);
		vigil_worker_unpark();
	}
	job = pool->first;
	if (job) {
		pool->first = job->next;
		if (!pool->first)
			pool->tail = &pool->first;
		pool->n_queued--;
		vigil_executor_queued(pool->files, pool->n_queued);
		job->is_cancelled = pool->is_ending;
	}
	pthread_mutex_unlock(&pool->mutex);
	return job;
}

static void *pool_main(void *arg)
{
	struct pool *pool = arg;
	char name[24];
	struct job *job;

	snprintf(name, sizeof(name), "files-%u", atomic_fetch_add(&pool->n_begun, 1));
	vigil_worker_begin(pool->files, name);
	while ((job = pool_take(pool))) {
		vigil_poll_begin(job->task);
		if (!job->is_cancelled)
			job->work(job);
		vigil_poll_end(job->task);
		vigil_task_end(job->task, job->is_cancelled ? VIGIL_OUTCOME_CANCELLED :
							      VIGIL_OUTCOME_COMPLETED);
		loop_post(job->loop, &job->post); /* no longer ours */
	}
	return NULL;
}

/* On the loop's thread. The post is the job's first member. */
static void job_come_back(struct post *post)
{
	struct job *job = (struct job *)post;

	job->is_away = false;
	if (job->owner)
		watch_wake_by(job->owner, WAKE_JOB, job->task);
	else
		job->free(job);
}

int pool_init(struct pool *pool, unsigned n_threads)
{
	pthread_condattr_t monotonic;
	int err = 0;

	memset(pool, 0, sizeof(*pool));
	pool->files = vigil_executor_new(VIGIL_EXECUTOR_BLOCKING_POOL, "files");
	pool->tail = &pool->first;
	pool->threads = calloc(n_threads, sizeof(*pool->threads));
	if (!pool->threads)
		return -ENOMEM;
	pthread_mutex_init(&pool->mutex, NULL);
	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_cond_init(&pool->has_job, NULL);
	pthread_cond_init(&pool->has_ended, &monotonic);
	pthread_condattr_destroy(&monotonic);
	while (!err && pool->n_threads < n_threads) {
		err = pthread_create(&pool->threads[pool->n_threads], NULL, pool_main, pool);
		if (!err)
			pool->n_threads++;
	}
	if (err)
		pool_fini(pool);
	return -err;
}

void pool_end(struct pool *pool)
{
	pthread_mutex_lock(&pool->mutex);
	pool->is_ending = true;
	pthread_cond_broadcast(&pool->has_job);
	pthread_cond_broadcast(&pool->has_ended);
	pthread_mutex_unlock(&pool->mutex);
}

void pool_fini(struct pool *pool)
{
	pool_end(pool);
	for (unsigned i = 0; i < pool->n_threads; i++)
		pthread_join(pool->threads[i], NULL);
	free(pool->threads);
	vigil_executor_free(pool->files);
	pthread_cond_destroy(&pool->has_ended);
	pthread_cond_destroy(&pool->has_job);
	pthread_mutex_destroy(&pool->mutex);
}

int pool_submit(struct pool *pool, struct job *job, struct watch *owner)
{
	bool is_full;

	job->post.run = job_come_back;
	job->loop = owner->loop;
	job->owner = owner;
	job->next = NULL;
	pthread_mutex_lock(&pool->mutex);
	/* After the end no thread is sure to be left to take it. */
	is_full = pool->n_queued >= QUEUED_MAX || pool->is_ending;
	if (!is_full) {
		job->is_away = true;
		job->task = vigil_task_spawn(pool->files, VIGIL_TASK_BLOCKING, job->name, 0);
		*pool->tail = job;
		pool->tail = &job->next;
		pool->n_queued++;
		vigil_executor_queued(pool->files, pool->n_queued);
		pthread_cond_signal(&pool->has_job);
	}
	pthread_mutex_unlock(&pool->mutex);
	return is_full ? -EAGAIN : 0;
}

void pool_sleep(struct pool *pool, unsigned ms)
{
	uint64_t due_ns = clock_ns() + ms * UINT64_C(1000000);
	struct timespec due = {
		.tv_sec = (time_t)(due_ns / 1000000000u),
		.tv_nsec = (long)(due_ns % 1000000000u),
	};

	pthread_mutex_lock(&pool->mutex);
	vigil_worker_wait(VIGIL_WAIT_TIMER, 0);
	while (!pool->is_ending &&
	       pthread_cond_timedwait(&pool->has_ended, &pool->mutex, &due) != ETIMEDOUT)
		;
	vigil_worker_resume();
	pthread_mutex_unlock(&pool->mutex);
}

void job_release(struct job *job)
{
	job->owner = NULL;
	if (!job->is_away)
		job->free(job);
}
