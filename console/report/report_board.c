/* SPDX-License-Identifier: MIT */
/*
 * What a board tells of itself: sums of sites, locks and workers since the start, but
 * nothing of single polls and waits, and no time of day. And who is stuck on it.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "console/names.h"
#include "console/report/report_private.h"
#include "console/waits.h"

static struct report_sum sum_of(uint64_t count, uint64_t ns, uint64_t max_ns)
{
	return (struct report_sum){ .count = count, .ns = ns, .max_ns = max_ns };
}

static void sum_join(struct report_sum *sum, const struct report_sum *more)
{
	sum->count += more->count;
	sum->ns += more->ns;
	if (more->max_ns > sum->max_ns)
		sum->max_ns = more->max_ns;
}

/* ---- Sites ---- */

static void hist_read(const struct model *model, uint32_t site, enum vigil_hist_side side,
		      struct vigil_hist **ret_hist, struct vigil_hist *all)
{
	struct vigil_hist *hist = calloc(1, sizeof(*hist));

	if (!hist || !vigil_reader_site_hist(model->reader, site, side, hist)) {
		free(hist);
		return;
	}
	*ret_hist = hist;
	report_hist_join(all, hist);
}

static void site_fill(struct report_process *rp, const struct model *model, uint32_t index)
{
	const struct vigil_site_record *site = VIGIL_AT(model->reader, site, index);
	const struct vigil_site_stats *stats = &model->sites[index];
	struct report_site *row = &rp->sites[index];

	report_site_name_put(row, site);
	if (site->kind == VIGIL_SITE_SPAN)
		row->span = sum_of(stats->busy_count, stats->busy_ns, stats->busy_max_ns);
	if (site->kind == VIGIL_SITE_OP)
		row->op = sum_of(stats->busy_count, stats->busy_ns, stats->busy_max_ns);
	if (site->kind != VIGIL_SITE_SPAWN)
		return;
	row->spawned = stats->spawned;
	row->ended = stats->spawned - stats->live;
	row->failed = stats->failed;
	row->cancelled = stats->cancelled;
	row->aborted = stats->aborted;
	row->run = sum_of(stats->busy_count, stats->busy_ns, stats->busy_max_ns);
	row->runnable = sum_of(stats->delay_count, stats->delay_ns, stats->delay_max_ns);
	hist_read(model, index + 1, VIGIL_HIST_BUSY, &row->run_hist, &rp->run_hist);
	hist_read(model, index + 1, VIGIL_HIST_DELAY, &row->runnable_hist, &rp->runnable_hist);
	sum_join(&rp->run, &row->run);
	sum_join(&rp->runnable, &row->runnable);
	rp->kinds[TRACE_task_spawn] += row->spawned;
	rp->kinds[TRACE_task_end] += row->ended;
}

static int sites_fill(struct report_process *rp, struct model *model)
{
	uint32_t count = vigil_reader_count(model->reader, VIGIL_TABLE_site);

	if (model_want_sites(model))
		return -ENOMEM;
	rp->sites = calloc(count + 1, sizeof(*rp->sites));
	if (!rp->sites)
		return -ENOMEM;
	rp->site_count = count;
	for (uint32_t i = 0; i < count; i++)
		site_fill(rp, model, i);
	return 0;
}

/* ---- Executors and workers ---- */

static uint32_t executor_row(const struct report_process *rp, uint64_t ref)
{
	for (uint32_t i = 0; i < rp->executor_count; i++)
		if (rp->executors[i].ref == ref)
			return i;
	return REPORT_NONE;
}

static int executors_fill(struct report_process *rp, const struct model *model)
{
	uint32_t count = vigil_reader_count(model->reader, VIGIL_TABLE_executor);

	for (uint32_t i = 0; i < count; i++) {
		const struct vigil_executor_record *it = VIGIL_AT(model->reader, executor, i);
		struct report_executor *row;
		char name[NAME_TEXT];

		if (it->life == VIGIL_LIFE_FREE)
			continue;
		row = array_add(&rp->executors, &rp->executor_count, sizeof(*row));
		if (!row)
			return -ENOMEM;
		name_executor(model, it, name, sizeof(name));
		snprintf(row->name, sizeof(row->name), "%.*s", REPORT_NAME - 1, name);
		row->ref = model_ref(model, VIGIL_TABLE_executor, it);
		row->kind = it->kind;
		row->site = it->site;
		row->queued_max = it->queued_max;
	}
	return 0;
}

