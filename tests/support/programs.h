/* SPDX-License-Identifier: MIT */
/*
 * Programs in small: what each does, between them, makes every call, in order and
 * out of it. They run on a live board of the test's own (live.h), one after the other
 * or each alone.
 */
#ifndef TESTS_SUPPORT_PROGRAMS_H
#define TESTS_SUPPORT_PROGRAMS_H

#include <stdio.h>

#include "libtrace/board.h"
#include "libtrace/lane.h"
#include "tests/support/live.h"

/* The room they are made for: a little less than they ask. */
#define PROGRAMS_OPTIONS                                                                           \
	((struct vigil_options){ .tasks = 64,                                                      \
				 .finished = 8,                                                    \
				 .resources = 32,                                                  \
				 .ops = 16,                                                        \
				 .spans = 16,                                                      \
				 .attrs = 128,                                                     \
				 .workers = 4,                                                     \
				 .sites = 400 })

static inline void executor_and_worker(vigil_executor loop)
{
	vigil_worker_begin(loop, "worker-0");
	vigil_executor_queued(loop, 3);
	vigil_executor_queued(loop, 1);
	vigil_worker_park();
	time_passes(30);
	vigil_worker_unpark();
	vigil_worker_wait(VIGIL_WAIT_RESOLVE, 0);
	time_passes(5);
	vigil_worker_resume();
	vigil_worker_queued(2);
	vigil_worker_stole(1);
}

static inline void task_life(vigil_executor loop)
{
	vigil_task task = vigil_task_spawn(loop, VIGIL_TASK_ASYNC, "conn 1", VIGIL_SPAWN_JOIN);
	vigil_task other = vigil_task_spawn(loop, VIGIL_TASK_CALLBACK, NULL, VIGIL_SPAWN_IDLE);

	time_passes(7);
	vigil_task_rename(task, "conn one");
	vigil_join_hold(other);
	vigil_poll_begin(task);
	vigil_task_yield(task, true);
	vigil_task_yield(task, false);
	vigil_join_await(other);
	vigil_waker_clone(other);
	vigil_waker_clone(other);
	vigil_wake(other);
	vigil_wake(task);
	time_passes(11);
	vigil_waker_wake(other);
	vigil_waker_drop(other);
	vigil_task_wait(task, VIGIL_WAIT_TASK, other);
	vigil_task_wait_fd(task, VIGIL_WAIT_READABLE, 0);
	vigil_task_wait_fd_until(task, VIGIL_WAIT_READABLE, 1, vigil_now() + 5);
	vigil_task_wait_until(task, VIGIL_WAIT_TIMER, 0, vigil_now() + 1000000);
	vigil_poll_end(task);
	poll_once(other, 12345);
	poll_once(task, 99);
	vigil_task_end(other, VIGIL_OUTCOME_COMPLETED);
	vigil_join_done(other);
	vigil_join_drop(task);
	vigil_task_fail(task, 5, "no route to host");
}

static inline void locks(vigil_executor loop)
{
	vigil_task task = vigil_task_spawn(loop, VIGIL_TASK_ASYNC, "locker", 0);
	vigil_task other = vigil_task_spawn(loop, VIGIL_TASK_ASYNC, "other", 0);
	vigil_resource pool = vigil_resource_new(VIGIL_RESOURCE_POOL, "Pool", "connections", 0, 0);
	vigil_resource lock = vigil_resource_new(VIGIL_RESOURCE_MUTEX, "Mutex", NULL, pool, 0);
	vigil_resource thread =
		vigil_resource_new(VIGIL_RESOURCE_RWLOCK, NULL, "t", 0, VIGIL_RESOURCE_THREAD);

	vigil_poll_begin(task);
	vigil_lock_wait(lock, VIGIL_MODE_EXCLUSIVE);
	time_passes(40);
	vigil_lock_acquired(lock, VIGIL_MODE_EXCLUSIVE);
	vigil_lock_acquired(lock, VIGIL_MODE_EXCLUSIVE);
	vigil_poll_begin(other);
	vigil_lock_wait(lock, VIGIL_MODE_EXCLUSIVE);
	vigil_poll_end(other);
	vigil_lock_released(lock);
	time_passes(400);
	vigil_lock_released(lock);
	vigil_lock_acquired_by(lock, VIGIL_MODE_EXCLUSIVE, other);
	vigil_lock_released(lock);
	vigil_lock_acquired_by(pool, VIGIL_MODE_SHARED, task);
	for (int i = 0; i < VIGIL_OWNERS + 1; i++)
		vigil_lock_acquired_by(pool, VIGIL_MODE_SHARED, other);
	time_passes(3);
	for (int i = 0; i < VIGIL_OWNERS + 1; i++)
		vigil_lock_released_by(pool, other);
	vigil_lock_released_by(pool, task);
	vigil_lock_wait(lock, VIGIL_MODE_SHARED);
	vigil_lock_abandoned(lock);
	vigil_poll_begin(other);
	vigil_lock_wait(lock, VIGIL_MODE_SHARED);
	vigil_lock_abandoned(lock);
	vigil_poll_end(other);
	vigil_lock_wait(thread, VIGIL_MODE_SHARED);
	time_passes(17);
	vigil_lock_acquired(thread, VIGIL_MODE_SHARED);
	vigil_lock_released(thread);
	vigil_poll_end(task);
	vigil_task_end(task, VIGIL_OUTCOME_CANCELLED);
	vigil_resource_free(lock);
	vigil_resource_free(pool);
}

