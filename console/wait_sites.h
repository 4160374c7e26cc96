/* SPDX-License-Identifier: MIT */
/*
 * Where tasks wait: at the lines of their async operations that have not ended.
 *
 * The law: it costs one look at all operations, which all tasks share. A line is said
 * only of an operation that is for what the task waits for, or that has been polled
 * and was not ready.
 */
#ifndef CONSOLE_WAIT_SITES_H
#define CONSOLE_WAIT_SITES_H

#include "console/model.h"

struct wait_sites {
	uint32_t *ops; /* by index of a task: of its operation, plus one; NULL: not known */
	uint32_t count;
};

/* Without memory nothing is known. Valid until the next refresh. */
void wait_sites_find(const struct model *model, struct wait_sites *ret_sites);
void wait_sites_fini(struct wait_sites *wait_sites);

/* The line at which a task that is idle waits, as index plus one of its site; 0: not known. */
uint32_t wait_sites_of(const struct wait_sites *wait_sites, const struct model *model,
		       const struct vigil_task_record *task);

/* The same of one task, by a look of its own. */
uint32_t wait_site_of_task(const struct model *model, const struct vigil_task_record *task);

#endif
