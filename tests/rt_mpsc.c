/* SPDX-License-Identifier: MIT */
/* The example runtime's channel: what is received, when it ends, what the board shows. */
#include "tests/support/rt.h"

#include <stdlib.h>

#include "examples/rt/mpsc.h"

TestSuite(rt_mpsc, .init = rt_begin, .fini = rt_end_empty);

static struct rt_sender *sender;
static struct rt_receiver *receiver;
static unsigned dropped;
static int numbers[10000];

static void count_drop(void *message RT_UNUSED)
{
	dropped++;
}

static void open_channel(size_t capacity)
{
	cr_assert_eq(rt_mpsc_new("jobs", capacity, count_drop, &sender, &receiver), 0);
}

static void close_channel(void)
{
	rt_sender_free(sender);
	rt_receiver_free(receiver);
}

static void expect_next(const int *message)
{
	void *got = NULL;

	cr_assert_eq(rt_try_recv(receiver, &got), 0);
	cr_assert_eq(got, message);
}

static void expect_nothing(int code)
{
	void *got = &dropped;

	cr_assert_eq(rt_try_recv(receiver, &got), code);
	cr_assert_eq(got, &dropped, "it was written to");
}

/* ---- Order and memory ---- */

static int in_order(void *arg)
{
	size_t capacity = *(size_t *)arg;
	int *in = numbers, *out = numbers;

	open_channel(capacity);
	/* 3 in, 2 out: it wraps, and an unbounded one grows around its end. */
	while (in + 3 <= numbers + 10000) {
		bool is_full = capacity && (size_t)(in - out) + 3 > capacity;

		for (int i = 0; i < 3 && !is_full; i++)
			cr_assert_eq(rt_try_send(sender, in++), 0);
		expect_next(out++);
		expect_next(out++);
	}
	cr_assert_eq(rt_receiver_count(receiver), (size_t)(in - out));
	while (out < in)
		expect_next(out++);
	expect_nothing(-EAGAIN);
	close_channel();
	return 0;
}

Test(rt_mpsc, gives_messages_in_the_order_they_were_sent)
{
	size_t capacities[] = { 0, 4, 5, 1000 };

	for (int i = 0; i < 4; i++)
		cr_assert_eq(rt_paused(in_order, &capacities[i]), 0);
}

static int burst(void *arg RT_UNUSED)
{
	open_channel(0);
	for (int i = 0; i < 10000; i++)
		cr_assert_eq(rt_try_send(sender, &numbers[i]), 0);
	cr_assert_geq(receiver->mpsc->size, 10000);
	for (int i = 0; i < 10000; i++)
		expect_next(&numbers[i]);
	cr_assert_eq(receiver->mpsc->size, 0);
	cr_assert_eq(rt_try_send(sender, &numbers[7]), 0);
	expect_next(&numbers[7]);
	close_channel();
	return 0;
}

Test(rt_mpsc, unbounded_keeps_no_memory_after_a_burst)
{
	cr_assert_eq(rt_paused(burst, NULL), 0);
}

/* ---- On the board ---- */

static int receive_all(void *arg RT_UNUSED)
{
	void *message;

	while (rt_recv(receiver, &message) == 0)
		;
	return 0;
}

static uint64_t shown(const char *key)
{
	return rt_board_attr(rt_board_resource("jobs")->attrs, key);
}

static int look_at_it(void *arg RT_UNUSED)
{
	struct rt_sender *clone;
	struct rt_handle job;

	open_channel(3);
	clone = rt_sender_clone(sender);
	cr_assert_eq(rt_board_resource("jobs")->kind, VIGIL_RESOURCE_MPSC);
	cr_assert_eq(shown("capacity"), 3);
	cr_assert_eq(shown("senders"), 2);
	rt_try_send(sender, &numbers[0]);
	rt_try_send(clone, &numbers[1]);
	cr_assert_eq(shown("length"), 2);
	expect_next(&numbers[0]);
	cr_assert_eq(shown("length"), 1);
	cr_assert_eq(shown("high water"), 2);

	rt_spawn(&job, receive_all, NULL, "consumer");
	rt_yield();
	cr_assert_eq(shown("length"), 0);
	cr_assert_eq(rt_board_task("consumer")->wait_kind, VIGIL_WAIT_RECEIVE);
	cr_assert_eq(rt_board_task("consumer")->wait_object, receiver->mpsc->resource);
	cr_assert_eq(RT_LIVE_OF(op), 1);

	rt_sender_free(clone);
	cr_assert_eq(shown("closed"), 0);
	rt_sender_free(sender);
	cr_assert_eq(shown("closed"), 1);
	cr_assert_eq(shown("senders"), 0);
	rt_join(&job, NULL);
	rt_receiver_free(receiver);
	return 0;
}

