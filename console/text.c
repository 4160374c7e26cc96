/* SPDX-License-Identifier: MIT */
/* Plain text for the verbs. text.h has the law. */
#include "console/text.h"

#include <errno.h>
#include <langinfo.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "console/canvas.h"

#define GAP 2 /* columns between columns */
#define LINE_SIZE 4096
#define TEXT_COLUMNS 64

struct text_table {
	size_t columns;
	const char *const *titles;
	const bool *is_right;
	char **cells;
	size_t count;
	size_t room;
	int *widths; /* of columns; below 0: it is hidden */
	bool is_fitted;
};

void text_begin(struct text *text, FILE *file, bool is_ascii)
{
	struct winsize size;
	const char *term = getenv("TERM");

	memset(text, 0, sizeof(*text));
	text->file = file;
	text->is_ascii = is_ascii || strcmp(nl_langinfo(CODESET), "UTF-8") != 0;
	if (!isatty(fileno(file)))
		return;
	text->is_terminal = term && strcmp(term, "dumb") != 0;
	if (ioctl(fileno(file), TIOCGWINSZ, &size))
		return;
	text->width = size.ws_col;
	text->height = size.ws_row;
}

void text_redraw(const struct text *text)
{
	fputs("\033[H", text->file);
	for (int i = 0; i < text->height; i++)
		fputs(i ? "\r\n\033[2K" : "\033[2K", text->file);
	fputs("\033[H", text->file);
}

/* ---- Characters ---- */

/* What is shown of a character: itself, a mark, or its like in ASCII. */
static uint32_t code_shown(const struct text *text, uint32_t code)
{
	if (code_width(code) < 0)
		return text->is_ascii ? '?' : 0xfffd;
	if (!text->is_ascii || code < 0x7f)
		return code;
	if (code == 0xb5) /* micro */
		return 'u';
	return code_width(code) ? '?' : 0;
}

/* Writes at most width columns (0: all). Returns the columns written. */
static int put_words(const struct text *text, const char *words, int width)
{
	char bytes[4];
	uint32_t code;
	int used = 0, length;

	while ((code = utf8_next(&words))) {
		code = code_shown(text, code);
		if (!code)
			continue;
		if (width && used + code_width(code) > width)
			break;
		used += code_width(code);
		length = utf8_put(bytes, code);
		fwrite(bytes, 1, (size_t)length, text->file);
	}
	return used;
}

int text_columns(const struct text *text, const char *words)
{
	uint32_t code;
	int used = 0;

	while ((code = utf8_next(&words))) {
		code = code_shown(text, code);
		used += code ? code_width(code) : 0;
	}
	return used;
}

/* "file.c:12" and what comes after it: of a place the line is what tells it from others. */
static bool is_place(const char *words)
{
	const char *end = words + strcspn(words, " ");
	const char *at = end;

	while (at > words && at[-1] >= '0' && at[-1] <= '9')
		at--;
	return at > words + 1 && at < end && at[-1] == ':';
}

/* What of words, from their end, takes at most width columns. */
static const char *tail_of(const struct text *text, const char *words, int width)
{
	while (*words && text_columns(text, words) > width)
		utf8_next(&words);
	return words;
}

/* Writes at most width columns (0: all), with a mark where something is left out. */
static void put_cut(const struct text *text, const char *words, int width)
{
	const char *mark = text->is_ascii ? "~" : "\u2026";

	if (!width || text_columns(text, words) <= width) {
		put_words(text, words, width);
	} else if (is_place(words)) {
		fputs(mark, text->file);
		put_words(text, tail_of(text, words, width - 1), 0);
	} else {
		if (width > 1)
			put_words(text, words, width - 1);
		fputs(mark, text->file);
	}
}

static void put_spaces(const struct text *text, int count)
{
	for (int i = 0; i < count; i++)
		fputc(' ', text->file);
}

/* ---- Lines ---- */

