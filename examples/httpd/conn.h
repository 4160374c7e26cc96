/* SPDX-License-Identifier: MIT */
/*
 * One connection: a state machine that runs on its loop, and the calls with
 * which a page answers.
 *
 * Law: a page answers each request exactly once: with conn_text(), or with
 * conn_head() and conn_body(); now, or after conn_delay() or conn_submit().
 */
#ifndef HTTPD_CONN_H
#define HTTPD_CONN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "loop.h"
#include "parse.h"
#include "server.h"

enum conn_state {
	CONN_READING,   /* waits for a request */
	CONN_DELAYED,   /* waits for its timer, then resumes */
	CONN_WORKING,   /* waits for its job, then resumes */
	CONN_WRITING,   /* waits for room to send the answer */
	CONN_LINGERING, /* gave its last answer: waits for EOF */
};

struct conn {
	struct watch watch; /* first: the callback casts it back */
	struct server *server;
	enum conn_state state;
	bool is_readable; /* epoll said so, and recv not yet otherwise */
	bool is_last;     /* close after this answer */
	bool has_more;    /* the job brings more of the body */

	uint64_t n_requests;
	struct request request;
	size_t request_len; /* its bytes at the front of `in` */
	void (*resume)(struct conn *conn);
	struct job *job;     /* kept until the answer is sent */
	struct entry *entry; /* likewise: `body` points into it */

	const char *body; /* what is left to send, after `out` */
	size_t body_len;
	size_t out_sent;
	size_t out_len;
	size_t in_len;
	char out[2048]; /* the head, and a small body */
	char in[REQUEST_HEAD_MAX];
};

/* Takes `fd` over, in any case. */
void conn_open(struct loop *loop, struct server *server, int fd);

/* Answers with a small text; more than fits `out` is cut. */
void conn_text(struct conn *conn, int status, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* Begins an answer with a body of `length` bytes. */
void conn_head(struct conn *conn, int status, const char *type, uint64_t length);

/* The body or its next part; lives until the answer is sent or resumed. */
void conn_body(struct conn *conn, const char *data, size_t len, bool has_more);

/* Gives an answer up: what was promised cannot be sent. */
void conn_abort(struct conn *conn);

/* Calls `resume` when the time is over. */
void conn_delay(struct conn *conn, unsigned ms, void (*resume)(struct conn *conn));

/* Calls `resume` when the job, which the connection now owns, came back. */
void conn_submit(struct conn *conn, struct job *job, void (*resume)(struct conn *conn));

#endif
