/* SPDX-License-Identifier: MIT */
/* Rings of slices and wakes, one of each for a thread. Its law is in history.h. */
#include "console/history.h"

#include <stdlib.h>
#include <string.h>

#include "libtrace/tracepoints.h"

#define FIRST_ROOM 64
#define RING_READ 65536 /* events the reader takes from one ring */
#define ROWS_MOST 16384 /* threads a board can have */

/* A ring that grows up to HISTORY_MOST; `head` counts all that were ever put. */
struct ring {
	void *entries;
	size_t room, head;
};

struct row {
	uint64_t worker;
	struct ring slices, wakes;
	uint64_t forgotten_ns; /* the end of the last slice or wake that fell out */
	uint64_t read_ns;      /* of a board's ring all up to here has been read */
	uint64_t read_head;
};

struct history {
	struct row *rows;
	uint32_t row_count;
	struct ring holds;
	struct vigil_event_record *buffer; /* for history_read */
	uint64_t since_ns; /* of what was there before history_clear nothing is known */
	bool is_cut;       /* since the next event */
};

/* ---- Rings ---- */

static size_t ring_count(const struct ring *ring)
{
	return ring->head < ring->room ? ring->head : ring->room;
}

static void *ring_at(const struct ring *ring, size_t at, size_t size)
{
	size_t first = ring->head - ring_count(ring);

	return (uint8_t *)ring->entries + (first + at) % ring->room * size;
}

/* The first entry whose time, which stands at that offset in it, is later than ns. */
static size_t ring_after(const struct ring *ring, size_t size, size_t offset, uint64_t ns)
{
	size_t low = 0, high = ring_count(ring);

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		const uint8_t *entry = ring_at(ring, middle, size);

		if (*(const uint64_t *)(const void *)(entry + offset) > ns)
			high = middle;
		else
			low = middle + 1;
	}
	return low;
}

/* Grows while nothing has fallen out, so that entries stand in their order. */
static void ring_grow(struct ring *ring, size_t size)
{
	size_t room = ring->room ? 2 * ring->room : FIRST_ROOM;
	void *entries;

	if (ring->head < ring->room || ring->room >= HISTORY_MOST)
		return;
	entries = realloc(ring->entries, room * size);
	if (!entries)
		return;
	ring->entries = entries;
	ring->room = room;
}

/* A place for one more; what stood there falls out. NULL without memory. */
static void *ring_put(struct ring *ring, size_t size)
{
	ring_grow(ring, size);
	if (!ring->room)
		return NULL;
	return (uint8_t *)ring->entries + ring->head++ % ring->room * size;
}

static bool is_full(const struct ring *ring)
{
	return ring->room && ring->head >= ring->room && ring->room >= HISTORY_MOST;
}

/* ---- Rows ---- */

static void row_clear(struct row *row)
{
	row->slices.head = row->wakes.head = 0;
	row->forgotten_ns = row->read_ns = row->read_head = 0;
}

/* The row of a thread; a record that serves another one by now begins anew. */
static struct row *row_of(struct history *history, uint64_t worker)
{
	uint32_t index = vigil_ref_index(worker);
	struct row *rows = history->rows;

	if (!worker || vigil_ref_table(worker) != VIGIL_TABLE_worker || index >= ROWS_MOST)
		return NULL;
	if (index >= history->row_count) {
		rows = realloc(rows, (index + 1) * sizeof(*rows));
		if (!rows)
			return NULL;
		memset(rows + history->row_count, 0,
		       (index + 1 - history->row_count) * sizeof(*rows));
		history->rows = rows;
		history->row_count = index + 1;
	}
	if (rows[index].worker != worker)
		row_clear(&rows[index]);
	rows[index].worker = worker;
	return &rows[index];
}

static void slice_put(struct row *row, const struct history_slice *slice)
{
	const struct history_slice *oldest;
	struct history_slice *place;

	if (is_full(&row->slices)) {
		oldest = ring_at(&row->slices, 0, sizeof(*oldest));
		if (oldest->end_ns > row->forgotten_ns)
			row->forgotten_ns = oldest->end_ns;
	}
	place = ring_put(&row->slices, sizeof(*place));
	if (place)
		*place = *slice;
}

static void wake_put(struct row *row, const struct history_wake *wake)
{
	struct history_wake *place = ring_put(&row->wakes, sizeof(*place));

	if (place)
		*place = *wake;
}

/* ---- Life ---- */

struct history *history_new(void)
{
	return calloc(1, sizeof(struct history));
}

