/* SPDX-License-Identifier: MIT */
/*
 * The description that stands in every board, made from fields.def.
 *
 * The law: nothing here is typed twice. A new field or table appears in the
 * description by being in fields.def; a state's words come from board.h.
 */
#include "libtrace/board.h"

#include <string.h>

struct field_kind {
	const char *name;
	const char *help;
	uint32_t offset;
	uint32_t size;
	uint32_t count;
	uint8_t table;
	uint8_t type;
	uint8_t unit;
	uint8_t meaning;
};

const struct table_kind table_kinds[VIGIL_TABLES] = {
#define TABLE(record, table, how, help)                                                            \
	{ #table, sizeof(struct vigil_##record##_record), VIGIL_HOW_##how },
#define FIELD(record, type, name, dim, unit, meaning, help)
#define END(record, size)
#include <vigil/fields.def>
#undef TABLE
#undef FIELD
#undef END
};

static const char *const table_helps[VIGIL_TABLES] = {
#define TABLE(record, table, how, help) help,
#define FIELD(record, type, name, dim, unit, meaning, help)
#define END(record, size)
#include <vigil/fields.def>
#undef TABLE
#undef FIELD
#undef END
};

#define MEMBER(record, name) (((struct vigil_##record##_record *)0)->name)

static const struct field_kind field_kinds[] = {
#define TABLE(record, table, how, help)
#define FIELD(record, type, name, dim, unit, meaning, help)                                        \
	{ #name,                                                                                   \
	  help,                                                                                    \
	  offsetof(struct vigil_##record##_record, name),                                          \
	  sizeof(MEMBER(record, name)),                                                            \
	  sizeof(MEMBER(record, name)) / sizeof(vigil_##type##_),                                  \
	  VIGIL_TABLE_##record,                                                                    \
	  VIGIL_TYPE_##type,                                                                       \
	  VIGIL_UNIT_##unit,                                                                       \
	  VIGIL_MEANS_##meaning },
#define END(record, size)
#include <vigil/fields.def>
#undef TABLE
#undef FIELD
#undef END
};

#define FIELD_COUNT (sizeof(field_kinds) / sizeof(field_kinds[0]))

/* Which words belong to which state. */
#define WORD(e, NAME, word) "|" word
static const struct {
	uint8_t table;
	const char *field;
	const char *words; /* after the first character */
} states[] = {
	{ VIGIL_TABLE_process, "life", VIGIL_LIVES(WORD) },
	{ VIGIL_TABLE_process, "clock_source", VIGIL_CLOCKS(WORD) },
	{ VIGIL_TABLE_site, "kind", VIGIL_SITES(WORD) },
	{ VIGIL_TABLE_executor, "life", VIGIL_LIVES(WORD) },
	{ VIGIL_TABLE_executor, "kind", VIGIL_EXECUTORS(WORD) },
	{ VIGIL_TABLE_worker, "life", VIGIL_LIVES(WORD) },
	{ VIGIL_TABLE_worker, "wait_kind", VIGIL_WAITS(WORD) },
	{ VIGIL_TABLE_task, "life", VIGIL_LIVES(WORD) },
	{ VIGIL_TABLE_task, "wait_kind", VIGIL_WAITS(WORD) },
	{ VIGIL_TABLE_task, "join", VIGIL_JOINS(WORD) },
	{ VIGIL_TABLE_task, "kind", VIGIL_TASKS(WORD) },
	{ VIGIL_TABLE_task, "outcome", VIGIL_OUTCOMES(WORD) },
	{ VIGIL_TABLE_resource, "life", VIGIL_LIVES(WORD) },
	{ VIGIL_TABLE_resource, "kind", VIGIL_RESOURCES(WORD) },
	{ VIGIL_TABLE_resource, "mode", VIGIL_MODES(WORD) },
	{ VIGIL_TABLE_op, "life", VIGIL_LIVES(WORD) },
	{ VIGIL_TABLE_span, "life", VIGIL_LIVES(WORD) },
	{ VIGIL_TABLE_span, "level", VIGIL_LEVELS(WORD) },
	{ VIGIL_TABLE_attr, "life", VIGIL_LIVES(WORD) },
	{ VIGIL_TABLE_attr, "type", VIGIL_ATTRS(WORD) },
	{ VIGIL_TABLE_event, "kind", VIGIL_EVENTS(WORD) },
	{ VIGIL_TABLE_message, "level", VIGIL_LEVELS(WORD) },
};
#undef WORD

static const char *words_of(const struct field_kind *field)
{
	if (field->meaning != VIGIL_MEANS_state)
		return NULL;
	for (size_t i = 0; i < sizeof(states) / sizeof(states[0]); i++)
		if (states[i].table == field->table && !strcmp(states[i].field, field->name))
			return states[i].words + 1;
	return NULL;
}

static size_t words_size(void)
{
	size_t size = 1; /* offset 0 of the words is the empty text */

	for (size_t i = 0; i < VIGIL_TABLES; i++)
		size += strlen(table_helps[i]) + 1;
	for (size_t i = 0; i < FIELD_COUNT; i++) {
		const char *words = words_of(&field_kinds[i]);

		size += strlen(field_kinds[i].help) + 1;
		if (words)
			size += strlen(words) + 1;
	}
	return size;
}

size_t describe_size(void)
{
	return sizeof(struct vigil_header) + VIGIL_TABLES * sizeof(struct vigil_table_header) +
	       FIELD_COUNT * sizeof(struct vigil_field) + words_size();
}

/* Appends text at *at and returns its offset in the file. */
static uint32_t words_put(uint8_t *base, uint32_t *at, const char *text)
{
	uint32_t offset = *at;
	size_t length = strlen(text) + 1;

	memcpy(base + offset, text, length);
	*at += (uint32_t)length;
	return offset;
}

static void table_write(uint8_t *base, struct vigil_table_header *header, uint32_t table,
			uint32_t *at)
{
	text_put(header->name, sizeof(header->name), table_kinds[table].name);
	header->record_size = table_kinds[table].record_size;
	header->how = table_kinds[table].how;
	header->help = words_put(base, at, table_helps[table]);
	for (uint32_t i = 0; i < FIELD_COUNT; i++) {
		if (field_kinds[i].table != table)
			continue;
		if (!header->fields++)
			header->first_field = i;
	}
}

static void field_write(uint8_t *base, struct vigil_field *field, const struct field_kind *kind,
			uint32_t *at)
{
	const char *words = words_of(kind);

	text_put(field->name, sizeof(field->name), kind->name);
	field->table = kind->table;
	field->type = kind->type;
	field->unit = kind->unit;
	field->meaning = kind->meaning;
	field->offset = (uint16_t)kind->offset;
	field->size = kind->size;
	field->count = kind->count;
	field->help = words_put(base, at, kind->help);
	field->words = words ? words_put(base, at, words) : 0;
}

void describe_write(uint8_t *base)
{
	struct vigil_header *header = (struct vigil_header *)base;
	struct vigil_table_header *tables;
	struct vigil_field *fields;
	uint32_t at;

	header->header_size = sizeof(*header);
	header->abi_major = VIGIL_ABI_MAJOR;
	header->abi_minor = VIGIL_ABI_MINOR;
	header->byte_order = VIGIL_BYTE_ORDER;
	header->tables = VIGIL_TABLES;
	header->tables_offset = sizeof(*header);
	header->table_header_size = sizeof(*tables);
	header->fields_offset = header->tables_offset + VIGIL_TABLES * (uint32_t)sizeof(*tables);
	header->fields = FIELD_COUNT;
	header->field_size = sizeof(*fields);
	header->words_offset = header->fields_offset + (uint32_t)(FIELD_COUNT * sizeof(*fields));
	header->words_size = (uint32_t)words_size();

	tables = (struct vigil_table_header *)(base + header->tables_offset);
	fields = (struct vigil_field *)(base + header->fields_offset);
	at = header->words_offset + 1;
	for (uint32_t i = 0; i < VIGIL_TABLES; i++)
		table_write(base, &tables[i], i, &at);
	for (uint32_t i = 0; i < FIELD_COUNT; i++)
		field_write(base, &fields[i], &field_kinds[i], &at);
}
