/* SPDX-License-Identifier: MIT */
/* The pass: which event and which slice tells whom. The law is in report.h. */
#include "console/report/report.h"

#include <stdlib.h>
#include <string.h>

#include "console/model.h"
#include "console/report/report_private.h"

/* ---- Making and freeing ---- */

struct report *report_new(const char *what, const struct report_options *options)
{
	struct report *report = calloc(1, sizeof(*report));

	if (!report)
		return NULL;
	report->options = *options;
	if (!report->options.top)
		report->options.top = REPORT_TOP;
	if (!report->options.to_ns)
		report->options.to_ns = UINT64_MAX;
	snprintf(report->what, sizeof(report->what), "%s", what);
	return report;
}

static void inside_free(struct report_inside *inside)
{
	if (!inside)
		return;
	free(inside->tasks);
	free(inside->workers.list);
	free(inside->executors.list);
	free(inside->resources.list);
	free(inside);
}

static void process_free(struct report_process *rp)
{
	if (!rp)
		return;
	inside_free(rp->inside);
	bins_fini(&rp->bins);
	for (uint32_t i = 0; rp->sites && i < rp->site_count; i++) {
		free(rp->sites[i].run_hist);
		free(rp->sites[i].runnable_hist);
	}
	for (uint32_t i = 0; i < rp->resource_count; i++) {
		free(rp->resources[i].hold_hist);
		free(rp->resources[i].wait_hist);
	}
	free(rp->sites);
	free(rp->workers);
	free(rp->executors);
	free(rp->resources);
	free(rp->waits);
	top_fini(&rp->polls);
	top_fini(&rp->loop_polls);
	top_fini(&rp->blocked);
	top_fini(&rp->by_run);
	top_fini(&rp->by_runnable);
	top_fini(&rp->by_wait);
	path_fini(&rp->path);
	free(rp);
}

void report_free(struct report *report)
{
	if (!report)
		return;
	for (size_t i = 0; i < report->room; i++)
		process_free(report->processes[i]);
	free(report->processes);
	free(report);
}

/* ---- Processes ---- */

static uint64_t plus(uint64_t a, uint64_t b)
{
	return a + b < a ? UINT64_MAX : a + b;
}

/* The window, and where its clock stood when the trace began. */
static void window_set(struct report *report, struct report_process *rp,
		       const struct trace_event *first)
{
	uint64_t late_ns = first->unix_ns - report->first_unix_ns;

	rp->first_ns = first->ns;
	rp->origin_ns = first->ns > late_ns ? first->ns - late_ns : 0;
	rp->begin_ns = plus(rp->origin_ns, report->options.from_ns);
	rp->end_ns = plus(rp->origin_ns, report->options.to_ns);
	if (!report->options.from_ns)
		rp->begin_ns = first->ns;
}

static bool tops_init(struct report_process *rp, size_t room)
{
	return top_init(&rp->polls, sizeof(struct report_poll),
			room > REPORT_MARKS ? room : REPORT_MARKS) &&
	       top_init(&rp->loop_polls, sizeof(struct report_poll), REPORT_MARKS) &&
	       top_init(&rp->blocked, sizeof(struct report_poll), room) &&
	       top_init(&rp->by_run, sizeof(struct report_task), room) &&
	       top_init(&rp->by_runnable, sizeof(struct report_task), room) &&
	       top_init(&rp->by_wait, sizeof(struct report_task), room);
}

static struct report_process *process_make(struct report *report)
{
	struct report_process *rp = calloc(1, sizeof(*rp));

	if (rp && !tops_init(rp, report->options.top)) {
		process_free(rp);
		return NULL;
	}
	if (rp)
		rp->options = &report->options;
	return rp;
}

struct report_process *report_process_new(struct report *report)
{
	if (!array_reach(&report->processes, &report->room, 0, sizeof(*report->processes)))
		return NULL;
	report->processes[0] = process_make(report);
	return report->processes[0];
}

