/* SPDX-License-Identifier: MIT */
/*
 * A model's refresh: tasks by state, what workers did, locks that are waited for, rates.
 *
 * The law of the file: a refresh costs what changed, not what exists. Tasks are
 * counted by state through the reader's list of changed records; only the few
 * workers are looked at each time.
 */
#include "console/model_private.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "console/source.h"

#define STATE_NONE 0xff /* a free record */

/* ---- Tasks by state ---- */

static int states_grow(struct inside *inside, uint32_t count)
{
	uint8_t *states, *torn;

	if (inside->states && count <= inside->state_count)
		return 0;
	count = count ? count : 1;
	states = realloc(inside->states, count);
	if (states)
		inside->states = states;
	torn = realloc(inside->torn, count);
	if (torn)
		inside->torn = torn;
	if (!states || !torn)
		return -ENOMEM;
	memset(states + inside->state_count, STATE_NONE, count - inside->state_count);
	memset(torn + inside->state_count, 0, count - inside->state_count);
	inside->state_count = count;
	return 0;
}

static uint64_t *state_total(struct model_totals *totals, uint8_t state)
{
	switch (state) {
	case VIGIL_STATE_RUNNING:
		return &totals->running;
	case VIGIL_STATE_SCHEDULED:
		return &totals->scheduled;
	case VIGIL_STATE_IDLE:
		return &totals->idle;
	default:
		return &totals->done;
	}
}

static void task_count(struct inside *inside, uint32_t index)
{
	const struct vigil_task_record *task = VIGIL_AT(inside->model.reader, task, index);
	struct model_totals *totals = &inside->model.totals;
	struct vigil_task_times times;
	uint8_t state = STATE_NONE, is_torn;

	if (task->life == VIGIL_LIFE_LIVE || task->life == VIGIL_LIFE_ENDED) {
		vigil_task_times(task, inside->model.now, &times);
		state = (uint8_t)times.state;
	}
	if (inside->states[index] != STATE_NONE)
		--*state_total(totals, inside->states[index]);
	if (state != STATE_NONE)
		++*state_total(totals, state);
	inside->states[index] = state;

	is_torn = state != STATE_NONE &&
		  vigil_reader_is_torn(inside->model.reader, VIGIL_TABLE_task, index);
	totals->torn += is_torn;
	totals->torn -= inside->torn[index];
	inside->torn[index] = is_torn;
	/* Serial numbers are given in order: the largest is how many there were. */
	if (task->id > totals->spawns)
		totals->spawns = task->id;
}

static void tasks_count(struct inside *inside, bool is_first)
{
	struct vigil_reader *reader = inside->model.reader;
	uint32_t count = vigil_reader_count(reader, VIGIL_TABLE_task);
	const uint32_t *changed;

	if (is_first) {
		for (uint32_t i = 0; i < count; i++)
			task_count(inside, i);
		return;
	}
	changed = vigil_reader_changed(reader, VIGIL_TABLE_task, &count);
	for (uint32_t i = 0; i < count; i++)
		task_count(inside, changed[i]);
}

/* ---- Workers ---- */

uint64_t worker_busy(const struct vigil_worker_record *worker, uint64_t now)
{
	uint64_t begin = worker->poll_begin_ns;

	return worker->busy_ns +
	       (begin && worker->life == VIGIL_LIFE_LIVE ? less_of(now, begin) : 0);
}

static int workers_grow(struct inside *inside, uint32_t count)
{
	struct model *model = &inside->model;
	struct worker_history *histories;
	struct worker_seen *seen;
	uint32_t more = count - model->history_count;

	if (count <= model->history_count)
		return 0;
	histories = realloc(model->histories, count * sizeof(*histories));
	if (histories)
		model->histories = histories;
	seen = realloc(inside->seen, count * sizeof(*seen));
	if (seen)
		inside->seen = seen;
	if (!histories || !seen)
		return -ENOMEM;
	memset(histories + model->history_count, 0, more * sizeof(*histories));
	memset(seen + model->history_count, 0, more * sizeof(*seen));
	model->history_count = count;
	return 0;
}

static void history_push(struct worker_history *history, uint64_t busy_ns, uint64_t interval_ns)
{
	double share = share_of(less_of(busy_ns, history->busy_ns), interval_ns);

	memmove(history->busy, history->busy + 1, sizeof(history->busy) - sizeof(history->busy[0]));
	history->busy[MODEL_HISTORY - 1] = (float)(share > 1 ? 1 : share);
	history->busy_ns = busy_ns;
}

