/* SPDX-License-Identifier: MIT */
/*
 * Join sets: tasks whose results are taken as they end.
 *
 * A member is in one of three places: in `running`; in `done`, when it ended while nobody
 * waited; or granted to the operation that did. So whoever stands in line sees `done` empty.
 *
 * The set may be freed while members run. Each of them keeps its memory until its task's
 * end has been told (member_ended), whichever of the two comes first.
 *
 * The board is told of the oldest member that runs, as the task that is waited for: from
 * there `why` goes on to what holds it up. The set itself has no owner to follow.
 */
#include "join_set.h"

#include <errno.h>
#include <stdlib.h>

struct member {
	struct rt_join_set *set;
	struct rt_task *task; /* its handle is the set's */
	void *tag;
	struct member *next, *prev;
};

struct members {
	struct member *first, *last;
	size_t count;
};

struct rt_join_set {
	_Atomic uint32_t refs; /* the owner's, and one for each member that runs */
	pthread_mutex_t lock;
	bool is_freed;
	struct members running, done;
	size_t count; /* not taken yet: those that were granted are in neither list */
	struct waitq waiters;
	vigil_resource resource;
};

static void members_add(struct members *members, struct member *member)
{
	member->next = NULL;
	member->prev = members->last;
	if (members->last)
		members->last->next = member;
	else
		members->first = member;
	members->last = member;
	members->count++;
}

static void members_add_first(struct members *members, struct member *member)
{
	member->prev = NULL;
	member->next = members->first;
	if (members->first)
		members->first->prev = member;
	else
		members->last = member;
	members->first = member;
	members->count++;
}

static void members_remove(struct members *members, struct member *member)
{
	if (member->prev)
		member->prev->next = member->next;
	else
		members->first = member->next;
	if (member->next)
		member->next->prev = member->prev;
	else
		members->last = member->prev;
	members->count--;
}

/* Under the lock. */
static void tell_counts(struct rt_join_set *set)
{
	vigil_attr_u64(set->resource, "running", set->running.count, NULL);
	vigil_attr_u64(set->resource, "done", set->count - set->running.count, NULL);
}

struct rt_join_set *rt_join_set_new_at(struct vigil_site *site, const char *name)
{
	struct rt_join_set *set = calloc(1, sizeof(*set));

	if (!set)
		return NULL;
	set->refs = 1;
	pthread_mutex_init(&set->lock, NULL);
	set->resource =
		vigil_resource_new_at(site, VIGIL_RESOURCE_JOIN_SET, "rt_join_set", name, 0, 0);
	tell_counts(set);
	return set;
}

static void set_release(struct rt_join_set *set)
{
	if (atomic_fetch_sub(&set->refs, 1) != 1)
		return;
	pthread_mutex_destroy(&set->lock);
	free(set);
}

static void cut_all(struct rt_join_set *set, enum task_cut cut)
{
	pthread_mutex_lock(&set->lock);
	for (struct member *member = set->running.first; member; member = member->next)
		task_cut(member->task, cut, NULL);
	pthread_mutex_unlock(&set->lock);
}

void rt_join_set_free(struct rt_join_set *set)
{
	struct member *member, *next;

	if (!set)
		return;
	pthread_mutex_lock(&set->lock);
	set->is_freed = true;
	for (member = set->running.first; member; member = member->next) {
		task_cut(member->task, TASK_ABORTED, NULL);
		rt_drop(&(struct rt_handle){ member->task });
	}
	for (member = set->done.first; member; member = next) {
		next = member->next;
		rt_drop(&(struct rt_handle){ member->task });
		free(member);
	}
	pthread_mutex_unlock(&set->lock);
	vigil_resource_free(set->resource);
	set_release(set);
}

void rt_join_set_cancel_all(struct rt_join_set *set)
{
	cut_all(set, TASK_CANCELLED);
}

void rt_join_set_abort_all(struct rt_join_set *set)
{
	cut_all(set, TASK_ABORTED);
}

size_t rt_join_set_count(const struct rt_join_set *set)
{
	struct rt_join_set *own = (struct rt_join_set *)set; /* to lock */
	size_t count;

	pthread_mutex_lock(&own->lock);
	count = own->count;
	pthread_mutex_unlock(&own->lock);
	return count;
}

/* ---- Members ---- */

/* Under the lock: to the first in line. Returns whether there was one. */
static bool grant(struct rt_join_set *set, struct member *member, struct vigil_site *site)
{
	struct rt_op *op = waitq_wake_one(&set->waiters, site);

	if (op)
		op->in.pointer = member;
	return op;
}

/* Under the lock: whom the board was told to wait for this member must tell it another. */
static void remind(struct rt_join_set *set, const struct member *member)
{
	for (struct rt_op *op = set->waiters.first; op; op = op->next) {
		if (op->in.pointer != member)
			continue;
		vigil_wake(op->task->vigil);
		task_schedule(op->task);
	}
}

static void member_ended(struct rt_task *task, void *arg)
{
	struct member *member = arg;
	struct rt_join_set *set = member->set;
	bool is_orphan;

	(void)task;
	pthread_mutex_lock(&set->lock);
	members_remove(&set->running, member);
	is_orphan = set->is_freed;
	if (!is_orphan) {
		if (!grant(set, member, NULL))
			members_add(&set->done, member);
		remind(set, member);
		tell_counts(set);
	}
	pthread_mutex_unlock(&set->lock);
	if (is_orphan)
		free(member);
	set_release(set);
}

