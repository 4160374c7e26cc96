/* SPDX-License-Identifier: MIT */
/*
 * A worker's run queue: one thread pushes, any thread takes, first in first out.
 *
 * Why it is correct: head only grows, by compare-and-swap. Whoever takes reads the slot
 * before the swap; the owner writes a slot again only after it saw head pass it, and then
 * the swap of a reader who is late fails.
 */
#ifndef RT_RING_H
#define RT_RING_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#define RING_SIZE 256u

struct rt_task;

struct ring {
	_Alignas(64) _Atomic uint32_t head;
	_Alignas(64) _Atomic uint32_t tail;
	struct rt_task *_Atomic slots[RING_SIZE];
};

/* Only the owner. Returns false when it is full. */
static inline bool ring_push(struct ring *ring, struct rt_task *task)
{
	uint32_t tail = atomic_load_explicit(&ring->tail, memory_order_relaxed);
	/* Partner: the swap in ring_take. */
	uint32_t head = atomic_load_explicit(&ring->head, memory_order_acquire);

	if (tail - head == RING_SIZE)
		return false;
	atomic_store_explicit(&ring->slots[tail % RING_SIZE], task, memory_order_relaxed);
	/* Partner: the acquire load of tail in ring_take. */
	atomic_store_explicit(&ring->tail, tail + 1, memory_order_release);
	return true;
}

/* Any thread. Returns NULL when it is empty. */
static inline struct rt_task *ring_take(struct ring *ring)
{
	uint32_t head = atomic_load_explicit(&ring->head, memory_order_acquire);
	struct rt_task *task;

	do {
		if (head == atomic_load_explicit(&ring->tail, memory_order_acquire))
			return NULL;
		task = atomic_load_explicit(&ring->slots[head % RING_SIZE], memory_order_relaxed);
	} while (!atomic_compare_exchange_weak_explicit(
		&ring->head, &head, head + 1, memory_order_acq_rel, memory_order_acquire));
	return task;
}

static inline uint32_t ring_count(struct ring *ring)
{
	uint32_t head = atomic_load_explicit(&ring->head, memory_order_relaxed);
	uint32_t tail = atomic_load_explicit(&ring->tail, memory_order_relaxed);

	return (int32_t)(tail - head) > 0 ? tail - head : 0;
}

#endif
