/* SPDX-License-Identifier: MIT */
/* Opening and closing readers, and handing out their copies. */
#include "libtrace/reader.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define HINT "`vigil ps` lists the boards there are"

/*
 * To open a device is to do something to it, so what a path leads to is looked at
 * before it is opened. Returns a descriptor or -errno.
 */
static int regular_open(const char *path, int flags)
{
	int place = open(path, O_PATH | O_CLOEXEC | flags), fd;
	struct stat st = { .st_mode = 0 };
	char again[64];

	if (place < 0)
		return -errno;
	if (fstat(place, &st) || !S_ISREG(st.st_mode)) {
		close(place);
		return S_ISLNK(st.st_mode) ? -ELOOP : -EBADMSG; /* a link: with O_NOFOLLOW */
	}
	flags |= O_RDONLY | O_CLOEXEC | O_NONBLOCK;
	snprintf(again, sizeof(again), "/proc/self/fd/%d", place);
	fd = open(again, flags & ~O_NOFOLLOW);
	if (fd < 0 && errno == ENOENT)
		fd = open(path, flags); /* no /proc here */
	if (fd < 0)
		fd = -errno;
	close(place);
	return fd;
}

static int open_problem(const char *path, int error, struct vigil_problem *ret_problem)
{
	if (error == -EACCES)
		return problem(ret_problem, error,
			       "cannot read %s: it belongs to another user; run as that user or "
			       "as root",
			       path);
	if (error == -EBADMSG)
		return problem(ret_problem, error,
			       "%s is not a board: it is not a regular file; " HINT, path);
	return problem(ret_problem, error, "cannot open %s: %s; " HINT, path, strerror(-error));
}

int file_open(struct vigil_reader *reader, const char *path, enum origin origin,
	      struct vigil_problem *ret_problem)
{
	struct stat st;

	snprintf(reader->path, sizeof(reader->path), "%s", path);
	reader->fd = regular_open(path, origin == ORIGIN_LISTED ? O_NOFOLLOW : 0);
	if (reader->fd == -ELOOP && origin == ORIGIN_LISTED)
		return problem(ret_problem, -EBADMSG,
			       "%s is not a board: it is a symbolic link; name what it leads to",
			       path);
	if (reader->fd < 0)
		return open_problem(path, reader->fd, ret_problem);
	if (fstat(reader->fd, &st))
		return problem(ret_problem, -errno, "cannot look at %s: %s", path, strerror(errno));
	if (!S_ISREG(st.st_mode))
		return open_problem(path, -EBADMSG, ret_problem);
	reader->file[0] = st.st_dev;
	reader->file[1] = st.st_ino;
	reader->size = (size_t)st.st_size;
	if (!reader->size)
		return problem(ret_problem, -EBADMSG, "%s is not a board: it is empty; " HINT,
			       path);
	return 0;
}

static int file_map(struct vigil_reader *reader, struct vigil_problem *ret_problem)
{
	void *base = mmap(NULL, reader->size, PROT_READ, MAP_SHARED, reader->fd, 0);

	if (base == MAP_FAILED)
		return problem(ret_problem, -errno, "cannot map %s: %s", reader->path,
			       strerror(errno));
	reader->base = base;
	reader->is_mapped = true;
	return 0;
}

/* Checks, copies once, and hands the reader over or takes it down. */
static int open_finish(struct vigil_reader *reader, uint32_t pid, struct vigil_reader **ret_reader,
		       struct vigil_problem *ret_problem)
{
	int r = reader_check(reader, ret_problem);

	if (!r)
		r = storage_check(reader, ret_problem);
	if (!r) {
		reader->pid = pid;
		if (vigil_reader_refresh(reader))
			r = problem(ret_problem, -ENOMEM, "out of memory for %s", reader->path);
	}
	if (r)
		vigil_reader_close(reader);
	else
		*ret_reader = reader;
	return r;
}

int reader_open(const char *path, enum origin origin, uint32_t pid,
		struct vigil_reader **ret_reader, struct vigil_problem *ret_problem)
{
	struct vigil_reader *reader = calloc(1, sizeof(*reader));
	int r;

