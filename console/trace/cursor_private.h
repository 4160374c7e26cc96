/* SPDX-License-Identifier: MIT */
/* A cursor from the inside: between cursor*.c alone. */
#ifndef CONSOLE_TRACE_CURSOR_PRIVATE_H
#define CONSOLE_TRACE_CURSOR_PRIVATE_H

#include "console/trace/cursor.h"
#include "console/trace/index.h"

enum phase {
	PHASE_RUN,   /* forwards to the goal */
	PHASE_SCAN,  /* from a keyframe, for the last match before scan_end */
	PHASE_UPTO,  /* to the place `until` */
	PHASE_BLOCK, /* from a keyframe through a long poll, to where it waited longest */
	PHASE_INDEX, /* to the end, for the first time */
	PHASE_REST
};

/* Whether an event is what is looked for, and where to stand then. */
enum match { MATCH_NONE, MATCH_BEFORE, MATCH_AFTER };

/* A keyframe of trace_keep, packed; ours, or of the index file. */
struct keyframe {
	const void *keep;
	size_t size;
	uint64_t passed;
	uint64_t unix_ns;
};

/* A long poll that was found. Places are those of events that are about to happen. */
struct cursor_poll {
	uint64_t end; /* the place of its end */
	uint32_t process;
	uint64_t worker;
	uint64_t begin_ns; /* on the process's clock */
	uint64_t begin_unix_ns;
	uint64_t block_ns;   /* its longest wait; 0: none, or not known yet */
	uint64_t block_at;   /* where that is about to end */
	uint64_t release_at; /* where what it waits for is about to be given back; 0: nowhere yet */
};

struct cursor {
	struct cursor_options options;
	struct trace *trace;
	struct trace *seen;                /* begun before it, and seen until it is where it goes */
	const struct trace_event *pending; /* read, and about to happen; NULL: none is left */
	struct slice slices[SLICES_MAX];   /* that it ends */
	size_t slice_count;

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
	uint64_t from_search;       /* a place: what is looked for is not before it, or is */
	uint64_t block_unix_ns;     /* of the last wait of a thread that was come by */
	struct cursor_poll poll;    /* that was found */
	uint64_t told_at, told_end; /* the place of who was told of a poll, and that of its end */
	uint64_t until;
	enum match until_match;
	size_t scan_frame; /* index plus one that was scanned from; 0: the start */
	uint64_t scan_end;
	uint64_t found;
	enum match found_match;
	struct cursor_stop stop;

	struct keyframe *frames;
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

/* ---- cursor_find.c: all of them look at the pending event ---- */

/* Whether a goal is something that is looked for event by event. */
bool cursor_is_search(const struct cursor_goal *goal);

/*
 * The place from which on, or before which, it is looked for. Who stands in the middle of
 * the long poll that was told last goes on from its end.
 */
uint64_t cursor_search_begin(const struct cursor *cursor);

/* Whether it is what the goal is. */
enum match cursor_match(const struct cursor *cursor);

/* A gap is a time that the index knows. Returns false when there is none that way. */
bool cursor_gap_find(const struct cursor *cursor, uint64_t *ret_unix_ns);

/* It ends the poll that is looked for. Returns whether threads may have waited in that. */
bool cursor_poll_note(struct cursor *cursor);

/* Whether a thread's wait ends here; and that of the poll that was found. */
void cursor_blocks_note(struct cursor *cursor);
void cursor_block_note(struct cursor *cursor);

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
