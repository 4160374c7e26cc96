/* SPDX-License-Identifier: MIT */
/*
 * The console on a fixed scene: keys in, whole screens out. UPDATE_SCREENS=1
 * accepts what is drawn now.
 */
#ifndef TESTS_SUPPORT_APP_H
#define TESTS_SUPPORT_APP_H

#include <criterion/criterion.h>
#include <unistd.h>

#include "console/app.h"
#include "tests/scene.h"
#include "tests/support/golden.h"

#define TICKS 20

static struct app *app;
static struct canvas canvas;

/* To the task that blocks its loop, from wherever the cursor is. */
#define TO_BLOCKER "/running 330\r"

static inline void refresh(void)
{
	vigil_reader_fix_now(app->shared.model->reader, scene.now);
	app_refresh(app);
}

/* The server runs for five seconds; at the end it is in trouble. */
static inline void play(void)
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

static inline void open_app(bool from_file)
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

static inline void set_up(void)
{
	scene_begin();
	open_app(false);
	play();
}

static inline void tear_down(void)
{
	app_free(app);
	scene_end();
}

static inline void press(const char *keys)
{
	for (; *keys; keys++) {
		struct key_event event = { .key = (unsigned char)*keys };

		app_key(app, &event);
	}
}

static inline void press_key(uint32_t key)
{
	struct key_event event = { .key = key };

	app_key(app, &event);
}

static inline void click(uint32_t key, int x, int y)
{
	struct key_event event = { .key = key, .x = x, .y = y };

	app_key(app, &event);
}

/* Draws; the text is the caller's to free. */
static inline char *draw(int width, int height, bool is_ascii)
{
	char *text;

	cr_assert_eq(canvas_init(&canvas, width, height, is_ascii), 0);
	app_draw(app, &canvas);
	text = canvas_to_text(&canvas);
	canvas_fini(&canvas);
	return text;
}

static inline void expect_screen_of(const char *name, int width, int height, bool is_ascii)
{
	char *text = draw(width, height, is_ascii);
	char path[256];

	snprintf(path, sizeof(path), "tests/screens/%s.txt", name);
	expect_golden(path, text);
	free(text);
}

static inline void expect_screen(const char *name)
{
	expect_screen_of(name, 100, 30, false);
}

static inline bool shows(const char *text)
{
	char *screen = draw(100, 30, false);
	bool is_there = strstr(screen, text) != NULL;

	free(screen);
	return is_there;
}

/* A picture of what is on the screen, as --svg saves it. */
static inline void expect_picture(const char *golden, int width, int height)
{
	char path[] = "/tmp/vigil-picture-XXXXXX";
	char *picture;

	close(mkstemp(path));
	cr_assert_eq(app_save(app, path, width, height), 0);
	picture = strdup(golden_read(path));
	unlink(path);
	expect_golden(golden, picture);
	free(picture);
}

#endif
