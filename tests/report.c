/* SPDX-License-Identifier: MIT */
/* What a report gathers, of traces that are made up event by event. */
#include "tests/support/report.h"

TestSuite(report, .fini = report_done);

static const struct report_process *first(void)
{
	cr_assert_geq(made->process_count, 1u);
	return made->processes[0];
}

static const struct report_resource *only_lock(void)
{
	size_t count;
	const struct report_resource **list = report_locks(first(), &count);
	const struct report_resource *lock = count ? list[0] : NULL;

	free(list);
	cr_assert_eq(count, 1u);
	return lock;
}

static bool has_finding(const char *words)
{
	struct report_finding list[REPORT_FINDINGS];
	size_t count = report_findings(first(), list);

	for (size_t i = 0; i < count; i++)
		if (strstr(list[i].text, words))
			return true;
	return false;
}

/* ---- Sums ---- */

/* Any order of calls that a program may make; the same each time. */
static uint32_t next_random(void)
{
	static uint32_t state = 12345;

	state ^= state << 13;
	state ^= state >> 17;
	state ^= state << 5;
	return state;
}

#define MANY 24

static void anything_happens(int running[2], bool is_live[MANY])
{
	uint32_t task = next_random() % MANY, by = next_random() % 2;

	passes(next_random() % 5000);
	if (running[by] >= 0 && next_random() % 2) {
		if (is_live[running[by]])
			waits(by, (uint32_t)running[by], VIGIL_WAIT_TIMER, 0);
		stops(by, (uint32_t)running[by]);
		running[by] = -1;
	} else if (running[by] < 0 && running[!by] != (int)task && is_live[task]) {
		begins(by, task);
		running[by] = (int)task;
	} else if (is_live[task]) {
		wakes(by, task, LOOP, WORKER(by));
	}
	if (next_random() % 400 == 0 && is_live[task]) {
		ends(by, task);
		is_live[task] = false;
	}
}

Test(report, the_slices_of_a_task_add_up_to_its_age)
{
	int running[2] = { -1, -1 };
	bool is_live[MANY];
	uint64_t sum = 0;

	report_begin((struct report_options){ .top = MANY });
	server_parts();
	for (uint32_t i = 0; i < MANY; i++) {
		spawn(i, i % 2, CONN, i % 3 ? 0 : VIGIL_SPAWN_IDLE);
		is_live[i] = true;
	}
	for (int i = 0; i < 5000; i++)
		anything_happens(running, is_live);
	report_finish();

	cr_expect_eq(first()->tasks, (uint64_t)MANY);
	cr_expect_gt(first()->by_run.count, (size_t)MANY / 2);
	for (size_t i = 0; i < first()->by_run.count; i++) {
		const struct report_task *task = top_at(&first()->by_run, i);
		const struct vigil_task_record *t =
			RECORD_AT(&traced[0]->board, task, task->who.id - 1);
		uint64_t end = t->life == VIGIL_LIFE_ENDED ? t->ended_ns : CLOCK_STARTS + passed;

		sum += task->run_ns;
		cr_expect_eq(task->run_ns + task->runnable_ns + task->wait_ns, end - task->born_ns,
			     "task %lu", (unsigned long)task->who.id);
	}
	cr_expect_eq(first()->run.ns, sum);
}

Test(report, a_site_has_what_the_board_has_of_it)
{
	const struct report_site *conn;
	uint64_t busy = 0, polls = 0;

	report_begin((struct report_options){ 0 });
	server_runs();
	report_finish();

	conn = &first()->sites[CONN - 1];
	for (uint32_t i = 0; i < 3; i++) {
		busy += RECORD_AT(&traced[0]->board, task, i)->busy_ns;
		polls += RECORD_AT(&traced[0]->board, task, i)->polls;
	}
	cr_expect_eq(conn->run.ns, busy);
	cr_expect_eq(conn->run.count, polls);
	cr_expect_eq(conn->run_hist->total, polls);
	cr_expect_eq(conn->spawned, 3u);
	cr_expect_eq(conn->ended, 1u);
	cr_expect_str_eq(conn->place, "conn.c:120");
}

