/* SPDX-License-Identifier: MIT */
/*
 * Vigil: say what an asynchronous program is doing, so that `vigil` can show it.
 *
 * A dozen calls make an event loop visible:
 *
 *	vigil_init(NULL);                                        once
 *	loop = vigil_executor_new(VIGIL_EXECUTOR_EVENT_LOOP, "http");
 *	vigil_worker_begin(loop, "http-0");                      on its thread
 *	    vigil_worker_park(); epoll_wait(...); vigil_worker_unpark();
 *	    task = vigil_task_spawn(loop, VIGIL_TASK_CALLBACK, "conn", 0);
 *	    vigil_wake(task);                                    it is ready
 *	    vigil_poll_begin(task); on_ready(conn); vigil_poll_end(task);
 *	    vigil_task_wait_fd(task, VIGIL_WAIT_READABLE, fd);   why it is idle
 *	    vigil_task_end(task, VIGIL_OUTCOME_COMPLETED);
 *
 * The promise, for every call but vigil_init and vigil_fini:
 *  - It is legal before vigil_init, after it failed, and after vigil_fini: then
 *    it costs one load and one branch (vigil_site_find: what it always does).
 *  - It allocates nothing, never blocks, prints nothing, leaves errno alone. The
 *    exceptions, each bounded: the first call on a thread gives the thread its
 *    worker record and a thread-specific key's value; a call that needs the next
 *    piece of the board asks the kernel for it (fstat, fstatfs, fallocate,
 *    mprotect, madvise: let a seccomp filter allow them); the first call in a
 *    child made by fork makes the child's board.
 *  - It may be made on any thread at any time, unless its comment says less. A
 *    wake may be made from a signal handler.
 *  - What cannot be recorded is counted, and the console shows the count.
 *  - Strings are copied, cut to fit, and may be NULL, which is "no name".
 *  - A handle of 0 is legal everywhere and means "none".
 *
 * Handles outlive what they name. A call with the handle of a thing that ended,
 * or whose record serves another by now, or that came from a parent process,
 * does nothing but raise a "misused" counter. Generations are 32 bits wide: a
 * handle kept while its record was reused 2^32 - 1 times would be taken for the
 * record's new owner.
 *
 * fork: the child has no board until its first call here that is no wake; then
 * it gets one of its own, without the parent's tasks. A signal handler that may
 * have interrupted a call must not fork. exec ends a board as exit does.
 *
 * Environment, read by vigil_init: VIGIL=off (0, no) records nothing; VIGIL_DIR is the
 * directory of the board; VIGIL_LTTNG=0 keeps LTTng out, a path names its object; VIGIL_TASKS=N and the
 * like (see vigil_options) set capacities. A set-user-id program ignores them.
 *
 * The board's file outlives the process: `vigil ps` lists it, `vigil prune`
 * removes it. vigil_init keeps 16 of dead processes in its directory, those that
 * died before those that called vigil_fini and newer before older, so that
 * restarts do not fill /dev/shm; nor does a board take a file system's last
 * quarter (at most 64 MiB are left alone). Under mlockall a board stays sparse,
 * but about 18 KB for each of the workers that may be are private and made real,
 * and all address space counts against RLIMIT_MEMLOCK: a program that has such a
 * limit sets small capacities, or calls mlockall before vigil_init, which then
 * halves them until they fit.
 *
 * libvigil.so stays loaded once it is. libvigil.a belongs in programs, not in a
 * plugin that is unloaded: its boards would stay mapped.
 *
 * Arguments are evaluated only while something records: let them have no side
 * effects. Calls stand inside functions: C++ has no place for a site outside.
 *
 * With -DVIGIL_DISABLE every call compiles to nothing: arguments are checked but
 * never evaluated, handles are 0.
 *
 * This header compiles as C11 and C++17 with gcc and clang.
 */
#ifndef VIGIL_VIGIL_H
#define VIGIL_VIGIL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <vigil/board.h>

