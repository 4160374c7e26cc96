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

struct demo {
	struct rt_join_set *parts;
	struct rt_notify *step;
	unsigned handled;
};

static int part(void *arg)
{
	struct demo *demo = arg;

	demo->handled++;
	return 0;
}

static int heartbeat(void *arg)
{
	struct demo *demo = arg;
	int code;

	do {
		rt_notify_one(demo->step);
		code = rt_sleep(BEAT);
	} while (!code);
	return code;
}

static int parser(void *arg)
{
	struct demo *demo = arg;
	uint64_t until = 0; /* an example ends, a bug does not */
	int code = 0;

	for (size_t at = 0; at < sizeof(message) && !code; at += message[at]) {
		if (message[at])
			code = rt_join_set_spawn(demo->parts, part, demo, "part");
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

static int run(struct demo *demo)
{
	struct rt_handle beats, job;
	struct rt_result result = { 0 };
	int code = rt_spawn(&beats, heartbeat, demo, "heartbeat");

	if (code < 0)
		return code;
	code = rt_notified(demo->step); /* it sleeps */
	if (!code)
		code = rt_spawn(&job, parser, demo, "parser");
	if (!code)
		code = rt_join(&job, &result);
	example_join(demo->parts);
	if (!code)
		printf("%u parts were handled; the parser %s\n", demo->handled,
		       result.error ? result.error->message : "went on, at byte 5");
	rt_result_free(&result);
	rt_cancel(&beats);
	rt_join(&beats, NULL);
	return code;
}

static int never_yields(void *arg)
{
	struct demo demo = { .parts = rt_join_set_new("parts"), .step = rt_notify_new("step") };
	int code = demo.parts && demo.step ? run(&demo) : -ENOMEM;

	(void)arg;
	example_end(demo.parts);
	rt_notify_free(demo.step);
	return code;
}

EXAMPLE_BUG(&(struct rt_options){ .workers = 1 }, never_yields)
