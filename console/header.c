/* SPDX-License-Identifier: MIT */
/* The header. Its law is in header.h. */
#include "console/header.h"

#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "console/format.h"
#include "console/meter.h"
#include "console/names.h"
#include "console/parts.h"
#include "console/source.h"

#define CELL_WIDTH 38   /* of one worker: name, bar, sparkline */
#define FIXED_LINES 3   /* process, tasks, rates */
#define HEIGHT_SHARE 6  /* workers get a sixth of the screen's lines */
#define SMALL_HEIGHT 18 /* below this, workers share one line */
#define WIDE 92         /* from here on states have whole words */
#define OLD 80          /* and from here on short ones */

/* ---- Workers ---- */

static bool is_shown(const struct vigil_worker_record *worker)
{
	return worker->life == VIGIL_LIFE_LIVE && worker->executor;
}

static uint32_t workers_count(const struct model *model)
{
	uint32_t count = vigil_reader_count(model->reader, VIGIL_TABLE_worker);
	uint32_t shown = 0;
	uint32_t i;

	for (i = 0; i < count; i++)
		shown += is_shown(VIGIL_AT(model->reader, worker, i));
	return shown;
}

static int workers_per_line(int width)
{
	return width < CELL_WIDTH ? 1 : width / CELL_WIDTH;
}

/* Lines the workers' bars take; 0: they do not fit, one line shows all. */
static int worker_lines(const struct model *model, int width, int height)
{
	int per_line = workers_per_line(width);
	int lines = ((int)workers_count(model) + per_line - 1) / per_line;

	if (height < SMALL_HEIGHT)
		return lines <= 1 ? lines : 0;
	return lines <= height / HEIGHT_SHARE ? lines : 0;
}

static bool is_running_now(const struct model *model)
{
	return model->status == VIGIL_STATUS_ALIVE || model->status == VIGIL_STATUS_RECORDED;
}

/* What it was doing when the process stopped: nothing moves, so no share is true. */
static void draw_last_state(const struct model *model, const struct vigil_worker_record *worker,
			    enum worker_state state, struct canvas *canvas, int x, int y, int width)
{
	bool is_stopped = model->status == VIGIL_STATUS_STOPPED;
	char name[NAME_TEXT], text[NAME_TEXT + 32];

	switch (state) {
	case WORKER_POLLING:
		name_object(model, worker->task, name, sizeof(name));
		snprintf(text, sizeof(text), "%s %s", is_stopped ? "polls" : "polled", name);
		break;
	case WORKER_WAITING:
		name_worker_reason(model, worker, text, sizeof(text));
		break;
	case WORKER_OUTSIDE:
		snprintf(text, sizeof(text), "outside any task");
		break;
	default:
		snprintf(text, sizeof(text), "%s", word_worker_state(state));
		break;
	}
	canvas_put_clipped(canvas, x, y, width,
			   state == WORKER_WAITING ? ROLE_WARN :
			   state == WORKER_POLLING ? ROLE_RUNNING :
						     ROLE_DIM,
			   text);
}

static void draw_worker(const struct model *model, uint32_t index, struct canvas *canvas, int x,
			int y, int width)
{
	const struct vigil_worker_record *worker = VIGIL_AT(model->reader, worker, index);
	struct spark spark = { .count = 0 };
	struct worker_times times;
	char name[NAME_TEXT];
	int label = width / 4 < 14 ? width / 4 : 14;
	int bar = width / 3;
	int i;

	name_worker(model, worker, name, sizeof(name));
	model_worker_times(model, worker, &times);
	canvas_put_clipped(canvas, x, y, label, ROLE_NAME, name);
	if (!is_running_now(model)) {
		draw_last_state(model, worker, times.state, canvas, x + label + 1, y,
				width - label - 3);
		return;
	}
	part_busy(canvas, x + label + 1, y, bar, worker, &times);
	for (i = 0; index < model->history_count && i < MODEL_HISTORY; i++)
		spark_push(&spark, (double)model->histories[index].busy[i]);
	spark_draw(&spark, canvas, x + label + bar + 2, y, width - label - bar - 4, 1, ROLE_BAR,
		   1.0);
}

