/* SPDX-License-Identifier: MIT */
/*
 * Files: from the cache at once, else read by the pool; small ones whole and
 * into the cache, large ones part by part, each part sent before the next.
 *
 * Law: only file_work() touches the file system, on a pool thread, and only
 * below the root, which the kernel guards (openat2, RESOLVE_BENEATH).
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "conn.h"
#include "page.h"

#define PART_SIZE ((size_t)256 * 1024) /* and the largest file cached */

struct file {
	struct job job; /* first */
	struct server *server;
	int fd; /* -1 before it is open */
	int err;
	uint64_t size;
	uint64_t read; /* bytes so far */
	size_t part_len;
	char *part;
	struct entry *entry; /* owns the part of a small file */
	char path[];
};

static const char *file_type(const char *path)
{
	static const char *const types[][2] = {
		{ ".html", "text/html; charset=utf-8" },
		{ ".css", "text/css; charset=utf-8" },
		{ ".js", "text/javascript; charset=utf-8" },
		{ ".json", "application/json" },
		{ ".svg", "image/svg+xml" },
		{ ".png", "image/png" },
		{ ".txt", "text/plain; charset=utf-8" },
		{ ".md", "text/plain; charset=utf-8" },
		{ ".c", "text/plain; charset=utf-8" },
		{ ".h", "text/plain; charset=utf-8" },
	};
	const char *dot = strrchr(path, '.');

	for (size_t i = 0; dot && i < sizeof(types) / sizeof(*types); i++)
		if (!strcmp(dot, types[i][0]))
			return types[i][1];
	return "application/octet-stream";
}

static int file_open(struct file *file)
{
	struct open_how how = {
		/* Not blocking: a fifo would hold the thread for ever. */
		.flags = O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY,
		.resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS,
	};
	struct stat st;

	file->fd = (int)syscall(SYS_openat2, file->server->root_fd, file->path, &how, sizeof(how));
	if (file->fd < 0 || fstat(file->fd, &st))
		return errno;
	if (!S_ISREG(st.st_mode))
		return ENOENT;
	file->size = (uint64_t)st.st_size;
	return 0;
}

/* Reads the next part, all of it: a file that shrank is an error. */
static int file_read(struct file *file)
{
	uint64_t left = file->size - file->read;
	size_t want = left < PART_SIZE ? (size_t)left : PART_SIZE;

	if (!file->part && !(file->part = malloc(want ? want : 1)))
		return ENOMEM;
	for (file->part_len = 0; file->part_len < want;) {
		ssize_t got = pread(file->fd, file->part + file->part_len, want - file->part_len,
				    (off_t)file->read);

		if (got <= 0)
			return got ? errno : EIO;
		file->part_len += (size_t)got;
		file->read += (uint64_t)got;
	}
	return 0;
}

static void file_work(struct job *job)
{
	struct file *file = (struct file *)job;
	struct cache *cache = &file->server->cache;

	if (file->fd < 0) {
		/* Another job may have read it while we were queued. */
		file->entry = cache_find(cache, file->path);
		if (file->entry)
			return;
		file->err = file_open(file);
	}
	if (!file->err)
		file->err = file_read(file);
	if (!file->err && file->size <= PART_SIZE) {
		file->entry = cache_put(cache, file->path, file->part, file->part_len);
		file->part = NULL;
		file->err = file->entry ? 0 : ENOMEM;
	}
}

static void file_free(struct job *job)
{
	struct file *file = (struct file *)job;

	if (file->fd >= 0)
		close(file->fd);
	if (file->entry)
		entry_release(file->entry);
	free(file->part);
	free(file);
}

static void file_refuse(struct conn *conn, int err)
{
	switch (err) {
	case ENOENT:
	case ENOTDIR:
	case EACCES:
	case EPERM:
	case ELOOP:
	case ENAMETOOLONG:
	case ENXIO:
	case EXDEV:
	case EISDIR:
		conn_text(conn, 404, "no such file\n");
		break;
	case ENOMEM:
	case EMFILE:
	case ENFILE:
	case EAGAIN:
	case ECANCELED:
		conn_text(conn, 503, "overloaded, try again\n");
		break;
	default:
		conn_text(conn, 500, "cannot read this file\n");
		break;
	}
}

static void file_resume(struct conn *conn)
{
	struct file *file = (struct file *)conn->job;
	bool is_begun = conn->has_more; /* this part was promised */
	int err = file->job.is_cancelled ? ECANCELED : file->err;

	if (err && is_begun) {
		conn_abort(conn);
	} else if (err) {
		file_refuse(conn, err);
	} else if (file->entry) {
		conn_head(conn, 200, file_type(file->path), file->entry->size);
		conn_body(conn, file->entry->data, file->entry->size, false);
	} else {
		if (!is_begun)
			conn_head(conn, 200, file_type(file->path), file->size);
		conn_body(conn, file->part, file->part_len, file->read < file->size);
	}
}

void file_answer(struct conn *conn)
{
	char path[REQUEST_HEAD_MAX];
	const char *name = path;
	struct file *file;

	if (path_decode(conn->request.path, path, sizeof(path))) {
		conn_text(conn, 400, "a broken %% in the path\n");
		return;
	}
	while (*name == '/')
		name++;
	conn->entry = cache_find(&conn->server->cache, name);
	if (conn->entry) {
		conn_head(conn, 200, file_type(name), conn->entry->size);
		conn_body(conn, conn->entry->data, conn->entry->size, false);
		return;
	}
	file = calloc(1, sizeof(*file) + strlen(name) + 1);
	if (!file) {
		file_refuse(conn, ENOMEM);
		return;
	}
	memcpy(file->path, name, strlen(name) + 1);
	file->job.name = "file";
	file->job.work = file_work;
	file->job.free = file_free;
	file->server = conn->server;
	file->fd = -1;
	conn_submit(conn, &file->job, file_resume);
}
