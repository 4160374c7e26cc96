/* SPDX-License-Identifier: MIT */
/* Streams of bytes: sockets and pipes. */
#include "io.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- Descriptors ---- */

int io_fd_open(struct io_fd *io, struct vigil_site *site, int fd, enum vigil_resource_kind kind,
	       const char *type, const char *name)
{
	struct rt *rt = rt_here();
	int error = 0;

	if (!rt)
		return misuse(-EPERM,
			      "a %s outside the runtime would never be ready: make it in "
			      "what rt_run runs",
			      type);
	*io = (struct io_fd){ .fd = fd };
	io->source = source_new(rt, fd, &error);
	if (!io->source)
		return error;
	io->resource = vigil_resource_new_at(site, kind, type, name, 0, 0);
	vigil_attr_i64(io->resource, "fd", fd, NULL);
	return 0;
}

bool io_fd_unwatch(struct io_fd *io, const char *type)
{
	if (source_free(io->source))
		return true;
	misuse(-EPERM,
	       "a %s (fd %d) was freed while a task waits for it, and stays: cancel and "
	       "join the task first",
	       type, io->fd);
	return false;
}

void io_fd_close(struct io_fd *io)
{
	close(io->fd);
	vigil_resource_free(io->resource);
}

/* ---- System calls ---- */

static int socket_read(int fd, struct rt_op *op)
{
	ssize_t n;

	do {
		n = recv(fd, op->out, (size_t)op->more.number, 0);
	} while (n < 0 && errno == EINTR);
	return n < 0 ? -errno : (int)n;
}

static int socket_write(int fd, struct rt_op *op)
{
	ssize_t n;

	do {
		n = send(fd, op->in.bytes, (size_t)op->more.number, MSG_NOSIGNAL);
	} while (n < 0 && errno == EINTR);
	return n < 0 ? -errno : (int)n;
}

static int other_read(int fd, struct rt_op *op)
{
	ssize_t n;

	do {
		n = read(fd, op->out, (size_t)op->more.number);
	} while (n < 0 && errno == EINTR);
	return n < 0 ? -errno : (int)n;
}

/*
 * A pipe's write has no MSG_NOSIGNAL. The signal goes to the thread that wrote: blocked
 * around the call it stays pending there, and is taken off. One that was pending before is
 * not ours.
 */
static int other_write(int fd, struct rt_op *op)
{
	static const struct timespec at_once;
	sigset_t pipe_signal, before, pending;
	ssize_t n;
	int error;

	sigemptyset(&pipe_signal);
	sigaddset(&pipe_signal, SIGPIPE);
	sigemptyset(&pending);
	pthread_sigmask(SIG_BLOCK, &pipe_signal, &before);
	if (sigismember(&before, SIGPIPE))
		sigpending(&pending);
	do {
		n = write(fd, op->in.bytes, (size_t)op->more.number);
	} while (n < 0 && errno == EINTR);
	error = n < 0 ? errno : 0;
	if (error == EPIPE && !sigismember(&pending, SIGPIPE))
		while (sigtimedwait(&pipe_signal, NULL, &at_once) < 0 && errno == EINTR)
			;
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return error ? -error : (int)n;
}

/* ---- Streams ---- */

struct io_kind {
	const char *type;
	struct rt_op_type read, write, connect;
};

struct rt_io {
	struct io_fd fd;
	bool is_socket;
	const struct io_kind *kind;
	struct io_bytes bytes;
};

static bool read_poll(struct rt_op *op)
{
	struct rt_io *io = op->object;

	/* recv(2) of no bytes would wait for the first. */
	if (!op->more.number) {
		op->result = 0;
		return true;
	}
	if (!source_poll(io->fd.source, op, TO_READ, io->is_socket ? socket_read : other_read))
		return false;
	io_bytes_read(&io->bytes, op->result);
	return true;
}

static bool write_poll(struct rt_op *op)
{
	struct rt_io *io = op->object;

	if (!source_poll(io->fd.source, op, TO_WRITE, io->is_socket ? socket_write : other_write))
		return false;
	io_bytes_written(&io->bytes, op->result);
	return true;
}

/* Asked again while it goes on, connect(2) says how it stands. */
static int connect_attempt(int fd, struct rt_op *op)
{
	if (!connect(fd, op->in.bytes, (socklen_t)op->more.number) || errno == EISCONN)
		return 0;
	if (errno == EAGAIN)
		return -EBUSY; /* a full backlog: unlike progress, no edge tells its end */
	return errno == EINPROGRESS || errno == EALREADY || errno == EINTR ? -EAGAIN : -errno;
}

static bool connect_poll(struct rt_op *op)
{
	struct rt_io *io = op->object;

	return source_poll(io->fd.source, op, TO_WRITE, connect_attempt);
}

static void io_cancel(struct rt_op *op)
{
	struct rt_io *io = op->object;

	source_cancel(io->fd.source, op);
}

