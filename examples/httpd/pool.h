/* SPDX-License-Identifier: MIT */
/*
 * The pool: a few threads for what may block, such as reading files.
 *
 * Law: while a job is away its worker owns it, except `owner` and the fields
 * marked with the loop, which only the loop's thread touches.
 */
#ifndef HTTPD_POOL_H
#define HTTPD_POOL_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

#include "loop.h"

/* Embedded first in what a kind of job needs and brings back. */
struct job {
	struct post post; /* the way back */
	struct job *next;
	struct loop *loop;
	struct watch *owner; /* loop: to be woken; NULL once it gave up */
	vigil_task task;
	const char *name;              /* to the console */
	bool is_away;                  /* loop */
	bool is_cancelled;             /* it came back without having been done */
	void (*work)(struct job *job); /* on a pool thread */
	void (*free)(struct job *job);
};

struct pool {
	pthread_mutex_t mutex;
	pthread_cond_t has_job;
	pthread_cond_t has_ended;
	struct job *first;
	struct job **tail;
	unsigned n_queued;
	bool is_ending;
	vigil_executor files; /* what its threads are, to the console */
	atomic_uint n_begun;  /* the next one's number */
	unsigned n_threads;
	pthread_t *threads;
};

/* Returns 0 or -errno. */
int pool_init(struct pool *pool, unsigned n_threads);

/* From now on jobs come back undone, and sleepers wake. */
void pool_end(struct pool *pool);

/* Ends the pool and joins its threads; every job has then been posted back. */
void pool_fini(struct pool *pool);

/* Returns 0, or -EAGAIN when too many are waiting; the caller keeps the job. */
int pool_submit(struct pool *pool, struct job *job, struct watch *owner);

/* Sleeps on a pool thread, less when the pool ends. */
void pool_sleep(struct pool *pool, unsigned ms);

/* The owner's last word: frees the job, now or when it comes back. */
void job_release(struct job *job);

#endif
