/* SPDX-License-Identifier: MIT */
/* Locks: who waits, who holds, how long. */
#include "tests/support/live.h"

#include "libtrace/live.h"

TestSuite(lock, .init = live_start, .fini = live_stop);

static vigil_resource mutex_new(void)
{
	return vigil_resource_new(VIGIL_RESOURCE_MUTEX, "mutex", "db", 0, 0);
}

static vigil_resource rwlock_new(void)
{
	return vigil_resource_new(VIGIL_RESOURCE_RWLOCK, "rwlock", "cache", 0, 0);
}

static vigil_task polled_task(void)
{
	vigil_task task = SPAWN("a", 0);

	vigil_poll_begin(task);
	return task;
}

Test(lock, a_lock_that_was_taken_names_its_owner_and_since_when)
{
	vigil_resource lock = mutex_new();
	vigil_task task = polled_task();
	const struct vigil_resource_record *r;
	uint32_t line;

	time_passes(5);
	vigil_lock_acquired(lock, VIGIL_MODE_EXCLUSIVE), line = __LINE__;
	r = look_resource(lock);

	cr_assert_eq(r->holders, 1);
	cr_assert_eq(r->mode, VIGIL_MODE_EXCLUSIVE);
	cr_assert_eq(r->owner[0], task);
	cr_assert_eq(r->held_since_ns[0], LIVE_START + 5);
	cr_assert_eq(vigil_reader_site(live_reader, r->held_site[0])->line, line);
	cr_assert_eq(r->contended, 0);
}

Test(lock, outside_polls_the_owner_is_the_thread)
{
	vigil_resource lock = mutex_new();

	vigil_lock_acquired(lock, VIGIL_MODE_EXCLUSIVE);

	cr_assert_eq(look_resource(lock)->owner[0],
		     vigil_reader_ref(live_reader, VIGIL_TABLE_worker, 0));
}

Test(lock, a_released_lock_has_no_owner_and_one_hold_more)
{
	vigil_resource lock = mutex_new();
	vigil_task task = polled_task();
	const struct vigil_resource_record *r;
	struct vigil_hist hist;

	vigil_lock_acquired(lock, VIGIL_MODE_EXCLUSIVE);
	time_passes(700);
	vigil_lock_released(lock);
	r = look_resource(lock);

	cr_assert_eq(r->holders, 0);
	cr_assert_eq(r->mode, VIGIL_MODE_NONE);
	cr_assert_eq(r->owner[0], 0);
	cr_assert_eq(r->acquired, 1);
	cr_assert_eq(r->hold_ns, 700);
	cr_assert_eq(r->hold_max_ns, 700);
	cr_assert_eq(r->last_owner, task);
	cr_assert(vigil_reader_lock_hist(live_reader, r, VIGIL_HIST_BUSY, &hist));
	cr_assert_eq(hist.counts[vigil_bucket(700) / 8], 1);
}

Test(lock, a_task_that_waits_for_a_lock_says_so)
{
	vigil_resource lock = mutex_new();
	vigil_task task = polled_task();

	vigil_lock_wait(lock, VIGIL_MODE_EXCLUSIVE);
	vigil_poll_end(task);

	cr_assert_eq(look_resource(lock)->waiters, 1);
	cr_assert_eq(look_task(task)->wait_kind, VIGIL_WAIT_LOCK);
	cr_assert_eq(look_task(task)->wait_object, lock);
}

Test(lock, waiting_to_share_is_another_kind_of_wait)
{
	vigil_resource lock = rwlock_new();
	vigil_task task = polled_task();

	vigil_lock_wait(lock, VIGIL_MODE_SHARED);

	cr_assert_eq(look_task(task)->wait_kind, VIGIL_WAIT_LOCK_SHARED);
}

Test(lock, waiting_for_a_semaphore_is_waiting_for_a_permit)
{
	vigil_resource lock = vigil_resource_new(VIGIL_RESOURCE_SEMAPHORE, "sem", NULL, 0, 0);
	vigil_task task = polled_task();

	vigil_lock_wait(lock, VIGIL_MODE_SHARED);

	cr_assert_eq(look_task(task)->wait_kind, VIGIL_WAIT_PERMIT);
}

