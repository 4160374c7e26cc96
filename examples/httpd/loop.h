/* SPDX-License-Identifier: MIT */
/*
 * An event loop: watches (a descriptor, a timer and a callback) on epoll, and
 * posts from other threads.
 *
 * A turn has two halves. First everything that became ready is collected:
 * events, posts and due timers only mark their watch woken. Then the woken
 * watches run, one after another.
 *
 * Law: everything here belongs to the loop's thread, except loop_post() and
 * loop_stop(). A watch is closed only by its own callback.
 */
#ifndef HTTPD_LOOP_H
#define HTTPD_LOOP_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include <vigil/vigil.h>

#include "timers.h"

/* Why a watch runs; several may come together. */
enum wake {
	WAKE_READABLE = 1 << 0,
	WAKE_WRITABLE = 1 << 1,
	WAKE_HANGUP = 1 << 2, /* error, or both directions are shut */
	WAKE_TIMER = 1 << 3,
	WAKE_JOB = 1 << 4,   /* its job came back from the pool */
	WAKE_YIELD = 1 << 5, /* it gave way to others and goes on */
	WAKE_STOP = 1 << 6,  /* finish what was begun, then close */
	WAKE_KILL = 1 << 7,  /* close now */
};

struct watch {
	struct loop *loop;
	int fd;
	uint32_t interest; /* what epoll was asked for */
	unsigned woken;    /* enum wake; not 0: on the ready list */
	struct watch *next_ready;
	struct watch *next;
	struct watch **back; /* what points at this one */
	struct timer timer;
	void (*run)(struct watch *watch, unsigned woken);
	vigil_task task; /* its owner's; each run is a poll of it */
};

/* Work sent to a loop by another thread; embedded in what it is about. */
struct post {
	struct post *next;
	void (*run)(struct post *post);
};

struct loop {
	int epoll_fd;
	int event_fd;
	bool is_stopping;
	struct timers timers;
	struct watch *watches;
	struct watch *ready;
	struct watch **ready_tail;
	struct post stop;
	struct post kill;
	pthread_mutex_t posts_lock;
	struct post *posts; /* under posts_lock, as is the tail */
	struct post **posts_tail;
};

/* Returns 0 or -errno. */
int loop_init(struct loop *loop);

/* Runs the posts that came after the loop ended, then frees it. */
void loop_fini(struct loop *loop);

/* Turns until it was stopped and its last watch is closed. */
void loop_run(struct loop *loop);

/* Any thread: has `post->run` called on the loop's thread. */
void loop_post(struct loop *loop, struct post *post);

/* Any thread: asks every watch to finish, or to close now. Each once. */
void loop_stop(struct loop *loop, bool is_now);

/* Returns 0 or -errno; takes `fd` over only on success. */
int watch_open(struct watch *watch, struct loop *loop, int fd, uint32_t interest,
	       void (*run)(struct watch *, unsigned));
void watch_close(struct watch *watch);
void watch_want(struct watch *watch, uint32_t interest);

/* Puts it on the ready list. The console shows the caller's line: event, timer, job. */
#define watch_wake(watch, why) watch_wake_at(VIGIL_HERE(), watch, why, 0)
#define watch_wake_by(watch, why, by) watch_wake_at(VIGIL_HERE(), watch, why, by)
void watch_wake_at(struct vigil_site *site, struct watch *watch, unsigned why, vigil_object by);

void watch_arm(struct watch *watch, unsigned delay_ms);
void watch_disarm(struct watch *watch);

#endif
