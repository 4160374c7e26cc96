/* SPDX-License-Identifier: MIT */
/*
 * A storm of timers: 2,000 sessions send a heartbeat at every full second, all in the same
 * tick. The workers do nothing for a second, and then all of it at once: the last session in
 * the queue is late by what the others take.
 *
 * --fixed: each has its own moment within the second, and the same work is spread over it.
 *
 * Look at the executors (`e`): the HISTORY of the workers is one bar a second and nothing
 * between; `vigil executors`: "queue 0, at most" more than a thousand, next to none when fixed;
 * `vigil tasks`: all sessions have the same time "to go".
 */
#include "../example.h"

#define SESSIONS 2000
#define PERIOD RT_S
#define BEATS 2 /* of a round that is right */

static uint64_t offsets[SESSIONS]; /* ns, of each in its period */

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

	for (int i = 0; !code && !(example.is_fixed && i == BEATS); i++) {
		code = rt_sleep_until(next_beat(*offset_ns));
		scene_step();
	}
	return code;
}

static int timer_storm(void)
{
	int code = 0;

	for (uint64_t i = 0; !code && i < SESSIONS; i++) {
		offsets[i] = example.is_fixed ? i * PERIOD / SESSIONS : 0;
		code = scene_spawn(1, session, &offsets[i], "session");
		if (!code)
			code = rt_yield(); /* one by one: the tick alone fills the queue */
	}
	if (!code)
		code = scene_stand(SESSIONS, "2000 tasks \"session\" wait for the same tick: they "
					     "wake all at once, every second");
	printf("%s\n", example.is_fixed ? "the heartbeats were spread over the period" :
					  "all heartbeats were sent in the same tick");
	return code;
}

EXAMPLE_BUG(NULL, timer_storm)
