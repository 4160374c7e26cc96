/* SPDX-License-Identifier: MIT */
/*
 * Start and end, and what a program may do to us in between. Some need a process of
 * their own to spoil: a child that exits with 0 if it saw what it should. fork and
 * exec are in fork.c.
 */
#include "tests/support/home.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "libtrace/live.h"

TestSuite(init, .init = dir_make, .fini = dir_remove);

/* ---- Starting ---- */

Test(init, a_board_appears_in_vigil_dir_for_nobody_but_us)
{
	char path[512];
	struct stat st;

	cr_assert_eq(vigil_init(NULL), 0);
	cr_assert_gt(vigil_board_path(path, sizeof(path)), 0);

	cr_assert_eq(strncmp(path, dir, strlen(dir)), 0);
	cr_assert_eq(stat(path, &st), 0);
	cr_assert_eq(st.st_mode & 07777, 0600);
	cr_assert(vigil_is_live());
}

Test(init, the_process_record_says_who_it_is)
{
	struct vigil_options options = { .struct_size = sizeof(options), .name = "my server" };
	const struct vigil_process_record *process;
	struct vigil_reader *reader;

	cr_assert_eq(vigil_init(&options), 0);
	reader = reader_open();
	process = VIGIL_AT(reader, process, 0);

	cr_assert_eq(process->pid, getpid());
	cr_assert_eq(process->uid, geteuid());
	cr_assert_str_eq(process->name, "my server");
	cr_assert_str_eq(process->version, VIGIL_VERSION);
	cr_assert_eq(vigil_reader_status(reader), VIGIL_STATUS_ALIVE);
	vigil_reader_close(reader);
}

Test(init, vigil_off_records_nothing)
{
	setenv("VIGIL", "off", 1);

	cr_assert_eq(vigil_init(NULL), 0);

	cr_assert_not(vigil_is_live());
	cr_assert_eq(spawn(), 0);
	cr_assert_eq(boards_in_dir(), 0);
}

Test(init, a_second_init_changes_nothing)
{
	struct vigil_options options = { .struct_size = sizeof(options), .name = "other" };
	struct vigil_reader *reader;

	cr_assert_eq(vigil_init(NULL), 0);
	cr_assert_eq(vigil_init(&options), -EALREADY);
	reader = reader_open();

	cr_assert_str_neq(VIGIL_AT(reader, process, 0)->name, "other");
	cr_assert_eq(boards_in_dir(), 1);
	vigil_reader_close(reader);
}

Test(init, options_without_a_size_are_refused)
{
	struct vigil_options options = { 0 };

	cr_assert_eq(vigil_init(&options), -EINVAL);
	cr_assert_not(vigil_is_live());
}

Test(init, options_of_an_older_header_are_shorter)
{
	struct vigil_options options = { .tasks = 77 };

	options.struct_size = offsetof(struct vigil_options, tasks);
	cr_assert_eq(vigil_init(&options), 0);

	cr_assert_eq(live_board->tables[VIGIL_TABLE_task].capacity, 1048576);
}

Test(init, options_of_a_newer_header_must_be_0_where_we_know_nothing)
{
	struct {
		struct vigil_options options;
		uint64_t newer;
	} given = { .options = { .struct_size = sizeof(given) }, .newer = 1 };

	cr_assert_eq(vigil_init(&given.options), -E2BIG);
	given.newer = 0;
	cr_assert_eq(vigil_init(&given.options), 0);
}

Test(init, capacities_come_from_the_options)
{
	struct vigil_options options = { .struct_size = sizeof(options),
					 .tasks = 100,
					 .resources = 101,
					 .ops = 102,
					 .spans = 103,
					 .attrs = 104,
					 .workers = 105,
					 .sites = 106 };

	cr_assert_eq(vigil_init(&options), 0);

	cr_assert_eq(live_board->tables[VIGIL_TABLE_task].capacity, 100);
	cr_assert_eq(live_board->tables[VIGIL_TABLE_resource].capacity, 101);
	cr_assert_eq(live_board->tables[VIGIL_TABLE_op].capacity, 102);
	cr_assert_eq(live_board->tables[VIGIL_TABLE_span].capacity, 103);
	cr_assert_eq(live_board->tables[VIGIL_TABLE_attr].capacity, 104);
	cr_assert_eq(live_board->tables[VIGIL_TABLE_worker].capacity, 105);
	cr_assert_eq(live_board->tables[VIGIL_TABLE_site].capacity, 106);
}

