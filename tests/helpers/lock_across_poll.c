/* SPDX-License-Identifier: MIT */
/*
 * One worker. A task holds a thread lock while it is runnable; the task that is
 * polled blocks the thread on that lock: neither can ever go on.
 */
#include "scene.h"

int main(void)
{
	vigil_executor loop;
	vigil_resource lock;
	vigil_task first, second;

	scene_begin("across");
	loop = vigil_executor_new(VIGIL_EXECUTOR_CURRENT_THREAD, "loop");
	vigil_worker_begin(loop, "loop-0");
	lock = vigil_resource_new(VIGIL_RESOURCE_MUTEX, "pthread_mutex_t", "db", 0,
				  VIGIL_RESOURCE_THREAD);
	first = vigil_task_spawn(loop, VIGIL_TASK_ASYNC, "query", 0);
	second = vigil_task_spawn(loop, VIGIL_TASK_ASYNC, "commit", 0);
	vigil_poll_begin(first);
	vigil_lock_acquired(lock, VIGIL_MODE_EXCLUSIVE);
	vigil_poll_end(first);
	vigil_wake(first);
	vigil_poll_begin(second);
	vigil_lock_wait(lock, VIGIL_MODE_EXCLUSIVE);
	scene_hold();
}
