/* SPDX-License-Identifier: MIT */
/*
 * Locks: who waits, who holds, how long.
 *
 * The law: as hot.c's. The lock itself makes its holder the only writer of an
 * exclusive hold: acquired is called after it was taken, released before it is
 * given back. Shared holders write at once, so their counters are raised with
 * locked instructions, and their owner slots are taken by compare-and-swap.
 */
#include "libtrace/apply.h"

#define MODE_TRIES 16

/* Raises a counter of the lock: by its only writer, or by one of many. */
static inline void bump(uint64_t *word, uint64_t value, bool is_shared)
{
	if (is_shared)
		fetch_add(word, value);
	else
		add(word, value);
}

static inline void peak(uint64_t *word, uint64_t value, bool is_shared)
{
	if (is_shared)
		raise_peak(word, value);
	else
		raise_to(word, value);
}

static inline void bump_hist(uint32_t *counts, uint32_t bucket, bool is_shared)
{
	if (!is_shared) {
		hist_count(counts, VIGIL_TASK_BUCKETS, bucket / 8);
		return;
	}
	/* Whoever brings a count half way to its end halves them all. */
	if (unlikely(fetch_add(&counts[bucket / 8], 1) == UINT32_MAX / 2))
		for (uint32_t i = 0; i < VIGIL_TASK_BUCKETS; i++)
			fetch_sub(&counts[i], load(&counts[i]) / 2);
}

/*
 * Shared holders come and go at once: the mode is written until it fits the
 * holders. Only a neighbour in the middle of the same makes it misfit.
 */
static void mode_share(struct vigil_resource_record *r)
{
	for (int i = 0; i < MODE_TRIES; i++) {
		bool is_held = load(&r->holders);

		swap(&r->mode, is_held ? VIGIL_MODE_SHARED : VIGIL_MODE_NONE);
		if (is_held == (load(&r->holders) != 0))
			return;
	}
}

static struct vigil_hist_record *lock_hist(struct board *board, struct lane *lane,
					   struct vigil_resource_record *r)
{
	uint32_t hist = load_acquire(&r->hist);
	uint32_t none = 0;

	if (hist)
		return RECORD_AT(board, hist, hist - 1);
	hist = (uint32_t)pool_take(board, lane, VIGIL_TABLE_hist, 0);
	if (!hist) {
		COUNT(board, lost_hists);
		return NULL;
	}
	if (!compare_swap(&r->hist, &none, hist)) {
		pool_give(board, lane, VIGIL_TABLE_hist, hist - 1);
		hist = none;
	}
	return RECORD_AT(board, hist, hist - 1);
}

static void waiters_less(struct vigil_resource_record *r)
{
	uint32_t waiters = load(&r->waiters);

	while (waiters && !compare_swap(&r->waiters, &waiters, waiters - 1))
		;
}

static struct vigil_resource_record *lock_of(struct board *board, uint64_t lock)
{
	struct vigil_resource_record *r = RECORD_OF(board, resource, lock);

	if (!r)
		ref_misused(board, lock);
	else if (load(&r->life) != VIGIL_LIFE_LIVE)
		COUNT(board, misused_ended);
	else
		return r;
	return NULL;
}

static uint32_t wait_kind_of(const struct vigil_resource_record *r, uint32_t mode)
{
	uint32_t kind = load(&r->kind);

	if (kind == VIGIL_RESOURCE_SEMAPHORE || kind == VIGIL_RESOURCE_POOL)
		return VIGIL_WAIT_PERMIT;
	return mode == VIGIL_MODE_SHARED ? VIGIL_WAIT_LOCK_SHARED : VIGIL_WAIT_LOCK;
}

/*
 * A task waits for a lock. It is one waiter until it has the lock, gives up or
 * ends, however often it is polled meanwhile and says so again.
 */
static void task_waits(struct board *board, struct vigil_resource_record *r, uint64_t now,
		       uint64_t task, struct vigil_task_record *t, const struct wait *wait)
{
	if (load(&t->is_counted) && load(&t->wait_object) == wait->object) {
		write_begin(&t->seq);
		store(&t->wait_kind, wait->kind);
		write_end(&t->seq);
		return;
	}
	board_lock_forget(board, t);
	fetch_add(&r->waiters, 1);
	board_task_wait(board, now, task, wait);
	write_begin(&t->seq);
	store(&t->is_counted, 1);
	write_end(&t->seq);
}

