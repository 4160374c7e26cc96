/* SPDX-License-Identifier: MIT */
/* Errors: a type, a code, a message, and what they came from. */
#include "core.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct rt_error *error_make(const char *type, int code, struct rt_error *cause,
				   const char *format, va_list args)
{
	struct rt_error *error = malloc(sizeof(*error));

	if (!error)
		return cause;
	*error = (struct rt_error){ .type = type, .code = code, .cause = cause };
	if (vasprintf(&error->message, format, args) < 0)
		error->message = NULL;
	return error;
}

struct rt_error *rt_error_new(const char *type, int code, const char *format, ...)
{
	struct rt_error *error;
	va_list args;

	va_start(args, format);
	error = error_make(type, code, NULL, format, args);
	va_end(args);
	return error;
}

void rt_error_free(struct rt_error *error)
{
	while (error) {
		struct rt_error *cause = error->cause;

		free(error->message);
		free(error);
		error = cause;
	}
}

size_t rt_error_print(const struct rt_error *error, char *buf, size_t size)
{
	size_t length = 0;

	if (size)
		buf[0] = '\0';
	for (; error; error = error->cause) {
		int n = snprintf(length < size ? buf + length : NULL,
				 length < size ? size - length : 0, "%s%s",
				 error->message ? error->message : strerror(-error->code),
				 error->cause ? ": " : "");

		length += n > 0 ? (size_t)n : 0;
	}
	return length;
}

const struct rt_error *rt_error_of_type(const struct rt_error *error, const char *type)
{
	while (error && strcmp(error->type, type) != 0)
		error = error->cause;
	return error;
}

/* ---- Of the running task ---- */

int rt_fail(const char *type, int code, const char *format, ...)
{
	struct rt_task *task = job_here();
	struct rt_error *error;
	va_list args;

	if (!task)
		return code;
	va_start(args, format);
	error = error_make(type, code, NULL, format, args);
	va_end(args);
	/* Last: the message may be made of it. */
	rt_error_free(task->error);
	task->error = error;
	return code;
}

int rt_fail_with(struct rt_error *error)
{
	struct rt_task *task = job_here();
	int code;

	if (!error)
		return 0;
	code = error->code;
	if (!task) {
		rt_error_free(error);
		return code;
	}
	if (task->error != error)
		rt_error_free(task->error);
	task->error = error;
	return code;
}

int rt_context(int code, const char *format, ...)
{
	struct rt_task *task = job_here();
	va_list args;

	if (code >= 0 || !task)
		return code;
	/* One that was handled, of another call, is not the cause of this. */
	if (task->error && task->error->code != code) {
		rt_error_free(task->error);
		task->error = NULL;
	}
	if (!task->error)
		task->error = rt_error_new("errno", code, "%s", strerror(-code));
	va_start(args, format);
	task->error = error_make("context", code, task->error, format, args);
	va_end(args);
	return code;
}

struct rt_error *rt_error_take(void)
{
	struct rt_task *task = job_here();
	struct rt_error *error = task ? task->error : NULL;

	if (task)
		task->error = NULL;
	return error;
}
