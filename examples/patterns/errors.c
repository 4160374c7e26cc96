/* SPDX-License-Identifier: MIT */
/*
 * Typed errors: where something fails says what (rt_fail), those above say what they were doing
 * (rt_context), and the task that joins looks for the type it can handle: it falls back on
 * defaults after "parse", tries later after "timeout". What it does not know goes on up. An
 * error that nobody looks at is not lost: the runtime tells.
 *
 * In the console: the list of tasks shows who failed, with code and chain. "load remote.conf" waits
 * for the task "read remote.conf", "615 ms to go", which waits for a readable pipe. In e, Enter
 * on rt shows the attribute "errors unseen", Enter on rt-0 the message that names "warm cache".
 */
#include "../example.h"

#define PATIENCE (800 * RT_MS)

struct settings {
	const char *name;
	const char *path; /* NULL: a file of our own, with this text */
	const char *text;
	struct rt_io *remote;
	unsigned port;
};

/* ---- Where things fail ---- */

static int parse(struct settings *settings, char *text)
{
	char *rest = text, *line;

	for (unsigned number = 1; (line = strsep(&rest, "\n")); number++) {
		if (!strncmp(line, "port=", 5))
			settings->port = (unsigned)strtoul(line + 5, NULL, 10);
		else if (*line)
			return rt_fail("parse", -EINVAL, "line %u: \"%s\" is no setting", number,
				       line);
	}
	return 0;
}

static int read_local(struct settings *settings, char *buf, size_t size)
{
	struct rt_file *file = NULL;
	ssize_t n = settings->path ? rt_file_open(settings->path, O_RDONLY, 0, &file) :
				     example_file(settings->name, &file);

	if (n)
		return (int)n;
	n = settings->path ? 0 : rt_file_write(file, settings->text, strlen(settings->text), 0);
	if (n >= 0)
		n = rt_file_read(file, buf, size - 1, 0);
	rt_file_free(file);
	return (int)n;
}

static int read_remote(void *arg)
{
	const struct settings *settings = arg;
	char buf[64];

	return rt_read(settings->remote, buf, sizeof(buf)); /* nobody will write */
}

/* ---- Those above ---- */

static int load(void *arg)
{
	struct settings *settings = arg;
	char buf[256] = "";
	int code = settings->remote ?
			   rt_timeout_call(PATIENCE, read_remote, settings, "read remote.conf") :
			   read_local(settings, buf, sizeof(buf));

	if (code >= 0)
		code = parse(settings, buf);
	return rt_context(code, "cannot load %s", settings->name);
}

static int warm_cache(void *arg)
{
	(void)arg;
	return rt_fail("cache", -ENODATA, "there is nothing to begin with");
}

/* ---- Who joins ---- */

/* Returns 0 when it knows what to do; else the code, with the error. */
static int handle(struct rt_result *result)
{
	const struct rt_error *parse_error = rt_error_of_type(result->error, "parse");
	const char *what = parse_error                                ? "take the defaults" :
			   rt_error_of_type(result->error, "timeout") ? "try again later" :
									NULL;
	char words[256];

	if (!what) {
		struct rt_error *error = result->error;

		result->error = NULL; /* passed on */
		return rt_fail_with(error);
	}
	rt_error_print(result->error, words, sizeof(words));
	printf("%s: %s\n", what, words);
	return 0;
}

static int load_in_task(struct settings *settings)
{
	struct rt_result result = { 0 };
	struct rt_handle job;
	char name[32];
	int code;

	snprintf(name, sizeof(name), "load %s", settings->name);
	code = rt_spawn(&job, load, settings, name);
	if (!code)
		code = rt_join(&job, &result);
	if (!code && result.code < 0)
		code = handle(&result);
	else if (!code)
		printf("%s: port %u\n", settings->name, settings->port);
	rt_result_free(&result);
	return rt_context(code, "this one we cannot do without");
}

static int run(void *arg)
{
	RT_GUARD(rt_io_guard) struct rt_io *from = NULL;
	RT_GUARD(rt_io_guard) struct rt_io *to = NULL;
	int code = rt_pipe(&from, &to);
	struct settings all[] = {
		{ .name = "good.conf", .text = "port=8080\n" },
		{ .name = "typo.conf", .text = "port=80\npotr=8080\n" },
		{ .name = "remote.conf", .remote = from },
		{ .name = "missing.conf", .path = "/nowhere/missing.conf", .text = "" },
	};

	(void)arg;
	if (!code)
		code = rt_spawn(NULL, warm_cache, NULL, "warm cache");
	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]) && !code; i++)
		code = load_in_task(&all[i]);
	if (code != -ENOENT)
		return code;
	rt_context(code, "give up");
	example_print_error();
	printf("errors nobody looked at: %s\n", rt_stats().unseen_errors ? "yes" : "no");
	return 0;
}

EXAMPLE_PATTERN(NULL, run)
