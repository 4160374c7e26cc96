/* SPDX-License-Identifier: MIT */
/* The example runtime's mutex: who has it, who is next, what cancellation leaves. */
#include "tests/support/rt.h"

TestSuite(rt_mutex, .init = rt_begin, .fini = rt_end_empty);

static struct rt_mutex *mutex;
static char order[64];
static unsigned held, at_once;

static int lock_in_turn(void *arg)
{
	int error = rt_mutex_lock(mutex);

	if (error)
		return error;
	strcat(order, arg);
	rt_sleep(RT_MS);
	rt_mutex_unlock(mutex);
	return 0;
}

static int three_in_turn(void *arg RT_UNUSED)
{
	struct rt_handle jobs[3];

	mutex = rt_mutex_new("db");
	rt_spawn(&jobs[0], lock_in_turn, "a", "a");
	rt_yield();
	rt_spawn(&jobs[1], lock_in_turn, "b", "b");
	rt_yield();
	rt_spawn(&jobs[2], lock_in_turn, "c", "c");
	for (int i = 0; i < 3; i++)
		cr_assert_eq(rt_join(&jobs[i], NULL), 0);
	rt_mutex_free(mutex);
	return 0;
}

Test(rt_mutex, is_given_in_the_order_it_was_asked_for)
{
	cr_assert_eq(rt_paused(three_in_turn, NULL), 0);

	cr_assert_str_eq(order, "abc");
}

/* ---- On the board ---- */

static int holder_and_waiter(void *arg RT_UNUSED)
{
	struct rt_handle job;
	const struct vigil_task_record *waiter;
	const struct vigil_resource_record *lock;

	mutex = rt_mutex_new("db");
	rt_mutex_lock(mutex);
	rt_spawn(&job, lock_in_turn, "w", "waiter");
	rt_yield();

	waiter = rt_board_task("waiter");
	lock = rt_board_resource("db");
	cr_assert_eq(waiter->wait_kind, VIGIL_WAIT_LOCK);
	cr_assert_eq(lock->waiters, 1);
	cr_assert_eq(lock->owner[0], task_here()->vigil);
	cr_assert_eq(lock->mode, VIGIL_MODE_EXCLUSIVE);
	cr_assert_eq(RT_LIVE_OF(op), 1);

	rt_mutex_unlock(mutex);
	rt_join(&job, NULL);
	cr_assert_eq(rt_board_resource("db")->acquired, 2);
	rt_mutex_free(mutex);
	return 0;
}

Test(rt_mutex, shows_its_owner_and_who_waits)
{
	cr_assert_eq(rt_paused(holder_and_waiter, NULL), 0);
}

/* ---- Try, misuse ---- */

static int lock_again(void *arg RT_UNUSED)
{
	mutex = rt_mutex_new("db");
	rt_mutex_lock(mutex);
	cr_assert_eq(rt_mutex_lock(mutex), -EDEADLK);
	cr_assert_str_eq(rt_misused, "task 1 \"main\" waits for mutex \"db\", which it holds");
	cr_assert_eq(rt_mutex_unlock(mutex), 0);
	rt_mutex_free(mutex);
	return 0;
}

Test(rt_mutex, is_not_waited_for_by_its_owner)
{
	cr_assert_eq(rt_paused(lock_again, NULL), 0);
}

static int only_unlock(void *arg RT_UNUSED)
{
	return rt_mutex_unlock(mutex);
}

static int try_and_misuse(void *arg RT_UNUSED)
{
	struct rt_result result;
	struct rt_handle job;

	mutex = rt_mutex_new("db");
	cr_assert_eq(rt_mutex_try_lock(mutex), 0);
	cr_assert_eq(rt_mutex_try_lock(mutex), -EAGAIN);
	rt_spawn(&job, only_unlock, NULL, "thief");
	rt_join(&job, &result);
	cr_assert_eq(result.code, -EPERM);
	cr_assert_str_eq(rt_misused, "unlock of mutex \"db\" by task 2 \"thief\", which does not "
				     "hold it: task 1 \"main\" does");
	cr_assert_eq(rt_mutex_unlock(mutex), 0);
	cr_assert_eq(rt_mutex_unlock(mutex), -EPERM);
	rt_mutex_free(mutex);
	return 0;
}

Test(rt_mutex, is_unlocked_by_its_owner_alone)
{
	cr_assert_eq(rt_paused(try_and_misuse, NULL), 0);
}

static int lock_and_end(void *arg RT_UNUSED)
{
	return rt_mutex_lock(mutex);
}

/* Of so many tasks one gets the owner's memory. */
static int ended_owner(void *arg RT_UNUSED)
{
	struct rt_handle jobs[100], job;
	struct rt_result result = { 0 };

	mutex = rt_mutex_new("db");
	/* What malloc keeps for a thread first is not given out by calloc. */
	for (int i = 0; i < 100; i++)
		rt_spawn(&jobs[i], only_unlock, NULL, "filler");
	for (int i = 0; i < 100; i++)
		rt_join(&jobs[i], NULL);
	rt_spawn(&job, lock_and_end, NULL, "owner");
	rt_join(&job, NULL);
	for (int i = 0; i < 100; i++)
		rt_spawn(&jobs[i], only_unlock, NULL, "thief");
	for (int i = 0; i < 100; i++) {
		rt_join(&jobs[i], &result);
		cr_assert_eq(result.code, -EPERM);
		rt_result_free(&result);
	}
	cr_assert_eq(rt_mutex_try_lock(mutex), -EAGAIN);
	rt_mutex_free(mutex);
	return 0;
}

