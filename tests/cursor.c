/* SPDX-License-Identifier: MIT */
/* A cursor goes anywhere in a trace, and the boards are as they were there. */
#include "tests/support/replayed.h"

static struct cursor *cursor;

static void cursor_set_up(void)
{
	replayed_has_gap = true;
	replayed_record();
	cursor = replayed_cursor(0);
}

static void frames_set_up(void)
{
	replayed_has_gap = true;
	replayed_record();
	cursor = replayed_cursor(100);
}

static void cursor_tear_down(void)
{
	cursor_close(cursor);
	scene_end();
}

TestSuite(cursor, .init = cursor_set_up, .fini = cursor_tear_down);
TestSuite(cursor_frames, .init = frames_set_up, .fini = cursor_tear_down);

static enum cursor_result go_time(uint64_t ns)
{
	return replayed_go(cursor, (struct cursor_goal){ .to = CURSOR_TO_TIME,
							 .unix_ns = REPLAYED_UNIX + ns });
}

static enum cursor_result go(enum cursor_to to, bool is_back)
{
	return replayed_go(
		cursor,
		(struct cursor_goal){ .to = to, .is_back = is_back, .over_ns = 100 * SCENE_MS });
}

/* Events of the trace up to a time. */
static uint64_t events_upto(uint64_t ns)
{
	uint64_t count = 0;

	for (size_t i = 0; i < traced_count; i++)
		count += traced_at(i)->kind != TRACE_process_room &&
			 replayed_unix(traced_at(i)->ns) <= REPLAYED_UNIX + ns;
	return count;
}

Test(cursor, begins_at_the_first_event)
{
	cr_expect_eq(cursor_begin(cursor), REPLAYED_UNIX);
	cr_expect_eq(cursor_now(cursor), REPLAYED_UNIX);
	cr_expect_eq(cursor_passed(cursor), 1);
}

Test(cursor, goes_to_a_time_forwards_and_back)
{
	static const uint64_t times[] = { 700, 3100, 1200, 4800, 90 };

	for (size_t i = 0; i < sizeof(times) / sizeof(times[0]); i++) {
		uint64_t ns = times[i] * SCENE_MS;

		cr_expect_eq(go_time(ns), CURSOR_THERE);

		cr_expect_eq(cursor_now(cursor), REPLAYED_UNIX + ns);
		cr_expect_eq(cursor_passed(cursor), events_upto(ns));
	}
}

Test(cursor, boards_are_others_only_after_a_way_back)
{
	uint64_t epoch = cursor_epoch(cursor);

	go_time(1000 * SCENE_MS);
	cr_expect_eq(cursor_epoch(cursor), epoch);
	go_time(500 * SCENE_MS);
	cr_expect_neq(cursor_epoch(cursor), epoch);
}

Test(cursor, boards_stay_until_it_is_there)
{
	struct cursor_goal goal = { .to = CURSOR_TO_TIME, .unix_ns = REPLAYED_UNIX + 2000000000 };
	const struct trace_process *before;
	uint64_t epoch;

	go_time(3000 * SCENE_MS);
	before = cursor_process_now(cursor, 0);
	epoch = cursor_epoch(cursor);
	cursor_go(cursor, &goal);

	while (cursor_work(cursor, 0) == CURSOR_AGAIN) {
		cr_assert_eq(cursor_process_now(cursor, 0), before);
		cr_assert_eq(cursor_epoch(cursor), epoch);
	}
	cr_expect_neq(cursor_epoch(cursor), epoch);
}

Test(cursor, steps_an_event_on_and_back)
{
	uint64_t passed;

	go_time(1000 * SCENE_MS);
	passed = cursor_passed(cursor);

	cr_expect_eq(go(CURSOR_TO_EVENT, false), CURSOR_THERE);
	cr_expect_eq(cursor_passed(cursor), passed + 1);
	cr_expect_eq(go(CURSOR_TO_EVENT, true), CURSOR_THERE);
	cr_expect_eq(go(CURSOR_TO_EVENT, true), CURSOR_THERE);
	cr_expect_eq(cursor_passed(cursor), passed - 1);
}

Test(cursor, steps_by_polls)
{
	uint64_t first, second;

	go_time(1000 * SCENE_MS);
	go(CURSOR_TO_POLL, false);
	first = cursor_passed(cursor);
	cr_expect_eq(cursor_stop(cursor)->event.kind, TRACE_poll_begin);
	go(CURSOR_TO_POLL, false);
	second = cursor_passed(cursor);

	cr_expect_gt(second, first);
	cr_expect_eq(go(CURSOR_TO_POLL, true), CURSOR_THERE);
	cr_expect_eq(cursor_passed(cursor), first);
}

Test(cursor, goes_to_polls_of_a_task)
{
	struct cursor_goal goal = { .to = CURSOR_TO_TASK_POLL, .task = scene.conns[3] };
	uint64_t first;

	go_time(1000 * SCENE_MS);
	cr_expect_eq(replayed_go(cursor, goal), CURSOR_THERE);
	first = cursor_now(cursor);
	cr_expect_eq(cursor_stop(cursor)->event.object, scene.conns[3]);
	cr_expect_eq(replayed_go(cursor, goal), CURSOR_THERE);
	goal.is_back = true;
	cr_expect_eq(replayed_go(cursor, goal), CURSOR_THERE);

	cr_expect_eq(cursor_now(cursor), first);
}

