/* SPDX-License-Identifier: MIT */
/*
 * A trace without LTTng: the scene's server, recorded by a session of the test's own
 * and told by a child of ours instead of babeltrace2's. All above that is the real
 * thing: cursor, player, source, model, app.
 */
#ifndef TESTS_SUPPORT_REPLAYED_H
#define TESTS_SUPPORT_REPLAYED_H

#include "console/player.h"
#include "console/source_trace.h"
#include "console/trace/feed.h"
#include "tests/support/app.h"
#include "tests/support/traced.h"

#define REPLAYED_UNIX UINT64_C(1700000000000000000) /* of the first event: 22:13:20 UTC */
#define REPLAYED_GAP_NS (2500 * SCENE_MS)           /* where 12 events were lost, from the begin */
#define REPLAYED_TROUBLE_NS (2700 * SCENE_MS)       /* before anything is slow */
#define REPLAYED_PID 4711

static uint64_t replayed_wall;
static bool replayed_has_gap, replayed_has_two;
static bool replayed_hangs_second; /* the first one ends in good order, with more events */

static inline uint64_t replayed_clock(void)
{
	return replayed_wall;
}

static inline uint64_t replayed_unix(uint64_t ns)
{
	return REPLAYED_UNIX + (ns - traced_at(0)->ns);
}

/* What the kernel gave out differs from run to run. */
static inline void replayed_paint(void)
{
	uint32_t threads = 0;

	for (size_t i = 0; i < traced_count; i++) {
		struct trace_event *event = &traced_list[i];

		if (event->kind == TRACE_thread_begin)
			event->value = 4242 + threads++;
		if (event->kind == TRACE_process_begin) {
			event->number = REPLAYED_PID;
			event->flags = 1;
			free((void *)(uintptr_t)event->text);
			event->text = traced_text("httpd --port 8080 --workers 3");
		}
	}
}

static inline void replayed_record(void)
{
	setenv("TZ", "UTC", 1);
	traced_start();
	scene_begin();
	for (int i = 0; i < TICKS; i++) {
		if (i == TICKS - 9)
			scene_trouble();
		if (i == TICKS - 1)
			scene_block();
		scene_tick(i, i < TICKS - 1 ? 3 : 2);
	}
	replayed_paint();
}

static inline void replayed_tell_process(struct feed *feed, uint16_t process, const char *host)
{
	feed_put(feed, &(struct trace_event){ .kind = FEED_PROCESS,
					      .process = process,
					      .number = REPLAYED_PID + process,
					      .name = "httpd",
					      .text = host });
}

/* A wake, a poll or a park before anything is slow. */
static inline bool replayed_is_routine(const struct trace_event *event)
{
	return replayed_unix(event->ns) < REPLAYED_UNIX + REPLAYED_TROUBLE_NS &&
	       (event_is_wake(event) || event->kind == TRACE_poll_begin ||
		event->kind == TRACE_poll_end || event->kind == TRACE_worker_park ||
		event->kind == TRACE_worker_unpark);
}

/* In the child. The second process is the first one on another host, half a second late. */
static inline void replayed_tell_all(struct feed *feed, uint64_t begin_unix_ns)
{
	size_t second = 0;
	bool is_told = false;

	replayed_tell_process(feed, 0, "web1");
	if (replayed_has_two)
		replayed_tell_process(feed, 1, "web2");
	for (size_t i = 0; i < traced_count; i++) {
		struct trace_event event = *traced_at(i), other;

		for (; replayed_has_two && traced_at(second)->ns + 500 * SCENE_MS <= event.ns;
		     second++) {
			other = *traced_at(second);
			if (replayed_hangs_second && replayed_is_routine(&other))
				continue;
			other.process = 1;
			if (other.kind == TRACE_process_begin)
				other.number++;
			other.unix_ns = replayed_unix(other.ns) + 500 * SCENE_MS;
			if (other.unix_ns >= begin_unix_ns)
				feed_put(feed, &other);
		}
		event.unix_ns = replayed_unix(event.ns);
		if (replayed_hangs_second && event.unix_ns > REPLAYED_UNIX + REPLAYED_TROUBLE_NS)
			continue;
		if (event.unix_ns < begin_unix_ns)
			continue;
		if (replayed_has_gap && !is_told &&
		    begin_unix_ns < REPLAYED_UNIX + REPLAYED_GAP_NS &&
		    event.unix_ns > REPLAYED_UNIX + REPLAYED_GAP_NS) {
			feed_put(feed,
				 &(struct trace_event){ .kind = FEED_GAP,
							.other = event.unix_ns - 40 * SCENE_MS,
							.unix_ns = event.unix_ns,
							.value = 12 });
			is_told = true;
		}
		feed_put(feed, &event);
	}
}

static inline void replayed_read(struct feed *feed, uint64_t begin_unix_ns)
{
	replayed_tell_all(feed, begin_unix_ns);
	feed_put(feed, &(struct trace_event){ .kind = FEED_END });
	feed_flush(feed);
}

static const char *const replayed_paths[] = { "/srv/traces/httpd" };

static inline struct cursor_options replayed_options(void)
{
	return (struct cursor_options){
		.trace = { .paths = replayed_paths, .path_count = 1, .read = replayed_read }
	};
}

static inline struct cursor *replayed_cursor(uint64_t frame_events)
{
	struct cursor_options options = replayed_options();
	struct vigil_problem problem = { "" };
	struct cursor *cursor;

	options.frame_events = frame_events;
	cr_assert_eq(cursor_open(&options, &cursor, &problem), 0, "%s", problem.text);
	return cursor;
}

/* To a goal, however long it takes. */
static inline enum cursor_result replayed_go(struct cursor *cursor, struct cursor_goal goal)
{
	enum cursor_result r;

	cursor_go(cursor, &goal);
	do
		r = cursor_work(cursor, UINT64_MAX);
	while (r == CURSOR_AGAIN);
	return r;
}

static inline struct player *replayed_player(void)
{
	return source_player(app->shared.model->source);
}

/* A refresh, and as many more as the trace needs to be where it goes. */
static inline void replayed_refresh(uint64_t wall_ns)
{
	replayed_wall += wall_ns;
	do
		app_refresh(app);
	while (app_is_working(app));
	/* It is there; now it is looked at. */
	app_refresh(app);
}

/* The console on the trace, before it has read any of it. */
static inline void replayed_begin(const char *at)
{
	const struct cursor_options how = replayed_options();
	const struct source_options options = { .at = at, .is_moved = true };
	struct vigil_problem problem = { "" };
	struct source *source;
	struct model *model;

	cr_assert_eq(source_trace_new(&how, &options, &source, &problem), 0, "%s", problem.text);
	source_player(source)->clock = replayed_clock;
	replayed_wall = SCENE_MS;
	cr_assert_eq(model_new_of(source, &model, &problem), 0, "%s", problem.text);
	app = app_new(model, SCENE_TICK);
	cr_assert_not_null(app);
}

/* The console on the trace, at a moment of it. */
static inline void replayed_open(const char *at)
{
	replayed_begin(at);
	replayed_refresh(0);
}

/* Presses keys, and lets each have its way. */
static inline void replayed_press(const char *keys)
{
	char key[2] = "";

	for (; *keys; keys++) {
		key[0] = *keys;
		press(key);
		if (app_is_working(app))
			replayed_refresh(0);
	}
}

#endif
