/* SPDX-License-Identifier: MIT */
/*
 * The tracepoints, as LTTng sees them: provider `vigil`, one event for each line
 * of TRACEPOINTS, of the same name and parameters. The compiler compares the two
 * in tracepoints_lttng.c.
 *
 * LTTng reads this header a dozen times, each time with other macros. So what
 * must stand once stands in the first part, behind VIGIL_TRACEPOINTS_ONCE.
 *
 * How events read: `ns` is the board's clock, `worker` the thread; handles are in
 * hex, 0 is none; states are words, the board's own; a site is a number that an
 * earlier `vigil:site` event explains.
 *
 * Levels, for `lttng enable-event -u 'vigil:*' --loglevel=...`:
 *
 *	INFO            what exists: sites, executors, workers, tasks, resources,
 *	                spans, and messages
 *	DEBUG_PROCESS   numbers about it: queues, steals, attributes
 *	DEBUG_UNIT      why and who: waits, locks, wakes, joins, yields, operations
 *	DEBUG_FUNCTION  each run: polls, parks, waker copies, spans entered and left
 *
 * A replay needs them all.
 */
#undef LTTNG_UST_TRACEPOINT_PROVIDER
#define LTTNG_UST_TRACEPOINT_PROVIDER vigil

#undef LTTNG_UST_TRACEPOINT_INCLUDE
#define LTTNG_UST_TRACEPOINT_INCLUDE "libtrace/tracepoints_lttng.h"

#ifndef VIGIL_TRACEPOINTS_ONCE
#define VIGIL_TRACEPOINTS_ONCE

#include <stdint.h>
#include <string.h>

#include <vigil/board.h>

/* Parameters and fields that every event starts with. */
#define AT_ uint64_t, ns, uint64_t, worker
#define at_ lttng_ust_field_integer(uint64_t, ns, ns) ref_(worker)

#define ref_(name) lttng_ust_field_integer_hex(uint64_t, name, name)
#define bits_(name) lttng_ust_field_integer_hex(uint32_t, name, name)
#define u32_(name) lttng_ust_field_integer(uint32_t, name, name)
#define i32_(name) lttng_ust_field_integer(int32_t, name, name)
#define u64_(name) lttng_ust_field_integer(uint64_t, name, name)
#define text_(name) lttng_ust_field_string(name, (name) ? (name) : "")
#define word_(words, name) lttng_ust_field_enum(vigil, words, uint32_t, name, name)

#define WORDS_(name, list)                                                                         \
	LTTNG_UST_TRACEPOINT_ENUM(vigil, name, LTTNG_UST_TP_ENUM_VALUES(list(WORD_)))
#define WORD_(e, NAME, word) lttng_ust_field_enum_value(word, VIGIL_##e##_##NAME)

