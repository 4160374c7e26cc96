/* SPDX-License-Identifier: MIT */
/*
 * fork, vfork and exec: a child has a board of its own or none, and never its
 * parent's.
 */
#include "tests/support/home.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>

TestSuite(fork, .init = dir_make, .fini = dir_remove);

static int child_records(void *arg)
{
	const vigil_task *parents = arg;
	struct vigil_reader *reader;
	vigil_task own;
	char path[512];

	own = spawn();
	CHECK(own && own != *parents);
	vigil_wake(*parents);
	vigil_poll_begin(*parents);
	vigil_poll_end(*parents);
	vigil_task_end(*parents, VIGIL_OUTCOME_ABORTED);
	CHECK(vigil_board_path(path, sizeof(path)));
	reader = reader_open();
	CHECK(VIGIL_AT(reader, process, 0)->pid == (uint32_t)getpid());
	CHECK(live_tasks(reader) == 1);
	CHECK(VIGIL_AT(reader, counts, 0)->misused_stale == 3);
	CHECK(vigil_reader_status(reader) == VIGIL_STATUS_ALIVE);
	vigil_reader_close(reader);
	return 0;
}

Test(fork, a_forked_child_gets_a_board_of_its_own_without_the_parents_tasks)
{
	struct vigil_reader *reader;
	vigil_task task;

	cr_assert_eq(vigil_init(NULL), 0);
	task = spawn();
	vigil_poll_begin(task);
	cr_assert_eq(in_child(child_records, &task), 0);
	vigil_poll_end(task);
	reader = reader_open();

	cr_assert_eq(VIGIL_FIND(reader, task, task)->life, VIGIL_LIFE_LIVE);
	cr_assert_eq(VIGIL_FIND(reader, task, task)->polls, 1);
	cr_assert_eq(VIGIL_FIND(reader, task, task)->wakes, 0);
	cr_assert_eq(boards_in_dir(), 2);
	vigil_reader_close(reader);
}

static int wake_and_end(void *parents)
{
	/* As in a signal handler, which may not make a board. */
	vigil_wake(*(vigil_task *)parents);
	CHECK(boards_in_dir() == 1);
	vigil_fini();
	CHECK(!vigil_is_live());
	CHECK(spawn() == 0);
	CHECK(boards_in_dir() == 1);
	return 0;
}

Test(fork, neither_a_wake_nor_an_end_makes_the_childs_board)
{
	vigil_task task;

	cr_assert_eq(vigil_init(NULL), 0);
	task = spawn();

	cr_assert_eq(in_child(wake_and_end, &task), 0);
}

struct descent {
	vigil_task handle; /* of the parent's */
	int depth;
};

static int child_of_child(void *arg)
{
	struct descent next = *(struct descent *)arg;

	if (!--next.depth)
		return child_records(&next.handle);
	next.handle = spawn();
	CHECK(next.handle);
	return in_child(child_of_child, &next);
}

Test(fork, the_children_of_children_are_recorded_too)
{
	struct descent descent = { .depth = 70 }; /* more than there are boards in a process */

	cr_assert_eq(vigil_init(NULL), 0);
	descent.handle = spawn();

	cr_assert_eq(in_child(child_of_child, &descent), 0);
}

static int child_inits(void *arg)
{
	(void)arg;
	CHECK(!vigil_init(NULL));
	CHECK(spawn());
	CHECK(vigil_init(NULL) == -EALREADY);
	call_everything();
	return 0;
}

Test(fork, a_forked_child_may_init_before_anything_else)
{
	cr_assert_eq(vigil_init(NULL), 0);
	call_everything();

	cr_assert_eq(in_child(child_inits, NULL), 0);
	cr_assert_eq(boards_in_dir(), 2);
}

static int child_finis(void *arg)
{
	(void)arg;
	vigil_fini();
	CHECK(!spawn());
	CHECK(!vigil_init(NULL));
	CHECK(spawn());
	return 0;
}