#ifdef __cplusplus
extern "C" {
#endif

#pragma GCC visibility push(default)

#define VIGIL_VERSION "0.1.0"

/* Handles. Each is a reference in the sense of board.h; 0 is none. */
typedef uint64_t vigil_executor;
typedef uint64_t vigil_task;
typedef uint64_t vigil_resource;
typedef uint64_t vigil_op;
typedef uint64_t vigil_span;
typedef uint64_t vigil_attr;
typedef uint64_t vigil_object; /* any of them, but an attribute */

/*
 * A place in the source. The macros below make one, static, at each call, so
 * nobody else needs this but the author of a wrapper: VIGIL_HERE() is the
 * present line, vigil_site_find a line known only when the program runs.
 */
struct vigil_site {
	const char *file;
	const char *function;
	const char *name; /* may be NULL */
	uint32_t line;
	uint32_t id; /* the library's; starts as 0 */
};

#define VIGIL_SITE_NAMED(text)                                                                     \
	__extension__({                                                                            \
		static struct vigil_site vigil_site_ = { __FILE__, __func__, text, __LINE__, 0 };  \
		&vigil_site_;                                                                      \
	})
#define VIGIL_HERE() VIGIL_SITE_NAMED(NULL)

/*
 * Returns the site of a place given as text (a script, a caller's caller), the
 * same one for the same place, or NULL (an unknown site, legal everywhere) when
 * 1024 such places are known already. The strings must stay as long as the process.
 */
struct vigil_site *vigil_site_find(const char *file, uint32_t line, const char *function,
				   const char *name);

/* ---- Start and end ---- */

/*
 * Options. Set struct_size to sizeof(struct vigil_options), all else may be 0.
 * Capacities are limits, not allocations: a board's file is sparse. A variable
 * in the environment (VIGIL_TASKS, ..., VIGIL_FINISHED) wins over the field; a
 * limit on file size or address space (ulimit -f, -v) halves them until they fit.
 */
struct vigil_options {
	size_t struct_size;
	const char *name;              /* of the program; default: its command name */
	const char *dir;               /* of the board; default: /dev/shm/vigil-UID */
	uint32_t tasks;                /* live ones and finished ones still shown; 1,048,576 */
	uint32_t resources;            /* 262,144 */
	uint32_t ops;                  /* 262,144 */
	uint32_t spans;                /* 262,144 */
	uint32_t attrs;                /* 1,048,576 */
	uint32_t workers;              /* threads at one time; 512 */
	uint32_t sites;                /* 4,096 */
	uint32_t finished;             /* finished tasks that stay visible; 8,192 */
	uint64_t (*now_ns)(void *arg); /* another clock, for tests; any thread calls it */
	void *now_arg;
};

/*
 * Makes the board and starts recording. Call it from main, before threads if
 * you can. options may be NULL.
 *
 * Returns 0, also when VIGIL=off asked for silence; or
 *  -EALREADY  recording goes on, or another thread starts or ends it just now
 *  -EBUSY     this process had 64 boards
 *  -EAGAIN    the process has no thread-specific key left (PTHREAD_KEYS_MAX), or
 *             another program held the new board's lock for 0.1 s
 *  -EOPNOTSUPP  neither the file system nor the kernel (5.14) can claim storage
 *  -EINVAL    options->struct_size is 0; a capacity is no number, or over
 *             134,217,727 (workers 16,384, sites 65,535)
 *  -E2BIG     options has a field that this library is too old to know, not 0
 *  -ENOSPC    the file system has no room for the board's first pages
 *  -EFBIG     the file size limit (ulimit -f) leaves no room for a small board
 *  -EACCES, -EPERM, -EROFS, -ENOENT, ...  the directory cannot be used
 *  -ENOMEM    no address space for a small board
 * After a failure every call is legal and does nothing.
 */
int vigil_init(const struct vigil_options *options);

/*
 * Ends recording: the board says "finished" and stays until `vigil prune`.
 * Other threads may be inside calls; so the mapping stays until exit. vigil_init
 * may follow, at most 63 times in one process. Need not be called: a process that
 * exits or is killed leaves its board as it was.
 */
void vigil_fini(void);

/* Returns whether calls record at this moment. */
bool vigil_is_live(void);

/* Returns the board's clock, ns of CLOCK_MONOTONIC; 0 when nothing records. */
uint64_t vigil_now(void);

/* Copies the path of the board's file. Returns its length, 0 when there is none. */
size_t vigil_board_path(char *buf, size_t size);

/* ---- Executors and workers ---- */

/* An executor is a set of workers: an event loop, a runtime, a pool. */
vigil_executor vigil_executor_new_at(struct vigil_site *site, enum vigil_executor_kind kind,
				     const char *name);
void vigil_executor_free(vigil_executor executor);

/* Says how many tasks stand in the executor's run queue now. */
void vigil_executor_queued(vigil_executor executor, uint64_t tasks);

/*
 * The calling thread becomes a worker of executor. A thread that polls, wakes,
 * spawns or locks without this call is shown as a thread of no executor.
 * vigil_worker_end, or the thread's exit, ends it; a second begin replaces the
 * executor and the name.
 */
void vigil_worker_begin(vigil_executor executor, const char *name);
void vigil_worker_end(void);

/* Around the call in which the worker sleeps (epoll_wait, a condition). */
void vigil_worker_park(void);
void vigil_worker_unpark(void);

/*
 * The thread blocks for something that is no lock of ours: a condition, a name
 * lookup, a child process. Around the blocking call, inside a poll or not. object
 * is what it waits for, or 0. For locks use vigil_lock_wait.
 */
void vigil_worker_wait_at(struct vigil_site *site, enum vigil_wait_kind kind, vigil_object object);
void vigil_worker_resume(void);

/* Numbers the runtime knows: its own run queue's length; tasks it stole. */
void vigil_worker_queued(uint64_t tasks);
void vigil_worker_stole(uint64_t tasks);

/* ---- Tasks ---- */

#define VIGIL_SPAWN_IDLE 1u /* not runnable until it is woken */
#define VIGIL_SPAWN_ROOT 2u /* no parent, though spawned inside a poll */
#define VIGIL_SPAWN_JOIN 4u /* somebody holds a handle to await its end */

/*
 * A task is born. Its parent is the task this thread polls. It counts as
 * runnable from now until its first poll, unless flags has VIGIL_SPAWN_IDLE.
 * executor may be 0. Returns its handle, 0 when it could not be recorded.
 */
vigil_task vigil_task_spawn_at(struct vigil_site *site, vigil_executor executor,
			       enum vigil_task_kind kind, const char *name, unsigned flags);

/* Renames a task. Only its poller, or its spawner before the first poll. */
void vigil_task_rename(vigil_task task, const char *name);

/*
 * The task is over. Any thread, once; a second end changes nothing and is
 * counted. Ending a task inside its own poll ends the poll as well (the
 * vigil_poll_end that follows is accepted); ending one that another worker polls
 * is legal, that poll then counts up to its end. The record stays visible until
 * options.finished later ones have ended.
 */
void vigil_task_end(vigil_task task, enum vigil_outcome outcome);

/* The same for a failed one, with a code of the program's and a message. */
void vigil_task_fail(vigil_task task, int32_t code, const char *message);

/* Returns the task this thread polls, 0 for none. */
vigil_task vigil_task_current(void);

/*
 * Around each run of the task. Begin and end are made on one thread; polls of
 * one task never overlap in time but may move between threads. Polls nest: a
 * block_on inside a poll begins the inner task's poll inside the outer's, whose
 * busy time goes on. A second begin of the same task inside its own poll counts
 * as one poll. Up to 16 deep, deeper ones are counted, not recorded. An end
 * without its begin is ignored and counted; an end of an outer poll ends the
 * inner ones too (a longjmp left them).
 */
void vigil_poll_begin(vigil_task task);
void vigil_poll_end(vigil_task task);

/* The task yielded though it could go on; forced: its budget was used up. */
void vigil_task_yield(vigil_task task, bool forced);

/*
 * What the task waits on from now until its next poll begins: `why` follows
 * this. Call it inside the poll; after it only where one thread polls the task. object is
 * the resource, task, operation or executor waited for, or 0. A deadline is in
 * the clock of vigil_now, 0 for none. A task that was spawned runnable and waits before its
 * first poll becomes idle.
 */
void vigil_task_wait(vigil_task task, enum vigil_wait_kind kind, vigil_object object);
void vigil_task_wait_fd(vigil_task task, enum vigil_wait_kind kind, int fd);
void vigil_task_wait_fd_until(vigil_task task, enum vigil_wait_kind kind, int fd,
			      uint64_t deadline_ns);
void vigil_task_wait_until(vigil_task task, enum vigil_wait_kind kind, vigil_object object,
			   uint64_t deadline_ns);

/* ---- Wakers ---- */

/*
 * Makes the task runnable. Call it before the task enters its run queue, from
 * any thread, and from a signal handler if the thread made a call before; one
 * that interrupts a call may cost the thread's own records one count and mix one
 * entry of its last events. Who wakes is the task this thread polls, else the
 * thread. The time of a waker that is preempted inside this call may be early by
 * that long.
 */
void vigil_wake_at(struct vigil_site *site, vigil_task task);

/* The same on behalf of another: a loop delivers what a pool's job posted. */
void vigil_wake_by_at(struct vigil_site *site, vigil_task task, vigil_object waker);

/* For runtimes with waker objects: copies, drops, and a wake that consumes. */
void vigil_waker_clone(vigil_task task);
void vigil_waker_drop(vigil_task task);
void vigil_waker_wake_at(struct vigil_site *site, vigil_task task);

/* ---- Join handles ---- */

/* A handle exists (as VIGIL_SPAWN_JOIN says at birth); was dropped: detached. */
void vigil_join_hold(vigil_task task);
void vigil_join_drop(vigil_task task);

/* The task this thread polls awaits task's end; and has taken its result. */
void vigil_join_await(vigil_task task);
void vigil_join_done(vigil_task task);

/* ---- Resources and locks ---- */

/*
 * Something tasks use and wait for. type is the program's name for its type;
 * parent another resource or 0; flags VIGIL_RESOURCE_*.
 */
vigil_resource vigil_resource_new_at(struct vigil_site *site, enum vigil_resource_kind kind,
				     const char *type, const char *name, vigil_resource parent,
				     unsigned flags);
void vigil_resource_free(vigil_resource resource);

/*
 * A lock is a resource with owners. The waiter and owner is the task this
 * thread polls, else the thread. In order:
 *
 *	wait      before blocking or going pending; leave it out if the lock was free
 *	acquired  at once after it was taken; ends the wait
 *	abandoned instead, when the waiter gave up
 *	released  just before it is given back
 *
 * mode is VIGIL_MODE_EXCLUSIVE or VIGIL_MODE_SHARED. A semaphore's permits are
 * shared owners. Of shared owners VIGIL_OWNERS are named and all are counted.
 * With VIGIL_RESOURCE_THREAD the wait is the thread's, inside the poll; else it
 * is the task's, as by vigil_task_wait. _by gives the lock to another task: a
 * runtime that hands its lock to the first in line.
 */
void vigil_lock_wait_at(struct vigil_site *site, vigil_resource lock, enum vigil_mode mode);
void vigil_lock_acquired_at(struct vigil_site *site, vigil_resource lock, enum vigil_mode mode);
void vigil_lock_acquired_by_at(struct vigil_site *site, vigil_resource lock, enum vigil_mode mode,
			       vigil_task owner);
void vigil_lock_abandoned(vigil_resource lock);
void vigil_lock_released(vigil_resource lock);
void vigil_lock_released_by(vigil_resource lock, vigil_task owner);

/* ---- Async operations ---- */

/*
 * A task's use of a resource, from call to result: Mutex.lock, Stream.read. The
 * task is the one this thread polls. parent is an operation it is part of, or 0.
 * Polled by one thread at a time. Freeing it inside its poll ends that poll as ready; to
 * give it up there, end the poll with false first.
 */
vigil_op vigil_op_new_at(struct vigil_site *site, vigil_resource resource, const char *source,
			 vigil_op parent);
void vigil_op_poll_begin(vigil_op op);
void vigil_op_poll_end(vigil_op op, bool is_ready);
void vigil_op_free(vigil_op op);

/* ---- Attributes ---- */

/*
 * Named values of an executor, task, resource, operation or span: permits,
 * capacity, peer. Setting a key again replaces its value. unit may be NULL. One
 * thread at a time per object for new keys; any thread for known ones, the last
 * one wins. At most 64 keys an object.
 *
 * They return a handle, which lives as long as its object; 0 when nothing was set.
 */
vigil_attr vigil_attr_i64(vigil_object object, const char *key, int64_t value, const char *unit);
vigil_attr vigil_attr_u64(vigil_object object, const char *key, uint64_t value, const char *unit);
vigil_attr vigil_attr_f64(vigil_object object, const char *key, double value, const char *unit);
vigil_attr vigil_attr_bool(vigil_object object, const char *key, bool value);
vigil_attr vigil_attr_text(vigil_object object, const char *key, const char *value);

/*
 * Sets a value by its handle, where it changes at every step: nothing is searched.
 * Any thread; the last one wins.
 */
void vigil_attr_set_i64(vigil_attr attr, int64_t value);
void vigil_attr_set_u64(vigil_attr attr, uint64_t value);
void vigil_attr_set_f64(vigil_attr attr, double value);
void vigil_attr_set_bool(vigil_attr attr, bool value);

/* ---- Spans and events ---- */

/*
 * A span is a named part of the work. It is entered and left on the thread that
 * does the work, as often as needed, across polls; leave in reverse order of
 * enter. Its parent is the span entered innermost in this task (outside a task:
 * on this thread). Fields are attributes. Freed while it is entered, it is left. begin
 * makes one and enters it at once.
 */
vigil_span vigil_span_new_at(struct vigil_site *site, enum vigil_level level, const char *name);
vigil_span vigil_span_begin_at(struct vigil_site *site, enum vigil_level level, const char *name);
void vigil_span_enter(vigil_span span);
void vigil_span_leave(vigil_span span);
void vigil_span_free(vigil_span span);

/* A message, inside whatever span and task this thread is in. */
void vigil_event_at(struct vigil_site *site, enum vigil_level level, const char *message);

#pragma GCC visibility pop

#ifdef __cplusplus
}
#endif

#include <vigil/gates.h>

#endif
