/* SPDX-License-Identifier: MIT */
/* Tables of what waited: locks, waits, spans and operations, the critical path. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "console/format.h"
#include "console/names.h"
#include "console/report/report_grid.h"

#define WORDS 200

static size_t shown(const struct report_process *process, struct grid *grid, size_t count)
{
	size_t top = process->options->top;

	grid->more = count > top ? count - top : 0;
	return count > top ? top : count;
}

/* ---- Locks ---- */

static void lock_put(const struct report_process *process, const struct report_resource *it,
		     struct grid *grid)
{
	char words[WORDS];

	report_resource_words(process, (uint32_t)(it - process->resources), words, sizeof(words));
	grid_text(grid, it->count > 1 ? "%s (%" PRIu64 " of them)" : "%s", words, it->count);
	grid_text(grid, "%s", report_place(process, it->site));
	grid_count(grid, it->acquired);
	grid_count(grid, it->wait.count);
	grid_time(grid, it->wait.ns);
	grid_percentile(grid, it->wait_hist, 0.99);
	grid_time(grid, it->wait.max_ns);
	grid_text(grid, "%s", it->wait.count ? report_place(process, it->wait_max_site) : "");
	grid_time(grid, it->hold.ns);
	grid_percentile(grid, it->hold_hist, 0.5);
	grid_percentile(grid, it->hold_hist, 0.99);
	grid_time(grid, it->hold.max_ns);
	grid_text(grid, "%s", it->hold.count ? report_place(process, it->hold_max_site) : "");
}

void grid_locks(const struct report_process *process, struct grid *grid)
{
	static const struct grid_column columns[] = {
		{ "LOCK", false, "" },
		{ "MADE AT", false, "" },
		{ "TAKEN", true, "times" },
		{ "WAITS", true, "times somebody waited for it" },
		{ "WAITED", true, "all waiters together" },
		{ "p99", true, "of a wait" },
		{ "LONGEST", true, "wait" },
		{ "AT", false, "where that waiter stood" },
		{ "HELD", true, "all holders together" },
		{ "p50", true, "of a hold" },
		{ "p99", true, "of a hold" },
		{ "LONGEST", true, "hold" },
		{ "TAKEN AT", false, "where that was taken" },
	};
	size_t count;
	const struct report_resource **list = report_locks(process, &count);

	GRID_BEGIN(grid, "Locks",
		   "Most waited for first. Locks of one name, kind and place are one.", columns);
	count = shown(process, grid, count);
	for (size_t i = 0; i < count; i++)
		lock_put(process, list[i], grid);
	free(list);
}

/* ---- Waits ---- */

static void wait_put(const struct report_process *process, const struct report_wait *it,
		     uint64_t all_ns, struct grid *grid)
{
	char words[WORDS];

	grid_time(grid, it->sum.ns);
	grid_share(grid, it->sum.ns, all_ns);
	grid_count(grid, it->sum.count);
	grid_time(grid, it->sum.max_ns);
	grid_text(grid, "%s", it->site ? report_place(process, it->site) : "no task");
	grid_text(grid, "%s", report_wait_words(it, words, sizeof(words)));
	grid_text(grid, "%s",
		  report_object_words(process, it->object, it->number, words, sizeof(words)));
	grid_text(grid, "%s", it->ender ? report_place(process, it->ender) : "");
}

void grid_waits(const struct report_process *process, struct grid *grid, bool holds_up)
{
	static const struct grid_column columns[] = {
		{ "WAITED", true, "all together" },
		{ "SHARE", true, "of all in this table" },
		{ "TIMES", true, "" },
		{ "LONGEST", true, "" },
		{ "TASKS OF", false, "where the waiting tasks were spawned" },
		{ "FOR", false, "" },
		{ "WHAT", false, "" },
		{ "ENDED AT", false, "where the wake came from, or where the lock had been taken" },
	};
	size_t count, first = 0, until;
	const struct report_wait **list = report_waits(process, &count);
	uint64_t all_ns = 0;

	if (holds_up)
		GRID_BEGIN(grid, "Waits that held tasks up",
			   "For locks, permits, full queues and others' ends, for what was "
			   "overdue, or inside a poll.",
			   columns);
	else
		GRID_BEGIN(grid, "Other waits",
			   "For what comes from outside or is not due, and who ended that.",
			   columns);
	while (first < count && report_holds_up(list[first]))
		first++;
	until = holds_up ? first : count;
	first = holds_up ? 0 : first;
	for (size_t i = first; i < until; i++)
		all_ns += list[i]->sum.ns;
	count = shown(process, grid, until - first);
	for (size_t i = first; i < first + count; i++)
		wait_put(process, list[i], all_ns, grid);
	free(list);
}

