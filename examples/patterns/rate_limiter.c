/* SPDX-License-Identifier: MIT */
/*
 * A token bucket: a request takes a token, and waits where there is none. The bucket is a
 * semaphore; a token that is taken is forgotten, used up, and a task puts a new one in at every
 * tick of an interval while there is room.
 *
 * In the console (t) clients wait for semaphore "tokens", and "refill" for interval "a token
 * every 30 ms"; locks (l) have how long clients had to wait.
 */
#include <errno.h>
#include <stdatomic.h>

#include "../example.h"

#define CLIENTS 4
#define REQUESTS 12 /* of each */
#define BURST 8
#define PERIOD_NS (30 * RT_MS) /* of a token */

struct bucket {
	struct rt_semaphore *tokens;
	struct rt_interval *period;
	struct rt_handle refill;
	uint64_t begun_ns;
};

struct world {
	struct bucket bucket;
	_Atomic unsigned sent;
	_Atomic unsigned too_early;
};

/* ---- The bucket ---- */

static int refill(void *arg)
{
	const struct bucket *bucket = arg;

	for (;;) {
		int code = rt_interval_tick(bucket->period, NULL);

		if (code)
			return code;
		if (rt_semaphore_available(bucket->tokens) < BURST)
			rt_semaphore_release(bucket->tokens, 1);
	}
}

static void bucket_close(struct bucket *bucket)
{
	struct rt_result result = { 0 };

	if (bucket->refill.task) {
		rt_cancel(&bucket->refill);
		rt_join(&bucket->refill, &result);
	}
	rt_interval_free(bucket->period);
	rt_semaphore_free(bucket->tokens);
}

static int bucket_open(struct bucket *bucket)
{
	bucket->begun_ns = rt_now();
	bucket->tokens = rt_semaphore_new("tokens", BURST);
	bucket->period = rt_interval_new("a token every 30 ms", PERIOD_NS, RT_DELAY);
	if (!bucket->tokens || !bucket->period)
		return -ENOMEM;
	rt_interval_reset(bucket->period); /* it is full: no tick at once */
	return rt_spawn(&bucket->refill, refill, bucket, "refill");
}

static int bucket_take(struct bucket *bucket)
{
	struct rt_permit token = { 0 };
	int code = rt_permit_acquire(bucket->tokens, 1, &token);

	if (!code)
		rt_permit_forget(&token);
	return code;
}

/* ---- Who is limited ---- */

static int client(void *arg)
{
	struct world *world = arg;

	for (unsigned i = 0; i < REQUESTS; i++) {
		int code = bucket_take(&world->bucket);
		uint64_t passed_ns = rt_now() - world->bucket.begun_ns;

		if (code)
			return code;
		if (atomic_fetch_add(&world->sent, 1) + 1 > BURST + passed_ns / PERIOD_NS)
			atomic_fetch_add(&world->too_early, 1);
	}
	return 0;
}

static int limit(void *arg)
{
	struct world world = { 0 };
	struct rt_join_set *clients = rt_join_set_new("clients");
	int code = clients ? bucket_open(&world.bucket) : -ENOMEM;

	(void)arg;
	for (unsigned i = 0; i < CLIENTS && !code; i++) {
		char name[32];

		snprintf(name, sizeof(name), "client %u", i);
		code = rt_join_set_spawn(clients, client, &world, name);
	}
	code = rt_join_set_finish(clients, code);
	bucket_close(&world.bucket);
	if (!code)
		printf("%u requests of %d clients: a burst of %d, then one every %llu ms; "
		       "%u came too early\n",
		       world.sent, CLIENTS, BURST, PERIOD_NS / RT_MS, world.too_early);
	return code;
}

EXAMPLE_PATTERN(NULL, limit)