static inline void operations(vigil_executor loop)
{
	vigil_task task = vigil_task_spawn(loop, VIGIL_TASK_ASYNC, "reader", 0);
	vigil_resource io = vigil_resource_new(VIGIL_RESOURCE_IO, "Socket", "db", 0, 0);
	vigil_op op, part;

	vigil_poll_begin(task);
	op = vigil_op_new(io, "Socket.read", 0);
	part = vigil_op_new(0, NULL, op);
	vigil_op_poll_begin(op);
	vigil_op_poll_end(op, false);
	time_passes(8);
	vigil_op_poll_begin(op);
	time_passes(2);
	vigil_op_poll_end(op, true);
	vigil_op_free(op);
	vigil_poll_end(task);
	vigil_attr_text(part, "why", "partly");
	vigil_attr_i64(task, "balance", -3, "count");
	vigil_attr_i64(task, "balance", -4, NULL);
	vigil_attr_set_u64(vigil_attr_u64(io, "received", 1024, "bytes"), 4096);
	vigil_attr_f64(io, "load", 0.5, NULL);
	vigil_attr_set_bool(vigil_attr_bool(io, "open", false), true);
	vigil_attr_text(io, "peer", "192.0.2.1:443");
	vigil_attr_text(io, "peer", NULL);
	vigil_attr_text(io, NULL, "of no name");
	vigil_resource_free(io);
	vigil_task_end(task, VIGIL_OUTCOME_ABORTED);
}

static inline void spans(void)
{
	vigil_task task = SPAWN("spanned", 0);
	vigil_span span = vigil_span_new(VIGIL_LEVEL_INFO, "request");
	vigil_span inner;

	vigil_span_enter(span);
	vigil_event(VIGIL_LEVEL_WARN, "the cache is cold");
	vigil_poll_begin(task);
	inner = vigil_span_new(VIGIL_LEVEL_DEBUG, NULL);
	vigil_span_enter(inner);
	vigil_span_enter(inner);
	vigil_event(VIGIL_LEVEL_ERROR, NULL);
	time_passes(21);
	vigil_poll_end(task);
	vigil_span_leave(span);
	vigil_span_free(span);
	vigil_poll_begin(task);
	vigil_span_leave(inner);
	time_passes(4);
	vigil_span_free(inner);
	vigil_poll_end(task);
}

/* A thread that ends without saying so, in the middle of a poll. */
static inline void *thread_main(void *arg)
{
	vigil_event(VIGIL_LEVEL_DEBUG, "from a thread of no executor");
	vigil_poll_begin(*(vigil_task *)arg);
	time_passes(50);
	return NULL;
}

static inline void all_calls(void)
{
	vigil_executor loop = vigil_executor_new(VIGIL_EXECUTOR_EVENT_LOOP, "loop");
	vigil_task task = SPAWN("polled elsewhere", 0);

	executor_and_worker(loop);
	task_life(loop);
	locks(loop);
	operations(loop);
	spans();
	on_thread(thread_main, &task);
	vigil_worker_wait(VIGIL_WAIT_JOB, task);
	vigil_worker_resume();
	vigil_worker_end();
	vigil_executor_free(loop);
}

