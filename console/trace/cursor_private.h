/* SPDX-License-Identifier: MIT */
/* A cursor from the inside: between cursor.c and cursor_index.c alone. */
#ifndef CONSOLE_TRACE_CURSOR_PRIVATE_H
#define CONSOLE_TRACE_CURSOR_PRIVATE_H

#include "console/trace/cursor.h"
#include "console/trace/index.h"

enum phase {
	PHASE_RUN,   /* forwards to the goal */
	PHASE_SCAN,  /* from a keyframe, for the last match before scan_end */
	PHASE_UPTO,  /* to the place `until` */
	PHASE_INDEX, /* to the end, for the first time */
	PHASE_REST
};

/* Whether an event is what is looked for, and where to stand then. */
enum match { MATCH_NONE, MATCH_BEFORE, MATCH_AFTER };

/* A keyframe of trace_keep, packed; ours, or of the index file. */
struct frame {
	const void *keep;
	size_t size;
	uint64_t passed;
	uint64_t unix_ns;
};

struct cursor {
	struct cursor_options options;
	struct trace *trace;
	struct trace *seen;                /* begun before it, and seen until it is where it goes */
	const struct trace_event *pending; /* read, and about to happen; NULL: none is left */
	struct slice slices[SLICES_MAX];   /* that it ends */
	size_t slice_count;
	bool is_told; /* it is where the cursor stands */

	uint64_t passed;
	uint64_t now;
	uint64_t passed_ns; /* of the last event that has happened */
	uint64_t begin, end;
	uint64_t epoch;
	uint64_t gaps; /* of the trace's, that have become marks */
	bool is_indexed;

	enum phase phase;
	struct cursor_goal goal;
	bool has_goal;
	bool is_none; /* nothing was found: on the way back to where it stood */
	uint64_t from_now, from_passed;
	uint64_t until;
	enum match until_match;
	size_t scan_frame; /* index plus one that was scanned from; 0: the start */
	uint64_t scan_end;
	uint64_t found;
	enum match found_match;
	struct cursor_stop stop;

	struct frame *frames;
	size_t frame_count, frame_room;
	uint64_t frame_bytes, frame_events;
	struct index_file file; /* that all of it came from; bytes NULL: none */

	struct cursor_process *processes;
	uint32_t process_count;
	struct cursor_mark *marks;
	size_t mark_count, mark_room;
	size_t poll_marks;
	struct vigil_problem problem;
};

/* ---- cursor_index.c: what is learnt when the trace is gone through for the first time ---- */

/* The pending event, and the gaps before it. */
void cursor_mark_polls(struct cursor *cursor);
void cursor_mark_gaps(struct cursor *cursor);
void cursor_note_process(struct cursor *cursor, const struct trace_process *from);
void cursor_note_processes(struct cursor *cursor);

/* All of it is read: what was learnt is kept beside the trace, if that can be written to. */
void cursor_finish_index(struct cursor *cursor);

/* Takes what is kept beside the trace, if it is there. */
void cursor_load_index(struct cursor *cursor);
void cursor_free_index(struct cursor *cursor);

/* Keeps the boards, if it is time; between an event and the reading of the next one. */
void cursor_take_frame(struct cursor *cursor);

/* The frame, index plus one, from which a moment or a place is reached; 0: the start. */
size_t cursor_frame_before_time(const struct cursor *cursor, uint64_t unix_ns);
size_t cursor_frame_before_place(const struct cursor *cursor, uint64_t passed);

#endif
