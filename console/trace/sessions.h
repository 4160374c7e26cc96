/* SPDX-License-Identifier: MIT */
/*
 * Which live sessions a relay has: asked by a child process, as traces are read by
 * one, so that a relay that does not answer holds up nobody.
 */
#ifndef CONSOLE_TRACE_SESSIONS_H
#define CONSOLE_TRACE_SESSIONS_H

#include <stdbool.h>
#include <stddef.h>

#include <vigil/reader.h>

#define SESSION_URL 300 /* bytes of an address with its NUL */
#define SESSIONS_MOST 64

struct session_list {
	char urls[SESSIONS_MOST][SESSION_URL];
	size_t count;
};

struct sessions; /* a question that is asked */

/* Whether an address names a session, and not only a relay. */
bool sessions_is_one(const char *url);

/* Asks "net://HOST[:PORT]...". Returns 0 or -errno. */
int sessions_ask(const char *url, struct sessions **ret_sessions);
void sessions_free(struct sessions *sessions);

/*
 * Waits for the answer for so long. Returns 1 with all sessions, 0 when there is none
 * yet, or -errno with a sentence when the relay cannot be asked.
 */
int sessions_answer(struct sessions *sessions, int timeout_ms, struct session_list *ret_list,
		    struct vigil_problem *ret_problem);

/* As sessions_is_one says no: asks, and waits. */
int sessions_list(const char *url, int timeout_ms, struct session_list *ret_list,
		  struct vigil_problem *ret_problem);

#endif
