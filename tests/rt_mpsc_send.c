/* SPDX-License-Identifier: MIT */
/*
 * The example runtime's channel: who may send, in what order, and whose the message is when
 * a send is taken back.
 *
 * Messages are counted: each is at its end received, dropped by the channel, or kept by its
 * sender, and exactly one of them.
 */
#include "tests/support/rt.h"

TestSuite(rt_mpsc_send, .init = rt_begin, .fini = rt_end_empty);

static struct rt_sender *sender;
static struct rt_receiver *receiver;
static int some[8];
static char order[64];
static _Atomic unsigned made, received, dropped, kept;

static void drop(void *message RT_UNUSED)
{
	dropped++;
}

static void open_channel(size_t capacity)
{
	made = received = dropped = kept = 0;
	order[0] = '\0';
	cr_assert_eq(rt_mpsc_new("jobs", capacity, drop, &sender, &receiver), 0);
}

static void close_channel(void)
{
	rt_sender_free(sender);
	rt_receiver_free(receiver);
	cr_assert_eq(received + dropped + kept, made, "%u made; %u received, %u dropped, %u kept",
		     made, received, dropped, kept);
}

static int send_one(unsigned i)
{
	int error;

	made++;
	error = rt_send(sender, &some[i]);
	kept += error != 0;
	return error;
}

static int try_send_one(unsigned i)
{
	int error = rt_try_send(sender, &some[i]);

	made += error == 0;
	return error;
}

static unsigned receive_one(void)
{
	void *message = NULL;

	if (rt_try_recv(receiver, &message))
		return 99;
	received++;
	return (unsigned)((int *)message - some);
}

static uint64_t shown(const char *key)
{
	return rt_board_attr(rt_board_resource("jobs")->attrs, key);
}

/* ---- Waiting for a place ---- */

static int send_in_turn(void *arg)
{
	const char *name = arg;
	int error = send_one((unsigned)(name[0] - 'a'));

	if (!error)
		strcat(order, name);
	return error;
}

static int three_wait(void *arg RT_UNUSED)
{
	static char *const names[] = { "b", "c", "d" };
	struct rt_handle jobs[3];

	open_channel(1);
	try_send_one(0);
	for (int i = 0; i < 3; i++) {
		rt_spawn(&jobs[i], send_in_turn, names[i], names[i]);
		rt_yield();
	}
	cr_assert_eq(rt_board_task("c")->wait_kind, VIGIL_WAIT_SEND);
	cr_assert_eq(RT_LIVE_OF(op), 3);
	cr_assert_eq(shown("length"), 1);
	for (unsigned i = 0; i < 4; i++) {
		cr_assert_eq(receive_one(), i);
		/* The place is the next one's already, though it has not run. */
		cr_assert_eq(try_send_one(7), i < 3 ? -EAGAIN : 0);
		rt_yield();
	}
	cr_assert_str_eq(order, "bcd");
	for (int i = 0; i < 3; i++)
		cr_assert_eq(rt_join(&jobs[i], NULL), 0);
	close_channel();
	return 0;
}

Test(rt_mpsc_send, gives_places_in_the_order_they_were_asked_for)
{
	cr_assert_eq(rt_paused(three_wait, NULL), 0);
}

static int close_on_waiting(void *arg)
{
	struct rt_handle job;
	struct rt_result result;

	open_channel(1);
	try_send_one(0);
	rt_spawn(&job, send_in_turn, "b", "b");
	rt_yield();
	if (arg)
		rt_receiver_free(receiver);
	else
		rt_receiver_close(receiver);
	rt_join(&job, &result);
	cr_assert_eq(result.code, -EPIPE);
	cr_assert_eq(kept, 1);
	rt_result_free(&result);
	if (arg)
		receiver = NULL;
	close_channel();
	return 0;
}

Test(rt_mpsc_send, fails_when_the_receiver_closes_while_it_waits)
{
	cr_assert_eq(rt_paused(close_on_waiting, NULL), 0);
}

Test(rt_mpsc_send, fails_when_the_receiver_goes_while_it_waits)
{
	cr_assert_eq(rt_paused(close_on_waiting, "free"), 0);
}

/* A place granted before the close is used, and the receiver waits for it. */
static int close_on_granted(void *arg RT_UNUSED)
{
	struct rt_handle job;
	void *message;

	open_channel(1);
	try_send_one(0);
	rt_spawn(&job, send_in_turn, "b", "b");
	rt_yield();
	cr_assert_eq(receive_one(), 0);
	rt_receiver_close(receiver);
	cr_assert_eq(rt_recv(receiver, &message), 0);
	received++;
	cr_assert_eq(message, &some[1]);
	cr_assert_eq(rt_recv(receiver, &message), -EPIPE);
	cr_assert_eq(rt_join(&job, NULL), 0);
	close_channel();
	return 0;
}