static bool is_of_pool(const struct model *model, const struct vigil_worker_record *worker)
{
	const struct vigil_executor_record *executor =
		VIGIL_FIND(model->reader, executor, worker->executor);

	return executor && executor->kind == VIGIL_EXECUTOR_BLOCKING_POOL;
}

/* Threads of blocking pools come last: they are meant to be blocked. */
static void draw_workers(const struct model *model, struct canvas *canvas, int y)
{
	uint32_t count = vigil_reader_count(model->reader, VIGIL_TABLE_worker);
	int per_line = workers_per_line(canvas->width);
	int width = (canvas->width - 1) / per_line;
	int at = 0;
	uint32_t i;

	for (i = 0; count > 0 && i < 2 * count; i++) {
		const struct vigil_worker_record *worker =
			VIGIL_AT(model->reader, worker, i % count);

		if (!is_shown(worker) || is_of_pool(model, worker) != (i >= count))
			continue;
		draw_worker(model, i % count, canvas, 1 + at % per_line * width, y + at / per_line,
			    width);
		at++;
	}
}

/* The share of its time in polls; of a moment in which nothing moves all or none. */
static double busy_share(const struct model *model, const struct vigil_worker_record *worker,
			 const struct worker_times *times)
{
	if (is_running_now(model))
		return times->busy_share;
	return worker->poll_begin_ns ? 1.0 : 0.0;
}

static enum role share_role(double share)
{
	return share < 0.6 ? ROLE_BAR : share < 0.85 ? ROLE_BAR_WARM : ROLE_BAR_HOT;
}

/* One line for all: the mean, and a column for each as high as it is busy. */
static void draw_workers_small(const struct model *model, struct canvas *canvas, int y)
{
	uint32_t count = vigil_reader_count(model->reader, VIGIL_TABLE_worker);
	uint32_t shown = workers_count(model);
	double sum = 0.0;
	int x = 1;
	int bars;
	uint32_t i;

	x += canvas_printf(canvas, x, y, -1, ROLE_DIM, "%" PRIu32 " workers ", shown);
	bars = x + 15;
	for (i = 0; i < count; i++) {
		const struct vigil_worker_record *worker = VIGIL_AT(model->reader, worker, i);
		struct worker_times times;
		struct spark one = { .count = 0 };
		bool is_waiting;
		double share;

		if (!is_shown(worker))
			continue;
		model_worker_times(model, worker, &times);
		is_waiting = times.state == WORKER_WAITING;
		share = busy_share(model, worker, &times);
		sum += share;
		/* Who waits outside of polls shows too. */
		spark_push(&one, is_waiting && share < 0.01 ? 0.01 : share);
		spark_draw(&one, canvas, bars++, y, 1, 1,
			   is_waiting ? ROLE_WARN : share_role(share), 1.0);
	}
	meter_draw_bar(canvas, x, y, 14, shown ? sum / shown : 0.0, NULL);
}

/* ---- The process, tasks, rates ---- */

static enum role status_role(enum vigil_status status)
{
	switch (status) {
	case VIGIL_STATUS_ALIVE:
		return ROLE_GOOD;
	case VIGIL_STATUS_STOPPED:
		return ROLE_WARN;
	case VIGIL_STATUS_FINISHED:
	case VIGIL_STATUS_RECORDED:
		return ROLE_STRONG;
	default:
		return ROLE_ERROR;
	}
}

static bool is_there(const struct model *model)
{
	return status_is_there(model->status);
}

/* How long it has run; of one that died, what its times are true of. */
static int draw_time(const struct model *model, struct canvas *canvas, int x, int room)
{
	uint64_t up = less_of(model->now, model->process->created_ns);
	char time[FORMAT_SIZE], text[80];
	int start = x;

	format_duration(time, sizeof(time), up, 0);
	if (!model_is_cut_off(model)) {
		x += canvas_put_text(canvas, x, 0, room - x, ROLE_DIM,
				     is_there(model) ? "up " : "ran ");
		return x - start + canvas_put_text(canvas, x, 0, room - x, ROLE_TEXT, time);
	}
	snprintf(text, sizeof(text), "times end at its last record, %s after its start", time);
	if (text_width(text) > room - x)
		snprintf(text, sizeof(text), "last record %s after its start", time);
	return canvas_put_text(canvas, x, 0, room - x, ROLE_WARN, text);
}