void history_free(struct history *history)
{
	if (!history)
		return;
	for (uint32_t i = 0; i < history->row_count; i++) {
		free(history->rows[i].slices.entries);
		free(history->rows[i].wakes.entries);
	}
	free(history->rows);
	free(history->holds.entries);
	free(history->buffer);
	free(history);
}

void history_clear(struct history *history, bool is_cut)
{
	history->since_ns = 0;
	history->is_cut = is_cut;
	history->holds.head = 0;
	for (uint32_t i = 0; i < history->row_count; i++) {
		row_clear(&history->rows[i]);
		history->rows[i].worker = 0;
	}
}

/* ---- From a trace ---- */

static bool kind_of(const struct slice *slice, uint16_t *ret_kind)
{
	switch (slice->kind) {
	case SLICE_RUN:
		*ret_kind = HISTORY_POLL;
		return true;
	case SLICE_PARK:
		*ret_kind = HISTORY_PARK;
		return true;
	case SLICE_BLOCKED:
		*ret_kind = HISTORY_WAIT;
		return true;
	default:
		return false;
	}
}

static void hold_put(struct history *history, const struct slice *slice)
{
	struct history_hold *place = ring_put(&history->holds, sizeof(*place));

	if (place)
		*place = (struct history_hold){
			.begin_ns = slice->begin_ns,
			.end_ns = slice->end_ns,
			.lock = slice->object,
			.owner = slice->task ? slice->task : slice->worker,
			.site = slice->site,
		};
}

void history_pass(struct history *history, const struct trace_event *event,
		  const struct slice *slices, size_t count)
{
	bool is_wake = event_is_wake(event);
	struct row *row;
	uint16_t kind;

	if (history->is_cut)
		history->since_ns = event->ns;
	history->is_cut = false;
	for (size_t i = 0; i < count; i++) {
		if (slices[i].kind == SLICE_HOLD)
			hold_put(history, &slices[i]);
		row = kind_of(&slices[i], &kind) ? row_of(history, slices[i].worker) : NULL;
		if (row)
			slice_put(row, &(struct history_slice){
					       .begin_ns = slices[i].begin_ns,
					       .end_ns = slices[i].end_ns,
					       .task = slices[i].task,
					       .object = slices[i].other,
					       .site = slices[i].site,
					       .kind = kind,
					       .wait_kind = (uint16_t)slices[i].state,
				       });
	}
	row = is_wake ? row_of(history, event->worker) : NULL;
	if (row)
		wake_put(row, &(struct history_wake){ .ns = event->ns,
						      .task = event->object,
						      .waker = event->other,
						      .site = event->site,
						      .worker = vigil_ref_index(event->worker) });
}

/* ---- From a board ---- */

static void event_take(struct row *row, uint32_t worker, const struct vigil_event_record *event)
{
	switch (event->kind) {
	case VIGIL_EVENT_POLL:
	case VIGIL_EVENT_PARK:
		slice_put(row, &(struct history_slice){
				       .begin_ns = event->time_ns,
				       .end_ns = event->time_ns + event->value,
				       .task = event->task,
				       .site = event->site,
				       .kind = event->kind == VIGIL_EVENT_POLL ? HISTORY_POLL :
										 HISTORY_PARK,
			       });
		break;
	case VIGIL_EVENT_WAKE:
		wake_put(row, &(struct history_wake){ .ns = event->time_ns,
						      .task = event->task,
						      .waker = event->value,
						      .site = event->site,
						      .worker = worker });
		break;
	default:
		break;
	}
}

/* When it was put into its ring: what has a length, at its end. */
static uint64_t put_ns(const struct vigil_event_record *event)
{
	bool has_length = event->kind == VIGIL_EVENT_POLL || event->kind == VIGIL_EVENT_PARK;

	return event->time_ns + (has_length ? event->value : 0);
}

static void row_read(struct history *history, struct row *row, const struct model *model,
		     uint32_t worker)
{
	uint64_t head = VIGIL_AT(model->reader, worker, worker)->ring_head;
	uint64_t read_ns = row->read_ns;
	size_t count;

	if (head == row->read_head)
		return;
	count = vigil_reader_events(model->reader, worker, history->buffer, RING_READ);
	/* What was written over before it was read is not known. */
	if (count && head > count && put_ns(&history->buffer[0]) > read_ns)
		row->forgotten_ns = history->buffer[0].time_ns;
	for (size_t i = 0; i < count; i++) {
		uint64_t ns = put_ns(&history->buffer[i]);

		if (ns <= read_ns)
			continue;
		event_take(row, worker, &history->buffer[i]);
		if (ns > row->read_ns)
			row->read_ns = ns;
	}
	row->read_head = head;
}

