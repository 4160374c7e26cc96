/* SPDX-License-Identifier: MIT */
/*
 * Making a board: where each table stands, the memory behind it, and the claim
 * on storage that must come before the first touch.
 *
 * The law: no page of the file is written before fallocate promised it. A full
 * file system then means "not recorded", never SIGBUS.
 */
#include "libtrace/board.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#define CHUNK_MIN (16u * 1024)
#define CHUNK_MAX (4u * 1024 * 1024)
#define RESERVE_MAX (64u * 1024 * 1024) /* left to others; of a small one, a quarter */
#define REFUSED_CALLS 1024              /* go by before the kernel is asked again */

#ifndef MADV_POPULATE_WRITE
#define MADV_POPULATE_WRITE 23 /* Linux 5.14 */
#endif

static size_t page_size(void)
{
	return (size_t)sysconf(_SC_PAGESIZE);
}

static size_t page_round(size_t size)
{
	return (size + page_size() - 1) & ~(page_size() - 1);
}

void text_put(char *field, size_t size, const char *text)
{
	size_t length = text ? strnlen(text, size - 1) : 0;

	/* Do not cut a UTF-8 character in two. */
	if (text && text[length])
		while (length && ((unsigned char)text[length] & 0xc0) == 0x80)
			length--;
	if (length)
		memcpy(field, text, length);
	memset(field + length, 0, size - length);
}

void board_shape_default(struct board_shape *ret_shape)
{
	static const uint32_t capacity[VIGIL_TABLES] = {
		[VIGIL_TABLE_process] = 1,       [VIGIL_TABLE_counts] = 1,
		[VIGIL_TABLE_site] = 4096,       [VIGIL_TABLE_cell] = 32768,
		[VIGIL_TABLE_executor] = 1024,   [VIGIL_TABLE_worker] = 512,
		[VIGIL_TABLE_task] = 1048576,    [VIGIL_TABLE_hist] = 1310720,
		[VIGIL_TABLE_resource] = 262144, [VIGIL_TABLE_op] = 262144,
		[VIGIL_TABLE_span] = 262144,     [VIGIL_TABLE_attr] = 1048576,
		[VIGIL_TABLE_edge] = 65536,
	};
	static const uint32_t retain[VIGIL_TABLES] = {
		[VIGIL_TABLE_executor] = 64,   [VIGIL_TABLE_worker] = 64, [VIGIL_TABLE_task] = 8192,
		[VIGIL_TABLE_resource] = 1024, [VIGIL_TABLE_op] = 1024,   [VIGIL_TABLE_span] = 1024,
	};

	memset(ret_shape, 0, sizeof(*ret_shape));
	memcpy(ret_shape->capacity, capacity, sizeof(capacity));
	memcpy(ret_shape->retain, retain, sizeof(retain));
}

static uint32_t capacity_of(const struct board_shape *shape, uint32_t table)
{
	uint32_t workers = shape->capacity[VIGIL_TABLE_worker];

	if (table == VIGIL_TABLE_event)
		return workers * RING_EVENTS;
	if (table == VIGIL_TABLE_message)
		return workers * RING_MESSAGES;
	return shape->capacity[table];
}

/* Whether records of a table end and stay visible for a while. */
static bool has_ring(uint32_t table)
{
	switch (table) {
	case VIGIL_TABLE_executor:
	case VIGIL_TABLE_worker:
	case VIGIL_TABLE_task:
	case VIGIL_TABLE_resource:
	case VIGIL_TABLE_op:
	case VIGIL_TABLE_span:
		return true;
	default:
		return false;
	}
}

static bool is_possible(const struct board_shape *shape)
{
	for (uint32_t i = 0; i < VIGIL_TABLES; i++)
		if (shape->capacity[i] > VIGIL_REF_MAX_INDEX ||
		    shape->retain[i] > VIGIL_REF_MAX_INDEX || (has_ring(i) && !shape->retain[i]))
			return false;
	return shape->capacity[VIGIL_TABLE_process] == 1 &&
	       shape->capacity[VIGIL_TABLE_counts] == 1 && shape->capacity[VIGIL_TABLE_worker] &&
	       shape->capacity[VIGIL_TABLE_worker] <= WORKERS_MAX &&
	       shape->capacity[VIGIL_TABLE_site] <= SITES_MAX;
}

