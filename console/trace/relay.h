/* SPDX-License-Identifier: MIT */
/*
 * The relay of a live recording: whether it is there. LTTng does not say when it
 * goes, so a connection is kept to it, on which nothing is sent.
 */
#ifndef CONSOLE_TRACE_RELAY_H
#define CONSOLE_TRACE_RELAY_H

#include <stdbool.h>
#include <stddef.h>

#include <vigil/reader.h>

#define RELAY_PORT 8 /* bytes of a port's digits */

/* What "net://HOST[:PORT[:PORT]]" names. */
struct relay_address {
	char host[256];
	char control[RELAY_PORT], data[RELAY_PORT];
	bool is_usual; /* no port is named */
};

/* Whether it is one. */
bool relay_read(const char *url, struct relay_address *ret_address);

/* Connects to where "net://HOST[:PORT[:PORT]]" takes a recording. A descriptor or -errno. */
int relay_connect(const char *url, struct vigil_problem *ret_problem);

/* Whether it has closed the connection, or has died. */
bool relay_is_gone(int fd);

#endif
