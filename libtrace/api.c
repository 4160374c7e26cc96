/* SPDX-License-Identifier: MIT */
/*
 * The public calls, all but hot.c's: each finds the board and the lane, reads
 * the clock, tells the tracepoint, applies the change.
 *
 * The law: nothing is decided here; what a call means is in its board_ function,
 * which replays use too. A call that makes an object applies first, so that the
 * tracepoint can carry its reference.
 */
#include "libtrace/apply.h"
#include "libtrace/clock.h"
#include "libtrace/hot.h"
#include "libtrace/live.h"
#include "libtrace/tracepoints.h"

#include <string.h>

/* The start of every call: board, lane and time, or out. */
#define BEGIN(result)                                                                              \
	struct call call = call_begin();                                                           \
	uint64_t now;                                                                              \
                                                                                                   \
	if (unlikely(!call.board))                                                                 \
		return result;                                                                     \
	now = clock_now()

/* The same where the time matters to the tracepoint alone. */
#define BEGIN_UNTIMED()                                                                            \
	struct call call = call_begin();                                                           \
                                                                                                   \
	if (unlikely(!call.board))                                                                 \
	return

#define NOTHING

/* The serial number of an object just made, for its tracepoint; 0 if it was not. */
#define ID_OF(table, ref)                                                                          \
	((ref) ? load(&RECORD_AT(call.board, table, vigil_ref_index(ref))->id) : 0)

/* ---- executors and workers ---- */

vigil_executor(vigil_executor_new_at)(struct vigil_site *site, enum vigil_executor_kind kind,
				      const char *name)
{
	uint64_t executor;
	uint32_t where;

	BEGIN(0);
	where = site_of(call.board, site, VIGIL_SITE_EXECUTOR);
	executor = board_executor_new(call.board, now, ANY, where, kind, name);
	TRACE(executor_new, now, call_worker(&call), executor, ID_OF(executor, executor), where,
	      kind, name);
	return executor;
}

void(vigil_executor_free)(vigil_executor executor)
{
	BEGIN(NOTHING);
	TRACE(executor_free, now, call_worker(&call), executor);
	board_executor_free(call.board, now, executor);
}

void(vigil_executor_queued)(vigil_executor executor, uint64_t tasks)
{
	BEGIN_UNTIMED();
	TRACE(executor_queued, clock_now(), call_worker(&call), executor, tasks);
	board_executor_queued(call.board, executor, tasks);
}

void(vigil_worker_begin)(vigil_executor executor, const char *name)
{
	BEGIN_UNTIMED();
	TRACE(worker_begin, clock_now(), call_worker(&call), executor, name);
	if (call.lane)
		board_worker_begin(call.lane, executor, name);
}

void(vigil_worker_end)(void)
{
	BEGIN_UNTIMED();
	TRACE(worker_end, clock_now(), call_worker(&call));
	if (call.lane)
		board_worker_end(call.lane);
}

void(vigil_worker_park)(void)
{
	BEGIN(NOTHING);
	TRACE(worker_park, now, call_worker(&call));
	if (call.lane)
		board_worker_park(call.lane, now);
}

void(vigil_worker_unpark)(void)
{
	BEGIN(NOTHING);
	TRACE(worker_unpark, now, call_worker(&call));
	if (call.lane)
		board_worker_unpark(call.lane, now);
}

void(vigil_worker_wait_at)(struct vigil_site *site, enum vigil_wait_kind kind, vigil_object object)
{
	uint32_t where;

	BEGIN(NOTHING);
	where = site_of(call.board, site, VIGIL_SITE_OTHER);
	TRACE(worker_wait, now, call_worker(&call), kind, object, where);
	if (call.lane)
		board_worker_wait(call.lane, now, kind, object, where);
}

void(vigil_worker_resume)(void)
{
	BEGIN(NOTHING);
	TRACE(worker_resume, now, call_worker(&call));
	if (call.lane)
		board_worker_resume(call.lane, now);
}

void(vigil_worker_queued)(uint64_t tasks)
{
	BEGIN_UNTIMED();
	TRACE(worker_queued, clock_now(), call_worker(&call), tasks);
	if (call.lane)
		store(&call.lane->record->queued, tasks);
}

void(vigil_worker_stole)(uint64_t tasks)
{
	BEGIN_UNTIMED();
	TRACE(worker_stole, clock_now(), call_worker(&call), tasks);
	if (call.lane)
		add(&call.lane->record->steals, tasks);
}

