/* SPDX-License-Identifier: MIT */
/* What things are called, and the phrase that says why. */
#include <criterion/criterion.h>
#include <pthread.h>
#include <semaphore.h>
#include <string.h>

#include "tests/support/own_board.h"

#include "console/header.h"
#include "console/names.h"
#include "libtrace/live.h"

#define MS UINT64_C(1000000)
#define S UINT64_C(1000000000)

static vigil_executor loop;

static void begin(void)
{
	own_board_begin();
	loop = vigil_executor_new(VIGIL_EXECUTOR_EVENT_LOOP, "http");
	vigil_worker_begin(loop, "http-0");
}

TestSuite(names, .init = begin, .fini = own_board_end);

static vigil_task spawn(const char *name)
{
	return vigil_task_spawn(loop, VIGIL_TASK_ASYNC, name, 0);
}

static const char *reason(vigil_task task)
{
	static char words[NAME_TEXT];

	own_board_look();
	name_reason(own_model, own_task(task), words, sizeof(words));
	return words;
}

static const char *object(uint64_t ref)
{
	static char words[NAME_TEXT];

	own_board_look();
	name_object(own_model, ref, words, sizeof(words));
	return words;
}

static void sleep_on(vigil_task task, enum vigil_wait_kind kind, uint64_t on)
{
	vigil_poll_begin(task);
	vigil_task_wait(task, kind, on);
	vigil_poll_end(task);
}

Test(names, words_of_enumerations_are_those_of_the_board)
{
	cr_expect_str_eq(word_task_kind(VIGIL_TASK_CALLBACK), "callback");
	cr_expect_str_eq(word_wait(VIGIL_WAIT_READABLE), "readable");
	cr_expect_str_eq(word_status(VIGIL_STATUS_REPLACED), "restarted");
	cr_expect_str_eq(word_state(VIGIL_STATE_SCHEDULED), "scheduled");
	cr_expect_str_eq(word_worker_state(WORKER_PARKED), "parked");
}

Test(names, nonsense_is_a_question_mark)
{
	cr_expect_str_eq(word_task_kind(99), "?");
	cr_expect_str_eq(word_wait(UINT32_MAX), "?");
	cr_expect_str_eq(word_state((enum vigil_state)77), "?");
}

Test(names, a_task_without_a_name_has_its_functions)
{
	cr_expect_str_eq(object(spawn(NULL)), "1 spawn");
}

Test(names, objects_say_what_they_are)
{
	vigil_resource lock = vigil_resource_new(VIGIL_RESOURCE_MUTEX, "", "cache", 0, 0);
	vigil_resource queue = vigil_resource_new(VIGIL_RESOURCE_MPSC, "", "jobs", 0, 0);
	vigil_resource odd = vigil_resource_new(VIGIL_RESOURCE_OTHER, "Gate", "north", 0, 0);

	cr_expect_str_eq(object(spawn("conn")), "1 conn");
	cr_expect_str_eq(object(lock), "lock \"cache\"");
	cr_expect_str_eq(object(queue), "mpsc \"jobs\"");
	cr_expect_str_eq(object(odd), "Gate \"north\"");
	cr_expect_str_eq(object(loop), "executor http");
	cr_expect_str_eq(object(0), "");
}

Test(names, what_is_no_more_is_gone)
{
	cr_expect_str_eq(object(vigil_ref_make(VIGIL_TABLE_task, 5, 77)), "gone");
	cr_expect_str_eq(object(UINT64_MAX), "gone");
}

Test(names, a_place_is_a_file_and_a_line)
{
	vigil_task task =
		vigil_task_spawn_at(vigil_site_find("src/net/conn.c", 120, "conn_open", NULL), loop,
				    VIGIL_TASK_ASYNC, NULL, 0);
	char words[NAME_TEXT];

	own_board_look();
	name_place(own_model, own_task(task)->site, words, sizeof(words));
	cr_expect_str_eq(words, "conn.c:120");
	name_place_long(own_model, own_task(task)->site, words, sizeof(words));
	cr_expect_str_eq(words, "conn.c:120 conn_open");
	name_place(own_model, 0, words, sizeof(words));
	cr_expect_str_eq(words, "-");
}

Test(names, a_runnable_task_says_since_when)
{
	vigil_task task = spawn("conn");

	own_board_pass(12 * MS);

	cr_expect_str_eq(reason(task), "runnable 12 ms");
}

