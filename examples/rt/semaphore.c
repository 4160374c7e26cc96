/* SPDX-License-Identifier: MIT */
/*
 * The semaphore: permits are handed to the first in line as soon as there are enough for
 * it, so that nobody overtakes: whenever the lock is free, the first cannot be served.
 *
 * The board is told of every acquire as of one shared owner. An rt_permit knows whose it
 * is. A plain release does not say whose permits it gives back, so those that were taken
 * plainly are written down: a task's own end first, then the oldest. More than were taken
 * makes the semaphore grow.
 */
#include "semaphore.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "holds.h"

struct rt_semaphore {
	pthread_mutex_t lock;
	_Atomic size_t available; /* written under the lock */
	size_t taken;
	size_t max;         /* there ever were: available and taken */
	struct holds holds; /* without those of an rt_permit */
	bool is_signal;     /* born with none: nobody knows how many there will be */
	bool is_closed;
	struct waitq waiters;
	char name[32];
	vigil_resource resource;
	vigil_attr attr_permits;
};

struct rt_semaphore *semaphore_new_in(struct vigil_site *site, const char *name, size_t permits,
				      vigil_resource parent)
{
	struct rt_semaphore *semaphore = calloc(1, sizeof(*semaphore));

	if (!semaphore)
		return NULL;
	pthread_mutex_init(&semaphore->lock, NULL);
	snprintf(semaphore->name, sizeof(semaphore->name), "%s", name ? name : "");
	semaphore->available = permits;
	semaphore->max = permits;
	semaphore->is_signal = !permits;
	semaphore->resource = vigil_resource_new_at(site, VIGIL_RESOURCE_SEMAPHORE, "rt_semaphore",
						    name, parent, 0);
	semaphore->attr_permits = vigil_attr_u64(semaphore->resource, "permits", permits, NULL);
	vigil_attr_u64(semaphore->resource, "permits.max", permits, NULL);
	return semaphore;
}

struct rt_semaphore *rt_semaphore_new_at(struct vigil_site *site, const char *name, size_t permits)
{
	return semaphore_new_in(site, name, permits, 0);
}

void rt_semaphore_free(struct rt_semaphore *semaphore)
{
	if (!semaphore)
		return;
	vigil_resource_free(semaphore->resource);
	pthread_mutex_destroy(&semaphore->lock);
	free(semaphore->holds.all);
	free(semaphore);
}

/* ---- Under the lock ---- */

static void tell_available(const struct rt_semaphore *semaphore)
{
	vigil_attr_set_u64(semaphore->attr_permits, semaphore->available);
}

/* A thread, or a task that found no room on the board, is told of there by itself alone. */
static bool is_on_board(const struct rt_op *op)
{
	return op->task && op->task->vigil;
}

static void take(struct rt_semaphore *semaphore, const struct rt_op *op)
{
	semaphore->available -= op->in.number;
	semaphore->taken += op->in.number;
	tell_available(semaphore);
	if (!op->out)
		holds_add(&semaphore->holds, (struct hold){
						     .task_id = op->task ? op->task->id : 0,
						     .owner = op->task ? op->task->vigil : 0,
						     .permits = op->in.number,
					     });
}

static void put_back(struct rt_semaphore *semaphore, size_t permits)
{
	semaphore->available += permits;
	semaphore->taken -= permits;
	tell_available(semaphore);
}

static void tell_taken_here(const struct rt_semaphore *semaphore, const struct rt_op *op)
{
	vigil_lock_acquired_at(op->site, semaphore->resource, VIGIL_MODE_SHARED);
}

/* Hands permits to those in line for whom there are enough. */
static void serve(struct rt_semaphore *semaphore, struct vigil_site *site)
{
	struct rt_op *first;

	while ((first = semaphore->waiters.first) && first->in.number <= semaphore->available) {
		waitq_wake_one(&semaphore->waiters, site);
		take(semaphore, first);
		if (is_on_board(first))
			vigil_lock_acquired_by_at(first->site, semaphore->resource,
						  VIGIL_MODE_SHARED, first->task->vigil);
	}
}

