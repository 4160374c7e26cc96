/* SPDX-License-Identifier: MIT */
/* The example runtime's channel for one value: whose it is, and what is told when a side goes. */
#include "tests/support/rt.h"

#include <stdlib.h>

TestSuite(rt_oneshot, .init = rt_begin, .fini = rt_end_empty);

static struct rt_oneshot_sender *sender;
static struct rt_oneshot_receiver *receiver;
static int value;
static unsigned dropped;

static void drop(void *dropped_value)
{
	cr_assert_eq(dropped_value, &value);
	dropped++;
}

static void open_channel(void)
{
	cr_assert_eq(rt_oneshot_new("answer", drop, &sender, &receiver), 0);
}

static int expect_value(void *arg RT_UNUSED)
{
	void *got = NULL;
	int error = rt_oneshot_recv(receiver, &got);

	if (error)
		return error;
	cr_assert_eq(got, &value);
	return 0;
}

/* ---- The value ---- */

static int send_to_waiting(void *arg RT_UNUSED)
{
	struct rt_handle job;
	const struct vigil_resource_record *shown;

	open_channel();
	shown = rt_board_resource("answer");
	cr_assert_eq(shown->kind, VIGIL_RESOURCE_ONESHOT);
	cr_assert_eq(rt_board_attr(shown->attrs, "length"), 0);
	rt_spawn(&job, expect_value, NULL, "asker");
	rt_yield();
	cr_assert_eq(rt_board_task("asker")->wait_kind, VIGIL_WAIT_RECEIVE);
	cr_assert_eq(RT_LIVE_OF(op), 1);
	cr_assert_eq(rt_oneshot_send(sender, &value), 0);
	cr_assert_eq(rt_board_attr(rt_board_resource("answer")->attrs, "length"), 1);
	cr_assert_eq(rt_join(&job, NULL), 0);
	cr_assert_eq(rt_board_attr(rt_board_resource("answer")->attrs, "length"), 0);
	rt_oneshot_receiver_free(receiver);
	return 0;
}

Test(rt_oneshot, gives_its_value_to_who_waits)
{
	cr_assert_eq(rt_paused(send_to_waiting, NULL), 0);
	cr_assert_eq(dropped, 0);
}

static int once_only(void *arg RT_UNUSED)
{
	void *got = &dropped;

	open_channel();
	cr_assert_eq(rt_oneshot_try_recv(receiver, &got), -EAGAIN);
	rt_oneshot_send(sender, &value);
	cr_assert_eq(rt_oneshot_try_recv(receiver, &got), 0);
	cr_assert_eq(got, &value);
	got = &dropped;
	cr_assert_eq(rt_oneshot_recv(receiver, &got), -EINVAL);
	cr_assert_eq(got, &dropped);
	cr_assert_str_eq(rt_misused, "oneshot \"answer\" is received from again: it has one value, "
				     "which was received");
	rt_oneshot_receiver_free(receiver);
	return 0;
}

Test(rt_oneshot, has_one_value_alone)
{
	cr_assert_eq(rt_paused(once_only, NULL), 0);
}

static int not_received(void *arg RT_UNUSED)
{
	open_channel();
	rt_oneshot_send(sender, &value);
	rt_oneshot_receiver_free(receiver);
	return 0;
}

Test(rt_oneshot, drops_a_value_that_nobody_received)
{
	cr_assert_eq(rt_paused(not_received, NULL), 0);
	cr_assert_eq(dropped, 1);
}

/* ---- A side goes ---- */

static int sender_goes(void *arg RT_UNUSED)
{
	struct rt_result result;
	struct rt_handle job;

	open_channel();
	rt_spawn(&job, expect_value, NULL, "asker");
	rt_yield();
	rt_oneshot_sender_free(sender);
	cr_assert_eq(rt_board_attr(rt_board_resource("answer")->attrs, "closed"), 1);
	rt_join(&job, &result);
	cr_assert_eq(result.code, -EPIPE);
	rt_result_free(&result);
	rt_oneshot_receiver_free(receiver);
	return 0;
}

