/* SPDX-License-Identifier: MIT */
/*
 * The details of one resource: its attributes, who waits for it, its operations.
 *
 * The law of the file: a resource that is gone is shown as it was seen last.
 */
#include <inttypes.h>
#include <stdio.h>

#include "console/attr.h"
#include "console/format.h"
#include "console/names.h"
#include "console/parts.h"
#include "console/parts_resource.h"
#include "console/uses.h"
#include "console/view.h"

struct resource_page {
	struct view view;
	struct vigil_resource_record resource;
	struct vigil_attr_record attrs[ATTR_MOST];
	size_t attr_count;
	uint64_t seen_ns; /* when these copies were true */
	bool is_gone;
	struct users waiters;
	struct users ops;
	struct ring_event events[PART_EVENTS];
	size_t event_count;
};

static void resource_refresh(struct view *view)
{
	struct resource_page *it = (struct resource_page *)view;
	const struct model *model = view->shared->model;
	const struct vigil_resource_record *resource =
		VIGIL_FIND(model->reader, resource, view->object);

	it->is_gone = !resource;
	if (!resource)
		return;
	it->resource = *resource;
	it->attr_count = vigil_reader_attrs(model->reader, view->object, resource->attrs, it->attrs,
					    ATTR_MOST);
	it->seen_ns = model->now;
}

static void resource_gather(struct view *view)
{
	struct resource_page *it = (struct resource_page *)view;
	struct model *model = view->shared->model;

	if (it->is_gone || model_want_uses(model))
		return;
	users_take_waiters(&it->waiters, model, view->object);
	users_take_ops(&it->ops, model, view->object);
	it->event_count = events_about(model, EVENTS_ALL, view->object, it->events, PART_EVENTS);
}

static void write_fields(struct page *page, const struct resource_page *it)
{
	const struct model *model = it->view.shared->model;
	const struct vigil_resource_record *resource = &it->resource;
	char text[NAME_TEXT];
	char time[FORMAT_SIZE];

	page_field(page, "kind", ROLE_TEXT, "%s%s%s", word_resource_kind(resource->kind),
		   resource->type[0] ? ", " : "", resource->type);
	if (resource->flags & VIGIL_RESOURCE_THREAD)
		page_field(page, "waiting", ROLE_TEXT, "blocks the thread");
	if (resource->flags & VIGIL_RESOURCE_INTERNAL)
		page_field(page, "belongs to", ROLE_TEXT, "the runtime");
	name_place_long(model, resource->site, text, sizeof(text));
	page_field(page, "made at", ROLE_PLACE, "%s", text);
	name_object(model, resource->parent, text, sizeof(text));
	page_field(page, "part of", ROLE_NAME, "%s", text);
	page_field(page, "age", ROLE_TEXT, "%s",
		   format_duration(time, sizeof(time),
				   less_of(resource->ended_ns ? resource->ended_ns : it->seen_ns,
					   resource->created_ns),
				   0));
	page_field(page, "operations", ROLE_NUMBER, "%" PRIu64 " begun", resource->ops);
	page_fields(page);
}

static void resource_write(struct view *view, struct page *page)
{
	struct resource_page *it = (struct resource_page *)view;
	const struct model *model = view->shared->model;
	char name[NAME_TEXT];

	name_resource(model, &it->resource, name, sizeof(name));
	canvas_put_clipped(&page->canvas, 1, page->y++, page->width - 2, ROLE_TITLE, name);
	if (it->is_gone || it->resource.life == VIGIL_LIFE_ENDED)
		page_text(page, 1, ROLE_WARN, "It has been freed: this is what was seen last.");
	write_fields(page, it);
	part_state(page, it->attrs, it->attr_count, it->seen_ns);
	if (!it->is_gone) {
		part_waiters(page, model, &it->waiters);
		part_ops(page, model, &it->ops);
	}
	if (it->event_count)
		part_events(page, model, it->events, it->event_count, false);
}

static void resource_title(struct view *view, char *buf, size_t size)
{
	const struct resource_page *it = (struct resource_page *)view;
	char name[NAME_TEXT];

	name_resource(view->shared->model, &it->resource, name, sizeof(name));
	snprintf(buf, size, "%s %s", word_resource_kind(it->resource.kind), name);
}

const struct view_ops view_resource = {
	.name = "resource",
	.where = IN_DETAILS,
	.size = sizeof(struct resource_page),
	.write = resource_write,
	.refresh = resource_refresh,
	.gather = resource_gather,
	.title = resource_title,
};
