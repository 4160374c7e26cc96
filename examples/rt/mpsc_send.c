/* SPDX-License-Identifier: MIT */
/* A channel with many senders and one receiver: sending, reserving. mpsc.h has the law. */
#include <errno.h>
#include <stdlib.h>

#include "mpsc.h"

/* ---- Places ---- */

static bool has_place(const struct mpsc *mpsc)
{
	return !mpsc->capacity || mpsc->count + mpsc->granted + mpsc->permits < mpsc->capacity;
}

void mpsc_grant(struct mpsc *mpsc, struct vigil_site *site)
{
	while (mpsc->to_send.first && has_place(mpsc)) {
		waitq_wake_one(&mpsc->to_send, site);
		mpsc->granted++;
	}
}

/* A place was given back. */
static void place_is_free(struct mpsc *mpsc, struct vigil_site *site)
{
	if (!mpsc->is_closed)
		mpsc_grant(mpsc, site);
	mpsc_tell_end(mpsc, site);
}

/* On the board from the first permit on. */
static void show_permits(struct mpsc *mpsc)
{
	if (mpsc->attr_reserved)
		vigil_attr_set_u64(mpsc->attr_reserved, mpsc->permits);
	else
		mpsc->attr_reserved =
			vigil_attr_u64(mpsc->resource, "reserved", mpsc->permits, NULL);
}

/* ---- Sending, reserving ---- */

/*
 * Gets a place for op. True: it is done, with 0 and a place that the caller must count, or
 * with an error. A place granted before the channel was closed is good for as long as there
 * is a receiver.
 */
static bool get_place(struct mpsc *mpsc, struct rt_op *op)
{
	bool was_granted = op->is_granted;

	if (was_granted)
		mpsc->granted--;
	if (!mpsc->has_receiver || (mpsc->is_closed && !was_granted)) {
		op->result = -EPIPE;
		return true;
	}
	if (was_granted || (!mpsc->to_send.first && has_place(mpsc))) {
		op->result = mpsc_make_room(mpsc);
		return true;
	}
	waitq_add(&mpsc->to_send, op);
	return false;
}

static bool send_poll(struct rt_op *op)
{
	struct rt_sender *sender = op->object;
	struct mpsc *mpsc = sender->mpsc;
	bool is_done;

	pthread_mutex_lock(&mpsc->lock);
	is_done = get_place(mpsc, op);
	if (is_done && !op->result)
		mpsc_put(mpsc, op->in.pointer, op->site);
	pthread_mutex_unlock(&mpsc->lock);
	return is_done;
}

static bool reserve_poll(struct rt_op *op)
{
	struct rt_sender *sender = op->object;
	struct mpsc *mpsc = sender->mpsc;
	bool is_done;

	pthread_mutex_lock(&mpsc->lock);
	is_done = get_place(mpsc, op);
	if (is_done && !op->result) {
		sender->permits++;
		mpsc->permits++;
		show_permits(mpsc);
	}
	pthread_mutex_unlock(&mpsc->lock);
	return is_done;
}

static void place_cancel(struct rt_op *op)
{
	struct rt_sender *sender = op->object;
	struct mpsc *mpsc = sender->mpsc;

	pthread_mutex_lock(&mpsc->lock);
	if (!waitq_remove(op) && op->is_granted) {
		mpsc->granted--;
		place_is_free(mpsc, op->site);
	}
	pthread_mutex_unlock(&mpsc->lock);
}

struct rt_op rt_send_op_at(struct vigil_site *site, struct rt_sender *sender, void *message)
{
	static const struct rt_op_type type = { .source = "Sender::send",
						.waits = VIGIL_WAIT_SEND,
						.poll = send_poll,
						.cancel = place_cancel };
	struct rt_op op = op_make(&type, site, sender, sender->mpsc->resource);

	op.in.pointer = message;
	return op;
}

struct rt_op rt_reserve_op_at(struct vigil_site *site, struct rt_sender *sender)
{
	static const struct rt_op_type type = { .source = "Sender::reserve",
						.waits = VIGIL_WAIT_SEND,
						.poll = reserve_poll,
						.cancel = place_cancel };

	return op_make(&type, site, sender, sender->mpsc->resource);
}

/* ---- Permits ---- */

/* Takes one of the sender's, under the lock. */
static bool permit_take(struct rt_sender *sender)
{
	if (!sender->permits)
		return false;
	sender->permits--;
	sender->mpsc->permits--;
	show_permits(sender->mpsc);
	return true;
}

static int no_permit(const struct rt_sender *sender, const char *call)
{
	return misuse(-EINVAL,
		      "%s on channel \"%s\" by a sender that holds no place: rt_reserve first, "
		      "once for each",
		      call, sender->mpsc->name);
}

int rt_send_reserved_at(struct vigil_site *site, struct rt_sender *sender, void *message)
{
	struct mpsc *mpsc = sender->mpsc;
	bool had_permit, has_receiver;

	pthread_mutex_lock(&mpsc->lock);
	had_permit = permit_take(sender);
	has_receiver = mpsc->has_receiver;
	if (had_permit && has_receiver)
		mpsc_put(mpsc, message, site);
	pthread_mutex_unlock(&mpsc->lock);
	if (!had_permit)
		return no_permit(sender, "rt_send_reserved");
	return has_receiver ? 0 : -EPIPE;
}

void rt_unreserve(struct rt_sender *sender)
{
	struct mpsc *mpsc = sender->mpsc;
	bool had_permit;

	pthread_mutex_lock(&mpsc->lock);
	had_permit = permit_take(sender);
	if (had_permit)
		place_is_free(mpsc, NULL);
	pthread_mutex_unlock(&mpsc->lock);
	if (!had_permit)
		no_permit(sender, "rt_unreserve");
}

/* ---- Senders ---- */

struct rt_sender *rt_sender_clone(struct rt_sender *sender)
{
	struct mpsc *mpsc = sender->mpsc;
	struct rt_sender *clone = calloc(1, sizeof(*clone));

	if (!clone)
		return NULL;
	clone->mpsc = mpsc;
	pthread_mutex_lock(&mpsc->lock);
	mpsc->senders++;
	vigil_attr_u64(mpsc->resource, "senders", mpsc->senders, NULL);
	pthread_mutex_unlock(&mpsc->lock);
	return clone;
}

void rt_sender_free(struct rt_sender *sender)
{
	struct mpsc *mpsc;
	bool is_last;

	if (!sender)
		return;
	mpsc = sender->mpsc;
	pthread_mutex_lock(&mpsc->lock);
	while (permit_take(sender))
		;
	mpsc->senders--;
	vigil_attr_u64(mpsc->resource, "senders", mpsc->senders, NULL);
	if (!mpsc->senders && !mpsc->is_closed)
		vigil_attr_bool(mpsc->resource, "closed", true);
	place_is_free(mpsc, NULL);
	is_last = !mpsc->senders && !mpsc->has_receiver;
	pthread_mutex_unlock(&mpsc->lock);
	free(sender);
	if (is_last)
		mpsc_free(mpsc);
}

bool rt_sender_is_closed(const struct rt_sender *sender)
{
	struct mpsc *mpsc = sender->mpsc;
	bool is_closed;

	pthread_mutex_lock(&mpsc->lock);
	is_closed = mpsc->is_closed;
	pthread_mutex_unlock(&mpsc->lock);
	return is_closed;
}
