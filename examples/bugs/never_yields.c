/* SPDX-License-Identifier: MIT */
/*
 * A loop without an await that never ends: the third part of a message says that it is 0 bytes
 * long, and the parser goes 0 bytes further, for ever. (A loop of awaits that succeed at once
 * would be stopped: after 128 of them the runtime lets others run.)
 * Fixed: a part without a length is refused.
 *
 * Look at: t, the tasks: "parser" is running for as long as you look, two "part" are runnable
 * and had no poll, the timer of "heartbeat" is overdue; vigil why: the only worker is busy.
 */
#include "../example.h"

#define BEAT (10 * RT_MS)

/* Parts, each with its length in front, itself included. */
static const unsigned char message[] = { 3, 'a', 'b', 2, 'c', 0, 4, 'd', 'e', 'f' };

static int part(void *arg)
{
	(void)arg;
	scene_step(); /* it is handled */
	return 0;
}

static int heartbeat(void *arg)
{
	int code = 0;

	(void)arg;
	scene_step();
	while (!code)
		code = rt_sleep(BEAT);
	return code;
}

static int parser(void *arg)
{
	uint64_t until = 0; /* an example ends, a bug does not */
	int code = 0;

	(void)arg;
	for (size_t at = 0; at < sizeof(message) && !code; at += message[at]) {
		if (message[at])
			code = scene_spawn(1, part, NULL, "part");
		else if (example.is_fixed)
			return rt_fail("parse", -EBADMSG,
				       "refused byte %zu: a part without a length", at);
		else if (!until)
			until = example_say("the parser goes on by 0 bytes, 2 parts are runnable");
		else if (rt_now() > until)
			return -ETIME;
	}
	return code;
}

static int never_yields(void)
{
	struct rt_result result = { 0 };
	struct rt_handle job;
	int code = scene_spawn(1, heartbeat, NULL, "heartbeat");

	if (!code)
		code = scene_await(1); /* it sleeps */
	if (!code)
		code = rt_spawn(&job, parser, NULL, "parser");
	if (!code)
		code = rt_join(&job, &result);
	if (!code)
		code = scene_await(2);
	if (!code)
		printf("2 parts were handled; the parser %s\n",
		       result.error ? result.error->message : "went on, at byte 5");
	rt_result_free(&result);
	return code;
}

EXAMPLE_BUG(&(struct rt_options){ .workers = 1 }, never_yields)
