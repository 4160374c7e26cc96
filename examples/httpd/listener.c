/* SPDX-License-Identifier: MIT */
/*
 * Accepting.
 *
 * Law: never spins. When descriptors or memory run out, the listener sleeps
 * for a while and the clients wait in the kernel's queue.
 */
#include "listener.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "conn.h"

#define ACCEPTS_PER_RUN 64
#define PAUSE_MS 100

static void listener_run(struct watch *watch, unsigned woken)
{
	struct listener *listener = (struct listener *)watch;

	if (woken & (WAKE_STOP | WAKE_KILL)) {
		vigil_task_end(watch->task, VIGIL_OUTCOME_COMPLETED);
		watch_close(watch);
		return;
	}
	watch_want(watch, EPOLLIN);
	for (int i = 0; i < ACCEPTS_PER_RUN; i++) {
		int fd = accept4(watch->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

		if (fd >= 0) {
			conn_open(watch->loop, listener->server, fd);
		} else if (errno == EAGAIN) {
			break;
		} else if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS ||
			   errno == ENOMEM) {
			counter_add(listener->server, accept_pauses, 1);
			watch_want(watch, 0);
			watch_arm(watch, PAUSE_MS);
			vigil_task_wait_until(watch->task, VIGIL_WAIT_TIMER, 0,
					      watch->timer.due_ns);
			return;
		}
		/* Anything else befell that one client: take the next. */
	}
	vigil_task_wait_fd(watch->task, VIGIL_WAIT_ACCEPT, watch->fd);
}

static int listen_on(struct sockaddr_storage *address, socklen_t len)
{
	static const int one = 1;
	int fd = socket(address->ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	int err;

	if (fd < 0)
		return -errno;
	/* Accepted sockets inherit TCP_NODELAY. */
	if (!setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)) &&
	    !setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &one, sizeof(one)) &&
	    !setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one)) &&
	    !bind(fd, (struct sockaddr *)address, len) && !listen(fd, SOMAXCONN) &&
	    !getsockname(fd, (struct sockaddr *)address, &len))
		return fd;
	err = -errno;
	close(fd);
	return err;
}

int listener_open(struct listener *listener, struct loop *loop, struct server *server,
		  struct sockaddr_storage *address, socklen_t address_len)
{
	int fd = listen_on(address, address_len);
	int err;

	if (fd < 0)
		return fd;
	listener->server = server;
	err = watch_open(&listener->watch, loop, fd, EPOLLIN, listener_run);
	if (err) {
		close(fd);
		return err;
	}
	listener->watch.task =
		vigil_task_spawn(server->http, VIGIL_TASK_CALLBACK, "listener", VIGIL_SPAWN_IDLE);
	vigil_task_wait_fd(listener->watch.task, VIGIL_WAIT_ACCEPT, fd);
	return 0;
}
