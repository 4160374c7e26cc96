/* SPDX-License-Identifier: MIT */
/*
 * Keys become requests, requests go to whom they concern: the prompt, the help,
 * the app itself, else the view.
 *
 * The law of the file: a key that means nothing here does nothing.
 */
#include <stdio.h>
#include <string.h>

#include "console/app_private.h"

/* ---- The prompt ---- */

static void open_prompt(struct app *app, bool is_filtering)
{
	struct view *view = app_view(app);

	if (!view->table)
		return;
	app->is_filtering = is_filtering;
	app->is_jumping = false;
	app->is_wrong = false;
	app->cursor_before = table_cursor(view->table);
	snprintf(app->filter_before, sizeof(app->filter_before), "%s", table_filter(view->table));
	if (is_filtering)
		prompt_open(&app->prompt, "Filter: ", &app->filters, app->filter_before);
	else
		prompt_open(&app->prompt, "Search: ", &app->searches, NULL);
}

/*
 * Half a filter is often none yet: while it is wrong, the one before stays, and
 * only a whole one is told to be wrong.
 */
static bool try_filter(struct app *app, const char *text, struct vigil_problem *ret_problem)
{
	if (!view_filter(app_view(app), text, ret_problem))
		return true;
	view_filter(app_view(app), app->filter_before, &(struct vigil_problem){ "" });
	return false;
}

/* A wrong filter goes back to who typed it, with what is wrong beside it. */
static void accept_filter(struct app *app)
{
	struct vigil_problem problem = { "" };
	char text[PROMPT_SIZE];

	snprintf(text, sizeof(text), "%s", app->prompt.text);
	if (try_filter(app, text, &problem))
		return;
	prompt_open(&app->prompt, "Filter: ", &app->filters, text);
	app_say(app, ROLE_ERROR, "%s", problem.text);
	app->is_wrong = true;
}

static void change_filter(struct app *app)
{
	struct vigil_problem problem = { "" };

	app->is_wrong = false;
	app->status[0] = '\0';
	try_filter(app, app->prompt.text, &problem);
}

static void try_search(struct app *app, const char *text)
{
	if (!view_search(app_view(app), text, 0))
		app_say(app, ROLE_WARN, "not found: %s", text);
	else
		app->status[0] = '\0';
}

static void prompt_cancelled(struct app *app)
{
	struct vigil_problem problem = { "" };

	if (app->is_filtering)
		try_filter(app, app->filter_before, &problem);
	else
		table_go_to(app_view(app)->table, app->cursor_before);
	app->is_wrong = false;
	app->status[0] = '\0';
}

/* Returns whether the prompt took the key. */
static bool key_in_prompt(struct app *app, const struct key_event *event)
{
	switch (prompt_key(&app->prompt, event->key)) {
	case PROMPT_IGNORED:
		return false;
	case PROMPT_MOVED:
		return true;
	case PROMPT_CANCELLED:
		prompt_cancelled(app);
		return true;
	case PROMPT_ACCEPTED:
		if (app->is_filtering)
			accept_filter(app);
		return true;
	case PROMPT_CHANGED:
		if (app->is_filtering)
			change_filter(app);
		else
			try_search(app, app->prompt.text);
		return true;
	}
	return false;
}

/* ---- Requests ---- */

static void go_back(struct app *app)
{
	struct view *view = app_view(app);

	if (app->page_count > 0) {
		view_free(app->pages[--app->page_count]);
		view_refresh(app_view(app));
	} else if (view->table && table_filter(view->table)[0]) {
		view_filter(view, "", &(struct vigil_problem){ "" });
	} else if (app->tab != 0 && app->shared.model) {
		app_show_tab(app, 0);
	}
}

static void enter(struct app *app)
{
	uint64_t object;
	const struct view_ops *ops = view_enter(app_view(app), &object);
	uint32_t choose = app->shared.choose;
	char path[sizeof(app->shared.open_path)];

	app->shared.choose = 0;
	if (app->shared.open_path[0]) {
		snprintf(path, sizeof(path), "%s", app->shared.open_path);
		app->shared.open_path[0] = '\0';
		app_connect(app, path);
		return;
	}
	if (choose && !app_choose(app, choose - 1))
		return;
	if (ops)
		app_open_page(app, ops, object);
	else if (choose)
		app_show_tab(app, 0);
}

static void reopen(struct app *app)
{
	char path[sizeof(app->successor)];

	if (!app->successor[0]) {
		app_say(app, ROLE_WARN, "no later process of this name is alive; p lists them all");
		return;
	}
	snprintf(path, sizeof(path), "%s", app->successor);
	app_connect(app, path);
}

static void pause(struct app *app)
{
	app->is_paused = !app->is_paused;
	app->status[0] = '\0';
	if (!app->is_paused)
		app_refresh(app);
}

static void show_ended(struct app *app)
{
	static const char *const words[] = {
		[ENDED_RECENT] = "tasks that have ended are shown for 5 s",
		[ENDED_ALL] = "tasks that have ended are shown, all of them",
		[ENDED_NONE] = "tasks that have ended are hidden",
	};

	app->shared.ended = (app->shared.ended + 1) % (ENDED_NONE + 1);
	app_say(app, ROLE_TEXT, "%s", words[app->shared.ended]);
	view_reorder(app_view(app));
}

