/* SPDX-License-Identifier: MIT */
/* Parts of pages, and cells of lists. Its law is in parts.h. */
#include "console/parts.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "console/attr.h"
#include "console/format.h"
#include "console/meter.h"
#include "console/names.h"

#define HIST_HEIGHT 10

/* ---- Histograms ---- */

/* The buckets that are not empty; the last one ends at the longest time seen. */
static size_t take_buckets(const struct vigil_hist *hist, struct histogram_bucket *buckets)
{
	size_t count = 0;
	uint32_t i;

	for (i = 0; i < hist->buckets; i++) {
		struct histogram_bucket *bucket = &buckets[count];

		if (!hist->counts[i])
			continue;
		bucket->count = hist->counts[i];
		vigil_hist_bounds(hist, i, &bucket->low_ns, &bucket->high_ns);
		if (i == hist->buckets - 1 && hist->max_ns > bucket->low_ns)
			bucket->high_ns = hist->max_ns;
		count++;
	}
	return count;
}

static void put_hist(struct page *page, int x, int width, const char *title,
		     const struct vigil_hist *hist)
{
	struct histogram_bucket buckets[VIGIL_SITE_BUCKETS];
	struct histogram histogram = { .buckets = buckets };

	canvas_box(&page->canvas, x, page->y, width, HIST_HEIGHT + 2, title);
	if (hist) {
		histogram.count = take_buckets(hist, buckets);
		histogram.max_ns = hist->max_ns;
		histogram.has_percentiles = true;
		histogram.percentiles_ns[0] = vigil_hist_percentile(hist, 0.50);
		histogram.percentiles_ns[1] = vigil_hist_percentile(hist, 0.90);
		histogram.percentiles_ns[2] = vigil_hist_percentile(hist, 0.99);
	}
	histogram_draw(&histogram, &page->canvas, x + 2, page->y + 1, width - 4, HIST_HEIGHT);
}

void part_hists(struct page *page, const char *left_title, const struct vigil_hist *left,
		const char *right_title, const struct vigil_hist *right)
{
	int half = page->width / 2;

	page->y++;
	if (page->width >= PAGE_WIDE) {
		put_hist(page, 0, half, left_title, left);
		put_hist(page, half, page->width - half, right_title, right);
	} else {
		put_hist(page, 0, page->width, left_title, left);
		page->y += HIST_HEIGHT + 2;
		put_hist(page, 0, page->width, right_title, right);
	}
	page->y += HIST_HEIGHT + 2;
}

/* ---- Times ---- */

static int put_share(struct page *page, int x, const char *word, enum role role, uint64_t ns,
		     uint64_t of)
{
	char text[FORMAT_SIZE];
	int start = x;

	x += canvas_put_text(&page->canvas, x, page->y, -1, role, word) + 1;
	x += canvas_put_text(&page->canvas, x, page->y, -1, format_duration_role(ns),
			     format_duration(text, sizeof(text), ns, 0)) +
	     1;
	x += canvas_put_text(&page->canvas, x, page->y, -1, ROLE_DIM,
			     format_percent(text, sizeof(text), share_of(ns, of)));
	return x - start + 3;
}

void part_times(struct page *page, const struct vigil_task_times *times)
{
	const struct bar_part parts[] = {
		{ (double)times->busy_ns, ROLE_RUNNING },
		{ (double)times->scheduled_ns, ROLE_SCHEDULED },
		{ (double)times->idle_ns, ROLE_IDLE },
	};
	char age[FORMAT_SIZE];
	int x = 1;

	page_title(page, "Times");
	meter_draw_stack(&page->canvas, 1, page->y, page->width - 2, parts, 3,
			 (double)times->age_ns, NULL);
	page->y++;
	x += put_share(page, x, "busy", ROLE_RUNNING, times->busy_ns, times->age_ns);
	x += put_share(page, x, "scheduled", ROLE_SCHEDULED, times->scheduled_ns, times->age_ns);
	x += put_share(page, x, "idle", ROLE_IDLE, times->idle_ns, times->age_ns);
	canvas_printf(&page->canvas, x, page->y, -1, ROLE_DIM, "of %s",
		      format_duration(age, sizeof(age), times->age_ns, 0));
	page->y++;
}

/* ---- Chains ---- */

static enum role link_role(enum link_kind kind)
{
	switch (kind) {
	case LINK_CAUSE:
	case LINK_CYCLE:
		return ROLE_ERROR;
	case LINK_GUESS:
		return ROLE_WARN;
	case LINK_UNKNOWN:
		return ROLE_DIM;
	default:
		return ROLE_TEXT;
	}
}

