/* SPDX-License-Identifier: MIT */
/* The example runtime's semaphore: permits, who has them, and none lost or invented. */
#include "tests/support/rt.h"

TestSuite(rt_semaphore, .init = rt_begin, .fini = rt_end_empty);

static struct rt_semaphore *semaphore;
static char order[64];

static uint64_t attr(const char *key)
{
	return rt_board_attr(rt_board_resource("db")->attrs, key);
}

struct user {
	const char *name;
	size_t permits;
};

static int use(void *arg)
{
	const struct user *user = arg;
	int error = rt_semaphore_acquire(semaphore, user->permits);

	if (error)
		return error;
	strcat(order, user->name);
	error = rt_sleep(RT_MS);
	rt_semaphore_release(semaphore, user->permits);
	return error;
}

static void spawn(struct rt_handle *job, const struct user *user)
{
	rt_spawn(job, use, (void *)user, user->name);
	rt_yield();
}

static int many_before_few(void *arg RT_UNUSED)
{
	static const struct user users[] = { { "a", 2 }, { "b", 3 }, { "c", 1 }, { "d", 1 } };
	struct rt_handle jobs[4];

	semaphore = rt_semaphore_new("db", 3);
	for (int i = 0; i < 4; i++)
		spawn(&jobs[i], &users[i]);
	cr_assert_str_eq(order, "a", "one that asks for less overtook");
	cr_assert_eq(rt_semaphore_available(semaphore), 1);
	cr_assert_eq(rt_semaphore_try_acquire(semaphore, 1), -EAGAIN, "a try overtook");
	for (int i = 0; i < 4; i++)
		cr_assert_eq(rt_join(&jobs[i], NULL), 0);
	cr_assert_eq(rt_semaphore_available(semaphore), 3);
	rt_semaphore_free(semaphore);
	return 0;
}

Test(rt_semaphore, serves_in_the_order_it_was_asked)
{
	cr_assert_eq(rt_paused(many_before_few, NULL), 0);

	cr_assert_str_eq(order, "abcd");
}

static int odd_numbers(void *arg RT_UNUSED)
{
	semaphore = rt_semaphore_new("db", 2);
	cr_assert_eq(rt_semaphore_acquire(semaphore, 3), -EINVAL);
	cr_assert_str_eq(rt_misused,
			 "semaphore \"db\" never had more than 2 permits: nobody gets 3");
	cr_assert_eq(rt_semaphore_acquire(semaphore, 0), 0);
	cr_assert_eq(rt_board_resource("db")->holders, 0);
	rt_semaphore_release(semaphore, 1);
	cr_assert_eq(attr("permits.max"), 3);
	cr_assert_eq(rt_semaphore_acquire(semaphore, 3), 0);
	cr_assert_eq(attr("permits"), 0);
	rt_semaphore_release(semaphore, SIZE_MAX);
	cr_assert_eq(rt_misuses, 2);
	rt_semaphore_release(semaphore, 3);
	cr_assert_eq(attr("permits.max"), 3);
	cr_assert_eq(attr("permits"), 3);
	rt_semaphore_free(semaphore);
	return 0;
}

Test(rt_semaphore, grows_by_what_nobody_took_and_refuses_what_cannot_come)
{
	cr_assert_eq(rt_paused(odd_numbers, NULL), 0);
}

static int signalled(void *arg RT_UNUSED)
{
	static const struct user waiter = { "w", 2 };
	struct rt_handle job;

	semaphore = rt_semaphore_new("db", 0);
	spawn(&job, &waiter);
	rt_semaphore_release(semaphore, 1);
	rt_yield();
	cr_assert_str_eq(order, "");
	rt_semaphore_release(semaphore, 1);
	rt_yield();
	cr_assert_str_eq(order, "w");
	rt_join(&job, NULL);
	rt_semaphore_free(semaphore);
	return 0;
}

Test(rt_semaphore, made_with_none_is_a_signal)
{
	cr_assert_eq(rt_paused(signalled, NULL), 0);
}

