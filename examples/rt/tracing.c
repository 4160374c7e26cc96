/* SPDX-License-Identifier: MIT */
/*
 * Spans and messages. A task's open spans stand in struct rt_task; worker.c enters them
 * when it polls the task and leaves them when it stops.
 */
#include "core.h"

#include <stdarg.h>
#include <stdio.h>

struct rt_span rt_span_enter_at(struct vigil_site *site, enum vigil_level level, const char *name)
{
	struct rt_task *task = job_here();
	struct rt_span span = { 0 };

	if (task && task->span_depth == TASK_SPANS)
		return span;
	span.span = vigil_span_new_at(site, level, name);
	vigil_span_enter(span.span);
	if (task && span.span)
		task->spans[task->span_depth++] = span.span;
	return span;
}

void rt_span_leave(struct rt_span *span)
{
	struct rt_task *task = job_here();

	if (!span->span)
		return;
	/* Those inside it that were forgotten go with it. */
	while (task && task->span_depth) {
		vigil_span top = task->spans[--task->span_depth];

		if (top == span->span)
			break;
		vigil_span_leave(top);
		vigil_span_free(top);
	}
	vigil_span_leave(span->span);
	vigil_span_free(span->span);
	span->span = 0;
}

static vigil_span innermost(void)
{
	struct rt_task *task = job_here();

	return task && task->span_depth ? task->spans[task->span_depth - 1] : 0;
}

void rt_span_i64(const char *key, int64_t value)
{
	vigil_attr_i64(innermost(), key, value, NULL);
}

void rt_span_text(const char *key, const char *value)
{
	vigil_attr_text(innermost(), key, value);
}

void rt_event_at(struct vigil_site *site, enum vigil_level level, const char *format, ...)
{
	char message[256];
	va_list args;

	if (!vigil_is_live())
		return;
	va_start(args, format);
	vsnprintf(message, sizeof(message), format, args);
	va_end(args);
	vigil_event_at(site, level, message);
}

struct rt_arg rt_arg_text(const char *key, intptr_t text)
{
	return (struct rt_arg){ .key = key, .text = text ? (const char *)text : "NULL" };
}

struct rt_arg rt_arg_number(const char *key, intptr_t number)
{
	return (struct rt_arg){ .key = key, .number = number };
}

void rt_span_args(const struct rt_arg *args)
{
	for (const struct rt_arg *arg = args + 1; arg->key; arg++) {
		if (arg->text)
			rt_span_text(arg->key, arg->text);
		else
			rt_span_i64(arg->key, arg->number);
	}
}
