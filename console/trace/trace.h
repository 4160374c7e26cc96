/* SPDX-License-Identifier: MIT */
/*
 * A trace as everything above it sees one: events in order, and for each process
 * the board they make.
 *
 *	if (trace_open(&options, &trace, &problem))
 *		... problem.text says why ...
 *	while ((r = trace_next(trace, &event)) == TRACE_EVENT || r == TRACE_GAP) {
 *		... the board is as it was before the event: look at it here ...
 *		if (r == TRACE_EVENT)
 *			trace_apply(trace, event);
 *	}
 *
 * Reading is done by a child process (ctf.c), so that a trace that crashes
 * babeltrace2 ends in a sentence. Memory is that of the boards, whatever the length
 * of the trace.
 *
 * The law: what comes from the child is hostile until checked (feed.c). One thread.
 */
#ifndef CONSOLE_TRACE_TRACE_H
#define CONSOLE_TRACE_TRACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <vigil/reader.h>

#include "console/trace/event.h"

struct board;
struct feed;
struct trace;

#define TRACE_ANY_PROCESS UINT32_MAX

/* Where events are missing: dropped in the target, or packets lost on the way. */
struct trace_gap {
	uint64_t begin_unix_ns, end_unix_ns; /* 0: not known */
	uint64_t events;                     /* dropped; 0: not known */
	uint64_t packets;                    /* lost */
	uint32_t process;                    /* or TRACE_ANY_PROCESS */
};

/* A process of the trace, or one life of it: after exec a process begins anew. */
struct trace_process {
	uint32_t index;
	uint32_t pid;           /* 0: the trace does not say */
	char host[64];          /* "": it does not say */
	char name[32];          /* "": nor did the process */
	struct board *board;    /* the writer's; only trace_apply changes it */
	const void *base;       /* its bytes, for vigil_reader_open_memory */
	size_t size;            /* how many */
	uint64_t first_unix_ns; /* of its first event */
	uint64_t last_unix_ns;  /* of its last event so far; at the end, of the recording's end */
	uint64_t last_ns;       /* the same on its own clock */
	uint64_t events;        /* so far */
	uint64_t lost_events;   /* in gaps so far, at least */
	uint64_t adopted;       /* objects that were born unseen */
	uint64_t boards;        /* how often its board became another: see trace_epoch */
	bool is_whole;          /* recorded from its start */
	bool is_over;           /* it called vigil_fini, or another began with its pid */
	bool is_killed; /* known at the trace's end: that was its own, which it did not choose */
};

struct trace_options {
	const char *const *paths; /* folders; or, live, one URL net://... of a relay */
	size_t path_count;
	bool is_live;        /* trace_next does not wait: TRACE_AGAIN */
	bool has_readers;    /* a board that is replaced stays until trace_bury */
	unsigned patience_s; /* see ctf.h; 0: the usual */
	uint64_t span_bytes; /* read in spans of so many bytes: for tests; 0: as is best */

	/* In the child, instead of babeltrace2: for tests. NULL: babeltrace2. */
	void (*read)(struct feed *feed, uint64_t begin_unix_ns);
};

/* The first and the last moment of a trace, and its size, as its packets tell. */
struct trace_extent {
	uint64_t begin_unix_ns, end_unix_ns; /* 0: not known (yet) */
	uint64_t bytes;
	uint64_t damaged; /* of them */
};

/* Returns 0 or -errno with a sentence. Of what is wrong in the trace trace_next tells. */
int trace_open(const struct trace_options *options, struct trace **ret_trace,
	       struct vigil_problem *ret_problem);
void trace_close(struct trace *trace);

enum trace_result {
	TRACE_END,    /* all is read */
	TRACE_EVENT,  /* *ret_event, valid until the next call */
	TRACE_GAP,    /* trace_gaps has one more */
	TRACE_AGAIN,  /* live: nothing now */
	TRACE_DAMAGED /* nothing more can be read: trace_problem says why */
};

/* TRACE_END and TRACE_DAMAGED are for good. */
enum trace_result trace_next(struct trace *trace, const struct trace_event **ret_event);

/* Applies the event that trace_next gave last to the board of its process. */
void trace_apply(struct trace *trace, const struct trace_event *event);

/* A sentence after TRACE_DAMAGED, else "". */
const char *trace_problem(const struct trace *trace);

/* Processes are numbered in the order of their first events, and stay until the end. */
uint32_t trace_process_count(const struct trace *trace);
const struct trace_process *trace_process(const struct trace *trace, uint32_t index);

/*
 * Goes up when the board of a process has become another, with another base: its state
 * was told in the middle of the trace (statedump.h).
 */
uint64_t trace_epoch(const struct trace *trace);

/* Lets go of boards that were replaced: no reader reads them any more before it is opened anew. */
void trace_bury(struct trace *trace);

/* In the order they were told. */
const struct trace_gap *trace_gaps(const struct trace *trace, size_t *ret_count);

/* Of the first event of all, or what is known first of a process without; 0: nothing is. */
uint64_t trace_first(const struct trace *trace);

/* Time reached, of the last event or of what a live stream says it has passed. */
uint64_t trace_now(const struct trace *trace);

/*
 * Keyframes: all boards of a trace, and where it stood, in one piece of memory that
 * may be written to a file. Returns NULL without memory; the caller frees it.
 */
void *trace_keep(const struct trace *trace, size_t *ret_size);

/* Not while a state is being told: what was told of it is in no keyframe. */
bool trace_can_keep(const struct trace *trace);

/* The moment of a keyframe; 0: before the first event, or it is none of this version. */
uint64_t trace_keep_time(const void *keep, size_t size);

/*
 * Goes back, or ahead, to a keyframe of this trace: boards are as they were, and
 * trace_next goes on from there. All bases of processes are new. keep NULL: to the
 * start. Returns 0, -EBADMSG for what is no keyframe of this version, or -ENOMEM; the
 * trace is at its start then. If no process can be started to read it, that is its end,
 * as trace_next and trace_problem say.
 */
int trace_go(struct trace *trace, const void *keep, size_t size);

/* Known when trace_next has returned once. */
const struct trace_extent *trace_extent(const struct trace *trace);

/* A time of the trace on the clock of a process, as near as its last event tells. */
uint64_t trace_process_ns(const struct trace_process *process, uint64_t unix_ns);

/* Events of the trace that are not Vigil's; known after TRACE_END. */
uint64_t trace_foreign(const struct trace *trace);

/* Readable when a live trace has something new, or has ended; -1 when its child is gone. */
int trace_fd(const struct trace *trace);

#endif