Test(cursor, stands_before_a_long_poll_ends)
{
	cr_expect_eq(replayed_go(cursor, (struct cursor_goal){ .to = CURSOR_TO_LONG_POLL,
							       .over_ns = 4 * SCENE_MS }),
		     CURSOR_THERE);

	cr_expect_gt(cursor_stop(cursor)->poll_ns, 4 * SCENE_MS);
	cr_expect_eq(cursor_stop(cursor)->event.kind, TRACE_poll_end);
	cr_expect_eq(cursor_stop(cursor)->event.unix_ns, cursor_now(cursor));
}

Test(cursor, stays_when_there_is_nothing_that_way)
{
	uint64_t passed;

	go_time(1000 * SCENE_MS);
	passed = cursor_passed(cursor);

	cr_expect_eq(go(CURSOR_TO_LONG_POLL, true), CURSOR_NONE);
	cr_expect_eq(cursor_passed(cursor), passed);
	cr_expect_eq(cursor_now(cursor), REPLAYED_UNIX + 1000 * SCENE_MS);
	cr_expect_eq(replayed_go(cursor, (struct cursor_goal){ .to = CURSOR_TO_TASK_POLL,
							       .task = UINT64_MAX }),
		     CURSOR_NONE);
	cr_expect_eq(cursor_passed(cursor), passed);
}

Test(cursor, stays_at_the_begin)
{
	cr_expect_eq(go(CURSOR_TO_EVENT, true), CURSOR_NONE);
	cr_expect_eq(cursor_passed(cursor), 1);
}

Test(cursor, marks_gaps_and_long_polls_when_all_is_read)
{
	const struct cursor_mark *marks;
	size_t count, gaps = 0;

	marks = cursor_marks(cursor, &count);
	cr_expect_eq(count, 0);
	go(CURSOR_TO_END, false);
	marks = cursor_marks(cursor, &count);

	cr_expect(cursor_is_indexed(cursor));
	cr_expect_gt(count, 10);
	for (size_t i = 0; i < count; i++) {
		gaps += marks[i].kind == CURSOR_MARK_GAP;
		if (i)
			cr_expect_leq(marks[i - 1].begin_unix_ns, marks[i].begin_unix_ns);
	}
	cr_expect_eq(gaps, 1);
}

Test(cursor, goes_to_the_end_of_a_gap)
{
	go(CURSOR_TO_END, false);
	go_time(0);

	cr_expect_eq(go(CURSOR_TO_GAP, false), CURSOR_THERE);
	cr_expect_gt(cursor_now(cursor), REPLAYED_UNIX + REPLAYED_GAP_NS);
	cr_expect_eq(cursor_process_now(cursor, 0)->lost_events, 12);
	cr_expect_eq(go(CURSOR_TO_GAP, false), CURSOR_NONE);
}

Test(cursor, a_new_goal_takes_the_place_of_the_old)
{
	struct cursor_goal goal = { .to = CURSOR_TO_END };

	cursor_go(cursor, &goal);
	cr_expect_eq(cursor_work(cursor, 0), CURSOR_AGAIN);
	cr_expect_eq(go_time(400 * SCENE_MS), CURSOR_THERE);

	cr_expect_eq(cursor_passed(cursor), events_upto(400 * SCENE_MS));
}

Test(cursor, knows_processes_that_have_not_begun_here)
{
	go(CURSOR_TO_END, false);
	go_time(0);

	cr_expect_eq(cursor_process_count(cursor), 1);
	cr_expect_eq(cursor_process(cursor, 0)->events, events_upto(UINT32_MAX * SCENE_MS));
	cr_expect_str_eq(cursor_process(cursor, 0)->host, "web1");
}

/* ---- By keyframes, of which there are many ---- */

Test(cursor_frames, a_time_is_the_same_from_a_keyframe_as_from_the_start)
{
	static const uint64_t times[] = { 4900, 700, 3100, 1200, 4800, 90, 2505 };

	go(CURSOR_TO_END, false);
	for (size_t i = 0; i < sizeof(times) / sizeof(times[0]); i++) {
		uint64_t ns = times[i] * SCENE_MS;
		const struct trace_process *process;

		cr_expect_eq(go_time(ns), CURSOR_THERE);
		process = cursor_process_now(cursor, 0);

		cr_expect_eq(cursor_passed(cursor), events_upto(ns));
		cr_expect_eq(process->lost_events, ns > REPLAYED_GAP_NS ? 12 : 0);
	}
}

Test(cursor_frames, every_event_can_be_stepped_back_over)
{
	go_time(1000 * SCENE_MS);
	for (uint64_t passed = cursor_passed(cursor); passed > 1; passed--) {
		cr_assert_eq(cursor_passed(cursor), passed);
		cr_assert_eq(go(CURSOR_TO_EVENT, true), CURSOR_THERE);
	}

	cr_expect_eq(go(CURSOR_TO_EVENT, true), CURSOR_NONE);
}

Test(cursor_frames, what_is_far_back_is_found)
{
	struct cursor_goal goal = { .to = CURSOR_TO_LONG_POLL, .over_ns = 4 * SCENE_MS };
	uint64_t last = 0, count = 0;

	/* There one by one, and the same ones back. */
	while (replayed_go(cursor, goal) == CURSOR_THERE) {
		last = cursor_now(cursor);
		count++;
	}
	cr_assert_gt(count, 3);
	go(CURSOR_TO_END, false);
	goal.is_back = true;
	cr_expect_eq(replayed_go(cursor, goal), CURSOR_THERE);
	cr_expect_eq(cursor_now(cursor), last);
	while (replayed_go(cursor, goal) == CURSOR_THERE)
		count--;

	cr_expect_eq(count, 1);
}
