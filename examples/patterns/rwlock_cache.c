/* SPDX-License-Identifier: MIT */
/*
 * A read-mostly cache behind a lock of many readers or one writer. A miss loads its record from
 * a file, without the lock, takes it to write, looks again, and goes on as a reader: by a
 * downgrade, so that nobody takes away meanwhile what it has just put there.
 *
 * In the console locks (l) has rwlock "cache", its readers, and how long a writer waited for them;
 * in tasks (t) who waits names them. Jobs "read ..." of the pool are the misses.
 */
#include "../example.h"

#define RECORDS 6
#define SIZE 64
#define ROOM 4 /* in the cache */
#define READERS 4
#define LOOKUPS 48 /* of each */

struct entry {
	unsigned number;
	char text[SIZE + 1]; /* "": nothing is here */
};

struct cache {
	struct rt_rwlock *lock;
	struct entry entries[ROOM];
	unsigned oldest;
	struct rt_file *file;
	_Atomic unsigned misses, wrong;
};

/* With the lock, to read or to write. */
static struct entry *cache_find(struct cache *cache, unsigned number)
{
	for (unsigned i = 0; i < ROOM; i++)
		if (*cache->entries[i].text && cache->entries[i].number == number)
			return &cache->entries[i];
	return NULL;
}

/* With the lock to write: in the place of the oldest. */
static struct entry *cache_put(struct cache *cache, const struct entry *loaded)
{
	struct entry *entry = cache_find(cache, loaded->number);

	if (entry)
		return entry; /* somebody else missed it too, and was faster */
	entry = &cache->entries[cache->oldest];
	cache->oldest = (cache->oldest + 1) % ROOM;
	*entry = *loaded;
	return entry;
}

static int load(struct cache *cache, unsigned number, struct entry *ret_entry)
{
	ssize_t got;

	*ret_entry = (struct entry){ .number = number };
	got = rt_file_read(cache->file, ret_entry->text, SIZE, (off_t)number * SIZE);
	if (got == SIZE)
		return 0;
	return rt_context(got < 0 ? (int)got : -ENODATA, "cannot load record %u", number);
}

/* With the lock to read, when it returns 0: then the entry stays as it is. */
static int cache_get(struct cache *cache, unsigned number, struct entry **ret_entry)
{
	struct entry loaded;
	int code = rt_rwlock_read(cache->lock);

	if (code)
		return code;
	*ret_entry = cache_find(cache, number);
	if (*ret_entry)
		return 0;
	rt_rwlock_unlock(cache->lock);
	cache->misses++;
	code = load(cache, number, &loaded);
	if (!code)
		code = rt_rwlock_write(cache->lock);
	if (code)
		return code;
	*ret_entry = cache_put(cache, &loaded);
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
	cache->wrong += strtoul(entry->text, NULL, 10) != number;
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

static int use_cache(void *arg)
{
	struct rt_join_set *readers = rt_join_set_new("readers");
	struct cache cache = { .lock = rt_rwlock_new("cache") };
	int code = cache.lock ? example_file("records", &cache.file) : -ENOMEM;

	(void)arg;
	if (!code)
		code = file_write(cache.file);
	if (!code)
		code = example_spawn_each(readers, "reader", reader, &cache, 0, READERS);
	code = rt_join_set_finish(readers, code);
	if (!code)
		printf("%d lookups by %d readers: %u misses that read the file, %u wrong\n",
		       READERS * LOOKUPS, READERS, cache.misses, cache.wrong);
	rt_file_free(cache.file);
	rt_rwlock_free(cache.lock);
	return code;
}

EXAMPLE_PATTERN(NULL, use_cache)