static int closed(void *arg RT_UNUSED)
{
	static const struct user waiter = { "w", 1 };
	struct rt_handle job;
	struct rt_result result;

	semaphore = rt_semaphore_new("db", 1);
	cr_assert_eq(rt_semaphore_acquire(semaphore, 1), 0);
	spawn(&job, &waiter);
	rt_semaphore_close(semaphore);
	rt_join(&job, &result);
	cr_assert_eq(result.code, -EPIPE);
	rt_result_free(&result);
	cr_assert_eq(rt_board_resource("db")->waiters, 0);
	rt_semaphore_release(semaphore, 1);
	cr_assert_eq(rt_semaphore_acquire(semaphore, 1), -EPIPE);
	cr_assert_eq(rt_semaphore_try_acquire(semaphore, 0), -EPIPE);
	rt_semaphore_free(semaphore);
	return 0;
}

Test(rt_semaphore, when_closed_sends_away_who_waits_and_who_comes)
{
	cr_assert_eq(rt_paused(closed, NULL), 0);
}

/* ---- On the board ---- */

static int shown(void *arg RT_UNUSED)
{
	static const struct user holder = { "holder", 2 }, waiter = { "waiter", 3 };
	struct rt_handle jobs[2];
	const struct vigil_resource_record *r;

	semaphore = rt_semaphore_new("db", 3);
	cr_assert_eq(attr("permits.max"), 3);
	spawn(&jobs[0], &holder);
	spawn(&jobs[1], &waiter);

	r = rt_board_resource("db");
	cr_assert_eq(r->mode, VIGIL_MODE_SHARED);
	cr_assert_eq(r->holders, 1, "an acquire is one owner");
	cr_assert_eq(r->owner[0], jobs[0].task->vigil);
	cr_assert_eq(r->waiters, 1);
	cr_assert_eq(attr("permits"), 1);
	cr_assert_eq(rt_board_task("waiter")->wait_kind, VIGIL_WAIT_PERMIT);

	rt_join(&jobs[0], NULL);
	r = rt_board_resource("db");
	cr_assert_eq(r->holders, 1);
	cr_assert_eq(r->owner[0], jobs[1].task->vigil, "it was not handed over at once");
	rt_join(&jobs[1], NULL);
	cr_assert_eq(rt_board_resource("db")->holders, 0);
	rt_semaphore_free(semaphore);
	return 0;
}

Test(rt_semaphore, shows_its_permits_who_has_them_and_who_waits)
{
	cr_assert_eq(rt_paused(shown, NULL), 0);
}

static int piecemeal(void *arg RT_UNUSED)
{
	semaphore = rt_semaphore_new("db", 4);
	rt_semaphore_acquire(semaphore, 3);
	rt_semaphore_acquire(semaphore, 1);
	cr_assert_eq(rt_board_resource("db")->holders, 2);
	rt_semaphore_release(semaphore, 2);
	cr_assert_eq(rt_board_resource("db")->holders, 1);
	rt_semaphore_release(semaphore, 1);
	cr_assert_eq(rt_board_resource("db")->holders, 1);
	rt_semaphore_release(semaphore, 1);
	cr_assert_eq(rt_board_resource("db")->holders, 0);
	cr_assert_eq(attr("permits.max"), 4);
	rt_semaphore_free(semaphore);
	return 0;
}

Test(rt_semaphore, shows_an_owner_until_the_last_of_its_permits_is_back)
{
	cr_assert_eq(rt_paused(piecemeal, NULL), 0);
}

static int only_acquire(void *arg)
{
	return rt_semaphore_acquire(semaphore, *(size_t *)arg);
}

static int only_release(void *arg)
{
	rt_semaphore_release(semaphore, *(size_t *)arg);
	return 0;
}

static uint64_t run(rt_fn fn, size_t permits, const char *name)
{
	struct rt_handle job;
	uint64_t vigil;

	rt_spawn(&job, fn, &permits, name);
	vigil = job.task->vigil;
	rt_join(&job, NULL);
	return vigil;
}

