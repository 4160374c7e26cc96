/* SPDX-License-Identifier: MIT */
/*
 * Room on the disk of a recording.
 *
 * A packet that a full disk cuts in two makes the rest of its file unreadable. So a
 * recording ends while there is room for what its buffers hold, and for what comes
 * before we look again.
 */
#include <sys/statvfs.h>
#include <unistd.h>

#include "console/format.h"
#include "console/recorder.h"

#define SLACK_PART 16 /* of the room at the start, for the end: indexes, the description */
#define SLACK_MOST (UINT64_C(1) << 20)
#define BUFFERS_PART 4 /* of the room, for all buffers together */
#define BUFFER_LEAST (UINT64_C(64) << 10)
#define LOOKS 3 /* how much may come, in times between two looks: looks may be late */
#define SHARED_MEMORY "/dev/shm" /* where LTTng has its buffers */

static uint64_t room_at(const char *path)
{
	struct statvfs fs;

	return statvfs(path, &fs) ? UINT64_MAX : (uint64_t)fs.f_bavail * fs.f_frsize;
}

static bool is_on_disk(const struct recorder *recorder)
{
	return !recorder->options->live && !recorder->options->is_snapshot;
}

static uint64_t processors(void)
{
	long count = sysconf(_SC_NPROCESSORS_CONF);

	return count > 0 ? (uint64_t)count : 1;
}

static uint64_t least_of(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

/* What fits, where nobody asked for a size: less on a small disk, or many processors. */
static uint64_t buffers_choose(const struct recorder *recorder, uint64_t room)
{
	uint64_t bytes =
		recorder->options->is_snapshot ? SESSION_SNAPSHOT_BYTES : SESSION_BUFFER_BYTES;

	if (recorder->options->buffer_bytes)
		return recorder->options->buffer_bytes;
	bytes = least_of(bytes, room_at(SHARED_MEMORY) / BUFFERS_PART / processors());
	bytes = least_of(bytes, room / BUFFERS_PART / processors());
	return bytes > BUFFER_LEAST ? bytes : BUFFER_LEAST;
}

/* LTTng looks at sizes as it writes a part of a buffer: a smaller one is a folder for each. */
static int rotation_check(const struct recorder *recorder)
{
	uint64_t asked = recorder->options->rotate_bytes;
	uint64_t least = session_part_bytes(recorder->buffer_bytes);
	char small[FORMAT_SIZE], enough[FORMAT_SIZE];

	if (!asked || asked >= least)
		return EXIT_DONE;
	return refuse("--rotate=%s is less than is written at once, and would make a folder for "
		      "each time; give at least %s, or smaller --buffers",
		      format_bytes(small, sizeof(small), asked),
		      format_bytes(enough, sizeof(enough), least));
}

int disk_check(struct recorder *recorder)
{
	uint64_t room = is_on_disk(recorder) ? room_at(recorder->folder) : UINT64_MAX;
	char left[FORMAT_SIZE], wanted[FORMAT_SIZE];

	recorder->buffer_bytes = buffers_choose(recorder, room);
	recorder->slack_bytes = least_of(room / SLACK_PART, SLACK_MOST);
	recorder->room_bytes = room;
	if (rotation_check(recorder))
		return EXIT_CANNOT;
	if (room > recorder->slack_bytes + recorder->buffer_bytes * processors())
		return EXIT_DONE;
	return refuse("the disk of %s is full: %s are left, the buffers alone may fill %s; make "
		      "room, name a folder elsewhere with -o DIR, or smaller --buffers",
		      recorder->shown, format_bytes(left, sizeof(left), room),
		      format_bytes(wanted, sizeof(wanted), recorder->buffer_bytes * processors()));
}

bool disk_is_full(struct recorder *recorder)
{
	uint64_t room, filled;

	if (!is_on_disk(recorder))
		return false;
	room = room_at(recorder->folder);
	filled = recorder->room_bytes > room ? recorder->room_bytes - room : 0;
	recorder->room_bytes = room;
	return room <
	       recorder->slack_bytes + recorder->buffer_bytes * processors() + filled * LOOKS;
}

bool disk_is_near_full(const struct recorder *recorder)
{
	return is_on_disk(recorder) &&
	       recorder->room_bytes < 8 * recorder->buffer_bytes * processors();
}
