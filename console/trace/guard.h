/* SPDX-License-Identifier: MIT */
/*
 * A child process that outlives a recorder that is killed. LTTng's session would go
 * on without it until the disk is full; so the guard ends it, and says so in the
 * recording. What a flight recorder had in memory it writes out first.
 */
#ifndef CONSOLE_TRACE_GUARD_H
#define CONSOLE_TRACE_GUARD_H

#include <sys/types.h>

#include "console/trace/session.h"

struct guard {
	pid_t pid;
	int pipe; /* its end is how the guard learns of ours */
};

/* Starts one for the recording in folder. 0 or -errno. */
int guard_start(struct guard *guard, struct session *session, const char *folder);

/* The recorder has ended the session itself, or found it gone. */
void guard_end(struct guard *guard);

#endif
