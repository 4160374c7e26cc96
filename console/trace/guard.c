/* SPDX-License-Identifier: MIT */
#include "console/trace/guard.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "console/trace/recording.h"
#include "console/trace/snapshot.h"

#define ENDED "the recorder was killed"

static void say(const char *format, ...) __attribute__((format(printf, 1, 2)));

static void say(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	fputs("vigil: the recorder was killed: ", stderr);
	vfprintf(stderr, format, args);
	fputs(".\n", stderr);
	va_end(args);
}

/* What a flight recorder is for: nothing of it is on the disk unless it is written out. */
static void snapshot_last_write(const char *folder, const struct recording *recording)
{
	struct vigil_problem problem = { "" };
	char path[PATH_MAX];

	if (snapshot_write(folder, recording, ENDED, path, &problem))
		say("nothing was written of what it had in memory: %s", problem.text);
	else
		say("what it had in memory was written to %s; `vigil report %s` reads it", path,
		    path);
}

static void say_what_is_left(const char *folder, const struct recording *recording, bool is_whole)
{
	if (recording->mode == RECORDING_LIVE)
		say("all up to then is with the relay, below its --output");
	else if (recording->mode == RECORDING_FILES)
		say("%s; `vigil report %s` reads it",
		    is_whole ? "all up to then is in the trace" :
			       "and the session daemon too: the trace may lack the last second",
		    folder);
}

static void recording_end(struct session *session, const char *folder)
{
	struct recording recording;
	struct vigil_problem problem = { "" };
	struct session_counts counts = { .lost_packets = 0 };
	struct timespec now;
	bool is_read = !recording_read(folder, &recording, &problem), is_whole;

	if (is_read && recording.mode == RECORDING_SNAPSHOT)
		snapshot_last_write(folder, &recording);
	is_whole = !session_stop(session, &problem);
	session_counts(session, &counts, &problem);
	session_close(session);
	if (!is_read)
		return;
	clock_gettime(CLOCK_REALTIME, &now);
	recording.state = RECORDING_CUT;
	recording.ended_unix_ns = (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
	recording.discarded_events = counts.discarded_events;
	recording.lost_packets = counts.lost_packets;
	snprintf(recording.ended, sizeof(recording.ended), ENDED);
	recording_write(&recording, folder, &problem);
	say_what_is_left(folder, &recording, is_whole);
	recording_fini(&recording);
}

static void guard_run(int fd, struct session *session, const char *folder)
{
	char byte;
	ssize_t got;
	int nothing;

	prctl(PR_SET_NAME, "vigil-guard");
	/* ^C is for the recorder. */
	signal(SIGINT, SIG_IGN);
	signal(SIGTERM, SIG_IGN);
	signal(SIGHUP, SIG_IGN);
	signal(SIGQUIT, SIG_IGN);
	/*
	 * Who reads our output must see its end when the recorder ends. Not just closed:
	 * liblttng-ctl takes a socket with the number 0 for none.
	 */
	nothing = open("/dev/null", O_RDWR | O_CLOEXEC);
	dup2(nothing, STDIN_FILENO);
	dup2(nothing, STDOUT_FILENO);
	do
		got = read(fd, &byte, 1);
	while (got < 0 && errno == EINTR);
	if (!got)
		recording_end(session, folder);
	_exit(0);
}

int guard_start(struct guard *guard, struct session *session, const char *folder)
{
	int fds[2];

	if (pipe2(fds, O_CLOEXEC))
		return -errno;
	fflush(NULL);
	guard->pid = fork();
	if (!guard->pid) {
		close(fds[1]);
		guard_run(fds[0], session, folder);
	}
	close(fds[0]);
	guard->pipe = fds[1];
	if (guard->pid > 0)
		return 0;
	guard->pid = -errno;
	close(fds[1]);
	return guard->pid;
}

void guard_end(struct guard *guard)
{
	if (guard->pid <= 0)
		return;
	if (write(guard->pipe, "", 1) < 0)
		kill(guard->pid, SIGKILL);
	close(guard->pipe);
	while (waitpid(guard->pid, NULL, 0) < 0 && errno == EINTR)
		;
	guard->pid = 0;
}
