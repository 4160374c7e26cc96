/* SPDX-License-Identifier: MIT */
/*
 * The grid, the looks of the roles, the glyphs, and the door every text
 * passes on its way to a cell.
 *
 * The law of the file: put_cell is the only function that writes a cell's
 * code, and put_code the only one that calls it with a code it was given.
 * What reaches a cell has been through code_width.
 */
#include "console/canvas.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#define REPLACEMENT 0xfffd

/* clang-format off */
#define LOOKS(fg256, bg256, attrs256, fg16, bg16, attrs16, attrs0)	\
	{								\
		[COLORS_NONE] = { -1, -1, attrs0 },			\
		[COLORS_16] = { fg16, bg16, attrs16 },			\
		[COLORS_256] = { fg256, bg256, attrs256 },		\
	}
/* clang-format on */

/* No role relies on colour alone to be told from its neighbours. */
static const struct style looks[ROLE_COUNT][3] = {
	[ROLE_TEXT] = LOOKS(-1, -1, 0, -1, -1, 0, 0),
	[ROLE_STRONG] = LOOKS(231, -1, ATTR_BOLD, -1, -1, ATTR_BOLD, ATTR_BOLD),
	[ROLE_DIM] = LOOKS(243, -1, 0, 8, -1, 0, ATTR_DIM),
	[ROLE_TITLE] = LOOKS(117, -1, ATTR_BOLD, 14, -1, ATTR_BOLD, ATTR_BOLD),
	[ROLE_HEADER] = LOOKS(253, 24, 0, 0, 2, 0, ATTR_REVERSE),
	[ROLE_HEADER_SORTED] = LOOKS(231, 31, ATTR_BOLD, 0, 6, 0, ATTR_REVERSE | ATTR_BOLD),
	[ROLE_SELECTED] = LOOKS(-1, 239, ATTR_BOLD, 0, 6, 0, ATTR_REVERSE),
	[ROLE_TAGGED] = LOOKS(222, -1, ATTR_BOLD, 11, -1, ATTR_BOLD, ATTR_BOLD),
	[ROLE_MATCH] = LOOKS(16, 222, 0, 0, 3, 0, ATTR_UNDERLINE),
	[ROLE_RUNNING] = LOOKS(114, -1, ATTR_BOLD, 10, -1, ATTR_BOLD, ATTR_BOLD),
	[ROLE_SCHEDULED] = LOOKS(221, -1, 0, 11, -1, 0, 0),
	[ROLE_IDLE] = LOOKS(110, -1, 0, 4, -1, 0, 0),
	[ROLE_DONE] = LOOKS(243, -1, 0, 8, -1, 0, ATTR_DIM),
	[ROLE_WARN] = LOOKS(214, -1, ATTR_BOLD, 3, -1, ATTR_BOLD, ATTR_BOLD),
	[ROLE_ERROR] = LOOKS(203, -1, ATTR_BOLD, 9, -1, ATTR_BOLD, ATTR_BOLD | ATTR_UNDERLINE),
	[ROLE_GOOD] = LOOKS(114, -1, 0, 2, -1, 0, 0),
	[ROLE_KEY] = LOOKS(231, -1, ATTR_BOLD, -1, -1, ATTR_BOLD, ATTR_BOLD),
	[ROLE_KEY_LABEL] = LOOKS(253, 24, 0, 0, 6, 0, ATTR_REVERSE),
	[ROLE_BAR] = LOOKS(72, -1, 0, 2, -1, 0, 0),
	[ROLE_BAR_WARM] = LOOKS(179, -1, 0, 3, -1, 0, 0),
	[ROLE_BAR_HOT] = LOOKS(167, -1, ATTR_BOLD, 1, -1, ATTR_BOLD, ATTR_BOLD),
	[ROLE_AXIS] = LOOKS(241, -1, 0, 8, -1, 0, ATTR_DIM),
	[ROLE_NS] = LOOKS(245, -1, 0, 8, -1, 0, ATTR_DIM),
	[ROLE_US] = LOOKS(114, -1, 0, 2, -1, 0, 0),
	[ROLE_MS] = LOOKS(80, -1, 0, 6, -1, 0, 0),
	[ROLE_S] = LOOKS(221, -1, 0, 3, -1, 0, 0),
	[ROLE_MIN] = LOOKS(209, -1, ATTR_BOLD, 1, -1, ATTR_BOLD, ATTR_BOLD),
	[ROLE_NAME] = LOOKS(153, -1, 0, -1, -1, 0, 0),
	[ROLE_PLACE] = LOOKS(247, -1, 0, 7, -1, 0, 0),
	[ROLE_NUMBER] = LOOKS(252, -1, 0, -1, -1, 0, 0),
	[ROLE_PROMPT] = LOOKS(231, 24, ATTR_BOLD, 15, 4, ATTR_BOLD, ATTR_REVERSE),
};

