/* SPDX-License-Identifier: MIT */
/*
 * How many bytes went through, as the board is told of it: when a worker has time, and at the
 * latest when a stream, or the runtime, is gone.
 */
#include <fcntl.h>
#include <semaphore.h>

#include "tests/support/rt.h"

TestSuite(rt_io_bytes, .init = rt_begin, .fini = rt_end_empty, .timeout = 120);

static struct rt_io *ends[2];

static void unpair(void)
{
	rt_io_guard(&ends[0]);
	rt_io_guard(&ends[1]);
}

/* ---- While it goes on ---- */

static int never_waits(void *arg RT_UNUSED)
{
	cr_assert_eq(rt_pipe(&ends[0], &ends[1]), 0);
	for (int i = 0; i < 64; i++)
		cr_assert_eq(rt_write(ends[1], "abc", 3), 3);
	rt_board_await("write end", "bytes written", 192);
	cr_assert_eq(RT_LIVE_OF(op), 0);
	unpair();
	return 0;
}

Test(rt_io_bytes, are_told_of_one_who_never_waits)
{
	cr_assert_eq(rt_paused(never_waits, NULL), 0);
}

static uint64_t changed_ns(const char *resource, const char *key)
{
	return rt_board_attr_record(rt_board_resource(resource)->attrs, key)->changed_ns;
}

static int reads_alone(void *arg RT_UNUSED)
{
	uint64_t made_ns;
	char buf[3];

	cr_assert_eq(rt_pipe(&ends[0], &ends[1]), 0);
	made_ns = changed_ns("read end", "bytes written");
	cr_assert_eq(rt_write(ends[1], "abc", 3), 3);
	cr_assert_eq(rt_read(ends[0], buf, 3), 3);
	rt_board_await("read end", "bytes read", 3);

	cr_assert_gt(changed_ns("read end", "bytes read"), made_ns);
	cr_assert_eq(changed_ns("read end", "bytes written"), made_ns);
	unpair();
	return 0;
}

Test(rt_io_bytes, that_did_not_move_have_not_changed)
{
	cr_assert_eq(rt_paused(reads_alone, NULL), 0);
}

/* ---- While nothing does ---- */

static sem_t waits;

static int all_wait(void *arg RT_UNUSED)
{
	char buf[3], byte;

	cr_assert_eq(rt_pipe(&ends[0], &ends[1]), 0);
	rt_write(ends[1], "abc", 3);
	cr_assert_eq(rt_read_full(ends[0], buf, 3), 0);
	sem_post(&waits);
	cr_assert_eq(rt_read(ends[0], &byte, 1), 1);
	unpair();
	return 0;
}

static void *run_all_wait(void *workers)
{
	cr_assert_eq(rt_threads((unsigned)(uintptr_t)workers, all_wait, NULL), 0);
	return NULL;
}

/* From outside, in real time: a look cannot make the runtime do anything. */
static void look_at_waiting(unsigned workers)
{
	uint64_t until = rt_real_ns() + 30 * RT_S;
	pthread_t runtime;

	sem_init(&waits, 0, 0);
	pthread_create(&runtime, NULL, run_all_wait, (void *)(uintptr_t)workers);
	sem_wait(&waits);
	while (rt_board_attr(rt_board_resource("read end")->attrs, "bytes read") != 3) {
		cr_assert_lt(rt_real_ns(), until);
		sched_yield();
	}
	cr_assert_eq(write(rt_io_fd(ends[1]), "x", 1), 1);
	pthread_join(runtime, NULL);
	sem_destroy(&waits);
}

Test(rt_io_bytes, are_told_when_all_wait)
{
	look_at_waiting(1);
	look_at_waiting(3);
}

/* ---- Where no worker will have time ---- */

static int write_in_place(void *arg RT_UNUSED)
{
	cr_assert_eq(rt_do_blocking(rt_write_op(ends[1], "abc", 3)), 3);
	cr_assert_eq(rt_board_attr(rt_board_resource("write end")->attrs, "bytes written"), 3);
	return 0;
}

static int block_in_place(void *arg RT_UNUSED)
{
	cr_assert_eq(rt_pipe(&ends[0], &ends[1]), 0);
	cr_assert_eq(rt_block_in_place(write_in_place, NULL), 0);
	unpair();
	return 0;
}

Test(rt_io_bytes, are_told_at_once_by_one_who_blocks_in_place)
{
	cr_assert_eq(rt_threads(2, block_in_place, NULL), 0);
}

/* ---- At the end ---- */

static int free_at_once(void *arg RT_UNUSED)
{
	const struct vigil_resource_record *r;

	cr_assert_eq(rt_pipe(&ends[0], &ends[1]), 0);
	cr_assert_eq(rt_write(ends[1], "abc", 3), 3);
	unpair();
	rt_look();
	for (uint32_t i = 0; (r = VIGIL_AT(rt_reader, resource, i)); i++)
		if (!strcmp(r->name, "write end"))
			cr_assert_eq(rt_board_attr(r->attrs, "bytes written"), 3);
	return 0;
}

Test(rt_io_bytes, are_told_when_the_stream_goes)
{
	cr_assert_eq(rt_paused(free_at_once, NULL), 0);
}

static int write_and_leave(void *arg)
{
	struct rt_file **file = arg;
	char path[64];

	snprintf(path, sizeof(path), "/tmp/rt_io_bytes-%d", (int)getpid());
	cr_assert_eq(rt_file_open(path, O_RDWR | O_CREAT, 0600, file), 0);
	unlink(path);
	cr_assert_eq(rt_file_write(*file, "hello", 5, 0), 5);
	return 0;
}

Test(rt_io_bytes, are_told_when_the_runtime_ends)
{
	struct rt_file *file;
	char path[64];

	snprintf(path, sizeof(path), "/tmp/rt_io_bytes-%d", (int)getpid());
	cr_assert_eq(rt_paused(write_and_leave, &file), 0);

	cr_assert_eq(rt_board_attr(rt_board_resource(path)->attrs, "bytes written"), 5);
	rt_file_free(file);
}