/* More than stay visible, and more than there is room for. */
static inline void recycling(void)
{
	vigil_task tasks[70];
	vigil_resource r;
	vigil_span span;
	vigil_op op;

	for (int i = 0; i < 30; i++) {
		vigil_task task = SPAWN(i % 2 ? "odd" : NULL, i % 3 ? 0 : VIGIL_SPAWN_IDLE);

		r = vigil_resource_new(VIGIL_RESOURCE_MUTEX, "Mutex", "of its task", 0, 0);
		if (i % 2)
			vigil_attr_i64(task, "number", i, NULL);
		vigil_poll_begin(task);
		op = vigil_op_new(r, "Mutex.lock", 0);
		span = vigil_span_begin(VIGIL_LEVEL_INFO, "span");
		vigil_lock_acquired(r, VIGIL_MODE_EXCLUSIVE);
		time_passes((uint64_t)i * 100);
		vigil_lock_released(r);
		vigil_poll_end(task);
		if (i % 5)
			vigil_task_end(task, VIGIL_OUTCOME_COMPLETED);
		else
			vigil_task_fail(task, i, "fifth");
		vigil_op_free(op);
		vigil_span_free(span);
		if (i % 4)
			vigil_resource_free(r);
		time_passes(10);
	}
	for (int i = 0; i < 70; i++)
		tasks[i] = SPAWN("too many", 0);
	for (int i = 0; i < 70; i += 2)
		vigil_task_end(tasks[i], VIGIL_OUTCOME_ABORTED);
	for (int i = 0; i < 40; i++)
		poll_once(SPAWN("again", 0), 5);
	for (int i = 0; i < 40; i++)
		r = vigil_resource_new(VIGIL_RESOURCE_IO, NULL, NULL, 0, 0);
	for (int i = 0; i < 20; i++)
		vigil_op_new(0, NULL, 0);
	for (int i = 0; i < 20; i++)
		vigil_span_new(VIGIL_LEVEL_TRACE, NULL);
}

static inline void *task_end(void *task)
{
	vigil_task_end(*(vigil_task *)task, VIGIL_OUTCOME_CANCELLED);
	return NULL;
}

/* Ended by another thread in the middle of a poll, they stand in line again and again. */
static inline void ends_during_polls(void)
{
	vigil_task tasks[60], polled[3];

	for (int i = 0; i < 3; i++) {
		polled[i] = SPAWN("polled", 0);
		vigil_poll_begin(polled[i]);
		time_passes(3);
	}
	for (int i = 0; i < 60; i++)
		tasks[i] = SPAWN("other", 0);
	vigil_task_end(tasks[0], VIGIL_OUTCOME_COMPLETED);
	for (int i = 0; i < 3; i++)
		on_thread(task_end, &polled[i]);
	time_passes(20);
	for (int i = 1; i < 4; i++)
		vigil_task_end(tasks[i], VIGIL_OUTCOME_COMPLETED);
	/* The table is full: its oldest finished ones are given up, but for the polled. */
	for (int i = 0; i < 6; i++)
		SPAWN("in its place", 0);
	time_passes(20);
	for (int i = 10; i < 40; i++)
		vigil_task_end(tasks[i], VIGIL_OUTCOME_COMPLETED);
	vigil_poll_end(polled[2]);
	for (int i = 40; i < 50; i++)
		vigil_task_end(tasks[i], VIGIL_OUTCOME_COMPLETED);
	vigil_poll_end(polled[1]);
	vigil_poll_end(polled[0]);
	for (int i = 50; i < 60; i++)
		vigil_task_end(tasks[i], VIGIL_OUTCOME_COMPLETED);
}

static inline void *poll_elsewhere(void *task)
{
	vigil_poll_begin(*(vigil_task *)task);
	time_passes(9);
	vigil_poll_end(*(vigil_task *)task);
	return NULL;
}

