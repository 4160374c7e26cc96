/* SPDX-License-Identifier: MIT */
/*
 * The board's clock against the kernel's. Nothing here depends on how fast the
 * machine is: each reading is held between two of clock_gettime.
 */
#include "libtrace/clock.h"

#include <criterion/criterion.h>
#include <pthread.h>
#include <time.h>

#define TOLERANCE_NS 50000 /* a first line, drawn in 0.1 ms, on a busy virtual machine */
#define READS 3000000

static void start(void)
{
	clock_init(NULL, NULL);
}

TestSuite(clock, .init = start);

static uint64_t kernel_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

/*
 * How far a reading lies outside the two of the kernel's around it. Two far apart,
 * because we lost the processor in between, would hold any reading.
 */
static uint64_t distance(void)
{
	uint64_t before, ns, after;

	do {
		before = kernel_ns();
		ns = clock_now();
		after = kernel_ns();
	} while (after - before > TOLERANCE_NS / 4);
	if (ns < before)
		return before - ns;
	return ns > after ? ns - after : 0;
}

static void *read_on_thread(void *arg)
{
	uint64_t last = 0, ns;

	for (int i = 0; i < READS; i++) {
		ns = clock_now();
		if (ns < last)
			++*(uint64_t *)arg;
		last = ns;
	}
	return NULL;
}

Test(clock, no_thread_ever_sees_it_go_back)
{
	uint64_t steps[2] = { 0 };
	pthread_t threads[2];

	for (int i = 0; i < 2; i++)
		cr_assert_eq(pthread_create(&threads[i], NULL, read_on_thread, &steps[i]), 0);
	for (int i = 0; i < 2; i++)
		pthread_join(threads[i], NULL);

	cr_assert_eq(steps[0] + steps[1], 0);
}

Test(clock, it_stays_near_the_kernels_over_many_lines)
{
	uint64_t begin = kernel_ns(), worst = 0, far;
	uint32_t lines = the_clock.line;

	while (kernel_ns() - begin < 300000000) {
		far = distance();
		worst = far > worst ? far : worst;
	}

	cr_assert_lt(worst, TOLERANCE_NS);
	if (the_clock.source == VIGIL_CLOCK_TSC)
		cr_assert_gt(the_clock.line, lines);
}

Test(clock, its_rate_is_reported_when_the_counter_is_used)
{
	if (the_clock.source == VIGIL_CLOCK_TSC)
		cr_assert(clock_tsc_hz() > 100000000 && clock_tsc_hz() < 10000000000);
	else
		cr_assert_eq(clock_tsc_hz(), 0);
}

#if defined(__x86_64__)

/* The line that holds now. */
static struct clock_line *line(void)
{
	return &the_clock.lines[the_clock.line % CLOCK_LINES];
}

Test(clock, a_counter_that_ran_on_while_the_machine_slept_adds_no_time)
{
	uint64_t before, ahead, begin, hour = 3600ull * clock_tsc_hz();

	if (the_clock.source != VIGIL_CLOCK_TSC)
		cr_skip_test("the counter is not used here");
	before = clock_now();
	line()->base_ticks -= hour; /* as if it had counted an hour more */
	cr_assert_geq(clock_now(), before);

	/* At most the rest of the line that held; then at half speed back to true time. */
	ahead = distance();
	cr_assert_lt(ahead, 1100000000);
	begin = kernel_ns();
	/* How soon depends on who else wants the processor; it never takes this long. */
	while (ahead >= TOLERANCE_NS && kernel_ns() - begin < 10 * 1000000000ull)
		ahead = distance();
	cr_assert_lt(ahead, TOLERANCE_NS);
}

Test(clock, time_that_passed_while_the_counter_stood_is_added)
{
	if (the_clock.source != VIGIL_CLOCK_TSC)
		cr_skip_test("the counter is not used here");
	line()->base_ns -= 10000000000; /* ten seconds behind */
	line()->limit = 0;
	(void)clock_now();

	cr_assert_lt(distance(), TOLERANCE_NS);
}

Test(clock, a_counter_that_was_reset_turns_time_back_to_the_kernels_at_most)
{
	uint64_t before;

	if (the_clock.source != VIGIL_CLOCK_TSC)
		cr_skip_test("the counter is not used here");
	before = clock_now();
	line()->base_ticks += 1000ull * clock_tsc_hz(); /* we are far before it now */

	/* The line may have been ahead of the kernel by as much as lines err. */
	cr_assert_geq(clock_now() + TOLERANCE_NS, before);
	cr_assert_lt(distance(), 1100000000); /* the longest line, and then some */
}

Test(clock, a_processor_whose_counter_lies_behind_a_new_line_reads_its_start)
{
	uint64_t before;

	if (the_clock.source != VIGIL_CLOCK_TSC)
		cr_skip_test("the counter is not used here");
	before = clock_now();
	/* Another thread draws, so this one must make do with the line there is. */
	the_clock.lines[the_clock.line % CLOCK_LINES].base_ticks += clock_tsc_hz();
	the_clock.lines[the_clock.line % CLOCK_LINES].base_ns = before;
	the_clock.lines[the_clock.line % CLOCK_LINES].limit = 1;

	cr_assert_lt(clock_now() - before, 1000000000);
}

Test(clock, a_processor_whose_counter_lies_a_little_behind_does_not_jump_ahead)
{
	if (the_clock.source != VIGIL_CLOCK_TSC)
		cr_skip_test("the counter is not used here");
	line()->limit = clock_tsc_hz(); /* this line may have told times a second ahead */
	line()->base_ns = kernel_ns();
	line()->base_ticks = clock_ticks() + clock_tsc_hz() / 10000;

	(void)clock_now();
	cr_assert_lt(distance(), TOLERANCE_NS);
}

#endif

static uint64_t fake(void *arg)
{
	return *(uint64_t *)arg;
}

Test(clock, a_clock_of_the_callers_is_asked_each_time)
{
	uint64_t time = 42;

	clock_init(fake, &time);
	cr_assert_eq(clock_now(), 42);
	time = 41;

	cr_assert_eq(clock_now(), 41);
	cr_assert_eq(the_clock.source, VIGIL_CLOCK_CALLER);
}
