/* SPDX-License-Identifier: MIT */
/*
 * The gates: vigil.h's calls, entered only while something records. Each macro
 * has its function's name; the name inside it is not expanded again. Calls that
 * note their place in the source have a second name without _at, which brings the
 * site along.
 *
 * Nothing to learn here unless you wonder what a call costs when it is off: one
 * load, one branch. With VIGIL_DISABLE: nothing.
 */
#ifndef VIGIL_GATES_H
#define VIGIL_GATES_H

#ifndef VIGIL_VIGIL_H
#error "include <vigil/vigil.h> instead"
#endif

#ifdef VIGIL_DISABLE

/* The compiler checks the arguments; nobody evaluates them. */
#define VIGIL_SITE_() 0
#define VIGIL_OFF_(arguments, result) (1 ? (result) : ((void)arguments, (result)))
#define VIGIL_DO_0(call) ((void)0)
#define VIGIL_DO_1(call, a) (1 ? (void)0 : (void)(a))
#define VIGIL_DO_2(call, a, b) (1 ? (void)0 : ((void)(a), (void)(b)))
#define VIGIL_DO_3(call, a, b, c) (1 ? (void)0 : ((void)(a), (void)(b), (void)(c)))
#define VIGIL_DO_4(call, a, b, c, d) (1 ? (void)0 : ((void)(a), (void)(b), (void)(c), (void)(d)))
#define VIGIL_GET_0(call) vigil_none_()
#define VIGIL_GET_3(call, a, b, c) VIGIL_OFF_(((void)(a), (void)(b), (void)(c)), vigil_none_())
#define VIGIL_GET_4(call, a, b, c, d)                                                              \
	VIGIL_OFF_(((void)(a), (void)(b), (void)(c), (void)(d)), vigil_none_())
#define VIGIL_GET_5(call, a, b, c, d, e)                                                           \
	VIGIL_OFF_(((void)(a), (void)(b), (void)(c), (void)(d), (void)(e)), vigil_none_())
#define VIGIL_GET_6(call, a, b, c, d, e, f)                                                        \
	VIGIL_OFF_(((void)(a), (void)(b), (void)(c), (void)(d), (void)(e), (void)(f)),             \
		   vigil_none_())

static inline uint64_t vigil_none_(void)
{
	return 0;
}

static inline int vigil_none_init_(const struct vigil_options *options)
{
	(void)options;
	return 0;
}

static inline size_t vigil_none_path_(char *buf, size_t size)
{
	(void)buf;
	(void)size;
	return 0;
}

static inline struct vigil_site *vigil_none_site_(const char *file, uint32_t line,
						  const char *function, const char *name)
{
	(void)file;
	(void)line;
	(void)function;
	(void)name;
	return NULL;
}

/* Functions while live: a literal among their arguments may hold commas. */
#define vigil_init(...) (1 ? vigil_none_init_(NULL) : vigil_none_init_(__VA_ARGS__))
#define vigil_fini() ((void)0)
#define vigil_is_live() (false)
#define vigil_board_path(...) (1 ? vigil_none_path_(NULL, 0) : vigil_none_path_(__VA_ARGS__))
#define vigil_site_find(...)                                                                       \
	(1 ? vigil_none_site_(NULL, 0, NULL, NULL) : vigil_none_site_(__VA_ARGS__))

#else

#ifdef __cplusplus
extern "C" {
#endif
extern int vigil_live_ __attribute__((
	visibility("default"))); /* libtrace/init.c; not 0 while calls must be entered */
#ifdef __cplusplus
}
#endif

#define VIGIL_LIVE_() __builtin_expect(__atomic_load_n(&vigil_live_, __ATOMIC_RELAXED) != 0, 0)
#define VIGIL_SITE_() VIGIL_HERE()
#define VIGIL_DO_0(call) (VIGIL_LIVE_() ? call() : (void)0)
#define VIGIL_DO_1(call, a) (VIGIL_LIVE_() ? call(a) : (void)0)
#define VIGIL_DO_2(call, a, b) (VIGIL_LIVE_() ? call(a, b) : (void)0)
#define VIGIL_DO_3(call, a, b, c) (VIGIL_LIVE_() ? call(a, b, c) : (void)0)
#define VIGIL_DO_4(call, a, b, c, d) (VIGIL_LIVE_() ? call(a, b, c, d) : (void)0)
#define VIGIL_GET_0(call) (VIGIL_LIVE_() ? call() : 0)
#define VIGIL_GET_3(call, a, b, c) (VIGIL_LIVE_() ? call(a, b, c) : 0)
#define VIGIL_GET_4(call, a, b, c, d) (VIGIL_LIVE_() ? call(a, b, c, d) : 0)
#define VIGIL_GET_5(call, a, b, c, d, e) (VIGIL_LIVE_() ? call(a, b, c, d, e) : 0)
#define VIGIL_GET_6(call, a, b, c, d, e, f) (VIGIL_LIVE_() ? call(a, b, c, d, e, f) : 0)

