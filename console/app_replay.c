/* SPDX-License-Identifier: MIT */
/*
 * The app on a trace: the bar that shows where in it we are, and the keys that move
 * it.
 *
 * The law of the file: it tells the player where to go, and never waits for it.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "console/app_private.h"
#include "console/format.h"
#include "console/names.h"
#include "console/player.h"
#include "console/source.h"

#define LEAST_TRACK 12 /* columns; a shorter one says nothing */
#define SPEED_WIDTH 6
#define CLOCK_WIDTH 12
#define POSITION_WIDTH 12

struct player *app_player(const struct app *app)
{
	return app->shared.model ? source_player(app->shared.model->source) : NULL;
}

void app_set_speed(struct app *app, double speed)
{
	struct player *player = app_player(app);

	if (player)
		player_set_speed(player, speed);
}

/* Whose polls and gaps are looked for and marked: the shown process's, or those of all. */
static uint32_t process_looked_at(const struct app *app)
{
	return view_models(app_view(app)) ? CURSOR_ANY_PROCESS :
					    source_chosen(app->shared.model->source);
}

/* ---- The bar ---- */

int app_replay_lines(const struct app *app)
{
	return app_player(app) != NULL;
}

static uint64_t trace_length(const struct player *player)
{
	uint64_t length = cursor_end(player->cursor) - cursor_begin(player->cursor);

	return length ? length : 1;
}

/* The column of a moment on a track. */
static int column_of(const struct player *player, uint64_t unix_ns, int width)
{
	uint64_t begin = cursor_begin(player->cursor);
	double share =
		unix_ns <= begin ? 0.0 : (double)(unix_ns - begin) / (double)trace_length(player);

	return share >= 1.0 ? width - 1 : (int)(share * (double)(width - 1) + 0.5);
}

/* What is worth a look: where events were lost, and long polls as long as they took. */
static void draw_marks(const struct player *player, uint32_t process, struct canvas *canvas, int x,
		       int y, int width)
{
	size_t count;
	const struct cursor_mark *marks = cursor_marks(player->cursor, &count);

	for (size_t i = 0; i < count; i++) {
		uint64_t length = marks[i].end_unix_ns - marks[i].begin_unix_ns;
		int at = x + column_of(player, marks[i].begin_unix_ns, width);
		int end = x + column_of(player, marks[i].end_unix_ns, width);
		bool is_gap = marks[i].kind == CURSOR_MARK_GAP;

		if (!is_gap && length <= player->long_ns)
			continue;
		if (process != CURSOR_ANY_PROCESS && marks[i].process != process &&
		    marks[i].process != CURSOR_ANY_PROCESS)
			continue;
		for (; at <= end; at++)
			canvas_put_glyph(canvas, at, y,
					 is_gap ? ROLE_ERROR : format_duration_role(length),
					 is_gap ? GLYPH_FAILED : GLYPH_TICK);
	}
}

static void draw_track(const struct player *player, uint32_t process, struct canvas *canvas, int x,
		       int y, int width)
{
	int here = column_of(player, cursor_now(player->cursor), width);

	for (int i = 0; i < width; i++)
		canvas_put_glyph(canvas, x + i, y, i <= here ? ROLE_BAR : ROLE_AXIS,
				 i <= here ? GLYPH_TRACK : GLYPH_HLINE);
	draw_marks(player, process, canvas, x, y, width);
	canvas_put_glyph(canvas, x + here, y, ROLE_TITLE, GLYPH_TAG);
}

static void draw_reading(const struct player *player, struct canvas *canvas, int y)
{
	char events[FORMAT_SIZE], time[FORMAT_SIZE];

	canvas_printf(canvas, 1, y, canvas->width - 2, ROLE_WARN,
		      "reading the trace: %s events so far, %s of it",
		      format_count(events, sizeof(events), cursor_passed(player->cursor)),
		      format_duration(time, sizeof(time), trace_length(player), 0));
}

/* "+1.093412 s", "+2:05:01.093": exact enough to see one event pass. */
static void position_words(uint64_t ns, char *buf, size_t size)
{
	uint64_t us = ns / 1000, seconds = us / 1000000;

	if (seconds < 1000)
		snprintf(buf, size, "+%" PRIu64 ".%06" PRIu64 " s", seconds, us % 1000000);
	else
		snprintf(buf, size, "+%" PRIu64 ":%02" PRIu64 ":%02" PRIu64 ".%03" PRIu64,
			 seconds / 3600, seconds / 60 % 60, seconds % 60, us % 1000000 / 1000);
}

