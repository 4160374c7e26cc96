/* SPDX-License-Identifier: MIT */
/* The example runtime's watched value: who has seen which, and what is never seen. */
#include "tests/support/rt.h"

TestSuite(rt_watch, .init = rt_begin, .fini = rt_end_empty);

static struct rt_watch *watch;
static struct rt_watcher *watcher;

static void open_watch(int value)
{
	watch = rt_watch_new("config", sizeof(value), &value);
	watcher = rt_watcher_new(watch);
}

static void close_watch(void)
{
	rt_watcher_free(watcher);
	rt_watch_free(watch);
}

static void put(int value)
{
	rt_watch_send(watch, &value);
}

static int get(struct rt_watcher *of)
{
	int value;

	rt_watcher_get(of, &value);
	return value;
}

static int try_changed(struct rt_watcher *of)
{
	return rt_try(rt_watcher_changed_op(of));
}

/* ---- Seen and not seen ---- */

static int see(void *arg RT_UNUSED)
{
	struct rt_watcher *late;

	open_watch(1);
	cr_assert_eq(try_changed(watcher), -EAGAIN);
	cr_assert_eq(get(watcher), 1);
	put(2);
	put(3);
	late = rt_watcher_new(watch);
	cr_assert_eq(rt_watcher_changed(watcher), 0);
	cr_assert_eq(try_changed(watcher), -EAGAIN);
	cr_assert_eq(get(watcher), 3);
	cr_assert_eq(try_changed(late), -EAGAIN);
	put(4);
	cr_assert_eq(get(watcher), 4);
	cr_assert_eq(try_changed(watcher), -EAGAIN);
	cr_assert_eq(try_changed(late), 0);
	rt_watcher_free(late);
	close_watch();
	return 0;
}

Test(rt_watch, tells_each_watcher_of_the_latest_value_once)
{
	cr_assert_eq(rt_paused(see, NULL), 0);
}

static int without_initial(void *arg RT_UNUSED)
{
	watch = rt_watch_new("zero", sizeof(int), NULL);
	watcher = rt_watcher_new(watch);
	cr_assert_eq(get(watcher), 0);
	close_watch();
	watch = rt_watch_new("event", 0, NULL);
	watcher = rt_watcher_new(watch);
	rt_watch_send(watch, NULL);
	cr_assert_eq(try_changed(watcher), 0);
	close_watch();
	return 0;
}

Test(rt_watch, begins_with_zeros_and_may_have_no_size)
{
	cr_assert_eq(rt_paused(without_initial, NULL), 0);
}

/* ---- On the board ---- */

static int await_change(void *arg)
{
	return rt_watcher_changed(arg);
}

static uint64_t shown(const char *key)
{
	return rt_board_attr(rt_board_resource("config")->attrs, key);
}

static int look_at_it(void *arg RT_UNUSED)
{
	struct rt_handle job;

	open_watch(1);
	cr_assert_eq(rt_board_resource("config")->kind, VIGIL_RESOURCE_WATCH);
	cr_assert_eq(shown("watchers"), 1);
	cr_assert_eq(shown("version"), 0);
	cr_assert_eq(shown("closed"), 0);
	rt_spawn(&job, await_change, watcher, "reloader");
	rt_yield();
	cr_assert_eq(rt_board_task("reloader")->wait_kind, VIGIL_WAIT_RECEIVE);
	cr_assert_eq(RT_LIVE_OF(op), 1);
	put(2);
	cr_assert_eq(shown("version"), 1);
	cr_assert_eq(rt_join(&job, NULL), 0);
	rt_watch_free(watch);
	cr_assert_eq(shown("closed"), 1);
	rt_watcher_free(watcher);
	return 0;
}

Test(rt_watch, shows_its_version_and_who_waits)
{
	cr_assert_eq(rt_paused(look_at_it, NULL), 0);
}

/* ---- Its end ---- */

