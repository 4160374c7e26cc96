/* SPDX-License-Identifier: MIT */
/* A list as a tree: children below their parents. */
#include "tests/support/rows.h"

/* 1 has 2 and 4, 4 has 5; 3 hangs on a row that is not there. */
static struct row family[] = {
	{ .id = 1, .number = 1, .text = "one" },
	{ .id = 2, .number = 2, .text = "two", .parent = 1 },
	{ .id = 3, .number = 9, .text = "three", .parent = 77 },
	{ .id = 4, .number = 4, .text = "four", .parent = 1 },
	{ .id = 5, .number = 5, .text = "five", .parent = 4 },
};

Test(table_tree, a_tree_puts_children_under_parents_in_sorted_order)
{
	set_up(family, 5);
	table_sort_by(table, NUMBER, true);

	table_set_tree(table, true);
	table_refresh(table);
	expect_order("31452");
	table_set_tree(table, false);
	table_refresh(table);

	expect_order("35421");
	tear_down();
}

Test(table_tree, parents_in_a_circle_lose_no_row)
{
	struct row circle[] = {
		{ .id = 1, .parent = 3 }, { .id = 2, .parent = 1 }, { .id = 3, .parent = 2 },
		{ .id = 4, .parent = 4 }, { .id = 5, .parent = 3 },
	};

	set_up(circle, 5);

	table_set_tree(table, true);
	table_refresh(table);

	cr_expect_eq(table_count(table), 5);
	expect_order("41235");
	tear_down();
}

Test(table_tree, a_search_in_a_tree_follows_the_tree)
{
	set_up(family, 5);
	table_set_tree(table, true); /* 1 2 4 5 3 */
	table_go_to(table, 2);

	cr_expect(table_search(table, "f", 1));
	cr_expect_eq(table_cursor(table), 4);
	cr_expect(table_search(table, "one", 1));

	cr_expect_eq(table_cursor(table), 1);
	tear_down();
}
