/* SPDX-License-Identifier: MIT */
/* Slices, read off a board just before an event changes it. The law is in slice.h. */
#include "console/trace/slice.h"

#include "libtrace/lane.h"

/* Slices of one event, or of a whole board, on their way out. */
struct out {
	const struct board *board;
	uint32_t process;
	void (*tell)(void *arg, const struct slice *slice);
	void *arg;
};

static void put(const struct out *out, struct slice slice)
{
	slice.process = out->process;
	if (slice.end_ns < slice.begin_ns)
		slice.end_ns = slice.begin_ns;
	out->tell(out->arg, &slice);
}

static uint64_t later(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

static uint64_t task_ref(const struct out *out, const struct vigil_task_record *t)
{
	return vigil_ref_make(VIGIL_TABLE_task, (uint32_t)(t - RECORD_AT(out->board, task, 0)),
			      t->gen);
}

/* ---- Tasks ---- */

static void run_put(const struct out *out, const struct vigil_task_record *t, uint64_t end_ns)
{
	put(out, (struct slice){ .kind = SLICE_RUN,
				 .begin_ns = t->poll_begin_ns,
				 .end_ns = end_ns,
				 .task = task_ref(out, t),
				 .worker = t->worker,
				 .site = t->site,
				 .fd = -1 });
}

/* Between two polls: idle until it was woken, runnable from then on. */
static void rest_put(const struct out *out, const struct vigil_task_record *t, uint64_t end_ns)
{
	bool is_woken = t->wakes != t->wakes_seen;
	uint64_t woken_ns = is_woken ? later(t->ready_ns, t->poll_end_ns) : end_ns;

	if (woken_ns > end_ns)
		woken_ns = end_ns;
	if (woken_ns > t->poll_end_ns)
		put(out, (struct slice){ .kind = SLICE_WAIT,
					 .begin_ns = t->poll_end_ns,
					 .end_ns = woken_ns,
					 .task = task_ref(out, t),
					 .other = t->wait_kind ? t->wait_object : 0,
					 .site = t->site,
					 .state = t->wait_kind,
					 .fd = t->wait_kind ? t->wait_fd : -1 });
	if (is_woken)
		put(out, (struct slice){ .kind = SLICE_RUNNABLE,
					 .begin_ns = woken_ns,
					 .end_ns = end_ns,
					 .task = task_ref(out, t),
					 .other = t->wakes ? t->waker : 0,
					 .site = t->wakes ? t->wake_site : 0,
					 .fd = -1 });
}

static void task_slices(const struct out *out, const struct trace_event *e)
{
	const struct vigil_task_record *t = RECORD_OF(out->board, task, e->object);

	if (!t || t->life != VIGIL_LIFE_LIVE)
		return;
	switch (e->kind) {
	case TRACE_poll_begin:
		if (!t->depth)
			rest_put(out, t, e->ns);
		break;
	case TRACE_poll_end:
		if (t->depth && t->worker == e->worker)
			run_put(out, t, e->ns);
		break;
	default: /* TRACE_task_end */
		if (t->depth)
			run_put(out, t, e->ns);
		else
			rest_put(out, t, e->ns);
		break;
	}
}

/* ---- Locks ---- */

static void owner_put(struct slice *slice, uint64_t owner)
{
	if (vigil_ref_table(owner) == VIGIL_TABLE_task)
		slice->task = owner;
	else
		slice->worker = owner;
}

static void hold_put(const struct out *out, const struct vigil_resource_record *r, uint64_t lock,
		     int slot, uint64_t end_ns)
{
	struct slice slice = { .kind = SLICE_HOLD,
			       .begin_ns = r->held_since_ns[slot],
			       .end_ns = end_ns,
			       .object = lock,
			       .site = r->held_site[slot],
			       .state = r->mode,
			       .fd = -1 };

	owner_put(&slice, r->owner[slot]);
	put(out, slice);
}

/* As board_lock_released in lock.c: which owner's slot, and whether it lets go. */
static void release_slices(const struct out *out, const struct trace_event *e)
{
	const struct vigil_resource_record *r = RECORD_OF(out->board, resource, e->object);
	bool is_exclusive = r && r->mode == VIGIL_MODE_EXCLUSIVE;

	if (!r || r->life != VIGIL_LIFE_LIVE || !r->holders)
		return;
	if (is_exclusive && r->holders > 1 && r->owner[0] == e->other)
		return;
	for (int i = 0; i < VIGIL_OWNERS; i++) {
		if (r->owner[i] && (r->owner[i] == e->other || (is_exclusive && !i))) {
			hold_put(out, r, e->object, i, e->ns);
			return;
		}
	}
}

static void blocked_put(const struct out *out, const struct vigil_worker_record *w, uint64_t worker,
			uint64_t end_ns)
{
	put(out, (struct slice){ .kind = SLICE_BLOCKED,
				 .begin_ns = w->wait_since_ns,
				 .end_ns = end_ns,
				 .task = w->task,
				 .worker = worker,
				 .other = w->wait_object,
				 .site = w->wait_site,
				 .state = w->wait_kind,
				 .fd = -1 });
}

bool wait_is_for_lock(uint32_t kind)
{
	return kind == VIGIL_WAIT_LOCK || kind == VIGIL_WAIT_LOCK_SHARED ||
	       kind == VIGIL_WAIT_PERMIT;
}

static void lock_wait_put(const struct out *out, const struct trace_event *e, uint64_t begin_ns,
			  uint64_t task)
{
	put(out, (struct slice){ .kind = SLICE_LOCK_WAIT,
				 .begin_ns = begin_ns,
				 .end_ns = e->ns,
				 .task = task,
				 .worker = task ? 0 : e->worker,
				 .object = e->object,
				 .site = e->site,
				 .state = e->state,
				 .fd = -1 });
}

/* As wait_end in lock.c: the thread waited for it, or the task did. */
static void acquire_slices(const struct out *out, const struct trace_event *e)
{
	const struct vigil_worker_record *w = RECORD_OF(out->board, worker, e->worker);
	const struct vigil_task_record *t = RECORD_OF(out->board, task, e->other);

	if (w && w->wait_object == e->object && wait_is_for_lock(w->wait_kind)) {
		blocked_put(out, w, e->worker, e->ns);
		lock_wait_put(out, e, w->wait_since_ns, 0);
	} else if (t && t->is_counted && t->wait_object == e->object) {
		lock_wait_put(out, e, t->wait_since_ns, e->other);
	}
}

/* ---- Workers, operations, spans ---- */

static void park_put(const struct out *out, const struct vigil_worker_record *w, uint64_t worker,
		     uint64_t end_ns)
{
	put(out, (struct slice){ .kind = SLICE_PARK,
				 .begin_ns = w->park_begin_ns,
				 .end_ns = end_ns,
				 .worker = worker,
				 .fd = -1 });
}

static void worker_slices(const struct out *out, const struct trace_event *e)
{
	const struct vigil_worker_record *w = RECORD_OF(out->board, worker, e->worker);

	if (!w || w->life != VIGIL_LIFE_LIVE)
		return;
	if (e->kind == TRACE_worker_resume && w->wait_kind)
		blocked_put(out, w, e->worker, e->ns);
	if (e->kind == TRACE_worker_unpark && w->park_begin_ns)
		park_put(out, w, e->worker, e->ns);
}

static void op_slices(const struct out *out, const struct trace_event *e)
{
	const struct vigil_op_record *op = RECORD_OF(out->board, op, e->object);

	if (op && op->life == VIGIL_LIFE_LIVE)
		put(out, (struct slice){ .kind = SLICE_OP,
					 .begin_ns = op->created_ns,
					 .end_ns = e->ns,
					 .task = op->task,
					 .worker = e->worker,
					 .object = e->object,
					 .other = op->resource,
					 .site = op->site,
					 .fd = -1 });
}

static void span_slices(const struct out *out, const struct trace_event *e)
{
	const struct vigil_span_record *span = RECORD_OF(out->board, span, e->object);

	if (span && span->life == VIGIL_LIFE_LIVE &&
	    (e->kind == TRACE_span_free ? span->depth > 0 : span->depth == 1))
		put(out, (struct slice){ .kind = SLICE_SPAN,
					 .begin_ns = span->enter_ns,
					 .end_ns = e->ns,
					 .task = span->task,
					 .worker = e->worker,
					 .object = e->object,
					 .site = span->site,
					 .fd = -1 });
}

/* ---- One event ---- */

struct list {
	struct slice *slices;
	size_t count;
};

static void list_add(void *arg, const struct slice *slice)
{
	struct list *list = arg;

	if (list->count < SLICES_MAX)
		list->slices[list->count++] = *slice;
}

size_t slices_of_process(const struct trace_process *process, const struct trace_event *event,
			 struct slice ret_slices[SLICES_MAX])
{
	struct list list = { ret_slices, 0 };
	struct out out = { process->board, process->index, list_add, &list };

	switch (event->kind) {
	case TRACE_poll_begin:
	case TRACE_poll_end:
	case TRACE_task_end:
		task_slices(&out, event);
		break;
	case TRACE_lock_acquired:
		acquire_slices(&out, event);
		break;
	case TRACE_lock_released:
		release_slices(&out, event);
		break;
	case TRACE_worker_unpark:
	case TRACE_worker_resume:
		worker_slices(&out, event);
		break;
	case TRACE_op_free:
		op_slices(&out, event);
		break;
	case TRACE_span_leave:
	case TRACE_span_free:
		span_slices(&out, event);
		break;
	default:
		break;
	}
	return list.count;
}

size_t slices_of(const struct trace *trace, const struct trace_event *event,
		 struct slice ret_slices[SLICES_MAX])
{
	return slices_of_process(trace_process(trace, event->process), event, ret_slices);
}

/* ---- What is open ---- */

static void tasks_open(const struct out *out, uint64_t end_ns)
{
	for (uint32_t i = 0; i < out->board->tables[VIGIL_TABLE_task].used; i++) {
		const struct vigil_task_record *t = RECORD_AT(out->board, task, i);

		if (t->life != VIGIL_LIFE_LIVE)
			continue;
		if (t->depth)
			run_put(out, t, end_ns);
		else
			rest_put(out, t, end_ns);
	}
}

static void locks_open(const struct out *out, uint64_t end_ns)
{
	for (uint32_t i = 0; i < out->board->tables[VIGIL_TABLE_resource].used; i++) {
		const struct vigil_resource_record *r = RECORD_AT(out->board, resource, i);

		for (int slot = 0; r->life == VIGIL_LIFE_LIVE && slot < VIGIL_OWNERS; slot++)
			if (r->holders && r->owner[slot])
				hold_put(out, r, vigil_ref_make(VIGIL_TABLE_resource, i, r->gen),
					 slot, end_ns);
	}
}

static void workers_open(const struct out *out, uint64_t end_ns)
{
	for (uint32_t i = 0; i < out->board->tables[VIGIL_TABLE_worker].used; i++) {
		const struct vigil_worker_record *w = RECORD_AT(out->board, worker, i);
		uint64_t worker = vigil_ref_make(VIGIL_TABLE_worker, i, w->gen);

		if (w->life != VIGIL_LIFE_LIVE)
			continue;
		if (w->wait_kind)
			blocked_put(out, w, worker, end_ns);
		if (w->park_begin_ns)
			park_put(out, w, worker, end_ns);
	}
}

void slices_open(const struct trace_process *process, uint64_t end_ns,
		 void (*tell)(void *arg, const struct slice *slice), void *arg)
{
	struct out out = { process->board, process->index, tell, arg };

	if (!process->board)
		return;
	workers_open(&out, end_ns);
	tasks_open(&out, end_ns);
	locks_open(&out, end_ns);
}
