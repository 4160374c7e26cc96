/* SPDX-License-Identifier: MIT */
/* A channel with many senders and one receiver: birth, memory, receiving. mpsc.h has the law. */
#include "mpsc.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FIRST_SLOTS 16
#define KEPT_SLOTS 1024 /* of an unbounded one that is empty */

/* ---- Birth and end ---- */

static void show(struct mpsc *mpsc)
{
	vigil_attr_bool(mpsc->resource, "closed", false);
	vigil_attr_u64(mpsc->resource, "senders", 1, NULL);
	if (mpsc->capacity)
		vigil_attr_u64(mpsc->resource, "capacity", mpsc->capacity, NULL);
	else
		vigil_attr_text(mpsc->resource, "capacity", "unbounded");
	mpsc->attr_high_water = vigil_attr_u64(mpsc->resource, "high water", 0, NULL);
	mpsc->attr_length = vigil_attr_u64(mpsc->resource, "length", 0, NULL);
}

int rt_mpsc_new_at(struct vigil_site *site, const char *name, size_t capacity,
		   void (*drop)(void *message), struct rt_sender **ret_sender,
		   struct rt_receiver **ret_receiver)
{
	struct mpsc *mpsc = calloc(1, sizeof(*mpsc));
	struct rt_sender *sender = calloc(1, sizeof(*sender));
	void **slots = capacity ? calloc(capacity, sizeof(*slots)) : NULL;

	if (!mpsc || !sender || (capacity && !slots)) {
		free(mpsc);
		free(sender);
		free(slots);
		return -ENOMEM;
	}
	*mpsc = (struct mpsc){ .capacity = capacity,
			       .slots = slots,
			       .size = capacity,
			       .senders = 1,
			       .has_receiver = true,
			       .receiver.mpsc = mpsc,
			       .drop = drop };
	pthread_mutex_init(&mpsc->lock, NULL);
	snprintf(mpsc->name, sizeof(mpsc->name), "%s", name ? name : "");
	mpsc->resource = vigil_resource_new_at(site, VIGIL_RESOURCE_MPSC, "rt_mpsc", name, 0, 0);
	show(mpsc);
	sender->mpsc = mpsc;
	*ret_sender = sender;
	*ret_receiver = &mpsc->receiver;
	return 0;
}

void mpsc_free(struct mpsc *mpsc)
{
	vigil_resource_free(mpsc->resource);
	pthread_mutex_destroy(&mpsc->lock);
	free(mpsc->slots);
	free(mpsc);
}

/* ---- The ring ---- */

static void *slot_take(struct mpsc *mpsc)
{
	void *message = mpsc->slots[mpsc->first];

	mpsc->first = mpsc->first + 1 < mpsc->size ? mpsc->first + 1 : 0;
	mpsc->count--;
	return message;
}

static void slot_fill(struct mpsc *mpsc, void *message)
{
	size_t to_end = mpsc->size - mpsc->first;
	size_t i = mpsc->count < to_end ? mpsc->first + mpsc->count : mpsc->count - to_end;

	mpsc->slots[i] = message;
	mpsc->count++;
}

int mpsc_make_room(struct mpsc *mpsc)
{
	size_t count = mpsc->count, size = mpsc->size ? 2 * mpsc->size : FIRST_SLOTS;
	void **slots;

	if (mpsc->capacity || count + mpsc->permits < mpsc->size)
		return 0;
	slots = calloc(size, sizeof(*slots));
	if (!slots)
		return -ENOMEM;
	for (size_t i = 0; i < count; i++)
		slots[i] = slot_take(mpsc);
	free(mpsc->slots);
	mpsc->slots = slots;
	mpsc->size = size;
	mpsc->first = 0;
	mpsc->count = count;
	return 0;
}

/* What a burst needed is not kept for ever. */
static void give_room_back(struct mpsc *mpsc)
{
	if (mpsc->capacity || mpsc->count || mpsc->permits || mpsc->size <= KEPT_SLOTS)
		return;
	free(mpsc->slots);
	mpsc->slots = NULL;
	mpsc->size = 0;
	mpsc->first = 0;
}

/* ---- Messages ---- */

/* A message that is anybody's becomes the first waiting receiver's. */
static void promise(struct mpsc *mpsc, struct vigil_site *site)
{
	if (mpsc->count > mpsc->promised && waitq_wake_one(&mpsc->to_receive, site))
		mpsc->promised++;
}

void mpsc_put(struct mpsc *mpsc, void *message, struct vigil_site *site)
{
	slot_fill(mpsc, message);
	if (mpsc->count > mpsc->high_water) {
		mpsc->high_water = mpsc->count;
		vigil_attr_set_u64(mpsc->attr_high_water, mpsc->count);
	}
	vigil_attr_set_u64(mpsc->attr_length, mpsc->count);
	promise(mpsc, site);
}

