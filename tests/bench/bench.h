/* SPDX-License-Identifier: MIT */
/*
 * Measuring what a call costs, always beside a reference measured in the same run:
 * the two take turns, so that whatever slows the machine slows both.
 */
#ifndef TESTS_BENCH_BENCH_H
#define TESTS_BENCH_BENCH_H

#include <stdbool.h>
#include <stdint.h>

#define RUNS 31

/* Does something `count` times. */
typedef void (*bench_fn)(uint64_t count);

/* What a target holds against: nothing, the ratio, the ns, or ns - ref_ns. */
enum bench_target { TARGET_NONE, TARGET_RATIO, TARGET_NS, TARGET_BEYOND };

struct row {
	const char *name;
	const char *what; /* for people: what is measured, against what */
	enum bench_target target;
	double limit;
	const char *unit; /* NULL: ns */
	double ns;        /* medians */
	double ref_ns;
	double ratio;
	double spread;     /* of the ratio: its middle half, over its median */
	int put_aside;     /* pairs measured anew, since the processor was shared */
	bool is_busy;      /* there were not enough others: the figures have them in */
	char skipped[128]; /* why there are no numbers */
};

/* Measures fn against reference, in turns, and fills the row's figures. */
void bench_pair(struct row *row, uint64_t count, bench_fn fn, bench_fn reference);

/* Fills the figures from pairs, RUNS at most. */
void bench_figures(struct row *row, double ns[RUNS], double ref_ns[RUNS], int runs);

uint64_t bench_now(void);

/* Whether nobody shares the processor just now. Takes about 20 us. */
bool bench_is_quiet(void);

/* Rows: each file adds its own; returns how many. */
int bench_off(struct row *rows);
int bench_calls(struct row *rows);
int bench_threads(struct row *rows);
int bench_memory(struct row *rows);
int bench_subject(struct row *rows);

/* Programs on the runtime of the examples. */
int bench_rt(struct row *rows);

/* Within session_begin and session_end. */
int bench_trace(struct row *rows);
int bench_read(struct row *rows);
int bench_live(struct row *rows);

/* Inside a session, started by bench_trace: prints its figures for it. */
int bench_traced(void);

/* In a process of its own: prints the peak of its memory. */
int bench_read_memory(const char *path);

/* The board that all but bench_off record to. */
void bench_start(void);
void bench_stop(void);

/* subject.c, compiled with instrumentation and without. Returns a checksum. */
uint64_t subject_run(uint64_t polls);
uint64_t subject_run_disabled(uint64_t polls);

#endif