/* ASCII forms are one column, as the Unicode forms are. */
static const struct {
	const char *unicode;
	const char *ascii;
} glyphs[GLYPH_COUNT] = {
	[GLYPH_BAR_1] = { "\u2581", "_" },       [GLYPH_BAR_2] = { "\u2582", "." },
	[GLYPH_BAR_3] = { "\u2583", ":" },       [GLYPH_BAR_4] = { "\u2584", "-" },
	[GLYPH_BAR_5] = { "\u2585", "=" },       [GLYPH_BAR_6] = { "\u2586", "+" },
	[GLYPH_BAR_7] = { "\u2587", "*" },       [GLYPH_BAR_8] = { "\u2588", "#" },
	[GLYPH_LEFT_1] = { "\u258f", "|" },      [GLYPH_LEFT_2] = { "\u258e", "|" },
	[GLYPH_LEFT_3] = { "\u258d", "|" },      [GLYPH_LEFT_4] = { "\u258c", "|" },
	[GLYPH_LEFT_5] = { "\u258b", "|" },      [GLYPH_LEFT_6] = { "\u258a", "|" },
	[GLYPH_LEFT_7] = { "\u2589", "|" },      [GLYPH_LEFT_8] = { "\u2588", "|" },
	[GLYPH_SHADE_DENSE] = { "\u2592", "+" }, [GLYPH_SHADE_LIGHT] = { "\u2591", "." },
	[GLYPH_RUNNING] = { "\u25b6", "R" },     [GLYPH_SCHEDULED] = { "\u25cf", "S" },
	[GLYPH_IDLE] = { "\u25cb", "I" },        [GLYPH_DONE] = { "\u2713", "D" },
	[GLYPH_FAILED] = { "\u2717", "x" },      [GLYPH_WARN] = { "\u26a0", "!" },
	[GLYPH_SORT_DOWN] = { "\u25bc", "v" },   [GLYPH_SORT_UP] = { "\u25b2", "^" },
	[GLYPH_MORE_UP] = { "\u2191", "^" },     [GLYPH_MORE_DOWN] = { "\u2193", "v" },
	[GLYPH_CURSOR] = { "\u203a", ">" },      [GLYPH_TAG] = { "\u25c6", "*" },
	[GLYPH_TREE_BRANCH] = { "\u251c", "|" }, [GLYPH_TREE_LAST] = { "\u2514", "`" },
	[GLYPH_TREE_PASS] = { "\u2502", "|" },   [GLYPH_HLINE] = { "\u2500", "-" },
	[GLYPH_VLINE] = { "\u2502", "|" },       [GLYPH_VLINE_THIN] = { "\u250a", ":" },
	[GLYPH_CORNER_TL] = { "\u256d", "+" },   [GLYPH_CORNER_TR] = { "\u256e", "+" },
	[GLYPH_CORNER_BL] = { "\u2570", "+" },   [GLYPH_CORNER_BR] = { "\u256f", "+" },
	[GLYPH_TICK] = { "\u2534", "+" },        [GLYPH_MARK] = { "\u25b2", "^" },
	[GLYPH_ELLIPSIS] = { "\u2026", "~" },    [GLYPH_ARROW] = { "\u2192", ">" },
	[GLYPH_BULLET] = { "\u00b7", "." },      [GLYPH_PAUSED] = { "\u2016", "=" },
	[GLYPH_TRACK] = { "\u2501", "=" },       [GLYPH_REPLACEMENT] = { "\ufffd", "?" },
};

