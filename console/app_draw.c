/* SPDX-License-Identifier: MIT */
/*
 * The app on a canvas: header, tabs, view, foot line; the help over them.
 *
 * The law of the file: it reads the app and changes nothing but what drawing
 * needs to remember.
 */
#include <stdio.h>
#include <string.h>

#include "console/app_private.h"
#include "console/header.h"
#include "console/player.h"

#define MIN_WIDTH 40
#define MIN_HEIGHT 8
#define STATE_LEAST 16 /* columns of a state that is cut */
#define HELP_WIDTH 78  /* one column of help */

static int tab_line(const struct app *app)
{
	return header_lines(&app->shared, view_models(app_view(app)), app->width, app->height) +
	       app_replay_lines(app);
}

/* How tabs are set: columns between them, and how many have more than their key. */
struct tabs {
	int gap;
	int labelled;
};

static int tab_width(const struct app *app, const struct tabs *tabs, int tab, char *ret_label,
		     size_t size)
{
	const struct request_info *info = keys_info(app_tab_ops(tab)->request);
	bool is_labelled = tab < tabs->labelled || tab == app->tab;
	char name[KEY_NAME_SIZE];

	snprintf(ret_label, size, "%s%s%s", keys_name(info->keys[0], name), is_labelled ? " " : "",
		 is_labelled ? info->label : "");
	return text_width(ret_label);
}

/* The list of processes has a tab only while it is looked at, that of all tasks with several. */
static bool has_tab(const struct app *app, int tab)
{
	switch (app_tab_ops(tab)->request) {
	case REQ_VIEW_PROCESSES:
		return app->tab == tab;
	case REQ_VIEW_ALL:
		return app->tab == tab || app_has_several(app);
	default:
		return true;
	}
}

/* What is in front, or how its rows are chosen. */
static void state_words(const struct app *app, char *buf, size_t size)
{
	struct view *view = app_view(app);

	buf[0] = '\0';
	if (view->ops->title)
		view->ops->title(view, buf, size);
	else
		view_state(view, buf, size);
}

static int tabs_width(const struct app *app, const struct tabs *tabs)
{
	int width = 1;
	char label[32];

	for (int i = 0; i < APP_TABS; i++)
		if (has_tab(app, i))
			width += tab_width(app, tabs, i, label, sizeof(label)) + tabs->gap;
	return width - tabs->gap;
}

/* Where it is narrow they move together, for the state too; then the last ones are keys alone. */
static struct tabs tabs_fit(const struct app *app)
{
	struct tabs tabs = { .gap = 2, .labelled = APP_TABS };
	char words[512];
	int state;

	state_words(app, words, sizeof(words));
	state = words[0] ? text_width(words) + 3 : 0;
	state = state < STATE_LEAST ? state : STATE_LEAST;
	if (tabs_width(app, &tabs) + state > app->width)
		tabs.gap = 1;
	while (tabs.labelled > 0 && tabs_width(app, &tabs) > app->width)
		tabs.labelled--;
	return tabs;
}

static int draw_tabs(const struct app *app, struct canvas *canvas, int y)
{
	struct tabs tabs = tabs_fit(app);
	int x = 1;
	int i;

	canvas_hline(canvas, 0, y, canvas->width, ROLE_AXIS);
	for (i = 0; i < APP_TABS; i++) {
		bool is_front = i == app->tab;
		char label[32];
		int width;

		if (!has_tab(app, i))
			continue;
		width = tab_width(app, &tabs, i, label, sizeof(label));
		canvas_put_text(canvas, x, y, -1, is_front ? ROLE_TITLE : ROLE_DIM, label);
		canvas_put_text(canvas, x, y, 1, ROLE_KEY, label);
		if (is_front)
			canvas_add_attrs(canvas, x + 2, y, width - 2, ATTR_UNDERLINE);
		x += width;
		canvas_put_text(canvas, x, y, tabs.gap, ROLE_TEXT, "  ");
		x += tabs.gap;
	}
	return x;
}

/* A title is left out phrase by phrase, from its end: cut, it would be read as another one. */
static void phrases_fit(char *words, int room)
{
	char *end, *at;

	while (text_width(words) > room) {
		for (end = NULL, at = words; (at = strstr(at, "  ")); at += 2)
			end = at;
		if (!end)
			return;
		*end = '\0';
	}
}

