/* SPDX-License-Identifier: MIT */
/* Workers that sleep look after what a blocked one left undone. */
#include "tests/support/rt.h"

TestSuite(rt_park, .init = rt_begin, .fini = rt_end_empty, .timeout = 30);

#define DEEP (1200 * RT_MS) /* longer than sleepers nap for nothing */

static _Atomic bool is_free;

static int free_it(void *arg)
{
	int error = rt_mutex_lock(arg);

	is_free = true;
	rt_mutex_unlock(arg);
	return error;
}

/* Wakes one that waits, and then blocks its worker until that one has run. */
static int woken_by_the_blocked(void *arg)
{
	struct rt_mutex *mutex = rt_mutex_new("m");
	struct rt_handle job;

	if (arg)
		rt_sleep(DEEP);
	is_free = false;
	rt_mutex_lock(mutex);
	rt_spawn(&job, free_it, mutex, "victim");
	while (!rt_board_resource("m")->waiters)
		rt_yield();
	rt_mutex_unlock(mutex);
	while (!is_free)
		usleep(100);
	rt_join(&job, NULL);
	rt_mutex_free(mutex);
	return 0;
}

Test(rt_park, whom_a_task_woke_runs_though_it_then_blocks_its_worker)
{
	for (int i = 0; i < 20; i++)
		cr_assert_eq(rt_threads(2, woken_by_the_blocked, NULL), 0);
}

Test(rt_park, and_so_after_all_had_slept_deep)
{
	cr_assert_eq(rt_threads(2, woken_by_the_blocked, &is_free), 0);
}

static int sleep_and_free(void *arg RT_UNUSED)
{
	int error = rt_sleep(5 * RT_MS);

	is_free = true;
	return error;
}

static int block(void *arg RT_UNUSED)
{
	rt_sleep(RT_MS); /* woken by the driver, which then does not drive */
	while (!is_free)
		usleep(100);
	return 0;
}

static int timer_behind_the_blocked(void *arg)
{
	struct rt_handle jobs[2];

	if (arg)
		rt_sleep(DEEP);
	is_free = false;
	rt_spawn(&jobs[0], block, NULL, "blocker");
	rt_spawn(&jobs[1], sleep_and_free, NULL, "sleeper");
	for (int i = 0; i < 2; i++)
		rt_join(&jobs[i], NULL);
	return 0;
}

Test(rt_park, timers_fire_though_the_driver_blocks)
{
	for (int i = 0; i < 20; i++)
		cr_assert_eq(rt_threads(2, timer_behind_the_blocked, NULL), 0);
}

Test(rt_park, timers_fire_though_the_driver_blocks_after_a_deep_sleep)
{
	cr_assert_eq(rt_threads(2, timer_behind_the_blocked, &is_free), 0);
}
