/* SPDX-License-Identifier: MIT */
/*
 * A session of a relay, as it comes: several hosts and processes in one stream of
 * events. A relay that is gone is asked again every second; what was there before
 * stays until something new comes.
 */
#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "console/format.h"
#include "console/source_events.h"
#include "console/source_live.h"

#define SECOND_NS UINT64_C(1000000000)
#define PUMP_NS UINT64_C(40000000) /* at once: keys are heard 25 times a second */
#define EVENTS_BETWEEN 256         /* two looks at the clock */
#define CONNECT_MS 3000            /* to say whether there is such a session */
#define FIRST_MS 2000              /* verbs wait so long for a first event, */
#define SETTLE_MS 300              /* and then for what came with it */
#define QUIET_NS (2 * SECOND_NS)   /* a stream that is further behind has stopped */

struct live {
	struct source source;
	struct trace_options options;
	struct trace *trace; /* what is shown */
	struct trace *next;  /* while the connection is lost: the next attempt */
	struct events events;
	bool is_lost;
	uint64_t lost_ns; /* since when, by the wall's clock */
	uint64_t retry_ns;
	uint32_t chosen, pid; /* pid: that is wanted, 0 any */
	bool has_chosen;
	bool has_begun; /* the process that the reader reads had */
	uint64_t epoch, read_epoch;
	bool is_drained; /* all that has come is taken in */
	struct vigil_problem news;
	bool has_news;
};

static struct live *live_of(struct source *source)
{
	return (struct live *)(void *)source;
}

static uint64_t clock_ns(clockid_t clock)
{
	struct timespec ts;

	clock_gettime(clock, &ts);
	return (uint64_t)ts.tv_sec * SECOND_NS + (uint64_t)ts.tv_nsec;
}

/* ---- Events ---- */

static void event_take(struct live *live, struct trace *trace, const struct trace_event *event)
{
	struct slice slices[SLICES_MAX];
	size_t count = slices_of(trace, event, slices);

	events_pass(&live->events, event, slices, count);
	trace_apply(trace, event);
}

/* Applies what there is, for a moment at most: TRACE_EVENT, there was more. */
static enum trace_result pump(struct live *live, struct trace *trace)
{
	uint64_t begin = clock_ns(CLOCK_MONOTONIC);
	const struct trace_event *event;
	enum trace_result r;

	for (unsigned i = 1;; i++) {
		r = trace_next(trace, &event);
		if (r == TRACE_EVENT)
			event_take(live, trace, event);
		else if (r != TRACE_GAP)
			return r;
		if (i % EVENTS_BETWEEN == 0 && clock_ns(CLOCK_MONOTONIC) - begin > PUMP_NS)
			return TRACE_EVENT;
	}
}

/* ---- Lost, and found again ---- */