Test(init, the_environment_wins_over_the_options)
{
	struct vigil_options options = { .struct_size = sizeof(options), .tasks = 100 };

	setenv("VIGIL_TASKS", "200", 1);
	cr_assert_eq(vigil_init(&options), 0);

	cr_assert_eq(live_board->tables[VIGIL_TABLE_task].capacity, 200);
}

Test(init, a_capacity_that_references_cannot_name_is_refused)
{
	setenv("VIGIL_TASKS", "134217728", 1);

	cr_assert_eq(vigil_init(NULL), -EINVAL);
	setenv("VIGIL_TASKS", "-1", 1);
	cr_assert_eq(vigil_init(NULL), -EINVAL);
	cr_assert_eq(boards_in_dir(), 0);
}

Test(init, a_file_in_the_place_of_the_directory_is_an_error)
{
	setenv("VIGIL_DIR", "/etc/passwd", 1);

	cr_assert_eq(vigil_init(NULL), -ENOTDIR);
	cr_assert_not(vigil_is_live());
	cr_assert_eq(spawn(), 0);
}

Test(init, a_directory_that_is_not_there_is_an_error)
{
	setenv("VIGIL_DIR", "/nonexistent/vigil", 1);

	cr_assert_eq(vigil_init(NULL), -ENOENT);
	cr_assert_not(vigil_is_live());
}

static int init_as_nobody(void *arg)
{
	(void)arg;
	CHECK(!setuid(65534));
	CHECK(vigil_init(NULL) == -EACCES);
	CHECK(!spawn());
	return 0;
}

Test(init, a_directory_without_permission_is_an_error)
{
	if (geteuid())
		cr_skip_test("needs root");

	cr_assert_eq(in_child(init_as_nobody, NULL), 0);
}

static int init_limited(void *arg)
{
	struct rlimit limit = { *(rlim_t *)arg, *(rlim_t *)arg };
	int r;

	CHECK(!setrlimit(RLIMIT_FSIZE, &limit));
	r = vigil_init(NULL);
	if (limit.rlim_cur < 1000000) {
		CHECK(r == -EFBIG);
		CHECK(!vigil_is_live());
		CHECK(!spawn());
		return 0;
	}
	CHECK(!r);
	CHECK(spawn());
	return 0;
}

Test(init, a_limit_on_file_size_makes_the_board_smaller)
{
	rlim_t limit = 200u << 20;

	cr_assert_eq(in_child(init_limited, &limit), 0);
}

Test(init, a_limit_on_file_size_that_fits_no_board_is_an_error_and_no_signal)
{
	rlim_t limit = 4096;

	cr_assert_eq(in_child(init_limited, &limit), 0);
	cr_assert_eq(boards_in_dir(), 0);
}

static void leave_boards(int count)
{
	char path[128];

	for (int i = 0; i < count; i++) {
		snprintf(path, sizeof(path), "%s/%d-1.board", dir, 4000000 + i);
		close(open(path, O_CREAT | O_WRONLY, 0600));
	}
}

Test(init, a_dead_board_stays_for_the_sweep_that_finds_it)
{
	leave_boards(40);

	cr_assert_eq(vigil_init(NULL), 0);

	cr_assert_eq(boards_in_dir(), 41);
}

Test(init, dead_boards_beyond_the_newest_few_are_swept_the_second_time)
{
	leave_boards(40);
	cr_assert_eq(vigil_init(NULL), 0);
	vigil_fini();

	cr_assert_eq(vigil_init(NULL), 0);

	cr_assert_eq(boards_in_dir(), 16 + 2); /* our process lives: both of its stay */
}

/* ---- Before and after ---- */

Test(init, every_call_is_legal_before_init)
{
	char path[8] = "x";

	call_everything();

	cr_assert_eq(vigil_now(), 0);
	cr_assert_eq(vigil_board_path(path, sizeof(path)), 0);
	cr_assert_eq(vigil_task_current(), 0);
	vigil_fini();
}

