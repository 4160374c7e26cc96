/* SPDX-License-Identifier: MIT */
/*
 * No room: a full file system under the board, and more of everything than there
 * are records. The program runs on, and the board says what it missed.
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>

#include "tests/support/home.h"

#define NO_NAMESPACE 77

static void file_put(const char *path, const char *format, unsigned id)
{
	char text[64];
	int fd = open(path, O_WRONLY);

	snprintf(text, sizeof(text), format, id);
	if (fd < 0 || write(fd, text, strlen(text)) < 0)
		_exit(NO_NAMESPACE);
	close(fd);
}

/* Puts a small file system of our own, which nobody else sees, on dir. */
static void mount_small(const char *size)
{
	unsigned uid = geteuid(), gid = getegid();
	char options[64];

	if (uid && !unshare(CLONE_NEWUSER)) {
		file_put("/proc/self/setgroups", "deny", 0);
		file_put("/proc/self/uid_map", "0 %u 1", uid);
		file_put("/proc/self/gid_map", "0 %u 1", gid);
	}
	snprintf(options, sizeof(options), "size=%s,mode=0700", size);
	if (unshare(CLONE_NEWNS) || mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) ||
	    mount("tmpfs", dir, "tmpfs", 0, options))
		_exit(NO_NAMESPACE);
}

/* Runs a test in a child with that much room. */
static void with_room(const char *size, int (*run)(void))
{
	int status;
	pid_t pid;

	dir_make();
	pid = fork();
	cr_assert_geq(pid, 0);
	if (!pid) {
		mount_small(size);
		_exit(run());
	}
	cr_assert_eq(waitpid(pid, &status, 0), pid);
	rmdir(dir);
	if (WIFEXITED(status) && WEXITSTATUS(status) == NO_NAMESPACE)
		cr_skip_test("no mount namespace of our own here");
	cr_assert(WIFEXITED(status), "ended by signal %d", WTERMSIG(status));
	cr_assert_eq(WEXITSTATUS(status), 0);
}

static vigil_task spawn_and_poll(void)
{
	vigil_task task = spawn();

	vigil_poll_begin(task);
	vigil_wake(task);
	vigil_poll_end(task);
	return task;
}

static int a_million_spawns(void)
{
	const struct vigil_counts_record *counts;
	struct vigil_reader *reader;
	uint32_t recorded = 0;

	CHECK(!vigil_init(NULL));
	for (int i = 0; i < 1000000; i++)
		recorded += spawn_and_poll() != 0;
	reader = reader_open();
	counts = VIGIL_AT(reader, counts, 0);
	CHECK(recorded > 100);
	CHECK(counts->lost_tasks == 1000000 - recorded);
	CHECK(counts->refused_space > 0);
	/* Most calls did not even ask. */
	CHECK(counts->refused_space < 10000);
	vigil_reader_close(reader);
	return 0;
}

Test(full, a_file_system_of_1_mib_records_what_fits_and_counts_the_rest, .timeout = 60)
{
	with_room("1m", a_million_spawns);
}

static int everything(void)
{
	const struct vigil_counts_record *counts;
	struct vigil_reader *reader;

	CHECK(!vigil_init(NULL));
	for (int i = 0; i < 20000; i++) {
		vigil_task task = spawn_and_poll();
		vigil_resource lock = vigil_resource_new(VIGIL_RESOURCE_MUTEX, "mutex", "m", 0, 0);
		vigil_span span = vigil_span_new(VIGIL_LEVEL_INFO, "s");
		vigil_op op = vigil_op_new(lock, "lock", 0);

		vigil_attr_text(task, "key", "value");
		vigil_attr_u64(lock, "key", 1, NULL);
		vigil_lock_acquired(lock, VIGIL_MODE_EXCLUSIVE);
		vigil_lock_released(lock);
		vigil_span_enter(span);
		vigil_span_leave(span);
		vigil_op_poll_begin(op);
		vigil_op_poll_end(op, true);
		vigil_event(VIGIL_LEVEL_INFO, "hello");
	}
	reader = reader_open();
	counts = VIGIL_AT(reader, counts, 0);
	CHECK(counts->lost_tasks && counts->lost_resources && counts->lost_spans);
	CHECK(counts->lost_ops && counts->lost_attrs);
	vigil_reader_close(reader);
	return 0;
}

Test(full, every_kind_of_object_is_counted_when_there_is_no_room, .timeout = 60)
{
	with_room("1m", everything);
}

static int freed_room_is_used(void)
{
	int recorded = 0, fd;
	char path[600];

	snprintf(path, sizeof(path), "%s/ballast", dir);
	fd = open(path, O_CREAT | O_WRONLY, 0600);
	CHECK(!posix_fallocate(fd, 0, 500 << 10));
	close(fd);
	CHECK(!vigil_init(NULL));
	for (int i = 0; i < 100000; i++)
		spawn_and_poll();
	CHECK(!spawn_and_poll());
	unlink(path);
	for (int i = 0; i < 5000; i++)
		recorded += spawn_and_poll() != 0;
	CHECK(recorded > 100);
	return 0;
}

Test(full, room_that_becomes_free_is_used_again)
{
	with_room("1m", freed_room_is_used);
}

static int closed_descriptor(void)
{
	struct vigil_reader *reader;
	uint32_t recorded = 0;

	CHECK(!vigil_init(NULL));
	for (int fd = 3; fd < 2048; fd++)
		close(fd);
	for (int i = 0; i < 100000; i++)
		recorded += spawn_and_poll() != 0;
	reader = reader_open();
	CHECK(recorded > 100);
	CHECK(VIGIL_AT(reader, counts, 0)->lost_tasks == 100000 - recorded);
	vigil_reader_close(reader);
	return 0;
}

Test(full, a_program_that_closed_our_descriptor_is_recorded_as_far_as_there_is_room)
{
	with_room("1m", closed_descriptor);
}

static int no_room_at_all(void)
{
	CHECK(vigil_init(NULL) == -ENOSPC);
	CHECK(!vigil_is_live());
	CHECK(!spawn_and_poll());
	return 0;
}

Test(full, a_file_system_without_room_for_the_first_pages_is_an_error)
{
	with_room("16k", no_room_at_all);
}

/* ---- More than there are records ---- */

Test(full, a_million_spawns_beyond_the_capacity_are_counted_exactly)
{
	struct vigil_options options = { .struct_size = sizeof(options), .tasks = 1000 };
	struct vigil_reader *reader;

	cr_assert_eq(vigil_init(&options), 0);
	for (int i = 0; i < 1001000; i++)
		vigil_task_spawn(0, VIGIL_TASK_ASYNC, "a", 0);
	reader = reader_open();

	cr_assert_eq(vigil_reader_count(reader, VIGIL_TABLE_task), 1000);
	cr_assert_eq(VIGIL_AT(reader, counts, 0)->lost_tasks, 1000000);
	unlink(vigil_reader_path(reader));
	vigil_reader_close(reader);
}
