/* SPDX-License-Identifier: MIT */
/*
 * Every subscriber gets every message. A ring of the last `capacity`, by number; each
 * subscriber has the number of the one it takes next.
 *
 * Why it is correct: a message is waited for by the subscribers whose next number is not
 * above its own, so how many wait never falls from one message to the next. Those that
 * nobody waits for are therefore the oldest: they are dropped at once and the ring begins
 * behind them. When it is full the oldest is overwritten, and those who wait for it are late.
 *
 * On the board each subscriber is a child of the channel. What one message costs there does
 * not grow with their number: a subscriber tells its own position, the channel how many
 * messages were sent; only those who miss one are told of by the sender, so that one that
 * does not receive at all is seen all the same. retain is called under the lock: it counts,
 * no more.
 */
#include "core.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

struct slot {
	void *message;
	size_t waiting; /* subscribers who have not taken it */
};

struct rt_broadcast {
	pthread_mutex_t lock;
	size_t refs; /* the sender's, and each subscriber's */
	size_t subscribers, late_count;
	struct rt_subscriber *on_time, *late; /* late: the one they take next is gone */
	uint64_t oldest, sent;                /* numbers: in the ring are those between */
	uint64_t high_water, lagged, named;
	bool is_closed;
	struct waitq to_receive;
	void *(*retain)(void *message);
	void (*drop)(void *message);
	vigil_resource resource;
	vigil_attr attr_lagged, attr_high_water, attr_sent, attr_length;
	char name[32];
	size_t capacity;
	struct slot slots[];
};

struct rt_subscriber {
	struct rt_broadcast *broadcast;
	uint64_t position;      /* the number of the message it takes next */
	uint64_t missed;        /* of the last -EOVERFLOW */
	uint64_t missed_in_all; /* before it */
	uint64_t task;          /* who received last: its id */
	bool is_late;
	struct rt_subscriber *next, **link;
	vigil_resource resource;
	vigil_attr attr_missed, attr_position;
};

struct rt_broadcast *rt_broadcast_new_at(struct vigil_site *site, const char *name, size_t capacity,
					 void *(*retain)(void *message),
					 void (*drop)(void *message))
{
	struct rt_broadcast *broadcast;

	if (!capacity) {
		misuse(-EINVAL,
		       "broadcast \"%s\" of no capacity would lose every message: give it "
		       "1 at least",
		       name ? name : "");
		return NULL;
	}
	if (capacity > (SIZE_MAX - sizeof(*broadcast)) / sizeof(struct slot))
		return NULL;
	broadcast = calloc(1, sizeof(*broadcast) + capacity * sizeof(struct slot));
	if (!broadcast)
		return NULL;
	pthread_mutex_init(&broadcast->lock, NULL);
	snprintf(broadcast->name, sizeof(broadcast->name), "%s", name ? name : "");
	broadcast->refs = 1;
	broadcast->retain = retain;
	broadcast->drop = drop;
	broadcast->capacity = capacity;
	broadcast->resource =
		vigil_resource_new_at(site, VIGIL_RESOURCE_BROADCAST, "rt_broadcast", name, 0, 0);
	vigil_attr_bool(broadcast->resource, "closed", false);
	vigil_attr_u64(broadcast->resource, "subscribers", 0, NULL);
	vigil_attr_u64(broadcast->resource, "capacity", capacity, NULL);
	broadcast->attr_lagged = vigil_attr_u64(broadcast->resource, "lagged", 0, NULL);
	broadcast->attr_high_water = vigil_attr_u64(broadcast->resource, "high water", 0, NULL);
	broadcast->attr_sent = vigil_attr_u64(broadcast->resource, "sent", 0, NULL);
	broadcast->attr_length = vigil_attr_u64(broadcast->resource, "length", 0, NULL);
	return broadcast;
}

/* Gives the lock and a reference back. */
static void leave(struct rt_broadcast *broadcast)
{
	bool is_last = --broadcast->refs == 0;

	pthread_mutex_unlock(&broadcast->lock);
	if (!is_last)
		return;
	vigil_resource_free(broadcast->resource);
	pthread_mutex_destroy(&broadcast->lock);
	free(broadcast);
}

void rt_broadcast_free(struct rt_broadcast *broadcast)
{
	if (!broadcast)
		return;
	pthread_mutex_lock(&broadcast->lock);
	broadcast->is_closed = true;
	vigil_attr_bool(broadcast->resource, "closed", true);
	waitq_wake_all(&broadcast->to_receive, NULL, false);
	leave(broadcast);
}

/* ---- The ring ---- */

static struct slot *slot_of(struct rt_broadcast *broadcast, uint64_t number)
{
	return &broadcast->slots[number % broadcast->capacity];
}