Test(rt_oneshot, tells_who_waits_that_the_sender_went)
{
	cr_assert_eq(rt_paused(sender_goes, NULL), 0);
}

static int receiver_goes(void *arg RT_UNUSED)
{
	open_channel();
	rt_oneshot_receiver_free(receiver);
	cr_assert_eq(rt_oneshot_closed(sender), 0);
	cr_assert_eq(rt_oneshot_send(sender, &value), -EPIPE);
	return 0;
}

Test(rt_oneshot, leaves_the_value_to_the_sender_when_the_receiver_is_gone)
{
	cr_assert_eq(rt_paused(receiver_goes, NULL), 0);
	cr_assert_eq(dropped, 0);
}

static int await_closed(void *arg RT_UNUSED)
{
	int error = rt_oneshot_closed(sender);

	rt_oneshot_sender_free(sender);
	return error;
}

static int closed_while_waiting(void *arg RT_UNUSED)
{
	struct rt_handle job;

	open_channel();
	rt_spawn(&job, await_closed, NULL, "server");
	rt_yield();
	cr_assert_eq(rt_board_task("server")->wait_kind, VIGIL_WAIT_CANCEL);
	rt_oneshot_receiver_free(receiver);
	cr_assert_eq(rt_join(&job, NULL), 0);
	return 0;
}

Test(rt_oneshot, tells_the_sender_that_its_value_is_not_wanted)
{
	cr_assert_eq(rt_paused(closed_while_waiting, NULL), 0);
}

/* ---- Cancellation ---- */

static int ask_cut(void *arg RT_UNUSED)
{
	return rt_cut(expect_value, NULL);
}

static int asker_is_cut(void *arg RT_UNUSED)
{
	struct rt_result result;
	struct rt_handle job;

	dropped = 0;
	open_channel();
	rt_spawn(&job, ask_cut, NULL, "asker");
	rt_yield();
	cr_assert_eq(rt_oneshot_send(sender, &value), 0);
	rt_join(&job, &result);
	rt_oneshot_receiver_free(receiver);
	cr_assert_eq(dropped, result.code ? 1 : 0);
	return 0;
}

Test(rt_oneshot, keeps_the_value_of_a_receive_that_was_cancelled)
{
	cr_assert_eq(rt_cut_everywhere(asker_is_cut, NULL), 1);
	cr_assert_eq(dropped, 0);
}

static int sent_and_cancelled(void *arg RT_UNUSED)
{
	struct rt_handle job;

	open_channel();
	rt_spawn(&job, expect_value, NULL, "asker");
	rt_yield();
	rt_oneshot_send(sender, &value);
	rt_cancel(&job);
	cr_assert_eq(rt_join(&job, NULL), 0);
	rt_oneshot_receiver_free(receiver);
	return 0;
}

Test(rt_oneshot, is_received_when_it_was_sent_before_the_cancel)
{
	cr_assert_eq(rt_paused(sent_and_cancelled, NULL), 0);
	cr_assert_eq(dropped, 0);
}

/* Both are ready when the task runs: the first in order wins, the other value stays. */
static int receive_first_of_two(void *arg)
{
	void *got = NULL, *none = NULL;
	struct rt_op ops[] = { rt_oneshot_recv_op(arg, &got), rt_oneshot_recv_op(receiver, &none) };

	cr_assert_eq(rt_select(ops, 2, RT_BIASED), 0);
	cr_assert_null(none);
	return 0;
}

static int lost_race(void *arg RT_UNUSED)
{
	struct rt_oneshot_sender *other_sender;
	struct rt_oneshot_receiver *other;
	struct rt_handle job;
	void *got;

	open_channel();
	cr_assert_eq(rt_oneshot_new("other", drop, &other_sender, &other), 0);
	rt_spawn(&job, receive_first_of_two, other, "selects");
	rt_yield();
	rt_oneshot_send(sender, &value);
	rt_oneshot_send(other_sender, &value);
	rt_join(&job, NULL);
	cr_assert_eq(rt_timeout(RT_MS, rt_oneshot_recv_op(receiver, &got)), 0);
	cr_assert_eq(got, &value);
	rt_oneshot_receiver_free(receiver);
	rt_oneshot_receiver_free(other);
	return 0;
}

