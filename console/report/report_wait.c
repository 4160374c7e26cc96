/* SPDX-License-Identifier: MIT */
/*
 * Waits: of which tasks, for what, and where whoever ended them stood; one row for
 * those that are alike in all of it. And locks: how long they were held and waited for.
 */
#include "console/report/report_private.h"

/* ---- Rows ---- */

static bool is_alike(const struct report_wait *a, const struct report_wait *b)
{
	return a->site == b->site && a->kind == b->kind && a->is_blocked == b->is_blocked &&
	       a->is_of_pool == b->is_of_pool && a->is_overdue == b->is_overdue &&
	       a->object == b->object && a->number == b->number && a->ender == b->ender;
}

static uint64_t hash_of(const struct report_wait *wait)
{
	const uint64_t flags = wait->is_blocked + 2 * wait->is_of_pool + 4 * wait->is_overdue;
	const uint64_t words[] = { wait->site, wait->kind * 8 + flags, wait->object, wait->number,
				   wait->ender };
	uint64_t hash = UINT64_C(0xcbf29ce484222325);

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		hash = (hash ^ words[i]) * UINT64_C(0x9e3779b97f4a7c15);
	return hash >> 32;
}

/* The last row is for all that find no other: of no site, no kind. */
static struct report_wait *wait_row(struct report_process *rp, const struct report_wait *like)
{
	uint32_t *slots = rp->inside->wait_slots;
	uint64_t hash = hash_of(like);
	struct report_wait *row;

	for (uint32_t i = 0; i < WAIT_SLOTS; i++) {
		uint32_t *slot = &slots[(hash + i) % WAIT_SLOTS];

		if (*slot && is_alike(&rp->waits[*slot - 1], like))
			return &rp->waits[*slot - 1];
		if (*slot)
			continue;
		if (rp->wait_count == REPORT_WAITS)
			break;
		row = array_add(&rp->waits, &rp->wait_count, sizeof(*row));
		if (!row)
			break;
		if (rp->wait_count < REPORT_WAITS) {
			*row = *like;
			*slot = rp->wait_count;
		}
		return row;
	}
	rp->has_no_memory |= !rp->wait_count;
	return rp->wait_count ? &rp->waits[rp->wait_count - 1] : NULL;
}

static void wait_put(struct report_process *rp, const struct report_wait *like, uint64_t task,
		     uint64_t ns)
{
	struct report_wait *row = wait_row(rp, like);

	if (row)
		sum_add(&row->sum, ns);
	if (task && report_holds_up(like))
		task_held(rp, task, ns);
}

/* What a reference of a wait names, as a row that outlives it. */
static void object_of(struct report_process *rp, uint64_t ref, struct report_wait *wait)
{
	const struct vigil_task_record *task = RECORD_OF(rp->inside->board, task, ref);
	uint32_t row = REPORT_NONE;

	if (vigil_ref_table(ref) == VIGIL_TABLE_resource)
		row = row_resource(rp, ref);
	if (row != REPORT_NONE) {
		wait->object = REPORT_RESOURCE;
		wait->number = row;
	} else if (task) {
		wait->object = REPORT_TASK;
		wait->number = task->site;
	}
}

/* Where who has it took it; of one that is free, where who had it last did. */
static uint32_t holder_site(const struct report_process *rp, uint64_t lock)
{
	const struct vigil_resource_record *r = RECORD_OF(rp->inside->board, resource, lock);

	if (r && r->holders && r->mode == VIGIL_MODE_EXCLUSIVE && r->owner[0])
		return r->held_site[0];
	return r ? r->last_site : 0;
}

uint64_t wait_holder(const struct report_process *rp, uint64_t lock)
{
	const struct vigil_resource_record *r = RECORD_OF(rp->inside->board, resource, lock);

	if (r && r->holders && r->mode == VIGIL_MODE_EXCLUSIVE && r->owner[0])
		return r->owner[0];
	return r ? r->last_owner : 0;
}

/* ---- Tasks and threads that wait ---- */

void wait_like(struct report_process *rp, const struct slice *slice, uint32_t waker,
	       struct report_wait *ret_wait)
{
	const struct task_sum *sum = task_sum_of(rp, slice->task);

	*ret_wait =
		(struct report_wait){ .site = slice->site, .kind = slice->state, .ender = waker };
	object_of(rp, slice->other, ret_wait);
	if (wait_is_for_lock(ret_wait->kind))
		ret_wait->ender = holder_site(rp, slice->other);
	if (ret_wait->kind || !sum || !sum->lock_kind)
		return;
	ret_wait->kind = sum->lock_kind;
	ret_wait->object = REPORT_RESOURCE;
	ret_wait->number = sum->lock_row;
	ret_wait->ender = sum->lock_site;
}