Test(report, polls_that_still_run_are_told_of)
{
	const struct report_poll *poll;

	report_begin((struct report_options){ 0 });
	server_parts();
	spawn(0, 0, CONN, 0);
	begins(0, 0);
	passes(MS(70));
	report_finish();

	cr_assert_eq(first()->polls.count, 1u);
	poll = top_at(&first()->polls, 0);
	cr_expect(poll->is_open);
	cr_expect_eq(poll->run_ns, MS(70));
}

/* A loop in a poll for ever asks nobody who is ready: no other task is runnable. */
Test(report, a_poll_that_still_runs_blocks_its_executor)
{
	const struct report_poll *poll;

	report_begin((struct report_options){ 0 });
	server_parts();
	spawn(0, 0, CONN, 0);
	spawn(1, 0, CONN, VIGIL_SPAWN_IDLE);
	begins(0, 0);
	passes(MS(20));
	wants(0, 0, GET);
	passes(MS(50));
	report_finish();

	cr_assert_eq(first()->blocked.count, 1u);
	poll = top_at(&first()->blocked, 0);
	cr_expect(poll->is_open);
	cr_expect_eq(poll->run_ns, MS(70));
	cr_expect_eq(poll->delayed_ns, 0);
	cr_expect_eq(poll->blocked_ns, MS(50), "its thread still waits");
	cr_expect_eq(poll->blocked_site, GET);
}

Test(report, a_poll_that_still_runs_delays_up_to_the_end)
{
	const struct report_poll *poll;

	report_begin((struct report_options){ 0 });
	server_parts();
	spawn(0, 0, CONN, 0);
	spawn(1, 0, CONN, VIGIL_SPAWN_IDLE);
	begins(0, 0);
	passes(MS(20));
	wakes(1, 1, LOOP, 0);
	passes(MS(50));
	report_finish();

	cr_assert_eq(first()->blocked.count, 1u);
	poll = top_at(&first()->blocked, 0);
	cr_expect(poll->is_open);
	cr_expect_eq(poll->delayed_ns, MS(50));
	cr_expect_eq(poll->delayed, 1u);
	cr_expect_eq(poll->worst[0].ns, MS(50));
}

Test(report, a_task_that_was_there_before_the_trace_is_told_of)
{
	const struct report_task *task;

	traces_begin((struct report_options){ .task = 1 });
	board_lies_beside();
	told(WORKER(0), TRACE_worker_park, .object = 0);
	passes(MS(4));
	begins(0, 0);
	passes(MS(3));
	ends(0, 0);
	report_finish();

	cr_assert_eq(first()->by_run.count, 1u);
	task = top_at(&first()->by_run, 0);
	cr_expect_eq(task->run_ns, MS(3));
	cr_expect_eq(task->runnable_ns, MS(4));
	cr_expect_eq(first()->executors[0].runnable.area, MS(4));
	cr_expect_eq(first()->path.run.ns, MS(3));
	cr_expect_eq(first()->path.runnable.ns, MS(4));
}

/* ---- What a poll delays ---- */

Test(report, a_poll_is_charged_with_what_its_executor_waited_meanwhile)
{
	const struct report_poll *poll;

	report_begin((struct report_options){ 0 });
	server_runs();
	report_finish();

	/* One is woken as the poll begins, 32 ms before its end, one 22 ms before it. */
	cr_assert_eq(first()->blocked.count, 1u);
	poll = top_at(&first()->blocked, 0);
	cr_expect_eq(poll->run_ns, MS(32));
	cr_expect_eq(poll->delayed_ns, MS(32) + MS(22));
	cr_expect_eq(poll->delayed, 2u);
	cr_expect_eq(poll->worst[0].who.id, 2u);
	cr_expect_eq(poll->worst[0].ns, MS(32));
	cr_expect_eq(poll->worst[1].who.id, 3u);
	cr_expect_str_eq(poll->span, "GET /");
	cr_expect_eq(poll->blocked_ns, MS(30));
	cr_expect_eq(poll->blocked_site, (uint32_t)GET);
	cr_expect(has_finding("Worst blocked worker: http-0 of executor http"));
}