static void show_length(struct rt_broadcast *broadcast)
{
	uint64_t length = broadcast->sent - broadcast->oldest;

	if (length > broadcast->high_water) {
		broadcast->high_water = length;
		vigil_attr_set_u64(broadcast->attr_high_water, length);
	}
	vigil_attr_set_u64(broadcast->attr_length, length);
}

/* Takes the oldest out if nobody waits for it. */
static bool take_done(struct rt_broadcast *broadcast, void **ret_message)
{
	struct slot *oldest = slot_of(broadcast, broadcast->oldest);

	if (broadcast->oldest == broadcast->sent || oldest->waiting)
		return false;
	*ret_message = oldest->message;
	broadcast->oldest++;
	show_length(broadcast);
	return true;
}

/* Drops what nobody waits for. Takes and gives back the lock, for drop may call anything. */
static void drop_done(struct rt_broadcast *broadcast)
{
	void *message;
	bool is_one;

	do {
		pthread_mutex_lock(&broadcast->lock);
		is_one = take_done(broadcast, &message);
		pthread_mutex_unlock(&broadcast->lock);
		if (is_one && broadcast->drop)
			broadcast->drop(message);
	} while (is_one);
}

/* ---- Late ones ---- */

static void list_add(struct rt_subscriber **list, struct rt_subscriber *subscriber)
{
	subscriber->next = *list;
	subscriber->link = list;
	if (subscriber->next)
		subscriber->next->link = &subscriber->next;
	*list = subscriber;
}

static void list_remove(struct rt_subscriber *subscriber)
{
	*subscriber->link = subscriber->next;
	if (subscriber->next)
		subscriber->next->link = subscriber->link;
}

static void set_late(struct rt_subscriber *subscriber, bool is_late)
{
	struct rt_broadcast *broadcast = subscriber->broadcast;

	if (subscriber->is_late == is_late)
		return;
	list_remove(subscriber);
	subscriber->is_late = is_late;
	list_add(is_late ? &broadcast->late : &broadcast->on_time, subscriber);
	if (is_late)
		broadcast->late_count++;
	else
		broadcast->late_count--;
}

/* The oldest is overwritten: so many miss it, and are named. */
static void tell_missed(struct rt_broadcast *broadcast, size_t count)
{
	uint64_t gone = broadcast->oldest;
	struct rt_subscriber *next;

	for (struct rt_subscriber *s = broadcast->on_time; s && broadcast->late_count < count;
	     s = next) {
		next = s->next;
		if (s->position <= gone)
			set_late(s, true);
	}
	for (struct rt_subscriber *s = broadcast->late; s; s = s->next)
		vigil_attr_set_u64(s->attr_missed, s->missed_in_all + gone + 1 - s->position);
	broadcast->lagged += count;
	vigil_attr_set_u64(broadcast->attr_lagged, broadcast->lagged);
}

/* ---- Sending ---- */

/* Makes room. Returns whether there is a message to drop. */
static bool overwrite(struct rt_broadcast *broadcast, void **ret_message)
{
	struct slot *oldest = slot_of(broadcast, broadcast->oldest);

	if (broadcast->sent - broadcast->oldest < broadcast->capacity)
		return false;
	if (oldest->waiting)
		tell_missed(broadcast, oldest->waiting);
	*ret_message = oldest->message;
	broadcast->oldest++;
	return true;
}

int rt_broadcast_send_at(struct vigil_site *site, struct rt_broadcast *broadcast, void *message)
{
	void *old = NULL;
	bool has_old;
	int count;

	pthread_mutex_lock(&broadcast->lock);
	if (!broadcast->subscribers) {
		pthread_mutex_unlock(&broadcast->lock);
		return -EPIPE;
	}
	count = (int)broadcast->subscribers;
	has_old = overwrite(broadcast, &old);
	*slot_of(broadcast, broadcast->sent) =
		(struct slot){ .message = message, .waiting = broadcast->subscribers };
	broadcast->sent++;
	vigil_attr_set_u64(broadcast->attr_sent, broadcast->sent);
	show_length(broadcast);
	waitq_wake_all(&broadcast->to_receive, site, false);
	pthread_mutex_unlock(&broadcast->lock);
	if (has_old && broadcast->drop)
		broadcast->drop(old);
	return count;
}

/* ---- Subscribers ---- */

/* Who receives, for those who look for a slow one. Told again when it is another task. */
static void show_task(struct rt_subscriber *subscriber)
{
	uint64_t task = rt_task_id();

	if (task == subscriber->task)
		return;
	subscriber->task = task;
	vigil_attr_text(subscriber->resource, "task", task ? rt_task_name() : "none");
}

struct rt_subscriber *rt_subscribe_at(struct vigil_site *site, struct rt_broadcast *broadcast)
{
	struct rt_subscriber *subscriber = calloc(1, sizeof(*subscriber));
	char name[sizeof(broadcast->name) + 24];

