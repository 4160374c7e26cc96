/* SPDX-License-Identifier: MIT */
/*
 * The last events of tasks, locks and workers, gathered from the rings of workers.
 * Rings forget: what happened long ago may have left none.
 */
#ifndef CONSOLE_EVENTS_H
#define CONSOLE_EVENTS_H

#include "console/model.h"

#define EVENTS_ALL UINT32_MAX /* workers */

/* An event and the worker whose ring it was in, by index. */
struct ring_event {
	struct vigil_event_record event;
	uint32_t worker;
};

/*
 * The last `size` events a worker saw, or all of them did, that have to do with an
 * object (0: any), oldest first. Returns how many; none without memory.
 */
size_t events_about(const struct model *model, uint32_t worker, uint64_t object,
		    struct ring_event *events, size_t size);

/* Those that happened to a task. What it did to others is not among them. */
size_t events_of_task(const struct model *model, uint64_t task, struct ring_event *events,
		      size_t size);

/* Whether an event's value is a length in ns; it is an object, or for an end its outcome. */
bool event_has_length(const struct vigil_event_record *event);

/* The object in an event's value; 0: there is none. */
uint64_t event_object(const struct vigil_event_record *event);

/* What the value says, behind the kind: "12 us", "completed", "Barrier::wait". */
void event_what(const struct model *model, const struct vigil_event_record *event, char *buf,
		size_t size);

/* "poll on http-0, 12 us", "wake by 3 acceptor at conn.c:40": of a task. */
void event_words(const struct model *model, const struct ring_event *event, char *buf, size_t size);

#endif
