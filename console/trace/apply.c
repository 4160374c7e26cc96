/* SPDX-License-Identifier: MIT */
/*
 * From an event to the call of a board function.
 *
 * The law: no decision but which function, which lane, and whether an unknown object
 * is adopted. Events are hostile: indexes are checked here or by the board function.
 */
#include "console/trace/apply.h"

#include <string.h>

#include <vigil/vigil.h>

#include "libtrace/apply.h"
#include "libtrace/hot.h"

#define ADOPTED_IDS (UINT64_C(1) << 48) /* of operations and spans */

/* ---- Adopting what was born unseen ---- */

void adoption_begin(struct adoption *adoption, const struct board *board, bool is_gap,
		    uint64_t since_ns)
{
	adoption->is_allowed = true;
	adoption->is_gap = is_gap;
	adoption->since_ns = since_ns;
	for (uint32_t i = 0; i < VIGIL_TABLES; i++) {
		uint64_t last = board->pools[i].serial;

		/* Threads have blocks of these numbers: none above the last one is surely free. */
		if (board->pools[i].own)
			last |= ADOPTED_IDS;
		if (adoption->ids[i] < last)
			adoption->ids[i] = last;
	}
}

/* Whether a record has a generation later than a reference's: then the object is long gone. */
static bool is_past(const struct board *board, uint64_t ref)
{
	uint32_t table = vigil_ref_table(ref), index = vigil_ref_index(ref);
	const uint32_t *words;

	if (index >= load(&board->pools[table].used))
		return false;
	words = record_at(board, table, index);
	return (int32_t)(load(&words[1]) - vigil_ref_gen(ref)) > 0;
}

static void make(struct board *board, const struct adoption *adoption, uint32_t table,
		 struct wanted want)
{
	const char *name = adoption->is_gap ? ADOPTED_IN_GAP : ADOPTED_BEFORE;
	uint64_t since = adoption->since_ns;

	switch (table) {
	case VIGIL_TABLE_executor:
		board_executor_new(board, since, want, 0, VIGIL_EXECUTOR_OTHER, name);
		break;
	case VIGIL_TABLE_worker:
		lane_open(board, since, 0, want);
		break;
	case VIGIL_TABLE_task:
		board_task_spawn(board, NULL, since,
				 &(struct task_birth){ .want = want,
						       .kind = VIGIL_TASK_OTHER,
						       .flags = VIGIL_SPAWN_IDLE,
						       .name = name });
		break;
	case VIGIL_TABLE_resource:
		board_resource_new(board, NULL, since,
				   &(struct resource_birth){ .want = want,
							     .kind = VIGIL_RESOURCE_OTHER,
							     .type = "",
							     .name = name });
		break;
	case VIGIL_TABLE_op:
		board_op_new(board, NULL, since, want, 0, 0, 0, name);
		break;
	case VIGIL_TABLE_span:
		board_span_new(board, NULL, since, want, 0, 0, VIGIL_LEVEL_INFO, name);
		break;
	default:
		break;
	}
}

/* Makes a record for an object of an event that has none, of one of the tables given. */
static void adopt(struct board *board, struct adoption *adoption, uint64_t ref, uint32_t tables)
{
	uint32_t table = vigil_ref_table(ref);
	struct wanted want = { .ref = ref };

	if (!adoption->is_allowed || !ref || table >= VIGIL_TABLES || !(tables >> table & 1) ||
	    is_past(board, ref))
		return;
	want.id = ++adoption->ids[table];
	adoption->count++;
	make(board, adoption, table, want);
}

#define BIT(table) (1u << VIGIL_TABLE_##table)
#define ANY_OWNER (BIT(executor) | BIT(task) | BIT(resource) | BIT(op) | BIT(span))

static bool is_known(const struct board *board, uint64_t ref)
{
	uint32_t table = vigil_ref_table(ref);
	const uint32_t *words;

	if (table >= VIGIL_TABLES || vigil_ref_index(ref) >= load(&board->pools[table].used))
		return false;
	words = record_at(board, table, vigil_ref_index(ref));
	return load(&words[1]) == vigil_ref_gen(ref);
}

/* An event proves that this object exists, if it is of one of these tables. */
static void expect(struct board *board, struct adoption *adoption, uint64_t ref, uint32_t tables)
{
	if (tables && !is_known(board, ref))
		adopt(board, adoption, ref, tables);
}

/* ---- Doubt ---- */

