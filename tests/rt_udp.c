/* SPDX-License-Identifier: MIT */
/* The example runtime's datagrams. */
#include <arpa/inet.h>
#include <netinet/in.h>

#include "tests/support/rt.h"

TestSuite(rt_udp, .init = rt_begin, .fini = rt_end_empty);

static struct rt_udp *a, *b;

static void bind_pair(void)
{
	cr_assert_eq(rt_udp_bind("127.0.0.1", 0, &a), 0);
	cr_assert_eq(rt_udp_bind("127.0.0.1", 0, &b), 0);
}

static void close_pair(void)
{
	rt_udp_free(a);
	rt_udp_free(b);
}

static int send_word(struct rt_udp *from, struct rt_udp *to, const char *word)
{
	struct rt_datagram datagram = { .buf = (void *)word, .size = strlen(word) };

	cr_assert_eq(rt_udp_to(&datagram, "127.0.0.1", rt_udp_port(to)), 0);
	return rt_udp_send(from, &datagram);
}

static int there_and_back(void *arg RT_UNUSED)
{
	char buf[16];
	struct rt_datagram datagram = { .buf = buf, .size = sizeof(buf) };
	struct sockaddr_in *peer = (struct sockaddr_in *)&datagram.peer;

	bind_pair();
	cr_assert_eq(send_word(a, b, "hello"), 5);
	cr_assert_eq(rt_udp_recv(b, &datagram), 5);
	cr_assert_eq(datagram.size, 5);
	cr_assert_eq(ntohs(peer->sin_port), rt_udp_port(a));
	cr_assert_arr_eq(buf, "hello", 5);
	/* What was received is sent back as it is. */
	cr_assert_eq(rt_udp_send(b, &datagram), 5);
	cr_assert_eq(rt_udp_recv(a, &datagram), 5);
	cr_assert_eq(ntohs(peer->sin_port), rt_udp_port(b));
	close_pair();
	return 0;
}

Test(rt_udp, an_answer_goes_where_the_question_came_from)
{
	cr_assert_eq(rt_paused(there_and_back, NULL), 0);
}

static int cut_short(void *arg RT_UNUSED)
{
	char buf[4] = "...";
	struct rt_datagram datagram = { .buf = buf, .size = 2 };

	bind_pair();
	send_word(a, b, "hello");
	send_word(a, b, "");
	cr_assert_eq(rt_udp_recv(b, &datagram), 5);
	cr_assert_eq(datagram.size, 2, "it says more than there is room for");
	cr_assert_str_eq(buf, "he.");
	cr_assert_eq(rt_udp_recv(b, &datagram), 0, "an empty one is one");
	cr_assert_eq(datagram.size, 0);
	close_pair();
	return 0;
}

Test(rt_udp, says_how_long_a_datagram_was_that_did_not_fit)
{
	cr_assert_eq(rt_paused(cut_short, NULL), 0);
}

static int refused(void *arg RT_UNUSED)
{
	struct rt_datagram datagram = { .buf = "x", .size = 1 };
	struct rt_udp *second;

	cr_assert_eq(rt_udp_bind("here", 0, &second), -EINVAL);
	cr_assert_eq(rt_udp_to(&datagram, "there", 1), -EINVAL);
	bind_pair();
	cr_assert_eq(rt_udp_bind("127.0.0.1", rt_udp_port(a), &second), -EADDRINUSE);
	rt_udp_to(&datagram, "::1", 9);
	cr_assert_eq(rt_udp_send(a, &datagram), -EAFNOSUPPORT);
	datagram.size = 1 << 20;
	datagram.buf = calloc(1, datagram.size);
	rt_udp_to(&datagram, "127.0.0.1", rt_udp_port(b));
	cr_assert_eq(rt_udp_send(a, &datagram), -EMSGSIZE);
	free(datagram.buf);
	close_pair();
	return 0;
}

Test(rt_udp, says_why_it_cannot_bind_or_send)
{
	cr_assert_eq(rt_paused(refused, NULL), 0);
}

/* ---- On the board ---- */

static int receive(void *arg RT_UNUSED)
{
	char buf[16];
	struct rt_datagram datagram = { .buf = buf, .size = sizeof(buf) };
	int n = rt_udp_recv(b, &datagram);

	return n < 0 ? n : rt_udp_recv(b, &datagram);
}

