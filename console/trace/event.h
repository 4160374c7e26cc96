/* SPDX-License-Identifier: MIT */
/*
 * An event of a trace, decoded: what was told to the tracepoint, in one flat
 * structure for all of them, and where and when.
 *
 * Which member has which field of which tracepoint is said once, in TRACE_FIELDS;
 * the decoder follows it, and whoever reads an event looks there. What an event
 * does not have is 0, its texts "".
 */
#ifndef CONSOLE_TRACE_EVENT_H
#define CONSOLE_TRACE_EVENT_H

#include <stdbool.h>
#include <stdint.h>

#include "libtrace/tracepoints.h"

enum trace_kind {
#define X(name, params) TRACE_##name,
	TRACEPOINTS_ALL(X) TRACE_KINDS
#undef X
};

struct trace_event {
	uint16_t kind;    /* enum trace_kind */
	uint16_t process; /* index of its process in the trace */
	uint32_t site;    /* index plus one, 0 none */
	uint64_t ns;      /* on the process's clock, that of its board */
	uint64_t unix_ns; /* on the trace's: orders events of all processes and hosts */
	uint64_t worker;  /* whose thread it was */
	uint64_t object;  /* what it happened to */
	uint64_t id;      /* its serial number, where it was made */
	uint64_t other;   /* who else had a part in it */
	uint64_t value;
	uint32_t state; /* one of an enumeration in board.h */
	uint32_t flags;
	int32_t number;
	const char *name;
	const char *text;
	const char *extra;
	const uint64_t *words; /* of a board_part */
	uint32_t word_count;
};

/* Whether it wakes a task, directly or by a waker. */
static inline bool event_is_wake(const struct trace_event *event)
{
	return event->kind == TRACE_wake || event->kind == TRACE_waker_wake;
}

/* FIELD(tracepoint, field of the trace, member). ns and worker are in all. */
/* clang-format off */
#define TRACE_FIELDS(FIELD)                                                                        \
	FIELD(site, site, site) FIELD(site, kind, state) FIELD(site, file, text)                   \
	FIELD(site, line, number) FIELD(site, function, extra) FIELD(site, name, name)             \
	FIELD(executor_new, id, id) FIELD(executor_new, executor, object)                          \
	FIELD(executor_new, site, site) FIELD(executor_new, kind, state)                           \
	FIELD(executor_new, name, name)                                                            \
	FIELD(executor_free, executor, object)                                                     \
	FIELD(executor_queued, executor, object) FIELD(executor_queued, tasks, value)              \
	FIELD(thread_begin, id, id) FIELD(thread_begin, tid, value)                                \
	FIELD(worker_begin, executor, object) FIELD(worker_begin, name, name)                      \
	FIELD(worker_wait, kind, state) FIELD(worker_wait, object, object)                         \
	FIELD(worker_wait, site, site)                                                             \
	FIELD(worker_queued, tasks, value)                                                         \
	FIELD(worker_stole, tasks, value)                                                          \
	FIELD(task_spawn, id, id) FIELD(task_spawn, task, object) FIELD(task_spawn, site, site)    \
	FIELD(task_spawn, executor, value) FIELD(task_spawn, parent, other)                        \
	FIELD(task_spawn, kind, state) FIELD(task_spawn, flags, flags)                             \
	FIELD(task_spawn, name, name)                                                              \
	FIELD(task_rename, task, object) FIELD(task_rename, name, name)                            \
	FIELD(task_end, task, object) FIELD(task_end, outcome, state)                              \
	FIELD(task_end, code, number) FIELD(task_end, message, text)                               \
	FIELD(poll_begin, task, object)                                                            \
	FIELD(poll_end, task, object)                                                              \
	FIELD(task_yield, task, object) FIELD(task_yield, forced, flags)                           \
	FIELD(task_wait, task, object) FIELD(task_wait, kind, state)                               \
	FIELD(task_wait, object, other) FIELD(task_wait, fd, number)                               \
	FIELD(task_wait, deadline_ns, value)                                                       \
	FIELD(wake, task, object) FIELD(wake, site, site) FIELD(wake, waker, other)                \
	FIELD(waker_clone, task, object)                                                           \
	FIELD(waker_drop, task, object)                                                            \
	FIELD(waker_wake, task, object) FIELD(waker_wake, site, site)                              \
	FIELD(waker_wake, waker, other)                                                            \
	FIELD(join, task, object) FIELD(join, state, state) FIELD(join, joiner, other)             \
	FIELD(resource_new, id, id) FIELD(resource_new, resource, object)                          \
	FIELD(resource_new, site, site) FIELD(resource_new, kind, state)                           \
	FIELD(resource_new, parent, other) FIELD(resource_new, flags, flags)                       \
	FIELD(resource_new, type, text) FIELD(resource_new, name, name)                            \
	FIELD(resource_free, resource, object)                                                     \
	FIELD(lock_wait, lock, object) FIELD(lock_wait, mode, state) FIELD(lock_wait, site, site)  \
	FIELD(lock_acquired, lock, object) FIELD(lock_acquired, mode, state)                       \
	FIELD(lock_acquired, site, site) FIELD(lock_acquired, owner, other)                        \
	FIELD(lock_abandoned, lock, object)                                                        \
	FIELD(lock_released, lock, object) FIELD(lock_released, owner, other)                      \
	FIELD(op_new, id, id) FIELD(op_new, op, object) FIELD(op_new, site, site)                  \
	FIELD(op_new, resource, other) FIELD(op_new, parent, value) FIELD(op_new, source, name)    \
	FIELD(op_poll_begin, op, object)                                                           \
	FIELD(op_poll_end, op, object) FIELD(op_poll_end, ready, flags)                            \
	FIELD(op_free, op, object)                                                                 \
	FIELD(attr, object, object) FIELD(attr, key, name)                                         \
	FIELD(attr, type, state) FIELD(attr, value, value) FIELD(attr, text, text)                 \
	FIELD(attr, unit, extra)                                                                   \
	FIELD(span_new, id, id) FIELD(span_new, span, object) FIELD(span_new, site, site)          \
	FIELD(span_new, parent, other) FIELD(span_new, level, state) FIELD(span_new, name, name)   \
	FIELD(span_enter, span, object)                                                            \
	FIELD(span_leave, span, object)                                                            \
	FIELD(span_free, span, object)                                                             \
	FIELD(event, site, site) FIELD(event, level, state) FIELD(event, task, other)              \
	FIELD(event, span, object) FIELD(event, message, text)                                     \
	FIELD(process_room, table, name) FIELD(process_room, capacity, value)                      \
	FIELD(process_room, finished, flags)                                                       \
	FIELD(process_clock, source, state) FIELD(process_clock, tsc_hz, value)                    \
	FIELD(process_clock, boot_id, text)                                                        \
	FIELD(process_begin, pid, number) FIELD(process_begin, parent_pid, flags)                  \
	FIELD(process_begin, uid, state) FIELD(process_begin, start_ticks, object)                 \
	FIELD(process_begin, unix_ns, value) FIELD(process_begin, name, name)                      \
	FIELD(process_begin, command, text) FIELD(process_begin, version, extra)                   \
	FIELD(board_part, pid, number) FIELD(board_part, start_ticks, object)                      \
	FIELD(board_part, part, state) FIELD(board_part, parts, flags)                             \
	FIELD(board_part, offset, value) FIELD(board_part, size, other)
/* clang-format on */

#endif
