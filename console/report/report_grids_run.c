/* SPDX-License-Identifier: MIT */
/* Tables of what ran: polls, executors, workers, sites, tasks. */
#include <inttypes.h>
#include <stdlib.h>

#include "console/format.h"
#include "console/names.h"
#include "console/report/report_grid.h"

#define WORDS 160

static size_t shown(const struct report_process *process, struct grid *grid, size_t count)
{
	size_t top = process->options->top;

	grid->more = count > top ? count - top : 0;
	return count > top ? top : count;
}

static void cell_place(struct grid *grid, const struct report_process *process, uint32_t site)
{
	grid_text(grid, "%s", report_place(process, site));
}

static void cell_who(struct grid *grid, const struct report_who *who)
{
	char words[WORDS];

	grid_text(grid, "%s", report_who_words(who, words, sizeof(words)));
}

static void cell_since(struct grid *grid, const struct report_process *process, uint64_t ns)
{
	char words[FORMAT_SIZE];

	grid_text(grid, "%s", report_at_words(process, ns, words, sizeof(words)));
}

/* ---- Polls ---- */

static void cell_blocked(struct grid *grid, const struct report_process *process,
			 const struct report_poll *poll)
{
	char time[FORMAT_SIZE];

	if (!poll->blocked_ns)
		grid_text(grid, "%s", "");
	else
		grid_text(grid, "%s %s at %s",
			  format_duration(time, sizeof(time), poll->blocked_ns, 0),
			  word_wait(poll->blocked_kind), report_place(process, poll->blocked_site));
}

static void cell_delayed(struct grid *grid, const struct report_process *process,
			 const struct report_poll *poll)
{
	if (report_is_delay_known(process, poll->executor, poll->run_ns, poll->delayed_ns))
		grid_time(grid, poll->delayed_ns);
	else
		grid_text(grid, process->is_board ? "" : "not known");
}

static void cell_worker(struct grid *grid, const struct report_process *process,
			const struct report_poll *poll)
{
	if (poll->is_open)
		grid_text(grid, "%s (%s)", report_worker_name(process, poll->worker),
			  report_open_words(process));
	else
		grid_text(grid, "%s", report_worker_name(process, poll->worker));
}

void grid_polls(const struct report_process *process, struct grid *grid)
{
	static const struct grid_column columns[] = {
		{ "RAN", true, "how long" },
		{ "AT", true, "since the start of the trace" },
		{ "TASK", false, "" },
		{ "SPAWNED AT", false, "" },
		{ "WORKER", false, "" },
		{ "SPAN", false, "the innermost that had at least half of it" },
		{ "DELAYED", true, "runnable tasks of its executor waited so long, together" },
		{ "BLOCKED", false, "of it, its thread waited" },
	};
	size_t count = shown(process, grid, process->polls.count);

	GRID_BEGIN(grid, "Slowest polls", "One poll is what a worker does without a break.",
		   columns);
	grid->more = process->is_board ? 0 : process->run.count - count;
	for (size_t i = 0; i < count; i++) {
		const struct report_poll *poll = top_at(&process->polls, i);

		grid_time(grid, poll->run_ns);
		cell_since(grid, process, poll->begin_ns);
		cell_who(grid, &poll->who);
		cell_place(grid, process, poll->who.site);
		cell_worker(grid, process, poll);
		grid_text(grid, "%s", poll->span);
		cell_delayed(grid, process, poll);
		cell_blocked(grid, process, poll);
	}
}

static void cell_worst(struct grid *grid, const struct report_poll *poll)
{
	char words[REPORT_DELAYED * WORDS] = "", who[WORDS], time[FORMAT_SIZE];
	size_t at = 0;

	for (int i = 0; i < REPORT_DELAYED && poll->worst[i].ns; i++)
		at += (size_t)snprintf(words + at, sizeof(words) - at, "%s%s %s", at ? ", " : "",
				       report_who_words(&poll->worst[i].who, who, sizeof(who)),
				       format_duration(time, sizeof(time), poll->worst[i].ns, 0));
	grid_text(grid, "%s", words);
}

