/* SPDX-License-Identifier: MIT */
/*
 * A table on a canvas: which columns there is room for, how wide they are,
 * and the cells of the rows in sight.
 *
 * The law of the file: format is called once for every cell drawn and for no
 * other. Widths come from the rows in sight, now and since the box got its
 * width: a column grows at once and never shrinks until the box is resized or
 * the list is opened anew, so that it does not twitch. At the left a gutter of one
 * column shows the cursor and the tags.
 */
#include "console/table.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "console/table_private.h"

#define GUTTER 1
#define GAP 1
#define TREE_ROOM 8
#define LEAST_FILE 3  /* columns of a file's name that is cut */
#define TREE_DEPTH 12 /* deeper rows are indented no further */

static int clamp(int value, int low, int high)
{
	if (high > 0 && value > high)
		value = high;
	return value < low ? low : value;
}

/* Columns a head needs, with the sign for the order. */
static int title_width(const struct table *table, int column)
{
	return text_width(table->columns[column].title) + (table->sort_column == column);
}

/* Room for rows times columns texts. Returns false without memory. */
static bool reserve_cells(struct table *table, size_t rows)
{
	size_t count = rows * (size_t)table->column_count;
	struct table_cell *cells;

	if (count <= table->cell_capacity)
		return true;
	cells = realloc(table->cells, count * sizeof(*cells));
	if (!cells)
		return false;
	table->cells = cells;
	table->cell_capacity = count;
	return true;
}

static struct table_cell *cell_of(const struct table *table, size_t row, int column)
{
	return &table->cells[row * (size_t)table->column_count + (size_t)column];
}

static void format_cell(struct table *table, size_t line, int column)
{
	const struct table_source *source = &table->source;
	uint64_t id = table->entries[table->top + line].id;
	struct table_cell *cell = cell_of(table, line, column);
	struct table_row row = { source->ctx, id, &table->columns[column] };

	cell->role = ROLE_TEXT;
	cell->text[0] = '\0';
	if (table->columns[column].draw)
		return;
	row.column->format(&row, cell->text, TABLE_TEXT, &cell->role);
	cell->text[TABLE_TEXT - 1] = '\0';
	if (cell->role == ROLE_TEXT && source->row_role)
		cell->role = source->row_role(source->ctx, id);
}

static bool is_tree_cell(const struct table *table, int column)
{
	return table->has_branches && table->columns[column].is_tree;
}

static int indent(const struct table *table, size_t line)
{
	int depth = table->branches[table->top + line].depth;

	return 2 * (depth < TREE_DEPTH ? depth : TREE_DEPTH);
}

/* Formats a column of the rows in sight; returns the columns it needs. */
static int format_column(struct table *table, int column, size_t rows)
{
	int needed = 0;
	size_t line;

	for (line = 0; line < rows; line++) {
		int width;

		format_cell(table, line, column);
		width = text_width(cell_of(table, line, column)->text);
		if (is_tree_cell(table, column))
			width += indent(table, line);
		if (width > needed)
			needed = width;
	}
	return needed;
}

/* Names behind the lines of a tree take up to TREE_ROOM more before others give way. */
static int least_width(const struct table *table, int column)
{
	const struct column *it = &table->columns[column];
	int most = it->min_width + TREE_ROOM;

	if (!is_tree_cell(table, column))
		return it->min_width;
	if (it->max_width > 0 && most > it->max_width)
		most = it->max_width;
	return clamp(table->slots[column].held, it->min_width, most);
}

/* Hides the least wanted columns until the others' least widths fit. */
static void choose_columns(struct table *table)
{
	int needed = GUTTER - GAP;
	int i;

	for (i = 0; i < table->column_count; i++) {
		table->slots[i].is_visible = true;
		needed += least_width(table, i) + GAP;
	}
	while (needed > table->width) {
		int least = -1;

		for (i = 0; i < table->column_count; i++) {
			int priority = table->columns[i].priority;

			if (table->slots[i].is_visible && priority > 0 &&
			    (least < 0 || priority >= table->columns[least].priority))
				least = i;
		}
		if (least < 0)
			return;
		table->slots[least].is_visible = false;
		needed -= least_width(table, least) + GAP;
	}
}

