/* SPDX-License-Identifier: MIT */
/*
 * The context switch.
 *
 * Law: no system call, no allocation, no lock where there is assembly. Between
 * what is told to a sanitizer and the switch stands nothing else.
 *
 * Indirect branch tracking finds what it wants here. Shadow stacks (which glibc
 * enables only where GLIBC_TUNABLES asks) are not switched: do not ask.
 */
#include "context.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#ifdef __has_feature
#define HAS_FEATURE(name) __has_feature(name)
#else
#define HAS_FEATURE(name) 0
#endif

#if defined(__SANITIZE_ADDRESS__) || HAS_FEATURE(address_sanitizer)
#include <sanitizer/common_interface_defs.h>

static void asan_before(struct context *from, struct context *to, int is_last)
{
	to->previous = from;
	__sanitizer_start_switch_fiber(is_last ? NULL : &from->fake_stack, to->stack_low,
				       to->stack_size);
}

/* Here the bounds of a thread's own stack are learned, when it is first left. */
static void asan_after(struct context *self)
{
	__sanitizer_finish_switch_fiber(self->fake_stack, &self->previous->stack_low,
					&self->previous->stack_size);
}
#else
static void asan_before(struct context *from, struct context *to, int is_last)
{
	(void)from, (void)to, (void)is_last;
}

static void asan_after(struct context *self)
{
	(void)self;
}
#endif

#if defined(__SANITIZE_THREAD__) || HAS_FEATURE(thread_sanitizer)
#include <sanitizer/tsan_interface.h>

#define tsan_fiber_new() __tsan_create_fiber(0)
#define tsan_fiber_of_thread() __tsan_get_current_fiber()
#define tsan_fiber_free(fiber) __tsan_destroy_fiber(fiber)
#define tsan_before(to) __tsan_switch_to_fiber((to)->fiber, 0)
#else
#define tsan_fiber_new() NULL
#define tsan_fiber_of_thread() NULL
#define tsan_fiber_free(fiber) ((void)(fiber))
#define tsan_before(to) ((void)(to))
#endif

/* What a made context runs first, and all it ever returns to. */
static void context_begin(struct context *context)
{
	asan_after(context);
	context->entry(context->arg);
	abort(); /* entry returned */
}

#if CONTEXT_HAS_ASM

/* Stops here, to go on where `to` was stopped. */
void rt_context_swap(struct context *from, struct context *to)
	__attribute__((visibility("hidden")));
/* Not to be called: context_make() has it returned to. */
void rt_context_start(void) __attribute__((visibility("hidden")));

#if defined(__x86_64__)

/* What a stopped flow has on its stack, from its sp up. */
struct frame {
	uint32_t mxcsr;
	uint16_t x87, unused;
	void *r15, *r14, *r13, *r12, *rbx, *rbp, *rip;
};

/*
 * Control words are loaded only when they differ: changing one costs 100 ns. The
 * jump, in place of ret, spares a misprediction. Both stacks look alike, so what
 * cfi says stays true from one to the other.
 */
