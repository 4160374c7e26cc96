/* SPDX-License-Identifier: MIT */
/*
 * Sleeping. No resource on the board: a million sleepers would be a million resources, and
 * the task's wait word says all, the kind and until when.
 */
#include "core.h"

#include <errno.h>

static bool sleep_poll(struct rt_op *op)
{
	struct rt *rt = op_rt(op);

	if (!rt) {
		op->result = misuse(-EPERM, "a sleep outside the runtime has no timers");
		return true;
	}
	op->result = 0;
	/* It was put into the wheel: it is done when it is there no more. */
	if (op->in.number)
		return !timer_is_set(rt, op);
	if (op->deadline_ns <= rt_clock(rt))
		return true;
	if (op->is_try)
		return false;
	op->in.number = 1;
	op_enlist(op);
	timer_add(rt, op, op->deadline_ns);
	return false;
}

static void sleep_cancel(struct rt_op *op)
{
	if (op->in.number && timer_remove(op_rt(op), op))
		op_delist(op);
}

struct rt_op rt_sleep_until_op_at(struct vigil_site *site, uint64_t deadline_ns)
{
	static const struct rt_op_type type = { .source = "Sleep",
						.waits = VIGIL_WAIT_TIMER,
						.poll = sleep_poll,
						.cancel = sleep_cancel };
	struct rt_op op = op_make(&type, site, NULL, 0);

	op.deadline_ns = deadline_ns;
	return op;
}

struct rt_op rt_sleep_op_at(struct vigil_site *site, uint64_t ns)
{
	return rt_sleep_until_op_at(site, time_after(rt_now(), ns));
}
