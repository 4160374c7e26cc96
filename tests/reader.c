/* SPDX-License-Identifier: MIT */
/*
 * The reader keeps up with a board. Which board: reader_find.c; whose, and what became
 * of it: reader_status.c; hostile ones: hostile.c.
 */
#include "tests/support/live.h"

#include "libtrace/live.h"
#include "libtrace/reader.h"

TestSuite(reader, .init = live_start, .fini = live_stop);

static bool has_changed(enum vigil_table table, uint64_t ref)
{
	uint32_t count;
	const uint32_t *list = vigil_reader_changed(look(), table, &count);

	for (uint32_t i = 0; i < count; i++)
		if (list[i] == vigil_ref_index(ref))
			return true;
	return false;
}

static uint32_t changes(enum vigil_table table)
{
	uint32_t count;

	vigil_reader_changed(look(), table, &count);
	return count;
}

Test(reader, a_new_record_has_changed_once)
{
	vigil_task task = SPAWN("a", 0);

	cr_assert(has_changed(VIGIL_TABLE_task, task));
	cr_assert_not(has_changed(VIGIL_TABLE_task, task));
}

Test(reader, of_many_tasks_only_those_that_did_something_have_changed)
{
	vigil_task tasks[1000];

	for (int i = 0; i < 1000; i++)
		tasks[i] = SPAWN("a", 0);
	look();
	poll_once(tasks[7], 1);
	vigil_wake(tasks[500]);

	cr_assert_eq(changes(VIGIL_TABLE_task), 2);
}

/* Each thing a call may do to a task, on its own. */
#define CHANGES(call)                                                                              \
	do {                                                                                       \
		look();                                                                            \
		call;                                                                              \
		cr_expect(has_changed(VIGIL_TABLE_task, task), "not after %s", #call);             \
	} while (0)

Test(reader, whatever_is_recorded_of_a_task_changes_it)
{
	vigil_task task = SPAWN("a", 0), other = SPAWN("b", 0);
	vigil_span span = vigil_span_new(VIGIL_LEVEL_INFO, "s");

	CHANGES(vigil_wake(task));
	CHANGES(vigil_waker_clone(task));
	CHANGES(vigil_waker_drop(task));
	CHANGES(vigil_join_hold(task));
	CHANGES(vigil_join_drop(task));
	CHANGES(vigil_task_rename(task, "c"));
	CHANGES(vigil_task_yield(task, false));
	CHANGES(vigil_task_yield(task, true));
	CHANGES(vigil_task_wait_fd(task, VIGIL_WAIT_READABLE, 1));
	CHANGES(vigil_attr_u64(task, "k", 1, NULL));
	CHANGES(vigil_poll_begin(task));
	CHANGES(vigil_span_enter(span));
	CHANGES(vigil_span_leave(span));
	CHANGES(vigil_join_await(other); vigil_poll_end(task));
	CHANGES(vigil_task_end(task, VIGIL_OUTCOME_COMPLETED));
}

Test(reader, resources_that_rest_have_not_changed)
{
	vigil_resource a = vigil_resource_new(VIGIL_RESOURCE_MUTEX, "m", "a", 0, 0);

	vigil_resource_new(VIGIL_RESOURCE_MUTEX, "m", "b", 0, 0);
	cr_assert_eq(changes(VIGIL_TABLE_resource), 2);
	cr_assert_eq(changes(VIGIL_TABLE_resource), 0);
	vigil_lock_acquired(a, VIGIL_MODE_EXCLUSIVE);

	cr_assert_eq(changes(VIGIL_TABLE_resource), 1);
}

Test(reader, an_ended_operation_is_seen_with_its_time)
{
	vigil_op op = vigil_op_new(0, "f", 0);

	look();
	time_passes(5);
	vigil_op_free(op);

	cr_assert(has_changed(VIGIL_TABLE_op, op));
	cr_assert_eq(VIGIL_FIND(live_reader, op, op)->ended_ns, LIVE_START + 5);
}

Test(reader, a_record_that_is_being_written_is_torn_until_it_is_not)
{
	vigil_task task = SPAWN("a", 0);
	uint32_t *seq = &RECORD_AT(live_board, task, vigil_ref_index(task))->seq;

	look();
	*seq |= 1;
	cr_assert(has_changed(VIGIL_TABLE_task, task));
	cr_assert(vigil_reader_is_torn(live_reader, VIGIL_TABLE_task, vigil_ref_index(task)));
	*seq += 1;
	look();

	cr_assert_not(vigil_reader_is_torn(live_reader, VIGIL_TABLE_task, vigil_ref_index(task)));
}

#define CRASHED 2000u

Test(reader, many_writes_that_never_end_are_torn_and_shown_and_tried_so_often_in_all)
{
	for (uint32_t i = 0; i < CRASHED; i++)
		SPAWN("a", 0);
	look();
	cr_assert_gt(live_reader->tries, 0, "none was being written");
	for (uint32_t i = 0; i < CRASHED; i++) {
		RECORD_AT(live_board, task, i)->seq |= 1;
		RECORD_AT(live_board, task, i)->name[0] = 'b';
	}
	look();

	cr_assert_eq(live_reader->tries, 0);
	for (uint32_t i = 0; i < CRASHED; i++) {
		cr_assert(vigil_reader_is_torn(live_reader, VIGIL_TABLE_task, i));
		cr_assert_str_eq(VIGIL_AT(live_reader, task, i)->name, "b");
	}
	SPAWN("c", 0);
	cr_assert_not(vigil_reader_is_torn(look(), VIGIL_TABLE_task, CRASHED));
}

Test(reader, tables_grow_with_the_board)
{
	vigil_task task = 0;

	for (int i = 0; i < 5000; i++) {
		task = SPAWN("a", 0);
		if (i % 700 == 0)
			look();
	}

	cr_assert_eq(vigil_reader_count(look(), VIGIL_TABLE_task), 5000);
	cr_assert_str_eq(look_task(task)->name, "a");
	cr_assert_null(vigil_reader_record(live_reader, VIGIL_TABLE_task, 5000));
}

Test(reader, references_of_another_table_or_none_find_nothing)
{
	vigil_task task = SPAWN("a", 0);

	cr_assert_null(VIGIL_FIND(look(), worker, task));
	cr_assert_null(VIGIL_FIND(live_reader, task, 0));
	cr_assert_null(VIGIL_FIND(live_reader, task, UINT64_MAX));
	cr_assert_eq(vigil_reader_ref(live_reader, VIGIL_TABLE_task, vigil_ref_index(task)), task);
}

Test(reader, a_table_there_is_not_has_no_records_and_no_changes)
{
	enum vigil_table none = (enum vigil_table)0x7fffffff;
	uint32_t count = 1;

	look();

	cr_assert_null(vigil_reader_changed(live_reader, none, &count));
	cr_assert_eq(count, 0);
	cr_assert_eq(vigil_reader_count(live_reader, none), 0);
	cr_assert_null(vigil_reader_record(live_reader, none, 0));
	cr_assert_eq(vigil_reader_ref(live_reader, none, 0), 0);
	cr_assert(vigil_reader_is_torn(live_reader, none, 0));
}
