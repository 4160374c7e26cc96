/* SPDX-License-Identifier: MIT */
/*
 * A recording that runs: its targets, its session, what it says meanwhile. The verb
 * is verb_record.c; LTTng is behind console/trace/session.h.
 */
#ifndef CONSOLE_RECORDER_H
#define CONSOLE_RECORDER_H

#include <limits.h>

#include "console/trace/command.h"
#include "console/trace/guard.h"
#include "console/trace/recording.h"
#include "console/trace/session.h"
#include "console/verb.h"

/* A process that lives and is recorded. */
struct target {
	struct vigil_reader *reader;
	uint32_t pid;         /* as we see it */
	uint32_t vpid;        /* as it sees itself */
	uint64_t start_ticks; /* with vpid: which one */
	int pidfd;            /* readable once it has ended; below 0: none */
	uint64_t *since;      /* by worker: the block a snapshot was written for */
	uint32_t workers;     /* of since */
};

/* The boards of a live session, as they are told. */
struct statedumps {
	uint64_t due_ns;
	size_t next; /* target */
	int fd;      /* the copy that is being told; below 0: none */
	uint32_t part;
	uint64_t at;                   /* bytes of the copy that were told */
	uint64_t size;                 /* of the copy */
	uint64_t taken_ns, told_bytes; /* by this round */
};

/* Why a recording is over. */
enum ending {
	ENDING_NONE,
	ENDING_ASKED,  /* ^C, SIGTERM */
	ENDING_TIME,   /* --for */
	ENDING_TARGET, /* it ended */
	ENDING_KILLED, /* the target was, or so it seems */
	ENDING_DAEMON, /* the session daemon, or its session */
	ENDING_RELAY,
	ENDING_DISK
};

struct recorder {
	const struct verb_options *options;
	char folder[PATH_MAX]; /* absolute */
	char shown[PATH_MAX];  /* as people named it */
	char name[40];         /* what is recorded */
	struct recording recording;
	struct session *session;
	struct session_counts counts;
	struct guard guard;
	struct command command;
	struct target *targets;
	size_t target_count;
	uint32_t *others; /* instrumented processes that are not recorded, by vpid */
	size_t other_count;
	int relay;                 /* a connection; below 0: none */
	int signals;               /* a signalfd */
	unsigned asked;            /* times it was asked to end */
	uint64_t started_ns;       /* CLOCK_MONOTONIC */
	uint64_t ended_ns;         /* 0: it runs */
	uint64_t said_ns;          /* when the line of progress was last drawn */
	uint64_t scanned_ns;       /* when we last looked for new processes */
	uint64_t bytes;            /* on disk */
	uint64_t buffer_bytes;     /* of a processor */
	uint64_t room_bytes;       /* left on the disk at the last look */
	uint64_t slack_bytes;      /* of it, for the end */
	uint64_t keyframes_due_ns; /* when boards are copied next */
	struct statedumps dumps;
	bool had_board; /* some process under it was instrumented */
	bool is_drawn;  /* a line of progress stands on the terminal */
	enum ending ending;
	char why[400]; /* a sentence about the ending */
};

static inline bool is_command(const struct recorder *recorder)
{
	return recorder->options->command != NULL;
}

/* ns of CLOCK_MONOTONIC, and of the wall clock. */
uint64_t recorder_now(void);
uint64_t recorder_unix_now(void);

/* ---- recorder_targets.c ---- */

/* Finds whom to record, or refuses. Returns an exit status. */
int targets_find(struct recorder *recorder);

/* For a command: adds to the others whom the session daemon knows, wherever their boards are. */
int targets_exclude(struct recorder *recorder);

/* Their pids as session_options wants them; the caller frees. NULL without memory. */
uint32_t *targets_vpids(const struct recorder *recorder, size_t *ret_count);

/* Copies their boards. Returns an exit status. */
int targets_copy(struct recorder *recorder);

/* Takes in processes that came meanwhile, when somebody looks at their boards. */
void targets_scan(struct recorder *recorder);
bool target_has_ended(const struct target *target);

/*
 * Where the probes are, for VIGIL_LTTNG: beside this command, as in a build directory, or
 * below the same prefix. NULL: not there.
 */
const char *probes_find(char *buf, size_t size);
void targets_fini(struct recorder *recorder);

/* ---- recorder_keyframes.c ---- */

/* Of a flight recorder: copies the boards again, when it is time. */
void keyframes_take(struct recorder *recorder);

/* ---- recorder_statedump.c ---- */

/* Of a live session: loads the probes, once it runs. */
void statedumps_start(struct recorder *recorder);

/* Tells the boards of targets, when it is time, a piece at each look. */
void statedumps_take(struct recorder *recorder);

/* ---- recorder_folder.c ---- */

/* Chooses and makes the folder, or refuses. Returns an exit status. */
int folder_make(struct recorder *recorder);

/* Takes it away again, as long as nothing was recorded. */
void folder_remove(const struct recorder *recorder);

/* Bytes on disk below it. */
uint64_t folder_bytes(const char *folder);

/* ---- recorder_disk.c ---- */

/* Chooses the size of buffers, or refuses a disk that is full. Returns an exit status. */
int disk_check(struct recorder *recorder);

/* Whether there is no room for what may still come: since the last look, and in buffers. */
bool disk_is_full(struct recorder *recorder);

/* Whether it may soon be: looks should be many. */
bool disk_is_near_full(const struct recorder *recorder);

/* ---- recorder_run.c ---- */

/* Until it is over; then recorder->ending says why. */
void recorder_run(struct recorder *recorder);

/* Writes the flight recorder out and says so. */
void recorder_snapshot(struct recorder *recorder, const char *why);

/* ---- recorder_trigger.c ---- */

/*
 * Looks at the boards for a worker blocked too long; each time it is, once. True: why says
 * which.
 */
bool trigger_look(struct recorder *recorder, char *why, size_t size);

/* ---- recorder_say.c ---- */

/* A line on stderr, "vigil: ...". */
void say(struct recorder *recorder, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Redraws the line of progress, on a terminal. */
void say_progress(struct recorder *recorder);

/* The closing summary. Returns the exit status of the verb. */
int say_summary(struct recorder *recorder);

#endif
