/* SPDX-License-Identifier: MIT */
/*
 * A session daemon of the benchmark's own, in a directory of its own. For root one
 * would serve the whole machine, so as root all that is started runs as `nobody`.
 *
 * The law: whatever is started is our child, dies with us, and is ended by its pid.
 */
#ifndef TESTS_BENCH_SESSION_H
#define TESTS_BENCH_SESSION_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* Finds what is needed, makes the directory, starts the daemon. NULL, or what is missing. */
const char *session_begin(void);
void session_end(void);

/* Runs a program, its output into NAME.out. Whether it ended well. */
bool session_run(const char *name, char *const argv[]);
#define RUN(name, ...) session_run(name, (char *[]){ __VA_ARGS__, NULL })

/* The same in the background; and the end of it, by SIGTERM. */
pid_t session_start(const char *name, char *const argv[]);
void session_kill(pid_t *pid);

/* A program beside the benchmark. The board of one that was started, "": none. */
char *session_beside(const char *name);
char *session_board(pid_t pid);

/* A path in the directory; and of the benchmark itself. Valid until the next call. */
char *session_path(const char *name);
char *session_self(void);

/* A session that records into NAME. mode: "--overwrite" or "--discard". Returns NULL or why not. */
const char *session_record(const char *name, const char *mode);
void session_stop(const char *name);

#endif
