/* SPDX-License-Identifier: MIT */
/*
 * rt: a small asynchronous runtime, instrumented the way its author would do it.
 *
 * Tasks have stacks of their own, so asynchronous code reads like any other:
 *
 *	#include "rt/rt.h"
 *
 *	static int hello(void *arg)
 *	{
 *		(void)arg;
 *		return rt_sleep(100 * RT_MS);
 *	}
 *	static int start(void *arg)
 *	{
 *		struct rt_result result = { 0 };
 *		struct rt_handle job;
 *		int error = rt_spawn(&job, hello, NULL, "hello");
 *
 *		if (!error)
 *			error = rt_join(&job, &result);
 *		rt_result_free(&result);
 *		(void)arg;
 *		return error ? error : result.code;
 *	}
 *	int main(void)
 *	{
 *		vigil_init(NULL);
 *		return rt_run(NULL, start, NULL) ? 1 : 0;
 *	}
 *
 * After `make`: cc -pthread -D_GNU_SOURCE -Iinclude -Iexamples hello.c
 * build/libexamplert.a build/libvigil.a -ldl
 *
 * The promise:
 *  - A call that may wait is an operation, struct rt_op. rt_thing() awaits it;
 *    rt_thing_op() makes it, for rt_select, rt_timeout and rt_await. Until then
 *    nothing has happened, and an operation that lost a race has not happened.
 *  - Calls return 0 or more, or a negative errno. The same codes everywhere:
 *	-ECANCELED  this task was cancelled: clean up and return
 *	-EPIPE      closed by the other side, or by this one
 *	-EAGAIN     a try found nothing to do now
 *	-ETIMEDOUT  a deadline passed
 *	-EPERM      not allowed here: outside the runtime, not the owner
 *	-EDEADLK    it could never end: a task that joins itself, an await in place
 *	-EINVAL     used twice, or never made
 *	-ENOMEM     no memory; nothing has changed
 *    Misuse (-EPERM, -EDEADLK, -EINVAL) also has a sentence that says what to do:
 *    on stderr, or where rt_options.misused takes it.
 *  - Cancellation is cooperative: after rt_cancel every await of the task returns
 *    -ECANCELED, the one it is in at once, until it returns. What it holds it gives
 *    back itself; RT_GUARD does so at the end of the scope.
 *  - What is shared (channels, locks, tokens) may be used by any task of any worker.
 *    An rt_handle or an operation belongs to one task at a time. Pointers to what
 *    is on a task's stack may be given to others for as long as the task waits.
 *  - rt_..._new returns NULL, or -ENOMEM, when there is no memory.
 *  - rt_..._free: NULL is legal. Nobody may wait for it any more, or be in a call with it,
 *    but where its comment says what they get.
 *  - Times are ns, deadlines are of rt_now().
 *
 * Do not keep `errno` or the address of a thread-local variable across an await:
 * the task may go on upon another thread.
 */
#ifndef RT_H
#define RT_H

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/types.h>

#include <vigil/vigil.h>

#include "wheel.h"

#define RT_US 1000ull
#define RT_MS 1000000ull
#define RT_S 1000000000ull

#define RT_PRINTF(at, first) __attribute__((format(printf, at, first)))

/* Calls give_back(&variable) when the variable's scope is left, however that is. */
#define RT_GUARD(give_back) __attribute__((cleanup(give_back), unused))

/* What a task runs. Returns 0, or a negative code: rt_fail() says more. */
typedef int (*rt_fn)(void *arg);

/* ---- The runtime (runtime.c) ---- */

struct rt_stats {
	uint64_t spawned, completed, failed, cancelled, aborted;
	uint64_t left;          /* still there when the main task ended: these were aborted */
	uint64_t abandoned;     /* of them, would not end within shutdown_ns */
	uint64_t unseen_errors; /* failed tasks whose error nobody looked at */
	uint64_t yields, forced_yields, steals;
	uint64_t live; /* now */
};

/* All may be 0. */
struct rt_options {
	const char *name;  /* of the executor: "rt" */
	unsigned workers;  /* 0: as many as processors; 1: the calling thread alone; 32 at most */
	size_t stack_size; /* of a task: RT_STACK_SIZE */
	unsigned blocking_threads; /* of the blocking pool, at most: 64 */
	uint64_t shutdown_ns;      /* given to what is left at the end: 1 s; UINT64_MAX: for ever */
	bool is_paused;            /* time stands still, and jumps to the next timer when all is
				      idle: for tests, with one worker */
	void (*misused)(const char *sentence); /* NULL: stderr */
	struct rt_stats *ret_stats;            /* NULL, or filled at the end */
	struct rt_error **ret_error;           /* NULL: the main task's error goes to stderr */
};

#define RT_STACK_SIZE (64 * 1024)

/*
 * Runs fn as the main task, on this thread and those it starts, until it returns;
 * then aborts what is left: tasks, and jobs that wait; one that runs may see it by
 * rt_is_cancelled. Returns the main task's code; -EPERM inside a
 * runtime; -ENOMEM, -EMFILE, -EAGAIN: could not start.
 */
int rt_run_at(struct vigil_site *site, const struct rt_options *options, rt_fn fn, void *arg);
#define rt_run(options, fn, arg) rt_run_at(VIGIL_HERE(), options, fn, arg)

/* Of the runtime this thread belongs to; zeros outside. */
struct rt_stats rt_stats(void);
uint64_t rt_now(void); /* outside: CLOCK_MONOTONIC */

/* ---- Errors (error.c) ---- */

/*
 * What failed. type is a constant of the program's, compared by content: "io",
 * "parse", "db". cause is what it came from, further in; owned.
 */
struct rt_error {
	const char *type;
	int code; /* negative */
	char *message;
	struct rt_error *cause;
};

struct rt_error *rt_error_new(const char *type, int code, const char *format, ...) RT_PRINTF(3, 4);
void rt_error_free(struct rt_error *error);
/* "outer: inner: innermost". Returns the length it would have, as snprintf. */
size_t rt_error_print(const struct rt_error *error, char *buf, size_t size);
/* Returns the first of the chain that is of this type, or NULL. */
const struct rt_error *rt_error_of_type(const struct rt_error *error, const char *type);

/* Makes an error this task's. Returns code, so that `return rt_fail(...)` ends the task. */
int rt_fail(const char *type, int code, const char *format, ...) RT_PRINTF(3, 4);
/* The same with an error that exists: a joined task's. Takes it; NULL: returns 0. */
int rt_fail_with(struct rt_error *error);
/*
 * Says what was being done when code came: wraps this task's error. Returns code; 0 and more
 * pass.
 */
int rt_context(int code, const char *format, ...) RT_PRINTF(2, 3);
/* This task's error, which it handled: takes it off. NULL if none. The caller's to free. */
struct rt_error *rt_error_take(void);

/* ---- Tasks (task.c, join.c) ---- */

struct rt_task;

/* To await a task's end. Zeroed: of no task. */
struct rt_handle {
	struct rt_task *task;
};

struct rt_spawn_options {
	const char *name;
	size_t stack_size;
	enum vigil_task_kind kind; /* VIGIL_TASK_OTHER: VIGIL_TASK_ASYNC */
	bool is_root;              /* no child of this task's */
};

/*
 * Starts a task. ret_handle NULL: detached from birth. Returns 0, -ENOMEM, -EPERM
 * outside the runtime, -ECANCELED when the runtime ends. On an error *ret_handle is zeroed.
 * It gets its stack when it first runs: one for which there is no memory ends with -ENOMEM.
 */
