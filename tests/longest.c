/* SPDX-License-Identifier: MIT */
/* The longest hold, wait and poll, what still lasts included. */
#include "console/longest.h"
#include "tests/support/app.h"

TestSuite(longest, .init = set_up, .fini = tear_down);

static const struct model *model(void)
{
	return app->shared.model;
}

static const struct vigil_resource_record *lock_of(vigil_resource lock)
{
	return VIGIL_FIND(model()->reader, resource, lock);
}

Test(longest, a_hold_and_a_wait_that_last_count)
{
	const struct vigil_resource_record *cache = lock_of(scene.cache);
	const struct vigil_task_record *first = VIGIL_FIND(model()->reader, task, scene.waiters[0]);
	struct longest hold = longest_hold(model(), cache), wait = longest_wait(model(), cache);

	cr_expect(hold.lasts);
	cr_expect_eq(hold.ns, model()->now - cache->held_since_ns[0]);
	cr_expect(wait.lasts);
	cr_expect_eq(wait.ns, model()->now - first->wait_since_ns, "of who has waited longest");
}

Test(longest, of_a_lock_that_is_free_it_is_what_there_was)
{
	const struct vigil_resource_record *log = lock_of(scene.log);
	struct longest hold = longest_hold(model(), log), wait = longest_wait(model(), log);

	cr_expect_not(hold.lasts);
	cr_expect_eq(hold.ns, log->hold_max_ns);
	cr_expect_not(wait.lasts);
	cr_expect_eq(wait.ns, log->wait_max_ns);
}

Test(longest, a_poll_that_runs_counts_of_task_worker_and_site)
{
	const struct vigil_task_record *task = VIGIL_FIND(model()->reader, task, scene.blocked);
	const struct vigil_worker_record *worker =
		VIGIL_FIND(model()->reader, worker, task->worker);
	uint64_t ns = model()->now - task->poll_begin_ns;

	cr_assert_gt(ns, task->busy_max_ns);
	cr_expect_eq(longest_poll_of(task, model()->now).ns, ns);
	cr_expect(longest_poll(model(), worker).lasts);
	cr_expect_eq(longest_poll(model(), worker).ns, ns);
	cr_assert_eq(model_want_sites(app->shared.model), 0);

	cr_expect_eq(model()->sites[task->site - 1].busy_max_ns, ns);
}

Test(longest, has_a_sign_while_it_lasts)
{
	char words[32];

	cr_expect_str_eq(
		longest_words((struct longest){ 47000 * SCENE_MS, true }, words, sizeof(words)),
		"47 s+");
	cr_expect_str_eq(
		longest_words((struct longest){ 47000 * SCENE_MS, false }, words, sizeof(words)),
		"47 s");
	cr_expect_str_eq(longest_words((struct longest){ 0, false }, words, sizeof(words)), "-");
}
