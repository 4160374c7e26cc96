/* SPDX-License-Identifier: MIT */
/* Sessions of a relay, as they come: several hosts and processes, one of them shown. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "console/format.h"
#include "console/source_live.h"
#include "console/streams.h"

#define SECOND_NS UINT64_C(1000000000)
#define FIRST_MS 6000            /* verbs wait so long for a process, and all of it, */
#define SETTLE_MS 500            /* and then for what comes with it */
#define QUIET_NS (2 * SECOND_NS) /* more than this is told */

struct live {
	struct source source;
	struct streams streams;
	uint32_t chosen, pid; /* pid: that is wanted, 0 any */
	bool has_chosen;
	uint64_t board; /* that the reader reads */
	struct vigil_problem said;
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

/* How far the stream has come that a process is in. */
static uint64_t reached_ns(const struct live *live, uint32_t index)
{
	const struct stream *stream = streams_of(&live->streams, index);

	return stream && stream->trace ? trace_now(stream->trace) : 0;
}

/* Until somebody chooses: the one that was asked for, else the busiest. */
static void process_choose(struct live *live)
{
	const struct trace_process *process, *best = NULL;

	for (uint32_t i = 0; !live->has_chosen && i < live->streams.member_count; i++) {
		process = streams_process(&live->streams, i);
		if (!process || (live->pid ? process->pid != live->pid :
					     best && best->events >= process->events))
			continue;
		best = process;
		live->chosen = i;
	}
	live->has_chosen |= best != NULL;
}

/* ---- Readers ---- */

static bool live_member(struct source *source, uint32_t index, struct source_member *ret_member)
{
	const struct streams *streams = &live_of(source)->streams;
	const struct trace_process *from = streams_process(streams, index);

	if (index >= streams->member_count)
		return false;
	*ret_member = (struct source_member){
		.pid = from ? from->pid : 0,
		.host = from ? from->host : "",
		.name = from ? from->name : "",
		.board = events_board(from, index, streams->epoch),
		.is_known = from != NULL,
		.is_whole = from && from->is_whole,
		.is_away = streams_of(streams, index)->is_lost,
	};
	return true;
}

static void live_member_fix(struct source *source, uint32_t index, struct vigil_reader *reader)
{
	const struct live *live = live_of(source);

	events_reader_fix(reader, streams_process(&live->streams, index), reached_ns(live, index));
}

static int live_member_open(struct source *source, uint32_t index, struct vigil_reader **ret_reader,
			    struct vigil_problem *ret_problem)
{
	struct streams *streams = &live_of(source)->streams;
	int r = events_reader_open(&streams->events, streams_process(streams, index), ret_reader,
				   ret_problem);

	if (r)
		return r;
	live_member_fix(source, index, *ret_reader);
	return vigil_reader_refresh(*ret_reader);
}

/* Of the process that is shown. */
static uint64_t board_now(struct live *live)
{
	struct source_member member = { .board = 0 };

	live_member(&live->source, live->chosen, &member);
	return member.board;
}

static int live_reader_open(struct source *source, struct vigil_reader **ret_reader,
			    struct vigil_problem *ret_problem)
{
	struct live *live = live_of(source);
	int r = live_member_open(source, live->chosen, ret_reader, ret_problem);

	if (!r)
		live->board = board_now(live);
	return r;
}

static enum source_news live_refresh(struct source *source, struct vigil_reader *reader)
{
	struct live *live = live_of(source);

