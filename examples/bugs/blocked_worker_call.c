/* SPDX-License-Identifier: MIT */
/*
 * A system call that blocks, made in a task: it asks another program over a socket and waits
 * in read(), and with it waits the only worker. Five requests have come; nobody polls them.
 * Fixed: the call is made on a thread of the blocking pool (rt_call_blocking).
 *
 * Look at: t, the tasks: "profile" is running for as long as you look, five "request" are
 * runnable as long; vigil why: the only worker is busy, and with whom. That it sleeps in read()
 * a board does not know: the command that tells stands below it.
 */
#include <unistd.h>

#include "../example.h"

#define REQUESTS 5

struct demo {
	int sockets[2]; /* ours, and the other program's */
	struct rt_join_set *requests;
	struct rt_notify *all_answered;
	_Atomic unsigned answered;
};

static int request(void *arg)
{
	struct demo *demo = arg;

	if (++demo->answered == REQUESTS)
		rt_notify_one(demo->all_answered);
	return 0;
}

/* As client libraries do it: asks, and waits for the answer. */
static int lookup(void *arg)
{
	const struct demo *demo = arg;
	char byte = '?';
	bool is_answered =
		write(demo->sockets[0], &byte, 1) == 1 && read(demo->sockets[0], &byte, 1) == 1;

	return is_answered ? 0 : -EIO;
}

static int profile(void *arg)
{
	struct demo *demo = arg;
	int code = 0;

	for (int i = 0; i < REQUESTS && !code; i++)
		code = rt_join_set_spawn(demo->requests, request, demo, "request");
	if (code < 0)
		return code;
	return example.is_fixed ? rt_call_blocking(lookup, demo, "lookup") : lookup(demo);
}

/* Takes its time. */
static int other_program(void *arg)
{
	struct demo *demo = arg;
	char byte;

	if (read(demo->sockets[1], &byte, 1) != 1)
		return 0;
	if (example.is_fixed)
		rt_do_blocking(rt_notified_op(demo->all_answered));
	else
		example_hold_blocking("5 requests stand runnable: the only worker waits in read()");
	printf("%u of %d requests were answered during the call\n", demo->answered, REQUESTS);
	return write(demo->sockets[1], &byte, 1) == 1 ? 0 : -EIO;
}

static int run(struct demo *demo)
{
	struct rt_handle task, other = { 0 };
	struct rt_result result = { 0 };
	int code = rt_spawn_blocking(&other, other_program, demo, "other program");

	if (!code)
		code = rt_spawn(&task, profile, demo, "profile");
	if (!code)
		code = rt_join(&task, &result);
	if (!code)
		code = result.code;
	rt_result_free(&result);
	shutdown(demo->sockets[0], SHUT_WR); /* nobody will ask any more */
	if (other.task)
		rt_join(&other, NULL);
	return code;
}

static int blocked_worker_call(void *arg)
{
	struct demo demo = { .requests = rt_join_set_new("requests"),
			     .all_answered = rt_notify_new("all answered") };
	int code = -ENOMEM;

	(void)arg;
	if (demo.requests && demo.all_answered &&
	    !socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, demo.sockets)) {
		code = run(&demo);
		close(demo.sockets[0]);
		close(demo.sockets[1]);
	}
	example_end(demo.requests);
	rt_notify_free(demo.all_answered);
	return code;
}

EXAMPLE_BUG(&(struct rt_options){ .workers = 1 }, blocked_worker_call)
