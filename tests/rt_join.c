/* SPDX-License-Identifier: MIT */
/* The example runtime's handles: who awaits whom, once, and what is left of it. */
#include "tests/support/rt.h"

TestSuite(rt_join, .init = rt_begin, .fini = rt_end_empty);

static struct rt_handle shared;

static int nap(void *arg RT_UNUSED)
{
	return rt_sleep(RT_MS);
}

static int fail(void *arg RT_UNUSED)
{
	return rt_fail("io", -EIO, "the disk is gone");
}

static int join_shared(void *arg RT_UNUSED)
{
	return rt_join(&shared, NULL);
}

/* ---- On the board ---- */

static int joiner_and_joined(void *arg RT_UNUSED)
{
	const struct vigil_task_record *joiner, *joined;
	struct rt_handle job;

	rt_spawn(&shared, nap, NULL, "joined");
	rt_spawn(&job, join_shared, NULL, "joiner");
	rt_yield();

	joiner = rt_board_task("joiner");
	joined = rt_board_task("joined");
	cr_assert_eq(joiner->wait_kind, VIGIL_WAIT_TASK);
	cr_assert_eq(vigil_ref_index(joiner->wait_object), vigil_ref_index(shared.task->vigil));
	cr_assert_eq(joined->join, VIGIL_JOIN_AWAITED);
	cr_assert_eq(joined->joiner, job.task->vigil);
	cr_assert_eq(RT_LIVE_OF(op), 2); /* its join, and the nap */

	rt_join(&job, NULL);
	joiner = rt_board_task("joiner");
	joined = rt_board_task("joined");
	cr_assert_eq(joined->join, VIGIL_JOIN_JOINED);
	cr_assert_neq(joiner->waker, 0);
	cr_assert_eq(vigil_ref_table(joiner->waker), VIGIL_TABLE_task, "its task's end woke it");
	return 0;
}

Test(rt_join, shows_who_awaits_whom)
{
	cr_assert_eq(rt_paused(joiner_and_joined, NULL), 0);
}

static int cancelled_joiner(void *arg RT_UNUSED)
{
	struct rt_result result;
	struct rt_handle job;

	rt_spawn(&shared, nap, NULL, "joined");
	rt_spawn(&job, join_shared, NULL, "joiner");
	rt_yield();
	rt_cancel(&job);
	rt_join(&job, &result);
	cr_assert_eq(result.code, -ECANCELED);
	cr_assert_eq(rt_board_task("joined")->join, VIGIL_JOIN_HELD);
	cr_assert_not(rt_is_done(&shared));
	cr_assert_eq(rt_join(&shared, &result), 0);
	cr_assert_eq(result.code, 0);
	cr_assert(rt_is_done(&shared));
	return 0;
}

Test(rt_join, that_is_cancelled_leaves_the_handle_as_it_was)
{
	cr_assert_eq(rt_paused(cancelled_joiner, NULL), 0);
}

static int join_shielded(void *arg RT_UNUSED)
{
	int code;

	rt_shield_begin();
	code = rt_join(&shared, NULL);
	rt_shield_end();
	return code;
}

static int woken_for_nothing(void *arg RT_UNUSED)
{
	struct rt_handle job;
	struct rt_result result;

	rt_spawn(&shared, nap, NULL, "joined");
	rt_spawn(&job, join_shielded, NULL, "joiner");
	rt_yield();
	rt_cancel(&job);
	rt_yield();
	cr_assert_eq(rt_board_task("joiner")->wait_kind, VIGIL_WAIT_TASK);
	rt_join(&job, &result);
	cr_assert_eq(result.code, 0);
	return 0;
}

Test(rt_join, that_was_woken_for_nothing_still_shows_whom_it_awaits)
{
	cr_assert_eq(rt_paused(woken_for_nothing, NULL), 0);
}