/* Its longest poll; when that was is not on a board. */
static void longest_put(struct report_process *rp, const struct model *model,
			const struct vigil_worker_record *it, uint32_t row)
{
	const struct vigil_task_record *task = VIGIL_FIND(model->reader, task, it->busy_max_task);
	struct report_poll *poll = top_put(&rp->polls, it->busy_max_ns), *also;
	char name[NAME_TEXT] = "gone";

	if (!poll)
		return;
	if (task)
		name_task(model, task, name, sizeof(name));
	snprintf(poll->who.name, sizeof(poll->who.name), "%.*s", REPORT_NAME - 1, name);
	poll->who.id = task ? task->id : 0;
	poll->who.site = task ? task->site : 0;
	poll->worker = row;
	poll->executor = rp->workers[row].executor;
	poll->run_ns = it->busy_max_ns;
	also = report_is_pool(rp, poll->executor) ? NULL :
						    top_put(&rp->loop_polls, it->busy_max_ns);
	if (also)
		*also = *poll;
}

static int workers_fill(struct report_process *rp, const struct model *model)
{
	uint32_t count = vigil_reader_count(model->reader, VIGIL_TABLE_worker);

	for (uint32_t i = 0; i < count; i++) {
		const struct vigil_worker_record *it = VIGIL_AT(model->reader, worker, i);
		struct report_worker *row;
		struct worker_times times;
		char name[NAME_TEXT];

		if (it->life == VIGIL_LIFE_FREE)
			continue;
		row = array_add(&rp->workers, &rp->worker_count, sizeof(*row));
		if (!row)
			return -ENOMEM;
		name_worker(model, it, name, sizeof(name));
		snprintf(row->name, sizeof(row->name), "%.*s", REPORT_NAME - 1, name);
		model_worker_times(model, it, &times);
		row->executor = executor_row(rp, it->executor);
		row->is_of_pool = report_is_pool(rp, row->executor);
		if (row->executor != REPORT_NONE)
			rp->executors[row->executor].workers++;
		row->begin_ns = it->created_ns;
		row->end_ns = it->life == VIGIL_LIFE_ENDED ? it->ended_ns : 0;
		row->run = sum_of(it->polls, times.busy_ns, it->busy_max_ns);
		row->park = sum_of(it->parks, times.parked_ns, 0);
		longest_put(rp, model, it, rp->worker_count - 1);
	}
	return 0;
}

/* ---- Locks and tasks ---- */

/* Those who have it now have had it for a while, too. */
static void holds_open(struct report_resource *row, const struct vigil_resource_record *it,
		       uint64_t now)
{
	for (int i = 0; it->holders && i < VIGIL_OWNERS; i++) {
		uint64_t ns = less_of(now, it->held_since_ns[i]);

		if (!it->owner[i])
			continue;
		row->hold.ns += ns;
		if (ns <= row->hold.max_ns)
			continue;
		row->hold.max_ns = ns;
		row->hold_max_site = it->held_site[i];
	}
}

static int locks_fill(struct report_process *rp, const struct model *model)
{
	uint32_t count = vigil_reader_count(model->reader, VIGIL_TABLE_resource);

	for (uint32_t i = 0; i < count; i++) {
		const struct vigil_resource_record *it = VIGIL_AT(model->reader, resource, i);
		struct report_resource *row;

		if (it->life == VIGIL_LIFE_FREE || !(it->acquired || it->waiters))
			continue;
		row = array_add(&rp->resources, &rp->resource_count, sizeof(*row));
		if (!row)
			return -ENOMEM;
		memcpy(row->name, it->name, sizeof(row->name));
		memcpy(row->type, it->type, sizeof(row->type));
		row->kind = it->kind;
		row->site = it->site;
		row->count = 1;
		row->acquired = it->acquired;
		row->hold = sum_of(it->acquired, it->hold_ns, it->hold_max_ns);
		row->wait = sum_of(it->contended, it->wait_ns, it->wait_max_ns);
		row->hold_max_site = it->hold_max_site;
		holds_open(row, it, model->now);
		row->hold_hist = calloc(1, sizeof(*row->hold_hist));
		row->wait_hist = calloc(1, sizeof(*row->wait_hist));
		if (!row->hold_hist || !row->wait_hist)
			return -ENOMEM;
		vigil_reader_lock_hist(model->reader, it, VIGIL_HIST_BUSY, row->hold_hist);
		vigil_reader_lock_hist(model->reader, it, VIGIL_HIST_DELAY, row->wait_hist);
	}
	return 0;
}

