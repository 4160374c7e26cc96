/* SPDX-License-Identifier: MIT */
/* A report as one JSON document: numbers whole, times in ns, what is not known null. */
#include <stdlib.h>

#include "console/json.h"
#include "console/names.h"
#include "console/report/report.h"

#define WORDS 200

/* ---- Members that several rows have ---- */

static void put_site(struct json *json, const struct report_process *rp, const char *key,
		     uint32_t site)
{
	const struct report_site *row =
		site && rp->sites && site <= rp->site_count ? &rp->sites[site - 1] : NULL;

	if (!row) {
		json_null(json, key);
		return;
	}
	json_object_begin(json, key);
	json_text(json, "file", row->file);
	json_u64(json, "line", row->line);
	json_text(json, "function", row->function);
	json_text(json, "name", row->name[0] ? row->name : NULL);
	json_object_end(json);
}

static void put_who(struct json *json, const struct report_process *rp, const char *key,
		    const struct report_who *who)
{
	if (!who->id && !who->name[0]) {
		json_null(json, key);
		return;
	}
	json_object_begin(json, key);
	if (who->id)
		json_u64(json, "id", who->id);
	else
		json_null(json, "id");
	json_text(json, "name", who->name);
	put_site(json, rp, "site", who->site);
	json_object_end(json);
}

static void put_sum(struct json *json, const char *key, const struct report_sum *sum,
		    const struct vigil_hist *hist)
{
	json_object_begin(json, key);
	json_u64(json, "count", sum->count);
	json_u64(json, "sum_ns", sum->ns);
	json_u64(json, "max_ns", sum->max_ns);
	if (hist) {
		json_u64(json, "p50_ns", vigil_hist_percentile(hist, 0.5));
		json_u64(json, "p90_ns", vigil_hist_percentile(hist, 0.9));
		json_u64(json, "p99_ns", vigil_hist_percentile(hist, 0.99));
	}
	json_object_end(json);
}

/* A time of day is not on a board. */
static void put_at(struct json *json, const struct report_process *rp, const char *key, uint64_t ns)
{
	if (ns)
		json_u64(json, key, report_since(rp, ns));
	else
		json_null(json, key);
}

static void put_resource(struct json *json, const struct report_process *rp, const char *key,
			 uint32_t row)
{
	char words[WORDS];

	if (row < rp->resource_count)
		json_text(json, key, report_resource_words(rp, row, words, sizeof(words)));
	else
		json_null(json, key);
}

static void put_worker(struct json *json, const struct report_process *rp, uint32_t row)
{
	json_text(json, "worker", row < rp->worker_count ? rp->workers[row].name : NULL);
}

static void put_executor(struct json *json, const struct report_process *rp, uint32_t row)
{
	json_text(json, "executor", row < rp->executor_count ? rp->executors[row].name : NULL);
}

/* ---- Rows ---- */

static void put_poll(struct json *json, const struct report_process *rp,
		     const struct report_poll *poll)
{
	json_object_begin(json, NULL);
	put_who(json, rp, "task", &poll->who);
	put_worker(json, rp, poll->worker);
	put_executor(json, rp, poll->executor);
	put_at(json, rp, "at_ns", poll->begin_ns);
	json_u64(json, "run_ns", poll->run_ns);
	json_bool(json, "is_open", poll->is_open);
	json_text(json, "span", poll->span[0] ? poll->span : NULL);
	json_u64(json, "blocked_ns", poll->blocked_ns);
	json_text(json, "blocked_for", poll->blocked_ns ? word_wait(poll->blocked_kind) : NULL);
	put_site(json, rp, "blocked_at", poll->blocked_ns ? poll->blocked_site : 0);
	json_u64(json, "delayed_ns", poll->delayed_ns);
	json_bool(json, "is_delay_known",
		  !rp->is_board && report_is_delay_known(rp, poll->executor, poll->run_ns,
							 poll->delayed_ns));
	json_u64(json, "delayed_tasks", poll->delayed);
	json_array_begin(json, "delayed");
	for (int i = 0; i < REPORT_DELAYED && poll->worst[i].ns; i++) {
		json_object_begin(json, NULL);
		put_who(json, rp, "task", &poll->worst[i].who);
		json_u64(json, "ns", poll->worst[i].ns);
		json_object_end(json);
	}
	json_array_end(json);
	json_object_end(json);
}