Test(rt_mpsc, shows_its_length_and_who_waits_to_receive)
{
	cr_assert_eq(rt_paused(look_at_it, NULL), 0);
}

static int look_at_unbounded(void *arg RT_UNUSED)
{
	open_channel(0);
	cr_assert_str_eq(rt_board_words(rt_board_resource("jobs")->attrs, "capacity"), "unbounded");
	close_channel();
	return 0;
}

Test(rt_mpsc, says_that_it_is_unbounded)
{
	cr_assert_eq(rt_paused(look_at_unbounded, NULL), 0);
}

/* ---- Its end ---- */

static int drained(void *arg RT_UNUSED)
{
	open_channel(2);
	rt_try_send(sender, &numbers[0]);
	rt_sender_free(sender);
	expect_next(&numbers[0]);
	expect_nothing(-EPIPE);
	expect_nothing(-EPIPE);
	rt_receiver_free(receiver);
	return 0;
}

Test(rt_mpsc, ends_for_the_receiver_when_it_is_closed_and_empty)
{
	cr_assert_eq(rt_paused(drained, NULL), 0);
	cr_assert_eq(dropped, 0);
}

static int closed_by_receiver(void *arg RT_UNUSED)
{
	open_channel(2);
	rt_try_send(sender, &numbers[0]);
	cr_assert_not(rt_sender_is_closed(sender));
	rt_receiver_close(receiver);
	rt_receiver_close(receiver);
	cr_assert(rt_sender_is_closed(sender));
	cr_assert_eq(shown("closed"), 1);
	cr_assert_eq(rt_send(sender, &numbers[1]), -EPIPE);
	expect_next(&numbers[0]);
	expect_nothing(-EPIPE);
	close_channel();
	return 0;
}

Test(rt_mpsc, takes_no_more_once_the_receiver_closed_it)
{
	cr_assert_eq(rt_paused(closed_by_receiver, NULL), 0);
}

static int left_behind(void *arg RT_UNUSED)
{
	open_channel(0);
	for (int i = 0; i < 3; i++)
		rt_try_send(sender, &numbers[i]);
	expect_next(&numbers[0]);
	rt_receiver_free(receiver);
	cr_assert_eq(dropped, 2);
	cr_assert_eq(shown("length"), 0);
	cr_assert_eq(rt_send(sender, &numbers[3]), -EPIPE);
	cr_assert(rt_sender_is_closed(sender));
	rt_sender_free(sender);
	return 0;
}

Test(rt_mpsc, drops_what_is_left_when_the_receiver_goes)
{
	cr_assert_eq(rt_paused(left_behind, NULL), 0);
	cr_assert_eq(dropped, 2);
}

static void free_sender(void *message)
{
	rt_sender_free(message);
}

static int holds_its_own_sender(void *arg RT_UNUSED)
{
	cr_assert_eq(rt_mpsc_new("self", 1, free_sender, &sender, &receiver), 0);
	cr_assert_eq(rt_try_send(sender, sender), 0);
	rt_receiver_free(receiver);
	return 0;
}

Test(rt_mpsc, may_be_freed_by_the_drop_of_a_message)
{
	cr_assert_eq(rt_paused(holds_its_own_sender, NULL), 0);
}

/* ---- Cancellation ---- */

static unsigned received;

static int receive_cut(void *arg RT_UNUSED)
{
	void *message;
	int error;

	while ((error = rt_recv(receiver, &message)) == 0)
		received++;
	return error == -EPIPE ? 0 : error;
}

