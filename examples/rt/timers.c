/* SPDX-License-Identifier: MIT */
/*
 * Timers: the wheel, its lock, and the timerfd that wakes the reactor for it.
 *
 * The law: an operation in the wheel is woken under the lock, so that its task cannot take
 * it back meanwhile.
 */
#include "core.h"

#include <errno.h>
#include <sys/timerfd.h>
#include <unistd.h>

int timers_open(struct rt *rt)
{
	struct timers *timers = &rt->timers;

	pthread_mutex_init(&timers->lock, NULL);
	wheel_init(&timers->wheel, rt_clock(rt));
	timers->armed_ns = UINT64_MAX;
	timers->fd = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
	return timers->fd < 0 ? -errno : 0;
}

void timers_close(struct rt *rt)
{
	if (rt->timers.fd >= 0)
		close(rt->timers.fd);
	pthread_mutex_destroy(&rt->timers.lock);
}

/* Under the lock. A timerfd set to 0 would never fire; paused time needs none. */
static void timers_arm(struct rt *rt)
{
	struct timers *timers = &rt->timers;
	uint64_t next = wheel_next_ns(&timers->wheel);
	struct itimerspec spec = { 0 };

	if (next == timers->armed_ns || rt->options.is_paused)
		return;
	timers->armed_ns = next;
	if (next != UINT64_MAX) {
		next = next ? next : 1;
		spec.it_value.tv_sec = (time_t)(next / RT_S);
		spec.it_value.tv_nsec = (long)(next % RT_S);
	}
	timerfd_settime(timers->fd, TFD_TIMER_ABSTIME, &spec, NULL);
}

void timer_add(struct rt *rt, struct rt_op *op, uint64_t deadline_ns)
{
	struct timers *timers = &rt->timers;

	pthread_mutex_lock(&timers->lock);
	wheel_add(&timers->wheel, &op->timer, deadline_ns);
	if (deadline_ns < timers->armed_ns)
		timers_arm(rt);
	pthread_mutex_unlock(&timers->lock);
}

/* The timerfd stays as it is: it fires once for nothing, and is set again then. */
bool timer_remove(struct rt *rt, struct rt_op *op)
{
	bool was_there;

	pthread_mutex_lock(&rt->timers.lock);
	was_there = wheel_remove(&rt->timers.wheel, &op->timer);
	pthread_mutex_unlock(&rt->timers.lock);
	return was_there;
}

void timer_arm(struct rt *rt, struct rt_op *op, uint64_t deadline_ns)
{
	if (!timer_remove(rt, op))
		op_enlist(op);
	op->deadline_ns = deadline_ns;
	timer_add(rt, op, deadline_ns);
}

void timer_disarm(struct rt *rt, struct rt_op *op)
{
	if (timer_remove(rt, op))
		op_delist(op);
}

bool timer_is_set(struct rt *rt, const struct rt_op *op)
{
	bool is_set;

	pthread_mutex_lock(&rt->timers.lock);
	is_set = wheel_has(&op->timer);
	pthread_mutex_unlock(&rt->timers.lock);
	return is_set;
}

size_t timers_expire(struct rt *rt)
{
	struct timers *timers = &rt->timers;
	uint64_t now = rt_clock(rt);
	struct wheel_timer *timer;
	size_t count = 0;

	pthread_mutex_lock(&timers->lock);
	while ((timer = wheel_expire(&timers->wheel, now))) {
		struct rt_op *op = (struct rt_op *)((char *)timer - offsetof(struct rt_op, timer));

		op->is_granted = true;
		op_wake(op, NULL);
		count++;
	}
	timers->armed_ns = 0; /* it has fired */
	timers_arm(rt);
	pthread_mutex_unlock(&timers->lock);
	return count;
}

uint64_t timers_next(struct rt *rt)
{
	uint64_t next;

	pthread_mutex_lock(&rt->timers.lock);
	next = wheel_next_ns(&rt->timers.wheel);
	pthread_mutex_unlock(&rt->timers.lock);
	return next;
}