Test(fork, a_forked_child_that_finishes_does_not_finish_its_parents_board)
{
	struct vigil_reader *reader;

	cr_assert_eq(vigil_init(NULL), 0);
	spawn();
	cr_assert_eq(in_child(child_finis, NULL), 0);
	reader = reader_open();

	cr_assert_eq(vigil_reader_status(reader), VIGIL_STATUS_ALIVE);
	vigil_reader_close(reader);
}

static int child_without_dir(void *arg)
{
	(void)arg;
	CHECK(!spawn());
	CHECK(!vigil_is_live());
	call_everything();
	CHECK(!unlink(dir));
	CHECK(!vigil_init(NULL));
	CHECK(spawn());
	call_everything();
	return 0;
}

Test(fork, a_forked_child_that_finds_no_place_for_a_board_runs_on)
{
	cr_assert_eq(vigil_init(NULL), 0);
	spawn();
	dir_remove();
	cr_assert_eq(symlink("/nonexistent", dir), 0);

	cr_assert_eq(in_child(child_without_dir, NULL), 0);
}

static int boards_of(pid_t pid)
{
	struct vigil_found *list = NULL;
	int count = vigil_find(dir, &list), boards = 0;

	for (int i = 0; i < count; i++)
		boards += list[i].pid == (uint32_t)pid;
	free(list);
	return boards;
}

static void *spawn_in_child(void *arg)
{
	__atomic_fetch_add((int *)arg, spawn() != 0, __ATOMIC_RELAXED);
	call_everything();
	return NULL;
}

static int child_threads(void *arg)
{
	pthread_t threads[8];
	int spawned = 0;

	(void)arg;
	for (int i = 0; i < 8; i++)
		CHECK(!pthread_create(&threads[i], NULL, spawn_in_child, &spawned));
	for (int i = 0; i < 8; i++)
		pthread_join(threads[i], NULL);
	CHECK(spawned > 0);
	CHECK(spawn()); /* on the thread that had forked */
	CHECK(boards_of(getpid()) == 1);
	return 0;
}

Test(fork, threads_of_a_forked_child_that_call_at_once_share_one_board)
{
	cr_assert_eq(vigil_init(NULL), 0);
	spawn();

	for (int i = 0; i < 50; i++)
		cr_assert_eq(in_child(child_threads, NULL), 0, "the %dth", i);
}

Test(fork, a_vforked_child_that_execs_leaves_the_board_alone)
{
	struct vigil_reader *reader;
	int status;
	pid_t pid;

	cr_assert_eq(vigil_init(NULL), 0);
	spawn();
	pid = vfork(); /* NOLINT: it is what is tested */
	if (!pid) {
		execl("/bin/true", "true", (char *)NULL);
		_exit(127);
	}
	cr_assert_eq(waitpid(pid, &status, 0), pid);
	spawn();
	reader = reader_open();

	cr_assert_eq(WEXITSTATUS(status), 0);
	cr_assert_eq(live_tasks(reader), 2);
	cr_assert_eq(boards_in_dir(), 1);
	vigil_reader_close(reader);
}

Test(fork, exec_ends_a_board)
{
	struct vigil_problem problem;
	struct vigil_reader *reader;
	int ready[2], hold[2];
	char path[512] = "";
	pid_t pid;

	cr_assert_eq(pipe(ready), 0);
	cr_assert_eq(pipe(hold), 0);
	pid = fork();
	if (!pid) {
		vigil_init(NULL);
		spawn();
		vigil_board_path(path, sizeof(path));
		dup2(hold[0], 0);
		dup2(ready[1], 1);
		close(hold[1]);
		if (write(ready[1], path, sizeof(path)) == sizeof(path))
			execl("/bin/sh", "sh", "-c", "echo; read line", (char *)NULL);
		_exit(127);
	}
	cr_assert_eq(read(ready[0], path, sizeof(path)), sizeof(path));
	cr_assert_eq(read(ready[0], &problem, 1), 1); /* the shell is there */
	cr_assert_eq(vigil_reader_open_file(path, 0, &reader, &problem), 0, "%s", problem.text);

	cr_assert_eq(vigil_reader_status(reader), VIGIL_STATUS_REPLACED);
	cr_assert_eq(live_tasks(reader), 1);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	vigil_reader_close(reader);
}
