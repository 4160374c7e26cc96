/* SPDX-License-Identifier: MIT */
/*
 * Stacks for flows of execution: a million of them, cut from large mappings,
 * each with a guard page below, and what is said when one was too small.
 *
 * Law: a stack costs the memory that was touched. Given-back ones keep theirs, up
 * to STACK_KEPT_BYTES a size, and then taking and giving make no system call.
 * Address space is kept until stacks_unmap(). All calls are thread-safe.
 */
#ifndef RT_STACK_H
#define RT_STACK_H

#include <stdbool.h>
#include <stddef.h>

/* Of given-back stacks of one size, such as 1024 of 16 KiB, pages are kept. */
#define STACK_KEPT_BYTES ((size_t)16 << 20)

struct stack {
	void *low; /* of the usable part */
	size_t size;
};

/*
 * Takes a stack of at least `size` bytes: four pages, or that times a power of
 * two. What is in it is undefined. Returns 0 or -ENOMEM.
 */
int stack_take(size_t size, struct stack *ret_stack);

/* Nothing runs on it any more. */
void stack_give(struct stack stack);

struct stack_stats {
	size_t live;
	size_t cached;         /* given back, with their pages */
	size_t reserved_bytes; /* of address space, guard pages too */
	size_t unguarded;      /* of the live ones */
};

struct stack_stats stack_stats(void);

/*
 * Whether `address` lies in the guard page below a stack in use; which one, to
 * `ret_stack`. Async-signal-safe.
 */
bool stack_guard_hit(const void *address, struct stack *ret_stack);

/*
 * Whether a stack in use has not overflowed, as far as can be told: one without
 * a guard page has a word at its low end that must be what it was.
 */
bool stack_is_intact(struct stack stack);

/* Unmaps all; no stack may be in use. */
void stacks_unmap(void);

/*
 * What guards the stacks cut from now on. By itself, the first of these that the
 * system grants; each falls back on the next. For tests: call it before the first
 * stack or right after stacks_unmap().
 */
enum stack_guards {
	STACK_GUARDS_MADVISE,  /* Linux 6.13: costs no mapping */
	STACK_GUARDS_MPROTECT, /* costs two mappings: for a quarter of vm.max_map_count */
	STACK_GUARDS_NONE,
};

void stack_guards_by(enum stack_guards guards);

/*
 * A stack overflow, told (overflow.c): where it is watched for, a fault inside a
 * guard page writes one line to stderr, and the process dies by that fault's
 * signal as it would have. Other faults go where they went before.
 *
 * overflow_watch_begin() gives the calling thread an alternate signal stack, if
 * it has none, and the first one in the process installs the handler. In it
 * `describe` says who runs on the stack, such as `task 17 "fetch"`: puts that into
 * `buf`, of `size` bytes, and returns its length. It must be async-signal-safe;
 * the last one given is called.
 *
 * overflow_watch_end() takes that thread's alternate stack away; with the last
 * thread's goes the handler.
 */
void overflow_watch_begin(size_t (*describe)(struct stack stack, char *buf, size_t size));
void overflow_watch_end(void);

#endif
