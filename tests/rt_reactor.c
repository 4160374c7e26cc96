/* SPDX-License-Identifier: MIT */
/* The example runtime's reactor: no edge is lost, whoever waits, gives up or comes too late. */
#include <fcntl.h>
#include <pthread.h>
#include <sys/socket.h>

#include "tests/support/rt.h"

TestSuite(rt_reactor, .init = rt_begin, .fini = rt_end_empty);

static int ends[2]; /* a socket pair: [0] is watched */
static struct source *watched;
static char order[64];

/* ---- An operation that reads a byte ---- */

static int byte_attempt(int fd, struct rt_op *op)
{
	char byte;
	ssize_t n = recv(fd, &byte, 1, 0);

	(void)op;
	return n < 0 ? -errno : n == 0 ? 0 : byte;
}

static int (*attempt)(int fd, struct rt_op *op) = byte_attempt;

static bool byte_poll(struct rt_op *op)
{
	return source_poll(op->object, op, TO_READ, attempt);
}

static void byte_cancel(struct rt_op *op)
{
	source_cancel(op->object, op);
}

static struct rt_op byte_op(struct source *source)
{
	static const struct rt_op_type type = { .source = "byte",
						.waits = VIGIL_WAIT_READABLE,
						.poll = byte_poll,
						.cancel = byte_cancel };

	return op_make(&type, VIGIL_HERE(), source, 0);
}

static void put(const char *bytes)
{
	cr_assert_eq(send(ends[1], bytes, strlen(bytes), MSG_NOSIGNAL), (ssize_t)strlen(bytes));
}

static void watch_pair(void)
{
	int error = 0;

	cr_assert_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends), 0);
	watched = source_new(rt_here(), ends[0], &error);
	cr_assert(watched, "%d", error);
}

static void unwatch_pair(void)
{
	cr_assert(source_free(watched));
	close(ends[0]);
	close(ends[1]);
}

static int append_byte(void *arg RT_UNUSED)
{
	int byte = rt_do(byte_op(watched));

	if (byte > 0)
		order[strlen(order)] = (char)byte;
	return byte;
}

/* ---- Edges ---- */

static int one_edge_two_bytes(void *arg RT_UNUSED)
{
	struct rt_handle jobs[2];

	watch_pair();
	for (int i = 0; i < 2; i++)
		rt_spawn(&jobs[i], append_byte, NULL, "reader");
	rt_yield();
	put("ab");
	for (int i = 0; i < 2; i++)
		rt_join(&jobs[i], NULL);
	unwatch_pair();
	return 0;
}

Test(rt_reactor, one_edge_serves_all_there_is_something_for)
{
	cr_assert_eq(rt_paused(one_edge_two_bytes, NULL), 0);

	cr_assert_str_eq(order, "ab");
}

/* The edge comes after the system call and before the operation stands in line. */
static int attempt_too_early(int fd, struct rt_op *op)
{
	int byte = byte_attempt(fd, op);

	if (byte == -EAGAIN && op->in.number++ == 0) {
		put("x");
		cr_assert_gt(reactor_wait(rt_here(), 0, false), 0);
	}
	return byte;
}

static int edge_between(void *arg RT_UNUSED)
{
	int byte;

	watch_pair();
	/* A new socket is writable: that edge is not the one. */
	reactor_wait(rt_here(), 0, false);
	attempt = attempt_too_early;
	byte = rt_do(byte_op(watched));
	attempt = byte_attempt;
	unwatch_pair();
	return byte;
}

Test(rt_reactor, an_edge_that_comes_between_the_attempt_and_the_line_is_not_lost)
{
	cr_assert_eq(rt_paused(edge_between, NULL), 'x');
}

static int end_of_stream(void *arg RT_UNUSED)
{
	struct rt_handle jobs[2];
	struct rt_result result;

	watch_pair();
	for (int i = 0; i < 2; i++)
		rt_spawn(&jobs[i], append_byte, NULL, "reader");
	rt_yield();
	shutdown(ends[1], SHUT_RDWR);
	for (int i = 0; i < 2; i++) {
		rt_join(&jobs[i], &result);
		cr_assert_eq(result.code, 0);
	}
	unwatch_pair();
	return 0;
}

