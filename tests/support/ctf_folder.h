/* SPDX-License-Identifier: MIT */
/*
 * A trace in a folder of the test's own, from the files in tests/data/trace/all.trace:
 * each its size in 4 bytes and its bytes, the metadata first, then streams. It is
 * what LTTng wrote of tests/helpers/trace_all, in packets of a page.
 */
#ifndef TESTS_SUPPORT_CTF_FOLDER_H
#define TESTS_SUPPORT_CTF_FOLDER_H

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define CTF_FILES 4

static char ctf_folder[] = "/tmp/vigil-ctf-XXXXXX";

/* The metadata, then the streams. */
static inline char *ctf_path(int i)
{
	static char path[64];

	snprintf(path, sizeof(path), i ? "%s/c_%d" : "%s/metadata", ctf_folder, i);
	return path;
}

static inline void ctf_write(int i, const void *bytes, size_t size)
{
	int fd = open(ctf_path(i), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	cr_assert(fd >= 0 && write(fd, bytes, size) == (ssize_t)size);
	close(fd);
}

static inline void ctf_folder_make(void)
{
	FILE *file = fopen("tests/data/trace/all.trace", "re");
	static uint8_t bytes[1 << 18];
	uint32_t size;

	cr_assert_not_null(file, "tests are run from the project's folder");
	cr_assert(mkdtemp(ctf_folder));
	for (int i = 0; fread(&size, sizeof(size), 1, file) == 1; i++) {
		cr_assert(i < CTF_FILES && size <= sizeof(bytes));
		cr_assert_eq(fread(bytes, 1, size, file), size);
		ctf_write(i, bytes, size);
	}
	fclose(file);
}

/* No trace is left in it. */
static inline void ctf_folder_empty(void)
{
	for (int i = 0; i < CTF_FILES; i++)
		unlink(ctf_path(i));
}

static inline void ctf_folder_remove(void)
{
	ctf_folder_empty();
	rmdir(ctf_folder);
}

/* Overwrites bytes of a file. */
static inline void ctf_poke(int i, size_t at, const void *bytes, size_t size)
{
	int fd = open(ctf_path(i), O_WRONLY | O_CLOEXEC);

	cr_assert(fd >= 0 && pwrite(fd, bytes, size, (off_t)at) == (ssize_t)size);
	close(fd);
}

static inline size_t ctf_size(int i)
{
	struct stat st;

	cr_assert_eq(stat(ctf_path(i), &st), 0);
	return (size_t)st.st_size;
}

#endif