/* A trace that is played has a bar for what its source could say. */
static const char *status_words(const struct model *model, char *buf, size_t size)
{
	if (model->status != VIGIL_STATUS_RECORDED || source_player(model->source))
		return word_status(model->status);
	source_words(model->source, buf, size);
	return buf[0] ? buf : word_status(model->status);
}

/* Of several processes it matters where this one is. */
static int draw_host(const struct model *model, struct canvas *canvas, int x, int room)
{
	struct source_member member;

	if (!source_has_several(model->source))
		return 0;
	model_member(model, &member);
	return member.host[0] ?
		       canvas_printf(canvas, x, 0, room - x, ROLE_DIM, "on %s  ", member.host) :
		       0;
}

static void draw_process(const struct shared *shared, struct canvas *canvas, const char *note)
{
	const struct model *model = shared->model;
	char words[160];
	int room = canvas->width - text_width(note) - 2;
	int x = 1;

	/* What stands for its board until there is one has no name and no number of its own. */
	if (source_is_blank(model->source)) {
		source_blank_words(model->source, words, sizeof(words));
		canvas_put_clipped(canvas, x, 0, room - x, ROLE_TITLE, words);
		canvas_put_text(canvas, canvas->width - text_width(note) - 1, 0, -1, ROLE_WARN,
				note);
		return;
	}
	x += canvas_put_clipped(canvas, x, 0, 24, ROLE_TITLE, model->process->name) + 2;
	x += canvas_printf(canvas, x, 0, room - x, ROLE_DIM, "pid ");
	x += canvas_printf(canvas, x, 0, room - x, ROLE_NUMBER, "%" PRIu32, shared->pid) + 2;
	x += draw_host(model, canvas, x, room);
	x += canvas_put_text(canvas, x, 0, room - x, status_role(model->status),
			     status_words(model, words, sizeof(words))) +
	     2;
	x += draw_time(model, canvas, x, room) + 2;
	if (room - x > 8)
		canvas_put_clipped(canvas, x, 0, room - x, ROLE_DIM, model->process->command);
	canvas_put_text(canvas, canvas->width - text_width(note) - 1, 0, -1, ROLE_WARN, note);
}

struct state_count {
	enum vigil_state state;
	uint64_t count;
};

static const char *state_word(enum vigil_state state, int width)
{
	static const char *const shorts[] = {
		[VIGIL_STATE_RUNNING] = "run",
		[VIGIL_STATE_SCHEDULED] = "sched",
		[VIGIL_STATE_IDLE] = "idle",
		[VIGIL_STATE_DONE] = "done",
	};

	return width >= WIDE ? word_state(state) : width >= OLD ? shorts[state] : "";
}

static void put_states(const struct state_count *counts, struct canvas *canvas, int x, int y)
{
	int i;

	for (i = 0; i < 4; i++) {
		enum role role = state_role(counts[i].state);
		const char *word = state_word(counts[i].state, canvas->width);
		char text[FORMAT_SIZE];

		x += canvas_put_glyph(canvas, x, y, role, state_glyph(counts[i].state)) + 1;
		x += canvas_put_text(canvas, x, y, -1, counts[i].count ? role : ROLE_DIM,
				     format_count(text, sizeof(text), counts[i].count)) +
		     1;
		x += canvas_put_text(canvas, x, y, -1, ROLE_DIM, word) + 1;
		x += word[0] != '\0';
	}
}

