/* SPDX-License-Identifier: MIT */
/* Stacks: taken, given back, guarded, and what is said when one overflows. */
#include <criterion/criterion.h>
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "examples/rt/context.h"
#include "examples/rt/stack.h"

#define SIZE ((size_t)16 << 10) /* of most stacks here */
#define MANY 100000

static size_t page;

static void begin(void)
{
	page = (size_t)sysconf(_SC_PAGESIZE);
}

TestSuite(rt_stack, .init = begin);

static struct stack take(size_t size)
{
	struct stack stack;

	cr_assert_eq(stack_take(size, &stack), 0);
	return stack;
}

static size_t pages_resident(struct stack stack)
{
	unsigned char pages[64];
	size_t n = stack.size / page, resident = 0;

	cr_assert_leq(n, sizeof(pages));
	cr_assert_eq(mincore(stack.low, stack.size, pages), 0);
	for (size_t i = 0; i < n; i++)
		resident += pages[i] & 1;
	return resident;
}

static void touch(struct stack stack)
{
	memset(stack.low, 1, stack.size);
}

/* ---- Taking and giving ---- */

Test(rt_stack, a_stack_has_the_size_asked_for_or_the_next_power_of_two_of_pages)
{
	const size_t asked[] = { 1, 4 * page, 4 * page + 1, 100 * page, 1024 * page, 40000 * page };
	const size_t pages[] = { 4, 4, 8, 128, 1024, 65536 };

	for (size_t i = 0; i < sizeof(asked) / sizeof(*asked); i++) {
		struct stack stack = take(asked[i]);

		cr_assert_eq(stack.size, pages[i] * page);
		cr_assert_eq((uintptr_t)stack.low % page, 0);
		*(char *)stack.low = 1;
		((char *)stack.low)[stack.size - 1] = 1;
		stack_give(stack);
	}
}

Test(rt_stack, a_stack_beyond_all_bounds_is_refused)
{
	struct stack stack;

	cr_assert_eq(stack_take(SIZE_MAX, &stack), -ENOMEM);
	cr_assert_eq(stack_take((size_t)1 << 50, &stack), -ENOMEM);
	cr_assert_eq(stack_stats().live, 0);
}

Test(rt_stack, the_last_one_given_back_is_the_next_one_taken)
{
	struct stack first = take(SIZE), second = take(SIZE);

	stack_give(second);
	stack_give(first);

	cr_assert_eq(take(SIZE).low, first.low);
	cr_assert_eq(take(SIZE).low, second.low);
	cr_assert_eq(stack_stats().live, 2);
}

Test(rt_stack, sizes_do_not_mix)
{
	struct stack small = take(SIZE), large;

	stack_give(small);
	large = take(2 * SIZE);

	cr_assert_neq(large.low, small.low);
	cr_assert_eq(take(SIZE).low, small.low);
}

Test(rt_stack, stats_say_what_there_is)
{
	struct stack first = take(SIZE);
	struct stack_stats stats;

	take(2 * SIZE);
	stack_give(first);
	stats = stack_stats();

	cr_assert_eq(stats.live, 1);
	cr_assert_eq(stats.cached, 1);
	cr_assert_geq(stats.reserved_bytes, 2 * 256 * SIZE);
	cr_assert_eq(stats.unguarded, 0);
}

Test(rt_stack, beyond_the_bound_given_back_stacks_give_up_their_memory)
{
	enum { BEYOND = 3 };
	size_t n = STACK_KEPT_BYTES / SIZE + BEYOND, released = 0;
	struct stack *stacks = calloc(n, sizeof(*stacks));

	for (size_t i = 0; i < n; i++) {
		stacks[i] = take(SIZE);
		touch(stacks[i]);
	}

	for (size_t i = 0; i < n; i++)
		stack_give(stacks[i]);

	cr_assert_eq(stack_stats().cached, n - BEYOND);
	for (size_t i = 0; i < n; i++)
		released += pages_resident(stacks[i]) == 0;
	cr_assert_eq(released, BEYOND);
	for (size_t i = 0; i < n; i++)
		touch(take(SIZE));
	cr_assert_eq(stack_stats().live, n);
	cr_assert_eq(stack_stats().cached, 0);
	free(stacks);
}