void board_lock_wait(struct board *board, struct lane *lane, uint64_t now, uint64_t lock,
		     uint32_t mode, uint32_t site)
{
	struct vigil_resource_record *r = lock_of(board, lock);
	struct wait wait = { .fd = -1, .object = lock };
	struct vigil_task_record *t;
	uint64_t task = lane_task(lane);

	/* A thread without a worker record has nothing to wait with. */
	if (!r || !lane)
		return;
	wait.kind = wait_kind_of(r, mode);
	t = RECORD_OF(board, task, task);
	if (t && load(&t->life) == VIGIL_LIFE_LIVE && !(load(&r->flags) & VIGIL_RESOURCE_THREAD)) {
		task_waits(board, r, now, task, t, &wait);
	} else {
		lane_lock_forget(lane);
		fetch_add(&r->waiters, 1);
		board_worker_wait(lane, now, wait.kind, lock, site);
	}
	lane_event(lane, now, VIGIL_EVENT_LOCK_WAIT, site, task, lock);
}

/*
 * Ends the wait for a lock of a thread, or of a task. Returns since when it
 * waited, 0 if it did not.
 */
static uint64_t wait_end(struct board *board, struct lane *lane, uint64_t lock, uint64_t owner)
{
	struct vigil_task_record *t;
	uint64_t since;

	if (lane && load(&lane->record->wait_object) == lock && lane_lock_forget(lane))
		return load(&lane->record->wait_since_ns);
	/* Its kind went with the poll that began since; its object stays. */
	t = RECORD_OF(board, task, owner);
	if (!t || !load(&t->is_counted) || load(&t->wait_object) != lock)
		return 0;
	since = load(&t->wait_since_ns);
	board_lock_forget(board, t);
	return since;
}

static void wait_count(struct board *board, struct lane *lane, struct vigil_resource_record *r,
		       uint64_t wait_ns, bool is_shared)
{
	struct vigil_hist_record *hist = lock_hist(board, lane, r);
	struct vigil_cell_record *cell = lane_cell(lane, load(&r->site));
	uint32_t bucket = vigil_bucket(wait_ns);

	bump(&r->contended, 1, is_shared);
	bump(&r->wait_ns, wait_ns, is_shared);
	peak(&r->wait_max_ns, wait_ns, is_shared);
	if (hist)
		bump_hist(hist->delay, bucket, is_shared);
	if (cell)
		cell_delay(cell, wait_ns, bucket);
}

/* Writes an owner into a free slot; more than the slots, and nobody, are only counted. */
static void owner_add(struct board *board, struct vigil_resource_record *r, uint64_t now,
		      uint64_t owner, uint32_t site)
{
	for (int i = 0; owner && i < VIGIL_OWNERS; i++) {
		uint64_t none = 0;

		if (load(&r->owner[i]) || !compare_swap(&r->owner[i], &none, owner))
			continue;
		store(&r->held_since_ns[i], now);
		store(&r->held_site[i], site);
		return;
	}
	COUNT(board, lost_owners);
}

/*
 * Who has a lock for itself proves that nobody else has it, whatever was said
 * before. The same owner again: a recursive lock goes one deeper.
 */
static void exclusive_take(struct board *board, struct vigil_resource_record *r, uint64_t now,
			   uint64_t owner, uint32_t site)
{
	uint32_t holders = load(&r->holders);

	if (holders && owner && load(&r->mode) == VIGIL_MODE_EXCLUSIVE &&
	    load(&r->owner[0]) == owner) {
		store(&r->holders, holders + 1);
		return;
	}
	if (holders)
		COUNT(board, misused_owner); /* a release was not said */
	write_begin(&r->seq);
	store(&r->mode, VIGIL_MODE_EXCLUSIVE);
	store(&r->holders, 1);
	store(&r->owner[0], owner);
	store(&r->held_since_ns[0], now);
	store(&r->held_site[0], site);
	for (int i = 1; i < VIGIL_OWNERS; i++)
		store(&r->owner[i], 0);
	write_end(&r->seq);
}

void board_lock_acquired(struct board *board, struct lane *lane, uint64_t now, uint64_t lock,
			 uint32_t mode, uint32_t site, uint64_t owner)
{
	struct vigil_resource_record *r = lock_of(board, lock);
	bool is_shared = mode == VIGIL_MODE_SHARED;
	uint64_t since;

	if (!r)
		return;
	if (!owner)
		owner = lane_actor(lane);
	since = wait_end(board, lane, lock, owner);
	if (since)
		wait_count(board, lane, r, now > since ? now - since : 0, is_shared);
	bump(&r->acquired, 1, is_shared);
	if (is_shared) {
		fetch_add(&r->holders, 1);
		if (load(&r->mode) != VIGIL_MODE_SHARED)
			mode_share(r);
		owner_add(board, r, now, owner, site);
	} else {
		exclusive_take(board, r, now, owner, site);
	}
	if (lane) {
		store(&lane->record->last_ns, now);
		lane_event(lane, now, VIGIL_EVENT_LOCK, site, lane_task(lane), lock);
	}
}

