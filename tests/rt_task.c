/* SPDX-License-Identifier: MIT */
/* The example runtime's tasks: birth, yields, cancel, abort, shields, end. */
#include "tests/support/rt.h"

TestSuite(rt_task, .init = rt_begin, .fini = rt_end_empty);

static unsigned ran;
static int codes[4];

static int run_once(void *arg RT_UNUSED)
{
	ran++;
	return 0;
}

static int return_code(void *arg)
{
	return *(int *)arg;
}

/* ---- Birth ---- */

static int spawn_named(void *arg RT_UNUSED)
{
	struct rt_handle job;
	const struct vigil_task_record *child;

	cr_assert_eq(rt_spawn(&job, run_once, NULL, "child"), 0);
	child = rt_board_task("child");
	cr_assert_eq(child->parent, task_here()->vigil);
	cr_assert_eq(child->join, VIGIL_JOIN_HELD);
	cr_assert_eq(child->polls, 0);
	cr_assert_eq(ran, 0, "it ran before its spawner stopped");
	cr_assert_eq(rt_handle_id(&job), 2);
	cr_assert_eq(rt_task_id(), 1);
	cr_assert_str_eq(rt_task_name(), "main");

	rt_join(&job, NULL);
	cr_assert_eq(ran, 1);
	return 0;
}

Test(rt_task, is_born_runnable_as_a_child_of_its_spawner)
{
	cr_assert_eq(rt_paused(spawn_named, NULL), 0);

	cr_assert_eq(rt_board_task("main")->join, VIGIL_JOIN_JOINED);
}

static int spawn_root(void *arg RT_UNUSED)
{
	const struct rt_spawn_options options = { .name = "root",
						  .kind = VIGIL_TASK_ACTOR,
						  .is_root = true };
	const struct rt_spawn_options blocking = { .kind = VIGIL_TASK_BLOCKING };
	struct rt_handle job;

	cr_assert_eq(rt_spawn_with(&job, run_once, NULL, &options), 0);
	cr_assert_eq(rt_board_task("root")->parent, 0);
	cr_assert_eq(rt_board_task("root")->kind, VIGIL_TASK_ACTOR);
	rt_join(&job, NULL);
	cr_assert_eq(rt_spawn_with(&job, run_once, NULL, &blocking), -EINVAL);
	cr_assert_eq(job.task, NULL);
	return 0;
}

Test(rt_task, may_be_a_root_and_of_another_kind_but_no_job_of_the_pool)
{
	cr_assert_eq(rt_paused(spawn_root, NULL), 0);

	cr_assert_eq(rt_misuses, 1);
}

static int spawn_too_large(void *arg RT_UNUSED)
{
	const struct rt_spawn_options options = { .name = "giant", .stack_size = 1ul << 50 };
	struct rt_handle job;
	struct rt_result result;

	cr_assert_eq(rt_spawn_with(&job, run_once, NULL, &options), 0);
	cr_assert_eq(rt_join(&job, &result), 0);
	cr_assert_eq(result.code, -ENOMEM);
	cr_assert_eq(result.outcome, VIGIL_OUTCOME_FAILED);
	cr_assert_str_eq(result.error->message, "no memory for its stack");
	rt_result_free(&result);
	return 0;
}

Test(rt_task, fails_when_there_is_no_memory_for_its_stack)
{
	cr_assert_eq(rt_paused(spawn_too_large, NULL), 0);

	cr_assert_eq(rt_board_task("giant")->polls, 0);
}

/* ---- Yields ---- */

static int yield_thrice(void *arg RT_UNUSED)
{
	for (int i = 0; i < 3; i++)
		cr_assert_eq(rt_yield(), 0);
	return 0;
}

static int run_yielder(void *arg RT_UNUSED)
{
	struct rt_handle job;

	rt_spawn(&job, yield_thrice, NULL, "yielder");
	return rt_join(&job, NULL);
}

Test(rt_task, yields_are_counted_and_so_are_their_polls)
{
	cr_assert_eq(rt_paused(run_yielder, NULL), 0);

	cr_assert_eq(rt_board_task("yielder")->yields, 3);
	cr_assert_eq(rt_board_task("yielder")->self_wakes, 3);
	cr_assert_eq(rt_board_task("yielder")->polls, 4);
	cr_assert_eq(rt_last_stats.yields, 3);
	cr_assert_eq(rt_last_stats.forced_yields, 0);
}

static int never_pending(void *arg RT_UNUSED)
{
	struct rt_mutex *mutex = rt_mutex_new("free");

	for (int i = 0; i < 300; i++) {
		cr_assert_eq(rt_mutex_lock(mutex), 0);
		rt_mutex_unlock(mutex);
	}
	rt_mutex_free(mutex);
	return 0;
}

static int run_greedy(void *arg RT_UNUSED)
{
	struct rt_handle job;

	rt_spawn(&job, never_pending, NULL, "greedy");
	return rt_join(&job, NULL);
}

