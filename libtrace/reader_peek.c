/* SPDX-License-Identifier: MIT */
/*
 * A look at a board for a list: whose it is, and how its process is.
 *
 * The law: nothing is mapped and little is read, so that one board, whatever is
 * in it, costs a list no more than another.
 */
#include "libtrace/reader.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#define TRIES 20

/* Reads all of it or fails. */
static bool bytes_read(int fd, void *ret_bytes, size_t size, uint64_t offset)
{
	return pread(fd, ret_bytes, size, (off_t)offset) == (ssize_t)size;
}

static int unreadable(const struct vigil_reader *reader, struct vigil_problem *ret_problem)
{
	return problem(ret_problem, -EIO, "cannot read %s: it was cut short meanwhile",
		       reader->path);
}

/* Checks the tables; copies their headers to heads and tells where processes are. */
static int tables_read(struct vigil_reader *reader, struct vigil_table_header heads[VIGIL_TABLES],
		       struct vigil_problem *ret_problem)
{
	struct vigil_header header;
	uint64_t magic;
	int r;

	/* The magic is written last, so what is read after it is whole. */
	if (!bytes_read(reader->fd, &magic, sizeof(magic), 0) ||
	    !bytes_read(reader->fd, &header, sizeof(header), 0))
		return unreadable(reader, ret_problem);
	r = header_check(reader, &header, ret_problem);
	for (uint32_t i = 0; i < VIGIL_TABLES && !r; i++) {
		uint64_t at = header.tables_offset + (uint64_t)i * header.table_header_size;

		if (i < header.tables && !bytes_read(reader->fd, &heads[i], sizeof(heads[i]), at))
			return unreadable(reader, ret_problem);
		r = table_check(reader, &header, i, &heads[i], ret_problem);
		if (!r && i < header.tables)
			reader->tables[i].header = &heads[i];
	}
	return r ? r : owner_check(reader, ret_problem);
}

/* Like record_copy: a record that is never steady is taken as it is. */
static int process_read(const struct vigil_reader *reader, uint64_t offset,
			struct vigil_process_record *ret_process, struct vigil_problem *ret_problem)
{
	uint32_t size = reader->tables[VIGIL_TABLE_process].copied, seq;

	for (int i = 0; i < TRIES; i++) {
		if (!bytes_read(reader->fd, ret_process, size, offset) ||
		    !bytes_read(reader->fd, &seq, sizeof(seq), offset))
			return unreadable(reader, ret_problem);
		if (!(seq & 1) && seq == ret_process->seq)
			break;
	}
	texts_close(VIGIL_TABLE_process, (uint8_t *)ret_process);
	return 0;
}

int board_peek(const char *path, enum origin origin, struct holders *holders, struct peek *ret_peek,
	       struct vigil_problem *ret_problem)
{
	struct vigil_table_header heads[VIGIL_TABLES] = { 0 };
	struct vigil_process_record process = { 0 };
	struct vigil_reader reader = { .fd = -1 };
	int r = file_open(&reader, path, origin, ret_problem);

	if (!r)
		r = size_check(&reader, ret_problem);
	if (!r)
		r = tables_read(&reader, heads, ret_problem);
	if (!r)
		r = storage_check(&reader, ret_problem);
	if (!r)
		r = process_read(&reader, heads[VIGIL_TABLE_process].offset, &process, ret_problem);
	if (!r) {
		reader.pid = process.pid;
		reader.tables[VIGIL_TABLE_process].copies = (uint8_t *)&process;
		reader.tables[VIGIL_TABLE_process].count = 1;
		ret_peek->status = status_of(&reader, holders);
		ret_peek->process = process;
	}
	if (reader.fd >= 0)
		close(reader.fd);
	return r;
}
