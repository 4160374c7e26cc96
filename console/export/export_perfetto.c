/* SPDX-License-Identifier: MIT */
/*
 * Perfetto's track events. Below each process a track for each thread with what it runs,
 * one for each task with what it does and waits for, one for each lock with who holds it,
 * and counters. Arrows lead from a wake through the time its task is runnable to the poll
 * that it caused.
 *
 * Slices of one track must nest, and of two that begin at one moment the outer one must
 * come first. Those of a task follow one another. A thread's polls may nest: each begin
 * is written when it happens, not when the slice is known. What may overlap otherwise
 * (spans, operations, holds) has a track for each object and owner; the viewer draws
 * those of one name as one.
 */
#include "console/export/export.h"
#include "console/export/label.h"
#include "console/export/proto_perfetto.h"
#include "console/names.h"
#include "libtrace/lane.h"

/* What export_hash makes tracks of. */
enum track_salt { OF_OBJECT = 1, OF_GROUP, OF_COUNTER, OF_LOCK, OF_LOCK_WAIT };

enum counter { LIVE_TASKS, RUNNABLE_TASKS, LOCK_WAITERS, COUNTERS };

static const char *const counter_names[COUNTERS] = {
	[LIVE_TASKS] = "live tasks",
	[RUNNABLE_TASKS] = "runnable tasks",
	[LOCK_WAITERS] = "lock waiters",
};

struct perfetto {
	struct packets *packets;
	bool has_clock;
	bool has_gaps; /* the track of them */
};

/* Of a process, or any object with a track. */
struct perfetto_note {
	struct note note;
	bool is_told;
	uint64_t begun_track; /* a task: where its poll has been begun; 0: nowhere */
};

static struct perfetto *perfetto_of(struct export *export)
{
	return export->state;
}

/* ---- Packets ---- */

/* The clock comes before all that has a time. */
static struct packets *packets_of(struct export *export)
{
	struct perfetto *perfetto = perfetto_of(export);

	if (!perfetto->has_clock)
		packets_clock(perfetto->packets, export->begin_unix_ns);
	perfetto->has_clock = true;
	return perfetto->packets;
}

static void put(struct export *export, const struct packet *packet)
{
	struct packets *packets = packets_of(export);

	packets_put(packets, packet);
	if (packets_have_failed(packets))
		export_out_of_memory(export);
}

static void arg_text(struct packet *packet, const char *key, const char *text)
{
	packet->args[packet->arg_count++] = (struct packet_arg){ .key = key, .text = text };
}

static void arg_number(struct packet *packet, const char *key, int64_t number)
{
	packet->args[packet->arg_count++] = (struct packet_arg){ .key = key, .number = number };
}

/* name stays the caller's until the packet is put. */
static void arg_object(struct packet *packet, const struct board *board, const char *key,
		       uint64_t ref, char name[LABEL_SIZE])
{
	if (!ref)
		return;
	label_object(board, ref, name, LABEL_SIZE);
	arg_text(packet, key, name);
}

static void place_put(struct packet *packet, const struct board *board, uint32_t index)
{
	const struct vigil_site_record *site = label_site(board, index);

	if (!site || !site->file[0])
		return;
	packet->file = site->file;
	packet->function = site->function;
	packet->line = site->line;
}

static void end_put(struct export *export, uint64_t track, uint64_t unix_ns)
{
	put(export, &(struct packet){ .type = PACKET_END, .ns = unix_ns, .track = track });
}

/* ---- Tracks ---- */

static void track_put(struct export *export, const struct track *track)
{
	packets_track(packets_of(export), track);
}

static bool is_new(struct export *export, uint32_t process, uint64_t ref)
{
	struct perfetto_note *note = export_note(export, process, ref);

	if (!note || note->is_told)
		return false;
	note->is_told = true;
	return true;
}

static uint64_t group_uuid(uint32_t process, enum vigil_table table)
{
	return export_hash(process, table, OF_GROUP);
}

