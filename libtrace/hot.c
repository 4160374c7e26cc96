/* SPDX-License-Identifier: MIT */
/*
 * Polls and wakes: what runs a million times a second.
 *
 * The law: no allocation, no lock, no unbounded loop; no system call but a
 * claim's, when a new task or site needs storage that no other has claimed; no
 * store to a line that other workers write, except the woken task's own.
 *
 * What a task does is read off four numbers. wakes counts its wakes;
 * wakes_seen is what it was when the last poll began. Equal: idle. Different:
 * runnable since ready_ns. depth above 0: running since poll_begin_ns.
 *
 * Why a wake needs one locked instruction and a poll none: the waker stores
 * ready_ns before it raises wakes, and only while wakes equals wakes_seen, that
 * is, when it may be the first. The poller reads wakes, then ready_ns. Two
 * wakers that both think they are first differ by the length of this function.
 * A waker that is preempted between its clock read and its store can leave a
 * ready_ns that is too old; the poller takes nothing before the last poll's end,
 * so a task is never scheduled and busy at once and the sums stay below its age.
 *
 * Its tests: tests/hot.c, tests/stress.c (four threads under ThreadSanitizer).
 * Its costs: tests/bench/.
 */
#include "libtrace/hot.h"

static __attribute__((cold, noinline)) void task_misused(struct board *board, uint64_t task)
{
	if (!task)
		return;
	if (RECORD_OF(board, task, task))
		COUNT(board, misused_ended);
	else
		COUNT(board, misused_stale);
}

/*
 * A record for two histograms at the first time worth one. Returns 0 or its index
 * plus one. A task whose record was freed under its poll (ring_retire) gets none:
 * nobody would give it back.
 */
static __attribute__((cold, noinline)) uint32_t hist_make(struct board *board, struct lane *lane,
							  struct vigil_task_record *task)
{
	uint32_t made;

	if (load(&task->life) == VIGIL_LIFE_FREE)
		return 0;
	made = (uint32_t)pool_take(board, lane, VIGIL_TABLE_hist, 0);
	if (made)
		store_release(&task->hist, made);
	else
		COUNT(board, lost_hists);
	return made;
}

static inline struct vigil_hist_record *task_hist(struct board *board, struct lane *lane,
						  struct vigil_task_record *task)
{
	uint32_t hist = load(&task->hist);

	if (unlikely(!hist))
		hist = hist_make(board, lane, task);
	return likely(hist) ? RECORD_AT(board, hist, hist - 1) : NULL;
}

/* The time a task stood runnable before this poll. */
static inline void delay_count(struct board *board, struct lane *lane,
			       struct vigil_task_record *task, uint64_t now, uint64_t delay)
{
	struct vigil_hist_record *hist = task_hist(board, lane, task);
	struct vigil_cell_record *cell = lane_cell(lane, load(&task->site));
	uint32_t bucket = vigil_bucket(delay);
	uint32_t from = load(&task->wake_site);
	struct vigil_edge_record *edge;

	if (likely(hist))
		hist_count(hist->delay, VIGIL_TASK_BUCKETS, bucket / 8);
	if (likely(cell))
		cell_delay(cell, delay, bucket);
	if (!lane || !from)
		return;
	edge = lane_edge(lane, from, load(&task->site));
	if (unlikely(!edge))
		return;
	add(&edge->count, 1);
	add(&edge->delay_ns, delay);
	raise_to(&edge->delay_max_ns, delay);
	store(&edge->last_ns, now);
	store(&edge->last_waker, load(&task->waker));
	store(&edge->last_task, lane->frames[lane->depth - 1].task);
}

/* One of 64 bits, by which a task that was dropped is known again. */
static inline uint64_t task_bit(uint64_t task)
{
	return 1ull << ((uint32_t)task * 2654435769u >> 26);
}

/* Pushes a frame; false when there is no room. */
static inline bool frame_push(struct board *board, struct lane *lane, uint64_t now, uint64_t task,
			      struct vigil_task_record *record)
{
	struct frame *frame;

	if (unlikely(lane->depth == LANE_FRAMES)) {
		lane->dropped_frames++;
		lane->dropped_tasks |= task_bit(task);
		COUNT(board, lost_polls);
		return false;
	}
	frame = &lane->frames[lane->depth++];
	frame->task = task;
	frame->record = record;
	frame->begin_ns = now;
	write_begin(&lane->record->seq);
	if (lane->depth == 1)
		store(&lane->record->poll_begin_ns, now);
	store(&lane->record->task, task);
	store(&lane->record->depth, lane->depth);
	write_end(&lane->record->seq);
	return true;
}

/* A poll of a task that already runs: nested on this lane, or a program's error. */
static __attribute__((cold, noinline)) void poll_again(struct board *board, struct lane *lane,
						       uint64_t now, uint64_t task)
{
	bool nested = false;

	for (uint32_t i = 0; i < lane->depth; i++)
		nested |= lane->frames[i].task == task;
	if (!nested)
		COUNT(board, misused_overlap);
	frame_push(board, lane, now, task, NULL);
}