Test(rt_task, that_never_has_to_wait_is_made_to_yield)
{
	cr_assert_eq(rt_paused(run_greedy, NULL), 0);

	cr_assert_eq(rt_board_task("greedy")->forced_yields, 2); /* after 128 and 256 */
	cr_assert_eq(rt_board_task("greedy")->yields, 0);
	cr_assert_eq(rt_last_stats.forced_yields, 2);
}

/* ---- Outcomes ---- */

static int outcomes(void *arg RT_UNUSED)
{
	const enum vigil_outcome expected[] = { VIGIL_OUTCOME_COMPLETED, VIGIL_OUTCOME_COMPLETED,
						VIGIL_OUTCOME_FAILED, VIGIL_OUTCOME_FAILED };

	codes[0] = 0;
	codes[1] = 7;
	codes[2] = -EIO;
	codes[3] = -ECANCELED; /* nobody cancelled it */
	for (int i = 0; i < 4; i++) {
		struct rt_handle job;
		struct rt_result result;

		rt_spawn(&job, return_code, &codes[i], "job");
		cr_assert_eq(rt_join(&job, &result), 0);
		cr_assert_eq(result.code, codes[i]);
		cr_assert_eq(result.outcome, expected[i], "of %d", codes[i]);
	}
	return 0;
}

Test(rt_task, ends_as_its_code_says)
{
	cr_assert_eq(rt_paused(outcomes, NULL), 0);

	cr_assert_eq(rt_last_stats.completed, 3);
	cr_assert_eq(rt_last_stats.failed, 2);
	cr_assert_eq(rt_last_stats.spawned, 5);
	cr_assert_eq(rt_last_stats.live, 0);
}

static int set_value(void *arg)
{
	rt_set_value(arg);
	return 0;
}

static int take_value(void *arg RT_UNUSED)
{
	struct rt_handle job;
	struct rt_result result;

	rt_spawn(&job, set_value, &ran, "valued");
	rt_join(&job, &result);
	cr_assert_eq(result.value, &ran);
	cr_assert_eq(result.id, 2);
	return 0;
}

Test(rt_task, leaves_a_value)
{
	cr_assert_eq(rt_paused(take_value, NULL), 0);
}

/* ---- Cancel and abort ---- */

static int sleep_long(void *arg RT_UNUSED)
{
	ran++;
	return rt_sleep(3600 * RT_S);
}

static enum vigil_outcome cut_after(int yields, void (*cut)(struct rt_handle *job))
{
	struct rt_handle job;
	struct rt_result result;

	rt_spawn(&job, sleep_long, NULL, "cut");
	for (int i = 0; i < yields; i++)
		rt_yield();
	cut(&job);
	cut(&job); /* once more does nothing */
	cr_assert_eq(rt_join(&job, &result), 0);
	cr_assert_eq(result.code, -ECANCELED);
	return result.outcome;
}

static void cancel(struct rt_handle *job)
{
	rt_cancel(job);
}

static void abort_it(struct rt_handle *job)
{
	rt_abort(job);
}

static int cut_unborn(void *arg RT_UNUSED)
{
	cr_assert_eq(cut_after(0, cancel), VIGIL_OUTCOME_CANCELLED);
	cr_assert_eq(cut_after(0, abort_it), VIGIL_OUTCOME_ABORTED);
	return 0;
}

Test(rt_task, that_was_cut_before_its_first_poll_never_runs)
{
	cr_assert_eq(rt_paused(cut_unborn, NULL), 0);

	cr_assert_eq(ran, 0);
	cr_assert_eq(rt_board_task("cut")->polls, 0);
	cr_assert_eq(rt_last_stats.cancelled, 1);
	cr_assert_eq(rt_last_stats.aborted, 1);
}

static int cut_waiting(void *arg RT_UNUSED)
{
	cr_assert_eq(cut_after(1, cancel), VIGIL_OUTCOME_CANCELLED);
	cr_assert_eq(cut_after(1, abort_it), VIGIL_OUTCOME_ABORTED);
	cr_assert_lt(rt_now(), 3600 * RT_S);
	return 0;
}

Test(rt_task, that_waits_is_cut_at_once)
{
	cr_assert_eq(rt_paused(cut_waiting, NULL), 0);

	cr_assert_eq(ran, 2);
}

static int ignore_cancel(void *arg RT_UNUSED)
{
	cr_assert_eq(rt_sleep(RT_S), -ECANCELED);
	cr_assert_eq(rt_sleep(RT_S), -ECANCELED);
	cr_assert_eq(rt_yield(), -ECANCELED);
	cr_assert(rt_is_cancelled());
	return 42;
}

static int cancel_ignorer(void *arg RT_UNUSED)
{
	struct rt_handle job;
	struct rt_result result;

	rt_spawn(&job, ignore_cancel, NULL, "ignorer");
	rt_yield();
	rt_cancel(&job);
	rt_join(&job, &result);
	cr_assert_eq(result.code, 42);
	cr_assert_eq(result.outcome, VIGIL_OUTCOME_COMPLETED);
	return 0;
}

