/* SPDX-License-Identifier: MIT */
/*
 * Makes every call of vigil.h once, so that each tracepoint fires at least once.
 * tests/lttng.c runs it under a recording session. Exit status 1: no board.
 */
#include <pthread.h>
#include <stddef.h>

#include <vigil/vigil.h>

static void executor_and_worker(vigil_executor loop)
{
	vigil_worker_begin(loop, "worker-0");
	vigil_executor_queued(loop, 3);
	vigil_worker_park();
	vigil_worker_unpark();
	vigil_worker_wait(VIGIL_WAIT_RESOLVE, 0);
	vigil_worker_resume();
	vigil_worker_queued(2);
	vigil_worker_stole(1);
}

static void task_life(vigil_executor loop)
{
	vigil_task task = vigil_task_spawn(loop, VIGIL_TASK_ASYNC, "conn 1", VIGIL_SPAWN_JOIN);
	vigil_task other = vigil_task_spawn(loop, VIGIL_TASK_CALLBACK, NULL, VIGIL_SPAWN_IDLE);

	vigil_task_rename(task, "conn one");
	vigil_join_hold(other);
	vigil_poll_begin(task);
	vigil_task_yield(task, true);
	vigil_join_await(other);
	vigil_waker_clone(other);
	vigil_waker_clone(other);
	vigil_wake(other);
	vigil_waker_wake(other);
	vigil_waker_drop(other);
	vigil_task_wait(task, VIGIL_WAIT_TASK, other);
	vigil_task_wait_fd(task, VIGIL_WAIT_READABLE, 0);
	vigil_task_wait_until(task, VIGIL_WAIT_TIMER, 0, vigil_now() + 1000000);
	vigil_poll_end(task);
	vigil_task_end(other, VIGIL_OUTCOME_COMPLETED);
	vigil_join_done(other);
	vigil_join_drop(task);
	vigil_task_fail(task, 5, "no route to host");
}

static void locks(vigil_executor loop)
{
	vigil_task task = vigil_task_spawn(loop, VIGIL_TASK_ASYNC, "locker", 0);
	vigil_resource pool = vigil_resource_new(VIGIL_RESOURCE_POOL, "Pool", "connections", 0, 0);
	vigil_resource lock = vigil_resource_new(VIGIL_RESOURCE_MUTEX, "Mutex", NULL, pool, 0);

	vigil_poll_begin(task);
	vigil_lock_wait(lock, VIGIL_MODE_EXCLUSIVE);
	vigil_lock_acquired(lock, VIGIL_MODE_EXCLUSIVE);
	vigil_lock_released(lock);
	vigil_lock_acquired_by(lock, VIGIL_MODE_SHARED, task);
	vigil_lock_released_by(lock, task);
	vigil_lock_wait(lock, VIGIL_MODE_SHARED);
	vigil_lock_abandoned(lock);
	vigil_poll_end(task);
	vigil_task_end(task, VIGIL_OUTCOME_CANCELLED);
	vigil_resource_free(lock);
	vigil_resource_free(pool);
}

static void operations(vigil_executor loop)
{
	vigil_task task = vigil_task_spawn(loop, VIGIL_TASK_ASYNC, "reader", 0);
	vigil_resource io = vigil_resource_new(VIGIL_RESOURCE_IO, "Socket", "db", 0, 0);
	vigil_op op;

	vigil_poll_begin(task);
	op = vigil_op_new(io, "Socket.read", 0);
	vigil_op_poll_begin(op);
	vigil_op_poll_end(op, true);
	vigil_op_free(op);
	vigil_poll_end(task);
	vigil_attr_i64(task, "balance", -3, "count");
	vigil_attr_u64(io, "received", 4096, "bytes");
	vigil_attr_f64(io, "load", 0.5, NULL);
	vigil_attr_bool(io, "open", true);
	vigil_attr_text(io, "peer", "192.0.2.1:443");
	vigil_resource_free(io);
	vigil_task_end(task, VIGIL_OUTCOME_ABORTED);
}

static void spans(void)
{
	vigil_span span = vigil_span_new(VIGIL_LEVEL_INFO, "request");

	vigil_span_enter(span);
	vigil_event(VIGIL_LEVEL_WARN, "the cache is cold");
	vigil_span_leave(span);
	vigil_span_free(span);
	vigil_span_free(vigil_span_begin(VIGIL_LEVEL_INFO, "begun"));
}

/* A thread that ends without saying so. */
static void *thread_main(void *arg)
{
	vigil_event(VIGIL_LEVEL_DEBUG, "from a thread of no executor");
	return arg;
}

int main(void)
{
	vigil_executor loop;
	pthread_t thread;

	if (vigil_init(NULL) || !vigil_is_live())
		return 1;
	loop = vigil_executor_new(VIGIL_EXECUTOR_EVENT_LOOP, "loop");
	executor_and_worker(loop);
	task_life(loop);
	locks(loop);
	operations(loop);
	spans();
	if (pthread_create(&thread, NULL, thread_main, NULL) || pthread_join(thread, NULL))
		return 1;
	vigil_worker_end();
	vigil_executor_free(loop);
	vigil_fini();
	return 0;
}
