/* SPDX-License-Identifier: MIT */
/*
 * The details of one task.
 *
 * The law of the file: a task that is gone is shown as it was seen last. Its
 * record is copied at every refresh for that, and serves nothing else.
 */
#include <inttypes.h>
#include <stdio.h>

#include "console/format.h"
#include "console/names.h"
#include "console/parts.h"
#include "console/uses.h"
#include "console/view.h"
#include "console/wait_sites.h"

struct task_page {
	struct view view;
	struct vigil_task_record task;
	uint64_t seen_ns; /* when this copy was true */
	bool is_gone;
	bool has_busy;
	bool has_delay;
	struct vigil_hist busy;
	struct vigil_hist delay;
	struct chain chain;
	uint32_t waits_at; /* site, as index plus one */
	struct vigil_message_record messages[MESSAGES_SHOWN];
	size_t message_count;
	struct ring_event events[PART_EVENTS];
	size_t event_count;
};

static void task_refresh(struct view *view)
{
	struct task_page *page = (struct task_page *)view;
	const struct model *model = view->shared->model;
	const struct vigil_task_record *task = VIGIL_FIND(model->reader, task, view->object);

	page->is_gone = !task;
	if (!task)
		return;
	page->task = *task;
	page->seen_ns = model->now;
	page->has_busy = vigil_reader_task_hist(model->reader, task, VIGIL_HIST_BUSY, &page->busy);
	page->has_delay =
		vigil_reader_task_hist(model->reader, task, VIGIL_HIST_DELAY, &page->delay);
}

static void task_gather(struct view *view)
{
	struct task_page *page = (struct task_page *)view;
	const struct model *model = view->shared->model;
	const struct vigil_task_record *task = VIGIL_FIND(model->reader, task, view->object);

	if (!task)
		return;
	waits_chain(model, task, &page->chain);
	page->waits_at = wait_site_of_task(model, task);
	page->message_count = messages_of_task(model, view->object, page->messages);
	page->event_count =
		events_about(model, EVENTS_ALL, view->object, page->events, PART_EVENTS);
}

static void write_headline(struct page *page, const struct task_page *it,
			   const struct vigil_task_times *times)
{
	const struct model *model = it->view.shared->model;
	char text[NAME_TEXT];
	enum role role;
	int x = 1;

	x += canvas_put_text(&page->canvas, x, 0, -1, ROLE_TEXT,
			     task_sign(&it->task, times->state, &role)) +
	     1;
	canvas_put_text(&page->canvas, 1, 0, 1, role, task_sign(&it->task, times->state, &role));
	x += canvas_printf(&page->canvas, x, 0, -1, ROLE_DIM, "%" PRIu64 " ", it->task.id);
	name_task(model, &it->task, text, sizeof(text));
	x += canvas_put_text(&page->canvas, x, 0, page->width - x - 30, ROLE_TITLE, text) + 2;
	x += canvas_put_text(&page->canvas, x, 0, -1, role, word_state(times->state)) + 1;
	x += canvas_put_text(&page->canvas, x, 0, -1, format_duration_role(times->state_ns),
			     format_duration(text, sizeof(text), times->state_ns, 0));
	canvas_put_text(&page->canvas, x, 0, -1, ROLE_DIM,
			times->state == VIGIL_STATE_DONE ? " ago" : "");
	page->y = 1;
	if (it->is_gone)
		page_text(page, 1, ROLE_WARN,
			  "It has ended, and its record serves another task by now: this is what "
			  "was seen last.");
	else if (times->is_impossible)
		page_text(page, 1, ROLE_WARN,
			  "Its times contradict each other: the board is damaged.");
}

static void write_fields(struct page *page, const struct task_page *it)
{
	const struct model *model = it->view.shared->model;
	const struct vigil_task_record *task = &it->task;
	const struct vigil_executor_record *executor;
	char text[NAME_TEXT];
	char joiner[NAME_TEXT];

	if (task->life == VIGIL_LIFE_ENDED) {
		name_reason(model, task, text, sizeof(text));
		page_field(page, "ended", ROLE_STRONG, "%s", text);
	}
	name_place_long(model, task->site, text, sizeof(text));
	page_field(page, "spawned at", ROLE_PLACE, "%s", text);
	name_object(model, task->parent, text, sizeof(text));
	page_field(page, "parent", ROLE_NAME, "%s", task->parent ? text : "none");
	executor = VIGIL_FIND(model->reader, executor, task->executor);
	if (executor)
		name_executor(model, executor, text, sizeof(text));
	page_field(page, "executor", ROLE_NAME, "%s", executor ? text : "none");
	name_object(model, task->worker, text, sizeof(text));
	page_field(page, "last on", ROLE_NAME, "%s", text);
	page_field(page, "kind", ROLE_TEXT, "%s", word_task_kind(task->kind));
	name_place_long(model, it->waits_at, text, sizeof(text));
	page_field(page, "waits at", ROLE_PLACE, "%s", it->waits_at ? text : "");
	name_object(model, task->joiner, joiner, sizeof(joiner));
	page_field(page, "join handle", ROLE_TEXT, "%s%s%s", word_join(task->join),
		   joiner[0] ? " by " : "", joiner);
	page_fields(page);
}

