/* SPDX-License-Identifier: MIT */
/*
 * A channel without a capacity, whose receiver is slower than its sender: the lines of a log
 * that wait to be written grow and grow. The sender never waits, so nothing tells it; what
 * still waits at the end is lost. Here it rests at 20,000 lines, so that the machine lives.
 *
 * --fixed: the channel holds 64. A sender that is faster waits, as it should.
 *
 * Look at `vigil resources`, or r in the console: mpsc "lines" has a high water of 20000, and
 * capacity unbounded. In `vigil tasks` collector never waits to send.
 */
#include "../example.h"

#define CAPACITY 64
#define LINES 1000    /* of a round that is right */
#define FLOOD 20000   /* lines that wait */
#define WRITE (RT_MS) /* for a line */

static struct {
	struct rt_sender *sender;
	struct rt_receiver *receiver;
} lines;

static int collect(void *arg)
{
	unsigned long sent = 0;
	int code = 0;

	(void)arg;
	while (!code && !(example.is_fixed && sent == LINES)) {
		if (rt_receiver_count(lines.receiver) == FLOOD) {
			scene_step();
			code = rt_sleep(WRITE);
			continue;
		}
		code = rt_send(lines.sender, "GET / 200");
		sent += !code;
	}
	return code;
}

static int write_lines(void *arg)
{
	unsigned long written = 0;
	void *line;
	int code = 0;

	(void)arg;
	while (!code && !(example.is_fixed && written == LINES)) {
		code = rt_recv(lines.receiver, &line);
		if (!code)
			code = rt_sleep(WRITE);
		written += !code;
	}
	printf("%lu lines written, %zu lost\n", written, rt_receiver_count(lines.receiver));
	return code;
}

static int unbounded_channel(void)
{
	int code;

	lines.sender = NULL;
	lines.receiver = NULL;
	code = rt_mpsc_new("lines", example.is_fixed ? CAPACITY : 0, NULL, &lines.sender,
			   &lines.receiver);
	if (!code)
		code = scene_spawn(1, write_lines, NULL, "writer");
	if (!code)
		code = scene_spawn(1, collect, NULL, "collector");
	if (!code)
		code = scene_stand(1, "20000 lines wait in channel \"lines\", which has no "
				      "capacity: its receiver is slower than its sender");
	scene_end();
	rt_sender_free(lines.sender);
	rt_receiver_free(lines.receiver);
	return code;
}

EXAMPLE_BUG(NULL, unbounded_channel)
