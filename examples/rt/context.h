/* SPDX-License-Identifier: MIT */
/*
 * Flows of execution that stop and go on: what a stackful coroutine is made of.
 *
 * Law: a flow is stopped in the very call that goes on with another one, and
 * its context is valid from there on. So whoever may resume it, on this thread
 * or on another, is told by the flow that runs next, not by the one that stops.
 *
 * With a flow go its stack and the registers a call keeps, the control words of
 * floating point among them. Not so errno, thread-local variables, the signal
 * mask: they stay with the thread. A flow that changes threads must not keep the
 * address of one of them across a switch, and compilers do when a function that
 * uses them is inlined around it.
 *
 * Sanitizers are told. ThreadSanitizer has room for some 8,000 flows.
 */
#ifndef RT_CONTEXT_H
#define RT_CONTEXT_H

#include <stddef.h>

/* Assembly for these two; ucontext elsewhere, or when a build asks for it. */
#if defined(__LP64__) && (defined(__x86_64__) || defined(__aarch64__)) && !defined(RT_UCONTEXT)
#define CONTEXT_HAS_ASM 1
#else
#define CONTEXT_HAS_ASM 0
#include <ucontext.h>
#endif

/* A stopped flow of execution. Does not move in memory. */
struct context {
#if CONTEXT_HAS_ASM
	void *sp; /* first: assembly knows. All else is on the stack. */
#else
	ucontext_t ucontext;
#endif
	void (*entry)(void *arg);
	void *arg;
	/* What sanitizers want to know. */
	struct context *previous; /* who went on with this one */
	void *fiber;              /* TSan's */
	void *fake_stack;         /* ASan's */
	const void *stack_low;
	size_t stack_size;
};

/*
 * Makes a context that will call entry(arg) on the given stack, with the
 * floating-point modes of the caller. entry never returns: it leaves.
 */
void context_make(struct context *context, void *stack_low, size_t stack_size,
		  void (*entry)(void *arg), void *arg);

/* The calling thread itself, to switch away from and back to, on this thread alone. */
void context_of_thread(struct context *context);

/* Stops the running flow, which `from` is, and goes on with `to`. */
void context_switch(struct context *from, struct context *to);

/* The same for the last time: `from` never goes on. Then its stack is free. */
void context_leave(struct context *from, struct context *to);

/* Gives back what a made context holds beside its stack; not while it runs. */
void context_free(struct context *context);

#endif