#define OP_TYPE(of, call, wait)                                                                    \
	{                                                                                          \
		.source = of "::" #call, .waits = VIGIL_WAIT_##wait, .poll = call##_poll,          \
		.cancel = io_cancel                                                                \
	}
#define KIND(of)                                                                                   \
	{                                                                                          \
		.type = of, .read = OP_TYPE(of, read, READABLE),                                   \
		.write = OP_TYPE(of, write, WRITABLE), .connect = OP_TYPE(of, connect, CONNECT)    \
	}

static const struct io_kind kinds[] = { KIND("TcpStream"), KIND("UnixStream"), KIND("Pipe"),
					KIND("Io") };
#define KINDS (sizeof(kinds) / sizeof(kinds[0]))

/* The last one is any other. */
static const struct io_kind *kind_of(const char *type)
{
	size_t i = 0;

	while (i + 1 < KINDS && strcmp(kinds[i].type, type) != 0)
		i++;
	return &kinds[i];
}

static struct rt_io *io_make(struct vigil_site *site, int fd, const char *type, const char *name,
			     int *ret_error)
{
	struct rt_io *io = calloc(1, sizeof(*io));
	struct stat stat;

	*ret_error = -ENOMEM;
	if (!io)
		return NULL;
	*ret_error = io_fd_open(&io->fd, site, fd, VIGIL_RESOURCE_IO, type, name);
	if (*ret_error) {
		free(io);
		return NULL;
	}
	io->is_socket = !fstat(fd, &stat) && S_ISSOCK(stat.st_mode);
	io->kind = kind_of(type);
	io_bytes_show(&io->bytes, io->fd.resource);
	return io;
}

struct rt_io *rt_io_new_at(struct vigil_site *site, int fd, const char *type, const char *name)
{
	int flags = fcntl(fd, F_GETFL);
	struct rt_io *io = NULL;
	int error;

	if (flags < 0 || (!(flags & O_NONBLOCK) && fcntl(fd, F_SETFL, flags | O_NONBLOCK)))
		return NULL;
	io = io_make(site, fd, type ? type : "Io", name, &error);
	if (!io) {
		fcntl(fd, F_SETFL, flags);
		errno = -error;
	}
	return io;
}

int io_new(struct vigil_site *site, int fd, const char *type, const char *local, const char *peer,
	   struct rt_io **ret_io)
{
	int error;

	struct rt_io *io = io_make(site, fd, type, *peer ? peer : local, &error);

	if (!io) {
		close(fd);
		return error;
	}
	if (*local)
		vigil_attr_text(io->fd.resource, "local", local);
	if (*peer)
		vigil_attr_text(io->fd.resource, "peer", peer);
	*ret_io = io;
	return 0;
}

void rt_io_free(struct rt_io *io)
{
	if (!io || !io_fd_unwatch(&io->fd, io->kind->type))
		return;
	io_bytes_close(&io->bytes);
	io_fd_close(&io->fd);
	free(io);
}

void rt_io_guard(struct rt_io **io)
{
	rt_io_free(*io);
	*io = NULL;
}

int rt_io_fd(const struct rt_io *io)
{
	return io->fd.fd;
}

vigil_resource io_resource(const struct rt_io *io)
{
	return io->fd.resource;
}

static struct rt_op io_op(const struct rt_op_type *type, struct vigil_site *site, struct rt_io *io,
			  size_t size)
{
	struct rt_op op = op_make(type, site, io, io->fd.resource);

	op.fd = io->fd.fd;
	op.more.number = size < INT_MAX ? size : INT_MAX;
	return op;
}

struct rt_op rt_read_op_at(struct vigil_site *site, struct rt_io *io, void *buf, size_t size)
{
	struct rt_op op = io_op(&io->kind->read, site, io, size);

	op.out = buf;
	return op;
}

struct rt_op rt_write_op_at(struct vigil_site *site, struct rt_io *io, const void *buf, size_t size)
{
	struct rt_op op = io_op(&io->kind->write, site, io, size);

	op.in.bytes = buf;
	return op;
}

int rt_write_all_at(struct vigil_site *site, struct rt_io *io, const void *buf, size_t size)
{
	const char *at = buf;

	while (size) {
		int n = rt_do(rt_write_op_at(site, io, at, size));

		if (n < 0)
			return n;
		at += n;
		size -= (size_t)n;
	}
	return 0;
}

int rt_read_full_at(struct vigil_site *site, struct rt_io *io, void *buf, size_t size)
{
	char *at = buf;

	while (size) {
		int n = rt_do(rt_read_op_at(site, io, at, size));

		if (n < 0)
			return n;
		if (!n)
			return -ENODATA;
		at += n;
		size -= (size_t)n;
	}
	return 0;
}

int rt_io_end_write(struct rt_io *io)
{
	return shutdown(io->fd.fd, SHUT_WR) ? -errno : 0;
}

int io_connect(struct vigil_site *site, struct rt_io *io, const struct sockaddr *address,
	       socklen_t size)
{
	struct rt_op op = io_op(&io->kind->connect, site, io, size);

	op.in.bytes = address;
	return rt_await(&op);
}
