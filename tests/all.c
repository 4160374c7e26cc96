/* SPDX-License-Identifier: MIT */
/* The tasks of several processes in one list. */
#include "tests/support/replayed.h"

static void all_set_up(void)
{
	replayed_has_two = true;
	replayed_record();
	replayed_open("+4s");
	press("a");
}

static void all_tear_down(void)
{
	app_free(app);
	scene_end();
}

TestSuite(all, .init = all_set_up, .fini = all_tear_down);

Test(all, tasks_of_all_processes_stand_in_one_list_worst_first)
{
	expect_screen("all");
}

Test(all, they_stand_below_their_processes_in_a_tree)
{
	press("T");
	expect_screen_of("all-tree-132x40", 132, 40, false);
}

Test(all, a_place_that_is_cut_keeps_its_line)
{
	char *screen = draw(120, 30, false);

	cr_expect_not_null(strstr(screen, "listener\u2026:87"));
	free(screen);
}

Test(all, they_fit_the_smallest_terminal)
{
	expect_screen_of("all-60x15", 60, 15, true);
}

/* The host that the cursor's row names. */
static bool cursor_is_on(const char *host, const char *rest)
{
	char *screen = draw(100, 30, false), *line = strstr(screen, "\u203a"), *end;
	bool is_there;

	cr_assert_not_null(line);
	end = strchr(line, '\n');
	*end = '\0';
	is_there = strstr(line, host) && strstr(line, rest);
	free(screen);
	return is_there;
}

Test(all, enter_shows_a_task_of_another_process_and_back_is_the_list)
{
	press("/web2\r");
	cr_assert(cursor_is_on("web2", "20 read-file"));
	press_key(K_ENTER);

	cr_expect(shows("pid 4712"));
	cr_expect(shows("20 read-file"));
	cr_expect(shows("678 ms"));
	press_key(K_ESCAPE);
	cr_expect(shows("2 processes on 2 hosts"));
	cr_expect(cursor_is_on("web2", "20 read-file"));
}

Test(all, a_view_of_one_process_is_of_the_one_under_the_cursor)
{
	press("/web2\r");
	cr_assert(cursor_is_on("web2", ""));
	press("y");
	cr_expect(shows("pid 4712  on web2"));
	cr_expect(shows("stuck  4712 httpd"));
	press("a/web1\re");
	cr_expect(shows("pid 4711  on web1"));
	press("a/web2\rl");

	cr_expect(shows("pid 4712  on web2"));
}

Test(all, what_is_stuck_in_others_is_told_where_one_asks_why)
{
	replayed_press("@+4.9s\r");
	press("y");

	expect_screen("all-why");
}

Test(all, enter_on_a_process_shows_its_tasks)
{
	press("T/web2\r");
	cr_assert(cursor_is_on("web2", "17 tasks"));
	press_key(K_ENTER);

	cr_expect(shows("pid 4712"));
	cr_expect_eq(app->page_count, 0);
	cr_expect(shows("running 678 ms on file-0"));
	cr_expect_not(shows("web1"));
}

Test(all, the_cursor_stays_on_its_task_among_those_of_the_same_number)
{
	press("\\id=12\r/web2\r");
	cr_assert(cursor_is_on("web2", "12 http-conn"));
	press("i");
	cr_expect(cursor_is_on("web2", "12 http-conn"));
	replayed_press("@+4.5s\r");

	cr_expect(cursor_is_on("web2", "12 http-conn"));
	cr_expect(shows("held 1.2 s by 11"), "half a second later");
	cr_expect(shows("held 1.7 s by 11"));
}

Test(all, tasks_are_filtered_by_host_process_and_pid)
{
	press("\\host=web2\r");
	cr_expect(shows("20 of "));
	cr_expect_not(shows("4711"));
	press("\\");
	press_key(K_CTRL('U'));
	press("pid=4711 process=httpd busy>1s\r");

	cr_expect(shows("1 of "));
	cr_expect(shows("4711"));
}

Test(all, a_filter_that_keeps_a_task_keeps_its_process_above_it)
{
	press("T\\host=web2 name=read-file\r");

	cr_expect(shows("2 of "));
	cr_expect(shows("web2  4712"));
	cr_expect(shows("\u2514\u2500read-file"));
}

Test(all, a_filter_by_what_nothing_has_is_refused)
{
	press("\\hots=web2\r");

	cr_expect(shows("there is no \"hots\" here"));
}

Test(all, a_process_is_in_the_list_once_it_has_begun)
{
	replayed_press("@+0.4s\r");
	cr_expect(shows("1 process on 1 host"));
	cr_expect_not(shows("web2"));
	replayed_press("@+1s\r");

	cr_expect(shows("2 processes on 2 hosts"));
	cr_expect(shows("web2"));
}

Test(all, a_poll_is_looked_for_of_the_task_of_its_process)
{
	press("\\host=web2 name=http-conn id=3\r");
	cr_assert(cursor_is_on("web2", "3 http-conn"));
	replayed_press("B");

	cr_expect(cursor_is_on("web2", "running"));
}

TestSuite(all_not, .fini = all_tear_down);

Test(all_not, without_a_second_process_there_is_no_such_view)
{
	replayed_record();
	replayed_open("+4s");
	press("a");

	cr_expect_eq(app->tab, 0);
	cr_expect_not(shows("a All"));
}

Test(all_not, a_board_is_of_one_process)
{
	struct vigil_problem problem;

	set_up();
	cr_expect_neq(app_set(app, "all", NULL, NULL, &problem), 0);
	cr_expect_not_null(strstr(problem.text, "of one it is \"tasks\""));
}
