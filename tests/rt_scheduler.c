/* SPDX-License-Identifier: MIT */
/* The example runtime's scheduler: nothing starves, no wake is lost, much is done. */
#include <sched.h>
#include <stdlib.h>

#include "tests/support/rt.h"

TestSuite(rt_scheduler, .init = rt_begin, .fini = rt_end_empty);

#if defined(__SANITIZE_THREAD__) || defined(__SANITIZE_ADDRESS__)
#define RT_SANITIZED 1
#else
#define RT_SANITIZED 0
#endif

static _Atomic unsigned counter;
static _Atomic bool is_over;
static char order[64];

static int count(void *arg RT_UNUSED)
{
	counter++;
	return 0;
}

static int sign(void *arg)
{
	strcat(order, arg);
	return 0;
}

/* ---- One worker: in which order ---- */

static int spawn_in_order(void *arg RT_UNUSED)
{
	struct rt_handle jobs[3];

	rt_spawn(&jobs[0], sign, "a", "a");
	rt_spawn(&jobs[1], sign, "b", "b");
	rt_spawn(&jobs[2], sign, "c", "c");
	for (int i = 0; i < 3; i++)
		rt_join(&jobs[i], NULL);
	return 0;
}

Test(rt_scheduler, polls_the_last_that_was_woken_first_and_the_others_in_turn)
{
	cr_assert_eq(rt_paused(spawn_in_order, NULL), 0);

	cr_assert_str_eq(order, "cab");
}

/* Each wakes the next through the LIFO slot. */
static int play(void *arg)
{
	struct rt_handle next;

	if (is_over)
		return 0;
	if (counter++ == 100)
		return 0;
	rt_spawn(&next, play, arg, "player");
	return rt_join(&next, NULL);
}

static int stop_them(void *arg RT_UNUSED)
{
	is_over = true;
	return 0;
}

static int play_and_stop(void *arg RT_UNUSED)
{
	struct rt_handle player, stopper;

	rt_spawn(&stopper, stop_them, NULL, "stopper");
	rt_spawn(&player, play, NULL, "player");
	rt_join(&player, NULL);
	rt_join(&stopper, NULL);
	return 0;
}

Test(rt_scheduler, lets_no_chain_of_wakes_starve_the_others)
{
	cr_assert_eq(rt_paused(play_and_stop, NULL), 0);

	cr_assert_lt(counter, 10, "%u came before", (unsigned)counter);
}

static int spin_until_over(void *arg RT_UNUSED)
{
	while (!is_over && !rt_is_cancelled())
		rt_yield();
	return 0;
}

static int end_them(void *arg RT_UNUSED)
{
	is_over = true;
	return 0;
}

/* The pool's job puts the task that waits for it into the queue that all share. */
static int busy_beside_a_job(void *arg RT_UNUSED)
{
	struct rt_handle jobs[3];

	for (int i = 0; i < 3; i++)
		rt_spawn(&jobs[i], spin_until_over, NULL, "busy");
	cr_assert_eq(rt_call_blocking(end_them, NULL, "job"), 0);
	for (int i = 0; i < 3; i++)
		rt_join(&jobs[i], NULL);
	return 0;
}

Test(rt_scheduler, looks_at_what_comes_from_outside_though_it_is_busy)
{
	cr_assert_eq(rt_threads(1, busy_beside_a_job, NULL), 0);
}

static int sleep_and_end(void *arg RT_UNUSED)
{
	int code = rt_sleep(RT_MS);

	is_over = true;
	return code;
}

static int busy_beside_a_timer(void *arg RT_UNUSED)
{
	struct rt_handle jobs[2];

	rt_spawn(&jobs[0], spin_until_over, NULL, "busy");
	rt_spawn(&jobs[1], sleep_and_end, NULL, "sleeper");
	for (int i = 0; i < 2; i++)
		rt_join(&jobs[i], NULL);
	return 0;
}

Test(rt_scheduler, fires_timers_though_it_is_busy)
{
	cr_assert_eq(rt_threads(1, busy_beside_a_timer, NULL), 0);
}

/* ---- Several workers ---- */

static int meet(void *arg RT_UNUSED)
{
	counter++;
	while (counter < 4)
		sched_yield();
	return 0;
}

static int meet_all(void *arg RT_UNUSED)
{
	struct rt_handle jobs[4];

	for (int i = 0; i < 4; i++)
		rt_spawn(&jobs[i], meet, NULL, "blocking poll");
	for (int i = 0; i < 4; i++)
		rt_join(&jobs[i], NULL);
	return 0;
}

