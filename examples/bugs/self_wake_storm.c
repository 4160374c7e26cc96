/* SPDX-License-Identifier: MIT */
/*
 * A storm of self-wakes: a task that waits for a cache to become warm by looking again and
 * again. Each look is a yield, which wakes the task itself: it never waits for anything, it
 * is polled as fast as a worker can, and all others get what it leaves of that worker.
 *
 * --fixed: it waits for a notification, and looks once.
 *
 * Look at `vigil task PID 2`: "wakes N, by itself N", N in millions, and polls as many; in the
 * wakers (`w`) more than 99 % of all go "2 answer -> 2 answer".
 */
#include "../example.h"

#define STORM 10000 /* looks */
#define WARMING (500 * RT_MS)

static struct {
	struct rt_notify *warmed;
	atomic_bool is_warm;
} cache;

static int answer(void *arg)
{
	unsigned long looks = 0;
	int code = 0;

	(void)arg;
	while (!code && !atomic_load(&cache.is_warm)) {
		code = example.is_fixed ? rt_notified(cache.warmed) : rt_yield();
		if (++looks == STORM)
			scene_step();
	}
	printf("the answer looked %lu time%s whether the cache is warm\n", looks,
	       looks == 1 ? "" : "s");
	return code;
}

static int self_wake_storm(void)
{
	int code = -ENOMEM;

	atomic_store(&cache.is_warm, false);
	cache.warmed = rt_notify_new("cache is warm");
	if (cache.warmed)
		code = scene_spawn(1, answer, NULL, "answer");
	if (!code)
		code = example.is_fixed ? rt_sleep(WARMING) : scene_await(1);
	if (!code && !example.is_fixed)
		code = example_hold("task \"answer\" wakes itself, instead of waiting for the "
				    "cache: it is polled for ever");
	if (!code) {
		atomic_store(&cache.is_warm, true);
		rt_notify_one(cache.warmed);
		code = scene_join();
	}
	scene_end();
	rt_notify_free(cache.warmed);
	return code;
}

EXAMPLE_BUG(NULL, self_wake_storm)