int rt_spawn_at(struct vigil_site *site, struct rt_handle *ret_handle, rt_fn fn, void *arg,
		const struct rt_spawn_options *options);
#define rt_spawn(ret_handle, fn, arg, task_name)                                                   \
	rt_spawn_at(VIGIL_HERE(), ret_handle, fn, arg,                                             \
		    &(struct rt_spawn_options){ .name = (task_name) })
#define rt_spawn_with(ret_handle, fn, arg, options)                                                \
	rt_spawn_at(VIGIL_HERE(), ret_handle, fn, arg, options)

/* What became of a task. error is the caller's to free (rt_result_free). */
struct rt_result {
	int code;    /* what it returned; -ECANCELED also when it was cancelled before it ran */
	void *value; /* of rt_set_value */
	struct rt_error *error;
	enum vigil_outcome outcome;
	uint64_t id; /* of rt_task_id */
};
void rt_result_free(struct rt_result *result);

/*
 * Awaits the task's end and takes its result; ret_result may be NULL: then nobody has
 * looked at its error. Returns 0; -ECANCELED (the handle stays); -EINVAL when it was
 * awaited before; -EDEADLK for oneself. The handle is zeroed after success.
 */
struct rt_op rt_join_op_at(struct vigil_site *site, struct rt_handle *handle,
			   struct rt_result *ret_result);
#define rt_join_op(handle, ret_result) rt_join_op_at(VIGIL_HERE(), handle, ret_result)
#define rt_join(handle, ret_result) rt_do(rt_join_op(handle, ret_result))

/* Nobody will await it: it goes on, detached. A zeroed handle is legal. */
void rt_drop(struct rt_handle *handle);
/* Every await of the task returns -ECANCELED from now on. */
void rt_cancel_at(struct vigil_site *site, struct rt_handle *handle);
#define rt_cancel(handle) rt_cancel_at(VIGIL_HERE(), handle)
/* The same, shielded or not; its outcome is "aborted". */
void rt_abort_at(struct vigil_site *site, struct rt_handle *handle);
#define rt_abort(handle) rt_abort_at(VIGIL_HERE(), handle)
bool rt_is_done(const struct rt_handle *handle);
uint64_t rt_handle_id(const struct rt_handle *handle);

/* Of the running task. Outside a task: 0, NULL, false. */
uint64_t rt_task_id(void);
const char *rt_task_name(void);
bool rt_is_cancelled(void);
void rt_set_value(void *value);

/*
 * Awaits between these two are not cut by rt_cancel (rt_abort still does): for what
 * must be done on the way out. They nest.
 */
void rt_shield_begin(void);
void rt_shield_end(void);

/* Lets others run. Returns 0 or -ECANCELED. */
int rt_yield_at(struct vigil_site *site);
#define rt_yield() rt_yield_at(VIGIL_HERE())

/* ---- Operations (op.c, select.c, timeout.c, race.c) ---- */

struct rt_op_type; /* core.h */

/*
 * Something that may have to wait. Made by an rt_..._op(), awaited by one task, once;
 * need not be awaited at all. Its inside is the runtime's.
 */
struct rt_op {
	const struct rt_op_type *type;
	struct vigil_site *site;
	void *object; /* what it is done to */
	void *out;    /* where its result goes */
	union {
		void *pointer;
		uint64_t number;
		const void *bytes;
	} in, more;
	uint64_t deadline_ns; /* 0: none */
	int fd;               /* -1: none */
	int result;
	struct rt_task *task; /* who waits; NULL: nobody yet */
	struct waitq *queue;  /* where it stands in line */
	struct rt_op *next, *prev;
	struct wheel_timer timer;
	vigil_object resource; /* what the board says it waits for */
	vigil_op vigil;
	bool is_granted; /* whoever woke it gave it what it waits for */
	bool is_try;     /* it does not stand in line */
	bool is_limit; /* of rt_timeout: the wait it limits says until when, no operation of its own */
};

/* Awaits. Returns the operation's result, -ECANCELED, or -EPERM outside a task. */
int rt_await(struct rt_op *op);
int rt_do(struct rt_op op);
/*
 * Tries once, without waiting: -EAGAIN, and the operation is taken back. Any thread. It never
 * yields, as an await does now and then: who tries in a loop calls rt_yield.
 */
int rt_try(struct rt_op op);
/* Awaits on a thread that may block. In a task -EDEADLK, but for rt_block_in_place. */
int rt_do_blocking(struct rt_op op);

enum rt_order {
	RT_FAIR,   /* begins to look at a random one */
	RT_BIASED, /* in the order given */
};

/*
 * Awaits the first of several: the others are taken back, but for those that were not looked
 * at, which may be awaited still. Returns its index, its result is in ops[index].result; or
 * -ECANCELED, -EPERM, -EDEADLK in place, -EINVAL for none.
 */
int rt_select(struct rt_op *ops, size_t count, enum rt_order order);

/* Awaits op for ns at most. Returns its result or -ETIMEDOUT: then it was taken back. */
int rt_timeout(uint64_t ns, struct rt_op op);
int rt_timeout_until(uint64_t deadline_ns, struct rt_op op);
/*
 * The same with any function, in a task of its own that is cancelled, and awaited, when time
 * is up. What succeeds in spite of that is returned; not its rt_set_value, as there is no
 * result: it leaves what it makes where arg points.
 */
int rt_timeout_call_at(struct vigil_site *site, uint64_t ns, rt_fn fn, void *arg, const char *name);
#define rt_timeout_call(ns, fn, arg, name) rt_timeout_call_at(VIGIL_HERE(), ns, fn, arg, name)

/*
 * Runs several functions at once, each in a task. The first that returns 0 or more
 * wins; the others are cancelled and awaited. Returns the winner's index; when all
 * failed the code of the last; -ECANCELED. ret_result (may be NULL) is the winner's, or the last's.
 * One that succeeds after the winner has lost: its rt_set_value goes to its drop, which may be
 * NULL, as does the winner's without ret_result.
 */
struct rt_racer {
	rt_fn fn;
	void *arg;
	const char *name;
	void (*drop)(void *value);
};
int rt_race_at(struct vigil_site *site, const struct rt_racer *racers, size_t count,
	       struct rt_result *ret_result);
#define rt_race(racers, count, ret_result) rt_race_at(VIGIL_HERE(), racers, count, ret_result)

/* ---- Time (sleep.c, interval.c) ---- */

struct rt_op rt_sleep_op_at(struct vigil_site *site, uint64_t ns);
#define rt_sleep_op(ns) rt_sleep_op_at(VIGIL_HERE(), ns)
#define rt_sleep(ns) rt_do(rt_sleep_op(ns))
struct rt_op rt_sleep_until_op_at(struct vigil_site *site, uint64_t deadline_ns);
#define rt_sleep_until_op(deadline_ns) rt_sleep_until_op_at(VIGIL_HERE(), deadline_ns)
#define rt_sleep_until(deadline_ns) rt_do(rt_sleep_until_op(deadline_ns))

/* A timer that can be put off while somebody waits for it: an idle timeout. */
struct rt_timer;
struct rt_timer *rt_timer_new_at(struct vigil_site *site, const char *name, uint64_t ns);
#define rt_timer_new(name, ns) rt_timer_new_at(VIGIL_HERE(), name, ns)
void rt_timer_free(struct rt_timer *timer); /* whoever waits gets -EPIPE */
void rt_timer_reset_at(struct vigil_site *site, struct rt_timer *timer, uint64_t ns);
#define rt_timer_reset(timer, ns) rt_timer_reset_at(VIGIL_HERE(), timer, ns)
struct rt_op rt_timer_wait_op_at(struct vigil_site *site, struct rt_timer *timer);
#define rt_timer_wait_op(timer) rt_timer_wait_op_at(VIGIL_HERE(), timer)
#define rt_timer_wait(timer) rt_do(rt_timer_wait_op(timer))

