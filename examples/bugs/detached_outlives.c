/* SPDX-License-Identifier: MIT */
/*
 * A detached task that outlives its parent: a request starts an audit beside its work and
 * drops the handle. The request ends, the audit goes on: nobody awaits it, nobody can cancel
 * it, and what it has borrowed of the request may be gone.
 *
 * --fixed: the request keeps the handle, cancels the audit and awaits its end.
 *
 * Look at the tree of tasks (`t`, F5): audit lives below a request that is "completed";
 * `vigil tasks --filter join=detached` lists it, as long as it lives.
 */
#include <errno.h>
#include <stdatomic.h>

#include "../example.h"

#define ENTRIES 10 /* made after the parent has ended */

static struct {
	struct rt_notify *outlived, *stop;
	atomic_bool is_request_over;
} server;

static int audit(void *arg)
{
	struct rt_oneshot_sender *end = arg; /* gone with this task */
	unsigned late = 0;
	int code;

	do {
		code = rt_timeout(10 * RT_MS, rt_notified_op(server.stop));
		if (atomic_load(&server.is_request_over) && ++late == ENTRIES)
			rt_notify_one(server.outlived);
	} while (code == -ETIMEDOUT);
	printf("the audit %s its request\n", late ? "outlived" : "ended before");
	rt_oneshot_sender_free(end);
	return code;
}

static int request(void *arg)
{
	struct rt_handle job;
	int code = rt_spawn(&job, audit, arg, "audit");

	if (code) {
		rt_oneshot_sender_free(arg);
		return code;
	}
	code = rt_sleep(EXAMPLE_PAUSE); /* its work */
	if (example.is_fixed) {
		rt_cancel(&job);
		return rt_join(&job, NULL);
	}
	rt_drop(&job);
	return code;
}

static int serve(struct rt_oneshot_receiver *audit_end, struct rt_oneshot_sender *end)
{
	struct rt_handle job;
	void *nothing;
	int code = rt_spawn(&job, request, end, "request");

	if (code)
		rt_oneshot_sender_free(end);
	else
		code = rt_join(&job, NULL);
	atomic_store(&server.is_request_over, true);
	if (!code && !example.is_fixed)
		code = rt_notified(server.outlived);
	if (!code && !example.is_fixed)
		code = example_hold("task \"audit\" goes on, and its parent, task \"request\", has "
				    "ended: it was detached");
	rt_notify_one(server.stop);
	rt_oneshot_recv(audit_end, &nothing);
	return code;
}

static int start(void *arg)
{
	struct rt_oneshot_receiver *audit_end = NULL;
	struct rt_oneshot_sender *end;
	int code = -ENOMEM;

	(void)arg;
	atomic_store(&server.is_request_over, false);
	server.outlived = rt_notify_new("outlived");
	server.stop = rt_notify_new("stop");
	if (server.outlived && server.stop)
		code = rt_oneshot_new("end of the audit", NULL, &end, &audit_end);
	if (!code) {
		code = serve(audit_end, end);
		rt_oneshot_receiver_free(audit_end);
	}
	rt_notify_free(server.stop);
	rt_notify_free(server.outlived);
	return code;
}

EXAMPLE_BUG(NULL, start)