static void draw_tasks(const struct model *model, struct canvas *canvas, int y)
{
	const struct model_totals *totals = &model->totals;
	const struct state_count counts[] = {
		{ VIGIL_STATE_RUNNING, totals->running },
		{ VIGIL_STATE_SCHEDULED, totals->scheduled },
		{ VIGIL_STATE_IDLE, totals->idle },
		{ VIGIL_STATE_DONE, totals->done },
	};
	const struct bar_part parts[] = {
		{ (double)totals->running, ROLE_RUNNING },
		{ (double)totals->scheduled, ROLE_SCHEDULED },
		{ (double)totals->idle, ROLE_IDLE },
	};
	int width = canvas->width;
	int bar = width >= WIDE ? width - 70 : width >= OLD ? width - 66 : width - 44;
	char live[FORMAT_SIZE];
	char text[FORMAT_SIZE + 16];

	format_count(live, sizeof(live), totals->live);
	snprintf(text, sizeof(text), " %s%s live", live,
		 is_there(model)   ? "" :
		 totals->live == 1 ? " was" :
				     " were");
	/* What the bar says is worth more than columns for counts in thousands. */
	if (bar < text_width(text) + 3)
		bar = text_width(text) + 3;
	canvas_put_text(canvas, 1, y, -1, ROLE_DIM, "tasks");
	meter_draw_stack(canvas, 7, y, bar, parts, 3, (double)totals->live, text);
	put_states(counts, canvas, 7 + bar + 2, y);
}

static void draw_rates(const struct model *model, struct canvas *canvas, int y)
{
	const struct {
		const char *word;
		double rate;
	} rates[] = {
		{ "wakes", model->totals.wakes_rate },
		{ "polls", model->totals.polls_rate },
		{ "spawns", model->totals.spawns_rate },
	};
	char text[FORMAT_SIZE];
	int x = 1;
	int i;

	for (i = 0; i < 3; i++) {
		x += canvas_put_text(canvas, x, y, -1, ROLE_DIM, rates[i].word) + 1;
		x += canvas_put_text(canvas, x, y, -1, rates[i].rate > 0 ? ROLE_NUMBER : ROLE_DIM,
				     format_rate(text, sizeof(text), rates[i].rate)) +
		     3;
	}
	if (model->totals.torn > 0)
		canvas_printf(canvas, x, y, -1, ROLE_WARN, "%" PRIu64 " torn", model->totals.torn);
}

/* ---- What was not recorded ---- */

