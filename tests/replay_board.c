/* SPDX-License-Identifier: MIT */
/*
 * What the tracepoints are told is enough to make the board again: each scene is
 * recorded on a live board, applied to a private one, and the two are compared
 * field by field.
 */
#include "libtrace/live.h"
#include "tests/support/applied.h"
#include "tests/support/board_equal.h"
#include "tests/support/live.h"
#include "tests/support/traced.h"

static struct board replay;

/* ---- Replaying ---- */

/* A private board of the shape that the trace tells, to which nothing happened yet. */
static void replay_begin(void)
{
	struct board_shape shape;

	board_shape_default(&shape);
	for (size_t i = 0; i < traced_count; i++)
		shape_take(&shape, traced_at(i));
	cr_assert_eq(board_init(&replay, -1, &shape), 0);
	replay.is_replay = true;
}

static void replay_apply(size_t from, size_t to)
{
	for (size_t i = from; i < to; i++)
		applied(&replay, traced_at(i));
}

static int replay_differs(void)
{
	return boards_differ(live_board->base, replay.base, 0);
}

/* All from the start. Returns the differences. */
static int replay_all(void)
{
	replay_begin();
	replay_apply(0, traced_count);
	return replay_differs();
}

static void scene_begin(void)
{
	traced_start();
	live_start_with((struct vigil_options){ .tasks = 64, .finished = 8, .resources = 32 });
}

static void scene_end(void)
{
	board_fini(&replay);
	live_stop();
}

TestSuite(replay_board, .init = scene_begin, .fini = scene_end);

/* ---- Scenes ---- */

static void executor_and_worker(vigil_executor loop)
{
	vigil_worker_begin(loop, "worker-0");
	vigil_executor_queued(loop, 3);
	vigil_executor_queued(loop, 1);
	vigil_worker_park();
	time_passes(30);
	vigil_worker_unpark();
	vigil_worker_wait(VIGIL_WAIT_RESOLVE, 0);
	time_passes(5);
	vigil_worker_resume();
	vigil_worker_queued(2);
	vigil_worker_stole(1);
}

static void task_life(vigil_executor loop)
{
	vigil_task task = vigil_task_spawn(loop, VIGIL_TASK_ASYNC, "conn 1", VIGIL_SPAWN_JOIN);
	vigil_task other = vigil_task_spawn(loop, VIGIL_TASK_CALLBACK, NULL, VIGIL_SPAWN_IDLE);

	time_passes(7);
	vigil_task_rename(task, "conn one");
	vigil_join_hold(other);
	vigil_poll_begin(task);
	vigil_task_yield(task, true);
	vigil_task_yield(task, false);
	vigil_join_await(other);
	vigil_waker_clone(other);
	vigil_waker_clone(other);
	vigil_wake(other);
	vigil_wake(task);
	time_passes(11);
	vigil_waker_wake(other);
	vigil_waker_drop(other);
	vigil_task_wait(task, VIGIL_WAIT_TASK, other);
	vigil_task_wait_fd(task, VIGIL_WAIT_READABLE, 0);
	vigil_task_wait_fd_until(task, VIGIL_WAIT_READABLE, 1, vigil_now() + 5);
	vigil_task_wait_until(task, VIGIL_WAIT_TIMER, 0, vigil_now() + 1000000);
	vigil_poll_end(task);
	poll_once(other, 12345);
	poll_once(task, 99);
	vigil_task_end(other, VIGIL_OUTCOME_COMPLETED);
	vigil_join_done(other);
	vigil_join_drop(task);
	vigil_task_fail(task, 5, "no route to host");
}

static void locks(vigil_executor loop)
{
	vigil_task task = vigil_task_spawn(loop, VIGIL_TASK_ASYNC, "locker", 0);
	vigil_task other = vigil_task_spawn(loop, VIGIL_TASK_ASYNC, "other", 0);
	vigil_resource pool = vigil_resource_new(VIGIL_RESOURCE_POOL, "Pool", "connections", 0, 0);
	vigil_resource lock = vigil_resource_new(VIGIL_RESOURCE_MUTEX, "Mutex", NULL, pool, 0);
	vigil_resource thread =
		vigil_resource_new(VIGIL_RESOURCE_RWLOCK, NULL, "t", 0, VIGIL_RESOURCE_THREAD);

	vigil_poll_begin(task);
	vigil_lock_wait(lock, VIGIL_MODE_EXCLUSIVE);
	time_passes(40);
	vigil_lock_acquired(lock, VIGIL_MODE_EXCLUSIVE);
	vigil_lock_acquired(lock, VIGIL_MODE_EXCLUSIVE);
	vigil_poll_begin(other);
	vigil_lock_wait(lock, VIGIL_MODE_EXCLUSIVE);
	vigil_poll_end(other);
	vigil_lock_released(lock);
	time_passes(400);
	vigil_lock_released(lock);
	vigil_lock_acquired_by(lock, VIGIL_MODE_EXCLUSIVE, other);
	vigil_lock_released(lock);
	vigil_lock_acquired_by(pool, VIGIL_MODE_SHARED, task);
	for (int i = 0; i < VIGIL_OWNERS + 1; i++)
		vigil_lock_acquired_by(pool, VIGIL_MODE_SHARED, other);
	time_passes(3);
	for (int i = 0; i < VIGIL_OWNERS + 1; i++)
		vigil_lock_released_by(pool, other);
	vigil_lock_released_by(pool, task);
	vigil_lock_wait(lock, VIGIL_MODE_SHARED);
	vigil_lock_abandoned(lock);
	vigil_poll_begin(other);
	vigil_lock_wait(lock, VIGIL_MODE_SHARED);
	vigil_lock_abandoned(lock);
	vigil_poll_end(other);
	vigil_lock_wait(thread, VIGIL_MODE_SHARED);
	time_passes(17);
	vigil_lock_acquired(thread, VIGIL_MODE_SHARED);
	vigil_lock_released(thread);
	vigil_poll_end(task);
	vigil_task_end(task, VIGIL_OUTCOME_CANCELLED);
	vigil_resource_free(lock);
	vigil_resource_free(pool);
}

