/* SPDX-License-Identifier: MIT */
/*
 * A directory of the test's own for boards, children to spoil, and every call there
 * is: for the tests of starting, ending and forking.
 */
#ifndef TESTS_SUPPORT_HOME_H
#define TESTS_SUPPORT_HOME_H

#include <criterion/criterion.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <vigil/reader.h>
#include <vigil/vigil.h>

static char dir[64];

static inline void dir_make(void)
{
	snprintf(dir, sizeof(dir), "/dev/shm/test-vigil-XXXXXX");
	cr_assert(mkdtemp(dir));
	setenv("VIGIL_DIR", dir, 1);
	unsetenv("VIGIL");
}

static inline int boards_in_dir(void)
{
	struct vigil_found *list = NULL;
	int count = vigil_find(dir, &list);

	free(list);
	return count;
}

static inline void dir_remove(void)
{
	char path[512];
	const struct dirent *entry;
	DIR *d = opendir(dir);

	while (d && (entry = readdir(d))) {
		snprintf(path, sizeof(path), "%s/%s", dir, entry->d_name);
		unlink(path);
	}
	if (d)
		closedir(d);
	rmdir(dir);
}

static inline struct vigil_reader *reader_open(void)
{
	struct vigil_problem problem;
	struct vigil_reader *reader = NULL;
	char path[512];

	cr_assert_gt(vigil_board_path(path, sizeof(path)), 0);
	cr_assert_eq(vigil_reader_open_file(path, 0, &reader, &problem), 0, "%s", problem.text);
	return reader;
}

static inline uint32_t live_tasks(const struct vigil_reader *reader)
{
	uint32_t live = 0;

	for (uint32_t i = 0; i < vigil_reader_count(reader, VIGIL_TABLE_task); i++)
		live += VIGIL_AT(reader, task, i)->life == VIGIL_LIFE_LIVE;
	return live;
}

static inline vigil_task spawn(void)
{
	return vigil_task_spawn(0, VIGIL_TASK_ASYNC, "a", 0);
}

/* Runs a function in a child and returns its exit status, or -signal. */
static inline int in_child(int (*run)(void *), void *arg)
{
	int status;
	pid_t pid = fork();

	cr_assert_geq(pid, 0);
	if (!pid)
		_exit(run(arg));
	cr_assert_eq(waitpid(pid, &status, 0), pid);
	return WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);
}

/* A child's assertion: the line that failed becomes its status. */
#define CHECK(condition)                                                                           \
	do {                                                                                       \
		if (!(condition)) {                                                                \
			fprintf(stderr, "%s:%d: not %s\n", __FILE__, __LINE__, #condition);        \
			return 1;                                                                  \
		}                                                                                  \
	} while (0)

static inline void call_everything(void)
{
	vigil_executor executor = vigil_executor_new(VIGIL_EXECUTOR_OTHER, "e");
	vigil_task task = vigil_task_spawn(executor, VIGIL_TASK_ASYNC, "t", 0);
	vigil_resource resource = vigil_resource_new(VIGIL_RESOURCE_MUTEX, "mutex", "m", 0, 0);
	vigil_span span = vigil_span_new(VIGIL_LEVEL_INFO, "s");
	vigil_op op = vigil_op_new(resource, "lock", 0);

	vigil_worker_begin(executor, "w");
	vigil_worker_park();
	vigil_worker_unpark();
	vigil_worker_queued(1);
	vigil_worker_stole(1);
	vigil_executor_queued(executor, 1);
	vigil_task_rename(task, "u");
	vigil_waker_clone(task);
	vigil_wake(task);
	vigil_poll_begin(task);
	vigil_span_enter(span);
	vigil_event(VIGIL_LEVEL_INFO, "hello");
	vigil_span_leave(span);
	vigil_op_poll_begin(op);
	vigil_op_poll_end(op, true);
	vigil_lock_wait(resource, VIGIL_MODE_EXCLUSIVE);
	vigil_lock_abandoned(resource);
	vigil_lock_acquired(resource, VIGIL_MODE_EXCLUSIVE);
	vigil_lock_released(resource);
	vigil_task_yield(task, false);
	vigil_join_hold(task);
	vigil_join_await(task);
	vigil_join_done(task);
	vigil_join_drop(task);
	vigil_poll_end(task);
	vigil_task_wait(task, VIGIL_WAIT_OTHER, 0);
	vigil_task_wait_fd(task, VIGIL_WAIT_READABLE, 1);
	vigil_task_wait_until(task, VIGIL_WAIT_TIMER, 0, 1);
	vigil_attr_i64(task, "i", -1, "x");
	vigil_attr_u64(task, "u", 1, "x");
	vigil_attr_f64(task, "f", 1, "x");
	vigil_attr_bool(task, "b", true);
	vigil_attr_text(task, "t", "x");
	vigil_waker_drop(task);
	vigil_waker_wake(task);
	vigil_task_fail(task, 1, "no");
	vigil_task_end(task, VIGIL_OUTCOME_COMPLETED);
	vigil_op_free(op);
	vigil_span_free(span);
	vigil_resource_free(resource);
	vigil_worker_end();
	vigil_executor_free(executor);
	(void)vigil_task_current();
	(void)vigil_now();
}

#endif
