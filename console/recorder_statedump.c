/* SPDX-License-Identifier: MIT */
/*
 * State dumps of a live session. Who watches it joined at some moment, and may miss
 * events later; what was there before is in no event. So copies of the boards are told
 * as events of our own, in the same session, again and again.
 *
 * The law: as for keyframes, no more than 5 in 100 of our time and, in the mean, a MiB a
 * second; at once never more than a part of a buffer. What is not all of a copy has no
 * last piece, so nobody takes it for one.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "console/recorder.h"
#include "console/trace/pack.h"
#include "libtrace/tracepoints.h"

#define INTERVAL_NS UINT64_C(2000000000)
#define TIME_FACTOR 20
#define BYTES_A_SECOND (UINT64_C(1) << 20)
#define PIECE_PART 64 /* of a buffer, at most; LTTng parts one in 16, which a piece must fit */
#define LOOK_PART 4   /* of a buffer at a look */
#define PIECE_LEAST 512

void statedumps_start(struct recorder *recorder)
{
	const char *how = getenv("VIGIL_LTTNG");
	char path[PATH_MAX];

	recorder->dumps.fd = -1;
	if (!recorder->options->live)
		return;
	tracepoints_init(how ? how : probes_find(path, sizeof(path)));
	tracepoints_thread();
	if (!load(load_acquire(&tracepoints.board_part_on)))
		say(recorder, "the boards cannot be told through LTTng, so who joins the session "
			      "late will not see what was there before; is libvigil-lttng.so "
			      "installed, and of this version?");
}

static const struct target *target_told(const struct recorder *recorder)
{
	return &recorder->targets[recorder->dumps.next];
}

static void piece_tell(struct recorder *recorder, uint32_t parts, uint64_t offset,
		       const uint64_t *words, size_t count)
{
	struct statedumps *dumps = &recorder->dumps;
	const struct target *target = target_told(recorder);

	TRACE(board_part, recorder_now(), 0, target->vpid, target->start_ticks, dumps->part++,
	      parts, offset, dumps->size, words, (uint32_t)count);
}

/* A power of two that fits: no smaller buffer than the session's is asked of it. */
static size_t piece_bytes(const struct recorder *recorder)
{
	size_t piece = BOARD_PIECE;

	while (piece > PIECE_LEAST && piece > recorder->buffer_bytes / PIECE_PART)
		piece /= 2;
	return piece;
}

/* The next piece that is not zeros alone. Returns 0 when all were told, or -errno. */
static int piece_next(struct recorder *recorder)
{
	struct statedumps *dumps = &recorder->dumps;
	off_t at = lseek(dumps->fd, (off_t)dumps->at, SEEK_DATA);
	uint64_t bytes[BOARD_PIECE / sizeof(uint64_t)], *words;
	size_t piece = piece_bytes(recorder), size;
	ssize_t got;

	if (at < 0)
		return errno == ENXIO ? 0 : -errno;
	at -= at % (off_t)piece;
	got = pread(dumps->fd, bytes, piece, at);
	if (got <= 0)
		return got ? -errno : -EIO;
	words = pack(bytes, (size_t)got, &size);
	if (!words)
		return -ENOMEM;
	piece_tell(recorder, 0, (uint64_t)at, words, size / sizeof(*words));
	free(words);
	dumps->at = (uint64_t)at + piece;
	dumps->told_bytes += size;
	return 1;
}

static void copy_end(struct statedumps *dumps)
{
	if (dumps->fd >= 0)
		close(dumps->fd);
	dumps->fd = -1;
	dumps->next++;
}

/* Events that follow the first piece may not be in the copy: so it comes before. */
static void copy_begin(struct recorder *recorder)
{
	struct statedumps *dumps = &recorder->dumps;
	struct stat st = { 0 };

	dumps->fd = memfd_create("vigil-board", MFD_CLOEXEC);
	dumps->part = 0;
	dumps->at = dumps->size = 0;
	piece_tell(recorder, 0, 0, NULL, 0);
	if (dumps->fd < 0 || vigil_reader_save(target_told(recorder)->reader, dumps->fd) ||
	    fstat(dumps->fd, &st)) {
		copy_end(dumps);
		return;
	}
	dumps->size = (uint64_t)st.st_size;
	/* At once: it says when the copy was made. */
	if (piece_next(recorder) < 0)
		copy_end(dumps);
}

static void copy_tell(struct recorder *recorder)
{
	struct statedumps *dumps = &recorder->dumps;
	size_t told = 0, piece = piece_bytes(recorder);
	int r = 1;

	for (; r > 0 && told < recorder->buffer_bytes / LOOK_PART; told += piece)
		r = piece_next(recorder);
	if (r > 0)
		return;
	if (!r)
		piece_tell(recorder, dumps->part, 0, NULL, 0);
	copy_end(dumps);
}

void statedumps_take(struct recorder *recorder)
{
	struct statedumps *dumps = &recorder->dumps;
	uint64_t begin = recorder_now(), end;

	if (!load(load_acquire(&tracepoints.board_part_on)) || begin < dumps->due_ns)
		return;
	if (dumps->fd >= 0)
		copy_tell(recorder);
	else if (dumps->next < recorder->target_count && !target_has_ended(target_told(recorder)))
		copy_begin(recorder);
	else
		dumps->next++;
	end = recorder_now();
	dumps->taken_ns += end - begin;
	if (dumps->next < recorder->target_count)
		return;
	dumps->due_ns = end + INTERVAL_NS + dumps->taken_ns * TIME_FACTOR +
			dumps->told_bytes * 1000 / BYTES_A_SECOND * 1000000;
	dumps->taken_ns = dumps->told_bytes = 0;
	dumps->next = 0;
}
