/* SPDX-License-Identifier: MIT */
/*
 * httpd: an ordinary HTTP/1.1 server in callback style, to be watched.
 *
 * Several workers, each an epoll loop with its own listener; a pool of threads
 * for files; one cache for all. This file reads the options, starts the
 * workers and stops them.
 *
 * Law: only here does the server speak to people, and only here does it exit.
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <netdb.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <vigil/vigil.h>

#include "httpd/listener.h"
#include "httpd/loop.h"
#include "httpd/server.h"

#define DRAIN_S 5

struct options {
	const char *bind;
	const char *port;
	const char *root;
	unsigned n_workers;
	unsigned n_pool;
	unsigned idle_ms;
	unsigned cache_mb;
};

struct worker {
	pthread_t thread;
	char name[16];
	struct loop loop;
	struct listener listener;
};

/* clang-format off */
static const char usage[] =
	"usage: httpd --port N [options]\n"
	"An HTTP/1.1 server for files and a few pages; / lists them.\n\n"
	"  --port N            listen on port N; 0 picks a free one\n"
	"  --bind ADDR         on this address (127.0.0.1)\n"
	"  --workers N         event loops (2)\n"
	"  --pool N            threads that read files (2)\n"
	"  --root DIR          serve the files below DIR (.)\n"
	"  --idle-timeout MS   close a silent connection after MS (5000)\n"
	"  --cache-mb N        keep up to N MiB of files in memory (64)\n"
	"  --help              show this\n\n"
	"SIGTERM or SIGINT: finish what was begun, for 5 seconds at most.\n";
/* clang-format on */

static _Noreturn void die(const char *what, const char *on, int err, const char *next)
{
	fprintf(stderr, "httpd: cannot %s %s: %s; %s\n", what, on, strerror(err < 0 ? -err : err),
		next);
	exit(2);
}

static unsigned option_number(const char *name, const char *text, unsigned min, unsigned max)
{
	char *end;
	unsigned long number;

	errno = 0;
	number = strtoul(text, &end, 10);
	if (errno || end == text || *end || *text == '-' || number < min || number > max) {
		fprintf(stderr, "httpd: --%s %s: give a number from %u to %u\n", name, text, min,
			max);
		exit(2);
	}
	return (unsigned)number;
}

static void options_parse(struct options *options, int argc, char **argv)
{
	static const struct option known[] = {
		{ "port", required_argument, NULL, 'p' },
		{ "bind", required_argument, NULL, 'b' },
		{ "workers", required_argument, NULL, 'w' },
		{ "pool", required_argument, NULL, 'P' },
		{ "root", required_argument, NULL, 'r' },
		{ "idle-timeout", required_argument, NULL, 'i' },
		{ "cache-mb", required_argument, NULL, 'c' },
		{ "help", no_argument, NULL, 'h' },
		{ 0 },
	};
	int c, i;

	while ((c = getopt_long(argc, argv, "", known, &i)) != -1) {
		const char *name = c == '?' ? "" : known[i].name;

		switch (c) {
		case 'p':
			option_number(name, optarg, 0, 65535);
			options->port = optarg;
			break;
		case 'b':
			options->bind = optarg;
			break;
		case 'r':
			options->root = optarg;
			break;
		case 'w':
			options->n_workers = option_number(name, optarg, 1, 256);
			break;
		case 'P':
			options->n_pool = option_number(name, optarg, 1, 256);
			break;
		case 'i':
			options->idle_ms = option_number(name, optarg, 1, 86400000);
			break;
		case 'c':
			options->cache_mb = option_number(name, optarg, 0, 1048576);
			break;
		case 'h':
			fputs(usage, stdout);
			exit(0);
		default:
			fputs(usage, stderr);
			exit(2);
		}
	}
	if (!options->port || optind < argc) {
		fputs(usage, stderr);
		exit(2);
	}
}

