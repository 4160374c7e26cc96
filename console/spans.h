/* SPDX-License-Identifier: MIT */
/*
 * The open spans of a task: what it is about now, from the whole to the part.
 *
 * The law of the file: a runtime may leave a task's spans at each wait and enter them
 * again at each poll, so one that is not entered now is open as well. One look at all
 * spans a call: it is for one task, not for lists.
 */
#ifndef CONSOLE_SPANS_H
#define CONSOLE_SPANS_H

#include "console/model.h"

#define SPANS_MOST 32 /* of a task; the innermost ones beyond are left out */
#define SPAN_FIELDS 256

struct open_span {
	uint64_t ref;
	const struct vigil_span_record *record; /* until the next refresh */
	unsigned depth;                         /* spans of the task around it */
};

/* Outermost first, as they were made. Returns how many; what others made and it has entered
 * is among them. */
size_t spans_of_task(const struct model *model, uint64_t task, struct open_span spans[SPANS_MOST]);

/* Its fields: "number 504, customer ada"; empty without any. */
void span_fields(const struct model *model, const struct open_span *span, char *buf, size_t size);

/* Since it was made. */
uint64_t span_open_ns(const struct model *model, const struct open_span *span);

#endif
