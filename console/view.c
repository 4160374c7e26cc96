/* SPDX-License-Identifier: MIT */
/*
 * What all views have in common. Its law is in view.h.
 *
 * Ordering a million rows takes longer than drawing thirty. So that it never
 * takes more than a few percent of a core, a list that is dear to order is
 * ordered less often; what its cells say is as new as ever.
 */
#include "console/view.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#define ORDER_SHARE 60 /* of the time, 1/60 at most goes into ordering rows */
#define WHEEL_LINES 3

static const struct model *model_of(struct view *view, uint64_t id)
{
	return view->ops->model ? view->ops->model(view, id) : view->shared->model;
}

const struct models *view_models(struct view *view)
{
	return view->ops->models ? view->ops->models(view) : NULL;
}

static bool matches(void *ctx, uint64_t id, const char *needle)
{
	struct view *view = ctx;
	const void *record = view->ops->record(view, id);

	(void)needle; /* parsed already */
	if (!record)
		return view->ops->keeps && view->ops->keeps(view, id);
	return filter_matches(view->filter, model_of(view, id), record);
}

/* A search is for plain text: what people see, and the attributes behind it. */
static bool has_text(struct view *view, uint64_t id, const char *needle)
{
	const struct properties *properties = view->ops->properties;
	const void *record = NULL;
	int i;

	for (i = 0; i < view->ops->column_count; i++) {
		const struct column *column = &view->ops->columns[i];
		struct table_row row = { view, id, column };
		enum role role = ROLE_TEXT;
		char text[TABLE_TEXT] = "";

		column->format(&row, text, sizeof(text), &role);
		if (strcasestr(text, needle))
			return true;
	}
	if (properties && properties->attrs)
		record = view->ops->record(view, id);
	return record && property_attrs_have(properties, model_of(view, id), record, needle);
}

static bool matches_either(void *ctx, uint64_t id, const char *needle)
{
	struct view *view = ctx;

	if (needle == table_filter(view->table))
		return matches(ctx, id, needle);
	return has_text(view, id, needle);
}

static int table_make(struct view *view)
{
	const struct view_ops *ops = view->ops;
	struct table_source source = ops->rows;

	source.ctx = view;
	if (ops->properties)
		source.matches = matches_either;
	view->table = table_new(&source, ops->columns, ops->column_count);
	if (!view->table)
		return -1;
	if (ops->sort_column >= 0)
		table_sort_by(view->table, ops->sort_column,
			      ops->columns[ops->sort_column].is_descending_first);
	table_set_tree(view->table, ops->is_tree);
	return 0;
}

struct view *view_new(const struct view_ops *ops, struct shared *shared, uint64_t object)
{
	struct view *view = calloc(1, ops->size);

	if (!view)
		return NULL;
	view->ops = ops;
	view->shared = shared;
	view->object = object;
	if ((ops->open && ops->open(view) < 0) || (ops->columns && table_make(view) < 0)) {
		view_free(view);
		return NULL;
	}
	if (ops->refresh)
		ops->refresh(view);
	if (ops->gather)
		ops->gather(view);
	return view;
}

void view_free(struct view *view)
{
	if (!view)
		return;
	if (view->ops->close)
		view->ops->close(view);
	table_free(view->table);
	page_fini(&view->page);
	filter_free(view->filter);
	free(view);
}

static uint64_t clock_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * UINT64_C(1000000000) + (uint64_t)ts.tv_nsec;
}

void view_reorder(struct view *view)
{
	uint64_t begin = clock_ns();

	if (view->ops->gather)
		view->ops->gather(view);
	if (view->table)
		table_refresh(view->table);
	if (view->table && !view->is_touched)
		table_home(view->table);
	view->skips = (int)((clock_ns() - begin) * ORDER_SHARE / (view->shared->interval_ns + 1));
}

void view_refresh(struct view *view)
{
	if (view->ops->refresh)
		view->ops->refresh(view);
	if (view->skips-- <= 0)
		view_reorder(view);
}

