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

static struct {
	struct rt_mutex *lock; /* of settings */
	const char *settings;
	struct rt_oneshot_sender *sender;
	struct rt_oneshot_receiver *receiver;
	unsigned served;
} demo;

static int reload(void *arg)
{
	void *settings;
	int code = 0;

	(void)arg;
	scene_step();
	if (example.is_fixed)
		code = rt_oneshot_recv(demo.receiver, &settings);
	if (!code)
		code = rt_mutex_lock(demo.lock);
	if (code < 0)
		return code;
	if (!example.is_fixed)
		code = rt_oneshot_recv(demo.receiver, &settings);
	if (!code)
		demo.settings = settings;
	rt_mutex_unlock(demo.lock);
	return code;
}

static int request(void *arg)
{
	int code;

	(void)arg;
	scene_step();
	code = rt_mutex_lock(demo.lock);
	demo.served += !code; /* with demo.settings */
	return code ? code : rt_mutex_unlock(demo.lock);
}

static int lock_across_await(void)
{
	int code = -ENOMEM;

	memset(&demo, 0, sizeof(demo));
	demo.lock = rt_mutex_new("settings");
	if (demo.lock)
		code = rt_oneshot_new("new settings", NULL, &demo.sender, &demo.receiver);
	if (!code)
		code = scene_spawn(1, reload, NULL, "reload");
	if (!code)
		code = scene_await(1);
	if (!code)
		code = scene_spawn(REQUESTS, request, NULL, "request");
	if (!code)
		code = scene_await(REQUESTS); /* each has the lock, or waits for it */
	if (!code && !example.is_fixed)
		code = example_hold("5 requests wait for a lock whose owner awaits an answer");
	printf("%u of %d requests were served before the answer came\n", demo.served, REQUESTS);
	if (!code) {
		rt_oneshot_send(demo.sender, "new");
		demo.sender = NULL;
		code = scene_join();
	}
	scene_end();
	rt_oneshot_sender_free(demo.sender);
	rt_oneshot_receiver_free(demo.receiver);
	rt_mutex_free(demo.lock);
	return code;
}

EXAMPLE_BUG(&(struct rt_options){ .workers = 1 }, lock_across_await)
