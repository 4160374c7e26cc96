/* SPDX-License-Identifier: MIT */
/* The example runtime's streams of bytes: ends, closed peers, what the board shows. */
#include <fcntl.h>
#include <signal.h>
#include <sys/socket.h>

#include "tests/support/rt.h"

TestSuite(rt_io, .init = rt_begin, .fini = rt_end_empty);

#define BIG (1 << 20)

static struct rt_io *ends[2];
static char big[BIG], got[BIG];

static void pair(void)
{
	cr_assert_eq(rt_unix_pair(ends), 0);
}

static void unpair(void)
{
	rt_io_guard(&ends[0]);
	rt_io_guard(&ends[1]);
}

/* ---- Bytes ---- */

static int write_big(void *arg)
{
	int error = rt_write_all(arg, big, BIG);

	rt_io_end_write(arg);
	return error;
}

static int big_through(void *arg RT_UNUSED)
{
	struct rt_handle job;
	struct rt_result result;
	char byte;

	for (size_t i = 0; i < BIG; i++)
		big[i] = (char)(i * 7 >> 3);
	pair();
	rt_spawn(&job, write_big, ends[1], "writer");
	cr_assert_eq(rt_read_full(ends[0], got, BIG), 0);
	cr_assert_eq(rt_read(ends[0], &byte, 1), 0);
	cr_assert_eq(rt_read_full(ends[0], &byte, 1), -ENODATA);
	rt_join(&job, &result);
	cr_assert_eq(result.code, 0);
	cr_assert_arr_eq(big, got, BIG);
	unpair();
	return 0;
}

Test(rt_io, brings_all_bytes_to_the_other_end)
{
	cr_assert_eq(rt_paused(big_through, NULL), 0);
}

static int nothing(void *arg RT_UNUSED)
{
	char byte;

	pair();
	cr_assert_eq(rt_read(ends[0], &byte, 0), 0);
	cr_assert_eq(rt_try(rt_read_op(ends[0], &byte, 1)), -EAGAIN);
	cr_assert_eq(rt_write(ends[0], &byte, 0), 0);
	cr_assert_eq(rt_timeout(RT_MS, rt_read_op(ends[0], &byte, 1)), -ETIMEDOUT);
	unpair();
	return 0;
}

Test(rt_io, to_read_or_write_nothing_waits_for_nothing)
{
	cr_assert_eq(rt_paused(nothing, NULL), 0);
}

static int peer_gone(void *arg RT_UNUSED)
{
	pair();
	rt_io_guard(&ends[0]);
	cr_assert_eq(rt_write(ends[1], "x", 1), -EPIPE);
	unpair();
	cr_assert_eq(rt_pipe(&ends[0], &ends[1]), 0);
	rt_io_guard(&ends[0]);
	cr_assert_eq(rt_write(ends[1], "x", 1), -EPIPE);
	cr_assert_eq(rt_write(ends[1], "x", 1), -EPIPE);
	unpair();
	return 0;
}

Test(rt_io, no_signal_comes_from_a_write_that_nobody_will_read)
{
	sigset_t pending, blocked;

	cr_assert_eq(rt_paused(peer_gone, NULL), 0);

	sigpending(&pending);
	pthread_sigmask(SIG_SETMASK, NULL, &blocked);
	cr_assert_not(sigismember(&pending, SIGPIPE));
	cr_assert_not(sigismember(&blocked, SIGPIPE));
}

Test(rt_io, a_signal_that_was_pending_before_a_write_stays_so)
{
	sigset_t pipe_signal, pending;

	sigemptyset(&pipe_signal);
	sigaddset(&pipe_signal, SIGPIPE);
	pthread_sigmask(SIG_BLOCK, &pipe_signal, NULL);
	raise(SIGPIPE);

	cr_assert_eq(rt_paused(peer_gone, NULL), 0);

	sigpending(&pending);
	cr_assert(sigismember(&pending, SIGPIPE));
}

