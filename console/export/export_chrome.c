/* SPDX-License-Identifier: MIT */
/*
 * Chrome's trace events as JSON, which many viewers read. A row for each worker, one
 * for each task below them; what may overlap (locks, operations, spans) are async
 * events. Times are microseconds since the trace began.
 *
 * A task's row needs a number that no thread has: those of Linux end at 4194304.
 */
#include <inttypes.h>

#include "console/export/export.h"
#include "console/export/label.h"
#include "console/json.h"
#include "console/names.h"
#include "libtrace/lane.h"

#define TASK_ROW (UINT64_C(1) << 30)
#define THREAD_ROW (UINT64_C(1) << 29) /* of a thread whose number is not known */

struct chrome {
	struct json json;
};

/* Of a process, a worker or a task: whether the file has its name. */
struct chrome_note {
	struct note note;
	bool is_named;
};

/* ---- Parts of an event ---- */

static struct json *json_of(struct export *export)
{
	return &((struct chrome *)export->state)->json;
}

static uint64_t since_begin(const struct export *export, uint32_t process, uint64_t ns)
{
	return export_unix_ns(export, process, ns) - export->begin_unix_ns;
}

/* An event begins; args and its end are the caller's. */
static struct json *event_begin(struct export *export, const char *ph, const char *name,
				uint32_t process, uint64_t tid, uint64_t ns)
{
	struct json *json = json_of(export);

	json_object_begin(json, NULL);
	json_text(json, "ph", ph);
	json_text(json, "name", name);
	json_u64(json, "pid", trace_process(export->trace, process)->pid);
	json_u64(json, "tid", tid);
	json_micros(json, "ts", (int64_t)since_begin(export, process, ns));
	return json;
}

static void name_put(struct export *export, uint32_t process, uint64_t tid, const char *what,
		     const char *name, int order)
{
	uint32_t pid = trace_process(export->trace, process)->pid;
	struct json *json = json_of(export);

	json_object_begin(json, NULL);
	json_text(json, "ph", "M");
	json_text(json, "name", what);
	json_u64(json, "pid", pid);
	json_u64(json, "tid", tid);
	json_object_begin(json, "args");
	if (order)
		json_i64(json, "sort_index", order);
	else
		json_text(json, "name", name);
	json_object_end(json);
	json_object_end(json);
}

static void object_put(struct json *json, const struct board *board, const char *key, uint64_t ref)
{
	char name[LABEL_SIZE];

	if (!ref)
		return;
	label_object(board, ref, name, sizeof(name));
	json_text(json, key, name);
}

static void place_put(struct json *json, const struct board *board, uint32_t site)
{
	char place[LABEL_SIZE];

	if (!site)
		return;
	site_place_long(label_site(board, site), place, sizeof(place));
	json_text(json, "place", place);
}

/* ---- Rows ---- */

/* Whether something is met for the first time, or has a new name. */
static bool is_new(struct export *export, uint32_t process, uint64_t ref)
{
	struct chrome_note *note = export_note(export, process, ref);

	if (!note || note->is_named)
		return false;
	note->is_named = true;
	return true;
}

static void process_name(struct export *export, uint32_t process)
{
	if (is_new(export, process, EXPORT_PROCESS_REF))
		name_put(export, process, 0, "process_name",
			 export_process_name(trace_process(export->trace, process)), 0);
}

static uint64_t worker_row(struct export *export, uint32_t process, uint64_t ref)
{
	const struct board *board = export_board(export, process);
	const struct vigil_worker_record *worker = RECORD_OF(board, worker, ref);
	char name[LABEL_SIZE];
	uint64_t tid;

	if (!worker)
		return THREAD_ROW;
	tid = worker->tid ? worker->tid : THREAD_ROW + 1 + vigil_ref_index(ref);
	process_name(export, process);
	if (is_new(export, process, ref)) {
		label_worker(board, ref, name, sizeof(name));
		name_put(export, process, tid, "thread_name", name, 0);
		name_put(export, process, tid, "thread_sort_index", NULL, -1);
	}
	return tid;
}

static uint64_t task_row(struct export *export, uint32_t process, uint64_t ref)
{
	const struct board *board = export_board(export, process);
	const struct vigil_task_record *task = RECORD_OF(board, task, ref);
	char name[LABEL_SIZE];
	uint64_t tid;

	if (!task)
		return TASK_ROW;
	tid = TASK_ROW | (task->id & (TASK_ROW - 1));
	process_name(export, process);
	if (is_new(export, process, ref)) {
		label_task_long(board, ref, name, sizeof(name));
		name_put(export, process, tid, "thread_name", name, 0);
		name_put(export, process, tid, "thread_sort_index", NULL, 1);
	}
	return tid;
}

