/* SPDX-License-Identifier: MIT */
/* A long poll is shown where there is most to see: before what it waited for was given back. */
#include "libtrace/board.h"
#include "tests/support/replayed.h"

#define LONG_NS (250 * SCENE_MS)
#define STALLED_NS (300 * SCENE_MS)

/* After all else http-0 waits in a poll for the log's lock, which a poll of http-1 holds. */
static void record(void)
{
	replayed_record();
	scene_pass(SCENE_MS);
	scene_on(1, ACT_GRAB, scene.conns[1]);
	scene_on(0, ACT_STALL, scene.conns[0]);
	scene_pass(STALLED_NS);
	scene_on(1, ACT_DROP, scene.conns[1]);
	scene_on(0, ACT_GET, scene.conns[0]);
	scene_pass(600 * SCENE_MS);
	vigil_wake(scene.conns[3]);
}

static struct cursor *cursor;

static void cursor_set_up(void)
{
	record();
	cursor = replayed_cursor(100);
}

static void cursor_tear_down(void)
{
	cursor_close(cursor);
	scene_end();
}

TestSuite(long_poll, .init = cursor_set_up, .fini = cursor_tear_down);

static enum cursor_result go(bool is_back)
{
	return replayed_go(cursor, (struct cursor_goal){ .to = CURSOR_TO_LONG_POLL,
							 .is_back = is_back,
							 .over_ns = LONG_NS });
}

static void expect_told(vigil_task task, bool is_blocked)
{
	const struct cursor_stop *stop = cursor_stop(cursor);

	cr_expect_eq(stop->event.kind, TRACE_poll_end);
	cr_expect_eq(stop->event.object, task);
	cr_expect_gt(stop->poll_ns, LONG_NS);
	cr_expect_eq(stop->block_ns > LONG_NS, is_blocked);
}

static const struct vigil_resource_record *log_lock(void)
{
	return RECORD_AT(cursor_process_now(cursor, 0)->board, resource,
			 vigil_ref_index(scene.log));
}

Test(long_poll, is_shown_while_its_lock_is_held_by_another)
{
	cr_assert_eq(go(false), CURSOR_THERE);
	expect_told(scene.conns[1], false);
	cr_assert_eq(go(false), CURSOR_THERE);

	expect_told(scene.conns[0], true);
	cr_expect_eq(log_lock()->holders, 1);
	cr_expect_eq(log_lock()->waiters, 1);
	cr_expect_neq(log_lock()->owner[0], 0);
}

Test(long_poll, each_is_told_once_in_the_order_of_their_ends)
{
	go(false);
	go(false);
	cr_expect_eq(go(false), CURSOR_NONE);
	cr_expect_eq(log_lock()->holders, 1, "it stays");
	cr_expect_eq(go(true), CURSOR_THERE);
	expect_told(scene.conns[1], false);
	cr_expect_eq(go(true), CURSOR_NONE);
}

Test(long_poll, is_found_backwards_at_the_same_moment)
{
	uint64_t passed;

	go(false);
	go(false);
	passed = cursor_passed(cursor);
	replayed_go(cursor, (struct cursor_goal){ .to = CURSOR_TO_END });
	cr_assert_eq(go(true), CURSOR_THERE);

	expect_told(scene.conns[0], true);
	cr_expect_eq(cursor_passed(cursor), passed);
}

Test(long_poll, of_another_process_is_not_looked_for)
{
	struct cursor_goal goal = { .to = CURSOR_TO_LONG_POLL, .over_ns = LONG_NS, .process = 1 };

	cr_expect_eq(replayed_go(cursor, goal), CURSOR_NONE);
	goal.process = CURSOR_ANY_PROCESS;
	cr_expect_eq(replayed_go(cursor, goal), CURSOR_THERE);
}

TestSuite(long_poll_shown, .init = record, .fini = scene_end);

Test(long_poll_shown, why_says_who_held_the_lock)
{
	replayed_open("+4.9s");
	replayed_player()->long_ns = LONG_NS;
	replayed_press("LL");
	cr_expect(shows("last moment of a wait of 300 ms in a poll of 300 ms"));
	cr_expect(shows("lock \"log\" held 300 ms by 4 http-conn"));
	press("l");

	expect_screen("long-poll-locks");
	app_free(app);
}

Test(long_poll_shown, of_all_processes_names_its_own_and_goes_there)
{
	replayed_has_two = true;
	replayed_open("+4.9s");
	replayed_player()->long_ns = LONG_NS;
	replayed_press("LLL");
	cr_expect(shows("4711 httpd on web1: no poll took longer"),
		  "the other one's are not counted");
	replayed_press("@+4.9s\raLLLL");
	cr_expect(shows("4712 httpd on web2: last moment of a wait"));
	press("y");

	cr_expect(shows("pid 4712"));
	app_free(app);
}

Test(long_poll_shown, the_bar_marks_those_of_the_process_alone)
{
	char *one, *other;

	replayed_has_two = replayed_hangs_second = true;
	replayed_open("+1s");
	one = draw(100, 30, false);
	press("p/web1\r");
	press_key(K_ENTER);
	replayed_refresh(0);
	other = draw(100, 30, false);

	cr_expect_not_null(strstr(one, "\u2534"));
	cr_expect_null(strstr(other, "\u2534"));
	free(one);
	free(other);
	app_free(app);
}

Test(long_poll_shown, the_timeline_says_who_holds_what_its_thread_waits_for)
{
	replayed_open("+5.3s");
	press("vz");
	cr_expect(shows("waits for "));
	expect_screen_of("long-poll-timeline", 80, 24, false);
	replayed_press("$()");
	press_key(K_RIGHT);

	cr_expect(shows(
		"waited for 300 ms at log.c:47: lock \"log\" held 300 ms by 4 http-conn, taken"));
	app_free(app);
}
