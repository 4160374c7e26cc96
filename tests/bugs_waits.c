/* SPDX-License-Identifier: MIT */
/*
 * The programs in examples/bugs in which tasks wait, or are made to: each is run as it is,
 * and its board has the facts of the fault; its fixed twin is run to its end, and has not.
 *
 * The law: nothing is concluded from how long something took, but from what is there, from
 * counts, and from what came first.
 */
#include "tests/support/bug.h"

TestSuite(bugs_waits, .init = dir_make, .fini = dir_remove);

/* ---- A worker that does not come back ---- */

/* Its worker polls the task, has done so in this very poll before, and polled nobody else. */
static void expect_one_poll(const char *name, const char *others, unsigned count)
{
	const struct vigil_worker_record *worker =
		VIGIL_FIND(model->reader, worker, task_of(name)->worker);
	uint64_t began_ns, polls;

	cr_assert_not_null(worker);
	cr_expect_eq(worker->task, ref_of(task_of(name)));
	cr_expect_eq(tasks_in(others, VIGIL_STATE_SCHEDULED), count);
	began_ns = worker->poll_begin_ns;
	polls = worker->polls;
	usleep(50000);
	look_again();
	worker = VIGIL_FIND(model->reader, worker, task_of(name)->worker);
	cr_expect_eq(worker->poll_begin_ns, began_ns);
	cr_expect_eq(worker->polls, polls);
	cr_expect_eq(SUM_OF(others, polls), 0);
	cr_expect_eq(worst_chain().links[0].object, ref_of(task_at(others, 0)));
}

/* They had their polls before its last one began. */
static void expect_others_between(const char *name, const char *others)
{
	for (unsigned i = 0; i < tasks_in(others, -1); i++)
		cr_expect_lt(task_at(others, i)->poll_begin_ns, task_of(name)->poll_begin_ns);
	cr_expect_gt(task_of(name)->polls, 1);
	expect_all_completed(others);
}

static bool profile_runs(void)
{
	return tasks_in("request", VIGIL_STATE_SCHEDULED) == 5 && task_of("profile")->depth;
}

Test(bugs_waits, a_call_that_blocks_a_task_keeps_its_worker_from_five_requests)
{
	run_bug("blocked_worker_call");
	look_until(profile_runs);

	expect_one_poll("profile", "request", 5);
	leave_bug();
}

Test(bugs_waits, a_call_on_the_pool_lets_the_worker_poll_the_requests)
{
	run_fixed("blocked_worker_call");

	expect_others_between("profile", "request");
	leave_fixed();
}

static bool login_runs(void)
{
	return tasks_in("request", VIGIL_STATE_SCHEDULED) == 5 && task_of("login")->depth;
}

Test(bugs_waits, a_long_computation_keeps_its_worker_from_five_requests)
{
	run_bug("blocked_worker_compute");
	look_until(login_runs);

	expect_one_poll("login", "request", 5);
	leave_bug();
}

Test(bugs_waits, a_computation_in_slices_lets_the_worker_poll_the_requests)
{
	run_fixed("blocked_worker_compute");

	expect_others_between("login", "request");
	leave_fixed();
}

static bool heartbeat_is_overdue(void)
{
	const struct vigil_task_record *beat = task_of("heartbeat");

	return beat->wait_kind == VIGIL_WAIT_TIMER && beat->wait_until_ns < model->now &&
	       tasks_in("part", VIGIL_STATE_SCHEDULED) == 2;
}

Test(bugs_waits, a_loop_without_an_await_holds_up_all_others_and_the_timers)
{
	run_bug("never_yields");
	look_until(heartbeat_is_overdue);

	expect_one_poll("parser", "part", 2);
	cr_expect(heartbeat_is_overdue());
	leave_bug();
}

Test(bugs_waits, a_parser_that_refuses_what_has_no_length_ends)
{
	run_fixed("never_yields");

	cr_expect_eq(task_of("parser")->outcome, VIGIL_OUTCOME_FAILED);
	cr_expect_eq(task_of("parser")->code, -EBADMSG);
	expect_all_completed("part");
	leave_fixed();
}

/* ---- Locks ---- */

static bool five_want_the_settings(void)
{
	return resource_of("settings")->waiters == 5;
}

Test(bugs_waits, five_requests_wait_for_a_lock_whose_owner_awaits_a_message)
{
	run_bug("lock_across_await");
	look_until(five_want_the_settings);

	cr_expect(holds("reload", "settings"));
	cr_expect(waits_for("reload", VIGIL_WAIT_RECEIVE, "new settings"));
	cr_expect_eq(tasks_in("request", VIGIL_STATE_IDLE), 5);
	cr_expect_eq(worst_chain().delayed, 4);
	leave_bug();
}

Test(bugs_waits, nobody_waits_for_a_lock_that_is_not_held_across_an_await)
{
	run_fixed("lock_across_await");

	cr_expect_eq(resource_of("settings")->acquired, 6);
	cr_expect_eq(resource_of("settings")->contended, 0);
	expect_others_between("reload", "request");
	leave_fixed();
}

