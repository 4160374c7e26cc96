/* SPDX-License-Identifier: MIT */
/* What things are called. names.h has the law. names_reason.c says why. */
#include "console/names.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define WORD_(e, NAME, word) word,
#define WORDS(name, list)                                                                          \
	const char *word_##name(uint32_t value)                                                    \
	{                                                                                          \
		static const char *const words[] = { list(WORD_) };                                \
                                                                                                   \
		return value < sizeof(words) / sizeof(words[0]) ? words[value] : "?";              \
	}

WORDS(task_kind, VIGIL_TASKS)
WORDS(executor_kind, VIGIL_EXECUTORS)
WORDS(resource_kind, VIGIL_RESOURCES)
WORDS(wait, VIGIL_WAITS)
WORDS(outcome, VIGIL_OUTCOMES)
WORDS(join, VIGIL_JOINS)
WORDS(mode, VIGIL_MODES)
WORDS(event, VIGIL_EVENTS)
WORDS(site_kind, VIGIL_SITES)
WORDS(level, VIGIL_LEVELS)

const char *word_state(enum vigil_state state)
{
	static const char *const words[] = { VIGIL_STATES(WORD_) };

	return (unsigned)state < sizeof(words) / sizeof(words[0]) ? words[state] : "?";
}

const char *word_status(enum vigil_status status)
{
	static const char *const words[] = { VIGIL_STATUSES(WORD_) };

	return (unsigned)status < sizeof(words) / sizeof(words[0]) ? words[status] : "?";
}

const char *word_worker_state(enum worker_state state)
{
	static const char *const words[] = { WORKER_STATES(WORD_) };

	return (unsigned)state < sizeof(words) / sizeof(words[0]) ? words[state] : "?";
}

/* ---- Of a record and its site ---- */

const char *site_called(const struct vigil_site_record *site)
{
	if (!site)
		return "";
	return site->name[0] ? site->name : site->function;
}

const char *task_called(const struct vigil_task_record *task, const struct vigil_site_record *site)
{
	const char *name = task->name[0] ? task->name : site_called(site);

	return name[0] ? name : word_task_kind(task->kind);
}

const char *span_called(const struct vigil_span_record *span, const struct vigil_site_record *site)
{
	return span->name[0] ? span->name : site_called(site);
}

void worker_called(const struct vigil_worker_record *worker, char *buf, size_t size)
{
	if (worker->name[0])
		snprintf(buf, size, "%s", worker->name);
	else
		snprintf(buf, size, "thread %" PRIu32, worker->tid);
}

void executor_called(const struct vigil_executor_record *executor,
		     const struct vigil_site_record *site, char *buf, size_t size)
{
	const char *name = executor->name[0] ? executor->name : site_called(site);

	if (name[0])
		snprintf(buf, size, "%s", name);
	else
		snprintf(buf, size, "%s %" PRIu64, word_executor_kind(executor->kind),
			 executor->id);
}

static void resource_called(const struct vigil_resource_record *resource,
			    const struct vigil_site_record *site, char *buf, size_t size)
{
	if (resource->name[0])
		snprintf(buf, size, "%s", resource->name);
	else if (site && site->name[0])
		snprintf(buf, size, "%s", site->name);
	else if (site)
		site_place(site, buf, size);
	else
		snprintf(buf, size, "%s %" PRIu64, word_resource_kind(resource->kind),
			 resource->id);
}

void resource_phrase(const struct vigil_resource_record *resource,
		     const struct vigil_site_record *site, char *buf, size_t size)
{
	const char *kind = word_resource_kind(resource->kind);
	char name[NAME_TEXT];

	if (resource->kind == VIGIL_RESOURCE_MUTEX)
		kind = "lock";
	else if (resource->kind == VIGIL_RESOURCE_OTHER)
		kind = resource->type[0] ? resource->type : "resource";
	resource_called(resource, site, name, sizeof(name));
	snprintf(buf, size, "%s \"%s\"", kind, name);
}

void site_place(const struct vigil_site_record *site, char *buf, size_t size)
{
	const char *slash;

	if (!site || !site->file[0]) {
		snprintf(buf, size, "%s", site && site->function[0] ? site->function : "-");
		return;
	}
	slash = strrchr(site->file, '/');
	snprintf(buf, size, "%s:%" PRIu32, slash ? slash + 1 : site->file, site->line);
}

void site_place_long(const struct vigil_site_record *site, char *buf, size_t size)
{
	char place[NAME_TEXT];

	site_place(site, place, sizeof(place));
	if (site && site->file[0] && site->function[0])
		snprintf(buf, size, "%s %s", place, site->function);
	else
		snprintf(buf, size, "%s", place);
}