/* ---- tasks ---- */

vigil_task(vigil_task_spawn_at)(struct vigil_site *site, vigil_executor executor,
				enum vigil_task_kind kind, const char *name, unsigned flags)
{
	struct task_birth birth = {
		.executor = executor, .kind = kind, .flags = flags, .name = name
	};
	uint64_t task;

	BEGIN(0);
	birth.site = site_of(call.board, site, VIGIL_SITE_SPAWN);
	birth.parent = flags & VIGIL_SPAWN_ROOT ? 0 : lane_task(call.lane);
	task = board_task_spawn(call.board, call.lane, now, &birth);
	TRACE(task_spawn, now, call_worker(&call), task, ID_OF(task, task), birth.site, executor,
	      birth.parent, kind, flags, name);
	return task;
}

void(vigil_task_rename)(vigil_task task, const char *name)
{
	BEGIN_UNTIMED();
	TRACE(task_rename, clock_now(), call_worker(&call), task, name);
	board_task_rename(call.board, task, name);
}

void(vigil_task_end)(vigil_task task, enum vigil_outcome outcome)
{
	BEGIN(NOTHING);
	TRACE(task_end, now, call_worker(&call), task, outcome, 0, NULL);
	board_task_end(call.board, call.lane, now, task, outcome, 0, NULL);
}

void(vigil_task_fail)(vigil_task task, int32_t code, const char *message)
{
	BEGIN(NOTHING);
	TRACE(task_end, now, call_worker(&call), task, VIGIL_OUTCOME_FAILED, code, message);
	board_task_end(call.board, call.lane, now, task, VIGIL_OUTCOME_FAILED, code, message);
}

vigil_task(vigil_task_current)(void)
{
	struct call call = call_begin();

	return call.board ? lane_task(call.lane) : 0;
}

void(vigil_task_yield)(vigil_task task, bool forced)
{
	BEGIN_UNTIMED();
	TRACE(task_yield, clock_now(), call_worker(&call), task, forced);
	board_task_yield(call.board, task, forced);
}

static void task_wait(vigil_task task, const struct wait *wait)
{
	BEGIN(NOTHING);
	TRACE(task_wait, now, call_worker(&call), task, wait->kind, wait->object, wait->fd,
	      wait->until_ns);
	board_task_wait(call.board, now, task, wait);
}

void(vigil_task_wait)(vigil_task task, enum vigil_wait_kind kind, vigil_object object)
{
	task_wait(task, &(struct wait){ .kind = kind, .fd = -1, .object = object });
}

void(vigil_task_wait_fd)(vigil_task task, enum vigil_wait_kind kind, int fd)
{
	task_wait(task, &(struct wait){ .kind = kind, .fd = fd });
}

void(vigil_task_wait_fd_until)(vigil_task task, enum vigil_wait_kind kind, int fd,
			       uint64_t deadline_ns)
{
	task_wait(task, &(struct wait){ .kind = kind, .fd = fd, .until_ns = deadline_ns });
}

void(vigil_task_wait_until)(vigil_task task, enum vigil_wait_kind kind, vigil_object object,
			    uint64_t deadline_ns)
{
	task_wait(task,
		  &(struct wait){
			  .kind = kind, .fd = -1, .object = object, .until_ns = deadline_ns });
}

/* ---- join handles ---- */

static void join(vigil_task task, enum vigil_join state)
{
	uint64_t joiner;

	BEGIN(NOTHING);
	joiner = state == VIGIL_JOIN_AWAITED ? lane_task(call.lane) : 0;
	TRACE(join, now, call_worker(&call), task, state, joiner);
	board_join(call.board, now, task, state, joiner);
}

void(vigil_join_hold)(vigil_task task)
{
	join(task, VIGIL_JOIN_HELD);
}

void(vigil_join_drop)(vigil_task task)
{
	join(task, VIGIL_JOIN_DETACHED);
}

void(vigil_join_await)(vigil_task task)
{
	join(task, VIGIL_JOIN_AWAITED);
}

void(vigil_join_done)(vigil_task task)
{
	join(task, VIGIL_JOIN_JOINED);
}

/* ---- resources and locks ---- */