/* Every field there is; those of counts are told apart by their record. */
static const struct {
	const char *record;
	const char *name;
	size_t offset;
} fields[] = {
#define TABLE(record, table, how, help)
#define FIELD(record, type, name, dim, unit, meaning, help)                                        \
	{ #record, #name, offsetof(struct vigil_##record##_record, name) },
#define END(record, size)
#include <vigil/fields.def>
#undef TABLE
#undef FIELD
#undef END
};

/* What a counter's name means, where the name alone says little. */
static const char *count_words(const char *name)
{
	static const struct {
		const char *name;
		const char *words;
	} known[] = {
		{ "misused_stale", "stale handles" },
		{ "misused_ended", "calls after an end" },
		{ "misused_wakes", "wakes after an end" },
		{ "misused_balance", "ends without begin" },
		{ "misused_owner", "unlocks by others" },
		{ "misused_overlap", "overlapping polls" },
		{ "lost_hists", "times without histogram" },
		{ "lost_cells", "events of sites" },
		{ "lost_edges", "wakes of edges" },
		{ "lost_polls", "polls nested too deep" },
		{ "lost_events", "events of the trace" },
	};
	size_t i;

	for (i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (!strcmp(name, known[i].name))
			return known[i].words;
	return strchr(name, '_') + 1;
}

/* "12 tasks, 3 edges": the counters whose names begin so and are not 0. */
static void list_counts(const struct vigil_counts_record *counts, const char *prefix, char *buf,
			size_t size)
{
	size_t at = 0;
	size_t i;

	buf[0] = '\0';
	for (i = 0; i < sizeof(fields) / sizeof(fields[0]) && at < size; i++) {
		uint64_t count;
		char text[FORMAT_SIZE];

		if (strcmp(fields[i].record, "counts") ||
		    strncmp(fields[i].name, prefix, strlen(prefix)))
			continue;
		memcpy(&count, (const char *)counts + fields[i].offset, sizeof(count));
		if (count == 0)
			continue;
		at += (size_t)snprintf(buf + at, size - at, "%s%s %s", at > 0 ? ", " : "",
				       format_count(text, sizeof(text), count),
				       count_words(fields[i].name));
	}
}

static void draw_counts(const struct model *model, struct canvas *canvas, int y)
{
	char text[512];
	char space[64] = "";

	if (model->totals.lost > 0) {
		list_counts(model->counts, "lost_", text, sizeof(text));
		if (model->counts->refused_space)
			snprintf(space, sizeof(space), "%sno space %" PRIu64 " times",
				 text[0] ? "; " : "", model->counts->refused_space);
		canvas_printf(canvas, 1, y++, canvas->width - 2, ROLE_ERROR, "not recorded: %s%s",
			      text, space);
	}
	if (model->totals.misused > 0) {
		list_counts(model->counts, "misused_", text, sizeof(text));
		canvas_printf(canvas, 1, y, canvas->width - 2, ROLE_WARN, "misused: %s", text);
	}
}

/* ---- Of all processes ---- */

static int put_some(struct canvas *canvas, int x, int room, enum role role, uint32_t count,
		    const char *words)
{
	return count ? canvas_printf(canvas, x, 0, room - x, role, "%" PRIu32 " %s  ", count,
				     words) :
		       0;
}

static void draw_processes(const struct shared *shared, const struct models *models,
			   struct canvas *canvas, const char *note)
{
	int room = canvas->width - text_width(note) - 2;
	bool is_live = source_fd(shared->model->source) >= 0;
	bool has_any = models->away < models->begun || !models->begun;
	char words[80];
	int x = 1;

	models_words(models, words, sizeof(words));
	x += canvas_put_text(canvas, x, 0, room - x, ROLE_TITLE, words) + 2;
	if (has_any)
		x += canvas_put_text(canvas, x, 0, room - x, ROLE_STRONG,
				     is_live ? "live" : word_status(VIGIL_STATUS_RECORDED)) +
		     2;
	x += put_some(canvas, x, room, ROLE_DIM, models->ended, "ended");
	put_some(canvas, x, room, ROLE_WARN, models->away, "not connected");
	canvas_put_text(canvas, canvas->width - text_width(note) - 1, 0, -1, ROLE_WARN, note);
}

/* ---- The whole ---- */

int header_lines(const struct shared *shared, const struct models *models, int width, int height)
{
	const struct model *model = models ? &models->sum : shared->model;
	int workers;

	if (!model)
		return 1;
	if (models)
		return FIXED_LINES + (model->totals.lost > 0) + (model->totals.misused > 0);
	workers = worker_lines(model, width, height);
	if (workers == 0 && workers_count(model) > 0)
		workers = 1;
	return FIXED_LINES + workers + (model->totals.lost > 0) + (model->totals.misused > 0);
}

void header_draw(const struct shared *shared, const struct models *models, struct canvas *canvas,
		 const char *note)
{
	const struct model *model = models ? &models->sum : shared->model;
	int y = FIXED_LINES;
	int lines;

	if (!model) {
		canvas_put_text(canvas, 1, 0, -1, ROLE_TITLE, "vigil");
		canvas_put_clipped(canvas, 8, 0, canvas->width - 9, ROLE_DIM,
				   "choose a process: Enter watches it");
		return;
	}
	if (models)
		draw_processes(shared, models, canvas, note);
	else
		draw_process(shared, canvas, note);
	draw_tasks(model, canvas, 1);
	draw_rates(model, canvas, 2);
	if (models) {
		draw_counts(model, canvas, y);
		return;
	}
	lines = worker_lines(model, canvas->width, canvas->height);
	if (lines > 0) {
		draw_workers(model, canvas, y);
		y += lines;
	} else if (workers_count(model) > 0) {
		draw_workers_small(model, canvas, y++);
	}
	draw_counts(model, canvas, y);
}