	streams_bury(&live->streams);
	streams_pump(&live->streams);
	process_choose(live);
	if (live->board != board_now(live))
		return SOURCE_REPLACED;
	live_member_fix(source, live->chosen, reader);
	return SOURCE_SAME;
}

/* ---- What it says ---- */

static void live_words(struct source *source, char *buf, size_t size)
{
	const struct live *live = live_of(source);
	const struct stream *stream = streams_of(&live->streams, live->chosen);
	uint64_t now = clock_ns(CLOCK_REALTIME), reached = reached_ns(live, live->chosen);
	char time[FORMAT_SIZE];

	if (stream && stream->is_lost) {
		format_duration(time, sizeof(time),
				less_of(clock_ns(CLOCK_MONOTONIC), stream->lost_ns), 0);
		snprintf(buf, size, "not connected for %s", time);
	} else if (!stream || !reached) {
		snprintf(buf, size, "live, no event yet");
	} else if (now > reached + QUIET_NS) {
		/* Of a session in which nothing happens the time goes on all the same. */
		format_duration(time, sizeof(time), now - reached, 0);
		snprintf(buf, size,
			 less_of(clock_ns(CLOCK_MONOTONIC), stream->moved_ns) > QUIET_NS ?
				 "live, quiet for %s" :
				 "live, %s behind",
			 time);
	} else {
		snprintf(buf, size, "live");
	}
}

static bool live_process(struct source *source, uint32_t index, struct source_process *ret_process)
{
	const struct streams *streams = &live_of(source)->streams;
	const struct trace_process *from = streams_process(streams, index);

	if (index >= streams->member_count)
		return false;
	*ret_process = (struct source_process){ .index = index };
	if (!from)
		return true;
	ret_process->pid = from->pid;
	ret_process->first_unix_ns = from->first_unix_ns;
	ret_process->last_unix_ns = from->last_unix_ns;
	ret_process->events = from->events;
	ret_process->lost_events = from->lost_events;
	memcpy(ret_process->host, from->host, sizeof(ret_process->host));
	memcpy(ret_process->name, from->name, sizeof(ret_process->name));
	events_describe(from, ret_process);
	ret_process->is_away = streams_of(streams, index)->is_lost;
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
	return events_history(&live_of(source)->streams.events, live_of(source)->chosen);
}

static const char *live_news(struct source *source)
{
	struct live *live = live_of(source);
	bool has_news = live->streams.has_news;

	live->streams.has_news = false;
	live->said = live->streams.news;
	return has_news ? live->said.text : NULL;
}

static bool live_is_partial(struct source *source)
{
	return streams_lost(&live_of(source)->streams) > 0;
}

static int live_fd(struct source *source)
{
	return live_of(source)->streams.ready;
}

static void live_pump(struct source *source)
{
	streams_pump(&live_of(source)->streams);
}

static void live_close(struct source *source)
{
	streams_close(&live_of(source)->streams);
	free(source);
}

static const struct source_ops live_ops = {
	.close = live_close,
	.reader_open = live_reader_open,
	.refresh = live_refresh,
	.words = live_words,
	.process = live_process,
	.member = live_member,
	.member_open = live_member_open,
	.member_fix = live_member_fix,
	.choose = live_choose,
	.chosen = live_chosen,
	.history = live_history,
	.news = live_news,
	.is_partial = live_is_partial,
	.fd = live_fd,
	.pump = live_pump,
};

/* ---- Opening ---- */

/* Whether a verb knows what it prints of a session: all that is there, or why it is not. */
static bool is_known(const struct live *live, size_t index)
{
	const struct stream *stream = &live->streams.list[index];
	bool has_any = false;

	for (uint32_t i = 0; i < stream->member_count; i++) {
		const struct trace_process *process =
			streams_process(&live->streams, stream->members[i]);

		if (!process || (live->pid && process->pid != live->pid))
			continue;
		if (!process->is_whole && !process->is_over)
			return false;
		has_any = true;
	}
	return has_any || stream->why[0];
}

static size_t known_count(const struct live *live)
{
	size_t count = 0;

	for (size_t i = 0; i < live->streams.count; i++)
		count += is_known(live, i);
	return count;
}

/* One that was asked for may be in any of them. */
static bool is_enough(const struct live *live, size_t known)
{
	return known && (known == live->streams.count || (live->pid && live->has_chosen));
}

static int nothing_came(const struct live *live, struct vigil_problem *ret_problem)
{
	const char *why = streams_why(&live->streams);

	if (why[0])
		snprintf(ret_problem->text, sizeof(ret_problem->text),
			 "%.150s cannot be watched: %.250s", live->source.target, why);
	else
		snprintf(ret_problem->text, sizeof(ret_problem->text),
			 "%.200s is there, but no event of %s came in %d s; `vigil top` waits for "
			 "as long as it takes",
			 live->source.target,
			 live->pid ? "that process" : "an instrumented process", FIRST_MS / 1000);
	return -ENODATA;
}

/*
 * A process that was there before its session is told of every few seconds, if somebody
 * does. Those of one session follow each other.
 */
static int first_events(struct live *live, struct vigil_problem *ret_problem)
{
	uint64_t now = clock_ns(CLOCK_MONOTONIC), settled = 0;
	uint64_t end = now + FIRST_MS * UINT64_C(1000000);
	uint32_t members = 0;

	for (; now < end && (!settled || now < settled); now = clock_ns(CLOCK_MONOTONIC)) {
		size_t known;

		/* Attempts of streams that are not there yet wake nobody. */
		streams_wait(&live->streams, 20);
		streams_pump(&live->streams);
		process_choose(live);
		known = known_count(live);
		if (!is_enough(live, known))
			settled = 0;
		else if (!settled || members != live->streams.member_count)
			settled = now + SETTLE_MS * UINT64_C(1000000);
		members = live->streams.member_count;
		if (known == live->streams.count && streams_lost(&live->streams) == known)
			break;
	}
	return live->has_chosen ? 0 : nothing_came(live, ret_problem);
}

int source_live_new(const char *url, const struct trace_options *how,
		    const struct source_options *options, struct source **ret_source,
		    struct vigil_problem *ret_problem)
{
	struct live *live = calloc(1, sizeof(*live));
	int r;

	if (!live) {
		snprintf(ret_problem->text, sizeof(ret_problem->text), "out of memory");
		return -ENOMEM;
	}
	live->source.ops = &live_ops;
	snprintf(live->source.target, sizeof(live->source.target), "%s", url);
	live->pid = options->pid;
	r = streams_open(&live->streams, live->source.target, how, ret_problem);
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
	if (options->at) {
		snprintf(ret_problem->text, sizeof(ret_problem->text),
			 "%.200s is live: it has no other moment than the present; leave --at out",
			 target);
		return -EINVAL;
	}
	return source_live_new(target, NULL, options, ret_source, ret_problem);
}
