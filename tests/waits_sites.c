/* SPDX-License-Identifier: MIT */
/* At which line tasks wait, and semaphores all of whose owners want more. */
#include "tests/support/chain.h"

#include "console/names.h"
#include "console/wait_sites.h"

TestSuite(waits_sites, .init = begin, .fini = end);

static vigil_resource permits(const char *name, uint64_t left)
{
	vigil_resource semaphore =
		vigil_resource_new(VIGIL_RESOURCE_SEMAPHORE, "Semaphore", name, 0, 0);

	vigil_attr_u64(semaphore, "permits", left, NULL);
	return semaphore;
}

/* As a runtime does: an operation, polled once, and the wait for its resource. */
static void want_at(int line, vigil_task task, vigil_resource lock, enum vigil_wait_kind kind)
{
	vigil_op op;

	vigil_poll_begin(task);
	op = vigil_op_new_at(vigil_site_find("own.c", line, "want", NULL), lock, "lock", 0);
	vigil_op_poll_begin(op);
	vigil_op_poll_end(op, false);
	vigil_task_wait(task, kind, lock);
	vigil_poll_end(task);
}

static void take_permit(int line, vigil_task task, vigil_resource semaphore)
{
	vigil_poll_begin(task);
	vigil_lock_acquired_at(vigil_site_find("own.c", line, "take", NULL), semaphore,
			       VIGIL_MODE_SHARED);
	vigil_poll_end(task);
}

/* ---- Lines ---- */

Test(waits_sites, a_deadlock_says_at_which_line_each_waits)
{
	vigil_resource a = mutex("a"), b = mutex("b");
	vigil_task left = spawn("left"), right = spawn("right");

	take(left, a);
	take(right, b);
	want_at(21, left, b, VIGIL_WAIT_LOCK);
	want_at(22, right, a, VIGIL_WAIT_LOCK);
	look_at(left);

	cr_expect(has_link(LINK_FACT, "1 left has waited 0 ns for lock \"b\", at own.c:21 want"));
	cr_expect_str_eq(chain.summary,
			 "Deadlock: 1 left waits at own.c:21 want for lock \"b\", held by 2 right "
			 "(taken at own.c:10 take), which waits at own.c:22 want for lock \"a\", "
			 "held by 1 left (taken at own.c:10 take).");
}

Test(waits_sites, a_deadlock_is_told_from_a_task_on_wherever_it_was_entered)
{
	vigil_resource a = mutex("a"), b = mutex("b");
	vigil_task left = spawn("left"), right = spawn("right"), other = spawn("other");

	take(left, a);
	take(right, b);
	want(left, b);
	want(right, a);
	want(other, a);
	look_at(other);

	cr_expect_str_eq(chain.summary,
			 "Deadlock: 1 left waits for lock \"b\", held by 2 right (taken at "
			 "own.c:10 take), which waits for lock \"a\", held by 1 left (taken at "
			 "own.c:10 take).");
}

Test(waits_sites, of_several_operations_the_one_for_what_a_task_waits_for_has_the_line)
{
	vigil_resource lock = mutex("a"), other = mutex("b");
	vigil_task task = spawn("task");

	want_at(31, task, lock, VIGIL_WAIT_LOCK);
	vigil_poll_begin(task);
	vigil_op_new_at(vigil_site_find("own.c", 32, "more", NULL), other, "lock", 0);
	vigil_task_wait(task, VIGIL_WAIT_LOCK, lock);
	vigil_poll_end(task);
	look_at(task);

	cr_expect_eq(
		vigil_reader_site(own_model->reader, wait_site_of_task(own_model, own_task(task)))
			->line,
		31);
}

Test(waits_sites, an_operation_that_was_never_polled_is_not_where_a_task_waits)
{
	vigil_resource other = mutex("b");
	vigil_task task = spawn("task");

	vigil_poll_begin(task);
	vigil_op_new_at(vigil_site_find("own.c", 32, "more", NULL), other, "lock", 0);
	vigil_task_wait(task, VIGIL_WAIT_NOTIFIED, 0);
	vigil_poll_end(task);
	look_at(task);

	cr_expect_eq(wait_site_of_task(own_model, own_task(task)), 0);
}

Test(waits_sites, a_task_that_could_run_waits_at_no_line)
{
	vigil_resource lock = mutex("a");
	vigil_task task = spawn("task");

	want_at(31, task, lock, VIGIL_WAIT_LOCK);
	vigil_wake(task);
	look_at(task);

	cr_expect_eq(wait_site_of_task(own_model, own_task(task)), 0);
}

/* ---- Permits ---- */

Test(waits_sites, owners_of_all_permits_who_want_more_are_a_deadlock)
{
	vigil_resource places = permits("db places", 0);
	vigil_task one = spawn("one"), two = spawn("two"), third = spawn("third");

	take_permit(65, one, places);
	take_permit(65, two, places);
	want_at(54, one, places, VIGIL_WAIT_PERMIT);
	want_at(54, two, places, VIGIL_WAIT_PERMIT);
	want_at(65, third, places, VIGIL_WAIT_PERMIT);
	look_at(third);

	cr_expect_eq(kind_at(chain.count - 1), LINK_CYCLE);
	cr_expect_str_eq(chain.summary,
			 "Deadlock: semaphore \"db places\" is held by 1 one and 2 two, each of "
			 "which waits for more of it: taken at own.c:65 take, asked for again at "
			 "own.c:54 want.");
}

