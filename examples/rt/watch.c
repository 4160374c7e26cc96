/* SPDX-License-Identifier: MIT */
/*
 * The latest value, and who has seen it. A value is seen or superseded, never queued.
 *
 * The law: the value changes under the lock and while nobody borrows it, together with its
 * version; a watcher's `seen` is the version that it was given or told of.
 */
#include "core.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct rt_watch {
	pthread_mutex_t lock;
	pthread_cond_t is_given_back;
	uint64_t version; /* how many values were sent */
	size_t watchers, borrows;
	struct rt_watcher *first;
	bool is_closed; /* its sender is gone */
	struct waitq to_see, to_close;
	vigil_resource resource;
	vigil_attr attr_version;
	char name[32];
	size_t size;
	_Alignas(max_align_t) unsigned char value[];
};

struct rt_watcher {
	struct rt_watch *watch;
	uint64_t seen;
	size_t borrows;
	pthread_t borrower; /* the thread that borrowed last */
	struct rt_watcher *next, **link;
};

struct rt_watch *rt_watch_new_at(struct vigil_site *site, const char *name, size_t size,
				 const void *initial)
{
	struct rt_watch *watch;

	if (size > SIZE_MAX - sizeof(*watch))
		return NULL;
	watch = calloc(1, sizeof(*watch) + size);
	if (!watch)
		return NULL;
	pthread_mutex_init(&watch->lock, NULL);
	pthread_cond_init(&watch->is_given_back, NULL);
	snprintf(watch->name, sizeof(watch->name), "%s", name ? name : "");
	watch->size = size;
	if (size && initial)
		memcpy(watch->value, initial, size);
	watch->resource = vigil_resource_new_at(site, VIGIL_RESOURCE_WATCH, "rt_watch", name, 0, 0);
	vigil_attr_bool(watch->resource, "closed", false);
	vigil_attr_u64(watch->resource, "watchers", 0, NULL);
	watch->attr_version = vigil_attr_u64(watch->resource, "version", 0, NULL);
	return watch;
}

/* Gives the lock back, and the channel when all are gone. */
static void leave(struct rt_watch *watch)
{
	bool is_last = watch->is_closed && !watch->watchers;

	pthread_mutex_unlock(&watch->lock);
	if (!is_last)
		return;
	vigil_resource_free(watch->resource);
	pthread_cond_destroy(&watch->is_given_back);
	pthread_mutex_destroy(&watch->lock);
	free(watch);
}

/* ---- The sender ---- */

void rt_watch_free(struct rt_watch *watch)
{
	if (!watch)
		return;
	pthread_mutex_lock(&watch->lock);
	watch->is_closed = true;
	vigil_attr_bool(watch->resource, "closed", true);
	waitq_wake_all(&watch->to_see, NULL, false);
	leave(watch);
}

/* As nobody awaits while it borrows, a borrower on this thread is one of our callers. */
static bool is_borrowed_here(const struct rt_watch *watch)
{
	for (const struct rt_watcher *w = watch->first; w; w = w->next)
		if (w->borrows && pthread_equal(w->borrower, pthread_self()))
			return true;
	return false;
}

/* Returns whether nobody borrows the value now. */
static bool await_borrowers(struct rt_watch *watch, struct vigil_site *site)
{
	if (!watch->borrows)
		return true;
	if (is_borrowed_here(watch))
		return false;
	vigil_worker_wait_at(site, VIGIL_WAIT_SEND, watch->resource);
	while (watch->borrows)
		pthread_cond_wait(&watch->is_given_back, &watch->lock);
	vigil_worker_resume();
	return true;
}

void rt_watch_send_at(struct vigil_site *site, struct rt_watch *watch, const void *value)
{
	bool is_free;

	pthread_mutex_lock(&watch->lock);
	is_free = await_borrowers(watch, site);
	if (is_free) {
		if (watch->size)
			memcpy(watch->value, value, watch->size);
		watch->version++;
		vigil_attr_set_u64(watch->attr_version, watch->version);
		waitq_wake_all(&watch->to_see, site, false);
	}
	pthread_mutex_unlock(&watch->lock);
	if (!is_free)
		misuse(-EDEADLK,
		       "rt_watch_send to \"%s\" while its value is borrowed on the same thread "
		       "would wait for itself, and was not done: rt_watcher_give_back first, and "
		       "do not await between",
		       watch->name);
}

static bool closed_poll(struct rt_op *op)
{
	struct rt_watch *watch = op->object;
	bool is_done;

	op->result = 0;
	pthread_mutex_lock(&watch->lock);
	is_done = !watch->watchers;
	if (!is_done)
		waitq_add(&watch->to_close, op);
	pthread_mutex_unlock(&watch->lock);
	return is_done;
}

