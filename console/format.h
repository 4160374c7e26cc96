/* SPDX-License-Identifier: MIT */
/*
 * Numbers as people read them: short, of a known width, with a unit.
 *
 * The law of the file: no allocation, no locale, no state. Every call writes
 * a terminated text of at most FORMAT_SIZE bytes and returns the buffer, so
 * that calls nest: canvas_put_text(..., format_duration(buf, sizeof(buf), ...)).
 */
#ifndef CONSOLE_FORMAT_H
#define CONSOLE_FORMAT_H

#include <stddef.h>
#include <stdint.h>

#include "console/canvas.h"

#define FORMAT_SIZE 24            /* enough for every call here */
#define FORMAT_WIDTH 7            /* columns of a fixed-width duration */
#define FORMAT_UNKNOWN UINT64_MAX /* shown as "-" */

enum format_flags {
	FORMAT_FIXED = 1, /* right-aligned, decimals kept: no jitter */
	FORMAT_ASCII = 2, /* "us", not "\u00b5s" */
};

/*
 * 467 ns, 12.3 us, 40 ms, 2.3 s, 4m07s, 3h05m, 2d04h. At most 7 columns;
 * with FORMAT_FIXED exactly 7: "40.0 ms", "  2.3 s".
 */
char *format_duration(char *buf, size_t size, uint64_t ns, unsigned flags);

/* ROLE_NS, ROLE_US, ROLE_MS, ROLE_S or ROLE_MIN; ROLE_DIM when unknown. */
enum role format_duration_role(uint64_t ns);

/* 999, 1.2k, 12.3k, 123k, 1.2M ... with powers of 1000. At most 5 columns. */
char *format_count(char *buf, size_t size, uint64_t count);

/* 512 B, 1.2 KiB, 64 MiB ... with powers of 1024. At most 8 columns. */
char *format_bytes(char *buf, size_t size, uint64_t bytes);

/*
 * 0%, 0.3%, 9.9%, 62%, 100%, of a fraction 0 to 1. What is above 0 never
 * shows as 0% (it is "<0.1%") and what is below 1 never as 100%.
 */
char *format_percent(char *buf, size_t size, double fraction);

/* 0/s, 0.5/s, 12/s, 12.3k/s. Not a number or negative: "-". */
char *format_rate(char *buf, size_t size, double per_second);

#endif