Test(lock, the_wait_for_a_lock_outlasts_polls_and_ends_when_it_is_taken)
{
	vigil_resource lock = mutex_new();
	vigil_task task = polled_task();
	struct vigil_hist hist;

	vigil_lock_wait(lock, VIGIL_MODE_EXCLUSIVE);
	vigil_poll_end(task);
	time_passes(400);
	vigil_poll_begin(task);
	vigil_lock_acquired(lock, VIGIL_MODE_EXCLUSIVE);

	cr_assert_eq(look_resource(lock)->waiters, 0);
	cr_assert_eq(look_resource(lock)->contended, 1);
	cr_assert_eq(look_resource(lock)->wait_ns, 400);
	cr_assert_eq(look_resource(lock)->wait_max_ns, 400);
	cr_assert(
		vigil_reader_lock_hist(live_reader, look_resource(lock), VIGIL_HIST_DELAY, &hist));
	cr_assert_eq(hist.total, 1);
}

Test(lock, a_task_that_is_polled_again_while_it_waits_is_still_one_waiter)
{
	vigil_resource lock = mutex_new();
	vigil_task task = SPAWN("a", 0);

	for (int i = 0; i < 5; i++) {
		vigil_poll_begin(task);
		vigil_lock_wait(lock, VIGIL_MODE_EXCLUSIVE);
		vigil_poll_end(task);
		time_passes(100);
	}
	cr_assert_eq(look_resource(lock)->waiters, 1);
	cr_assert_eq(look_task(task)->wait_kind, VIGIL_WAIT_LOCK);
	vigil_poll_begin(task);
	vigil_lock_acquired(lock, VIGIL_MODE_EXCLUSIVE);

	cr_assert_eq(look_resource(lock)->waiters, 0);
	cr_assert_eq(look_resource(lock)->wait_ns, 500);
}

Test(lock, a_waiter_that_gives_up_waits_no_more)
{
	vigil_resource lock = mutex_new();
	vigil_task task = polled_task();

	vigil_lock_wait(lock, VIGIL_MODE_EXCLUSIVE);
	vigil_lock_abandoned(lock);

	cr_assert_eq(look_resource(lock)->waiters, 0);
	cr_assert_eq(look_resource(lock)->acquired, 0);
	vigil_poll_end(task);
	cr_assert_eq(look_task(task)->wait_kind, VIGIL_WAIT_NONE);
}

Test(lock, a_task_that_ends_while_it_waits_is_no_waiter)
{
	vigil_resource lock = mutex_new();
	vigil_task task = polled_task();

	vigil_lock_wait(lock, VIGIL_MODE_EXCLUSIVE);
	vigil_poll_end(task);
	vigil_task_end(task, VIGIL_OUTCOME_CANCELLED);

	cr_assert_eq(look_resource(lock)->waiters, 0);
}

Test(lock, the_wait_for_a_lock_of_threads_is_the_threads)
{
	vigil_resource lock = vigil_resource_new(VIGIL_RESOURCE_MUTEX, "pthread_mutex_t", "m", 0,
						 VIGIL_RESOURCE_THREAD);
	vigil_task task = polled_task();

	vigil_lock_wait(lock, VIGIL_MODE_EXCLUSIVE);
	time_passes(50);

	cr_assert_eq(look_worker(0)->wait_kind, VIGIL_WAIT_LOCK);
	cr_assert_eq(look_worker(0)->wait_object, lock);
	cr_assert_eq(look_task(task)->wait_kind, VIGIL_WAIT_NONE);
	vigil_lock_acquired(lock, VIGIL_MODE_EXCLUSIVE);
	cr_assert_eq(look_worker(0)->wait_kind, VIGIL_WAIT_NONE);
	cr_assert_eq(look_resource(lock)->wait_ns, 50);
	cr_assert_eq(look_resource(lock)->owner[0], task);
}

Test(lock, a_lock_may_be_handed_to_the_first_in_line)
{
	vigil_resource lock = mutex_new();
	vigil_task waiter = SPAWN("waiter", 0), owner = SPAWN("owner", 0);

	vigil_poll_begin(waiter);
	vigil_lock_wait(lock, VIGIL_MODE_EXCLUSIVE);
	vigil_poll_end(waiter);
	vigil_poll_begin(owner);
	vigil_lock_acquired(lock, VIGIL_MODE_EXCLUSIVE);
	time_passes(30);
	vigil_lock_released(lock);
	vigil_lock_acquired_by(lock, VIGIL_MODE_EXCLUSIVE, waiter);
	vigil_poll_end(owner);

	cr_assert_eq(look_resource(lock)->owner[0], waiter);
	cr_assert_eq(look_resource(lock)->waiters, 0);
	cr_assert_eq(look_resource(lock)->wait_ns, 30);
	cr_assert_eq(look_counts()->misused_owner, 0);
}

