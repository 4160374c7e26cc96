/* SPDX-License-Identifier: MIT */
/*
 * Timers that leak: each request makes one, to give up after 30 s, and frees it when time is
 * up, but not when the answer comes. Answers come, and so with each request a timer stays that
 * nobody waits for any more.
 *
 * --fixed: it is freed whichever comes first. (rt_timeout() needs no timer object at all.)
 *
 * Look at `vigil resources`, or r in the console: 500 timers "limit" of one line, WAITING 0; in
 * `vigil sites` all 500 tasks that made them are DONE.
 */
#include "../example.h"

#define REQUESTS 500
#define ANSWER (10 * RT_MS)
#define LIMIT (30 * RT_S)

/* Where they went: for the end of this program, which is free of leaks itself. */
static struct rt_timer *leaked[REQUESTS];

enum { ANSWERED, TIMED_OUT };

static int request(void *arg)
{
	struct rt_timer **leak = arg;
	struct rt_timer *limit = rt_timer_new("limit", LIMIT);
	struct rt_op ops[2];
	int code;

	if (!limit)
		return -ENOMEM;
	ops[ANSWERED] = rt_sleep_op(ANSWER); /* a backend's */
	ops[TIMED_OUT] = rt_timer_wait_op(limit);
	code = rt_select(ops, 2, RT_BIASED);
	if (code == ANSWERED && !example.is_fixed) {
		*leak = limit;
		return 0;
	}
	rt_timer_free(limit);
	return code == TIMED_OUT ? -ETIMEDOUT : code;
}

static int leaked_timer(void)
{
	int code = 0;

	for (int i = 0; !code && i < REQUESTS; i++)
		code = scene_spawn(1, request, &leaked[i], "request");
	if (!code)
		code = scene_join();
	if (!code)
		printf("%d requests answered\n", REQUESTS);
	if (!code)
		code = scene_stand(0, "500 timers \"limit\" are left, and nobody waits for them: "
				      "each was a request's that has ended");
	scene_end();
	for (int i = 0; i < REQUESTS; i++) {
		rt_timer_free(leaked[i]);
		leaked[i] = NULL;
	}
	return code;
}

EXAMPLE_BUG(NULL, leaked_timer)