static int by_strangers(void *arg RT_UNUSED)
{
	uint64_t second;
	const struct vigil_resource_record *r;

	semaphore = rt_semaphore_new("db", 3);
	run(only_acquire, 1, "first");
	second = run(only_acquire, 1, "second");
	rt_semaphore_acquire(semaphore, 1);
	run(only_release, 1, "stranger");
	r = rt_board_resource("db");
	cr_assert_eq(r->holders, 2);
	cr_assert_eq(r->owner[0], 0, "the oldest ends");
	rt_semaphore_release(semaphore, 1);
	r = rt_board_resource("db");
	cr_assert_eq(r->holders, 1);
	cr_assert_eq(r->owner[1], second, "a task gives back its own");
	size_t one = 1;
	rt_call_blocking(only_release, &one, "job");
	cr_assert_eq(rt_board_resource("db")->holders, 0);
	cr_assert_eq(attr("permits"), 3);
	cr_assert_eq(attr("permits.max"), 3);
	rt_semaphore_free(semaphore);
	return 0;
}

Test(rt_semaphore, is_given_back_by_anybody)
{
	cr_assert_eq(rt_paused(by_strangers, NULL), 0);
}

static int keep(void *arg)
{
	return rt_permit_acquire(semaphore, 1, arg);
}

static int drop(void *arg)
{
	rt_permit_release(arg);
	return 0;
}

static int passed_on(void *arg RT_UNUSED)
{
	struct rt_permit permits[2] = { 0 };
	struct rt_handle job;
	uint64_t owner;

	semaphore = rt_semaphore_new("db", 3);
	rt_spawn(&job, keep, &permits[0], "taker");
	owner = job.task->vigil;
	rt_join(&job, NULL);
	cr_assert_eq(permits[0].owner, owner);
	run(only_acquire, 1, "plain");
	rt_permit_acquire(semaphore, 1, &permits[1]);

	rt_spawn(&job, drop, &permits[1], "dropper");
	rt_join(&job, NULL);
	cr_assert_eq(rt_board_resource("db")->holders, 2);
	cr_assert_eq(rt_board_resource("db")->owner[0], owner, "another's ended");
	rt_semaphore_release(semaphore, 1);
	cr_assert_eq(rt_board_resource("db")->holders, 1);
	cr_assert_eq(rt_board_resource("db")->owner[0], owner, "a plain release took a permit's");
	cr_assert_eq(rt_board_resource("db")->owner[1], 0, "and not the plain one's");
	rt_permit_release(&permits[0]);
	cr_assert_eq(rt_board_resource("db")->holders, 0);
	rt_permit_release(&permits[0]);
	cr_assert_eq(attr("permits"), 3);
	cr_assert_eq(attr("permits.max"), 3);
	rt_semaphore_free(semaphore);
	return 0;
}

Test(rt_semaphore, has_permits_that_remember_their_owner)
{
	cr_assert_eq(rt_paused(passed_on, NULL), 0);
}

static int used_up(void *arg RT_UNUSED)
{
	struct rt_permit token = { 0 };

	semaphore = rt_semaphore_new("db", 2);
	rt_permit_acquire(semaphore, 2, &token);
	rt_permit_forget(&token);
	rt_permit_forget(&token);
	cr_assert_eq(rt_board_resource("db")->holders, 0);
	cr_assert_eq(rt_semaphore_available(semaphore), 0);
	rt_semaphore_release(semaphore, 1);
	cr_assert_eq(attr("permits"), 1);
	cr_assert_eq(attr("permits.max"), 2);
	rt_semaphore_free(semaphore);
	return 0;
}

Test(rt_semaphore, forgets_permits_that_are_used_up)
{
	cr_assert_eq(rt_paused(used_up, NULL), 0);
}

static int left_behind(void *arg RT_UNUSED)
{
	semaphore = rt_semaphore_new("db", 1);
	run(only_acquire, 1, "forgetful");
	cr_assert_eq(rt_timeout(RT_MS, rt_semaphore_acquire_op(semaphore, 1)), -ETIMEDOUT);
	cr_assert_eq(rt_board_resource("db")->holders, 1);
	rt_semaphore_free(semaphore);
	return 0;
}

Test(rt_semaphore, stays_without_what_a_task_took_that_ended)
{
	cr_assert_eq(rt_paused(left_behind, NULL), 0);
}

