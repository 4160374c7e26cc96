/* SPDX-License-Identifier: MIT */
/* The first of several operations; and one with a time limit. */
#include "core.h"

#include <errno.h>

#include "op.h"

/* Takes back all that wait, but the winner. */
static void cancel_others(struct rt_op *ops, size_t count, size_t winner)
{
	for (size_t i = 0; i < count; i++) {
		if (i == winner)
			continue;
		ops[i].type->cancel(&ops[i]);
		ops[i].result = -ECANCELED;
		op_use_up(&ops[i]);
	}
	if (winner < count)
		op_use_up(&ops[winner]);
}

static void unshow_all(struct rt_op *ops, size_t count)
{
	for (size_t i = 0; i < count; i++)
		op_unshow(&ops[i]);
}

/* The wait word has room for one: the first that says what for, until the first deadline. */
static void tell_wait(struct rt_op *ops, size_t count)
{
	uint64_t deadline_ns = 0;
	size_t first = 0;

	for (size_t i = 0; i < count; i++)
		if (ops[i].deadline_ns && (!deadline_ns || ops[i].deadline_ns < deadline_ns))
			deadline_ns = ops[i].deadline_ns;
	while (first + 1 < count && ops[first].type->waits == VIGIL_WAIT_TIMER)
		first++;
	if (ops[first].type->waits == VIGIL_WAIT_TIMER)
		first = 0;
	op_tell_wait(&ops[first], deadline_ns);
}

static int select_slow(struct rt_task *task, struct rt_op *ops, size_t count, size_t from)
{
	for (size_t i = 0; i < count; i++)
		op_show(&ops[i]);
	for (;;) {
		tell_wait(ops, count);
		task_wait(task);
		for (size_t k = 0; k < count; k++) {
			size_t i = (from + k) % count;

			if (!op_repoll(&ops[i]))
				continue;
			/* First: its poll ends with it. */
			op_unshow(&ops[i]);
			cancel_others(ops, count, i);
			unshow_all(ops, count);
			return (int)i;
		}
		if (task_is_cut(task)) {
			cancel_others(ops, count, count);
			unshow_all(ops, count);
			return -ECANCELED;
		}
	}
}

int rt_select(struct rt_op *ops, size_t count, enum rt_order order)
{
	struct rt_task *task = task_here();
	size_t from;

	if (!task)
		return misuse(-EPERM, "rt_select outside a task: await in what rt_run runs");
	if (task->is_in_place)
		return refused_in_place("rt_select");
	if (!count)
		return misuse(-EINVAL, "rt_select among no operations would never end");
	if (!await_begin(task, ops[0].site))
		return -ECANCELED;
	for (size_t i = 0; i < count; i++)
		op_check(&ops[i]);
	from = order == RT_FAIR ? worker_random(worker_here()) % count : 0;
	for (size_t k = 0; k < count; k++) {
		size_t i = (from + k) % count;

		if (!ops[i].type->poll(&ops[i]))
			continue;
		/* Those not yet polled stand nowhere: only those before it are taken back. */
		for (size_t before = 0; before < k; before++) {
			struct rt_op *loser = &ops[(from + before) % count];

			loser->type->cancel(loser);
			loser->result = -ECANCELED;
			op_use_up(loser);
		}
		task->budget--;
		op_use_up(&ops[i]);
		return (int)i;
	}
	return select_slow(task, ops, count, from);
}

int rt_timeout_until(uint64_t deadline_ns, struct rt_op op)
{
	struct rt_op ops[2] = { op, rt_sleep_until_op_at(op.site, deadline_ns) };
	int first;

	ops[1].is_limit = true;
	first = rt_select(ops, 2, RT_BIASED);
	if (first < 0)
		return first;
	return first == 0 ? ops[0].result : -ETIMEDOUT;
}

int rt_timeout(uint64_t ns, struct rt_op op)
{
	return rt_timeout_until(time_after(rt_now(), ns), op);
}