void history_read(struct history *history, const struct model *model)
{
	uint32_t count = vigil_reader_count(model->reader, VIGIL_TABLE_worker);
	struct row *row;

	if (!history->buffer)
		history->buffer = malloc(RING_READ * sizeof(*history->buffer));
	for (uint32_t i = 0; history->buffer && i < count; i++) {
		row = row_of(history, vigil_reader_ref(model->reader, VIGIL_TABLE_worker, i));
		if (row)
			row_read(history, row, model, i);
	}
}

/* ---- What there is ---- */

uint32_t history_rows(const struct history *history)
{
	return history->row_count;
}

uint64_t history_worker(const struct history *history, uint32_t row)
{
	return row < history->row_count ? history->rows[row].worker : 0;
}

size_t history_count(const struct history *history, uint32_t row)
{
	return row < history->row_count ? ring_count(&history->rows[row].slices) : 0;
}

const struct history_slice *history_at(const struct history *history, uint32_t row, size_t at)
{
	return ring_at(&history->rows[row].slices, at, sizeof(struct history_slice));
}

size_t history_after(const struct history *history, uint32_t row, uint64_t ns)
{
	return ring_after(&history->rows[row].slices, sizeof(struct history_slice),
			  offsetof(struct history_slice, end_ns), ns);
}

size_t history_wake_count(const struct history *history, uint32_t row)
{
	return row < history->row_count ? ring_count(&history->rows[row].wakes) : 0;
}

const struct history_wake *history_wake_at(const struct history *history, uint32_t row, size_t at)
{
	return ring_at(&history->rows[row].wakes, at, sizeof(struct history_wake));
}

size_t history_wake_after(const struct history *history, uint32_t row, uint64_t ns)
{
	return ring_after(&history->rows[row].wakes, sizeof(struct history_wake),
			  offsetof(struct history_wake, ns), ns);
}

uint64_t history_since(const struct history *history)
{
	uint64_t since = history->since_ns;

	for (uint32_t i = 0; i < history->row_count; i++)
		if (history->rows[i].forgotten_ns > since)
			since = history->rows[i].forgotten_ns;
	return since;
}

/* ---- Who held it up, who woke it ---- */

/* The last one of those who gave it back meanwhile: then it was free. */
bool history_held_by(const struct history *history, const struct history_slice *wait,
		     struct history_hold *ret_hold)
{
	size_t at = ring_after(&history->holds, sizeof(*ret_hold),
			       offsetof(struct history_hold, end_ns), wait->end_ns);

	while (at--) {
		const struct history_hold *hold = ring_at(&history->holds, at, sizeof(*hold));

		if (hold->end_ns < wait->begin_ns)
			return false;
		if (hold->lock != wait->object)
			continue;
		*ret_hold = *hold;
		return true;
	}
	return false;
}

/* The begin of the task's poll before this one; 0: none is known. */
static uint64_t poll_before(const struct history *history, const struct history_slice *poll)
{
	uint64_t begin = 0;

	for (uint32_t row = 0; row < history->row_count; row++) {
		for (size_t i = history_count(history, row); i--;) {
			const struct history_slice *slice = history_at(history, row, i);

			if (slice->end_ns <= begin)
				break;
			if (slice->kind == HISTORY_POLL && slice->task == poll->task &&
			    slice->begin_ns < poll->begin_ns && slice->begin_ns > begin)
				begin = slice->begin_ns;
		}
	}
	return begin;
}

/* The first wake after the last poll began is the one; the later ones found it woken. */
bool history_woken_by(const struct history *history, const struct history_slice *poll,
		      struct history_wake *ret_wake)
{
	uint64_t since = poll_before(history, poll);
	bool is_found = false;

	for (uint32_t row = 0; row < history->row_count; row++) {
		size_t count = history_wake_count(history, row);
		/* A wake at the very begin of the last poll may be the next one's. */
		size_t at = since ? history_wake_after(history, row, since - 1) : 0;

		for (; at < count; at++) {
			const struct history_wake *wake = history_wake_at(history, row, at);

			if (wake->ns > poll->begin_ns || (is_found && wake->ns >= ret_wake->ns))
				break;
			if (wake->task != poll->task)
				continue;
			*ret_wake = *wake;
			is_found = true;
			break;
		}
	}
	return is_found;
}
