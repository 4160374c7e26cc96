/* SPDX-License-Identifier: MIT */
/* What is under the timeline's cursor, in words: who, how long, woken by whom. */
#include <inttypes.h>
#include <stdio.h>

#include "console/format.h"
#include "console/names.h"
#include "console/timeline_view.h"

#define WOKEN_NAMED 4

static void line_put(struct canvas *canvas, int x, int *y, enum role role, const char *words)
{
	/* The last line is the foot's. */
	if (*y >= canvas->height - 1)
		return;
	canvas_put_clipped(canvas, x, (*y)++, canvas->width - x - 1, role, words);
}

/* A long sentence takes as many lines as it needs: its end says where to look. */
static void lines_put(struct canvas *canvas, int x, int *y, enum role role, const char *words)
{
	char line[3 * NAME_TEXT];

	while (*words) {
		size_t bytes = wrap_line(words, canvas->width - x - 1);

		snprintf(line, sizeof(line), "%.*s", (int)bytes, words);
		line_put(canvas, x, y, role, line);
		words += bytes;
		while (*words == ' ')
			words++;
	}
}

static void woken_words(const struct timeline *it, const struct history_slice *poll, char *buf,
			size_t size)
{
	const struct history *history = timeline_history(it);
	const struct model *model = it->view.shared->model;
	uint32_t worker = it->rows[it->row];
	size_t count = history ? history_wake_count(history, worker) : 0;
	size_t at = count && poll->begin_ns ?
			    history_wake_after(history, worker, poll->begin_ns - 1) :
			    count;
	size_t used = 0;
	uint32_t woken = 0;
	char name[NAME_TEXT];

	buf[0] = '\0';
	for (; at < count; at++) {
		const struct history_wake *wake = history_wake_at(history, worker, at);

		if (wake->ns > poll->end_ns)
			break;
		if (wake->waker != poll->task || ++woken > WOKEN_NAMED || used >= size)
			continue;
		name_object(model, wake->task, name, sizeof(name));
		used += (size_t)snprintf(buf + used, size - used, "%s%.60s", used ? ", " : "woke ",
					 name);
	}
	if (woken > WOKEN_NAMED && used < size)
		snprintf(buf + used, size - used, " and %" PRIu32 " more times",
			 woken - WOKEN_NAMED);
}

static void waker_words(const struct timeline *it, const struct history_slice *poll, char *buf,
			size_t size)
{
	const struct model *model = it->view.shared->model;
	const struct vigil_worker_record *worker;
	char who[NAME_TEXT] = "", on[NAME_TEXT] = "?", place[NAME_TEXT], time[FORMAT_SIZE];
	struct history_wake wake;
	bool is_task;

	if (!timeline_history(it) || !history_woken_by(timeline_history(it), poll, &wake)) {
		snprintf(buf, size, "who woke it is not remembered");
		return;
	}
	is_task = vigil_ref_table(wake.waker) == VIGIL_TABLE_task;
	worker = VIGIL_AT(model->reader, worker, wake.worker);
	if (worker)
		name_worker(model, worker, on, sizeof(on));
	name_object(model, wake.waker, who, sizeof(who));
	name_place(model, wake.site, place, sizeof(place));
	snprintf(buf, size, "woken %s before %s%.80s%s%.40s at %.80s",
		 format_duration(time, sizeof(time), less_of(poll->begin_ns, wake.ns), 0),
		 is_task ? "by " : "from ", is_task ? who : "", is_task ? " on " : "", on, place);
}

/* `lock "log" held 300 ms by 4 http-conn, taken at log.c:71`, of a wait that still lasts. */
static void present_words(const struct model *model, const struct vigil_worker_record *worker,
			  char *buf, size_t size)
{
	const struct vigil_resource_record *lock =
		VIGIL_FIND(model->reader, resource, worker->wait_object);
	int owner = lock ? lock_oldest_owner(lock) : -1;
	char words[NAME_TEXT], place[NAME_TEXT];

	name_worker_reason(model, worker, words, sizeof(words));
	snprintf(buf, size, "%s", words);
	if (owner < 0)
		return;
	name_place(model, lock->held_site[owner], place, sizeof(place));
	snprintf(buf, size, "%.160s, taken at %.80s", words, place);
}

/* The same of one that has ended. */
static void past_words(const struct timeline *it, const struct history_slice *wait, char *buf,
		       size_t size)
{
	const struct model *model = it->view.shared->model;
	const struct history *history = timeline_history(it);
	char object[NAME_TEXT], owner[NAME_TEXT], place[NAME_TEXT], time[FORMAT_SIZE];
	struct history_hold hold;

	name_object(model, wait->object, object, sizeof(object));
	snprintf(buf, size, "%.80s", object[0] ? object : word_wait(wait->wait_kind));
	if (!history || !wait->object || !history_held_by(history, wait, &hold))
		return;
	name_object(model, hold.owner, owner, sizeof(owner));
	name_place(model, hold.site, place, sizeof(place));
	snprintf(buf, size, "%.80s held %s by %.80s, taken at %.80s", object,
		 format_duration(time, sizeof(time), less_of(hold.end_ns, hold.begin_ns), 0), owner,
		 place);
}

