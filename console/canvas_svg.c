/* SPDX-License-Identifier: MIT */
/*
 * A canvas as a picture of a terminal window.
 *
 * The law of the file: the picture needs nothing else, no font, script or
 * style sheet of another place, and no font can break its alignment: every
 * run of text carries the width it must have, and blocks and lines, which
 * fonts draw with gaps, are rectangles.
 */
#include "console/canvas.h"

#include "console/xml.h"

#define CELL_WIDTH 8.4
#define CELL_HEIGHT 18
#define FONT_SIZE 14
#define BASELINE 13.5
#define PADDING 14
#define BAR_HEIGHT 34

#define BACK_COLOR 0x16181d
#define BAR_COLOR 0x22252c
#define EDGE_COLOR 0x3a3f4a
#define TEXT_COLOR 0xd4d7dd
#define TITLE_COLOR 0x9aa0ab

/* The first 16 differ from terminal to terminal; these are xterm-like. */
static const uint32_t ansi[16] = {
	0x000000, 0xcd5555, 0x5faf5f, 0xd7af5f, 0x5f87d7, 0xaf87d7, 0x5fafaf, 0xc6c8cc,
	0x767a84, 0xff6b6b, 0x87d787, 0xffd787, 0x87afff, 0xd7afff, 0x87d7d7, 0xffffff,
};

/* The colour of a palette index, as xterm defines indices above 15. */
static uint32_t palette(int index)
{
	static const uint32_t steps[6] = { 0, 95, 135, 175, 215, 255 };
	uint32_t level;

	if (index < 16)
		return ansi[index];
	if (index >= 232) {
		level = (uint32_t)(index - 232) * 10 + 8;
		return level << 16 | level << 8 | level;
	}
	index -= 16;
	return steps[index / 36] << 16 | steps[index / 6 % 6] << 8 | steps[index % 6];
}

/* Halfway to the background. */
static uint32_t dimmed(uint32_t color)
{
	return ((color & 0xfefefe) >> 1) + ((BACK_COLOR & 0xfefefe) >> 1);
}

/* What a cell looks like once all is said: colours and weight. */
struct look {
	uint32_t fg;
	uint32_t bg;
	bool is_bold;
	bool is_underlined;
};

static struct look look_of(const struct cell *cell)
{
	struct style style = cell_style(cell, COLORS_256);
	struct look look = {
		.fg = style.fg < 0 ? TEXT_COLOR : palette(style.fg),
		.bg = style.bg < 0 ? BACK_COLOR : palette(style.bg),
		.is_bold = style.attrs & ATTR_BOLD,
		.is_underlined = style.attrs & ATTR_UNDERLINE,
	};

	if (style.attrs & ATTR_DIM)
		look.fg = dimmed(look.fg);
	if (style.attrs & ATTR_REVERSE) {
		uint32_t fg = look.fg;

		look.fg = look.bg;
		look.bg = fg;
	}
	return look;
}

static bool is_same_look(struct look a, struct look b)
{
	return a.fg == b.fg && a.bg == b.bg && a.is_bold == b.is_bold &&
	       a.is_underlined == b.is_underlined;
}

static double left_of(int x)
{
	return PADDING + x * CELL_WIDTH;
}

static int top_of(int y)
{
	return BAR_HEIGHT + PADDING / 2 + y * CELL_HEIGHT;
}

static void write_code(FILE *file, uint32_t code)
{
	/* Spaces in a row would be joined into one. */
	xml_code(file, code == ' ' ? 0xa0 : code);
}

static void write_rect(FILE *file, double x, double y, double width, double height, uint32_t color)
{
	fprintf(file,
		"<rect x=\"%.2f\" y=\"%.2f\" width=\"%.2f\" "
		"height=\"%.2f\" fill=\"#%06x\" shape-rendering=\"crispEdges\"/>\n",
		x, y, width, height, (unsigned)color);
}

