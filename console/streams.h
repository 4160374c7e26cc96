/* SPDX-License-Identifier: MIT */
/*
 * Streams: the live sessions of a relay, each with hosts and processes of its own, as
 * one set of processes. A session that is gone is asked for every second; what it had
 * stays until something new comes. Of a relay all sessions are taken, later ones too.
 *
 * The law of the file: nothing here waits, but streams_open and streams_wait.
 */
#ifndef CONSOLE_STREAMS_H
#define CONSOLE_STREAMS_H

#include "console/source_events.h"
#include "console/trace/sessions.h"

#define STREAMS_GONE 16

/* A process of any stream. Numbers stay, also when its stream is lost and found again. */
struct member {
	uint32_t stream;
	uint32_t process; /* of the stream's trace */
};

struct stream {
	char url[SESSION_URL];
	struct trace *trace; /* NULL: it has not been there yet */
	struct trace *next;  /* the next attempt */
	uint32_t *members;   /* by the process's number in the trace */
	uint32_t member_count;
	bool is_lost;
	uint64_t reached_unix_ns; /* what trace_now said last, */
	uint64_t moved_ns;        /* and since when, of CLOCK_MONOTONIC */
	uint64_t lost_ns, retry_ns;
	uint64_t epoch; /* of the trace's boards that are known here */
	char why[256];  /* it cannot be read, as far as babeltrace2 says; "": nothing is said */
};

struct streams {
	struct trace_options options; /* for tests: read */
	char relay[SESSION_URL];      /* "": one session is meant */
	struct sessions *asked;
	uint64_t ask_ns;
	struct stream *list;
	size_t count;
	struct member *members;
	uint32_t member_count;
	struct events events;             /* by member */
	uint64_t epoch;                   /* rises when boards of a process are others */
	struct trace *gone[STREAMS_GONE]; /* whose boards may still be read */
	size_t gone_count;
	int ready; /* an epoll descriptor: readable when there is more */
	struct vigil_problem news;
	bool has_news;
};

/*
 * Lets go of boards in whose place others are: readers are opened anew before they read
 * again. Until then few are replaced.
 */
void streams_bury(struct streams *streams);

/* Connects. Returns 0 or -errno with a sentence; streams_close in both cases. */
int streams_open(struct streams *streams, const char *url, const struct trace_options *how,
		 struct vigil_problem *ret_problem);
void streams_close(struct streams *streams);

/* Takes in what has come, asks for what is gone. */
void streams_pump(struct streams *streams);

/* Waits until there is something to take in. */
void streams_wait(const struct streams *streams, int timeout_ms);

/* A process, with its board and its stream; NULL when it has none yet. */
const struct trace_process *streams_process(const struct streams *streams, uint32_t member);
const struct stream *streams_of(const struct streams *streams, uint32_t member);

/* How many are not there. */
size_t streams_lost(const struct streams *streams);

/* Why one of them cannot be read; "": nothing is known against any. */
const char *streams_why(const struct streams *streams);

#endif