/* ---- Drawing ---- */

/* Before anything is known a view would tell what the program has not done. */
static bool is_too_early(const struct view *view)
{
	const struct model *model = view->shared->model;

	return model && !view->ops->is_of_all && source_is_early(model->source);
}

static void draw_empty(struct view *view, struct canvas *canvas, int x, int y, int width,
		       int height)
{
	char sentence[512] = "";
	const char *text = sentence;
	int line = y + (height > 6 ? 2 : 1);

	if (table_filter(view->table)[0] && table_total(view->table) > 0)
		snprintf(sentence, sizeof(sentence),
			 "No row matches the filter. \\ changes it; empty shows all.");
	else if (is_too_early(view))
		source_blank_words(view->shared->model->source, sentence, sizeof(sentence));
	else if (view->ops->empty)
		view->ops->empty(view, sentence, sizeof(sentence));
	for (; *text && line < y + height; line++) {
		size_t bytes = wrap_line(text, width - 4);

		canvas_printf(canvas, x + 2, line, width - 4, ROLE_DIM, "%.*s", (int)bytes, text);
		text += bytes;
		text += strspn(text, " ");
	}
}

void view_draw(struct view *view, struct canvas *canvas, int x, int y, int width, int height)
{
	if (view->table) {
		table_draw(view->table, canvas, x, y, width, height);
		if (table_count(view->table) == 0)
			draw_empty(view, canvas, x, y, width, height);
		return;
	}
	if (view->ops->draw) {
		view->ops->draw(view, canvas, x, y, width, height);
		return;
	}
	if (page_begin(&view->page, width, canvas->is_ascii) < 0)
		return;
	view->ops->write(view, &view->page);
	page_show(&view->page, canvas, x, y, width, height);
}

/* ---- Requests ---- */

static bool page_request(struct page *page, enum request request)
{
	int screenful = page->height > 1 ? page->height - 1 : 1;

	switch (request) {
	case REQ_MOVE_UP:
		page_scroll(page, -1);
		return true;
	case REQ_MOVE_DOWN:
		page_scroll(page, 1);
		return true;
	case REQ_SCROLL_UP:
		page_scroll(page, -WHEEL_LINES);
		return true;
	case REQ_SCROLL_DOWN:
		page_scroll(page, WHEEL_LINES);
		return true;
	case REQ_PAGE_UP:
		page_scroll(page, -screenful);
		return true;
	case REQ_PAGE_DOWN:
		page_scroll(page, screenful);
		return true;
	case REQ_MOVE_HOME:
		page->top = 0;
		return true;
	case REQ_MOVE_END:
		page->top = PAGE_LINES;
		return true;
	default:
		return false;
	}
}

static bool move_request(struct table *table, enum request request)
{
	switch (request) {
	case REQ_MOVE_UP:
		table_move(table, -1);
		return true;
	case REQ_MOVE_DOWN:
		table_move(table, 1);
		return true;
	case REQ_SCROLL_UP:
		table_scroll(table, -WHEEL_LINES);
		return true;
	case REQ_SCROLL_DOWN:
		table_scroll(table, WHEEL_LINES);
		return true;
	case REQ_PAGE_UP:
		table_page(table, -1);
		return true;
	case REQ_PAGE_DOWN:
		table_page(table, 1);
		return true;
	case REQ_MOVE_HOME:
		table_home(table);
		return true;
	case REQ_MOVE_END:
		table_end(table);
		return true;
	default:
		return false;
	}
}

