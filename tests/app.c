/* SPDX-License-Identifier: MIT */
/*
 * The console as people see it: keys in, whole screens out, on a fixed scene.
 * UPDATE_SCREENS=1 accepts what is drawn now.
 */
#include <criterion/criterion.h>

#include "console/app.h"
#include "tests/scene.h"

#define TICKS 20

static struct app *app;
static struct canvas canvas;

/* To the task that blocks its loop, from wherever the cursor is. */
#define TO_BLOCKER "/running 330\r"

static void refresh(void)
{
	vigil_reader_fix_now(app->shared.model->reader, scene.now);
	app_refresh(app);
}

/* The server runs for five seconds; at the end it is in trouble. */
static void play(void)
{
	int i;

	for (i = 0; i < TICKS; i++) {
		if (i == TICKS - 9)
			scene_trouble();
		if (i == TICKS - 1)
			scene_block();
		scene_tick(i, i < TICKS - 1 ? 3 : 2);
		if (i == TICKS - 1)
			scene_pass(60 * SCENE_MS);
		refresh();
	}
}

static void open_app(bool from_file)
{
	struct vigil_reader *reader;
	struct vigil_problem problem;

	int r = from_file ?
			vigil_reader_open_file(scene.path, 0, &reader, &problem) :
			vigil_reader_open_memory(scene.board, scene.board_size, &reader, &problem);

	cr_assert_eq(r, 0, "%s", problem.text);
	vigil_reader_fix_now(reader, scene.now);
	vigil_reader_refresh(reader);
	app = app_new(model_new(reader), SCENE_TICK);
	cr_assert_not_null(app);
}

static void set_up(void)
{
	scene_begin();
	open_app(false);
	play();
}

static void tear_down(void)
{
	app_free(app);
	scene_end();
}

TestSuite(app, .init = set_up, .fini = tear_down);

static void press(const char *keys)
{
	for (; *keys; keys++) {
		struct key_event event = { .key = (unsigned char)*keys };

		app_key(app, &event);
	}
}

static void press_key(uint32_t key)
{
	struct key_event event = { .key = key };

	app_key(app, &event);
}

static void click(uint32_t key, int x, int y)
{
	struct key_event event = { .key = key, .x = x, .y = y };

	app_key(app, &event);
}

/* Draws; the text is the caller's to free. */
static char *draw(int width, int height, bool is_ascii)
{
	char *text;

	cr_assert_eq(canvas_init(&canvas, width, height, is_ascii), 0);
	app_draw(app, &canvas);
	text = canvas_to_text(&canvas);
	canvas_fini(&canvas);
	return text;
}

static const char *read_screen(const char *path)
{
	static char text[1 << 20];
	FILE *file = fopen(path, "r");
	size_t size = 0;

	if (file) {
		size = fread(text, 1, sizeof(text) - 1, file);
		fclose(file);
	}
	text[size] = '\0';
	return text;
}

static void expect_file(const char *path, const char *text)
{
	FILE *file;

	if (getenv("UPDATE_SCREENS")) {
		file = fopen(path, "w");
		cr_assert_not_null(file, "cannot write %s", path);
		fputs(text, file);
		fclose(file);
	}
	cr_assert(strcmp(text, read_screen(path)) == 0,
		  "%s differs. It is now:\n%s\n"
		  "To accept it: UPDATE_SCREENS=1 make test TESTS=app\n",
		  path, text);
}

static void expect_screen_of(const char *name, int width, int height, bool is_ascii)
{
	char *text = draw(width, height, is_ascii);
	char path[256];

	snprintf(path, sizeof(path), "tests/screens/%s.txt", name);
	expect_file(path, text);
	free(text);
}

static void expect_screen(const char *name)
{
	expect_screen_of(name, 100, 30, false);
}

static bool shows(const char *text)
{
	char *screen = draw(100, 30, false);
	bool is_there = strstr(screen, text) != NULL;

	free(screen);
	return is_there;
}

/* ---- Views ---- */

Test(app, tasks_are_shown_worst_first)
{
	expect_screen("app-tasks");
}

Test(app, tasks_fit_the_smallest_terminal)
{
	expect_screen_of("app-tasks-60x15", 60, 15, false);
}

Test(app, tasks_fit_an_old_terminal)
{
	expect_screen_of("app-tasks-80x24", 80, 24, false);
}

Test(app, a_wide_terminal_shows_every_column)
{
	expect_screen_of("app-tasks-200x40", 200, 40, false);
}

Test(app, tasks_can_be_shown_in_ascii)
{
	expect_screen_of("app-tasks-ascii", 100, 30, true);
}

Test(app, a_task_has_details)
{
	press(TO_BLOCKER "\r");
	expect_screen("app-task");
}

Test(app, details_scroll)
{
	press(TO_BLOCKER "\r");
	press_key(K_END);
	expect_screen("app-task-end");
}

Test(app, details_fit_the_smallest_terminal)
{
	press(TO_BLOCKER "\r");
	expect_screen_of("app-task-60x15", 60, 15, false);
}

