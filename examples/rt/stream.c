/* SPDX-License-Identifier: MIT */
/*
 * Streams that tasks feed: a generator's, or one of the tasks that draw what is merged.
 *
 * An item goes from hand to hand. Who puts while next waits leaves it in the stream, which is
 * as good as taken, and goes on; else it stands in line with the item in its hands until next
 * takes it. So a feeder is one item ahead at most, and an item always has one owner: the
 * operation, the stream, or who called next. A put that is cancelled when next has just
 * taken its item is no cancelled put (rt_stream_put_at).
 *
 * Feeders keep the memory of the stream, and rt_stream_free awaits them: what they use may
 * be on the stack of who frees it.
 */
#include "stream.h"

#include <errno.h>
#include <stdlib.h>

#include "join_set.h"

struct feeder {
	struct feed *feed;
	struct rt_handle handle;
	int (*make)(struct rt_stream *stream, void *arg);
	void *arg;
	struct feeder *next; /* among those that failed */
};

struct feed {
	struct rt_stream base;
	_Atomic uint32_t refs; /* the owner's, and one for each feeder that lives */
	pthread_mutex_t lock;
	bool is_closed, has_item;
	void *item; /* left for who called next */
	uint64_t taken;
	struct waitq putters, takers;
	struct feeder *failed, **failed_end; /* next has not told it yet */
	struct rt_stream **owned;
	void (*drop)(void *item);
	vigil_resource resource;
	vigil_attr attr_length, attr_items;
	size_t count, started, live;
	struct feeder feeders[];
};

static const struct stream_type feed_type;

/* Under the lock. */
static void tell_counts(struct feed *feed)
{
	vigil_attr_set_u64(feed->attr_length, feed->putters.count + feed->has_item);
	vigil_attr_set_u64(feed->attr_items, feed->taken);
}

/* ---- Birth and end ---- */

struct rt_stream *feed_new(struct vigil_site *site, const char *name, void (*drop)(void *item),
			   size_t feeders, struct rt_stream **owned)
{
	struct feed *feed = calloc(1, sizeof(*feed) + feeders * sizeof(struct feeder));

	if (!feed)
		return NULL;
	feed->base.type = &feed_type;
	feed->refs = 1;
	pthread_mutex_init(&feed->lock, NULL);
	feed->failed_end = &feed->failed;
	feed->owned = owned;
	feed->drop = drop;
	feed->count = feeders;
	feed->resource = vigil_resource_new_at(site, VIGIL_RESOURCE_QUEUE, "rt_stream", name, 0, 0);
	feed->attr_length = vigil_attr_u64(feed->resource, "length", 0, NULL);
	feed->attr_items = vigil_attr_u64(feed->resource, "items", 0, NULL);
	return &feed->base;
}

static void owned_free(struct feed *feed)
{
	for (size_t i = 0; feed->owned && i < feed->count; i++)
		rt_stream_free(feed->owned[i]);
	free(feed->owned);
	feed->owned = NULL;
}

static void feed_release(struct feed *feed)
{
	if (atomic_fetch_sub(&feed->refs, 1) != 1)
		return;
	owned_free(feed);
	vigil_resource_free(feed->resource);
	pthread_mutex_destroy(&feed->lock);
	free(feed);
}

static int feeder_run(void *arg)
{
	struct feeder *feeder = arg;
	struct feed *feed = feeder->feed;
	int code = feeder->make(&feed->base, feeder->arg);
	bool is_closed;

	pthread_mutex_lock(&feed->lock);
	is_closed = feed->is_closed;
	pthread_mutex_unlock(&feed->lock);
	/* It was told that nobody wants more: nothing that failed. */
	return is_closed && code == -EPIPE ? 0 : code;
}

static void feeder_ended(struct rt_task *task, void *arg)
{
	struct feeder *feeder = arg;
	struct feed *feed = feeder->feed;

	pthread_mutex_lock(&feed->lock);
	feed->live--;
	if (task->code < 0 && !feed->is_closed) {
		*feed->failed_end = feeder;
		feed->failed_end = &feeder->next;
	}
	if (feed->failed || !feed->live)
		waitq_wake_all(&feed->takers, NULL, true);
	pthread_mutex_unlock(&feed->lock);
	feed_release(feed);
}

