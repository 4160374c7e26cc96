/* SPDX-License-Identifier: MIT */
/*
 * The example runtime's channel to many: who gets what, who misses what, and who is seen to.
 *
 * Messages are counted: each has the channel's reference and one for each who received it.
 */
#include "tests/support/rt.h"

#include <stdlib.h>

TestSuite(rt_broadcast, .init = rt_begin, .fini = rt_end_empty);

struct message {
	unsigned number;
	_Atomic int refs;
};

static struct rt_broadcast *channel;
static _Atomic int alive;

static struct message *message_new(unsigned number)
{
	struct message *message = malloc(sizeof(*message));

	*message = (struct message){ .number = number, .refs = 1 };
	alive++;
	return message;
}

static void *retain(void *arg)
{
	struct message *message = arg;

	message->refs++;
	return message;
}

static void drop(void *arg)
{
	struct message *message = arg;

	if (--message->refs)
		return;
	alive--;
	free(message);
}

static void open_channel(size_t capacity)
{
	channel = rt_broadcast_new("prices", capacity, retain, drop);
	cr_assert_not_null(channel);
}

static int send_number(unsigned number)
{
	struct message *message = message_new(number);
	int count = rt_broadcast_send(channel, message);

	if (count < 0)
		drop(message);
	return count;
}

/* The number of the next message, or a negative code. */
static int take(struct rt_subscriber *subscriber)
{
	void *got = NULL;
	int number, error = rt_subscriber_try_recv(subscriber, &got);

	if (error)
		return error;
	number = (int)((struct message *)got)->number;
	drop(got);
	return number;
}

/* ---- Who gets what ---- */

static int all_get_all(void *arg RT_UNUSED)
{
	struct rt_subscriber *first, *second;

	open_channel(4);
	cr_assert_eq(send_number(0), -EPIPE);
	first = rt_subscribe(channel);
	cr_assert_eq(take(first), -EAGAIN);
	cr_assert_eq(send_number(1), 1);
	second = rt_subscribe(channel);
	cr_assert_eq(send_number(2), 2);
	cr_assert_eq(take(first), 1);
	cr_assert_eq(alive, 1, "one that all have taken is kept");
	cr_assert_eq(take(first), 2);
	cr_assert_eq(take(second), 2);
	cr_assert_eq(alive, 0);
	cr_assert_eq(take(first), -EAGAIN);
	send_number(3);
	rt_broadcast_free(channel);
	cr_assert_eq(take(first), 3);
	cr_assert_eq(take(first), -EPIPE);
	rt_subscriber_free(first);
	cr_assert_eq(alive, 1);
	rt_subscriber_free(second);
	cr_assert_eq(alive, 0, "one that nobody waits for is kept");
	return 0;
}

Test(rt_broadcast, gives_each_subscriber_what_was_sent_since_it_subscribed)
{
	cr_assert_eq(rt_paused(all_get_all, NULL), 0);
}

static int without_references(void *arg RT_UNUSED)
{
	struct rt_subscriber *subscriber;
	int numbers[3];
	void *got;

	channel = rt_broadcast_new("static", 1, NULL, NULL);
	subscriber = rt_subscribe(channel);
	for (int i = 0; i < 3; i++) {
		rt_broadcast_send(channel, &numbers[i]);
		cr_assert_eq(rt_subscriber_recv(subscriber, &got), 0);
		cr_assert_eq(got, &numbers[i]);
	}
	rt_subscriber_free(subscriber);
	rt_broadcast_free(channel);
	cr_assert_null(rt_broadcast_new("none", 0, NULL, NULL));
	cr_assert_eq(rt_misuses, 1);
	return 0;
}

Test(rt_broadcast, may_do_without_references)
{
	cr_assert_eq(rt_paused(without_references, NULL), 0);
}

/* ---- Who misses what ---- */

static int overtaken(void *arg RT_UNUSED)
{
	struct rt_subscriber *slow, *fast;

	open_channel(2);
	slow = rt_subscribe(channel);
	fast = rt_subscribe(channel);
	for (unsigned i = 1; i <= 5; i++) {
		send_number(i);
		cr_assert_eq(take(fast), (int)i);
	}
	cr_assert_eq(take(slow), -EOVERFLOW);
	cr_assert_eq(rt_subscriber_missed(slow), 3);
	cr_assert_eq(take(slow), 4);
	cr_assert_eq(take(slow), 5);
	cr_assert_eq(take(slow), -EAGAIN);
	for (unsigned i = 6; i <= 8; i++)
		send_number(i);
	cr_assert_eq(take(slow), -EOVERFLOW);
	cr_assert_eq(rt_subscriber_missed(slow), 1);
	cr_assert_eq(take(fast), -EOVERFLOW);
	rt_subscriber_free(slow);
	cr_assert_eq(take(fast), 7);
	for (unsigned i = 9; i <= 12; i++)
		send_number(i);
	/* It goes while it is late. */
	rt_subscriber_free(fast);
	cr_assert_eq(alive, 0);
	rt_broadcast_free(channel);
	return 0;
}

