/* SPDX-License-Identifier: MIT */
/* The example runtime's pool: opened on demand, lent again, never more than max. */
#include "tests/support/rt.h"

TestSuite(rt_conn_pool, .init = rt_begin, .fini = rt_end_empty);

static struct rt_conn_pool *pool;
static _Atomic unsigned opened, closed, at_once;
static int open_error;

struct thing {
	bool is_bad;
	bool is_lent;
};

static int open_thing(void *arg RT_UNUSED, void **ret_connection)
{
	int error = rt_sleep(RT_MS);
	struct thing *thing;

	if (error || open_error)
		return error ? error : open_error;
	thing = calloc(1, sizeof(*thing));
	opened++;
	*ret_connection = thing;
	return 0;
}

static void close_thing(void *arg RT_UNUSED, void *connection)
{
	free(connection);
	closed++;
}

static bool is_good(void *arg RT_UNUSED, void *connection)
{
	return !((struct thing *)connection)->is_bad;
}

static const struct rt_conn_pool_type things = { open_thing, close_thing, is_good };

static uint64_t attr(const char *key)
{
	return rt_board_attr(rt_board_resource("db")->attrs, key);
}

static int use(void *arg)
{
	RT_GUARD(rt_conn_give_back) struct rt_conn conn = { 0 };
	int error = rt_conn_take(pool, UINT64_MAX, &conn);

	(void)arg;
	return error ? error : rt_sleep(RT_MS);
}

static int lent_again(void *arg RT_UNUSED)
{
	struct rt_conn conns[2] = { 0 };
	void *last;

	pool = rt_conn_pool_new("db", 2, &things, NULL);
	cr_assert_eq(attr("max"), 2);
	cr_assert_eq(attr("open"), 0, "it is opened on demand");
	cr_assert_eq(rt_conn_take(pool, UINT64_MAX, &conns[0]), 0);
	cr_assert_eq(rt_conn_take(pool, UINT64_MAX, &conns[1]), 0);
	cr_assert_eq(attr("open"), 2);
	cr_assert_eq(attr("lent"), 2);
	cr_assert_eq(rt_conn_take(pool, RT_MS, &(struct rt_conn){ 0 }), -ETIMEDOUT);
	last = conns[0].connection;
	rt_conn_give_back(&conns[1]);
	rt_conn_give_back(&conns[0]);
	rt_conn_give_back(&conns[0]);
	cr_assert_eq(attr("lent"), 0);
	cr_assert_eq(attr("open"), 2);
	cr_assert_eq(rt_conn_take(pool, 0, &conns[0]), 0, "one is free");
	cr_assert_eq(conns[0].connection, last, "the last to come back is the first to be lent");
	rt_conn_give_back(&conns[0]);
	cr_assert_eq(opened, 2);
	rt_conn_pool_free(pool);
	cr_assert_eq(closed, 2);
	return 0;
}

Test(rt_conn_pool, opens_on_demand_and_lends_again)
{
	cr_assert_eq(rt_paused(lent_again, NULL), 0);
}

static int refused(void *arg RT_UNUSED)
{
	cr_assert_eq(rt_conn_pool_new("none", 0, &things, NULL), NULL);
	cr_assert_eq(rt_misuses, 1);
	cr_assert_eq(rt_conn_pool_new("no limit", SIZE_MAX, &things, NULL), NULL);
	return 0;
}

Test(rt_conn_pool, is_not_made_of_none_or_of_more_than_memory_holds)
{
	cr_assert_eq(rt_paused(refused, NULL), 0);
}

static int bad_one(void *arg RT_UNUSED)
{
	struct rt_conn conn = { 0 };

	pool = rt_conn_pool_new("db", 1, &things, NULL);
	rt_conn_take(pool, UINT64_MAX, &conn);
	((struct thing *)conn.connection)->is_bad = true;
	rt_conn_give_back(&conn);
	cr_assert_eq(closed, 1);
	cr_assert_eq(attr("open"), 0);
	cr_assert_eq(rt_conn_take(pool, UINT64_MAX, &conn), 0);
	cr_assert_eq(opened, 2);
	rt_conn_give_back(&conn);
	rt_conn_pool_free(pool);
	return 0;
}

Test(rt_conn_pool, closes_what_comes_back_bad)
{
	cr_assert_eq(rt_paused(bad_one, NULL), 0);
}

static int cannot_open(void *arg RT_UNUSED)
{
	struct rt_conn conn = { 0 };

	pool = rt_conn_pool_new("db", 1, &things, NULL);
	open_error = -ECONNREFUSED;
	cr_assert_eq(rt_conn_take(pool, UINT64_MAX, &conn), -ECONNREFUSED);
	cr_assert_null(conn.pool);
	open_error = 0;
	cr_assert_eq(rt_conn_take(pool, RT_MS, &conn), 0, "the place was not given back");
	rt_conn_give_back(&conn);
	rt_conn_pool_free(pool);
	return 0;
}

Test(rt_conn_pool, has_its_place_back_when_it_could_not_open)
{
	cr_assert_eq(rt_paused(cannot_open, NULL), 0);
}

static int freed_too_early(void *arg RT_UNUSED)
{
	struct rt_conn conn = { 0 };

	pool = rt_conn_pool_new("db", 1, &things, NULL);
	rt_conn_take(pool, UINT64_MAX, &conn);
	rt_conn_pool_free(pool);
	cr_assert_str_eq(rt_misused, "connection pool \"db\" is freed while 1 are lent: it stays; "
				     "await their tasks first");
	rt_conn_give_back(&conn);
	rt_conn_pool_free(pool);
	return 0;
}

