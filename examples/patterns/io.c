/* SPDX-License-Identifier: MIT */
/*
 * A relay through all there is: lines come by TCP, go on as UDP datagrams, through a Unix socket
 * and a pipe into a file; the name of the host is looked up, and a signal tells that all is
 * there. One task for each hop.
 *
 * In the console (t) hops wait until their descriptors are readable, "inspector" for signal
 * "SIGUSR1"; jobs "localhost" and "write .../lines" are the pool's (e).
 */
#include "../example.h"

#define LINES 20
#define LINE 16

struct relay {
	char address[64];
	struct rt_listener *listener;
	struct rt_io *tcp[2], *local[2], *pipe[2]; /* to read from, to write to */
	struct rt_udp *udp;                        /* sends to itself */
	struct rt_file *file;
	struct rt_signal *all_there;
	unsigned sent;
	off_t size; /* of the file */
};

struct hop {
	const char *name;
	int (*pass)(struct relay *relay, char *line); /* one line */
	struct relay *relay;
};

static int hop_run(void *arg)
{
	const struct hop *hop = arg;
	char line[LINE + 1];
	int code = 0;

	for (unsigned i = 0; i < LINES && code >= 0; i++)
		code = hop->pass(hop->relay, line);
	return code < 0 ? code : 0;
}

static int send_line(struct relay *relay, char *line)
{
	int code = rt_sleep(40 * RT_MS);

	snprintf(line, LINE + 1, "line %10u\n", relay->sent++);
	return code ? code : rt_write_all(relay->tcp[1], line, LINE);
}

static int tcp_to_udp(struct relay *relay, char *line)
{
	struct rt_datagram datagram = { .buf = line, .size = LINE };
	int code = rt_read_full(relay->tcp[0], line, LINE);

	if (!code)
		code = rt_udp_to(&datagram, relay->address, rt_udp_port(relay->udp));
	return code ? code : rt_udp_send(relay->udp, &datagram);
}

static int udp_to_unix(struct relay *relay, char *line)
{
	struct rt_datagram datagram = { .buf = line, .size = LINE };
	int code = rt_udp_recv(relay->udp, &datagram);

	return code < 0 ? code : rt_write_all(relay->local[1], line, datagram.size);
}

static int unix_to_pipe(struct relay *relay, char *line)
{
	int code = rt_read_full(relay->local[0], line, LINE);

	return code ? code : rt_write_all(relay->pipe[1], line, LINE);
}

static int pipe_to_file(struct relay *relay, char *line)
{
	ssize_t code = rt_read_full(relay->pipe[0], line, LINE);

	if (!code)
		code = rt_file_write(relay->file, line, LINE, relay->size);
	if (code < 0)
		return (int)code;
	relay->size += code;
	return relay->size == LINES * LINE ? raise(SIGUSR1) : 0;
}

/* Looks at what came, when it is told to. */
static int inspect(void *arg)
{
	const struct relay *relay = arg;
	char text[LINES * LINE];
	ssize_t n = rt_signal_wait(relay->all_there);

	if (!n)
		n = rt_file_read(relay->file, text, sizeof(text), 0);
	if (n < LINE)
		return n < 0 ? (int)n : -ENODATA;
	printf("%zd bytes came through TCP, UDP, a Unix socket and a pipe; the last: \"%.*s\"\n", n,
	       LINE - 1, text + n - LINE);
	return 0;
}

static int run(void *arg)
{
	struct relay relay = { 0 };
	struct hop hops[] = {
		{ "TCP to UDP", tcp_to_udp, &relay },     { "UDP to Unix", udp_to_unix, &relay },
		{ "Unix to pipe", unix_to_pipe, &relay }, { "pipe to file", pipe_to_file, &relay },
		{ "sender", send_line, &relay },
	};
	struct rt_join_set *tasks = rt_join_set_new("hops");
	int code = tasks ? rt_resolve("localhost", relay.address, sizeof(relay.address)) : -ENOMEM;

	(void)arg;
	if (!code)
		code = rt_tcp_listen(relay.address, 0, &relay.listener);
	if (!code)
		code = rt_tcp_connect(relay.address, rt_listener_port(relay.listener),
				      &relay.tcp[1]);
	if (!code)
		code = rt_accept(relay.listener, &relay.tcp[0]);
	if (!code)
		code = rt_udp_bind(relay.address, 0, &relay.udp);
	if (!code)
		code = rt_unix_pair(relay.local);
	if (!code)
		code = rt_pipe(&relay.pipe[0], &relay.pipe[1]);
	if (!code)
		code = example_file("lines", &relay.file);
	if (!code)
		code = rt_signal_new(SIGUSR1, &relay.all_there);
	if (!code)
		code = rt_join_set_spawn(tasks, inspect, &relay, "inspector");
	for (unsigned i = 0; i < 5 && !code; i++)
		code = rt_join_set_spawn(tasks, hop_run, &hops[i], hops[i].name);
	code = rt_join_set_finish(tasks, code);
	rt_signal_free(relay.all_there);
	rt_file_free(relay.file);
	rt_udp_free(relay.udp);
	for (unsigned i = 0; i < 2; i++) {
		rt_io_free(relay.tcp[i]);
		rt_io_free(relay.local[i]);
		rt_io_free(relay.pipe[i]);
	}
	rt_listener_free(relay.listener);
	return code;
}

EXAMPLE_PATTERN(NULL, run)
