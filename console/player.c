/* SPDX-License-Identifier: MIT */
/* Playing a trace. Its law is in player.h. */
#include "console/player.h"

#include <stdio.h>
#include <time.h>

#include "console/moment.h"

#define WORK_NS UINT64_C(40000000) /* at once: keys are heard 25 times a second */

#define SECOND_NS UINT64_C(1000000000)
#define TICKS_PER_SECOND 10

static uint64_t clock_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * SECOND_NS + (uint64_t)ts.tv_nsec;
}

void player_init(struct player *player, struct cursor *cursor)
{
	*player = (struct player){
		.cursor = cursor,
		.clock = clock_ns,
		.speed = 1,
		.long_ns = PLAYER_LONG_NS,
	};
}

/* ---- Going with the time ---- */

static void play(struct player *player, uint64_t passed_ns)
{
	uint64_t now = cursor_now(player->cursor);

	/* Faster than events can be applied: what cannot be kept up with is not owed. */
	if (player->wish_ns > now)
		player->wish_ns = now;
	player->wish_ns += (uint64_t)((double)passed_ns * player->speed);
	if (player->wish_ns <= now)
		return;
	cursor_go(player->cursor,
		  &(struct cursor_goal){ .to = CURSOR_TO_TIME, .unix_ns = player->wish_ns });
}

static void arrive(struct player *player, enum cursor_result result)
{
	if (player->is_going) {
		player->has_news = player->going != CURSOR_TO_TIME;
		player->news = result;
		player->is_going = false;
		player->wish_ns = cursor_now(player->cursor);
	}
	if (cursor_is_indexed(player->cursor) &&
	    cursor_now(player->cursor) >= cursor_end(player->cursor))
		player->is_playing = false;
}

bool player_refresh(struct player *player)
{
	uint64_t wall = player->clock();
	uint64_t passed = player->wall_ns ? wall - player->wall_ns : 0;
	enum cursor_result r;

	player->wall_ns = wall;
	if (player->is_playing && !player_is_working(player))
		play(player, passed);
	r = cursor_work(player->cursor, WORK_NS);
	if (r != CURSOR_AGAIN)
		arrive(player, r);
	return player_is_working(player);
}

bool player_is_working(const struct player *player)
{
	return player->is_going || !cursor_is_indexed(player->cursor);
}

/* ---- What it is told ---- */

void player_pause(struct player *player, bool is_paused)
{
	player->is_playing = !is_paused;
	player->wish_ns = cursor_now(player->cursor);
	/* At the end there is nothing to play but all of it again. */
	if (player->is_playing && cursor_is_indexed(player->cursor) &&
	    cursor_now(player->cursor) >= cursor_end(player->cursor)) {
		player_seek(player, cursor_begin(player->cursor));
		player->is_playing = true;
	}
}

void player_set_speed(struct player *player, double speed)
{
	player->speed = speed < PLAYER_SLOWEST ? PLAYER_SLOWEST :
			speed > PLAYER_FASTEST ? PLAYER_FASTEST :
						 speed;
}

/* The next of 1, 2, 5, 10, 20 ... below or above. */
void player_change_speed(struct player *player, int steps)
{
	static const double ladder[] = { 1, 2, 5 };
	double decade = PLAYER_SLOWEST, below = PLAYER_SLOWEST, above = PLAYER_SLOWEST;

	for (int i = 0; above <= player->speed * 1.001 && above < PLAYER_FASTEST * 0.999; i++) {
		if (above < player->speed * 0.999)
			below = above;
		if (i % 3 == 2)
			decade *= 10;
		above = decade * ladder[(i + 1) % 3];
	}
	player_set_speed(player, steps < 0 ? below : above);
}

void player_go(struct player *player, const struct cursor_goal *goal)
{
	player->is_playing = false;
	player->is_going = true;
	player->going = goal->to;
	player->is_back = goal->is_back;
	player->has_news = false;
	cursor_go(player->cursor, goal);
}

void player_seek(struct player *player, uint64_t unix_ns)
{
	player_go(player, &(struct cursor_goal){ .to = CURSOR_TO_TIME, .unix_ns = unix_ns });
}

void player_tick(struct player *player, int ticks)
{
	uint64_t now = cursor_now(player->cursor);
	uint64_t tick = (uint64_t)((double)SECOND_NS / TICKS_PER_SECOND * player->speed);
	uint64_t far = (uint64_t)(ticks < 0 ? -ticks : ticks) * (tick ? tick : 1);

	/* What has not been reached yet is counted from where that is. */
	if (ticks > 0)
		player_seek(player, now + far);
	else
		player_seek(player, now > far ? now - far : 0);
}

/* ---- Words ---- */

char *player_speed_words(const struct player *player, char *buf, size_t size)
{
	snprintf(buf, size, "%gx", player->speed);
	return buf;
}

char *clock_words(uint64_t unix_ns, char *buf, size_t size)
{
	time_t seconds = (time_t)(unix_ns / SECOND_NS);
	struct tm tm;

	localtime_r(&seconds, &tm);
	snprintf(buf, size, "%02d:%02d:%02d.%03d", tm.tm_hour, tm.tm_min, tm.tm_sec,
		 (int)(unix_ns % SECOND_NS / 1000000));
	return buf;
}

int player_time(const struct cursor *cursor, const char *words, const char *asked, const char *what,
		uint64_t *ret_unix_ns, struct vigil_problem *ret_problem)
{
	uint64_t begin = cursor_begin(cursor), end = cursor_end(cursor);
	struct moment moment;
	int r = moment_read(words, &moment, ret_problem);

	if (r)
		return r;
	if (cursor_is_indexed(cursor))
		return moment_find(&moment, asked, what, begin, end, ret_unix_ns, ret_problem);
	*ret_unix_ns = moment_unix(&moment, begin, end);
	return 0;
}
