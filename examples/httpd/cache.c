/* SPDX-License-Identifier: MIT */
/*
 * The cache.
 *
 * Law: under the mutex pointers move and memory is freed; nothing waits there.
 * The cache itself holds one reference to each entry in it.
 */
#include "cache.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "timers.h"

/* So short that an edited file shows soon, so long that load stays off disk. */
#define FRESH_NS UINT64_C(2000000000)

void cache_init(struct cache *cache, size_t bytes_max)
{
	memset(cache, 0, sizeof(*cache));
	pthread_mutex_init(&cache->mutex, NULL);
	cache->lock = vigil_resource_new(VIGIL_RESOURCE_MUTEX, "pthread_mutex", "cache", 0,
					 VIGIL_RESOURCE_THREAD);
	cache->bytes_max = bytes_max;
}

void cache_lock_at(struct vigil_site *site, struct cache *cache)
{
	if (pthread_mutex_trylock(&cache->mutex)) {
		vigil_lock_wait_at(site, cache->lock, VIGIL_MODE_EXCLUSIVE);
		pthread_mutex_lock(&cache->mutex);
	}
	vigil_lock_acquired_at(site, cache->lock, VIGIL_MODE_EXCLUSIVE);
}

void cache_unlock(struct cache *cache)
{
	vigil_lock_released(cache->lock);
	pthread_mutex_unlock(&cache->mutex);
}

void entry_release(struct entry *entry)
{
	/* Release, so that our reads end before; acquire, so that the one
	 * who frees comes after everybody's. Both partners are this line. */
	if (atomic_fetch_sub_explicit(&entry->n_refs, 1, memory_order_acq_rel) != 1)
		return;
	free(entry->data);
	free(entry);
}

/* Points at the link that holds `path`, or at the empty one it belongs in. */
static struct entry **cache_slot(struct cache *cache, const char *path)
{
	uint32_t hash = 2166136261u; /* FNV-1a */
	struct entry **slot;

	for (const char *c = path; *c; c++)
		hash = (hash ^ (unsigned char)*c) * 16777619u;
	slot = &cache->buckets[hash % CACHE_BUCKETS];
	while (*slot && strcmp((*slot)->path, path) != 0)
		slot = &(*slot)->next;
	return slot;
}

static void list_remove(struct cache *cache, struct entry *entry)
{
	*(entry->newer ? &entry->newer->older : &cache->newest) = entry->older;
	*(entry->older ? &entry->older->newer : &cache->oldest) = entry->newer;
}

static void list_add(struct cache *cache, struct entry *entry)
{
	entry->newer = NULL;
	entry->older = cache->newest;
	*(entry->older ? &entry->older->newer : &cache->oldest) = entry;
	cache->newest = entry;
}

/* With what an entry itself takes: a million empty files are not free, and
 * one file has many names ("a", "./a"). */
static uint64_t entry_cost(const struct entry *entry)
{
	return sizeof(*entry) + strlen(entry->path) + entry->size;
}

static void cache_drop(struct cache *cache, struct entry **slot)
{
	struct entry *entry = *slot;

	assert(entry);
	*slot = entry->next;
	list_remove(cache, entry);
	cache->counts.entries--;
	cache->counts.bytes -= entry_cost(entry);
	entry_release(entry);
}

struct entry *cache_find(struct cache *cache, const char *path)
{
	uint64_t now_ns = clock_ns();
	struct entry **slot, *entry;

	cache_lock(cache);
	slot = cache_slot(cache, path);
	entry = *slot;
	if (entry && entry->stale_ns <= now_ns) {
		cache_drop(cache, slot);
		entry = NULL;
	}
	if (entry) {
		list_remove(cache, entry);
		list_add(cache, entry);
		atomic_fetch_add_explicit(&entry->n_refs, 1, memory_order_relaxed);
		cache->counts.hits++;
	} else {
		cache->counts.misses++;
	}
	cache_unlock(cache);
	return entry;
}

struct entry *cache_put(struct cache *cache, const char *path, char *data, size_t size)
{
	size_t path_size = strlen(path) + 1;
	struct entry *entry = malloc(sizeof(*entry) + path_size);
	struct entry **slot;

	if (!entry) {
		free(data);
		return NULL;
	}
	memcpy(entry->path, path, path_size);
	entry->data = data;
	entry->size = size;
	entry->stale_ns = clock_ns() + FRESH_NS;
	atomic_init(&entry->n_refs, 2); /* the cache's and the caller's */

	cache_lock(cache);
	slot = cache_slot(cache, path);
	if (*slot)
		cache_drop(cache, slot);
	entry->next = *slot;
	*slot = entry;
	list_add(cache, entry);
	cache->counts.entries++;
	cache->counts.bytes += entry_cost(entry);
	while (cache->oldest && cache->counts.bytes > cache->bytes_max)
		cache_drop(cache, cache_slot(cache, cache->oldest->path));
	cache_unlock(cache);
	return entry;
}

struct cache_counts cache_count(struct cache *cache)
{
	struct cache_counts counts;

	cache_lock(cache);
	counts = cache->counts;
	cache_unlock(cache);
	return counts;
}

void cache_fini(struct cache *cache)
{
	while (cache->oldest)
		cache_drop(cache, cache_slot(cache, cache->oldest->path));
	vigil_resource_free(cache->lock);
	pthread_mutex_destroy(&cache->mutex);
}
