/* SPDX-License-Identifier: MIT */
/*
 * The reader: finding a board, keeping up with it, and telling what became of the
 * process behind it. Hostile boards: hostile.c.
 */
#include "tests/support/live.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "libtrace/home.h"
#include "libtrace/live.h"

/* ---- Changes ---- */

TestSuite(changes, .init = live_start, .fini = live_stop);

static bool has_changed(enum vigil_table table, uint64_t ref)
{
	uint32_t count;
	const uint32_t *list = vigil_reader_changed(look(), table, &count);

	for (uint32_t i = 0; i < count; i++)
		if (list[i] == vigil_ref_index(ref))
			return true;
	return false;
}

static uint32_t changes(enum vigil_table table)
{
	uint32_t count;

	vigil_reader_changed(look(), table, &count);
	return count;
}

Test(changes, a_new_record_has_changed_once)
{
	vigil_task task = SPAWN("a", 0);

	cr_assert(has_changed(VIGIL_TABLE_task, task));
	cr_assert_not(has_changed(VIGIL_TABLE_task, task));
}

Test(changes, of_many_tasks_only_those_that_did_something_have_changed)
{
	vigil_task tasks[1000];

	for (int i = 0; i < 1000; i++)
		tasks[i] = SPAWN("a", 0);
	look();
	poll_once(tasks[7], 1);
	vigil_wake(tasks[500]);

	cr_assert_eq(changes(VIGIL_TABLE_task), 2);
}

