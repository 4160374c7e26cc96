/* SPDX-License-Identifier: MIT */
/*
 * A connection: reads a request, answers it, reads the next, until it is closed, silent for
 * too long, or the server stops. Each request is a span.
 */
#include "conn.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define IDLE_NS (15 * RT_S)
#define LINGER_NS (200 * RT_MS)
#define PACKET 1400

/* ---- Answers ---- */

static const char *reason(int status)
{
	switch (status) {
	case 200:
		return "OK";
	case 404:
		return "Not Found";
	case 405:
		return "Method Not Allowed\r\nAllow: GET, HEAD";
	default:
		return status < 500 ? "Bad Request" : "Server Error";
	}
}

int conn_begin(struct conn *conn, int status, const char *body, size_t begun, size_t size)
{
	char packet[PACKET];
	int length =
		snprintf(packet, sizeof(packet),
			 "HTTP/1.1 %d %s\r\nContent-Length: %zu\r\nConnection: %s\r\n\r\n", status,
			 reason(status), size, conn->is_keep_alive ? "keep-alive" : "close");
	size_t used = (size_t)length, fits = sizeof(packet) - used;
	int error;

	rt_span_i64("status", status);
	if (conn->is_head)
		begun = 0;
	if (fits > begun)
		fits = begun;
	memcpy(packet + used, body, fits);
	error = rt_write_all(conn->io, packet, used + fits);
	return error ? error : rt_write_all(conn->io, body + fits, begun - fits);
}

int conn_answer(struct conn *conn, int status, const char *text)
{
	return conn_begin(conn, status, text, strlen(text), strlen(text));
}

static void burn(uint64_t ns)
{
	uint64_t until = rt_now() + ns;

	while (rt_now() < until)
		;
}

static int respond(struct conn *conn, const struct request *request)
{
	int error = 0;

	if (slice_equals(request->path, "/hello"))
		return conn_answer(conn, 200, "Hello, world!\n");
	if (slice_equals(request->path, "/slow")) {
		error = rt_sleep(query_number(request->query, "ms", 100, 60000) * RT_MS);
		return error ? error : conn_answer(conn, 200, "slow\n");
	}
	if (slice_equals(request->path, "/work")) {
		burn(query_number(request->query, "us", 100, 1000000) * RT_US);
		return conn_answer(conn, 200, "done\n");
	}
	return file_answer(conn, request->path);
}

/* ---- Requests ---- */

static void set_now(struct conn *conn, const char *path, size_t length)
{
	if (length >= sizeof(conn->now))
		length = sizeof(conn->now) - 1;
	pthread_mutex_lock(&conn->now_lock);
	memcpy(conn->now, path, length);
	conn->now[length] = 0;
	pthread_mutex_unlock(&conn->now_lock);
}

static int serve_request(struct conn *conn, const struct request *request)
{
	RT_GUARD(rt_span_leave)
	struct rt_span span = rt_span_enter(VIGIL_LEVEL_INFO, "request");
	int error;

	(void)span;
	set_now(conn, request->path.at, request->path.len + request->query.len + 1);
	rt_span_text("path", conn->now);
	atomic_fetch_add_explicit(&conn->server->requests, 1, memory_order_relaxed);
	conn->is_head = request->method == METHOD_HEAD;
	conn->is_keep_alive = request->is_keep_alive && !atomic_load(&conn->server->is_stopping);
	error = respond(conn, request);
	set_now(conn, "", 0);
	return error ? error : conn->is_keep_alive ? 0 : -EPIPE;
}

/* Closed with something unread, a socket takes its last answer back: that is read first. */
static int refuse(struct conn *conn, int status)
{
	RT_GUARD(rt_span_leave)
	struct rt_span span = rt_span_enter(VIGIL_LEVEL_WARN, "refused");
	uint64_t until = rt_now() + LINGER_NS;
	int error;

	(void)span;
	conn->is_head = conn->is_keep_alive = false;
	error = conn_answer(conn, status, "this server does not understand that\n");
	if (!error)
		error = rt_io_end_write(conn->io);
	while (!error &&
	       rt_timeout_until(until, rt_read_op(conn->io, conn->buf, sizeof(conn->buf))) > 0)
		;
	return error ? error : -EPIPE;
}

/* Answers all that has been read. Returns 0 when more must be read. */
static int serve_read(struct conn *conn)
{
	size_t done = 0;
	int error = 0;

	while (!error) {
		struct request request;
		int used = request_parse(&request, conn->buf + done, conn->size - done);

		if (!used)
			break;
		error = used < 0 ? refuse(conn, -used) : serve_request(conn, &request);
		done += used < 0 ? 0 : (size_t)used;
	}
	if (!error && done) {
		conn->size -= done;
		memmove(conn->buf, conn->buf + done, conn->size);
	}
	return error;
}

static int serve(struct conn *conn)
{
	for (;;) {
		int n = rt_timeout(IDLE_NS, rt_read_op(conn->io, conn->buf + conn->size,
						       sizeof(conn->buf) - conn->size));

		if (n <= 0)
			return n;
		conn->size += (size_t)n;
		n = serve_read(conn);
		if (n)
			return n;
	}
}

/* ---- The task ---- */

static void conn_free(struct conn *conn)
{
	pthread_mutex_lock(&conn->server->lock);
	*conn->link = conn->next;
	if (conn->next)
		conn->next->link = conn->link;
	conn->server->count--;
	pthread_mutex_unlock(&conn->server->lock);
	rt_io_free(conn->io);
	pthread_mutex_destroy(&conn->now_lock);
	free(conn);
}

static int conn_task(void *arg)
{
	int error = serve(arg);

	conn_free(arg);
	/* A peer that went or was silent is no failure of ours. */
	return error == -ECANCELED ? error : 0;
}

int conn_start(struct server *server, struct rt_io *io)
{
	struct conn *conn = malloc(sizeof(*conn));
	int error;

	if (!conn) {
		rt_io_free(io);
		return -ENOMEM;
	}
	*conn = (struct conn){ .server = server, .io = io, .link = &server->first };
	pthread_mutex_init(&conn->now_lock, NULL);
	pthread_mutex_lock(&server->lock);
	conn->next = server->first;
	if (conn->next)
		conn->next->link = &conn->next;
	server->first = conn;
	server->count++;
	pthread_mutex_unlock(&server->lock);
	error = rt_spawn(NULL, conn_task, conn, "conn");
	if (error)
		conn_free(conn);
	return error;
}

/* ---- Of all ---- */

void conns_stop(struct server *server)
{
	atomic_store(&server->is_stopping, true);
	pthread_mutex_lock(&server->lock);
	/* Who waits for a request reads an end. */
	for (struct conn *conn = server->first; conn; conn = conn->next)
		shutdown(rt_io_fd(conn->io), SHUT_RD);
	pthread_mutex_unlock(&server->lock);
}

size_t conns_count(struct server *server)
{
	size_t count;

	pthread_mutex_lock(&server->lock);
	count = server->count;
	pthread_mutex_unlock(&server->lock);
	return count;
}

void conns_each(struct server *server, void (*fn)(const char *now))
{
	pthread_mutex_lock(&server->lock);
	for (struct conn *conn = server->first; conn; conn = conn->next) {
		pthread_mutex_lock(&conn->now_lock);
		if (conn->now[0])
			fn(conn->now);
		pthread_mutex_unlock(&conn->now_lock);
	}
	pthread_mutex_unlock(&server->lock);
}
