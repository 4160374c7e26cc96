/* SPDX-License-Identifier: MIT */
/*
 * The console in a terminal: a screen, an app, and the clock between them.
 *
 * The law of the file: it waits in one place, and what it waits for is a key or
 * the next refresh. A process that is slow to answer cannot hold it up, for it is
 * never asked.
 */
#include "console/top.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "console/app.h"
#include "console/boards.h"
#include "console/player.h"
#include "console/source.h"

#define INTERVAL_MS 250
#define INTERVAL_TRACE_MS 100 /* what is played, or comes late enough by itself */
#define SVG_REFRESHES 24      /* before a picture, so that meters have something to show */
#define SVG_WIDTH 110
#define SVG_HEIGHT 32
#define KEYS_AT_ONCE 64 /* obeyed between two drawings, so that paste is quick */

static uint64_t clock_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000 + (uint64_t)ts.tv_nsec / 1000000;
}

/* Obeys keys until there are none or time is up. Returns how many, -1: no terminal any more. */
static int obey_keys(struct app *app, struct screen *screen, struct canvas *canvas, int timeout_ms)
{
	struct key_event event;
	int r = screen_poll(screen, timeout_ms, &event);
	int i;

	for (i = 0; r > 0 && i < KEYS_AT_ONCE && !app->is_over; i++) {
		int width;
		int height;

		app_key(app, &event);
		if (event.key == K_RESIZE) {
			screen_size(screen, &width, &height);
			canvas_resize(canvas, width, height);
		}
		r = screen_poll(screen, 0, &event);
	}
	return r < 0 ? -1 : i;
}

static void draw(struct app *app, struct screen *screen, struct canvas *canvas)
{
	if (app->must_forget)
		screen_forget(screen);
	app->must_forget = false;
	app_draw(app, canvas);
	screen_draw(screen, canvas);
}

static void run(struct app *app, struct screen *screen, struct canvas *canvas, unsigned interval_ms)
{
	uint64_t next = clock_ms() + interval_ms;
	bool is_stale = true;

	while (!app->is_over) {
		uint64_t now;
		int keys;

		if (is_stale)
			draw(app, screen, canvas);
		screen_watch(screen, app_fd(app));
		now = clock_ms();
		if (app_is_working(app))
			next = now;
		keys = obey_keys(app, screen, canvas, next > now ? (int)(next - now) : 0);
		if (keys < 0)
			return;
		app_pump(app);
		is_stale = keys > 0;
		now = clock_ms();
		/* A key may have sent a trace somewhere. */
		if (now < next && !app_is_working(app))
			continue;
		app_refresh(app);
		is_stale = true;
		/* After a suspend the missed ones are not made up for. */
		next = next + interval_ms > now ? next + interval_ms : now + interval_ms;
	}
}

static int complain(const char *sentence)
{
	fprintf(stderr, "vigil: %s\n", sentence);
	return 2;
}

static int run_on_screen(struct app *app, const struct top_options *options, unsigned interval_ms)
{
	const struct screen_options wanted = {
		.color = options->color,
		.is_ascii = options->is_ascii,
		.has_no_mouse = options->has_no_mouse,
	};
	struct screen *screen;
	struct canvas canvas;
	char error[256];
	int width;
	int height;

	if (screen_open(&screen, &wanted, error, sizeof(error)) < 0)
		return complain(error);
	screen_size(screen, &width, &height);
	if (canvas_init(&canvas, width, height, screen_is_ascii(screen)) < 0) {
		screen_close(screen);
		return complain("out of memory");
	}
	run(app, screen, &canvas, interval_ms);
	canvas_fini(&canvas);
	screen_close(screen);
	return 0;
}

/* A picture without a terminal: for the README, and for who wants one by cron. */
static int save_picture(struct app *app, const struct top_options *options, unsigned interval_ms)
{
	const struct timespec interval = {
		.tv_sec = interval_ms / 1000,
		.tv_nsec = (long)(interval_ms % 1000) * 1000000,
	};
	char sentence[512];
	unsigned i;
	int r;

	while (app_is_working(app))
		app_refresh(app);
	for (i = 0; i < SVG_REFRESHES; i++) {
		nanosleep(&interval, NULL);
		app_refresh(app);
	}
	r = app_save(app, options->svg, SVG_WIDTH, SVG_HEIGHT);
	if (!r)
		return 0;
	snprintf(sentence, sizeof(sentence), "cannot write %s: %s", options->svg, strerror(-r));
	return complain(sentence);
}

int top_main(const struct top_options *options)
{
	const struct source_options from = {
		.at = options->at,
		.pid = options->process,
		.is_moved = true,
		.is_playing = options->is_playing,
	};
	unsigned interval_ms = options->interval_ms ? options->interval_ms : INTERVAL_MS;
	struct vigil_problem problem;
	struct app *app;
	int status;
	int error;

	app = app_open(options->target, &from, interval_ms * UINT64_C(1000000), &error, &problem);
	if (!app && error == -ENOTUNIQ)
		candidates_tell(options->target, "top", NULL, &problem);
	if (!app)
		return complain(problem.text);
	if (!options->interval_ms && app_is_of_trace(app)) {
		interval_ms = INTERVAL_TRACE_MS;
		app->shared.interval_ns = interval_ms * UINT64_C(1000000);
	}
	if (options->speed > 0)
		app_set_speed(app, options->speed);
	if (app_set(app, options->view, options->filter, options->sort, &problem))
		status = complain(problem.text);
	else if (options->svg)
		status = save_picture(app, options, interval_ms);
	else
		status = run_on_screen(app, options, interval_ms);
	app_free(app);
	return status;
}
