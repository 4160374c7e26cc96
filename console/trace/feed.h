/* SPDX-License-Identifier: MIT */
/*
 * The feed: what the child process that reads a trace tells its parent. Records of
 * one form in a ring of slots that both have mapped; a descriptor each way says
 * which slots are full and which are free.
 *
 * Why a child: babeltrace2 reads what may come from a broken disk or from a
 * stranger, and a crash of it must end in a sentence, with everything before it
 * readable. Why shared slots: a pipe would copy every event twice.
 *
 * The law: the reading side believes nothing. Sizes, kinds and texts are checked
 * on a copy, so that a child gone wild can change nothing between check and use.
 */
#ifndef CONSOLE_TRACE_FEED_H
#define CONSOLE_TRACE_FEED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "console/trace/event.h"

#define FEED_TEXT_MAX 1024  /* bytes of one text, its NUL included; longer ones are cut */
#define FEED_WORDS_MAX 2112 /* of a record: a board_part with more is none */

/* What a record may be besides an event of a kind below TRACE_KINDS. */
enum feed_kind {
	FEED_PROCESS =
		TRACE_KINDS, /* process: its index; number: pid; text: host; name; object, other: uuid */
	FEED_GAP, /* other..unix_ns; value: events; object: packets; process; flags: before what was asked for */
	FEED_TIME,    /* everything up to unix_ns has been told */
	FEED_EXTENT,  /* other..unix_ns: the trace; value: bytes, object: damaged */
	FEED_PROBLEM, /* text: a sentence; nothing follows */
	FEED_END,     /* the trace is read */
	FEED_KINDS
};

#define FEED_NO_PROCESS UINT16_MAX /* of a gap: any of the trace's */

struct feed;

/* Before the fork. Returns 0 or -errno. */
int feed_new(struct feed **ret_feed);
void feed_free(struct feed *feed);

/* Each side says which it is, once, after the fork. */
void feed_be_writer(struct feed *feed);
void feed_be_reader(struct feed *feed);

/* ---- The child ---- */

/*
 * Appends a record; waits while all slots are full. Returns false when nobody
 * reads any more: then the child leaves.
 */
bool feed_put(struct feed *feed, const struct trace_event *record);

/* Hands over what has been put so far. Returns false as feed_put. */
bool feed_flush(struct feed *feed);

/* ---- The parent ---- */

enum feed_result {
	FEED_RECORD,
	FEED_NOTHING, /* within the time given */
	FEED_CLOSED,  /* the child is gone */
	FEED_NONSENSE /* a record that no child of ours writes */
};

/*
 * The next record, valid until the next call. timeout_ms 0: does not wait; below 0:
 * waits for as long as it takes.
 */
enum feed_result feed_next(struct feed *feed, int timeout_ms,
			   const struct trace_event **ret_record);

/* Readable when there is something to read, or the child is gone. */
int feed_fd(const struct feed *feed);

#endif
