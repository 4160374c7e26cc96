/* SPDX-License-Identifier: MIT */
/*
 * Exports: what each form says of a scene, and whether readers that are not ours can read
 * it. A reader that is not installed is said to be missing, and its test passes; more of
 * them, which Debian has not, are in tests/export-readers.sh.
 */
#include "console/export/export.h"

#include <arpa/inet.h>
#include <sys/socket.h>

#include "console/export/writer.h"
#include "tests/support/command.h"
#include "tests/support/live.h"
#include "tests/support/told.h"

#define HOSTILE "=a\",\\;\n\t<b>\xff\xe2\x80\xae}\x1b[31m'"

static char folder[] = "/tmp/vigil-export-XXXXXX";
static char path[64], text[1 << 20], said[1 << 20];
static struct export export;
static struct export_options wanted;

static void begin(void)
{
	cr_assert_not_null(mkdtemp(folder));
	traced_start();
	live_start_with((struct vigil_options){ .name = "server" });
	time_passes(1000);
	wanted = (struct export_options){ .path = "told" };
}

static void end(void)
{
	char command[128];

	live_stop();
	snprintf(command, sizeof(command), "rm -rf %s", folder);
	cr_assert_eq(system(command), 0); /* NOLINT */
}

TestSuite(export, .init = begin, .fini = end, .timeout = 60);

/* ---- Scenes ---- */

static vigil_executor loop;
static vigil_resource lock;
static vigil_task holder, waiter;

static void server_start(const char *name)
{
	loop = vigil_executor_new(VIGIL_EXECUTOR_EVENT_LOOP, name);
	vigil_worker_begin(loop, name);
	lock = vigil_resource_new(VIGIL_RESOURCE_MUTEX, "mutex", name, 0, 0);
	holder = vigil_task_spawn(loop, VIGIL_TASK_ASYNC, name, VIGIL_SPAWN_IDLE);
}

/* A task that holds a lock for 40 us in a span, and one that waits for it, 30 us. */
static void lock_wait_scene(const char *name)
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
static void whole_scene(const char *name)
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

static void file_read(const char *name)
{
	int fd = open(name, O_RDONLY);
	ssize_t length = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);

	cr_assert_geq(length, 0, "%s", name);
	cr_assert_lt(length, (ssize_t)sizeof(text) - 1);
	text[length] = '\0';
	close(fd);
}

