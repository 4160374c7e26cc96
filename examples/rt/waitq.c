/* SPDX-License-Identifier: MIT */
/*
 * Who waits: operations in line, first in, first out.
 *
 * The law: the lock of what they wait for is held in every call. So the task of an
 * operation that is found in a queue lives, and is woken before it can go on.
 */
#include "core.h"

void op_enlist(struct rt_op *op)
{
	if (!op->task)
		op->task = task_here();
	op->is_granted = false;
	/* A time limit is a part of the operation that it limits, and has no waker of its own. */
	if (!op->is_limit)
		vigil_waker_clone(op->task->vigil);
}

void op_wake(struct rt_op *op, struct vigil_site *site)
{
	if (op->is_limit)
		vigil_wake_at(site, op->task->vigil);
	else
		vigil_waker_wake_at(site, op->task->vigil);
	task_schedule(op->task);
}

void op_delist(struct rt_op *op)
{
	if (!op->is_limit)
		vigil_waker_drop(op->task->vigil);
}

bool waitq_add(struct waitq *queue, struct rt_op *op)
{
	if (op->queue || op->is_try)
		return false;
	op_enlist(op);
	op->queue = queue;
	op->next = NULL;
	op->prev = queue->last;
	if (queue->last)
		queue->last->next = op;
	else
		queue->first = op;
	queue->last = op;
	queue->count++;
	return true;
}

static void unlink_op(struct waitq *queue, struct rt_op *op)
{
	if (op->prev)
		op->prev->next = op->next;
	else
		queue->first = op->next;
	if (op->next)
		op->next->prev = op->prev;
	else
		queue->last = op->prev;
	op->queue = NULL;
	queue->count--;
}

bool waitq_remove(struct rt_op *op)
{
	if (!op->queue)
		return false;
	unlink_op(op->queue, op);
	op_delist(op);
	return true;
}

static void wake_first(struct waitq *queue, struct vigil_site *site, bool is_granted)
{
	struct rt_op *op = queue->first;

	unlink_op(queue, op);
	op->is_granted = is_granted;
	op_wake(op, site);
}

struct rt_op *waitq_wake_one(struct waitq *queue, struct vigil_site *site)
{
	struct rt_op *op = queue->first;

	if (op)
		wake_first(queue, site, true);
	return op;
}

size_t waitq_wake_all(struct waitq *queue, struct vigil_site *site, bool is_granted)
{
	size_t count = queue->count;

	/* Those who come back stand behind: no more than were there. */
	for (size_t i = 0; i < count; i++)
		wake_first(queue, site, is_granted);
	return count;
}
