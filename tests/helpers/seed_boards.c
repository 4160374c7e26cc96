/* SPDX-License-Identifier: MIT */
/*
 * seed_boards DIR: writes the seeds of tests/fuzz/reader.c, small boards in
 * different states. Made anew when the layout grows:
 *
 *	build/tests/helpers/seed_boards tests/data/reader
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <vigil/vigil.h>

#include "tests/support/compact.h"

static uint64_t now = 1000000;

static uint64_t seed_now(void *arg)
{
	(void)arg;
	return now += 100;
}

static void put(const char *dir, const char *name)
{
	char path[512];
	uint8_t *board, *small;
	struct stat st;
	size_t size;
	int fd;

	vigil_board_path(path, sizeof(path));
	fd = open(path, O_RDONLY);
	if (fd < 0 || fstat(fd, &st))
		exit(1);
	board = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_SHARED, fd, 0);
	if (board == MAP_FAILED)
		exit(1);
	small = compact(board, &size);
	munmap(board, (size_t)st.st_size);
	close(fd);
	unlink(path);
	snprintf(path, sizeof(path), "%s/%s.board", dir, name);
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0644);
	if (fd < 0 || write(fd, small, size) != (ssize_t)size)
		exit(1);
	close(fd);
	free(small);
}

static void start(const char *dir)
{
	struct vigil_options options = {
		.struct_size = sizeof(options), .dir = dir, .name = "seed", .now_ns = seed_now
	};

	if (vigil_init(&options))
		exit(1);
}

/* A bit of everything. */
static void busy_board(void)
{
	vigil_executor loop = vigil_executor_new(VIGIL_EXECUTOR_EVENT_LOOP, "loop");
	vigil_resource lock = vigil_resource_new(VIGIL_RESOURCE_MUTEX, "mutex", "db", 0, 0);
	vigil_task task[6];
	vigil_span span;
	vigil_op op;

	vigil_worker_begin(loop, "loop-0");
	for (int i = 0; i < 6; i++)
		task[i] = vigil_task_spawn(loop, VIGIL_TASK_ASYNC, "task", (unsigned)i % 3);
	for (int i = 0; i < 40; i++) {
		vigil_poll_begin(task[i % 4]);
		vigil_wake(task[(i + 1) % 4]);
		vigil_poll_end(task[i % 4]);
	}
	vigil_poll_begin(task[0]);
	span = vigil_span_new(VIGIL_LEVEL_INFO, "request");
	vigil_span_enter(span);
	vigil_event(VIGIL_LEVEL_WARN, "slow");
	op = vigil_op_new(lock, "Mutex.lock", 0);
	vigil_op_poll_begin(op);
	vigil_lock_acquired(lock, VIGIL_MODE_EXCLUSIVE);
	vigil_op_poll_end(op, true);
	vigil_attr_u64(task[0], "port", 80, NULL);
	vigil_attr_text(task[0], "peer", "10.0.0.1");
	vigil_attr_u64(lock, "permits", 1, "permits");
	vigil_poll_end(task[0]);
	vigil_poll_begin(task[1]);
	vigil_lock_wait(lock, VIGIL_MODE_EXCLUSIVE);
	vigil_poll_end(task[1]);
	vigil_task_fail(task[2], 5, "as told");
	vigil_task_end(task[3], VIGIL_OUTCOME_CANCELLED);
	vigil_poll_begin(task[4]);
	vigil_worker_park();
}

int main(int argc, char **argv)
{
	if (argc != 2)
		return 2;
	start(argv[1]);
	put(argv[1], "empty");
	vigil_fini();
	start(argv[1]);
	vigil_task_spawn(0, VIGIL_TASK_OTHER, NULL, 0);
	put(argv[1], "one-task");
	vigil_fini();
	start(argv[1]);
	busy_board();
	put(argv[1], "busy");
	return 0;
}
