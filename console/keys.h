/* SPDX-License-Identifier: MIT */
/*
 * Keys become requests, requests become actions. keys.def is the one table
 * of which key asks for what, where, under which label and with which help;
 * the foot line and the help screen are drawn from it and cannot drift.
 *
 * The law of the file: no state, no curses. A view answers requests and
 * never looks at keys.
 */
#ifndef CONSOLE_KEYS_H
#define CONSOLE_KEYS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "console/canvas.h"

/*
 * A key is the code point it types, or one of these. Prefixed K_, since
 * curses owns KEY_. Control characters are themselves: K_CTRL('L').
 */
enum {
	K_NONE = 0,
	K_TAB = 9,
	K_ENTER = 13,
	K_ESCAPE = 27,
	K_BACKSPACE = 127,
	K_UP = 0x110000, /* the first beyond Unicode */
	K_DOWN,
	K_LEFT,
	K_RIGHT,
	K_PAGE_UP,
	K_PAGE_DOWN,
	K_HOME,
	K_END,
	K_INSERT,
	K_DELETE,
	K_BACK_TAB,
	K_CLICK,        /* these four come with x and y */
	K_DOUBLE_CLICK, /* never from the screen: see below */
	K_WHEEL_UP,
	K_WHEEL_DOWN,
	K_RESIZE,
	K_STOP, /* a signal asks the program to end */
	K_F0,   /* use K_F(n), 1 to 12 */
	K_LAST = K_F0 + 12
};

/*
 * Every press is a K_CLICK at once; the screen waits for no second one and
 * knows no rows. Whoever gives a K_CLICK to a list makes a K_DOUBLE_CLICK of
 * it: a click on the row already under the cursor is the second, however long
 * after the first, and a row that moved under the mouse is not opened.
 *
 *	id = table_cursor(table);
 *	if (table_click(table, x, y) == CLICK_ROW && table_cursor(table) == id)
 *		request = keys_request(K_DOUBLE_CLICK, where);
 */

#define K_F(n) (K_F0 + (n))
#define K_CTRL(letter) ((letter)&31)

struct key_event {
	uint32_t key;
	int x; /* of the mouse; otherwise 0 */
	int y;
};

/* Where a request is heard: what has the focus, one bit each. */
enum where {
	IN_TASKS = 1 << 0,
	IN_LOCKS = 1 << 1,
	IN_WAKERS = 1 << 2,
	IN_EXECUTORS = 1 << 3,
	IN_SITES = 1 << 4,
	IN_RESOURCES = 1 << 5,
	IN_OPS = 1 << 6,
	IN_SPANS = 1 << 7,
	IN_WARNINGS = 1 << 8,
	IN_WHY = 1 << 9,
	IN_DETAILS = 1 << 10,
	IN_HELP = 1 << 11,
	IN_PROCESSES = 1 << 12,
	IN_TIMELINE = 1 << 13,
	IN_REPLAY = 1 << 14,  /* besides: what is shown is a trace that can be moved */
	IN_PAUSE = 1 << 15,   /* besides: it stands still */
	IN_SEVERAL = 1 << 16, /* besides: it has several processes */
	IN_LISTS = IN_TASKS | IN_LOCKS | IN_WAKERS | IN_EXECUTORS | IN_SITES | IN_RESOURCES |
		   IN_OPS | IN_SPANS | IN_WARNINGS | IN_PROCESSES,
	IN_VIEWS = IN_LISTS | IN_WHY | IN_DETAILS | IN_TIMELINE,
	IN_ALL = IN_VIEWS | IN_HELP,
};

enum request {
	REQ_NONE,
#define REQUEST(name, ...) REQ_##name,
#include "console/keys.def"
	REQ_COUNT
};

/* Sections of the help screen. */
enum request_group {
	GROUP_VIEWS,
	GROUP_MOVE,
	GROUP_LIST,
	GROUP_TIMELINE,
	GROUP_REPLAY,
	GROUP_OTHER,
	GROUP_COUNT
};

#define REQUEST_KEYS 4

struct request_info {
	enum request_group group;
	unsigned where;              /* mask of enum where */
	int foot;                    /* place in the foot line; 0: not there */
	const char *label;           /* one word for the foot line */
	const char *help;            /* a sentence without its full stop */
	uint32_t keys[REQUEST_KEYS]; /* the first is the one to show */
};

/* What a key asks for in a place; REQ_NONE when nothing. */
enum request keys_request(uint32_t key, unsigned where);

/* The line of a request in keys.def; an empty one for REQ_NONE. */
const struct request_info *keys_info(enum request request);

#define KEY_NAME_SIZE 16

/* "q", "F1", "Enter", "Space", "^L", "PgUp". Returns buf. */
char *keys_name(uint32_t key, char buf[KEY_NAME_SIZE]);

/*
 * Draws the foot line for a place; what does not fit is left out, least
 * wanted first. keys_foot_at says which request is drawn at column x, so
 * that the foot can be clicked.
 */
void keys_draw_foot(struct canvas *canvas, int y, unsigned where);
enum request keys_foot_at(int width, unsigned where, int x);

/*
 * Draws the help for a place, scrolled down by top lines. Returns the lines
 * there are in all, at this width; what was asked for beyond is blank.
 */
int keys_draw_help(struct canvas *canvas, int x, int y, int width, int height, unsigned where,
		   int top);

#endif