size_t board_size(const struct board_shape *shape)
{
	size_t size = page_round(describe_size());

	for (uint32_t i = 0; i < VIGIL_TABLES; i++)
		size += page_round((size_t)capacity_of(shape, i) * table_kinds[i].record_size);
	return size;
}

/*
 * A program may close descriptors it does not know, and open files under their
 * numbers. Ours is still ours if it leads to the same file.
 */
static bool file_is_ours(const struct board *board)
{
	struct stat st;

	return !fstat(board->fd, &st) && st.st_dev == board->file[0] && st.st_ino == board->file[1];
}

/*
 * A board never takes the last of a file system: others map sparse files there
 * too, and a full one would be their SIGBUS.
 */
static bool has_room(const struct board *board, size_t size)
{
	struct statvfs fs;
	uint64_t total, reserve;

	if (fstatvfs(board->fd, &fs) || !fs.f_blocks)
		return true;
	total = (uint64_t)fs.f_blocks * fs.f_frsize;
	reserve = total / 4 < RESERVE_MAX ? total / 4 : RESERVE_MAX;
	return (uint64_t)fs.f_bavail * fs.f_frsize >= size + reserve;
}

/*
 * Storage for a range of the file, whose size stays: should the program close our
 * descriptor just now and open another file under its number, that one is not
 * changed. Returns 0 or -errno.
 */
static int file_claim(const struct board *board, size_t offset, size_t size)
{
	int tries = 8;

	if (!file_is_ours(board))
		return -EBADF;
	if (!has_room(board, size))
		return -ENOSPC;
	while (fallocate(board->fd, FALLOC_FL_KEEP_SIZE, (off_t)offset, (off_t)size))
		if (errno != EINTR || !--tries)
			return -errno;
	return 0;
}

/*
 * Storage for [offset, offset + size), and leave to touch it. What is not claimed
 * may not be touched, so mlockall has nothing there to make real. Returns 0 or
 * -errno.
 */
static int storage_claim(const struct board *board, size_t offset, size_t size)
{
	uint8_t *at = board->base + offset;
	int r = file_claim(board, offset, size);

	if (r && r != -EBADF && r != -EOPNOTSUPP)
		return r;
	if (mprotect(at, size, PROT_READ | PROT_WRITE))
		return -errno;
	/* No descriptor, or a file system that promises nothing: take the pages now. */
	if (r && madvise(at, size, MADV_POPULATE_WRITE))
		return errno == EINVAL ? -EOPNOTSUPP : errno == EFAULT ? -ENOSPC : -errno;
	return 0;
}

/* How many records of a table to claim at once: more as it grows. */
static uint32_t chunk_of(uint32_t claimed, uint32_t record_size)
{
	size_t bytes = (size_t)claimed * record_size / 8;

	if (bytes < CHUNK_MIN)
		bytes = CHUNK_MIN;
	if (bytes > CHUNK_MAX)
		bytes = CHUNK_MAX;
	return (uint32_t)(bytes / record_size) + 1;
}

bool board_claim(struct board *board, uint32_t table, uint32_t count)
{
	struct vigil_table_header *header = &board->tables[table];
	uint32_t claimed = load_acquire(&header->claimed);
	uint32_t size = table_kinds[table].record_size;
	uint32_t wanted = claimed;
	size_t from, to;
	int saved = errno, cancel, r;

	if (likely(count <= claimed))
		return true;
	if (count > header->capacity)
		return false;
	/* A full file system must not cost every poll a system call. */
	if (unlikely(load(&board->refused[table])) &&
	    fetch_add(&board->refused[table], 1) % REFUSED_CALLS)
		return false;
	while (wanted < count)
		wanted += chunk_of(wanted, size);
	if (wanted > header->capacity)
		wanted = header->capacity;

	/* Claiming twice is harmless, so threads that race here both may. */
	from = (header->offset + (size_t)claimed * size) & ~(page_size() - 1);
	to = page_round(header->offset + (size_t)wanted * size);
	/* A thread that is to be cancelled must not end in here. */
	pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &cancel);
	errno = 0;
	r = storage_claim(board, from, to - from);
	errno = saved;
	pthread_setcancelstate(cancel, NULL);
	if (r) {
		COUNT(board, refused_space);
		store(&board->refused[table], 1);
		return false;
	}
	store(&board->refused[table], 0);
	raise_shared(&header->claimed, wanted);
	return true;
}

