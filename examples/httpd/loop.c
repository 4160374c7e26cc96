/* SPDX-License-Identifier: MIT */
/*
 * The event loop.
 *
 * Law: collecting never calls a watch, running never waits. What a callback
 * wakes runs in the next turn, so one busy watch cannot starve the others.
 */
#include "loop.h"

#include <assert.h>
#include <errno.h>
#include <limits.h>
#include <stddef.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#define EVENTS_PER_TURN 256

#define container_of(ptr, type, member) ((type *)((char *)(ptr)-offsetof(type, member)))

static void loop_wake_all(struct loop *loop, unsigned why)
{
	loop->is_stopping = true;
	for (struct watch *watch = loop->watches; watch; watch = watch->next)
		watch_wake(watch, why);
}

static void loop_on_stop(struct post *post)
{
	loop_wake_all(container_of(post, struct loop, stop), WAKE_STOP);
}

static void loop_on_kill(struct post *post)
{
	loop_wake_all(container_of(post, struct loop, kill), WAKE_KILL);
}

int loop_init(struct loop *loop)
{
	/* A null data.ptr stands for the eventfd: no watch has it. */
	struct epoll_event event = { .events = EPOLLIN };

	memset(loop, 0, sizeof(*loop));
	loop->ready_tail = &loop->ready;
	loop->posts_tail = &loop->posts;
	loop->stop.run = loop_on_stop;
	loop->kill.run = loop_on_kill;
	pthread_mutex_init(&loop->posts_lock, NULL);
	loop->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	loop->event_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (loop->epoll_fd < 0 || loop->event_fd < 0 ||
	    epoll_ctl(loop->epoll_fd, EPOLL_CTL_ADD, loop->event_fd, &event))
		return -errno;
	return 0;
}

void loop_post(struct loop *loop, struct post *post)
{
	static const uint64_t one = 1;
	bool was_empty;

	post->next = NULL;
	pthread_mutex_lock(&loop->posts_lock);
	was_empty = !loop->posts;
	*loop->posts_tail = post;
	loop->posts_tail = &post->next;
	pthread_mutex_unlock(&loop->posts_lock);
	/* Whoever filled the queue before us has rung the bell already. */
	if (was_empty && write(loop->event_fd, &one, sizeof(one)) < 0)
		assert(errno == EAGAIN);
}

void loop_stop(struct loop *loop, bool is_now)
{
	loop_post(loop, is_now ? &loop->kill : &loop->stop);
}

static void loop_take_posts(struct loop *loop)
{
	struct post *post;
	uint64_t rung;

	/* The bell before the queue: a post in between is taken now, and
	 * one after it finds an empty queue and rings again. */
	if (read(loop->event_fd, &rung, sizeof(rung)) < 0)
		assert(errno == EAGAIN);
	pthread_mutex_lock(&loop->posts_lock);
	post = loop->posts;
	loop->posts = NULL;
	loop->posts_tail = &loop->posts;
	pthread_mutex_unlock(&loop->posts_lock);
	while (post) {
		struct post *next = post->next; /* run() may free the post */

		post->run(post);
		post = next;
	}
}

static void loop_fire_timers(struct loop *loop)
{
	uint64_t now_ns = clock_ns();
	struct timer *timer;

	while ((timer = timers_first(&loop->timers)) && timer->due_ns <= now_ns) {
		timers_disarm(&loop->timers, timer);
		watch_wake(container_of(timer, struct watch, timer), WAKE_TIMER);
	}
}

/* Rounds up: a turn begun too early would find no timer due, and spin. */
static int loop_timeout_ms(const struct loop *loop)
{
	const struct timer *timer = timers_first(&loop->timers);
	uint64_t now_ns, left_ms;

	if (loop->ready)
		return 0;
	if (!timer)
		return -1;
	now_ns = clock_ns();
	if (timer->due_ns <= now_ns)
		return 0;
	left_ms = (timer->due_ns - now_ns + 999999) / 1000000;
	return left_ms < INT_MAX ? (int)left_ms : INT_MAX;
}