Test(names, a_running_task_says_where)
{
	vigil_task task = spawn("conn");

	vigil_poll_begin(task);
	own_board_pass(3100 * MS);

	cr_expect_str_eq(reason(task), "running 3.1 s on http-0");
	vigil_poll_end(task);
}

Test(names, a_task_that_waits_for_a_lock_names_who_holds_it_and_how_long)
{
	vigil_resource lock = vigil_resource_new(VIGIL_RESOURCE_MUTEX, "", "db", 0, 0);
	vigil_task holder = spawn("http-conn"), waiter = spawn("other");

	vigil_poll_begin(holder);
	vigil_lock_acquired(lock, VIGIL_MODE_EXCLUSIVE);
	vigil_poll_end(holder);
	vigil_poll_begin(waiter);
	vigil_lock_wait(lock, VIGIL_MODE_EXCLUSIVE);
	vigil_poll_end(waiter);
	own_board_pass(2300 * MS);

	cr_expect_str_eq(reason(waiter), "lock \"db\" held 2.3 s by 1 http-conn");
}

Test(names, a_task_that_blocks_its_thread_on_a_lock_says_so_instead_of_running)
{
	vigil_resource lock =
		vigil_resource_new(VIGIL_RESOURCE_MUTEX, "", "db", 0, VIGIL_RESOURCE_THREAD);
	vigil_task holder = spawn("http-conn"), waiter = spawn("other");

	vigil_poll_begin(holder);
	vigil_lock_acquired(lock, VIGIL_MODE_EXCLUSIVE);
	vigil_poll_end(holder);
	vigil_poll_begin(waiter);
	vigil_lock_wait(lock, VIGIL_MODE_EXCLUSIVE);
	own_board_pass(1 * S);

	cr_expect_str_eq(reason(waiter), "lock \"db\" held 1 s by 1 http-conn");
	vigil_poll_end(waiter);
}

Test(names, a_free_lock_is_free)
{
	vigil_resource lock = vigil_resource_new(VIGIL_RESOURCE_MUTEX, "", "db", 0, 0);
	vigil_task task = spawn("conn");

	sleep_on(task, VIGIL_WAIT_LOCK, lock);

	cr_expect_str_eq(reason(task), "lock \"db\", free");
}

Test(names, shared_owners_are_counted)
{
	vigil_resource lock = vigil_resource_new(VIGIL_RESOURCE_RWLOCK, "", "db", 0, 0);
	vigil_task first = spawn("first"), second = spawn("second"), waiter = spawn("writer");

	vigil_lock_acquired_by(lock, VIGIL_MODE_SHARED, first);
	own_board_pass(1 * S);
	vigil_lock_acquired_by(lock, VIGIL_MODE_SHARED, second);
	sleep_on(waiter, VIGIL_WAIT_LOCK, lock);

	cr_expect_str_eq(reason(waiter), "rwlock \"db\" held 1 s by 1 first and 1 more");
}

Test(names, a_timer_says_how_long_it_has_to_go_or_is_late)
{
	vigil_task task = spawn("tick");

	vigil_poll_begin(task);
	vigil_task_wait_until(task, VIGIL_WAIT_TIMER, 0, own_now + 40 * MS);
	vigil_poll_end(task);

	cr_expect_str_eq(reason(task), "timer, 40 ms to go");
	own_board_pass(3040 * MS);
	cr_expect_str_eq(reason(task), "timer, 3 s overdue");
}

Test(names, a_timer_with_a_name_says_once_that_it_is_one)
{
	vigil_resource timer = vigil_resource_new(VIGIL_RESOURCE_TIMER, "", "idle timeout", 0, 0);
	vigil_task task = spawn("conn");

	vigil_poll_begin(task);
	vigil_task_wait_until(task, VIGIL_WAIT_TIMER, timer, own_now + 40 * MS);
	vigil_poll_end(task);

	cr_expect_str_eq(reason(task), "timer \"idle timeout\", 40 ms to go");
}

Test(names, readiness_names_its_descriptor)
{
	vigil_task task = spawn("conn");

	vigil_poll_begin(task);
	vigil_task_wait_fd(task, VIGIL_WAIT_READABLE, 7);
	vigil_poll_end(task);

	cr_expect_str_eq(reason(task), "readable, fd 7");
}

Test(names, a_join_names_the_task)
{
	vigil_task child = spawn("child"), parent = spawn("parent");

	sleep_on(parent, VIGIL_WAIT_TASK, child);

	cr_expect_str_eq(reason(parent), "task 1 child");
}

