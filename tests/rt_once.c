/* SPDX-License-Identifier: MIT */
/* The example runtime's once: made by one, awaited by the others, never by two. */
#include "tests/support/rt.h"

TestSuite(rt_once, .init = rt_begin, .fini = rt_end_empty);

static struct rt_once *once;
static int one = 1, two = 2;
static _Atomic unsigned made, makers, got;

static int make(void *arg, void **ret_value)
{
	int error;

	cr_assert_eq(++makers, 1, "two make it");
	error = rt_sleep(RT_MS);
	makers--;
	if (error)
		return error;
	made++;
	*ret_value = arg;
	return 0;
}

static int make_badly(void *arg RT_UNUSED, void **ret_value RT_UNUSED)
{
	rt_sleep(RT_MS);
	return -EIO;
}

static int get(void *arg)
{
	void *value = NULL;
	int error = rt_once_get_or_make(once, make, arg, &value);

	if (error)
		return error;
	cr_assert_not_null(value);
	cr_assert_eq(value, rt_once_get(once));
	got++;
	return 0;
}

static int get_badly(void *arg RT_UNUSED)
{
	void *value = &two;
	int error = rt_once_get_or_make(once, make_badly, NULL, &value);

	cr_assert(!error || value == &two, "a failure wrote a value");
	return error;
}

static int by_the_first(void *arg RT_UNUSED)
{
	struct rt_handle jobs[3];

	once = rt_once_new("config");
	cr_assert_null(rt_once_get(once));
	rt_spawn(&jobs[0], get, &one, "maker");
	rt_yield();
	rt_spawn(&jobs[1], get, &two, "waiter");
	rt_spawn(&jobs[2], get, &two, "waiter");
	for (int i = 0; i < 3; i++)
		cr_assert_eq(rt_join(&jobs[i], NULL), 0);
	cr_assert_eq(rt_once_get(once), &one);
	cr_assert_eq(made, 1);
	cr_assert_eq(got, 3);
	cr_assert_eq(rt_board_attr(rt_board_resource("config")->attrs, "made"), 1);
	rt_once_free(once);
	return 0;
}

Test(rt_once, is_made_by_the_first_alone)
{
	cr_assert_eq(rt_paused(by_the_first, NULL), 0);
}

/* ---- On the board ---- */

static int get_and_look(void *arg)
{
	int error = get(arg);

	cr_assert_eq(rt_board_resource("config")->waiters, 0);
	return error;
}

static int maker_and_waiter(void *arg RT_UNUSED)
{
	struct rt_handle maker, waiter;
	const struct vigil_task_record *waits;
	const struct vigil_resource_record *resource;

	once = rt_once_new("config");
	rt_spawn(&maker, get, &one, "maker");
	rt_yield();
	rt_spawn(&waiter, get_and_look, &two, "waiter");
	rt_yield();

	resource = rt_board_resource("config");
	waits = rt_board_task("waiter");
	cr_assert_eq(resource->owner[0], maker.task->vigil);
	cr_assert_eq(resource->waiters, 1);
	cr_assert_eq(waits->wait_kind, VIGIL_WAIT_LOCK);
	cr_assert_str_eq(VIGIL_FIND(rt_reader, resource, waits->wait_object)->name, "config");

	rt_join(&maker, NULL);
	rt_join(&waiter, NULL);
	resource = rt_board_resource("config");
	cr_assert_eq(resource->holders, 0);
	cr_assert_eq(resource->waiters, 0);
	cr_assert_eq(resource->acquired, 1, "who waited did not hold it");
	rt_once_free(once);
	return 0;
}

Test(rt_once, shows_its_maker_as_owner_to_who_waits)
{
	cr_assert_eq(rt_paused(maker_and_waiter, NULL), 0);
}

/* ---- Failure ---- */

static int after_failures(void *arg RT_UNUSED)
{
	struct rt_handle jobs[3];
	struct rt_result result;

	once = rt_once_new("config");
	rt_spawn(&jobs[0], get_badly, NULL, "bad");
	rt_spawn(&jobs[1], get_badly, NULL, "bad");
	rt_yield();
	rt_spawn(&jobs[2], get, &one, "good");
	for (int i = 0; i < 3; i++) {
		rt_join(&jobs[i], &result);
		cr_assert_eq(result.code, i < 2 ? -EIO : 0);
	}
	cr_assert_eq(rt_once_get(once), &one);
	cr_assert_eq(rt_board_resource("config")->acquired, 3);
	rt_once_free(once);
	return 0;
}

Test(rt_once, goes_to_the_next_in_line_when_its_maker_fails)
{
	cr_assert_eq(rt_paused(after_failures, NULL), 0);
}

static int make_again(void *arg, void **ret_value)
{
	int error = rt_once_get_or_make(once, make, arg, ret_value);

	cr_assert_eq(error, -EDEADLK);
	return error;
}

static int within_itself(void *arg RT_UNUSED)
{
	void *value = NULL;

	once = rt_once_new("config");
	cr_assert_eq(rt_once_get_or_make(once, make_again, &one, &value), -EDEADLK);
	cr_assert_str_eq(rt_misused, "once \"config\" is asked for by task 1 \"main\", which makes "
				     "it: it would wait for itself");
	cr_assert_null(value);
	cr_assert_eq(get(&one), 0);
	rt_once_free(once);
	return 0;
}

Test(rt_once, refuses_a_maker_that_asks_for_it)
{
	cr_assert_eq(rt_paused(within_itself, NULL), 0);
}