static unsigned wake_from_epoll(uint32_t events)
{
	return (events & EPOLLIN ? WAKE_READABLE : 0u) | (events & EPOLLOUT ? WAKE_WRITABLE : 0u) |
	       (events & (EPOLLERR | EPOLLHUP) ? WAKE_HANGUP : 0u);
}

static void loop_collect(struct loop *loop)
{
	struct epoll_event events[EVENTS_PER_TURN];
	int timeout_ms = loop_timeout_ms(loop);
	int n_events;

	if (timeout_ms)
		vigil_worker_park();
	n_events = epoll_wait(loop->epoll_fd, events, EVENTS_PER_TURN, timeout_ms);
	if (timeout_ms)
		vigil_worker_unpark();
	assert(n_events >= 0 || errno == EINTR);
	for (int i = 0; i < n_events; i++) {
		struct watch *watch = events[i].data.ptr;

		if (watch)
			watch_wake(watch, wake_from_epoll(events[i].events));
		else
			loop_take_posts(loop);
	}
	loop_fire_timers(loop);
}

static void loop_run_ready(struct loop *loop)
{
	struct watch *watch = loop->ready;

	loop->ready = NULL;
	loop->ready_tail = &loop->ready;
	while (watch) {
		struct watch *next = watch->next_ready;
		unsigned woken = watch->woken;
		vigil_task task = watch->task;

		watch->woken = 0;
		vigil_poll_begin(task);
		watch->run(watch, woken); /* may close the watch */
		vigil_poll_end(task);
		watch = next;
	}
}

void loop_run(struct loop *loop)
{
	while (!loop->is_stopping || loop->watches) {
		loop_collect(loop);
		loop_run_ready(loop);
	}
}

void loop_fini(struct loop *loop)
{
	loop_take_posts(loop);
	assert(!loop->watches);
	timers_fini(&loop->timers);
	pthread_mutex_destroy(&loop->posts_lock);
	close(loop->event_fd);
	close(loop->epoll_fd);
}

int watch_open(struct watch *watch, struct loop *loop, int fd, uint32_t interest,
	       void (*run)(struct watch *, unsigned))
{
	struct epoll_event event = { .events = interest, .data.ptr = watch };
	int err = timers_reserve(&loop->timers);

	if (err)
		return err;
	if (epoll_ctl(loop->epoll_fd, EPOLL_CTL_ADD, fd, &event)) {
		err = -errno;
		timers_unreserve(&loop->timers);
		return err;
	}
	*watch = (struct watch){
		.loop = loop,
		.fd = fd,
		.interest = interest,
		.run = run,
		.next = loop->watches,
		.back = &loop->watches,
	};
	if (watch->next)
		watch->next->back = &watch->next;
	loop->watches = watch;
	return 0;
}

void watch_close(struct watch *watch)
{
	assert(!watch->woken);
	watch_disarm(watch);
	timers_unreserve(&watch->loop->timers);
	*watch->back = watch->next;
	if (watch->next)
		watch->next->back = watch->back;
	close(watch->fd); /* which also takes it out of epoll */
}

void watch_want(struct watch *watch, uint32_t interest)
{
	struct epoll_event event = { .events = interest, .data.ptr = watch };

	if (interest == watch->interest)
		return;
	if (epoll_ctl(watch->loop->epoll_fd, EPOLL_CTL_MOD, watch->fd, &event))
		assert(!"a watch is in epoll from open to close");
	watch->interest = interest;
}

void watch_wake_at(struct vigil_site *site, struct watch *watch, unsigned why, vigil_object by)
{
	vigil_wake_by_at(site, watch->task, by);
	if (!watch->woken) {
		watch->next_ready = NULL;
		*watch->loop->ready_tail = watch;
		watch->loop->ready_tail = &watch->next_ready;
	}
	watch->woken |= why;
}

void watch_arm(struct watch *watch, unsigned delay_ms)
{
	/* Not the time of the turn: callbacks before this one may be slow. */
	timers_arm(&watch->loop->timers, &watch->timer, clock_ns() + delay_ms * UINT64_C(1000000));
}

void watch_disarm(struct watch *watch)
{
	timers_disarm(&watch->loop->timers, &watch->timer);
}
