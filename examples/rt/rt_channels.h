/* SPDX-License-Identifier: MIT */
/*
 * Channels: messages from task to task.
 * Part of rt.h, whose head has the promise that holds here too.
 */
#ifndef RT_PART_CHANNELS_H
#define RT_PART_CHANNELS_H

#ifndef RT_H
#error "include rt.h instead"
#endif

/* ---- Channels (mpsc.c, broadcast.c, oneshot.c, watch.c) ---- */

/*
 * Many senders, one receiver, messages are pointers. Several tasks may send through one
 * sender, and receive from the one receiver: each message goes to one of them. Closed for
 * receiving when all senders are gone and it is empty, for sending when the receiver is.
 * Messages left in it when the receiver goes are given to drop, which may be NULL. capacity 0:
 * unbounded.
 */
struct rt_sender;
struct rt_receiver;
int rt_mpsc_new_at(struct vigil_site *site, const char *name, size_t capacity,
		   void (*drop)(void *message), struct rt_sender **ret_sender,
		   struct rt_receiver **ret_receiver);
#define rt_mpsc_new(name, capacity, drop, ret_sender, ret_receiver)                                \
	rt_mpsc_new_at(VIGIL_HERE(), name, capacity, drop, ret_sender, ret_receiver)
struct rt_sender *rt_sender_clone(struct rt_sender *sender);
void rt_sender_free(struct rt_sender *sender);
void rt_receiver_free(struct rt_receiver *receiver);
/* On an error the message stays the caller's. -EPIPE: nobody will receive it. */
struct rt_op rt_send_op_at(struct vigil_site *site, struct rt_sender *sender, void *message);
#define rt_send_op(sender, message) rt_send_op_at(VIGIL_HERE(), sender, message)
#define rt_send(sender, message) rt_do(rt_send_op(sender, message))
#define rt_try_send(sender, message) rt_try(rt_send_op(sender, message))
#define rt_send_blocking(sender, message) rt_do_blocking(rt_send_op(sender, message))
/* -EPIPE: closed and empty. */
struct rt_op rt_recv_op_at(struct vigil_site *site, struct rt_receiver *receiver,
			   void **ret_message);
#define rt_recv_op(receiver, ret_message) rt_recv_op_at(VIGIL_HERE(), receiver, ret_message)
#define rt_recv(receiver, ret_message) rt_do(rt_recv_op(receiver, ret_message))
#define rt_try_recv(receiver, ret_message) rt_try(rt_recv_op(receiver, ret_message))
#define rt_recv_blocking(receiver, ret_message) rt_do_blocking(rt_recv_op(receiver, ret_message))
/* No more may be sent; what is in it can be received. */
void rt_receiver_close(struct rt_receiver *receiver);
bool rt_sender_is_closed(const struct rt_sender *sender);
size_t rt_receiver_count(const struct rt_receiver *receiver);
/*
 * A place in the channel, to be sent to without waiting, also after rt_receiver_close, or
 * given back; rt_sender_free gives back what is left. The receiver waits for those that are
 * out. rt_send_reserved returns -EINVAL when the sender has none, -EPIPE when the receiver is
 * gone: then the place is given back, and the message stays the caller's.
 */
struct rt_op rt_reserve_op_at(struct vigil_site *site, struct rt_sender *sender);
#define rt_reserve_op(sender) rt_reserve_op_at(VIGIL_HERE(), sender)
#define rt_reserve(sender) rt_do(rt_reserve_op(sender))
#define rt_try_reserve(sender) rt_try(rt_reserve_op(sender))
int rt_send_reserved_at(struct vigil_site *site, struct rt_sender *sender, void *message);
#define rt_send_reserved(sender, message) rt_send_reserved_at(VIGIL_HERE(), sender, message)
void rt_unreserve(struct rt_sender *sender);

/*
 * Every subscriber gets every message sent since it subscribed. The channel keeps the last
 * `capacity`; a subscriber that is further behind is told by how many (-EOVERFLOW, once) and
 * goes on with the oldest that is left. Messages are pointers shared by all: retain is
 * called for each receiver that gets one, under the channel's lock: it counts, no more. drop
 * is for each that is done; the channel calls it as soon as nobody waits for the message.
 * Either may be NULL. capacity 0 is misuse: NULL.
 */
struct rt_broadcast;
struct rt_subscriber;
struct rt_broadcast *rt_broadcast_new_at(struct vigil_site *site, const char *name, size_t capacity,
					 void *(*retain)(void *message),
					 void (*drop)(void *message));
#define rt_broadcast_new(name, capacity, retain, drop)                                             \
	rt_broadcast_new_at(VIGIL_HERE(), name, capacity, retain, drop)
void rt_broadcast_free(struct rt_broadcast *broadcast); /* closes: subscribers drain, then -EPIPE */
/*
 * Takes the message. Returns the number of subscribers; -EPIPE when there is none: then the
 * message stays the caller's.
 */