static void task_tell(struct top *top, uint64_t key, const struct model *model,
		      const struct vigil_task_record *it, const struct vigil_task_times *times)
{
	struct report_task *task = top_put(top, key);
	char name[NAME_TEXT];

	if (!task)
		return;
	name_task(model, it, name, sizeof(name));
	snprintf(task->who.name, sizeof(task->who.name), "%.*s", REPORT_NAME - 1, name);
	task->who.id = it->id;
	task->who.site = it->site;
	task->born_ns = it->created_ns;
	task->run_ns = times->busy_ns;
	task->runnable_ns = times->scheduled_ns;
	task->wait_ns = times->idle_ns;
	task->polls = it->polls;
	task->run_max_ns = it->busy_max_ns;
	task->runnable_max_ns = it->scheduled_max_ns;
	task->outcome = it->life == VIGIL_LIFE_ENDED ? it->outcome : VIGIL_OUTCOME_NONE;
}

static void tasks_fill(struct report_process *rp, const struct model *model)
{
	uint32_t count = vigil_reader_count(model->reader, VIGIL_TABLE_task);

	for (uint32_t i = 0; i < count; i++) {
		const struct vigil_task_record *it = VIGIL_AT(model->reader, task, i);
		struct report_site *site;
		struct vigil_task_times times;

		if (it->life == VIGIL_LIFE_FREE)
			continue;
		vigil_task_times(it, model->now, &times);
		rp->tasks++;
		rp->live_end += it->life == VIGIL_LIFE_LIVE;
		site = it->site && it->site <= rp->site_count ? &rp->sites[it->site - 1] : NULL;
		if (site)
			sum_join(&site->wait, &(struct report_sum){ 1, times.idle_ns, 0 });
		task_tell(&rp->by_run, times.busy_ns, model, it, &times);
		task_tell(&rp->by_runnable, times.scheduled_ns, model, it, &times);
		task_tell(&rp->by_wait, times.idle_ns, model, it, &times);
	}
	rp->live.max = rp->live_end;
}

/* ---- Who is stuck ---- */

void report_stuck(struct report_process *rp, const struct model *model)
{
	struct chain *chains = NULL;
	int count = waits_stuck(model, WAITS_STUCK_NS, &chains);

	if (count > 0) {
		rp->stuck_count = (uint64_t)count;
		snprintf(rp->stuck, sizeof(rp->stuck), "%s", chains[0].summary);
	}
	free(chains);
}

/* ---- All of it ---- */

static int process_fill(struct report_process *rp, struct model *model)
{
	const struct vigil_process_record *process = model->process;
	int r;

	rp->is_board = true;
	rp->is_whole = true;
	rp->lost_events = model->totals.lost;
	rp->is_over = model->status == VIGIL_STATUS_FINISHED;
	rp->pid = vigil_reader_pid(model->reader);
	memcpy(rp->name, process->name, sizeof(rp->name));
	memcpy(rp->command, process->command, sizeof(rp->command));
	rp->origin_ns = rp->begin_ns = process->created_ns;
	rp->end_ns = model->now > rp->begin_ns ? model->now : rp->begin_ns;
	rp->first_unix_ns = process->created_unix_ns;
	rp->last_unix_ns = process->created_unix_ns + (rp->end_ns - rp->begin_ns);
	bins_init(&rp->bins, rp->begin_ns);
	r = sites_fill(rp, model);
	if (!r)
		r = executors_fill(rp, model);
	if (!r)
		r = workers_fill(rp, model);
	if (!r)
		r = locks_fill(rp, model);
	if (!r)
		tasks_fill(rp, model);
	report_stuck(rp, model);
	return r;
}

int report_of_model(const char *what, struct model *model, const struct report_options *options,
		    struct report **ret_report)
{
	struct report *report = report_new(what, options);
	struct report_process *rp = report ? report_process_new(report) : NULL;
	int r = rp ? process_fill(rp, model) : -ENOMEM;

	if (r) {
		report_free(report);
		return r;
	}
	report->is_board = true;
	report->first_unix_ns = rp->first_unix_ns;
	report->last_unix_ns = rp->last_unix_ns;
	report_end(report);
	*ret_report = report;
	return 0;
}
