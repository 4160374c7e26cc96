/* SPDX-License-Identifier: MIT */
/*
 * A source: where boards come from. Shared memory, a trace, a relay's live stream.
 *
 *	source.c	which one a target is
 *	source_shm.c	a board that a process writes, or wrote
 *	source_trace.c	a folder with a trace, which can be played
 *	source_live.c	a session of a relay, as it comes
 *	source_events.c	what the last two share: boards made of events
 *	pace.c		what the processes of a trace had done a second ago
 *	source_member.c	one process of a source that has several
 *
 * The law: whoever has a source gets a reader from it and may ask how it is; where
 * the board came from only these files know.
 */
#ifndef CONSOLE_SOURCE_H
#define CONSOLE_SOURCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <vigil/reader.h>

struct history;
struct player;
struct source;

struct source_options {
	const char *at; /* a trace: the moment, see moment.h; NULL: its end */
	uint32_t pid;   /* of several processes this one; 0: the only one */
	bool is_moved;  /* a trace: it will be moved. It is learnt while refreshed, not now, and
			     of several processes the one with most stuck at its end, or the busiest,
			     is shown first */
	bool takes_any; /* a trace: of several processes the busiest will do, others are read too */
	bool is_playing; /* and plays from the moment on */
};

/* A process that a source knows of. */
struct source_process {
	uint32_t index;
	uint32_t pid;
	char host[64];
	char name[32];
	uint64_t first_unix_ns, last_unix_ns;
	uint64_t events, lost_events;
	uint64_t live_tasks, running, scheduled; /* at this moment */
	bool has_begun;                          /* by this moment */
	bool is_over;                            /* at this moment */
	bool is_away;                            /* its stream is lost */
};

/* Who a process is, and which board it has at this moment: what costs nothing to tell. */
struct source_member {
	uint32_t pid;
	const char *host, *name; /* until the next refresh; "": not known */
	uint64_t board;          /* another number, another board; 0: it has not begun */
	bool is_known;           /* it did something, or its board is here */
	bool is_away;
	bool is_whole; /* nothing of it is missing: neither its start, nor events that were lost */
};

/* What a worker had done by a moment of the past. */
struct past_worker {
	uint64_t created_ns; /* another number, another worker */
	uint64_t polls, wakes, spawns;
	uint64_t busy_ns, poll_begin_ns; /* as of its record */
};

/* A process about a second ago: workers by their index, those that are not there were not. */
struct past {
	bool is_known;
	bool is_still;                     /* nothing happened since then: it was as it is */
	uint64_t ns;                       /* of the process's clock */
	const struct past_worker *workers; /* until the next refresh */
	uint32_t count;
};

enum source_news {
	SOURCE_SAME,     /* the reader may be refreshed */
	SOURCE_REPLACED, /* the reader is to be closed, and another one opened */
	SOURCE_WORKING   /* on the way to another moment: what is shown stays */
};

struct source_ops {
	void (*close)(struct source *source);

	/* A reader of the process that is shown. Returns 0 or -errno with a sentence. */
	int (*reader_open)(struct source *source, struct vigil_reader **ret_reader,
			   struct vigil_problem *ret_problem);

	/* Goes with the time. Then the reader is told when it is. */
	enum source_news (*refresh)(struct source *source, struct vigil_reader *reader);

	/* Optional from here on: "recorded at 12:03:04.123 (+4.2 s of 60 s)". */
	void (*words)(struct source *source, char *buf, size_t size);
	bool (*process)(struct source *source, uint32_t index, struct source_process *ret_process);
	bool (*member)(struct source *source, uint32_t index, struct source_member *ret_member);
	int (*member_open)(struct source *source, uint32_t index, struct vigil_reader **ret_reader,
			   struct vigil_problem *ret_problem);
	void (*member_fix)(struct source *source, uint32_t index, struct vigil_reader *reader);
	bool (*past)(struct source *source, uint32_t index, struct past *ret_past);
	void (*choose)(struct source *source, uint32_t index);
	uint32_t (*chosen)(struct source *source);
	const struct history *(*history)(struct source *source);
	struct player *(*player)(struct source *source);
	uint64_t (*unix_of)(struct source *source, uint64_t ns); /* of the shown process's clock */
	const char *(*news)(struct source *source);              /* a sentence, once; NULL: none */
	bool (*is_partial)(struct source *source);
	int (*fd)(struct source *source);    /* readable when there is more; -1: none */
	void (*pump)(struct source *source); /* takes in what is readable */
};

struct source {
	const struct source_ops *ops;
	char target[512];
	uint64_t interval_ns; /* between two refreshes, as far as is known */
};

/* Opens a target; NULL: the only process alive. Returns 0 or -errno with a sentence. */
int source_open(const char *target, const struct source_options *options,
		struct source **ret_source, struct vigil_problem *ret_problem);
void source_close(struct source *source);

/* Whether a path is a folder with a trace in it or below it. */
bool source_is_trace(const char *path);

/* Each of the kinds. options may be NULL. */
int source_shm_open(const char *target, const struct source_options *options,
		    struct source **ret_source, struct vigil_problem *ret_problem);
int source_trace_open(const char *target, const struct source_options *options,
		      struct source **ret_source, struct vigil_problem *ret_problem);
int source_live_open(const char *target, const struct source_options *options,
		     struct source **ret_source, struct vigil_problem *ret_problem);

/*
 * One process of a source that has several, as a source of its own, whichever is chosen.
 * It goes with the time as the whole does, which must outlive it. NULL without memory.
 */
struct source *source_member_new(struct source *whole, uint32_t index);

/* ---- What a source may not have. All may be asked of NULL. ---- */

void source_words(struct source *source, char *buf, size_t size); /* "": nothing to say */
uint32_t source_process_count(struct source *source);
bool source_process(struct source *source, uint32_t index, struct source_process *ret_process);
bool source_member(struct source *source, uint32_t index, struct source_member *ret_member);

/*
 * How the shown process was a second ago, of a source that is moved. Returns false of others:
 * who looks at them remembers what they looked like.
 */
bool source_past(struct source *source, struct past *ret_past);

bool source_has_members(struct source *source); /* it can say who its processes are */
bool source_has_several(struct source *source); /* and of more than one there are events */
bool source_is_blank(struct source *source);    /* of the shown process there is no board (yet) */
bool source_is_early(struct source *source);    /* or the trace is being read for the first time */
void source_blank_words(struct source *source, char *buf, size_t size); /* what it is then */
bool source_is_working(struct source *source); /* on the way to another moment */
void source_choose(struct source *source, uint32_t index);
uint32_t source_chosen(struct source *source);
bool source_is_whole(struct source *source); /* of the shown process, as far as is known */
bool source_is_partial(
	struct source *source); /* processes may be missing: a session is not there */
const struct history *source_history(struct source *source); /* NULL: none is kept */
struct player *source_player(struct source *source);         /* NULL: it cannot be moved */
uint64_t source_unix_of(struct source *source, uint64_t ns); /* 0: not known */
const char *source_news(struct source *source);
int source_fd(struct source *source);
void source_pump(struct source *source);

#endif
