/* SPDX-License-Identifier: MIT */
/*
 * History: what each thread of a process did lately, as a timeline draws it. Polls,
 * parks, waits in the middle of what it did, and whom it woke; and who held which lock.
 *
 * It is filled from a trace's events as they pass, or from the rings of last events of
 * a live board.
 *
 * The law of the file: memory is bounded; of each thread the last HISTORY_MOST are
 * kept. What has been forgotten is known (history_since).
 */
#ifndef CONSOLE_HISTORY_H
#define CONSOLE_HISTORY_H

#include "console/model.h"
#include "console/trace/slice.h"

#define HISTORY_MOST 16384u /* slices of a thread, and wakes */

enum history_kind { HISTORY_POLL, HISTORY_PARK, HISTORY_WAIT };

struct history_slice {
	uint64_t begin_ns, end_ns; /* on the process's clock */
	uint64_t task;             /* 0 none */
	uint64_t object;           /* WAIT: for what */
	uint32_t site;             /* POLL: where the task was spawned; WAIT: where it waits */
	uint16_t kind;
	uint16_t wait_kind;
};

struct history_wake {
	uint64_t ns;
	uint64_t task;  /* that was woken */
	uint64_t waker; /* who did it, if that was a task */
	uint32_t site;
	uint32_t worker; /* index of the thread */
};

/* Of a lock, from taking it to giving it back. */
struct history_hold {
	uint64_t begin_ns, end_ns;
	uint64_t lock;
	uint64_t owner; /* task or worker */
	uint32_t site;  /* where it was taken */
};

struct history;

/* NULL without memory. */
struct history *history_new(void);
void history_free(struct history *history);

/* is_cut: what happened before the next event is forgotten, not nothing. */
void history_clear(struct history *history, bool is_cut);

/* From a trace: an event that is about to happen, and the slices it ends. */
void history_pass(struct history *history, const struct trace_event *event,
		  const struct slice *slices, size_t count);

/* From the rings of a board: what is new since the last time. */
void history_read(struct history *history, const struct model *model);

/* Threads by their index; of one that has done nothing there is none. */
uint32_t history_rows(const struct history *history);
uint64_t history_worker(const struct history *history, uint32_t row); /* its reference; 0: none */

/* Slices of a thread in the order of their ends. */
size_t history_count(const struct history *history, uint32_t row);
const struct history_slice *history_at(const struct history *history, uint32_t row, size_t at);

/* The first that ends after ns, of a row that is there: those before do not reach there. */
size_t history_after(const struct history *history, uint32_t row, uint64_t ns);

/* Wakes done by a thread, in their order. */
size_t history_wake_count(const struct history *history, uint32_t row);
const struct history_wake *history_wake_at(const struct history *history, uint32_t row, size_t at);
size_t history_wake_after(const struct history *history, uint32_t row, uint64_t ns);

/* All that any thread did from here on is known. 0: all of it is. */
uint64_t history_since(const struct history *history);

/* Who had the lock that this wait, which has ended, was for; false: not known. */
bool history_held_by(const struct history *history, const struct history_slice *wait,
		     struct history_hold *ret_hold);

/* The wake that made this poll due; false: not known. */
bool history_woken_by(const struct history *history, const struct history_slice *poll,
		      struct history_wake *ret_wake);

#endif
