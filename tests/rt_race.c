/* SPDX-License-Identifier: MIT */
/* The example runtime's races: who wins, what becomes of the others. */
#include "tests/support/rt.h"

TestSuite(rt_race, .init = rt_begin, .fini = rt_end_empty);

struct runner {
	uint64_t ns;
	int code;
};

static unsigned cleaned, ended;

static int run(void *arg)
{
	struct runner *runner = arg;
	int error = rt_sleep(runner->ns);

	ended++;
	if (error) {
		cleaned++;
		return error;
	}
	if (runner->code < 0)
		return rt_fail("runner", runner->code, "fell after %d ms",
			       (int)(runner->ns / RT_MS));
	rt_set_value(runner);
	return runner->code;
}

static struct runner slow = { 30 * RT_MS, 1 }, quick = { 10 * RT_MS, 2 }, falls = { RT_MS, -EIO },
		     falls_later = { 5 * RT_MS, -EBADF };

static char dropped_values[64];

static void dropped(void *value)
{
	strcat(dropped_values, value == &quick ? "quick " : "late ");
}

#define RACER(runner)                                                                              \
	{                                                                                          \
		.fn = run, .arg = &(runner), .name = #runner, .drop = dropped                      \
	}

static int first_success(void *arg RT_UNUSED)
{
	const struct rt_racer racers[] = { RACER(slow), RACER(falls), RACER(quick) };
	struct rt_result result;

	cr_assert_eq(rt_race(racers, 3, &result), 2);
	cr_assert_eq(result.code, 2);
	cr_assert_eq(result.value, &quick);
	cr_assert_eq(rt_now(), 10 * RT_MS);
	cr_assert_eq(cleaned, 1);
	cr_assert_eq(ended, 3);
	rt_result_free(&result);
	return 0;
}

static int awaits_in_turn(void *arg RT_UNUSED)
{
	const struct rt_racer racers[] = { RACER(falls), RACER(slow) };

	rt_race(racers, 2, NULL);
	return 0;
}

static int who_is_named(void *arg RT_UNUSED)
{
	const struct vigil_task_record *waiter, *racer;
	struct rt_handle handle;

	cr_assert_eq(rt_spawn(&handle, awaits_in_turn, NULL, "main racer"), 0);
	rt_sleep(2 * RT_MS);
	cr_assert_eq(ended, 1);
	waiter = rt_board_task("main racer");
	racer = VIGIL_FIND(rt_reader, task, waiter->wait_object);
	cr_assert_not_null(racer);
	cr_assert_str_eq(racer->name, "slow");
	return rt_join(&handle, NULL);
}

/* Else it would seem to wait for one that is over. */
Test(rt_race, names_one_that_still_runs_when_another_has_failed)
{
	cr_assert_eq(rt_paused(who_is_named, NULL), 0);
}

Test(rt_race, is_won_by_the_first_that_succeeds)
{
	cr_assert_eq(rt_paused(first_success, NULL), 0);

	cr_assert_eq(rt_last_stats.cancelled, 1);
	cr_assert_eq(rt_last_stats.unseen_errors, 0);
}

static int all_fall(void *arg RT_UNUSED)
{
	const struct rt_racer racers[] = { RACER(falls_later), RACER(falls) };
	struct rt_result result;

	cr_assert_eq(rt_race(racers, 2, &result), -EBADF);
	cr_assert_eq(result.outcome, VIGIL_OUTCOME_FAILED);
	cr_assert_str_eq(result.error->message, "fell after 5 ms");
	rt_result_free(&result);
	return rt_race(racers, 2, NULL);
}

Test(rt_race, that_nobody_won_ends_with_the_last_error)
{
	struct rt_error *error = NULL;
	struct rt_options options = { .is_paused = true, .ret_error = &error };

	cr_assert_eq(rt_go(options, all_fall, NULL), -EBADF);

	cr_assert_str_eq(error->message, "fell after 5 ms");
	rt_error_free(error);
}

static int succeeds_all_the_same(void *arg RT_UNUSED)
{
	rt_sleep(RT_S);
	rt_set_value(&slow);
	return 5;
}

static int won_twice(void *arg RT_UNUSED)
{
	const struct rt_racer racers[] = {
		RACER(quick), { .fn = succeeds_all_the_same, .name = "late", .drop = dropped }
	};

	return rt_race(racers, 2, NULL);
}

Test(rt_race, is_not_won_by_who_succeeds_after_the_winner)
{
	cr_assert_eq(rt_paused(won_twice, NULL), 0);

	cr_assert_str_eq(dropped_values, "quick late ");

	cr_assert_eq(rt_last_stats.completed, 3);
}

static int bad_races(void *arg RT_UNUSED)
{
	cr_assert_eq(rt_race(NULL, 0, NULL), -EINVAL);
	cr_assert_str_eq(rt_misused, "rt_race among no functions has no winner");
	return 0;
}

