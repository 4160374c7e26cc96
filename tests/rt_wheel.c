/* SPDX-License-Identifier: MIT */
/*
 * The timing wheel of examples/rt: when each timer fires, and in which order.
 *
 * Law: time is a number that the test hands in; the model a plain array.
 */
#include "examples/rt/wheel.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#define MS UINT64_C(1000000)
#define YEAR (365 * 86400 * UINT64_C(1000) * MS)
#define START (1234567 * MS + 89) /* inside a tick */

static struct wheel wheel;

static void wheel_begin(void)
{
	wheel_init(&wheel, START);
}

/* A wheel gone wrong may well go round without end. */
TestSuite(rt_wheel, .init = wheel_begin, .timeout = 30);

static uint64_t up(uint64_t ns)
{
	return (ns + MS - 1) / MS * MS;
}

/* Calls wheel_expire just when the wheel asks for it. Returns the time of the timer. */
static uint64_t fires_at(const struct wheel_timer *timer)
{
	uint64_t now = wheel_next_ns(&wheel);

	for (struct wheel_timer *due; now < UINT64_MAX; now = wheel_next_ns(&wheel)) {
		due = wheel_expire(&wheel, now);
		if (due == timer)
			return now;
		cr_assert_null(due);
		cr_assert_gt(wheel_next_ns(&wheel), now);
	}
	return UINT64_MAX;
}

/* ---- When ---- */

Test(rt_wheel, a_timer_never_fires_before_its_deadline)
{
	struct wheel_timer timer = { 0 };

	for (uint64_t ahead = 1; ahead < 5 * YEAR; ahead += ahead / 3 + 1) {
		wheel_begin();
		wheel_add(&wheel, &timer, START + ahead);

		cr_assert_null(wheel_expire(&wheel, START + ahead - 1));
		cr_assert_null(wheel_expire(&wheel, up(START + ahead) - 1));
		cr_assert_eq(wheel_expire(&wheel, up(START + ahead)), &timer);
	}
}

Test(rt_wheel, a_timer_fires_in_its_tick_when_the_wheel_is_asked_when_to_expire)
{
	struct wheel_timer timer = { 0 };

	for (uint64_t ahead = 1; ahead < 500 * YEAR; ahead += ahead / 3 + 1) {
		wheel_begin();
		wheel_add(&wheel, &timer, START + ahead);

		cr_assert_leq(wheel_next_ns(&wheel), up(START + ahead));
		cr_assert_eq(fires_at(&timer), up(START + ahead));
		cr_assert_eq(wheel_next_ns(&wheel), UINT64_MAX);
	}
}

Test(rt_wheel, a_deadline_in_the_past_fires_at_the_next_expiry)
{
	const uint64_t deadlines[] = { 0, START - 5 * MS, START - 1, START };
	struct wheel_timer timer = { 0 };

	for (size_t i = 0; i < sizeof(deadlines) / sizeof(*deadlines); i++) {
		wheel_add(&wheel, &timer, deadlines[i]);

		cr_assert_leq(wheel_next_ns(&wheel), START);
		cr_assert_eq(wheel_expire(&wheel, START), &timer);
		cr_assert_eq(timer.deadline_ns, deadlines[i]);
	}
}

Test(rt_wheel, an_empty_wheel_never_needs_to_expire)
{
	cr_assert_eq(wheel_next_ns(&wheel), UINT64_MAX);
	cr_assert_null(wheel_expire(&wheel, START + YEAR));
	cr_assert_eq(wheel_next_ns(&wheel), UINT64_MAX);
}

Test(rt_wheel, the_next_expiry_is_exact_in_the_lowest_level)
{
	struct wheel_timer timers[2] = { 0 };
	uint64_t deadline = 64 * (START / (64 * MS)) * MS + 63 * MS;

	wheel_add(&wheel, &timers[0], deadline);
	wheel_add(&wheel, &timers[1], deadline + YEAR);

	cr_assert_eq(wheel_next_ns(&wheel), deadline);
}

Test(rt_wheel, a_timer_fires_on_time_after_a_jump_of_years)
{
	struct wheel_timer timers[3] = { 0 };

	wheel_add(&wheel, &timers[2], START + 400 * YEAR);
	wheel_add(&wheel, &timers[1], START + 3 * YEAR);
	wheel_add(&wheel, &timers[0], START + MS);

	for (int i = 0; i < 2; i++)
		cr_assert_eq(wheel_expire(&wheel, START + 300 * YEAR), &timers[i]);
	cr_assert_null(wheel_expire(&wheel, START + 300 * YEAR));
	cr_assert_eq(fires_at(&timers[2]), up(START + 400 * YEAR));
}

