/* SPDX-License-Identifier: MIT */
/* The command on files that are no boards, or damaged ones: one sentence, no crash. */
#include <criterion/criterion.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <vigil/board.h>

#include "tests/support/command.h"
#include "tests/support/json_check.h"

TestSuite(hostile, .init = command_begin, .fini = command_end, .timeout = 60);

/* A copy of a dead board, with a patch. Returns its path. */
static const char *patched(size_t offset, const void *bytes, size_t size)
{
	static char path[128];
	char command[800];
	int fd;

	start("idle_server");
	stop(SIGKILL);
	snprintf(path, sizeof(path), "%s/patched", dir);
	snprintf(command, sizeof(command), "cp --sparse=always %s %s", board(), path);
	cr_assert_eq(system(command), 0); /* NOLINT */
	fd = open(path, O_WRONLY | O_CLOEXEC);
	cr_assert_eq(pwrite(fd, bytes, size, (off_t)offset), (ssize_t)size);
	close(fd);
	return path;
}

Test(hostile, a_missing_file_is_refused)
{
	expect_refused(vigil("tasks", "/nonexistent/file.board", NULL), "cannot open");
}

Test(hostile, a_foreign_file_is_refused)
{
	expect_refused(vigil("tasks", "/etc/passwd", NULL), "is not a board");
}

Test(hostile, a_directory_is_refused)
{
	expect_refused(vigil("tasks", "/tmp", NULL), "is not a board");
}

Test(hostile, an_empty_file_is_refused)
{
	char path[128];

	snprintf(path, sizeof(path), "%s/empty", dir);
	file_write(path, "", 0);
	expect_refused(vigil("why", path, NULL), "it is empty");
}

Test(hostile, a_file_of_zeros_is_refused)
{
	static const char zeros[65536];
	char path[128];

	snprintf(path, sizeof(path), "%s/zeros", dir);
	file_write(path, zeros, sizeof(zeros));
	expect_refused(vigil("tasks", path, NULL), "empty board");
}

Test(hostile, a_truncated_board_is_refused)
{
	char path[400];

	start("idle_server");
	stop(SIGKILL);
	snprintf(path, sizeof(path), "%s", board());
	cr_assert_eq(truncate(path, 100000), 0);
	expect_refused(vigil("tasks", path, NULL), "cut short");
	cr_assert_eq(truncate(path, 50), 0);
	expect_refused(vigil("tasks", path, NULL), "header");
}

Test(hostile, a_board_of_another_format_is_refused)
{
	uint16_t newer = VIGIL_ABI_MAJOR + 1;

	expect_refused(
		vigil("tasks", patched(offsetof(struct vigil_header, abi_major), &newer, 2), NULL),
		"board format 2");
}

Test(hostile, a_board_of_an_older_format_is_refused)
{
	uint16_t older = 0;

	expect_refused(
		vigil("tasks", patched(offsetof(struct vigil_header, abi_major), &older, 2), NULL),
		"board format 0");
}

Test(hostile, a_board_of_a_newer_minor_format_is_read)
{
	uint16_t newer = 99;

	cr_expect_eq(
		vigil("tasks", patched(offsetof(struct vigil_header, abi_minor), &newer, 2), NULL),
		0);
	cr_expect(says("acceptor"));
}

/* Every bit of the header and the table headers, one at a time. */
Test(hostile, a_board_with_a_flipped_bit_never_crashes_a_verb, .timeout = 120)
{
	unsigned char bytes[4096];
	const char *path = patched(0, VIGIL_MAGIC, 8);
	int fd = open(path, O_RDWR | O_CLOEXEC);

	cr_assert_eq(pread(fd, bytes, sizeof(bytes), 0), (ssize_t)sizeof(bytes));
	for (size_t at = 8; at < 1600; at += 5) {
		unsigned char flipped = bytes[at] ^ (unsigned char)(1u << at % 8);
		int status;

		cr_assert_eq(pwrite(fd, &flipped, 1, (off_t)at), 1);
		status = vigil(at % 2 ? "tasks" : "why", path, NULL);
		cr_expect(status == 0 || status == 2, "byte %zu: status %d %s", at, status, err);
		cr_expect(status == 0 || is_one_sentence(), "byte %zu: %s", at, err);
		cr_assert_eq(pwrite(fd, &bytes[at], 1, (off_t)at), 1);
	}
	close(fd);
}

/* Hostile names and references, all over the records. */
Test(hostile, a_board_full_of_noise_never_reaches_the_terminal_raw)
{
	unsigned char noise[65536];
	const char *path = patched(0, VIGIL_MAGIC, 8);
	int fd = open(path, O_RDWR | O_CLOEXEC);
	struct stat st;
	unsigned seed = 1;

	for (size_t i = 0; i < sizeof(noise); i++)
		noise[i] = (unsigned char)((seed = seed * 1103515245 + 12345) >> 16);
	cr_assert_eq(fstat(fd, &st), 0);
	for (off_t at = 65536; at + (off_t)sizeof(noise) < st.st_size && at < 64 << 20;
	     at += 1 << 20)
		cr_assert_eq(pwrite(fd, noise, sizeof(noise), at), (ssize_t)sizeof(noise));
	close(fd);
	for (int i = 0; i < 6; i++) {
		static const char *const verbs[] = { "tasks",  "executors", "locks",
						     "wakers", "sites",     "why" };
		int status = vigil(verbs[i], path, NULL);

		cr_expect(status == 0 || status == 2, "%s: %d", verbs[i], status);
		cr_expect_null(strchr(out, '\033'));
		status = vigil(verbs[i], path, "--json", NULL);
		cr_expect(status == 0 || status == 2, "%s: %d", verbs[i], status);
		cr_expect(status == 2 || json_is_valid(out), "%s", verbs[i]);
	}
}
