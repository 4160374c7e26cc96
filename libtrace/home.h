/* SPDX-License-Identifier: MIT */
/* Where boards live: the directory and the files in it. */
#ifndef LIBTRACE_HOME_H
#define LIBTRACE_HOME_H

#include <stddef.h>
#include <stdint.h>

#define HOME_PATH_MAX 512

/*
 * Opens (makes, if need be) the directory for boards: dir, or if it is NULL
 * /dev/shm/vigil-UID, which must belong to us alone. Returns a file descriptor
 * or -errno; the path is copied to ret_path.
 */
int home_open(const char *dir, char ret_path[HOME_PATH_MAX]);

/*
 * Makes PID-START.board in the directory, or PID-START.N.board when this process
 * (before an exec, before vigil_fini) has made one already. Returns a file
 * descriptor or -errno; the path is completed in path.
 */
int home_create(int home, uint32_t pid, uint64_t start_ticks, char path[HOME_PATH_MAX]);

/* Removes the directory's boards of dead processes, all but the newest `keep`. */
void home_sweep(int home, unsigned keep);

/* Returns the start time of a process, field 22 of /proc/PID/stat; 0 if it is not there. */
uint64_t home_start_ticks(uint32_t pid);

/* Reads a small file. Returns its length, NUL-terminated, or 0. */
size_t home_read(const char *path, char *buf, size_t size);

#endif
