/* SPDX-License-Identifier: MIT */
/*
 * Start, end, fork and exec; and what a program may do to us in between. Most of
 * these need a process of their own to spoil: a child that exits with 0 if it saw
 * what it should.
 */
#include <criterion/criterion.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <vigil/reader.h>
#include <vigil/vigil.h>

#include "libtrace/live.h"

static char dir[64];

static void dir_make(void)
{
	snprintf(dir, sizeof(dir), "/dev/shm/vigil-test-XXXXXX");
	cr_assert(mkdtemp(dir));
	setenv("VIGIL_DIR", dir, 1);
	unsetenv("VIGIL");
}

static int boards_in_dir(void)
{
	struct vigil_found *list = NULL;
	int count = vigil_find(dir, &list);

	free(list);
	return count;
}

static void dir_remove(void)
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

TestSuite(init, .init = dir_make, .fini = dir_remove);

static struct vigil_reader *reader_open(void)
{
	struct vigil_problem problem;
	struct vigil_reader *reader = NULL;
	char path[512];

	cr_assert_gt(vigil_board_path(path, sizeof(path)), 0);
	cr_assert_eq(vigil_reader_open_file(path, 0, &reader, &problem), 0, "%s", problem.text);
	return reader;
}

static uint32_t live_tasks(const struct vigil_reader *reader)
{
	uint32_t live = 0;

	for (uint32_t i = 0; i < vigil_reader_count(reader, VIGIL_TABLE_task); i++)
		live += VIGIL_AT(reader, task, i)->life == VIGIL_LIFE_LIVE;
	return live;
}

static vigil_task spawn(void)
{
	return vigil_task_spawn(0, VIGIL_TASK_ASYNC, "a", 0);
}

/* Runs a function in a child and returns its exit status, or -signal. */
static int in_child(int (*run)(void *), void *arg)
{
	int status;
	pid_t pid = fork();

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

Test(init, capacities_come_from_the_options)
{
	struct vigil_options options = { .struct_size = sizeof(options), .tasks = 100,
					 .resources = 101, .ops = 102, .spans = 103, .attrs = 104,
					 .workers = 105, .sites = 106 };

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

Test(init, dead_boards_beyond_the_newest_few_are_swept)
{
	char path[128];

	for (int i = 0; i < 40; i++) {
		snprintf(path, sizeof(path), "%s/%d-1.board", dir, 4000000 + i);
		close(open(path, O_CREAT | O_WRONLY, 0600));
	}
	cr_assert_eq(vigil_init(NULL), 0);

	cr_assert_eq(boards_in_dir(), 17);
}

/* ---- Before and after ---- */

static void call_everything(void)
{
	vigil_executor executor = vigil_executor_new(VIGIL_EXECUTOR_OTHER, "e");
	vigil_task task = vigil_task_spawn(executor, VIGIL_TASK_ASYNC, "t", 0);
	vigil_resource resource =
		vigil_resource_new(VIGIL_RESOURCE_MUTEX, "mutex", "m", 0, 0);
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
	vigil_wake(signal_task);
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

/* ---- fork, vfork, exec ---- */

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

Test(init, a_forked_child_gets_a_board_of_its_own_without_the_parents_tasks)
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

Test(init, the_children_of_children_are_recorded_too)
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

Test(init, a_forked_child_may_init_before_anything_else)
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

Test(init, a_forked_child_that_finishes_does_not_finish_its_parents_board)
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

Test(init, a_forked_child_that_finds_no_place_for_a_board_runs_on)
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

Test(init, threads_of_a_forked_child_that_call_at_once_share_one_board)
{
	cr_assert_eq(vigil_init(NULL), 0);
	spawn();

	for (int i = 0; i < 50; i++)
		cr_assert_eq(in_child(child_threads, NULL), 0, "the %dth", i);
}

Test(init, a_vforked_child_that_execs_leaves_the_board_alone)
{
	struct vigil_reader *reader;
	int status;
	pid_t pid;

	cr_assert_eq(vigil_init(NULL), 0);
	spawn();
	pid = vfork();
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

Test(init, exec_ends_a_board)
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