Test(rt_wheel, the_last_deadline_never_fires)
{
	struct wheel_timer timers[2] = { 0 };

	wheel_add(&wheel, &timers[0], UINT64_MAX);
	cr_assert_null(wheel_expire(&wheel, UINT64_MAX));
	wheel_add(&wheel, &timers[1], UINT64_MAX);
	cr_assert_null(wheel_expire(&wheel, UINT64_MAX));

	cr_assert_eq(wheel_next_ns(&wheel), UINT64_MAX);
	cr_assert(wheel_remove(&wheel, &timers[0]));
	cr_assert(wheel_remove(&wheel, &timers[1]));
}

Test(rt_wheel, time_does_not_go_back)
{
	struct wheel_timer timer = { 0 };

	cr_assert_null(wheel_expire(&wheel, START + 9 * MS));
	wheel_add(&wheel, &timer, START + 4 * MS);

	cr_assert_eq(wheel_expire(&wheel, START), &timer);
}

/* ---- Order ---- */

Test(rt_wheel, timers_fire_in_the_order_of_their_ticks)
{
	struct wheel_timer timers[40] = { 0 };

	for (int i = 39; i >= 0; i--)
		wheel_add(&wheel, &timers[i], START + (MS << i));

	for (int i = 0; i < 40; i++)
		cr_assert_eq(wheel_expire(&wheel, UINT64_MAX), &timers[i]);
}

Test(rt_wheel, timers_of_one_tick_fire_in_the_order_they_were_added)
{
	struct wheel_timer timers[30] = { 0 };
	uint64_t deadline = up(START + YEAR / 10);

	for (int i = 0; i < 30; i++) {
		wheel_add(&wheel, &timers[i], deadline - (i * 7919) % MS);
		/* Ever nearer, so each level has had some. */
		wheel_expire(&wheel, deadline - (deadline - wheel.now_ns) / 2);
	}

	for (int i = 0; i < 30; i++)
		cr_assert_eq(wheel_expire(&wheel, deadline), &timers[i]);
}

Test(rt_wheel, a_timer_added_while_others_expire_takes_its_place_among_them)
{
	struct wheel_timer timers[5] = { 0 };
	uint64_t now = START + YEAR;

	wheel_add(&wheel, &timers[0], START + MS);
	wheel_add(&wheel, &timers[4], START + 5000 * MS);
	cr_assert_eq(wheel_expire(&wheel, now), &timers[0]);
	wheel_add(&wheel, &timers[3], START + 4000 * MS);
	wheel_add(&wheel, &timers[1], START); /* before those that have fired */
	wheel_add(&wheel, &timers[2], START + 2 * MS);

	for (int i = 1; i < 5; i++)
		cr_assert_eq(wheel_expire(&wheel, now), &timers[i]);
	cr_assert_null(wheel_expire(&wheel, now));
}

/* ---- Removal ---- */

Test(rt_wheel, a_timer_is_removed_from_every_level)
{
	struct wheel_timer timer = { 0 };
	unsigned levels = 0;

	for (uint64_t ahead = 1; ahead < 500 * YEAR; ahead += ahead / 3 + 1) {
		wheel_add(&wheel, &timer, START + ahead);
		levels |= 1u << timer.level;

		cr_assert(wheel_has(&timer));
		cr_assert(wheel_remove(&wheel, &timer));
		cr_assert_not(wheel_has(&timer));
		cr_assert_not(wheel_remove(&wheel, &timer));
		cr_assert_eq(wheel_next_ns(&wheel), UINT64_MAX);
	}
	cr_assert_eq(levels, (1u << WHEEL_LEVELS) - 1);
	cr_assert_eq(wheel.timers, 0);
}

Test(rt_wheel, the_neighbours_of_a_removed_timer_stay)
{
	for (int gone = 0; gone < 3; gone++) {
		struct wheel_timer timers[3] = { 0 };

		wheel_begin();
		for (int i = 0; i < 3; i++)
			wheel_add(&wheel, &timers[i], START + YEAR);
		cr_assert(wheel_remove(&wheel, &timers[gone]));
		cr_assert_eq(wheel.timers, 2);

		for (int i = 0; i < 3; i++)
			if (i != gone)
				cr_assert_eq(wheel_expire(&wheel, START + 2 * YEAR), &timers[i]);
		cr_assert_null(wheel_expire(&wheel, START + 2 * YEAR));
	}
}

/* ---- Many ---- */