Test(rt_mutex, of_a_task_that_ended_stays_locked)
{
	cr_assert_eq(rt_paused(ended_owner, NULL), 0);
}

/* ---- Cancellation ---- */

static int lock_twice(void *arg RT_UNUSED)
{
	for (int i = 0; i < 2; i++) {
		int error = rt_mutex_lock(mutex);

		if (error)
			return error;
		error = rt_sleep(RT_MS);
		rt_mutex_unlock(mutex);
		if (error)
			return error;
	}
	return 0;
}

static int lock_twice_cut(void *arg)
{
	return rt_cut(lock_twice, arg);
}

static int with_rivals(void *arg RT_UNUSED)
{
	struct rt_handle jobs[3];

	mutex = rt_mutex_new("db");
	rt_spawn(&jobs[0], lock_twice, NULL, "rival");
	rt_spawn(&jobs[1], lock_twice_cut, NULL, "cut");
	rt_spawn(&jobs[2], lock_twice, NULL, "rival");
	for (int i = 0; i < 3; i++)
		rt_join(&jobs[i], NULL);
	cr_assert_eq(rt_mutex_try_lock(mutex), 0, "it was lost");
	rt_mutex_unlock(mutex);
	rt_mutex_free(mutex);
	return 0;
}

Test(rt_mutex, survives_a_cancel_at_every_await)
{
	cr_assert_eq(rt_cut_everywhere(with_rivals, NULL), 4);
}

/* It is handed over and cancelled before it ran. */
static int granted_and_cancelled(void *arg RT_UNUSED)
{
	struct rt_handle job;
	struct rt_result result;

	mutex = rt_mutex_new("db");
	rt_mutex_lock(mutex);
	rt_spawn(&job, lock_twice, NULL, "waiter");
	rt_yield();
	rt_mutex_unlock(mutex);
	rt_cancel(&job);
	rt_join(&job, &result);
	cr_assert_eq(result.outcome, VIGIL_OUTCOME_CANCELLED);
	cr_assert_eq(rt_mutex_try_lock(mutex), 0);
	rt_mutex_unlock(mutex);
	rt_mutex_free(mutex);
	return 0;
}

Test(rt_mutex, is_not_lost_when_its_next_owner_is_cancelled)
{
	cr_assert_eq(rt_paused(granted_and_cancelled, NULL), 0);
}

static int hold_for_long(void *arg RT_UNUSED)
{
	rt_mutex_lock(mutex);
	rt_sleep(RT_S);
	return rt_mutex_unlock(mutex);
}

static int loser_of_a_select(void *arg RT_UNUSED)
{
	struct rt_handle job;

	mutex = rt_mutex_new("db");
	rt_spawn(&job, hold_for_long, NULL, "holder");
	rt_yield();
	cr_assert_eq(rt_timeout(RT_MS, rt_mutex_lock_op(mutex)), -ETIMEDOUT);
	cr_assert_eq(rt_board_resource("db")->waiters, 0);
	rt_join(&job, NULL);
	cr_assert_eq(rt_timeout(RT_MS, rt_mutex_lock_op(mutex)), 0);
	rt_mutex_unlock(mutex);
	rt_mutex_free(mutex);
	return 0;
}

Test(rt_mutex, is_not_taken_by_an_operation_that_timed_out)
{
	cr_assert_eq(rt_paused(loser_of_a_select, NULL), 0);
}

/* ---- Stress ---- */

#define TASKS 50
#define ROUNDS 200

static int increment(void *arg RT_UNUSED)
{
	for (int i = 0; i < ROUNDS; i++) {
		int error = i % 7 ? rt_mutex_lock(mutex) :
				    rt_timeout(10 * RT_US, rt_mutex_lock_op(mutex));

		if (error)
			continue;
		at_once++;
		cr_assert_eq(at_once, 1);
		held++;
		if (i % 3 == 0)
			rt_yield();
		at_once--;
		rt_mutex_unlock(mutex);
	}
	return 0;
}

static int increment_all(void *arg RT_UNUSED)
{
	struct rt_handle jobs[TASKS];

	mutex = rt_mutex_new("counter");
	for (int i = 0; i < TASKS; i++)
		rt_spawn(&jobs[i], increment, NULL, "incrementer");
	for (int i = 0; i < TASKS; i++)
		rt_join(&jobs[i], NULL);
	rt_mutex_free(mutex);
	return 0;
}

Test(rt_mutex, lets_one_in_at_a_time_on_four_workers)
{
	cr_assert_eq(rt_threads(4, increment_all, NULL), 0);

	cr_assert_geq(held, TASKS * (ROUNDS - (ROUNDS + 6) / 7), "a lock without a limit is got");
}
