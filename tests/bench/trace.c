/* SPDX-License-Identifier: MIT */
/*
 * Calls while an LTTng session records them, against the bare tracepoints.
 *
 * A session daemon of our own is started in a directory of its own. For root one
 * would serve the whole machine, so as root all this runs as `nobody`. What is
 * missing is said in the row.
 *
 * The law: whatever is started is our child, dies with us, and is ended by its pid.
 */
#include "tests/bench/bench.h"

#include <fcntl.h>
#include <grp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <vigil/vigil.h>

#include "libtrace/clock.h"
#include "libtrace/tracepoints.h"

#define NOBODY 65534
#define POLLS 2000

static char home[] = "/tmp/vigil-bench-XXXXXX";
static char probes[4096], self[4096];

static int child_run(char *const argv[], const char *out)
{
	int fd = open(out, O_WRONLY | O_CREAT | O_TRUNC, 0644);

	dup2(fd, STDOUT_FILENO);
	dup2(fd, STDERR_FILENO);
	if (!geteuid() && (setgroups(0, NULL) || setgid(NOBODY) || setuid(NOBODY)))
		_exit(126);
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	setenv("LTTNG_HOME", home, 1);
	setenv("HOME", home, 1);
	setenv("VIGIL_DIR", home, 1);
	setenv("VIGIL_LTTNG", probes, 1);
	setenv("LTTNG_UST_REGISTER_TIMEOUT", "-1", 1);
	unsetenv("VIGIL");
	execvp(argv[0], argv);
	_exit(126);
}

static pid_t start(char *const argv[], const char *name)
{
	char out[128];
	pid_t pid;

	snprintf(out, sizeof(out), "%s/%s.out", home, name);
	pid = fork();
	if (!pid)
		child_run(argv, out);
	return pid;
}

static bool run(char *const argv[], const char *name)
{
	pid_t pid = start(argv, name);
	int status = -1;

	return pid > 0 && waitpid(pid, &status, 0) == pid && WIFEXITED(status) &&
	       !WEXITSTATUS(status);
}

#define RUN(name, ...) run((char *[]){ __VA_ARGS__, NULL }, name)

/* Where we are, and the probes beside us. */
static bool files_find(void)
{
	ssize_t length = readlink("/proc/self/exe", self, sizeof(self) - 1);
	char *slash;

	if (length <= 0)
		return false;
	self[length] = '\0';
	snprintf(probes, sizeof(probes), "%.4000s", self);
	slash = strrchr(probes, '/');
	snprintf(slash, sizeof(probes) - (size_t)(slash - probes), "/libvigil-lttng.so");
	return !access(probes, R_OK);
}

/* The daemon is there when a client gets an answer. */
static bool daemon_answers(void)
{
	for (int i = 0; i < 50; i++) {
		if (RUN("list", "lttng", "--no-sessiond", "list"))
			return true;
		usleep(100000);
	}
	return false;
}

static const char *session_start(void)
{
	char url[128];

	snprintf(url, sizeof(url), "--output=%s/trace", home);
	if (!daemon_answers())
		return "the session daemon does not answer";
	if (!RUN("create", "lttng", "--no-sessiond", "create", "bench", url) ||
	    !RUN("channel", "lttng", "--no-sessiond", "enable-channel", "-u", "--overwrite",
		 "--subbuf-size=1M", "--num-subbuf=4", "c") ||
	    !RUN("event", "lttng", "--no-sessiond", "enable-event", "-u", "-c", "c", "vigil:*") ||
	    !RUN("start", "lttng", "--no-sessiond", "start"))
		return "lttng refused the session";
	return NULL;
}

static void figures_read(struct row *row)
{
	char path[128];
	FILE *file;

	snprintf(path, sizeof(path), "%s/traced.out", home);
	file = fopen(path, "r");
	if (!file ||
	    fscanf(file, "%lf %lf %lf %lf", &row->ns, &row->ref_ns, &row->ratio, &row->spread) != 4)
		snprintf(row->skipped, sizeof(row->skipped), "no session reached the program");
	if (file)
		fclose(file);
}

static void measure(struct row *row)
{
	pid_t daemon = start((char *[]){ "lttng-sessiond", "--no-kernel", NULL }, "sessiond");
	const char *problem = session_start();

	if (problem)
		snprintf(row->skipped, sizeof(row->skipped), "%s", problem);
	else if (!RUN("traced", self, "--traced"))
		snprintf(row->skipped, sizeof(row->skipped), "the traced program failed");
	else
		figures_read(row);
	RUN("destroy", "lttng", "--no-sessiond", "destroy", "bench");
	if (daemon > 0) {
		kill(daemon, SIGTERM);
		waitpid(daemon, NULL, 0);
	}
}

int bench_trace(struct row *rows)
{
	rows[0] = (struct row){
		.name = "poll_traced",
		.target = TARGET_RATIO,
		.limit = 1.3,
		.what = "begin + end under LTTng; its two tracepoints, with a clock"
	};
	if (!files_find()) {
		snprintf(rows[0].skipped, sizeof(rows[0].skipped),
			 "libvigil-lttng.so is not beside bench: no LTTng headers when it was "
			 "built");
		return 1;
	}
	if (system("command -v lttng lttng-sessiond >/dev/null")) {
		snprintf(rows[0].skipped, sizeof(rows[0].skipped), "lttng-tools is not installed");
		return 1;
	}
	if (!mkdtemp(home) || (!geteuid() && chown(home, NOBODY, NOBODY))) {
		snprintf(rows[0].skipped, sizeof(rows[0].skipped), "no directory in /tmp");
		return 1;
	}
	measure(&rows[0]);
	(void)!system((snprintf(probes, sizeof(probes), "rm -rf %s", home), probes));
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
