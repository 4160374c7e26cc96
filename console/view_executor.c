/* SPDX-License-Identifier: MIT */
/*
 * The details of one executor: its workers, the tasks that run on it now, and
 * those that could run, the longest wait first.
 *
 * The law of the file: looking costs one pass over the tasks, and what is kept of
 * it is bounded.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "console/format.h"
#include "console/names.h"
#include "console/parts.h"
#include "console/view.h"

#define TASKS_SHOWN 16 /* of each list */

/* Tasks in one state, the longest in it first. */
struct longest {
	uint64_t total; /* of them, more may be in it */
	size_t count;
	uint64_t refs[TASKS_SHOWN];
	uint64_t ns[TASKS_SHOWN]; /* when they were gathered */
};

struct executor_page {
	struct view view;
	struct longest running;
	struct longest scheduled;
	uint64_t idle;
};

/* ---- Gathering ---- */

static void longest_add(struct longest *it, uint64_t ref, uint64_t ns)
{
	size_t at = it->count;

	it->total++;
	while (at > 0 && it->ns[at - 1] < ns)
		at--;
	if (at == TASKS_SHOWN)
		return;
	if (it->count < TASKS_SHOWN)
		it->count++;
	memmove(&it->refs[at + 1], &it->refs[at], (it->count - at - 1) * sizeof(it->refs[0]));
	memmove(&it->ns[at + 1], &it->ns[at], (it->count - at - 1) * sizeof(it->ns[0]));
	it->refs[at] = ref;
	it->ns[at] = ns;
}

static void executor_gather(struct view *view)
{
	struct executor_page *it = (struct executor_page *)view;
	const struct model *model = view->shared->model;
	uint32_t count = vigil_reader_count(model->reader, VIGIL_TABLE_task);
	struct vigil_task_times times;
	uint32_t i;

	memset(&it->running, 0, sizeof(it->running));
	memset(&it->scheduled, 0, sizeof(it->scheduled));
	it->idle = 0;
	for (i = 0; i < count; i++) {
		const struct vigil_task_record *task = VIGIL_AT(model->reader, task, i);
		uint64_t ref = vigil_reader_ref(model->reader, VIGIL_TABLE_task, i);

		if (task->life != VIGIL_LIFE_LIVE || task->executor != view->object)
			continue;
		vigil_task_times(task, model->now, &times);
		if (times.state == VIGIL_STATE_RUNNING)
			longest_add(&it->running, ref, times.state_ns);
		else if (times.state == VIGIL_STATE_SCHEDULED)
			longest_add(&it->scheduled, ref, times.state_ns);
		else
			it->idle++;
	}
}

/* ---- Writing ---- */

static void write_fields(struct page *page, const struct executor_page *it,
			 const struct vigil_executor_record *executor)
{
	char text[NAME_TEXT];

	page_field(page, "kind", ROLE_TEXT, "%s", word_executor_kind(executor->kind));
	name_place_long(it->view.shared->model, executor->site, text, sizeof(text));
	page_field(page, "made at", ROLE_PLACE, "%s", text);
	page_field(page, "tasks", ROLE_NUMBER,
		   "%" PRIu64 " running, %" PRIu64 " scheduled, %" PRIu64 " idle",
		   it->running.total, it->scheduled.total, it->idle);
	page_field(page, "queued", ROLE_NUMBER, "%" PRIu64 ", %" PRIu64 " at most",
		   executor->queued, executor->queued_max);
	page_fields(page);
}

/* "http-2  [100%]  polling  330 ms  15 http-conn" */
static void write_worker(struct page *page, const struct model *model,
			 const struct vigil_worker_record *worker)
{
	struct worker_times times;
	char time[FORMAT_SIZE];
	char text[NAME_TEXT];
	int x = 44;

	model_worker_times(model, worker, &times);
	name_worker(model, worker, text, sizeof(text));
	canvas_put_clipped(&page->canvas, 1, page->y, 16, ROLE_NAME, text);
	part_busy(&page->canvas, 18, page->y, 24, worker, &times);
	canvas_put_text(&page->canvas, x, page->y, -1, ROLE_DIM, word_worker_state(times.state));
	x += 9;
	if (times.state_ns > 0)
		canvas_put_text(&page->canvas, x, page->y, -1,
				times.state == WORKER_PARKED ? ROLE_DIM :
							       format_duration_role(times.state_ns),
				format_duration(time, sizeof(time), times.state_ns, FORMAT_FIXED));
	x += 9;
	name_object(model, worker->task, text, sizeof(text));
	canvas_put_clipped(&page->canvas, x, page->y, page->width - x, ROLE_NAME, text);
	page->y++;
}

