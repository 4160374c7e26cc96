/* SPDX-License-Identifier: MIT */
/* What the files of a session share. */
#ifndef CONSOLE_TRACE_SESSION_PRIVATE_H
#define CONSOLE_TRACE_SESSION_PRIVATE_H

#include <vigil/reader.h>

/* "cannot WHAT: ..." for an error code of LTTng's, of either sign. Returns -errno. */
int session_failed(struct vigil_problem *ret_problem, int code, const char *what);

#endif