static inline void nested_polls(void)
{
	vigil_task tasks[6];

	for (int i = 0; i < 6; i++) {
		tasks[i] = SPAWN("nested", 0);
		vigil_poll_begin(tasks[i]);
		time_passes(2);
	}
	on_thread(poll_elsewhere, &tasks[4]);
	vigil_poll_end(tasks[5]);
	vigil_wake(tasks[1]);
	vigil_poll_end(tasks[2]); /* a longjmp left the others */
	time_passes(2);
	poll_once(tasks[5], 3);
	vigil_poll_end(tasks[1]);
	vigil_poll_end(tasks[0]);
	vigil_poll_end(tasks[0]);
}

/* Polls of which no record tells: of ended tasks, of running ones, and beyond the frames. */
static inline void polls_without_records(void)
{
	vigil_task tasks[LANE_FRAMES + 4];

	for (int i = 0; i < LANE_FRAMES + 4; i++) {
		tasks[i] = SPAWN("nested", 0);
		vigil_poll_begin(tasks[i]);
		time_passes(2);
	}
	vigil_poll_begin(tasks[3]);
	vigil_task_end(tasks[4], VIGIL_OUTCOME_COMPLETED);
	vigil_task_end(tasks[LANE_FRAMES - 1], VIGIL_OUTCOME_FAILED);
	time_passes(2);
	for (int i = LANE_FRAMES + 3; i > 6; i--)
		vigil_poll_end(tasks[i]);
	vigil_poll_end(tasks[2]);
	time_passes(2);
	vigil_poll_begin(tasks[6]);
	vigil_poll_begin(tasks[6]);
	vigil_poll_end(tasks[6]);
	vigil_poll_end(tasks[6]);
	vigil_poll_end(tasks[1]);
	vigil_poll_end(tasks[0]);
	vigil_poll_end(tasks[0]);
}

/* Two that end at the same time have no order that a record tells. */
static inline void task_ends_after(uint64_t ns)
{
	vigil_task task = SPAWN("short", 0);

	time_passes(ns);
	vigil_task_end(task, VIGIL_OUTCOME_COMPLETED);
}

static inline void misuse_of_tasks(void)
{
	vigil_task never = UINT64_MAX / 3, ended = SPAWN("ended", 0), stale = SPAWN("stale", 0);

	vigil_task_end(ended, (enum vigil_outcome)77);
	vigil_task_end(ended, VIGIL_OUTCOME_COMPLETED);
	time_passes(1);
	vigil_task_end(stale, VIGIL_OUTCOME_COMPLETED);
	for (int i = 0; i < 20; i++)
		task_ends_after(1);
	ended = SPAWN("ended", 0);
	vigil_task_fail(ended, -7, "");
	for (int i = 0; i < 4; i++) {
		vigil_task task = i == 0 ? never : i == 1 ? ended : i == 2 ? stale : 0;

		poll_once(task, 5);
		vigil_poll_end(task);
		vigil_wake(task);
		vigil_waker_clone(task);
		vigil_waker_wake(task);
		vigil_task_rename(task, NULL);
		vigil_task_yield(task, false);
		vigil_task_wait(task, VIGIL_WAIT_TIMER, never);
		vigil_task_end(task, VIGIL_OUTCOME_COMPLETED);
		vigil_join_await(task);
		vigil_attr_i64(task, "key", 1, "unit");
	}
}

static inline void misuse_of_objects(void)
{
	uint64_t never = UINT64_MAX / 5;
	vigil_resource lock = vigil_resource_new(VIGIL_RESOURCE_MUTEX, NULL, NULL, never, 0);
	vigil_resource gone = vigil_resource_new(VIGIL_RESOURCE_MUTEX, NULL, NULL, 0, 0);
	vigil_executor loop = vigil_executor_new(VIGIL_EXECUTOR_OTHER, NULL);
	vigil_op op = vigil_op_new(never, "", never);
	vigil_span span = vigil_span_new(VIGIL_LEVEL_INFO, NULL);
	vigil_task task = SPAWN("task", 0);
	vigil_attr attr;
	char key[16];

	vigil_resource_free(gone);
	vigil_resource_free(gone);
	vigil_lock_released(lock);
	vigil_lock_acquired_by(lock, VIGIL_MODE_EXCLUSIVE, task);
	vigil_lock_acquired_by(lock, VIGIL_MODE_EXCLUSIVE, never);
	vigil_lock_released(lock);
	vigil_lock_abandoned(gone);
	vigil_lock_wait(never, VIGIL_MODE_SHARED);
	vigil_op_poll_end(op, true);
	vigil_op_poll_begin(op);
	vigil_op_free(op);
	vigil_op_free(op);
	attr = vigil_attr_i64(span, "size", 1, NULL);
	vigil_attr_set_i64(attr, 2);
	vigil_attr_set_f64(never, 2);
	vigil_attr_set_u64(0, 3);
	vigil_span_leave(span);
	vigil_span_enter(span);
	vigil_span_free(span);
	vigil_attr_set_i64(attr, 4);
	vigil_span_enter(span);
	vigil_executor_free(loop);
	vigil_executor_free(loop);
	vigil_executor_queued(never, 1);
	vigil_worker_unpark();
	vigil_worker_resume();
	vigil_worker_park();
	vigil_worker_park();
	for (int i = 0; i < ATTRS_PER_OBJECT + 2; i++) {
		snprintf(key, sizeof(key), "key %d", i);
		vigil_attr_u64(task, key, (uint64_t)i, i % 2 ? "" : "bytes");
		vigil_attr_u64(task, key, (uint64_t)i + 1, "");
		vigil_attr_bool(lock, key, true);
	}
}