/* "waits for 300 ms at log.c:47: " and for what, and who has it. */
static void wait_words(const struct timeline *it, const struct timeline_cell *cell, char *buf,
		       size_t size)
{
	const struct model *model = it->view.shared->model;
	const struct history_slice *wait = &cell->wait;
	const struct vigil_worker_record *worker =
		VIGIL_AT(model->reader, worker, it->rows[it->row]);
	char time[FORMAT_SIZE], place[NAME_TEXT], what[2 * NAME_TEXT];

	name_place(model, wait->site, place, sizeof(place));
	if (cell->is_wait_open && worker)
		present_words(model, worker, what, sizeof(what));
	else
		past_words(it, wait, what, sizeof(what));
	snprintf(buf, size, "%s %s at %.80s: %s", cell->is_wait_open ? "waits for" : "waited for",
		 format_duration(time, sizeof(time), slice_length(wait), 0), place, what);
}

static void poll_words(const struct timeline *it, const struct timeline_cell *cell,
		       struct canvas *canvas, int x, int y)
{
	const struct model *model = it->view.shared->model;
	const struct history_slice *poll = &cell->slice;
	char name[NAME_TEXT], place[NAME_TEXT], words[3 * NAME_TEXT], time[FORMAT_SIZE];

	name_object(model, poll->task, name, sizeof(name));
	name_place_long(model, poll->site, place, sizeof(place));
	if (cell->polls > 1)
		snprintf(words, sizeof(words),
			 "%.80s  %.120s   the longest of %" PRIu32 " polls here: z zooms in", name,
			 place, cell->polls);
	else
		snprintf(words, sizeof(words), "%.80s  %.120s", name, place);
	line_put(canvas, x, &y, ROLE_STRONG, words);
	if (timeline_cell_waits(cell)) {
		wait_words(it, cell, words, sizeof(words));
		lines_put(canvas, x, &y, ROLE_WARN, words);
	}
	snprintf(words, sizeof(words), "%s %s", cell->is_open ? "running for" : "ran for",
		 format_duration(time, sizeof(time), slice_length(poll), 0));
	line_put(canvas, x, &y, format_duration_role(slice_length(poll)), words);
	waker_words(it, poll, words, sizeof(words));
	line_put(canvas, x, &y, ROLE_TEXT, words);
	woken_words(it, poll, words, sizeof(words));
	line_put(canvas, x, &y, ROLE_TEXT, words);
}

static void other_words(const struct timeline *it, const struct timeline_cell *cell, char *buf,
			size_t size)
{
	const struct history_slice *slice = &cell->slice;
	char time[FORMAT_SIZE];

	format_duration(time, sizeof(time), slice_length(slice), 0);
	if (!cell->is_known && !slice->end_ns)
		snprintf(buf, size, "not remembered: %s",
			 timeline_is_of_trace(it) ? "move there, and it is read again" :
						    "the board keeps the last events of a thread");
	else if (!slice->end_ns)
		snprintf(buf, size, "outside any poll, and not parked: what it did is not known");
	else if (slice->kind == HISTORY_PARK)
		snprintf(buf, size, "%s %s", cell->is_open ? "parked for" : "was parked for", time);
	else
		wait_words(it, cell, buf, size);
}

void timeline_draw_words(const struct timeline *it, struct canvas *canvas, int x, int y)
{
	const struct timeline_cell cell = timeline_selected_cell(it);
	char words[3 * NAME_TEXT], time[FORMAT_SIZE + 16];
	const struct timeline_window window = timeline_window_of(it);
	uint64_t step = timeline_nice((window.end_ns - window.begin_ns) / (uint64_t)window.columns);

	canvas_hline(canvas, 0, y, canvas->width, ROLE_AXIS);
	snprintf(words, sizeof(words), " %s ",
		 timeline_time(it, timeline_cursor(it), step, time, sizeof(time)));
	canvas_put_text(canvas, x, y++, -1, ROLE_TITLE, words);
	if (cell.slice.end_ns && cell.slice.kind == HISTORY_POLL) {
		poll_words(it, &cell, canvas, x, y);
		return;
	}
	other_words(it, &cell, words, sizeof(words));
	lines_put(canvas, x, &y, cell.slice.kind == HISTORY_WAIT ? ROLE_WARN : ROLE_DIM, words);
}