Test(names, an_idle_task_that_said_nothing_is_idle)
{
	vigil_task task = spawn("conn");
	vigil_task fresh = vigil_task_spawn(loop, VIGIL_TASK_ASYNC, "fresh", VIGIL_SPAWN_IDLE);

	vigil_poll_begin(task);
	vigil_poll_end(task);
	own_board_pass(5 * S);

	cr_expect_str_eq(reason(task), "idle 5 s");
	cr_expect_str_eq(reason(fresh), "not started");
}

Test(names, an_ended_task_says_how)
{
	vigil_task good = spawn("good"), bad = spawn("bad"), cut = spawn("cut");

	vigil_task_end(good, VIGIL_OUTCOME_COMPLETED);
	vigil_task_fail(bad, 5, "no such host");
	vigil_task_end(cut, VIGIL_OUTCOME_CANCELLED);

	cr_expect_str_eq(reason(good), "completed");
	cr_expect_str_eq(reason(bad), "failed 5: no such host");
	cr_expect_str_eq(reason(cut), "cancelled");
}

Test(names, a_small_buffer_is_never_overrun)
{
	vigil_task task = spawn("a name that is a good deal longer than that");
	char words[8];

	own_board_look();
	name_object(own_model, task, words, sizeof(words));
	cr_expect_eq(strlen(words), 7);
	name_reason(own_model, own_task(task), words, sizeof(words));
	cr_expect_lt(strlen(words), 8);
}

Test(names, a_task_that_blocks_its_thread_says_on_what_and_where)
{
	vigil_task task = spawn("read-file");

	vigil_poll_begin(task);
	vigil_worker_wait_at(vigil_site_find("src/pool.c", 154, "pool_read", NULL),
			     VIGIL_WAIT_TIMER, 0);
	own_board_pass(12 * S);

	cr_expect_str_eq(reason(task), "blocked 12 s in its poll (timer) at pool.c:154");
}

Test(names, a_task_that_holds_what_others_wait_for_says_so)
{
	vigil_resource lock = vigil_resource_new(VIGIL_RESOURCE_MUTEX, "", "cache", 0, 0);
	vigil_task holder = spawn("holder"), waiter = spawn("waiter");

	vigil_poll_begin(holder);
	vigil_lock_acquired(lock, VIGIL_MODE_EXCLUSIVE);
	vigil_task_wait_fd(holder, VIGIL_WAIT_READABLE, 7);
	vigil_poll_end(holder);
	cr_expect_str_eq(reason(holder), "readable, fd 7");

	vigil_poll_begin(waiter);
	vigil_lock_wait(lock, VIGIL_MODE_EXCLUSIVE);
	vigil_poll_end(waiter);
	cr_expect_str_eq(reason(holder), "readable, fd 7; holds lock \"cache\"");

	vigil_poll_begin(holder);
	vigil_lock_released(lock);
	vigil_task_wait_fd(holder, VIGIL_WAIT_READABLE, 7);
	vigil_poll_end(holder);
	cr_expect_str_eq(reason(holder), "readable, fd 7");
}

/* ---- The header's workers ---- */

static sem_t begun, leave;

static void *begin_and_hold(void *arg)
{
	(void)arg;
	vigil_worker_begin(loop, "idle");
	vigil_worker_park();
	sem_post(&begun);
	sem_wait(&leave);
	return NULL;
}

/* Threads that sleep until the test's process ends. */
static void other_workers(int count)
{
	pthread_t thread;

	sem_init(&begun, 0, 0);
	sem_init(&leave, 0, 0);
	for (int i = 0; i < count; i++) {
		cr_assert_eq(pthread_create(&thread, NULL, begin_and_hold, NULL), 0);
		pthread_detach(thread);
		sem_wait(&begun);
	}
}

static char *header(enum vigil_status status)
{
	struct shared shared = { .pid = 1 };
	struct canvas canvas;
	char *text;

	own_board_look();
	own_model->status = status;
	shared.model = own_model;
	cr_assert_eq(canvas_init(&canvas, 80, 24, false), 0);
	header_draw(&shared, NULL, &canvas, "");
	text = canvas_to_text(&canvas);
	canvas_fini(&canvas);
	return text;
}