/* When what came to pass of a wait was due; its end when it was not late. */
static uint64_t due_ns(const struct report_process *rp, const struct slice *slice)
{
	const struct vigil_task_record *t = RECORD_OF(rp->inside->board, task, slice->task);
	uint64_t due = t && t->wait_kind ? t->wait_until_ns : 0;

	if (!due || slice->end_ns < REPORT_LONG_NS || due > slice->end_ns - REPORT_LONG_NS)
		return slice->end_ns;
	return due > slice->begin_ns ? due : slice->begin_ns;
}

void wait_slice(struct report_process *rp, const struct slice *slice, uint32_t waker)
{
	struct task_sum *sum = task_sum_of(rp, slice->task);
	uint64_t due = due_ns(rp, slice);
	struct report_wait like;

	wait_like(rp, slice, waker, &like);
	if (sum)
		sum->lock_kind = 0;
	if (due > slice->begin_ns || due == slice->end_ns)
		wait_put(rp, &like, slice->task, due - slice->begin_ns);
	like.is_overdue = true;
	if (due < slice->end_ns)
		wait_put(rp, &like, slice->task, slice->end_ns - due);
}

static bool is_of_pool(struct report_process *rp, uint64_t worker)
{
	uint32_t row = row_worker(rp, worker);

	return row != REPORT_NONE && report_is_pool(rp, rp->workers[row].executor);
}

void wait_blocked_like(struct report_process *rp, const struct slice *slice,
		       struct report_wait *ret_wait)
{
	const struct vigil_task_record *t = RECORD_OF(rp->inside->board, task, slice->task);

	*ret_wait = (struct report_wait){ .kind = slice->state,
					  .site = t ? t->site : 0,
					  .is_blocked = true,
					  .is_of_pool = is_of_pool(rp, slice->worker),
					  .ender = slice->site };
	object_of(rp, slice->other, ret_wait);
	if (wait_is_for_lock(ret_wait->kind))
		ret_wait->ender = holder_site(rp, slice->other);
}

void wait_blocked(struct report_process *rp, const struct slice *slice)
{
	struct report_wait like;

	wait_blocked_like(rp, slice, &like);
	wait_put(rp, &like, slice->task, slice->end_ns - slice->begin_ns);
}

/* ---- Locks ---- */

static void lock_waited(struct report_process *rp, const struct slice *slice, uint32_t row)
{
	struct report_resource *lock = &rp->resources[row];
	uint64_t ns = slice->end_ns - slice->begin_ns;

	if (ns >= lock->wait.max_ns) {
		lock->wait_max_site = slice->site;
		lock->wait_max_holder = holder_site(rp, slice->object);
	}
	sum_add(&lock->wait, ns);
	hist_put_at(&lock->wait_hist, ns);
}

void wait_lock(struct report_process *rp, const struct slice *slice)
{
	uint32_t row = row_resource(rp, slice->object);
	struct task_sum *sum = slice->task ? task_sum_of(rp, slice->task) : NULL;

	if (row == REPORT_NONE)
		return;
	lock_waited(rp, slice, row);
	if (!sum || sum->state == TASK_RUNNING)
		return;
	sum->lock_kind =
		slice->state == VIGIL_MODE_SHARED ? VIGIL_WAIT_LOCK_SHARED : VIGIL_WAIT_LOCK;
	sum->lock_row = row;
	sum->lock_site = holder_site(rp, slice->object);
}

void wait_lock_open(struct report_process *rp, const struct slice *slice)
{
	struct slice wait = *slice;
	uint32_t row = row_resource(rp, slice->other);

	if (row == REPORT_NONE || !wait_is_for_lock(slice->state))
		return;
	wait.object = slice->other;
	wait.site = slice->kind == SLICE_BLOCKED ? slice->site : 0;
	wait.begin_ns = window_of(rp, slice->begin_ns);
	lock_waited(rp, &wait, row);
}

void wait_hold(struct report_process *rp, const struct slice *slice)
{
	uint32_t row = row_resource(rp, slice->object);
	uint64_t ns = slice->end_ns - slice->begin_ns;
	struct report_resource *lock;

	if (row == REPORT_NONE)
		return;
	lock = &rp->resources[row];
	if (ns >= lock->hold.max_ns)
		lock->hold_max_site = slice->site;
	sum_add(&lock->hold, ns);
	hist_put_at(&lock->hold_hist, ns);
}
