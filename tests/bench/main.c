/* SPDX-License-Identifier: MIT */
/*
 * bench [--json | --live | --rt]: what the library costs on this machine, now; --live:
 * only what is watched through a relay; --rt: only programs on the example runtime.
 *
 * Each row is the median of 31 runs beside that of its reference; pairs in which
 * somebody shared the processor are put aside and counted. A board in its own
 * directory is made and removed.
 */
#include "tests/bench/bench.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <vigil/vigil.h>

#include "tests/bench/session.h"

#define ROWS 40
#define LONGEST_ROW_NS 2500000000u /* then pairs count whatever the machine does */

static char dir[] = "/dev/shm/vigil-bench-XXXXXX";
static char path[512];

uint64_t bench_now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

void bench_figures(struct row *row, double ns[RUNS], double ref_ns[RUNS], int runs)
{
	size_t count = (size_t)runs;
	double ratios[RUNS] = { 0 };

	for (int i = 0; i < runs; i++)
		ratios[i] = ref_ns[i] > 0 ? ns[i] / ref_ns[i] : 0;
	qsort(ns, count, sizeof(double), by_value);
	qsort(ref_ns, count, sizeof(double), by_value);
	qsort(ratios, count, sizeof(double), by_value);
	row->ns = ns[runs / 2];
	row->ref_ns = ref_ns[runs / 2];
	row->ratio = ratios[runs / 2];
	if (row->ratio > 0)
		row->spread = (ratios[runs * 3 / 4] - ratios[runs / 4]) / row->ratio;
}

static double time_of(bench_fn fn, uint64_t count)
{
	uint64_t begin = bench_now();

	fn(count);
	return (double)(bench_now() - begin) / (double)count;
}

void bench_pair(struct row *row, uint64_t count, bench_fn fn, bench_fn reference)
{
	uint64_t begin = bench_now();
	double ns[RUNS], ref_ns[RUNS];
	bool is_quiet;
	int i = 0;

	fn(count);
	reference(count);
	while (i < RUNS) {
		is_quiet = bench_is_quiet();
		ref_ns[i] = time_of(reference, count);
		ns[i] = time_of(fn, count);
		is_quiet = is_quiet && bench_is_quiet();
		row->is_busy = bench_now() - begin > LONGEST_ROW_NS;
		if (is_quiet || row->is_busy)
			i++;
		else
			row->put_aside++;
	}
	bench_figures(row, ns, ref_ns, RUNS);
}

void bench_start(void)
{
	struct vigil_options options = { .struct_size = sizeof(options), .name = "bench" };

	if (!mkdtemp(dir) || setenv("VIGIL_DIR", dir, 1))
		exit(2);
	setenv("VIGIL_LTTNG", "0", 1);
	unsetenv("VIGIL");
	if (vigil_init(&options)) {
		fprintf(stderr, "bench: cannot make a board in %s\n", dir);
		exit(2);
	}
	vigil_board_path(path, sizeof(path));
}

void bench_stop(void)
{
	unlink(path);
	rmdir(dir);
}

/* ---- Showing ---- */

static bool is_met(const struct row *row)
{
	switch (row->target) {
	case TARGET_RATIO:
		return row->ratio <= row->limit;
	case TARGET_NS:
		return row->ns <= row->limit;
	case TARGET_BEYOND:
		return row->ns - row->ref_ns <= row->limit;
	default:
		return true;
	}
}

static void target_put(const struct row *row, char *text, size_t size)
{
	const char *unit = row->unit ? row->unit : "ns";

	switch (row->target) {
	case TARGET_RATIO:
		snprintf(text, size, "%.2f x  %s", row->limit, is_met(row) ? "pass" : "MISS");
		break;
	case TARGET_NS:
		snprintf(text, size, "%.0f %s  %s", row->limit, unit,
			 is_met(row) ? "pass" : "MISS");
		break;
	case TARGET_BEYOND:
		snprintf(text, size, "+%.0f %s  %s", row->limit, unit,
			 is_met(row) ? "pass" : "MISS");
		break;
	default:
		text[0] = '\0';
	}
}

