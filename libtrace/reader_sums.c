/* SPDX-License-Identifier: MIT */
/* What follows from records: a task's times, histograms, sums, rings. */
#include "libtrace/reader.h"

#include <stdlib.h>
#include <string.h>

#define RING_LARGEST 65536 /* records of one worker's ring */

static uint64_t less(uint64_t a, uint64_t b)
{
	return a > b ? a - b : 0;
}

static uint64_t later(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

/* A damaged board's sums stay at the top, where they are seen to be impossible. */
static uint64_t plus(uint64_t a, uint64_t b)
{
	return a + b < a ? UINT64_MAX : a + b;
}

void vigil_task_times(const struct vigil_task_record *t, uint64_t now,
		      struct vigil_task_times *ret_times)
{
	bool is_done = t->life == VIGIL_LIFE_ENDED;
	uint64_t since = later(t->ready_ns, t->poll_end_ns);
	uint64_t end = is_done ? t->ended_ns : now;

	/*
	 * Our clock may lie a little behind the program's, and a poll that began as
	 * the task was ended a little after that end: both are later than the rest.
	 */
	end = later(end, later(t->poll_begin_ns, t->poll_end_ns));
	memset(ret_times, 0, sizeof(*ret_times));
	ret_times->age_ns = less(end, t->created_ns);
	ret_times->busy_ns = t->busy_ns;
	ret_times->scheduled_ns = t->scheduled_ns;
	if (t->depth) {
		ret_times->state = VIGIL_STATE_RUNNING;
		ret_times->state_ns = less(end, t->poll_begin_ns);
		ret_times->busy_ns = plus(t->busy_ns, ret_times->state_ns);
	} else if (t->wakes != t->wakes_seen) {
		ret_times->state = VIGIL_STATE_SCHEDULED;
		ret_times->state_ns = less(end, since);
		ret_times->scheduled_ns = plus(t->scheduled_ns, ret_times->state_ns);
	} else {
		ret_times->state = VIGIL_STATE_IDLE;
		ret_times->state_ns = less(end, t->poll_end_ns);
	}
	if (is_done) {
		ret_times->state = VIGIL_STATE_DONE;
		ret_times->state_ns = less(now, t->ended_ns);
	}
	ret_times->is_impossible = ret_times->busy_ns > ret_times->age_ns ||
				   ret_times->scheduled_ns > ret_times->age_ns - ret_times->busy_ns;
	if (!ret_times->is_impossible)
		ret_times->idle_ns =
			ret_times->age_ns - ret_times->busy_ns - ret_times->scheduled_ns;
}

/* ---- histograms ---- */

static void hist_add(struct vigil_hist *hist, const uint32_t *counts)
{
	for (uint32_t i = 0; i < hist->buckets; i++) {
		uint32_t count = __atomic_load_n(&counts[i], __ATOMIC_RELAXED);

		hist->counts[i] += count;
		hist->total += count;
	}
}

static bool pair_read(const struct vigil_reader *reader, uint32_t index, enum vigil_hist_side side,
		      uint64_t max_ns, struct vigil_hist *ret_hist)
{
	const struct vigil_hist_record *pair;

	memset(ret_hist, 0, sizeof(*ret_hist));
	ret_hist->buckets = VIGIL_TASK_BUCKETS;
	ret_hist->max_ns = max_ns;
	pair = index ? record_peek(reader, VIGIL_TABLE_hist, index - 1) : NULL;
	if (!pair)
		return false;
	hist_add(ret_hist, side == VIGIL_HIST_BUSY ? pair->busy : pair->delay);
	return true;
}

bool vigil_reader_task_hist(const struct vigil_reader *reader, const struct vigil_task_record *task,
			    enum vigil_hist_side side, struct vigil_hist *ret_hist)
{
	return pair_read(reader, task->hist, side,
			 side == VIGIL_HIST_BUSY ? task->busy_max_ns : task->scheduled_max_ns,
			 ret_hist);
}

bool vigil_reader_lock_hist(const struct vigil_reader *reader,
			    const struct vigil_resource_record *lock, enum vigil_hist_side side,
			    struct vigil_hist *ret_hist)
{
	return pair_read(reader, lock->hist, side,
			 side == VIGIL_HIST_BUSY ? lock->hold_max_ns : lock->wait_max_ns, ret_hist);
}

static const struct vigil_cell_record *cell_at(const struct vigil_reader *reader, uint32_t index)
{
	return record_peek(reader, VIGIL_TABLE_cell, index);
}

/* Partner: the release of cell->site in lane.c. */
static uint32_t cell_site(const struct vigil_cell_record *cell)
{
	return __atomic_load_n(&cell->site, __ATOMIC_ACQUIRE);
}

bool vigil_reader_site_hist(const struct vigil_reader *reader, uint32_t site,
			    enum vigil_hist_side side, struct vigil_hist *ret_hist)
{
	const struct vigil_cell_record *cell;

	memset(ret_hist, 0, sizeof(*ret_hist));
	ret_hist->buckets = VIGIL_SITE_BUCKETS;
	for (uint32_t i = 0; (cell = cell_at(reader, i)); i++) {
		bool is_busy = side == VIGIL_HIST_BUSY;
		uint64_t max;

		if (cell_site(cell) != site)
			continue;
		hist_add(ret_hist, is_busy ? cell->busy : cell->delay);
		max = __atomic_load_n(is_busy ? &cell->busy_max_ns : &cell->delay_max_ns,
				      __ATOMIC_RELAXED);
		ret_hist->max_ns = later(ret_hist->max_ns, max);
	}
	return ret_hist->total > 0;
}

void vigil_hist_bounds(const struct vigil_hist *hist, uint32_t bucket, uint64_t *ret_low,
		       uint64_t *ret_high)
{
	uint32_t wide = hist->buckets == VIGIL_TASK_BUCKETS ? 8 : 1;

	*ret_low = vigil_bucket_low(bucket * wide);
	*ret_high = vigil_bucket_low((bucket + 1) * wide);
}

uint64_t vigil_hist_percentile(const struct vigil_hist *hist, double share)
{
	uint64_t wanted, seen = 0, low, high, middle;

	if (!hist->total)
		return 0;
	if (!(share > 0)) /* nor a NaN */
		share = 0;
	if (share > 1)
		share = 1;
	wanted = (uint64_t)(share * (double)hist->total + 0.5);
	if (wanted < 1)
		wanted = 1;
	if (wanted > hist->total)
		wanted = hist->total;
	for (uint32_t i = 0; i < hist->buckets; i++) {
		seen += hist->counts[i];
		if (seen < wanted)
			continue;
		vigil_hist_bounds(hist, i, &low, &high);
		middle = low + (high - low) / 2;
		/* The last bucket has no end of its own. */
		if (i == hist->buckets - 1 || (hist->max_ns && middle > hist->max_ns))
			return hist->max_ns ? hist->max_ns : middle;
		return middle;
	}
	return hist->max_ns;
}

/* ---- sums ---- */

static void cell_sum(struct vigil_site_stats *sum, const struct vigil_cell_record *cell)
{
#define SUM(field) sum->field += __atomic_load_n(&cell->field, __ATOMIC_RELAXED)
#define PEAK(field) sum->field = later(sum->field, __atomic_load_n(&cell->field, __ATOMIC_RELAXED))
	SUM(spawned);
	SUM(completed);
	SUM(failed);
	SUM(cancelled);
	SUM(aborted);
	SUM(wakes);
	SUM(self_wakes);
	SUM(waker_clones);
	SUM(waker_drops);
	SUM(busy_count);
	SUM(busy_ns);
	SUM(delay_count);
	SUM(delay_ns);
	PEAK(busy_max_ns);
	PEAK(delay_max_ns);
#undef SUM
#undef PEAK
}

static void task_sum(struct vigil_site_stats *sum, const struct vigil_task_record *task,
		     uint64_t now)
{
	struct vigil_task_times times;

	vigil_task_times(task, now, &times);
	sum->live++;
	sum->running += times.state == VIGIL_STATE_RUNNING;
	sum->scheduled += times.state == VIGIL_STATE_SCHEDULED;
	sum->idle += times.state == VIGIL_STATE_IDLE;
	sum->wakes += task->wakes;
	sum->self_wakes += task->self_wakes;
	sum->waker_clones += task->waker_clones;
	sum->waker_drops += task->waker_drops;
}

struct vigil_site_stats *vigil_reader_site_stats(const struct vigil_reader *reader)
{
	uint32_t sites = vigil_reader_count(reader, VIGIL_TABLE_site);
	struct vigil_site_stats *sums = calloc(sites ? sites : 1, sizeof(*sums));
	const struct vigil_cell_record *cell;

	if (!sums)
		return NULL;
	for (uint32_t i = 0; (cell = cell_at(reader, i)); i++) {
		uint32_t site = cell_site(cell);

		if (site && site <= sites)
			cell_sum(&sums[site - 1], cell);
	}
	for (uint32_t i = 0; i < vigil_reader_count(reader, VIGIL_TABLE_task); i++) {
		const struct vigil_task_record *task = VIGIL_AT(reader, task, i);

		if (task->life == VIGIL_LIFE_LIVE && task->site && task->site <= sites)
			task_sum(&sums[task->site - 1], task, reader->now);
	}
	return sums;
}

static int by_sites(const void *a, const void *b)
{
	const struct vigil_edge_record *x = a, *y = b;

	if (x->from != y->from)
		return x->from < y->from ? -1 : 1;
	return x->to < y->to ? -1 : x->to > y->to;
}

static int by_count(const void *a, const void *b)
{
	const struct vigil_edge_record *x = a, *y = b;

	if (x->count != y->count)
		return x->count > y->count ? -1 : 1;
	return by_sites(a, b);
}

static void edge_sum(struct vigil_edge_record *sum, const struct vigil_edge_record *edge)
{
	sum->count += edge->count;
	sum->delay_ns += edge->delay_ns;
	if (edge->delay_max_ns > sum->delay_max_ns)
		sum->delay_max_ns = edge->delay_max_ns;
	if (edge->last_ns > sum->last_ns) {
		sum->last_ns = edge->last_ns;
		sum->last_waker = edge->last_waker;
		sum->last_task = edge->last_task;
	}
}

size_t vigil_reader_edges(const struct vigil_reader *reader, struct vigil_edge_record **ret_edges)
{
	uint32_t used = reader->tables[VIGIL_TABLE_edge].used;
	struct vigil_edge_record *edges = calloc(used ? used : 1, sizeof(*edges));
	size_t count = 0, kept = 0;

	*ret_edges = edges;
	if (!edges)
		return 0;
	for (uint32_t i = 0; i < used; i++) {
		const struct vigil_edge_record *edge = record_peek(reader, VIGIL_TABLE_edge, i);
		uint32_t to = edge ? __atomic_load_n(&edge->to, __ATOMIC_ACQUIRE) : 0;

		if (!to)
			continue;
		words_copy(&edges[count], edge, sizeof(*edge));
		edges[count++].to = to;
	}
	qsort(edges, count, sizeof(*edges), by_sites);
	for (size_t i = 0; i < count; i++) {
		if (kept && !by_sites(&edges[kept - 1], &edges[i]))
			edge_sum(&edges[kept - 1], &edges[i]);
		else
			edges[kept++] = edges[i];
	}
	qsort(edges, kept, sizeof(*edges), by_count);
	return kept;
}

/* ---- rings ---- */

/*
 * Which entries of a ring are whole. The writer may be at entry `head` now, so
 * the oldest one is never trusted. Sets the first, returns how many.
 */
static uint64_t ring_span(uint64_t head, uint32_t ring, size_t size, uint64_t *ret_first)
{
	uint64_t count = head < ring ? head : ring - 1;

	if (count > size)
		count = size;
	*ret_first = head - count;
	return count;
}

/*
 * Copies a worker's part of a table of rings, oldest first: at most `room` records.
 * Returns how many. The two words stand in the worker's record on the board.
 */
static size_t ring_copy(const struct vigil_reader *reader, enum vigil_table table, uint32_t worker,
			const uint32_t *size_word, const uint64_t *head_word, void *ret_records,
			size_t room)
{
	uint32_t ring = __atomic_load_n(size_word, __ATOMIC_RELAXED);
	uint32_t size = reader->tables[table].size;
	uint8_t *records = ret_records;
	uint64_t first, head, count;
	size_t kept = 0;

	if (!ring || ring > RING_LARGEST)
		return 0;
	/* Partner: the release of the head in lane_event and lane_message. */
	head = __atomic_load_n(head_word, __ATOMIC_ACQUIRE);
	count = ring_span(head, ring, room, &first);
	for (uint64_t i = first; i < first + count; i++) {
		const void *record =
			record_peek(reader, table, worker * ring + (uint32_t)(i % ring));

		if (!record)
			break;
		words_copy(records + kept++ * size, record, size);
	}
	/* What was overwritten while it was copied goes. */
	copy_fence();
	head = __atomic_load_n(head_word, __ATOMIC_RELAXED);
	if (head >= ring && first <= head - ring) {
		uint64_t gone = head - ring + 1 - first;

		gone = gone < kept ? gone : kept;
		kept -= gone;
		memmove(records, records + gone * size, kept * size);
	}
	return kept;
}

size_t vigil_reader_events(const struct vigil_reader *reader, uint32_t worker,
			   struct vigil_event_record *events, size_t size)
{
	const struct vigil_worker_record *w = record_peek(reader, VIGIL_TABLE_worker, worker);

	return w ? ring_copy(reader, VIGIL_TABLE_event, worker, &w->ring_size, &w->ring_head,
			     events, size) :
		   0;
}

size_t vigil_reader_messages(const struct vigil_reader *reader, uint32_t worker,
			     struct vigil_message_record *messages, size_t size)
{
	const struct vigil_worker_record *w = record_peek(reader, VIGIL_TABLE_worker, worker);
	size_t count = w ? ring_copy(reader, VIGIL_TABLE_message, worker, &w->message_size,
				     &w->message_head, messages, size) :
			   0;

	for (size_t i = 0; i < count; i++)
		texts_close(VIGIL_TABLE_message, (uint8_t *)&messages[i]);
	return count;
}

size_t vigil_reader_attrs(const struct vigil_reader *reader, uint64_t owner, uint32_t first,
			  struct vigil_attr_record *attrs, size_t size)
{
	const struct reader_table *table = &reader->tables[VIGIL_TABLE_attr];
	size_t count = 0;

	/* The list may have a ring in it: size bounds it. */
	while (first && count < size && first <= table->used) {
		struct vigil_attr_record *attr = &attrs[count];
		uint32_t tries = RECORD_TRIES;

		memset(attr, 0, sizeof(*attr));
		if (!record_copy(table, first - 1, &tries, attr) || attr->owner != owner ||
		    attr->life != VIGIL_LIFE_LIVE)
			break;
		attr->unit[sizeof(attr->unit) - 1] = '\0';
		attr->key[sizeof(attr->key) - 1] = '\0';
		attr->words[sizeof(attr->words) - 1] = '\0';
		first = attr->sibling;
		count++;
	}
	return count;
}
