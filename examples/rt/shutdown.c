/* SPDX-License-Identifier: MIT */
/*
 * The end of a program in good order: tasks are asked by a token, have time to finish what
 * they do, are cancelled, have time to clean up, and who does not is named.
 *
 * What the report counts is noted where tasks end, so nothing is counted twice. Its lock
 * comes before a task's and is never held together with the token's.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "members.h"

#define SIGNALS 8

enum phase { RUNS, DRAINS, CANCELS, ENDED };

struct rt_shutdown {
	pthread_mutex_t lock;
	size_t refs; /* its owner's, its tasks', and of those who begin it */
	enum phase phase;
	struct rt_token *token;
	struct members members;
	struct waitq for_begin, for_end;
	size_t drained, cancelled;
	char name[32];
	vigil_resource resource;
};

/* Under the lock. */
static void tell(struct rt_shutdown *shutdown)
{
	static const char *const words[] = { "runs", "drains", "cancels", "ended" };

	vigil_attr_text(shutdown->resource, "phase", words[shutdown->phase]);
	vigil_attr_u64(shutdown->resource, "live", shutdown->members.count, NULL);
	vigil_attr_u64(shutdown->resource, "drained", shutdown->drained, NULL);
	vigil_attr_u64(shutdown->resource, "cancelled", shutdown->cancelled, NULL);
}

struct rt_shutdown *rt_shutdown_new_at(struct vigil_site *site, const char *name)
{
	struct rt_shutdown *shutdown = calloc(1, sizeof(*shutdown));

	if (!shutdown)
		return NULL;
	shutdown->token = rt_token_new_at(site, name);
	if (!shutdown->token) {
		free(shutdown);
		return NULL;
	}
	pthread_mutex_init(&shutdown->lock, NULL);
	shutdown->refs = 1;
	snprintf(shutdown->name, sizeof(shutdown->name), "%s", name ? name : "");
	shutdown->resource =
		vigil_resource_new_at(site, VIGIL_RESOURCE_OTHER, "rt_shutdown", name, 0, 0);
	tell(shutdown);
	return shutdown;
}

/* Under the lock, which it gives back. */
static void shutdown_put(struct rt_shutdown *shutdown)
{
	bool is_last = !--shutdown->refs;

	pthread_mutex_unlock(&shutdown->lock);
	if (!is_last)
		return;
	rt_token_free(shutdown->token);
	vigil_resource_free(shutdown->resource);
	pthread_mutex_destroy(&shutdown->lock);
	free(shutdown);
}

void rt_shutdown_free(struct rt_shutdown *shutdown)
{
	if (!shutdown)
		return;
	pthread_mutex_lock(&shutdown->lock);
	shutdown_put(shutdown);
}

struct rt_token *rt_shutdown_token(struct rt_shutdown *shutdown)
{
	return shutdown->token;
}

/* ---- Its tasks ---- */

static void task_ended(struct rt_task *task, void *arg)
{
	struct member *member = arg;
	struct rt_shutdown *shutdown = member->owner;

	(void)task;
	pthread_mutex_lock(&shutdown->lock);
	if (member->is_cut)
		shutdown->cancelled++;
	else if (shutdown->phase != RUNS)
		shutdown->drained++;
	members_remove(&shutdown->members, member);
	tell(shutdown);
	if (!shutdown->members.count)
		waitq_wake_all(&shutdown->for_end, NULL, false);
	shutdown_put(shutdown);
}

int rt_shutdown_spawn_at(struct vigil_site *site, struct rt_shutdown *shutdown, rt_fn fn, void *arg,
			 const char *name)
{
	int error;
	struct member *member =
		member_make(site, shutdown, NULL, fn, arg, name, task_ended, &error);
	struct rt_task *task;

	if (!member)
		return error;
	task = member->task;
	vigil_attr_text(task->vigil, "shutdown", shutdown->name);
	pthread_mutex_lock(&shutdown->lock);
	shutdown->refs++;
	members_add(&shutdown->members, member);
	if (shutdown->phase > DRAINS)
		member_cut(member, site);
	tell(shutdown);
	pthread_mutex_unlock(&shutdown->lock);
	task_start(task);
	return 0;
}

