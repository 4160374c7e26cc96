/* SPDX-License-Identifier: MIT */
/*
 * The connection's state machine.
 *
 * Law: nothing here blocks. A step either moves on, or leaves the connection
 * in a state that says what it waits for, or ends it; conn_run() is the only
 * caller of steps and the only one who frees a connection.
 */
#include "conn.h"

#include <errno.h>
#include <netdb.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#include "page.h"

#define ANSWERS_PER_RUN 16 /* then others have a turn */
#define LINGER_MS 1000

enum step {
	STEP_ON, /* there is more to do */
	STEP_WAIT,
	STEP_CLOSE,
};

/* clang-format off */
static const char *status_text(int status)
{
	switch (status) {
	case 200: return "OK";
	case 400: return "Bad Request";
	case 404: return "Not Found";
	case 405: return "Method Not Allowed";
	case 408: return "Request Timeout";
	case 413: return "Content Too Large";
	case 414: return "URI Too Long";
	case 431: return "Request Header Fields Too Large";
	case 501: return "Not Implemented";
	case 503: return "Service Unavailable";
	case 505: return "HTTP Version Not Supported";
	default: return "Internal Server Error";
	}
}
/* clang-format on */

/* Made once a second: gmtime_r() takes a lock of the whole process. */
static const char *date_text(void)
{
	static _Thread_local char text[40];
	static _Thread_local time_t made;
	time_t now = time(NULL);
	struct tm tm;

	if (now != made) {
		gmtime_r(&now, &tm);
		strftime(text, sizeof(text), "%a, %d %b %Y %H:%M:%S GMT", &tm);
		made = now;
	}
	return text;
}

void conn_head(struct conn *conn, int status, const char *type, uint64_t length)
{
	conn->out_sent = 0;
	conn->out_len = (size_t)snprintf(conn->out, sizeof(conn->out),
					 "HTTP/1.1 %d %s\r\n"
					 "Date: %s\r\n"
					 "Content-Type: %s\r\n"
					 "Content-Length: %llu\r\n"
					 "%s"
					 "Connection: %s\r\n"
					 "\r\n",
					 status, status_text(status), date_text(), type,
					 (unsigned long long)length,
					 status == 405 ? "Allow: GET, HEAD\r\n" : "",
					 conn->is_last ? "close" : "keep-alive");
	conn->state = CONN_WRITING;
}

void conn_body(struct conn *conn, const char *data, size_t len, bool has_more)
{
	if (conn->request.method == METHOD_HEAD)
		return;
	conn->body = data;
	conn->body_len = len;
	conn->has_more = has_more;
	conn->state = CONN_WRITING;
}

void conn_text(struct conn *conn, int status, const char *format, ...)
{
	char text[1536];
	va_list args;
	size_t len;
	int wanted;

	va_start(args, format);
	wanted = vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	len = wanted < (int)sizeof(text) ? (size_t)wanted : sizeof(text) - 1;
	conn_head(conn, status, "text/plain; charset=utf-8", len);
	if (conn->request.method != METHOD_HEAD) {
		memcpy(conn->out + conn->out_len, text, len);
		conn->out_len += len;
	}
}

void conn_abort(struct conn *conn)
{
	conn->is_last = true;
	conn->body_len = 0;
	conn->has_more = false;
	conn->state = CONN_WRITING;
}

void conn_delay(struct conn *conn, unsigned ms, void (*resume)(struct conn *conn))
{
	conn->resume = resume;
	conn->state = CONN_DELAYED;
	watch_arm(&conn->watch, ms);
}

void conn_submit(struct conn *conn, struct job *job, void (*resume)(struct conn *conn))
{
	conn->resume = resume;
	conn->job = job;
	conn->state = CONN_WORKING;
	/* A slow disk is not the client's fault. */
	watch_disarm(&conn->watch);
	counter_add(conn->server, jobs, 1);
	if (pool_submit(&conn->server->pool, job, &conn->watch)) {
		job->is_cancelled = true;
		resume(conn);
	}
}

static enum step conn_refuse(struct conn *conn, int status)
{
	counter_add(conn->server, refused, 1);
	vigil_event(VIGIL_LEVEL_WARN, status_text(status));
	conn->is_last = true;
	conn->request_len = conn->in_len;
	conn_text(conn, status, "%d %s\n", status, status_text(status));
	return STEP_ON;
}

static enum step conn_receive(struct conn *conn)
{
	size_t room = sizeof(conn->in) - conn->in_len;
	ssize_t got;