static int shown(void *arg RT_UNUSED)
{
	const struct vigil_resource_record *udp;
	const struct vigil_task_record *task;
	struct rt_handle job;
	char local[32];

	bind_pair();
	snprintf(local, sizeof(local), "127.0.0.1:%u", rt_udp_port(b));
	rt_spawn(&job, receive, NULL, "receiver");
	send_word(a, b, "hello");
	rt_yield();
	task = rt_board_task("receiver");
	cr_assert_eq(task->wait_kind, VIGIL_WAIT_READABLE);
	cr_assert_geq(task->wait_fd, 0);
	udp = rt_board_resource(local);
	cr_assert_eq(udp->kind, VIGIL_RESOURCE_IO);
	cr_assert_str_eq(udp->type, "UdpSocket");
	rt_board_await(local, "bytes read", 5);
	cr_assert_eq(rt_board_attr(udp->attrs, "fd"), (uint64_t)task->wait_fd);
	cr_assert_str_eq(rt_board_words(udp->attrs, "local"), local);
	rt_cancel(&job);
	rt_join(&job, NULL);
	close_pair();
	return 0;
}

Test(rt_udp, shows_who_waits_and_what_came)
{
	cr_assert_eq(rt_paused(shown, NULL), 0);
}

/* ---- Cancellation ---- */

static int receive_cut(void *arg)
{
	return rt_cut(receive, arg);
}

static int with_sender(void *arg RT_UNUSED)
{
	struct rt_handle job;

	bind_pair();
	rt_spawn(&job, receive_cut, NULL, "receiver");
	for (int i = 0; i < 2; i++) {
		rt_sleep(RT_MS);
		send_word(a, b, "hello");
	}
	rt_join(&job, NULL);
	close_pair();
	return 0;
}

Test(rt_udp, survives_a_cancel_at_every_await)
{
	cr_assert_eq(rt_cut_everywhere(with_sender, NULL), 2);
}

static int timed_out(void *arg RT_UNUSED)
{
	char buf[16];
	struct rt_datagram datagram = { .buf = buf, .size = sizeof(buf) };

	bind_pair();
	cr_assert_eq(rt_timeout(RT_MS, rt_udp_recv_op(b, &datagram)), -ETIMEDOUT);
	cr_assert_eq(datagram.size, sizeof(buf));
	send_word(a, b, "late");
	cr_assert_eq(rt_timeout(RT_MS, rt_udp_recv_op(b, &datagram)), 4);
	close_pair();
	return 0;
}

Test(rt_udp, receives_nothing_in_an_operation_that_timed_out)
{
	cr_assert_eq(rt_paused(timed_out, NULL), 0);
}

/* ---- Stress ---- */

#define TASKS 20
#define ROUNDS 100

/* Answers whoever asks; several stand in line. An empty one ends it. */
static int answer(void *arg RT_UNUSED)
{
	for (;;) {
		char buf[8];
		struct rt_datagram datagram = { .buf = buf, .size = sizeof(buf) };
		int n = rt_udp_recv(b, &datagram);

		if (n <= 0)
			return n;
		rt_udp_send(b, &datagram);
	}
}

static int ask(void *arg RT_UNUSED)
{
	struct rt_udp *own;

	cr_assert_eq(rt_udp_bind("127.0.0.1", 0, &own), 0);
	for (int i = 0; i < ROUNDS; i++) {
		char buf[8];
		struct rt_datagram datagram = { .buf = buf, .size = sizeof(buf) };

		cr_assert_eq(send_word(own, b, "ask"), 3);
		cr_assert_eq(rt_udp_recv(own, &datagram), 3);
	}
	rt_udp_free(own);
	return 0;
}

static int many_ask(void *arg RT_UNUSED)
{
	struct rt_handle answerers[4], askers[TASKS];

	bind_pair();
	for (int i = 0; i < 4; i++)
		rt_spawn(&answerers[i], answer, NULL, "answerer");
	for (int i = 0; i < TASKS; i++)
		rt_spawn(&askers[i], ask, NULL, "asker");
	for (int i = 0; i < TASKS; i++)
		rt_join(&askers[i], NULL);
	for (int i = 0; i < 4; i++)
		send_word(a, b, "");
	for (int i = 0; i < 4; i++)
		rt_join(&answerers[i], NULL);
	close_pair();
	return 0;
}

Test(rt_udp, many_ask_one_socket_on_four_workers)
{
	cr_assert_eq(rt_threads(4, many_ask, NULL), 0);
}