__asm__(".pushsection .text\n"
	".p2align 4\n"
	".globl rt_context_swap\n"
	".hidden rt_context_swap\n"
	".type rt_context_swap, @function\n"
	"rt_context_swap:\n"
	".cfi_startproc\n"
	"	endbr64\n"
	"	leaq -56(%rsp), %rsp\n"
	".cfi_adjust_cfa_offset 56\n"
	"	movq %r15, 8(%rsp)\n"
	"	movq %r14, 16(%rsp)\n"
	"	movq %r13, 24(%rsp)\n"
	"	movq %r12, 32(%rsp)\n"
	"	movq %rbx, 40(%rsp)\n"
	"	movq %rbp, 48(%rsp)\n"
	".cfi_rel_offset r15, 8\n"
	".cfi_rel_offset r14, 16\n"
	".cfi_rel_offset r13, 24\n"
	".cfi_rel_offset r12, 32\n"
	".cfi_rel_offset rbx, 40\n"
	".cfi_rel_offset rbp, 48\n"
	"	stmxcsr (%rsp)\n"
	"	fnstcw 4(%rsp)\n"
	"	movl (%rsp), %eax\n"
	"	movzwl 4(%rsp), %edx\n"
	"	movq %rsp, (%rdi)\n"
	"	movq (%rsi), %rsp\n"
	"	xorl (%rsp), %eax\n"
	"	testl $0xffc0, %eax\n" /* without the status flags */
	"	jne 2f\n"
	"	cmpw 4(%rsp), %dx\n"
	"	jne 2f\n"
	"1:\n"
	"	movq 8(%rsp), %r15\n"
	"	movq 16(%rsp), %r14\n"
	"	movq 24(%rsp), %r13\n"
	"	movq 32(%rsp), %r12\n"
	"	movq 40(%rsp), %rbx\n"
	"	movq 48(%rsp), %rbp\n"
	"	movq 56(%rsp), %rcx\n"
	"	leaq 64(%rsp), %rsp\n"
	".cfi_remember_state\n"
	".cfi_adjust_cfa_offset -64\n"
	"	notrack jmp *%rcx\n"
	".cfi_restore_state\n"
	"2:	ldmxcsr (%rsp)\n"
	"	fldcw 4(%rsp)\n"
	"	jmp 1b\n"
	".cfi_endproc\n"
	".size rt_context_swap, . - rt_context_swap\n"

	".p2align 4\n"
	".globl rt_context_start\n"
	".hidden rt_context_start\n"
	".type rt_context_start, @function\n"
	"rt_context_start:\n"
	".cfi_startproc\n"
	".cfi_undefined rip\n" /* unwinders stop here */
	"	endbr64\n"
	"	movq %r13, %rdi\n"
	"	call *%r12\n"
	"	ud2\n"
	".cfi_endproc\n"
	".size rt_context_start, . - rt_context_start\n"
	".popsection\n");

static void frame_fill(struct frame *frame, struct context *context)
{
	*frame = (struct frame){
		.r12 = (void *)context_begin,
		.r13 = context,
		.rip = (void *)rt_context_start,
	};
	__asm__("stmxcsr %0" : "=m"(frame->mxcsr));
	__asm__("fnstcw %0" : "=m"(frame->x87));
}

#else /* aarch64 */

/* What a stopped flow has on its stack, from its sp up. */
struct frame {
	void *x[12]; /* from x19: x29 is the frame pointer, x30 where to go on */
	double d[8]; /* from d8, of their vectors the half a call keeps */
	uint64_t fpcr, unused;
};

/* x19-x30 lie where .cfi_offset says on both stacks. Writing fpcr is dear. */
__asm__(".pushsection .text\n"
	".p2align 4\n"
	".globl rt_context_swap\n"
	".hidden rt_context_swap\n"
	".type rt_context_swap, %function\n"
	"rt_context_swap:\n"
	".cfi_startproc\n"
	"	hint #34\n" /* bti c */
	"	sub sp, sp, #176\n"
	".cfi_adjust_cfa_offset 176\n"
	"	stp x19, x20, [sp, #0]\n"
	"	stp x21, x22, [sp, #16]\n"
	"	stp x23, x24, [sp, #32]\n"
	"	stp x25, x26, [sp, #48]\n"
	"	stp x27, x28, [sp, #64]\n"
	"	stp x29, x30, [sp, #80]\n"
	".cfi_rel_offset x19, 0\n"
	".cfi_rel_offset x20, 8\n"
	".cfi_rel_offset x21, 16\n"
	".cfi_rel_offset x22, 24\n"
	".cfi_rel_offset x23, 32\n"
	".cfi_rel_offset x24, 40\n"
	".cfi_rel_offset x25, 48\n"
	".cfi_rel_offset x26, 56\n"
	".cfi_rel_offset x27, 64\n"
	".cfi_rel_offset x28, 72\n"
	".cfi_rel_offset x29, 80\n"
	".cfi_rel_offset x30, 88\n"
	"	stp d8, d9, [sp, #96]\n"
	"	stp d10, d11, [sp, #112]\n"
	"	stp d12, d13, [sp, #128]\n"
	"	stp d14, d15, [sp, #144]\n"
	"	mrs x9, fpcr\n"
	"	str x9, [sp, #160]\n"
	"	mov x10, sp\n"
	"	str x10, [x0]\n"
	"	ldr x10, [x1]\n"
	"	mov sp, x10\n"
	"	ldr x10, [sp, #160]\n"
	"	cmp x9, x10\n"
	"	b.eq 1f\n"
	"	msr fpcr, x10\n"
	"1:	ldp x19, x20, [sp, #0]\n"
	"	ldp x21, x22, [sp, #16]\n"
	"	ldp x23, x24, [sp, #32]\n"
	"	ldp x25, x26, [sp, #48]\n"
	"	ldp x27, x28, [sp, #64]\n"
	"	ldp x29, x30, [sp, #80]\n"
	"	ldp d8, d9, [sp, #96]\n"
	"	ldp d10, d11, [sp, #112]\n"
	"	ldp d12, d13, [sp, #128]\n"
	"	ldp d14, d15, [sp, #144]\n"
	"	add sp, sp, #176\n"
	"	ret\n"
	".cfi_endproc\n"
	".size rt_context_swap, . - rt_context_swap\n"

	".p2align 4\n"
	".globl rt_context_start\n"
	".hidden rt_context_start\n"
	".type rt_context_start, %function\n"
	"rt_context_start:\n"
	".cfi_startproc\n"
	".cfi_undefined x30\n" /* unwinders stop here */
	"	hint #36\n"    /* bti j */
	"	mov x0, x20\n"
	"	blr x19\n"
	"	brk #1\n"
	".cfi_endproc\n"
	".size rt_context_start, . - rt_context_start\n"
	".popsection\n");

