/* SPDX-License-Identifier: MIT */
/*
 * Slabs, and the stacks in them.
 *
 * A slab is a mapping aligned to SLAB_SIZE: a header with a node for each stack,
 * then guard page and stack, guard page and stack... Only a stack above SLAB_SIZE
 * makes a longer one, of its own; each low end is less than SLAB_SIZE from its
 * slab, so that a stack finds its header by a mask.
 *
 * Law: one mutex for all, never held where memory is released. What a signal
 * handler reads is written before a slab is linked in, or is atomic; a slab is
 * never unlinked but by stacks_unmap().
 */
#include "stack.h"

#include <assert.h>
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#ifdef __has_feature
#define HAS_FEATURE(name) __has_feature(name)
#else
#define HAS_FEATURE(name) 0
#endif
#if defined(__SANITIZE_ADDRESS__) || HAS_FEATURE(address_sanitizer)
#include <sanitizer/asan_interface.h>
#else
#define __asan_unpoison_memory_region(low, size) ((void)(low), (void)(size))
#endif

#define SLAB_SIZE ((size_t)64 << 20)
#define PAGES_MIN 4
#define N_CLASSES 21 /* 16 GiB and less */
#define CANARY UINT64_C(0x9d3f5ac1e07b2468)

#ifndef MADV_GUARD_INSTALL
#define MADV_GUARD_INSTALL 102
#endif

/* Of a stack. In use when it points to itself. */
struct node {
	_Atomic(struct node *) next;
};

struct slab {
	struct slab *next;
	struct class *class;
	size_t length; /* of the mapping */
	char *first;   /* the first guard page */
	size_t stride; /* from one guard page to the next */
	size_t size;   /* of a stack */
	size_t n_stacks;
	size_t n_cut;            /* the rest was never used */
	atomic_size_t n_guarded; /* stacks from the first on */
	struct node nodes[];
};

/* Of one size. */
struct class
{
	struct slab *cut_from;
	struct node *warm; /* given back, with pages */
	struct node *cold; /* without */
	size_t n_warm;
};

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static struct class classes[N_CLASSES];
static _Atomic(struct slab *) slabs;
static struct stack_stats stats; /* but cached */
static enum stack_guards guards_by;
static size_t n_mprotected;

static size_t page_size(void)
{
	return (size_t)sysconf(_SC_PAGESIZE);
}

static struct slab *slab_of(const void *in_header_or_low)
{
	return (struct slab *)((uintptr_t)in_header_or_low & ~(uintptr_t)(SLAB_SIZE - 1));
}

static struct stack stack_of(const struct slab *slab, size_t index)
{
	return (struct stack){
		.low = slab->first + index * slab->stride + (slab->stride - slab->size),
		.size = slab->size,
	};
}

static size_t index_of(const struct slab *slab, struct stack stack)
{
	return (size_t)((char *)stack.low - slab->first) / slab->stride;
}

static bool is_guarded(struct slab *slab, size_t index)
{
	return index < atomic_load_explicit(&slab->n_guarded, memory_order_relaxed);
}

/* ---- Slabs ---- */

static void *map_aligned(size_t length)
{
	size_t more = length + SLAB_SIZE;
	char *mapped, *aligned;

	mapped = mmap(NULL, more, PROT_READ | PROT_WRITE,
		      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_STACK, -1, 0);
	if (mapped == MAP_FAILED)
		return NULL;
	aligned = (char *)slab_of(mapped + SLAB_SIZE - 1);
	if (aligned > mapped)
		munmap(mapped, (size_t)(aligned - mapped));
	if (mapped + more > aligned + length)
		munmap(aligned + length, (size_t)(mapped + more - aligned) - length);
	/* A touched stack costs the pages it touched. Some kernels know no huge ones. */
	(void)madvise(aligned, length, MADV_NOHUGEPAGE);
	return aligned;
}

/* Returns NULL when there is no memory. */
static struct slab *slab_new(struct class *class, size_t size)
{
	size_t page = page_size(), stride = page + size, header;
	size_t n_stacks = SLAB_SIZE / (stride + sizeof(struct node));
	struct slab *slab;

	if (!n_stacks)
		n_stacks = 1;
	header = (sizeof(*slab) + n_stacks * sizeof(struct node) + page - 1) / page * page;
	if (n_stacks > 1 && header + n_stacks * stride > SLAB_SIZE)
		n_stacks--;
	slab = map_aligned(header + n_stacks * stride);
	if (!slab)
		return NULL;
	slab->class = class;
	slab->length = header + n_stacks * stride;
	slab->first = (char *)slab + header;
	slab->stride = stride;
	slab->size = size;
	slab->n_stacks = n_stacks;
	slab->next = atomic_load_explicit(&slabs, memory_order_relaxed);
	/* The partner is in stack_guard_hit(). */
	atomic_store_explicit(&slabs, slab, memory_order_release);
	stats.reserved_bytes += slab->length;
	return slab;
}

/* A guard costs two mappings: half of all mappings is a quarter of their number. */
static size_t mprotected_max(void)
{
	unsigned long maps = 65530;
	FILE *file = fopen("/proc/sys/vm/max_map_count", "re");

	if (file) {
		if (fscanf(file, "%lu", &maps) != 1)
			maps = 65530;
		fclose(file);
	}
	return maps / 4;
}

/* Returns whether the page is one now. */
static bool guard_install(void *page)
{
	static size_t n_max;

	if (guards_by == STACK_GUARDS_MADVISE) {
		if (!madvise(page, page_size(), MADV_GUARD_INSTALL))
			return true;
		guards_by = STACK_GUARDS_MPROTECT;
	}
	if (guards_by == STACK_GUARDS_NONE)
		return false;
	if (!n_max)
		n_max = mprotected_max();
	if (n_mprotected >= n_max || mprotect(page, page_size(), PROT_NONE))
		return false;
	n_mprotected++;
	return true;
}

