/* SPDX-License-Identifier: MIT */
/*
 * Pace: what the workers of a trace's processes had done by a second ago, whichever way
 * the trace came to its moment. What they did since then is their rate.
 *
 * The law of the file: an event costs a comparison, but for one in PACE_EVERY_NS.
 */
#ifndef CONSOLE_PACE_H
#define CONSOLE_PACE_H

#include "console/source.h"
#include "console/trace/trace.h"

#define PACE_NS UINT64_C(1000000000)      /* rates are of that time */
#define PACE_LEAST_NS UINT64_C(10000000)  /* of less nothing is said */
#define PACE_EVERY_NS UINT64_C(100000000) /* between two marks */
#define PACE_MARKS 16

/* All workers of a process just before an event. */
struct pace_mark {
	uint64_t unix_ns;
	uint64_t quiet_unix_ns; /* nothing happened since */
	struct past_worker *workers;
	uint32_t count, room;
};

struct pace_one {
	struct pace_mark marks[PACE_MARKS]; /* a ring: */
	uint64_t made;                      /* so many since it was cleared */
};

/* All zero is none yet. */
struct pace {
	struct pace_one *list; /* by process */
	uint32_t count;
	uint64_t due_unix_ns;  /* of the next mark */
	uint64_t last_unix_ns; /* of the last event that passed; 0: none has */
};

void pace_fini(struct pace *pace);

/* An event is about to happen. */
void pace_pass(struct pace *pace, const struct trace *trace, const struct trace_event *event);

/* The trace goes on from elsewhere. */
void pace_clear(struct pace *pace);

/* What a process had done by a second before this moment. */
void pace_past(const struct pace *pace, const struct trace_process *process, uint64_t unix_ns,
	       struct past *ret_past);

#endif