Test(rt_scheduler, wakes_as_many_workers_as_there_is_work_for)
{
	for (int i = 0; i < 50; i++) {
		counter = 0;
		cr_assert_eq(rt_threads(4, meet_all, NULL), 0);
		cr_assert_geq(rt_last_stats.steals, 1);
	}
}

#define RING 32
#define LAPS (RT_SANITIZED ? 50 : 400)

struct station {
	pthread_mutex_t lock;
	struct waitq waiters;
	unsigned tokens;
};
static struct station stations[RING];

static bool token_poll(struct rt_op *op)
{
	struct station *station = op->object;
	bool is_done;

	pthread_mutex_lock(&station->lock);
	is_done = station->tokens;
	if (is_done)
		station->tokens--;
	else
		waitq_add(&station->waiters, op);
	pthread_mutex_unlock(&station->lock);
	return is_done;
}

static void token_cancel(struct rt_op *op)
{
	struct station *station = op->object;

	pthread_mutex_lock(&station->lock);
	waitq_remove(op);
	pthread_mutex_unlock(&station->lock);
}

static void token_give(struct station *station)
{
	pthread_mutex_lock(&station->lock);
	station->tokens++;
	waitq_wake_one(&station->waiters, NULL);
	pthread_mutex_unlock(&station->lock);
}

/* All idle but one: each wake meets workers that fall asleep. */
static int pass_on(void *arg)
{
	static const struct rt_op_type type = { .source = "Token::take",
						.waits = VIGIL_WAIT_OTHER,
						.poll = token_poll,
						.cancel = token_cancel };
	struct station *station = arg;

	for (int i = 0; i < LAPS; i++) {
		cr_assert_eq(rt_do(op_make(&type, VIGIL_HERE(), station, 0)), 0);
		counter++;
		token_give(&stations[(station - stations + 1) % RING]);
	}
	return 0;
}

static int round_and_round(void *arg RT_UNUSED)
{
	struct rt_handle jobs[RING];

	for (int i = 0; i < RING; i++) {
		stations[i] = (struct station){ .lock = PTHREAD_MUTEX_INITIALIZER };
		rt_spawn(&jobs[i], pass_on, &stations[i], "station");
	}
	for (int i = 0; i < RING; i += 8)
		token_give(&stations[i]);
	for (int i = 0; i < RING; i++)
		rt_join(&jobs[i], NULL);
	return 0;
}

Test(rt_scheduler, loses_no_wake_to_a_worker_that_falls_asleep)
{
	cr_assert_eq(rt_threads(4, round_and_round, NULL), 0);

	cr_assert_eq(counter, RING * LAPS);
}

/* ---- Much ---- */

#define BATCH (RT_SANITIZED ? 100 : 1000)
#define SPAWNS (RT_SANITIZED ? 1000 : 100000)

static int spawn_batches(void *arg RT_UNUSED)
{
	struct rt_handle jobs[BATCH];

	for (int done = 0; done < SPAWNS; done += BATCH) {
		for (int i = 0; i < BATCH; i++)
			cr_assert_eq(rt_spawn(&jobs[i], count, NULL, NULL), 0);
		for (int i = 0; i < BATCH; i++)
			cr_assert_eq(rt_join(&jobs[i], NULL), 0);
	}
	return 0;
}

Test(rt_scheduler, spawns_and_joins_a_hundred_thousand_tasks)
{
	cr_assert_eq(rt_threads(2, spawn_batches, NULL), 0);

	cr_assert_eq(counter, SPAWNS);
	cr_assert_eq(rt_last_stats.completed, SPAWNS + 1);
}

#define YIELDERS (RT_SANITIZED ? 500 : 10000)

static int yield_some(void *arg RT_UNUSED)
{
	for (int i = 0; i < 5; i++)
		cr_assert_eq(rt_yield(), 0);
	counter++;
	return 0;
}

static int yielders(void *arg RT_UNUSED)
{
	struct rt_handle *jobs = calloc(YIELDERS, sizeof(*jobs));

	for (int i = 0; i < YIELDERS; i++)
		cr_assert_eq(rt_spawn(&jobs[i], yield_some, NULL, NULL), 0);
	for (int i = 0; i < YIELDERS; i++)
		cr_assert_eq(rt_join(&jobs[i], NULL), 0);
	free(jobs);
	return 0;
}

Test(rt_scheduler, lets_10000_tasks_yield)
{
	cr_assert_eq(rt_threads(4, yielders, NULL), 0);

	cr_assert_eq(counter, YIELDERS);
	cr_assert_eq(rt_last_stats.yields, 5ull * YIELDERS);
}
