/* SPDX-License-Identifier: MIT */
/* The context switch, by assembly and by ucontext: one set of flows for both. */

/* The ucontext one, in a build that has assembly too: under names of its own. */
#define RT_UCONTEXT
#define context ucontext_flow
#define context_make ucontext_flow_make
#define context_of_thread ucontext_flow_of_thread
#define context_switch ucontext_flow_switch
#define context_leave ucontext_flow_leave
#define context_free ucontext_flow_free
#include "examples/rt/context.c" /* NOLINT: see above */
#undef RT_UCONTEXT
#undef context
#undef context_make
#undef context_of_thread
#undef context_switch
#undef context_leave
#undef context_free
#undef CONTEXT_HAS_ASM
#undef RT_CONTEXT_H

#include <criterion/criterion.h>
#include <execinfo.h>
#include <fenv.h>
#include <pthread.h>
#include <stdbool.h>
#include <string.h>

#include "examples/rt/context.h"
#include "examples/rt/stack.h"

#define STACK_SIZE ((size_t)256 << 10) /* sanitizers need much */

struct flow {
	struct context context;
	struct context *back; /* whom it goes back to */
	struct stack stack;
	int steps;
	double sum;
};

static void flow_begin(struct flow *flow, struct context *back, void (*entry)(void *arg))
{
	memset(flow, 0, sizeof(*flow));
	flow->back = back;
	cr_assert_eq(stack_take(STACK_SIZE, &flow->stack), 0);
	context_make(&flow->context, flow->stack.low, flow->stack.size, entry, flow);
}

static void flow_end(struct flow *flow)
{
	context_free(&flow->context);
	stack_give(flow->stack);
}

static void flow_yield(struct flow *flow)
{
	context_switch(&flow->context, flow->back);
}

static void flow_leave(struct flow *flow)
{
	context_leave(&flow->context, flow->back);
}

/* Counts its steps, three of them. */
static void run_three_steps(void *arg)
{
	struct flow *flow = arg;

	for (flow->steps = 1; flow->steps < 3; flow->steps++)
		flow_yield(flow);
	flow_leave(flow);
}

Test(rt_context, a_flow_goes_on_where_it_stopped)
{
	struct context self;
	struct flow flow;

	context_of_thread(&self);
	flow_begin(&flow, &self, run_three_steps);

	for (int step = 1; step <= 3; step++) {
		context_switch(&self, &flow.context);
		cr_assert_eq(flow.steps, step);
	}

	flow_end(&flow);
}

static void run_one_step(void *arg)
{
	struct flow *flow = arg;

	flow->steps++;
	flow_leave(flow);
}

Test(rt_context, a_flow_may_go_on_with_any_other)
{
	enum { N = 1000 };
	static struct flow flows[N];
	struct context self;

	context_of_thread(&self);
	for (int i = 0; i < N; i++)
		flow_begin(&flows[i], i ? &flows[i - 1].context : &self, run_one_step);

	context_switch(&self, &flows[N - 1].context);

	for (int i = 0; i < N; i++) {
		cr_assert_eq(flows[i].steps, 1);
		flow_end(&flows[i]);
	}
}

/* More than ThreadSanitizer has room for at a time, in fibers and in calls. */
Test(rt_context, flows_that_ended_leave_nothing_behind)
{
	struct context self;
	struct flow flow;

	context_of_thread(&self);

	for (int i = 0; i < 25000; i++) {
		flow_begin(&flow, &self, run_one_step);
		context_switch(&self, &flow.context);
		cr_assert_eq(flow.steps, 1);
		flow_end(&flow);
	}

	cr_assert_eq(stack_stats().cached, 1);
}

/* ---- Registers ---- */

