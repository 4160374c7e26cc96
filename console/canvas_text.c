/* SPDX-License-Identifier: MIT */
/*
 * A canvas as plain text: for tests, and for output that is no terminal.
 *
 * The law of the file: what is written is what is in the cells, without
 * colours, trailing spaces and trailing empty lines.
 */
#include "console/canvas.h"

#include <stdlib.h>

/* Columns of a line up to its last character that is not a space. */
static int used_width(const struct canvas *canvas, int y)
{
	int width = canvas->width;

	while (width > 0 && canvas_cell(canvas, width - 1, y)->code == ' ')
		width--;
	return width;
}

static int used_height(const struct canvas *canvas)
{
	int height = canvas->height;

	while (height > 0 && used_width(canvas, height - 1) == 0)
		height--;
	return height;
}

static void write_line(const struct canvas *canvas, int y, FILE *file)
{
	int width = used_width(canvas, y);
	int x;

	for (x = 0; x < width; x++) {
		uint32_t code = canvas_cell(canvas, x, y)->code;
		char buf[4];
		int size;

		if (code == CELL_RIGHT_HALF)
			continue;
		size = utf8_put(buf, code);
		fwrite(buf, 1, (size_t)size, file);
	}
	fputc('\n', file);
}

int canvas_write_text(const struct canvas *canvas, FILE *file)
{
	int height = used_height(canvas);
	int y;

	for (y = 0; y < height; y++)
		write_line(canvas, y, file);
	return ferror(file) ? -1 : 0;
}

char *canvas_to_text(const struct canvas *canvas)
{
	char *text = NULL;
	size_t size = 0;
	FILE *file = open_memstream(&text, &size);
	int result;

	if (!file)
		return NULL;
	result = canvas_write_text(canvas, file);
	if (fclose(file) != 0 || result < 0) {
		free(text);
		return NULL;
	}
	return text;
}
