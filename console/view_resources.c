/* SPDX-License-Identifier: MIT */
/*
 * Resources: all there is to wait for, locks too. How each stands, by its own
 * attributes; how many wait for it and use it.
 */
#include <stdio.h>
#include <stdlib.h>

#include "console/format.h"
#include "console/names.h"
#include "console/parts.h"
#include "console/uses.h"
#include "console/view.h"

enum resource_column {
	RESOURCE_ID,
	RESOURCE_KIND,
	RESOURCE_NAME,
	RESOURCE_TYPE,
	RESOURCE_WAIT,
	RESOURCE_OPS,
	RESOURCE_AGE,
	RESOURCE_PARENT,
	RESOURCE_PLACE,
	RESOURCE_ATTRS,
	RESOURCE_COLUMNS
};

struct resources {
	struct view view;
	uint64_t *refs;
	size_t count;
	size_t capacity;
};

static const struct vigil_resource_record *resource_of(const struct table_row *row)
{
	return VIGIL_FIND(row_model(row)->reader, resource, row->id);
}

/* ---- Rows ---- */

static void resources_gather(struct view *view)
{
	struct resources *it = (struct resources *)view;
	const struct vigil_reader *reader = view->shared->model->reader;
	uint32_t room = vigil_reader_count(reader, VIGIL_TABLE_resource);
	uint64_t *refs;

	if (room > it->capacity) {
		refs = realloc(it->refs, room * sizeof(*refs));
		if (!refs)
			return;
		it->refs = refs;
		it->capacity = room;
	}
	/* Without memory only a lock is known to be waited for. */
	model_want_uses(view->shared->model);
	it->count = 0;
	for (uint32_t i = 0; i < room; i++)
		if (VIGIL_AT(reader, resource, i)->life == VIGIL_LIFE_LIVE)
			it->refs[it->count++] = vigil_reader_ref(reader, VIGIL_TABLE_resource, i);
}

static void resources_close(struct view *view)
{
	free(((struct resources *)view)->refs);
}

static size_t rows_count(void *ctx)
{
	return ((struct resources *)ctx)->count;
}

static uint64_t rows_id(void *ctx, size_t index)
{
	return ((struct resources *)ctx)->refs[index];
}

static const void *resources_record(struct view *view, uint64_t id)
{
	return VIGIL_FIND(view->shared->model->reader, resource, id);
}

static uint64_t rows_parent(void *ctx, uint64_t id)
{
	const struct vigil_resource_record *resource = resources_record(ctx, id);

	return resource ? resource->parent : TABLE_NO_ROW;
}

/* ---- Cells ---- */

static uint64_t number(const struct table_row *row)
{
	const struct vigil_resource_record *resource = resource_of(row);
	const struct model *model = row_model(row);

	if (!resource)
		return 0;
	switch (row->column->data) {
	case RESOURCE_ID:
		return resource->id;
	case RESOURCE_WAIT:
		return resource_waiting(model, resource);
	case RESOURCE_OPS:
		return resource_ops(model, resource);
	default:
		return less_of(model->now, resource->created_ns);
	}
}

static void format_number(const struct table_row *row, char *buf, size_t size, enum role *ret_role)
{
	uint64_t value = number(row);

	switch (row->column->data) {
	case RESOURCE_ID:
		snprintf(buf, size, "%llu", (unsigned long long)value);
		*ret_role = ROLE_DIM;
		break;
	case RESOURCE_AGE:
		cell_duration(buf, size, value, ret_role);
		break;
	default:
		cell_count(buf, size, value, ret_role);
		break;
	}
}

/* Of what has no kind of its own the type says more. */
static const char *kind_words(const struct vigil_resource_record *resource)
{
	return resource->kind == VIGIL_RESOURCE_OTHER && resource->type[0] ?
		       resource->type :
		       word_resource_kind(resource->kind);
}

static void format_words(const struct table_row *row, char *buf, size_t size, enum role *ret_role)
{
	const struct vigil_resource_record *resource = resource_of(row);
	const struct model *model = row_model(row);

	if (!resource)
		return;
	switch (row->column->data) {
	case RESOURCE_KIND:
		snprintf(buf, size, "%s", kind_words(resource));
		break;
	case RESOURCE_NAME:
		name_resource(model, resource, buf, size);
		*ret_role = ROLE_NAME;
		break;
	case RESOURCE_TYPE:
		snprintf(buf, size, "%s", resource->type);
		*ret_role = ROLE_DIM;
		break;
	case RESOURCE_PARENT:
		name_object(model, resource->parent, buf, size);
		break;
	case RESOURCE_PLACE:
		name_place(model, resource->site, buf, size);
		*ret_role = ROLE_PLACE;
		break;
	default:
		resource_words(model, resource, buf, size);
		break;
	}
}

/* clang-format off */
static const struct column columns[RESOURCE_COLUMNS] = {
	[RESOURCE_ID] = { .title = "ID", .min_width = 5, .max_width = 8, .priority = 3,
			  .align = ALIGN_RIGHT, .sort = SORT_NUMBER, .data = RESOURCE_ID,
			  .format = format_number, .number = number },
	COLUMN_WORDS(RESOURCE_KIND, "KIND", 9, 13, 1, NULL),
	COLUMN_WORDS(RESOURCE_NAME, "NAME", 12, 24, 0, NULL, .is_tree = true),
	COLUMN_WORDS(RESOURCE_TYPE, "TYPE", 12, 16, 8, "as its program calls it"),
	COLUMN_NUMBER(RESOURCE_WAIT, "WAIT", 4, 5, 0, "tasks and threads that wait for it"),
	COLUMN_NUMBER(RESOURCE_OPS, "OPS", 3, 5, 2, "operations that have not ended"),
	COLUMN_NUMBER(RESOURCE_AGE, "AGE", 7, 8, 5, NULL),
	COLUMN_WORDS(RESOURCE_PARENT, "PART OF", 22, 24, 7, "the resource it belongs to"),
	COLUMN_WORDS(RESOURCE_PLACE, "MADE AT", 12, 22, 6, NULL, .is_place = true),
	COLUMN_WORDS(RESOURCE_ATTRS, "ATTRIBUTES", 30, 0, 0, "what its program says of it",
		     .grow = 1),
};
/* clang-format on */

static void resources_empty(struct view *view, char *buf, size_t size)
{
	(void)view;
	snprintf(buf, size,
		 "No resources yet: the program makes them with vigil_resource_new, and says how "
		 "they stand with vigil_attr_u64 and its like.");
}

/* What can be owned has owners to be told of. */
static const struct view_ops *resources_enter(struct view *view, uint64_t id, uint64_t *ret_object)
{
	const struct vigil_resource_record *resource = resources_record(view, id);

	*ret_object = id;
	return resource && lock_is_live(resource) ? &view_lock : &view_resource;
}

const struct view_ops view_resources = {
	.name = "resources",
	.request = REQ_VIEW_RESOURCES,
	.where = IN_RESOURCES,
	.size = sizeof(struct resources),
	.columns = columns,
	.column_count = RESOURCE_COLUMNS,
	.sort_column = RESOURCE_ID,
	.rows = { .count = rows_count, .id = rows_id, .parent = rows_parent },
	.properties = &resource_properties,
	.record = resources_record,
	.empty = resources_empty,
	.close = resources_close,
	.gather = resources_gather,
	.enter = resources_enter,
};