static void group_put(struct export *export, uint32_t process, enum vigil_table table,
		      const char *name)
{
	track_put(export,
		  &(struct track){ .kind = TRACK_PLAIN,
				   .uuid = group_uuid(process, table),
				   .parent = export_hash(process, EXPORT_PROCESS_REF, OF_OBJECT),
				   .name = name,
				   .has_order = true });
}

static uint64_t process_track(struct export *export, uint32_t index)
{
	const struct trace_process *process = trace_process(export->trace, index);
	uint64_t uuid = export_hash(index, EXPORT_PROCESS_REF, OF_OBJECT);

	if (!is_new(export, index, EXPORT_PROCESS_REF))
		return uuid;
	track_put(export, &(struct track){ .kind = TRACK_PROCESS,
					   .uuid = uuid,
					   .name = export_process_name(process),
					   .pid = process->pid });
	for (int i = 0; i < COUNTERS; i++)
		track_put(export,
			  &(struct track){ .kind = TRACK_COUNTER,
					   .uuid = export_hash(index, (uint64_t)i, OF_COUNTER),
					   .parent = uuid,
					   .name = counter_names[i] });
	group_put(export, index, VIGIL_TABLE_task, "tasks");
	group_put(export, index, VIGIL_TABLE_resource, "locks");
	return uuid;
}

static uint64_t worker_track(struct export *export, uint32_t process, uint64_t ref)
{
	const struct board *board = export_board(export, process);
	const struct vigil_worker_record *worker = RECORD_OF(board, worker, ref);
	uint64_t parent = process_track(export, process);
	uint64_t uuid = export_hash(process, ref, OF_OBJECT);
	char name[LABEL_SIZE];

	if (!worker || !is_new(export, process, ref))
		return uuid;
	label_worker(board, ref, name, sizeof(name));
	track_put(export, &(struct track){ .kind = worker->tid ? TRACK_THREAD : TRACK_PLAIN,
					   .uuid = uuid,
					   .parent = worker->tid ? 0 : parent,
					   .name = name,
					   .pid = trace_process(export->trace, process)->pid,
					   .tid = worker->tid });
	return uuid;
}

static uint64_t task_track(struct export *export, uint32_t process, uint64_t ref)
{
	const struct board *board = export_board(export, process);
	uint64_t uuid = export_hash(process, ref, OF_OBJECT);
	char name[LABEL_SIZE];

	process_track(export, process);
	if (!is_new(export, process, ref))
		return uuid;
	label_task_long(board, ref, name, sizeof(name));
	track_put(export, &(struct track){ .kind = TRACK_PLAIN,
					   .uuid = uuid,
					   .parent = group_uuid(process, VIGIL_TABLE_task),
					   .name = name });
	return uuid;
}

/* The track of whoever did it: a task, else a thread. */
static uint64_t owner_track(struct export *export, const struct slice *slice)
{
	return slice->task ? task_track(export, slice->process, slice->task) :
			     worker_track(export, slice->process, slice->worker);
}

/* ---- Slices ---- */

static void slice_begin(struct export *export, const struct slice *slice, bool is_open,
			struct packet *packet)
{
	const struct board *board = export_board(export, slice->process);
	char task[LABEL_SIZE], worker[LABEL_SIZE], other[LABEL_SIZE];
	bool is_runnable = slice->kind == SLICE_RUNNABLE;

	packet->type = PACKET_BEGIN;
	packet->ns = export_unix_ns(export, slice->process, slice->begin_ns);
	place_put(packet, board, slice->site);
	arg_object(packet, board, "task", slice->task, task);
	arg_object(packet, board, "worker", slice->worker, worker);
	arg_object(packet, board, is_runnable ? "woken by" : "for", slice->other, other);
	if (slice->fd >= 0)
		arg_number(packet, "fd", slice->fd);
	if (is_open)
		arg_number(packet, "unfinished", 1);
	if (export->cut_ns)
		arg_number(packet, "ns before the trace", (int64_t) export->cut_ns);
	put(export, packet);
}