Test(init, every_call_is_legal_after_fini_and_after_a_failed_init)
{
	cr_assert_eq(vigil_init(NULL), 0);
	vigil_fini();
	call_everything();
	setenv("VIGIL_DIR", "/nonexistent/vigil", 1);
	cr_assert_neq(vigil_init(NULL), 0);
	call_everything();

	cr_assert_not(vigil_is_live());
}

Test(init, no_call_touches_errno)
{
	errno = 4711;
	cr_assert_eq(vigil_init(NULL), 0);
	call_everything();
	cr_assert_eq(errno, 4711);
	vigil_fini();
	setenv("VIGIL_DIR", "/nonexistent/vigil", 1);
	vigil_init(NULL);

	cr_assert_eq(errno, 4711);
}

Test(init, a_finished_board_says_so_and_stays)
{
	struct vigil_reader *reader;

	cr_assert_eq(vigil_init(NULL), 0);
	spawn();
	reader = reader_open();
	vigil_fini();
	vigil_reader_refresh(reader);

	cr_assert_eq(vigil_reader_status(reader), VIGIL_STATUS_FINISHED);
	cr_assert_eq(live_tasks(reader), 1);
	cr_assert_eq(boards_in_dir(), 1);
	vigil_reader_close(reader);
}

Test(init, a_board_after_fini_is_another_one_and_old_handles_are_strangers)
{
	struct vigil_reader *reader;
	vigil_task old;

	cr_assert_eq(vigil_init(NULL), 0);
	old = spawn();
	vigil_fini();
	cr_assert_eq(vigil_init(NULL), 0);
	spawn();
	vigil_task_end(old, VIGIL_OUTCOME_COMPLETED);
	reader = reader_open();

	cr_assert_eq(live_tasks(reader), 1);
	cr_assert_eq(VIGIL_AT(reader, counts, 0)->misused_stale, 1);
	cr_assert_eq(boards_in_dir(), 2);
	vigil_reader_close(reader);
}

Test(init, a_site_that_a_late_call_registers_on_the_old_board_is_none_of_the_new_one)
{
	static struct vigil_site late = { "late.c", "late", NULL, 77, 0 };
	struct vigil_reader *reader;
	struct board *old;
	vigil_task task;

	cr_assert_eq(vigil_init(NULL), 0);
	old = live_board;
	for (uint32_t line = 1; line < 50; line++) {
		struct vigil_site other = { "other.c", "f", NULL, line, 0 };

		site_of(old, &other, VIGIL_SITE_SPAWN);
	}
	vigil_fini();
	cr_assert_eq(vigil_init(NULL), 0);
	site_of(old, &late, VIGIL_SITE_SPAWN);
	task = vigil_task_spawn_at(&late, 0, VIGIL_TASK_ASYNC, "a", 0);
	reader = reader_open();

	cr_assert_eq(vigil_reader_site(reader, VIGIL_FIND(reader, task, task)->site)->line, 77);
	vigil_reader_close(reader);
}

Test(init, sixty_three_boards_follow_the_first)
{
	for (int i = 0; i < 64; i++) {
		cr_assert_eq(vigil_init(NULL), 0, "the %dth", i);
		cr_assert_neq(spawn(), 0);
		vigil_fini();
	}

	cr_assert_eq(vigil_init(NULL), -EBUSY);
	cr_assert_not(vigil_is_live());
}

static void *use_until_told(void *told)
{
	while (!__atomic_load_n((int *)told, __ATOMIC_RELAXED))
		call_everything();
	return NULL;
}

Test(init, init_and_fini_go_on_under_threads_that_call)
{
	pthread_t threads[3];
	int told = 0;

	for (int i = 0; i < 3; i++)
		cr_assert_eq(pthread_create(&threads[i], NULL, use_until_told, &told), 0);
	for (int i = 0; i < 30; i++) {
		cr_assert_eq(vigil_init(NULL), 0);
		call_everything();
		vigil_fini();
	}
	__atomic_store_n(&told, 1, __ATOMIC_RELAXED);
	for (int i = 0; i < 3; i++)
		pthread_join(threads[i], NULL);

	cr_assert_not(vigil_is_live());
}

/* ---- What programs do ---- */

static int close_all(void *arg)
{
	struct vigil_reader *reader;

	(void)arg;
	CHECK(!vigil_init(NULL));
	for (int fd = 3; fd < 2048; fd++)
		close(fd);
	for (int i = 0; i < 20000; i++)
		CHECK(spawn());
	reader = reader_open();
	CHECK(live_tasks(reader) == 20000);
	CHECK(VIGIL_AT(reader, counts, 0)->lost_tasks == 0);
	vigil_reader_close(reader);
	return 0;
}

