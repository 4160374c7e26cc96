/* SPDX-License-Identifier: MIT */
/*
 * OTLP: a span for each task that ended, from its spawn to its end, below its spawner's;
 * the program's own spans below the task's. Links lead to the spawner and to whoever woke
 * it. What had not ended when the trace did is a log record each, with what it waited
 * for: that is what one looks for when a program hangs, and spans are told at their ends.
 *
 * A file has one kind of data, so log records go to a second one beside it; a stream has
 * both, one kind a line.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "console/export/label.h"
#include "console/export/otlp.h"
#include "console/export/otlp_note.h"
#include "console/export/writer.h"
#include "console/format.h"
#include "console/names.h"
#include "libtrace/board.h"

/* Numbers of OTLP's. */
#define KIND_INTERNAL 1
#define STATUS_OK 1
#define STATUS_ERROR 2

struct otlp {
	struct otlp_batch (*batches)[OTLP_SIGNALS]; /* by process */
	uint32_t count;
	struct collector collector;
	struct writer logs;
};

static struct otlp *otlp_of(struct export *export)
{
	return export->state;
}

/* ---- Where documents go ---- */

static int document_send(void *arg, enum otlp_signal signal, const char *document, size_t size)
{
	struct export *export = arg;
	struct otlp *otlp = otlp_of(export);
	struct vigil_problem problem;
	FILE *file = signal == OTLP_LOGS && otlp->logs.file ? otlp->logs.file : export->file;

	if (export->options->collector) {
		if (!collector_post(&otlp->collector, signal, document, size, &problem))
			return 0;
		return export_fail(export, "%s", problem.text);
	}
	fwrite(document, 1, size, file);
	if (otlp->logs.error)
		return export_fail(export, "cannot write %s: %s", export->also,
				   strerror(otlp->logs.error));
	return 0;
}

static struct otlp_batch *batch_of(struct export *export, uint32_t process, enum otlp_signal signal)
{
	struct otlp *otlp = otlp_of(export);
	struct otlp_batch(*more)[OTLP_SIGNALS];

	if (process >= otlp->count) {
		more = realloc(otlp->batches, (process + 1) * sizeof(*more));
		if (!more) {
			export_out_of_memory(export);
			return NULL;
		}
		memset(more + otlp->count, 0, (process + 1 - otlp->count) * sizeof(*more));
		otlp->batches = more;
		otlp->count = process + 1;
	}
	otlp->batches[process][signal].signal = signal;
	otlp->batches[process][signal].process = trace_process(export->trace, process);
	return &otlp->batches[process][signal];
}

/* Returns NULL without memory. */
static struct json *item_begin(struct export *export, uint32_t process, enum otlp_signal signal)
{
	struct otlp_batch *batch = batch_of(export, process, signal);
	struct json *json = batch ? otlp_batch_begin(batch) : NULL;

	if (!json)
		export_out_of_memory(export);
	return json;
}

static void item_end(struct export *export, uint32_t process, enum otlp_signal signal)
{
	struct otlp_batch *batch = batch_of(export, process, signal);

	if (batch && otlp_batch_end(batch, document_send, export))
		export_out_of_memory(export);
}

/* ---- Parts of a span ---- */

static void place_put(struct json *json, const struct board *board, uint32_t index)
{
	const struct vigil_site_record *site = label_site(board, index);

	if (!site)
		return;
	otlp_attr_text(json, "code.file.path", site->file);
	otlp_attr_number(json, "code.line.number", site->line);
	otlp_attr_text(json, "code.function.name", site->function);
}

/* Those of the program's own. */
static void attrs_put(struct json *json, const struct board *board, uint64_t owner, uint32_t first)
{
	for (int i = 0; first && i < ATTRS_PER_OBJECT; i++) {
		const struct vigil_attr_record *attr;

		if (first > board->tables[VIGIL_TABLE_attr].used)
			return;
		attr = RECORD_AT(board, attr, first - 1);
		if (attr->owner != owner || attr->life != VIGIL_LIFE_LIVE)
			return;
		otlp_attr_record(json, attr);
		first = attr->sibling;
	}
}

