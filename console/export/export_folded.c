/* SPDX-License-Identifier: MIT */
/*
 * Folded stacks, for flame graphs: a line for each stack, its frames from the outermost
 * on, and microseconds.
 *
 *	process;worker;conn.c:120 conn_open;span request 12345
 *	process;executor;conn.c:120 conn_open;wait lock "db";held by conn.c:83 12345
 *
 * Frames are kinds of things, not things: the task's place, not the task.
 */
#include <inttypes.h>
#include <string.h>

#include "console/export/busy.h"
#include "console/export/label.h"
#include "console/export/sums.h"
#include "console/names.h"

#define STACK_SIZE 4096
#define SPANS_SHOWN 16 /* of a stack of them, the innermost ones */

struct folded {
	struct sums sums;
};

/* A stack being written. */
struct stack {
	char text[STACK_SIZE];
	size_t length;
};

/* A semicolon would be the end of a frame, a control the end of a line. */
static void frame_put(struct stack *stack, const char *words)
{
	char clean[4 * LABEL_SIZE];

	text_clean(clean, sizeof(clean), words);
	for (char *c = clean; *c; c++)
		if (*c == ';')
			*c = ':';
	if (stack->length + strlen(clean) + 2 > sizeof(stack->text))
		return;
	if (stack->length)
		stack->text[stack->length++] = ';';
	memcpy(stack->text + stack->length, clean, strlen(clean) + 1);
	stack->length += strlen(clean);
}

static void stack_begin(struct export *export, uint32_t process, struct stack *stack)
{
	stack->length = 0;
	frame_put(stack, export_process_name(trace_process(export->trace, process)));
}

static void stack_add(struct export *export, const struct stack *stack, uint64_t ns)
{
	struct folded *folded = export->state;

	if (sums_add(&folded->sums, stack->text, stack->length, 1, ns))
		export_out_of_memory(export);
}

/* The place of a task, else what it is called. */
static void task_frame(struct stack *stack, const struct board *board, uint64_t ref)
{
	const struct vigil_task_record *task = RECORD_OF(board, task, ref);
	char words[LABEL_SIZE];

	if (task && label_site(board, task->site))
		site_place_long(label_site(board, task->site), words, sizeof(words));
	else
		label_task(board, ref, words, sizeof(words));
	frame_put(stack, words);
}

/* ---- Running ---- */

static void span_frames(struct stack *stack, const struct board *board, uint64_t innermost)
{
	uint64_t spans[SPANS_SHOWN];
	size_t count = 0;
	char name[LABEL_SIZE], words[LABEL_SIZE + 8];

	for (uint64_t ref = innermost; ref && count < SPANS_SHOWN;) {
		const struct vigil_span_record *span = RECORD_OF(board, span, ref);

		if (!span)
			break;
		spans[count++] = ref;
		ref = span->outer;
	}
	while (count) {
		label_span(board, spans[--count], name, sizeof(name));
		snprintf(words, sizeof(words), "span %s", name);
		frame_put(stack, words);
	}
}

static void run_put(struct export *export, uint32_t process, const struct lane *lane, uint64_t ns,
		    bool is_last)
{
	const struct board *board = export_board(export, process);
	struct stack stack;
	char worker[LABEL_SIZE];

	(void)is_last;
	stack_begin(export, process, &stack);
	label_worker(board, lane->ref, worker, sizeof(worker));
	frame_put(&stack, worker);
	for (uint32_t i = 0; i < lane->depth; i++) {
		const struct vigil_task_record *task = RECORD_OF(board, task, lane->frames[i].task);

		task_frame(&stack, board, lane->frames[i].task);
		if (task)
			span_frames(&stack, board, task->span);
	}
	stack_add(export, &stack, ns);
}

static void folded_event(struct export *export, const struct trace_event *event)
{
	if (export->options->what == EXPORT_RUN)
		busy_event(export, event, run_put);
}

/* ---- Waiting ---- */

/* Who had the lock; who ended another wait. */
static void cause_frame(struct stack *stack, const struct board *board, const struct slice *slice)
{
	const struct vigil_task_record *task = RECORD_OF(board, task, slice->task);
	uint32_t held = label_held_site(board, slice);
	uint32_t woken = slice->kind == SLICE_WAIT && task && task->wakes != task->wakes_seen ?
				 task->wake_site :
				 0;
	char place[LABEL_SIZE], words[LABEL_SIZE + 16];

	if (slice->kind == SLICE_RUNNABLE || (!held && !woken))
		return;
	site_place(label_site(board, held ? held : woken), place, sizeof(place));
	snprintf(words, sizeof(words), "%s %s", held ? "held by" : "woken at", place);
	frame_put(stack, words);
}

static void folded_slice(struct export *export, const struct slice *slice, bool is_open)
{
	const struct board *board = export_board(export, slice->process);
	const struct vigil_task_record *task = RECORD_OF(board, task, slice->task);
	struct stack stack;
	char words[LABEL_SIZE];

	(void)is_open;
	if (export->options->what != EXPORT_WAIT || !task ||
	    (slice->kind != SLICE_WAIT && slice->kind != SLICE_RUNNABLE &&
	     slice->kind != SLICE_BLOCKED))
		return;
	stack_begin(export, slice->process, &stack);
	label_executor(board, task->executor, words, sizeof(words));
	frame_put(&stack, words);
	task_frame(&stack, board, slice->task);
	label_slice(board, slice, words, sizeof(words));
	frame_put(&stack, words);
	cause_frame(&stack, board, slice);
	stack_add(export, &stack, slice->end_ns - slice->begin_ns);
}

/* ---- The file ---- */

/* Readers take what has no time for an error, or for nothing. */
static void line_put(FILE *file, const char *stack, uint64_t ns)
{
	uint64_t us = (ns + 500) / 1000;

	if (us)
		fprintf(file, "%s %" PRIu64 "\n", stack, us);
}

static void folded_end(struct export *export)
{
	struct folded *folded = export->state;

	if (export->options->what == EXPORT_RUN)
		busy_end(export, run_put);
	sums_sort(&folded->sums);
	for (size_t i = 0; i < folded->sums.used; i++)
		line_put(export->file, (const char *)folded->sums.slots[i]->key,
			 folded->sums.slots[i]->ns);
	line_put(export->file, "stacks beyond the first 65536", folded->sums.others.ns);
}

static void folded_free(struct export *export)
{
	sums_free(&((struct folded *)export->state)->sums);
}

const struct export_format export_folded = {
	.name = "folded",
	.suffix = ".folded",
	.help = "stacks and microseconds, for flame graphs",
	.cuts_at_begin = true,
	.size = sizeof(struct folded),
	.note_size = sizeof(struct busy_note),
	.event = folded_event,
	.slice = folded_slice,
	.end = folded_end,
	.free = folded_free,
};
