/* SPDX-License-Identifier: MIT */
/*
 * The board of a live process: among all it has mapped, the one it made and
 * writes now. Others are its parent's, older ones of its own, or it reads them.
 *
 * The law: where a mapping stands says nothing; what the board says of its
 * process, compared with what /proc says, does.
 */
#include "libtrace/reader.h"

#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define DELETED " (deleted)"

/* One mapping of a board: a line of /proc/PID/maps. */
struct mapping {
	uint32_t thread; /* whose /proc tells of the process */
	char range[40];
	char mode[8];
	uint64_t inode;
	char *path;
	bool is_deleted;
};

/* The best one so far. */
struct choice {
	char path[PATH_MAX];
	bool is_found, is_live;
	uint64_t created_ns;
	uint32_t maker; /* of one that is written to and not its own: the parent's */
	struct holders holders;
};

static bool mapping_parse(struct mapping *mapping, char *line)
{
	size_t length;

	line[strcspn(line, "\n")] = '\0';
	mapping->path = strchr(line, '/');
	if (!mapping->path || sscanf(line, "%39s %7s %*s %*s %" SCNu64, mapping->range,
				     mapping->mode, &mapping->inode) != 3)
		return false;
	length = strlen(mapping->path);
	mapping->is_deleted = length > strlen(DELETED) &&
			      !strcmp(mapping->path + length - strlen(DELETED), DELETED);
	if (mapping->is_deleted)
		mapping->path[length - strlen(DELETED)] = '\0';
	return has_suffix(mapping->path);
}

static bool is_file(const char *path, uint64_t inode)
{
	struct stat st;

	/* btrfs and overlayfs tell stat another device than they tell maps. */
	return !stat(path, &st) && S_ISREG(st.st_mode) && st.st_ino == inode;
}

/* A descriptor that the process still has of the file. */
static bool fd_path(const struct mapping *mapping, char *ret_path, size_t size)
{
	const struct dirent *entry;
	bool is_found = false;
	char path[64];
	DIR *dir;

	snprintf(path, sizeof(path), "/proc/%u/fd", mapping->thread);
	dir = opendir(path);
	while (dir && !is_found && (entry = readdir(dir))) {
		char link[PATH_MAX];
		ssize_t length;

		snprintf(ret_path, size, "/proc/%u/fd/%.20s", mapping->thread, entry->d_name);
		length = readlink(ret_path, link, sizeof(link) - 1);
		if (length < 0)
			continue;
		link[length] = '\0';
		is_found = strstr(link, ".board") && is_file(ret_path, mapping->inode);
	}
	if (dir)
		closedir(dir);
	return is_found;
}

/* A path by which we can open what is mapped. */
static bool mapping_path(const struct mapping *mapping, char *ret_path, size_t size)
{
	struct stat here, there;

	snprintf(ret_path, size, "/proc/%u/root%s", mapping->thread, mapping->path);
	if (!mapping->is_deleted && is_file(ret_path, mapping->inode)) {
		/* Without a namespace of its own the short path says more to people. */
		if (!stat(mapping->path, &here) && !stat(ret_path, &there) &&
		    here.st_ino == there.st_ino && here.st_dev == there.st_dev)
			snprintf(ret_path, size, "%s", mapping->path);
		return true;
	}
	snprintf(ret_path, size, "/proc/%u/map_files/%s", mapping->thread, mapping->range);
	return is_file(ret_path, mapping->inode) || fd_path(mapping, ret_path, size);
}

static void choose(struct choice *choice, uint32_t pid, const struct mapping *mapping)
{
	struct vigil_problem ignored;
	char path[PATH_MAX];
	struct peek peek;
	bool is_live;

	if (!mapping_path(mapping, path, sizeof(path)) ||
	    board_peek(path, ORIGIN_NAMED, &choice->holders, &peek, &ignored))
		return;
	if (!proc_is_maker(pid, &peek.process)) {
		if (mapping->mode[1] == 'w' && peek.process.life == VIGIL_LIFE_LIVE)
			choice->maker = peek.process.pid;
		return;
	}
	is_live = peek.process.life == VIGIL_LIFE_LIVE;
	if (choice->is_found &&
	    (choice->is_live > is_live ||
	     (choice->is_live == is_live && choice->created_ns >= peek.process.created_ns)))
		return;
	choice->is_found = true;
	choice->is_live = is_live;
	choice->created_ns = peek.process.created_ns;
	snprintf(choice->path, sizeof(choice->path), "%s", path);
}

int pid_board(uint32_t pid, char *ret_path, size_t size, struct vigil_problem *ret_problem)
{
	struct choice choice = { .is_found = false };
	char path[64], *line = NULL;
	struct mapping mapping;
	uint64_t last = 0;
	size_t room = 0;
	FILE *maps;

	proc_look(pid, &mapping.thread);
	snprintf(path, sizeof(path), "/proc/%u/maps", mapping.thread);
	maps = fopen(path, "re");
	if (!maps)
		return 0;
	while (getline(&line, &room, maps) > 0) {
		/* One board may be mapped in several pieces. */
		if (!mapping_parse(&mapping, line) || mapping.inode == last)
			continue;
		last = mapping.inode;
		choose(&choice, pid, &mapping);
	}
	free(line);
	fclose(maps);
	holders_fini(&choice.holders);
	if (choice.is_found) {
		snprintf(ret_path, size, "%s", choice.path);
		return 1;
	}
	if (choice.maker)
		return problem(ret_problem, -ENOENT,
			       "pid %u has no board of its own yet: it is a child of %u and has "
			       "made no call",
			       pid, choice.maker);
	return 0;
}