/* Threads beyond the worker records there are: each starts another and waits for it. */
static inline void *thread_in_thread(void *arg)
{
	int *left = arg;
	vigil_task task = SPAWN("of a thread", 0);
	vigil_resource lock = vigil_resource_new(VIGIL_RESOURCE_RWLOCK, NULL, NULL, 0, 0);

	vigil_poll_begin(task);
	vigil_lock_acquired(lock, VIGIL_MODE_SHARED);
	vigil_event(VIGIL_LEVEL_INFO, "thread");
	vigil_worker_park();
	time_passes(13);
	if (--*left)
		on_thread(thread_in_thread, left);
	vigil_worker_unpark();
	vigil_lock_released(lock);
	vigil_wake(task);
	vigil_poll_end(task);
	vigil_task_end(task, VIGIL_OUTCOME_COMPLETED);
	return NULL;
}

static inline void threads(void)
{
	int left = 6;

	on_thread(thread_in_thread, &left);
	left = 2;
	on_thread(thread_in_thread, &left);
}

struct contender {
	vigil_task task;
	vigil_resource lock;
	struct contender *next;
};

/* Waits for the lock while all before it do, gets it when all behind it have had it. */
static inline void *contend(void *arg)
{
	struct contender *c = arg;
	bool is_shared = c->task % 2;

	vigil_poll_begin(c->task);
	vigil_lock_wait(c->lock, is_shared ? VIGIL_MODE_SHARED : VIGIL_MODE_EXCLUSIVE);
	vigil_lock_wait(c->lock, is_shared ? VIGIL_MODE_SHARED : VIGIL_MODE_EXCLUSIVE);
	time_passes(100);
	vigil_poll_end(c->task);
	if (c->next)
		on_thread(contend, c->next);
	vigil_poll_begin(c->task);
	vigil_lock_acquired(c->lock, is_shared ? VIGIL_MODE_SHARED : VIGIL_MODE_EXCLUSIVE);
	time_passes(1000);
	vigil_lock_released(c->lock);
	vigil_poll_end(c->task);
	vigil_wake(c->task);
	return NULL;
}

static inline void contention(void)
{
	struct contender all[3];
	vigil_resource lock = vigil_resource_new(VIGIL_RESOURCE_RWLOCK, "RwLock", "table", 0, 0);

	for (int i = 0; i < 3; i++)
		all[i] = (struct contender){ SPAWN("contender", 0), lock,
					     i < 2 ? &all[i + 1] : NULL };
	vigil_lock_acquired(lock, VIGIL_MODE_EXCLUSIVE);
	on_thread(contend, all);
	vigil_lock_released(lock);
	for (int i = 0; i < 3; i++)
		vigil_lock_acquired_by(lock, VIGIL_MODE_SHARED, all[i].task);
	time_passes(7);
	vigil_resource_free(lock);
}

/* Wakes from more places than there are sites and edges for. */
static inline void many_places(void)
{
	vigil_task task = SPAWN("woken", 0);

	for (uint32_t i = 1; i <= 400; i++) {
		vigil_wake_at(vigil_site_find("many_places.c", i, "many_places", NULL), task);
		time_passes(i);
		poll_once(task, 1);
	}
}

#endif
