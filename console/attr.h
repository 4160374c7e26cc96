/* SPDX-License-Identifier: MIT */
/* Attributes: what a program said of its own objects, as text and as numbers. */
#ifndef CONSOLE_ATTR_H
#define CONSOLE_ATTR_H

#include <stdbool.h>
#include <stddef.h>

#include <vigil/reader.h>

#define ATTR_MOST 64 /* of one object */

/* The value as people read it, without its unit. */
void attr_text(const struct vigil_attr_record *attr, char *buf, size_t size);

/*
 * The same with its unit: `250 ms`, `12.3 KiB`, `3 conns`. A deadline is told from now:
 * `in 40 ms`.
 */
void attr_words(const struct vigil_attr_record *attr, uint64_t now, char *buf, size_t size);

/*
 * All of them in a line: `length 3/16, peer 127.0.0.1:80, not closed`. A bound stands behind
 * what it bounds: X.max behind X, the capacity behind the length. What does not fit is counted.
 */
void attrs_words(const struct vigil_attr_record *attrs, size_t count, uint64_t now, char *buf,
		 size_t size);

/* Returns false for one that is no number. */
bool attr_number(const struct vigil_attr_record *attr, double *ret_number);

#endif