Test(rt_task, that_was_cancelled_gets_the_code_from_every_await_and_may_complete)
{
	cr_assert_eq(rt_paused(cancel_ignorer, NULL), 0);

	cr_assert_eq(rt_board_attr(rt_board_task("ignorer")->attrs, "cancelled"), 1);
}

static int clean_up(void *arg RT_UNUSED)
{
	int code;

	rt_shield_begin();
	rt_shield_begin();
	codes[0] = rt_sleep(RT_S);
	rt_shield_end();
	codes[1] = rt_sleep(RT_S);
	rt_shield_end();
	code = rt_sleep(RT_S);
	return code;
}

static int cut_shielded(void *arg)
{
	struct rt_handle job;
	struct rt_result result;

	rt_spawn(&job, clean_up, NULL, "shielded");
	rt_yield();
	((void (*)(struct rt_handle *))arg)(&job);
	rt_yield();
	/* It was woken for nothing, and waits on: the board says for what. */
	cr_assert_eq(rt_board_task("shielded")->wait_kind,
		     arg == (void *)cancel ? VIGIL_WAIT_TIMER : VIGIL_WAIT_NONE);
	rt_join(&job, &result);
	cr_assert_eq(result.code, -ECANCELED);
	return 0;
}

Test(rt_task, is_not_cut_between_shields_by_a_cancel)
{
	cr_assert_eq(rt_paused(cut_shielded, (void *)cancel), 0);

	cr_assert_eq(codes[0], 0);
	cr_assert_eq(codes[1], 0);
}

Test(rt_task, is_cut_between_shields_by_an_abort)
{
	cr_assert_eq(rt_paused(cut_shielded, (void *)abort_it), 0);

	cr_assert_eq(codes[0], -ECANCELED);
	cr_assert_eq(codes[1], -ECANCELED);
}

static int wait_locked_shielded(void *arg)
{
	int code;

	rt_shield_begin();
	code = rt_mutex_lock(arg);
	rt_shield_end();
	if (!code)
		rt_mutex_unlock(arg);
	return code;
}

static int cancel_lock_waiter(void *arg RT_UNUSED)
{
	struct rt_mutex *mutex = rt_mutex_new("db");
	struct rt_handle job;
	struct rt_result result;

	rt_mutex_lock(mutex);
	rt_spawn(&job, wait_locked_shielded, mutex, "waiter");
	rt_yield();
	rt_cancel(&job);
	rt_yield();
	cr_assert_eq(rt_board_task("waiter")->wait_kind, VIGIL_WAIT_LOCK);
	cr_assert_eq(rt_board_resource("db")->waiters, 1);
	rt_mutex_unlock(mutex);
	rt_join(&job, &result);
	cr_assert_eq(result.code, 0);
	rt_mutex_free(mutex);
	return 0;
}

Test(rt_task, that_was_woken_for_nothing_still_shows_the_lock_it_waits_for)
{
	cr_assert_eq(rt_paused(cancel_lock_waiter, NULL), 0);
}

/* ---- Stress ---- */

#define TASKS 200
#define ROUNDS 20

static int hop(void *arg RT_UNUSED)
{
	int code = 0;

	for (int i = 0; i < 5 && !code; i++)
		code = i % 2 ? rt_sleep(i * RT_US) : rt_yield();
	return code;
}

/* Cancels, aborts, drops and joins, while they run on other workers or have just ended. */
static int cut_in_flight(void *arg RT_UNUSED)
{
	struct rt_handle jobs[TASKS];

	for (int round = 0; round < ROUNDS; round++) {
		for (int i = 0; i < TASKS / 4; i++)
			rt_spawn(&jobs[i], hop, NULL, "hopper");
		for (int i = 0; i < TASKS / 4; i++) {
			if ((i + round) % 3 == 0)
				rt_cancel(&jobs[i]);
			if ((i + round) % 5 == 0)
				rt_abort(&jobs[i]);
			if ((i + round) % 7 == 0)
				rt_drop(&jobs[i]);
			else if ((i + round) % 2 == 0)
				cr_assert_eq(rt_join(&jobs[i], NULL), 0);
		}
		for (int i = 0; i < TASKS / 4; i++)
			if (jobs[i].task)
				rt_join(&jobs[i], NULL);
	}
	return 0;
}

static int cutters(void *arg RT_UNUSED)
{
	struct rt_handle jobs[4];

	for (int i = 0; i < 4; i++)
		rt_spawn(&jobs[i], cut_in_flight, NULL, "cutter");
	for (int i = 0; i < 4; i++)
		rt_join(&jobs[i], NULL);
	return 0;
}

Test(rt_task, may_be_cut_dropped_and_joined_while_it_ends_on_another_worker)
{
	cr_assert_eq(rt_threads(4, cutters, NULL), 0);

	cr_assert_eq(rt_last_stats.spawned, 5 + 4 * ROUNDS * TASKS / 4);
	cr_assert_eq(rt_last_stats.failed, 0);
}
