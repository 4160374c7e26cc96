/* SPDX-License-Identifier: MIT */
/* What polls and wakes do to a board. Under four threads: stress.c. */
#include "tests/support/live.h"

#include "libtrace/reader.h"

TestSuite(hot, .init = live_start, .fini = live_stop);

/* ---- Times ---- */

Test(hot, a_poll_adds_its_length_to_busy_time)
{
	vigil_task task = SPAWN("a", 0);

	poll_once(task, 300);
	poll_once(task, 40);

	cr_assert_eq(look_times(task).busy_ns, 340);
	cr_assert_eq(look_task(task)->polls, 2);
	cr_assert_eq(look_task(task)->busy_max_ns, 300);
}

Test(hot, a_task_is_scheduled_from_its_birth_to_its_first_poll)
{
	vigil_task task = SPAWN("a", 0);

	time_passes(70);

	cr_assert_eq(look_times(task).state, VIGIL_STATE_SCHEDULED);
	cr_assert_eq(look_times(task).scheduled_ns, 70);
	cr_assert_eq(look_times(task).state_ns, 70);
}

Test(hot, the_first_poll_fixes_the_time_scheduled_since_birth)
{
	vigil_task task = SPAWN("a", 0);

	time_passes(70);
	poll_once(task, 5);
	time_passes(25);

	cr_assert_eq(look_times(task).scheduled_ns, 70);
	cr_assert_eq(look_times(task).idle_ns, 25);
	cr_assert_eq(look_times(task).state, VIGIL_STATE_IDLE);
}

Test(hot, a_task_spawned_idle_is_idle_until_it_is_woken)
{
	vigil_task task = SPAWN("a", VIGIL_SPAWN_IDLE);

	time_passes(70);
	cr_assert_eq(look_times(task).state, VIGIL_STATE_IDLE);
	vigil_wake(task);
	time_passes(30);

	cr_assert_eq(look_times(task).state, VIGIL_STATE_SCHEDULED);
	cr_assert_eq(look_times(task).scheduled_ns, 30);
	cr_assert_eq(look_times(task).idle_ns, 70);
}

Test(hot, a_task_is_scheduled_from_its_first_wake_to_its_next_poll)
{
	vigil_task task = SPAWN("a", VIGIL_SPAWN_IDLE);

	vigil_wake(task);
	time_passes(30);
	vigil_wake(task);
	time_passes(5);
	vigil_poll_begin(task);

	cr_assert_eq(look_task(task)->wakes, 2);
	cr_assert_eq(look_task(task)->scheduled_ns, 35);
	cr_assert_eq(look_task(task)->scheduled_max_ns, 35);
}

Test(hot, a_wake_before_the_first_poll_of_a_runnable_task_keeps_its_birth)
{
	vigil_task task = SPAWN("a", 0);

	time_passes(10);
	vigil_wake(task);
	time_passes(10);
	vigil_poll_begin(task);

	cr_assert_eq(look_task(task)->scheduled_ns, 20);
}

Test(hot, a_wake_while_it_runs_makes_a_task_scheduled_at_the_end_of_that_poll)
{
	vigil_task task = SPAWN("a", 0);

	vigil_poll_begin(task);
	time_passes(100);
	vigil_wake(task);
	time_passes(100);
	vigil_poll_end(task);
	time_passes(7);

	cr_assert_eq(look_times(task).state, VIGIL_STATE_SCHEDULED);
	cr_assert_eq(look_times(task).scheduled_ns, 7);
	cr_assert_eq(look_times(task).busy_ns, 200);
}

Test(hot, a_running_task_is_busy_up_to_now)
{
	vigil_task task = SPAWN("a", 0);

	vigil_poll_begin(task);
	time_passes(90);

	cr_assert_eq(look_times(task).state, VIGIL_STATE_RUNNING);
	cr_assert_eq(look_times(task).busy_ns, 90);
	cr_assert_eq(look_times(task).state_ns, 90);
}