static void worker_update(struct inside *inside, uint32_t index, uint64_t interval_ns)
{
	struct model *model = &inside->model;
	const struct vigil_worker_record *worker = VIGIL_AT(model->reader, worker, index);
	uint64_t ref = vigil_reader_ref(model->reader, VIGIL_TABLE_worker, index);
	struct worker_history *history = &model->histories[index];
	struct worker_seen *seen = &inside->seen[index];

	if (seen->ref != ref) {
		inside->gone_polls += seen->polls;
		inside->gone_wakes += seen->wakes;
		memset(history, 0, sizeof(*history));
		history->ref = seen->ref = ref;
		/* A thread that is new since the last look did all it did since then. */
		if (!interval_ns || worker->created_ns < model->last_now)
			history->busy_ns = worker_busy(worker, model->now);
	}
	if (interval_ns)
		history_push(history, worker_busy(worker, model->now), interval_ns);
	seen->polls = worker->polls;
	seen->wakes = worker->wakes;
}

static void workers_update(struct inside *inside, uint64_t interval_ns)
{
	struct model *model = &inside->model;
	uint32_t count = inside->seen ? vigil_reader_count(model->reader, VIGIL_TABLE_worker) : 0;

	for (uint32_t i = 0; i < count; i++)
		worker_update(inside, i, interval_ns);
	model->totals.polls = inside->gone_polls;
	model->totals.wakes = inside->gone_wakes;
	for (uint32_t i = 0; i < count; i++) {
		model->totals.polls += inside->seen[i].polls;
		model->totals.wakes += inside->seen[i].wakes;
	}
	if (interval_ns)
		model->history_at++;
}

/* ---- Locks that are waited for ---- */

static int waited_grow(struct inside *inside, uint32_t count)
{
	uint8_t *waited;

	if (count <= inside->waited_count)
		return 0;
	waited = realloc(inside->waited, count);
	if (!waited)
		return -ENOMEM;
	memset(waited + inside->waited_count, 0, count - inside->waited_count);
	inside->waited = waited;
	inside->waited_count = count;
	return 0;
}

static void waited_mark(struct inside *inside, uint32_t index)
{
	const struct vigil_resource_record *lock = VIGIL_AT(inside->model.reader, resource, index);
	bool is_waited = lock->life == VIGIL_LIFE_LIVE && lock->waiters && lock->holders;

	inside->waited_locks += is_waited;
	inside->waited_locks -= inside->waited[index];
	inside->waited[index] = is_waited;
}

static int by_owner(const void *a, const void *b)
{
	const struct contended *x = a, *y = b;

	if (x->owner != y->owner)
		return x->owner < y->owner ? -1 : 1;
	return (x->lock > y->lock) - (x->lock < y->lock);
}

static void contended_add(struct model *model, uint32_t index)
{
	const struct vigil_resource_record *lock = VIGIL_AT(model->reader, resource, index);

	for (int i = 0; i < VIGIL_OWNERS; i++)
		if (lock->owner[i])
			model->contended[model->contended_count++] = (struct contended){
				lock->owner[i],
				vigil_reader_ref(model->reader, VIGIL_TABLE_resource, index),
			};
}

/* Who holds them; locks are gone through only while one is waited for. */
static int contended_list(struct inside *inside)
{
	struct model *model = &inside->model;
	size_t room = (size_t)inside->waited_locks * VIGIL_OWNERS;

	model->contended_count = 0;
	if (!room)
		return 0;
	if (room > inside->contended_room) {
		struct contended *list = realloc(model->contended, room * sizeof(*list));

		if (!list)
			return -ENOMEM;
		model->contended = list;
		inside->contended_room = room;
	}
	for (uint32_t i = 0; i < inside->waited_count; i++)
		if (inside->waited[i])
			contended_add(model, i);
	if (model->contended_count)
		qsort(model->contended, model->contended_count, sizeof(*model->contended),
		      by_owner);
	return 0;
}

static int contended_update(struct inside *inside, bool is_first)
{
	struct vigil_reader *reader = inside->model.reader;
	uint32_t count = vigil_reader_count(reader, VIGIL_TABLE_resource);
	const uint32_t *changed;

	if (waited_grow(inside, count))
		return -ENOMEM;
	if (is_first) {
		for (uint32_t i = 0; i < count; i++)
			waited_mark(inside, i);
		return contended_list(inside);
	}
	changed = vigil_reader_changed(reader, VIGIL_TABLE_resource, &count);
	for (uint32_t i = 0; i < count; i++)
		waited_mark(inside, changed[i]);
	return contended_list(inside);
}

uint64_t model_contended_lock(const struct model *model, uint64_t owner)
{
	size_t low = 0, high = model->contended_count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (model->contended[middle].owner < owner)
			low = middle + 1;
		else
			high = middle;
	}
	return low < model->contended_count && model->contended[low].owner == owner ?
		       model->contended[low].lock :
		       0;
}

/* ---- Totals ---- */

static double rate(uint64_t now, uint64_t last, uint64_t interval_ns)
{
	return interval_ns ? (double)less_of(now, last) * 1e9 / (double)interval_ns : 0;
}

static void rates_update(struct inside *inside, uint64_t interval_ns)
{
	struct model_totals *totals = &inside->model.totals;

	totals->polls_rate = rate(totals->polls, inside->last_polls, interval_ns);
	totals->wakes_rate = rate(totals->wakes, inside->last_wakes, interval_ns);
	totals->spawns_rate = rate(totals->spawns, inside->last_spawns, interval_ns);
	inside->last_polls = totals->polls;
	inside->last_wakes = totals->wakes;
	inside->last_spawns = totals->spawns;
}