void part_chain(struct page *page, int x, const struct model *model, const struct chain *chain)
{
	size_t i;

	(void)model;
	for (i = 0; i < chain->count; i++) {
		const struct link *link = &chain->links[i];
		const char *lead = link_lead(link, i == 0);
		int step = x + (i > 0 ? 2 : 0);
		int line = page->y;

		if (i > 0)
			canvas_put_glyph(&page->canvas, x, line, ROLE_AXIS, GLYPH_ARROW);
		if (*lead)
			step += canvas_put_text(&page->canvas, step, line, -1,
						link_role(link->kind), lead) +
				1;
		page_text(page, step, i == 0 ? ROLE_STRONG : link_role(link->kind), link->text);
		/* A page without room for text must still end. */
		if (page->y == line)
			page->y++;
	}
}

/* ---- Attributes ---- */

#define ATTR_KEY 13   /* columns of a key at least, as those of a field's label */
#define ATTR_VALUE 31 /* columns a value should have */

static int keys_width(const struct vigil_attr_record *attrs, size_t count)
{
	int width = ATTR_KEY;

	for (size_t i = 0; i < count; i++)
		if (text_width(attrs[i].key) + 2 > width)
			width = text_width(attrs[i].key) + 2;
	return width;
}

/* Keys are the program's own words, of any length: fields have labels that fit. */
static void put_attrs(struct page *page, const struct vigil_attr_record *attrs, int count)
{
	int key_width = keys_width(attrs, (size_t)count);
	int columns = (page->width - 1) / (key_width + ATTR_VALUE);
	int width, rows;
	char text[128 + 16];

	if (columns < 1)
		columns = 1;
	width = (page->width - 1) / columns;
	rows = (count + columns - 1) / columns;
	for (int i = 0; i < count; i++) {
		int x = 1 + i / rows * width, y = page->y + i % rows;
		size_t length;

		attr_text(&attrs[i], text, 128);
		length = strlen(text);
		if (attrs[i].unit[0])
			snprintf(text + length, sizeof(text) - length, " %s", attrs[i].unit);
		canvas_put_clipped(&page->canvas, x, y, key_width - 2, ROLE_DIM, attrs[i].key);
		canvas_put_clipped(&page->canvas, x + key_width, y, width - key_width - 2,
				   ROLE_NUMBER, text);
	}
	page->y += rows;
}

void part_attrs(struct page *page, const struct model *model, uint64_t owner, uint32_t first)
{
	struct vigil_attr_record attrs[ATTR_MOST];
	size_t count = vigil_reader_attrs(model->reader, owner, first, attrs, ATTR_MOST);

	if (count == 0)
		return;
	page_title(page, "Attributes");
	put_attrs(page, attrs, (int)count);
}

/* ---- Spans and messages ---- */

void part_spans(struct page *page, const struct model *model, const struct open_span *spans,
		size_t count)
{
	char text[SPAN_FIELDS];

	if (count == 0)
		return;
	page_title(page, "Open spans");
	for (size_t i = 0; i < count; i++, page->y++) {
		const struct vigil_span_record *span = spans[i].record;
		uint64_t open_ns = span_open_ns(model, &spans[i]);
		int x = 1;

		x += canvas_put_text(&page->canvas, x, page->y, -1, format_duration_role(open_ns),
				     format_duration(text, sizeof(text), open_ns, FORMAT_FIXED)) +
		     2;
		canvas_put_text(&page->canvas, x, page->y, -1, ROLE_DIM, word_level(span->level));
		x += 7 + 2 * (int)spans[i].depth;
		x += canvas_put_text(
			     &page->canvas, x, page->y, -1, ROLE_NAME,
			     span_called(span, vigil_reader_site(model->reader, span->site))) +
		     2;
		span_fields(model, &spans[i], text, sizeof(text));
		canvas_put_clipped(&page->canvas, x, page->y, page->width - x - 1, ROLE_TEXT, text);
	}
}

void part_messages(struct page *page, const struct model *model,
		   const struct vigil_message_record *messages, size_t count)
{
	char time[FORMAT_SIZE];

	if (count == 0)
		return;
	page_title(page, "Last messages");
	while (count-- > 0) {
		const struct vigil_message_record *message = &messages[count];
		uint64_t ago = less_of(model->now, message->time_ns);
		enum role role = message->level == VIGIL_LEVEL_ERROR ? ROLE_ERROR :
				 message->level == VIGIL_LEVEL_WARN  ? ROLE_WARN :
								       ROLE_TEXT;

		format_duration(time, sizeof(time), ago, FORMAT_FIXED);
		canvas_printf(&page->canvas, 1, page->y, -1, ROLE_DIM, "%s ago  %-5s", time,
			      word_level(message->level));
		canvas_put_clipped(&page->canvas, 21, page->y++, page->width - 22, role,
				   message->words);
	}
}

/* ---- Events ---- */

