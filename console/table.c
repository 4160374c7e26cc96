/* SPDX-License-Identifier: MIT */
/*
 * The rows of a table: which there are, in which order, and where the cursor
 * stands. table_draw.c draws them.
 *
 * The law of the file: nothing is sorted that nobody sees. A refresh turns
 * every row into a 16-byte entry with a number as its key (one key call per
 * row, O(n)). Quickselect with a random pivot then brings the rows of the
 * window to their places (O(n) expected) and sorts only those (O(w log w));
 * the rest stays partitioned around them, so that a window elsewhere costs
 * one more selection in the part it lies in and no key call. The place of
 * the cursor's row is counted, not searched (O(n) comparisons). Only the tree
 * sorts all rows (O(n log n)). A text's key is its first 8 bytes; rows that
 * agree in these are told apart by their whole texts, asked for again.
 *
 * Texts may change while they are compared, since they are another program's.
 * Loops here are bounded by indices and never by what a comparison says.
 */
#include "console/table.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define ORDER_MARGIN 128 /* rows sorted beyond what was asked for */
#define NEIGHBOURS 8     /* on each side of a row that may vanish */
#define SMALL_SORT 16    /* rows sorted by insertion */
#define NOT_HERE UINT32_MAX

/* Keys and comparisons. */

static void cell_text(const struct table *table, int column, uint64_t id, char *buf)
{
	const struct column *it = &table->columns[column];
	struct table_row row = { table->source.ctx, id, it };
	enum role role = ROLE_TEXT;

	buf[0] = '\0';
	if (it->sort == SORT_TEXT && it->text)
		it->text(&row, buf, TABLE_TEXT);
	else
		it->format(&row, buf, TABLE_TEXT, &role);
	buf[TABLE_TEXT - 1] = '\0';
}

/* Doubles as numbers in the same order; NaN is the smallest. */
static uint64_t real_key(double value)
{
	uint64_t bits;

	if (value != value)
		return 0;
	value += 0.0; /* one zero */
	memcpy(&bits, &value, sizeof(bits));
	return bits >> 63 ? ~bits : bits | UINT64_C(1) << 63;
}

static uint64_t lower(char byte)
{
	unsigned char c = (unsigned char)byte;

	return c >= 'A' && c <= 'Z' ? c + 32u : c;
}

/* The first 8 bytes; texts that agree in these are compared whole. */
static uint64_t text_key(const char *text)
{
	uint64_t key = 0;
	int i;

	for (i = 0; i < 8; i++) {
		key = key << 8 | lower(*text);
		if (*text)
			text++;
	}
	return key;
}

static uint64_t entry_key(const struct table *table, size_t index, uint64_t id)
{
	const struct column *column;
	struct table_row row;
	char text[TABLE_TEXT];
	uint64_t key = 0;

	if (table->sort_column < 0)
		return table->is_descending ? ~(uint64_t)index : index;
	column = &table->columns[table->sort_column];
	row = (struct table_row){ table->source.ctx, id, column };
	switch (column->sort) {
	case SORT_NUMBER:
		key = column->number(&row);
		break;
	case SORT_REAL:
		key = real_key(column->real(&row));
		break;
	case SORT_TEXT:
		cell_text(table, table->sort_column, id, text);
		key = text_key(text);
		break;
	case SORT_NONE:
		break;
	}
	return table->is_descending ? ~key : key;
}

static bool is_text_sorted(const struct table *table)
{
	return table->sort_column >= 0 && table->columns[table->sort_column].sort == SORT_TEXT;
}

/* An entry others are compared with; its text is fetched once. */
struct pivot {
	struct table_entry entry;
	bool has_text;
	char text[TABLE_TEXT];
};

static bool is_before_by_text(const struct table *table, const struct table_entry *entry,
			      struct pivot *pivot)
{
	char text[TABLE_TEXT];
	int order;

	if (!pivot->has_text) {
		cell_text(table, table->sort_column, pivot->entry.id, pivot->text);
		pivot->has_text = true;
	}
	cell_text(table, table->sort_column, entry->id, text);
	order = strcasecmp(text, pivot->text);
	if (order == 0)
		return entry->id < pivot->entry.id;
	return table->is_descending ? order > 0 : order < 0;
}