Test(report, tasks_of_another_executor_are_not_delayed)
{
	const struct report_poll *poll;

	report_begin((struct report_options){ 0 });
	server_parts();
	spawn(0, 0, CONN, 0);
	spawn(1, 1, JOB, 0);
	begins(0, 0);
	passes(MS(50));
	stops(0, 0);
	report_finish();

	poll = top_at(&first()->polls, 0);
	cr_expect_eq(poll->delayed_ns, 0u);
	cr_expect_eq(poll->delayed, 0u);
	cr_expect_eq(first()->executors[1].delayed_ns, 0u);
}

Test(report, a_queue_is_as_long_as_tasks_were_runnable)
{
	report_begin((struct report_options){ 0 });
	server_parts();
	for (uint32_t i = 0; i < 4; i++)
		spawn(i, 0, CONN, 0);
	passes(MS(10));
	for (uint32_t i = 0; i < 4; i++) {
		begins(0, i);
		stops(0, i);
	}
	passes(MS(10));
	report_finish();

	cr_expect_eq(first()->executors[0].runnable.max, 4u);
	cr_expect_eq(first()->executors[0].runnable.area, 4 * MS(10));
	cr_expect_eq(first()->live.max, 4u);
}

/* ---- Locks and waits ---- */

Test(report, a_wait_for_a_lock_names_where_it_had_been_taken)
{
	const struct report_resource *lock;

	report_begin((struct report_options){ 0 });
	server_runs();
	report_finish();

	lock = only_lock();
	cr_expect_eq(lock->acquired, 2u);
	cr_expect_eq(lock->wait.count, 1u);
	cr_expect_eq(lock->wait.ns, MS(30));
	cr_expect_eq(lock->wait_max_site, (uint32_t)GET);
	cr_expect_eq(lock->wait_max_holder, (uint32_t)PAGE);
	cr_expect_eq(lock->hold.ns, MS(40) + MS(2));
	cr_expect_eq(lock->hold_max_site, (uint32_t)PAGE);
	cr_expect(has_finding("lock \"cache\", made at cache.c:23: 1 wait, 30 ms in all"));
}

/* A lock that is handed over: the task's record forgets what it waited for. */
Test(report, a_lock_that_was_handed_to_a_waiter_is_what_it_waited_for)
{
	const struct report_wait **list;
	bool is_found = false;
	size_t count;

	report_begin((struct report_options){ 0 });
	server_parts();
	spawn(0, 0, CONN, 0);
	spawn(1, 0, JOB, 0);
	told(WORKER(0), TRACE_resource_new, .object = RESOURCE(1), .id = 2, .site = CACHE,
	     .state = VIGIL_RESOURCE_MUTEX, .name = "async");
	begins(0, 0);
	locks(0, 1, PAGE, TASK(0));
	stops(0, 0);
	begins(0, 1);
	wants(0, 1, GET);
	stops(0, 1);
	passes(MS(9));
	unlocks(0, 1, TASK(0));
	locks(0, 1, GET, TASK(1));
	wakes(0, 1, PAGE, WORKER(0));
	begins(0, 1);
	stops(0, 1);
	report_finish();

	list = report_waits(first(), &count);
	for (size_t i = 0; i < count; i++)
		is_found |= list[i]->site == JOB && list[i]->kind == VIGIL_WAIT_LOCK &&
			    list[i]->object == REPORT_RESOURCE && list[i]->ender == PAGE &&
			    list[i]->sum.ns == MS(9);
	free(list);
	cr_expect(is_found);
}

