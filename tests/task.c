/* SPDX-License-Identifier: MIT */
/* The life of a task: spawn, wait, join, end; and handles that outlive it. */
#include "tests/support/live.h"

#include "libtrace/live.h"

TestSuite(task, .init = live_start, .fini = live_stop);
TestSuite(recycling, .fini = live_stop); /* boards of few records */

/* ---- Birth ---- */

Test(task, a_spawn_is_recorded_with_its_name_kind_site_and_executor)
{
	vigil_executor loop = vigil_executor_new(VIGIL_EXECUTOR_EVENT_LOOP, "loop");
	vigil_task task = vigil_task_spawn(loop, VIGIL_TASK_CALLBACK, "conn", 0);
	const struct vigil_task_record *t = look_task(task);

	cr_assert_str_eq(t->name, "conn");
	cr_assert_eq(t->kind, VIGIL_TASK_CALLBACK);
	cr_assert_eq(t->executor, loop);
	cr_assert_eq(t->life, VIGIL_LIFE_LIVE);
	cr_assert_eq(t->created_ns, LIVE_START);
	cr_assert_eq(t->wait_fd, -1);
	cr_assert_str_eq(vigil_reader_site(live_reader, t->site)->file, __FILE__);
}

Test(task, tasks_are_numbered_from_1)
{
	vigil_task first = SPAWN("a", 0), second = SPAWN("b", 0);

	cr_assert_eq(look_task(first)->id, 1);
	cr_assert_eq(look_task(second)->id, 2);
}

Test(task, the_parent_is_the_task_that_polls)
{
	vigil_task parent = SPAWN("parent", 0), child, root;

	vigil_poll_begin(parent);
	child = SPAWN("child", 0);
	root = SPAWN("root", VIGIL_SPAWN_ROOT);
	vigil_poll_end(parent);

	cr_assert_eq(look_task(child)->parent, parent);
	cr_assert_eq(look_task(root)->parent, 0);
	cr_assert_eq(look_task(parent)->parent, 0);
}

Test(task, a_name_that_is_too_long_is_cut_between_characters)
{
	vigil_task task =
		SPAWN("0123456789012345678901234567890123456789012345\xc3\xa9\xc3\xa9", 0);

	cr_assert_str_eq(look_task(task)->name, "0123456789012345678901234567890123456789012345");
}

Test(task, a_task_may_be_renamed)
{
	vigil_task task = SPAWN("a", 0);

	look();
	vigil_task_rename(task, "b");
	cr_assert_str_eq(look_task(task)->name, "b");
	vigil_task_rename(task, NULL);

	cr_assert_str_eq(look_task(task)->name, "");
}

/* ---- Ends ---- */

static const struct vigil_task_record *task_with_outcome(enum vigil_outcome outcome)
{
	vigil_task task = SPAWN("a", 0);

	time_passes(100);
	vigil_task_end(task, outcome);
	time_passes(50);
	return look_task(task);
}

Test(task, each_outcome_is_recorded)
{
	cr_assert_eq(task_with_outcome(VIGIL_OUTCOME_COMPLETED)->outcome, VIGIL_OUTCOME_COMPLETED);
	cr_assert_eq(task_with_outcome(VIGIL_OUTCOME_FAILED)->outcome, VIGIL_OUTCOME_FAILED);
	cr_assert_eq(task_with_outcome(VIGIL_OUTCOME_CANCELLED)->outcome, VIGIL_OUTCOME_CANCELLED);
	cr_assert_eq(task_with_outcome(VIGIL_OUTCOME_ABORTED)->outcome, VIGIL_OUTCOME_ABORTED);
}

Test(task, an_outcome_that_is_none_counts_as_completed)
{
	cr_assert_eq(task_with_outcome(VIGIL_OUTCOME_NONE)->outcome, VIGIL_OUTCOME_COMPLETED);
	cr_assert_eq(task_with_outcome((enum vigil_outcome)77)->outcome, VIGIL_OUTCOME_COMPLETED);
}

Test(task, the_age_of_an_ended_task_stands_still)
{
	vigil_task task = SPAWN("a", 0);

	poll_once(task, 60);
	vigil_task_end(task, VIGIL_OUTCOME_COMPLETED);
	time_passes(1000);

	cr_assert_eq(look_times(task).age_ns, 60);
	cr_assert_eq(look_times(task).state, VIGIL_STATE_DONE);
	cr_assert_eq(look_times(task).state_ns, 1000);
}

