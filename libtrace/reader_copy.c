/* SPDX-License-Identifier: MIT */
/*
 * Copying records out of a board that is being written.
 *
 * The law: bounded tries, for one record and for all; a record that is never
 * steady is marked torn, not waited for: its writer may be stopped or dead.
 */
#include "libtrace/reader.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define REFRESH_TRIES 100000 /* for all of a refresh; then each has one look */
#define LARGEST 512          /* bytes of a kept record */

#define TABLE(record, table, how, help)
#define FIELD(record, type, name, dim, unit, meaning, help)
#define END(record, size)                                                                          \
	_Static_assert((size) <= LARGEST || VIGIL_TABLE_##record == VIGIL_TABLE_cell ||            \
			       VIGIL_TABLE_##record == VIGIL_TABLE_hist,                           \
		       "fits");
#include <vigil/fields.def>
#undef TABLE
#undef FIELD
#undef END

/* Fields of text in the kept records: their last byte is made 0. */
static const struct {
	uint32_t table;
	uint32_t last;
} texts[] = {
#define TEXT_u8(r, name)
#define TEXT_u16(r, name)
#define TEXT_u32(r, name)
#define TEXT_u64(r, name)
#define TEXT_i32(r, name)
#define TEXT_i64(r, name)
#define TEXT_ref(r, name)
#define TEXT_text(r, name)                                                                         \
	{ VIGIL_TABLE_##r, offsetof(struct vigil_##r##_record, name) +                             \
				   sizeof(((struct vigil_##r##_record *)0)->name) - 1 },
#define TABLE(record, table, how, help)
#define FIELD(record, type, name, dim, unit, meaning, help) TEXT_##type(record, name)
#define END(record, size)
#include <vigil/fields.def>
#undef TABLE
#undef FIELD
#undef END
};

static uint32_t seq_of(const uint8_t *record)
{
	return __atomic_load_n((const uint32_t *)(const void *)record, __ATOMIC_ACQUIRE);
}

void words_copy(void *to, const void *from, size_t size)
{
	const uint64_t *source = from;
	uint64_t *target = to;

	for (size_t i = 0; i < size / 8; i++)
		target[i] = __atomic_load_n(&source[i], __ATOMIC_RELAXED);
}

/* Lets a write that is under way come to its end: a short one needs tens of ns. */
static void writer_await(void)
{
#if defined(__x86_64__) || defined(__i386__)
	__builtin_ia32_pause();
#elif defined(__aarch64__)
	__asm__ volatile("isb");
#endif
}

bool record_copy(const struct reader_table *table, uint32_t index, uint32_t *tries,
		 void *ret_record)
{
	const uint8_t *record = table->records + (size_t)index * table->step;
	uint32_t seq = seq_of(record);

	for (int i = 0; i < RECORD_TRIES; i++) {
		if (!(seq & 1)) {
			words_copy(ret_record, record, table->copied);
			/* Partner: write_begin and write_end in atomic.h. */
			copy_fence();
			if (__atomic_load_n((const uint32_t *)(const void *)record,
					    __ATOMIC_RELAXED) == seq)
				return true;
		}
		if (!*tries)
			break;
		--*tries;
		writer_await();
		seq = seq_of(record);
	}
	words_copy(ret_record, record, table->copied);
	return false;
}

const void *record_peek(const struct vigil_reader *reader, enum vigil_table which, uint32_t index)
{
	const struct reader_table *table = &reader->tables[which];

	/* Short records of an older board are not peeked at. */
	if (index >= table->used || table->step < table->size)
		return NULL;
	return table->records + (size_t)index * table->step;
}

static int table_grow(struct reader_table *table, uint32_t count)
{
	uint32_t room = table->room ? table->room : 64;
	uint8_t *copies, *torn;
	uint32_t *changed;

	if (count <= table->room)
		return 0;
	while (room < count)
		room += room / 2;
	copies = realloc(table->copies, (size_t)room * table->size);
	if (copies)
		table->copies = copies;
	torn = realloc(table->torn, room);
	if (torn)
		table->torn = torn;
	changed = realloc(table->changed, room * sizeof(*changed));
	if (changed)
		table->changed = changed;
	if (!copies || !torn || !changed)
		return -ENOMEM;
	memset(copies + (size_t)table->room * table->size, 0,
	       (size_t)(room - table->room) * table->size);
	memset(torn + table->room, 1, room - table->room);
	table->room = room;
	return 0;
}

#define SAME(record, there, here, field)                                                           \
	(__atomic_load_n(&((const struct vigil_##record##_record *)(there))->field,                \
			 __ATOMIC_RELAXED) ==                                                      \
	 ((const struct vigil_##record##_record *)(here))->field)

/* Whether a record has not changed since it was copied, as far as its words tell. */
static bool is_same(uint32_t which, const struct reader_table *table, const uint8_t *there,
		    const uint8_t *here)
{
	if (seq_of(there) != *(const uint32_t *)(const void *)here || table->copied < table->size)
		return false;
	switch (which) {
	case VIGIL_TABLE_task:
		/*
		 * What is written outside seq stands in one line, for this look at it; only
		 * of who stands in a lock's queue others may write more.
		 */
		if (((const struct vigil_task_record *)(const void *)here)->is_counted &&
		    !SAME(task, there, here, is_counted))
			return false;
		return SAME(task, there, here, life) && SAME(task, there, here, wakes) &&
		       SAME(task, there, here, waker_clones) &&
		       SAME(task, there, here, waker_drops) && SAME(task, there, here, join) &&
		       SAME(task, there, here, attrs);
	case VIGIL_TABLE_op:
		return SAME(op, there, here, life) && SAME(op, there, here, attrs);
	case VIGIL_TABLE_span:
		return SAME(span, there, here, life) && SAME(span, there, here, attrs);
	case VIGIL_TABLE_site:
		return true;
	default: /* few, and changed outside their sequence word too */
		return false;
	}
}

void texts_close(uint32_t which, uint8_t *copy)
{
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		if (texts[i].table == which)
			copy[texts[i].last] = 0;
}

bool is_kept(uint32_t which)
{
	switch (which) {
	case VIGIL_TABLE_process:
	case VIGIL_TABLE_counts:
	case VIGIL_TABLE_site:
	case VIGIL_TABLE_executor:
	case VIGIL_TABLE_worker:
	case VIGIL_TABLE_task:
	case VIGIL_TABLE_resource:
	case VIGIL_TABLE_op:
	case VIGIL_TABLE_span:
		return true;
	default:
		return false;
	}
}

static bool has_seq(uint32_t which)
{
	return which != VIGIL_TABLE_counts;
}

/* Copies one record if it changed, and says so in the list. */
static void record_refresh(struct reader_table *table, uint32_t which, uint32_t i, uint32_t *tries)
{
	const uint8_t *there = table->records + (size_t)i * table->step;
	uint8_t *here = table->copies + (size_t)i * table->size;
	bool was_torn = table->torn[i];
	uint64_t before[LARGEST / 8];

	if (!was_torn && is_same(which, table, there, here))
		return;
	memcpy(before, here, table->size);
	if (has_seq(which)) {
		table->torn[i] = !record_copy(table, i, tries, here);
	} else {
		words_copy(here, there, table->copied);
		table->torn[i] = 0;
	}
	texts_close(which, here);
	if (was_torn || table->torn[i] || memcmp(before, here, table->size))
		table->changed[table->changed_count++] = i;
}

static uint64_t later(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

/* The last moment anything was recorded: the time in a board nobody writes. */
static uint64_t last_moment(const struct vigil_reader *reader)
{
	const struct vigil_process_record *process = VIGIL_AT(reader, process, 0);
	uint64_t last = later(process->created_ns, process->ended_ns);

	for (uint32_t i = 0; i < reader->tables[VIGIL_TABLE_worker].count; i++) {
		const struct vigil_worker_record *w = VIGIL_AT(reader, worker, i);

		last = later(last, later(w->last_ns, w->ended_ns));
		last = later(last, later(w->park_begin_ns, w->poll_begin_ns));
		last = later(last, w->wait_kind ? w->wait_since_ns : 0);
	}
	for (uint32_t i = 0; i < reader->tables[VIGIL_TABLE_task].count; i++) {
		const struct vigil_task_record *t = VIGIL_AT(reader, task, i);

		last = later(last, later(t->created_ns, t->ended_ns));
		last = later(last, later(t->poll_begin_ns, t->poll_end_ns));
		last = later(last, later(t->ready_ns, t->wait_kind ? t->wait_since_ns : 0));
	}
	return last;
}

static uint64_t now_of(const struct vigil_reader *reader)
{
	const struct vigil_process_record *process = VIGIL_AT(reader, process, 0);
	bool is_there =
		reader->status == VIGIL_STATUS_ALIVE || reader->status == VIGIL_STATUS_STOPPED;
	struct timespec ts;

	if (reader->fixed_now)
		return reader->fixed_now;
	if (!is_there || process->clock_source == VIGIL_CLOCK_CALLER)
		return last_moment(reader);
	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

int vigil_reader_refresh(struct vigil_reader *reader)
{
	struct holders holders = { .is_read = false };

	reader->tries = REFRESH_TRIES;
	/* What does not pass is not there; a later refresh asks again. */
	storage_check(reader, NULL);
	for (uint32_t which = 0; which < VIGIL_TABLES; which++) {
		struct reader_table *table = &reader->tables[which];
		uint32_t used = table->used;

		if (!is_kept(which))
			continue;
		if (!used && (which == VIGIL_TABLE_process || which == VIGIL_TABLE_counts))
			used = 1;
		if (table_grow(table, used))
			return -ENOMEM;
		table->count = used;
		table->changed_count = 0;
		for (uint32_t i = 0; i < used; i++)
			record_refresh(table, which, i, &reader->tries);
	}
	/* Once more for what is not kept: the copies may name newer histograms. */
	storage_check(reader, NULL);
	/* A board in memory may say only later whose it is. */
	if (!reader->pid)
		reader->pid = VIGIL_AT(reader, process, 0)->pid;
	if (!reader->is_status_fixed)
		reader->status = status_of(reader, &holders);
	holders_fini(&holders);
	/* Read after the copies: no time in them lies in the future. */
	reader->now = now_of(reader);
	return 0;
}