static void stop_waiting(struct rt_semaphore *semaphore, struct rt_op *op)
{
	if (op->more.number)
		vigil_lock_abandoned(semaphore->resource);
	op->more.number = 0;
}

static void stand_in_line(struct rt_semaphore *semaphore, struct rt_op *op)
{
	waitq_add(&semaphore->waiters, op);
	/* Said again after a wake that brought nothing. */
	if (!op->queue || !is_on_board(op))
		return;
	vigil_lock_wait_at(op->site, semaphore->resource, VIGIL_MODE_SHARED);
	op->more.number = 1;
}

/* ---- Giving back, under the lock ---- */

/* Takes up to `permits` off a hold, which ends when it has no more. Returns how many. */
static size_t take_off(struct rt_semaphore *semaphore, struct hold *hold, size_t permits)
{
	size_t off = hold->permits < permits ? hold->permits : permits;

	hold->permits -= off;
	if (!hold->permits) {
		vigil_lock_released_by(semaphore->resource, hold->owner);
		holds_remove(&semaphore->holds, hold);
	}
	return off;
}

static void grow(struct rt_semaphore *semaphore, size_t permits)
{
	semaphore->available += permits;
	tell_available(semaphore);
	if (semaphore->available + semaphore->taken <= semaphore->max)
		return;
	semaphore->max = semaphore->available + semaphore->taken;
	vigil_attr_u64(semaphore->resource, "permits.max", semaphore->max, NULL);
}

static void release(struct rt_semaphore *semaphore, size_t permits)
{
	struct rt_task *task = task_here();
	struct holds *holds = &semaphore->holds;
	size_t left = permits;

	while (left && holds->count) {
		struct hold *own = holds_find(holds, task ? task->id : 0);

		left -= take_off(semaphore, own ? own : &holds->all[0], left);
	}
	put_back(semaphore, permits - left);
	if (left)
		grow(semaphore, left);
}

static void release_owned(struct rt_semaphore *semaphore, size_t permits, vigil_task owner)
{
	vigil_lock_released_by(semaphore->resource, owner);
	put_back(semaphore, permits);
}

/* ---- Acquire ---- */

static bool is_too_much(const struct rt_semaphore *semaphore, size_t permits)
{
	return permits > semaphore->max && !semaphore->is_signal;
}

/* Under the lock. Returns whether op is done, with its result. */
static bool acquire(struct rt_semaphore *semaphore, struct rt_op *op)
{
	size_t permits = op->in.number;

	op->result = 0;
	if (op->is_granted) {
		if (!is_on_board(op))
			tell_taken_here(semaphore, op);
	} else if (semaphore->is_closed) {
		stop_waiting(semaphore, op);
		op->result = -EPIPE;
	} else if (!permits) {
		/* Had at once, and nothing is held. */
	} else if (is_too_much(semaphore, permits)) {
		op->result = -EINVAL;
	} else if (!op->queue && !holds_reserve(&semaphore->holds, semaphore->waiters.count + 1)) {
		op->result = -ENOMEM;
	} else if (!semaphore->waiters.first && permits <= semaphore->available) {
		take(semaphore, op);
		tell_taken_here(semaphore, op);
	} else {
		stand_in_line(semaphore, op);
		return false;
	}
	return true;
}

static bool acquire_poll(struct rt_op *op)
{
	struct rt_semaphore *semaphore = op->object;
	struct rt_permit *permit = op->out;
	size_t max;
	bool is_done;

	if (!op->task)
		op->task = task_here();
	pthread_mutex_lock(&semaphore->lock);
	is_done = acquire(semaphore, op);
	max = semaphore->max;
	pthread_mutex_unlock(&semaphore->lock);
	if (is_done && op->result == -EINVAL)
		misuse(-EINVAL, "semaphore \"%s\" never had more than %zu permits: nobody gets %zu",
		       semaphore->name, max, (size_t)op->in.number);
	if (is_done && !op->result && permit)
		*permit = (struct rt_permit){ .semaphore = semaphore,
					      .permits = op->in.number,
					      .owner = vigil_task_current() };
	return is_done;
}

