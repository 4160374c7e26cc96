/* SPDX-License-Identifier: MIT */
/* The example runtime's files and names: what a job of the pool does for a task. */
#include <fcntl.h>
#include <semaphore.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "tests/support/rt.h"

TestSuite(rt_file, .init = rt_begin, .fini = rt_end_empty);

static char path[64];

static void name_path(void)
{
	snprintf(path, sizeof(path), "/tmp/rt_file-%d", (int)getpid());
	unlink(path);
}

/* ---- Files ---- */

static int write_and_read(void *arg RT_UNUSED)
{
	struct rt_file *file;
	char word[8] = "";

	name_path();
	cr_assert_eq(rt_file_open(path, O_RDWR | O_CREAT, 0600, &file), 0);
	cr_assert_eq(rt_file_write(file, "world", 5, 6), 5);
	cr_assert_eq(rt_file_write(file, "hello ", 6, 0), 6);
	cr_assert_eq(rt_file_sync(file), 0);
	cr_assert_eq(rt_file_read(file, word, 5, 6), 5);
	cr_assert_str_eq(word, "world");
	cr_assert_eq(rt_file_read(file, word, 5, 11), 0);
	cr_assert_eq(rt_file_read(file, word, 5, -1), -EINVAL);
	rt_file_free(file);
	unlink(path);
	return 0;
}

Test(rt_file, reads_what_was_written_where_it_was_written)
{
	cr_assert_eq(rt_paused(write_and_read, NULL), 0);
}

static int refused(void *arg RT_UNUSED)
{
	struct rt_file *file;
	char *text, byte;
	size_t size;

	name_path();
	cr_assert_eq(rt_file_open(path, O_RDONLY, 0, &file), -ENOENT);
	cr_assert_eq(rt_file_load(path, &text, &size), -ENOENT);
	cr_assert_eq(rt_file_load("/", &text, &size), -EISDIR);
	cr_assert_eq(rt_file_open(path, O_WRONLY | O_CREAT, 0600, &file), 0);
	cr_assert_eq(rt_file_read(file, &byte, 1, 0), -EBADF);
	rt_file_free(file);
	rt_file_free(NULL);
	unlink(path);
	return 0;
}

Test(rt_file, says_why_it_cannot)
{
	cr_assert_eq(rt_paused(refused, NULL), 0);
}

#define BIG 100000

static int load(void *arg RT_UNUSED)
{
	struct rt_file *file;
	char *text, *written = malloc(BIG);
	size_t size;

	name_path();
	memset(written, 'x', BIG);
	cr_assert_eq(rt_file_open(path, O_WRONLY | O_CREAT, 0600, &file), 0);
	/* None, one below and one above what fits at first, many. */
	for (size_t length = 0; length <= BIG; length = length ? length * 5 + 1 : 819) {
		cr_assert_eq(rt_file_write(file, written, length, 0), (ssize_t)length);
		cr_assert_eq(rt_file_load(path, &text, &size), 0);
		cr_assert_eq(size, length);
		cr_assert_eq(strlen(text), length);
		free(text);
	}
	rt_file_free(file);
	unlink(path);
	free(written);
	/* It says it is empty. */
	cr_assert_eq(rt_file_load("/proc/self/status", &text, NULL), 0);
	cr_assert(strstr(text, "Pid:"));
	free(text);
	return 0;
}

Test(rt_file, loads_a_whole_file)
{
	cr_assert_eq(rt_paused(load, NULL), 0);
}

/* ---- On the board, and cancelled ---- */

static sem_t go_on;

/* Takes the only thread of the pool until the test posts go_on. */
static int block(void *arg RT_UNUSED)
{
	while (sem_wait(&go_on))
		;
	return 0;
}

static int with_one_thread(rt_fn fn)
{
	sem_init(&go_on, 0, 0);
	return rt_go((struct rt_options){ .is_paused = true, .blocking_threads = 1 }, fn, NULL);
}

