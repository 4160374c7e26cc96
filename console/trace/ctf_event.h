/* SPDX-License-Identifier: MIT */
/* Messages of babeltrace2 become records of the feed. */
#ifndef CONSOLE_TRACE_CTF_EVENT_H
#define CONSOLE_TRACE_CTF_EVENT_H

#include <babeltrace2/babeltrace.h>

#include "console/trace/ctf_map.h"

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
	int8_t vpid;   /* index in the common context; -1 none */
	int16_t words; /* index in the payload; -1 none */
	struct ctf_field list[CTF_FIELDS];
};

/* A process as traces tell them apart, whichever view of its trace it is met in. */
struct ctf_process {
	uint8_t uuid[16]; /* of the trace */
	int64_t vpid;
};

struct ctf_reader {
	struct feed *feed; /* NULL: nothing is told, to see whether it can be read */
	struct ctf_class classes[CTF_CLASSES];
	uint32_t class_count;
	struct ctf_process *processes;
	uint32_t process_count;
	uint32_t process_last;               /* the one met last */
	const bt_trace *trace;               /* of the event met last, */
	uint8_t uuid[16];                    /* and what that is called */
	uint64_t told_unix_ns;               /* of the last event told */
	uint64_t foreign;                    /* events that are not ours */
	uint64_t begin_unix_ns, end_unix_ns; /* only events in [begin, end) are told */
	uint64_t last_unix_ns;               /* of the whole trace; 0: not known */
	const struct ctf_map_gap *gaps; /* those not told yet, by end; babeltrace2's own are not */
	size_t gap_count;
	bool has_map; /* the gaps are known from there */
	uint64_t words[FEED_WORDS_MAX];
};

/*
 * Puts the gaps that end before a time, as those before what was asked for or in it.
 * Returns false when nobody reads any more.
 */
bool ctf_gaps_until(struct ctf_reader *reader, uint64_t unix_ns, bool is_before);

/* Lets go of what was learnt of event classes. */
void ctf_classes_forget(struct ctf_reader *reader);

/* Puts what the message says. Returns false when nobody reads any more. */
bool ctf_message(struct ctf_reader *reader, const bt_message *message);

#endif