/* Backgrounds of a line, one rectangle for cells of the same colour. */
static void write_backs(const struct canvas *canvas, int y, FILE *file)
{
	int x = 0;

	while (x < canvas->width) {
		uint32_t bg = look_of(canvas_cell(canvas, x, y)).bg;
		int first = x;

		while (x < canvas->width && look_of(canvas_cell(canvas, x, y)).bg == bg)
			x++;
		if (bg != BACK_COLOR)
			write_rect(file, left_of(first), top_of(y), (x - first) * CELL_WIDTH,
				   CELL_HEIGHT, bg);
	}
}

/* Draws a block character as a rectangle. Returns false for others. */
static bool write_block(FILE *file, int x, int y, uint32_t code, uint32_t color)
{
	double part;

	if (code >= 0x2581 && code <= 0x2588) {
		part = (double)(code - 0x2580) / 8.0 * CELL_HEIGHT;
		write_rect(file, left_of(x), top_of(y) + CELL_HEIGHT - part, CELL_WIDTH, part,
			   color);
		return true;
	}
	if (code >= 0x2589 && code <= 0x258f) {
		part = (double)(0x2590 - code) / 8.0 * CELL_WIDTH;
		write_rect(file, left_of(x), top_of(y), part, CELL_HEIGHT, color);
		return true;
	}
	return false;
}

enum arms { ARM_LEFT = 1, ARM_RIGHT = 2, ARM_UP = 4, ARM_DOWN = 8 };

/* The lines from a cell's middle that a box character is made of. */
static unsigned arms_of(uint32_t code)
{
	switch (code) {
	case 0x2500:
		return ARM_LEFT | ARM_RIGHT;
	case 0x2502:
		return ARM_UP | ARM_DOWN;
	case 0x251c:
		return ARM_UP | ARM_DOWN | ARM_RIGHT;
	case 0x2514:
	case 0x2570:
		return ARM_UP | ARM_RIGHT;
	case 0x256d:
		return ARM_DOWN | ARM_RIGHT;
	case 0x256e:
		return ARM_DOWN | ARM_LEFT;
	case 0x256f:
		return ARM_UP | ARM_LEFT;
	case 0x2534:
		return ARM_LEFT | ARM_RIGHT | ARM_UP;
	default:
		return 0;
	}
}

/* Draws a line character as rectangles. Returns false for others. */
static bool write_lines(FILE *file, int x, int y, uint32_t code, uint32_t color)
{
	unsigned arms = arms_of(code);
	double middle_x = left_of(x) + CELL_WIDTH / 2;
	double middle_y = top_of(y) + CELL_HEIGHT / 2.0;

	if (arms & ARM_LEFT)
		write_rect(file, left_of(x), middle_y - 0.5, CELL_WIDTH / 2 + 0.5, 1, color);
	if (arms & ARM_RIGHT)
		write_rect(file, middle_x - 0.5, middle_y - 0.5, CELL_WIDTH / 2 + 0.5, 1, color);
	if (arms & ARM_UP)
		write_rect(file, middle_x - 0.5, top_of(y), 1, CELL_HEIGHT / 2.0, color);
	if (arms & ARM_DOWN)
		write_rect(file, middle_x - 0.5, middle_y, 1, CELL_HEIGHT / 2.0, color);
	return arms != 0;
}

/* Text that a font may draw too wide or too narrow stands alone. */
static bool stands_alone(uint32_t code)
{
	return code >= 0x7f;
}

static void open_text(FILE *file, int x, int y, int columns, struct look look)
{
	fprintf(file,
		"<text x=\"%.2f\" y=\"%.1f\" fill=\"#%06x\" "
		"textLength=\"%.2f\" lengthAdjust=\"spacingAndGlyphs\"%s%s>",
		left_of(x), top_of(y) + BASELINE, (unsigned)look.fg, columns * CELL_WIDTH,
		look.is_bold ? " font-weight=\"bold\"" : "",
		look.is_underlined ? " text-decoration=\"underline\"" : "");
}

static uint32_t code_at(const struct canvas *canvas, int x, int y)
{
	const struct cell *cell = canvas_cell(canvas, x, y);

	return cell ? cell->code : ' ';
}

