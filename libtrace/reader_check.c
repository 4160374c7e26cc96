/* SPDX-License-Identifier: MIT */
/*
 * The door: what a board must be like before anything else looks at it.
 *
 * The law: after reader_check every table's records, up to its capacity, lie
 * inside the file, and each is at least as long as its fixed head. Indexes and
 * references inside records are checked by who follows them. The file may change
 * as we look, so what is checked is a copy, and the copy is what is used.
 */
#include "libtrace/reader.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define TABLES_MAX 256

/* Of each table: its name and the size of its records here. */
static const struct {
	const char *name;
	uint32_t size;
} kinds[VIGIL_TABLES] = {
#define TABLE(record, table, how, help) { #table, sizeof(struct vigil_##record##_record) },
#define FIELD(record, type, name, dim, unit, meaning, help)
#define END(record, size)
#include <vigil/fields.def>
#undef TABLE
#undef FIELD
#undef END
};

int problem(struct vigil_problem *ret_problem, int error, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	if (ret_problem)
		vsnprintf(ret_problem->text, sizeof(ret_problem->text), format, args);
	va_end(args);
	return error;
}

static bool is_zero(const uint8_t *bytes, size_t size)
{
	for (size_t i = 0; i < size; i++)
		if (bytes[i])
			return false;
	return true;
}

static int magic_check(const struct vigil_reader *reader, const struct vigil_header *header,
		       struct vigil_problem *ret_problem)
{
	if (!memcmp(header, VIGIL_MAGIC, 8))
		return 0;
	if (is_zero((const uint8_t *)header, sizeof(*header)))
		return problem(ret_problem, -EBADMSG,
			       "%s is an empty board: its process was stopped or killed while it "
			       "made it; try again, or remove it with `vigil prune`",
			       reader->path);
	return problem(ret_problem, -EBADMSG,
		       "%s is not a board: it does not begin with " VIGIL_MAGIC
		       "; `vigil ps` lists the boards there are",
		       reader->path);
}

static int abi_check(const struct vigil_reader *reader, const struct vigil_header *header,
		     struct vigil_problem *ret_problem)
{
	if (header->byte_order != VIGIL_BYTE_ORDER)
		return problem(ret_problem, -EPROTONOSUPPORT,
			       "%s was written on a machine of the other byte order; read it there",
			       reader->path);
	if (header->abi_major != VIGIL_ABI_MAJOR)
		return problem(ret_problem, -EPROTONOSUPPORT,
			       "%s has board format %u, this vigil reads format %u; use the vigil "
			       "that came with the program's libvigil",
			       reader->path, header->abi_major, VIGIL_ABI_MAJOR);
	return 0;
}

int damaged(const struct vigil_reader *reader, struct vigil_problem *ret_problem, const char *what)
{
	return problem(ret_problem, -EBADMSG, "%s is damaged: %s; nothing in it can be trusted",
		       reader->path, what);
}

/* Does [offset, offset + count * step) lie in the file? */
static bool is_inside(const struct vigil_reader *reader, uint64_t offset, uint64_t count,
		      uint64_t step)
{
	return offset <= reader->size && (!step || count <= (reader->size - offset) / step);
}

static int head_check(const struct vigil_reader *reader, const struct vigil_header *header,
		      struct vigil_problem *ret_problem)
{
	if (header->file_size > reader->size)
		return problem(ret_problem, -EBADMSG,
			       "%s is cut short: %zu of %" PRIu64
			       " bytes are there; copy it again, with holes (cp --sparse=always)",
			       reader->path, reader->size, header->file_size);
	if (header->header_size < sizeof(*header) || header->header_size > 65536)
		return damaged(reader, ret_problem, "its header has an impossible size");
	if (header->table_header_size < sizeof(struct vigil_table_header) ||
	    header->table_header_size > 65536 || header->table_header_size % 8 ||
	    header->tables_offset % 8 || !header->tables || header->tables > TABLES_MAX ||
	    !is_inside(reader, header->tables_offset, header->tables, header->table_header_size))
		return damaged(reader, ret_problem, "its list of tables lies outside the file");
	if (header->field_size < sizeof(struct vigil_field) || header->field_size > 65536 ||
	    !is_inside(reader, header->fields_offset, header->fields, header->field_size) ||
	    !is_inside(reader, header->words_offset, header->words_size, 1))
		return damaged(reader, ret_problem, "its description lies outside the file");
	return 0;
}

