/* SPDX-License-Identifier: MIT */
/*
 * The longest hold, wait and poll there was, what still lasts included: that is what hangs,
 * and the board counts it only when it ends.
 *
 * The law of the file: waits are looked for among all tasks once a refresh, and only if
 * somebody asks.
 */
#ifndef CONSOLE_LONGEST_H
#define CONSOLE_LONGEST_H

#include "console/model.h"

struct longest {
	uint64_t ns;
	bool lasts; /* at least so long: it has not ended */
};

struct longest longest_hold(const struct model *model, const struct vigil_resource_record *lock);
struct longest longest_wait(const struct model *model, const struct vigil_resource_record *lock);
struct longest longest_poll(const struct model *model, const struct vigil_worker_record *worker);
struct longest longest_poll_of(const struct vigil_task_record *task, uint64_t now);

/* "47 s+"; "-": there was none. Returns buf. */
char *longest_words(struct longest longest, char *buf, size_t size);

#endif
