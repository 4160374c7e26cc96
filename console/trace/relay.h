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

/* Connects to where "net://HOST[:PORT[:PORT]]" takes a recording. A descriptor or -errno. */
int relay_connect(const char *url, struct vigil_problem *ret_problem);

/* Whether it has closed the connection, or has died. */
bool relay_is_gone(int fd);

/* The host of such an address, as it is written there. */
bool relay_host(const char *url, char *buf, size_t size);

#endif