/* Cuts a stack that was never used. Returns its node, or NULL. */
static struct node *stack_cut(struct class *class, size_t size)
{
	struct slab *slab = class->cut_from;
	size_t index;

	if (!slab || slab->n_cut == slab->n_stacks) {
		slab = slab_new(class, size);
		if (!slab)
			return NULL;
		class->cut_from = slab;
	}
	index = slab->n_cut++;
	if ((!index || is_guarded(slab, index - 1)) &&
	    guard_install(slab->first + index * slab->stride))
		atomic_store_explicit(&slab->n_guarded, index + 1, memory_order_relaxed);
	return &slab->nodes[index];
}

/* ---- Stacks ---- */

/* Moves the first of the list to `ret_node`; returns whether there was one. */
static bool list_pop(struct node **list, struct node **ret_node)
{
	if (!*list)
		return false;
	*ret_node = *list;
	*list = atomic_load_explicit(&(*list)->next, memory_order_relaxed);
	return true;
}

static void list_push(struct node **list, struct node *node)
{
	atomic_store_explicit(&node->next, *list, memory_order_relaxed);
	*list = node;
}

static bool is_live(struct node *node)
{
	return atomic_load_explicit(&node->next, memory_order_relaxed) == node;
}

/* Returns NULL when there is no memory. */
static struct node *node_take(struct class *class, size_t size)
{
	struct node *node;

	if (list_pop(&class->warm, &node))
		class->n_warm--;
	else if (!list_pop(&class->cold, &node))
		node = stack_cut(class, size);
	if (node)
		atomic_store_explicit(&node->next, node, memory_order_relaxed);
	return node;
}

int stack_take(size_t size, struct stack *ret_stack)
{
	size_t page = page_size(), rounded = PAGES_MIN * page, n = 0;
	struct node *node;
	struct slab *slab;
	size_t index;

	for (; n < N_CLASSES && rounded < size; n++)
		rounded *= 2;
	if (n == N_CLASSES)
		return -ENOMEM;
	pthread_mutex_lock(&mutex);
	node = node_take(&classes[n], rounded);
	if (!node) {
		pthread_mutex_unlock(&mutex);
		return -ENOMEM;
	}
	slab = slab_of(node);
	index = (size_t)(node - slab->nodes);
	stats.live++;
	stats.unguarded += !is_guarded(slab, index);
	pthread_mutex_unlock(&mutex);

	*ret_stack = stack_of(slab, index);
	if (!is_guarded(slab, index))
		*(uint64_t *)ret_stack->low = CANARY;
	return 0;
}

void stack_give(struct stack stack)
{
	struct slab *slab = slab_of(stack.low);
	size_t index = index_of(slab, stack);
	struct class *class = slab->class;
	bool is_warm;

	/* Frames that were left, not returned from, lie there. */
	__asan_unpoison_memory_region(stack.low, stack.size);
	pthread_mutex_lock(&mutex);
	assert(is_live(&slab->nodes[index]));
	is_warm = class->n_warm < STACK_KEPT_BYTES / stack.size;
	if (!is_warm) {
		pthread_mutex_unlock(&mutex);
		madvise(stack.low, stack.size, MADV_DONTNEED);
		pthread_mutex_lock(&mutex);
	}
	list_push(is_warm ? &class->warm : &class->cold, &slab->nodes[index]);
	class->n_warm += is_warm;
	stats.live--;
	stats.unguarded -= !is_guarded(slab, index);
	pthread_mutex_unlock(&mutex);
}

struct stack_stats stack_stats(void)
{
	struct stack_stats now;

	pthread_mutex_lock(&mutex);
	now = stats;
	for (size_t i = 0; i < N_CLASSES; i++)
		now.cached += classes[i].n_warm;
	pthread_mutex_unlock(&mutex);
	return now;
}

bool stack_guard_hit(const void *address, struct stack *ret_stack)
{
	/* The partner is in slab_new(). */
	struct slab *slab = atomic_load_explicit(&slabs, memory_order_acquire);
	uintptr_t at = (uintptr_t)address;

	for (; slab; slab = slab->next) {
		uintptr_t first = (uintptr_t)slab->first;
		size_t index = (at - first) / slab->stride;

		if (at < first || index >= slab->n_stacks)
			continue;
		if ((at - first) % slab->stride >= slab->stride - slab->size ||
		    !is_guarded(slab, index) || !is_live(&slab->nodes[index]))
			return false;
		*ret_stack = stack_of(slab, index);
		return true;
	}
	return false;
}

bool stack_is_intact(struct stack stack)
{
	struct slab *slab = slab_of(stack.low);

	return is_guarded(slab, index_of(slab, stack)) || *(uint64_t *)stack.low == CANARY;
}

void stacks_unmap(void)
{
	struct slab *slab, *next;

	pthread_mutex_lock(&mutex);
	assert(!stats.live);
	slab = atomic_exchange_explicit(&slabs, NULL, memory_order_relaxed);
	for (; slab; slab = next) {
		next = slab->next;
		munmap(slab, slab->length);
	}
	memset(classes, 0, sizeof(classes));
	memset(&stats, 0, sizeof(stats));
	n_mprotected = 0;
	pthread_mutex_unlock(&mutex);
}

void stack_guards_by(enum stack_guards guards)
{
	pthread_mutex_lock(&mutex);
	guards_by = guards;
	pthread_mutex_unlock(&mutex);
}