/* So many values alive across the calls of `yield` that all registers hold some. */
static __attribute__((noinline)) double keep_busy(volatile long *in, void (*yield)(void *),
						  void *arg)
{
	long a = in[0], b = in[1], c = in[2], d = in[3], e = in[4], f = in[5], g = in[6];
	double p = (double)in[0], q = (double)in[1], r = (double)in[2], s = (double)in[3];
	double t = (double)in[4], u = (double)in[5], v = (double)in[6], w = (double)in[7];

	for (int i = 0; i < 3; i++) {
		yield(arg);
		a += b, b += c, c += d, d += e, e += f, f += g, g += a;
		p += q, q += r, r += s, s += t, t += u, u += v, v += w, w += p;
	}
	return (double)(a + 3 * b + 5 * c + 7 * d + 11 * e + 13 * f + 17 * g) +
	       (p + 3 * q + 5 * r + 7 * s + 11 * t + 13 * u + 17 * v + 19 * w);
}

static volatile long of_thread[] = { 2, 71, 828, 18, 28, 459, 45, 23 };
static volatile long of_flow[] = { 3, 141, 592, 65, 35, 897, 93, 23 };

static void yield_not(void *arg)
{
	(void)arg;
}

static void yield_back(void *arg)
{
	flow_yield(arg);
}

static void run_keep_busy(void *arg)
{
	struct flow *flow = arg;

	flow->sum = keep_busy(of_flow, yield_back, flow);
	flow_leave(flow);
}

struct pair {
	struct context self;
	struct flow flow;
};

static void yield_forth(void *arg)
{
	struct pair *pair = arg;

	context_switch(&pair->self, &pair->flow.context);
}

Test(rt_context, a_switch_keeps_callee_saved_registers)
{
	struct pair pair;
	double sum;

	context_of_thread(&pair.self);
	flow_begin(&pair.flow, &pair.self, run_keep_busy);

	sum = keep_busy(of_thread, yield_forth, &pair);
	yield_forth(&pair);

	cr_assert_float_eq(sum, keep_busy(of_thread, yield_not, NULL), 0);
	cr_assert_float_eq(pair.flow.sum, keep_busy(of_flow, yield_not, NULL), 0);
	flow_end(&pair.flow);
}

/* By SSE where there is x87 too, whose word is what fegetround() reads. */
static bool rounds_up(void)
{
	volatile double one = 1, tiny = 1e-30;

	return one + tiny > 1;
}

static void run_rounding_up(void *arg)
{
	struct flow *flow = arg;

	fesetround(FE_UPWARD);
	flow_yield(flow);
	flow->steps = fegetround() == FE_UPWARD && rounds_up();
	flow_leave(flow);
}

Test(rt_context, rounding_modes_belong_to_the_flow)
{
	struct context self;
	struct flow flow;

	context_of_thread(&self);
	flow_begin(&flow, &self, run_rounding_up);

	context_switch(&self, &flow.context);
	cr_assert_eq(fegetround(), FE_TONEAREST);
	cr_assert_not(rounds_up());
	context_switch(&self, &flow.context);
	cr_assert(flow.steps);
	cr_assert_eq(fegetround(), FE_TONEAREST);
	cr_assert_not(rounds_up());

	flow_end(&flow);
}

static void run_nothing(void *arg)
{
	struct flow *flow = arg;

	flow->steps = fegetround() == FE_DOWNWARD;
	flow_leave(flow);
}

Test(rt_context, a_flow_begins_with_the_rounding_mode_of_its_maker)
{
	struct context self;
	struct flow flow;

	context_of_thread(&self);
	fesetround(FE_DOWNWARD);
	flow_begin(&flow, &self, run_nothing);
	fesetround(FE_TONEAREST);

	context_switch(&self, &flow.context);

	cr_assert(flow.steps);
	flow_end(&flow);
}

/* ---- Threads ---- */

static void *thread_goes_on_with(void *arg)
{
	struct flow *flow = arg;
	struct context self;

	context_of_thread(&self);
	flow->back = &self;
	context_switch(&self, &flow->context);
	return NULL;
}

static void go_on_in_a_thread(struct flow *flow)
{
	pthread_t thread;

	cr_assert_eq(pthread_create(&thread, NULL, thread_goes_on_with, flow), 0);
	pthread_join(thread, NULL);
}