Test(rt_stack, unmapping_gives_address_space_back)
{
	stack_give(take(SIZE));
	stack_give(take(100 << 20));

	stacks_unmap();

	cr_assert_eq(stack_stats().reserved_bytes, 0);
	cr_assert_eq(stack_stats().cached, 0);
	touch(take(SIZE));
}

static void many_live(void)
{
	struct stack *stacks = calloc(MANY, sizeof(*stacks));

	for (size_t i = 0; i < MANY; i++) {
		stacks[i] = take(SIZE);
		*(size_t *)((char *)stacks[i].low + SIZE - 64) = i;
	}

	cr_assert_eq(stack_stats().live, MANY);
	for (size_t i = 0; i < MANY; i++) {
		cr_assert_eq(*(size_t *)((char *)stacks[i].low + SIZE - 64), i);
		cr_assert(stack_is_intact(stacks[i]));
	}
	cr_assert_eq(pages_resident(stacks[MANY / 2]), 1);
	for (size_t i = 0; i < MANY; i++)
		stack_give(stacks[i]);
	free(stacks);
}

Test(rt_stack, a_hundred_thousand_are_live_and_guarded)
{
	many_live();
	cr_assert_eq(stack_stats().unguarded, 0);
	stacks_unmap();
}

struct left {
	struct context self, flow;
};

/* Leaves a frame that AddressSanitizer has poisoned around. */
static void run_and_leave(void *arg)
{
	struct left *left = arg;
	volatile char *some = __builtin_alloca(64);

	some[0] = 1;
	context_leave(&left->flow, &left->self);
}

Test(rt_stack, all_of_a_stack_can_be_used_that_was_left_in_a_call)
{
	struct stack stack = take(SIZE);
	struct left left;

	context_of_thread(&left.self);
	context_make(&left.flow, stack.low, stack.size, run_and_leave, &left);
	context_switch(&left.self, &left.flow);
	context_free(&left.flow);

	stack_give(stack);

	cr_assert_eq(take(SIZE).low, stack.low);
	touch(stack);
}

static pthread_barrier_t all_began;

static void *take_and_give(void *arg)
{
	uintptr_t me = (uintptr_t)arg;

	pthread_barrier_wait(&all_began);
	for (int i = 0; i < 20000; i++) {
		struct stack stack = take(SIZE << (i & 1));
		volatile uintptr_t *low = stack.low;

		*low = me;
		((volatile char *)low)[stack.size - 1] = (char)me;
		cr_assert_eq(*low, me);
		stack_give(stack);
	}
	return NULL;
}

Test(rt_stack, threads_never_share_one)
{
	enum { THREADS = 4 };
	pthread_t threads[THREADS];

	pthread_barrier_init(&all_began, NULL, THREADS);
	for (uintptr_t i = 0; i < THREADS; i++)
		cr_assert_eq(pthread_create(&threads[i], NULL, take_and_give, (void *)(i + 1)), 0);
	for (int i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);

	cr_assert_eq(stack_stats().live, 0);
	cr_assert_leq(stack_stats().cached, 2 * THREADS);
}

/* ---- Guards ---- */

static void guard_is_recognised(void)
{
	struct stack first = take(SIZE), stack = take(SIZE), hit = { NULL, 0 };
	char *low = stack.low;

	cr_assert(stack_guard_hit(low - 1, &hit));
	cr_assert_eq(hit.low, low);
	cr_assert_eq(hit.size, SIZE);
	cr_assert(stack_guard_hit(low - page, &hit));
	cr_assert_not(stack_guard_hit(low - page - 1, &hit));
	cr_assert_not(stack_guard_hit(low, &hit));
	cr_assert_not(stack_guard_hit(NULL, &hit));
	cr_assert_not(stack_guard_hit(&hit, &hit));
	stack_give(stack);
	cr_assert_not(stack_guard_hit(low - 1, &hit), "it is nobody's");
	stack_give(first);
}

Test(rt_stack, an_address_in_a_guard_page_is_recognised)
{
	guard_is_recognised();
}

