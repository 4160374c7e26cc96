/* SPDX-License-Identifier: MIT */
/*
 * A time limit for any function: it runs in a task of its own, for what runs here could not
 * be cut short alone.
 *
 * The law: we do not return before that task has ended, whatever happens to us. So fn may
 * use its caller's stack. And what it has done is not lost: if it succeeds in spite of the
 * cancel, that is the result.
 */
#include "core.h"

#include <errno.h>

/* We are cut or time is up: so is the job. It is asked to end; aborted only if we are. */
static void cut_and_await(struct vigil_site *site, struct rt_task *task, struct rt_handle *job,
			  struct rt_result *ret_result)
{
	rt_cancel_at(site, job);
	rt_shield_begin();
	if (rt_do(rt_join_op_at(site, job, ret_result)) == -ECANCELED) {
		rt_abort_at(site, job);
		task->holds++;
		rt_do(rt_join_op_at(site, job, ret_result));
		task->holds--;
	}
	rt_shield_end();
}

/* What the job failed with is why it was not in time. */
static int timed_out(uint64_t ns, const char *name, struct rt_error *cause)
{
	struct rt_error *error =
		rt_error_new("timeout", -ETIMEDOUT, "\"%s\" took longer than %g ms",
			     name ? name : "", (double)ns / 1e6);

	if (error)
		error->cause = cause;
	rt_fail_with(error ? error : cause);
	return -ETIMEDOUT;
}

int rt_timeout_call_at(struct vigil_site *site, uint64_t ns, rt_fn fn, void *arg, const char *name)
{
	struct rt_spawn_options options = { .name = name };
	struct rt_task *task = task_here();
	struct rt_result result = { 0 };
	struct rt_handle job;
	struct rt_op ops[2];
	int error, first;

	if (!task)
		return misuse(-EPERM,
			      "rt_timeout_call of \"%s\" outside a task: there is nobody to "
			      "wait for it",
			      name ? name : "");
	if (task->is_in_place)
		return refused_in_place("rt_timeout_call");
	if (task_is_cut(task))
		return -ECANCELED;
	error = rt_spawn_at(site, &job, fn, arg, &options);
	if (error)
		return error;
	ops[0] = rt_join_op_at(site, &job, &result);
	ops[1] = rt_sleep_op_at(site, ns);
	first = rt_select(ops, 2, RT_BIASED);
	if (first != 0)
		cut_and_await(site, task, &job, &result);
	if (result.code >= 0)
		return result.code;
	if (first == 1)
		return timed_out(ns, name, result.error);
	rt_fail_with(result.error);
	return first < 0 ? first : result.code;
}
