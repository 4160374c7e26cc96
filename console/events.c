/* SPDX-License-Identifier: MIT */
/* The last events: found in the rings, in the order of their times, in words. */
#include "console/events.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "console/format.h"
#include "console/names.h"

#define RING_MOST 65536 /* events the reader takes from one ring */

/* Puts an event in its place by time; the oldest falls out when all places are taken. */
static void insert(struct ring_event *events, size_t size, size_t *count,
		   const struct ring_event *event)
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

static bool is_of_task(const struct vigil_event_record *event, uint64_t task)
{
	return event->task == task;
}

bool event_has_length(const struct vigil_event_record *event)
{
	return event->kind == VIGIL_EVENT_POLL || event->kind == VIGIL_EVENT_PARK ||
	       event->kind == VIGIL_EVENT_SPAN_LEAVE;
}

uint64_t event_object(const struct vigil_event_record *event)
{
	if (event_has_length(event) || event->kind == VIGIL_EVENT_END ||
	    event->kind == VIGIL_EVENT_NONE)
		return 0;
	return event->value;
}

static bool is_about(const struct vigil_event_record *event, uint64_t object)
{
	return !object || event->task == object || event_object(event) == object;
}

static size_t find(const struct model *model, uint32_t worker,
		   bool (*is_wanted)(const struct vigil_event_record *event, uint64_t object),
		   uint64_t object, struct ring_event *events, size_t size)
{
	struct vigil_event_record *ring = malloc(RING_MOST * sizeof(*ring));
	uint32_t first = worker == EVENTS_ALL ? 0 : worker;
	uint32_t end = worker == EVENTS_ALL ?
			       vigil_reader_count(model->reader, VIGIL_TABLE_worker) :
			       worker + 1;
	size_t count = 0;

	for (uint32_t i = first; ring && i < end; i++) {
		size_t read = vigil_reader_events(model->reader, i, ring, RING_MOST);

		for (size_t e = 0; e < read; e++)
			if (is_wanted(&ring[e], object))
				insert(events, size, &count, &(struct ring_event){ ring[e], i });
	}
	free(ring);
	return count;
}

size_t events_about(const struct model *model, uint32_t worker, uint64_t object,
		    struct ring_event *events, size_t size)
{
	return find(model, worker, is_about, object, events, size);
}

size_t events_of_task(const struct model *model, uint64_t task, struct ring_event *events,
		      size_t size)
{
	return find(model, EVENTS_ALL, is_of_task, task, events, size);
}

void event_what(const struct model *model, const struct vigil_event_record *event, char *buf,
		size_t size)
{
	char object[NAME_TEXT];

	if (event_has_length(event)) {
		format_duration(buf, size, event->value, 0);
	} else if (event->kind == VIGIL_EVENT_END) {
		snprintf(buf, size, "%s", word_outcome((uint32_t)event->value));
	} else {
		name_object(model, event_object(event), object, sizeof(object));
		snprintf(buf, size, "%s", name_after(word_event(event->kind), object));
	}
}

void event_words(const struct model *model, const struct ring_event *event, char *buf, size_t size)
{
	const struct vigil_worker_record *on = VIGIL_AT(model->reader, worker, event->worker);
	const char *kind = word_event(event->event.kind);
	bool has_place = event->event.site && event->event.kind != VIGIL_EVENT_POLL &&
			 event->event.kind != VIGIL_EVENT_END;
	char worker[NAME_TEXT] = "?", what[NAME_TEXT], place[NAME_TEXT];

	if (on)
		name_worker(model, on, worker, sizeof(worker));
	event_what(model, &event->event, what, sizeof(what));
	name_place(model, event->event.site, place, sizeof(place));
	if (event->event.kind == VIGIL_EVENT_WAKE)
		snprintf(buf, size, "%s by %.80s at %.80s", kind, what[0] ? what : worker, place);
	else if (event_has_length(&event->event) || event->event.kind == VIGIL_EVENT_END)
		snprintf(buf, size, "%s on %.60s, %s%s%.80s", kind, worker, what,
			 has_place ? " at " : "", has_place ? place : "");
	else
		snprintf(buf, size, "%s%s%.80s on %.60s%s%.80s", kind, what[0] ? " " : "", what,
			 worker, has_place ? " at " : "", has_place ? place : "");
}