/* ---- Waiting for its begin, and until no task is left ---- */

/* Whoever waits for it may end, and free it, before the token is cancelled. */
void rt_shutdown_begin_at(struct vigil_site *site, struct rt_shutdown *shutdown)
{
	pthread_mutex_lock(&shutdown->lock);
	shutdown->refs++;
	if (shutdown->phase == RUNS) {
		shutdown->phase = DRAINS;
		tell(shutdown);
		waitq_wake_all(&shutdown->for_begin, site, false);
	}
	pthread_mutex_unlock(&shutdown->lock);
	rt_token_cancel_at(site, shutdown->token);
	pthread_mutex_lock(&shutdown->lock);
	shutdown_put(shutdown);
}

static bool wait_in(struct rt_op *op, struct waitq *queue, bool is_done)
{
	op->result = 0;
	if (is_done)
		waitq_remove(op);
	else
		waitq_add(queue, op);
	return is_done;
}

static bool begin_poll(struct rt_op *op)
{
	struct rt_shutdown *shutdown = op->object;
	bool is_done;

	pthread_mutex_lock(&shutdown->lock);
	is_done = wait_in(op, &shutdown->for_begin, shutdown->phase != RUNS);
	pthread_mutex_unlock(&shutdown->lock);
	return is_done;
}

static bool end_poll(struct rt_op *op)
{
	struct rt_shutdown *shutdown = op->object;
	bool is_done;

	pthread_mutex_lock(&shutdown->lock);
	is_done = wait_in(op, &shutdown->for_end, !shutdown->members.count);
	pthread_mutex_unlock(&shutdown->lock);
	return is_done;
}

static void wait_cancel(struct rt_op *op)
{
	struct rt_shutdown *shutdown = op->object;

	pthread_mutex_lock(&shutdown->lock);
	waitq_remove(op);
	pthread_mutex_unlock(&shutdown->lock);
}

static const struct rt_op_type begin_type = { .source = "shutdown begins",
					      .waits = VIGIL_WAIT_SIGNAL,
					      .poll = begin_poll,
					      .cancel = wait_cancel };
static const struct rt_op_type end_type = { .source = "shutdown drains",
					    .waits = VIGIL_WAIT_TASK,
					    .poll = end_poll,
					    .cancel = wait_cancel };

/* ---- The whole ---- */

struct listeners {
	struct rt_signal *signals[SIGNALS];
	size_t count;
};

static void listeners_free(struct listeners *listeners)
{
	for (size_t i = 0; i < listeners->count; i++)
		rt_signal_free(listeners->signals[i]);
	listeners->count = 0;
}

static int listeners_new(struct vigil_site *site, const int *signals, struct listeners *listeners)
{
	for (; signals && *signals; signals++) {
		int error;

		if (listeners->count == SIGNALS)
			return misuse(-EINVAL, "a shutdown listens to %d signals at most", SIGNALS);
		error = rt_signal_new_at(site, *signals, &listeners->signals[listeners->count]);
		if (error)
			return error;
		listeners->count++;
	}
	return 0;
}

/*
 * Awaits what type says, one of the signals, or the deadline (0: none). Returns 0,
 * 1 + the index of the signal, -ETIMEDOUT or -ECANCELED.
 */
