/* SPDX-License-Identifier: MIT */
/*
 * The barrier: the last of `count` to arrive lets all go, and is their leader. Those who
 * wait have arrived, so they are the queue. Who is cancelled before the last comes has not
 * arrived; after it, the others have gone all the same.
 */
#include "core.h"

#include <stdlib.h>

struct rt_barrier {
	pthread_mutex_t lock;
	size_t count;
	struct waitq arrived;
	vigil_resource resource;
};

struct rt_barrier *rt_barrier_new_at(struct vigil_site *site, const char *name, size_t count)
{
	struct rt_barrier *barrier = calloc(1, sizeof(*barrier));

	if (!barrier)
		return NULL;
	pthread_mutex_init(&barrier->lock, NULL);
	barrier->count = count;
	barrier->resource =
		vigil_resource_new_at(site, VIGIL_RESOURCE_BARRIER, "rt_barrier", name, 0, 0);
	vigil_attr_u64(barrier->resource, "count", count, NULL);
	vigil_attr_u64(barrier->resource, "arrived", 0, NULL);
	return barrier;
}

void rt_barrier_free(struct rt_barrier *barrier)
{
	if (!barrier)
		return;
	vigil_resource_free(barrier->resource);
	pthread_mutex_destroy(&barrier->lock);
	free(barrier);
}

/* Under the lock. */
static void tell_arrived(const struct rt_barrier *barrier)
{
	vigil_attr_u64(barrier->resource, "arrived", barrier->arrived.count, NULL);
}

static bool wait_poll(struct rt_op *op)
{
	struct rt_barrier *barrier = op->object;
	bool is_done = true;

	op->result = 0;
	pthread_mutex_lock(&barrier->lock);
	if (op->is_granted) {
		/* The last has come. */
	} else if (!op->queue && barrier->arrived.count + 1 >= barrier->count) {
		op->result = 1;
		waitq_wake_all(&barrier->arrived, op->site, true);
		tell_arrived(barrier);
	} else {
		is_done = false;
		if (waitq_add(&barrier->arrived, op))
			tell_arrived(barrier);
	}
	pthread_mutex_unlock(&barrier->lock);
	return is_done;
}

static void wait_cancel(struct rt_op *op)
{
	struct rt_barrier *barrier = op->object;

	pthread_mutex_lock(&barrier->lock);
	if (waitq_remove(op))
		tell_arrived(barrier);
	pthread_mutex_unlock(&barrier->lock);
}

struct rt_op rt_barrier_wait_op_at(struct vigil_site *site, struct rt_barrier *barrier)
{
	static const struct rt_op_type type = { .source = "Barrier::wait",
						.waits = VIGIL_WAIT_NOTIFIED,
						.poll = wait_poll,
						.cancel = wait_cancel };

	return op_make(&type, site, barrier, barrier->resource);
}
