/* SPDX-License-Identifier: MIT */
/* A task sleeps on a timer while it holds the lock two others wait for. */
#include "scene.h"

static vigil_task waiter(vigil_executor loop, vigil_resource lock, const char *name)
{
	vigil_task task = vigil_task_spawn(loop, VIGIL_TASK_ASYNC, name, 0);

	vigil_poll_begin(task);
	vigil_lock_wait(lock, VIGIL_MODE_EXCLUSIVE);
	vigil_poll_end(task);
	return task;
}

int main(void)
{
	vigil_executor loop;
	vigil_resource lock;
	vigil_task holder;

	scene_begin("held");
	loop = vigil_executor_new(VIGIL_EXECUTOR_EVENT_LOOP, "loop");
	vigil_worker_begin(loop, "loop-0");
	lock = vigil_resource_new(VIGIL_RESOURCE_MUTEX, "Mutex", "cache", 0, 0);
	holder = vigil_task_spawn(loop, VIGIL_TASK_ASYNC, "refresher", 0);
	vigil_poll_begin(holder);
	vigil_lock_acquired(lock, VIGIL_MODE_EXCLUSIVE);
	vigil_task_wait_until(holder, VIGIL_WAIT_TIMER, 0, vigil_now() + UINT64_C(3600000000000));
	vigil_poll_end(holder);
	waiter(loop, lock, "reader-1");
	waiter(loop, lock, "reader-2");
	vigil_worker_park();
	scene_hold();
}