void grid_blocked(const struct report_process *process, struct grid *grid)
{
	static const struct grid_column columns[] = {
		{ "DELAYED", true, "what runnable tasks of the executor waited, together" },
		{ "RAN", true, "the poll" },
		{ "AT", true, "since the start of the trace" },
		{ "EXECUTOR", false, "" },
		{ "WORKER", false, "" },
		{ "TASK", false, "whose poll it was" },
		{ "SPAWNED AT", false, "" },
		{ "LEFT", true, "runnable tasks at its end" },
		{ "WORST", false, "who waited longest" },
	};
	size_t count = shown(process, grid, process->blocked.count);

	GRID_BEGIN(grid, "Blocked executors",
		   "Polls longer than 10 ms while other tasks of the executor were runnable. Not "
		   "known: a loop that is blocked does not learn who is ready.",
		   columns);
	grid->more = 0;
	for (size_t i = 0; i < count; i++) {
		const struct report_poll *poll = top_at(&process->blocked, i);

		cell_delayed(grid, process, poll);
		grid_time(grid, poll->run_ns);
		cell_since(grid, process, poll->begin_ns);
		grid_text(grid, "%s", report_executor_name(process, poll->executor));
		cell_worker(grid, process, poll);
		cell_who(grid, &poll->who);
		cell_place(grid, process, poll->who.site);
		grid_count(grid, poll->delayed);
		cell_worst(grid, poll);
	}
}

/* ---- Executors and workers ---- */

void grid_executors(const struct report_process *process, struct grid *grid)
{
	static const struct grid_column columns[] = {
		{ "EXECUTOR", false, "" },
		{ "KIND", false, "" },
		{ "WORKERS", true, "" },
		{ "QUEUE MEAN", true, "runnable tasks" },
		{ "QUEUE MAX", true, "runnable tasks" },
		{ "QUEUE TOLD", true, "the most its runtime told of" },
		{ "LONG POLLS", true, "longer than 10 ms" },
		{ "IN THEM", true, "" },
		{ "DELAYED", true, "runnable tasks meanwhile, together" },
	};
	size_t count = shown(process, grid, process->executor_count);
	uint64_t length = process->end_ns - process->begin_ns;

	GRID_BEGIN(grid, "Executors and their queues",
		   "Queue: tasks that are runnable and not polled.", columns);
	for (uint32_t i = 0; i < count; i++) {
		const struct report_executor *it = &process->executors[i];
		double mean = length ? (double)it->runnable.area / (double)length : 0;

		grid_text(grid, "%s", it->name);
		grid_text(grid, "%s", word_executor_kind(it->kind));
		grid_count(grid, it->workers);
		grid_text(grid, process->is_board ? "-" : "%.2f", mean);
		grid_text(grid, process->is_board ? "-" : "%" PRIu64, it->runnable.max);
		grid_count(grid, it->queued_max);
		grid_count(grid, it->long_polls);
		grid_time(grid, it->long_ns);
		if (process->is_board ||
		    report_is_delay_known(process, i, it->long_ns, it->delayed_ns))
			grid_time(grid, it->delayed_ns);
		else
			grid_text(grid, "not known");
	}
}

void grid_workers(const struct report_process *process, struct grid *grid)
{
	static const struct grid_column columns[] = {
		{ "WORKER", false, "" },
		{ "EXECUTOR", false, "" },
		{ "BUSY", true, "share of its time in polls" },
		{ "IN POLLS", true, "" },
		{ "POLLS", true, "" },
		{ "LONGEST", true, "poll" },
		{ "PARKED", true, "without work" },
		{ "BLOCKED", true, "its thread waited" },
		{ "LONG POLLS", true, "longer than 10 ms" },
	};
	size_t count;
	const struct report_worker **list = report_workers(process, &count);

	GRID_BEGIN(grid, "Workers",
		   "Threads that poll, or that wake, spawn or lock. Blocked loops first.", columns);
	count = shown(process, grid, count);
	for (size_t i = 0; i < count; i++) {
		const struct report_worker *it = list[i];
		uint64_t from = it->begin_ns > process->begin_ns ? it->begin_ns : process->begin_ns;
		uint64_t until = it->end_ns ? it->end_ns : process->end_ns;

		grid_text(grid, "%s", it->name);
		grid_text(grid, "%s", report_executor_name(process, it->executor));
		grid_share(grid, it->run.ns, until > from ? until - from : 0);
		grid_time(grid, it->run.ns);
		grid_count(grid, it->run.count);
		grid_time(grid, it->run.max_ns);
		grid_time(grid, it->park.ns);
		grid_time(grid, it->blocked.ns);
		grid_count(grid, it->long_polls);
	}
	free(list);
}

