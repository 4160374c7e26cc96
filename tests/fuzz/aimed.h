/* SPDX-License-Identifier: MIT */
/*
 * Mutations of boards. One is tens of kilobytes of which few matter, so they are
 * aimed: at the header, at table headers, at words of used records; the rest is
 * libFuzzer's.
 */
#ifndef TESTS_FUZZ_AIMED_H
#define TESTS_FUZZ_AIMED_H

#include <stdint.h>
#include <string.h>

#include <vigil/board.h>

size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max_size);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed);

static uint64_t odd_value(unsigned seed)
{
	static const uint64_t values[] = { 0,          1,          7,          8,
					   63,         64,         4096,       65535,
					   65536,      0x7fffffff, 0x80000000, 0xffffffff,
					   1ull << 32, 1ull << 62, 1ull << 63, UINT64_MAX };

	return values[seed % 16] + (seed >> 4) % 3 - 1;
}

static void put(uint8_t *data, size_t size, size_t at, uint64_t value, size_t width)
{
	if (at <= size && width <= size - at)
		memcpy(data + at, &value, width);
}

/* A word of a used record of some table, as far as the table headers can be believed. */
static size_t record_word(const uint8_t *data, size_t size, unsigned seed)
{
	size_t head = sizeof(struct vigil_header) +
		      seed % VIGIL_TABLES * sizeof(struct vigil_table_header);
	struct vigil_table_header table;

	if (size < head + sizeof(table))
		return 0;
	memcpy(&table, data + head, sizeof(table));
	if (!table.used || !table.record_size)
		return 0;
	return table.offset + (seed / 16 % table.used) * (size_t)table.record_size +
	       seed / 64 % (table.record_size / 4 + 1) * 4;
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed)
{
	unsigned more = seed * 2654435761u;

	switch (seed % 8) {
	case 0:
	case 1: /* header and table headers */
		put(data, size, more % (sizeof(struct vigil_header) + VIGIL_TABLES * 96u) & ~3u,
		    odd_value(more >> 8), more >> 28 & 1 ? 4 : 8);
		return size;
	case 2:
	case 3:
	case 4:
		put(data, size, record_word(data, size, more), odd_value(more >> 8),
		    more >> 28 & 1 ? 4 : 8);
		return size;
	case 5: /* cut short */
		return size > 1 ? 1 + more % size : size;
	default:
		return LLVMFuzzerMutate(data, size, max_size);
	}
}

#endif