	if (!conn->is_readable)
		return conn->watch.loop->is_stopping && !conn->in_len ? STEP_CLOSE : STEP_WAIT;
	got = recv(conn->watch.fd, conn->in + conn->in_len, room, 0);
	if (got < 0 && (errno == EAGAIN || errno == EINTR)) {
		conn->is_readable = errno == EINTR;
		return STEP_ON;
	}
	if (got <= 0)
		return STEP_CLOSE;
	/* The time runs from a request's first byte, and later bytes do not
	 * extend it: a client that sends one a second is no better off. */
	if (!conn->in_len)
		watch_arm(&conn->watch, conn->server->idle_ms);
	conn->is_readable = (size_t)got == room;
	conn->in_len += (size_t)got;
	return STEP_ON;
}

/* Which request it is at, for whoever asks why this connection is stuck. */
static void conn_show_request(struct conn *conn)
{
	struct slice path = conn->request.path;
	char text[64];

	if (!vigil_is_live())
		return;
	snprintf(text, sizeof(text), "%.*s", (int)path.len, path.at);
	vigil_attr_text(conn->watch.task, "path", text);
	vigil_attr_u64(conn->watch.task, "requests", conn->n_requests, NULL);
}

static enum step conn_read(struct conn *conn)
{
	int n = request_parse(&conn->request, conn->in, conn->in_len);

	if (n == 0)
		return conn_receive(conn);
	counter_add(conn->server, requests, 1);
	if (n < 0)
		return conn_refuse(conn, -n);
	conn->request_len = (size_t)n;
	conn->n_requests++;
	conn_show_request(conn);
	conn->is_last = !conn->request.is_keep_alive || conn->watch.loop->is_stopping;
	page_answer(conn);
	return STEP_ON;
}

/* The answer is out: forget it, and go on to the next request or to the end. */
static void conn_finish(struct conn *conn)
{
	if (conn->job)
		job_release(conn->job);
	if (conn->entry)
		entry_release(conn->entry);
	conn->job = NULL;
	conn->entry = NULL;
	conn->in_len -= conn->request_len;
	memmove(conn->in, conn->in + conn->request_len, conn->in_len);
	if (!conn->is_last) {
		conn->state = CONN_READING;
		watch_arm(&conn->watch, conn->server->idle_ms);
		return;
	}
	/* A close() with input unread would reset the connection, and the
	 * client might lose the answer: say goodbye and wait for its EOF. */
	shutdown(conn->watch.fd, SHUT_WR);
	conn->is_readable = true;
	conn->state = CONN_LINGERING;
	watch_arm(&conn->watch, LINGER_MS);
}

static enum step conn_write(struct conn *conn)
{
	while (conn->out_sent < conn->out_len || conn->body_len) {
		struct iovec parts[2] = {
			{ conn->out + conn->out_sent, conn->out_len - conn->out_sent },
			{ (char *)conn->body, conn->body_len },
		};
		struct msghdr message = { .msg_iov = parts, .msg_iovlen = 2 };
		ssize_t sent = sendmsg(conn->watch.fd, &message, MSG_NOSIGNAL);
		size_t head;

		if (sent < 0 && errno == EINTR)
			continue;
		if (sent < 0 && errno == EAGAIN) {
			watch_arm(&conn->watch, conn->server->idle_ms);
			return STEP_WAIT;
		}
		if (sent < 0)
			return STEP_CLOSE;
		counter_add(conn->server, bytes_sent, (uint64_t)sent);
		head = parts[0].iov_len < (size_t)sent ? parts[0].iov_len : (size_t)sent;
		conn->out_sent += head;
		conn->body += (size_t)sent - head;
		conn->body_len -= (size_t)sent - head;
	}
	if (conn->has_more)
		conn_submit(conn, conn->job, conn->resume);
	else
		conn_finish(conn);
	return STEP_ON;
}

/* Reads to nowhere until the client closes or the timer does it. */
static enum step conn_linger(struct conn *conn)
{
	ssize_t got;

	if (!conn->is_readable)
		return STEP_WAIT;
	got = recv(conn->watch.fd, conn->in, sizeof(conn->in), 0);
	conn->is_readable = false; /* once a run: no one is starved */
	return got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR) ? STEP_CLOSE : STEP_WAIT;
}

static enum step conn_step(struct conn *conn)
{
	switch (conn->state) {
	case CONN_READING:
		return conn_read(conn);
	case CONN_WRITING:
		return conn_write(conn);
	case CONN_LINGERING:
		return conn_linger(conn);
	default:
		return STEP_WAIT;
	}
}

