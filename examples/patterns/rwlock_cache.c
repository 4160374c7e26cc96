/* SPDX-License-Identifier: MIT */
/*
 * A read-mostly cache behind a lock of many readers or one writer. A miss loads its record from
 * a file, without the lock, takes it to write, looks again, and goes on as a reader: by a
 * downgrade, so that nobody takes away meanwhile what it has just put there.
 *
 * In the console locks (l) has rwlock "cache", its readers, and how long a writer waited for them;
 * in tasks (t) who waits names them. Jobs "read" of the pool are the misses.
 */
#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "../example.h"

#define RECORDS 6
#define SIZE 64
#define ROOM 4 /* in the cache */
#define READERS 4
#define LOOKUPS 48 /* of each */

struct entry {
	unsigned number;
	char *text; /* NULL: free */
};

struct cache {
	struct rt_rwlock *lock;
	struct entry entries[ROOM];
	unsigned oldest;
	struct rt_file *file;
	_Atomic unsigned hits, misses, wrong;
};

/* With the lock, to read or to write. */
static struct entry *cache_find(struct cache *cache, unsigned number)
{
	for (unsigned i = 0; i < ROOM; i++)
		if (cache->entries[i].text && cache->entries[i].number == number)
			return &cache->entries[i];
	return NULL;
}

/* The same to write: takes text, and the place of the oldest. */
static struct entry *cache_put(struct cache *cache, unsigned number, char *text)
{
	struct entry *entry = cache_find(cache, number);

	if (entry) { /* somebody else missed it too, and was faster */
		free(text);
		return entry;
	}
	entry = &cache->entries[cache->oldest];
	cache->oldest = (cache->oldest + 1) % ROOM;
	free(entry->text);
	*entry = (struct entry){ .number = number, .text = text };
	return entry;
}

/* NULL: *ret_code says why. */
static char *load(struct cache *cache, unsigned number, int *ret_code)
{
	char *text = calloc(1, SIZE + 1);
	ssize_t got = -ENOMEM;

	if (text)
		got = rt_file_read(cache->file, text, SIZE, (off_t)number * SIZE);
	if (got == SIZE)
		return text;
	free(text);
	*ret_code = rt_context(got < 0 ? (int)got : -ENODATA, "cannot load record %u", number);
	return NULL;
}

/* With the lock to read, when it returns 0: then the entry stays as it is. */
static int cache_get(struct cache *cache, unsigned number, struct entry **ret_entry)
{
	char *text;
	int code = rt_rwlock_read(cache->lock);

	if (code)
		return code;
	*ret_entry = cache_find(cache, number);
	if (*ret_entry) {
		atomic_fetch_add(&cache->hits, 1);
		return 0;
	}
	rt_rwlock_unlock(cache->lock);
	atomic_fetch_add(&cache->misses, 1);
	text = load(cache, number, &code);
	if (!text)
		return code;
	code = rt_rwlock_write(cache->lock);
	if (code) {
		free(text);
		return code;
	}
	*ret_entry = cache_put(cache, number, text);
	return rt_rwlock_downgrade(cache->lock);
}

/* Uses an entry for a while: as long, no writer may come. */
static int look_up(struct cache *cache, unsigned number)
{
	RT_GUARD(rt_rwlock_guard) struct rt_rwlock *held = NULL;
	struct entry *entry;
	int code = cache_get(cache, number, &entry);

	if (code)
		return code;
	held = cache->lock;
	code = rt_sleep(10 * RT_MS);
	if (strtoul(entry->text, NULL, 10) != number)
		atomic_fetch_add(&cache->wrong, 1);
	return code;
}

/* Most of the time the same few, as readers are. */
static int reader(void *arg)
{
	struct cache *cache = arg;
	int code = 0;

	for (unsigned i = 0; i < LOOKUPS && !code; i++) {
		code = look_up(cache, i % 6 == 5 ? i / 6 % RECORDS : i % 3);
		if (!code)
			code = rt_sleep(10 * RT_MS);
	}
	return code;
}

/* ---- The program ---- */

static int file_write(struct rt_file *file)
{
	char text[SIZE + 1];
	ssize_t put = SIZE;

	for (unsigned i = 0; i < RECORDS && put == SIZE; i++) {
		snprintf(text, sizeof(text), "%-*u", SIZE, i);
		put = rt_file_write(file, text, SIZE, (off_t)i * SIZE);
	}
	return put == SIZE ? 0 : rt_context(put < 0 ? (int)put : -ENOSPC, "cannot write");
}

static int readers_run(struct cache *cache)
{
	struct rt_join_set *readers = rt_join_set_new("readers");
	int code = readers ? 0 : -ENOMEM;

	for (unsigned i = 0; i < READERS && !code; i++) {
		char name[32];

		snprintf(name, sizeof(name), "reader %u", i);
		code = rt_join_set_spawn(readers, reader, cache, name);
	}
	return rt_join_set_finish(readers, code);
}

static int use_cache(void *arg)
{
	struct cache cache = { .lock = rt_rwlock_new("cache") };
	int code = cache.lock ? example_file("records", &cache.file) : -ENOMEM;

	(void)arg;
	if (!code)
		code = file_write(cache.file);
	if (!code)
		code = readers_run(&cache);
	if (!code)
		printf("%d lookups by %d readers: %u hits, %u misses that read the file, "
		       "%u wrong\n",
		       READERS * LOOKUPS, READERS, cache.hits, cache.misses, cache.wrong);
	for (unsigned i = 0; i < ROOM; i++)
		free(cache.entries[i].text);
	rt_file_free(cache.file);
	rt_rwlock_free(cache.lock);
	return code;
}

EXAMPLE_PATTERN(NULL, use_cache)
