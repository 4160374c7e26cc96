/* SPDX-License-Identifier: MIT */
/*
 * A lock that is held across a slow await: "reload" takes the lock of the settings and then
 * waits for new ones, and everybody who wants to read the old ones stands in line.
 * Fixed: it waits first, and has the lock only to put the new ones in place.
 *
 * Look at: l, the locks: "settings", held by "reload", five waiters; t, the tasks: each
 * "request" says whose lock it waits for, and since when; vigil why.
 */
#include "../example.h"

#define REQUESTS 5

struct demo {
	const char *settings;
	struct rt_mutex *lock; /* of settings */
	struct rt_oneshot_sender *sender;
	struct rt_oneshot_receiver *receiver;
	struct rt_notify *step; /* of the others, for run */
	bool is_asked;
	unsigned wanting, served;
};

static int ask(struct demo *demo, void **ret_settings)
{
	demo->is_asked = true;
	rt_notify_one(demo->step);
	return rt_oneshot_recv(demo->receiver, ret_settings);
}

static int reload(void *arg)
{
	struct demo *demo = arg;
	void *settings = NULL;
	int code = example.is_fixed ? ask(demo, &settings) : 0;

	if (!code)
		code = rt_mutex_lock(demo->lock);
	if (code < 0)
		return code;
	if (!example.is_fixed)
		code = ask(demo, &settings);
	if (!code)
		demo->settings = settings;
	rt_mutex_unlock(demo->lock);
	return code;
}

static int request(void *arg)
{
	struct demo *demo = arg;
	int code;

	demo->wanting++;
	rt_notify_one(demo->step);
	code = rt_mutex_lock(demo->lock);
	if (code < 0)
		return code;
	rt_event(VIGIL_LEVEL_INFO, "served with the %s settings", demo->settings);
	demo->served++;
	rt_notify_one(demo->step);
	return rt_mutex_unlock(demo->lock);
}

static int run(struct demo *demo, struct rt_join_set *tasks)
{
	int code = rt_join_set_spawn(tasks, reload, demo, "reload");

	while (!code && !demo->is_asked)
		code = rt_notified(demo->step);
	for (int i = 0; i < REQUESTS && !code; i++)
		code = rt_join_set_spawn(tasks, request, demo, "request");
	while (!code && demo->wanting < REQUESTS)
		code = rt_notified(demo->step);
	if (!code && !example.is_fixed)
		code = example_hold("5 requests wait for a lock whose owner awaits an answer");
	while (!code && example.is_fixed && demo->served < REQUESTS)
		code = rt_notified(demo->step);
	if (code < 0)
		return code;
	printf("%u of %d requests were served before the answer came\n", demo->served, REQUESTS);
	rt_oneshot_send(demo->sender, "new");
	demo->sender = NULL;
	example_join(tasks);
	return 0;
}

static int lock_across_await(void *arg)
{
	struct demo demo = { .settings = "old",
			     .lock = rt_mutex_new("settings"),
			     .step = rt_notify_new("step") };
	struct rt_join_set *tasks = rt_join_set_new("tasks");
	int code = -ENOMEM;

	(void)arg;
	if (demo.lock && demo.step && tasks)
		code = rt_oneshot_new("new settings", NULL, &demo.sender, &demo.receiver);
	if (!code)
		code = run(&demo, tasks);
	example_end(tasks);
	rt_oneshot_sender_free(demo.sender);
	rt_oneshot_receiver_free(demo.receiver);
	rt_notify_free(demo.step);
	rt_mutex_free(demo.lock);
	return code;
}

EXAMPLE_BUG(&(struct rt_options){ .workers = 1 }, lock_across_await)