Test(rt_mpsc_send, is_received_when_its_place_was_granted_before_the_close)
{
	cr_assert_eq(rt_paused(close_on_granted, NULL), 0);
}

/* ---- Reserved places ---- */

static int reserve_and_send(void *arg RT_UNUSED)
{
	struct rt_handle job;

	open_channel(2);
	cr_assert_eq(rt_reserve(sender), 0);
	cr_assert_eq(rt_try_reserve(sender), 0);
	cr_assert_eq(rt_try_reserve(sender), -EAGAIN);
	cr_assert_eq(try_send_one(0), -EAGAIN);
	cr_assert_eq(shown("reserved"), 2);
	cr_assert_eq(shown("length"), 0);
	rt_spawn(&job, send_in_turn, "b", "b");
	rt_yield();
	cr_assert_str_eq(order, "");

	rt_unreserve(sender);
	rt_yield();
	cr_assert_str_eq(order, "b");
	made++;
	cr_assert_eq(rt_send_reserved(sender, &some[2]), 0);
	cr_assert_eq(shown("reserved"), 0);
	cr_assert_eq(receive_one(), 1);
	cr_assert_eq(receive_one(), 2);
	cr_assert_eq(rt_join(&job, NULL), 0);
	close_channel();
	return 0;
}

Test(rt_mpsc_send, has_a_reserved_place_whatever_others_send)
{
	cr_assert_eq(rt_paused(reserve_and_send, NULL), 0);
}

static int none_reserved(void *arg RT_UNUSED)
{
	open_channel(2);
	cr_assert_eq(rt_send_reserved(sender, &some[0]), -EINVAL);
	cr_assert_str_eq(rt_misused, "rt_send_reserved on channel \"jobs\" by a sender that holds "
				     "no place: rt_reserve first, once for each");
	rt_unreserve(sender);
	cr_assert_eq(rt_misuses, 2);
	close_channel();
	return 0;
}

Test(rt_mpsc_send, needs_a_place_to_send_reserved)
{
	cr_assert_eq(rt_paused(none_reserved, NULL), 0);
}

static int reserve_many_unbounded(void *arg RT_UNUSED)
{
	struct rt_sender *clone;

	open_channel(0);
	clone = rt_sender_clone(sender);
	for (int i = 0; i < 100; i++)
		cr_assert_eq(rt_try_reserve(clone), 0);
	for (int i = 0; i < 40; i++)
		cr_assert_eq(try_send_one(1), 0);
	for (int i = 0; i < 50; i++, made++)
		cr_assert_eq(rt_send_reserved(clone, &some[2]), 0);
	rt_sender_free(clone);
	cr_assert_eq(shown("reserved"), 0);
	for (int i = 0; i < 90; i++)
		cr_assert_eq(receive_one(), i < 40 ? 1 : 2);
	close_channel();
	return 0;
}

Test(rt_mpsc_send, reserves_in_an_unbounded_channel_too)
{
	cr_assert_eq(rt_paused(reserve_many_unbounded, NULL), 0);
}

static int reserved_and_closed(void *arg RT_UNUSED)
{
	open_channel(2);
	rt_reserve(sender);
	rt_reserve(sender);
	rt_receiver_close(receiver);
	cr_assert_eq(rt_try_reserve(sender), -EPIPE);
	made++;
	cr_assert_eq(rt_send_reserved(sender, &some[3]), 0);
	cr_assert_eq(receive_one(), 3);
	cr_assert_eq(rt_try_recv(receiver, (void *[1]){ 0 }), -EAGAIN);
	rt_receiver_free(receiver);
	cr_assert_eq(rt_send_reserved(sender, &some[4]), -EPIPE);
	receiver = NULL;
	close_channel();
	return 0;
}

Test(rt_mpsc_send, uses_its_reserved_place_after_a_close_but_not_without_a_receiver)
{
	cr_assert_eq(rt_paused(reserved_and_closed, NULL), 0);
}

static int await_end(void *arg RT_UNUSED)
{
	void *message;

	return rt_recv(receiver, &message) == -EPIPE ? 0 : -EIO;
}

static int last_permit(void *arg RT_UNUSED)
{
	struct rt_handle job;

	open_channel(2);
	rt_reserve(sender);
	rt_receiver_close(receiver);
	rt_spawn(&job, await_end, NULL, "receiver");
	rt_yield();
	cr_assert_eq(rt_board_task("receiver")->wait_kind, VIGIL_WAIT_RECEIVE);
	rt_unreserve(sender);
	cr_assert_eq(rt_join(&job, NULL), 0);
	close_channel();
	return 0;
}

