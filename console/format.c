/* SPDX-License-Identifier: MIT */
/*
 * Numbers as people read them. The law of the file stands in format.h.
 *
 * Numbers are rounded once, in integers, and one that rounds up to the next
 * unit is shown in that unit: never "1000 us".
 */
#include "console/format.h"

#include <inttypes.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>

#define NS_PER_US UINT64_C(1000)
#define NS_PER_MS UINT64_C(1000000)
#define NS_PER_S UINT64_C(1000000000)

/* number / unit, rounded to the nearest, without overflow. */
static uint64_t in_units(uint64_t number, uint64_t unit)
{
	return number / unit + (number % unit >= unit - unit / 2);
}

static uint64_t in_tenths(uint64_t number, uint64_t unit)
{
	return number / unit * 10 + (number % unit * 10 + unit / 2) / unit;
}

/* Three digits at most: 9.9, 99.9, 999. Keeps a zero behind if asked to. */
static void put_number(char *buf, size_t size, uint64_t number, uint64_t unit, bool keeps_zero)
{
	uint64_t tenths = in_tenths(number, unit);

	if (tenths >= 1000)
		snprintf(buf, size, "%" PRIu64, in_units(number, unit));
	else if (tenths % 10 == 0 && !keeps_zero)
		snprintf(buf, size, "%" PRIu64, tenths / 10);
	else
		snprintf(buf, size, "%" PRIu64 ".%" PRIu64, tenths / 10, tenths % 10);
}

/* Up to a minute: a number and a unit. */
static void put_short(char *buf, size_t size, uint64_t ns, unsigned flags)
{
	const char *micro = flags & FORMAT_ASCII ? "us" : "\u00b5s";
	const struct {
		uint64_t ns;
		const char *name;
	} units[] = {
		{ NS_PER_US, micro },
		{ NS_PER_MS, "ms" },
		{ NS_PER_S, "s" },
	};
	char number[16];
	size_t i = 0;

	if (ns < NS_PER_US) {
		snprintf(buf, size, "%" PRIu64 " ns", ns);
		return;
	}
	while (i < 2 && in_units(ns, units[i].ns) >= 1000)
		i++;
	put_number(number, sizeof(number), ns, units[i].ns, flags & FORMAT_FIXED);
	snprintf(buf, size, "%s %s", number, units[i].name);
}

/* From a minute on: two units, the second with two digits. */
static void put_long(char *buf, size_t size, uint64_t seconds)
{
	uint64_t minutes = seconds / 60;
	uint64_t hours = minutes / 60;
	uint64_t days = hours / 24;

	if (minutes < 60)
		snprintf(buf, size, "%" PRIu64 "m%02us", minutes, (unsigned)(seconds % 60));
	else if (hours < 24)
		snprintf(buf, size, "%" PRIu64 "h%02um", hours, (unsigned)(minutes % 60));
	else if (days < 1000)
		snprintf(buf, size, "%" PRIu64 "d%02uh", days, (unsigned)(hours % 24));
	else
		snprintf(buf, size, "%" PRIu64 "d", days);
}

char *format_duration(char *buf, size_t size, uint64_t ns, unsigned flags)
{
	char text[FORMAT_SIZE];
	int pad;

	if (ns == FORMAT_UNKNOWN)
		snprintf(text, sizeof(text), "-");
	else if (in_tenths(ns, NS_PER_S) >= 600)
		put_long(text, sizeof(text), ns / NS_PER_S + (ns / NS_PER_S < 60 ? 1 : 0));
	else
		put_short(text, sizeof(text), ns, flags);

	pad = flags & FORMAT_FIXED ? FORMAT_WIDTH - text_width(text) : 0;
	snprintf(buf, size, "%*s%s", pad > 0 ? pad : 0, "", text);
	return buf;
}

enum role format_duration_role(uint64_t ns)
{
	if (ns == FORMAT_UNKNOWN)
		return ROLE_DIM;
	if (ns < NS_PER_US)
		return ROLE_NS;
	if (ns < NS_PER_MS)
		return ROLE_US;
	if (ns < NS_PER_S)
		return ROLE_MS;
	return ns < 60 * NS_PER_S ? ROLE_S : ROLE_MIN;
}

char *format_count(char *buf, size_t size, uint64_t count)
{
	static const char suffixes[] = "kMGTPE";
	char number[16];
	uint64_t unit = 1000;
	size_t i = 0;

	if (count < 1000) {
		snprintf(buf, size, "%" PRIu64, count);
		return buf;
	}
	while (suffixes[i + 1] && in_units(count, unit) >= 1000) {
		unit *= 1000;
		i++;
	}
	put_number(number, sizeof(number), count, unit, false);
	snprintf(buf, size, "%s%c", number, suffixes[i]);
	return buf;
}

char *format_bytes(char *buf, size_t size, uint64_t bytes)
{
	static const char suffixes[] = "KMGTPE";
	char number[16];
	int shift = 10;
	size_t i = 0;

	if (bytes < 1024) {
		snprintf(buf, size, "%" PRIu64 " B", bytes);
		return buf;
	}
	/* Three digits: 1000 moves on, though 1023 would still be right. */
	while (suffixes[i + 1] && in_units(bytes >> (shift - 10), 1024) >= 1000) {
		shift += 10;
		i++;
	}
	put_number(number, sizeof(number), bytes >> (shift - 10), 1024, false);
	snprintf(buf, size, "%s %ciB", number, suffixes[i]);
	return buf;
}

char *format_percent(char *buf, size_t size, double fraction)
{
	double percent = isnan(fraction) ? 0.0 : fraction * 100.0;

	if (percent <= 0.0)
		snprintf(buf, size, "0%%");
	else if (percent < 0.05)
		snprintf(buf, size, "<0.1%%");
	else if (percent < 9.95)
		snprintf(buf, size, "%.1f%%", percent);
	else if (percent < 99.5)
		snprintf(buf, size, "%.0f%%", percent);
	else
		snprintf(buf, size, percent < 100.0 ? ">99%%" : "%.0f%%",
			 percent < 9999.0 ? percent : 9999.0);
	return buf;
}

char *format_rate(char *buf, size_t size, double per_second)
{
	char count[FORMAT_SIZE];

	if (isnan(per_second) || per_second < 0.0) {
		snprintf(buf, size, "-");
	} else if (per_second > 0.0 && per_second < 0.05) {
		snprintf(buf, size, "<0.1/s");
	} else if (per_second < 9.95) {
		put_number(count, sizeof(count), (uint64_t)(per_second * 10.0 + 0.5), 10, false);
		snprintf(buf, size, "%s/s", count);
	} else {
		if (per_second > 1e18)
			per_second = 1e18;
		format_count(count, sizeof(count), (uint64_t)(per_second + 0.5));
		snprintf(buf, size, "%s/s", count);
	}
	return buf;
}
