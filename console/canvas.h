/* SPDX-License-Identifier: MIT */
/*
 * A canvas is a grid of character cells: what every view draws on, and what
 * becomes a terminal screen, a text file or an SVG picture.
 *
 * The law of the file: a canvas is safe to show. Whatever bytes are put on
 * it, its cells hold printable characters only: control characters, escape
 * bytes, invalid UTF-8 and text-direction overrides become a replacement
 * mark. Nothing outside the grid is ever written; drawing there is legal and
 * does nothing. No call but init and resize allocates or fails.
 *
 * Colours are roles. A view says what a text means; one table in canvas.c
 * says what that looks like with 256 colours, with 16 and with none.
 *
 * Coordinates are columns and lines from the top left corner, from 0.
 */
#ifndef CONSOLE_CANVAS_H
#define CONSOLE_CANVAS_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

enum role {
	ROLE_TEXT,          /* what the terminal has anyway */
	ROLE_STRONG,        /* bold text */
	ROLE_DIM,           /* units, zeros, punctuation */
	ROLE_TITLE,         /* name of a view or a box */
	ROLE_HEADER,        /* head of a table */
	ROLE_HEADER_SORTED, /* the head of the column it is sorted by */
	ROLE_SELECTED,      /* the row under the cursor (canvas_highlight) */
	ROLE_TAGGED,        /* a tagged row */
	ROLE_MATCH,         /* what a search found */
	ROLE_RUNNING,       /* being polled now */
	ROLE_SCHEDULED,     /* woken, waiting for a worker */
	ROLE_IDLE,          /* waiting for something */
	ROLE_DONE,          /* ended */
	ROLE_WARN,
	ROLE_ERROR,
	ROLE_GOOD,
	ROLE_KEY,       /* a key in the foot line or the help */
	ROLE_KEY_LABEL, /* what it does */
	ROLE_BAR,
	ROLE_BAR_WARM,
	ROLE_BAR_HOT,
	ROLE_AXIS, /* axes, box lines, tree lines */
	ROLE_NS,   /* durations by magnitude, fast to slow */
	ROLE_US,
	ROLE_MS,
	ROLE_S,
	ROLE_MIN,
	ROLE_NAME,  /* a name the program gave */
	ROLE_PLACE, /* file:line */
	ROLE_NUMBER,
	ROLE_PROMPT,
	ROLE_COUNT
};

/*
 * Signs that exist twice: as Unicode and as ASCII. Text that contains the
 * Unicode form of a glyph turns into the ASCII form by itself on an ASCII
 * canvas, so views may write "\u25cf" in a string and need not ask.
 */
enum glyph {
	GLYPH_BAR_1, /* eighths of a cell, growing upwards */
	GLYPH_BAR_2,
	GLYPH_BAR_3,
	GLYPH_BAR_4,
	GLYPH_BAR_5,
	GLYPH_BAR_6,
	GLYPH_BAR_7,
	GLYPH_BAR_8,
	GLYPH_LEFT_1, /* and to the right */
	GLYPH_LEFT_2,
	GLYPH_LEFT_3,
	GLYPH_LEFT_4,
	GLYPH_LEFT_5,
	GLYPH_LEFT_6,
	GLYPH_LEFT_7,
	GLYPH_LEFT_8,
	GLYPH_SHADE_DENSE, /* whole cells of a stacked bar, told apart without colours */
	GLYPH_SHADE_LIGHT,
	GLYPH_RUNNING,
	GLYPH_SCHEDULED,
	GLYPH_IDLE,
	GLYPH_DONE,
	GLYPH_FAILED,
	GLYPH_WARN,
	GLYPH_SORT_DOWN, /* biggest first */
	GLYPH_SORT_UP,
	GLYPH_MORE_UP, /* the cursor is above what is shown */
	GLYPH_MORE_DOWN,
	GLYPH_CURSOR,
	GLYPH_TAG,
	GLYPH_TREE_BRANCH, /* |- */
	GLYPH_TREE_LAST,   /* `- */
	GLYPH_TREE_PASS,   /* |  */
	GLYPH_HLINE,
	GLYPH_VLINE,
	GLYPH_VLINE_THIN, /* a guide inside a plot */
	GLYPH_CORNER_TL,
	GLYPH_CORNER_TR,
	GLYPH_CORNER_BL,
	GLYPH_CORNER_BR,
	GLYPH_TICK, /* on an axis */
	GLYPH_MARK, /* a percentile on an axis */
	GLYPH_ELLIPSIS,
	GLYPH_ARROW, /* a waits for b */
	GLYPH_BULLET,
	GLYPH_PAUSED,
	GLYPH_TRACK,       /* of a trace: what has been played */
	GLYPH_REPLACEMENT, /* instead of what must not be shown */
	GLYPH_COUNT
};