int feed_start(struct vigil_site *site, struct rt_stream *stream, const char *name,
	       int (*make)(struct rt_stream *stream, void *arg), void *arg)
{
	struct feed *feed = (struct feed *)stream;
	struct feeder *feeder = &feed->feeders[feed->started];
	struct rt_spawn_options options = { .name = name };
	struct rt_task *task;
	int error;

	*feeder = (struct feeder){ .feed = feed, .make = make, .arg = arg };
	task = task_make(site, &feeder->handle, feeder_run, feeder, &options, &error);
	if (!task)
		return error;
	task->ended = feeder_ended;
	task->ended_arg = feeder;
	atomic_fetch_add(&feed->refs, 1);
	pthread_mutex_lock(&feed->lock);
	feed->live++;
	feed->started++;
	pthread_mutex_unlock(&feed->lock);
	task_start(task);
	return 0;
}

/* Cuts the feeders, and in a task awaits them; nothing cuts that short. */
static void feeders_end(struct feed *feed)
{
	struct rt_task *task = task_here();
	enum task_cut cut = task ? cut_of_children(task) : TASK_CANCELLED;

	for (size_t i = 0; i < feed->started; i++)
		if (feed->feeders[i].handle.task)
			task_cut(feed->feeders[i].handle.task, cut, NULL);
	if (task)
		task->holds++;
	for (size_t i = 0; i < feed->started; i++) {
		struct rt_handle *handle = &feed->feeders[i].handle;

		if (!task)
			rt_drop(handle);
		else if (handle->task)
			op_await_anywhere(rt_join_op(handle, NULL));
	}
	if (task)
		task->holds--;
}

static void feed_drop(struct rt_stream *stream, void *item)
{
	struct feed *feed = (struct feed *)stream;

	if (feed->drop)
		feed->drop(item);
	else if (feed->owned)
		stream_drop(feed->owned[0], item);
}

static void feed_free(struct rt_stream *stream)
{
	struct feed *feed = (struct feed *)stream;
	bool has_item;

	pthread_mutex_lock(&feed->lock);
	feed->is_closed = true;
	has_item = feed->has_item;
	feed->has_item = false;
	waitq_wake_all(&feed->putters, NULL, false);
	pthread_mutex_unlock(&feed->lock);
	if (has_item)
		feed_drop(stream, feed->item);
	feeders_end(feed);
	/* Nobody draws them any more, and here their feeders can be awaited. */
	if (task_here())
		owned_free(feed);
	feed_release(feed);
}

struct rt_stream *rt_stream_new_at(struct vigil_site *site, const char *name,
				   int (*make)(struct rt_stream *stream, void *arg), void *arg,
				   void (*drop)(void *item))
{
	struct rt_stream *stream = feed_new(site, name, drop, 1, NULL);

	if (!stream || feed_start(site, stream, name, make, arg) == 0)
		return stream;
	rt_stream_free(stream);
	return NULL;
}

/* ---- Put ---- */

static bool put_poll(struct rt_op *op)
{
	struct feed *feed = op->object;
	bool is_done = true;

	op->result = 0;
	pthread_mutex_lock(&feed->lock);
	if (op->is_granted) {
		/* It was taken. */
	} else if (feed->is_closed) {
		op->result = -EPIPE;
	} else if (feed->takers.first) {
		feed->item = op->in.pointer;
		feed->has_item = true;
		waitq_wake_one(&feed->takers, op->site);
		tell_counts(feed);
	} else {
		is_done = false;
		if (waitq_add(&feed->putters, op))
			tell_counts(feed);
	}
	pthread_mutex_unlock(&feed->lock);
	return is_done;
}

static void put_cancel(struct rt_op *op)
{
	struct feed *feed = op->object;

	pthread_mutex_lock(&feed->lock);
	if (waitq_remove(op))
		tell_counts(feed);
	/* Too late: somebody has the item. */
	op->more.number = op->is_granted;
	pthread_mutex_unlock(&feed->lock);
}

struct rt_op feed_put_op(struct vigil_site *site, struct rt_stream *stream, void *item)
{
	static const struct rt_op_type type = { .source = "Stream::put",
						.waits = VIGIL_WAIT_SEND,
						.poll = put_poll,
						.cancel = put_cancel };
	struct rt_op op = op_make(&type, site, stream, ((struct feed *)stream)->resource);

