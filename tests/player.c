/* SPDX-License-Identifier: MIT */
/* A player goes with the clock, at a speed, and understands times as people type them. */
#include "tests/support/replayed.h"

static struct cursor *cursor;
static struct player player;

static void player_set_up(void)
{
	replayed_record();
	cursor = replayed_cursor(0);
	replayed_go(cursor, (struct cursor_goal){ .to = CURSOR_TO_END });
	replayed_go(cursor, (struct cursor_goal){ .to = CURSOR_TO_TIME });
	player_init(&player, cursor);
	player.clock = replayed_clock;
	replayed_wall = SCENE_MS;
	/* While it works, time that passes is not played. */
	while (player_refresh(&player))
		;
}

static void player_tear_down(void)
{
	cursor_close(cursor);
	scene_end();
}

TestSuite(player, .init = player_set_up, .fini = player_tear_down);

static uint64_t at_ns(void)
{
	return cursor_now(cursor) - REPLAYED_UNIX;
}

static void wall_passes(uint64_t ns)
{
	replayed_wall += ns;
	/* On a slow machine one refresh does not get there. */
	while (player_refresh(&player) || cursor_progress(cursor) >= 0)
		;
}

static void say_time(const char *words, uint64_t *ret_ns)
{
	struct vigil_problem problem;
	uint64_t unix_ns;

	cr_assert_eq(player_time(cursor, words, words, "t", &unix_ns, &problem), 0, "%s",
		     problem.text);
	*ret_ns = unix_ns - REPLAYED_UNIX;
}

Test(player, plays_at_its_speed)
{
	player_pause(&player, false);
	wall_passes(100 * SCENE_MS);
	cr_expect_eq(at_ns(), 100 * SCENE_MS);
	player_set_speed(&player, 0.5);
	wall_passes(100 * SCENE_MS);

	cr_expect_eq(at_ns(), 150 * SCENE_MS);
}

Test(player, stands_still_while_paused)
{
	wall_passes(500 * SCENE_MS);
	cr_expect_eq(at_ns(), 0);
	player_pause(&player, false);
	wall_passes(100 * SCENE_MS);

	cr_expect_eq(at_ns(), 100 * SCENE_MS, "the pause is not played");
}

Test(player, stops_at_the_end_and_begins_anew_from_there)
{
	player_set_speed(&player, 1000);
	player_pause(&player, false);
	wall_passes(100 * SCENE_MS);
	cr_expect_not(player.is_playing);
	cr_expect_eq(cursor_now(cursor), cursor_end(cursor));
	player_pause(&player, false);
	wall_passes(0);

	cr_expect(player.is_playing);
	cr_expect_eq(at_ns(), 0);
}

Test(player, a_tick_is_a_tenth_of_a_second_of_playing)
{
	player_set_speed(&player, 2);
	player_tick(&player, 1);
	wall_passes(0);
	cr_expect_eq(at_ns(), 200 * SCENE_MS);
	player_tick(&player, 1);
	wall_passes(0);
	player_tick(&player, -1);
	wall_passes(0);

	cr_expect_eq(at_ns(), 200 * SCENE_MS);
}

Test(player, speeds_are_1_2_5_10)
{
	static const double faster[] = { 2, 5, 10, 20 };
	static const double slower[] = { 10, 5, 2, 1, 0.5, 0.2, 0.1, 0.05 };

	for (size_t i = 0; i < 4; i++) {
		player_change_speed(&player, 1);
		cr_expect_float_eq(player.speed, faster[i], 1e-6);
	}
	for (size_t i = 0; i < 8; i++) {
		player_change_speed(&player, -1);
		cr_expect_float_eq(player.speed, slower[i], 1e-6);
	}
	player_set_speed(&player, PLAYER_FASTEST);
	player_change_speed(&player, 1);
	cr_expect_float_eq(player.speed, PLAYER_FASTEST, 1e-6);
	player_set_speed(&player, PLAYER_SLOWEST);
	player_change_speed(&player, -1);
	cr_expect_float_eq(player.speed, PLAYER_SLOWEST, 1e-9);
}

Test(player, understands_times_as_people_type_them)
{
	uint64_t length = cursor_end(cursor) - cursor_begin(cursor), ns;

	say_time("+2.5s", &ns);
	cr_expect_eq(ns, 2500 * SCENE_MS);
	say_time("40ms", &ns);
	cr_expect_eq(ns, 40 * SCENE_MS);
	say_time("1.5", &ns);
	cr_expect_eq(ns, 1500 * SCENE_MS);
	say_time("-1s", &ns);
	cr_expect_eq(ns, length - 1000 * SCENE_MS);
	say_time("-1h", &ns);
	cr_expect_eq(ns, 0);
	say_time("50%", &ns);
	cr_expect_eq(ns, length / 2);
	say_time("22:13:21.5", &ns);
	cr_expect_eq(ns, 1500 * SCENE_MS);
	say_time("end", &ns);
	cr_expect_eq(ns, length);
	say_time("begin", &ns);
	cr_expect_eq(ns, 0);
}

Test(player, refuses_what_is_no_time)
{
	static const char *const words[] = { "", "x", "101%", "-5%", "25:00:00" };
	struct vigil_problem problem;
	uint64_t ns;

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		cr_expect_neq(player_time(cursor, words[i], words[i], "t", &ns, &problem), 0, "%s",
			      words[i]);
	cr_expect_not_null(strstr(problem.text, "12:03:04.5"));
}

Test(player, has_news_of_what_it_looked_for)
{
	player_go(&player, &(struct cursor_goal){ .to = CURSOR_TO_LONG_POLL, .over_ns = 1 });
	wall_passes(0);
	cr_expect(player.has_news);
	cr_expect_eq(player.news, CURSOR_THERE);
	player_seek(&player, REPLAYED_UNIX);
	wall_passes(0);

	cr_expect_not(player.has_news, "nothing was looked for");
}
