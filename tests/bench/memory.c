/* SPDX-License-Identifier: MIT */
/* What a live task takes: storage of the board's file, and resident memory. */
#include "tests/bench/bench.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <vigil/vigil.h>

#define TASKS 300000

static vigil_task tasks[TASKS];

static double file_bytes(void)
{
	char path[512];
	struct stat st;

	if (!vigil_board_path(path, sizeof(path)) || stat(path, &st))
		exit(2);
	return (double)st.st_blocks * 512;
}

static double resident_bytes(void)
{
	unsigned long size = 0, pages = 0;
	FILE *file = fopen("/proc/self/statm", "r");

	if (!file || fscanf(file, "%lu %lu", &size, &pages) != 2)
		exit(2);
	fclose(file);
	return (double)pages * (double)sysconf(_SC_PAGESIZE);
}

static void row_put(struct row *row, double bytes)
{
	row->limit = row->ref_ns = 1280;
	row->unit = "bytes";
	/* Of all the tasks together; a stray page of the program's own is no byte of each. */
	row->ns = (double)(uint64_t)(bytes + 0.5);
	row->ratio = bytes / row->ref_ns;
}

int bench_memory(struct row *rows)
{
	double file, resident;

	/* Past what is there for reuse, so that every one of these is new. */
	for (int i = 0; i < TASKS; i++)
		tasks[i] = vigil_task_spawn(0, VIGIL_TASK_ASYNC, "filler", 0);
	for (int i = 0; i < TASKS; i++) {
		vigil_poll_begin(tasks[i]);
		vigil_poll_end(tasks[i]);
	}
	file = file_bytes();
	resident = resident_bytes();
	for (int i = 0; i < TASKS; i++)
		tasks[i] = vigil_task_spawn(0, VIGIL_TASK_ASYNC, "weighed", VIGIL_SPAWN_IDLE);
	for (int i = 0; i < TASKS; i++) {
		vigil_wake(tasks[i]);
		vigil_poll_begin(tasks[i]);
		vigil_poll_end(tasks[i]);
	}
	rows[0] = (struct row){ .name = "task_file_bytes",
				.what = "of the file, claimed ahead by up to 4 MiB; the target" };
	row_put(&rows[0], (file_bytes() - file) / TASKS);
	rows[1] = (struct row){ .name = "task_resident_bytes",
				.target = TARGET_NS,
				.what = "resident, a live task and both histograms; the target" };
	row_put(&rows[1], (resident_bytes() - resident) / TASKS);
	return 2;
}
