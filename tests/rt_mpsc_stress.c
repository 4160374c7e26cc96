/* SPDX-License-Identifier: MIT */
/*
 * The example runtime's channel under load: tasks and threads that send in every way, are
 * cut short and time out. Each message is at its end received, dropped by the channel or
 * kept by its sender, and exactly one of them.
 */
#include "tests/support/rt.h"

#include <stdlib.h>

TestSuite(rt_mpsc_stress, .init = rt_begin, .fini = rt_end_empty);

struct message {
	unsigned sender, number;
};

static struct rt_sender *sender;
static struct rt_receiver *receiver;
static _Atomic unsigned made, received, dropped, kept;

#define SENDERS 40
#define THREADS 2
#define ROUNDS 1000

static unsigned last_number[SENDERS + THREADS];

static int send_somehow(struct rt_sender *mine, struct message *message, unsigned how)
{
	int error;

	switch (how % 5) {
	case 0:
		return rt_timeout(20 * RT_US, rt_send_op(mine, message));
	case 1:
		return rt_try_send(mine, message);
	case 2:
		error = rt_reserve(mine);
		if (!error && how % 2)
			error = rt_yield();
		if (error == -ECANCELED)
			return error;
		return error ? error : rt_send_reserved(mine, message);
	default:
		return rt_send(mine, message);
	}
}

static int send_many(void *arg)
{
	unsigned index = (unsigned)(uintptr_t)arg;
	struct rt_sender *mine = rt_sender_clone(sender);
	int error = 0;

	for (unsigned i = 1; i <= ROUNDS && error != -ECANCELED && error != -EPIPE; i++) {
		struct message *message = malloc(sizeof(*message));

		made++;
		*message = (struct message){ .sender = index, .number = i };
		error = send_somehow(mine, message, index + i);
		if (error) {
			kept++;
			free(message);
		}
	}
	rt_sender_free(mine);
	return error == -ECANCELED ? error : 0;
}

static void drop_message(void *message)
{
	dropped++;
	free(message);
}

static int receive_many(void *arg)
{
	unsigned until = (unsigned)(uintptr_t)arg;
	struct message *message;
	int error;

	for (unsigned i = 0; received < until; i++) {
		void *got;

		error = i % 7 ? rt_recv(receiver, &got) :
				rt_timeout(5 * RT_US, rt_recv_op(receiver, &got));
		if (error == -EPIPE)
			break;
		if (error)
			continue;
		message = got;
		received++;
		cr_assert_gt(message->number, last_number[message->sender], "out of order");
		last_number[message->sender] = message->number;
		free(message);
	}
	return 0;
}

/* Senders that are no tasks. */
static void *send_from_thread(void *arg)
{
	unsigned index = (unsigned)(uintptr_t)arg;

	for (unsigned i = 1; i <= ROUNDS; i++) {
		struct message *message = malloc(sizeof(*message));

		made++;
		*message = (struct message){ .sender = index, .number = i };
		if (!rt_send_blocking(sender, message))
			continue;
		kept++;
		free(message);
	}
	return NULL;
}

static int all_at_once(void *arg)
{
	struct rt_handle jobs[SENDERS], receiving;
	pthread_t threads[THREADS];

	cr_assert_eq(rt_mpsc_new("jobs", 3, drop_message, &sender, &receiver), 0);
	for (uintptr_t i = 0; i < SENDERS; i++)
		rt_spawn(&jobs[i], send_many, (void *)i, "sender");
	for (uintptr_t i = 0; i < THREADS; i++)
		pthread_create(&threads[i], NULL, send_from_thread, (void *)(SENDERS + i));
	rt_spawn(&receiving, receive_many, arg, "receiver");
	rt_timeout(100 * RT_US, rt_join_op(&jobs[0], NULL));
	for (int i = 0; i < SENDERS; i += 3)
		rt_cancel(&jobs[i]);
	rt_join(&receiving, NULL);
	rt_receiver_free(receiver);
	for (int i = 0; i < SENDERS; i++)
		if (jobs[i].task)
			rt_join(&jobs[i], NULL);
	for (int i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	rt_sender_free(sender);
	cr_assert_eq(received + dropped + kept, made, "%u made; %u received, %u dropped, %u kept",
		     made, received, dropped, kept);
	return 0;
}

Test(rt_mpsc_stress, gives_each_message_one_owner_on_four_workers)
{
	cr_assert_eq(rt_threads(4, all_at_once, (void *)(uintptr_t)(SENDERS * ROUNDS / 3)), 0);
	cr_assert_geq(received, SENDERS * ROUNDS / 3);
	cr_assert_gt(kept, 0);
}