static uint64_t seed;

static uint64_t random_below(uint64_t below)
{
	seed = seed * 6364136223846793005u + 1442695040888963407u;
	return (seed ^ seed >> 29) % below;
}

/* From nothing to 8.7 years, short ones as likely as long ones. */
static uint64_t random_span(void)
{
	return random_below(UINT64_C(2) << random_below(38)) * (random_below(2) ? MS : 1);
}

Test(rt_wheel, a_million_timers_fire_each_in_its_tick)
{
	enum { COUNT = 1000000 };
	struct wheel_timer *timers = calloc(COUNT, sizeof(*timers));
	uint64_t now = START;
	struct wheel_timer *due;
	size_t fired = 0, late = 0;

	cr_assert_not_null(timers);
	for (size_t i = 0; i < COUNT; i++)
		wheel_add(&wheel, &timers[i], START + 1 + random_below(600000 * MS));
	for (size_t i = 0; i < COUNT; i += 4)
		wheel_remove(&wheel, &timers[i]);
	cr_assert_eq(wheel.timers, COUNT / 4 * 3);

	for (; now < UINT64_MAX; now = wheel_next_ns(&wheel))
		for (; (due = wheel_expire(&wheel, now)); fired++)
			late += up(due->deadline_ns) != now;

	cr_assert_eq(late, 0);
	cr_assert_eq(fired, COUNT / 4 * 3);
	cr_assert_eq(wheel.timers, 0);
	free(timers);
}

/* ---- Against an array ---- */

#define POOL 200

static struct model {
	struct wheel_timer timer;
	uint64_t tick;
	uint64_t order; /* of being added; 0: it is not */
} pool[POOL];

static uint64_t now_ns, now_tick;

/* Returns the one that fires first, NULL when none waits. */
static struct model *model_first(void)
{
	struct model *first = NULL;

	for (struct model *model = pool; model < pool + POOL; model++)
		if (model->order && (!first || model->tick < first->tick ||
				     (model->tick == first->tick && model->order < first->order)))
			first = model;
	return first;
}

static bool expiry_is_right(uint64_t ahead)
{
	struct model *first = model_first();

	now_ns += ahead;
	now_tick = now_ns / MS;
	if (!first || first->tick > now_tick)
		return !wheel_expire(&wheel, now_ns);
	now_tick = first->tick;
	first->order = 0;
	return wheel_expire(&wheel, now_ns) == &first->timer;
}

static bool removal_is_right(struct model *model)
{
	bool was_added = model->order;

	model->order = 0;
	return wheel_has(&model->timer) == was_added &&
	       wheel_remove(&wheel, &model->timer) == was_added && !wheel_has(&model->timer);
}

static void both_add(struct model *model, uint64_t order)
{
	uint64_t deadline = now_ns + random_span();

	if (!random_below(8))
		deadline = now_ns - random_below(START);
	if (random_below(2))
		deadline -= deadline % (64 * MS); /* to share a tick */
	wheel_add(&wheel, &model->timer, deadline);
	model->order = order;
	model->tick = (deadline <= now_ns ? deadline : up(deadline)) / MS;
	if (model->tick < now_tick)
		model->tick = now_tick;
}

static bool next_is_right(void)
{
	const struct model *first = model_first();
	uint64_t next = wheel_next_ns(&wheel);

	if (!first)
		return next == UINT64_MAX;
	if (first->tick / WHEEL_SLOTS == now_tick / WHEEL_SLOTS)
		return next == first->tick * MS;
	return next <= first->tick * MS;
}

/* Returns the first operation that went wrong, 0 when none did. */
static uint64_t first_wrong(uint64_t count)
{
	memset(pool, 0, sizeof(pool));
	wheel_begin();
	now_ns = START;
	now_tick = START / MS;
	for (uint64_t i = 1; i <= count; i++) {
		struct model *model = &pool[random_below(POOL)];
		uint64_t dice = random_below(1000);
		bool is_right = true;

		if (dice < 400 && !model->order)
			both_add(model, i);
		else if (dice < 400)
			is_right = removal_is_right(model);
		else if (dice < 999)
			is_right = expiry_is_right(dice < 700 ? random_span() >> 6 : 0);
		else
			is_right = expiry_is_right(random_span());
		if (!is_right || !next_is_right())
			return i;
	}
	return 0;
}

Test(rt_wheel, the_wheel_does_what_an_array_does)
{
	for (uint64_t round = 1; round <= 5; round++) {
		seed = round;
		cr_assert_eq(first_wrong(100000), 0);
	}
}
