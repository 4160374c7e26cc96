/* SPDX-License-Identifier: MIT */
/*
 * Recording into histograms. One writer each; readers look on.
 *
 * The law: no allocation, no system call; the only loop is over one
 * histogram's buckets, once in 2^32 records.
 */
#ifndef LIBTRACE_HIST_H
#define LIBTRACE_HIST_H

#include "libtrace/board.h"

static __attribute__((cold, noinline, unused)) void hist_fade(uint32_t *counts, uint32_t buckets)
{
	for (uint32_t i = 0; i < buckets; i++)
		store(&counts[i], load(&counts[i]) / 2);
}

/* Counts one time. bucket is the time's bucket in a histogram of this many. */
static inline void hist_count(uint32_t *counts, uint32_t buckets, uint32_t bucket)
{
	uint32_t count = load(&counts[bucket]);

	if (unlikely(count == UINT32_MAX)) {
		hist_fade(counts, buckets);
		count /= 2;
	}
	store(&counts[bucket], count + 1);
}

#endif
