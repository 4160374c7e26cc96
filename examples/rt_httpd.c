/* SPDX-License-Identifier: MIT */
/*
 * rt_httpd: an HTTP server on the runtime in rt/, to be watched.
 *
 *	build/examples/rt_httpd --port 8080 & vigil
 *
 * A task accepts, a task serves each connection, jobs of the blocking pool read files. The
 * callback-style twin is httpd.c, whose parser this one uses. SIGTERM or SIGINT: nobody is
 * accepted any more, what was asked is answered, for 2 s at most; what then is not is
 * reported and cut.
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "rt_httpd/conn.h"

#define DRAIN_NS (2 * RT_S)
#define LOOK_NS (5 * RT_MS)
#define RETRY_NS (20 * RT_MS)

static struct {
	unsigned port, workers;
	const char *root;
} options = { .workers = 2, .root = "." };

/* clang-format off */
static const char usage[] =
	"usage: rt_httpd --port N [--workers N] [--root DIR]\n"
	"An HTTP server of tasks: /hello, /slow?ms=N, /work?us=N, and the files below DIR, by\n"
	"default the current directory.\n";
/* clang-format on */

static unsigned number(const char *text, unsigned min, unsigned max)
{
	char *end;
	unsigned long n = strtoul(text, &end, 10);

	if (end == text || *end || *text == '-' || n < min || n > max) {
		fprintf(stderr, "rt_httpd: %s: give a number from %u to %u\n", text, min, max);
		exit(2);
	}
	return (unsigned)n;
}

static void options_parse(int argc, char **argv)
{
	static const struct option known[] = { { "port", required_argument, NULL, 'p' },
					       { "workers", required_argument, NULL, 'w' },
					       { "root", required_argument, NULL, 'r' },
					       { "help", no_argument, NULL, 'h' },
					       { 0 } };
	bool has_port = false;
	int c;

	while ((c = getopt_long(argc, argv, "", known, NULL)) != -1) {
		if (c == 'p') {
			options.port = number(optarg, 0, 65535);
			has_port = true;
		} else if (c == 'w') {
			options.workers = number(optarg, 1, 32);
		} else if (c == 'r') {
			options.root = optarg;
		} else if (c == 'h') {
			fputs(usage, stdout);
			exit(0);
		} else {
			has_port = false;
			break;
		}
	}
	if (!has_port || optind < argc) {
		fputs(usage, stderr);
		exit(2);
	}
}

/* ---- Serving ---- */

/* Accepts until a signal comes. Returns its number, or a negative code. */
static int accept_all(struct server *server, struct rt_listener *listener, struct rt_signal *term,
		      struct rt_signal *interrupt)
{
	for (;;) {
		struct rt_io *io;
		/* The first is what the console shows. Fair: a signal is seen under any load. */
		struct rt_op ops[] = { rt_accept_op(listener, &io), rt_signal_wait_op(term),
				       rt_signal_wait_op(interrupt) };
		int first = rt_select(ops, 3, RT_FAIR);
		int error;

		if (first)
			return first == 1 ? SIGTERM : first == 2 ? SIGINT : first;
		error = ops[0].result ? ops[0].result : conn_start(server, io);
		if (!error)
			continue;
		/* Too many: those that are there may go. */
		rt_event(VIGIL_LEVEL_WARN, "cannot accept: %s", strerror(-error));
		rt_sleep(RETRY_NS);
	}
}

static void tell_one(const char *now)
{
	printf("  cut: GET %s\n", now);
}

static void drain(struct server *server, int signal_number)
{
	uint64_t until = rt_now() + DRAIN_NS;
	unsigned long requests;
	size_t begun, left;

	conns_stop(server);
	begun = left = conns_count(server);
	while (left && rt_now() < until && !rt_sleep(LOOK_NS))
		left = conns_count(server);
	requests = atomic_load(&server->requests);
	printf("SIG%s: answered %lu request%s; of %zu connection%s %zu drained, %zu cut\n",
	       sigabbrev_np(signal_number), requests, requests == 1 ? "" : "s", begun,
	       begun == 1 ? "" : "s", begun - left, left);
	conns_each(server, tell_one);
	fflush(stdout);
}

/* The main task. What is left at its end the runtime aborts. */
static int serve(void *arg)
{
	struct server *server = arg;
	struct rt_signal *term = NULL, *interrupt = NULL;
	struct rt_listener *listener = NULL;
	int error = rt_tcp_listen("127.0.0.1", (uint16_t)options.port, &listener);

	if (!error)
		error = rt_signal_new(SIGTERM, &term);
	if (!error)
		error = rt_signal_new(SIGINT, &interrupt);
	if (!error) {
		printf("listening on 127.0.0.1:%u\n", rt_listener_port(listener));
		fflush(stdout);
		error = accept_all(server, listener, term, interrupt);
	}
	rt_listener_free(listener);
	if (error > 0)
		drain(server, error);
	rt_signal_free(term);
	rt_signal_free(interrupt);
	return error < 0 ? rt_context(error, "cannot serve on port %u", options.port) : 0;
}

int main(int argc, char **argv)
{
	struct server server = { .lock = PTHREAD_MUTEX_INITIALIZER };
	struct rt_options how = { .name = "http" };
	int error;

	options_parse(argc, argv);
	how.workers = options.workers;
	server.root_fd = open(options.root, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (server.root_fd < 0) {
		fprintf(stderr, "rt_httpd: cannot serve %s: %s; give another --root\n",
			options.root, strerror(errno));
		return 2;
	}
	error = vigil_init(NULL);
	if (error)
		fprintf(stderr, "rt_httpd: vigil cannot watch: %s; serving all the same\n",
			strerror(-error));
	error = rt_run(&how, serve, &server);
	vigil_fini();
	close(server.root_fd);
	return error ? 1 : 0;
}
