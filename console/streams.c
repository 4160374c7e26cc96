/* SPDX-License-Identifier: MIT */
/* Live sessions: found, taken in, lost and found again. The law is in streams.h. */
#include "console/streams.h"

#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <time.h>
#include <unistd.h>

#include "console/format.h"

#define SECOND_NS UINT64_C(1000000000)
#define PUMP_NS UINT64_C(40000000) /* at once: keys are heard 25 times a second */
#define EVENTS_BETWEEN 256         /* two looks at the clock */
#define ANSWER_MS 3000             /* of the relay, to begin with */
#define ASK_NS (2 * SECOND_NS)     /* between two questions for new sessions */

static uint64_t clock_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * SECOND_NS + (uint64_t)ts.tv_nsec;
}

static void tell(struct streams *streams, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

static void tell(struct streams *streams, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(streams->news.text, sizeof(streams->news.text), format, args);
	va_end(args);
	streams->has_news = true;
}

/* "host/web1/httpd": what tells sessions of a relay apart. */
static const char *session_name(const struct stream *stream)
{
	const char *host = strstr(stream->url, "/host/");

	return host ? host + strlen("/host/") : stream->url;
}

/* ---- Members ---- */

static bool is_same_process(const struct streams *streams, const struct member *member,
			    size_t stream, const struct trace_process *process)
{
	const struct trace_process *other;

	if (member->stream != stream)
		return false;
	other = trace_process(streams->list[stream].trace, member->process);
	return other && other->pid == process->pid && !strcmp(other->host, process->host);
}

/* Appends a number to a list. Returns false without memory. */
static bool append(uint32_t **list, uint32_t *count, uint32_t number)
{
	uint32_t *more = realloc(*list, (*count + 1) * sizeof(*more));

	if (!more)
		return false;
	more[(*count)++] = number;
	*list = more;
	return true;
}

static bool member_add(struct streams *streams, size_t stream, uint32_t process)
{
	struct member *members =
		realloc(streams->members, (streams->member_count + 1) * sizeof(*members));

	if (!members)
		return false;
	streams->members = members;
	members[streams->member_count++] = (struct member){ (uint32_t)stream, process };
	return true;
}

/* The number of a process of a stream; UINT32_MAX without memory. */
static uint32_t member_of(struct streams *streams, size_t stream, uint32_t process)
{
	struct stream *it = &streams->list[stream];

	while (it->member_count <= process) {
		if (!member_add(streams, stream, it->member_count) ||
		    !append(&it->members, &it->member_count, streams->member_count - 1))
			return UINT32_MAX;
	}
	return it->members[process];
}

const struct trace_process *streams_process(const struct streams *streams, uint32_t member)
{
	const struct member *it = member < streams->member_count ? &streams->members[member] : NULL;
	const struct trace_process *process =
		it ? trace_process(streams->list[it->stream].trace, it->process) : NULL;

	return process && process->board ? process : NULL;
}

const struct stream *streams_of(const struct streams *streams, uint32_t member)
{
	return member < streams->member_count ? &streams->list[streams->members[member].stream] :
						NULL;
}

/* ---- Events ---- */

static void event_take(struct streams *streams, size_t stream, const struct trace_event *event)
{
	struct trace *trace = streams->list[stream].trace;
	struct slice slices[SLICES_MAX];
	size_t count = slices_of(trace, event, slices);
	uint32_t member = member_of(streams, stream, event->process);

	if (member != UINT32_MAX)
		events_pass(&streams->events, member, event, slices, count);
	trace_apply(trace, event);
}

/* Boards that were told, also of processes without an event: readers are opened anew. */
static void boards_take(struct streams *streams, size_t stream)
{
	struct stream *it = &streams->list[stream];

	if (it->epoch == trace_epoch(it->trace))
		return;
	it->epoch = trace_epoch(it->trace);
	for (uint32_t i = 0; i < trace_process_count(it->trace); i++)
		member_of(streams, stream, i);
	streams->epoch++;
}

static void time_take(struct stream *stream, uint64_t now)
{
	if (stream->reached_unix_ns != trace_now(stream->trace))
		stream->moved_ns = now;
	stream->reached_unix_ns = trace_now(stream->trace);
}

/* Takes in what there is, for a moment at most: TRACE_EVENT, there was more. */
static enum trace_result stream_take(struct streams *streams, size_t stream)
{
	uint64_t begin = clock_ns();
	const struct trace_event *event;
	enum trace_result r;

	for (unsigned i = 1;; i++) {
		r = trace_next(streams->list[stream].trace, &event);
		if (r == TRACE_EVENT)
			event_take(streams, stream, event);
		else if (r != TRACE_GAP)
			return r;
		if (i % EVENTS_BETWEEN == 0 && clock_ns() - begin > PUMP_NS)
			return TRACE_EVENT;
	}
}

/* ---- Lost, and found again ---- */

/* Until it is unwatched, or closed. */
static void watch(const struct streams *streams, const struct trace *trace)
{
	struct epoll_event event = { .events = EPOLLIN };

	epoll_ctl(streams->ready, EPOLL_CTL_ADD, trace_fd(trace), &event);
}

/* What has ended would be readable for ever. */
static void unwatch(const struct streams *streams, const struct trace *trace)
{
	epoll_ctl(streams->ready, EPOLL_CTL_DEL, trace_fd(trace), NULL);
}

static void why_take(struct stream *stream, const struct trace *trace)
{
	snprintf(stream->why, sizeof(stream->why), "%s", trace_problem(trace));
}

static void stream_lose(struct streams *streams, struct stream *stream, enum trace_result how)
{
	unwatch(streams, stream->trace);
	why_take(stream, stream->trace);
	stream->is_lost = true;
	stream->lost_ns = stream->retry_ns = clock_ns();
	if (!stream->member_count && stream->why[0])
		tell(streams, "%.200s cannot be watched: %.300s", session_name(stream),
		     stream->why);
	else
		tell(streams, "%.200s %s: this was its last moment; it is asked for every second",
		     session_name(stream),
		     how == TRACE_END ? "has ended" : "is gone, or its relay");
}

/* The same processes as before have the same numbers. */
static void members_carry(struct streams *streams, size_t stream, struct trace *next)
{
	struct stream *it = &streams->list[stream];
	uint32_t *members = NULL, count = 0;

	for (uint32_t i = 0; i < trace_process_count(next); i++) {
		uint32_t found = streams->member_count;

		for (uint32_t m = 0; it->trace && m < streams->member_count; m++)
			if (is_same_process(streams, &streams->members[m], stream,
					    trace_process(next, i)))
				found = m;
		if (found == streams->member_count && !member_add(streams, stream, i))
			break;
		streams->members[found].process = i;
		if (!append(&members, &count, found))
			break;
	}
	free(it->members);
	it->members = members;
	it->member_count = count;
}

static void stream_find(struct streams *streams, size_t stream)
{
	struct stream *it = &streams->list[stream];
	char time[FORMAT_SIZE];

	format_duration(time, sizeof(time), clock_ns() - it->lost_ns, 0);
	if (it->trace)
		tell(streams,
		     "%.200s is there again after %s: what happened meanwhile is not known",
		     session_name(it), time);
	members_carry(streams, stream, it->next);
	for (uint32_t i = 0; i < it->member_count; i++)
		events_clear_one(&streams->events, it->members[i]);
	if (it->trace)
		streams->gone[streams->gone_count++] = it->trace;
	it->trace = it->next;
	it->next = NULL;
	it->is_lost = false;
	it->why[0] = '\0';
	it->epoch = 0;
	watch(streams, it->trace);
	streams->epoch++;
}

/* An attempt: until its first event, what was there before stays. */
static void stream_retry(struct streams *streams, size_t stream)
{
	struct stream *it = &streams->list[stream];
	const char *path = it->url;
	struct trace_options options = streams->options;
	const struct trace_event *event;
	struct vigil_problem problem;
	enum trace_result r;

	options.paths = &path;
	options.path_count = 1;
	if (streams->gone_count == STREAMS_GONE)
		return;
	if (!it->next) {
		if (clock_ns() < it->retry_ns || trace_open(&options, &it->next, &problem))
			return;
		it->retry_ns = clock_ns() + SECOND_NS;
	}
	r = trace_next(it->next, &event);
	if (r == TRACE_EVENT || trace_epoch(it->next)) {
		stream_find(streams, stream);
		if (r == TRACE_EVENT)
			event_take(streams, stream, event);
	} else if (r == TRACE_END || r == TRACE_DAMAGED) {
		why_take(it, it->next);
		trace_close(it->next);
		it->next = NULL;
	}
}

/* ---- Sessions that begin later ---- */

static struct stream *stream_add(struct streams *streams, const char *url)
{
	struct stream *list = realloc(streams->list, (streams->count + 1) * sizeof(*list));

	if (!list)
		return NULL;
	streams->list = list;
	list[streams->count] = (struct stream){ .is_lost = true, .lost_ns = clock_ns() };
	snprintf(list[streams->count].url, SESSION_URL, "%s", url);
	return &list[streams->count++];
}

static void list_take(struct streams *streams, const struct session_list *list)
{
	for (size_t i = 0; i < list->count; i++) {
		size_t known = 0;

		while (known < streams->count && strcmp(streams->list[known].url, list->urls[i]))
			known++;
		if (known == streams->count)
			stream_add(streams, list->urls[i]);
	}
}

static void sessions_pump(struct streams *streams)
{
	struct session_list list;
	struct vigil_problem problem;
	int r;

	if (!streams->relay[0])
		return;
	if (!streams->asked) {
		if (clock_ns() < streams->ask_ns || sessions_ask(streams->relay, &streams->asked))
			return;
		streams->ask_ns = clock_ns() + ASK_NS;
	}
	r = sessions_answer(streams->asked, 0, &list, &problem);
	if (r > 0)
		list_take(streams, &list);
	if (r) {
		sessions_free(streams->asked);
		streams->asked = NULL;
	}
}

void streams_pump(struct streams *streams)
{
	sessions_pump(streams);
	for (size_t i = 0; i < streams->count; i++) {
		enum trace_result r;

		if (streams->list[i].is_lost) {
			stream_retry(streams, i);
			continue;
		}
		r = stream_take(streams, i);
		time_take(&streams->list[i], clock_ns());
		boards_take(streams, i);
		if (r == TRACE_END || r == TRACE_DAMAGED)
			stream_lose(streams, &streams->list[i], r);
	}
}

void streams_bury(struct streams *streams)
{
	while (streams->gone_count)
		trace_close(streams->gone[--streams->gone_count]);
	for (size_t i = 0; i < streams->count; i++)
		if (streams->list[i].trace)
			trace_bury(streams->list[i].trace);
}

void streams_wait(const struct streams *streams, int timeout_ms)
{
	struct pollfd one = { .fd = streams->ready, .events = POLLIN };

	poll(&one, 1, timeout_ms);
}

const char *streams_why(const struct streams *streams)
{
	for (size_t i = 0; i < streams->count; i++)
		if (streams->list[i].why[0])
			return streams->list[i].why;
	return "";
}

size_t streams_lost(const struct streams *streams)
{
	size_t lost = 0;

	for (size_t i = 0; i < streams->count; i++)
		lost += streams->list[i].is_lost;
	return lost;
}

/* ---- Opening ---- */

/* "there is no net://...: the relay has ..." */
static void missing_words(const char *url, const char *why, struct vigil_problem *ret_problem)
{
	struct session_list list;
	size_t at;

	if (sessions_list(url, ANSWER_MS, &list, ret_problem))
		return;
	at = (size_t)snprintf(ret_problem->text, sizeof(ret_problem->text),
			      "there is no %.150s: the relay has ", url);
	for (size_t i = 0; i < list.count && at < sizeof(ret_problem->text); i++) {
		/* It is there after all: then what babeltrace2 says is what is known. */
		if (!strcmp(list.urls[i], url)) {
			snprintf(ret_problem->text, sizeof(ret_problem->text), "%.150s: %.300s",
				 url, why);
			return;
		}
		at += (size_t)snprintf(ret_problem->text + at, sizeof(ret_problem->text) - at,
				       "%s%.100s", i ? ", " : "", list.urls[i]);
	}
	if (!list.count)
		snprintf(ret_problem->text + at, sizeof(ret_problem->text) - at,
			 "no session at all");
}

/* From when it has answered, nothing is missed. */
static int stream_begin(struct streams *streams, struct stream *stream,
			struct vigil_problem *ret_problem)
{
	struct trace_options options = streams->options;
	const char *path = stream->url;
	int r;

	options.paths = &path;
	options.path_count = 1;
	r = trace_open(&options, &stream->trace, ret_problem);
	if (r)
		return r;
	stream->is_lost = false;
	watch(streams, stream->trace);
	return 0;
}

static void stream_await(const struct stream *stream)
{
	struct pollfd one = { .fd = trace_fd(stream->trace), .events = POLLIN };

	poll(&one, 1, ANSWER_MS);
}

/* One session: whether it is there is known when it has answered. */
static int open_one(struct streams *streams, const char *url, struct vigil_problem *ret_problem)
{
	struct stream *stream = stream_add(streams, url);
	enum trace_result r;
	int error;

	if (!stream) {
		snprintf(ret_problem->text, sizeof(ret_problem->text), "out of memory");
		return -ENOMEM;
	}
	error = stream_begin(streams, stream, ret_problem);
	if (error)
		return error;
	stream_await(stream);
	r = stream_take(streams, 0);
	time_take(stream, clock_ns());
	if (r != TRACE_DAMAGED)
		return 0;
	if (streams->options.read)
		snprintf(ret_problem->text, sizeof(ret_problem->text), "%s",
			 trace_problem(stream->trace));
	else
		missing_words(url, trace_problem(stream->trace), ret_problem);
	return -ENOENT;
}

static int open_all(struct streams *streams, const char *url, struct vigil_problem *ret_problem)
{
	struct session_list list;
	int r = sessions_list(url, ANSWER_MS, &list, ret_problem);

	if (r)
		return r;
	snprintf(streams->relay, sizeof(streams->relay), "%s", url);
	streams->ask_ns = clock_ns() + ASK_NS;
	list_take(streams, &list);
	for (size_t i = 0; !r && i < streams->count; i++)
		r = stream_begin(streams, &streams->list[i], ret_problem);
	for (size_t i = 0; !r && i < streams->count; i++)
		stream_await(&streams->list[i]);
	if (r || streams->count)
		return r;
	snprintf(ret_problem->text, sizeof(ret_problem->text),
		 "the relay of %.200s has no live session: `vigil record --live` makes one", url);
	return -ENOENT;
}

int streams_open(struct streams *streams, const char *url, const struct trace_options *how,
		 struct vigil_problem *ret_problem)
{
	if (how)
		streams->options = *how;
	streams->options.is_live = streams->options.has_readers = true;
	streams->ready = epoll_create1(EPOLL_CLOEXEC);
	if (streams->ready < 0) {
		snprintf(ret_problem->text, sizeof(ret_problem->text), "cannot wait for %.200s: %s",
			 url, strerror(errno));
		return -errno;
	}
	return sessions_is_one(url) ? open_one(streams, url, ret_problem) :
				      open_all(streams, url, ret_problem);
}

void streams_close(struct streams *streams)
{
	streams_bury(streams);
	for (size_t i = 0; i < streams->count; i++) {
		trace_close(streams->list[i].trace);
		trace_close(streams->list[i].next);
		free(streams->list[i].members);
	}
	free(streams->list);
	free(streams->members);
	sessions_free(streams->asked);
	events_fini(&streams->events);
	if (streams->ready >= 0)
		close(streams->ready);
}
