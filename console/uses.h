/* SPDX-License-Identifier: MIT */
/*
 * Uses: who waits for a resource, and which operations use it now. It stands in the
 * tasks, threads and operations, not in the resource.
 *
 * The law of the file: they are counted only for who shows them, all in one pass; what
 * was counted stands until it is asked for again, and a record that serves another
 * resource by then has none.
 */
#ifndef CONSOLE_USES_H
#define CONSOLE_USES_H

#include "console/model.h"

/* Counts them. Returns 0, or -ENOMEM: then there are none. */
int model_want_uses(struct model *model);

/* Who waits: as the tasks and threads say, or a lock's own count, whichever is more. */
uint32_t resource_waiting(const struct model *model, const struct vigil_resource_record *resource);

/* Operations that have not ended. */
uint32_t resource_ops(const struct model *model, const struct vigil_resource_record *resource);

/*
 * Goes through the tasks and threads that wait for a resource, or through its operations:
 * previous 0 gives the first one, 0 is the end.
 */
uint64_t uses_waiter(const struct model *model, uint64_t resource, uint64_t previous);
uint64_t uses_op(const struct model *model, uint64_t resource, uint64_t previous);

/* The resource that a task waits for, itself or by an operation on it; NULL: it waits for none. */
const struct vigil_resource_record *waited_resource(const struct model *model,
						    const struct vigil_task_record *task);

/* Its attributes in a line; empty when it has none. */
void resource_words(const struct model *model, const struct vigil_resource_record *resource,
		    char *buf, size_t size);

#endif
