/* SPDX-License-Identifier: MIT */
/* A folder with a trace: its boards at a moment, which a player moves. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "console/format.h"
#include "console/pace.h"
#include "console/player.h"
#include "console/source_events.h"
#include "console/source_trace.h"
#include "console/waits.h"

#define WHOLE_NS UINT64_MAX /* a budget that lasts */
#define STEP_NS UINT64_C(1000000)
#define NAMED 6 /* the rest is counted: one sentence holds no more */

struct traced {
	struct source source;
	struct cursor *cursor;
	struct player player;
	struct events events;
	struct pace pace;
	uint32_t chosen;
	uint64_t board; /* that the reader reads */
	bool has_told_problem;
	bool is_moved;

	/* Of a trace that is moved, until all of it is known. */
	bool is_starting;
	bool has_looked; /* at its end, at what is stuck there */
	struct source_options options;
	char at[64];
	struct vigil_problem problem; /* to be told */
	struct vigil_problem said;
};

static struct traced *traced_of(struct source *source)
{
	return (struct traced *)(void *)source;
}

/* ---- What the cursor tells ---- */

static void pass(void *arg, const struct trace *trace, const struct trace_event *event,
		 const struct slice *slices, size_t count)
{
	struct traced *traced = arg;

	if (traced->is_moved)
		pace_pass(&traced->pace, trace, event);
	events_pass(&traced->events, event->process, event, slices, count);
}

static void rewind_history(void *arg, bool is_cut)
{
	struct traced *traced = arg;

	events_clear(&traced->events, is_cut);
	pace_clear(&traced->pace);
}

/* ---- The reader ---- */

/* Something is known of it: it did something, or its board lies beside the trace. */
static bool is_known(const struct cursor_process *process)
{
	return process->events || process->first_unix_ns;
}

/*
 * It lived before anything of it is known: its board was copied some moments after that of
 * another process, with which the trace begins. As it was then is the best there is to show.
 */
static bool was_there(const struct trace_process *process, uint64_t unix_ns)
{
	uint64_t created_ns = process->board->process->created_ns;

	return created_ns && created_ns < trace_process_ns(process, unix_ns);
}

/* A process as it is at this moment: the trace has read one event more than has happened. */
static const struct trace_process *process_now(const struct traced *traced, uint32_t index)
{
	const struct trace_process *process = cursor_process_now(traced->cursor, index);
	uint64_t now = cursor_now(traced->cursor);

	return process && (process->first_unix_ns <= now || was_there(process, now)) ? process :
										       NULL;
}

static bool traced_member(struct source *source, uint32_t index, struct source_member *ret_member)
{
	const struct traced *traced = traced_of(source);
	const struct cursor_process *from = cursor_process(traced->cursor, index);
	const struct trace_process *now = from ? process_now(traced, index) : NULL;

	if (!from)
		return false;
	*ret_member = (struct source_member){
		.pid = from->pid,
		.host = from->host,
		.name = from->name,
		.board = events_board(now, index, cursor_epoch(traced->cursor)),
		.is_whole = now && now->is_whole,
		.is_known = is_known(from),
	};
	return true;
}

static void traced_member_fix(struct source *source, uint32_t index, struct vigil_reader *reader)
{
	const struct traced *traced = traced_of(source);

	events_reader_fix(reader, process_now(traced, index), cursor_now(traced->cursor));
}

static int traced_member_open(struct source *source, uint32_t index,
			      struct vigil_reader **ret_reader, struct vigil_problem *ret_problem)
{
	struct traced *traced = traced_of(source);
	int r = events_reader_open(&traced->events, process_now(traced, index), ret_reader,
				   ret_problem);

	if (r)
		return r;
	traced_member_fix(source, index, *ret_reader);
	return vigil_reader_refresh(*ret_reader);
}

/* Of the process that is shown. */
static uint64_t board_now(struct traced *traced)
{
	struct source_member member = { .board = 0 };

	traced_member(&traced->source, traced->chosen, &member);
	return member.board;
}

static int traced_reader_open(struct source *source, struct vigil_reader **ret_reader,
			      struct vigil_problem *ret_problem)
{
	struct traced *traced = traced_of(source);
	int r = traced_member_open(source, traced->chosen, ret_reader, ret_problem);

	if (!r)
		traced->board = board_now(traced);
	return r;
}

