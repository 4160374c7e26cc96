/* SPDX-License-Identifier: MIT */
/* Keyframes packed and unpacked, and what never was packed. */
#include "console/trace/pack.h"

#include <criterion/criterion.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define WORDS 4096

static uint64_t words[WORDS];

static void *packed;
static size_t packed_size;

static void expect_the_same_again(size_t count)
{
	size_t size = 0;
	void *again;

	packed = pack(words, count * 8, &packed_size);
	again = unpack(packed, packed_size, &size);

	cr_assert_not_null(again);
	cr_assert_eq(size, count * 8);
	cr_assert_eq(memcmp(again, words, size), 0);
	free(again);
	free(packed);
}

Test(pack, what_is_unpacked_is_what_was_packed)
{
	unsigned seed = 1;

	for (int round = 0; round < 200; round++) {
		for (size_t i = 0; i < WORDS; i++)
			words[i] = rand_r(&seed) % 100 < round % 100 ? rand_r(&seed) : 0;
		expect_the_same_again((size_t)rand_r(&seed) % WORDS);
	}
}

Test(pack, nothing_is_packed_to_nothing)
{
	expect_the_same_again(0);
}

Test(pack, zeros_cost_next_to_nothing)
{
	expect_the_same_again(WORDS);

	cr_expect_leq(packed_size, 32);
}

Test(pack, what_has_no_zeros_grows_by_a_few_words)
{
	memset(words, 0xff, sizeof(words));
	expect_the_same_again(WORDS);

	cr_expect_leq(packed_size, sizeof(words) + 32);
}

Test(pack, what_was_damaged_is_refused_or_has_the_size_it_says)
{
	unsigned seed = 7;
	uint64_t *copy;
	int refused = 0;

	for (size_t i = 0; i < WORDS; i++)
		words[i] = i % 5 ? 0 : i;
	packed = pack(words, sizeof(words), &packed_size);
	copy = malloc(packed_size);
	for (int round = 0; round < 2000; round++) {
		size_t size = 0, length = packed_size - (size_t)rand_r(&seed) % 64;
		void *again;

		memcpy(copy, packed, packed_size);
		copy[(size_t)rand_r(&seed) % (packed_size / 8)] ^= UINT64_C(1)
								   << rand_r(&seed) % 64;
		copy[0] %= 2 * WORDS;
		again = unpack(copy, length, &size);
		refused += !again;
		if (again)
			cr_assert_eq(size, copy[0] * 8);
		free(again);
	}

	cr_expect_gt(refused, 0);
	cr_expect_null(unpack(packed, 0, &packed_size));
	free(copy);
	free(packed);
}
