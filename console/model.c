/* SPDX-License-Identifier: MIT */
/* The model: opening it, refreshing it, finding in it. Its law is in model.h. */
#include "console/model_private.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "console/attr.h"
#include "console/source.h"

/* ---- Opening, refreshing ---- */

/* Without memory reader and source are the caller's. */
static struct model *make(struct vigil_reader *reader, struct source *source)
{
	struct inside *inside = calloc(1, sizeof(*inside));

	if (!inside)
		return NULL;
	inside->model.reader = reader;
	inside->model.source = source;
	if (model_update(inside, true)) {
		inside->model.reader = NULL;
		inside->model.source = NULL;
		model_free(&inside->model);
		return NULL;
	}
	return &inside->model;
}

struct model *model_new(struct vigil_reader *reader)
{
	return make(reader, NULL);
}

int model_new_of(struct source *source, struct model **ret_model, struct vigil_problem *ret_problem)
{
	struct vigil_reader *reader;
	int r = source->ops->reader_open(source, &reader, ret_problem);

	if (r)
		return r;
	*ret_model = make(reader, source);
	if (!*ret_model) {
		vigil_reader_close(reader);
		memcpy(ret_problem->text, "out of memory", sizeof("out of memory"));
		return -ENOMEM;
	}
	return 0;
}

int model_open(const char *target, const struct source_options *options, struct model **ret_model,
	       struct vigil_problem *ret_problem)
{
	struct source *source;
	int r = source_open(target, options, &source, ret_problem);

	if (r)
		return r;
	r = model_new_of(source, ret_model, ret_problem);
	if (r)
		source_close(source);
	return r;
}

/* Forgets all that was counted. */
static void clear(struct inside *inside)
{
	struct model *model = &inside->model;

	free(model->sites);
	free(model->edges);
	free(model->histories);
	free(inside->states);
	free(inside->torn);
	free(inside->seen);
	free(inside->waited);
	free(inside->waiting);
	free(model->contended);
	uses_fini(&inside->uses);
	*inside = (struct inside){ .model = { .reader = model->reader, .source = model->source } };
}

void model_free(struct model *model)
{
	if (!model)
		return;
	clear(inside_of(model));
	vigil_reader_close(model->reader);
	source_close(model->source);
	free(inside_of(model));
}

/* The reader reads what is no more: another one takes its place. */
static int reopen(struct model *model)
{
	struct vigil_reader *reader;
	struct vigil_problem problem;
	int r = model->source->ops->reader_open(model->source, &reader, &problem);

	if (r)
		return r;
	vigil_reader_close(model->reader);
	model->reader = reader;
	clear(inside_of(model));
	r = model_update(inside_of(model), true);
	return r ? r : 1;
}

int model_choose(struct model *model, uint32_t process)
{
	uint32_t before = source_chosen(model->source);
	int r;

	source_choose(model->source, process);
	r = reopen(model);
	if (r < 0)
		source_choose(model->source, before);
	return r;
}

static int reread(struct model *model)
{
	if (vigil_reader_refresh(model->reader))
		return -ENOMEM;
	free(model->sites);
	free(model->edges);
	model->sites = NULL;
	model->edges = NULL;
	model->edge_count = 0;
	return model_update(inside_of(model), false);
}

int model_refresh(struct model *model)
{
	enum source_news news = SOURCE_SAME;

	if (model->source)
		news = model->source->ops->refresh(model->source, model->reader);
	switch (news) {
	case SOURCE_REPLACED:
		return reopen(model);
	case SOURCE_WORKING:
		return 0;
	default:
		return reread(model);
	}
}

/* A poll that still runs may be the longest of its site. */
static void sites_add_running(struct model *model)
{
	uint32_t workers = vigil_reader_count(model->reader, VIGIL_TABLE_worker);
	uint32_t sites = vigil_reader_count(model->reader, VIGIL_TABLE_site);

	for (uint32_t i = 0; i < workers; i++) {
		const struct vigil_worker_record *worker = VIGIL_AT(model->reader, worker, i);
		const struct vigil_task_record *task =
			VIGIL_FIND(model->reader, task, worker->task);
		uint64_t ns = task && worker->life == VIGIL_LIFE_LIVE && task->depth ?
				      less_of(model->now, task->poll_begin_ns) :
				      0;

		if (ns && task->site && task->site <= sites &&
		    ns > model->sites[task->site - 1].busy_max_ns)
			model->sites[task->site - 1].busy_max_ns = ns;
	}
}

int model_want_sites(struct model *model)
{
	if (!model->sites) {
		model->sites = vigil_reader_site_stats(model->reader);
		if (model->sites)
			sites_add_running(model);
	}
	return model->sites ? 0 : -ENOMEM;
}

int model_want_edges(struct model *model)
{
	if (!model->edges)
		model->edge_count = vigil_reader_edges(model->reader, &model->edges);
	return model->edges ? 0 : -ENOMEM;
}

/* ---- Finding ---- */

const struct vigil_task_record *model_task_by_id(const struct model *model, uint64_t id)
{
	uint32_t count = vigil_reader_count(model->reader, VIGIL_TABLE_task);

	for (uint32_t i = 0; i < count; i++) {
		const struct vigil_task_record *task = VIGIL_AT(model->reader, task, i);

		if (task->id == id && task->life != VIGIL_LIFE_FREE)
			return task;
	}
	return NULL;
}