static void save(struct app *app)
{
	char path[64];
	FILE *file;
	int r;

	do
		snprintf(path, sizeof(path), "vigil-%d.svg", ++app->saved);
	while (app->saved < 10000 && (file = fopen(path, "r")) && fclose(file) == 0);
	r = app_save(app, path, app->width, app->height);
	if (r)
		app_say(app, ROLE_ERROR, "cannot write %s: %s", path, strerror(-r));
	else
		app_say(app, ROLE_GOOD, "saved as %s", path);
}

/*
 * From the list of all processes one goes to what the process of the row does. Returns
 * false if that cannot be read.
 */
static bool choose_of_row(struct app *app, int tab)
{
	const struct view *view = app_view(app);
	uint32_t process;

	if (view->ops != &view_all || app_tab_ops(tab)->is_of_all ||
	    app_tab_ops(tab)->request == REQ_VIEW_PROCESSES ||
	    table_cursor(view->table) == TABLE_NO_ROW)
		return true;
	view->ops->selected(view, &process);
	return app_choose(app, process);
}

/* Requests of the app itself; returns whether it was one. */
static bool obey(struct app *app, enum request request)
{
	int i;

	for (i = 0; i < APP_TABS; i++) {
		if (app_tab_ops(i)->request == request) {
			if (choose_of_row(app, i))
				app_show_tab(app, i);
			return true;
		}
	}
	switch (request) {
	case REQ_QUIT:
		app->is_over = true;
		return true;
	case REQ_HELP:
		app->has_help = !app->has_help;
		app->help_top = 0;
		return true;
	case REQ_REDRAW:
		app->must_forget = true;
		return true;
	case REQ_SAVE:
		save(app);
		return true;
	case REQ_REOPEN:
		reopen(app);
		return true;
	case REQ_PAUSE:
		pause(app);
		return true;
	case REQ_SEARCH:
	case REQ_FILTER:
		open_prompt(app, request == REQ_FILTER);
		return true;
	case REQ_HIDE_DONE:
		show_ended(app);
		return true;
	case REQ_ENTER:
		enter(app);
		return true;
	case REQ_BACK:
		go_back(app);
		return true;
	default:
		return false;
	}
}

static void tell_view(struct app *app, enum request request)
{
	struct view *view = app_view(app);

	if (view_request(view, request))
		return;
	if (request == REQ_SEARCH_NEXT || request == REQ_SEARCH_PREVIOUS)
		app_say(app, ROLE_WARN,
			view->needle[0] ? "not found: %s" : "nothing searched for yet: / does%s",
			view->needle);
	else if (request == REQ_TREE)
		app_say(app, ROLE_WARN, "rows here have no parents");
}

/* Keys that mean something else while the help is up. */
static bool key_in_help(struct app *app, enum request request)
{
	int page = app->height > 4 ? app->height - 4 : 1;

	switch (request) {
	case REQ_MOVE_UP:
	case REQ_SCROLL_UP:
		app->help_top--;
		break;
	case REQ_MOVE_DOWN:
	case REQ_SCROLL_DOWN:
		app->help_top++;
		break;
	case REQ_PAGE_UP:
		app->help_top -= page;
		break;
	case REQ_PAGE_DOWN:
		app->help_top += page;
		break;
	case REQ_MOVE_HOME:
		app->help_top = 0;
		break;
	case REQ_QUIT:
		return false;
	default:
		app->has_help = false;
		return request == REQ_BACK || request == REQ_HELP || request == REQ_NONE;
	}
	return true;
}

static void obey_any(struct app *app, enum request request)
{
	if (app->has_help && key_in_help(app, request))
		return;
	if (!app_replay_obey(app, request) && !obey(app, request))
		tell_view(app, request);
	app_replay_wishes(app);
}

static void click(struct app *app, const struct key_event *event)
{
	enum request request = app_request_at(app, event->x, event->y);
	bool is_hit = false;

	if (app->has_help) {
		app->has_help = false;
		return;
	}
	if (request == REQ_NONE)
		is_hit = view_click(app_view(app), event->x, event->y);
	app_replay_wishes(app);
	if (request != REQ_NONE)
		obey_any(app, request);
	else if (is_hit && event->key == K_DOUBLE_CLICK)
		enter(app);
}

void app_key(struct app *app, const struct key_event *event)
{
	struct view *view = app_view(app);

	if (event->key == K_STOP) {
		app->is_over = true;
		return;
	}
	if (event->key == K_RESIZE || !view)
		return;
	if (app->prompt.is_open &&
	    (app->is_jumping ? app_replay_key(app, event->key) : key_in_prompt(app, event)))
		return;
	if (event->key == K_CLICK || event->key == K_DOUBLE_CLICK) {
		click(app, event);
		return;
	}
	/* Whoever types has read the message. */
	app->status[0] = '\0';
	obey_any(app, keys_request(event->key, app_where(app)));
}
