/* SPDX-License-Identifier: MIT */
/* The timeline: slices in columns, and the view of them, of a trace and live. */
#include "console/timeline.h"
#include "console/timeline_view.h"
#include "tests/support/replayed.h"

static void timeline_set_up(void)
{
	replayed_record();
	replayed_open("+3.5s");
	press("v");
}

static void timeline_tear_down(void)
{
	app_free(app);
	scene_end();
}

TestSuite(timeline, .init = timeline_set_up, .fini = timeline_tear_down);

static uint64_t at_ns(void)
{
	return cursor_now(replayed_player()->cursor) - REPLAYED_UNIX;
}

Test(timeline, times_and_columns_are_each_others_inverse, .init = NULL, .fini = NULL)
{
	const struct timeline_window window = { 1000, 2000, 100 };

	for (int i = 0; i < 100; i++)
		cr_expect_eq(timeline_column(&window, timeline_ns(&window, i)), i);
	cr_expect_eq(timeline_column(&window, 999), -1);
	cr_expect_eq(timeline_column(&window, 2000), 100);
}

Test(timeline, steps_of_the_ruler_are_round, .init = NULL, .fini = NULL)
{
	cr_expect_eq(timeline_nice(1), 1);
	cr_expect_eq(timeline_nice(3), 5);
	cr_expect_eq(timeline_nice(501), 1000);
}

Test(timeline, a_column_tells_the_share_of_its_time_in_polls)
{
	const struct model *model = app->shared.model;
	const struct history *history = source_history(model->source);
	struct timeline_cell cells[10];
	const struct history_slice *slice;
	struct timeline_window window;
	uint32_t row = 0;
	size_t at = 0;

	while (history_at(history, row, at)->kind != HISTORY_POLL)
		at++;
	slice = history_at(history, row, at);
	/* Ten columns, of which the poll takes the first two and a half. */
	window.begin_ns = slice->begin_ns;
	window.end_ns = slice->begin_ns + 4 * (slice->end_ns - slice->begin_ns);
	window.columns = 10;
	timeline_cells(history, model, row, &window, cells);

	cr_expect_float_eq(cells[0].busy, 1.0, 0.01);
	cr_expect_float_eq(cells[1].busy, 1.0, 0.01);
	cr_expect_float_eq(cells[2].busy, 0.5, 0.01);
	cr_expect_eq(cells[0].slice.task, slice->task);
}

Test(timeline, shows_a_row_for_each_worker)
{
	expect_screen("timeline");
}

Test(timeline, a_trace_has_moments_and_no_present)
{
	cr_expect(shows("at this moment"));
	cr_expect_not(shows("present"));
}

Test(timeline, can_be_shown_in_ascii)
{
	expect_screen_of("timeline-ascii", 80, 24, true);
}

Test(timeline, fits_the_smallest_terminal)
{
	expect_screen_of("timeline-60x15", 60, 15, false);
}

Test(timeline, zoomed_in_polls_have_names)
{
	press("zzzz(((");
	expect_screen("timeline-zoomed");
}

/* The other picture of the README. */
Test(timeline, is_saved_as_a_picture)
{
	press("zzzz(((");
	expect_picture("tests/screens/timeline.svg", 110, 32);
}

Test(timeline, a_long_poll_is_shown_as_it_runs)
{
	replayed_press("$z");
	expect_screen("timeline-blocked");
}

Test(timeline, names_who_woke_what_is_under_the_cursor)
{
	press("zzzz((");

	cr_expect(shows("woken "));
	cr_expect(shows(" at loop.c:152"));
}

Test(timeline, enter_shows_the_task_under_the_cursor)
{
	press("zzzz((\r");

	cr_assert_eq(app->page_count, 1);
	cr_expect_eq(vigil_ref_table(app->pages[0]->object), VIGIL_TABLE_task);
}

Test(timeline, a_click_puts_the_cursor_there)
{
	char *before = draw(100, 30, false), *after;

	click(K_CLICK, 60, 12);
	after = draw(100, 30, false);

	cr_expect_str_neq(before, after);
	free(before);
	free(after);
}

Test(timeline, looking_beyond_the_present_goes_there)
{
	char *text = draw(100, 30, false);

	free(text);
	press(">");
	replayed_refresh(0);

	cr_expect_gt(at_ns(), 3500 * SCENE_MS);
	press_key(K_RIGHT);
	replayed_refresh(0);
	cr_expect_lt(at_ns(), 5000 * SCENE_MS);
}

static const struct timeline *shown(void)
{
	return (const struct timeline *)(const void *)app->tabs[app->tab];
}

/* The thread under the cursor, by its record. */
static uint32_t thread_chosen(void)
{
	return shown()->rows[shown()->row];
}

Test(timeline, a_jump_keeps_the_zoom_and_the_thread_and_shows_the_moment)
{
	static const char *const jumps[] = { "@+2s\r", "@90%\r", "0", "}", "$", "[" };
	uint64_t span;
	uint32_t thread;

	press("zjj");
	span = shown()->span_ns;
	thread = thread_chosen();
	for (size_t i = 0; i < sizeof(jumps) / sizeof(jumps[0]); i++) {
		press("<<");
		replayed_press(jumps[i]);
		replayed_refresh(0);

		cr_expect_eq(shown()->span_ns, span, "%s", jumps[i]);
		cr_expect(shows("at this moment"), "after %s", jumps[i]);
	}

	cr_expect_eq(thread_chosen(), thread, "though it was not there at the begin");
}

Test(timeline, playing_leaves_the_window_that_was_moved_where_it_is)
{
	uint64_t end;

	press("z<<");
	end = shown()->end_ns;
	cr_assert_neq(end, 0);
	press(" ");
	replayed_refresh(100 * SCENE_MS);

	cr_expect_eq(shown()->end_ns, end);
}

Test(timeline, zoom_has_ends)
{
	for (int i = 0; i < 60; i++)
		press("z");
	cr_expect(shows("1 \u00b5s wide"));
	for (int i = 0; i < 80; i++)
		press("Z");

	cr_expect(shows("5 s wide"));
}

TestSuite(timeline_live, .init = set_up, .fini = tear_down);

Test(timeline_live, the_board_of_a_process_shows_its_last_events)
{
	press("v");
	cr_expect(shows("at the present"));
	expect_screen("timeline-live");
}
