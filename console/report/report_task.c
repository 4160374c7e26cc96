/* SPDX-License-Identifier: MIT */
/*
 * Tasks: where their time went, and how many are runnable on each executor. A sum
 * per task that lives; those that end are told to the tops and forgotten.
 */
#include "console/report/report_private.h"

#define HELD_FIRST (UINT64_C(1) << 63) /* to a key: before all that has it not */

/* ---- Sums ---- */

static void task_tell(struct report_process *rp, struct top *top, uint64_t key,
		      const struct task_sum *sum, const struct vigil_task_record *t)
{
	struct report_task *task = top_put(top, key);

	if (!task)
		return;
	who_of_record(rp, t, &task->who);
	task->born_ns = t->created_ns;
	task->run_ns = sum->run_ns;
	task->runnable_ns = sum->runnable_ns;
	task->wait_ns = sum->wait_ns;
	task->held_ns = sum->held_ns;
	task->polls = sum->polls;
	task->run_max_ns = sum->run_max_ns;
	task->runnable_max_ns = sum->runnable_max_ns;
	task->outcome = t->life == VIGIL_LIFE_ENDED ? t->outcome : VIGIL_OUTCOME_NONE;
}

/* It ended, or the pass does. */
static void task_over(struct report_process *rp, struct task_sum *sum,
		      const struct vigil_task_record *t)
{
	if (sum->run_ns || sum->runnable_ns || sum->wait_ns || sum->polls)
		rp->tasks++;
	task_tell(rp, &rp->by_run, sum->run_ns, sum, t);
	task_tell(rp, &rp->by_runnable, sum->runnable_ns, sum, t);
	task_tell(rp, &rp->by_wait, sum->held_ns ? HELD_FIRST | sum->held_ns : sum->wait_ns, sum,
		  t);
	sum->gen = 0;
}

struct task_sum *task_sum_of(struct report_process *rp, uint64_t ref)
{
	const struct vigil_task_record *t = RECORD_OF(rp->inside->board, task, ref);
	uint32_t index = vigil_ref_index(ref);
	struct task_sum *sum;

	if (!t)
		return NULL;
	if (!array_reach(&rp->inside->tasks, &rp->inside->task_room, index, sizeof(*sum))) {
		rp->has_no_memory = true;
		return NULL;
	}
	sum = &rp->inside->tasks[index];
	return sum->gen == t->gen ? sum : NULL;
}

void task_slice(struct report_process *rp, const struct slice *slice)
{
	struct task_sum *sum = task_sum_of(rp, slice->task);
	uint64_t ns = slice->end_ns - slice->begin_ns;

	if (!sum)
		return;
	if (slice->kind == SLICE_RUN) {
		sum->run_ns += ns;
		sum->polls++;
		if (ns > sum->run_max_ns)
			sum->run_max_ns = ns;
	} else if (slice->kind == SLICE_RUNNABLE) {
		sum->runnable_ns += ns;
		if (ns > sum->runnable_max_ns)
			sum->runnable_max_ns = ns;
	} else {
		sum->wait_ns += ns;
	}
}

void task_held(struct report_process *rp, uint64_t ref, uint64_t ns)
{
	struct task_sum *sum = task_sum_of(rp, ref);

	if (sum)
		sum->held_ns += ns;
}

/* ---- States ---- */

static enum task_state state_of(const struct vigil_task_record *t)
{
	if (t->life != VIGIL_LIFE_LIVE)
		return TASK_NONE;
	if (t->depth)
		return TASK_RUNNING;
	return t->wakes != t->wakes_seen ? TASK_RUNNABLE : TASK_IDLE;
}

static void state_put(struct report_process *rp, struct task_sum *sum, enum task_state state,
		      uint64_t ns)
{
	int runnable = (state == TASK_RUNNABLE) - (sum->state == TASK_RUNNABLE);
	int live = (state != TASK_NONE) - (sum->state != TASK_NONE);

	if (runnable && sum->executor != REPORT_NONE)
		level_change(&rp->executors[sum->executor].runnable, &rp->bins, ns, runnable);
	if (live)
		level_change(&rp->live, &rp->bins, ns, live);
	sum->state = state;
}

void task_settle(struct report_process *rp, uint64_t ref, uint64_t ns)
{
	struct report_inside *inside = rp->inside;
	const struct vigil_task_record *t = RECORD_OF(inside->board, task, ref);
	uint32_t index = vigil_ref_index(ref);
	struct task_sum *sum;

	if (!t || !array_reach(&inside->tasks, &inside->task_room, index, sizeof(*sum))) {
		rp->has_no_memory |= t != NULL;
		return;
	}
	sum = &inside->tasks[index];
	ns = window_of(rp, ns);
	if (sum->gen != t->gen) {
		/* Another one had the record, and its end was not told. */
		if (sum->gen)
			state_put(rp, sum, TASK_NONE, ns);
		sum->gen = 0;
		/* The end of the poll in which it ended: it has been told. */
		if (t->life != VIGIL_LIFE_LIVE)
			return;
		*sum = (struct task_sum){ .gen = t->gen,
					  .executor = row_executor(rp, t->executor) };
	}
	state_put(rp, sum, state_of(t), ns);
	if (sum->state == TASK_NONE)
		task_over(rp, sum, t);
}

void tasks_begin(struct report_process *rp, uint64_t ns)
{
	const struct board *board = rp->inside->board;
	uint32_t used = board->tables[VIGIL_TABLE_task].used;

	for (uint32_t i = 0; i < used; i++) {
		const struct vigil_task_record *t = RECORD_AT(board, task, i);
		uint64_t ref = vigil_ref_make(VIGIL_TABLE_task, i, t->gen);

		if (t->life != VIGIL_LIFE_LIVE)
			continue;
		task_settle(rp, ref, ns);
		if (rp->path.is_wanted)
			path_settle(rp, ref);
	}
}

void tasks_close(struct report_process *rp)
{
	struct report_inside *inside = rp->inside;
	uint32_t used = inside->board->tables[VIGIL_TABLE_task].used;

	for (uint32_t i = 0; i < used && i < inside->task_room; i++) {
		const struct vigil_task_record *t = RECORD_AT(inside->board, task, i);
		struct task_sum *sum = &inside->tasks[i];

		if (!sum->gen || sum->gen != t->gen)
			continue;
		rp->live_end += t->life == VIGIL_LIFE_LIVE;
		task_over(rp, sum, t);
	}
}
