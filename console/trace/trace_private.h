/* SPDX-License-Identifier: MIT */
/* A trace from the inside: between trace.c, trace_child.c and keep.c alone. */
#ifndef CONSOLE_TRACE_TRACE_PRIVATE_H
#define CONSOLE_TRACE_TRACE_PRIVATE_H

#include <sys/types.h>

#include "console/trace/feed.h"
#include "console/trace/process.h"
#include "console/trace/trace.h"

struct trace {
	struct feed *feed;
	pid_t child;
	struct trace_options options;
	char **paths;           /* ours, of the options */
	enum trace_result over; /* TRACE_END or TRACE_DAMAGED, when is_over */
	bool is_over;
	char what[256]; /* that is read, for sentences */
	struct vigil_problem problem;
	struct process **processes;
	uint32_t count;
	uint32_t *lives; /* by the feed's number of a process: which of ours it is now */
	uint32_t life_count;
	struct trace_gap *gaps;
	size_t gap_count;
	uint64_t now;
	uint64_t last_unix_ns; /* of the last event, */
	uint64_t equal;        /* and how many there were at that moment, up to it */
	uint64_t skip_unix_ns; /* after trace_go: events of this moment */
	uint64_t skip;         /* that have been told already */
	uint64_t foreign;
	uint32_t killed; /* pid of a process that was, as its recorder saw; 0: none */
	struct trace_extent extent;
	char scratch[4096];       /* a folder of the child's, which we remove; "": none */
	struct trace_event event; /* what trace_next gave last */
	struct statedump *dumps;  /* states that are being told */
	size_t dump_count;
	uint64_t note_bytes;   /* of them */
	uint64_t epoch;        /* how often a board was replaced */
	struct process **gone; /* whose boards were */
	size_t gone_count;
};

/* ---- trace.c ---- */

/* Takes a process over. Returns false without memory; it is freed then, or NULL. */
bool process_put(struct trace *trace, struct process *process);

/* Lets go of the child and of all that is known. */
void trace_empty(struct trace *trace);

/* Nothing more can be read, for this reason. Returns TRACE_DAMAGED. */
enum trace_result trace_fail(struct trace *trace, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* ---- trace_child.c ---- */

/* In the child: the folder that it may make for its views; NULL: none. For tests. */
const char *child_scratch(void);

/* Starts reading at a moment; 0: the start. Returns 0, or -errno with nothing open. */
int child_start(struct trace *trace, uint64_t begin_unix_ns);

/* Ends it with a signal, 0: waits for its end. Returns its status as waitpid gives it. */
int child_end(struct trace *trace, int number);

#endif
