/* SPDX-License-Identifier: MIT */
/*
 * A hierarchical timing wheel: timers that live inside what waits.
 *
 * Six levels of 64 slots. A slot of the lowest level is a tick of one millisecond
 * long, one of the next level 64 ticks, and so on: 2.2 years at a glance. A timer
 * further away waits in the last slot and is placed anew when that one comes.
 *
 * Law: no lock, no clock, no allocation. One caller at a time; the times it hands in
 * are nanoseconds of one clock.
 */
#ifndef RT_WHEEL_H
#define RT_WHEEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define WHEEL_TICK_NS 1000000u
#define WHEEL_LEVELS 6
#define WHEEL_SLOTS 64

/* Zeroed: in no wheel. Its memory stays put while it is in one. */
struct wheel_timer {
	struct wheel_timer *next, *prev; /* a ring, the timers of its slot; NULL outside */
	uint64_t deadline_ns;            /* as it was given */
	uint64_t tick;                   /* when it fires */
	uint8_t level, slot;
};

struct wheel {
	uint64_t now_ns;                 /* the latest time it was told */
	uint64_t now_tick;               /* no timer of an earlier tick is left */
	size_t timers;                   /* how many it holds */
	uint64_t occupied[WHEEL_LEVELS]; /* a bit for each slot with timers */
	struct wheel_timer *slots[WHEEL_LEVELS][WHEEL_SLOTS]; /* the first of each */
};

void wheel_init(struct wheel *wheel, uint64_t now_ns);

/*
 * Puts in a timer that is in no wheel. It never fires before its deadline, and less
 * than a tick after it. One whose deadline is no later than the latest time the wheel
 * was told fires at the next wheel_expire, one with UINT64_MAX never.
 */
void wheel_add(struct wheel *wheel, struct wheel_timer *timer, uint64_t deadline_ns);

/* Returns whether the timer was in the wheel. */
bool wheel_remove(struct wheel *wheel, struct wheel_timer *timer);

bool wheel_has(const struct wheel_timer *timer);

/*
 * Returns when wheel_expire must be called next, UINT64_MAX when nothing waits. Never
 * later than the tick of the first timer, and just that if it lies in the lowest level.
 * Earlier else: then a slot of a higher level is to be spread over lower ones.
 */
uint64_t wheel_next_ns(const struct wheel *wheel);

/*
 * Takes out one timer that is due, NULL when none is: to be called in a loop, in which
 * timers may be added and removed. Earlier ticks come first, and of one tick, those
 * added first, unless they were added more than 2.1 years ahead. Time does not go back:
 * a now_ns before the latest one counts as that one.
 *
 * A timer is moved at most once a level, and once in 2.1 years while it is further away.
 * Empty slots cost nothing, however long the jump. One call may move all timers of a slot.
 */
struct wheel_timer *wheel_expire(struct wheel *wheel, uint64_t now_ns);

#endif