int size_check(const struct vigil_reader *reader, struct vigil_problem *ret_problem)
{
	if (reader->size >= sizeof(struct vigil_header))
		return 0;
	return problem(ret_problem, -EBADMSG,
		       "%s is not a board: it has %zu bytes, a board's header alone has %zu",
		       reader->path, reader->size, sizeof(struct vigil_header));
}

int header_check(const struct vigil_reader *reader, const struct vigil_header *header,
		 struct vigil_problem *ret_problem)
{
	int r = magic_check(reader, header, ret_problem);

	if (!r)
		r = abi_check(reader, header, ret_problem);
	return r ? r : head_check(reader, header, ret_problem);
}

int table_check(struct vigil_reader *reader, const struct vigil_header *header, uint32_t i,
		const struct vigil_table_header *there, struct vigil_problem *ret_problem)
{
	struct reader_table *table = &reader->tables[i];

	table->size = kinds[i].size;
	if (i >= header->tables)
		return 0; /* an older board: no such table yet */
	if (strncmp(there->name, kinds[i].name, sizeof(there->name)))
		return damaged(reader, ret_problem, "a table has another name than it should");
	/* The smallest fixed head: seq, gen, life. */
	if (there->record_size < 16 || there->record_size % 8 || there->record_size > 65536 ||
	    there->offset % 8)
		return damaged(reader, ret_problem, "a table has an impossible record size");
	if (!is_inside(reader, there->offset, there->capacity, there->record_size))
		return damaged(reader, ret_problem, "a table reaches past the end of the file");
	if (there->capacity > VIGIL_REF_MAX_INDEX)
		return damaged(reader, ret_problem, "a table has an impossible capacity");
	table->step = there->record_size;
	table->capacity = there->capacity;
	table->copied = table->step < table->size ? table->step : table->size;
	return 0;
}

int owner_check(const struct vigil_reader *reader, struct vigil_problem *ret_problem)
{
	if (table_used(&reader->tables[VIGIL_TABLE_process]) < 1 ||
	    table_used(&reader->tables[VIGIL_TABLE_counts]) < 1)
		return damaged(reader, ret_problem, "it does not say which process it is of");
	return 0;
}

int reader_check(struct vigil_reader *reader, struct vigil_problem *ret_problem)
{
	struct vigil_header header;
	int r;

	if ((uintptr_t)reader->base % 8)
		return problem(ret_problem, -EBADMSG, "%s does not begin at a multiple of 8 bytes",
			       reader->path);
	r = size_check(reader, ret_problem);
	if (r)
		return r;
	/* Partner: the release store in board_publish. */
	(void)__atomic_load_n((const uint64_t *)(const void *)reader->base, __ATOMIC_ACQUIRE);
	words_copy(&header, reader->base, sizeof(header));
	r = header_check(reader, &header, ret_problem);
	for (uint32_t i = 0; i < VIGIL_TABLES && !r; i++) {
		struct vigil_table_header there = { .offset = 0 };
		const uint8_t *at = NULL;

		if (i < header.tables) {
			at = reader->base + header.tables_offset +
			     (size_t)i * header.table_header_size;
			words_copy(&there, at, sizeof(there));
		}
		r = table_check(reader, &header, i, &there, ret_problem);
		if (!r && at) {
			reader->tables[i].header = (const void *)at;
			reader->tables[i].records = reader->base + there.offset;
		}
	}
	return r ? r : owner_check(reader, ret_problem);
}
