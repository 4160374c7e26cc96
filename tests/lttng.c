/* SPDX-License-Identifier: MIT */
/*
 * The tracepoints under a real recording session: a session daemon of the test's
 * own, a program that makes every call, and babeltrace2 to read what was written.
 *
 * The daemon keeps to a directory of its own through LTTNG_HOME. For root it
 * would not (it serves all of /var/run/lttng), so under root everything here runs
 * as `nobody`. What is missing makes the test say so and pass.
 *
 * The law: whatever is started is a child of the test, dies with it, and is ended
 * by its pid.
 */
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <grp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "libtrace/tracepoints.h"

#define NOBODY 65534
#define CANNOT_RUN 126
#define READY_SECONDS 30

static char home[] = "/tmp/vigil-lttng-XXXXXX";
static char traces[64], helper[4096], probes[4096];
static pid_t daemon_pid;

/* ---- Children ---- */

static void child_become(const char *out, const char *err)
{
	int out_fd = open(out, O_WRONLY | O_CREAT | O_TRUNC, 0644);
	int err_fd = open(err, O_WRONLY | O_CREAT | O_TRUNC, 0644);

	dup2(out_fd, STDOUT_FILENO);
	dup2(err_fd, STDERR_FILENO);
	if (!geteuid() && (setgroups(0, NULL) || setgid(NOBODY) || setuid(NOBODY)))
		_exit(CANNOT_RUN);
	/* Forgotten when the user changes, so after that. */
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	setenv("LTTNG_HOME", home, 1);
	setenv("HOME", home, 1);
	setenv("VIGIL_DIR", home, 1);
	setenv("VIGIL_LTTNG", probes, 1);
	setenv("LTTNG_UST_REGISTER_TIMEOUT", "-1", 1);
	if (chdir(home))
		_exit(CANNOT_RUN);
}

/* Starts a program; its output goes to NAME.out and NAME.err in home. */
static pid_t start(const char *name, char *const argv[])
{
	char out[128], err[128];
	pid_t pid;

	snprintf(out, sizeof(out), "%s/%s.out", home, name);
	snprintf(err, sizeof(err), "%s/%s.err", home, name);
	pid = fork();
	cr_assert(pid >= 0);
	if (!pid) {
		child_become(out, err);
		execvp(argv[0], argv);
		_exit(CANNOT_RUN);
	}
	return pid;
}

static int run_list(const char *name, char *const argv[])
{
	pid_t pid = start(name, argv);
	int status = 0;

	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

/* Runs a program. Returns its exit status. */
#define run(name, ...) run_list(name, (char *[]){ __VA_ARGS__, NULL })

/* Returns what a program wrote: NAME.out or NAME.err. The caller frees it. */
static char *output(const char *file)
{
	char path[128], *text;
	FILE *stream;
	long size;

	snprintf(path, sizeof(path), "%s/%s", home, file);
	stream = fopen(path, "r");
	cr_assert(stream, "%s: %s", path, strerror(errno));
	fseek(stream, 0, SEEK_END);
	size = ftell(stream);
	rewind(stream);
	text = calloc(1, (size_t)size + 1);
	cr_assert(text);
	cr_assert_eq(fread(text, 1, (size_t)size, stream), (size_t)size);
	fclose(stream);
	return text;
}

/* ---- The session daemon ---- */

static bool answers(const char *socket_name)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	bool is_there;

	snprintf(address.sun_path, sizeof(address.sun_path), "%s/.lttng/%s", home, socket_name);
	is_there = !connect(fd, (struct sockaddr *)&address, sizeof(address));
	close(fd);
	return is_there;
}

/* Returns whether it came up. Its signal to the parent would need our user. */
static bool daemon_start(void)
{
	const struct timespec moment = { .tv_nsec = 20000000 };
	char *argv[] = { "lttng-sessiond", "--no-kernel", NULL };

	daemon_pid = start("sessiond", argv);
	for (int i = 0; i < READY_SECONDS * 50; i++) {
		if (answers("client-lttng-sessiond") && answers("lttng-ust-sock-8"))
			return true;
		if (waitpid(daemon_pid, NULL, WNOHANG) == daemon_pid) {
			daemon_pid = 0;
			return false;
		}
		nanosleep(&moment, NULL);
	}
	return false;
}

static void daemon_stop(void)
{
	if (!daemon_pid)
		return;
	kill(daemon_pid, SIGTERM);
	waitpid(daemon_pid, NULL, 0);
	daemon_pid = 0;
}

/* ---- The test's place ---- */

static int remove_one(const char *path, const struct stat *stat, int type, struct FTW *ftw)
{
	(void)stat;
	(void)type;
	(void)ftw;
	return remove(path);
}

static void home_make(void)
{
	cr_assert(mkdtemp(home));
	if (!geteuid())
		cr_assert_eq(chown(home, NOBODY, NOBODY), 0);
	snprintf(traces, sizeof(traces), "%s/traces", home);
}

static void home_remove(void)
{
	daemon_stop();
	nftw(home, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

/* Returns what the test lacks, NULL if nothing. */
static const char *missing(void)
{
	const char *build = getenv("VIGIL_BUILD");
	char cwd[2048];

	if (!build)
		snprintf(cwd, sizeof(cwd), "%s/build", getcwd(helper, sizeof(cwd) - 8));
	snprintf(helper, sizeof(helper), "%s/tests/helpers/trace_all", build ? build : cwd);
	snprintf(probes, sizeof(probes), "%s/libvigil-lttng.so", build ? build : cwd);
	if (access(probes, R_OK))
		return "libvigil-lttng.so was not built (no liblttng-ust-dev)";
	if (run("which", "lttng-sessiond", "--version"))
		return "lttng-sessiond is not installed, or cannot run as another user";
	if (run("which", "lttng", "--version"))
		return "lttng is not installed";
	if (run("which", "babeltrace2", "--version"))
		return "babeltrace2 is not installed";
	if (run("reach", "test", "-x", helper) || run("reach", "test", "-r", probes))
		return "the user nobody cannot reach the build directory";
	return NULL;
}

static void record(void)
{
	cr_assert_eq(run("create", "lttng", "--no-sessiond", "create", "t", "--output", traces), 0);
	cr_assert_eq(run("enable", "lttng", "--no-sessiond", "enable-event", "-u", "vigil:*"), 0);
	cr_assert_eq(run("start", "lttng", "--no-sessiond", "start"), 0);
	cr_assert_eq(run("helper", helper), 0, "trace_all failed");
	cr_assert_eq(run("destroy", "lttng", "--no-sessiond", "destroy", "t"), 0);
}

Test(lttng, a_session_records_every_tracepoint, .init = home_make, .fini = home_remove,
     .timeout = 120)
{
	const char *lack = missing();
	char *text, *warnings, *said;

	if (lack) {
		fprintf(stderr, "skipped: %s\n", lack);
		return;
	}
	cr_assert(daemon_start(), "lttng-sessiond did not come up");

	record();
	cr_assert_eq(run("read", "babeltrace2", traces), 0);
	text = output("read.out");
	warnings = output("read.err");
	said = output("helper.err");

#define X(name, params)                                                                            \
	cr_expect(strstr(text, " vigil:" #name ": "), "vigil:" #name " was not recorded");
	TRACEPOINTS(X)
#undef X
	cr_assert_str_empty(warnings, "babeltrace2 says: %s", warnings);
	cr_assert_str_empty(said, "the program said: %s", said);
	free(text);
	free(warnings);
	free(said);
}