static inline bool is_before(const struct table *table, const struct table_entry *entry,
			     struct pivot *pivot)
{
	if (entry->key != pivot->entry.key)
		return entry->key < pivot->entry.key;
	if (is_text_sorted(table))
		return is_before_by_text(table, entry, pivot);
	return entry->id < pivot->entry.id;
}

/* Selection and sorting. */

static void swap(struct table_entry *a, struct table_entry *b)
{
	struct table_entry entry = *a;

	*a = *b;
	*b = entry;
}

/* xorshift64: a target must not be able to choose the worst case. */
static size_t random_below(struct table *table, size_t bound)
{
	table->random ^= table->random << 13;
	table->random ^= table->random >> 7;
	table->random ^= table->random << 17;
	return (size_t)(table->random % bound);
}

/*
 * Splits first up to last around one of them. Returns its place: what is
 * before it belongs before it. Swaps without asking, so that the processor
 * has no branch to guess.
 */
static size_t partition(struct table *table, size_t first, size_t last)
{
	struct table_entry *entries = table->entries;
	struct pivot pivot = { .has_text = false };
	size_t place = first;
	size_t i;

	swap(&entries[first + random_below(table, last - first)], &entries[last - 1]);
	pivot.entry = entries[last - 1];
	for (i = first; i < last - 1; i++) {
		struct table_entry entry = entries[i];

		entries[i] = entries[place];
		entries[place] = entry;
		place += is_before(table, &entry, &pivot);
	}
	swap(&entries[place], &entries[last - 1]);
	return place;
}

/* Splits first up to last so that the nth is in place. */
static void select_nth(struct table *table, size_t first, size_t last, size_t nth)
{
	while (last - first > 1) {
		size_t place = partition(table, first, last);

		if (place == nth)
			return;
		if (nth < place)
			last = place;
		else
			first = place + 1;
	}
}

static void sort_few(struct table *table, size_t first, size_t last)
{
	struct table_entry *entries = table->entries;
	size_t i;
	size_t j;

	for (i = first + 1; i < last; i++) {
		struct pivot pivot = { .entry = entries[i] };

		for (j = i; j > first; j--) {
			if (is_before(table, &entries[j - 1], &pivot))
				break;
			entries[j] = entries[j - 1];
		}
		entries[j] = pivot.entry;
	}
}

/* Recurs into the smaller part only, so at most log2(n) deep. */
static void sort_range(struct table *table, size_t first, size_t last)
{
	while (last > first && last - first > SMALL_SORT) {
		size_t place = partition(table, first, last);

		if (place - first < last - place) {
			sort_range(table, first, place);
			first = place + 1;
		} else {
			sort_range(table, place + 1, last);
			last = place;
		}
	}
	if (last > first)
		sort_few(table, first, last);
}

/* Sorts the window first up to last inside of an unsorted part. */
static void sort_window(struct table *table, size_t from, size_t to, size_t first, size_t last)
{
	if (first > from)
		select_nth(table, from, to, first);
	if (last < to)
		select_nth(table, first, to, last);
	sort_range(table, first, last);
}

void table_order(struct table *table, size_t first, size_t last)
{
	size_t low = table->sorted_first;
	size_t high = table->sorted_last;

	if (last > table->count)
		last = table->count;
	if (first >= last || (first >= low && last <= high))
		return;
	first = first > ORDER_MARGIN ? first - ORDER_MARGIN : 0;
	last = table->count - last > ORDER_MARGIN ? last + ORDER_MARGIN : table->count;

	if (low == high || last < low || first > high) {
		size_t from = first > high ? high : 0;
		size_t to = last < low ? low : table->count;

		sort_window(table, from, to, first, last);
		table->sorted_first = first;
		table->sorted_last = last;
		return;
	}
	if (first < low) {
		sort_window(table, 0, low, first, low);
		table->sorted_first = first;
	}
	if (last > high) {
		sort_window(table, high, table->count, high, last);
		table->sorted_last = last;
	}
}