/* On a track of its own or of what never overlaps it. */
static void slice_put(struct export *export, const struct slice *slice, bool is_open,
		      struct packet *packet)
{
	slice_begin(export, slice, is_open, packet);
	end_put(export, packet->track, export_unix_ns(export, slice->process, slice->end_ns));
}

static void run_put(struct export *export, const struct slice *slice, bool is_open)
{
	struct perfetto_note *note = export_note(export, slice->process, slice->task);
	uint64_t track = worker_track(export, slice->process, slice->worker);
	char name[LABEL_SIZE];

	if (!note)
		return;
	slice_put(export, slice, is_open,
		  &(struct packet){ .track = task_track(export, slice->process, slice->task),
				    .category = "task",
				    .name = "run" });
	label_task(export_board(export, slice->process), slice->task, name, sizeof(name));
	if (note->begun_track)
		end_put(export, note->begun_track,
			export_unix_ns(export, slice->process, slice->end_ns));
	else
		slice_put(export, slice, is_open,
			  &(struct packet){ .track = track, .category = "run", .name = name });
	note->begun_track = 0;
}

/* The arrow to the next poll of a task. */
static uint64_t flow_of(uint32_t process, uint64_t ref, const struct vigil_task_record *task)
{
	return export_hash(process, ref, task->wakes_seen);
}

static void rest_put(struct export *export, const struct slice *slice, bool is_open)
{
	const struct board *board = export_board(export, slice->process);
	const struct vigil_task_record *task = RECORD_OF(board, task, slice->task);
	char name[LABEL_SIZE];

	label_slice(board, slice, name, sizeof(name));
	slice_put(export, slice, is_open,
		  &(struct packet){ .track = task_track(export, slice->process, slice->task),
				    .category = "task",
				    .name = name,
				    .flow = task && slice->kind == SLICE_RUNNABLE ?
						    flow_of(slice->process, slice->task, task) :
						    0 });
}

static void thread_put(struct export *export, const struct slice *slice, bool is_open)
{
	char name[LABEL_SIZE];

	label_slice(export_board(export, slice->process), slice, name, sizeof(name));
	slice_put(export, slice, is_open,
		  &(struct packet){ .track = worker_track(export, slice->process, slice->worker),
				    .category = slice->kind == SLICE_PARK ? "park" : "blocked",
				    .name = name });
}

/* A lock held or waited for: a track for each owner, told again as none is remembered. */
static void lock_put(struct export *export, const struct slice *slice, bool is_open)
{
	const struct board *board = export_board(export, slice->process);
	bool is_hold = slice->kind == SLICE_HOLD;
	uint64_t owner = slice->task ? slice->task : slice->worker;
	uint64_t track = export_hash(slice->process, slice->object ^ owner << 7,
				     is_hold ? OF_LOCK : OF_LOCK_WAIT);
	char lock[LABEL_SIZE], name[LABEL_SIZE];

	process_track(export, slice->process);
	label_object(board, slice->object, lock, sizeof(lock));
	label_object(board, owner, name, sizeof(name));
	track_put(export,
		  &(struct track){ .kind = TRACK_PLAIN,
				   .uuid = track,
				   .parent = group_uuid(slice->process, VIGIL_TABLE_resource),
				   .name = lock });
	slice_put(export, slice, is_open,
		  &(struct packet){ .track = track,
				    .category = is_hold ? "hold" : "lock wait",
				    .name = name });
}

/* Below whoever did it. */
static void part_put(struct export *export, const struct slice *slice, bool is_open)
{
	uint64_t parent = owner_track(export, slice);
	uint64_t track = export_hash(slice->process, slice->object, OF_OBJECT);
	char name[LABEL_SIZE];

	label_slice(export_board(export, slice->process), slice, name, sizeof(name));
	if (is_new(export, slice->process, slice->object))
		track_put(export, &(struct track){ .kind = TRACK_PLAIN,
						   .uuid = track,
						   .parent = parent,
						   .name = name });
	slice_put(export, slice, is_open,
		  &(struct packet){ .track = track,
				    .category = slice->kind == SLICE_SPAN ? "span" : "operation",
				    .name = name });
}

