/* SPDX-License-Identifier: MIT */
/* Handles: awaiting a task's end, letting it go, cutting it short. */
#include "core.h"

#include <errno.h>

/* The task has ended, and this is its only handle: what it left is ours. */
static void result_take(struct rt_task *task, struct rt_result *ret_result)
{
	if (!ret_result) {
		task_unseen(task);
		return;
	}
	*ret_result = (struct rt_result){ .code = task->code,
					  .value = task->value,
					  .error = task->error,
					  .outcome = task->outcome,
					  .id = task->id };
	task->error = NULL;
}

void rt_result_free(struct rt_result *result)
{
	rt_error_free(result->error);
	result->error = NULL;
}

static int refused_again(void)
{
	return misuse(-EINVAL, "a task's end can be awaited once: this handle was awaited, "
			       "dropped or never given a task");
}

static int refused_self(const struct rt_task *task)
{
	return misuse(-EDEADLK, "task \"%s\" awaits its own end", task->name);
}

/* Under the lock: it goes on, and op is to be woken at its end. */
static void stand_by(struct rt_task *task, struct rt_op *op)
{
	if (task->joiner == op)
		return;
	task->joiner = op;
	op_enlist(op);
	if (!op->task->is_thread)
		vigil_join_await(task->vigil);
}

static bool join_poll(struct rt_op *op)
{
	struct rt_handle *handle = op->object;
	struct rt_task *task = handle->task;
	bool is_done, is_awaited;

	if (!task || task == task_here()) {
		op->result = task ? refused_self(task) : refused_again();
		return true;
	}
	pthread_mutex_lock(&task->lock);
	is_done = task->is_done;
	is_awaited = task->joiner && task->joiner != op;
	if (!is_done && !is_awaited && !op->is_try)
		stand_by(task, op);
	pthread_mutex_unlock(&task->lock);
	if (is_awaited) {
		op->result = refused_again();
		return true;
	}
	if (!is_done)
		return false;
	result_take(task, op->out);
	vigil_join_done(task->vigil);
	task_release(task);
	handle->task = NULL;
	op->result = 0;
	return true;
}

static void join_cancel(struct rt_op *op)
{
	struct rt_handle *handle = op->object;
	struct rt_task *task = handle->task;

	/* Another one of a select took the result. */
	if (!task)
		return;
	pthread_mutex_lock(&task->lock);
	if (task->joiner == op) {
		task->joiner = NULL;
		op_delist(op);
		vigil_join_hold(task->vigil);
	} else if (op->is_granted) {
		/* It ended meanwhile; its result stays. */
		vigil_join_hold(task->vigil);
	}
	pthread_mutex_unlock(&task->lock);
}

struct rt_op rt_join_op_at(struct vigil_site *site, struct rt_handle *handle,
			   struct rt_result *ret_result)
{
	static const struct rt_op_type type = { .source = "JoinHandle",
						.waits = VIGIL_WAIT_TASK,
						.poll = join_poll,
						.cancel = join_cancel };
	struct rt_op op;

	if (!handle->task)
		return op_failed(site, refused_again());
	if (handle->task == task_here())
		return op_failed(site, refused_self(handle->task));
	op = op_make(&type, site, handle, handle->task->vigil);
	op.out = ret_result;
	return op;
}

void rt_drop(struct rt_handle *handle)
{
	struct rt_task *task = handle->task;
	bool is_done;

	if (!task)
		return;
	handle->task = NULL;
	pthread_mutex_lock(&task->lock);
	task->is_detached = true;
	is_done = task->is_done;
	pthread_mutex_unlock(&task->lock);
	vigil_join_drop(task->vigil);
	if (is_done)
		task_unseen(task);
	task_release(task);
}

void rt_cancel_at(struct vigil_site *site, struct rt_handle *handle)
{
	if (handle->task)
		task_cut(handle->task, TASK_CANCELLED, site);
}

void rt_abort_at(struct vigil_site *site, struct rt_handle *handle)
{
	if (handle->task)
		task_cut(handle->task, TASK_ABORTED, site);
}

bool rt_is_done(const struct rt_handle *handle)
{
	bool is_done;

	if (!handle->task)
		return true;
	pthread_mutex_lock(&handle->task->lock);
	is_done = handle->task->is_done;
	pthread_mutex_unlock(&handle->task->lock);
	return is_done;
}

uint64_t rt_handle_id(const struct rt_handle *handle)
{
	return handle->task ? handle->task->id : 0;
}
