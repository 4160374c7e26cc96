/* SPDX-License-Identifier: MIT */
/* The example runtime's sockets of this machine: paths, pairs, a listener that is busy. */
#include <sys/socket.h>
#include <sys/un.h>

#include "tests/support/rt.h"

TestSuite(rt_unix, .init = rt_begin, .fini = rt_end_empty);

static struct rt_listener *listener;
static struct rt_io *client, *server;
static char path[64];

static void name_path(void)
{
	snprintf(path, sizeof(path), "/tmp/rt_unix-%d", (int)getpid());
	unlink(path);
}

static void close_all(void)
{
	rt_io_guard(&client);
	rt_io_guard(&server);
	rt_listener_free(listener);
	listener = NULL;
	unlink(path);
}

static int hello(void *arg RT_UNUSED)
{
	char word[8] = "";

	name_path();
	cr_assert_eq(rt_unix_listen(path, &listener), 0);
	cr_assert_eq(rt_listener_port(listener), 0);
	cr_assert_eq(rt_unix_connect(path, &client), 0);
	cr_assert_eq(rt_accept(listener, &server), 0);
	cr_assert_eq(rt_write_all(client, "hello", 5), 0);
	cr_assert_eq(rt_read_full(server, word, 5), 0);
	cr_assert_str_eq(word, "hello");
	rt_io_guard(&client);
	cr_assert_eq(rt_read(server, word, 1), 0);
	close_all();
	return 0;
}

Test(rt_unix, reaches_a_listener_by_its_path)
{
	cr_assert_eq(rt_paused(hello, NULL), 0);
}

static int refused(void *arg RT_UNUSED)
{
	char long_path[200];

	memset(long_path, 'x', sizeof(long_path));
	long_path[sizeof(long_path) - 1] = '\0';
	cr_assert_eq(rt_unix_listen(long_path, &listener), -ENAMETOOLONG);
	cr_assert_eq(rt_unix_connect(long_path, &client), -ENAMETOOLONG);
	name_path();
	cr_assert_eq(rt_unix_connect(path, &client), -ENOENT);
	cr_assert_eq(rt_unix_listen(path, &listener), 0);
	rt_listener_free(listener);
	cr_assert_eq(rt_unix_connect(path, &client), -ECONNREFUSED);
	cr_assert_eq(rt_unix_listen(path, &listener), -EADDRINUSE, "its path stays");
	unlink(path);
	return 0;
}

Test(rt_unix, says_why_it_cannot_listen_or_connect)
{
	cr_assert_eq(rt_paused(refused, NULL), 0);
}

static int shown(void *arg RT_UNUSED)
{
	const struct vigil_resource_record *io;

	name_path();
	cr_assert_eq(rt_unix_listen(path, &listener), 0);
	io = rt_board_resource(path);
	cr_assert_str_eq(io->type, "UnixListener");
	cr_assert_str_eq(rt_board_words(io->attrs, "local"), path);
	rt_listener_free(listener);
	unlink(path);
	cr_assert_eq(rt_unix_listen(path, &listener), 0);
	cr_assert_eq(rt_unix_connect(path, &client), 0);
	rt_listener_free(listener);
	listener = NULL;
	io = rt_board_resource(path);
	cr_assert_str_eq(io->type, "UnixStream");
	cr_assert_str_eq(rt_board_words(io->attrs, "peer"), path);
	close_all();
	return 0;
}

Test(rt_unix, shows_its_path)
{
	cr_assert_eq(rt_paused(shown, NULL), 0);
}

/* ---- A full backlog ---- */

static int connect_one(void *arg)
{
	return rt_unix_connect(path, (struct rt_io **)arg);
}

/* A plain listener, that takes one beside the one it has. */
static int listen_narrow(void)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);

	name_path();
	snprintf(at.sun_path, sizeof(at.sun_path), "%s", path);
	cr_assert_eq(bind(fd, (struct sockaddr *)&at, sizeof(at)), 0);
	cr_assert_eq(listen(fd, 0), 0);
	return fd;
}

static int busy_listener(void *arg RT_UNUSED)
{
	int fd = listen_narrow(), first;
	struct rt_result result;
	struct rt_handle job;

	cr_assert_eq(rt_unix_connect(path, &client), 0);
	rt_spawn(&job, connect_one, &server, "connector");
	rt_sleep(200 * RT_MS);
	cr_assert_not(rt_is_done(&job));
	first = accept(fd, NULL, NULL);
	cr_assert_geq(first, 0);
	cr_assert_eq(rt_join(&job, &result), 0);
	cr_assert_eq(result.code, 0);
	close(first);
	close(fd);
	close_all();
	return 0;
}

Test(rt_unix, waits_for_a_listener_that_has_no_room)
{
	cr_assert_eq(rt_paused(busy_listener, NULL), 0);
}

static int connect_cut(void *arg)
{
	return rt_cut(connect_one, arg);
}

static int busy_and_cut(void *arg RT_UNUSED)
{
	int fd = listen_narrow(), first;
	struct rt_handle job;

	cr_assert_eq(rt_unix_connect(path, &client), 0);
	rt_spawn(&job, connect_cut, &server, "connector");
	rt_sleep(2 * RT_MS);
	first = accept(fd, NULL, NULL);
	rt_join(&job, NULL);
	close(first);
	close(fd);
	close_all();
	return 0;
}

Test(rt_unix, survives_a_cancel_at_every_await)
{
	/* connect, sleep, connect, sleep, connect */
	cr_assert_eq(rt_cut_everywhere(busy_and_cut, NULL), 5);
}

/* ---- Stress ---- */

#define CLIENTS 40

static int serve(void *arg RT_UNUSED)
{
	for (int i = 0; i < CLIENTS; i++) {
		struct rt_io *io;
		char word[4];

		cr_assert_eq(rt_accept(listener, &io), 0);
		cr_assert_eq(rt_read_full(io, word, 4), 0);
		cr_assert_eq(rt_write_all(io, word, 4), 0);
		rt_io_free(io);
	}
	return 0;
}

static int call(void *arg RT_UNUSED)
{
	char word[5] = "";
	struct rt_io *io;

	cr_assert_eq(rt_unix_connect(path, &io), 0);
	cr_assert_eq(rt_write_all(io, "ping", 4), 0);
	cr_assert_eq(rt_read_full(io, word, 4), 0);
	cr_assert_str_eq(word, "ping");
	rt_io_free(io);
	return 0;
}

static int many_clients(void *arg RT_UNUSED)
{
	struct rt_handle jobs[CLIENTS + 1];

	name_path();
	cr_assert_eq(rt_unix_listen(path, &listener), 0);
	rt_spawn(&jobs[CLIENTS], serve, NULL, "server");
	for (int i = 0; i < CLIENTS; i++)
		rt_spawn(&jobs[i], call, NULL, "client");
	for (int i = 0; i <= CLIENTS; i++)
		rt_join(&jobs[i], NULL);
	close_all();
	return 0;
}

Test(rt_unix, serves_many_clients_on_four_workers)
{
	cr_assert_eq(rt_threads(4, many_clients, NULL), 0);
}