static void acquire_cancel(struct rt_op *op)
{
	struct rt_semaphore *semaphore = op->object;

	pthread_mutex_lock(&semaphore->lock);
	if (op->is_granted) {
		if (!is_on_board(op))
			tell_taken_here(semaphore, op);
		if (op->out)
			release_owned(semaphore, op->in.number, op->task->vigil);
		else
			release(semaphore, op->in.number);
	} else {
		waitq_remove(op);
		stop_waiting(semaphore, op);
	}
	/* Who stood behind it may ask for less. */
	serve(semaphore, op->site);
	pthread_mutex_unlock(&semaphore->lock);
}

struct rt_op rt_semaphore_acquire_op_at(struct vigil_site *site, struct rt_semaphore *semaphore,
					size_t permits)
{
	static const struct rt_op_type type = { .source = "Semaphore::acquire",
						.poll = acquire_poll,
						.cancel = acquire_cancel };
	struct rt_op op = op_make(&type, site, semaphore, semaphore->resource);

	op.in.number = permits;
	return op;
}

struct rt_op rt_permit_acquire_op_at(struct vigil_site *site, struct rt_semaphore *semaphore,
				     size_t permits, struct rt_permit *ret_permit)
{
	static const struct rt_op_type type = { .source = "Semaphore::acquire_owned",
						.poll = acquire_poll,
						.cancel = acquire_cancel };
	struct rt_op op = op_make(&type, site, semaphore, semaphore->resource);

	op.in.number = permits;
	op.out = ret_permit;
	return op;
}

/* ---- Release, close ---- */

void rt_semaphore_release_at(struct vigil_site *site, struct rt_semaphore *semaphore,
			     size_t permits)
{
	bool is_too_many;

	pthread_mutex_lock(&semaphore->lock);
	is_too_many = permits > SIZE_MAX - semaphore->available - semaphore->taken;
	if (!is_too_many) {
		release(semaphore, permits);
		serve(semaphore, site);
	}
	pthread_mutex_unlock(&semaphore->lock);
	if (is_too_many)
		misuse(-EINVAL,
		       "release of %zu permits to semaphore \"%s\", which cannot count them",
		       permits, semaphore->name);
}

void rt_permit_release(struct rt_permit *permit)
{
	struct rt_semaphore *semaphore = permit->semaphore;

	if (semaphore && permit->permits) {
		pthread_mutex_lock(&semaphore->lock);
		release_owned(semaphore, permit->permits, permit->owner);
		serve(semaphore, VIGIL_HERE());
		pthread_mutex_unlock(&semaphore->lock);
	}
	*permit = (struct rt_permit){ 0 };
}

void rt_permit_forget(struct rt_permit *permit)
{
	struct rt_semaphore *semaphore = permit->semaphore;

	if (semaphore && permit->permits) {
		pthread_mutex_lock(&semaphore->lock);
		vigil_lock_released_by(semaphore->resource, permit->owner);
		semaphore->taken -= permit->permits;
		pthread_mutex_unlock(&semaphore->lock);
	}
	*permit = (struct rt_permit){ 0 };
}

void rt_semaphore_close(struct rt_semaphore *semaphore)
{
	pthread_mutex_lock(&semaphore->lock);
	semaphore->is_closed = true;
	waitq_wake_all(&semaphore->waiters, VIGIL_HERE(), false);
	pthread_mutex_unlock(&semaphore->lock);
}

size_t rt_semaphore_available(const struct rt_semaphore *semaphore)
{
	return semaphore->available;
}