/* What an interval does about ticks nobody came for in time. */
enum rt_missed {
	RT_BURST, /* they come at once, until it has caught up */
	RT_DELAY, /* the next is a period after this one */
	RT_SKIP,  /* the next is the next multiple of the period */
};
struct rt_interval;
/* The first tick comes at once. */
struct rt_interval *rt_interval_new_at(struct vigil_site *site, const char *name,
				       uint64_t period_ns, enum rt_missed missed);
#define rt_interval_new(name, period_ns, missed)                                                   \
	rt_interval_new_at(VIGIL_HERE(), name, period_ns, missed)
void rt_interval_free(struct rt_interval *interval);
void rt_interval_reset(struct rt_interval *interval); /* the next tick is a period from now */
/* ret_tick (may be NULL): when the tick was due. */
struct rt_op rt_interval_tick_op_at(struct vigil_site *site, struct rt_interval *interval,
				    uint64_t *ret_tick);
#define rt_interval_tick_op(interval, ret_tick)                                                    \
	rt_interval_tick_op_at(VIGIL_HERE(), interval, ret_tick)
#define rt_interval_tick(interval, ret_tick) rt_do(rt_interval_tick_op(interval, ret_tick))

/* ---- Locks (mutex.c, rwlock.c, semaphore.c, conn_pool.c) ---- */

/*
 * A task that ends while it holds a lock or permits leaves them held: what they guard may be
 * half done. Who waits goes on waiting, nobody else can unlock, and vigil names the task
 * that had it. RT_GUARD gives back whatever happens.
 */

/*
 * First come, first served; unlock hands it to the first in line. A task that asks for what it
 * holds gets -EDEADLK.
 */
struct rt_mutex;
struct rt_mutex *rt_mutex_new_at(struct vigil_site *site, const char *name);
#define rt_mutex_new(name) rt_mutex_new_at(VIGIL_HERE(), name)
void rt_mutex_free(struct rt_mutex *mutex); /* nobody may hold it or wait */
struct rt_op rt_mutex_lock_op_at(struct vigil_site *site, struct rt_mutex *mutex);
#define rt_mutex_lock_op(mutex) rt_mutex_lock_op_at(VIGIL_HERE(), mutex)
#define rt_mutex_lock(mutex) rt_do(rt_mutex_lock_op(mutex))
#define rt_mutex_try_lock(mutex) rt_try(rt_mutex_lock_op(mutex))
/* Returns -EPERM, and does nothing, when this task does not hold it. */
int rt_mutex_unlock_at(struct vigil_site *site, struct rt_mutex *mutex);
#define rt_mutex_unlock(mutex) rt_mutex_unlock_at(VIGIL_HERE(), mutex)
/* For RT_GUARD(rt_mutex_guard) struct rt_mutex *held = ...: unlocks unless NULL. */
void rt_mutex_guard(struct rt_mutex **held);

/*
 * Many readers or one writer. Fair: first come, first served, so a reader that comes
 * while a writer waits stands behind it. A task that holds it to read and asks again may
 * therefore wait for itself.
 */
struct rt_rwlock;
struct rt_rwlock *rt_rwlock_new_at(struct vigil_site *site, const char *name);
#define rt_rwlock_new(name) rt_rwlock_new_at(VIGIL_HERE(), name)
void rt_rwlock_free(struct rt_rwlock *lock); /* nobody may wait */
struct rt_op rt_rwlock_read_op_at(struct vigil_site *site, struct rt_rwlock *lock);
#define rt_rwlock_read_op(lock) rt_rwlock_read_op_at(VIGIL_HERE(), lock)
#define rt_rwlock_read(lock) rt_do(rt_rwlock_read_op(lock))
#define rt_rwlock_try_read(lock) rt_try(rt_rwlock_read_op(lock))
struct rt_op rt_rwlock_write_op_at(struct vigil_site *site, struct rt_rwlock *lock);
#define rt_rwlock_write_op(lock) rt_rwlock_write_op_at(VIGIL_HERE(), lock)
#define rt_rwlock_write(lock) rt_do(rt_rwlock_write_op(lock))
#define rt_rwlock_try_write(lock) rt_try(rt_rwlock_write_op(lock))
/* Of either. Returns -EPERM, and does nothing, when this task does not hold it. */
int rt_rwlock_unlock_at(struct vigil_site *site, struct rt_rwlock *lock);
#define rt_rwlock_unlock(lock) rt_rwlock_unlock_at(VIGIL_HERE(), lock)
/* Writer to reader, and nobody writes between. -EPERM when this task does not write. */
int rt_rwlock_downgrade_at(struct vigil_site *site, struct rt_rwlock *lock);
#define rt_rwlock_downgrade(lock) rt_rwlock_downgrade_at(VIGIL_HERE(), lock)
void rt_rwlock_guard(struct rt_rwlock **held);

/* Permits. First come, first served, also when a later one asks for less. */
struct rt_semaphore;
struct rt_semaphore *rt_semaphore_new_at(struct vigil_site *site, const char *name, size_t permits);
#define rt_semaphore_new(name, permits) rt_semaphore_new_at(VIGIL_HERE(), name, permits)
void rt_semaphore_free(struct rt_semaphore *semaphore);
/*
 * -EPIPE when closed; -EINVAL for more permits than there ever were, unless it was made with
 * none: then it is a signal, and nobody knows how many will come. 0 permits are had at once.
 */
struct rt_op rt_semaphore_acquire_op_at(struct vigil_site *site, struct rt_semaphore *semaphore,
					size_t permits);
#define rt_semaphore_acquire_op(semaphore, permits)                                                \
	rt_semaphore_acquire_op_at(VIGIL_HERE(), semaphore, permits)
#define rt_semaphore_acquire(semaphore, permits) rt_do(rt_semaphore_acquire_op(semaphore, permits))
#define rt_semaphore_try_acquire(semaphore, permits)                                               \
	rt_try(rt_semaphore_acquire_op(semaphore, permits))
/*
 * Gives permits back, whoever took them; also more than were taken: it grows. For vigil those
 * of the calling task end first, then the oldest that were taken, which is a guess: pass an
 * rt_permit on where it matters who holds. Any thread.
 */
void rt_semaphore_release_at(struct vigil_site *site, struct rt_semaphore *semaphore,
			     size_t permits);
#define rt_semaphore_release(semaphore, permits)                                                   \
	rt_semaphore_release_at(VIGIL_HERE(), semaphore, permits)
void rt_semaphore_close(struct rt_semaphore *semaphore); /* who waits gets -EPIPE */
size_t rt_semaphore_available(const struct rt_semaphore *semaphore);

/* Permits with their semaphore: owned, may be passed to another task; vigil names who took them. */
struct rt_permit {
	struct rt_semaphore *semaphore;
	size_t permits;
	vigil_task owner;
};
struct rt_op rt_permit_acquire_op_at(struct vigil_site *site, struct rt_semaphore *semaphore,
				     size_t permits, struct rt_permit *ret_permit);
#define rt_permit_acquire_op(semaphore, permits, ret_permit)                                       \
	rt_permit_acquire_op_at(VIGIL_HERE(), semaphore, permits, ret_permit)
#define rt_permit_acquire(semaphore, permits, ret_permit)                                          \
	rt_do(rt_permit_acquire_op(semaphore, permits, ret_permit))