static int await_or_signal(struct vigil_site *site, struct rt_shutdown *shutdown,
			   const struct rt_op_type *type, const struct listeners *listeners,
			   uint64_t deadline_ns)
{
	struct rt_op ops[2 + SIGNALS];
	size_t count = 0;
	int first;

	ops[count++] = op_make(type, site, shutdown, shutdown->resource);
	for (size_t i = 0; i < listeners->count; i++)
		ops[count++] = rt_signal_wait_op_at(site, listeners->signals[i]);
	if (deadline_ns)
		ops[count++] = rt_sleep_until_op_at(site, deadline_ns);
	first = rt_select(ops, count, RT_BIASED);
	if (first > 0 && ops[first].result < 0)
		return ops[first].result;
	return first > (int)listeners->count ? -ETIMEDOUT : first;
}

/* 0 would be none. */
static uint64_t deadline(uint64_t ns)
{
	uint64_t deadline_ns = time_after(rt_now(), ns);

	return deadline_ns ? deadline_ns : 1;
}

/* Under the lock. Lines that do not fit are counted in the last. */
static void name_members(const struct members *members, char *buf, size_t size)
{
	static const size_t last_line = sizeof("and 18446744073709551615 more\n");
	size_t at = 0, named = 0;

	buf[0] = '\0';
	for (struct member *member = members->first; member; member = member->next, named++) {
		int length = member_print(member, buf + at, size - at);

		if (length < 0 || at + (size_t)length + 1 + last_line > size)
			break;
		at += (size_t)length;
		buf[at++] = '\n';
		buf[at] = '\0';
	}
	buf[at] = '\0';
	if (named < members->count)
		snprintf(buf + at, size - at, "and %zu more\n", members->count - named);
}

static void cancel_rest(struct vigil_site *site, struct rt_shutdown *shutdown,
			struct rt_shutdown_report *report)
{
	pthread_mutex_lock(&shutdown->lock);
	shutdown->phase = CANCELS;
	name_members(&shutdown->members, report->names, sizeof(report->names));
	members_cut(&shutdown->members, site);
	tell(shutdown);
	pthread_mutex_unlock(&shutdown->lock);
}

static void finish(struct rt_shutdown *shutdown, bool is_over, struct rt_shutdown_report *report)
{
	pthread_mutex_lock(&shutdown->lock);
	if (is_over)
		shutdown->phase = ENDED;
	report->drained = shutdown->drained;
	report->cancelled = shutdown->cancelled;
	report->left = shutdown->members.count;
	tell(shutdown);
	pthread_mutex_unlock(&shutdown->lock);
}

/* Returns 0, or -ECANCELED. */
static int drain(struct vigil_site *site, struct rt_shutdown *shutdown,
		 const struct listeners *listeners, uint64_t drain_ns, uint64_t grace_ns,
		 struct rt_shutdown_report *report)
{
	int code = await_or_signal(site, shutdown, &end_type, listeners, deadline(drain_ns));

	if (code != -ETIMEDOUT && code <= 0)
		return code;
	cancel_rest(site, shutdown, report);
	code = await_or_signal(site, shutdown, &end_type, &(struct listeners){ 0 },
			       deadline(grace_ns));
	return code == -ETIMEDOUT ? 0 : code;
}

int rt_shutdown_wait_at(struct vigil_site *site, struct rt_shutdown *shutdown, const int *signals,
			uint64_t drain_ns, uint64_t grace_ns, struct rt_shutdown_report *ret_report)
{
	struct rt_shutdown_report report = { 0 };
	struct listeners listeners = { 0 };
	int number = 0;
	int code = listeners_new(site, signals, &listeners);

	if (!code)
		code = await_or_signal(site, shutdown, &begin_type, &listeners, 0);
	if (code > 0)
		number = signals[code - 1];
	if (code >= 0) {
		rt_shutdown_begin_at(site, shutdown);
		/* Its owner holds it while it waits: not freed, as the analyzer thinks. */
		/* NOLINTNEXTLINE(clang-analyzer-unix.Malloc) */
		code = drain(site, shutdown, &listeners, drain_ns, grace_ns, &report);
		finish(shutdown, code == 0, &report);
	}
	listeners_free(&listeners);
	if (ret_report)
		*ret_report = report;
	return code < 0 ? code : number;
}