static void rows_print(const struct row *rows, int count)
{
	char target[64];
	int put_aside = 0;

	printf("%-28s %9s %9s %7s %7s  %-15s %s\n", "name", "ns", "ref", "ratio", "spread",
	       "target", "what, against what");
	for (int i = 0; i < count; i++) {
		const struct row *row = &rows[i];

		if (row->skipped[0]) {
			printf("%-28s skipped: %s\n", row->name, row->skipped);
			continue;
		}
		target_put(row, target, sizeof(target));
		printf("%-28s %9.2f %9.2f %7.2f %6.1f%%  %-15s %s%s\n", row->name, row->ns,
		       row->ref_ns, row->ratio, 100 * row->spread, target, row->what,
		       row->is_busy ? " (on a busy processor)" : "");
		put_aside += row->put_aside;
	}
	if (put_aside)
		printf("%d pairs were measured anew: plain arithmetic ran slower than it does "
		       "here, "
		       "so the\nprocessor was shared.\n",
		       put_aside);
}

static void rows_print_json(const struct row *rows, int count)
{
	printf("[\n");
	for (int i = 0; i < count; i++) {
		const struct row *row = &rows[i];
		const char *comma = i + 1 < count ? "," : "";

		if (row->skipped[0])
			printf("  {\"name\":\"%s\",\"skipped\":\"%s\"}%s\n", row->name,
			       row->skipped, comma);
		else
			printf("  {\"name\":\"%s\",\"ns\":%.3f,\"ref_ns\":%.3f,\"ratio\":%.4f,"
			       "\"spread\":%.4f,\"unit\":\"%s\",\"what\":\"%s\",\"pass\":%s,"
			       "\"put_aside\":%d,\"busy\":%s}%s\n",
			       row->name, row->ns, row->ref_ns, row->ratio, row->spread,
			       row->unit ? row->unit : "ns", row->what,
			       is_met(row) ? "true" : "false", row->put_aside,
			       row->is_busy ? "true" : "false", comma);
	}
	printf("]\n");
}

static int calls_measure(struct row *rows)
{
	int count = bench_off(rows);

	bench_start();
	count += bench_calls(rows + count);
	count += bench_threads(rows + count);
	count += bench_subject(rows + count);
	count += bench_memory(rows + count);
	bench_stop();
	return count;
}

/* What needs a session daemon. */
static int traces_measure(struct row *rows, bool is_live_only)
{
	const char *lack = session_begin();
	int count = 1;

	if (lack) {
		rows[0] = (struct row){ .name = "traces" };
		snprintf(rows[0].skipped, sizeof(rows[0].skipped), "%s", lack);
	} else {
		count = is_live_only ? 0 : bench_trace(rows);
		count += is_live_only ? 0 : bench_read(rows + count);
		count += bench_live(rows + count);
	}
	session_end();
	return count;
}

int main(int argc, char **argv)
{
	static struct row rows[ROWS];
	bool is_live_only = argc == 2 && !strcmp(argv[1], "--live");
	bool is_rt_only = argc == 2 && !strcmp(argv[1], "--rt");
	bool is_json = argc == 2 && !strcmp(argv[1], "--json");
	int count = 0;

	if (argc == 2 && !strcmp(argv[1], "--traced"))
		return bench_traced();
	if (argc == 3 && !strcmp(argv[1], "--read"))
		return bench_read_memory(argv[2]);
	if (argc > 2 || (argc == 2 && !is_json && !is_live_only && !is_rt_only)) {
		fprintf(stderr, "usage: bench [--json | --live | --rt]\n");
		return 2;
	}
	if (!is_live_only && !is_rt_only)
		count += calls_measure(rows);
	if (!is_live_only)
		count += bench_rt(rows + count);
	if (!is_rt_only)
		count += traces_measure(rows + count, is_live_only);
	if (is_json)
		rows_print_json(rows, count);
	else
		rows_print(rows, count);
	return 0;
}