Test(rt_conn_pool, stays_while_one_is_lent)
{
	cr_assert_eq(rt_paused(freed_too_early, NULL), 0);
}

/* ---- On the board ---- */

static int shown(void *arg RT_UNUSED)
{
	struct rt_conn conn = { 0 };
	struct rt_handle waiter;
	const struct vigil_resource_record *db, *places;
	const struct vigil_task_record *task;

	pool = rt_conn_pool_new("db", 1, &things, NULL);
	rt_conn_take(pool, UINT64_MAX, &conn);
	rt_spawn(&waiter, use, NULL, "waiter");
	rt_yield();

	db = rt_board_resource("db");
	places = rt_board_resource("db places");
	task = rt_board_task("waiter");
	cr_assert_eq(db->kind, VIGIL_RESOURCE_POOL);
	cr_assert_eq(places->kind, VIGIL_RESOURCE_SEMAPHORE);
	cr_assert_eq(VIGIL_FIND(rt_reader, resource, places->parent), db);
	cr_assert_eq(task->wait_kind, VIGIL_WAIT_PERMIT);
	cr_assert_eq(VIGIL_FIND(rt_reader, resource, task->wait_object), places);
	cr_assert_eq(places->owner[0], task_here()->vigil, "why cannot name who has it");
	cr_assert_eq(places->waiters, 1);

	rt_conn_give_back(&conn);
	rt_join(&waiter, NULL);
	rt_conn_pool_free(pool);
	return 0;
}

Test(rt_conn_pool, shows_who_waits_for_a_place_and_who_has_it)
{
	cr_assert_eq(rt_paused(shown, NULL), 0);
}

/* ---- Cancellation ---- */

static int use_cut(void *arg)
{
	return rt_cut(use, arg);
}

static int with_rivals(void *arg RT_UNUSED)
{
	struct rt_handle jobs[3];
	struct rt_conn conn = { 0 };

	pool = rt_conn_pool_new("db", 1, &things, NULL);
	rt_spawn(&jobs[0], arg ? use_cut : use, NULL, "a");
	rt_yield();
	rt_spawn(&jobs[1], arg ? use : use_cut, NULL, "b");
	rt_yield();
	rt_spawn(&jobs[2], use, NULL, "c");
	for (int i = 0; i < 3; i++)
		rt_join(&jobs[i], NULL);
	cr_assert_eq(rt_conn_take(pool, RT_MS, &conn), 0, "a place was lost");
	cr_assert_eq(attr("lent"), 1);
	cr_assert_eq(attr("open"), 1);
	rt_conn_give_back(&conn);
	rt_conn_pool_free(pool);
	cr_assert_eq(opened, closed);
	return 0;
}

Test(rt_conn_pool, loses_no_place_when_who_opens_is_cancelled_anywhere)
{
	/* Its place, its open, its use. */
	cr_assert_eq(rt_cut_everywhere(with_rivals, "first"), 3);
}

Test(rt_conn_pool, loses_no_place_when_who_waits_is_cancelled_anywhere)
{
	cr_assert_eq(rt_cut_everywhere(with_rivals, NULL), 2);
}

/* ---- Stress ---- */

#define TASKS 50
#define ROUNDS 60
#define MAX 4

static _Atomic unsigned times;

static int open_fast(void *arg RT_UNUSED, void **ret_connection)
{
	int error = rt_yield();

	if (error)
		return error;
	if (opened % 7 == 3) {
		opened++;
		closed++;
		return -ECONNREFUSED;
	}
	*ret_connection = calloc(1, sizeof(struct thing));
	opened++;
	return 0;
}

static void use_thing(struct thing *thing, int i)
{
	cr_assert(!thing->is_lent, "it is lent to two");
	thing->is_lent = true;
	cr_assert_leq(++at_once, MAX);
	if (i % 3 == 0)
		rt_yield();
	at_once--;
	thing->is_lent = false;
	thing->is_bad = i % 5 == 0;
	times++;
}

static int use_often(void *arg)
{
	for (int i = (int)(intptr_t)arg; i < (int)(intptr_t)arg + ROUNDS; i++) {
		RT_GUARD(rt_conn_give_back) struct rt_conn conn = { 0 };
		int error = rt_conn_take(pool, i % 4 ? UINT64_MAX : 20 * RT_US, &conn);

		if (error == -ECANCELED)
			return error;
		if (!error)
			use_thing(conn.connection, i);
	}
	return 0;
}

static int all_often(void *arg RT_UNUSED)
{
	static const struct rt_conn_pool_type fast = { open_fast, close_thing, is_good };
	struct rt_handle jobs[TASKS];

	pool = rt_conn_pool_new("db", MAX, &fast, NULL);
	for (intptr_t i = 0; i < TASKS; i++)
		rt_spawn(&jobs[i], use_often, (void *)i, "user");
	while (times < TASKS)
		rt_yield();
	for (int i = 0; i < TASKS; i += 5)
		rt_cancel(&jobs[i]);
	for (int i = 0; i < TASKS; i++)
		rt_join(&jobs[i], NULL);
	cr_assert_eq(attr("lent"), 0);
	cr_assert_leq(attr("open"), MAX);
	rt_conn_pool_free(pool);
	return 0;
}

Test(rt_conn_pool, lends_each_to_one_task_on_four_workers)
{
	cr_assert_eq(rt_threads(4, all_often, NULL), 0);

	cr_assert_eq(opened, closed);
	cr_assert_geq(times, TASKS * ROUNDS / 4);
}
