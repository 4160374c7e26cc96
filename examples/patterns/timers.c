/* SPDX-License-Identifier: MIT */
/*
 * Times: a sleep drifts, a sleep until a deadline does not; what an interval does about ticks
 * that nobody came for in time; an idle timeout, which every sign of life puts off.
 *
 * In the console (t) each task says when it is due: timer, 57 ms to go; interval "skip",
 * 12 ms to go; timer "idle timeout", which grows whenever "talker" talks.
 */
#include "../example.h"

#define PERIOD_NS (100 * RT_MS)
#define TICKS 5
#define ROUNDS 5
#define IDLE_NS (300 * RT_MS)

/* Some work between two times to be kept. */
static int work(void)
{
	return rt_sleep(10 * RT_MS);
}

/* What work took comes on top of each period. */
static int drifts(void *arg)
{
	uint64_t begun_ns = rt_now();
	int code = 0;

	(void)arg;
	for (unsigned i = 0; i < ROUNDS && !code; i++) {
		code = work();
		if (!code)
			code = rt_sleep(PERIOD_NS);
	}
	if (!code)
		printf("sleep: %d periods and the work between them took %s than %d periods\n",
		       ROUNDS, rt_now() - begun_ns > ROUNDS * PERIOD_NS ? "longer" : "no longer",
		       ROUNDS);
	return code;
}

/* Each deadline comes of the last deadline, not of now. */
static int keeps_time(void *arg)
{
	uint64_t begun_ns = rt_now(), due_ns = begun_ns;
	int code = 0;

	(void)arg;
	for (unsigned i = 0; i < ROUNDS && !code; i++) {
		code = work();
		due_ns += PERIOD_NS;
		if (!code)
			code = rt_sleep_until(due_ns);
	}
	if (!code)
		printf("sleep until: deadline %d was %llu ms after the begin\n", ROUNDS,
		       (unsigned long long)((due_ns - begun_ns) / RT_MS));
	return code;
}

/* ---- An interval whose ticks are missed ---- */

struct ticker {
	const char *name;
	enum rt_missed missed;
};

/* Takes a tick, is away for three and a bit, and takes those that then come. */
static int tick(void *arg)
{
	const struct ticker *ticker = arg;
	struct rt_interval *interval = rt_interval_new(ticker->name, PERIOD_NS, ticker->missed);
	uint64_t first_ns = 0, due_ns = 0;
	char line[128];
	size_t at = 0;
	int code = interval ? rt_interval_tick(interval, &first_ns) : -ENOMEM;

	if (!code)
		code = rt_sleep(3 * PERIOD_NS + PERIOD_NS / 10);
	for (unsigned i = 0; i < TICKS && !code; i++) {
		code = rt_interval_tick(interval, &due_ns);
		at += (size_t)snprintf(line + at, sizeof(line) - at, " %llu",
				       (unsigned long long)((due_ns - first_ns) / RT_MS));
	}
	rt_interval_free(interval);
	if (!code)
		printf("%s: after tick 0, and 310 ms away, ticks were due at%s ms\n", ticker->name,
		       line);
	return code;
}

/* ---- An idle timeout ---- */

struct idle {
	struct rt_timer *timer;
	unsigned resets;
};

static int talk(void *arg)
{
	struct idle *idle = arg;
	int code = 0;

	for (unsigned i = 0; i < ROUNDS && !code; i++) {
		code = rt_sleep(IDLE_NS / 4);
		rt_timer_reset(idle->timer, IDLE_NS);
		idle->resets++;
	}
	return code;
}

static int watch_idle(void *arg)
{
	struct idle idle = { .timer = rt_timer_new("idle timeout", IDLE_NS) };
	struct rt_handle talker = { 0 };
	int code = idle.timer ? rt_spawn(&talker, talk, &idle, "talker") : -ENOMEM;

	(void)arg;
	if (!code)
		code = rt_timer_wait(idle.timer);
	example_stop(&talker);
	if (!code)
		printf("timer: idle, after %u signs of life put it off\n", idle.resets);
	rt_timer_free(idle.timer);
	return code;
}

static int all(void *arg)
{
	static struct ticker tickers[] = { { "burst", RT_BURST },
					   { "delay", RT_DELAY },
					   { "skip", RT_SKIP } };
	struct rt_join_set *tasks = rt_join_set_new("timers");
	int code = tasks ? 0 : -ENOMEM;

	(void)arg;
	if (!code)
		code = rt_join_set_spawn(tasks, drifts, NULL, "sleep");
	if (!code)
		code = rt_join_set_spawn(tasks, keeps_time, NULL, "sleep until");
	for (unsigned i = 0; i < 3 && !code; i++)
		code = rt_join_set_spawn(tasks, tick, &tickers[i], tickers[i].name);
	if (!code)
		code = rt_join_set_spawn(tasks, watch_idle, NULL, "idle watch");
	return rt_join_set_finish(tasks, code);
}

EXAMPLE_PATTERN(NULL, all)