static void perfetto_slice(struct export *export, const struct slice *slice, bool is_open)
{
	switch (slice->kind) {
	case SLICE_RUN:
		run_put(export, slice, is_open);
		break;
	case SLICE_RUNNABLE:
	case SLICE_WAIT:
		rest_put(export, slice, is_open);
		break;
	case SLICE_BLOCKED:
	case SLICE_PARK:
		thread_put(export, slice, is_open);
		break;
	case SLICE_LOCK_WAIT:
	case SLICE_HOLD:
		lock_put(export, slice, is_open);
		break;
	default: /* SLICE_OP, SLICE_SPAN */
		part_put(export, slice, is_open);
		break;
	}
}

/* ---- Events ---- */

static void poll_put(struct export *export, const struct trace_event *event,
		     const struct vigil_task_record *task)
{
	const struct board *board = export_board(export, event->process);
	uint64_t track = worker_track(export, event->process, event->worker);
	struct perfetto_note *note = export_note(export, event->process, event->object);
	char name[LABEL_SIZE], task_name[LABEL_SIZE];
	struct packet packet = {
		.type = PACKET_BEGIN,
		.ns = export_unix_ns(export, event->process, event->ns),
		.track = track,
		.category = "run",
		.name = name,
		.flow_end =
			export_is_woken(task) ? flow_of(event->process, event->object, task) : 0,
	};

	if (!note)
		return;
	note->begun_track = track;
	label_task(board, event->object, name, sizeof(name));
	place_put(&packet, board, task->site);
	arg_object(&packet, board, "task", event->object, task_name);
	put(export, &packet);
}

static void wake_put(struct export *export, const struct trace_event *event,
		     const struct vigil_task_record *task)
{
	const struct board *board = export_board(export, event->process);
	bool is_spawn = event->kind == TRACE_task_spawn;
	char label[LABEL_SIZE], name[LABEL_SIZE + 8], task_name[LABEL_SIZE];
	struct packet packet = {
		.type = PACKET_INSTANT,
		.ns = export_unix_ns(export, event->process, event->ns),
		.track = worker_track(export, event->process, event->worker),
		.category = "wake",
		.name = name,
		.flow = flow_of(event->process, event->object, task),
	};

	label_task(board, event->object, label, sizeof(label));
	snprintf(name, sizeof(name), "%s %s", is_spawn ? "spawn" : "wake", label);
	place_put(&packet, board, event->site);
	arg_object(&packet, board, "task", event->object, task_name);
	put(export, &packet);
}

static void message_put(struct export *export, const struct trace_event *event)
{
	const struct board *board = export_board(export, event->process);
	char task[LABEL_SIZE], span[LABEL_SIZE];
	struct packet packet = {
		.type = PACKET_INSTANT,
		.ns = export_unix_ns(export, event->process, event->ns),
		.track = worker_track(export, event->process, event->worker),
		.category = "message",
		.name = event->text,
	};

	place_put(&packet, board, event->site);
	arg_text(&packet, "level", word_level(event->state));
	arg_object(&packet, board, "task", event->other, task);
	arg_object(&packet, board, "span", event->object, span);
	put(export, &packet);
}

/* How a task ended, on its track. */
static void outcome_put(struct export *export, const struct trace_event *event)
{
	struct packet packet = {
		.type = PACKET_INSTANT,
		.ns = export_unix_ns(export, event->process, event->ns),
		.track = task_track(export, event->process, event->object),
		.category = "task",
		.name = word_outcome(event->state),
	};

	if (event->state == VIGIL_OUTCOME_FAILED) {
		arg_number(&packet, "code", event->number);
		arg_text(&packet, "error", event->text);
	}
	put(export, &packet);
}

