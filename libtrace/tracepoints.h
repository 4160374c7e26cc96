/* SPDX-License-Identifier: MIT */
/*
 * The tracepoints, as the library sees them: a switch and a function each.
 *
 * Both live in libvigil-lttng.so, loaded at vigil_init where LTTng is installed.
 * Until then every switch points at one word that is 0. So an application
 * never links LTTng, and with no session a tracepoint costs a load and a branch.
 *
 * Each carries its time and worker first, and whatever a replay needs to call
 * the same board function again. A site is sent once, when it is first used. A
 * board is announced by one process_room for each of its tables, process_clock
 * and, last, process_begin; unless its session started later.
 *
 * Who joins a session late has missed all that. So `vigil record --live` tells it the
 * boards of its targets now and then, by the tracepoint that no program has: a
 * board_part 0 before a board is copied, at ns; the copy, packed (console/trace/pack.h)
 * piece by piece, each for an offset of a file of `size` bytes; and one without words,
 * whose `parts` says how many there were. pid is as the process sees itself. A piece has
 * at most BOARD_PIECE bytes of the file.
 *
 * The list is the interface between the two objects, which may be of different
 * versions: tracepoints are appended, and one with other parameters is another
 * tracepoint. LTTng takes ten parameters at most.
 */
#ifndef LIBTRACE_TRACEPOINTS_H
#define LIBTRACE_TRACEPOINTS_H

#include <stddef.h>
#include <stdint.h>

#include "libtrace/atomic.h"

/* clang-format off */
#define TRACEPOINTS(X)                                                                             \
	X(site, (uint64_t ns, uint64_t worker, uint32_t site, uint32_t kind, const char *file,     \
		 uint32_t line, const char *function, const char *name))                           \
	X(executor_new, (uint64_t ns, uint64_t worker, uint64_t executor, uint64_t id,             \
			 uint32_t site, uint32_t kind, const char *name))                          \
	X(executor_free, (uint64_t ns, uint64_t worker, uint64_t executor))                        \
	X(executor_queued, (uint64_t ns, uint64_t worker, uint64_t executor, uint64_t tasks))      \
	X(thread_begin, (uint64_t ns, uint64_t worker, uint64_t id, uint32_t tid))                 \
	X(thread_end, (uint64_t ns, uint64_t worker))                                              \
	X(worker_begin, (uint64_t ns, uint64_t worker, uint64_t executor, const char *name))       \
	X(worker_end, (uint64_t ns, uint64_t worker))                                              \
	X(worker_park, (uint64_t ns, uint64_t worker))                                             \
	X(worker_unpark, (uint64_t ns, uint64_t worker))                                           \
	X(worker_wait, (uint64_t ns, uint64_t worker, uint32_t kind, uint64_t object,              \
			uint32_t site))                                                            \
	X(worker_resume, (uint64_t ns, uint64_t worker))                                           \
	X(worker_queued, (uint64_t ns, uint64_t worker, uint64_t tasks))                           \
	X(worker_stole, (uint64_t ns, uint64_t worker, uint64_t tasks))                            \
	X(task_spawn, (uint64_t ns, uint64_t worker, uint64_t task, uint64_t id, uint32_t site,    \
		       uint64_t executor, uint64_t parent, uint32_t kind, uint32_t flags,          \
		       const char *name))                                                          \
	X(task_rename, (uint64_t ns, uint64_t worker, uint64_t task, const char *name))            \
	X(task_end, (uint64_t ns, uint64_t worker, uint64_t task, uint32_t outcome, int32_t code,  \
		     const char *message))                                                         \
	X(poll_begin, (uint64_t ns, uint64_t worker, uint64_t task))                               \
	X(poll_end, (uint64_t ns, uint64_t worker, uint64_t task))                                 \
	X(task_yield, (uint64_t ns, uint64_t worker, uint64_t task, uint32_t forced))              \
	X(task_wait, (uint64_t ns, uint64_t worker, uint64_t task, uint32_t kind,                  \
		      uint64_t object, int32_t fd, uint64_t deadline_ns))                          \
	X(wake, (uint64_t ns, uint64_t worker, uint64_t task, uint32_t site, uint64_t waker))      \
	X(waker_clone, (uint64_t ns, uint64_t worker, uint64_t task))                              \
	X(waker_drop, (uint64_t ns, uint64_t worker, uint64_t task))                               \
	X(waker_wake, (uint64_t ns, uint64_t worker, uint64_t task, uint32_t site,                 \
		       uint64_t waker))                                                            \
	X(join, (uint64_t ns, uint64_t worker, uint64_t task, uint32_t state, uint64_t joiner))    \
	X(resource_new, (uint64_t ns, uint64_t worker, uint64_t resource, uint64_t id,             \
			 uint32_t site, uint32_t kind, uint64_t parent, uint32_t flags,            \
			 const char *type, const char *name))                                      \
	X(resource_free, (uint64_t ns, uint64_t worker, uint64_t resource))                        \
	X(lock_wait, (uint64_t ns, uint64_t worker, uint64_t lock, uint32_t mode, uint32_t site))  \
	X(lock_acquired, (uint64_t ns, uint64_t worker, uint64_t lock, uint32_t mode,              \
			  uint32_t site, uint64_t owner))                                          \
	X(lock_abandoned, (uint64_t ns, uint64_t worker, uint64_t lock))                           \
	X(lock_released, (uint64_t ns, uint64_t worker, uint64_t lock, uint64_t owner))            \
	X(op_new, (uint64_t ns, uint64_t worker, uint64_t op, uint64_t id, uint32_t site,          \
		   uint64_t resource, uint64_t parent, const char *source))                        \
	X(op_poll_begin, (uint64_t ns, uint64_t worker, uint64_t op))                              \
	X(op_poll_end, (uint64_t ns, uint64_t worker, uint64_t op, uint32_t ready))                \
	X(op_free, (uint64_t ns, uint64_t worker, uint64_t op))                                    \
	X(attr, (uint64_t ns, uint64_t worker, uint64_t object, const char *key, uint32_t type,    \
		 uint64_t value, const char *text, const char *unit))                              \
	X(span_new, (uint64_t ns, uint64_t worker, uint64_t span, uint64_t id, uint32_t site,      \
		     uint64_t parent, uint32_t level, const char *name))                           \
	X(span_enter, (uint64_t ns, uint64_t worker, uint64_t span))                               \
	X(span_leave, (uint64_t ns, uint64_t worker, uint64_t span))                               \
	X(span_free, (uint64_t ns, uint64_t worker, uint64_t span))                                \
	X(event, (uint64_t ns, uint64_t worker, uint32_t site, uint32_t level, uint64_t task,      \
		  uint64_t span, const char *message))                                             \
	X(process_room, (uint64_t ns, uint64_t worker, const char *table, uint32_t capacity,       \
			 uint32_t finished))                                                       \
	X(process_clock, (uint64_t ns, uint64_t worker, uint32_t source, uint64_t tsc_hz,          \
			  const char *boot_id))                                                    \
	X(process_begin, (uint64_t ns, uint64_t worker, uint32_t pid, uint32_t parent_pid,         \
			  uint32_t uid, uint64_t start_ticks, uint64_t unix_ns, const char *name,  \
			  const char *command, const char *version))                               \
	X(process_end, (uint64_t ns, uint64_t worker))