void rt_permit_release(struct rt_permit *permit); /* zeroed is legal: for RT_GUARD */
/* They are used up: nobody holds them, and they do not come back (a token bucket's). */
void rt_permit_forget(struct rt_permit *permit);

/* Up to max things made by open on demand, lent to tasks: database connections. */
struct rt_conn_pool;
struct rt_conn_pool_type {
	int (*open)(void *arg, void **ret_connection); /* in the task that asks; may await */
	void (*close)(void *arg, void *connection);    /* awaits nothing, as is_good */
	bool (*is_good)(void *arg,
			void *connection); /* NULL: all are; else closed when given back bad */
};
/* max 0 is misuse: NULL. There is room for max from the start: a limit, not SIZE_MAX. */
struct rt_conn_pool *rt_conn_pool_new_at(struct vigil_site *site, const char *name, size_t max,
					 const struct rt_conn_pool_type *type, void *arg);
#define rt_conn_pool_new(name, max, type, arg)                                                     \
	rt_conn_pool_new_at(VIGIL_HERE(), name, max, type, arg)
/* Closes them; none may be lent: then it stays as it is, with a sentence. */
void rt_conn_pool_free(struct rt_conn_pool *pool);
/* A connection that goes back by rt_conn_give_back: for RT_GUARD. Zeroed: none. */
struct rt_conn {
	struct rt_conn_pool *pool;
	void *connection;
	struct rt_permit permit;
};
/* Waits ns for one to be free, UINT64_MAX: as long as it takes. open's errors are returned. */
int rt_conn_take_at(struct vigil_site *site, struct rt_conn_pool *pool, uint64_t ns,
		    struct rt_conn *ret_conn);
#define rt_conn_take(pool, ns, ret_conn) rt_conn_take_at(VIGIL_HERE(), pool, ns, ret_conn)
void rt_conn_give_back(struct rt_conn *conn);

/* ---- Notify, barrier, once (notify.c, barrier.c, once.c) ---- */

/* A wake without a message: notify_one stores one permit when nobody waits. */
struct rt_notify;
struct rt_notify *rt_notify_new_at(struct vigil_site *site, const char *name);
#define rt_notify_new(name) rt_notify_new_at(VIGIL_HERE(), name)
void rt_notify_free(struct rt_notify *notify);
void rt_notify_one_at(struct vigil_site *site, struct rt_notify *notify);
#define rt_notify_one(notify) rt_notify_one_at(VIGIL_HERE(), notify)
void rt_notify_all_at(struct vigil_site *site, struct rt_notify *notify); /* stores nothing */
#define rt_notify_all(notify) rt_notify_all_at(VIGIL_HERE(), notify)
struct rt_op rt_notified_op_at(struct vigil_site *site, struct rt_notify *notify);
#define rt_notified_op(notify) rt_notified_op_at(VIGIL_HERE(), notify)
#define rt_notified(notify) rt_do(rt_notified_op(notify))

/*
 * Awaits until count tasks do; reusable. Returns 1 to one of them, the leader, 0 to the
 * others. Who gives up before the last comes was not there; the others go without
 * knowing who gives up after that.
 */
struct rt_barrier;
struct rt_barrier *rt_barrier_new_at(struct vigil_site *site, const char *name, size_t count);
#define rt_barrier_new(name, count) rt_barrier_new_at(VIGIL_HERE(), name, count)
void rt_barrier_free(struct rt_barrier *barrier);
struct rt_op rt_barrier_wait_op_at(struct vigil_site *site, struct rt_barrier *barrier);
#define rt_barrier_wait_op(barrier) rt_barrier_wait_op_at(VIGIL_HERE(), barrier)
#define rt_barrier_wait(barrier) rt_do(rt_barrier_wait_op(barrier))

/*
 * A value made once, by whoever comes first; others wait for it. A maker that fails or is
 * cancelled leaves it to the next. -EDEADLK for a maker that asks for what it makes.
 */
struct rt_once;
struct rt_once *rt_once_new_at(struct vigil_site *site, const char *name);
#define rt_once_new(name) rt_once_new_at(VIGIL_HERE(), name)
void rt_once_free(struct rt_once *once); /* the value is the program's */
int rt_once_get_or_make_at(struct vigil_site *site, struct rt_once *once,
			   int (*make)(void *arg, void **ret_value), void *arg, void **ret_value);
#define rt_once_get_or_make(once, make, arg, ret_value)                                            \
	rt_once_get_or_make_at(VIGIL_HERE(), once, make, arg, ret_value)
void *rt_once_get(const struct rt_once *once);      /* NULL: not made yet */
int rt_once_set(struct rt_once *once, void *value); /* -EINVAL: it is made, or being made */

/* ---- Channels (mpsc.c, broadcast.c, oneshot.c, watch.c) ---- */

/*
 * Many senders, one receiver, messages are pointers. Several tasks may send through one
 * sender, and receive from the one receiver: each message goes to one of them. Closed for receiving when all senders
 * are gone and it is empty, for sending when the receiver is. Messages left in it when the
 * receiver goes are given to drop, which may be NULL. capacity 0: unbounded.
 */
struct rt_sender;
struct rt_receiver;
int rt_mpsc_new_at(struct vigil_site *site, const char *name, size_t capacity,
		   void (*drop)(void *message), struct rt_sender **ret_sender,
		   struct rt_receiver **ret_receiver);
#define rt_mpsc_new(name, capacity, drop, ret_sender, ret_receiver)                                \
	rt_mpsc_new_at(VIGIL_HERE(), name, capacity, drop, ret_sender, ret_receiver)
struct rt_sender *rt_sender_clone(struct rt_sender *sender);
void rt_sender_free(struct rt_sender *sender);
void rt_receiver_free(struct rt_receiver *receiver);
/* On an error the message stays the caller's. -EPIPE: nobody will receive it. */
struct rt_op rt_send_op_at(struct vigil_site *site, struct rt_sender *sender, void *message);
#define rt_send_op(sender, message) rt_send_op_at(VIGIL_HERE(), sender, message)
#define rt_send(sender, message) rt_do(rt_send_op(sender, message))
#define rt_try_send(sender, message) rt_try(rt_send_op(sender, message))
#define rt_send_blocking(sender, message) rt_do_blocking(rt_send_op(sender, message))
/* -EPIPE: closed and empty. */
struct rt_op rt_recv_op_at(struct vigil_site *site, struct rt_receiver *receiver,
			   void **ret_message);
#define rt_recv_op(receiver, ret_message) rt_recv_op_at(VIGIL_HERE(), receiver, ret_message)
#define rt_recv(receiver, ret_message) rt_do(rt_recv_op(receiver, ret_message))
#define rt_try_recv(receiver, ret_message) rt_try(rt_recv_op(receiver, ret_message))
#define rt_recv_blocking(receiver, ret_message) rt_do_blocking(rt_recv_op(receiver, ret_message))
/* No more may be sent; what is in it can be received. */
void rt_receiver_close(struct rt_receiver *receiver);
bool rt_sender_is_closed(const struct rt_sender *sender);
size_t rt_receiver_count(const struct rt_receiver *receiver);
/*
 * A place in the channel, to be sent to without waiting, also after rt_receiver_close, or
 * given back; rt_sender_free gives back what is left. The receiver waits for those that are
 * out. rt_send_reserved returns -EINVAL when the sender has none, -EPIPE when the receiver is
 * gone: then the place is given back, and the message stays the caller's.
 */