static void lane_doubt(struct lane *lane)
{
	struct vigil_worker_record *worker = lane->record;

	for (uint32_t i = 0; i < lane->depth; i++)
		if (lane->frames[i].record)
			store(&lane->frames[i].record->depth, 0);
	lane->depth = 0;
	lane->dropped_frames = 0;
	lane->dropped_tasks = 0;
	lane_lock_forget(lane);
	store(&worker->task, 0);
	store(&worker->depth, 0);
	store(&worker->poll_begin_ns, 0);
	store(&worker->park_begin_ns, 0);
	store(&worker->wait_kind, VIGIL_WAIT_NONE);
}

void board_doubt(struct board *board)
{
	for (uint32_t i = 0; i < load(&board->tables[VIGIL_TABLE_worker].used); i++)
		if (load(&RECORD_AT(board, worker, i)->life) == VIGIL_LIFE_LIVE)
			lane_doubt(&board->lanes[i]);
}

/*
 * What looks like misuse where events are missing may be what is missing: it is not
 * held against the program.
 */
#define MISUSES 6

static void misuses_copy(uint64_t *to, const uint64_t *from)
{
	memcpy(to, from, MISUSES * sizeof(*to));
}

_Static_assert(offsetof(struct vigil_counts_record, misused_overlap) -
			       offsetof(struct vigil_counts_record, misused_stale) ==
		       (MISUSES - 1) * sizeof(uint64_t),
	       "the counts of misuse stand together");

/* ---- Lanes ---- */

/* The lane of an event's thread; NULL for one that had no worker record. */
static struct lane *lane_expect(struct board *board, struct adoption *adoption, uint64_t worker)
{
	struct lane *lane;

	if (!worker)
		return NULL;
	lane = lane_of(board, worker);
	if (likely(lane))
		return lane;
	adopt(board, adoption, worker, BIT(worker));
	return lane_of(board, worker);
}

static void thread_apply(struct board *board, struct lane *lane, const struct trace_event *e)
{
	lane = lane_of(board, e->worker);
	if (!lane) {
		lane_open(board, e->ns, (uint32_t)e->value, (struct wanted){ e->worker, e->id });
		return;
	}
	/* Adopted a moment ago: now it is known who it is. */
	store(&lane->record->tid, (uint32_t)e->value);
	store(&lane->record->id, pool_serial(board, NULL, VIGIL_TABLE_worker, e->id));
	store(&lane->record->created_ns, e->ns);
}

/* ---- Events ---- */

static void process_begin(struct vigil_process_record *process, const struct trace_event *e)
{
	process->pid = (uint32_t)e->number;
	process->parent_pid = e->flags;
	process->uid = e->state;
	process->start_ticks = e->object;
	process->created_ns = e->ns;
	process->created_unix_ns = e->value;
	text_put(process->name, sizeof(process->name), e->name);
	text_put(process->version, sizeof(process->version), e->extra);
	text_put(process->command, sizeof(process->command), e->text);
	process->life = VIGIL_LIFE_LIVE;
}

static void process_apply(struct board *board, struct lane *lane, const struct trace_event *e)
{
	struct vigil_process_record *process = board->process;

	(void)lane;
	switch (e->kind) {
	case TRACE_process_clock:
		process->clock_source = e->state;
		process->tsc_hz = e->value;
		text_put(process->boot_id, sizeof(process->boot_id), e->text);
		break;
	case TRACE_process_begin:
		process_begin(process, e);
		break;
	case TRACE_process_end:
		process->ended_ns = e->ns;
		process->life = VIGIL_LIFE_ENDED;
		break;
	default: /* TRACE_process_room: what the board was made after */
		break;
	}
}

static void site_apply(struct board *board, struct lane *lane, const struct trace_event *e)
{
	(void)lane;
	board_site_put(board, e->site, e->state, e->text, (uint32_t)e->number, e->extra, e->name);
}

static void executor_apply(struct board *board, struct lane *lane, const struct trace_event *e)
{
	(void)lane;
	if (e->kind == TRACE_executor_free)
		board_executor_free(board, e->ns, e->object);
	else
		board_executor_queued(board, e->object, e->value);
}

static void worker_apply(struct board *board, struct lane *lane, const struct trace_event *e)
{
	(void)board;
	if (!lane)
		return;
	switch (e->kind) {
	case TRACE_thread_end:
		lane_close(lane, e->ns);
		break;
	case TRACE_worker_begin:
		board_worker_begin(lane, e->object, e->name);
		break;
	case TRACE_worker_end:
		board_worker_end(lane);
		break;
	case TRACE_worker_park:
		board_worker_park(lane, e->ns);
		break;
	case TRACE_worker_unpark:
		board_worker_unpark(lane, e->ns);
		break;
	case TRACE_worker_wait:
		board_worker_wait(lane, e->ns, e->state, e->object, e->site);
		break;
	case TRACE_worker_resume:
		board_worker_resume(lane, e->ns);
		break;
	case TRACE_worker_queued:
		store(&lane->record->queued, e->value);
		break;
	default: /* TRACE_worker_stole */
		add(&lane->record->steals, e->value);
		break;
	}
}