static void context_put(struct json *json, const struct otlp_context *context)
{
	otlp_id(json, "traceId", context->trace_high, context->trace_low, true);
	otlp_id(json, "spanId", 0, context->span, false);
}

static void link_put(struct json *json, const struct otlp_context *context, const char *role,
		     uint64_t wakes)
{
	json_object_begin(json, NULL);
	context_put(json, context);
	json_array_begin(json, "attributes");
	otlp_attr_text(json, "vigil.link", role);
	if (wakes)
		otlp_attr_number(json, "vigil.wakes", (int64_t)wakes);
	json_array_end(json);
	json_object_end(json);
}

static void links_put(struct json *json, const struct otlp_note *note)
{
	if (!note->parent.span && !note->waker_count)
		return;
	json_array_begin(json, "links");
	if (note->parent.span)
		link_put(json, &note->parent, "spawner", 0);
	for (uint32_t i = 0; i < note->waker_count; i++)
		link_put(json, &note->wakers[i].context, "waker", note->wakers[i].wakes);
	json_array_end(json);
	if (note->wakers_left_out)
		json_u64(json, "droppedLinksCount", note->wakers_left_out & UINT32_MAX);
}

static void messages_put(struct json *json, const struct board *board, const struct otlp_note *note)
{
	if (!note->message_count)
		return;
	json_array_begin(json, "events");
	for (uint32_t i = 0; i < note->message_count; i++) {
		json_object_begin(json, NULL);
		otlp_number(json, "timeUnixNano", note->messages[i].unix_ns);
		json_text(json, "name", note->messages[i].text);
		json_array_begin(json, "attributes");
		otlp_attr_text(json, "level", word_level(note->messages[i].level));
		place_put(json, board, note->messages[i].site);
		json_array_end(json);
		json_object_end(json);
	}
	json_array_end(json);
	if (note->messages_left_out)
		json_u64(json, "droppedEventsCount", note->messages_left_out & UINT32_MAX);
}

static void span_begin(struct export *export, struct json *json, uint32_t process,
		       const struct otlp_note *note, const char *name, uint64_t begin_ns,
		       uint64_t end_ns)
{
	uint64_t begin = export_unix_ns(export, process, begin_ns);

	context_put(json, &note->context);
	if (note->parent.span)
		otlp_id(json, "parentSpanId", 0, note->parent.span, false);
	json_text(json, "name", name);
	json_u64(json, "kind", KIND_INTERNAL);
	otlp_number(json, "startTimeUnixNano", begin);
	otlp_number(json, "endTimeUnixNano", begin + less_of(end_ns, begin_ns));
}

/* ---- Tasks ---- */

static void task_attrs(struct json *json, const struct board *board, uint64_t ref,
		       const struct vigil_task_record *task)
{
	char executor[LABEL_SIZE];

	json_array_begin(json, "attributes");
	otlp_attr_number(json, "vigil.task.id", (int64_t)task->id);
	otlp_attr_text(json, "vigil.task.kind", word_task_kind(task->kind));
	if (task->executor) {
		label_executor(board, task->executor, executor, sizeof(executor));
		otlp_attr_text(json, "vigil.executor", executor);
	}
	otlp_attr_number(json, "vigil.polls", (int64_t)task->polls);
	otlp_attr_number(json, "vigil.wakes", (int64_t)task->wakes);
	otlp_attr_number(json, "vigil.busy_ns", (int64_t)task->busy_ns);
	otlp_attr_number(json, "vigil.runnable_ns", (int64_t)task->scheduled_ns);
	if (task->life == VIGIL_LIFE_ENDED)
		otlp_attr_text(json, "vigil.outcome", word_outcome(task->outcome));
	place_put(json, board, task->site);
	attrs_put(json, board, ref, task->attrs);
	json_array_end(json);
}