static void put_polls(struct json *json, const struct report_process *rp, const char *key,
		      const struct top *top)
{
	size_t count = top->count < rp->options->top ? top->count : rp->options->top;

	json_array_begin(json, key);
	for (size_t i = 0; i < count; i++)
		put_poll(json, rp, top_at(top, i));
	json_array_end(json);
}

static void put_executors(struct json *json, const struct report_process *rp)
{
	uint64_t length = rp->end_ns - rp->begin_ns;

	json_array_begin(json, "executors");
	for (uint32_t i = 0; i < rp->executor_count; i++) {
		const struct report_executor *it = &rp->executors[i];

		json_object_begin(json, NULL);
		json_text(json, "name", it->name);
		json_text(json, "kind", word_executor_kind(it->kind));
		put_site(json, rp, "site", it->site);
		json_u64(json, "workers", it->workers);
		if (rp->is_board)
			json_null(json, "queue_mean");
		else
			json_real(json, "queue_mean",
				  length ? (double)it->runnable.area / (double)length : 0);
		json_u64(json, "queue_max", it->runnable.max);
		json_u64(json, "queue_told_max", it->queued_max);
		json_u64(json, "long_polls", it->long_polls);
		json_u64(json, "long_polls_ns", it->long_ns);
		json_u64(json, "delayed_ns", it->delayed_ns);
		json_object_end(json);
	}
	json_array_end(json);
}

static void put_workers(struct json *json, const struct report_process *rp)
{
	json_array_begin(json, "workers");
	for (uint32_t i = 0; i < rp->worker_count; i++) {
		const struct report_worker *it = &rp->workers[i];

		json_object_begin(json, NULL);
		json_text(json, "name", it->name);
		put_executor(json, rp, it->executor);
		put_sum(json, "run", &it->run, NULL);
		put_sum(json, "parked", &it->park, NULL);
		put_sum(json, "blocked", &it->blocked, NULL);
		json_u64(json, "long_polls", it->long_polls);
		json_u64(json, "long_polls_ns", it->long_ns);
		json_object_end(json);
	}
	json_array_end(json);
}

static void put_sites(struct json *json, const struct report_process *rp)
{
	size_t count;
	const struct report_site **list = report_sites(rp, REPORT_BY_RUN, &count);

	json_array_begin(json, "sites");
	for (size_t i = 0; i < count; i++) {
		json_object_begin(json, NULL);
		put_site(json, rp, "site", (uint32_t)(list[i] - rp->sites) + 1);
		json_u64(json, "spawned", list[i]->spawned);
		json_u64(json, "ended", list[i]->ended);
		json_u64(json, "failed", list[i]->failed);
		json_u64(json, "cancelled", list[i]->cancelled);
		json_u64(json, "aborted", list[i]->aborted);
		put_sum(json, "run", &list[i]->run, list[i]->run_hist);
		put_sum(json, "scheduled", &list[i]->runnable, list[i]->runnable_hist);
		put_sum(json, "waiting", &list[i]->wait, NULL);
		json_object_end(json);
	}
	json_array_end(json);
	free(list);
}

static void put_uses(struct json *json, const struct report_process *rp, const char *key,
		     bool is_span)
{
	size_t count;
	const struct report_site **list =
		is_span ? report_span_sites(rp, &count) : report_op_sites(rp, &count);

	json_array_begin(json, key);
	for (size_t i = 0; i < count; i++) {
		json_object_begin(json, NULL);
		put_site(json, rp, "site", (uint32_t)(list[i] - rp->sites) + 1);
		put_sum(json, "time", is_span ? &list[i]->span : &list[i]->op, NULL);
		json_object_end(json);
	}
	json_array_end(json);
	free(list);
}

