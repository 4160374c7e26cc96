/* SPDX-License-Identifier: MIT */
/*
 * A profile for pprof. Frames are the places where tasks were spawned, spans made, locks
 * taken; times are those that tasks ran, and that they waited.
 */
#include <inttypes.h>
#include <string.h>

#include "console/export/busy.h"
#include "console/export/label.h"
#include "console/export/proto_pprof.h"

#define STACK_SIZE 8192
#define SPANS_SHOWN 16

struct pprof {
	struct profile_times times;
};

/* A stack being written, in the form of proto_pprof.h. */
struct stack {
	char text[STACK_SIZE];
	size_t length;
};

static void field_put(struct stack *stack, const char *words, char separator)
{
	char clean[4 * LABEL_SIZE];
	size_t length;

	text_clean(clean, sizeof(clean), words);
	length = strlen(clean);
	if (stack->length + length + 2 > sizeof(stack->text))
		return;
	memcpy(stack->text + stack->length, clean, length);
	stack->length += length;
	stack->text[stack->length++] = separator;
	stack->text[stack->length] = '\0';
}

/* words: what stands for the function; NULL: that of the place. */
static void frame_put(struct stack *stack, const struct board *board, uint32_t index,
		      const char *words)
{
	const struct vigil_site_record *site = label_site(board, index);
	char line[16];

	if (stack->length + 8 * LABEL_SIZE > sizeof(stack->text))
		return;
	snprintf(line, sizeof(line), "%" PRIu32, site ? site->line : 0);
	field_put(stack, words ? words : site ? site->function : "?", '\t');
	field_put(stack, site ? site->file : "", '\t');
	field_put(stack, line, '\n');
}

static void stack_begin(struct export *export, uint32_t process, struct stack *stack,
			const char *thread)
{
	stack->length = 0;
	field_put(stack, export_process_name(trace_process(export->trace, process)), '\t');
	field_put(stack, thread, '\n');
}

static void stack_add(struct export *export, struct sums *sums, const struct stack *stack,
		      uint64_t count, uint64_t ns)
{
	if (sums_add(sums, stack->text, stack->length, count, ns))
		export_out_of_memory(export);
}

static void task_frame(struct stack *stack, const struct board *board, uint64_t ref)
{
	const struct vigil_task_record *task = RECORD_OF(board, task, ref);
	const struct vigil_site_record *site = task ? label_site(board, task->site) : NULL;
	char name[LABEL_SIZE];

	label_task(board, ref, name, sizeof(name));
	frame_put(stack, board, task ? task->site : 0, site && site->function[0] ? NULL : name);
}

/* ---- Running ---- */

static void span_frames(struct stack *stack, const struct board *board, uint64_t ref)
{
	char name[LABEL_SIZE], words[LABEL_SIZE + 8];

	for (int i = 0; ref && i < SPANS_SHOWN; i++) {
		const struct vigil_span_record *span = RECORD_OF(board, span, ref);

		if (!span)
			return;
		label_span(board, ref, name, sizeof(name));
		snprintf(words, sizeof(words), "span %s", name);
		frame_put(stack, board, span->site, words);
		ref = span->outer;
	}
}

static void run_put(struct export *export, uint32_t process, const struct lane *lane, uint64_t ns,
		    bool is_last)
{
	const struct board *board = export_board(export, process);
	struct pprof *pprof = export->state;
	struct stack stack;
	char worker[LABEL_SIZE];

	label_worker(board, lane->ref, worker, sizeof(worker));
	stack_begin(export, process, &stack, worker);
	for (uint32_t i = lane->depth; i > 0; i--) {
		const struct vigil_task_record *task =
			RECORD_OF(board, task, lane->frames[i - 1].task);

		if (task)
			span_frames(&stack, board, task->span);
		task_frame(&stack, board, lane->frames[i - 1].task);
	}
	stack_add(export, &pprof->times.run, &stack, is_last, ns);
}

static void pprof_event(struct export *export, const struct trace_event *event)
{
	busy_event(export, event, run_put);
}

/* ---- Waiting ---- */

static void cause_frame(struct stack *stack, const struct board *board, const struct slice *slice)
{
	uint32_t held = label_held_site(board, slice);
	const struct vigil_site_record *site = label_site(board, held);
	char words[LABEL_SIZE];

	if (!site)
		return;
	snprintf(words, sizeof(words), "held by %s", site->function);
	frame_put(stack, board, held, words);
}

static void pprof_slice(struct export *export, const struct slice *slice, bool is_open)
{
	const struct board *board = export_board(export, slice->process);
	const struct vigil_task_record *task = RECORD_OF(board, task, slice->task);
	struct pprof *pprof = export->state;
	struct stack stack;
	char words[LABEL_SIZE];

	(void)is_open;
	if (!task || (slice->kind != SLICE_WAIT && slice->kind != SLICE_RUNNABLE &&
		      slice->kind != SLICE_BLOCKED))
		return;
	label_executor(board, task->executor, words, sizeof(words));
	stack_begin(export, slice->process, &stack, words);
	cause_frame(&stack, board, slice);
	label_slice(board, slice, words, sizeof(words));
	frame_put(&stack, board, 0, words);
	task_frame(&stack, board, slice->task);
	stack_add(export, &pprof->times.wait, &stack, 1, slice->end_ns - slice->begin_ns);
}

/* ---- The file ---- */

static void pprof_end(struct export *export)
{
	struct profile_times *times = &((struct pprof *)export->state)->times;
	const struct trace_gap lost = { .events = export->lost_events,
					.packets = export->lost_packets };
	char words[LABEL_SIZE];

	busy_end(export, run_put);
	sums_sort(&times->run);
	sums_sort(&times->wait);
	export_gap_words(&lost, words, sizeof(words));
	times->comment = lost.events || lost.packets ? words : NULL;
	times->begin_unix_ns = export->from_unix_ns;
	times->duration_ns = export->end_unix_ns - export->from_unix_ns;
	if (profile_write(export->file, times))
		export_out_of_memory(export);
	times->comment = NULL;
}

static void pprof_free(struct export *export)
{
	struct pprof *pprof = export->state;

	sums_free(&pprof->times.run);
	sums_free(&pprof->times.wait);
}

const struct export_format export_pprof = {
	.name = "pprof",
	.suffix = ".pb",
	.help = "a profile for pprof: time run and time waited, by place",
	.is_binary = true,
	.cuts_at_begin = true,
	.size = sizeof(struct pprof),
	.note_size = sizeof(struct busy_note),
	.event = pprof_event,
	.slice = pprof_slice,
	.end = pprof_end,
	.free = pprof_free,
};