Test(hot, busy_scheduled_and_idle_time_add_up_to_the_age)
{
	vigil_task task = SPAWN("a", 0);
	struct vigil_task_times times;

	for (unsigned i = 1; i < 40; i++) {
		time_passes(i * 13 % 7);
		poll_once(task, i * 31 % 11);
		time_passes(i * 17 % 5);
		if (i % 3)
			vigil_wake(task);
		times = look_times(task);

		cr_assert_not(times.is_impossible);
		cr_assert_eq(times.busy_ns + times.scheduled_ns + times.idle_ns, times.age_ns);
		cr_assert_eq(times.age_ns, live_time - LIVE_START);
	}
}

Test(hot, a_poll_that_seems_to_begin_before_the_last_one_ended_counts_from_that_end)
{
	vigil_task task = SPAWN("a", 0);

	poll_once(task, 100);
	vigil_wake(task);
	live_time -= 60; /* another processor's counter */
	vigil_poll_begin(task);
	time_passes(100);
	vigil_poll_end(task);

	cr_assert_eq(look_times(task).busy_ns, 140);
	cr_assert_not(look_times(task).is_impossible);
}

Test(hot, times_ahead_of_the_readers_clock_are_possible)
{
	vigil_task task = SPAWN("a", 0);
	struct vigil_task_times times;

	time_passes(10);
	poll_once(task, 500);
	vigil_task_times(look_task(task), live_time - 200, &times);

	cr_assert_not(times.is_impossible);
	cr_assert_eq(times.busy_ns, 500);
	cr_assert_eq(times.busy_ns + times.scheduled_ns + times.idle_ns, times.age_ns);
}

/* ---- Histograms ---- */

Test(hot, each_poll_is_one_count_of_the_busy_histograms)
{
	vigil_task task = SPAWN("a", 0);
	struct vigil_hist hist;

	for (int i = 0; i < 9; i++)
		poll_once(task, 1000);
	poll_once(task, 50000);

	cr_assert(vigil_reader_task_hist(look(), look_task(task), VIGIL_HIST_BUSY, &hist));
	cr_assert_eq(hist.total, 10);
	cr_assert_eq(hist.max_ns, 50000);
	cr_assert_eq(hist.counts[vigil_bucket(1000) / 8], 9);
	cr_assert(
		vigil_reader_site_hist(live_reader, look_task(task)->site, VIGIL_HIST_BUSY, &hist));
	cr_assert_eq(hist.total, 10);
	cr_assert_eq(hist.counts[vigil_bucket(50000)], 1);
}

Test(hot, each_time_runnable_is_one_count_of_the_delay_histograms)
{
	vigil_task task = SPAWN("a", VIGIL_SPAWN_IDLE);
	struct vigil_hist hist;

	for (int i = 0; i < 5; i++) {
		vigil_wake(task);
		time_passes(400);
		poll_once(task, 1);
	}
	poll_once(task, 1); /* nobody woke it */

	cr_assert(vigil_reader_task_hist(look(), look_task(task), VIGIL_HIST_DELAY, &hist));
	cr_assert_eq(hist.total, 5);
	cr_assert_eq(hist.counts[vigil_bucket(400) / 8], 5);
	cr_assert_eq(hist.max_ns, 400);
}

Test(hot, a_task_that_was_never_polled_has_no_histogram)
{
	vigil_task task = SPAWN("a", 0);
	struct vigil_hist hist;

	cr_assert_not(vigil_reader_task_hist(look(), look_task(task), VIGIL_HIST_BUSY, &hist));
	cr_assert_eq(vigil_hist_percentile(&hist, 0.5), 0);
}

/* ---- Nesting ---- */

Test(hot, a_poll_inside_a_poll_belongs_to_both_tasks)
{
	vigil_task outer = SPAWN("outer", 0), inner = SPAWN("inner", 0);

	vigil_poll_begin(outer);
	time_passes(10);
	poll_once(inner, 100);
	time_passes(10);
	vigil_poll_end(outer);

	cr_assert_eq(look_times(outer).busy_ns, 120);
	cr_assert_eq(look_times(inner).busy_ns, 100);
	cr_assert_eq(look_worker(0)->busy_ns, 120);
	cr_assert_eq(look_worker(0)->polls, 1);
}

