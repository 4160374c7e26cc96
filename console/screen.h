/* SPDX-License-Identifier: MIT */
/*
 * The screen is the terminal: canvases go out, keys come in.
 *
 * The law of the file: screen.c is the only file that knows curses, and
 * there is one screen in a process. Whatever happens between open and close
 * (exit, a fatal signal, a crash), the terminal is left as it was found.
 */
#ifndef CONSOLE_SCREEN_H
#define CONSOLE_SCREEN_H

#include <stdbool.h>
#include <stddef.h>

#include "console/canvas.h"
#include "console/keys.h"

struct screen;

enum color_choice { COLOR_AUTO, COLOR_NEVER, COLOR_ONLY_16, COLOR_ALL_256 };

struct screen_options {
	enum color_choice color; /* AUTO: terminfo and NO_COLOR decide */
	bool is_ascii;           /* ASCII even if the locale has UTF-8 */
	bool has_no_mouse;       /* leave the mouse to the terminal */
};

/*
 * The argument of --color: auto, never, 16, 256 (always is 256). Returns 0,
 * or -1 for another word, with *ret_choice as it was.
 */
int color_choice_parse(const char *word, enum color_choice *ret_choice);

/*
 * Takes the terminal. Returns 0, or -1 with a sentence for the user in error
 * (no terminal, TERM unset or unknown, a terminal that cannot move its
 * cursor), the terminal untouched. From here to screen_close the signals
 * SIGINT, SIGTERM, SIGHUP become a K_STOP event.
 */
int screen_open(struct screen **ret_screen, const struct screen_options *options, char *error,
		size_t size);

/* Gives the terminal back. NULL is fine. */
void screen_close(struct screen *screen);

void screen_size(const struct screen *screen, int *ret_width, int *ret_height);
bool screen_is_ascii(const struct screen *screen);
enum color_depth screen_depth(const struct screen *screen);

/* Shows the canvas; sends only what differs from what is shown. */
void screen_draw(struct screen *screen, const struct canvas *canvas);

/* The next screen_draw sends everything: Ctrl-L. */
void screen_forget(struct screen *screen);

/*
 * Waits up to timeout_ms (0: not at all, < 0: for ever) for an event.
 * Returns 1 with *ret_event, 0 when time is up, and -1 when the terminal is
 * gone. K_RESIZE says the size changed: ask screen_size, resize the canvas,
 * draw. K_STOP says a signal asks the program to end.
 */
int screen_poll(struct screen *screen, int timeout_ms, struct key_event *ret_event);

/* From now on screen_poll returns 0 also as soon as fd is readable. -1: none. */
void screen_watch(struct screen *screen, int fd);

#endif
