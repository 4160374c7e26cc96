/* SPDX-License-Identifier: MIT */
/*
 * What is remembered of a task or a span until its end: who it is to the world, who woke
 * it, what was said in it. All within bounds; what is beyond them is counted.
 */
#ifndef CONSOLE_EXPORT_OTLP_NOTE_H
#define CONSOLE_EXPORT_OTLP_NOTE_H

#include "console/export/export.h"
#include "console/export/otlp.h"

#define OTLP_WAKERS 16   /* that are told apart, of one task */
#define OTLP_MESSAGES 32 /* that are kept, of one task or span */

struct otlp_waker {
	struct otlp_context context;
	uint64_t wakes;
};

struct otlp_message {
	uint64_t unix_ns;
	uint32_t level;
	uint32_t site;
	char *text;
};

struct otlp_note {
	struct note note;
	struct otlp_context context; /* span 0: not known yet */
	struct otlp_context parent;  /* span 0: none */
	struct otlp_waker *wakers;
	struct otlp_message *messages;
	uint32_t waker_count, message_count;
	uint64_t wakers_left_out, messages_left_out;
};

/* The note of a task or a span with its context. NULL when it is gone; or without memory. */
struct otlp_note *otlp_note(struct export *export, uint32_t process, uint64_t ref);

/* A task was woken by another. Returns 0 or -1 without memory. */
int otlp_note_waker(struct otlp_note *note, const struct otlp_context *waker);

/* Something was said in it. Returns 0 or -1 without memory. */
int otlp_note_message(struct otlp_note *note, uint64_t unix_ns, const struct trace_event *event);

/* It has ended: only who it was is still asked for. */
void otlp_note_end(struct otlp_note *note);

/* For export_format. */
void otlp_note_empty(void *note);

#endif