/* ---- Slices ---- */

static void args_put(struct export *export, const struct slice *slice, bool is_open)
{
	const struct board *board = export_board(export, slice->process);
	struct json *json = json_of(export);

	json_object_begin(json, "args");
	object_put(json, board, "task", slice->task);
	object_put(json, board, "worker", slice->worker);
	object_put(json, board, slice->kind == SLICE_RUNNABLE ? "woken by" : "for", slice->other);
	place_put(json, board, slice->site);
	if (slice->fd >= 0)
		json_i64(json, "fd", slice->fd);
	if (is_open)
		json_bool(json, "unfinished", true);
	if (export->cut_ns)
		json_u64(json, "ns before the trace", export->cut_ns);
	json_object_end(json);
}

static void complete_put(struct export *export, const struct slice *slice, bool is_open,
			 uint64_t tid, const char *name)
{
	struct json *json = event_begin(export, "X", name, slice->process, tid, slice->begin_ns);

	json_micros(json, "dur", (int64_t)(slice->end_ns - slice->begin_ns));
	args_put(export, slice, is_open);
	json_object_end(json);
}

static void async_id_put(struct json *json, const char *category, uint64_t id)
{
	char words[24];

	snprintf(words, sizeof(words), "0x%" PRIx64, id);
	json_text(json, "cat", category);
	json_text(json, "id", words);
}

/* What others of its kind may overlap. */
static void async_put(struct export *export, const struct slice *slice, bool is_open,
		      const char *category)
{
	uint32_t process = slice->process;
	uint64_t owner = slice->task ? slice->task : slice->worker;
	uint64_t id = export_hash(process, slice->object ^ slice->kind, owner);
	uint64_t tid = slice->task ? task_row(export, process, slice->task) :
				     worker_row(export, process, slice->worker);
	char name[LABEL_SIZE];
	struct json *json;

	label_slice(export_board(export, process), slice, name, sizeof(name));
	json = event_begin(export, "b", name, process, tid, slice->begin_ns);
	async_id_put(json, category, id);
	args_put(export, slice, is_open);
	json_object_end(json);
	json = event_begin(export, "e", name, process, tid, slice->end_ns);
	async_id_put(json, category, id);
	json_object_end(json);
}

static void run_put(struct export *export, const struct slice *slice, bool is_open)
{
	char name[LABEL_SIZE];

	label_task(export_board(export, slice->process), slice->task, name, sizeof(name));
	complete_put(export, slice, is_open, worker_row(export, slice->process, slice->worker),
		     name);
	complete_put(export, slice, is_open, task_row(export, slice->process, slice->task), "run");
}

static void chrome_slice(struct export *export, const struct slice *slice, bool is_open)
{
	char name[LABEL_SIZE];

	label_slice(export_board(export, slice->process), slice, name, sizeof(name));
	switch (slice->kind) {
	case SLICE_RUN:
		run_put(export, slice, is_open);
		break;
	case SLICE_RUNNABLE:
	case SLICE_WAIT:
		complete_put(export, slice, is_open, task_row(export, slice->process, slice->task),
			     name);
		break;
	case SLICE_BLOCKED:
	case SLICE_PARK:
		complete_put(export, slice, is_open,
			     worker_row(export, slice->process, slice->worker), name);
		break;
	case SLICE_OP:
		async_put(export, slice, is_open, "operation");
		break;
	case SLICE_SPAN:
		async_put(export, slice, is_open, "span");
		break;
	default: /* SLICE_LOCK_WAIT, SLICE_HOLD */
		async_put(export, slice, is_open, "lock");
		break;
	}
}

/* ---- Flows, messages, counters ---- */

static void flow_put(struct export *export, const char *ph, const struct trace_event *event,
		     const struct vigil_task_record *task)
{
	uint64_t tid = worker_row(export, event->process, event->worker);
	struct json *json = event_begin(export, ph, "wake", event->process, tid, event->ns);

	async_id_put(json, "wake", export_hash(event->process, event->object, task->wakes_seen));
	if (ph[0] == 'f')
		json_text(json, "bp", "e");
	json_object_end(json);
}

/* An arrow begins in a slice: a wake outside of any poll gets one of no length. */
static void wake_put(struct export *export, const struct trace_event *event,
		     const struct vigil_task_record *task)
{
	const struct board *board = export_board(export, event->process);
	const struct vigil_worker_record *worker = RECORD_OF(board, worker, event->worker);
	const struct slice slice = { .kind = SLICE_RUN,
				     .process = event->process,
				     .begin_ns = event->ns,
				     .end_ns = event->ns,
				     .task = event->object,
				     .worker = event->worker,
				     .site = event->site,
				     .fd = -1 };

	if (!worker)
		return;
	if (!worker->depth)
		complete_put(export, &slice, false,
			     worker_row(export, event->process, event->worker), "wake");
	flow_put(export, "s", event, task);
}

