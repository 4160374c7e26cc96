/* SPDX-License-Identifier: MIT */
/*
 * Two lost wakes: a task waits for a lock that was given back, and one was woken
 * while its executor's only worker sleeps.
 */
#include "scene.h"

int main(void)
{
	vigil_executor loop;
	vigil_task waiter, holder;
	vigil_resource lock;

	scene_begin("lost");
	loop = vigil_executor_new(VIGIL_EXECUTOR_EVENT_LOOP, "loop");
	vigil_worker_begin(loop, "loop-0");
	lock = vigil_resource_new(VIGIL_RESOURCE_MUTEX, "Mutex", "queue", 0, 0);
	holder = vigil_task_spawn(loop, VIGIL_TASK_ASYNC, "producer", 0);
	waiter = vigil_task_spawn(loop, VIGIL_TASK_ASYNC, "consumer", 0);
	vigil_poll_begin(holder);
	vigil_lock_acquired(lock, VIGIL_MODE_EXCLUSIVE);
	vigil_poll_end(holder);
	vigil_poll_begin(waiter);
	vigil_lock_wait(lock, VIGIL_MODE_EXCLUSIVE);
	vigil_poll_end(waiter);
	vigil_wake(holder);
	vigil_poll_begin(holder);
	vigil_lock_released(lock);
	vigil_task_wait(holder, VIGIL_WAIT_RECEIVE, 0);
	vigil_poll_end(holder);
	vigil_wake(holder);
	vigil_worker_park();
	scene_hold();
}
