/* SPDX-License-Identifier: MIT */
/* What a report keeps sums in: the N largest, and bins of time. */
#include "console/report/report_bins.h"

#include <criterion/criterion.h>

#include "console/report/report_top.h"

#define MS(n) (UINT64_C(1000000) * (n))

/* ---- The N largest ---- */

Test(report_bins, the_largest_are_kept_in_their_order)
{
	uint64_t keys[] = { 5, 1, 9, 3, 9, 7, 0, 2 };
	struct top top;

	cr_assert(top_init(&top, sizeof(uint64_t), 3));
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		top_put(&top, keys[i]);

	cr_expect_eq(top.count, 3u);
	cr_expect_eq(*(uint64_t *)top_at(&top, 0), 9u);
	cr_expect_eq(*(uint64_t *)top_at(&top, 1), 9u);
	cr_expect_eq(*(uint64_t *)top_at(&top, 2), 7u);
	cr_expect_not(top_wants(&top, 7));
	top_fini(&top);
}

/* ---- Bins ---- */

static uint64_t total(const struct series *series)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < BINS; i++)
		sum += series->values[i];
	return sum;
}

Test(report_bins, bins_grow_wider_and_lose_nothing)
{
	struct series *sums, *peaks;
	struct bins bins;

	bins_init(&bins, 1000);
	sums = bins_series(&bins, false);
	peaks = bins_series(&bins, true);
	for (uint64_t at = 0; at < MS(500); at += MS(5))
		bins_add(&bins, sums, 1000 + at, 1000 + at + MS(2), 3);
	bins_raise(&bins, peaks, MS(7), MS(8), 42);
	bins_add(&bins, sums, 1000 + MS(60000), 1000 + MS(60001), 1);

	cr_expect_eq(total(sums), 100 * MS(2) * 3 + MS(1));
	cr_expect_eq(peaks->values[0], 42u);
	cr_expect_leq(bins_count(&bins, MS(60001)), (size_t)BINS);
	cr_expect_gt(bins_count(&bins, MS(60001)), (size_t)BINS / 2);
	bins_fini(&bins);
}

Test(report_bins, a_time_that_cannot_be_is_in_the_last_bin)
{
	struct series *sums;
	struct bins bins;

	bins_init(&bins, 0);
	sums = bins_series(&bins, false);
	bins_add(&bins, sums, UINT64_MAX - 5, UINT64_MAX, 1);
	bins_add(&bins, sums, 0, 100, 1);

	cr_expect_geq(total(sums), 100u);
	cr_expect_leq(bins_count(&bins, UINT64_MAX), (size_t)BINS);
	bins_fini(&bins);
}
