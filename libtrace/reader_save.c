/* SPDX-License-Identifier: MIT */
/*
 * Saving a board that is being written: a file that any reader opens, each record
 * of it copied as refresh copies records.
 *
 * The law: what is written are copies; the copy claims no record that is not in
 * it. Pages of zeros become holes: a table of histograms is mostly that.
 */
#include "libtrace/reader.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PAGE 4096u
#define CHUNK (64u << 10)   /* of records at a time; a record has at most 65,528 bytes */
#define SAVE_TRIES 10000000 /* for all records; it must end though a writer is stopped */

/* Tables whose records begin with a sequence word. */
static const struct {
	uint32_t table;
	uint32_t meaning;
} fields[] = {
#define TABLE(record, table, how, help)
#define FIELD(record, type, name, dim, unit, meaning, help)                                        \
	{ VIGIL_TABLE_##record, VIGIL_MEANS_##meaning },
#define END(record, size)
#include <vigil/fields.def>
#undef TABLE
#undef FIELD
#undef END
};

static bool has_seq(uint32_t which)
{
	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++)
		if (fields[i].table == which && fields[i].meaning == VIGIL_MEANS_seq)
			return true;
	return false;
}

static bool is_zero(const uint8_t *bytes, size_t size)
{
	return !bytes[0] && !memcmp(bytes, bytes + 1, size - 1);
}

static int bytes_write(int fd, const uint8_t *bytes, size_t size, uint64_t offset)
{
	while (size) {
		ssize_t done = pwrite(fd, bytes, size, (off_t)offset);

		if (done < 0 && errno == EINTR)
			continue;
		if (done <= 0)
			return done ? -errno : -EIO;
		bytes += done;
		size -= (size_t)done;
		offset += (uint64_t)done;
	}
	return 0;
}

/* All but the pages of the file that would be zero; a part of a page is written. */
static int sparse_write(int fd, const uint8_t *bytes, size_t size, uint64_t offset)
{
	int r = 0;

	while (size && !r) {
		size_t part = PAGE - offset % PAGE;

		if (part > size)
			part = size;
		if (part < PAGE || !is_zero(bytes, part))
			r = bytes_write(fd, bytes, part, offset);
		bytes += part;
		size -= part;
		offset += part;
	}
	return r;
}

static int table_save(const struct vigil_reader *reader, uint32_t which, uint32_t *tries,
		      uint8_t *chunk, int fd)
{
	/* As long as they are there, which may be longer than we know them. */
	struct reader_table table = reader->tables[which];
	uint32_t at_once = CHUNK / table.step;
	bool is_stepped = has_seq(which);
	int r = 0;

	table.copied = table.step;
	for (uint32_t i = 0; i < table.used && !r; i += at_once) {
		uint32_t count = table.used - i < at_once ? table.used - i : at_once;
		uint64_t offset =
			(uint64_t)(table.records - reader->base) + (uint64_t)i * table.step;

		if (!is_stepped)
			words_copy(chunk, reader->base + offset, (size_t)count * table.step);
		for (uint32_t j = 0; is_stepped && j < count; j++)
			record_copy(&table, i + j, tries, chunk + (size_t)j * table.step);
		r = sparse_write(fd, chunk, (size_t)count * table.step, offset);
	}
	return r;
}

/* Everything before the first record: header, list of tables, description. */
static size_t head_size(const struct vigil_reader *reader)
{
	size_t size = reader->size;

	for (uint32_t i = 0; i < VIGIL_TABLES; i++) {
		const struct reader_table *table = &reader->tables[i];

		if (table->header && table->capacity &&
		    (size_t)(table->records - reader->base) < size)
			size = (size_t)(table->records - reader->base);
	}
	return size;
}

/* The copy has the records that we wrote; of tables we do not know, none. */
static int head_save(const struct vigil_reader *reader, int fd)
{
	size_t size = head_size(reader) / 8 * 8;
	uint8_t *head = malloc(size ? size : 1);
	struct vigil_header header;
	int r;

	if (!head)
		return -ENOMEM;
	words_copy(head, reader->base, size);
	memcpy(&header, head, size < sizeof(header) ? size : sizeof(header));
	/* It may have changed since it was checked. */
	if (size < sizeof(header) || header_check(reader, &header, NULL) ||
	    header.tables_offset > size ||
	    header.tables > (size - header.tables_offset) / header.table_header_size) {
		free(head);
		return -EBADMSG;
	}
	for (uint32_t i = 0; i < header.tables; i++) {
		struct vigil_table_header table;
		uint8_t *at = head + header.tables_offset + (size_t)i * header.table_header_size;

		memcpy(&table, at, sizeof(table));
		table.used = table.claimed = i < VIGIL_TABLES ? reader->tables[i].used : 0;
		memcpy(at, &table, sizeof(table));
	}
	r = bytes_write(fd, head, size, 0);
	free(head);
	return r;
}

int vigil_reader_save(struct vigil_reader *reader, int fd)
{
	uint8_t *chunk = malloc(CHUNK);
	uint32_t tries = SAVE_TRIES;
	int r = 0;

	if (!chunk)
		return -ENOMEM;
	/* What does not pass is not there; the counts stay what they were. */
	storage_check(reader, NULL);
	if (ftruncate(fd, 0) || ftruncate(fd, (off_t)reader->size))
		r = -errno;
	for (uint32_t i = 0; i < VIGIL_TABLES && !r; i++)
		if (reader->tables[i].used)
			r = table_save(reader, i, &tries, chunk, fd);
	free(chunk);
	/* The magic comes last, as in a board that is made. */
	return r ? r : head_save(reader, fd);
}
