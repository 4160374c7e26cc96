/* SPDX-License-Identifier: MIT */
/* Executors, workers, and threads that come and go. */
#include "tests/support/live.h"

TestSuite(executor, .init = live_start, .fini = live_stop);

Test(executor, an_executor_is_recorded_with_its_kind_and_name)
{
	vigil_executor executor = vigil_executor_new(VIGIL_EXECUTOR_MULTI_THREAD, "http");
	const struct vigil_executor_record *e = VIGIL_FIND(look(), executor, executor);

	cr_assert_eq(e->kind, VIGIL_EXECUTOR_MULTI_THREAD);
	cr_assert_str_eq(e->name, "http");
	cr_assert_eq(e->created_ns, LIVE_START);
}

Test(executor, an_executor_is_no_task_of_the_line_that_made_it)
{
	struct vigil_site *here = vigil_site_find("main.c", 9, "main", NULL);
	vigil_executor executor = vigil_executor_new_at(here, VIGIL_EXECUTOR_MULTI_THREAD, "http");
	vigil_task task = vigil_task_spawn_at(here, executor, VIGIL_TASK_ASYNC, "main", 0);
	const struct vigil_task_record *record = VIGIL_FIND(look(), task, task);
	struct vigil_site_stats *stats = vigil_reader_site_stats(live_reader);

	cr_assert_not_null(stats);
	cr_expect_eq(stats[record->site - 1].spawned, 1);
	cr_expect_eq(stats[record->site - 1].live, 1);
	free(stats);
}

Test(executor, its_queue_has_a_length_and_a_peak)
{
	vigil_executor executor = vigil_executor_new(VIGIL_EXECUTOR_EVENT_LOOP, "http");

	vigil_executor_queued(executor, 9);
	vigil_executor_queued(executor, 4);

	cr_assert_eq(VIGIL_FIND(look(), executor, executor)->queued, 4);
	cr_assert_eq(VIGIL_FIND(live_reader, executor, executor)->queued_max, 9);
}

Test(executor, a_freed_executor_is_ended_once)
{
	vigil_executor executor = vigil_executor_new(VIGIL_EXECUTOR_EVENT_LOOP, "http");

	time_passes(7);
	vigil_executor_free(executor);
	vigil_executor_free(executor);

	cr_assert_eq(VIGIL_FIND(look(), executor, executor)->life, VIGIL_LIFE_ENDED);
	cr_assert_eq(VIGIL_FIND(live_reader, executor, executor)->ended_ns, LIVE_START + 7);
	cr_assert_eq(look_counts()->misused_ended, 1);
}

Test(executor, a_worker_has_an_executor_a_name_and_a_thread_id)
{
	vigil_executor executor = vigil_executor_new(VIGIL_EXECUTOR_EVENT_LOOP, "http");

	vigil_worker_begin(executor, "http-0");

	cr_assert_eq(look_worker(0)->executor, executor);
	cr_assert_str_eq(look_worker(0)->name, "http-0");
	cr_assert_eq(look_worker(0)->tid, gettid());
}

Test(executor, a_second_begin_replaces_executor_and_name)
{
	vigil_executor executor = vigil_executor_new(VIGIL_EXECUTOR_EVENT_LOOP, "a");
	vigil_executor other = vigil_executor_new(VIGIL_EXECUTOR_EVENT_LOOP, "b");

	vigil_worker_begin(executor, "a-0");
	vigil_worker_begin(other, "b-0");

	cr_assert_eq(look_worker(0)->executor, other);
	cr_assert_str_eq(look_worker(0)->name, "b-0");
	cr_assert_eq(vigil_reader_count(live_reader, VIGIL_TABLE_worker), 1);
}

Test(executor, a_worker_that_ends_is_a_thread_of_no_executor)
{
	vigil_worker_begin(vigil_executor_new(VIGIL_EXECUTOR_EVENT_LOOP, "a"), "a-0");
	vigil_worker_end();

	cr_assert_eq(look_worker(0)->executor, 0);
	cr_assert_eq(look_worker(0)->life, VIGIL_LIFE_LIVE);
}

Test(executor, time_parked_adds_up)
{
	vigil_worker_park();
	time_passes(500);
	cr_assert_eq(look_worker(0)->park_begin_ns, LIVE_START);
	vigil_worker_unpark();
	time_passes(20);
	vigil_worker_park();
	time_passes(5);
	vigil_worker_unpark();

	cr_assert_eq(look_worker(0)->parks, 2);
	cr_assert_eq(look_worker(0)->parked_ns, 505);
	cr_assert_eq(look_worker(0)->park_begin_ns, 0);
}

Test(executor, unbalanced_parks_are_counted)
{
	vigil_worker_unpark();
	vigil_worker_park();
	vigil_worker_park();
	vigil_worker_unpark();

	cr_assert_eq(look_counts()->misused_balance, 2);
	cr_assert_eq(look_worker(0)->parks, 1);
}

Test(executor, a_worker_knows_its_queue_and_its_steals)
{
	vigil_worker_queued(12);
	vigil_worker_stole(3);
	vigil_worker_stole(4);

	cr_assert_eq(look_worker(0)->queued, 12);
	cr_assert_eq(look_worker(0)->steals, 7);
}

/* ---- Threads ---- */