static void status_put(struct json *json, const struct vigil_task_record *task, const char *error)
{
	if (task->outcome == VIGIL_OUTCOME_CANCELLED)
		return;
	json_object_begin(json, "status");
	if (task->outcome == VIGIL_OUTCOME_COMPLETED) {
		json_u64(json, "code", STATUS_OK);
	} else {
		json_u64(json, "code", STATUS_ERROR);
		json_text(json, "message", error && error[0] ? error : word_outcome(task->outcome));
	}
	json_object_end(json);
}

static void task_put(struct export *export, const struct trace_event *event)
{
	const struct board *board = export_board(export, event->process);
	const struct vigil_task_record *task = RECORD_OF(board, task, event->object);
	struct otlp_note *note = otlp_note(export, event->process, event->object);
	struct json *json;
	char name[LABEL_SIZE];

	if (!task || !note || task->life != VIGIL_LIFE_ENDED || task->ended_ns != event->ns)
		return;
	json = item_begin(export, event->process, OTLP_SPANS);
	if (!json)
		return;
	label_task(board, event->object, name, sizeof(name));
	span_begin(export, json, event->process, note, name, task->created_ns, task->ended_ns);
	task_attrs(json, board, event->object, task);
	messages_put(json, board, note);
	links_put(json, note);
	status_put(json, task, event->text);
	item_end(export, event->process, OTLP_SPANS);
	otlp_note_end(note);
}

/* ---- Spans ---- */

static void span_attrs(struct json *json, const struct board *board, uint64_t ref,
		       const struct vigil_span_record *span)
{
	json_array_begin(json, "attributes");
	otlp_attr_text(json, "level", word_level(span->level));
	otlp_attr_number(json, "vigil.entries", (int64_t)span->entries);
	otlp_attr_number(json, "vigil.busy_ns", (int64_t)span->busy_ns);
	place_put(json, board, span->site);
	attrs_put(json, board, ref, span->attrs);
	json_array_end(json);
}

static void span_put(struct export *export, const struct trace_event *event)
{
	const struct board *board = export_board(export, event->process);
	const struct vigil_span_record *span = RECORD_OF(board, span, event->object);
	struct otlp_note *note = otlp_note(export, event->process, event->object);
	struct json *json;
	char name[LABEL_SIZE];

	if (!span || !note || span->life != VIGIL_LIFE_ENDED || span->ended_ns != event->ns)
		return;
	json = item_begin(export, event->process, OTLP_SPANS);
	if (!json)
		return;
	label_span(board, event->object, name, sizeof(name));
	span_begin(export, json, event->process, note, name, span->created_ns, span->ended_ns);
	span_attrs(json, board, event->object, span);
	messages_put(json, board, note);
	item_end(export, event->process, OTLP_SPANS);
	otlp_note_end(note);
}

/* ---- Log records ---- */

static const struct {
	unsigned number;
	const char *text;
} severities[] = {
	[VIGIL_LEVEL_ERROR] = { 17, "ERROR" }, [VIGIL_LEVEL_WARN] = { 13, "WARN" },
	[VIGIL_LEVEL_INFO] = { 9, "INFO" },    [VIGIL_LEVEL_DEBUG] = { 5, "DEBUG" },
	[VIGIL_LEVEL_TRACE] = { 1, "TRACE" },
};

/* A record with its text; attributes and its end are the caller's. */
static struct json *log_begin(struct export *export, uint32_t process, uint64_t unix_ns,
			      uint32_t level, const char *text)
{
	struct json *json = item_begin(export, process, OTLP_LOGS);

	if (!json)
		return NULL;
	if (level > VIGIL_LEVEL_TRACE)
		level = VIGIL_LEVEL_INFO;
	otlp_number(json, "timeUnixNano", unix_ns);
	otlp_number(json, "observedTimeUnixNano", unix_ns);
	json_u64(json, "severityNumber", severities[level].number);
	json_text(json, "severityText", severities[level].text);
	json_object_begin(json, "body");
	json_text(json, "stringValue", text);
	json_object_end(json);
	return json;
}

