/* SPDX-License-Identifier: MIT */
/*
 * What a recording says of itself: the text file DIR/vigil/recording, lines of
 * key=value. Beside it stand the boards it names, copied as the recording began.
 *
 *	state=complete
 *	mode=files
 *	session=vigil-httpd-812
 *	started_unix_ns=1764150000000000000
 *	keyframe=812-99120.board begin_ns=5012000 end_ns=5034000
 *
 * The law: written whole or not at all; what is read is hostile, and refused as a
 * whole when a line of a key we know cannot be what it should.
 */
#ifndef CONSOLE_TRACE_RECORDING_H
#define CONSOLE_TRACE_RECORDING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <vigil/reader.h>

#define RECORDING_FOLDER "vigil"   /* in the trace's folder */
#define RECORDING_FILE "recording" /* in that */

#define RECORDING_STATES(X)                                                                        \
	X(RECORDING, RUNS, "recording") /* or its recorder was killed, and its guard too */        \
	X(RECORDING, COMPLETE, "complete")                                                         \
	X(RECORDING, CUT, "cut") /* it ended before it should: `ended` says why */
#define RECORDING_MODES(X)                                                                         \
	X(RECORDING, FILES, "files") X(RECORDING, LIVE, "live") X(RECORDING, SNAPSHOT, "snapshot")
#define RECORDING_ENUM_(e, NAME, word) e##_##NAME,
enum recording_state { RECORDING_STATES(RECORDING_ENUM_) };
enum recording_mode { RECORDING_MODES(RECORDING_ENUM_) };

/* A board copied between two moments of CLOCK_MONOTONIC. */
struct keyframe {
	char file[64]; /* beside the recording's file, PID-START.board */
	uint64_t begin_ns;
	uint64_t end_ns; /* events up to here are in it, or may be */
};

/* Texts are "" and numbers 0 where nothing is known. */
struct recording {
	enum recording_state state;
	enum recording_mode mode;
	char version[16]; /* of vigil */
	char session[128];
	char command[256]; /* of the program that was started */
	char host[65];
	char url[256];                        /* of the relay */
	char ended[512];                      /* a sentence, without its full stop */
	uint32_t pid;                         /* of the program started, or of the only target */
	uint32_t recorder;                    /* pid of `vigil record` */
	uint32_t killed;                      /* pid, if it was: it did not end by itself */
	uint64_t started_unix_ns, started_ns; /* the same moment on CLOCK_MONOTONIC */
	uint64_t ended_unix_ns;
	uint64_t discarded_events, lost_packets;
	/* Of a snapshot: from here on it has all events, on CLOCK_MONOTONIC; 0: from its first. */
	uint64_t whole_ns;
	struct keyframe *keyframes; /* in the order they were copied */
	size_t keyframe_count;
};

/* Adds one. Returns 0 or -ENOMEM. */
int recording_add(struct recording *recording, const struct keyframe *keyframe);

/* Writes FOLDER/vigil/recording anew; FOLDER/vigil must exist. 0 or -errno. */
int recording_write(const struct recording *recording, const char *folder,
		    struct vigil_problem *ret_problem);

/*
 * Reads it; the caller ends it with recording_fini. 0 or -errno: -ENOENT there is
 * none (a trace that was recorded otherwise), -EBADMSG it is damaged.
 */
int recording_read(const char *folder, struct recording *ret_recording,
		   struct vigil_problem *ret_problem);
void recording_fini(struct recording *recording);

const char *recording_state_word(enum recording_state state);
const char *recording_mode_word(enum recording_mode mode);

#endif
