/* SPDX-License-Identifier: MIT */
/*
 * A trace as everything above it sees one: events in order, and for each process
 * the board they make.
 *
 *	struct trace *trace;
 *
 *	if (trace_open(&options, &trace, &problem))
 *		... problem.text says why ...
 *	while ((r = trace_next(trace, &event)) == TRACE_EVENT) {
 *		... the board is as it was before the event: look at it here ...
 *		trace_apply(trace, event);
 *	}
 *
 * Reading is done by a child process (ctf.c), so that a trace that crashes
 * babeltrace2 ends in a sentence. Memory is that of the boards, whatever the length
 * of the trace.
 *
 * The law: what comes from the child is hostile until checked (pipe.c). One thread.
 */
#ifndef CONSOLE_TRACE_TRACE_H
#define CONSOLE_TRACE_TRACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <vigil/reader.h>

#include "console/trace/event.h"

struct board;

/* Where events are missing: dropped in the target, or packets lost on the way. */
struct trace_gap {
	uint64_t begin_unix_ns, end_unix_ns;
	uint64_t events;  /* dropped; 0: not known */
	uint64_t packets; /* lost */
	uint32_t process; /* UINT32_MAX: any of the trace's */
};

/* A process of the trace. Of one program that was executed anew there are two. */
struct trace_process {
	uint32_t index;
	uint32_t pid;                 /* 0: the trace does not say */
	char host[64];                /* "" : does not say */
	char name[32];                /* "" until the process or the trace says it */
	struct board *board;          /* private, in memory; never NULL */
	const void *base;             /* of the board, for vigil_reader_open_memory */
	size_t size;                  /* its bytes */
	uint64_t first_unix_ns;       /* of its first event */
	uint64_t last_unix_ns;        /* of its last event so far */
	uint64_t last_ns;             /* the same on its own clock */
	uint64_t events;              /* so far */
	uint64_t lost_events;         /* in gaps so far, at least */
	uint64_t adopted;             /* objects that were born before the trace */
	uint64_t born_before_unix_ns; /* adopted ones; 0: it was recorded from its start */
	bool is_over;                 /* vigil_fini, or another process took its pid */
};

struct trace_options {
	const char *const *paths; /* folders, or one URL net://... of a relay's session */
	size_t path_count;
	const char *reader; /* NULL: fork and read in the child; tests may give a file of records */
	bool is_live;       /* do not block in trace_next: TRACE_AGAIN */
};

/* Returns 0 or -errno with a sentence. */
int trace_open(const struct trace_options *options, struct trace **ret_trace,
	       struct vigil_problem *ret_problem);
void trace_close(struct trace *trace);

enum trace_result {
	TRACE_END,    /* all is read */
	TRACE_EVENT,  /* *ret_event, valid until the next call */
	TRACE_GAP,    /* trace_gaps has one more */
	TRACE_AGAIN,  /* live: nothing now */
	TRACE_DAMAGED /* the trace, or its reader, ended badly: trace_problem says how */
};
enum trace_result trace_next(struct trace *trace, const struct trace_event **ret_event);

/* Applies the event to its process's board. */
void trace_apply(struct trace *trace, const struct trace_event *event);

/* "the rest of t/ust/... is damaged: ..."; "" while all is well. */
const char *trace_problem(const struct trace *trace);

size_t trace_processes(const struct trace *trace);
struct trace_process *trace_process(const struct trace *trace, uint32_t index);

const struct trace_gap *trace_gaps(const struct trace *trace, size_t *ret_count);

/* Time reached: of the last event, or of what a live stream says it has passed. */
uint64_t trace_now(const struct trace *trace);

/* A descriptor that is readable when a live trace has something new. */
int trace_fd(const struct trace *trace);

#endif
