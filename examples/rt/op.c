/* SPDX-License-Identifier: MIT */
/*
 * Awaiting an operation: what every call that waits goes through.
 *
 * One that is done at once costs a poll and no trace on the board. One that must wait
 * becomes an async operation there, with the line that awaits it, and says in the task's
 * wait word what for.
 */
#include "op.h"

#include <errno.h>

struct rt_op op_make(const struct rt_op_type *type, struct vigil_site *site, void *object,
		     vigil_object resource)
{
	return (struct rt_op){
		.type = type, .site = site, .object = object, .resource = resource, .fd = -1
	};
}

struct rt *op_rt(const struct rt_op *op)
{
	return op->task ? op->task->rt : rt_here();
}

static bool failed_poll(struct rt_op *op)
{
	op->result = (int)(int64_t)op->in.number;
	return true;
}

static void failed_cancel(struct rt_op *op)
{
	(void)op;
}

struct rt_op op_failed(struct vigil_site *site, int code)
{
	static const struct rt_op_type type = { .source = "refused",
						.poll = failed_poll,
						.cancel = failed_cancel };
	struct rt_op op = op_make(&type, site, NULL, 0);

	op.in.number = (uint64_t)(int64_t)code;
	return op;
}

static bool used_poll(struct rt_op *op)
{
	op->result =
		misuse(-EINVAL, "an operation is awaited once: make it anew, by its rt_..._op");
	return true;
}

static bool unmade_poll(struct rt_op *op)
{
	op->result = misuse(-EINVAL, "an operation that was never made: it is zeroed");
	return true;
}

void op_use_up(struct rt_op *op)
{
	static const struct rt_op_type type = { .source = "used up",
						.poll = used_poll,
						.cancel = failed_cancel };

	op->type = &type;
}

void op_check(struct rt_op *op)
{
	static const struct rt_op_type type = { .source = "never made",
						.poll = unmade_poll,
						.cancel = failed_cancel };

	if (!op->type)
		op->type = &type;
}

/* Its first poll is over: the board counts those after a wake. */
void op_show(struct rt_op *op)
{
	bool is_resource = vigil_ref_table(op->resource) == VIGIL_TABLE_resource;

	if (op->is_limit)
		return;
	op->vigil = vigil_op_new_at(op->site, is_resource ? op->resource : 0, op->type->source, 0);
}

void op_unshow(struct rt_op *op)
{
	if (op->vigil)
		vigil_op_free(op->vigil);
	op->vigil = 0;
}

void op_tell_wait(const struct rt_op *op, uint64_t deadline_ns)
{
	atomic_store_explicit(&op->task->awaits, op->type->source, memory_order_relaxed);
	atomic_store_explicit(&op->task->awaits_at, op->site, memory_order_relaxed);
	if (!op->type->waits)
		return;
	/* Without an end, as sleepers for ever, is without a deadline there. */
	if (deadline_ns == UINT64_MAX)
		deadline_ns = 0;
	if (op->fd >= 0)
		vigil_task_wait_fd_until(op->task->vigil, op->type->waits, op->fd, deadline_ns);
	else
		vigil_task_wait_until(op->task->vigil, op->type->waits, op->resource, deadline_ns);
}

bool op_repoll(struct rt_op *op)
{
	bool is_done;

	if (!op->vigil)
		return op->type->poll(op);
	vigil_op_poll_begin(op->vigil);
	is_done = op->type->poll(op);
	if (!is_done) /* else op_unshow comes next and ends it */
		vigil_op_poll_end(op->vigil, false);
	return is_done;
}

bool await_begin(struct rt_task *task, struct vigil_site *site)
{
	if (task_is_cut(task))
		return false;
	if (!task->budget) {
		task_yield(task, site, true);
		return !task_is_cut(task);
	}
	if (task->cut_at && !--task->cut_at)
		task_cut(task, TASK_CANCELLED, NULL);
	return true;
}

static int await_slow(struct rt_task *task, struct rt_op *op)
{
	op_show(op);
	do {
		op_tell_wait(op, op->deadline_ns);
		task_wait(task);
		if (op_repoll(op))
			break;
		if (task_is_cut(task)) {
			op->type->cancel(op);
			op->result = -ECANCELED;
			break;
		}
	} while (true);
	op_unshow(op);
	op_use_up(op);
	return op->result;
}

int refused_in_place(const char *what)
{
	return misuse(-EDEADLK,
		      "%s in what rt_block_in_place runs: it has the worker's thread and may "
		      "block it, use the _blocking form",
		      what);
}

int rt_await(struct rt_op *op)
{
	struct rt_task *task = task_here();

	op_check(op);
	if (!task)
		return misuse(-EPERM,
			      "%s outside a task: await in what rt_run or rt_spawn runs, "
			      "or use its _blocking form",
			      op->type->source);
	if (task->is_in_place)
		return refused_in_place(op->type->source);
	if (!await_begin(task, op->site))
		return -ECANCELED;
	if (op->type->poll(op)) {
		task->budget--;
		op_use_up(op);
		return op->result;
	}
	return await_slow(task, op);
}

int rt_do(struct rt_op op)
{
	return rt_await(&op);
}

int op_await_anywhere(struct rt_op op)
{
	struct rt_task *task = task_here();

	return task && task->is_in_place ? rt_do_blocking(op) : rt_do(op);
}

int rt_try(struct rt_op op)
{
	op_check(&op);
	op.is_try = true;
	return op.type->poll(&op) ? op.result : -EAGAIN;
}
