/* SPDX-License-Identifier: MIT */
/*
 * A cursor: a moment of a trace, which can be moved either way. The boards of the
 * trace's processes are as they were then.
 *
 *	cursor_go(cursor, &(struct cursor_goal){ .to = CURSOR_TO_TIME, .unix_ns = at });
 *	while ((r = cursor_work(cursor, WORK_NS)) == CURSOR_AGAIN)
 *		... draw, obey keys; a new cursor_go takes the place of this one ...
 *
 * Boards stay those they were, though they may be ahead of cursor_now, until the
 * cursor has come to where it goes; then cursor_epoch tells whether they are others.
 *
 * The law: no call takes much longer than it was allowed to, whatever the length of
 * the trace. One thread.
 */
#ifndef CONSOLE_TRACE_CURSOR_H
#define CONSOLE_TRACE_CURSOR_H

#include "console/trace/slice.h"
#include "console/trace/trace.h"

struct cursor;

struct cursor_options {
	struct trace_options trace;
	uint64_t frame_events; /* between keyframes: for tests; 0: as is best */
	bool must_index; /* go through it once before anything else: for cursor_end and marks */

	/*
	 * Optional: each event that the cursor passes, before it is applied, with the
	 * slices it ends; and that it begins anew from another moment.
	 */
	void (*pass)(void *arg, const struct trace *trace, const struct trace_event *event,
		     const struct slice *slices, size_t count);
	void (*rewind)(void *arg, bool is_cut); /* is_cut: not from the trace's begin */
	void *arg;
};

/* Stands at the first event. Returns 0 or -errno with a sentence. */
int cursor_open(const struct cursor_options *options, struct cursor **ret_cursor,
		struct vigil_problem *ret_problem);
void cursor_close(struct cursor *cursor);

/* ---- Moving ---- */

enum cursor_to {
	CURSOR_TO_TIME,      /* all events up to unix_ns have happened */
	CURSOR_TO_END,       /* all events */
	CURSOR_TO_EVENT,     /* has just happened */
	CURSOR_TO_POLL,      /* has just begun */
	CURSOR_TO_TASK_POLL, /* the same of a task */
	CURSOR_TO_LONG_POLL, /* took more than over_ns: its longest wait, or it, is about to end */
	CURSOR_TO_GAP        /* events were lost up to here */
};

struct cursor_goal {
	enum cursor_to to;
	bool is_back; /* the last one before, not the next one after: from TO_EVENT on */
	uint64_t unix_ns;
	uint64_t over_ns;
	uint32_t process; /* whose task, long polls or gaps; of the latter two also of any: */
	uint64_t task;
};

#define CURSOR_ANY_PROCESS TRACE_ANY_PROCESS

enum cursor_result {
	CURSOR_THERE, /* also when there was nothing to do */
	CURSOR_NONE,  /* there is no such thing that way; it stands where it stood */
	CURSOR_AGAIN  /* on its way */
};

/* Says where to go. Only cursor_work goes. */
void cursor_go(struct cursor *cursor, const struct cursor_goal *goal);
enum cursor_result cursor_work(struct cursor *cursor, uint64_t budget_ns);

/* How far on its way it is, 0 to 1; below 0: not known. */
double cursor_progress(const struct cursor *cursor);

/* ---- Where it is ---- */

uint64_t cursor_now(const struct cursor *cursor);   /* unix ns */
uint64_t cursor_begin(const struct cursor *cursor); /* of the first event */
uint64_t cursor_end(const struct cursor *cursor);   /* of the last one known */
bool cursor_is_indexed(const struct cursor *cursor);
uint64_t cursor_passed(const struct cursor *cursor); /* events up to here */

/* Rises whenever boards are others than before: readers of them are to be opened anew. */
uint64_t cursor_epoch(const struct cursor *cursor);

/* What it came to stand at by TO_EVENT to TO_LONG_POLL. */
struct cursor_stop {
	struct trace_event event; /* without its texts; kind TRACE_KINDS: none */
	uint64_t poll_ns;         /* how long the poll took that it ends, */
	uint64_t block_ns;        /* and the wait in it that is about to end instead; 0: none */
};
const struct cursor_stop *cursor_stop(const struct cursor *cursor);

/* A sentence when the trace ends in damage, else "". */
const char *cursor_problem(const struct cursor *cursor);

/* ---- What there is in the trace ---- */

/* A process in all of the trace, as far as that is indexed. */
struct cursor_process {
	uint32_t pid;
	char host[64];
	char name[32];
	uint64_t first_unix_ns, last_unix_ns;
	uint64_t events, lost_events;
	bool is_over; /* it said that it ends */
};

/* Numbered as in the trace. */
uint32_t cursor_process_count(const struct cursor *cursor);
const struct cursor_process *cursor_process(const struct cursor *cursor, uint32_t index);

/* The process as it is here; NULL: it has not begun. */
const struct trace_process *cursor_process_now(const struct cursor *cursor, uint32_t index);

/* What is worth a look, in the order of time: gaps, and the longest polls. */
enum cursor_mark_kind { CURSOR_MARK_GAP, CURSOR_MARK_POLL };

struct cursor_mark {
	enum cursor_mark_kind kind;
	uint32_t process;
	uint64_t begin_unix_ns, end_unix_ns;
	uint64_t task; /* of the poll */
};

/* Known when it is indexed. */
const struct cursor_mark *cursor_marks(const struct cursor *cursor, size_t *ret_count);

#endif
