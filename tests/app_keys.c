/* SPDX-License-Identifier: MIT */
/* How the console answers: to keys, to the mouse, to what becomes of the process. */
#include "tests/support/app.h"

TestSuite(app_keys, .init = set_up, .fini = tear_down);

Test(app_keys, a_task_can_be_searched_for)
{
	press("/idle-r\r");
	expect_screen("app-search");
}

Test(app_keys, a_filter_keeps_what_matches)
{
	press("\\state=idle\r");
	expect_screen("app-filter");
}

Test(app_keys, a_wrong_filter_says_what_is_wrong)
{
	press("\\colour=red\r");

	cr_assert(shows("colour"));
}

Test(app_keys, escape_takes_a_filter_away)
{
	press("\\state=idle\r");
	press_key(K_ESCAPE);

	cr_assert(shows("read-file"));
	cr_assert_not(shows("filter"));
}

Test(app_keys, a_cancelled_filter_leaves_the_old_one)
{
	press("\\state=idle\r");
	press("\\\x15name=job");
	press_key(K_ESCAPE);

	cr_assert(shows("filter state=idle"));
}

Test(app_keys, children_can_be_shown_below_their_parents)
{
	press("T");
	expect_screen("app-tree");
}

Test(app_keys, tasks_that_ended_are_shown_for_a_while_all_or_not)
{
	vigil_task_fail(scene.conns[0], 5, "reset by peer");
	refresh();

	cr_assert(shows("reset by peer"));
	cr_assert_not(shows("no such host"), "ended more than 5 s ago");
	press("D");
	cr_assert(shows("no such host"));
	cr_assert(shows("all of them"));
	press("D");
	cr_assert_not(shows("no such host"));
	cr_assert_not(shows("reset by peer"));
	press("D");
	cr_assert(shows("reset by peer"));
	scene_pass(6000 * SCENE_MS);
	refresh();
	cr_assert_not(shows("reset by peer"));
}

Test(app_keys, attributes_are_filtered_and_searched)
{
	press("\\peer~0.0.31:\r");
	cr_assert(shows("1 of 20  filter peer~0.0.31:"));
	press_key(K_ESCAPE);

	press("/10.0.0.31\r");
	cr_assert_eq(table_cursor(app->tabs[0]->table), scene.late);
}

Test(app_keys, a_wrong_filter_stays_wrong_until_it_is_mended)
{
	int i;

	press("\\state=idle\r");
	press("\\\x15"
	      "bogus=3\r");

	cr_assert(shows("filter state=idle"), "the last one that was right stays");
	for (i = 0; i < 30; i++)
		refresh();
	cr_assert(shows("there is no \"bogus\""));
	press_key(K_BACKSPACE);
	cr_assert_not(shows("there is no"));
	press_key(K_ESCAPE);
	cr_assert(shows("filter state=idle"));
}

Test(app_keys, a_filter_that_nothing_matches_says_so)
{
	press("\\bogus\r");

	cr_assert(shows("No row matches the filter"));
}

Test(app_keys, a_thread_that_waits_for_a_lock_is_told_by_its_task)
{
	char *screen;

	vigil_poll_begin(scene.conns[0]);
	vigil_lock_wait_at(SCENE_SITE("log.c", 47, "log_line"), scene.log, VIGIL_MODE_EXCLUSIVE);
	refresh();

	press("l/log\r\r");
	screen = draw(100, 45, false);

	cr_assert_not_null(strstr(screen, "3 http-conn on thread 4242"), "%s", screen);
	cr_assert_not_null(strstr(screen, "1 waiting now"), "%s", screen);
	free(screen);
}

Test(app_keys, a_head_that_is_clicked_sorts)
{
	free(draw(100, 30, false));
	click(K_CLICK, 8, 7);

	expect_screen("app-sorted-by-id");
}

Test(app_keys, a_double_click_opens_details)
{
	free(draw(100, 30, false));
	click(K_DOUBLE_CLICK, 8, 10);

	cr_assert(shows("Times"));
}

