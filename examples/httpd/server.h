/* SPDX-License-Identifier: MIT */
/*
 * What all workers of one server share.
 *
 * Law: set up before the first worker starts, torn down after the last one
 * ended; in between only the cache, the pool and the counters change.
 */
#ifndef HTTPD_SERVER_H
#define HTTPD_SERVER_H

#include <stdatomic.h>
#include <stdint.h>

#include <vigil/vigil.h>

#include "cache.h"
#include "pool.h"

#define SERVER_COUNTERS(X)                                                                         \
	X(accepted)                                                                                \
	X(closed) X(accept_pauses) X(requests) X(refused) X(timeouts) X(jobs) X(bytes_sent)

struct counters {
#define COUNTER_FIELD(name) _Atomic uint64_t name;
	SERVER_COUNTERS(COUNTER_FIELD)
#undef COUNTER_FIELD
};

/* Nothing is ordered by a counter: relaxed. */
#define counter_add(server, name, n)                                                               \
	((void)atomic_fetch_add_explicit(&(server)->counters.name, (n), memory_order_relaxed))

struct server {
	struct cache cache;
	struct pool pool;
	struct counters counters;
	vigil_executor http; /* what all loops are, to the console */
	int root_fd;
	unsigned idle_ms;
};

#endif