void app_replay_draw(const struct app *app, struct canvas *canvas, int y)
{
	const struct player *player = app_player(app);
	char speed[16], length[FORMAT_SIZE], words[64], clock[32];
	int x = 1, room;

	if (!player)
		return;
	if (!cursor_is_indexed(player->cursor)) {
		draw_reading(player, canvas, y);
		return;
	}
	format_duration(length, sizeof(length), trace_length(player), 0);
	position_words(cursor_now(player->cursor) - cursor_begin(player->cursor), words,
		       sizeof(words));
	x += canvas_put_glyph(canvas, x, y, player->is_playing ? ROLE_RUNNING : ROLE_WARN,
			      player->is_playing ? GLYPH_RUNNING : GLYPH_PAUSED) +
	     1;
	canvas_put_text(canvas, x, y, SPEED_WIDTH, ROLE_NUMBER,
			player_speed_words(player, speed, sizeof(speed)));
	x += SPEED_WIDTH + 1;
	canvas_put_text(canvas, x + POSITION_WIDTH - text_width(words), y, -1, ROLE_STRONG, words);
	x += POSITION_WIDTH + 1;
	room = canvas->width - x - text_width(length) - CLOCK_WIDTH - 5;
	if (room < LEAST_TRACK)
		room = canvas->width - x - text_width(length) - 2;
	if (room < LEAST_TRACK)
		return;
	draw_track(player, process_looked_at(app), canvas, x, y, room);
	x += room + 1;
	x += canvas_put_text(canvas, x, y, -1, ROLE_DIM, length) + 2;
	canvas_put_text(canvas, x, y, canvas->width - x - 1, ROLE_DIM,
			clock_words(cursor_now(player->cursor), clock, sizeof(clock)));
}

/* ---- What became of it ---- */

static const char *const event_names[] = {
#define X(name, params) [TRACE_##name] = #name,
	TRACEPOINTS(X)
#undef X
};

/* "poll_begin of 17 http-conn": names of objects of another process are not known here. */
static void event_words(const struct app *app, const struct trace_event *event, char *buf,
			size_t size)
{
	const struct model *model = app->shared.model;
	char object[NAME_TEXT] = "", worker[NAME_TEXT] = "";
	char kind[32];

	snprintf(kind, sizeof(kind), "%s", event_names[event->kind]);
	for (char *at = kind; *at; at++)
		if (*at == '_')
			*at = ' ';
	if (event->process == source_chosen(model->source)) {
		name_object(model, event->object, object, sizeof(object));
		name_object(model, event->worker, worker, sizeof(worker));
	}
	snprintf(buf, size, "%s%s%.80s%s%.60s", kind, object[0] ? ": " : "", object,
		 worker[0] ? " on " : "", worker);
}

/* Found among those of all processes: that process is shown, and its task selected. */
static void go_to_process(struct app *app, const struct trace_event *event)
{
	struct view *view = app_view(app);

	if (!view_models(view) || !app_choose(app, event->process))
		return;
	view_refresh(view);
	if (view->ops->select)
		view->ops->select(view, event->process, event->object);
}

/* "4711 httpd on web1: ", if there are several; else "". */
static void process_words(const struct app *app, char *buf, size_t size)
{
	struct source_member member;

	buf[0] = '\0';
	if (!app_has_several(app))
		return;
	model_member(app->shared.model, &member);
	snprintf(buf, size, "%" PRIu32 " %.31s%s%.40s: ", member.pid, member.name,
		 member.host[0] ? " on " : "", member.host);
}

/* "12 http-conn polls for 301 ms on worker http-0: the longest of its waits, 300 ms, ends now" */
static void say_long_poll(struct app *app, const struct cursor_stop *stop)
{
	char time[FORMAT_SIZE], block[FORMAT_SIZE], words[NAME_TEXT], process[100];

	go_to_process(app, &stop->event);
	event_words(app, &stop->event, words, sizeof(words));
	process_words(app, process, sizeof(process));
	format_duration(time, sizeof(time), stop->poll_ns, 0);
	if (stop->block_ns)
		app_say(app, ROLE_WARN, "%slast moment of a wait of %s in a poll of %s: %s",
			process, format_duration(block, sizeof(block), stop->block_ns, 0), time,
			words);
	else
		app_say(app, ROLE_WARN, "%sabout to end after %s: %s", process, time, words);
}

static void say_found(struct app *app, const struct player *player)
{
	const struct cursor_stop *stop = cursor_stop(player->cursor);
	char words[NAME_TEXT];

	if (stop->event.kind >= TRACE_KINDS)
		return;
	if (player->going == CURSOR_TO_LONG_POLL) {
		say_long_poll(app, stop);
		return;
	}
	event_words(app, &stop->event, words, sizeof(words));
	app_say(app, ROLE_TEXT, "%s", words);
}

static void say_none(struct app *app, const struct player *player)
{
	const char *where = player->is_back ? "before" : "after";
	char time[FORMAT_SIZE], process[100] = "";

	if (process_looked_at(app) != CURSOR_ANY_PROCESS)
		process_words(app, process, sizeof(process));
	switch (player->going) {
	case CURSOR_TO_LONG_POLL:
		app_say(app, ROLE_WARN, "%sno poll took longer than %s %s this moment", process,
			format_duration(time, sizeof(time), player->long_ns, 0), where);
		break;
	case CURSOR_TO_TASK_POLL:
		app_say(app, ROLE_WARN, "no poll of this task begins %s this moment", where);
		break;
	case CURSOR_TO_GAP:
		app_say(app, ROLE_GOOD, "%sno event was lost %s this moment", process, where);
		break;
	default:
		app_say(app, ROLE_WARN, "this is the %s of the trace",
			player->is_back ? "begin" : "end");
		break;
	}
}

