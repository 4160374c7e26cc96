/* SPDX-License-Identifier: MIT */
/* A process of a trace from the inside: its board and how that came to be. */
#ifndef CONSOLE_TRACE_PROCESS_H
#define CONSOLE_TRACE_PROCESS_H

#include "console/trace/apply.h"
#include "console/trace/trace.h"
#include "libtrace/board.h"

struct process {
	struct trace_process known;
	struct board board;
	struct board_shape shape; /* as its process_room events say */
	struct adoption adoption;
	uint64_t uuid[2];  /* of its trace: with the pid, how the feed knows it */
	bool has_finished; /* vigil_fini */
	bool has_vpid;     /* the trace tells processes apart */
	bool is_past;      /* another one began with its pid */
	uint64_t copied_begin_ns, copied_end_ns; /* its board is a copy made meanwhile; 0: no */
	uint64_t *copied_last_ns;                /* in it, of each worker; NULL: not kept */
	uint32_t copied_workers;
	bool is_late;      /* a flight recorder's: the copy may be of after its first events, */
	uint64_t whole_ns; /* of which those before are not all; 0: they are */
};

/* Returns NULL without memory. record is a FEED_PROCESS. */
struct process *process_new(uint32_t index, const struct trace_event *record);
void process_free(struct process *process);

/* Another life of the same process. */
struct process *process_again(uint32_t index, const struct process *before);

/* What process_room says of the board that is to be. */
void process_room(struct process *process, const struct trace_event *event);

/* Makes its board before its first event, if it has none. Returns 0 or -errno. */
int process_board(struct process *process, const struct trace_event *first);

/* Its board is a copy, made between two moments. Returns 0 or -ENOMEM. */
int process_copied(struct process *process, uint64_t begin_ns, uint64_t end_ns);

/* Its board is there: readers may look. */
void process_show(struct process *process);

/* Counts an event and what it tells of the process. */
void process_note(struct process *process, const struct trace_event *event);

/* Events of it were lost. */
void process_gap(struct process *process, const struct trace_gap *gap);

#endif
