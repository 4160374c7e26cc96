/* SPDX-License-Identifier: MIT */
/*
 * The boards that `vigil record` put beside a trace: what the processes had that lived
 * before the session did.
 */
#ifndef CONSOLE_TRACE_BESIDE_H
#define CONSOLE_TRACE_BESIDE_H

#include "console/trace/trace_private.h"

/*
 * Makes a process of each board beside the trace's folders. What cannot be loaded is
 * left out: such a process is then one that was born before. Returns 0 or -ENOMEM.
 */
int beside_load(struct trace *trace);

/* Whether an event happened before the copy of its process's board. */
bool beside_has(const struct process *process, const struct trace_event *event);

#endif