	op.in.pointer = item;
	return op;
}

int rt_stream_put_at(struct vigil_site *site, struct rt_stream *stream, void *item)
{
	struct rt_op op;
	int code;

	if (!stream_is_fed(stream))
		return misuse(-EINVAL, "rt_stream_put into a stream made of others: put into the "
				       "one that make was called with");
	op = feed_put_op(site, stream, item);
	code = rt_await(&op);
	return code == -ECANCELED && op.more.number ? 0 : code;
}

/* ---- Next ---- */

/* The line is as long as one: shapes keep state of who draws them. */
static bool next_must_wait(struct feed *feed, struct rt_op *op)
{
	if (feed->takers.first && feed->takers.first != op) {
		op->result = -EINVAL;
		return false;
	}
	waitq_add(&feed->takers, op);
	return true;
}

/* Under the lock. Returns the feeder whose error is next, if any. */
static struct feeder *failed_remove(struct feed *feed)
{
	struct feeder *feeder = feed->failed;

	if (feeder)
		feed->failed = feeder->next;
	if (!feed->failed)
		feed->failed_end = &feed->failed;
	return feeder;
}

static int feeder_error(const struct rt_op *op, struct feeder *feeder)
{
	struct rt_result result;

	rt_try(rt_join_op_at(op->site, &feeder->handle, &result));
	return result_pass(&result);
}

static bool next_poll(struct rt_op *op)
{
	struct feed *feed = op->object;
	struct feeder *failed = NULL;
	void **ret_item = op->out;
	bool is_done = true;
	struct rt_op *put;

	op->result = 0;
	pthread_mutex_lock(&feed->lock);
	if (feed->has_item) {
		*ret_item = feed->item;
		feed->has_item = false;
		feed->taken++;
	} else if ((failed = failed_remove(feed))) {
		/* Told below. */
	} else if ((put = waitq_wake_one(&feed->putters, op->site))) {
		*ret_item = put->in.pointer;
		feed->taken++;
	} else if (!feed->live) {
		op->result = -EPIPE;
	} else {
		is_done = !next_must_wait(feed, op);
	}
	if (is_done && !op->result && !failed)
		tell_counts(feed);
	pthread_mutex_unlock(&feed->lock);
	if (failed)
		op->result = feeder_error(op, failed);
	else if (op->result == -EINVAL)
		misuse(-EINVAL, "two tasks draw one stream at once: draw it in one, and hand the "
				"items on");
	return is_done;
}

/* What woke it stays for the next one: the item in the stream, its end. */
static void next_cancel(struct rt_op *op)
{
	struct feed *feed = op->object;

	pthread_mutex_lock(&feed->lock);
	waitq_remove(op);
	pthread_mutex_unlock(&feed->lock);
}

struct rt_op feed_next_op(struct vigil_site *site, struct rt_stream *stream, void **ret_item)
{
	static const struct rt_op_type type = { .source = "Stream::next",
						.waits = VIGIL_WAIT_RECEIVE,
						.poll = next_poll,
						.cancel = next_cancel };
	struct rt_op op = op_make(&type, site, stream, ((struct feed *)stream)->resource);

	op.out = ret_item;
	return op;
}

static int feed_next(struct vigil_site *site, struct rt_stream *stream, void **ret_item)
{
	return rt_do(feed_next_op(site, stream, ret_item));
}

static const struct stream_type feed_type = { .next = feed_next,
					      .drop = feed_drop,
					      .free = feed_free };

/* ---- Any stream ---- */

bool stream_is_fed(const struct rt_stream *stream)
{
	return stream->type == &feed_type;
}

void stream_drop(struct rt_stream *stream, void *item)
{
	stream->type->drop(stream, item);
}

int rt_stream_next_at(struct vigil_site *site, struct rt_stream *stream, void **ret_item)
{
	/* A constructor had no memory for it. */
	return stream ? stream->type->next(site, stream, ret_item) : -ENOMEM;
}

void rt_stream_free(struct rt_stream *stream)
{
	if (stream)
		stream->type->free(stream);
}