Test(task, a_task_that_ends_runnable_was_scheduled_up_to_its_end)
{
	vigil_task task = SPAWN("a", 0);

	time_passes(40);
	vigil_task_end(task, VIGIL_OUTCOME_CANCELLED);
	time_passes(1000);

	cr_assert_eq(look_times(task).scheduled_ns, 40);
	cr_assert_eq(look_times(task).idle_ns, 0);
}

Test(task, a_failure_keeps_its_code_and_message)
{
	vigil_task task = SPAWN("a", 0);
	struct vigil_attr_record attr;
	const struct vigil_task_record *t;

	vigil_task_fail(task, -104, "connection reset");
	t = look_task(task);

	cr_assert_eq(t->outcome, VIGIL_OUTCOME_FAILED);
	cr_assert_eq(t->code, -104);
	cr_assert_eq(vigil_reader_attrs(live_reader, task, t->attrs, &attr, 1), 1);
	cr_assert_str_eq(attr.key, "error");
	cr_assert_str_eq(attr.words, "connection reset");
}

Test(task, a_second_end_changes_nothing_and_is_counted)
{
	vigil_task task = SPAWN("a", 0);

	vigil_task_end(task, VIGIL_OUTCOME_COMPLETED);
	time_passes(10);
	vigil_task_fail(task, 5, "too late");

	cr_assert_eq(look_task(task)->outcome, VIGIL_OUTCOME_COMPLETED);
	cr_assert_eq(look_task(task)->code, 0);
	cr_assert_eq(look_task(task)->attrs, 0);
	cr_assert_eq(look_task(task)->ended_ns, LIVE_START);
	cr_assert_eq(look_counts()->misused_ended, 1);
}

Test(task, an_end_inside_its_own_poll_ends_the_poll_too)
{
	vigil_task task = SPAWN("a", 0);

	vigil_poll_begin(task);
	time_passes(30);
	vigil_task_end(task, VIGIL_OUTCOME_COMPLETED);
	time_passes(500);
	vigil_poll_end(task);

	cr_assert_eq(look_times(task).busy_ns, 30);
	cr_assert_eq(look_times(task).age_ns, 30);
	cr_assert_eq(look_task(task)->polls, 1);
	cr_assert_eq(look_counts()->misused_balance, 0);
	cr_assert_eq(look_counts()->misused_ended, 0);
	cr_assert_eq(look_worker(0)->depth, 0);
}

Test(task, an_end_inside_a_nested_poll_of_another_task_ends_the_outer_poll)
{
	vigil_task outer = SPAWN("outer", 0), inner = SPAWN("inner", 0);

	vigil_poll_begin(outer);
	time_passes(10);
	vigil_poll_begin(inner);
	time_passes(10);
	vigil_task_end(outer, VIGIL_OUTCOME_ABORTED);
	time_passes(10);
	vigil_poll_end(inner);
	vigil_poll_end(outer);

	cr_assert_eq(look_times(outer).busy_ns, 20);
	cr_assert_eq(look_times(inner).busy_ns, 20);
	cr_assert_eq(look_counts()->misused_balance, 0);
}

static void *end_on_thread(void *arg)
{
	vigil_task_end(*(vigil_task *)arg, VIGIL_OUTCOME_ABORTED);
	return NULL;
}

Test(task, a_poll_of_a_task_that_another_thread_ended_counts_up_to_that_end)
{
	vigil_task task = SPAWN("a", 0);

	vigil_poll_begin(task);
	time_passes(30);
	on_thread(end_on_thread, &task);
	time_passes(500);
	cr_assert_eq(look_times(task).busy_ns, 30);
	vigil_poll_end(task);

	cr_assert_eq(look_times(task).busy_ns, 30);
	cr_assert_eq(look_times(task).age_ns, 30);
	cr_assert_eq(look_task(task)->polls, 1);
	cr_assert_eq(look_task(task)->depth, 0);
}

