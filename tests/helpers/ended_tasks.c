/* SPDX-License-Identifier: MIT */
/* A server that lives, with tasks that ended a minute ago and one just now. */
#include <time.h>

#include "scene.h"

static uint64_t behind_ns = UINT64_C(60000000000);

static uint64_t clock_now(void *arg)
{
	struct timespec ts;

	(void)arg;
	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * UINT64_C(1000000000) + (uint64_t)ts.tv_nsec - behind_ns;
}

static void end(vigil_executor loop, const char *name)
{
	vigil_task_end(vigil_task_spawn(loop, VIGIL_TASK_ASYNC, name, 0), VIGIL_OUTCOME_COMPLETED);
}

int main(void)
{
	struct vigil_options options = { .struct_size = sizeof(options),
					 .name = "ended",
					 .now_ns = clock_now };
	vigil_executor loop;

	if (vigil_init(&options))
		return 1;
	loop = vigil_executor_new(VIGIL_EXECUTOR_EVENT_LOOP, "http");
	vigil_worker_begin(loop, "http-0");
	vigil_task_spawn(loop, VIGIL_TASK_CALLBACK, "acceptor", VIGIL_SPAWN_IDLE);
	for (int i = 0; i < 3; i++)
		end(loop, "long-ago");
	behind_ns = 0;
	end(loop, "just-now");
	vigil_worker_park();
	scene_hold();
}