struct rt_op rt_reserve_op_at(struct vigil_site *site, struct rt_sender *sender);
#define rt_reserve_op(sender) rt_reserve_op_at(VIGIL_HERE(), sender)
#define rt_reserve(sender) rt_do(rt_reserve_op(sender))
#define rt_try_reserve(sender) rt_try(rt_reserve_op(sender))
int rt_send_reserved_at(struct vigil_site *site, struct rt_sender *sender, void *message);
#define rt_send_reserved(sender, message) rt_send_reserved_at(VIGIL_HERE(), sender, message)
void rt_unreserve(struct rt_sender *sender);

/*
 * Every subscriber gets every message sent since it subscribed. The channel keeps the last
 * `capacity`; a subscriber that is further behind is told by how many (-EOVERFLOW, once) and
 * goes on with the oldest that is left. Messages are pointers shared by all: retain is
 * called for each receiver that gets one, under the channel's lock: it counts, no more. drop
 * is for each that is done; the channel calls it as soon as nobody waits for the message.
 * Either may be NULL. capacity 0 is misuse: NULL.
 */
struct rt_broadcast;
struct rt_subscriber;
struct rt_broadcast *rt_broadcast_new_at(struct vigil_site *site, const char *name, size_t capacity,
					 void *(*retain)(void *message),
					 void (*drop)(void *message));
#define rt_broadcast_new(name, capacity, retain, drop)                                             \
	rt_broadcast_new_at(VIGIL_HERE(), name, capacity, retain, drop)
void rt_broadcast_free(struct rt_broadcast *broadcast); /* closes: subscribers drain, then -EPIPE */
/*
 * Takes the message. Returns the number of subscribers; -EPIPE when there is none: then the
 * message stays the caller's.
 */
int rt_broadcast_send_at(struct vigil_site *site, struct rt_broadcast *broadcast, void *message);
#define rt_broadcast_send(broadcast, message) rt_broadcast_send_at(VIGIL_HERE(), broadcast, message)
struct rt_subscriber *rt_subscribe_at(struct vigil_site *site, struct rt_broadcast *broadcast);
#define rt_subscribe(broadcast) rt_subscribe_at(VIGIL_HERE(), broadcast)
void rt_subscriber_free(struct rt_subscriber *subscriber);
struct rt_op rt_subscriber_recv_op_at(struct vigil_site *site, struct rt_subscriber *subscriber,
				      void **ret_message);
#define rt_subscriber_recv_op(subscriber, ret_message)                                             \
	rt_subscriber_recv_op_at(VIGIL_HERE(), subscriber, ret_message)
#define rt_subscriber_recv(subscriber, ret_message)                                                \
	rt_do(rt_subscriber_recv_op(subscriber, ret_message))
#define rt_subscriber_try_recv(subscriber, ret_message)                                            \
	rt_try(rt_subscriber_recv_op(subscriber, ret_message))
uint64_t rt_subscriber_missed(const struct rt_subscriber *subscriber); /* of the last -EOVERFLOW */

/* One value, once. */
struct rt_oneshot_sender;
struct rt_oneshot_receiver;
int rt_oneshot_new_at(struct vigil_site *site, const char *name, void (*drop)(void *value),
		      struct rt_oneshot_sender **ret_sender,
		      struct rt_oneshot_receiver **ret_receiver);
#define rt_oneshot_new(name, drop, ret_sender, ret_receiver)                                       \
	rt_oneshot_new_at(VIGIL_HERE(), name, drop, ret_sender, ret_receiver)
/* Uses the sender up. -EPIPE: the receiver is gone, the value stays the caller's. */
int rt_oneshot_send_at(struct vigil_site *site, struct rt_oneshot_sender *sender, void *value);
#define rt_oneshot_send(sender, value) rt_oneshot_send_at(VIGIL_HERE(), sender, value)
void rt_oneshot_sender_free(struct rt_oneshot_sender *sender); /* without a value */
/* Awaits that the receiver goes: the answer is not wanted any more. */
struct rt_op rt_oneshot_closed_op_at(struct vigil_site *site, struct rt_oneshot_sender *sender);
#define rt_oneshot_closed_op(sender) rt_oneshot_closed_op_at(VIGIL_HERE(), sender)
#define rt_oneshot_closed(sender) rt_do(rt_oneshot_closed_op(sender))
/* -EPIPE: the sender went without sending; -EINVAL: received before. */
struct rt_op rt_oneshot_recv_op_at(struct vigil_site *site, struct rt_oneshot_receiver *receiver,
				   void **ret_value);
#define rt_oneshot_recv_op(receiver, ret_value)                                                    \
	rt_oneshot_recv_op_at(VIGIL_HERE(), receiver, ret_value)
#define rt_oneshot_recv(receiver, ret_value) rt_do(rt_oneshot_recv_op(receiver, ret_value))
#define rt_oneshot_try_recv(receiver, ret_value) rt_try(rt_oneshot_recv_op(receiver, ret_value))
#define rt_oneshot_recv_blocking(receiver, ret_value)                                              \
	rt_do_blocking(rt_oneshot_recv_op(receiver, ret_value))
void rt_oneshot_receiver_free(struct rt_oneshot_receiver *receiver);

/*
 * The latest value, size bytes that are copied. Each watcher knows whether it has seen it:
 * the value at its birth counts as seen.
 */
struct rt_watch;
struct rt_watcher;
struct rt_watch *rt_watch_new_at(struct vigil_site *site, const char *name, size_t size,
				 const void *initial);
#define rt_watch_new(name, size, initial) rt_watch_new_at(VIGIL_HERE(), name, size, initial)
void rt_watch_free(struct rt_watch *watch); /* closes: watchers get -EPIPE from changed */
void rt_watch_send_at(struct vigil_site *site, struct rt_watch *watch, const void *value);
#define rt_watch_send(watch, value) rt_watch_send_at(VIGIL_HERE(), watch, value)
/* Awaits that no watcher is left. */
struct rt_op rt_watch_closed_op_at(struct vigil_site *site, struct rt_watch *watch);
#define rt_watch_closed_op(watch) rt_watch_closed_op_at(VIGIL_HERE(), watch)
#define rt_watch_closed(watch) rt_do(rt_watch_closed_op(watch))
struct rt_watcher *rt_watcher_new(struct rt_watch *watch);
void rt_watcher_free(struct rt_watcher *watcher); /* gives back what it borrowed */
/* Awaits a value that this watcher has not seen, and marks it seen; -EPIPE behind the last. */
struct rt_op rt_watcher_changed_op_at(struct vigil_site *site, struct rt_watcher *watcher);
#define rt_watcher_changed_op(watcher) rt_watcher_changed_op_at(VIGIL_HERE(), watcher)
#define rt_watcher_changed(watcher) rt_do(rt_watcher_changed_op(watcher))
void rt_watcher_get(struct rt_watcher *watcher, void *ret_value); /* marks it seen */
/*
 * Lends the value itself, and does not mark it seen; senders block until rt_watcher_give_back.
 * Do not await between. A send on the same thread would never end: misuse, and not done.
 */
const void *rt_watcher_borrow(struct rt_watcher *watcher);
void rt_watcher_give_back(struct rt_watcher *watcher);

/* ---- Cancellation and shutdown (token.c, shutdown.c) ---- */

/* Cancelled once, for good; its children with it. Counted: each clone is freed by itself. */
struct rt_token;
struct rt_token *rt_token_new_at(struct vigil_site *site, const char *name);
#define rt_token_new(name) rt_token_new_at(VIGIL_HERE(), name)
struct rt_token *rt_token_child_at(struct vigil_site *site, struct rt_token *parent,
				   const char *name);
