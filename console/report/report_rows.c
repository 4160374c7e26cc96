/* SPDX-License-Identifier: MIT */
/* Rows of a process: sites, workers, executors, resources, and what they are called. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "console/names.h"
#include "console/report/report_private.h"

/* ---- Lists that grow ---- */

bool array_reach(void *list, size_t *room, size_t index, size_t size)
{
	size_t wanted = *room ? *room : 16;
	unsigned char *more;

	if (index < *room)
		return true;
	while (wanted <= index)
		wanted *= 2;
	more = realloc(*(void **)list, wanted * size);
	if (!more)
		return false;
	memset(more + *room * size, 0, (wanted - *room) * size);
	*(void **)list = more;
	*room = wanted;
	return true;
}

/* Grows when count is a power of two, so it needs no word for how much room there is. */
void *array_add(void *list, uint32_t *count, size_t size)
{
	unsigned char *items = *(void **)list;

	if (!(*count & (*count - 1))) {
		unsigned char *more = realloc(items, (*count ? 2 * (size_t)*count : 1) * size);

		if (!more)
			return NULL;
		*(void **)list = items = more;
	}
	memset(items + *count * size, 0, size);
	return items + (*count)++ * size;
}

/* ---- Sums ---- */

void sum_add(struct report_sum *sum, uint64_t ns)
{
	sum->count++;
	sum->ns += ns;
	if (ns > sum->max_ns)
		sum->max_ns = ns;
}

void hist_put(struct vigil_hist *hist, uint64_t ns)
{
	hist->buckets = VIGIL_SITE_BUCKETS;
	hist->counts[vigil_bucket(ns)]++;
	hist->total++;
	if (ns > hist->max_ns)
		hist->max_ns = ns;
}

void hist_put_at(struct vigil_hist **hist, uint64_t ns)
{
	if (!*hist)
		*hist = calloc(1, sizeof(**hist));
	if (*hist)
		hist_put(*hist, ns);
}

/* ---- Names ---- */

static void copy(char *to, size_t size, const char *from)
{
	size_t length = strnlen(from, size - 1);

	memcpy(to, from, length);
	to[length] = '\0';
}

static const struct vigil_site_record *site_of(const struct report_process *rp, uint32_t site)
{
	const struct board *board = rp->inside->board;

	return site && site <= board->tables[VIGIL_TABLE_site].used ?
		       RECORD_AT(board, site, site - 1) :
		       NULL;
}

void who_of_record(const struct report_process *rp, const struct vigil_task_record *task,
		   struct report_who *ret_who)
{
	ret_who->id = task->id;
	ret_who->site = task->site;
	copy(ret_who->name, sizeof(ret_who->name), task_called(task, site_of(rp, task->site)));
}

void who_of(const struct report_process *rp, uint64_t ref, struct report_who *ret_who)
{
	const struct vigil_task_record *task = RECORD_OF(rp->inside->board, task, ref);

	*ret_who = (struct report_who){ 0 };
	if (task)
		who_of_record(rp, task, ret_who);
	else
		copy(ret_who->name, sizeof(ret_who->name), "gone");
}

/* ---- Sites ---- */

/* All that any board can have, at once: pointers to them stay. */
struct report_site *row_site(struct report_process *rp, uint32_t site)
{
	if (!site || site > SITES_MAX)
		return NULL;
	if (!rp->sites) {
		rp->sites = calloc(SITES_MAX, sizeof(*rp->sites));
		rp->has_no_memory |= !rp->sites;
	}
	if (!rp->sites)
		return NULL;
	if (rp->site_count < site)
		rp->site_count = site;
	return &rp->sites[site - 1];
}

void report_site_name_put(struct report_site *row, const struct vigil_site_record *site)
{
	const char *slash = strrchr(site->file, '/');

	if (site->file[0])
		snprintf(row->place, sizeof(row->place), "%.64s:%" PRIu32,
			 slash ? slash + 1 : site->file, site->line);
	else
		copy(row->place, sizeof(row->place), site->function[0] ? site->function : "-");
	copy(row->file, sizeof(row->file), site->file);
	row->line = site->line;
	copy(row->function, sizeof(row->function), site->function);
	copy(row->name, sizeof(row->name), site->name);
}

void rows_name_sites(struct report_process *rp)
{
	uint32_t used = rp->inside->board->tables[VIGIL_TABLE_site].used;

	for (uint32_t i = 1; i <= used; i++) {
		struct report_site *row = row_site(rp, i);

		if (row)
			report_site_name_put(row, site_of(rp, i));
	}
}

/* ---- Workers and executors ---- */

static struct row_at *row_at(struct report_process *rp, struct row_map *map, uint64_t ref)
{
	if (array_reach(&map->list, &map->room, vigil_ref_index(ref), sizeof(*map->list)))
		return &map->list[vigil_ref_index(ref)];
	rp->has_no_memory = true;
	return NULL;
}

/* All beyond the last row share it. */
static void *row_add(struct report_process *rp, void *list, uint32_t *count, size_t size,
		     uint32_t most)
{
	void *row = NULL;

	if (*count < most) {
		row = array_add(list, count, size);
		rp->has_no_memory |= !row;
	}
	if (!row && *count)
		row = *(unsigned char **)list + (*count - 1) * size;
	return row;
}

static void executor_of_worker(struct report_process *rp, struct report_worker *row,
			       uint64_t executor)
{
	uint32_t now = row_executor(rp, executor);

	if (now != REPORT_NONE && now != row->executor)
		rp->executors[now].workers++;
	row->executor = now;
	row->is_of_pool = report_is_pool(rp, now);
}

