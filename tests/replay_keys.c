/* SPDX-License-Identifier: MIT */
/* The console on a trace: what the bar shows, and where keys lead. */
#include "tests/support/replayed.h"

static void replay_set_up(void)
{
	replayed_has_gap = true;
	replayed_record();
	replayed_open("+3s");
}

static void replay_tear_down(void)
{
	app_free(app);
	scene_end();
}

TestSuite(replay_keys, .init = replay_set_up, .fini = replay_tear_down);

static uint64_t at_ns(void)
{
	return cursor_now(replayed_player()->cursor) - REPLAYED_UNIX;
}

Test(replay_keys, the_bar_shows_where_in_the_trace_we_are)
{
	expect_screen("replay-tasks");
}

Test(replay_keys, the_bar_fits_the_smallest_terminal)
{
	expect_screen_of("replay-tasks-60x15", 60, 15, false);
}

Test(replay_keys, the_bar_can_be_shown_in_ascii)
{
	expect_screen_of("replay-tasks-ascii", 80, 24, true);
}

Test(replay_keys, a_trace_that_is_being_read_is_told_as_such)
{
	app_free(app);
	replayed_begin("+3s");

	cr_expect(shows("  reading the trace"));
	cr_expect_not(shows("vigil_task_spawn"));
}

Test(replay_keys, space_plays_and_pauses)
{
	press(" ");
	replayed_refresh(100 * SCENE_MS);
	cr_expect_eq(at_ns(), 3100 * SCENE_MS);
	press(" ");
	replayed_refresh(100 * SCENE_MS);

	cr_expect_eq(at_ns(), 3100 * SCENE_MS);
}

Test(replay_keys, the_foot_line_offers_what_space_would_do)
{
	cr_expect(shows("SpacePlay"));
	cr_expect_not(shows("SpacePause"));
	press(" ");
	cr_expect(shows("SpacePause"));
	press(" ");

	cr_expect(shows("SpacePlay"));
}

Test(replay_keys, rates_are_of_trace_time)
{
	press("++ ");
	replayed_refresh(100 * SCENE_MS);

	cr_expect_eq(at_ns(), 3500 * SCENE_MS);
	cr_expect_not(shows("wakes 0/s"));
	cr_expect(shows("5x"));
}

/* The line of rates and the bars of workers, without what was seen before. */
static void rates_line(char *buf, size_t size)
{
	char *screen = draw(80, 24, false), *line = strstr(screen, "wakes ");

	cr_assert_not_null(line);
	snprintf(buf, size, "%.*s", (int)strcspn(line, "\n"), line);
	free(screen);
}

Test(replay_keys, rates_are_of_the_second_before_however_one_came_there)
{
	char before[128], after[128];

	rates_line(before, sizeof(before));
	cr_expect_not_null(strstr(before, "spawns 1/s"));
	replayed_press("0@+3s\r");
	rates_line(after, sizeof(after));
	cr_expect_str_eq(after, before, "of all that was jumped over");
	replayed_press("$@+2s\r]]]]]]]]]]");
	rates_line(after, sizeof(after));
	cr_expect_str_eq(after, before, "of the last step");
	replayed_press(".,@+3s\r");
	rates_line(after, sizeof(after));

	cr_expect_str_eq(after, before);
}

Test(replay_keys, where_nothing_came_before_no_rate_is_said)
{
	replayed_press("0");
	cr_expect(shows("wakes -   polls -   spawns -"));
	replayed_press("@+3s\r");

	cr_expect_not(shows("wakes -"));
}

Test(replay_keys, brackets_step_by_ticks)
{
	replayed_press("]]");
	cr_expect_eq(at_ns(), 3200 * SCENE_MS);
	replayed_press("[[[");

	cr_expect_eq(at_ns(), 2900 * SCENE_MS);
}

Test(replay_keys, points_and_commas_step_by_events)
{
	uint64_t passed = cursor_passed(replayed_player()->cursor);

	replayed_press("..,");
	cr_expect_eq(cursor_passed(replayed_player()->cursor), passed + 1);
	replayed_press(".");

	cr_expect_eq(cursor_passed(replayed_player()->cursor), passed + 2);
}

Test(replay_keys, an_event_is_told_in_words)
{
	replayed_press("}");

	cr_expect(shows("poll begin: "));
	cr_expect(shows("http-conn on worker http-"));
}

Test(replay_keys, the_next_long_poll_is_shown_while_it_runs)
{
	replayed_player()->long_ns = 4 * SCENE_MS;
	replayed_press("0L");

	cr_expect(shows("about to end after"));
	cr_expect(shows("poll end: "));
}

Test(replay_keys, where_there_is_no_long_poll_it_says_so)
{
	uint64_t at = at_ns();

	replayed_player()->long_ns = UINT64_C(3600) * 1000 * SCENE_MS;
	replayed_press("L");
	cr_expect(shows("no poll took longer than 1h00m after this moment"));
	replayed_press("K");

	cr_expect(shows("before this moment"));
	cr_expect_eq(at_ns(), at);
}

Test(replay_keys, polls_of_the_selected_task_are_found)
{
	const struct cursor_stop *stop;

	press("jjjjjj");
	replayed_press("P");
	stop = cursor_stop(replayed_player()->cursor);
	cr_expect_eq(stop->event.kind, TRACE_poll_begin);
	cr_expect_eq(stop->event.object, table_cursor(app->tabs[0]->table));
	replayed_press("\rP");

	cr_expect_eq(stop->event.object, app->pages[0]->object, "on its page too");
}

Test(replay_keys, a_moment_can_be_typed)
{
	replayed_press("@+1.5s\r");
	cr_expect_eq(at_ns(), 1500 * SCENE_MS);
	replayed_press(":22:13:24\r");
	cr_expect_eq(at_ns(), 4000 * SCENE_MS);
	replayed_press("@never\r");

	cr_expect_eq(at_ns(), 4000 * SCENE_MS);
	cr_expect(shows("\"never\" is no moment of a trace"));
	replayed_press("@99s\r");
	cr_expect_eq(at_ns(), 4000 * SCENE_MS);
	cr_expect(shows("99s is after the end of the trace, which is "));
}

Test(replay_keys, gaps_are_found_and_counted)
{
	replayed_press("0G");
	cr_expect(shows("not recorded: 12 events of the trace"));
	replayed_press("G");

	cr_expect(shows("no event was lost after this moment"));
}

Test(replay_keys, both_ends_are_a_key_away)
{
	replayed_press("$");
	cr_expect_gt(at_ns(), 4900 * SCENE_MS);
	replayed_press("0");

	cr_expect_eq(at_ns(), 0);
}

Test(replay_keys, a_view_shows_the_same_after_a_way_there_and_back)
{
	char *before = draw(100, 30, false), *after;

	replayed_press("[[[]]]");
	after = draw(100, 30, false);

	/* The lines of meters tell of the last interval, which was another one. */
	cr_expect_str_eq(strstr(after, "WHY"), strstr(before, "WHY"));
	free(before);
	free(after);
}

Test(replay_keys, details_stay_on_their_task)
{
	press("/cache\r\r");
	replayed_press("@-100ms\r");
	expect_screen("replay-task");
}

Test(replay_keys, a_live_board_hears_none_of_these_keys)
{
	struct app *traced = app;

	open_app(false);
	press("L@");

	cr_expect_not(app->prompt.is_open);
	cr_expect_not(shows("Long"));
	app_free(app);
	app = traced;
}

Test(replay_keys, the_help_has_them)
{
	press("?");
	expect_screen_of("replay-help", 80, 70, false);
}
