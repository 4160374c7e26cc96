/* SPDX-License-Identifier: MIT */
/*
 * How many records of a board may be looked at: no more than its file has storage
 * for. A few kilobytes may claim terabytes of holes, and to touch a hole makes a
 * page in memory, or a SIGBUS where there is none left.
 *
 * The law: what a board claims is believed only after storage_check, at open and
 * each time it claims more; until then the counts stay what they were.
 */
#include "libtrace/reader.h"

#include <errno.h>
#include <linux/magic.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#define SLACK (1u << 20)
#define HOLES_FACTOR 8     /* of all records, those that may be holes in a copy */
#define PACKED_FACTOR 64   /* no file system packs a board tighter */
#define RUNS_MAX (1 << 16) /* of data between holes, that we count */

/* Bytes of the file that are no holes, as far as its file system knows; enough will do. */
static uint64_t data_bytes(int fd, uint64_t enough)
{
	uint64_t bytes = 0;
	off_t data, end = 0;

	for (int i = 0; i < RUNS_MAX && bytes < enough; i++) {
		data = lseek(fd, end, SEEK_DATA);
		if (data < 0)
			return errno == ENXIO ? bytes : enough; /* the end, or not known */
		end = lseek(fd, data, SEEK_HOLE);
		if (end <= data)
			return enough;
		bytes += (uint64_t)(end - data);
	}
	return bytes;
}

/*
 * Bytes that stand behind the file, as far as we need to know. A file system that
 * compresses, or counts late, has fewer blocks than data; its holes are known.
 */
static uint64_t storage_bytes(int fd, uint64_t wanted)
{
	uint64_t blocks, data;
	struct statfs fs;
	struct stat st;

	if (fstat(fd, &st) || fstatfs(fd, &fs))
		return wanted;
	blocks = (uint64_t)st.st_blocks * 512;
	if (blocks >= wanted || fs.f_type == TMPFS_MAGIC)
		return blocks;
	data = data_bytes(fd, wanted);
	/* Nor may one that knows no holes pass for more than it can have packed. */
	if (!fstat(fd, &st) && st.st_blocks && data / PACKED_FACTOR > (uint64_t)st.st_blocks * 512)
		data = (uint64_t)st.st_blocks * 512 * PACKED_FACTOR;
	return data > blocks ? data : blocks;
}

static uint64_t less(uint64_t a, uint64_t b)
{
	return a > b ? a - b : 0;
}

uint32_t table_used(const struct reader_table *table)
{
	uint32_t used, claimed;

	if (!table->header)
		return 0;
	/* Partner: board_use and fresh_take in pool.c. */
	used = __atomic_load_n(&table->header->used, __ATOMIC_ACQUIRE);
	claimed = __atomic_load_n(&table->header->claimed, __ATOMIC_RELAXED);
	if (used > claimed)
		used = claimed;
	return used < table->capacity ? used : table->capacity;
}

/*
 * A writer has storage before it uses a record. Copies made with holes have fewer
 * pages than the original: every record we keep has a word that is not zero,
 * histograms and rings may be pages of zeros.
 */
int storage_check(struct vigil_reader *reader, struct vigil_problem *ret_problem)
{
	uint64_t kept = 0, all = 0, wanted;
	uint32_t used[VIGIL_TABLES];
	bool has_more = false;

	for (uint32_t i = 0; i < VIGIL_TABLES; i++) {
		const struct reader_table *table = &reader->tables[i];

		/* These only grow; and a hostile writer must not take away what was there. */
		used[i] = table_used(table);
		if (used[i] <= table->used)
			used[i] = table->used;
		else
			has_more = true;
		all += (uint64_t)used[i] * table->step;
		if (is_kept(i))
			kept += (uint64_t)used[i] * table->step;
	}
	if (!has_more)
		return 0;
	/* Asked after the tables: a writer's storage only grows. */
	wanted = less(kept > all / HOLES_FACTOR ? kept : all / HOLES_FACTOR, SLACK);
	if (reader->fd >= 0 && storage_bytes(reader->fd, wanted) < wanted)
		return damaged(reader, ret_problem, "it claims more storage than it has");
	for (uint32_t i = 0; i < VIGIL_TABLES; i++)
		reader->tables[i].used = used[i];
	return 0;
}
