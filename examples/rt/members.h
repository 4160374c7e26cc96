/* SPDX-License-Identifier: MIT */
/* Tasks that somebody keeps together, to count and to cut them: a token's, a shutdown's. */
#ifndef RT_MEMBERS_H
#define RT_MEMBERS_H

#include "core.h"

/*
 * The law: its owner's lock is held for all that touches the list, and a member takes itself
 * off in task->ended. So the task of a member that is found in the list lives. A cut made
 * under the lock takes the task's lock and those of the run queues, which are later in order.
 */
struct members {
	struct member *first;
	size_t count;
};

struct member {
	struct rt_task *task;
	void *owner;
	bool is_cut; /* members_cut did */
	struct member *next, **link;
};

/*
 * Makes a member's task, in no list and not started. ended gets the member. NULL: *ret_error
 * says why. ret_handle as rt_spawn_at.
 */
struct member *member_make(struct vigil_site *site, void *owner, struct rt_handle *ret_handle,
			   rt_fn fn, void *arg, const char *name,
			   void (*ended)(struct rt_task *task, void *member), int *ret_error);
void members_add(struct members *members, struct member *member);
/* And frees it. */
void members_remove(struct members *members, struct member *member);
void member_cut(struct member *member, struct vigil_site *site);
void members_cut(struct members *members, struct vigil_site *site);
/* "task 3 "conn" waits in Mutex::lock at server.c:42", as snprintf. */
int member_print(const struct member *member, char *buf, size_t size);

#endif