Test(app, details_in_a_tall_terminal_show_everything)
{
	press(TO_BLOCKER "\r");
	expect_screen_of("app-task-120x70", 120, 70, false);
}

Test(app, locks_name_owners_and_waiters)
{
	press("l");
	expect_screen("app-locks");
}

Test(app, a_lock_has_details)
{
	press("l");
	press_key(K_ENTER);
	expect_screen_of("app-lock-100x45", 100, 45, false);
}

Test(app, wakers_are_edges)
{
	press("w");
	expect_screen("app-wakers");
}

Test(app, an_edge_has_details)
{
	press("w");
	press_key(K_ENTER);
	expect_screen("app-waker");
}

Test(app, executors_have_their_workers_below_them)
{
	press("e");
	expect_screen("app-executors");
}

Test(app, executors_fit_the_smallest_terminal)
{
	press("e");
	expect_screen_of("app-executors-60x15", 60, 15, true);
}

Test(app, a_worker_has_details)
{
	press("ejjj");
	press_key(K_ENTER);
	expect_screen("app-worker");
}

Test(app, sites_group_tasks)
{
	press("g");
	expect_screen("app-sites");
}

Test(app, a_site_has_details)
{
	press("g");
	press_key(K_ENTER);
	expect_screen("app-site");
}

Test(app, why_names_the_cause)
{
	press("y");
	expect_screen("app-why");
}

Test(app, why_wraps_its_sentences)
{
	press("y");
	expect_screen_of("app-why-60x15", 60, 15, true);
}

Test(app, help_is_made_from_the_keys)
{
	press("?");
	expect_screen("app-help");
}

/* The picture of the README. */
Test(app, the_screen_is_saved_as_a_picture)
{
	char path[] = "/tmp/vigil-picture-XXXXXX";
	char *picture;

	close(mkstemp(path));
	app->shared.pid = 4242;
	press_key(K_HOME);

	cr_assert_eq(app_save(app, path, 110, 32), 0);

	picture = strdup(read_screen(path));
	unlink(path);
	expect_file("tests/screens/console.svg", picture);
	free(picture);
}

/* ---- What keys do ---- */

Test(app, a_task_can_be_searched_for)
{
	press("/idle-r\r");
	expect_screen("app-search");
}

Test(app, a_filter_keeps_what_matches)
{
	press("\\state=idle\r");
	expect_screen("app-filter");
}

Test(app, a_wrong_filter_says_what_is_wrong)
{
	press("\\colour=red\r");

	cr_assert(shows("colour"));
}

Test(app, escape_takes_a_filter_away)
{
	press("\\state=idle\r");
	press_key(K_ESCAPE);

	cr_assert(shows("read-file"));
	cr_assert_not(shows("filter"));
}

Test(app, a_cancelled_filter_leaves_the_old_one)
{
	press("\\state=idle\r");
	press("\\\x15name=job");
	press_key(K_ESCAPE);

	cr_assert(shows("filter state=idle"));
}

Test(app, children_can_be_shown_below_their_parents)
{
	press("T");
	expect_screen("app-tree");
}

Test(app, tasks_that_ended_are_shown_for_a_while_all_or_not)
{
	vigil_task_fail(scene.conns[0], 5, "reset by peer");
	refresh();

	cr_assert(shows("reset by peer"));
	cr_assert_not(shows("no such host"), "ended more than 5 s ago");
	press("D");
	cr_assert(shows("no such host"));
	cr_assert(shows("all of them"));
	press("D");
	cr_assert_not(shows("no such host"));
	cr_assert_not(shows("reset by peer"));
	press("D");
	cr_assert(shows("reset by peer"));
	scene_pass(6000 * SCENE_MS);
	refresh();
	cr_assert_not(shows("reset by peer"));
}

Test(app, attributes_are_filtered_and_searched)
{
	press("\\peer~0.0.31:\r");
	cr_assert(shows("filter peer~0.0.31:  1 of"));
	press_key(K_ESCAPE);

	press("/10.0.0.31\r");
	cr_assert_eq(table_cursor(app->tabs[0]->table), scene.late);
}

Test(app, a_wrong_filter_stays_wrong_until_it_is_mended)
{
	int i;

	press("\\state=idle\r");
	press("\\\x15"
	      "bogus=3\r");

	cr_assert(shows("filter state=idle"), "the last one that was right stays");
	for (i = 0; i < 30; i++)
		refresh();
	cr_assert(shows("there is no \"bogus\""));
	press_key(K_BACKSPACE);
	cr_assert_not(shows("there is no"));
	press_key(K_ESCAPE);
	cr_assert(shows("filter state=idle"));
}

Test(app, a_filter_that_nothing_matches_says_so)
{
	press("\\bogus\r");

	cr_assert(shows("No row matches the filter"));
}

Test(app, tabs_stay_whole_where_a_count_does_not_fit)
{
	char *screen = (press("y"), draw(60, 15, false));

	cr_assert_not_null(strstr(screen, "y Why"));
	cr_assert_null(strstr(screen, "st\u2026"), "%s", screen);
	free(screen);
}