static bool both_transfers_wait(void)
{
	return waits_for("alice to bob", VIGIL_WAIT_LOCK, "bob") &&
	       waits_for("bob to alice", VIGIL_WAIT_LOCK, "alice");
}

Test(bugs_waits, two_tasks_with_a_lock_each_want_the_others)
{
	struct chain chain;

	run_bug("deadlock_two_locks");
	look_until(both_transfers_wait);

	cr_expect(holds("alice to bob", "alice"));
	cr_expect(holds("bob to alice", "bob"));
	chain = worst_chain();
	cr_expect_eq(chain.links[chain.count - 1].kind, LINK_CYCLE, "%s", chain.summary);
	leave_bug();
}

Test(bugs_waits, locks_in_one_order_let_both_transfers_through)
{
	run_fixed("deadlock_two_locks");

	expect_all_completed("alice to bob");
	expect_all_completed("bob to alice");
	leave_fixed();
}

static bool three_wait(void)
{
	return tasks_in("snapshot", -1) && waits_for("indexer", VIGIL_WAIT_SEND, "rows") &&
	       waits_for("snapshot", VIGIL_WAIT_LOCK, "index");
}

Test(bugs_waits, a_lock_a_channel_and_a_join_wait_in_a_circle)
{
	struct chain chain;

	run_bug("deadlock_three");
	look_until(three_wait);

	cr_expect(holds("indexer", "index"));
	cr_expect_eq(task_of("writer")->wait_kind, VIGIL_WAIT_TASK);
	cr_expect_eq(task_of("writer")->wait_object, ref_of(task_of("snapshot")));
	chain = worst_chain();
	cr_expect(strstr(chain.summary, "Perhaps a deadlock"), "%s", chain.summary);
	leave_bug();
}

Test(bugs_waits, a_writer_that_receives_before_it_awaits_lets_all_end)
{
	run_fixed("deadlock_three");

	expect_all_completed("indexer");
	expect_all_completed("snapshot");
	expect_all_completed("writer");
	leave_fixed();
}

static bool five_want_a_place(void)
{
	return resource_of("db places")->waiters == 5;
}

Test(bugs_waits, all_who_have_a_connection_wait_for_another)
{
	const struct vigil_resource_record *places;
	struct chain chain;

	run_bug("pool_exhausted");
	look_until(five_want_a_place);

	places = resource_of("db places");
	cr_expect_eq(places->holders, 3);
	for (unsigned i = 0; i < places->holders; i++) {
		const struct vigil_task_record *owner =
			VIGIL_FIND(model->reader, task, places->owner[i]);

		cr_assert_not_null(owner);
		cr_expect_eq(owner->wait_object, model_ref(model, VIGIL_TABLE_resource, places));
	}
	chain = worst_chain();
	cr_expect_eq(chain.links[chain.count - 1].kind, LINK_CYCLE, "%s", chain.summary);
	leave_bug();
}

Test(bugs_waits, reports_that_keep_to_one_connection_all_end)
{
	run_fixed("pool_exhausted");

	cr_expect_eq(tasks_in("report", -1), 5);
	cr_expect_eq(resource_of("db places")->acquired, 5);
	expect_all_completed("report");
	leave_fixed();
}

static bool janitor_stands_behind_reports(void)
{
	return tasks_in("payment", -1) && waits_for("payment", VIGIL_WAIT_LOCK, "cache") &&
	       tasks_in("janitor", VIGIL_STATE_SCHEDULED) &&
	       tasks_in("report", VIGIL_STATE_SCHEDULED) >= 18;
}

Test(bugs_waits, a_payment_waits_for_a_lock_whose_owner_waits_for_its_turn)
{
	uint64_t before;

	run_bug("priority_inversion");
	look_until(janitor_stands_behind_reports);

	cr_expect(holds("janitor", "cache"));
	before = task_of("janitor")->polls;
	usleep(50000);
	look_until(janitor_stands_behind_reports);
	cr_expect_gt(task_of("janitor")->polls, before, "it is not stuck, but slow");
	cr_expect_eq(resource_of("cache")->acquired, 1);
	leave_bug();
}

Test(bugs_waits, a_payment_gets_a_lock_that_its_owner_does_not_keep_when_it_yields)
{
	run_fixed("priority_inversion");

	cr_expect_gt(resource_of("cache")->acquired, 1);
	cr_expect_eq(resource_of("cache")->contended, 0);
	cr_expect_eq(task_of("payment")->polls, 1);
	leave_fixed();
}

/* ---- Wakes, and turns ---- */

static bool server_waits(void)
{
	return tasks_in("loader", VIGIL_STATE_DONE) == 1 &&
	       waits_for("server", VIGIL_WAIT_NOTIFIED, "loaded");
}