static void put_tasks(struct json *json, const struct report_process *rp, const char *key,
		      const struct top *top)
{
	json_array_begin(json, key);
	for (size_t i = 0; i < top->count; i++) {
		const struct report_task *it = top_at(top, i);

		json_object_begin(json, NULL);
		put_who(json, rp, "task", &it->who);
		json_u64(json, "polls", it->polls);
		json_u64(json, "run_ns", it->run_ns);
		json_u64(json, "run_max_ns", it->run_max_ns);
		json_u64(json, "scheduled_ns", it->runnable_ns);
		json_u64(json, "scheduled_max_ns", it->runnable_max_ns);
		json_u64(json, "held_up_ns", it->held_ns);
		json_u64(json, "waiting_ns", it->wait_ns);
		json_text(json, "outcome", it->outcome ? word_outcome(it->outcome) : NULL);
		json_object_end(json);
	}
	json_array_end(json);
}

static void put_locks(struct json *json, const struct report_process *rp)
{
	size_t count;
	const struct report_resource **list = report_locks(rp, &count);

	json_array_begin(json, "locks");
	for (size_t i = 0; i < count; i++) {
		const struct report_resource *it = list[i];

		json_object_begin(json, NULL);
		put_resource(json, rp, "lock", (uint32_t)(it - rp->resources));
		json_text(json, "name", it->name[0] ? it->name : NULL);
		json_text(json, "kind", word_resource_kind(it->kind));
		put_site(json, rp, "site", it->site);
		json_u64(json, "count", it->count);
		json_u64(json, "acquired", it->acquired);
		put_sum(json, "wait", &it->wait, it->wait_hist);
		put_site(json, rp, "wait_max_at", it->wait_max_site);
		put_site(json, rp, "wait_max_held_from", it->wait_max_holder);
		put_sum(json, "hold", &it->hold, it->hold_hist);
		put_site(json, rp, "hold_max_taken_at", it->hold_max_site);
		json_object_end(json);
	}
	json_array_end(json);
	free(list);
}

static void put_wait_members(struct json *json, const struct report_process *rp,
			     const struct report_wait *it)
{
	char words[WORDS];

	json_text(json, "for", it->kind ? word_wait(it->kind) : NULL);
	report_object_words(rp, it->object, it->number, words, sizeof(words));
	json_text(json, "object", words[0] ? words : NULL);
	put_site(json, rp, "ended_at", it->ender);
}

static void put_waits(struct json *json, const struct report_process *rp)
{
	size_t count;
	const struct report_wait **list = report_waits(rp, &count);

	json_array_begin(json, "waits");
	for (size_t i = 0; i < count; i++) {
		json_object_begin(json, NULL);
		put_site(json, rp, "tasks_of", list[i]->site);
		json_bool(json, "is_thread_blocked", list[i]->is_blocked);
		json_bool(json, "is_overdue", list[i]->is_overdue);
		json_bool(json, "holds_up", report_holds_up(list[i]));
		put_wait_members(json, rp, list[i]);
		put_sum(json, "time", &list[i]->sum, NULL);
		json_object_end(json);
	}
	json_array_end(json);
	free(list);
}

/* ---- The critical path ---- */

static void put_step(struct json *json, const struct report_process *rp,
		     const struct report_step *step)
{
	static const char *const words[] = { "run", "runnable", "wait" };
	bool is_blocked = step->kind == SLICE_BLOCKED;

	json_object_begin(json, NULL);
	json_i64(json, "depth", step->depth);
	put_who(json, rp, "task", &step->who);
	json_text(json, "state",
		  step->kind <= SLICE_WAIT ? words[step->kind] :
		  is_blocked               ? "blocked" :
					     "short steps");
	json_u64(json, "steps", step->steps);
	put_at(json, rp, "at_ns", step->begin_ns);
	json_u64(json, "ns", step->end_ns - step->begin_ns);
	json_bool(json, "is_open", step->is_open);
	put_worker(json, rp, step->worker);
	put_who(json, rp, is_blocked ? "held_by" : "woken_by", &step->waker);
	put_site(json, rp, is_blocked ? "blocked_at" : "woken_at", step->wake_site);
	if (step->kind == SLICE_WAIT || is_blocked)
		put_wait_members(json, rp, &step->wait);
	json_object_end(json);
}

