/* SPDX-License-Identifier: MIT */
/* All that is stuck: which chains there are, and what counts as one. */
#include "tests/support/chain.h"

#include <inttypes.h>
#include <pthread.h>
#include <semaphore.h>

TestSuite(waits_stuck, .init = begin, .fini = end);

Test(waits_stuck, a_server_that_waits_for_input_is_not_stuck)
{
	vigil_task conn = spawn("conn"), acceptor = spawn("acceptor"), tick = spawn("tick");
	vigil_task parent = spawn("parent");

	vigil_poll_begin(conn);
	vigil_task_wait_fd(conn, VIGIL_WAIT_READABLE, 7);
	vigil_poll_end(conn);
	vigil_poll_begin(acceptor);
	vigil_task_wait_fd(acceptor, VIGIL_WAIT_ACCEPT, 3);
	vigil_poll_end(acceptor);
	vigil_poll_begin(tick);
	vigil_task_wait_until(tick, VIGIL_WAIT_TIMER, 0, own_now + 3600 * S);
	vigil_poll_end(tick);
	sleep_on(parent, VIGIL_WAIT_TASK, acceptor);
	vigil_worker_park();
	own_board_pass(60 * S);
	look_for_stuck(1 * S);

	cr_expect_eq(stuck_count, 0);
	vigil_worker_unpark();
}

Test(waits_stuck, what_has_not_waited_long_enough_is_not_stuck)
{
	vigil_resource lock = mutex("a");
	vigil_task holder = spawn("holder"), waiter = spawn("waiter");

	take(holder, lock);
	sleep_on(holder, VIGIL_WAIT_RECEIVE, 0);
	want(waiter, lock);
	own_board_pass(900 * MS);
	look_for_stuck(1 * S);
	cr_expect_eq(stuck_count, 0);

	own_board_pass(200 * MS);
	look_for_stuck(1 * S);
	cr_expect_eq(stuck_count, 1);
}

Test(waits_stuck, tasks_with_one_cause_are_one_chain)
{
	vigil_resource lock = mutex("a");
	vigil_task holder = spawn("holder");

	take(holder, lock);
	sleep_on(holder, VIGIL_WAIT_RECEIVE, 0);
	for (int i = 0; i < 20; i++)
		want(spawn("waiter"), lock);
	own_board_pass(2 * S);
	look_for_stuck(1 * S);

	cr_expect_eq(stuck_count, 1);
	cr_expect_eq(stuck[0].delayed, 19);
	cr_expect_not_null(strstr(stuck[0].summary, "1 holder"));
}

Test(waits_stuck, a_deadlock_comes_first_and_once)
{
	vigil_resource a = mutex("a"), b = mutex("b"), c = mutex("c");
	vigil_task left = spawn("left"), right = spawn("right"), holder = spawn("holder");

	take(holder, c);
	sleep_on(holder, VIGIL_WAIT_RECEIVE, 0);
	for (int i = 0; i < 20; i++)
		want(spawn("waiter"), c);
	take(left, a);
	take(right, b);
	want(left, b);
	want(right, a);
	own_board_pass(2 * S);
	look_for_stuck(1 * S);

	cr_assert_eq(stuck_count, 2);
	cr_expect_eq(stuck[0].links[stuck[0].count - 1].kind, LINK_CYCLE);
	cr_expect_eq(stuck[0].delayed, 1);
	cr_expect_eq(stuck[1].delayed, 19);
}

Test(waits_stuck, a_deadlock_delays_the_same_whoever_came_first)
{
	vigil_resource a = mutex("a"), b = mutex("b");
	vigil_task left = spawn("left"), right = spawn("right");

	take(left, a);
	take(right, b);
	want(right, a);
	own_board_pass(S);
	want(left, b);
	own_board_pass(2 * S);
	look_for_stuck(1 * S);

	cr_assert_eq(stuck_count, 1);
	cr_expect_eq(stuck[0].delayed, 1);
}

Test(waits_stuck, a_job_that_runs_in_a_blocking_pool_is_not_stuck)
{
	vigil_executor pool = vigil_executor_new(VIGIL_EXECUTOR_BLOCKING_POOL, "files");
	vigil_task job = vigil_task_spawn(pool, VIGIL_TASK_BLOCKING, "read", 0);

	vigil_poll_begin(job);
	own_board_pass(60 * S);
	look_for_stuck(1 * S);

	cr_expect_eq(stuck_count, 0);
	vigil_poll_end(job);
}