/* A message in a task or span is an event of it; one of neither is a record. */
static void message_put(struct export *export, const struct trace_event *event)
{
	uint64_t unix_ns = export_unix_ns(export, event->process, event->ns);
	struct otlp_note *note = otlp_note(export, event->process, event->object);
	struct json *json;

	if (!note)
		note = otlp_note(export, event->process, event->other);
	if (note) {
		if (otlp_note_message(note, unix_ns, event))
			export_out_of_memory(export);
		return;
	}
	json = log_begin(export, event->process, unix_ns, event->state, event->text);
	if (!json)
		return;
	json_array_begin(json, "attributes");
	place_put(json, export_board(export, event->process), event->site);
	json_array_end(json);
	item_end(export, event->process, OTLP_LOGS);
}

/* "17 conn_open had not ended: wait lock "db" for 2.3 s". */
static void unfinished_put(struct export *export, const struct slice *slice)
{
	const struct board *board = export_board(export, slice->process);
	const struct vigil_task_record *task = RECORD_OF(board, task, slice->task);
	struct otlp_note *note = otlp_note(export, slice->process, slice->task);
	char name[LABEL_SIZE], why[LABEL_SIZE], words[3 * LABEL_SIZE], time[FORMAT_SIZE];
	struct json *json;

	if (!task || !note)
		return;
	label_task_long(board, slice->task, name, sizeof(name));
	label_slice(board, slice, why, sizeof(why));
	format_duration(time, sizeof(time), slice->end_ns - slice->begin_ns, FORMAT_ASCII);
	snprintf(words, sizeof(words), "%s had not ended: %s for %s", name, why, time);
	json = log_begin(export, slice->process,
			 export_unix_ns(export, slice->process, slice->end_ns), VIGIL_LEVEL_WARN,
			 words);
	if (!json)
		return;
	json_text(json, "eventName", "vigil.task.unfinished");
	context_put(json, &note->context);
	json_array_begin(json, "attributes");
	otlp_attr_text(json, "vigil.task.name", name + strcspn(name, " ") + 1);
	otlp_attr_text(json, "vigil.state", why);
	otlp_attr_number(json, "vigil.state_ns", (int64_t)(slice->end_ns - slice->begin_ns));
	otlp_attr_number(json, "vigil.age_ns", (int64_t)less_of(slice->end_ns, task->created_ns));
	json_array_end(json);
	item_end(export, slice->process, OTLP_LOGS);
}

/* Of a task that was woken, its time runnable is its state, not the wait before. */
static void otlp_slice(struct export *export, const struct slice *slice, bool is_open)
{
	const struct vigil_task_record *task;

	if (!is_open || slice->kind > SLICE_WAIT)
		return;
	task = RECORD_OF(export_board(export, slice->process), task, slice->task);
	if (task && (slice->kind != SLICE_WAIT || task->wakes == task->wakes_seen))
		unfinished_put(export, slice);
}

static void otlp_gap(struct export *export, const struct trace_gap *gap)
{
	uint32_t process = gap->process != TRACE_ANY_PROCESS ? gap->process : 0;
	char words[LABEL_SIZE];
	struct json *json;

	if (!export_has_process(export, process))
		return;
	export_gap_words(gap, words, sizeof(words));
	json = log_begin(export, process, gap->begin_unix_ns, VIGIL_LEVEL_WARN, words);
	if (!json)
		return;
	json_text(json, "eventName", "vigil.lost");
	item_end(export, process, OTLP_LOGS);
}

/* ---- Events ---- */

