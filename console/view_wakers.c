/* SPDX-License-Identifier: MIT */
/*
 * Wakers: who wakes whom. A row is a place that wakes and a place that spawned
 * what it wakes, and how long the woken waited for a worker then.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "console/format.h"
#include "console/names.h"
#include "console/parts.h"
#include "console/view.h"

enum waker_column {
	WAKER_FROM,
	WAKER_TO,
	WAKER_COUNT,
	WAKER_SHARE,
	WAKER_MEAN,
	WAKER_MAX,
	WAKER_LAST,
	WAKER_WHY,
	WAKER_COLUMNS
};

struct wakers {
	struct view view;
	struct vigil_edge_record *edges; /* by sites */
	size_t count;
	uint64_t total; /* of their counts */
};

static uint64_t edge_id(const struct vigil_edge_record *edge)
{
	return (uint64_t)edge->from << 32 | edge->to;
}

static int by_id(const void *a, const void *b)
{
	uint64_t x = edge_id(a);
	uint64_t y = edge_id(b);

	return (x > y) - (x < y);
}

static const struct vigil_edge_record *find_edge(const struct vigil_edge_record *edges,
						 size_t count, uint64_t id)
{
	const struct vigil_edge_record key = {
		.from = (uint32_t)(id >> 32),
		.to = (uint32_t)id,
	};

	return count ? bsearch(&key, edges, count, sizeof(key), by_id) : NULL;
}

static const struct vigil_edge_record *edge_of(const struct table_row *row)
{
	const struct wakers *it = row->ctx;

	return find_edge(it->edges, it->count, row->id);
}

static void wakers_gather(struct view *view)
{
	struct wakers *it = (struct wakers *)view;
	size_t i;

	free(it->edges);
	it->count = vigil_reader_edges(view->shared->model->reader, &it->edges);
	qsort(it->edges, it->count, sizeof(*it->edges), by_id);
	it->total = 0;
	for (i = 0; i < it->count; i++)
		it->total += it->edges[i].count;
}

static void wakers_close(struct view *view)
{
	free(((struct wakers *)view)->edges);
}

static size_t rows_count(void *ctx)
{
	return ((struct wakers *)ctx)->count;
}

static uint64_t rows_id(void *ctx, size_t index)
{
	return edge_id(&((struct wakers *)ctx)->edges[index]);
}

static const void *wakers_record(struct view *view, uint64_t id)
{
	const struct wakers *it = (struct wakers *)view;

	return find_edge(it->edges, it->count, id);
}

/* ---- Cells ---- */

static uint64_t number(const struct table_row *row)
{
	const struct vigil_edge_record *edge = edge_of(row);

	if (!edge)
		return 0;
	switch (row->column->data) {
	case WAKER_MEAN:
		return edge->count ? edge->delay_ns / edge->count : 0;
	case WAKER_MAX:
		return edge->delay_max_ns;
	case WAKER_LAST:
		return less_of(row_model(row)->now, edge->last_ns);
	default:
		return edge->count;
	}
}

static void format_number(const struct table_row *row, char *buf, size_t size, enum role *ret_role)
{
	uint64_t value = number(row);

	switch (row->column->data) {
	case WAKER_COUNT:
		cell_count(buf, size, value, ret_role);
		break;
	case WAKER_SHARE:
		format_percent(buf, size, share_of(value, ((struct wakers *)row->ctx)->total));
		break;
	default:
		cell_duration(buf, size, value, ret_role);
		break;
	}
}

static void format_words(const struct table_row *row, char *buf, size_t size, enum role *ret_role)
{
	const struct vigil_edge_record *edge = edge_of(row);
	const struct model *model = row_model(row);
	char from[NAME_TEXT];
	char to[NAME_TEXT];

	if (!edge)
		return;
	switch (row->column->data) {
	case WAKER_FROM:
		name_place_long(model, edge->from, buf, size);
		*ret_role = ROLE_PLACE;
		break;
	case WAKER_TO:
		name_place_long(model, edge->to, buf, size);
		*ret_role = ROLE_PLACE;
		break;
	default:
		name_object(model, edge->last_waker, from, sizeof(from));
		name_object(model, edge->last_task, to, sizeof(to));
		snprintf(buf, size, "%s \u2192 %s", from[0] ? from : "unknown", to);
		*ret_role = ROLE_NAME;
		break;
	}
}