void text_line(const struct text *text, const char *format, ...)
{
	char line[LINE_SIZE];
	va_list args;

	va_start(args, format);
	vsnprintf(line, sizeof(line), format, args);
	va_end(args);
	put_cut(text, line, text->width);
	fputc('\n', text->file);
}

void text_wrapped(const struct text *text, int indent, const char *words)
{
	int at = indent;
	bool is_first = true;

	put_spaces(text, indent);
	while (*words) {
		char word[LINE_SIZE];
		size_t length = strcspn(words, " ");

		snprintf(word, sizeof(word), "%.*s", (int)length, words);
		if (text->width && !is_first && at + 1 + text_columns(text, word) > text->width) {
			fputc('\n', text->file);
			put_spaces(text, indent);
			at = indent;
		} else if (!is_first) {
			fputc(' ', text->file);
			at++;
		}
		at += put_words(text, word, 0);
		is_first = false;
		words += length;
		words += *words == ' ';
	}
	fputc('\n', text->file);
}

/* ---- Tables ---- */

struct text_table *text_table_new(size_t columns, const char *const *titles, const bool *is_right)
{
	struct text_table *table = calloc(1, sizeof(*table));

	if (!table)
		return NULL;
	table->widths = calloc(columns ? columns : 1, sizeof(*table->widths));
	if (!table->widths) {
		free(table);
		return NULL;
	}
	table->columns = columns;
	table->titles = titles;
	table->is_right = is_right;
	return table;
}

void text_table_free(struct text_table *table)
{
	if (!table)
		return;
	for (size_t i = 0; i < table->count; i++)
		free(table->cells[i]);
	free(table->cells);
	free(table->widths);
	free(table);
}

int text_table_put(struct text_table *table, const char *words)
{
	if (table->count == table->room) {
		size_t room = table->room ? table->room * 2 : 256;
		char **cells = realloc(table->cells, room * sizeof(*cells));

		if (!cells)
			return -ENOMEM;
		table->cells = cells;
		table->room = room;
	}
	table->cells[table->count] = strdup(words);
	if (!table->cells[table->count])
		return -ENOMEM;
	table->count++;
	return 0;
}

static void widths_find(const struct text_table *table, const struct text *text)
{
	int *widths = table->widths;

	for (size_t c = 0; c < table->columns; c++)
		widths[c] = text_columns(text, table->titles[c]);
	for (size_t i = 0; i + table->columns <= table->count; i += table->columns)
		for (size_t c = 0; c < table->columns; c++) {
			int width = text_columns(text, table->cells[i + c]);

			if (width > widths[c])
				widths[c] = width;
		}
}

/* ---- Making it narrower ---- */

#define HIDDEN (-1)
#define WORDS_LEAST 16 /* of a column of words that others make room for */
#define LAST_LEAST 36  /* of the last one, which says most */
#define CUT_LEAST 8    /* when no other column can go */

static int width_least(const struct text_table *table, size_t column)
{
	int least = column + 1 == table->columns ? LAST_LEAST : WORDS_LEAST;
	int width = table->widths[column];

	return table->is_right[column] || width < least ? width : least;
}

/* Of all columns that are there, and what is between them. */
static int widths_sum(const struct text_table *table, bool is_least)
{
	int sum = 0;

	for (size_t c = 0; c < table->columns; c++)
		if (table->widths[c] != HIDDEN)
			sum += (sum ? GAP : 0) +
			       (is_least ? width_least(table, c) : table->widths[c]);
	return sum;
}

bool text_table_is_wide(const struct text_table *table, const struct text *text)
{
	widths_find(table, text);
	return text->width && widths_sum(table, false) > text->width;
}

/* The column with the highest rank that is there; false: all must stay. */
static bool column_spare(const struct text_table *table, const int *ranks, size_t *ret_column)
{
	int highest = 0;

	for (size_t c = 0; c < table->columns; c++) {
		if (table->widths[c] == HIDDEN || ranks[c] <= highest)
			continue;
		highest = ranks[c];
		*ret_column = c;
	}
	return highest > 0;
}

