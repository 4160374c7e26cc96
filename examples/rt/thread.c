/* SPDX-License-Identifier: MIT */
/* Awaiting on a thread that is no worker: the thread blocks, in the place of a task. */
#include "core.h"

#include <errno.h>

#include "op.h"

/* What wakers see of the thread. */
struct thread_waiter {
	struct rt_task task;
	pthread_cond_t condition;
	bool is_woken;
};

void thread_schedule(struct rt_task *task)
{
	struct thread_waiter *waiter = (struct thread_waiter *)task;

	pthread_mutex_lock(&task->lock);
	waiter->is_woken = true;
	pthread_cond_signal(&waiter->condition);
	pthread_mutex_unlock(&task->lock);
}

static void thread_wait(struct thread_waiter *waiter)
{
	pthread_mutex_lock(&waiter->task.lock);
	while (!waiter->is_woken)
		pthread_cond_wait(&waiter->condition, &waiter->task.lock);
	waiter->is_woken = false;
	pthread_mutex_unlock(&waiter->task.lock);
}

int rt_do_blocking(struct rt_op op)
{
	struct thread_waiter waiter = {
		.task = { .is_thread = true, .rt = rt_here(), .lock = PTHREAD_MUTEX_INITIALIZER },
		.condition = PTHREAD_COND_INITIALIZER
	};

	op_check(&op);
	if (task_here() && !task_here()->is_in_place)
		return misuse(-EDEADLK,
			      "%s would block the worker of %s \"%s\": use the form that awaits",
			      op.type->source, "task", rt_task_name());
	op.task = &waiter.task;
	if (op.type->poll(&op))
		return op.result;
	vigil_worker_wait_at(op.site, op.type->waits ? op.type->waits : VIGIL_WAIT_OTHER,
			     op.resource);
	do {
		thread_wait(&waiter);
	} while (!op.type->poll(&op));
	vigil_worker_resume();
	/* In what blocks in place the thread is as it was (blocking.c). */
	if (task_here())
		vigil_worker_wait_at(op.site, VIGIL_WAIT_OTHER, 0);
	/* Whoever woke it may still hold the lock. */
	pthread_mutex_lock(&waiter.task.lock);
	pthread_mutex_unlock(&waiter.task.lock);
	pthread_mutex_destroy(&waiter.task.lock);
	pthread_cond_destroy(&waiter.condition);
	return op.result;
}
