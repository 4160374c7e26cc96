/* SPDX-License-Identifier: MIT */
/*
 * Programs on the example runtime, under test: run with time that stands still on one
 * worker, or for real on several; with a board that is looked at from inside and must be
 * empty at the end.
 *
 * The law: no test sleeps for real; paused time jumps to the next timer when all wait.
 */
#ifndef TESTS_SUPPORT_RT_H
#define TESTS_SUPPORT_RT_H

#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <vigil/reader.h>
#include <vigil/vigil.h>

#include "examples/rt/core.h"
#include "examples/rt/rt.h"

static struct vigil_reader *rt_reader;
static struct rt_stats rt_last_stats;
static char rt_misused[512]; /* the last sentence */
static _Atomic unsigned rt_misuses;

static inline void rt_misuse_seen(const char *sentence)
{
	rt_misuses++;
	snprintf(rt_misused, sizeof(rt_misused), "%s", sentence);
}

/* For TestSuite(..., .init = rt_begin, .fini = rt_end_empty). */
static inline void rt_begin(void)
{
	struct vigil_options options = { .struct_size = sizeof(options), .tasks = 65536 };
	struct vigil_problem problem;
	char path[512];

	cr_assert_eq(vigil_init(&options), 0);
	cr_assert_gt(vigil_board_path(path, sizeof(path)), 0);
	cr_assert_eq(vigil_reader_open_file(path, 0, &rt_reader, &problem), 0, "%s", problem.text);
}

static inline const struct vigil_reader *rt_look(void)
{
	cr_assert_eq(vigil_reader_refresh(rt_reader), 0);
	return rt_reader;
}

#define RT_LIVE_OF(record)                                                                         \
	({                                                                                         \
		unsigned count_ = 0;                                                               \
		const struct vigil_##record##_record *r_;                                          \
		for (uint32_t i_ = 0; (r_ = VIGIL_AT(rt_reader, record, i_)); i_++)                \
			count_ += r_->life == VIGIL_LIFE_LIVE;                                     \
		count_;                                                                            \
	})

/* The programs have ended: nothing of theirs is left on the board, and nothing was misused. */
static inline void rt_expect_empty(void)
{
	const struct vigil_counts_record *counts;
	const struct vigil_task_record *t;

	rt_look();
	cr_assert_eq(RT_LIVE_OF(task), 0, "%u tasks are left", RT_LIVE_OF(task));
	cr_assert_eq(RT_LIVE_OF(resource), 0, "%u resources are left", RT_LIVE_OF(resource));
	cr_assert_eq(RT_LIVE_OF(op), 0, "%u operations are left", RT_LIVE_OF(op));
	cr_assert_eq(RT_LIVE_OF(span), 0, "%u spans are left", RT_LIVE_OF(span));
	cr_assert_eq(RT_LIVE_OF(executor), 0, "%u executors are left", RT_LIVE_OF(executor));
	counts = VIGIL_AT(rt_reader, counts, 0);
	cr_assert_eq(counts->misused_stale, 0);
	cr_assert_eq(counts->misused_ended, 0);
	cr_assert_eq(counts->misused_wakes, 0);
	cr_assert_eq(counts->misused_balance, 0);
	cr_assert_eq(counts->misused_owner, 0);
	cr_assert_eq(counts->misused_overlap, 0);
	for (uint32_t i = 0; (t = VIGIL_AT(rt_reader, task, i)); i++)
		cr_assert_eq(t->waker_clones, t->waker_drops, "task \"%s\": %lu wakers, %lu gone",
			     t->name, (unsigned long)t->waker_clones,
			     (unsigned long)t->waker_drops);
}

static inline void rt_end_empty(void)
{
	rt_expect_empty();
	unlink(vigil_reader_path(rt_reader));
	vigil_reader_close(rt_reader);
	vigil_fini();
	cr_assert_eq(rt_last_stats.abandoned, 0);
}

static inline int rt_go(struct rt_options options, rt_fn fn, void *arg)
{
	options.misused = rt_misuse_seen;
	options.ret_stats = &rt_last_stats;
	return rt_run(&options, fn, arg);
}

/* One worker, and time that jumps. */
static inline int rt_paused(rt_fn fn, void *arg)
{
	return rt_go((struct rt_options){ .is_paused = true }, fn, arg);
}

/* Several workers, real time. */
static inline int rt_threads(unsigned workers, rt_fn fn, void *arg)
{
	return rt_go((struct rt_options){ .workers = workers }, fn, arg);
}