/* ---- Which process, which moment ---- */

/* Of those that did nothing only who is asked for, or the trace has no others. */
static bool is_wanted(const struct cursor_process *process, uint32_t pid, bool has_events)
{
	if (pid)
		return is_known(process) && process->pid == pid;
	return process->events || (!has_events && is_known(process));
}

static bool has_events(const struct cursor *cursor)
{
	for (uint32_t i = 0; i < cursor_process_count(cursor); i++)
		if (cursor_process(cursor, i)->events)
			return true;
	return false;
}

/* "412 httpd (web1), 413 worker (web1) and 3 more". Returns how many there are. */
static uint32_t candidates_words(const struct cursor *cursor, char *buf, size_t size)
{
	uint32_t count = 0;
	size_t at = 0;

	buf[0] = '\0';
	for (uint32_t i = 0; i < cursor_process_count(cursor); i++) {
		const struct cursor_process *process = cursor_process(cursor, i);

		if (!is_known(process) || ++count > NAMED || at >= size)
			continue;
		at += (size_t)snprintf(buf + at, size - at, "%s%" PRIu32 " %.20s%s%.20s%s",
				       at ? ", " : "", process->pid, process->name,
				       process->host[0] ? " (" : "", process->host,
				       process->host[0] ? ")" : "");
	}
	if (count > NAMED && at < size)
		snprintf(buf + at, size - at, " and %" PRIu32 " more", count - NAMED);
	return count;
}

/* How many of its tasks are stuck at this moment; 0 also where that cannot be known. */
static int stuck_count(struct traced *traced, uint32_t index)
{
	struct vigil_reader *reader;
	struct vigil_problem problem;
	struct chain *chains;
	struct model *model;
	int count;

	if (!process_now(traced, index) ||
	    traced_member_open(&traced->source, index, &reader, &problem))
		return 0;
	model = model_new(reader);
	if (!model) {
		vigil_reader_close(reader);
		return 0;
	}
	count = waits_stuck(model, WAITS_STUCK_NS, &chains);
	if (count >= 0)
		free(chains);
	model_free(model);
	return count > 0 ? count : 0;
}

/* Whether another process is more what people look for: what is stuck, then what is busy. */
static bool is_better(const struct cursor_process *process, int stuck,
		      const struct cursor_process *best, int best_stuck)
{
	if (!best || stuck != best_stuck)
		return !best || stuck > best_stuck;
	return process->events > best->events;
}

/*
 * The process that is meant: the only one, the one with this pid, or of those that fit the
 * one with the most that is stuck, if this is the moment to know, or the busiest.
 */
static int process_choose(struct traced *traced, const struct source_options *options,
			  struct vigil_problem *ret_problem)
{
	const struct cursor *cursor = traced->cursor;
	const struct cursor_process *process, *best = NULL;
	bool is_busy = has_events(cursor);
	uint32_t fitting = 0;
	int stuck, best_stuck = 0;
	char names[300];

	for (uint32_t i = 0; i < cursor_process_count(cursor); i++) {
		process = cursor_process(cursor, i);
		stuck = traced->has_looked && is_known(process) ? stuck_count(traced, i) : 0;
		/* What hangs does nothing. */
		if (!is_wanted(process, options->pid, is_busy) && !stuck)
			continue;
		fitting++;
		if (!is_better(process, stuck, best, best_stuck))
			continue;
		best = process;
		best_stuck = stuck;
		traced->chosen = i;
	}
	/* After exec a process has another life under the same pid. */
	if (fitting == 1 || (fitting && (options->is_moved || options->takes_any || options->pid)))
		return 0;
	candidates_words(cursor, names, sizeof(names));
	if (!fitting)
		snprintf(ret_problem->text, sizeof(ret_problem->text),
			 "there is no process %" PRIu32 " in %.200s: there are %s", options->pid,
			 traced->source.target, names);
	else
		snprintf(ret_problem->text, sizeof(ret_problem->text),
			 "%.150s has several processes: %s; say which by --process=PID, or look at "
			 "all of them with `vigil replay`",
			 traced->source.target, names);
	return -ENOENT;
}

/* Waits for the cursor to be there: verbs have nothing else to do. */
static void go_at_once(struct cursor *cursor, const struct cursor_goal *goal)
{
	cursor_go(cursor, goal);
	while (cursor_work(cursor, WHOLE_NS) == CURSOR_AGAIN)
		;
}