Test(lock, a_lock_released_by_who_did_not_hold_it_is_free_and_counted)
{
	vigil_resource lock = mutex_new();
	vigil_task other = SPAWN("other", 0);

	vigil_lock_acquired(lock, VIGIL_MODE_EXCLUSIVE);
	vigil_lock_released_by(lock, other);

	cr_assert_eq(look_resource(lock)->holders, 0);
	cr_assert_eq(look_resource(lock)->owner[0], 0);
	cr_assert_eq(look_counts()->misused_owner, 1);
}

Test(lock, a_release_of_a_free_lock_is_counted)
{
	vigil_resource lock = mutex_new();

	vigil_lock_released(lock);

	cr_assert_eq(look_resource(lock)->holders, 0);
	cr_assert_eq(look_counts()->misused_owner, 1);
}

/* ---- Sharing ---- */

Test(lock, four_shared_owners_are_named_and_all_are_counted)
{
	vigil_resource lock = rwlock_new();
	vigil_task tasks[6];

	for (int i = 0; i < 6; i++) {
		tasks[i] = SPAWN("a", 0);
		vigil_lock_acquired_by(lock, VIGIL_MODE_SHARED, tasks[i]);
	}

	cr_assert_eq(look_resource(lock)->holders, 6);
	cr_assert_eq(look_resource(lock)->mode, VIGIL_MODE_SHARED);
	for (int i = 0; i < VIGIL_OWNERS; i++)
		cr_assert_eq(look_resource(lock)->owner[i], tasks[i]);
	cr_assert_eq(look_counts()->lost_owners, 2);
}

Test(lock, the_last_shared_owner_to_leave_frees_the_lock)
{
	vigil_resource lock = rwlock_new();
	vigil_task tasks[6];

	for (int i = 0; i < 6; i++) {
		tasks[i] = SPAWN("a", 0);
		vigil_lock_acquired_by(lock, VIGIL_MODE_SHARED, tasks[i]);
	}
	for (int i = 0; i < 6; i++) {
		cr_assert_eq(look_resource(lock)->mode, VIGIL_MODE_SHARED);
		vigil_lock_released_by(lock, tasks[i]);
	}

	cr_assert_eq(look_resource(lock)->holders, 0);
	cr_assert_eq(look_resource(lock)->mode, VIGIL_MODE_NONE);
	for (int i = 0; i < VIGIL_OWNERS; i++)
		cr_assert_eq(look_resource(lock)->owner[i], 0);
	cr_assert_eq(look_counts()->misused_owner, 0);
}

static vigil_resource shared_lock;

static void *share_on_thread(void *arg)
{
	vigil_task task = SPAWN("a", 0);

	(void)arg;
	vigil_poll_begin(task);
	for (int i = 0; i < 20000; i++) {
		vigil_lock_acquired(shared_lock, VIGIL_MODE_SHARED);
		time_passes(1);
		vigil_lock_released(shared_lock);
	}
	vigil_poll_end(task);
	return NULL;
}

Test(lock, threads_that_share_leave_neither_a_holder_nor_a_mode_nor_a_misuse)
{
	pthread_t threads[4];

	shared_lock = rwlock_new();
	for (int i = 0; i < 4; i++)
		cr_assert_eq(pthread_create(&threads[i], NULL, share_on_thread, NULL), 0);
	for (int i = 0; i < 4; i++)
		pthread_join(threads[i], NULL);

	cr_assert_eq(look_resource(shared_lock)->holders, 0);
	cr_assert_eq(look_resource(shared_lock)->mode, VIGIL_MODE_NONE);
	cr_assert_eq(look_resource(shared_lock)->acquired, 80000);
	cr_assert_eq(look_counts()->misused_owner, 0);
}