Test(app, a_thread_that_waits_for_a_lock_is_told_by_its_task)
{
	char *screen;

	vigil_poll_begin(scene.conns[0]);
	vigil_lock_wait_at(SCENE_SITE("log.c", 47, "log_line"), scene.log, VIGIL_MODE_EXCLUSIVE);
	refresh();

	press("l/log\r\r");
	screen = draw(100, 45, false);

	cr_assert_not_null(strstr(screen, "3 http-conn on thread 4242"), "%s", screen);
	cr_assert_not_null(strstr(screen, "1 waiting now"), "%s", screen);
	free(screen);
}

Test(app, a_head_that_is_clicked_sorts)
{
	free(draw(100, 30, false));
	click(K_CLICK, 8, 7);

	expect_screen("app-sorted-by-id");
}

Test(app, a_double_click_opens_details)
{
	free(draw(100, 30, false));
	click(K_DOUBLE_CLICK, 8, 10);

	cr_assert(shows("Times"));
}

Test(app, tabs_and_foot_can_be_clicked)
{
	free(draw(100, 30, false));
	click(K_CLICK, 11, 6);
	cr_assert(shows("TAKEN AT"));

	click(K_CLICK, 1, 29);
	cr_assert(shows("─ Help ─"));
}

Test(app, the_cursor_is_on_the_worst_task_until_it_is_moved)
{
	struct table *table = app->tabs[0]->table;

	vigil_wake(scene.conns[0]);
	scene_pass(60 * UINT64_C(1000) * SCENE_MS);
	refresh();

	cr_assert_eq(table_cursor_index(table), 0);
}

Test(app, the_cursor_stays_on_its_task)
{
	uint64_t before;

	press("jjj");
	before = table_cursor(app->tabs[0]->table);
	press(">>>>i");
	refresh();

	cr_assert_eq(table_cursor(app->tabs[0]->table), before);
}

Test(app, a_pause_holds_the_picture)
{
	char *before;
	char *after;

	press(" ");
	before = draw(100, 30, false);
	scene_tick(TICKS, 2);
	refresh();
	after = draw(100, 30, false);

	cr_assert_str_eq(before, after);
	cr_assert(shows("PAUSED"));
	press("l");
	cr_assert(shows("TAKEN AT"), "keys still work");
	free(before);
	free(after);
}

Test(app, q_leaves)
{
	press("q");

	cr_assert(app->is_over);
}

Test(app, what_was_not_recorded_is_always_on_the_screen)
{
	vigil_task gone = scene.conns[0];

	vigil_task_end(gone, VIGIL_OUTCOME_COMPLETED);
	vigil_wake(gone);
	refresh();

	cr_assert(shows("misused: 1 wakes after an end"));
}

Test(app, a_finished_process_keeps_its_last_picture)
{
	vigil_fini();
	refresh();

	cr_assert(shows("finished"));
	cr_assert(shows("cache"));
}

Test(app, the_process_that_follows_is_offered)
{
	struct vigil_options options = {
		.struct_size = sizeof(options),
		.name = "httpd",
		.dir = scene.dir,
	};
	char path[256];

	app_free(app);
	open_app(true);
	vigil_fini();
	vigil_init(&options);
	vigil_board_path(path, sizeof(path));
	refresh();
	cr_assert(shows("R goes there"));

	press("R");

	cr_assert(shows("No tasks yet"));
	unlink(path);
}

/* Draws it; what comes out fits the screen and would leave a terminal in peace. */
static void draw_checked(int width, int height, bool is_ascii)
{
	char *text = draw(width, height, is_ascii);
	int lines = 0;

	cr_assert_not_null(text);
	for (const char *at = text; *at; at++) {
		lines += *at == '\n';
		cr_assert((unsigned char)*at >= ' ' || *at == '\n');
	}
	cr_assert_leq(lines, height);
	free(text);
}

Test(app, every_view_survives_every_size)
{
	static const char views[] = "tlwegy?";
	static const int sizes[][2] = { { 1, 1 },   { 20, 5 },  { 40, 8 },   { 41, 9 },
					{ 60, 15 }, { 80, 24 }, { 120, 40 }, { 250, 80 } };
	size_t i;
	size_t j;

	for (i = 0; i < strlen(views); i++) {
		press((char[]){ views[i], '\0' });
		for (j = 0; j < sizeof(sizes) / sizeof(sizes[0]); j++)
			draw_checked(sizes[j][0], sizes[j][1], j % 2);
		press_key(K_ENTER);
		for (j = 0; j < sizeof(sizes) / sizeof(sizes[0]); j++)
			draw_checked(sizes[j][0], sizes[j][1], j % 2);
	}
}

Test(app, no_key_does_harm_in_any_view)
{
	static const char views[] = "tlwegyp";
	uint32_t key;
	size_t i;

	for (i = 0; i < strlen(views); i++) {
		for (key = 1; key <= K_LAST; key = key == 126 ? K_UP : key + 1) {
			if (key == 'S')
				continue; /* writes a file */
			press_key(K_ESCAPE);
			press((char[]){ views[i], '\0' });
			press_key(key);
			draw_checked(100, 30, false);
		}
	}
}
