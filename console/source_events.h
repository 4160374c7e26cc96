/* SPDX-License-Identifier: MIT */
/* What sources have in common whose boards are made of events: source_trace, source_live. */
#ifndef CONSOLE_SOURCE_EVENTS_H
#define CONSOLE_SOURCE_EVENTS_H

#include "console/history.h"
#include "console/source.h"
#include "console/trace/trace.h"
#include "libtrace/board.h"

/* Histories by process, and a board for a process that has not begun. */
struct events {
	struct history **histories;
	uint32_t count;
	struct board blank;
	bool has_blank;
};

void events_fini(struct events *events);

/* An event is about to happen. */
void events_pass(struct events *events, uint32_t process, const struct trace_event *event,
		 const struct slice *slices, size_t count);
void events_clear(struct events *events, bool is_cut);

/* Of one process nothing is known any more, up to its next event. */
void events_clear_one(struct events *events, uint32_t process);

/* NULL: none yet. */
const struct history *events_history(const struct events *events, uint32_t process);

/* A reader of a process; NULL: it has not begun. Returns 0 or -errno with a sentence. */
int events_reader_open(struct events *events, const struct trace_process *process,
		       struct vigil_reader **ret_reader, struct vigil_problem *ret_problem);

/* A number for the board of a process, as of struct source_member. */
uint64_t events_board(const struct trace_process *process, uint32_t index, uint64_t epoch);

/* Tells a reader which moment the board of its process is of. */
void events_reader_fix(struct vigil_reader *reader, const struct trace_process *process,
		       uint64_t unix_ns);

/* A time of a process's clock as unix ns. */
uint64_t events_unix_of(const struct trace_process *process, uint64_t ns);

/* What a process says of itself at this moment. */
void events_describe(const struct trace_process *process, struct source_process *ret_process);

#endif