static vigil_resource thread_lock;
static sem_t there, leave;

static void *wait_for_lock(void *arg)
{
	(void)arg;
	vigil_lock_wait(thread_lock, VIGIL_MODE_EXCLUSIVE);
	sem_post(&there);
	sem_wait(&leave);
	vigil_lock_abandoned(thread_lock);
	return NULL;
}

Test(waits_stuck, a_thread_of_no_task_that_waits_for_a_lock_is_stuck)
{
	pthread_t thread;

	sem_init(&there, 0, 0);
	sem_init(&leave, 0, 0);
	thread_lock = vigil_resource_new(VIGIL_RESOURCE_MUTEX, "", "log", 0, VIGIL_RESOURCE_THREAD);
	vigil_lock_acquired(thread_lock, VIGIL_MODE_EXCLUSIVE);
	cr_assert_eq(pthread_create(&thread, NULL, wait_for_lock, NULL), 0);
	sem_wait(&there);
	own_board_pass(2 * S);
	look_for_stuck(1 * S);

	cr_expect_eq(stuck_count, 1);
	cr_expect_eq(vigil_ref_table(stuck[0].task), VIGIL_TABLE_worker);
	cr_expect_not_null(strstr(stuck[0].summary, "lock \"log\""));
	sem_post(&leave);
	pthread_join(thread, NULL);
}

Test(waits_stuck, a_dead_process_shows_the_wait_it_died_in_however_short)
{
	vigil_resource lock = mutex("db");
	vigil_task owner = spawn("owner"), waiter = spawn("waiter");

	take(owner, lock);
	want(waiter, lock);
	own_board_look();
	own_model->status = VIGIL_STATUS_DEAD;
	stuck_count = waits_stuck(own_model, S, &stuck);

	cr_assert_eq(stuck_count, 1);
	cr_assert(strstr(stuck[0].summary, "own.c:10 take"), "%s", stuck[0].summary);
}

Test(waits_stuck, only_what_is_overdue_counts_as_stuck_behind_a_worker)
{
	vigil_task conn = spawn("conn"), late = spawn("late"), tick = spawn("tick");
	vigil_task blocker = spawn("blocker");

	wait_readable(conn, 13);
	vigil_poll_begin(late);
	vigil_task_wait_fd(late, VIGIL_WAIT_READABLE, 14);
	vigil_task_wait_until(late, VIGIL_WAIT_READABLE, 0, own_now + 2 * S);
	vigil_poll_end(late);
	vigil_poll_begin(tick);
	vigil_task_wait_until(tick, VIGIL_WAIT_TIMER, 0, own_now + 3 * S);
	vigil_poll_end(tick);
	vigil_poll_begin(blocker);
	own_board_pass(11 * S);
	look_for_stuck(1 * S);

	cr_assert_eq(stuck_count, 1);
	cr_expect_eq(stuck[0].delayed, 1, "%" PRIu64, stuck[0].delayed);
	chain = stuck[0];
	cr_expect(has_link(LINK_FACT, "; 1 other task of http-0 waits") ||
		  has_link(LINK_CAUSE, "; 1 other task of http-0 waits"));
	vigil_poll_end(blocker);
}

/* ---- Who awaits a task ---- */

Test(waits_stuck, who_awaits_a_task_that_said_nothing_of_its_wait_is_stuck)
{
	vigil_task mute = vigil_task_spawn(loop, VIGIL_TASK_ASYNC, "never-ends", VIGIL_SPAWN_IDLE);

	sleep_on(spawn("waiter"), VIGIL_WAIT_TASK, mute);
	own_board_pass(3 * S);
	look_for_stuck(1 * S);

	cr_assert_eq(stuck_count, 1);
	chain = stuck[0];
	cr_expect_eq(kind_at(chain.count - 1), LINK_UNKNOWN);
	cr_expect(has_link(LINK_FACT, "1 never-ends has been idle for 3 s and did not say what it "
				      "waits for"));
	cr_expect(says("has been idle for 3 s and did not say what it waits for"), "%s",
		  chain.summary);
}