static int timed_out(void *arg RT_UNUSED)
{
	struct rt_handle job;

	rt_spawn(&job, nap, NULL, "slow");
	cr_assert_eq(rt_timeout(0, rt_join_op(&job, NULL)), -ETIMEDOUT);
	cr_assert_eq(rt_board_task("slow")->join, VIGIL_JOIN_HELD);
	cr_assert_eq(rt_try(rt_join_op(&job, NULL)), -EAGAIN);
	cr_assert_eq(rt_timeout(RT_S, rt_join_op(&job, NULL)), 0);
	cr_assert_eq(job.task, NULL);
	return 0;
}

Test(rt_join, may_time_out_and_be_tried_again)
{
	cr_assert_eq(rt_paused(timed_out, NULL), 0);
}

/* The task ends, and before its joiner runs that one has lost interest. */
static int end_and_loss_at_once(void *arg RT_UNUSED)
{
	struct rt_handle job;
	struct rt_op ops[2];

	rt_spawn(&job, nap, NULL, "slow");
	ops[0] = rt_sleep_op(RT_MS);
	ops[1] = rt_join_op(&job, NULL);
	cr_assert_eq(rt_select(ops, 2, RT_BIASED), 0);
	rt_yield();
	cr_assert_eq(rt_board_task("slow")->join, VIGIL_JOIN_HELD);
	cr_assert_eq(rt_join(&job, NULL), 0);
	return 0;
}

Test(rt_join, that_lost_to_another_leaves_the_result)
{
	cr_assert_eq(rt_paused(end_and_loss_at_once, NULL), 0);
}

/* ---- Once ---- */

static int join_twice(void *arg RT_UNUSED)
{
	struct rt_handle none = { 0 };
	struct rt_handle job;
	struct rt_op early;

	rt_spawn(&job, nap, NULL, "once");
	early = rt_join_op(&job, NULL);
	cr_assert_eq(rt_join(&job, NULL), 0);
	cr_assert_eq(rt_join(&job, NULL), -EINVAL);
	cr_assert_str_eq(rt_misused, "a task's end can be awaited once: this handle was awaited, "
				     "dropped or never given a task");
	cr_assert_eq(rt_await(&early), -EINVAL);
	cr_assert_eq(rt_join(&none, NULL), -EINVAL);
	rt_drop(&none);
	rt_cancel(&none);
	rt_abort(&none);
	cr_assert(rt_is_done(&none));
	cr_assert_eq(rt_handle_id(&none), 0);
	return 0;
}

Test(rt_join, is_done_once)
{
	cr_assert_eq(rt_paused(join_twice, NULL), 0);

	cr_assert_eq(rt_misuses, 3);
}

static int join_twice_at_once(void *arg RT_UNUSED)
{
	struct rt_handle job;
	struct rt_op ops[2];

	rt_spawn(&job, nap, NULL, "once");
	ops[0] = rt_join_op(&job, NULL);
	ops[1] = rt_join_op(&job, NULL);
	cr_assert_eq(rt_select(ops, 2, RT_BIASED), 1);
	cr_assert_eq(ops[1].result, -EINVAL);
	cr_assert_eq(rt_join(&job, NULL), 0);
	return 0;
}

Test(rt_join, is_not_done_twice_in_one_select)
{
	cr_assert_eq(rt_paused(join_twice_at_once, NULL), 0);
}

static int join_oneself(void *arg RT_UNUSED)
{
	rt_yield();
	return rt_join(&shared, NULL);
}

static int self_joiner(void *arg RT_UNUSED)
{
	struct rt_handle mine;
	struct rt_result result;

	rt_spawn(&shared, join_oneself, NULL, "narcissus");
	mine = shared;
	rt_join(&mine, &result);
	cr_assert_eq(result.code, -EDEADLK);
	cr_assert_str_eq(rt_misused, "task \"narcissus\" awaits its own end");
	return 0;
}

Test(rt_join, of_oneself_is_refused)
{
	cr_assert_eq(rt_paused(self_joiner, NULL), 0);
}

