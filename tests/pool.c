/* SPDX-License-Identifier: MIT */
/*
 * Records as a replay takes them: the one that its object had live, whatever life that
 * record is in by then.
 */
#include <criterion/criterion.h>
#include <errno.h>

#include "libtrace/apply.h"
#include "libtrace/hot.h"
#include "tests/support/sound.h"

#define RETAINED 4

static struct board board;
static uint64_t now;

static void board_begin(void)
{
	struct board_shape shape;

	board_shape_default(&shape);
	shape.retain[VIGIL_TABLE_task] = RETAINED;
	cr_assert_eq(board_init(&board, -1, &shape), 0);
	board.is_replay = true;
	now = 1000;
}

static void board_end(void)
{
	cr_expect_null(unsound(&board), "%s", unsound(&board));
	board_fini(&board);
}

TestSuite(pool, .init = board_begin, .fini = board_end);

static uint64_t task_ref(uint32_t index, uint32_t gen)
{
	return vigil_ref_make(VIGIL_TABLE_task, index, gen);
}

static uint64_t spawn(uint32_t index, uint32_t gen)
{
	struct task_birth birth = { .want = { task_ref(index, gen), index + 1 } };

	return board_task_spawn(&board, NULL, now, &birth);
}

static void end(uint64_t task)
{
	board_task_end(&board, NULL, now, task, VIGIL_OUTCOME_COMPLETED, 0, NULL);
}

/* Others end until none of the finished ones before them is still to be seen. */
static void others_end(void)
{
	for (uint32_t i = 100; i < 100 + 2 * RETAINED; i++)
		end(spawn(i, 7));
}

static void poll(struct lane *lane, uint64_t task)
{
	board_poll_begin(&board, lane, now, task);
	board_poll_end(&board, lane, now + 1, task);
}

static bool is_live(uint64_t task)
{
	const struct vigil_task_record *t = RECORD_OF(&board, task, task);

	return t && t->life == VIGIL_LIFE_LIVE;
}

Test(pool, gives_the_record_that_is_wanted)
{
	cr_assert_eq(spawn(5, 3), task_ref(5, 3));
	cr_assert_eq(RECORD_AT(&board, task, 5)->id, 6);
	cr_assert_eq(board.tables[VIGIL_TABLE_task].used, 6);
}

Test(pool, a_wanted_record_that_is_finished_lives_on_as_others_end)
{
	uint64_t task;

	end(spawn(1, 1));
	task = spawn(1, 2);
	others_end();

	cr_assert(is_live(task));
	cr_assert_eq(board.replaced, 0);
}

Test(pool, a_wanted_record_that_is_live_is_taken_and_counted)
{
	uint64_t old = spawn(1, 1), task = spawn(1, 2);

	others_end();

	cr_assert(is_live(task));
	cr_assert_not(is_live(old));
	cr_assert_eq(board.replaced, 1);
}

Test(pool, what_belonged_to_the_life_before_serves_others)
{
	struct attr_value value = { .key = "key", .type = VIGIL_ATTR_U64 };

	for (uint32_t gen = 1; gen < 20; gen++) {
		uint64_t task = spawn(1, gen);

		poll(NULL, task);
		board_attr_set(&board, NULL, now, task, &value);
		if (gen % 2)
			end(task);
	}

	cr_assert_eq(board.tables[VIGIL_TABLE_hist].used, 1);
	cr_assert_eq(board.tables[VIGIL_TABLE_attr].used, 1);
}

Test(pool, a_thread_in_the_place_of_one_that_lives_ends_its_polls)
{
	uint64_t first = vigil_ref_make(VIGIL_TABLE_worker, 0, 1);
	uint64_t second = vigil_ref_make(VIGIL_TABLE_worker, 0, 2);
	uint64_t task = spawn(0, 1);
	struct lane *lane = lane_open(&board, now, 1, (struct wanted){ first, 1 });

	board_poll_begin(&board, lane, now, task);
	lane_open(&board, now + 10, 2, (struct wanted){ second, 2 });

	cr_assert_eq(RECORD_AT(&board, task, 0)->depth, 0);
	cr_assert_eq(RECORD_AT(&board, task, 0)->busy_ns, 10);
	cr_assert_null(lane_of(&board, first));
	cr_assert_not_null(lane_of(&board, second));
	cr_assert_eq(board.replaced, 1);
}