static int load_self(void *arg RT_UNUSED)
{
	char *text;
	int error = rt_file_load("/proc/self/status", &text, NULL);

	if (!error)
		free(text);
	return error;
}

static int shown(void *arg RT_UNUSED)
{
	const struct vigil_task_record *task;
	struct rt_handle blocker, job;
	struct rt_result result;

	rt_spawn_blocking(&blocker, block, NULL, "blocker");
	rt_spawn(&job, load_self, NULL, "loader");
	rt_yield();
	task = rt_board_task("loader");
	cr_assert_eq(task->wait_kind, VIGIL_WAIT_JOB);
	task = VIGIL_FIND(rt_reader, task, task->wait_object);
	cr_assert(task);
	cr_assert_str_eq(task->name, "load /proc/self/status");
	cr_assert_eq(task->kind, VIGIL_TASK_BLOCKING);

	/* It works in the caller's memory: a cancel waits for it. */
	rt_cancel(&job);
	rt_yield();
	cr_assert_not(rt_is_done(&job));
	sem_post(&go_on);
	rt_join(&job, &result);
	cr_assert_eq(result.code, 0);
	rt_join(&blocker, NULL);
	return 0;
}

Test(rt_file, shows_the_job_a_task_waits_for_and_keeps_its_memory_until_it_ends)
{
	cr_assert_eq(with_one_thread(shown), 0);
}

static int shown_file(void *arg RT_UNUSED)
{
	const struct vigil_resource_record *file_record;
	struct rt_file *file;

	name_path();
	cr_assert_eq(rt_file_open(path, O_RDWR | O_CREAT, 0600, &file), 0);
	rt_file_write(file, "hello", 5, 0);
	file_record = rt_board_resource(path);
	cr_assert_eq(file_record->kind, VIGIL_RESOURCE_IO);
	cr_assert_str_eq(file_record->type, "File");
	cr_assert_eq(rt_board_attr(file_record->attrs, "bytes read"), 0);
	rt_board_await(path, "bytes written", 5);
	rt_file_free(file);
	unlink(path);
	return 0;
}

Test(rt_file, shows_a_file_and_its_bytes)
{
	cr_assert_eq(rt_paused(shown_file, NULL), 0);
}

static int read_and_write(void *arg RT_UNUSED)
{
	struct rt_file *file;
	char byte = 'x';
	int n = rt_file_open(path, O_RDWR | O_CREAT, 0600, &file);

	if (n)
		return n;
	n = (int)rt_file_write(file, &byte, 1, 0);
	if (n >= 0)
		n = (int)rt_file_read(file, &byte, 1, 0);
	rt_file_free(file);
	return n < 0 ? n : load_self(NULL);
}

static int files_cut(void *arg)
{
	return rt_cut(read_and_write, arg);
}

static int files_and_cut(void *arg RT_UNUSED)
{
	struct rt_handle job;

	name_path();
	rt_spawn(&job, files_cut, NULL, "files");
	rt_join(&job, NULL);
	unlink(path);
	return 0;
}

Test(rt_file, survives_a_cancel_at_every_await)
{
	cr_assert_eq(rt_cut_everywhere(files_and_cut, NULL), 4);
}

/* The program ends while a file waits for the pool. */
static int ends_early(void *arg RT_UNUSED)
{
	rt_spawn_blocking(NULL, block, NULL, "blocker");
	rt_spawn(NULL, load_self, NULL, "loader");
	rt_yield();
	sem_post(&go_on);
	return 0;
}

Test(rt_file, the_end_of_the_program_does_not_wait_for_files_in_the_queue)
{
	cr_assert_eq(with_one_thread(ends_early), 0);
}

/* Paused time must go on however late the pool's thread falls idle. */
static int sleep_after_jobs(void *arg RT_UNUSED)
{
	for (int i = 0; i < 300; i++) {
		cr_assert_eq(load_self(NULL), 0);
		rt_sleep(RT_MS);
	}
	return 0;
}

