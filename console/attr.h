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

/* Returns false for one that is no number. */
bool attr_number(const struct vigil_attr_record *attr, double *ret_number);

#endif
