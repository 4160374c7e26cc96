/* SPDX-License-Identifier: MIT */
/*
 * Running time in pieces: what ran on a thread between two events that change it, a
 * poll's begin or end, a span's entering or leaving. So a task's time is its own when it
 * polls another, and a span's time its own.
 */
#ifndef CONSOLE_EXPORT_BUSY_H
#define CONSOLE_EXPORT_BUSY_H

#include "console/export/export.h"
#include "libtrace/lane.h"

/* What a form that needs it has as its note; of the workers. */
struct busy_note {
	struct note note;
	uint64_t since_ns; /* 0: not known */
};

/* A piece is told with the lane as it was meanwhile; is_last: a poll ends here. */
typedef void (*busy_tell)(struct export *export, uint32_t process, const struct lane *lane,
			  uint64_t ns, bool is_last);

/* To be called before each event is applied. */
void busy_event(struct export *export, const struct trace_event *event, busy_tell tell);

/* At the end: what still runs. */
void busy_end(struct export *export, busy_tell tell);

#endif