/* The place a row has, or will have once the window there is sorted. */
static size_t place_of(const struct table *table, const struct table_entry *entry)
{
	struct pivot pivot = { .entry = *entry };
	size_t place = 0;
	size_t i;

	if (table->has_branches) {
		while (place < table->count && table->entries[place].id != entry->id)
			place++;
		return place;
	}
	for (i = 0; i < table->count; i++)
		place += is_before(table, &table->entries[i], &pivot);
	return place < table->count ? place : table->count - 1;
}

/* The tree. */

/* Links between entries by index; NOT_HERE is none. Slot n is the root. */
struct tree {
	size_t count;
	uint32_t *parent;
	uint32_t *child;
	uint32_t *sibling;
	uint32_t *slots; /* hash of ids */
	uint32_t mask;
	struct table_entry *entries; /* copy, in sorted order */
	struct table_branch *branches;
};

static void tree_fini(struct tree *tree)
{
	free(tree->parent);
	free(tree->child);
	free(tree->sibling);
	free(tree->slots);
	free(tree->entries);
	free(tree->branches);
}

static int tree_init(struct tree *tree, size_t count)
{
	size_t slots = 16;

	memset(tree, 0, sizeof(*tree));
	if (count >= UINT32_MAX / 4)
		return -1;
	while (slots < count * 2)
		slots *= 2;
	tree->count = count;
	tree->mask = (uint32_t)slots - 1;
	tree->parent = malloc((count + 1) * sizeof(*tree->parent));
	tree->child = malloc((count + 1) * sizeof(*tree->child));
	tree->sibling = malloc((count + 1) * sizeof(*tree->sibling));
	tree->slots = malloc(slots * sizeof(*tree->slots));
	tree->entries = malloc((count + 1) * sizeof(*tree->entries));
	tree->branches = malloc((count + 1) * sizeof(*tree->branches));
	if (tree->parent && tree->child && tree->sibling && tree->slots && tree->entries &&
	    tree->branches) {
		memset(tree->slots, 0xff, slots * sizeof(*tree->slots));
		return 0;
	}
	tree_fini(tree);
	return -1;
}

/* The slot an id is in, or belongs in. */
static uint32_t *tree_slot(const struct tree *tree, uint64_t id)
{
	uint32_t at = (uint32_t)(id * UINT64_C(0x9e3779b97f4a7c15) >> 32);

	for (;; at++) {
		uint32_t *slot = &tree->slots[at & tree->mask];

		if (*slot == NOT_HERE || tree->entries[*slot].id == id)
			return slot;
	}
}

/* Links every entry to its parent, children in sorted order. */
static void tree_link(struct tree *tree, const struct table *table)
{
	size_t i;

	for (i = 0; i < tree->count; i++) {
		tree->entries[i] = table->entries[i];
		*tree_slot(tree, tree->entries[i].id) = (uint32_t)i;
	}
	memset(tree->child, 0xff, (tree->count + 1) * sizeof(*tree->child));
	for (i = tree->count; i-- > 0;) {
		uint64_t id = table->source.parent(table->source.ctx, tree->entries[i].id);
		uint32_t parent = id ? *tree_slot(tree, id) : NOT_HERE;

		if (parent == NOT_HERE || parent == i)
			parent = (uint32_t)tree->count;
		tree->parent[i] = parent;
		tree->sibling[i] = tree->child[parent];
		tree->child[parent] = (uint32_t)i;
	}
}

/* Copies a row to the next place and remembers that it is there. */
static void tree_emit(struct tree *tree, struct table *table, uint32_t row, size_t depth)
{
	struct table_branch *branch = &tree->branches[row];
	const struct table_branch *above;

	*branch = (struct table_branch){
		.depth = depth < UINT16_MAX ? (uint16_t)depth : UINT16_MAX,
		.is_last = tree->sibling[row] == NOT_HERE,
	};
	if (depth > 1) {
		above = &tree->branches[tree->parent[row]];
		branch->passes = above->passes;
		if (!above->is_last && depth <= 32)
			branch->passes |= UINT32_C(1) << (depth - 2);
	}
	table->branches[table->count] = *branch;
	table->entries[table->count] = tree->entries[row];
	table->count++;
	tree->entries[row].id = TABLE_NO_ROW;
}