Test(task, a_task_that_ended_while_it_was_scheduled_takes_no_time_from_a_late_poll)
{
	vigil_task task = SPAWN("a", 0);
	struct vigil_task_times times;

	time_passes(20);
	/* A poll that began between the end's clock reading and its last store. */
	vigil_poll_begin(task);
	live_time -= 5;
	on_thread(end_on_thread, &task);
	live_time += 5;
	vigil_poll_end(task);
	times = look_times(task);

	cr_assert_not(times.is_impossible);
	cr_assert_eq(times.busy_ns + times.scheduled_ns + times.idle_ns, times.age_ns);
}

Test(task, a_poll_of_an_ended_task_is_counted_and_its_end_is_expected)
{
	vigil_task task = SPAWN("a", 0);

	vigil_task_end(task, VIGIL_OUTCOME_COMPLETED);
	poll_once(task, 10);

	cr_assert_eq(look_task(task)->polls, 0);
	cr_assert_eq(look_counts()->misused_ended, 1);
	cr_assert_eq(look_counts()->misused_balance, 0);
}

Test(task, the_counters_of_an_ended_task_move_to_its_site)
{
	struct vigil_site_stats *stats;
	uint32_t site = 0;

	for (int i = 0; i < 10; i++) {
		vigil_task task = SPAWN("a", VIGIL_SPAWN_IDLE);

		vigil_wake(task);
		poll_once(task, 100);
		if (i < 4)
			vigil_task_end(task, (enum vigil_outcome)(VIGIL_OUTCOME_COMPLETED + i));
		site = look_task(task)->site;
	}
	stats = vigil_reader_site_stats(look());

	cr_assert_eq(stats[site - 1].spawned, 10);
	cr_assert_eq(stats[site - 1].completed, 1);
	cr_assert_eq(stats[site - 1].failed, 1);
	cr_assert_eq(stats[site - 1].cancelled, 1);
	cr_assert_eq(stats[site - 1].aborted, 1);
	cr_assert_eq(stats[site - 1].live, 6);
	cr_assert_eq(stats[site - 1].idle, 6);
	cr_assert_eq(stats[site - 1].wakes, 10);
	cr_assert_eq(stats[site - 1].busy_count, 10);
	cr_assert_eq(stats[site - 1].busy_ns, 1000);
	free(stats);
}

/* ---- Handles ---- */

static void two_tasks(void)
{
	live_start_with((struct vigil_options){ .tasks = 2, .finished = 1 });
}

/* With two records and one finished task kept, every second spawn reuses one. */
static vigil_task recycle(vigil_task task)
{
	vigil_task other;

	vigil_task_end(task, VIGIL_OUTCOME_COMPLETED);
	other = SPAWN("other", 0);
	vigil_task_end(other, VIGIL_OUTCOME_COMPLETED);
	return SPAWN("next", 0);
}

Test(recycling, a_handle_whose_record_serves_another_task_is_stale, .init = two_tasks)
{
	vigil_task old = SPAWN("old", 0), next = recycle(old);
	struct vigil_task_record before;

	cr_assert_eq(vigil_ref_index(old), vigil_ref_index(next));
	before = *look_task(next);
	vigil_wake(old);
	vigil_task_end(old, VIGIL_OUTCOME_FAILED);
	vigil_task_wait(old, VIGIL_WAIT_OTHER, 0);
	vigil_task_rename(old, "old");
	vigil_attr_u64(old, "key", 1, NULL);
	vigil_task_yield(old, false);
	vigil_join_drop(old);
	poll_once(old, 10);

	cr_assert_arr_eq(look_task(next), &before, sizeof(before));
	cr_assert_eq(look_counts()->misused_stale, 7);
	cr_assert_null(VIGIL_FIND(live_reader, task, old));
}

Test(task, a_handle_that_never_was_is_stale)
{
	vigil_wake(vigil_ref_make(VIGIL_TABLE_task, 77777, 1));
	vigil_wake(vigil_ref_make(VIGIL_TABLE_executor, 0, 1));
	vigil_wake(UINT64_MAX);

	cr_assert_eq(look_counts()->misused_stale, 3);
}

Test(recycling, generations_go_round_without_zero, .init = two_tasks)
{
	vigil_task task = recycle(SPAWN("a", 0)), first;

	/* As after 2^32 - 2 lives of this record. */
	RECORD_AT(live_board, task, vigil_ref_index(task))->gen = UINT32_MAX;
	first = vigil_ref_make(VIGIL_TABLE_task, vigil_ref_index(task), UINT32_MAX);
	cr_assert_eq(look_task(first)->life, VIGIL_LIFE_LIVE);
	task = recycle(first);

	cr_assert_eq(vigil_ref_index(task), vigil_ref_index(first));
	cr_assert_eq(vigil_ref_gen(task), 1);
	cr_assert_str_eq(look_task(task)->name, "next");
}

