/* SPDX-License-Identifier: MIT */
/* The reader finds the board that is meant: by pid, by name, or as the only one. */
#include "tests/support/child.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/inotify.h>
#include <sys/stat.h>

#include "libtrace/home.h"

TestSuite(reader_find, .init = dir_make, .fini = dir_remove);

Test(reader_find, a_live_process_is_found_by_its_pid)
{
	struct vigil_reader *reader = open_pid(child_start("seer"));

	cr_assert_eq(vigil_reader_pid(reader), child);
	cr_assert_eq(vigil_reader_status(reader), VIGIL_STATUS_ALIVE);
	cr_assert_str_eq(VIGIL_AT(reader, task, 0)->name, "child's");
	vigil_reader_close(reader);
}

Test(reader_find, a_live_process_is_found_by_its_name)
{
	struct vigil_reader *reader;

	child_start("seer");
	reader = open_target("seer");

	cr_assert_eq(vigil_reader_pid(reader), child);
	vigil_reader_close(reader);
}

Test(reader_find, the_only_live_process_needs_no_target)
{
	struct vigil_reader *reader;

	child_start("seer");
	reader = open_target(NULL);

	cr_assert_eq(vigil_reader_pid(reader), child);
	vigil_reader_close(reader);
}

Test(reader_find, several_of_a_name_are_named)
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

Test(reader_find, a_pid_after_fini_and_init_is_its_new_board)
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

Test(reader_find, a_pid_that_only_reads_boards_has_none)
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

Test(reader_find, a_forked_child_without_a_call_is_not_taken_for_its_parent)
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

Test(reader_find, a_board_that_was_unlinked_is_found_by_its_pid)
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

Test(reader_find, a_name_means_the_process_before_a_file_of_that_name)
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

Test(reader_find, a_pid_without_a_board_says_why)
{
	struct vigil_reader *reader = NULL;
	struct vigil_problem problem;

	cr_assert_eq(vigil_reader_open("1", &reader, &problem), -ENOENT);
	cr_assert(strstr(problem.text, "has no board"), "%s", problem.text);
	cr_assert_eq(vigil_reader_open("999999999", &reader, &problem), -ENOENT);
	cr_assert(strstr(problem.text, "no process"), "%s", problem.text);
}

Test(reader_find, names_nobody_has_are_said_so)
{
	struct vigil_reader *reader = NULL;
	struct vigil_problem problem;

	cr_assert_eq(vigil_reader_open("nobody-is-called-so", &reader, &problem), -ENOENT);
	cr_assert(strstr(problem.text, "nobody-is-called-so"), "%s", problem.text);
	cr_assert_eq(vigil_reader_open(NULL, &reader, &problem), -ENOENT);
	cr_assert_neq(problem.text[0], '\0');
}

Test(reader_find, boards_are_listed_newest_first_with_those_that_cannot_be_read)
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

Test(reader_find, a_directory_that_is_not_there_has_no_boards)
{
	struct vigil_found *list = NULL;

	cr_assert_eq(vigil_find("/nonexistent", &list), 0);
	cr_assert_null(list);
}

/* ---- What stands in a directory of boards ---- */

Test(reader_find, what_is_no_regular_file_is_not_even_opened)
{
	struct vigil_found *list = NULL;
	struct vigil_reader *reader = NULL;
	struct vigil_problem problem;
	char pipe_path[128], link_path[128], events[4096];
	int watch = inotify_init1(IN_NONBLOCK);

	/* A pipe, for a tape or a watchdog: opening it is seen. */
	snprintf(pipe_path, sizeof(pipe_path), "%s/1-1.board", dir);
	snprintf(link_path, sizeof(link_path), "%s/2-1.board", dir);
	cr_assert_eq(mkfifo(pipe_path, 0600), 0);
	cr_assert_eq(symlink(pipe_path, link_path), 0);
	cr_assert_geq(inotify_add_watch(watch, pipe_path, IN_OPEN), 0);
	cr_assert_eq(vigil_find(dir, &list), 2);
	cr_expect_not(list[0].is_readable);
	cr_expect_not(list[1].is_readable);
	cr_expect_eq(vigil_reader_open_file(pipe_path, 0, &reader, &problem), -EBADMSG);
	cr_expect_eq(vigil_reader_open_file(link_path, 0, &reader, &problem), -EBADMSG);

	cr_expect_eq(read(watch, events, sizeof(events)), -1, "it was opened");
	close(watch);
	free(list);
}

Test(reader_find, a_link_among_boards_is_not_followed_but_one_that_is_named_is)
{
	struct vigil_found *list = NULL;
	struct vigil_reader *reader;
	char board[512], path[128];

	child_start("seer");
	cr_assert_eq(vigil_find(dir, &list), 1);
	snprintf(board, sizeof(board), "%s", list[0].path);
	snprintf(path, sizeof(path), "%s/1-1.board", dir);
	free(list);
	cr_assert_eq(symlink(board, path), 0);
	cr_assert_eq(vigil_find(dir, &list), 2);
	cr_expect_str_eq(list[0].path, board);
	cr_expect_not(list[1].is_readable);
	cr_expect(strstr(list[1].problem.text, "symbolic link"), "%s", list[1].problem.text);
	reader = open_target(path);

	cr_expect_eq(vigil_reader_status(reader), VIGIL_STATUS_ALIVE);
	vigil_reader_close(reader);
	free(list);
}