static void wake_note(struct export *export, const struct trace_event *event)
{
	const struct vigil_task_record *task =
		RECORD_OF(export_board(export, event->process), task, event->object);
	struct otlp_note *note;
	struct otlp_context waker;

	if (!task || task->life != VIGIL_LIFE_LIVE || task->wakes != task->wakes_seen)
		return;
	note = otlp_note(export, event->process, event->other);
	if (!note || event->other == event->object)
		return;
	waker = note->context;
	note = otlp_note(export, event->process, event->object);
	if (note && otlp_note_waker(note, &waker))
		export_out_of_memory(export);
}

static void otlp_event(struct export *export, const struct trace_event *event)
{
	if (event->kind == TRACE_event)
		message_put(export, event);
	else if (event_is_wake(event))
		wake_note(export, event);
}

static void otlp_after(struct export *export, const struct trace_event *event)
{
	if (event->kind == TRACE_task_end)
		task_put(export, event);
	else if (event->kind == TRACE_span_free)
		span_put(export, event);
	/* While its parent is known for sure. */
	else if (event->kind == TRACE_task_spawn || event->kind == TRACE_span_new)
		otlp_note(export, event->process, event->object);
}

/* ---- The files ---- */

/* "httpd.logs.jsonl" of "httpd.jsonl". */
static int logs_open(struct export *export)
{
	static const char suffix[] = ".jsonl";
	const char *output = export->options->output;
	size_t length = strlen(output), ending = sizeof(suffix) - 1;
	int fd, r;

	if (length > ending && !strcmp(output + length - ending, suffix))
		length -= ending;
	snprintf(export->also, sizeof(export->also), "%.*s.logs%s", (int)length, output, suffix);
	fd = open(export->also, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
	if (fd < 0)
		return export_fail(export, "cannot write %s: %s", export->also, strerror(errno));
	r = writer_open(&otlp_of(export)->logs, fd, true);
	return r ? export_out_of_memory(export) : 0;
}

static int otlp_begin(struct export *export)
{
	if (export->options->collector)
		return collector_parse(export->options->collector, &otlp_of(export)->collector,
				       &export->problem);
	return export->options->is_file ? logs_open(export) : 0;
}

static void otlp_end(struct export *export)
{
	struct otlp *otlp = otlp_of(export);
	int r = 0;

	for (int signal = 0; signal < OTLP_SIGNALS; signal++)
		for (uint32_t i = 0; i < otlp->count && !r; i++)
			r = otlp_batch_flush(&otlp->batches[i][signal], document_send, export);
	if (r)
		export_out_of_memory(export);
	if (otlp->collector.rejected)
		export_fail(export,
			    "the collector at %s rejected %" PRIu64 " of what it was sent; its own "
			    "log says why",
			    otlp->collector.url, otlp->collector.rejected);
	if (otlp->logs.file && writer_close(&otlp->logs))
		export_fail(export, "cannot write %s: %s", export->also,
			    strerror(otlp->logs.error));
}

static void otlp_free(struct export *export)
{
	struct otlp *otlp = otlp_of(export);
	struct stat st;

	for (uint32_t i = 0; i < otlp->count; i++)
		for (int signal = 0; signal < OTLP_SIGNALS; signal++)
			otlp_batch_free(&otlp->batches[i][signal]);
	free(otlp->batches);
	if (!otlp->logs.file)
		return;
	otlp->logs.is_void = export->writer->is_void;
	writer_close(&otlp->logs);
	/* Made for nothing. */
	if (!stat(export->also, &st) && S_ISREG(st.st_mode) && !st.st_size)
		unlink(export->also);
}

const struct export_format export_otlp = {
	.name = "otlp",
	.suffix = ".jsonl",
	.help = "spans and log records of OpenTelemetry, as lines of JSON or to a collector",
	.has_collector = true,
	.size = sizeof(struct otlp),
	.note_size = sizeof(struct otlp_note),
	.note_empty = otlp_note_empty,
	.begin = otlp_begin,
	.event = otlp_event,
	.after = otlp_after,
	.slice = otlp_slice,
	.gap = otlp_gap,
	.end = otlp_end,
	.free = otlp_free,
};
