/* SPDX-License-Identifier: MIT */
/*
 * Locks: every resource that can be owned. Who holds it, since when and from
 * which line; who waits; how long that usually takes.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "console/format.h"
#include "console/longest.h"
#include "console/names.h"
#include "console/parts.h"
#include "console/view.h"

#define LONG_NS UINT64_C(100000000) /* a hold that others wait for */
#define CONTENDED (UINT64_C(1) << 63)

enum lock_column {
	LOCK_NAME,
	LOCK_KIND,
	LOCK_HELD,
	LOCK_WAITERS,
	LOCK_TAKEN,
	LOCK_CONTENDED,
	LOCK_HOLD_50,
	LOCK_HOLD_99,
	LOCK_HOLD_MAX,
	LOCK_WAIT_50,
	LOCK_WAIT_99,
	LOCK_WAIT_MAX,
	LOCK_PLACE,
	LOCK_WHY,
	LOCK_COLUMNS
};

struct locks {
	struct view view;
	uint64_t *refs;
	size_t count;
	size_t capacity;
};

static const struct vigil_resource_record *lock_of(const struct table_row *row)
{
	return VIGIL_FIND(row_model(row)->reader, resource, row->id);
}

/* ---- Rows ---- */

static void locks_gather(struct view *view)
{
	struct locks *it = (struct locks *)view;
	const struct vigil_reader *reader = view->shared->model->reader;
	uint32_t room = vigil_reader_count(reader, VIGIL_TABLE_resource);
	uint64_t *refs;
	uint32_t i;

	if (room > it->capacity) {
		refs = realloc(it->refs, room * sizeof(*refs));
		if (!refs)
			return;
		it->refs = refs;
		it->capacity = room;
	}
	it->count = 0;
	for (i = 0; i < room; i++)
		if (lock_is_live(VIGIL_AT(reader, resource, i)))
			it->refs[it->count++] = vigil_reader_ref(reader, VIGIL_TABLE_resource, i);
}

static void locks_close(struct view *view)
{
	free(((struct locks *)view)->refs);
}

static size_t rows_count(void *ctx)
{
	return ((struct locks *)ctx)->count;
}

static uint64_t rows_id(void *ctx, size_t index)
{
	return ((struct locks *)ctx)->refs[index];
}

static const void *locks_record(struct view *view, uint64_t id)
{
	return VIGIL_FIND(view->shared->model->reader, resource, id);
}

static uint64_t rows_parent(void *ctx, uint64_t id)
{
	const struct vigil_resource_record *lock = locks_record(ctx, id);

	return lock ? lock->parent : 0;
}

/* ---- Cells ---- */

static uint64_t held_ns(const struct model *model, const struct vigil_resource_record *lock)
{
	int owner = lock_oldest_owner(lock);

	return owner < 0 ? 0 : less_of(model->now, lock->held_since_ns[owner]);
}

static uint64_t percentile(const struct model *model, const struct vigil_resource_record *lock,
			   enum vigil_hist_side side, double share)
{
	struct vigil_hist hist;

	if (!vigil_reader_lock_hist(model->reader, lock, side, &hist))
		return 0;
	return vigil_hist_percentile(&hist, share);
}

static uint64_t number(const struct table_row *row)
{
	const struct vigil_resource_record *lock = lock_of(row);
	const struct model *model = row_model(row);

	if (!lock)
		return 0;
	switch (row->column->data) {
	case LOCK_HELD:
		return held_ns(model, lock);
	case LOCK_WAITERS:
		return lock->waiters;
	case LOCK_TAKEN:
		return lock->acquired;
	case LOCK_CONTENDED:
		return (uint64_t)(lock_contention(lock) * 1e6);
	case LOCK_HOLD_50:
		return percentile(model, lock, VIGIL_HIST_BUSY, 0.50);
	case LOCK_HOLD_99:
		return percentile(model, lock, VIGIL_HIST_BUSY, 0.99);
	case LOCK_HOLD_MAX:
		return longest_hold(model, lock).ns;
	case LOCK_WAIT_50:
		return percentile(model, lock, VIGIL_HIST_DELAY, 0.50);
	case LOCK_WAIT_99:
		return percentile(model, lock, VIGIL_HIST_DELAY, 0.99);
	case LOCK_WAIT_MAX:
		return longest_wait(model, lock).ns;
	default: /* those waited for now, the longest held first; then by time lost */
		if (lock->waiters && held_ns(model, lock) > LONG_NS)
			return CONTENDED | held_ns(model, lock);
		return lock->wait_ns;
	}
}

/* Whether the longest one has not ended. */
static bool lasts(const struct table_row *row)
{
	const struct vigil_resource_record *lock = lock_of(row);

	if (!lock)
		return false;
	return row->column->data == LOCK_HOLD_MAX ? longest_hold(row_model(row), lock).lasts :
	       row->column->data == LOCK_WAIT_MAX ? longest_wait(row_model(row), lock).lasts :
						    false;
}

static void format_number(const struct table_row *row, char *buf, size_t size, enum role *ret_role)
{
	uint64_t value = number(row);

	switch (row->column->data) {
	case LOCK_WAITERS:
		cell_count(buf, size, value, ret_role);
		if (value > 0)
			*ret_role = ROLE_WARN;
		break;
	case LOCK_TAKEN:
		cell_count(buf, size, value, ret_role);
		break;
	case LOCK_CONTENDED:
		format_percent(buf, size, (double)value / 1e6);
		*ret_role = value > 500000 ? ROLE_WARN : value ? ROLE_TEXT : ROLE_DIM;
		break;
	default:
		cell_duration(buf, size, value, ret_role);
		if (lasts(row))
			cell_lasts(buf, size);
		break;
	}
}

