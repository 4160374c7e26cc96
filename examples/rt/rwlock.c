/* SPDX-License-Identifier: MIT */
/*
 * The lock of many readers or one writer. Whenever it changes hands, those at the head of
 * the line who fit go in together, so that nobody overtakes: a reader stands behind a
 * writer that waits.
 */
#include "core.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "holds.h"

struct rt_rwlock {
	pthread_mutex_t lock;
	struct holds holds;
	bool is_written; /* its one hold is a writer's */
	struct waitq waiters;
	char name[32];
	vigil_resource resource;
};

struct rt_rwlock *rt_rwlock_new_at(struct vigil_site *site, const char *name)
{
	struct rt_rwlock *lock = calloc(1, sizeof(*lock));

	if (!lock)
		return NULL;
	pthread_mutex_init(&lock->lock, NULL);
	snprintf(lock->name, sizeof(lock->name), "%s", name ? name : "");
	lock->resource =
		vigil_resource_new_at(site, VIGIL_RESOURCE_RWLOCK, "rt_rwlock", name, 0, 0);
	return lock;
}

void rt_rwlock_free(struct rt_rwlock *lock)
{
	if (!lock)
		return;
	vigil_resource_free(lock->resource);
	pthread_mutex_destroy(&lock->lock);
	free(lock->holds.all);
	free(lock);
}

/* ---- Under the lock ---- */

static enum vigil_mode mode_of(const struct rt_op *op)
{
	return (enum vigil_mode)op->in.number;
}

static bool may_enter(const struct rt_rwlock *lock, const struct rt_op *op)
{
	return mode_of(op) == VIGIL_MODE_SHARED ? !lock->is_written : !lock->holds.count;
}

static void enter(struct rt_rwlock *lock, const struct rt_op *op)
{
	lock->is_written = mode_of(op) == VIGIL_MODE_EXCLUSIVE;
	holds_add(&lock->holds, (struct hold){ .task_id = op->task->id, .owner = op->task->vigil });
}

/* Lets in those at the head of the line who fit. */
static void admit(struct rt_rwlock *lock, struct vigil_site *site)
{
	struct rt_op *first;

	while ((first = lock->waiters.first) && may_enter(lock, first)) {
		waitq_wake_one(&lock->waiters, site);
		enter(lock, first);
		vigil_lock_acquired_by_at(first->site, lock->resource, mode_of(first),
					  first->task->vigil);
	}
}

static void leave(struct rt_rwlock *lock, struct hold *hold, struct vigil_site *site)
{
	vigil_lock_released_by(lock->resource, hold->owner);
	holds_remove(&lock->holds, hold);
	lock->is_written = false;
	admit(lock, site);
}

/* ---- Read, write ---- */

/* Returns whether op is done, with its result. */
static bool try_enter(struct rt_rwlock *lock, struct rt_op *op)
{
	op->result = 0;
	if (op->is_granted) {
		/* It was let in. */
	} else if (!op->queue && !holds_reserve(&lock->holds, lock->waiters.count + 1)) {
		op->result = -ENOMEM;
	} else if (!lock->waiters.first && may_enter(lock, op)) {
		enter(lock, op);
		vigil_lock_acquired_at(op->site, lock->resource, mode_of(op));
	} else {
		waitq_add(&lock->waiters, op);
		/* Said again after a wake that brought nothing. */
		if (op->queue)
			vigil_lock_wait_at(op->site, lock->resource, mode_of(op));
		return false;
	}
	return true;
}

static bool enter_poll(struct rt_op *op)
{
	struct rt_rwlock *lock = op->object;
	bool is_done;

	if (!op->task)
		op->task = task_here();
	if (!op->task || op->task->is_thread) {
		op->result =
			misuse(-EPERM, "rwlock \"%s\" can be taken by tasks alone", lock->name);
		return true;
	}
	pthread_mutex_lock(&lock->lock);
	is_done = try_enter(lock, op);
	pthread_mutex_unlock(&lock->lock);
	return is_done;
}

static void enter_cancel(struct rt_op *op)
{
	struct rt_rwlock *lock = op->object;

	pthread_mutex_lock(&lock->lock);
	if (waitq_remove(op)) {
		vigil_lock_abandoned(lock->resource);
		/* A writer that stood before readers. */
		admit(lock, op->site);
	} else if (op->is_granted) {
		leave(lock, holds_find(&lock->holds, op->task->id), op->site);
	}
	pthread_mutex_unlock(&lock->lock);
}

struct rt_op rt_rwlock_read_op_at(struct vigil_site *site, struct rt_rwlock *lock)
{
	static const struct rt_op_type type = { .source = "RwLock::read",
						.poll = enter_poll,
						.cancel = enter_cancel };
	struct rt_op op = op_make(&type, site, lock, lock->resource);

	op.in.number = VIGIL_MODE_SHARED;
	return op;
}

struct rt_op rt_rwlock_write_op_at(struct vigil_site *site, struct rt_rwlock *lock)
{
	static const struct rt_op_type type = { .source = "RwLock::write",
						.poll = enter_poll,
						.cancel = enter_cancel };
	struct rt_op op = op_make(&type, site, lock, lock->resource);

	op.in.number = VIGIL_MODE_EXCLUSIVE;
	return op;
}

/* ---- Unlock, downgrade ---- */

/* Who has it, for a sentence. Under the lock. */
static void print_holders(const struct rt_rwlock *lock, char *buf, size_t size)
{
	if (!lock->holds.count)
		snprintf(buf, size, "nobody does");
	else if (lock->holds.count == 1)
		snprintf(buf, size, "task %llu %s", (unsigned long long)lock->holds.all[0].task_id,
			 lock->is_written ? "writes" : "reads");
	else
		snprintf(buf, size, "%zu tasks read", lock->holds.count);
}

static int refuse(const struct rt_rwlock *lock, const char *what, const char *how,
		  const char *holders)
{
	const char *name = rt_task_name();

	return misuse(-EPERM,
		      "%s of rwlock \"%s\" by task %llu \"%s\", which does not hold it%s: %s", what,
		      lock->name, (unsigned long long)rt_task_id(), name ? name : "none", how,
		      holders);
}

int rt_rwlock_unlock_at(struct vigil_site *site, struct rt_rwlock *lock)
{
	struct rt_task *task = task_here();
	struct hold *hold;
	char holders[64];

	pthread_mutex_lock(&lock->lock);
	hold = task ? holds_find(&lock->holds, task->id) : NULL;
	if (hold)
		leave(lock, hold, site);
	else
		print_holders(lock, holders, sizeof(holders));
	pthread_mutex_unlock(&lock->lock);
	return hold ? 0 : refuse(lock, "unlock", "", holders);
}

int rt_rwlock_downgrade_at(struct vigil_site *site, struct rt_rwlock *lock)
{
	struct rt_task *task = task_here();
	char holders[64];
	bool is_writer;

	pthread_mutex_lock(&lock->lock);
	is_writer = task && lock->is_written && lock->holds.all[0].task_id == task->id;
	if (is_writer) {
		lock->is_written = false;
		vigil_lock_released(lock->resource);
		vigil_lock_acquired_at(site, lock->resource, VIGIL_MODE_SHARED);
		admit(lock, site);
	} else {
		print_holders(lock, holders, sizeof(holders));
	}
	pthread_mutex_unlock(&lock->lock);
	return is_writer ? 0 : refuse(lock, "downgrade", " to write", holders);
}

void rt_rwlock_guard(struct rt_rwlock **held)
{
	if (*held)
		rt_rwlock_unlock_at(VIGIL_HERE(), *held);
	*held = NULL;
}
