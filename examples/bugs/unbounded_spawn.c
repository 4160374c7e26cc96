/* SPDX-License-Identifier: MIT */
/*
 * A task for each request, and nothing that bounds them: while a backup locks the database,
 * requests go on coming, each becomes a task that waits, and memory grows with their number.
 * Here 20,000 come, so that the machine lives; a real server has no such limit.
 *
 * --fixed: at most 64 at once. Then no request is accepted before one has ended, and the
 * rest wait where they cost nothing: at the client. (rt_bounded_run does the same.)
 *
 * Look at `vigil sites`: 20000 LIVE of one line, and none DONE; `vigil why` says what they wait
 * for, lock "database", held by 2 backup, and "20000 more for the same cause".
 */
#include <errno.h>

#include "../example.h"

#define REQUESTS 20000
#define AT_ONCE 64
#define BACKUP (500 * RT_MS)

static struct {
	struct rt_mutex *database;
	struct rt_notify *locked, *flooded;
	struct rt_join_set *requests;
} server;

static int request(void *arg)
{
	int code = rt_mutex_lock(server.database);

	(void)arg;
	return code ? code : rt_mutex_unlock(server.database);
}

static int backup(void *arg)
{
	int code = rt_mutex_lock(server.database);
	RT_GUARD(rt_mutex_guard) struct rt_mutex *held = code ? NULL : server.database;

	(void)arg;
	(void)held;
	rt_notify_one(server.locked);
	if (code || example.is_fixed)
		return code ? code : rt_sleep(BACKUP);
	code = rt_notified(server.flooded);
	return code ? code :
		      example_hold("20000 tasks \"request\" live: each request is a task, and "
				   "nothing bounds them");
}

static int serve(void)
{
	unsigned long served = 0, most = 0;
	int code = rt_notified(server.locked);

	for (int i = 0; !code && i < REQUESTS; i++) {
		if (example.is_fixed && rt_join_set_count(server.requests) == AT_ONCE) {
			code = rt_join_set_next(server.requests, NULL);
			served++;
		}
		if (!code)
			code = rt_join_set_spawn(server.requests, request, NULL, "request");
		if (rt_join_set_count(server.requests) > most)
			most = rt_join_set_count(server.requests);
	}
	rt_notify_one(server.flooded);
	while (!rt_join_set_next(server.requests, NULL))
		served++;
	printf("%lu requests served, %lu at once\n", served, most);
	return code;
}

static int start(void *arg)
{
	struct rt_handle job;
	int code = -ENOMEM, ended;

	(void)arg;
	server.database = rt_mutex_new("database");
	server.locked = rt_notify_new("backup has begun");
	server.flooded = rt_notify_new("flooded");
	server.requests = rt_join_set_new("requests");
	if (server.database && server.locked && server.flooded && server.requests)
		code = rt_spawn(&job, backup, NULL, "backup");
	if (!code) {
		code = serve();
		ended = rt_join(&job, NULL);
		code = code ? code : ended;
	}
	rt_join_set_free(server.requests);
	rt_notify_free(server.flooded);
	rt_notify_free(server.locked);
	rt_mutex_free(server.database);
	return code;
}

EXAMPLE_BUG(NULL, start)
