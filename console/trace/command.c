/* SPDX-License-Identifier: MIT */
#include "console/trace/command.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define PROBES "libvigil-lttng.so"
#define REGISTER_MS "30000" /* LTTng's own 3 s are short on a busy machine, -1 may be for ever */

/* The probes that were built or installed with this command; "" when there are none. */
static void probes_find(char *buf, size_t size)
{
	static const char *const places[] = { PROBES, "../lib/" PROBES ".0" };
	char self[PATH_MAX];
	ssize_t length = readlink("/proc/self/exe", self, sizeof(self) - 1);

	buf[0] = '\0';
	if (length <= 0)
		return;
	self[length] = '\0';
	*(strrchr(self, '/') + 1) = '\0';
	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		if ((size_t)snprintf(buf, size, "%s%s", self, places[i]) < size &&
		    !access(buf, R_OK))
			return;
		buf[0] = '\0';
	}
}

/* ---- In the child ---- */

static void signals_reset(void)
{
	sigset_t none;

	signal(SIGPIPE, SIG_DFL);
	signal(SIGBUS, SIG_DFL);
	/* A shell's background job ignores it; we hear it anyway, and pass it on. */
	signal(SIGINT, SIG_DFL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

static void child_run(int gate, int answer, char *const *argv)
{
	char probes[PATH_MAX + 32];
	ssize_t got;
	int error;
	char byte;

	signals_reset();
	probes_find(probes, sizeof(probes));
	if (probes[0])
		setenv("VIGIL_LTTNG", probes, 0);
	setenv("LTTNG_UST_REGISTER_TIMEOUT", REGISTER_MS, 0);
	do
		got = read(gate, &byte, 1);
	while (got < 0 && errno == EINTR);
	if (got != 1)
		_exit(0);
	execvp(argv[0], argv);
	error = errno;
	if (write(answer, &error, sizeof(error)) < 0)
		_exit(126);
	_exit(127);
}

/* ---- In the parent ---- */

int command_fork(struct command *command, char *const *argv, struct vigil_problem *ret_problem)
{
	int gate[2] = { -1, -1 }, answer[2] = { -1, -1 };

	if (!pipe2(gate, O_CLOEXEC) && !pipe2(answer, O_CLOEXEC)) {
		command->pid = fork();
		if (!command->pid) {
			close(gate[1]);
			child_run(gate[0], answer[1], argv);
		}
	} else {
		command->pid = -1;
	}
	if (command->pid < 0)
		snprintf(ret_problem->text, sizeof(ret_problem->text), "cannot start %.200s: %s",
			 argv[0], strerror(errno));
	close(gate[0]);
	close(answer[1]);
	command->gate = gate[1];
	command->answer = answer[0];
	return command->pid < 0 ? -EAGAIN : 0;
}

int command_go(struct command *command, const char *name, struct vigil_problem *ret_problem)
{
	int error = 0;
	ssize_t got;

	/* It may have been killed: then there is an end of file, and a status. */
	(void)!write(command->gate, "", 1);
	close(command->gate);
	command->gate = -1;
	/* The end of file comes with the execution. */
	do
		got = read(command->answer, &error, sizeof(error));
	while (got < 0 && errno == EINTR);
	close(command->answer);
	command->answer = -1;
	if (got != sizeof(error))
		return 0;
	snprintf(ret_problem->text, sizeof(ret_problem->text),
		 "cannot start %.200s: %s; after -- stand a program and its arguments", name,
		 strerror(error));
	return -error;
}

bool command_look(struct command *command)
{
	if (command->pid > 0 && !command->has_ended &&
	    waitpid(command->pid, &command->status, WNOHANG) == command->pid)
		command->has_ended = true;
	return command->has_ended;
}

void command_fini(struct command *command)
{
	if (command->pid <= 0)
		return;
	if (command->gate >= 0) {
		close(command->gate);
		waitpid(command->pid, &command->status, 0);
		command->has_ended = true;
	}
	if (command->answer >= 0)
		close(command->answer);
	command_look(command);
}

int command_signal(const struct command *command)
{
	return command->has_ended && WIFSIGNALED(command->status) ? WTERMSIG(command->status) : 0;
}

const char *command_words(const struct command *command, char *buf, size_t size)
{
	if (!command->has_ended)
		snprintf(buf, size, "still runs");
	else if (WIFSIGNALED(command->status))
		snprintf(buf, size, "was killed by SIG%s",
			 sigabbrev_np(WTERMSIG(command->status)) ?
				 sigabbrev_np(WTERMSIG(command->status)) :
				 "?");
	else
		snprintf(buf, size, "ended with status %d", WEXITSTATUS(command->status));
	return buf;
}