/* ---- Cancellation ---- */

static int use_both(void *arg RT_UNUSED)
{
	RT_GUARD(rt_permit_release) struct rt_permit permit = { 0 };
	int error = rt_semaphore_acquire(semaphore, 2);

	if (error)
		return error;
	error = rt_sleep(RT_MS);
	rt_semaphore_release(semaphore, 2);
	if (error)
		return error;
	error = rt_permit_acquire(semaphore, 2, &permit);
	return error ? error : rt_sleep(RT_MS);
}

static int use_both_cut(void *arg)
{
	return rt_cut(use_both, arg);
}

static int with_rivals(void *arg RT_UNUSED)
{
	struct rt_handle jobs[3];

	semaphore = rt_semaphore_new("db", 2);
	rt_spawn(&jobs[0], use_both, NULL, "rival");
	rt_yield();
	rt_spawn(&jobs[1], use_both_cut, NULL, "cut");
	rt_yield();
	rt_spawn(&jobs[2], use_both, NULL, "rival");
	for (int i = 0; i < 3; i++)
		rt_join(&jobs[i], NULL);
	cr_assert_eq(rt_semaphore_available(semaphore), 2);
	cr_assert_eq(rt_board_resource("db")->waiters, 0);
	cr_assert_eq(rt_board_resource("db")->holders, 0);
	rt_semaphore_free(semaphore);
	return 0;
}

Test(rt_semaphore, survives_a_cancel_at_every_await)
{
	cr_assert_eq(rt_cut_everywhere(with_rivals, NULL), 4);
}

static int first_gives_up(void *arg RT_UNUSED)
{
	static const struct user many = { "m", 2 }, few = { "f", 1 };
	struct rt_handle jobs[2];

	semaphore = rt_semaphore_new("db", 2);
	rt_semaphore_acquire(semaphore, 1);
	spawn(&jobs[0], &many);
	spawn(&jobs[1], &few);
	cr_assert_str_eq(order, "");
	rt_cancel(&jobs[0]);
	rt_join(&jobs[0], NULL);
	rt_join(&jobs[1], NULL);
	cr_assert_str_eq(order, "f");
	rt_semaphore_free(semaphore);
	return 0;
}

Test(rt_semaphore, serves_the_second_when_the_first_gives_up)
{
	cr_assert_eq(rt_paused(first_gives_up, NULL), 0);
}

static struct rt_notify *other;
static struct rt_permit permit;

/* All are ready, and the other is looked at first. */
static int other_wins(void *arg RT_UNUSED)
{
	struct rt_op ops[3] = { rt_notified_op(other), rt_semaphore_acquire_op(semaphore, 1),
				rt_permit_acquire_op(semaphore, 1, &permit) };

	cr_assert_eq(rt_select(ops, 3, RT_BIASED), 0);
	cr_assert_null(permit.semaphore);
	cr_assert_eq(rt_board_resource("db")->waiters, 0);
	return 0;
}

static int handed_to_a_loser(void *arg RT_UNUSED)
{
	static const struct user both = { "b", 2 };
	struct rt_handle loser, next;

	other = rt_notify_new("other");
	semaphore = rt_semaphore_new("db", 2);
	rt_semaphore_acquire(semaphore, 2);
	rt_spawn(&loser, other_wins, NULL, "loser");
	rt_yield();
	spawn(&next, &both);
	rt_notify_one(other);
	rt_semaphore_release(semaphore, 2);
	cr_assert_eq(rt_board_resource("db")->holders, 2);
	cr_assert_eq(rt_board_resource("db")->owner[1], loser.task->vigil);
	rt_join(&loser, NULL);
	rt_join(&next, NULL);
	cr_assert_str_eq(order, "b");
	cr_assert_eq(attr("permits.max"), 2);
	rt_semaphore_free(semaphore);
	rt_notify_free(other);
	return 0;
}

Test(rt_semaphore, takes_back_what_was_handed_to_who_chose_something_else)
{
	cr_assert_eq(rt_paused(handed_to_a_loser, NULL), 0);
}

