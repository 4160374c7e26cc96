/* SPDX-License-Identifier: MIT */
/* The last events of one task. */
#include "console/task_events.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "console/format.h"
#include "console/names.h"

#define RING_MOST 65536 /* events the reader takes from one ring */

/* Puts an event in its place by time; the oldest falls out when all places are taken. */
static void insert(struct task_event *events, size_t size, size_t *count,
		   const struct task_event *event)
{
	size_t at = *count;

	while (at && events[at - 1].event.time_ns > event->event.time_ns)
		at--;
	if (*count < size) {
		memmove(&events[at + 1], &events[at], (*count - at) * sizeof(*events));
		events[at] = *event;
		++*count;
	} else if (at) {
		memmove(&events[0], &events[1], (at - 1) * sizeof(*events));
		events[at - 1] = *event;
	}
}

int task_events(const struct model *model, uint64_t task, struct task_event *events, size_t size)
{
	uint32_t workers = vigil_reader_count(model->reader, VIGIL_TABLE_worker);
	struct vigil_event_record *ring = calloc(RING_MOST, sizeof(*ring));
	size_t count = 0;

	if (!ring)
		return -ENOMEM;
	for (uint32_t i = 0; i < workers; i++) {
		size_t read = vigil_reader_events(model->reader, i, ring, RING_MOST);

		for (size_t e = 0; e < read; e++) {
			struct task_event event = {
				.worker = vigil_reader_ref(model->reader, VIGIL_TABLE_worker, i),
				.event = ring[e],
			};

			if (ring[e].task == task)
				insert(events, size, &count, &event);
		}
	}
	free(ring);
	return (int)count;
}

void task_event_words(const struct model *model, const struct task_event *event, char *buf,
		      size_t size)
{
	const struct vigil_worker_record *on = VIGIL_FIND(model->reader, worker, event->worker);
	const char *kind = word_event(event->event.kind);
	char worker[NAME_TEXT] = "?", object[NAME_TEXT], place[NAME_TEXT], time[FORMAT_SIZE];

	if (on)
		name_worker(model, on, worker, sizeof(worker));
	name_object(model, event->event.value, object, sizeof(object));
	name_place(model, event->event.site, place, sizeof(place));
	switch (event->event.kind) {
	case VIGIL_EVENT_POLL:
		format_duration(time, sizeof(time), event->event.value, 0);
		snprintf(buf, size, "%s on %.60s, %s", kind, worker, time);
		break;
	case VIGIL_EVENT_END:
		snprintf(buf, size, "%s on %.60s, %s", kind, worker,
			 word_outcome((uint32_t)event->event.value));
		break;
	case VIGIL_EVENT_WAKE:
		snprintf(buf, size, "%s by %.80s at %.80s", kind, object[0] ? object : worker,
			 place);
		break;
	default:
		snprintf(buf, size, "%s%s%.80s on %.60s%s%.80s", kind, object[0] ? " " : "", object,
			 worker, event->event.site ? " at " : "", event->event.site ? place : "");
		break;
	}
}
