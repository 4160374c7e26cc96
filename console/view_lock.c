/* SPDX-License-Identifier: MIT */
/*
 * The details of one lock: its owners, its waiters, both histograms.
 *
 * The law of the file: a lock that is gone is shown as it was seen last.
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

#define WAITERS_SHOWN 24

struct lock_page {
	struct view view;
	struct vigil_resource_record lock;
	bool is_gone;
	bool has_hold;
	bool has_wait;
	struct vigil_hist hold;
	struct vigil_hist wait;
	uint64_t waiters[WAITERS_SHOWN]; /* tasks, then workers */
	size_t waiter_count;             /* of them, more may wait */
	struct users ops;
	struct ring_event events[PART_EVENTS];
	size_t event_count;
};

static void lock_refresh(struct view *view)
{
	struct lock_page *it = (struct lock_page *)view;
	const struct vigil_reader *reader = view->shared->model->reader;
	const struct vigil_resource_record *lock = VIGIL_FIND(reader, resource, view->object);

	it->is_gone = !lock;
	if (!lock)
		return;
	it->lock = *lock;
	it->has_hold = vigil_reader_lock_hist(reader, lock, VIGIL_HIST_BUSY, &it->hold);
	it->has_wait = vigil_reader_lock_hist(reader, lock, VIGIL_HIST_DELAY, &it->wait);
}

static void find_waiters(struct lock_page *it, const struct vigil_reader *reader)
{
	uint32_t tasks = vigil_reader_count(reader, VIGIL_TABLE_task);
	uint32_t workers = vigil_reader_count(reader, VIGIL_TABLE_worker);
	uint32_t i;

	it->waiter_count = 0;
	for (i = 0; i < tasks && it->waiter_count < WAITERS_SHOWN; i++) {
		const struct vigil_task_record *task = VIGIL_AT(reader, task, i);

		if (task->life == VIGIL_LIFE_LIVE && task->wait_kind &&
		    task->wait_object == it->view.object)
			it->waiters[it->waiter_count++] =
				vigil_reader_ref(reader, VIGIL_TABLE_task, i);
	}
	for (i = 0; i < workers && it->waiter_count < WAITERS_SHOWN; i++) {
		const struct vigil_worker_record *worker = VIGIL_AT(reader, worker, i);

		if (worker->life == VIGIL_LIFE_LIVE && worker->wait_kind &&
		    worker->wait_object == it->view.object)
			it->waiters[it->waiter_count++] =
				vigil_reader_ref(reader, VIGIL_TABLE_worker, i);
	}
}

static void lock_gather(struct view *view)
{
	struct lock_page *it = (struct lock_page *)view;
	struct model *model = view->shared->model;

	if (it->is_gone)
		return;
	if (!model_want_uses(model))
		users_take_ops(&it->ops, model, view->object);
	if (it->lock.waiters)
		find_waiters(it, model->reader);
	else
		it->waiter_count = 0;
	it->event_count = events_about(model, EVENTS_ALL, view->object, it->events, PART_EVENTS);
}

static void write_fields(struct page *page, const struct lock_page *it)
{
	const struct model *model = it->view.shared->model;
	const struct vigil_resource_record *lock = &it->lock;
	char text[NAME_TEXT];
	char share[FORMAT_SIZE];
	char waiting[40] = "";

	page_field(page, "kind", ROLE_TEXT, "%s%s%s", word_resource_kind(lock->kind),
		   lock->type[0] ? ", " : "", lock->type);
	page_field(page, "waiting", ROLE_TEXT, "%s",
		   lock->flags & VIGIL_RESOURCE_THREAD ? "blocks the thread" : "suspends the task");
	name_place_long(model, lock->site, text, sizeof(text));
	page_field(page, "made at", ROLE_PLACE, "%s", text);
	name_object(model, lock->parent, text, sizeof(text));
	page_field(page, "part of", ROLE_NAME, "%s", text);
	page_field(page, "taken", ROLE_NUMBER, "%" PRIu64, lock->acquired);
	/* Who waits now has met somebody else there, too: the share counts both. */
	format_percent(share, sizeof(share), lock_contention(lock));
	if (lock->waiters)
		snprintf(waiting, sizeof(waiting), ", %" PRIu32 " waiting now", lock->waiters);
	page_field(page, "contended", lock_contention(lock) > 0.5 ? ROLE_WARN : ROLE_NUMBER,
		   "%s: %" PRIu64 " waited%s", share, lock->contended, waiting);
	format_duration(text, sizeof(text), lock->hold_ns, 0);
	page_field(page, "held in all", ROLE_TEXT, "%s", text);
	format_duration(text, sizeof(text), lock->wait_ns, 0);
	page_field(page, "waited", ROLE_TEXT, "%s in all", text);
	if (lock->hold_max_site) {
		name_place_long(model, lock->hold_max_site, text, sizeof(text));
		page_field(page, "longest at", ROLE_PLACE, "%s", text);
	}
	page_fields(page);
}

static void write_owner(struct page *page, const struct lock_page *it, int i)
{
	const struct model *model = it->view.shared->model;
	uint64_t ns = less_of(model->now, it->lock.held_since_ns[i]);
	char name[NAME_TEXT];
	char place[NAME_TEXT];
	char time[FORMAT_SIZE];
	int x = 1;

	name_object(model, it->lock.owner[i], name, sizeof(name));
	name_place_long(model, it->lock.held_site[i], place, sizeof(place));
	x += canvas_put_text(&page->canvas, x, page->y, -1, format_duration_role(ns),
			     format_duration(time, sizeof(time), ns, FORMAT_FIXED)) +
	     2;
	x += canvas_put_text(&page->canvas, x, page->y, -1, ROLE_NAME, name) + 2;
	x += canvas_put_text(&page->canvas, x, page->y, -1, ROLE_DIM, "at ");
	canvas_put_clipped(&page->canvas, x, page->y, page->width - x, ROLE_PLACE, place);
	page->y++;
}

