/* SPDX-License-Identifier: MIT */
/*
 * The life of a task: spawn, wait, join, end. hot.c has what lies between.
 *
 * The law: as hot.c's, but for the storage a spawn may have to claim.
 */
#include "libtrace/apply.h"
#include "libtrace/hot.h"

#include <vigil/vigil.h>

uint64_t board_task_spawn(struct board *board, struct lane *lane, uint64_t now,
			  const struct task_birth *birth)
{
	uint64_t ref = pool_take(board, lane, VIGIL_TABLE_task, birth->want.ref);
	bool is_idle = birth->flags & VIGIL_SPAWN_IDLE;
	struct vigil_task_record *t;
	struct vigil_cell_record *cell;

	if (unlikely(!ref)) {
		COUNT(board, lost_tasks);
		return 0;
	}
	t = RECORD_AT(board, task, vigil_ref_index(ref));
	store(&t->site, birth->site);
	store(&t->id, pool_serial(board, lane, VIGIL_TABLE_task, birth->want.id));
	store(&t->parent, birth->parent);
	store(&t->executor, birth->executor);
	store(&t->kind, birth->kind);
	store(&t->created_ns, now);
	store(&t->poll_end_ns, now);
	store(&t->ready_ns, now);
	/* Runnable from birth: as if it had been woken once, though nobody did. */
	store(&t->wakes_seen, is_idle ? 0 : UINT64_MAX);
	store(&t->wait_fd, -1);
	store(&t->join, birth->flags & VIGIL_SPAWN_JOIN ? VIGIL_JOIN_HELD : VIGIL_JOIN_NONE);
	if (birth->name)
		text_put(t->name, sizeof(t->name), birth->name);
	store_release(&t->life, VIGIL_LIFE_LIVE);
	write_end(&t->seq);

	cell = lane_cell(lane, birth->site);
	if (cell)
		add(&cell->spawned, 1);
	if (lane) {
		add(&lane->record->spawns, 1);
		store(&lane->record->last_ns, now);
		lane_event(lane, now, VIGIL_EVENT_SPAWN, birth->site, ref, birth->parent);
	}
	return ref;
}

void board_task_rename(struct board *board, uint64_t task, const char *name)
{
	struct vigil_task_record *t = RECORD_OF(board, task, task);

	if (!t) {
		ref_misused(board, task);
		return;
	}
	write_begin(&t->seq);
	text_put(t->name, sizeof(t->name), name);
	write_end(&t->seq);
}

/* The ended task's counters move to its site. */
static void task_fold(struct lane *lane, const struct vigil_task_record *t, uint64_t now)
{
	struct vigil_cell_record *cell = lane_cell(lane, load(&t->site));

	if (!cell)
		return;
	switch (load(&t->outcome)) {
	case VIGIL_OUTCOME_FAILED:
		add(&cell->failed, 1);
		break;
	case VIGIL_OUTCOME_CANCELLED:
		add(&cell->cancelled, 1);
		break;
	case VIGIL_OUTCOME_ABORTED:
		add(&cell->aborted, 1);
		break;
	default:
		add(&cell->completed, 1);
		break;
	}
	add(&cell->wakes, load(&t->wakes));
	add(&cell->self_wakes, load(&t->self_wakes));
	add(&cell->waker_clones, load(&t->waker_clones));
	add(&cell->waker_drops, load(&t->waker_drops));
	add(&cell->life_ns, elapsed(now, load(&t->created_ns)));
}

void board_task_end(struct board *board, struct lane *lane, uint64_t now, uint64_t task,
		    uint32_t outcome, int32_t code, const char *message)
{
	struct vigil_task_record *t = RECORD_OF(board, task, task);
	uint32_t none = VIGIL_OUTCOME_NONE;

	if (!t) {
		ref_misused(board, task);
		return;
	}
	if (!outcome || outcome > VIGIL_OUTCOME_ABORTED)
		outcome = VIGIL_OUTCOME_COMPLETED;
	/* Of several ends the first wins, and it alone goes on. */
	if (load(&t->life) != VIGIL_LIFE_LIVE || !compare_swap(&t->outcome, &none, outcome)) {
		COUNT(board, misused_ended);
		return;
	}
	board_lock_forget(board, t);
	board_poll_cut(board, lane, now, task);
	if (now < load(&t->poll_end_ns))
		now = load(&t->poll_end_ns);
	if (message && message[0]) {
		struct attr_value value = { .key = "error",
					    .type = VIGIL_ATTR_TEXT,
					    .text = message };

		board_attr_set(board, lane, now, task, &value);
	}
	store(&t->ended_ns, now);
	store(&t->code, code);
	store(&t->wait_kind, VIGIL_WAIT_NONE);
	/*
	 * Last, so that who sees the end sees how and when. Partner: poll_count in
	 * hot.c. What seq guards is the poller's alone, who may be about to begin a
	 * poll: that a runnable task was scheduled up to here is for readers to add.
	 */
	store_release(&t->life, VIGIL_LIFE_ENDED);
	task_fold(lane, t, now);
	if (lane) {
		store(&lane->record->last_ns, now);
		lane_event(lane, now, VIGIL_EVENT_END, load(&t->site), task, outcome);
	}
	ring_retire(board, lane, VIGIL_TABLE_task, vigil_ref_index(task));
}

void board_task_yield(struct board *board, uint64_t task, bool forced)
{
	struct vigil_task_record *t = RECORD_OF(board, task, task);

	if (!t) {
		ref_misused(board, task);
		return;
	}
	write_begin(&t->seq);
	if (forced)
		add(&t->forced_yields, 1);
	else
		add(&t->yields, 1);
	write_end(&t->seq);
}

void board_task_wait(struct board *board, uint64_t now, uint64_t task, const struct wait *wait)
{
	struct vigil_task_record *t = RECORD_OF(board, task, task);

	if (!t || load(&t->life) != VIGIL_LIFE_LIVE) {
		if (t)
			COUNT(board, misused_ended);
		else
			ref_misused(board, task);
		return;
	}
	/* In the queue of a lock it stays, whatever else it waits for besides. */
	if (load(&t->is_counted)) {
		const struct vigil_resource_record *r =
			RECORD_OF(board, resource, load(&t->wait_object));

		write_begin(&t->seq);
		store(&t->wait_kind, r && load(&r->kind) != VIGIL_RESOURCE_MUTEX &&
						     load(&r->kind) != VIGIL_RESOURCE_RWLOCK ?
					     VIGIL_WAIT_PERMIT :
					     VIGIL_WAIT_LOCK);
		write_end(&t->seq);
		return;
	}
	write_begin(&t->seq);
	store(&t->wait_kind, wait->kind);
	store(&t->wait_fd, wait->fd);
	store(&t->wait_object, wait->object);
	store(&t->wait_since_ns, now);
	store(&t->wait_until_ns, wait->until_ns);
	/* Runnable since birth and never polled: it was idle from the start. */
	if (unlikely(load(&t->wakes_seen) == UINT64_MAX && !load(&t->wakes)))
		store(&t->wakes_seen, 0);
	write_end(&t->seq);
}

void board_join(struct board *board, uint64_t now, uint64_t task, uint32_t state, uint64_t joiner)
{
	struct vigil_task_record *t = RECORD_OF(board, task, task);

	/* Handles outlive their task by nature: no misuse. */
	if (t && state == VIGIL_JOIN_AWAITED)
		store(&t->joiner, joiner);
	if (t)
		store(&t->join, state);
	if (joiner)
		board_task_wait(
			board, now, joiner,
			&(struct wait){ .kind = VIGIL_WAIT_TASK, .fd = -1, .object = task });
}