static bool list_request(struct view *view, enum request request)
{
	struct table *table = view->table;

	switch (request) {
	case REQ_SEARCH_NEXT:
		return view_search(view, view->needle, 1);
	case REQ_SEARCH_PREVIOUS:
		return view_search(view, view->needle, -1);
	case REQ_TREE:
		table_set_tree(table, !table_is_tree(table));
		return table_is_tree(table) || view->ops->rows.parent;
	case REQ_SORT_RIGHT:
		table_sort_step(table, 1);
		return true;
	case REQ_SORT_LEFT:
		table_sort_step(table, -1);
		return true;
	case REQ_SORT_INVERT:
		table_sort_invert(table);
		return true;
	case REQ_FOLLOW:
		table_set_follow(table, !table_is_following(table));
		return true;
	case REQ_TAG:
		table_toggle_tag(table, table_cursor(table));
		table_move(table, 1);
		return true;
	case REQ_UNTAG_ALL:
		table_clear_tags(table);
		return true;
	default:
		return move_request(table, request);
	}
}

bool view_request(struct view *view, enum request request)
{
	view->is_touched = true;
	if (view->ops->obey && view->ops->obey(view, request))
		return true;
	if (view->ops->draw)
		return false;
	return view->table ? list_request(view, request) : page_request(&view->page, request);
}

bool view_click(struct view *view, int x, int y)
{
	view->is_touched = true;
	if (view->ops->click)
		return view->ops->click(view, x, y);
	return view->table && table_click(view->table, x, y) != CLICK_NOTHING;
}

const struct view_ops *view_enter(struct view *view, uint64_t *ret_object)
{
	uint64_t id = view->table ? table_cursor(view->table) : TABLE_NO_ROW;

	*ret_object = 0;
	view->is_touched = true;
	if (view->table && id == TABLE_NO_ROW)
		return NULL;
	if (view->ops->enter)
		return view->ops->enter(view, id, ret_object);
	*ret_object = id;
	return view->ops->details;
}

bool view_search(struct view *view, const char *text, int step)
{
	if (!view->table)
		return false;
	view->is_touched = true;
	if (text != view->needle)
		snprintf(view->needle, sizeof(view->needle), "%s", text);
	return !text[0] || table_search(view->table, view->needle, step);
}

int view_filter(struct view *view, const char *text, struct vigil_problem *ret_problem)
{
	struct filter *filter = NULL;
	int r;

	if (!view->table)
		return 0;
	if (view->ops->properties && text[0]) {
		r = filter_parse_of_all(text, view->ops->properties, view->shared->model,
					view_models(view), &filter, ret_problem);
		if (r)
			return r;
	}
	filter_free(view->filter);
	view->filter = filter;
	table_set_filter(view->table, text);
	if (view->ops->gather)
		view->ops->gather(view);
	return 0;
}

bool view_sort(struct view *view, const char *words)
{
	size_t length = strcspn(words, ":");
	int i;

	for (i = 0; view->table && i < view->ops->column_count; i++) {
		const struct column *column = &view->ops->columns[i];
		bool is_descending = column->is_descending_first;

		if (column->sort == SORT_NONE || strlen(column->title) != length ||
		    strncasecmp(column->title, words, length))
			continue;
		if (words[length])
			is_descending = !strcasecmp(words + length, ":desc");
		table_sort_by(view->table, i, is_descending);
		return true;
	}
	return false;
}

void view_state(struct view *view, char *buf, size_t size)
{
	struct table *table = view->table;
	size_t at = 0;

	buf[0] = '\0';
	if (!table)
		return;
	table_settle(table);
	if (table_filter(table)[0])
		at += (size_t)snprintf(buf, size, "%zu of %zu  filter %s", table_count(table),
				       table_total(table), table_filter(table));
	else
		at += (size_t)snprintf(buf, size, "%zu", table_count(table));
	if (table_tag_count(table) > 0 && at < size)
		at += (size_t)snprintf(buf + at, size - at, "  %zu tagged", table_tag_count(table));
	if (table_is_tree(table) && !view->ops->is_tree && at < size)
		at += (size_t)snprintf(buf + at, size - at, "  tree");
	if (table_is_following(table) && at < size)
		snprintf(buf + at, size - at, "  follow");
}
