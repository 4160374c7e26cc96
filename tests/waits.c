/* SPDX-License-Identifier: MIT */
/* Wait chains: from what is stuck to the line to blame. */
#include "tests/support/chain.h"

TestSuite(waits, .init = begin, .fini = end);

Test(waits, two_tasks_that_hold_what_the_other_wants_are_a_deadlock)
{
	vigil_resource a = mutex("a"), b = mutex("b");
	vigil_task left = spawn("left"), right = spawn("right");

	take(left, a);
	take(right, b);
	want(left, b);
	want(right, a);
	look_at(left);

	cr_expect_eq(kind_at(chain.count - 1), LINK_CYCLE);
	cr_expect(says("Deadlock"));
	cr_expect(says("lock \"b\", held by 2 right (taken at own.c:10 take)"));
	cr_expect(says("lock \"a\", held by 1 left"));
}

Test(waits, a_task_that_wants_what_it_holds_itself_is_a_deadlock)
{
	vigil_resource lock = mutex("a");
	vigil_task task = spawn("self");

	take(task, lock);
	want(task, lock);
	look_at(task);

	cr_expect_eq(kind_at(chain.count - 1), LINK_CYCLE);
}

Test(waits, a_lock_is_blamed_on_the_line_where_its_sleeping_owner_took_it)
{
	vigil_resource lock = mutex("cache");
	vigil_task holder = spawn("refresher"), waiter = spawn("reader");

	take(holder, lock);
	vigil_poll_begin(holder);
	vigil_task_wait_until(holder, VIGIL_WAIT_TIMER, 0, own_now + 60 * S);
	vigil_poll_end(holder);
	want(waiter, lock);
	own_board_pass(2 * S);
	look_at(waiter);

	cr_expect(says("lock \"cache\", taken at own.c:10 take 2 s ago by 1 refresher"));
	cr_expect(says("sleeps"));
	cr_expect_eq(chain.stuck_ns, 2 * S);
}

Test(waits, a_lock_whose_owner_has_ended_is_told)
{
	vigil_resource lock = mutex("cache");
	vigil_task holder = spawn("gone"), waiter = spawn("reader");

	take(holder, lock);
	vigil_task_end(holder, VIGIL_OUTCOME_CANCELLED);
	want(waiter, lock);
	look_at(waiter);

	cr_expect(has_link(LINK_CAUSE, "ended without giving it back"));
	cr_expect(says("own.c:10"));
}

Test(waits, a_free_lock_that_somebody_waits_for_is_a_lost_wake)
{
	vigil_resource lock = mutex("cache");
	vigil_task holder = spawn("holder"), waiter = spawn("reader");

	take(holder, lock);
	want(waiter, lock);
	vigil_poll_begin(holder);
	vigil_lock_released(lock);
	vigil_poll_end(holder);
	look_at(waiter);

	cr_expect(has_link(LINK_CAUSE, "is free"));
	cr_expect(says("a lost wake after the release by 1 holder"));
}

Test(waits, a_runnable_task_is_behind_the_one_that_blocks_its_worker)
{
	vigil_task blocker = spawn("blocker"), waiter = spawn("waiter");

	vigil_poll_begin(blocker);
	own_board_pass(3 * S);
	look_at(waiter);

	cr_expect(has_link(LINK_FACT, "the only worker of executor http is busy"));
	cr_expect(has_link(LINK_CAUSE, "1 blocker has been running for 3 s"));
	cr_expect(has_link(LINK_UNKNOWN, "gdb -p"));
	cr_expect(says("chain.h:"));
	vigil_poll_end(blocker);
}

Test(waits, a_runnable_task_whose_worker_has_polled_others_since_is_behind_all_of_them)
{
	vigil_task waiter = spawn("waiter"), greedy[3];

	for (int i = 0; i < 3; i++)
		greedy[i] = spawn("greedy");
	own_board_pass(3 * S);
	vigil_poll_begin(greedy[1]);
	own_board_pass(S / 10);
	look_at(waiter);

	cr_expect(has_link(LINK_CAUSE, "executor http polls others first: 3 more tasks of it could "
				       "run, all of them spawned at chain.h:"));
	cr_expect(says("1 waiter takes turns with 3 other tasks"));
	cr_expect_not(says("has been running"));
	vigil_poll_end(greedy[1]);
}

Test(waits, a_poll_that_began_a_little_later_is_to_blame_all_the_same)
{
	vigil_task waiter = spawn("waiter"), blocker = spawn("blocker");

	own_board_pass(S);
	vigil_poll_begin(blocker);
	own_board_pass(2 * S);
	look_at(waiter);

	cr_expect(says("2 blocker, spawned"), "%s", chain.summary);
	vigil_poll_end(blocker);
}

