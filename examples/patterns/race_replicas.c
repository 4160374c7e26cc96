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
#include <stdatomic.h>

#include "../example.h"

#define REPLICAS 3
#define REQUESTS 9

static struct replica {
	const char *name, *task, *ask; /* what its tasks are called */
	unsigned place;
	struct rt_listener *listener;
	uint16_t port;
	struct rt_handle server;
	unsigned won;
} replicas[REPLICAS] = {
	{ .name = "oslo", .task = "replica oslo", .ask = "ask oslo", .place = 0 },
	{ .name = "lima", .task = "replica lima", .ask = "ask lima", .place = 1 },
	{ .name = "kyoto", .task = "replica kyoto", .ask = "ask kyoto", .place = 2 },
};

static _Atomic unsigned given_up; /* requests whose client went before the answer */

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
	if (n < 0)
		return n;
	if (n == 1) {
		atomic_fetch_add(&given_up, 1);
		return 0;
	}
	n = rt_write_all(io, &work, 1);
	return n < 0 ? n : 0;
}

static int replica_run(void *arg)
{
	const struct replica *replica = arg;
	struct rt_io *io;
	int error;

	while ((error = rt_accept(replica->listener, &io)) == 0) {
		error = rt_spawn(NULL, request_run, io, "request");
		if (error)
			rt_io_free(io);
	}
	return error;
}

static int replica_start(struct replica *replica)
{
	int error = rt_tcp_listen("127.0.0.1", 0, &replica->listener);

	if (error)
		return rt_context(error, "%s cannot listen", replica->name);
	replica->port = rt_listener_port(replica->listener);
	return rt_spawn(&replica->server, replica_run, replica, replica->task);
}

static void replica_stop(struct replica *replica)
{
	if (replica->server.task) {
		rt_cancel(&replica->server);
		rt_join(&replica->server, NULL);
	}
	rt_listener_free(replica->listener);
	replica->listener = NULL;
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
	int n = rt_tcp_connect("127.0.0.1", ask->replica->port, &io);

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

static void ask_often(const char *when)
{
	unsigned answered = 0;

	for (unsigned i = 0; i < REPLICAS; i++)
		replicas[i].won = 0;
	for (unsigned i = 0; i < REQUESTS; i++) {
		int winner = ask_all(i);

		if (winner < 0)
			continue;
		answered++;
		replicas[winner].won++;
	}
	printf("%s: %u of %d requests were answered; oslo won %u, lima %u, kyoto %u\n", when,
	       answered, REQUESTS, replicas[0].won, replicas[1].won, replicas[2].won);
}

static int race(void *arg)
{
	struct rt_error *error;
	char words[128];
	int code = 0;

	(void)arg;
	for (unsigned i = 0; i < REPLICAS && !code; i++)
		code = replica_start(&replicas[i]);
	if (!code) {
		ask_often("with all three");
		replica_stop(&replicas[1]);
		ask_often("without lima");
	}
	for (unsigned i = 0; i < REPLICAS; i++)
		replica_stop(&replicas[i]);
	if (code || ask_all(0) >= 0)
		return code;
	error = rt_error_take();
	rt_error_print(error, words, sizeof(words));
	printf("without any: %s\n", words);
	printf("%u requests were given up, another was faster\n", atomic_exchange(&given_up, 0));
	rt_error_free(error);
	return 0;
}

EXAMPLE_PATTERN(NULL, race)
