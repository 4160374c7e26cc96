/* SPDX-License-Identifier: MIT */
/* The reader tells what became of the process behind a board. */
#include "tests/support/child.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <sched.h>
#include <sys/file.h>

#include "libtrace/home.h"

TestSuite(reader_status, .init = dir_make, .fini = dir_remove);

Test(reader_status, a_stopped_process_is_stopped_and_goes_on)
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

Test(reader_status, a_killed_process_is_dead_and_its_last_state_stays)
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

Test(reader_status, the_time_of_a_dead_board_is_its_last_moment)
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

Test(reader_status, a_finished_process_is_finished)
{
	struct vigil_reader *reader = open_pid(child_start("seer"));

	child_do('f');

	cr_assert_eq(status_after_refresh(reader), VIGIL_STATUS_FINISHED);
	vigil_reader_close(reader);
}

Test(reader_status, a_process_that_execs_is_restarted)
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

Test(reader_status, a_zombie_is_dead)
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
	for (int i = 0; i < 10000; i++) {
		home_read(path, stat, sizeof(stat));
		if (strstr(stat, ") Z"))
			return;
		usleep(1000);
	}
	cr_assert_fail("%s", stat);
}

Test(reader_status, a_process_whose_main_thread_ended_lives_on)
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

Test(reader_status, a_process_of_another_pid_namespace_is_not_dead)
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

/* ---- What a list of many boards costs ---- */

#define SEED "tests/data/reader/busy.board"
#define LEFT 3

static int own_maps_opened;

/* Stands before libc's: counts how often we are asked what we have mapped. */
FILE *fopen(const char *path, const char *mode)
{
	FILE *(*next)(const char *, const char *);
	char own[64];

	*(void **)&next = dlsym(RTLD_NEXT, "fopen");
	snprintf(own, sizeof(own), "/proc/%d/maps", (int)getpid());
	own_maps_opened += !strcmp(path, own);
	return next(path, mode);
}

/* A board whose process is not there, and whose lock somebody holds. */
static void left_make(int turn)
{
	static uint8_t bytes[1 << 20];
	struct vigil_process_record *process;
	const struct vigil_table_header *table;
	int fd = open(SEED, O_RDONLY);
	ssize_t size = read(fd, bytes, sizeof(bytes));
	char path[128];

	cr_assert_gt(size, (ssize_t)sizeof(struct vigil_header), "no " SEED);
	close(fd);
	table = (void *)(bytes + ((struct vigil_header *)(void *)bytes)->tables_offset);
	process = (void *)(bytes + table[VIGIL_TABLE_process].offset);
	process->life = VIGIL_LIFE_LIVE;
	process->pid = 4194304u + (uint32_t)turn; /* above all there can be */
	memset(process->boot_id, 0, sizeof(process->boot_id));
	snprintf(path, sizeof(path), "%s/%u-1.board", dir, process->pid);
	fd = open(path, O_CREAT | O_RDWR, 0600);
	cr_assert_eq(write(fd, bytes, (size_t)size), size);
	cr_assert_eq(flock(fd, LOCK_EX | LOCK_NB), 0);
}

Test(reader_status, a_list_asks_all_processes_once_whatever_number_of_boards_is_left)
{
	struct vigil_found *list = NULL;

	for (int turn = 0; turn < LEFT; turn++)
		left_make(turn);
	own_maps_opened = 0;
	cr_assert_eq(vigil_find(dir, &list), LEFT);

	for (int i = 0; i < LEFT; i++)
		cr_expect_eq(list[i].status, VIGIL_STATUS_ALIVE);
	cr_expect_eq(own_maps_opened, 1);
	free(list);
}

Test(reader_status, a_moment_of_a_trace_is_what_the_caller_says)
{
	struct vigil_reader *reader = open_pid(child_start("seer"));

	vigil_reader_fix_status(reader, VIGIL_STATUS_RECORDED);
	cr_expect_eq(vigil_reader_status(reader), VIGIL_STATUS_RECORDED);

	cr_expect_eq(status_after_refresh(reader), VIGIL_STATUS_RECORDED);
	vigil_reader_close(reader);
}
