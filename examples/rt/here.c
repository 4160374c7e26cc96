/* SPDX-License-Identifier: MIT */
/*
 * Where the caller is: the thread-local variables of the runtime.
 *
 * The law: every function here is a call of its own, so that no compiler keeps the
 * address of a thread's variable while a task moves to another thread.
 */
#include "core.h"

#include <time.h>

static _Thread_local struct {
	struct rt *rt;
	struct worker *worker;
	struct rt_task *job;
	struct span_stack spans;
} here;

__attribute__((noinline)) void here_set(struct rt *rt, struct worker *worker, struct rt_task *job)
{
	here.rt = rt;
	here.worker = worker;
	here.job = job;
	__asm__ volatile("" ::: "memory");
}

__attribute__((noinline)) struct worker *worker_here(void)
{
	__asm__ volatile("" ::: "memory");
	return here.worker;
}

__attribute__((noinline)) struct rt *rt_here(void)
{
	__asm__ volatile("" ::: "memory");
	return here.rt;
}

struct rt_task *task_here(void)
{
	struct worker *worker = worker_here();

	return worker ? worker->task : NULL;
}

__attribute__((noinline)) struct rt_task *job_here(void)
{
	struct rt_task *task = task_here();

	__asm__ volatile("" ::: "memory");
	return task ? task : here.job;
}

__attribute__((noinline)) struct span_stack *spans_here(void)
{
	struct rt_task *task = job_here();

	__asm__ volatile("" ::: "memory");
	return task ? &task->spans : &here.spans;
}

uint64_t clock_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * RT_S + (uint64_t)ts.tv_nsec;
}

uint64_t rt_clock(struct rt *rt)
{
	return rt && rt->options.is_paused ?
		       atomic_load_explicit(&rt->paused_ns, memory_order_relaxed) :
		       clock_ns();
}

uint64_t time_after(uint64_t from_ns, uint64_t ns)
{
	return from_ns + ns < from_ns ? UINT64_MAX : from_ns + ns;
}

uint64_t rt_now(void)
{
	return rt_clock(rt_here());
}
