/* SPDX-License-Identifier: MIT */
/* The example runtime's TCP: who is accepted, refused, told of its ends. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "tests/support/rt.h"

TestSuite(rt_tcp, .init = rt_begin, .fini = rt_end_empty);

static struct rt_listener *listener;
static struct rt_io *client, *server;

static void listen_here(void)
{
	cr_assert_eq(rt_tcp_listen("127.0.0.1", 0, &listener), 0);
}

static void connect_pair(void)
{
	listen_here();
	cr_assert_eq(rt_tcp_connect("127.0.0.1", rt_listener_port(listener), &client), 0);
	cr_assert_eq(rt_accept(listener, &server), 0);
}

static void close_all(void)
{
	rt_io_guard(&client);
	rt_io_guard(&server);
	rt_listener_free(listener);
	listener = NULL;
}

/* ---- Streams ---- */

static int hello(void *arg RT_UNUSED)
{
	char word[8] = "";

	connect_pair();
	cr_assert_eq(rt_write_all(client, "hello", 5), 0);
	cr_assert_eq(rt_io_end_write(client), 0);
	cr_assert_eq(rt_read_full(server, word, 5), 0);
	cr_assert_eq(rt_read(server, word, 1), 0);
	cr_assert_eq(rt_write_all(server, "bye", 3), 0, "one end alone was shut");
	cr_assert_eq(rt_read_full(client, word, 3), 0);
	close_all();
	return 0;
}

Test(rt_tcp, both_ends_read_what_the_other_wrote)
{
	cr_assert_eq(rt_paused(hello, NULL), 0);
}

