/* SPDX-License-Identifier: MIT */
/*
 * The same work on many items, a few at once: a join set, and a list of jobs that is in the
 * order take wants: of the items, or of the completions.
 *
 * The law: an item is given to take or to drop, once, and not before its task has ended.
 */
#include <errno.h>
#include <stdlib.h>

#include "join_set.h"

struct job {
	void *item;
	struct rt_result result;
	bool is_done;
	struct job *next;
};

struct run {
	const struct rt_bounded *bounded;
	struct vigil_site *site;
	struct rt_join_set *set;
	size_t count; /* begun, and not yet given to take */
	struct job *first, *last;
	bool is_dry; /* next has no more */
};

static void job_add(struct run *run, struct job *job)
{
	job->next = NULL;
	/* The last one of a list that is not empty is in it: not freed, as the analyzer thinks. */
	if (run->first)
		run->last->next = job; /* NOLINT(clang-analyzer-unix.Malloc) */
	else
		run->first = job;
	run->last = job;
}

static struct job *job_remove(struct run *run)
{
	struct job *job = run->first;

	run->first = job->next;
	run->count--;
	return job;
}

static void job_drop(const struct run *run, struct job *job)
{
	if (run->bounded->drop)
		run->bounded->drop(run->bounded->arg, job->item, &job->result);
	rt_result_free(&job->result);
	free(job);
}

static int begin_one(struct run *run)
{
	const struct rt_bounded *bounded = run->bounded;
	struct job *job = calloc(1, sizeof(*job));
	int error;

	if (!job)
		return -ENOMEM;
	if (!bounded->next(bounded->arg, &job->item)) {
		run->is_dry = true;
		free(job);
		return 0;
	}
	error = join_set_spawn(run->site, run->set, bounded->work, job->item, bounded->name, job);
	if (error) {
		job->result.code = error;
		job_drop(run, job);
		return error;
	}
	run->count++;
	if (bounded->is_ordered)
		job_add(run, job);
	return 0;
}

static void job_done(void *arg, void *tag, struct rt_result *result)
{
	struct run *run = arg;
	struct job *job = tag;

	job->result = *result;
	job->is_done = true;
	if (!run->bounded->is_ordered)
		job_add(run, job);
}

/* Gives take what is its turn. An error it returns as it is comes with its words. */
static int deliver(struct run *run)
{
	while (run->first && run->first->is_done) {
		struct job *job = job_remove(run);
		int code = run->bounded->take(run->bounded->arg, job->item, &job->result);

		if (code < 0 && code == job->result.code)
			result_pass(&job->result);
		else
			rt_result_free(&job->result);
		free(job);
		if (code < 0)
			return code;
	}
	return 0;
}

static int run_all(struct run *run)
{
	for (;;) {
		struct rt_result result;
		void *tag;
		int code = 0;

		while (!run->is_dry && run->count < run->bounded->limit && code >= 0)
			code = begin_one(run);
		if (code < 0 || !run->count)
			return code;
		code = rt_do(join_set_next_op(run->site, run->set, &result, &tag));
		if (code < 0)
			return code;
		job_done(run, tag, &result);
		code = deliver(run);
		if (code < 0)
			return code;
	}
}

int rt_bounded_run_at(struct vigil_site *site, const struct rt_bounded *bounded)
{
	struct run run = { .bounded = bounded, .site = site };
	struct rt_task *task = task_here();
	int code;

	if (!task)
		return misuse(-EPERM, "rt_bounded_run outside a task: call it in what rt_run runs");
	if (task->is_in_place)
		return refused_in_place("rt_bounded_run");
	if (!bounded->limit)
		return misuse(-EINVAL,
			      "rt_bounded_run of \"%s\" with a limit of 0 would run "
			      "nothing: SIZE_MAX is no limit",
			      bounded->name ? bounded->name : "");
	run.set = rt_join_set_new_at(site, bounded->name);
	if (!run.set)
		return -ENOMEM;
	code = run_all(&run);
	join_set_finish(site, run.set, job_done, &run);
	while (run.first)
		job_drop(&run, job_remove(&run));
	return code;
}