struct range {
	uint32_t first;
	uint32_t last;
};

/* What must not be shown, beyond C0, C1 and DEL: it acts, or looks odd. */
static const struct range unsafe[] = {
	{ 0x00ad, 0x00ad }, { 0x061c, 0x061c }, { 0x180e, 0x180e },   { 0x200e, 0x200f },
	{ 0x2028, 0x202e }, { 0x2066, 0x206f }, { 0xd800, 0xf8ff },   { 0xfdd0, 0xfdef },
	{ 0xfff0, 0xfffb }, { 0xfffe, 0xffff }, { 0xe0000, 0xe00ff }, { 0xe0fff, 0xffffffff },
};

/* Characters that stand on the one before them. */
static const struct range combining[] = {
	{ 0x0300, 0x036f }, { 0x0483, 0x0489 }, { 0x0591, 0x05bd },   { 0x0610, 0x061a },
	{ 0x064b, 0x065f }, { 0x06d6, 0x06dc }, { 0x093c, 0x093c },   { 0x0941, 0x0948 },
	{ 0x094d, 0x094d }, { 0x0e31, 0x0e31 }, { 0x0e34, 0x0e3a },   { 0x0e47, 0x0e4e },
	{ 0x1ab0, 0x1aff }, { 0x1dc0, 0x1dff }, { 0x200b, 0x200d },   { 0x2060, 0x2065 },
	{ 0x20d0, 0x20f0 }, { 0x302a, 0x302f }, { 0x3099, 0x309a },   { 0xfe00, 0xfe0f },
	{ 0xfe20, 0xfe2f }, { 0xfeff, 0xfeff }, { 0x1f3fb, 0x1f3ff }, { 0xe0100, 0xe01ef },
};

/* East Asian wide and full width, and the emoji terminals draw wide. */
static const struct range wide[] = {
	{ 0x1100, 0x115f },   { 0x231a, 0x231b },   { 0x2329, 0x232a },   { 0x23e9, 0x23ec },
	{ 0x2614, 0x2615 },   { 0x26a1, 0x26a1 },   { 0x2705, 0x2705 },   { 0x274c, 0x274c },
	{ 0x2753, 0x2755 },   { 0x2b50, 0x2b50 },   { 0x2e80, 0x3029 },   { 0x3030, 0x303e },
	{ 0x3041, 0x3098 },   { 0x309b, 0xa4cf },   { 0xa960, 0xa97c },   { 0xac00, 0xd7a3 },
	{ 0xf900, 0xfaff },   { 0xfe10, 0xfe19 },   { 0xfe30, 0xfe6b },   { 0xff01, 0xff60 },
	{ 0xffe0, 0xffe6 },   { 0x1f300, 0x1f320 }, { 0x1f32d, 0x1f335 }, { 0x1f337, 0x1f37c },
	{ 0x1f37e, 0x1f393 }, { 0x1f3a0, 0x1f3ca }, { 0x1f3e0, 0x1f3f0 }, { 0x1f400, 0x1f43e },
	{ 0x1f442, 0x1f4fc }, { 0x1f4ff, 0x1f53d }, { 0x1f5fb, 0x1f64f }, { 0x1f680, 0x1f6c5 },
	{ 0x1f90c, 0x1f9ff }, { 0x20000, 0x2fffd }, { 0x30000, 0x3fffd },
};

#define IN_RANGES(code, ranges) in_ranges(code, ranges, sizeof(ranges) / sizeof((ranges)[0]))

static bool in_ranges(uint32_t code, const struct range *ranges, size_t count)
{
	size_t low = 0;
	size_t high = count;

	while (low < high) {
		size_t middle = (low + high) / 2;

		if (code > ranges[middle].last)
			low = middle + 1;
		else
			high = middle;
	}
	return low < count && code >= ranges[low].first;
}

int code_width(uint32_t code)
{
	if (code >= 0x20 && code < 0x7f)
		return 1;
	if (code < 0xa0 || IN_RANGES(code, unsafe))
		return -1;
	if (IN_RANGES(code, combining))
		return 0;
	return IN_RANGES(code, wide) ? 2 : 1;
}

