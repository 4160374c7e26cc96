/* SPDX-License-Identifier: MIT */
/* What awaiting one operation and awaiting the first of several have in common: op.c. */
#ifndef RT_OP_H
#define RT_OP_H

#include "core.h"

/*
 * Begins an await: a task whose budget is used up yields. Returns false when the task is
 * cancelled.
 */
bool await_begin(struct rt_task *task, struct vigil_site *site);

/* One that was never made becomes one that says so. */
void op_check(struct rt_op *op);
/* It was awaited, or taken back: another await says so. */
void op_use_up(struct rt_op *op);

/* Makes the operation visible on the board. */
void op_show(struct rt_op *op);
/* It is no more: one that is done first of all, for that ends its poll as well. */
void op_unshow(struct rt_op *op);
/* Says in the task, and in its wait word, what op waits for, and until when. */
void op_tell_wait(const struct rt_op *op, uint64_t deadline_ns);
/* Polls it after a wake. */
bool op_repoll(struct rt_op *op);

#endif