	if (!reader)
		return problem(ret_problem, -ENOMEM, "out of memory for %s", path);
	r = file_open(reader, path, origin, ret_problem);
	if (!r)
		r = file_map(reader, ret_problem);
	if (r) {
		vigil_reader_close(reader);
		return r;
	}
	return open_finish(reader, pid, ret_reader, ret_problem);
}

int vigil_reader_open_file(const char *path, uint32_t pid, struct vigil_reader **ret_reader,
			   struct vigil_problem *ret_problem)
{
	return reader_open(path, ORIGIN_NAMED, pid, ret_reader, ret_problem);
}

int vigil_reader_open_memory(const void *board, size_t size, struct vigil_reader **ret_reader,
			     struct vigil_problem *ret_problem)
{
	struct vigil_reader *reader = calloc(1, sizeof(*reader));

	if (!reader)
		return problem(ret_problem, -ENOMEM, "out of memory");
	snprintf(reader->path, sizeof(reader->path), "the memory given");
	reader->fd = -1;
	reader->base = board;
	reader->size = size;
	return open_finish(reader, 0, ret_reader, ret_problem);
}

void vigil_reader_close(struct vigil_reader *reader)
{
	if (!reader)
		return;
	for (uint32_t i = 0; i < VIGIL_TABLES; i++) {
		free(reader->tables[i].copies);
		free(reader->tables[i].torn);
		free(reader->tables[i].changed);
	}
	if (reader->is_mapped)
		munmap((void *)(uintptr_t)reader->base, reader->size);
	if (reader->fd >= 0)
		close(reader->fd);
	free(reader);
}

enum vigil_status vigil_reader_status(const struct vigil_reader *reader)
{
	return reader->status;
}

uint64_t vigil_reader_now(const struct vigil_reader *reader)
{
	return reader->now;
}

void vigil_reader_fix_now(struct vigil_reader *reader, uint64_t now_ns)
{
	reader->fixed_now = now_ns;
}

void vigil_reader_fix_status(struct vigil_reader *reader, enum vigil_status status)
{
	reader->status = status;
	reader->is_status_fixed = true;
}

const char *vigil_reader_path(const struct vigil_reader *reader)
{
	return reader->path;
}

uint32_t vigil_reader_pid(const struct vigil_reader *reader)
{
	return reader->pid;
}

uint32_t vigil_reader_count(const struct vigil_reader *reader, enum vigil_table table)
{
	return (unsigned)table < VIGIL_TABLES ? reader->tables[table].count : 0;
}

const void *vigil_reader_record(const struct vigil_reader *reader, enum vigil_table table,
				uint32_t index)
{
	if (index >= vigil_reader_count(reader, table))
		return NULL;
	return reader->tables[table].copies + (size_t)index * reader->tables[table].size;
}

bool vigil_reader_is_torn(const struct vigil_reader *reader, enum vigil_table table, uint32_t index)
{
	return index >= vigil_reader_count(reader, table) || reader->tables[table].torn[index];
}

const uint32_t *vigil_reader_changed(const struct vigil_reader *reader, enum vigil_table table,
				     uint32_t *ret_count)
{
	bool is_table = (unsigned)table < VIGIL_TABLES;

	*ret_count = is_table ? reader->tables[table].changed_count : 0;
	return is_table ? reader->tables[table].changed : NULL;
}

/* The start of every record that is named by references. */
struct head {
	uint32_t seq;
	uint32_t gen;
	uint32_t life;
};

const void *vigil_reader_find(const struct vigil_reader *reader, enum vigil_table table,
			      uint64_t ref)
{
	const struct head *head;

	if (!ref || vigil_ref_table(ref) != (uint32_t)table)
		return NULL;
	head = vigil_reader_record(reader, table, vigil_ref_index(ref));
	if (!head || head->gen != vigil_ref_gen(ref) || head->life == VIGIL_LIFE_FREE)
		return NULL;
	return head;
}

uint64_t vigil_reader_ref(const struct vigil_reader *reader, enum vigil_table table, uint32_t index)
{
	const struct head *head = vigil_reader_record(reader, table, index);

	return head ? vigil_ref_make(table, index, head->gen) : 0;
}

const struct vigil_site_record *vigil_reader_site(const struct vigil_reader *reader, uint32_t site)
{
	return site ? VIGIL_AT(reader, site, site - 1) : NULL;
}
