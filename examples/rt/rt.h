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

#include "rt_channels.h"
#include "rt_io.h"
#include "rt_locks.h"
#include "rt_many.h"

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
