/* SPDX-License-Identifier: MIT */
/*
 * A wakeup that is lost: "server" looks whether the settings are loaded, writes a line to its
 * log, and then waits to be notified. While it wrote they were loaded, and all who waited were
 * notified: nobody, and rt_notify_all keeps nothing for who comes later.
 * Fixed: rt_notify_one keeps its wake for whoever comes next. Where many wait, rt_watch does.
 *
 * Look at `vigil task PID 2`: "server: idle for" as long as `vigil task PID 3`, "loader", is
 * "done for", and waits for a notification, notify "loaded": not kept; it was woken by itself
 * alone. In the console t, and D for "loader", which has ended: their FOR.
 */
#include "../example.h"

static struct {
	struct rt_notify *wanted, *loaded;
	bool is_loaded, is_serving;
} demo;

/* Writing takes a while: others run. */
static int log_line(const char *text)
{
	rt_event(VIGIL_LEVEL_INFO, "%s", text);
	return rt_yield();
}

static int server(void *arg)
{
	int code = 0;

	(void)arg;
	while (!demo.is_loaded && !code) {
		rt_notify_one(demo.wanted);
		code = log_line("waiting for the settings");
		scene_step();
		if (!code)
			code = rt_notified(demo.loaded);
	}
	demo.is_serving = !code;
	return code;
}

static int loader(void *arg)
{
	int code = rt_notified(demo.wanted);

	(void)arg;
	if (code < 0)
		return code;
	demo.is_loaded = true;
	if (example.is_fixed)
		rt_notify_one(demo.loaded);
	else
		rt_notify_all(demo.loaded);
	scene_step();
	return 0;
}

static int lost_wakeup(void)
{
	int code = -ENOMEM;

	demo.is_loaded = demo.is_serving = false;
	demo.wanted = rt_notify_new("wanted");
	demo.loaded = rt_notify_new("loaded");
	if (demo.wanted && demo.loaded)
		code = scene_spawn(1, server, NULL, "server");
	if (!code)
		code = scene_spawn(1, loader, NULL, "loader");
	if (!code)
		code = scene_stand(2, "the settings are loaded, and the server waits to be told");
	printf("the settings are %s, the server %s\n", demo.is_loaded ? "loaded" : "missing",
	       demo.is_serving ? "serves" : "never knew");
	scene_end();
	rt_notify_free(demo.loaded);
	rt_notify_free(demo.wanted);
	return code;
}

EXAMPLE_BUG(&(struct rt_options){ .workers = 1 }, lost_wakeup)