static void server_init(struct server *server, const struct options *options)
{
	int err;

	server->idle_ms = options->idle_ms;
	server->http = vigil_executor_new(VIGIL_EXECUTOR_EVENT_LOOP, "http");
	cache_init(&server->cache, (size_t)options->cache_mb << 20);
	server->root_fd = open(options->root, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (server->root_fd < 0)
		die("serve", options->root, errno, "give another directory with --root");
	err = pool_init(&server->pool, options->n_pool);
	if (err)
		die("start", "the pool", err, "ask for fewer with --pool");
}

static void server_fini(struct server *server)
{
	cache_fini(&server->cache);
	close(server->root_fd);
	vigil_executor_free(server->http);
}

static void workers_init(struct worker *workers, const struct options *options,
			 struct server *server)
{
	struct addrinfo hints = {
		.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV | AI_PASSIVE,
		.ai_socktype = SOCK_STREAM,
	};
	struct sockaddr_storage address = { 0 };
	char host[NI_MAXHOST], port[NI_MAXSERV];
	struct addrinfo *found;
	socklen_t len;
	int err = getaddrinfo(options->bind, options->port, &hints, &found);

	if (err) {
		fprintf(stderr, "httpd: cannot bind to %s: %s; give a numeric --bind\n",
			options->bind, gai_strerror(err));
		exit(2);
	}
	len = found->ai_addrlen;
	memcpy(&address, found->ai_addr, len);
	freeaddrinfo(found);
	for (unsigned i = 0; i < options->n_workers; i++) {
		snprintf(workers[i].name, sizeof(workers[i].name), "http-%u", i);
		err = loop_init(&workers[i].loop);
		if (err)
			die("make", "an event loop", err,
			    "raise ulimit -n, or ask for fewer --workers");
		err = listener_open(&workers[i].listener, &workers[i].loop, server, &address, len);
		if (err)
			die("listen on port", options->port, err,
			    "choose another with --port or --bind");
	}
	getnameinfo((struct sockaddr *)&address, len, host, sizeof(host), port, sizeof(port),
		    NI_NUMERICHOST | NI_NUMERICSERV);
	printf(strchr(host, ':') ? "listening on [%s]:%s\n" : "listening on %s:%s\n", host, port);
	fflush(stdout);
}

static void *worker_main(void *arg)
{
	struct worker *worker = arg;

	vigil_worker_begin(worker->listener.server->http, worker->name);
	loop_run(&worker->loop);
	vigil_worker_end();
	return NULL;
}

/* Lets the workers drain; past the deadline, cuts what is left. */
static void workers_stop(struct worker *workers, unsigned n_workers, struct server *server)
{
	struct timespec deadline;
	unsigned i;

	for (i = 0; i < n_workers; i++)
		loop_stop(&workers[i].loop, false);
	clock_gettime(CLOCK_REALTIME, &deadline);
	deadline.tv_sec += DRAIN_S;
	for (i = 0; i < n_workers; i++)
		if (pthread_timedjoin_np(workers[i].thread, NULL, &deadline))
			break;
	if (i < n_workers) {
		/* The pool first: it may hold the lock a worker waits for. */
		pool_end(&server->pool);
		for (unsigned j = i; j < n_workers; j++)
			loop_stop(&workers[j].loop, true);
		for (; i < n_workers; i++)
			pthread_join(workers[i].thread, NULL);
	}
	pool_fini(&server->pool);
	for (i = 0; i < n_workers; i++)
		loop_fini(&workers[i].loop);
}

int main(int argc, char **argv)
{
	struct options options = {
		.bind = "127.0.0.1",
		.root = ".",
		.n_workers = 2,
		.n_pool = 2,
		.idle_ms = 5000,
		.cache_mb = 64,
	};
	static struct server server;
	struct worker *workers;
	sigset_t signals;
	int signal_number, err;

	options_parse(&options, argc, argv);
	workers = calloc(options.n_workers, sizeof(*workers));
	if (!workers)
		die("start", "the workers", ENOMEM, "ask for fewer");
	signal(SIGPIPE, SIG_IGN);
	sigemptyset(&signals);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGINT);
	/* Before any thread starts: all inherit it, and only main waits. */
	pthread_sigmask(SIG_BLOCK, &signals, NULL);

	err = vigil_init(NULL);
	if (err)
		fprintf(stderr, "httpd: vigil cannot watch: %s; serving all the same\n",
			strerror(-err));
	server_init(&server, &options);
	workers_init(workers, &options, &server);
	for (unsigned i = 0; i < options.n_workers; i++) {
		err = pthread_create(&workers[i].thread, NULL, worker_main, &workers[i]);
		if (err)
			die("start", "a worker", err, "ask for fewer");
	}
	sigwait(&signals, &signal_number);
	/* From here a second signal ends the process at once. */
	pthread_sigmask(SIG_UNBLOCK, &signals, NULL);
	workers_stop(workers, options.n_workers, &server);
	server_fini(&server);
	vigil_fini();
	free(workers);
	return 0;
}