/* ---- Spans and operations ---- */

static const struct grid_column use_columns[] = {
	{ "NAME", false, "" },  { "MADE AT", false, "" }, { "TIMES", true, "" },
	{ "IN ALL", true, "" }, { "MEAN", true, "" },     { "LONGEST", true, "" },
};

static void use_put(const struct report_site *site, const struct report_sum *sum, struct grid *grid)
{
	grid_text(grid, "%s", report_site_name(site));
	grid_text(grid, "%s", site->place);
	grid_count(grid, sum->count);
	grid_time(grid, sum->ns);
	grid_time(grid, sum->count ? sum->ns / sum->count : 0);
	grid_time(grid, sum->max_ns);
}

void grid_spans(const struct report_process *process, struct grid *grid)
{
	size_t count;
	const struct report_site **list = report_span_sites(process, &count);

	GRID_BEGIN(grid, "Spans", "Time in them, from entering to leaving.", use_columns);
	count = shown(process, grid, count);
	for (size_t i = 0; i < count; i++)
		use_put(list[i], &list[i]->span, grid);
	free(list);
}

void grid_ops(const struct report_process *process, struct grid *grid)
{
	size_t count;
	const struct report_site **list = report_op_sites(process, &count);

	GRID_BEGIN(grid, "Operations", "From call to result.", use_columns);
	count = shown(process, grid, count);
	for (size_t i = 0; i < count; i++)
		use_put(list[i], &list[i]->op, grid);
	free(list);
}

/* ---- The critical path ---- */

static void cause_put(const struct report_process *process, const struct report_cause *it,
		      uint64_t all_ns, struct grid *grid)
{
	char words[WORDS], run[FORMAT_SIZE], runnable[FORMAT_SIZE], wait[FORMAT_SIZE];

	grid_time(grid, it->wait.sum.ns);
	grid_share(grid, it->wait.sum.ns, all_ns);
	grid_count(grid, it->wait.sum.count);
	grid_time(grid, it->wait.sum.max_ns);
	report_object_words(process, it->wait.object, it->wait.number, words, sizeof(words));
	grid_text(grid, "%s: %s%s%s", it->wait.is_blocked ? "blocked" : "waits",
		  it->wait.kind ? word_wait(it->wait.kind) : "not said", words[0] ? ", " : "",
		  words);
	grid_text(grid, "%s", report_who_words(&it->waker, words, sizeof(words)));
	grid_text(grid, "%s", it->wait.ender ? report_place(process, it->wait.ender) : "");
	if (!it->run_ns && !it->runnable_ns && !it->wait_ns)
		grid_text(grid, "%s", "");
	else
		grid_text(grid, "ran %s, runnable %s, waited %s",
			  format_duration(run, sizeof(run), it->run_ns, 0),
			  format_duration(runnable, sizeof(runnable), it->runnable_ns, 0),
			  format_duration(wait, sizeof(wait), it->wait_ns, 0));
}

static void own_put(const char *words, const struct report_sum *sum, uint64_t all_ns,
		    struct grid *grid)
{
	grid_time(grid, sum->ns);
	grid_share(grid, sum->ns, all_ns);
	grid_count(grid, sum->count);
	grid_time(grid, sum->max_ns);
	grid_text(grid, "%s", words);
	grid_text(grid, "%s", "");
	grid_text(grid, "%s", "");
	grid_text(grid, "%s", "");
}

static int more_first(const void *a, const void *b)
{
	const struct report_cause *x = *(const struct report_cause *const *)a;
	const struct report_cause *y = *(const struct report_cause *const *)b;

	return (x->wait.sum.ns < y->wait.sum.ns) - (x->wait.sum.ns > y->wait.sum.ns);
}