Test(hot, the_innermost_poll_is_the_current_task)
{
	vigil_task outer = SPAWN("outer", 0), inner = SPAWN("inner", 0);

	vigil_poll_begin(outer);
	vigil_poll_begin(inner);
	cr_assert_eq(vigil_task_current(), inner);
	cr_assert_eq(look_worker(0)->task, inner);
	cr_assert_eq(look_worker(0)->depth, 2);
	vigil_poll_end(inner);

	cr_assert_eq(vigil_task_current(), outer);
	cr_assert_eq(look_worker(0)->task, outer);
}

Test(hot, a_second_begin_of_a_task_inside_its_poll_is_one_poll)
{
	vigil_task task = SPAWN("a", 0);

	vigil_poll_begin(task);
	time_passes(10);
	poll_once(task, 10);
	cr_assert_eq(look_times(task).state, VIGIL_STATE_RUNNING);
	time_passes(10);
	vigil_poll_end(task);

	cr_assert_eq(look_task(task)->polls, 1);
	cr_assert_eq(look_times(task).busy_ns, 30);
	cr_assert_eq(look_counts()->misused_overlap, 0);
}

static void polls_begin(vigil_task *tasks, int count)
{
	for (int i = 0; i < count; i++) {
		tasks[i] = SPAWN("deep", 0);
		vigil_poll_begin(tasks[i]);
	}
}

static void polls_end(const vigil_task *tasks, int count)
{
	while (count--)
		vigil_poll_end(tasks[count]);
}

Test(hot, sixteen_polls_nest)
{
	vigil_task tasks[16];

	polls_begin(tasks, 16);
	time_passes(9);
	polls_end(tasks, 16);

	cr_assert_eq(look_counts()->lost_polls, 0);
	for (int i = 0; i < 16; i++)
		cr_assert_eq(look_times(tasks[i]).busy_ns, 9);
}

Test(hot, the_seventeenth_nested_poll_is_counted_as_lost)
{
	vigil_task tasks[17];

	polls_begin(tasks, 17);
	time_passes(9);
	polls_end(tasks, 17);

	cr_assert_eq(look_counts()->lost_polls, 1);
	cr_assert_eq(look_task(tasks[16])->polls, 0);
	cr_assert_eq(look_task(tasks[15])->polls, 1);
	cr_assert_eq(look_worker(0)->depth, 0);
	cr_assert_eq(look_counts()->misused_balance, 0);
}

Test(hot, the_end_of_an_outer_poll_ends_the_inner_ones)
{
	vigil_task tasks[4];

	polls_begin(tasks, 4);
	time_passes(9);
	vigil_poll_end(tasks[0]); /* a longjmp came here */

	cr_assert_eq(vigil_task_current(), 0);
	for (int i = 0; i < 4; i++)
		cr_assert_eq(look_times(tasks[i]).busy_ns, 9);
	cr_assert_eq(look_worker(0)->depth, 0);
}

Test(hot, polls_are_recorded_again_after_a_longjmp_out_of_lost_ones)
{
	vigil_task tasks[20], next;

	polls_begin(tasks, 20);
	vigil_poll_end(tasks[0]);
	next = SPAWN("next", 0);
	poll_once(next, 5);

	cr_assert_eq(look_times(next).busy_ns, 5);
	cr_assert_eq(look_worker(0)->depth, 0);
}

Test(hot, an_end_without_a_begin_is_counted_and_ignored)
{
	vigil_task task = SPAWN("a", 0);

	vigil_poll_end(task);

	cr_assert_eq(look_task(task)->polls, 0);
	cr_assert_eq(look_counts()->misused_balance, 1);
}

Test(hot, the_none_handle_is_no_misuse)
{
	vigil_poll_begin(0);
	vigil_poll_end(0);
	vigil_wake(0);
	vigil_waker_clone(0);

	cr_assert_eq(look_counts()->misused_stale, 0);
	cr_assert_eq(look_counts()->misused_balance, 0);
}