Test(lock, shared_holds_fade_before_a_count_of_their_histogram_overflows)
{
	vigil_resource lock = rwlock_new();
	vigil_task task = SPAWN("a", 0);
	struct vigil_hist_record *pair;
	struct vigil_hist hist;

	vigil_lock_acquired_by(lock, VIGIL_MODE_SHARED, task);
	time_passes(100);
	vigil_lock_released_by(lock, task);
	pair = RECORD_AT(live_board, hist, look_resource(lock)->hist - 1);
	pair->busy[vigil_bucket(100) / 8] = UINT32_MAX / 2;
	pair->busy[0] = 1000;
	vigil_lock_acquired_by(lock, VIGIL_MODE_SHARED, task);
	time_passes(100);
	vigil_lock_released_by(lock, task);

	cr_assert(vigil_reader_lock_hist(look(), look_resource(lock), VIGIL_HIST_BUSY, &hist));
	cr_assert_eq(hist.counts[0], 500);
	cr_assert_eq(hist.counts[vigil_bucket(100) / 8], 1u << 30);
}

/* ---- Misuse ---- */

Test(lock, calls_on_a_freed_or_foreign_lock_are_counted)
{
	vigil_resource lock = mutex_new();

	vigil_resource_free(lock);
	vigil_lock_wait(lock, VIGIL_MODE_EXCLUSIVE);
	vigil_lock_acquired(lock, VIGIL_MODE_EXCLUSIVE);
	vigil_lock_released(SPAWN("no lock", 0));

	cr_assert_eq(look_counts()->misused_ended, 2);
	cr_assert_eq(look_counts()->misused_stale, 1);
}

/* ---- What programs leave unsaid ---- */

Test(lock, a_task_in_the_queue_of_a_lock_stays_there_whatever_else_it_waits_for)
{
	vigil_resource lock = mutex_new();
	vigil_task task = polled_task();

	vigil_lock_wait(lock, VIGIL_MODE_EXCLUSIVE);
	vigil_task_wait_fd(task, VIGIL_WAIT_READABLE, 7);
	vigil_poll_end(task);
	cr_assert_eq(look_task(task)->wait_object, lock);
	cr_assert_eq(look_task(task)->wait_kind, VIGIL_WAIT_LOCK);

	vigil_poll_begin(task);
	vigil_lock_acquired(lock, VIGIL_MODE_EXCLUSIVE);

	cr_assert_eq(look_resource(lock)->waiters, 0);
	cr_assert_eq(look_resource(lock)->contended, 1);
}

Test(lock, a_task_cancelled_inside_a_poll_leaves_the_queue)
{
	vigil_resource lock = mutex_new();
	vigil_task task = polled_task();

	vigil_lock_wait(lock, VIGIL_MODE_EXCLUSIVE);
	vigil_poll_end(task);
	vigil_poll_begin(task);
	vigil_task_end(task, VIGIL_OUTCOME_CANCELLED);
	vigil_poll_end(task);

	cr_assert_eq(look_resource(lock)->waiters, 0);
}

Test(lock, an_exclusive_owner_makes_up_for_a_release_that_was_not_said)
{
	vigil_resource lock = mutex_new();
	vigil_task first = polled_task(), second = SPAWN("b", 0);

	vigil_lock_acquired(lock, VIGIL_MODE_EXCLUSIVE);
	vigil_poll_end(first);
	vigil_poll_begin(second);
	vigil_lock_acquired(lock, VIGIL_MODE_EXCLUSIVE);

	cr_assert_eq(look_resource(lock)->holders, 1);
	cr_assert_eq(look_resource(lock)->owner[0], second);
	cr_assert_eq(look_counts()->misused_owner, 1);
	vigil_lock_released(lock);
	cr_assert_eq(look_resource(lock)->holders, 0);
}

Test(lock, a_recursive_lock_keeps_its_owner_until_the_last_release)
{
	vigil_resource lock = mutex_new();
	vigil_task task = polled_task();

	vigil_lock_acquired(lock, VIGIL_MODE_EXCLUSIVE);
	vigil_lock_acquired(lock, VIGIL_MODE_EXCLUSIVE);
	vigil_lock_released(lock);
	cr_assert_eq(look_resource(lock)->owner[0], task);
	vigil_lock_released(lock);

	cr_assert_eq(look_resource(lock)->owner[0], 0);
	cr_assert_eq(look_counts()->misused_owner, 0);
}