static struct report_process *process_new(struct report *report,
					  const struct trace_process *process,
					  const struct trace_event *first)
{
	struct report_process *rp = process_make(report);

	if (!rp)
		return NULL;
	rp->inside = calloc(1, sizeof(*rp->inside));
	if (!rp->inside) {
		process_free(rp);
		return NULL;
	}
	rp->index = process->index;
	rp->inside->board = process->board;
	rp->path.is_wanted = report->options.task != 0;
	window_set(report, rp, first);
	bins_init(&rp->bins, rp->begin_ns);
	rp->live = (struct level){ .since_ns = rp->begin_ns,
				   .areas = bins_series(&rp->bins, false),
				   .peaks = bins_series(&rp->bins, true) };
	rp->inside->boards = process->boards;
	tasks_begin(rp, rp->begin_ns);
	return rp;
}

static bool is_wanted(const struct report *report, const struct trace_process *process)
{
	return !report->options.pid || report->options.pid == process->pid;
}

/* NULL: not wanted, or no memory. */
static struct report_process *process_of(struct report *report, const struct trace_process *process,
					 const struct trace_event *event)
{
	if (!is_wanted(report, process) || !process->board)
		return NULL;
	if (!array_reach(&report->processes, &report->room, process->index,
			 sizeof(*report->processes))) {
		report->has_no_memory = true;
		return NULL;
	}
	if (!report->processes[process->index] && event)
		report->processes[process->index] = process_new(report, process, event);
	report->has_no_memory |= !report->processes[process->index] && event;
	return report->processes[process->index];
}

/* ---- Slices ---- */

uint64_t window_of(const struct report_process *rp, uint64_t ns)
{
	if (ns < rp->begin_ns)
		return rp->begin_ns;
	return ns > rp->end_ns ? rp->end_ns : ns;
}

/* What of a slice lies in the window. Returns false for nothing. */
static bool slice_cut(const struct report_process *rp, struct slice *slice)
{
	bool is_inside = slice->end_ns >= rp->begin_ns && slice->begin_ns <= rp->end_ns;

	slice->begin_ns = window_of(rp, slice->begin_ns);
	slice->end_ns = window_of(rp, slice->end_ns);
	return is_inside;
}

static void slice_run(struct report_process *rp, const struct slice *slice, bool is_open)
{
	struct report_site *site = row_site(rp, slice->site);
	uint64_t ns = slice->end_ns - slice->begin_ns;

	sum_add(&rp->run, ns);
	hist_put(&rp->run_hist, ns);
	if (site) {
		sum_add(&site->run, ns);
		hist_put_at(&site->run_hist, ns);
	}
	task_slice(rp, slice);
	poll_slice(rp, slice, is_open);
}

/* Its site is the waker's; the task's own is in its record. */
static void slice_runnable(struct report_process *rp, const struct slice *slice)
{
	const struct vigil_task_record *t = RECORD_OF(rp->inside->board, task, slice->task);
	struct report_site *site = t ? row_site(rp, t->site) : NULL;
	uint64_t ns = slice->end_ns - slice->begin_ns;

	sum_add(&rp->runnable, ns);
	hist_put(&rp->runnable_hist, ns);
	if (site) {
		sum_add(&site->runnable, ns);
		hist_put_at(&site->runnable_hist, ns);
	}
	task_slice(rp, slice);
}

static void slice_wait(struct report_process *rp, const struct slice *slice, uint32_t waker)
{
	struct report_site *site = row_site(rp, slice->site);
	uint64_t ns = slice->end_ns - slice->begin_ns;

	sum_add(&rp->wait, ns);
	if (site)
		sum_add(&site->wait, ns);
	task_slice(rp, slice);
	wait_slice(rp, slice, waker);
}

static void slice_site(struct report_process *rp, const struct slice *slice)
{
	struct report_site *site = row_site(rp, slice->site);

	if (site)
		sum_add(slice->kind == SLICE_SPAN ? &site->span : &site->op,
			slice->end_ns - slice->begin_ns);
	if (slice->kind == SLICE_SPAN)
		poll_span(rp, slice);
}

static void slice_park(struct report_process *rp, const struct slice *slice)
{
	uint32_t row = row_worker(rp, slice->worker);

	if (row != REPORT_NONE)
		sum_add(&rp->workers[row].park, slice->end_ns - slice->begin_ns);
}

