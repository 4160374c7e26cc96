/* SPDX-License-Identifier: MIT */
/* What the example runtime says to programs that use it wrongly, or whose stack is too small. */
#include <signal.h>
#include <sys/wait.h>

#include "tests/support/rt.h"

TestSuite(rt_misuse, .init = rt_begin, .fini = rt_end_empty);

static int nothing(void *arg RT_UNUSED)
{
	return 0;
}

/* ---- Outside ---- */

Test(rt_misuse, everything_is_legal_outside_that_needs_no_runtime)
{
	struct rt_handle none = { 0 };

	cr_assert_eq(rt_task_id(), 0);
	cr_assert_eq(rt_task_name(), NULL);
	cr_assert_not(rt_is_cancelled());
	rt_set_value(NULL);
	rt_shield_begin();
	rt_shield_end();
	rt_drop(&none);
	cr_assert_eq(rt_stats().spawned, 0);
	cr_assert_neq(rt_now(), 0);
	cr_assert_eq(rt_call_blocking(nothing, NULL, "call"), 0);
	cr_assert_eq(rt_block_in_place(nothing, NULL), 0);
}

/* What a child says on stderr. */
static void said_by(void (*run)(void), char *words, size_t size, int *ret_status)
{
	size_t length = 0;
	ssize_t n;
	int ends[2];
	pid_t child;

	cr_assert_eq(pipe(ends), 0);
	child = fork();
	if (!child) {
		dup2(ends[1], STDERR_FILENO);
		close(ends[0]);
		alarm(30);
		run();
		_exit(0);
	}
	close(ends[1]);
	while (length + 1 < size && (n = read(ends[0], words + length, size - length - 1)) > 0)
		length += (size_t)n;
	words[length] = '\0';
	close(ends[0]);
	cr_assert_eq(waitpid(child, ret_status, 0), child);
}

static void use_outside(void)
{
	struct rt_handle job;
	struct rt_op op = rt_sleep_op(RT_MS);

	if (rt_spawn(&job, nothing, NULL, "job") != -EPERM || job.task ||
	    rt_spawn_blocking(&job, nothing, NULL, "job") != -EPERM || rt_yield() != -EPERM ||
	    rt_await(&op) != -EPERM || rt_select(&op, 1, RT_FAIR) != -EPERM ||
	    rt_do_blocking(op) != -EPERM || rt_try(op) != -EPERM || rt_timeout(RT_MS, op) != -EPERM)
		_exit(1);
}

Test(rt_misuse, use_outside_the_runtime_is_refused_with_a_sentence_on_stderr)
{
	char words[2048];
	int status;

	said_by(use_outside, words, sizeof(words), &status);

	cr_assert_eq(status, 0);
	cr_assert_str_eq(
		words,
		"rt: rt_spawn outside the runtime: call it in what rt_run runs\n"
		"rt: rt_spawn_blocking outside the runtime has no pool\n"
		"rt: rt_yield outside a task\n"
		"rt: Sleep outside a task: await in what rt_run or rt_spawn runs, or use its "
		"_blocking form\n"
		"rt: rt_select outside a task: await in what rt_run runs\n"
		"rt: a sleep outside the runtime has no timers\n"
		"rt: a sleep outside the runtime has no timers\n"
		"rt: rt_select outside a task: await in what rt_run runs\n",
		"%s", words);
}

/* ---- Inside ---- */

static int misuse_inside(void *arg RT_UNUSED)
{
	cr_assert_eq(rt_run(NULL, nothing, NULL), -EPERM);
	return 0;
}

Test(rt_misuse, is_an_event_on_the_board)
{
	const struct vigil_worker_record *worker;
	struct vigil_message_record messages[8];
	size_t count = 0;

	cr_assert_eq(rt_paused(misuse_inside, NULL), 0);

	rt_look();
	for (uint32_t i = 0; !count && (worker = VIGIL_AT(rt_reader, worker, i)); i++)
		count = vigil_reader_messages(rt_reader, i, messages, 8);
	cr_assert_eq(count, 1);
	cr_assert_eq(messages[0].level, VIGIL_LEVEL_ERROR);
	cr_assert_eq(rt_misuses, 1);
}

/* ---- A stack that is too small ---- */

#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)

static int __attribute__((noinline)) recurse(volatile char *above, int depth)
{
	volatile char here[512];

	here[0] = above[0];
	return depth ? here[0] + recurse(here, depth - 1) + here[511] : 0;
}

static int overflow(void *arg RT_UNUSED)
{
	char first = 1;

	return recurse(&first, 1000);
}

/* Touches its last word, and stops before it goes below. */
static int overflow_a_little(void *arg RT_UNUSED)
{
	*(volatile uint64_t *)task_here()->stack.low = 0;
	return rt_yield();
}

static int spawn_overflow(void *arg)
{
	struct rt_handle bystander, job;
	const struct rt_spawn_options options = { .name = "deep", .stack_size = 16 * 1024 };

	rt_spawn(&bystander, nothing, NULL, "bystander");
	rt_spawn_with(&job, arg, NULL, &options);
	rt_join(&bystander, NULL);
	return rt_join(&job, NULL);
}

/* With a board of its own: the child has told where it is. */
static void run_overflow(void)
{
	char path[512];

	signal(SIGSEGV, SIG_DFL);
	vigil_event(VIGIL_LEVEL_INFO, "a call that makes the child's board");
	vigil_board_path(path, sizeof(path));
	dprintf(STDERR_FILENO, "%s\n", path);
	rt_paused(spawn_overflow, (void *)overflow);
}

static void run_overflow_unguarded(void)
{
	char path[512];

	signal(SIGSEGV, SIG_DFL);
	vigil_event(VIGIL_LEVEL_INFO, "a call that makes the child's board");
	vigil_board_path(path, sizeof(path));
	dprintf(STDERR_FILENO, "%s\n", path);
	stack_guards_by(STACK_GUARDS_NONE);
	rt_paused(spawn_overflow, (void *)overflow_a_little);
}

static void dies_and_leaves_its_board(void (*run)(void))
{
	const struct vigil_task_record *task;
	struct vigil_reader *reader;
	struct vigil_problem problem;
	unsigned found = 0;
	char words[2048];
	char *sentence;
	int status;

	said_by(run, words, sizeof(words), &status);

	cr_assert(WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV, "status %#x: %s",
		  (unsigned)status, words);
	sentence = strchr(words, '\n');
	cr_assert(sentence);
	*sentence++ = '\0';
	cr_assert_str_eq(sentence, "rt: task 3 \"deep\" overflowed its stack of 16 KiB; give it a "
				   "larger one (rt_options.stack_size, or "
				   "rt_spawn_options.stack_size)\n");
	cr_assert_eq(vigil_reader_open_file(words, 0, &reader, &problem), 0, "%s", problem.text);
	cr_assert_eq(vigil_reader_refresh(reader), 0);
	for (uint32_t i = 0; (task = VIGIL_AT(reader, task, i)); i++)
		if (!strcmp(task->name, "deep")) {
			found++;
			cr_assert_eq(task->life, VIGIL_LIFE_LIVE);
		}
	cr_assert_eq(found, 1);
	vigil_reader_close(reader);
	unlink(words);
}

Test(rt_misuse, a_task_that_overflows_its_stack_is_named_and_the_board_can_be_read)
{
	dies_and_leaves_its_board(run_overflow);
}

Test(rt_misuse, a_task_that_overflows_a_stack_without_a_guard_page_is_named_after_its_poll)
{
	dies_and_leaves_its_board(run_overflow_unguarded);
}

#endif
