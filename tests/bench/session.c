/* SPDX-License-Identifier: MIT */
/* The session daemon of a benchmark. Its law is in session.h. */
#include "tests/bench/session.h"

#include <fcntl.h>
#include <glob.h>
#include <grp.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define NOBODY 65534
#define TRIES 50 /* of 0.1 s, until the daemon answers */

static char home[] = "/tmp/vigil-bench-XXXXXX";
static char probes[4096], self[4096];
static pid_t daemon_pid;

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

pid_t session_start(const char *name, char *const argv[])
{
	char out[128];
	pid_t pid;

	snprintf(out, sizeof(out), "%s/%s.out", home, name);
	pid = fork();
	if (!pid)
		child_run(argv, out);
	return pid;
}

bool session_run(const char *name, char *const argv[])
{
	pid_t pid = session_start(name, argv);
	int status = -1;

	return pid > 0 && waitpid(pid, &status, 0) == pid && WIFEXITED(status) &&
	       !WEXITSTATUS(status);
}

void session_kill(pid_t *pid)
{
	if (*pid > 0) {
		kill(*pid, SIGTERM);
		waitpid(*pid, NULL, 0);
	}
	*pid = 0;
}

static bool self_find(void)
{
	ssize_t length = self[0] ? (ssize_t)strlen(self) :
				   readlink("/proc/self/exe", self, sizeof(self) - 1);

	if (length <= 0)
		return false;
	self[length] = '\0';
	return true;
}

char *session_beside(const char *name)
{
	static char path[4200];

	if (!self_find())
		return strcpy(path, "");
	snprintf(path, sizeof(path), "%.*s/%s", (int)(strrchr(self, '/') - self), self, name);
	return path;
}

char *session_board(pid_t pid)
{
	static char path[PATH_MAX];
	char pattern[64];
	glob_t found;

	snprintf(pattern, sizeof(pattern), "%s/%d-*.board", home, (int)pid);
	path[0] = '\0';
	if (!glob(pattern, 0, NULL, &found) && found.gl_pathc == 1)
		snprintf(path, sizeof(path), "%s", found.gl_pathv[0]);
	globfree(&found);
	return path;
}

char *session_path(const char *name)
{
	static char path[128];

	snprintf(path, sizeof(path), "%s/%s", home, name);
	return path;
}

char *session_self(void)
{
	return self;
}

/* Where we are, and the probes beside us. */
static bool files_find(void)
{
	char *slash;

	if (!self_find())
		return false;
	snprintf(probes, sizeof(probes), "%.4000s", self);
	slash = strrchr(probes, '/');
	snprintf(slash, sizeof(probes) - (size_t)(slash - probes), "/libvigil-lttng.so");
	return !access(probes, R_OK);
}

/* The daemon is there when a client gets an answer. */
static bool daemon_answers(void)
{
	for (int i = 0; i < TRIES; i++) {
		if (RUN("list", "lttng", "--no-sessiond", "list"))
			return true;
		usleep(100000);
	}
	return false;
}

const char *session_begin(void)
{
	if (!files_find())
		return "libvigil-lttng.so is not beside bench: no LTTng headers when it was built";
	if (system("command -v lttng lttng-sessiond babeltrace2 >/dev/null"))
		return "lttng-tools or babeltrace2 is not installed";
	if (!mkdtemp(home) || (!geteuid() && chown(home, NOBODY, NOBODY)))
		return "no directory in /tmp";
	daemon_pid = session_start("sessiond", (char *[]){ "lttng-sessiond", "--no-kernel", NULL });
	return daemon_answers() ? NULL : "the session daemon does not answer";
}

void session_end(void)
{
	char command[64];

	session_kill(&daemon_pid);
	snprintf(command, sizeof(command), "rm -rf %s", home);
	(void)!system(command);
}

const char *session_record(const char *name, const char *mode)
{
	char url[128];

	snprintf(url, sizeof(url), "--output=%s/%s", home, name);
	if (!RUN("create", "lttng", "--no-sessiond", "create", (char *)name, url) ||
	    !RUN("channel", "lttng", "--no-sessiond", "enable-channel", "-u", (char *)mode,
		 "--subbuf-size=1M", "--num-subbuf=32", "c") ||
	    !RUN("event", "lttng", "--no-sessiond", "enable-event", "-u", "-c", "c", "vigil:*") ||
	    !RUN("context", "lttng", "--no-sessiond", "add-context", "-u", "-c", "c", "-t",
		 "vpid") ||
	    !RUN("start", "lttng", "--no-sessiond", "start"))
		return "lttng refused the session";
	return NULL;
}

void session_stop(const char *name)
{
	RUN("destroy", "lttng", "--no-sessiond", "destroy", (char *)name);
}