/* next is the slice after it of the same event, or NULL: of a wait, what the task did then. */
static void slice_take(struct report_process *rp, struct slice slice, const struct slice *next,
		       bool is_open)
{
	bool has_waker = next && next->kind == SLICE_RUNNABLE && next->task == slice.task;

	if (!slice_cut(rp, &slice))
		return;
	if (rp->path.is_wanted && slice.kind <= SLICE_WAIT)
		path_slice(rp, &slice, has_waker ? next->other : 0, has_waker ? next->site : 0,
			   is_open);
	if (rp->path.is_wanted && slice.kind == SLICE_BLOCKED)
		path_blocked(rp, &slice, is_open);
	switch (slice.kind) {
	case SLICE_RUN:
		slice_run(rp, &slice, is_open);
		break;
	case SLICE_RUNNABLE:
		slice_runnable(rp, &slice);
		break;
	case SLICE_WAIT:
		slice_wait(rp, &slice, has_waker ? next->site : 0);
		break;
	case SLICE_LOCK_WAIT:
		wait_lock(rp, &slice);
		break;
	case SLICE_HOLD:
		wait_hold(rp, &slice);
		break;
	case SLICE_BLOCKED:
		poll_blocked(rp, &slice);
		wait_blocked(rp, &slice);
		break;
	case SLICE_PARK:
		slice_park(rp, &slice);
		break;
	default:
		slice_site(rp, &slice);
		break;
	}
}

/* ---- Events ---- */

static bool is_in_window(const struct report_process *rp, const struct trace_event *event)
{
	return event->ns >= rp->begin_ns && event->ns <= rp->end_ns;
}

/* Its state may have been told meanwhile: then there are tasks and names that were not known. */
static void board_check(struct report_process *rp, const struct trace_process *process, uint64_t ns)
{
	const struct board *board = rp->inside->board;

	if (rp->inside->boards == process->boards)
		return;
	rp->inside->boards = process->boards;
	tasks_begin(rp, ns);
	for (uint32_t i = 0; i < board->tables[VIGIL_TABLE_worker].used; i++)
		row_rename(rp,
			   vigil_ref_make(VIGIL_TABLE_worker, i, RECORD_AT(board, worker, i)->gen));
}

void report_before(struct report *report, const struct trace_process *process,
		   const struct trace_event *event)
{
	struct slice slices[SLICES_MAX];
	struct report_process *rp;
	size_t count;

	if (!report->events++)
		report->first_unix_ns = event->unix_ns;
	rp = process_of(report, process, event);
	if (!rp)
		return;
	board_check(rp, process, event->ns);
	rp->events++;
	if (is_in_window(rp, event) && event->kind < TRACE_KINDS)
		rp->kinds[event->kind]++;
	count = slices_of_process(process, event, slices);
	for (size_t i = 0; i < count; i++)
		slice_take(rp, slices[i], i + 1 < count ? &slices[i + 1] : NULL, false);
}

static void site_spawned(struct report_process *rp, const struct trace_event *event)
{
	struct report_site *site = row_site(rp, event->site);

	if (site && is_in_window(rp, event))
		site->spawned++;
}

static void site_ended(struct report_process *rp, const struct trace_event *event)
{
	const struct vigil_task_record *t = RECORD_OF(rp->inside->board, task, event->object);
	struct report_site *site = t ? row_site(rp, t->site) : NULL;

	if (!site || !is_in_window(rp, event))
		return;
	site->ended++;
	site->failed += event->state == VIGIL_OUTCOME_FAILED;
	site->cancelled += event->state == VIGIL_OUTCOME_CANCELLED;
	site->aborted += event->state == VIGIL_OUTCOME_ABORTED;
}

static void queued_note(struct report_process *rp, const struct trace_event *event)
{
	uint32_t row = row_executor(rp, event->object);

	if (row != REPORT_NONE && is_in_window(rp, event) &&
	    event->value > rp->executors[row].queued_max)
		rp->executors[row].queued_max = event->value;
}

void report_after(struct report *report, const struct trace_process *process,
		  const struct trace_event *event)
{
	struct report_process *rp = process_of(report, process, NULL);

	if (!rp)
		return;
	if (vigil_ref_table(event->object) == VIGIL_TABLE_task) {
		task_settle(rp, event->object, event->ns);
		if (rp->path.is_wanted)
			path_settle(rp, event->object);
	}
	switch (event->kind) {
	case TRACE_task_spawn:
		site_spawned(rp, event);
		break;
	case TRACE_task_end:
		site_ended(rp, event);
		break;
	case TRACE_poll_begin:
		poll_begins(rp, event);
		break;
	case TRACE_worker_begin:
		row_rename(rp, event->worker);
		break;
	case TRACE_executor_queued:
		queued_note(rp, event);
		break;
	case TRACE_lock_acquired: {
		uint32_t row = row_resource(rp, event->object);

		if (row != REPORT_NONE && is_in_window(rp, event))
			rp->resources[row].acquired++;
		break;
	}
	default:
		break;
	}
}

