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

struct demo {
	struct rt_join_set *requests;
	unsigned answered;
};

static int request(void *arg)
{
	struct demo *demo = arg;

	demo->answered++;
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

static int stretch_all(uint64_t *key)
{
	uint64_t until;
	int code = 0;

	if (example.is_fixed) {
		for (int i = 0; i < SLICES && !code; i++) {
			*key = stretch(*key);
			code = rt_yield();
		}
		return code;
	}
	until = example_say("5 requests stand runnable: the only worker computes");
	do
		*key = stretch(*key);
	while (rt_now() < until);
	return 0;
}

static int login(void *arg)
{
	struct demo *demo = arg;
	uint64_t key = 0x70617373776f7264;
	int code = 0;

	for (int i = 0; i < REQUESTS && !code; i++)
		code = rt_join_set_spawn(demo->requests, request, demo, "request");
	if (!code)
		code = stretch_all(&key);
	if (code < 0)
		return code;
	printf("%u of %d requests were answered while a password was stretched\n", demo->answered,
	       REQUESTS);
	return key ? 0 : -EIO;
}

static int blocked_worker_compute(void *arg)
{
	struct demo demo = { .requests = rt_join_set_new("requests") };
	struct rt_handle task;
	struct rt_result result = { .code = -ENOMEM };

	(void)arg;
	if (demo.requests && !rt_spawn(&task, login, &demo, "login"))
		rt_join(&task, &result);
	rt_result_free(&result);
	example_end(demo.requests);
	return result.code;
}

EXAMPLE_BUG(&(struct rt_options){ .workers = 1 }, blocked_worker_compute)
