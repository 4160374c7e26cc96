/* SPDX-License-Identifier: MIT */
/*
 * The same work on many items, a few at once: pages are fetched from a server, which is in this
 * program too, over 4 connections at most. First they are taken as they complete; then in
 * order: there a slow page holds back those behind it, which are there already.
 *
 * In the console: 4 tasks "fetch" wait until a TcpStream is readable; as many tasks "conn" of the
 * server wait for a timer. An attribute of each is its page (Enter on it). "server" accepts; the
 * main task waits for the oldest "fetch".
 */
#include "../example.h"
#include "connections.h"

#define PAGES 24
#define LIMIT 4
#define REQUEST 8 /* "page 07\n" */
#define ANSWER 16 /* "this is page 07\n" */

struct fetch {
	unsigned page;
	char text[ANSWER + 1];
};

struct fetches {
	unsigned begun, done;
	char order[4 * PAGES];
	struct fetch all[PAGES];
};

static uint16_t port; /* the server's */

/* ---- The server ---- */

static int conn_run(void *arg)
{
	RT_GUARD(rt_io_guard) struct rt_io *io = arg;
	char request[REQUEST + 1] = "", text[ANSWER + 1];
	unsigned long page;
	int error = rt_read_full(io, request, REQUEST);

	if (error < 0)
		return error;
	page = strtoul(request + 5, NULL, 10);
	vigil_attr_u64(vigil_task_current(), "page", page, NULL);
	/* Some take longer than others. */
	error = rt_sleep((40 + page * 37 % 130) * RT_MS);
	if (error)
		return error;
	snprintf(text, sizeof(text), "this is page %02lu\n", page % 100);
	return rt_write_all(io, text, ANSWER);
}

/* Accepts until it is cancelled. A connection is done when its client is. */
static int server_run(void *arg)
{
	struct rt_listener *listener = arg;
	struct rt_io *io;
	int error;

	while ((error = rt_accept(listener, &io)) == 0) {
		error = rt_spawn(NULL, conn_run, io, "conn");
		if (error)
			rt_io_free(io);
	}
	return error;
}

/* ---- One page ---- */

static int fetch_run(void *item)
{
	RT_GUARD(rt_io_guard) struct rt_io *io = NULL;
	struct fetch *fetch = item;
	char request[REQUEST + 1];
	int error;

	vigil_attr_u64(vigil_task_current(), "page", fetch->page, NULL);
	snprintf(request, sizeof(request), "page %02u\n", fetch->page % 100);
	error = rt_tcp_connect("127.0.0.1", port, &io);
	if (!error)
		error = rt_write_all(io, request, REQUEST);
	if (!error)
		error = rt_read_full(io, fetch->text, ANSWER);
	return rt_context(error, "cannot fetch page %u", fetch->page);
}

/* ---- All of them ---- */

static bool fetches_next(void *arg, void **ret_item)
{
	struct fetches *fetches = arg;

	if (fetches->begun == PAGES)
		return false;
	fetches->all[fetches->begun].page = fetches->begun;
	*ret_item = &fetches->all[fetches->begun++];
	return true;
}

static int fetches_take(void *arg, void *item, const struct rt_result *result)
{
	struct fetches *fetches = arg;
	const struct fetch *fetch = item;
	size_t length = strlen(fetches->order);

	if (result->code < 0)
		return result->code; /* the first that fails ends all */
	fetches->done += strncmp(fetch->text, "this is page ", 13) == 0;
	snprintf(fetches->order + length, sizeof(fetches->order) - length, " %u", fetch->page);
	return 0;
}

static int fetch_all(bool is_ordered)
{
	struct fetches fetches = { 0 };
	struct rt_bounded bounded = { .next = fetches_next,
				      .work = fetch_run,
				      .take = fetches_take,
				      .arg = &fetches,
				      .limit = LIMIT,
				      .is_ordered = is_ordered,
				      .name = "fetch" };
	int error = rt_bounded_run(&bounded);

	if (!error)
		printf("%u pages, %d at a time, %s:%s\n", fetches.done, LIMIT,
		       is_ordered ? "in order" : "as they complete", fetches.order);
	return error;
}

static int fetch_twice(void *arg)
{
	struct server server = { 0 };
	int error = server_start(&server, server_run, "server");

	(void)arg;
	port = server.port;
	if (!error)
		error = fetch_all(false);
	if (!error)
		error = fetch_all(true);
	server_stop(&server);
	return error;
}

EXAMPLE_PATTERN(NULL, fetch_twice)
