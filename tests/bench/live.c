/* SPDX-License-Identifier: MIT */
/*
 * A program watched through a relay: 52,000 events a second for a minute, read as they
 * come. How late they are, how many were lost, and whether that was said.
 */
#include "tests/bench/bench.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "console/trace/sessions.h"
#include "console/trace/trace.h"
#include "libtrace/board.h"
#include "tests/bench/session.h"

#define RATE "52000" /* in whole polls, a thread, a millisecond */
#define THREADS "2"
#define SECONDS "60"
#define PATIENCE_NS UINT64_C(120000000000)
#define SAMPLE 64 /* of so many events the delay of one is noted */
#define SAMPLES 65536

enum { CONTROL, DATA, LIVE, PORTS };

static int ports[PORTS];
static pid_t relay, recorder, storm;
static struct trace *trace;
static double delays_ms[SAMPLES];
static size_t delays;
static uint64_t received; /* polls begun and ended */

static int port_choose(void)
{
	struct sockaddr_in at = { .sin_family = AF_INET,
				  .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	socklen_t size = sizeof(at);

	if (bind(fd, (struct sockaddr *)&at, size) ||
	    getsockname(fd, (struct sockaddr *)&at, &size))
		at.sin_port = 0;
	close(fd);
	return ntohs(at.sin_port);
}

static void relay_start(void)
{
	char urls[PORTS][64], out[128];

	for (int i = 0; i < PORTS; i++) {
		ports[i] = port_choose();
		snprintf(urls[i], sizeof(urls[i]), "tcp://127.0.0.1:%d", ports[i]);
	}
	snprintf(out, sizeof(out), "%s", session_path("relay"));
	relay = session_start("relayd",
			      (char *[]){ "lttng-relayd", "-C", urls[CONTROL], "-D", urls[DATA],
					  "-L", urls[LIVE], "--output", out, NULL });
}

/* Records whoever comes, so that the program is seen from its start. */
static void recorder_start(void)
{
	char live[64], out[128];
	char *argv[] = { session_beside("vigil"), "record", live, "-o", out, NULL };

	snprintf(live, sizeof(live), "--live=net://127.0.0.1:%d:%d", ports[CONTROL], ports[DATA]);
	snprintf(out, sizeof(out), "%s", session_path("recording"));
	recorder = session_start("record", argv);
}

/* Both take their time to be there. */
static bool trace_join(void)
{
	uint64_t end = bench_now() + PATIENCE_NS / 8;
	struct vigil_problem problem;
	struct session_list list = { .count = 0 };
	char url[64];
	const char *path = list.urls[0];
	const struct trace_options options = { .paths = &path, .path_count = 1, .is_live = true };

	snprintf(url, sizeof(url), "net://127.0.0.1:%d", ports[LIVE]);
	while (!list.count && bench_now() < end) {
		if (sessions_list(url, 1000, &list, &problem))
			list.count = 0;
		poll(NULL, 0, 100);
	}
	return list.count && !trace_open(&options, &trace, &problem);
}

static void event_note(const struct trace_event *event)
{
	struct timespec now;

	if (event->kind != TRACE_poll_begin && event->kind != TRACE_poll_end)
		return;
	if (received++ % SAMPLE || delays == SAMPLES)
		return;
	clock_gettime(CLOCK_REALTIME, &now);
	delays_ms[delays++] =
		((double)now.tv_sec * 1e9 + (double)now.tv_nsec - (double)event->unix_ns) / 1e6;
}

/* Takes in what has come. Returns whether the program's end has. */
static bool trace_pump(void)
{
	struct pollfd fd = { .fd = trace_fd(trace), .events = POLLIN };
	const struct trace_event *event;
	enum trace_result r;

	poll(&fd, 1, 100);
	while ((r = trace_next(trace, &event)) == TRACE_EVENT || r == TRACE_GAP) {
		if (r != TRACE_EVENT)
			continue;
		event_note(event);
		trace_apply(trace, event);
	}
	return r != TRACE_AGAIN || (trace_process_count(trace) && trace_process(trace, 0)->is_over);
}

static uint64_t lost(void)
{
	uint64_t sum = 0;
	size_t count;
	const struct trace_gap *gaps = trace_gaps(trace, &count);

	for (size_t i = 0; i < count; i++)
		sum += gaps[i].events;
	return sum;
}

/* What the program's own board counts. 0: it cannot be read. */
static uint64_t told(void)
{
	struct vigil_problem problem;
	struct vigil_reader *reader;
	uint64_t polls = 0;

	if (vigil_reader_open_file(session_board(storm), 0, &reader, &problem))
		return 0;
	for (uint32_t i = 0; i < vigil_reader_count(reader, VIGIL_TABLE_task); i++)
		polls += VIGIL_AT(reader, task, i)->polls;
	vigil_reader_close(reader);
	return polls * 2;
}

static void watch(void)
{
	uint64_t end = bench_now() + PATIENCE_NS;

	storm = session_start("storm", (char *[]){ session_beside("tests/helpers/poll_storm"), RATE,
						   THREADS, SECONDS, NULL });
	while (!trace_pump() && bench_now() < end)
		;
}

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

static void figures(struct row *rows)
{
	uint64_t all = told();

	if (!delays || !all) {
		snprintf(rows[0].skipped, sizeof(rows[0].skipped), "no event came");
		return;
	}
	qsort(delays_ms, delays, sizeof(*delays_ms), by_value);
	rows[0].ns = delays_ms[delays / 2];
	rows[0].ref_ns = delays_ms[delays * 99 / 100];
	rows[1].ns = (double)lost();
	rows[2].ns = (double)all - (double)received - (double)lost();
	rows[1].ref_ns = rows[2].ref_ns = (double)all;
	for (int i = 0; i < 3; i++)
		rows[i].ratio = rows[i].ns / rows[i].ref_ns;
}

int bench_live(struct row *rows)
{
	rows[0] = (struct row){ .name = "live_delay",
				.target = TARGET_NS,
				.limit = 250,
				.unit = "ms",
				.what = "event to reader through a relay, median; 99 in 100" };
	rows[1] = (struct row){ .name = "live_lost",
				.unit = "events",
				.what = "said to be lost; told, " RATE " a second for " SECONDS
					" s" };
	rows[2] = (struct row){ .name = "live_unaccounted",
				.target = TARGET_NS,
				.unit = "events",
				.what = "neither received nor said to be lost; told" };
	relay_start();
	recorder_start();
	if (trace_join()) {
		watch();
		figures(rows);
	} else {
		snprintf(rows[0].skipped, sizeof(rows[0].skipped),
			 "no session at the relay: is lttng-relayd installed?");
	}
	for (int i = 1; i < 3; i++)
		memcpy(rows[i].skipped, rows[0].skipped, sizeof(rows[i].skipped));
	trace_close(trace);
	session_kill(&storm);
	session_kill(&recorder);
	session_kill(&relay);
	return 3;
}
