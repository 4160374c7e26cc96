/* SPDX-License-Identifier: MIT */
/* Join sets, for what is built of them: members carry a tag, and a set can be ended whole. */
#ifndef RT_JOIN_SET_H
#define RT_JOIN_SET_H

#include "core.h"

/* As rt_join_set_spawn_at and _next_op_at; the tag comes out with the result. */
int join_set_spawn(struct vigil_site *site, struct rt_join_set *set, rt_fn fn, void *arg,
		   const char *name, void *tag);
struct rt_op join_set_next_op(struct vigil_site *site, struct rt_join_set *set,
			      struct rt_result *ret_result, void **ret_tag);

/*
 * Cuts what runs, awaits its end, gives each result to `each`, and frees the set. Nothing
 * cuts this short: the tasks may use what is on the caller's stack.
 */
void join_set_finish(struct vigil_site *site, struct rt_join_set *set,
		     void (*each)(void *arg, void *tag, struct rt_result *result), void *arg);

/* How a task that ends early cuts those it must await: as it was itself. */
static inline enum task_cut cut_of_children(const struct rt_task *task)
{
	return atomic_load(&task->cut) == TASK_ABORTED ? TASK_ABORTED : TASK_CANCELLED;
}

/*
 * An error of another task's becomes this one's, if it is what that one failed with. Takes
 * it. Returns the result's code.
 */
int result_pass(struct rt_result *result);

#endif
