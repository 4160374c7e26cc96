/* SPDX-License-Identifier: MIT */
/*
 * Reading traces into boards, against babeltrace2 reading the same ones into nothing;
 * and what memory a long trace takes, against a short one.
 */
#include "tests/bench/bench.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "console/trace/trace.h"
#include "tests/bench/session.h"

#define PAIRS 5
#define SHORT_EVENTS "1000000"
#define LONG_EVENTS "20000000"

/* Reads it all. Returns how many events were applied. */
static uint64_t trace_read(const char *path)
{
	const struct trace_options options = { .paths = &path, .path_count = 1 };
	const struct trace_event *event;
	struct vigil_problem problem;
	struct trace *trace;
	enum trace_result r;
	uint64_t count = 0;

	if (trace_open(&options, &trace, &problem))
		return 0;
	while ((r = trace_next(trace, &event)) == TRACE_EVENT || r == TRACE_GAP)
		if (r == TRACE_EVENT) {
			trace_apply(trace, event);
			count++;
		}
	trace_close(trace);
	return r == TRACE_END ? count : 0;
}

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

static void speed_measure(struct row *row)
{
	double ns[PAIRS], ref_ns[PAIRS], ratios[PAIRS];
	char path[128];
	uint64_t begin, count;

	snprintf(path, sizeof(path), "%s", session_path("short"));
	for (int i = 0; i < PAIRS; i++) {
		begin = bench_now();
		if (!RUN("dummy", "babeltrace2", path, "-o", "dummy")) {
			snprintf(row->skipped, sizeof(row->skipped), "babeltrace2 failed");
			return;
		}
		ref_ns[i] = (double)(bench_now() - begin);
		begin = bench_now();
		count = trace_read(path);
		if (!count) {
			snprintf(row->skipped, sizeof(row->skipped), "the trace cannot be read");
			return;
		}
		ns[i] = (double)(bench_now() - begin) / (double)count;
		ref_ns[i] /= (double)count;
		ratios[i] = ns[i] / ref_ns[i];
	}
	qsort(ns, PAIRS, sizeof(double), by_value);
	qsort(ref_ns, PAIRS, sizeof(double), by_value);
	qsort(ratios, PAIRS, sizeof(double), by_value);
	row->ns = ns[PAIRS / 2];
	row->ref_ns = ref_ns[PAIRS / 2];
	row->ratio = ratios[PAIRS / 2];
	row->spread = (ratios[PAIRS * 3 / 4] - ratios[PAIRS / 4]) / row->ratio;
}

/* Peak KiB of a process that reads a trace, its reading child included. 0: it failed. */
static double memory_of(const char *name)
{
	char path[128];
	double kib = 0;
	FILE *file;

	snprintf(path, sizeof(path), "%s", session_path(name));
	if (!RUN("memory", session_self(), "--read", path))
		return 0;
	file = fopen(session_path("memory.out"), "r");
	if (file && fscanf(file, "%lf", &kib) != 1)
		kib = 0;
	if (file)
		fclose(file);
	return kib;
}

int bench_read_memory(const char *path)
{
	struct rusage own, child;

	if (!trace_read(path) || getrusage(RUSAGE_SELF, &own) || getrusage(RUSAGE_CHILDREN, &child))
		return 1;
	printf("%ld\n", own.ru_maxrss + child.ru_maxrss);
	return 0;
}

static void memory_measure(struct row *row)
{
	row->ref_ns = memory_of("short");
	row->ns = memory_of("long");
	if (row->ref_ns > 0 && row->ns > 0)
		row->ratio = row->ns / row->ref_ns;
	else
		snprintf(row->skipped, sizeof(row->skipped), "a trace cannot be read");
}

static const char *load_record(const char *name, const char *events)
{
	const char *problem = session_record(name, "--discard");

	if (!problem && !RUN("load", session_beside("tests/helpers/trace_load"), (char *)events))
		problem = "trace_load failed";
	session_stop(name);
	return problem;
}

int bench_read(struct row *rows)
{
	const char *problem = load_record("short", SHORT_EVENTS);

	rows[0] = (struct row){
		.name = "trace_read",
		.target = TARGET_RATIO,
		.limit = 1 / 0.7,
		.what = "an event of a trace into the board; babeltrace2's dummy sink"
	};
	rows[1] = (struct row){ .name = "trace_memory",
				.target = TARGET_RATIO,
				.limit = 1.1,
				.unit = "KiB",
				.what = "peak of reading 20 M events; 1 M events" };
	if (!problem)
		speed_measure(&rows[0]);
	if (!problem)
		problem = load_record("long", LONG_EVENTS);
	if (!problem)
		memory_measure(&rows[1]);
	for (int i = 0; i < 2 && problem; i++)
		if (!rows[i].ns)
			snprintf(rows[i].skipped, sizeof(rows[i].skipped), "%s", problem);
	return 2;
}