static uint32_t next_offset_of(uint32_t table)
{
	switch (table) {
#define NEXT(name)                                                                                 \
	case VIGIL_TABLE_##name:                                                                   \
		return offsetof(struct vigil_##name##_record, next)
		NEXT(executor);
		NEXT(worker);
		NEXT(task);
		NEXT(resource);
		NEXT(op);
		NEXT(span);
		NEXT(attr);
#undef NEXT
	default: /* a free histogram chains through its first bucket */
		return 0;
	}
}

/* Whether a table's objects come and go at every request. */
static bool has_own_rings(uint32_t table)
{
	return table == VIGIL_TABLE_op || table == VIGIL_TABLE_span;
}

static size_t own_rings_size(uint32_t ring_size)
{
	return OWN_RINGS * (sizeof(struct ring) + (size_t)ring_size * sizeof(uint32_t)) +
	       alignof(struct ring);
}

/* Returns the end of what they take of memory that is zero. */
static uint8_t *own_rings_init(struct pool *pool, uint8_t *at)
{
	uint8_t *end = at + own_rings_size(pool->ring_size);

	at += -(uintptr_t)at % alignof(struct ring);
	pool->own = (struct ring *)(void *)at;
	at += OWN_RINGS * sizeof(struct ring);
	for (uint32_t i = 0; i < OWN_RINGS; i++, at += pool->ring_size * sizeof(uint32_t))
		pool->own[i].slots = (uint32_t *)(void *)at;
	return end;
}

/* The memory no reader sees: lanes, their cell maps, the rings of finished records. */
static int private_init(struct board *board, const struct board_shape *shape)
{
	uint32_t workers = shape->capacity[VIGIL_TABLE_worker];
	size_t lanes = page_round(workers * sizeof(struct lane)) + page_size();
	size_t cells = (size_t)workers * shape->capacity[VIGIL_TABLE_site] * sizeof(uint32_t);
	size_t size = lanes + cells;
	uint8_t *at;

	for (uint32_t i = 0; i < VIGIL_TABLES; i++)
		size += shape->retain[i] * sizeof(uint32_t) +
			(has_own_rings(i) ? own_rings_size(shape->retain[i]) : 0);
	at = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE,
		  -1, 0);
	if (at == MAP_FAILED)
		return -ENOMEM;
	board->private = at;
	board->private_size = size;
	board->fork_mark = (uint32_t *)at;
	board->lanes = (struct lane *)(at + page_size());
	board->cells = (uint32_t *)(at + lanes);
	at += lanes + cells;
	for (uint32_t i = 0; i < VIGIL_TABLES; i++) {
		struct pool *pool = &board->pools[i];

		pool->ring_size = shape->retain[i];
		pool->spares = pool_spares(shape->capacity[i], workers);
		pool->next_offset = next_offset_of(i);
		pool->gen_first = shape->gen_first[i] ? shape->gen_first[i] : 1;
		pool->all.slots = (uint32_t *)at;
		at += pool->ring_size * sizeof(uint32_t);
	}
	for (uint32_t i = 0; i < VIGIL_TABLES; i++)
		if (has_own_rings(i))
			at = own_rings_init(&board->pools[i], at);
	/* A mark of 0, and lanes without a board, are how a forked child notices. */
	if (board->fd >= 0 && madvise(board->fork_mark, lanes, MADV_WIPEONFORK))
		return -errno;
	*board->fork_mark = 1;
	return 0;
}

