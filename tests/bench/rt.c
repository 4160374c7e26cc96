/* SPDX-License-Identifier: MIT */
/*
 * Whole programs on the example runtime, with a live board, against the same programs
 * built with -DVIGIL_DISABLE: each run is a process of its own, the two take turns.
 */
#include "tests/bench/bench.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/bench/session.h"

#define LONGEST_NS 10000000000ull /* then pairs count whatever the machine does */
#define HTTP_RUNS 25              /* many and short: what disturbs one, disturbs few */
#define HTTP_SECONDS "1"
#define CONNECTIONS "64"

static char dir[] = "/dev/shm/vigil-bench-rt-XXXXXX";

/* ---- rt_load ---- */

struct load {
	double ns, bytes;
};

static bool load_run(const char *program, const char *work, const char *count, struct load *ret)
{
	char command[5000];
	FILE *file;
	bool is_good;

	snprintf(command, sizeof(command), "exec '%s' %s %s", session_beside(program), work, count);
	file = popen(command, "r");
	if (!file)
		return false;
	is_good = fscanf(file, "%lf %lf", &ret->ns, &ret->bytes) == 2;
	return !pclose(file) && is_good;
}

static void load_row(struct row *row, const char *work, const char *count, int runs)
{
	double ns[RUNS], ref_ns[RUNS];
	uint64_t begin = bench_now();
	int i = 0;

	while (i < runs) {
		struct load with, without;
		bool is_quiet = bench_is_quiet();

		if (!load_run("disabled/rt_load", work, count, &without) ||
		    !load_run("tests/helpers/rt_load", work, count, &with)) {
			snprintf(row->skipped, sizeof(row->skipped), "rt_load %s failed", work);
			return;
		}
		is_quiet = is_quiet && bench_is_quiet();
		row->is_busy = bench_now() - begin > LONGEST_NS;
		ns[i] = with.ns;
		ref_ns[i] = without.ns;
		if (is_quiet || row->is_busy)
			i++;
		else
			row->put_aside++;
	}
	bench_figures(row, ns, ref_ns, runs);
}

static void sleepers_rows(struct row *rows)
{
	struct load with, without;

	if (!load_run("disabled/rt_load", "sleep", "1000000", &without) ||
	    !load_run("tests/helpers/rt_load", "sleep", "1000000", &with)) {
		snprintf(rows[0].skipped, sizeof(rows[0].skipped),
			 "rt_load sleep failed: it wants 6 GB");
		memcpy(rows[1].skipped, rows[0].skipped, sizeof(rows[1].skipped));
		return;
	}
	rows[0].ns = with.ns / 1000; /* of a million: s */
	rows[0].ref_ns = without.ns / 1000;
	rows[1].ns = with.bytes;
	rows[1].ref_ns = without.bytes;
	for (int i = 0; i < 2; i++)
		rows[i].ratio = rows[i].ref_ns > 0 ? rows[i].ns / rows[i].ref_ns : 0;
}

/* ---- rt_httpd under wrk ---- */

/* Starts it; what it says first names its port. */
static pid_t server_start(const char *program, long workers, unsigned *ret_port)
{
	const char *path = session_beside(program);
	char line[128] = "", count[24];
	int ends[2];
	FILE *file;
	pid_t pid;

	if (pipe(ends))
		return -1;
	snprintf(count, sizeof(count), "%ld", workers);
	pid = fork();
	if (pid == 0) {
		dup2(ends[1], 1);
		close(ends[0]);
		close(ends[1]);
		execl(path, path, "--port", "0", "--workers", count, (char *)NULL);
		_exit(127);
	}
	close(ends[1]);
	file = fdopen(ends[0], "r");
	if (!file || !fgets(line, sizeof(line), file) ||
	    sscanf(line, "listening on 127.0.0.1:%u", ret_port) != 1)
		*ret_port = 0;
	if (file)
		fclose(file);
	return pid;
}

/* Requests a second; 0: it did not work. */
static double requests(const char *program, long workers)
{
	char command[200], line[256];
	unsigned port = 0;
	double rate = 0;
	pid_t pid = server_start(program, workers, &port);
	FILE *file = NULL;

	if (pid > 0 && port) {
		snprintf(command, sizeof(command),
			 "exec wrk -t1 -c" CONNECTIONS " -d" HTTP_SECONDS
			 " http://127.0.0.1:%u/hello",
			 port);
		file = popen(command, "r");
	}
	while (file && fgets(line, sizeof(line), file)) {
		const char *words = strstr(line, "Requests/sec:");

		if (words)
			rate = strtod(words + strlen("Requests/sec:"), NULL);
	}
	if (file)
		pclose(file);
	session_kill(&pid);
	return rate;
}

static void http_row(struct row *row, long workers)
{
	double ns[RUNS], ref_ns[RUNS];

	if (system("command -v wrk >/dev/null")) {
		snprintf(row->skipped, sizeof(row->skipped), "wrk is not installed");
		return;
	}
	for (int i = 0; i < 2 * HTTP_RUNS; i++) {
		/* Each is the first of every other pair. */
		bool is_with = i % 4 == 1 || i % 4 == 2;
		double rate =
			requests(is_with ? "examples/rt_httpd" : "disabled/rt_httpd", workers);

		if (rate <= 0) {
			snprintf(row->skipped, sizeof(row->skipped), "rt_httpd did not answer");
			return;
		}
		/* us a request */
		if (is_with)
			ns[i / 2] = 1e6 / rate;
		else
			ref_ns[i / 2] = 1e6 / rate;
	}
	bench_figures(row, ns, ref_ns, HTTP_RUNS);
}

/* wrk needs a processor: on one that it shares with a worker, the kernel's turns are measured. */
static void http_rows(struct row *rows)
{
	long processors = sysconf(_SC_NPROCESSORS_ONLN);

	rows[0] = (struct row){ .name = "rt_httpd",
				.target = TARGET_RATIO,
				.limit = 1.10,
				.unit = "us",
				.what = "a request, " CONNECTIONS
					" connections of wrk, that has a processor" };
	rows[1] = (struct row){ .name = "rt_httpd_crowded",
				.unit = "us",
				.what = "the same with a worker on wrk's processor, too" };
	http_row(&rows[0], processors > 1 ? processors - 1 : 1);
	http_row(&rows[1], processors > 1 ? processors : 2);
}

int bench_rt(struct row *rows)
{
	char command[64];

	if (!mkdtemp(dir) || setenv("VIGIL_DIR", dir, 1))
		exit(2);
	setenv("VIGIL_LTTNG", "0", 1);
	rows[0] = (struct row){ .name = "rt_yield",
				.what = "two tasks yield in turn; -DVIGIL_DISABLE, as below" };
	rows[1] = (struct row){ .name = "rt_channel",
				.what = "a message there and back through two channels" };
	rows[2] = (struct row){ .name = "rt_spawn",
				.what = "spawned, run, awaited: a million tasks" };
	rows[5] = (struct row){ .name = "rt_sleepers_start",
				.unit = "s",
				.what = "until a million tasks sleep" };
	rows[6] = (struct row){ .name = "rt_sleeper_bytes",
				.unit = "bytes",
				.what = "private memory of each, on stacks of 16 KiB" };
	load_row(&rows[0], "yield", "500000", RUNS);
	load_row(&rows[1], "channel", "200000", RUNS);
	load_row(&rows[2], "spawn", "1000000", 7);
	http_rows(&rows[3]);
	sleepers_rows(&rows[5]);
	snprintf(command, sizeof(command), "rm -rf %s", dir);
	(void)!system(command);
	return 7;
}