static void frame_fill(struct frame *frame, struct context *context)
{
	*frame = (struct frame){
		.x = { [0] = (void *)context_begin,
		       [1] = context,
		       [11] = (void *)rt_context_start },
	};
	__asm__("mrs %0, fpcr" : "=r"(frame->fpcr));
}

#endif

static void context_start_at(struct context *context, void *stack_low, size_t stack_size)
{
	uintptr_t top = ((uintptr_t)stack_low + stack_size) & ~(uintptr_t)15;

	context->sp = (void *)(top - sizeof(struct frame));
	frame_fill(context->sp, context);
}

static void context_swap(struct context *from, struct context *to)
{
	rt_context_swap(from, to);
}

#else /* ucontext */

static void ucontext_begin(unsigned high, unsigned low)
{
	context_begin((struct context *)(((uintptr_t)high << 16 << 16) | low));
}

static void context_start_at(struct context *context, void *stack_low, size_t stack_size)
{
	uintptr_t address = (uintptr_t)context;

	if (getcontext(&context->ucontext))
		abort();
	context->ucontext.uc_stack.ss_sp = stack_low;
	context->ucontext.uc_stack.ss_size = stack_size;
	/* It hands on ints alone. */
	makecontext(&context->ucontext, (void (*)(void))ucontext_begin, 2,
		    (unsigned)(address >> 16 >> 16), (unsigned)address);
}

static void context_swap(struct context *from, struct context *to)
{
	if (swapcontext(&from->ucontext, &to->ucontext))
		abort();
}

#endif

void context_make(struct context *context, void *stack_low, size_t stack_size,
		  void (*entry)(void *arg), void *arg)
{
	memset(context, 0, sizeof(*context));
	context->entry = entry;
	context->arg = arg;
	context->stack_low = stack_low;
	context->stack_size = stack_size;
	context->fiber = tsan_fiber_new();
	context_start_at(context, stack_low, stack_size);
}

void context_of_thread(struct context *context)
{
	memset(context, 0, sizeof(*context));
	context->fiber = tsan_fiber_of_thread();
}

void context_switch(struct context *from, struct context *to)
{
	asan_before(from, to, 0);
	tsan_before(to);
	context_swap(from, to);
	asan_after(from);
}

void context_leave(struct context *from, struct context *to)
{
	asan_before(from, to, 1);
	tsan_before(to);
	context_swap(from, to);
	abort(); /* it went on */
}

void context_free(struct context *context)
{
	tsan_fiber_free(context->fiber);
	context->fiber = NULL;
}
