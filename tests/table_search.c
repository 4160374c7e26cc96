/* SPDX-License-Identifier: MIT */
/* What a list finds, and what it hides: search and filter. */
#include "tests/support/rows.h"

Test(table_search, a_filter_hides_the_rows_that_do_not_match)
{
	set_up_five();
	table_go_to(table, 1);

	table_set_filter(table, "CH");
	table_refresh(table);
	expect_order("35");
	cr_expect_eq(table_total(table), 5);
	table_set_filter(table, NULL);
	table_refresh(table);

	cr_expect_eq(table_count(table), 5);
	tear_down();
}

Test(table_search, a_shorter_filter_leaves_nothing_of_the_longer_one)
{
	set_up_five();
	table_set_filter(table, "charlie");

	table_set_filter(table, "ec");

	cr_expect_str_eq(table_filter(table), "ec");
	tear_down();
}

Test(table_search, a_search_goes_on_around_the_end_in_the_order_shown)
{
	set_up_five();
	table_sort_by(table, NUMBER, false); /* 2 4 1 5 3 */
	table_refresh(table);

	cr_expect(table_search(table, "ch", 1));
	cr_expect_eq(table_cursor(table), 5);
	cr_expect(table_search(table, "ch", 1));
	cr_expect_eq(table_cursor(table), 3);
	cr_expect(table_search(table, "ch", 1));
	cr_expect_eq(table_cursor(table), 5);
	cr_expect(table_search(table, "a", -1));
	cr_expect_eq(table_cursor(table), 1);
	cr_expect_not(table_search(table, "zulu", 1));
	cr_expect_eq(table_cursor(table), 1);
	tear_down();
}

Test(table_search, a_search_prefers_what_lies_ahead_to_what_lies_behind)
{
	set_up_five();
	table_sort_by(table, NUMBER, false); /* 2 4 1 5 3 */

	table_go_to(table, 1);
	cr_expect(table_search(table, "o", 1));
	cr_expect_eq(table_cursor(table), 3);
	table_go_to(table, 1);
	cr_expect(table_search(table, "o", -1));

	cr_expect_eq(table_cursor(table), 4);
	tear_down();
}

Test(table_search, a_search_backwards_goes_around_the_start)
{
	set_up_five();
	table_refresh(table);

	cr_expect(table_search(table, "a", -1));
	cr_expect_eq(table_cursor(table), 5);
	cr_expect(table_search(table, "a", -1));
	cr_expect_eq(table_cursor(table), 4);
	tear_down();
}

Test(table_search, a_search_while_typing_stays_on_a_row_that_matches)
{
	set_up_five();
	table_go_to(table, 4);

	cr_expect(table_search(table, "a", 0));

	cr_expect_eq(table_cursor(table), 4);
	tear_down();
}
