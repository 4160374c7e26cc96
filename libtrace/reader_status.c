/* SPDX-License-Identifier: MIT */
/*
 * Alive, stopped, dead, restarted: what /proc says of the process behind a
 * board. The board's own word counts only for "finished".
 */
#include "libtrace/reader.h"

#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/sysmacros.h>
#include <time.h>

#include "libtrace/home.h"

#define MAPS_INTERVAL_NS 2000000000u

static char stat_state(const char *path)
{
	char stat[1024];
	const char *at;

	if (!home_read(path, stat, sizeof(stat)))
		return 0;
	at = strrchr(stat, ')');
	return at && at[1] == ' ' ? at[2] : 0;
}

char proc_look(uint32_t pid, uint32_t *ret_thread)
{
	char path[64], state;
	const struct dirent *entry;
	DIR *dir;

	*ret_thread = pid;
	snprintf(path, sizeof(path), "/proc/%u/stat", pid);
	state = pid ? stat_state(path) : 0;
	if (!state || !has_ended(state))
		return state;
	/* A main thread may end by pthread_exit and the others go on. */
	snprintf(path, sizeof(path), "/proc/%u/task", pid);
	dir = opendir(path);
	while (dir && has_ended(state) && (entry = readdir(dir))) {
		uint32_t thread = (uint32_t)strtoul(entry->d_name, NULL, 10);
		char one;

		snprintf(path, sizeof(path), "/proc/%u/task/%u/stat", pid, thread);
		one = thread ? stat_state(path) : 0;
		if (!has_ended(one)) {
			state = one;
			*ret_thread = thread;
		}
	}
	if (dir)
		closedir(dir);
	return state;
}

/* A process's pid as it sees itself: the last of NSpid. */
static uint32_t inner_pid(uint32_t pid)
{
	char path[64], *line = NULL;
	uint32_t inner = pid;
	size_t room = 0;
	FILE *status;

	snprintf(path, sizeof(path), "/proc/%u/status", pid);
	status = fopen(path, "re");
	if (!status)
		return pid;
	while (getline(&line, &room, status) > 0) {
		if (strncmp(line, "NSpid:", 6))
			continue;
		inner = (uint32_t)strtoul(strrchr(line, '\t') + 1, NULL, 10);
		break;
	}
	free(line);
	fclose(status);
	return inner;
}

bool proc_is_maker(uint32_t pid, const struct vigil_process_record *process)
{
	return home_start_ticks(pid) == process->start_ticks && inner_pid(pid) == process->pid;
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
		if (makedev(major_, minor_) == file[0] || strstr(line, ".board"))
			found = 1;
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

static uint64_t clock_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

/*
 * Whether the process went on without this board. Reading its maps holds up its
 * own mmap calls for a moment, so we ask once in a while only.
 */
static bool is_replaced(struct vigil_reader *reader, uint32_t thread)
{
	uint64_t now = clock_ns();

	if (reader->is_replaced || !reader->file[1])
		return reader->is_replaced;
	if (reader->maps_read_ns && now - reader->maps_read_ns < MAPS_INTERVAL_NS)
		return false;
	reader->maps_read_ns = now;
	reader->is_replaced = !has_mapped(thread, reader->file);
	return reader->is_replaced;
}

/* A writer holds its file's lock as long as it lives: home_create takes it. */
static bool is_locked(int fd)
{
	if (fd < 0)
		return false;
	if (flock(fd, LOCK_SH | LOCK_NB))
		return errno == EWOULDBLOCK;
	flock(fd, LOCK_UN);
	return false;
}

/* Whether a process we cannot see, in another pid namespace, still writes. */
static bool is_held(struct vigil_reader *reader, const struct vigil_process_record *process,
		    struct holders *holders)
{
	uint64_t now = clock_ns();

	if (!is_locked(reader->fd))
		return false;
	if (!reader->lock_read_ns || now - reader->lock_read_ns >= MAPS_INTERVAL_NS) {
		reader->lock_read_ns = now;
		reader->is_held = !is_left_to_others(holders, reader->file, process);
	}
	return reader->is_held;
}

enum vigil_status status_of(struct vigil_reader *reader, struct holders *holders)
{
	const struct vigil_process_record *process = VIGIL_AT(reader, process, 0);
	uint32_t thread;
	char state;

	if (process->life == VIGIL_LIFE_ENDED)
		return VIGIL_STATUS_FINISHED;
	if (is_other_boot(process))
		return VIGIL_STATUS_DEAD;
	state = proc_look(reader->pid, &thread);
	/* A zombie has let go of everything. */
	if (has_ended(state) || home_start_ticks(reader->pid) != process->start_ticks)
		return is_held(reader, process, holders) ? VIGIL_STATUS_ALIVE : VIGIL_STATUS_DEAD;
	if (is_replaced(reader, thread))
		return VIGIL_STATUS_REPLACED;
	return state == 'T' || state == 't' ? VIGIL_STATUS_STOPPED : VIGIL_STATUS_ALIVE;
}
