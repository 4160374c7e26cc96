/* SPDX-License-Identifier: MIT */
/* One task never returns from its poll; three others could run behind it. */
#include "scene.h"

int main(void)
{
	vigil_executor loop;
	vigil_task blocker;

	scene_begin("blocked");
	loop = vigil_executor_new(VIGIL_EXECUTOR_CURRENT_THREAD, "main loop");
	vigil_worker_begin(loop, "main-0");
	blocker = vigil_task_spawn(loop, VIGIL_TASK_ASYNC, "resize-image", 0);
	for (int i = 0; i < 3; i++)
		vigil_wake(vigil_task_spawn(loop, VIGIL_TASK_ASYNC, "request", VIGIL_SPAWN_IDLE));
	vigil_poll_begin(blocker);
	scene_hold();
}
