/* SPDX-License-Identifier: MIT */
/*
 * Finished records stay visible, each thread's a part of them, and free ones come back
 * to the thread that freed them, without being lost to the others.
 */
#include <criterion/criterion.h>

#include "libtrace/apply.h"
#include "libtrace/hot.h"
#include "tests/support/sound.h"

#define RETAINED 12
#define LARGE 65536 /* tasks of a board whose lanes keep free ones */
#define SMALL 16    /* tasks of one that soon is full */

static struct board board;
static struct lane *lanes[3];

static void board_begin(uint32_t tasks)
{
	struct board_shape shape;

	board_shape_default(&shape);
	shape.capacity[VIGIL_TABLE_task] = tasks;
	shape.capacity[VIGIL_TABLE_worker] = 64;
	shape.retain[VIGIL_TABLE_task] = RETAINED;
	cr_assert_eq(board_init(&board, -1, &shape), 0);
	for (uint32_t i = 0; i < 3; i++)
		lanes[i] = lane_open(&board, 1, i, ANY);
}

static void large_begin(void)
{
	board_begin(LARGE);
}

static void small_begin(void)
{
	board_begin(SMALL);
}

static void board_end(void)
{
	cr_expect_null(unsound(&board), "%s", unsound(&board));
	board_fini(&board);
}

TestSuite(ring, .init = large_begin, .fini = board_end);
TestSuite(ring_full, .init = small_begin, .fini = board_end);

static uint64_t spawn(struct lane *lane)
{
	struct task_birth birth = { .want = ANY };

	return board_task_spawn(&board, lane, 10, &birth);
}

static void end(struct lane *lane, uint64_t task)
{
	board_task_end(&board, lane, 20, task, VIGIL_OUTCOME_COMPLETED, 0, NULL);
}

static uint64_t one_ends(struct lane *lane)
{
	uint64_t task = spawn(lane);

	end(lane, task);
	return task;
}

static bool is_visible(uint64_t task)
{
	const struct vigil_task_record *t = RECORD_OF(&board, task, task);

	return t && t->life == VIGIL_LIFE_ENDED;
}

static int visible(const uint64_t *tasks, int count)
{
	int all = 0;

	for (int i = 0; i < count; i++)
		all += is_visible(tasks[i]);
	return all;
}

Test(ring, one_thread_has_all_of_it)
{
	uint64_t tasks[RETAINED + 3];

	for (int i = 0; i < RETAINED + 3; i++)
		tasks[i] = one_ends(lanes[0]);

	cr_assert_eq(visible(tasks, 3), 0);
	cr_assert_eq(visible(tasks + 3, RETAINED), RETAINED);
}

Test(ring, several_threads_have_equal_parts_the_last_of_each)
{
	uint64_t tasks[3][RETAINED];

	for (int i = 0; i < RETAINED; i++)
		for (int k = 0; k < 3; k++)
			tasks[k][i] = one_ends(lanes[k]);

	for (int k = 0; k < 3; k++) {
		cr_expect_eq(visible(tasks[k], RETAINED), RETAINED / 3);
		cr_expect_eq(visible(tasks[k] + RETAINED - RETAINED / 3, RETAINED / 3),
			     RETAINED / 3);
	}
}

Test(ring, what_stood_before_the_parts_got_smaller_goes_as_others_end)
{
	uint64_t early[RETAINED];

	for (int i = 0; i < RETAINED; i++)
		early[i] = one_ends(lanes[0]);
	one_ends(lanes[1]);
	cr_assert_eq(visible(early, RETAINED), RETAINED);
	for (int i = 0; i < RETAINED / 2; i++)
		one_ends(lanes[0]);

	cr_assert_eq(visible(early, RETAINED), 0);
}