static void put_causes(struct json *json, const struct report_process *rp)
{
	const struct report_path *path = &rp->path;

	json_array_begin(json, "causes");
	for (uint32_t i = 0; i < path->cause_count; i++) {
		const struct report_cause *it = &path->causes[i];

		json_object_begin(json, NULL);
		json_bool(json, "is_thread_blocked", it->wait.is_blocked);
		put_wait_members(json, rp, &it->wait);
		put_who(json, rp, "ended_by", &it->waker);
		put_sum(json, "time", &it->wait.sum, NULL);
		json_u64(json, "meanwhile_run_ns", it->run_ns);
		json_u64(json, "meanwhile_scheduled_ns", it->runnable_ns);
		json_u64(json, "meanwhile_waiting_ns", it->wait_ns);
		json_object_end(json);
	}
	json_array_end(json);
}

static void put_path(struct json *json, const struct report_process *rp)
{
	const struct report_path *path = &rp->path;

	if (!path->is_found) {
		json_null(json, "critical_path");
		return;
	}
	json_object_begin(json, "critical_path");
	put_who(json, rp, "task", &path->task.who);
	put_sum(json, "run", &path->run, NULL);
	put_sum(json, "scheduled", &path->runnable, NULL);
	put_sum(json, "waiting", &path->wait, NULL);
	put_sum(json, "blocked", &path->blocked, NULL);
	put_causes(json, rp);
	json_u64(json, "short_ns", path->short_ns);
	json_bool(json, "is_cut", path->is_cut);
	json_array_begin(json, "steps");
	for (size_t i = 0; i < path->count; i++)
		put_step(json, rp, &path->steps[i]);
	json_array_end(json);
	json_object_end(json);
}

/* ---- Bins ---- */

static void put_series(struct json *json, const char *key, const struct series *series,
		       size_t count)
{
	if (!series) {
		json_null(json, key);
		return;
	}
	json_array_begin(json, key);
	for (size_t i = 0; i < count; i++)
		json_u64(json, NULL, series->values[i]);
	json_array_end(json);
}

static void put_bins(struct json *json, const struct report_process *rp)
{
	size_t count = bins_count(&rp->bins, rp->end_ns);

	if (rp->is_board) {
		json_null(json, "bins");
		return;
	}
	json_object_begin(json, "bins");
	put_at(json, rp, "first_at_ns", rp->bins.origin_ns);
	json_u64(json, "width_ns", rp->bins.width_ns);
	put_series(json, "live_tasks_max", rp->live.peaks, count);
	json_array_begin(json, "workers");
	for (uint32_t i = 0; i < rp->worker_count; i++) {
		json_object_begin(json, NULL);
		json_text(json, "name", rp->workers[i].name);
		put_series(json, "busy_ns", rp->workers[i].busy, count);
		put_series(json, "blocked_ns", rp->workers[i].waiting, count);
		json_object_end(json);
	}
	json_array_end(json);
	json_array_begin(json, "executors");
	for (uint32_t i = 0; i < rp->executor_count; i++) {
		json_object_begin(json, NULL);
		json_text(json, "name", rp->executors[i].name);
		put_series(json, "queue_max", rp->executors[i].runnable.peaks, count);
		put_series(json, "queue_ns", rp->executors[i].runnable.areas, count);
		json_object_end(json);
	}
	json_array_end(json);
	json_object_end(json);
}

/* ---- The document ---- */

