/* SPDX-License-Identifier: MIT */
/*
 * The tally of a process: how many of its tasks live, how many are runnable, how many
 * tasks and threads wait for locks. Counted once, then kept by looking at what an event
 * is about before and after it.
 */
#ifndef CONSOLE_EXPORT_TALLY_H
#define CONSOLE_EXPORT_TALLY_H

#include <stdbool.h>
#include <stdint.h>

#include "console/trace/event.h"
#include "libtrace/board.h"

struct tally_counts {
	int64_t live, runnable, lock_waiters;
};

struct tally {
	struct tally_counts now;
	struct tally_counts last; /* what it was before the last event */
	bool has_changed;         /* by the last event */
	bool is_begun;
	uint64_t refs[2]; /* what the last event is about: an object, the lock it waited for */
	struct tally_counts before;
};

void tally_before(struct tally *tally, const struct board *board, const struct trace_event *event);
void tally_after(struct tally *tally, const struct board *board);

#endif