static int race_in_place(void *arg RT_UNUSED)
{
	return rt_race(&(struct rt_racer)RACER(quick), 1, NULL);
}

static int block_in_place(void *arg RT_UNUSED)
{
	return rt_block_in_place(race_in_place, NULL);
}

Test(rt_race, needs_a_task_and_a_racer)
{
	cr_assert_eq(rt_threads(2, block_in_place, NULL), -EDEADLK);
	cr_assert_eq(rt_race(NULL, 0, NULL), -EPERM);
	cr_assert_eq(rt_paused(bad_races, NULL), 0);
}

/* ---- On the board ---- */

static int race_slow_and_quick(void *arg RT_UNUSED)
{
	const struct rt_racer racers[] = { RACER(slow), RACER(quick) };

	return rt_race(racers, 2, NULL);
}

static int watched(void *arg RT_UNUSED)
{
	const struct vigil_task_record *t;
	struct rt_handle job;

	rt_spawn(&job, race_slow_and_quick, NULL, "race");
	rt_sleep(RT_MS);
	t = rt_board_task("race");
	cr_assert_eq(t->wait_kind, VIGIL_WAIT_TASK);
	cr_assert_neq(t->wait_object, 0);
	cr_assert_eq(rt_board_task("slow")->parent, job.task->vigil);
	cr_assert_eq(rt_board_task("quick")->parent, job.task->vigil);
	rt_join(&job, NULL);
	return 0;
}

Test(rt_race, shows_that_it_waits_for_a_racer)
{
	cr_assert_eq(rt_paused(watched, NULL), 0);
}

/* ---- Cancellation ---- */

static int race_cut(void *arg)
{
	return rt_cut(race_slow_and_quick, arg);
}

static int cut_race(void *arg RT_UNUSED)
{
	struct rt_result result;
	struct rt_handle job;

	cleaned = ended = 0;
	rt_spawn(&job, race_cut, NULL, "race");
	rt_join(&job, &result);
	cr_assert(result.code == 1 || result.code == -ECANCELED, "%d", result.code);
	cr_assert_eq(rt_stats().live, 1);
	rt_result_free(&result);
	return 0;
}

Test(rt_race, survives_a_cancel_at_every_await)
{
	cr_assert_geq(rt_cut_everywhere(cut_race, NULL), 2);
}

static int cancelled_midway(void *arg RT_UNUSED)
{
	struct rt_result result;
	struct rt_handle job;

	for (int is_abort = 0; is_abort < 2; is_abort++) {
		cleaned = 0;
		rt_spawn(&job, race_slow_and_quick, NULL, "race");
		rt_sleep(RT_MS);
		if (is_abort)
			rt_abort(&job);
		else
			rt_cancel(&job);
		rt_join(&job, &result);
		cr_assert_eq(result.code, -ECANCELED);
		cr_assert_eq(cleaned, 2);
		rt_result_free(&result);
	}
	return 0;
}

Test(rt_race, that_is_cancelled_cancels_and_awaits_its_racers)
{
	cr_assert_eq(rt_paused(cancelled_midway, NULL), 0);

	cr_assert_eq(rt_last_stats.cancelled, 3);
	cr_assert_eq(rt_last_stats.aborted, 3);
}

/* ---- Stress ---- */

#define TASKS 20
#define ROUNDS 15
#define RACERS 4

static int hop(void *arg)
{
	uintptr_t n = (uintptr_t)arg;

	for (uintptr_t i = 0; i < n; i++) {
		int error = rt_yield();

		if (error)
			return error;
	}
	return n % 3 == 2 ? -EIO : (int)n;
}

static int many_races(void *arg)
{
	for (uintptr_t i = 0; i < ROUNDS; i++) {
		struct rt_racer racers[RACERS];
		struct rt_result result;
		int winner;

		for (uintptr_t k = 0; k < RACERS; k++)
			racers[k] =
				(struct rt_racer){ .fn = hop,
						   .arg = (void *)((i + k + (uintptr_t)arg) % 5),
						   .name = "hop" };
		winner = rt_race(racers, RACERS, &result);
		cr_assert(winner >= 0 && winner < RACERS, "%d", winner);
		cr_assert_eq(result.code, (int)(uintptr_t)racers[winner].arg);
		rt_result_free(&result);
	}
	return 0;
}

static int all_races(void *arg RT_UNUSED)
{
	struct rt_handle jobs[TASKS];

	for (uintptr_t i = 0; i < TASKS; i++)
		rt_spawn(&jobs[i], many_races, (void *)i, "races");
	for (int i = 0; i < TASKS; i++)
		rt_join(&jobs[i], NULL);
	cr_assert_eq(rt_stats().live, 1);
	return 0;
}

Test(rt_race, has_one_winner_on_four_workers)
{
	cr_assert_eq(rt_threads(4, all_races, NULL), 0);
}