Test(waits_stuck, who_awaits_a_notification_that_never_came_is_stuck)
{
	vigil_task never = vigil_task_spawn(loop, VIGIL_TASK_ASYNC, "never-ends", VIGIL_SPAWN_IDLE);

	vigil_task_wait(never, VIGIL_WAIT_NOTIFIED, 0);
	sleep_on(spawn("waiter"), VIGIL_WAIT_TASK, never);
	own_board_pass(3 * S);
	look_for_stuck(1 * S);

	cr_assert_eq(stuck_count, 1);
	chain = stuck[0];
	cr_expect(says("has waited 3 s for: notification; nobody has ever woken it"), "%s",
		  chain.summary);
}

Test(waits_stuck, a_yield_of_its_own_says_nothing_of_who_should_wake_a_task)
{
	vigil_task loser = spawn("loser");

	vigil_poll_begin(loser);
	vigil_wake(loser);
	vigil_poll_end(loser);
	sleep_on(loser, VIGIL_WAIT_NOTIFIED, 0);
	own_board_pass(3 * S);
	look_at(loser);

	cr_expect(has_link(LINK_UNKNOWN, "nobody but itself has ever woken this task"));
	cr_expect(says("nobody but itself has ever woken it"), "%s", chain.summary);

	vigil_wake(loser);
	vigil_poll_begin(loser);
	vigil_wake(loser);
	vigil_poll_end(loser);
	sleep_on(loser, VIGIL_WAIT_NOTIFIED, 0);
	own_board_pass(3 * S);
	look_at(loser);

	cr_expect(says("none but itself was the last to wake it"), "%s", chain.summary);
}

Test(waits_stuck, the_culprit_is_not_among_those_that_it_delays)
{
	vigil_task culprit = spawn("culprit");

	sleep_on(spawn("waiter"), VIGIL_WAIT_TASK, culprit);
	spawn("could");
	vigil_poll_begin(culprit);
	own_board_pass(3 * S);
	look_for_stuck(1 * S);

	cr_assert_eq(stuck_count, 1);
	cr_expect_neq(stuck[0].task, culprit);
	cr_expect_eq(stuck[0].delayed, 1, "%" PRIu64, stuck[0].delayed);
	vigil_poll_end(culprit);
}

Test(waits_stuck, who_awaits_a_task_that_was_busy_just_now_is_not_stuck)
{
	vigil_task busy = spawn("busy");

	sleep_on(spawn("waiter"), VIGIL_WAIT_TASK, busy);
	own_board_pass(3 * S);
	vigil_poll_begin(busy);
	vigil_poll_end(busy);
	own_board_pass(100 * MS);
	look_for_stuck(1 * S);

	cr_expect_eq(stuck_count, 0);
}

Test(waits_stuck, who_waits_long_as_it_may_is_counted_where_nothing_is_stuck)
{
	vigil_executor pool = vigil_executor_new(VIGIL_EXECUTOR_BLOCKING_POOL, "files");
	vigil_task job = vigil_task_spawn(pool, VIGIL_TASK_BLOCKING, "read", 0);
	vigil_task conn = spawn("conn");
	char text[LINK_TEXT];

	wait_readable(conn, 7);
	sleep_on(spawn("waiter"), VIGIL_WAIT_TASK, conn);
	vigil_worker_begin(pool, "file-0");
	vigil_poll_begin(job);
	own_board_pass(3 * S);
	look_for_stuck(1 * S);
	waits_nothing(own_model, 1 * S, text, sizeof(text));

	cr_expect_eq(stuck_count, 0);
	cr_expect_not_null(strstr(text, "for over 1 s, but for 1 that awaits a task which itself "
					"waits for input, for a timer or to be woken, and 1 job "
					"that runs in a blocking pool."),
			   "%s", text);
	vigil_poll_end(job);
}

Test(waits_stuck, a_lock_in_what_is_perhaps_a_deadlock_is_stuck)
{
	vigil_resource lock = mutex("a");
	vigil_task holder = spawn("holder"), waiter = spawn("waiter");

	take(holder, lock);
	sleep_on(holder, VIGIL_WAIT_RECEIVE, 0);
	vigil_poll_begin(waiter);
	vigil_wake(holder);
	vigil_lock_wait(lock, VIGIL_MODE_EXCLUSIVE);
	vigil_poll_end(waiter);
	sleep_on(holder, VIGIL_WAIT_RECEIVE, 0);
	own_board_pass(2 * S);
	look_for_stuck(1 * S);

	cr_assert_eq(stuck_count, 1);
	cr_expect_not_null(strstr(stuck[0].summary, "Perhaps a deadlock"), "%s", stuck[0].summary);
}
