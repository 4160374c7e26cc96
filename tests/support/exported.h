/* SPDX-License-Identifier: MIT */
/* What tests of exports share: scenes, exporting them, having the result read. */
#ifndef TESTS_SUPPORT_EXPORTED_H
#define TESTS_SUPPORT_EXPORTED_H

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>

#include "console/export/export.h"
#include "console/export/writer.h"
#include "tests/support/live.h"
#include "tests/support/told.h"

#define HOSTILE "=a\",\\;\n\t<b>\xff\xe2\x80\xae}\x1b[31m'"

static char folder[] = "/tmp/vigil-export-XXXXXX";
static char path[64], text[1 << 20], said[1 << 20];
static struct export export;
static struct export_options wanted;

static inline void exported_begin(void)
{
	cr_assert_not_null(mkdtemp(folder));
	traced_start();
	live_start_with((struct vigil_options){ .name = "server" });
	time_passes(1000);
	wanted = (struct export_options){ .path = "told" };
}

static inline void exported_end(void)
{
	char command[128];

	live_stop();
	snprintf(command, sizeof(command), "rm -rf %s", folder);
	cr_assert_eq(system(command), 0); /* NOLINT */
}

/* ---- Scenes ---- */

static vigil_executor loop;
static vigil_resource lock;
static vigil_task holder, waiter;

static inline void server_start(const char *name)
{
	loop = vigil_executor_new(VIGIL_EXECUTOR_EVENT_LOOP, name);
	vigil_worker_begin(loop, name);
	lock = vigil_resource_new(VIGIL_RESOURCE_MUTEX, "mutex", name, 0, 0);
	holder = vigil_task_spawn(loop, VIGIL_TASK_ASYNC, name, VIGIL_SPAWN_IDLE);
}

/* A task that holds a lock for 40 us in a span, and one that waits for it, 30 us. */
static inline void lock_wait_scene(const char *name)
{
	vigil_span span;

	server_start(name);
	vigil_wake(holder);
	time_passes(2000);
	vigil_poll_begin(holder);
	waiter = vigil_task_spawn(loop, VIGIL_TASK_ASYNC, name, 0);
	span = vigil_span_new(VIGIL_LEVEL_INFO, name);
	vigil_span_enter(span);
	vigil_lock_acquired(lock, VIGIL_MODE_EXCLUSIVE);
	vigil_event(VIGIL_LEVEL_WARN, name);
	time_passes(5000);
	vigil_span_leave(span);
	vigil_span_free(span);
	vigil_poll_end(holder);
	vigil_poll_begin(waiter);
	vigil_lock_wait(lock, VIGIL_MODE_EXCLUSIVE);
	time_passes(5000);
	vigil_poll_end(waiter);
	time_passes(30000);
	vigil_poll_begin(holder);
	vigil_lock_released(lock);
	vigil_wake(waiter);
	vigil_poll_end(holder);
	time_passes(1000);
	vigil_poll_begin(waiter);
	vigil_lock_acquired(lock, VIGIL_MODE_EXCLUSIVE);
	time_passes(7000);
	vigil_lock_released(lock);
	vigil_poll_end(waiter);
}

/* The same, and both end, one badly; a third never does. */
static inline void whole_scene(const char *name)
{
	vigil_task late;

	lock_wait_scene(name);
	late = vigil_task_spawn(loop, VIGIL_TASK_ASYNC, name, VIGIL_SPAWN_IDLE);
	vigil_attr_text(waiter, "peer", name);
	vigil_attr_u64(waiter, "size", UINT64_MAX, "bytes");
	vigil_task_end(holder, VIGIL_OUTCOME_COMPLETED);
	vigil_task_fail(waiter, 5, name);
	vigil_poll_begin(late);
	vigil_task_wait_fd(late, VIGIL_WAIT_READABLE, 7);
	time_passes(1000);
	vigil_poll_end(late);
	time_passes(2500000);
	vigil_event(VIGIL_LEVEL_INFO, name);
}

/* ---- Exporting ---- */

static inline void file_read(const char *name)
{
	int fd = open(name, O_RDONLY);
	ssize_t length = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);

	cr_assert_geq(length, 0, "%s", name);
	cr_assert_lt(length, (ssize_t)sizeof(text) - 1);
	text[length] = '\0';
	close(fd);
}

/* Writes what the tracepoints were told into a file, and reads it. Returns as export_run. */
static inline int exported_to(const struct export_format *format, const char *output)
{
	struct writer writer;
	int fd = open(output, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	int r;

	cr_assert_geq(fd, 0);
	cr_assert_eq(writer_open(&writer, fd, false), 0);
	wanted.output = output;
	wanted.is_file = true;
	export = (struct export){
		.format = format,
		.options = &wanted,
		.trace = told_open(),
		.writer = &writer,
		.file = writer.file,
	};
	r = export_run(&export);
	writer_close(&writer);
	export_fini(&export);
	trace_close(export.trace);
	return r;
}

static inline void exported(const struct export_format *format)
{
	snprintf(path, sizeof(path), "%s/out.jsonl", folder);
	cr_assert_eq(exported_to(format, path), 0, "%s", export.problem.text);
	file_read(path);
}

static inline bool has(const char *words)
{
	return strstr(text, words) != NULL;
}

static inline size_t count_of(const char *words)
{
	size_t count = 0;

	for (const char *at = text; (at = strstr(at, words)); at += strlen(words))
		count++;
	return count;
}

/* ---- Readers that are not ours ---- */

static inline bool is_there(const char *program)
{
	char command[128];

	snprintf(command, sizeof(command), "command -v %s >/dev/null", program);
	if (!system(command)) /* NOLINT */
		return true;
	cr_log_warn("%s is not installed: what it would read was not read", program);
	return false;
}

/* Runs a command on the file. What it says is in said. Returns whether it succeeded. */
static inline bool reads(const char *command)
{
	char line[4096];
	size_t length;
	FILE *pipe;

	snprintf(line, sizeof(line), "{ %s\n} <%s 2>&1", command, path);
	pipe = popen(line, "r"); /* NOLINT */
	cr_assert_not_null(pipe);
	length = fread(said, 1, sizeof(said) - 1, pipe);
	said[length] = '\0';
	return !pclose(pipe);
}

static inline void expect_read(const char *command)
{
	cr_expect(reads(command), "%s", said);
}

/* A script in quotes that has none of the shell's. */
#define PYTHON(script) "python3 -c '" script "'"

#endif
