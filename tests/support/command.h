/* SPDX-License-Identifier: MIT */
/*
 * Running build/vigil on scenes (tests/helpers), each test in a directory of
 * boards of its own.
 */
#ifndef TESTS_COMMAND_H
#define TESTS_COMMAND_H

#include <criterion/criterion.h>
#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static char dir[64];
static pid_t scene;

/* What a command said. */
static char out[1 << 20], err[1 << 16];

/* ---- Running things ---- */

static inline const char *built(const char *name)
{
	static char path[512];
	const char *build = getenv("VIGIL_BUILD");

	snprintf(path, sizeof(path), "%s/%s", build ? build : "build", name);
	return path;
}

static inline void read_all(int fd, char *buf, size_t size)
{
	size_t at = 0;
	ssize_t got;

	while (at + 1 < size && (got = read(fd, buf + at, size - 1 - at)) > 0)
		at += (size_t)got;
	buf[at] = '\0';
	close(fd);
}

/* Runs vigil with arguments up to NULL. Returns its exit status, 128 + signal. */
static inline int vigil(const char *first, ...)
{
	const char *argv[16] = { "vigil", first };
	char err_path[] = "/tmp/vigil-test-err-XXXXXX";
	int fds[2], err_fd = mkstemp(err_path), argc = 1, status;
	va_list args;
	pid_t pid;

	va_start(args, first);
	while (argv[argc] && argc < 15)
		argv[++argc] = va_arg(args, const char *);
	va_end(args);
	cr_assert_eq(pipe(fds), 0);
	pid = fork();
	if (!pid) {
		dup2(fds[1], 1);
		dup2(err_fd, 2);
		close(fds[0]);
		close(fds[1]);
		execv(built("vigil"), (char *const *)argv);
		_exit(127);
	}
	close(fds[1]);
	read_all(fds[0], out, sizeof(out));
	cr_assert_eq(waitpid(pid, &status, 0), pid);
	lseek(err_fd, 0, SEEK_SET);
	read_all(err_fd, err, sizeof(err));
	unlink(err_path);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

/* Runs a command as the scene. Returns whether it said that it is ready. */
static inline bool start_command(const char *const *argv)
{
	char line[16] = "";
	int fds[2];

	cr_assert_eq(pipe(fds), 0);
	scene = fork();
	if (!scene) {
		dup2(fds[1], 1);
		close(fds[0]);
		close(fds[1]);
		execvp(argv[0], (char *const *)argv);
		_exit(127);
	}
	close(fds[1]);
	read_all(fds[0], line, sizeof("ready\n"));
	return !strcmp(line, "ready\n");
}

/* Starts a scene and waits until it says that it is ready. */
static inline void start(const char *name)
{
	const char *argv[] = { NULL, NULL };
	char path[300];

	snprintf(path, sizeof(path), "tests/helpers/%s", name);
	argv[0] = built(path);
	cr_assert(start_command(argv), "%s did not start", name);
}

static inline void stop(int number)
{
	int status;

	kill(scene, number);
	waitpid(scene, &status, number == SIGSTOP ? WUNTRACED : 0);
	if (number == SIGKILL)
		scene = 0;
}

/* The board's path, of the only scene. */
static inline const char *board(void)
{
	static char path[400];
	const struct dirent *entry;
	DIR *open = opendir(dir);

	cr_assert_not_null(open);
	path[0] = '\0';
	while ((entry = readdir(open)))
		if (strstr(entry->d_name, ".board"))
			snprintf(path, sizeof(path), "%s/%s", dir, entry->d_name);
	closedir(open);
	return path;
}

static inline void command_begin(void)
{
	snprintf(dir, sizeof(dir), "/tmp/vigil-test-XXXXXX");
	cr_assert_not_null(mkdtemp(dir));
	setenv("VIGIL_DIR", dir, 1);
}

static inline void command_end(void)
{
	char command[100];

	if (scene)
		stop(SIGKILL);
	snprintf(command, sizeof(command), "rm -rf %s", dir);
	cr_assert_eq(system(command), 0); /* NOLINT */
}

static inline bool says(const char *words)
{
	return strstr(out, words) != NULL;
}

/* One sentence, on one line, from vigil, without control characters. */
static inline bool is_one_sentence(void)
{
	size_t length = strlen(err);

	if (strncmp(err, "vigil: ", 7) != 0 || strchr(err, '\n') != err + length - 1)
		return false;
	for (size_t i = 0; i + 1 < length; i++)
		if ((unsigned char)err[i] < ' ')
			return false;
	return true;
}

static inline void expect_refused(int status, const char *words)
{
	cr_expect_eq(status, 2, "status %d, %s", status, err);
	cr_expect(is_one_sentence(), "%s", err);
	cr_expect_not_null(strstr(err, words), "%s", err);
}

static inline void file_write(const char *path, const void *bytes, size_t size)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	cr_assert_geq(fd, 0);
	cr_assert_eq(write(fd, bytes, size), (ssize_t)size);
	close(fd);
}

#endif
