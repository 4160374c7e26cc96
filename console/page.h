/* SPDX-License-Identifier: MIT */
/*
 * A page is a text with boxes, taller than the screen if need be: what the
 * details of a task, a lock or a chain are written on. Of its lines the screen
 * shows those from top on.
 *
 * The law of the file: it knows no model. Whoever writes a page writes all of it
 * each time, from the first line down, and never asks what is in sight.
 */
#ifndef CONSOLE_PAGE_H
#define CONSOLE_PAGE_H

#include "console/canvas.h"

#define PAGE_LINES 400 /* what is written beyond is lost */
#define PAGE_FIELDS 24
#define PAGE_FIELD_TEXT 256
#define PAGE_WIDE 96 /* from this width on two boxes stand side by side */

/* "spawned  conn.c:120 conn_open" */
struct page_field {
	const char *label;
	enum role role;
	char text[PAGE_FIELD_TEXT];
};

struct page {
	struct canvas canvas;
	int width;  /* of the text; the canvas may be wider */
	int y;      /* the line written next */
	int top;    /* the first line in sight */
	int height; /* lines in sight when it was last shown */
	struct page_field fields[PAGE_FIELDS];
	int field_count;
};

/* All zero is a page too; begin makes it. Returns 0, or -1 without memory. */
int page_begin(struct page *page, int width, bool is_ascii);
void page_fini(struct page *page);

/* Shows the lines from top on; moves top if the page has become shorter. */
void page_show(struct page *page, struct canvas *canvas, int x, int y, int width, int height);

/* Moves what is in sight; top stays inside of the page when it is next shown. */
void page_scroll(struct page *page, int lines);

/* A title with a line behind it, across the page, after an empty line. */
void page_title(struct page *page, const char *title);

/* Text broken at spaces, indented by x; the pen goes below it. Returns its lines. */
int page_text(struct page *page, int x, enum role role, const char *text);

/*
 * Fields are collected, then laid out in as many columns as fit, the first ones
 * on the left. An empty text is not collected.
 */
void page_field(struct page *page, const char *label, enum role role, const char *format, ...)
	__attribute__((format(printf, 4, 5)));
void page_fields(struct page *page);

/* Breaks text at spaces into lines of width columns. Returns the bytes of the first one. */
size_t wrap_line(const char *text, int width);

#endif
