/* SPDX-License-Identifier: MIT */
/*
 * A graceful shutdown: a signal cancels a token, which asks all tasks to end; they have time to
 * finish what they do, then are cancelled, then have time to clean up; and what would not even
 * then is named. With --forever it runs until you interrupt it.
 *
 * In the console (t) tasks wait for cancellation, cancel token "server", and main for a signal;
 * after the signal they end, "sales report" is cancelled, and "stubborn" is left.
 */
#include <errno.h>
#include <signal.h>
#include <unistd.h>

#include "../example.h"

#define CONNECTIONS 3
#define DRAIN_NS (800 * RT_MS)
#define GRACE_NS (500 * RT_MS)

static struct rt_shutdown *server; /* its tasks outlive the function that makes it */

/* Between two requests it sees that it is asked to end. */
static int connection(void *arg)
{
	(void)arg;
	for (;;) {
		struct rt_op ops[] = { rt_token_cancelled_op(rt_shutdown_token(server)),
				       rt_sleep_op(50 * RT_MS) }; /* a request comes */
		int first = rt_select(ops, 2, RT_BIASED);

		if (first <= 0)
			return first;
		if (rt_sleep(20 * RT_MS)) /* and is answered */
			return -ECANCELED;
	}
}

/* Flushes when it is asked to end: that takes a while, and is waited for. */
static int flusher(void *arg)
{
	int code = rt_token_cancelled(rt_shutdown_token(server));

	(void)arg;
	return code ? code : rt_sleep(200 * RT_MS);
}

/* Never asks, so it is cancelled at the deadline; what must be done on the way out is shielded. */
static int report(void *arg)
{
	int code = rt_sleep(UINT64_MAX);

	(void)arg;
	rt_shield_begin();
	if (!rt_sleep(50 * RT_MS))
		printf("sales report: half of it is saved\n");
	rt_shield_end();
	return code;
}

/* Shields all it does, and so would not end. */
static int stubborn(void *arg)
{
	int code;

	(void)arg;
	rt_shield_begin();
	code = rt_sleep(UINT64_MAX);
	rt_shield_end();
	return code;
}

static int tasks_start(void)
{
	int code = rt_shutdown_spawn(server, flusher, NULL, "flusher");

	for (unsigned i = 0; i < CONNECTIONS && !code; i++) {
		char name[32];

		snprintf(name, sizeof(name), "connection %u", i);
		code = rt_shutdown_spawn(server, connection, NULL, name);
	}
	if (!code)
		code = rt_shutdown_spawn(server, report, NULL, "sales report");
	return code ? code : rt_shutdown_spawn(server, stubborn, NULL, "stubborn");
}

/* As somebody's ^C, or systemctl stop. */
static int operator(void *arg)
{
	int code = rt_sleep(500 * RT_MS);

	(void)arg;
	return code ? code : kill(getpid(), SIGTERM);
}

static int serve(void *arg)
{
	static const int signals[] = { SIGTERM, SIGINT, 0 };
	struct rt_shutdown_report left = { 0 };
	int code;

	(void)arg;
	server = rt_shutdown_new("server");
	code = server ? tasks_start() : -ENOMEM;
	if (!code && !example.is_forever)
		code = rt_spawn(NULL, operator, NULL, "operator");
	if (!code)
		code = rt_shutdown_wait(server, signals, DRAIN_NS, GRACE_NS, &left);
	rt_shutdown_free(server);
	if (code < 0)
		return code;
	example.is_forever = false; /* it was told to end */
	printf("SIG%s: %zu drained, %zu had to be cancelled, %zu would not end; "
	       "at the deadline these still ran:\n%s",
	       sigabbrev_np(code), left.drained, left.cancelled, left.left, left.names);
	return 0;
}

EXAMPLE_PATTERN(NULL, serve)
