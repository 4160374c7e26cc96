/* SPDX-License-Identifier: MIT */
/*
 * Boards small enough to keep: a board's file spans gigabytes of holes. This
 * copies one with the capacity of each table cut down to what is used.
 */
#ifndef TESTS_SUPPORT_COMPACT_H
#define TESTS_SUPPORT_COMPACT_H

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <vigil/board.h>

static inline struct vigil_table_header *compact_table(uint8_t *board, uint32_t i)
{
	const struct vigil_header *header = (const void *)board;

	return (void *)(board + header->tables_offset + i * header->table_header_size);
}

static inline size_t compact_head(const uint8_t *board)
{
	const struct vigil_header *header = (const void *)board;

	return (header->words_offset + header->words_size + 7) & ~(size_t)7;
}

/* Returns the copy, to be freed, and its size. */
static inline uint8_t *compact(const uint8_t *board, size_t *ret_size)
{
	uint8_t *from = (uint8_t *)(uintptr_t)board;
	const struct vigil_header *header = (const void *)board;
	size_t size = compact_head(board), at = size;
	uint8_t *to;

	for (uint32_t i = 0; i < header->tables; i++)
		size += (size_t)compact_table(from, i)->used * compact_table(from, i)->record_size;
	to = calloc(1, size);
	if (!to)
		abort();
	memcpy(to, board, at);
	((struct vigil_header *)(void *)to)->file_size = size;
	for (uint32_t i = 0; i < header->tables; i++) {
		const struct vigil_table_header *old = compact_table(from, i);
		struct vigil_table_header *table = compact_table(to, i);
		size_t bytes = (size_t)old->used * old->record_size;

		memcpy(to + at, board + old->offset, bytes);
		table->offset = at;
		table->capacity = table->claimed = old->used;
		at += bytes;
	}
	*ret_size = size;
	return to;
}

#endif