static bool is_emitted(const struct tree *tree, uint32_t row)
{
	return tree->entries[row].id == TABLE_NO_ROW;
}

/* Depth first from one row. What was emitted before is passed over. */
static void tree_walk(struct tree *tree, struct table *table, uint32_t row)
{
	size_t depth = 0;
	uint32_t next;

	tree_emit(tree, table, row, depth);
	next = tree->child[row];
	for (;;) {
		while (next != NOT_HERE && is_emitted(tree, next))
			next = tree->sibling[next];
		if (next != NOT_HERE) {
			row = next;
			depth++;
			tree_emit(tree, table, row, depth);
			next = tree->child[row];
			continue;
		}
		if (depth == 0)
			return;
		next = tree->sibling[row];
		row = tree->parent[row];
		depth--;
	}
}

/*
 * Sorts everything and puts children under their parents. Rows whose parents
 * form a circle have no root to hang on; the first of them becomes one.
 */
static void build_tree(struct table *table, struct tree *tree)
{
	uint32_t row;

	sort_range(table, 0, table->count);
	tree->count = table->count;
	tree_link(tree, table);
	table->count = 0;
	for (row = tree->child[tree->count]; row != NOT_HERE; row = tree->sibling[row])
		tree_walk(tree, table, row);
	for (row = 0; row < tree->count; row++)
		if (!is_emitted(tree, row))
			tree_walk(tree, table, row);
}

/* Rows. */

struct table *table_new(const struct table_source *source, const struct column *columns, int count)
{
	struct table *table = calloc(1, sizeof(*table));

	if (!table)
		return NULL;
	table->source = *source;
	table->columns = columns;
	table->column_count = count < TABLE_COLUMNS ? count : TABLE_COLUMNS;
	table->sort_column = -1;
	table->is_stale = true;
	table->random = UINT64_C(0x853c49e6748fea9b);
	return table;
}

void table_free(struct table *table)
{
	if (!table)
		return;
	free(table->entries);
	free(table->branches);
	free(table->tags);
	free(table->cells);
	free(table);
}

/* Does any column's text contain it? Columns out of sight count too. */
static bool has_text(const struct table *table, uint64_t id, const char *needle)
{
	int i;

	for (i = 0; i < table->column_count; i++) {
		const struct column *column = &table->columns[i];
		struct table_row row = { table->source.ctx, id, column };
		enum role role = ROLE_TEXT;
		char text[TABLE_TEXT] = "";

		column->format(&row, text, sizeof(text), &role);
		text[sizeof(text) - 1] = '\0';
		if (strcasestr(text, needle))
			return true;
	}
	return false;
}

static bool matches(const struct table *table, uint64_t id, const char *needle)
{
	if (table->source.matches)
		return table->source.matches(table->source.ctx, id, needle);
	return has_text(table, id, needle);
}

static bool is_wanted(const struct table *table, uint64_t id)
{
	const struct table_source *source = &table->source;

	if (id == TABLE_NO_ROW)
		return false;
	if (source->is_shown && !source->is_shown(source->ctx, id))
		return false;
	return !table->filter[0] || matches(table, id, table->filter);
}

static int reserve(struct table *table, size_t count)
{
	struct table_entry *entries;
	struct table_branch *branches;

	if (count > table->capacity) {
		/* Both or none: capacity is that of the smaller one. */
		size_t room = count + count / 4 + 64;

		entries = realloc(table->entries, room * sizeof(*entries));
		if (!entries)
			return -1;
		table->entries = entries;
		free(table->branches);
		table->branches = NULL;
		table->has_branches = false;
		table->capacity = room;
	}
	if (table->is_tree && !table->branches) {
		branches = malloc(table->capacity * sizeof(*branches));
		if (!branches)
			return -1;
		table->branches = branches;
	}
	return 0;
}

