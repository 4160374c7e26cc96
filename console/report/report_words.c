/* SPDX-License-Identifier: MIT */
/* What printers ask of a report: words for its rows, and rows in an order. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "console/format.h"
#include "console/names.h"
#include "console/report/report.h"

/* ---- Words ---- */

static const struct report_site *site_at(const struct report_process *process, uint32_t site)
{
	return site && process->sites && site <= process->site_count ? &process->sites[site - 1] :
								       NULL;
}

const char *report_place(const struct report_process *process, uint32_t site)
{
	const struct report_site *row = site_at(process, site);

	return row && row->place[0] ? row->place : "-";
}

const char *report_place_long(const struct report_process *process, uint32_t site, char *buf,
			      size_t size)
{
	const struct report_site *row = site_at(process, site);

	if (row && row->function[0] && strcmp(row->place, row->function) != 0)
		snprintf(buf, size, "%s %s", row->place, row->function);
	else
		snprintf(buf, size, "%s", report_place(process, site));
	return buf;
}

const char *report_site_name(const struct report_site *site)
{
	return site->name[0] ? site->name : site->function[0] ? site->function : "-";
}

const char *report_who_words(const struct report_who *who, char *buf, size_t size)
{
	if (who->id)
		snprintf(buf, size, "%" PRIu64 " %s", who->id, who->name);
	else
		snprintf(buf, size, "%s", who->name[0] ? who->name : "-");
	return buf;
}

const char *report_resource_words(const struct report_process *process, uint32_t row, char *buf,
				  size_t size)
{
	const struct report_resource *it =
		row < process->resource_count ? &process->resources[row] : NULL;
	const struct report_site *site = it ? site_at(process, it->site) : NULL;
	const char *name = it ? it->name : "-", *kind = it ? word_resource_kind(it->kind) : "";

	if (it && it->kind == VIGIL_RESOURCE_MUTEX)
		kind = "lock";
	else if (it && it->kind == VIGIL_RESOURCE_OTHER)
		kind = it->type[0] ? it->type : "resource";
	if (!name[0])
		name = site && site->name[0] ? site->name : report_place(process, it->site);
	snprintf(buf, size, "%s \"%s\"", kind, name);
	return buf;
}

const char *report_object_words(const struct report_process *process, enum report_object object,
				uint32_t number, char *buf, size_t size)
{
	const struct report_site *site = site_at(process, number);

	buf[0] = '\0';
	if (object == REPORT_RESOURCE)
		report_resource_words(process, number, buf, size);
	else if (object == REPORT_TASK)
		snprintf(buf, size, "task %s", site ? report_site_name(site) : "-");
	return buf;
}

const char *report_worker_name(const struct report_process *process, uint32_t row)
{
	return row < process->worker_count ? process->workers[row].name : "-";
}

const char *report_executor_name(const struct report_process *process, uint32_t row)
{
	return row < process->executor_count ? process->executors[row].name : "-";
}

bool report_holds_up(const struct report_wait *wait)
{
	if (wait->is_overdue || wait_is_for_lock(wait->kind))
		return true;
	if (wait->is_blocked)
		return wait->site && !wait->is_of_pool;
	return wait->kind == VIGIL_WAIT_SEND || wait->kind == VIGIL_WAIT_TASK ||
	       wait->kind == VIGIL_WAIT_JOB;
}

const char *report_wait_words(const struct report_wait *wait, char *buf, size_t size)
{
	snprintf(buf, size, "%s%s%s", wait->is_blocked ? "thread: " : "",
		 wait->kind ? word_wait(wait->kind) : "not said",
		 wait->is_overdue ? ", overdue" : "");
	return buf;
}

bool report_is_pool(const struct report_process *process, uint32_t executor)
{
	return executor < process->executor_count &&
	       process->executors[executor].kind == VIGIL_EXECUTOR_BLOCKING_POOL;
}

bool report_is_delay_known(const struct report_process *process, uint32_t executor,
			   uint64_t long_ns, uint64_t delayed_ns)
{
	return executor >= process->executor_count || report_is_pool(process, executor) ||
	       process->executors[executor].kind == VIGIL_EXECUTOR_MULTI_THREAD ||
	       long_ns < REPORT_LONG_NS || delayed_ns >= long_ns / 10;
}

uint64_t report_since(const struct report_process *process, uint64_t ns)
{
	return ns > process->origin_ns ? ns - process->origin_ns : 0;
}

uint64_t report_duration(const struct report *report)
{
	return report->last_unix_ns > report->first_unix_ns ?
		       report->last_unix_ns - report->first_unix_ns :
		       0;
}

const char *report_at_words(const struct report_process *process, uint64_t ns, char *buf,
			    size_t size)
{
	uint64_t us = report_since(process, ns) / 1000;

	if (process->is_board)
		snprintf(buf, size, "-");
	else
		snprintf(buf, size, "%" PRIu64 ".%06" PRIu64 " s", us / 1000000, us % 1000000);
	return buf;
}

