/* SPDX-License-Identifier: MIT */
/*
 * A channel without a capacity, whose receiver is slower than its sender: the lines of a log
 * that wait to be written grow and grow. The sender never waits, so nothing tells it; what
 * still waits at the end is lost. Here it rests at 20,000 lines, so that the machine lives.
 *
 * --fixed: the channel holds 64. A sender that is faster waits, as it should.
 *
 * Look at `vigil resources`, or r in the console: mpsc "lines" has length 20000, capacity
 * unbounded. In `vigil tasks` collector never waits to send.
 */
#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "../example.h"

#define CAPACITY 64
#define LINES 1000    /* of a round that is right */
#define FLOOD 20000   /* lines that wait */
#define WRITE (RT_MS) /* for a line */

static struct {
	struct rt_sender *lines;
	struct rt_receiver *written;
	struct rt_notify *flooded;
	atomic_bool is_over;
} server;

static int collect(void *arg)
{
	unsigned long sent = 0;
	int code = 0;

	(void)arg;
	while (!code && !atomic_load(&server.is_over) && !(example.is_fixed && sent == LINES)) {
		char *line = NULL;

		if (rt_receiver_count(server.written) == FLOOD) {
			rt_notify_one(server.flooded);
			code = rt_sleep(RT_MS);
			continue;
		}
		line = strdup("GET / 200");
		code = line ? rt_send(server.lines, line) : -ENOMEM;
		if (code)
			free(line);
		else
			sent++;
	}
	rt_sender_free(server.lines);
	return code;
}

static int write_lines(void *arg)
{
	unsigned long written = 0;
	void *line;
	int code = 0;

	(void)arg;
	while (!code && !atomic_load(&server.is_over)) {
		code = rt_recv(server.written, &line);
		if (code)
			break;
		code = rt_sleep(WRITE);
		free(line);
		written++;
	}
	printf("%lu lines written, %zu lost\n", written, rt_receiver_count(server.written));
	return code == -EPIPE ? 0 : code; /* no more will come */
}

static int run(void)
{
	struct rt_handle collector = { 0 }, writer = { 0 };
	int code = rt_spawn(&writer, write_lines, NULL, "writer");

	if (!code)
		code = rt_spawn(&collector, collect, NULL, "collector");
	if (!code && !example.is_fixed)
		code = rt_notified(server.flooded);
	if (!code && !example.is_fixed)
		code = example_hold("20000 lines wait in channel \"lines\", which has no capacity: "
				    "its receiver is slower than its sender");
	atomic_store(&server.is_over, code || !example.is_fixed);
	code = rt_join(&collector, NULL);
	return code ? code : rt_join(&writer, NULL);
}

static int start(void *arg)
{
	int code;

	(void)arg;
	atomic_store(&server.is_over, false);
	server.flooded = rt_notify_new("flooded");
	if (!server.flooded)
		return -ENOMEM;
	code = rt_mpsc_new("lines", example.is_fixed ? CAPACITY : 0, free, &server.lines,
			   &server.written);
	if (!code) {
		code = run();
		rt_receiver_free(server.written);
	}
	rt_notify_free(server.flooded);
	return code;
}

EXAMPLE_BUG(NULL, start)