static int time_find(const struct traced *traced, const char *words, uint64_t *ret_unix_ns,
		     struct vigil_problem *ret_problem)
{
	return player_time(traced->cursor, words, "--at", traced->source.target, ret_unix_ns,
			   ret_problem);
}

/* To the moment that is wanted. All of the trace is known then. */
static int moment_find(struct traced *traced, const struct source_options *options,
		       struct vigil_problem *ret_problem)
{
	struct cursor_goal goal = { .to = CURSOR_TO_END };
	int r = 0;

	if (!options->at || !cursor_is_indexed(traced->cursor))
		go_at_once(traced->cursor, &goal);
	if (options->at) {
		goal.to = CURSOR_TO_TIME;
		r = time_find(traced, options->at, &goal.unix_ns, ret_problem);
	}
	if (!r && goal.to == CURSOR_TO_TIME)
		go_at_once(traced->cursor, &goal);
	return r;
}

/* To the process and the moment that were asked for, when all of the trace is known. */
static void begin_playing(struct traced *traced)
{
	struct cursor_goal goal = { .to = CURSOR_TO_TIME };

	if (!traced->has_looked && !traced->options.pid && source_has_several(&traced->source)) {
		traced->has_looked = true;
		player_go(&traced->player, &(struct cursor_goal){ .to = CURSOR_TO_END });
		return;
	}
	traced->is_starting = false;
	process_choose(traced, &traced->options, &traced->problem);
	if (traced->at[0])
		time_find(traced, traced->at, &goal.unix_ns, &traced->problem);
	player_go(&traced->player, &goal);
	traced->player.is_playing = traced->options.is_playing;
}

/* ---- Going with the time ---- */

static enum source_news traced_refresh(struct source *source, struct vigil_reader *reader)
{
	struct traced *traced = traced_of(source);

	if (player_refresh(&traced->player))
		return SOURCE_WORKING;
	if (traced->is_starting) {
		begin_playing(traced);
		return SOURCE_WORKING;
	}
	if (traced->board != board_now(traced))
		return SOURCE_REPLACED;
	traced_member_fix(source, traced->chosen, reader);
	return SOURCE_SAME;
}

/* ---- What it says ---- */

static void traced_words(struct source *source, char *buf, size_t size)
{
	const struct cursor *cursor = traced_of(source)->cursor;
	uint64_t begin = cursor_begin(cursor), now = cursor_now(cursor);
	char time[32], at[FORMAT_SIZE], length[FORMAT_SIZE];

	snprintf(buf, size, "recorded at %s (+%s of %s)", clock_words(now, time, sizeof(time)),
		 format_duration(at, sizeof(at), now - begin, 0),
		 format_duration(length, sizeof(length), cursor_end(cursor) - begin, 0));
}

static bool traced_process(struct source *source, uint32_t index,
			   struct source_process *ret_process)
{
	const struct traced *traced = traced_of(source);
	const struct cursor_process *from = cursor_process(traced->cursor, index);

	if (!from)
		return false;
	*ret_process = (struct source_process){
		.index = index,
		.pid = from->pid,
		.first_unix_ns = from->first_unix_ns,
		.last_unix_ns = from->last_unix_ns,
		.events = from->events,
		.lost_events = from->lost_events,
	};
	memcpy(ret_process->host, from->host, sizeof(ret_process->host));
	memcpy(ret_process->name, from->name, sizeof(ret_process->name));
	events_describe(process_now(traced, index), ret_process);
	return true;
}

static bool traced_past(struct source *source, uint32_t index, struct past *ret_past)
{
	const struct traced *traced = traced_of(source);

	if (traced->is_moved)
		pace_past(&traced->pace, process_now(traced, index), cursor_now(traced->cursor),
			  ret_past);
	return traced->is_moved;
}

static void traced_choose(struct source *source, uint32_t index)
{
	traced_of(source)->chosen = index;
}

static uint32_t traced_chosen(struct source *source)
{
	return traced_of(source)->chosen;
}

static const struct history *traced_history(struct source *source)
{
	return events_history(&traced_of(source)->events, traced_of(source)->chosen);
}

static struct player *traced_player(struct source *source)
{
	return &traced_of(source)->player;
}