uint32_t model_index(const struct model *model, enum vigil_table table, const void *record)
{
	static const size_t sizes[VIGIL_TABLES] = {
#define TABLE(record, table, how, help) sizeof(struct vigil_##record##_record),
#define FIELD(record, type, name, dim, unit, meaning, help)
#define END(record, size)
#include <vigil/fields.def>
#undef TABLE
#undef FIELD
#undef END
	};
	const char *first = vigil_reader_record(model->reader, table, 0);

	return (uint32_t)((size_t)((const char *)record - first) / sizes[table]);
}

uint64_t model_ref(const struct model *model, enum vigil_table table, const void *record)
{
	return vigil_reader_ref(model->reader, table, model_index(model, table, record));
}

bool model_is_unsure(const struct model *model, uint64_t since_ns)
{
	return since_ns && since_ns <= model->counts->unsure_ns;
}

bool status_is_there(enum vigil_status status)
{
	return status == VIGIL_STATUS_ALIVE || status == VIGIL_STATUS_STOPPED ||
	       status == VIGIL_STATUS_RECORDED;
}

bool model_is_cut_off(const struct model *model)
{
	return (model->status == VIGIL_STATUS_DEAD || model->status == VIGIL_STATUS_REPLACED) &&
	       !model->process->ended_ns;
}

/* ---- Workers' times ---- */

static enum worker_state worker_state_of(const struct vigil_worker_record *worker)
{
	if (worker->life == VIGIL_LIFE_ENDED)
		return WORKER_ENDED;
	if (worker->wait_kind)
		return WORKER_WAITING;
	/* Asleep inside a poll is asleep: a block_on that parks its thread. */
	if (worker->park_begin_ns)
		return WORKER_PARKED;
	return worker->poll_begin_ns ? WORKER_POLLING : WORKER_OUTSIDE;
}

static uint64_t state_begin(const struct vigil_worker_record *worker, enum worker_state state)
{
	switch (state) {
	case WORKER_ENDED:
		return worker->ended_ns;
	case WORKER_WAITING:
		return worker->wait_since_ns;
	case WORKER_PARKED:
		return worker->park_begin_ns;
	case WORKER_POLLING:
		return worker->poll_begin_ns;
	default:
		return 0;
	}
}

void model_worker_times(const struct model *model, const struct vigil_worker_record *worker,
			struct worker_times *ret_times)
{
	uint32_t index = model_index(model, VIGIL_TABLE_worker, worker);
	bool is_ended = worker->life == VIGIL_LIFE_ENDED;
	uint64_t end = is_ended ? worker->ended_ns : model->now;
	uint64_t begin;

	memset(ret_times, 0, sizeof(*ret_times));
	ret_times->state = worker_state_of(worker);
	begin = state_begin(worker, ret_times->state);
	ret_times->state_ns = begin ? less_of(model->now, begin) : 0;
	ret_times->busy_ns = worker_busy(worker, model->now);
	ret_times->parked_ns = worker->parked_ns;
	if (worker->park_begin_ns && !is_ended)
		ret_times->parked_ns += less_of(model->now, worker->park_begin_ns);
	ret_times->age_ns = less_of(end, worker->created_ns);
	ret_times->has_share = !model->has_no_past;
	if (model->has_no_past)
		return;
	if (model->history_at && index < model->history_count)
		ret_times->busy_share = (double)model->histories[index].busy[MODEL_HISTORY - 1];
	else if (ret_times->age_ns)
		ret_times->busy_share = (double)ret_times->busy_ns / (double)ret_times->age_ns;
	if (ret_times->busy_share > 1)
		ret_times->busy_share = 1;
}

/* ---- What follows from a record ---- */

bool lock_is_live(const struct vigil_resource_record *resource)
{
	if (resource->life != VIGIL_LIFE_LIVE)
		return false;
	return resource->kind == VIGIL_RESOURCE_MUTEX || resource->kind == VIGIL_RESOURCE_RWLOCK ||
	       resource->kind == VIGIL_RESOURCE_SEMAPHORE || resource->acquired ||
	       resource->holders || resource->waiters;
}

double lock_contention(const struct vigil_resource_record *lock)
{
	return share_of(lock->contended + lock->waiters, lock->acquired + lock->waiters);
}

bool lock_is_used_up(const struct model *model, const struct vigil_resource_record *lock)
{
	struct vigil_attr_record attrs[ATTR_MOST];
	double permits;
	size_t count;

	if (lock->kind != VIGIL_RESOURCE_SEMAPHORE || lock->holders)
		return false;
	count = vigil_reader_attrs(model->reader, model_ref(model, VIGIL_TABLE_resource, lock),
				   lock->attrs, attrs, ATTR_MOST);
	for (size_t i = 0; i < count; i++)
		if (!strcmp(attrs[i].key, "permits") && attr_number(&attrs[i], &permits))
			return permits < 1;
	return false;
}

int lock_oldest_owner(const struct vigil_resource_record *lock)
{
	int oldest = -1;

	for (int i = 0; i < VIGIL_OWNERS; i++)
		if (lock->owner[i] &&
		    (oldest < 0 || lock->held_since_ns[i] < lock->held_since_ns[oldest]))
			oldest = i;
	return oldest;
}

uint64_t less_of(uint64_t a, uint64_t b)
{
	return a > b ? a - b : 0;
}

double share_of(uint64_t a, uint64_t b)
{
	return b ? (double)a / (double)b : 0.0;
}