void board_lock_abandoned(struct board *board, struct lane *lane, uint64_t now, uint64_t lock)
{
	struct vigil_resource_record *r = lock_of(board, lock);

	if (!r)
		return;
	wait_end(board, lane, lock, lane_actor(lane));
	if (lane)
		store(&lane->record->last_ns, now);
}

/* 0, a thread without a worker record, has none. */
static int slot_of(const struct vigil_resource_record *r, uint64_t owner)
{
	for (int i = 0; owner && i < VIGIL_OWNERS; i++)
		if (load(&r->owner[i]) == owner)
			return i;
	return -1;
}

static void hold_count(struct board *board, struct lane *lane, struct vigil_resource_record *r,
		       int slot, uint64_t now, bool is_shared)
{
	uint64_t since = load(&r->held_since_ns[slot]);
	uint64_t hold_ns = now > since ? now - since : 0;
	uint32_t site = load(&r->held_site[slot]);
	uint32_t bucket = vigil_bucket(hold_ns);
	struct vigil_hist_record *hist = lock_hist(board, lane, r);
	struct vigil_cell_record *cell = lane_cell(lane, load(&r->site));

	bump(&r->hold_ns, hold_ns, is_shared);
	if (hold_ns > load(&r->hold_max_ns)) {
		peak(&r->hold_max_ns, hold_ns, is_shared);
		store(&r->hold_max_site, site);
	}
	store(&r->last_owner, load(&r->owner[slot]));
	store(&r->last_site, site);
	if (hist)
		bump_hist(hist->busy, bucket, is_shared);
	if (cell)
		cell_busy(cell, hold_ns, bucket);
}

/* The last shared holder is gone: names that are left gave back as somebody else. */
static void owners_clear(struct vigil_resource_record *r)
{
	for (int i = 0; i < VIGIL_OWNERS; i++) {
		uint64_t owner = load(&r->owner[i]);

		/* A holder that comes just now has raised holders before its name. */
		if (owner && !load(&r->holders))
			compare_swap(&r->owner[i], &owner, 0);
	}
}

void board_lock_released(struct board *board, struct lane *lane, uint64_t now, uint64_t lock,
			 uint64_t owner)
{
	struct vigil_resource_record *r = lock_of(board, lock);
	bool is_shared;
	int slot;

	if (!r)
		return;
	if (!owner)
		owner = lane_actor(lane);
	is_shared = load(&r->mode) != VIGIL_MODE_EXCLUSIVE;
	slot = slot_of(r, owner);
	if (!load(&r->holders)) {
		COUNT(board, misused_owner);
		return;
	}
	if (slot < 0 && !is_shared) {
		/* Given back by somebody else: it is free all the same. */
		if (owner || load(&r->owner[0]))
			COUNT(board, misused_owner);
		slot = 0;
	}
	/* A recursive lock comes up one; its owner goes on holding it. */
	if (!is_shared && load(&r->holders) > 1 && load(&r->owner[0]) == owner) {
		fetch_sub(&r->holders, 1);
		return;
	}
	/* Shared holders are many writers: no seq for them. */
	if (!is_shared)
		write_begin(&r->seq);
	if (slot >= 0) {
		hold_count(board, lane, r, slot, now, is_shared);
		store_release(&r->owner[slot], 0);
	}
	if (fetch_sub(&r->holders, 1) == 1) {
		if (is_shared) {
			owners_clear(r);
			mode_share(r);
		} else {
			store(&r->mode, VIGIL_MODE_NONE);
		}
	}
	if (!is_shared)
		write_end(&r->seq);
	if (lane) {
		store(&lane->record->last_ns, now);
		lane_event(lane, now, VIGIL_EVENT_UNLOCK, 0, lane_task(lane), lock);
	}
}

void board_lock_forget(struct board *board, struct vigil_task_record *task)
{
	struct vigil_resource_record *r;

	if (!load(&task->is_counted))
		return;
	r = RECORD_OF(board, resource, load(&task->wait_object));
	if (r)
		waiters_less(r);
	/*
	 * Whoever hands the lock over does this, so seq, which is the poller's, stays
	 * out of it. Partner: is_same in reader_copy.c.
	 */
	store(&task->wait_kind, VIGIL_WAIT_NONE);
	store(&task->wait_object, 0);
	store(&task->is_counted, 0);
}

bool lane_lock_forget(struct lane *lane)
{
	struct vigil_worker_record *w = lane->record;
	struct vigil_resource_record *r;

	switch (load(&w->wait_kind)) {
	case VIGIL_WAIT_LOCK:
	case VIGIL_WAIT_LOCK_SHARED:
	case VIGIL_WAIT_PERMIT:
		break;
	default:
		return false;
	}
	r = RECORD_OF(lane->board, resource, load(&w->wait_object));
	if (r)
		waiters_less(r);
	write_begin(&w->seq);
	store(&w->wait_kind, VIGIL_WAIT_NONE);
	write_end(&w->seq);
	return true;
}
