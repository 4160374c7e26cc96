/* SPDX-License-Identifier: MIT */
/*
 * A supervisor: it awaits its children, starts those again that fail, later each time, and gives
 * up when one has failed too often: then the others are cancelled.
 *
 * In the console (t) "parser life 3" waits in its work; D shows its earlier ones, failed -74:
 * line 17 has no date. main, the supervisor, waits for one of those that live.
 */
#include "../example.h"

#define CHILDREN 3
#define RESTARTS 3 /* of one child, at most */
#define BACKOFF_NS (40 * RT_MS)

struct child {
	const char *name;
	int (*run)(const struct child *child);
	unsigned restarts;
	struct rt_handle task;
};

/* ---- What they do ---- */

static int work(unsigned steps)
{
	int code = 0;

	while (steps-- && !code)
		code = rt_sleep(50 * RT_MS);
	return code;
}

/* Does what it has to. */
static int import(const struct child *child)
{
	(void)child;
	return work(6);
}

/* Has a bad start, and is well the third time. */
static int parse(const struct child *child)
{
	int code = work(2);

	if (!code && child->restarts < 2)
		code = rt_fail("parse", -EBADMSG, "line %u has no date", 17 + child->restarts);
	return code ? code : work(100);
}

/* Will never be. */
static int upload(const struct child *child)
{
	int code = work(4);

	(void)child;
	return code ? code : rt_fail("net", -ECONNREFUSED, "nobody listens");
}

/* ---- The supervisor ---- */

/* It waits before it tries again, so that the supervisor need not. */
static int child_run(void *arg)
{
	const struct child *child = arg;
	int code = child->restarts ? rt_sleep(BACKOFF_NS << child->restarts) : 0;

	return code ? code : child->run(child);
}

static int child_start(struct child *child)
{
	char name[48];

	snprintf(name, sizeof(name), "%s life %u", child->name, child->restarts + 1);
	return rt_spawn(&child->task, child_run, child, name);
}

/* Awaits the end of any. Returns its index, or a negative code: -EPIPE when none is left. */
static int await_one(struct child *children, struct rt_result *result)
{
	struct rt_op ops[CHILDREN];
	int index[CHILDREN], first;
	size_t count = 0;

	for (int i = 0; i < CHILDREN; i++) {
		if (!children[i].task.task)
			continue;
		index[count] = i;
		ops[count++] = rt_join_op(&children[i].task, result);
	}
	first = count ? rt_select(ops, count, RT_FAIR) : -EPIPE;
	return first < 0 ? first : index[first];
}

/* Returns 0: it runs again, or has done what it had to. */
static int child_ended(struct child *child, const struct rt_result *result)
{
	char why[128];

	if (result->outcome == VIGIL_OUTCOME_COMPLETED) {
		printf("%s has done its work\n", child->name);
		return 0;
	}
	rt_error_print(result->error, why, sizeof(why));
	if (child->restarts++ == RESTARTS)
		return rt_fail("supervisor", result->code, "%s failed %u times, last: %s",
			       child->name, child->restarts, why);
	printf("%s failed: %s; restart %u of %d\n", child->name, why, child->restarts, RESTARTS);
	rt_event(VIGIL_LEVEL_WARN, "%s failed: %s", child->name, why);
	return child_start(child);
}

static int supervise(struct child *children)
{
	int code = 0;

	for (int i = 0; i < CHILDREN && code >= 0; i++)
		code = child_start(&children[i]);
	while (code >= 0) {
		struct rt_result result = { 0 };

		code = await_one(children, &result);
		if (code >= 0)
			code = child_ended(&children[code], &result);
		rt_result_free(&result);
	}
	for (int i = 0; i < CHILDREN; i++)
		example_stop(&children[i].task);
	return code == -EPIPE ? 0 : code;
}

static int run(void *arg)
{
	struct child children[CHILDREN] = { { .name = "import", .run = import },
					    { .name = "parser", .run = parse },
					    { .name = "uplink", .run = upload } };
	int code = supervise(children);
	struct rt_error *error = rt_error_take();
	char why[160];

	(void)arg;
	if (code == -ECANCELED || !error)
		return code;
	rt_error_print(error, why, sizeof(why));
	printf("gave up: %s; the others were cancelled\n", why);
	rt_error_free(error);
	return 0;
}

EXAMPLE_PATTERN(NULL, run)
