/* SPDX-License-Identifier: MIT */
/*
 * Everything that can happen to what stands on a board that was loaded, whatever it
 * was loaded from: no call may crash, and the board is sound afterwards.
 */
#ifndef TESTS_SUPPORT_GO_ON_H
#define TESTS_SUPPORT_GO_ON_H

#include "libtrace/apply.h"
#include "libtrace/hot.h"

#define GO_ON_SOME 200 /* records of a table */

static inline uint64_t go_on_ref(const struct board *board, uint32_t table, uint32_t i)
{
	const uint32_t *words = record_at(board, table, i);

	return vigil_ref_make(table, i, words[1]);
}

static inline uint32_t go_on_count(const struct board *board, uint32_t table)
{
	uint32_t used = board->pools[table].used;

	return used < GO_ON_SOME ? used : GO_ON_SOME;
}

static inline void go_on_attr(struct board *board, struct lane *lane, uint64_t now, uint64_t object)
{
	board_attr_set(board, lane, now, object,
		       &(struct attr_value){ .key = "key", .type = VIGIL_ATTR_TEXT, .text = "x" });
}

static inline void go_on_task(struct board *board, struct lane *lane, uint64_t now, uint64_t task)
{
	board_wake(board, lane, now, 1, task, task);
	board_poll_end(board, lane, now, task);
	board_poll_begin(board, lane, now + 1, task);
	board_task_yield(board, task, false);
	board_task_wait(board, now + 2, task, &(struct wait){ .kind = VIGIL_WAIT_TIMER });
	board_poll_end(board, lane, now + 3, task);
	board_task_rename(board, task, "renamed");
	go_on_attr(board, lane, now, task);
	board_join(board, now, task, VIGIL_JOIN_AWAITED, task);
}

static inline void go_on_resource(struct board *board, struct lane *lane, uint64_t now,
				  uint64_t resource)
{
	for (uint32_t mode = VIGIL_MODE_EXCLUSIVE; mode <= VIGIL_MODE_SHARED; mode++) {
		board_lock_released(board, lane, now, resource, 0);
		board_lock_wait(board, lane, now, resource, mode, 1);
		board_lock_acquired(board, lane, now + 1, resource, mode, 1, 0);
		board_lock_released(board, lane, now + 2, resource, 0);
	}
	go_on_attr(board, lane, now, resource);
}

static inline void go_on_others(struct board *board, struct lane *lane, uint64_t now)
{
	for (uint32_t i = 0; i < go_on_count(board, VIGIL_TABLE_span); i++) {
		uint64_t span = go_on_ref(board, VIGIL_TABLE_span, i);

		board_span_enter(board, lane, now, span);
		board_span_leave(board, lane, now + 1, span);
		go_on_attr(board, lane, now, span);
		board_span_free(board, lane, now, span);
	}
	for (uint32_t i = 0; i < go_on_count(board, VIGIL_TABLE_op); i++) {
		uint64_t op = go_on_ref(board, VIGIL_TABLE_op, i);

		board_op_poll_begin(board, now, op);
		board_op_poll_end(board, now + 1, op, true);
		go_on_attr(board, lane, now, op);
		board_op_free(board, lane, now, op);
	}
	for (uint32_t i = 0; i < go_on_count(board, VIGIL_TABLE_executor); i++) {
		uint64_t executor = go_on_ref(board, VIGIL_TABLE_executor, i);

		go_on_attr(board, lane, now, executor);
		board_executor_queued(board, executor, i);
		board_executor_free(board, now, executor);
	}
}

/* Ends what lives, and gives each record to a new object. */
static inline void go_on_again(struct board *board, struct lane *lane, uint64_t now)
{
	for (uint32_t i = 0; i < go_on_count(board, VIGIL_TABLE_task); i++) {
		uint64_t task = go_on_ref(board, VIGIL_TABLE_task, i);

		if (i % 2)
			board_task_end(board, lane, now, task, VIGIL_OUTCOME_FAILED, 1, "failed");
		if (i % 3)
			board_task_spawn(board, lane, now,
					 &(struct task_birth){ .want = { task + (1ull << 32), 9 },
							       .site = 1 });
	}
	for (uint32_t i = 0; i < go_on_count(board, VIGIL_TABLE_resource); i++) {
		uint64_t resource = go_on_ref(board, VIGIL_TABLE_resource, i);

		if (i % 2)
			board_resource_free(board, lane, now, resource);
		if (i % 3)
			board_resource_new(
				board, lane, now,
				&(struct resource_birth){ .want = { resource + (1ull << 32), 9 } });
	}
}

static inline void go_on(struct board *board)
{
	uint32_t workers = go_on_count(board, VIGIL_TABLE_worker);
	uint64_t now = 1ull << 40;

	for (uint32_t w = 0; w <= workers; w++, now += 100) {
		struct lane *lane =
			w < workers ? lane_of(board, go_on_ref(board, VIGIL_TABLE_worker, w)) :
				      NULL;

		for (uint32_t i = 0; i < go_on_count(board, VIGIL_TABLE_task); i++)
			go_on_task(board, lane, now, go_on_ref(board, VIGIL_TABLE_task, i));
		for (uint32_t i = 0; i < go_on_count(board, VIGIL_TABLE_resource); i++)
			go_on_resource(board, lane, now, go_on_ref(board, VIGIL_TABLE_resource, i));
		if (w == workers / 2) {
			go_on_others(board, lane, now);
			go_on_again(board, lane, now);
		}
		if (lane)
			lane_message(lane, now, 1, VIGIL_LEVEL_INFO, 0, "message");
		if (lane && w % 2)
			lane_close(lane, now + 50);
		else if (lane)
			lane_open(board, now, 1, (struct wanted){ lane->ref + (1ull << 32), 1 });
	}
}

#endif