#define rt_token_child(parent, name) rt_token_child_at(VIGIL_HERE(), parent, name)
struct rt_token *rt_token_clone(struct rt_token *token);
void rt_token_free(struct rt_token *token);
void rt_token_cancel_at(struct vigil_site *site, struct rt_token *token);
#define rt_token_cancel(token) rt_token_cancel_at(VIGIL_HERE(), token)
void rt_token_guard(struct rt_token **token); /* for RT_GUARD: cancels and frees */
bool rt_token_is_cancelled(const struct rt_token *token);
/* It holds the token while it waits, not before: give another task a clone of its own. */
struct rt_op rt_token_cancelled_op_at(struct vigil_site *site, struct rt_token *token);
#define rt_token_cancelled_op(token) rt_token_cancelled_op_at(VIGIL_HERE(), token)
#define rt_token_cancelled(token) rt_do(rt_token_cancelled_op(token))
/*
 * Spawns a task that is cancelled with the token, and holds it. Until it ends the token
 * counts it: its attributes on the board say how many live, and how many live on since the
 * cancel.
 */
int rt_token_spawn_at(struct vigil_site *site, struct rt_token *token, struct rt_handle *ret_handle,
		      rt_fn fn, void *arg, const char *name);
#define rt_token_spawn(token, ret_handle, fn, arg, name)                                           \
	rt_token_spawn_at(VIGIL_HERE(), token, ret_handle, fn, arg, name)

/* Tasks of a program that ends when told to: a signal, a token, a drain, a report. */
struct rt_shutdown;
struct rt_shutdown *rt_shutdown_new_at(struct vigil_site *site, const char *name);
#define rt_shutdown_new(name) rt_shutdown_new_at(VIGIL_HERE(), name)
void rt_shutdown_free(struct rt_shutdown *shutdown);
struct rt_token *rt_shutdown_token(struct rt_shutdown *shutdown); /* lent */
/*
 * Starts a task the drain waits for. It is asked by the token, and cancelled at the deadline;
 * one that is started later than that is cancelled before it runs.
 */
int rt_shutdown_spawn_at(struct vigil_site *site, struct rt_shutdown *shutdown, rt_fn fn, void *arg,
			 const char *name);
#define rt_shutdown_spawn(shutdown, fn, arg, name)                                                 \
	rt_shutdown_spawn_at(VIGIL_HERE(), shutdown, fn, arg, name)
/* Begins it, as a signal does. */
void rt_shutdown_begin_at(struct vigil_site *site, struct rt_shutdown *shutdown);
#define rt_shutdown_begin(shutdown) rt_shutdown_begin_at(VIGIL_HERE(), shutdown)
struct rt_shutdown_report {
	size_t drained;   /* ended by themselves after it began */
	size_t cancelled; /* had to be cancelled at the deadline, and ended */
	size_t left;      /* would not end even so */
	/* What was still running at the deadline, a line each, and why:
	   task 3 "conn" waits in Mutex::lock at server.c:42 */
	char names[512];
};
/*
 * Waits for one of the signals (a list that ends with 0; NULL: only rt_shutdown_begin),
 * cancels the token, waits until all tasks have ended, for drain_ns at most, cancels what is
 * left and gives it grace_ns. A signal that comes while it drains ends that. Returns the
 * signal, 0, or a negative code.
 */
int rt_shutdown_wait_at(struct vigil_site *site, struct rt_shutdown *shutdown, const int *signals,
			uint64_t drain_ns, uint64_t grace_ns,
			struct rt_shutdown_report *ret_report);
#define rt_shutdown_wait(shutdown, signals, drain_ns, grace_ns, ret_report)                        \
	rt_shutdown_wait_at(VIGIL_HERE(), shutdown, signals, drain_ns, grace_ns, ret_report)

/* ---- Many at once (join_set.c, bounded.c) ---- */

/*
 * Tasks whose results are taken as they end; any task may spawn into it and take. Values of
 * results that nobody took are the program's to free.
 */
struct rt_join_set;
struct rt_join_set *rt_join_set_new_at(struct vigil_site *site, const char *name);
#define rt_join_set_new(name) rt_join_set_new_at(VIGIL_HERE(), name)
/* Aborts what is left and does not wait for it: use cancel_all or abort_all, and next, for that. */
void rt_join_set_free(struct rt_join_set *set);
int rt_join_set_spawn_at(struct vigil_site *site, struct rt_join_set *set, rt_fn fn, void *arg,
			 const char *name);
#define rt_join_set_spawn(set, fn, arg, name) rt_join_set_spawn_at(VIGIL_HERE(), set, fn, arg, name)
/* Takes the next result as they complete. Returns 0, or -EPIPE when the set is empty. */
struct rt_op rt_join_set_next_op_at(struct vigil_site *site, struct rt_join_set *set,
				    struct rt_result *ret_result);
#define rt_join_set_next_op(set, ret_result) rt_join_set_next_op_at(VIGIL_HERE(), set, ret_result)
#define rt_join_set_next(set, ret_result) rt_do(rt_join_set_next_op(set, ret_result))
#define rt_join_set_try_next(set, ret_result) rt_try(rt_join_set_next_op(set, ret_result))
/* The tasks stay in the set: next gives their results. */
void rt_join_set_cancel_all(struct rt_join_set *set);
void rt_join_set_abort_all(struct rt_join_set *set);
size_t rt_join_set_count(const struct rt_join_set *set); /* not taken yet */
/*
 * Ends a set whose tasks use what is on the caller's stack: awaits them all, whatever happens,
 * and frees it. A negative code (the caller could not go on), the first task that fails, and
 * a cancel of the caller cancel the rest. Returns the first negative code, with its error, or
 * 0; -ENOMEM for NULL. Values are the program's to free.
 */
int rt_join_set_finish_at(struct vigil_site *site, struct rt_join_set *set, int code);
#define rt_join_set_finish(set, code) rt_join_set_finish_at(VIGIL_HERE(), set, code)

/*
 * Runs work on every item that next gives, each in a task, at most `limit` at once. next
 * returns false when there are no more. take gets the results in the order they complete, or
 * (is_ordered) of the items: then those that wait for their turn count as running. A negative
 * return ends all: what runs is cancelled and awaited, also when the caller is aborted.
 * next, take and drop run in the caller's task. Returns 0, take's code (with the error of
 * the result, if it is that one's), -ECANCELED, -ENOMEM.
 */
struct rt_bounded {
	bool (*next)(void *arg, void **ret_item);
	int (*work)(void *item); /* rt_set_value gives a value */
	int (*take)(void *arg, void *item, const struct rt_result *result); /* the error is lent */
	/* Frees an item, and the value of its result, that take did not get; may be NULL. */
	void (*drop)(void *arg, void *item, const struct rt_result *result);
	void *arg;
	size_t limit;
	bool is_ordered;
	const char *name; /* of the tasks */
};
int rt_bounded_run_at(struct vigil_site *site, const struct rt_bounded *bounded);
#define rt_bounded_run(bounded) rt_bounded_run_at(VIGIL_HERE(), bounded)

/* ---- Streams (stream.c, stream_shape.c, stream_merge.c) ---- */

/*
 * Items, one after the other; drawn by one task at a time. Constructors take the streams they
 * are made of, and free them. They return NULL for no memory, and take it for a stream: so
 * only the last of a chain need be looked at, or its next, which returns -ENOMEM.
 */
struct rt_stream;
/*
 * make runs in a task from now on; it calls rt_stream_put and ends when it returns. drop (may
 * be NULL) frees items nobody took.
 */
struct rt_stream *rt_stream_new_at(struct vigil_site *site, const char *name,
				   int (*make)(struct rt_stream *stream, void *arg), void *arg,
				   void (*drop)(void *item));