int rt_broadcast_send_at(struct vigil_site *site, struct rt_broadcast *broadcast, void *message);
#define rt_broadcast_send(broadcast, message) rt_broadcast_send_at(VIGIL_HERE(), broadcast, message)
struct rt_subscriber *rt_subscribe_at(struct vigil_site *site, struct rt_broadcast *broadcast);
#define rt_subscribe(broadcast) rt_subscribe_at(VIGIL_HERE(), broadcast)
void rt_subscriber_free(struct rt_subscriber *subscriber);
struct rt_op rt_subscriber_recv_op_at(struct vigil_site *site, struct rt_subscriber *subscriber,
				      void **ret_message);
#define rt_subscriber_recv_op(subscriber, ret_message)                                             \
	rt_subscriber_recv_op_at(VIGIL_HERE(), subscriber, ret_message)
#define rt_subscriber_recv(subscriber, ret_message)                                                \
	rt_do(rt_subscriber_recv_op(subscriber, ret_message))
#define rt_subscriber_try_recv(subscriber, ret_message)                                            \
	rt_try(rt_subscriber_recv_op(subscriber, ret_message))
uint64_t rt_subscriber_missed(const struct rt_subscriber *subscriber); /* of the last -EOVERFLOW */

/* One value, once. */
struct rt_oneshot_sender;
struct rt_oneshot_receiver;
int rt_oneshot_new_at(struct vigil_site *site, const char *name, void (*drop)(void *value),
		      struct rt_oneshot_sender **ret_sender,
		      struct rt_oneshot_receiver **ret_receiver);
#define rt_oneshot_new(name, drop, ret_sender, ret_receiver)                                       \
	rt_oneshot_new_at(VIGIL_HERE(), name, drop, ret_sender, ret_receiver)
/* Uses the sender up. -EPIPE: the receiver is gone, the value stays the caller's. */
int rt_oneshot_send_at(struct vigil_site *site, struct rt_oneshot_sender *sender, void *value);
#define rt_oneshot_send(sender, value) rt_oneshot_send_at(VIGIL_HERE(), sender, value)
void rt_oneshot_sender_free(struct rt_oneshot_sender *sender); /* without a value */
/* Awaits that the receiver goes: the answer is not wanted any more. */
struct rt_op rt_oneshot_closed_op_at(struct vigil_site *site, struct rt_oneshot_sender *sender);
#define rt_oneshot_closed_op(sender) rt_oneshot_closed_op_at(VIGIL_HERE(), sender)
#define rt_oneshot_closed(sender) rt_do(rt_oneshot_closed_op(sender))
/* -EPIPE: the sender went without sending; -EINVAL: received before. */
struct rt_op rt_oneshot_recv_op_at(struct vigil_site *site, struct rt_oneshot_receiver *receiver,
				   void **ret_value);
#define rt_oneshot_recv_op(receiver, ret_value)                                                    \
	rt_oneshot_recv_op_at(VIGIL_HERE(), receiver, ret_value)
#define rt_oneshot_recv(receiver, ret_value) rt_do(rt_oneshot_recv_op(receiver, ret_value))
#define rt_oneshot_try_recv(receiver, ret_value) rt_try(rt_oneshot_recv_op(receiver, ret_value))
#define rt_oneshot_recv_blocking(receiver, ret_value)                                              \
	rt_do_blocking(rt_oneshot_recv_op(receiver, ret_value))
void rt_oneshot_receiver_free(struct rt_oneshot_receiver *receiver);

/*
 * The latest value, size bytes that are copied. Each watcher knows whether it has seen it:
 * the value at its birth counts as seen.
 */
struct rt_watch;
struct rt_watcher;
struct rt_watch *rt_watch_new_at(struct vigil_site *site, const char *name, size_t size,
				 const void *initial);
#define rt_watch_new(name, size, initial) rt_watch_new_at(VIGIL_HERE(), name, size, initial)
void rt_watch_free(struct rt_watch *watch); /* closes: watchers get -EPIPE from changed */
void rt_watch_send_at(struct vigil_site *site, struct rt_watch *watch, const void *value);
#define rt_watch_send(watch, value) rt_watch_send_at(VIGIL_HERE(), watch, value)
/* Awaits that no watcher is left. */
struct rt_op rt_watch_closed_op_at(struct vigil_site *site, struct rt_watch *watch);
#define rt_watch_closed_op(watch) rt_watch_closed_op_at(VIGIL_HERE(), watch)
#define rt_watch_closed(watch) rt_do(rt_watch_closed_op(watch))
struct rt_watcher *rt_watcher_new(struct rt_watch *watch);
void rt_watcher_free(struct rt_watcher *watcher); /* gives back what it borrowed */
/* Awaits a value that this watcher has not seen, and marks it seen; -EPIPE behind the last. */
struct rt_op rt_watcher_changed_op_at(struct vigil_site *site, struct rt_watcher *watcher);
#define rt_watcher_changed_op(watcher) rt_watcher_changed_op_at(VIGIL_HERE(), watcher)
#define rt_watcher_changed(watcher) rt_do(rt_watcher_changed_op(watcher))
void rt_watcher_get(struct rt_watcher *watcher, void *ret_value); /* marks it seen */
/*
 * Lends the value itself, and does not mark it seen; senders block until rt_watcher_give_back.
 * Do not await between. A send on the same thread would never end: misuse, and not done.
 */
const void *rt_watcher_borrow(struct rt_watcher *watcher);
void rt_watcher_give_back(struct rt_watcher *watcher);

#endif
