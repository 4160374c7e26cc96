/* SPDX-License-Identifier: MIT */
/* Exports of OpenTelemetry's form: into files, and to a collector. */
#include <arpa/inet.h>
#include <sys/socket.h>

#include "tests/support/exported.h"

TestSuite(export_otlp, .init = exported_begin, .fini = exported_end, .timeout = 60);

/* ---- Files ---- */

Test(export_otlp, otlp_spans_lead_to_who_spawned_and_who_woke_them)
{
	whole_scene("db");
	exported(&export_otlp);

	cr_expect_eq(count_of("\"spanId\":"), 5, "three spans, two links: %s", text);
	cr_expect(has("\"stringValue\":\"spawner\"") && has("\"stringValue\":\"waker\""));
	cr_expect(has("\"status\":{\"code\":2,\"message\":\"db\"}"), "%s", text);
	cr_expect(has("\"stringValue\":\"18446744073709551615\""), "%s", text);
}

Test(export_otlp, otlp_records_what_had_not_ended)
{
	whole_scene("db");
	exported(&export_otlp);
	snprintf(path, sizeof(path), "%s/out.logs.jsonl", folder);
	file_read(path);

	cr_expect_eq(count_of("vigil.task.unfinished"), 1, "%s", text);
	cr_expect(has("3 db had not ended: wait readable for 2.5 ms"), "%s", text);
}

Test(export_otlp, otlp_ids_are_the_same_in_each_export)
{
	static char first[sizeof(text)];

	whole_scene("db");
	exported(&export_otlp);
	memcpy(first, text, sizeof(first));
	exported(&export_otlp);

	cr_expect_str_eq(text, first);
}

Test(export_otlp, otlp_lines_are_json_whatever_names_say)
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

Test(export_otlp, a_message_in_a_span_is_an_event_of_it)
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

Test(export_otlp, a_collector_gets_spans_and_records)
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

Test(export_otlp, what_a_collector_does_not_want_is_said)
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

Test(export_otlp, collectors_that_cannot_be_reached_are_refused)
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