/* ---- Cancelled at every await ---- */

static unsigned rt_cut_at;
static bool rt_was_cut;

/* Runs fn in this task, which is cancelled at its rt_cut_at-th await. Returns fn's code. */
static inline int rt_cut(rt_fn fn, void *arg)
{
	struct rt_task *task = task_here();
	int code;

	task->cut_at = rt_cut_at;
	code = fn(arg);
	rt_was_cut = task->cut_at == 0;
	task->cut_at = 0;
	return code;
}

/*
 * Runs program again and again, in which rt_cut stands for the task under test: cancelled at
 * its first await, its second, ... until it was not. Returns how many awaits it has. What is
 * left must be nothing, each time.
 */
static inline unsigned rt_cut_everywhere(rt_fn program, void *arg)
{
	for (rt_cut_at = 1; rt_cut_at < 1000; rt_cut_at++) {
		rt_was_cut = false;
		rt_paused(program, arg);
		rt_expect_empty();
		cr_assert_eq(rt_last_stats.abandoned, 0);
		if (!rt_was_cut)
			break;
	}
	return rt_cut_at - 1;
}

/* ---- The board, from inside ---- */

/* The record of the running task's wait, or of anybody's, by name. */
static inline const struct vigil_task_record *rt_board_task(const char *name)
{
	const struct vigil_task_record *t;

	rt_look();
	for (uint32_t i = 0; (t = VIGIL_AT(rt_reader, task, i)); i++)
		if (t->life != VIGIL_LIFE_FREE && !strcmp(t->name, name))
			return t;
	cr_assert_fail("no task \"%s\" on the board", name);
	return NULL;
}

static inline const struct vigil_resource_record *rt_board_resource(const char *name)
{
	const struct vigil_resource_record *r;

	rt_look();
	for (uint32_t i = 0; (r = VIGIL_AT(rt_reader, resource, i)); i++)
		if (r->life == VIGIL_LIFE_LIVE && !strcmp(r->name, name))
			return r;
	cr_assert_fail("no resource \"%s\" on the board", name);
	return NULL;
}

/* Whose list of attributes begins there. */
static inline vigil_object rt_board_owner(uint32_t first)
{
#define OWNER_IN(record)                                                                           \
	do {                                                                                       \
		const struct vigil_##record##_record *r_;                                          \
		for (uint32_t i_ = 0; (r_ = VIGIL_AT(rt_reader, record, i_)); i_++)                \
			if (r_->life != VIGIL_LIFE_FREE && r_->attrs == first)                     \
				return vigil_reader_ref(rt_reader, VIGIL_TABLE_##record, i_);      \
	} while (0)
	OWNER_IN(resource);
	OWNER_IN(task);
	OWNER_IN(executor);
	OWNER_IN(op);
	OWNER_IN(span);
#undef OWNER_IN
	return 0;
}

/* An attribute, by the index of its owner's first one (record->attrs); NULL: none. */
static inline const struct vigil_attr_record *rt_board_attr_record(uint32_t first, const char *key)
{
	static struct vigil_attr_record attrs[16];
	size_t count = vigil_reader_attrs(rt_reader, rt_board_owner(first), first, attrs, 16);

	for (size_t i = 0; i < count; i++)
		if (!strcmp(attrs[i].key, key))
			return &attrs[i];
	return NULL;
}

/* Its value; UINT64_MAX: none. */
static inline uint64_t rt_board_attr(uint32_t first, const char *key)
{
	const struct vigil_attr_record *attr = rt_board_attr_record(first, key);

	return attr ? attr->value : UINT64_MAX;
}

/* Time that goes on, even where the runtime's stands still. */
static inline uint64_t rt_real_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * RT_S + (uint64_t)ts.tv_nsec;
}

/* Yields until a resource has it so: it is told when a worker has time, of the real one. */
static inline void rt_board_await(const char *resource, const char *key, uint64_t value)
{
	uint64_t until = rt_real_ns() + 30 * RT_S;

	while (rt_board_attr(rt_board_resource(resource)->attrs, key) != value) {
		cr_assert_lt(rt_real_ns(), until, "%s of \"%s\" never became %llu", key, resource,
			     (unsigned long long)value);
		rt_yield();
	}
}

/* Its words; "": none. */
static inline const char *rt_board_words(uint32_t first, const char *key)
{
	const struct vigil_attr_record *attr = rt_board_attr_record(first, key);

	return attr ? attr->words : "";
}

#define RT_UNUSED __attribute__((unused))

#endif