static void task_apply(struct board *board, struct lane *lane, const struct trace_event *e)
{
	switch (e->kind) {
	case TRACE_task_rename:
		board_task_rename(board, e->object, e->name);
		break;
	case TRACE_task_end:
		board_task_end(board, lane, e->ns, e->object, e->state, e->number, e->text);
		break;
	case TRACE_poll_begin:
		board_poll_begin(board, lane, e->ns, e->object);
		break;
	case TRACE_poll_end:
		board_poll_end(board, lane, e->ns, e->object);
		break;
	case TRACE_task_yield:
		board_task_yield(board, e->object, e->flags);
		break;
	case TRACE_task_wait:
		board_task_wait(board, e->ns, e->object,
				&(struct wait){ .kind = e->state,
						.fd = e->number,
						.object = e->other,
						.until_ns = e->value });
		break;
	case TRACE_wake:
		board_wake(board, lane, e->ns, e->site, e->object, e->other);
		break;
	case TRACE_waker_wake:
		board_wake(board, lane, e->ns, e->site, e->object, e->other);
		board_waker_drop(board, e->object);
		break;
	case TRACE_waker_clone:
		board_waker_clone(board, e->object);
		break;
	case TRACE_waker_drop:
		board_waker_drop(board, e->object);
		break;
	default: /* TRACE_join */
		board_join(board, e->ns, e->object, e->state, e->other);
		break;
	}
}

static void use_apply(struct board *board, struct lane *lane, const struct trace_event *e)
{
	switch (e->kind) {
	case TRACE_resource_free:
		board_resource_free(board, lane, e->ns, e->object);
		break;
	case TRACE_lock_wait:
		board_lock_wait(board, lane, e->ns, e->object, e->state, e->site);
		break;
	case TRACE_lock_acquired:
		board_lock_acquired(board, lane, e->ns, e->object, e->state, e->site, e->other);
		break;
	case TRACE_lock_abandoned:
		board_lock_abandoned(board, lane, e->ns, e->object);
		break;
	case TRACE_lock_released:
		board_lock_released(board, lane, e->ns, e->object, e->other);
		break;
	case TRACE_op_poll_begin:
		board_op_poll_begin(board, e->ns, e->object);
		break;
	case TRACE_op_poll_end:
		board_op_poll_end(board, e->ns, e->object, e->flags);
		break;
	default: /* TRACE_op_free */
		board_op_free(board, lane, e->ns, e->object);
		break;
	}
}

static void span_apply(struct board *board, struct lane *lane, const struct trace_event *e)
{
	switch (e->kind) {
	case TRACE_span_enter:
		board_span_enter(board, lane, e->ns, e->object);
		break;
	case TRACE_span_leave:
		board_span_leave(board, lane, e->ns, e->object);
		break;
	default: /* TRACE_span_free */
		board_span_free(board, lane, e->ns, e->object);
		break;
	}
}

static void birth_apply(struct board *board, struct lane *lane, const struct trace_event *e)
{
	struct wanted want = { e->object, e->id };

	switch (e->kind) {
	case TRACE_executor_new:
		board_executor_new(board, e->ns, want, e->site, e->state, e->name);
		break;
	case TRACE_task_spawn:
		board_task_spawn(board, lane, e->ns,
				 &(struct task_birth){ .want = want,
						       .executor = e->value,
						       .parent = e->other,
						       .site = e->site,
						       .kind = e->state,
						       .flags = e->flags,
						       .name = e->name });
		break;
	case TRACE_resource_new:
		board_resource_new(board, lane, e->ns,
				   &(struct resource_birth){ .want = want,
							     .parent = e->other,
							     .site = e->site,
							     .kind = e->state,
							     .flags = e->flags,
							     .type = e->text,
							     .name = e->name });
		break;
	case TRACE_op_new:
		board_op_new(board, lane, e->ns, want, e->site, e->other, e->value, e->name);
		break;
	default: /* TRACE_span_new */
		board_span_new(board, lane, e->ns, want, e->site, e->other, e->state, e->name);
		break;
	}
}

static void attr_apply(struct board *board, struct lane *lane, const struct trace_event *e)
{
	board_attr_set(board, lane, e->ns, e->object,
		       &(struct attr_value){ .key = e->name,
					     .text = e->text,
					     .unit = e->extra,
					     .value = e->value,
					     .type = e->state });
}

