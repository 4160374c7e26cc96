/* SPDX-License-Identifier: MIT */
/* The reason: one phrase that says why a task, or a thread, is as it is. */
#include "console/format.h"
#include "console/names.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define ATTRS 64 /* keys of an object at most */

/* A phrase that grows. */
struct phrase {
	const struct model *model;
	char *buf;
	size_t size;
	size_t at;
	bool is_doubted; /* which is said once */
};

static void put(struct phrase *phrase, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

static void put(struct phrase *phrase, const char *format, ...)
{
	va_list args;
	int length;

	if (phrase->at + 1 >= phrase->size)
		return;
	va_start(args, format);
	length = vsnprintf(phrase->buf + phrase->at, phrase->size - phrase->at, format, args);
	va_end(args);
	phrase->at += length > 0 ? (size_t)length : 0;
}

static void put_object(struct phrase *phrase, uint64_t ref)
{
	char name[NAME_TEXT];

	name_object(phrase->model, ref, name, sizeof(name));
	put(phrase, "%s", name);
}

static void put_time(struct phrase *phrase, uint64_t ns)
{
	char text[FORMAT_SIZE];

	put(phrase, "%s", format_duration(text, sizeof(text), ns, 0));
}

/* What was so before events were lost may have ended with them. */
static void put_doubt(struct phrase *phrase, uint64_t since_ns)
{
	if (!phrase->is_doubted && model_is_unsure(phrase->model, since_ns)) {
		put(phrase, " (events were lost since)");
		phrase->is_doubted = true;
	}
}

static void put_lock(struct phrase *phrase, uint64_t ref, const char *kind)
{
	const struct vigil_resource_record *lock = VIGIL_FIND(phrase->model->reader, resource, ref);
	int owner = lock ? lock_oldest_owner(lock) : -1;

	if (!lock) {
		put(phrase, "%s", kind);
		return;
	}
	put_object(phrase, ref);
	if (owner < 0) {
		put(phrase, lock->holders                        ? ", held" :
			    lock_is_used_up(phrase->model, lock) ? ", no permits" :
								   ", free");
		return;
	}
	put(phrase, " held ");
	put_time(phrase, less_of(phrase->model->now, lock->held_since_ns[owner]));
	put(phrase, " by ");
	put_object(phrase, lock->owner[owner]);
	if (lock->holders > 1)
		put(phrase, " and %" PRIu32 " more", lock->holders - 1);
	put_doubt(phrase, lock->held_since_ns[owner]);
}

static void put_deadline(struct phrase *phrase, uint64_t until_ns)
{
	uint64_t now = phrase->model->now;

	if (!until_ns)
		return;
	put(phrase, ", ");
	put_time(phrase, until_ns > now ? until_ns - now : now - until_ns);
	put(phrase, until_ns > now ? " to go" : " overdue");
}

static void put_wait(struct phrase *phrase, const struct vigil_task_record *task)
{
	const char *kind =
		task->wait_kind == VIGIL_WAIT_OTHER ? "waits" : word_wait(task->wait_kind);
	char object[NAME_TEXT];
	const char *rest;

	switch (task->wait_kind) {
	case VIGIL_WAIT_LOCK:
	case VIGIL_WAIT_LOCK_SHARED:
	case VIGIL_WAIT_PERMIT:
		put_lock(phrase, task->wait_object, kind);
		break;
	default:
		name_object(phrase->model, task->wait_object, object, sizeof(object));
		rest = name_after(kind, object);
		put(phrase, "%s", kind);
		if (task->wait_fd >= 0)
			put(phrase, ", fd %" PRId32, task->wait_fd);
		if (object[0])
			put(phrase, "%s%s",
			    rest != object || task->wait_kind == VIGIL_WAIT_TASK ? " " : ", ",
			    rest);
		break;
	}
	put_deadline(phrase, task->wait_until_ns);
}

/* The message of a failed task stands among its attributes. */
static void put_error(struct phrase *phrase, const struct vigil_task_record *task)
{
	const struct model *model = phrase->model;
	struct vigil_attr_record attrs[ATTRS];
	size_t count = vigil_reader_attrs(model->reader, model_ref(model, VIGIL_TABLE_task, task),
					  task->attrs, attrs, ATTRS);

	put(phrase, "failed %" PRId32, task->code);
	for (size_t i = 0; i < count; i++)
		if (!strcmp(attrs[i].key, "error") && attrs[i].type == VIGIL_ATTR_TEXT)
			put(phrase, ": %s", attrs[i].words);
}

/* "blocked 12 s in its poll (timer) at pool.c:154": the thread itself waits. */
static void put_blocked(struct phrase *phrase, const struct vigil_worker_record *worker)
{
	char place[NAME_TEXT];

	put(phrase, "blocked ");
	put_time(phrase, less_of(phrase->model->now, worker->wait_since_ns));
	put(phrase, "%s (%s", worker->poll_begin_ns ? " in its poll" : "",
	    word_wait(worker->wait_kind));
	if (worker->wait_object) {
		put(phrase, " ");
		put_object(phrase, worker->wait_object);
	}
	put(phrase, ")");
	if (!worker->wait_site)
		return;
	name_place(phrase->model, worker->wait_site, place, sizeof(place));
	put(phrase, " at %s", place);
}

static void put_worker_wait(struct phrase *phrase, const struct vigil_worker_record *worker)
{
	if (VIGIL_FIND(phrase->model->reader, resource, worker->wait_object))
		put_lock(phrase, worker->wait_object, word_wait(worker->wait_kind));
	else
		put_blocked(phrase, worker);
}

/* What others wait for meanwhile. */
static void put_held(struct phrase *phrase, const struct vigil_task_record *task)
{
	const struct model *model = phrase->model;
	uint64_t lock = model_contended_lock(model, model_ref(model, VIGIL_TABLE_task, task));

	if (!lock)
		return;
	put(phrase, "; holds ");
	put_object(phrase, lock);
}

static void put_running(struct phrase *phrase, const struct vigil_task_record *task,
			uint64_t state_ns)
{
	const struct model *model = phrase->model;
	const struct vigil_worker_record *worker = VIGIL_FIND(model->reader, worker, task->worker);
	char name[NAME_TEXT];

	if (worker && worker->wait_kind && worker->task &&
	    VIGIL_FIND(model->reader, task, worker->task) == task) {
		put_worker_wait(phrase, worker);
		return;
	}
	put(phrase, "running ");
	put_time(phrase, state_ns);
	if (!worker)
		return;
	name_worker(model, worker, name, sizeof(name));
	put(phrase, " on %s", name);
}

static void put_idle(struct phrase *phrase, const struct vigil_task_record *task, uint64_t state_ns)
{
	if (task->wait_kind) {
		put_wait(phrase, task);
	} else if (!task->polls) {
		put(phrase, "not started");
	} else {
		put(phrase, "idle ");
		put_time(phrase, state_ns);
	}
}

void name_reason(const struct model *model, const struct vigil_task_record *task, char *buf,
		 size_t size)
{
	struct phrase phrase = { .model = model, .buf = buf, .size = size };
	struct vigil_task_times times;

	buf[0] = '\0';
	vigil_task_times(task, model->now, &times);
	switch (times.state) {
	case VIGIL_STATE_RUNNING:
		put_running(&phrase, task, times.state_ns);
		break;
	case VIGIL_STATE_SCHEDULED:
		put(&phrase, "runnable ");
		put_time(&phrase, times.state_ns);
		put_doubt(&phrase, less_of(model->now, times.state_ns));
		break;
	case VIGIL_STATE_IDLE:
		put_idle(&phrase, task, times.state_ns);
		put_doubt(&phrase, task->wait_kind ? task->wait_since_ns : task->poll_end_ns);
		break;
	default:
		if (task->outcome == VIGIL_OUTCOME_FAILED)
			put_error(&phrase, task);
		else
			put(&phrase, "%s", word_outcome(task->outcome));
		break;
	}
	if (times.state != VIGIL_STATE_DONE)
		put_held(&phrase, task);
}

void name_worker_reason(const struct model *model, const struct vigil_worker_record *worker,
			char *buf, size_t size)
{
	struct phrase phrase = { .model = model, .buf = buf, .size = size };

	buf[0] = '\0';
	if (worker->wait_kind && worker->life == VIGIL_LIFE_LIVE)
		put_worker_wait(&phrase, worker);
}
