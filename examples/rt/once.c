/* SPDX-License-Identifier: MIT */
/*
 * A value made once. On the board its maker holds it, exclusively, for as long as it makes:
 * so `vigil why` goes from who waits to the maker. A maker that fails hands the making to
 * the first in line.
 */
#include "core.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

enum once_state { ONCE_EMPTY, ONCE_MAKING, ONCE_MADE };

/* What a claim comes to: its task is to make the value, or finds it made. */
enum once_claim { CLAIM_MAKE, CLAIM_TAKE };

struct rt_once {
	pthread_mutex_t lock;
	enum once_state state;
	uint64_t maker_id;
	void *_Atomic value;  /* released by who made it, acquired by rt_once_get */
	struct waitq waiters; /* empty unless somebody makes */
	char name[32];
	vigil_resource resource;
};

struct rt_once *rt_once_new_at(struct vigil_site *site, const char *name)
{
	struct rt_once *once = calloc(1, sizeof(*once));

	if (!once)
		return NULL;
	pthread_mutex_init(&once->lock, NULL);
	snprintf(once->name, sizeof(once->name), "%s", name ? name : "");
	once->resource = vigil_resource_new_at(site, VIGIL_RESOURCE_ONCE, "rt_once", name, 0, 0);
	vigil_attr_bool(once->resource, "made", false);
	return once;
}

void rt_once_free(struct rt_once *once)
{
	if (!once)
		return;
	vigil_resource_free(once->resource);
	pthread_mutex_destroy(&once->lock);
	free(once);
}

/* ---- Under the lock ---- */

static void begin_making(struct rt_once *once, const struct rt_op *op)
{
	once->state = ONCE_MAKING;
	once->maker_id = op->task->id;
}

/* The maker stops. */
static void end_making(struct rt_once *once)
{
	once->state = ONCE_EMPTY;
	vigil_lock_released(once->resource);
}

/* The maker failed, or did not begin: the first in line makes. */
static void hand_on(struct rt_once *once, struct vigil_site *site)
{
	struct rt_op *next;

	end_making(once);
	next = waitq_wake_one(&once->waiters, site);
	if (!next)
		return;
	begin_making(once, next);
	vigil_lock_acquired_by_at(next->site, once->resource, VIGIL_MODE_EXCLUSIVE,
				  next->task->vigil);
}

static void become_made(struct rt_once *once, void *value, struct vigil_site *site)
{
	once->state = ONCE_MADE;
	atomic_store_explicit(&once->value, value, memory_order_release);
	vigil_attr_bool(once->resource, "made", true);
	waitq_wake_all(&once->waiters, site, false);
}

static void stop_waiting(const struct rt_once *once, struct rt_op *op)
{
	if (op->more.number)
		vigil_lock_abandoned(once->resource);
	op->more.number = 0;
}

/* ---- The claim ---- */

/* Returns whether op is done, with its result. */
static bool claim(struct rt_once *once, struct rt_op *op)
{
	op->result = CLAIM_MAKE;
	if (op->is_granted)
		return true;
	switch (once->state) {
	case ONCE_EMPTY:
		begin_making(once, op);
		vigil_lock_acquired_at(op->site, once->resource, VIGIL_MODE_EXCLUSIVE);
		return true;
	case ONCE_MADE:
		stop_waiting(once, op);
		op->result = CLAIM_TAKE;
		return true;
	case ONCE_MAKING:
		break;
	}
	if (once->maker_id == op->task->id) {
		op->result = -EDEADLK;
		return true;
	}
	waitq_add(&once->waiters, op);
	op->more.number = 1;
	vigil_lock_wait_at(op->site, once->resource, VIGIL_MODE_EXCLUSIVE);
	return false;
}

static bool claim_poll(struct rt_op *op)
{
	struct rt_once *once = op->object;
	bool is_done;

	if (!op->task)
		op->task = task_here();
	pthread_mutex_lock(&once->lock);
	is_done = claim(once, op);
	pthread_mutex_unlock(&once->lock);
	if (is_done && op->result == -EDEADLK)
		misuse(-EDEADLK,
		       "once \"%s\" is asked for by task %llu \"%s\", which makes it: "
		       "it would wait for itself",
		       once->name, (unsigned long long)op->task->id, op->task->name);
	return is_done;
}

static void claim_cancel(struct rt_op *op)
{
	struct rt_once *once = op->object;

	pthread_mutex_lock(&once->lock);
	if (op->is_granted) {
		hand_on(once, op->site);
	} else {
		waitq_remove(op);
		stop_waiting(once, op);
	}
	pthread_mutex_unlock(&once->lock);
}

/* ---- Get, make, set ---- */

static int make_it(struct vigil_site *site, struct rt_once *once,
		   int (*make)(void *arg, void **ret_value), void *arg)
{
	void *value = NULL;
	int error = make(arg, &value);

	pthread_mutex_lock(&once->lock);
	if (error < 0) {
		hand_on(once, site);
	} else {
		end_making(once);
		become_made(once, value, site);
	}
	pthread_mutex_unlock(&once->lock);
	return error < 0 ? error : 0;
}

int rt_once_get_or_make_at(struct vigil_site *site, struct rt_once *once,
			   int (*make)(void *arg, void **ret_value), void *arg, void **ret_value)
{
	static const struct rt_op_type type = { .source = "OnceCell::get_or_init",
						.poll = claim_poll,
						.cancel = claim_cancel };
	int error = rt_do(op_make(&type, site, once, once->resource));

	if (error == CLAIM_MAKE)
		error = make_it(site, once, make, arg);
	if (error < 0)
		return error;
	*ret_value = rt_once_get(once);
	return 0;
}

void *rt_once_get(const struct rt_once *once)
{
	return atomic_load_explicit(&once->value, memory_order_acquire);
}

int rt_once_set(struct rt_once *once, void *value)
{
	enum once_state before;

	pthread_mutex_lock(&once->lock);
	before = once->state;
	if (before == ONCE_EMPTY)
		become_made(once, value, VIGIL_HERE());
	pthread_mutex_unlock(&once->lock);
	if (before == ONCE_EMPTY)
		return 0;
	return misuse(-EINVAL, "once \"%s\" was set when its value %s: look with rt_once_get",
		      once->name, before == ONCE_MADE ? "was made" : "was being made");
}
