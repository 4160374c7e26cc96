/* SPDX-License-Identifier: MIT */
/*
 * A board describes itself: boardcat, which knows no header of ours, reads one.
 */
#include "tests/support/live.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>

TestSuite(describe, .init = live_start, .fini = live_stop);

static char text[1 << 20];

/* What boardcat prints of a file; the status is its exit status. */
static int boardcat(const char *path, const char *table)
{
	const char *build = getenv("VIGIL_BUILD");
	char command[1200];
	FILE *pipe;
	size_t length;

	snprintf(command, sizeof(command), "%s/tests/boardcat %s %s 2>&1", build ? build : "build",
		 path, table);
	pipe = popen(command, "r");
	cr_assert_not_null(pipe);
	length = fread(text, 1, sizeof(text) - 1, pipe);
	text[length] = '\0';
	return WEXITSTATUS(pclose(pipe));
}

static const char *board(void)
{
	return vigil_reader_path(live_reader);
}

static bool prints(const char *line)
{
	return strstr(text, line) != NULL;
}

Test(describe, the_description_alone_tells_a_tasks_name_and_busy_time)
{
	vigil_task task = SPAWN("answer", 0);

	poll_once(task, 4242);
	vigil_task_wait_fd(task, VIGIL_WAIT_READABLE, 7);

	cr_assert_eq(boardcat(board(), "tasks"), 0, "%s", text);
	cr_assert(prints("  name=answer\n"));
	cr_assert(prints("  busy_ns=4242\n"));
	cr_assert(prints("  wait_fd=7\n"));
}

Test(describe, states_are_printed_in_words)
{
	vigil_task task = SPAWN("answer", VIGIL_SPAWN_JOIN);

	vigil_task_wait_fd(task, VIGIL_WAIT_READABLE, 7);

	cr_assert_eq(boardcat(board(), "tasks"), 0);
	cr_assert(prints("  life=live\n"));
	cr_assert(prints("  wait_kind=readable\n"));
	cr_assert(prints("  join=held\n"));
	cr_assert(prints("  kind=task\n"));
}

Test(describe, every_table_can_be_printed)
{
	vigil_resource lock = vigil_resource_new(VIGIL_RESOURCE_MUTEX, "mutex", "db", 0, 0);
	vigil_task task = SPAWN("answer", 0);

	vigil_poll_begin(task);
	vigil_lock_acquired(lock, VIGIL_MODE_EXCLUSIVE);
	vigil_attr_u64(lock, "permits", 3, "permits");
	vigil_event(VIGIL_LEVEL_WARN, "slow");
	vigil_poll_end(task);

	cr_assert_eq(boardcat(board(), ""), 0, "%s", text);
	cr_assert(prints("# processes: "));
	cr_assert(prints("# edges: "));
	cr_assert(prints("  key=permits\n"));
	cr_assert(prints("  words=slow\n"));
	cr_assert(prints("  mode=exclusive\n"));
}

Test(describe, what_is_no_board_is_refused)
{
	cr_assert_eq(boardcat("/etc/passwd", ""), 2);
	cr_assert(prints("is not a board"));
	cr_assert_eq(boardcat("/dev/null", ""), 2);
	cr_assert_eq(boardcat("/nonexistent", ""), 2);
}