#endif

#define vigil_now() VIGIL_GET_0(vigil_now)

#define vigil_executor_new_at(site, kind, name) VIGIL_GET_3(vigil_executor_new_at, site, kind, name)
#define vigil_executor_new(kind, name) vigil_executor_new_at(VIGIL_SITE_(), kind, name)
#define vigil_executor_free(executor) VIGIL_DO_1(vigil_executor_free, executor)
#define vigil_executor_queued(executor, tasks) VIGIL_DO_2(vigil_executor_queued, executor, tasks)
#define vigil_worker_begin(executor, name) VIGIL_DO_2(vigil_worker_begin, executor, name)
#define vigil_worker_end() VIGIL_DO_0(vigil_worker_end)
#define vigil_worker_park() VIGIL_DO_0(vigil_worker_park)
#define vigil_worker_unpark() VIGIL_DO_0(vigil_worker_unpark)
#define vigil_worker_wait_at(site, kind, object)                                                   \
	VIGIL_DO_3(vigil_worker_wait_at, site, kind, object)
#define vigil_worker_wait(kind, object) vigil_worker_wait_at(VIGIL_SITE_(), kind, object)
#define vigil_worker_resume() VIGIL_DO_0(vigil_worker_resume)
#define vigil_worker_queued(tasks) VIGIL_DO_1(vigil_worker_queued, tasks)
#define vigil_worker_stole(tasks) VIGIL_DO_1(vigil_worker_stole, tasks)

#define vigil_task_spawn_at(site, executor, kind, name, flags)                                     \
	VIGIL_GET_5(vigil_task_spawn_at, site, executor, kind, name, flags)
#define vigil_task_spawn(executor, kind, name, flags)                                              \
	vigil_task_spawn_at(VIGIL_SITE_(), executor, kind, name, flags)
#define vigil_task_rename(task, name) VIGIL_DO_2(vigil_task_rename, task, name)
#define vigil_task_end(task, outcome) VIGIL_DO_2(vigil_task_end, task, outcome)
#define vigil_task_fail(task, code, message) VIGIL_DO_3(vigil_task_fail, task, code, message)
#define vigil_task_current() VIGIL_GET_0(vigil_task_current)
#define vigil_poll_begin(task) VIGIL_DO_1(vigil_poll_begin, task)
#define vigil_poll_end(task) VIGIL_DO_1(vigil_poll_end, task)
#define vigil_task_yield(task, forced) VIGIL_DO_2(vigil_task_yield, task, forced)
#define vigil_task_wait(task, kind, object) VIGIL_DO_3(vigil_task_wait, task, kind, object)
#define vigil_task_wait_fd(task, kind, fd) VIGIL_DO_3(vigil_task_wait_fd, task, kind, fd)
#define vigil_task_wait_fd_until(task, kind, fd, deadline_ns)                                      \
	VIGIL_DO_4(vigil_task_wait_fd_until, task, kind, fd, deadline_ns)
#define vigil_task_wait_until(task, kind, object, deadline_ns)                                     \
	VIGIL_DO_4(vigil_task_wait_until, task, kind, object, deadline_ns)

#define vigil_wake_at(site, task) VIGIL_DO_2(vigil_wake_at, site, task)
#define vigil_wake(task) vigil_wake_at(VIGIL_SITE_(), task)
#define vigil_wake_by_at(site, task, waker) VIGIL_DO_3(vigil_wake_by_at, site, task, waker)
#define vigil_wake_by(task, waker) vigil_wake_by_at(VIGIL_SITE_(), task, waker)
#define vigil_waker_clone(task) VIGIL_DO_1(vigil_waker_clone, task)
#define vigil_waker_drop(task) VIGIL_DO_1(vigil_waker_drop, task)
#define vigil_waker_wake_at(site, task) VIGIL_DO_2(vigil_waker_wake_at, site, task)
#define vigil_waker_wake(task) vigil_waker_wake_at(VIGIL_SITE_(), task)
#define vigil_join_hold(task) VIGIL_DO_1(vigil_join_hold, task)
#define vigil_join_drop(task) VIGIL_DO_1(vigil_join_drop, task)
#define vigil_join_await(task) VIGIL_DO_1(vigil_join_await, task)
#define vigil_join_done(task) VIGIL_DO_1(vigil_join_done, task)

