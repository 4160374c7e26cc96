/* SPDX-License-Identifier: MIT */
/* Several processes of a trace in one console. */
#include "tests/support/replayed.h"

static void members_set_up(void)
{
	replayed_has_two = true;
	replayed_record();
	replayed_open("+4s");
	press("p");
}

static void members_tear_down(void)
{
	app_free(app);
	scene_end();
}

TestSuite(members, .init = members_set_up, .fini = members_tear_down);

Test(members, are_listed_with_what_they_do_at_this_moment)
{
	expect_screen("members");
}

Test(members, stand_below_their_hosts_in_a_tree)
{
	press("T");
	expect_screen_of("members-tree-80x24", 80, 24, true);
}

Test(members, fit_the_smallest_terminal)
{
	expect_screen_of("members-60x15", 60, 15, false);
}

Test(members, enter_shows_one_at_the_same_moment)
{
	press("/web2\r");
	press_key(K_ENTER);

	cr_expect(shows("pid 4712"));
	cr_expect(shows("+4.000000 s"));
	cr_expect(shows("up 3.5 s"), "it began half a second later");
	replayed_press("]");
	cr_expect(shows("pid 4712"));
}

Test(members, can_be_filtered)
{
	press("\\host=web2\r");

	cr_expect(shows("4712"));
	cr_expect(shows("1 of "));
}

Test(members, the_one_that_hangs_at_the_end_is_shown_first)
{
	const struct cursor_process *processes;

	app_free(app);
	replayed_hangs_second = true;
	replayed_open("+1s");
	processes = cursor_process(replayed_player()->cursor, 0);
	cr_assert_gt(processes[0].events, processes[1].events);

	cr_expect(shows("pid 4712"));
}

Test(members, one_that_has_not_begun_is_shown_when_it_begins)
{
	press("/web2\r");
	press_key(K_ENTER);
	replayed_press("0");
	cr_expect(shows("httpd  pid 4712  not begun yet"));
	cr_expect_not(shows("vigil_task_spawn"), "that is not the program's fault");
	replayed_press("@+1s\r");

	cr_expect(shows("pid 4712"));
	cr_expect(shows("up 500 ms"));
}
