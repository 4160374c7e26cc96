/* SPDX-License-Identifier: MIT */
/* Sums by key: a table with open addressing. */
#include "console/export/sums.h"

#include <stdlib.h>
#include <string.h>

#define SUMS_FIRST 1024

static uint32_t hash_of(const unsigned char *key, size_t length)
{
	uint32_t hash = 2166136261u;

	for (size_t i = 0; i < length; i++)
		hash = (hash ^ key[i]) * 16777619u;
	return hash;
}

/* The slot of a key: its own, or the one it would have. */
static struct sum **slot_of(struct sum **slots, size_t size, uint32_t hash, const void *key,
			    size_t length)
{
	size_t at = hash & (size - 1);

	while (slots[at] && (slots[at]->hash != hash || slots[at]->length != length ||
			     memcmp(slots[at]->key, key, length) != 0))
		at = (at + 1) & (size - 1);
	return &slots[at];
}

static int sums_grow(struct sums *sums)
{
	size_t size = sums->size ? sums->size * 2 : SUMS_FIRST;
	struct sum **slots = calloc(size, sizeof(struct sum *));

	if (!slots)
		return -1;
	for (size_t i = 0; i < sums->size; i++) {
		struct sum *sum = sums->slots[i];

		if (sum)
			*slot_of(slots, size, sum->hash, sum->key, sum->length) = sum;
	}
	free(sums->slots);
	sums->slots = slots;
	sums->size = size;
	return 0;
}

static struct sum *sum_new(uint32_t hash, const void *key, size_t length)
{
	struct sum *sum = calloc(1, sizeof(*sum) + length + 1);

	if (!sum)
		return NULL;
	sum->hash = hash;
	sum->length = (uint32_t)length;
	memcpy(sum->key, key, length);
	return sum;
}

struct sum *sums_get(struct sums *sums, const void *key, size_t length)
{
	uint32_t hash = hash_of(key, length);
	struct sum **slot, *sum;

	if (sums->used * 2 >= sums->size && sums->size < 2 * SUMS_MAX && sums_grow(sums))
		return NULL;
	slot = slot_of(sums->slots, sums->size, hash, key, length);
	sum = *slot;
	if (sum)
		return sum;
	if (sums->used == SUMS_MAX)
		return &sums->others;
	sum = sum_new(hash, key, length);
	*slot = sum;
	sums->used += sum ? 1 : 0;
	return sum;
}

int sums_add(struct sums *sums, const void *key, size_t length, uint64_t count, uint64_t ns)
{
	struct sum *sum = sums_get(sums, key, length);

	if (!sum)
		return -1;
	sum->count += count;
	sum->ns += ns;
	return 0;
}

static int sum_compare(const void *a, const void *b)
{
	const struct sum *x = *(struct sum *const *)a, *y = *(struct sum *const *)b;
	size_t length = x->length < y->length ? x->length : y->length;
	int order = memcmp(x->key, y->key, length);

	return order ? order : (x->length > y->length) - (x->length < y->length);
}

void sums_sort(struct sums *sums)
{
	size_t used = 0;

	for (size_t i = 0; i < sums->size; i++)
		if (sums->slots[i])
			sums->slots[used++] = sums->slots[i];
	if (used)
		qsort(sums->slots, used, sizeof(struct sum *), sum_compare);
	for (size_t i = used; i < sums->size; i++)
		sums->slots[i] = NULL;
}

void sums_free(struct sums *sums)
{
	for (size_t i = 0; i < sums->size; i++)
		free(sums->slots[i]);
	free(sums->slots);
	sums->slots = NULL;
	sums->size = sums->used = 0;
}