/* ---- Finished tasks ---- */

static uint32_t ended_visible(void)
{
	uint32_t ended = 0;

	look();
	for (uint32_t i = 0; i < vigil_reader_count(live_reader, VIGIL_TABLE_task); i++)
		ended += VIGIL_AT(live_reader, task, i)->life == VIGIL_LIFE_ENDED;
	return ended;
}

Test(task, the_last_8192_finished_tasks_stay_visible)
{
	vigil_task tasks[3];

	for (int i = 0; i < 9000; i++) {
		vigil_task task = SPAWN("a", 0);

		if (i >= 9000 - 8192 - 1 && i < 9000 - 8192 + 2)
			tasks[i - (9000 - 8192 - 1)] = task;
		vigil_task_end(task, VIGIL_OUTCOME_COMPLETED);
	}

	cr_assert_eq(ended_visible(), 8192);
	cr_assert_null(VIGIL_FIND(live_reader, task, tasks[0]));
	cr_assert_not_null(VIGIL_FIND(live_reader, task, tasks[1]));
	cr_assert_not_null(VIGIL_FIND(live_reader, task, tasks[2]));
}

static void keep_100(void)
{
	live_start_with((struct vigil_options){ .tasks = 4096, .finished = 100 });
}

Test(recycling, as_many_finished_tasks_stay_visible_as_the_options_say, .init = keep_100)
{
	for (int i = 0; i < 1000; i++)
		vigil_task_end(SPAWN("a", 0), VIGIL_OUTCOME_COMPLETED);

	cr_assert_eq(ended_visible(), 100);
	cr_assert_lt(vigil_reader_count(live_reader, VIGIL_TABLE_task), 110);
}

Test(recycling, live_tasks_are_never_recycled, .init = keep_100)
{
	vigil_task live = SPAWN("live", 0);

	for (int i = 0; i < 10000; i++)
		vigil_task_end(SPAWN("a", 0), VIGIL_OUTCOME_COMPLETED);

	cr_assert_str_eq(look_task(live)->name, "live");
	cr_assert_eq(look_counts()->lost_tasks, 0);
}

static void full_soon(void)
{
	live_start_with((struct vigil_options){ .tasks = 1000, .finished = 500 });
}

Test(recycling, a_full_table_gives_up_its_few_finished_tasks_before_it_loses_one, .init = full_soon)
{
	vigil_task tasks[1000];

	for (int i = 0; i < 1000; i++)
		tasks[i] = SPAWN("a", 0);
	for (int i = 0; i < 3; i++)
		vigil_task_end(tasks[i], VIGIL_OUTCOME_COMPLETED);
	for (int i = 0; i < 4; i++)
		SPAWN("b", 0);

	cr_assert_eq(look_counts()->lost_tasks, 1);
	cr_assert_eq(ended_visible(), 0);
}

static void keep_1(void)
{
	live_start_with((struct vigil_options){ .tasks = 64, .finished = 1 });
}

static void *end_many_on_thread(void *arg)
{
	vigil_task_end(*(vigil_task *)arg, VIGIL_OUTCOME_ABORTED);
	for (int i = 0; i < 20; i++)
		vigil_task_end(SPAWN("later", 0), VIGIL_OUTCOME_COMPLETED);
	return NULL;
}

Test(recycling, a_record_that_is_still_polled_is_not_recycled, .init = keep_1)
{
	vigil_task task = SPAWN("a", 0);

	vigil_poll_begin(task);
	time_passes(10);
	on_thread(end_many_on_thread, &task);
	vigil_poll_end(task);

	cr_assert_eq(look_task(task)->polls, 1);
	cr_assert_eq(look_times(task).busy_ns, 10);
}

/* ---- Waits ---- */

