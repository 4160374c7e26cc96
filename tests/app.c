/* SPDX-License-Identifier: MIT */
/* Every view of the console as people see it, at every size and under every key. */
#include "tests/support/app.h"

TestSuite(app, .init = set_up, .fini = tear_down);

Test(app, tasks_are_shown_worst_first)
{
	expect_screen("app-tasks");
}

Test(app, tasks_fit_the_smallest_terminal)
{
	expect_screen_of("app-tasks-60x15", 60, 15, false);
}

Test(app, tasks_fit_an_old_terminal)
{
	expect_screen_of("app-tasks-80x24", 80, 24, false);
}

Test(app, a_wide_terminal_shows_every_column)
{
	expect_screen_of("app-tasks-200x40", 200, 40, false);
}

Test(app, tasks_can_be_shown_in_ascii)
{
	expect_screen_of("app-tasks-ascii", 100, 30, true);
}

Test(app, a_task_has_details)
{
	press(TO_BLOCKER "\r");
	expect_screen("app-task");
}

Test(app, details_scroll)
{
	press(TO_BLOCKER "\r");
	press_key(K_END);
	expect_screen("app-task-end");
}

Test(app, details_fit_the_smallest_terminal)
{
	press(TO_BLOCKER "\r");
	expect_screen_of("app-task-60x15", 60, 15, false);
}

Test(app, details_in_a_tall_terminal_show_everything)
{
	press(TO_BLOCKER "\r");
	expect_screen_of("app-task-120x70", 120, 70, false);
}

Test(app, locks_name_owners_and_waiters)
{
	press("l");
	expect_screen("app-locks");
}

Test(app, a_lock_has_details)
{
	press("l");
	press_key(K_ENTER);
	expect_screen_of("app-lock-100x45", 100, 45, false);
}

Test(app, wakers_are_edges)
{
	press("w");
	expect_screen("app-wakers");
}

Test(app, an_edge_has_details)
{
	press("w");
	press_key(K_ENTER);
	expect_screen("app-waker");
}

Test(app, executors_have_their_workers_below_them)
{
	press("e");
	expect_screen("app-executors");
}

Test(app, executors_fit_the_smallest_terminal)
{
	press("e");
	expect_screen_of("app-executors-60x15", 60, 15, true);
}

Test(app, a_worker_has_details)
{
	press("ejjj");
	press_key(K_ENTER);
	expect_screen("app-worker");
}

Test(app, sites_group_tasks)
{
	press("g");
	expect_screen("app-sites");
}

Test(app, a_site_has_details)
{
	press("g");
	press_key(K_ENTER);
	expect_screen("app-site");
}

Test(app, why_names_the_cause)
{
	press("y");
	expect_screen("app-why");
}

Test(app, why_wraps_its_sentences)
{
	press("y");
	expect_screen_of("app-why-60x15", 60, 15, true);
}

Test(app, help_is_made_from_the_keys)
{
	press("?");
	expect_screen("app-help");
}

Test(app, tabs_stay_whole_where_a_count_does_not_fit)
{
	char *screen = (press("y"), draw(60, 15, false));

	cr_assert_not_null(strstr(screen, "y Why"));
	cr_assert_null(strstr(screen, "st\u2026"), "%s", screen);
	free(screen);
}

/* The picture of the README. */
Test(app, the_screen_is_saved_as_a_picture)
{
	app->shared.pid = 4242;
	press_key(K_HOME);

	expect_picture("tests/screens/console.svg", 110, 32);
}

/* Draws it; what comes out fits the screen and would leave a terminal in peace. */
static void draw_checked(int width, int height, bool is_ascii)
{
	char *text = draw(width, height, is_ascii);
	int lines = 0;

	cr_assert_not_null(text);
	for (const char *at = text; *at; at++) {
		lines += *at == '\n';
		cr_assert((unsigned char)*at >= ' ' || *at == '\n');
	}
	cr_assert_leq(lines, height);
	free(text);
}

Test(app, every_view_survives_every_size)
{
	static const char views[] = "tlwregy?";
	static const int sizes[][2] = { { 1, 1 },   { 20, 5 },  { 40, 8 },   { 41, 9 },
					{ 60, 15 }, { 80, 24 }, { 120, 40 }, { 250, 80 } };
	size_t i;
	size_t j;

	for (i = 0; i < strlen(views); i++) {
		press((char[]){ views[i], '\0' });
		for (j = 0; j < sizeof(sizes) / sizeof(sizes[0]); j++)
			draw_checked(sizes[j][0], sizes[j][1], j % 2);
		press_key(K_ENTER);
		for (j = 0; j < sizeof(sizes) / sizeof(sizes[0]); j++)
			draw_checked(sizes[j][0], sizes[j][1], j % 2);
	}
}

Test(app, no_key_does_harm_in_any_view)
{
	static const char views[] = "tlwregyp";
	uint32_t key;
	size_t i;

	for (i = 0; i < strlen(views); i++) {
		for (key = 1; key <= K_LAST; key = key == 126 ? K_UP : key + 1) {
			if (key == 'S')
				continue; /* writes a file */
			press_key(K_ESCAPE);
			press((char[]){ views[i], '\0' });
			press_key(key);
			draw_checked(100, 30, false);
		}
	}
}