/* Each thing a call may do to a task, on its own. */
#define CHANGES(call)                                                                              \
	do {                                                                                       \
		look();                                                                            \
		call;                                                                              \
		cr_expect(has_changed(VIGIL_TABLE_task, task), "not after %s", #call);             \
	} while (0)

Test(changes, whatever_is_recorded_of_a_task_changes_it)
{
	vigil_task task = SPAWN("a", 0), other = SPAWN("b", 0);
	vigil_span span = vigil_span_new(VIGIL_LEVEL_INFO, "s");

	CHANGES(vigil_wake(task));
	CHANGES(vigil_waker_clone(task));
	CHANGES(vigil_waker_drop(task));
	CHANGES(vigil_join_hold(task));
	CHANGES(vigil_join_drop(task));
	CHANGES(vigil_task_rename(task, "c"));
	CHANGES(vigil_task_yield(task, false));
	CHANGES(vigil_task_yield(task, true));
	CHANGES(vigil_task_wait_fd(task, VIGIL_WAIT_READABLE, 1));
	CHANGES(vigil_attr_u64(task, "k", 1, NULL));
	CHANGES(vigil_poll_begin(task));
	CHANGES(vigil_span_enter(span));
	CHANGES(vigil_span_leave(span));
	CHANGES(vigil_join_await(other); vigil_poll_end(task));
	CHANGES(vigil_task_end(task, VIGIL_OUTCOME_COMPLETED));
}

Test(changes, resources_that_rest_have_not_changed)
{
	vigil_resource a = vigil_resource_new(VIGIL_RESOURCE_MUTEX, "m", "a", 0, 0);

	vigil_resource_new(VIGIL_RESOURCE_MUTEX, "m", "b", 0, 0);
	cr_assert_eq(changes(VIGIL_TABLE_resource), 2);
	cr_assert_eq(changes(VIGIL_TABLE_resource), 0);
	vigil_lock_acquired(a, VIGIL_MODE_EXCLUSIVE);

	cr_assert_eq(changes(VIGIL_TABLE_resource), 1);
}

Test(changes, an_ended_operation_is_seen_with_its_time)
{
	vigil_op op = vigil_op_new(0, "f", 0);

	look();
	time_passes(5);
	vigil_op_free(op);

	cr_assert(has_changed(VIGIL_TABLE_op, op));
	cr_assert_eq(VIGIL_FIND(live_reader, op, op)->ended_ns, LIVE_START + 5);
}

Test(changes, a_record_that_is_being_written_is_torn_until_it_is_not)
{
	vigil_task task = SPAWN("a", 0);
	uint32_t *seq = &RECORD_AT(live_board, task, vigil_ref_index(task))->seq;

	look();
	*seq |= 1;
	cr_assert(has_changed(VIGIL_TABLE_task, task));
	cr_assert(vigil_reader_is_torn(live_reader, VIGIL_TABLE_task, vigil_ref_index(task)));
	*seq += 1;
	look();

	cr_assert_not(vigil_reader_is_torn(live_reader, VIGIL_TABLE_task, vigil_ref_index(task)));
}

Test(changes, tables_grow_with_the_board)
{
	vigil_task task = 0;

	for (int i = 0; i < 5000; i++) {
		task = SPAWN("a", 0);
		if (i % 700 == 0)
			look();
	}

	cr_assert_eq(vigil_reader_count(look(), VIGIL_TABLE_task), 5000);
	cr_assert_str_eq(look_task(task)->name, "a");
	cr_assert_null(vigil_reader_record(live_reader, VIGIL_TABLE_task, 5000));
}

Test(changes, references_of_another_table_or_none_find_nothing)
{
	vigil_task task = SPAWN("a", 0);

	cr_assert_null(VIGIL_FIND(look(), worker, task));
	cr_assert_null(VIGIL_FIND(live_reader, task, 0));
	cr_assert_null(VIGIL_FIND(live_reader, task, UINT64_MAX));
	cr_assert_eq(vigil_reader_ref(live_reader, VIGIL_TABLE_task, vigil_ref_index(task)), task);
}

/* ---- Processes ---- */

static char dir[64];
static pid_t child;
static int to_child, from_child;

static void dir_make(void)
{
	snprintf(dir, sizeof(dir), "/dev/shm/test-vigil-XXXXXX");
	cr_assert(mkdtemp(dir));
	setenv("VIGIL_DIR", dir, 1);
	unsetenv("VIGIL");
}

static void child_end(void)
{
	if (child > 0) {
		kill(child, SIGKILL);
		waitpid(child, NULL, 0);
	}
	child = 0;
}

static void dir_remove(void)
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

TestSuite(process, .init = dir_make, .fini = dir_remove);

static void *thread_run(void *arg)
{
	(void)arg;
	pause();
	return NULL;
}

/* An instrumented process: it runs what it reads, a letter at a time. */
static void child_run(int in, int out, const char *name)
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

static pid_t child_start(const char *name)
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
static void child_do(char letter)
{
	cr_assert_eq(write(to_child, &letter, 1), 1);
	cr_assert_eq(read(from_child, &letter, 1), 1);
}

static struct vigil_reader *open_target(const char *target)
{
	struct vigil_reader *reader = NULL;
	struct vigil_problem problem = { "" };

	cr_assert_eq(vigil_reader_open(target, &reader, &problem), 0, "%s", problem.text);
	return reader;
}

static struct vigil_reader *open_pid(pid_t pid)
{
	char target[16];

	snprintf(target, sizeof(target), "%d", (int)pid);
	return open_target(target);
}

static enum vigil_status status_after_refresh(struct vigil_reader *reader)
{
	cr_assert_eq(vigil_reader_refresh(reader), 0);
	return vigil_reader_status(reader);
}

Test(process, a_live_process_is_found_by_its_pid)
{
	struct vigil_reader *reader = open_pid(child_start("seer"));

	cr_assert_eq(vigil_reader_pid(reader), child);
	cr_assert_eq(vigil_reader_status(reader), VIGIL_STATUS_ALIVE);
	cr_assert_str_eq(VIGIL_AT(reader, task, 0)->name, "child's");
	vigil_reader_close(reader);
}

Test(process, a_live_process_is_found_by_its_name)
{
	struct vigil_reader *reader;

	child_start("seer");
	reader = open_target("seer");

	cr_assert_eq(vigil_reader_pid(reader), child);
	vigil_reader_close(reader);
}

Test(process, the_only_live_process_needs_no_target)
{
	struct vigil_reader *reader;

	child_start("seer");
	reader = open_target(NULL);

	cr_assert_eq(vigil_reader_pid(reader), child);
	vigil_reader_close(reader);
}

Test(process, several_of_a_name_are_named)
{
	struct vigil_reader *reader = NULL;
	struct vigil_problem problem;
	pid_t first = child_start("seer");
	char pid[16];

	child_start("seer");

	cr_assert_eq(vigil_reader_open("seer", &reader, &problem), -ENOTUNIQ);
	snprintf(pid, sizeof(pid), "%d", (int)first);
	cr_assert(strstr(problem.text, pid), "%s", problem.text);
	kill(first, SIGKILL);
	waitpid(first, NULL, 0);
}

Test(process, a_stopped_process_is_stopped_and_goes_on)
{
	struct vigil_reader *reader = open_pid(child_start("seer"));
	int status;

	kill(child, SIGSTOP);
	cr_assert_eq(waitpid(child, &status, WUNTRACED), child);
	cr_assert_eq(status_after_refresh(reader), VIGIL_STATUS_STOPPED);
	kill(child, SIGCONT);
	cr_assert_eq(waitpid(child, &status, WCONTINUED), child);

	cr_assert_eq(status_after_refresh(reader), VIGIL_STATUS_ALIVE);
	vigil_reader_close(reader);
}

Test(process, a_killed_process_is_dead_and_its_last_state_stays)
{
	struct vigil_reader *reader = open_pid(child_start("seer"));
	char target[16];

	child_do('p');
	snprintf(target, sizeof(target), "%d", (int)child);
	child_end();

	cr_assert_eq(status_after_refresh(reader), VIGIL_STATUS_DEAD);
	cr_assert_eq(VIGIL_AT(reader, task, 0)->depth, 1);
	vigil_reader_close(reader);
	reader = open_target(target);
	cr_assert_eq(vigil_reader_status(reader), VIGIL_STATUS_DEAD);
	cr_assert_eq(VIGIL_AT(reader, task, 0)->depth, 1);
	vigil_reader_close(reader);
}

Test(process, the_time_of_a_dead_board_is_its_last_moment)
{
	struct vigil_reader *reader = open_pid(child_start("seer"));
	uint64_t begun;

	child_do('p');
	child_end();
	vigil_reader_refresh(reader);
	begun = VIGIL_AT(reader, task, 0)->poll_begin_ns;

	cr_assert_eq(vigil_reader_now(reader), begun);
	vigil_reader_close(reader);
}

Test(process, a_finished_process_is_finished)
{
	struct vigil_reader *reader = open_pid(child_start("seer"));

	child_do('f');

	cr_assert_eq(status_after_refresh(reader), VIGIL_STATUS_FINISHED);
	vigil_reader_close(reader);
}

Test(process, a_process_that_execs_is_restarted)
{
	char path[512];
	struct vigil_reader *reader = open_pid(child_start("seer"));

	snprintf(path, sizeof(path), "%s", vigil_reader_path(reader));
	vigil_reader_close(reader);
	child_do('e'); /* the shell answers */
	reader = open_target(path);

	cr_assert_eq(vigil_reader_status(reader), VIGIL_STATUS_REPLACED);
	vigil_reader_close(reader);
}

Test(process, a_zombie_is_dead)
{
	struct vigil_reader *reader = open_pid(child_start("seer"));
	siginfo_t info;

	close(to_child);
	cr_assert_eq(waitid(P_PID, (id_t)child, &info, WEXITED | WNOWAIT), 0);

	cr_assert_eq(status_after_refresh(reader), VIGIL_STATUS_DEAD);
	vigil_reader_close(reader);
}

/* The main thread's state, once it is a zombie's. */
static void leader_ends(pid_t pid)
{
	char letter = 'x', stat[512], path[64];

	cr_assert_eq(write(to_child, &letter, 1), 1);
	snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	for (int i = 0; i < 1000; i++) {
		home_read(path, stat, sizeof(stat));
		if (strstr(stat, ") Z"))
			return;
		usleep(1000);
	}
	cr_assert_fail("%s", stat);
}

Test(process, a_process_whose_main_thread_ended_lives_on)
{
	pid_t pid = child_start("seer");
	struct vigil_reader *reader;

	child_do('t');
	leader_ends(pid);
	reader = open_pid(pid);

	cr_assert_eq(vigil_reader_status(reader), VIGIL_STATUS_ALIVE);
	cr_assert_eq(VIGIL_AT(reader, process, 0)->pid, pid);
	vigil_reader_close(reader);
}

Test(process, a_pid_after_fini_and_init_is_its_new_board)
{
	pid_t pid = child_start("seer");
	struct vigil_reader *reader;

	for (int turn = 0; turn < 3; turn++) {
		child_do('f');
		child_do('i');
		reader = open_pid(pid);
		cr_assert_eq(vigil_reader_status(reader), VIGIL_STATUS_ALIVE);
		cr_assert_eq(vigil_reader_count(reader, VIGIL_TABLE_task), 0, "the first board");
		vigil_reader_close(reader);
	}
	child_do('f');
	reader = open_pid(pid);

	cr_assert_eq(vigil_reader_status(reader), VIGIL_STATUS_FINISHED);
	cr_assert_eq(vigil_reader_count(reader, VIGIL_TABLE_task), 0);
	vigil_reader_close(reader);
}

Test(process, a_pid_that_only_reads_boards_has_none)
{
	struct vigil_reader *reader = open_pid(child_start("seer")), *own = NULL;
	struct vigil_problem problem;
	char target[16];

	snprintf(target, sizeof(target), "%d", (int)getpid());

	cr_assert_eq(vigil_reader_open(target, &own, &problem), -ENOENT);
	cr_assert(strstr(problem.text, "has no board:"), "%s", problem.text);
	vigil_reader_close(reader);
}

/* The one child of a process. */
static pid_t child_of(pid_t pid)
{
	char path[64], text[64];

	snprintf(path, sizeof(path), "/proc/%d/task/%d/children", (int)pid, (int)pid);
	cr_assert_gt(home_read(path, text, sizeof(text)), 0);
	return (pid_t)atoi(text);
}

Test(process, a_forked_child_without_a_call_is_not_taken_for_its_parent)
{
	pid_t parent = child_start("seer"), grandchild;
	struct vigil_reader *reader = NULL;
	struct vigil_problem problem;
	char target[16], says[64];

	child_do('k');
	grandchild = child_of(parent);
	snprintf(target, sizeof(target), "%d", (int)grandchild);
	snprintf(says, sizeof(says), "a child of %d ", (int)parent);
	cr_expect_eq(vigil_reader_open(target, &reader, &problem), -ENOENT);
	cr_expect(strstr(problem.text, says), "%s", problem.text);

	/* The child keeps the parent's lock. */
	reader = open_pid(parent);
	child_end();
	cr_expect_eq(status_after_refresh(reader), VIGIL_STATUS_DEAD);
	vigil_reader_close(reader);
	kill(grandchild, SIGKILL);
}

/* A process in a pid namespace of its own, where its pid is 1. False: not allowed. */
static bool hidden_start(void)
{
	int in[2], out[2];
	char byte;

	cr_assert_eq(pipe(in), 0);
	cr_assert_eq(pipe(out), 0);
	child = fork();
	if (!child) {
		close(in[1]);
		if (unshare(CLONE_NEWPID))
			_exit(4);
		if (!fork())
			child_run(in[0], out[1], "hidden");
		wait(NULL);
		_exit(0);
	}
	close(out[1]);
	close(in[0]);
	to_child = in[1];
	return read(out[0], &byte, 1) == 1;
}

Test(process, a_process_of_another_pid_namespace_is_not_dead)
{
	struct vigil_found *list = NULL;
	struct vigil_reader *reader;

	if (!hidden_start())
		cr_skip_test("needs the right to make a pid namespace");
	cr_assert_eq(vigil_find(dir, &list), 1);
	cr_expect_eq(list[0].pid, 1);
	cr_expect_eq(list[0].status, VIGIL_STATUS_ALIVE);
	reader = open_target(list[0].path);
	cr_expect_eq(vigil_reader_status(reader), VIGIL_STATUS_ALIVE);
	close(to_child); /* it ends */
	waitpid(child, NULL, 0);
	child = 0;

	cr_expect_eq(status_after_refresh(reader), VIGIL_STATUS_DEAD);
	vigil_reader_close(reader);
	free(list);
}

Test(process, a_board_that_was_unlinked_is_found_by_its_pid)
{
	pid_t pid = child_start("seer");
	struct vigil_reader *reader = open_pid(pid);

	cr_assert_eq(unlink(vigil_reader_path(reader)), 0);
	vigil_reader_close(reader);
	reader = open_pid(pid);

	cr_assert_eq(vigil_reader_status(reader), VIGIL_STATUS_ALIVE);
	cr_assert_str_eq(VIGIL_AT(reader, task, 0)->name, "child's");
	vigil_reader_close(reader);
}

Test(process, a_name_means_the_process_before_a_file_of_that_name)
{
	struct vigil_reader *reader;

	cr_assert_eq(chdir(dir), 0);
	close(open("seer", O_CREAT | O_WRONLY, 0600));
	child_start("seer");
	reader = open_target("seer");

	cr_assert_eq(vigil_reader_pid(reader), child);
	vigil_reader_close(reader);
	unlink("seer");
}

Test(process, a_pid_without_a_board_says_why)
{
	struct vigil_reader *reader = NULL;
	struct vigil_problem problem;

	cr_assert_eq(vigil_reader_open("1", &reader, &problem), -ENOENT);
	cr_assert(strstr(problem.text, "has no board"), "%s", problem.text);
	cr_assert_eq(vigil_reader_open("999999999", &reader, &problem), -ENOENT);
	cr_assert(strstr(problem.text, "no process"), "%s", problem.text);
}

Test(process, names_nobody_has_are_said_so)
{
	struct vigil_reader *reader = NULL;
	struct vigil_problem problem;

	cr_assert_eq(vigil_reader_open("nobody-is-called-so", &reader, &problem), -ENOENT);
	cr_assert(strstr(problem.text, "nobody-is-called-so"), "%s", problem.text);
	cr_assert_eq(vigil_reader_open(NULL, &reader, &problem), -ENOENT);
	cr_assert_neq(problem.text[0], '\0');
}

Test(process, boards_are_listed_newest_first_with_those_that_cannot_be_read)
{
	struct vigil_found *list = NULL;
	char path[128];
	pid_t first = child_start("first");
	int count;

	child_start("second");
	snprintf(path, sizeof(path), "%s/77-1.board", dir);
	close(open(path, O_CREAT | O_WRONLY, 0600));
	count = vigil_find(dir, &list);

	cr_assert_eq(count, 3);
	cr_assert_str_eq(list[0].name, "second");
	cr_assert_str_eq(list[1].name, "first");
	cr_assert_eq(list[1].status, VIGIL_STATUS_ALIVE);
	cr_assert_not(list[2].is_readable);
	cr_assert_eq(list[2].pid, 77);
	cr_assert_neq(list[2].problem.text[0], '\0');
	free(list);
	kill(first, SIGKILL);
	waitpid(first, NULL, 0);
}

Test(process, a_directory_that_is_not_there_has_no_boards)
{
	struct vigil_found *list = NULL;

	cr_assert_eq(vigil_find("/nonexistent", &list), 0);
	cr_assert_null(list);
}