static void columns_hide(const struct text_table *table, int width, const int *ranks)
{
	size_t c, order[TEXT_COLUMNS] = { 0 };
	int were[TEXT_COLUMNS] = { 0 };
	size_t count = 0;

	while (widths_sum(table, true) > width && count < TEXT_COLUMNS &&
	       column_spare(table, ranks, &c)) {
		order[count] = c;
		were[count++] = table->widths[c];
		table->widths[c] = HIDDEN;
	}
	/* A wide one that went late may have made room for a narrow one that went before. */
	while (count-- > 0) {
		table->widths[order[count]] = were[count];
		if (widths_sum(table, true) > width)
			table->widths[order[count]] = HIDDEN;
	}
}

/* Takes what is over from the widest columns of words that are wider than least. */
static int words_cut(const struct text_table *table, int over, size_t columns, int least)
{
	for (; over > 0; over--) {
		size_t widest = columns;

		for (size_t c = 0; c < columns; c++)
			if (!table->is_right[c] && table->widths[c] > least &&
			    (widest == columns || table->widths[c] > table->widths[widest]))
				widest = c;
		if (widest == columns)
			break;
		table->widths[widest]--;
	}
	return over;
}

/* Numbers are never cut: half of one is another one. */
static void columns_cut(const struct text_table *table, int width)
{
	int over = widths_sum(table, false) - width;

	over = words_cut(table, over, table->columns - 1, WORDS_LEAST);
	over = words_cut(table, over, table->columns, LAST_LEAST);
	over = words_cut(table, over, table->columns - 1, CUT_LEAST);
	words_cut(table, over, table->columns, CUT_LEAST);
}

void text_table_fit(struct text_table *table, const struct text *text, const int *ranks,
		    char *hidden, size_t size)
{
	size_t at = 0;

	widths_find(table, text);
	columns_hide(table, text->width, ranks);
	columns_cut(table, text->width);
	table->is_fitted = true;
	hidden[0] = '\0';
	for (size_t c = 0; c < table->columns && at < size; c++)
		if (table->widths[c] == HIDDEN)
			at += (size_t)snprintf(hidden + at, size - at, "%s%s", at ? ", " : "",
					       table->titles[c]);
}

/* ---- Printing it ---- */

/* Nothing is printed behind the last cell that has something: no spaces at the end. */
static size_t columns_used(const struct text_table *table, const char *const *cells)
{
	size_t columns = table->columns;

	while (columns && (!cells[columns - 1][0] || table->widths[columns - 1] == HIDDEN))
		columns--;
	return columns;
}

static void cells_print(const struct text_table *table, const struct text *text,
			const char *const *cells)
{
	size_t columns = columns_used(table, cells);
	int at = 0;

	for (size_t c = 0; c < columns; c++) {
		int width = table->widths[c], room = text->width - at, pad;

		if (width == HIDDEN)
			continue;
		if (text->width && room <= 0)
			break;
		pad = width - text_columns(text, cells[c]);
		if (pad < 0)
			pad = 0;
		if (table->is_right[c])
			put_spaces(text, text->width && pad > room ? room : pad);
		if (text->width && table->is_right[c])
			room -= pad;
		if (!text->width || room > 0)
			put_cut(text, cells[c], !text->width || width < room ? width : room);
		at += width + GAP;
		if (c + 1 == columns || (text->width && at >= text->width))
			break;
		put_spaces(text, (table->is_right[c] ? 0 : pad) + GAP);
	}
	fputc('\n', text->file);
}

void text_table_print(const struct text_table *table, const struct text *text)
{
	if (!table->is_fitted)
		widths_find(table, text);
	if (text->is_terminal)
		fputs("\033[1m", text->file);
	cells_print(table, text, table->titles);
	if (text->is_terminal)
		fputs("\033[m", text->file);
	for (size_t i = 0; i + table->columns <= table->count; i += table->columns)
		cells_print(table, text, (const char *const *)&table->cells[i]);
}