#define LEVEL_(name, level)                                                                        \
	LTTNG_UST_TRACEPOINT_LOGLEVEL(vigil, name, LTTNG_UST_TRACEPOINT_LOGLEVEL_##level)
#define EVENT_(name, level, args, fields)                                                          \
	LTTNG_UST_TRACEPOINT_EVENT(vigil, name, LTTNG_UST_TP_ARGS(args),                           \
				   LTTNG_UST_TP_FIELDS(fields))                                    \
	LEVEL_(name, level)
#define CLASS_(name, args, fields)                                                                 \
	LTTNG_UST_TRACEPOINT_EVENT_CLASS(vigil, name, LTTNG_UST_TP_ARGS(args),                     \
					 LTTNG_UST_TP_FIELDS(fields))
#define IN_CLASS_(class, name, level, args)                                                        \
	LTTNG_UST_TRACEPOINT_EVENT_INSTANCE(vigil, class, vigil, name, LTTNG_UST_TP_ARGS(args))    \
	LEVEL_(name, level)
#define LIST_(...) __VA_ARGS__

#define TASK_ LIST_(AT_, uint64_t, task)
#define TASKS_ LIST_(AT_, uint64_t, tasks)
#define WAKE_ LIST_(AT_, uint64_t, task, uint32_t, site, uint64_t, waker)
#define OP_ LIST_(AT_, uint64_t, op)
#define SPAN_ LIST_(AT_, uint64_t, span)

/* The value of an attribute as a number that can be read and plotted. */
static inline double attr_number(uint32_t type, uint64_t value)
{
	double number;

	switch (type) {
	case VIGIL_ATTR_I64:
		return (double)(int64_t)value;
	case VIGIL_ATTR_F64:
		memcpy(&number, &value, sizeof(number));
		return number;
	case VIGIL_ATTR_TEXT:
		return 0;
	}
	return (double)value;
}

#endif

#if !defined(VIGIL_TRACEPOINTS_LTTNG_H) || defined(LTTNG_UST_TRACEPOINT_HEADER_MULTI_READ)
#define VIGIL_TRACEPOINTS_LTTNG_H

#include <lttng/tracepoint.h>

WORDS_(site_kind, VIGIL_SITES)
WORDS_(executor_kind, VIGIL_EXECUTORS)
WORDS_(task_kind, VIGIL_TASKS)
WORDS_(outcome, VIGIL_OUTCOMES)
WORDS_(wait_kind, VIGIL_WAITS)
WORDS_(join_state, VIGIL_JOINS)
WORDS_(resource_kind, VIGIL_RESOURCES)
WORDS_(lock_mode, VIGIL_MODES)
WORDS_(attr_type, VIGIL_ATTRS)
WORDS_(level, VIGIL_LEVELS)
WORDS_(clock_source, VIGIL_CLOCKS)

/* clang-format off */

EVENT_(site, INFO,
       LIST_(AT_, uint32_t, site, uint32_t, kind, const char *, file, uint32_t, line,
	     const char *, function, const char *, name),
       LIST_(at_ u32_(site) word_(site_kind, kind) text_(file) u32_(line) text_(function)
	     text_(name)))

/* Executors and workers. */

CLASS_(worker_at, LIST_(AT_), LIST_(at_))
CLASS_(worker_tasks, TASKS_, LIST_(at_ u64_(tasks)))

EVENT_(executor_new, INFO,
       LIST_(AT_, uint64_t, executor, uint64_t, id, uint32_t, site, uint32_t, kind,
	     const char *, name),
       LIST_(at_ ref_(executor) u64_(id) u32_(site) word_(executor_kind, kind) text_(name)))
EVENT_(executor_free, INFO, LIST_(AT_, uint64_t, executor), LIST_(at_ ref_(executor)))
EVENT_(executor_queued, DEBUG_PROCESS,
       LIST_(AT_, uint64_t, executor, uint64_t, tasks), LIST_(at_ ref_(executor) u64_(tasks)))
EVENT_(thread_begin, INFO, LIST_(AT_, uint64_t, id, uint32_t, tid), LIST_(at_ u64_(id) u32_(tid)))
IN_CLASS_(worker_at, thread_end, INFO, LIST_(AT_))
EVENT_(worker_begin, INFO,
       LIST_(AT_, uint64_t, executor, const char *, name), LIST_(at_ ref_(executor) text_(name)))
IN_CLASS_(worker_at, worker_end, INFO, LIST_(AT_))
IN_CLASS_(worker_at, worker_park, DEBUG_FUNCTION, LIST_(AT_))
IN_CLASS_(worker_at, worker_unpark, DEBUG_FUNCTION, LIST_(AT_))
EVENT_(worker_wait, DEBUG_UNIT,
       LIST_(AT_, uint32_t, kind, uint64_t, object, uint32_t, site),
       LIST_(at_ word_(wait_kind, kind) ref_(object) u32_(site)))
IN_CLASS_(worker_at, worker_resume, DEBUG_UNIT, LIST_(AT_))
IN_CLASS_(worker_tasks, worker_queued, DEBUG_PROCESS, TASKS_)
IN_CLASS_(worker_tasks, worker_stole, DEBUG_PROCESS, TASKS_)

/* Tasks, their wakers and join handles. */

CLASS_(task_at, TASK_, LIST_(at_ ref_(task)))
CLASS_(task_woken, WAKE_, LIST_(at_ ref_(task) u32_(site) ref_(waker)))

EVENT_(task_spawn, INFO,
       LIST_(AT_, uint64_t, task, uint64_t, id, uint32_t, site, uint64_t, executor,
	     uint64_t, parent, uint32_t, kind, uint32_t, flags, const char *, name),
       LIST_(at_ ref_(task) u64_(id) u32_(site) ref_(executor) ref_(parent) word_(task_kind, kind)
	     bits_(flags) text_(name)))
EVENT_(task_rename, INFO,
       LIST_(AT_, uint64_t, task, const char *, name), LIST_(at_ ref_(task) text_(name)))
EVENT_(task_end, INFO,
       LIST_(AT_, uint64_t, task, uint32_t, outcome, int32_t, code, const char *, message),
       LIST_(at_ ref_(task) word_(outcome, outcome) i32_(code) text_(message)))
IN_CLASS_(task_at, poll_begin, DEBUG_FUNCTION, TASK_)
IN_CLASS_(task_at, poll_end, DEBUG_FUNCTION, TASK_)
EVENT_(task_yield, DEBUG_UNIT,
       LIST_(AT_, uint64_t, task, uint32_t, forced), LIST_(at_ ref_(task) u32_(forced)))
EVENT_(task_wait, DEBUG_UNIT,
       LIST_(AT_, uint64_t, task, uint32_t, kind, uint64_t, object, int32_t, fd,
	     uint64_t, deadline_ns),
       LIST_(at_ ref_(task) word_(wait_kind, kind) ref_(object) i32_(fd) u64_(deadline_ns)))
IN_CLASS_(task_woken, wake, DEBUG_UNIT, WAKE_)
IN_CLASS_(task_at, waker_clone, DEBUG_FUNCTION, TASK_)
IN_CLASS_(task_at, waker_drop, DEBUG_FUNCTION, TASK_)
IN_CLASS_(task_woken, waker_wake, DEBUG_UNIT, WAKE_)
EVENT_(join, DEBUG_UNIT,
       LIST_(AT_, uint64_t, task, uint32_t, state, uint64_t, joiner),
       LIST_(at_ ref_(task) word_(join_state, state) ref_(joiner)))

/* Resources, locks, operations. */

CLASS_(op_at, OP_, LIST_(at_ ref_(op)))

EVENT_(resource_new, INFO,
       LIST_(AT_, uint64_t, resource, uint64_t, id, uint32_t, site, uint32_t, kind,
	     uint64_t, parent, uint32_t, flags, const char *, type, const char *, name),
       LIST_(at_ ref_(resource) u64_(id) u32_(site) word_(resource_kind, kind) ref_(parent)
	     bits_(flags) text_(type) text_(name)))
EVENT_(resource_free, INFO, LIST_(AT_, uint64_t, resource), LIST_(at_ ref_(resource)))
EVENT_(lock_wait, DEBUG_UNIT,
       LIST_(AT_, uint64_t, lock, uint32_t, mode, uint32_t, site),
       LIST_(at_ ref_(lock) word_(lock_mode, mode) u32_(site)))
EVENT_(lock_acquired, DEBUG_UNIT,
       LIST_(AT_, uint64_t, lock, uint32_t, mode, uint32_t, site, uint64_t, owner),
       LIST_(at_ ref_(lock) word_(lock_mode, mode) u32_(site) ref_(owner)))
EVENT_(lock_abandoned, DEBUG_UNIT, LIST_(AT_, uint64_t, lock), LIST_(at_ ref_(lock)))
EVENT_(lock_released, DEBUG_UNIT,
       LIST_(AT_, uint64_t, lock, uint64_t, owner), LIST_(at_ ref_(lock) ref_(owner)))
EVENT_(op_new, DEBUG_UNIT,
       LIST_(AT_, uint64_t, op, uint64_t, id, uint32_t, site, uint64_t, resource, uint64_t, parent,
	     const char *, source),
       LIST_(at_ ref_(op) u64_(id) u32_(site) ref_(resource) ref_(parent) text_(source)))
IN_CLASS_(op_at, op_poll_begin, DEBUG_FUNCTION, OP_)
EVENT_(op_poll_end, DEBUG_FUNCTION,
       LIST_(AT_, uint64_t, op, uint32_t, ready), LIST_(at_ ref_(op) u32_(ready)))
IN_CLASS_(op_at, op_free, DEBUG_UNIT, OP_)

/* Attributes. `value` holds the bits, `number` what they mean. */

EVENT_(attr, DEBUG_PROCESS,
       LIST_(AT_, uint64_t, object, const char *, key, uint32_t, type,
	     uint64_t, value, const char *, text, const char *, unit),
       LIST_(at_ ref_(object) text_(key) word_(attr_type, type) ref_(value)
	     lttng_ust_field_float(double, number, attr_number(type, value)) text_(text)
	     text_(unit)))

/* Spans and messages. */

CLASS_(span_at, SPAN_, LIST_(at_ ref_(span)))

EVENT_(span_new, INFO,
       LIST_(AT_, uint64_t, span, uint64_t, id, uint32_t, site, uint64_t, parent, uint32_t, level,
	     const char *, name),
       LIST_(at_ ref_(span) u64_(id) u32_(site) ref_(parent) word_(level, level) text_(name)))
IN_CLASS_(span_at, span_enter, DEBUG_FUNCTION, SPAN_)
IN_CLASS_(span_at, span_leave, DEBUG_FUNCTION, SPAN_)
IN_CLASS_(span_at, span_free, INFO, SPAN_)
EVENT_(event, INFO,
       LIST_(AT_, uint32_t, site, uint32_t, level, uint64_t, task, uint64_t, span,
	     const char *, message),
       LIST_(at_ u32_(site) word_(level, level) ref_(task) ref_(span) text_(message)))

/* The process and its board. */

EVENT_(process_room, INFO,
       LIST_(AT_, const char *, table, uint32_t, capacity, uint32_t, finished),
       LIST_(at_ text_(table) u32_(capacity) u32_(finished)))
EVENT_(process_clock, INFO,
       LIST_(AT_, uint32_t, source, uint64_t, tsc_hz, const char *, boot_id),
       LIST_(at_ word_(clock_source, source) u64_(tsc_hz) text_(boot_id)))
EVENT_(process_begin, INFO,
       LIST_(AT_, uint32_t, pid, uint32_t, parent_pid, uint32_t, uid, uint64_t, start_ticks,
	     uint64_t, unix_ns, const char *, name, const char *, command, const char *, version),
       LIST_(at_ u32_(pid) u32_(parent_pid) u32_(uid) u64_(start_ticks) u64_(unix_ns) text_(name)
	     text_(command) text_(version)))
IN_CLASS_(worker_at, process_end, INFO, LIST_(AT_))

/* From a recorder, not from the process: its board as it was. */

EVENT_(board_part, INFO,
       LIST_(AT_, uint32_t, pid, uint64_t, start_ticks, uint32_t, part, uint32_t, parts,
	     uint64_t, offset, uint64_t, size, const uint64_t *, words, uint32_t, count),
       LIST_(at_ u32_(pid) u64_(start_ticks) u32_(part) u32_(parts) u64_(offset) u64_(size)
	     lttng_ust_field_sequence_hex(uint64_t, words, words, uint32_t, count)))

/* clang-format on */

#endif

#include <lttng/tracepoint-event.h>
