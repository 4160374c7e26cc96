/* SPDX-License-Identifier: MIT */
/*
 * The board's clock: nanoseconds of CLOCK_MONOTONIC.
 *
 * When the kernel keeps time by the time-stamp counter, so do we: one rdtsc and
 * a multiplication. The line from ticks to nanoseconds is drawn anew once a
 * second by whoever reads the clock then, so the clock follows the kernel's
 * (which follows NTP) and never steps back. Elsewhere it is clock_gettime, or a
 * function of the caller's.
 */
#ifndef LIBTRACE_CLOCK_H
#define LIBTRACE_CLOCK_H

#include <stdint.h>

#include "libtrace/atomic.h"
#include <vigil/board.h>

#define CLOCK_LINES 64

/* ns = base_ns + (ticks - base_ticks) * rate / 2^32, for limit ticks. */
struct clock_line {
	uint64_t base_ticks;
	uint64_t base_ns;
	uint64_t rate;
	uint64_t limit;
};

struct clock {
	uint32_t source; /* enum vigil_clock_source */
	uint32_t line;   /* lines drawn so far; the last one holds */
	uint64_t (*now_ns)(void *arg);
	void *now_arg;
	struct clock_line lines[CLOCK_LINES];
};

extern struct clock the_clock;

/* Chooses the source. now_ns NULL: what the machine has. Takes about 0.2 ms. */
void clock_init(uint64_t (*now_ns)(void *arg), void *now_arg);

/* In a forked child: another thread of the parent may have been drawing a line. */
void clock_after_fork(void);

/* Returns the measured rate of the time-stamp counter, 0 when it is not used. */
uint64_t clock_tsc_hz(void);

/* The paths that are no rdtsc: other sources, and the end of a line. */
uint64_t clock_slow(void);

static inline uint64_t clock_ticks(void)
{
#if defined(__x86_64__)
	return __builtin_ia32_rdtsc();
#else
	return 0;
#endif
}

static inline uint64_t clock_now(void)
{
#if defined(__x86_64__)
	uint32_t drawn = load_acquire(&the_clock.line);
	const struct clock_line *line = &the_clock.lines[drawn % CLOCK_LINES];
	uint64_t ticks = clock_ticks() - load(&line->base_ticks);
	uint64_t ns = load(&line->base_ns) +
		      (uint64_t)((unsigned __int128)ticks * load(&line->rate) >> 32);

	/* A limit of 0, or counters that run apart, end up in the slow path; so does
	 * a thread that slept here while the lines were drawn all over again. */
	if (likely(ticks < load(&line->limit) && load(&the_clock.line) - drawn < CLOCK_LINES / 2))
		return ns;
#endif
	return clock_slow();
}

#endif