/* Writes what the tracepoints were told into a file, and reads it. Returns as export_run. */
static int exported_to(const struct export_format *format, const char *output)
{
	struct writer writer;
	int fd = open(output, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	int r;

	cr_assert_geq(fd, 0);
	cr_assert_eq(writer_open(&writer, fd), 0);
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

static void exported(const struct export_format *format)
{
	snprintf(path, sizeof(path), "%s/out.jsonl", folder);
	cr_assert_eq(exported_to(format, path), 0, "%s", export.problem.text);
	file_read(path);
}

static bool has(const char *words)
{
	return strstr(text, words) != NULL;
}

static size_t count_of(const char *words)
{
	size_t count = 0;

	for (const char *at = text; (at = strstr(at, words)); at += strlen(words))
		count++;
	return count;
}

/* ---- Readers that are not ours ---- */

static bool is_there(const char *program)
{
	char command[128];

	snprintf(command, sizeof(command), "command -v %s >/dev/null", program);
	if (!system(command)) /* NOLINT */
		return true;
	cr_log_warn("%s is not installed: what it would read was not read", program);
	return false;
}

/* Runs a command on the file. What it says is in said. Returns whether it succeeded. */
static bool reads(const char *command)
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

static void expect_read(const char *command)
{
	cr_expect(reads(command), "%s", said);
}

/* A script in quotes that has none of the shell's. */
#define PYTHON(script) "python3 -c '" script "'"

/* ---- CSV ---- */

Test(export, csv_has_a_row_for_each_slice)
{
	lock_wait_scene("db");
	exported(&export_csv);

	cr_expect_eq(count_of("\nrun,"), 4, "%s", text);
	cr_expect(has("wait,\"wait lock \"\"db\"\"\",") && has(",30000,4711,"), "%s", text);
	cr_expect(has("hold,\"hold lock \"\"db\"\"\","), "%s", text);
	cr_expect(has("span,\"db\","), "%s", text);
}

Test(export, csv_is_read_by_python_whatever_names_say)
{
	whole_scene(HOSTILE);
	exported(&export_csv);

	cr_expect_null(strchr(text, '\x1b'));
	cr_expect(has(",\"'=a"), "what begins like a formula: %s", text);
	if (is_there("python3"))
		expect_read(PYTHON("import csv,sys\n"
				   "rows = list(csv.DictReader(sys.stdin, strict=True))\n"
				   "assert len(rows) > 15, rows\n"
				   "assert all(None not in r and None not in r.values() "
				   "for r in rows)\n"
				   "assert all(int(r[\"duration_ns\"]) >= 0 for r in rows)\n"));
}

/* ---- Chrome ---- */

Test(export, chrome_events_are_json_whatever_names_say)
{
	whole_scene(HOSTILE);
	exported(&export_chrome);

	cr_expect_null(strchr(text, '\x1b'));
	if (is_there("python3"))
		expect_read(PYTHON(
			"import json,sys\n"
			"events = json.load(sys.stdin)[\"traceEvents\"]\n"
			"ids = lambda ph: [e[\"id\"] for e in events if e[\"ph\"] == ph]\n"
			"assert set(ids(\"f\")) <= set(ids(\"s\")) and ids(\"f\"), ids(\"f\")\n"
			"assert sorted(ids(\"b\")) == sorted(ids(\"e\"))\n"
			"assert all(e[\"dur\"] >= 0 for e in events if e[\"ph\"] == \"X\")\n"));
}

Test(export, chrome_counts_tasks_that_live)
{
	whole_scene("db");
	exported(&export_chrome);

	cr_expect(has("\"name\":\"live tasks\""));
	cr_expect(has("{\"value\":3}") && !has("{\"value\":4}"), "%s", text);
}

/* ---- Folded stacks ---- */

Test(export, folded_running_time_names_the_span_it_was_spent_in)
{
	lock_wait_scene("db");
	exported(&export_folded);

	cr_expect(has(";export.c:"), "%s", text);
	cr_expect(has(" server_start;span db 5\n"), "%s", text);
	cr_expect(has(" lock_wait_scene 12\n"), "%s", text);
}

Test(export, folded_waiting_time_names_who_held_the_lock)
{
	lock_wait_scene("db");
	wanted.what = EXPORT_WAIT;
	exported(&export_folded);

	cr_expect(has("db;export.c:") && has(";wait lock \"db\";held by export.c:"), "%s", text);
	cr_expect(has(" 30\n"), "%s", text);
}

Test(export, a_folded_frame_ends_no_frame_and_no_line)
{
	whole_scene(HOSTILE);
	wanted.what = EXPORT_WAIT;
	exported(&export_folded);

	cr_expect_null(strchr(text, '\x1b'));
	if (is_there("python3"))
		expect_read(PYTHON("import re,sys\n"
				   "lines = sys.stdin.read().splitlines()\n"
				   "assert lines\n"
				   "for l in lines: "
				   "assert re.fullmatch(r\"[^;]+(;[^;]+){3,4} [0-9]+\", l), l\n"));
}

/* ---- Perfetto and pprof ---- */

/* The protobuf compiler shows any message, with numbers for fields. */
Test(export, perfetto_packets_are_read_by_the_protobuf_compiler)
{
	whole_scene("db");
	exported(&export_perfetto);

	if (!is_there("protoc"))
		return;
	expect_read("protoc --decode_raw");
	cr_expect_not_null(strstr(said, "2: \"wait lock \\\"db\\\"\""), "%s", said);
	cr_expect_not_null(strstr(said, "2: \"3 db\""), "the track of a task: %s", said);
	cr_expect_not_null(strstr(said, "2: \"runnable tasks\""), "%s", said);
	cr_expect_not_null(strstr(said, "6: \"server\""), "%s", said);
}

Test(export, perfetto_takes_names_of_any_bytes)
{
	whole_scene(HOSTILE);
	exported(&export_perfetto);

	if (!is_there("protoc"))
		return;
	expect_read("protoc --decode_raw");
	cr_expect_not_null(strstr(said, "wake =a\\\",\\\\;"), "%s", said);
	cr_expect_null(strstr(said, "\\033"), "%s", said);
}

Test(export, perfetto_forgets_texts_before_they_are_too_many)
{
	char name[32];

	server_start("db");
	for (int i = 0; i < 9000; i++) {
		vigil_task task;

		snprintf(name, sizeof(name), "conn %d", i);
		task = vigil_task_spawn(loop, VIGIL_TASK_ASYNC, name, 0);
		poll_once(task, 10);
		vigil_task_end(task, VIGIL_OUTCOME_COMPLETED);
	}
	snprintf(path, sizeof(path), "%s/out", folder);
	cr_assert_eq(exported_to(&export_perfetto, path), 0, "%s", export.problem.text);

	if (is_there("protoc"))
		expect_read("test \"$(protoc --decode_raw | grep -c '^  13: 3$')\" -gt 2");
}

Test(export, a_profile_is_read_by_the_protobuf_compiler)
{
	lock_wait_scene("db");
	exported(&export_pprof);

	if (!is_there("protoc"))
		return;
	expect_read("protoc --decode_raw");
	cr_expect_not_null(strstr(said, "6: \"nanoseconds\""), "%s", said);
	cr_expect_not_null(strstr(said, "6: \"wait lock \\\"db\\\"\""), "%s", said);
	cr_expect_not_null(strstr(said, "6: \"span db\""), "%s", said);
	cr_expect_not_null(strstr(said, "6: \"held by lock_wait_scene\""), "%s", said);
}

/* ---- OTLP ---- */

Test(export, otlp_spans_lead_to_who_spawned_and_who_woke_them)
{
	whole_scene("db");
	exported(&export_otlp);

	cr_expect_eq(count_of("\"spanId\":"), 5, "three spans, two links: %s", text);
	cr_expect(has("\"stringValue\":\"spawner\"") && has("\"stringValue\":\"waker\""));
	cr_expect(has("\"status\":{\"code\":2,\"message\":\"db\"}"), "%s", text);
	cr_expect(has("\"stringValue\":\"18446744073709551615\""), "%s", text);
}

Test(export, otlp_records_what_had_not_ended)
{
	whole_scene("db");
	exported(&export_otlp);
	snprintf(path, sizeof(path), "%s/out.logs.jsonl", folder);
	file_read(path);

	cr_expect_eq(count_of("vigil.task.unfinished"), 1, "%s", text);
	cr_expect(has("3 db had not ended: wait readable for 2.5 ms"), "%s", text);
}

Test(export, otlp_ids_are_the_same_in_each_export)
{
	static char first[sizeof(text)];

	whole_scene("db");
	exported(&export_otlp);
	memcpy(first, text, sizeof(first));
	exported(&export_otlp);

	cr_expect_str_eq(text, first);
}

Test(export, otlp_lines_are_json_whatever_names_say)
{
	whole_scene(HOSTILE);
	exported(&export_otlp);

	if (is_there("python3"))
		expect_read(PYTHON("import json,sys\n"
				   "lines = [json.loads(l) for l in sys.stdin]\n"
				   "spans = [s for l in lines for r in l[\"resourceSpans\"] "
				   "for c in r[\"scopeSpans\"] for s in c[\"spans\"]]\n"
				   "assert len(spans) == 3, spans\n"
				   "assert all(len(bytes.fromhex(s[\"traceId\"])) == 16 "
				   "for s in spans)\n"));
}

Test(export, a_message_in_a_span_is_an_event_of_it)
{
	lock_wait_scene("db");
	exported(&export_otlp);

	cr_expect(has("\"events\":[{\"timeUnixNano\""), "%s", text);
}

/* ---- A collector ---- */

struct served {
	int listener;
	const char *answer;
	int requests;
	char got[2][1 << 16];
};

/* Up to the end of the body that the head announces. */
static void request_read(int fd, char *buf, size_t size)
{
	size_t at = 0, whole = size - 1;
	ssize_t n;

	while (at < whole && (n = read(fd, buf + at, whole - at)) > 0) {
		const char *length, *body;

		at += (size_t)n;
		buf[at] = '\0';
		length = strstr(buf, "Content-Length: ");
		body = strstr(buf, "\r\n\r\n");
		if (length && body)
			whole = (size_t)(body + 4 - buf) + strtoul(length + 16, NULL, 10);
	}
}

static void *serve(void *arg)
{
	struct served *served = arg;
	int fd;

	while (served->requests < 2 && (fd = accept(served->listener, NULL, NULL)) >= 0) {
		request_read(fd, served->got[served->requests++], sizeof(served->got[0]));
		if (write(fd, served->answer, strlen(served->answer)) < 0)
			cr_log_warn("nobody heard the answer");
		close(fd);
	}
	return NULL;
}

/* Exports to a collector that answers so. Returns as export_run. */
static int collected(struct served *served, const char *answer)
{
	struct sockaddr_in address = { .sin_family = AF_INET };
	socklen_t length = sizeof(address);
	char url[64];
	pthread_t thread;
	int r;

	served->answer = answer;
	served->listener = socket(AF_INET, SOCK_STREAM, 0);
	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	cr_assert_eq(bind(served->listener, (struct sockaddr *)&address, length), 0);
	cr_assert_eq(listen(served->listener, 4), 0);
	cr_assert_eq(getsockname(served->listener, (struct sockaddr *)&address, &length), 0);
	cr_assert_eq(pthread_create(&thread, NULL, serve, served), 0);
	snprintf(url, sizeof(url), "http://127.0.0.1:%d/base/", ntohs(address.sin_port));
	wanted.collector = url;
	export =
		(struct export){ .format = &export_otlp, .options = &wanted, .trace = told_open() };
	r = export_run(&export);
	export_fini(&export);
	trace_close(export.trace);
	shutdown(served->listener, SHUT_RDWR);
	pthread_join(thread, NULL);
	close(served->listener);
	return r;
}

Test(export, a_collector_gets_spans_and_records)
{
	static struct served served;

	whole_scene("db");
	cr_assert_eq(collected(&served, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"), 0, "%s",
		     export.problem.text);

	cr_assert_eq(served.requests, 2);
	cr_expect_eq(strncmp(served.got[0], "POST /base/v1/traces HTTP/1.1\r\n", 31), 0, "%s",
		     served.got[0]);
	cr_expect_not_null(strstr(served.got[0], "{\"resourceSpans\":["));
	cr_expect_eq(strncmp(served.got[1], "POST /base/v1/logs HTTP/1.1\r\n", 29), 0);
	cr_expect_not_null(strstr(served.got[1], "vigil.task.unfinished"));
}

Test(export, what_a_collector_does_not_want_is_said)
{
	static struct served served;

	whole_scene("db");

	cr_expect_eq(collected(&served, "HTTP/1.1 400 Bad Request\r\n\r\n"), -1);
	cr_expect_not_null(strstr(export.problem.text, "answered 400 to /base/v1/traces"), "%s",
			   export.problem.text);
	served.requests = 0;
	cr_expect_eq(collected(&served, "HTTP/1.1 200 OK\r\n\r\n{\"partialSuccess\":"
					"{\"rejectedSpans\":\"3\"}}"),
		     -1);
	cr_expect_not_null(strstr(export.problem.text, " rejected 6 of what it was sent"), "%s",
			   export.problem.text);
	served.requests = 0;
	cr_expect_eq(collected(&served, "SSH-2.0-x\r\n"), -1);
	cr_expect_not_null(strstr(export.problem.text, "does not speak HTTP"), "%s",
			   export.problem.text);
}

/* ---- DOT ---- */

Test(export, dot_draws_who_wakes_whom_and_who_waits_for_whom)
{
	lock_wait_scene("db");
	vigil_poll_begin(holder);
	vigil_lock_acquired(lock, VIGIL_MODE_EXCLUSIVE);
	vigil_poll_end(holder);
	vigil_poll_begin(waiter);
	vigil_lock_wait(lock, VIGIL_MODE_EXCLUSIVE);
	vigil_poll_end(waiter);
	exported(&export_dot);

	cr_expect(has("label=\"2 db\"") && has("label=\"lock \\\"db\\\"\""), "%s", text);
	cr_expect(has("label=\"held by\"") && has("label=\"lock\""), "%s", text);
	cr_expect(has(" -> p0s"), "%s", text);
}

Test(export, dot_is_drawn_by_graphviz_whatever_names_say)
{
	whole_scene(HOSTILE);
	exported(&export_dot);

	if (is_there("dot"))
		expect_read("dot -Tsvg");
}

/* ---- What all have ---- */

Test(export, every_form_says_what_was_lost)
{
	lock_wait_scene("db");
	told_gap_from = traced_count - 6;
	told_gap_to = traced_count - 4;

	for (size_t i = 0; export_formats[i]; i++) {
		exported(export_formats[i]);
		cr_expect_eq(export.lost_events, 2, "%s", export_formats[i]->name);
	}
	exported(&export_csv);
	cr_expect(has("\ngap,\"2 events lost\","), "%s", text);
	exported(&export_chrome);
	cr_expect(has("\"2 events lost\""), "%s", text);
	exported(&export_dot);
	cr_expect(has("label=\"2 events lost\""), "%s", text);
}

Test(export, no_form_breaks_where_a_trace_begins_in_the_middle)
{
	whole_scene("db");

	for (told_first = 0; told_first < traced_count; told_first += 3)
		for (size_t i = 0; export_formats[i]; i++)
			exported(export_formats[i]);
}

/* How long after its first event the n-th last one of a trace is. */
static uint64_t since_begin(size_t last)
{
	exported(&export_csv);
	return told_unix(traced_count - last) - export.begin_unix_ns;
}

Test(export, only_what_is_wanted_is_written)
{
	uint64_t middle;

	lock_wait_scene("db");
	middle = since_begin(3);

	wanted.from_ns = middle;
	exported(&export_csv);
	cr_expect_eq(count_of("\nrun,"), 1, "%s", text);
	wanted.from_ns = 0;
	wanted.until_ns = middle;
	exported(&export_csv);
	cr_expect_eq(count_of("\nrun,"), 4, "%s", text);
	cr_expect_eq(count_of(",1\n"), 2, "what is open then: %s", text);
}

Test(export, a_process_that_is_not_there_is_asked_for_in_vain)
{
	lock_wait_scene("db");
	wanted.pid = 5;
	snprintf(path, sizeof(path), "%s/out", folder);

	cr_expect_eq(exported_to(&export_csv, path), -1);
	cr_expect_str_eq(export.problem.text, "no process 5 in told; it has 4711");
}

Test(export, a_disk_that_is_full_is_said)
{
	if (access("/dev/full", W_OK))
		return;
	whole_scene("db");

	for (size_t i = 0; export_formats[i]; i++) {
		if (export_formats[i]->has_collector)
			continue; /* would make /dev/full.logs.jsonl */
		cr_expect_eq(exported_to(export_formats[i], "/dev/full"), -1);
		cr_expect_not_null(strstr(export.problem.text, "No space left on device"), "%s: %s",
				   export_formats[i]->name, export.problem.text);
	}
}

/* ---- The command ---- */

Test(export, the_command_refuses_what_it_cannot_do_in_a_sentence)
{
	expect_refused(vigil("export", folder, NULL), "export needs --to=perfetto, chrome");
	expect_refused(vigil("export", "--to=svg", folder, NULL), "no form \"svg\"");
	expect_refused(vigil("export", "--to=csv", NULL), "needs the folder of a trace");
	expect_refused(vigil("export", "--to=csv", "--what=wait", folder, NULL), "folded alone");
	expect_refused(vigil("export", "--to=csv", "--collector=http://a", folder, NULL),
		       "--collector is for --to=otlp alone");
	expect_refused(vigil("export", "--to=csv", "--from=2s", "--until=1s", folder, NULL),
		       "--until must be later");
	expect_refused(vigil("export", "--to=csv", "--process=x", folder, NULL),
		       "--process needs the pid");
	expect_refused(vigil("export", "--to=csv", "-o", "/nowhere/x", folder, NULL),
		       "cannot write /nowhere/x");
	expect_refused(vigil("export", "--to=csv", folder, NULL), folder);
}

Test(export, collectors_that_cannot_be_reached_are_refused)
{
	static const struct {
		const char *url, *words;
	} urls[] = {
		{ "https://a", "no TLS" },
		{ "ftp://a", "no URL of http" },
		{ "http://", "names no host" },
		{ "http://a:b", "port is no number" },
		{ "http://a b", "no URL of http" },
		{ "http://[::1]x", "names no host" },
		{ "http://127.0.0.1:1", "Connection refused" },
	};

	whole_scene("db");
	for (size_t i = 0; i < sizeof(urls) / sizeof(urls[0]); i++) {
		wanted.collector = urls[i].url;
		export = (struct export){ .format = &export_otlp,
					  .options = &wanted,
					  .trace = told_open() };
		cr_expect_eq(export_run(&export), -1);
		cr_expect_not_null(strstr(export.problem.text, urls[i].words), "%s",
				   export.problem.text);
		export_fini(&export);
		trace_close(export.trace);
	}
}