#define vigil_resource_new_at(site, kind, type, name, parent, flags)                               \
	VIGIL_GET_6(vigil_resource_new_at, site, kind, type, name, parent, flags)
#define vigil_resource_new(kind, type, name, parent, flags)                                        \
	vigil_resource_new_at(VIGIL_SITE_(), kind, type, name, parent, flags)
#define vigil_resource_free(resource) VIGIL_DO_1(vigil_resource_free, resource)
#define vigil_lock_wait_at(site, lock, mode) VIGIL_DO_3(vigil_lock_wait_at, site, lock, mode)
#define vigil_lock_wait(lock, mode) vigil_lock_wait_at(VIGIL_SITE_(), lock, mode)
#define vigil_lock_acquired_at(site, lock, mode)                                                   \
	VIGIL_DO_3(vigil_lock_acquired_at, site, lock, mode)
#define vigil_lock_acquired(lock, mode) vigil_lock_acquired_at(VIGIL_SITE_(), lock, mode)
#define vigil_lock_acquired_by_at(site, lock, mode, owner)                                         \
	VIGIL_DO_4(vigil_lock_acquired_by_at, site, lock, mode, owner)
#define vigil_lock_acquired_by(lock, mode, owner)                                                  \
	vigil_lock_acquired_by_at(VIGIL_SITE_(), lock, mode, owner)
#define vigil_lock_abandoned(lock) VIGIL_DO_1(vigil_lock_abandoned, lock)
#define vigil_lock_released(lock) VIGIL_DO_1(vigil_lock_released, lock)
#define vigil_lock_released_by(lock, owner) VIGIL_DO_2(vigil_lock_released_by, lock, owner)

#define vigil_op_new_at(site, resource, source, parent)                                            \
	VIGIL_GET_4(vigil_op_new_at, site, resource, source, parent)
#define vigil_op_new(resource, source, parent)                                                     \
	vigil_op_new_at(VIGIL_SITE_(), resource, source, parent)
#define vigil_op_poll_begin(op) VIGIL_DO_1(vigil_op_poll_begin, op)
#define vigil_op_poll_end(op, is_ready) VIGIL_DO_2(vigil_op_poll_end, op, is_ready)
#define vigil_op_free(op) VIGIL_DO_1(vigil_op_free, op)

#define vigil_attr_i64(object, key, value, unit)                                                   \
	VIGIL_GET_4(vigil_attr_i64, object, key, value, unit)
#define vigil_attr_u64(object, key, value, unit)                                                   \
	VIGIL_GET_4(vigil_attr_u64, object, key, value, unit)
#define vigil_attr_f64(object, key, value, unit)                                                   \
	VIGIL_GET_4(vigil_attr_f64, object, key, value, unit)
#define vigil_attr_bool(object, key, value) VIGIL_GET_3(vigil_attr_bool, object, key, value)
#define vigil_attr_text(object, key, value) VIGIL_GET_3(vigil_attr_text, object, key, value)
#define vigil_attr_set_i64(attr, value) VIGIL_DO_2(vigil_attr_set_i64, attr, value)
#define vigil_attr_set_u64(attr, value) VIGIL_DO_2(vigil_attr_set_u64, attr, value)
#define vigil_attr_set_f64(attr, value) VIGIL_DO_2(vigil_attr_set_f64, attr, value)
#define vigil_attr_set_bool(attr, value) VIGIL_DO_2(vigil_attr_set_bool, attr, value)

#define vigil_span_new_at(site, level, name) VIGIL_GET_3(vigil_span_new_at, site, level, name)
#define vigil_span_new(level, name) vigil_span_new_at(VIGIL_SITE_(), level, name)
#define vigil_span_begin_at(site, level, name) VIGIL_GET_3(vigil_span_begin_at, site, level, name)
#define vigil_span_begin(level, name) vigil_span_begin_at(VIGIL_SITE_(), level, name)
#define vigil_span_enter(span) VIGIL_DO_1(vigil_span_enter, span)
#define vigil_span_leave(span) VIGIL_DO_1(vigil_span_leave, span)
#define vigil_span_free(span) VIGIL_DO_1(vigil_span_free, span)
#define vigil_event_at(site, level, message) VIGIL_DO_3(vigil_event_at, site, level, message)
#define vigil_event(level, message) vigil_event_at(VIGIL_SITE_(), level, message)

#endif