Test(waits, a_task_woken_while_its_worker_sleeps_is_a_lost_wake)
{
	vigil_task task = spawn("task");

	sleep_on(task, VIGIL_WAIT_RECEIVE, 0);
	vigil_wake(task);
	vigil_worker_park();
	own_board_pass(3 * S);
	look_at(task);

	cr_expect(has_link(LINK_CAUSE, "1 of 1 workers of executor http asleep"));
	cr_expect(says("a wake was lost"));
	vigil_worker_unpark();
}

Test(waits, an_executor_without_workers_is_told)
{
	vigil_executor other = vigil_executor_new(VIGIL_EXECUTOR_OTHER, "empty");
	vigil_task task = vigil_task_spawn(other, VIGIL_TASK_ASYNC, "task", 0);

	look_at(task);

	cr_expect(has_link(LINK_CAUSE, "has no worker"));
}

Test(waits, a_task_without_an_executor_says_what_cannot_be_known)
{
	vigil_task task = vigil_task_spawn(0, VIGIL_TASK_ASYNC, "task", 0);

	look_at(task);

	cr_expect(has_link(LINK_UNKNOWN, "no executor on the board"));
}

Test(waits, a_worker_that_runs_outside_any_poll_is_told)
{
	vigil_task task = spawn("task");

	own_board_pass(3 * S);
	look_at(task);

	cr_expect(has_link(LINK_CAUSE,
			   "runs code outside any task and has recorded nothing for 3 s"));
}

Test(waits, a_join_is_followed_to_its_end)
{
	vigil_resource lock = mutex("disk");
	vigil_task first = spawn("first"), second = spawn("second"), holder = spawn("holder");

	take(holder, lock);
	sleep_on(holder, VIGIL_WAIT_RECEIVE, 0);
	sleep_on(first, VIGIL_WAIT_TASK, second);
	want(second, lock);
	look_at(first);

	cr_expect(has_link(LINK_FACT, "1 first has awaited the end of 2 second"));
	cr_expect(says("lock \"disk\", taken at own.c:10 take"));
}

Test(waits, a_join_of_a_task_that_is_done_is_a_lost_wake)
{
	vigil_task child = spawn("child"), parent = spawn("parent");

	sleep_on(parent, VIGIL_WAIT_TASK, child);
	vigil_task_end(child, VIGIL_OUTCOME_COMPLETED);
	look_at(parent);

	cr_expect(has_link(LINK_CAUSE, "1 child is done"));
	cr_expect(says("lost or never sent"));
}

Test(waits, an_overdue_timer_is_its_executors_fault)
{
	vigil_task sleeper = spawn("sleeper"), blocker = spawn("blocker");

	vigil_poll_begin(sleeper);
	vigil_task_wait_until(sleeper, VIGIL_WAIT_TIMER, 0, own_now + 1 * S);
	vigil_poll_end(sleeper);
	vigil_poll_begin(blocker);
	own_board_pass(5 * S);
	look_at(sleeper);

	cr_expect(has_link(LINK_FACT, "was due 4 s ago"));
	cr_expect(says("2 blocker"));
	vigil_poll_end(blocker);
}

Test(waits, a_channel_has_no_owner_and_its_last_waker_is_a_guess)
{
	vigil_task producer = spawn("producer"), consumer = spawn("consumer");

	sleep_on(consumer, VIGIL_WAIT_RECEIVE, 0);
	vigil_poll_begin(producer);
	vigil_wake(consumer);
	vigil_task_wait_fd(producer, VIGIL_WAIT_READABLE, 1000000);
	vigil_poll_end(producer);
	sleep_on(consumer, VIGIL_WAIT_RECEIVE, 0);
	look_at(consumer);

	cr_expect(has_link(LINK_GUESS, "the last came from 1 producer"));
	cr_expect(says("Probably"));
}

Test(waits, two_tasks_that_usually_wake_each_other_are_no_proved_deadlock)
{
	vigil_task ping = spawn("ping"), pong = spawn("pong");

	sleep_on(ping, VIGIL_WAIT_RECEIVE, 0);
	vigil_poll_begin(pong);
	vigil_wake(ping);
	vigil_task_wait(pong, VIGIL_WAIT_RECEIVE, 0);
	vigil_poll_end(pong);
	vigil_poll_begin(ping);
	vigil_wake(pong);
	vigil_task_wait(ping, VIGIL_WAIT_RECEIVE, 0);
	vigil_poll_end(ping);
	sleep_on(pong, VIGIL_WAIT_RECEIVE, 0);
	own_board_pass(60 * S);
	look_at(ping);

	cr_expect_eq(kind_at(chain.count - 1), LINK_GUESS);
	cr_expect(says("Perhaps a deadlock"));
	look_for_stuck(1 * S);
	cr_expect_eq(stuck_count, 0);
}