#define rt_stream_new(name, make, arg, drop) rt_stream_new_at(VIGIL_HERE(), name, make, arg, drop)
/*
 * In make: gives an item to whoever calls next, and returns when he has come for it. So make
 * is no more than one item ahead, the one it is about to put. On an error (-EPIPE: nobody
 * will come) the item stays make's; ending with this -EPIPE is no failure.
 */
int rt_stream_put_at(struct vigil_site *site, struct rt_stream *stream, void *item);
#define rt_stream_put(stream, item) rt_stream_put_at(VIGIL_HERE(), stream, item)
/*
 * Returns 0 and an item; -EPIPE at the end; before it, once, the negative code make returned,
 * whose error is this task's then. Cancelled, it has taken nothing.
 */
int rt_stream_next_at(struct vigil_site *site, struct rt_stream *stream, void **ret_item);
#define rt_stream_next(stream, ret_item) rt_stream_next_at(VIGIL_HERE(), stream, ret_item)
/*
 * Also before its end: cancels make, and in a task awaits it, cancelled or not, so that make's
 * arg may go then.
 */
void rt_stream_free(struct rt_stream *stream);
/* These are drawn in the task that draws them. Items that filter does not keep are dropped. */
struct rt_stream *rt_stream_map(struct rt_stream *of, void *(*map)(void *arg, void *item),
				void *arg, void (*drop)(void *item)); /* of what map returned */
struct rt_stream *rt_stream_filter(struct rt_stream *of, bool (*keep)(void *arg, void *item),
				   void *arg);
struct rt_stream *rt_stream_take(struct rt_stream *of, size_t count);
struct rt_chunk {
	size_t count;
	void *items[]; /* the chunk is the caller's: free() */
};
/* Of struct rt_chunk, full ones but before an error and the end. */
struct rt_stream *rt_stream_chunks(struct rt_stream *of, size_t count);
/* An item is drawn ns after the last one was taken, at the earliest. */
struct rt_stream *rt_stream_throttle(struct rt_stream *of, uint64_t ns);
/*
 * Of several, as they come; each is drawn by a task. The error of one comes out of next as it
 * comes, and the others go on. Items nobody took are dropped as those of the first.
 */
struct rt_stream *rt_stream_merge_at(struct vigil_site *site, const char *name,
				     struct rt_stream **of, size_t count);
#define rt_stream_merge(name, of, count) rt_stream_merge_at(VIGIL_HERE(), name, of, count)
/*
 * These use the stream up, and free it; items are use's. The first negative code, of the
 * stream or of use, ends it and is returned; tasks that still run are cancelled and awaited.
 */
int rt_stream_for_each_at(struct vigil_site *site, struct rt_stream *stream,
			  int (*use)(void *arg, void *item), void *arg);
#define rt_stream_for_each(stream, use, arg) rt_stream_for_each_at(VIGIL_HERE(), stream, use, arg)
/* The same, each item in a task of that name, at most `limit` at once. */
int rt_stream_for_each_bounded_at(struct vigil_site *site, struct rt_stream *stream, size_t limit,
				  int (*use)(void *arg, void *item), void *arg, const char *name);
#define rt_stream_for_each_bounded(stream, limit, use, arg, name)                                  \
	rt_stream_for_each_bounded_at(VIGIL_HERE(), stream, limit, use, arg, name)

/* ---- Blocking work (blocking.c) ---- */

/*
 * Runs fn on a thread of the blocking pool; the handle is as rt_spawn's. Cancelling it takes it
 * out of the queue; once it runs it runs.
 */
int rt_spawn_blocking_at(struct vigil_site *site, struct rt_handle *ret_handle, rt_fn fn, void *arg,
			 const char *name);
#define rt_spawn_blocking(ret_handle, fn, arg, name)                                               \
	rt_spawn_blocking_at(VIGIL_HERE(), ret_handle, fn, arg, name)
/*
 * The same, and awaits it: for one call. A cancel lets it run and awaits it: fn may use the
 * caller's stack.
 */
int rt_call_blocking_at(struct vigil_site *site, rt_fn fn, void *arg, const char *name);
#define rt_call_blocking(fn, arg, name) rt_call_blocking_at(VIGIL_HERE(), fn, arg, name)
/*
 * Runs fn here, on the worker's thread; another thread takes the worker's place meanwhile. fn
 * may block, spawn and wake; awaits in it return -EDEADLK, but what the blocking pool would do
 * for them (rt_call_blocking, files, names) this thread does itself. Needs two workers: else
 * -EPERM. With 64 threads, workers and those in their places, there are no more.
 */
int rt_block_in_place_at(struct vigil_site *site, rt_fn fn, void *arg);
#define rt_block_in_place(fn, arg) rt_block_in_place_at(VIGIL_HERE(), fn, arg)

/* ---- Input and output (io.c, listener.c, tcp.c and the like) ---- */

/*
 * A connected socket or a pipe's end: bytes. Two tasks may use it, one to read and one to
 * write. Like all here it is made and freed inside the runtime.
 */
struct rt_io;
/* Takes fd, which will not block any more. NULL: errno says why, and fd stays the caller's. */
struct rt_io *rt_io_new_at(struct vigil_site *site, int fd, const char *type, const char *name);
#define rt_io_new(fd, type, name) rt_io_new_at(VIGIL_HERE(), fd, type, name)
void rt_io_free(struct rt_io *io); /* closes; nobody may wait: then it stays */
void rt_io_guard(struct rt_io **io);
int rt_io_fd(const struct rt_io *io);
/* As read(2) and write(2): bytes, 0 at the end, a negative errno. */
struct rt_op rt_read_op_at(struct vigil_site *site, struct rt_io *io, void *buf, size_t size);
#define rt_read_op(io, buf, size) rt_read_op_at(VIGIL_HERE(), io, buf, size)
#define rt_read(io, buf, size) rt_do(rt_read_op(io, buf, size))
struct rt_op rt_write_op_at(struct vigil_site *site, struct rt_io *io, const void *buf,
			    size_t size);
#define rt_write_op(io, buf, size) rt_write_op_at(VIGIL_HERE(), io, buf, size)
#define rt_write(io, buf, size) rt_do(rt_write_op(io, buf, size))
/* All of it, or a negative code; -ENODATA from rt_read_full when it ended before. */
int rt_write_all_at(struct vigil_site *site, struct rt_io *io, const void *buf, size_t size);
#define rt_write_all(io, buf, size) rt_write_all_at(VIGIL_HERE(), io, buf, size)
int rt_read_full_at(struct vigil_site *site, struct rt_io *io, void *buf, size_t size);
#define rt_read_full(io, buf, size) rt_read_full_at(VIGIL_HERE(), io, buf, size)
int rt_io_end_write(struct rt_io *io); /* the peer reads an end; -ENOTSOCK: free the pipe's end */

/* Addresses are numeric, "127.0.0.1", "::1"; names go through rt_resolve. port 0: any. */
struct rt_listener;
int rt_tcp_listen_at(struct vigil_site *site, const char *address, uint16_t port,
		     struct rt_listener **ret_listener);
#define rt_tcp_listen(address, port, ret_listener)                                                 \
	rt_tcp_listen_at(VIGIL_HERE(), address, port, ret_listener)
uint16_t rt_listener_port(const struct rt_listener *listener);
void rt_listener_free(struct rt_listener *listener);
struct rt_op rt_accept_op_at(struct vigil_site *site, struct rt_listener *listener,
			     struct rt_io **ret_io);
#define rt_accept_op(listener, ret_io) rt_accept_op_at(VIGIL_HERE(), listener, ret_io)
#define rt_accept(listener, ret_io) rt_do(rt_accept_op(listener, ret_io))
int rt_tcp_connect_at(struct vigil_site *site, const char *address, uint16_t port,
		      struct rt_io **ret_io);
