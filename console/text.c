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

struct text_table {
	size_t columns;
	const char *const *titles;
	const bool *is_right;
	char **cells;
	size_t count;
	size_t room;
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
	put_words(text, line, text->width);
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

static void widths_find(const struct text_table *table, const struct text *text, int *widths)
{
	for (size_t c = 0; c < table->columns; c++)
		widths[c] = text_columns(text, table->titles[c]);
	for (size_t i = 0; i < table->count; i++) {
		int width = text_columns(text, table->cells[i]);

		if (width > widths[i % table->columns])
			widths[i % table->columns] = width;
	}
}

/* Nothing is printed behind the last cell that has something: no spaces at the end. */
static size_t columns_used(const struct text_table *table, const char *const *cells)
{
	size_t columns = table->columns;

	while (columns && !cells[columns - 1][0])
		columns--;
	return columns;
}

static void cells_print(const struct text_table *table, const struct text *text,
			const char *const *cells, const int *widths)
{
	size_t columns = columns_used(table, cells);
	int at = 0;

	for (size_t c = 0; c < columns; c++) {
		bool is_last = c + 1 == columns;
		int pad = widths[c] - text_columns(text, cells[c]);
		int room = text->width - at;

		if (text->width && room <= 0)
			break;
		if (table->is_right[c])
			put_spaces(text, text->width && pad > room ? room : pad);
		if (text->width && table->is_right[c])
			room -= pad;
		if (!text->width || room > 0)
			put_words(text, cells[c], text->width ? room : 0);
		at += widths[c] + GAP;
		if (is_last || (text->width && at >= text->width))
			break;
		put_spaces(text, (table->is_right[c] ? 0 : pad) + GAP);
	}
	fputc('\n', text->file);
}

void text_table_print(const struct text_table *table, const struct text *text)
{
	int *widths = calloc(table->columns, sizeof(*widths));

	if (!widths)
		return;
	widths_find(table, text, widths);
	if (text->is_terminal)
		fputs("\033[1m", text->file);
	cells_print(table, text, table->titles, widths);
	if (text->is_terminal)
		fputs("\033[m", text->file);
	for (size_t i = 0; i + table->columns <= table->count; i += table->columns)
		cells_print(table, text, (const char *const *)&table->cells[i], widths);
	free(widths);
}
