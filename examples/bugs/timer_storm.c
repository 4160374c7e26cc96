/* SPDX-License-Identifier: MIT */
/*
 * A storm of timers: 2,000 sessions send a heartbeat at every full second, all in the same
 * tick. The workers do nothing for a second, and then all of it at once: the last session in
 * the queue is late by what the others take.
 *
 * --fixed: each has its own moment within the second, and the same work is spread over it.
 *
 * Look at the executors (`e`): the HISTORY of the workers is one bar a second and nothing
 * between, the queue held "at most" more than a thousand; in `vigil tasks` all sessions have
 * the same time "to go".
 */
#include <errno.h>
#include <stdatomic.h>

#include "../example.h"

#define SESSIONS 2000
#define PERIOD RT_S
#define BEATS 2 /* of a round that is right */

static struct {
	struct rt_join_set *sessions;
	struct rt_notify *storm;
	atomic_uint beats;
	atomic_bool is_over;
	uint64_t offset_ns[SESSIONS]; /* of each in its period */
} server;

/* The next time that is offset_ns past a multiple of the period. */
static uint64_t next_beat(uint64_t offset_ns)
{
	uint64_t now = rt_now() + PERIOD - offset_ns;

	return now - now % PERIOD + offset_ns;
}

static int session(void *arg)
{
	const uint64_t *offset_ns = arg;
	int code = 0;

	for (int i = 0; !code && !atomic_load(&server.is_over); i++) {
		if (example.is_fixed && i == BEATS)
			break;
		code = rt_sleep_until(next_beat(*offset_ns));
		if (atomic_fetch_add(&server.beats, 1) + 1 == SESSIONS)
			rt_notify_one(server.storm);
	}
	return code;
}

static int serve(void)
{
	int code = 0;

	for (uint64_t i = 0; !code && i < SESSIONS; i++) {
		server.offset_ns[i] = example.is_fixed ? i * PERIOD / SESSIONS : 0;
		code = rt_join_set_spawn(server.sessions, session, &server.offset_ns[i], "session");
	}
	if (!code && !example.is_fixed)
		code = rt_notified(server.storm);
	if (!code && !example.is_fixed)
		code = example_hold("2000 tasks \"session\" wait for the same tick: they wake all "
				    "at once, every second");
	atomic_store(&server.is_over, code || !example.is_fixed);
	example_join(server.sessions);
	printf("%s\n", example.is_fixed ? "the heartbeats were spread over the period" :
					  "all heartbeats were sent in the same tick");
	return code;
}

static int start(void *arg)
{
	int code = -ENOMEM;

	(void)arg;
	atomic_store(&server.is_over, false);
	atomic_store(&server.beats, 0);
	server.sessions = rt_join_set_new("sessions");
	server.storm = rt_notify_new("storm");
	if (server.sessions && server.storm)
		code = serve();
	rt_notify_free(server.storm);
	rt_join_set_free(server.sessions);
	return code;
}

EXAMPLE_BUG(NULL, start)