/* The rows around the cursor in the old order, nearest to it first. */
static size_t neighbours(const struct table *table, uint64_t *ids)
{
	size_t from = table->cursor;
	size_t count = 0;
	size_t i;

	if (from < table->sorted_first || from >= table->sorted_last)
		return 0;
	for (i = 1; i <= NEIGHBOURS && from + i < table->sorted_last; i++)
		ids[count++] = table->entries[from + i].id;
	for (i = 1; i <= NEIGHBOURS && from >= table->sorted_first + i; i++)
		ids[count++] = table->entries[from - i].id;
	return count;
}

/* The entry of the first of ids that is still there, or NULL. */
static const struct table_entry *first_left(const struct table *table, const uint64_t *ids,
					    size_t count)
{
	const struct table_entry *found = NULL;
	size_t i;
	size_t j;

	for (i = 0; i < table->count && count > 0; i++) {
		for (j = 0; j < count; j++) {
			if (table->entries[i].id == ids[j]) {
				found = &table->entries[i];
				/* Only a nearer one is of interest now. */
				count = j;
			}
		}
	}
	return found;
}

static const struct table_entry *find(const struct table *table, uint64_t id)
{
	return id == TABLE_NO_ROW ? NULL : first_left(table, &id, 1);
}

static void read_rows(struct table *table, size_t total)
{
	size_t count = 0;
	size_t i;

	for (i = 0; i < total; i++) {
		uint64_t id = table->source.id(table->source.ctx, i);

		if (!is_wanted(table, id))
			continue;
		table->entries[count++] = (struct table_entry){
			.key = entry_key(table, i, id),
			.id = id,
		};
	}
	table->total = total;
	table->count = count;
	table->has_branches = false;
	table->sorted_first = 0;
	table->sorted_last = 0;
}

void table_set_cursor(struct table *table, size_t index)
{
	if (table->count == 0) {
		table->cursor = 0;
		table->cursor_id = TABLE_NO_ROW;
		return;
	}
	table->cursor = index < table->count ? index : table->count - 1;
	table_order(table, table->cursor, table->cursor + 1);
	table->cursor_id = table->entries[table->cursor].id;
}

/* Finds the cursor's row, or the nearest of its neighbours, again. */
static void place_cursor(struct table *table, const uint64_t *ids, size_t count)
{
	const struct table_entry *entry = find(table, table->cursor_id);

	if (!entry)
		entry = first_left(table, ids, count);
	table_set_cursor(table, entry ? place_of(table, entry) : table->cursor);
}

static void place_top(struct table *table)
{
	size_t rows = table_rows_in_sight(table);

	if (table->count <= rows)
		table->top = 0;
	else if (table->top > table->count - rows)
		table->top = table->count - rows;
	if (table->is_following || table->must_show_cursor)
		table_show_cursor(table);
	table->must_show_cursor = false;
}

int table_refresh(struct table *table)
{
	size_t total = table->source.count(table->source.ctx);
	uint64_t ids[2 * NEIGHBOURS];
	size_t near = neighbours(table, ids);
	struct tree tree;

	if (reserve(table, total) < 0)
		return -1;
	if (table->is_tree && tree_init(&tree, total) < 0)
		return -1;
	read_rows(table, total);
	if (table->is_tree) {
		build_tree(table, &tree);
		tree_fini(&tree);
		table->has_branches = true;
	}
	if (table->is_tree || (table->sort_column < 0 && !table->is_descending))
		table->sorted_last = table->count;
	place_cursor(table, ids, near);
	place_top(table);
	table->is_stale = false;
	return 0;
}

void table_settle(struct table *table)
{
	if (table->is_stale)
		table_refresh(table);
}

size_t table_count(const struct table *table)
{
	return table->count;
}

size_t table_total(const struct table *table)
{
	return table->total;
}

/* Order, tree and filter. */

static bool is_sortable(const struct table *table, int column)
{
	return column >= 0 && column < table->column_count &&
	       table->columns[column].sort != SORT_NONE;
}

void table_sort_by(struct table *table, int column, bool is_descending)
{
	table->sort_column = is_sortable(table, column) ? column : -1;
	table->is_descending = is_descending;
	table->is_stale = true;
	if (!table->is_following)
		table->top = 0;
}

void table_sort_invert(struct table *table)
{
	table_sort_by(table, table->sort_column, !table->is_descending);
}