uint32_t utf8_next(const char **text)
{
	static const uint32_t least[] = { 0, 0x80, 0x800, 0x10000 };
	const unsigned char *at = (const unsigned char *)*text;
	uint32_t code = at[0];
	int more;
	int i;

	if (code == 0)
		return 0;
	(*text)++;
	if (code < 0x80)
		return code;
	if (code < 0xc2 || code > 0xf4)
		return REPLACEMENT;

	more = code < 0xe0 ? 1 : code < 0xf0 ? 2 : 3;
	code &= 0x3fu >> more;
	for (i = 1; i <= more; i++) {
		/* A NUL is no continuation, so this stops at the end. */
		if ((at[i] & 0xc0) != 0x80)
			return REPLACEMENT;
		code = code << 6 | (at[i] & 0x3f);
	}
	if (code < least[more] || code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff))
		return REPLACEMENT;
	*text += more;
	return code;
}

int utf8_put(char buf[4], uint32_t code)
{
	if (code < 0x80) {
		buf[0] = (char)code;
		return 1;
	}
	if (code < 0x800) {
		buf[0] = (char)(0xc0 | code >> 6);
		buf[1] = (char)(0x80 | (code & 0x3f));
		return 2;
	}
	if (code < 0x10000) {
		buf[0] = (char)(0xe0 | code >> 12);
		buf[1] = (char)(0x80 | (code >> 6 & 0x3f));
		buf[2] = (char)(0x80 | (code & 0x3f));
		return 3;
	}
	buf[0] = (char)(0xf0 | (code >> 18 & 7));
	buf[1] = (char)(0x80 | (code >> 12 & 0x3f));
	buf[2] = (char)(0x80 | (code >> 6 & 0x3f));
	buf[3] = (char)(0x80 | (code & 0x3f));
	return 4;
}

/* Columns of a code once it is drawn: a mark takes one. */
static int drawn_width(uint32_t code)
{
	int width = code_width(code);

	return width < 0 ? 1 : width;
}

/* Stops counting beyond limit, so that a long text costs what is shown. */
static int width_up_to(const char *text, int limit)
{
	int width = 0;
	uint32_t code;

	while (width <= limit && (code = utf8_next(&text)) != 0)
		width += drawn_width(code);
	return width;
}

int text_width(const char *text)
{
	return text ? width_up_to(text, INT16_MAX) : 0;
}

const char *glyph_text(enum glyph glyph, bool is_ascii)
{
	if ((unsigned)glyph >= GLYPH_COUNT)
		glyph = GLYPH_REPLACEMENT;
	return is_ascii ? glyphs[glyph].ascii : glyphs[glyph].unicode;
}

uint32_t glyph_code(enum glyph glyph, bool is_ascii)
{
	const char *text = glyph_text(glyph, is_ascii);

	return utf8_next(&text);
}

struct style role_style(enum role role, enum color_depth depth)
{
	if ((unsigned)role >= ROLE_COUNT)
		role = ROLE_TEXT;
	return looks[role][depth];
}

struct style cell_style(const struct cell *cell, enum color_depth depth)
{
	struct style style = role_style(cell->role, depth);
	struct style back = role_style(cell->back, depth);

	style.attrs |= cell->attrs;
	if (cell->back == ROLE_TEXT)
		return style;
	if (back.fg >= 0)
		style.fg = back.fg;
	if (back.bg >= 0)
		style.bg = back.bg;
	/* Reversed text on a reversed row would read as neither. */
	style.attrs |= back.attrs;
	return style;
}

int canvas_init(struct canvas *canvas, int width, int height, bool is_ascii)
{
	memset(canvas, 0, sizeof(*canvas));
	canvas->is_ascii = is_ascii;
	return canvas_resize(canvas, width, height);
}

void canvas_fini(struct canvas *canvas)
{
	free(canvas->cells);
	memset(canvas, 0, sizeof(*canvas));
}