static void message_apply(struct board *board, struct lane *lane, const struct trace_event *e)
{
	if (lane)
		lane_message(lane, e->ns, e->site, e->state, e->object, e->text);
	else
		COUNT(board, lost_messages);
}

/* What each kind of event calls, and the tables of objects it proves to exist. */
static const struct {
	void (*apply)(struct board *board, struct lane *lane, const struct trace_event *e);
	uint32_t proves;
} hows[TRACE_KINDS] = {
	[TRACE_site] = { site_apply, 0 },
	[TRACE_executor_new] = { birth_apply, 0 },
	[TRACE_executor_free] = { executor_apply, BIT(executor) },
	[TRACE_executor_queued] = { executor_apply, BIT(executor) },
	[TRACE_thread_begin] = { thread_apply, 0 },
	[TRACE_thread_end] = { worker_apply, 0 },
	[TRACE_worker_begin] = { worker_apply, BIT(executor) },
	[TRACE_worker_end] = { worker_apply, 0 },
	[TRACE_worker_park] = { worker_apply, 0 },
	[TRACE_worker_unpark] = { worker_apply, 0 },
	[TRACE_worker_wait] = { worker_apply, BIT(resource) },
	[TRACE_worker_resume] = { worker_apply, 0 },
	[TRACE_worker_queued] = { worker_apply, 0 },
	[TRACE_worker_stole] = { worker_apply, 0 },
	[TRACE_task_spawn] = { birth_apply, 0 },
	[TRACE_task_rename] = { task_apply, BIT(task) },
	[TRACE_task_end] = { task_apply, BIT(task) },
	[TRACE_poll_begin] = { task_apply, BIT(task) },
	[TRACE_poll_end] = { task_apply, BIT(task) },
	[TRACE_task_yield] = { task_apply, BIT(task) },
	[TRACE_task_wait] = { task_apply, BIT(task) },
	[TRACE_wake] = { task_apply, BIT(task) },
	/* Wakers and join handles outlive their tasks. */
	[TRACE_waker_clone] = { task_apply, 0 },
	[TRACE_waker_drop] = { task_apply, 0 },
	[TRACE_waker_wake] = { task_apply, BIT(task) },
	[TRACE_join] = { task_apply, 0 },
	[TRACE_resource_new] = { birth_apply, 0 },
	[TRACE_resource_free] = { use_apply, BIT(resource) },
	[TRACE_lock_wait] = { use_apply, BIT(resource) },
	[TRACE_lock_acquired] = { use_apply, BIT(resource) },
	[TRACE_lock_abandoned] = { use_apply, BIT(resource) },
	[TRACE_lock_released] = { use_apply, BIT(resource) },
	[TRACE_op_new] = { birth_apply, 0 },
	[TRACE_op_poll_begin] = { use_apply, BIT(op) },
	[TRACE_op_poll_end] = { use_apply, BIT(op) },
	[TRACE_op_free] = { use_apply, BIT(op) },
	[TRACE_attr] = { attr_apply, ANY_OWNER },
	[TRACE_span_new] = { birth_apply, 0 },
	[TRACE_span_enter] = { span_apply, BIT(span) },
	[TRACE_span_leave] = { span_apply, BIT(span) },
	[TRACE_span_free] = { span_apply, BIT(span) },
	[TRACE_event] = { message_apply, 0 },
	[TRACE_process_room] = { process_apply, 0 },
	[TRACE_process_clock] = { process_apply, 0 },
	[TRACE_process_begin] = { process_apply, 0 },
	[TRACE_process_end] = { process_apply, 0 },
};

static void unsure_apply(struct board *board, struct lane *lane, struct adoption *adoption,
			 const struct trace_event *e)
{
	uint64_t misuses[MISUSES];

	expect(board, adoption, e->object, hows[e->kind].proves);
	if (e->kind == TRACE_task_wait)
		expect(board, adoption, e->other, BIT(resource));
	misuses_copy(misuses, &board->counts->misused_stale);
	hows[e->kind].apply(board, lane, e);
	misuses_copy(&board->counts->misused_stale, misuses);
}

void event_apply(struct board *board, struct adoption *adoption, const struct trace_event *e)
{
	struct lane *lane;

	/* Sites are indexes into a table that a hostile trace knows nothing of. */
	if (unlikely(e->kind >= TRACE_KINDS || e->site > board->tables[VIGIL_TABLE_site].capacity))
		return;
	lane = e->kind == TRACE_thread_begin ? NULL : lane_expect(board, adoption, e->worker);
	if (unlikely(adoption->is_allowed))
		unsure_apply(board, lane, adoption, e);
	else
		hows[e->kind].apply(board, lane, e);
}
