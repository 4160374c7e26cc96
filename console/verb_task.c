/* SPDX-License-Identifier: MIT */
/* vigil task: all that is known of one task. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "console/attr.h"
#include "console/events.h"
#include "console/format.h"
#include "console/json_task.h"
#include "console/messages.h"
#include "console/names.h"
#include "console/property.h"
#include "console/spans.h"
#include "console/uses.h"
#include "console/verb.h"
#include "console/wait_sites.h"
#include "console/waits.h"

#define BAR 40 /* columns of the longest bar of a histogram */

/* ---- Text: what it is ---- */

static const char *time_of(uint64_t ns, char buf[FORMAT_SIZE])
{
	return format_duration(buf, FORMAT_SIZE, ns, 0);
}

static void origin_print(const struct text *text, const struct model *model,
			 const struct vigil_task_record *task)
{
	char place[NAME_TEXT], parent[NAME_TEXT], executor[NAME_TEXT], worker[NAME_TEXT];
	uint32_t waits_at = wait_site_of_task(model, task);

	name_place_long(model, task->site, place, sizeof(place));
	name_object(model, task->parent, parent, sizeof(parent));
	name_object(model, task->executor, executor, sizeof(executor));
	name_object(model, task->worker, worker, sizeof(worker));
	text_line(text, "  kind       %s, spawned at %s%s%s", word_task_kind(task->kind), place,
		  parent[0] ? " by " : "", parent);
	text_line(text, "  runs on    %s%s%s", executor[0] ? executor : "no executor",
		  worker[0] ? ", last " : "", worker);
	name_place_long(model, waits_at, place, sizeof(place));
	if (waits_at)
		text_line(text, "  waits at   %s", place);
	text_line(text, "  join       %s", word_join(task->join));
	if (task->joiner) {
		name_object(model, task->joiner, parent, sizeof(parent));
		text_line(text, "  awaited by %s", parent);
	}
}

/* How what it waits for stands: a full channel, a barrier that lacks one. */
static void waited_print(const struct text *text, const struct model *model,
			 const struct vigil_task_record *task)
{
	const struct vigil_resource_record *resource = waited_resource(model, task);
	char name[NAME_TEXT], words[PROPERTY_TEXT_SIZE], line[sizeof(name) + sizeof(words) + 16];
	uint64_t ref = resource ? model_ref(model, VIGIL_TABLE_resource, resource) : 0;

	if (!resource || !resource->attrs)
		return;
	resource_words(model, resource, words, sizeof(words));
	if (!words[0])
		return;
	name_object(model, ref, name, sizeof(name));
	snprintf(line, sizeof(line), "%s: %s", name, words);
	text_wrapped(text, 2, line);
}

static void times_print(const struct text *text, const struct vigil_task_record *task,
			const struct vigil_task_times *times)
{
	char age[FORMAT_SIZE], busy[FORMAT_SIZE], scheduled[FORMAT_SIZE], idle[FORMAT_SIZE];

	text_line(text, "  age        %s = busy %s + scheduled %s + idle %s",
		  time_of(times->age_ns, age), time_of(times->busy_ns, busy),
		  time_of(times->scheduled_ns, scheduled), time_of(times->idle_ns, idle));
	text_line(text, "  polls      %" PRIu64 ", yields %" PRIu64 ", forced %" PRIu32,
		  task->polls, (uint64_t)task->yields, task->forced_yields);
}

static void wakes_print(const struct text *text, const struct model *model,
			const struct vigil_task_record *task)
{
	char waker[NAME_TEXT], place[NAME_TEXT];

	name_object(model, task->waker, waker, sizeof(waker));
	name_place_long(model, task->wake_site, place, sizeof(place));
	if (task->wakes)
		text_line(text, "  wakes      %" PRIu64 ", by itself %" PRIu64 ", last by %s at %s",
			  task->wakes, task->self_wakes, waker[0] ? waker : "nobody known", place);
	else
		text_line(text, "  wakes      none");
	if (task->waker_clones || task->waker_drops)
		text_line(text, "  wakers     %" PRIu64 " cloned, %" PRIu64 " dropped",
			  task->waker_clones, task->waker_drops);
}

static size_t attrs_of(const struct model *model, const struct vigil_task_record *task,
		       struct vigil_attr_record attrs[ATTR_MOST])
{
	return property_attrs(&task_properties, model, task, attrs, ATTR_MOST);
}

