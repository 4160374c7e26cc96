/* SPDX-License-Identifier: MIT */
/*
 * The cache of file contents: least recently used goes first, one mutex, shared
 * by all loops and the pool.
 *
 * Law: an entry never changes once it is in; whoever holds a reference may read
 * it without the mutex, also after it left the cache.
 */
#ifndef HTTPD_CACHE_H
#define HTTPD_CACHE_H

#include <pthread.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#include <vigil/vigil.h>

#define CACHE_BUCKETS 1024

struct entry {
	struct entry *next; /* in its bucket */
	struct entry *newer;
	struct entry *older;
	uint64_t stale_ns; /* when it must be read again */
	atomic_uint n_refs;
	size_t size;
	char *data;
	char path[];
};

struct cache_counts {
	uint64_t hits;
	uint64_t misses;
	uint64_t entries;
	uint64_t bytes;
};

struct cache {
	pthread_mutex_t mutex;
	vigil_resource lock; /* the mutex, to the console */
	size_t bytes_max;
	struct entry *newest;
	struct entry *oldest;
	struct cache_counts counts;
	struct entry *buckets[CACHE_BUCKETS];
};

void cache_init(struct cache *cache, size_t bytes_max);
void cache_fini(struct cache *cache);

/*
 * The calls below take the lock themselves; these two are for /hog. Who holds
 * it is shown with the line of the caller.
 */
#define cache_lock(cache) cache_lock_at(VIGIL_HERE(), cache)
void cache_lock_at(struct vigil_site *site, struct cache *cache);
void cache_unlock(struct cache *cache);

/* Returns a reference, or NULL when it is not there or too old. */
struct entry *cache_find(struct cache *cache, const char *path);

/*
 * Puts contents in, in place of older ones, and takes over `data` (malloc).
 * Returns a reference; NULL when there is no memory, `data` then freed.
 */
struct entry *cache_put(struct cache *cache, const char *path, char *data, size_t size);
void entry_release(struct entry *entry);

struct cache_counts cache_count(struct cache *cache);

#endif
