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
#include "../example.h"

#define REQUESTS 20000
#define AT_ONCE 64
#define BACKUP (500 * RT_MS)

static struct rt_mutex *database;
static struct rt_notify *flooded;

static int request(void *arg)
{
	int code = rt_mutex_lock(database);

	(void)arg;
	return code ? code : rt_mutex_unlock(database);
}

static int backup(void *arg)
{
	int code = rt_mutex_lock(database);

	(void)arg;
	if (code < 0)
		return code;
	scene_step();
	code = example.is_fixed ? rt_sleep(BACKUP) : rt_notified(flooded);
	if (!code && !example.is_fixed)
		code = example_hold("20000 tasks \"request\" live: each request is a task, and "
				    "nothing bounds them");
	rt_mutex_unlock(database);
	return code;
}

static int unbounded_spawn(void)
{
	struct rt_handle job = { 0 };
	int code = -ENOMEM;

	database = rt_mutex_new("database");
	flooded = rt_notify_new("flooded");
	if (database && flooded)
		code = rt_spawn(&job, backup, NULL, "backup");
	if (!code)
		code = scene_await(1);
	for (int i = 0; !code && i < REQUESTS; i++) {
		if (example.is_fixed && rt_join_set_count(scene.tasks) == AT_ONCE)
			code = rt_join_set_next(scene.tasks, NULL);
		if (!code)
			code = scene_spawn(1, request, NULL, "request");
	}
	if (job.task) {
		rt_notify_one(flooded);
		code = code ? code : scene_join();
		rt_join(&job, NULL);
	}
	if (!code)
		printf("%d requests served, %s at once\n", REQUESTS,
		       example.is_fixed ? "64" : "all");
	scene_end();
	rt_notify_free(flooded);
	rt_mutex_free(database);
	return code;
}

EXAMPLE_BUG(NULL, unbounded_spawn)
