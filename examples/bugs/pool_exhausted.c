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

struct demo {
	int open; /* the number of the last connection */
	struct rt_conn_pool *pool;
	struct rt_notify *step;
	unsigned asking_again, done;
};

static int connection_open(void *arg, void **ret_connection)
{
	struct demo *demo = arg;

	demo->open++;
	*ret_connection = demo;
	return 0;
}

static void connection_close(void *arg, void *connection)
{
	struct demo *demo = arg;

	(void)connection;
	demo->open--;
}

/* Others run until the answer comes. */
static int query(const struct rt_conn *conn, const char *text)
{
	(void)conn;
	rt_event(VIGIL_LEVEL_DEBUG, "query: %s", text);
	return rt_yield();
}

static int audit(struct demo *demo, const struct rt_conn *of_report)
{
	RT_GUARD(rt_conn_give_back) struct rt_conn own = { 0 };
	int code = 0;

	if (example.is_fixed)
		return query(of_report, "insert into audit");
	demo->asking_again++;
	rt_notify_one(demo->step);
	code = rt_conn_take(demo->pool, UINT64_MAX, &own);
	return code ? code : query(&own, "insert into audit");
}

static int report(void *arg)
{
	RT_GUARD(rt_conn_give_back) struct rt_conn conn = { 0 };
	struct demo *demo = arg;
	int code = rt_conn_take(demo->pool, UINT64_MAX, &conn);

	if (!code)
		code = query(&conn, "select from sales");
	if (!code)
		code = audit(demo, &conn);
	demo->done += !code;
	return code;
}

static int run(struct demo *demo, struct rt_join_set *tasks)
{
	int code = 0;

	for (int i = 0; i < REPORTS && !code; i++)
		code = rt_join_set_spawn(tasks, report, demo, "report");
	while (!code && !example.is_fixed && demo->asking_again < PLACES)
		code = rt_notified(demo->step);
	if (!code && !example.is_fixed)
		code = example_hold("3 reports have all 3 connections, and each asks for another");
	else
		example_join(tasks);
	printf("%u of %d reports were made over %d connections\n", demo->done, REPORTS, demo->open);
	return code;
}

static int pool_exhausted(void *arg)
{
	static const struct rt_conn_pool_type type = { .open = connection_open,
						       .close = connection_close };
	struct demo demo = { .step = rt_notify_new("step") };
	struct rt_join_set *tasks = rt_join_set_new("reports");
	int code = -ENOMEM;

	(void)arg;
	demo.pool = rt_conn_pool_new("db", PLACES, &type, &demo);
	if (demo.pool && demo.step && tasks)
		code = run(&demo, tasks);
	example_end(tasks);
	rt_conn_pool_free(demo.pool);
	rt_notify_free(demo.step);
	return code;
}

EXAMPLE_BUG(&(struct rt_options){ .workers = 1 }, pool_exhausted)
