/* SPDX-License-Identifier: MIT */
/*
 * A session of the test's own, without LTTng: what the library tells its
 * tracepoints is kept in a list of events, as a trace holds them.
 *
 *	traced_start();
 *	... calls of vigil.h ...
 *	for (size_t i = 0; i < traced_count; i++)
 *		... traced_at(i) ...
 */
#ifndef TESTS_SUPPORT_TRACED_H
#define TESTS_SUPPORT_TRACED_H

#include <criterion/criterion.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "console/trace/event.h"
#include "libtrace/tracepoints.h"

static struct trace_event *traced_list;
static size_t traced_count, traced_room;
static void (*traced_watch)(size_t i); /* called when event i is told */
static pthread_mutex_t traced_mutex = PTHREAD_MUTEX_INITIALIZER;

static inline const char *traced_text(const char *text)
{
	char *copy = strdup(text ? text : "");

	if (!copy)
		abort();
	return copy;
}

static inline void traced_put(struct trace_event event)
{
	event.name = traced_text(event.name);
	event.text = traced_text(event.text);
	event.extra = traced_text(event.extra);
	pthread_mutex_lock(&traced_mutex);
	if (traced_count == traced_room) {
		traced_room = traced_room ? traced_room * 2 : 1024;
		traced_list = realloc(traced_list, traced_room * sizeof(*traced_list));
		if (!traced_list)
			abort();
	}
	traced_list[traced_count++] = event;
	if (traced_watch)
		traced_watch(traced_count - 1);
	pthread_mutex_unlock(&traced_mutex);
}

static inline const struct trace_event *traced_at(size_t i)
{
	return &traced_list[i];
}