#define rt_tcp_connect(address, port, ret_io) rt_tcp_connect_at(VIGIL_HERE(), address, port, ret_io)
/* path must not exist, and stays when the listener is freed: unlink(2) it before and after. */
int rt_unix_listen_at(struct vigil_site *site, const char *path, struct rt_listener **ret_listener);
#define rt_unix_listen(path, ret_listener) rt_unix_listen_at(VIGIL_HERE(), path, ret_listener)
int rt_unix_connect_at(struct vigil_site *site, const char *path, struct rt_io **ret_io);
#define rt_unix_connect(path, ret_io) rt_unix_connect_at(VIGIL_HERE(), path, ret_io)
int rt_unix_pair_at(struct vigil_site *site, struct rt_io *ret_ends[2]);
#define rt_unix_pair(ret_ends) rt_unix_pair_at(VIGIL_HERE(), ret_ends)
int rt_pipe_at(struct vigil_site *site, struct rt_io **ret_read, struct rt_io **ret_write);
#define rt_pipe(ret_read, ret_write) rt_pipe_at(VIGIL_HERE(), ret_read, ret_write)

struct rt_udp;
int rt_udp_bind_at(struct vigil_site *site, const char *address, uint16_t port,
		   struct rt_udp **ret_udp);
#define rt_udp_bind(address, port, ret_udp) rt_udp_bind_at(VIGIL_HERE(), address, port, ret_udp)
uint16_t rt_udp_port(const struct rt_udp *udp);
void rt_udp_free(struct rt_udp *udp);
struct rt_datagram {
	void *buf;
	size_t size; /* of buf; after a receive: of what is in it. Set it before the next. */
	struct sockaddr_storage peer;
	socklen_t peer_size;
};
struct rt_op rt_udp_send_op_at(struct vigil_site *site, struct rt_udp *udp,
			       const struct rt_datagram *datagram);
#define rt_udp_send_op(udp, datagram) rt_udp_send_op_at(VIGIL_HERE(), udp, datagram)
#define rt_udp_send(udp, datagram) rt_do(rt_udp_send_op(udp, datagram))
/* Results in the datagram's length, which is more than size when it was cut. */
struct rt_op rt_udp_recv_op_at(struct vigil_site *site, struct rt_udp *udp,
			       struct rt_datagram *datagram);
#define rt_udp_recv_op(udp, datagram) rt_udp_recv_op_at(VIGIL_HERE(), udp, datagram)
#define rt_udp_recv(udp, datagram) rt_do(rt_udp_recv_op(udp, datagram))
/* Fills a datagram's peer. */
int rt_udp_to(struct rt_datagram *datagram, const char *address, uint16_t port);

/*
 * Files, through the blocking pool. A call that has begun works in the caller's memory, so a
 * cancel lets it end, and its result is returned.
 */
struct rt_file;
int rt_file_open_at(struct vigil_site *site, const char *path, int flags, mode_t mode,
		    struct rt_file **ret_file);
#define rt_file_open(path, flags, mode, ret_file)                                                  \
	rt_file_open_at(VIGIL_HERE(), path, flags, mode, ret_file)
void rt_file_free(struct rt_file *file);
ssize_t rt_file_read_at(struct vigil_site *site, struct rt_file *file, void *buf, size_t size,
			off_t offset);
#define rt_file_read(file, buf, size, offset) rt_file_read_at(VIGIL_HERE(), file, buf, size, offset)
ssize_t rt_file_write_at(struct vigil_site *site, struct rt_file *file, const void *buf,
			 size_t size, off_t offset);
#define rt_file_write(file, buf, size, offset)                                                     \
	rt_file_write_at(VIGIL_HERE(), file, buf, size, offset)
int rt_file_sync_at(struct vigil_site *site, struct rt_file *file);
#define rt_file_sync(file) rt_file_sync_at(VIGIL_HERE(), file)
/* A whole file, with a NUL behind it; the caller frees it. */
int rt_file_load_at(struct vigil_site *site, const char *path, char **ret_text, size_t *ret_size);
#define rt_file_load(path, ret_text, ret_size)                                                     \
	rt_file_load_at(VIGIL_HERE(), path, ret_text, ret_size)

/*
 * A name's first address as text, through the pool. -ENOENT: there is no such name;
 * -EHOSTUNREACH: no name server answers. A cancel leaves the lookup to itself.
 */
int rt_resolve_at(struct vigil_site *site, const char *name, char *ret_address, size_t size);
#define rt_resolve(name, ret_address, size) rt_resolve_at(VIGIL_HERE(), name, ret_address, size)

/*
 * From its birth the signal does nothing but wake all that wait. One that comes when nobody
 * does is seen by the next to ask; several are one. Freeing the last of a number gives it
 * back what it did before. -EINVAL: SIGKILL, SIGSTOP, a fault.
 */
struct rt_signal;
int rt_signal_new_at(struct vigil_site *site, int number, struct rt_signal **ret_signal);
#define rt_signal_new(number, ret_signal) rt_signal_new_at(VIGIL_HERE(), number, ret_signal)
void rt_signal_free(struct rt_signal *signal);
struct rt_op rt_signal_wait_op_at(struct vigil_site *site, struct rt_signal *signal);
#define rt_signal_wait_op(signal) rt_signal_wait_op_at(VIGIL_HERE(), signal)
#define rt_signal_wait(signal) rt_do(rt_signal_wait_op(signal))

/* ---- Spans and events (tracing.c) ---- */

/*
 * A span stands on the stack of the task that entered it: it is entered when the task is
 * polled and left when it yields. Leave in reverse order of enter. 16 deep; deeper ones are
 * not seen. Outside a task: of the thread.
 */
struct rt_span {
	vigil_span span;
};
struct rt_span rt_span_enter_at(struct vigil_site *site, enum vigil_level level, const char *name);
#define rt_span_enter(level, name) rt_span_enter_at(VIGIL_HERE(), level, name)
void rt_span_leave(struct rt_span *span); /* for RT_GUARD */
/* Fields of the innermost span. */
void rt_span_i64(const char *key, int64_t value);
void rt_span_text(const char *key, const char *value);
/* A message in whatever span this is. */
void rt_event_at(struct vigil_site *site, enum vigil_level level, const char *format, ...)
	RT_PRINTF(3, 4);
#define rt_event(level, ...) rt_event_at(VIGIL_HERE(), level, __VA_ARGS__)

/*
 * First in a function: a span of its name until it returns, with arguments as fields:
 *	RT_INSTRUMENT(VIGIL_LEVEL_INFO, RT_ARG(id), RT_ARG(path));
 */
#define RT_INSTRUMENT(level, ...)                                                                  \
	RT_GUARD(rt_span_leave)                                                                    \
	struct rt_span rt_span_of_function_ = rt_span_enter(level, __func__);                      \
	rt_span_args((const struct rt_arg[]){ { 0 }, ##__VA_ARGS__, { 0 } });                      \
	(void)rt_span_of_function_
struct rt_arg {
	const char *key;
	const char *text; /* NULL: number */
	int64_t number;
};
#define RT_ARG(name)                                                                               \
	_Generic((name), char *: rt_arg_text, const char *: rt_arg_text, default: rt_arg_number)(  \
		#name, (intptr_t)(name))
struct rt_arg rt_arg_text(const char *key, intptr_t text);
struct rt_arg rt_arg_number(const char *key, intptr_t number);
void rt_span_args(
	const struct rt_arg *args); /* the first is skipped, one without a key ends them */

#endif