/* The width to use when needed would do: the most that ever was, within the limits. */
static int hold_width(struct table_slot *slot, const struct column *column, int needed)
{
	if (needed > slot->wanted)
		slot->wanted = needed;
	needed = clamp(needed, column->min_width, column->max_width);
	if (needed > slot->held)
		slot->held = needed;
	return slot->held;
}

/* Sums the widths of visible columns, gaps and gutter included. */
static int width_in_all(const struct table *table)
{
	int width = GUTTER - GAP;
	int i;

	for (i = 0; i < table->column_count; i++)
		if (table->slots[i].is_visible)
			width += table->slots[i].width + GAP;
	return width;
}

/* The column that can best give a column away, or -1. */
static int richest(const struct table *table)
{
	int best = -1;
	int most = 0;
	int i;

	for (i = 0; i < table->column_count; i++) {
		const struct column *column = &table->columns[i];
		int spare = table->slots[i].width - least_width(table, i);

		if (!table->slots[i].is_visible || spare <= 0)
			continue;
		/* What grows when there is room gives way when there is not. */
		if (column->grow > 0)
			spare += INT16_MAX;
		if (spare > most) {
			most = spare;
			best = i;
		}
	}
	return best;
}

static bool can_grow(const struct table *table, int i)
{
	const struct column *column = &table->columns[i];

	return table->slots[i].is_visible && column->grow > 0 &&
	       (column->max_width == 0 || table->slots[i].width < column->max_width);
}

/* Shares the width left over among the columns that grow. */
static void grow_columns(struct table *table, int left)
{
	while (left > 0) {
		int before = left;
		int shares = 0;
		int unit;
		int i;

		for (i = 0; i < table->column_count; i++)
			if (can_grow(table, i))
				shares += table->columns[i].grow;
		if (shares == 0)
			return;
		unit = left / shares;
		for (i = 0; i < table->column_count && left > 0; i++) {
			struct table_slot *slot = &table->slots[i];
			int more = unit * table->columns[i].grow;
			int max = table->columns[i].max_width;

			if (!can_grow(table, i))
				continue;
			more = clamp(more, 1, left);
			if (max > 0 && slot->width + more > max)
				more = max - slot->width;
			slot->width += more;
			left -= more;
		}
		if (left == before)
			return;
	}
}

/* How wide the column of the tree is decides which others there is room for. */
static void measure_tree(struct table *table, size_t rows)
{
	for (int i = 0; i < table->column_count; i++)
		if (is_tree_cell(table, i))
			hold_width(&table->slots[i], &table->columns[i],
				   format_column(table, i, rows));
}

/* What columns with a limit would have over it, while there is room. Returns what is left. */
static int fill_columns(struct table *table, int left)
{
	for (int i = 0; i < table->column_count && left > 0; i++) {
		struct table_slot *slot = &table->slots[i];
		int more = slot->wanted - slot->width;

		if (!slot->is_visible || more <= 0)
			continue;
		more = clamp(more, 0, left);
		slot->width += more;
		left -= more;
	}
	return left;
}

static void lay_out(struct table *table, size_t rows)
{
	int spare;
	int at = table->x + GUTTER;
	int i;

	for (i = 0; i < table->column_count; i++) {
		const struct column *column = &table->columns[i];
		struct table_slot *slot = &table->slots[i];
		int needed;

		if (!slot->is_visible)
			continue;
		/* That of the tree has been looked at to choose them. */
		needed = is_tree_cell(table, i) ? slot->held : format_column(table, i, rows);
		if (title_width(table, i) > needed)
			needed = title_width(table, i);
		slot->width = hold_width(slot, column, needed);
	}
	spare = table->width - width_in_all(table);
	for (; spare < 0 && (i = richest(table)) >= 0; spare++)
		table->slots[i].width--;
	if (spare > 0)
		grow_columns(table, fill_columns(table, spare));
	for (i = 0; i < table->column_count; i++) {
		table->slots[i].x = at;
		if (table->slots[i].is_visible)
			at += table->slots[i].width + GAP;
	}
}

/* Columns of a slot inside of the table's box. */
static int slot_room(const struct table *table, const struct table_slot *slot)
{
	int edge = table->x + table->width - slot->x;

	return slot->width < edge ? slot->width : edge;
}

