/* SPDX-License-Identifier: MIT */
/*
 * Spans and messages. A task's open spans stand in struct rt_task; worker.c enters them
 * when it polls the task and leaves them when it stops. A thread's stand with the thread.
 */
#include "core.h"

#include <stdarg.h>
#include <stdio.h>

struct rt_span rt_span_enter_at(struct vigil_site *site, enum vigil_level level, const char *name)
{
	struct span_stack *stack = spans_here();
	struct rt_span span = { 0 };

	if (stack->depth < TASK_SPANS)
		span.span = vigil_span_begin_at(site, level, name);
	if (!span.span) {
		stack->unseen++;
		return span;
	}
	stack->spans[stack->depth++] = span.span;
	return span;
}

/* Takes the innermost off: freed, it is left as well. */
static void leave_top(struct span_stack *stack)
{
	vigil_span_free(stack->spans[--stack->depth]);
}

static bool is_entered(const struct span_stack *stack, vigil_span span)
{
	for (unsigned i = 0; i < stack->depth; i++)
		if (stack->spans[i] == span)
			return true;
	return false;
}

void rt_span_leave(struct rt_span *span)
{
	struct span_stack *stack = spans_here();

	if (!span->span) {
		if (stack->unseen)
			stack->unseen--;
		return;
	}
	/* Those inside it that were forgotten go with it; and it may have gone so itself. */
	while (is_entered(stack, span->span)) {
		stack->unseen = 0;
		leave_top(stack);
	}
	span->span = 0;
}

void spans_close(struct span_stack *stack)
{
	stack->unseen = 0;
	while (stack->depth)
		leave_top(stack);
}

/* None when the innermost one is not on the board: its fields are not another one's. */
static vigil_span innermost(void)
{
	struct span_stack *stack = spans_here();

	return stack->depth && !stack->unseen ? stack->spans[stack->depth - 1] : 0;
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
