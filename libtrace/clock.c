/* SPDX-License-Identifier: MIT */
/*
 * Where the clock's line from ticks to nanoseconds comes from.
 *
 * The law: no thread waits for another here. Who finds a line at its end and
 * another thread drawing reads the old line on.
 */
#include "libtrace/clock.h"

#include <fcntl.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define NS_PER_S 1000000000ull
#define FIRST_LINE_NS 1000000ull /* a rough rate holds for 1 ms */
#define LONGEST_LINE_NS NS_PER_S /* a good one for 1 s */
#define STEP_NS 1000000ll        /* behind by more: jump; less: catch up */

struct clock the_clock = { .source = VIGIL_CLOCK_MONOTONIC };

static struct clock_line anchor; /* the first pair: ticks and ns at the start */
static int drawing;

static uint64_t monotonic_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * NS_PER_S + (uint64_t)ts.tv_nsec;
}

/* Reads both clocks close together: the closest of a few tries. */
static void pair_read(uint64_t *ret_ticks, uint64_t *ret_ns)
{
	uint64_t best = UINT64_MAX;

	for (int i = 0; i < 5; i++) {
		uint64_t before = clock_ticks();
		uint64_t ns = monotonic_ns();
		uint64_t width = clock_ticks() - before;

		if (width < best) {
			best = width;
			*ret_ticks = before + width / 2;
			*ret_ns = ns;
		}
	}
}

static uint64_t rate_of(uint64_t ticks, uint64_t ns)
{
	return ticks ? (uint64_t)(((unsigned __int128)ns << 32) / ticks) : 0;
}

static uint64_t scale(uint64_t ticks, uint64_t rate)
{
	return (uint64_t)((unsigned __int128)ticks * rate >> 32);
}

/* The time on a line. The counter of this processor may lie behind its base's. */
static uint64_t line_at(const struct clock_line *line, uint64_t ticks)
{
	return line->base_ns +
	       (ticks > line->base_ticks ? scale(ticks - line->base_ticks, line->rate) : 0);
}

static void line_publish(uint64_t base_ticks, uint64_t base_ns, uint64_t rate, uint64_t span_ns)
{
	uint32_t next = load(&the_clock.line) + 1;
	struct clock_line *line = &the_clock.lines[next % CLOCK_LINES];

	store(&line->base_ticks, base_ticks);
	store(&line->base_ns, base_ns);
	store(&line->rate, rate);
	store(&line->limit, (uint64_t)(((unsigned __int128)span_ns << 32) / rate));
	/* Partner: the acquire load in clock_now. */
	store_release(&the_clock.line, next);
}

/* The latest time anybody was told from a line, whatever the counter says now. */
static uint64_t line_end(const struct clock_line *line)
{
	return line_at(line, line->base_ticks + line->limit);
}

static void anchor_set(uint64_t ticks, uint64_t ns)
{
	anchor.base_ticks = ticks;
	anchor.base_ns = ns;
}

/*
 * Draws the next line: it begins where the last one is now and reaches true
 * time at its own end, so the clock never steps back. When it is behind by more
 * than a millisecond (a suspended machine) it jumps ahead; when it is ahead by
 * too much for one line it runs at half speed until it is not.
 */