/* clang-format off */
static const struct column columns[WAKER_COLUMNS] = {
	COLUMN_WORDS(WAKER_FROM, "FROM", 20, 44, 0, "where it wakes", .grow = 1),
	COLUMN_WORDS(WAKER_TO, "TO", 20, 44, 0, "where the woken was spawned", .grow = 1),
	COLUMN_NUMBER(WAKER_COUNT, "WAKES", 5, 6, 0, "wakes that led to a poll"),
	COLUMN_NUMBER(WAKER_SHARE, "SHARE", 5, 6, 4, "of all wakes"),
	COLUMN_NUMBER(WAKER_MEAN, "MEAN", 7, 8, 0, "from wake to poll"),
	COLUMN_NUMBER(WAKER_MAX, "MAX", 7, 8, 2, "longest from wake to poll"),
	COLUMN_NUMBER(WAKER_LAST, "LAST", 7, 8, 3, "how long ago the last one was"),
	COLUMN_WORDS(WAKER_WHY, "LAST WAKE", 26, 0, 5, "who woke whom last", .grow = 2),
};
/* clang-format on */

static void wakers_empty(struct view *view, char *buf, size_t size)
{
	snprintf(buf, size, "%s",
		 view->shared->model->totals.wakes > 0 ?
			 "No wake has led to a poll yet." :
			 "No wakes yet: the program reports them with vigil_wake, when a task "
			 "becomes runnable.");
}

const struct view_ops view_wakers = {
	.name = "wakers",
	.request = REQ_VIEW_WAKERS,
	.where = IN_WAKERS,
	.size = sizeof(struct wakers),
	.columns = columns,
	.column_count = WAKER_COLUMNS,
	.sort_column = WAKER_COUNT,
	.rows = { .count = rows_count, .id = rows_id },
	.properties = &edge_properties,
	.record = wakers_record,
	.empty = wakers_empty,
	.close = wakers_close,
	.gather = wakers_gather,
	.details = &view_waker,
};

/* ---- Details of an edge ---- */

struct waker_page {
	struct view view;
	struct vigil_edge_record edge;
	struct vigil_hist busy;
	struct vigil_hist delay;
	bool has_busy;
	bool has_delay;
};

static void waker_gather(struct view *view)
{
	struct waker_page *it = (struct waker_page *)view;
	const struct vigil_reader *reader = view->shared->model->reader;
	const struct vigil_edge_record *edge;
	struct vigil_edge_record *edges;
	size_t count = vigil_reader_edges(reader, &edges);

	qsort(edges, count, sizeof(*edges), by_id);
	edge = find_edge(edges, count, view->object);
	if (edge)
		it->edge = *edge;
	free(edges);
	it->has_busy = vigil_reader_site_hist(reader, it->edge.to, VIGIL_HIST_BUSY, &it->busy);
	it->has_delay = vigil_reader_site_hist(reader, it->edge.to, VIGIL_HIST_DELAY, &it->delay);
}

static void waker_write(struct view *view, struct page *page)
{
	struct waker_page *it = (struct waker_page *)view;
	const struct model *model = view->shared->model;
	const struct vigil_edge_record *edge = &it->edge;
	char text[NAME_TEXT];

	canvas_put_text(&page->canvas, 1, page->y++, -1, ROLE_TITLE, "Who wakes whom");
	name_place_long(model, edge->from, text, sizeof(text));
	page_field(page, "woken at", ROLE_PLACE, "%s", text);
	name_place_long(model, edge->to, text, sizeof(text));
	page_field(page, "spawned at", ROLE_PLACE, "%s", text);
	name_object(model, edge->last_waker, text, sizeof(text));
	page_field(page, "last waker", ROLE_NAME, "%s", text);
	name_object(model, edge->last_task, text, sizeof(text));
	page_field(page, "last woken", ROLE_NAME, "%s", text);
	page_field(page, "wakes", ROLE_NUMBER, "%" PRIu64, edge->count);
	page_field(page, "to poll", ROLE_TEXT, "%s on average",
		   format_duration(text, sizeof(text),
				   edge->count ? edge->delay_ns / edge->count : 0, 0));
	page_field(page, "longest", ROLE_TEXT, "%s",
		   format_duration(text, sizeof(text), edge->delay_max_ns, 0));
	page_field(page, "last", ROLE_TEXT, "%s ago",
		   format_duration(text, sizeof(text), less_of(model->now, edge->last_ns), 0));
	page_fields(page);
	part_hists(page, "Polls of all tasks spawned there", it->has_busy ? &it->busy : NULL,
		   "Scheduled, from all wakers", it->has_delay ? &it->delay : NULL);
}

static void waker_title(struct view *view, char *buf, size_t size)
{
	const struct model *model = view->shared->model;
	char from[NAME_TEXT];
	char to[NAME_TEXT];

	name_place(model, (uint32_t)(view->object >> 32), from, sizeof(from));
	name_place(model, (uint32_t)view->object, to, sizeof(to));
	snprintf(buf, size, "wakes %s \u2192 %s", from, to);
}

const struct view_ops view_waker = {
	.name = "waker",
	.where = IN_DETAILS,
	.size = sizeof(struct waker_page),
	.write = waker_write,
	.gather = waker_gather,
	.title = waker_title,
};
