/* SPDX-License-Identifier: MIT */
/* Two tasks each hold one async lock and wait for the other's. */
#include "scene.h"

static vigil_resource lock_a, lock_b;

static void take(vigil_task task, vigil_resource lock, struct vigil_site *site)
{
	vigil_poll_begin(task);
	vigil_lock_acquired_at(site, lock, VIGIL_MODE_EXCLUSIVE);
	vigil_poll_end(task);
}

static void want(vigil_task task, vigil_resource lock)
{
	vigil_wake(task);
	vigil_poll_begin(task);
	vigil_lock_wait(lock, VIGIL_MODE_EXCLUSIVE);
	vigil_poll_end(task);
}

int main(void)
{
	vigil_executor loop;
	vigil_task left, right;

	scene_begin("deadlock");
	loop = vigil_executor_new(VIGIL_EXECUTOR_EVENT_LOOP, "loop");
	vigil_worker_begin(loop, "loop-0");
	lock_a = vigil_resource_new(VIGIL_RESOURCE_MUTEX, "Mutex", "accounts", 0, 0);
	lock_b = vigil_resource_new(VIGIL_RESOURCE_MUTEX, "Mutex", "ledger", 0, 0);
	left = vigil_task_spawn(loop, VIGIL_TASK_ASYNC, "transfer", 0);
	right = vigil_task_spawn(loop, VIGIL_TASK_ASYNC, "audit", 0);
	take(left, lock_a, VIGIL_HERE());
	take(right, lock_b, VIGIL_HERE());
	want(left, lock_b);
	want(right, lock_a);
	vigil_worker_park();
	scene_hold();
}