Test(bugs_waits, a_server_waits_to_be_told_what_happened_before_it_waited)
{
	const struct vigil_resource_record *loaded;

	run_bug("lost_wakeup");
	look_until(server_waits);

	loaded = resource_of("loaded");
	cr_expect_eq(task_of("loader")->outcome, VIGIL_OUTCOME_COMPLETED);
	cr_expect_lt(task_of("loader")->ended_ns, task_of("server")->wait_since_ns);
	cr_expect_neq(task_of("server")->waker, ref_of(task_of("loader")));
	cr_expect_eq(attr_of(model_ref(model, VIGIL_TABLE_resource, loaded), loaded->attrs, "kept"),
		     0);
	leave_bug();
}

Test(bugs_waits, a_wake_that_is_kept_is_not_lost)
{
	run_fixed("lost_wakeup");

	expect_all_completed("loader");
	expect_all_completed("server");
	leave_fixed();
}

static uint64_t items(void)
{
	const struct vigil_task_record *producer = task_of("producer");

	return attr_of(ref_of(producer), producer->attrs, "items");
}

static bool ten_items_were_put(void)
{
	return tasks_in("producer", -1) && task_of("producer")->attrs && items() >= 10;
}

Test(bugs_waits, each_item_wakes_a_hundred_workers)
{
	run_bug("thundering_herd");
	look_until(ten_items_were_put);

	/* The last one may be under way. */
	cr_expect_geq(SUM_OF("worker", wakes), (items() - 1) * 100);
	leave_bug();
}

Test(bugs_waits, one_wake_an_item_is_enough)
{
	run_fixed("thundering_herd");

	/* One for each of 50 items, and for each of 100 workers the one that ends it. */
	cr_expect_eq(SUM_OF("worker", wakes), 50 + 100);
	leave_fixed();
}

static bool request_stands_behind_indexers(void)
{
	return tasks_in("request", VIGIL_STATE_SCHEDULED) == 1 &&
	       tasks_in("indexer", VIGIL_STATE_SCHEDULED) >= 6 &&
	       SUM_OF("indexer", forced_yields) > 0;
}

Test(bugs_waits, indexers_that_must_be_made_to_yield_stand_before_a_request)
{
	uint64_t before, forced;

	run_bug("starvation");
	look_until(request_stands_behind_indexers);

	before = task_of("request")->polls;
	forced = SUM_OF("indexer", forced_yields);
	usleep(50000);
	look_until(request_stands_behind_indexers);
	cr_expect_gt(SUM_OF("indexer", forced_yields) - forced, task_of("request")->polls - before);
	cr_expect_eq(SUM_OF("indexer", yields), 0);
	leave_bug();
}

Test(bugs_waits, indexers_that_yield_by_themselves_need_not_be_made_to)
{
	run_fixed("starvation");

	cr_expect_eq(SUM_OF("indexer", forced_yields), 0);
	cr_expect_gt(SUM_OF("indexer", yields), 0);
	expect_all_completed("request");
	leave_fixed();
}

/* Not a line of the runtime's. */
Test(bugs_waits, who_yields_is_woken_at_its_own_line)
{
	const struct vigil_site_record *own, *forced;

	run_bug("starvation");
	look_until(request_stands_behind_indexers);

	own = vigil_reader_site(model->reader, task_of("request")->wake_site);
	forced = vigil_reader_site(model->reader, task_of("indexer")->wake_site);
	cr_assert(own && forced);
	cr_expect_str_eq(own->function, "request");
	cr_expect_str_eq(forced->function, "indexer");
	leave_bug();
}

static bool main_sleeps(void)
{
	return task_of("main")->wait_kind == VIGIL_WAIT_TIMER;
}

Test(bugs_waits, a_sleep_without_an_end_has_no_deadline)
{
	run_bug("lost_wakeup");
	look_until(main_sleeps);

	cr_expect_eq(task_of("main")->wait_until_ns, 0);
	leave_bug();
}

/* ---- All of them ---- */

static const char *const names[] = {
	"blocked_worker_call", "blocked_worker_compute", "deadlock_three",
	"deadlock_two_locks",  "lock_across_await",      "lost_wakeup",
	"never_yields",        "pool_exhausted",         "priority_inversion",
	"starvation",          "thundering_herd",
};
#define NAMES (sizeof(names) / sizeof(names[0]))

Test(bugs_waits, each_ends_by_itself_when_it_has_shown_the_fault)
{
	pid_t pids[NAMES];

	/* Their two lines go into pipes, and are not read. */
	for (size_t i = 0; i < NAMES; i++)
		pids[i] = bug_start(names[i], NULL, NULL);
	for (size_t i = 0; i < NAMES; i++)
		expect_good_end(pids[i], names[i]);
}

Test(bugs_waits, each_fixed_one_goes_on_in_rounds_when_told_so)
{
	char line[256], again[256];

	for (size_t i = 0; i < NAMES; i++) {
		child = bug_start(names[i], "--forever", "--fixed");
		cr_assert(next_line(line, sizeof(line)), "%s ended", names[i]);
		cr_assert(next_line(again, sizeof(again)), "%s ended", names[i]);
		child_end();
		close(from_child);
	}
}