Test(rt_oneshot, still_has_its_value_after_its_receive_lost_a_race)
{
	cr_assert_eq(rt_paused(lost_race, NULL), 0);
	cr_assert_eq(dropped, 0);
}

static int timed_out(void *arg RT_UNUSED)
{
	void *got;

	open_channel();
	cr_assert_eq(rt_timeout(RT_MS, rt_oneshot_recv_op(receiver, &got)), -ETIMEDOUT);
	cr_assert_eq(rt_timeout(RT_MS, rt_oneshot_closed_op(sender)), -ETIMEDOUT);
	cr_assert_eq(rt_oneshot_send(sender, &value), 0);
	cr_assert_eq(rt_oneshot_recv(receiver, &got), 0);
	rt_oneshot_receiver_free(receiver);
	return 0;
}

Test(rt_oneshot, goes_on_after_a_receive_that_timed_out)
{
	cr_assert_eq(rt_paused(timed_out, NULL), 0);
}

/* ---- Threads ---- */

static void *send_outside(void *arg)
{
	cr_assert_eq(rt_oneshot_send(arg, &value), 0);
	return NULL;
}

Test(rt_oneshot, joins_two_threads_that_know_no_runtime)
{
	pthread_t thread;
	void *got = NULL;

	open_channel();
	pthread_create(&thread, NULL, send_outside, sender);
	cr_assert_eq(rt_oneshot_recv_blocking(receiver, &got), 0);
	cr_assert_eq(got, &value);
	rt_oneshot_receiver_free(receiver);
	pthread_join(thread, NULL);
}

#define PAIRS 100
#define ROUNDS 20

static _Atomic unsigned made, received, given_up, refused;

static void free_value(void *one)
{
	given_up++;
	free(one);
}

static int answer(void *arg)
{
	int *one = malloc(sizeof(*one));

	made++;
	if ((uintptr_t)arg % 3 == 0)
		rt_yield();
	if (rt_oneshot_send(arg, one) == -EPIPE) {
		refused++;
		free(one);
	}
	return 0;
}

static int ask(void *arg)
{
	unsigned index = (unsigned)(uintptr_t)arg;

	for (unsigned i = 0; i < ROUNDS; i++) {
		struct rt_oneshot_receiver *mine;
		struct rt_oneshot_sender *theirs;
		void *got;
		int error;

		cr_assert_eq(rt_oneshot_new("answer", free_value, &theirs, &mine), 0);
		if (rt_spawn(NULL, answer, theirs, "server"))
			rt_oneshot_sender_free(theirs);
		error = (index + i) % 2 ? rt_oneshot_recv(mine, &got) :
					  rt_timeout(1, rt_oneshot_recv_op(mine, &got));
		if (!error) {
			received++;
			free(got);
		}
		rt_oneshot_receiver_free(mine);
	}
	return 0;
}

static int ask_all(void *arg RT_UNUSED)
{
	struct rt_handle jobs[PAIRS];

	for (uintptr_t i = 0; i < PAIRS; i++)
		rt_spawn(&jobs[i], ask, (void *)i, "client");
	for (int i = 0; i < PAIRS; i++)
		rt_join(&jobs[i], NULL);
	while (rt_stats().live > 1)
		rt_yield();
	return 0;
}

Test(rt_oneshot, gives_each_value_one_owner_on_four_workers)
{
	cr_assert_eq(rt_threads(4, ask_all, NULL), 0);

	cr_assert_eq(made, PAIRS * ROUNDS);
	cr_assert_eq(received + given_up + refused, made);
	cr_assert_geq(received, PAIRS * ROUNDS / 2);
}