Test(task, a_wait_says_on_what_and_since_when)
{
	vigil_task task = SPAWN("a", 0);
	vigil_resource queue = vigil_resource_new(VIGIL_RESOURCE_QUEUE, "jobs", "jobs", 0, 0);

	poll_once(task, 10);
	vigil_task_wait(task, VIGIL_WAIT_RECEIVE, queue);
	time_passes(99);

	cr_assert_eq(look_task(task)->wait_kind, VIGIL_WAIT_RECEIVE);
	cr_assert_eq(look_task(task)->wait_object, queue);
	cr_assert_eq(look_task(task)->wait_since_ns, LIVE_START + 10);
	cr_assert_eq(look_task(task)->wait_fd, -1);
}

Test(task, a_wait_for_a_descriptor_names_it)
{
	vigil_task task = SPAWN("a", 0);

	vigil_task_wait_fd(task, VIGIL_WAIT_READABLE, 17);

	cr_assert_eq(look_task(task)->wait_kind, VIGIL_WAIT_READABLE);
	cr_assert_eq(look_task(task)->wait_fd, 17);
}

Test(task, a_wait_with_a_deadline_keeps_it)
{
	vigil_task task = SPAWN("a", 0);

	vigil_task_wait_until(task, VIGIL_WAIT_TIMER, 0, live_time + 5000);

	cr_assert_eq(look_task(task)->wait_until_ns, LIVE_START + 5000);
}

Test(task, the_next_poll_ends_a_wait)
{
	vigil_task task = SPAWN("a", 0);

	vigil_task_wait_fd(task, VIGIL_WAIT_READABLE, 17);
	vigil_poll_begin(task);

	cr_assert_eq(look_task(task)->wait_kind, VIGIL_WAIT_NONE);
}

Test(task, a_task_that_waits_before_its_first_poll_was_idle)
{
	vigil_task task = SPAWN("a", 0);

	vigil_task_wait_fd(task, VIGIL_WAIT_ACCEPT, 3);
	time_passes(1000);
	cr_assert_eq(look_times(task).state, VIGIL_STATE_IDLE);
	vigil_wake(task);
	time_passes(10);

	cr_assert_eq(look_times(task).scheduled_ns, 10);
	cr_assert_eq(look_times(task).idle_ns, 1000);
}

Test(task, an_ended_task_waits_for_nothing)
{
	vigil_task task = SPAWN("a", 0);

	vigil_task_wait_fd(task, VIGIL_WAIT_READABLE, 17);
	vigil_task_end(task, VIGIL_OUTCOME_CANCELLED);
	vigil_task_wait_fd(task, VIGIL_WAIT_READABLE, 18);

	cr_assert_eq(look_task(task)->wait_kind, VIGIL_WAIT_NONE);
	cr_assert_eq(look_counts()->misused_ended, 1);
}

/* ---- Join handles ---- */

Test(task, a_join_handle_is_held_awaited_and_joined)
{
	vigil_task task = SPAWN("a", VIGIL_SPAWN_JOIN), joiner = SPAWN("joiner", 0);

	cr_assert_eq(look_task(task)->join, VIGIL_JOIN_HELD);
	vigil_poll_begin(joiner);
	vigil_join_await(task);
	vigil_poll_end(joiner);
	cr_assert_eq(look_task(task)->join, VIGIL_JOIN_AWAITED);
	cr_assert_eq(look_task(task)->joiner, joiner);
	cr_assert_eq(look_task(joiner)->wait_kind, VIGIL_WAIT_TASK);
	cr_assert_eq(look_task(joiner)->wait_object, task);
	vigil_task_end(task, VIGIL_OUTCOME_COMPLETED);
	vigil_join_done(task);

	cr_assert_eq(look_task(task)->join, VIGIL_JOIN_JOINED);
}

Test(task, a_dropped_join_handle_detaches)
{
	vigil_task task = SPAWN("a", 0);

	cr_assert_eq(look_task(task)->join, VIGIL_JOIN_NONE);
	vigil_join_hold(task);
	cr_assert_eq(look_task(task)->join, VIGIL_JOIN_HELD);
	vigil_join_drop(task);

	cr_assert_eq(look_task(task)->join, VIGIL_JOIN_DETACHED);
}

/* ---- Yields ---- */

Test(task, yields_are_counted_own_and_forced_ones_apart)
{
	vigil_task task = SPAWN("a", 0);

	vigil_task_yield(task, false);
	look();
	vigil_task_yield(task, true);
	vigil_task_yield(task, true);

	cr_assert_eq(look_task(task)->yields, 1);
	cr_assert_eq(look_task(task)->forced_yields, 2);
}
