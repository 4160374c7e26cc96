/* SPDX-License-Identifier: MIT */
/*
 * A program that is started a thousand times must not fill /dev/shm with what a
 * thousand processes left. Each new board makes room: of the directory's dead
 * boards only the newest few stay.
 *
 * The law: a file goes only if its name is a board's, its lock is free and its
 * process is gone. The lock sees through pid namespaces, the process through a
 * program that closed our descriptor; both must say so.
 */
#include "libtrace/home.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define LOOKED_AT 256

struct left {
	char name[64];
	struct timespec changed;
};

/* PID-START.board or PID-START.N.board. */
static bool name_parse(const char *name, unsigned *ret_pid, unsigned long long *ret_start)
{
	char suffix[16] = "";
	int end = 0;

	if (sscanf(name, "%u-%llu%n", ret_pid, ret_start, &end) != 2 || strlen(name) > 60)
		return false;
	if (!strcmp(name + end, ".board"))
		return true;
	return sscanf(name + end, ".%*u%15s", suffix) == 1 && !strcmp(suffix, ".board");
}

static bool is_left(int home, const char *name)
{
	unsigned long long start;
	bool is_free;
	unsigned pid;
	int fd;

	if (!name_parse(name, &pid, &start) || home_start_ticks(pid) == start)
		return false;
	fd = openat(home, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0)
		return false;
	is_free = !flock(fd, LOCK_EX | LOCK_NB);
	close(fd);
	return is_free;
}

static int newest_first(const void *a, const void *b)
{
	const struct left *x = a, *y = b;

	if (x->changed.tv_sec != y->changed.tv_sec)
		return x->changed.tv_sec > y->changed.tv_sec ? -1 : 1;
	if (x->changed.tv_nsec != y->changed.tv_nsec)
		return x->changed.tv_nsec > y->changed.tv_nsec ? -1 : 1;
	return strcmp(x->name, y->name);
}

void home_sweep(int home, unsigned keep)
{
	static struct left left[LOOKED_AT]; /* one sweep at a time: vigil_init's */
	const struct dirent *entry;
	size_t count = 0;
	struct stat st;
	DIR *dir;
	int fd = openat(home, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	dir = fd < 0 ? NULL : fdopendir(fd);
	if (!dir) {
		if (fd >= 0)
			close(fd);
		return;
	}
	while (count < LOOKED_AT && (entry = readdir(dir))) {
		if (!is_left(home, entry->d_name) ||
		    fstatat(home, entry->d_name, &st, AT_SYMLINK_NOFOLLOW))
			continue;
		snprintf(left[count].name, sizeof(left[count].name), "%s", entry->d_name);
		left[count++].changed = st.st_mtim;
	}
	closedir(dir);
	if (count <= keep)
		return;
	qsort(left, count, sizeof(left[0]), newest_first);
	for (size_t i = keep; i < count; i++)
		unlinkat(home, left[i].name, 0);
}
