/* SPDX-License-Identifier: MIT */
/* Polls, wakes, spawns: hot, cold, and when nothing records. */
#include "tests/bench/bench.h"

#include <stdio.h>
#include <stdlib.h>

#include <vigil/reader.h>
#include <vigil/vigil.h>

#include "libtrace/clock.h"

#define HOT 20000
#define COLD_TASKS 200000 /* 250 MB of records: more than any cache */
#define COLD 20000

static vigil_task task;
static vigil_task cold[COLD_TASKS];
static uint64_t sink;

static void one_clock(uint64_t count)
{
	while (count--)
		sink += clock_now();
}

static void two_clocks(uint64_t count)
{
	while (count--) {
		sink += clock_now();
		sink += clock_now();
	}
}

static void three_clocks(uint64_t count)
{
	two_clocks(count);
	one_clock(count);
}

static void polls(uint64_t count)
{
	while (count--) {
		vigil_poll_begin(task);
		vigil_poll_end(task);
	}
}

/* What a wake costs when a task is not yet runnable is in wakes_and_polls. */
static void wakes(uint64_t count)
{
	while (count--)
		vigil_wake(task);
}

static void wakes_and_polls(uint64_t count)
{
	while (count--) {
		vigil_wake(task);
		vigil_poll_begin(task);
		vigil_poll_end(task);
	}
}

static void spawns_and_ends(uint64_t count)
{
	while (count--)
		vigil_task_end(vigil_task_spawn(0, VIGIL_TASK_ASYNC, "short", 0),
			       VIGIL_OUTCOME_COMPLETED);
}

/* Goes on through the tasks in an order no prefetcher knows. */
static vigil_task cold_next(void)
{
	static uint64_t at;

	at = at * 6364136223846793005u + 1442695040888963407u;
	return cold[(at >> 33) % COLD_TASKS];
}

static void cold_polls(uint64_t count)
{
	while (count--) {
		vigil_task next = cold_next();

		vigil_poll_begin(next);
		vigil_poll_end(next);
	}
}

static void cold_wakes(uint64_t count)
{
	while (count--)
		vigil_wake(cold_next());
}

/* The least that touching a task's record costs: one miss, and the clock reads. */
static void cold_reads(uint64_t count)
{
	static uint64_t memory[COLD_TASKS * 16];

	while (count--) {
		sink += clock_now();
		sink += __atomic_exchange_n(&memory[cold_next() % COLD_TASKS * 16], count,
					    __ATOMIC_RELAXED);
		sink += clock_now();
	}
}

/* Ends the run if calls that were timed are not on the board. */
static void check_recorded(uint64_t polls_done, uint64_t wakes_done)
{
	const struct vigil_task_record *t;
	struct vigil_problem problem;
	struct vigil_reader *reader;
	char path[512];

	vigil_board_path(path, sizeof(path));
	if (vigil_reader_open_file(path, 0, &reader, &problem))
		exit(2);
	t = VIGIL_FIND(reader, task, task);
	if (!t || t->polls != polls_done || t->wakes != wakes_done) {
		fprintf(stderr, "bench: what was timed was not recorded\n");
		exit(2);
	}
	vigil_reader_close(reader);
}

/* How often bench_pair did it for a row, the pairs put aside and the first try too. */
static uint64_t calls_of(const struct row *row)
{
	return (uint64_t)(RUNS + 1 + row->put_aside) * HOT;
}

int bench_calls(struct row *rows)
{
	int n = 0;

	task = vigil_task_spawn(0, VIGIL_TASK_ASYNC, "hot", 0);
	rows[n] = (struct row){ .name = "poll",
				.target = TARGET_RATIO,
				.limit = 1.6,
				.what = "begin + end; two clock reads" };
	bench_pair(&rows[n++], HOT, polls, two_clocks);
	rows[n] = (struct row){
		.name = "wake", .target = TARGET_RATIO, .limit = 2.5, .what = "wake; one clock read"
	};
	bench_pair(&rows[n++], HOT, wakes, one_clock);
	rows[n] =
		(struct row){ .name = "wake_poll", .what = "wake, begin, end; three clock reads" };
	bench_pair(&rows[n++], HOT, wakes_and_polls, three_clocks);
	check_recorded(calls_of(&rows[0]) + calls_of(&rows[2]),
		       calls_of(&rows[1]) + calls_of(&rows[2]));
	rows[n] = (struct row){ .name = "spawn_end",
				.target = TARGET_BEYOND,
				.limit = 150,
				.what = "spawn + end; two clock reads" };
	bench_pair(&rows[n++], HOT, spawns_and_ends, two_clocks);

	for (int i = 0; i < COLD_TASKS; i++) {
		cold[i] = vigil_task_spawn(0, VIGIL_TASK_ASYNC, "cold", 0);
		vigil_poll_begin(cold[i]);
		vigil_poll_end(cold[i]);
	}
	rows[n] = (struct row){ .name = "poll_cold",
				.what = "of 200,000 tasks at random; two clock reads and a miss" };
	bench_pair(&rows[n++], COLD, cold_polls, cold_reads);
	rows[n] = (struct row){ .name = "wake_cold",
				.what = "of 200,000 tasks at random; two clock reads and a miss" };
	bench_pair(&rows[n++], COLD, cold_wakes, cold_reads);
	for (int i = 0; i < COLD_TASKS; i++)
		vigil_task_end(cold[i], VIGIL_OUTCOME_COMPLETED);
	return n;
}

/* ---- When nothing records ---- */

#define BARRIER() __asm__ volatile("" ::: "memory")

static void off_calls(uint64_t count)
{
	for (uint64_t i = 0; i < count; i += 4) {
		vigil_poll_begin(task);
		BARRIER();
		vigil_wake(task);
		BARRIER();
		vigil_poll_end(task);
		BARRIER();
		vigil_task_wait_fd(task, VIGIL_WAIT_READABLE, 3);
		BARRIER();
	}
}

static void no_calls(uint64_t count)
{
	for (uint64_t i = 0; i < count; i += 4) {
		BARRIER();
		BARRIER();
		BARRIER();
		BARRIER();
	}
}

int bench_off(struct row *rows)
{
	rows[0] = (struct row){ .name = "off_before_init",
				.target = TARGET_NS,
				.limit = 1,
				.what = "any call before vigil_init; the loop without it" };
	bench_pair(&rows[0], 400000, off_calls, no_calls);
	setenv("VIGIL", "off", 1);
	vigil_init(NULL);
	rows[1] = (struct row){ .name = "off_by_environment",
				.target = TARGET_NS,
				.limit = 1,
				.what = "any call with VIGIL=off; the loop without it" };
	bench_pair(&rows[1], 400000, off_calls, no_calls);
	return 2;
}
