/* SPDX-License-Identifier: MIT */
/* Histograms: how far a bucket's middle may be from what was counted. */
#include "libtrace/hist.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <vigil/reader.h>

#define LAST_EXACT (1ull << 34) /* from here on values share the last bucket */

/* The percentile of a histogram that holds one value. */
static double error_of(uint64_t ns, uint32_t buckets)
{
	struct vigil_hist hist = { .buckets = buckets, .total = 1 };
	uint64_t middle;

	hist.counts[vigil_bucket(ns) / (VIGIL_SITE_BUCKETS / buckets)] = 1;
	middle = vigil_hist_percentile(&hist, 0.5);
	return fabs((double)middle - (double)ns) / (double)ns;
}

/* The worst of values at, just below and somewhere above every bucket's start. */
static double worst_error(uint64_t from, uint32_t buckets)
{
	double worst = 0, error;

	for (uint64_t low = from; low < LAST_EXACT / 8 * 7; low += low / 1000 + 1) {
		error = error_of(low, buckets);
		worst = error > worst ? error : worst;
	}
	return worst;
}

Test(hist, a_site_errs_by_less_than_3_percent_in_every_octave)
{
	cr_assert_lt(worst_error(32, VIGIL_SITE_BUCKETS), 0.0157);
}

Test(hist, a_task_errs_by_at_most_12_and_a_half_percent_in_every_octave)
{
	cr_assert_leq(worst_error(32, VIGIL_TASK_BUCKETS), 0.125);
}

Test(hist, below_32_ns_a_site_is_exact_and_a_task_within_4_ns)
{
	for (uint64_t ns = 1; ns < 32; ns++) {
		cr_assert(error_of(ns, VIGIL_SITE_BUCKETS) == 0);
		cr_assert_leq(error_of(ns, VIGIL_TASK_BUCKETS) * (double)ns, 4);
	}
}

Test(hist, a_bucket_holds_what_lies_between_its_bounds)
{
	struct vigil_hist hist = { .buckets = VIGIL_SITE_BUCKETS };
	uint64_t low, high, last = 0;

	for (uint32_t i = 0; i < VIGIL_SITE_BUCKETS; i++) {
		vigil_hist_bounds(&hist, i, &low, &high);
		cr_assert_eq(low, last);
		cr_assert_eq(vigil_bucket(low), i);
		cr_assert_eq(vigil_bucket(high - 1), i);
		last = high;
	}
}

Test(hist, a_tasks_bucket_is_its_sites_divided_by_8)
{
	struct vigil_hist hist = { .buckets = VIGIL_TASK_BUCKETS };
	uint64_t low, high, last = 0;

	for (uint32_t i = 0; i < VIGIL_TASK_BUCKETS; i++) {
		vigil_hist_bounds(&hist, i, &low, &high);
		cr_assert_eq(low, last);
		cr_assert_eq(vigil_bucket(low) / 8, i);
		last = high;
	}
}

Test(hist, the_longest_times_share_the_last_bucket)
{
	cr_assert_eq(vigil_bucket(UINT64_MAX), VIGIL_SITE_BUCKETS - 1);
	cr_assert_eq(vigil_bucket(LAST_EXACT), VIGIL_SITE_BUCKETS - 1);
	cr_assert_eq(vigil_bucket(0), 0);
}

/* ---- Percentiles ---- */

static struct vigil_hist uniform(void)
{
	struct vigil_hist hist = { .buckets = VIGIL_SITE_BUCKETS, .max_ns = 100000 };

	for (uint64_t ns = 1; ns <= 100000; ns++) {
		hist.counts[vigil_bucket(ns)]++;
		hist.total++;
	}
	return hist;
}

Test(hist, percentiles_of_even_times_are_even)
{
	static const double shares[] = { 0.01, 0.1, 0.5, 0.9, 0.99, 0.999 };
	struct vigil_hist hist = uniform();

	for (size_t i = 0; i < sizeof(shares) / sizeof(shares[0]); i++)
		cr_assert_float_eq((double)vigil_hist_percentile(&hist, shares[i]) / 100000,
				   shares[i], shares[i] * 0.03);
}

Test(hist, no_percentile_is_above_the_longest_time)
{
	struct vigil_hist hist = { .buckets = VIGIL_TASK_BUCKETS, .total = 1, .max_ns = 1030 };

	hist.counts[vigil_bucket(1030) / 8] = 1;

	cr_assert_eq(vigil_hist_percentile(&hist, 1), 1030);
}

Test(hist, the_last_bucket_answers_with_the_longest_time)
{
	struct vigil_hist hist = { .buckets = VIGIL_SITE_BUCKETS, .total = 1 };

	hist.counts[VIGIL_SITE_BUCKETS - 1] = 1;
	hist.max_ns = 90000000000;

	cr_assert_eq(vigil_hist_percentile(&hist, 0.5), 90000000000);
}

Test(hist, shares_that_are_no_shares_are_pulled_into_range)
{
	struct vigil_hist hist = uniform();

	cr_assert_eq(vigil_hist_percentile(&hist, -3), vigil_hist_percentile(&hist, 0));
	cr_assert_eq(vigil_hist_percentile(&hist, 5), vigil_hist_percentile(&hist, 1));
	cr_assert_eq(vigil_hist_percentile(&hist, NAN), vigil_hist_percentile(&hist, 0));
}

Test(hist, an_empty_histogram_has_no_percentile)
{
	struct vigil_hist hist = { .buckets = VIGIL_SITE_BUCKETS };

	cr_assert_eq(vigil_hist_percentile(&hist, 0.5), 0);
}

/* ---- Fading ---- */

Test(hist, all_counts_halve_before_one_overflows)
{
	uint32_t counts[VIGIL_TASK_BUCKETS] = { 0 };

	counts[3] = 1000;
	counts[7] = UINT32_MAX;
	hist_count(counts, VIGIL_TASK_BUCKETS, 7);

	cr_assert_eq(counts[3], 500);
	cr_assert_eq(counts[7], UINT32_MAX / 2 + 1);
}
