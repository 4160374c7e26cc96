/* SPDX-License-Identifier: MIT */
/*
 * The latest value: a configuration that is reloaded while the program runs. A signal says that
 * its file has changed; the reloader reads it and tells those who watch. One of them works
 * half a second for each, so it misses some, and has the last all the same. A file that makes no
 * sense changes nothing.
 *
 * In the console: "reloader" waits for signal "SIGUSR1" (send it one), "limiter" and "logger" to
 * "receive" from watch "config", "indexer" at times for a timer. That a file was refused stands
 * among the messages of a worker (e, then Enter on rt-0).
 */
#include "../example.h"

#define LINE 32

struct config {
	unsigned version, rate;
};

struct service {
	struct rt_file *file;
	struct rt_signal *changed; /* SIGUSR1: look at the file */
	struct rt_notify *looked;
	struct rt_watch *config;
	unsigned refused;
};

/* ---- Who reloads ---- */

static int config_read(struct rt_file *file, struct config *config)
{
	char text[LINE + 1] = "";
	ssize_t n = rt_file_read(file, text, LINE, 0);

	if (n < 0)
		return rt_context((int)n, "cannot read the configuration");
	if (sscanf(text, "%u rate=%u", &config->version, &config->rate) != 2)
		return rt_fail("config", -EINVAL, "no \"rate=NUMBER\" in \"%.11s\"", text);
	return 0;
}

static int reloader_run(void *arg)
{
	struct service *service = arg;
	struct config config;
	int error;

	while ((error = rt_signal_wait(service->changed)) >= 0) {
		if (config_read(service->file, &config) == 0) {
			rt_watch_send(service->config, &config);
		} else {
			struct rt_error *why = rt_error_take();

			rt_event(VIGIL_LEVEL_WARN, "refused: %s", why ? why->message : "no memory");
			rt_error_free(why);
			service->refused++;
		}
		rt_notify_one(service->looked);
	}
	return error;
}

/* ---- Who watches ---- */

struct part {
	const char *name;
	uint64_t work_ns; /* for each configuration */
	struct rt_watcher *config;
};

static int part_run(void *arg)
{
	struct part *part = arg;
	struct config now = { 0 };
	unsigned taken = 0;
	int code = part->config ? 0 : -ENOMEM;

	while (!code && !(code = rt_watcher_changed(part->config))) {
		rt_watcher_get(part->config, &now);
		taken++;
		code = part->work_ns ? rt_sleep(part->work_ns) : 0;
	}
	if (code != -EPIPE) /* there will be no other one */
		return code;
	printf("%s: version %u, rate %u%s\n", part->name, now.version, now.rate,
	       taken < 5 ? ", not each of them" : "");
	return 0;
}

/* ---- Who edits ---- */

static int edit_often(struct service *service)
{
	static const char *const lines[] = { "1 rate=100", "2 rate=150", "3 rate=soon",
					     "4 rate=180", "5 rate=90",  "6 rate=200" };
	char text[LINE + 1];
	int code = 0;

	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]) && code >= 0; i++) {
		snprintf(text, sizeof(text), "%-*s\n", LINE - 1, lines[i]);
		code = (int)rt_file_write(service->file, text, LINE, 0);
		if (code < 0)
			break;
		kill(getpid(), SIGUSR1);
		code = rt_notified(service->looked);
		if (!code)
			code = rt_sleep(200 * RT_MS);
	}
	return code < 0 ? code : 0;
}

static int run(void *arg)
{
	struct service service = { .looked = rt_notify_new("looked"),
				   .config = rt_watch_new("config", sizeof(struct config),
							  &(struct config){ 0 }) };
	struct rt_join_set *set = rt_join_set_new("parts");
	struct part parts[] = { { .name = "limiter" },
				{ .name = "logger" },
				{ .name = "indexer", .work_ns = 500 * RT_MS } };
	struct rt_handle reloader = { 0 };
	int error = -ENOMEM;

	(void)arg;
	if (set && service.looked && service.config)
		error = example_file("service.conf", &service.file);
	if (!error)
		error = rt_signal_new(SIGUSR1, &service.changed);
	for (unsigned i = 0; i < 3 && !error; i++) {
		parts[i].config = rt_watcher_new(service.config);
		error = rt_join_set_spawn(set, part_run, &parts[i], parts[i].name);
	}
	if (!error)
		error = rt_spawn(&reloader, reloader_run, &service, "reloader");
	if (!error)
		error = edit_often(&service);
	example_stop(&reloader);
	/* The parts take the last one, and end. */
	rt_watch_free(service.config);
	error = rt_join_set_finish(set, error);
	for (unsigned i = 0; i < 3; i++)
		rt_watcher_free(parts[i].config);
	printf("refused: %u\n", service.refused);
	rt_signal_free(service.changed);
	rt_file_free(service.file);
	rt_notify_free(service.looked);
	return error;
}

EXAMPLE_PATTERN(NULL, run)