static void *take(struct mpsc *mpsc, struct vigil_site *site)
{
	void *message = slot_take(mpsc);

	vigil_attr_set_u64(mpsc->attr_length, mpsc->count);
	give_room_back(mpsc);
	mpsc_grant(mpsc, site);
	mpsc_tell_end(mpsc, site);
	return message;
}

static bool is_over(const struct mpsc *mpsc)
{
	return (mpsc->is_closed || !mpsc->senders) && !mpsc->count && !mpsc->granted &&
	       !mpsc->permits;
}

void mpsc_tell_end(struct mpsc *mpsc, struct vigil_site *site)
{
	if (mpsc->to_receive.first && is_over(mpsc))
		waitq_wake_all(&mpsc->to_receive, site, false);
}

/* ---- Receiving ---- */

static bool recv_poll(struct rt_op *op)
{
	struct rt_receiver *receiver = op->object;
	struct mpsc *mpsc = receiver->mpsc;
	bool is_done = true;

	op->result = 0;
	pthread_mutex_lock(&mpsc->lock);
	if (op->is_granted)
		mpsc->promised--;
	if (mpsc->count > mpsc->promised) {
		*(void **)op->out = take(mpsc, op->site);
	} else if (is_over(mpsc)) {
		op->result = -EPIPE;
	} else {
		waitq_add(&mpsc->to_receive, op);
		is_done = false;
	}
	pthread_mutex_unlock(&mpsc->lock);
	return is_done;
}

static void recv_cancel(struct rt_op *op)
{
	struct rt_receiver *receiver = op->object;
	struct mpsc *mpsc = receiver->mpsc;

	pthread_mutex_lock(&mpsc->lock);
	if (!waitq_remove(op) && op->is_granted) {
		mpsc->promised--;
		promise(mpsc, op->site);
	}
	pthread_mutex_unlock(&mpsc->lock);
}

struct rt_op rt_recv_op_at(struct vigil_site *site, struct rt_receiver *receiver,
			   void **ret_message)
{
	static const struct rt_op_type type = { .source = "Receiver::recv",
						.waits = VIGIL_WAIT_RECEIVE,
						.poll = recv_poll,
						.cancel = recv_cancel };
	struct rt_op op = op_make(&type, site, receiver, receiver->mpsc->resource);

	op.out = ret_message;
	return op;
}

size_t rt_receiver_count(const struct rt_receiver *receiver)
{
	struct mpsc *mpsc = receiver->mpsc;
	size_t count;

	pthread_mutex_lock(&mpsc->lock);
	count = mpsc->count;
	pthread_mutex_unlock(&mpsc->lock);
	return count;
}

/* ---- The receiver's end ---- */

static void close_here(struct mpsc *mpsc)
{
	if (mpsc->is_closed)
		return;
	mpsc->is_closed = true;
	vigil_attr_bool(mpsc->resource, "closed", true);
	waitq_wake_all(&mpsc->to_send, NULL, false);
	mpsc_tell_end(mpsc, NULL);
}

void rt_receiver_close(struct rt_receiver *receiver)
{
	struct mpsc *mpsc = receiver->mpsc;

	pthread_mutex_lock(&mpsc->lock);
	close_here(mpsc);
	pthread_mutex_unlock(&mpsc->lock);
}

/*
 * What is in it goes at once, though senders may stay: a message may be what somebody waits
 * for, a request with the sender of its answer. drop may do anything, and is called when the
 * channel is touched no more: it may free its last sender.
 */
void rt_receiver_free(struct rt_receiver *receiver)
{
	struct mpsc *mpsc, left = { 0 };
	bool is_last;

	if (!receiver)
		return;
	mpsc = receiver->mpsc;
	pthread_mutex_lock(&mpsc->lock);
	close_here(mpsc);
	mpsc->has_receiver = false;
	left.slots = mpsc->slots;
	left.size = mpsc->size;
	left.first = mpsc->first;
	left.count = mpsc->count;
	left.drop = mpsc->drop;
	mpsc->slots = NULL;
	mpsc->size = mpsc->first = mpsc->count = 0;
	vigil_attr_set_u64(mpsc->attr_length, 0);
	is_last = !mpsc->senders;
	pthread_mutex_unlock(&mpsc->lock);
	if (is_last)
		mpsc_free(mpsc);
	while (left.count) {
		void *message = slot_take(&left);

		if (left.drop)
			left.drop(message);
	}
	free(left.slots);
}