static int sender_goes(void *arg RT_UNUSED)
{
	struct rt_watcher *waiting;
	struct rt_result result;
	struct rt_handle job;

	open_watch(1);
	put(2);
	waiting = rt_watcher_new(watch);
	rt_spawn(&job, await_change, waiting, "waits");
	rt_yield();
	rt_watch_free(watch);
	rt_join(&job, &result);
	cr_assert_eq(result.code, -EPIPE);
	rt_result_free(&result);
	/* What was sent before is seen first. */
	cr_assert_eq(rt_watcher_changed(watcher), 0);
	cr_assert_eq(rt_watcher_changed(watcher), -EPIPE);
	cr_assert_eq(get(watcher), 2);
	rt_watcher_free(waiting);
	rt_watcher_free(watcher);
	return 0;
}

Test(rt_watch, ends_for_its_watchers_behind_the_last_value)
{
	cr_assert_eq(rt_paused(sender_goes, NULL), 0);
}

static int await_closed(void *arg RT_UNUSED)
{
	return rt_watch_closed(watch);
}

static int watchers_go(void *arg RT_UNUSED)
{
	struct rt_watcher *second;
	struct rt_handle job;

	open_watch(1);
	second = rt_watcher_new(watch);
	cr_assert_eq(rt_timeout(RT_MS, rt_watch_closed_op(watch)), -ETIMEDOUT);
	rt_spawn(&job, await_closed, NULL, "publisher");
	rt_yield();
	cr_assert_eq(rt_board_task("publisher")->wait_kind, VIGIL_WAIT_CANCEL);
	rt_watcher_free(watcher);
	rt_yield();
	cr_assert_not(rt_is_done(&job));
	rt_watcher_free(second);
	cr_assert_eq(rt_join(&job, NULL), 0);
	put(2);
	rt_watch_free(watch);
	return 0;
}

Test(rt_watch, tells_the_sender_that_nobody_watches)
{
	cr_assert_eq(rt_paused(watchers_go, NULL), 0);
}

/* ---- Borrowing ---- */

static int borrow_and_send(void *arg RT_UNUSED)
{
	const int *value;

	open_watch(1);
	value = rt_watcher_borrow(watcher);
	cr_assert_eq(rt_watcher_borrow(watcher), value);
	put(2);
	cr_assert_eq(*value, 1);
	cr_assert_not_null(strstr(rt_misused, "rt_watch_send to \"config\" while its value is "
					      "borrowed on the same thread"));
	rt_watcher_give_back(watcher);
	rt_watcher_give_back(watcher);
	rt_watcher_give_back(watcher);
	cr_assert_eq(rt_misuses, 2);
	put(3);
	cr_assert_eq(get(watcher), 3);
	close_watch();
	return 0;
}

Test(rt_watch, refuses_a_send_that_would_wait_for_itself)
{
	cr_assert_eq(rt_paused(borrow_and_send, NULL), 0);
}

static _Atomic bool is_sent;

static void *send_outside(void *arg RT_UNUSED)
{
	put(2);
	is_sent = true;
	return NULL;
}

static bool a_thread_waits_to_send(void)
{
	const struct vigil_worker_record *w;

	rt_look();
	for (uint32_t i = 0; (w = VIGIL_AT(rt_reader, worker, i)); i++)
		if (w->wait_kind == VIGIL_WAIT_SEND)
			return true;
	return false;
}

Test(rt_watch, keeps_a_borrowed_value_from_a_thread_that_sends)
{
	const int *value;
	pthread_t thread;

	open_watch(1);
	value = rt_watcher_borrow(watcher);
	pthread_create(&thread, NULL, send_outside, NULL);
	while (!a_thread_waits_to_send())
		cr_assert_not(is_sent);
	cr_assert_eq(*value, 1);
	rt_watcher_give_back(watcher);
	pthread_join(thread, NULL);
	cr_assert_eq(get(watcher), 2);
	close_watch();
}

Test(rt_watch, is_given_back_by_a_watcher_that_is_freed, .timeout = 30)
{
	open_watch(1);
	rt_watcher_borrow(watcher);
	rt_watcher_free(watcher);
	watcher = rt_watcher_new(watch);
	send_outside(NULL);

	cr_assert_eq(get(watcher), 2);
	close_watch();
}

