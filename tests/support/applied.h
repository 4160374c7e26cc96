/* SPDX-License-Identifier: MIT */
/* Applies an event of traced.h to a private board. */
#ifndef TESTS_SUPPORT_APPLIED_H
#define TESTS_SUPPORT_APPLIED_H

#include <string.h>

#include "console/trace/event.h"
#include "libtrace/apply.h"
#include "libtrace/hot.h"

static inline void applied_process(struct board *board, const struct trace_event *e)
{
	struct vigil_process_record *p = board->process;

	switch (e->kind) {
	case TRACE_process_clock:
		p->clock_source = e->state;
		p->tsc_hz = e->value;
		text_put(p->boot_id, sizeof(p->boot_id), e->text);
		break;
	case TRACE_process_begin:
		p->pid = (uint32_t)e->number;
		p->parent_pid = e->flags;
		p->uid = e->state;
		p->start_ticks = e->object;
		p->created_unix_ns = e->value;
		p->created_ns = e->ns;
		text_put(p->name, sizeof(p->name), e->name);
		text_put(p->command, sizeof(p->command), e->text);
		text_put(p->version, sizeof(p->version), e->extra);
		p->life = VIGIL_LIFE_LIVE;
		break;
	case TRACE_process_end:
		p->ended_ns = e->ns;
		p->life = VIGIL_LIFE_ENDED;
		break;
	default:
		break;
	}
}

static inline void applied_worker(struct lane *lane, const struct trace_event *e)
{
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
	case TRACE_worker_stole:
		add(&lane->record->steals, e->value);
		break;
	default:
		break;
	}
}

static inline void applied_made(struct board *board, struct lane *lane, const struct trace_event *e)
{
	struct wanted want = { .ref = e->object, .id = e->id };

	switch (e->kind) {
	case TRACE_executor_new:
		board_executor_new(board, lane, e->ns, want, e->site, e->state, e->name);
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
	case TRACE_span_new:
		board_span_new(board, lane, e->ns, want, e->site, e->other, e->state, e->name);
		break;
	default:
		break;
	}
}

static inline void applied_task(struct board *board, struct lane *lane, const struct trace_event *e)
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
	case TRACE_waker_clone:
		board_waker_clone(board, e->object);
		break;
	case TRACE_waker_drop:
		board_waker_drop(board, e->object);
		break;
	case TRACE_waker_wake:
		board_wake(board, lane, e->ns, e->site, e->object, e->other);
		board_waker_drop(board, e->object);
		break;
	case TRACE_join:
		board_join(board, e->ns, e->object, e->state, e->other);
		break;
	default:
		break;
	}
}

static inline void applied_object(struct board *board, struct lane *lane,
				  const struct trace_event *e)
{
	struct attr_value value = { .key = e->name,
				    .text = e->text,
				    .unit = e->extra,
				    .value = e->value,
				    .type = e->state };

	switch (e->kind) {
	case TRACE_executor_free:
		board_executor_free(board, e->ns, e->object);
		break;
	case TRACE_executor_queued:
		board_executor_queued(board, e->object, e->value);
		break;
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
	case TRACE_op_free:
		board_op_free(board, lane, e->ns, e->object);
		break;
	case TRACE_attr:
		board_attr_set(board, e->ns, e->object, &value);
		break;
	case TRACE_span_enter:
		board_span_enter(board, lane, e->ns, e->object);
		break;
	case TRACE_span_leave:
		board_span_leave(board, lane, e->ns, e->object);
		break;
	case TRACE_span_free:
		board_span_free(board, lane, e->ns, e->object);
		break;
	default:
		break;
	}
}

static inline void applied(struct board *board, const struct trace_event *e)
{
	struct lane *lane = lane_of(board, e->worker);

	if (e->kind == TRACE_site)
		board_site_put(board, e->site, e->state, e->text, (uint32_t)e->number, e->extra,
			       e->name);
	else if (e->kind == TRACE_thread_begin)
		lane_open(board, e->ns, (uint32_t)e->value,
			  (struct wanted){ .ref = e->worker, .id = e->id });
	else if (e->kind == TRACE_event && !lane)
		COUNT(board, lost_messages);
	else if (e->kind == TRACE_event)
		lane_message(lane, e->ns, e->site, e->state, e->object, e->text);
	applied_process(board, e);
	if (lane)
		applied_worker(lane, e);
	applied_made(board, lane, e);
	applied_task(board, lane, e);
	applied_object(board, lane, e);
}

/* Whether an event tells what shape the board has; then the shape says so. */
static inline bool shape_take(struct board_shape *shape, const struct trace_event *e)
{
	if (e->kind != TRACE_process_room)
		return false;
	for (uint32_t i = 0; i < VIGIL_TABLES; i++) {
		if (strcmp(table_kinds[i].name, e->name))
			continue;
		shape->capacity[i] = (uint32_t)e->value;
		shape->retain[i] = e->flags;
	}
	return true;
}

#endif
