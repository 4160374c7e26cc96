/* SPDX-License-Identifier: MIT */
/*
 * Calls while an LTTng session records them, against the bare tracepoints.
 */
#include "tests/bench/bench.h"

#include <stdio.h>

#include <vigil/vigil.h>

#include "libtrace/clock.h"
#include "libtrace/tracepoints.h"
#include "tests/bench/session.h"

#define POLLS 2000

static void figures_read(struct row *row)
{
	FILE *file = fopen(session_path("traced.out"), "r");

	if (!file ||
	    fscanf(file, "%lf %lf %lf %lf", &row->ns, &row->ref_ns, &row->ratio, &row->spread) != 4)
		snprintf(row->skipped, sizeof(row->skipped), "no session reached the program");
	if (file)
		fclose(file);
}

int bench_trace(struct row *rows)
{
	const char *problem = session_record("traced", "--overwrite");

	rows[0] = (struct row){
		.name = "poll_traced",
		.target = TARGET_RATIO,
		.limit = 1.3,
		.what = "begin + end under LTTng; its two tracepoints, with a clock"
	};
	if (problem)
		snprintf(rows[0].skipped, sizeof(rows[0].skipped), "%s", problem);
	else if (!RUN("traced", session_self(), "--traced"))
		snprintf(rows[0].skipped, sizeof(rows[0].skipped), "the traced program failed");
	else
		figures_read(&rows[0]);
	session_stop("traced");
	return 1;
}

/* ---- In the session ---- */

static vigil_task task;

static void polls(uint64_t count)
{
	while (count--) {
		vigil_poll_begin(task);
		vigil_poll_end(task);
	}
}

/* What an author would write by hand to trace the same: a time, two events. */
static void bare(uint64_t count)
{
	while (count--) {
		TRACE(poll_begin, clock_now(), 1, task);
		TRACE(poll_end, clock_now(), 1, task);
	}
}

int bench_traced(void)
{
	struct row row = { 0 };

	if (vigil_init(NULL) || !load(tracepoints.poll_begin_on))
		return 1;
	task = vigil_task_spawn(0, VIGIL_TASK_ASYNC, "traced", 0);
	bench_pair(&row, POLLS, polls, bare);
	printf("%f %f %f %f\n", row.ns, row.ref_ns, row.ratio, row.spread);
	return 0;
}