/* The end of the run of plain characters of one look that starts at x. */
static int run_end(const struct canvas *canvas, int x, int y)
{
	struct look look = look_of(canvas_cell(canvas, x, y));
	int end = x;
	int at;

	for (at = x; at < canvas->width; at++) {
		uint32_t code = code_at(canvas, at, y);

		if (stands_alone(code) || code == CELL_RIGHT_HALF ||
		    !is_same_look(look, look_of(canvas_cell(canvas, at, y))))
			break;
		/* Two spaces end it: columns of a table stay in place. */
		if (code == ' ' && !look.is_underlined && code_at(canvas, at + 1, y) == ' ')
			break;
		if (code != ' ')
			end = at + 1;
	}
	return end > x ? end : x + 1;
}

static void write_line(const struct canvas *canvas, int y, FILE *file)
{
	int x = 0;

	while (x < canvas->width) {
		uint32_t code = code_at(canvas, x, y);
		struct look look = look_of(canvas_cell(canvas, x, y));
		int end = x + 1;
		int i;

		if (code == CELL_RIGHT_HALF || (code == ' ' && !look.is_underlined) ||
		    write_block(file, x, y, code, look.fg) ||
		    write_lines(file, x, y, code, look.fg)) {
			x++;
			continue;
		}
		if (!stands_alone(code))
			end = run_end(canvas, x, y);
		else if (code_at(canvas, x + 1, y) == CELL_RIGHT_HALF)
			end = x + 2;
		open_text(file, x, y, end - x, look);
		for (i = x; i < end; i++)
			if (code_at(canvas, i, y) != CELL_RIGHT_HALF)
				write_code(file, code_at(canvas, i, y));
		fputs("</text>\n", file);
		x = end;
	}
}

static void write_frame(double width, int height, FILE *file, const char *title)
{
	static const uint32_t lights[] = { 0xec6a5e, 0xf4bf4f, 0x61c554 };
	const char *at = title ? title : "";
	uint32_t code;
	int i;

	fprintf(file,
		"<svg xmlns=\"http://www.w3.org/2000/svg\" "
		"width=\"%.0f\" height=\"%d\" viewBox=\"0 0 %.0f %d\">\n",
		width, height, width, height);
	fprintf(file,
		"<rect x=\"0.5\" y=\"0.5\" width=\"%.0f\" height=\"%d\" "
		"rx=\"9\" fill=\"#%06x\" stroke=\"#%06x\"/>\n",
		width - 1, height - 1, BACK_COLOR, EDGE_COLOR);
	fprintf(file,
		"<path d=\"M1 %d V9.5 a8.5 8.5 0 0 1 8.5 -8.5 H%.1f "
		"a8.5 8.5 0 0 1 8.5 8.5 V%d Z\" fill=\"#%06x\"/>\n",
		BAR_HEIGHT - 4, width - 9.5, BAR_HEIGHT - 4, BAR_COLOR);
	for (i = 0; i < 3; i++)
		fprintf(file,
			"<circle cx=\"%d\" cy=\"15.5\" r=\"5.5\" "
			"fill=\"#%06x\"/>\n",
			18 + 19 * i, (unsigned)lights[i]);
	fprintf(file,
		"<text x=\"%.1f\" y=\"20\" fill=\"#%06x\" "
		"font-family=\"system-ui,sans-serif\" font-size=\"13\" "
		"text-anchor=\"middle\">",
		width / 2, TITLE_COLOR);
	while ((code = utf8_next(&at)) != 0)
		write_code(file, code);
	fputs("</text>\n", file);
	fprintf(file,
		"<g font-family=\"'DejaVu Sans Mono',Menlo,Consolas,"
		"'Liberation Mono',monospace\" font-size=\"%d\">\n",
		FONT_SIZE);
}

int canvas_write_svg(const struct canvas *canvas, FILE *file, const char *title)
{
	double width = 2 * PADDING + canvas->width * CELL_WIDTH;
	int height = top_of(canvas->height) + PADDING;
	int y;

	write_frame(width, height, file, title);
	for (y = 0; y < canvas->height; y++)
		write_backs(canvas, y, file);
	for (y = 0; y < canvas->height; y++)
		write_line(canvas, y, file);
	fputs("</g>\n</svg>\n", file);
	return ferror(file) ? -1 : 0;
}
