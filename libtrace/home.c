/* SPDX-License-Identifier: MIT */
/*
 * Where boards live.
 *
 * The law: /dev/shm is anybody's, so a directory there is trusted only when it
 * is ours and nobody else may write to it, and nothing in it is followed.
 */
#include "libtrace/home.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define LOCK_TRIES 100

size_t home_read(const char *path, char *buf, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t length;

	buf[0] = '\0';
	if (fd < 0)
		return 0;
	length = read(fd, buf, size - 1);
	close(fd);
	if (length <= 0)
		return 0;
	buf[length] = '\0';
	return (size_t)length;
}

uint64_t home_start_ticks(uint32_t pid)
{
	char path[64], stat[1024];
	const char *at;

	if (pid)
		snprintf(path, sizeof(path), "/proc/%u/stat", pid);
	else
		snprintf(path, sizeof(path), "/proc/self/stat");
	if (!home_read(path, stat, sizeof(stat)))
		return 0;
	/* The command may hold spaces and parentheses: count from the last one. */
	at = strrchr(stat, ')');
	for (int field = 2; at && field < 22; field++)
		at = strchr(at + 1, ' ');
	return at ? strtoull(at + 1, NULL, 10) : 0;
}

int home_open(const char *dir, char ret_path[HOME_PATH_MAX])
{
	char real[PATH_MAX];
	struct stat st;
	int length, fd;

	if (dir)
		length = snprintf(ret_path, HOME_PATH_MAX, "%s", dir);
	else
		length =
			snprintf(ret_path, HOME_PATH_MAX, "/dev/shm/vigil-%u", (unsigned)geteuid());
	if (length < 1 || length > HOME_PATH_MAX - 64)
		return -ENAMETOOLONG;
	if (mkdir(ret_path, 0700) && errno != EEXIST)
		return -errno;
	fd = open(ret_path, O_DIRECTORY | O_RDONLY | O_CLOEXEC | (dir ? 0 : O_NOFOLLOW));
	if (fd < 0)
		return -errno;
	if (realpath(ret_path, real) && strlen(real) <= HOME_PATH_MAX - 64)
		snprintf(ret_path, HOME_PATH_MAX, "%s", real);
	if (!dir && (fstat(fd, &st) || st.st_uid != geteuid() || (st.st_mode & 022))) {
		close(fd);
		return -EPERM;
	}
	return fd;
}

/*
 * Held as long as we live: home_sweep looks at it. Readers and sweeps that come
 * upon the new file hold it for a moment.
 */
static bool lock_hold(int fd)
{
	const struct timespec moment = { .tv_nsec = 1000000 };

	for (int i = 0; i < LOCK_TRIES; i++) {
		/* Where there are no locks there are no sweeps over them either. */
		if (!flock(fd, LOCK_EX | LOCK_NB) || errno != EWOULDBLOCK)
			return true;
		nanosleep(&moment, NULL);
	}
	return false;
}

int home_create(int home, uint32_t pid, uint64_t start_ticks, char path[HOME_PATH_MAX])
{
	size_t length = strlen(path);
	char name[64];
	int fd = -1;

	for (int turn = 1; turn < 1000; turn++) {
		if (turn == 1)
			snprintf(name, sizeof(name), "%u-%llu.board", pid,
				 (unsigned long long)start_ticks);
		else
			snprintf(name, sizeof(name), "%u-%llu.%d.board", pid,
				 (unsigned long long)start_ticks, turn);
		fd = openat(home, name, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
		if (fd >= 0 || errno != EEXIST)
			break;
	}
	if (fd < 0)
		return -errno;
	if (!lock_hold(fd)) {
		unlinkat(home, name, 0);
		close(fd);
		return -EAGAIN;
	}
	snprintf(path + length, HOME_PATH_MAX - length, "/%s", name);
	return fd;
}