Test(rt_stack, a_guard_page_by_mprotect_is_recognised)
{
	stack_guards_by(STACK_GUARDS_MPROTECT);
	guard_is_recognised();
}

static void overrun(enum stack_guards guards)
{
	signal(SIGSEGV, SIG_DFL); /* sanitizers would explain */
	stack_guards_by(guards);
	*((volatile char *)take(SIZE).low - 1) = 1;
}

Test(rt_stack, nobody_writes_below_a_stack, .signal = SIGSEGV)
{
	overrun(STACK_GUARDS_MADVISE);
}

Test(rt_stack, nobody_writes_below_a_stack_guarded_by_mprotect, .signal = SIGSEGV)
{
	overrun(STACK_GUARDS_MPROTECT);
}

Test(rt_stack, guards_survive_what_releases_memory, .signal = SIGSEGV)
{
	struct stack stack = take(STACK_KEPT_BYTES * 2);

	signal(SIGSEGV, SIG_DFL);
	stack_give(stack);
	cr_assert_eq(take(STACK_KEPT_BYTES * 2).low, stack.low);

	*((volatile char *)stack.low - 1) = 1;
}

/* Half of the mappings a process may have are left to it. */
Test(rt_stack, with_mprotect_stacks_beyond_a_number_are_unguarded_and_counted)
{
	size_t maps = 0, unguarded;
	FILE *file = fopen("/proc/sys/vm/max_map_count", "r");
	struct stack stack;

	cr_assert(file);
	cr_assert_eq(fscanf(file, "%zu", &maps), 1);
	fclose(file);
	stack_guards_by(STACK_GUARDS_MPROTECT);
	for (size_t i = 0; i < maps / 4; i++)
		take(SIZE);
	cr_assert_eq(stack_stats().unguarded, 0);

	stack = take(SIZE);

	unguarded = stack_stats().unguarded;
	cr_assert_eq(unguarded, 1);
	cr_assert_not(stack_guard_hit((char *)stack.low - 1, &stack));
	stack_give(stack);
	cr_assert_eq(stack_stats().unguarded, 0);
}

Test(rt_stack, an_overflow_without_a_guard_is_seen_afterwards)
{
	struct stack stack;

	stack_guards_by(STACK_GUARDS_NONE);
	stack = take(SIZE);
	cr_assert(stack_is_intact(stack));
	cr_assert_eq(stack_stats().unguarded, 1);

	*(char *)stack.low ^= 1;

	cr_assert_not(stack_is_intact(stack));
	stack_give(stack);
	cr_assert(stack_is_intact(take(SIZE)), "the next one begins anew");
}

/* ---- Overflows, told ---- */

static size_t describe(struct stack stack, char *buf, size_t size)
{
	(void)stack;
	return (size_t)snprintf(buf, size, "task 17 \"fetch\"");
}

static __attribute__((noinline)) int descend(int depth)
{
	volatile char some[128];

	some[0] = (char)depth;
	return depth < 0 ? 0 : descend(depth + 1) + some[0];
}

static void run_too_deep(void *arg)
{
	exit(descend(*(int *)arg) == 1);
}

static void overflow(void)
{
	struct context self, flow;
	struct stack stack = take(SIZE);
	int depth = 0;

	context_of_thread(&self);
	context_make(&flow, stack.low, stack.size, run_too_deep, &depth);
	context_switch(&self, &flow);
}

/* What `act` writes to stderr in a child of its own, and how that ended. */
static int run_in_child(void (*act)(void), char *ret_text, size_t size)
{
	size_t len = 0;
	int fds[2], status;
	ssize_t got;
	pid_t pid;

	cr_assert_eq(pipe(fds), 0);
	pid = fork();
	if (!pid) {
		const struct rlimit no_core = { 0, 0 };

		setrlimit(RLIMIT_CORE, &no_core);
		signal(SIGSEGV, SIG_DFL);
		dup2(fds[1], STDERR_FILENO);
		act();
		_exit(0);
	}
	close(fds[1]);
	while ((got = read(fds[0], ret_text + len, size - 1 - len)) > 0)
		len += (size_t)got;
	ret_text[len] = '\0';
	close(fds[0]);
	cr_assert_eq(waitpid(pid, &status, 0), pid);
	return status;
}

