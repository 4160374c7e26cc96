/* SPDX-License-Identifier: MIT */
/*
 * Alive, stopped, dead, restarted: what /proc says of the process behind a
 * board. The board's own word counts only for "finished".
 */
#include "libtrace/reader.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysmacros.h>
#include <time.h>

#include "libtrace/home.h"

#define MAPS_INTERVAL_NS 2000000000u

/* The state letter of /proc/PID/stat, and the start time; 0 when it is not there. */
static char proc_state(uint32_t pid, uint64_t *ret_start_ticks)
{
	char path[64], stat[1024];
	const char *at;

	snprintf(path, sizeof(path), "/proc/%u/stat", pid);
	if (!pid || !home_read(path, stat, sizeof(stat)))
		return 0;
	*ret_start_ticks = home_start_ticks(pid);
	at = strrchr(stat, ')');
	return at && at[1] == ' ' ? at[2] : 0;
}

/* Whether a process has this file mapped. 1 yes, 0 no, -1 we may not know. */
static int has_mapped(uint32_t pid, const uint64_t file[2])
{
	char path[64], *line = NULL;
	size_t room = 0;
	int found = 0;
	FILE *maps;

	snprintf(path, sizeof(path), "/proc/%u/maps", pid);
	maps = fopen(path, "re");
	if (!maps)
		return -1;
	while (!found && getline(&line, &room, maps) > 0) {
		unsigned major_, minor_;
		uint64_t inode;

		if (sscanf(line, "%*s %*s %*s %x:%x %" SCNu64, &major_, &minor_, &inode) != 3 ||
		    inode != file[1])
			continue;
		/* btrfs and overlayfs tell stat another device than they tell maps. */
		found = makedev(major_, minor_) == file[0] || strstr(line, ".board") != NULL;
	}
	free(line);
	/* Reading may be refused as late as this. */
	if (!found && ferror(maps))
		found = -1;
	fclose(maps);
	return found;
}

static bool is_other_boot(const struct vigil_process_record *process)
{
	char boot_id[40];

	if (!process->boot_id[0] || home_read("/proc/sys/kernel/random/boot_id", boot_id, 37) != 36)
		return false;
	return strncmp(boot_id, process->boot_id, 36) != 0;
}

/*
 * Whether the process went on without this board. Reading its maps holds up its
 * own mmap calls for a moment, so we ask once in a while only.
 */
static bool is_replaced(struct vigil_reader *reader)
{
	struct timespec ts;
	uint64_t now;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	now = (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
	if (reader->is_replaced || !reader->file[1])
		return reader->is_replaced;
	if (reader->maps_read_ns && now - reader->maps_read_ns < MAPS_INTERVAL_NS)
		return false;
	reader->maps_read_ns = now;
	reader->is_replaced = !has_mapped(reader->pid, reader->file);
	return reader->is_replaced;
}

enum vigil_status status_of(struct vigil_reader *reader)
{
	const struct vigil_process_record *process = VIGIL_AT(reader, process, 0);
	uint64_t start_ticks = 0;
	char state = is_other_boot(process) ? 0 : proc_state(reader->pid, &start_ticks);

	if (process->life == VIGIL_LIFE_ENDED)
		return VIGIL_STATUS_FINISHED;
	/* A zombie has let go of everything. */
	if (!state || state == 'Z' || state == 'X' || start_ticks != process->start_ticks)
		return VIGIL_STATUS_DEAD;
	if (is_replaced(reader))
		return VIGIL_STATUS_REPLACED;
	return state == 'T' || state == 't' ? VIGIL_STATUS_STOPPED : VIGIL_STATUS_ALIVE;
}