static void *spawn_on_thread(void *arg)
{
	vigil_task task = SPAWN("a", 0);

	(void)arg;
	poll_once(task, 1);
	vigil_task_end(task, VIGIL_OUTCOME_COMPLETED);
	return NULL;
}

Test(executor, ten_thousand_short_threads_share_few_records)
{
	const struct vigil_worker_record *w;
	uint64_t ids = 0;

	SPAWN("this thread", 0);
	for (int i = 0; i < 10000; i++)
		on_thread(spawn_on_thread, NULL);
	look();

	cr_assert_eq(look_counts()->lost_workers, 0);
	cr_assert_eq(look_counts()->lost_cells, 0);
	cr_assert_leq(vigil_reader_count(live_reader, VIGIL_TABLE_worker), 70);
	for (uint32_t i = 0; (w = VIGIL_AT(live_reader, worker, i)); i++)
		ids = w->id > ids ? w->id : ids;
	cr_assert_eq(ids, 10001);
}

Test(executor, statistics_of_threads_that_ended_stay)
{
	struct vigil_site_stats *stats;
	uint64_t spawned = 0, completed = 0;

	for (int i = 0; i < 300; i++)
		on_thread(spawn_on_thread, NULL);
	stats = vigil_reader_site_stats(look());

	for (uint32_t i = 0; i < vigil_reader_count(live_reader, VIGIL_TABLE_site); i++) {
		spawned += stats[i].spawned;
		completed += stats[i].completed;
	}
	cr_assert_eq(spawned, 300);
	cr_assert_eq(completed, 300);
	free(stats);
}

static void *die_in_poll(void *arg)
{
	vigil_poll_begin(*(vigil_task *)arg);
	time_passes(80);
	return NULL;
}

Test(executor, the_exit_of_a_thread_ends_its_polls)
{
	vigil_task task = SPAWN("a", 0);

	on_thread(die_in_poll, &task);
	time_passes(1000);

	cr_assert_eq(look_times(task).busy_ns, 80);
	cr_assert_eq(look_times(task).state, VIGIL_STATE_IDLE);
	cr_assert_eq(look_worker(1)->life, VIGIL_LIFE_ENDED);
}

static void *die_in_many_polls(void *arg)
{
	(void)arg;
	for (int i = 0; i < 40; i++)
		vigil_poll_begin(SPAWN("deep", 0));
	return NULL;
}

Test(executor, the_exit_of_a_thread_ends_nested_and_lost_polls_too)
{
	uint32_t running = 0;

	on_thread(die_in_many_polls, NULL);
	look();

	for (uint32_t i = 0; i < vigil_reader_count(live_reader, VIGIL_TABLE_task); i++)
		running += VIGIL_AT(live_reader, task, i)->depth != 0;
	cr_assert_eq(running, 0);
	cr_assert_eq(look_worker(1)->depth, 0);
}

static void *park_and_die(void *arg)
{
	(void)arg;
	vigil_worker_park();
	return NULL;
}

Test(executor, a_thread_that_ended_is_not_parked)
{
	on_thread(park_and_die, NULL);

	cr_assert_eq(look_worker(1)->park_begin_ns, 0);
	cr_assert_eq(look_worker(1)->life, VIGIL_LIFE_ENDED);
}

static pthread_key_t late_key;

static void late_call(void *task)
{
	vigil_wake(*(vigil_task *)task);
}

static void *call_after_exit(void *task)
{
	vigil_wake(*(vigil_task *)task);
	pthread_setspecific(late_key, task);
	return NULL;
}

Test(executor, a_call_in_a_destructor_after_the_thread_was_taken_off_is_recorded)
{
	vigil_task task = SPAWN("a", 0);

	pthread_key_create(&late_key, late_call); /* runs after the library's own */
	on_thread(call_after_exit, &task);

	cr_assert_eq(look_task(task)->wakes, 2);
	for (uint32_t i = 1; i < vigil_reader_count(live_reader, VIGIL_TABLE_worker); i++)
		cr_assert_eq(look_worker(i)->life, VIGIL_LIFE_ENDED);
}

/* ---- More threads than records ---- */

static void two_workers(void)
{
	live_start_with((struct vigil_options){ .tasks = 1024, .workers = 2 });
}

TestSuite(crowd, .init = two_workers, .fini = live_stop);

static pthread_barrier_t all_here;

static void *poll_in_crowd(void *arg)
{
	vigil_task task = SPAWN("a", 0);

	pthread_barrier_wait(&all_here);
	poll_once(task, 10);
	*(vigil_task *)arg = task;
	pthread_barrier_wait(&all_here);
	return NULL;
}

Test(crowd, threads_without_a_record_are_counted_and_their_tasks_recorded)
{
	vigil_task tasks[6];
	pthread_t threads[6];

	pthread_barrier_init(&all_here, NULL, 6);
	for (int i = 0; i < 6; i++)
		cr_assert_eq(pthread_create(&threads[i], NULL, poll_in_crowd, &tasks[i]), 0);
	for (int i = 0; i < 6; i++)
		pthread_join(threads[i], NULL);

	/* This thread has one of the two. */
	cr_assert_eq(look_counts()->lost_workers, 5);
	for (int i = 0; i < 6; i++) {
		cr_assert_eq(look_task(tasks[i])->polls, 1);
		cr_assert_eq(look_task(tasks[i])->depth, 0);
	}
}
