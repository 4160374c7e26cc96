/* SPDX-License-Identifier: MIT */
/*
 * Polls: the slowest, in which span, and what they held up meanwhile.
 *
 * What a poll delays is read off its executor: the number of runnable tasks, summed
 * over time, after the poll less before. Only for a poll that is kept is looked who
 * they are.
 */
#include <string.h>

#include "console/report/report_private.h"

static uint64_t less(uint64_t a, uint64_t b)
{
	return a > b ? a - b : 0;
}

static uint64_t larger(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

/* The tasks summed over time that were runnable on an executor up to ns. */
static uint64_t area_at(struct report_process *rp, uint32_t executor, uint64_t ns)
{
	if (executor == REPORT_NONE)
		return 0;
	level_settle(&rp->executors[executor].runnable, &rp->bins, window_of(rp, ns));
	return rp->executors[executor].runnable.area;
}

/* ---- While it runs ---- */

static bool is_outermost(const struct report_process *rp, uint64_t worker)
{
	const struct vigil_worker_record *w = RECORD_OF(rp->inside->board, worker, worker);

	return w && w->depth <= 1;
}

static void series_make(struct report_process *rp, struct report_worker *worker)
{
	if (!worker->busy)
		worker->busy = bins_series(&rp->bins, false);
	if (!worker->waiting)
		worker->waiting = bins_series(&rp->bins, false);
}

void poll_begins(struct report_process *rp, const struct trace_event *event)
{
	uint32_t row = row_worker(rp, event->worker);
	struct report_worker *worker;

	if (row == REPORT_NONE || !is_outermost(rp, event->worker))
		return;
	worker = &rp->workers[row];
	series_make(rp, worker);
	worker->area_ns = area_at(rp, worker->executor, event->ns);
	worker->blocked_ns = worker->blocked_max_ns = 0;
	worker->span_count = 0;
}

void poll_blocked(struct report_process *rp, const struct slice *slice)
{
	uint32_t row = row_worker(rp, slice->worker);
	uint64_t ns = slice->end_ns - slice->begin_ns;
	struct report_worker *worker;

	if (row == REPORT_NONE)
		return;
	worker = &rp->workers[row];
	series_make(rp, worker);
	sum_add(&worker->blocked, ns);
	bins_add(&rp->bins, worker->waiting, slice->begin_ns, slice->end_ns, 1);
	if (!slice->task)
		return;
	worker->blocked_ns += ns;
	if (ns < worker->blocked_max_ns)
		return;
	worker->blocked_max_ns = ns;
	worker->blocked_kind = slice->state;
	worker->blocked_site = slice->site;
	worker->blocked_resource = row_resource(rp, slice->other);
}

void poll_span(struct report_process *rp, const struct slice *slice)
{
	uint32_t row = row_worker(rp, slice->worker);
	struct report_worker *worker;

	if (row == REPORT_NONE)
		return;
	worker = &rp->workers[row];
	worker->spans[worker->span_count % REPORT_SPANS] = *slice;
	worker->span_count++;
}

/* ---- When it ends ---- */

/* The innermost span that had at least half of the poll: ended in it, or still entered. */
static void span_find(const struct report_process *rp, const struct report_worker *worker,
		      const struct slice *slice, struct report_poll *poll)
{
	const struct board *board = rp->inside->board;
	const struct vigil_task_record *t = RECORD_OF(board, task, slice->task);
	const struct vigil_span_record *span = t ? RECORD_OF(board, span, t->span) : NULL;
	uint64_t half = (slice->end_ns - slice->begin_ns) / 2, best = UINT64_MAX;
	uint32_t count = worker->span_count < REPORT_SPANS ? worker->span_count : REPORT_SPANS;

	if (span)
		best = less(slice->end_ns, span->enter_ns);
	if (best < half)
		span = NULL;
	for (uint32_t i = 0; i < count; i++) {
		const struct slice *it = &worker->spans[i];
		const struct vigil_span_record *ended = RECORD_OF(board, span, it->object);
		uint64_t ns = it->end_ns - it->begin_ns;

		if (!ended || ns > best ||
		    less(it->end_ns, larger(it->begin_ns, slice->begin_ns)) < half)
			continue;
		span = ended;
		best = ns;
	}
	if (!span)
		return;
	memcpy(poll->span, span->name, sizeof(poll->span));
	poll->span[sizeof(poll->span) - 1] = '\0';
	poll->span_site = span->site;
}

static void worst_put(struct report_poll *poll, const struct report_process *rp,
		      const struct vigil_task_record *t, uint64_t ns)
{
	int at = REPORT_DELAYED - 1;

	if (ns <= poll->worst[at].ns)
		return;
	for (; at && poll->worst[at - 1].ns < ns; at--)
		poll->worst[at] = poll->worst[at - 1];
	poll->worst[at].ns = ns;
	who_of_record(rp, t, &poll->worst[at].who);
}

/*
 * Who is runnable on its executor now, and since when, as far as the poll is to blame. poll
 * may be NULL. Returns how long, added up.
 */
static uint64_t delayed_find(const struct report_process *rp, const struct slice *slice,
			     uint64_t executor, struct report_poll *poll)
{
	const struct board *board = rp->inside->board;
	uint32_t used = board->tables[VIGIL_TABLE_task].used;
	uint64_t sum = 0;

	for (uint32_t i = 0; i < used; i++) {
		const struct vigil_task_record *t = RECORD_AT(board, task, i);
		uint64_t since = larger(larger(t->ready_ns, t->poll_end_ns), slice->begin_ns);

		if (t->life != VIGIL_LIFE_LIVE || t->executor != executor || t->depth ||
		    t->wakes == t->wakes_seen || since >= slice->end_ns)
			continue;
		sum += slice->end_ns - since;
		if (!poll)
			continue;
		poll->delayed++;
		worst_put(poll, rp, t, slice->end_ns - since);
	}
	return sum;
}

/*
 * Several loops of one executor: a task waits for its own, and what the others' were late with
 * meanwhile is not this one's fault. Who is left at the end of the poll may be.
 */
static bool has_other_loops(const struct report_process *rp, uint32_t executor)
{
	return executor != REPORT_NONE && rp->executors[executor].workers > 1 &&
	       rp->executors[executor].kind != VIGIL_EXECUTOR_MULTI_THREAD &&
	       !report_is_pool(rp, executor);
}

static void poll_fill(struct report_process *rp, const struct slice *slice, uint32_t row,
		      uint64_t delayed_ns, struct report_poll *poll)
{
	const struct vigil_task_record *t = RECORD_OF(rp->inside->board, task, slice->task);
	const struct report_worker *worker = &rp->workers[row];
	uint64_t left_ns = 0;

	who_of(rp, slice->task, &poll->who);
	poll->worker = row;
	poll->executor = worker->executor;
	poll->begin_ns = slice->begin_ns;
	poll->run_ns = slice->end_ns - slice->begin_ns;
	poll->blocked_ns = worker->blocked_ns;
	poll->blocked_kind = worker->blocked_kind;
	poll->blocked_site = worker->blocked_site;
	poll->blocked_resource = worker->blocked_resource;
	poll->delayed_ns = delayed_ns;
	span_find(rp, worker, slice, poll);
	if (delayed_ns && t)
		left_ns = delayed_find(rp, slice, t->executor, poll);
	if (left_ns < poll->delayed_ns && has_other_loops(rp, poll->executor))
		poll->delayed_ns = left_ns;
}

static void poll_keep(struct report_process *rp, const struct slice *slice, uint32_t row,
		      uint64_t delayed_ns, bool is_open)
{
	uint64_t ns = slice->end_ns - slice->begin_ns;
	bool is_pool = report_is_pool(rp, rp->workers[row].executor);
	/* Nobody is runnable on a loop that no longer looks who is: it is blocked all the same. */
	bool is_unknown = !report_is_delay_known(rp, rp->workers[row].executor, ns, delayed_ns) ||
			  (is_open && !is_pool);
	uint64_t blocks_ns = is_unknown ? larger(delayed_ns, ns) : delayed_ns;
	bool is_long = ns >= REPORT_LONG_NS;
	struct report_poll made = { .is_open = is_open }, *place;

	if (!top_wants(&rp->polls, ns) && !(!is_pool && top_wants(&rp->loop_polls, ns)) &&
	    !(is_long && top_wants(&rp->blocked, blocks_ns)))
		return;
	poll_fill(rp, slice, row, delayed_ns, &made);
	place = top_put(&rp->polls, ns);
	if (place) {
		*place = made;
		place->key = ns;
	}
	place = is_pool ? NULL : top_put(&rp->loop_polls, ns);
	if (place) {
		*place = made;
		place->key = ns;
	}
	place = is_long ? top_put(&rp->blocked, blocks_ns) : NULL;
	if (place) {
		*place = made;
		place->key = blocks_ns;
	}
}

static void worker_ran(struct report_process *rp, const struct slice *slice, uint32_t row,
		       uint64_t delayed_ns)
{
	struct report_worker *worker = &rp->workers[row];
	uint64_t ns = slice->end_ns - slice->begin_ns;

	series_make(rp, worker);
	sum_add(&worker->run, ns);
	bins_add(&rp->bins, worker->busy, slice->begin_ns, slice->end_ns, 1);
	if (ns < REPORT_LONG_NS)
		return;
	worker->long_polls++;
	worker->long_ns += ns;
	worker->delayed_ns += delayed_ns;
	if (worker->executor == REPORT_NONE)
		return;
	rp->executors[worker->executor].long_polls++;
	rp->executors[worker->executor].long_ns += ns;
	rp->executors[worker->executor].delayed_ns += delayed_ns;
}

void poll_slice(struct report_process *rp, const struct slice *slice, bool is_open)
{
	uint32_t row = row_worker(rp, slice->worker);
	uint64_t area, delayed_ns, left_ns = UINT64_MAX;

	if (row == REPORT_NONE || !is_outermost(rp, slice->worker))
		return;
	area = area_at(rp, rp->workers[row].executor, slice->end_ns);
	delayed_ns = less(area, rp->workers[row].area_ns);
	if (slice->end_ns - slice->begin_ns >= REPORT_LONG_NS && delayed_ns &&
	    has_other_loops(rp, rp->workers[row].executor))
		left_ns =
			delayed_find(rp, slice, rp->executors[rp->workers[row].executor].ref, NULL);
	if (left_ns < delayed_ns)
		delayed_ns = left_ns;
	worker_ran(rp, slice, row, delayed_ns);
	poll_keep(rp, slice, row, delayed_ns, is_open);
}