static void tables_init(struct board *board, const struct board_shape *shape)
{
	size_t offset = page_round(describe_size());

	for (uint32_t i = 0; i < VIGIL_TABLES; i++) {
		struct vigil_table_header *table = &board->tables[i];

		table->offset = offset;
		table->capacity = capacity_of(shape, i);
		table->finished = shape->retain[i];
		board->records[i] = board->base + offset;
		if (board->fd < 0)
			table->claimed = table->capacity;
		offset += page_round((size_t)table->capacity * table->record_size);
	}
}

static int singles_init(struct board *board)
{
	static const uint32_t singles[] = { VIGIL_TABLE_counts, VIGIL_TABLE_process };

	/* refused_space is counted in counts, so that comes first. */
	board->counts = RECORD_AT(board, counts, 0);
	for (size_t i = 0; i < 2; i++) {
		struct vigil_table_header *table = &board->tables[singles[i]];

		int r = board->fd < 0 ? 0 : storage_claim(board, table->offset, page_size());

		if (r)
			return r;
		table->claimed = table->used = board->pools[singles[i]].used = 1;
	}
	board->process = RECORD_AT(board, process, 0);
	return 0;
}

static int file_prepare(struct board *board, size_t size)
{
	struct rlimit limit;
	struct stat st;

	/* Past the limit ftruncate would send SIGXFSZ. */
	if (!getrlimit(RLIMIT_FSIZE, &limit) && limit.rlim_cur < size)
		return -EFBIG;
	if (fstat(board->fd, &st) || ftruncate(board->fd, (off_t)size))
		return -errno;
	board->file[0] = st.st_dev;
	board->file[1] = st.st_ino;
	return 0;
}

/* Maps the board, and a file's first pages so that they may be written. */
static int memory_init(struct board *board, size_t size)
{
	bool is_file = board->fd >= 0;

	board->base = mmap(NULL, size, is_file ? PROT_NONE : PROT_READ | PROT_WRITE,
			   (is_file ? MAP_SHARED : MAP_PRIVATE | MAP_ANONYMOUS) | MAP_NORESERVE,
			   board->fd, 0);
	if (board->base == MAP_FAILED) {
		board->base = NULL;
		return -ENOMEM;
	}
	board->size = size;
	/* The board is a file already: a core dump need not hold it again. */
	madvise(board->base, size, MADV_DONTDUMP);
	return is_file ? storage_claim(board, 0, page_round(describe_size())) : 0;
}

int board_init(struct board *board, int fd, const struct board_shape *shape)
{
	size_t size;
	int r = 0;

	memset(board, 0, sizeof(*board));
	board->fd = fd;
	if (!is_possible(shape))
		return -EINVAL;
	size = board_size(shape);
	if (fd >= 0)
		r = file_prepare(board, size);
	if (!r)
		r = memory_init(board, size);
	if (r) {
		board_fini(board);
		return r;
	}
	describe_write(board->base);
	board->header = (struct vigil_header *)board->base;
	board->header->file_size = size;
	board->tables = (struct vigil_table_header *)(board->base + board->header->tables_offset);
	tables_init(board, shape);
	r = singles_init(board);
	if (!r)
		r = private_init(board, shape);
	if (r)
		board_fini(board);
	return r;
}

void board_publish(struct board *board)
{
	uint64_t magic;

	memcpy(&magic, VIGIL_MAGIC, sizeof(magic));
	/* Partner: the acquire load of magic in reader_check.c. */
	store_release((uint64_t *)(void *)board->header->magic, magic);
}

void board_leave(struct board *board)
{
	uint8_t *lanes_end = (uint8_t *)board->cells;

	if (file_is_ours(board))
		close(board->fd);
	munmap(lanes_end, board->private_size - (size_t)(lanes_end - board->private));
	munmap(board->base, board->size);
}

void board_fini(struct board *board)
{
	if (board->private)
		munmap(board->private, board->private_size);
	if (board->base)
		munmap(board->base, board->size);
	board->private = board->base = NULL;
}
