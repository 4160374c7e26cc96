/* SPDX-License-Identifier: MIT */
/*
 * A live board of the test's own: recorded by this process under a clock the test
 * moves, looked at through the public reader.
 *
 * The law: no test sleeps; time passes when the test says so.
 */
#ifndef TESTS_SUPPORT_LIVE_H
#define TESTS_SUPPORT_LIVE_H

#include <criterion/criterion.h>
#include <pthread.h>
#include <string.h>
#include <unistd.h>

#include <vigil/reader.h>
#include <vigil/vigil.h>

#define LIVE_START 1000000u

static uint64_t live_time;
static struct vigil_reader *live_reader;

static inline uint64_t live_now(void *arg)
{
	(void)arg;
	return __atomic_load_n(&live_time, __ATOMIC_RELAXED);
}

static inline void time_passes(uint64_t ns)
{
	__atomic_fetch_add(&live_time, ns, __ATOMIC_RELAXED);
}

/* Starts recording under the test's clock, and opens the board. */
static inline void live_start_with(struct vigil_options options)
{
	struct vigil_problem problem;
	char path[512];

	live_time = LIVE_START;
	options.struct_size = sizeof(options);
	options.now_ns = live_now;
	cr_assert_eq(vigil_init(&options), 0);
	cr_assert_gt(vigil_board_path(path, sizeof(path)), 0);
	cr_assert_eq(vigil_reader_open_file(path, 0, &live_reader, &problem), 0, "%s",
		     problem.text);
}

static inline void live_start(void)
{
	live_start_with((struct vigil_options){ .tasks = 65536 });
}

/* Leaves no board behind. */
static inline void live_stop(void)
{
	if (live_reader)
		unlink(vigil_reader_path(live_reader));
	vigil_reader_close(live_reader);
	live_reader = NULL;
	vigil_fini();
}

/* The board as it is now. */
static inline const struct vigil_reader *look(void)
{
	vigil_reader_fix_now(live_reader, live_now(NULL));
	cr_assert_eq(vigil_reader_refresh(live_reader), 0);
	return live_reader;
}

static inline const struct vigil_task_record *look_task(vigil_task task)
{
	const struct vigil_task_record *t = VIGIL_FIND(look(), task, task);

	cr_assert_not_null(t, "the task is not on the board");
	return t;
}

static inline struct vigil_task_times look_times(vigil_task task)
{
	struct vigil_task_times times;

	vigil_task_times(look_task(task), live_now(NULL), &times);
	return times;
}

static inline const struct vigil_resource_record *look_resource(vigil_resource resource)
{
	const struct vigil_resource_record *r = VIGIL_FIND(look(), resource, resource);

	cr_assert_not_null(r, "the resource is not on the board");
	return r;
}

static inline const struct vigil_counts_record *look_counts(void)
{
	return VIGIL_AT(look(), counts, 0);
}

/* The worker record of this process' only thread so far, or of its n-th. */
static inline const struct vigil_worker_record *look_worker(uint32_t index)
{
	const struct vigil_worker_record *w = VIGIL_AT(look(), worker, index);

	cr_assert_not_null(w, "there is no worker %u", index);
	return w;
}

/* One poll of that length. */
static inline void poll_once(vigil_task task, uint64_t ns)
{
	vigil_poll_begin(task);
	time_passes(ns);
	vigil_poll_end(task);
}

/* Runs a function on a thread of its own, to its end. */
static inline void on_thread(void *(*run)(void *), void *arg)
{
	pthread_t thread;

	cr_assert_eq(pthread_create(&thread, NULL, run, arg), 0);
	cr_assert_eq(pthread_join(thread, NULL), 0);
}

#define SPAWN(name, flags) vigil_task_spawn(0, VIGIL_TASK_ASYNC, name, flags)

#endif