/* Before the first draw every column is as good as in sight. */
static bool is_in_sight(const struct table *table, int column)
{
	return table->width == 0 || table->slots[column].is_visible;
}

void table_sort_step(struct table *table, int step)
{
	int count = table->column_count;
	int column = table->sort_column;
	int i;

	if (column < 0 && step < 0)
		column = 0;
	for (i = 0; i < count; i++) {
		column = (column + (step < 0 ? count - 1 : 1)) % count;
		if (is_sortable(table, column) && is_in_sight(table, column))
			break;
	}
	if (i < count)
		table_sort_by(table, column, table->columns[column].is_descending_first);
}

int table_sort_column(const struct table *table)
{
	return table->sort_column;
}

bool table_sort_is_descending(const struct table *table)
{
	return table->is_descending;
}

void table_set_follow(struct table *table, bool is_following)
{
	table->is_following = is_following;
	if (is_following)
		table_show_cursor(table);
}

bool table_is_following(const struct table *table)
{
	return table->is_following;
}

void table_set_tree(struct table *table, bool is_tree)
{
	table->is_tree = is_tree && table->source.parent;
	table->is_stale = true;
	table->must_show_cursor = true;
}

bool table_is_tree(const struct table *table)
{
	return table->is_tree;
}

void table_set_filter(struct table *table, const char *needle)
{
	strncpy(table->filter, needle ? needle : "", TABLE_NEEDLE - 1);
	table->is_stale = true;
	table->must_show_cursor = true;
}

const char *table_filter(const struct table *table)
{
	return table->filter;
}

/* The cursor. */

size_t table_rows_in_sight(const struct table *table)
{
	return table->height > 2 ? (size_t)table->height - 1 : 1;
}

void table_show_cursor(struct table *table)
{
	size_t rows = table_rows_in_sight(table);

	if (table->cursor < table->top)
		table->top = table->cursor;
	else if (table->cursor >= table->top + rows)
		table->top = table->cursor - rows + 1;
}

uint64_t table_cursor(struct table *table)
{
	table_settle(table);
	return table->cursor_id;
}

size_t table_cursor_index(struct table *table)
{
	table_settle(table);
	return table->cursor;
}

static void move_to(struct table *table, size_t index)
{
	table_set_cursor(table, index);
	table_show_cursor(table);
}

uint64_t table_row_at(struct table *table, size_t index)
{
	table_settle(table);
	if (index >= table->count)
		return TABLE_NO_ROW;
	table_order(table, index, index + 1);
	return table->entries[index].id;
}

bool table_go_to(struct table *table, uint64_t id)
{
	const struct table_entry *entry;

	table_settle(table);
	entry = find(table, id);
	if (!entry)
		return false;
	move_to(table, place_of(table, entry));
	return true;
}

/* index + rows, held inside of the table. */
static size_t shifted(const struct table *table, size_t index, long rows)
{
	size_t last = table->count > 0 ? table->count - 1 : 0;

	if (rows < 0)
		return index > (size_t)-rows ? index - (size_t)-rows : 0;
	return last - index > (size_t)rows ? index + (size_t)rows : last;
}

void table_move(struct table *table, long rows)
{
	size_t bottom;

	table_settle(table);
	bottom = shifted(table, table->top, (long)table_rows_in_sight(table) - 1);
	if (table->cursor < table->top)
		move_to(table, table->top);
	else if (table->cursor > bottom)
		move_to(table, bottom);
	else
		move_to(table, shifted(table, table->cursor, rows));
}

void table_page(struct table *table, int pages)
{
	long rows = pages * (long)table_rows_in_sight(table);

	table_settle(table);
	table->top = shifted(table, table->top, rows);
	place_top(table);
	move_to(table, shifted(table, table->cursor, rows));
}

void table_home(struct table *table)
{
	table_settle(table);
	move_to(table, 0);
}

void table_end(struct table *table)
{
	table_settle(table);
	move_to(table, table->count);
}