Test(waits, a_long_chain_ends_and_says_that_it_goes_on)
{
	vigil_task tasks[100];

	for (int i = 0; i < 100; i++)
		tasks[i] = spawn("link");
	for (int i = 0; i < 99; i++)
		sleep_on(tasks[i], VIGIL_WAIT_TASK, tasks[i + 1]);
	look_at(tasks[0]);

	cr_expect_leq(chain.count, CHAIN_LINKS);
	cr_expect(has_link(LINK_UNKNOWN, "the chain goes on"));
}

Test(waits, what_is_gone_from_the_board_is_told)
{
	vigil_task task = spawn("task");

	sleep_on(task, VIGIL_WAIT_LOCK, vigil_ref_make(VIGIL_TABLE_resource, 3, 9));
	look_at(task);

	cr_expect(has_link(LINK_UNKNOWN, "gone"));
}

Test(waits, a_done_task_waits_for_nothing)
{
	vigil_task task = spawn("task");

	vigil_task_end(task, VIGIL_OUTCOME_COMPLETED);
	look_at(task);

	cr_expect(says("waits for nothing"));
	cr_expect_eq(chain.stuck_ns, 0);
}

Test(waits, a_thread_that_blocks_inside_a_poll_is_blamed_at_its_line)
{
	vigil_task task = spawn("lookup");

	vigil_poll_begin(task);
	vigil_worker_wait_at(vigil_site_find("dns.c", 9, "resolve", NULL), VIGIL_WAIT_RESOLVE, 0);
	own_board_pass(3 * S);
	look_at(task);

	cr_assert(has_link(LINK_CAUSE, "blocks its thread"));
	cr_assert(says("for 3 s (name lookup), at dns.c:9 resolve"), "%s", chain.summary);
}

/* ---- Behind a worker that is away ---- */

Test(waits, a_conn_whose_loop_is_blocked_waits_for_its_worker)
{
	vigil_task conn = spawn("conn"), other = spawn("other"), blocker = spawn("blocker");

	wait_readable(conn, 13);
	wait_readable(other, 14);
	vigil_poll_begin(blocker);
	own_board_pass(11 * S);
	look_at(conn);

	cr_expect(has_link(LINK_FACT, "1 conn waits for fd 13 (readable), and http-0, which would "
				      "notice, has not returned to its loop for 11 s"));
	cr_expect(has_link(LINK_FACT, "; 1 other task of http-0 waits for this worker to return"));
	cr_expect(has_link(LINK_CAUSE, "3 blocker has been running for 11 s"));
	vigil_poll_end(blocker);
}

Test(waits, a_conn_whose_loop_is_only_busy_waits_for_its_peer)
{
	vigil_task conn = spawn("conn"), busy = spawn("busy");

	wait_readable(conn, 13);
	own_board_pass(11 * S);
	vigil_poll_begin(busy);
	own_board_pass(10 * MS);
	look_at(conn);

	cr_expect(says("waits for its peer"));
	vigil_poll_end(busy);
}

/* ---- A process that is gone ---- */

static void look_at_dead(vigil_task task)
{
	own_board_look();
	own_model->status = VIGIL_STATUS_DEAD;
	waits_chain(own_model, own_task(task), &chain);
}

Test(waits, a_dead_process_has_waited_at_least_so_long)
{
	vigil_resource lock = mutex("db");
	vigil_task owner = spawn("owner"), waiter = spawn("waiter");

	take(owner, lock);
	want(waiter, lock);
	own_board_pass(202 * MS);
	look_at_dead(waiter);

	cr_expect(has_link(LINK_FACT, "has waited at least 202 ms (it recorded nothing after that) "
				      "for lock \"db\""));
	cr_expect(says("taken at own.c:10 take at least 202 ms before its end"), "%s",
		  chain.summary);
}

Test(waits, a_dead_process_never_waited_0_ns)
{
	vigil_resource lock = mutex("db");
	vigil_task owner = spawn("owner"), waiter = spawn("waiter");
	char time[64];

	take(owner, lock);
	want(waiter, lock);
	look_at_dead(waiter);

	cr_expect(has_link(LINK_FACT, "has waited since the last thing it recorded for lock"));
	cr_expect_not(says("0 ns"));
	for (size_t i = 0; i < chain.count; i++)
		cr_expect_null(strstr(chain.links[i].text, "0 ns"), "%s", chain.links[i].text);
	cr_expect_str_eq(waits_time(own_model, 0, time, sizeof(time)),
			 "since the last thing it recorded");
}