Test(report, a_wait_for_a_lock_that_never_ends_counts_too)
{
	report_begin((struct report_options){ 0 });
	server_parts();
	spawn(0, 0, CONN, 0);
	spawn(1, 1, JOB, 0);
	begins(0, 0);
	locks(0, 0, PAGE, TASK(0));
	begins(1, 1);
	wants(1, 0, GET);
	passes(MS(3000));
	report_finish();

	cr_expect_eq(only_lock()->wait.ns, MS(3000));
	cr_expect_eq(only_lock()->wait_max_holder, (uint32_t)PAGE);
	cr_expect_eq(only_lock()->hold.ns, MS(3000));
}

Test(report, what_is_stuck_at_the_end_comes_first)
{
	struct report_finding list[REPORT_FINDINGS];

	report_begin((struct report_options){ 0 });
	server_parts();
	told(WORKER(0), TRACE_resource_new, .object = RESOURCE(1), .id = 2, .site = CACHE,
	     .state = VIGIL_RESOURCE_MUTEX, .name = "other");
	for (uint32_t i = 0; i < 2; i++) {
		spawn(i, 0, CONN, 0);
		begins(0, i);
		locks(0, i, PAGE, TASK(i));
		stops(0, i);
	}
	for (uint32_t i = 0; i < 2; i++) {
		wakes(0, i, LOOP, WORKER(0));
		begins(0, i);
		waits(0, i, VIGIL_WAIT_LOCK, RESOURCE(!i));
		stops(0, i);
	}
	passes(MS(5000));
	report_finish();

	cr_assert_geq(report_findings(first(), list), 1u);
	cr_expect(!strncmp(list[0].text, "Stuck at the end: ", 18), "%s", list[0].text);
	cr_expect(strstr(list[0].text, "Deadlock: 1 conn"), "%s", list[0].text);
}

/* ---- The critical path ---- */

static const struct report_step *step(size_t index)
{
	cr_assert_lt(index, first()->path.count);
	return &first()->path.steps[index];
}

/* 1 waits for 2, which stands runnable, runs, waits for 3 and runs again. */
static void chain_runs(void)
{
	server_parts();
	spawn(0, 0, CONN, 0);
	begins(0, 0);
	passes(MS(1));
	waits(0, 0, VIGIL_WAIT_TASK, TASK(1));
	spawn(1, 0, JOB, 0);
	stops(0, 0);
	passes(MS(2));
	begins(0, 1);
	passes(MS(3));
	stops(0, 1);
	spawn(2, 1, JOB, 0);
	begins(1, 2);
	passes(MS(4));
	wakes(1, 1, GET, TASK(2));
	ends(1, 2);
	stops(1, 2);
	begins(0, 1);
	passes(MS(5));
	wakes(0, 0, PAGE, TASK(1));
	passes(MS(1));
	ends(0, 1);
	stops(0, 1);
	begins(0, 0);
	passes(MS(6));
	ends(0, 0);
	stops(0, 0);
}

Test(report, the_path_of_a_task_goes_through_who_woke_it)
{
	const struct report_path *path;

	report_begin((struct report_options){ .task = 1 });
	chain_runs();
	report_finish();

	path = &first()->path;
	cr_assert(path->is_found);
	cr_expect_eq(path->run.ns, MS(7));
	cr_expect_eq(path->wait.ns, MS(14));
	cr_expect_eq(path->runnable.ns, MS(1));
	cr_expect_eq(path->count, 9u);
	cr_expect_eq(step(0)->kind, SLICE_RUN);
	cr_expect_eq(step(1)->kind, SLICE_WAIT);
	cr_expect_eq(step(1)->waker.id, 2u);
	cr_expect_eq(step(1)->wake_site, (uint32_t)PAGE);
	cr_expect(step(2)->depth == 1 && step(2)->kind == SLICE_RUNNABLE && step(2)->who.id == 2);
	cr_expect(step(3)->depth == 1 && step(3)->kind == SLICE_RUN);
	cr_expect(step(4)->depth == 1 && step(4)->kind == SLICE_WAIT);
	cr_expect(step(5)->depth == 2 && step(5)->kind == SLICE_RUN && step(5)->who.id == 3);
	cr_expect_eq(step(5)->end_ns - step(5)->begin_ns, MS(4));
	cr_expect(step(6)->depth == 1 && step(6)->kind == SLICE_RUN);
	cr_expect_eq(step(7)->kind, SLICE_RUNNABLE);
	cr_expect_eq(step(8)->kind, SLICE_RUN);
	cr_expect_eq(step(8)->depth, 0);
}

