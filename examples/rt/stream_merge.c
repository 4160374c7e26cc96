/* SPDX-License-Identifier: MIT */
/*
 * Several streams as one, and what uses a stream up.
 *
 * The merged ones live until the merged stream is freed, though their ends may have come
 * long before: an item that comes out of it is dropped as theirs are.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "join_set.h"
#include "stream.h"

/* ---- Merge ---- */

static int draw(struct rt_stream *merged, void *of)
{
	void *item;
	int code;

	while (!(code = rt_stream_next(of, &item))) {
		code = rt_stream_put(merged, item);
		if (code) {
			stream_drop(of, item);
			return code;
		}
	}
	return code == -EPIPE ? 0 : code;
}

static bool all_are(struct rt_stream *const *of, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (!of[i])
			return false;
	return true;
}

struct rt_stream *rt_stream_merge_at(struct vigil_site *site, const char *name,
				     struct rt_stream **of, size_t count)
{
	struct rt_stream **owned = calloc(count ? count : 1, sizeof(*owned));
	struct rt_stream *merged = NULL;

	if (owned && all_are(of, count))
		merged = feed_new(site, name, NULL, count, owned);
	if (!merged) {
		free(owned);
		for (size_t i = 0; i < count; i++)
			rt_stream_free(of[i]);
		return NULL;
	}
	memcpy(owned, of, count * sizeof(*owned));
	for (size_t i = 0; i < count; i++) {
		if (feed_start(site, merged, name, draw, owned[i]) == 0)
			continue;
		rt_stream_free(merged);
		return NULL;
	}
	return merged;
}

/* ---- For each ---- */

int rt_stream_for_each_at(struct vigil_site *site, struct rt_stream *stream,
			  int (*use)(void *arg, void *item), void *arg)
{
	void *item;
	int code;

	for (;;) {
		code = rt_stream_next_at(site, stream, &item);
		if (code) {
			code = code == -EPIPE ? 0 : code;
			break;
		}
		code = use(arg, item);
		if (code < 0)
			break;
	}
	rt_stream_free(stream);
	return code;
}

/* ---- For each, several at once ---- */

struct use_job {
	int (*use)(void *arg, void *item);
	void *arg, *item;
	bool is_begun; /* the item is use's */
};

struct use_all {
	struct vigil_site *site;
	struct rt_stream *stream;
	struct rt_join_set *set;
	size_t limit, running;
	int (*use)(void *arg, void *item);
	void *arg;
	const char *name; /* of the tasks */
	bool is_dry;
};

static int use_one(void *arg)
{
	struct use_job *job = arg;

	job->is_begun = true;
	return job->use(job->arg, job->item);
}

static int use_begin(struct use_all *all, void *item)
{
	struct use_job *job = calloc(1, sizeof(*job));
	int error = -ENOMEM;

	if (job) {
		*job = (struct use_job){ .use = all->use, .arg = all->arg, .item = item };
		error = join_set_spawn(all->site, all->set, use_one, job, all->name, job);
	}
	if (!error) {
		all->running++;
		return 0;
	}
	free(job);
	stream_drop(all->stream, item);
	return error;
}

static void use_ended(void *arg, void *tag, struct rt_result *result)
{
	struct use_all *all = arg;
	struct use_job *job = tag;

	if (!job->is_begun)
		stream_drop(all->stream, job->item);
	rt_result_free(result);
	free(job);
	all->running--;
}

/* One step: a task that ended, or the next item. Returns a negative code to end all. */
static int use_step(struct use_all *all)
{
	struct rt_result result = { 0 };
	void *item = NULL, *tag = NULL;
	struct rt_op ops[2];
	size_t count = 0, draws;
	int first, code;

	if (all->running)
		ops[count++] = join_set_next_op(all->site, all->set, &result, &tag);
	draws = count;
	if (!all->is_dry && all->running < all->limit)
		ops[count++] = feed_next_op(all->site, all->stream, &item);
	first = rt_select(ops, count, RT_BIASED);
	if (first < 0)
		return first;
	if ((size_t)first < draws) {
		code = result_pass(&result);
		use_ended(all, tag, &result);
		return code;
	}
	code = ops[first].result;
	all->is_dry = code == -EPIPE;
	if (!code)
		return use_begin(all, item);
	return all->is_dry ? 0 : code;
}

/* Returns 0, or why it cannot be done. */
static int use_refused(size_t limit)
{
	struct rt_task *task = task_here();

	if (!limit)
		return misuse(-EINVAL, "rt_stream_for_each_bounded with a limit of 0 would use "
				       "nothing: SIZE_MAX is no limit");
	if (!task)
		return misuse(-EPERM, "rt_stream_for_each_bounded outside a task");
	return task->is_in_place ? refused_in_place("rt_stream_for_each_bounded") : 0;
}

int rt_stream_for_each_bounded_at(struct vigil_site *site, struct rt_stream *stream, size_t limit,
				  int (*use)(void *arg, void *item), void *arg, const char *name)
{
	struct use_all all = { .site = site, .limit = limit, .use = use, .arg = arg, .name = name };
	char next[TASK_NAME];
	int code = use_refused(limit);

	if (code) {
		rt_stream_free(stream);
		return code;
	}
	/* To be selected from it must be an operation. */
	if (stream && !stream_is_fed(stream)) {
		snprintf(next, sizeof(next), "next %s", name ? name : "item");
		stream = rt_stream_merge_at(site, next, &stream, 1);
	}
	all.stream = stream;
	all.set = stream ? rt_join_set_new_at(site, name) : NULL;
	if (!all.set) {
		rt_stream_free(stream);
		return -ENOMEM;
	}
	while (code >= 0 && (all.running || !all.is_dry))
		code = use_step(&all);
	join_set_finish(site, all.set, use_ended, &all);
	rt_stream_free(stream);
	return code < 0 ? code : 0;
}