vigil_resource(vigil_resource_new_at)(struct vigil_site *site, enum vigil_resource_kind kind,
				      const char *type, const char *name, vigil_resource parent,
				      unsigned flags)
{
	struct resource_birth birth = {
		.parent = parent, .kind = kind, .flags = flags, .type = type, .name = name
	};
	uint64_t resource;

	BEGIN(0);
	birth.site = site_of(call.board, site, VIGIL_SITE_RESOURCE);
	resource = board_resource_new(call.board, call.lane, now, &birth);
	TRACE(resource_new, now, call_worker(&call), resource, ID_OF(resource, resource),
	      birth.site, kind, parent, flags, type, name);
	return resource;
}

void(vigil_resource_free)(vigil_resource resource)
{
	BEGIN(NOTHING);
	TRACE(resource_free, now, call_worker(&call), resource);
	board_resource_free(call.board, call.lane, now, resource);
}

void(vigil_lock_wait_at)(struct vigil_site *site, vigil_resource lock, enum vigil_mode mode)
{
	uint32_t where;

	BEGIN(NOTHING);
	where = site_of(call.board, site, VIGIL_SITE_LOCK);
	TRACE(lock_wait, now, call_worker(&call), lock, mode, where);
	board_lock_wait(call.board, call.lane, now, lock, mode, where);
}

void(vigil_lock_acquired_by_at)(struct vigil_site *site, vigil_resource lock, enum vigil_mode mode,
				vigil_task owner)
{
	uint32_t where;

	BEGIN(NOTHING);
	where = site_of(call.board, site, VIGIL_SITE_LOCK);
	owner = owner ? owner : lane_actor(call.lane);
	TRACE(lock_acquired, now, call_worker(&call), lock, mode, where, owner);
	board_lock_acquired(call.board, call.lane, now, lock, mode, where, owner);
}

void(vigil_lock_acquired_at)(struct vigil_site *site, vigil_resource lock, enum vigil_mode mode)
{
	(vigil_lock_acquired_by_at)(site, lock, mode, 0);
}

void(vigil_lock_abandoned)(vigil_resource lock)
{
	BEGIN(NOTHING);
	TRACE(lock_abandoned, now, call_worker(&call), lock);
	board_lock_abandoned(call.board, call.lane, now, lock);
}

void(vigil_lock_released_by)(vigil_resource lock, vigil_task owner)
{
	BEGIN(NOTHING);
	owner = owner ? owner : lane_actor(call.lane);
	TRACE(lock_released, now, call_worker(&call), lock, owner);
	board_lock_released(call.board, call.lane, now, lock, owner);
}

void(vigil_lock_released)(vigil_resource lock)
{
	(vigil_lock_released_by)(lock, 0);
}

/* ---- async operations ---- */

vigil_op(vigil_op_new_at)(struct vigil_site *site, vigil_resource resource, const char *source,
			  vigil_op parent)
{
	uint32_t where;
	uint64_t op;

	BEGIN(0);
	where = site_of(call.board, site, VIGIL_SITE_OP);
	op = board_op_new(call.board, call.lane, now, ANY, where, resource, parent, source);
	TRACE(op_new, now, call_worker(&call), op, ID_OF(op, op), where, resource, parent, source);
	return op;
}

void(vigil_op_poll_begin)(vigil_op op)
{
	BEGIN(NOTHING);
	TRACE(op_poll_begin, now, call_worker(&call), op);
	board_op_poll_begin(call.board, now, op);
}

void(vigil_op_poll_end)(vigil_op op, bool is_ready)
{
	BEGIN(NOTHING);
	TRACE(op_poll_end, now, call_worker(&call), op, is_ready);
	board_op_poll_end(call.board, now, op, is_ready);
}

void(vigil_op_free)(vigil_op op)
{
	BEGIN(NOTHING);
	TRACE(op_free, now, call_worker(&call), op);
	board_op_free(call.board, call.lane, now, op);
}

/* ---- attributes ---- */

static vigil_attr set(vigil_object object, const struct attr_value *value)
{
	BEGIN(0);
	TRACE(attr, now, call_worker(&call), object, value->key, value->type, value->value,
	      value->text, value->unit);
	return board_attr_set(call.board, call.lane, now, object, value);
}

vigil_attr(vigil_attr_i64)(vigil_object object, const char *key, int64_t value, const char *unit)
{
	return set(object, &(struct attr_value){ .key = key,
						 .type = VIGIL_ATTR_I64,
						 .value = (uint64_t)value,
						 .unit = unit });
}

vigil_attr(vigil_attr_u64)(vigil_object object, const char *key, uint64_t value, const char *unit)
{
	return set(object,
		   &(struct attr_value){
			   .key = key, .type = VIGIL_ATTR_U64, .value = value, .unit = unit });
}