static void perfetto_event(struct export *export, const struct trace_event *event)
{
	const struct board *board = export_board(export, event->process);
	const struct vigil_task_record *task = RECORD_OF(board, task, event->object);

	if (event->kind == TRACE_event)
		message_put(export, event);
	if (!task || task->life != VIGIL_LIFE_LIVE)
		return;
	if (event_is_wake(event) && !export_is_woken(task))
		wake_put(export, event, task);
	if (event->kind == TRACE_poll_begin && !task->depth)
		poll_put(export, event, task);
	if (event->kind == TRACE_task_end)
		outcome_put(export, event);
}

static void counters_put(struct export *export, const struct trace_event *event)
{
	const struct tally *tally = &export->processes[event->process].tally;
	const int64_t now[COUNTERS] = { tally->now.live, tally->now.runnable,
					tally->now.lock_waiters };
	const int64_t last[COUNTERS] = { tally->last.live, tally->last.runnable,
					 tally->last.lock_waiters };

	process_track(export, event->process);
	for (uint64_t i = 0; i < COUNTERS; i++)
		if (now[i] != last[i])
			put(export, &(struct packet){
					    .type = PACKET_COUNTER,
					    .ns = export_unix_ns(export, event->process, event->ns),
					    .track = export_hash(event->process, i, OF_COUNTER),
					    .value = now[i] });
}

static void task_after(struct export *export, const struct trace_event *event)
{
	const struct vigil_task_record *task =
		RECORD_OF(export_board(export, event->process), task, event->object);
	struct perfetto_note *note =
		task ? export_note(export, event->process, event->object) : NULL;

	if (!note)
		return;
	if (event->kind == TRACE_task_rename)
		note->is_told = false;
	else if (export_is_woken(task))
		wake_put(export, event, task);
}

static void perfetto_after(struct export *export, const struct trace_event *event)
{
	if (event->kind == TRACE_task_rename || event->kind == TRACE_task_spawn)
		task_after(export, event);
	if (export->processes[event->process].tally.has_changed)
		counters_put(export, event);
}

static void perfetto_gap(struct export *export, const struct trace_gap *gap)
{
	struct perfetto *perfetto = perfetto_of(export);
	uint64_t track = export_hash(UINT32_MAX, 0, OF_GROUP);
	char words[LABEL_SIZE];

	export_gap_words(gap, words, sizeof(words));
	if (!perfetto->has_gaps)
		track_put(export, &(struct track){ .kind = TRACK_PLAIN,
						   .uuid = track,
						   .name = "not recorded" });
	perfetto->has_gaps = true;
	put(export, &(struct packet){ .type = PACKET_INSTANT,
				      .ns = gap->begin_unix_ns ? gap->begin_unix_ns :
								 trace_now(export->trace),
				      .track = track,
				      .category = "lost",
				      .name = words });
}

/* ---- The file ---- */

static int perfetto_begin(struct export *export)
{
	struct perfetto *perfetto = perfetto_of(export);

	perfetto->packets = packets_new(export->file);
	return perfetto->packets ? 0 : export_out_of_memory(export);
}

static void perfetto_end(struct export *export)
{
	(void)export;
}

static void perfetto_free(struct export *export)
{
	packets_free(perfetto_of(export)->packets);
}

const struct export_format export_perfetto = {
	.name = "perfetto",
	.suffix = ".perfetto-trace",
	.help = "track events of Perfetto, for ui.perfetto.dev",
	.is_binary = true,
	.cuts_at_begin = true,
	.size = sizeof(struct perfetto),
	.note_size = sizeof(struct perfetto_note),
	.begin = perfetto_begin,
	.event = perfetto_event,
	.after = perfetto_after,
	.slice = perfetto_slice,
	.gap = perfetto_gap,
	.end = perfetto_end,
	.free = perfetto_free,
};
