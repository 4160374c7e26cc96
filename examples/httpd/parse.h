/* SPDX-License-Identifier: MIT */
/*
 * The HTTP/1.1 request parser (RFC 9112): the head of a request, from bytes.
 *
 * Law: no input or output, no allocation, no state between calls; every slice
 * points into the caller's buffer. All bytes are hostile.
 */
#ifndef HTTPD_PARSE_H
#define HTTPD_PARSE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The largest head taken; a caller's buffer needs no more. */
#define REQUEST_HEAD_MAX 8192

struct slice {
	const char *at;
	size_t len;
};

enum method {
	METHOD_GET,
	METHOD_HEAD,
	METHOD_OTHER, /* known to HTTP, refused here with 405 */
};

struct request {
	enum method method;
	struct slice path;  /* begins with '/'; still percent-encoded */
	struct slice query; /* without the '?'; may be empty */
	bool is_keep_alive;
};

/*
 * Parses the first request in the `len` bytes at `bytes`.
 *
 * Returns the length of its head, which is all of it: a request with a body is
 * refused. Returns 0 when more bytes are needed, or minus the status that
 * refuses it: 400, 405, 413, 414, 431, 501 or 505. After a refusal nobody can
 * say where the next request begins; answer and close.
 */
int request_parse(struct request *request, const char *bytes, size_t len);

bool slice_equals(struct slice slice, const char *text);

/*
 * Finds `name` in a query such as "us=20&ms=7". Returns its number, at most
 * `max`; `fallback` when it is not there or not a number.
 */
unsigned query_number(struct slice query, const char *name, unsigned fallback, unsigned max);

/*
 * Undoes the percent-encoding of a path, with a final NUL. Returns 0, or -400
 * for a broken escape, an encoded NUL, or a path that does not fit.
 */
int path_decode(struct slice path, char *ret_text, size_t size);

#endif