static int closed_under_a_loser(void *arg RT_UNUSED)
{
	struct rt_handle loser;

	other = rt_notify_new("other");
	semaphore = rt_semaphore_new("db", 2);
	rt_semaphore_acquire(semaphore, 2);
	rt_spawn(&loser, other_wins, NULL, "loser");
	rt_yield();
	rt_notify_one(other);
	rt_semaphore_close(semaphore);
	rt_join(&loser, NULL);
	cr_assert_eq(rt_board_resource("db")->waiters, 0);
	rt_semaphore_free(semaphore);
	rt_notify_free(other);
	return 0;
}

Test(rt_semaphore, has_no_waiter_left_when_it_closes_on_who_chose_something_else)
{
	cr_assert_eq(rt_paused(closed_under_a_loser, NULL), 0);
}

/* ---- Threads ---- */

static int acquire_here(void *arg)
{
	int error = rt_do_blocking(rt_semaphore_acquire_op(semaphore, *(size_t *)arg));

	if (!error)
		rt_semaphore_release(semaphore, *(size_t *)arg);
	return error;
}

static int thread_waits(void *arg RT_UNUSED)
{
	struct rt_handle jobs[4];
	struct rt_result result;
	size_t permits = 2;

	semaphore = rt_semaphore_new("db", 2);
	rt_semaphore_acquire(semaphore, 2);
	for (int i = 0; i < 4; i++)
		rt_spawn_blocking(&jobs[i], acquire_here, &permits, "job");
	rt_yield();
	rt_semaphore_release(semaphore, 2);
	for (int i = 0; i < 4; i++) {
		rt_join(&jobs[i], &result);
		cr_assert_eq(result.code, 0);
	}
	cr_assert_eq(attr("permits.max"), 2);
	cr_assert_eq(rt_board_resource("db")->holders, 0);
	rt_semaphore_free(semaphore);
	return 0;
}

Test(rt_semaphore, is_for_threads_too)
{
	cr_assert_eq(rt_threads(2, thread_waits, NULL), 0);
}

/* ---- Stress ---- */

#define TASKS 60
#define ROUNDS 150
#define PERMITS 5

static _Atomic unsigned in_use, times;

static void inside(unsigned permits, int i)
{
	in_use += permits;
	cr_assert_leq(in_use, PERMITS);
	if (i % 3 == 0)
		rt_yield();
	in_use -= permits;
	times++;
}

static int acquire_often(void *arg)
{
	for (int i = (int)(intptr_t)arg; i < (int)(intptr_t)arg + ROUNDS; i++) {
		unsigned permits = 1 + (unsigned)i % PERMITS;
		struct rt_permit owned;

		if (i % 2) {
			int error = i % 3 ? rt_semaphore_acquire(semaphore, permits) :
					    rt_timeout(10 * RT_US,
						       rt_semaphore_acquire_op(semaphore, permits));

			if (error)
				continue;
			inside(permits, i);
			rt_semaphore_release(semaphore, permits);
		} else if (!rt_timeout(i % 4 ? RT_S : 10 * RT_US,
				       rt_permit_acquire_op(semaphore, permits, &owned))) {
			inside(permits, i);
			rt_permit_release(&owned);
		}
	}
	return 0;
}

static int all_often(void *arg RT_UNUSED)
{
	struct rt_handle jobs[TASKS];

	semaphore = rt_semaphore_new("db", PERMITS);
	for (intptr_t i = 0; i < TASKS; i++)
		rt_spawn(&jobs[i], acquire_often, (void *)i, "user");
	for (int i = 0; i < TASKS; i++)
		rt_join(&jobs[i], NULL);
	cr_assert_eq(rt_semaphore_available(semaphore), PERMITS);
	cr_assert_eq(attr("permits.max"), PERMITS);
	cr_assert_eq(rt_board_resource("db")->holders, 0);
	rt_semaphore_free(semaphore);
	return 0;
}

Test(rt_semaphore, lends_no_more_than_it_has_on_four_workers)
{
	cr_assert_eq(rt_threads(4, all_often, NULL), 0);

	cr_assert_geq(times, TASKS * ROUNDS / 3);
}