static int set_by_hand(void *arg RT_UNUSED)
{
	struct rt_handle job;
	void *value = NULL;

	once = rt_once_new("config");
	cr_assert_eq(rt_once_set(once, &one), 0);
	cr_assert_eq(rt_once_set(once, &two), -EINVAL);
	cr_assert_str_eq(rt_misused,
			 "once \"config\" was set when its value was made: look with rt_once_get");
	cr_assert_eq(rt_once_get_or_make(once, make_badly, NULL, &value), 0);
	cr_assert_eq(value, &one);
	rt_once_free(once);

	once = rt_once_new("config");
	rt_spawn(&job, get, &one, "maker");
	rt_yield();
	cr_assert_eq(rt_once_set(once, &two), -EINVAL);
	rt_join(&job, NULL);
	cr_assert_eq(rt_once_get(once), &one);
	rt_once_free(once);
	return 0;
}

Test(rt_once, is_set_only_while_nobody_has_made_it)
{
	cr_assert_eq(rt_paused(set_by_hand, NULL), 0);
}

Test(rt_once, is_not_made_outside_a_task)
{
	void *value = NULL;

	once = rt_once_new("config");
	cr_assert_eq(rt_once_get_or_make(once, make, &one, &value), -EPERM);
	rt_once_free(once);
}

/* ---- Cancellation ---- */

static int get_cut(void *arg)
{
	return rt_cut(get, arg);
}

static int cut_maker(void *arg RT_UNUSED)
{
	struct rt_handle jobs[2];
	struct rt_result result;

	once = rt_once_new("config");
	makers = made = 0;
	rt_spawn(&jobs[0], get_cut, &one, "cut");
	rt_yield();
	rt_spawn(&jobs[1], get, &two, "other");
	rt_join(&jobs[0], NULL);
	rt_join(&jobs[1], &result);
	cr_assert_eq(result.code, 0);
	cr_assert_eq(made, 1);
	rt_once_free(once);
	return 0;
}

Test(rt_once, is_made_by_another_when_its_maker_is_cancelled_anywhere)
{
	cr_assert_eq(rt_cut_everywhere(cut_maker, NULL), 2);
}

static int cut_waiter(void *arg RT_UNUSED)
{
	struct rt_handle jobs[3];
	struct rt_result result;

	once = rt_once_new("config");
	makers = made = 0;
	rt_spawn(&jobs[0], get_badly, NULL, "bad");
	rt_yield();
	rt_spawn(&jobs[1], get_cut, &one, "cut");
	rt_yield();
	rt_spawn(&jobs[2], get, &two, "other");
	rt_yield();
	cr_assert_leq(rt_board_resource("config")->waiters, 2);
	for (int i = 0; i < 3; i++)
		rt_join(&jobs[i], &result);
	cr_assert_eq(result.code, 0);
	cr_assert_eq(made, 1);
	rt_once_free(once);
	return 0;
}

Test(rt_once, is_made_by_another_when_who_waits_is_cancelled_anywhere)
{
	cr_assert_eq(rt_cut_everywhere(cut_waiter, NULL), 2);
}

/* Handed the making, and cancelled before it ran. */
static int handed_and_cancelled(void *arg RT_UNUSED)
{
	struct rt_handle jobs[3];
	struct rt_result result;

	once = rt_once_new("config");
	rt_spawn(&jobs[0], get_badly, NULL, "bad");
	rt_yield();
	rt_spawn(&jobs[1], get, &one, "cancelled");
	rt_spawn(&jobs[2], get, &two, "other");
	rt_join(&jobs[0], NULL);
	rt_cancel(&jobs[1]);
	rt_join(&jobs[1], &result);
	cr_assert_eq(result.outcome, VIGIL_OUTCOME_CANCELLED);
	rt_join(&jobs[2], &result);
	cr_assert_eq(result.code, 0);
	cr_assert_eq(rt_once_get(once), &two);
	rt_once_free(once);
	return 0;
}

Test(rt_once, is_made_by_the_one_behind_when_the_next_maker_is_cancelled)
{
	cr_assert_eq(rt_paused(handed_and_cancelled, NULL), 0);
}

/* ---- Stress ---- */

#define TASKS 60
#define ROUNDS 20

static _Atomic unsigned attempts;

/* Every attempt but the eighth fails. */
static int make_seldom(void *arg, void **ret_value)
{
	cr_assert_eq(++makers, 1, "two make it");
	rt_yield();
	makers--;
	if (++attempts % 8)
		return -EIO;
	made++;
	*ret_value = arg;
	return 0;
}

static int get_at_last(void *arg RT_UNUSED)
{
	void *value;
	int error;

	do {
		value = NULL;
		error = rt_once_get_or_make(once, make_seldom, &one, &value);
		cr_assert(error == -EIO || (!error && value == &one));
	} while (error);
	got++;
	return 0;
}

static int rounds(void *arg RT_UNUSED)
{
	struct rt_handle jobs[TASKS];

	for (unsigned round = 1; round <= ROUNDS; round++) {
		once = rt_once_new("config");
		for (int i = 0; i < TASKS; i++)
			rt_spawn(&jobs[i], get_at_last, NULL, "getter");
		for (int i = 0; i < TASKS; i++)
			rt_join(&jobs[i], NULL);
		cr_assert_eq(made, round);
		rt_once_free(once);
	}
	return 0;
}

Test(rt_once, is_made_once_on_four_workers)
{
	cr_assert_eq(rt_threads(4, rounds, NULL), 0);

	cr_assert_eq(got, TASKS * ROUNDS);
	cr_assert_eq(attempts, 8 * ROUNDS);
}