static void closed_cancel(struct rt_op *op)
{
	struct rt_watch *watch = op->object;

	pthread_mutex_lock(&watch->lock);
	waitq_remove(op);
	pthread_mutex_unlock(&watch->lock);
}

struct rt_op rt_watch_closed_op_at(struct vigil_site *site, struct rt_watch *watch)
{
	static const struct rt_op_type type = { .source = "watch::Sender::closed",
						.waits = VIGIL_WAIT_CANCEL,
						.poll = closed_poll,
						.cancel = closed_cancel };

	return op_make(&type, site, watch, watch->resource);
}

/* ---- Watchers ---- */

struct rt_watcher *rt_watcher_new(struct rt_watch *watch)
{
	struct rt_watcher *watcher = calloc(1, sizeof(*watcher));

	if (!watcher)
		return NULL;
	watcher->watch = watch;
	pthread_mutex_lock(&watch->lock);
	watcher->seen = watch->version;
	watcher->next = watch->first;
	watcher->link = &watch->first;
	if (watcher->next)
		watcher->next->link = &watcher->next;
	watch->first = watcher;
	watch->watchers++;
	vigil_attr_u64(watch->resource, "watchers", watch->watchers, NULL);
	pthread_mutex_unlock(&watch->lock);
	return watcher;
}

/* Under the lock. */
static void give_back(struct rt_watcher *watcher, size_t borrows)
{
	struct rt_watch *watch = watcher->watch;

	watcher->borrows -= borrows;
	watch->borrows -= borrows;
	if (!watch->borrows)
		pthread_cond_broadcast(&watch->is_given_back);
}

void rt_watcher_free(struct rt_watcher *watcher)
{
	struct rt_watch *watch;

	if (!watcher)
		return;
	watch = watcher->watch;
	pthread_mutex_lock(&watch->lock);
	give_back(watcher, watcher->borrows);
	*watcher->link = watcher->next;
	if (watcher->next)
		watcher->next->link = watcher->link;
	watch->watchers--;
	vigil_attr_u64(watch->resource, "watchers", watch->watchers, NULL);
	if (!watch->watchers)
		waitq_wake_all(&watch->to_close, NULL, false);
	leave(watch);
	free(watcher);
}

static bool changed_poll(struct rt_op *op)
{
	struct rt_watcher *watcher = op->object;
	struct rt_watch *watch = watcher->watch;
	bool is_done = true;

	op->result = 0;
	pthread_mutex_lock(&watch->lock);
	if (watcher->seen != watch->version) {
		watcher->seen = watch->version;
	} else if (watch->is_closed) {
		op->result = -EPIPE;
	} else {
		waitq_add(&watch->to_see, op);
		is_done = false;
	}
	pthread_mutex_unlock(&watch->lock);
	return is_done;
}

static void changed_cancel(struct rt_op *op)
{
	struct rt_watcher *watcher = op->object;

	pthread_mutex_lock(&watcher->watch->lock);
	waitq_remove(op);
	pthread_mutex_unlock(&watcher->watch->lock);
}

struct rt_op rt_watcher_changed_op_at(struct vigil_site *site, struct rt_watcher *watcher)
{
	static const struct rt_op_type type = { .source = "watch::Receiver::changed",
						.waits = VIGIL_WAIT_RECEIVE,
						.poll = changed_poll,
						.cancel = changed_cancel };

	return op_make(&type, site, watcher, watcher->watch->resource);
}

void rt_watcher_get(struct rt_watcher *watcher, void *ret_value)
{
	struct rt_watch *watch = watcher->watch;

	pthread_mutex_lock(&watch->lock);
	if (watch->size)
		memcpy(ret_value, watch->value, watch->size);
	watcher->seen = watch->version;
	pthread_mutex_unlock(&watch->lock);
}

const void *rt_watcher_borrow(struct rt_watcher *watcher)
{
	struct rt_watch *watch = watcher->watch;

	pthread_mutex_lock(&watch->lock);
	watcher->borrows++;
	watcher->borrower = pthread_self();
	watch->borrows++;
	pthread_mutex_unlock(&watch->lock);
	return watch->value;
}

void rt_watcher_give_back(struct rt_watcher *watcher)
{
	struct rt_watch *watch = watcher->watch;
	bool was_borrowed;

	pthread_mutex_lock(&watch->lock);
	was_borrowed = watcher->borrows > 0;
	if (was_borrowed)
		give_back(watcher, 1);
	pthread_mutex_unlock(&watch->lock);
	if (!was_borrowed)
		misuse(-EINVAL,
		       "the value of \"%s\" is given back by a watcher that has not "
		       "borrowed it",
		       watch->name);
}
