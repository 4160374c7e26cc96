/* SPDX-License-Identifier: MIT */
/*
 * Who holds boards in their hands: the processes that have files mapped to write.
 *
 * The law: to ask all processes costs a system some milliseconds, and many boards
 * may raise the question. So it is asked once, for all boards of one list.
 */
#include "libtrace/reader.h"

#include <dirent.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysmacros.h>

struct holder {
	uint64_t file[2];
	uint32_t pid;
	bool is_board; /* by its name */
};

/* A line of /proc/PID/maps. False: nothing that a board's writer has. */
static bool holder_parse(const char *line, struct holder *ret_holder)
{
	unsigned major_, minor_;
	char mode[8] = "";

	if (sscanf(line, "%*s %7s %*s %x:%x %" SCNu64, mode, &major_, &minor_,
		   &ret_holder->file[1]) != 4 ||
	    !ret_holder->file[1] || strncmp(mode, "rw", 2) || mode[3] != 's')
		return false;
	ret_holder->file[0] = makedev(major_, minor_);
	ret_holder->is_board = strstr(line, ".board") != NULL;
	return true;
}

static bool holder_add(struct holders *holders, const struct holder *holder)
{
	if (holders->count == holders->room) {
		size_t room = holders->room ? holders->room * 2 : 64;
		struct holder *all = realloc(holders->all, room * sizeof(*all));

		if (!all)
			return false;
		holders->all = all;
		holders->room = room;
	}
	holders->all[holders->count++] = *holder;
	return true;
}

/* Adds what a process has mapped. False: out of memory. */
static bool process_add(struct holders *holders, uint32_t pid, uint32_t thread)
{
	struct holder holder = { .pid = pid };
	char path[64], *line = NULL;
	uint64_t last = 0;
	size_t room = 0;
	bool is_well = true;
	FILE *maps;

	snprintf(path, sizeof(path), "/proc/%u/maps", thread);
	maps = fopen(path, "re");
	while (maps && is_well && getline(&line, &room, maps) > 0) {
		/* One file may be mapped in several pieces. */
		if (!holder_parse(line, &holder) || holder.file[1] == last)
			continue;
		last = holder.file[1];
		is_well = holder_add(holders, &holder);
	}
	free(line);
	if (maps)
		fclose(maps);
	return is_well;
}

static void holders_read(struct holders *holders)
{
	const struct dirent *entry;
	bool is_well = true;
	DIR *dir = opendir("/proc");

	holders->is_read = true;
	while (dir && is_well && (entry = readdir(dir))) {
		uint32_t pid = (uint32_t)strtoul(entry->d_name, NULL, 10), thread;

		if (pid && !has_ended(proc_look(pid, &thread)))
			is_well = process_add(holders, pid, thread);
	}
	if (dir)
		closedir(dir);
	/* Half an answer could take the maker for gone. */
	if (!is_well)
		holders->count = 0;
}

void holders_fini(struct holders *holders)
{
	free(holders->all);
}

bool is_left_to_others(struct holders *holders, const uint64_t file[2],
		       const struct vigil_process_record *process)
{
	bool is_with_others = false;

	if (!holders->is_read)
		holders_read(holders);
	for (size_t i = 0; i < holders->count; i++) {
		const struct holder *holder = &holders->all[i];

		/* btrfs and overlayfs tell stat another device than they tell maps. */
		if (holder->file[1] != file[1] || (holder->file[0] != file[0] && !holder->is_board))
			continue;
		if (proc_is_maker(holder->pid, process))
			return false;
		is_with_others = true;
	}
	return is_with_others;
}
