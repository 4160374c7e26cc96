/* SPDX-License-Identifier: MIT */
/*
 * Processes of a trace. A board is made when the process's first event is met: as
 * large as the live one was, when the trace says so.
 */
#include "console/trace/process.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Of a process that was there before the trace nobody said how large its board is. */
#define UNKNOWN_TASKS (4u << 20)
#define UNKNOWN_OTHERS (1u << 20)
#define UNKNOWN_WORKERS 4096

/* Its name was told before the trace began. */
#define NAME_UNKNOWN "process"

struct process *process_new(uint32_t index, const struct trace_event *record)
{
	struct process *process = calloc(1, sizeof(*process));

	if (!process)
		return NULL;
	process->known.index = index;
	process->known.pid = (uint32_t)record->number;
	process->has_vpid = record->number != 0;
	process->uuid[0] = record->object;
	process->uuid[1] = record->other;
	snprintf(process->known.host, sizeof(process->known.host), "%s", record->text);
	snprintf(process->known.name, sizeof(process->known.name), "%s", record->name);
	return process;
}

struct process *process_again(uint32_t index, const struct process *before)
{
	int32_t vpid = before->has_vpid ? (int32_t)before->known.pid : 0;

	return process_new(index, &(struct trace_event){ .number = vpid,
							 .object = before->uuid[0],
							 .other = before->uuid[1],
							 .text = before->known.host,
							 .name = before->known.name });
}

void process_free(struct process *process)
{
	if (!process)
		return;
	if (process->board.base)
		board_fini(&process->board);
	free(process->copied_last_ns);
	free(process);
}

void process_room(struct process *process, const struct trace_event *event)
{
	for (uint32_t i = 0; i < VIGIL_TABLES; i++) {
		if (strcmp(table_kinds[i].name, event->name) != 0)
			continue;
		process->shape.capacity[i] =
			event->value < UINT32_MAX ? (uint32_t)event->value : UINT32_MAX;
		process->shape.retain[i] = event->flags;
	}
}

int process_copied(struct process *process, uint64_t begin_ns, uint64_t end_ns)
{
	const struct board *board = &process->board;
	uint32_t workers = board->tables[VIGIL_TABLE_worker].used;

	process->copied_last_ns = malloc((workers + 1) * sizeof(*process->copied_last_ns));
	if (!process->copied_last_ns)
		return -ENOMEM;
	for (uint32_t i = 0; i < workers; i++)
		process->copied_last_ns[i] = RECORD_AT(board, worker, i)->last_ns;
	process->copied_workers = workers;
	process->copied_begin_ns = begin_ns;
	process->copied_end_ns = end_ns;
	process->known.is_whole = true;
	snprintf(process->known.name, sizeof(process->known.name), "%.31s", board->process->name);
	return 0;
}

static void shape_guess(struct board_shape *shape)
{
	board_shape_default(shape);
	shape->capacity[VIGIL_TABLE_task] = UNKNOWN_TASKS;
	shape->capacity[VIGIL_TABLE_hist] = UNKNOWN_TASKS + UNKNOWN_TASKS / 4;
	shape->capacity[VIGIL_TABLE_attr] = UNKNOWN_TASKS;
	shape->capacity[VIGIL_TABLE_resource] = UNKNOWN_OTHERS;
	shape->capacity[VIGIL_TABLE_op] = UNKNOWN_OTHERS;
	shape->capacity[VIGIL_TABLE_span] = UNKNOWN_OTHERS;
	shape->capacity[VIGIL_TABLE_worker] = UNKNOWN_WORKERS;
}

/* What is known of it before its process_begin, which may never come. */
static void process_fill(struct process *process, const struct trace_event *first)
{
	struct vigil_process_record *record = process->board.process;

	record->pid = process->known.pid;
	record->life = VIGIL_LIFE_LIVE;
	record->created_ns = first->ns;
	record->created_unix_ns = first->unix_ns;
	record->clock_source = VIGIL_CLOCK_MONOTONIC;
	text_put(record->name, sizeof(record->name),
		 process->known.name[0] ? process->known.name : NAME_UNKNOWN);
}

void process_show(struct process *process)
{
	process->known.board = &process->board;
	process->known.base = process->board.base;
	process->known.size = process->board.size;
}

int process_board(struct process *process, const struct trace_event *first)
{
	bool is_announced = process->shape.capacity[VIGIL_TABLE_process];
	int r;

	if (process->board.base)
		return 0;
	r = is_announced ? board_init(&process->board, -1, &process->shape) : -EINVAL;
	/* Nothing was announced, or events of it are missing. */
	if (r == -EINVAL) {
		is_announced = false;
		shape_guess(&process->shape);
		r = board_init(&process->board, -1, &process->shape);
	}
	if (r)
		return r;
	process->board.is_replay = true;
	process_show(process);
	process->known.first_unix_ns = first->unix_ns;
	process->known.is_whole = is_announced;
	process_fill(process, first);
	/* One that did not announce its board was there before. */
	if (!is_announced)
		adoption_begin(&process->adoption, &process->board, false, first->ns);
	board_publish(&process->board);
	return 0;
}

void process_note(struct process *process, const struct trace_event *event)
{
	struct trace_process *known = &process->known;

	known->events++;
	known->last_unix_ns = event->unix_ns;
	known->last_ns = event->ns;
	known->adopted = process->adoption.count;
	if (event->kind == TRACE_process_end)
		known->is_over = process->has_finished = true;
	if (event->kind != TRACE_process_begin)
		return;
	snprintf(known->name, sizeof(known->name), "%s", event->name);
	if (!process->has_vpid)
		known->pid = (uint32_t)event->number;
}

void process_gap(struct process *process, const struct trace_gap *gap)
{
	struct trace_process *known = &process->known;
	uint64_t lost = gap->events ? gap->events : gap->packets;

	if (!process->board.base || known->is_over)
		return;
	known->lost_events += lost;
	known->is_whole = false;
	store(&process->board.counts->lost_events, known->lost_events);
	store(&process->board.counts->unsure_ns, trace_process_ns(known, gap->end_unix_ns));
	board_doubt(&process->board);
	adoption_begin(&process->adoption, &process->board, true,
		       trace_process_ns(known, gap->begin_unix_ns));
}
