/* SPDX-License-Identifier: MIT */
/* Numbers as people read them. */
#include <criterion/criterion.h>
#include <math.h>
#include <string.h>

#include "console/format.h"

#define US UINT64_C(1000)
#define MS UINT64_C(1000000)
#define S UINT64_C(1000000000)

static void expect_duration(uint64_t ns, const char *wanted)
{
	char buf[FORMAT_SIZE];

	cr_expect_str_eq(format_duration(buf, sizeof(buf), ns, FORMAT_ASCII), wanted);
}

static void expect_count(uint64_t count, const char *wanted)
{
	char buf[FORMAT_SIZE];

	cr_expect_str_eq(format_count(buf, sizeof(buf), count), wanted);
}

static void expect_percent(double fraction, const char *wanted)
{
	char buf[FORMAT_SIZE];

	cr_expect_str_eq(format_percent(buf, sizeof(buf), fraction), wanted);
}

Test(format, a_duration_has_the_unit_of_its_magnitude)
{
	expect_duration(0, "0 ns");
	expect_duration(467, "467 ns");
	expect_duration(12300, "12.3 us");
	expect_duration(40 * MS, "40 ms");
	expect_duration(2300 * MS, "2.3 s");
	expect_duration(247 * S, "4m07s");
	expect_duration((3 * 60 + 5) * 60 * S, "3h05m");
	expect_duration((2 * 24 + 4) * 3600 * S, "2d04h");
}

Test(format, a_duration_that_rounds_up_moves_to_the_next_unit)
{
	expect_duration(999, "999 ns");
	expect_duration(999499, "999 us");
	expect_duration(999500, "1 ms");
	expect_duration(999999999, "1 s");
	expect_duration(59 * S + 940 * MS, "59.9 s");
	expect_duration(59 * S + 999 * MS, "1m00s");
}

Test(format, a_fixed_duration_takes_seven_columns_whatever_it_is)
{
	static const uint64_t values[] = {
		0,
		1,
		999,
		1000,
		99949,
		99950,
		999499,
		999500,
		40 * MS,
		59 * S,
		60 * S,
		3599 * S,
		86399 * S,
		900 * 86400 * S,
		UINT64_MAX - 1,
		FORMAT_UNKNOWN,
	};
	char buf[FORMAT_SIZE];
	size_t i;

	for (i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
		format_duration(buf, sizeof(buf), values[i], FORMAT_FIXED);

		cr_expect_eq(text_width(buf), FORMAT_WIDTH, "\"%s\"", buf);
	}
}

Test(format, a_fixed_duration_keeps_its_decimal)
{
	char buf[FORMAT_SIZE];

	format_duration(buf, sizeof(buf), 40 * MS, FORMAT_FIXED);

	cr_assert_str_eq(buf, "40.0 ms");
}

Test(format, an_unknown_duration_is_a_dash)
{
	expect_duration(FORMAT_UNKNOWN, "-");

	cr_assert_eq(format_duration_role(FORMAT_UNKNOWN), ROLE_DIM);
}

Test(format, the_role_of_a_duration_follows_its_magnitude)
{
	cr_expect_eq(format_duration_role(999), ROLE_NS);
	cr_expect_eq(format_duration_role(US), ROLE_US);
	cr_expect_eq(format_duration_role(MS), ROLE_MS);
	cr_expect_eq(format_duration_role(S), ROLE_S);
	cr_expect_eq(format_duration_role(60 * S), ROLE_MIN);
}

Test(format, a_small_buffer_cuts_and_terminates)
{
	char buf[4] = "xxx";

	format_duration(buf, sizeof(buf), 12300, FORMAT_ASCII);

	cr_assert_str_eq(buf, "12.");
}

Test(format, a_count_has_at_most_five_columns)
{
	expect_count(0, "0");
	expect_count(999, "999");
	expect_count(1000, "1k");
	expect_count(1234, "1.2k");
	expect_count(99950, "100k");
	expect_count(999499, "999k");
	expect_count(999500, "1M");
	expect_count(12345678, "12.3M");
	expect_count(UINT64_MAX, "18.4E");
}

Test(format, bytes_count_by_1024)
{
	char buf[FORMAT_SIZE];

	cr_expect_str_eq(format_bytes(buf, sizeof(buf), 1023), "1023 B");
	cr_expect_str_eq(format_bytes(buf, sizeof(buf), 1280), "1.3 KiB");
	cr_expect_str_eq(format_bytes(buf, sizeof(buf), 64 << 20), "64 MiB");
	cr_expect_str_eq(format_bytes(buf, sizeof(buf), UINT64_MAX), "16 EiB");
}

Test(format, a_percentage_never_hides_a_little_or_a_lack)
{
	expect_percent(0.0, "0%");
	expect_percent(0.0001, "<0.1%");
	expect_percent(0.003, "0.3%");
	expect_percent(0.62, "62%");
	expect_percent(0.999, ">99%");
	expect_percent(1.0, "100%");
	expect_percent(NAN, "0%");
}

Test(format, a_rate_is_a_count_per_second)
{
	char buf[FORMAT_SIZE];

	cr_expect_str_eq(format_rate(buf, sizeof(buf), 0.0), "0/s");
	cr_expect_str_eq(format_rate(buf, sizeof(buf), 0.5), "0.5/s");
	cr_expect_str_eq(format_rate(buf, sizeof(buf), 12345.0), "12.3k/s");
	cr_expect_str_eq(format_rate(buf, sizeof(buf), INFINITY), "1E/s");
	cr_expect_str_eq(format_rate(buf, sizeof(buf), -1.0), "-");
}
