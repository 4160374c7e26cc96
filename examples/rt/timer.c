/* SPDX-License-Identifier: MIT */
/*
 * A timer that is put off again and again while somebody waits for it, which is what an
 * idle timeout does with every message. So putting it off only stores the new deadline:
 * whoever waits wakes at the old one, looks, and waits on. Pulling it forward wakes them.
 *
 * A waiter stands in the wheel, to be woken in time, and in the timer's line, to be found.
 * It holds the timer, which may therefore be freed under it.
 */
#include "core.h"

#include <errno.h>
#include <stdlib.h>

struct rt_timer {
	pthread_mutex_t lock;
	size_t refs; /* its owner's, and one for each who waits */
	uint64_t deadline_ns, resets;
	bool is_closed;
	struct waitq waiters;
	vigil_resource resource;
};

struct rt_timer *rt_timer_new_at(struct vigil_site *site, const char *name, uint64_t ns)
{
	struct rt_timer *timer = calloc(1, sizeof(*timer));

	if (!timer)
		return NULL;
	pthread_mutex_init(&timer->lock, NULL);
	timer->refs = 1;
	timer->deadline_ns = time_after(rt_now(), ns);
	timer->resource = vigil_resource_new_at(site, VIGIL_RESOURCE_TIMER, "rt_timer", name, 0, 0);
	vigil_attr_u64(timer->resource, "deadline", timer->deadline_ns, "ns");
	vigil_attr_u64(timer->resource, "resets", 0, NULL);
	return timer;
}

/* Under the lock, which it gives back. */
static void timer_put(struct rt_timer *timer)
{
	bool is_last = !--timer->refs;

	pthread_mutex_unlock(&timer->lock);
	if (!is_last)
		return;
	pthread_mutex_destroy(&timer->lock);
	free(timer);
}

/* Under the lock. Those who are not in the wheel have been woken. */
static void wake_waiters(struct rt_timer *timer, struct vigil_site *site)
{
	for (struct rt_op *op = timer->waiters.first; op; op = op->next)
		if (timer_remove(op->task->rt, op))
			op_wake(op, site);
}

void rt_timer_free(struct rt_timer *timer)
{
	if (!timer)
		return;
	vigil_resource_free(timer->resource);
	pthread_mutex_lock(&timer->lock);
	timer->is_closed = true;
	wake_waiters(timer, NULL);
	timer_put(timer);
}

void rt_timer_reset_at(struct vigil_site *site, struct rt_timer *timer, uint64_t ns)
{
	uint64_t deadline_ns = time_after(rt_now(), ns);
	bool is_earlier;

	pthread_mutex_lock(&timer->lock);
	is_earlier = deadline_ns < timer->deadline_ns;
	timer->deadline_ns = deadline_ns;
	timer->resets++;
	vigil_attr_u64(timer->resource, "deadline", deadline_ns, "ns");
	vigil_attr_u64(timer->resource, "resets", timer->resets, NULL);
	if (is_earlier)
		wake_waiters(timer, site);
	pthread_mutex_unlock(&timer->lock);
}

/* Under the lock, which it gives back: op waits no more. */
static void leave(struct rt_timer *timer, struct rt_op *op)
{
	timer_disarm(op_rt(op), op);
	if (waitq_remove(op))
		timer_put(timer);
	else
		pthread_mutex_unlock(&timer->lock);
}

static bool wait_poll(struct rt_op *op)
{
	struct rt_timer *timer = op->object;
	struct rt *rt = op_rt(op);

	if (!rt) {
		op->result = misuse(-EPERM, "a timer outside the runtime would never fire");
		return true;
	}
	pthread_mutex_lock(&timer->lock);
	op->result = timer->is_closed ? -EPIPE : 0;
	if (timer->is_closed || timer->deadline_ns <= rt_clock(rt)) {
		leave(timer, op);
		return true;
	}
	if (waitq_add(&timer->waiters, op))
		timer->refs++;
	if (!op->is_try)
		timer_arm(rt, op, timer->deadline_ns);
	pthread_mutex_unlock(&timer->lock);
	return false;
}

static void wait_cancel(struct rt_op *op)
{
	struct rt_timer *timer = op->object;

	if (!op->task)
		return; /* it was never polled: it does not hold the timer */
	pthread_mutex_lock(&timer->lock);
	leave(timer, op);
}

struct rt_op rt_timer_wait_op_at(struct vigil_site *site, struct rt_timer *timer)
{
	static const struct rt_op_type type = { .source = "Timer::wait",
						.waits = VIGIL_WAIT_TIMER,
						.poll = wait_poll,
						.cancel = wait_cancel };

	return op_make(&type, site, timer, timer->resource);
}