void app_replay_tell(struct app *app)
{
	struct player *player = app_player(app);
	const char *news = source_news(app->shared.model->source);

	if (news)
		app_say(app, ROLE_ERROR, "%s", news);
	if (!player || !player->has_news)
		return;
	player->has_news = false;
	if (player->news == CURSOR_NONE)
		say_none(app, player);
	else
		say_found(app, player);
}

/* ---- Requests ---- */

/* The task that is selected or shown, and of which process it is; 0: none is. */
static uint64_t task_selected(const struct app *app, uint32_t *ret_process)
{
	const struct view *view = app_view(app);
	uint64_t id = view->table ? table_cursor(view->table) : view->object;

	if (view->ops->selected)
		id = view->ops->selected(view, ret_process);
	return vigil_ref_table(id) == VIGIL_TABLE_task ? id : 0;
}

static void go(struct app *app, enum cursor_to to, bool is_back)
{
	struct player *player = app_player(app);
	struct cursor_goal goal = {
		.to = to,
		.is_back = is_back,
		.over_ns = player->long_ns,
		.process = process_looked_at(app),
	};

	if (to == CURSOR_TO_TASK_POLL) {
		goal.process = source_chosen(app->shared.model->source);
		goal.task = task_selected(app, &goal.process);
	}
	if (to == CURSOR_TO_TASK_POLL && !goal.task) {
		app_say(app, ROLE_WARN, "no task is selected: t lists them");
		return;
	}
	player_go(player, &goal);
}

static void jump_ask(struct app *app)
{
	app->is_jumping = true;
	app->is_wrong = false;
	prompt_open(&app->prompt, "Jump to: ", &app->jumps, NULL);
}

static void jump(struct app *app)
{
	struct player *player = app_player(app);
	struct vigil_problem problem;
	uint64_t unix_ns;

	if (!app->prompt.text[0] || !player)
		return;
	if (player_time(player->cursor, app->prompt.text, app->prompt.text, "the trace", &unix_ns,
			&problem)) {
		app_say(app, ROLE_ERROR, "%s", problem.text);
		return;
	}
	player_seek(player, unix_ns);
}

void app_replay_wishes(struct app *app)
{
	struct player *player = app_player(app);

	if (player && app->shared.seek_unix_ns)
		player_seek(player, app->shared.seek_unix_ns);
	app->shared.seek_unix_ns = 0;
}

bool app_replay_key(struct app *app, uint32_t key)
{
	enum prompt_result result = prompt_key(&app->prompt, key);

	if (result == PROMPT_ACCEPTED)
		jump(app);
	else if (result == PROMPT_CHANGED)
		app->status[0] = '\0';
	if (result == PROMPT_ACCEPTED || result == PROMPT_CANCELLED)
		app->is_jumping = false;
	return result != PROMPT_IGNORED;
}

bool app_replay_obey(struct app *app, enum request request)
{
	struct player *player = app_player(app);

	if (!player)
		return false;
	switch (request) {
	case REQ_PAUSE:
		player_pause(player, player->is_playing);
		return true;
	case REQ_TICK_FORWARD:
	case REQ_TICK_BACK:
		player_tick(player, request == REQ_TICK_FORWARD ? 1 : -1);
		return true;
	case REQ_EVENT_FORWARD:
	case REQ_EVENT_BACK:
		go(app, CURSOR_TO_EVENT, request == REQ_EVENT_BACK);
		return true;
	case REQ_POLL_FORWARD:
	case REQ_POLL_BACK:
		go(app, CURSOR_TO_POLL, request == REQ_POLL_BACK);
		return true;
	case REQ_TASK_POLL_FORWARD:
	case REQ_TASK_POLL_BACK:
		go(app, CURSOR_TO_TASK_POLL, request == REQ_TASK_POLL_BACK);
		return true;
	case REQ_LONG_POLL_FORWARD:
	case REQ_LONG_POLL_BACK:
		go(app, CURSOR_TO_LONG_POLL, request == REQ_LONG_POLL_BACK);
		return true;
	case REQ_GAP_FORWARD:
		go(app, CURSOR_TO_GAP, false);
		return true;
	case REQ_REWIND:
		player_seek(player, cursor_begin(player->cursor));
		return true;
	case REQ_WIND:
		player_seek(player, cursor_end(player->cursor));
		return true;
	case REQ_FASTER:
	case REQ_SLOWER:
		player_change_speed(player, request == REQ_FASTER ? 1 : -1);
		return true;
	case REQ_JUMP:
		jump_ask(app);
		return true;
	default:
		return false;
	}
}
