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

static struct rt_mutex *lock; /* of the settings */
static const char *settings = "old";
static struct rt_oneshot_sender *sender;
static struct rt_oneshot_receiver *receiver;
static unsigned served;

static int reload(void *arg)
{
	void *answer = NULL;
	int code = 0;

	(void)arg;
	scene_step(); /* one worker: it is seen when this task waits */
	if (example.is_fixed)
		code = rt_oneshot_recv(receiver, &answer);
	if (!code)
		code = rt_mutex_lock(lock);
	if (code < 0)
		return code;
	if (!example.is_fixed)
		code = rt_oneshot_recv(receiver, &answer);
	if (!code)
		settings = answer;
	rt_mutex_unlock(lock);
	return code;
}

static int request(void *arg)
{
	int code;

	(void)arg;
	scene_step();
	code = rt_mutex_lock(lock);
	if (code < 0)
		return code;
	rt_event(VIGIL_LEVEL_INFO, "served with the %s settings", settings);
	served++;
	return rt_mutex_unlock(lock);
}

static int lock_across_await(void)
{
	int code = rt_oneshot_new("new settings", NULL, &sender, &receiver);

	if (code < 0)
		return code;
	served = 0;
	lock = rt_mutex_new("settings");
	code = lock ? scene_spawn(1, reload, NULL, "reload") : -ENOMEM;
	code = code ? code : scene_await(1);
	code = code ? code : scene_spawn(REQUESTS, request, NULL, "request");
	/* Each has the lock, or waits for it. */
	code = code ? code : scene_await(REQUESTS);
	if (!code && !example.is_fixed)
		code = example_hold("5 requests wait for a lock whose owner awaits an answer");
	printf("%u of %d requests were served before the answer came\n", served, REQUESTS);
	rt_oneshot_send(sender, "new");
	if (!code)
		code = scene_join();
	scene_end();
	rt_oneshot_receiver_free(receiver);
	rt_mutex_free(lock);
	return code;
}

EXAMPLE_BUG(&(struct rt_options){ .workers = 1 }, lock_across_await)
