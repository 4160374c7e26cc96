/* SPDX-License-Identifier: MIT */
/* The example runtime's cancellation tokens: whom a cancel reaches, who holds what. */
#include "tests/support/rt.h"

TestSuite(rt_token, .init = rt_begin, .fini = rt_end_empty);

static struct rt_token *token;
static unsigned cleaned;

static int sleep_long(void *arg RT_UNUSED)
{
	int error = rt_sleep(RT_S);

	if (error)
		cleaned++;
	return error;
}

static int await_token(void *arg)
{
	return rt_token_cancelled(arg);
}

/* ---- The tree ---- */

static int tree(void *arg RT_UNUSED)
{
	struct rt_token *child, *other, *grandchild, *late;

	token = rt_token_new("server");
	child = rt_token_child(token, "conn 1");
	other = rt_token_child(token, "conn 2");
	grandchild = rt_token_child(child, "request");

	rt_token_cancel(child);
	cr_assert(rt_token_is_cancelled(child));
	cr_assert(rt_token_is_cancelled(grandchild));
	cr_assert_not(rt_token_is_cancelled(token));
	cr_assert_not(rt_token_is_cancelled(other));
	late = rt_token_child(grandchild, "late");
	cr_assert(rt_token_is_cancelled(late));
	rt_token_cancel(token);
	rt_token_cancel(token);
	cr_assert(rt_token_is_cancelled(other));

	rt_token_free(token);
	rt_token_free(child);
	rt_token_free(late);
	rt_token_free(other);
	rt_token_free(grandchild);
	return 0;
}

Test(rt_token, is_cancelled_with_its_parent_not_with_its_child)
{
	cr_assert_eq(rt_paused(tree, NULL), 0);
}

static int deep(void *arg RT_UNUSED)
{
	struct rt_token *leaf = token = rt_token_new("root");

	for (int i = 0; i < 5000; i++) {
		struct rt_token *child = rt_token_child(leaf, NULL);

		if (leaf != token)
			rt_token_free(leaf);
		leaf = child;
	}
	rt_token_cancel(token);
	cr_assert(rt_token_is_cancelled(leaf));
	rt_token_free(token);
	rt_token_free(leaf);
	return 0;
}

Test(rt_token, may_be_deeper_than_a_stack)
{
	cr_assert_eq(rt_paused(deep, NULL), 0);
}

/* ---- Waiting ---- */

static int waiters_at_all_levels(void *arg RT_UNUSED)
{
	struct rt_token *child, *grandchild;
	struct rt_handle jobs[3];

	token = rt_token_new("server");
	child = rt_token_child(token, "conn");
	grandchild = rt_token_child(child, "request");
	rt_spawn(&jobs[0], await_token, token, "top");
	rt_spawn(&jobs[1], await_token, child, "middle");
	rt_spawn(&jobs[2], await_token, grandchild, "bottom");
	rt_sleep(RT_MS);
	rt_token_cancel(child);
	rt_join(&jobs[1], NULL);
	rt_join(&jobs[2], NULL);
	cr_assert_not(rt_is_done(&jobs[0]));
	rt_token_cancel(token);
	rt_join(&jobs[0], NULL);
	cr_assert_eq(rt_now(), RT_MS);
	rt_token_free(grandchild);
	rt_token_free(child);
	rt_token_free(token);
	return 0;
}

Test(rt_token, wakes_who_waits_at_its_level_and_below)
{
	cr_assert_eq(rt_paused(waiters_at_all_levels, NULL), 0);
}

static int left_with_a_waiter(void *arg RT_UNUSED)
{
	struct rt_handle job;

	{
		RT_GUARD(rt_token_guard)
		struct rt_token *guarded = rt_token_new("scope");

		rt_spawn(&job, await_token, guarded, "waiter");
		rt_sleep(RT_MS);
	}
	rt_join(&job, NULL);
	return 0;
}

Test(rt_token, outlives_its_owner_while_somebody_waits)
{
	cr_assert_eq(rt_paused(left_with_a_waiter, NULL), 0);
}

static int tries_and_selects(void *arg RT_UNUSED)
{
	struct rt_token *clone;

	token = rt_token_new("t");
	clone = rt_token_clone(token);
	cr_assert_eq(rt_try(rt_token_cancelled_op(token)), -EAGAIN);
	cr_assert_eq(rt_timeout(RT_MS, rt_token_cancelled_op(token)), -ETIMEDOUT);
	rt_token_free(token);
	rt_token_cancel(clone);
	cr_assert_eq(rt_try(rt_token_cancelled_op(clone)), 0);
	cr_assert_eq(rt_timeout(RT_MS, rt_token_cancelled_op(clone)), 0);
	rt_token_free(clone);
	return 0;
}

