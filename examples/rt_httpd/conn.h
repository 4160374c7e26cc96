/* SPDX-License-Identifier: MIT */
/* Connections, a task each, and the server they belong to. */
#ifndef RT_HTTPD_CONN_H
#define RT_HTTPD_CONN_H

#include <pthread.h>
#include <stdatomic.h>

#include "../httpd/parse.h"
#include "../rt/rt.h"

struct conn {
	struct server *server;
	struct rt_io *io;
	struct conn *next, **link; /* under the server's lock */
	pthread_mutex_t now_lock;
	char now[64]; /* the request that it answers; "": none */
	bool is_head; /* it wants no body */
	bool is_keep_alive;
	size_t size; /* of what was read and not answered */
	char buf[REQUEST_HEAD_MAX];
};

struct server {
	int root_fd;
	_Atomic unsigned long requests;
	_Atomic bool is_stopping;
	pthread_mutex_t lock;
	struct conn *first;
	size_t count;
};

/* Serves io, which it takes. Returns 0 or a negative code. */
int conn_start(struct server *server, struct rt_io *io);
/* Answers with text. Returns 0 or a negative code. */
int conn_answer(struct conn *conn, int status, const char *text);
/* The head of an answer, in a packet with the begin of its body, which is size long in all. */
int conn_begin(struct conn *conn, int status, const char *body, size_t begun, size_t size);

/* Answers with the file of that path (file.c). */
int file_answer(struct conn *conn, struct slice path);

/* No connection asks for more: what was asked is answered. */
void conns_stop(struct server *server);
size_t conns_count(struct server *server);
/* Calls fn with the request that each answers, if it does. */
void conns_each(struct server *server, void (*fn)(const char *now));

#endif
