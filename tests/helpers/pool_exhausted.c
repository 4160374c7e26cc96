/* SPDX-License-Identifier: MIT */
/* Both threads of a pool run jobs that do not end; a connection waits for a third. */
#include "scene.h"

static vigil_executor pool;
static sem_t there;

static void *body(void *arg)
{
	vigil_task job;

	(void)arg;
	vigil_worker_begin(pool, "pool");
	job = vigil_task_spawn(pool, VIGIL_TASK_BLOCKING, "read-file", 0);
	vigil_poll_begin(job);
	sem_post(&there);
	for (;;)
		pause();
	return NULL;
}

int main(void)
{
	vigil_executor loop;
	vigil_task conn, job;

	scene_begin("exhausted");
	pool = vigil_executor_new(VIGIL_EXECUTOR_BLOCKING_POOL, "files");
	loop = vigil_executor_new(VIGIL_EXECUTOR_EVENT_LOOP, "http");
	scene_thread(body, &there);
	scene_thread(body, &there);
	vigil_worker_begin(loop, "http-0");
	conn = vigil_task_spawn(loop, VIGIL_TASK_CALLBACK, "conn", 0);
	vigil_poll_begin(conn);
	job = vigil_task_spawn(pool, VIGIL_TASK_BLOCKING, "read-file", 0);
	vigil_task_wait(conn, VIGIL_WAIT_JOB, job);
	vigil_poll_end(conn);
	vigil_worker_park();
	scene_hold();
}