static uint64_t bits_of(double value)
{
	uint64_t bits;

	memcpy(&bits, &value, sizeof(bits));
	return bits;
}

vigil_attr(vigil_attr_f64)(vigil_object object, const char *key, double value, const char *unit)
{
	return set(object, &(struct attr_value){ .key = key,
						 .type = VIGIL_ATTR_F64,
						 .value = bits_of(value),
						 .unit = unit });
}

vigil_attr(vigil_attr_bool)(vigil_object object, const char *key, bool value)
{
	return set(object,
		   &(struct attr_value){ .key = key, .type = VIGIL_ATTR_BOOL, .value = value });
}

vigil_attr(vigil_attr_text)(vigil_object object, const char *key, const char *value)
{
	return set(object,
		   &(struct attr_value){ .key = key, .type = VIGIL_ATTR_TEXT, .text = value });
}

/* Tracepoints name owner, key and unit; of one that is gone, a replay counts the same. */
static __attribute__((cold, noinline)) void put_trace(const struct call *call, uint64_t now,
						      vigil_attr attr, uint32_t type,
						      uint64_t value)
{
	struct vigil_attr_record name;
	uint64_t owner = board_attr_name(call->board, attr, &name);

	TRACE(attr, now, call_worker(call), owner ? owner : attr, owner ? name.key : "?", type,
	      value, NULL, owner ? name.unit : NULL);
}

static void put(vigil_attr attr, enum vigil_attr_type type, uint64_t value)
{
	BEGIN(NOTHING);
	if (unlikely(IS_TRACED(attr)))
		put_trace(&call, now, attr, type, value);
	board_attr_put(call.board, now, attr, type, value);
}

void(vigil_attr_set_i64)(vigil_attr attr, int64_t value)
{
	put(attr, VIGIL_ATTR_I64, (uint64_t)value);
}

void(vigil_attr_set_u64)(vigil_attr attr, uint64_t value)
{
	put(attr, VIGIL_ATTR_U64, value);
}

void(vigil_attr_set_f64)(vigil_attr attr, double value)
{
	put(attr, VIGIL_ATTR_F64, bits_of(value));
}

void(vigil_attr_set_bool)(vigil_attr attr, bool value)
{
	put(attr, VIGIL_ATTR_BOOL, value);
}

/* ---- spans and events ---- */

static inline vigil_span span_make(struct vigil_site *site, enum vigil_level level,
				   const char *name, bool is_entered)
{
	uint64_t parent, span;
	uint32_t where;

	BEGIN(0);
	where = site_of(call.board, site, VIGIL_SITE_SPAN);
	parent = board_span_current(call.board, call.lane);
	span = board_span_new(call.board, call.lane, now, ANY, where, parent, level, name);
	TRACE(span_new, now, call_worker(&call), span, ID_OF(span, span), where, parent, level,
	      name);
	if (is_entered && span) {
		TRACE(span_enter, now, call_worker(&call), span);
		board_span_enter(call.board, call.lane, now, span);
	}
	return span;
}

vigil_span(vigil_span_new_at)(struct vigil_site *site, enum vigil_level level, const char *name)
{
	return span_make(site, level, name, false);
}

vigil_span(vigil_span_begin_at)(struct vigil_site *site, enum vigil_level level, const char *name)
{
	return span_make(site, level, name, true);
}

void(vigil_span_enter)(vigil_span span)
{
	BEGIN(NOTHING);
	TRACE(span_enter, now, call_worker(&call), span);
	board_span_enter(call.board, call.lane, now, span);
}

void(vigil_span_leave)(vigil_span span)
{
	BEGIN(NOTHING);
	TRACE(span_leave, now, call_worker(&call), span);
	board_span_leave(call.board, call.lane, now, span);
}

void(vigil_span_free)(vigil_span span)
{
	BEGIN(NOTHING);
	TRACE(span_free, now, call_worker(&call), span);
	board_span_free(call.board, call.lane, now, span);
}

void(vigil_event_at)(struct vigil_site *site, enum vigil_level level, const char *message)
{
	uint64_t span;
	uint32_t where;

	BEGIN(NOTHING);
	where = site_of(call.board, site, VIGIL_SITE_MESSAGE);
	span = board_span_current(call.board, call.lane);
	TRACE(event, now, call_worker(&call), where, level, lane_task(call.lane), span, message);
	if (call.lane)
		lane_message(call.lane, now, where, level, span, message);
	else
		COUNT(call.board, lost_messages);
}
