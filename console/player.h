/* SPDX-License-Identifier: MIT */
/*
 * A player: a trace's cursor that goes with the wall's clock, at a speed, or where it
 * is told to.
 *
 * The law of the file: it works only in player_refresh, and there for a moment only.
 */
#ifndef CONSOLE_PLAYER_H
#define CONSOLE_PLAYER_H

#include "console/trace/cursor.h"

#define PLAYER_LONG_NS UINT64_C(10000000) /* a poll that is worth a look takes longer */
#define PLAYER_SLOWEST 0.0001
#define PLAYER_FASTEST 1000.0

struct player {
	struct cursor *cursor;
	uint64_t (*clock)(void); /* ns that only grow; tests put their own here */
	double speed;            /* trace seconds in a second */
	bool is_playing;
	bool is_going;        /* to a goal; it plays on when it is there */
	uint64_t long_ns;     /* polls longer than that are looked for */
	uint64_t wall_ns;     /* at the last refresh */
	uint64_t wish_ns;     /* trace time that should be reached by then */
	enum cursor_to going; /* what was looked for last, */
	bool is_back;
	bool has_news; /* and it was found, or not, since player_take_news */
	enum cursor_result news;
};

void player_init(struct player *player, struct cursor *cursor);

/* Goes on. Returns whether there is more to do at once. */
bool player_refresh(struct player *player);

/* Whether boards are on their way to another moment. */
bool player_is_working(const struct player *player);

void player_pause(struct player *player, bool is_paused);

/* Faster by steps of 1, 2, 5, 10; slower when negative. */
void player_set_speed(struct player *player, double speed);
void player_change_speed(struct player *player, int steps);

/* Goes somewhere, and then plays no more. */
void player_go(struct player *player, const struct cursor_goal *goal);
void player_seek(struct player *player, uint64_t unix_ns);

/* A tick is what is played in a tenth of a second. */
void player_tick(struct player *player, int ticks);

/* "0.01x", "1x", "100x". Returns buf. */
char *player_speed_words(const struct player *player, char *buf, size_t size);

/*
 * A moment as people type it, see moment.h; asked for as that, of what. Returns 0 or
 * -EINVAL with a sentence, also when it is outside and all of the trace is known.
 */
int player_time(const struct cursor *cursor, const char *words, const char *asked, const char *what,
		uint64_t *ret_unix_ns, struct vigil_problem *ret_problem);

/* "12:03:04.123". Returns buf. */
char *clock_words(uint64_t unix_ns, char *buf, size_t size);

#endif