Test(pool, an_object_that_was_lost_is_lost_although_there_is_room)
{
	struct task_birth birth = { .want = ANY };

	cr_assert_eq(board_task_spawn(&board, NULL, now, &birth), 0);
	cr_assert_null(lane_open(&board, now, 1, ANY));

	cr_assert_eq(board.counts->lost_tasks, 1);
	cr_assert_eq(board.counts->lost_workers, 1);
}

Test(pool, a_reference_of_another_table_or_past_the_end_is_refused)
{
	struct task_birth birth = { .want = { vigil_ref_make(VIGIL_TABLE_op, 1, 1), 1 } };

	cr_assert_eq(board_task_spawn(&board, NULL, now, &birth), 0);
	cr_assert_eq(spawn(VIGIL_REF_MAX_INDEX, 1), 0);
	cr_assert_eq(board.counts->lost_tasks, 2);
}

/* Of a full table the live writer gives up the oldest finished one that nobody polls. */
Test(pool, those_still_polled_stand_in_line_again_as_they_did_live)
{
	struct lane *lane = lane_open(
		&board, now, 1, (struct wanted){ vigil_ref_make(VIGIL_TABLE_worker, 0, 1), 1 });

	for (uint32_t i = 0; i < RETAINED; i++)
		spawn(i, 1);
	board_poll_begin(&board, lane, now, task_ref(0, 1));
	for (uint32_t i = 0; i < RETAINED; i++)
		end(task_ref(i, 1));
	spawn(1, 2);
	board_poll_end(&board, lane, now + 1, task_ref(0, 1));
	end(spawn(10, 1));
	end(spawn(11, 1));

	cr_assert_eq(RECORD_AT(&board, task, 0)->life, VIGIL_LIFE_ENDED);
	cr_assert_eq(RECORD_AT(&board, task, 2)->life, VIGIL_LIFE_FREE);
}

Test(pool, a_task_freed_under_its_poll_takes_no_histogram_with_it)
{
	uint32_t count = 2 * RETAINED + 2;

	for (uint32_t i = 0; i < count; i++) {
		struct wanted want = { vigil_ref_make(VIGIL_TABLE_worker, i, 1), i };

		board_poll_begin(&board, lane_open(&board, now, 1, want), now, spawn(i, 1));
	}
	for (uint32_t i = 0; i < count; i++)
		end(task_ref(i, 1));
	for (uint32_t i = 0; i < count; i++)
		lane_close(&board.lanes[i], now + 5);

	for (uint32_t i = 0; i < count; i++)
		cr_assert(RECORD_AT(&board, task, i)->life != VIGIL_LIFE_FREE ||
			  !RECORD_AT(&board, task, i)->hist);
}

Test(pool, a_shape_that_no_board_can_have_is_refused)
{
	struct board_shape shape;
	struct board other;

	board_shape_default(&shape);
	shape.retain[VIGIL_TABLE_task] = 0;
	cr_assert_eq(board_init(&other, -1, &shape), -EINVAL);
	board_shape_default(&shape);
	shape.capacity[VIGIL_TABLE_worker] = WORKERS_MAX + 1;
	cr_assert_eq(board_init(&other, -1, &shape), -EINVAL);
	shape.capacity[VIGIL_TABLE_worker] = 0;
	cr_assert_eq(board_init(&other, -1, &shape), -EINVAL);
	board_shape_default(&shape);
	shape.capacity[VIGIL_TABLE_task] = VIGIL_REF_MAX_INDEX + 1;
	cr_assert_eq(board_init(&other, -1, &shape), -EINVAL);
	board_shape_default(&shape);
	shape.capacity[VIGIL_TABLE_counts] = 0;

	cr_assert_eq(board_init(&other, -1, &shape), -EINVAL);
	cr_assert_null(other.base);
}

Test(pool, a_site_stands_where_the_trace_says)
{
	cr_assert(board_site_put(&board, 7, VIGIL_SITE_SPAWN, "a.c", 12, "main", "name"));
	cr_assert_not(board_site_put(&board, 0, VIGIL_SITE_SPAWN, "a.c", 12, "main", ""));
	cr_assert_not(board_site_put(&board, UINT32_MAX, VIGIL_SITE_SPAWN, "a.c", 12, "main", ""));

	cr_assert_str_eq(RECORD_AT(&board, site, 6)->function, "main");
	cr_assert_eq(RECORD_AT(&board, site, 6)->line, 12);
	cr_assert_eq(board.counts->lost_sites, 2);
}
