/* SPDX-License-Identifier: MIT */
/*
 * Finished records stay visible; of operations each thread's a part of them; and free
 * ones come back to the thread that freed them, without being lost to the others.
 */
#include <criterion/criterion.h>

#include "libtrace/apply.h"
#include "libtrace/hot.h"
#include "tests/support/sound.h"

#define RETAINED 12
#define LARGE 65536 /* operations of a board whose lanes keep free ones */
#define SMALL 16    /* of one that soon is full */

static struct board board;
static struct lane *lanes[3];

static void board_begin(uint32_t capacity)
{
	struct board_shape shape;

	board_shape_default(&shape);
	shape.capacity[VIGIL_TABLE_task] = shape.capacity[VIGIL_TABLE_op] = capacity;
	shape.capacity[VIGIL_TABLE_worker] = 64;
	shape.retain[VIGIL_TABLE_task] = shape.retain[VIGIL_TABLE_op] = RETAINED;
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

static uint64_t begin(struct lane *lane)
{
	return board_op_new(&board, lane, 10, ANY, 0, 0, 0, "read");
}

static void end(struct lane *lane, uint64_t op)
{
	board_op_free(&board, lane, 20, op);
}

static uint64_t one_ends(struct lane *lane)
{
	uint64_t op = begin(lane);

	end(lane, op);
	return op;
}

static uint64_t spawn(struct lane *lane)
{
	struct task_birth birth = { .want = ANY };

	return board_task_spawn(&board, lane, 10, &birth);
}

static uint64_t one_task_ends(struct lane *lane)
{
	uint64_t task = spawn(lane);

	board_task_end(&board, lane, 20, task, VIGIL_OUTCOME_COMPLETED, 0, NULL);
	return task;
}

static bool is_visible(uint64_t ref)
{
	const struct vigil_op_record *op = RECORD_OF(&board, op, ref);
	const struct vigil_task_record *task = RECORD_OF(&board, task, ref);

	return op ? op->life == VIGIL_LIFE_ENDED : task && task->life == VIGIL_LIFE_ENDED;
}

static int visible(const uint64_t *refs, int count)
{
	int all = 0;

	for (int i = 0; i < count; i++)
		all += is_visible(refs[i]);
	return all;
}

Test(ring, one_thread_has_all_of_it)
{
	uint64_t ops[RETAINED + 3];

	for (int i = 0; i < RETAINED + 3; i++)
		ops[i] = one_ends(lanes[0]);

	cr_assert_eq(visible(ops, 3), 0);
	cr_assert_eq(visible(ops + 3, RETAINED), RETAINED);
}

Test(ring, of_tasks_the_last_of_all_threads_stay)
{
	uint64_t tasks[2 * RETAINED];

	for (int i = 0; i < 2 * RETAINED; i++)
		tasks[i] = one_task_ends(lanes[i % 3]);

	cr_assert_eq(visible(tasks, RETAINED), 0);
	cr_assert_eq(visible(tasks + RETAINED, RETAINED), RETAINED);
}

Test(ring, several_threads_have_equal_parts_the_last_of_each)
{
	uint64_t ops[3][RETAINED];

	for (int i = 0; i < RETAINED; i++)
		for (int k = 0; k < 3; k++)
			ops[k][i] = one_ends(lanes[k]);

	for (int k = 0; k < 3; k++) {
		cr_expect_eq(visible(ops[k], RETAINED), RETAINED / 3);
		cr_expect_eq(visible(ops[k] + RETAINED - RETAINED / 3, RETAINED / 3), RETAINED / 3);
	}
}

Test(ring, a_part_that_gets_smaller_gives_up_its_oldest_two_at_a_time)
{
	uint64_t early[RETAINED];

	for (int i = 0; i < RETAINED; i++)
		early[i] = one_ends(lanes[0]);
	one_ends(lanes[1]);
	cr_assert_eq(visible(early, RETAINED), RETAINED);
	for (int i = 1; i <= RETAINED / 2; i++) {
		one_ends(lanes[0]);
		cr_assert_eq(visible(early, RETAINED), RETAINED - 2 * i);
		cr_assert_eq(visible(early + 2 * i, RETAINED - 2 * i), RETAINED - 2 * i);
	}
}

Test(ring, more_threads_than_there_is_room_for_keep_one_each)
{
	uint64_t first, last;
	struct lane *lane;

	for (uint32_t i = 0; i < RETAINED + 4; i++) {
		lane = lane_open(&board, 1, 1, ANY);
		first = one_ends(lane);
		last = one_ends(lane);
	}

	cr_assert_not(is_visible(first));
	cr_assert(is_visible(last));
}

Test(ring, threads_without_a_ring_of_their_own_have_one_together)
{
	struct lane *late[2] = { NULL, NULL };
	uint64_t ops[2 * RETAINED];

	while (board.tables[VIGIL_TABLE_worker].used < OWN_RINGS + 4)
		late[0] = lane_open(&board, 1, 1, ANY);
	late[1] = lane_open(&board, 1, 1, ANY);
	for (int i = 0; i < 2 * RETAINED; i++)
		ops[i] = one_ends(late[i % 2]);

	cr_assert_eq(visible(ops, 2 * RETAINED), RETAINED);
	cr_assert_eq(visible(ops + RETAINED, RETAINED), RETAINED);
}

Test(ring, of_a_thread_that_is_gone_the_last_ones_stay_and_go_as_others_end)
{
	struct lane *late = NULL;
	uint64_t ops[RETAINED], after[RETAINED];

	while (board.tables[VIGIL_TABLE_worker].used < OWN_RINGS + 1)
		late = lane_open(&board, 1, 1, ANY);
	one_ends(lanes[0]);
	for (int i = 0; i < RETAINED; i++)
		ops[i] = one_ends(lanes[1]);
	lane_close(lanes[1], 30);
	cr_assert_eq(visible(ops, RETAINED), RETAINED / 2);
	for (int i = 0; i < RETAINED; i++)
		one_ends(late);
	cr_assert_eq(visible(ops, RETAINED), 0);

	/* And the others have its part. */
	for (int i = 0; i < RETAINED; i++)
		after[i] = one_ends(lanes[0]);
	cr_assert_eq(visible(after, RETAINED), RETAINED);
}

Test(ring, the_record_that_a_thread_freed_is_its_next)
{
	uint64_t first = one_ends(lanes[1]);

	for (int i = 0; i < RETAINED; i++)
		one_ends(lanes[1]);

	cr_assert_not(is_visible(first));
	cr_assert_neq(vigil_ref_index(begin(lanes[0])), vigil_ref_index(first));
	cr_assert_eq(vigil_ref_index(begin(lanes[1])), vigil_ref_index(first));
}

Test(ring, what_a_thread_kept_is_for_all_when_it_is_gone)
{
	uint64_t first = one_ends(lanes[1]);

	for (int i = 0; i < RETAINED; i++)
		one_ends(lanes[1]);
	lane_close(lanes[1], 30);

	cr_assert_eq(vigil_ref_index(begin(lanes[0])), vigil_ref_index(first));
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
	uint64_t op = one_ends(lanes[1]);

	for (int i = 1; i < SMALL; i++)
		cr_assert(begin(lanes[0]));

	cr_assert(is_visible(op));
	cr_assert_eq(vigil_ref_index(begin(lanes[0])), vigil_ref_index(op));
	cr_assert_eq(begin(lanes[0]), 0);
}

Test(ring_full, gives_up_its_own_before_anothers)
{
	uint64_t other = one_ends(lanes[1]), own = one_ends(lanes[0]);

	for (int i = 2; i < SMALL; i++)
		begin(lanes[0]);
	begin(lanes[0]);

	cr_assert_not(is_visible(own));
	cr_assert(is_visible(other));
}

Test(ring_full, passes_over_what_is_still_polled)
{
	uint64_t polled = spawn(lanes[0]), next = spawn(lanes[0]);

	board_poll_begin(&board, lanes[0], 11, polled);
	board_task_end(&board, lanes[1], 20, polled, VIGIL_OUTCOME_COMPLETED, 0, NULL);
	board_task_end(&board, lanes[1], 20, next, VIGIL_OUTCOME_COMPLETED, 0, NULL);
	for (int i = 2; i < SMALL; i++)
		spawn(lanes[0]);

	cr_assert_eq(vigil_ref_index(spawn(lanes[0])), vigil_ref_index(next));
	cr_assert_eq(spawn(lanes[0]), 0);
	board_poll_end(&board, lanes[0], 30, polled);
	cr_assert_eq(vigil_ref_index(spawn(lanes[0])), vigil_ref_index(polled));
}

Test(ring_full, keeps_no_free_record_from_those_who_need_one)
{
	uint64_t ops[SMALL];

	for (int i = 0; i < SMALL; i++)
		ops[i] = begin(lanes[0]);
	for (int i = 0; i < SMALL; i++)
		end(lanes[i % 3], ops[i]);

	for (int i = 0; i < SMALL; i++)
		cr_assert(begin(lanes[2]));
	cr_assert_eq(board.counts->lost_ops, 0);
}