void table_scroll(struct table *table, long rows)
{
	size_t bottom;

	table_settle(table);
	table->top = shifted(table, table->top, rows);
	if (table->count > 0 && table->top + table_rows_in_sight(table) > table->count)
		table->top = table->count > table_rows_in_sight(table) ?
				     table->count - table_rows_in_sight(table) :
				     0;
	bottom = shifted(table, table->top, (long)table_rows_in_sight(table) - 1);
	if (table->cursor < table->top)
		table_set_cursor(table, table->top);
	else if (table->cursor > bottom)
		table_set_cursor(table, bottom);
}

/* Search. */

/* Of two rows, the one met first when going from the cursor by step. */
static bool is_met_first(const struct table *table, const struct table_entry *a,
			 const struct table_entry *b, const struct table_entry *cursor, int step)
{
	struct pivot start = { .entry = *cursor };
	struct pivot other = { .entry = *b };
	bool is_a_behind = is_before(table, a, &start);
	bool is_b_behind = is_before(table, b, &start);

	if (is_a_behind != is_b_behind)
		return step < 0 ? is_a_behind : is_b_behind;
	return is_before(table, a, &other) == (step >= 0);
}

/*
 * Without sorting anything: of the rows that match, the one met first. A row
 * is asked whether it matches only when it would be met before the best.
 */
static const struct table_entry *search_list(const struct table *table, const char *needle,
					     int step)
{
	const struct table_entry *cursor = find(table, table->cursor_id);
	const struct table_entry *best = NULL;
	size_t i;

	for (i = 0; i < table->count && cursor; i++) {
		const struct table_entry *entry = &table->entries[i];

		if (entry == cursor || (best && !is_met_first(table, entry, best, cursor, step)))
			continue;
		if (matches(table, entry->id, needle))
			best = entry;
	}
	return best;
}

static const struct table_entry *search_tree(const struct table *table, const char *needle,
					     int step)
{
	size_t count = table->count;
	size_t at = table->cursor;
	size_t i;

	for (i = 1; i < count; i++) {
		at = (at + (step < 0 ? count - 1 : 1)) % count;
		if (matches(table, table->entries[at].id, needle))
			return &table->entries[at];
	}
	return NULL;
}

bool table_search(struct table *table, const char *needle, int step)
{
	const struct table_entry *found;

	table_settle(table);
	if (table->count == 0 || !needle || !needle[0])
		return false;
	if (step == 0 && matches(table, table->cursor_id, needle)) {
		table_show_cursor(table);
		return true;
	}
	found = table->has_branches ? search_tree(table, needle, step) :
				      search_list(table, needle, step);
	if (found) {
		move_to(table, place_of(table, found));
		return true;
	}
	/* Around the end and back: the row it started from counts too. */
	if (!matches(table, table->cursor_id, needle))
		return false;
	table_show_cursor(table);
	return true;
}

/* Tags. */

/* The place of an id among the tags, or where it belongs. */
static size_t tag_place(const struct table *table, uint64_t id)
{
	size_t low = 0;
	size_t high = table->tag_count;

	while (low < high) {
		size_t middle = (low + high) / 2;

		if (table->tags[middle] < id)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

bool table_is_tagged(const struct table *table, uint64_t id)
{
	size_t place = tag_place(table, id);

	return place < table->tag_count && table->tags[place] == id;
}

void table_toggle_tag(struct table *table, uint64_t id)
{
	size_t place = tag_place(table, id);
	uint64_t *at;

	if (id == TABLE_NO_ROW)
		return;
	if (table_is_tagged(table, id)) {
		at = table->tags + place;
		table->tag_count--;
		memmove(at, at + 1, (table->tag_count - place) * sizeof(*at));
		return;
	}
	if (table->tag_count == table->tag_capacity) {
		size_t room = table->tag_capacity * 2 + 16;
		uint64_t *tags = realloc(table->tags, room * sizeof(*tags));

		if (!tags)
			return;
		table->tags = tags;
		table->tag_capacity = room;
	}
	at = table->tags + place;
	memmove(at + 1, at, (table->tag_count - place) * sizeof(*at));
	*at = id;
	table->tag_count++;
}

size_t table_tag_count(const struct table *table)
{
	return table->tag_count;
}

void table_clear_tags(struct table *table)
{
	table->tag_count = 0;
}
