/* SPDX-License-Identifier: MIT */
/* The sessions of a relay. */
#ifndef CONSOLE_TRACE_CTF_LIVE_H
#define CONSOLE_TRACE_CTF_LIVE_H

#include <babeltrace2/babeltrace.h>
#include <stdbool.h>
#include <stddef.h>

/* Whether an address names a session, and not only a relay. */
bool ctf_live_is_session(const char *url);

/* The addresses of the relay's sessions, in words. Returns how many; -1: no answer. */
int ctf_live_sessions(const char *url, char *buf, size_t size);

/* A sentence when a session cannot be had; why is what babeltrace2 says. */
void ctf_live_words(const char *url, const char *why, char *buf, size_t size);

#endif