/* ---- Threads ---- */

static void *poll_on_thread(void *arg)
{
	poll_once(*(vigil_task *)arg, 25);
	return NULL;
}

Test(hot, a_task_may_move_between_threads)
{
	vigil_task task = SPAWN("a", 0);

	poll_once(task, 10);
	on_thread(poll_on_thread, &task);
	poll_once(task, 10);

	cr_assert_eq(look_task(task)->polls, 3);
	cr_assert_eq(look_times(task).busy_ns, 45);
	cr_assert_eq(look_worker(1)->polls, 1);
	cr_assert_eq(look_worker(1)->busy_ns, 25);
	cr_assert_eq(look_counts()->misused_overlap, 0);
}

Test(hot, polls_of_one_task_that_overlap_are_counted_and_recorded_once)
{
	vigil_task task = SPAWN("a", 0);

	vigil_poll_begin(task);
	on_thread(poll_on_thread, &task);
	time_passes(5);
	vigil_poll_end(task);

	cr_assert_eq(look_counts()->misused_overlap, 1);
	cr_assert_eq(look_task(task)->polls, 1);
	cr_assert_eq(look_times(task).busy_ns, 30);
}

static void *wake_on_thread(void *arg)
{
	vigil_wake(*(vigil_task *)arg);
	return NULL;
}

Test(hot, a_wake_by_a_thread_that_polls_nothing_names_the_thread)
{
	vigil_task task = SPAWN("a", VIGIL_SPAWN_IDLE);

	on_thread(wake_on_thread, &task);

	cr_assert_eq(look_task(task)->wakes, 1);
	cr_assert_eq(look_task(task)->waker, vigil_reader_ref(live_reader, VIGIL_TABLE_worker, 1));
	cr_assert_eq(look_worker(1)->wakes, 1);
	cr_assert_eq(look_worker(1)->life, VIGIL_LIFE_ENDED);
}

/* ---- Wakers ---- */

Test(hot, a_wake_inside_a_poll_names_the_task_that_polls)
{
	vigil_task waker = SPAWN("waker", 0), task = SPAWN("a", VIGIL_SPAWN_IDLE);

	vigil_poll_begin(waker);
	vigil_wake(task);
	vigil_poll_end(waker);

	cr_assert_eq(look_task(task)->waker, waker);
	cr_assert_eq(look_task(task)->self_wakes, 0);
}

Test(hot, a_task_that_wakes_itself_is_counted)
{
	vigil_task task = SPAWN("a", 0);

	vigil_poll_begin(task);
	vigil_wake(task);
	vigil_poll_end(task);
	vigil_wake(task);

	cr_assert_eq(look_task(task)->self_wakes, 1);
	cr_assert_eq(look_task(task)->wakes, 2);
}

Test(hot, a_wake_notes_the_place_it_was_called_from)
{
	vigil_task task = SPAWN("a", 0);
	const struct vigil_site_record *site;
	uint32_t line;

	vigil_wake(task), line = __LINE__;
	site = vigil_reader_site(look(), look_task(task)->wake_site);

	cr_assert_not_null(site);
	cr_assert_eq(site->line, line);
	cr_assert_str_eq(site->file, __FILE__);
}

Test(hot, a_wake_of_an_ended_task_is_counted)
{
	vigil_task task = SPAWN("a", 0);

	vigil_task_end(task, VIGIL_OUTCOME_COMPLETED);
	vigil_wake(task);

	cr_assert_eq(look_task(task)->wakes, 0);
	cr_assert_eq(look_counts()->misused_wakes, 1);
}

Test(hot, clones_and_drops_of_wakers_are_counted)
{
	vigil_task task = SPAWN("a", 0);

	vigil_waker_clone(task);
	vigil_waker_clone(task);
	look();
	vigil_waker_drop(task);

	cr_assert_eq(look_task(task)->waker_clones, 2);
	cr_assert_eq(look_task(task)->waker_drops, 1);
}