Test(rt_token, can_be_tried_and_lose_a_select)
{
	cr_assert_eq(rt_paused(tries_and_selects, NULL), 0);
}

static int await_on_a_thread(void *arg)
{
	return rt_do_blocking(rt_token_cancelled_op(arg));
}

static int blocking(void *arg RT_UNUSED)
{
	struct rt_result result;
	struct rt_handle job;

	token = rt_token_new("t");
	rt_spawn_blocking(&job, await_on_a_thread, token, "thread");
	rt_sleep(RT_MS);
	rt_token_cancel(token);
	rt_join(&job, &result);
	cr_assert_eq(result.code, 0);
	rt_token_free(token);
	return 0;
}

Test(rt_token, can_be_awaited_by_a_thread)
{
	cr_assert_eq(rt_threads(2, blocking, NULL), 0);
}

/* ---- Its tasks ---- */

static int tasks_of_a_token(void *arg RT_UNUSED)
{
	struct rt_token *child;
	struct rt_handle jobs[3];
	struct rt_result result;

	token = rt_token_new("server");
	child = rt_token_child(token, "conn");
	rt_token_spawn(token, &jobs[0], sleep_long, NULL, "a");
	rt_token_spawn(child, &jobs[1], sleep_long, NULL, "b");
	rt_yield();
	rt_token_cancel(token);
	/* Born cancelled: it does not run. */
	rt_token_spawn(child, &jobs[2], sleep_long, NULL, "c");
	for (int i = 0; i < 3; i++) {
		rt_join(&jobs[i], &result);
		cr_assert_eq(result.outcome, VIGIL_OUTCOME_CANCELLED);
	}
	cr_assert_eq(cleaned, 2);
	cr_assert_eq(rt_now(), 0);
	rt_token_free(token);
	rt_token_free(child);
	return 0;
}

Test(rt_token, cancels_the_tasks_it_has_spawned)
{
	cr_assert_eq(rt_paused(tasks_of_a_token, NULL), 0);
}

static int cancel_own(void *arg)
{
	rt_token_cancel(arg);
	return rt_sleep(RT_S);
}

static int detached_and_own(void *arg RT_UNUSED)
{
	struct rt_result result;
	struct rt_handle job;

	token = rt_token_new("server");
	rt_token_spawn(token, NULL, sleep_long, NULL, "detached");
	rt_yield();
	rt_token_spawn(token, &job, cancel_own, token, "suicide");
	rt_token_free(token);
	rt_join(&job, &result);
	cr_assert_eq(result.outcome, VIGIL_OUTCOME_CANCELLED);
	rt_yield();
	cr_assert_eq(cleaned, 1);
	return 0;
}

Test(rt_token, is_held_by_its_tasks_which_may_cancel_it)
{
	cr_assert_eq(rt_paused(detached_and_own, NULL), 0);
}

Test(rt_token, spawns_nothing_outside_the_runtime)
{
	struct rt_handle job;

	token = rt_token_new("server");
	cr_assert_eq(rt_token_spawn(token, &job, sleep_long, NULL, "a"), -EPERM);
	cr_assert_null(job.task);
	cr_assert_eq(rt_board_attr(rt_board_resource("server")->attrs, "live"), 0);
	rt_token_free(token);
}

static int left_at_the_end(void *arg RT_UNUSED)
{
	token = rt_token_new("server");
	for (int i = 0; i < 5; i++)
		rt_token_spawn(token, NULL, sleep_long, NULL, "left");
	rt_token_free(token);
	return 0;
}

Test(rt_token, goes_with_the_runtime_and_its_tasks)
{
	cr_assert_eq(rt_paused(left_at_the_end, NULL), 0);

	cr_assert_eq(rt_last_stats.aborted, 5);
}

/* ---- On the board ---- */

static int stubborn(void *arg RT_UNUSED)
{
	rt_shield_begin();
	rt_sleep(RT_S);
	rt_shield_end();
	return 0;
}

static uint64_t attr(const char *resource, const char *key)
{
	return rt_board_attr(rt_board_resource(resource)->attrs, key);
}

