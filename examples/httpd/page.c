/* SPDX-License-Identifier: MIT */
/*
 * The built-in pages.
 *
 * Law: a page may not block, with one exception that is there to be seen:
 * /work burns processor time in the callback.
 */
#include "page.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "conn.h"

#define DELAY_MS_MAX 60000
#define WORK_US_MAX 10000000

struct hog {
	struct job job; /* first */
	struct server *server;
	unsigned ms;
};

static void index_answer(struct conn *conn)
{
	conn_text(conn, 200,
		  "httpd, an example of Vigil\n\n"
		  "/hello        a greeting\n"
		  "/stats        counters\n"
		  "/slow?ms=N    answers after N milliseconds\n"
		  "/work?us=N    burns N microseconds in the callback\n"
		  "/hog?ms=N     holds the cache's mutex for N milliseconds\n"
		  "/PATH         a file\n");
}

static void hello_answer(struct conn *conn)
{
	conn_text(conn, 200, "hello, world\n");
}

static void stats_answer(struct conn *conn)
{
	struct cache_counts cache = cache_count(&conn->server->cache);
	char text[1024];
	int len = 0;

#define COUNTER_LINE(name)                                                                         \
	len += snprintf(text + len, sizeof(text) - (size_t)len, #name " %" PRIu64 "\n",            \
			atomic_load_explicit(&conn->server->counters.name, memory_order_relaxed));
	SERVER_COUNTERS(COUNTER_LINE)
#undef COUNTER_LINE
	conn_text(conn, 200,
		  "%scache_hits %" PRIu64 "\ncache_misses %" PRIu64 "\ncache_entries %" PRIu64
		  "\ncache_bytes %" PRIu64 "\n",
		  text, cache.hits, cache.misses, cache.entries, cache.bytes);
}

static void slow_resume(struct conn *conn)
{
	conn_text(conn, 200, "slow, on purpose\n");
}

static void slow_answer(struct conn *conn)
{
	conn_delay(conn, query_number(conn->request.query, "ms", 100, DELAY_MS_MAX), slow_resume);
}

static void work_answer(struct conn *conn)
{
	unsigned us = query_number(conn->request.query, "us", 1000, WORK_US_MAX);
	uint64_t end_ns = clock_ns() + us * UINT64_C(1000);

	while (clock_ns() < end_ns)
		;
	conn_text(conn, 200, "worked for %u us\n", us);
}

static void hog_work(struct job *job)
{
	struct hog *hog = (struct hog *)job;

	cache_lock(&hog->server->cache);
	pool_sleep(&hog->server->pool, hog->ms);
	cache_unlock(&hog->server->cache);
}

static void hog_free(struct job *job)
{
	free(job);
}

static void hog_resume(struct conn *conn)
{
	if (conn->job->is_cancelled)
		conn_text(conn, 503, "the pool is full\n");
	else
		conn_text(conn, 200, "held the cache's mutex\n");
}

static void hog_answer(struct conn *conn)
{
	struct hog *hog = calloc(1, sizeof(*hog));

	if (!hog) {
		conn_text(conn, 503, "out of memory\n");
		return;
	}
	hog->job.name = "hog";
	hog->job.work = hog_work;
	hog->job.free = hog_free;
	hog->server = conn->server;
	hog->ms = query_number(conn->request.query, "ms", 100, DELAY_MS_MAX);
	conn_submit(conn, &hog->job, hog_resume);
}

void page_answer(struct conn *conn)
{
	static const struct {
		const char *path;
		void (*answer)(struct conn *conn);
	} pages[] = {
		{ "/", index_answer },    { "/hello", hello_answer }, { "/stats", stats_answer },
		{ "/slow", slow_answer }, { "/work", work_answer },   { "/hog", hog_answer },
	};

	for (size_t i = 0; i < sizeof(pages) / sizeof(*pages); i++) {
		if (slice_equals(conn->request.path, pages[i].path)) {
			pages[i].answer(conn);
			return;
		}
	}
	file_answer(conn);
}
