/* SPDX-License-Identifier: MIT */
/*
 * trace_load EVENTS: about that many events of a server's mixture, from one thread:
 * for each request a wake, a poll, a wait, a lock; every tenth a new connection, so that
 * a million events fill the ring of finished tasks.
 * Exit status 1: no board.
 */
#include <stdlib.h>

#include <vigil/vigil.h>

#define TASKS 64
#define PER_REQUEST 6 /* events */

static vigil_task tasks[TASKS];
static vigil_executor loop;
static vigil_resource cache;

static void task_open(int slot)
{
	tasks[slot] = vigil_task_spawn(loop, VIGIL_TASK_CALLBACK, "conn", VIGIL_SPAWN_IDLE);
}

static void request_serve(vigil_task task)
{
	vigil_wake(task);
	vigil_poll_begin(task);
	vigil_lock_acquired(cache, VIGIL_MODE_EXCLUSIVE);
	vigil_lock_released(cache);
	vigil_task_wait_fd(task, VIGIL_WAIT_READABLE, 7);
	vigil_poll_end(task);
}

int main(int argc, char **argv)
{
	long events = argc > 1 ? strtol(argv[1], NULL, 10) : 10000;

	if (vigil_init(NULL) || !vigil_is_live())
		return 1;
	loop = vigil_executor_new(VIGIL_EXECUTOR_EVENT_LOOP, "loop");
	cache = vigil_resource_new(VIGIL_RESOURCE_MUTEX, "mutex", "cache", 0, 0);
	vigil_worker_begin(loop, "main");
	for (int i = 0; i < TASKS; i++)
		task_open(i);
	for (long i = 0; i < events / PER_REQUEST; i++) {
		request_serve(tasks[i % TASKS]);
		if (i % 10)
			continue;
		vigil_task_end(tasks[i / 10 % TASKS], VIGIL_OUTCOME_COMPLETED);
		task_open((int)(i / 10 % TASKS));
	}
	vigil_fini();
	return 0;
}