/* "listener…:87": a place without its line is of no use, nor is one with half of it. */
static void put_place(struct canvas *canvas, int x, int y, int width, enum role role,
		      const char *text)
{
	const char *line = strrchr(text, ':');
	char file[TABLE_TEXT];
	int room = line ? width - text_width(line) : 0;

	if (text_width(text) <= width || room < LEAST_FILE) {
		canvas_put_clipped(canvas, x, y, width, role, text);
		return;
	}
	snprintf(file, sizeof(file), "%.*s", (int)(line - text), text);
	x += canvas_put_clipped(canvas, x, y, room, role, file);
	canvas_put_text(canvas, x, y, -1, role, line);
}

static void put_aligned(struct canvas *canvas, int x, int y, int width, enum column_align align,
			enum role role, const char *text)
{
	int pad = align == ALIGN_RIGHT ? width - text_width(text) : 0;

	if (pad > 0) {
		x += pad;
		width -= pad;
	}
	canvas_put_clipped(canvas, x, y, width, role, text);
}

static void draw_title(const struct table *table, struct canvas *canvas, int column)
{
	const struct table_slot *slot = &table->slots[column];
	bool is_sorted = column == table->sort_column;
	int width = slot_room(table, slot);
	enum glyph sign = table->is_descending ? GLYPH_SORT_DOWN : GLYPH_SORT_UP;
	char title[TABLE_TEXT];

	if (width < 1)
		return;
	snprintf(title, sizeof(title), "%s%s", table->columns[column].title,
		 is_sorted ? glyph_text(sign, canvas->is_ascii) : "");
	if (is_sorted)
		canvas_fill(canvas, slot->x, table->y, width, 1, ROLE_HEADER_SORTED);
	put_aligned(canvas, slot->x, table->y, width, table->columns[column].align,
		    is_sorted ? ROLE_HEADER_SORTED : ROLE_HEADER, title);
}

/* The lines that lead to a row in the tree; returns their columns. */
static int draw_branch(const struct table *table, struct canvas *canvas, size_t line, int x, int y,
		       int width)
{
	const struct table_branch *branch = &table->branches[table->top + line];
	int columns = indent(table, line);
	int depth;

	for (depth = 1; depth <= columns / 2 && 2 * depth <= width; depth++) {
		int at = x + 2 * (depth - 1);

		if (2 * depth == columns) {
			canvas_put_glyph(canvas, at, y, ROLE_AXIS,
					 branch->is_last ? GLYPH_TREE_LAST : GLYPH_TREE_BRANCH);
			canvas_put_glyph(canvas, at + 1, y, ROLE_AXIS, GLYPH_HLINE);
		} else if (branch->passes >> (depth - 1) & 1) {
			canvas_put_glyph(canvas, at, y, ROLE_AXIS, GLYPH_TREE_PASS);
		}
	}
	return columns < width ? columns : width;
}

static void draw_cell(const struct table *table, struct canvas *canvas, size_t line, int column)
{
	const struct column *it = &table->columns[column];
	const struct table_slot *slot = &table->slots[column];
	const struct table_cell *cell = cell_of(table, line, column);
	uint64_t id = table->entries[table->top + line].id;
	int width = slot_room(table, slot);
	int y = table->y + 1 + (int)line;
	int used = 0;
	enum role role;

	if (width < 1)
		return;
	if (it->draw) {
		struct table_row row = { table->source.ctx, id, it };

		it->draw(&row, canvas, slot->x, y, width);
		return;
	}
	if (is_tree_cell(table, column))
		used = draw_branch(table, canvas, line, slot->x, y, width);
	role = table_is_tagged(table, id) ? ROLE_TAGGED : cell->role;
	if (it->is_place)
		put_place(canvas, slot->x, y, width, role, cell->text);
	else
		put_aligned(canvas, slot->x + used, y, width - used,
			    used > 0 ? ALIGN_LEFT : it->align, role, cell->text);
}

