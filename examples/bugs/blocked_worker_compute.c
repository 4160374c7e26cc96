/* SPDX-License-Identifier: MIT */
/*
 * A long computation in a task: a password is stretched for seconds, and as long the only
 * worker polls nobody else. Five requests have come and stand behind it.
 * Fixed: it lets others run after every slice (rt_yield). A computation that cannot be cut up
 * belongs on the blocking pool, as the call in blocked_worker_call.c.
 *
 * Look at: t, the tasks: "login" is running for as long as you look, five "request" are
 * runnable as long; vigil why: the only worker is busy, and with whom.
 */
#include "../example.h"

#define REQUESTS 5
#define SLICES 200
#define ROUNDS 10000 /* of a slice */

static unsigned answered;

static int request(void *arg)
{
	(void)arg;
	answered++;
	return 0;
}

static uint64_t stretch(uint64_t key)
{
	for (int i = 0; i < ROUNDS; i++) {
		key ^= key << 13;
		key ^= key >> 7;
		key ^= key << 17;
	}
	return key;
}

static int login(void *arg)
{
	uint64_t key = 0x70617373776f7264, until = 0;
	int code = scene_spawn(REQUESTS, request, NULL, "request");

	(void)arg;
	if (!example.is_fixed)
		until = example_say("5 requests stand runnable: the only worker computes");
	for (int i = 0; !code && (i < SLICES || rt_now() < until); i++) {
		key = stretch(key);
		if (example.is_fixed)
			code = rt_yield();
	}
	printf("%u of %d requests were answered while a password was stretched\n", answered,
	       REQUESTS);
	return key ? code : -EIO;
}

static int blocked_worker_compute(void)
{
	int code;

	answered = 0;
	code = scene_spawn(1, login, NULL, "login");
	return code ? code : scene_join();
}

EXAMPLE_BUG(&(struct rt_options){ .workers = 1 }, blocked_worker_compute)
