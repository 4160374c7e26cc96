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

static int sockets[2]; /* ours, and the other program's */

static int request(void *arg)
{
	(void)arg;
	scene_step(); /* it is answered */
	return 0;
}

/* As client libraries do it: asks, and waits for the answer. */
static int lookup(void *arg)
{
	char byte = '?';

	(void)arg;
	return write(sockets[0], &byte, 1) == 1 && read(sockets[0], &byte, 1) == 1 ? 0 : -EIO;
}

static int profile(void *arg)
{
	int code = scene_spawn(REQUESTS, request, NULL, "request");

	if (code < 0)
		return code;
	return example.is_fixed ? rt_call_blocking(lookup, arg, "lookup") : lookup(arg);
}

/* Takes its time. */
static int other_program(void *arg)
{
	char byte;

	(void)arg;
	if (read(sockets[1], &byte, 1) != 1)
		return 0;
	while (example.is_fixed && scene.steps < REQUESTS)
		rt_do_blocking(rt_notified_op(scene.step));
	if (!example.is_fixed)
		example_hold_blocking("5 requests stand runnable: the only worker waits in read()");
	printf("%u of %d requests were answered during the call\n", scene.steps, REQUESTS);
	return write(sockets[1], &byte, 1) == 1 ? 0 : -EIO;
}

static int blocked_worker_call(void)
{
	struct rt_handle other = { 0 };
	int code;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sockets))
		return -errno;
	code = rt_spawn_blocking(&other, other_program, NULL, "other program");
	if (!code)
		code = scene_spawn(1, profile, NULL, "profile");
	if (!code)
		code = scene_join();
	shutdown(sockets[0], SHUT_WR); /* nobody will ask any more */
	if (other.task)
		rt_join(&other, NULL);
	close(sockets[0]);
	close(sockets[1]);
	return code;
}

EXAMPLE_BUG(&(struct rt_options){ .workers = 1 }, blocked_worker_call)