int join_set_spawn(struct vigil_site *site, struct rt_join_set *set, rt_fn fn, void *arg,
		   const char *name, void *tag)
{
	struct rt_spawn_options options = { .name = name };
	struct member *member = calloc(1, sizeof(*member));
	struct rt_handle handle;
	struct rt_task *task;
	int error;

	if (!member)
		return -ENOMEM;
	task = task_make(site, &handle, fn, arg, &options, &error);
	if (!task) {
		free(member);
		return error;
	}
	*member = (struct member){ .set = set, .task = task, .tag = tag };
	task->ended = member_ended;
	task->ended_arg = member;
	atomic_fetch_add(&set->refs, 1);
	pthread_mutex_lock(&set->lock);
	members_add(&set->running, member);
	set->count++;
	tell_counts(set);
	pthread_mutex_unlock(&set->lock);
	task_start(task);
	return 0;
}

int rt_join_set_spawn_at(struct vigil_site *site, struct rt_join_set *set, rt_fn fn, void *arg,
			 const char *name)
{
	return join_set_spawn(site, set, fn, arg, name, NULL);
}

/* ---- Taking results ---- */

/* in.pointer: the member the board was told of; once granted, the one to take. */
static void wait_in_line(struct rt_join_set *set, struct rt_op *op)
{
	struct member *oldest = set->running.first;

	if (op->is_try)
		return;
	waitq_add(&set->waiters, op);
	/* One that waits for the others. */
	if (oldest && oldest->task == op->task && oldest->next)
		oldest = oldest->next;
	op->in.pointer = oldest;
	if (!op->task->is_thread)
		vigil_task_wait(op->task->vigil, VIGIL_WAIT_TASK,
				oldest ? oldest->task->vigil : set->resource);
}

/* The task has ended: this is done at once. */
static void take_result(const struct rt_op *op, struct member *member)
{
	struct rt_handle handle = { member->task };
	void **ret_tag = op->more.pointer;

	rt_try(rt_join_op_at(op->site, &handle, op->out));
	if (ret_tag)
		*ret_tag = member->tag;
	free(member);
}

static bool next_poll(struct rt_op *op)
{
	struct rt_join_set *set = op->object;
	struct member *member = NULL;
	bool is_done = true;

	pthread_mutex_lock(&set->lock);
	if (op->is_granted) {
		member = op->in.pointer;
	} else if (set->done.first) {
		member = set->done.first;
		members_remove(&set->done, member);
	} else if (set->count) {
		wait_in_line(set, op);
		is_done = false;
	}
	if (member) {
		set->count--;
		tell_counts(set);
		if (!set->count)
			waitq_wake_all(&set->waiters, op->site, false);
	}
	pthread_mutex_unlock(&set->lock);
	if (member)
		take_result(op, member);
	op->result = member ? 0 : -EPIPE;
	return is_done;
}

static void next_cancel(struct rt_op *op)
{
	struct rt_join_set *set = op->object;

	pthread_mutex_lock(&set->lock);
	if (!waitq_remove(op) && op->is_granted && !grant(set, op->in.pointer, op->site))
		members_add_first(&set->done, op->in.pointer);
	pthread_mutex_unlock(&set->lock);
}

struct rt_op join_set_next_op(struct vigil_site *site, struct rt_join_set *set,
			      struct rt_result *ret_result, void **ret_tag)
{
	static const struct rt_op_type type = { .source = "JoinSet::join_next",
						.poll = next_poll,
						.cancel = next_cancel };
	struct rt_op op = op_make(&type, site, set, set->resource);

	op.out = ret_result;
	op.more.pointer = ret_tag;
	return op;
}

struct rt_op rt_join_set_next_op_at(struct vigil_site *site, struct rt_join_set *set,
				    struct rt_result *ret_result)
{
	return join_set_next_op(site, set, ret_result, NULL);
}

/* ---- For those built of it ---- */

void join_set_finish(struct vigil_site *site, struct rt_join_set *set,
		     void (*each)(void *arg, void *tag, struct rt_result *result), void *arg)
{
	struct rt_task *task = task_here();
	struct rt_result result;
	void *tag;

	cut_all(set, cut_of_children(task));
	task->holds++;
	while (op_await_anywhere(join_set_next_op(site, set, &result, &tag)) == 0)
		each(arg, tag, &result);
	task->holds--;
	rt_join_set_free(set);
}

int result_pass(struct rt_result *result)
{
	if (result->error && result->error->code == result->code) {
		rt_fail_with(result->error);
		result->error = NULL;
	}
	rt_result_free(result);
	return result->code;
}

/* ---- All of them ---- */

static void drop_result(void *arg, void *tag, struct rt_result *result)
{
	(void)arg, (void)tag;
	rt_result_free(result);
}

int rt_join_set_finish_at(struct vigil_site *site, struct rt_join_set *set, int code)
{
	struct rt_result result;

	if (!set)
		return code < 0 ? code : -ENOMEM;
	if (!task_here())
		return misuse(-EPERM, "rt_join_set_finish outside a task");
	while (code >= 0) {
		int next = op_await_anywhere(rt_join_set_next_op_at(site, set, &result));

		if (next == -EPIPE)
			break;
		code = next ? next : result_pass(&result);
	}
	join_set_finish(site, set, drop_result, NULL);
	return code < 0 ? code : 0;
}
