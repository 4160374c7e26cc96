/* SPDX-License-Identifier: MIT */
/*
 * Timers of one loop: a binary heap of timers that live inside other objects.
 *
 * Law: one thread only; arming never fails and never allocates, because room
 * for every timer is reserved when its owner is born.
 */
#ifndef HTTPD_TIMERS_H
#define HTTPD_TIMERS_H

#include <stddef.h>
#include <stdint.h>

struct timer {
	uint64_t due_ns;
	size_t slot; /* place in the heap; 0 when not armed */
};

struct timers {
	struct timer **heap; /* from 1: the parent of i is i / 2 */
	size_t n_armed;
	size_t n_reserved;
	size_t capacity;
};

/* CLOCK_MONOTONIC, the clock of every time in this server. */
uint64_t clock_ns(void);

/* Makes room for one more timer. Returns 0 or -ENOMEM. */
int timers_reserve(struct timers *timers);
void timers_unreserve(struct timers *timers);
void timers_fini(struct timers *timers);

/* Arms `timer`, or moves it when it is armed already. */
void timers_arm(struct timers *timers, struct timer *timer, uint64_t due_ns);
void timers_disarm(struct timers *timers, struct timer *timer);

/* Returns the timer that is due first, or NULL. */
struct timer *timers_first(const struct timers *timers);

#endif