static int receive_three(void *arg)
{
	return rt_cut(receive_cut, arg);
}

static int cut_receiver(void *arg RT_UNUSED)
{
	struct rt_handle job;
	unsigned sent = 0;

	received = dropped = 0;
	open_channel(1);
	rt_spawn(&job, receive_three, NULL, "receiver");
	for (int i = 0; i < 3; i++) {
		sent += rt_timeout(RT_S, rt_send_op(sender, &numbers[i])) == 0;
		rt_yield();
	}
	rt_sender_free(sender);
	rt_join(&job, NULL);
	rt_receiver_free(receiver);
	cr_assert_eq(received + dropped, sent);
	return 0;
}

Test(rt_mpsc, loses_no_message_when_its_receiver_is_cancelled_at_any_await)
{
	cr_assert_eq(rt_cut_everywhere(cut_receiver, NULL), 4);
	cr_assert_eq(received, 3);
}

/* Both are ready when the task runs: the first wins, the message stays for the next. */
static int select_both(void *arg)
{
	struct rt_receiver *stop = arg;
	void *got = NULL, *none = NULL;
	struct rt_op ops[] = { rt_recv_op(stop, &got), rt_recv_op(receiver, &none) };

	cr_assert_eq(rt_select(ops, 2, RT_BIASED), 0);
	cr_assert_eq(got, &numbers[0]);
	cr_assert_null(none);
	return 0;
}

static int lost_race(void *arg RT_UNUSED)
{
	struct rt_sender *stopper;
	struct rt_receiver *stop;
	struct rt_handle jobs[2];

	open_channel(4);
	cr_assert_eq(rt_mpsc_new("stop", 1, NULL, &stopper, &stop), 0);
	rt_spawn(&jobs[0], select_both, stop, "selects");
	rt_yield();
	rt_spawn(&jobs[1], receive_cut, NULL, "next in line");
	rt_yield();
	rt_try_send(sender, &numbers[1]);
	rt_try_send(stopper, &numbers[0]);
	rt_join(&jobs[0], NULL);
	rt_yield();
	cr_assert_eq(received, 1);
	rt_sender_free(sender);
	rt_join(&jobs[1], NULL);
	rt_receiver_free(receiver);
	rt_sender_free(stopper);
	rt_receiver_free(stop);
	return 0;
}

Test(rt_mpsc, gives_the_message_of_a_receive_that_lost_a_race_to_the_next)
{
	cr_assert_eq(rt_paused(lost_race, NULL), 0);
}

/* ---- Plain threads ---- */

static void *send_from_outside(void *arg)
{
	struct rt_sender *mine = arg;

	for (int i = 0; i < 1000; i++)
		cr_assert_eq(rt_send_blocking(mine, &numbers[i]), 0);
	rt_sender_free(mine);
	return NULL;
}

static void *receive_outside(void *arg)
{
	unsigned *count = arg;
	void *message;

	while (rt_recv_blocking(receiver, &message) == 0)
		cr_assert_eq(message, &numbers[(*count)++]);
	return NULL;
}

static int receive_in_task(void *arg)
{
	unsigned *count = arg;
	void *message;

	while (rt_recv(receiver, &message) == 0)
		cr_assert_eq(message, &numbers[(*count)++]);
	cr_assert_eq(rt_recv_blocking(receiver, &message), -EDEADLK);
	return 0;
}

Test(rt_mpsc, receives_in_a_task_what_a_plain_thread_sends)
{
	unsigned count = 0;
	pthread_t thread;

	open_channel(2);
	pthread_create(&thread, NULL, send_from_outside, sender);
	cr_assert_eq(rt_threads(2, receive_in_task, &count), 0);
	pthread_join(thread, NULL);
	rt_receiver_free(receiver);

	cr_assert_eq(count, 1000);
}

Test(rt_mpsc, joins_two_threads_that_know_no_runtime)
{
	unsigned count = 0;
	pthread_t thread;

	open_channel(2);
	pthread_create(&thread, NULL, receive_outside, &count);
	send_from_outside(sender);
	pthread_join(thread, NULL);
	rt_receiver_free(receiver);

	cr_assert_eq(count, 1000);
}
