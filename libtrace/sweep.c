/* SPDX-License-Identifier: MIT */
/*
 * A program that is started a thousand times must not fill /dev/shm with what a
 * thousand processes left. Each new board makes room: of the directory's dead
 * boards only a few stay, those of processes that died before those that called
 * vigil_fini, each kind newest first.
 *
 * The law: a file goes only if its name is a board's, its lock is free and its
 * process is gone. The lock sees through pid namespaces, the process through a
 * program that closed our descriptor; both must say so. And it goes at the
 * earliest in the second sweep that finds it so: the first one marks it, which
 * also dates the death (a board's own time is that of its last growth).
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

#include <vigil/board.h>

#define LOOKED_AT 256

struct left {
	char name[64];
	struct timespec found; /* dead, by the first sweep that saw it */
	bool is_new;           /* that is this one */
	bool is_finished;
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

/* Whether the process called vigil_fini. The file is foreign: read, not mapped. */
static bool has_finished(int fd)
{
	struct vigil_process_record process;
	struct vigil_table_header table;
	struct vigil_header header;

	return pread(fd, &header, sizeof(header), 0) == sizeof(header) &&
	       pread(fd, &table, sizeof(table), header.tables_offset) == sizeof(table) &&
	       pread(fd, &process, sizeof(process), (off_t)table.offset) == sizeof(process) &&
	       process.life == VIGIL_LIFE_ENDED;
}

/* Looks at a file of the directory. Returns whether it is a dead board of ours. */
static bool left_look(int home, const char *name, struct left *ret_left)
{
	unsigned long long start;
	bool is_dead = false;
	struct stat st;
	unsigned pid;
	int fd;

	if (!name_parse(name, &pid, &start) || home_start_ticks(pid) == start)
		return false;
	fd = openat(home, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0)
		return false;
	if (!fstat(fd, &st) && S_ISREG(st.st_mode) && !flock(fd, LOCK_EX | LOCK_NB)) {
		is_dead = true;
		ret_left->is_new = st.st_mode & S_IWUSR;
		if (ret_left->is_new && !fchmod(fd, 0400) && !futimens(fd, NULL))
			fstat(fd, &st);
		snprintf(ret_left->name, sizeof(ret_left->name), "%s", name);
		ret_left->found = st.st_mtim;
		ret_left->is_finished = has_finished(fd);
	}
	close(fd);
	return is_dead;
}

static int dearest_first(const void *a, const void *b)
{
	const struct left *x = a, *y = b;

	if (x->is_finished != y->is_finished)
		return x->is_finished ? 1 : -1;
	if (x->found.tv_sec != y->found.tv_sec)
		return x->found.tv_sec > y->found.tv_sec ? -1 : 1;
	if (x->found.tv_nsec != y->found.tv_nsec)
		return x->found.tv_nsec > y->found.tv_nsec ? -1 : 1;
	return strcmp(x->name, y->name);
}

void home_sweep(int home, unsigned keep)
{
	static struct left left[LOOKED_AT]; /* one sweep at a time: vigil_init's */
	const struct dirent *entry;
	size_t count = 0;
	DIR *dir;
	int fd = openat(home, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	dir = fd < 0 ? NULL : fdopendir(fd);
	if (!dir) {
		if (fd >= 0)
			close(fd);
		return;
	}
	while (count < LOOKED_AT && (entry = readdir(dir)))
		count += left_look(home, entry->d_name, &left[count]);
	closedir(dir);
	if (count <= keep)
		return;
	qsort(left, count, sizeof(left[0]), dearest_first);
	for (size_t i = keep; i < count; i++)
		if (!left[i].is_new)
			unlinkat(home, left[i].name, 0);
}