/* New ones go behind this one: its place in the table is fixed. */
#define TRACEPOINTS_ALL(X)                                                                         \
	TRACEPOINTS(X)                                                                             \
	X(board_part, (uint64_t ns, uint64_t worker, uint32_t pid, uint64_t start_ticks,           \
		       uint32_t part, uint32_t parts, uint64_t offset, uint64_t size,              \
		       const uint64_t *words, uint32_t count))
/* clang-format on */

#define BOARD_PIECE 16384

struct tracepoints {
	uint32_t struct_size; /* bytes the one who fills it in may write */
	uint32_t spare;
	void (*thread_ready)(void); /* NULL: nothing to do */
#define X(name, params)                                                                            \
	const int *name##_on;                                                                      \
	void(*name) params;
	TRACEPOINTS_ALL(X)
#undef X
};

_Static_assert(offsetof(struct tracepoints, board_part_on) ==
		       offsetof(struct tracepoints, process_end) + sizeof(void *),
	       "a tracepoint was added where older objects have board_part");

/* Hidden, or each use would look its address up first. */
extern struct tracepoints tracepoints __attribute__((visibility("hidden")));

/*
 * Arguments are evaluated only while a session wants the event. The acquire
 * makes the function visible together with its switch; its partner is the
 * release in switch_on, tracepoints.c.
 */
#define IS_TRACED(name) (load(load_acquire(&tracepoints.name##_on)))
#define TRACE(name, ...)                                                                           \
	do {                                                                                       \
		if (unlikely(IS_TRACED(name)))                                                     \
			tracepoints.name(__VA_ARGS__);                                             \
	} while (0)

/*
 * Loads the probes if they are there. how is the value of VIGIL_LTTNG: NULL or
 * "1" looks for them, "0" refuses them (and switches off those loaded before),
 * a path names the object. Silent; keeps errno; may wait for a session daemon,
 * see tracepoints.c.
 */
void tracepoints_init(const char *how);

/*
 * To be called once on each thread, outside signal handlers, before its first
 * tracepoint. LTTng would else allocate the thread's memory at its first event,
 * which may be a wake inside a signal handler that interrupted malloc.
 */
void tracepoints_thread(void);

/* What libvigil-lttng.so exports: fills the table as far as both know it. */
#define TRACEPOINTS_SYMBOL "vigil_lttng_tracepoints_2"
typedef void (*tracepoints_fill)(struct tracepoints *ret_table);

#endif