#define TOLD                                                                                       \
	"rt: task 17 \"fetch\" overflowed its stack of 16 KiB; give it a larger one "              \
	"(rt_options.stack_size, or rt_spawn_options.stack_size)\n"

static void watch_and_overflow(void)
{
	overflow_watch_begin(describe);
	overflow();
}

Test(rt_stack, an_overflow_is_told_in_one_line_before_the_process_dies)
{
	char text[1024];
	int status = run_in_child(watch_and_overflow, text, sizeof(text));

	cr_assert_str_eq(text, TOLD);
	cr_assert(WIFSIGNALED(status));
	cr_assert_eq(WTERMSIG(status), SIGSEGV);
}

static void *thread_overflows(void *arg)
{
	watch_and_overflow();
	return arg;
}

static void overflow_in_a_thread(void)
{
	pthread_t thread;

	pthread_create(&thread, NULL, thread_overflows, NULL);
	pthread_join(thread, NULL);
}

Test(rt_stack, an_overflow_is_told_by_any_thread_that_watches)
{
	char text[1024];
	int status = run_in_child(overflow_in_a_thread, text, sizeof(text));

	cr_assert_str_eq(text, TOLD);
	cr_assert(WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV);
}

static void watch_and_fault_elsewhere(void)
{
	char *elsewhere = mmap(NULL, page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	overflow_watch_begin(describe);
	*(volatile char *)elsewhere = 1;
}

Test(rt_stack, a_fault_elsewhere_is_left_alone)
{
	char text[1024];
	int status = run_in_child(watch_and_fault_elsewhere, text, sizeof(text));

	cr_assert_str_eq(text, "");
	cr_assert(WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV);
}

static void watch_and_be_killed(void)
{
	overflow_watch_begin(describe);
	kill(getpid(), SIGSEGV);
}

Test(rt_stack, a_signal_that_is_no_fault_kills_as_before)
{
	char text[1024];
	int status = run_in_child(watch_and_be_killed, text, sizeof(text));

	cr_assert_str_eq(text, "");
	cr_assert(WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV);
}

static void exit_with_7(int signal, siginfo_t *info, void *ucontext)
{
	(void)signal, (void)ucontext;
	_exit(info->si_addr ? 7 : 8);
}

static void handle_and(void (*act)(void))
{
	struct sigaction handler = { .sa_sigaction = exit_with_7,
				     .sa_flags = SA_SIGINFO | SA_ONSTACK };

	sigaction(SIGSEGV, &handler, NULL);
	act();
}

static void handle_and_overflow(void)
{
	handle_and(watch_and_overflow);
}

static void handle_and_fault_elsewhere(void)
{
	handle_and(watch_and_fault_elsewhere);
}

Test(rt_stack, the_previous_handler_comes_after_what_is_told)
{
	char text[1024];
	int status = run_in_child(handle_and_overflow, text, sizeof(text));

	cr_assert_str_eq(text, TOLD);
	cr_assert(WIFEXITED(status) && WEXITSTATUS(status) == 7);
}

Test(rt_stack, the_previous_handler_gets_faults_elsewhere)
{
	char text[1024];
	int status = run_in_child(handle_and_fault_elsewhere, text, sizeof(text));

	cr_assert_str_eq(text, "");
	cr_assert(WIFEXITED(status) && WEXITSTATUS(status) == 7);
}

Test(rt_stack, after_the_last_watch_all_is_as_it_was)
{
	struct sigaction before, during, after;
	stack_t alternate_before, alternate_after;

	sigaction(SIGSEGV, NULL, &before);
	sigaltstack(NULL, &alternate_before);

	overflow_watch_begin(describe);
	sigaction(SIGSEGV, NULL, &during);
	overflow_watch_end();

	sigaction(SIGSEGV, NULL, &after);
	sigaltstack(NULL, &alternate_after);
	cr_assert_neq(during.sa_sigaction, before.sa_sigaction);
	cr_assert_eq(after.sa_sigaction, before.sa_sigaction);
	cr_assert_eq(alternate_after.ss_flags, alternate_before.ss_flags);
	cr_assert_eq(alternate_after.ss_sp, alternate_before.ss_sp);
}
