/* SPDX-License-Identifier: MIT */
/* Files below the root, a part at a time, each part a job of the blocking pool. */
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "conn.h"

#define PART_SIZE (64 * 1024)

/* On the heap: a task's stack is small, and so is a thread's of the pool. */
struct file {
	int root_fd, fd;
	size_t size, read, part_size;
	char path[REQUEST_HEAD_MAX];
	char part[PART_SIZE];
};

static int open_file(struct file *file)
{
	struct open_how how = {
		/* Not blocking: a fifo would hold the thread for ever. */
		.flags = O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY,
		.resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS,
	};
	const char *path = file->path;
	struct stat st;

	while (*path == '/')
		path++;
	file->fd = (int)syscall(SYS_openat2, file->root_fd, path, &how, sizeof(how));
	if (file->fd < 0 || fstat(file->fd, &st))
		return -errno;
	file->size = (size_t)st.st_size;
	return S_ISREG(st.st_mode) ? 0 : -EISDIR;
}

static int part_job(void *arg)
{
	struct file *file = arg;
	int error = file->fd < 0 ? open_file(file) : 0;
	size_t left = file->size - file->read;
	size_t want = left < PART_SIZE ? left : PART_SIZE;

	for (file->part_size = 0; !error && file->part_size < want;) {
		ssize_t n = pread(file->fd, file->part + file->part_size, want - file->part_size,
				  (off_t)file->read);

		if (n <= 0)
			return n ? -errno : -EIO; /* it shrank */
		file->part_size += (size_t)n;
		file->read += (size_t)n;
	}
	return error;
}

static int refuse(struct conn *conn, int error)
{
	switch (error) {
	case -ECANCELED:
		return error;
	case -ENOMEM:
	case -EMFILE:
	case -ENFILE:
		return conn_answer(conn, 503, "overloaded, try again\n");
	case -EIO:
		return conn_answer(conn, 500, "cannot read this file\n");
	default:
		return conn_answer(conn, 404, "no such file\n");
	}
}

static int file_send(struct conn *conn, struct file *file)
{
	int error = rt_call_blocking(part_job, file, "file");

	if (error)
		return refuse(conn, error);
	error = conn_begin(conn, 200, file->part, file->part_size, file->size);
	while (!error && !conn->is_head && file->read < file->size) {
		error = rt_call_blocking(part_job, file, "file");
		if (!error)
			error = rt_write_all(conn->io, file->part, file->part_size);
	}
	return error;
}

int file_answer(struct conn *conn, struct slice path)
{
	struct file *file = malloc(sizeof(*file));
	int error;

	if (!file)
		return refuse(conn, -ENOMEM);
	file->root_fd = conn->server->root_fd;
	file->fd = -1;
	file->size = file->read = 0;
	if (path_decode(path, file->path, sizeof(file->path)))
		error = conn_answer(conn, 400, "a broken % in the path\n");
	else
		error = file_send(conn, file);
	if (file->fd >= 0)
		close(file->fd);
	free(file);
	return error;
}