static void format_why(const struct model *model, const struct vigil_resource_record *lock,
		       char *buf, size_t size, enum role *ret_role)
{
	int owner = lock_oldest_owner(lock);
	uint64_t last = lock->last_owner;
	char name[NAME_TEXT] = "";
	char more[32] = "";

	if (owner < 0 && lock->holders) {
		snprintf(buf, size, "held, by whom is not recorded");
		return;
	}
	if (owner < 0) {
		if (vigil_reader_find(model->reader, (enum vigil_table)vigil_ref_table(last), last))
			name_object(model, last, name, sizeof(name));
		snprintf(buf, size, "free%s%s", name[0] ? ", last held by " : "", name);
		*ret_role = ROLE_DIM;
		return;
	}
	name_object(model, lock->owner[owner], name, sizeof(name));
	if (lock->holders > 1)
		snprintf(more, sizeof(more), " and %" PRIu32 " more", lock->holders - 1);
	snprintf(buf, size, "%s by %s%s", lock->mode == VIGIL_MODE_SHARED ? "shared" : "held", name,
		 more);
	if (lock->waiters && held_ns(model, lock) > LONG_NS)
		*ret_role = held_ns(model, lock) > 10 * LONG_NS ? ROLE_ERROR : ROLE_WARN;
}

static void format_words(const struct table_row *row, char *buf, size_t size, enum role *ret_role)
{
	const struct vigil_resource_record *lock = lock_of(row);
	const struct model *model = row_model(row);
	int owner = lock ? lock_oldest_owner(lock) : -1;

	if (!lock)
		return;
	switch (row->column->data) {
	case LOCK_NAME:
		name_resource(model, lock, buf, size);
		*ret_role = ROLE_NAME;
		break;
	case LOCK_KIND:
		snprintf(buf, size, "%s", word_resource_kind(lock->kind));
		break;
	case LOCK_PLACE:
		name_place(model, owner < 0 ? lock->last_site : lock->held_site[owner], buf, size);
		*ret_role = owner < 0 ? ROLE_DIM : ROLE_PLACE;
		break;
	default:
		format_why(model, lock, buf, size, ret_role);
		break;
	}
}

/* clang-format off */
static const struct column columns[LOCK_COLUMNS] = {
	COLUMN_WORDS(LOCK_NAME, "LOCK", 9, 28, 0, NULL, .is_tree = true),
	COLUMN_WORDS(LOCK_KIND, "KIND", 5, 10, 10, NULL),
	COLUMN_NUMBER(LOCK_HELD, "HELD", 7, 8, 0, "how long it has been held"),
	COLUMN_NUMBER(LOCK_WAITERS, "WAIT", 4, 5, 0, "waiters now"),
	COLUMN_NUMBER(LOCK_TAKEN, "TAKEN", 5, 6, 7, "times taken"),
	COLUMN_NUMBER(LOCK_CONTENDED, "CONT", 5, 6, 2, "part of them that had to wait"),
	COLUMN_NUMBER(LOCK_HOLD_50, "HOLD50", 7, 8, 9, "half of the holds were shorter"),
	COLUMN_NUMBER(LOCK_HOLD_99, "HOLD99", 7, 8, 4, "99 % of the holds were shorter"),
	COLUMN_NUMBER(LOCK_HOLD_MAX, "HOLDMAX", 7, 8, 6, "longest hold"),
	COLUMN_NUMBER(LOCK_WAIT_50, "WAIT50", 7, 8, 8, "half of the waits were shorter"),
	COLUMN_NUMBER(LOCK_WAIT_99, "WAIT99", 7, 8, 3, "99 % of the waits were shorter"),
	COLUMN_NUMBER(LOCK_WAIT_MAX, "WAITMAX", 7, 8, 5, "longest wait"),
	COLUMN_WORDS(LOCK_PLACE, "TAKEN AT", 12, 22, 1, "where it was taken, now or last",
		     .is_place = true),
	[LOCK_WHY] = { .title = "WHY", .help = "who holds it, or held it last; sorted: worst first",
		       .min_width = 26, .grow = 1, .sort = SORT_NUMBER,
		       .is_descending_first = true, .data = LOCK_WHY, .format = format_words,
		       .number = number },
};
/* clang-format on */

static void locks_empty(struct view *view, char *buf, size_t size)
{
	(void)view;
	snprintf(buf, size,
		 "No locks yet: the program makes them with vigil_resource_new and reports "
		 "vigil_lock_acquired and vigil_lock_released.");
}

const struct view_ops view_locks = {
	.name = "locks",
	.request = REQ_VIEW_LOCKS,
	.where = IN_LOCKS,
	.size = sizeof(struct locks),
	.columns = columns,
	.column_count = LOCK_COLUMNS,
	.sort_column = LOCK_WHY,
	.rows = { .count = rows_count, .id = rows_id, .parent = rows_parent },
	.properties = &lock_properties,
	.record = locks_record,
	.empty = locks_empty,
	.close = locks_close,
	.gather = locks_gather,
	.details = &view_lock,
};
