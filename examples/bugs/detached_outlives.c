/* SPDX-License-Identifier: MIT */
/*
 * A detached task that outlives its parent: a request starts an audit beside its work and
 * drops the handle. The request ends, the audit goes on: nobody awaits it, nobody can cancel
 * it, and what it has borrowed of the request may be gone.
 *
 * --fixed: the request keeps the handle, cancels the audit and awaits its end.
 *
 * Look at the tree of tasks (`t`, F5, and D, as what has ended is gone after 5 s): audit lives
 * below a request that is "completed", as `vigil tasks --all` says too;
 * `vigil tasks --filter join=detached` lists it, as long as it lives.
 */
#include "../example.h"

#define ENTRIES 10 /* made after the parent has ended */

static bool is_request_over;

static int audit(void *arg)
{
	unsigned late = 0;
	int code = 0;

	(void)arg;
	while (!code) {
		code = rt_sleep(10 * RT_MS); /* an entry */
		if (!code && is_request_over && ++late == ENTRIES)
			scene_step();
	}
	return code; /* here at the latest when the runtime ends */
}

static int request(void *arg)
{
	struct rt_handle job;
	int code = rt_spawn(&job, audit, arg, "audit");

	if (code)
		return code;
	code = rt_sleep(EXAMPLE_PAUSE); /* its work */
	if (example.is_fixed) {
		rt_cancel(&job);
		return rt_join(&job, NULL);
	}
	rt_drop(&job);
	return code;
}

static int detached_outlives(void)
{
	int code;

	is_request_over = false;
	code = scene_spawn(1, request, NULL, "request");
	if (!code)
		code = scene_join();
	is_request_over = true;
	if (!code)
		code = scene_stand(1, "task \"audit\" goes on, and its parent, task \"request\", "
				      "has ended: it was detached");
	printf("the audit %s its request\n", example.is_fixed ? "ended before" : "outlived");
	return code;
}

EXAMPLE_BUG(&(struct rt_options){ .workers = 1 }, detached_outlives)
