/* SPDX-License-Identifier: MIT */
/*
 * What every call but polls and wakes (hot.h) does to a board: the same
 * functions live, in a replay, and for a remote program.
 *
 * board, the caller's lane (may be NULL), the time. want is what a replay needs the
 * new object to be called, else ANY (in a replay an object that was lost); sites are
 * indexes plus one, and no larger than the table of sites.
 * Stale references and calls on ended objects are counted, nothing else. A text
 * that is "" does what NULL does: traces cannot tell them apart.
 */
#ifndef LIBTRACE_APPLY_H
#define LIBTRACE_APPLY_H

#include "libtrace/lane.h"

/* ---- task.c ---- */

struct task_birth {
	struct wanted want;
	uint64_t executor;
	uint64_t parent;
	uint32_t site;
	uint32_t kind;
	uint32_t flags;
	const char *name;
};

/* Returns the new task's reference, or 0 (counted). */
uint64_t board_task_spawn(struct board *board, struct lane *lane, uint64_t now,
			  const struct task_birth *birth);
void board_task_rename(struct board *board, uint64_t task, const char *name);
void board_task_end(struct board *board, struct lane *lane, uint64_t now, uint64_t task,
		    uint32_t outcome, int32_t code, const char *message);
void board_task_yield(struct board *board, uint64_t task, bool forced);

struct wait {
	uint32_t kind;
	int32_t fd;
	uint64_t object;
	uint64_t until_ns;
};
void board_task_wait(struct board *board, uint64_t now, uint64_t task, const struct wait *wait);

/* joiner, for VIGIL_JOIN_AWAITED only, waits for the task from now on; 0: nobody does. */
void board_join(struct board *board, uint64_t now, uint64_t task, uint32_t state, uint64_t joiner);

/* ---- executor.c ---- */

uint64_t board_executor_new(struct board *board, uint64_t now, struct wanted want, uint32_t site,
			    uint32_t kind, const char *name);
void board_executor_free(struct board *board, uint64_t now, uint64_t executor);
void board_executor_queued(struct board *board, uint64_t executor, uint64_t tasks);
void board_worker_begin(struct lane *lane, uint64_t executor, const char *name);
void board_worker_end(struct lane *lane);
void board_worker_park(struct lane *lane, uint64_t now);
void board_worker_unpark(struct lane *lane, uint64_t now);
void board_worker_wait(struct lane *lane, uint64_t now, uint32_t kind, uint64_t object,
		       uint32_t site);
void board_worker_resume(struct lane *lane, uint64_t now);

/* ---- resource.c ---- */

struct resource_birth {
	struct wanted want;
	uint64_t parent;
	uint32_t site;
	uint32_t kind;
	uint32_t flags;
	const char *type;
	const char *name;
};

uint64_t board_resource_new(struct board *board, struct lane *lane, uint64_t now,
			    const struct resource_birth *birth);
void board_resource_free(struct board *board, struct lane *lane, uint64_t now, uint64_t resource);

/* ---- lock.c: owner 0 is the lane's actor ---- */

void board_lock_wait(struct board *board, struct lane *lane, uint64_t now, uint64_t lock,
		     uint32_t mode, uint32_t site);
void board_lock_acquired(struct board *board, struct lane *lane, uint64_t now, uint64_t lock,
			 uint32_t mode, uint32_t site, uint64_t owner);
void board_lock_abandoned(struct board *board, struct lane *lane, uint64_t now, uint64_t lock);
void board_lock_released(struct board *board, struct lane *lane, uint64_t now, uint64_t lock,
			 uint64_t owner);

/* A task, a thread, waits for its lock no more. True if the thread did. */
void board_lock_forget(struct board *board, struct vigil_task_record *task);
bool lane_lock_forget(struct lane *lane);

/* ---- op.c ---- */

uint64_t board_op_new(struct board *board, struct lane *lane, uint64_t now, struct wanted want,
		      uint32_t site, uint64_t resource, uint64_t parent, const char *source);
void board_op_poll_begin(struct board *board, uint64_t now, uint64_t op);
void board_op_poll_end(struct board *board, uint64_t now, uint64_t op, bool is_ready);
void board_op_free(struct board *board, struct lane *lane, uint64_t now, uint64_t op);

/* ---- attr.c ---- */

struct attr_value {
	const char *key;  /* NULL or "": sets nothing */
	const char *text; /* for VIGIL_ATTR_TEXT */
	const char *unit; /* NULL or "": as it was */
	uint64_t value;
	uint32_t type;
};

/* Returns the attribute's reference, or 0 (counted). */
uint64_t board_attr_set(struct board *board, struct lane *lane, uint64_t now, uint64_t object,
			const struct attr_value *value);

/* Copies key and unit of an attribute. Returns its owner, 0 when it is gone. */
uint64_t board_attr_name(const struct board *board, uint64_t attr,
			 struct vigil_attr_record *ret_name);

/* Sets the value of an attribute that is there, type any but text. A replay sets by key. */
void board_attr_put(struct board *board, uint64_t now, uint64_t attr, uint32_t type,
		    uint64_t value);

/* ---- span.c ---- */

/* The span a thread is in: its task's, or its own outside any task. */
uint64_t board_span_current(struct board *board, struct lane *lane);
uint64_t board_span_new(struct board *board, struct lane *lane, uint64_t now, struct wanted want,
			uint32_t site, uint64_t parent, uint32_t level, const char *name);
void board_span_enter(struct board *board, struct lane *lane, uint64_t now, uint64_t span);
void board_span_leave(struct board *board, struct lane *lane, uint64_t now, uint64_t span);
void board_span_free(struct board *board, struct lane *lane, uint64_t now, uint64_t span);

/* ---- site_put.c ---- */

/*
 * Writes what a site is, as index plus one; 0 is a site that found no record
 * (counted). Returns whether it stands there now.
 */
bool board_site_put(struct board *board, uint32_t site, uint32_t kind, const char *file,
		    uint32_t line, const char *function, const char *name);

/* ---- counting misuse ---- */

/* A reference that names nothing now. 0 is no misuse. */
static inline void ref_misused(struct board *board, uint64_t ref)
{
	if (ref)
		COUNT(board, misused_stale);
}

#endif