static void tell(struct live *live, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void tell(struct live *live, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(live->news.text, sizeof(live->news.text), format, args);
	va_end(args);
	live->has_news = true;
}

static void lose(struct live *live, enum trace_result how)
{
	live->is_lost = true;
	live->lost_ns = clock_ns(CLOCK_MONOTONIC);
	live->retry_ns = live->lost_ns;
	tell(live, "%s: this was its last moment; asking for it every second",
	     how == TRACE_END ? "the session has ended" : "the session is gone, or its relay");
}

/* The process that was shown, in the new stream. */
static void chosen_carry(struct live *live, const struct trace *old)
{
	const struct trace_process *before = trace_process(old, live->chosen);

	live->chosen = 0;
	for (uint32_t i = 0; before && i < trace_process_count(live->trace); i++) {
		const struct trace_process *process = trace_process(live->trace, i);

		if (process->pid == before->pid && !strcmp(process->host, before->host))
			live->chosen = i;
	}
}

static void find_again(struct live *live)
{
	struct trace *old = live->trace;
	char time[FORMAT_SIZE];

	format_duration(time, sizeof(time), clock_ns(CLOCK_MONOTONIC) - live->lost_ns, 0);
	tell(live, "connected again after %s: what happened meanwhile is not known", time);
	live->trace = live->next;
	live->next = NULL;
	live->is_lost = false;
	live->epoch++;
	chosen_carry(live, old);
	trace_close(old);
}

/* An attempt: until its first event, what was there before stays. */
static void retry(struct live *live)
{
	uint64_t now = clock_ns(CLOCK_MONOTONIC);
	const struct trace_event *event;
	struct vigil_problem problem;
	enum trace_result r;

	if (!live->next) {
		if (now < live->retry_ns || trace_open(&live->options, &live->next, &problem))
			return;
		live->retry_ns = now + SECOND_NS;
	}
	r = trace_next(live->next, &event);
	if (r == TRACE_EVENT) {
		events_clear(&live->events, true);
		event_take(live, live->next, event);
		find_again(live);
	} else if (r == TRACE_END || r == TRACE_DAMAGED) {
		trace_close(live->next);
		live->next = NULL;
	}
}

static void go_on(struct live *live)
{
	enum trace_result r;

	if (live->is_lost) {
		retry(live);
		return;
	}
	r = pump(live, live->trace);
	live->is_drained = r != TRACE_EVENT;
	if (r == TRACE_END || r == TRACE_DAMAGED)
		lose(live, r);
}

/* ---- The reader ---- */

static const struct trace_process *process_now(const struct live *live)
{
	const struct trace_process *process = trace_process(live->trace, live->chosen);

	return process && process->board ? process : NULL;
}

/* Until somebody chooses: the one that was asked for, else the busiest. */
static void process_choose(struct live *live)
{
	const struct trace_process *process, *best = NULL;
	uint32_t best_index = live->chosen;

	if (live->has_chosen)
		return;
	for (uint32_t i = 0; i < trace_process_count(live->trace); i++) {
		process = trace_process(live->trace, i);
		if (live->pid ? process->pid != live->pid : best && best->events >= process->events)
			continue;
		best = process;
		best_index = i;
	}
	live->has_chosen = best && best->board;
	live->chosen = best_index;
}

static int live_reader_open(struct source *source, struct vigil_reader **ret_reader,
			    struct vigil_problem *ret_problem)
{
	struct live *live = live_of(source);
	const struct trace_process *process = process_now(live);
	int r = events_reader_open(&live->events, process, ret_reader, ret_problem);

	if (r)
		return r;
	live->has_begun = process != NULL;
	live->read_epoch = live->epoch;
	events_reader_fix(*ret_reader, process, trace_now(live->trace));
	return vigil_reader_refresh(*ret_reader);
}

static enum source_news live_refresh(struct source *source, struct vigil_reader *reader)
{
	struct live *live = live_of(source);
	const struct trace_process *process;

	go_on(live);
	process_choose(live);
	process = process_now(live);
	if (live->read_epoch != live->epoch || live->has_begun != (process != NULL))
		return SOURCE_REPLACED;
	events_reader_fix(reader, process, trace_now(live->trace));
	return SOURCE_SAME;
}

/* ---- What it says ---- */

static void live_words(struct source *source, char *buf, size_t size)
{
	const struct live *live = live_of(source);
	uint64_t now = clock_ns(CLOCK_REALTIME), reached = trace_now(live->trace);
	char time[FORMAT_SIZE];

	if (live->is_lost) {
		format_duration(time, sizeof(time), clock_ns(CLOCK_MONOTONIC) - live->lost_ns, 0);
		snprintf(buf, size, "not connected for %s", time);
	} else if (!reached) {
		snprintf(buf, size, "live, no event yet");
	} else if (now > reached + QUIET_NS) {
		format_duration(time, sizeof(time), now - reached, 0);
		snprintf(buf, size, live->is_drained ? "live, quiet for %s" : "live, %s behind",
			 time);
	} else {
		snprintf(buf, size, "live");
	}
}

static bool live_process(struct source *source, uint32_t index, struct source_process *ret_process)
{
	const struct trace_process *from = trace_process(live_of(source)->trace, index);

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
	events_describe(from, ret_process);
	return true;
}

static void live_choose(struct source *source, uint32_t index)
{
	live_of(source)->chosen = index;
	live_of(source)->has_chosen = true;
}

static uint32_t live_chosen(struct source *source)
{
	return live_of(source)->chosen;
}

static const struct history *live_history(struct source *source)
{
	return events_history(&live_of(source)->events, live_of(source)->chosen);
}

static const char *live_news(struct source *source)
{
	struct live *live = live_of(source);
	bool has_news = live->has_news;

	live->has_news = false;
	return has_news ? live->news.text : NULL;
}

static int live_fd(struct source *source)
{
	const struct live *live = live_of(source);

	return live->is_lost ? -1 : trace_fd(live->trace);
}

static void live_pump(struct source *source)
{
	go_on(live_of(source));
}

static void live_close(struct source *source)
{
	struct live *live = live_of(source);

	trace_close(live->trace);
	trace_close(live->next);
	events_fini(&live->events);
	free((void *)(uintptr_t)live->options.paths);
	free(live);
}

static const struct source_ops live_ops = {
	.close = live_close,
	.reader_open = live_reader_open,
	.refresh = live_refresh,
	.words = live_words,
	.process = live_process,
	.choose = live_choose,
	.chosen = live_chosen,
	.history = live_history,
	.news = live_news,
	.fd = live_fd,
	.pump = live_pump,
};

/* ---- Opening ---- */

/* Waits until there is something to take, or time is up. */
static void wait_for(struct live *live, int timeout_ms)
{
	struct pollfd one = { .fd = trace_fd(live->trace), .events = POLLIN };

	poll(&one, 1, timeout_ms);
}

/* Whether there is such a session; without an answer in time, that is told later. */
static int connect_first(struct live *live, struct vigil_problem *ret_problem)
{
	enum trace_result r;

	wait_for(live, CONNECT_MS);
	r = pump(live, live->trace);
	if (r == TRACE_DAMAGED)
		snprintf(ret_problem->text, sizeof(ret_problem->text), "%s",
			 trace_problem(live->trace));
	else if (r == TRACE_END)
		snprintf(ret_problem->text, sizeof(ret_problem->text),
			 "the session of %.300s has ended", live->source.target);
	return r == TRACE_DAMAGED || r == TRACE_END ? -ENOENT : 0;
}

/* A verb that prints once wants to print something. */
static int first_events(struct live *live, struct vigil_problem *ret_problem)
{
	uint64_t end = clock_ns(CLOCK_MONOTONIC) + FIRST_MS * UINT64_C(1000000);
	uint64_t settled = 0, now;

	while ((now = clock_ns(CLOCK_MONOTONIC)) < (settled ? settled : end)) {
		wait_for(live, (int)(((settled ? settled : end) - now) / 1000000) + 1);
		go_on(live);
		process_choose(live);
		if (live->has_chosen && !settled)
			settled = clock_ns(CLOCK_MONOTONIC) + SETTLE_MS * UINT64_C(1000000);
		if (live->is_lost)
			break;
	}
	if (live->has_chosen)
		return 0;
	snprintf(ret_problem->text, sizeof(ret_problem->text),
		 "%.200s is there, but no event of %s came in %d s; `vigil top` waits for as long "
		 "as it takes",
		 live->source.target, live->pid ? "that process" : "an instrumented process",
		 FIRST_MS / 1000);
	return -ENODATA;
}

int source_live_new(const struct trace_options *how, const struct source_options *options,
		    struct source **ret_source, struct vigil_problem *ret_problem)
{
	struct live *live = calloc(1, sizeof(*live));
	const char **paths = live ? calloc(1, sizeof(*paths)) : NULL;
	int r = paths ? 0 : -ENOMEM;

	if (r) {
		free(live);
		snprintf(ret_problem->text, sizeof(ret_problem->text), "out of memory");
		return r;
	}
	live->source.ops = &live_ops;
	snprintf(live->source.target, sizeof(live->source.target), "%s", how->paths[0]);
	paths[0] = live->source.target;
	live->options = *how;
	live->options.paths = paths;
	live->options.path_count = 1;
	live->options.is_live = true;
	live->pid = options->pid;
	r = trace_open(&live->options, &live->trace, ret_problem);
	if (!r)
		r = connect_first(live, ret_problem);
	if (!r && !options->is_moved)
		r = first_events(live, ret_problem);
	if (r)
		live_close(&live->source);
	else
		*ret_source = &live->source;
	return r;
}

int source_live_open(const char *target, const struct source_options *options,
		     struct source **ret_source, struct vigil_problem *ret_problem)
{
	const struct trace_options how = { .paths = &target, .path_count = 1 };

	if (options->at) {
		snprintf(ret_problem->text, sizeof(ret_problem->text),
			 "%.200s is live: it has no other moment than the present; leave --at out",
			 target);
		return -EINVAL;
	}
	return source_live_new(&how, options, ret_source, ret_problem);
}
