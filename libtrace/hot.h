/* SPDX-License-Identifier: MIT */
/* What a poll and a wake do to a board. Used live, by replays, and remotely. */
#ifndef LIBTRACE_HOT_H
#define LIBTRACE_HOT_H

#include "libtrace/lane.h"

void board_poll_begin(struct board *board, struct lane *lane, uint64_t now, uint64_t task);
void board_poll_end(struct board *board, struct lane *lane, uint64_t now, uint64_t task);
/* waker: the task or worker that woke it; 0: nobody known. */
void board_wake(struct board *board, struct lane *lane, uint64_t now, uint32_t site, uint64_t task,
		uint64_t waker);

void board_waker_clone(struct board *board, uint64_t task);
void board_waker_drop(struct board *board, uint64_t task);

/*
 * Ends the poll of a task by this lane, in the middle of it: the task ended.
 * The poll's own end, still to come, finds its frame empty.
 */
void board_poll_cut(struct board *board, struct lane *lane, uint64_t now, uint64_t task);

#endif