Test(lock, the_last_shared_release_leaves_no_name_behind)
{
	vigil_resource lock = rwlock_new();
	vigil_task task = polled_task();

	vigil_lock_acquired(lock, VIGIL_MODE_SHARED);
	vigil_poll_end(task);
	vigil_lock_released(lock);

	cr_assert_eq(look_resource(lock)->holders, 0);
	cr_assert_eq(look_resource(lock)->owner[0], 0);
}

Test(lock, who_hands_a_lock_over_leaves_the_tasks_sequence_to_its_poller)
{
	vigil_resource lock = mutex_new();
	vigil_task task = polled_task();
	struct vigil_task_record *t = RECORD_AT(live_board, task, vigil_ref_index(task));

	vigil_lock_wait(lock, VIGIL_MODE_EXCLUSIVE);
	write_begin(&t->seq);
	vigil_lock_acquired_by(lock, VIGIL_MODE_EXCLUSIVE, task);
	cr_assert_eq(load(&t->seq) % 2, 1);
	write_end(&t->seq);

	cr_assert_eq(look_task(task)->wait_kind, VIGIL_WAIT_NONE);
	cr_assert_eq(look_resource(lock)->waiters, 0);
}

Test(lock, a_reader_sees_a_hand_over_that_nothing_else_tells_of)
{
	vigil_resource lock = mutex_new();
	vigil_task task = polled_task();

	vigil_lock_wait(lock, VIGIL_MODE_EXCLUSIVE);
	cr_assert_eq(look_task(task)->wait_kind, VIGIL_WAIT_LOCK);
	vigil_lock_acquired_by(lock, VIGIL_MODE_EXCLUSIVE, task);

	cr_assert_eq(look_task(task)->wait_kind, VIGIL_WAIT_NONE);
}

/* Threads beyond the capacity have no worker record and are nobody. */
static void one_thread_start(void)
{
	live_start_with((struct vigil_options){ .workers = 1 });
	vigil_worker_begin(0, "main");
}

TestSuite(nobody, .init = one_thread_start, .fini = live_stop);

struct hand {
	vigil_resource lock;
	enum vigil_mode mode;
	bool takes;
	bool gives;
};

static void *take_and_give(void *arg)
{
	const struct hand *hand = arg;

	if (hand->takes)
		vigil_lock_acquired(hand->lock, hand->mode);
	time_passes(7);
	if (hand->gives)
		vigil_lock_released(hand->lock);
	return NULL;
}

static void on_a_thread(struct hand hand)
{
	pthread_t thread;

	cr_assert_eq(pthread_create(&thread, NULL, take_and_give, &hand), 0);
	pthread_join(thread, NULL);
}

Test(nobody, holds_a_mutex_for_as_long_as_it_does)
{
	vigil_resource lock = mutex_new();
	const struct vigil_resource_record *r;

	on_a_thread((struct hand){ lock, VIGIL_MODE_EXCLUSIVE, true, true });
	r = look_resource(lock);

	cr_assert_eq(r->hold_max_ns, 7);
	cr_assert_eq(r->holders, 0);
	cr_assert_eq(VIGIL_AT(look(), counts, 0)->misused_owner, 0);
}

Test(nobody, takes_a_mutex_anew_and_not_one_deeper)
{
	vigil_resource lock = mutex_new();
	const struct vigil_resource_record *r;

	on_a_thread((struct hand){ lock, VIGIL_MODE_EXCLUSIVE, true, false });
	on_a_thread((struct hand){ lock, VIGIL_MODE_EXCLUSIVE, true, false });
	r = look_resource(lock);

	cr_assert_eq(r->holders, 1);
	cr_assert_eq(VIGIL_AT(look(), counts, 0)->misused_owner, 1);
}

Test(nobody, gives_back_a_permit_without_a_time_of_its_own)
{
	vigil_resource lock = vigil_resource_new(VIGIL_RESOURCE_SEMAPHORE, "s", "s", 0, 0);
	const struct vigil_resource_record *r;

	vigil_lock_acquired(lock, VIGIL_MODE_SHARED);
	on_a_thread((struct hand){ lock, VIGIL_MODE_SHARED, false, true });
	r = look_resource(lock);

	cr_assert_eq(r->hold_max_ns, 0);
	cr_assert_eq(r->holders, 0);
}