static void message_put(struct export *export, const struct trace_event *event)
{
	const struct board *board = export_board(export, event->process);
	uint64_t tid = worker_row(export, event->process, event->worker);
	struct json *json = event_begin(export, "i", event->text, event->process, tid, event->ns);

	json_text(json, "s", "t");
	json_object_begin(json, "args");
	json_text(json, "level", word_level(event->state));
	object_put(json, board, "task", event->other);
	object_put(json, board, "span", event->object);
	place_put(json, board, event->site);
	json_object_end(json);
	json_object_end(json);
}

static void chrome_event(struct export *export, const struct trace_event *event)
{
	const struct board *board = export_board(export, event->process);
	const struct vigil_task_record *task = RECORD_OF(board, task, event->object);

	if (event->kind == TRACE_event)
		message_put(export, event);
	if (!task || task->life != VIGIL_LIFE_LIVE)
		return;
	if (event_is_wake(event) && !export_is_woken(task))
		wake_put(export, event, task);
	if (event->kind == TRACE_poll_begin && export_is_woken(task) && !task->depth)
		flow_put(export, "f", event, task);
}

static void counter_put(struct export *export, const struct trace_event *event, const char *name,
			int64_t value)
{
	struct json *json = event_begin(export, "C", name, event->process, 0, event->ns);

	json_object_begin(json, "args");
	json_i64(json, "value", value);
	json_object_end(json);
	json_object_end(json);
}

/* What is spawned runnable is woken by who spawns it. */
static void task_spawned(struct export *export, const struct trace_event *event)
{
	const struct vigil_task_record *task =
		RECORD_OF(export_board(export, event->process), task, event->object);

	if (task && export_is_woken(task))
		wake_put(export, event, task);
}

static void task_renamed(struct export *export, const struct trace_event *event)
{
	const struct vigil_task_record *task =
		RECORD_OF(export_board(export, event->process), task, event->object);
	struct chrome_note *note = task ? export_note(export, event->process, event->object) : NULL;

	if (note)
		note->is_named = false;
}

static void chrome_after(struct export *export, const struct trace_event *event)
{
	const struct tally *tally = &export->processes[event->process].tally;

	if (event->kind == TRACE_task_rename)
		task_renamed(export, event);
	if (event->kind == TRACE_task_spawn)
		task_spawned(export, event);
	if (!tally->has_changed)
		return;
	if (tally->now.live != tally->last.live)
		counter_put(export, event, "live tasks", tally->now.live);
	if (tally->now.runnable != tally->last.runnable)
		counter_put(export, event, "runnable tasks", tally->now.runnable);
	if (tally->now.lock_waiters != tally->last.lock_waiters)
		counter_put(export, event, "lock waiters", tally->now.lock_waiters);
}

static void chrome_gap(struct export *export, const struct trace_gap *gap)
{
	struct json *json = json_of(export);
	char words[LABEL_SIZE];

	export_gap_words(gap, words, sizeof(words));
	json_object_begin(json, NULL);
	json_text(json, "ph", "i");
	json_text(json, "name", words);
	json_text(json, "s", "g");
	json_u64(json, "pid", 0);
	json_u64(json, "tid", 0);
	json_micros(json, "ts", (int64_t)(gap->begin_unix_ns - export->begin_unix_ns));
	json_object_end(json);
}

/* ---- The document ---- */

static int chrome_begin(struct export *export)
{
	struct json *json = json_of(export);

	json_begin(json, export->file, false);
	json_object_begin(json, NULL);
	json_text(json, "displayTimeUnit", "ns");
	json_array_begin(json, "traceEvents");
	return 0;
}

static void chrome_end(struct export *export)
{
	struct json *json = json_of(export);

	json_array_end(json);
	json_object_begin(json, "otherData");
	json_text(json, "writer", "vigil");
	json_u64(json, "begin_unix_ns", export->begin_unix_ns);
	json_u64(json, "lost_events", export->lost_events);
	json_u64(json, "lost_packets", export->lost_packets);
	json_object_end(json);
	json_object_end(json);
	json_end(json);
}

const struct export_format export_chrome = {
	.name = "chrome",
	.suffix = ".json",
	.help = "trace events of Chrome, as JSON",
	.cuts_at_begin = true,
	.size = sizeof(struct chrome),
	.note_size = sizeof(struct chrome_note),
	.begin = chrome_begin,
	.event = chrome_event,
	.after = chrome_after,
	.slice = chrome_slice,
	.gap = chrome_gap,
	.end = chrome_end,
};
