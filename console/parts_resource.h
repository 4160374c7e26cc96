/* SPDX-License-Identifier: MIT */
/*
 * Parts of pages about a resource: its attributes, who waits for it, what uses it.
 *
 * The law of the file: lists are taken when rows are gathered, and written from what
 * was taken, however often the page is drawn.
 */
#ifndef CONSOLE_PARTS_RESOURCE_H
#define CONSOLE_PARTS_RESOURCE_H

#include "console/model.h"
#include "console/page.h"

#define USERS_SHOWN 24

/* Those that have waited or lasted longest. */
struct users {
	uint64_t refs[USERS_SHOWN];
	size_t count;
	uint32_t all;
};

/* After model_want_uses. */
void users_take_waiters(struct users *users, const struct model *model, uint64_t resource);
void users_take_ops(struct users *users, const struct model *model, uint64_t resource);

/* A title and a line for each; nothing when there are none. */
void part_waiters(struct page *page, const struct model *model, const struct users *waiters);
void part_ops(struct page *page, const struct model *model, const struct users *ops);

/* The same of attributes, with the time since each was set. */
void part_state(struct page *page, const struct vigil_attr_record *attrs, size_t count,
		uint64_t now);

#endif
