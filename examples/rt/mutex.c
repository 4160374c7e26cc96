/* SPDX-License-Identifier: MIT */
/*
 * The mutex: first come, first served. Unlocking hands it to the first in line, so that
 * nobody overtakes, and the board never shows it free while somebody waits.
 */
#include "core.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct rt_mutex {
	pthread_mutex_t lock;
	uint64_t owner; /* its id, 0: nobody. It may have ended, and its memory serve another. */
	char owner_name[TASK_NAME];
	struct waitq waiters;
	char name[32];
	vigil_resource resource;
};

struct rt_mutex *rt_mutex_new_at(struct vigil_site *site, const char *name)
{
	struct rt_mutex *mutex = calloc(1, sizeof(*mutex));

	if (!mutex)
		return NULL;
	pthread_mutex_init(&mutex->lock, NULL);
	snprintf(mutex->name, sizeof(mutex->name), "%s", name ? name : "");
	mutex->resource = vigil_resource_new_at(site, VIGIL_RESOURCE_MUTEX, "rt_mutex", name, 0, 0);
	return mutex;
}

void rt_mutex_free(struct rt_mutex *mutex)
{
	if (!mutex)
		return;
	vigil_resource_free(mutex->resource);
	pthread_mutex_destroy(&mutex->lock);
	free(mutex);
}

/* Under the lock. */
static void own(struct rt_mutex *mutex, const struct rt_op *op)
{
	mutex->owner = op->task->id;
	memcpy(mutex->owner_name, op->task->name, TASK_NAME);
}

/* Under the lock, which is held by nobody: to the first in line. */
static void hand_on(struct rt_mutex *mutex, struct vigil_site *site)
{
	struct rt_op *next = waitq_wake_one(&mutex->waiters, site);

	mutex->owner = 0;
	if (!next)
		return;
	own(mutex, next);
	vigil_lock_acquired_by_at(next->site, mutex->resource, VIGIL_MODE_EXCLUSIVE,
				  next->task->vigil);
}

static bool lock_poll(struct rt_op *op)
{
	struct rt_mutex *mutex = op->object;
	bool is_done = true, is_own = false;

	if (!op->task)
		op->task = task_here();
	if (!op->task || op->task->is_thread) {
		op->result =
			misuse(-EPERM, "mutex \"%s\" can be locked by tasks alone", mutex->name);
		return true;
	}
	op->result = 0;
	pthread_mutex_lock(&mutex->lock);
	if (op->is_granted) {
		/* It was handed to us. */
	} else if (!mutex->owner) {
		own(mutex, op);
		vigil_lock_acquired_at(op->site, mutex->resource, VIGIL_MODE_EXCLUSIVE);
	} else if (mutex->owner == op->task->id && !op->is_try) {
		is_own = true;
	} else {
		is_done = false;
		/* Also after a wake for something else: the poll took the wait off the board. */
		if (waitq_add(&mutex->waiters, op) || op->queue)
			vigil_lock_wait_at(op->site, mutex->resource, VIGIL_MODE_EXCLUSIVE);
	}
	pthread_mutex_unlock(&mutex->lock);
	if (is_own)
		op->result =
			misuse(-EDEADLK, "task %llu \"%s\" waits for mutex \"%s\", which it holds",
			       (unsigned long long)op->task->id, op->task->name, mutex->name);
	return is_done;
}

static void lock_cancel(struct rt_op *op)
{
	struct rt_mutex *mutex = op->object;

	pthread_mutex_lock(&mutex->lock);
	if (waitq_remove(op)) {
		vigil_lock_abandoned(mutex->resource);
	} else if (op->is_granted) {
		vigil_lock_released(mutex->resource);
		hand_on(mutex, op->site);
	}
	pthread_mutex_unlock(&mutex->lock);
}

struct rt_op rt_mutex_lock_op_at(struct vigil_site *site, struct rt_mutex *mutex)
{
	static const struct rt_op_type type = { .source = "Mutex::lock",
						.poll = lock_poll,
						.cancel = lock_cancel };

	return op_make(&type, site, mutex, mutex->resource);
}

int rt_mutex_unlock_at(struct vigil_site *site, struct rt_mutex *mutex)
{
	char owner[TASK_NAME + 32] = "nobody";
	struct rt_task *task = task_here();
	bool is_owner;

	pthread_mutex_lock(&mutex->lock);
	is_owner = task && mutex->owner == task->id;
	if (is_owner) {
		vigil_lock_released(mutex->resource);
		hand_on(mutex, site);
	} else if (mutex->owner) {
		snprintf(owner, sizeof(owner), "task %llu \"%s\"", (unsigned long long)mutex->owner,
			 mutex->owner_name);
	}
	pthread_mutex_unlock(&mutex->lock);
	if (is_owner)
		return 0;
	return misuse(-EPERM,
		      "unlock of mutex \"%s\" by task %llu \"%s\", which does not hold it: "
		      "%s does",
		      mutex->name, (unsigned long long)rt_task_id(), task ? task->name : "none",
		      owner);
}

void rt_mutex_guard(struct rt_mutex **held)
{
	if (*held)
		rt_mutex_unlock_at(VIGIL_HERE(), *held);
	*held = NULL;
}
