/* SPDX-License-Identifier: MIT */
/*
 * Plain text for the verbs: lines, and tables whose columns line up.
 *
 * The law: what a program wrote into its board cannot reach the terminal as
 * anything but characters that show. Without a terminal no escape code is ever
 * written and nothing is cut; on one, a line is cut to its width, with a mark, and what
 * is left out of a table is said.
 */
#ifndef CONSOLE_TEXT_H
#define CONSOLE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

/* Where text goes. */
struct text {
	FILE *file;
	int width;        /* lines are cut to it; 0: not at all */
	int height;       /* lines in sight at once; 0: not known, or no terminal */
	bool is_terminal; /* then heads may be bold */
	bool is_ascii;
};

/* What a stream can show. is_ascii when asked for, or the locale is not UTF-8. */
void text_begin(struct text *text, FILE *file, bool is_ascii);

/* Writes one line and its newline. A newline within is no line's end. */
void text_line(const struct text *text, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* The same, its start indented by columns, wrapped at the width instead of cut. */
void text_wrapped(const struct text *text, int indent, const char *words);

/*
 * What is printed next stands in the place of what is in sight. Erased line by
 * line: many terminals keep a screen that is cleared whole for scrolling back, and
 * it would be there once for each time.
 */
void text_redraw(const struct text *text);

/* Columns a text will take. */
int text_columns(const struct text *text, const char *words);

/* ---- Tables: cells are collected, then printed all at once ---- */

struct text_table;

/* titles and is_right outlive the table; the last column is never padded. NULL without memory. */
struct text_table *text_table_new(size_t columns, const char *const *titles, const bool *is_right);
void text_table_free(struct text_table *table);

/* Adds the next cell, left to right, row by row. Returns 0 or -ENOMEM. */
int text_table_put(struct text_table *table, const char *words);

/* Whether it is wider than the terminal. */
bool text_table_is_wide(const struct text_table *table, const struct text *text);

/*
 * Makes it as wide as the terminal is: goes without columns, the highest rank first and
 * those of 0 never, and cuts words, the longest first. hidden gets the heads of what is
 * left out: "AGE, IDLE"; titles may have changed since the table was made.
 */
void text_table_fit(struct text_table *table, const struct text *text, const int *ranks,
		    char *hidden, size_t size);
void text_table_print(const struct text_table *table, const struct text *text);

#endif
