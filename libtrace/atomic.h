/* SPDX-License-Identifier: MIT */
/*
 * Words that other threads and other processes read while we write.
 *
 * The law: every access to a shared word goes through here. The record types
 * are plain because C++ and other compilers read them, so these are the
 * __atomic builtins and not <stdatomic.h>.
 */
#ifndef LIBTRACE_ATOMIC_H
#define LIBTRACE_ATOMIC_H

#include <stdbool.h>
#include <stdint.h>

#define likely(x) __builtin_expect(!!(x), 1)
#define unlikely(x) __builtin_expect(!!(x), 0)

#define load(p) __atomic_load_n((p), __ATOMIC_RELAXED)
#define load_acquire(p) __atomic_load_n((p), __ATOMIC_ACQUIRE)
#define store(p, v) __atomic_store_n((p), (v), __ATOMIC_RELAXED)
#define store_release(p, v) __atomic_store_n((p), (v), __ATOMIC_RELEASE)
/* What is stored after it is not seen before what was stored before it. */
#if defined(__SANITIZE_THREAD__)
#define store_fence() ((void)0) /* it knows no fences, and gcc says so */
#define load_fence() ((void)0)
#else
#define store_fence() __atomic_thread_fence(__ATOMIC_RELEASE)
/* What was loaded before it is no newer than what is loaded after it. */
#define load_fence() __atomic_thread_fence(__ATOMIC_ACQUIRE)
#endif
#define swap(p, v) __atomic_exchange_n((p), (v), __ATOMIC_ACQ_REL)
#define fetch_add(p, v) __atomic_fetch_add((p), (v), __ATOMIC_RELAXED)
#define fetch_add_release(p, v) __atomic_fetch_add((p), (v), __ATOMIC_RELEASE)
#define fetch_sub(p, v) __atomic_fetch_sub((p), (v), __ATOMIC_RELAXED)
#define compare_swap(p, expected, v)                                                               \
	__atomic_compare_exchange_n((p), (expected), (v), false, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE)

/* For words with one writer: no locked instruction. */
#define add(p, v) store((p), load(p) + (v))

/* One writer raises a peak. */
#define raise_to(p, v)                                                                             \
	do {                                                                                       \
		if (unlikely((v) > load(p)))                                                       \
			store((p), (v));                                                           \
	} while (0)

/* Raises a word that other threads raise too. Bounded by their number. */
static inline void raise_shared(uint32_t *word, uint32_t value)
{
	uint32_t old = load(word);

	while (old < value && !compare_swap(word, &old, value))
		;
}

/* The same for a peak. */
static inline void raise_peak(uint64_t *word, uint64_t value)
{
	uint64_t old = load(word);

	while (old < value && !compare_swap(word, &old, value))
		;
}

/*
 * The sequence word of a record. Between begin and end it is odd. The fence
 * after begin keeps the record's stores behind it; the release in end keeps
 * them before it. Partner: record_copy in reader_copy.c (acquire load, copy, acquire
 * fence, load again). A record has one writer at a time; if a program breaks
 * that rule the word still comes to rest even.
 *
 * ThreadSanitizer knows no fences; under it the odd store is a locked exchange,
 * which orders as much.
 */
static inline void write_begin(uint32_t *seq)
{
#if defined(__SANITIZE_THREAD__)
	swap(seq, load(seq) | 1u);
#else
	store(seq, load(seq) | 1u);
	store_fence();
#endif
}

static inline void write_end(uint32_t *seq)
{
	store_release(seq, (load(seq) | 1u) + 1u);
}

#endif
