/* SPDX-License-Identifier: MIT */
/*
 * Wait chains on a board of the test's own: its tasks, its locks, and what the
 * chain says.
 */
#ifndef TESTS_SUPPORT_CHAIN_H
#define TESTS_SUPPORT_CHAIN_H

#include "tests/support/own_board.h"

#include <string.h>

#include "console/waits.h"

#define MS UINT64_C(1000000)
#define S UINT64_C(1000000000)

static vigil_executor loop;
static struct chain chain;
static struct chain *stuck;
static int stuck_count;

static inline void begin(void)
{
	own_board_begin();
	loop = vigil_executor_new(VIGIL_EXECUTOR_EVENT_LOOP, "http");
	vigil_worker_begin(loop, "http-0");
}

static inline void end(void)
{
	free(stuck);
	own_board_end();
}

static inline vigil_task spawn(const char *name)
{
	return vigil_task_spawn(loop, VIGIL_TASK_ASYNC, name, 0);
}

static inline vigil_resource mutex(const char *name)
{
	return vigil_resource_new(VIGIL_RESOURCE_MUTEX, "Mutex", name, 0, 0);
}

/* Polls a task once; it ends up waiting for something. */
static inline void sleep_on(vigil_task task, enum vigil_wait_kind kind, uint64_t on)
{
	vigil_poll_begin(task);
	vigil_task_wait(task, kind, on);
	vigil_poll_end(task);
}

static inline void wait_readable(vigil_task task, int fd)
{
	vigil_poll_begin(task);
	vigil_task_wait_fd(task, VIGIL_WAIT_READABLE, fd);
	vigil_poll_end(task);
}

static inline void take(vigil_task task, vigil_resource lock)
{
	vigil_poll_begin(task);
	vigil_lock_acquired_at(vigil_site_find("own.c", 10, "take", NULL), lock,
			       VIGIL_MODE_EXCLUSIVE);
	vigil_poll_end(task);
}

static inline void want(vigil_task task, vigil_resource lock)
{
	vigil_poll_begin(task);
	vigil_lock_wait(lock, VIGIL_MODE_EXCLUSIVE);
	vigil_poll_end(task);
}

static inline void look_at(vigil_task task)
{
	own_board_look();
	waits_chain(own_model, own_task(task), &chain);
}

static inline void look_for_stuck(uint64_t limit_ns)
{
	own_board_look();
	free(stuck);
	stuck_count = waits_stuck(own_model, limit_ns, &stuck);
	cr_assert_geq(stuck_count, 0);
}

static inline enum link_kind kind_at(size_t i)
{
	cr_assert_lt(i, chain.count);
	return chain.links[i].kind;
}

static inline bool says(const char *words)
{
	return strstr(chain.summary, words) != NULL;
}

static inline bool has_link(enum link_kind kind, const char *words)
{
	for (size_t i = 0; i < chain.count; i++)
		if (chain.links[i].kind == kind && strstr(chain.links[i].text, words))
			return true;
	return false;
}

#endif
