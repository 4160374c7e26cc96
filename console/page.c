/* SPDX-License-Identifier: MIT */
/* Pages: a canvas of many lines, of which some are shown. Its law is in page.h. */
#include "console/page.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define LABEL 13       /* columns of a field's label */
#define FIELD_WIDTH 44 /* columns a field should have */
#define GAP 2

int page_begin(struct page *page, int width, bool is_ascii)
{
	if (!page->canvas.cells) {
		if (canvas_init(&page->canvas, width, PAGE_LINES, is_ascii) < 0)
			return -1;
	} else if (page->canvas.width != width) {
		if (canvas_resize(&page->canvas, width, PAGE_LINES) < 0)
			return -1;
	} else {
		canvas_clear(&page->canvas);
	}
	page->canvas.is_ascii = is_ascii;
	page->width = width;
	page->y = 0;
	page->field_count = 0;
	return 0;
}

void page_fini(struct page *page)
{
	if (page->canvas.cells)
		canvas_fini(&page->canvas);
	memset(page, 0, sizeof(*page));
}

void page_scroll(struct page *page, int lines)
{
	page->top += lines;
	if (page->top < 0)
		page->top = 0;
}

static void copy_line(const struct page *page, struct canvas *canvas, int x, int y, int width,
		      int line)
{
	int room = canvas->width - x < width ? canvas->width - x : width;

	if (room > page->canvas.width)
		room = page->canvas.width;
	if (y < 0 || y >= canvas->height || room < 1)
		return;
	memcpy(&canvas->cells[y * canvas->width + x],
	       &page->canvas.cells[line * page->canvas.width],
	       (size_t)room * sizeof(*canvas->cells));
}

void page_show(struct page *page, struct canvas *canvas, int x, int y, int width, int height)
{
	int lines = page->y < PAGE_LINES ? page->y : PAGE_LINES;
	int last = lines > height ? lines - height : 0;
	int i;

	if (!page->canvas.cells || height < 1)
		return;
	page->height = height;
	if (page->top > last)
		page->top = last;
	for (i = 0; i < height && page->top + i < lines; i++)
		copy_line(page, canvas, x, y + i, width, page->top + i);
	if (page->top > 0)
		canvas_put_glyph(canvas, x + width - 1, y, ROLE_WARN, GLYPH_MORE_UP);
	if (page->top < last)
		canvas_put_glyph(canvas, x + width - 1, y + height - 1, ROLE_WARN, GLYPH_MORE_DOWN);
}

void page_title(struct page *page, const char *title)
{
	int used;

	if (page->y > 0)
		page->y++;
	used = canvas_put_clipped(&page->canvas, 1, page->y, page->width - 2, ROLE_TITLE, title);
	canvas_hline(&page->canvas, used + 2, page->y, page->width - used - 3, ROLE_AXIS);
	page->y++;
}

size_t wrap_line(const char *text, int width)
{
	const char *at = text;
	size_t space = 0;
	int used = 0;

	while (*at) {
		const char *start = at;
		uint32_t code = utf8_next(&at);
		int columns = code_width(code);

		used += columns < 0 ? 1 : columns;
		if (code == ' ' && used <= width + 1)
			space = (size_t)(start - text);
		if (used > width)
			return space > 0 ? space :
					   (size_t)(start > text ? start - text : at - text);
	}
	return (size_t)(at - text);
}

int page_text(struct page *page, int x, enum role role, const char *text)
{
	int width = page->width - x - 1;
	int lines = 0;

	if (width < 1)
		return 0;
	while (*text) {
		char line[1024];
		size_t bytes = wrap_line(text, width);

		snprintf(line, sizeof(line), "%.*s", (int)bytes, text);
		canvas_put_text(&page->canvas, x, page->y++, width, role, line);
		lines++;
		text += bytes;
		while (*text == ' ')
			text++;
	}
	return lines;
}

void page_field(struct page *page, const char *label, enum role role, const char *format, ...)
{
	struct page_field *field = &page->fields[page->field_count];
	va_list args;

	if (page->field_count == PAGE_FIELDS)
		return;
	va_start(args, format);
	vsnprintf(field->text, sizeof(field->text), format, args);
	va_end(args);
	field->label = label;
	field->role = role;
	if (field->text[0])
		page->field_count++;
}

static void put_field(struct page *page, const struct page_field *field, int x, int y, int width)
{
	canvas_put_clipped(&page->canvas, x, y, LABEL, ROLE_DIM, field->label);
	canvas_put_clipped(&page->canvas, x + LABEL, y, width - LABEL - GAP, field->role,
			   field->text);
}

void page_fields(struct page *page)
{
	int columns = (page->width - 1) / FIELD_WIDTH;
	int width;
	int rows;
	int i;

	if (columns < 1)
		columns = 1;
	width = (page->width - 1) / columns;
	rows = (page->field_count + columns - 1) / columns;
	for (i = 0; i < page->field_count; i++)
		put_field(page, &page->fields[i], 1 + i / rows * width, page->y + i % rows, width);
	page->y += rows;
	page->field_count = 0;
}
