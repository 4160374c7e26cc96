/* SPDX-License-Identifier: MIT */
/*
 * Ticks, one every period. When one is taken late, by more than SLACK_NS, the interval's
 * behaviour says when the next is due. The rules are those of Tokio's MissedTickBehavior.
 *
 * A tick is taken by the poll that returns it, so none is lost with an operation that was
 * cancelled. A reset only puts the next tick off: whoever waits wakes too early and looks
 * again.
 */
#include "core.h"

#include <errno.h>
#include <stdlib.h>

#define SLACK_NS (5 * RT_MS)

struct rt_interval {
	pthread_mutex_t lock;
	uint64_t period_ns, next_ns;
	uint64_t missed;
	enum rt_missed behaviour;
	vigil_resource resource;
};

struct rt_interval *rt_interval_new_at(struct vigil_site *site, const char *name,
				       uint64_t period_ns, enum rt_missed missed)
{
	static const char *const words[] = { "burst", "delay", "skip" };
	struct rt_interval *interval;

	if (!period_ns) {
		misuse(-EINVAL, "interval \"%s\" of 0 ns would tick for ever at once",
		       name ? name : "");
		return NULL;
	}
	interval = calloc(1, sizeof(*interval));
	if (!interval)
		return NULL;
	pthread_mutex_init(&interval->lock, NULL);
	interval->period_ns = period_ns;
	interval->next_ns = rt_now();
	interval->behaviour = missed;
	interval->resource =
		vigil_resource_new_at(site, VIGIL_RESOURCE_INTERVAL, "rt_interval", name, 0, 0);
	vigil_attr_u64(interval->resource, "period", period_ns, "ns");
	vigil_attr_text(interval->resource, "behaviour", words[missed]);
	vigil_attr_u64(interval->resource, "missed", 0, NULL);
	return interval;
}

void rt_interval_free(struct rt_interval *interval)
{
	if (!interval)
		return;
	vigil_resource_free(interval->resource);
	pthread_mutex_destroy(&interval->lock);
	free(interval);
}

void rt_interval_reset(struct rt_interval *interval)
{
	pthread_mutex_lock(&interval->lock);
	interval->next_ns = time_after(rt_now(), interval->period_ns);
	pthread_mutex_unlock(&interval->lock);
}

/* Under the lock: the tick is taken now. A burst's missed ones still come, late. */
static void tick(struct rt_interval *interval, uint64_t now_ns)
{
	uint64_t period_ns = interval->period_ns;
	uint64_t late_ns = now_ns - interval->next_ns;
	uint64_t passed = late_ns / period_ns;

	if (late_ns <= SLACK_NS || interval->behaviour == RT_BURST)
		interval->next_ns = time_after(interval->next_ns, period_ns);
	else if (interval->behaviour == RT_DELAY)
		interval->next_ns = time_after(now_ns, period_ns);
	else
		interval->next_ns = time_after(now_ns, period_ns - late_ns % period_ns);
	if (late_ns <= SLACK_NS || !passed)
		return;
	interval->missed += interval->behaviour == RT_BURST ? 1 : passed;
	vigil_attr_u64(interval->resource, "missed", interval->missed, NULL);
}

static bool tick_poll(struct rt_op *op)
{
	struct rt_interval *interval = op->object;
	struct rt *rt = op_rt(op);
	uint64_t *ret_tick = op->out;
	uint64_t now_ns;
	bool is_due;

	if (!rt) {
		op->result = misuse(-EPERM, "an interval outside the runtime has no timers");
		return true;
	}
	op->result = 0;
	pthread_mutex_lock(&interval->lock);
	now_ns = rt_clock(rt);
	is_due = interval->next_ns <= now_ns;
	if (is_due) {
		timer_disarm(rt, op);
		if (ret_tick)
			*ret_tick = interval->next_ns;
		tick(interval, now_ns);
	} else if (!op->is_try) {
		timer_arm(rt, op, interval->next_ns);
	}
	pthread_mutex_unlock(&interval->lock);
	return is_due;
}

static void tick_cancel(struct rt_op *op)
{
	struct rt *rt = op_rt(op);

	if (rt)
		timer_disarm(rt, op);
}

struct rt_op rt_interval_tick_op_at(struct vigil_site *site, struct rt_interval *interval,
				    uint64_t *ret_tick)
{
	static const struct rt_op_type type = { .source = "Interval::tick",
						.waits = VIGIL_WAIT_TIMER,
						.poll = tick_poll,
						.cancel = tick_cancel };
	struct rt_op op = op_make(&type, site, interval, interval->resource);

	op.out = ret_tick;
	return op;
}