Test(init, a_program_that_closes_every_descriptor_goes_on_being_recorded)
{
	cr_assert_eq(in_child(close_all, NULL), 0);
}

/* The storage behind our board, bytes. */
static long long board_bytes(void)
{
	char path[512];
	struct stat st;

	vigil_board_path(path, sizeof(path));
	return stat(path, &st) ? -1 : st.st_blocks * 512ll;
}

static int lock_memory(void *is_before)
{
	if (is_before && mlockall(MCL_CURRENT | MCL_FUTURE))
		return 77;
	CHECK(!vigil_init(NULL));
	if (!is_before && mlockall(MCL_CURRENT | MCL_FUTURE))
		return 77;
	for (int i = 0; i < 1000; i++)
		CHECK(spawn());
	CHECK(board_bytes() > 1000 * 256);
	CHECK(board_bytes() < 64 << 20);
	return 0;
}

static void *init_and_be_cancelled(void *arg)
{
	pthread_cancel(pthread_self());
	vigil_init(NULL);
	return arg;
}

Test(init, a_thread_that_is_cancelled_starts_a_board_all_the_same)
{
	pthread_t thread;

	cr_assert_eq(pthread_create(&thread, NULL, init_and_be_cancelled, NULL), 0);
	pthread_join(thread, NULL);

	cr_assert(vigil_is_live());
	vigil_fini();
	cr_assert_eq(vigil_init(NULL), 0);
}

Test(init, the_greatest_capacities_make_a_board_that_can_be_read)
{
	struct vigil_options options = { .struct_size = sizeof(options),
					 .tasks = VIGIL_REF_MAX_INDEX };
	struct vigil_reader *reader;

	cr_assert_eq(vigil_init(&options), 0);
	reader = reader_open();

	cr_assert_neq(spawn(), 0);
	vigil_reader_close(reader);
}

Test(init, a_board_stays_sparse_under_mlockall)
{
	int before = in_child(lock_memory, dir);
	int after = in_child(lock_memory, NULL);

	if (before == 77 || after == 77)
		cr_skip_test("no leave to lock memory here");
	cr_assert_eq(before, 0);
	cr_assert_eq(after, 0);
}

static int reuse_descriptor(void *arg)
{
	int ours, theirs;
	struct stat st;
	pid_t pid;
	int status;

	(void)arg;
	CHECK(!vigil_init(NULL));
	spawn();
	ours = live_board->fd;
	close(ours);
	theirs = open("/dev/null", O_RDWR);
	CHECK(dup2(theirs, ours) == ours);
	for (int i = 0; i < 20000; i++)
		CHECK(spawn());
	CHECK(!fstat(ours, &st) && S_ISCHR(st.st_mode));
	pid = fork();
	if (!pid) {
		spawn();
		_exit(fstat(ours, &st) || !S_ISCHR(st.st_mode));
	}
	CHECK(waitpid(pid, &status, 0) == pid);
	CHECK(WIFEXITED(status) && !WEXITSTATUS(status));
	return 0;
}

Test(init, a_descriptor_that_took_our_number_is_left_alone_by_us_and_our_children)
{
	cr_assert_eq(in_child(reuse_descriptor, NULL), 0);
}

static vigil_task signal_task;

static void wake_in_handler(int signal)
{
	(void)signal;
	vigil_wake(signal_task); /* NOLINT(bugprone-signal-handler) */
}

Test(init, a_signal_handler_may_wake)
{
	struct vigil_reader *reader;

	cr_assert_eq(vigil_init(NULL), 0);
	signal_task = spawn();
	signal(SIGUSR1, wake_in_handler);
	for (int i = 0; i < 100; i++) {
		vigil_poll_begin(signal_task);
		raise(SIGUSR1);
		vigil_poll_end(signal_task);
	}
	reader = reader_open();

	cr_assert_eq(VIGIL_FIND(reader, task, signal_task)->wakes, 100);
	cr_assert_eq(VIGIL_FIND(reader, task, signal_task)->self_wakes, 100);
	vigil_reader_close(reader);
}
