/* SPDX-License-Identifier: MIT */
/*
 * The inside of a channel with many senders and one receiver: what its two halves share,
 * mpsc.c (birth, the receiver) and mpsc_send.c.
 *
 * The law: a place of a bounded channel has one owner at any time: a message, a sender that
 * was granted it and has not run since, a permit, or nobody. Nobody's only while no sender
 * waits; so whoever comes does not overtake. Likewise a message is a woken receiver's
 * (promised) or anybody's, and anybody's only while no receiver waits.
 *
 * A message is put in by its sender's own poll, never by whoever made the place free: so a
 * send that was cancelled, timed out or lost a race never happened.
 */
#ifndef RT_MPSC_H
#define RT_MPSC_H

#include "core.h"

struct mpsc;

struct rt_sender {
	struct mpsc *mpsc;
	size_t permits;
};

struct rt_receiver {
	struct mpsc *mpsc;
};

struct mpsc {
	pthread_mutex_t lock;
	size_t capacity; /* 0: unbounded */
	/* A ring. Of a bounded channel it has capacity slots from birth, else it grows. */
	void **slots;
	size_t size, first, count;
	size_t promised; /* of the messages */
	size_t granted;  /* of the places; */
	size_t permits;  /* these are their senders' */
	size_t high_water;
	size_t senders;
	bool has_receiver, is_closed;
	struct waitq to_send, to_receive;
	struct rt_receiver receiver;
	void (*drop)(void *message);
	vigil_resource resource;
	vigil_attr attr_length, attr_high_water, attr_reserved;
	char name[32];
};

/* All under the lock. site is the line that makes others go on. */

/* Makes room for one more message and the permits. Returns 0 or -ENOMEM. */
int mpsc_make_room(struct mpsc *mpsc);
/* There is room. */
void mpsc_put(struct mpsc *mpsc, void *message, struct vigil_site *site);
/* Gives places that are nobody's to those who wait for one. */
void mpsc_grant(struct mpsc *mpsc, struct vigil_site *site);
/* If no message will come any more: tells those who wait for one. */
void mpsc_tell_end(struct mpsc *mpsc, struct vigil_site *site);

/* After the lock was given back by whoever was the last to use it. */
void mpsc_free(struct mpsc *mpsc);

#endif
