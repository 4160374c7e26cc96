/* SPDX-License-Identifier: MIT */
/*
 * Events applied to a board: each calls the board function that the program's own
 * call called, with its time, its thread and its arguments.
 *
 * What an event names and the board does not know is adopted, if it may have been
 * born unseen: before the session started, or while events were lost. It then gets a
 * record that says so. In a trace that is whole an unknown handle is the program's
 * mistake, and counted as one, as it was live.
 */
#ifndef CONSOLE_TRACE_APPLY_H
#define CONSOLE_TRACE_APPLY_H

#include <stdbool.h>

#include "console/trace/event.h"
#include "libtrace/board.h"

struct adoption {
	bool is_allowed;
	bool is_gap;       /* born in a gap, not before the trace */
	uint64_t since_ns; /* the earliest that is known of them */
	uint64_t count;
	uint64_t ids[VIGIL_TABLES]; /* serial numbers given to them, which no other object has */
};

#define ADOPTED_BEFORE "born before the trace"
#define ADOPTED_IN_GAP "born where events were lost"

/* From now on objects may have been born unseen. */
void adoption_begin(struct adoption *adoption, const struct board *board, bool is_gap,
		    uint64_t since_ns);

/*
 * Events were lost: what runs, what is parked and what a thread waits for may have
 * ended unseen, so it is taken back, uncounted. What is still so says it again.
 */
void board_doubt(struct board *board);

void event_apply(struct board *board, struct adoption *adoption, const struct trace_event *event);

#endif
