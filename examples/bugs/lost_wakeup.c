/* SPDX-License-Identifier: MIT */
/*
 * A wakeup that is lost: "server" looks whether the settings are loaded, writes a line to its
 * log, and then waits to be notified. While it wrote they were loaded, and all who waited were
 * notified: nobody, and rt_notify_all keeps nothing for who comes later.
 * Fixed: rt_notify_one keeps its wake for whoever comes next. Where many wait, rt_watch does.
 *
 * Look at: t, the tasks: "server" waits for a notification, notify "loaded", since the very
 * moment "loader" was done; w, the wakers: nothing was ever woken from the line that notifies.
 */
#include "../example.h"

struct demo {
	bool is_loaded;
	struct rt_notify *loaded, *wanted, *step;
	bool is_waiting, is_serving;
};

/* Writing takes a while: others run. */
static int log_line(const char *text)
{
	rt_event(VIGIL_LEVEL_INFO, "%s", text);
	return rt_yield();
}

static int server(void *arg)
{
	struct demo *demo = arg;
	int code = 0;

	while (!demo->is_loaded && !code) {
		rt_notify_one(demo->wanted);
		code = log_line("waiting for the settings");
		demo->is_waiting = true;
		rt_notify_one(demo->step);
		if (!code)
			code = rt_notified(demo->loaded);
	}
	demo->is_serving = !code;
	return code;
}

static int loader(void *arg)
{
	struct demo *demo = arg;
	int code = rt_notified(demo->wanted);

	if (code < 0)
		return code;
	demo->is_loaded = true;
	if (example.is_fixed)
		rt_notify_one(demo->loaded);
	else
		rt_notify_all(demo->loaded);
	return 0;
}

static int run(struct demo *demo, struct rt_join_set *tasks)
{
	int code = rt_join_set_spawn(tasks, server, demo, "server");

	if (!code)
		code = rt_join_set_spawn(tasks, loader, demo, "loader");
	while (!code && !(demo->is_loaded && demo->is_waiting))
		code = rt_notified(demo->step);
	if (!code && !example.is_fixed)
		code = example_hold("the settings are loaded, and the server waits to be told");
	else
		example_join(tasks);
	printf("the settings are %s, the server %s\n", demo->is_loaded ? "loaded" : "missing",
	       demo->is_serving ? "serves" : "never knew");
	return code;
}

static int lost_wakeup(void *arg)
{
	struct demo demo = { .loaded = rt_notify_new("loaded"),
			     .wanted = rt_notify_new("wanted"),
			     .step = rt_notify_new("step") };
	struct rt_join_set *tasks = rt_join_set_new("tasks");
	int code = -ENOMEM;

	(void)arg;
	if (demo.loaded && demo.wanted && demo.step && tasks)
		code = run(&demo, tasks);
	example_end(tasks);
	rt_notify_free(demo.loaded);
	rt_notify_free(demo.wanted);
	rt_notify_free(demo.step);
	return code;
}

EXAMPLE_BUG(&(struct rt_options){ .workers = 1 }, lost_wakeup)