Test(rt_mpsc_send, ends_a_closed_channel_by_giving_its_last_place_back)
{
	cr_assert_eq(rt_paused(last_permit, NULL), 0);
}

/* ---- Taken back ---- */

static int send_and_reserve(void *arg RT_UNUSED)
{
	int error = send_one(3);

	if (!error)
		error = rt_reserve(sender);
	if (error)
		return error;
	error = rt_sleep(RT_MS);
	if (error) {
		rt_unreserve(sender);
		return error;
	}
	made++;
	return rt_send_reserved(sender, &some[4]);
}

static int send_and_reserve_cut(void *arg)
{
	return rt_cut(send_and_reserve, arg);
}

static int receive_slowly(void *arg RT_UNUSED)
{
	void *message;

	while (rt_recv(receiver, &message) == 0) {
		received++;
		rt_sleep(RT_MS);
	}
	return 0;
}

static int with_rivals(void *arg RT_UNUSED)
{
	struct rt_handle jobs[4];

	open_channel(1);
	try_send_one(0);
	rt_spawn(&jobs[0], send_in_turn, "b", "rival");
	rt_spawn(&jobs[1], send_and_reserve_cut, NULL, "cut");
	rt_spawn(&jobs[2], send_in_turn, "c", "rival");
	rt_spawn(&jobs[3], receive_slowly, NULL, "receiver");
	for (int i = 0; i < 3; i++)
		rt_join(&jobs[i], NULL);
	cr_assert_eq(strlen(order), 2);
	rt_sender_free(sender);
	sender = NULL;
	rt_join(&jobs[3], NULL);
	close_channel();
	cr_assert_eq(dropped, 0);
	return 0;
}

Test(rt_mpsc_send, keeps_its_message_when_it_is_cancelled_at_any_await)
{
	cr_assert_eq(rt_cut_everywhere(with_rivals, NULL), 3);
	cr_assert_eq(received, 5);
}

/* The place is granted, then the task cancelled, before it ran: the send is done. */
static int granted_and_cancelled(void *arg RT_UNUSED)
{
	struct rt_handle job;
	struct rt_result result;

	open_channel(1);
	try_send_one(0);
	rt_spawn(&job, send_in_turn, "b", "b");
	rt_yield();
	cr_assert_eq(receive_one(), 0);
	rt_cancel(&job);
	rt_join(&job, &result);
	cr_assert_eq(result.code, 0);
	cr_assert_eq(receive_one(), 1);
	close_channel();
	return 0;
}

Test(rt_mpsc_send, is_done_when_it_was_granted_its_place_before_the_cancel)
{
	cr_assert_eq(rt_paused(granted_and_cancelled, NULL), 0);
}

static int timed_out(void *arg RT_UNUSED)
{
	open_channel(1);
	try_send_one(0);
	made++;
	cr_assert_eq(rt_timeout(RT_MS, rt_send_op(sender, &some[1])), -ETIMEDOUT);
	kept++;
	cr_assert_eq(rt_timeout(RT_MS, rt_reserve_op(sender)), -ETIMEDOUT);
	cr_assert_eq(receive_one(), 0);
	cr_assert_eq(receive_one(), 99);
	cr_assert_eq(try_send_one(2), 0);
	close_channel();
	return 0;
}

Test(rt_mpsc_send, has_not_happened_when_it_timed_out)
{
	cr_assert_eq(rt_paused(timed_out, NULL), 0);
}

/* Both are ready when the task runs: the first wins, the place goes to the next in line. */
static int select_both(void *arg)
{
	void *got;
	struct rt_op ops[] = { rt_recv_op(arg, &got), rt_send_op(sender, &some[1]) };

	made++;
	cr_assert_eq(rt_select(ops, 2, RT_BIASED), 0);
	kept++;
	return 0;
}

static int lost_race(void *arg RT_UNUSED)
{
	struct rt_sender *stopper;
	struct rt_receiver *stop;
	struct rt_handle jobs[2];

	open_channel(1);
	cr_assert_eq(rt_mpsc_new("stop", 1, NULL, &stopper, &stop), 0);
	try_send_one(0);
	rt_spawn(&jobs[0], select_both, stop, "selects");
	rt_yield();
	rt_spawn(&jobs[1], send_in_turn, "c", "next in line");
	rt_yield();
	cr_assert_eq(receive_one(), 0);
	rt_try_send(stopper, &some[5]);
	for (int i = 0; i < 2; i++)
		cr_assert_eq(rt_join(&jobs[i], NULL), 0);
	cr_assert_eq(receive_one(), 2);
	rt_sender_free(stopper);
	rt_receiver_free(stop);
	close_channel();
	return 0;
}

Test(rt_mpsc_send, gives_its_place_to_the_next_when_it_lost_a_race)
{
	cr_assert_eq(rt_paused(lost_race, NULL), 0);
}