static int through_a_pipe(void *arg RT_UNUSED)
{
	char word[6] = "";

	cr_assert_eq(rt_pipe(&ends[0], &ends[1]), 0);
	cr_assert_eq(rt_write_all(ends[1], "hello", 5), 0);
	cr_assert_eq(rt_io_end_write(ends[1]), -ENOTSOCK);
	rt_io_guard(&ends[1]);
	cr_assert_eq(rt_read_full(ends[0], word, 5), 0);
	cr_assert_eq(rt_read(ends[0], word, 1), 0);
	cr_assert_str_eq(word, "hello");
	unpair();
	return 0;
}

Test(rt_io, a_pipe_ends_when_its_write_end_is_freed)
{
	cr_assert_eq(rt_paused(through_a_pipe, NULL), 0);
}

/* ---- Descriptors of the program's ---- */

static int own_descriptor(void *arg RT_UNUSED)
{
	int fds[2], file = open("/proc/self/exe", O_RDONLY);
	struct rt_io *io;
	char byte;

	errno = 0;
	cr_assert_null(rt_io_new(file, "File", "exe"));
	cr_assert_eq(errno, EPERM);
	cr_assert_eq(fcntl(file, F_GETFL) & O_NONBLOCK, 0, "it is changed");
	close(file);
	cr_assert_null(rt_io_new(-1, "Pipe", "none"));
	cr_assert_eq(errno, EBADF);
	cr_assert_eq(pipe(fds), 0);
	io = rt_io_new(fds[0], "Tty", "in");
	cr_assert(io);
	cr_assert_eq(rt_io_fd(io), fds[0]);
	cr_assert_eq(rt_timeout(RT_MS, rt_read_op(io, &byte, 1)), -ETIMEDOUT, "it blocks");
	cr_assert_eq(write(fds[1], "x", 1), 1);
	cr_assert_eq(rt_read(io, &byte, 1), 1);
	cr_assert_str_eq(rt_board_resource("in")->type, "Tty");
	close(fds[1]);
	rt_io_free(io);
	rt_io_free(NULL);
	return 0;
}

Test(rt_io, takes_a_descriptor_the_program_has)
{
	cr_assert_eq(rt_paused(own_descriptor, NULL), 0);
}

Test(rt_io, outside_the_runtime_is_refused)
{
	int fds[2];

	cr_assert_eq(pipe(fds), 0);
	cr_assert_null(rt_io_new(fds[0], "Pipe", "none"));
	cr_assert_eq(errno, EPERM);
	close(fds[0]);
	close(fds[1]);
}

/* ---- On the board ---- */

static int read_one(void *arg)
{
	char byte;

	return rt_read(arg, &byte, 1);
}

static int write_much(void *arg)
{
	return rt_write_all(arg, big, BIG);
}

static int shown(void *arg RT_UNUSED)
{
	const struct vigil_resource_record *io;
	const struct vigil_task_record *task;
	struct rt_handle reader, writer;

	cr_assert_eq(rt_pipe(&ends[0], &ends[1]), 0);
	rt_spawn(&reader, read_one, ends[0], "reader");
	rt_yield();
	task = rt_board_task("reader");
	cr_assert_eq(task->wait_kind, VIGIL_WAIT_READABLE);
	cr_assert_eq(task->wait_fd, rt_io_fd(ends[0]));
	io = rt_board_resource("read end");
	cr_assert_eq(io->kind, VIGIL_RESOURCE_IO);
	cr_assert_str_eq(io->type, "Pipe");
	cr_assert_eq(rt_board_attr(io->attrs, "fd"), (uint64_t)rt_io_fd(ends[0]));
	cr_assert_eq(rt_board_attr(io->attrs, "bytes read"), 0);
	cr_assert_eq(RT_LIVE_OF(op), 1);

	rt_spawn(&writer, write_much, ends[1], "writer");
	rt_yield();
	rt_join(&reader, NULL);
	task = rt_board_task("writer");
	cr_assert_eq(task->wait_kind, VIGIL_WAIT_WRITABLE);
	cr_assert_eq(task->wait_fd, rt_io_fd(ends[1]));
	rt_board_await("write end", "bytes written", 65536);

	rt_cancel(&writer);
	rt_join(&writer, NULL);
	unpair();
	return 0;
}

