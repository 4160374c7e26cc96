/* SPDX-License-Identifier: MIT */
/* The child process that reads a trace, from our side. */
#include "console/trace/trace_private.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "console/trace/ctf.h"

#define VIEW_DEPTH 1 /* a view's folder has a folder for each of the trace's */
#define PASSES 16

static void folder_sweep(int at, const char *name, int depth);

/* A view has a file for each stream, and babeltrace2 opens them all again. */
static void descriptors_allow(void)
{
	struct rlimit limit;

	if (!getrlimit(RLIMIT_NOFILE, &limit)) {
		limit.rlim_cur = limit.rlim_max;
		setrlimit(RLIMIT_NOFILE, &limit);
	}
}

/* ---- What is left of a view ---- */

/* One pass over a folder: takes away what is in it. Returns whether there was anything. */
static bool folder_empty(int fd, int depth)
{
	static _Alignas(struct dirent64) char bytes[VIEW_DEPTH + 1][4096];
	bool has_any = false;
	ssize_t got;

	/* A system call and nothing else. NOLINTNEXTLINE(bugprone-signal-handler) */
	while ((got = syscall(SYS_getdents64, fd, bytes[depth], sizeof(bytes[0]))) > 0) {
		for (ssize_t at = 0; at < got;) {
			const struct dirent64 *entry = (const void *)(bytes[depth] + at);

			at += entry->d_reclen;
			if (!strcmp(entry->d_name, ".") || !strcmp(entry->d_name, ".."))
				continue;
			has_any = true;
			if (unlinkat(fd, entry->d_name, 0) && depth)
				folder_sweep(fd, entry->d_name, depth - 1);
		}
	}
	return has_any;
}

/* Async-signal-safe: system calls alone. */
static void folder_sweep(int at, const char *name, int depth)
{
	int fd = openat(at, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	/* Where entries move as others go, a pass may miss some. */
	for (int i = 0; fd >= 0 && i < PASSES && folder_empty(fd, depth); i++)
		lseek(fd, 0, SEEK_SET);
	if (fd >= 0)
		close(fd);
	unlinkat(at, name, AT_REMOVEDIR);
}

/* In the child: its folder for views, which outlives nobody. */
static const char *child_folder;

const char *child_scratch(void)
{
	return child_folder;
}

/* Its parent was killed, by ^C or otherwise, and will not take it away. */
static void orphaned(int number)
{
	(void)number;
	if (child_folder)
		folder_sweep(AT_FDCWD, child_folder, VIEW_DEPTH);
	_exit(1);
}

/* Ends with its parent, and leaves nothing behind. */
static void child_bind(const struct trace *trace, pid_t parent)
{
	static const int parents[] = {
		SIGINT, SIGQUIT, SIGTSTP, SIGHUP, SIGALRM, SIGUSR1, SIGUSR2
	};
	sigset_t none;

	for (int number = 1; number < NSIG; number++)
		signal(number, SIG_DFL);
	/* Meant for the parent, as keys and a terminal's end are; its own end we are told. */
	for (size_t i = 0; i < sizeof(parents) / sizeof(parents[0]); i++)
		signal(parents[i], SIG_IGN);
	child_folder = trace->scratch[0] ? trace->scratch : NULL;
	signal(SIGTERM, orphaned);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	if (getppid() != parent)
		_exit(1); /* it was gone before we asked for that */
}

/* ---- The child ---- */

/* Nothing of ours: neither its terminal nor its signals, and it ends when we do. */
static void child_run(const struct trace *trace, pid_t parent, uint64_t begin_unix_ns)
{
	const struct trace_options *options = &trace->options;
	const struct ctf_options ctf = {
		.paths = options->paths,
		.path_count = options->path_count,
		.is_live = options->is_live,
		.begin_unix_ns = begin_unix_ns,
		.patience_s = options->patience_s,
		.span_bytes = options->span_bytes,
		.scratch = trace->scratch[0] ? trace->scratch : NULL,
	};
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	child_bind(trace, parent);
	descriptors_allow();
	for (int fd = 0; fd < 3 && null >= 0; fd++)
		dup2(null, fd);
	feed_be_writer(trace->feed);
	if (options->read)
		options->read(trace->feed, begin_unix_ns);
	else
		ctf_read(trace->feed, &ctf);
	_exit(0);
}

/* Of a folder that the child may make for its views; without one it reads what it can. */
static void scratch_name(struct trace *trace)
{
	const char *tmp = getenv("TMPDIR");
	struct timespec now;
	int length;

	clock_gettime(CLOCK_MONOTONIC, &now);
	length = snprintf(trace->scratch, sizeof(trace->scratch), "%s/vigil-%d-%lx%lx",
			  tmp && *tmp == '/' ? tmp : "/tmp", (int)getpid(), (long)now.tv_sec,
			  now.tv_nsec);
	if (length < 0 || (size_t)length >= sizeof(trace->scratch))
		trace->scratch[0] = '\0';
}

static void scratch_remove(struct trace *trace)
{
	struct stat st;

	/* It is there only if the child was killed in the middle of a view. */
	if (trace->scratch[0] && !lstat(trace->scratch, &st) && S_ISDIR(st.st_mode) &&
	    st.st_uid == geteuid())
		folder_sweep(AT_FDCWD, trace->scratch, VIEW_DEPTH);
	trace->scratch[0] = '\0';
}

int child_start(struct trace *trace, uint64_t begin_unix_ns)
{
	int r = feed_new(&trace->feed);
	pid_t parent = getpid();

	if (r)
		return r;
	if (!trace->options.is_live)
		scratch_name(trace);
	fflush(NULL);
	trace->child = fork();
	if (trace->child < 0) {
		r = -errno;
		trace->child = 0;
		child_end(trace, 0);
		return r;
	}
	if (!trace->child)
		child_run(trace, parent, begin_unix_ns);
	feed_be_reader(trace->feed);
	return 0;
}

int child_end(struct trace *trace, int number)
{
	int status = 0;

	if (trace->child && number)
		kill(trace->child, number);
	while (trace->child && waitpid(trace->child, &status, 0) < 0 && errno == EINTR)
		;
	trace->child = 0;
	feed_free(trace->feed);
	trace->feed = NULL;
	scratch_remove(trace);
	return status;
}
