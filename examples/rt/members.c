/* SPDX-License-Identifier: MIT */
#include "members.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct member *member_make(struct vigil_site *site, void *owner, struct rt_handle *ret_handle,
			   rt_fn fn, void *arg, const char *name,
			   void (*ended)(struct rt_task *task, void *member), int *ret_error)
{
	struct rt_spawn_options options = { .name = name };
	struct member *member = calloc(1, sizeof(*member));

	if (!member) {
		if (ret_handle)
			ret_handle->task = NULL;
		*ret_error = -ENOMEM;
		return NULL;
	}
	member->owner = owner;
	member->task = task_make(site, ret_handle, fn, arg, &options, ret_error);
	if (!member->task) {
		free(member);
		return NULL;
	}
	member->task->ended = ended;
	member->task->ended_arg = member;
	return member;
}

void members_add(struct members *members, struct member *member)
{
	member->next = members->first;
	member->link = &members->first;
	if (member->next)
		member->next->link = &member->next;
	members->first = member;
	members->count++;
}

void members_remove(struct members *members, struct member *member)
{
	*member->link = member->next;
	if (member->next)
		member->next->link = member->link;
	members->count--;
	free(member);
}

void member_cut(struct member *member, struct vigil_site *site)
{
	member->is_cut = true;
	task_cut(member->task, TASK_CANCELLED, site);
}

void members_cut(struct members *members, struct vigil_site *site)
{
	for (struct member *member = members->first; member; member = member->next)
		member_cut(member, site);
}

int member_print(const struct member *member, char *buf, size_t size)
{
	struct rt_task *task = member->task;
	const char *awaits = atomic_load(&task->awaits);
	const struct vigil_site *at = atomic_load(&task->awaits_at);
	uint32_t state = atomic_load(&task->state);
	unsigned long long id = task->id;
	const char *file;

	if (state != TASK_IDLE || !awaits)
		return snprintf(buf, size, "task %llu \"%s\" %s", id, task->name,
				state == TASK_RUNNING ? "runs" : "is ready to run");
	if (!at)
		return snprintf(buf, size, "task %llu \"%s\" waits in %s", id, task->name, awaits);
	file = strrchr(at->file, '/');
	return snprintf(buf, size, "task %llu \"%s\" waits in %s at %s:%u", id, task->name, awaits,
			file ? file + 1 : at->file, at->line);
}