Test(app_keys, tabs_and_foot_can_be_clicked)
{
	free(draw(100, 30, false));
	click(K_CLICK, 11, 6);
	cr_assert(shows("TAKEN AT"));

	click(K_CLICK, 1, 29);
	cr_assert(shows("─ Help ─"));
}

/* The lines of these tasks, top to bottom, whatever they did meanwhile. */
static void expect_in_order(const char *const *words, size_t count)
{
	char *screen = draw(100, 30, false);
	const char *at = screen;

	for (size_t i = 0; i < count; i++) {
		const char *found = strstr(at, words[i]);

		cr_expect_not_null(found, "%s is not below the one before it:\n%s", words[i],
				   screen);
		at = found ? found : at;
	}
	free(screen);
}

Test(app_keys, tasks_that_wait_as_they_should_keep_their_places)
{
	static const char *const order[] = {
		" 20 read-file ",  " 15 http-conn ", " 16 http-conn ", " 11 http-conn ",
		" 12 http-conn ",  " 13 http-conn ", " 14 http-conn ", " 1 listener ",
		" 2 idle-reaper ", " 3 http-conn ",  " 4 http-conn ",  " 5 http-conn ",
		" 6 http-conn ",   " 7 http-conn ",  " 8 http-conn ",  " 9 http-conn ",
		" 10 http-conn ",
	};

	/* The timer is due later than all of it. */
	vigil_task_wait_until(scene.reaper, VIGIL_WAIT_TIMER, 0, scene.now + 60000 * SCENE_MS);
	for (int i = 0; i < 6; i++) {
		refresh();
		expect_in_order(order, sizeof(order) / sizeof(order[0]));
		scene_tick(TICKS + i, 2);
	}
}

Test(app_keys, the_cursor_is_on_the_worst_task_until_it_is_moved)
{
	struct table *table = app->tabs[0]->table;

	vigil_wake(scene.conns[0]);
	scene_pass(60 * UINT64_C(1000) * SCENE_MS);
	refresh();

	cr_assert_eq(table_cursor_index(table), 0);
}

Test(app_keys, the_cursor_stays_on_its_task)
{
	uint64_t before;

	press("jjj");
	before = table_cursor(app->tabs[0]->table);
	press(">>>>i");
	refresh();

	cr_assert_eq(table_cursor(app->tabs[0]->table), before);
}

Test(app_keys, a_pause_holds_the_picture)
{
	char *before;
	char *after;

	press(" ");
	before = draw(100, 30, false);
	scene_tick(TICKS, 2);
	refresh();
	after = draw(100, 30, false);

	cr_assert_str_eq(before, after);
	cr_assert(shows("PAUSED"));
	cr_expect(shows("SpaceGo on"));
	press("l");
	cr_assert(shows("TAKEN AT"), "keys still work");
	free(before);
	free(after);
}

Test(app_keys, q_leaves)
{
	press("q");

	cr_assert(app->is_over);
}

Test(app_keys, what_was_not_recorded_is_always_on_the_screen)
{
	vigil_task gone = scene.conns[0];

	vigil_task_end(gone, VIGIL_OUTCOME_COMPLETED);
	vigil_wake(gone);
	refresh();

	cr_assert(shows("misused: 1 wakes after an end"));
}

Test(app_keys, a_finished_process_keeps_its_last_picture)
{
	vigil_fini();
	refresh();

	cr_assert(shows("finished"));
	cr_assert(shows("cache"));
}

Test(app_keys, the_process_that_follows_is_offered)
{
	struct vigil_options options = {
		.struct_size = sizeof(options),
		.name = "httpd",
		.dir = scene.dir,
	};
	char path[256];

	app_free(app);
	open_app(true);
	vigil_fini();
	vigil_init(&options);
	vigil_board_path(path, sizeof(path));
	refresh();
	cr_assert(shows("R goes there"));

	press("R");

	cr_assert(shows("No tasks yet"));
	unlink(path);
}
