/* SPDX-License-Identifier: MIT */
/*
 * The reactor: epoll, edge-triggered, with an eventfd that interrupts it and the timerfd.
 *
 * Why no readiness is lost: an attempt first takes the mark off its source, then makes the
 * system call. An edge that comes between the two sets the mark again, and the operation
 * that was told EAGAIN finds it and tries once more before it stands in line.
 *
 * A source is never given back before the runtime ends, only used again. An event of a
 * descriptor closed meanwhile may mark its successor: that costs one attempt in vain.
 */
#include "core.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#define EVENTS 128

struct source {
	pthread_mutex_t lock;
	struct rt *rt;
	int fd;
	bool is_ready[2]; /* by enum direction */
	struct waitq waiters[2];
	size_t waiting; /* operations in line, and those that were woken and have not looked */
	struct source *next_free, *next;
};

static int watch(struct reactor *reactor, int fd, void *mark, uint32_t events)
{
	struct epoll_event event = { .events = events, .data.ptr = mark };

	return epoll_ctl(reactor->epoll, EPOLL_CTL_ADD, fd, &event) ? -errno : 0;
}

int reactor_open(struct rt *rt)
{
	struct reactor *reactor = &rt->reactor;
	int error;

	pthread_mutex_init(&reactor->driver, NULL);
	pthread_mutex_init(&reactor->lock, NULL);
	reactor->eventfd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	reactor->epoll = epoll_create1(EPOLL_CLOEXEC);
	if (reactor->eventfd < 0 || reactor->epoll < 0)
		return -errno;
	error = watch(reactor, reactor->eventfd, &reactor->eventfd, EPOLLIN | EPOLLET);
	return error ? error : watch(reactor, rt->timers.fd, &rt->timers.fd, EPOLLIN | EPOLLET);
}

void reactor_close(struct rt *rt)
{
	struct reactor *reactor = &rt->reactor;

	while (reactor->all) {
		struct source *source = reactor->all;

		reactor->all = source->next;
		pthread_mutex_destroy(&source->lock);
		free(source);
	}
	if (reactor->epoll >= 0)
		close(reactor->epoll);
	if (reactor->eventfd >= 0)
		close(reactor->eventfd);
	pthread_mutex_destroy(&reactor->driver);
	pthread_mutex_destroy(&reactor->lock);
}

void reactor_interrupt(struct rt *rt)
{
	uint64_t one = 1;

	/* Full is as good as written: it is an edge either way. */
	if (write(rt->reactor.eventfd, &one, sizeof(one)) < 0)
		return;
}

static void source_mark(struct source *source, enum direction direction)
{
	source->is_ready[direction] = true;
	waitq_wake_one(&source->waiters[direction], NULL);
}

static void source_fire(struct source *source, uint32_t events)
{
	pthread_mutex_lock(&source->lock);
	if (events & (EPOLLIN | EPOLLRDHUP | EPOLLHUP | EPOLLERR))
		source_mark(source, TO_READ);
	if (events & (EPOLLOUT | EPOLLHUP | EPOLLERR))
		source_mark(source, TO_WRITE);
	pthread_mutex_unlock(&source->lock);
}

int reactor_wait(struct rt *rt, int timeout_ms, bool *is_parked)
{
	struct epoll_event events[EVENTS];
	int count = epoll_wait(rt->reactor.epoll, events, EVENTS, timeout_ms);
	bool is_turn = false;

	if (is_parked && *is_parked && count > 0) {
		vigil_worker_unpark();
		*is_parked = false;
	}
	for (int i = 0; i < count; i++) {
		void *mark = events[i].data.ptr;

		if (mark == &rt->reactor.eventfd)
			continue;
		is_turn = true;
		if (mark == &rt->timers.fd)
			timers_expire(rt);
		else
			source_fire(mark, events[i].events);
	}
	if (is_turn)
		atomic_fetch_add(&rt->turns, 1);
	return count;
}

/* ---- Sources ---- */

static struct source *source_take(struct rt *rt)
{
	struct reactor *reactor = &rt->reactor;
	struct source *source;

	pthread_mutex_lock(&reactor->lock);
	source = reactor->free;
	if (source) {
		reactor->free = source->next_free;
	} else {
		source = calloc(1, sizeof(*source));
		if (source) {
			pthread_mutex_init(&source->lock, NULL);
			source->next = reactor->all;
			reactor->all = source;
		}
	}
	pthread_mutex_unlock(&reactor->lock);
	return source;
}

static void source_give_back(struct source *source)
{
	struct reactor *reactor = &source->rt->reactor;

	pthread_mutex_lock(&reactor->lock);
	source->next_free = reactor->free;
	reactor->free = source;
	pthread_mutex_unlock(&reactor->lock);
}

struct source *source_new(struct rt *rt, int fd, int *ret_error)
{
	struct source *source = source_take(rt);
	int error;

	if (!source) {
		*ret_error = -ENOMEM;
		return NULL;
	}
	pthread_mutex_lock(&source->lock);
	source->rt = rt;
	source->fd = fd;
	source->is_ready[TO_READ] = source->is_ready[TO_WRITE] = false;
	pthread_mutex_unlock(&source->lock);
	error = watch(&rt->reactor, fd, source, EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET);
	if (!error)
		return source;
	source_give_back(source);
	*ret_error = error;
	return NULL;
}

bool source_free(struct source *source)
{
	bool is_awaited;

	pthread_mutex_lock(&source->lock);
	is_awaited = source->waiting;
	pthread_mutex_unlock(&source->lock);
	if (is_awaited)
		return false;
	epoll_ctl(source->rt->reactor.epoll, EPOLL_CTL_DEL, source->fd, NULL);
	source_give_back(source);
	return true;
}

/* These two under the lock. */
static void begin_waiting(struct source *source, struct rt_op *op, enum direction direction)
{
	bool was_woken = op->is_granted;

	if (waitq_add(&source->waiters[direction], op) && !was_woken)
		source->waiting++;
}

/* Returns whether it was woken, and stands in line no more. */
static bool end_waiting(struct source *source, struct rt_op *op)
{
	bool stood_in_line = waitq_remove(op);
	bool was_woken = !stood_in_line && op->is_granted;

	if (stood_in_line || was_woken)
		source->waiting--;
	return was_woken;
}

bool source_poll(struct source *source, struct rt_op *op, enum direction direction,
		 int (*attempt)(int fd, struct rt_op *op))
{
	for (;;) {
		bool is_marked;

		pthread_mutex_lock(&source->lock);
		source->is_ready[direction] = false;
		pthread_mutex_unlock(&source->lock);
		op->result = attempt(source->fd, op);
		pthread_mutex_lock(&source->lock);
		if (op->result != -EAGAIN) {
			end_waiting(source, op);
			/* There may be more: the next in line finds out. */
			source_mark(source, direction);
			pthread_mutex_unlock(&source->lock);
			return true;
		}
		is_marked = source->is_ready[direction];
		if (!is_marked)
			begin_waiting(source, op, direction);
		pthread_mutex_unlock(&source->lock);
		if (!is_marked)
			return false;
	}
}

void source_cancel(struct source *source, struct rt_op *op)
{
	pthread_mutex_lock(&source->lock);
	if (end_waiting(source, op)) {
		/* It was woken and will not look: the next in line does. */
		waitq_wake_one(&source->waiters[TO_READ], NULL);
		waitq_wake_one(&source->waiters[TO_WRITE], NULL);
	}
	pthread_mutex_unlock(&source->lock);
}
