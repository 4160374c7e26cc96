/* SPDX-License-Identifier: MIT */
/* Sockets of this machine: reached by a path, or made in pairs. */
#include <errno.h>
#include <string.h>
#include <sys/un.h>
#include <unistd.h>

#include "io.h"

#define RETRY_NS RT_MS
#define RETRY_MAX_NS (50 * RT_MS)

/* A socket for path, or a negative errno. */
static int unix_socket(const char *path, struct sockaddr_un *ret_address)
{
	size_t size = strlen(path) + 1;
	int fd;

	*ret_address = (struct sockaddr_un){ .sun_family = AF_UNIX };
	if (size > sizeof(ret_address->sun_path))
		return -ENAMETOOLONG;
	memcpy(ret_address->sun_path, path, size);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	return fd < 0 ? -errno : fd;
}

int rt_unix_listen_at(struct vigil_site *site, const char *path, struct rt_listener **ret_listener)
{
	struct sockaddr_un address;
	int fd = unix_socket(path, &address);
	int error;

	if (fd < 0)
		return fd;
	if (bind(fd, (struct sockaddr *)&address, sizeof(address))) {
		error = -errno;
		close(fd);
		return error;
	}
	return listener_new(site, fd, "UnixListener", "UnixStream", ret_listener);
}

int rt_unix_connect_at(struct vigil_site *site, const char *path, struct rt_io **ret_io)
{
	struct sockaddr_un address;
	uint64_t retry_ns = RETRY_NS;
	struct rt_io *io = NULL;
	int fd = unix_socket(path, &address);
	int error;

	if (fd < 0)
		return fd;
	error = io_new(site, fd, "UnixStream", "", path, &io);
	if (error)
		return error;
	/* The kernel tells nobody when a listener has room again. */
	while ((error = io_connect(site, io, (struct sockaddr *)&address, sizeof(address))) ==
	       -EBUSY) {
		error = rt_do(rt_sleep_op_at(site, retry_ns));
		if (error)
			break;
		retry_ns = retry_ns * 2 < RETRY_MAX_NS ? retry_ns * 2 : RETRY_MAX_NS;
	}
	if (error) {
		rt_io_free(io);
		return error;
	}
	*ret_io = io;
	return 0;
}

int rt_unix_pair_at(struct vigil_site *site, struct rt_io *ret_ends[2])
{
	struct rt_io *first;
	int fds[2], error;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds))
		return -errno;
	error = io_new(site, fds[0], "UnixStream", "", "pair", &first);
	if (error) {
		close(fds[1]);
		return error;
	}
	error = io_new(site, fds[1], "UnixStream", "", "pair", &ret_ends[1]);
	if (error) {
		rt_io_free(first);
		return error;
	}
	ret_ends[0] = first;
	return 0;
}
