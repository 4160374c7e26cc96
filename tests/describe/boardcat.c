/* SPDX-License-Identifier: MIT */
/*
 * boardcat FILE [TABLE]: prints a board as text, knowing nothing of it but its
 * description. What a reader in another language would be.
 *
 * The law: no header of Vigil's. What is known here is the two structures the
 * description is made of, typed in from the documentation; every offset is
 * checked before it is followed.
 */
#include <fcntl.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

struct header {
	char magic[8];
	uint32_t header_size;
	uint16_t abi_major, abi_minor;
	uint32_t byte_order;
	uint32_t tables;
	uint64_t file_size;
	uint32_t tables_offset, table_header_size;
	uint32_t fields_offset, fields, field_size;
	uint32_t words_offset, words_size;
};

struct table {
	char name[16];
	uint64_t offset;
	uint32_t record_size, capacity, used, claimed, how;
	uint32_t first_field, fields, help;
};

struct field {
	char name[24];
	uint16_t table;
	uint8_t type, unit, meaning, spare;
	uint16_t offset;
	uint32_t size, count, help, words;
};

enum { U8, U16, U32, U64, I32, I64, TEXT, REF };
enum { MEANS_STATE = 3, MEANS_HIST = 8, MEANS_SPARE = 10 };

static const uint8_t *board;
static uint64_t size;

static void die(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	fputs("boardcat: ", stderr);
	vfprintf(stderr, format, args);
	fputc('\n', stderr);
	va_end(args);
	exit(2);
}

/* Copies bytes out of the board, or ends: what lies outside is no board. */
static void take(void *to, uint64_t offset, uint64_t bytes, const char *what)
{
	if (offset > size || bytes > size - offset)
		die("%s lies outside the file", what);
	memcpy(to, board + offset, bytes);
}

static const char *text_at(uint32_t offset)
{
	if (offset >= size || !memchr(board + offset, 0, size - offset))
		die("a text lies outside the file");
	return (const char *)board + offset;
}

/* The n-th of the words of a state, separated by '|'. */
static void state_print(uint32_t words, uint64_t value)
{
	const char *at = text_at(words);
	uint64_t left = value;

	for (; left && (at = strchr(at, '|')); left--)
		at++;
	if (at)
		printf("%.*s", (int)strcspn(at, "|"), at);
	else
		printf("%" PRIu64 "?", value);
}

static uint64_t number_of(const uint8_t *bytes, uint32_t width)
{
	uint64_t value = 0;

	memcpy(&value, bytes, width);
	return value;
}

static void text_print(const uint8_t *bytes, uint32_t length)
{
	for (uint32_t i = 0; i < length && bytes[i]; i++)
		putchar(bytes[i] < 32 ? '?' : bytes[i]);
}

static uint32_t width_of(const struct field *field)
{
	static const uint32_t widths[] = { 1, 2, 4, 8, 4, 8, 1, 8 };

	if (field->type >= sizeof(widths) / sizeof(widths[0]))
		die("field %.24s has a type this reader is too old for", field->name);
	return widths[field->type];
}

static void element_print(const struct field *field, const uint8_t *bytes)
{
	uint64_t value = number_of(bytes, width_of(field));

	if (field->meaning == MEANS_STATE && field->words)
		state_print(field->words, value);
	else if (field->type == I32)
		printf("%" PRId32, (int32_t)value);
	else if (field->type == I64)
		printf("%" PRId64, (int64_t)value);
	else if (field->type == REF)
		printf("%u:%u.%u", (unsigned)(value >> 27 & 31), (unsigned)(value & 0x7ffffff),
		       (unsigned)(value >> 32));
	else
		printf("%" PRIu64, value);
}

/* Of an array, what is not 0. */
static void array_print(const struct field *field, const uint8_t *bytes)
{
	uint32_t width = width_of(field);

	for (uint32_t i = 0; i < field->count; i++) {
		if (!number_of(bytes + i * width, width))
			continue;
		printf("[%u]", i);
		element_print(field, bytes + i * width);
		putchar(' ');
	}
}

static void field_print(const struct field *field, const uint8_t *record)
{
	const uint8_t *bytes = record + field->offset;

	printf("  %.24s=", field->name);
	if (field->type == TEXT)
		text_print(bytes, field->size);
	else if (field->count == 1)
		element_print(field, bytes);
	else
		array_print(field, bytes);
	putchar('\n');
}

static void field_take(const struct header *header, uint32_t i, struct field *ret_field)
{
	if (i >= header->fields)
		die("a table has fields that are not there");
	take(ret_field, header->fields_offset + (uint64_t)i * header->field_size,
	     sizeof(*ret_field), "a field");
}

static void field_check(const struct table *table, const struct field *field)
{
	if (field->offset > table->record_size ||
	    field->size > table->record_size - field->offset ||
	    (uint64_t)field->count * width_of(field) != field->size)
		die("field %.24s does not fit its record", field->name);
}

static void record_print(const struct header *header, const struct table *table, uint32_t index)
{
	uint64_t offset = table->offset + (uint64_t)index * table->record_size;
	uint8_t *record = malloc(table->record_size);
	struct field field;

	if (!record)
		die("out of memory");
	take(record, offset, table->record_size, "a record");
	printf("%.16s %u\n", table->name, index);
	for (uint32_t i = 0; i < table->fields; i++) {
		field_take(header, table->first_field + i, &field);
		field_check(table, &field);
		if (field.meaning != MEANS_SPARE)
			field_print(&field, record);
	}
	free(record);
}

static void table_print(const struct header *header, uint32_t i, const char *wanted)
{
	struct table table;

	take(&table, header->tables_offset + (uint64_t)i * header->table_header_size, sizeof(table),
	     "a table header");
	if (wanted && strncmp(wanted, table.name, sizeof(table.name)))
		return;
	if (table.used > table.claimed || table.claimed > table.capacity || !table.record_size ||
	    table.record_size > 65536)
		die("table %.16s is damaged", table.name);
	printf("# %.16s: %s (%u of %u)\n", table.name, text_at(table.help), table.used,
	       table.capacity);
	for (uint32_t k = 0; k < table.used; k++)
		record_print(header, &table, k);
}

static void board_map(const char *path)
{
	struct stat st;
	void *base;
	int fd = open(path, O_RDONLY);

	if (fd < 0 || fstat(fd, &st))
		die("cannot open %s", path);
	size = (uint64_t)st.st_size;
	base = size ? mmap(NULL, size, PROT_READ, MAP_SHARED, fd, 0) : MAP_FAILED;
	if (base == MAP_FAILED)
		die("cannot map %s", path);
	board = base;
	close(fd);
}

int main(int argc, char **argv)
{
	struct header header;

	if (argc < 2 || argc > 3)
		die("usage: boardcat FILE [TABLE]");
	board_map(argv[1]);
	take(&header, 0, sizeof(header), "the header");
	if (memcmp(header.magic, "VIGILBRD", 8) || header.byte_order != 0x01020304)
		die("%s is not a board of this machine's", argv[1]);
	if (header.abi_major != 1 || header.tables > 256)
		die("%s has another format", argv[1]);
	for (uint32_t i = 0; i < header.tables; i++)
		table_print(&header, i, argc == 3 ? argv[2] : NULL);
	return 0;
}
