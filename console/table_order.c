/* SPDX-License-Identifier: MIT */
/*
 * The order of a table's rows, and what the user wants it to be.
 *
 * The law of the file: nothing is sorted that nobody sees, and nothing here
 * asks for a key. Quickselect with a random pivot brings the rows of the
 * window to their places (O(n) expected) and sorts only those (O(w log w));
 * the rest stays partitioned around them, so that a window elsewhere costs
 * one more selection in the part it lies in. The place of the cursor's row
 * is counted, not searched (O(n) comparisons). Only the tree sorts all rows
 * (O(n log n)). Loops are bounded by indices, never by what a comparison says.
 */
#include "console/table.h"

#include "console/table_private.h"

#define ORDER_MARGIN 128 /* rows sorted beyond what was asked for */
#define SMALL_SORT 16    /* rows sorted by insertion */

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
	struct table_entry pivot;
	size_t place = first;
	size_t i;

	swap(&entries[first + random_below(table, last - first)], &entries[last - 1]);
	pivot = entries[last - 1];
	for (i = first; i < last - 1; i++) {
		struct table_entry entry = entries[i];

		entries[i] = entries[place];
		entries[place] = entry;
		place += table_is_before(table, &entry, &pivot);
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
		struct table_entry pivot = entries[i];

		for (j = i; j > first; j--) {
			if (table_is_before(table, &entries[j - 1], &pivot))
				break;
			entries[j] = entries[j - 1];
		}
		entries[j] = pivot;
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

static bool is_in_order(const struct table *table)
{
	size_t i;

	for (i = 1; i < table->count; i++)
		if (!table_is_before(table, &table->entries[i - 1], &table->entries[i]))
			return false;
	return true;
}

void table_order_all(struct table *table)
{
	if (!is_in_order(table))
		sort_range(table, 0, table->count);
	table->sorted_first = 0;
	table->sorted_last = table->count;
}

size_t table_place_of(const struct table *table, const struct table_entry *entry)
{
	struct table_entry row = *entry;
	size_t place = 0;
	size_t i;

	for (i = 0; i < table->count; i++)
		place += table_is_before(table, &table->entries[i], &row);
	return place < table->count ? place : table->count - 1;
}

/* What the rows are sorted by. */

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
