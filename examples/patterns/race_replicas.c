/* SPDX-License-Identifier: MIT */
/*
 * A race of replicas: each request goes to three servers, which are in this program too; the
 * first answer is taken and the other two are cancelled. What each of them has to do with a
 * request differs, so each is the fastest now and then. Later one is down, and nobody notices;
 * then all are, and the race ends with the error of the last.
 *
 * In the console: tasks "ask oslo", "ask lima" and "ask kyoto" wait until a TcpStream is readable;
 * the losers end "cancelled". Each has a task "request" on the other side, which does its work
 * unless its client goes first, and says both: "readable, fd 10, 89.2 ms to go".
 */
#include "../example.h"
#include "connections.h"

#define REPLICAS 3
#define REQUESTS 9

static struct replica {
	const char *name, *task, *ask; /* what its tasks are called */
	struct server server;
	unsigned won;
} replicas[REPLICAS] = {
	{ .name = "oslo", .task = "replica oslo", .ask = "ask oslo" },
	{ .name = "lima", .task = "replica lima", .ask = "ask lima" },
	{ .name = "kyoto", .task = "replica kyoto", .ask = "ask kyoto" },
};

/* ---- A replica's side ---- */

static int request_run(void *arg)
{
	static const uint64_t takes_ns[REPLICAS] = { 60 * RT_MS, 300 * RT_MS, 700 * RT_MS };
	RT_GUARD(rt_io_guard) struct rt_io *io = arg;
	unsigned char work, nothing;
	struct rt_op first[2];
	int n = rt_read_full(io, &work, 1);

	if (n < 0)
		return n;
	/* The work, unless nobody wants it any more. */
	first[0] = rt_sleep_op(takes_ns[work % REPLICAS]);
	first[1] = rt_read_op(io, &nothing, 1);
	n = rt_select(first, 2, RT_BIASED);
	if (n == 1)
		return 0;
	return n ? n : rt_write_all(io, &work, 1);
}

static int replica_run(void *arg)
{
	struct rt_listener *listener = arg;
	struct rt_io *io;
	int error;

	while ((error = rt_accept(listener, &io)) == 0) {
		error = rt_spawn(NULL, request_run, io, "request");
		if (error)
			rt_io_free(io);
	}
	return error;
}

/* ---- The client's side ---- */

struct ask {
	const struct replica *replica;
	unsigned char work;
};

static int ask_run(void *arg)
{
	RT_GUARD(rt_io_guard) struct rt_io *io = NULL;
	struct ask *ask = arg;
	int n = rt_tcp_connect("127.0.0.1", ask->replica->server.port, &io);

	if (n >= 0)
		n = rt_write_all(io, &ask->work, 1);
	if (n >= 0)
		n = rt_read_full(io, &ask->work, 1);
	return rt_context(n, "%s does not answer", ask->replica->name);
}

/* Returns the index of who answered, or a negative code. */
static int ask_all(unsigned request)
{
	struct ask asks[REPLICAS];
	struct rt_racer racers[REPLICAS];

	for (unsigned i = 0; i < REPLICAS; i++) {
		asks[i] = (struct ask){ &replicas[i], (unsigned char)(request + i) };
		racers[i] = (struct rt_racer){ .fn = ask_run,
					       .arg = &asks[i],
					       .name = replicas[i].ask };
	}
	/* No result wanted: the error of a race that nobody won is this task's then. */
	return rt_race(racers, REPLICAS, NULL);
}

static int ask_often(const char *when)
{
	unsigned answered = 0;

	for (unsigned i = 0; i < REPLICAS; i++)
		replicas[i].won = 0;
	for (unsigned i = 0; i < REQUESTS; i++) {
		int winner = ask_all(i);

		if (winner == -ECANCELED)
			return winner;
		if (winner < 0)
			continue;
		answered++;
		replicas[winner].won++;
	}
	printf("%s: %u of %d requests were answered; oslo won %u, lima %u, kyoto %u\n", when,
	       answered, REQUESTS, replicas[0].won, replicas[1].won, replicas[2].won);
	return 0;
}

static int race(void *arg)
{
	int code = 0;

	(void)arg;
	for (unsigned i = 0; i < REPLICAS && !code; i++)
		code = server_start(&replicas[i].server, replica_run, replicas[i].task);
	code = code ? code : ask_often("with all three");
	server_stop(&replicas[1].server);
	code = code ? code : ask_often("without lima");
	for (unsigned i = 0; i < REPLICAS; i++)
		server_stop(&replicas[i].server);
	if (!code && rt_context(ask_all(0), "without any") < 0)
		example_print_error();
	return code;
}

EXAMPLE_PATTERN(NULL, race)
