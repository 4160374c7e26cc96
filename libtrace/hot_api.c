/* SPDX-License-Identifier: MIT */
/*
 * The public calls on polls and wakes: who calls, when, and on which board.
 */
#include "libtrace/hot.h"

#include "libtrace/clock.h"
#include "libtrace/live.h"
#include "libtrace/tracepoints.h"

void(vigil_poll_begin)(vigil_task task)
{
	struct call call = call_begin();
	uint64_t now;

	if (unlikely(!call.board))
		return;
	now = clock_now();
	TRACE(poll_begin, now, call_worker(&call), task);
	board_poll_begin(call.board, call.lane, now, task);
}

void(vigil_poll_end)(vigil_task task)
{
	struct call call = call_begin();
	uint64_t now;

	if (unlikely(!call.board))
		return;
	now = clock_now();
	TRACE(poll_end, now, call_worker(&call), task);
	board_poll_end(call.board, call.lane, now, task);
}

/* waker 0: who acts on this thread. */
static inline void wake(struct vigil_site *site, vigil_task task, vigil_object waker)
{
	struct call call = call_begin_wake();
	uint32_t where;
	uint64_t now;

	if (unlikely(!call.board))
		return;
	where = site_of(call.board, site, VIGIL_SITE_WAKE);
	if (likely(!waker))
		waker = lane_actor(call.lane);
	now = clock_now();
	TRACE(wake, now, call_worker(&call), task, where, waker);
	board_wake(call.board, call.lane, now, where, task, waker);
}

void(vigil_wake_at)(struct vigil_site *site, vigil_task task)
{
	wake(site, task, 0);
}

void(vigil_wake_by_at)(struct vigil_site *site, vigil_task task, vigil_object waker)
{
	wake(site, task, waker);
}

void(vigil_waker_clone)(vigil_task task)
{
	struct call call = call_begin();

	if (unlikely(!call.board))
		return;
	TRACE(waker_clone, clock_now(), call_worker(&call), task);
	board_waker_clone(call.board, task);
}

void(vigil_waker_drop)(vigil_task task)
{
	struct call call = call_begin();

	if (unlikely(!call.board))
		return;
	TRACE(waker_drop, clock_now(), call_worker(&call), task);
	board_waker_drop(call.board, task);
}

void(vigil_waker_wake_at)(struct vigil_site *site, vigil_task task)
{
	struct call call = call_begin_wake();
	uint32_t where;
	uint64_t now, waker;

	if (unlikely(!call.board))
		return;
	where = site_of(call.board, site, VIGIL_SITE_WAKE);
	waker = lane_actor(call.lane);
	now = clock_now();
	TRACE(waker_wake, now, call_worker(&call), task, where, waker);
	board_wake(call.board, call.lane, now, where, task, waker);
	board_waker_drop(call.board, task);
}
