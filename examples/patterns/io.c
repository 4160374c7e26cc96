/* SPDX-License-Identifier: MIT */
/*
 * A relay through all there is: lines come by TCP, go on as UDP datagrams, through a Unix socket
 * and a pipe into a file; the name of the host is looked up, and a signal tells that all is
 * there. One task for each hop.
 *
 * In the console (t) each hop waits until its descriptor is readable, "inspector" for signal
 * "SIGUSR1"; jobs "localhost" and "write .../lines" are the pool's (e).
 */
#include <errno.h>
#include <signal.h>

#include "../example.h"

#define LINES 20
#define LINE 16

struct relay {
	char address[64];
	struct rt_listener *listener;
	struct rt_udp *in, *out;
	struct rt_io *unix_ends[2];
	struct rt_io *pipe_out, *pipe_in;
	struct rt_file *file;
	struct rt_signal *all_there;
	off_t size; /* of the file */
};

static int send_lines(void *arg)
{
	const struct relay *relay = arg;
	RT_GUARD(rt_io_guard) struct rt_io *io = NULL;
	int code = rt_tcp_connect(relay->address, rt_listener_port(relay->listener), &io);

	for (unsigned i = 0; i < LINES && !code; i++) {
		char line[LINE + 1];

		snprintf(line, sizeof(line), "line %10u\n", i);
		code = rt_write_all(io, line, LINE);
		if (!code)
			code = rt_sleep(40 * RT_MS);
	}
	return code;
}

static int tcp_to_udp(void *arg)
{
	struct relay *relay = arg;
	RT_GUARD(rt_io_guard) struct rt_io *io = NULL;
	char line[LINE];
	struct rt_datagram datagram = { .buf = line, .size = LINE };
	int code = rt_accept(relay->listener, &io);

	if (!code)
		code = rt_udp_to(&datagram, relay->address, rt_udp_port(relay->in));
	while (!code) {
		code = rt_read_full(io, line, LINE);
		if (!code)
			code = rt_udp_send(relay->out, &datagram);
		code = code > 0 ? 0 : code;
	}
	if (code != -ENODATA)
		return code;
	datagram.size = 0; /* of no bytes: the end */
	code = rt_udp_send(relay->out, &datagram);
	return code < 0 ? code : 0;
}

static int udp_to_unix(void *arg)
{
	struct relay *relay = arg;
	char line[LINE];
	int code = 0;

	while (!code) {
		struct rt_datagram datagram = { .buf = line, .size = LINE };

		code = rt_udp_recv(relay->in, &datagram);
		if (code >= 0 && !datagram.size)
			return rt_io_end_write(relay->unix_ends[0]);
		if (code >= 0)
			code = rt_write_all(relay->unix_ends[0], line, datagram.size);
	}
	return code;
}

static int unix_to_pipe(void *arg)
{
	struct relay *relay = arg;
	char bytes[64];
	int n;

	while ((n = rt_read(relay->unix_ends[1], bytes, sizeof(bytes))) > 0) {
		int code = rt_write_all(relay->pipe_in, bytes, (size_t)n);

		if (code)
			return code;
	}
	rt_io_guard(&relay->pipe_in); /* the other end reads that, too */
	return n;
}

static int pipe_to_file(void *arg)
{
	struct relay *relay = arg;
	char bytes[64];
	int n;

	while ((n = rt_read(relay->pipe_out, bytes, sizeof(bytes))) > 0) {
		ssize_t put = rt_file_write(relay->file, bytes, (size_t)n, relay->size);

		if (put != n)
			return put < 0 ? (int)put : -ENOSPC;
		relay->size += put;
	}
	if (!n)
		n = rt_file_sync(relay->file);
	return n ? n : raise(SIGUSR1);
}

/* Looks at what came, when it is told to. */
static int inspect(void *arg)
{
	const struct relay *relay = arg;
	char last[LINE + 1] = "";
	ssize_t got;
	int code = rt_signal_wait(relay->all_there);

	if (code)
		return code;
	got = rt_file_read(relay->file, last, LINE, relay->size - LINE);
	if (got != LINE)
		return got < 0 ? (int)got : -ENODATA;
	last[LINE - 1] = '\0';
	printf("%lld bytes came through TCP, UDP, a Unix socket and a pipe; the last: \"%s\"\n",
	       (long long)relay->size, last);
	return 0;
}

/* ---- The program ---- */

static int relay_open(struct relay *relay)
{
	int code = rt_resolve("localhost", relay->address, sizeof(relay->address));

	if (!code)
		code = rt_tcp_listen(relay->address, 0, &relay->listener);
	if (!code)
		code = rt_udp_bind(relay->address, 0, &relay->in);
	if (!code)
		code = rt_udp_bind(relay->address, 0, &relay->out);
	if (!code)
		code = rt_unix_pair(relay->unix_ends);
	if (!code)
		code = rt_pipe(&relay->pipe_out, &relay->pipe_in);
	if (!code)
		code = example_file("lines", &relay->file);
	if (!code)
		code = rt_signal_new(SIGUSR1, &relay->all_there);
	return rt_context(code, "cannot open the relay");
}

static void relay_close(struct relay *relay)
{
	rt_signal_free(relay->all_there);
	rt_file_free(relay->file);
	rt_io_free(relay->pipe_in);
	rt_io_free(relay->pipe_out);
	rt_io_free(relay->unix_ends[1]);
	rt_io_free(relay->unix_ends[0]);
	rt_udp_free(relay->out);
	rt_udp_free(relay->in);
	rt_listener_free(relay->listener);
}

static int run(void *arg)
{
	static const struct {
		rt_fn fn;
		const char *name;
	} hops[] = {
		{ tcp_to_udp, "TCP to UDP" },     { udp_to_unix, "UDP to Unix" },
		{ unix_to_pipe, "Unix to pipe" }, { pipe_to_file, "pipe to file" },
		{ inspect, "inspector" },         { send_lines, "sender" },
	};
	struct relay relay = { 0 };
	struct rt_join_set *tasks = rt_join_set_new("hops");
	int code = tasks ? relay_open(&relay) : -ENOMEM;

	(void)arg;
	for (size_t i = 0; i < sizeof(hops) / sizeof(hops[0]) && !code; i++)
		code = rt_join_set_spawn(tasks, hops[i].fn, &relay, hops[i].name);
	code = rt_join_set_finish(tasks, code);
	relay_close(&relay);
	return code;
}

EXAMPLE_PATTERN(NULL, run)
