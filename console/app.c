/* SPDX-License-Identifier: MIT */
/* The app: which views there are, which process they show. Its law is in app.h. */
#include "console/app.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "console/app_private.h"
#include "console/names.h"
#include "console/player.h"
#include "console/source.h"

#define STATUS_REFRESHES 16 /* a message stands so long */
#define LOOK_EVERY 4        /* refreshes between two looks for a successor */

static const struct view_ops *const tabs[APP_TABS] = {
	&view_tasks, &view_locks, &view_wakers,   &view_resources, &view_executors,
	&view_sites, &view_why,   &view_timeline, &view_all,       &view_processes,
};

#define TAB_PROCESSES (APP_TABS - 1)

/* ---- Views ---- */

const struct view_ops *app_tab_ops(int tab)
{
	return tabs[tab];
}

struct view *app_view(const struct app *app)
{
	return app->page_count > 0 ? app->pages[app->page_count - 1] : app->tabs[app->tab];
}

bool app_has_several(const struct app *app)
{
	return app->shared.model && source_has_several(app->shared.model->source);
}

unsigned app_where(const struct app *app)
{
	return app_view(app)->ops->where | (app_player(app) ? (unsigned)IN_REPLAY : 0u) |
	       (app_has_several(app) ? (unsigned)IN_SEVERAL : 0u);
}

static void close_pages(struct app *app)
{
	while (app->page_count > 0)
		view_free(app->pages[--app->page_count]);
}

/* Another process is to be shown; of the same source, what shows all of them stays. */
static void close_views(struct app *app, bool is_same_source)
{
	int i;

	close_pages(app);
	for (i = 0; i < APP_TABS; i++) {
		if (is_same_source && app->tabs[i] && app->tabs[i]->ops->is_of_all)
			continue;
		view_free(app->tabs[i]);
		app->tabs[i] = NULL;
	}
}

/* A trace has processes of its own. */
static const struct view_ops *ops_of(const struct app *app, int tab)
{
	bool has_members =
		tab == TAB_PROCESSES && app->shared.model &&
		(app_is_of_trace(app) || source_process_count(app->shared.model->source));

	return has_members ? &view_members : tabs[tab];
}

void app_show_tab(struct app *app, int tab)
{
	if (!app->shared.model && tab != TAB_PROCESSES) {
		app_say(app, ROLE_WARN, "no process yet: choose one with Enter");
		return;
	}
	if (!app->tabs[tab])
		app->tabs[tab] = view_new(ops_of(app, tab), &app->shared, 0);
	else if (tab != app->tab || app->page_count > 0)
		view_refresh(app->tabs[tab]);
	if (app->tabs[tab] && app->tabs[tab]->table && tab != app->tab)
		table_forget_widths(app->tabs[tab]->table);
	if (!app->tabs[tab]) {
		app_say(app, ROLE_ERROR, "out of memory");
		return;
	}
	close_pages(app);
	app->tab = tab;
}

void app_open_page(struct app *app, const struct view_ops *ops, uint64_t object)
{
	struct view *view;

	if (app->page_count == APP_DEPTH)
		return;
	view = view_new(ops, &app->shared, object);
	if (view)
		app->pages[app->page_count++] = view;
	else
		app_say(app, ROLE_ERROR, "out of memory");
}

/* ---- The process ---- */

void app_connect(struct app *app, const char *target)
{
	struct vigil_problem problem;
	struct model *model;

	if (model_open(target, NULL, &model, &problem)) {
		app_say(app, ROLE_ERROR, "%s", problem.text);
		return;
	}
	close_views(app, false);
	model_free(app->shared.model);
	app->shared.model = model;
	app->shared.refreshes = 1;
	app->shared.pid = vigil_reader_pid(model->reader);
	app->successor[0] = '\0';
	app->is_paused = false;
	app_show_tab(app, 0);
}

bool app_choose(struct app *app, uint32_t process)
{
	struct model *model = app->shared.model;

	if (process == source_chosen(model->source))
		return true;
	if (model_choose(model, process) < 0) {
		app_say(app, ROLE_ERROR, "out of memory: the picture is old");
		return false;
	}
	close_views(app, true);
	app->shared.refreshes += 2;
	app->shared.pid = vigil_reader_pid(model->reader);
	return true;
}

static bool is_gone(enum vigil_status status)
{
	return !status_is_there(status);
}

/* A living board of the same name that is newer than ours. */
static void look_for_successor(struct app *app)
{
	const struct model *model = app->shared.model;
	char dir[sizeof(app->successor)];
	struct vigil_found *found;
	char *slash;
	int count;
	int i;

	snprintf(dir, sizeof(dir), "%s", vigil_reader_path(model->reader));
	slash = strrchr(dir, '/');
	if (!slash)
		return;
	*slash = '\0';
	count = vigil_find(dir, &found);
	if (count < 0)
		return;
	for (i = 0; i < count && !app->successor[0]; i++) {
		if (is_gone(found[i].status) || strcmp(found[i].name, model->process->name) ||
		    found[i].created_unix_ns <= model->process->created_unix_ns)
			continue;
		snprintf(app->successor, sizeof(app->successor), "%s", found[i].path);
		app_say(app, ROLE_GOOD,
			"%s has been started again as pid %" PRIu32 ": R goes there", found[i].name,
			found[i].pid);
	}
	free(found);
}