enum cell_attrs {
	ATTR_BOLD = 1,
	ATTR_DIM = 2,
	ATTR_REVERSE = 4,
	ATTR_UNDERLINE = 8,
};

enum color_depth { COLORS_NONE, COLORS_16, COLORS_256 };

#define CELL_RIGHT_HALF 0 /* code of the cell right of a wide character */

struct cell {
	uint32_t code; /* Unicode code point, or CELL_RIGHT_HALF */
	uint8_t role;
	uint8_t back;  /* role that gives the background; ROLE_TEXT: none */
	uint8_t attrs; /* beyond those of the roles */
};

/* What a role looks like. Colours are palette indices, -1 is the default. */
struct style {
	int16_t fg;
	int16_t bg;
	uint8_t attrs;
};

struct canvas {
	int width;
	int height;
	bool is_ascii;
	int cursor_x; /* where the terminal's cursor blinks; -1: hidden */
	int cursor_y;
	struct cell *cells; /* width * height, line by line */
};

/* Sizes below 1 count as 1. Returns 0, or -1 without memory. */
int canvas_init(struct canvas *canvas, int width, int height, bool is_ascii);
void canvas_fini(struct canvas *canvas);

/* Changes the size and clears. On -1 (no memory) the canvas is as before. */
int canvas_resize(struct canvas *canvas, int width, int height);
void canvas_clear(struct canvas *canvas);

/*
 * Puts UTF-8 text at (x, y), at most max_width columns of it and never past
 * the right edge; max_width < 0 means up to the edge. A newline is a control
 * character like others: it shows as a mark, there is one line. NULL is "".
 *
 * canvas_put_text cuts what does not fit; canvas_put_clipped ends it with an
 * ellipsis instead. Both return the columns used.
 */
int canvas_put_text(struct canvas *canvas, int x, int y, int max_width, enum role role,
		    const char *text);
int canvas_put_clipped(struct canvas *canvas, int x, int y, int max_width, enum role role,
		       const char *text);

/* canvas_put_text of a formatted text (up to 1023 bytes of it). */
int canvas_printf(struct canvas *canvas, int x, int y, int max_width, enum role role,
		  const char *format, ...) __attribute__((format(printf, 6, 7)));

/* One character or one glyph. Both return the columns used, 0 to 2. */
int canvas_put_code(struct canvas *canvas, int x, int y, enum role role, uint32_t code);
int canvas_put_glyph(struct canvas *canvas, int x, int y, enum role role, enum glyph glyph);

/* Fills a rectangle with spaces of the role (and its background). */
void canvas_fill(struct canvas *canvas, int x, int y, int width, int height, enum role role);
void canvas_hline(struct canvas *canvas, int x, int y, int width, enum role role);
void canvas_vline(struct canvas *canvas, int x, int y, int height, enum role role);

/* A frame with a title in its upper line; NULL: no title. */
void canvas_box(struct canvas *canvas, int x, int y, int width, int height, const char *title);

/* Puts a role's background and attributes under cells drawn already. */
void canvas_highlight(struct canvas *canvas, int x, int y, int width, enum role role);

/* Adds attributes to cells drawn already. */
void canvas_add_attrs(struct canvas *canvas, int x, int y, int width, unsigned attrs);

/* The cell at (x, y), or NULL outside. */
const struct cell *canvas_cell(const struct canvas *canvas, int x, int y);

/* The look of a role, and of a cell, for a number of colours. */
struct style role_style(enum role role, enum color_depth depth);
struct style cell_style(const struct cell *cell, enum color_depth depth);

/* A glyph as UTF-8 text (one column wide), and as a code point. */
const char *glyph_text(enum glyph glyph, bool is_ascii);
uint32_t glyph_code(enum glyph glyph, bool is_ascii);

/* Columns a text takes, marks for what must not be shown included. */
int text_width(const char *text);

/*
 * The next code point of *text, which is moved past it. Invalid bytes give
 * U+FFFD one by one. Returns 0 at the end, without moving.
 */
uint32_t utf8_next(const char **text);

/* Writes a code point, at most 4 bytes and no NUL. Returns the bytes. */
int utf8_put(char buf[4], uint32_t code);

/*
 * Columns of a code point: 0 (combining), 1 or 2, and -1 for what a canvas
 * does not show (controls, direction overrides, surrogates, private use).
 */
int code_width(uint32_t code);

/*
 * The canvas as plain UTF-8 text, trailing spaces and trailing empty lines
 * removed (canvas_text.c). The caller frees it; NULL without memory.
 */
char *canvas_to_text(const struct canvas *canvas);

/* The same into a file. Returns 0, or -1 when writing failed. */
int canvas_write_text(const struct canvas *canvas, FILE *file);

/*
 * The canvas as one self-contained SVG picture of a terminal window, with
 * the title in its bar (canvas_svg.c). Returns 0, or -1 when writing failed.
 */
int canvas_write_svg(const struct canvas *canvas, FILE *file, const char *title);

#endif
