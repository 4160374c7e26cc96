/* SPDX-License-Identifier: MIT */
/*
 * The binary interface, field by field, against the committed list: what stands
 * in tests/data/abi.txt stays where it is for as long as VIGIL_ABI_MAJOR stands.
 * A new line is a field at the end of a record, or made of spare words.
 */
#include "libtrace/board.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LIST "tests/data/abi.txt"
#define LINES 1024
#define WIDTH 128

struct list {
	char lines[LINES][WIDTH];
	int count;
};

static struct list now, before;

#define PUT(...) snprintf(now.lines[now.count++], WIDTH, __VA_ARGS__)

/* struct member: name, offset, size. */
#define MEMBER(s, m)                                                                               \
	PUT(#s " " #m " %zu %zu", offsetof(struct vigil_##s, m), sizeof(((struct vigil_##s *)0)->m))

static void list_headers(void)
{
	MEMBER(header, magic);
	MEMBER(header, header_size);
	MEMBER(header, abi_major);
	MEMBER(header, abi_minor);
	MEMBER(header, byte_order);
	MEMBER(header, tables);
	MEMBER(header, file_size);
	MEMBER(header, tables_offset);
	MEMBER(header, table_header_size);
	MEMBER(header, fields_offset);
	MEMBER(header, fields);
	MEMBER(header, field_size);
	MEMBER(header, words_offset);
	MEMBER(header, words_size);
	MEMBER(table_header, name);
	MEMBER(table_header, offset);
	MEMBER(table_header, record_size);
	MEMBER(table_header, capacity);
	MEMBER(table_header, used);
	MEMBER(table_header, claimed);
	MEMBER(table_header, how);
	MEMBER(table_header, first_field);
	MEMBER(table_header, fields);
	MEMBER(table_header, help);
	MEMBER(table_header, finished);
	MEMBER(field, name);
	MEMBER(field, table);
	MEMBER(field, type);
	MEMBER(field, unit);
	MEMBER(field, meaning);
	MEMBER(field, offset);
	MEMBER(field, size);
	MEMBER(field, count);
	MEMBER(field, help);
	MEMBER(field, words);
}

/* Spare words may become fields, so they are not listed. */
static void list_fields(void)
{
#define TABLE(record, table, how, help) PUT("table %d " #table " " #how, VIGIL_TABLE_##record);
#define FIELD(record, type, name, dim, unit, meaning, help)                                        \
	if (VIGIL_MEANS_##meaning != VIGIL_MEANS_spare)                                            \
		PUT(#record " " #name " " #type " %zu %zu " #unit " " #meaning,                    \
		    offsetof(struct vigil_##record##_record, name),                                \
		    sizeof(((struct vigil_##record##_record *)0)->name));
#define END(record, size)
#include <vigil/fields.def>
#undef TABLE
#undef FIELD
#undef END
}

/* Words stand for numbers: new ones come last. */
static void list_words(void)
{
#define WORD(e, NAME, word) PUT("word " #e " %d %s", VIGIL_##e##_##NAME, word);
	VIGIL_LIVES(WORD)
	VIGIL_CLOCKS(WORD)
	VIGIL_EXECUTORS(WORD)
	VIGIL_TASKS(WORD)
	VIGIL_OUTCOMES(WORD)
	VIGIL_JOINS(WORD)
	VIGIL_RESOURCES(WORD)
	VIGIL_MODES(WORD)
	VIGIL_WAITS(WORD)
	VIGIL_LEVELS(WORD)
	VIGIL_ATTRS(WORD)
	VIGIL_EVENTS(WORD)
	VIGIL_SITES(WORD)
	VIGIL_TYPES(WORD)
	VIGIL_UNITS(WORD)
	VIGIL_MEANINGS(WORD)
	VIGIL_HOWS(WORD)
#undef WORD
}

static void list_read(void)
{
	FILE *file = fopen(LIST, "r");

	cr_assert_not_null(file, "run the tests in the top folder: " LIST " is not there");
	while (before.count < LINES && fgets(before.lines[before.count], WIDTH, file)) {
		before.lines[before.count][strcspn(before.lines[before.count], "\n")] = '\0';
		before.count++;
	}
	fclose(file);
}

static bool has_line(const struct list *list, const char *line)
{
	for (int i = 0; i < list->count; i++)
		if (!strcmp(list->lines[i], line))
			return true;
	return false;
}

static void lists_make(void)
{
	list_headers();
	list_fields();
	list_words();
	if (getenv("VIGIL_ACCEPT_ABI")) {
		FILE *file = fopen(LIST, "w");

		cr_assert_not_null(file);
		for (int i = 0; i < now.count; i++)
			fprintf(file, "%s\n", now.lines[i]);
		cr_assert_eq(fclose(file), 0);
	}
	list_read();
}

TestSuite(abi, .init = lists_make);

Test(abi, no_field_or_word_that_was_there_moves_or_goes)
{
	for (int i = 0; i < before.count; i++)
		cr_expect(has_line(&now, before.lines[i]),
			  "the ABI broke; this was so and is not any more:\n    %s\n"
			  "Append instead, or raise VIGIL_ABI_MAJOR.",
			  before.lines[i]);
	cr_assert_gt(before.count, 200);
}

Test(abi, every_field_and_word_is_in_the_list)
{
	for (int i = 0; i < now.count; i++)
		cr_expect(has_line(&before, now.lines[i]),
			  "new in the ABI:\n    %s\nIf nothing else moved, accept it with\n"
			  "    VIGIL_ACCEPT_ABI=1 make test TESTS=abi",
			  now.lines[i]);
}

/* fields.def once more, as the compiler lays it out: rows for loops, not code. */
static const struct {
	uint32_t table;
	const char *name;
	const char *help;
	uint32_t type;
	uint32_t meaning;
	size_t offset;
	size_t size;
} fields_here[] = {
#define TABLE(record, table, how, help)
#define FIELD(record, type, name, dim, unit, meaning, help)                                        \
	{ VIGIL_TABLE_##record,                                                                    \
	  #name,                                                                                   \
	  help,                                                                                    \
	  VIGIL_TYPE_##type,                                                                       \
	  VIGIL_MEANS_##meaning,                                                                   \
	  offsetof(struct vigil_##record##_record, name),                                          \
	  sizeof(((struct vigil_##record##_record *)0)->name) },
#define END(record, size)
#include <vigil/fields.def>
#undef TABLE
#undef FIELD
#undef END
};

static const struct {
	const char *name;
	size_t size;
} tables_here[] = {
#define TABLE(record, table, how, help)                                                            \
	{                                                                                          \
#table,
#define FIELD(record, type, name, dim, unit, meaning, help)
#define END(record, size)                                                                          \
	size                                                                                       \
	}                                                                                          \
	,
#include <vigil/fields.def>
#undef TABLE
#undef FIELD
#undef END
};

#define FIELDS_HERE (sizeof(fields_here) / sizeof(fields_here[0]))

Test(abi, fields_neither_overlap_nor_leave_gaps)
{
	size_t ends[VIGIL_TABLES] = { 0 };

	for (size_t i = 0; i < FIELDS_HERE; i++) {
		size_t *end = &ends[fields_here[i].table];

		cr_expect_eq(fields_here[i].offset, *end, "%s.%s",
			     tables_here[fields_here[i].table].name, fields_here[i].name);
		*end += fields_here[i].size;
	}

	for (uint32_t i = 0; i < VIGIL_TABLES; i++)
		cr_expect_eq(ends[i], tables_here[i].size, "the end of %s", tables_here[i].name);
}

Test(abi, a_reference_keeps_its_table_index_and_generation)
{
	uint64_t ref = vigil_ref_make(VIGIL_TABLE_edge, VIGIL_REF_MAX_INDEX, UINT32_MAX);

	cr_assert_eq(vigil_ref_table(ref), VIGIL_TABLE_edge);
	cr_assert_eq(vigil_ref_index(ref), VIGIL_REF_MAX_INDEX);
	cr_assert_eq(vigil_ref_gen(ref), UINT32_MAX);
	cr_assert_leq(VIGIL_TABLES, 32);
}

Test(abi, the_description_in_a_board_says_the_same)
{
	struct vigil_header *header = calloc(1, describe_size());
	const char *base = (const char *)header;
	const struct vigil_field *fields;
	const struct vigil_table_header *tables;

	describe_write((uint8_t *)header);
	fields = (const void *)(base + header->fields_offset);
	tables = (const void *)(base + header->tables_offset);

	cr_assert_eq(header->tables, VIGIL_TABLES);
	cr_assert_eq(header->fields, FIELDS_HERE);
	for (uint32_t i = 0; i < VIGIL_TABLES; i++) {
		cr_expect_str_eq(tables[i].name, tables_here[i].name);
		cr_expect_eq(tables[i].record_size, tables_here[i].size);
		cr_expect_eq(fields_here[tables[i].first_field].table, i);
	}
	for (uint32_t i = 0; i < FIELDS_HERE; i++) {
		cr_expect_str_eq(fields[i].name, fields_here[i].name);
		cr_expect_str_eq(base + fields[i].help, fields_here[i].help);
		cr_expect_eq(fields[i].table, fields_here[i].table);
		cr_expect_eq(fields[i].type, fields_here[i].type);
		cr_expect_eq(fields[i].meaning, fields_here[i].meaning);
		cr_expect_eq(fields[i].offset, fields_here[i].offset);
		cr_expect_eq(fields[i].size, fields_here[i].size);
	}
	free(header);
}

Test(abi, every_state_has_its_words_in_the_description)
{
	struct vigil_header *header = calloc(1, describe_size());
	const struct vigil_field *fields;

	describe_write((uint8_t *)header);
	fields = (const void *)((uint8_t *)header + header->fields_offset);

	for (uint32_t i = 0; i < header->fields; i++)
		if (fields[i].meaning == VIGIL_MEANS_state && strcmp(fields[i].name, "flags") &&
		    strcmp(fields[i].name, "is_ready"))
			cr_expect_neq(fields[i].words, 0, "%s has none", fields[i].name);
	free(header);
}
