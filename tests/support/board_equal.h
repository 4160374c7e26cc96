/* SPDX-License-Identifier: MIT */
/*
 * Whether two boards say the same, field by field, and in words where they do not.
 * Both are whole boards in memory, of this version's layout, that nobody writes.
 *
 * What names a record by its place counts only as far as one can tell: histograms
 * and attributes are compared as what their owner has, cells by site and worker,
 * edges by their two sites and worker, rings as the events they still hold. What a
 * free record holds is nobody's.
 */
#ifndef TESTS_SUPPORT_BOARD_EQUAL_H
#define TESTS_SUPPORT_BOARD_EQUAL_H

#include <inttypes.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include <vigil/board.h>

#define DIFFERENCES_SHOWN 20
#define RATE_TOLERANCE 0.01 /* of process.tsc_hz, which is measured */

static bool equal_is_quiet; /* differences are counted and not printed */

struct board_pair {
	const uint8_t *here, *there;
	uint64_t tolerance_ns; /* of instants */
	int differences;
};

struct equal_field {
	const char *record, *name;
	uint32_t table;
	uint32_t offset, size, count;
	uint8_t type, meaning;
};

static const struct equal_field equal_fields[] = {
#define TABLE(record, table, how, help)
#define FIELD(record, type, name, dim, unit, meaning, help)                                        \
	{ #record,                                                                                 \
	  #name,                                                                                   \
	  VIGIL_TABLE_##record,                                                                    \
	  offsetof(struct vigil_##record##_record, name),                                          \
	  sizeof(((struct vigil_##record##_record *)0)->name),                                     \
	  sizeof(((struct vigil_##record##_record *)0)->name) / sizeof(vigil_##type##_),           \
	  VIGIL_TYPE_##type,                                                                       \
	  VIGIL_MEANS_##meaning },
#define END(record, size)
#include <vigil/fields.def>
#undef TABLE
#undef FIELD
#undef END
};

#define EQUAL_FIELDS (sizeof(equal_fields) / sizeof(equal_fields[0]))

static inline const struct vigil_table_header *equal_table(const uint8_t *board, uint32_t table)
{
	const struct vigil_header *header = (const void *)board;

	return (const void *)(board + header->tables_offset +
			      (size_t)table * header->table_header_size);
}

static inline uint32_t equal_used(const uint8_t *board, uint32_t table)
{
	return equal_table(board, table)->used;
}

/* A record, NULL past those that are in use. */
static inline const void *equal_record(const uint8_t *board, uint32_t table, uint32_t index)
{
	const struct vigil_table_header *header = equal_table(board, table);

	return index < header->used ? board + header->offset + (size_t)index * header->record_size :
				      NULL;
}

#define EQUAL_AT(board, name, index)                                                               \
	((const struct vigil_##name##_record *)equal_record((board), VIGIL_TABLE_##name, (index)))

static inline __attribute__((format(printf, 2, 3))) void differ(struct board_pair *pair,
								const char *format, ...)
{
	va_list args;

	if (pair->differences++ >= DIFFERENCES_SHOWN || equal_is_quiet)
		return;
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fputc('\n', stderr);
}

static inline uint64_t equal_number(const struct equal_field *field, const uint8_t *record,
				    uint32_t element)
{
	uint32_t width = field->size / field->count;
	uint64_t number = 0;

	memcpy(&number, record + field->offset + (size_t)element * width, width);
	return number;
}

static inline bool is_near(const struct board_pair *pair, const struct equal_field *field,
			   uint64_t a, uint64_t b)
{
	uint64_t apart = a > b ? a - b : b - a;

	if (!strcmp(field->name, "tsc_hz"))
		return (double)apart <= RATE_TOLERANCE * (double)a;
	if (field->meaning == VIGIL_MEANS_instant)
		return apart <= pair->tolerance_ns && !a == !b;
	return !apart;
}

static inline void field_compare(struct board_pair *pair, const char *of,
				 const struct equal_field *field, const uint8_t *a,
				 const uint8_t *b)
{
	if (field->type == VIGIL_TYPE_text) {
		if (strncmp((const char *)a + field->offset, (const char *)b + field->offset,
			    field->size))
			differ(pair, "%s: %s \"%.*s\" here, \"%.*s\" there", of, field->name,
			       (int)field->size, (const char *)a + field->offset, (int)field->size,
			       (const char *)b + field->offset);
		return;
	}
	for (uint32_t i = 0; i < field->count; i++) {
		uint64_t x = equal_number(field, a, i), y = equal_number(field, b, i);

		if (is_near(pair, field, x, y))
			continue;
		if (field->count > 1)
			differ(pair, "%s: %s[%u] %" PRIu64 " here, %" PRIu64 " there", of,
			       field->name, i, x, y);
		else
			differ(pair, "%s: %s %" PRIu64 " here, %" PRIu64 " there", of, field->name,
			       x, y);
	}
}

/* Whether a field says where another record is, or nothing. */
static inline bool is_a_place(const struct equal_field *field)
{
	static const char *const places[] = { "hist", "attrs", "next", "sibling" };

	if (field->meaning == VIGIL_MEANS_seq || field->meaning == VIGIL_MEANS_spare)
		return true;
	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++)
		if (field->meaning == VIGIL_MEANS_index && !strcmp(field->name, places[i]))
			return true;
	return field->table == VIGIL_TABLE_attr && !strcmp(field->name, "gen");
}

/* All fields of two records but places. */
static inline void fields_compare(struct board_pair *pair, const char *of, uint32_t table,
				  const void *a, const void *b)
{
	for (size_t i = 0; i < EQUAL_FIELDS; i++)
		if (equal_fields[i].table == table && !is_a_place(&equal_fields[i]))
			field_compare(pair, of, &equal_fields[i], a, b);
}

/* ---- What belongs to a record ---- */

static inline void hists_compare(struct board_pair *pair, const char *of, uint32_t here,
				 uint32_t there)
{
	const struct vigil_hist_record *a = here ? EQUAL_AT(pair->here, hist, here - 1) : NULL;
	const struct vigil_hist_record *b = there ? EQUAL_AT(pair->there, hist, there - 1) : NULL;

	if (!a != !b)
		differ(pair, "%s: %s histograms here, %s there", of, a ? "has" : "no",
		       b ? "has" : "no");
	else if (a)
		fields_compare(pair, of, VIGIL_TABLE_hist, a, b);
}

static inline const struct vigil_attr_record *attr_of(const uint8_t *board, uint32_t first,
						      const char *key, int *ret_count)
{
	const struct vigil_attr_record *found = NULL, *attr;

	for (*ret_count = 0; first && *ret_count < 1000; first = attr->sibling) {
		attr = EQUAL_AT(board, attr, first - 1);
		if (!attr)
			break;
		++*ret_count;
		if (key && !strncmp(attr->key, key, sizeof(attr->key)))
			found = attr;
	}
	return found;
}

static inline void attrs_compare(struct board_pair *pair, const char *of, uint32_t here,
				 uint32_t there)
{
	const struct vigil_attr_record *a, *b;
	int count, others;
	char name[160];

	attr_of(pair->here, here, NULL, &count);
	attr_of(pair->there, there, NULL, &others);
	if (count != others)
		differ(pair, "%s: %d attributes here, %d there", of, count, others);
	for (; here && count--; here = a->sibling) {
		a = EQUAL_AT(pair->here, attr, here - 1);
		b = attr_of(pair->there, there, a->key, &others);
		snprintf(name, sizeof(name), "%s: attribute %.*s", of, (int)sizeof(a->key), a->key);
		if (b)
			fields_compare(pair, name, VIGIL_TABLE_attr, a, b);
		else
			differ(pair, "%s is not there", name);
	}
}

/* The last events, or messages, of a worker: those that its ring still holds. */
static inline void ring_compare(struct board_pair *pair, const char *of, uint32_t table,
				uint32_t worker, uint64_t head, uint32_t size)
{
	char name[160];

	for (uint64_t at = head > size ? head - size : 0; at < head; at++) {
		uint32_t index = worker * size + (uint32_t)(at % size);
		const void *a = equal_record(pair->here, table, index);
		const void *b = equal_record(pair->there, table, index);

		snprintf(name, sizeof(name), "%s: %s %" PRIu64, of,
			 table == VIGIL_TABLE_event ? "event" : "message", at);
		if (a && b)
			fields_compare(pair, name, table, a, b);
		else if (a || b)
			differ(pair, "%s is only %s", name, a ? "here" : "there");
	}
}

static inline void rings_compare(struct board_pair *pair, const char *of, uint32_t i)
{
	const struct vigil_worker_record *a = EQUAL_AT(pair->here, worker, i);
	const struct vigil_worker_record *b = EQUAL_AT(pair->there, worker, i);

	if (a->ring_head == b->ring_head && a->ring_size == b->ring_size)
		ring_compare(pair, of, VIGIL_TABLE_event, i, a->ring_head, a->ring_size);
	if (a->message_head == b->message_head && a->message_size == b->message_size)
		ring_compare(pair, of, VIGIL_TABLE_message, i, a->message_head, a->message_size);
}

/* ---- Tables ---- */

/* What a record with a life begins with, as far as all of them have it. */
struct equal_head {
	uint32_t seq, gen, life;
};

static inline uint32_t equal_life(const uint8_t *board, uint32_t table, uint32_t index)
{
	const struct equal_head *head = equal_record(board, table, index);

	return head ? head->life : VIGIL_LIFE_FREE;
}

#define BELONGINGS(name, hists)                                                                    \
	{                                                                                          \
		const struct vigil_##name##_record *a = EQUAL_AT(pair->here, name, i);             \
		const struct vigil_##name##_record *b = EQUAL_AT(pair->there, name, i);            \
                                                                                                   \
		attrs_compare(pair, of, a->attrs, b->attrs);                                       \
		hists;                                                                             \
	}

static inline void belongings_compare(struct board_pair *pair, const char *of, uint32_t table,
				      uint32_t i)
{
	switch (table) {
	case VIGIL_TABLE_executor:
		BELONGINGS(executor, )
		break;
	case VIGIL_TABLE_task:
		BELONGINGS(task, hists_compare(pair, of, a->hist, b->hist))
		break;
	case VIGIL_TABLE_resource:
		BELONGINGS(resource, hists_compare(pair, of, a->hist, b->hist))
		break;
	case VIGIL_TABLE_op:
		BELONGINGS(op, )
		break;
	case VIGIL_TABLE_span:
		BELONGINGS(span, )
		break;
	case VIGIL_TABLE_worker:
		rings_compare(pair, of, i);
		break;
	default:
		break;
	}
}
#undef BELONGINGS

static inline uint32_t more_used(const struct board_pair *pair, uint32_t table)
{
	uint32_t a = equal_used(pair->here, table), b = equal_used(pair->there, table);

	return a > b ? a : b;
}

static inline void pool_compare(struct board_pair *pair, const char *record, uint32_t table)
{
	static const char *const lives[] = { "free", "live", "ended" };

	for (uint32_t i = 0; i < more_used(pair, table); i++) {
		uint32_t a = equal_life(pair->here, table, i);
		uint32_t b = equal_life(pair->there, table, i);
		char of[64];

		snprintf(of, sizeof(of), "%s record %u", record, i);
		if (a != b)
			differ(pair, "%s: %s here, %s there", of, a < 3 ? lives[a] : "?",
			       b < 3 ? lives[b] : "?");
		if (a != b || a == VIGIL_LIFE_FREE)
			continue;
		fields_compare(pair, of, table, equal_record(pair->here, table, i),
			       equal_record(pair->there, table, i));
		belongings_compare(pair, of, table, i);
	}
}

static inline void sites_compare(struct board_pair *pair)
{
	static const struct vigil_site_record none;

	for (uint32_t i = 0; i < more_used(pair, VIGIL_TABLE_site); i++) {
		const void *a = EQUAL_AT(pair->here, site, i), *b = EQUAL_AT(pair->there, site, i);
		char of[32];

		snprintf(of, sizeof(of), "site %u", i + 1);
		fields_compare(pair, of, VIGIL_TABLE_site, a ? a : &none, b ? b : &none);
	}
}

static inline const struct vigil_cell_record *cell_of(const uint8_t *board, uint32_t site,
						      uint32_t worker)
{
	for (uint32_t i = 0; i < equal_used(board, VIGIL_TABLE_cell); i++) {
		const struct vigil_cell_record *cell = EQUAL_AT(board, cell, i);

		if (cell->site == site && cell->worker == worker)
			return cell;
	}
	return NULL;
}

static inline const struct vigil_edge_record *edge_of(const uint8_t *board, uint32_t from,
						      uint32_t to, uint32_t worker)
{
	for (uint32_t i = 0; i < equal_used(board, VIGIL_TABLE_edge); i++) {
		const struct vigil_edge_record *edge = EQUAL_AT(board, edge, i);

		if (edge->from == from && edge->to == to && edge->worker == worker)
			return edge;
	}
	return NULL;
}

/* Once each way round: the second time only for what has no partner. */
static inline void cells_compare(struct board_pair *pair, const uint8_t *one, const uint8_t *other)
{
	for (uint32_t i = 0; i < equal_used(one, VIGIL_TABLE_cell); i++) {
		const struct vigil_cell_record *a = EQUAL_AT(one, cell, i), *b;
		char of[64];

		b = a->site ? cell_of(other, a->site, a->worker) : a;
		snprintf(of, sizeof(of), "cell of site %u by worker record %u", a->site,
			 a->worker - 1);
		if (!b)
			differ(pair, "%s is only %s", of, one == pair->here ? "here" : "there");
		else if (one == pair->here)
			fields_compare(pair, of, VIGIL_TABLE_cell, a, b);
	}
}

static inline void edges_compare(struct board_pair *pair, const uint8_t *one, const uint8_t *other)
{
	for (uint32_t i = 0; i < equal_used(one, VIGIL_TABLE_edge); i++) {
		const struct vigil_edge_record *a = EQUAL_AT(one, edge, i), *b;
		char of[64];

		b = a->to ? edge_of(other, a->from, a->to, a->worker) : a;
		snprintf(of, sizeof(of), "edge from site %u to %u by worker record %u", a->from,
			 a->to, a->worker - 1);
		if (!b)
			differ(pair, "%s is only %s", of, one == pair->here ? "here" : "there");
		else if (one == pair->here)
			fields_compare(pair, of, VIGIL_TABLE_edge, a, b);
	}
}

/* Returns the number of differences; the first are printed in words. */
static inline int boards_differ(const void *here, const void *there, uint64_t tolerance_ns)
{
	struct board_pair pair = { here, there, tolerance_ns, 0 };

	fields_compare(&pair, "process", VIGIL_TABLE_process, EQUAL_AT(here, process, 0),
		       EQUAL_AT(there, process, 0));
	fields_compare(&pair, "counts", VIGIL_TABLE_counts, EQUAL_AT(here, counts, 0),
		       EQUAL_AT(there, counts, 0));
	sites_compare(&pair);
	pool_compare(&pair, "executor", VIGIL_TABLE_executor);
	pool_compare(&pair, "worker", VIGIL_TABLE_worker);
	pool_compare(&pair, "task", VIGIL_TABLE_task);
	pool_compare(&pair, "resource", VIGIL_TABLE_resource);
	pool_compare(&pair, "op", VIGIL_TABLE_op);
	pool_compare(&pair, "span", VIGIL_TABLE_span);
	cells_compare(&pair, here, there);
	cells_compare(&pair, there, here);
	edges_compare(&pair, here, there);
	edges_compare(&pair, there, here);
	if (pair.differences > DIFFERENCES_SHOWN && !equal_is_quiet)
		fprintf(stderr, "... and %d more\n", pair.differences - DIFFERENCES_SHOWN);
	return pair.differences;
}

#endif
