/* SPDX-License-Identifier: MIT */
/* What things are called. label.h has the law. */
#include "console/export/label.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "console/canvas.h"
#include "console/names.h"

const struct vigil_site_record *label_site(const struct board *board, uint32_t site)
{
	return site && site <= board->tables[VIGIL_TABLE_site].used ?
		       RECORD_AT(board, site, site - 1) :
		       NULL;
}

void label_task(const struct board *board, uint64_t ref, char *buf, size_t size)
{
	const struct vigil_task_record *task = RECORD_OF(board, task, ref);

	snprintf(buf, size, "%s", task ? task_called(task, label_site(board, task->site)) : "gone");
}

void label_task_long(const struct board *board, uint64_t ref, char *buf, size_t size)
{
	const struct vigil_task_record *task = RECORD_OF(board, task, ref);

	if (task)
		snprintf(buf, size, "%" PRIu64 " %s", task->id,
			 task_called(task, label_site(board, task->site)));
	else
		snprintf(buf, size, "gone");
}

void label_worker(const struct board *board, uint64_t ref, char *buf, size_t size)
{
	const struct vigil_worker_record *worker = RECORD_OF(board, worker, ref);

	if (worker)
		worker_called(worker, buf, size);
	else
		snprintf(buf, size, "gone");
}

void label_executor(const struct board *board, uint64_t ref, char *buf, size_t size)
{
	const struct vigil_executor_record *executor = RECORD_OF(board, executor, ref);

	if (executor)
		executor_called(executor, label_site(board, executor->site), buf, size);
	else
		snprintf(buf, size, "no executor");
}

void label_span(const struct board *board, uint64_t ref, char *buf, size_t size)
{
	const struct vigil_span_record *span = RECORD_OF(board, span, ref);

	if (!span)
		snprintf(buf, size, "gone");
	else
		snprintf(buf, size, "%s",
			 span->name[0] ? span->name : site_called(label_site(board, span->site)));
}

static void resource_label(const struct board *board, uint64_t ref, char *buf, size_t size)
{
	const struct vigil_resource_record *resource = RECORD_OF(board, resource, ref);

	if (resource)
		resource_phrase(resource, label_site(board, resource->site), buf, size);
	else
		snprintf(buf, size, "gone");
}

static void op_label(const struct board *board, uint64_t ref, char *buf, size_t size)
{
	const struct vigil_op_record *op = RECORD_OF(board, op, ref);

	if (!op)
		snprintf(buf, size, "gone");
	else if (op->source[0])
		snprintf(buf, size, "%s", op->source);
	else
		resource_label(board, op->resource, buf, size);
}

void label_object(const struct board *board, uint64_t ref, char *buf, size_t size)
{
	buf[0] = '\0';
	if (!ref)
		return;
	switch (vigil_ref_table(ref)) {
	case VIGIL_TABLE_task:
		label_task_long(board, ref, buf, size);
		break;
	case VIGIL_TABLE_worker:
		label_worker(board, ref, buf, size);
		break;
	case VIGIL_TABLE_resource:
		resource_label(board, ref, buf, size);
		break;
	case VIGIL_TABLE_executor:
		label_executor(board, ref, buf, size);
		break;
	case VIGIL_TABLE_op:
		op_label(board, ref, buf, size);
		break;
	case VIGIL_TABLE_span:
		label_span(board, ref, buf, size);
		break;
	default:
		snprintf(buf, size, "gone");
		break;
	}
}

/* ---- Slices ---- */

/* `lock "db"`, `receive, mpsc "jobs"`, `task conn`, `readable`. */
static void wait_phrase(const struct board *board, const struct slice *slice, char *buf,
			size_t size)
{
	const char *kind = word_wait(slice->state);
	char object[LABEL_SIZE];

	if (vigil_ref_table(slice->other) == VIGIL_TABLE_task)
		label_task(board, slice->other, object, sizeof(object));
	else
		label_object(board, slice->other, object, sizeof(object));
	if (!slice->other)
		snprintf(buf, size, "%s", kind);
	else if (wait_is_for_lock(slice->state))
		snprintf(buf, size, "%s", object);
	else
		snprintf(buf, size, "%s%s %s", kind, slice->state == VIGIL_WAIT_TASK ? "" : ",",
			 object);
}

/* A wait for nothing that was told. */
static const char *idle_word(const struct board *board, const struct slice *slice)
{
	const struct vigil_task_record *task = RECORD_OF(board, task, slice->task);

	return task && !task->polls ? "not started" : "idle";
}

static void phrase_put(char *buf, size_t size, const char *verb, const char *object)
{
	snprintf(buf, size, "%s %s", verb, object);
}

void label_slice(const struct board *board, const struct slice *slice, char *buf, size_t size)
{
	char object[2 * LABEL_SIZE];

	switch (slice->kind) {
	case SLICE_RUN:
		snprintf(buf, size, "run");
		break;
	case SLICE_RUNNABLE:
		snprintf(buf, size, "runnable");
		break;
	case SLICE_WAIT:
	case SLICE_BLOCKED:
		wait_phrase(board, slice, object, sizeof(object));
		if (slice->state)
			phrase_put(buf, size, slice->kind == SLICE_WAIT ? "wait" : "blocked",
				   object);
		else
			snprintf(buf, size, "%s", idle_word(board, slice));
		break;
	case SLICE_PARK:
		snprintf(buf, size, "parked");
		break;
	default: /* of a lock, an operation, a span */
		label_object(board, slice->object, object, sizeof(object));
		if (slice->kind == SLICE_LOCK_WAIT)
			phrase_put(buf, size, "wait", object);
		else if (slice->kind == SLICE_HOLD)
			phrase_put(buf, size, "hold", object);
		else
			snprintf(buf, size, "%.*s", LABEL_SIZE, object);
		break;
	}
}

uint32_t label_held_site(const struct board *board, const struct slice *slice)
{
	const struct vigil_resource_record *lock = RECORD_OF(board, resource, slice->other);

	if (!lock || !wait_is_for_lock(slice->state))
		return 0;
	for (int slot = 0; lock->holders && slot < VIGIL_OWNERS; slot++)
		if (lock->owner[slot] && lock->owner[slot] != slice->task)
			return lock->held_site[slot];
	return lock->last_site;
}

/* ---- Text ---- */

char *text_clean(char *to, size_t size, const char *from)
{
	size_t at = 0;
	uint32_t code;
	char bytes[4];

	while (*from) {
		int length = 1;

		if (*from >= ' ' && *from < 0x7f) {
			bytes[0] = *from++;
		} else {
			code = utf8_next(&from);
			length = utf8_put(bytes, code_width(code) < 0 ? 0xfffd : code);
		}
		if (at + (size_t)length >= size)
			break;
		memcpy(to + at, bytes, (size_t)length);
		at += (size_t)length;
	}
	to[at] = '\0';
	return to;
}