/* clang-format off */
#define AT uint64_t ns, uint64_t worker
#define TOLD(name, params, ...)                                                                    \
	static void traced_##name params                                                           \
	{                                                                                          \
		traced_put((struct trace_event){                                                   \
			.kind = TRACE_##name, .ns = ns, .worker = worker, __VA_ARGS__ });          \
	}

TOLD(site, (AT, uint32_t site, uint32_t kind, const char *file, uint32_t line,
	    const char *function, const char *name),
     .site = site, .state = kind, .text = file, .number = (int32_t)line, .extra = function,
     .name = name)
TOLD(executor_new, (AT, uint64_t executor, uint64_t id, uint32_t site, uint32_t kind,
		    const char *name),
     .object = executor, .id = id, .site = site, .state = kind, .name = name)
TOLD(executor_free, (AT, uint64_t executor), .object = executor)
TOLD(executor_queued, (AT, uint64_t executor, uint64_t tasks), .object = executor, .value = tasks)
TOLD(thread_begin, (AT, uint64_t id, uint32_t tid), .id = id, .value = tid)
TOLD(thread_end, (AT), .id = 0)
TOLD(worker_begin, (AT, uint64_t executor, const char *name), .object = executor, .name = name)
TOLD(worker_end, (AT), .id = 0)
TOLD(worker_park, (AT), .id = 0)
TOLD(worker_unpark, (AT), .id = 0)
TOLD(worker_wait, (AT, uint32_t kind, uint64_t object, uint32_t site),
     .state = kind, .object = object, .site = site)
TOLD(worker_resume, (AT), .id = 0)
TOLD(worker_queued, (AT, uint64_t tasks), .value = tasks)
TOLD(worker_stole, (AT, uint64_t tasks), .value = tasks)
TOLD(task_spawn, (AT, uint64_t task, uint64_t id, uint32_t site, uint64_t executor,
		  uint64_t parent, uint32_t kind, uint32_t flags, const char *name),
     .object = task, .id = id, .site = site, .value = executor, .other = parent, .state = kind,
     .flags = flags, .name = name)
TOLD(task_rename, (AT, uint64_t task, const char *name), .object = task, .name = name)
TOLD(task_end, (AT, uint64_t task, uint32_t outcome, int32_t code, const char *message),
     .object = task, .state = outcome, .number = code, .text = message)
TOLD(poll_begin, (AT, uint64_t task), .object = task)
TOLD(poll_end, (AT, uint64_t task), .object = task)
TOLD(task_yield, (AT, uint64_t task, uint32_t forced), .object = task, .flags = forced)
TOLD(task_wait, (AT, uint64_t task, uint32_t kind, uint64_t object, int32_t fd,
		 uint64_t deadline_ns),
     .object = task, .state = kind, .other = object, .number = fd, .value = deadline_ns)
TOLD(wake, (AT, uint64_t task, uint32_t site, uint64_t waker),
     .object = task, .site = site, .other = waker)
TOLD(waker_clone, (AT, uint64_t task), .object = task)
TOLD(waker_drop, (AT, uint64_t task), .object = task)
TOLD(waker_wake, (AT, uint64_t task, uint32_t site, uint64_t waker),
     .object = task, .site = site, .other = waker)
TOLD(join, (AT, uint64_t task, uint32_t state, uint64_t joiner),
     .object = task, .state = state, .other = joiner)
TOLD(resource_new, (AT, uint64_t resource, uint64_t id, uint32_t site, uint32_t kind,
		    uint64_t parent, uint32_t flags, const char *type, const char *name),
     .object = resource, .id = id, .site = site, .state = kind, .other = parent, .flags = flags,
     .text = type, .name = name)
TOLD(resource_free, (AT, uint64_t resource), .object = resource)
TOLD(lock_wait, (AT, uint64_t lock, uint32_t mode, uint32_t site),
     .object = lock, .state = mode, .site = site)
TOLD(lock_acquired, (AT, uint64_t lock, uint32_t mode, uint32_t site, uint64_t owner),
     .object = lock, .state = mode, .site = site, .other = owner)
TOLD(lock_abandoned, (AT, uint64_t lock), .object = lock)
TOLD(lock_released, (AT, uint64_t lock, uint64_t owner), .object = lock, .other = owner)
TOLD(op_new, (AT, uint64_t op, uint64_t id, uint32_t site, uint64_t resource, uint64_t parent,
	      const char *source),
     .object = op, .id = id, .site = site, .other = resource, .value = parent, .name = source)
TOLD(op_poll_begin, (AT, uint64_t op), .object = op)
TOLD(op_poll_end, (AT, uint64_t op, uint32_t ready), .object = op, .flags = ready)
TOLD(op_free, (AT, uint64_t op), .object = op)
TOLD(attr, (AT, uint64_t object, const char *key, uint32_t type, uint64_t value,
	    const char *text, const char *unit),
     .object = object, .name = key, .state = type, .value = value, .text = text,
     .extra = unit)
TOLD(span_new, (AT, uint64_t span, uint64_t id, uint32_t site, uint64_t parent, uint32_t level,
		const char *name),
     .object = span, .id = id, .site = site, .other = parent, .state = level, .name = name)
TOLD(span_enter, (AT, uint64_t span), .object = span)
TOLD(span_leave, (AT, uint64_t span), .object = span)
TOLD(span_free, (AT, uint64_t span), .object = span)
TOLD(event, (AT, uint32_t site, uint32_t level, uint64_t task, uint64_t span,
	     const char *message),
     .site = site, .state = level, .other = task, .object = span, .text = message)
TOLD(process_room, (AT, const char *table, uint32_t capacity, uint32_t finished),
     .name = table, .value = capacity, .flags = finished)
TOLD(process_clock, (AT, uint32_t source, uint64_t tsc_hz, const char *boot_id),
     .state = source, .value = tsc_hz, .text = boot_id)
TOLD(process_begin, (AT, uint32_t pid, uint32_t parent_pid, uint32_t uid, uint64_t start_ticks,
		     uint64_t unix_ns, const char *name, const char *command,
		     const char *version),
     .number = (int32_t)pid, .flags = parent_pid, .state = uid, .object = start_ticks,
     .value = unix_ns, .name = name, .text = command, .extra = version)
TOLD(process_end, (AT), .id = 0)
/* clang-format on */
#undef AT
#undef TOLD

/* From here on all is kept; before vigil_init, so that it begins with the process. */
static inline void traced_start(void)
{
	static const int on = 1;

	/* Nothing to load, and so nothing that vigil_init would switch off. */
	setenv("VIGIL_LTTNG", "/nonexistent/libvigil-lttng.so", 1);
#define X(name, params)                                                                            \
	tracepoints.name = traced_##name;                                                          \
	__atomic_store_n(&tracepoints.name##_on, &on, __ATOMIC_RELEASE);
	TRACEPOINTS(X)
#undef X
}

#endif