static enum step conn_expire(struct conn *conn, unsigned woken)
{
	if (conn->state == CONN_DELAYED) {
		conn->resume(conn);
		return STEP_ON;
	}
	/* The request is here; it was this loop that came late. */
	if (conn->state == CONN_READING &&
	    (conn->in_len ? woken & WAKE_YIELD : conn->is_readable)) {
		watch_arm(&conn->watch, conn->server->idle_ms);
		return STEP_ON;
	}
	if (conn->state != CONN_LINGERING)
		counter_add(conn->server, timeouts, 1);
	if (conn->state == CONN_READING && conn->in_len)
		return conn_refuse(conn, 408);
	return STEP_CLOSE;
}

/* What each state waits for; a hangup is always reported. */
static void conn_wait(struct conn *conn)
{
	static const uint32_t interests[] = {
		[CONN_READING] = EPOLLIN,  [CONN_DELAYED] = 0,         [CONN_WORKING] = 0,
		[CONN_WRITING] = EPOLLOUT, [CONN_LINGERING] = EPOLLIN,
	};

	watch_want(&conn->watch, interests[conn->state]);
	if (conn->state == CONN_DELAYED)
		vigil_task_wait_until(conn->watch.task, VIGIL_WAIT_TIMER, 0,
				      conn->watch.timer.due_ns);
	else if (conn->state == CONN_WORKING)
		vigil_task_wait(conn->watch.task, VIGIL_WAIT_JOB, conn->job->task);
	else
		vigil_task_wait_fd_until(conn->watch.task,
					 conn->state == CONN_WRITING ? VIGIL_WAIT_WRITABLE :
								       VIGIL_WAIT_READABLE,
					 conn->watch.fd, conn->watch.timer.due_ns);
}

static void conn_free(struct conn *conn)
{
	counter_add(conn->server, closed, 1);
	if (conn->job)
		job_release(conn->job);
	if (conn->entry)
		entry_release(conn->entry);
	vigil_task_end(conn->watch.task, VIGIL_OUTCOME_COMPLETED);
	watch_close(&conn->watch);
	free(conn);
}

static void conn_run(struct watch *watch, unsigned woken)
{
	struct conn *conn = (struct conn *)watch;
	enum step step = STEP_ON;
	int n_answers = 0;

	if (woken & WAKE_READABLE)
		conn->is_readable = true;
	if (woken & (WAKE_HANGUP | WAKE_KILL))
		step = STEP_CLOSE;
	else if (woken & WAKE_JOB)
		conn->resume(conn);
	else if (woken & WAKE_TIMER)
		step = conn_expire(conn, woken);
	while (step == STEP_ON && n_answers < ANSWERS_PER_RUN) {
		n_answers += conn->state == CONN_WRITING;
		step = conn_step(conn);
	}
	if (step == STEP_CLOSE) {
		conn_free(conn);
		return;
	}
	if (step == STEP_ON) {
		vigil_task_yield(watch->task, true);
		watch_wake(watch, WAKE_YIELD);
	}
	conn_wait(conn);
}

/* The client's address, likewise. */
static void conn_show_peer(struct conn *conn)
{
	struct sockaddr_storage peer;
	socklen_t len = sizeof(peer);
	char host[NI_MAXHOST], port[NI_MAXSERV], text[NI_MAXHOST + NI_MAXSERV];

	if (!vigil_is_live() || getpeername(conn->watch.fd, (struct sockaddr *)&peer, &len) ||
	    getnameinfo((struct sockaddr *)&peer, len, host, sizeof(host), port, sizeof(port),
			NI_NUMERICHOST | NI_NUMERICSERV))
		return;
	snprintf(text, sizeof(text), strchr(host, ':') ? "[%s]:%s" : "%s:%s", host, port);
	vigil_attr_text(conn->watch.task, "peer", text);
}

void conn_open(struct loop *loop, struct server *server, int fd)
{
	struct conn *conn = malloc(sizeof(*conn));

	counter_add(server, accepted, 1);
	if (!conn || watch_open(&conn->watch, loop, fd, EPOLLIN, conn_run)) {
		counter_add(server, closed, 1);
		free(conn);
		close(fd);
		return;
	}
	conn->watch.task =
		vigil_task_spawn(server->http, VIGIL_TASK_CALLBACK, "conn", VIGIL_SPAWN_IDLE);
	conn_show_peer(conn);
	/* Field by field: clearing the buffers would cost 10 KiB a time. */
	conn->server = server;
	conn->state = CONN_READING;
	conn->is_readable = false;
	conn->is_last = false;
	conn->has_more = false;
	conn->job = NULL;
	conn->entry = NULL;
	conn->body = "";
	conn->body_len = 0;
	conn->out_sent = 0;
	conn->out_len = 0;
	conn->in_len = 0;
	conn->n_requests = 0;
	watch_arm(&conn->watch, server->idle_ms);
	conn_wait(conn);
}
