/* SPDX-License-Identifier: MIT */
/* A awaits B, B awaits C, and C waits for a lock that a thread holds outside any task. */
#include "scene.h"

int main(void)
{
	vigil_task tasks[3];
	const char *names[3] = { "upload", "encode", "store" };
	vigil_executor loop;
	vigil_resource lock;

	scene_begin("join");
	loop = vigil_executor_new(VIGIL_EXECUTOR_MULTI_THREAD, "runtime");
	vigil_worker_begin(loop, "runtime-0");
	lock = vigil_resource_new(VIGIL_RESOURCE_MUTEX, "Mutex", "disk", 0, 0);
	vigil_lock_acquired(lock, VIGIL_MODE_EXCLUSIVE);
	for (int i = 0; i < 3; i++)
		tasks[i] = vigil_task_spawn(loop, VIGIL_TASK_ASYNC, names[i], VIGIL_SPAWN_JOIN);
	for (int i = 0; i < 2; i++) {
		vigil_poll_begin(tasks[i]);
		vigil_join_await(tasks[i + 1]);
		vigil_task_wait(tasks[i], VIGIL_WAIT_TASK, tasks[i + 1]);
		vigil_poll_end(tasks[i]);
	}
	vigil_poll_begin(tasks[2]);
	vigil_lock_wait(lock, VIGIL_MODE_EXCLUSIVE);
	vigil_poll_end(tasks[2]);
	scene_hold();
}
