/* SPDX-License-Identifier: MIT */
/*
 * For programs that bring their server along: a listener with the task that has it, and its
 * connections as a stream.
 */
#ifndef CONNECTIONS_H
#define CONNECTIONS_H

#include "../example.h"

/* Zeroed: not started. */
struct server {
	struct rt_listener *listener;
	uint16_t port;
	rt_fn serve;
	const char *name;
	struct rt_handle task;
};

/* A server that has failed listens no more: who stands in line there is told. */
static inline int server_serve(void *arg)
{
	struct server *server = (struct server *)arg;
	int code = server->serve(server->listener);

	if (code < 0 && code != -ECANCELED)
		fprintf(stderr, "%s cannot go on: %s\n", server->name, strerror(-code));
	rt_listener_free(server->listener);
	server->listener = NULL;
	return code;
}

/* Runs serve, which gets the listener, in a task of that name. Stop it whatever it returns. */
static inline int server_start(struct server *server, rt_fn serve, const char *name)
{
	int code = rt_tcp_listen("127.0.0.1", 0, &server->listener);

	if (code)
		return rt_context(code, "%s cannot listen", name);
	server->port = rt_listener_port(server->listener);
	server->serve = serve;
	server->name = name;
	return rt_spawn(&server->task, server_serve, server, name);
}

static inline void server_stop(struct server *server)
{
	example_stop(&server->task);
	rt_listener_free(server->listener);
	server->listener = NULL;
}

static inline int connections_accept(struct rt_stream *connections, void *listener)
{
	int code = 0;

	while (!code) {
		struct rt_io *io;

		code = rt_accept((struct rt_listener *)listener, &io);
		if (code)
			return code;
		code = rt_stream_put(connections, io);
		if (code)
			rt_io_free(io);
	}
	return code;
}

/* One that nobody takes is closed. */
static inline void connections_drop(void *io)
{
	rt_io_free(io);
}

#define connections_of(listener)                                                                   \
	rt_stream_new("connections", connections_accept, listener, connections_drop)

#endif