/* The task ended between two looks at it: takes the mark back. */
static __attribute__((cold, noinline)) void poll_too_late(struct board *board, struct lane *lane,
							  struct vigil_task_record *t,
							  uint64_t task)
{
	store(&t->depth, 0);
	write_end(&t->seq);
	if (lane)
		lane->frames[lane->depth - 1].record = NULL;
	task_misused(board, task);
}

void board_poll_begin(struct board *board, struct lane *lane, uint64_t now, uint64_t task)
{
	struct vigil_task_record *t = RECORD_OF(board, task, task);
	uint64_t wakes, ended, since, delay = 0;
	bool was_runnable;

	if (unlikely(!t || load(&t->life) != VIGIL_LIFE_LIVE)) {
		task_misused(board, task);
		/* Its end will come: give it a frame to find. */
		if (lane && task)
			frame_push(board, lane, now, task, NULL);
		return;
	}
	if (unlikely(load(&t->depth) && lane)) {
		poll_again(board, lane, now, task);
		return;
	}
	/* Counters of two processors may differ by a few ns. */
	ended = load(&t->poll_end_ns);
	if (unlikely(now < ended))
		now = ended;
	if (lane && unlikely(!frame_push(board, lane, now, task, t)))
		return;

	/* Partner: the release in board_wake. */
	wakes = load_acquire(&t->wakes);
	was_runnable = wakes != load(&t->wakes_seen);
	write_begin(&t->seq);
	store(&t->depth, 1);
	/*
	 * The mark stands: from here on the record is not given to another task
	 * (is_polled in ring.c). It may have been, or its task ended, since the first
	 * look, if this thread was preempted. The mark needs no locked instruction:
	 * a record is freed `finished` ends after its own, by when every processor
	 * has seen it.
	 */
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
	if (unlikely(load(&t->gen) != vigil_ref_gen(task) || load(&t->life) != VIGIL_LIFE_LIVE)) {
		poll_too_late(board, lane, t, task);
		return;
	}
	if (likely(was_runnable)) {
		since = load(&t->ready_ns);
		if (since < ended)
			since = ended;
		delay = now > since ? now - since : 0;
		add(&t->scheduled_ns, delay);
		raise_to(&t->scheduled_max_ns, delay);
		store(&t->wakes_seen, wakes);
	}
	store(&t->poll_begin_ns, now);
	store(&t->worker, lane ? lane->ref : 0);
	store(&t->wait_kind, VIGIL_WAIT_NONE);
	write_end(&t->seq);
	if (likely(was_runnable))
		delay_count(board, lane, t, now, delay);
}

/* Adds the poll that ends now to its task. */
static inline uint64_t poll_count(struct board *board, struct lane *lane,
				  struct vigil_task_record *t, uint64_t now)
{
	uint64_t begin = load(&t->poll_begin_ns);
	/* Partner: the release of life in board_task_end. */
	uint64_t last = load_acquire(&t->life) == VIGIL_LIFE_LIVE ? now : load(&t->ended_ns);
	uint64_t busy;
	uint32_t bucket;
	struct vigil_hist_record *hist;
	struct vigil_cell_record *cell;

	/* Ended by another thread during the poll: it counts up to there. */
	if (last > now)
		last = now;
	if (last < begin)
		last = begin;
	busy = last - begin;
	bucket = vigil_bucket(busy);
	hist = task_hist(board, lane, t);
	if (likely(hist))
		hist_count(hist->busy, VIGIL_TASK_BUCKETS, bucket / 8);
	cell = lane_cell(lane, load(&t->site));
	if (likely(cell))
		cell_busy(cell, busy, bucket);
	write_begin(&t->seq);
	add(&t->busy_ns, busy);
	add(&t->polls, 1);
	raise_to(&t->busy_max_ns, busy);
	store(&t->poll_end_ns, last);
	store(&t->depth, 0);
	/*
	 * The last touch: an ended task's record and histograms may serve others
	 * from here on. Partner: is_polled in ring.c.
	 */
	write_end(&t->seq);
	return busy;
}

/* Takes the top frame off and tells the worker record. */
static inline void frame_pop(struct lane *lane, uint64_t now)
{
	struct vigil_worker_record *worker = lane->record;
	struct frame *frame = &lane->frames[--lane->depth];
	uint64_t busy;

	store(&worker->last_ns, now);
	write_begin(&worker->seq);
	store(&worker->depth, lane->depth);
	if (unlikely(lane->depth)) {
		store(&worker->task, lane->frames[lane->depth - 1].task);
		write_end(&worker->seq);
		return;
	}
	busy = now > frame->begin_ns ? now - frame->begin_ns : 0;
	store(&worker->task, 0);
	store(&worker->poll_begin_ns, 0);
	add(&worker->busy_ns, busy);
	add(&worker->polls, 1);
	if (unlikely(busy > load(&worker->busy_max_ns))) {
		store(&worker->busy_max_ns, busy);
		store(&worker->busy_max_task, frame->task);
	}
	write_end(&worker->seq);
}