static uint64_t line_draw(const struct clock_line *old)
{
	uint64_t slack = (uint64_t)(((unsigned __int128)STEP_NS << 32) / old->rate);
	uint64_t ticks, ns, at, rate, span;
	int64_t error;

	pair_read(&ticks, &ns);
	at = line_at(old, ticks);
	/*
	 * The counter was reset (a little behind is only another processor's); or the
	 * machine slept and its counter did not. Nobody was told a time past the old
	 * line's end: go on from there.
	 */
	if (ticks + slack < old->base_ticks || ticks + slack < anchor.base_ticks ||
	    (at > ns + STEP_NS && at > line_end(old))) {
		at = line_end(old);
		anchor_set(ticks, ns);
	}
	if (ns > at + STEP_NS)
		at = ns;
	error = (int64_t)(ns - at);
	/* A line lasts as long as all before it together, up to the longest. */
	span = ns - anchor.base_ns;
	rate = old->rate;
	if (span && ticks > anchor.base_ticks)
		rate = rate_of(ticks - anchor.base_ticks, span);
	if (span < FIRST_LINE_NS)
		span = FIRST_LINE_NS;
	if (span > LONGEST_LINE_NS)
		span = LONGEST_LINE_NS;
	if (error < -(int64_t)(span / 2)) {
		span = -error < (int64_t)LONGEST_LINE_NS ? (uint64_t)-error : LONGEST_LINE_NS;
		rate /= 2;
	} else {
		rate += (uint64_t)((__int128)rate * error / (int64_t)span);
	}
	line_publish(ticks, at, rate ? rate : 1, span);
	return at;
}

uint64_t clock_slow(void)
{
	struct clock_line old;
	uint64_t ns;

	if (load(&the_clock.source) == VIGIL_CLOCK_CALLER)
		return the_clock.now_ns(the_clock.now_arg);
	if (load(&the_clock.source) == VIGIL_CLOCK_MONOTONIC)
		return monotonic_ns();
	old = the_clock.lines[load_acquire(&the_clock.line) % CLOCK_LINES];
	if (swap(&drawing, 1))
		return line_at(&old, clock_ticks());
	/* Somebody may have drawn between our look and our turn. */
	old = the_clock.lines[load_acquire(&the_clock.line) % CLOCK_LINES];
	ns = line_draw(&old);
	store_release(&drawing, 0);
	return ns;
}

/* Whether the kernel itself keeps time by the time-stamp counter. */
static bool tsc_is_trusted(void)
{
	char source[16] = "";
	int fd = open("/sys/devices/system/clocksource/clocksource0/current_clocksource",
		      O_RDONLY | O_CLOEXEC);
	ssize_t length;

	if (fd < 0)
		return false;
	length = read(fd, source, sizeof(source) - 1);
	close(fd);
	return length > 0 && !strncmp(source, "tsc", 3);
}

static void tsc_start(void)
{
	uint64_t ticks, ns, until;

	pair_read(&anchor.base_ticks, &anchor.base_ns);
	until = anchor.base_ns + 100000;
	do
		pair_read(&ticks, &ns);
	while (ns < until);
	anchor.rate = rate_of(ticks - anchor.base_ticks, ns - anchor.base_ns);
	if (!anchor.rate)
		return;
	store(&the_clock.source, VIGIL_CLOCK_TSC);
	line_publish(ticks, ns, anchor.rate, FIRST_LINE_NS);
}

void clock_init(uint64_t (*now_ns)(void *arg), void *now_arg)
{
	struct clock_line *line = &the_clock.lines[load(&the_clock.line) % CLOCK_LINES];

	/* It runs since an earlier vigil_init: threads may be drawing its lines. */
	if (!now_ns && load(&the_clock.source) == VIGIL_CLOCK_TSC)
		return;
	if (now_ns) {
		the_clock.now_ns = now_ns;
		the_clock.now_arg = now_arg;
		store(&the_clock.source, VIGIL_CLOCK_CALLER);
		store(&line->limit, 0);
		return;
	}
	store(&the_clock.source, VIGIL_CLOCK_MONOTONIC);
	store(&line->limit, 0);
#if defined(__x86_64__)
	if (tsc_is_trusted())
		tsc_start();
#endif
}

void clock_after_fork(void)
{
	store_release(&drawing, 0);
}

uint64_t clock_tsc_hz(void)
{
	uint32_t drawn = load_acquire(&the_clock.line);
	uint64_t rate = load(&the_clock.lines[drawn % CLOCK_LINES].rate);

	if (load(&the_clock.source) != VIGIL_CLOCK_TSC || !rate)
		return 0;
	return (uint64_t)(((unsigned __int128)NS_PER_S << 32) / rate);
}