int canvas_resize(struct canvas *canvas, int width, int height)
{
	struct cell *cells;

	width = width < 1 ? 1 : width > INT16_MAX ? INT16_MAX : width;
	height = height < 1 ? 1 : height > INT16_MAX ? INT16_MAX : height;
	cells = calloc((size_t)width * (size_t)height, sizeof(*cells));
	if (!cells)
		return -1;
	free(canvas->cells);
	canvas->cells = cells;
	canvas->width = width;
	canvas->height = height;
	canvas_clear(canvas);
	return 0;
}

void canvas_clear(struct canvas *canvas)
{
	size_t count = (size_t)canvas->width * (size_t)canvas->height;
	size_t i;

	for (i = 0; i < count; i++)
		canvas->cells[i] = (struct cell){ .code = ' ' };
	canvas->cursor_x = -1;
	canvas->cursor_y = -1;
}

static struct cell *cell_at(const struct canvas *canvas, int x, int y)
{
	if (x < 0 || y < 0 || x >= canvas->width || y >= canvas->height)
		return NULL;
	return &canvas->cells[(size_t)y * (size_t)canvas->width + (size_t)x];
}

const struct cell *canvas_cell(const struct canvas *canvas, int x, int y)
{
	return cell_at(canvas, x, y);
}

/* Half of a wide character cannot stay: its other half becomes a space. */
static void break_wide(struct canvas *canvas, int x, int y)
{
	struct cell *left = cell_at(canvas, x - 1, y);
	struct cell *cell = cell_at(canvas, x, y);
	struct cell *right = cell_at(canvas, x + 1, y);

	if (cell->code == CELL_RIGHT_HALF && left)
		left->code = ' ';
	else if (right && right->code == CELL_RIGHT_HALF)
		right->code = ' ';
}

static void put_cell(struct canvas *canvas, int x, int y, enum role role, uint32_t code)
{
	struct cell *cell = cell_at(canvas, x, y);

	if (!cell)
		return;
	if (code != CELL_RIGHT_HALF)
		break_wide(canvas, x, y);
	*cell = (struct cell){ .code = code, .role = (uint8_t)role };
}

/* The ASCII form of a code: itself, a glyph's, or a question mark. */
static uint32_t to_ascii(uint32_t code)
{
	int i;

	if (code < 0x7f)
		return code;
	if (code == 0xb5 || code == 0x3bc)
		return 'u';
	for (i = 0; i < GLYPH_COUNT; i++)
		if (glyph_code((enum glyph)i, false) == code)
			return glyph_code((enum glyph)i, true);
	return '?';
}

/* Puts a code in a space of limit columns; returns the columns it took. */
static int put_code(struct canvas *canvas, int x, int y, int limit, enum role role, uint32_t code)
{
	int width = code_width(code);

	if (width == 0)
		return 0;
	if (width < 0) {
		code = REPLACEMENT;
		width = 1;
	}
	if (width > limit)
		return 0;
	if (canvas->is_ascii)
		code = to_ascii(code);
	put_cell(canvas, x, y, role, code);
	if (width == 2) {
		if (x + 1 < canvas->width && x + 1 >= 0)
			break_wide(canvas, x + 1, y);
		put_cell(canvas, x + 1, y, role, canvas->is_ascii ? '?' : CELL_RIGHT_HALF);
		/* Its left half hangs out of the canvas. */
		if (x == -1)
			put_cell(canvas, 0, y, role, ' ');
	}
	return width;
}

/* Columns from x to the right edge, at most max_width. */
static int room(const struct canvas *canvas, int x, int max_width)
{
	int edge = x < canvas->width ? canvas->width - x : 0;

	return max_width < 0 || max_width > edge ? edge : max_width;
}

static int put_text(struct canvas *canvas, int x, int y, int limit, enum role role,
		    const char *text)
{
	int used = 0;
	uint32_t code;

	while (used < limit && (code = utf8_next(&text)) != 0) {
		int width = drawn_width(code);

		if (used + width > limit)
			break;
		used += put_code(canvas, x + used, y, limit - used, role, code);
	}
	return used;
}

int canvas_put_text(struct canvas *canvas, int x, int y, int max_width, enum role role,
		    const char *text)
{
	return put_text(canvas, x, y, room(canvas, x, max_width), role, text ? text : "");
}