/* ---- Of what a model has ---- */

static const struct vigil_site_record *site_of(const struct model *model, uint32_t index)
{
	return vigil_reader_site(model->reader, index);
}

void name_task(const struct model *model, const struct vigil_task_record *task, char *buf,
	       size_t size)
{
	snprintf(buf, size, "%s", task_called(task, site_of(model, task->site)));
}

/* A worker's number among the live ones its executor gave the same name; 0: it is the only one. */
static unsigned worker_number(const struct model *model, const struct vigil_worker_record *worker)
{
	uint32_t count = vigil_reader_count(model->reader, VIGIL_TABLE_worker);
	unsigned number = 0;
	unsigned alike = 0;

	for (uint32_t i = 0; i < count; i++) {
		const struct vigil_worker_record *it = VIGIL_AT(model->reader, worker, i);

		if (it->life != VIGIL_LIFE_LIVE || it->executor != worker->executor ||
		    strcmp(it->name, worker->name) != 0)
			continue;
		alike++;
		if (it == worker)
			number = alike;
	}
	return alike > 1 ? number : 0;
}

void name_worker(const struct model *model, const struct vigil_worker_record *worker, char *buf,
		 size_t size)
{
	unsigned number = worker->name[0] ? worker_number(model, worker) : 0;

	if (number)
		snprintf(buf, size, "%s#%u", worker->name, number);
	else
		worker_called(worker, buf, size);
}

void name_executor(const struct model *model, const struct vigil_executor_record *executor,
		   char *buf, size_t size)
{
	executor_called(executor, site_of(model, executor->site), buf, size);
}

void name_resource(const struct model *model, const struct vigil_resource_record *resource,
		   char *buf, size_t size)
{
	resource_called(resource, site_of(model, resource->site), buf, size);
}

static void task_phrase(const struct model *model, const struct vigil_task_record *task, char *buf,
			size_t size)
{
	snprintf(buf, size, "%" PRIu64 " %s", task->id,
		 task_called(task, site_of(model, task->site)));
}

static void worker_phrase(const struct model *model, const struct vigil_worker_record *worker,
			  char *buf, size_t size)
{
	char name[NAME_TEXT];

	name_worker(model, worker, name, sizeof(name));
	snprintf(buf, size, "%s%s", worker->name[0] && worker->executor ? "worker " : "", name);
}

static void op_phrase(const struct model *model, const struct vigil_op_record *op, char *buf,
		      size_t size)
{
	if (op->source[0])
		snprintf(buf, size, "operation %s", op->source);
	else
		name_object(model, op->resource, buf, size);
}

void name_object(const struct model *model, uint64_t ref, char *buf, size_t size)
{
	const struct vigil_reader *reader = model->reader;
	enum vigil_table table = (enum vigil_table)vigil_ref_table(ref);
	const void *record = vigil_reader_find(reader, table, ref);
	const struct vigil_resource_record *resource;
	const struct vigil_span_record *span;
	char name[NAME_TEXT];

	if (!ref || !record) {
		snprintf(buf, size, "%s", ref ? "gone" : "");
		return;
	}
	switch (table) {
	case VIGIL_TABLE_task:
		task_phrase(model, record, buf, size);
		break;
	case VIGIL_TABLE_worker:
		worker_phrase(model, record, buf, size);
		break;
	case VIGIL_TABLE_resource:
		resource = record;
		resource_phrase(resource, site_of(model, resource->site), buf, size);
		break;
	case VIGIL_TABLE_executor:
		name_executor(model, record, name, sizeof(name));
		snprintf(buf, size, "executor %s", name);
		break;
	case VIGIL_TABLE_op:
		op_phrase(model, record, buf, size);
		break;
	case VIGIL_TABLE_span:
		span = record;
		snprintf(buf, size, "span %s", span_called(span, site_of(model, span->site)));
		break;
	default:
		snprintf(buf, size, "gone");
		break;
	}
}

const char *name_after(const char *word, const char *object)
{
	size_t length = strcspn(word, " ");

	if (strncmp(object, word, length) || object[length] != ' ')
		return object;
	return object + length + 1;
}

void name_place(const struct model *model, uint32_t index, char *buf, size_t size)
{
	site_place(site_of(model, index), buf, size);
}

void name_place_long(const struct model *model, uint32_t index, char *buf, size_t size)
{
	site_place_long(site_of(model, index), buf, size);
}
