/* SPDX-License-Identifier: MIT */
/* The sessions of a relay, as babeltrace2 learns them. Runs in a child. */
#ifndef CONSOLE_TRACE_CTF_LIVE_H
#define CONSOLE_TRACE_CTF_LIVE_H

#include <stddef.h>

/* Their addresses, a line for each; or ":" and why there is no answer. */
void ctf_live_sessions(const char *url, char *buf, size_t size);

#endif