Test(waits_sites, owners_with_lines_of_their_own_are_told_with_them)
{
	vigil_resource places = permits("db places", 0);
	vigil_task one = spawn("one"), two = spawn("two");

	take_permit(65, one, places);
	take_permit(66, two, places);
	want_at(54, one, places, VIGIL_WAIT_PERMIT);
	want_at(55, two, places, VIGIL_WAIT_PERMIT);
	look_at(one);

	cr_expect(says("1 one (taken at own.c:65 take, asks again at own.c:54 want) and "
		       "2 two (taken at own.c:66 take, asks again at own.c:55 want)"),
		  "%s", chain.summary);
}

Test(waits_sites, one_owner_who_does_not_want_more_is_who_to_look_at)
{
	vigil_resource places = permits("db places", 0);
	vigil_task one = spawn("one"), two = spawn("two");

	take_permit(65, one, places);
	take_permit(65, two, places);
	want_at(54, one, places, VIGIL_WAIT_PERMIT);
	wait_readable(two, 2000);
	look_at(one);

	cr_expect_not(says("eadlock"), "%s", chain.summary);
	cr_expect(has_link(LINK_FACT, "2 two has waited"));
}

Test(waits_sites, owners_that_are_not_recorded_may_give_a_permit_back)
{
	vigil_resource places = permits("db places", 0);
	vigil_task tasks[VIGIL_OWNERS + 1];

	for (int i = 0; i <= VIGIL_OWNERS; i++) {
		tasks[i] = spawn("one");
		take_permit(65, tasks[i], places);
	}
	for (int i = 0; i <= VIGIL_OWNERS; i++)
		want_at(54, tasks[i], places, VIGIL_WAIT_PERMIT);
	look_at(tasks[0]);

	cr_expect_eq(kind_at(chain.count - 1), LINK_GUESS);
	cr_expect(says("Perhaps a deadlock"), "%s", chain.summary);
}

Test(waits_sites, a_circle_through_one_of_several_permits_is_no_proof)
{
	vigil_resource places = permits("db places", 0), lock = mutex("a");
	vigil_task one = spawn("one"), two = spawn("two"), waiter = spawn("waiter");

	take_permit(65, one, places);
	take_permit(65, two, places);
	take(waiter, lock);
	want(one, lock);
	wait_readable(two, 2000);
	want_at(54, waiter, places, VIGIL_WAIT_PERMIT);
	look_at(waiter);

	cr_expect(says("Perhaps a deadlock"), "%s", chain.summary);
}

Test(waits_sites, a_semaphore_without_permits_and_owners_is_not_free)
{
	vigil_resource tokens = permits("tokens", 0);
	vigil_task task = spawn("task");
	char words[NAME_TEXT];

	want_at(54, task, tokens, VIGIL_WAIT_PERMIT);
	look_at(task);
	name_reason(own_model, own_task(task), words, sizeof(words));

	cr_expect_str_eq(words, "semaphore \"tokens\", no permits");
	cr_expect(says("has no permits; who should add some is not known"), "%s", chain.summary);
	cr_expect_not(has_link(LINK_CAUSE, ""));
}

/* ---- What a scheduler needs ---- */

static vigil_task sleep_until_overdue(uint64_t late_ns)
{
	vigil_task task = spawn("task");

	vigil_poll_begin(task);
	vigil_task_wait_until(task, VIGIL_WAIT_TIMER, 0, own_now + MS);
	vigil_poll_end(task);
	vigil_worker_park();
	own_board_pass(MS + late_ns);
	return task;
}

Test(waits_sites, a_timer_that_is_hardly_late_lost_no_wake)
{
	vigil_task task = sleep_until_overdue(258000);

	look_at(task);
	look_for_stuck(1000);

	cr_expect(says("sleeps"), "%s", chain.summary);
	cr_expect_not(says("lost"), "%s", chain.summary);
	cr_expect_eq(stuck_count, 0);
	vigil_worker_unpark();
}

Test(waits_sites, a_timer_that_is_later_than_a_scheduler_needs_is_told)
{
	vigil_task task = sleep_until_overdue(WAITS_LATE_NS + 1);

	look_at(task);

	cr_expect(says("a wake was lost"), "%s", chain.summary);
	vigil_worker_unpark();
}

Test(waits_sites, a_task_woken_just_now_lost_no_wake)
{
	vigil_task task = spawn("task");

	sleep_on(task, VIGIL_WAIT_RECEIVE, 0);
	vigil_worker_park();
	vigil_wake(task);
	own_board_pass(MS / 4);
	look_at(task);

	cr_expect(says("is about to be polled"), "%s", chain.summary);
	vigil_worker_unpark();
}

Test(waits_sites, a_task_that_could_run_for_longer_than_a_second_is_stuck)
{
	vigil_task runs = spawn("runs");

	spawn("could");
	vigil_poll_begin(runs);
	own_board_pass(WAITS_STUCK_NS + 1);
	look_for_stuck(WAITS_STUCK_NS);

	cr_assert_eq(stuck_count, 1);
	cr_expect_eq(stuck[0].delayed, 0);
	vigil_poll_end(runs);
}