const char *report_ended_words(const struct report_process *process, char *buf, size_t size)
{
	char at[FORMAT_SIZE];

	buf[0] = '\0';
	if (process->ended[0])
		snprintf(
			buf, size, "%s at +%s", process->ended,
			format_duration(at, sizeof(at), report_since(process, process->end_ns), 0));
	return buf;
}

const char *report_open_words(const struct report_process *process)
{
	if (!process->ended[0] || process->is_over)
		return "still runs";
	return process->is_killed ? "when it was killed" : "when it ended";
}

/* ---- Rows in an order ---- */

struct ordered {
	uint64_t key;
	const void *row;
};

/* Largest first; what is equal, in the order of the rows. */
static int compare(const void *a, const void *b)
{
	const struct ordered *x = a, *y = b;

	if (x->key != y->key)
		return x->key < y->key ? 1 : -1;
	return x->row < y->row ? -1 : x->row > y->row;
}

/* Pointers to the rows that have a key, largest first. */
static void *rows_ordered(const void *rows, size_t count, size_t size,
			  uint64_t (*key)(const void *row), size_t *ret_count)
{
	struct ordered *keys = calloc(count + 1, sizeof(*keys));
	const void **list = calloc(count + 1, sizeof(*list));
	size_t used = 0;

	for (size_t i = 0; rows && keys && i < count; i++) {
		keys[used].row = (const unsigned char *)rows + i * size;
		keys[used].key = key(keys[used].row);
		used += keys[used].key != 0;
	}
	if (used)
		qsort(keys, used, sizeof(*keys), compare);
	for (size_t i = 0; list && i < used; i++)
		list[i] = keys[i].row;
	free(keys);
	*ret_count = list ? used : 0;
	return list;
}

#define KEY(name, type, expression)                                                                \
	static uint64_t name(const void *it)                                                       \
	{                                                                                          \
		const struct type *row = it;                                                       \
                                                                                                   \
		return expression;                                                                 \
	}

#define FIRST (UINT64_C(1) << 63) /* before all that has it not */

/* One more than nothing for what did something in no time at all. */
KEY(site_run, report_site, row->run.ns ? row->run.ns + 1 : row->run.count || row->spawned)
KEY(site_runnable, report_site, row->runnable.ns)
KEY(site_wait, report_site, row->wait.ns)
KEY(site_span, report_site, row->span.ns ? row->span.ns + 1 : row->span.count != 0)
KEY(site_op, report_site, row->op.ns ? row->op.ns + 1 : row->op.count != 0)
KEY(lock_wait, report_resource,
    row->wait.ns  ? row->wait.ns + UINT32_MAX :
    row->hold.ns  ? 1 + row->hold.ns / 1000000 :
    row->acquired ? 1 :
		    row->hold.count != 0)
KEY(wait_sum, report_wait, row->sum.ns &&report_holds_up(row) ? FIRST | row->sum.ns : row->sum.ns)
/* Those that did nothing are there, too. */
KEY(worker_cost, report_worker,
    !row->is_of_pool && row->long_ns ? FIRST | (row->long_ns + row->delayed_ns) :
				       1 + row->run.ns + row->blocked.ns)

const struct report_worker **report_workers(const struct report_process *process, size_t *ret_count)
{
	return rows_ordered(process->workers, process->worker_count, sizeof(*process->workers),
			    worker_cost, ret_count);
}

const struct report_site **report_sites(const struct report_process *process,
					enum report_order order, size_t *ret_count)
{
	static uint64_t (*const keys[])(const void *) = { site_run, site_runnable, site_wait };

	return rows_ordered(process->sites, process->site_count, sizeof(*process->sites),
			    keys[order], ret_count);
}

const struct report_site **report_span_sites(const struct report_process *process,
					     size_t *ret_count)
{
	return rows_ordered(process->sites, process->site_count, sizeof(*process->sites), site_span,
			    ret_count);
}

const struct report_site **report_op_sites(const struct report_process *process, size_t *ret_count)
{
	return rows_ordered(process->sites, process->site_count, sizeof(*process->sites), site_op,
			    ret_count);
}

const struct report_resource **report_locks(const struct report_process *process, size_t *ret_count)
{
	return rows_ordered(process->resources, process->resource_count,
			    sizeof(*process->resources), lock_wait, ret_count);
}

const struct report_wait **report_waits(const struct report_process *process, size_t *ret_count)
{
	return rows_ordered(process->waits, process->wait_count, sizeof(*process->waits), wait_sum,
			    ret_count);
}

/* ---- Figures of several ---- */

void report_hist_join(struct vigil_hist *hist, const struct vigil_hist *more)
{
	hist->buckets = VIGIL_SITE_BUCKETS;
	for (uint32_t i = 0; i < VIGIL_SITE_BUCKETS; i++)
		hist->counts[i] += more->counts[i];
	hist->total += more->total;
	if (more->max_ns > hist->max_ns)
		hist->max_ns = more->max_ns;
}