static void put_findings(struct json *json, const struct report_process *rp)
{
	struct report_finding findings[REPORT_FINDINGS];
	size_t count = report_findings(rp, findings);

	json_array_begin(json, "findings");
	for (size_t i = 0; i < count; i++)
		json_text(json, NULL, findings[i].text);
	json_array_end(json);
}

static void put_head(struct json *json, const struct report_process *rp)
{
	json_u64(json, "pid", rp->pid);
	json_text(json, "host", rp->host[0] ? rp->host : NULL);
	json_text(json, "name", rp->name);
	json_text(json, "command", rp->command);
	json_u64(json, "first_unix_ns", rp->first_unix_ns);
	json_u64(json, "last_unix_ns", rp->last_unix_ns);
	put_at(json, rp, "from_ns", rp->begin_ns);
	put_at(json, rp, "to_ns", rp->end_ns);
	json_u64(json, "events", rp->events);
	json_u64(json, "lost_events", rp->lost_events);
	json_u64(json, "gaps", rp->gaps);
	json_u64(json, "born_unseen", rp->adopted);
	json_u64(json, "ran_before_ns", rp->before_ns);
	json_bool(json, "is_whole", rp->is_whole);
	json_bool(json, "is_over", rp->is_over);
	json_text(json, "how_ended", rp->ended[0] ? rp->ended : NULL);
	json_bool(json, "is_killed", rp->is_killed);
	put_findings(json, rp);
	json_u64(json, "spawned", rp->kinds[TRACE_task_spawn]);
	json_u64(json, "ended", rp->kinds[TRACE_task_end]);
	json_u64(json, "live", rp->live_end);
	json_u64(json, "live_max", rp->live.max);
	put_sum(json, "run", &rp->run, &rp->run_hist);
	put_sum(json, "scheduled", &rp->runnable, &rp->runnable_hist);
	put_sum(json, "waiting", &rp->wait, NULL);
}

static void put_process(struct json *json, const struct report_process *rp)
{
	json_object_begin(json, NULL);
	put_head(json, rp);
	put_polls(json, rp, "slowest_polls", &rp->polls);
	put_polls(json, rp, "blocked_executors", &rp->blocked);
	put_executors(json, rp);
	put_workers(json, rp);
	put_sites(json, rp);
	put_tasks(json, rp, "tasks_by_busy", &rp->by_run);
	put_tasks(json, rp, "tasks_by_scheduled", &rp->by_runnable);
	put_tasks(json, rp, "tasks_by_waiting", &rp->by_wait);
	put_locks(json, rp);
	put_waits(json, rp);
	put_uses(json, rp, "spans", true);
	put_uses(json, rp, "operations", false);
	put_path(json, rp);
	put_bins(json, rp);
	json_object_end(json);
}

void report_json_trace(const struct report *report, struct json *json, const char *key)
{
	json_object_begin(json, key);
	json_text(json, "of", report->what);
	json_bool(json, "is_board", report->is_board);
	json_u64(json, "events", report->events);
	json_u64(json, "foreign_events", report->foreign);
	json_u64(json, "first_unix_ns", report->first_unix_ns);
	json_u64(json, "duration_ns", report_duration(report));
	json_text(json, "snapshot", report->snapshot[0] ? report->snapshot : NULL);
	json_text(json, "cut_short", report->cut[0] ? report->cut : NULL);
	json_text(json, "damaged", report->problem[0] ? report->problem : NULL);
	json_object_begin(json, "lost");
	json_u64(json, "events", report->lost_events);
	json_u64(json, "packets", report->lost_packets);
	json_u64(json, "gaps", report->gaps);
	json_u64(json, "gaps_of_unknown_size", report->unknown_gaps);
	json_object_end(json);
	json_object_end(json);
}

void report_json(const struct report *report, struct json *json)
{
	json_object_begin(json, NULL);
	report_json_trace(report, json, "trace");
	json_array_begin(json, "processes");
	for (uint32_t i = 0; i < report->process_count; i++)
		put_process(json, report->processes[i]);
	json_array_end(json);
	json_object_end(json);
}