int canvas_put_clipped(struct canvas *canvas, int x, int y, int max_width, enum role role,
		       const char *text)
{
	int limit = room(canvas, x, max_width);
	int used;

	if (!text || limit < 1)
		return 0;
	if (width_up_to(text, limit) <= limit)
		return put_text(canvas, x, y, limit, role, text);
	used = put_text(canvas, x, y, limit - 1, role, text);
	return used + canvas_put_glyph(canvas, x + used, y, role, GLYPH_ELLIPSIS);
}

int canvas_printf(struct canvas *canvas, int x, int y, int max_width, enum role role,
		  const char *format, ...)
{
	char text[1024];
	va_list args;

	va_start(args, format);
	if (vsnprintf(text, sizeof(text), format, args) < 0)
		text[0] = '\0';
	va_end(args);
	return canvas_put_text(canvas, x, y, max_width, role, text);
}

int canvas_put_code(struct canvas *canvas, int x, int y, enum role role, uint32_t code)
{
	return put_code(canvas, x, y, room(canvas, x, -1), role, code);
}

int canvas_put_glyph(struct canvas *canvas, int x, int y, enum role role, enum glyph glyph)
{
	return canvas_put_code(canvas, x, y, role, glyph_code(glyph, canvas->is_ascii));
}

void canvas_fill(struct canvas *canvas, int x, int y, int width, int height, enum role role)
{
	int right = x + room(canvas, x, width < 0 ? 0 : width);
	int line;
	int column;

	for (line = y < 0 ? 0 : y; line < canvas->height; line++) {
		if (line - y >= height)
			break;
		for (column = x < 0 ? 0 : x; column < right; column++)
			put_cell(canvas, column, line, role, ' ');
	}
}

void canvas_hline(struct canvas *canvas, int x, int y, int width, enum role role)
{
	int limit = room(canvas, x, width < 0 ? 0 : width);
	int i;

	for (i = 0; i < limit; i++)
		canvas_put_glyph(canvas, x + i, y, role, GLYPH_HLINE);
}

void canvas_vline(struct canvas *canvas, int x, int y, int height, enum role role)
{
	int i;

	for (i = 0; i < height && y + i < canvas->height; i++)
		canvas_put_glyph(canvas, x, y + i, role, GLYPH_VLINE);
}

void canvas_box(struct canvas *canvas, int x, int y, int width, int height, const char *title)
{
	int right = x + width - 1;
	int bottom = y + height - 1;

	if (width < 2 || height < 2)
		return;
	canvas_hline(canvas, x + 1, y, width - 2, ROLE_AXIS);
	canvas_hline(canvas, x + 1, bottom, width - 2, ROLE_AXIS);
	canvas_vline(canvas, x, y + 1, height - 2, ROLE_AXIS);
	canvas_vline(canvas, right, y + 1, height - 2, ROLE_AXIS);
	canvas_put_glyph(canvas, x, y, ROLE_AXIS, GLYPH_CORNER_TL);
	canvas_put_glyph(canvas, right, y, ROLE_AXIS, GLYPH_CORNER_TR);
	canvas_put_glyph(canvas, x, bottom, ROLE_AXIS, GLYPH_CORNER_BL);
	canvas_put_glyph(canvas, right, bottom, ROLE_AXIS, GLYPH_CORNER_BR);
	if (title && width > 6) {
		int used = canvas_put_clipped(canvas, x + 3, y, width - 6, ROLE_TITLE, title);

		canvas_put_text(canvas, x + 2, y, 1, ROLE_TEXT, " ");
		canvas_put_text(canvas, x + 3 + used, y, 1, ROLE_TEXT, " ");
	}
}

void canvas_highlight(struct canvas *canvas, int x, int y, int width, enum role role)
{
	int i;

	for (i = 0; i < room(canvas, x, width); i++) {
		struct cell *cell = cell_at(canvas, x + i, y);

		if (cell)
			cell->back = (uint8_t)role;
	}
}

void canvas_add_attrs(struct canvas *canvas, int x, int y, int width, unsigned attrs)
{
	int i;

	for (i = 0; i < room(canvas, x, width); i++) {
		struct cell *cell = cell_at(canvas, x + i, y);

		if (cell)
			cell->attrs |= (uint8_t)attrs;
	}
}
