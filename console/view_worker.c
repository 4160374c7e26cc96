/* SPDX-License-Identifier: MIT */
/* The details of one worker. */
#include <inttypes.h>
#include <stdio.h>

#include "console/format.h"
#include "console/longest.h"
#include "console/meter.h"
#include "console/names.h"
#include "console/parts.h"
#include "console/view.h"

#define SPARK_HEIGHT 4

struct worker_page {
	struct view view;
	struct ring_event events[PART_EVENTS];
	size_t event_count;
};

static void worker_gather(struct view *view)
{
	struct worker_page *it = (struct worker_page *)view;

	it->event_count = events_about(view->shared->model, vigil_ref_index(view->object), 0,
				       it->events, PART_EVENTS);
}

static void write_history(struct page *page, const struct model *model, uint64_t ref)
{
	struct spark spark = { .count = 0 };
	uint32_t i;
	int at;

	page_title(page, "Busy, refresh by refresh");
	for (i = 0; i < model->history_count; i++)
		for (at = 0; model->histories[i].ref == ref && at < MODEL_HISTORY; at++)
			spark_push(&spark, (double)model->histories[i].busy[at]);
	spark_draw(&spark, &page->canvas, 1, page->y, page->width - 2, SPARK_HEIGHT, ROLE_BAR, 1.0);
	page->y += SPARK_HEIGHT;
}

static void write_fields(struct page *page, const struct model *model,
			 const struct vigil_worker_record *worker)
{
	const struct longest longest = longest_poll(model, worker);
	struct worker_times times;
	char text[NAME_TEXT];
	char time[FORMAT_SIZE];

	model_worker_times(model, worker, &times);
	page_field(page, "state", ROLE_STRONG, "%s %s", word_worker_state(times.state),
		   times.state_ns ? format_duration(time, sizeof(time), times.state_ns, 0) : "");
	name_worker_reason(model, worker, text, sizeof(text));
	page_field(page, "why", ROLE_WARN, "%s", text);
	name_object(model, worker->task, text, sizeof(text));
	page_field(page, "polls", ROLE_NAME, "%s", text);
	name_object(model, worker->executor, text, sizeof(text));
	page_field(page, "of", ROLE_NAME, "%s", worker->executor ? text : "no executor");
	page_field(page, "thread", ROLE_NUMBER, "%" PRIu32, worker->tid);
	page_field(page, "polls done", ROLE_NUMBER, "%" PRIu64, worker->polls);
	page_field(page, "busy", ROLE_TEXT, "%s",
		   format_duration(time, sizeof(time), times.busy_ns, 0));
	page_field(page, "parked", ROLE_TEXT, "%s",
		   format_duration(time, sizeof(time), times.parked_ns, 0));
	name_object(model, longest.lasts ? worker->task : worker->busy_max_task, text,
		    sizeof(text));
	page_field(page, "longest poll", ROLE_TEXT, "%s%s%s",
		   longest_words(longest, time, sizeof(time)), text[0] ? ", of " : "", text);
	page_field(page, "wakes done", ROLE_NUMBER, "%" PRIu64, worker->wakes);
	page_field(page, "spawns", ROLE_NUMBER, "%" PRIu64, worker->spawns);
	page_field(page, "queued", ROLE_NUMBER, "%" PRIu64, worker->queued);
	page_field(page, "stolen", ROLE_NUMBER, "%" PRIu64, worker->steals);
	page_fields(page);
}

static void write_messages(struct page *page, const struct model *model, uint32_t worker)
{
	struct vigil_message_record messages[MESSAGES_SHOWN];

	part_messages(page, model, messages,
		      vigil_reader_messages(model->reader, worker, messages, MESSAGES_SHOWN));
}

static void worker_write(struct view *view, struct page *page)
{
	struct worker_page *it = (struct worker_page *)view;
	const struct model *model = view->shared->model;
	const struct vigil_worker_record *worker = VIGIL_FIND(model->reader, worker, view->object);
	char name[NAME_TEXT];

	if (!worker) {
		page_text(page, 1, ROLE_WARN,
			  "The thread has ended, and its record serves another one by now.");
		return;
	}
	name_worker(model, worker, name, sizeof(name));
	canvas_put_clipped(&page->canvas, 1, page->y++, page->width - 2, ROLE_TITLE, name);
	write_fields(page, model, worker);
	write_history(page, model, view->object);
	write_messages(page, model, vigil_ref_index(view->object));
	part_events(page, model, it->events, it->event_count, false);
}

static void object_title(struct view *view, char *buf, size_t size)
{
	name_object(view->shared->model, view->object, buf, size);
}

const struct view_ops view_worker = {
	.name = "worker",
	.where = IN_DETAILS,
	.size = sizeof(struct worker_page),
	.write = worker_write,
	.gather = worker_gather,
	.title = object_title,
};