Test(rt_reactor, an_end_is_seen_by_all_that_wait)
{
	cr_assert_eq(rt_paused(end_of_stream, NULL), 0);
}

/* ---- Giving up ---- */

/* Time that would stand still until all wait goes on. */
static void pass_ns(uint64_t ns)
{
	atomic_fetch_add(&rt_here()->paused_ns, ns);
	timers_expire(rt_here());
}

static int sleep_or_read(void *arg RT_UNUSED)
{
	struct rt_op ops[2] = { rt_sleep_op(RT_MS), byte_op(watched) };

	return rt_select(ops, 2, RT_BIASED);
}

/* Before it runs both have come: the sleep wins, and what the edge is for is still there. */
static int edge_of_a_loser(void *arg RT_UNUSED)
{
	struct rt_handle loser, next;
	struct rt_result result;

	watch_pair();
	rt_spawn(&loser, sleep_or_read, NULL, "loser");
	rt_yield();
	rt_spawn(&next, append_byte, NULL, "next");
	rt_yield();
	put("n");
	cr_assert_gt(reactor_wait(rt_here(), 0, false), 0);
	pass_ns(RT_MS);
	rt_join(&loser, &result);
	cr_assert_eq(result.code, 0);
	cr_assert_eq(rt_timeout(RT_MS, rt_join_op(&next, NULL)), 0);
	unwatch_pair();
	return 0;
}

Test(rt_reactor, the_loser_of_a_select_passes_on_its_edge)
{
	cr_assert_eq(rt_paused(edge_of_a_loser, NULL), 0);

	cr_assert_str_eq(order, "n");
}

static int loser_of_a_select(void *arg RT_UNUSED)
{
	struct rt_handle loser, next;

	watch_pair();
	rt_spawn(&loser, sleep_or_read, NULL, "loser");
	rt_yield();
	rt_spawn(&next, append_byte, NULL, "next");
	rt_join(&loser, NULL);
	put("n");
	rt_join(&next, NULL);
	unwatch_pair();
	return 0;
}

Test(rt_reactor, the_loser_of_a_select_leaves_the_line)
{
	cr_assert_eq(rt_paused(loser_of_a_select, NULL), 0);

	cr_assert_str_eq(order, "n");
}

/* What it is cancelled in has come: that counts. */
static int ready_and_cancelled(void *arg RT_UNUSED)
{
	struct rt_handle job;
	struct rt_result result;

	watch_pair();
	rt_spawn(&job, append_byte, NULL, "reader");
	rt_yield();
	put("r");
	rt_cancel(&job);
	rt_join(&job, &result);
	unwatch_pair();
	return result.code;
}

Test(rt_reactor, a_byte_that_came_before_the_cancel_is_read)
{
	cr_assert_eq(rt_paused(ready_and_cancelled, NULL), 'r');
}

static int waiting_and_cancelled(void *arg RT_UNUSED)
{
	struct rt_handle job;
	struct rt_result result;

	watch_pair();
	rt_spawn(&job, append_byte, NULL, "reader");
	rt_yield();
	rt_cancel(&job);
	rt_join(&job, &result);
	unwatch_pair();
	return result.code;
}

Test(rt_reactor, who_is_cancelled_leaves_the_line)
{
	cr_assert_eq(rt_paused(waiting_and_cancelled, NULL), -ECANCELED);
}

static int only_try(void *arg RT_UNUSED)
{
	watch_pair();
	cr_assert_eq(rt_try(byte_op(watched)), -EAGAIN);
	put("t");
	cr_assert_eq(rt_try(byte_op(watched)), 't');
	unwatch_pair();
	return 0;
}

Test(rt_reactor, a_try_leaves_nothing_in_line)
{
	cr_assert_eq(rt_paused(only_try, NULL), 0);
}

/* ---- Sources ---- */

