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

#include "libtrace/home.h"

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

		if (sscanf(line, "%*s %*s %*s %x:%x %" SCNu64, &major_, &minor_, &inode) == 3)
			found = inode == file[1] && makedev(major_, minor_) == file[0];
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

	if (!process->boot_id[0] ||
	    home_read("/proc/sys/kernel/random/boot_id", boot_id, 37) != 36)
		return false;
	return strncmp(boot_id, process->boot_id, 36) != 0;
}

enum vigil_status status_of(const struct vigil_process_record *process, uint32_t pid,
			    const uint64_t file[2])
{
	uint64_t start_ticks = 0;
	char state = is_other_boot(process) ? 0 : proc_state(pid, &start_ticks);

	if (process->life == VIGIL_LIFE_ENDED)
		return VIGIL_STATUS_FINISHED;
	/* A zombie has let go of everything. */
	if (!state || state == 'Z' || state == 'X' || start_ticks != process->start_ticks)
		return VIGIL_STATUS_DEAD;
	if (file[1] && !has_mapped(pid, file))
		return VIGIL_STATUS_REPLACED;
	return state == 'T' || state == 't' ? VIGIL_STATUS_STOPPED : VIGIL_STATUS_ALIVE;
}
