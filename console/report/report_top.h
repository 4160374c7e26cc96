/* SPDX-License-Identifier: MIT */
/* The N largest of whatever is offered, largest first: memory that does not grow. */
#ifndef CONSOLE_REPORT_TOP_H
#define CONSOLE_REPORT_TOP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Items begin with a uint64_t, their key. */
struct top {
	unsigned char *items;
	size_t size, room, count;
};

/* Returns false without memory. */
bool top_init(struct top *top, size_t item_size, size_t room);
void top_fini(struct top *top);

/* Whether an item of this key would be kept: ask before it is made. */
bool top_wants(const struct top *top, uint64_t key);

/* A place for an item of this key, all zero but for the key; NULL when it is not kept. */
void *top_put(struct top *top, uint64_t key);

void *top_at(const struct top *top, size_t index);

#endif
