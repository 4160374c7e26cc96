/* SPDX-License-Identifier: MIT */
/* A server with nothing to do: an acceptor, two connections, a timer. */
#include <sys/socket.h>

#include "scene.h"

static void idle_on(vigil_executor loop, const char *name, enum vigil_wait_kind kind, int fd)
{
	vigil_task task = vigil_task_spawn(loop, VIGIL_TASK_CALLBACK, name, 0);

	vigil_poll_begin(task);
	vigil_attr_text(task, "peer", "127.0.0.1:4711");
	vigil_attr_u64(task, "sent", 1234, "bytes");
	vigil_task_wait_fd(task, kind, fd);
	vigil_poll_end(task);
}

int main(void)
{
	vigil_executor loop;
	vigil_task timer;
	int fds[2];

	scene_begin("idle");
	if (socketpair(AF_UNIX, SOCK_STREAM, 0, fds))
		return 1;
	loop = vigil_executor_new(VIGIL_EXECUTOR_EVENT_LOOP, "http");
	vigil_attr_u64(loop, "connections", 2, NULL);
	vigil_worker_begin(loop, "http-0");
	idle_on(loop, "acceptor", VIGIL_WAIT_ACCEPT, fds[0]);
	idle_on(loop, "conn", VIGIL_WAIT_READABLE, fds[0]);
	idle_on(loop, "conn", VIGIL_WAIT_READABLE, fds[1]);
	timer = vigil_task_spawn(loop, VIGIL_TASK_CALLBACK, "tick", 0);
	vigil_poll_begin(timer);
	vigil_task_wait_until(timer, VIGIL_WAIT_TIMER, 0, vigil_now() + UINT64_C(3600000000000));
	vigil_poll_end(timer);
	vigil_task_end(vigil_task_spawn(loop, VIGIL_TASK_ASYNC, "warm-up", 0),
		       VIGIL_OUTCOME_COMPLETED);
	vigil_worker_park();
	scene_hold();
}