Test(rt_io, shows_who_waits_for_which_descriptor)
{
	cr_assert_eq(rt_paused(shown, NULL), 0);
}

/* ---- Ends that go while they are awaited ---- */

static int peer_goes(void *arg RT_UNUSED)
{
	struct rt_handle reader, writer;
	struct rt_result read_result, write_result;

	cr_assert_eq(rt_pipe(&ends[0], &ends[1]), 0);
	rt_spawn(&reader, read_one, ends[0], "reader");
	rt_sleep(RT_MS);
	rt_io_guard(&ends[1]);
	rt_join(&reader, &read_result);
	cr_assert_eq(read_result.code, 0);
	unpair();

	cr_assert_eq(rt_pipe(&ends[0], &ends[1]), 0);
	rt_spawn(&writer, write_much, ends[1], "writer");
	rt_sleep(RT_MS);
	rt_io_guard(&ends[0]);
	rt_join(&writer, &write_result);
	cr_assert_eq(write_result.code, -EPIPE);
	unpair();

	pair();
	rt_spawn(&reader, read_one, ends[0], "reader");
	rt_spawn(&writer, write_much, ends[0], "writer");
	rt_sleep(RT_MS);
	rt_io_guard(&ends[1]);
	rt_join(&reader, &read_result);
	rt_join(&writer, &write_result);
	cr_assert(read_result.code == -ECONNRESET || read_result.code == 0);
	cr_assert(write_result.code == -EPIPE || write_result.code == -ECONNRESET);
	unpair();
	return 0;
}

Test(rt_io, who_waits_to_read_or_write_is_told_that_the_peer_went)
{
	cr_assert_eq(rt_paused(peer_goes, NULL), 0);
}

/* Both directions of one stream in one operation. */
static int either_way(void *arg RT_UNUSED)
{
	char byte = 0;
	struct rt_op ops[2];
	int n = 0;

	pair();
	while (n != -EAGAIN)
		n = rt_try(rt_write_op(ends[0], big, BIG));
	ops[0] = rt_read_op(ends[0], &byte, 1);
	ops[1] = rt_write_op(ends[0], big, BIG);
	cr_assert_eq(rt_write(ends[1], "x", 1), 1);
	cr_assert_eq(rt_select(ops, 2, RT_BIASED), 0);
	ops[0] = rt_read_op(ends[0], &byte, 1);
	ops[1] = rt_write_op(ends[0], big, BIG);
	while (rt_try(rt_read_op(ends[1], got, BIG)) > 0)
		;
	cr_assert_eq(rt_select(ops, 2, RT_BIASED), 1);
	unpair();
	return 0;
}

Test(rt_io, one_task_may_wait_to_read_or_to_write)
{
	cr_assert_eq(rt_paused(either_way, NULL), 0);
}

/* ---- Misuse ---- */

static int freed_while_awaited(void *arg RT_UNUSED)
{
	struct rt_handle job;
	char expected[128];

	pair();
	rt_spawn(&job, read_one, ends[0], "reader");
	rt_yield();
	snprintf(expected, sizeof(expected),
		 "a UnixStream (fd %d) was freed while a task waits for it, and stays: cancel and "
		 "join the task first",
		 rt_io_fd(ends[0]));
	rt_io_free(ends[0]);
	cr_assert_str_eq(rt_misused, expected);
	rt_cancel(&job);
	rt_join(&job, NULL);
	unpair();
	return 0;
}

/* The reader has been woken, and stands in line no more; but it has not run yet. */
static int freed_while_woken(void *arg RT_UNUSED)
{
	struct rt_result result;
	struct rt_handle job;

	pair();
	rt_spawn(&job, read_one, ends[0], "reader");
	rt_yield();
	cr_assert_eq(rt_write(ends[1], "x", 1), 1);
	while (reactor_wait(job.task->rt, 0, NULL) > 0)
		;
	rt_io_free(ends[0]);
	cr_assert_eq(rt_misuses, 1);
	cr_assert_eq(rt_join(&job, &result), 0);
	cr_assert_eq(result.code, 1);
	unpair();
	return 0;
}

