/* SPDX-License-Identifier: MIT */
/*
 * A small server of the test's own, and the board that somebody makes of it who has not
 * seen it begin.
 */
#ifndef TESTS_SUPPORT_SERVED_H
#define TESTS_SUPPORT_SERVED_H

#include "libtrace/live.h"
#include "tests/support/board_equal.h"
#include "tests/support/live.h"
#include "tests/support/told.h"

static struct trace *trace;
static vigil_task task;
static vigil_resource lock;

static inline void request_serve(void)
{
	time_passes(500);
	vigil_wake(task);
	time_passes(20);
	vigil_poll_begin(task);
	vigil_lock_acquired(lock, VIGIL_MODE_EXCLUSIVE);
	time_passes(300);
	vigil_lock_released(lock);
	vigil_task_wait_fd(task, VIGIL_WAIT_READABLE, 5);
	vigil_poll_end(task);
}

static inline void server_start(void)
{
	vigil_executor loop = vigil_executor_new(VIGIL_EXECUTOR_EVENT_LOOP, "loop");

	vigil_worker_begin(loop, "main");
	lock = vigil_resource_new(VIGIL_RESOURCE_MUTEX, "mutex", "db", 0, 0);
	task = vigil_task_spawn(loop, VIGIL_TASK_ASYNC, "conn", VIGIL_SPAWN_IDLE);
}

static inline void requests_serve(int count)
{
	server_start();
	while (count--)
		request_serve();
}

static inline const struct trace_process *only_process(void)
{
	cr_assert_eq(trace_process_count(trace), 1);
	return trace_process(trace, 0);
}

static inline int differences(void)
{
	return boards_differ(live_board->base, only_process()->base, 0);
}

#endif
