/* SPDX-License-Identifier: MIT */
/*
 * A process's state, told in the middle of a session: its board as `vigil record
 * --live` copied it, in pieces (libtrace/tracepoints.h), or as a flight recorder laid it
 * beside its snapshot. Who joined late, or missed events, then knows all again.
 *
 * Between the first piece and the last the process goes on. So its events are noted
 * meanwhile, and those that are not in the copy are applied to it.
 *
 * The law: the pieces are hostile; one that is missing makes the rest worthless. Of a
 * process that is known from its start none is looked at.
 */
#ifndef CONSOLE_TRACE_STATEDUMP_H
#define CONSOLE_TRACE_STATEDUMP_H

#include "console/trace/trace_private.h"

/* Takes a board_part. Afterwards a process may be new, or its board another. */
void statedump_take(struct trace *trace, const struct trace_event *part);

/* Notes an event of a process whose state is being told. */
void statedump_note(struct trace *trace, const struct process *process,
		    const struct trace_event *event);

/* Events of a process, or of any, were lost: what is being told may miss them too. */
void statedump_gap(struct trace *trace, uint32_t process);

/*
 * An event of a process is about to happen. The copy of a flight recorder's board may be
 * of later than its first events: until then it is put aside, as a state that is told
 * when its time has come.
 */
void statedump_pass(struct trace *trace, struct process *process, const struct trace_event *event);

/* No more events come: what is put aside is what was last known. */
void statedump_finish(struct trace *trace);

void statedump_empty(struct trace *trace);

#endif