/* ---- Sites and tasks ---- */

/* All rows are in the first table when there is room: then no other order is needed. */
static bool is_needless(const struct report_process *process, enum report_order order, size_t count)
{
	return order != REPORT_BY_RUN && count <= process->options->top;
}

static size_t sites_that_ran(const struct report_process *process)
{
	size_t count;

	free(report_sites(process, REPORT_BY_RUN, &count));
	return count;
}

static void site_put(const struct report_site *it, struct grid *grid)
{
	grid_text(grid, "%s", it->place);
	grid_text(grid, "%s", report_site_name(it));
	grid_count(grid, it->spawned);
	grid_count(grid, it->run.count);
	grid_time(grid, it->run.ns);
	grid_percentile(grid, it->run_hist, 0.5);
	grid_percentile(grid, it->run_hist, 0.99);
	grid_time(grid, it->run.max_ns);
	grid_time(grid, it->runnable.ns);
	grid_percentile(grid, it->runnable_hist, 0.99);
	grid_time(grid, it->runnable.max_ns);
	grid_time(grid, it->wait.ns);
}

void grid_sites(const struct report_process *process, struct grid *grid, enum report_order order)
{
	static const struct grid_column columns[] = {
		{ "SPAWNED AT", false, "" },
		{ "NAME", false, "" },
		{ "TASKS", true, "spawned" },
		{ "POLLS", true, "" },
		{ "BUSY", true, "in polls, all tasks" },
		{ "p50", true, "of a poll" },
		{ "p99", true, "of a poll" },
		{ "LONGEST", true, "poll" },
		{ "SCHEDULED", true, "runnable and not polled, all tasks" },
		{ "p99", true, "of a time runnable" },
		{ "LONGEST", true, "time runnable" },
		{ "WAITING", true, "all tasks" },
	};
	static const char *const titles[] = { "Sites, by busy time", "Sites, by time scheduled",
					      "Sites, by time waiting" };
	size_t count;
	const struct report_site **list = report_sites(process, order, &count);

	GRID_BEGIN(grid, titles[order], "Tasks by the line that spawned them.", columns);
	if (!is_needless(process, order, sites_that_ran(process))) {
		size_t some = shown(process, grid, count);

		for (size_t i = 0; i < some; i++)
			site_put(list[i], grid);
	}
	free(list);
}

static void task_put(const struct report_process *process, const struct report_task *it,
		     struct grid *grid)
{
	cell_who(grid, &it->who);
	cell_place(grid, process, it->who.site);
	grid_time(grid, it->run_ns);
	grid_count(grid, it->polls);
	grid_time(grid, it->run_max_ns);
	grid_time(grid, it->runnable_ns);
	grid_time(grid, it->runnable_max_ns);
	grid_time(grid, it->held_ns);
	grid_time(grid, it->wait_ns);
	grid_text(grid, "%s",
		  it->outcome       ? word_outcome(it->outcome) :
		  process->ended[0] ? "lived" :
				      "lives");
}

void grid_tasks(const struct report_process *process, struct grid *grid, enum report_order order)
{
	static const struct grid_column columns[] = {
		{ "TASK", false, "" },
		{ "SPAWNED AT", false, "" },
		{ "BUSY", true, "in polls" },
		{ "POLLS", true, "" },
		{ "LONGEST", true, "poll" },
		{ "SCHEDULED", true, "runnable and not polled" },
		{ "LONGEST", true, "time runnable" },
		{ "HELD UP", true,
		  "by locks, permits, full queues, others' ends, late; also in polls" },
		{ "WAITING", true, "" },
		{ "END", false, "" },
	};
	static const char *const titles[] = { "Tasks, by busy time", "Tasks, by time scheduled",
					      "Tasks, by time held up, then waiting" };
	const struct top *tops[] = { &process->by_run, &process->by_runnable, &process->by_wait };
	size_t count = tops[order]->count;

	GRID_BEGIN(grid, titles[order], "", columns);
	if (is_needless(process, order, process->tasks))
		return;
	if (count > process->options->top)
		count = process->options->top;
	for (size_t i = 0; i < count; i++)
		task_put(process, top_at(tops[order], i), grid);
	if (order == REPORT_BY_RUN && process->tasks > count)
		grid->more = process->tasks - count;
}