static void draw_row(const struct table *table, struct canvas *canvas, size_t line)
{
	uint64_t id = table->entries[table->top + line].id;
	int y = table->y + 1 + (int)line;
	int i;

	for (i = 0; i < table->column_count; i++)
		if (table->slots[i].is_visible)
			draw_cell(table, canvas, line, i);
	if (id == table->cursor_id)
		canvas_put_glyph(canvas, table->x, y, ROLE_KEY, GLYPH_CURSOR);
	if (table_is_tagged(table, id))
		canvas_put_glyph(canvas, table->x, y, ROLE_TAGGED, GLYPH_TAG);
	if (id == table->cursor_id)
		canvas_highlight(canvas, table->x, y, table->width, ROLE_SELECTED);
}

/* Where the cursor went when it is not among the rows in sight. */
static void draw_lost_cursor(const struct table *table, struct canvas *canvas, size_t rows)
{
	if (rows == 0 || table->cursor_id == TABLE_NO_ROW)
		return;
	if (table->cursor < table->top)
		canvas_put_glyph(canvas, table->x, table->y + 1, ROLE_WARN, GLYPH_MORE_UP);
	else if (table->cursor >= table->top + rows)
		canvas_put_glyph(canvas, table->x, table->y + (int)rows, ROLE_WARN,
				 GLYPH_MORE_DOWN);
}

/* A bigger box shows more rows above rather than lines left empty. */
static void fit_top(struct table *table, size_t rows)
{
	if (table->count <= rows)
		table->top = 0;
	else if (table->top > table->count - rows)
		table->top = table->count - rows;
}

void table_forget_widths(struct table *table)
{
	int i;

	for (i = 0; i < table->column_count; i++)
		table->slots[i].held = table->slots[i].wanted = 0;
}

void table_draw(struct table *table, struct canvas *canvas, int x, int y, int width, int height)
{
	bool was_in_sight = table->cursor >= table->top &&
			    table->cursor < table->top + table_rows_in_sight(table);
	bool is_resized = height != table->height;
	size_t rows;
	size_t line;
	int i;

	canvas_fill(canvas, x, y, width, height, ROLE_TEXT);
	if (width < 1 || height < 1)
		return;
	if (width != table->width)
		table_forget_widths(table);
	table->x = x;
	table->y = y;
	table->width = width;
	table->height = height;
	table_settle(table);
	/* Making the terminal smaller must not lose the cursor. */
	if (is_resized && was_in_sight)
		table_show_cursor(table);

	rows = (size_t)height - 1;
	fit_top(table, rows > 0 ? rows : 1);
	if (rows > table->count - table->top)
		rows = table->count - table->top;
	table_order(table, table->top, table->top + rows);
	if (!reserve_cells(table, rows))
		return;
	measure_tree(table, rows);
	choose_columns(table);
	lay_out(table, rows);

	canvas_fill(canvas, x, y, width, 1, ROLE_HEADER);
	for (i = 0; i < table->column_count; i++)
		if (table->slots[i].is_visible)
			draw_title(table, canvas, i);
	for (line = 0; line < rows; line++)
		draw_row(table, canvas, line);
	draw_lost_cursor(table, canvas, rows);
}

static int column_at(const struct table *table, int x)
{
	int i;

	for (i = 0; i < table->column_count; i++) {
		const struct table_slot *slot = &table->slots[i];

		if (slot->is_visible && x >= slot->x && x < slot->x + slot->width + GAP)
			return i;
	}
	return -1;
}

static enum table_click click_head(struct table *table, int x)
{
	int column = column_at(table, x);

	if (column < 0 || table->columns[column].sort == SORT_NONE)
		return CLICK_NOTHING;
	if (column == table->sort_column)
		table_sort_invert(table);
	else
		table_sort_by(table, column, table->columns[column].is_descending_first);
	return CLICK_HEADER;
}

enum table_click table_click(struct table *table, int x, int y)
{
	size_t row;
	uint64_t id;

	if (x < table->x || x >= table->x + table->width || y < table->y ||
	    y >= table->y + table->height)
		return CLICK_NOTHING;
	if (y == table->y)
		return click_head(table, x);
	row = table->top + (size_t)(y - table->y - 1);
	id = table_row_at(table, row);
	if (id == TABLE_NO_ROW)
		return CLICK_NOTHING;
	table_set_cursor(table, row);
	return CLICK_ROW;
}