/* ---- Cancellation ---- */

static int await_two(void *arg)
{
	for (int i = 0; i < 2; i++) {
		int error = rt_watcher_changed(arg);

		if (error)
			return error;
	}
	return 0;
}

static int await_two_cut(void *arg)
{
	return rt_cut(await_two, arg);
}

static int watcher_is_cut(void *arg RT_UNUSED)
{
	struct rt_result result;
	struct rt_handle job;
	unsigned seen = 0;

	open_watch(0);
	rt_spawn(&job, await_two_cut, watcher, "watches");
	for (int i = 1; i <= 2; i++) {
		rt_yield();
		put(i);
	}
	rt_join(&job, &result);
	/* What it was not told of it can still be told of. */
	seen = try_changed(watcher) == 0;
	cr_assert_eq(seen, result.code == -ECANCELED);
	rt_result_free(&result);
	close_watch();
	return 0;
}

Test(rt_watch, forgets_no_change_when_a_watcher_is_cancelled_at_any_await)
{
	cr_assert_eq(rt_cut_everywhere(watcher_is_cut, NULL), 2);
}

static int see_first_of_two(void *arg)
{
	struct rt_op ops[] = { rt_watcher_changed_op(arg), rt_watcher_changed_op(watcher) };

	cr_assert_eq(rt_select(ops, 2, RT_BIASED), 0);
	return 0;
}

static int lost_race(void *arg RT_UNUSED)
{
	struct rt_watcher *other;
	struct rt_handle job;

	open_watch(0);
	other = rt_watcher_new(watch);
	rt_spawn(&job, see_first_of_two, other, "selects");
	rt_yield();
	put(1);
	rt_join(&job, NULL);
	cr_assert_eq(try_changed(other), -EAGAIN);
	cr_assert_eq(try_changed(watcher), 0);
	rt_watcher_free(other);
	close_watch();
	return 0;
}

Test(rt_watch, has_not_been_seen_by_a_wait_that_lost_a_race)
{
	cr_assert_eq(rt_paused(lost_race, NULL), 0);
}

/* ---- Stress ---- */

#define WATCHERS 20
#define VALUES 2000

struct pair {
	unsigned one, same;
};

static _Atomic unsigned changes;

static int watch_all(void *arg)
{
	unsigned last = 0;
	int error;

	while ((error = rt_watcher_changed(arg)) == 0) {
		struct pair now;
		const struct pair *lent;

		rt_watcher_get(arg, &now);
		cr_assert_eq(now.one, now.same, "torn");
		cr_assert_geq(now.one, last);
		last = now.one;
		lent = rt_watcher_borrow(arg);
		cr_assert_geq(lent->one, last);
		cr_assert_eq(lent->one, lent->same, "torn");
		rt_watcher_give_back(arg);
		changes++;
	}
	cr_assert_eq(last, VALUES);
	rt_watcher_free(arg);
	return error == -EPIPE ? 0 : error;
}

static int send_all_and_go(void *arg RT_UNUSED)
{
	struct rt_handle jobs[WATCHERS];

	watch = rt_watch_new("pair", sizeof(struct pair), NULL);
	for (int i = 0; i < WATCHERS; i++)
		rt_spawn(&jobs[i], watch_all, rt_watcher_new(watch), "watches");
	for (unsigned i = 1; i <= VALUES; i++) {
		rt_watch_send(watch, &((struct pair){ i, i }));
		if (i % 10 == 0)
			rt_yield();
	}
	rt_watch_free(watch);
	for (int i = 0; i < WATCHERS; i++)
		cr_assert_eq(rt_join(&jobs[i], NULL), 0);
	return 0;
}

Test(rt_watch, shows_all_its_last_value_and_none_a_torn_one_on_four_workers)
{
	cr_assert_eq(rt_threads(4, send_all_and_go, NULL), 0);

	cr_assert_geq(changes, WATCHERS);
}
