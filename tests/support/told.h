/* SPDX-License-Identifier: MIT */
/*
 * A trace without LTTng: what the tracepoints of this process were told (traced.h), read
 * by a child of the trace reader as if it came from files. Each event is a microsecond
 * after the one before it on the trace's clock.
 */
#ifndef TESTS_SUPPORT_TOLD_H
#define TESTS_SUPPORT_TOLD_H

#include "console/trace/feed.h"
#include "console/trace/trace.h"
#include "tests/support/traced.h"

#define TOLD_START UINT64_C(1700000000000000000)
#define TOLD_PID 4711

static size_t told_first;                   /* events before it are not in the trace */
static size_t told_gap_from, told_gap_to;   /* nor are these, and the trace says so */
static uint32_t told_pid = TOLD_PID;        /* 0: the trace does not tell processes apart */
static void (*told_end)(struct feed *feed); /* instead of the trace's end */

static inline uint64_t told_unix(size_t i)
{
	return TOLD_START + i * 1000;
}

static inline bool told_event(struct feed *feed, size_t i)
{
	struct trace_event event = *traced_at(i);

	event.process = 0;
	event.unix_ns = told_unix(i);
	return feed_put(feed, &event);
}

static inline void told_gap(struct feed *feed, uint64_t begin_unix_ns)
{
	feed_put(feed, &(struct trace_event){ .kind = FEED_GAP,
					      .process = FEED_NO_PROCESS,
					      .other = told_unix(told_gap_from),
					      .unix_ns = told_unix(told_gap_to),
					      .value = told_gap_to - told_gap_from,
					      .flags = told_unix(told_gap_to) < begin_unix_ns });
}

/* In the child. */
static inline void told_read(struct feed *feed, uint64_t begin_unix_ns)
{
	feed_put(feed, &(struct trace_event){ .kind = FEED_EXTENT,
					      .other = told_unix(told_first),
					      .unix_ns = told_unix(traced_count),
					      .value = traced_count });
	feed_put(feed, &(struct trace_event){ .kind = FEED_PROCESS,
					      .number = (int32_t)told_pid,
					      .text = "host",
					      .name = "",
					      .object = 1 });
	for (size_t i = told_first; i < traced_count; i++) {
		if (told_gap_to && i == told_gap_to)
			told_gap(feed, begin_unix_ns);
		if ((i >= told_gap_from && i < told_gap_to) || told_unix(i) < begin_unix_ns)
			continue;
		if (!told_event(feed, i))
			_exit(0);
	}
	if (told_end)
		told_end(feed);
	else
		feed_put(feed, &(struct trace_event){ .kind = FEED_END });
	feed_flush(feed);
}

static inline struct trace *told_open(void)
{
	const char *const path = "told";
	const struct trace_options options = { .paths = &path, .path_count = 1, .read = told_read };
	struct vigil_problem problem;
	struct trace *trace = NULL;

	cr_assert_eq(trace_open(&options, &trace, &problem), 0, "%s", problem.text);
	return trace;
}

/* Applies up to most events. Returns how it ended: TRACE_EVENT when there are more. */
static inline enum trace_result told_apply(struct trace *trace, size_t most)
{
	const struct trace_event *event;
	enum trace_result r = TRACE_EVENT;

	while (most && (r == TRACE_EVENT || r == TRACE_GAP)) {
		r = trace_next(trace, &event);
		if (r == TRACE_EVENT) {
			trace_apply(trace, event);
			most--;
		}
	}
	return r;
}

#endif