static void attrs_print(const struct text *text, const struct model *model,
			const struct vigil_task_record *task)
{
	struct vigil_attr_record attrs[ATTR_MOST];
	size_t count = attrs_of(model, task, attrs);
	char words[128];

	for (size_t i = 0; i < count; i++) {
		attr_text(&attrs[i], words, sizeof(words));
		text_line(text, "  %-10s %s%s%s", attrs[i].key, words, attrs[i].unit[0] ? " " : "",
			  attrs[i].unit);
	}
}

/* ---- Text: what it is about, and what it said ---- */

static void spans_print(const struct text *text, const struct model *model, uint64_t ref)
{
	struct open_span spans[SPANS_MOST];
	size_t count = spans_of_task(model, ref, spans);
	char fields[SPAN_FIELDS], open[FORMAT_SIZE];

	if (!count)
		return;
	text_line(text, "Open spans");
	for (size_t i = 0; i < count; i++) {
		const struct vigil_span_record *span = spans[i].record;

		span_fields(model, &spans[i], fields, sizeof(fields));
		format_duration(open, sizeof(open), span_open_ns(model, &spans[i]), FORMAT_FIXED);
		text_line(text, "  %s  %-5s  %*s%s%s%s", open, word_level(span->level),
			  2 * (int)spans[i].depth, "",
			  span_called(span, vigil_reader_site(model->reader, span->site)),
			  fields[0] ? "  " : "", fields);
	}
	fputc('\n', text->file);
}

static void messages_print(const struct text *text, const struct model *model, uint64_t ref)
{
	struct vigil_message_record messages[MESSAGES_SHOWN];
	size_t count = messages_of_task(model, ref, messages);
	char span[NAME_TEXT], place[NAME_TEXT], ago[FORMAT_SIZE];

	if (!count)
		return;
	text_line(text, "Last messages");
	for (size_t i = 0; i < count; i++) {
		const struct vigil_message_record *message = &messages[i];

		name_object(model, message->span, span, sizeof(span));
		name_place(model, message->site, place, sizeof(place));
		format_duration(ago, sizeof(ago), less_of(model->now, message->time_ns),
				FORMAT_FIXED);
		text_line(text, "  %s ago  %-5s  %s%s%s%s%s", ago, word_level(message->level),
			  message->words, message->site ? ", at " : "", message->site ? place : "",
			  VIGIL_FIND(model->reader, span, message->span) ? " in " : "",
			  VIGIL_FIND(model->reader, span, message->span) ? span : "");
	}
	fputc('\n', text->file);
}

/* ---- Text: histograms ---- */

/* An octave: the four buckets in which times double. JSON has the buckets themselves. */
#define OCTAVE 4
#define OCTAVES (VIGIL_TASK_BUCKETS / OCTAVE)

static uint64_t octave_count(const struct vigil_hist *hist, uint32_t octave)
{
	uint64_t count = 0;

	for (uint32_t i = 0; i < OCTAVE; i++)
		count += hist->counts[octave * OCTAVE + i];
	return count;
}

static void octave_print(const struct text *text, const struct vigil_hist *hist, uint32_t octave,
			 uint64_t most)
{
	static const char bar[BAR + 1] = "########################################";
	uint64_t count = octave_count(hist, octave), low, high, none;
	int length = (int)((double)count * BAR / (double)most + 0.5);
	char from[FORMAT_SIZE], to[FORMAT_SIZE];

	vigil_hist_bounds(hist, octave * OCTAVE, &low, &none);
	vigil_hist_bounds(hist, octave * OCTAVE + OCTAVE - 1, &none, &high);
	format_duration(from, sizeof(from), low, FORMAT_FIXED);
	format_duration(to, sizeof(to), high, FORMAT_FIXED);
	text_line(text, "  %s - %s %8" PRIu64 "%s%.*s", from, to, count, count ? " " : "",
		  count && !length ? 1 : length, bar);
}

/* From the first octave that has something to the last. */
static void octaves_print(const struct text *text, const struct vigil_hist *hist)
{
	uint32_t first = OCTAVES, last = 0;
	uint64_t most = 1;

	for (uint32_t i = 0; i < OCTAVES; i++) {
		uint64_t count = octave_count(hist, i);

		if (!count)
			continue;
		first = first < i ? first : i;
		last = i;
		most = count > most ? count : most;
	}
	for (uint32_t i = first; i <= last; i++)
		octave_print(text, hist, i, most);
}