static void write_waker(struct page *page, const struct task_page *it)
{
	const struct model *model = it->view.shared->model;
	const struct vigil_task_record *task = &it->task;
	uint64_t current = less_of(task->waker_clones, task->waker_drops);
	char share[FORMAT_SIZE];
	char text[FORMAT_SIZE];
	char by[NAME_TEXT];
	char place[NAME_TEXT];

	page_title(page, "Waker");
	page_field(page, "wakes", ROLE_NUMBER, "%" PRIu64, task->wakes);
	format_percent(share, sizeof(share), share_of(task->self_wakes, task->wakes));
	page_field(page, "by itself", task->self_wakes * 2 > task->wakes ? ROLE_WARN : ROLE_NUMBER,
		   "%" PRIu64 " (%s)", task->self_wakes, share);
	page_field(page, "yields", ROLE_NUMBER, "%" PRIu64 ", %u forced", (uint64_t)task->yields,
		   (unsigned)task->forced_yields);
	if (task->waker_clones)
		page_field(page, "wakers", current ? ROLE_NUMBER : ROLE_WARN,
			   "%" PRIu64 " now (%" PRIu64 " cloned, %" PRIu64 " dropped)", current,
			   task->waker_clones, task->waker_drops);
	if (task->ready_ns) {
		page_field(page, "last woken", ROLE_TEXT, "%s ago",
			   format_duration(text, sizeof(text), less_of(model->now, task->ready_ns),
					   0));
		name_object(model, task->waker, by, sizeof(by));
		page_field(page, "by", ROLE_NAME, "%s", by);
	}
	if (task->wake_site) {
		name_place_long(model, task->wake_site, place, sizeof(place));
		page_field(page, "at", ROLE_PLACE, "%s", place);
	}
	page_fields(page);
}

static void write_polls(struct page *page, const struct task_page *it)
{
	const struct vigil_task_record *task = &it->task;
	char text[FORMAT_SIZE];

	page_field(page, "polls", ROLE_NUMBER, "%" PRIu64, task->polls);
	format_duration(text, sizeof(text), task->polls ? task->busy_ns / task->polls : 0, 0);
	page_field(page, "mean poll", ROLE_TEXT, "%s", task->polls ? text : "-");
	page_fields(page);
}

/* How what it waits for stands: a full channel, a barrier that lacks one. */
static void write_waited(struct page *page, const struct task_page *it)
{
	const struct model *model = it->view.shared->model;
	const struct vigil_resource_record *resource = waited_resource(model, &it->task);
	char name[NAME_TEXT], words[512], line[sizeof(name) + sizeof(words) + 4];

	if (!resource)
		return;
	resource_words(model, resource, words, sizeof(words));
	name_object(model, model_ref(model, VIGIL_TABLE_resource, resource), name, sizeof(name));
	snprintf(line, sizeof(line), "%s: %s", name, words);
	if (words[0])
		page_text(page, 1, ROLE_NUMBER, line);
}

static void write_spans(struct page *page, const struct model *model, uint64_t task)
{
	struct open_span spans[SPANS_MOST];

	part_spans(page, model, spans, spans_of_task(model, task, spans));
}

static void task_write(struct view *view, struct page *page)
{
	struct task_page *it = (struct task_page *)view;
	const struct model *model = view->shared->model;
	struct vigil_task_times times;

	vigil_task_times(&it->task, it->is_gone ? it->seen_ns : model->now, &times);
	write_headline(page, it, &times);
	write_fields(page, it);
	if (times.state != VIGIL_STATE_DONE && it->chain.count > 0) {
		page_title(page, "Why");
		part_chain(page, 1, model, &it->chain);
		if (!it->is_gone)
			write_waited(page, it);
	}
	part_times(page, &times);
	write_polls(page, it);
	write_waker(page, it);
	if (!it->is_gone) {
		part_attrs(page, model, view->object, it->task.attrs);
		write_spans(page, model, view->object);
	}
	part_messages(page, model, it->messages, it->message_count);
	part_hists(page, "Polls", it->has_busy ? &it->busy : NULL, "Scheduled, until polled",
		   it->has_delay ? &it->delay : NULL);
	part_events(page, model, it->events, it->event_count, true);
}

static void task_title(struct view *view, char *buf, size_t size)
{
	const struct task_page *it = (struct task_page *)view;
	char name[NAME_TEXT];

	name_task(view->shared->model, &it->task, name, sizeof(name));
	snprintf(buf, size, "task %" PRIu64 " %s", it->task.id, name);
}

const struct view_ops view_task = {
	.name = "task",
	.where = IN_DETAILS,
	.size = sizeof(struct task_page),
	.write = task_write,
	.refresh = task_refresh,
	.gather = task_gather,
	.title = task_title,
};