void grid_path_who(const struct report_process *process, struct grid *grid)
{
	static const struct grid_column columns[] = {
		{ "TIME", true, "" },
		{ "SHARE", true, "of its life" },
		{ "TIMES", true, "" },
		{ "LONGEST", true, "" },
		{ "IT", false, "what the task did" },
		{ "ENDED BY", false, "who woke it last so, or had the lock" },
		{ "AT", false, "where that stood, or had taken it" },
		{ "MEANWHILE", false, "what that did while the task waited" },
	};
	const struct report_path *path = &process->path;
	uint64_t all_ns = path->run.ns + path->runnable.ns + path->wait.ns + path->blocked.ns;
	const struct report_cause *list[REPORT_CAUSES];

	GRID_BEGIN(grid, "Where its time went", "", columns);
	if (!path->is_found)
		return;
	own_put("runs", &path->run, all_ns, grid);
	own_put("runnable", &path->runnable, all_ns, grid);
	for (uint32_t i = 0; i < path->cause_count; i++)
		list[i] = &path->causes[i];
	if (path->cause_count)
		qsort(list, path->cause_count, sizeof(*list), more_first);
	for (uint32_t i = 0; i < path->cause_count; i++)
		cause_put(process, list[i], all_ns, grid);
}

/* In the middle of a poll: where, on what, whose fault. */
static void blocked_words(const struct report_process *process, const struct report_step *step,
			  char *buf, size_t size)
{
	const char *at = report_place(process, step->wake_site);
	char object[WORDS], who[WORDS];

	report_object_words(process, step->wait.object, step->wait.number, object, sizeof(object));
	if (wait_is_for_lock(step->wait.kind))
		snprintf(buf, size, "blocked at %s on %s, held by %s, taken at %s", at,
			 object[0] ? object : "a lock",
			 report_who_words(&step->waker, who, sizeof(who)),
			 report_place(process, step->wait.ender));
	else
		snprintf(buf, size, "blocked at %s: %s%s%s", at, word_wait(step->wait.kind),
			 object[0] ? ", " : "", object);
}

static void step_words(const struct report_process *process, const struct report_step *step,
		       char *buf, size_t size)
{
	char object[WORDS], who[WORDS];

	report_object_words(process, step->wait.object, step->wait.number, object, sizeof(object));
	switch (step->kind) {
	case SLICE_RUN:
		snprintf(buf, size, "runs on %s", report_worker_name(process, step->worker));
		break;
	case SLICE_RUNNABLE:
		if (!step->waker.name[0] && !step->wake_site)
			snprintf(buf, size, "runnable");
		else
			snprintf(buf, size, "runnable, woken by %s at %s",
				 report_who_words(&step->waker, who, sizeof(who)),
				 report_place(process, step->wake_site));
		break;
	case SLICE_WAIT:
		snprintf(buf, size, "waits: %s%s%s",
			 step->wait.kind ? word_wait(step->wait.kind) : "not said",
			 object[0] ? ", " : "", object);
		break;
	case SLICE_BLOCKED:
		blocked_words(process, step, buf, size);
		break;
	default:
		snprintf(buf, size, "%" PRIu64 " short steps", step->steps);
		break;
	}
}

void grid_path(const struct report_process *process, struct grid *grid)
{
	static const struct grid_column columns[] = {
		{ "AT", true, "since the start of the trace" },
		{ "FOR", true, "" },
		{ "STEP", false, "further right: what who ended the wait did meanwhile" },
	};
	const struct report_path *path = &process->path;
	char words[3 * WORDS], who[WORDS], at[FORMAT_SIZE];

	GRID_BEGIN(grid, "Critical path", "", columns);
	for (size_t i = 0; path->is_found && i < path->count; i++) {
		const struct report_step *step = &path->steps[i];

		step_words(process, step, words, sizeof(words));
		grid_text(grid, "%s", report_at_words(process, step->begin_ns, at, sizeof(at)));
		grid_time(grid, step->end_ns - step->begin_ns);
		grid_text(grid, "%*s%s%s%s%s", 4 * step->depth, "",
			  step->depth ? report_who_words(&step->who, who, sizeof(who)) : "",
			  step->depth ? " " : "", words,
			  !step->is_open     ? "" :
			  process->is_killed ? " (until it was killed)" :
			  process->ended[0]  ? " (until it ended)" :
					       " (to the end of the trace)");
	}
}