static int freed_while_awaited(void *arg RT_UNUSED)
{
	struct rt_handle job;

	watch_pair();
	rt_spawn(&job, append_byte, NULL, "reader");
	rt_yield();
	cr_assert_not(source_free(watched));
	put("x");
	rt_join(&job, NULL);
	unwatch_pair();
	return 0;
}

Test(rt_reactor, a_source_that_is_awaited_stays)
{
	cr_assert_eq(rt_paused(freed_while_awaited, NULL), 0);

	cr_assert_str_eq(order, "x");
}

/* The event of the first pair is fetched when its source is the second's. */
static int used_again(void *arg RT_UNUSED)
{
	struct source *first;
	struct rt_handle job;

	watch_pair();
	first = watched;
	unwatch_pair();
	watch_pair();
	cr_assert_eq(watched, first, "it was not used again");
	rt_spawn(&job, append_byte, NULL, "reader");
	rt_yield();
	put("y");
	rt_join(&job, NULL);
	unwatch_pair();
	return 0;
}

Test(rt_reactor, a_source_is_used_again)
{
	cr_assert_eq(rt_paused(used_again, NULL), 0);

	cr_assert_str_eq(order, "y");
}

static int no_descriptor(void *arg RT_UNUSED)
{
	int fd = open("/proc/self/exe", O_RDONLY);
	int error = 0;

	cr_assert_null(source_new(rt_here(), -1, &error));
	cr_assert_eq(error, -EBADF);
	cr_assert_null(source_new(rt_here(), fd, &error));
	cr_assert_eq(error, -EPERM);
	close(fd);
	return 0;
}

Test(rt_reactor, refuses_what_epoll_cannot_watch)
{
	cr_assert_eq(rt_paused(no_descriptor, NULL), 0);
}

/* ---- A thread that waits ---- */

static void *thread_reads(void *arg)
{
	*(_Atomic int *)arg = rt_do_blocking(byte_op(watched));
	return NULL;
}

static int beside_a_thread(void *arg RT_UNUSED)
{
	_Atomic int byte = 0;
	pthread_t thread;
	bool is_put = false;

	watch_pair();
	pthread_create(&thread, NULL, thread_reads, &byte);
	while (rt_sleep(RT_MS) == 0 && !byte) {
		if (!is_put)
			put("z");
		is_put = true;
	}
	pthread_join(thread, NULL);
	unwatch_pair();
	return byte;
}

Test(rt_reactor, a_plain_thread_may_wait_too)
{
	cr_assert_eq(rt_threads(2, beside_a_thread, NULL), 'z');
}

/* ---- Stress ---- */

#define READERS 40
#define BYTES 4000

static _Atomic unsigned bytes_read;

/* Some give up each time, so that edges are passed on. */
static int read_many(void *arg RT_UNUSED)
{
	for (unsigned i = 0;; i++) {
		int byte =
			i % 3 ? rt_do(byte_op(watched)) : rt_timeout(20 * RT_US, byte_op(watched));

		if (byte == 0)
			return 0;
		if (byte > 0)
			bytes_read++;
	}
}

static int many_readers(void *arg RT_UNUSED)
{
	struct rt_handle jobs[READERS];

	watch_pair();
	for (int i = 0; i < READERS; i++)
		rt_spawn(&jobs[i], read_many, NULL, "reader");
	for (int i = 0; i < BYTES; i++) {
		while (send(ends[1], "ab", 1 + i % 2, MSG_NOSIGNAL) < 0)
			rt_yield();
		if (i % 16 == 0)
			rt_yield();
	}
	shutdown(ends[1], SHUT_WR);
	for (int i = 0; i < READERS; i++)
		rt_join(&jobs[i], NULL);
	unwatch_pair();
	return 0;
}

Test(rt_reactor, loses_no_byte_between_many_readers_on_four_workers)
{
	cr_assert_eq(rt_threads(4, many_readers, NULL), 0);

	cr_assert_eq(bytes_read, BYTES * 3 / 2);
}
