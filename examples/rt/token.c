/* SPDX-License-Identifier: MIT */
/*
 * Cancellation tokens: a tree, through which a cancel goes down.
 *
 * One lock for a whole tree, in its root, which outlives all others as each token holds its
 * parent. Under it: who has a cancelled parent is cancelled. So a walk down need not go below
 * a token that is, and a child cannot be born between the walk and its parent's flag.
 *
 * A token is held by its owners, its children, its tasks until they have ended, and by those
 * who wait for it: they may be woken by the cancel that its last owner made on leaving.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "members.h"

struct rt_token {
	pthread_mutex_t lock; /* of a root */
	struct rt_token *root;
	struct rt_token *parent;
	struct rt_token *children, *sibling, **link;
	size_t refs;
	_Atomic bool is_cancelled; /* written under the lock */
	struct waitq waiters;
	struct members members;
	char name[32];
	vigil_resource resource;
};

/* ---- Birth, on the board, and end ---- */

/* Under the lock, as all below. */
static void tell(struct rt_token *token)
{
	size_t live = token->members.count;
	bool is_cancelled = atomic_load(&token->is_cancelled);

	vigil_attr_u64(token->resource, "live", live, NULL);
	vigil_attr_u64(token->resource, "live since cancel", is_cancelled ? live : 0, NULL);
}

static void become_cancelled(struct rt_token *token, struct vigil_site *site)
{
	atomic_store(&token->is_cancelled, true);
	vigil_attr_bool(token->resource, "cancelled", true);
	members_cut(&token->members, site);
	tell(token);
	waitq_wake_all(&token->waiters, site, true);
}

static struct rt_token *token_make(struct vigil_site *site, struct rt_token *parent,
				   const char *name)
{
	struct rt_token *token = calloc(1, sizeof(*token));

	if (!token)
		return NULL;
	token->refs = 1;
	token->parent = parent;
	token->root = parent ? parent->root : token;
	if (!parent)
		pthread_mutex_init(&token->lock, NULL);
	snprintf(token->name, sizeof(token->name), "%s", name ? name : "");
	token->resource = vigil_resource_new_at(site, VIGIL_RESOURCE_CANCEL_TOKEN, "rt_token", name,
						parent ? parent->resource : 0, 0);
	vigil_attr_bool(token->resource, "cancelled", false);
	tell(token);
	return token;
}

struct rt_token *rt_token_new_at(struct vigil_site *site, const char *name)
{
	return token_make(site, NULL, name);
}

struct rt_token *rt_token_child_at(struct vigil_site *site, struct rt_token *parent,
				   const char *name)
{
	struct rt_token *token = token_make(site, parent, name);

	if (!token)
		return NULL;
	pthread_mutex_lock(&token->root->lock);
	parent->refs++;
	token->sibling = parent->children;
	token->link = &parent->children;
	if (token->sibling)
		token->sibling->link = &token->sibling;
	parent->children = token;
	if (atomic_load(&parent->is_cancelled))
		become_cancelled(token, site);
	pthread_mutex_unlock(&token->root->lock);
	return token;
}

struct rt_token *rt_token_clone(struct rt_token *token)
{
	pthread_mutex_lock(&token->root->lock);
	token->refs++;
	pthread_mutex_unlock(&token->root->lock);
	return token;
}

static void leave_parent(struct rt_token *token)
{
	if (!token->link)
		return;
	*token->link = token->sibling;
	if (token->sibling)
		token->sibling->link = token->link;
}

/* Gives the lock back. A token that nobody holds goes, and with it its hold on its parent. */
static void token_put(struct rt_token *token)
{
	struct rt_token *root = token->root, *dead = NULL;

	while (token && !--token->refs) {
		struct rt_token *parent = token->parent;

		leave_parent(token);
		token->parent = dead;
		dead = token;
		token = parent;
	}
	pthread_mutex_unlock(&root->lock);
	while (dead) {
		struct rt_token *next = dead->parent;

		vigil_resource_free(dead->resource);
		if (dead == root)
			pthread_mutex_destroy(&root->lock);
		free(dead);
		dead = next;
	}
}

void rt_token_free(struct rt_token *token)
{
	if (!token)
		return;
	pthread_mutex_lock(&token->root->lock);
	token_put(token);
}

/* ---- Cancel ---- */

/* From the top down, without recursion: a tree may be deeper than a task's stack. */
static void cancel_below(struct rt_token *top, struct vigil_site *site)
{
	struct rt_token *token = top;

	for (;;) {
		if (!atomic_load(&token->is_cancelled)) {
			become_cancelled(token, site);
			if (token->children) {
				token = token->children;
				continue;
			}
		}
		while (token != top && !token->sibling)
			token = token->parent;
		if (token == top)
			return;
		token = token->sibling;
	}
}

void rt_token_cancel_at(struct vigil_site *site, struct rt_token *token)
{
	pthread_mutex_lock(&token->root->lock);
	cancel_below(token, site);
	pthread_mutex_unlock(&token->root->lock);
}

void rt_token_guard(struct rt_token **token)
{
	if (!*token)
		return;
	rt_token_cancel(*token);
	rt_token_free(*token);
	*token = NULL;
}

bool rt_token_is_cancelled(const struct rt_token *token)
{
	return atomic_load(&token->is_cancelled);
}

/* ---- Waiting for it ---- */

static bool cancelled_poll(struct rt_op *op)
{
	struct rt_token *token = op->object;
	bool held = op->in.number;
	bool is_done;

	op->result = 0;
	pthread_mutex_lock(&token->root->lock);
	is_done = atomic_load(&token->is_cancelled);
	if (!is_done && waitq_add(&token->waiters, op) && !held) {
		token->refs++;
		op->in.number = true;
	}
	if (is_done && held)
		token_put(token);
	else
		pthread_mutex_unlock(&token->root->lock);
	return is_done;
}

static void cancelled_cancel(struct rt_op *op)
{
	struct rt_token *token = op->object;

	if (!op->in.number)
		return;
	pthread_mutex_lock(&token->root->lock);
	waitq_remove(op);
	op->in.number = false;
	token_put(token);
}

struct rt_op rt_token_cancelled_op_at(struct vigil_site *site, struct rt_token *token)
{
	static const struct rt_op_type type = { .source = "CancellationToken::cancelled",
						.waits = VIGIL_WAIT_CANCEL,
						.poll = cancelled_poll,
						.cancel = cancelled_cancel };

	return op_make(&type, site, token, token->resource);
}

/* ---- Its tasks ---- */

static void task_ended(struct rt_task *task, void *arg)
{
	struct member *member = arg;
	struct rt_token *token = member->owner;

	(void)task;
	pthread_mutex_lock(&token->root->lock);
	members_remove(&token->members, member);
	tell(token);
	token_put(token);
}

int rt_token_spawn_at(struct vigil_site *site, struct rt_token *token, struct rt_handle *ret_handle,
		      rt_fn fn, void *arg, const char *name)
{
	int error;
	struct member *member =
		member_make(site, token, ret_handle, fn, arg, name, task_ended, &error);
	struct rt_task *task;

	if (!member)
		return error;
	task = member->task;
	vigil_attr_text(task->vigil, "token", token->name);
	pthread_mutex_lock(&token->root->lock);
	token->refs++;
	members_add(&token->members, member);
	tell(token);
	if (atomic_load(&token->is_cancelled))
		member_cut(member, site);
	pthread_mutex_unlock(&token->root->lock);
	task_start(task);
	return 0;
}
