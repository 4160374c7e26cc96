/* SPDX-License-Identifier: MIT */
/*
 * What the rows of a table are ordered by: a number of 64 bits for each.
 *
 * The law of the file: a row is asked for its key once in a refresh, its text
 * included. The key of a text is its first 4 bytes and, below them, the place
 * where the whole text is kept, in small letters, until the next refresh; so
 * comparing asks nobody, and an order holds although texts are another
 * program's and change. A text that came lately is not kept twice: a million
 * tasks of a few names need a few names. Without memory a text counts as its
 * first 4 bytes.
 */
#include "console/table.h"

#include <stdlib.h>
#include <string.h>

#include "console/table_private.h"

#define NO_TEXT 0 /* the place of the empty text */
#define FIRST_ROOM 4096
#define TEXT_BITS (~(uint64_t)UINT32_MAX)

/* Doubles as numbers in the same order; NaN is the smallest. */
static uint64_t real_key(double value)
{
	uint64_t bits;

	if (value != value)
		return 0;
	value += 0.0; /* one zero */
	memcpy(&bits, &value, sizeof(bits));
	return bits >> 63 ? ~bits : bits | UINT64_C(1) << 63;
}

/* Texts. */

static const char *text_at(const struct table *table, uint32_t place)
{
	return table->texts.bytes ? table->texts.bytes + place : "";
}

/* Room for one more text. Returns false without memory. */
static bool reserve_text(struct table_texts *texts, size_t size)
{
	size_t room = texts->capacity ? texts->capacity * 2 : FIRST_ROOM;
	char *bytes;

	if (texts->size + size <= texts->capacity)
		return true;
	if (room > UINT32_MAX)
		return false;
	bytes = realloc(texts->bytes, room);
	if (!bytes)
		return false;
	texts->bytes = bytes;
	texts->capacity = room;
	return true;
}

/* Keeps a text of size bytes, NUL included. Returns its place. */
static uint32_t keep_text(struct table *table, const char *text, size_t size, uint32_t hash)
{
	struct table_texts *texts = &table->texts;
	uint32_t *recent = &texts->recent[hash % TABLE_RECENT];

	if (strcmp(text_at(table, *recent), text) == 0)
		return *recent;
	if (!reserve_text(texts, size))
		return NO_TEXT;
	*recent = (uint32_t)texts->size;
	memcpy(texts->bytes + texts->size, text, size);
	texts->size += size;
	return *recent;
}

/* Makes capital letters small. Returns the size, NUL included. */
static size_t make_small(char *text, uint32_t *ret_hash)
{
	uint32_t hash = 0;
	size_t i;

	for (i = 0; text[i]; i++) {
		unsigned char byte = (unsigned char)text[i];

		if (byte >= 'A' && byte <= 'Z')
			byte += 'a' - 'A';
		text[i] = (char)byte;
		hash = hash * 31 + byte;
	}
	/* Bits from all over, since few are looked at. */
	*ret_hash = (hash * UINT32_C(0x9e3779b1)) >> 16;
	return i + 1;
}

static uint64_t text_key(struct table *table, const struct table_row *row)
{
	const struct column *column = row->column;
	enum role role = ROLE_TEXT;
	char text[TABLE_TEXT];
	uint64_t key = 0;
	uint32_t hash;
	size_t size;
	size_t i;

	text[0] = '\0';
	if (column->text)
		column->text(row, text, sizeof(text));
	else
		column->format(row, text, sizeof(text), &role);
	text[TABLE_TEXT - 1] = '\0';
	size = make_small(text, &hash);
	for (i = 0; i < 4; i++)
		key = key << 8 | (i < size ? (unsigned char)text[i] : 0);
	return key << 32 | keep_text(table, text, size, hash);
}

static uint32_t place_of_text(const struct table *table, const struct table_entry *entry)
{
	return (uint32_t)(table->are_keys_inverted ? ~entry->key : entry->key);
}

bool table_is_text_before(const struct table *table, const struct table_entry *a,
			  const struct table_entry *b)
{
	uint32_t place = place_of_text(table, a);
	uint32_t other = place_of_text(table, b);
	int order = 0;

	if (place != other)
		order = strcmp(text_at(table, place), text_at(table, other));
	if (order == 0)
		return a->id < b->id;
	return table->are_keys_inverted ? order > 0 : order < 0;
}

/* Keys. */

void table_begin_keys(struct table *table)
{
	struct table_texts *texts = &table->texts;
	bool is_text =
		table->sort_column >= 0 && table->columns[table->sort_column].sort == SORT_TEXT;

	table->key_bits = is_text ? TEXT_BITS : TABLE_ALL_BITS;
	table->are_keys_inverted = table->is_descending;
	if (!is_text) {
		free(texts->bytes);
		texts->bytes = NULL;
		texts->capacity = 0;
	}
	texts->size = 0;
	memset(texts->recent, 0, sizeof(texts->recent));
	if (is_text && reserve_text(texts, 1))
		texts->bytes[texts->size++] = '\0';
}

uint64_t table_key(struct table *table, size_t index, uint64_t id)
{
	const struct column *column;
	struct table_row row;
	uint64_t key = 0;

	if (table->sort_column < 0)
		return table->is_descending ? ~(uint64_t)index : index;
	column = &table->columns[table->sort_column];
	row = (struct table_row){ table->source.ctx, id, column };
	switch (column->sort) {
	case SORT_NUMBER:
		key = column->number(&row);
		break;
	case SORT_REAL:
		key = real_key(column->real(&row));
		break;
	case SORT_TEXT:
		key = text_key(table, &row);
		break;
	case SORT_NONE:
		break;
	}
	return table->is_descending ? ~key : key;
}