static int reset(void *arg RT_UNUSED)
{
	struct linger at_once = { .l_onoff = 1 };
	char byte;

	connect_pair();
	setsockopt(rt_io_fd(client), SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
	rt_io_guard(&client);
	cr_assert_eq(rt_read(server, &byte, 1), -ECONNRESET);
	cr_assert_eq(rt_write(server, &byte, 1), -EPIPE);
	close_all();
	return 0;
}

Test(rt_tcp, a_reset_is_an_error_and_no_signal)
{
	cr_assert_eq(rt_paused(reset, NULL), 0);
}

static int six(void *arg RT_UNUSED)
{
	char byte;
	int error = rt_tcp_listen("::1", 0, &listener);

	if (error == -EADDRNOTAVAIL || error == -EAFNOSUPPORT)
		return 0; /* a machine without */
	cr_assert_eq(error, 0);
	cr_assert_eq(rt_tcp_connect("::1", rt_listener_port(listener), &client), 0);
	cr_assert_eq(rt_accept(listener, &server), 0);
	cr_assert_eq(rt_write(client, "x", 1), 1);
	cr_assert_eq(rt_read(server, &byte, 1), 1);
	close_all();
	return 0;
}

Test(rt_tcp, speaks_ipv6)
{
	cr_assert_eq(rt_paused(six, NULL), 0);
}

/* ---- Refusals ---- */

static int refused(void *arg RT_UNUSED)
{
	struct rt_listener *second;
	uint16_t port;

	cr_assert_eq(rt_tcp_listen("localhost", 0, &listener), -EINVAL);
	cr_assert_str_eq(rt_misused, "\"localhost\" is no numeric address: give 127.0.0.1, ::1 or "
				     "the like, and names to rt_resolve");
	cr_assert_eq(rt_tcp_connect(NULL, 1, &client), -EINVAL);
	listen_here();
	port = rt_listener_port(listener);
	cr_assert_neq(port, 0);
	cr_assert_eq(rt_tcp_listen("127.0.0.1", port, &second), -EADDRINUSE);
	close_all();
	cr_assert_eq(rt_tcp_connect("127.0.0.1", port, &client), -ECONNREFUSED);
	cr_assert_null(client);
	return 0;
}

Test(rt_tcp, says_why_it_cannot_listen_or_connect)
{
	cr_assert_eq(rt_paused(refused, NULL), 0);
}

/* ---- On the board ---- */

static int accept_one(void *arg RT_UNUSED)
{
	return rt_accept(listener, &server);
}

static void expect_words(const struct vigil_resource_record *of, const char *key, const char *words)
{
	cr_assert_str_eq(rt_board_words(of->attrs, key), words, "%s: %s", key,
			 rt_board_words(of->attrs, key));
}

static int shown(void *arg RT_UNUSED)
{
	const struct vigil_resource_record *io;
	const struct vigil_task_record *task;
	struct sockaddr_in own;
	socklen_t size = sizeof(own);
	struct rt_handle job;
	char at[32], from[32];

	listen_here();
	snprintf(at, sizeof(at), "127.0.0.1:%u", rt_listener_port(listener));
	rt_spawn(&job, accept_one, NULL, "acceptor");
	rt_yield();
	task = rt_board_task("acceptor");
	cr_assert_eq(task->wait_kind, VIGIL_WAIT_ACCEPT);
	cr_assert_geq(task->wait_fd, 0);
	io = rt_board_resource(at);
	cr_assert_str_eq(io->type, "TcpListener");
	expect_words(io, "local", at);

	cr_assert_eq(rt_tcp_connect("127.0.0.1", rt_listener_port(listener), &client), 0);
	rt_join(&job, NULL);
	getsockname(rt_io_fd(client), (struct sockaddr *)&own, &size);
	snprintf(from, sizeof(from), "127.0.0.1:%u", ntohs(own.sin_port));
	io = rt_board_resource(from);
	cr_assert_eq(io->kind, VIGIL_RESOURCE_IO);
	cr_assert_str_eq(io->type, "TcpStream");
	expect_words(io, "peer", from);
	expect_words(io, "local", at);
	cr_assert_eq(rt_board_attr(io->attrs, "fd"), (uint64_t)rt_io_fd(server));
	rt_listener_free(listener);
	listener = NULL;
	io = rt_board_resource(at); /* the client's stream is named for its peer */
	expect_words(io, "peer", at);
	expect_words(io, "local", from);
	close_all();
	return 0;
}

Test(rt_tcp, shows_who_is_connected_to_whom)
{
	cr_assert_eq(rt_paused(shown, NULL), 0);
}

/* Has a listener that accepts nobody, and a full queue: the next one's packets are dropped. */
static int fill(int fds[2])
{
	struct sockaddr_in at = { .sin_family = AF_INET,
				  .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t size = sizeof(at);

	fds[0] = socket(AF_INET, SOCK_STREAM, 0);
	fds[1] = socket(AF_INET, SOCK_STREAM, 0);
	cr_assert_eq(bind(fds[0], (struct sockaddr *)&at, size), 0);
	cr_assert_eq(listen(fds[0], 0), 0);
	cr_assert_eq(getsockname(fds[0], (struct sockaddr *)&at, &size), 0);
	cr_assert_eq(connect(fds[1], (struct sockaddr *)&at, size), 0);
	return ntohs(at.sin_port);
}

static int connect_waits(void *arg)
{
	struct rt_io *io = NULL;

	return rt_tcp_connect("127.0.0.1", *(uint16_t *)arg, &io);
}

static int cancelled_connect(void *arg RT_UNUSED)
{
	const struct vigil_task_record *task;
	struct rt_result result;
	struct rt_handle job;
	uint16_t port;
	int fds[2];

	port = (uint16_t)fill(fds);
	rt_spawn(&job, connect_waits, &port, "connector");
	rt_yield();
	task = rt_board_task("connector");
	cr_assert_eq(task->wait_kind, VIGIL_WAIT_CONNECT);
	cr_assert_gt(task->wait_fd, fds[1]);
	rt_cancel(&job);
	rt_join(&job, &result);
	close(fds[0]);
	close(fds[1]);
	return result.code;
}

Test(rt_tcp, a_connect_that_takes_long_is_shown_and_can_be_cancelled)
{
	cr_assert_eq(rt_paused(cancelled_connect, NULL), -ECANCELED);
}

/* ---- Cancellation ---- */

static int serve(void *arg RT_UNUSED)
{
	struct rt_io *io;
	char word[4];
	int error = rt_accept(listener, &io);

	if (error)
		return error;
	error = rt_read_full(io, word, 4);
	if (!error)
		error = rt_write_all(io, word, 4);
	rt_io_free(io);
	return error;
}

static int serve_cut(void *arg)
{
	return rt_cut(serve, arg);
}

static int with_client(void *arg RT_UNUSED)
{
	struct rt_handle job;
	char word[4];

	listen_here();
	rt_spawn(&job, serve_cut, NULL, "server");
	rt_sleep(RT_MS);
	cr_assert_eq(rt_tcp_connect("127.0.0.1", rt_listener_port(listener), &client), 0);
	rt_sleep(RT_MS);
	rt_write_all(client, "ab", 2);
	rt_sleep(RT_MS);
	rt_write_all(client, "cd", 2);
	/* Nothing comes when it was cut before it accepted. */
	rt_timeout(RT_MS, rt_read_op(client, word, 4));
	rt_join(&job, NULL);
	close_all();
	return 0;
}

Test(rt_tcp, survives_a_cancel_at_every_await)
{
	cr_assert_eq(rt_cut_everywhere(with_client, NULL), 4);
}

static int connect_cut(void *arg)
{
	int error = rt_cut(connect_waits, arg);

	return error;
}

static int refused_and_cut(void *arg RT_UNUSED)
{
	struct rt_handle job;
	uint16_t port;
	int fds[2];

	port = (uint16_t)fill(fds);
	rt_spawn(&job, connect_cut, &port, "connector");
	rt_sleep(RT_MS);
	close(fds[0]);
	close(fds[1]);
	rt_cancel(&job);
	rt_join(&job, NULL);
	return 0;
}

Test(rt_tcp, gives_the_socket_back_when_a_connect_is_cut)
{
	cr_assert_eq(rt_cut_everywhere(refused_and_cut, NULL), 1);
}

static int timed_out_accept(void *arg RT_UNUSED)
{
	listen_here();
	cr_assert_eq(rt_timeout(RT_MS, rt_accept_op(listener, &server)), -ETIMEDOUT);
	cr_assert_eq(rt_try(rt_accept_op(listener, &server)), -EAGAIN);
	cr_assert_eq(rt_tcp_connect("127.0.0.1", rt_listener_port(listener), &client), 0);
	cr_assert_null(server);
	cr_assert_eq(rt_try(rt_accept_op(listener, &server)), 0);
	close_all();
	return 0;
}

Test(rt_tcp, accepts_nobody_in_an_operation_that_timed_out)
{
	cr_assert_eq(rt_paused(timed_out_accept, NULL), 0);
}

/* ---- Stress ---- */

#define CLIENTS 40
#define ACCEPTORS 4
#define ROUNDS 5

static _Atomic unsigned accepted;

static int echo(void *arg)
{
	struct rt_io *io = arg;
	char word[32];
	int n;

	while ((n = rt_read(io, word, sizeof(word))) > 0)
		if (rt_write_all(io, word, (size_t)n))
			break;
	rt_io_free(io);
	return 0;
}

/* Several stand in line for one listener; some give up at times. */
static int accept_all(void *arg RT_UNUSED)
{
	for (unsigned i = 0; !rt_is_cancelled(); i++) {
		struct rt_io *io;
		int error = i % 2 ? rt_accept(listener, &io) :
				    rt_timeout(50 * RT_US, rt_accept_op(listener, &io));

		if (error)
			continue;
		accepted++;
		rt_spawn(NULL, echo, io, "echo");
	}
	return -ECANCELED;
}

static int call(void *arg RT_UNUSED)
{
	for (int i = 0; i < ROUNDS; i++) {
		char word[5] = "";
		struct rt_io *io;

		cr_assert_eq(rt_tcp_connect("127.0.0.1", rt_listener_port(listener), &io), 0);
		cr_assert_eq(rt_write_all(io, "ping", 4), 0);
		cr_assert_eq(rt_read_full(io, word, 4), 0);
		cr_assert_str_eq(word, "ping");
		rt_io_free(io);
	}
	return 0;
}

static int many_clients(void *arg RT_UNUSED)
{
	struct rt_handle acceptors[ACCEPTORS], clients[CLIENTS];

	listen_here();
	for (int i = 0; i < ACCEPTORS; i++)
		rt_spawn(&acceptors[i], accept_all, NULL, "acceptor");
	for (int i = 0; i < CLIENTS; i++)
		rt_spawn(&clients[i], call, NULL, "client");
	for (int i = 0; i < CLIENTS; i++)
		rt_join(&clients[i], NULL);
	for (int i = 0; i < ACCEPTORS; i++) {
		rt_cancel(&acceptors[i]);
		rt_join(&acceptors[i], NULL);
	}
	rt_listener_free(listener);
	/* Their ends were closed: they see it. */
	while (rt_stats().live > 1)
		rt_yield();
	return 0;
}

Test(rt_tcp, serves_many_clients_with_several_acceptors_on_four_workers)
{
	cr_assert_eq(rt_threads(4, many_clients, NULL), 0);

	cr_assert_eq(accepted, CLIENTS * ROUNDS);
}