static void write_owners(struct page *page, const struct lock_page *it)
{
	const struct vigil_resource_record *lock = &it->lock;
	char name[NAME_TEXT];
	char place[NAME_TEXT];
	uint32_t named = 0;
	int i;

	page_title(page, lock->mode == VIGIL_MODE_SHARED ? "Owners (shared)" : "Owner");
	for (i = 0; i < VIGIL_OWNERS; i++) {
		if (!lock->owner[i])
			continue;
		write_owner(page, it, i);
		named++;
	}
	if (lock->holders > named) {
		snprintf(name, sizeof(name), "%" PRIu32 " more, not named", lock->holders - named);
		page_text(page, 1, ROLE_DIM, name);
	}
	if (lock->holders > 0 || named > 0)
		return;
	name_object(it->view.shared->model, lock->last_owner, name, sizeof(name));
	name_place_long(it->view.shared->model, lock->last_site, place, sizeof(place));
	canvas_printf(&page->canvas, 1, page->y++, -1, ROLE_DIM, "free%s%s%s%s",
		      name[0] ? "; last held by " : "", name, name[0] ? " at " : "",
		      name[0] ? place : "");
}

/* A thread waits for the task it polls: "32 conn on http-0". */
static void put_waiter(struct page *page, int x, const struct model *model, uint64_t ref)
{
	const struct vigil_worker_record *worker = VIGIL_FIND(model->reader, worker, ref);
	bool is_for_task = worker && VIGIL_FIND(model->reader, task, worker->task);
	char name[NAME_TEXT];

	name_object(model, is_for_task ? worker->task : ref, name, sizeof(name));
	x += canvas_put_clipped(&page->canvas, x, page->y, page->width - x, ROLE_NAME, name);
	if (is_for_task) {
		name_worker(model, worker, name, sizeof(name));
		canvas_printf(&page->canvas, x, page->y, page->width - x, ROLE_NAME, " on %s",
			      name);
	}
	page->y++;
}

static void write_waiters(struct page *page, const struct lock_page *it)
{
	const struct model *model = it->view.shared->model;
	char text[FORMAT_SIZE];
	char name[NAME_TEXT];
	size_t i;

	if (!it->lock.waiters && !it->waiter_count)
		return;
	snprintf(name, sizeof(name), "%" PRIu32 " waiting", it->lock.waiters);
	page_title(page, name);
	for (i = 0; i < it->waiter_count; i++) {
		const struct vigil_task_record *task =
			VIGIL_FIND(model->reader, task, it->waiters[i]);
		const struct vigil_worker_record *worker =
			VIGIL_FIND(model->reader, worker, it->waiters[i]);
		uint64_t since = task   ? task->wait_since_ns :
				 worker ? worker->wait_since_ns :
					  model->now;
		uint64_t ns = less_of(model->now, since);
		int x = 1;

		x += canvas_put_text(&page->canvas, x, page->y, -1, format_duration_role(ns),
				     format_duration(text, sizeof(text), ns, FORMAT_FIXED)) +
		     2;
		put_waiter(page, x, model, it->waiters[i]);
	}
	if (it->lock.waiters > it->waiter_count)
		page_text(page, 1, ROLE_DIM, "and more");
}

/* An attribute is read anew each time: it says how the lock stands now. */
static void write_state(struct page *page, const struct lock_page *it)
{
	const struct model *model = it->view.shared->model;
	struct vigil_attr_record attrs[ATTR_MOST];
	size_t count = vigil_reader_attrs(model->reader, it->view.object, it->lock.attrs, attrs,
					  ATTR_MOST);

	part_state(page, attrs, count, model->now);
	part_ops(page, model, &it->ops);
}

static void lock_write(struct view *view, struct page *page)
{
	struct lock_page *it = (struct lock_page *)view;
	char name[NAME_TEXT];

	name_resource(view->shared->model, &it->lock, name, sizeof(name));
	canvas_put_clipped(&page->canvas, 1, page->y++, page->width - 2, ROLE_TITLE, name);
	if (it->is_gone)
		page_text(page, 1, ROLE_WARN, "It has been freed: this is what was seen last.");
	write_fields(page, it);
	write_owners(page, it);
	write_waiters(page, it);
	if (!it->is_gone)
		write_state(page, it);
	part_hists(page, "Held", it->has_hold ? &it->hold : NULL, "Waited for",
		   it->has_wait ? &it->wait : NULL);
	part_events(page, view->shared->model, it->events, it->event_count, false);
}

static void lock_title(struct view *view, char *buf, size_t size)
{
	char name[NAME_TEXT];

	name_resource(view->shared->model, &((struct lock_page *)view)->lock, name, sizeof(name));
	snprintf(buf, size, "lock %s", name);
}

const struct view_ops view_lock = {
	.name = "lock",
	.where = IN_DETAILS,
	.size = sizeof(struct lock_page),
	.write = lock_write,
	.refresh = lock_refresh,
	.gather = lock_gather,
	.title = lock_title,
};