static void event_text(const struct model *model, const struct vigil_event_record *event,
		       bool is_of_task, char *buf, size_t size)
{
	char task[NAME_TEXT] = "";
	char other[NAME_TEXT] = "";
	char place[NAME_TEXT] = "";

	if (!is_of_task)
		name_object(model, event->task, task, sizeof(task));
	event_what(model, event, other, sizeof(other));
	if (event->site && event->kind != VIGIL_EVENT_POLL && event->kind != VIGIL_EVENT_END)
		name_place_long(model, event->site, place, sizeof(place));
	snprintf(buf, size, "%s%s%s%s%s%s%s", task, task[0] ? "  " : "",
		 event->kind == VIGIL_EVENT_WAKE && other[0] ? "by " : "", other,
		 place[0] ? "  " : "", place[0] ? "at " : "", place);
}

void part_events(struct page *page, const struct model *model, const struct ring_event *events,
		 size_t count, bool is_of_task)
{
	page_title(page, "Last events");
	if (count == 0)
		page_text(page, 1, ROLE_DIM, "none is left in the rings of the workers");
	while (count-- > 0) {
		const struct vigil_event_record *event = &events[count].event;
		const struct vigil_worker_record *worker =
			VIGIL_AT(model->reader, worker, events[count].worker);
		uint64_t ago = less_of(model->now, event->time_ns);
		char text[3 * NAME_TEXT];
		char name[NAME_TEXT] = "";
		int x = 1;

		x += canvas_printf(&page->canvas, x, page->y, -1, format_duration_role(ago), "%s",
				   format_duration(text, sizeof(text), ago, FORMAT_FIXED));
		x += canvas_put_text(&page->canvas, x, page->y, -1, ROLE_DIM, " ago ") + 1;
		if (worker)
			name_worker(model, worker, name, sizeof(name));
		canvas_put_clipped(&page->canvas, x, page->y, 13, ROLE_NAME, name);
		canvas_put_clipped(&page->canvas, x + 14, page->y, 10, ROLE_STRONG,
				   word_event(event->kind));
		event_text(model, event, is_of_task, text, sizeof(text));
		canvas_put_clipped(&page->canvas, x + 25, page->y, page->width - x - 25, ROLE_TEXT,
				   text);
		page->y++;
	}
}

/* ---- Workers ---- */

static const char *wait_word(const struct vigil_worker_record *worker)
{
	switch (worker->wait_kind) {
	case VIGIL_WAIT_LOCK:
	case VIGIL_WAIT_LOCK_SHARED:
	case VIGIL_WAIT_PERMIT:
		return "lock";
	default:
		return "wait";
	}
}

void part_busy(struct canvas *canvas, int x, int y, int width,
	       const struct vigil_worker_record *worker, const struct worker_times *times)
{
	const struct bar_part part = { times->busy_share, ROLE_WARN };
	char percent[FORMAT_SIZE], text[FORMAT_SIZE + 8];

	if (times->state != WORKER_WAITING) {
		meter_draw_bar(canvas, x, y, width, times->busy_share,
			       times->has_share ? NULL : "-");
		return;
	}
	snprintf(text, sizeof(text), "%s %s", wait_word(worker),
		 times->has_share ? format_percent(percent, sizeof(percent), times->busy_share) :
				    "-");
	meter_draw_stack(canvas, x, y, width, &part, 1, 1.0, text);
}

/* ---- Cells ---- */

enum role state_role(enum vigil_state state)
{
	switch (state) {
	case VIGIL_STATE_RUNNING:
		return ROLE_RUNNING;
	case VIGIL_STATE_SCHEDULED:
		return ROLE_SCHEDULED;
	case VIGIL_STATE_IDLE:
		return ROLE_IDLE;
	default:
		return ROLE_DONE;
	}
}

enum glyph state_glyph(enum vigil_state state)
{
	switch (state) {
	case VIGIL_STATE_RUNNING:
		return GLYPH_RUNNING;
	case VIGIL_STATE_SCHEDULED:
		return GLYPH_SCHEDULED;
	case VIGIL_STATE_IDLE:
		return GLYPH_IDLE;
	default:
		return GLYPH_DONE;
	}
}

const char *task_sign(const struct vigil_task_record *task, enum vigil_state state,
		      enum role *ret_role)
{
	if (state == VIGIL_STATE_DONE && task->outcome != VIGIL_OUTCOME_COMPLETED) {
		*ret_role = ROLE_ERROR;
		return glyph_text(GLYPH_FAILED, false);
	}
	*ret_role = state_role(state);
	return glyph_text(state_glyph(state), false);
}

void cell_duration(char *buf, size_t size, uint64_t ns, enum role *ret_role)
{
	if (ns == 0) {
		snprintf(buf, size, "-");
		*ret_role = ROLE_DIM;
		return;
	}
	format_duration(buf, size, ns, FORMAT_FIXED);
	*ret_role = format_duration_role(ns);
}

void cell_lasts(char *buf, size_t size)
{
	size_t length = strlen(buf);

	if (length + 1 < size)
		memcpy(buf + length, "+", 2);
}

void cell_count(char *buf, size_t size, uint64_t count, enum role *ret_role)
{
	format_count(buf, size, count);
	if (count == 0)
		*ret_role = ROLE_DIM;
}
