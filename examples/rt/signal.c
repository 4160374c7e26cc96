/* SPDX-License-Identifier: MIT */
/*
 * Signals, as something to wait for.
 *
 * The handler counts the arrival in every struct rt_signal of its number and writes to its
 * eventfd, which the reactor watches; nobody reads it, for each write is an edge. The counts
 * are the truth: a child process that shares the eventfd after fork can wake us, not more.
 *
 * Who waits has the count that was seen when it began, so all that wait see an arrival; one
 * that comes when nobody does is there for the next to ask. Many in a row are one.
 *
 * Law of the list: the handler takes no lock. So what is taken out of it is freed when no
 * handler runs that may have found it there. Handlers are short.
 */
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "io.h"

struct rt_signal {
	struct io_fd fd;
	int number;
	_Atomic uint64_t arrived;
	pthread_mutex_t lock;
	uint64_t seen;
	struct rt_signal *_Atomic next; /* of the same number */
};

static struct {
	struct rt_signal *_Atomic first;
	struct sigaction before; /* what it did before the first */
} table[NSIG];

static pthread_mutex_t table_lock = PTHREAD_MUTEX_INITIALIZER; /* but for the handler */
static _Atomic unsigned handlers;                              /* that run */

/* ---- In the handler ---- */

static void on_signal(int number)
{
	uint64_t one = 1;
	int error = errno;

	/* Partner: the loads of handlers in table_remove. */
	atomic_fetch_add(&handlers, 1);
	for (struct rt_signal *s = atomic_load(&table[number].first); s;
	     s = atomic_load(&s->next)) {
		atomic_fetch_add(&s->arrived, 1);
		/* Full: its reactor has edges enough. */
		if (write(s->fd.fd, &one, sizeof(one)) < 0)
			continue;
	}
	atomic_fetch_sub(&handlers, 1);
	errno = error;
}

/* ---- The table ---- */

static int table_add(struct rt_signal *signal)
{
	/* A task's stack is small: on the thread's other one, where it has one. */
	struct sigaction action = { .sa_handler = on_signal, .sa_flags = SA_RESTART | SA_ONSTACK };
	int number = signal->number;
	int error = 0;

	pthread_mutex_lock(&table_lock);
	atomic_store(&signal->next, atomic_load(&table[number].first));
	if (!atomic_load(&signal->next) && sigaction(number, &action, &table[number].before))
		error = -errno;
	if (!error)
		atomic_store(&table[number].first, signal);
	pthread_mutex_unlock(&table_lock);
	return error;
}

static void table_remove(struct rt_signal *signal)
{
	int number = signal->number;
	struct rt_signal *_Atomic *link = &table[number].first;
	struct sigaction now;

	pthread_mutex_lock(&table_lock);
	while (atomic_load(link) != signal)
		link = &atomic_load(link)->next;
	/* Of the last one. Whoever took the signal over meanwhile keeps it. */
	if (link == &table[number].first && !atomic_load(&signal->next) &&
	    !sigaction(number, NULL, &now) && !(now.sa_flags & SA_SIGINFO) &&
	    now.sa_handler == on_signal)
		sigaction(number, &table[number].before, NULL);
	atomic_store(link, atomic_load(&signal->next));
	pthread_mutex_unlock(&table_lock);
	/* Partner: the first line of on_signal, which reads the list after it. */
	while (atomic_load(&handlers))
		sched_yield();
}

/* ---- For programs ---- */

static bool is_fault(int number)
{
	return number == SIGSEGV || number == SIGBUS || number == SIGILL || number == SIGFPE;
}

static const char *name_of(int number, char *buf, size_t size)
{
	const char *short_name = sigabbrev_np(number);

	if (short_name)
		snprintf(buf, size, "SIG%s", short_name);
	else
		snprintf(buf, size, "signal %d", number);
	return buf;
}

int rt_signal_new_at(struct vigil_site *site, int number, struct rt_signal **ret_signal)
{
	struct rt_signal *signal;
	char name[32];
	int fd, error;

	if (number < 1 || number >= NSIG || is_fault(number) || number == SIGKILL ||
	    number == SIGSTOP)
		return misuse(-EINVAL,
			      "signal %d cannot be waited for: it is none, or a fault of "
			      "a thread, or SIGKILL or SIGSTOP",
			      number);
	signal = calloc(1, sizeof(*signal));
	if (!signal)
		return -ENOMEM;
	fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	if (fd < 0) {
		error = -errno;
		free(signal);
		return error;
	}
	error = io_fd_open(&signal->fd, site, fd, VIGIL_RESOURCE_SIGNAL, "Signal",
			   name_of(number, name, sizeof(name)));
	if (error) {
		close(fd);
		free(signal);
		return error;
	}
	signal->number = number;
	pthread_mutex_init(&signal->lock, NULL);
	vigil_attr_u64(signal->fd.resource, "arrived", 0, NULL);
	error = table_add(signal);
	if (error) {
		io_fd_unwatch(&signal->fd, "Signal");
		io_fd_close(&signal->fd);
		free(signal);
		return error;
	}
	*ret_signal = signal;
	return 0;
}

void rt_signal_free(struct rt_signal *signal)
{
	if (!signal || !io_fd_unwatch(&signal->fd, "Signal"))
		return;
	table_remove(signal);
	io_fd_close(&signal->fd);
	pthread_mutex_destroy(&signal->lock);
	free(signal);
}

static int wait_attempt(int fd, struct rt_op *op)
{
	struct rt_signal *signal = op->object;
	bool has_arrived;

	(void)fd;
	pthread_mutex_lock(&signal->lock);
	if (!op->more.number) {
		op->more.number = 1;
		op->in.number = signal->seen;
	}
	has_arrived = atomic_load(&signal->arrived) != op->in.number;
	if (has_arrived)
		signal->seen = atomic_load(&signal->arrived);
	pthread_mutex_unlock(&signal->lock);
	return has_arrived ? 0 : -EAGAIN;
}

static bool wait_poll(struct rt_op *op)
{
	struct rt_signal *signal = op->object;

	if (!source_poll(signal->fd.source, op, TO_READ, wait_attempt))
		return false;
	vigil_attr_u64(signal->fd.resource, "arrived", atomic_load(&signal->arrived), NULL);
	return true;
}

static void wait_cancel(struct rt_op *op)
{
	struct rt_signal *signal = op->object;

	source_cancel(signal->fd.source, op);
}

struct rt_op rt_signal_wait_op_at(struct vigil_site *site, struct rt_signal *signal)
{
	static const struct rt_op_type type = { .source = "Signal::recv",
						.waits = VIGIL_WAIT_SIGNAL,
						.poll = wait_poll,
						.cancel = wait_cancel };

	return op_make(&type, site, signal, signal->fd.resource);
}