/* ---- Of a second before the moment of a trace ---- */

/* What a worker had done by then. */
static struct past_worker worker_then(const struct past *past,
				      const struct vigil_worker_record *worker, uint32_t index)
{
	if (past->is_still)
		return (struct past_worker){ 0,
					     worker->polls,
					     worker->wakes,
					     worker->spawns,
					     worker->busy_ns,
					     worker->poll_begin_ns };
	if (index < past->count && past->workers[index].created_ns == worker->created_ns)
		return past->workers[index];
	return (struct past_worker){ .created_ns = 0 };
}

static void past_worker_add(struct inside *inside, const struct past *past, uint32_t index,
			    struct past_worker *sum)
{
	struct model *model = &inside->model;
	const struct vigil_worker_record *worker = VIGIL_AT(model->reader, worker, index);
	struct past_worker then = worker_then(past, worker, index);
	struct worker_history *history = &model->histories[index];

	sum->polls += less_of(worker->polls, then.polls);
	sum->wakes += less_of(worker->wakes, then.wakes);
	sum->spawns += less_of(worker->spawns, then.spawns);
	if (model->now == model->last_now)
		return;
	history->busy_ns =
		then.busy_ns + (then.poll_begin_ns ? less_of(past->ns, then.poll_begin_ns) : 0);
	history_push(history, worker_busy(worker, model->now), less_of(model->now, past->ns));
}

static void past_update(struct inside *inside, const struct past *past)
{
	struct model *model = &inside->model;
	struct model_totals *totals = &model->totals;
	uint64_t interval_ns = less_of(model->now, past->ns);
	uint32_t count = vigil_reader_count(model->reader, VIGIL_TABLE_worker);
	struct past_worker sum = { .created_ns = 0 };

	model->has_no_past = !past->is_known;
	totals->polls_rate = totals->wakes_rate = totals->spawns_rate = NAN;
	if (!past->is_known)
		return;
	for (uint32_t i = 0; inside->seen && i < count; i++)
		past_worker_add(inside, past, i, &sum);
	model->history_at++;
	totals->polls_rate = rate(sum.polls, 0, interval_ns);
	totals->wakes_rate = rate(sum.wakes, 0, interval_ns);
	totals->spawns_rate = rate(sum.spawns, 0, interval_ns);
}

/* ---- All of it ---- */

static void counts_sum(struct model *model)
{
	const struct vigil_counts_record *counts = model->counts;
	const uint64_t lost[] = {
		counts->lost_tasks,    counts->lost_sites,     counts->lost_executors,
		counts->lost_workers,  counts->lost_resources, counts->lost_owners,
		counts->lost_attrs,    counts->lost_ops,       counts->lost_spans,
		counts->lost_hists,    counts->lost_cells,     counts->lost_edges,
		counts->lost_messages, counts->lost_polls,     counts->refused_space,
		counts->lost_events,
	};
	const uint64_t misused[] = {
		counts->misused_stale,   counts->misused_ended, counts->misused_wakes,
		counts->misused_balance, counts->misused_owner, counts->misused_overlap,
	};

	model->totals.lost = model->totals.misused = 0;
	for (size_t i = 0; i < sizeof(lost) / sizeof(lost[0]); i++)
		model->totals.lost += lost[i];
	for (size_t i = 0; i < sizeof(misused) / sizeof(misused[0]); i++)
		model->totals.misused += misused[i];
}

int model_update(struct inside *inside, bool is_first)
{
	struct model *model = &inside->model;
	struct vigil_reader *reader = model->reader;
	uint64_t interval_ns;
	struct past past;
	bool is_moved = source_past(model->source, &past);

	inside->has_waiting = false;
	model->last_now = is_first ? 0 : model->now;
	model->now = vigil_reader_now(reader);
	model->status = vigil_reader_status(reader);
	model->process = VIGIL_AT(reader, process, 0);
	model->counts = VIGIL_AT(reader, counts, 0);
	interval_ns = is_first || is_moved ? 0 : less_of(model->now, model->last_now);
	if (states_grow(inside, vigil_reader_count(reader, VIGIL_TABLE_task)) ||
	    workers_grow(inside, vigil_reader_count(reader, VIGIL_TABLE_worker)))
		return -ENOMEM;
	tasks_count(inside, is_first);
	workers_update(inside, interval_ns);
	if (contended_update(inside, is_first))
		return -ENOMEM;
	model->totals.live = model->totals.running + model->totals.scheduled + model->totals.idle;
	/* A trace that stands still has the rates it had: nothing has passed. */
	if (is_moved)
		past_update(inside, &past);
	else if (interval_ns || is_first || model->status != VIGIL_STATUS_RECORDED)
		rates_update(inside, interval_ns);
	counts_sum(model);
	return 0;
}
