/* SPDX-License-Identifier: MIT */
/*
 * The packed form, in words of 8 bytes: the size in words; then, until that is reached,
 * a word with two counts (zeros in its low half, others in its high half) and the others.
 */
#include "console/trace/pack.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define WORDS_MAX (UINT64_C(1) << 32) /* 32 GiB: more than a board of any size has */
#define RUN_MAX UINT32_MAX
#define FEW_ZEROS 2 /* in the middle of others cost less than a run of their own */

static size_t zeros_at(const uint64_t *words, size_t at, size_t count)
{
	size_t from = at;

	while (at < count && !words[at] && at - from < RUN_MAX)
		at++;
	return at - from;
}

static size_t others_at(const uint64_t *words, size_t at, size_t count)
{
	size_t from = at;

	while (at < count && at - from < RUN_MAX) {
		size_t zeros = words[at] ? 0 : zeros_at(words, at, count);

		if (zeros > FEW_ZEROS || (zeros && at + zeros == count))
			break;
		at += zeros ? zeros : 1;
	}
	return at - from;
}

/* Packs, or with to NULL only measures. Returns the words. */
static size_t words_pack(const uint64_t *words, size_t count, uint64_t *to)
{
	size_t used = 1, at = 0;

	if (to)
		to[0] = count;
	while (at < count) {
		size_t zeros = zeros_at(words, at, count);
		size_t others = others_at(words, at + zeros, count);

		if (to) {
			to[used] = (uint64_t)others << 32 | zeros;
			memcpy(&to[used + 1], &words[at + zeros], others * sizeof(*to));
		}
		used += 1 + others;
		at += zeros + others;
	}
	return used;
}

void *pack(const void *bytes, size_t size, size_t *ret_size)
{
	size_t count = size / sizeof(uint64_t);
	size_t used = words_pack(bytes, count, NULL);
	uint64_t *to = malloc(used * sizeof(*to));

	if (!to)
		return NULL;
	words_pack(bytes, count, to);
	*ret_size = used * sizeof(*to);
	return to;
}

void *unpack(const void *packed, size_t size, size_t *ret_size)
{
	const uint64_t *from = packed;
	size_t left = size / sizeof(*from), count = left ? (size_t)from[0] : WORDS_MAX, at = 0;
	uint64_t *words = count < WORDS_MAX ? calloc(count + 1, sizeof(*words)) : NULL;

	if (!words)
		return NULL;
	for (from++, left--; at < count && left; from++, left--) {
		size_t zeros = (uint32_t)*from, others = (size_t)(*from >> 32);

		if (zeros > count - at || others > count - at - zeros || others > left - 1)
			break;
		memcpy(&words[at + zeros], from + 1, others * sizeof(*words));
		at += zeros + others;
		from += others;
		left -= others;
	}
	if (at < count) {
		free(words);
		return NULL;
	}
	*ret_size = count * sizeof(*words);
	return words;
}