static void write_workers(struct page *page, const struct model *model, uint64_t executor)
{
	uint32_t count = vigil_reader_count(model->reader, VIGIL_TABLE_worker);
	uint32_t i;

	page_title(page, "Workers");
	for (i = 0; i < count; i++) {
		const struct vigil_worker_record *worker = VIGIL_AT(model->reader, worker, i);

		if (worker->executor == executor && worker->life == VIGIL_LIFE_LIVE)
			write_worker(page, model, worker);
	}
}

/* Where it runs, or who made it runnable, and the line that spawned it. */
static void task_words(const struct model *model, const struct vigil_task_record *task,
		       enum vigil_state state, char *buf, size_t size)
{
	const struct vigil_worker_record *worker = VIGIL_FIND(model->reader, worker, task->worker);
	char place[NAME_TEXT];
	char other[NAME_TEXT] = "";
	bool is_running = state == VIGIL_STATE_RUNNING;

	name_place_long(model, task->site, place, sizeof(place));
	if (!is_running)
		name_object(model, task->waker, other, sizeof(other));
	else if (worker)
		name_worker(model, worker, other, sizeof(other));
	snprintf(buf, size, "%s%s%sspawned at %s",
		 !other[0]  ? "" :
		 is_running ? "on " :
			      "woken by ",
		 other, other[0] ? ", " : "", place);
}

static void write_task(struct page *page, const struct model *model, uint64_t ref)
{
	const struct vigil_task_record *task = VIGIL_FIND(model->reader, task, ref);
	struct vigil_task_times times;
	char time[FORMAT_SIZE];
	char text[3 * NAME_TEXT];
	int x = 1;

	if (!task)
		return;
	vigil_task_times(task, model->now, &times);
	x += canvas_put_text(&page->canvas, x, page->y, -1, format_duration_role(times.state_ns),
			     format_duration(time, sizeof(time), times.state_ns, FORMAT_FIXED)) +
	     2;
	name_object(model, ref, text, sizeof(text));
	x += canvas_put_clipped(&page->canvas, x, page->y, page->width - x, ROLE_NAME, text) + 2;
	task_words(model, task, times.state, text, sizeof(text));
	canvas_put_clipped(&page->canvas, x, page->y, page->width - x, ROLE_TEXT, text);
	page->y++;
}

static void write_tasks(struct page *page, const struct model *model, const struct longest *tasks,
			const char *title, const char *nothing)
{
	char text[64];
	size_t i;

	page_title(page, title);
	if (tasks->count == 0)
		page_text(page, 1, ROLE_DIM, nothing);
	for (i = 0; i < tasks->count; i++)
		write_task(page, model, tasks->refs[i]);
	if (tasks->total <= tasks->count)
		return;
	snprintf(text, sizeof(text), "and %" PRIu64 " more", tasks->total - tasks->count);
	page_text(page, 1, ROLE_DIM, text);
}

static void executor_write(struct view *view, struct page *page)
{
	struct executor_page *it = (struct executor_page *)view;
	const struct model *model = view->shared->model;
	const struct vigil_executor_record *executor =
		VIGIL_FIND(model->reader, executor, view->object);
	char text[NAME_TEXT];

	if (!executor) {
		page_text(page, 1, ROLE_WARN, "The executor is gone.");
		return;
	}
	name_executor(model, executor, text, sizeof(text));
	canvas_put_clipped(&page->canvas, 1, page->y++, page->width - 2, ROLE_TITLE, text);
	write_fields(page, it, executor);
	write_workers(page, model, view->object);
	write_tasks(page, model, &it->running, "Running, the longest first",
		    "none of its tasks is being polled");
	write_tasks(page, model, &it->scheduled, "Scheduled, the longest wait first",
		    "none of its tasks could run and does not");
	part_attrs(page, model, view->object, executor->attrs);
}

static void executor_title(struct view *view, char *buf, size_t size)
{
	name_object(view->shared->model, view->object, buf, size);
}

const struct view_ops view_executor = {
	.name = "executor",
	.where = IN_DETAILS,
	.size = sizeof(struct executor_page),
	.write = executor_write,
	.gather = executor_gather,
	.title = executor_title,
};
