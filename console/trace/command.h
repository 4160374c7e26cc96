/* SPDX-License-Identifier: MIT */
/*
 * A program that is started to be recorded. It exists from command_fork on and runs
 * from command_go on, so that nothing it does comes before the session.
 */
#ifndef CONSOLE_TRACE_COMMAND_H
#define CONSOLE_TRACE_COMMAND_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include <vigil/reader.h>

struct command {
	pid_t pid;  /* 0: none */
	int gate;   /* what it waits on */
	int answer; /* from where comes why it could not be executed */
	int status; /* of waitpid, once has_ended */
	bool has_ended;
};

/*
 * Forks it, waiting. It will find probes beside us, unless VIGIL_LTTNG is set, and
 * wait for LTTng before its main, unless LTTNG_UST_REGISTER_TIMEOUT is. 0 or -errno.
 */
int command_fork(struct command *command, char *const *argv, struct vigil_problem *ret_problem);

/* Lets it go. 0, or -errno with a sentence when it cannot be executed. */
int command_go(struct command *command, const char *name, struct vigil_problem *ret_problem);

/* Takes its status if it has ended. Returns has_ended. */
bool command_look(struct command *command);

/* Ends one that still waits, and lets go of one that runs. */
void command_fini(struct command *command);

/* "ended with status 1", "was killed by SIGKILL". */
const char *command_words(const struct command *command, char *buf, size_t size);

/* Whether a signal ended it; which. */
int command_signal(const struct command *command);

#endif