static void watch_status(struct app *app, enum vigil_status before)
{
	const struct model *model = app->shared.model;

	/* In a trace a process ends and, a step back, does not. */
	if (source_process_count(model->source))
		return;
	if (model->status != before && is_gone(model->status))
		app_say(app, ROLE_ERROR, "the process is %s: this is what it left behind",
			word_status(model->status));
	if (!is_gone(model->status) || app->successor[0] || app->look_in-- > 0)
		return;
	app->look_in = LOOK_EVERY;
	look_for_successor(app);
}

static void look(struct app *app)
{
	struct model *model = app->shared.model;
	enum vigil_status before = model->status;
	int r = model_refresh(model);

	if (r < 0)
		app_say(app, ROLE_ERROR, "out of memory: the picture is old");
	/* Of another board no view has seen the last refresh. */
	app->shared.refreshes += r > 0 ? 2 : 1;
	app->shared.pid = vigil_reader_pid(model->reader);
	watch_status(app, before);
	app_replay_tell(app);
}

void app_refresh(struct app *app)
{
	struct view *view = app_view(app);

	if (!app->is_wrong && app->status_refreshes > 0 && --app->status_refreshes == 0)
		app->status[0] = '\0';
	if (app->is_paused)
		return;
	if (app->shared.model)
		look(app);
	if (view)
		view_refresh(view);
}

bool app_is_of_trace(const struct app *app)
{
	return app_player(app) || app_fd(app) >= 0;
}

int app_fd(const struct app *app)
{
	return app->shared.model ? source_fd(app->shared.model->source) : -1;
}

void app_pump(struct app *app)
{
	if (app->shared.model)
		source_pump(app->shared.model->source);
}

bool app_is_working(const struct app *app)
{
	const struct player *player = app_player(app);

	return player && player_is_working(player);
}

/* ---- The status line ---- */

void app_say(struct app *app, enum role role, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(app->status, sizeof(app->status), format, args);
	va_end(args);
	app->status_role = role;
	app->status_refreshes = STATUS_REFRESHES;
}

/* ---- Start and end ---- */

struct app *app_new(struct model *model, uint64_t interval_ns)
{
	struct app *app = calloc(1, sizeof(*app));

	if (!app)
		return NULL;
	app->shared.model = model;
	app->shared.refreshes = 1;
	app->shared.interval_ns = interval_ns;
	if (model)
		app->shared.pid = vigil_reader_pid(model->reader);
	app_show_tab(app, model ? 0 : TAB_PROCESSES);
	if (!app_view(app)) {
		app->shared.model = NULL;
		app_free(app);
		return NULL;
	}
	if (model && is_gone(model->status))
		app_say(app, ROLE_WARN, "the process is %s: this is what it left behind",
			word_status(model->status));
	return app;
}

struct app *app_open(const char *target, const struct source_options *options, uint64_t interval_ns,
		     int *ret_error, struct vigil_problem *ret_problem)
{
	struct model *model = NULL;
	struct app *app;
	int r = model_open(target, options, &model, ret_problem);

	if (r && (target || r != -ENOTUNIQ)) {
		*ret_error = r;
		return NULL;
	}
	app = app_new(model, interval_ns);
	if (!app) {
		model_free(model);
		*ret_error = -ENOMEM;
		snprintf(ret_problem->text, sizeof(ret_problem->text), "out of memory");
	}
	return app;
}

void app_free(struct app *app)
{
	if (!app)
		return;
	close_views(app, false);
	model_free(app->shared.model);
	free(app);
}

int app_set(struct app *app, const char *view, const char *filter, const char *sort,
	    struct vigil_problem *ret_problem)
{
	int i;

	for (i = 0; view && i < APP_TABS && strcmp(view, tabs[i]->name); i++)
		;
	if (view && i == APP_TABS) {
		snprintf(ret_problem->text, sizeof(ret_problem->text),
			 "there is no view \"%s\": tasks, locks, wakers, resources, executors, "
			 "sites, why, timeline, all and processes are",
			 view);
		return -1;
	}
	if (view && tabs[i] == &view_all && !source_has_members(app->shared.model->source)) {
		snprintf(ret_problem->text, sizeof(ret_problem->text),
			 "the view \"all\" is of a trace or a relay, which may have several "
			 "processes; of one it is \"tasks\"");
		return -1;
	}
	if (view)
		app_show_tab(app, i);
	if (filter && view_filter(app_view(app), filter, ret_problem))
		return -1;
	if (sort && !view_sort(app_view(app), sort)) {
		snprintf(ret_problem->text, sizeof(ret_problem->text),
			 "cannot sort %s by \"%s\": give the head of one of its columns, as in "
			 "--sort=busy:desc",
			 app_view(app)->ops->name, sort);
		return -1;
	}
	return 0;
}

int app_save(struct app *app, const char *path, int width, int height)
{
	struct canvas canvas;
	FILE *file;
	int r = 0;

	if (canvas_init(&canvas, width, height, false) < 0)
		return -ENOMEM;
	app_draw(app, &canvas);
	file = fopen(path, "w");
	if (!file ||
	    canvas_write_svg(&canvas, file, app_player(app) ? "vigil replay" : "vigil top") < 0)
		r = -errno;
	if (file && fclose(file) != 0 && !r)
		r = -errno;
	canvas_fini(&canvas);
	return r;
}