Test(ring, threads_without_a_share_of_their_own_have_one_together)
{
	struct lane *late[2] = { NULL, NULL };
	uint64_t tasks[2 * RETAINED];

	while (board.tables[VIGIL_TABLE_worker].used < SHARES + 4)
		late[0] = lane_open(&board, 1, 1, ANY);
	late[1] = lane_open(&board, 1, 1, ANY);
	for (int i = 0; i < 2 * RETAINED; i++)
		tasks[i] = one_ends(late[i % 2]);

	cr_assert_eq(visible(tasks, 2 * RETAINED), RETAINED);
	cr_assert_eq(visible(tasks + RETAINED, RETAINED), RETAINED);
}

Test(ring, the_record_that_a_thread_freed_is_its_next)
{
	uint64_t first = one_ends(lanes[1]);

	for (int i = 0; i < RETAINED; i++)
		one_ends(lanes[1]);

	cr_assert_not(is_visible(first));
	cr_assert_neq(vigil_ref_index(spawn(lanes[0])), vigil_ref_index(first));
	cr_assert_eq(vigil_ref_index(spawn(lanes[1])), vigil_ref_index(first));
}

Test(ring, what_a_thread_kept_is_for_all_when_it_is_gone)
{
	uint64_t first = one_ends(lanes[1]);

	for (int i = 0; i < RETAINED; i++)
		one_ends(lanes[1]);
	lane_close(lanes[1], 30);

	cr_assert_eq(vigil_ref_index(spawn(lanes[0])), vigil_ref_index(first));
}

Test(ring, ids_of_operations_are_unique_and_a_threads_own_in_order)
{
	uint64_t last[3] = { 0 };
	uint8_t seen[3 * 300] = { 0 };

	for (int i = 0; i < 200; i++) {
		for (int k = 0; k < 3; k++) {
			uint64_t op = board_op_new(&board, lanes[k], 1, ANY, 0, 0, 0, "read");
			uint64_t id = RECORD_AT(&board, op, vigil_ref_index(op))->id;

			cr_assert_gt(id, last[k]);
			cr_assert_lt(id, sizeof(seen));
			cr_assert_eq(seen[id]++, 0);
			last[k] = id;
		}
	}
}

Test(ring_full, gives_up_what_another_thread_ended)
{
	uint64_t task = one_ends(lanes[1]);

	for (int i = 1; i < SMALL; i++)
		cr_assert(spawn(lanes[0]));

	cr_assert(is_visible(task));
	cr_assert_eq(vigil_ref_index(spawn(lanes[0])), vigil_ref_index(task));
	cr_assert_eq(spawn(lanes[0]), 0);
}

Test(ring_full, gives_up_its_own_before_anothers)
{
	uint64_t other = one_ends(lanes[1]), own = one_ends(lanes[0]);

	for (int i = 2; i < SMALL; i++)
		spawn(lanes[0]);
	spawn(lanes[0]);

	cr_assert_not(is_visible(own));
	cr_assert(is_visible(other));
}

Test(ring_full, passes_over_what_is_still_polled)
{
	uint64_t polled = spawn(lanes[0]), next = spawn(lanes[0]);

	board_poll_begin(&board, lanes[0], 11, polled);
	end(lanes[1], polled);
	end(lanes[1], next);
	for (int i = 2; i < SMALL; i++)
		spawn(lanes[0]);

	cr_assert_eq(vigil_ref_index(spawn(lanes[0])), vigil_ref_index(next));
	cr_assert_eq(spawn(lanes[0]), 0);
	board_poll_end(&board, lanes[0], 30, polled);
	cr_assert_eq(vigil_ref_index(spawn(lanes[0])), vigil_ref_index(polled));
}

Test(ring_full, keeps_no_free_record_from_those_who_need_one)
{
	uint64_t tasks[SMALL];

	for (int i = 0; i < SMALL; i++)
		tasks[i] = spawn(lanes[0]);
	for (int i = 0; i < SMALL; i++)
		end(lanes[i % 3], tasks[i]);

	for (int i = 0; i < SMALL; i++)
		cr_assert(spawn(lanes[2]));
	cr_assert_eq(board.counts->lost_tasks, 0);
}
