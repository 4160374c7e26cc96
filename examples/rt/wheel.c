/* SPDX-License-Identifier: MIT */
/*
 * The timing wheel.
 *
 * Law: a tick is a number of digits of six bits. A timer's level is the highest digit in
 * which its tick differs from now_tick, its slot the value of that digit. So the slots of
 * a level all begin before those of the levels above; the slot that now_tick is in has
 * timers on level 0 only, and those are due; timers of one tick share a slot, but for
 * those that are too far away for their own.
 */
#include "wheel.h"

#include <assert.h>
#include <string.h>

#define LEVEL_BITS 6
#define SLOT_MASK (WHEEL_SLOTS - 1)
#define TOP (WHEEL_LEVELS - 1)

/* Where now_tick goes next: the start of a slot that has timers. */
struct stop {
	unsigned level, slot;
	uint64_t tick;
};

static uint64_t ticks_up(uint64_t ns)
{
	return ns / WHEEL_TICK_NS + (ns % WHEEL_TICK_NS != 0);
}

static uint64_t ticks_down(uint64_t ns)
{
	return ns / WHEEL_TICK_NS;
}

void wheel_init(struct wheel *wheel, uint64_t now_ns)
{
	memset(wheel, 0, sizeof(*wheel));
	wheel->now_ns = now_ns;
	wheel->now_tick = ticks_down(now_ns);
}

/* Appends the timer to the ring of its slot. */
static void link_timer(struct wheel *wheel, struct wheel_timer *timer)
{
	struct wheel_timer **first = &wheel->slots[timer->level][timer->slot];

	if (!*first)
		*first = timer->next = timer->prev = timer;
	timer->next = *first;
	timer->prev = (*first)->prev;
	timer->prev->next = timer;
	timer->next->prev = timer;
	wheel->occupied[timer->level] |= UINT64_C(1) << timer->slot;
}

static void unlink_timer(struct wheel *wheel, struct wheel_timer *timer)
{
	struct wheel_timer **first = &wheel->slots[timer->level][timer->slot];

	if (timer->next == timer) {
		*first = NULL;
		wheel->occupied[timer->level] &= ~(UINT64_C(1) << timer->slot);
	} else {
		timer->next->prev = timer->prev;
		timer->prev->next = timer->next;
		if (*first == timer)
			*first = timer->next;
	}
	timer->next = timer->prev = NULL;
}

static void place_timer(struct wheel *wheel, struct wheel_timer *timer)
{
	uint64_t tick = timer->tick > wheel->now_tick ? timer->tick : wheel->now_tick;
	uint64_t differs = tick ^ wheel->now_tick;
	unsigned level = differs ? (63 - (unsigned)__builtin_clzll(differs)) / LEVEL_BITS : 0;

	/* The top level goes round: less than once, or it would be the slot of now. */
	if (level >= TOP) {
		uint64_t last = (wheel->now_tick >> TOP * LEVEL_BITS) + SLOT_MASK;

		level = TOP;
		if (tick >> TOP * LEVEL_BITS > last)
			tick = last << TOP * LEVEL_BITS;
	}
	timer->level = (uint8_t)level;
	timer->slot = (tick >> level * LEVEL_BITS) & SLOT_MASK;
	link_timer(wheel, timer);
}

void wheel_add(struct wheel *wheel, struct wheel_timer *timer, uint64_t deadline_ns)
{
	assert(!wheel_has(timer));
	timer->deadline_ns = deadline_ns;
	timer->tick = ticks_up(deadline_ns);
	/* What is past need not wait for the tick to end. */
	if (deadline_ns <= wheel->now_ns && deadline_ns != UINT64_MAX)
		timer->tick = ticks_down(deadline_ns);
	place_timer(wheel, timer);
	wheel->timers++;
}

bool wheel_remove(struct wheel *wheel, struct wheel_timer *timer)
{
	if (!wheel_has(timer))
		return false;
	unlink_timer(wheel, timer);
	wheel->timers--;
	return true;
}

bool wheel_has(const struct wheel_timer *timer)
{
	return timer->next != NULL;
}

static bool next_stop(const struct wheel *wheel, struct stop *ret)
{
	for (unsigned level = 0; level < WHEEL_LEVELS; level++) {
		uint64_t here = wheel->now_tick >> level * LEVEL_BITS;
		uint64_t occupied = wheel->occupied[level];
		unsigned turn = here & SLOT_MASK, ahead;

		if (!occupied)
			continue;
		/* Bit 0 becomes the slot of now. */
		occupied = occupied >> turn | occupied << (-turn & SLOT_MASK);
		ahead = (unsigned)__builtin_ctzll(occupied);
		ret->level = level;
		ret->slot = (turn + ahead) & SLOT_MASK;
		ret->tick = (here + ahead) << level * LEVEL_BITS;
		return true;
	}
	return false;
}

uint64_t wheel_next_ns(const struct wheel *wheel)
{
	struct stop stop;

	if (!next_stop(wheel, &stop) || stop.tick > UINT64_MAX / WHEEL_TICK_NS)
		return UINT64_MAX;
	return stop.tick * WHEEL_TICK_NS;
}

struct wheel_timer *wheel_expire(struct wheel *wheel, uint64_t now_ns)
{
	struct wheel_timer *timer;
	struct stop stop;
	uint64_t end;

	if (now_ns > wheel->now_ns)
		wheel->now_ns = now_ns;
	end = ticks_down(wheel->now_ns);
	while (next_stop(wheel, &stop) && stop.tick <= end) {
		wheel->now_tick = stop.tick;
		if (stop.level == 0) {
			timer = wheel->slots[0][stop.slot];
			wheel_remove(wheel, timer);
			return timer;
		}
		/* Each goes to a lower level, or further round the top one. */
		while ((timer = wheel->slots[stop.level][stop.slot])) {
			unlink_timer(wheel, timer);
			place_timer(wheel, timer);
		}
	}
	wheel->now_tick = end;
	return NULL;
}