Test(hot, a_wake_that_consumes_its_waker_is_a_wake_and_a_drop)
{
	vigil_task task = SPAWN("a", 0);

	vigil_waker_wake(task);

	cr_assert_eq(look_task(task)->wakes, 1);
	cr_assert_eq(look_task(task)->waker_drops, 1);
}

/* ---- Edges ---- */

Test(hot, an_edge_tells_how_long_wakes_from_here_take_to_polls_of_that_site)
{
	vigil_task task = SPAWN("a", VIGIL_SPAWN_IDLE), waker = SPAWN("waker", 0);
	struct vigil_edge_record *edges;
	size_t count;

	vigil_poll_begin(waker);
	for (uint64_t i = 1; i <= 3; i++) {
		vigil_wake(task);
		time_passes(100 * i);
		poll_once(task, 1);
	}
	count = vigil_reader_edges(look(), &edges);

	cr_assert_eq(count, 1);
	cr_assert_eq(edges[0].count, 3);
	cr_assert_eq(edges[0].delay_ns, 600);
	cr_assert_eq(edges[0].delay_max_ns, 300);
	cr_assert_eq(edges[0].to, look_task(task)->site);
	cr_assert_eq(edges[0].last_waker, waker);
	cr_assert_eq(edges[0].last_task, task);
	free(edges);
}

#define NEIGHBOURS 256 /* edges whose sites lie so far apart share a place */

Test(hot, an_edge_that_finds_no_place_is_counted_and_takes_no_record)
{
	static struct vigil_site places[12 * NEIGHBOURS];
	vigil_task task = SPAWN("a", VIGIL_SPAWN_IDLE);
	struct vigil_edge_record *edges;
	size_t count, wakes = 0;

	for (uint32_t i = 0; i < 12 * NEIGHBOURS; i++) {
		places[i] = (struct vigil_site){ "edges", "f", NULL, i + 1, 0 };
		vigil_wake_at(&places[i], task);
	}
	for (uint32_t i = 0; i < 36; i++) {
		vigil_wake_at(&places[i % 12 * NEIGHBOURS], task);
		poll_once(task, 1);
	}
	count = vigil_reader_edges(look(), &edges);

	/* Eight find a place, the other four never do. */
	for (size_t i = 0; i < count; i++)
		wakes += edges[i].count;
	cr_assert_eq(count, 8);
	cr_assert_eq(table_used(&live_reader->tables[VIGIL_TABLE_edge]), 8);
	cr_assert_eq(wakes, 24);
	cr_assert_eq(look_counts()->lost_edges, 12);
	free(edges);
}

/* ---- The worker's last words ---- */

Test(hot, the_ring_holds_the_last_events_of_a_thread)
{
	vigil_task task = SPAWN("a", 0);
	struct vigil_event_record events[8];
	size_t count;

	vigil_wake(task);
	poll_once(task, 33);
	count = vigil_reader_events(look(), 0, events, 8);

	cr_assert_eq(count, 3);
	cr_assert_eq(events[0].kind, VIGIL_EVENT_SPAWN);
	cr_assert_eq(events[1].kind, VIGIL_EVENT_WAKE);
	cr_assert_eq(events[2].kind, VIGIL_EVENT_POLL);
	cr_assert_eq(events[2].task, task);
	cr_assert_eq(events[2].value, 33);
}

Test(hot, the_ring_forgets_the_oldest_events_first)
{
	vigil_task task = SPAWN("a", 0);
	struct vigil_event_record events[256];
	size_t count;

	for (uint64_t i = 1; i <= 1000; i++)
		poll_once(task, i);
	count = vigil_reader_events(look(), 0, events, 256);

	cr_assert_eq(count, 255);
	cr_assert_eq(events[254].value, 1000);
	cr_assert_eq(events[0].value, 746);
}

Test(hot, a_worker_names_its_longest_poll)
{
	vigil_task quick = SPAWN("quick", 0), slow = SPAWN("slow", 0);

	poll_once(quick, 10);
	poll_once(slow, 900);
	poll_once(quick, 20);

	cr_assert_eq(look_worker(0)->busy_max_ns, 900);
	cr_assert_eq(look_worker(0)->busy_max_task, slow);
}
