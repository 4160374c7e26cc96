/* SPDX-License-Identifier: MIT */
/* Streams from the inside: what a stream can do, and those that tasks feed. */
#ifndef RT_STREAM_H
#define RT_STREAM_H

#include "core.h"

struct stream_type {
	int (*next)(struct vigil_site *site, struct rt_stream *stream, void **ret_item);
	/* An item that came out of it, and that nobody took. */
	void (*drop)(struct rt_stream *stream, void *item);
	void (*free)(struct rt_stream *stream);
};

/* The head of every stream. */
struct rt_stream {
	const struct stream_type *type;
};

void stream_drop(struct rt_stream *stream, void *item);

/* ---- Fed by tasks (stream.c) ---- */

struct feed;

/*
 * Makes one that `feeders` tasks will feed, none of which runs yet. owned (may be NULL) are
 * streams that are freed after the feeders have ended; an item nobody took goes to drop, or
 * to the first of them. They are taken only when this succeeds.
 */
struct rt_stream *feed_new(struct vigil_site *site, const char *name, void (*drop)(void *item),
			   size_t feeders, struct rt_stream **owned);
/* Starts the next feeder. After an error the stream is good for rt_stream_free alone. */
int feed_start(struct vigil_site *site, struct rt_stream *stream, const char *name,
	       int (*make)(struct rt_stream *stream, void *arg), void *arg);
/*
 * rt_stream_put as an operation. more.number, after a cancel: it had been taken already, and
 * is not cancelled at all.
 */
struct rt_op feed_put_op(struct vigil_site *site, struct rt_stream *stream, void *item);
bool stream_is_fed(const struct rt_stream *stream);
/* rt_stream_next as an operation, for rt_select. */
struct rt_op feed_next_op(struct vigil_site *site, struct rt_stream *stream, void **ret_item);

#endif