bool report_is_over(const struct report *report, const struct trace_event *event)
{
	/* A moment more: the clocks of threads differ a little. */
	return event->unix_ns > plus(plus(report->first_unix_ns, report->options.to_ns), 1000000);
}

/* ---- The end ---- */

struct open_slices {
	struct report_process *rp;
	struct slice last;
	bool has_last;
};

/* One later, so that a wait sees who made the task runnable. */
static void open_take(void *arg, const struct slice *slice)
{
	struct open_slices *open = arg;

	if (open->has_last) {
		if (open->last.kind == SLICE_WAIT || open->last.kind == SLICE_BLOCKED)
			wait_lock_open(open->rp, &open->last);
		slice_take(open->rp, open->last, slice, true);
	}
	open->has_last = slice != NULL;
	if (slice)
		open->last = *slice;
}

static void process_note(struct report_process *rp, const struct trace_process *process)
{
	rp->pid = process->pid;
	snprintf(rp->host, sizeof(rp->host), "%s", process->host);
	snprintf(rp->name, sizeof(rp->name), "%s", process->name);
	snprintf(rp->command, sizeof(rp->command), "%.*s",
		 (int)sizeof(process->board->process->command), process->board->process->command);
	rp->first_unix_ns = process->first_unix_ns;
	rp->last_unix_ns = process->last_unix_ns;
	rp->lost_events = process->lost_events;
	rp->adopted = process->adopted;
	rp->replaced = process->board->replaced;
	rp->before_ns = less_of(rp->first_ns, process->board->process->created_ns);
	rp->is_whole = process->is_whole;
	rp->is_over = process->is_over;
}

/*
 * Who is stuck, as the console would say it; nothing of one that went on after the window
 * or the damage.
 */
static void stuck_find(struct report_process *rp, const struct trace_process *process,
		       uint64_t end_ns, bool is_cut)
{
	struct vigil_problem problem;
	struct vigil_reader *reader;
	struct model *model;

	if (rp->is_over || is_cut || rp->options->to_ns != UINT64_MAX ||
	    vigil_reader_open_memory(process->base, process->size, &reader, &problem))
		return;
	vigil_reader_fix_now(reader, end_ns);
	model = vigil_reader_refresh(reader) ? NULL : model_new(reader);
	if (!model) {
		vigil_reader_close(reader);
		return;
	}
	report_stuck(rp, model);
	model_free(model);
}

void report_silent(struct report *report, const struct trace_process *process)
{
	/* It was there when the trace began, or its board was copied later. */
	struct trace_event first = { .unix_ns = process->first_unix_ns };

	if (process->events || !process->board)
		return;
	if (first.unix_ns < report->first_unix_ns)
		first.unix_ns = report->first_unix_ns;
	first.ns = trace_process_ns(process, first.unix_ns);
	process_of(report, process, &first);
}

void report_close(struct report *report, const struct trace_process *process)
{
	struct report_process *rp = process_of(report, process, NULL);
	struct open_slices open = { .rp = rp, .has_last = false };
	uint64_t end_ns;

	if (!rp || rp->is_closed)
		return;
	rp->is_closed = true;
	board_check(rp, process, process->last_ns);
	process_note(rp, process);
	end_ns = window_of(rp, process->last_ns);
	slices_open(process, end_ns, open_take, &open);
	open_take(&open, NULL);
	for (uint32_t i = 0; i < rp->executor_count; i++)
		level_settle(&rp->executors[i].runnable, &rp->bins, end_ns);
	level_settle(&rp->live, &rp->bins, end_ns);
	rp->end_ns = end_ns;
	tasks_close(rp);
	rows_name_sites(rp);
	stuck_find(rp, process, end_ns, report->problem[0] != '\0');
	inside_free(rp->inside);
	rp->inside = NULL;
	report->has_no_memory |= rp->has_no_memory;
	if (process->last_unix_ns > report->last_unix_ns)
		report->last_unix_ns = process->last_unix_ns;
}
