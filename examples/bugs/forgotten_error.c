/* SPDX-License-Identifier: MIT */
/*
 * Errors nobody saw: each request saves its order in a task of its own, whose handle it drops
 * and never awaits. The disk is full, all of them fail, and all customers read "saved".
 *
 * --fixed: the request awaits the task and looks at its result.
 *
 * Look at `vigil tasks --all --filter "outcome=failed join=detached"`: "failed -28: order 1: No
 * space left on device", and nine more; without --all they are gone after 5 s. In the console
 * e, Enter on rt: "errors unseen  10".
 */
#include "../example.h"

#define ORDERS 10

static int save(void *arg)
{
	const int *number = arg;
	int fd = open("/dev/full", O_WRONLY | O_CLOEXEC);
	int code = fd < 0 || dprintf(fd, "order %d\n", *number) < 0 ? -errno : 0;

	if (fd >= 0)
		close(fd);
	return code ? rt_fail("io", code, "order %d: %s", *number, strerror(-code)) : 0;
}

static int request(void *arg)
{
	RT_GUARD(rt_result_free) struct rt_result result = { 0 };
	RT_GUARD(rt_drop) struct rt_handle job;
	const int *number = arg;
	int code = rt_spawn(&job, save, arg, "save");

	if (!code && example.is_fixed)
		code = rt_join(&job, &result);
	if (code)
		return code;
	printf("order %d: %s\n", *number, result.code ? "not saved, come again" : "saved");
	return 0;
}

/* The runtime counts what nobody looked at, when a task has failed and its handle is gone. */
static int all_failed(uint64_t before)
{
	int code = 0;

	while (!code && rt_stats().unseen_errors < before + ORDERS)
		code = rt_sleep(RT_MS);
	return code;
}

static int forgotten_error(void)
{
	uint64_t before = rt_stats().unseen_errors;
	static int numbers[ORDERS];
	int code = 0;

	for (int i = 0; !code && i < ORDERS; i++) {
		numbers[i] = i + 1;
		code = scene_spawn(1, request, &numbers[i], "request");
	}
	if (!code)
		code = scene_join();
	if (!code && !example.is_fixed)
		code = all_failed(before);
	if (!code && !example.is_fixed)
		code = example_hold("10 tasks \"save\" failed, and nobody looked: their handles "
				    "were dropped");
	return code;
}

EXAMPLE_BUG(NULL, forgotten_error)