Test(rt_io, a_stream_whose_reader_was_woken_stays_too)
{
	cr_assert_eq(rt_paused(freed_while_woken, NULL), 0);
}

Test(rt_io, a_stream_that_is_awaited_stays_and_says_so)
{
	cr_assert_eq(rt_paused(freed_while_awaited, NULL), 0);
}

/* ---- Cancellation ---- */

static int echo_cut(void *arg);

static int echo(void *arg RT_UNUSED)
{
	char word[4];
	int n = rt_read_full(ends[0], word, 4);

	if (!n)
		n = rt_write_all(ends[0], big, BIG);
	return n;
}

static int echo_cut(void *arg)
{
	return rt_cut(echo, arg);
}

static int with_echo(void *arg RT_UNUSED)
{
	struct rt_handle job;

	pair();
	rt_spawn(&job, echo_cut, NULL, "echo");
	rt_yield();
	rt_write_all(ends[1], "ab", 2);
	rt_yield();
	rt_write_all(ends[1], "cd", 2);
	while (!rt_is_done(&job))
		if (rt_timeout(RT_MS, rt_read_op(ends[1], got, BIG)) < 0)
			break;
	rt_join(&job, NULL);
	unpair();
	return 0;
}

Test(rt_io, survives_a_cancel_at_every_await)
{
	cr_assert_geq(rt_cut_everywhere(with_echo, NULL), 5);
}

static int loser_of_a_select(void *arg RT_UNUSED)
{
	char byte = 0;

	pair();
	cr_assert_eq(rt_timeout(RT_MS, rt_read_op(ends[0], &byte, 1)), -ETIMEDOUT);
	cr_assert_eq(rt_write(ends[1], "x", 1), 1);
	cr_assert_eq(byte, 0);
	cr_assert_eq(rt_timeout(RT_MS, rt_read_op(ends[0], &byte, 1)), 1);
	cr_assert_eq(byte, 'x');
	unpair();
	return 0;
}

Test(rt_io, reads_nothing_in_an_operation_that_timed_out)
{
	cr_assert_eq(rt_paused(loser_of_a_select, NULL), 0);
}

/* ---- Stress ---- */

#define PAIRS 30
#define ROUNDS 100

struct link {
	struct rt_io *ends[2];
};

static int reflect(void *arg)
{
	struct link *link = arg;
	char word[64];
	int n;

	while ((n = rt_read(link->ends[1], word, sizeof(word))) > 0)
		if (rt_write_all(link->ends[1], word, (size_t)n))
			break;
	return n;
}

static int ask(void *arg)
{
	struct link *link = arg;

	for (unsigned i = 0; i < ROUNDS; i++) {
		char word[40] = { [0] = (char)i }, answer[40] = "";

		cr_assert_eq(rt_write_all(link->ends[0], word, sizeof(word)), 0);
		/* Some give up first, and get it all the same. */
		if (i % 5 == 0)
			rt_timeout(RT_US, rt_read_op(link->ends[0], answer, 0));
		cr_assert_eq(rt_read_full(link->ends[0], answer, sizeof(answer)), 0);
		cr_assert_arr_eq(word, answer, sizeof(word));
	}
	return rt_io_end_write(link->ends[0]);
}

static int many_pairs(void *arg RT_UNUSED)
{
	struct rt_handle jobs[2 * PAIRS];
	struct link links[PAIRS];

	for (int i = 0; i < PAIRS; i++) {
		cr_assert_eq(rt_unix_pair(links[i].ends), 0);
		rt_spawn(&jobs[2 * i], reflect, &links[i], "reflector");
		rt_spawn(&jobs[2 * i + 1], ask, &links[i], "asker");
	}
	for (int i = 0; i < 2 * PAIRS; i++)
		cr_assert_eq(rt_join(&jobs[i], NULL), 0);
	for (int i = 0; i < PAIRS; i++) {
		rt_io_free(links[i].ends[0]);
		rt_io_free(links[i].ends[1]);
	}
	return 0;
}

Test(rt_io, many_ask_and_are_answered_on_four_workers)
{
	cr_assert_eq(rt_threads(4, many_pairs, NULL), 0);
}
