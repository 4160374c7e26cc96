/* SPDX-License-Identifier: MIT */
/*
 * A pool of connections to a server, here one of our own. A guard gives a connection back when
 * its scope is left, also because the task was cancelled: in the middle of a query then, so that
 * the pool closes it, for what comes next on it would be somebody else's answer.
 *
 * In `vigil tasks` clients wait for semaphore "squares places", with who has them; those that
 * have one wait until it is readable. "impatient" is cancelled, its session completed.
 */
#include "../example.h"
#include "connections.h"

#define MAX 3
#define CLIENTS 8
#define QUERIES 10       /* of each */
#define NEVER UINT32_MAX /* a query that is not answered */

struct world {
	struct server server;
	struct rt_conn_pool *pool;
	_Atomic unsigned answered, wrong, closed_midway;
};

/* ---- The server: squares of numbers ---- */

static int session(void *arg, void *item)
{
	RT_GUARD(rt_io_guard) struct rt_io *io = item;
	uint32_t number;

	(void)arg;
	/* What ends a session is no fault of the server's. */
	while (!rt_read_full(io, &number, sizeof(number))) {
		if (number == NEVER)
			continue;
		number *= number;
		if (rt_sleep(30 * RT_MS) || rt_write_all(io, &number, sizeof(number)))
			break;
	}
	return 0;
}

static int serve(void *arg)
{
	return rt_stream_for_each_bounded(connections_of(arg), 2 * MAX, session, NULL, "session");
}

/* ---- What the pool lends ---- */

struct link {
	struct rt_io *io;
	bool is_midway; /* a query has been sent, and its answer has not come */
};

static int link_open(void *arg, void **ret_connection)
{
	const struct world *world = arg;
	struct link *link = calloc(1, sizeof(*link));
	int code = link ? rt_tcp_connect("127.0.0.1", world->server.port, &link->io) : -ENOMEM;

	if (code)
		free(link);
	else
		*ret_connection = link;
	return code;
}

static void link_close(void *arg, void *connection)
{
	struct world *world = arg;
	struct link *link = connection;

	world->closed_midway += link->is_midway;
	rt_io_free(link->io);
	free(link);
}

static bool link_is_good(void *arg, void *connection)
{
	const struct link *link = connection;

	(void)arg;
	return !link->is_midway;
}

static int query(struct world *world, uint32_t number)
{
	RT_GUARD(rt_conn_give_back) struct rt_conn conn = { 0 };
	struct link *link;
	uint32_t square;
	int code = rt_conn_take(world->pool, UINT64_MAX, &conn);

	if (code)
		return code;
	link = conn.connection;
	link->is_midway = true;
	code = rt_write_all(link->io, &number, sizeof(number));
	if (!code)
		code = rt_read_full(link->io, &square, sizeof(square));
	if (code)
		return code;
	link->is_midway = false;
	world->answered++;
	world->wrong += square != number * number;
	return 0;
}

/* ---- Its users ---- */

static int client(void *arg)
{
	int code = 0;

	for (uint32_t i = 0; i < QUERIES && !code; i++)
		code = query(arg, i);
	return code;
}

static int impatient(void *arg)
{
	return query(arg, NEVER);
}

static int use_pool(void *arg)
{
	static const struct rt_conn_pool_type type = { link_open, link_close, link_is_good };
	struct rt_join_set *clients = rt_join_set_new("clients");
	struct world world = { 0 };
	int code = server_start(&world.server, serve, "server");

	(void)arg;
	world.pool = rt_conn_pool_new("squares", MAX, &type, &world);
	if (!world.pool)
		code = -ENOMEM;
	if (!code)
		code = example_spawn_each(clients, "client", client, &world, 0, CLIENTS);
	if (!code)
		code = rt_timeout_call(500 * RT_MS, impatient, &world, "impatient");
	code = rt_join_set_finish(clients, code == -ETIMEDOUT ? 0 : code);
	rt_conn_pool_free(world.pool);
	server_stop(&world.server);
	if (!code)
		printf("%d clients, %d connections: %u queries answered, %u wrong; "
		       "%u connection closed in the middle of a query that was cancelled\n",
		       CLIENTS, MAX, world.answered, world.wrong, world.closed_midway);
	return code;
}

EXAMPLE_PATTERN(NULL, use_pool)