Test(rt_broadcast, tells_a_late_subscriber_once_how_many_it_missed)
{
	cr_assert_eq(rt_paused(overtaken, NULL), 0);
}

/* ---- On the board ---- */

static uint64_t shown(const char *resource, const char *key)
{
	return rt_board_attr(rt_board_resource(resource)->attrs, key);
}

static int receive_all(void *arg)
{
	void *got;
	int error;

	while ((error = rt_subscriber_recv(arg, &got)) == 0 || error == -EOVERFLOW)
		if (!error)
			drop(got);
	return error == -EPIPE ? 0 : error;
}

static int look_at_it(void *arg RT_UNUSED)
{
	struct rt_subscriber *stuck, *fast;
	struct rt_handle job;

	open_channel(2);
	stuck = rt_subscribe(channel);
	fast = rt_subscribe(channel);
	cr_assert_eq(rt_board_resource("prices")->kind, VIGIL_RESOURCE_BROADCAST);
	cr_assert_eq(rt_board_resource("prices #1")->parent,
		     rt_board_resource("prices #2")->parent);
	cr_assert_eq(shown("prices", "capacity"), 2);
	cr_assert_eq(shown("prices", "subscribers"), 2);
	cr_assert_str_eq(rt_board_words(rt_board_resource("prices #1")->attrs, "task"), "main");
	rt_spawn(&job, receive_all, fast, "fast");
	rt_yield();
	cr_assert_eq(rt_board_task("fast")->wait_kind, VIGIL_WAIT_RECEIVE);
	cr_assert_eq(RT_LIVE_OF(op), 1);
	for (unsigned i = 1; i <= 5; i++) {
		send_number(i);
		rt_yield();
	}
	/* The stuck one has not even asked, and is named. */
	cr_assert_eq(shown("prices #1", "missed"), 3);
	cr_assert_eq(shown("prices #1", "position"), 0);
	cr_assert_eq(shown("prices #2", "missed"), 0);
	cr_assert_eq(shown("prices #2", "position"), 5);
	cr_assert_str_eq(rt_board_words(rt_board_resource("prices #2")->attrs, "task"), "fast");
	cr_assert_eq(shown("prices", "lagged"), 3);
	cr_assert_eq(shown("prices", "sent"), 5);
	cr_assert_eq(shown("prices", "length"), 2);
	cr_assert_eq(shown("prices", "high water"), 2);
	cr_assert_eq(take(stuck), -EOVERFLOW);
	take(stuck);
	cr_assert_eq(shown("prices", "length"), 1);
	cr_assert_eq(shown("prices #1", "position"), 4);
	for (unsigned i = 6; i <= 8; i++)
		send_number(i);
	cr_assert_eq(shown("prices #1", "missed"), 5);
	cr_assert_eq(shown("prices", "lagged"), 6, "the fast one could not run: it missed one");
	rt_broadcast_free(channel);
	cr_assert_eq(shown("prices", "closed"), 1);
	cr_assert_eq(rt_join(&job, NULL), 0);
	rt_subscriber_free(fast);
	rt_subscriber_free(stuck);
	return 0;
}

Test(rt_broadcast, names_who_is_late_though_it_does_not_receive)
{
	cr_assert_eq(rt_paused(look_at_it, NULL), 0);
	cr_assert_eq(alive, 0);
}

/* ---- Cancellation ---- */

static unsigned seen;

static int receive_cut(void *arg)
{
	void *got;
	int error;

	while ((error = rt_subscriber_recv(arg, &got)) == 0) {
		seen++;
		drop(got);
	}
	return error == -EPIPE ? 0 : error;
}

static int receive_all_cut(void *arg)
{
	return rt_cut(receive_cut, arg);
}

static int subscriber_is_cut(void *arg RT_UNUSED)
{
	struct rt_subscriber *subscriber;
	struct rt_handle job;

	seen = 0;
	open_channel(4);
	subscriber = rt_subscribe(channel);
	rt_spawn(&job, receive_all_cut, subscriber, "subscriber");
	rt_yield();
	send_number(1);
	rt_yield();
	send_number(2);
	send_number(3);
	rt_broadcast_free(channel);
	rt_join(&job, NULL);
	while (take(subscriber) >= 0)
		seen++;
	cr_assert_eq(seen, 3);
	rt_subscriber_free(subscriber);
	cr_assert_eq(alive, 0);
	return 0;
}

