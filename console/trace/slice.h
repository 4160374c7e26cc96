/* SPDX-License-Identifier: MIT */
/*
 * Slices: what an event ends. The end of a poll makes a slice of running, its begin
 * one of being runnable and one of waiting, a lock's release one of holding it.
 * Reports, exports and the timeline are made of them.
 *
 * The law: a slice follows from the event and the board before it, so nothing needs
 * to be remembered between events, however many there are.
 */
#ifndef CONSOLE_TRACE_SLICE_H
#define CONSOLE_TRACE_SLICE_H

#include "console/trace/trace.h"

enum slice_kind {
	SLICE_RUN,       /* a poll of the task on the worker */
	SLICE_RUNNABLE,  /* woken, not yet polled; other: who woke it, site: where */
	SLICE_WAIT,      /* idle; state: enum vigil_wait_kind, other: for what, fd */
	SLICE_LOCK_WAIT, /* for the lock `object` by a task, or by a thread (task 0) */
	SLICE_HOLD,      /* of the lock `object` by a task, or by a thread; site: where taken */
	SLICE_BLOCKED,   /* a thread, in the middle of what it does; state and other as WAIT */
	SLICE_PARK,      /* a worker without work */
	SLICE_OP,        /* an operation, from call to result; other: its resource */
	SLICE_SPAN,      /* from entering to leaving */
	SLICE_KINDS
};

struct slice {
	enum slice_kind kind;
	uint32_t process;          /* index in the trace */
	uint64_t begin_ns, end_ns; /* on the process's clock; begin <= end */
	uint64_t task;             /* references, 0 none */
	uint64_t worker;
	uint64_t object; /* lock, op, span */
	uint64_t other;
	uint32_t site;  /* index plus one */
	uint32_t state; /* enum vigil_wait_kind; of HOLD and LOCK_WAIT enum vigil_mode */
	int32_t fd;     /* -1 none */
};

/* Whether a wait of this kind (enum vigil_wait_kind) is for a lock. */
bool wait_is_for_lock(uint32_t kind);

#define SLICES_MAX 8 /* of one event */

/*
 * The slices that an event ends. To be called before trace_apply. Returns how many
 * were written.
 */
size_t slices_of(const struct trace *trace, const struct trace_event *event,
		 struct slice ret_slices[SLICES_MAX]);

/* The same, of an event of this process. */
size_t slices_of_process(const struct trace_process *process, const struct trace_event *event,
			 struct slice ret_slices[SLICES_MAX]);

/*
 * The slices that are still open now, as if the process ended at end_ns: one of the
 * state of each live task, running, runnable or waiting, the locks that are held, the
 * threads that wait or are parked. tell is called for each.
 */
void slices_open(const struct trace_process *process, uint64_t end_ns,
		 void (*tell)(void *arg, const struct slice *slice), void *arg);

#endif