static uint32_t worker_add(struct report_process *rp, const struct vigil_worker_record *worker,
			   uint64_t ref)
{
	struct report_worker *row =
		row_add(rp, &rp->workers, &rp->worker_count, sizeof(*row), REPORT_WORKERS);

	if (!row)
		return REPORT_NONE;
	row->ref = ref;
	row->begin_ns = worker->created_ns;
	row->executor = REPORT_NONE;
	executor_of_worker(rp, row, worker->executor);
	worker_called(worker, row->name, sizeof(row->name));
	if (rp->worker_count == REPORT_WORKERS)
		copy(row->name, sizeof(row->name), "other threads");
	return rp->worker_count - 1;
}

uint32_t row_worker(struct report_process *rp, uint64_t ref)
{
	const struct vigil_worker_record *worker = RECORD_OF(rp->inside->board, worker, ref);
	struct row_at *at = worker ? row_at(rp, &rp->inside->workers, ref) : NULL;

	if (!at)
		return REPORT_NONE;
	if (at->gen != worker->gen) {
		at->gen = worker->gen;
		at->row = worker_add(rp, worker, ref) + 1;
	}
	return at->row - 1;
}

static uint32_t executor_add(struct report_process *rp,
			     const struct vigil_executor_record *executor, uint64_t ref)
{
	struct report_executor *row =
		row_add(rp, &rp->executors, &rp->executor_count, sizeof(*row), REPORT_EXECUTORS);

	if (!row)
		return REPORT_NONE;
	if (!row->ref) {
		row->runnable.areas = bins_series(&rp->bins, false);
		row->runnable.peaks = bins_series(&rp->bins, true);
		row->runnable.since_ns = rp->begin_ns;
	}
	row->ref = ref;
	executor_called(executor, site_of(rp, executor->site), row->name, sizeof(row->name));
	row->kind = executor->kind;
	row->site = executor->site;
	if (rp->executor_count == REPORT_EXECUTORS)
		copy(row->name, sizeof(row->name), "other executors");
	return rp->executor_count - 1;
}

uint32_t row_executor(struct report_process *rp, uint64_t ref)
{
	const struct vigil_executor_record *executor = RECORD_OF(rp->inside->board, executor, ref);
	struct row_at *at = executor ? row_at(rp, &rp->inside->executors, ref) : NULL;

	if (!at)
		return REPORT_NONE;
	if (at->gen != executor->gen) {
		at->gen = executor->gen;
		at->row = executor_add(rp, executor, ref) + 1;
	}
	return at->row - 1;
}

void row_rename(struct report_process *rp, uint64_t ref)
{
	const struct vigil_worker_record *worker = RECORD_OF(rp->inside->board, worker, ref);
	uint32_t row = row_worker(rp, ref);

	if (row == REPORT_NONE || rp->worker_count == REPORT_WORKERS)
		return;
	worker_called(worker, rp->workers[row].name, sizeof(rp->workers[row].name));
	executor_of_worker(rp, &rp->workers[row], worker->executor);
}

/* ---- Resources ---- */

static uint64_t hash_text(uint64_t hash, const char *text)
{
	while (*text)
		hash = (hash ^ (unsigned char)*text++) * UINT64_C(0x100000001b3);
	return hash;
}

static bool is_like(const struct report_resource *row, const struct vigil_resource_record *it)
{
	return row->site == it->site && row->kind == it->kind && !strcmp(row->name, it->name) &&
	       !strcmp(row->type, it->type);
}

/* The first row is for all that find no other. */
static uint32_t resource_add(struct report_process *rp, const struct vigil_resource_record *it)
{
	struct report_resource *row;

	if (!rp->resource_count) {
		row = array_add(&rp->resources, &rp->resource_count, sizeof(*row));
		if (!row)
			return REPORT_NONE;
		copy(row->name, sizeof(row->name), "others");
	}
	if (rp->resource_count == REPORT_RESOURCES)
		return 0;
	row = array_add(&rp->resources, &rp->resource_count, sizeof(*row));
	if (!row)
		return REPORT_NONE;
	copy(row->name, sizeof(row->name), it->name);
	copy(row->type, sizeof(row->type), it->type);
	row->kind = it->kind;
	row->site = it->site;
	return rp->resource_count - 1;
}

static uint32_t resource_find(struct report_process *rp, const struct vigil_resource_record *it)
{
	uint64_t hash = hash_text(hash_text(it->site * 31u + it->kind, it->name), it->type);
	uint32_t *slots = rp->inside->resource_slots;

	for (uint32_t i = 0; i < RESOURCE_SLOTS; i++) {
		uint32_t *slot = &slots[(hash + i) % RESOURCE_SLOTS];

		if (*slot && is_like(&rp->resources[*slot - 1], it))
			return *slot - 1;
		if (*slot)
			continue;
		*slot = resource_add(rp, it) + 1;
		if (*slot > 1)
			return *slot - 1;
		/* No row of its own, or no memory: its slot stays free. */
		rp->has_no_memory |= !*slot;
		*slot = 0;
		break;
	}
	return rp->resource_count ? 0 : REPORT_NONE;
}

uint32_t row_resource(struct report_process *rp, uint64_t ref)
{
	const struct vigil_resource_record *it = RECORD_OF(rp->inside->board, resource, ref);
	struct row_at *at = it ? row_at(rp, &rp->inside->resources, ref) : NULL;

	if (!at)
		return REPORT_NONE;
	if (at->gen != it->gen || !at->row) {
		at->gen = it->gen;
		at->row = resource_find(rp, it) + 1;
		if (at->row)
			rp->resources[at->row - 1].count++;
	}
	return at->row - 1;
}