static uint64_t traced_unix_of(struct source *source, uint64_t ns)
{
	const struct traced *traced = traced_of(source);

	return events_unix_of(process_now(traced, traced->chosen), ns);
}

static const char *traced_news(struct source *source)
{
	struct traced *traced = traced_of(source);
	const char *problem = cursor_problem(traced->cursor);

	if (traced->problem.text[0]) {
		snprintf(traced->said.text, sizeof(traced->said.text), "%s", traced->problem.text);
		traced->problem.text[0] = '\0';
		return traced->said.text;
	}
	if (!problem[0] || traced->has_told_problem)
		return NULL;
	traced->has_told_problem = true;
	return problem;
}

static void traced_close(struct source *source)
{
	struct traced *traced = traced_of(source);

	cursor_close(traced->cursor);
	events_fini(&traced->events);
	pace_fini(&traced->pace);
	free(traced);
}

static const struct source_ops traced_ops = {
	.close = traced_close,
	.reader_open = traced_reader_open,
	.refresh = traced_refresh,
	.words = traced_words,
	.process = traced_process,
	.member = traced_member,
	.member_open = traced_member_open,
	.member_fix = traced_member_fix,
	.past = traced_past,
	.choose = traced_choose,
	.chosen = traced_chosen,
	.history = traced_history,
	.player = traced_player,
	.unix_of = traced_unix_of,
	.news = traced_news,
};

static int start_now(struct traced *traced, const struct source_options *options,
		     struct vigil_problem *ret_problem)
{
	int r = moment_find(traced, options, ret_problem);

	return r ? r : process_choose(traced, options, ret_problem);
}

static bool has_process(const struct cursor *cursor, uint32_t pid)
{
	for (uint32_t i = 0; i < cursor_process_count(cursor); i++)
		if (is_wanted(cursor_process(cursor, i), pid, false))
			return true;
	return false;
}

/*
 * Learns the trace up to where the process is that was asked for: nothing of it is read
 * twice for that, and one that is not there is refused before a screen is opened.
 */
static int process_await(struct traced *traced, const struct source_options *options,
			 struct vigil_problem *ret_problem)
{
	while (!has_process(traced->cursor, options->pid) && !cursor_is_indexed(traced->cursor))
		cursor_work(traced->cursor, STEP_NS);
	if (has_process(traced->cursor, options->pid))
		return 0;
	return process_choose(traced, options, ret_problem);
}

/*
 * Here what is no moment at all and a process that is not there are refused, and if all of
 * the trace is known already what is outside of it.
 */
static int start_later(struct traced *traced, const struct source_options *options,
		       struct vigil_problem *ret_problem)
{
	uint64_t ns;

	traced->is_starting = true;
	traced->options = *options;
	snprintf(traced->at, sizeof(traced->at), "%s", options->at ? options->at : "end");
	if (options->pid && process_await(traced, options, ret_problem))
		return -ENOENT;
	return time_find(traced, traced->at, &ns, ret_problem);
}

int source_trace_new(const struct cursor_options *how, const struct source_options *options,
		     struct source **ret_source, struct vigil_problem *ret_problem)
{
	struct traced *traced = calloc(1, sizeof(*traced));
	struct cursor_options cursor = *how;
	int r;

	if (!traced) {
		snprintf(ret_problem->text, sizeof(ret_problem->text), "out of memory");
		return -ENOMEM;
	}
	traced->source.ops = &traced_ops;
	snprintf(traced->source.target, sizeof(traced->source.target), "%s", how->trace.paths[0]);
	cursor.must_index = traced->is_moved = options->is_moved;
	cursor.pass = pass;
	cursor.rewind = rewind_history;
	cursor.arg = traced;
	r = cursor_open(&cursor, &traced->cursor, ret_problem);
	if (!r) {
		player_init(&traced->player, traced->cursor);
		r = options->is_moved ? start_later(traced, options, ret_problem) :
					start_now(traced, options, ret_problem);
	}
	if (r)
		traced_close(&traced->source);
	else
		*ret_source = &traced->source;
	return r;
}

int source_trace_open(const char *target, const struct source_options *options,
		      struct source **ret_source, struct vigil_problem *ret_problem)
{
	const struct cursor_options how = { .trace = { .paths = &target, .path_count = 1 } };

	return source_trace_new(&how, options, ret_source, ret_problem);
}