	if (!subscriber)
		return NULL;
	subscriber->broadcast = broadcast;
	pthread_mutex_lock(&broadcast->lock);
	snprintf(name, sizeof(name), "%s #%llu", broadcast->name,
		 (unsigned long long)++broadcast->named);
	subscriber->resource = vigil_resource_new_at(site, VIGIL_RESOURCE_BROADCAST,
						     "rt_subscriber", name, broadcast->resource, 0);
	subscriber->position = broadcast->sent;
	show_task(subscriber);
	subscriber->attr_missed = vigil_attr_u64(subscriber->resource, "missed", 0, NULL);
	subscriber->attr_position =
		vigil_attr_u64(subscriber->resource, "position", subscriber->position, NULL);
	list_add(&broadcast->on_time, subscriber);
	broadcast->refs++;
	broadcast->subscribers++;
	vigil_attr_u64(broadcast->resource, "subscribers", broadcast->subscribers, NULL);
	pthread_mutex_unlock(&broadcast->lock);
	return subscriber;
}

void rt_subscriber_free(struct rt_subscriber *subscriber)
{
	struct rt_broadcast *broadcast;

	if (!subscriber)
		return;
	broadcast = subscriber->broadcast;
	pthread_mutex_lock(&broadcast->lock);
	if (subscriber->is_late)
		subscriber->position = broadcast->oldest;
	for (uint64_t number = subscriber->position; number < broadcast->sent; number++)
		slot_of(broadcast, number)->waiting--;
	set_late(subscriber, false);
	list_remove(subscriber);
	broadcast->subscribers--;
	vigil_attr_u64(broadcast->resource, "subscribers", broadcast->subscribers, NULL);
	vigil_resource_free(subscriber->resource);
	pthread_mutex_unlock(&broadcast->lock);
	free(subscriber);
	drop_done(broadcast);
	pthread_mutex_lock(&broadcast->lock);
	leave(broadcast);
}

/* ---- Receiving ---- */

static void catch_up(struct rt_subscriber *subscriber)
{
	struct rt_broadcast *broadcast = subscriber->broadcast;

	subscriber->missed = broadcast->oldest - subscriber->position;
	subscriber->missed_in_all += subscriber->missed;
	subscriber->position = broadcast->oldest;
	set_late(subscriber, false);
}

/* Returns whether nobody waits for the message any more. */
static bool take(struct rt_subscriber *subscriber, void **ret_message)
{
	struct rt_broadcast *broadcast = subscriber->broadcast;
	struct slot *slot = slot_of(broadcast, subscriber->position);

	*ret_message = broadcast->retain ? broadcast->retain(slot->message) : slot->message;
	subscriber->position++;
	return --slot->waiting == 0;
}

static bool recv_poll(struct rt_op *op)
{
	struct rt_subscriber *subscriber = op->object;
	struct rt_broadcast *broadcast = subscriber->broadcast;
	bool is_done = true, is_last = false;

	op->result = 0;
	pthread_mutex_lock(&broadcast->lock);
	show_task(subscriber);
	if (subscriber->is_late) {
		catch_up(subscriber);
		op->result = -EOVERFLOW;
	} else if (subscriber->position < broadcast->sent) {
		is_last = take(subscriber, op->out);
	} else if (broadcast->is_closed) {
		op->result = -EPIPE;
	} else {
		waitq_add(&broadcast->to_receive, op);
		is_done = false;
	}
	if (is_done && op->result != -EPIPE)
		vigil_attr_set_u64(subscriber->attr_position, subscriber->position);
	pthread_mutex_unlock(&broadcast->lock);
	if (is_last)
		drop_done(broadcast);
	return is_done;
}

static void recv_cancel(struct rt_op *op)
{
	struct rt_subscriber *subscriber = op->object;

	pthread_mutex_lock(&subscriber->broadcast->lock);
	waitq_remove(op);
	pthread_mutex_unlock(&subscriber->broadcast->lock);
}

struct rt_op rt_subscriber_recv_op_at(struct vigil_site *site, struct rt_subscriber *subscriber,
				      void **ret_message)
{
	static const struct rt_op_type type = { .source = "broadcast::Receiver::recv",
						.waits = VIGIL_WAIT_RECEIVE,
						.poll = recv_poll,
						.cancel = recv_cancel };
	struct rt_op op = op_make(&type, site, subscriber, subscriber->broadcast->resource);

	op.out = ret_message;
	return op;
}

uint64_t rt_subscriber_missed(const struct rt_subscriber *subscriber)
{
	uint64_t missed;

	pthread_mutex_lock(&subscriber->broadcast->lock);
	missed = subscriber->missed;
	pthread_mutex_unlock(&subscriber->broadcast->lock);
	return missed;
}
