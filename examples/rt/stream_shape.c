/* SPDX-License-Identifier: MIT */
/*
 * Streams made of another one: they draw it in the task that draws them, and have no task of
 * their own.
 *
 * The law: no await while an item is in hand that is in no one's memory. What chunks has
 * collected is kept in the shape, so that a next that is cancelled loses nothing.
 */
#include <errno.h>
#include <stdlib.h>

#include "stream.h"

struct shape {
	struct rt_stream base;
	struct rt_stream *of;
	void *(*map)(void *arg, void *item);
	bool (*keep)(void *arg, void *item);
	void (*drop)(void *item);
	void *arg;
	size_t count; /* of items still to be taken; of a chunk */
	uint64_t ns, due_ns;
	struct rt_chunk *chunk; /* being filled */
	int error;              /* to be told after the chunk it cut short */
};

static void shape_free(struct rt_stream *stream)
{
	struct shape *shape = (struct shape *)stream;

	rt_stream_free(shape->of);
	free(shape);
}

/* Its items are those of the stream it is made of. */
static void drop_below(struct rt_stream *stream, void *item)
{
	stream_drop(((struct shape *)stream)->of, item);
}

/* Takes `of`, also when it fails. */
static struct shape *shape_new(struct rt_stream *of, const struct stream_type *type)
{
	struct shape *shape = of ? calloc(1, sizeof(*shape)) : NULL;

	if (!shape) {
		rt_stream_free(of);
		return NULL;
	}
	shape->base.type = type;
	shape->of = of;
	return shape;
}

/* ---- Map ---- */

static int map_next(struct vigil_site *site, struct rt_stream *stream, void **ret_item)
{
	struct shape *shape = (struct shape *)stream;
	void *item;
	int code = rt_stream_next_at(site, shape->of, &item);

	if (!code)
		*ret_item = shape->map(shape->arg, item);
	return code;
}

static void map_drop(struct rt_stream *stream, void *item)
{
	struct shape *shape = (struct shape *)stream;

	if (shape->drop)
		shape->drop(item);
}

struct rt_stream *rt_stream_map(struct rt_stream *of, void *(*map)(void *arg, void *item),
				void *arg, void (*drop)(void *item))
{
	static const struct stream_type type = { map_next, map_drop, shape_free };
	struct shape *shape = shape_new(of, &type);

	if (!shape)
		return NULL;
	shape->map = map;
	shape->arg = arg;
	shape->drop = drop;
	return &shape->base;
}

/* ---- Filter ---- */

static int filter_next(struct vigil_site *site, struct rt_stream *stream, void **ret_item)
{
	struct shape *shape = (struct shape *)stream;

	for (;;) {
		void *item;
		int code = rt_stream_next_at(site, shape->of, &item);

		if (code)
			return code;
		if (shape->keep(shape->arg, item)) {
			*ret_item = item;
			return 0;
		}
		stream_drop(shape->of, item);
	}
}

struct rt_stream *rt_stream_filter(struct rt_stream *of, bool (*keep)(void *arg, void *item),
				   void *arg)
{
	static const struct stream_type type = { filter_next, drop_below, shape_free };
	struct shape *shape = shape_new(of, &type);

	if (!shape)
		return NULL;
	shape->keep = keep;
	shape->arg = arg;
	return &shape->base;
}

/* ---- Take ---- */

static int take_next(struct vigil_site *site, struct rt_stream *stream, void **ret_item)
{
	struct shape *shape = (struct shape *)stream;
	int code;

	if (!shape->count)
		return -EPIPE;
	code = rt_stream_next_at(site, shape->of, ret_item);
	if (!code)
		shape->count--;
	return code;
}

struct rt_stream *rt_stream_take(struct rt_stream *of, size_t count)
{
	static const struct stream_type type = { take_next, drop_below, shape_free };
	struct shape *shape = shape_new(of, &type);

	if (!shape)
		return NULL;
	shape->count = count;
	return &shape->base;
}

/* ---- Chunks ---- */

static void chunk_drop(struct rt_stream *stream, void *item)
{
	struct shape *shape = (struct shape *)stream;
	struct rt_chunk *chunk = item;

	for (size_t i = 0; i < chunk->count; i++)
		stream_drop(shape->of, chunk->items[i]);
	free(chunk);
}

static void chunks_free(struct rt_stream *stream)
{
	struct shape *shape = (struct shape *)stream;

	if (shape->chunk)
		chunk_drop(stream, shape->chunk);
	shape_free(stream);
}

static int chunk_begin(struct shape *shape)
{
	size_t most = (SIZE_MAX - sizeof(struct rt_chunk)) / sizeof(void *);

	if (shape->chunk)
		return 0;
	if (shape->count <= most)
		shape->chunk = malloc(sizeof(struct rt_chunk) + shape->count * sizeof(void *));
	if (!shape->chunk)
		return -ENOMEM;
	shape->chunk->count = 0;
	return 0;
}

/* Fills the chunk. Returns 0, or why it is not full. */
static int chunk_fill(struct vigil_site *site, struct shape *shape)
{
	struct rt_chunk *chunk = shape->chunk;

	while (chunk->count < shape->count) {
		int code = rt_stream_next_at(site, shape->of, &chunk->items[chunk->count]);

		if (code)
			return code;
		chunk->count++;
	}
	return 0;
}

static int chunks_next(struct vigil_site *site, struct rt_stream *stream, void **ret_item)
{
	struct shape *shape = (struct shape *)stream;
	int code = shape->error;

	shape->error = 0;
	if (!code)
		code = chunk_begin(shape);
	if (code)
		return code;
	code = chunk_fill(site, shape);
	if (code && (code == -ECANCELED || !shape->chunk->count))
		return code;
	/* The end is told again; an error is not. */
	if (code != -EPIPE)
		shape->error = code;
	*ret_item = shape->chunk;
	shape->chunk = NULL;
	return 0;
}

struct rt_stream *rt_stream_chunks(struct rt_stream *of, size_t count)
{
	static const struct stream_type type = { chunks_next, chunk_drop, chunks_free };
	struct shape *shape = shape_new(of, &type);

	if (!shape)
		return NULL;
	shape->count = count ? count : 1;
	return &shape->base;
}

/* ---- Throttle ---- */

static int throttle_next(struct vigil_site *site, struct rt_stream *stream, void **ret_item)
{
	struct shape *shape = (struct shape *)stream;
	int code = 0;

	if (shape->due_ns > rt_now())
		code = rt_do(rt_sleep_until_op_at(site, shape->due_ns));
	if (!code)
		code = rt_stream_next_at(site, shape->of, ret_item);
	if (code)
		return code;
	shape->due_ns = time_after(rt_now(), shape->ns);
	return 0;
}

struct rt_stream *rt_stream_throttle(struct rt_stream *of, uint64_t ns)
{
	static const struct stream_type type = { throttle_next, drop_below, shape_free };
	struct shape *shape = shape_new(of, &type);

	if (!shape)
		return NULL;
	shape->ns = ns;
	return &shape->base;
}
