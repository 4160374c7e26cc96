/* SPDX-License-Identifier: MIT */
/*
 * A pool of connections whose users each have one and ask for another: each of three reports
 * writes its audit over a connection of its own, and all three that the pool has are lent to
 * the three who wait for one more. Two others wait with empty hands.
 * Fixed: the audit goes over the connection that the report has.
 *
 * Look at: l, the locks: "db places", shared by one report and two more, five who wait; t, the
 * tasks: those who hold "db places" wait for it; vigil why: a deadlock.
 */
#include "../example.h"

#define PLACES 3
#define REPORTS 5

static struct rt_conn_pool *pool;
static unsigned done;

/* A connection is made of nothing here. */
static int connection_open(void *arg, void **ret_connection)
{
	*ret_connection = arg;
	return 0;
}

static void connection_close(void *arg, void *connection)
{
	(void)arg;
	(void)connection;
}

/* Others run until the answer comes. */
static int query(const struct rt_conn *conn, const char *text)
{
	(void)conn;
	rt_event(VIGIL_LEVEL_DEBUG, "query: %s", text);
	return rt_yield();
}

static int report(void *arg)
{
	RT_GUARD(rt_conn_give_back) struct rt_conn conn = { 0 };
	RT_GUARD(rt_conn_give_back) struct rt_conn another = { 0 };
	int code = rt_conn_take(pool, UINT64_MAX, &conn);

	(void)arg;
	if (!code)
		code = query(&conn, "select from sales");
	if (!code && !example.is_fixed) {
		scene_step();
		code = rt_conn_take(pool, UINT64_MAX, &another);
	}
	if (!code)
		code = query(example.is_fixed ? &conn : &another, "insert into audit");
	done += !code;
	return code;
}

static int pool_exhausted(void)
{
	static const struct rt_conn_pool_type type = { .open = connection_open,
						       .close = connection_close };
	int code = -ENOMEM;

	done = 0;
	pool = rt_conn_pool_new("db", PLACES, &type, &done);
	if (pool)
		code = scene_spawn(REPORTS, report, NULL, "report");
	if (!code)
		code = scene_stand(PLACES, "3 reports have all 3 connections, and each asks for "
					   "another");
	printf("%u of %d reports were made over %d connections\n", done, REPORTS, PLACES);
	scene_end();
	rt_conn_pool_free(pool);
	return code;
}

EXAMPLE_BUG(&(struct rt_options){ .workers = 1 }, pool_exhausted)
