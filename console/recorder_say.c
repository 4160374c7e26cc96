/* SPDX-License-Identifier: MIT */
/* What a recorder says: on stderr, since a recorded command may need stdout. */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "console/format.h"
#include "console/recorder.h"
#include "console/trace/packets.h"
#include "console/trace/snapshot.h"

/* The line of progress goes away under what is said. */
static void progress_clear(struct recorder *recorder)
{
	if (recorder->is_drawn)
		fputs("\r\033[K", stderr);
	recorder->is_drawn = false;
}

void say(struct recorder *recorder, const char *format, ...)
{
	char line[1200];
	struct text text;
	va_list args;

	va_start(args, format);
	vsnprintf(line, sizeof(line), format, args);
	va_end(args);
	progress_clear(recorder);
	text_begin(&text, stderr, recorder->options->is_ascii);
	text.width = 0;
	text_line(&text, "vigil: %s", line);
}

/* "3.2 s, 12.4 MiB on disk, 0 events discarded, 0 packets lost" */
static void counts_words(const struct recorder *recorder, char *buf, size_t size)
{
	uint64_t now = recorder->ended_ns ? recorder->ended_ns : recorder_now();
	char age[FORMAT_SIZE], bytes[FORMAT_SIZE], where[64] = "";

	if (!recorder->options->live)
		snprintf(where, sizeof(where), "%s on disk, ",
			 format_bytes(bytes, sizeof(bytes), recorder->bytes));
	snprintf(buf, size, "%s, %s%" PRIu64 " event%s discarded, %" PRIu64 " packet%s lost",
		 format_duration(age, sizeof(age), now - recorder->started_ns, 0), where,
		 recorder->counts.discarded_events,
		 recorder->counts.discarded_events == 1 ? "" : "s", recorder->counts.lost_packets,
		 recorder->counts.lost_packets == 1 ? "" : "s");
}

void say_progress(struct recorder *recorder)
{
	char words[200];
	struct text text;

	text_begin(&text, stderr, recorder->options->is_ascii);
	if (!text.is_terminal)
		return;
	counts_words(recorder, words, sizeof(words));
	progress_clear(recorder);
	fprintf(stderr, "recording %s: %s", recorder->name, words);
	fflush(stderr);
	recorder->is_drawn = true;
}

/* ---- The summary ---- */

static bool has_trace(const struct recorder *recorder)
{
	static const char *const parts[] = { "ust/uid", "archives", "snapshot-1" };
	char path[PATH_MAX + 16];
	struct stat st;

	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		snprintf(path, sizeof(path), "%s/%s", recorder->folder, parts[i]);
		if (!stat(path, &st))
			return true;
	}
	return false;
}

/* Whether some process made a board meanwhile: one that has ended by now, too. */
static bool had_board(const struct recorder *recorder)
{
	struct vigil_found *list = NULL;
	int count = vigil_find(NULL, &list);
	bool is_found = recorder->had_board;

	for (int i = 0; i < count && !is_found; i++)
		is_found = list[i].is_readable &&
			   list[i].created_unix_ns >= recorder->recording.started_unix_ns;
	free(list);
	return is_found;
}

/* Nothing was recorded: why that may be. */
static int say_nothing(struct recorder *recorder)
{
	if (!had_board(recorder))
		say(recorder,
		    "nothing was recorded: %s made no board, as one does that is instrumented; "
		    "build it with libvigil, or give it the VIGIL_DIR that vigil has",
		    is_command(recorder) ? recorder->name : "no process");
	else
		say(recorder, "nothing was recorded: libvigil-lttng.so was not found by what ran; "
			      "set VIGIL_LTTNG to its path");
	return EXIT_CANNOT;
}

/*
 * Whether there is nothing, as far as is known: what a relay has we do not see. Where
 * others are instrumented too LTTng writes packets for them, empty ones.
 */
static bool is_nothing(const struct recorder *recorder, bool is_written)
{
	if (!is_written)
		return !had_board(recorder);
	return !has_trace(recorder) ||
	       (!recorder->recording.keyframe_count && !packets_have_events(recorder->folder));
}

/* Returns an exit status. */
static int say_next(struct recorder *recorder)
{
	const struct verb_options *options = recorder->options;
	unsigned last = options->is_snapshot ? snapshot_last(recorder->folder) : 0;

	if (is_nothing(recorder, !options->live && (last || !options->is_snapshot)))
		return say_nothing(recorder);
	if (options->live)
		say(recorder, "the relay has the trace, below its --output");
	else if (last)
		say(recorder, "`vigil report %s/snapshot-%u` tells what happened", recorder->shown,
		    last);
	else if (options->is_snapshot)
		say(recorder, "no snapshot was asked for, so nothing was written");
	else
		say(recorder, "`vigil report %s` tells what happened", recorder->shown);
	return EXIT_DONE;
}

static const char *what_is_left(const struct recorder *recorder)
{
	switch (recorder->ending) {
	case ENDING_KILLED:
		return "; all it did up to then is recorded";
	case ENDING_DAEMON:
		return "; what it had written by then is there, the last second may be missing";
	case ENDING_RELAY:
		return "; what it had received by then is there";
	case ENDING_DISK:
		return "; what was written by then can be read; make room, or bound a recording "
		       "with --for or --snapshot";
	default:
		return "";
	}
}

int say_summary(struct recorder *recorder)
{
	bool is_cut = recorder->ending >= ENDING_KILLED;
	char words[200];

	say(recorder, "the recording has ended: %s%s", recorder->why, what_is_left(recorder));
	counts_words(recorder, words, sizeof(words));
	say(recorder, "%s: %s", recorder->shown, words);
	if (recorder->counts.discarded_events)
		say(recorder, "the buffers were full at times: larger ones (--buffers=64M) lose "
			      "fewer events");
	if (is_command(recorder) && !command_look(&recorder->command))
		say(recorder, "%s goes on, pid %d", recorder->name, (int)recorder->command.pid);
	return say_next(recorder) || is_cut ? EXIT_CANNOT : EXIT_DONE;
}
