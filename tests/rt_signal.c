/* SPDX-License-Identifier: MIT */
/* The example runtime's signals: who sees one, when, and what the process did before. */
#include <signal.h>
#include <sys/wait.h>

#include "tests/support/rt.h"

TestSuite(rt_signal, .init = rt_begin, .fini = rt_end_empty);

static struct rt_signal *usr1;
static _Atomic unsigned seen;

static int wait_one(void *arg)
{
	int error = rt_signal_wait(arg);

	if (!error)
		seen++;
	return error;
}

/* ---- Who sees it ---- */

static int two_waiters(void *arg RT_UNUSED)
{
	struct rt_handle jobs[3];
	struct rt_signal *second;

	cr_assert_eq(rt_signal_new(SIGUSR1, &usr1), 0);
	cr_assert_eq(rt_signal_new(SIGUSR1, &second), 0);
	rt_spawn(&jobs[0], wait_one, usr1, "first");
	rt_spawn(&jobs[1], wait_one, usr1, "second");
	rt_spawn(&jobs[2], wait_one, second, "third");
	rt_yield();
	raise(SIGUSR1);
	for (int i = 0; i < 3; i++)
		cr_assert_eq(rt_join(&jobs[i], NULL), 0);
	cr_assert_eq(rt_timeout(RT_MS, rt_signal_wait_op(usr1)), -ETIMEDOUT, "it came once");
	rt_signal_free(usr1);
	raise(SIGUSR1);
	cr_assert_eq(rt_signal_wait(second), 0, "it does without the first");
	rt_signal_free(second);
	return 0;
}

Test(rt_signal, is_seen_by_all_that_wait)
{
	cr_assert_eq(rt_paused(two_waiters, NULL), 0);

	cr_assert_eq(seen, 3);
}

static int nobody_waits(void *arg RT_UNUSED)
{
	struct rt_signal *later;

	cr_assert_eq(rt_signal_new(SIGUSR1, &usr1), 0);
	raise(SIGUSR1);
	raise(SIGUSR1);
	cr_assert_eq(rt_signal_new(SIGUSR1, &later), 0);
	cr_assert_eq(rt_signal_wait(usr1), 0);
	cr_assert_eq(rt_timeout(RT_MS, rt_signal_wait_op(usr1)), -ETIMEDOUT, "many are one");
	cr_assert_eq(rt_timeout(RT_MS, rt_signal_wait_op(later)), -ETIMEDOUT, "it came before");
	rt_signal_free(usr1);
	rt_signal_free(later);
	return 0;
}

Test(rt_signal, that_nobody_waits_for_is_seen_by_the_next_to_ask)
{
	cr_assert_eq(rt_paused(nobody_waits, NULL), 0);
}

static int two_kinds(void *arg RT_UNUSED)
{
	struct rt_signal *usr2;
	struct rt_op ops[2];

	cr_assert_eq(rt_signal_new(SIGUSR1, &usr1), 0);
	cr_assert_eq(rt_signal_new(SIGUSR2, &usr2), 0);
	ops[0] = rt_signal_wait_op(usr1);
	ops[1] = rt_signal_wait_op(usr2);
	raise(SIGUSR2);
	cr_assert_eq(rt_select(ops, 2, RT_BIASED), 1);
	raise(SIGUSR1);
	cr_assert_eq(rt_signal_wait(usr1), 0, "the loser took nothing");
	rt_signal_free(usr1);
	rt_signal_free(usr2);
	return 0;
}

Test(rt_signal, is_told_from_another)
{
	cr_assert_eq(rt_paused(two_kinds, NULL), 0);
}

/* ---- What it did before ---- */

static _Atomic unsigned handled;

static void on_signal(int number RT_UNUSED)
{
	handled++;
}

static void other_handler(int number RT_UNUSED)
{
}

static int for_a_while(void *arg RT_UNUSED)
{
	cr_assert_eq(rt_signal_new(SIGUSR1, &usr1), 0);
	raise(SIGUSR1);
	cr_assert_eq(handled, 0);
	cr_assert_eq(rt_signal_wait(usr1), 0);
	rt_signal_free(usr1);
	raise(SIGUSR1);
	cr_assert_eq(handled, 1);
	return 0;
}

Test(rt_signal, does_what_it_did_before_when_the_last_is_freed)
{
	signal(SIGUSR1, on_signal);

	cr_assert_eq(rt_paused(for_a_while, NULL), 0);
}

static int taken_over(void *arg RT_UNUSED)
{
	struct sigaction now;

	cr_assert_eq(rt_signal_new(SIGUSR1, &usr1), 0);
	signal(SIGUSR1, other_handler);
	rt_signal_free(usr1);
	sigaction(SIGUSR1, NULL, &now);
	cr_assert_eq(now.sa_handler, other_handler);
	return 0;
}

Test(rt_signal, stays_with_who_took_it_over)
{
	cr_assert_eq(rt_paused(taken_over, NULL), 0);
}