static int watched(void *arg RT_UNUSED)
{
	const struct vigil_resource_record *parent;
	const struct vigil_task_record *t;
	struct rt_handle jobs[3];
	struct rt_token *child;

	token = rt_token_new("server");
	child = rt_token_child(token, "conn");
	rt_token_spawn(child, &jobs[0], sleep_long, NULL, "obeys");
	rt_token_spawn(child, &jobs[1], stubborn, NULL, "stubborn");
	rt_spawn(&jobs[2], await_token, child, "waiter");
	rt_yield();
	cr_assert_eq(rt_board_resource("conn")->kind, VIGIL_RESOURCE_CANCEL_TOKEN);
	parent = VIGIL_FIND(rt_reader, resource, rt_board_resource("conn")->parent);
	cr_assert_str_eq(parent->name, "server");
	cr_assert_eq(attr("conn", "cancelled"), 0);
	cr_assert_eq(attr("conn", "live"), 2);
	cr_assert_eq(attr("conn", "live since cancel"), 0);
	t = rt_board_task("waiter");
	cr_assert_eq(t->wait_kind, VIGIL_WAIT_CANCEL);
	cr_assert_eq(RT_LIVE_OF(op), 3);

	rt_token_cancel(token);
	cr_assert_eq(attr("conn", "cancelled"), 1);
	cr_assert_eq(attr("conn", "live since cancel"), 2);
	rt_join(&jobs[0], NULL);
	cr_assert_eq(attr("conn", "live"), 1);
	cr_assert_eq(attr("conn", "live since cancel"), 1);
	cr_assert_str_eq(rt_board_words(rt_board_task("stubborn")->attrs, "token"), "conn");
	rt_join(&jobs[1], NULL);
	cr_assert_eq(attr("conn", "live since cancel"), 0);
	rt_join(&jobs[2], NULL);
	rt_token_free(child);
	rt_token_free(token);
	return 0;
}

Test(rt_token, shows_who_lives_on_after_the_cancel)
{
	cr_assert_eq(rt_paused(watched, NULL), 0);
}

/* ---- Cancellation of those who wait ---- */

static int await_two(void *arg)
{
	int error = rt_timeout(5 * RT_MS, rt_token_cancelled_op(arg));

	if (error != -ETIMEDOUT)
		return error;
	return rt_token_cancelled(arg);
}

static int await_two_cut(void *arg)
{
	return rt_cut(await_two, arg);
}

static int cut_with_a_rival(void *arg RT_UNUSED)
{
	struct rt_handle jobs[2];

	token = rt_token_new("t");
	rt_spawn(&jobs[0], await_two, token, "rival");
	rt_spawn(&jobs[1], await_two_cut, token, "cut");
	rt_sleep(10 * RT_MS);
	rt_token_cancel(token);
	for (int i = 0; i < 2; i++)
		rt_join(&jobs[i], NULL);
	rt_token_free(token);
	return 0;
}

Test(rt_token, survives_a_cancel_at_every_await)
{
	cr_assert_eq(rt_cut_everywhere(cut_with_a_rival, NULL), 2);
}

static int woken_and_cancelled(void *arg RT_UNUSED)
{
	struct rt_handle job;

	token = rt_token_new("t");
	rt_spawn(&job, await_token, token, "waiter");
	rt_yield();
	rt_token_cancel(token);
	rt_cancel(&job);
	rt_token_free(token);
	rt_join(&job, NULL);
	return 0;
}

Test(rt_token, may_go_when_its_last_waiter_is_cancelled)
{
	cr_assert_eq(rt_paused(woken_and_cancelled, NULL), 0);
}

/* ---- Stress ---- */

#define ROUNDS 25
#define CONNS 4
#define TASKS 4

static _Atomic unsigned started, ended;

/* Ends by itself just when it is cancelled, or about then. Its token lives as long as it. */
static int request(void *arg)
{
	unsigned hops = started++ % 4 * 3;

	while (hops ? --hops : !rt_token_is_cancelled(arg))
		if (rt_yield())
			break;
	ended++;
	return rt_is_cancelled() ? -ECANCELED : 0;
}

static int await_clone(void *arg)
{
	struct rt_token *clone = arg;

	rt_token_cancelled(clone);
	rt_token_free(clone);
	return 0;
}

static int conn(void *arg)
{
	RT_GUARD(rt_token_guard)
	struct rt_token *own = rt_token_child(arg, "conn");
	struct rt_handle watch;

	rt_spawn(&watch, await_clone, rt_token_clone(own), "watch");
	for (int i = 0; i < TASKS; i++)
		rt_token_spawn(own, NULL, request, own, "request");
	rt_timeout(200 * RT_US, rt_token_cancelled_op(own));
	rt_drop(&watch);
	return 0;
}

static int server(void *arg RT_UNUSED)
{
	for (int round = 0; round < ROUNDS; round++) {
		struct rt_handle jobs[CONNS];

		token = rt_token_new("server");
		for (int i = 0; i < CONNS; i++)
			rt_token_spawn(token, &jobs[i], conn, token, "conn");
		for (int i = 0; i < round; i++)
			rt_yield();
		rt_token_cancel(token);
		for (int i = 0; i < CONNS; i++)
			rt_join(&jobs[i], NULL);
		rt_token_free(token);
	}
	while (rt_stats().live > 1)
		rt_yield();
	return 0;
}

Test(rt_token, cancels_on_four_workers_what_ends_at_the_same_time)
{
	cr_assert_eq(rt_threads(4, server, NULL), 0);

	cr_assert_eq(started, ended);
}
