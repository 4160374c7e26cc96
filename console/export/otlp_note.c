/* SPDX-License-Identifier: MIT */
/* Notes of tasks and spans, for OTLP. */
#include "console/export/otlp_note.h"

#include <stdlib.h>
#include <string.h>

#include "libtrace/board.h"

#define ANCESTORS 32 /* looked at to find the root of a task */

/* ---- Who it is ---- */

/* The same whenever a trace is exported: of what the process itself is. */
static uint64_t process_key(const struct trace_process *process)
{
	const struct vigil_process_record *record = process->board->process;
	uint64_t host = 0;

	for (const char *c = process->host; *c; c++)
		host = host * 31 + (unsigned char)*c;
	return export_hash(process->pid, record->created_ns ^ record->start_ticks, host);
}

static struct otlp_note *note_at(struct export *export, uint32_t process, uint64_t ref, int depth);

static void task_context(struct export *export, uint32_t process, uint64_t ref,
			 struct otlp_note *note, int depth)
{
	const struct board *board = export_board(export, process);
	const struct vigil_task_record *task = RECORD_OF(board, task, ref);
	struct otlp_context context = {
		.trace_high = process_key(trace_process(export->trace, process)),
	};
	const struct otlp_note *parent = NULL;

	context.span = export_hash(VIGIL_TABLE_task, context.trace_high, task->id);
	context.trace_low = context.span;
	if (vigil_ref_table(task->parent) == VIGIL_TABLE_task && task->parent != ref)
		parent = note_at(export, process, task->parent, depth + 1);
	/* The parent's note may have moved this one. */
	note = export_note(export, process, ref);
	if (!note)
		return;
	if (parent) {
		parent = note_find(&export->processes[process].notes[VIGIL_TABLE_task],
				   task->parent);
		context.trace_low = parent->context.trace_low;
		note->parent = parent->context;
	}
	note->context = context;
}

/* A span's parent is the span around it if that is of the same trace, else its task. */
static void span_context(struct export *export, uint32_t process, uint64_t ref, int depth)
{
	const struct board *board = export_board(export, process);
	const struct vigil_span_record *span = RECORD_OF(board, span, ref);
	struct otlp_context context = {
		.trace_high = process_key(trace_process(export->trace, process)),
	};
	struct otlp_context parent = { 0 };
	const struct otlp_note *from;
	struct otlp_note *note;

	context.span = export_hash(VIGIL_TABLE_span, context.trace_high, span->id);
	context.trace_low = context.span;
	from = note_at(export, process, span->task, depth + 1);
	if (from)
		parent = from->context;
	from = span->parent != ref ? note_at(export, process, span->parent, depth + 1) : NULL;
	if (from && (!parent.span || from->context.trace_low == parent.trace_low))
		parent = from->context;
	if (parent.span)
		context.trace_low = parent.trace_low;
	note = export_note(export, process, ref);
	if (!note)
		return;
	note->parent = parent;
	note->context = context;
}

static struct otlp_note *note_at(struct export *export, uint32_t process, uint64_t ref, int depth)
{
	const struct board *board = export_board(export, process);
	struct otlp_note *note;

	if (depth > ANCESTORS)
		return NULL;
	if (RECORD_OF(board, task, ref)) {
		note = export_note(export, process, ref);
		if (note && !note->context.span)
			task_context(export, process, ref, note, depth);
	} else if (RECORD_OF(board, span, ref)) {
		note = export_note(export, process, ref);
		if (note && !note->context.span)
			span_context(export, process, ref, depth);
	} else {
		return NULL;
	}
	return export_has_failed(export) ? NULL : export_note(export, process, ref);
}

struct otlp_note *otlp_note(struct export *export, uint32_t process, uint64_t ref)
{
	return ref ? note_at(export, process, ref, 0) : NULL;
}

/* ---- What happened to it ---- */

int otlp_note_waker(struct otlp_note *note, const struct otlp_context *waker)
{
	for (uint32_t i = 0; i < note->waker_count; i++) {
		if (note->wakers[i].context.span != waker->span)
			continue;
		note->wakers[i].wakes++;
		return 0;
	}
	if (note->waker_count == OTLP_WAKERS) {
		note->wakers_left_out++;
		return 0;
	}
	if (!note->wakers)
		note->wakers = calloc(OTLP_WAKERS, sizeof(*note->wakers));
	if (!note->wakers)
		return -1;
	note->wakers[note->waker_count].context = *waker;
	note->wakers[note->waker_count++].wakes = 1;
	return 0;
}

int otlp_note_message(struct otlp_note *note, uint64_t unix_ns, const struct trace_event *event)
{
	struct otlp_message *message;

	if (note->message_count == OTLP_MESSAGES) {
		note->messages_left_out++;
		return 0;
	}
	if (!note->messages)
		note->messages = calloc(OTLP_MESSAGES, sizeof(*note->messages));
	if (!note->messages)
		return -1;
	message = &note->messages[note->message_count];
	message->text = strdup(event->text);
	if (!message->text)
		return -1;
	message->unix_ns = unix_ns;
	message->level = event->state;
	message->site = event->site;
	note->message_count++;
	return 0;
}

void otlp_note_end(struct otlp_note *note)
{
	for (uint32_t i = 0; i < note->message_count; i++)
		free(note->messages[i].text);
	free(note->messages);
	free(note->wakers);
	note->messages = NULL;
	note->wakers = NULL;
	note->message_count = note->waker_count = 0;
	note->messages_left_out = note->wakers_left_out = 0;
}

void otlp_note_empty(void *note)
{
	otlp_note_end(note);
}