/* ---- Dropped ---- */

static int drop_running_and_ended(void *arg RT_UNUSED)
{
	struct rt_handle running, ended;

	rt_spawn(&running, nap, NULL, "running");
	rt_spawn(&ended, fail, NULL, "ended");
	rt_yield();
	rt_drop(&running);
	cr_assert_eq(rt_stats().unseen_errors, 0);
	rt_drop(&ended);
	cr_assert_eq(rt_stats().unseen_errors, 1);
	cr_assert_eq(rt_board_task("running")->join, VIGIL_JOIN_DETACHED);
	cr_assert_eq(rt_board_task("ended")->join, VIGIL_JOIN_DETACHED);
	return rt_sleep(RT_S);
}

Test(rt_join, may_be_left_by_a_drop_before_or_after_the_end)
{
	cr_assert_eq(rt_paused(drop_running_and_ended, NULL), 0);

	cr_assert_eq(rt_last_stats.completed, 2);
}

static int leave_a_handle(void *arg RT_UNUSED)
{
	rt_spawn(&shared, fail, NULL, "left");
	return rt_yield();
}

Test(rt_join, may_be_left_by_a_drop_after_the_runtime)
{
	cr_assert_eq(rt_paused(leave_a_handle, NULL), 0);

	rt_cancel(&shared);
	rt_drop(&shared);
}

static int join_here(void *arg RT_UNUSED)
{
	rt_spawn(&shared, nap, NULL, "cut");
	return rt_cut(join_shared, NULL);
}

static int join_cut(void *arg RT_UNUSED)
{
	struct rt_handle job;

	rt_spawn(&job, join_here, NULL, "cut");
	rt_join(&job, NULL);
	rt_drop(&shared);
	return 0;
}

Test(rt_join, survives_a_cancel)
{
	cr_assert_eq(rt_cut_everywhere(join_cut, NULL), 1);
}

/* ---- From a thread that blocks ---- */

static int join_from_job(void *arg)
{
	return rt_do_blocking(rt_join_op((struct rt_handle *)arg, NULL));
}

static int joined_by_threads(void *arg RT_UNUSED)
{
	struct rt_handle jobs[8], joiners[8];
	struct rt_result result;

	for (int round = 0; round < 50; round++) {
		for (int i = 0; i < 8; i++) {
			rt_spawn(&jobs[i], i % 2 ? nap : fail, NULL, "joined");
			rt_spawn_blocking(&joiners[i], join_from_job, &jobs[i], "joiner");
		}
		for (int i = 0; i < 8; i++) {
			rt_join(&joiners[i], &result);
			cr_assert_eq(result.code, 0);
		}
	}
	return 0;
}

Test(rt_join, may_be_done_by_a_thread_that_blocks)
{
	cr_assert_eq(rt_threads(4, joined_by_threads, NULL), 0);
}

/* ---- Stress ---- */

static int tree(void *arg)
{
	uintptr_t depth = (uintptr_t)arg;
	struct rt_handle jobs[3];
	struct rt_result result;
	intptr_t sum = 1;

	for (int i = 0; depth && i < 3; i++)
		rt_spawn(&jobs[i], tree, (void *)(depth - 1), "branch");
	for (int i = 0; depth && i < 3; i++) {
		cr_assert_eq(rt_join(&jobs[i], &result), 0);
		sum += (intptr_t)result.value;
	}
	rt_set_value((void *)sum);
	return 0;
}

static int forest(void *arg RT_UNUSED)
{
	struct rt_handle job;
	struct rt_result result;

	for (int i = 0; i < 10; i++) {
		rt_spawn(&job, tree, (void *)(uintptr_t)5, "tree");
		rt_join(&job, &result);
		cr_assert_eq((intptr_t)result.value, 364);
	}
	return 0;
}

Test(rt_join, gathers_a_tree_of_tasks_on_four_workers)
{
	cr_assert_eq(rt_threads(4, forest, NULL), 0);
}
