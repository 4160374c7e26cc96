/* SPDX-License-Identifier: MIT */
/*
 * An instrumented process that does what a test tells it, and readers of its board,
 * each test in a directory of boards of its own.
 */
#ifndef TESTS_SUPPORT_CHILD_H
#define TESTS_SUPPORT_CHILD_H

#include <criterion/criterion.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <vigil/reader.h>
#include <vigil/vigil.h>

static char dir[64];
static pid_t child;
static int to_child, from_child;

static inline void dir_make(void)
{
	snprintf(dir, sizeof(dir), "/dev/shm/test-vigil-XXXXXX");
	cr_assert(mkdtemp(dir));
	setenv("VIGIL_DIR", dir, 1);
	unsetenv("VIGIL");
}

static inline void child_end(void)
{
	if (child > 0) {
		kill(child, SIGKILL);
		waitpid(child, NULL, 0);
	}
	child = 0;
}

static inline void dir_remove(void)
{
	struct vigil_found *list = NULL;
	int count;

	child_end();
	count = vigil_find(dir, &list);
	for (int i = 0; i < count; i++)
		unlink(list[i].path);
	free(list);
	rmdir(dir);
}

static inline void *thread_run(void *arg)
{
	(void)arg;
	pause();
	return NULL;
}

/* An instrumented process: it runs what it reads, a letter at a time. */
static inline void child_run(int in, int out, const char *name)
{
	struct vigil_options options = { .struct_size = sizeof(options), .name = name };
	pthread_t thread;
	vigil_task task;
	char letter;

	if (vigil_init(&options))
		_exit(3);
	task = vigil_task_spawn(0, VIGIL_TASK_ASYNC, "child's", 0);
	while (write(out, "", 1) == 1 && read(in, &letter, 1) == 1) {
		if (letter == 'f')
			vigil_fini();
		if (letter == 'i')
			vigil_init(&options);
		if (letter == 'p')
			vigil_poll_begin(task);
		if (letter == 'k' && !fork())
			pause(); /* a child that makes no call */
		if (letter == 'x')
			pthread_exit(NULL);
		if (letter == 't')
			pthread_create(&thread, NULL, thread_run, NULL);
		if (letter == 'e') {
			dup2(in, 0);
			execl("/bin/sh", "sh", "-c", "echo; read line", (char *)NULL);
		}
	}
	_exit(0);
}

static inline pid_t child_start(const char *name)
{
	int in[2], out[2];
	char byte;

	cr_assert_eq(pipe(in), 0);
	cr_assert_eq(pipe(out), 0);
	child = fork();
	if (!child) {
		dup2(out[1], 1);
		close(in[1]);
		child_run(in[0], 1, name);
	}
	close(out[1]);
	close(in[0]);
	to_child = in[1];
	from_child = out[0];
	cr_assert_eq(read(from_child, &byte, 1), 1);
	return child;
}

/* Tells the child and waits until it has done so. */
static inline void child_do(char letter)
{
	cr_assert_eq(write(to_child, &letter, 1), 1);
	cr_assert_eq(read(from_child, &letter, 1), 1);
}

static inline struct vigil_reader *open_target(const char *target)
{
	struct vigil_reader *reader = NULL;
	struct vigil_problem problem = { "" };

	cr_assert_eq(vigil_reader_open(target, &reader, &problem), 0, "%s", problem.text);
	return reader;
}

static inline struct vigil_reader *open_pid(pid_t pid)
{
	char target[16];

	snprintf(target, sizeof(target), "%d", (int)pid);
	return open_target(target);
}

static inline enum vigil_status status_after_refresh(struct vigil_reader *reader)
{
	cr_assert_eq(vigil_reader_refresh(reader), 0);
	return vigil_reader_status(reader);
}

#endif
