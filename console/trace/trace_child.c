/* SPDX-License-Identifier: MIT */
/* The child process that reads a trace, from our side. */
#include "console/trace/trace_private.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "console/trace/ctf.h"

/* Nothing of ours: neither its terminal nor its signals, and it ends when we do. */
static void child_run(const struct trace *trace, uint64_t begin_unix_ns)
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

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	for (int number = 1; number < NSIG; number++)
		signal(number, SIG_DFL);
	signal(SIGINT, SIG_IGN); /* a key pressed for the parent */
	signal(SIGQUIT, SIG_IGN);
	signal(SIGTSTP, SIG_IGN);
	for (int fd = 0; fd < 3 && null >= 0; fd++)
		dup2(null, fd);
	feed_be_writer(trace->feed);
	if (options->read)
		options->read(trace->feed, begin_unix_ns);
	else
		ctf_read(trace->feed, &ctf);
	_exit(0);
}

/* A folder that the child may fill with links; without one it reads what it can. */
static void scratch_make(struct trace *trace)
{
	const char *tmp = getenv("TMPDIR");

	snprintf(trace->scratch, sizeof(trace->scratch), "%.40s/vigil-XXXXXX",
		 tmp && *tmp == '/' ? tmp : "/tmp");
	if (!mkdtemp(trace->scratch))
		trace->scratch[0] = '\0';
}

static int remove_one(const char *path, const struct stat *stat, int type, struct FTW *ftw)
{
	(void)stat;
	(void)type;
	(void)ftw;
	return remove(path);
}

static void scratch_remove(struct trace *trace)
{
	if (trace->scratch[0])
		nftw(trace->scratch, remove_one, 8, FTW_DEPTH | FTW_PHYS);
	trace->scratch[0] = '\0';
}

int child_start(struct trace *trace, uint64_t begin_unix_ns)
{
	int r = feed_new(&trace->feed);

	if (r)
		return r;
	if (!trace->options.is_live)
		scratch_make(trace);
	fflush(NULL);
	trace->child = fork();
	if (trace->child < 0) {
		trace->child = 0;
		return -errno;
	}
	if (!trace->child)
		child_run(trace, begin_unix_ns);
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