static int refused(void *arg RT_UNUSED)
{
	static const int numbers[] = { -1, 0, SIGKILL, SIGSTOP, SIGSEGV, NSIG };

	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		cr_assert_eq(rt_signal_new(numbers[i], &usr1), -EINVAL, "%d", numbers[i]);
	cr_assert_eq(rt_signal_new(33, &usr1), -EINVAL, "libc's own");
	rt_signal_free(NULL);
	return 0;
}

Test(rt_signal, that_nobody_can_wait_for_is_refused)
{
	cr_assert_eq(rt_paused(refused, NULL), 0);
}

/* The child has the parent's handler and its eventfd. */
static int in_a_child(void *arg RT_UNUSED)
{
	struct rt_handle job;
	pid_t child;

	cr_assert_eq(rt_signal_new(SIGUSR1, &usr1), 0);
	rt_spawn(&job, wait_one, usr1, "waiter");
	rt_yield();
	child = fork();
	if (!child) {
		raise(SIGUSR1);
		_exit(0);
	}
	while (waitpid(child, NULL, 0) < 0)
		;
	rt_sleep(RT_MS);
	cr_assert_eq(seen, 0);
	rt_cancel(&job);
	rt_join(&job, NULL);
	rt_signal_free(usr1);
	return 0;
}

Test(rt_signal, that_a_child_gets_is_not_ours)
{
	cr_assert_eq(rt_paused(in_a_child, NULL), 0);
}

/* ---- On the board ---- */

static int shown(void *arg RT_UNUSED)
{
	const struct vigil_resource_record *resource;
	const struct vigil_task_record *task;
	struct rt_handle job;

	cr_assert_eq(rt_signal_new(SIGUSR1, &usr1), 0);
	rt_spawn(&job, wait_one, usr1, "waiter");
	rt_yield();
	task = rt_board_task("waiter");
	cr_assert_eq(task->wait_kind, VIGIL_WAIT_SIGNAL);
	resource = rt_board_resource("SIGUSR1");
	cr_assert_eq(resource->kind, VIGIL_RESOURCE_SIGNAL);
	cr_assert_eq(VIGIL_FIND(rt_reader, resource, task->wait_object), resource);
	rt_signal_free(usr1);
	cr_assert(strstr(rt_misused, "was freed while a task waits"));
	raise(SIGUSR1);
	rt_join(&job, NULL);
	resource = rt_board_resource("SIGUSR1");
	cr_assert_eq(rt_board_attr(resource->attrs, "arrived"), 1);
	rt_signal_free(usr1);
	return 0;
}

Test(rt_signal, shows_who_waits_and_how_many_came)
{
	cr_assert_eq(rt_paused(shown, NULL), 0);
}

/* ---- Cancellation ---- */

static int wait_twice(void *arg)
{
	int error = rt_signal_wait(arg);

	return error ? error : rt_signal_wait(arg);
}

static int wait_cut(void *arg)
{
	return rt_cut(wait_twice, arg);
}

static int with_signals(void *arg RT_UNUSED)
{
	struct rt_handle jobs[2];

	cr_assert_eq(rt_signal_new(SIGUSR1, &usr1), 0);
	rt_spawn(&jobs[0], wait_cut, usr1, "cut");
	rt_spawn(&jobs[1], wait_twice, usr1, "waiter");
	for (int i = 0; i < 2; i++) {
		rt_sleep(RT_MS);
		raise(SIGUSR1);
	}
	for (int i = 0; i < 2; i++)
		cr_assert_eq(rt_join(&jobs[i], NULL), 0);
	rt_signal_free(usr1);
	return 0;
}

Test(rt_signal, survives_a_cancel_at_every_await)
{
	cr_assert_eq(rt_cut_everywhere(with_signals, NULL), 2);
}

/* ---- Stress ---- */

#define WAITERS 20
#define ROUNDS 50

/* Each makes its own, waits and frees it, while others are signalled. */
static int come_and_go(void *arg RT_UNUSED)
{
	for (int i = 0; i < ROUNDS; i++) {
		struct rt_signal *own;

		cr_assert_eq(rt_signal_new(SIGUSR1, &own), 0);
		kill(getpid(), SIGUSR1);
		cr_assert_eq(i % 4 ? rt_signal_wait(own) :
				     (rt_timeout(RT_US, rt_signal_wait_op(own)), 0),
			     0);
		rt_signal_free(own);
	}
	return 0;
}

static int many(void *arg RT_UNUSED)
{
	struct rt_handle jobs[WAITERS];

	/* So that none is the last, which would give the signal back. */
	cr_assert_eq(rt_signal_new(SIGUSR1, &usr1), 0);
	for (int i = 0; i < WAITERS; i++)
		rt_spawn(&jobs[i], come_and_go, NULL, "waiter");
	for (int i = 0; i < WAITERS; i++)
		rt_join(&jobs[i], NULL);
	rt_signal_free(usr1);
	return 0;
}

Test(rt_signal, come_while_others_begin_and_cease_to_wait_on_four_workers)
{
	/* One may be pending when the last is gone. */
	signal(SIGUSR1, SIG_IGN);

	cr_assert_eq(rt_threads(4, many, NULL), 0);
}
