/* SPDX-License-Identifier: MIT */
/* The last events of one task, gathered from the rings of all workers. */
#ifndef CONSOLE_TASK_EVENTS_H
#define CONSOLE_TASK_EVENTS_H

#include "console/model.h"

struct task_event {
	uint64_t worker; /* on which it happened */
	struct vigil_event_record event;
};

/*
 * The last `size` events of the task, oldest first. Rings forget: a task that was
 * polled long ago may have none. Returns how many, or -ENOMEM.
 */
int task_events(const struct model *model, uint64_t task, struct task_event *events, size_t size);

/* "poll, 12 us on http-0", "wake by 3 acceptor at conn.c:40". */
void task_event_words(const struct model *model, const struct task_event *event, char *buf,
		      size_t size);

#endif