static void operations(vigil_executor loop)
{
	vigil_task task = vigil_task_spawn(loop, VIGIL_TASK_ASYNC, "reader", 0);
	vigil_resource io = vigil_resource_new(VIGIL_RESOURCE_IO, "Socket", "db", 0, 0);
	vigil_op op, part;

	vigil_poll_begin(task);
	op = vigil_op_new(io, "Socket.read", 0);
	part = vigil_op_new(0, NULL, op);
	vigil_op_poll_begin(op);
	vigil_op_poll_end(op, false);
	time_passes(8);
	vigil_op_poll_begin(op);
	time_passes(2);
	vigil_op_poll_end(op, true);
	vigil_op_free(op);
	vigil_poll_end(task);
	vigil_attr_text(part, "why", "partly");
	vigil_attr_i64(task, "balance", -3, "count");
	vigil_attr_i64(task, "balance", -4, NULL);
	vigil_attr_u64(io, "received", 4096, "bytes");
	vigil_attr_f64(io, "load", 0.5, NULL);
	vigil_attr_bool(io, "open", true);
	vigil_attr_text(io, "peer", "192.0.2.1:443");
	vigil_attr_text(io, "peer", NULL);
	vigil_attr_text(io, NULL, "of no name");
	vigil_resource_free(io);
	vigil_task_end(task, VIGIL_OUTCOME_ABORTED);
}

static void spans(void)
{
	vigil_task task = SPAWN("spanned", 0);
	vigil_span span = vigil_span_new(VIGIL_LEVEL_INFO, "request");
	vigil_span inner;

	vigil_span_enter(span);
	vigil_event(VIGIL_LEVEL_WARN, "the cache is cold");
	vigil_poll_begin(task);
	inner = vigil_span_new(VIGIL_LEVEL_DEBUG, NULL);
	vigil_span_enter(inner);
	vigil_span_enter(inner);
	vigil_event(VIGIL_LEVEL_ERROR, NULL);
	time_passes(21);
	vigil_poll_end(task);
	vigil_span_leave(span);
	vigil_span_free(span);
	vigil_poll_begin(task);
	vigil_span_leave(inner);
	time_passes(4);
	vigil_span_free(inner);
	vigil_poll_end(task);
}

/* A thread that ends without saying so, in the middle of a poll. */
static void *thread_main(void *arg)
{
	vigil_event(VIGIL_LEVEL_DEBUG, "from a thread of no executor");
	vigil_poll_begin(*(vigil_task *)arg);
	time_passes(50);
	return NULL;
}

static void all_calls(void)
{
	vigil_executor loop = vigil_executor_new(VIGIL_EXECUTOR_EVENT_LOOP, "loop");
	vigil_task task = SPAWN("polled elsewhere", 0);

	executor_and_worker(loop);
	task_life(loop);
	locks(loop);
	operations(loop);
	spans();
	on_thread(thread_main, &task);
	vigil_worker_wait(VIGIL_WAIT_JOB, task);
	vigil_worker_resume();
	vigil_worker_end();
	vigil_executor_free(loop);
}

Test(replay_board, of_every_call_is_equal)
{
	all_calls();

	cr_assert_eq(replay_all(), 0);
}

/* ---- The comparison itself ---- */

/* A board that was told all but one of the events. */
static int differences_without(size_t missed)
{
	replay_begin();
	replay_apply(0, missed);
	replay_apply(missed + 1, traced_count);
	return replay_differs();
}

Test(replay_board, misses_an_event_of_any_kind)
{
	static const char *const names[TRACE_KINDS] = {
#define X(name, params) #name,
		TRACEPOINTS(X)
#undef X
	};
	int told[TRACE_KINDS] = { 0 }, missed[TRACE_KINDS] = { 0 };

	all_calls();
	equal_is_quiet = true;
	for (size_t i = 0; i < traced_count; i++) {
		told[traced_at(i)->kind]++;
		missed[traced_at(i)->kind] += differences_without(i) > 0;
		board_fini(&replay);
	}

	for (int kind = 0; kind < TRACE_KINDS; kind++)
		if (kind != TRACE_process_room && kind != TRACE_process_end)
			cr_expect(missed[kind], "%s: %d told, none is missed", names[kind],
				  told[kind]);
}
