/* SPDX-License-Identifier: MIT */
/*
 * Keyframes packed: most of a board's records are zeros, its histograms above all. So
 * runs of zero words are counted, and everything else is kept as it is.
 *
 * The law: what is unpacked is hostile; it has the size it says or there is none.
 */
#ifndef CONSOLE_TRACE_PACK_H
#define CONSOLE_TRACE_PACK_H

#include <stddef.h>

/* size is a multiple of 8. Returns memory that the caller frees, or NULL without memory. */
void *pack(const void *bytes, size_t size, size_t *ret_size);

/* The same backwards; NULL also for what was never packed. */
void *unpack(const void *packed, size_t size, size_t *ret_size);

#endif
