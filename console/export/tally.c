/* SPDX-License-Identifier: MIT */
/* The tally of a process. */
#include "console/export/tally.h"

static void task_look(const struct vigil_task_record *task, struct tally_counts *counts)
{
	if (task->life != VIGIL_LIFE_LIVE)
		return;
	counts->live++;
	counts->runnable += !task->depth && task->wakes != task->wakes_seen;
}

static void lock_look(const struct vigil_resource_record *lock, struct tally_counts *counts)
{
	if (lock->life == VIGIL_LIFE_LIVE)
		counts->lock_waiters += lock->waiters;
}

/* By index: whether the record is given to another object is seen so too. */
static void ref_look(const struct board *board, uint64_t ref, struct tally_counts *counts)
{
	uint32_t table = vigil_ref_table(ref), index = vigil_ref_index(ref);

	if (!ref || table >= VIGIL_TABLES || index >= board->tables[table].used)
		return;
	if (table == VIGIL_TABLE_task)
		task_look(record_at(board, table, index), counts);
	else if (table == VIGIL_TABLE_resource)
		lock_look(record_at(board, table, index), counts);
}

static struct tally_counts refs_look(const struct tally *tally, const struct board *board)
{
	struct tally_counts counts = { 0, 0, 0 };

	ref_look(board, tally->refs[0], &counts);
	if (tally->refs[1] != tally->refs[0])
		ref_look(board, tally->refs[1], &counts);
	return counts;
}

/* What was there before the first event. */
static void tally_begin(struct tally *tally, const struct board *board)
{
	for (uint32_t i = 0; i < board->tables[VIGIL_TABLE_task].used; i++)
		task_look(RECORD_AT(board, task, i), &tally->now);
	for (uint32_t i = 0; i < board->tables[VIGIL_TABLE_resource].used; i++)
		lock_look(RECORD_AT(board, resource, i), &tally->now);
	tally->is_begun = true;
}

/* What the task of an event waits for; 0 if it is about none. */
static uint64_t lock_of(const struct board *board, uint64_t ref)
{
	uint32_t index = vigil_ref_index(ref);

	if (!ref_is_in(board, VIGIL_TABLE_task, ref))
		return 0;
	return RECORD_AT(board, task, index)->wait_object;
}

void tally_before(struct tally *tally, const struct board *board, const struct trace_event *event)
{
	if (!tally->is_begun)
		tally_begin(tally, board);
	tally->refs[0] = event->object;
	tally->refs[1] = lock_of(board, event->object);
	tally->before = refs_look(tally, board);
}

void tally_after(struct tally *tally, const struct board *board)
{
	struct tally_counts after = refs_look(tally, board);
	int64_t live = after.live - tally->before.live;
	int64_t runnable = after.runnable - tally->before.runnable;
	int64_t waiters = after.lock_waiters - tally->before.lock_waiters;

	tally->last = tally->now;
	tally->has_changed = live || runnable || waiters;
	tally->now.live += live;
	tally->now.runnable += runnable;
	tally->now.lock_waiters += waiters;
}