Test(report, a_path_says_what_the_waker_did_meanwhile)
{
	const struct report_cause *cause;

	report_begin((struct report_options){ .task = 1 });
	chain_runs();
	report_finish();

	cr_assert_eq(first()->path.cause_count, 1u);
	cause = &first()->path.causes[0];
	cr_expect_eq(cause->wait.kind, (uint32_t)VIGIL_WAIT_TASK);
	cr_expect_eq(cause->wait.object, REPORT_TASK);
	cr_expect_eq(cause->run_ns, MS(8));
	cr_expect_eq(cause->runnable_ns, MS(2));
	cr_expect_eq(cause->wait_ns, MS(4));
}

Test(report, a_path_of_many_steps_keeps_the_long_ones_and_counts_the_rest)
{
	uint64_t all = 0, steps = 0;
	bool has_long = false;

	report_begin((struct report_options){ .task = 1 });
	server_parts();
	spawn(0, 0, CONN, 0);
	for (int i = 0; i < 3000; i++)
		request(0, US(5), i == 1500 ? MS(8) : US(20));
	report_finish();

	cr_expect_leq(first()->path.count, (size_t)REPORT_STEPS);
	for (size_t i = 0; i < first()->path.count; i++) {
		all += step(i)->end_ns - step(i)->begin_ns;
		steps += step(i)->steps;
		has_long |=
			step(i)->kind == SLICE_RUN && step(i)->end_ns - step(i)->begin_ns == MS(8);
	}
	cr_expect(has_long);
	cr_expect_eq(steps, first()->path.run.count + first()->path.runnable.count +
				    first()->path.wait.count);
	cr_expect_eq(all, passed - MS(1));
}

Test(report, a_task_that_is_not_there_has_no_path)
{
	report_begin((struct report_options){ .task = 99 });
	server_runs();
	report_finish();

	cr_expect_not(first()->path.is_found);
}

/* ---- Windows ---- */

Test(report, a_window_cuts_what_reaches_over_its_edges)
{
	report_begin((struct report_options){ .from_ns = MS(10), .to_ns = MS(30) });
	server_parts();
	spawn(0, 0, CONN, 0);
	passes(MS(4));
	begins(0, 0);
	passes(MS(15));
	stops(0, 0);
	wakes(0, 0, LOOP, WORKER(0));
	passes(MS(20));
	begins(0, 0);
	stops(0, 0);
	report_finish();

	cr_expect_eq(first()->run.ns, MS(10));
	cr_expect_eq(first()->runnable.ns, MS(10));
	cr_expect_eq(first()->executors[0].runnable.area, MS(10));
	cr_expect_eq(first()->kinds[TRACE_task_spawn], 0u);
}

/* ---- Several processes ---- */

Test(report, the_worst_process_comes_first)
{
	report_begin((struct report_options){ 0 });
	server_parts();
	spawn(0, 0, CONN, 0);
	begins(0, 0);
	passes(MS(1));
	stops(0, 0);
	process_starts(1, 4712, "worse");
	server_runs();
	report_finish();

	cr_assert_eq(made->process_count, 2u);
	cr_expect_eq(made->processes[0]->pid, 4712u);
	cr_expect_eq(made->processes[1]->pid, 4711u);
}

Test(report, one_process_can_be_asked_for)
{
	report_begin((struct report_options){ .pid = 4712 });
	process_starts(1, 4712, "other");
	server_runs();
	report_finish();

	cr_assert_eq(made->process_count, 1u);
	cr_expect_eq(made->processes[0]->pid, 4712u);
}
