/* SPDX-License-Identifier: MIT */
/*
 * State dumps of a live session. Who watches it joined at some moment, and may miss
 * events later; what was there before is in no event. So copies of the boards are told
 * as events of our own, in the same session, again and again.
 *
 * The law: as for keyframes, 5 in 100 of our time; a quarter of a MiB a second; and of
 * the session's buffers never more than a small part at once.
 */
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
#define BYTES_A_SECOND (UINT64_C(256) << 10)
#define PIECE 16384 /* bytes, packed at most what FEED_WORDS_MAX takes */
#define PIECES 64   /* at a look */

/* Where the probes are, as tracepoints_init wants it: NULL where libraries are looked for. */
static const char *probes_find(char *buf, size_t size)
{
	static const char *const places[] = { "libvigil-lttng.so", "../lib/libvigil-lttng.so.0" };
	ssize_t length = readlink("/proc/self/exe", buf, size - 64);
	char *slash;

	if (getenv("VIGIL_LTTNG") || length <= 0)
		return getenv("VIGIL_LTTNG");
	buf[length] = '\0';
	slash = strrchr(buf, '/');
	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		snprintf(slash + 1, 32, "%s", places[i]);
		if (!access(buf, R_OK))
			return buf;
	}
	return NULL;
}

void statedumps_start(struct recorder *recorder)
{
	char path[PATH_MAX];

	if (!recorder->options->live)
		return;
	tracepoints_init(probes_find(path, sizeof(path)));
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

/* The next piece that is not zeros alone. Returns false when all were told. */
static bool piece_next(struct recorder *recorder)
{
	struct statedumps *dumps = &recorder->dumps;
	off_t at = lseek(dumps->fd, (off_t)dumps->at, SEEK_DATA);
	uint64_t bytes[PIECE / sizeof(uint64_t)], *words;
	size_t size;
	ssize_t got;

	if (at < 0)
		return false;
	at -= at % PIECE;
	got = pread(dumps->fd, bytes, sizeof(bytes), at);
	if (got <= 0)
		return false;
	words = pack(bytes, (size_t)got, &size);
	if (!words)
		return false;
	piece_tell(recorder, 0, (uint64_t)at, words, size / sizeof(*words));
	free(words);
	dumps->at = (uint64_t)at + PIECE;
	dumps->told_bytes += size;
	return true;
}

/* Events that follow the first piece may not be in the copy: so it comes before. */
static void copy_begin(struct recorder *recorder)
{
	struct statedumps *dumps = &recorder->dumps;
	const struct target *target = target_told(recorder);
	int fd = memfd_create("vigil-board", MFD_CLOEXEC);
	struct stat st = { 0 };

	dumps->part = 0;
	dumps->at = dumps->size = 0;
	piece_tell(recorder, 0, 0, NULL, 0);
	if (fd >= 0 && !vigil_reader_save(target->reader, fd) && !fstat(fd, &st)) {
		dumps->fd = fd;
		dumps->size = (uint64_t)st.st_size;
		piece_next(recorder); /* at once: it says when the copy was made */
		return;
	}
	if (fd >= 0)
		close(fd);
	dumps->next++;
}

static void copy_tell(struct recorder *recorder)
{
	struct statedumps *dumps = &recorder->dumps;
	bool is_more = true;

	for (int i = 0; i < PIECES && is_more; i++)
		is_more = piece_next(recorder);
	if (is_more)
		return;
	piece_tell(recorder, dumps->part, 0, NULL, 0);
	close(dumps->fd);
	dumps->fd = 0;
	dumps->next++;
}

void statedumps_take(struct recorder *recorder)
{
	struct statedumps *dumps = &recorder->dumps;
	uint64_t begin = recorder_now(), end;

	if (!load(load_acquire(&tracepoints.board_part_on)) || begin < dumps->due_ns)
		return;
	if (dumps->fd)
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