/* At the right end of the tabs: what is in front, or how its rows are chosen. */
static void draw_state(const struct app *app, struct canvas *canvas, int x, int y)
{
	char words[512];
	char text[sizeof(words) + 2];
	int room = canvas->width - x - 1;
	int used;

	state_words(app, words, sizeof(words));
	if (app_view(app)->ops->title)
		phrases_fit(words, room - 2);
	snprintf(text, sizeof(text), " %s ", words);
	used = text_width(text);
	/* A few letters of a word say nothing, and look like one more tab. */
	if (!words[0] || (used > room && room < STATE_LEAST))
		return;
	used = used < room ? used : room;
	canvas_put_clipped(canvas, canvas->width - used - 1, y, used, ROLE_STRONG, text);
}

static bool stands_still(const struct app *app)
{
	const struct player *player = app_player(app);

	return player ? !player->is_playing : app->is_paused;
}

/* What the foot line shows. */
static unsigned foot_where(const struct app *app)
{
	if (app->has_help)
		return IN_HELP;
	return app_where(app) | (stands_still(app) ? (unsigned)IN_PAUSE : 0u);
}

static void draw_foot(const struct app *app, struct canvas *canvas)
{
	int y = canvas->height - 1;

	if (app->prompt.is_open) {
		prompt_draw(&app->prompt, canvas, 0, y, canvas->width);
		if (app->status[0]) {
			int room = canvas->width - 3 - text_width(app->prompt.label) -
				   text_width(app->prompt.text);
			int used = text_width(app->status);

			/* A long text gives way: what is wrong with it must be read. */
			room = room > canvas->width / 2 ? room : canvas->width / 2;
			used = used < room ? used : room;
			canvas_put_clipped(canvas, canvas->width - used, y, used, app->status_role,
					   app->status);
		}
		return;
	}
	if (app->status[0])
		canvas_put_clipped(canvas, 1, y, canvas->width - 2, app->status_role, app->status);
	else
		keys_draw_foot(canvas, y, foot_where(app));
}

static void draw_help(struct app *app, struct canvas *canvas, int top)
{
	int height = canvas->height - 1 - top;
	int lines;

	canvas_fill(canvas, 0, top, canvas->width, height, ROLE_TEXT);
	canvas_box(canvas, 0, top, canvas->width, height, "Help");
	if (app->help_top < 0)
		app->help_top = 0;
	lines = keys_draw_help(canvas, 2, top + 1, canvas->width - 4, height - 2, app_where(app),
			       app->help_top);
	if (app->help_top > 0 && app->help_top > lines - (height - 2)) {
		app->help_top = lines > height - 2 ? lines - (height - 2) : 0;
		keys_draw_help(canvas, 2, top + 1, canvas->width - 4, height - 2, app_where(app),
			       app->help_top);
	}
	if (app->help_top + height - 2 < lines)
		canvas_put_glyph(canvas, canvas->width - 2, top + height - 2, ROLE_WARN,
				 GLYPH_MORE_DOWN);
}

void app_draw(struct app *app, struct canvas *canvas)
{
	int line;

	app->width = canvas->width;
	app->height = canvas->height;
	canvas_clear(canvas);
	if (canvas->width < MIN_WIDTH || canvas->height < MIN_HEIGHT) {
		canvas_put_clipped(canvas, 0, 0, canvas->width, ROLE_WARN,
				   "too small: 60x15 at least");
		return;
	}
	line = tab_line(app);
	header_draw(&app->shared, view_models(app_view(app)), canvas,
		    app->is_paused ? "PAUSED" : "");
	app_replay_draw(app, canvas, line - app_replay_lines(app));
	draw_state(app, canvas, draw_tabs(app, canvas, line), line);
	if (app->has_help)
		draw_help(app, canvas, line + 1 < 4 ? line + 1 : 3);
	else
		view_draw(app_view(app), canvas, 0, line + 1, canvas->width,
			  canvas->height - line - 2);
	draw_foot(app, canvas);
}

enum request app_request_at(const struct app *app, int x, int y)
{
	struct tabs tabs = tabs_fit(app);
	int at = 1;
	int i;

	if (y == app->height - 1)
		return keys_foot_at(app->width, foot_where(app), x);
	if (y != tab_line(app))
		return REQ_NONE;
	for (i = 0; i < APP_TABS; i++) {
		char label[32];
		int width;

		if (!has_tab(app, i))
			continue;
		width = tab_width(app, &tabs, i, label, sizeof(label));
		if (x >= at && x < at + width)
			return app_tab_ops(i)->request;
		at += width + tabs.gap;
	}
	return REQ_NONE;
}
