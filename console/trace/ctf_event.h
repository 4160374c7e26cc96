/* SPDX-License-Identifier: MIT */
/* Messages of babeltrace2 become records of the feed. */
#ifndef CONSOLE_TRACE_CTF_EVENT_H
#define CONSOLE_TRACE_CTF_EVENT_H

#include <babeltrace2/babeltrace.h>

#include "console/trace/feed.h"

#define CTF_FIELDS 16   /* members of an event that are read */
#define CTF_CLASSES 512 /* event classes of all traces, a power of two */

/* Where a field goes, and how to read it. */
struct ctf_field {
	uint8_t index;  /* in the payload */
	uint8_t offset; /* in struct trace_event */
	uint8_t size;   /* of the member there: 4, 8; 0: a text */
	bool is_signed;
};

/* What was found out about an event class when it was first met. */
struct ctf_class {
	const bt_event_class *key;
	uint16_t kind; /* TRACE_KINDS: not ours */
	uint8_t fields;
	int8_t vpid; /* index in the common context; -1 none */
	struct ctf_field list[CTF_FIELDS];
};

/* A process as the trace tells them apart. */
struct ctf_process {
	const bt_trace *trace;
	int64_t vpid;
};

struct ctf_reader {
	struct feed *feed;
	struct ctf_class classes[CTF_CLASSES];
	uint32_t class_count;
	struct ctf_process *processes;
	uint32_t process_count;
	uint32_t process_last; /* the one met last */
	uint64_t foreign;      /* events that are not ours */
	bool is_full;          /* more processes than have a number */
};

/* Puts what the message says. Returns false when nobody reads any more. */
bool ctf_message(struct ctf_reader *reader, const bt_message *message);

#endif