static void hist_print(const struct text *text, const char *title, const struct vigil_hist *hist)
{
	char p50[FORMAT_SIZE], p90[FORMAT_SIZE], p99[FORMAT_SIZE], max[FORMAT_SIZE];

	if (!hist->total)
		return;
	text_line(text, "%s: %" PRIu64 ", p50 %s, p90 %s, p99 %s, max %s", title, hist->total,
		  time_of(vigil_hist_percentile(hist, 0.5), p50),
		  time_of(vigil_hist_percentile(hist, 0.9), p90),
		  time_of(vigil_hist_percentile(hist, 0.99), p99), time_of(hist->max_ns, max));
	octaves_print(text, hist);
	fputc('\n', text->file);
}

static void hists_print(const struct text *text, const struct model *model,
			const struct vigil_task_record *task)
{
	struct vigil_hist hist;

	vigil_reader_task_hist(model->reader, task, VIGIL_HIST_BUSY, &hist);
	hist_print(text, "Polls", &hist);
	vigil_reader_task_hist(model->reader, task, VIGIL_HIST_DELAY, &hist);
	hist_print(text, "Runnable before a poll", &hist);
}

/* ---- Text: why, and what happened last ---- */

static void chain_print(const struct text *text, const struct model *model,
			const struct vigil_task_record *task)
{
	struct chain chain;
	char line[SUMMARY_TEXT + 64];

	waits_chain(model, task, &chain);
	text_line(text, "Why");
	if (waits_needs_summary(&chain)) {
		snprintf(line, sizeof(line), "Cause: %s", chain.summary);
		text_wrapped(text, 2, line);
	}
	for (size_t i = 0; i < chain.count; i++) {
		const char *lead = link_lead(&chain.links[i], i == 0);

		snprintf(line, sizeof(line), "%s%s%s", lead, lead[0] ? " " : "",
			 chain.links[i].text);
		text_wrapped(text, 2, line);
	}
	fputc('\n', text->file);
}

static void events_print(const struct text *text, const struct model *model, uint64_t ref)
{
	struct ring_event events[TASK_EVENTS];
	size_t count = events_of_task(model, ref, events, TASK_EVENTS);
	char words[NAME_TEXT], ago[FORMAT_SIZE];

	text_line(text, "Last events%s", count > 0 ? "" : ": none is left in the workers' rings");
	for (size_t i = 0; i < count; i++) {
		uint64_t ns = less_of(model->now, events[i].event.time_ns);

		event_words(model, &events[i], words, sizeof(words));
		format_duration(ago, sizeof(ago), ns, FORMAT_FIXED);
		text_line(text, "  %s ago  %s", ago, words);
	}
}

static void task_print(const struct text *text, const struct model *model,
		       const struct vigil_task_record *task)
{
	struct vigil_task_times times;
	char name[NAME_TEXT], reason[NAME_TEXT], since[FORMAT_SIZE];
	uint64_t ref = model_ref(model, VIGIL_TABLE_task, task);

	vigil_task_times(task, model->now, &times);
	name_object(model, ref, name, sizeof(name));
	name_reason(model, task, reason, sizeof(reason));
	verb_heading(text, model);
	text_line(text, "%s: %s for %s: %s", name, word_state(times.state),
		  time_of(times.state_ns, since), reason);
	waited_print(text, model, task);
	origin_print(text, model, task);
	times_print(text, task, &times);
	wakes_print(text, model, task);
	attrs_print(text, model, task);
	fputc('\n', text->file);
	spans_print(text, model, ref);
	messages_print(text, model, ref);
	hists_print(text, model, task);
	chain_print(text, model, task);
	events_print(text, model, ref);
}

/* ---- JSON ---- */

static void json_print(const struct verb_options *options, const struct model *model,
		       const struct vigil_task_record *task)
{
	struct json json;

	json_begin(&json, stdout, options->is_repeated);
	json_object_begin(&json, NULL);
	verb_json_process(&json, "process", model);
	json_object_begin(&json, "task");
	json_task(&json, model, task);
	json_task_details(&json, model, task);
	json_object_end(&json);
	json_object_end(&json);
	json_end(&json);
}

static int look(struct model *model, const struct verb_options *options, void *arg)
{
	const struct vigil_task_record *task;
	struct text text;
	uint64_t id;

	(void)arg;
	if (verb_task_id(options->task, &id))
		return EXIT_CANNOT;
	task = model_task_by_id(model, id);
	if (!task)
		return verb_task_missing(model, id);
	text_begin(&text, stdout, options->is_ascii);
	if (options->is_json)
		json_print(options, model, task);
	else
		task_print(&text, model, task);
	return EXIT_DONE;
}

int verb_task(const struct verb_options *options)
{
	return verb_look(options, look, NULL);
}