Test(rt_file, paused_time_goes_on_behind_a_job)
{
	cr_assert_eq(rt_paused(sleep_after_jobs, NULL), 0);
}

/* ---- Names ---- */

static int resolve_local(void *arg RT_UNUSED)
{
	char address[64] = "";
	int error = rt_resolve("localhost", address, sizeof(address));

	if (!error)
		cr_assert(!strcmp(address, "127.0.0.1") || !strcmp(address, "::1"), "%s", address);
	return error;
}

static int names(void *arg RT_UNUSED)
{
	char address[64] = "", small[4];

	cr_assert_eq(resolve_local(NULL), 0);
	cr_assert_eq(rt_resolve("192.0.2.1", address, sizeof(address)), 0);
	cr_assert_str_eq(address, "192.0.2.1");
	cr_assert_eq(rt_resolve("192.0.2.1", small, sizeof(small)), -ENOSPC);
	cr_assert_eq(rt_resolve("no host has such a name", address, sizeof(address)), -ENOENT);
	return 0;
}

Test(rt_file, finds_the_address_of_a_name)
{
	cr_assert_eq(rt_paused(names, NULL), 0);
}

static int shown_lookup(void *arg RT_UNUSED)
{
	const struct vigil_task_record *task;
	struct rt_handle blocker, job;
	struct rt_result result;

	rt_spawn_blocking(&blocker, block, NULL, "blocker");
	rt_spawn(&job, resolve_local, NULL, "resolver");
	rt_yield();
	task = rt_board_task("resolver");
	cr_assert_eq(task->wait_kind, VIGIL_WAIT_RESOLVE);
	task = VIGIL_FIND(rt_reader, task, task->wait_object);
	cr_assert(task);
	cr_assert_str_eq(task->name, "localhost");

	/* It may take long: a cancel does not wait for it. */
	rt_cancel(&job);
	rt_join(&job, &result);
	cr_assert_eq(result.code, -ECANCELED);
	sem_post(&go_on);
	rt_join(&blocker, NULL);
	return 0;
}

Test(rt_file, shows_the_name_a_task_waits_for_and_leaves_it_when_cancelled)
{
	cr_assert_eq(with_one_thread(shown_lookup), 0);
}

static int lookup_cut(void *arg)
{
	return rt_cut(resolve_local, arg);
}

static int resolve_and_cut(void *arg RT_UNUSED)
{
	struct rt_handle job;

	rt_spawn(&job, lookup_cut, NULL, "resolver");
	rt_join(&job, NULL);
	return 0;
}

Test(rt_file, a_lookup_that_runs_is_left_to_itself)
{
	cr_assert_eq(rt_cut_everywhere(resolve_and_cut, NULL), 1);
}

/* ---- Stress ---- */

#define TASKS 30
#define ROUNDS 10

static int work(void *arg)
{
	for (int i = 0; i < ROUNDS; i++) {
		int error = (int)(intptr_t)arg % 3 ? load_self(NULL) : resolve_local(NULL);

		if (error)
			return error;
	}
	return 0;
}

static int many(void *arg RT_UNUSED)
{
	struct rt_handle jobs[TASKS];

	for (int i = 0; i < TASKS; i++)
		rt_spawn(&jobs[i], work, (void *)(intptr_t)i, "worker");
	for (int i = 0; i < TASKS; i += 7)
		rt_cancel(&jobs[i]);
	for (int i = 0; i < TASKS; i++) {
		struct rt_result result;

		rt_join(&jobs[i], &result);
		cr_assert(!result.code || (i % 7 == 0 && result.code == -ECANCELED), "%d",
			  result.code);
	}
	return 0;
}

Test(rt_file, many_read_files_and_look_names_up_on_four_workers)
{
	cr_assert_eq(rt_go((struct rt_options){ .workers = 4, .blocking_threads = 4 }, many, NULL),
		     0);
}