/* Busy is in polls, blocked or not: what the rows of the executors view say too. */
Test(names, a_worker_that_waits_in_a_poll_is_busy_and_says_that_it_waits)
{
	vigil_task task = spawn("conn");
	vigil_resource lock =
		vigil_resource_new(VIGIL_RESOURCE_MUTEX, "", "db", 0, VIGIL_RESOURCE_THREAD);
	char *text;

	vigil_poll_begin(task);
	vigil_lock_wait(lock, VIGIL_MODE_EXCLUSIVE);
	own_board_look();
	own_board_pass(5 * S);
	text = header(VIGIL_STATUS_ALIVE);

	cr_expect_not_null(strstr(text, "lock 100%]"), "%s", text);
	free(text);
}

Test(names, a_header_in_one_line_has_the_mean_of_what_the_bars_say)
{
	vigil_task task = spawn("conn");
	vigil_resource lock =
		vigil_resource_new(VIGIL_RESOURCE_MUTEX, "", "db", 0, VIGIL_RESOURCE_THREAD);
	char *text;

	vigil_poll_begin(task);
	vigil_lock_wait(lock, VIGIL_MODE_EXCLUSIVE);
	own_board_look();
	own_board_pass(5 * S);
	other_workers(20);
	text = header(VIGIL_STATUS_ALIVE);

	cr_expect_not_null(strstr(text, "21 workers ["), "%s", text);
	cr_expect_not_null(strstr(text, "4.8%]"), "%s", text);
	free(text);
}

Test(names, a_dead_worker_shows_what_it_polled)
{
	vigil_task task = spawn("conn");
	char *text;

	vigil_poll_begin(task);
	own_board_pass(5 * S);
	text = header(VIGIL_STATUS_DEAD);

	cr_expect_not_null(strstr(text, "polled 1 conn"), "%s", text);
	cr_expect_null(strstr(text, "%]"), "%s", text);
	free(text);
	vigil_poll_end(task);
}

Test(names, a_dead_header_says_that_times_end_at_the_last_record)
{
	spawn("conn");
	own_board_look();
	own_board_pass(714 * MS);

	char *text = header(VIGIL_STATUS_DEAD);

	cr_expect_not_null(strstr(text, "dead  times end at its last record, 714 ms after its "
					"start"),
			   "%s", text);
	cr_expect_null(strstr(text, "ran "), "%s", text);
	cr_expect_not_null(strstr(text, " 1 was live]"), "%s", text);
	free(text);
}

Test(names, a_finished_header_says_how_long_it_ran)
{
	own_board_pass(714 * MS);

	char *text = header(VIGIL_STATUS_FINISHED);

	cr_expect_not_null(strstr(text, "finished  ran 714 ms"), "%s", text);
	free(text);
}

Test(names, totals_have_words_in_an_old_terminal)
{
	spawn("conn");

	char *text = header(VIGIL_STATUS_ALIVE);

	cr_expect_not_null(strstr(text, " 0 run  "), "%s", text);
	cr_expect_not_null(strstr(text, " 1 sched  "), "%s", text);
	cr_expect_not_null(strstr(text, " 0 idle  "), "%s", text);
	free(text);
}

/* ---- Where a trace lost events ---- */

static void events_lost_here(void)
{
	live_board->counts->unsure_ns = own_now;
	live_board->counts->lost_events = 5;
}

Test(names, a_wait_from_before_events_were_lost_is_in_doubt)
{
	vigil_task task = spawn("conn");

	sleep_on(task, VIGIL_WAIT_READABLE, 0);
	own_board_pass(10 * MS);
	events_lost_here();
	own_board_pass(10 * MS);

	cr_assert_str_eq(reason(task), "readable (events were lost since)");
}

Test(names, a_wait_that_began_after_events_were_lost_is_not)
{
	vigil_task task = spawn("conn");

	events_lost_here();
	own_board_pass(10 * MS);
	sleep_on(task, VIGIL_WAIT_READABLE, 0);

	cr_assert_str_eq(reason(task), "readable");
}

Test(names, who_has_held_a_lock_since_before_events_were_lost_may_not_any_more)
{
	vigil_resource lock = vigil_resource_new(VIGIL_RESOURCE_MUTEX, "Mutex", "db", 0, 0);
	vigil_task holder = spawn("holder"), waiter = spawn("waiter");

	vigil_lock_acquired_by(lock, VIGIL_MODE_EXCLUSIVE, holder);
	own_board_pass(10 * MS);
	events_lost_here();
	own_board_pass(10 * MS);
	vigil_poll_begin(waiter);
	vigil_lock_wait(lock, VIGIL_MODE_EXCLUSIVE);
	vigil_poll_end(waiter);

	cr_expect_not_null(strstr(reason(waiter), " (events were lost since)"), "%s",
			   reason(waiter));
}
