/* SPDX-License-Identifier: MIT */
/*
 * A channel for one value, once: the answer to a request.
 *
 * The law: the value is the sender's until a send returned 0, the channel's until a receive
 * returned 0, the receiver's then. A receive that was taken back leaves it in the channel.
 */
#include "core.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

struct oneshot;

struct rt_oneshot_sender {
	struct oneshot *shot;
};

struct rt_oneshot_receiver {
	struct oneshot *shot;
};

struct oneshot {
	pthread_mutex_t lock;
	void *value;
	bool is_sent, is_received; /* the value is in it between the two */
	bool has_sender, has_receiver;
	struct waitq to_receive, to_close;
	struct rt_oneshot_sender sender;
	struct rt_oneshot_receiver receiver;
	void (*drop)(void *value);
	vigil_resource resource;
	char name[32];
};

int rt_oneshot_new_at(struct vigil_site *site, const char *name, void (*drop)(void *value),
		      struct rt_oneshot_sender **ret_sender,
		      struct rt_oneshot_receiver **ret_receiver)
{
	struct oneshot *shot = calloc(1, sizeof(*shot));

	if (!shot)
		return -ENOMEM;
	pthread_mutex_init(&shot->lock, NULL);
	snprintf(shot->name, sizeof(shot->name), "%s", name ? name : "");
	shot->has_sender = shot->has_receiver = true;
	shot->sender.shot = shot->receiver.shot = shot;
	shot->drop = drop;
	shot->resource =
		vigil_resource_new_at(site, VIGIL_RESOURCE_ONESHOT, "rt_oneshot", name, 0, 0);
	vigil_attr_u64(shot->resource, "length", 0, NULL);
	*ret_sender = &shot->sender;
	*ret_receiver = &shot->receiver;
	return 0;
}

/* Gives the lock back, and the channel when both sides are gone. */
static void leave(struct oneshot *shot)
{
	bool is_last = !shot->has_sender && !shot->has_receiver;

	pthread_mutex_unlock(&shot->lock);
	if (!is_last)
		return;
	vigil_resource_free(shot->resource);
	pthread_mutex_destroy(&shot->lock);
	free(shot);
}

/* ---- The sender ---- */

int rt_oneshot_send_at(struct vigil_site *site, struct rt_oneshot_sender *sender, void *value)
{
	struct oneshot *shot = sender->shot;
	int result = 0;

	pthread_mutex_lock(&shot->lock);
	shot->has_sender = false;
	if (shot->has_receiver) {
		shot->value = value;
		shot->is_sent = true;
		vigil_attr_u64(shot->resource, "length", 1, NULL);
		waitq_wake_all(&shot->to_receive, site, false);
	} else {
		result = -EPIPE;
	}
	leave(shot);
	return result;
}

void rt_oneshot_sender_free(struct rt_oneshot_sender *sender)
{
	struct oneshot *shot;

	if (!sender)
		return;
	shot = sender->shot;
	pthread_mutex_lock(&shot->lock);
	shot->has_sender = false;
	vigil_attr_bool(shot->resource, "closed", true);
	waitq_wake_all(&shot->to_receive, NULL, false);
	leave(shot);
}

static bool closed_poll(struct rt_op *op)
{
	struct rt_oneshot_sender *sender = op->object;
	struct oneshot *shot = sender->shot;
	bool is_done;

	op->result = 0;
	pthread_mutex_lock(&shot->lock);
	is_done = !shot->has_receiver;
	if (!is_done)
		waitq_add(&shot->to_close, op);
	pthread_mutex_unlock(&shot->lock);
	return is_done;
}

static void closed_cancel(struct rt_op *op)
{
	struct rt_oneshot_sender *sender = op->object;

	pthread_mutex_lock(&sender->shot->lock);
	waitq_remove(op);
	pthread_mutex_unlock(&sender->shot->lock);
}

struct rt_op rt_oneshot_closed_op_at(struct vigil_site *site, struct rt_oneshot_sender *sender)
{
	static const struct rt_op_type type = { .source = "oneshot::Sender::closed",
						.waits = VIGIL_WAIT_CANCEL,
						.poll = closed_poll,
						.cancel = closed_cancel };

	return op_make(&type, site, sender, sender->shot->resource);
}

/* ---- The receiver ---- */

static bool recv_poll(struct rt_op *op)
{
	struct rt_oneshot_receiver *receiver = op->object;
	struct oneshot *shot = receiver->shot;
	bool is_done = true;

	op->result = 0;
	pthread_mutex_lock(&shot->lock);
	if (shot->is_received) {
		op->result = -EINVAL;
	} else if (shot->is_sent) {
		shot->is_received = true;
		*(void **)op->out = shot->value;
		vigil_attr_u64(shot->resource, "length", 0, NULL);
	} else if (!shot->has_sender) {
		op->result = -EPIPE;
	} else {
		waitq_add(&shot->to_receive, op);
		is_done = false;
	}
	pthread_mutex_unlock(&shot->lock);
	if (op->result == -EINVAL)
		misuse(-EINVAL,
		       "oneshot \"%s\" is received from again: it has one value, which was "
		       "received",
		       shot->name);
	return is_done;
}

static void recv_cancel(struct rt_op *op)
{
	struct rt_oneshot_receiver *receiver = op->object;

	pthread_mutex_lock(&receiver->shot->lock);
	waitq_remove(op);
	pthread_mutex_unlock(&receiver->shot->lock);
}

struct rt_op rt_oneshot_recv_op_at(struct vigil_site *site, struct rt_oneshot_receiver *receiver,
				   void **ret_value)
{
	static const struct rt_op_type type = { .source = "oneshot::Receiver",
						.waits = VIGIL_WAIT_RECEIVE,
						.poll = recv_poll,
						.cancel = recv_cancel };
	struct rt_op op = op_make(&type, site, receiver, receiver->shot->resource);

	op.out = ret_value;
	return op;
}

void rt_oneshot_receiver_free(struct rt_oneshot_receiver *receiver)
{
	void (*drop)(void *value) = NULL;
	void *value;
	struct oneshot *shot;

	if (!receiver)
		return;
	shot = receiver->shot;
	pthread_mutex_lock(&shot->lock);
	shot->has_receiver = false;
	value = shot->value;
	if (shot->is_sent && !shot->is_received)
		drop = shot->drop;
	vigil_attr_bool(shot->resource, "closed", true);
	vigil_attr_u64(shot->resource, "length", 0, NULL);
	waitq_wake_all(&shot->to_close, NULL, false);
	leave(shot);
	if (drop)
		drop(value);
}