/*
 * The record was recycled between this poll's first look at it and its mark in
 * it: another thread ended the task, and thousands more, in that moment. The mark
 * must not stay on the task that has the record now.
 */
static __attribute__((cold, noinline)) void frame_lost(struct board *board, struct lane *lane,
						       const struct frame *frame)
{
	struct vigil_task_record *t = frame->record;

	COUNT(board, misused_stale);
	if (!load(&t->depth) || load(&t->worker) != lane->ref ||
	    load(&t->poll_begin_ns) != frame->begin_ns)
		return;
	write_begin(&t->seq);
	store(&t->depth, 0);
	write_end(&t->seq);
}

static inline void frame_end(struct board *board, struct lane *lane, uint64_t now)
{
	struct frame *frame = &lane->frames[lane->depth - 1];
	struct vigil_task_record *t = frame->record;

	if (unlikely(t && load(&t->gen) != vigil_ref_gen(frame->task))) {
		frame_lost(board, lane, frame);
	} else if (likely(t)) {
		uint32_t site = load(&t->site);
		uint64_t busy = poll_count(board, lane, t, now);

		lane_event(lane, frame->begin_ns, VIGIL_EVENT_POLL, site, frame->task, busy);
	}
	frame_pop(lane, now);
}

/* An end that is not the innermost poll's. */
static __attribute__((cold, noinline)) void poll_end_odd(struct board *board, struct lane *lane,
							 uint64_t now, uint64_t task)
{
	uint32_t at = lane->depth;

	if (lane->dropped_frames && lane->dropped_tasks & task_bit(task)) {
		if (!--lane->dropped_frames)
			lane->dropped_tasks = 0;
		return;
	}
	while (at && lane->frames[at - 1].task != task)
		at--;
	if (!at) {
		COUNT(board, misused_balance);
		return;
	}
	/* A longjmp left the polls above it. */
	lane->dropped_frames = 0;
	lane->dropped_tasks = 0;
	while (lane->depth >= at)
		frame_end(board, lane, now);
}

void board_poll_end(struct board *board, struct lane *lane, uint64_t now, uint64_t task)
{
	struct vigil_task_record *t;

	if (likely(lane && lane->depth && !lane->dropped_frames &&
		   lane->frames[lane->depth - 1].task == task)) {
		frame_end(board, lane, now);
		return;
	}
	if (lane) {
		if (task)
			poll_end_odd(board, lane, now, task);
		return;
	}
	/* A thread without a worker record has no frames: the task has it all. */
	t = RECORD_OF(board, task, task);
	if (t && load(&t->depth))
		poll_count(board, lane, t, now);
	else
		task_misused(board, task);
}

void board_poll_cut(struct board *board, struct lane *lane, uint64_t now, uint64_t task)
{
	for (uint32_t i = 0; lane && i < lane->depth; i++) {
		struct frame *frame = &lane->frames[i];

		if (frame->task != task || !frame->record)
			continue;
		lane_event(lane, frame->begin_ns, VIGIL_EVENT_POLL, load(&frame->record->site),
			   task, poll_count(board, lane, frame->record, now));
		frame->record = NULL;
	}
}

void board_wake(struct board *board, struct lane *lane, uint64_t now, uint32_t site, uint64_t task,
		uint64_t waker)
{
	struct vigil_task_record *t = RECORD_OF(board, task, task);

	if (unlikely(!t || load(&t->life) != VIGIL_LIFE_LIVE)) {
		if (t)
			COUNT(board, misused_wakes);
		else
			task_misused(board, task);
		return;
	}
	if (load(&t->wakes) == load(&t->wakes_seen))
		store(&t->ready_ns, now);
	store(&t->waker, waker);
	store(&t->wake_site, site);
	if (unlikely(waker == task))
		fetch_add(&t->self_wakes, 1);
	/* Partner: the acquire in board_poll_begin. */
	fetch_add_release(&t->wakes, 1);
	if (likely(lane)) {
		add(&lane->record->wakes, 1);
		store(&lane->record->last_ns, now);
		lane_event(lane, now, VIGIL_EVENT_WAKE, site, task, waker);
	}
}

void board_waker_clone(struct board *board, uint64_t task)
{
	struct vigil_task_record *t = RECORD_OF(board, task, task);

	if (likely(t))
		fetch_add(&t->waker_clones, 1);
	else
		task_misused(board, task);
}

/* Wakers are dropped long after their task ended: that is no misuse. */
void board_waker_drop(struct board *board, uint64_t task)
{
	struct vigil_task_record *t = RECORD_OF(board, task, task);

	if (likely(t))
		fetch_add(&t->waker_drops, 1);
}
