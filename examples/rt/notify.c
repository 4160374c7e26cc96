/* SPDX-License-Identifier: MIT */
/*
 * A wake without a message. One that is meant for one task and meets none is kept; one
 * whose task does not take it goes to the next, so that none is lost.
 */
#include "core.h"

#include <stdlib.h>

struct rt_notify {
	pthread_mutex_t lock;
	bool is_kept; /* nobody waits then */
	struct waitq waiters;
	vigil_resource resource;
};

struct rt_notify *rt_notify_new_at(struct vigil_site *site, const char *name)
{
	struct rt_notify *notify = calloc(1, sizeof(*notify));

	if (!notify)
		return NULL;
	pthread_mutex_init(&notify->lock, NULL);
	notify->resource =
		vigil_resource_new_at(site, VIGIL_RESOURCE_NOTIFY, "rt_notify", name, 0, 0);
	vigil_attr_bool(notify->resource, "kept", false);
	return notify;
}

void rt_notify_free(struct rt_notify *notify)
{
	if (!notify)
		return;
	vigil_resource_free(notify->resource);
	pthread_mutex_destroy(&notify->lock);
	free(notify);
}

/* These two under the lock. */
static void keep(struct rt_notify *notify, bool is_kept)
{
	if (notify->is_kept == is_kept)
		return;
	notify->is_kept = is_kept;
	vigil_attr_bool(notify->resource, "kept", is_kept);
}

static void wake_one(struct rt_notify *notify, struct vigil_site *site)
{
	if (!waitq_wake_one(&notify->waiters, site))
		keep(notify, true);
}

void rt_notify_one_at(struct vigil_site *site, struct rt_notify *notify)
{
	pthread_mutex_lock(&notify->lock);
	wake_one(notify, site);
	pthread_mutex_unlock(&notify->lock);
}

void rt_notify_all_at(struct vigil_site *site, struct rt_notify *notify)
{
	pthread_mutex_lock(&notify->lock);
	/* Each has its own wake: there is none to be passed on. */
	for (struct rt_op *op = notify->waiters.first; op; op = op->next)
		op->in.number = 1;
	waitq_wake_all(&notify->waiters, site, true);
	pthread_mutex_unlock(&notify->lock);
}

static bool notified_poll(struct rt_op *op)
{
	struct rt_notify *notify = op->object;
	bool is_done;

	op->result = 0;
	pthread_mutex_lock(&notify->lock);
	is_done = op->is_granted || notify->is_kept;
	if (!op->is_granted && is_done)
		keep(notify, false);
	if (!is_done)
		waitq_add(&notify->waiters, op);
	pthread_mutex_unlock(&notify->lock);
	return is_done;
}

static void notified_cancel(struct rt_op *op)
{
	struct rt_notify *notify = op->object;

	pthread_mutex_lock(&notify->lock);
	if (!waitq_remove(op) && op->is_granted && !op->in.number)
		wake_one(notify, op->site);
	pthread_mutex_unlock(&notify->lock);
}

struct rt_op rt_notified_op_at(struct vigil_site *site, struct rt_notify *notify)
{
	static const struct rt_op_type type = { .source = "Notify::notified",
						.waits = VIGIL_WAIT_NOTIFIED,
						.poll = notified_poll,
						.cancel = notified_cancel };

	return op_make(&type, site, notify, notify->resource);
}