Test(rt_broadcast, keeps_for_a_subscriber_what_its_cancelled_task_did_not_get)
{
	cr_assert_eq(rt_cut_everywhere(subscriber_is_cut, NULL), 4);
}

static int receive_first_of_two(void *arg)
{
	struct rt_subscriber **both = arg;
	void *got = NULL, *none = NULL;
	struct rt_op ops[] = { rt_subscriber_recv_op(both[0], &got),
			       rt_subscriber_recv_op(both[1], &none) };

	cr_assert_eq(rt_select(ops, 2, RT_BIASED), 0);
	cr_assert_null(none);
	drop(got);
	return 0;
}

static int lost_race(void *arg RT_UNUSED)
{
	struct rt_subscriber *both[2];
	struct rt_handle job;
	void *got;

	open_channel(4);
	both[0] = rt_subscribe(channel);
	both[1] = rt_subscribe(channel);
	rt_spawn(&job, receive_first_of_two, both, "selects");
	rt_yield();
	send_number(1);
	rt_join(&job, NULL);
	cr_assert_eq(take(both[0]), -EAGAIN);
	cr_assert_eq(take(both[1]), 1);
	cr_assert_eq(rt_timeout(RT_MS, rt_subscriber_recv_op(both[1], &got)), -ETIMEDOUT);
	rt_subscriber_free(both[0]);
	rt_subscriber_free(both[1]);
	rt_broadcast_free(channel);
	cr_assert_eq(alive, 0);
	return 0;
}

Test(rt_broadcast, keeps_the_message_of_a_receive_that_lost_a_race)
{
	cr_assert_eq(rt_paused(lost_race, NULL), 0);
}

/* ---- Stress ---- */

#define SUBSCRIBERS 20
#define MESSAGES 3000
#define THREADS 2

static _Atomic unsigned received, missed, early, stopped;

/* Every message that was sent while it subscribed is received or missed, in order. */
static int receive_in_order(void *arg)
{
	struct rt_subscriber *subscriber = arg;
	bool leaves_early = stopped++ % 4 == 3;
	unsigned got_here = 0, missed_here = 0, last = 0;

	for (;;) {
		void *got;
		int error = got_here % 5 ?
				    rt_subscriber_recv(subscriber, &got) :
				    rt_timeout(RT_US, rt_subscriber_recv_op(subscriber, &got));

		if (error == -EOVERFLOW) {
			missed_here += (unsigned)rt_subscriber_missed(subscriber);
		} else if (error == -EPIPE) {
			break;
		} else if (!error) {
			cr_assert_geq(((struct message *)got)->number, last);
			last = ((struct message *)got)->number;
			drop(got);
			if (++got_here > MESSAGES / 100 && leaves_early)
				break;
			if (got_here % 50 == 0)
				rt_yield();
		}
	}
	received += got_here;
	missed += missed_here;
	if (leaves_early)
		early++;
	else
		cr_assert_eq(got_here + missed_here, MESSAGES);
	rt_subscriber_free(subscriber);
	return 0;
}

static int send_many(void *arg RT_UNUSED)
{
	struct rt_handle jobs[SUBSCRIBERS];

	open_channel(16);
	for (int i = 0; i < SUBSCRIBERS; i++)
		rt_spawn(&jobs[i], receive_in_order, rt_subscribe(channel), "subscriber");
	for (unsigned i = 1; i <= MESSAGES; i++) {
		cr_assert_gt(send_number(i), 0);
		if (i % 8 == 0)
			rt_yield();
	}
	rt_broadcast_free(channel);
	for (int i = 0; i < SUBSCRIBERS; i++)
		cr_assert_eq(rt_join(&jobs[i], NULL), 0);
	return 0;
}

Test(rt_broadcast, loses_none_without_telling_on_four_workers)
{
	cr_assert_eq(rt_threads(4, send_many, NULL), 0);

	cr_assert_eq(alive, 0);
	cr_assert_gt(received, 0);
	cr_assert_eq(early, SUBSCRIBERS / 4);
}

static void *receive_outside(void *arg)
{
	struct rt_subscriber *subscriber = arg;
	void *got;
	int error;

	while ((error = rt_do_blocking(rt_subscriber_recv_op(subscriber, &got))) != -EPIPE) {
		if (error)
			continue;
		received++;
		drop(got);
	}
	rt_subscriber_free(subscriber);
	return NULL;
}

Test(rt_broadcast, reaches_threads_that_know_no_runtime)
{
	pthread_t threads[THREADS];

	open_channel(200);
	for (int i = 0; i < THREADS; i++)
		pthread_create(&threads[i], NULL, receive_outside, rt_subscribe(channel));
	for (unsigned i = 0; i < 200; i++)
		send_number(i);
	rt_broadcast_free(channel);
	for (int i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	cr_assert_eq(received, THREADS * 200);
	cr_assert_eq(alive, 0);
}