Test(rt_context, a_flow_goes_on_in_other_threads_than_it_began_in)
{
	struct context self;
	struct flow flow;

	context_of_thread(&self);
	flow_begin(&flow, &self, run_three_steps);

	context_switch(&self, &flow.context);
	go_on_in_a_thread(&flow);
	cr_assert_eq(flow.steps, 2);
	go_on_in_a_thread(&flow);
	cr_assert_eq(flow.steps, 3);

	flow_end(&flow);
}

/* ---- The stack ---- */

/* Its own address is what address sanitizers leave on the real stack. */
static __attribute__((noinline)) int descend(const char *low)
{
	volatile char some[256];

	some[0] = 1;
	if ((const char *)__builtin_frame_address(0) < low)
		return some[0];
	return descend(low) + some[0];
}

static void run_deep(void *arg)
{
	struct flow *flow = arg;

	flow->steps = descend((char *)flow->stack.low + 16384);
	flow_yield(flow);
	flow->steps += descend((char *)flow->stack.low + 16384);
	flow_leave(flow);
}

Test(rt_context, a_flow_has_all_of_its_stack)
{
	struct context self;
	struct flow flow;
	int once;

	context_of_thread(&self);
	flow_begin(&flow, &self, run_deep);

	context_switch(&self, &flow.context);
	once = flow.steps;
	context_switch(&self, &flow.context);

	cr_assert_gt(once, 50);
	cr_assert_eq(flow.steps, 2 * once);
	flow_end(&flow);
}

static void run_backtrace(void *arg)
{
	struct flow *flow = arg;
	void *frames[64];

	flow->steps = backtrace(frames, 64);
	flow_leave(flow);
}

Test(rt_context, a_backtrace_ends_where_the_flow_began)
{
	struct context self;
	struct flow flow;
	void **above;
	size_t size;

	context_of_thread(&self);
	flow_begin(&flow, &self, run_backtrace);
	/* Made anew below what looks like frames that called it. */
	size = flow.stack.size - 1024;
	above = (void **)((char *)flow.stack.low + size);
	for (size_t i = 0; i < 1024 / sizeof(*above); i++)
		above[i] = (char *)yield_not + 1;
	context_free(&flow.context);
	context_make(&flow.context, flow.stack.low, size, run_backtrace, &flow);

	context_switch(&self, &flow.context);

	cr_assert(flow.steps >= 2 && flow.steps <= 5, "%d frames", flow.steps);
	flow_end(&flow);
}

/* ---- By ucontext ---- */

struct slow_flow {
	struct ucontext_flow self, context;
	int steps;
};

static void run_slowly(void *arg)
{
	struct slow_flow *flow = arg;

	for (flow->steps = 1; flow->steps < 3; flow->steps++)
		ucontext_flow_switch(&flow->context, &flow->self);
	ucontext_flow_leave(&flow->context, &flow->self);
}

static void *thread_goes_on_slowly(void *arg)
{
	struct slow_flow *flow = arg;

	ucontext_flow_of_thread(&flow->self);
	ucontext_flow_switch(&flow->self, &flow->context);
	return NULL;
}

Test(rt_context, ucontext_takes_the_place_of_assembly)
{
	struct slow_flow flow;
	struct stack stack;
	pthread_t thread;

	cr_assert_eq(stack_take(STACK_SIZE, &stack), 0);
	ucontext_flow_make(&flow.context, stack.low, stack.size, run_slowly, &flow);

	thread_goes_on_slowly(&flow);
	cr_assert_eq(flow.steps, 1);
	cr_assert_eq(pthread_create(&thread, NULL, thread_goes_on_slowly, &flow), 0);
	pthread_join(thread, NULL);
	cr_assert_eq(flow.steps, 2);
	thread_goes_on_slowly(&flow);
	cr_assert_eq(flow.steps, 3);

	ucontext_flow_free(&flow.context);
	stack_give(stack);
}
