/* SPDX-License-Identifier: MIT */
/* The program under test with and without its instrumentation. */
#include "tests/bench/bench.h"

static volatile uint64_t sink;

static void with(uint64_t polls)
{
	sink = subject_run(polls);
}

static void without(uint64_t polls)
{
	sink = subject_run_disabled(polls);
}

int bench_subject(struct row *rows)
{
	rows[0] = (struct row){ .name = "program_per_event",
				.what = "a loop's event, some parsing; -DVIGIL_DISABLE" };
	bench_pair(&rows[0], 40000, with, without);
	return 1;
}
