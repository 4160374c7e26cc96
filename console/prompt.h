/* SPDX-License-Identifier: MIT */
/*
 * A prompt is the one-line editor behind "/" and "\": a text, a cursor in
 * it, and the texts entered before.
 *
 * The law of the file: keys in, cells out. It holds no memory but its own,
 * and what it holds is valid UTF-8 without control characters.
 */
#ifndef CONSOLE_PROMPT_H
#define CONSOLE_PROMPT_H

#include <stdbool.h>
#include <stddef.h>

#include "console/canvas.h"
#include "console/keys.h"

#define PROMPT_SIZE 256   /* bytes of a text with its NUL */
#define PROMPT_HISTORY 32 /* texts remembered */

/* One for "/", one for "\"; all zero is empty. */
struct prompt_history {
	char texts[PROMPT_HISTORY][PROMPT_SIZE]; /* the latest first */
	int count;
};

struct prompt {
	const char *label; /* "Search: "; must outlive the prompt */
	char text[PROMPT_SIZE];
	size_t length;                  /* bytes */
	size_t cursor;                  /* byte offset, on a character's start */
	struct prompt_history *history; /* may be NULL */
	int history_at;                 /* -1: the text being written */
	char draft[PROMPT_SIZE];        /* that text, while history is shown */
	bool is_open;
};

enum prompt_result {
	PROMPT_IGNORED,   /* not a key for a prompt (resize, mouse) */
	PROMPT_MOVED,     /* the text is the same */
	PROMPT_CHANGED,   /* the text changed: search as you type */
	PROMPT_ACCEPTED,  /* Enter: text is final, remembered, closed */
	PROMPT_CANCELLED, /* Esc or Ctrl-C: closed, text is empty */
};

/* Starts editing, with the cursor behind the initial text (NULL: ""). */
void prompt_open(struct prompt *prompt, const char *label, struct prompt_history *history,
		 const char *initial);

/*
 * Edits: characters, Left Right Home End, Backspace Delete, Ctrl-A E U K W,
 * Up and Down through the history, Enter, Esc. Backspace in an empty text
 * cancels, as in vi and less.
 */
enum prompt_result prompt_key(struct prompt *prompt, uint32_t key);

/* Draws label and text in one line, scrolled so that the cursor shows. */
void prompt_draw(const struct prompt *prompt, struct canvas *canvas, int x, int y, int width);

#endif
