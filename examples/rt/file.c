/* SPDX-License-Identifier: MIT */
/*
 * Files: no reactor says when a disk is ready, so each call is a job of the blocking pool.
 *
 * A job works in the caller's buffer: a task that is cancelled awaits it all the same.
 * The job is named for the call and the file, and the task waits for that job.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "io.h"

#define LOAD_AT_LEAST 4096

struct rt_file {
	int fd;
	vigil_resource resource;
	struct io_bytes bytes;
	char path[64]; /* its end */
};

/* What a job is to do. */
struct request {
	int fd, flags;
	mode_t mode;
	const char *path;
	void *out;
	const void *bytes;
	size_t size, done;
	off_t offset;
	char *text;
};

static const char *end_of(const char *path, size_t size)
{
	size_t length = 0;

	while (path[length])
		length++;
	return length < size ? path : path + length - size + 1;
}

static int file_call(struct vigil_site *site, const char *source, const char *verb,
		     const char *path, rt_fn fn, struct request *request)
{
	char name[TASK_NAME];

	snprintf(name, sizeof(name), "%s %s", verb, end_of(path, sizeof(name) - 10));
	return job_call(site, source, VIGIL_WAIT_JOB, fn, request, name);
}

/* ---- Open, close ---- */

static int open_job(void *arg)
{
	struct request *request = arg;

	do {
		request->fd = open(request->path, request->flags | O_CLOEXEC, request->mode);
	} while (request->fd < 0 && errno == EINTR);
	return request->fd < 0 ? -errno : 0;
}

int rt_file_open_at(struct vigil_site *site, const char *path, int flags, mode_t mode,
		    struct rt_file **ret_file)
{
	struct request request = { .path = path, .flags = flags, .mode = mode };
	struct rt_file *file = calloc(1, sizeof(*file));
	int error;

	if (!file)
		return -ENOMEM;
	error = file_call(site, "File::open", "open", path, open_job, &request);
	if (error) {
		free(file);
		return error;
	}
	file->fd = request.fd;
	snprintf(file->path, sizeof(file->path), "%s", end_of(path, sizeof(file->path)));
	file->resource = vigil_resource_new_at(site, VIGIL_RESOURCE_IO, "File", file->path, 0, 0);
	vigil_attr_i64(file->resource, "fd", file->fd, NULL);
	io_bytes_show(&file->bytes, file->resource);
	*ret_file = file;
	return 0;
}

/* At once, not through the pool: a task that was cancelled could await nothing. */
void rt_file_free(struct rt_file *file)
{
	if (!file)
		return;
	close(file->fd);
	io_bytes_close(&file->bytes);
	vigil_resource_free(file->resource);
	free(file);
}

/* ---- Read, write ---- */

static int read_job(void *arg)
{
	struct request *request = arg;
	ssize_t n;

	do {
		n = pread(request->fd, request->out, request->size, request->offset);
	} while (n < 0 && errno == EINTR);
	return n < 0 ? -errno : (int)n;
}

static int write_job(void *arg)
{
	struct request *request = arg;
	ssize_t n;

	do {
		n = pwrite(request->fd, request->bytes, request->size, request->offset);
	} while (n < 0 && errno == EINTR);
	return n < 0 ? -errno : (int)n;
}

static int sync_job(void *arg)
{
	struct request *request = arg;

	return fsync(request->fd) ? -errno : 0;
}

ssize_t rt_file_read_at(struct vigil_site *site, struct rt_file *file, void *buf, size_t size,
			off_t offset)
{
	struct request request = { .fd = file->fd,
				   .out = buf,
				   .size = size < INT_MAX ? size : INT_MAX,
				   .offset = offset };
	int n = file_call(site, "File::read", "read", file->path, read_job, &request);

	io_bytes_read(&file->bytes, n);
	return n;
}

ssize_t rt_file_write_at(struct vigil_site *site, struct rt_file *file, const void *buf,
			 size_t size, off_t offset)
{
	struct request request = { .fd = file->fd,
				   .bytes = buf,
				   .size = size < INT_MAX ? size : INT_MAX,
				   .offset = offset };
	int n = file_call(site, "File::write", "write", file->path, write_job, &request);

	io_bytes_written(&file->bytes, n);
	return n;
}

int rt_file_sync_at(struct vigil_site *site, struct rt_file *file)
{
	struct request request = { .fd = file->fd };

	return file_call(site, "File::sync", "sync", file->path, sync_job, &request);
}

/* ---- A whole file ---- */

/* Makes room for more, and a NUL behind it. */
static int load_grow(struct request *request)
{
	size_t size = request->size < SIZE_MAX / 4 ? request->size * 2 : SIZE_MAX;
	char *text = size < SIZE_MAX ? realloc(request->text, size + 1) : NULL;

	if (!text)
		return -ENOMEM;
	request->text = text;
	request->size = size;
	return 0;
}

/* To its end, wherever that is: files of /proc say they are empty, others grow. */
static int load_rest(int fd, struct request *request)
{
	for (;;) {
		ssize_t n = read(fd, request->text + request->done, request->size - request->done);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		request->done += (size_t)n;
		if (!n)
			break;
		if (request->done == request->size && load_grow(request))
			return -ENOMEM;
	}
	request->text[request->done] = '\0';
	return 0;
}

static int load_job(void *arg)
{
	struct request *request = arg;
	struct stat stat;
	int error = open_job(request);

	if (error)
		return error;
	/* One more than there is, to see its end without growing. */
	request->size = LOAD_AT_LEAST;
	if (!fstat(request->fd, &stat) && (size_t)stat.st_size >= request->size)
		request->size = (size_t)stat.st_size + 1;
	request->text = malloc(request->size + 1);
	error = request->text ? load_rest(request->fd, request) : -ENOMEM;
	close(request->fd);
	if (error) {
		free(request->text);
		request->text = NULL;
	}
	return error;
}

int rt_file_load_at(struct vigil_site *site, const char *path, char **ret_text, size_t *ret_size)
{
	struct request request = { .path = path, .flags = O_RDONLY };
	int error = file_call(site, "fs::read", "load", path, load_job, &request);

	if (error)
		return error;
	*ret_text = request.text;
	if (ret_size)
		*ret_size = request.done;
	return 0;
}
